"""The report of conformity: packages judged by the plans in force, their pieces cut by district, and what is missing."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.demo.zones import ACTIVITIES, ZONE_GROUPS, activity_matrix
from app.errors import InvalidRequest
from app.reports.report import Report, Row, Words
from layers.catalogue import built_in_catalogue
from tests.helpers.factories import make_location, make_project, make_row
from tests.reports.conftest import EAST, NORTH, SOUTH, WEST, box, compute, postgis_m, value

REGION, A, B = "16.05", "16.05.01", "16.05.02"
TOWN = (WEST, SOUTH, 103.02, NORTH)  # all of A and a fifth of B
FOREST = (103.02, SOUTH, EAST, NORTH)
MATRIX = {
    "roads": {"PK": "I", "HL": "X"},
    "parks": {"PK": "T", "HL": "B"},
    "buildings": {"PK": "I"},
}
CROSSING = "LINESTRING(102.98 -3.05, 103.05 -3.05)"


def make_plan(connection: Connection, code: str = "RTRW", **values: Any) -> None:
    row = {
        "name": f"{code} contoh",
        "kind": "rtrw",
        "scale": 50_000,
        "in_force_from": "2020-01-01",
        "in_force_until": None,
        "activity_matrix": json.dumps(MATRIX),
        **values,
    }
    columns = ", ".join(row)
    places = ", ".join("CAST(:activity_matrix AS jsonb)" if one == "activity_matrix" else f":{one}" for one in row)
    connection.execute(
        text(f"INSERT INTO layers.plans (code, {columns}) VALUES (:code, {places})"), {"code": code, **row}
    )


def make_zone(connection: Connection, zone: str, wkt: str, plan: str | None = "RTRW") -> None:
    make_row(connection, "layers.plan_zones", plan_code=plan, zone_code=zone, zone_name=f"Zona {zone}", geom=wkt)


@pytest.fixture
def works(regency: Connection) -> Connection:
    """
    A plan of two zones, town and forest, and packages of 2026.

    P1 a road in the town; P2 a road from A over the town's part of B into the forest; P3 a park in the forest; P4 a park
    in the town; P5 a building in the forest, of which the matrix is silent; P6 without a place; P7 a road of which 3 m lie
    in the forest; P8 cancelled.
    """
    make_plan(regency)
    make_zone(regency, "PK", box(*TOWN))
    make_zone(regency, "HL", box(*FOREST))
    rows = {
        "P1": {"sector": "roads", "geom": "LINESTRING(102.95 -3.05, 102.96 -3.05)"},
        "P2": {"sector": "roads", "geom": CROSSING},
        "P3": {"sector": "parks", "geom": box(103.05, -3.05, 103.06, -3.04)},
        "P4": {"sector": "parks", "geom": "POINT(102.95 -3.02)"},
        "P5": {"sector": "buildings", "geom": "POINT(103.07 -3.02)"},
        "P6": {"sector": "roads", "geom": None},
        "P7": {"sector": "roads", "geom": "LINESTRING(103.01 -3.06, 103.020027 -3.06)"},
        "P8": {"sector": "roads", "geom": CROSSING, "status": "cancelled"},
    }
    for code, row in rows.items():
        make_project(regency, code=code, name=f"Paket {code}", **row)
    return regency


def conformity(connection: Connection, code: str | None = None, **settings: str) -> Report:
    return compute(connection, code, name="conformity", **settings)


def counts(report: Report, area: str = REGION) -> list[float | None]:
    ids = ("projects", "conforming", "conditional", "offending", "unknown")
    return [value(report, f"conformity.{one}", area) for one in ids]


def verdicts(report: Report) -> dict[str, str]:
    table = next(one for one in report.tables if one.id == "packages")
    found = {}
    for row in table.rows:
        if row.level == 0:
            words = row.cells[-1]
            assert isinstance(words, Words)
            found[row.key] = words.en
    return found


def pieces(report: Report, package: str) -> list[Row]:
    table = next(one for one in report.tables if one.id == "packages")
    return [row for row in table.rows if row.key.startswith(f"{package}/")]


def findings(report: Report) -> dict[str, int]:
    return {one.code: one.count for one in report.findings}


def test_packages_are_counted_by_verdict(works: Connection) -> None:
    report = conformity(works)
    assert counts(report) == [7, 2, 2, 1, 2]
    assert counts(report, A) == [3, 1, 1, 1, 0]
    assert counts(report, B) == [4, 1, 1, 1, 1]
    assert verdicts(report) == {
        "P2": "Not conforming",
        "P5": "Not judged: the matrix is silent on it in its zone",
        "P6": "Not judged: without a location",
        "P3": "Conditional",
        "P4": "Conforming with limits",
        "P1": "Conforming",
        "P7": "Conforming",
    }
    assert next(iter(verdicts(report))) == "P2"


def test_lengths_are_those_of_postgis_and_districts_add_up(works: Connection) -> None:
    report = conformity(works)
    in_forest = postgis_m(works, "LINESTRING(103.02 -3.05, 103.05 -3.05)") / 1_000
    assert value(report, "conformity.length_km.X", REGION) == pytest.approx(in_forest, rel=1e-6)
    assert value(report, "conformity.length_km.X", A) == 0
    assert value(report, "conformity.length_km.X", B) == pytest.approx(in_forest, rel=1e-6)
    total = works.scalar(
        text("SELECT sum(ST_Length(geom::geography)) / 1000 FROM layers.projects WHERE status <> 'cancelled'")
    )
    buckets = [one for one in (figure.id for figure in report.figures) if one.startswith("conformity.length_km.")]
    assert sum(value(report, one, REGION) or 0 for one in set(buckets)) == pytest.approx(total, rel=1e-6)
    for one in set(buckets):
        parts = (value(report, one, A) or 0) + (value(report, one, B) or 0)
        assert parts == pytest.approx(value(report, one, REGION), rel=1e-6, abs=1e-9)
    assert value(report, "conformity.length_km.left_out", B) == pytest.approx(0.003, rel=0.02)


def test_areas_and_shares(works: Connection) -> None:
    report = conformity(works)
    hectares = works.scalar(text("SELECT ST_Area(geom::geography) / 10000 FROM layers.projects WHERE code = 'P3'"))
    assert value(report, "conformity.area_ha.B", REGION) == pytest.approx(hectares, rel=1e-6)
    assert value(report, "conformity.fit_area_percent", REGION) == 0
    figure = report.figure("conformity.fit_length_percent", REGION)
    assert figure is not None
    assert figure.value == pytest.approx(100 * (figure.numerator or 0) / (figure.denominator or 1))
    assert value(report, "conformity.fit_area_percent", A) is None  # nothing to judge is no share


def test_three_metres_are_no_offence_and_are_said(works: Connection) -> None:
    report = conformity(works)
    (left, inside) = sorted(pieces(report, "P7"), key=lambda row: row.cells[4])
    assert left.cells[4] == 0.003
    assert isinstance(left.cells[-1], Words)
    assert left.cells[-1].en == "Below the map's tolerance"
    assert inside.cells[-2] == "I"
    assert findings(report)["left_out"] == 1
    sentence = next(one for one in report.findings if one.code == "tolerance").message_id
    assert "0,5 mm pada peta 1:50.000 adalah 25 m" in sentence


def test_detailed_plan_goes_before_the_general_one(works: Connection) -> None:
    make_plan(works, "RDTR", kind="rdtr", scale=5_000, activity_matrix=json.dumps({"roads": {"R-1": "B"}}))
    make_zone(works, "R-1", box(102.94, -3.06, 102.97, -3.04), plan="RDTR")
    report = conformity(works)
    assert verdicts(report)["P1"] == "Conditional"
    assert verdicts(report)["P2"] == "Not conforming"
    chosen = conformity(works, plan="RTRW")
    assert verdicts(chosen)["P1"] == "Conforming"
    other = conformity(works, plan="RDTR")
    assert verdicts(other)["P2"] == "Not judged: wholly or partly in no zone"
    assert findings(report)["plans_applied"] == 2


def test_plan_that_is_not_in_force_is_not_applied(works: Connection) -> None:
    works.execute(text("UPDATE layers.plans SET in_force_until = '2025-12-31'"))
    report = conformity(works)
    assert counts(report) == [7, None, None, None, 7]
    assert value(report, "conformity.length_km.X", REGION) is None
    assert value(report, "conformity.unzoned_percent", REGION) is None
    assert "no_plan" in findings(report)
    with pytest.raises(InvalidRequest, match="in force"):
        conformity(works, plan="RTRW")


def test_outside_of_all_zones(works: Connection) -> None:
    works.execute(text("DELETE FROM layers.plan_zones WHERE zone_code = 'HL'"))
    report = conformity(works)
    assert counts(report) == [7, 2, 1, 0, 4]
    assert value(report, "conformity.unzoned_percent", REGION) == pytest.approx(3 / 6 * 100)
    assert findings(report)["unzoned"] == 3


def test_location_that_was_chosen(works: Connection) -> None:
    number = works.scalar(text("SELECT id FROM app.project WHERE code = 'P1'"))
    make_location(works, number, "planned", "POINT(103.08 -3.05)")
    make_location(works, number, "built", "LINESTRING(102.95 -3.05, 102.96 -3.05)")
    make_location(works, number, "built", "LINESTRING(102.97 -3.05, 102.98 -3.05)")
    assert verdicts(conformity(works))["P1"] == "Conforming"
    assert verdicts(conformity(works, kind="planned"))["P1"] == "Not conforming"
    built = conformity(works, kind="built")
    assert verdicts(built)["P1"] == "Conforming"
    assert sum(row.cells[4] for row in pieces(built, "P1")) == pytest.approx(
        2 * postgis_m(works, "LINESTRING(102.95 -3.05, 102.96 -3.05)") / 1_000, abs=0.001
    )
    assert verdicts(built)["P2"] == "Not judged: without a location"


def test_zones_without_plan_and_plan_without_matrix_are_said(works: Connection) -> None:
    make_zone(works, "HL", box(*TOWN), plan=None)
    works.execute(text("UPDATE layers.plans SET activity_matrix = '{\"roads\": 5}'"))
    report = conformity(works)
    assert counts(report) == [7, 0, 0, 0, 7]
    assert {"zones_without_plan", "no_entry"} <= findings(report).keys()
    works.execute(text("UPDATE layers.plans SET activity_matrix = '{}'"))
    assert "plan_without_matrix" in findings(conformity(works))


def test_rule_that_is_missing_judges_nothing(works: Connection) -> None:
    works.execute(text("DELETE FROM app.rules WHERE code = 'TOLERANSI_PETA_MM'"))
    report = conformity(works)
    assert counts(report) == [7, None, None, None, 7]
    assert "rule_missing" in findings(report)


def test_year_without_packages_says_so(works: Connection) -> None:
    report = compute(works, name="conformity", year=2031)
    assert counts(report) == [0, 0, 0, 0, 0]
    assert "no_packages" in findings(report)


def test_one_district_is_judged_alone(works: Connection) -> None:
    report = conformity(works, A)
    assert counts(report, A) == [3, 1, 1, 1, 0]
    assert value(report, "conformity.length_km.X", A) == 0
    assert set(verdicts(report)) == {"P1", "P2", "P4"}


def test_zones_of_a_past_moment(works: Connection) -> None:
    """What was recorded by then: the forest, which has been deleted since, and a matrix that has been changed."""
    for table in ("layers.plans", "layers.plan_zones", "app.project"):
        works.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        works.execute(text(f"UPDATE {table} SET valid_from = '2026-01-05'"))
        works.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
    works.execute(text("DELETE FROM layers.plan_zones WHERE zone_code = 'HL'"))
    works.execute(text("UPDATE layers.plans SET activity_matrix = '{}'"))
    moment = datetime(2026, 6, 1, tzinfo=ZoneInfo("Asia/Jakarta"))
    past = compute(works, name="conformity", as_of=moment)
    assert counts(past) == [7, 2, 2, 1, 2]
    assert (
        counts(compute(works, name="conformity", as_of=datetime(2026, 1, 2, tzinfo=ZoneInfo("Asia/Jakarta"))))[0] == 0
    )
    assert counts(conformity(works))[3] == 0


def test_figures_open_and_frames_hold_the_pieces(client: FlaskClient, works: Connection) -> None:
    report = conformity(works)
    figure = report.figure("conformity.offending", REGION)
    assert figure is not None
    assert figure.features_url
    assert (figure.rule, figure.verified) == ("TOLERANSI_PETA_MM", False)
    inputs = {one.layer: one.features for one in figure.inputs}
    assert inputs == {"projects": 7, "plan_zones": 2}
    assert client.get(figure.features_url).get_json()["numberMatched"] == 7
    offending = report.frames["offending"]
    assert offending["code"].tolist() == ["P2"]
    assert offending["length_km"].iloc[0] == pytest.approx(value(report, "conformity.length_km.X", REGION))
    assert report.frames["packages"]["verdict"].value_counts().to_dict() == {
        "offending": 1,
        "conforming": 2,
        "conditional": 1,
        "limited": 1,
        "not_judged": 1,
    }
    assert len(report.maps) == 2


def test_rows_have_a_cell_for_each_column(works: Connection) -> None:
    for table in conformity(works).tables:
        assert table.rows
        assert all(len(row.cells) == len(table.columns) for row in table.rows)


def test_matrix_of_the_demonstration_has_every_outcome_and_known_codes() -> None:
    matrix = activity_matrix()
    assert {cell for cells in matrix.values() for cell in cells.values()} == {"I", "T", "B", "X"}
    catalogue = built_in_catalogue()
    zones, sectors = ({one.code for one in catalogue.codes[name]} for name in ("zone", "sector"))
    assert {zone for cells in matrix.values() for zone in cells} <= zones
    assert matrix.keys() <= sectors
    assert all(len(cells) == len(ZONE_GROUPS) for cells in ACTIVITIES.values())
    assert matrix["other"] == dict.fromkeys(ZONE_GROUPS["settlement"], "B")


def test_page_in_both_languages(client: FlaskClient, works: Connection) -> None:
    for language, title in (("id", "Kesesuaian tata ruang"), ("en", "Conformity with spatial plans")):
        page = client.get(f"/reports/conformity?lang={language}")
        assert page.status_code == 200
        assert title in page.get_data(as_text=True)
