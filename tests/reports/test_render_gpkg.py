"""The GeoPackage: layers as they were, styles that QGIS reads, figures, and equal content for equal reports."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import pyogrio
import pytest
from geopandas.testing import assert_geodataframe_equal

from app.reports.render import render
from tests.reports.sample import CODES, HOSTILE, make_frames, make_report, without_content


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gpkg") / "report.gpkg"
    path.write_bytes(render(make_report(), "gpkg", language="id"))
    return path


@pytest.fixture
def database(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection:
        yield connection


def test_equal_reports_have_equal_content(path: Path, database: sqlite3.Connection, tmp_path: Path) -> None:
    other = tmp_path / "other.gpkg"
    other.write_bytes(render(make_report(), "gpkg", language="id"))
    with closing(sqlite3.connect(other)) as connection:
        assert list(connection.iterdump()) == list(database.iterdump())


def test_layers_are_as_the_frames_were(path: Path) -> None:
    layers = {name for name, _ in pyogrio.list_layers(path)}
    assert layers == {"districts", "districts_values", "segments", "offences", "figures", "layer_styles", "report"}
    frames = make_frames()
    for name in ("districts", "offences"):
        read = pyogrio.read_dataframe(path, layer=name)
        wanted = frames[name].rename(columns={"geom": "geometry"}).set_geometry("geometry")
        assert_geodataframe_equal(read, wanted, check_dtype=False, check_like=True)


def test_classes_are_a_column_and_unknown_is_one(path: Path) -> None:
    frame = pyogrio.read_dataframe(path, layer="districts_values")
    assert list(frame["pk_class"])[3] == "unknown"
    assert set(frame["name"]) >= set(HOSTILE)


def test_styles_name_each_class_of_their_layer(path: Path, database: sqlite3.Connection) -> None:
    rows = database.execute("SELECT f_table_name, styleQML, styleSLD, useAsDefault FROM layer_styles").fetchall()
    assert {row[0] for row in rows} == {"districts_values", "segments"}
    for layer, qml, sld, is_default in rows:
        renderer = ElementTree.fromstring(qml.partition("'SYSTEM'>")[2]).find("renderer-v2")
        assert renderer is not None
        assert renderer.get("attr") == "pk_class"
        values = {one.get("value") for one in renderer.iter("category")}
        assert set(pyogrio.read_dataframe(path, layer=layer)["pk_class"]) <= values
        symbols = {one.get("name") for one in renderer.iter("symbol")}
        assert {one.get("symbol") for one in renderer.iter("category")} == symbols
        assert len(list(ElementTree.fromstring(sld).iter("{http://www.opengis.net/se}Rule"))) == len(values)
        assert is_default == 1


def test_figures_and_the_report_are_tables(path: Path, database: sqlite3.Connection) -> None:
    report = make_report()
    figures = pyogrio.read_dataframe(path, layer="figures")
    assert list(figures["figure"]) == [one.id for one in report.figures]
    known = [one.value for one in report.figures if one.value is not None]
    assert figures["value"].dropna().tolist() == pytest.approx(known)
    (text,) = database.execute("SELECT json FROM report").fetchone()
    assert json.loads(text) == report.to_json(language="id")


def test_package_is_sound(database: sqlite3.Connection) -> None:
    assert database.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    contents = dict(database.execute("SELECT table_name, data_type FROM gpkg_contents").fetchall())
    assert contents["districts_values"] == "features"
    assert contents["layer_styles"] == "attributes"
    moments = database.execute("SELECT DISTINCT last_change FROM gpkg_contents").fetchall()
    assert moments == [("2026-11-24T07:30:00.000Z",)]
    count = database.execute("SELECT count(*) FROM districts_values").fetchone()
    assert count == (len(CODES),)


def test_nothing_in_the_area_is_still_a_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.gpkg"
    path.write_bytes(render(without_content(make_report()), "gpkg", language="id"))
    assert {name for name, _ in pyogrio.list_layers(path)} == {"figures", "layer_styles", "report"}
