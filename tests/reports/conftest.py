"""A small regency of known sizes, for reports."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.reports.compute import compute_report
from app.reports.report import Report
from app.reports.requests import ReportRequest
from layers.rules import seed_rules
from tests.helpers.factories import make_district, make_region, make_road, make_row, make_street

WEST, MIDDLE, EAST, SOUTH, NORTH = 102.9, 103.0, 103.1, -3.1, -3.0
DAY = date(2026, 11, 24)


def box(west: float, south: float, east: float, north: float) -> str:
    ring = f"{west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}"
    return f"MULTIPOLYGON((({ring})))"


def line(*points: tuple[float, float]) -> str:
    return "MULTILINESTRING((" + ", ".join(f"{x} {y}" for x, y in points) + "))"


def make_segments(connection: Connection, road: str, year: int, stations: dict[tuple[float, float], str]) -> None:
    for (start, end), condition in stations.items():
        make_row(
            connection,
            "layers.road_segments",
            road_code=road,
            sta_from_m=start,
            sta_to_m=end,
            survey_year=year,
            survey_date=f"{year}-06-30",
            condition=condition,
            geom=line((WEST, -3.05), (EAST, -3.05)),
        )


@pytest.fixture
def regency(connection: Connection) -> Connection:
    """The regency of `make_regency`, rolled back at the end."""
    return make_regency(connection)


def make_regency(connection: Connection) -> Connection:
    """
    Make a regency and the rules.

    Two districts, A west and B east of 103 E, and the rules.

    Road 001 lies in A; 002 runs from the middle of A to the middle of B, half in each. Street 1 lies in A, street 2 half
    in each, street 3 outside of both. A quarter of A is an urban area, a tenth of which is a public park.
    """
    connection.execute(
        text("DELETE FROM app.areas")
    )  # the national list would name districts that are not of this regency
    make_region(connection)
    seed_rules(connection)
    make_district(connection, code="16.05.01", name="A", geom=box(WEST, SOUTH, MIDDLE, NORTH))
    make_district(connection, code="16.05.02", name="B", geom=box(MIDDLE, SOUTH, EAST, NORTH))
    make_road(
        connection, code="001", length_sk_m=1000, sk_date="2024-01-15", geom=line((102.91, -3.02), (102.92, -3.02))
    )
    make_road(connection, code="002", length_sk_m=3000, geom=line((102.95, -3.05), (103.05, -3.05)))
    make_road(connection, code="900", length_sk_m=9000, status="national", geom=line((102.91, -3.03), (102.99, -3.03)))
    make_segments(connection, "001", 2025, {(0, 600): "good", (600, 1000): "heavy_damage"})
    make_segments(connection, "002", 2025, {(0, 1500): "fair", (1500, 3000): "light_damage"})
    make_segments(connection, "001", 2024, {(0, 1000): "good"})
    make_street(connection, geom=line((102.95, -3.01), (102.96, -3.01)))
    make_street(connection, geom=line((102.99, -3.08), (103.01, -3.08)))
    make_street(connection, geom=line((103.5, -3.08), (103.6, -3.08)))
    make_row(connection, "layers.urban_areas", name="Kota A", geom=box(WEST, SOUTH, 102.95, -3.05))
    make_row(connection, "layers.parks", name="Hutan", ownership="public", geom=box(WEST, SOUTH, 102.905, -3.05))
    make_row(connection, "layers.parks", name="Kebun", ownership="private", geom=box(102.9, SOUTH, 102.91, -3.05))
    return connection


def compute(
    connection: Connection,
    code: str | None = None,
    *,
    name: str = "coverage",
    year: int | None = None,
    as_of: datetime | None = None,
    today: date = DAY,
    for_staff: bool = False,
    **settings: str,
) -> Report:
    session = Session(bind=connection, join_transaction_mode="create_savepoint")
    moment = as_of.isoformat() if as_of else None
    asked = ReportRequest(code, str(year) if year else None, moment, name, tuple(sorted(settings.items())))
    now = datetime(today.year, today.month, today.day, 12, tzinfo=ZoneInfo("Asia/Jakarta"))
    return compute_report(session, asked, now=now, staff=session if for_staff else None)


def value(report: Report, figure_id: str, area: str) -> float | None:
    figure = report.figure(figure_id, area)
    assert figure is not None, (figure_id, area)
    return figure.value


def postgis_m(connection: Connection, wkt: str) -> float:
    """Length by PostGIS: another implementation of the same measure."""
    return float(connection.scalar(text("SELECT ST_Length(ST_GeogFromText(:wkt))"), {"wkt": wkt}) or 0)
