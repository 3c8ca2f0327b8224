"""The leader's page: figures against values found by hand, groups, rights, moments."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.leader.pages import end_of_last_month
from gis.progress import weighted_percent
from layers.rules import seed_rules
from tests.helpers.factories import make_district, make_project, make_region, make_row
from tests.helpers.people import bearer, make_account, sign_in
from tests.helpers.queries import counted_queries

MOST_QUERIES = 12
# Of the test's own transaction, and what tells the database who acts: applications of earlier tests tell it too.
OURS = ("SAVEPOINT", "RELEASE", "ROLLBACK TO", "SELECT set_config('petakarya.actor'")


@pytest.fixture
def region(connection: Connection) -> None:
    """A region with two districts."""
    make_region(connection)
    seed_rules(connection)
    make_district(connection)
    far = "MULTIPOLYGON(((103.3 -2.8, 103.7 -2.8, 103.7 -2.4, 103.3 -2.4, 103.3 -2.8)))"
    make_district(connection, code="16.05.01", name="Suku Tengah", geom=far)


@pytest.fixture
def leader(client: FlaskClient, connection: Connection, region: None) -> FlaskClient:
    """A leader's browser."""
    return sign_in(client, make_account(connection, "leader"))


def read(client: FlaskClient, query: str = "") -> dict[str, Any]:
    """Return the page as JSON."""
    answer = client.get(f"/api/v1/leader?{query}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def test_figures_are_those_of_reference_vector_t10(leader: FlaskClient, connection: Connection) -> None:
    # Two packages of one year: Rp2 miliar at 50 %, Rp8 miliar at 20 %: 26 %, not the mean of 35 %.
    make_project(connection, ceiling_idr=2_000_000_000, contract_value_idr=1_900_000_000, physical_percent=50)
    make_project(connection, ceiling_idr=8_000_000_000, contract_value_idr=7_000_000_000, physical_percent=20)
    figures = read(leader)["figures"]
    assert figures["weighted_physical"] == pytest.approx(26)
    assert figures["weighted_physical"] == pytest.approx(weighted_percent([(50, 2e9), (20, 8e9)]))
    assert (figures["ceiling_idr"], figures["contract_value_idr"]) == (10_000_000_000, 8_900_000_000)
    page = leader.get("/leader")
    assert page.status_code == 200
    assert "26,0%" in page.text
    assert "Rp10 miliar" in page.text


def test_a_multi_year_package_weighs_with_this_years_share(leader: FlaskClient, connection: Connection) -> None:
    make_project(connection, ceiling_idr=10_000_000_000, this_year_ceiling_idr=2_000_000_000, physical_percent=50)
    make_project(connection, ceiling_idr=8_000_000_000, physical_percent=20)
    assert read(leader)["figures"]["weighted_physical"] == pytest.approx(26)


def test_districts_come_by_lag_and_unknown_is_not_zero(leader: FlaskClient, connection: Connection) -> None:
    both = "MULTIPOINT((102.9 -3.0), (103.5 -2.5))"
    make_project(connection, ceiling_idr=1e9, planned_percent=60, physical_percent=50)
    make_project(connection, ceiling_idr=3e9, planned_percent=40, physical_percent=10, geom=both)
    make_project(connection, ceiling_idr=5e9, planned_percent=None, physical_percent=None, geom="POINT(103.5 -2.5)")
    make_project(connection, ceiling_idr=2e9, planned_percent=None, physical_percent=None, status="planned", geom=None)
    groups = {group["key"]: group for group in read(leader)["groups"]}
    assert list(groups) == ["16.05.01", "16.05.09", None]
    near, far, nowhere = groups["16.05.09"], groups["16.05.01"], groups[None]
    assert near["packages"] == 2
    # (1 × 50 + 3 × 10) ÷ 4 and (1 × 60 + 3 × 40) ÷ 4
    assert (near["weighted_physical"], near["weighted_planned"], near["lag_points"]) == (20, 45, 25)
    assert (far["weighted_physical"], far["lag_points"], far["ceiling_idr"]) == (10, 30, 8_000_000_000)
    assert (nowhere["weighted_physical"], nowhere["name"]) == (0, "Belum ada lokasi")
    page = leader.get("/leader").text
    assert "/register?year=2026&amp;district=16.05.01" in page
    assert "/?year=2026&amp;district=16.05.01" in page


def test_groups_by_fund_source_programme_and_unit(leader: FlaskClient, connection: Connection) -> None:
    agency = make_row(connection, "app.unit", code="PU", name="Dinas PU")
    roads = make_row(connection, "app.unit", code="BM", name="Bina Marga", parent_id=agency)
    section = make_row(connection, "app.unit", code="BM1", name="Seksi Jalan", parent_id=roads)
    programme = make_row(connection, "app.programme", code="1.03.10", version="x", level="programme", name="Jalan")
    work = make_row(
        connection, "app.programme", code="1.03.10.2", version="x", level="activity", name="A", parent_id=programme
    )
    make_project(connection, fund_source="DAU, PAD", unit_id=section, programme_id=work, ceiling_idr=1e9)
    make_project(connection, fund_source="PAD", unit_id=roads, programme_id=programme, ceiling_idr=2e9)
    make_project(connection, ceiling_idr=4e9)
    sums = {
        by: {group["key"]: group["ceiling_idr"] for group in read(leader, f"by={by}")["groups"]}
        for by in ("source", "programme", "unit")
    }
    assert sums["source"] == {"DAU": 1e9, "PAD": 3e9, None: 4e9}
    assert sums["programme"] == {str(programme): 3e9, None: 4e9}
    assert sums["unit"] == {str(roads): 3e9, None: 4e9}
    assert "Bina Marga" in leader.get("/leader?by=unit").text


def test_each_group_opens_to_packages_of_the_same_sum(leader: FlaskClient, connection: Connection) -> None:
    make_project(connection, ceiling_idr=1e9)
    make_project(connection, ceiling_idr=2e9, geom="POINT(103.5 -2.5)")
    for group in read(leader)["groups"]:
        rows = leader.get(f"/api/v1/register?year=2026&district={group['key']}").json
        assert rows["total"]["ceiling_idr"] == group["ceiling_idr"]
        assert rows["total"]["weighted_physical"] == group["weighted_physical"]


def test_what_needs_a_decision_comes_first_whatever_its_year(leader: FlaskClient, connection: Connection) -> None:
    make_project(connection, code="LATE", planned_percent=50, physical_percent=45)
    make_project(connection, code="LATER", planned_percent=50, physical_percent=20)
    make_project(connection, code="OLD", year=2024, planned_percent=90, physical_percent=80, critical_state="indicated")
    make_project(connection, code="DECLARED", critical_state="declared", critical_case="a")
    make_project(connection, code="FINE")
    assert [one["code"] for one in read(leader)["attention"]] == ["DECLARED", "OLD", "LATER", "LATE"]
    assert read(leader)["year"] == 2026
    assert read(leader, "year=2024")["figures"]["packages"] == 1
    assert read(leader, "year=all")["figures"]["packages"] == 5


def test_without_the_right_nothing_tells_of_critical_contracts(
    app: Flask, connection: Connection, region: None
) -> None:
    account = make_account(connection, "leader")
    make_project(connection, code="SECRET", critical_state="declared", critical_case="b")
    headers = bearer(connection, account, ["leader:figures:read"])
    answer = app.test_client().get("/api/v1/leader", headers=headers)
    assert answer.status_code == 200
    assert "SECRET" not in answer.text
    assert "critical" not in answer.text
    assert "declared" not in answer.text


def test_who_may_open_it(app: Flask, connection: Connection, region: None) -> None:
    assert app.test_client().get("/api/v1/leader").status_code == 401
    for role, status in {"leader": 200, "reviewer": 200, "planner": 200, "administrator": 200, "ppk": 403}.items():
        client = sign_in(app.test_client(), make_account(connection, role))
        assert client.get("/api/v1/leader").status_code == status, role


def test_only_the_own_area_counts(client: FlaskClient, connection: Connection, region: None) -> None:
    make_project(connection, ceiling_idr=1e9)
    make_project(connection, ceiling_idr=2e9, geom="POINT(103.5 -2.5)", code="FAR", planned_percent=90)
    sign_in(client, make_account(connection, "reviewer", area="16.05.09"))
    found = read(client)
    assert found["figures"]["ceiling_idr"] == 1_000_000_000
    assert found["attention"] == []


def test_last_month_stands_beside(leader: FlaskClient, connection: Connection) -> None:
    project = make_project(connection, ceiling_idr=1e9, physical_percent=60)
    connection.execute(text("ALTER TABLE app.project DISABLE TRIGGER USER"))
    connection.execute(
        text("""
            INSERT INTO history.project (id, code, name, year, status, sector, physical_percent, ceiling_idr, paid_idr,
                is_late, demo, critical_state, version, valid_from, changed_by, valid_to, operation, ended_by)
            SELECT id, code, name, year, status, sector, 25, 800000000, 100, false, false, 'none', 1, '2025-01-01', 'x',
                date_trunc('month', now()) + interval '12 hours', 'update', 'x' FROM app.project WHERE id = :id
        """),
        {"id": project},
    )
    connection.execute(
        text("UPDATE app.project SET valid_from = date_trunc('month', now()) + interval '12 hours' WHERE id = :id"),
        {"id": project},
    )
    connection.execute(text("ALTER TABLE app.project ENABLE TRIGGER USER"))
    figures = read(leader)["figures"]
    assert figures["before"]["weighted_physical"] == 25
    assert figures["before"]["ceiling_idr"] == 800_000_000
    page = leader.get("/leader").text
    assert "bulan lalu 25,0%" in page
    assert "+35,0" in page
    then = read(leader, "as_of=2025-06-01")["figures"]
    assert (then["weighted_physical"], then["packages"]) == (25, 1)
    assert read(leader, "as_of=2024-06-01")["figures"]["packages"] == 0


@pytest.mark.parametrize("query", ["by=colour", "year=26", "as_of=x", "compare=2199-01-01", "evil=1"])
def test_bad_address_is_refused_in_a_sentence(leader: FlaskClient, query: str) -> None:
    answer = leader.get(f"/api/v1/leader?{query}")
    assert answer.status_code == 400
    assert len(answer.json["detail"]) > 20


def test_empty_page_says_so_and_asks_few_questions(leader: FlaskClient, connection: Connection) -> None:
    leader.get("/leader")
    with counted_queries(connection) as statements:
        page = leader.get("/leader")
    assert "Belum ada paket" in page.text
    assert "Tidak ada kontrak yang kritis atau terlambat" in page.text
    asked = [one for one in statements if not one.startswith(OURS)]
    assert len(asked) <= MOST_QUERIES, "\n\n".join(asked)


def test_last_month_ends_the_day_before_this_one_begins() -> None:
    assert end_of_last_month(dt.date(2026, 3, 31)) == dt.date(2026, 2, 28)
    assert end_of_last_month(dt.date(2026, 1, 1)) == dt.date(2025, 12, 31)


def test_payments_are_measured_by_the_ceiling_which_holds_every_contract(
    leader: FlaskClient, connection: Connection
) -> None:
    make_project(connection, ceiling_idr=1_200_000_000, contract_value_idr=500_000_000, paid_idr=600_000_000)
    page = " ".join(leader.get("/leader").text.split())
    assert "50,0% dari pagu" in page  # 600 of 1 200; 120 % of the present contract would tell nothing
    assert "120,0%" not in page
    assert "dari kontrak" not in page
