"""What the sheet of one project says in words: its board, what only the staff reads, its milestones, how far it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from app.formats import format_day, format_idr, format_number, format_percent
from app.progress.curve import Curve, Observation
from app.projects.queries import GIVEN_UP, NOT_BEGUN
from app.recorded import recorded
from app.reports.realisation import (
    ADDENDUM_COLUMNS,
    CONTRACT_COLUMNS,
    Contract,
    Tracked,
    ask,
    code_words,
    fund_words,
    joined,
)
from app.reports.report import Column, Row, Table, Words
from app.reports.subject import Subject
from gis.figures import Finding

QUARTERS = (25.0, 50.0, 75.0, 100.0)  # of the works, whose first approved day is a milestone
VALUE = (Column("value", "Isi", "Value", "text"),)
MILESTONE_COLUMNS = (Column("day", "Tanggal", "Day", "date"), Column("what", "Peristiwa", "What happened", "text"))
PROJECT_COLUMNS = (
    "id, rup_code, tender_code, owner_estimate_idr, multi_year_approval, ppk_id, officer_id, maintenance_until,"
    " extra_time_until, critical_state, critical_case, notes, valid_from"
)
CASE_COLUMNS = (
    "id, project_id, clause, state, indicated_on, declared_on, letter_number, closed_on, evidence, valid_from"
)
MEETING_COLUMNS = "id, case_id, stage, held_on, target_percent, due_on, valid_from"

Text = str | Words | None
Event = tuple[date, Words]


def board_table(
    package: Tracked, contract: Contract | None, *, government: str, agency: Text, programme: Text, place: str | None
) -> Table:
    """Return the digital board: what the board at the site must say (domain reference 9.1), and the package's code."""
    row = package.row
    begins = contract.start_date if contract and contract.start_date else row["start_date"]
    ends = contract.end_date if contract and contract.end_date else row["end_date"]
    value = contract.value_idr if contract else row["contract_value_idr"]
    sources = list(package.funds) or [one.strip() for one in (row["fund_source"] or "").split(",") if one.strip()]
    number = joined([one for one in (contract.number, day_words(contract.signed_on)) if one]) if contract else None
    supervisor = contract.supervisor if contract else None
    facts: list[tuple[str, Words, Text]] = [
        ("code", Words("Kode paket", "Package code"), package.code),
        (
            "government",
            Words("Pemerintah daerah dan instansi", "Government and agency"),
            joined([government, *([agency] if agency else [])]),
        ),
        ("programme", Words("Program dan kegiatan", "Programme and activity"), programme),
        ("name", Words("Nama pekerjaan", "Name of the works"), row["name"]),
        ("place", Words("Lokasi", "Location"), place),
        ("contract", Words("Nomor dan tanggal kontrak", "Contract number and date"), number),
        ("contract_idr", Words("Nilai kontrak", "Contract value"), money_words(value)),
        (
            "fund",
            Words("Sumber dana dan tahun", "Fund source and year"),
            joined([joined(map(fund_words, sources)) or Words("belum dicatat", "not recorded"), str(row["year"])]),
        ),
        ("period", Words("Waktu pelaksanaan", "Period of execution"), _period(begins, ends)),
        ("contractor", Words("Penyedia", "Contractor"), contract.contractor if contract else row["contractor"]),
        ("supervisor", Words("Konsultan pengawas", "Supervising consultant"), supervisor),
        ("status", Words("Status", "Status"), code_words("status", row["status"])),
    ]  # fmt: skip
    return facts_table("board", Words("Papan proyek", "Project board"), facts)


def staff_table(subject: Subject, package: Tracked) -> Table | None:
    """Return what only the staff reads of the package; None for the public."""
    if subject.staff is None:
        return None
    source = recorded("project", subject.as_of, columns=PROJECT_COLUMNS)
    rows = ask(
        subject.staff,
        f"""
        SELECT p.*, coalesce(k.name, k.email) AS ppk, coalesce(f.name, f.email) AS officer FROM {source} p
        LEFT JOIN app.account k ON k.id = p.ppk_id LEFT JOIN app.account f ON f.id = p.officer_id WHERE p.id = :id
        """,
        subject.as_of,
        id=package.row["id"],
    )
    if not rows:
        return None
    row = rows[0]
    states = {
        "indicated": Words("terindikasi", "indicated"),
        "declared": Words("ditetapkan", "declared"),
    }
    critical = None
    if row["critical_state"] in states:
        clause = Words(f"huruf {row['critical_case']}", f"case {row['critical_case']}")
        critical = joined([states[row["critical_state"]], clause])
    facts: list[tuple[str, Words, Text]] = [
        ("rup_code", Words("Kode RUP", "RUP code"), row["rup_code"]),
        ("tender_code", Words("Kode tender", "Tender code"), row["tender_code"]),
        ("owner_estimate_idr", Words("HPS", "Owner's estimate"), money_words(row["owner_estimate_idr"])),
        ("multi_year", Words("Persetujuan tahun jamak", "Multi-year approval"), row["multi_year_approval"]),
        ("ppk", Words("PPK", "PPK"), row["ppk"]),
        ("officer", Words("Petugas lapangan", "Field officer"), row["officer"]),
        ("extra_time", Words("Pemberian kesempatan sampai", "Extra time until"), day_words(row["extra_time_until"])),
        ("maintenance", Words("Masa pemeliharaan sampai", "Maintenance until"), day_words(row["maintenance_until"])),
        ("critical", Words("Kontrak kritis", "Critical contract"), critical),
        ("notes", Words("Keterangan", "Notes"), row["notes"]),
    ]
    known = [fact for fact in facts if fact[2]]
    return facts_table("staff", Words("Untuk petugas", "For staff"), known) if known else None


def milestone_table(subject: Subject, package: Tracked, curve: Curve) -> Table | None:
    """Return what happened to the package by day: its contract and its works; for the staff also states and alarms."""
    events = _contract_events(subject, package) + _progress_events(curve)
    if subject.staff is not None:
        events += _staff_events(subject, package.row["id"])
    if not events:
        return None
    rows = [Row(str(number), one) for number, one in enumerate(sorted(events, key=lambda one: one[0]), start=1)]
    return Table(
        "milestones",
        "Tonggak pekerjaan",
        "Milestones",
        MILESTONE_COLUMNS,
        tuple(rows),
        by_area=False,
        row_head=Words("No", "No"),
    )


def progress_sentences(package: Tracked, curve: Curve, day: date) -> list[Finding]:
    """Say how far the works are, whether they are in time, and when they are expected to be done."""
    row, latest = package.row, curve.latest
    if row["status"] in GIVEN_UP:
        return [_said("how_far", "Pekerjaan ini tidak dilaksanakan.", "These works are not carried out.")]
    found = [_how_far(package, latest)]
    if row["delay"] != "none":
        found.append(_said("in_time", "Terlambat, dalam penanganan.", "Late, being handled."))
    elif latest is not None and latest.deviation_points is not None and not _is_done(latest):
        ahead = latest.deviation_points > 0
        found.append(
            _said("in_time", "Lebih cepat dari rencana.", "Ahead of plan.")
            if ahead
            else _said("in_time", "Sesuai rencana.", "On plan.")
        )
    if curve.forecast is not None and latest is not None and not _is_done(latest):
        expected = day_words(curve.forecast.expected)
        assert expected is not None
        found.append(
            _said(
                "forecast",
                f"Dengan laju empat minggu terakhir, diperkirakan selesai {expected.id}.",
                f"At the pace of the last four weeks, expected to be done on {expected.en}.",
            )
        )
    if not curve.versions and row["status"] not in NOT_BEGUN:
        found.append(
            Finding(
                "warning", "no_plan", "Kurva S pekerjaan ini belum dicatat.", "No S-curve is recorded of these works."
            )
        )
    return found


def facts_table(table_id: str, title: Words, facts: Sequence[tuple[str, Words, Text]]) -> Table:
    """Lay facts out as names and values below each other; what is not known has a dash."""
    rows = tuple(Row(key, (value or None,), label) for key, label, value in facts)
    return Table(
        table_id, title.id, title.en, VALUE, rows, by_area=False, row_head=Words("Butir", "Item"), layout="facts"
    )


def day_words(day: date | None) -> Words | None:
    """Return a day as people of each language write it."""
    return None if day is None else Words(format_day(day, "id"), format_day(day, "en"))


def money_words(value: Any) -> Words | None:
    """Return rupiah as people of each language write them."""
    return None if value is None else Words(format_idr(value, "id"), format_idr(value, "en"))


def percent_words(value: float) -> Words:
    """Return a percentage as people of each language write it."""
    return Words(format_percent(value, "id", 2), format_percent(value, "en", 2))


def _period(begins: date | None, ends: date | None) -> Words | None:
    first, last = day_words(begins), day_words(ends)
    if first is None or last is None or begins is None or ends is None:
        return first or last
    days = (ends - begins).days + 1
    return Words(
        f"{format_number(days, 'id')} hari kalender, {first.id} – {last.id}",
        f"{format_number(days, 'en')} calendar days, {first.en} – {last.en}",
    )


def _how_far(package: Tracked, latest: Observation | None) -> Finding:
    row = package.row
    physical, planned, on = row["physical_percent"], row["planned_percent"], day_words(row["progress_date"])
    if physical is None or (row["status"] in NOT_BEGUN and not physical):
        if row["status"] in NOT_BEGUN:
            return _said("how_far", "Belum dimulai.", "Not begun.")
        return Finding(
            "warning", "no_progress", "Kemajuannya belum dicatat.", "No progress of these works is recorded."
        )
    done = percent_words(physical)
    sentence_id, sentence_en = f"Terlaksana {done.id}", f"{done.en} done"
    if planned is not None:
        plan = percent_words(planned)
        sentence_id, sentence_en = f"{sentence_id} dari rencana {plan.id}", f"{sentence_en} of {plan.en} planned"
    if on is not None:
        sentence_id, sentence_en = f"{sentence_id} per {on.id}", f"{sentence_en} by {on.en}"
    return _said("how_far", f"{sentence_id}.", f"{sentence_en}.")


def _is_done(latest: Observation) -> bool:
    return latest.physical_percent >= QUARTERS[-1]


def _said(code: str, message_id: str, message_en: str) -> Finding:
    return Finding("info", code, message_id, message_en)


def _contract_events(subject: Subject, package: Tracked) -> list[Event]:
    columns = f"{CONTRACT_COLUMNS}, start_order_number"  # named one by one: the public's role reads no others
    contract = recorded("contract", subject.as_of, columns=columns)
    addendum = recorded("addendum", subject.as_of, columns=ADDENDUM_COLUMNS)
    session = subject.staff or subject.session
    number, day = package.row["id"], subject.day
    found: list[Event] = []
    contracts = f"SELECT {columns} FROM {contract} c WHERE project_id = :id ORDER BY id"
    for row in ask(session, contracts, subject.as_of, id=number):
        value = money_words(row["value_idr"])
        assert value is not None
        found.append(
            (
                row["signed_on"],
                Words(
                    f"Kontrak {row['number']} ditandatangani, {value.id}",
                    f"Contract {row['number']} signed, {value.en}",
                ),
            )
        )
        if row["start_date"] is not None:
            order = f" ({row['start_order_number']})" if row["start_order_number"] else ""
            found.append((row["start_date"], Words(f"Mulai bekerja, SPMK{order}", f"Works begin, SPMK{order}")))
    addenda = ask(
        session,
        f"SELECT a.number, a.signed_on, a.value_idr, a.end_date FROM {addendum} a"
        f" JOIN {contract} c ON c.id = a.contract_id WHERE c.project_id = :id ORDER BY a.id",
        subject.as_of,
        id=number,
    )
    for row in addenda:
        parts = [Words(f"Adendum {row['number']}", f"Addendum {row['number']}")]
        if (value := money_words(row["value_idr"])) is not None:
            parts.append(Words(f"nilai menjadi {value.id}", f"value now {value.en}"))
        if (end := day_words(row["end_date"])) is not None:
            parts.append(Words(f"selesai menjadi {end.id}", f"end now {end.en}"))
        found.append((row["signed_on"], _as_words(joined(parts))))
    ends = package.row["end_date"]
    if ends is not None:
        label = (
            Words("Kontrak berakhir", "Contract ended")
            if ends <= day
            else Words("Kontrak akan berakhir", "Contract ends")
        )
        found.append((ends, label))
    return found


def _progress_events(curve: Curve) -> list[Event]:
    """Return the days on which approved progress first reached each quarter of the works."""
    found: list[Event] = []
    for quarter in QUARTERS:
        reached = next((one for one in curve.actual if one.physical_percent >= quarter), None)
        if reached is not None:
            percent = percent_words(reached.physical_percent)
            found.append((reached.day, Words(f"Realisasi mencapai {percent.id}", f"Actual reaches {percent.en}")))
    return list(dict.fromkeys(found))


def _staff_events(subject: Subject, number: int) -> list[Event]:
    """Return changes of state, and the history of critical cases; the database keeps both for good."""
    assert subject.staff is not None
    as_of = subject.as_of
    found: list[Event] = []
    changes = ask(
        subject.staff,
        "SELECT to_status, on_day FROM app.status_change WHERE project_id = :id"
        " AND (CAST(:until AS timestamptz) IS NULL OR recorded_at <= :until) ORDER BY on_day, id",
        None,
        id=number,
        until=as_of,
    )
    for row in changes:
        label = _as_words(code_words("status", row["to_status"]))
        found.append((row["on_day"], Words(f"Status: {label.id}", f"Status: {label.en}")))
    case = recorded("critical_case", as_of, columns=CASE_COLUMNS)
    for row in ask(subject.staff, f"SELECT * FROM {case} k WHERE project_id = :id ORDER BY id", as_of, id=number):
        found += _case_events(row)
    meeting = recorded("show_cause_meeting", as_of, columns=MEETING_COLUMNS)
    meetings = ask(
        subject.staff,
        f"SELECT m.* FROM {meeting} m JOIN {case} k ON k.id = m.case_id WHERE k.project_id = :id ORDER BY m.id",
        as_of,
        id=number,
    )
    for row in meetings:
        target, due = percent_words(row["target_percent"]), _as_words(day_words(row["due_on"]))
        found.append(
            (
                row["held_on"],
                Words(
                    f"Rapat pembuktian (SCM) {row['stage']}: target {target.id} sampai {due.id}",
                    f"Show cause meeting {row['stage']}: {target.en} by {due.en}",
                ),
            )
        )
    return found


def _case_events(row: Mapping[str, Any]) -> list[Event]:
    clause = row["clause"]
    found = [
        (row["indicated_on"], Words(f"Terindikasi kritis (huruf {clause})", f"Indicated as critical (case {clause})"))
    ]
    if row["declared_on"] is not None:
        letter = row["letter_number"]
        found.append(
            (row["declared_on"], Words(f"Ditetapkan kritis, surat {letter}", f"Declared critical, letter {letter}"))
        )
    if row["closed_on"] is not None:
        found.append((row["closed_on"], Words("Keadaan kritis ditutup", "Critical case closed")))
    return found


def _as_words(text: Text) -> Words:
    return text if isinstance(text, Words) else Words(text or "", text or "")
