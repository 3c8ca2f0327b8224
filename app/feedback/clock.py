"""Working days: how long a step may take, and how long it took."""

from __future__ import annotations

import datetime as dt

FRIDAY = 4  # weekday() of the last working day; public holidays are not known here, so clocks are rather too strict


def is_working_day(day: dt.date) -> bool:
    """Tell whether offices work on a day: Monday to Friday."""
    return day.weekday() <= FRIDAY


def add_working_days(day: dt.date, days: int) -> dt.date:
    """Return the day on which so many working days have passed since a day; that day itself does not count."""
    while days > 0:
        day += dt.timedelta(days=1)
        days -= is_working_day(day)
    return day


def working_days_between(start: dt.date, end: dt.date) -> int:
    """Return how many working days come after `start`, up to and including `end`; 0 when none."""
    weeks, rest = divmod(max((end - start).days, 0), 7)
    first = end - dt.timedelta(days=rest)
    return weeks * 5 + sum(is_working_day(first + dt.timedelta(days=number)) for number in range(1, rest + 1))
