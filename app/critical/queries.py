"""Reads of the alarm: how packages stand, their cases, meetings and excuses, and what a fine is counted from."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.recorded import recorded
from gis.figures import Rule
from gis.progress import OPEN_STATUSES
from layers.rules import rules_in_force

OBSERVATIONS = 12  # newest approved updates given to the forecast, which takes of them those of its weeks
FOUND_CASES = 100  # closed cases shown of a package; a contract has seldom more than two

PACKAGE = """
    SELECT p.id, p.code, p.name, p.status, p.year, p.unit_id, p.district_codes, p.village_codes, p.ppk_id, p.officer_id,
        p.multi_year_approval, p.start_date, p.end_date,
        p.extra_time_until, p.contract_value_idr, p.critical_case, p.critical_state, p.forecast_finish, p.fund_source,
        app.contract_paid(p.id, CAST(:as_of AS timestamptz)) AS contract_paid_idr,
        CASE WHEN p.progress_date < c.signed_on THEN NULL ELSE p.physical_percent END AS physical_percent,
        c.advance_percent, u.name AS unit_name, o.name AS agency_name,
        c.id AS contract_id, c.number AS contract_number, c.signed_on, c.kind AS contract_kind,
        c.state AS contract_state, c.ended_on, c.start_order_number, c.vat_percent, c.fine_base, c.fine_part_idr,
        m.name AS company_name, m.address AS company_address, v.name AS supervisor_name,
        (SELECT min(on_day) FROM app.status_change
            WHERE project_id = p.id AND to_status = 'handed_over'
                AND (CAST(:as_of AS timestamptz) IS NULL OR recorded_at <= :as_of)) AS handed_over_on
    FROM {project} p
    LEFT JOIN app.unit u ON u.id = p.unit_id LEFT JOIN app.unit o ON o.id = u.parent_id
    LEFT JOIN LATERAL (
        SELECT * FROM {contract} t WHERE project_id = p.id
        ORDER BY state = 'running' DESC, signed_on DESC, id DESC LIMIT 1
    ) c ON true
    LEFT JOIN app.company m ON m.id = c.company_id LEFT JOIN app.company v ON v.id = c.supervisor_id
    WHERE p.code = :code
"""
STANDINGS = """
    SELECT p.id AS project_id, p.code, p.status, p.year, p.multi_year_approval, p.end_date, p.critical_case,
        p.critical_state, p.forecast_finish, c.id AS contract_id, c.kind AS contract_kind,
        n.day, n.physical_percent AS physical,
        coalesce(n.planned_percent, {planned}) AS planned, o.observations,
        e.id AS excuse_id, e.cause AS excuse_cause, e.reason AS excuse_reason,
        k.id AS case_id, k.state AS case_state, k.clause AS case_clause, k.evidence AS case_evidence, s.settled_through
    FROM {project} p
    LEFT JOIN {contract} c ON c.project_id = p.id AND c.state = 'running'
    LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_array(u.day, u.physical_percent) ORDER BY u.day) AS observations FROM (
            SELECT day, physical_percent FROM {update} t
            WHERE project_id = p.id AND state IN ('approved', 'published')
                AND (c.id IS NULL OR contract_id IS NULL OR contract_id = c.id)
            ORDER BY day DESC LIMIT :observations) u
    ) o ON true
    LEFT JOIN LATERAL (
        SELECT day, physical_percent, planned_percent FROM {update} t
        WHERE project_id = p.id AND state IN ('approved', 'published')
            AND (c.id IS NULL OR contract_id IS NULL OR contract_id = c.id)
        ORDER BY day DESC LIMIT 1
    ) n ON true
    LEFT JOIN LATERAL (
        SELECT id, cause, reason FROM {excuse} t
        WHERE project_id = p.id AND n.day BETWEEN from_day AND until_day ORDER BY id DESC LIMIT 1
    ) e ON true
    LEFT JOIN {case} k ON k.contract_id = c.id AND k.state <> 'closed'
    LEFT JOIN LATERAL (
        SELECT max((evidence ->> 'settled_through')::date) AS settled_through
        FROM {case} t WHERE contract_id = c.id AND state = 'closed'
    ) s ON true
    WHERE {wanted}
    ORDER BY p.id
"""
CASES = """
    SELECT id, contract_id, clause, indicated_on, evidence, state, declared_on, letter_number, letter_date,
        declared_by, closed_on, close_reason, closed_how
    FROM {case} t WHERE project_id = :project
    ORDER BY state = 'closed', indicated_on DESC, id DESC LIMIT :limit
"""
MEETINGS = """
    SELECT case_id, stage, held_on, invitation_number, minutes_number, target_percent, due_on, outcome, outcome_on,
        reached_percent, warning_number, warning_date, note
    FROM {meeting} t WHERE case_id = ANY (:cases) ORDER BY case_id, stage
"""
EXCUSES = """
    SELECT id, cause, from_day, until_day, reason, document_number
    FROM {excuse} t WHERE project_id = :project ORDER BY from_day DESC, id DESC
"""

# Tables that keep history, by the word for them in the statements above, with the columns that these read.
TABLES = {
    "project": (
        "project",
        (
            "id, code, name, status, year, unit_id, district_codes, village_codes, ppk_id, officer_id,"
            " multi_year_approval, start_date, end_date, extra_time_until, contract_value_idr,"
            " critical_case, critical_state, forecast_finish, fund_source, physical_percent, progress_date"
        ),
    ),
    "contract": (
        "contract",
        (
            "id, project_id, kind, number, signed_on, company_id, supervisor_id, start_order_number, advance_percent,"
            " vat_percent, fine_base, fine_part_idr, state, ended_on"
        ),
    ),
    "update": ("progress_update", "id, project_id, contract_id, day, physical_percent, planned_percent, state"),
    "excuse": ("delay_excuse", "id, project_id, cause, from_day, until_day, reason, document_number"),
    "case": (
        "critical_case",
        (
            "id, project_id, contract_id, clause, indicated_on, evidence, state, declared_on, letter_number,"
            " letter_date, declared_by, closed_on, close_reason, closed_how"
        ),
    ),
    "meeting": (
        "show_cause_meeting",
        (
            "case_id, stage, held_on, invitation_number, minutes_number, target_percent, due_on, outcome, outcome_on,"
            " reached_percent, warning_number, warning_date, note"
        ),
    ),
}


@dataclass(frozen=True)
class Package:
    """A package and the contract that counts now, as the alarm, its letters and the fine need them."""

    id: int
    code: str
    name: str
    status: str
    year: int
    unit_id: int | None
    district_codes: list[str] | None
    village_codes: list[str] | None
    ppk_id: int | None
    officer_id: int | None
    multi_year_approval: str | None
    start_date: dt.date | None
    end_date: dt.date | None
    extra_time_until: dt.date | None
    contract_value_idr: Decimal | None
    critical_case: str | None
    critical_state: str
    forecast_finish: dt.date | None
    fund_source: str | None
    contract_paid_idr: Decimal  # under the contract that counts, not under one that ended before it
    physical_percent: float | None  # of that contract's works
    advance_percent: Decimal | None
    unit_name: str | None
    agency_name: str | None
    contract_id: int | None
    contract_number: str | None
    signed_on: dt.date | None
    contract_kind: str | None
    contract_state: str | None
    ended_on: dt.date | None
    start_order_number: str | None
    vat_percent: Decimal | None
    fine_base: str | None
    fine_part_idr: Decimal | None
    company_name: str | None
    company_address: str | None
    supervisor_name: str | None
    handed_over_on: dt.date | None


@dataclass(frozen=True)
class Standing:
    """How one package stands: newest approved progress with the plan of its own day, and the open case if any."""

    project_id: int
    code: str
    status: str
    year: int
    multi_year_approval: str | None
    end_date: dt.date | None
    critical_case: str | None
    critical_state: str
    forecast_finish: dt.date | None
    contract_id: int | None
    contract_kind: str | None
    day: dt.date | None
    physical: float | None
    planned: float | None
    observations: tuple[tuple[dt.date, float], ...]
    excuse_id: int | None
    excuse_cause: str | None
    excuse_reason: str | None
    case_id: int | None
    case_state: str | None
    case_clause: str | None
    case_evidence: dict[str, Any] | None
    settled_through: dt.date | None


@dataclass(frozen=True)
class Case:
    """One critical case, open or closed."""

    id: int
    contract_id: int
    clause: str
    indicated_on: dt.date
    evidence: dict[str, Any]
    state: str
    declared_on: dt.date | None
    letter_number: str | None
    letter_date: dt.date | None
    declared_by: str | None
    closed_on: dt.date | None
    close_reason: str | None
    closed_how: str | None


@dataclass(frozen=True)
class Meeting:
    """One show cause meeting: what was agreed, by when, and what came of it."""

    case_id: int
    stage: int
    held_on: dt.date
    invitation_number: str | None
    minutes_number: str | None
    target_percent: float
    due_on: dt.date
    outcome: str
    outcome_on: dt.date | None
    reached_percent: float | None
    warning_number: str | None
    warning_date: dt.date | None
    note: str | None


@dataclass(frozen=True)
class Excuse:
    """Delay that is not the provider's fault, with its reason on record."""

    id: int
    cause: str
    from_day: dt.date
    until_day: dt.date
    reason: str
    document_number: str | None


class RuleBook:
    """The thresholds by day: asked of the database once for each stretch of days in which none of them changes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        bounds = connection.execute(
            text(
                "SELECT in_force_from FROM app.rules"
                " UNION SELECT in_force_until + 1 FROM app.rules WHERE in_force_until IS NOT NULL"
            )
        )
        self._bounds: list[dt.date] = sorted(bounds.scalars())
        self._known: dict[int, dict[str, Rule]] = {}

    def on(self, day: dt.date) -> dict[str, Rule]:
        """Return the thresholds in force on a day, by code."""
        stretch = bisect_right(self._bounds, day)
        if stretch not in self._known:
            self._known[stretch] = rules_in_force(self._connection, day)
        return self._known[stretch]


def region_today(session: Session) -> dt.date:
    """Return today where the region is."""
    day: dt.date = session.scalars(text("SELECT app.today()")).one()
    return day


def _at(statement: str, as_of: dt.datetime | None, **more: str) -> str:
    """Return a statement that reads the tables as they are now, or as they were recorded at a moment (`:as_of`)."""
    sources = {word: recorded(table, as_of, columns=columns) for word, (table, columns) in TABLES.items()}
    return statement.format(**sources, **more)


def read_package(session: Session, code: str, as_of: dt.datetime | None = None) -> Package:
    """
    Return a package with its contract, now or as recorded at a moment.

    Raises
    ------
    NotFound
        When there is none of this code, or was none at that moment.
    """
    statement = text(_at(PACKAGE, as_of))
    row = session.execute(statement, {"code": code, "as_of": as_of}).mappings().one_or_none()
    if row is None:
        raise NotFound(f"Paket {code} tidak ada.", f"There is no package {code}.")
    return Package(**row)


def read_standings(
    session: Session, project_ids: Sequence[int] | None = None, as_of: dt.datetime | None = None
) -> list[Standing]:
    """
    Return how packages stand, in one question.

    Parameters
    ----------
    project_ids
        Those wanted; when not given, every package whose works are open or that is marked by the alarm.
    as_of
        The moment as recorded then; None for now. The plan of a day is then what the update itself says.
    """
    wanted = "p.status = ANY (:open) OR p.critical_state <> 'none'" if project_ids is None else "p.id = ANY (:ids)"
    parameters = {"open": sorted(OPEN_STATUSES), "ids": list(project_ids or []), "observations": OBSERVATIONS}
    planned = "app.planned_percent(p.id, n.day)" if as_of is None else "NULL"
    statement = text(_at(STANDINGS, as_of, wanted=wanted, planned=planned))
    rows = session.execute(statement, {**parameters, "as_of": as_of}).mappings()
    return [Standing(**{**row, "observations": _observations(row["observations"])}) for row in rows]


def _observations(pairs: list[list[Any]] | None) -> tuple[tuple[dt.date, float], ...]:
    return tuple((dt.date.fromisoformat(day), float(percent)) for day, percent in pairs or [])


def read_cases(session: Session, project_id: int, as_of: dt.datetime | None = None) -> list[Case]:
    """Return a package's cases, now or as recorded at a moment: the open one first, then the newest."""
    values = {"project": project_id, "limit": FOUND_CASES, "as_of": as_of}
    rows = session.execute(text(_at(CASES, as_of)), values).mappings()
    return [Case(**row) for row in rows]


def read_meetings(
    session: Session, case_ids: Sequence[int], as_of: dt.datetime | None = None
) -> dict[int, list[Meeting]]:
    """Return the show cause meetings of cases, by case, in order of their stage, now or as recorded at a moment."""
    found: dict[int, list[Meeting]] = {case: [] for case in case_ids}
    for row in session.execute(text(_at(MEETINGS, as_of)), {"cases": list(case_ids), "as_of": as_of}).mappings():
        found[row["case_id"]].append(Meeting(**row))
    return found


def read_excuses(session: Session, project_id: int, as_of: dt.datetime | None = None) -> list[Excuse]:
    """Return the excused delays of a package, now or as recorded at a moment, the newest first."""
    rows = session.execute(text(_at(EXCUSES, as_of)), {"project": project_id, "as_of": as_of}).mappings()
    return [Excuse(**row) for row in rows]


def approved_percent(session: Session, project_id: int, until: dt.date) -> float | None:
    """Return the newest approved physical progress of a package (percent) that speaks of a day or one before it."""
    found = session.scalars(
        text("""
            SELECT physical_percent FROM app.progress_update
            WHERE project_id = :project AND state IN ('approved', 'published') AND day <= :until
            ORDER BY day DESC LIMIT 1
        """),
        {"project": project_id, "until": until},
    ).one_or_none()
    return None if found is None else float(found)
