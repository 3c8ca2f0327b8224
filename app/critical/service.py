"""Changes of the alarm: proposed from figures, declared by the PPK, tested in meetings, closed with its history."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Literal

from flask_babel import gettext
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.critical.decision import Decision, decide
from app.critical.forms import (
    ClosingInput,
    DeclarationInput,
    ExcuseInput,
    ExtraTimeInput,
    MeetingInput,
    NumbersInput,
    OutcomeInput,
)
from app.critical.queries import (
    Case,
    Meeting,
    Package,
    RuleBook,
    Standing,
    approved_percent,
    read_cases,
    read_meetings,
    read_standings,
)
from app.errors import InvalidInput, NotFound
from app.extensions import current_language
from app.formats import format_day, format_percent
from app.work.notices import tell
from gis.figures import Rule

ENDED_STATUSES = ("handed_over", "maintenance", "finished", "terminated")  # no contract can fail any more
SAME_REACHED = 1e-9  # percentage points; two figures that differ by less are the same


@dataclass(frozen=True)
class CriticalCase:
    """What evaluating changed: which case of which package, and whether it was opened, updated or closed."""

    id: int
    project_id: int
    clause: str
    state: Literal["indicated", "declared", "closed"]
    change: Literal["opened", "updated", "closed"]


def evaluate(session: Session, project_id: int, *, today: dt.date) -> CriticalCase | None:
    """
    Propose, update or withdraw the critical case of a package, and note its forecast.

    Parameters
    ----------
    session
        Of the role app; the caller commits.
    project_id
        The package, locked until then, so that two approvals at once open no second case.
    today
        The day where the region is.

    Returns
    -------
    change
        None when no case was opened, updated or closed. A declared case is never changed by figures alone.
    """
    session.execute(text("SELECT id FROM app.project WHERE id = :id FOR NO KEY UPDATE"), {"id": project_id})
    closed = _close_cases_of_ended_contracts(session, project_id, today)
    standings = read_standings(session, [project_id])
    if not standings:
        return None
    standing = standings[0]
    decision = decide(standing, _rules_of(RuleBook(session.connection()), standing, today), today=today)
    change = _apply(session, standing, decision, today) or closed
    _mark(session, project_id, decision.expected)
    return change


def evaluate_all(session: Session, *, today: dt.date) -> int:
    """
    Evaluate every package with open works, writing only where something differs.

    Returns
    -------
    changed
        How many packages were evaluated anew.
    """
    rules = RuleBook(session.connection())
    changed = 0
    for standing in read_standings(session):
        decision = decide(standing, _rules_of(rules, standing, today), today=today)
        if _differs(standing, decision):
            evaluate(session, standing.project_id, today=today)
            changed += 1
    return changed


def _rules_of(rules: RuleBook, standing: Standing, today: dt.date) -> dict[str, Rule]:
    """Return the thresholds in force on the day that the progress speaks of."""
    return rules.on(standing.day or today)


def _differs(standing: Standing, decision: Decision) -> bool:
    """Tell whether the register says another thing of a package than its figures."""
    ended = standing.case_id is not None and standing.status in ENDED_STATUSES
    if ended or standing.forecast_finish != decision.expected:
        return True
    if standing.case_state == "declared":
        return standing.critical_state != "declared"
    if standing.case_id is None:
        return standing.critical_state != "none" or decision.is_flagged
    return decision.indication is None or _is_news(standing, decision) or standing.critical_state != "indicated"


def _is_news(standing: Standing, decision: Decision) -> bool:
    """Tell whether an open indication rests on other numbers now; that a day has passed is none."""
    passing = {"evaluated_on": None, "finish": None}
    return {**(standing.case_evidence or {}), **passing} != {**decision.evidence, **passing}


def _apply(session: Session, standing: Standing, decision: Decision, today: dt.date) -> CriticalCase | None:
    if standing.case_state == "declared":
        return None
    if standing.case_id is None:
        return _open(session, standing, decision, today) if decision.is_flagged else None
    if decision.indication is None:
        return _withdraw(session, standing, decision, today)
    if not _is_news(standing, decision):
        return None
    clause = decision.indication.clause
    session.execute(
        text("UPDATE app.critical_case SET clause = :clause, evidence = CAST(:evidence AS jsonb) WHERE id = :id"),
        {"id": standing.case_id, "clause": clause, "evidence": json.dumps(decision.evidence)},
    )
    return CriticalCase(standing.case_id, standing.project_id, clause, "indicated", "updated")


def _open(session: Session, standing: Standing, decision: Decision, today: dt.date) -> CriticalCase:
    assert decision.indication is not None
    clause = decision.indication.clause
    case = session.scalars(
        text("""
            INSERT INTO app.critical_case (project_id, contract_id, clause, indicated_on, evidence, demo)
            SELECT id, :contract, :clause, :today, CAST(:evidence AS jsonb), demo FROM app.project WHERE id = :project
            RETURNING id
        """),
        {
            "project": standing.project_id,
            "contract": standing.contract_id,
            "clause": clause,
            "today": today,
            "evidence": json.dumps(decision.evidence),
        },
    ).one()
    tell(session, "critical", standing.project_id, {"clause": clause, "day": decision.evidence["day"]})
    return CriticalCase(case, standing.project_id, clause, "indicated", "opened")


def _withdraw(session: Session, standing: Standing, decision: Decision, today: dt.date) -> CriticalCase:
    """Close an indication that no longer holds."""
    assert standing.case_id is not None
    assert standing.case_clause is not None
    if decision.is_excused:
        _close(session, standing.case_id, "excused", standing.excuse_reason, today)
    else:
        _close(session, standing.case_id, "recovered", None, today)
    return CriticalCase(standing.case_id, standing.project_id, standing.case_clause, "closed", "closed")


def _close_cases_of_ended_contracts(session: Session, project_id: int, today: dt.date) -> CriticalCase | None:
    """Close what is open of contracts that were terminated or are finished, declared or not."""
    row = session.execute(
        text("""
            UPDATE app.critical_case k SET state = 'closed', close_reason = c.end_reason,
                closed_on = greatest(coalesce(c.ended_on, :today), k.declared_on),
                closed_how = CASE c.state WHEN 'terminated' THEN 'terminated' ELSE 'finished' END
            FROM app.contract c JOIN app.project p ON p.id = c.project_id
            WHERE c.id = k.contract_id AND k.project_id = :project AND k.state <> 'closed'
                AND (c.state <> 'running' OR p.status = ANY (:ended))
            RETURNING k.id, k.clause
        """),
        {"project": project_id, "today": today, "ended": list(ENDED_STATUSES)},
    ).first()
    return None if row is None else CriticalCase(row.id, project_id, row.clause, "closed", "closed")


def _close(
    session: Session, case_id: int, how: str, reason: str | None, day: dt.date, *, settled: dt.date | None = None
) -> None:
    """Close a case; `settled` is the day of the newest figure that the person who closed it knew."""
    session.execute(
        text("""
            UPDATE app.critical_case SET state = 'closed', closed_on = :day, closed_how = :how, close_reason = :reason,
                evidence = evidence || jsonb_strip_nulls(jsonb_build_object('settled_through', CAST(:settled AS text)))
            WHERE id = :id
        """),
        {"id": case_id, "day": day, "how": how, "reason": reason, "settled": settled.isoformat() if settled else None},
    )


def _mark(session: Session, project_id: int, finish: dt.date | None) -> None:
    """Note on the package what its open case says; an unchanged package is not written."""
    session.execute(
        text("""
            UPDATE app.project p SET critical_case = k.clause, critical_state = coalesce(k.state, 'none'),
                forecast_finish = :finish
            FROM (SELECT 1) one LEFT JOIN LATERAL (
                SELECT clause, state FROM app.critical_case
                WHERE project_id = :id AND state <> 'closed' ORDER BY id DESC LIMIT 1
            ) k ON true
            WHERE p.id = :id AND (p.critical_case, p.critical_state, p.forecast_finish)
                IS DISTINCT FROM (k.clause, coalesce(k.state, 'none'), :finish)
        """),
        {"id": project_id, "finish": finish},
    )


def declare(session: Session, package: Package, data: DeclarationInput, *, today: dt.date, actor: str) -> int:
    """
    Declare a contract critical: the PPK's decision, with the number and date of its letter.

    Raises
    ------
    InvalidInput
        When nothing is indicated, or the letter's date cannot be.
    """
    case = _open_case(session, package, state="indicated")
    declared_on = data.declared_on or data.letter_date
    _not_after(today, letter_date=data.letter_date)
    if data.declared_on:
        _not_after(today, declared_on=data.declared_on)
    if declared_on < data.letter_date:
        raise InvalidInput({"declared_on": gettext("Penetapan tidak dapat mendahului tanggal suratnya.")})
    day = case.evidence.get("day")
    if day and data.letter_date < dt.date.fromisoformat(day):
        sentence = gettext(
            "Tanggal surat mendahului kemajuan yang menjadi dasarnya (%(day)s).",
            day=_written(dt.date.fromisoformat(day)),
        )
        raise InvalidInput({"letter_date": sentence})
    session.execute(
        text("""
            UPDATE app.critical_case SET state = 'declared', declared_on = :declared_on, letter_number = :number,
                letter_date = :dated, declared_by = :actor
            WHERE id = :id
        """),
        {
            "id": case.id,
            "declared_on": declared_on,
            "number": data.letter_number,
            "dated": data.letter_date,
            "actor": actor,
        },
    )
    _mark(session, package.id, package.forecast_finish)
    tell(session, "declared", package.id, {"letter_number": data.letter_number, "clause": case.clause})
    return case.id


def hold_meeting(session: Session, package: Package, data: MeetingInput, *, today: dt.date, most: int) -> int:
    """
    Record a show cause meeting: the next stage, after a declaration or a failed test.

    Parameters
    ----------
    most
        Greatest stage: rule SCM_TAHAP_MAKS.

    Returns
    -------
    stage
        1 for the first.
    """
    case = _open_case(session, package, state="declared")
    meetings = read_meetings(session, [case.id])[case.id]
    last = meetings[-1] if meetings else None
    stage = last.stage + 1 if last else 1
    if last is not None and last.outcome == "pending":
        raise InvalidInput({"": gettext("Hasil uji coba tahap %(stage)s belum dicatat.", stage=roman(last.stage))})
    if stage > most:
        sentence = gettext("Sudah %(most)s tahap rapat pembuktian. PPK dapat memutus kontrak.", most=most)
        raise InvalidInput({"stage": sentence})
    if data.stage is not None and data.stage != stage:
        raise InvalidInput({"stage": gettext("Tahap berikutnya adalah %(stage)s.", stage=roman(stage))})
    _not_after(today, held_on=data.held_on)
    earliest = last.outcome_on if last else case.declared_on
    if earliest is not None and data.held_on < earliest:
        sentence = gettext(
            "Rapat mendahului penetapan atau hasil uji coba sebelumnya (%(day)s).", day=_written(earliest)
        )
        raise InvalidInput({"held_on": sentence})
    reached = approved_percent(session, package.id, data.held_on)
    if reached is not None and data.target_percent <= reached:
        sentence = gettext(
            "Target harus di atas realisasi yang sudah disetujui, %(reached)s.", reached=_percent(reached)
        )
        raise InvalidInput({"target_percent": sentence})
    session.execute(
        text("""
            INSERT INTO app.show_cause_meeting (case_id, stage, held_on, invitation_number, minutes_number,
                target_percent, due_on, note, demo)
            SELECT id, :stage, :held_on, :invitation_number, :minutes_number, :target_percent, :due_on, :note, demo
            FROM app.critical_case WHERE id = :case
        """),
        {"case": case.id, **data.model_dump(), "stage": stage},
    )
    return stage


def record_outcome(session: Session, package: Package, stage: int, data: OutcomeInput, *, today: dt.date) -> str:
    """
    Record what came of a test period: passed closes the case, failed leads to the next stage.

    Returns
    -------
    outcome
        `passed` or `failed`.
    """
    case, meeting = _meeting(session, package, stage)
    if meeting.outcome != "pending":
        raise InvalidInput({"": gettext("Hasil uji coba tahap %(stage)s sudah dicatat.", stage=roman(stage))})
    reached = data.reached_percent >= meeting.target_percent - SAME_REACHED
    outcome = data.outcome or ("passed" if reached else "failed")
    if (outcome == "passed") != reached:
        sentence = gettext(
            "Hasil tidak sesuai: realisasi %(reached)s, target %(target)s.",
            reached=_percent(data.reached_percent),
            target=_percent(meeting.target_percent),
        )
        raise InvalidInput({"outcome": sentence})
    _not_after(today, outcome_on=data.outcome_on)
    if data.outcome_on < meeting.held_on:
        raise InvalidInput({"outcome_on": gettext("Hasil tidak dapat mendahului rapatnya.")})
    if outcome == "failed" and data.outcome_on < meeting.due_on:
        sentence = gettext("Uji coba belum berakhir: batas waktunya %(day)s.", day=_written(meeting.due_on))
        raise InvalidInput({"outcome_on": sentence})
    if outcome == "passed" and (data.warning_number or data.warning_date):
        raise InvalidInput({"warning_number": gettext("Uji coba yang berhasil tidak diikuti surat peringatan.")})
    session.execute(
        text("""
            UPDATE app.show_cause_meeting SET outcome = :outcome, outcome_on = :outcome_on,
                reached_percent = :reached_percent, warning_number = :warning_number, warning_date = :warning_date,
                note = coalesce(:note, note)
            WHERE case_id = :case AND stage = :stage
        """),
        {"case": case.id, "stage": stage, **data.model_dump(), "outcome": outcome},
    )
    if outcome == "passed":
        _close_by_person(session, package, case, "test_passed", data.note, data.outcome_on)
    return outcome


def record_numbers(session: Session, package: Package, stage: int, data: NumbersInput) -> None:
    """Fill in the numbers of a meeting's papers, once the letters have them."""
    case, meeting = _meeting(session, package, stage)
    if meeting.outcome != "failed" and (data.warning_number or data.warning_date):
        raise InvalidInput({"warning_number": gettext("Surat peringatan menyusul uji coba yang gagal.")})
    session.execute(
        text("""
            UPDATE app.show_cause_meeting SET invitation_number = coalesce(:invitation_number, invitation_number),
                minutes_number = coalesce(:minutes_number, minutes_number),
                warning_number = coalesce(:warning_number, warning_number),
                warning_date = coalesce(:warning_date, warning_date)
            WHERE case_id = :case AND stage = :stage
        """),
        {"case": case.id, "stage": stage, **data.model_dump()},
    )


def excuse(session: Session, package: Package, data: ExcuseInput, *, today: dt.date) -> CriticalCase | None:
    """Record delay that is not the provider's fault; an indication that rests on its days is withdrawn at once."""
    session.execute(
        text("""
            INSERT INTO app.delay_excuse (project_id, cause, from_day, until_day, reason, document_number, demo)
            SELECT id, :cause, :from_day, :until_day, :reason, :document_number, demo
            FROM app.project WHERE id = :project
        """),
        {"project": package.id, **data.model_dump()},
    )
    return evaluate(session, package.id, today=today)


def withdraw_excuse(session: Session, package: Package, excuse_id: int, *, today: dt.date) -> CriticalCase | None:
    """
    Take an excuse back that was recorded wrongly; the audit keeps it, and the figures are judged anew.

    Raises
    ------
    NotFound
        When the package has no such excuse.
    """
    found = session.execute(
        text("DELETE FROM app.delay_excuse WHERE id = :id AND project_id = :project RETURNING id"),
        {"id": excuse_id, "project": package.id},
    ).first()
    if found is None:
        raise NotFound("Catatan keterlambatan ini tidak ada.", "There is no such excuse.")
    return evaluate(session, package.id, today=today)


def close(session: Session, package: Package, data: ClosingInput, *, today: dt.date) -> None:
    """Close a case by decision of the PPK, with the reason; a newer late figure may open another."""
    case = _open_case(session, package)
    closed_on = data.closed_on or today
    _not_after(today, closed_on=closed_on)
    if closed_on < (case.declared_on or case.indicated_on):
        raise InvalidInput({"closed_on": gettext("Penutupan tidak dapat mendahului penetapannya.")})
    _close_by_person(session, package, case, data.closed_how, data.reason, closed_on)


def grant_extra_time(session: Session, package: Package, data: ExtraTimeInput) -> None:
    """Record until when the provider may finish after the contract's end; the fine runs on."""
    if package.end_date is None or package.contract_id is None:
        raise InvalidInput({"until": gettext("Kontrak paket ini belum punya tanggal selesai.")})
    if data.until <= package.end_date:
        sentence = gettext(
            "Pemberian kesempatan harus melewati akhir kontrak, %(day)s.", day=_written(package.end_date)
        )
        raise InvalidInput({"until": sentence})
    session.execute(
        text("UPDATE app.project SET extra_time_until = :until WHERE id = :id"),
        {"id": package.id, "until": data.until},
    )


def roman(stage: int) -> str:
    """Return a stage as letters write it: I, II, III."""
    tens, ones = divmod(stage, 10)
    return "X" * tens + ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"][ones]


def _close_by_person(
    session: Session, package: Package, case: Case, how: str, reason: str | None, day: dt.date
) -> None:
    newest = session.scalars(
        text("SELECT max(day) FROM app.progress_update WHERE project_id = :id AND state IN ('approved', 'published')"),
        {"id": package.id},
    ).one()
    _close(session, case.id, how, reason, day, settled=newest)
    _mark(session, package.id, package.forecast_finish)


def _open_case(session: Session, package: Package, *, state: str | None = None) -> Case:
    """Return the open case, locked with its package, so that two people do one thing once."""
    session.execute(text("SELECT id FROM app.project WHERE id = :id FOR NO KEY UPDATE"), {"id": package.id})
    case = next((one for one in read_cases(session, package.id) if one.state != "closed"), None)
    if case is None:
        raise InvalidInput({"": gettext("Kontrak ini tidak sedang terindikasi atau ditetapkan kritis.")})
    if state == "indicated" and case.state == "declared":
        raise InvalidInput({"": gettext("Kontrak ini sudah ditetapkan kritis.")})
    if state == "declared" and case.state == "indicated":
        raise InvalidInput({"": gettext("PPK belum menetapkan kontrak ini kritis.")})
    return case


def _meeting(session: Session, package: Package, stage: int) -> tuple[Case, Meeting]:
    """
    Return a meeting of the declared case.

    Raises
    ------
    NotFound
        When there was none of that stage.
    """
    case = _open_case(session, package, state="declared")
    for meeting in read_meetings(session, [case.id])[case.id]:
        if meeting.stage == stage:
            return case, meeting
    raise NotFound(
        f"Rapat pembuktian tahap {roman(stage)} belum dicatat.", f"There was no show cause meeting {roman(stage)} yet."
    )


def _not_after(today: dt.date, **days: dt.date) -> None:
    """Refuse days that are still to come, each beside its field."""
    wrong = {name: gettext("Tanggal ini belum tiba.") for name, day in days.items() if day > today}
    if wrong:
        raise InvalidInput(wrong)


def _written(day: dt.date) -> str:
    return format_day(day, current_language())


def _percent(value: float) -> str:
    return format_percent(value, current_language(), 2)
