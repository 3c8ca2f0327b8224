"""The progress report: weights by this year's ceiling, money by SP2D, and nothing of critical contracts for the public."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.reports.report import Report
from layers.rules import seed_rules
from tests.helpers.factories import make_district, make_project, make_region
from tests.helpers.people import make_account, sign_in
from tests.reports.conftest import EAST, MIDDLE, NORTH, SOUTH, WEST, box
from tests.reports.conftest import compute as compute_report_of

IN_A = "POINT(102.95 -3.05)"
IN_B = "POINT(103.05 -3.05)"
IN_BOTH = "LINESTRING(102.95 -3.05, 103.05 -3.05)"


@pytest.fixture
def packages(connection: Connection) -> Connection:
    """
    Three packages of 2026: T10's two, and one that crosses the border and is late; one cancelled; one of 2025.

    1 billion done, 9 billion at 0; the third 2 billion, of which 1 billion is this year's, at 50 of 60.
    """
    connection.execute(text("DELETE FROM app.areas"))
    make_region(connection)
    seed_rules(connection)
    make_district(connection, code="16.05.01", name="A", geom=box(WEST, SOUTH, MIDDLE, NORTH))
    make_district(connection, code="16.05.02", name="B", geom=box(MIDDLE, SOUTH, EAST, NORTH))
    shared: dict[str, Any] = {"end_date": "2027-12-31"}
    make_project(
        connection,
        geom=IN_A,
        ceiling_idr=1e9,
        physical_percent=100,
        planned_percent=100,
        status="handed_over",
        paid_idr=5e8,
    )
    make_project(connection, geom=IN_A, ceiling_idr=9e9, physical_percent=0, planned_percent=0, paid_idr=0, **shared)
    make_project(
        connection,
        geom=IN_BOTH,
        ceiling_idr=2e9,
        this_year_ceiling_idr=1e9,
        physical_percent=50,
        planned_percent=60,
        paid_idr=7e8,
        critical_state="indicated",
        critical_case="b",
        **shared,
    )
    make_project(
        connection, geom=IN_B, ceiling_idr=8e9, status="cancelled", physical_percent=None, planned_percent=None
    )
    make_project(connection, geom=IN_B, year=2025, ceiling_idr=7e9)
    return connection


def compute(connection: Connection, code: str | None = None, *, staff: bool = False, **options: Any) -> Report:
    return compute_report_of(connection, code, name="progress", for_staff=staff, **options)


def value(report: Report, figure_id: str, area: str) -> float | None:
    figure = report.figure(figure_id, area)
    assert figure is not None
    return figure.value


def test_figures_of_the_region_and_each_district(packages: Connection) -> None:
    report = compute(packages)
    assert report.year == 2026
    assert value(report, "progress.packages", "16.05") == 4
    assert value(report, "progress.weighted_physical", "16.05") == pytest.approx((1 + 0 + 0.5) / 11 * 100)
    assert value(report, "progress.weighted_planned", "16.05") == pytest.approx((1 + 0 + 0.6) / 11 * 100)
    assert value(report, "progress.financial", "16.05") == pytest.approx(1.2 / 12 * 100)
    assert value(report, "progress.late", "16.05") == 1
    assert value(report, "progress.weighted_physical", "16.05.02") == pytest.approx(50)
    assert value(report, "progress.packages", "16.05.02") == 2
    assert [one.code for one in report.findings] == ["given_up"]


def test_two_packages_of_the_reference_weigh_ten_percent(packages: Connection) -> None:
    packages.execute(text("DELETE FROM app.project WHERE critical_state = 'indicated'"))
    assert value(compute(packages, "16.05.01"), "progress.weighted_physical", "16.05.01") == pytest.approx(10)


def test_year_without_packages_has_no_progress_and_says_so(packages: Connection) -> None:
    report = compute(packages, year=2030)
    assert value(report, "progress.packages", "16.05") == 0
    assert value(report, "progress.weighted_physical", "16.05") is None
    assert [one.code for one in report.findings] == ["no_packages"]


def test_critical_contracts_are_for_staff_alone(client: FlaskClient, packages: Connection) -> None:
    public = client.get("/reports/progress?format=json")
    assert "critical" not in public.get_data(as_text=True)
    sign_in(client, make_account(packages, "leader"))
    staff = client.get("/reports/progress?format=json")
    found = {(one["id"], one["area"]): one for one in staff.json["figures"]}
    assert found["progress.critical_indicated", "16.05"]["value"] == 1
    assert found["progress.critical_declared", "16.05"]["value"] == 0
    assert found["progress.critical_indicated", "16.05"]["legal_basis"]
    assert "private" in staff.headers["Cache-Control"]


def test_features_behind_a_figure_are_those_it_counts(client: FlaskClient, packages: Connection) -> None:
    report = client.get("/reports/progress?format=json").json
    for figure in report["figures"]:
        if figure["id"] in {"progress.packages", "progress.late"}:
            found = client.get(figure["features_url"]).json
            assert found["numberMatched"] == figure["value"], figure


def test_page_opens_every_figure(client: FlaskClient, packages: Connection) -> None:
    page = client.get("/reports/progress").get_data(as_text=True)
    assert "Kemajuan pekerjaan" in page
    assert "13,64%" in page
    origin = client.get("/reports/progress/origin?figure=progress.financial&area=16.05&year=2026").get_data(
        as_text=True
    )
    assert "SP2D" in origin
    assert "Rp1.200.000.000" in origin
    assert client.get("/reports/lain/origin?figure=x").status_code == 404


def test_same_inputs_give_the_same_bytes(client: FlaskClient, packages: Connection) -> None:
    first, second = (client.get("/reports/progress.json").data for _ in range(2))
    assert first == second
    assert json.loads(first)["report"] == "progress"
