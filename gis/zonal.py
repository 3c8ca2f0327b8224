"""
What lies in each area according to a raster: areas of classes, and statistics of measurements.

Cells that an area's border crosses count by the share of the cell that lies inside (exactextract), and every cell by
its size on the ellipsoid, so that a raster in degrees gives the same hectares as one in metres. Rasters are read by
windows, and only where areas are: memory does not grow with the raster.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from exactextract import exact_extract
from exactextract.feature import FeatureSource, JSONFeature
from exactextract.raster import NumPyRasterSource
from pyproj import Transformer
from rasterio.windows import Window

from gis.constants import WGS84_SRID
from gis.errors import MissingColumn, NotClasses
from gis.geometry import keep_dimension, repair
from gis.measure import area_m2, lonlat_array
from gis.raster import MAX_CLASSES, Blocks, Cells, Grid, bounds_4326, cell_areas_m2
from gis.types import FloatArray, GeometryArray, IntArray

EDGE_DEG = 0.01
"""Longest piece (degrees) of an area's border that is taken as straight in the raster's CRS: off by at most 2 mm."""

NOISE_SHARE = 1e-9
"""Share of an area below which what it has of a cell comes from the arithmetic of coordinates."""

LARGEST_CODE = 2**30
"""Greatest size of a class's value: exactextract is given them as 32-bit integers."""

_MISSING, _FIRST = 1, 2  # codes of nodata and of the lowest class inside a window


@dataclass(frozen=True)
class ClassAreas:
    """
    Areas of classes by area.

    `classes` has a row for each area and a column for each class that occurs, in ascending order (square metres).
    `cover` has for each area its whole size (`area_m2`), how much of it the raster reaches (`covered_m2`), and how much
    of that has a value (`valid_m2`, the sum of the classes).
    """

    classes: pd.DataFrame
    cover: pd.DataFrame


def class_areas(blocks: Blocks, areas: gpd.GeoDataFrame, *, key: str) -> ClassAreas:
    """
    Measure how much of each area each class takes.

    Parameters
    ----------
    blocks
        Whole values, in any CRS: a raster, or classes computed from one (`gis.terrain`).
    areas
        Polygons in EPSG:4326; invalid ones are repaired for the purpose. Rows of the same key are one area.
    key
        The column of `areas` that names them.

    Returns
    -------
    areas
        Square metres on the ellipsoid. An area that the raster does not reach has zeros: see its `covered_m2`.

    Raises
    ------
    MissingColumn, MissingCrs, ProjectedGeometry
        If the areas cannot be used.
    NotClasses
        If there are fractions, or more than `MAX_CLASSES` different values.
    BrokenRaster
        If a part of the raster cannot be read.
    """
    named = _Areas.of(areas, key, blocks.grid)
    sums: dict[int, FloatArray] = {}
    covered = np.zeros(len(named.keys))
    for window, hits in named.windows(blocks.grid):
        values = blocks.read(window)
        codes, lowest = _codes(values)
        rows = _extract(
            codes,
            blocks.grid,
            window,
            named.geometries[hits],
            ["unique", "weighted_frac", "weighted_sum", "weighted_mean"],
            weights=cell_areas_m2(blocks.grid, window),
        )
        for position, row in zip(hits, rows, strict=True):
            if not len(row["unique"]):
                continue
            total = row["weighted_sum"] / row["weighted_mean"]  # codes begin at 1, so the mean is never 0
            covered[position] += total
            for code, share in zip(row["unique"], row["weighted_frac"], strict=True):
                if code != _MISSING:
                    value = int(code) - _FIRST + lowest
                    sums.setdefault(value, np.zeros(len(named.keys)))[position] += share * total
        _require_few(sums)
    classes = pd.DataFrame({value: sums[value] for value in sorted(sums)}, index=named.keys, dtype=np.float64)
    cover = named.cover(covered)
    classes = classes.groupby(level=0, sort=False).sum()
    classes = classes.where(classes.gt(NOISE_SHARE * cover["area_m2"], axis=0), 0.0)
    classes = classes.loc[:, (classes > 0).any()]
    return ClassAreas(classes, cover.assign(valid_m2=classes.sum(axis=1)))


def zonal_statistics(blocks: Blocks, areas: gpd.GeoDataFrame, *, key: str) -> pd.DataFrame:
    """
    Describe the measurements of a raster in each area.

    Parameters
    ----------
    blocks
        Measurements, in any CRS.
    areas, key
        As for `class_areas`.

    Returns
    -------
    statistics
        One row an area: `minimum`, `maximum`, `mean` (weighted by the area of each cell on the ellipsoid), `total` (the
        sum of the cells' own values, as of a raster of residents; cells that a border crosses by share), and
        `area_m2`, `covered_m2`, `valid_m2` as in `ClassAreas`. NaN, and a total of 0, where there is no value.

    Raises
    ------
    MissingColumn, MissingCrs, ProjectedGeometry, BrokenRaster
        As for `class_areas`.
    """
    named = _Areas.of(areas, key, blocks.grid)
    count = len(named.keys)
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    total, weighted, valid, covered = (np.zeros(count) for _ in range(4))
    for window, hits in named.windows(blocks.grid):
        here = _statistics_here(blocks, window, named.geometries[hits])
        low[hits], high[hits] = np.fmin(low[hits], here["min"]), np.fmax(high[hits], here["max"])
        total[hits] += here["total"]
        weighted[hits] += here["weighted"]
        valid[hits] += here["valid"]
        covered[hits] += here["covered"]
    frame = pd.DataFrame({"low": low, "high": high, "total": total, "weighted": weighted, "valid": valid}, named.keys)
    joined = frame.groupby(level=0, sort=False).agg(
        {"low": "min", "high": "max", "total": "sum", "weighted": "sum", "valid": "sum"}
    )
    cover = named.cover(covered)
    joined["valid"] = joined["valid"].where(joined["valid"] > NOISE_SHARE * cover["area_m2"], 0.0)
    has_value = joined["valid"] > 0
    result = pd.DataFrame(
        {
            "minimum": joined["low"].where(has_value),
            "maximum": joined["high"].where(has_value),
            "mean": (joined["weighted"] / joined["valid"].where(has_value)),
            "total": joined["total"],
        }
    )
    return result.join(cover).assign(valid_m2=joined["valid"])


@dataclass(frozen=True)
class _Areas:
    """Areas as drawn in the raster's CRS, in the order they came; empty where the raster cannot reach."""

    keys: pd.Index
    sizes_m2: FloatArray
    geometries: GeometryArray

    @classmethod
    def of(cls, areas: gpd.GeoDataFrame, key: str, grid: Grid) -> _Areas:
        """Repair, measure and project the areas."""
        if key not in areas.columns:
            raise MissingColumn(f"Data wilayah tidak memiliki kolom {key}.", f"The areas have no column {key}.")
        drawn = keep_dimension(repair(lonlat_array(areas.geometry)).geometries, 2)
        near = shapely.intersects(drawn, shapely.box(*bounds_4326(grid)))
        projected: GeometryArray = np.full(len(drawn), shapely.Polygon(), dtype=object)
        to_grid = Transformer.from_crs(WGS84_SRID, grid.crs, always_xy=True)
        projected[near] = shapely.transform(
            shapely.segmentize(drawn[near], EDGE_DEG), lambda xy: np.column_stack(to_grid.transform(xy[:, 0], xy[:, 1]))
        )
        return cls(pd.Index(areas[key], name=key), area_m2(drawn), projected)

    def windows(self, grid: Grid) -> Iterator[tuple[Window, IntArray]]:
        """Yield each window of the grid in which areas lie, with their positions."""
        tree = shapely.STRtree(self.geometries)
        for window in grid.windows():
            hits: IntArray = np.sort(tree.query(shapely.box(*grid.window_bounds(window)), predicate="intersects"))
            if len(hits):
                yield window, hits

    def cover(self, covered_m2: FloatArray) -> pd.DataFrame:
        """Return by key the whole size, and how much of it the raster reaches: never more than the whole."""
        frame = pd.DataFrame({"area_m2": self.sizes_m2, "covered_m2": covered_m2}, index=self.keys)
        summed = frame.groupby(level=0, sort=False).sum()
        reached = summed[["area_m2", "covered_m2"]].min(axis=1)
        return summed.assign(covered_m2=reached.where(reached > NOISE_SHARE * summed["area_m2"], 0.0))


class _Area(JSONFeature):  # type: ignore[misc]
    """One polygon, handed over as WKB: GeoJSON would be written and parsed again for every window."""

    def __init__(self, geometry: shapely.Geometry) -> None:
        super().__init__()
        self._wkb = shapely.to_wkb(geometry)

    def geometry(self) -> bytes:
        """Return the polygon."""
        return bytes(self._wkb)


class _AreaSource(FeatureSource):  # type: ignore[misc]
    """The polygons of one window, in the raster's CRS."""

    def __init__(self, geometries: GeometryArray) -> None:
        super().__init__()
        self._geometries = geometries

    def count(self) -> int:
        """Count them."""
        return len(self._geometries)

    def __iter__(self) -> Iterator[_Area]:
        return (_Area(geometry) for geometry in self._geometries)

    def srs_wkt(self) -> None:
        """Say nothing: they have been projected already."""


def _extract(
    cells: Any, grid: Grid, window: Window, geometries: GeometryArray, operations: list[str], weights: Any = None
) -> list[dict[str, Any]]:
    """Ask exactextract about the cells of one window; one answer a geometry."""
    west, south, east, north = grid.window_bounds(window)
    box = {"xmin": west, "ymin": south, "xmax": east, "ymax": north}
    answers = exact_extract(
        NumPyRasterSource(cells, **box),
        _AreaSource(geometries),
        operations,
        weights=None if weights is None else NumPyRasterSource(weights, **box),
        output="geojson",
        max_cells_in_memory=cells.size + 1,
    )
    return [answer["properties"] for answer in answers]


def _statistics_here(blocks: Blocks, window: Window, geometries: GeometryArray) -> pd.DataFrame:
    """
    Describe the measurements of one window; one row a geometry.

    Values are lifted so that the lowest is 1: their weighted mean is then never 0, and the weighted sum divided by it
    is the valid area, without a second pass.
    """
    values = blocks.read(window)
    sizes = cell_areas_m2(blocks.grid, window)
    known = values.compressed()
    lift = 1.0 - float(known.min()) if len(known) else 0.0
    cells = np.ma.filled(values.astype(np.float64), np.nan) + lift
    operations = ["min", "max", "sum", "count", "weighted_sum", "weighted_mean"]
    found = pd.DataFrame(_extract(cells, blocks.grid, window, geometries, operations, weights=sizes), dtype=np.float64)
    valid = (found["weighted_sum"] / found["weighted_mean"]).fillna(0.0)
    covered = valid
    if len(known) < values.size:
        covered = pd.Series([_number(row["sum"]) for row in _extract(sizes, blocks.grid, window, geometries, ["sum"])])
    return pd.DataFrame(
        {
            "min": found["min"] - lift,
            "max": found["max"] - lift,
            "total": found["sum"].fillna(0.0) - lift * found["count"],
            "weighted": found["weighted_sum"].fillna(0.0) - lift * valid,
            "valid": valid,
            "covered": covered,
        }
    )


def _codes(values: np.ma.MaskedArray[Any, Any]) -> tuple[Cells, int]:
    """Number the values of a window from `_FIRST` on, nodata being `_MISSING`; return also the value of `_FIRST`."""
    known = values.compressed()
    if not len(known):
        return np.full(values.shape, _MISSING, dtype=np.int32), 0
    if known.dtype.kind == "f" and not (known == np.rint(known)).all():
        raise _not_classes()
    lowest, highest = int(known.min()), int(known.max())
    if max(abs(lowest), abs(highest)) > LARGEST_CODE:
        raise _not_classes()
    numbered = values.filled(lowest).astype(np.int32) - (lowest - _FIRST)
    numbered[np.ma.getmaskarray(values)] = _MISSING
    return numbered, lowest


def _require_few(sums: dict[int, FloatArray]) -> None:
    if len(sums) > MAX_CLASSES:
        raise _not_classes()


def _not_classes() -> NotClasses:
    return NotClasses(
        f"Nilai raster ini bukan kelas: ada pecahan, atau lebih dari {MAX_CLASSES} nilai yang berbeda.",
        f"The values of this raster are no classes: there are fractions, or more than {MAX_CLASSES} different values.",
    )


def _number(value: Any) -> float:
    return 0.0 if value is None or np.isnan(value) else float(value)
