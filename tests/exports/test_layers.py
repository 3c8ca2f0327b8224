"""`petakarya export`: a layer's public fields in files that other programs read, and mistakes said in a sentence."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import geopandas as gpd
import pytest
from click.testing import CliRunner
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from app.exports.cli import export, write_whole
from app.exports.layer_files import Format
from app.ogc.forms import ItemQuery
from layers.catalogue import built_in_catalogue
from tests.helpers.application import connection_beside
from tests.helpers.factories import make_district, make_project, make_region, make_row


@pytest.fixture
def reader(connection: Connection) -> Session:
    """A session of the public's role on rows of three packages, one of them nowhere."""
    make_region(connection)
    make_district(connection)
    make_project(connection, code="P-1", name="=1+1", notes="rahasia7", planned_percent=62, physical_percent=48.2)
    make_project(connection, code="P-2", year=2025)
    make_project(connection, code="P-3", geom=None, end_date=None, contract_value_idr=None)
    make_row(connection, "layers.facilities", name="SD", kind="primary_school", geom="POINT(102.9 -3.1)")
    return Session(connection_beside(connection, "reader"))


def written(
    reader: Session, path: Path, wanted: Format, query: ItemQuery | None = None, layer: str = "projects"
) -> int:
    definition = built_in_catalogue().layer(layer)
    return write_whole(reader, definition, query or ItemQuery(limit=2), str(path), wanted)


def test_geojson_has_every_page(reader: Session, tmp_path: Path) -> None:
    path = tmp_path / "p.geojson"
    assert written(reader, path, "geojson") == 3
    content = json.loads(path.read_text())
    assert [one["properties"]["code"] for one in content["features"]] == ["P-1", "P-2", "P-3"]
    assert content["features"][2]["geometry"] is None
    assert "rahasia7" not in path.read_text()
    assert [one.name for one in tmp_path.iterdir()] == ["p.geojson"]


@pytest.mark.parametrize("wanted", ["gpkg", "fgb"])
def test_files_of_gdal_keep_types_and_crs(reader: Session, tmp_path: Path, wanted: Format) -> None:
    path = tmp_path / f"p.{wanted}"
    path.write_text("yang lama")
    assert written(reader, path, wanted) == 3
    frame = gpd.read_file(path).set_index("code").sort_index()
    assert frame.crs.to_epsg() == 4326
    assert frame.loc["P-1", "physical_percent"] == 48.2
    assert frame.loc["P-1", "year"] == 2026
    assert frame.loc["P-1", "start_date"].date().isoformat() == "2026-05-01"
    assert frame.loc["P-1", "district_codes"] == "16.05.09"
    assert frame.loc["P-3"].geometry is None
    assert "notes" not in frame


def test_csv_has_points_as_degrees_and_lines_as_wkt(reader: Session, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    written(reader, path, "csv", ItemQuery(limit=9, equal={"year": 2026}))
    rows = list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))
    assert [row["code"] for row in rows] == ["P-1", "P-3"]
    assert rows[0]["name"] == "'=1+1"
    assert rows[0]["deviation_points"] == "-13.8"
    assert rows[0]["geometry"].startswith("LINESTRING (102.95 -3.15")
    assert (rows[1]["geometry"], rows[1]["contract_value_idr"]) == ("", "")
    written(reader, path, "csv", layer="facilities")
    assert path.read_text("utf-8-sig").splitlines()[1].endswith(",102.9,-3.1")


def test_empty_answer_is_an_empty_file(reader: Session, tmp_path: Path) -> None:
    for wanted in ("geojson", "csv", "gpkg"):
        path = tmp_path / f"leer.{wanted}"
        assert written(reader, path, wanted, ItemQuery(limit=5, equal={"year": 1999})) == 0  # type: ignore[arg-type]
        assert path.exists()


@pytest.mark.parametrize("arguments", [
    ["zzz"], ["projects", "-o", "x.shp"], ["projects", "-o", "/tidak/ada/x.csv"], ["projects", "--filter", "year"],
    ["projects", "--filter", "=2026"], ["projects", "--format", "dwg"],
])  # fmt: skip
def test_mistakes_are_said_before_a_database_is_asked(arguments: list[str]) -> None:
    answer = CliRunner().invoke(export, arguments)
    assert answer.exit_code == 2, answer.output
    assert "Traceback" not in answer.output
