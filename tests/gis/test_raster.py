from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.transform import Affine, from_origin
from rasterio.windows import Window

from gis.errors import BrokenRaster, EmptyRaster, NotARaster, RasterRefused, RasterTooLarge, RasterWithoutPlace
from gis.measure import area_m2
from gis.raster import (
    Grid,
    bounds_4326,
    cell_areas_m2,
    epsg_of,
    on_grid,
    open_raster,
    open_source,
    percentiles,
    resolution_m,
    scan,
    write_cog,
)
from tests.gis.rasters import NORTH, UTM_48S, WEST, write_raster

CELLS = 10**8


def written(source: Path, target: Path, *, is_classes: bool = False, crs: CRS | None = None) -> list[str]:
    with open_source(source, crs=crs, cells=CELLS) as (dataset, findings):
        write_cog(dataset, target, is_classes=is_classes)
    return [one.code for one in findings]


def numbers(rows: int, columns: int, dtype: str = "int16") -> np.ndarray:
    return np.arange(rows * columns).reshape(rows, columns).astype(dtype)


def test_a_cog_keeps_values_nodata_and_place(tmp_path: Path) -> None:
    cells = numbers(700, 650, "uint16")
    source = write_raster(tmp_path / "a.tif", cells, nodata=65_535)
    assert written(source, tmp_path / "b.tif") == []
    with rasterio.open(tmp_path / "b.tif") as kept:
        assert (kept.read(1) == cells).all()
        assert (kept.nodata, kept.dtypes[0], kept.crs.to_epsg()) == (65_535, "uint16", 32_748)
        assert kept.transform == from_origin(WEST, NORTH, 30, 30)
        assert kept.overviews(1) == [2]
        assert kept.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"


def test_the_same_raster_gives_the_same_bytes(tmp_path: Path) -> None:
    source = write_raster(tmp_path / "a.tif", numbers(600, 600))
    written(source, tmp_path / "b.tif")
    written(source, tmp_path / "c.tif")
    assert (tmp_path / "b.tif").read_bytes() == (tmp_path / "c.tif").read_bytes()


def test_nan_is_nodata_also_where_the_file_does_not_say_so(tmp_path: Path) -> None:
    cells = numbers(600, 600, "float32")
    cells[:300] = np.nan
    written(write_raster(tmp_path / "a.tif", cells), tmp_path / "b.tif")
    with rasterio.open(tmp_path / "b.tif") as kept:
        assert math.isnan(kept.nodata)
        half = kept.read(1, out_shape=(300, 300), resampling=Resampling.nearest)
        assert np.isnan(half[:150]).all()
        assert np.isfinite(half[150:]).all(), "an overview must not spread NaN over what is known"
        assert scan(kept).valid_share == 0.5


def test_several_bands_and_a_palette_are_kept(tmp_path: Path) -> None:
    bands = np.stack([numbers(20, 30, "uint8"), numbers(20, 30, "uint8") + 1, numbers(20, 30, "uint8") + 2])
    written(write_raster(tmp_path / "a.tif", bands), tmp_path / "b.tif")
    with rasterio.open(tmp_path / "b.tif") as kept:
        assert (kept.read() == bands).all()
    source = write_raster(tmp_path / "c.tif", np.array([[1, 2], [2, 4]], "uint8"))
    with rasterio.open(source, "r+") as dataset:
        dataset.write_colormap(1, {1: (10, 20, 30, 255), 2: (40, 50, 60, 255), 3: (1, 1, 1, 255)})
    with open_source(source, cells=CELLS) as (dataset, _):
        facts = scan(dataset)
    assert facts.classes == (1, 2, 4)
    assert {value: facts.palette[value] for value in (1, 2)} == {1: (10, 20, 30), 2: (40, 50, 60)}
    assert 3 not in facts.palette, "a colour of a value that does not occur says nothing"


def test_overviews_of_classes_hold_only_classes(tmp_path: Path) -> None:
    cells = np.where(np.indices((1100, 1100)).sum(axis=0) % 2, 10, 20).astype("uint8")
    source = write_raster(tmp_path / "a.tif", cells)
    written(source, tmp_path / "classes.tif", is_classes=True)
    written(source, tmp_path / "measures.tif", is_classes=False)
    for name, expected in (("classes", {10, 20}), ("measures", {15})):
        with rasterio.open(tmp_path / f"{name}.tif") as kept:
            assert set(np.unique(kept.read(1, out_shape=(275, 275)))) <= expected, name


def test_a_flipped_raster_keeps_each_value_in_its_place(tmp_path: Path) -> None:
    cells = numbers(7, 5)
    south_up = Affine(30, 0, WEST, 0, 30, NORTH - 7 * 30)
    assert written(write_raster(tmp_path / "a.tif", cells, transform=south_up), tmp_path / "b.tif") == [
        "raster_flipped"
    ]
    with rasterio.open(tmp_path / "b.tif") as kept:
        assert (kept.read(1) == cells[::-1]).all()
        assert kept.transform == from_origin(WEST, NORTH, 30, 30)


def test_a_rotated_raster_is_laid_north_up(tmp_path: Path) -> None:
    turn = Affine.translation(WEST, NORTH) @ Affine.rotation(30) @ Affine.scale(30, -30)
    cells = np.full((40, 60), 7, "uint8")
    cells[:, 30:] = 9
    assert written(write_raster(tmp_path / "a.tif", cells, transform=turn), tmp_path / "b.tif") == ["raster_turned"]
    with rasterio.open(tmp_path / "b.tif") as kept:
        values = kept.read(1, masked=True)
        assert kept.transform.b == kept.transform.d == 0
        assert set(values.compressed()) == {7, 9}
        assert values.mask.any(), "the corners have no data"
        assert values.count() == pytest.approx(cells.size, rel=0.02), "cells keep their size"
        for row, column, value in ((20, 10, 7), (20, 50, 9)):
            x, y = turn @ (column + 0.5, row + 0.5)
            assert next(kept.sample([(x, y)]))[0] == value


def test_a_raster_without_crs_is_refused_unless_it_is_named(tmp_path: Path) -> None:
    source = write_raster(tmp_path / "a.tif", numbers(5, 5), crs=None)
    with pytest.raises(RasterWithoutPlace, match="--crs EPSG") as refused, open_source(source, cells=CELLS):
        pass
    assert "--crs EPSG" in refused.value.message_id
    assert refused.value.exit_code == 2
    written(source, tmp_path / "b.tif", crs=CRS.from_epsg(32_748))
    with rasterio.open(tmp_path / "b.tif") as kept:
        assert kept.crs.to_epsg() == 32_748
        assert (kept.read(1) == numbers(5, 5)).all()


def test_a_picture_without_place_is_refused(tmp_path: Path) -> None:
    with rasterio.open(tmp_path / "a.png", "w", driver="PNG", width=4, height=4, count=1, dtype="uint8") as picture:
        picture.write(np.ones((1, 4, 4), "uint8"))
    with pytest.raises(RasterWithoutPlace, match="georeferenced"), open_source(tmp_path / "a.png", cells=CELLS):
        pass


@pytest.mark.parametrize("content", [b"", b"not a raster", b"II*\x00" + b"\xff" * 40], ids=["empty", "text", "header"])
def test_what_is_no_raster_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(NotARaster), open_source(tmp_path / "a.tif", cells=CELLS):
        pass


def test_a_file_that_names_others_is_no_raster(tmp_path: Path) -> None:
    inner = write_raster(tmp_path / "a.tif", numbers(5, 5))
    (tmp_path / "a.vrt").write_text(
        f'<VRTDataset rasterXSize="5" rasterYSize="5"><VRTRasterBand dataType="Int16" band="1"><SimpleSource>'
        f"<SourceFilename>{inner}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    with pytest.raises(NotARaster), open_source(tmp_path / "a.vrt", cells=CELLS):
        pass
    with pytest.raises(NotARaster, match="no file"), open_source(tmp_path / "absent.tif", cells=CELLS):
        pass


def test_a_truncated_file_is_refused_when_it_is_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    source = write_raster(tmp_path / "a.tif", rng.integers(0, 9_999, (900, 900)).astype("int32"), tiled=True)
    whole = source.read_bytes()
    source.write_bytes(whole[: len(whole) * 2 // 3])
    with open_source(source, cells=CELLS) as (dataset, _), pytest.raises(BrokenRaster) as refused:
        scan(dataset)
    assert "a.tif" in refused.value.message_id
    with open_source(source, cells=CELLS) as (dataset, _), pytest.raises(RasterRefused):
        write_cog(dataset, tmp_path / "b.tif", is_classes=False)


def test_a_huge_declared_size_costs_nothing(tmp_path: Path) -> None:
    source = tmp_path / "a.tif"
    with rasterio.open(
        source, "w", driver="GTiff", width=400_000, height=400_000, count=1, dtype="uint8", crs=UTM_48S,
        transform=from_origin(WEST, NORTH, 1, 1), tiled=True, blockxsize=4096, blockysize=4096, sparse_ok=True, compress="deflate",
    ):  # fmt: skip
        pass
    assert source.stat().st_size < 10_000_000
    with pytest.raises(RasterTooLarge, match="400000"), open_source(source, cells=CELLS):
        pass


def test_nothing_but_nodata_is_refused(tmp_path: Path) -> None:
    source = write_raster(tmp_path / "a.tif", np.full((5, 5), -32_768, "int16"), nodata=-32_768)
    with open_source(source, cells=CELLS) as (dataset, _), pytest.raises(EmptyRaster):
        scan(dataset)


def test_scan_agrees_with_numpy(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    cells = rng.normal(500, 40, (2500, 2100)).astype("float32")
    cells[rng.random(cells.shape) < 0.2] = -9999
    with open_source(write_raster(tmp_path / "a.tif", cells, nodata=-9999), cells=CELLS) as (dataset, _):
        facts, low_high = scan(dataset), percentiles(dataset, (2, 98))
    known = cells[cells != -9999]
    assert (facts.minimum, facts.maximum) == (known.min(), known.max())
    assert facts.valid_share == len(known) / cells.size
    assert facts.classes is None
    assert low_high == pytest.approx(np.percentile(known, (2, 98)), abs=1.0)


@pytest.mark.parametrize(
    ("crs", "transform", "rows", "columns"),
    [
        (UTM_48S, from_origin(150_000, 9_800_000, 30, 30), 400, 300),
        (UTM_48S, from_origin(900_000, 9_100_000, 1000, 500), 100, 130),
        ("EPSG:4326", from_origin(102.0, -2.0, 0.000_3, 0.000_3), 400, 300),
        ("EPSG:4326", from_origin(95.0, 60.0, 0.1, 0.1), 80, 90),
        ("EPSG:3857", from_origin(11_400_000, -300_000, 38, 38), 200, 200),
        ("EPSG:23833", from_origin(100_000, 1_200_000, 5, 5), 300, 200),
    ],
    ids=["utm", "far from the meridian", "degrees", "large degrees", "web mercator", "tm-3"],
)  # fmt: skip
def test_cells_are_as_large_as_geodesic_polygons_of_them(crs: str, transform: Affine, rows: int, columns: int) -> None:
    grid = Grid(CRS.from_user_input(crs), transform, columns, rows)
    areas = cell_areas_m2(grid, Window(0, 0, columns, rows))
    assert areas.shape == (rows, columns)
    for row, column in ((0, 0), (rows // 2, columns // 3), (rows - 1, columns - 1)):
        west, south, east, north = grid.window_bounds(Window(column, row, 1, 1))
        square = shapely.segmentize(shapely.box(west, south, east, north), (east - west) / 50)
        lonlat = shapely.transform(square, _to_degrees(grid.crs))
        assert areas[row, column] == pytest.approx(
            area_m2(np.array([lonlat]))[0], rel=2e-7 if grid.transform.a != 0.1 else 2e-6
        )
    part = cell_areas_m2(grid, Window(columns // 4, rows // 4, columns // 2, rows // 2))
    whole = areas[rows // 4 : rows // 4 + rows // 2, columns // 4 : columns // 4 + columns // 2]
    assert np.allclose(part, whole, rtol=1e-7), "a window does not change the size of its cells"


def _to_degrees(crs: CRS):  # type: ignore[no-untyped-def]
    from pyproj import Transformer

    transformer = Transformer.from_crs(crs, 4326, always_xy=True)
    return lambda xy: np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))


def test_a_grid_knows_its_windows_and_its_twin() -> None:
    grid = Grid(CRS.from_epsg(32_748), from_origin(WEST, NORTH, 30, 30), 100, 70)
    windows = list(grid.windows(32))
    assert sum(window.width * window.height for window in windows) == 7_000
    assert len(windows) == 4 * 3
    assert grid.is_same(Grid(grid.crs, from_origin(WEST + 0.1, NORTH, 30, 30), 100, 70))
    assert not grid.is_same(Grid(grid.crs, from_origin(WEST + 15, NORTH, 30, 30), 100, 70))
    assert not grid.is_same(Grid(CRS.from_epsg(32_648), grid.transform, 100, 70))


def test_a_raster_on_another_grid_has_nothing_where_it_does_not_reach(tmp_path: Path) -> None:
    source = write_raster(tmp_path / "a.tif", np.full((10, 10), 3, "uint8"))
    grid = Grid(CRS.from_epsg(32_748), from_origin(WEST - 60, NORTH + 60, 30, 30), 14, 14)
    with open_raster(source) as raster, on_grid(raster, grid, resampling=Resampling.nearest) as shown:
        cells = shown.read(Window(0, 0, 14, 14))
    assert cells.count() == 100
    assert (cells[2:12, 2:12] == 3).all()


def test_a_code_that_no_register_knows_is_no_code(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "rasters" / "olinda_dem_utm25s.tif"
    assert written(source, tmp_path / "b.tif") == ["crs_without_epsg"]
    with open_raster(tmp_path / "b.tif") as raster, rasterio.open(source) as original:
        assert epsg_of(raster.grid.crs) is None
        assert (raster.read(Window(0, 0, 111, 111)) == original.read(1)).all()
        west, south, east, north = bounds_4326(raster.grid)
        assert resolution_m(raster.grid) == pytest.approx(90, abs=0.1)
    # UTM 25S on GRS80 is EPSG:31985 (SIRGAS 2000) to a millimetre.
    from pyproj import Transformer

    corner = Transformer.from_crs(31_985, 4326, always_xy=True).transform(original.bounds.left, original.bounds.top)
    assert corner == pytest.approx((west, north), abs=2e-3)
    assert -35 < west < east < -34.8
    assert -8.1 < south < north < -7.9


def test_bandung_reads_as_published(shared_data: Path) -> None:
    with open_source(shared_data / "rasters" / "bandung_utm48s_dem.tif", cells=CELLS) as (dataset, findings):
        facts = scan(dataset)
    assert findings == ()
    assert (facts.minimum, facts.maximum, facts.valid_share, facts.dtype) == (1369, 1500, 1.0, "int16")
    with open_source(shared_data / "rasters" / "olinda_L7_ETMs.tif", cells=CELLS) as (dataset, _):
        assert scan(dataset).bands == 6
