"""Real files of agencies and OpenStreetMap, as published, end on the map, or in a sentence that says why not."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import numpy as np
import pyogrio
import pytest
from flask.testing import FlaskClient
from pyproj import Geod
from sqlalchemy import Connection, TextClause, text

from app.imports.service import run_import
from gis.tiles import tile_bounds_4326
from gis.types import BBox
from layers.catalogue import built_in_catalogue
from layers.ingest.run import ImportRequest, ImportResult
from tests.helpers.application import connection_beside
from tests.helpers.files import put_national_areas, put_region
from tests.ingest.conftest import codes_of

Run = Callable[..., ImportResult]

BOUNDARIES = "boundaries/batas_sumsel_musirawas_lubuklinggau.gpkg"
MUSI_RAWAS: BBox = (102.1, -3.6, 103.7, -2.3)
JAKARTA: BBox = (106.5, -6.5, 107.1, -5.2)
WEST_JAVA: BBox = (106.3, -7.9, 108.9, -5.8)


@pytest.fixture
def run(app_connection: Connection, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Import one of the real files into a layer."""

    def import_real(name: str, layer: str, **options: Any) -> ImportResult:
        request = ImportRequest(path=shared_data / name, layer=layer, **options)
        work = tmp_path_factory.mktemp("work")
        return run_import(app_connection, built_in_catalogue(), request, actor="petugas", work=work)

    return import_real


@pytest.fixture
def musi_rawas(app_connection: Connection, shared_data: Path) -> Connection:
    put_region(app_connection, "16.05", MUSI_RAWAS)
    put_national_areas(app_connection, shared_data / "codes", "16")
    return app_connection


@pytest.fixture
def jakarta(app_connection: Connection, shared_data: Path) -> Connection:
    put_region(app_connection, "31", JAKARTA)
    put_national_areas(app_connection, shared_data / "codes", "31")
    return app_connection


def count(connection: Connection, layer: str) -> int:
    return int(connection.scalar(text(f"SELECT count(*) FROM layers.{layer}")) or 0)


def pairs(connection: Connection, statement: TextClause) -> dict[Any, Any]:
    return {row[0]: row[1] for row in connection.execute(statement)}


def test_districts_of_musi_rawas(musi_rawas: Connection, run: Run) -> None:
    result = run(BOUNDARIES, "districts", source_layer="kecamatan_sumsel")
    assert (result.rows_read, result.rows_loaded) == (241, 14)
    assert codes_of(result) == {"outside_region": 227}
    found = musi_rawas.execute(text("SELECT code, name FROM layers.districts ORDER BY code")).all()
    assert len(found) == 14
    assert ("16.05.09", "Muara Beliti") in [(row.code, row.name) for row in found]
    listed = musi_rawas.execute(
        text("SELECT code, name FROM app.areas WHERE level = 'district' AND parent_code = '16.05' ORDER BY code")
    ).all()
    assert [row.code for row in found] == [row.code for row in listed]
    box = musi_rawas.execute(text("SELECT boundary_is_real, ST_XMin(bbox), ST_YMax(bbox) FROM app.region")).one()
    assert tuple(box) == (True, pytest.approx(102.48, abs=0.1), pytest.approx(-2.4, abs=0.5))


def test_villages_of_musi_rawas(musi_rawas: Connection, run: Run, shared_data: Path) -> None:
    run(BOUNDARIES, "districts", source_layer="kecamatan_sumsel")
    result = run(BOUNDARIES, "villages", source_layer="desa_16_05_musi_rawas")
    assert (result.rows_read, result.rows_loaded) == (199, 199)
    assert codes_of(result) == {}
    with (shared_data / "codes" / "villages.csv").open(encoding="utf-8", newline="") as file:
        listed = {row["code"]: row["name"] for row in csv.DictReader(file) if row["code"].startswith("16.05.")}
    found = {row.code: row.name for row in musi_rawas.execute(text("SELECT code, name FROM layers.villages"))}
    assert found == listed
    kinds = pairs(musi_rawas, text("SELECT kind, count(*) FROM layers.villages GROUP BY kind"))
    assert kinds == {"kelurahan": 13, "desa": 186}


def test_villages_of_the_neighbour_stay_out(musi_rawas: Connection, run: Run) -> None:
    result = run(BOUNDARIES, "villages", source_layer="desa_16_13_musi_rawas_utara")
    assert not result.imported
    assert codes_of(result) == {"outside_region": 89, "nothing_left": 1}
    assert count(musi_rawas, "villages") == 0


def test_several_layers_are_named(musi_rawas: Connection, run: Run) -> None:
    result = run(BOUNDARIES, "villages")
    assert codes_of(result) == {"several_layers": 5}
    assert "desa_16_05_musi_rawas" in result.findings[0].message_id


def test_districts_of_jakarta_by_name(jakarta: Connection, run: Run) -> None:
    result = run("awkward/kecamatan_jakarta.shp", "districts")
    assert (result.rows_read, result.rows_loaded) == (42, 42)
    assert codes_of(result) == {"geometry_repaired": 2}
    found = pairs(jakarta, text("SELECT name, code FROM layers.districts"))
    # By hand, from the code list: names written apart, and one that is written together there.
    assert found["KALI DERES"] == "31.73.06"
    assert found["PALMERAH"] == "31.73.07"
    assert found["SETIA BUDI"] == "31.74.02"
    assert found["TANJUNG PRIOK"] == "31.72.02"
    assert len(set(found.values())) == 42
    listed = {code for (code,) in jakarta.execute(text("SELECT code FROM app.areas WHERE code LIKE '31.__.__'"))}
    assert listed - set(found.values()) == {"31.01.01", "31.01.02"}  # the islands are not in the file
    assert jakarta.scalar(text("SELECT bool_and(ST_IsValid(geom)) FROM layers.districts"))


def test_streets_of_jakarta_are_all_accounted_for(jakarta: Connection, run: Run, shared_data: Path) -> None:
    run("awkward/kecamatan_jakarta.shp", "districts")
    result = run("osm/jakarta_roads.shp", "streets")
    left_out = sum(one.count for one in result.findings if one.severity == "error" or one.code == "outside_region")
    assert result.rows_loaded + left_out == result.rows_read == 18_574
    assert count(jakarta, "streets") == result.rows_loaded
    frame = pyogrio.read_dataframe(shared_data / "osm/jakarta_roads.shp")
    assert left_out == 0  # every line touches one of the 42 districts
    geod = Geod(ellps="WGS84")
    length_m = sum(geod.geometry_length(line) for line in frame.geometry)
    assert jakarta.scalar(text("SELECT sum(length_m) FROM layers.streets")) == pytest.approx(length_m, rel=1e-6)
    classes = pairs(jakarta, text("SELECT class, count(*) FROM layers.streets GROUP BY class"))
    kinds = frame["TYPE"].value_counts()
    assert classes["residential"] == kinds[["residential", "living_street", "unclassified", "road"]].sum()
    assert classes["trunk"] == kinds[["motorway", "motorway_link", "trunk"]].sum()
    assert classes["path"] == kinds[["footway", "path", "pedestrian"]].sum()
    assert sum(classes.values()) == 18_574
    assert jakarta.scalar(text("SELECT count(name) FROM layers.streets")) == frame["NAME"].notna().sum()
    assert jakarta.scalar(text("SELECT count(*) FROM layers.streets WHERE oneway")) == (
        frame["ONEWAY"].isin(["yes", "-1"]).sum()
    )
    differing = jakarta.scalar(
        text(
            "SELECT count(*) FROM layers.streets s WHERE id % 50 = 0 AND district_codes IS DISTINCT FROM ARRAY(SELECT code "
            "FROM layers.districts d WHERE ST_Intersects(d.geom, s.geom) ORDER BY code)"
        )
    )
    assert differing == 0


def test_buildings_of_lembang(app_connection: Connection, run: Run, shared_data: Path) -> None:
    put_region(app_connection, "32", WEST_JAVA)
    put_national_areas(app_connection, shared_data / "codes", "32")
    result = run("osm/lembang_osm_20121003.sqlite", "buildings")
    assert (result.rows_read, result.rows_loaded, result.source_crs) == (2_517, 2_517, "EPSG:3857")
    frame = pyogrio.read_dataframe(shared_data / "osm/lembang_osm_20121003.sqlite")
    kinds = pairs(app_connection, text("SELECT kind, count(*) FROM layers.buildings GROUP BY kind"))
    assert kinds == frame["building"].value_counts().to_dict()
    assert app_connection.scalar(text("SELECT count(amenity) FROM layers.buildings")) == 87
    assert app_connection.scalar(text("SELECT count(levels) FROM layers.buildings")) == (
        frame["building:levels"].astype(str).str.strip().str.isdigit().sum()
    )
    geod = Geod(ellps="WGS84")
    area_m2 = sum(abs(geod.geometry_area_perimeter(one)[0]) for one in frame.geometry.to_crs(4326))
    assert app_connection.scalar(text("SELECT sum(area_m2) FROM layers.buildings")) == pytest.approx(area_m2, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "layer", "options", "codes"),
    [
        ("empty_zipfile.zip", "buildings", {}, {"no_dataset"}),
        ("noprj_blockgroups.zip", "buildings", {}, {"crs_missing"}),
        ("noprj_blockgroups.zip", "buildings", {"crs": "EPSG:4326"}, {"outside_region"}),
        ("latin1.shp", "buildings", {}, {"shx_missing", "crs_missing"}),
        ("latin1.shp", "streets", {"crs": "EPSG:4326"}, {"shx_missing", "geometry_kind"}),
        ("building_Maumere.shp", "streets", {}, {"dbf_missing", "geometry_kind"}),
        ("building_Maumere.shp", "parks", {}, {"dbf_missing", "required_column_missing"}),
        ("building_Maumere.shp", "buildings", {}, {"dbf_missing", "outside_region", "nothing_left"}),
        ("donut_with_problem.shp", "buildings", {}, {"outside_region", "nothing_left"}),
        ("25dpolygon.shp", "buildings", {}, {"outside_region", "nothing_left"}),
        ("gre.shp", "urban_areas", {}, {"outside_region"}),
        ("kecamatan_jakarta.shp", "streets", {}, {"geometry_kind"}),
        ("kecamatan_jakarta.shp", "villages", {}, {"geometry_repaired", "required_column_missing"}),
    ],
)
def test_awkward_files_are_refused_with_a_sentence(
    name: str, layer: str, options: dict[str, Any], codes: set[str], jakarta: Connection, run: Run
) -> None:
    run("awkward/kecamatan_jakarta.shp", "districts")
    before = count(jakarta, layer)
    result = run(f"awkward/{name}", layer, **options)
    assert not result.imported
    assert set(codes_of(result)) == codes
    for one in result.findings:
        assert one.message_id[-1] in ".?"
        assert one.message_en[-1] in ".?"
    assert count(jakarta, layer) == before
    assert jakarta.scalar(text("SELECT count(*) FROM app.imports")) == 1  # the districts


@pytest.mark.parametrize(
    ("name", "layer", "options", "count_loaded", "codes"),
    [
        ("building_Maumere.shp", "buildings", {}, 3528, {"dbf_missing", "outside_region"}),
        ("donut_with_problem.shp", "buildings", {}, 13, {"outside_region"}),
        ("25dpolygon.shp", "buildings", {}, 1, {"outside_region"}),
        ("gre.shp", "urban_areas", {}, 1, {"outside_region"}),
        ("latin1.shp", "buildings", {"crs": "EPSG:4326"}, 1, {"shx_missing", "outside_region"}),
        ("noprj_blockgroups.zip", "buildings", {"crs": "EPSG:4326"}, 663, {"outside_region"}),
    ],
)
def test_awkward_files_are_kept_when_asked(
    name: str, layer: str, options: dict[str, Any], count_loaded: int, codes: set[str], jakarta: Connection, run: Run
) -> None:
    run("awkward/kecamatan_jakarta.shp", "districts")
    result = run(f"awkward/{name}", layer, outside="keep", **options)
    assert result.rows_loaded == count_loaded == count(jakarta, layer)
    assert set(codes_of(result)) == codes
    assert jakarta.scalar(text(f"SELECT bool_and(ST_IsValid(geom) AND ST_NDims(geom) = 2) FROM layers.{layer}"))


def test_text_of_awkward_files_is_kept(jakarta: Connection, run: Run) -> None:
    run("awkward/gre.shp", "urban_areas", outside="keep", mapping={"name_ta": "name", "name_ru": "legal_basis"})
    assert jakarta.execute(text("SELECT name, legal_basis FROM layers.urban_areas")).all() == [("கிரெனடா", "Гренада")]
    run("awkward/latin1.shp", "buildings", crs="EPSG:4326", outside="keep")
    assert jakarta.scalars(text("SELECT name FROM layers.buildings")).all() == ["Ñandú"]


def test_holes_stay_holes(jakarta: Connection, run: Run, shared_data: Path) -> None:
    run("awkward/donut_with_problem.shp", "buildings", outside="keep")
    frame = pyogrio.read_dataframe(shared_data / "awkward/donut_with_problem.shp")
    holes = sum(len(polygon.interiors) for polygon in frame.geometry.explode())
    found = jakarta.scalar(text("SELECT sum(ST_NumInteriorRings(d.geom)) FROM layers.buildings, ST_Dump(geom) d"))
    assert found == holes > 0


def test_a_handwritten_mercator_lies_where_it_should(jakarta: Connection, run: Run) -> None:
    run("awkward/kecamatan_jakarta.shp", "districts")
    result = run("awkward/OSM_subset_google_mercator.shp", "buildings")
    assert result.rows_loaded == 79
    assert set(codes_of(result)) == {"crs_handwritten"}
    row = jakarta.execute(
        text("SELECT ST_X(p), ST_Y(p), district_codes FROM layers.buildings, ST_Centroid(geom) p WHERE name = :name"),
        {"name": "Senayan City Mall"},
    ).one()
    # Senayan City lies in Kebayoran Baru; the ellipsoidal Mercator would put it 4.6 km further south.
    assert np.allclose(row[:2], (106.797, -6.227), atol=0.002)
    assert "31.74.07" in row[2] or "31.71.07" in row[2]


@pytest.mark.parametrize("track", ["cerknicko-jezero.gpx", "cerknicko-without-times.gpx"])
def test_gps_tracks_ask_which_layer(track: str, jakarta: Connection, run: Run) -> None:
    result = run(f"photos_tracks/{track}", "streets")
    assert "several_layers" in codes_of(result)
    chosen = run(f"photos_tracks/{track}", "streets", source_layer="tracks", outside="keep", mapping={"src": "class"})
    assert chosen.rows_read == 8
    assert chosen.rows_loaded == 7
    assert codes_of(chosen)["geometry_missing"] == 1  # a track that was started and stopped at once


def test_photos_and_rasters_are_no_layers(jakarta: Connection, run: Run) -> None:
    for name in ("photos_tracks/gps_ultrahdr.jpg", "rasters/bandung_utm48s_dem.tif", "README.md"):
        assert codes_of(run(name, "buildings")) == {"not_geodata": 1}


def test_contracts_from_a_csv(jakarta: Connection, run: Run) -> None:
    result = run(
        "projects/dpwh_contracts_flat.csv",
        "places",
        lon="longitude",
        lat="latitude",
        mapping={"contractId": "name", "infraType": "kind"},
        outside="keep",
    )
    assert result.rows_read == 818
    assert codes_of(result)["geometry_missing"] == 212


def test_contracts_become_packages_and_none_is_lost(jakarta: Connection, run: Run, shared_data: Path) -> None:
    result = run("projects/dpwh_contracts_flat.csv", "projects", outside="keep")
    assert (result.rows_read, result.rows_loaded) == (818, 818)
    assert codes_of(result)["not_located"] == 212
    total, located, with_contractor, with_value, with_start, with_end, progressed = jakarta.execute(
        text(
            "SELECT count(*), count(geom), count(contractor), count(contract_value_idr), count(start_date), count(end_date),"
            " count(physical_percent) FROM app.project WHERE NOT demo"
        )
    ).one()
    assert (total, located, with_contractor, progressed) == (818, 606, 818, 818)
    with (shared_data / "projects/dpwh_contracts_flat.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert with_value == sum(bool(row["awardAmount"]) for row in rows)
    assert with_start == sum(bool(row["startDate"]) for row in rows)
    assert with_end == sum(bool(row["completionDate"]) for row in rows)
    paid = jakarta.scalar(text("SELECT sum(contract_value_idr) FROM app.project WHERE NOT demo"))
    assert float(paid) == pytest.approx(sum(float(row["awardAmount"].replace(",", "") or 0) for row in rows))
    assert jakarta.scalar(text("SELECT count(*) FROM app.project_location")) == 606


def test_a_street_is_on_the_tile_without_a_restart(
    client: FlaskClient, connection: Connection, shared_data: Path, tmp_path: Path
) -> None:
    put_region(connection, "31", JAKARTA)
    put_national_areas(connection, shared_data / "codes", "31")
    tile = (14, 13052, 8476)  # near Monas
    west, south, east, north = tile_bounds_4326(*tile)
    assert west < 106.8 < east or south < -6.17 < north
    address = "/tiles/streets/{}/{}/{}.mvt".format(*tile)
    assert client.get(address).status_code == 204
    request = ImportRequest(path=shared_data / "osm/jakarta_roads.shp", layer="streets")
    beside = connection_beside(connection, "app")
    result = run_import(beside, built_in_catalogue(), request, actor="petugas", work=tmp_path)
    assert result.imported
    answer = client.get(address)
    assert answer.status_code == 200
    features = mapbox_vector_tile.decode(answer.data)["streets"]["features"]
    expected = connection.scalar(
        text("SELECT count(*) FROM layers.streets WHERE ST_Intersects(geom, ST_MakeEnvelope(:w, :s, :e, :n, 4326))"),
        {"w": west, "s": south, "e": east, "n": north},
    )
    assert len(features) >= expected > 20
