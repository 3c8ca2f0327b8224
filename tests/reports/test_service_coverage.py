"""The report of service coverage, on a regency of known sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rasterio.transform import from_origin
from sqlalchemy import Connection, text

from app.config import Settings
from app.errors import InvalidRequest
from app.rasters.service import RasterRequest, add_raster
from app.reports.report import Report
from app.storage import Storage
from tests.gis.rasters import write_raster
from tests.helpers.factories import make_row, make_street
from tests.reports.conftest import EAST, MIDDLE, NORTH, SOUTH, WEST, box, compute, line, value

KM = 1_000 / 111_150  # degrees of longitude in a kilometre at 3 degrees south, nearly
A, B = "16.05.01", "16.05.02"


def house(lon: float, lat: float = -3.05) -> str:
    return box(lon - 0.00005, lat - 0.00005, lon + 0.00005, lat + 0.00005)


@pytest.fixture
def served(regency: Connection) -> Connection:
    """
    Two villages in A and one in B, with houses along one street at 3.05 S and a clinic in the west village of A.

    Houses: in A1 at 0.5 km and 2 km east of the clinic; in A2 at 4 km; B1 has none drawn.
    """
    for code, west, east in ((f"{A}.2001", WEST, 102.95), (f"{A}.2002", 102.95, MIDDLE), (f"{B}.2001", MIDDLE, EAST)):
        make_row(regency, "layers.villages", code=code, name=f"Desa {code[-7:]}", geom=box(west, SOUTH, east, NORTH))
    people(regency, (f"{A}.2001", 2025, 30), (f"{A}.2002", 2025, 10), (f"{B}.2001", 2025, 500))
    make_street(regency, geom=line((WEST, -3.05), (EAST, -3.05)))
    make_row(regency, "layers.facilities", name="Puskesmas A", kind="health_centre", geom="POINT(102.92 -3.05)")
    for lon in (102.92 + 0.5 * KM, 102.92 + 2 * KM, 102.92 + 4 * KM):
        make_row(regency, "layers.buildings", kind="house", geom=house(lon))
    return regency


def people(connection: Connection, *rows: tuple[str, int, int]) -> None:
    for code, year, persons in rows:
        connection.execute(
            text("INSERT INTO layers.population (area_code, year, population) VALUES (:code, :year, :persons)"),
            {"code": code, "year": year, "persons": persons},
        )


def coverage(connection: Connection, code: str | None = None, **settings: Any) -> Report:
    chosen = {"layer": "facilities", "kind": "health_centre", **settings}
    return compute(connection, code, name="service_coverage", **chosen)


def codes(report: Report) -> set[str]:
    return {one.code for one in report.findings}


def test_people_within_reach_by_district_and_in_all(served: Connection) -> None:
    report = coverage(served, distance_m="1000")
    assert value(report, "service.population", A) == pytest.approx(15)
    assert value(report, "service.population_percent", A) == pytest.approx(37.5)
    assert value(report, "service.population_straight_percent", A) == pytest.approx(37.5)
    assert value(report, "service.population", B) == 0
    assert value(report, "service.population", "16.05") == pytest.approx(15)
    assert value(report, "service.population_percent", "16.05") == pytest.approx(15 / 540 * 100)
    assert value(report, "service.unserved", "16.05") == pytest.approx(525)
    assert value(report, "service.facilities", A) == 1
    assert {"residents_placed", "service_distance", "population_year"} <= codes(report)


def test_distance_comes_from_the_standard_of_the_kind(served: Connection) -> None:
    report = coverage(served)
    assert value(report, "service.population", A) == pytest.approx(30)  # 3 km: both houses of A1
    figure = report.figure("service.population_percent", A)
    assert figure is not None
    assert (figure.rule, figure.verified) == ("SNI_PUSKESMAS_RADIUS", False)
    assert value(report, "service.sufficiency_percent", "16.05") == pytest.approx(1 / (540 / 120_000) * 100)
    assert "sni_is_urban" in codes(report)


def test_without_a_standard_the_usual_distance_is_taken_and_no_sufficiency(served: Connection) -> None:
    make_row(served, "layers.facilities", name="Terminal", kind="terminal", geom="POINT(102.92 -3.05)")
    report = coverage(served, kind="terminal")
    figure = report.figure("service.population_percent", A)
    assert figure is not None
    assert figure.rule == "LAYANAN_JARAK"
    assert value(report, "service.sufficiency_percent", "16.05") is None
    assert "no_standard" in codes(report)


def test_one_district_counts_the_clinic_of_its_neighbour(served: Connection) -> None:
    served.execute(text("DELETE FROM layers.buildings"))
    make_row(served, "layers.buildings", kind="house", geom=house(MIDDLE + 0.2 * KM))
    served.execute(text("UPDATE layers.population SET population = 9"))
    served.execute(
        text("UPDATE layers.facilities SET geom = ST_SetSRID(ST_MakePoint(:lon, -3.05), 4326)"),
        {"lon": MIDDLE - 0.2 * KM},
    )
    alone, whole = coverage(served, B, distance_m="1000"), coverage(served, distance_m="1000")
    assert value(alone, "service.population", B) == pytest.approx(9)
    assert value(alone, "service.facilities", B) == 0
    for figure_id in ("service.population", "service.population_straight", "service.area_percent"):
        assert value(alone, figure_id, B) == pytest.approx(value(whole, figure_id, B))


def test_every_village_whose_people_are_not_served_is_listed(served: Connection) -> None:
    report = coverage(served, distance_m="1000")
    (table,) = [one for one in report.tables if one.id == "unserved"]
    assert [(row.key, row.cells[3]) for row in table.rows] == [(f"{B}.2001", 500), (f"{A}.2001", 15), (f"{A}.2002", 10)]


def test_frames_hold_what_the_map_shows(served: Connection) -> None:
    frames = coverage(served, distance_m="1000").frames
    assert set(frames) >= {"villages", "reach", "reached_streets", "circles", "service_points"}
    assert frames["villages"]["served"].tolist() == [15, 0, 0]
    assert {frame.crs.to_epsg() for frame in frames.values()} == {4326}


def test_parks_are_places_too(served: Connection) -> None:
    report = coverage(served, layer="parks", kind="", distance_m="300")
    assert value(report, "service.facilities", "16.05") == 2
    with pytest.raises(InvalidRequest):
        coverage(served, layer="parks", kind="health_centre")
    with pytest.raises(InvalidRequest):
        coverage(served, layer="bridges", kind="RTH-4")


def test_only_the_way_asked_for(served: Connection) -> None:
    straight = coverage(served, way="straight")
    assert value(straight, "service.population", A) is None
    assert value(straight, "service.population_straight", A) == pytest.approx(30)
    assert "streets_not_asked" in codes(straight)
    network = coverage(served, way="network")
    assert value(network, "service.population_straight", A) is None
    assert value(network, "service.area_percent", A) is not None
    assert "straight_not_asked" in codes(network)


def test_no_facilities_is_not_a_share_of_0(served: Connection) -> None:
    report = coverage(served, kind="hospital")
    assert value(report, "service.population_percent", "16.05") is None
    assert value(report, "service.facilities", "16.05") is None
    assert "no_facilities" in codes(report)


def test_no_streets_no_ways_but_straight_lines(served: Connection) -> None:
    served.execute(text("DELETE FROM layers.streets"))
    report = coverage(served)
    assert value(report, "service.population", A) is None
    assert value(report, "service.population_straight", A) == pytest.approx(30)
    assert "no_streets" in codes(report)


def test_no_population_leaves_figures_of_people_unknown(served: Connection) -> None:
    served.execute(text("DELETE FROM layers.population"))
    report = coverage(served)
    for figure_id in ("service.population", "service.population_percent", "service.sufficiency_percent"):
        assert value(report, figure_id, "16.05") is None
    assert value(report, "service.area_percent", "16.05") is not None
    assert value(report, "service.population_known_percent", "16.05") == 0
    assert "no_population" in codes(report)


def test_part_of_the_population_unknown_is_told_of_and_not_counted(served: Connection) -> None:
    served.execute(text("DELETE FROM layers.population WHERE area_code = :code"), {"code": f"{B}.2001"})
    report = coverage(served)
    assert value(report, "service.population_percent", B) is None
    assert value(report, "service.population_percent", "16.05") == pytest.approx(30 / 40 * 100)
    assert "population_unknown" in codes(report)


def test_population_of_another_year(served: Connection) -> None:
    people(served, (f"{A}.2001", 2020, 20))
    assert value(coverage(served, population_year="2020"), "service.population", A) == pytest.approx(20)
    assert "population_other_year" in codes(coverage(served, population_year="2021"))


def test_districts_stand_for_themselves_where_no_villages_are_drawn(served: Connection) -> None:
    served.execute(text("DELETE FROM layers.villages"))
    served.execute(text("DELETE FROM layers.population"))
    people(served, (A, 2025, 30), (B, 2025, 6))
    report = coverage(served, distance_m="1000")
    assert value(report, "service.population", A) == pytest.approx(10)  # one of three equal houses


def test_without_a_boundary_nothing_is_known(regency: Connection) -> None:
    regency.execute(text("DELETE FROM layers.districts"))
    report = coverage(regency)
    assert value(report, "service.population", "16.05") is None
    assert "no_boundary" in codes(report)


def test_same_inputs_same_report(served: Connection) -> None:
    first, second = coverage(served), coverage(served)
    assert first.to_json(language="id") == second.to_json(language="id")


def test_people_live_where_a_registered_raster_says(
    served: Connection, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In A1 nine of ten people live in the cell at the clinic, the others 3 km away; the rest of the region is empty."""
    monkeypatch.setenv("PETAKARYA_HOME", str(settings.home))
    cells = np.zeros((100, 200), "float32")  # 0.001 degrees: 111 m
    cells[50, 20], cells[50, 47] = 9, 1
    path = write_raster(tmp_path / "jiwa.tif", cells, crs="EPSG:4326", transform=from_origin(WEST, NORTH, 0.001, 0.001))
    wanted = RasterRequest(path=path, name="penduduk_100m", kind="population")
    add_raster(served, Storage.of(settings), wanted, cells=settings.rasters.cells, work=tmp_path)
    report = coverage(served, distance_m="1000")
    assert value(report, "service.population", A) == pytest.approx(27)
    figure = report.figure("service.population", A)
    assert figure is not None
    assert "penduduk_100m" in {one.layer for one in figure.inputs}
    assert value(coverage(served, distance_m="1000", residents="buildings"), "service.population", A) == pytest.approx(
        15
    )
    with pytest.raises(InvalidRequest):
        coverage(served, population_raster="tidak_ada")
