"""Lateness, deviation and weighted progress; the database's own rule says the same."""

from datetime import date
from itertools import product
from typing import get_args

import pytest
from sqlalchemy import Connection, text

from gis.errors import InvalidMeasure
from gis.progress import ProjectStatus, deviation_points, is_late, weighted_percent

TODAY = date(2026, 11, 24)


def test_database_and_python_agree_on_every_case(connection: Connection) -> None:
    percents = (None, 0.0, 48.2, 62.0, 100.0)
    ends = (None, date(2026, 11, 23), TODAY, date(2027, 1, 1))
    cases = list(product(get_args(ProjectStatus), percents, percents, ends))
    rows = connection.execute(
        text("""
            SELECT app.is_late(status, planned, physical, end_date, :today)
            FROM unnest(CAST(:statuses AS text[]), CAST(:planned AS float8[]), CAST(:physical AS float8[]),
                CAST(:ends AS date[])) WITH ORDINALITY AS c(status, planned, physical, end_date, n) ORDER BY n
        """),
        {
            "today": TODAY,
            **dict(zip(("statuses", "planned", "physical", "ends"), map(list, zip(*cases, strict=True)), strict=True)),
        },
    )
    told = [
        is_late(status, planned_percent=planned, physical_percent=physical, end_date=end, today=TODAY)
        for status, planned, physical, end in cases
    ]
    assert rows.scalars().all() == told
    assert {True, False} == set(told)


@pytest.mark.parametrize(
    ("status", "planned", "physical", "end", "late"),
    [
        ("construction", 62.0, 48.2, None, True),
        ("construction", 62.0, 62.0, None, False),
        ("construction", 50.0, 60.0, date(2026, 11, 23), True),  # ahead, but past its end
        ("construction", 50.0, 60.0, TODAY, False),  # the last day is still in time
        ("construction", None, 10.0, None, False),
        ("planned", 50.0, 0.0, date(2026, 1, 1), False),
        ("handed_over", 100.0, 99.0, date(2026, 1, 1), False),
        ("terminated", 100.0, 9.0, date(2026, 1, 1), False),
    ],
)
def test_late(status: ProjectStatus, planned: float | None, physical: float, end: date | None, late: bool) -> None:
    assert is_late(status, planned_percent=planned, physical_percent=physical, end_date=end, today=TODAY) is late


def test_deviation_is_actual_less_plan() -> None:
    assert deviation_points(62.0, 48.2) == pytest.approx(-13.8)
    assert deviation_points(None, 48.2) is None
    assert deviation_points(62.0, None) is None


def test_weighted_progress() -> None:
    """T10: 1 M done and 9 M untouched make 10 %."""
    assert weighted_percent([(100, 1e6), (0, 9e6)]) == pytest.approx(10)
    assert weighted_percent([]) is None
    assert weighted_percent([(50, 0)]) is None
    with pytest.raises(InvalidMeasure):
        weighted_percent([(50, -1)])
