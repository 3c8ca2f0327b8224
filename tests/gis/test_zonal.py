from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.mask import mask
from rasterio.transform import from_origin

from gis.errors import MissingColumn, NotClasses
from gis.measure import area_m2
from gis.raster import open_raster
from gis.zonal import ClassAreas, class_areas, zonal_statistics
from tests.gis.rasters import areas_of, box_of_cells, write_raster

CELL_M2 = 900.0
SCALE = 0.000_6  # UTM 48S at 103.2 E: areas on the grid are this much greater than on the ellipsoid, at most


def measured(path: Path, areas: gpd.GeoDataFrame) -> ClassAreas:
    with open_raster(path) as raster:
        return class_areas(raster, areas, key="code")


def test_classes_of_a_known_square(tmp_path: Path) -> None:
    """Rows 0–4 are class 3, rows 5–9 class 8, but for a cell of nodata; the square takes two and a half rows of each."""
    cells = np.full((10, 10), 3, "uint8")
    cells[5:] = 8
    cells[5, 5] = 0
    source = write_raster(tmp_path / "a.tif", cells, nodata=0)
    found = measured(source, areas_of(box_of_cells(2.5, 2, 7.5, 8)))
    assert list(found.classes.columns) == [3, 8]
    inside = 2.5 * 6 * CELL_M2
    assert found.classes.loc["A"].tolist() == pytest.approx([inside, inside - CELL_M2], rel=SCALE)
    assert found.cover.loc["A", "valid_m2"] == pytest.approx(2 * inside - CELL_M2, rel=SCALE)
    assert found.cover.loc["A", "covered_m2"] == pytest.approx(found.cover.loc["A", "area_m2"], rel=1e-6)


def test_what_the_raster_does_not_reach_is_said(tmp_path: Path) -> None:
    source = write_raster(tmp_path / "a.tif", np.ones((10, 10), "uint8"))
    half, outside = box_of_cells(0, 5, 10, 15), box_of_cells(100, 100, 110, 110)
    areas = pd.concat([areas_of(half, outside), areas_of(shapely.box(-70, 10, -69, 11), crs=4326).assign(code="Z")])
    cover = measured(source, areas).cover
    assert cover.loc["A", "covered_m2"] / cover.loc["A", "area_m2"] == pytest.approx(0.5, rel=1e-5)
    assert cover.loc[["B", "Z"], ["covered_m2", "valid_m2"]].to_numpy().tolist() == [[0, 0], [0, 0]]
    assert (cover["area_m2"] > 0).all()


def test_no_areas_no_rows(tmp_path: Path) -> None:
    source = write_raster(tmp_path / "a.tif", np.ones((10, 10), "uint8"))
    found = measured(source, areas_of(box_of_cells(0, 0, 1, 1)).iloc[:0])
    assert found.classes.empty
    assert found.cover.empty


def test_degrees_and_metres_give_the_same_hectares(tmp_path: Path) -> None:
    """The same land as a raster in degrees and, of cells a quarter as large, in metres: a disc of class 2."""
    west, south, side = 103.2, -3.2, 0.05
    areas = areas_of(shapely.box(west + 0.011, south + 0.007, west + 0.043, south + 0.041), crs=4326)
    middle = shapely.Point(west + side / 2, south + side / 2)
    for crs, transform, size in (
        ("EPSG:4326", from_origin(west, south + side, side / 500, side / 500), (500, 500)),
        ("EPSG:32748", from_origin(299_900, 9_652_000, 2.5, 2.5), (2400, 2400)),
    ):
        from pyproj import Transformer

        rows, columns = np.indices(size)
        x, y = transform.c + (columns + 0.5) * transform.a, transform.f + (rows + 0.5) * transform.e
        lon, lat = Transformer.from_crs(crs, 4326, always_xy=True).transform(x, y)
        disc = np.hypot(lon - middle.x, lat - middle.y) < 0.012
        found = measured(write_raster(tmp_path / f"{size[0]}.tif", np.where(disc, 2, 1).astype("uint8"), crs=crs, transform=transform), areas)  # fmt: skip
        exact = area_m2(np.array([middle.buffer(0.012, quad_segs=512)]))[0]
        assert found.classes.loc["A", 2] == pytest.approx(exact, rel=5e-4), crs
        assert found.cover.loc["A", "valid_m2"] == pytest.approx(area_m2(areas.geometry)[0], rel=1e-6), crs


def test_counting_by_hand_with_numpy(tmp_path: Path) -> None:
    """Cells counted one by one with shapely: the share of each that lies inside."""
    rng = np.random.default_rng(3)
    cells = rng.integers(1, 5, (12, 14)).astype("int16")
    shape = shapely.Polygon(
        [shapely.get_coordinates(box_of_cells(row, column, row, column))[0] for row, column in ((1.2, 1.7), (10.9, 3.1), (8.3, 12.6), (2.4, 11.2))]
    )  # fmt: skip
    found = measured(write_raster(tmp_path / "a.tif", cells), areas_of(shape))
    byhand = dict.fromkeys(range(1, 5), 0.0)
    for (row, column), value in np.ndenumerate(cells):
        cell = box_of_cells(row, column, row + 1, column + 1)
        part = areas_of(shape.intersection(cell))
        byhand[int(value)] += float(area_m2(part.geometry)[0])
    assert found.classes.loc["A"].to_dict() == pytest.approx(byhand, rel=1e-5)


def test_windows_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gis.raster import Grid

    rng = np.random.default_rng(5)
    source = write_raster(tmp_path / "a.tif", rng.integers(0, 6, (90, 110)).astype("int16") - 2, nodata=0)
    areas = areas_of(box_of_cells(3.3, 5.1, 80, 100), box_of_cells(40, 40, 60.5, 109))
    whole = measured(source, areas)
    windows = Grid.windows
    monkeypatch.setattr(Grid, "windows", lambda self, side=17: windows(self, 17))
    parts = measured(source, areas)
    pd.testing.assert_frame_equal(parts.classes, whole.classes, rtol=1e-6)
    pd.testing.assert_frame_equal(parts.cover, whole.cover, rtol=1e-6)


def test_fractions_and_too_many_values_are_no_classes(tmp_path: Path) -> None:
    areas = areas_of(box_of_cells(0, 0, 30, 30))
    with pytest.raises(NotClasses):
        measured(write_raster(tmp_path / "a.tif", np.full((30, 30), 1.5, "float32")), areas)
    with pytest.raises(NotClasses):
        measured(write_raster(tmp_path / "b.tif", np.arange(900).reshape(30, 30).astype("int16")), areas)
    with pytest.raises(NotClasses):
        measured(write_raster(tmp_path / "c.tif", np.full((30, 30), 3e9, "float64")), areas)
    whole = measured(write_raster(tmp_path / "d.tif", np.full((30, 30), 4.0, "float32")), areas)
    assert list(whole.classes.columns) == [4]
    with pytest.raises(MissingColumn):
        measured(tmp_path / "d.tif", areas.rename(columns={"code": "kode"}))


def test_rows_of_one_key_are_one_area_and_bad_polygons_are_repaired(tmp_path: Path) -> None:
    source = write_raster(tmp_path / "a.tif", np.ones((10, 10), "uint8"))
    areas = areas_of(box_of_cells(0, 0, 10, 4), box_of_cells(0, 6, 10, 10)).assign(code="A")
    assert measured(source, areas).classes.loc["A", 1] == pytest.approx(80 * CELL_M2, rel=SCALE)
    x, y = 300_000, 9_657_000
    bowtie = shapely.Polygon([(x, y), (x + 300, y - 300), (x + 300, y), (x, y - 300)])
    twisted = gpd.GeoDataFrame({"code": ["A"]}, geometry=[bowtie], crs=32_748).to_crs(4326)
    assert measured(source, twisted).classes.loc["A", 1] == pytest.approx(50 * CELL_M2, rel=SCALE)


@pytest.fixture(scope="module")
def mosaic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(11)
    cells = rng.integers(0, 7, (60, 60)).astype("uint8")
    return write_raster(tmp_path_factory.mktemp("mosaic") / "a.tif", cells, nodata=6)


corner = st.floats(0, 60, allow_nan=False)


@settings(max_examples=40, deadline=None)
@given(st.tuples(corner, corner), st.tuples(corner, corner), st.floats(0.05, 0.95))
def test_classes_add_up_and_splitting_changes_no_sum(
    mosaic: Path, first: tuple[float, float], second: tuple[float, float], cut: float
) -> None:
    top, bottom = sorted((first[0], second[0]))
    left, right = sorted((first[1], second[1]))
    if bottom - top < 0.01 or right - left < 0.01:
        return
    middle = left + cut * (right - left)
    whole = measured(mosaic, areas_of(box_of_cells(top, left, bottom, right)))
    parts = measured(
        mosaic, areas_of(box_of_cells(top, left, bottom, middle), box_of_cells(top, middle, bottom, right))
    )
    size = whole.cover.loc["A", "area_m2"]
    assert whole.classes.loc["A"].sum() == pytest.approx(whole.cover.loc["A", "valid_m2"], rel=1e-12)
    assert whole.cover.loc["A", "covered_m2"] == pytest.approx(size, rel=1e-5)
    together = parts.classes.sum().reindex(whole.classes.columns, fill_value=0)
    assert np.allclose(together, whole.classes.loc["A"], rtol=0, atol=1e-5 * size)


def test_statistics_agree_with_numpy(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    cells = rng.normal(-20, 300, (40, 50)).astype("float32")
    cells[rng.random(cells.shape) < 0.1] = np.nan
    with open_raster(write_raster(tmp_path / "a.tif", cells, nodata=np.nan)) as raster:
        found = zonal_statistics(raster, areas_of(box_of_cells(5, 5, 20, 30), box_of_cells(200, 0, 201, 1)), key="code")
    inside = cells[5:20, 5:30]
    row = found.loc["A"]
    assert (row["minimum"], row["maximum"]) == pytest.approx((np.nanmin(inside), np.nanmax(inside)), rel=1e-6)
    assert row["mean"] == pytest.approx(np.nanmean(inside), abs=0.01), "cells are of almost one size"
    assert row["total"] == pytest.approx(np.nansum(inside.astype("float64")), abs=0.5)
    assert row["valid_m2"] == pytest.approx(np.isfinite(inside).sum() * CELL_M2, rel=SCALE)
    assert row["covered_m2"] == pytest.approx(row["area_m2"], rel=1e-6)
    assert found.loc["B", ["minimum", "maximum", "mean"]].isna().all()
    assert found.loc["B", "total"] == 0


def test_residents_of_a_cell_on_the_border_are_shared(tmp_path: Path) -> None:
    source = write_raster(tmp_path / "a.tif", np.full((2, 2), 100.0, "float32"))
    left, right = box_of_cells(0, 0, 2, 0.25), box_of_cells(0, 0.25, 2, 2)
    with open_raster(source) as raster:
        found = zonal_statistics(raster, areas_of(left, right), key="code")
    assert found["total"].tolist() == pytest.approx([50, 350], rel=1e-4)


def test_counting_pixel_centres_differs_little(shared_data: Path) -> None:
    """Bandung's land cover of 2003: rasterio counts pixels by their centre; the exact shares lie near."""
    path = shared_data / "rasters" / "bandung_utm48s_lc03.tif"
    with rasterio.open(path) as dataset:
        west, south, east, north = dataset.bounds
        shape = shapely.Point((west + east) / 2, (south + north) / 2).buffer(270, quad_segs=32)
        counted, _ = mask(dataset, [shape], crop=False, nodata=255)
    areas = gpd.GeoDataFrame({"code": ["A"]}, geometry=[shapely.segmentize(shape, 5)], crs=32_748).to_crs(4326)
    found = measured(path, areas)
    pixels = {int(value): int(count) for value, count in zip(*np.unique(counted[counted != 255], return_counts=True), strict=True)}  # fmt: skip
    assert set(found.classes.columns) == {1, 2, 5} >= set(pixels)
    for value, count in pixels.items():
        assert found.classes.loc["A", value] == pytest.approx(count * 625, abs=0.06 * area_m2(areas.geometry)[0])
    assert found.classes.loc["A"].sum() == pytest.approx(area_m2(areas.geometry)[0], rel=1e-6)
