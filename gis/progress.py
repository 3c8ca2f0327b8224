"""How far works are: the plan of a day, deviation, forecast, critical contracts, fines, and many packages together."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Literal

from gis.errors import InvalidCurve, InvalidMeasure
from gis.figures import Rule

ProjectStatus = Literal[
    "planned", "announced", "tender", "contract", "construction", "handed_over", "maintenance", "finished", "stopped",
    "terminated", "cancelled", "failed_tender",
]  # fmt: skip
OPEN_STATUSES: frozenset[ProjectStatus] = frozenset({"contract", "construction", "stopped"})
"""A contract is signed and the works are not handed over: only then can they be late."""


def deviation_points(planned_percent: float | None, physical_percent: float | None) -> float | None:
    """Return actual less planned progress (percentage points; negative is behind); None when either is unknown."""
    return None if planned_percent is None or physical_percent is None else physical_percent - planned_percent


def is_late(
    status: ProjectStatus,
    *,
    planned_percent: float | None,
    physical_percent: float | None,
    end_date: date | None,
    today: date,
) -> bool:
    """
    Tell whether works are late: behind the plan of the day of the approved actual, or past the contract's end.

    The database tells the same with `app.is_late`; a test holds the two equal.

    Parameters
    ----------
    planned_percent, physical_percent
        Of the same day, 0 to 100; None when not known, which alone makes nothing late.
    end_date
        Last day of the contract with its addenda; None when there is none.
    today
        The day where the region is.
    """
    if status not in OPEN_STATUSES:
        return False
    deviation = deviation_points(planned_percent, physical_percent)
    return (deviation is not None and deviation < 0) or (end_date is not None and end_date < today)


def weighted_percent(packages: Iterable[tuple[float, float]]) -> float | None:
    """
    Return the progress of several packages together, each weighted by its ceiling; never the plain mean.

    Parameters
    ----------
    packages
        Progress (percent) and weight (rupiah, 0 or more) of each.

    Returns
    -------
    percent
        None when nothing has a weight.

    Raises
    ------
    InvalidMeasure
        When a weight is negative.
    """
    pairs = list(packages)
    if any(weight < 0 for _percent, weight in pairs):
        raise InvalidMeasure("Bobot sebuah paket tidak boleh negatif.", "The weight of a package cannot be negative.")
    total = math.fsum(weight for _percent, weight in pairs)
    return math.fsum(percent * weight for percent, weight in pairs) / total if total else None


@dataclass(frozen=True)
class CurvePoint:
    """A point of an S-curve: the cumulative share of the work (percent) that should stand at the end of a day."""

    day: date
    percent: float


def planned_percent(points: Sequence[CurvePoint], day: date) -> float:
    """
    Return the plan of a day: linear by calendar day between two points (domain reference 1.3).

    The database says the same with `app.planned_percent`; a test holds the two equal.

    Parameters
    ----------
    points
        In the order of their days.

    Returns
    -------
    percent
        0 before the first point, the last point's value after the last.

    Raises
    ------
    InvalidCurve
        When there are no points.
    """
    if not points:
        raise InvalidCurve("Kurva S ini tidak memiliki titik.", "This curve has no points.")
    after = bisect_right(points, day, key=lambda point: point.day)
    if after == 0:
        return 0.0
    before = points[after - 1]
    if after == len(points):
        return before.percent
    following = points[after]
    share = (day - before.day).days / (following.day - before.day).days
    return before.percent + (following.percent - before.percent) * share


def check_curve(points: Sequence[CurvePoint], *, end_date: date) -> None:
    """
    Check that a plan can be one: it never falls, has a day once, and reaches 100 at the end of the contract.

    Parameters
    ----------
    points
        In the order of their days.
    end_date
        Last day of the contract that the plan is of.

    Raises
    ------
    InvalidCurve
        With a sentence that names the day.
    """
    if len(points) < 2:
        raise InvalidCurve(
            "Kurva S perlu paling sedikit dua titik: awal dan akhir kontrak.",
            "A curve needs at least two points: the beginning and the end of the contract.",
        )
    for before, after in pairwise(points):
        if after.day <= before.day:
            raise InvalidCurve(
                f"Tanggal {after.day.isoformat()} tidak sesudah {before.day.isoformat()}; tiap tanggal sekali, berurut.",
                f"The day {after.day.isoformat()} is not after {before.day.isoformat()}; each day once, in order.",
            )
        if after.percent < before.percent:
            raise InvalidCurve(
                f"Rencana turun pada {after.day.isoformat()}: {_comma(before.percent)}% ke {_comma(after.percent)}%.",
                f"The plan falls on {after.day.isoformat()}: from {before.percent:g}% to {after.percent:g}%.",
            )
    if not all(0 <= point.percent <= 100 for point in points):
        raise InvalidCurve("Rencana harus antara 0 dan 100%.", "The plan must lie between 0 and 100%.")
    last = points[-1]
    if last.percent != 100:
        raise InvalidCurve(
            f"Rencana berakhir pada {_comma(last.percent)}%, bukan 100%.",
            f"The plan ends at {last.percent:g}%, not 100%.",
        )
    if last.day != end_date:
        raise InvalidCurve(
            f"Rencana mencapai 100% pada {last.day.isoformat()}, padahal kontrak berakhir {end_date.isoformat()}.",
            f"The plan reaches 100% on {last.day.isoformat()}, but the contract ends on {end_date.isoformat()}.",
        )


def weights_percent(values: Sequence[float]) -> list[float]:
    """
    Return the weight of each item of a bill of quantities (percent), its value by the sum of all (before PPN).

    Raises
    ------
    InvalidMeasure
        When a value is negative or all are 0.
    """
    total = math.fsum(values)
    if any(value < 0 for value in values) or total <= 0:
        raise InvalidMeasure(
            "Nilai item tidak boleh negatif, dan jumlahnya harus lebih dari 0.",
            "Values of items cannot be negative, and their sum must be above 0.",
        )
    return [value / total * 100 for value in values]


def physical_percent(weights: Sequence[float], installed: Sequence[float], quantities: Sequence[float]) -> float:
    """
    Return how far works are (percent) by their items: each item's weight times its installed share, at most all of it.

    Parameters
    ----------
    weights
        Percent, which sum up to 100.
    installed, quantities
        Of each item, in its own unit; quantities are above 0.
    """
    done = math.fsum(
        weight * min(1.0, amount / quantity)
        for weight, amount, quantity in zip(weights, installed, quantities, strict=True)
    )
    return min(100.0, max(0.0, done))


@dataclass(frozen=True)
class Forecast:
    """When works will be done: by the rate of the last weeks, and by its fastest and slowest week; None: never."""

    earliest: date | None
    expected: date | None
    latest: date | None


def forecast_finish(observations: Sequence[tuple[date, float]], *, end_date: date, weeks: int = 4) -> Forecast:
    """
    Extend the actual progress at the mean rate of the last weeks until it reaches 100 (domain reference 1.4).

    Parameters
    ----------
    observations
        Day and actual (percent) of the approved updates, in the order of days.
    end_date
        Last day of the contract, which stands when no rate can be told.
    weeks
        How many weeks before the newest observation the rate is taken from.

    Returns
    -------
    forecast
        The day itself when the works are done. With no observation, or no growth in these weeks, the contract's end is
        expected, as the rule has it; `latest` is None when a week stood still.
    """
    if not observations:
        return Forecast(end_date, end_date, end_date)
    last_day, last_percent = observations[-1]
    if last_percent >= 100:
        done = next(day for day, percent in observations if percent >= 100)
        return Forecast(done, done, done)
    since = last_day - timedelta(weeks=weeks)
    before = [one for one in observations if one[0] <= since]
    window = [*before[-1:], *(one for one in observations if one[0] > since)]
    if len(window) < 2:
        return Forecast(end_date, end_date, end_date)
    mean = (last_percent - window[0][1]) / (last_day - window[0][0]).days
    if mean <= 0:
        return Forecast(None, end_date, None)
    rates = [(after[1] - first[1]) / (after[0] - first[0]).days for first, after in pairwise(window)]

    def reached(rate: float) -> date | None:
        days = math.ceil(round((100 - last_percent) / rate, 9)) if rate > 0 else None
        return None if days is None or days > (date.max - last_day).days else last_day + timedelta(days=days)

    return Forecast(reached(max(rates)), reached(mean), reached(min(rates)))


def overruns_year(finish: date | None, *, year: int, multi_year: bool) -> bool:
    """Tell whether works will run past the fiscal year: done after 31 December, and not an approved multi-year contract."""
    return not multi_year and finish is not None and finish > date(year, 12, 31)


@dataclass(frozen=True)
class CriticalIndication:
    """Why a contract counts as critical: the case of clause 31.2, its numbers, and the rule that decided."""

    clause: Literal["a", "b", "c"]
    planned: float
    physical: float
    lag_points: float
    threshold_points: float
    rule: Rule
    sentence_id: str
    sentence_en: str


def indicate_critical(
    planned: float, physical: float, *, overruns_year: bool, rules: Mapping[str, Rule]
) -> CriticalIndication | None:
    """
    Tell whether a contract is critical: clause 31.2 of the standard contract (SSUK), domain reference 1.4.

    The plan decides the period; at its border the stricter second one holds. Lags are percentage points, strictly greater
    than the threshold. Numbers are compared as they are written, to a ten-thousandth of a point.

    Parameters
    ----------
    planned, physical
        Of the same day (percent).
    overruns_year
        Whether the works will run past the fiscal year, see `overruns_year`.
    rules
        In force on that day: KRITIS_P1_BATAS_RENCANA, KRITIS_P1_LAG, KRITIS_P2_LAG, KRITIS_P2_LEWAT_TA_1.

    Returns
    -------
    indication
        None when the contract is not critical.
    """
    lag = round(planned - physical, 4)
    border, first, second = (rules[code] for code in ("KRITIS_P1_BATAS_RENCANA", "KRITIS_P1_LAG", "KRITIS_P2_LAG"))
    floor = rules["KRITIS_P2_LEWAT_TA_1"]
    if round(planned, 4) < border.value:
        return _indication("a", planned, physical, lag, first) if lag > first.value else None
    if lag > second.value:
        return _indication("b", planned, physical, lag, second)
    if lag > floor.value and overruns_year:
        return _indication("c", planned, physical, lag, floor)
    return None


def _indication(
    clause: Literal["a", "b", "c"], planned: float, physical: float, lag: float, rule: Rule
) -> CriticalIndication:
    period_id = {"a": "periode I", "b": "periode II", "c": "periode II"}[clause]
    overrun_id = " dan pekerjaan akan melampaui tahun anggaran" if clause == "c" else ""
    overrun_en = " and the works will run past the fiscal year" if clause == "c" else ""
    return CriticalIndication(
        clause,
        planned,
        physical,
        lag,
        rule.value,
        rule,
        f"Rencana {_comma(planned)}% ({period_id}), realisasi {_comma(physical)}%: terlambat {_comma(lag)} poin, "
        f"lebih dari {_comma(rule.value)} poin{overrun_id}.",
        f"Planned {planned:.2f}% (period {'I' if clause == 'a' else 'II'}), actual {physical:.2f}%: behind by {lag:.2f} "
        f"points, more than {rule.value:g}{overrun_en}.",
    )


def fine_base_idr(value_idr: Decimal, vat_percent: Decimal) -> Decimal:
    """Return the value before PPN (rupiah, to the cent) of a value that includes it."""
    return (value_idr / (1 + vat_percent / 100)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def fine_idr(base_idr: Decimal, *, days: int, rule: Rule) -> Decimal:
    """
    Return the fine for lateness (rupiah): a permille of the base for each calendar day (Perpres 16/2018 Pasal 79(4)).

    Parameters
    ----------
    base_idr
        Value of the contract, or of the part that is late, before PPN.
    days
        Calendar days after the contract's end, 0 or more.
    rule
        DENDA_PERMIL.

    Raises
    ------
    InvalidMeasure
        When days or base are negative.
    """
    if days < 0 or base_idr < 0:
        raise InvalidMeasure("Hari dan dasar denda tidak boleh negatif.", "Days and base of a fine cannot be negative.")
    return (base_idr * Decimal(str(rule.value)) / 1000 * days).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _comma(number: float) -> str:
    return f"{number:.2f}".replace(".", ",")
