"""The demonstration's critical cases as rows: proposed, judged anew with each report, declared, met upon, closed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from app.critical.decision import decide
from app.critical.queries import Standing
from app.demo.life import Alarm, Judgement, Life
from app.demo.recording import SIGNATORIES, STAFF, Rows
from gis.figures import Rule

CLOSING = {
    "recovered": "Keterlambatan sudah di bawah batas.",
    "test_passed": "Target uji coba tercapai.",
    "terminated": "Kontrak diputus.",
    "finished": "Pekerjaan diserahterimakan.",
}
NOT_DECLARED: dict[str, Any] = {"declared_on": None, "letter_number": None, "letter_date": None, "declared_by": None}
NOT_CLOSED: dict[str, Any] = {"closed_on": None, "close_reason": None, "closed_how": None}


@dataclass(frozen=True)
class CriticalPackage:
    """The package that an alarm is about; `index` is its place in the register, by which letters are numbered."""

    life: Life
    project_id: int
    contract_id: int
    year: int
    index: int

    @property
    def signatory(self) -> str:
        """Who declares, by the name before the @."""
        return SIGNATORIES[self.index % 2]


def add_alarm(
    present: Rows, past: Rows, package: CriticalPackage, alarm: Alarm, number: int, rules: Mapping[str, Rule]
) -> None:
    """Add a case (of this row id) as it stands, its earlier versions, and its meetings."""
    steps = _steps(package, alarm, rules)
    base = {
        "id": number,
        "project_id": package.project_id,
        "contract_id": package.contract_id,
        "indicated_on": alarm.indicated_on,
    }
    for (day, state), (until, _next) in pairwise(steps):
        past.end("app.critical_case", day, until, package.signatory, **base, **state)
    present.add("app.critical_case", steps[-1][0], package.signatory, **base, **steps[-1][1])
    for meeting in alarm.meetings:
        outcome_day = meeting.outcome_on or meeting.held_on
        failed = meeting.outcome == "failed"
        mark = f"{package.index + 1:03}"
        present.add(
            "app.show_cause_meeting",
            outcome_day,
            package.signatory,
            case_id=number,
            stage=meeting.stage,
            held_on=meeting.held_on,
            invitation_number=f"005/{mark}/SCM-{meeting.stage}/{meeting.held_on.year} (contoh)",
            minutes_number=f"BA/{mark}/SCM-{meeting.stage}/{meeting.held_on.year} (contoh)",
            target_percent=meeting.target,
            due_on=meeting.due_on,
            outcome=meeting.outcome,
            outcome_on=meeting.outcome_on,
            reached_percent=meeting.reached,
            warning_number=f"SP-{meeting.stage}/{mark}/{outcome_day.year} (contoh)" if failed else None,
            warning_date=outcome_day if failed else None,
        )


def _steps(package: CriticalPackage, alarm: Alarm, rules: Mapping[str, Rule]) -> list[tuple[dt.date, dict[str, Any]]]:
    """Return the day on which each version of a case began, and what it said."""
    steps = [
        (one.day, {"state": "indicated", **_judged(package, one, rules), **NOT_DECLARED, **NOT_CLOSED})
        for one in alarm.judged
    ]
    if alarm.declared_on is not None:
        declared = {
            "state": "declared",
            "declared_on": alarm.declared_on,
            "letter_number": f"600/{package.index + 1:03}/KK/{alarm.declared_on.year} (contoh)",
            "letter_date": alarm.declared_on,
            "declared_by": STAFF.format(package.signatory),
        }
        steps.append((alarm.declared_on, {**steps[-1][1], **declared}))
    if alarm.closed_on is not None:
        closed = {
            "state": "closed",
            "closed_on": alarm.closed_on,
            "close_reason": CLOSING[str(alarm.closed_how)],
            "closed_how": alarm.closed_how,
        }
        steps.append((alarm.closed_on, {**steps[-1][1], **closed}))
    return steps


def _judged(package: CriticalPackage, judgement: Judgement, rules: Mapping[str, Rule]) -> dict[str, Any]:
    """Return clause and evidence as the application itself writes them on the day of a report."""
    life, day = package.life, judgement.day
    standing = Standing(
        project_id=package.project_id,
        code="",
        status="construction",
        year=package.year,
        multi_year_approval="contoh" if life.multi_year else None,
        end_date=life.end_on(day),
        critical_case=None,
        critical_state="none",
        forecast_finish=None,
        contract_id=package.contract_id,
        contract_kind=life.kind,
        day=day,
        physical=judgement.indication.physical,
        planned=judgement.indication.planned,
        observations=tuple((one.day, one.physical) for one in life.reports if one.day <= day),
        excuse_id=None,
        excuse_cause=None,
        excuse_reason=None,
        case_id=None,
        case_state=None,
        case_clause=None,
        case_evidence=None,
        settled_through=None,
    )
    evidence = decide(standing, rules, today=day).evidence
    return {"clause": judgement.indication.clause, "evidence": json.dumps(evidence)}
