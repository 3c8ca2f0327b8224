"""The report of spending by area: money shared out to the rupiah, held against people, land and roads."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.errors import InvalidRequest
from app.reports.report import Report, Row
from tests.helpers.factories import make_location, make_project, make_village
from tests.reports.conftest import EAST, MIDDLE, NORTH, SOUTH, WEST, box, compute, value

REGION, A, B = "16.05", "16.05.01", "16.05.02"
HALF = "LINESTRING(102.95 -3.05, 103.05 -3.05)"
QUARTER_IN_A = "LINESTRING(102.975 -3.05, 103.05 -3.05)"  # 25 of 75 thousandths of a degree


@pytest.fixture
def works(regency: Connection) -> Connection:
    """
    Packages of 2026 by hand, beside the regency of `make_regency`.

    P1 1 billion at a point of A; P2 900 million, half in each; P3 300 million, a third of it in A; P4 50 million without
    a place; P5 40 million over nine tenths of the region; P6 20 million beyond the border; P7 without a ceiling; P8
    cancelled; P9 of 2025. A has 1 000 people, B 4 000.
    """
    rows = {
        "P1": {"ceiling_idr": 1_000_000_000, "geom": "POINT(102.95 -3.05)", "paid_idr": 250_000_000},
        "P2": {"ceiling_idr": 900_000_001, "geom": HALF, "this_year_ceiling_idr": 400_000_000},
        "P3": {"ceiling_idr": 300_000_000, "geom": QUARTER_IN_A, "contract_value_idr": 270_000_000.5},
        "P4": {"ceiling_idr": 50_000_000, "geom": None},
        "P5": {"ceiling_idr": 40_000_000, "geom": box(WEST, SOUTH, 103.08, NORTH), "sector": "spatial_planning"},
        "P6": {"ceiling_idr": 20_000_000, "geom": "POINT(103.5 -3.05)"},
        "P7": {"ceiling_idr": None, "geom": "POINT(102.95 -3.05)"},
        "P8": {"ceiling_idr": 5_000_000, "geom": "POINT(102.95 -3.05)", "status": "cancelled"},
        "P9": {"ceiling_idr": 5_000_000, "geom": "POINT(102.95 -3.05)", "year": 2025},
    }
    for code, row in rows.items():
        make_project(regency, code=code, name=f"Paket {code}", **row)
    for code, people in ((A, 1_000), (B, 4_000)):
        regency.execute(
            text("INSERT INTO layers.population (area_code, year, population) VALUES (:code, 2025, :people)"),
            {"code": code, "people": people},
        )
    return regency


def spending(connection: Connection, code: str | None = None, **settings: str) -> Report:
    return compute(connection, code, name="spending", **settings)


def rows_of(report: Report, table: str = "districts") -> dict[str, Row]:
    found = next(one for one in report.tables if one.id == table)
    return {row.key: row for row in found.rows}


def findings(report: Report) -> dict[str, int]:
    return {one.code: one.count for one in report.findings}


def test_money_by_district_by_hand(works: Connection) -> None:
    report = spending(works)
    assert value(report, "spending.total_idr", A) == pytest.approx(1_000_000_000 + 450_000_000 + 100_000_000, abs=2)
    assert value(report, "spending.total_idr", B) == pytest.approx(450_000_000 + 200_000_000, abs=2)
    assert value(report, "spending.unlocated_idr", REGION) == 90_000_000
    assert value(report, "spending.outside_idr", REGION) == 20_000_000
    assert value(report, "spending.packages", REGION) == 6
    assert [value(report, "spending.packages", code) for code in (A, B)] == [3, 2]


def test_all_rows_add_up_to_the_money_of_the_packages(works: Connection) -> None:
    report = spending(works)
    total = works.scalar(text("SELECT sum(ceiling_idr) FROM app.project WHERE year = 2026 AND status <> 'cancelled'"))
    assert value(report, "spending.total_idr", REGION) == total == 2_310_000_001
    rows = rows_of(report)
    assert list(rows) == [A, B, "region_wide", "outside"]
    assert sum(row.cells[1] for row in rows.values()) == total
    table = next(one for one in report.tables if one.id == "districts")
    assert table.total is not None
    assert table.total[1] == total


def test_money_held_against_people_land_and_roads(works: Connection) -> None:
    report = spending(works)
    money = value(report, "spending.total_idr", A)
    assert money is not None
    assert value(report, "spending.per_resident_idr", A) == pytest.approx(money / 1_000)
    assert value(report, "spending.per_resident_idr", REGION) == pytest.approx(2_310_000_001 / 5_000)
    km2 = works.scalar(text("SELECT area_m2 / 1e6 FROM layers.districts WHERE code = :code"), {"code": A})
    assert value(report, "spending.per_km2_idr", A) == pytest.approx(money / km2, rel=1e-6)
    assert value(report, "spending.per_road_km_idr", A) == pytest.approx(money / 2.5, rel=1e-6)  # 001, and half of 002
    assert value(report, "spending.per_road_km_idr", REGION) == pytest.approx(2_310_000_001 / 4, rel=1e-6)


def test_road_lengths_are_those_of_the_coverage_report(works: Connection) -> None:
    coverage = compute(works)
    for code in (REGION, A, B):
        figure = spending(works).figure("spending.per_road_km_idr", code)
        assert figure is not None
        assert figure.denominator == pytest.approx(value(coverage, "roads.length_km", code))


@pytest.mark.parametrize(
    ("money", "total"),
    [
        ("ceiling", 2_310_000_001),
        ("year_ceiling", 1_810_000_000),
        ("contract", 7 * 900_000_000 - 900_000_000 + 270_000_000.5),
        ("paid", 250_000_000),
    ],
)
def test_money_that_was_chosen(works: Connection, money: str, total: float) -> None:
    assert value(spending(works, money=money), "spending.total_idr", REGION) == total


def test_one_district_gets_its_part_alone(works: Connection) -> None:
    report = spending(works, B)
    assert value(report, "spending.total_idr", B) == value(spending(works), "spending.total_idr", B)
    assert report.figure("spending.unlocated_idr", B) is None
    assert list(rows_of(report)) == [B]


def test_villages_share_the_same_money(works: Connection) -> None:
    make_village(works, code="16.05.01.2001", name="Barat", geom=box(WEST, SOUTH, 102.96, NORTH))
    make_village(works, code="16.05.01.2002", name="Timur", geom=box(102.96, SOUTH, MIDDLE, NORTH))
    make_village(works, code="16.05.02.2001", name="Ilir", geom=box(MIDDLE, SOUTH, EAST, NORTH))
    report = spending(works)
    rows = rows_of(report, "villages")
    assert sum(row.cells[1] for row in rows.values()) == 2_310_000_001
    assert rows["16.05.01.2001"].cells[1] == pytest.approx(1_000_000_000 + 90_000_000, abs=3)
    assert rows["region_wide"].cells[1] == 90_000_000
    assert rows["16.05.01.2001"].name == "Barat, A"


def test_what_is_missing_is_said(works: Connection) -> None:
    found = findings(spending(works))
    assert {code: found[code] for code in ("no_amount", "unlocated", "region_wide", "outside", "given_up")} == {
        "no_amount": 1,
        "unlocated": 1,
        "region_wide": 1,
        "outside": 1,
        "given_up": 1,
    }
    works.execute(text("DELETE FROM layers.population"))
    works.execute(text("DELETE FROM layers.roads"))
    report = spending(works)
    assert value(report, "spending.per_resident_idr", REGION) is None
    assert value(report, "spending.per_road_km_idr", A) is None
    assert {"no_population", "no_roads"} <= findings(report).keys()


def test_year_without_packages_says_so(works: Connection) -> None:
    report = compute(works, name="spending", year=2031)
    assert value(report, "spending.total_idr", REGION) == 0
    assert "no_packages" in findings(report)


def test_district_without_boundary_has_no_money_but_a_finding(works: Connection) -> None:
    works.execute(text("DELETE FROM layers.districts WHERE code = :code"), {"code": B})
    works.execute(
        text("INSERT INTO app.areas (code, name, level, parent_code) VALUES (:code, 'B', 'district', '16.05')"),
        {"code": B},
    )
    report = spending(works)
    assert value(report, "spending.total_idr", B) is None
    assert value(report, "spending.total_idr", REGION) == 2_310_000_001
    assert "districts_without_boundary" in findings(report)
    assert value(spending(works, B), "spending.total_idr", B) is None


def test_rows_as_recorded_at_a_moment(works: Connection) -> None:
    make_location(works, make_project(works, code="P10", geom=None, ceiling_idr=1), "planned", "POINT(103.05 -3.05)")
    assert value(spending(works), "spending.total_idr", REGION) == 2_310_000_002


def test_unknown_setting_is_refused(works: Connection) -> None:
    with pytest.raises(InvalidRequest):
        spending(works, money="gold")


def test_figures_open_to_as_many_packages_as_they_name(client: FlaskClient, works: Connection) -> None:
    report = spending(works)
    for code in (REGION, A):
        figure = report.figure("spending.total_idr", code)
        assert figure is not None
        assert figure.features_url
        answer = client.get(figure.features_url).get_json()
        inputs = {one.layer: one.features for one in figure.inputs}
        assert answer["numberMatched"] == inputs["projects"]
    per_resident = report.figure("spending.per_resident_idr", REGION)
    assert per_resident is not None
    assert {one.layer: one.features for one in per_resident.inputs}["population"] == 2


def test_region_wide_rule_is_named(works: Connection) -> None:
    figure = spending(works).figure("spending.unlocated_idr", REGION)
    assert figure is not None
    assert (figure.rule, figure.verified) == ("PEKERJAAN_SEWILAYAH_PERSEN", False)


def test_table_rows_name_columns(works: Connection) -> None:
    for table in spending(works).tables:
        assert all(len(row.cells) == len(table.columns) for row in table.rows)


def test_page_in_both_languages(client: FlaskClient, works: Connection) -> None:
    for language, title in (("id", "Belanja per wilayah"), ("en", "Spending by area")):
        page = client.get(f"/reports/spending?lang={language}")
        assert page.status_code == 200
        assert title in page.get_data(as_text=True)
