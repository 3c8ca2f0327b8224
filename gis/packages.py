"""Figures of many packages together: how far, how much paid, how many late and critical."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from gis.figures import Figure, FigureContext, FigureSet, Finding, Rule, percent_figure, quantity_figure
from gis.progress import ProjectStatus

NOT_BEGUN: frozenset[ProjectStatus] = frozenset({"planned", "announced", "tender", "contract"})
"""Where no progress is recorded of such a package, nothing has been built: it counts as 0."""
GIVEN_UP: frozenset[ProjectStatus] = frozenset({"cancelled", "failed_tender"})
"""No part of the work of its year: neither weighs nor is waited for."""


@dataclass(frozen=True)
class PackageProgress:
    """
    What the figures need of a package.

    Money in rupiah: `weight_idr` is this year's ceiling, `ceiling_idr` the whole, `paid_idr` the sum of SP2D.
    Percentages are those of the newest approved day; None where nothing is recorded. `critical` is None where it must
    not be told.
    """

    status: ProjectStatus
    weight_idr: float | None
    ceiling_idr: float | None
    paid_idr: float
    planned_percent: float | None
    physical_percent: float | None
    progress_date: date | None
    is_late: bool
    critical: str | None = None  # none, indicated, declared


def progress_figures(
    packages: Sequence[PackageProgress],
    *,
    area: str,
    context: FigureContext,
    critical_rule: Rule | None = None,
    with_critical: bool = False,
) -> FigureSet:
    """
    Compute the progress of an area's packages.

    Progress is weighted by this year's ceiling and never a plain mean (domain reference 1.3). A package that has not
    begun counts as 0; one that was given up, or that runs without any recorded progress, counts on neither side, and a
    finding says how many. Financial progress is the sum of SP2D by the sum of ceilings.

    Parameters
    ----------
    packages
        Those of one fiscal year that touch the area, each once.
    critical_rule
        The rule that critical contracts are judged by, for their figures.
    with_critical
        Whether figures of critical contracts are given at all; they are not the public's.

    Returns
    -------
    figures
        Of ids `progress.*`; shares are None without packages, or where nothing has a weight.
    """
    live = [one for one in packages if one.status not in GIVEN_UP]
    physical = [(_done(one), one.weight_idr) for one in live]
    planned = [(_planned(one), one.weight_idr) for one in live]
    paid = math.fsum(one.paid_idr for one in live if one.ceiling_idr)
    ceilings = math.fsum(one.ceiling_idr for one in live if one.ceiling_idr)
    figures = [
        quantity_figure("progress.packages", len(packages), area=area, unit="packages", context=context),
        _weighted("progress.weighted_physical", physical, area, context),
        _weighted("progress.weighted_planned", planned, area, context),
        percent_figure("progress.financial", paid if ceilings else None, ceilings or None, area=area, context=context),
        quantity_figure(
            "progress.late", sum(one.is_late for one in packages), area=area, unit="packages", context=context
        ),
    ]
    if with_critical:
        for state in ("indicated", "declared"):
            count = sum(one.critical == state for one in packages)
            figures.append(
                quantity_figure(
                    f"progress.critical_{state}", count, area=area, unit="packages", context=context, rule=critical_rule
                )
            )
    return FigureSet(tuple(figures), tuple(_findings(packages, live)))


def _weighted(
    figure_id: str, pairs: Sequence[tuple[float | None, float | None]], area: str, context: FigureContext
) -> Figure:
    """Make a weighted percentage: the numerator is the part of the money whose work is done."""
    known = [(percent, weight) for percent, weight in pairs if percent is not None and weight]
    weights = math.fsum(weight for _percent, weight in known)
    done = math.fsum(percent * weight / 100 for percent, weight in known)
    return percent_figure(figure_id, done if weights else None, weights or None, area=area, context=context)


def _done(package: PackageProgress) -> float | None:
    if package.physical_percent is None and package.status in NOT_BEGUN:
        return 0.0
    return package.physical_percent


def _planned(package: PackageProgress) -> float | None:
    if package.planned_percent is None and package.status in NOT_BEGUN:
        return 0.0
    return package.planned_percent


def _findings(packages: Sequence[PackageProgress], live: Sequence[PackageProgress]) -> list[Finding]:
    given_up = len(packages) - len(live)
    silent = sum(_done(one) is None for one in live)
    unplanned = sum(_planned(one) is None for one in live)
    worthless = sum(not one.weight_idr for one in live)
    found = []
    for count, code, message_id, message_en in (
        (given_up, "given_up", "Paket batal atau gagal tender, tidak ditimbang", "Packages given up, not weighted"),
        (
            silent,
            "no_progress",
            "Paket berjalan tanpa realisasi tercatat",
            "Packages running without recorded progress",
        ),
        (unplanned, "no_plan", "Paket berjalan tanpa rencana (kurva S)", "Packages running without a plan (S-curve)"),
        (
            worthless,
            "no_ceiling",
            "Paket tanpa pagu, tidak dapat ditimbang",
            "Packages without a ceiling, not weighted",
        ),
    ):
        if count:
            found.append(Finding("warning", code, f"{message_id}: {count}.", f"{message_en}: {count}.", count))
    if not packages:
        found.append(
            Finding("warning", "no_packages", "Tidak ada paket pada tahun anggaran ini.", "No packages in this year.")
        )
    return found
