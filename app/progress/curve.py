"""The S-curve of a package: versions of its plan, approved actual, forecast; now, or as recorded at a moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.recorded import recorded
from gis.progress import CurvePoint, Forecast, deviation_points, forecast_finish, planned_percent

BASELINE_COLUMNS = "id, project_id, contract_id, addendum_id, sequence, in_force_from, step, valid_from"
PROGRESS_COLUMNS = "id, project_id, contract_id, day, physical_percent, planned_percent, valid_from"


@dataclass(frozen=True)
class PlanVersion:
    """A version of a contract's plan, in force from a day; `sequence` 1 is the contract's first."""

    id: int
    contract_id: int
    addendum_id: int | None
    sequence: int
    in_force_from: dt.date
    step: str
    recorded_at: dt.datetime
    points: tuple[CurvePoint, ...]

    @property
    def end_date(self) -> dt.date:
        """The day on which the plan reaches 100."""
        return self.points[-1].day


@dataclass(frozen=True)
class Observation:
    """Approved progress of a day, and the plan of that day; None where no plan is known."""

    day: dt.date
    physical_percent: float
    planned_percent: float | None
    contract_id: int | None

    @property
    def deviation_points(self) -> float | None:
        """Actual less plan, in percentage points; negative is behind."""
        return deviation_points(self.planned_percent, self.physical_percent)


@dataclass(frozen=True)
class Curve:
    """
    All that a curve shows: the versions of the plan, the oldest first, and the actual, by day.

    `forecast` is None before the first approved progress, or where no end of the contract is known.
    """

    versions: tuple[PlanVersion, ...]
    actual: tuple[Observation, ...]
    forecast: Forecast | None
    today: dt.date
    end_date: dt.date | None

    @property
    def current(self) -> PlanVersion | None:
        """The version in force today."""
        return version_on(self.versions, self.today)

    @property
    def latest(self) -> Observation | None:
        """The newest approved progress."""
        return self.actual[-1] if self.actual else None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.versions and not self.actual

    @property
    def planned_today(self) -> float | None:
        """What should stand today; None without a plan."""
        return planned_on(self.versions, self.today)


def read_curve(
    session: Session,
    project_id: int,
    as_of: dt.datetime | None = None,
    *,
    today: dt.date,
    end_date: dt.date | None = None,
) -> Curve:
    """
    Read the curve of a package.

    Parameters
    ----------
    session
        Of the application's role or the public's: both see the same, since only approved progress counts.
    as_of
        As it was recorded at this moment; None: now.
    today
        The day where the region is, or the day of `as_of` there.
    end_date
        Last day of the contract with its addenda; the end of the plan in force when not given.
    """
    versions = read_versions(session, [project_id], as_of).get(project_id, [])
    actual = _read_actual(session, project_id, as_of, versions)
    if end_date is None:
        current = version_on(versions, today)
        end_date = current.end_date if current else None
    forecast = None
    if actual and end_date is not None:
        newest = actual[-1].contract_id  # another contract begins its works anew
        observations = [(one.day, one.physical_percent) for one in actual if one.contract_id == newest]
        forecast = forecast_finish(observations, end_date=end_date)
    return Curve(tuple(versions), tuple(actual), forecast, today, end_date)


def version_on(versions: Sequence[PlanVersion], day: dt.date) -> PlanVersion | None:
    """
    Return the version by which a day is judged: the newest in force on it, before the first the first.

    The database tells the same with `app.planned_percent`; a test holds the two equal.
    """
    if not versions:
        return None
    in_force = [version for version in versions if version.in_force_from <= day]
    if in_force:
        return max(in_force, key=lambda version: (version.in_force_from, version.sequence, version.id))
    first = min(version.in_force_from for version in versions)
    return max(
        (version for version in versions if version.in_force_from == first),
        key=lambda version: (version.sequence, version.id),
    )


def planned_on(versions: Sequence[PlanVersion], day: dt.date) -> float | None:
    """Return the plan of a day by the version in force on it; None without a plan."""
    version = version_on(versions, day)
    return None if version is None else planned_percent(version.points, day)


def read_versions(
    session: Session, project_ids: Sequence[int], as_of: dt.datetime | None = None
) -> dict[int, list[PlanVersion]]:
    """Return the versions of the plans of packages, by package; those without a plan are missing."""
    rows = session.execute(
        text(f"""
            SELECT b.project_id, b.id, b.contract_id, b.addendum_id, b.sequence, b.in_force_from, b.step,
                b.valid_from AS recorded_at, p.days, p.percents
            FROM {recorded("baseline", as_of, columns=BASELINE_COLUMNS)} b
            CROSS JOIN LATERAL (
                SELECT array_agg(day ORDER BY day) AS days, array_agg(percent ORDER BY day) AS percents
                FROM app.baseline_point WHERE baseline_id = b.id
            ) p
            WHERE b.project_id = ANY (:projects) AND p.days IS NOT NULL
            ORDER BY b.in_force_from, b.sequence, b.id
        """),
        {"projects": list(project_ids), **({"as_of": as_of} if as_of else {})},
    ).mappings()
    found: dict[int, list[PlanVersion]] = {}
    for row in rows:
        points = tuple(CurvePoint(day, percent) for day, percent in zip(row["days"], row["percents"], strict=True))
        values = {name: row[name] for name in PlanVersion.__annotations__ if name != "points"}
        found.setdefault(row["project_id"], []).append(PlanVersion(**values, points=points))
    return found


def curve_json(curve: Curve) -> dict[str, Any]:
    """Return the curve for programs; percent 0 to 100, days in ISO 8601."""
    current = curve.current
    return {
        "today": curve.today.isoformat(),
        "end_date": curve.end_date.isoformat() if curve.end_date else None,
        "planned_percent_today": curve.planned_today,
        "plan_versions": [version_json(version, is_current=version is current) for version in curve.versions],
        "actual": [
            {
                "day": one.day.isoformat(),
                "physical_percent": one.physical_percent,
                "planned_percent": one.planned_percent,
                "deviation_points": one.deviation_points,
            }
            for one in curve.actual
        ],
        "forecast": forecast_json(curve.forecast),
    }


def version_json(version: PlanVersion, *, is_current: bool) -> dict[str, Any]:
    """Return a version of a plan for programs."""
    return {
        "id": version.id,
        "contract_id": version.contract_id,
        "addendum_id": version.addendum_id,
        "sequence": version.sequence,
        "in_force_from": version.in_force_from.isoformat(),
        "step": version.step,
        "is_current": is_current,
        "points": [{"day": point.day.isoformat(), "percent": point.percent} for point in version.points],
    }


def forecast_json(forecast: Forecast | None) -> dict[str, str | None] | None:
    """Return a forecast for programs."""
    if forecast is None:
        return None
    return {
        "earliest": forecast.earliest.isoformat(),
        "expected": forecast.expected.isoformat(),
        "latest": forecast.latest.isoformat() if forecast.latest else None,
    }


def _read_actual(
    session: Session, project_id: int, as_of: dt.datetime | None, versions: Sequence[PlanVersion]
) -> list[Observation]:
    def of_contract(contract: int | None) -> list[PlanVersion]:
        return [one for one in versions if contract in {None, one.contract_id}]

    rows = session.execute(
        text(f"""
            SELECT day, physical_percent, planned_percent, contract_id
            FROM {recorded("public_progress", as_of, columns=PROGRESS_COLUMNS)} u
            WHERE project_id = :project ORDER BY day
        """),
        {"project": project_id, "as_of": as_of} if as_of else {"project": project_id},
    )
    return [
        Observation(day, physical, planned if planned is not None else planned_on(of_contract(contract), day), contract)
        for day, physical, planned, contract in rows
    ]
