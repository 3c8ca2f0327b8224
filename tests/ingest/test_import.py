"""A file becomes rows of a layer: what is loaded, what is left out, and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from sqlalchemy import Connection, text

from layers.ingest.run import ImportResult
from tests.helpers.files import put_district, square, write_csv, write_geojson, write_layer
from tests.ingest.conftest import Import, codes_of

LINE = shapely.LineString([(103.05, -3.1), (103.15, -3.1)])


def rows_of(connection: Connection, layer: str, columns: str, order: str = "id") -> list[tuple[Any, ...]]:
    found = connection.execute(text(f"SELECT {columns} FROM layers.{layer} WHERE NOT demo ORDER BY {order}"))
    return [tuple(row) for row in found]


def finding_of(result: ImportResult, code: str) -> Any:
    return next(one for one in result.findings if one.code == code)


def test_streets_with_aliases_codes_and_areas(bounded: Connection, do_import: Import, tmp_path: Path) -> None:
    across = shapely.LineString([(103.1, -3.1), (103.3, -3.1)])
    path = write_layer(
        tmp_path / "jalan.shp",
        [LINE, across],
        TYPE=["motorway_link", "residential"],
        NAMA=["Jl. A", "Jl. Désa"],
        ONEWAY=["-1", None],
        LANES=[2, None],
    )
    result = do_import(path, "streets")
    assert result.imported
    assert (result.rows_read, result.rows_loaded) == (2, 2)
    assert codes_of(result) == {}
    assert rows_of(bounded, "streets", "name, class, oneway, lanes, district_codes, source, demo, changed_by") == [
        ("Jl. A", "trunk", True, 2, ["99.01.01"], "jalan.shp", False, "petugas"),
        ("Jl. Désa", "residential", None, None, ["99.01.01", "99.01.02"], "jalan.shp", False, "petugas"),
    ]
    kept = bounded.execute(text("SELECT ST_AsText(geom), length_m FROM layers.streets ORDER BY id")).first()
    assert kept is not None
    assert kept[0] == "MULTILINESTRING((103.05 -3.1,103.15 -3.1))"
    assert kept[1] == pytest.approx(11116, rel=0.001)  # 0.1° of longitude at 3.1° S


def test_each_step_says_what_it_changed(bounded: Connection, do_import: Import, tmp_path: Path) -> None:
    path = write_layer(tmp_path / "jalan.gpkg", [LINE], kelas=["primary"])
    result = do_import(path, "streets")
    assert [step.step for step in result.steps] == ["read", "validate", "transform", "load"]
    for step in result.steps:
        assert step.message_id
        assert step.message_en
        assert step.message_id != step.message_en


def test_record_of_the_import(bounded: Connection, do_import: Import, tmp_path: Path) -> None:
    result = do_import(write_layer(tmp_path / "jalan.gpkg", [LINE, LINE], kelas=["primary", "entah"]), "streets")
    kept = bounded.execute(text("SELECT * FROM app.imports")).mappings().one()
    assert (kept["layer"], kept["file_name"], kept["rows_read"], kept["rows_loaded"]) == ("streets", "jalan.gpkg", 2, 2)
    assert (kept["actor"], kept["source_crs"]) == ("petugas", "EPSG:4326")
    assert len(kept["file_hash"]) == 64
    assert {one["code"] for one in kept["findings"]} == {one.code for one in result.findings}


def test_what_a_list_does_not_know_becomes_other_and_is_named(do_import: Import, tmp_path: Path) -> None:
    result = do_import(write_layer(tmp_path / "jalan.gpkg", [LINE, LINE], kelas=["primary", "entah"]), "streets")
    found = finding_of(result, "code_taken_as_other:class")
    assert found.rows == (2,)
    assert "entah" in found.message_id


def test_a_required_code_that_is_unknown_leaves_its_row_out(
    regency: Connection, do_import: Import, tmp_path: Path
) -> None:
    path = write_layer(
        tmp_path / "rth.gpkg", [square(103, -3), square(103.1, -3)], nama=["A", "B"], status=["publik", "entah"]
    )
    result = do_import(path, "parks")
    assert result.rows_loaded == 1
    assert codes_of(result) == {"value_unreadable:ownership": 1, "required_value_missing:ownership": 1}
    assert finding_of(result, "required_value_missing:ownership").rows == (2,)
    assert rows_of(regency, "parks", "name, ownership") == [("A", "public")]


def test_missing_values_take_the_tables_default(regency: Connection, do_import: Import, tmp_path: Path) -> None:
    result = do_import(write_layer(tmp_path / "air.gpkg", [LINE], jenis=[None], nama=["Kali"]), "water")
    assert result.imported
    assert "default_taken:kind" in {one.code for one in result.findings}
    assert rows_of(regency, "water", "kind, GeometryType(geom)") == [("river", "LINESTRING")]


@pytest.mark.parametrize(("layer", "columns"), [("buildings", {}), ("facilities", {"nama": ["a"], "jenis": ["pasar"]})])
def test_wrong_kind_of_geometry_is_refused(
    layer: str, columns: dict[str, Any], do_import: Import, tmp_path: Path
) -> None:
    result = do_import(write_layer(tmp_path / "a.gpkg", [LINE], **columns), layer)
    assert not result.imported
    assert codes_of(result) == {"geometry_kind": 1}


def test_some_of_the_wrong_kind_are_left_out(do_import: Import, tmp_path: Path) -> None:
    path = write_layer(tmp_path / "a.geojson", [LINE, square(103, -3)], name=["a", "b"])
    result = do_import(path, "buildings")
    assert result.rows_loaded == 1
    assert finding_of(result, "geometry_kind").rows == (1,)


def test_single_multipoints_are_points(regency: Connection, do_import: Import, tmp_path: Path) -> None:
    points = [shapely.MultiPoint([(103.1, -3.1)]), shapely.MultiPoint([(103.1, -3.1), (103.2, -3.1)])]
    result = do_import(write_layer(tmp_path / "a.gpkg", points, nama=["a", "b"], jenis=["SD", "SMP"]), "facilities")
    assert result.rows_loaded == 1
    assert finding_of(result, "geometry_kind").rows == (2,)
    assert rows_of(regency, "facilities", "kind, ST_AsText(geom)") == [("primary_school", "POINT(103.1 -3.1)")]


def test_heights_are_dropped(regency: Connection, do_import: Import, tmp_path: Path) -> None:
    line = shapely.LineString([(103.05, -3.1, 120), (103.15, -3.1, 125)])
    assert do_import(write_layer(tmp_path / "a.gpkg", [line], kelas=["primary"]), "streets").imported
    assert rows_of(regency, "streets", "ST_NDims(geom)") == [(2,)]


def test_invalid_and_missing_geometries(regency: Connection, do_import: Import, tmp_path: Path) -> None:
    bow = [[103.0, -3.1], [103.02, -3.08], [103.02, -3.1], [103.0, -3.08], [103.0, -3.1]]
    flat = [[103.0, -3.1], [103.01, -3.1], [103.02, -3.1], [103.0, -3.1]]
    path = write_geojson(
        tmp_path / "a.geojson",
        [
            ({"type": "Polygon", "coordinates": [bow]}, {"name": "bow"}),
            ({"type": "Polygon", "coordinates": [flat]}, {"name": "flat"}),
            (None, {"name": "none"}),
        ],
    )
    result = do_import(path, "buildings")
    assert codes_of(result) == {"geometry_missing": 1, "geometry_repaired": 1, "geometry_collapsed": 1}
    assert finding_of(result, "geometry_repaired").rows == (1,)
    assert finding_of(result, "geometry_collapsed").rows == (2,)
    assert finding_of(result, "geometry_missing").rows == (3,)
    [(name, is_valid, area)] = rows_of(regency, "buildings", "name, ST_IsValid(geom), ST_Area(geom)")
    assert (name, is_valid) == ("bow", True)
    assert area == pytest.approx(0.02 * 0.01)  # two triangles of base 0.02 and height 0.01


def test_nothing_but_missing_geometries(do_import: Import, tmp_path: Path) -> None:
    result = do_import(
        write_geojson(tmp_path / "a.geojson", [(None, {"name": "a"}), (None, {"name": "b"})]), "buildings"
    )
    assert not result.imported
    assert finding_of(result, "geometry_missing").rows == (1, 2)


def test_reprojected_from_tm3(regency: Connection, do_import: Import, tmp_path: Path) -> None:
    path = write_layer(
        tmp_path / "a.shp", [shapely.Point(166655.88, 1157245.95)], crs=23833, nama=["T23"], jenis=["pasar"]
    )
    assert do_import(path, "facilities").imported
    [(lon, lat)] = rows_of(regency, "facilities", "ST_X(geom), ST_Y(geom)")
    assert (lon, lat) == pytest.approx((103.2, -3.1), abs=1e-7)  # T23


def test_wrong_tm3_zone_is_noticed_and_the_right_one_named(
    bounded: Connection, do_import: Import, tmp_path: Path
) -> None:
    path = write_layer(
        tmp_path / "a.shp", [shapely.Point(166655.88, 1157245.95)], crs=23830, nama=["T23"], jenis=["pasar"]
    )
    result = do_import(path, "facilities")
    assert not result.imported
    assert "--crs EPSG:23833" in finding_of(result, "crs_wrong").message_id
    assert do_import(path, "facilities", crs="EPSG:23833").imported


def test_metres_called_degrees_are_noticed(bounded: Connection, do_import: Import, tmp_path: Path) -> None:
    path = write_layer(tmp_path / "a.gpkg", [shapely.Point(299963.27, 9657183.53)], nama=["a"], jenis=["pasar"])
    result = do_import(path, "facilities")
    assert not result.imported
    assert "--crs EPSG:32748" in finding_of(result, "crs_wrong").message_en


def test_swapped_axes_are_noticed(bounded: Connection, do_import: Import, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["nama", "jenis", "x", "y"], ["a", "pasar", "-3,1", "103,2"]])
    result = do_import(path, "facilities", lon="x", lat="y")
    assert not result.imported
    assert codes_of(result) == {"axes_swapped": 1}
    assert do_import(path, "facilities", lon="y", lat="x").imported


def test_a_file_of_another_place(bounded: Connection, do_import: Import, tmp_path: Path) -> None:
    path = write_layer(tmp_path / "a.gpkg", [shapely.Point(-122.4, 37.7)], nama=["a"], jenis=["pasar"])
    result = do_import(path, "facilities")
    assert not result.imported
    assert codes_of(result) == {"outside_region": 1}
    kept = do_import(path, "facilities", outside="keep")
    assert kept.rows_loaded == 1
    assert rows_of(bounded, "facilities", "district_codes") == [([],)]


def test_rows_outside_the_boundary_are_findings(bounded: Connection, do_import: Import, tmp_path: Path) -> None:
    places = [shapely.Point(103.1, -3.1), shapely.Point(103.1, -3.3), shapely.Point(103.3, -3.15)]
    path = write_layer(tmp_path / "a.gpkg", places, nama=["a", "b", "c"], jenis=["pasar"] * 3)
    result = do_import(path, "facilities")
    assert result.rows_loaded == 2
    outside = finding_of(result, "outside_region")
    assert outside.rows == (2,)
    assert "1 kecamatan belum dimuat" in outside.message_id  # the third of the code list has no boundary
    assert [name for (name,) in rows_of(bounded, "facilities", "name")] == ["a", "c"]
    assert do_import(path, "facilities", mode="replace", outside="keep").rows_loaded == 3


def test_nothing_inside_is_refused_and_changes_nothing(bounded: Connection, do_import: Import, tmp_path: Path) -> None:
    demo_facility(bounded)
    path = write_layer(tmp_path / "a.gpkg", [shapely.Point(103.1, -3.3)], nama=["b"], jenis=["pasar"])
    result = do_import(path, "facilities")
    assert not result.imported
    assert codes_of(result) == {"outside_region": 1, "nothing_left": 1}
    assert bounded.scalar(text("SELECT count(*) FROM layers.facilities")) == 1
    assert bounded.scalar(text("SELECT count(*) FROM app.imports")) == 0


def test_without_a_boundary_all_rows_stay_and_it_is_said(
    regency: Connection, do_import: Import, tmp_path: Path
) -> None:
    put_district(regency, "99.01.01", "Contoh", square(103, -3.2), demo=True)  # a drawn boundary decides nothing
    path = write_layer(tmp_path / "a.gpkg", [shapely.Point(103.39, -3.01)], nama=["b"], jenis=["pasar"])
    result = do_import(path, "facilities")
    assert result.rows_loaded == 1
    assert "boundary_unknown" in {one.code for one in result.findings}


def demo_facility(connection: Connection) -> None:
    connection.execute(
        text(
            "INSERT INTO layers.facilities (name, kind, demo, geom) "
            "VALUES ('Contoh', 'market', true, ST_SetSRID(ST_MakePoint(103.1, -3.1), 4326))"
        )
    )


def test_demonstration_rows_give_way(bounded: Connection, do_import: Import, tmp_path: Path) -> None:
    demo_facility(bounded)
    path = write_layer(tmp_path / "a.gpkg", [shapely.Point(103.1, -3.1)], nama=["Pasar"], jenis=["pasar"])
    result = do_import(path, "facilities")
    assert "1" in result.steps[-1].message_id
    assert bounded.execute(text("SELECT name, demo FROM layers.facilities")).all() == [("Pasar", False)]
    history = bounded.execute(text("SELECT name, operation, ended_by FROM history.facilities")).all()
    assert history == [("Contoh", "delete", "petugas")]


def test_append_adds_and_replace_removes(bounded: Connection, do_import: Import, tmp_path: Path) -> None:
    path = write_layer(tmp_path / "a.gpkg", [shapely.Point(103.1, -3.1)], nama=["Pasar"], jenis=["pasar"])
    for _ in range(2):
        do_import(path, "facilities")
    assert len(rows_of(bounded, "facilities", "name")) == 2
    do_import(path, "facilities", mode="replace")
    assert len(rows_of(bounded, "facilities", "name")) == 1


ROADS = [["Jl. Satu", "001", 11000.0, "Kabupaten"], ["Jl. Dua", "002", 5000.0, "Kabupaten"]]


def write_roads(path: Path, rows: list[list[Any]]) -> Path:
    names, codes, lengths, statuses = zip(*rows, strict=True)
    lines = [shapely.LineString([(103.05, -3.1 - 0.01 * n), (103.15, -3.1 - 0.01 * n)]) for n in range(len(rows))]
    return write_layer(path, lines, NAMA=names, NO_RUAS=codes, PANJANG_SK=lengths, STATUS=statuses)


def test_update_by_key_changes_adds_and_leaves_alone(bounded: Connection, do_import: Import, tmp_path: Path) -> None:
    do_import(write_roads(tmp_path / "a.gpkg", ROADS), "roads")
    bounded.execute(text("UPDATE layers.roads SET surface = 'gravel'"))
    before = dict(rows_of(bounded, "roads", "code, id"))
    changed = [["Jl. Satu Baru", "001", 11000.0, "Kabupaten"], ROADS[1], ["Jl. Tiga", "003", 700.0, "Kabupaten"]]
    result = do_import(write_roads(tmp_path / "b.gpkg", changed), "roads", mode="update", key="code")
    assert result.rows_loaded == 2  # one changed, one new; the second is as it was
    assert rows_of(bounded, "roads", "code, name, surface", "code") == [
        ("001", "Jl. Satu Baru", "gravel"),
        ("002", "Jl. Dua", "gravel"),
        ("003", "Jl. Tiga", None),
    ]
    after = dict(rows_of(bounded, "roads", "code, id"))
    assert {code: after[code] for code in before} == before


def test_update_by_a_key_that_several_rows_have(bounded: Connection, do_import: Import, tmp_path: Path) -> None:
    path = write_layer(tmp_path / "a.gpkg", [LINE, LINE], nama=["Jl. A", "Jl. B"], kelas=["primary"] * 2)
    for _ in range(2):
        do_import(path, "streets")
    bounded.execute(text("DELETE FROM layers.streets WHERE id = (SELECT max(id) FROM layers.streets)"))
    result = do_import(
        write_layer(tmp_path / "b.gpkg", [LINE, LINE], nama=["Jl. A", "Jl. B"], kelas=["path"] * 2),
        "streets",
        mode="update",
        key="name",
    )
    assert codes_of(result) == {"key_shared": 1}
    assert rows_of(bounded, "streets", "name, class") == [("Jl. A", "primary"), ("Jl. B", "path"), ("Jl. A", "primary")]


def test_update_needs_a_key(do_import: Import, tmp_path: Path) -> None:
    path = write_roads(tmp_path / "a.gpkg", ROADS)
    assert codes_of(do_import(path, "roads", mode="update")) == {"key_missing": 1}
    assert codes_of(do_import(path, "roads", mode="update", key="warna")) == {"field_unknown": 1}
    assert codes_of(do_import(path, "roads", mode="update", key="sk_number")) == {"key_missing": 1}


def test_codes_that_are_there_or_repeated_are_named(bounded: Connection, do_import: Import, tmp_path: Path) -> None:
    do_import(write_roads(tmp_path / "a.gpkg", ROADS[:1]), "roads")
    result = do_import(
        write_roads(tmp_path / "b.gpkg", [*ROADS, ["x", "003", 1.0, "K"], ["y", "003", 1.0, "K"]]), "roads"
    )
    assert codes_of(result) == {"key_present": 1, "key_repeated": 2}
    assert finding_of(result, "key_present").rows == (1,)
    assert finding_of(result, "key_repeated").rows == (3, 4)
    assert [code for (code,) in rows_of(bounded, "roads", "code", "code")] == ["001", "002"]


def test_lengths_in_kilometres_and_impossible_ones(bounded: Connection, do_import: Import, tmp_path: Path) -> None:
    path = write_roads(tmp_path / "a.gpkg", [["A", "1", "11,25", "K"], ["B", "2", "0", "K"], ["C", "3", None, "K"]])
    result = do_import(path, "roads", mapping={"PANJANG_SK": "length_sk_m:km"})
    assert rows_of(bounded, "roads", "code, length_sk_m") == [("1", 11250.0)]
    assert codes_of(result) == {"length_not_positive": 1, "required_value_missing:length_sk_m": 1}


def test_a_number_that_can_be_read_in_two_ways_is_asked(do_import: Import, tmp_path: Path) -> None:
    result = do_import(write_roads(tmp_path / "a.gpkg", [["A", "1", "11.250", "K"]]), "roads")
    assert codes_of(result) == {"number_ambiguous:length_sk_m": 1}
    assert not result.imported


def write_segments(path: Path, rows: list[tuple[Any, ...]]) -> Path:
    header = ("No Ruas", "STA Awal", "STA Akhir", "Tahun", "Kondisi")
    return write_csv(path, [header, *rows])


def test_segments_without_geometry_are_cut_from_their_ruas(
    bounded: Connection, do_import: Import, tmp_path: Path
) -> None:
    do_import(write_roads(tmp_path / "a.gpkg", ROADS), "roads")
    path = write_segments(
        tmp_path / "kondisi.csv",
        [
            ("001", "0+000", "0+100", 2025, "Baik"),
            ("001", "0+100", "0+300", 2025, "Rusak Berat"),
            ("001", "10+900", "11+020", 2025, "Sedang"),  # 20 m beyond the end
            ("001", "11+000", "11+100", 2025, "Baik"),
            ("001", "0+300", "0+200", 2025, "Baik"),
            ("009", "0+000", "0+100", 2025, "Baik"),
        ],
    )
    result = do_import(path, "road_segments")
    assert codes_of(result) == {"sta_beyond_end": 1, "road_unknown": 1, "sta_order": 1}
    assert [finding_of(result, code).rows for code in codes_of(result)] == [(5,), (6,), (4,)]
    assert "sta_cut" in {one.code for one in result.findings}
    found = rows_of(bounded, "road_segments", "sta_from_m, sta_to_m, condition, district_codes", "sta_from_m")
    assert found == [
        (0, 100, "good", ["99.01.01"]),
        (100, 300, "heavy_damage", ["99.01.01"]),
        (10900, 11020, "fair", ["99.01.01"]),
    ]
    # The same place by PostGIS: the share of the legal length, along the drawn line.
    apart = bounded.scalars(
        text(
            "SELECT ST_HausdorffDistance(s.geom, ST_LineSubstring(ST_LineMerge(r.geom), sta_from_m / length_sk_m, "
            "least(sta_to_m / length_sk_m, 1))) FROM layers.road_segments s JOIN layers.roads r ON r.code = s.road_code"
        )
    ).all()
    assert max(apart) < 1e-9
    assert rows_of(bounded, "roads", "condition", "code") == [("heavy_damage",), ("unsurveyed",)]


def test_districts_by_names_alone(regency: Connection, do_import: Import, tmp_path: Path) -> None:
    path = write_layer(
        tmp_path / "kec.shp",
        [square(103, -3.2, 0.1), square(103.1, -3.2, 0.1), square(103.2, -3.2, 0.1), square(103.3, -3.2, 0.1)],
        KAB_NAME=["CONTOH", "CONTOH", "TETANGGA", "CONTOH"],
        KEC_NAME=["MUARA BELITI", "KEC. STL ULU TERAWAS", "MUARA BELITI", "MUARA BELITTI"],
    )
    result = do_import(path, "districts")
    assert rows_of(regency, "districts", "code, name", "code") == [
        ("99.01.01", "MUARA BELITI"),
        ("99.01.02", "KEC. STL ULU TERAWAS"),
    ]
    assert codes_of(result) == {"name_unknown": 1, "outside_region": 1}
    assert finding_of(result, "name_unknown").rows == (4,)
    assert "Muara Beliti?" in finding_of(result, "name_unknown").message_id
    assert finding_of(result, "outside_region").rows == (3,)
    row = regency.execute(text("SELECT boundary_is_real, ST_XMax(bbox) FROM app.region")).one()
    assert tuple(row) == (True, pytest.approx(103.2))


def test_districts_in_several_rows_are_joined(regency: Connection, do_import: Import, tmp_path: Path) -> None:
    path = write_layer(
        tmp_path / "kec.gpkg",
        [square(103, -3.2, 0.1), square(103.2, -3.2, 0.1)],
        kode=["99.01.01"] * 2,
        nama=["Muara Beliti"] * 2,
    )
    result = do_import(path, "districts")
    assert codes_of(result) == {"areas_merged": 1}
    assert rows_of(regency, "districts", "ST_NumGeometries(geom)") == [(2,)]


def test_codes_are_compared_with_the_list(regency: Connection, do_import: Import, tmp_path: Path) -> None:
    path = write_layer(
        tmp_path / "kec.gpkg",
        [square(103, -3.2, 0.1), square(103.1, -3.2, 0.1), square(103.2, -3.2, 0.1)],
        kode=["990101", "99.01.77", "9901040"],
        nama=["Muara Kelingi", "Baru", "Kode BPS"],
    )
    result = do_import(path, "districts")
    assert codes_of(result) == {"name_differs": 1, "code_not_listed": 1, "code_malformed": 1}
    assert finding_of(result, "code_malformed").rows == (3,)
    assert result.rows_loaded == 2


def test_ambiguous_villages_are_left_out(regency: Connection, do_import: Import, tmp_path: Path) -> None:
    path = write_layer(
        tmp_path / "desa.gpkg", [square(103, -3.2), square(103.1, -3.2)], desa=["Suka Maju", "Kampung Baru"]
    )
    result = do_import(path, "villages")
    assert codes_of(result) == {"name_ambiguous": 1}
    assert rows_of(regency, "villages", "code, kind") == [("99.01.02.2002", "desa")]


def test_after_districts_every_layer_knows_them(regency: Connection, do_import: Import, tmp_path: Path) -> None:
    do_import(write_layer(tmp_path / "jalan.gpkg", [LINE], kelas=["primary"]), "streets")
    assert rows_of(regency, "streets", "district_codes") == [([],)]
    path = write_layer(tmp_path / "kec.gpkg", [square(103, -3.2, 0.2)], kode=["99.01.01"], nama=["Muara Beliti"])
    do_import(path, "districts")
    assert rows_of(regency, "streets", "district_codes") == [(["99.01.01"],)]


def test_hostile_text_is_only_text(bounded: Connection, do_import: Import, tmp_path: Path) -> None:
    names = ["'); DROP TABLE layers.streets; --", "tab\there\\N", "baris\nbaru", "\\.", '{a,"b"}']
    path = write_geojson(
        tmp_path / "a.geojson", [(shapely.geometry.mapping(LINE), {"nama": name, "kelas": "primary"}) for name in names]
    )
    assert do_import(path, "streets").rows_loaded == 5
    kept = [name for (name,) in rows_of(bounded, "streets", "name")]
    assert kept == ["'); DROP TABLE layers.streets; --", "tab here\\N", "baris baru", "\\.", '{a,"b"}']


def test_area_codes_are_those_of_the_database(bounded: Connection, do_import: Import, tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    starts = random.uniform((103.0, -3.2), (103.4, -3.0), (300, 2))
    ends = starts + random.normal(0, 0.05, (300, 2))
    lines = [shapely.LineString(pair) for pair in np.stack([starts, ends], axis=1)]
    do_import(write_layer(tmp_path / "a.gpkg", lines, kelas=["path"] * 300), "streets")
    differing = bounded.scalar(
        text(
            "SELECT count(*) FROM layers.streets s WHERE district_codes IS DISTINCT FROM ARRAY(SELECT code FROM "
            "layers.districts d WHERE ST_Intersects(d.geom, s.geom) ORDER BY code)"
        )
    )
    assert differing == 0
    assert bounded.scalar(text("SELECT count(*) FROM layers.streets WHERE cardinality(district_codes) = 2")) > 0


def test_packages_go_to_the_register_with_their_place(bounded: Connection, do_import: Import, tmp_path: Path) -> None:
    inside = square(103.05, -3.15, 0.01)
    values = {
        "kode_paket": ["A-1", "A-2", "A-3"],
        "nama_paket": ["Jalan A", "Jalan B", "Jalan C"],
        "tahun": [2026, 2026, 2025],
        "status_paket": ["PELAKSANAAN", "RENCANA", "PHO"],
        "pagu": [1_000_000, -5, 3_000_000],
        "realisasi": [40.0, 0.0, 120.0],
        "tanggal_mulai": ["2026-03-01", "2026-05-01", "2025-03-01"],
        "tanggal_selesai": ["2026-09-01", "2026-01-01", "2025-09-01"],
    }
    result = do_import(write_layer(tmp_path / "paket.gpkg", [inside, None, inside], **values), "projects")
    assert result.rows_loaded == 3
    found = codes_of(result)
    assert found["not_located"] == 1
    assert found["money_negative:ceiling_idr"] == found["percent_out_of_range:physical_percent"] == 1
    assert found["dates_turned:end_date"] == 1
    rows = bounded.execute(
        text(
            "SELECT p.code, kind, method, p.district_codes FROM app.project p LEFT JOIN app.project_location l ON l.project_id = p.id ORDER BY 1"
        )
    ).all()
    assert [tuple(row) for row in rows] == [
        ("A-1", "contracted", "imported", ["99.01.01"]),
        ("A-2", None, None, []),
        ("A-3", "built", "imported", ["99.01.01"]),
    ]
    assert bounded.scalar(text("SELECT count(*) FROM history.project WHERE NOT demo")) == 0
    moved = square(103.25, -3.15, 0.01)
    values["nama_paket"] = ["Jalan A baru", "Jalan B", "Jalan C"]
    again = do_import(
        write_layer(tmp_path / "lagi.gpkg", [moved, None, inside], **values), "projects", mode="update", key="code"
    )
    assert again.imported
    assert bounded.execute(text("SELECT name, district_codes FROM app.project WHERE code = 'A-1'")).one() == (
        "Jalan A baru",
        ["99.01.02"],
    )
    assert bounded.scalar(text("SELECT count(*) FROM app.project_location")) == 2


def test_zones_of_an_unknown_plan(regency: Connection, do_import: Import, tmp_path: Path) -> None:
    path = write_layer(
        tmp_path / "a.gpkg", [square(103, -3)], kodszn=["R-2"], namszn=["Perumahan"], kode_rencana=["RTRW-X"]
    )
    assert codes_of(do_import(path, "plan_zones")) == {"plan_unknown": 1, "nothing_left": 1}


def test_the_result_as_json(bounded: Connection, do_import: Import, tmp_path: Path) -> None:
    path = write_layer(tmp_path / "a.gpkg", [LINE, LINE], kelas=["primary", "entah"])
    result = do_import(path, "streets")
    content = json.loads(json.dumps(result.to_json(language="en", dry_run=True)))
    assert (content["outcome"], content["dry_run"], content["rows_loaded"]) == ("imported", True, 2)
    assert [step["step"] for step in content["steps"]] == ["read", "validate", "transform", "load"]
    found = content["findings"][0]
    assert found["rows"] == [2]
    assert "Other" in found["message"]


def test_lengths_that_seem_to_be_kilometres_are_asked_about(
    bounded: Connection, do_import: Import, tmp_path: Path
) -> None:
    path = write_roads(tmp_path / "a.gpkg", [["A", "1", 11.1, "K"], ["B", "2", 11.0, "K"]])
    result = do_import(path, "roads")
    assert codes_of(result) == {"unit_suspicious:length_sk_m": 1}
    assert "--map PANJANG_SK=length_sk_m:km" in result.findings[0].message_id
    assert do_import(path, "roads", mapping={"PANJANG_SK": "length_sk_m:m"}).imported  # who says so is believed
    do_import(path, "roads", mode="replace", mapping={"PANJANG_SK": "length_sk_m:km"})
    assert rows_of(bounded, "roads", "length_sk_m", "code") == [(11100,), (11000,)]


@pytest.mark.parametrize(
    ("column", "area", "imported"), [("LUASWH", 12300, True), ("LUASWH", 123, False), ("LUAS", 123, True)]
)
def test_areas_in_hectares_and_square_kilometres(
    column: str, area: float, imported: bool, regency: Connection, do_import: Import, tmp_path: Path
) -> None:
    district = square(103, -3.2, 0.1)  # 123 km²
    columns: dict[str, Any] = {"kode": ["99.01.01"], "nama": ["Muara Beliti"], column: [area]}
    path = write_layer(tmp_path / "kec.gpkg", [district], **columns)
    result = do_import(path, "districts")
    assert result.imported == imported
    if imported:
        assert rows_of(regency, "districts", "legal_area_km2") == [(123,)]
    else:
        assert "LUASWH=legal_area_km2:km2" in result.findings[0].message_en


def test_an_empty_condition_is_unsurveyed_an_unknown_one_is_left_out(
    bounded: Connection, do_import: Import, tmp_path: Path
) -> None:
    do_import(write_roads(tmp_path / "a.gpkg", ROADS), "roads")
    path = write_segments(
        tmp_path / "k.csv",
        [
            ("001", "0+000", "0+100", 2025, ""),
            ("001", "0+100", "0+200", 2025, "hancur"),
            ("001", "0+200", "0+300", 2025, "B"),
        ],
    )
    result = do_import(path, "road_segments")
    assert rows_of(bounded, "road_segments", "sta_from_m, condition", "sta_from_m") == [
        (0, "unsurveyed"),
        (200, "good"),
    ]
    assert codes_of(result) == {"value_unreadable:condition": 1, "required_value_missing:condition": 1}
