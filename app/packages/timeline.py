"""Everything that happened to a package, newest first: states, contracts, plans, reports, money, alarm, edits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext, lazy_gettext
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.extensions import current_language
from app.formats import format_day, format_idr, format_percent
from app.packages.queries import written
from app.packages.words import CONTRACT_KINDS, PAYMENT_KINDS, listed, package_labels, status_label

MOST_ENTRIES = 150
KINDS = {
    "status": lazy_gettext("Keadaan"),
    "contract": lazy_gettext("Kontrak"),
    "schedule": lazy_gettext("Jadwal"),
    "progress": lazy_gettext("Kemajuan"),
    "photo": lazy_gettext("Foto"),
    "payment": lazy_gettext("Pembayaran"),
    "critical": lazy_gettext("Kontrak kritis"),
    "document": lazy_gettext("Dokumen"),
    "edit": lazy_gettext("Perubahan data"),
}
# Each part: its name, and what of it lies on which day; `facts` fills its sentence. `at` decides the order in a day.
PARTS = """
    SELECT 'status' AS kind, 'status' AS what, s.on_day AS day, s.recorded_at AS at, s.actor,
        jsonb_build_object('from', s.from_status, 'to', s.to_status, 'reason', s.reason, 'number', s.document_number)
            AS facts, NULL::text AS link
    FROM app.status_change s WHERE s.project_id = :id
    UNION ALL
    SELECT 'contract', 'contract', c.signed_on, c.valid_from, c.changed_by,
        jsonb_build_object('kind', c.kind, 'number', c.number, 'value', c.value_idr, 'company', m.name), NULL
    FROM app.contract c LEFT JOIN app.company m ON m.id = c.company_id WHERE c.project_id = :id
    UNION ALL
    SELECT 'contract', c.state, c.ended_on, c.valid_from, c.changed_by,
        jsonb_build_object('number', c.number, 'reason', c.end_reason), NULL
    FROM app.contract c WHERE c.project_id = :id AND c.ended_on IS NOT NULL
    UNION ALL
    SELECT 'contract', 'addendum', a.signed_on, a.valid_from, a.changed_by,
        jsonb_build_object('number', a.number, 'value', a.value_idr, 'end', a.end_date, 'reason', a.reason), NULL
    FROM app.addendum a JOIN app.contract c ON c.id = a.contract_id WHERE c.project_id = :id
    UNION ALL
    SELECT 'schedule', 'baseline', b.in_force_from, b.valid_from, b.changed_by,
        jsonb_build_object('sequence', b.sequence, 'note', b.note), NULL
    FROM app.baseline b WHERE b.project_id = :id
    UNION ALL
    SELECT 'progress', u.state, u.day, coalesce(u.reviewed_at, u.submitted_at, u.received_at), u.author,
        jsonb_build_object('percent', u.physical_percent, 'planned', u.planned_percent, 'obstacles', u.obstacles),
        u.client_id::text
    FROM app.progress_update u WHERE u.project_id = :id
    UNION ALL
    SELECT 'photo', 'photo', (max(f.received_at) AT TIME ZONE :zone)::date, max(f.received_at), min(f.author),
        jsonb_build_object('n', count(*)), NULL
    FROM app.photo f WHERE f.project_id = :id GROUP BY (f.received_at AT TIME ZONE :zone)::date
    UNION ALL
    SELECT 'payment', 'payment', m.paid_on, m.valid_from, m.changed_by,
        jsonb_build_object('number', m.number, 'kind', m.kind, 'value', m.amount_idr), NULL
    FROM app.payment m WHERE m.project_id = :id
    UNION ALL
    SELECT 'critical', 'indicated', k.indicated_on, k.valid_from, k.changed_by,
        jsonb_build_object('clause', k.clause), NULL
    FROM app.critical_case k WHERE k.project_id = :id
    UNION ALL
    SELECT 'critical', 'declared', k.declared_on, k.valid_from, coalesce(k.declared_by, k.changed_by),
        jsonb_build_object('number', k.letter_number), NULL
    FROM app.critical_case k WHERE k.project_id = :id AND k.declared_on IS NOT NULL
    UNION ALL
    SELECT 'critical', 'closed', k.closed_on, k.valid_from, k.changed_by,
        jsonb_build_object('reason', k.close_reason), NULL
    FROM app.critical_case k WHERE k.project_id = :id AND k.closed_on IS NOT NULL
    UNION ALL
    SELECT 'critical', 'meeting', w.held_on, w.valid_from, w.changed_by,
        jsonb_build_object('stage', w.stage, 'percent', w.target_percent, 'due', w.due_on, 'outcome', w.outcome), NULL
    FROM app.show_cause_meeting w JOIN app.critical_case k ON k.id = w.case_id WHERE k.project_id = :id
    UNION ALL
    SELECT 'critical', 'excuse', e.from_day, e.valid_from, e.changed_by,
        jsonb_build_object('until', e.until_day, 'reason', e.reason), NULL
    FROM app.delay_excuse e WHERE e.project_id = :id
    UNION ALL
    SELECT 'document', 'document', coalesce(d.dated, d.valid_from::date), d.valid_from, d.changed_by,
        jsonb_build_object('title', d.title, 'kind', d.kind, 'number', d.number), d.id::text
    FROM app.document d WHERE d.project_id = :id
    UNION ALL
    SELECT 'edit', 'edit', (a.at AT TIME ZONE :zone)::date, a.at, a.actor,
        jsonb_build_object('subject', a.subject, 'operation', a.operation, 'old', a.old, 'new', a.new), NULL
    FROM app.audit a WHERE a.project_id = :id
        AND (a.operation <> 'insert' OR a.subject IN ('fund', 'package_link', 'project_location', 'work_item'))
"""


@dataclass(frozen=True)
class Entry:
    """One thing that happened."""

    kind: str
    day: dt.date
    sentence: str
    actor: str
    detail: str | None
    url: str | None
    at: dt.datetime


def read_timeline(
    session: Session,
    project_id: int,
    *,
    code: str,
    time_zone: str,
    kind: str | None = None,
    as_of: dt.datetime | None = None,
    limit: int = MOST_ENTRIES,
) -> list[Entry]:
    """
    Return what happened to a package, the newest first.

    Parameters
    ----------
    kind
        Of `KINDS`; None: everything.
    as_of
        Only what was recorded by then.
    """
    rows = session.execute(
        text(f"""
            SELECT * FROM ({PARTS}) t
            WHERE (CAST(:kind AS text) IS NULL OR kind = :kind)
                AND (CAST(:as_of AS timestamptz) IS NULL OR at <= :as_of)
            ORDER BY day DESC, at DESC LIMIT :limit
        """),
        {"id": project_id, "zone": time_zone, "kind": kind, "as_of": as_of, "limit": limit},
    )
    return [_entry(row.kind, row.what, dict(row._mapping), code, time_zone) for row in rows]


def _entry(kind: str, what: str, row: Mapping[str, Any], code: str, time_zone: str) -> Entry:
    facts = row["facts"]
    detail = facts.get("reason") or facts.get("obstacles") or facts.get("note")
    return Entry(
        kind,
        row["day"],
        SENTENCES.get((kind, what), SENTENCES[kind, ""])(facts, what),
        row["actor"],
        _edited(facts) if kind == "edit" else detail,
        _url(kind, row["link"], code),
        row["at"].astimezone(ZoneInfo(time_zone)),
    )


def _url(kind: str, link: str | None, code: str) -> str | None:
    match kind:
        case "progress":
            return f"/updates/{link}"
        case "document":
            return f"/documents/{link}"
        case "photo":
            return f"/packages/{code}/photos"
        case "critical":
            return f"/packages/{code}/critical"
        case "schedule":
            return f"/packages/{code}/schedule"
        case _:
            return None


def _status(facts: Mapping[str, Any], _what: str) -> str:
    if facts["from"] is None:
        return str(gettext("Paket dicatat sebagai %(to)s", to=status_label(facts["to"])))
    labels = {"start": status_label(facts["from"]), "to": status_label(facts["to"])}
    return str(gettext("%(start)s menjadi %(to)s", **labels))


def _contract(facts: Mapping[str, Any], _what: str) -> str:
    sentence = gettext(
        "%(kind)s %(number)s ditandatangani, %(value)s",
        kind=CONTRACT_KINDS[facts["kind"]],
        number=facts["number"],
        value=_money(facts["value"]),
    )
    return f"{sentence}, {facts['company']}" if facts["company"] else str(sentence)


def _ended(facts: Mapping[str, Any], what: str) -> str:
    if what == "terminated":
        return str(gettext("Kontrak %(number)s diputus", number=facts["number"]))
    return str(gettext("Kontrak %(number)s selesai", number=facts["number"]))


def _addendum(facts: Mapping[str, Any], _what: str) -> str:
    parts = [gettext("Adendum %(number)s", number=facts["number"])]
    if facts["value"] is not None:
        parts.append(gettext("nilai menjadi %(value)s", value=_money(facts["value"])))
    if facts["end"]:
        parts.append(gettext("selesai menjadi %(day)s", day=_day(facts["end"])))
    return ", ".join(parts)


def _update_states() -> dict[str, str]:
    return {
        "draft": gettext("draf"),
        "submitted": gettext("diserahkan"),
        "returned": gettext("dikembalikan"),
        "approved": gettext("disetujui"),
        "published": gettext("diterbitkan"),
    }


def _progress(facts: Mapping[str, Any], what: str) -> str:
    return str(
        gettext(
            "Laporan kemajuan %(percent)s, %(state)s", percent=_percent(facts["percent"]), state=_update_states()[what]
        )
    )


def _meeting(facts: Mapping[str, Any], _what: str) -> str:
    words = {
        "pending": gettext("sedang diuji"),
        "passed": gettext("uji coba berhasil"),
        "failed": gettext("uji coba gagal"),
    }
    return str(
        gettext(
            "Rapat pembuktian (SCM) %(stage)s: target %(percent)s sampai %(day)s, %(outcome)s",
            stage=facts["stage"],
            percent=_percent(facts["percent"]),
            day=_day(facts["due"]),
            outcome=words[facts["outcome"]],
        )
    )


def _payment(facts: Mapping[str, Any], _what: str) -> str:
    return str(
        gettext(
            "%(kind)s dibayar, %(value)s, SP2D %(number)s",
            kind=PAYMENT_KINDS[facts["kind"]],
            value=_money(facts["value"]),
            number=facts["number"],
        )
    )


def _document(facts: Mapping[str, Any], _what: str) -> str:
    return f"{listed('document_kind').get(facts['kind'], facts['kind'])}: {facts['title']}"


def _edit(facts: Mapping[str, Any], _what: str) -> str:
    subjects = {
        "project": gettext("Data paket"),
        "project_location": gettext("Lokasi"),
        "fund": gettext("Sumber dana"),
        "contract": gettext("Data kontrak"),
        "package_link": gettext("Paket terkait"),
        "payment": gettext("Pembayaran"),
        "progress_update": gettext("Laporan kemajuan"),
        "photo": gettext("Data foto"),
        "document": gettext("Data dokumen"),
        "work_item": gettext("Butir pekerjaan"),
        "critical_case": gettext("Kontrak kritis"),
    }
    subject = subjects.get(facts["subject"], facts["subject"])
    words = {
        "insert": gettext("%(subject)s ditambahkan", subject=subject),
        "update": gettext("%(subject)s diubah", subject=subject),
        "delete": gettext("%(subject)s dihapus", subject=subject),
    }
    return str(words[facts["operation"]])


def _edited(facts: Mapping[str, Any]) -> str | None:
    """Return which fields an edit changed, from what to what where that is short."""
    old, new = facts.get("old") or {}, facts.get("new") or {}
    if facts["operation"] != "update":
        row = new or old
        return ", ".join(str(row[name]) for name in ("year", "source", "amount_idr", "number", "kind") if row.get(name))
    labels = {
        **package_labels(),
        "state": gettext("Keadaan"),
        "status": gettext("Keadaan"),
        "review_comment": gettext("Komentar pemeriksa"),
    }
    parts = []
    for name in new:
        before, after = (_value(name, one.get(name)) for one in (old, new))
        if name in {"version", "geom"} or before == after:
            continue
        label = labels.get(name, name.replace("_", " "))
        short = all(len(value) <= 40 for value in (before, after))
        parts.append(f"{label}: {before} → {after}" if short else label)
    return "; ".join(parts) or None


def _value(name: str, value: Any) -> str:
    """Return a value of an edit as people read it."""
    if value is None:
        return "–"
    if name == "state":
        return str(_update_states().get(value, value))
    return status_label(value) if name == "status" else written(name, value)


def _money(value: Any) -> str:
    return format_idr(value, current_language())


def _percent(value: float) -> str:
    return format_percent(value, current_language(), 2)


def _day(day: str) -> str:
    return format_day(dt.date.fromisoformat(day), current_language())


SENTENCES: dict[tuple[str, str], Callable[[Mapping[str, Any], str], str]] = {
    ("status", ""): _status,
    ("contract", "contract"): _contract,
    ("contract", "addendum"): _addendum,
    ("contract", ""): _ended,
    ("schedule", ""): lambda facts, _what: gettext("Jadwal versi %(n)s mulai berlaku", n=facts["sequence"]),
    ("progress", ""): _progress,
    ("photo", ""): lambda facts, _what: gettext("%(n)s foto diterima", n=facts["n"]),
    ("payment", ""): _payment,
    ("critical", "indicated"): lambda facts, _what: gettext(
        "Terindikasi kritis menurut huruf %(clause)s", clause=facts["clause"]
    ),
    ("critical", "declared"): lambda facts, _what: gettext(
        "Ditetapkan kritis, surat %(number)s", number=facts["number"]
    ),
    ("critical", "closed"): lambda _facts, _what: gettext("Keadaan kritis ditutup"),
    ("critical", "meeting"): _meeting,
    ("critical", "excuse"): lambda facts, _what: gettext(
        "Keterlambatan bukan kesalahan penyedia, sampai %(day)s", day=_day(facts["until"])
    ),
    ("critical", ""): lambda _facts, what: what,
    ("document", ""): _document,
    ("edit", ""): _edit,
}
