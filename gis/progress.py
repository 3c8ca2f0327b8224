"""How far works are: deviation from the plan, lateness, and progress of many packages together."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from typing import Literal

from gis.errors import InvalidMeasure

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
