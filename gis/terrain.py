"""Terrain and land cover: slope by Horn's method, slope classes, and change between two years."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.warp import calculate_default_transform
from rasterio.windows import Window

from gis.crs import choose_metric_crs, require_metric
from gis.errors import InvalidMeasure, NotClasses, UnprojectedGeometry
from gis.figures import Rule
from gis.raster import Blocks, Grid, Raster, bounds_4326, on_grid
from gis.types import FloatArray
from gis.zonal import class_areas

CHANGE_BASE = 2**14
"""Code of a pair of classes: the earlier one times this, plus the later one; so classes lie below it."""


def slope_percent(elevation: np.ma.MaskedArray[Any, Any], *, cell_x_m: float, cell_y_m: float) -> FloatArray:
    """
    Compute the slope of the inner cells of a window.

    Horn's method (Proceedings of the IEEE 69, 1981): the gradient from the eight neighbours, those along the axes
    counting twice. Where a neighbour has no value, the plane through the cell goes on: along an axis from the
    opposite neighbour, at a corner from the two beside it. A plane keeps its slope so, up to the last cell.

    Parameters
    ----------
    elevation
        Metres, shape (height + 2, width + 2): the cells and a ring of neighbours, masked where there is no value.
    cell_x_m, cell_y_m
        Sides of a cell, metres, greater than 0.

    Returns
    -------
    slope_percent
        Rise by run times 100, shape (height, width); NaN where the cell has no value, or no neighbour along an axis.

    Raises
    ------
    InvalidMeasure
        When a side is not positive.
    """
    if not (cell_x_m > 0 and cell_y_m > 0):
        raise InvalidMeasure("Ukuran sel harus lebih dari 0.", "The size of a cell must be greater than 0.")
    z = np.ma.filled(elevation.astype(np.float64), np.nan)
    centre = z[1:-1, 1:-1]
    west, east = _along_axis(z[1:-1, :-2], centre, z[1:-1, 2:])
    north, south = _along_axis(z[:-2, 1:-1], centre, z[2:, 1:-1])
    north_west = _or(z[:-2, :-2], north + west - centre)
    north_east = _or(z[:-2, 2:], north + east - centre)
    south_west = _or(z[2:, :-2], south + west - centre)
    south_east = _or(z[2:, 2:], south + east - centre)
    rise_x = ((north_east + 2 * east + south_east) - (north_west + 2 * west + south_west)) / (8 * cell_x_m)
    rise_y = ((south_west + 2 * south + south_east) - (north_west + 2 * north + north_east)) / (8 * cell_y_m)
    return np.where(np.isnan(centre), np.nan, np.hypot(rise_x, rise_y) * 100)


def slope_degrees(percent: FloatArray) -> FloatArray:
    """Turn slopes in percent into degrees (0 to 90)."""
    return np.asarray(np.degrees(np.arctan(percent / 100)), dtype=np.float64)


def classify_slope(percent: FloatArray, bounds: Sequence[Rule]) -> np.ma.MaskedArray[Any, Any]:
    """
    Give each slope its class: 1 up to the first bound, 2 above it up to the second, and so on.

    Parameters
    ----------
    percent
        Slopes in percent; NaN is masked in the answer.
    bounds
        Upper bounds of all classes but the last, ascending (percent), from the table of rules.

    Raises
    ------
    InvalidMeasure
        When the bounds do not ascend.
    """
    edges = [rule.value for rule in bounds]
    if not edges or any(low >= high for low, high in pairwise(edges)):
        raise InvalidMeasure("Batas kelas lereng harus menaik.", "The bounds of slope classes must ascend.")
    classes = np.searchsorted(np.array(edges), percent, side="left") + 1
    return np.ma.array(classes, mask=np.isnan(percent), dtype=np.int16)


@dataclass(frozen=True)
class Slopes:
    """
    Slope in percent of an elevation model, computed window by window.

    `elevation` must be in a metric CRS (see `in_metres`), its values metres.
    """

    elevation: Raster

    def __post_init__(self) -> None:
        require_metric(self.elevation.grid.crs)

    @property
    def grid(self) -> Grid:
        """Where the cells lie."""
        return self.elevation.grid

    def read(self, window: Window) -> np.ma.MaskedArray[Any, Any]:
        """Return slopes in percent, masked where there is none."""
        ring = Window(window.col_off - 1, window.row_off - 1, window.width + 2, window.height + 2)
        transform = self.grid.transform
        slopes = slope_percent(self.elevation.read(ring), cell_x_m=abs(transform.a), cell_y_m=abs(transform.e))
        return np.ma.masked_invalid(slopes)


@dataclass(frozen=True)
class SlopeClasses:
    """Slope classes of an elevation model, computed window by window; see `Slopes` and `classify_slope`."""

    slopes: Slopes
    bounds: tuple[Rule, ...]

    @property
    def grid(self) -> Grid:
        """Where the cells lie."""
        return self.slopes.grid

    def read(self, window: Window) -> np.ma.MaskedArray[Any, Any]:
        """Return classes from 1 on, masked where there is no slope."""
        return classify_slope(self.slopes.read(window).filled(np.nan), self.bounds)


@contextmanager
def in_metres(raster: Raster) -> Iterator[Raster]:
    """
    Show a raster in a metric CRS: as it is when it is in one, else on a grid of cells about as large, bilinear.

    Heights change by less than the difference of neighbouring cells; the metric CRS is chosen from the raster's box.

    Parameters
    ----------
    raster
        Of `gis.raster.open_raster`.
    """
    grid = raster.grid
    try:
        require_metric(grid.crs)
    except UnprojectedGeometry:
        with on_grid(raster, _metric_grid(grid), resampling=Resampling.bilinear) as projected:
            yield projected
    else:
        yield raster


@dataclass(frozen=True)
class Changes:
    """Pairs of the classes of two rasters on the same grid, window by window; `decode_change` reads them back."""

    before: Blocks
    after: Blocks

    def __post_init__(self) -> None:
        if not self.before.grid.is_same(self.after.grid):
            raise InvalidMeasure(
                "Kedua raster tidak berada pada kisi yang sama; selaraskan dahulu.",
                "The two rasters are not on the same grid; align them first.",
            )

    @property
    def grid(self) -> Grid:
        """Where the cells lie."""
        return self.before.grid

    def read(self, window: Window) -> np.ma.MaskedArray[Any, Any]:
        """Return codes of pairs, masked where either raster has no value."""
        earlier, later = _whole(self.before.read(window)), _whole(self.after.read(window))
        return np.ma.array(earlier * CHANGE_BASE + later)


def decode_change(code: int) -> tuple[int, int]:
    """Return the earlier and the later class of a code of `Changes`."""
    return code // CHANGE_BASE, code % CHANGE_BASE


@contextmanager
def changes(before: Raster, after: Raster) -> Iterator[tuple[Changes, bool]]:
    """
    Lay the later of two class rasters on the cells of the earlier one.

    Returns
    -------
    changes, resampled
        The pairs of classes, and whether the later raster had to be resampled (nearest), because its cells differ.
    """
    if before.grid.is_same(after.grid):
        yield Changes(before, after), False
        return
    with on_grid(after, before.grid, resampling=Resampling.nearest) as aligned:
        yield Changes(before, aligned), True


def change_matrix(pairs: Changes, areas: gpd.GeoDataFrame, *, key: str) -> pd.DataFrame:
    """
    Measure in each area how much went from which class to which.

    Parameters
    ----------
    pairs
        Of `changes`.
    areas, key
        As for `gis.zonal.class_areas`.

    Returns
    -------
    matrix
        One row an area and pair of classes that occurs: `key`, `before`, `after`, `area_m2` (on the ellipsoid, of cells
        with a value in both years), sorted by them. No rows where the rasters share no value.

    Raises
    ------
    NotClasses
        When a class is negative or too large, or there are fractions.
    """
    found = class_areas(pairs, areas, key=key).classes
    rows = [
        (area, *decode_change(int(code)), float(size))
        for area, line in zip(found.index, found.to_numpy(), strict=True)
        for code, size in zip(found.columns, line, strict=True)
        if size > 0
    ]
    return pd.DataFrame(rows, columns=[key, "before", "after", "area_m2"]).sort_values(
        [key, "before", "after"], ignore_index=True
    )


def _along_axis(first: FloatArray, centre: FloatArray, last: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Fill the missing one of two opposite neighbours by going on straight through the cell."""
    return _or(first, 2 * centre - last), _or(last, 2 * centre - first)


def _or(value: FloatArray, otherwise: FloatArray) -> FloatArray:
    return np.where(np.isnan(value), otherwise, value)


def _whole(values: np.ma.MaskedArray[Any, Any]) -> np.ma.MaskedArray[Any, Any]:
    known = values.compressed()
    is_whole = known.dtype.kind != "f" or bool((known == np.rint(known)).all())
    if not is_whole or (len(known) and not (known.min() >= 0 and known.max() < CHANGE_BASE)):
        raise NotClasses(
            f"Kelas tutupan lahan harus bilangan bulat dari 0 sampai {CHANGE_BASE - 1}.",
            f"Classes of land cover must be whole numbers from 0 to {CHANGE_BASE - 1}.",
        )
    return np.ma.array(values.filled(0).astype(np.int32), mask=np.ma.getmaskarray(values))


def _metric_grid(grid: Grid) -> Grid:
    crs: CRS = choose_metric_crs(shapely.box(*bounds_4326(grid)))
    transform, width, height = calculate_default_transform(
        grid.crs.to_wkt(), crs.to_wkt(), grid.width, grid.height, *grid.bounds
    )
    return Grid(crs, transform, math.ceil(width), math.ceil(height))
