"""Realisation of packages over a fiscal year: ends of months, money that closes to the cent, weighted subtotals."""

from __future__ import annotations

import calendar
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from gis.errors import InvalidMeasure
from gis.figures import Figure, FigureContext, percent_figure, quantity_figure
from gis.packages import NOT_BEGUN
from gis.progress import ProjectStatus, deviation_points

MONTHS = 12
NOTHING_IDR = Decimal(0)
CENT = Decimal("0.01")
PROGRESS = ("planned_percent", "physical_percent")

Path = tuple[str, ...]
"""Where a part belongs in a hierarchy, from the top: unit, programme, activity, sub-activity."""


@dataclass(frozen=True)
class Part:
    """
    One package, or the part of it that one fund source pays, at the end of a month.

    `key` names the package: parts of one package count once. Money in rupiah, to the cent: `ceiling_idr` is this
    year's, which is also the weight; `target_idr` what should have been paid by then; `paid_idr` the SP2D of the year
    until then. Progress in percent, 0 to 100; None where nothing is known.
    """

    key: str
    ceiling_idr: Decimal | None
    contract_idr: Decimal | None
    planned_percent: float | None
    physical_percent: float | None
    target_idr: Decimal | None
    paid_idr: Decimal


@dataclass(frozen=True)
class Sums:
    """
    What parts amount to together.

    `share_percent` is their weight in the whole (bobot), `earned_percent` what they bring to its progress (tertimbang,
    weight by progress). `planned_percent` and `physical_percent` are weighted means of the parts where they are known,
    `deviation_points` of those where both are; percentages of money are of the ceiling. None where nothing is known, or
    nothing has a weight.
    """

    packages: int
    ceiling_idr: Decimal
    share_percent: float | None
    contract_idr: Decimal | None
    planned_percent: float | None
    physical_percent: float | None
    earned_percent: float | None
    target_idr: Decimal | None
    target_percent: float | None
    paid_idr: Decimal
    paid_percent: float | None
    deviation_points: float | None
    remaining_idr: Decimal


@dataclass(frozen=True)
class Line:
    """A line of a hierarchy: a branch (`part` None) with the sums of all below it, or a part at its end."""

    path: Path
    part: Part | None
    sums: Sums

    @property
    def level(self) -> int:
        """Depth: 0 at the top; a part lies one below its branch."""
        return len(self.path) - (self.part is None)


def month_end(year: int, month: int) -> date:
    """
    Return the last day of a month.

    Raises
    ------
    InvalidMeasure
        When the month is none of 1 to 12.
    """
    if not 1 <= month <= MONTHS:
        raise InvalidMeasure(f"Bulan {month} tidak ada.", f"There is no month {month}.")
    return date(year, month, calendar.monthrange(year, month)[1])


def month_ends(year: int) -> tuple[date, ...]:
    """Return the last days of the twelve months of a year."""
    return tuple(month_end(year, month) for month in range(1, MONTHS + 1))


def physical_on(
    observations: Sequence[tuple[date, float]],
    day: date,
    *,
    status: ProjectStatus,
    begins: date | None,
    grace_days: float = 0,
) -> float | None:
    """
    Return how far the works of a package were on a day, by what was approved.

    Parameters
    ----------
    observations
        Approved physical progress (day, percent), in any order.
    status
        Of the package.
    begins
        Day of the order to start (SPMK); None where there is none.
    grace_days
        How long works may run before their first report is missed.

    Returns
    -------
    percent
        The newest on or before the day. Without any, 0 where the works had not begun, or had begun no longer ago than
        the grace; None where they run and nothing is known of them.
    """
    until = [percent for seen, percent in sorted(observations) if seen <= day]
    if until:
        return until[-1]
    if status in NOT_BEGUN:
        return 0.0
    return 0.0 if begins is not None and (day - begins).days <= grace_days else None


def estimated_on(observations: Sequence[tuple[date, float]], day: date, *, begins: date | None) -> float | None:
    """
    Return the progress of a day before the first approved one: linear by calendar day since the works began.

    None after the first, and where that or the beginning is not known.
    """
    first = min(observations, default=None)
    if first is None or begins is None or not begins <= day <= first[0] or begins == first[0]:
        return None
    return first[1] * (day - begins).days / (first[0] - begins).days


def planned_target_idr(
    contract_idr: Decimal | None, planned_percent: float | None, planned_before_percent: float | None = None
) -> Decimal | None:
    """
    Return what should have been paid by a day of the year when payments follow the planned works.

    Parameters
    ----------
    contract_idr
        Value of the contract with its addenda.
    planned_percent
        Plan of the day.
    planned_before_percent
        Plan of the last day of the year before: what belongs to earlier years is no target of this one.

    Returns
    -------
    target
        Whole rupiah; None without a contract or a plan.
    """
    if contract_idr is None or planned_percent is None:
        return None
    share = Decimal(str(planned_percent)) - Decimal(str(planned_before_percent or 0.0))
    return (contract_idr * max(share, Decimal(0)) / 100).quantize(Decimal(1), ROUND_HALF_UP)


def split_exactly(amount_idr: Decimal, shares: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """
    Split an amount by shares so that the parts sum up to it exactly (largest remainder).

    Parameters
    ----------
    amount_idr
        Rupiah, 0 or more; whole amounts are split into whole rupiah, others to the cent.
    shares
        Of any unit, 0 or more, at least one above 0.

    Raises
    ------
    InvalidMeasure
        When the amount or a share is negative, or no share is above 0.
    """
    total = sum(shares, NOTHING_IDR)
    if amount_idr < 0 or total <= 0 or any(share < 0 for share in shares):
        raise InvalidMeasure(
            "Jumlah hanya dapat dibagi menurut bagian yang tidak negatif.",
            "An amount can be split only by shares that are not negative.",
        )
    step = Decimal(1) if amount_idr == amount_idr.to_integral_value() else CENT
    steps = int((amount_idr / step).to_integral_value())
    exact = [steps * share / total for share in shares]
    whole = [int(one) for one in exact]
    largest = sorted(range(len(exact)), key=lambda index: (whole[index] - exact[index], index))
    for index in largest[: steps - sum(whole)]:
        whole[index] += 1
    return tuple(one * step for one in whole)


def split_part(part: Part, amounts: Mapping[str, Decimal]) -> dict[str, Part]:
    """
    Split a package by its fund sources; progress is that of the whole, money goes by the sources' amounts.

    Parameters
    ----------
    part
        The package as a whole.
    amounts
        Rupiah of this year by source; each 0 or more, one of them above. Where they sum up to the ceiling, they are
        its parts as they stand.

    Returns
    -------
    parts
        By source; their money sums up to that of the package to the cent.
    """
    shares = list(amounts.values())
    ceiling, contract, target = (
        _split_known(amount, shares) for amount in (part.ceiling_idr, part.contract_idr, part.target_idr)
    )
    if sum(shares, NOTHING_IDR) == part.ceiling_idr:
        ceiling = tuple(shares)
    paid = split_exactly(part.paid_idr, shares)
    return {
        source: replace(
            part,
            ceiling_idr=ceiling[index],
            contract_idr=contract[index],
            target_idr=target[index],
            paid_idr=paid[index],
        )
        for index, source in enumerate(amounts)
    }


def sum_up(parts: Sequence[Part], *, whole_idr: Decimal) -> Sums:
    """
    Sum parts up; progress is weighted by the ceiling and never a plain mean (domain reference 1.3).

    Parameters
    ----------
    parts
        Each once; those without a ceiling weigh nothing.
    whole_idr
        Ceiling of the whole report, which shares are of.
    """
    ceiling = _money(part.ceiling_idr for part in parts)
    contracts = [part.contract_idr for part in parts if part.contract_idr is not None]
    paid = _money(part.paid_idr for part in parts)
    targets = [part.target_idr for part in parts if part.target_idr is not None]
    target = _money(targets) if targets else None
    planned = _weighted((part.planned_percent, part.ceiling_idr) for part in parts)
    physical = _weighted((part.physical_percent, part.ceiling_idr) for part in parts)
    return Sums(
        packages=len({part.key for part in parts}),
        ceiling_idr=ceiling,
        share_percent=percent_of(ceiling, whole_idr),
        contract_idr=_money(contracts) if contracts else None,
        planned_percent=planned,
        physical_percent=physical,
        earned_percent=_earned(parts, whole_idr),
        target_idr=target,
        target_percent=None if target is None else percent_of(target, ceiling),
        paid_idr=paid,
        paid_percent=percent_of(paid, ceiling),
        deviation_points=_weighted((_deviation(part), part.ceiling_idr) for part in parts),
        remaining_idr=ceiling - paid,
    )


def roll_up(parts: Sequence[tuple[Path, Part]], *, whole_idr: Decimal) -> tuple[Line, ...]:
    """
    Lay parts out as a hierarchy, each branch with the sums of all below it.

    Parameters
    ----------
    parts
        With their places, in the order wanted; branches come in the order in which they first appear.
    whole_idr
        As for `sum_up`.

    Returns
    -------
    lines
        A branch before what lies below it; deeper branches before the branch's own parts. Empty without parts.
    """
    return tuple(_lines(parts, (), whole_idr))


def portfolio_percent(packages: Sequence[tuple[Decimal | None, Sequence[float | None]]]) -> tuple[float | None, ...]:
    """
    Return the progress of a portfolio at each of several moments, weighted by the ceilings.

    Parameters
    ----------
    packages
        Ceiling, and percent at each moment; a package whose percent is None at any moment is left out at all of them,
        so that the curve neither jumps nor falls because of who is counted.

    Returns
    -------
    percent
        One a moment, as many as the packages have; None at all where nothing has a weight, empty without packages.
    """
    moments = max((len(percents) for _weight, percents in packages), default=0)
    steady = [one for one in packages if None not in one[1]]
    return tuple(_weighted((percents[moment], weight) for weight, percents in steady) for moment in range(moments))


def paid_by_month(payments: Iterable[tuple[date, Decimal]], *, year: int, until: date) -> tuple[Decimal | None, ...]:
    """
    Return what was paid in each month of a year (rupiah).

    Parameters
    ----------
    payments
        Day and amount of each SP2D; those of other years, and after `until`, do not count.
    until
        The last day that is known.

    Returns
    -------
    paid
        Twelve amounts: 0 in a month without payments, None in one that has not begun by `until`.
    """
    found = [NOTHING_IDR] * MONTHS
    for day, amount in payments:
        if day.year == year and day <= until:
            found[day.month - 1] += amount
    return tuple(
        amount if date(year, month, 1) <= until else None
        for month, amount in zip(range(1, MONTHS + 1), found, strict=True)
    )


def running_sum(amounts: Sequence[Decimal | None]) -> tuple[Decimal | None, ...]:
    """Return the sums of all amounts so far; None from where an amount is None."""
    sums: list[Decimal | None] = []
    total: Decimal | None = NOTHING_IDR
    for amount in amounts:
        total = None if total is None or amount is None else total + amount
        sums.append(total)
    return tuple(sums)


def percent_of(amount_idr: Decimal, whole_idr: Decimal) -> float | None:
    """Return an amount in percent of a whole; None where the whole is 0."""
    return float(amount_idr / whole_idr * 100) if whole_idr else None


def realisation_figures(parts: Sequence[Part], *, area: str, context: FigureContext) -> tuple[Figure, ...]:
    """
    Make the figures `rfk.*` of an area.

    Numerator and denominator of a progress are rupiah: the ceilings by their progress, and the ceilings of the
    packages whose progress is known. Without packages all are None but their number.
    """
    ceiling = _money(part.ceiling_idr for part in parts)
    sums = sum_up(parts, whole_idr=ceiling)
    planned, physical = ([(getattr(part, name), part.ceiling_idr) for part in parts] for name in PROGRESS)

    def quantity(name: str, value: Decimal | float | None, unit: str) -> Figure:
        shown = None if value is None or not parts else float(value)
        return quantity_figure(f"rfk.{name}", shown, area=area, unit=unit, context=context)

    def percent(name: str, numerator: float | None, denominator: float | None) -> Figure:
        return percent_figure(f"rfk.{name}", numerator, denominator, area=area, context=context)

    return (
        quantity_figure("rfk.packages", sums.packages, area=area, unit="packages", context=context),
        quantity("ceiling_idr", sums.ceiling_idr, "IDR"),
        quantity("contract_idr", sums.contract_idr, "IDR"),
        percent("planned", *_done_of_known(planned)),
        percent("physical", *_done_of_known(physical)),
        quantity("deviation", sums.deviation_points, "points"),
        quantity("target_idr", sums.target_idr, "IDR"),
        quantity("paid_idr", sums.paid_idr, "IDR"),
        percent("paid_percent", float(sums.paid_idr) if ceiling else None, float(ceiling) or None),
        quantity("remaining_idr", sums.remaining_idr, "IDR"),
    )


def absorption_figures(
    ceiling_idr: Decimal, paid_idr: Decimal, *, packages: int, area: str, context: FigureContext
) -> tuple[Figure, ...]:
    """Make the figures `absorption.*` of an area: SP2D of the year by this year's ceiling, and what remains."""
    ceiling, paid = (float(amount) if packages else None for amount in (ceiling_idr, paid_idr))
    remaining = float(ceiling_idr - paid_idr) if packages else None
    return (
        quantity_figure("absorption.packages", packages, area=area, unit="packages", context=context),
        quantity_figure("absorption.ceiling_idr", ceiling, area=area, unit="IDR", context=context),
        quantity_figure("absorption.paid_idr", paid, area=area, unit="IDR", context=context),
        percent_figure("absorption.percent", paid, ceiling, area=area, context=context),
        quantity_figure("absorption.remaining_idr", remaining, area=area, unit="IDR", context=context),
    )


def _split_known(amount: Decimal | None, shares: Sequence[Decimal]) -> tuple[Decimal | None, ...]:
    return (None,) * len(shares) if amount is None else split_exactly(amount, shares)


def _money(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), NOTHING_IDR)


def _deviation(part: Part) -> float | None:
    return deviation_points(part.planned_percent, part.physical_percent)


def _weighted(pairs: Iterable[tuple[float | None, Decimal | None]]) -> float | None:
    done, whole = _done_of_known(pairs)
    return None if done is None or not whole else done / whole * 100


def _done_of_known(pairs: Iterable[tuple[float | None, Decimal | None]]) -> tuple[float | None, float | None]:
    """Return the money whose work is done, and the money of all whose progress is known; None where there is none."""
    known = [(percent, float(weight)) for percent, weight in pairs if percent is not None and weight]
    if not known:
        return None, None
    return math.fsum(percent * weight / 100 for percent, weight in known), math.fsum(
        weight for _percent, weight in known
    )


def _earned(parts: Sequence[Part], whole_idr: Decimal) -> float | None:
    known = [
        part.physical_percent * float(part.ceiling_idr)
        for part in parts
        if part.physical_percent is not None and part.ceiling_idr is not None
    ]
    return math.fsum(known) / float(whole_idr) if known and whole_idr else None


def _lines(parts: Sequence[tuple[Path, Part]], above: Path, whole_idr: Decimal) -> list[Line]:
    branches: dict[str, list[tuple[Path, Part]]] = {}
    for path, part in parts:
        if len(path) > len(above):
            branches.setdefault(path[len(above)], []).append((path, part))
    lines = []
    for key, within in branches.items():
        path = (*above, key)
        lines.append(Line(path, None, sum_up([part for _path, part in within], whole_idr=whole_idr)))
        lines += _lines(within, path, whole_idr)
    own = [part for path, part in parts if len(path) == len(above)]
    return lines + [Line(above, part, sum_up([part], whole_idr=whole_idr)) for part in own]
