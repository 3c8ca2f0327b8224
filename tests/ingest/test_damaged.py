"""Whatever a damaged file holds, it ends in rows or in a refusal, never in a traceback."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.catalogue import built_in_catalogue
from layers.ingest.errors import ImportRefused
from layers.ingest.read import ReadOptions, read
from layers.ingest.unpack import unpack
from layers.ingest.validate import Extent, validate
from tests.helpers.files import shapefile_parts, square, write_csv, write_layer, zip_files

DEFINITION = built_in_catalogue().layer("buildings")
EXTENT = Extent((103.0, -3.2, 103.4, -3.0), is_real=True)
SUFFIXES = (".shp", ".dbf", ".shx", ".prj", ".cpg", ".gpkg", ".geojson", ".kml", ".fgb", ".zip", ".csv")


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small valid file of each format."""
    folder = tmp_path_factory.mktemp("samples")
    polygons = [square(103.1, -3.1), square(103.2, -3.15), shapely.Polygon([(103, -3), (103.1, -3), (103.1, -3.1)])]
    for suffix in (".shp", ".gpkg", ".geojson", ".kml", ".fgb"):
        write_layer(folder / f"a{suffix}", polygons, Name=["Rumah", "Désa", "Kantor"])
    zip_files(
        folder / "a.zip",
        [part for part in shapefile_parts(folder / "a.shp") if part.suffix in {".shp", ".dbf", ".prj"}],
    )
    write_csv(folder / "a.csv", [["Name", "x", "y"], ["Rumah", "103,1", "-3,1"]])
    return folder


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_anywhere(suffix: str, samples: Path, data: st.DataObject) -> None:
    content = bytearray((samples / f"a{suffix}").read_bytes())
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content)))) :]
    with tempfile.TemporaryDirectory() as name:
        sent, work = Path(name) / "sent", Path(name) / "work"
        work.mkdir()
        sent.mkdir()
        is_part = suffix in {".dbf", ".shx", ".prj", ".cpg"}
        for part in shapefile_parts(samples / "a.shp") if suffix == ".shp" or is_part else []:
            if part.suffix in {".shp", ".dbf", ".shx", ".prj", ".cpg"}:
                shutil.copy(part, sent)
        (sent / f"a{suffix}").write_bytes(content)
        try:
            dataset = unpack(sent / ("a.shp" if is_part else f"a{suffix}"), work)
            coordinates = ("x", "y") if suffix == ".csv" else (None, None)
            table = read(dataset.path, ReadOptions(None, None, *coordinates))
            checked = validate(table, DEFINITION, EXTENT)
        except ImportRefused:
            return
        assert len(checked.table.rows) == len(checked.table.geometries) == len(checked.table.attributes)
        assert shapely.is_valid(checked.table.geometries).all()
