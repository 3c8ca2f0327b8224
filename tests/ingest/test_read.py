"""Every format is read into the same table: rows, geometries, coordinate system, encoding."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from pyproj import CRS

from layers.ingest.encoding import detect_encoding
from layers.ingest.errors import ImportRefused
from layers.ingest.read import ReadOptions, SourceTable, read
from tests.helpers.files import set_language_driver, square, write_csv, write_geojson, write_layer

POINTS = [shapely.Point(103.1, -3.1), shapely.Point(103.2, -3.15)]


def read_with(path: Path, **options: object) -> SourceTable:
    return read(path, ReadOptions(**options))  # type: ignore[arg-type]


def refusal_of(path: Path, **options: object) -> ImportRefused:
    with pytest.raises(ImportRefused) as refusal:
        read_with(path, **options)
    return refusal.value


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".sqlite", ".fgb", ".shp", ".kml", ".gpx"])
def test_formats(suffix: str, tmp_path: Path) -> None:
    columns: dict[str, Any] = {"Name" if suffix == ".kml" else "name": ["Pasar", "Balai"]}
    table = read_with(write_layer(tmp_path / f"titik{suffix}", POINTS, **columns))
    names = table.attributes[next(iter(columns))].tolist()
    found = dict(zip(names, table.geometries, strict=True))  # FlatGeobuf sorts its rows by place
    assert shapely.equals_exact(found["Pasar"], POINTS[0], 1e-7)
    assert shapely.equals_exact(found["Balai"], POINTS[1], 1e-7)
    assert table.crs.to_epsg() == 4326
    assert table.rows.tolist() == [1, 2]


def test_several_layers_ask_which(tmp_path: Path) -> None:
    path = write_layer(tmp_path / "a.gpkg", POINTS, layer="pasar", name=["a", "b"])
    write_layer(path, [square(103, -3)], layer="taman", name=["t"])
    refusal = refusal_of(path)
    assert refusal.findings[0].code == "several_layers"
    assert "pasar, taman" in refusal.message_id
    assert len(read_with(path, source_layer="Taman").rows) == 1
    assert refusal_of(path, source_layer="kolam").findings[0].code == "source_layer_unknown"


def test_empty_layers_are_not_asked_about(tmp_path: Path) -> None:
    path = write_layer(tmp_path / "a.gpkg", POINTS, layer="pasar", name=["a", "b"])
    write_layer(path, [], layer="taman", name=[])
    assert len(read_with(path).rows) == 2


def test_layer_without_rows(tmp_path: Path) -> None:
    path = write_layer(tmp_path / "a.gpkg", [], layer="pasar", name=[])
    assert refusal_of(path).findings[0].code == "no_rows"


def test_shapefile_without_prj(tmp_path: Path) -> None:
    path = write_layer(tmp_path / "a.shp", POINTS, name=["a", "b"])
    path.with_suffix(".prj").unlink()
    refusal = refusal_of(path)
    assert refusal.findings[0].code == "crs_missing"
    assert ".prj" in refusal.message_id
    assert read_with(path, crs="EPSG:4326").crs.to_epsg() == 4326
    assert read_with(path, crs="23833").crs_name == "EPSG:23833"


def test_unknown_crs(tmp_path: Path) -> None:
    path = write_layer(tmp_path / "a.shp", POINTS, name=["a", "b"])
    assert refusal_of(path, crs="EPSG:1").findings[0].code == "crs_unknown"


def test_given_crs_wins_and_says_so(tmp_path: Path) -> None:
    path = write_layer(tmp_path / "a.gpkg", [shapely.Point(166655.88, 1157245.95)], crs=23830, name=["a"])
    table = read_with(path, crs="EPSG:23833")
    assert table.crs_name == "EPSG:23833"
    assert [one.code for one in table.findings] == ["crs_overridden"]


def test_local_crs_is_refused(tmp_path: Path) -> None:
    local = CRS.from_wkt('LOCAL_CS["Sumur bor",UNIT["metre",1],AXIS["x",EAST],AXIS["y",NORTH]]')
    path = write_layer(tmp_path / "a.gpkg", POINTS, crs=local, name=["a", "b"])
    assert refusal_of(path).findings[0].code in {"crs_local", "crs_missing"}


def test_a_crs_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    path = write_layer(tmp_path / "a.shp", POINTS, crs=32748, name=["a", "b"])
    prj = path.with_suffix(".prj")
    prj.write_text(prj.read_text().replace("6378137.0", "-6378137.0"))
    assert refusal_of(path).findings[0].code in {"crs_local", "crs_missing", "file_damaged"}


def test_shapefile_without_dbf(tmp_path: Path) -> None:
    path = write_layer(tmp_path / "a.shp", POINTS, name=["a", "b"])
    path.with_suffix(".dbf").unlink()
    table = read_with(path)
    assert len(table.rows) == 2
    assert [one.code for one in table.findings] == ["dbf_missing"]


@pytest.mark.parametrize("suffix", [".dbf", ".gpkg", ".geojson", ".sqlite"])
def test_cut_off_file_is_refused(suffix: str, tmp_path: Path) -> None:
    path = write_layer(tmp_path / f"a{'.shp' if suffix == '.dbf' else suffix}", POINTS * 50, name=["jalan"] * 100)
    broken = path.with_suffix(suffix)
    broken.write_bytes(broken.read_bytes()[: broken.stat().st_size * 2 // 3])
    assert refusal_of(path).findings[0].code == "file_damaged"


@pytest.mark.parametrize("name", ["foto.jpg", "surat.pdf", "a.gpkg", "a.geojson", "a.kml", "a.xlsx", "a.csv", "a.vrt"])
def test_what_is_no_geodata_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\xff\xd8\xff\xe0 \0 bukan data")
    assert refusal_of(tmp_path / name).findings[0].code == "not_geodata"


def test_file_that_names_another_is_not_opened(tmp_path: Path) -> None:
    secret = write_layer(tmp_path / "rahasia.gpkg", POINTS, name=["a", "b"])
    vrt = f'<OGRVRTDataSource><OGRVRTLayer name="rahasia"><SrcDataSource>{secret}</SrcDataSource></OGRVRTLayer>'
    for name in ("a.geojson", "a.kml", "a.gpkg"):
        (tmp_path / name).write_text(f"{vrt}</OGRVRTDataSource>")
        assert refusal_of(tmp_path / name).findings[0].code == "not_geodata"


def test_database_without_geometry(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.sqlite") as database:
        database.execute("CREATE TABLE pegawai (nama text)")
        database.execute("INSERT INTO pegawai VALUES ('Ani')")
    assert refusal_of(tmp_path / "a.sqlite").findings[0].code == "geometry_missing"


@pytest.mark.parametrize(
    ("text", "encoding"), [("Désa Müller", "latin-1"), ("Désa Müller", "cp1252"), ("Désa Müller", "utf-8")]
)
def test_encoding_without_cpg(text: str, encoding: str, tmp_path: Path) -> None:
    path = write_layer(tmp_path / "a.shp", POINTS, name=["x" * 20, "b"])
    dbf = path.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes().replace(b"x" * 20, text.encode(encoding).ljust(20)))
    path.with_suffix(".cpg").unlink()
    set_language_driver(dbf, 0)
    table = read_with(path)
    assert table.attributes["name"].str.strip().tolist()[0] == text
    assert [one.code for one in table.findings] == ["encoding_detected"]


def test_wrong_cpg_is_not_believed(tmp_path: Path) -> None:
    path = write_layer(tmp_path / "a.shp", POINTS, name=["x" * 20, "b"])
    dbf = path.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes().replace(b"x" * 20, "Désa Müller".encode("latin-1").ljust(20)))
    path.with_suffix(".cpg").write_text("UTF-8")
    assert read_with(path).attributes["name"].str.strip().tolist()[0] == "Désa Müller"


def test_utf8_cut_in_the_middle_of_a_letter_is_utf8() -> None:
    assert detect_encoding(("தமிழ் " * 40).encode()[:-4]) == "utf-8"


def test_csv_needs_its_columns_of_coordinates(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["Nama", "Bujur", "Lintang"], ["Pasar", "103,1", "-3,1"]])
    refusal = refusal_of(path)
    assert refusal.findings[0].code == "geometry_missing"
    assert "--lon Bujur --lat Lintang" in refusal.message_id


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_csv_of_any_delimiter_and_encoding(delimiter: str, encoding: str, tmp_path: Path) -> None:
    rows = [["Nama", "bujur", "lintang"], ["Désa Müller", "103,125", "-3,1"], ["Tanpa tempat", "", ""]]
    path = write_csv(tmp_path / "a.csv", rows, delimiter=delimiter, encoding=encoding)
    table = read_with(path, lon="Bujur", lat="Lintang")
    assert table.attributes["Nama"].tolist() == ["Désa Müller", "Tanpa tempat"]
    assert shapely.get_coordinates(table.geometries[:1]).tolist() == [[103.125, -3.1]]
    assert table.geometries[1] is None


def test_csv_with_titles_above_its_header(tmp_path: Path) -> None:
    rows = [
        ["Daftar Jembatan, Kabupaten Contoh"],
        ["Keadaan 31 Desember 2025"],
        [],
        ["No", "Nama", "X", "Y"],
        ["1", "Jembatan A, B, dan C", "103,1", "-3,1"],
        ["", "", "", ""],
        ["2", "Jembatan D", "103,2", "-3,1"],
    ]
    table = read_with(write_csv(tmp_path / "a.csv", rows), lon="X", lat="Y")
    assert table.attributes["Nama"].tolist() == ["Jembatan A, B, dan C", "Jembatan D"]


def test_csv_with_a_delimiter_at_the_end_of_its_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("nama,x,y\nPasar,103.1,-3.1,\nBalai,103.2,-3.1,\n")
    table = read_with(tmp_path / "a.csv", lon="x", lat="y")
    assert table.attributes["nama"].tolist() == ["Pasar", "Balai"]


def test_csv_with_more_cells_than_its_header_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("nama,x,y\nPasar,103.1,-3.1\nBalai, Desa,103.2,-3.1\n")
    refusal = refusal_of(tmp_path / "a.csv", lon="x", lat="y")
    assert refusal.findings[0].code == "cells_beyond_header"
    assert refusal.findings[0].rows == (2,)


def test_csv_with_line_breaks_in_quotes_and_columns_of_one_name(tmp_path: Path) -> None:
    rows = [["nama", "nama", "", "x", "y"], ["Pasar\nBaru", "b", "c", "103.1", "-3.1"], ["Balai", "", "", "103.2"]]
    table = read_with(write_csv(tmp_path / "a.csv", rows), lon="x", lat="y")
    assert list(table.attributes.columns) == ["nama", "nama 2", "kolom 3"]
    assert table.attributes["nama"].tolist() == ["Pasar\nBaru", "Balai"]
    assert shapely.is_missing(table.geometries).tolist() == [False, True]


def test_csv_in_metres_needs_a_crs(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["x", "y"], ["166655,88", "1157245,95"]])
    assert refusal_of(path, lon="x", lat="y").findings[0].code == "crs_missing"
    assert read_with(path, lon="x", lat="y", crs="EPSG:23833").crs_name == "EPSG:23833"


def test_csv_of_an_unknown_column(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["x", "y"], ["1", "2"]])
    assert refusal_of(path, lon="bujur", lat="y").findings[0].code == "column_unknown"


def test_csv_with_a_header_only(tmp_path: Path) -> None:
    assert refusal_of(write_csv(tmp_path / "a.csv", [["x", "y"]]), lon="x", lat="y").findings[0].code == "no_rows"


def test_sheet(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    frame = pd.DataFrame({"Nama": ["Pasar", "Balai"], "Bujur": [103.1, 103.2], "Lintang": [-3.1, -3.15]})
    pyogrio.write_dataframe(gpd.GeoDataFrame(frame), path, driver="XLSX")
    table = read_with(path, lon="bujur", lat="lintang")
    assert table.attributes["Nama"].tolist() == ["Pasar", "Balai"]
    assert np.allclose(shapely.get_coordinates(table.geometries), [[103.1, -3.1], [103.2, -3.15]])


def test_null_geometries_stay_rows(tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": [103.1, -3.1]}
    table = read_with(write_geojson(tmp_path / "a.geojson", [(point, {"name": "a"}), (None, {"name": "b"})]))
    assert shapely.is_missing(table.geometries).tolist() == [False, True]


def test_handwritten_web_mercator(tmp_path: Path) -> None:
    wkt = (
        'PROJCS["Google_Maps_Global_Mercator",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137,'
        '298.257223563]],PRIMEM["Greenwich",0],UNIT["Degree",0.017453292519943295]],PROJECTION["Mercator_2SP"],'
        'PARAMETER["standard_parallel_1",0],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",0],'
        'PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["Meter",1]]'
    )
    path = write_layer(tmp_path / "a.shp", [shapely.Point(11888631, -694500)], crs=3857, name=["a"])
    path.with_suffix(".prj").write_text(wkt)
    table = read_with(path)
    assert table.crs_name == "EPSG:3857"
    assert [one.code for one in table.findings] == ["crs_handwritten"]
