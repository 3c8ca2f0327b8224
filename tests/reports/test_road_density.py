"""The road density report: length by land and people, and villages that a stable road reaches."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from app.admin.region import ensure_region
from app.config import Settings
from app.imports.service import run_import
from app.reports.report import Report, Table
from layers.catalogue import built_in_catalogue
from layers.ingest.run import ImportRequest
from layers.rules import seed_rules
from tests.helpers.factories import make_row, make_village
from tests.reports.conftest import EAST, MIDDLE, NORTH, SOUTH, WEST, box, compute, line, value

NAME = "road_density"


@pytest.fixture
def villages(regency: Connection) -> Connection:
    """
    Four villages: two in A (north and south), two in B (north and south), and people in all of them.

    Road 001 (good and heavily damaged) and 002 (fair, then lightly damaged in B) lie in the north of A; 002 runs along
    the border of the southern villages: 3.05 S.
    """
    middle = -3.05
    for code, name, where, people in (
        ("16.05.01.2001", "A Utara", (WEST, middle, MIDDLE, NORTH), 1000),
        ("16.05.01.2002", "A Selatan", (WEST, SOUTH, MIDDLE, middle), 3000),
        ("16.05.02.2001", "B Utara", (MIDDLE, middle, EAST, NORTH), 500),
        ("16.05.02.2002", "B Selatan", (MIDDLE, SOUTH, EAST, middle), 500),
    ):
        make_village(regency, code=code, name=name, geom=box(*where))
        regency.execute(
            text("INSERT INTO layers.population (area_code, year, population, source) VALUES (:c, 2025, :p, 'BPS')"),
            {"c": code, "p": people},
        )
    return regency


def report_of(connection: Connection, code: str | None = None, **options: Any) -> Report:
    return compute(connection, code, name=NAME, **options)


def findings(report: Report) -> dict[str, int]:
    return {one.code: one.count for one in report.findings}


def cells(report: Report, table_id: str) -> dict[str, dict[str, Any]]:
    table: Table = next(one for one in report.tables if one.id == table_id)
    names = [one.id for one in table.columns]
    return {row.key: dict(zip(names, row.cells, strict=True)) for row in table.rows}


def update(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))


def test_density_by_land_and_people(villages: Connection) -> None:
    report = report_of(villages)
    km2 = {
        row.code: row.km2
        for row in villages.execute(text("SELECT code, ST_Area(geom::geography) / 1e6 AS km2 FROM layers.districts"))
    }
    total = sum(km2.values())
    assert value(report, "roads.density_km_per_km2", "16.05") == pytest.approx(4 / total, rel=1e-6)
    assert value(report, "roads.density_km_per_km2", "16.05.02") == pytest.approx(1.5 / km2["16.05.02"], rel=1e-5)
    assert value(report, "roads.km_per_1000_residents", "16.05") == pytest.approx(4 / 5)
    assert value(report, "roads.km_per_1000_residents", "16.05.02") == pytest.approx(1.5, rel=1e-5)
    coverage = compute(villages)
    for area in ("16.05", "16.05.01", "16.05.02"):
        for figure_id in ("roads.length_km", "streets.length_km", "streets.density_km_per_km2"):
            assert value(report, figure_id, area) == value(coverage, figure_id, area)
    streets = value(report, "streets.length_km", "16.05.01")
    assert streets is not None
    assert value(report, "streets.km_per_1000_residents", "16.05.01") == pytest.approx(streets / 4)
    found = findings(report)
    assert found["population_year"] == 4
    assert "density_area" in found


def test_lengths_of_villages_add_up_to_their_district(villages: Connection) -> None:
    update(villages, "UPDATE layers.roads SET geom = ST_GeomFromText('MULTILINESTRING((102.95 -3.04, 103.05 -3.06))', "
           "4326) WHERE code = '002'")  # fmt: skip
    report = report_of(villages)
    rows = cells(report, "villages")
    for district in ("16.05.01", "16.05.02"):
        km = sum(row["roads_km"] for code, row in rows.items() if code.startswith(district + "."))
        assert rows[district]["roads_km"] == pytest.approx(km)
        assert cells(report, "density")[district]["roads_km"] == pytest.approx(km, abs=1e-9)
        assert km == pytest.approx(value(report, "roads.length_km", district), abs=1.1e-3)
    assert rows["16.05.01.2001"]["per_1000"] == pytest.approx(rows["16.05.01.2001"]["roads_km"], abs=1e-3)


def test_village_is_reached_by_good_and_fair_roads_alone(villages: Connection) -> None:
    report = report_of(villages)
    # 002 runs along the southern border at 3.05 S: fair up to 103 E, the border of A and B, then lightly damaged.
    reach = {code: row["reach"].en for code, row in cells(report, "villages").items() if row["reach"]}
    assert reach["16.05.01.2001"] == reach["16.05.01.2002"] == "Reached by a stable road"
    assert value(report, "roads.villages", "16.05") == 4
    # The fair half ends where B begins, which it touches.
    assert value(report, "roads.villages_reached", "16.05.02") == 2
    update(villages, "UPDATE layers.road_segments SET condition = 'heavy_damage' WHERE condition = 'fair'")
    report = report_of(villages)
    assert value(report, "roads.villages_reached", "16.05") == 1
    assert value(report, "roads.villages_not_reached", "16.05") == 3
    assert value(report, "roads.villages_reached_percent", "16.05.01") == 50
    assert value(report, "roads.residents_not_reached", "16.05") == 4000
    missed = cells(report, "not_reached")
    assert set(missed) == {"16.05.01.2002", "16.05.02.2001", "16.05.02.2002"}
    assert missed["16.05.02.2001"]["reach"].en == "Damaged roads only"
    assert missed["16.05.02.2001"]["nearest"].startswith("001 ")
    metres = villages.scalar(
        text("SELECT ST_Distance(v.geom::geography, r.geom::geography) FROM layers.villages v, layers.roads r "
             "WHERE v.code = '16.05.02.2001' AND r.code = '001'")
    )  # fmt: skip
    # The good part of 001 ends 400 m (of 1000 legal ones, 1111 drawn) before the end nearest to the village.
    drawn = villages.scalar(text("SELECT length_m FROM layers.roads WHERE code = '001'"))
    assert missed["16.05.02.2001"]["distance_m"] == pytest.approx(metres + 0.4 * drawn, rel=2e-3)


def test_roads_not_surveyed_never_reach_but_are_told(villages: Connection) -> None:
    update(villages, "DELETE FROM layers.road_segments WHERE road_code = '002'")
    report = report_of(villages)
    assert value(report, "roads.villages_reached", "16.05") == 1
    assert value(report, "roads.villages_unsurveyed", "16.05") == 3
    assert findings(report)["villages_hinge_on_survey"] == 3
    assert report.frames["villages"]["reach"].tolist() == ["reached", "unsurveyed", "unsurveyed", "unsurveyed"]


def test_road_of_any_authority_reaches(villages: Connection) -> None:
    update(villages, "UPDATE layers.road_segments SET condition = 'heavy_damage'")
    assert value(report_of(villages), "roads.villages_reached", "16.05") == 0
    make_row(
        villages, "layers.road_segments", road_code="900", sta_from_m=0, sta_to_m=9000, survey_year=2025,
        condition="good", geom=line((102.91, -3.03), (102.99, -3.03)),
    )  # fmt: skip
    assert value(report_of(villages), "roads.villages_reached", "16.05") == 1


def test_reach_is_asked_for_or_of_the_rule(villages: Connection) -> None:
    update(villages, "UPDATE layers.road_segments SET condition = 'heavy_damage' WHERE road_code = '002'")
    by_rule = report_of(villages)
    figure = by_rule.figure("roads.villages_reached", "16.05")
    assert figure is not None
    assert (figure.value, figure.rule) == (1, "JANGKAUAN_BATAS_DESA_M")
    wide = report_of(villages, reach_m="20000").figure("roads.villages_reached", "16.05")
    assert wide is not None
    assert (wide.value, wide.rule) == (4, None)


def test_reach_of_the_seat(villages: Connection) -> None:
    make_row(villages, "layers.places", name="A Selatan", kind="village", geom="POINT(102.95 -3.055)")
    make_row(villages, "layers.places", name="A Utara", kind="hamlet", geom="POINT(102.91 -3.021)")
    report = report_of(villages, place="seat")
    figure = report.figure("roads.villages_reached", "16.05.01")
    assert figure is not None
    assert figure.rule == "JANGKAUAN_PUSAT_DESA_M"
    # The seat of A Selatan lies 550 m south of the fair half of 002; a hamlet is no seat: the middle of A Utara serves.
    assert report.frames["villages"].set_index("code")["reach"]["16.05.01.2002"] == "reached"
    assert findings(report)["villages_without_seat"] == 3
    assert report_of(villages, place="seat", reach_m="500").frames["villages"].set_index("code")["reach"][
        "16.05.01.2002"
    ] != "reached"  # fmt: skip


def test_one_district_is_the_same_as_in_the_whole(villages: Connection) -> None:
    whole, part = report_of(villages), report_of(villages, "16.05.02")
    for figure in part.figures:
        assert figure.value == pytest.approx(value(whole, figure.id, "16.05.02")), figure.id


def test_villages_of_a_district_are_those_of_the_whole_wherever_their_nearest_road_lies(villages: Connection) -> None:
    south = "MULTILINESTRING((102.91 -3.09, 102.92 -3.09))"
    for move in (
        "SELECT 1",  # all villages reached by roads nearby
        "UPDATE layers.road_segments SET condition = 'heavy_damage' WHERE condition = 'fair'",
        f"UPDATE layers.roads SET geom = ST_GeomFromText('{south}', 4326) WHERE code IN ('001', '002')",  # far from B
    ):
        update(villages, move)
        whole, alone = report_of(villages), report_of(villages, "16.05.02")
        of_whole = cells(whole, "villages")
        of_alone = {code: row for code, row in cells(alone, "villages").items() if code.count(".") == 3}
        assert set(of_alone) == {"16.05.02.2001", "16.05.02.2002"}
        assert of_alone == {code: of_whole[code] for code in of_alone}
    assert all(row["nearest"] and row["distance_m"] > 5_000 for row in of_alone.values())


def test_people_that_are_not_known_give_no_figure(villages: Connection) -> None:
    update(villages, "DELETE FROM layers.population WHERE area_code = '16.05.02.2001'")
    report = report_of(villages)
    assert value(report, "roads.km_per_1000_residents", "16.05.01") == pytest.approx(2.5 / 4, rel=1e-5)
    assert value(report, "roads.km_per_1000_residents", "16.05.02") is None
    assert value(report, "roads.km_per_1000_residents", "16.05") is None
    assert findings(report)["population_unknown"] == 1
    update(villages, "DELETE FROM layers.population")
    none = report_of(villages)
    assert value(none, "streets.km_per_1000_residents", "16.05.01") is None
    assert "no_population" in findings(none)
    assert value(none, "roads.density_km_per_km2", "16.05") is not None


def test_no_villages_and_no_survey_are_said(villages: Connection) -> None:
    report = report_of(villages, year=2019)
    assert value(report, "roads.villages", "16.05") == 4
    assert value(report, "roads.villages_reached", "16.05") is None
    assert "reach_unknown" in findings(report)
    update(villages, "DELETE FROM layers.road_segments")
    update(villages, "DELETE FROM layers.roads")
    without = cells(report_of(villages), "villages")
    assert [row["roads_km"] for row in without.values()] == [None] * 6
    update(villages, "DELETE FROM layers.villages")
    bare = report_of(villages)
    assert value(bare, "roads.villages", "16.05") is None
    assert "no_villages" in findings(bare)
    assert value(bare, "roads.density_km_per_km2", "16.05") is None
    assert value(bare, "streets.density_km_per_km2", "16.05") is not None


def test_no_boundary_is_said(villages: Connection) -> None:
    update(villages, "DELETE FROM layers.villages")
    update(villages, "DELETE FROM layers.districts")
    report = report_of(villages)
    assert {one.value for one in report.figures} == {None}
    assert "no_boundary" in findings(report)


@pytest.mark.slow
def test_density_of_jakarta_agrees_with_postgis(
    connection: Connection, settings: Settings, shared_data: Path, tmp_path: Path
) -> None:
    ensure_region(connection, replace(settings, region="31"))
    seed_rules(connection)
    for layer, file in (("districts", "awkward/kecamatan_jakarta.shp"), ("streets", "osm/jakarta_roads.shp")):
        work = tmp_path / layer
        work.mkdir()
        result = run_import(
            connection, built_in_catalogue(), ImportRequest(shared_data / file, layer), actor="test", work=work
        )
        assert result.imported, result.findings
    report = report_of(connection, "31")
    rows = connection.execute(
        text("""
            SELECT d.code, coalesce(sum(ST_Length(ST_Intersection(s.geom, d.geom)::geography)), 0) / 1000
                / (ST_Area(d.geom::geography) / 1e6) AS density
            FROM layers.districts d LEFT JOIN layers.streets s ON ST_Intersects(s.geom, d.geom) GROUP BY d.code, d.geom
        """)
    ).all()
    assert len(rows) == 42
    for row in rows:
        found = value(report, "streets.density_km_per_km2", row.code)
        assert found == pytest.approx(row.density, rel=1e-5, abs=1e-9), row.code
    # No roads of a decree and no people: unknown, never 0, and said why.
    assert value(report, "roads.density_km_per_km2", "31") is None
    assert value(report, "streets.km_per_1000_residents", "31") is None
    assert {"no_legal_roads", "no_population", "no_villages"} <= set(findings(report))
