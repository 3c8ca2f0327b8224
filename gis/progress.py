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

Clause = Literal["a", "b", "c"]

DAYS_PER_WEEK = 7
FARTHEST_DAYS = 36_525  # a forecast looks at most a century ahead
SAME_DECIMALS = 6
SAME_PERCENT = 10.0**-SAME_DECIMALS
"""Percentages nearer than this are one: what binary fractions add is no lateness."""
CENT = Decimal("0.01")


@dataclass(frozen=True)
class CurvePoint:
    """How much of a contract is planned, or done, by the end of a day: cumulative, 0 to 100."""

    day: date
    percent: float


@dataclass(frozen=True)
class Forecast:
    """
    When works will be finished, at the rates of the last weeks.

    `latest` is None when no end can be told at the slowest of them.
    """

    earliest: date
    expected: date
    latest: date | None


@dataclass(frozen=True)
class CriticalIndication:
    """Why a contract is indicated as critical: the clause, the figures, the threshold passed and its rule."""

    clause: Clause
    planned: float
    physical: float
    lag_points: float
    threshold_points: float
    rule: Rule
    sentence_id: str
    sentence_en: str


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


def planned_percent(points: Sequence[CurvePoint], day: date) -> float:
    """
    Return what a plan foresees by a day: linear by calendar day between two points (domain reference 1.3).

    The database tells the same with `app.planned_percent`; a test holds the two equal.

    Parameters
    ----------
    points
        One version of the curve, in any order, no day twice.
    day
        Before the first point the plan is 0, after the last as much as the last.
    """
    ordered = sorted(points, key=_day_of)
    after = bisect_right(ordered, day, key=_day_of)
    if after == 0:
        return 0.0
    before = ordered[after - 1]
    if after == len(ordered):
        return before.percent
    following = ordered[after]
    gained = following.percent - before.percent
    return before.percent + gained * (day - before.day).days / (following.day - before.day).days


def check_curve(points: Sequence[CurvePoint], *, end_date: date) -> None:
    """
    Refuse a plan that cannot be one (domain reference 1.3: monotone, 100 at the contract's end of that version).

    Raises
    ------
    InvalidCurve
        When it has no points or a day twice, leaves 0 to 100, falls, does not end at 100, or ends on another day than
        the contract.
    """
    if not points:
        raise InvalidCurve("Kurva belum memiliki titik.", "The curve has no points yet.")
    ordered = sorted(points, key=_day_of)
    for point in ordered:
        if not 0 <= point.percent <= 100:  # also what is not a number
            raise InvalidCurve(
                f"Rencana {point.day:%d-%m-%Y} sebesar {_id(point.percent)}%: harus antara 0 dan 100.",
                f"The plan of {point.day} is {_en(point.percent)}%: it must lie between 0 and 100.",
            )
    for before, after in pairwise(ordered):
        if before.day == after.day:
            raise InvalidCurve(
                f"Tanggal {after.day:%d-%m-%Y} ada dua kali dalam kurva.", f"{after.day} is in the curve twice."
            )
        if after.percent < before.percent:
            raise InvalidCurve(
                f"Rencana turun dari {_id(before.percent)}% ({before.day:%d-%m-%Y}) menjadi {_id(after.percent)}% "
                f"({after.day:%d-%m-%Y}). Rencana kumulatif tidak boleh turun.",
                f"The plan falls from {_en(before.percent)}% ({before.day}) to {_en(after.percent)}% ({after.day}). "
                "A cumulative plan cannot fall.",
            )
    last = ordered[-1]
    if abs(last.percent - 100) > SAME_PERCENT:
        raise InvalidCurve(
            f"Rencana berakhir pada {_id(last.percent)}%, bukan 100%.",
            f"The plan ends at {_en(last.percent)}%, not at 100%.",
        )
    if last.day != end_date:
        raise InvalidCurve(
            f"Rencana berakhir {last.day:%d-%m-%Y}, sedangkan kontrak berakhir {end_date:%d-%m-%Y}.",
            f"The plan ends on {last.day}, but the contract on {end_date}.",
        )


def weights_percent(values: Sequence[float | Decimal]) -> list[float]:
    """
    Return the weight of each item of work, its share of the value before PPN (domain reference 1.3): 100 in all.

    Raises
    ------
    InvalidMeasure
        When a value is negative or no number, or none is above 0.
    """
    numbers = [float(value) for value in values]
    if any(not math.isfinite(value) or value < 0 for value in numbers):
        raise InvalidMeasure("Nilai pekerjaan tidak boleh negatif.", "The value of a work item cannot be negative.")
    total = math.fsum(numbers)
    if not 0 < total < math.inf:
        raise InvalidMeasure(
            "Bobot tidak dapat dihitung: jumlah nilai pekerjaan 0.",
            "Weights cannot be computed: the values of the work items sum up to 0.",
        )
    return [value / total * 100 for value in numbers]


def physical_percent(
    weights: Sequence[float], installed: Sequence[float | Decimal], quantities: Sequence[float | Decimal]
) -> float:
    """
    Return the physical progress of a contract from what stands of each item (domain reference 1.3).

    More than an item's quantity does not count: no item makes up for another.

    Parameters
    ----------
    weights
        Percent, summing up to 100.
    installed, quantities
        In place, and of the contract, in each item's own unit.

    Raises
    ------
    InvalidMeasure
        When the three differ in length, something installed is negative, or a quantity is not above 0.
    """
    if not len(weights) == len(installed) == len(quantities):
        raise InvalidMeasure(
            "Setiap butir pekerjaan perlu bobot, volume terpasang, dan volume kontrak.",
            "Every work item needs a weight, a quantity installed and a quantity of the contract.",
        )
    shares = []
    for weight, done, quantity in zip(weights, map(float, installed), map(float, quantities), strict=True):
        if not (done >= 0 and quantity > 0):
            raise InvalidMeasure(
                "Volume terpasang tidak boleh negatif, dan volume kontrak harus lebih dari 0.",
                "A quantity installed cannot be negative, and that of the contract must be above 0.",
            )
        shares.append(weight * min(1.0, done / quantity))
    return min(100.0, math.fsum(shares))


def forecast_finish(observations: Sequence[tuple[date, float]], *, end_date: date, weeks: int = 4) -> Forecast:
    """
    Return when works reach 100% at the mean rate of their last weeks, else the contract's end (domain reference 1.4).

    The range comes from the fastest and the slowest of those weeks. Between two observations progress is taken as
    linear by calendar day. Where no rate is known, or nothing was gained, the contract's end is expected (but no day
    before the last observation), and no latest day can be told.

    Parameters
    ----------
    observations
        Approved physical progress (day, percent), in any order; of one day twice, the later in the sequence counts.
    end_date
        Last day of the contract with its addenda.
    weeks
        How far back from the last observation the rate looks.
    """
    known = sorted(dict(observations).items())
    if not known:
        return Forecast(end_date, end_date, None)
    last_day, last_percent = known[-1]
    if last_percent >= 100 - SAME_PERCENT:
        finished = next(day for day, percent in known if percent >= 100 - SAME_PERCENT)
        return Forecast(finished, finished, finished)
    mean, rates = _rates_per_day(known, weeks)
    remaining = 100 - last_percent
    expected = _reached(last_day, remaining, mean) or max(end_date, last_day)
    earliest = _reached(last_day, remaining, max(rates, default=0.0)) or expected
    latest = _reached(last_day, remaining, min(rates, default=0.0)) if mean > 0 else None
    return Forecast(min(earliest, expected), expected, max(latest, expected) if latest else None)


def overruns_year(finish: date | None, *, year: int, multi_year: bool) -> bool:
    """
    Tell whether works will run past their fiscal year (domain reference 1.4); approved multi-year works never do.

    Parameters
    ----------
    finish
        The forecast; None when nothing is known, which overruns nothing.
    """
    return finish is not None and not multi_year and finish > date(year, 12, 31)


def indicate_critical(
    planned: float, physical: float, *, overruns_year: bool, rules: Mapping[str, Rule]
) -> CriticalIndication | None:
    """
    Tell whether a contract is indicated as critical, and by which case of the standard contract (domain reference 1.4).

    (a) Plan below the border of period I and lag above its threshold; (b) plan at the border or beyond and lag above
    the threshold of period II; (c) there, lag above 0 up to that threshold while the fiscal year will be overrun.
    Differences are percentage points, strictly greater; the plan decides the period, at its border the stricter.

    Parameters
    ----------
    planned, physical
        Percent of the same day.
    overruns_year
        As `overruns_year` tells.
    rules
        KRITIS_P1_BATAS_RENCANA, KRITIS_P1_LAG, KRITIS_P2_LAG, KRITIS_P2_LEWAT_TA_1 and _2, in force on that day.

    Raises
    ------
    InvalidMeasure
        When a percentage lies outside 0 to 100.
    """
    if not (0 <= planned <= 100 and 0 <= physical <= 100):
        raise InvalidMeasure(
            "Rencana dan realisasi harus antara 0 dan 100%.", "Plan and actual must lie between 0 and 100%."
        )
    lag = _without_noise(planned - physical)
    border = rules["KRITIS_P1_BATAS_RENCANA"].value
    if _without_noise(planned) < border:
        rule = rules["KRITIS_P1_LAG"]
        if lag <= rule.value:
            return None
        return _indication("a", planned, physical, lag, rule, border)
    rule = rules["KRITIS_P2_LAG"]
    if lag > rule.value:
        return _indication("b", planned, physical, lag, rule, border)
    above, up_to = rules["KRITIS_P2_LEWAT_TA_1"], rules["KRITIS_P2_LEWAT_TA_2"]
    if overruns_year and above.value < lag <= up_to.value:
        return _indication("c", planned, physical, lag, above, border)
    return None


def fine_base_idr(value_idr: Decimal, vat_percent: Decimal) -> Decimal:
    """
    Return the value that fines are reckoned on: of the contract, or its late part, before PPN (domain reference 1.6).

    Perpres 16/2018 article 79 (4)-(5).

    Raises
    ------
    InvalidMeasure
        When the value or the PPN is negative.
    """
    if value_idr < 0 or vat_percent < 0:
        raise InvalidMeasure(
            "Nilai kontrak dan PPN tidak boleh negatif.", "The value of a contract and its PPN cannot be negative."
        )
    return (value_idr * 100 / (100 + vat_percent)).quantize(CENT, ROUND_HALF_UP)


def fine_idr(base_idr: Decimal, *, days: int, rule: Rule) -> Decimal:
    """
    Return the fine for so many calendar days of lateness, without a ceiling (domain reference 1.6).

    Parameters
    ----------
    base_idr
        As `fine_base_idr` returns.
    rule
        DENDA_PERMIL: thousandths of the base a day.

    Raises
    ------
    InvalidMeasure
        When the base or the days are negative.
    """
    if base_idr < 0 or days < 0:
        raise InvalidMeasure(
            "Dasar denda dan hari keterlambatan tidak boleh negatif.",
            "The base of a fine and the days of lateness cannot be negative.",
        )
    return (base_idr * Decimal(str(rule.value)) * days / 1000).quantize(CENT, ROUND_HALF_UP)


def _day_of(point: CurvePoint) -> date:
    return point.day


def _without_noise(percent: float) -> float:
    return round(percent, SAME_DECIMALS)


def _rates_per_day(known: Sequence[tuple[date, float]], weeks: int) -> tuple[float, list[float]]:
    """Return the mean rate (percent a day) of the last weeks, and that of each of them, the newest first."""
    last_day, last_percent = known[-1]
    begin = max(known[0][0], last_day - timedelta(weeks=weeks))
    if begin == last_day:
        return 0.0, []
    points = [CurvePoint(day, percent) for day, percent in known]
    mean = (last_percent - planned_percent(points, begin)) / (last_day - begin).days
    rates, until = [], last_day
    while until > begin:
        since = max(begin, until - timedelta(days=DAYS_PER_WEEK))
        gained = planned_percent(points, until) - planned_percent(points, since)
        rates.append(gained / (until - since).days)
        until = since
    return mean, rates


def _reached(last_day: date, remaining: float, rate: float) -> date | None:
    """Return when the remaining percent are done at a rate a day; None when never."""
    if rate * FARTHEST_DAYS < SAME_PERCENT:
        return None
    days = math.ceil(remaining / rate - SAME_PERCENT)
    return last_day + timedelta(days=min(days, FARTHEST_DAYS))


def _indication(
    clause: Clause, planned: float, physical: float, lag: float, rule: Rule, border: float
) -> CriticalIndication:
    period_id = "I, rencana di bawah" if clause == "a" else "II, rencana mulai"
    period_en = "I, plan below" if clause == "a" else "II, plan from"
    year_id = ", dan perkiraan selesai melampaui tahun anggaran" if clause == "c" else ""
    year_en = ", and the works are expected to run past the fiscal year" if clause == "c" else ""
    return CriticalIndication(
        clause=clause,
        planned=planned,
        physical=physical,
        lag_points=lag,
        threshold_points=rule.value,
        rule=rule,
        sentence_id=(
            f"Rencana {_id(planned)}%, realisasi {_id(physical)}%: terlambat {_id(lag)} poin, lebih dari "
            f"{_id(rule.value, 0)} poin (periode {period_id} {_id(border, 0)}%){year_id}."
        ),
        sentence_en=(
            f"Plan {_en(planned)}%, actual {_en(physical)}%: late by {_en(lag)} points, more than "
            f"{_en(rule.value, 0)} points (period {period_en} {_en(border, 0)}%){year_en}."
        ),
    )


def _en(value: float, decimals: int = 2) -> str:
    """Write a number with so many decimals, more where it would else look rounded to another."""
    text = f"{value:.{SAME_DECIMALS}f}".rstrip("0").rstrip(".")
    whole, _point, fraction = text.partition(".")
    fraction = fraction.ljust(decimals, "0")
    return f"{whole}.{fraction}" if fraction else whole


def _id(value: float, decimals: int = 2) -> str:
    return _en(value, decimals).replace(".", ",")
