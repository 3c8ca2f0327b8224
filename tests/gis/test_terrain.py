from __future__ import annotations

import math
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import from_origin
from rasterio.windows import Window

from gis.errors import InvalidMeasure, NotClasses, UnprojectedGeometry
from gis.figures import Rule
from gis.measure import area_m2
from gis.raster import open_raster
from gis.terrain import (
    SlopeClasses,
    Slopes,
    change_matrix,
    changes,
    classify_slope,
    decode_change,
    in_metres,
    slope_degrees,
    slope_percent,
)
from gis.zonal import class_areas
from tests.gis.rasters import areas_of, box_of_cells, write_raster

BOUNDS = tuple(
    Rule(f"LERENG_KELAS_{number}", value, "percent", "Contoh", "2026-01", "R")
    for number, value in enumerate((8.0, 15.0, 25.0, 40.0), start=1)
)


def plane(rows: int, columns: int, rise_east: float, rise_north: float, cell: float = 30.0) -> np.ndarray:
    """Heights of a plane that rises so many metres a metre."""
    row, column = np.indices((rows, columns))
    return (100 + column * cell * rise_east - row * cell * rise_north).astype("float64")


@settings(max_examples=60, deadline=None)
@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(1, 90), st.floats(1, 90))
def test_a_plane_has_one_slope_up_to_its_last_cell(east: float, north: float, cell_x: float, cell_y: float) -> None:
    row, column = np.indices((7, 9))
    heights = np.ma.masked_invalid(column * cell_x * east - row * cell_y * north)
    heights[0], heights[-1], heights[:, 0], heights[:, -1] = (np.ma.masked,) * 4  # the ring beyond the raster
    found = slope_percent(heights, cell_x_m=cell_x, cell_y_m=cell_y)
    assert found.shape == (5, 7)
    assert np.allclose(found, math.hypot(east, north) * 100, rtol=1e-9, atol=1e-7)


def test_degrees_of_well_known_slopes() -> None:
    assert slope_degrees(np.array([0.0, 100.0, 57.735026918962574])) == pytest.approx([0, 45, 30])


def test_horn_by_hand() -> None:
    """Nine heights, cell 10 m: Horn's weights by hand, as in the textbooks of GIS (Burrough and McDonnell)."""
    heights = np.ma.array([[50.0, 45, 50], [30, 30, 30], [8, 10, 10]])
    east_west = ((50 + 2 * 30 + 10) - (50 + 2 * 30 + 8)) / (8 * 5)
    north_south = ((8 + 2 * 10 + 10) - (50 + 2 * 45 + 50)) / (8 * 5)
    found = slope_percent(heights, cell_x_m=5, cell_y_m=5)
    assert found[0, 0] == pytest.approx(100 * math.hypot(east_west, north_south))
    assert slope_degrees(found)[0, 0] == pytest.approx(75.25762, abs=1e-4)


def test_a_cell_without_value_or_neighbours_has_no_slope() -> None:
    heights = np.ma.masked_all((5, 5))
    heights[2, 2] = 10
    assert np.isnan(slope_percent(heights, cell_x_m=30, cell_y_m=30)).all()
    heights[:] = 10
    heights[2, 2] = np.ma.masked
    found = slope_percent(heights, cell_x_m=30, cell_y_m=30)
    assert np.isnan(found[1, 1])
    assert np.isnan(found).sum() == 1
    with pytest.raises(InvalidMeasure):
        slope_percent(heights, cell_x_m=0, cell_y_m=30)


def test_bounds_belong_to_the_gentler_class() -> None:
    slopes = np.array([[0, 8, 8.001, 15, 25, 40, 40.001, np.nan]])
    assert classify_slope(slopes, BOUNDS).tolist() == [[1, 1, 2, 2, 3, 4, 5, None]]
    with pytest.raises(InvalidMeasure):
        classify_slope(slopes, BOUNDS[::-1])
    with pytest.raises(InvalidMeasure):
        classify_slope(slopes, ())


def test_windows_change_no_slope(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    heights = rng.normal(300, 20, (50, 60)).astype("float32")
    heights[10:14, 20:30] = -9999
    with open_raster(write_raster(tmp_path / "a.tif", heights, nodata=-9999)) as raster:
        slopes = Slopes(raster)
        whole = slopes.read(Window(0, 0, 60, 50))
        parts = np.ma.vstack([np.ma.hstack([slopes.read(Window(c, r, 20, 25)) for c in (0, 20, 40)]) for r in (0, 25)])
    assert (np.ma.getmaskarray(whole) == np.ma.getmaskarray(parts)).all()
    assert np.allclose(whole.compressed(), parts.compressed())
    assert np.ma.getmaskarray(whole).sum() == 40


def test_slope_classes_of_two_planes(tmp_path: Path) -> None:
    """The west lies flat, the east rises by 30 percent: half the square is class 1, half class 4, but for the seam."""
    heights = np.hstack([np.full((40, 40), 100.0), 100 + plane(40, 40, 0.3, 0)])
    with open_raster(write_raster(tmp_path / "a.tif", heights)) as raster:
        found = class_areas(
            SlopeClasses(Slopes(raster), BOUNDS),
            areas_of(box_of_cells(5, 0, 35, 38), box_of_cells(5, 42, 35, 80)),
            key="code",
        )
    share = found.classes.div(found.classes.sum(axis=1), axis=0)
    assert share.loc["A", 1] == pytest.approx(1)
    assert share.loc["B", 4] == pytest.approx(1)


def test_degrees_are_refused_and_reprojected(tmp_path: Path) -> None:
    """A plane that rises 12 percent to the east, given in degrees, has that slope once it is in metres."""
    side = 0.000_27
    metres = side * 111_320 * math.cos(math.radians(3))
    heights = plane(300, 300, 0.12, 0, cell=metres).astype("float32")
    source = write_raster(tmp_path / "a.tif", heights, crs="EPSG:4326", transform=from_origin(103.0, -2.96, side, side))
    with open_raster(source) as raster:
        with pytest.raises(UnprojectedGeometry):
            Slopes(raster)
        with in_metres(raster) as projected:
            assert projected.grid.crs.to_epsg() == 32_748
            grid = projected.grid
            slopes = Slopes(projected).read(Window(0, 0, grid.width, grid.height))
            inner = slopes[20:-20, 20:-20].compressed()
            classes = class_areas(
                SlopeClasses(Slopes(projected), BOUNDS), areas_of(shapely.box(103.01, -3.03, 103.07, -2.97), crs=4326), key="code"
            )  # fmt: skip
    assert np.median(inner) == pytest.approx(12, abs=0.05)
    assert classes.classes.loc["A", 2] == pytest.approx(classes.cover.loc["A", "area_m2"], rel=0.01)


def test_a_raster_in_metres_stays_as_it_is(tmp_path: Path) -> None:
    with open_raster(write_raster(tmp_path / "a.tif", plane(5, 5, 0.1, 0))) as raster, in_metres(raster) as same:
        assert same is raster


def test_changes_by_hand(tmp_path: Path) -> None:
    before, after = np.full((10, 10), 1, "uint8"), np.full((10, 10), 1, "uint8")
    before[:, 5:] = 4
    after[5:, :] = 7
    after[0, 0] = 0
    paths = write_raster(tmp_path / "a.tif", before, nodata=0), write_raster(tmp_path / "b.tif", after, nodata=0)
    with open_raster(paths[0]) as first, open_raster(paths[1]) as second, changes(first, second) as (pairs, resampled):
        matrix = change_matrix(pairs, areas_of(box_of_cells(0, 0, 10, 10)), key="code")
    assert not resampled
    cells = {(row.before, row.after): row.area_m2 / 900 for row in matrix.itertuples()}
    assert cells == pytest.approx({(1, 1): 24, (1, 7): 25, (4, 1): 25, (4, 7): 25}, rel=6e-4)


def test_another_grid_is_resampled_and_said(tmp_path: Path) -> None:
    before = write_raster(tmp_path / "a.tif", np.full((10, 10), 2, "int16"))
    after = write_raster(tmp_path / "b.tif", np.full((15, 15), 5, "uint8"), cell=20)
    with open_raster(before) as first, open_raster(after) as second, changes(first, second) as (pairs, resampled):
        matrix = change_matrix(pairs, areas_of(box_of_cells(0, 0, 10, 10)), key="code")
    assert resampled
    assert matrix[["before", "after"]].to_numpy().tolist() == [[2, 5]]
    assert matrix["area_m2"].sum() == pytest.approx(100 * 900, rel=6e-4)


def test_a_change_needs_classes(tmp_path: Path) -> None:
    areas = areas_of(box_of_cells(0, 0, 3, 3))
    good = write_raster(tmp_path / "a.tif", np.full((3, 3), 2, "int16"))
    for number, cells in enumerate((np.full((3, 3), -1, "int16"), np.full((3, 3), 0.5, "float32"))):
        bad = write_raster(tmp_path / f"{number}.tif", cells)
        with (
            open_raster(good) as first,
            open_raster(bad) as second,
            changes(first, second) as (pairs, _),
            pytest.raises(NotClasses),
        ):
            change_matrix(pairs, areas, key="code")
    assert decode_change(3 * 2**14 + 9) == (3, 9)


def test_bandung_slopes_agree_with_a_gradient_of_numpy(shared_data: Path) -> None:
    """Horn's gradient is numpy's central difference smoothed with the neighbouring lines (1, 2, 1)."""
    with open_raster(shared_data / "rasters" / "bandung_utm48s_dem.tif") as raster:
        heights = raster.read(Window(0, 0, 24, 36)).astype("float64").filled(np.nan)
        found = Slopes(raster).read(Window(1, 1, 22, 34))
    rise_y, rise_x = np.gradient(heights, 25.0)
    smooth_x = (rise_x[:-2] + 2 * rise_x[1:-1] + rise_x[2:])[:, 1:-1] / 4
    smooth_y = (rise_y[:, :-2] + 2 * rise_y[:, 1:-1] + rise_y[:, 2:])[1:-1] / 4
    assert np.allclose(found, 100 * np.hypot(smooth_x, smooth_y))


def test_bandung_changed_from_1999_to_2021(shared_data: Path) -> None:
    folder = shared_data / "rasters"
    box = shapely.box(765_233, 9_215_739, 765_833, 9_216_639)
    area = gpd.GeoDataFrame({"code": ["A"]}, geometry=[shapely.segmentize(box, 25)], crs=32_748).to_crs(4326)
    with (
        open_raster(folder / "bandung_utm48s_lc99.tif") as first,
        open_raster(folder / "bandung_utm48s_lc21.tif") as second,
        changes(first, second) as (pairs, resampled),
    ):
        matrix = change_matrix(pairs, area, key="code")
        whole = Window(0, 0, 24, 36)
        counted = {
            (int(b), int(a)): 0 for b, a in zip(first.read(whole).ravel(), second.read(whole).ravel(), strict=True)
        }
        for pair in zip(first.read(whole).ravel(), second.read(whole).ravel(), strict=True):
            counted[int(pair[0]), int(pair[1])] += 1
    assert not resampled
    size = float(area_m2(area.geometry)[0])
    found = {(row.before, row.after): row.area_m2 for row in matrix.itertuples()}
    assert found == pytest.approx({pair: count * size / 864 for pair, count in counted.items()}, rel=1e-4)
    assert sum(found.values()) == pytest.approx(size, rel=1e-6)
