"""What a line of the RFK says of a package beside its figures: contract, place, quantity, obstacles and follow-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.formats import format_day_short, format_number, format_percent
from app.maps.queries import read_area_names
from app.recorded import recorded
from app.reports.realisation import Contract, Portfolio, Tracked, ask, joined, read_contracts
from app.reports.report import Words
from app.reports.subject import Subject

UPDATE_COLUMNS = "id, project_id, day, state, obstacles, obstacle_cause, valid_from"
CASE_COLUMNS = "id, project_id, clause, state, indicated_on, declared_on, letter_number, valid_from"
MEETING_COLUMNS = "id, case_id, stage, held_on, target_percent, due_on, valid_from"
EXCUSE_COLUMNS = "id, project_id, from_day, until_day, reason, valid_from"
CAUSES = {
    "contractor": Words("penyedia", "contractor"),
    "employer": Words("pengguna jasa", "employer"),
    "force_majeure": Words("keadaan kahar", "force majeure"),
}
STAGES = {1: "I", 2: "II", 3: "III"}


@dataclass(frozen=True)
class Detail:
    """What a package's line says beside its figures."""

    package: Tracked
    contract: Contract | None
    place: str | None
    volume: str | Words | None
    issues: str | Words | None
    actions: str | Words | None


def read_details(subject: Subject, portfolio: Portfolio, *, begin: date, day: date) -> dict[str, Detail]:
    """Return the details of each package by its code, from the first day of a month to a day of the works."""
    session, as_of, packages = portfolio.session, portfolio.as_of, portfolio.packages
    ids = [one.row["id"] for one in packages]
    contracts = read_contracts(session, packages, as_of, on=day)
    names = read_area_names(
        session, {code for one in packages for code in (*one.districts, *(one.row["village_codes"] or ()))}
    )
    project = recorded("project", as_of, columns="id, volume, volume_unit, extra_time_until, valid_from")
    more = {
        row["id"]: row
        for row in ask(
            session,
            f"SELECT id, volume, volume_unit, extra_time_until FROM {project} p WHERE id = ANY (:ids)",
            as_of,
            ids=ids,
        )
    }
    issues = _read_issues(session, ids, subject, begin, day)
    actions = _read_actions(session, ids, subject, day)
    found = {}
    for one in packages:
        number = one.row["id"]
        row = more.get(number, {})
        taken = list(actions.get(number, []))
        if row.get("extra_time_until"):
            taken.append(_words_of_day("Pemberian kesempatan sampai", "Extra time until", row["extra_time_until"]))
        places = [*(one.row["village_codes"] or ()), *one.districts]
        found[one.code] = Detail(
            package=one,
            contract=contracts.get(number),
            place=", ".join(names.get(code, code) for code in places) or None,
            volume=_volume(row.get("volume"), row.get("volume_unit")),
            issues=issues.get(number),
            actions=joined(taken, "; "),
        )
    return found


def _volume(volume: Decimal | None, unit: str | None) -> Words | None:
    if volume is None:
        return None
    decimals = 0 if volume == int(volume) else 2
    return Words(
        f"{format_number(volume, 'id', decimals)} {unit or ''}".strip(),
        f"{format_number(volume, 'en', decimals)} {unit or ''}".strip(),
    )


def _read_issues(
    session: Session, ids: Sequence[int], subject: Subject, begin: date, day: date
) -> dict[int, str | Words]:
    """Return the newest obstacle that the approved reports of the month name, by package."""
    source = recorded("progress_update", subject.as_of, columns=UPDATE_COLUMNS)
    rows = ask(
        session,
        f"""
        SELECT DISTINCT ON (project_id) project_id, day, obstacles, obstacle_cause FROM {source} u
        WHERE project_id = ANY (:ids) AND state IN ('approved', 'published') AND obstacles <> ''
            AND day BETWEEN :begin AND :day
        ORDER BY project_id, u.day DESC, id DESC
        """,
        subject.as_of,
        ids=list(ids),
        begin=begin,
        day=day,
    )
    return {row["project_id"]: _issue(row) for row in rows}


def _issue(row: Mapping[str, Any]) -> str | Words:
    said = f"{row['obstacles'].strip()} ({format_day_short(row['day'], 'id')})"
    cause = CAUSES.get(row["obstacle_cause"])
    if cause is None:
        return said
    english = f"{row['obstacles'].strip()} ({format_day_short(row['day'], 'en')})"
    return Words(f"{said}; penyebab: {cause.id}", f"{english}; cause: {cause.en}")


def _read_actions(session: Session, ids: Sequence[int], subject: Subject, day: date) -> dict[int, list[Words]]:
    """Return what was done about lateness by a day: the open case, its newest meeting, and what is excused."""
    as_of = subject.as_of
    case = recorded("critical_case", as_of, columns=CASE_COLUMNS)
    meeting = recorded("show_cause_meeting", as_of, columns=MEETING_COLUMNS)
    excuse = recorded("delay_excuse", as_of, columns=EXCUSE_COLUMNS)
    cases = ask(
        session,
        f"""
        SELECT k.project_id, k.clause, k.declared_on, k.letter_number, m.stage, m.target_percent, m.due_on
        FROM {case} k LEFT JOIN LATERAL (
            SELECT stage, target_percent, due_on FROM {meeting} w WHERE w.case_id = k.id AND w.held_on <= :day
            ORDER BY stage DESC LIMIT 1
        ) m ON true
        WHERE k.project_id = ANY (:ids) AND k.state <> 'closed' AND k.indicated_on <= :day
        ORDER BY k.project_id, k.id
        """,
        as_of,
        ids=list(ids),
        day=day,
    )
    excuses = ask(
        session,
        f"SELECT project_id, reason FROM {excuse} e WHERE project_id = ANY (:ids)"
        " AND :day BETWEEN from_day AND until_day ORDER BY project_id, id",
        as_of,
        ids=list(ids),
        day=day,
    )
    found: dict[int, list[Words]] = {}
    for row in cases:
        found.setdefault(row["project_id"], []).extend(_case_words(row, day))
    for row in excuses:
        found.setdefault(row["project_id"], []).append(
            Words(
                f"Keterlambatan bukan kesalahan penyedia: {row['reason']}",
                f"Delay that is not the contractor's fault: {row['reason']}",
            )
        )
    return found


def _case_words(row: Mapping[str, Any], day: date) -> list[Words]:
    if row["declared_on"] is not None and row["declared_on"] <= day:
        words = [
            Words(
                f"Ditetapkan kritis (huruf {row['clause']}), surat {row['letter_number']}",
                f"Declared critical (case {row['clause']}), letter {row['letter_number']}",
            )
        ]
    else:
        words = [Words(f"Terindikasi kritis (huruf {row['clause']})", f"Indicated as critical (case {row['clause']})")]
    if row["stage"] is not None:
        stage = STAGES.get(row["stage"], str(row["stage"]))
        words.append(
            Words(
                f"SCM {stage}: target {format_percent(row['target_percent'], 'id', 2)} sampai "
                f"{format_day_short(row['due_on'], 'id')}",
                f"SCM {stage}: target {format_percent(row['target_percent'], 'en', 2)} by "
                f"{format_day_short(row['due_on'], 'en')}",
            )
        )
    return words


def _words_of_day(message_id: str, message_en: str, day: date) -> Words:
    return Words(f"{message_id} {format_day_short(day, 'id')}", f"{message_en} {format_day_short(day, 'en')}")
