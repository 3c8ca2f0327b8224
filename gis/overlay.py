"""How much of each line or polygon lies in which area."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.errors import MissingColumn
from gis.geometry import keep_dimension, repair
from gis.measure import area_m2, length_m, lonlat_array
from gis.types import BoolArray, FloatArray, GeometryArray, IntArray

Measure = Callable[[GeometryArray], FloatArray]

CHUNK_FEATURES = 50_000
"""Features split in one go: two million then need little more memory than they take themselves."""

NOISE = 1e-6
"""Metres (or square metres) below which a difference comes from the arithmetic of coordinates, not from the data."""

CELLS = 8
"""Cells along each side of an area in which features that cross its border are taken together."""

CELL_SHARE = 0.8
"""Largest feature, as a share of a cell, that is sure to lie within the cell and half a cell around it."""

CUT_VERTICES = 256
"""Areas of fewer vertices are not worth cutting."""

RELATIVE_NOISE = 1e-9
"""The same, as a share of the feature."""


def split_lengths(lines: gpd.GeoDataFrame | gpd.GeoSeries, areas: gpd.GeoDataFrame, *, key: str) -> pd.DataFrame:
    """
    Measure how much of each line lies in which area.

    Parts add up to the whole: what lies in no area has a row of its own, and a stretch along the border of several
    areas belongs to the one whose key sorts first. Only where areas truly overlap (a fault of the boundaries) is a
    line counted in each of them, as PostGIS counts it; its shares then add up to more than 1.

    Parameters
    ----------
    lines
        Lines in EPSG:4326.
    areas
        Polygons in EPSG:4326; invalid ones are repaired for the purpose. Rows with the same key count as one area.
    key
        The column of `areas` that names them.

    Returns
    -------
    parts
        One row a line and area with a common length, in the order of the lines: `line` (index of the line), `area` (its
        key; None outside of all), `length_m` (metres on the ellipsoid), `share` (0 to 1, of the line). No rows for a
        missing or empty line.

    Raises
    ------
    MissingColumn
        If `areas` has no column `key`.
    MissingCrs, ProjectedGeometry
        If either is not in longitude and latitude.
    """
    features = lonlat_array(lines.geometry)
    parts = _split(features, _areas_of(areas, key), length_m, count_borders_once=True)
    return _to_frame(parts, lines.index, names=("line", "area", "length_m"))


def split_areas(polygons: gpd.GeoDataFrame | gpd.GeoSeries, areas: gpd.GeoDataFrame, *, key: str) -> pd.DataFrame:
    """
    Measure how much of each polygon lies in which area.

    Parts add up to the whole as in `split_lengths`. Polygons that overlap each other are each split on their own:
    dissolve them first where a place must count once.

    Parameters
    ----------
    polygons
        Polygons in EPSG:4326; invalid ones are repaired for the purpose.
    areas, key
        As for `split_lengths`.

    Returns
    -------
    parts
        One row a polygon and area that overlap: `polygon` (its index), `area` (key; None outside of all), `area_m2`
        (square metres on the ellipsoid), `share` (0 to 1, of the polygon).

    Raises
    ------
    MissingColumn, MissingCrs, ProjectedGeometry
        As for `split_lengths`.
    """
    features = repair(lonlat_array(polygons.geometry)).geometries
    parts = _split(features, _areas_of(areas, key), area_m2, count_borders_once=False)
    return _to_frame(parts, polygons.index, names=("polygon", "area", "area_m2"))


def dissolve(polygons: gpd.GeoSeries | GeometryArray) -> shapely.Geometry:
    """
    Unite polygons, so that a place covered twice counts once.

    Parameters
    ----------
    polygons
        In EPSG:4326; invalid ones are repaired for the purpose, lines and points left out.

    Returns
    -------
    union
        One geometry; empty for none.
    """
    repaired = repair(lonlat_array(polygons)).geometries
    union: shapely.Geometry = shapely.union_all(keep_dimension(repaired, 2))
    return union


def dissolve_area_m2(polygons: gpd.GeoSeries | GeometryArray) -> float:
    """
    Measure the area that polygons cover together, a place covered twice counting once.

    Parameters
    ----------
    polygons
        In EPSG:4326; invalid ones are repaired for the purpose.

    Returns
    -------
    area_m2
        Square metres on the ellipsoid; 0 for none.
    """
    return float(area_m2(np.array([dissolve(polygons)], dtype=object))[0])


@dataclass(frozen=True)
class _Areas:
    """Polygons in the order of their keys, prepared for many questions."""

    geometries: GeometryArray
    keys: pd.Series


@dataclass(frozen=True)
class _Parts:
    """Positions of features and areas (-1: outside of all) with their common measure and its share of the feature."""

    feature: IntArray
    area: IntArray
    measure: FloatArray
    share: FloatArray
    keys: pd.Series


def _areas_of(areas: gpd.GeoDataFrame, key: str) -> _Areas:
    if key not in areas.columns:
        raise MissingColumn(f"Data wilayah tidak memiliki kolom {key}.", f"The areas have no column {key}.")
    ordered = areas[[key]].assign(position=np.arange(len(areas))).sort_values([key, "position"])
    geometries = keep_dimension(repair(lonlat_array(areas.geometry)).geometries, 2)[ordered["position"].to_numpy()]
    shapely.prepare(geometries)
    return _Areas(geometries, ordered[key].reset_index(drop=True))


def _split(features: GeometryArray, areas: _Areas, measure: Measure, *, count_borders_once: bool) -> _Parts:
    chunks = []
    for start in range(0, len(features), CHUNK_FEATURES):
        chunk = features[start : start + CHUNK_FEATURES]
        feature, area, size, share = _split_chunk(chunk, areas, measure, count_borders_once)
        chunks.append((feature + start, area, size, share))
    if not chunks:
        chunks.append((np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0)))
    feature, area, size, share = (np.concatenate(column) for column in zip(*chunks, strict=True))
    return _Parts(feature, area, size, share, areas.keys)


def _split_chunk(
    features: GeometryArray, areas: _Areas, measure: Measure, count_borders_once: bool
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    totals = measure(features)
    feature, area, size = _common_measures(features, areas.geometries, totals, measure)
    outside = _outside(features, areas.geometries, totals, feature, area, size, measure)
    if count_borders_once:
        size = _without_shared_borders(features, areas.geometries, totals, outside, feature, area, size)
    alone = np.flatnonzero(outside > NOISE)
    feature = np.concatenate([feature, alone])
    area = np.concatenate([area, np.full(len(alone), -1)])
    size = np.concatenate([size, outside[alone]])
    kept = size > NOISE * (area >= 0) * (totals[feature] > NOISE)
    order = np.lexsort((area, feature))
    order = order[kept[order]]
    feature, area, size = feature[order], area[order], size[order]
    return feature, area, size, size / totals[feature]


def _common_measures(
    features: GeometryArray, areas: GeometryArray, totals: FloatArray, measure: Measure
) -> tuple[IntArray, IntArray, FloatArray]:
    """
    Find the pairs of feature and area, and measure what they have in common.

    Most features lie within one area: the prepared polygon says so at once, and the whole is already measured. Only
    pairs that cross a border (some 8 in 100) are intersected.
    """
    area, feature = shapely.STRtree(features).query(areas)
    covered = shapely.covers(areas[area], features[feature])
    rest = np.flatnonzero(~covered)
    crossing = rest[shapely.intersects(areas[area[rest]], features[feature[rest]])]
    size = np.where(covered, totals[feature], 0.0)
    near = _areas_near(features[feature[crossing]], areas, area[crossing])
    size[crossing] = measure(shapely.intersection(features[feature[crossing]], near))
    kept = np.flatnonzero(size > 0)
    kept = kept[np.lexsort((area[kept], feature[kept]))]
    return feature[kept], area[kept], size[kept]


def _areas_near(features: GeometryArray, areas: GeometryArray, area: IntArray) -> GeometryArray:
    """
    Give for each feature its area, cut to the neighbourhood of the feature where that saves work.

    Each area is laid out in cells; features of one cell share the area cut to that cell and half a cell around it,
    which holds them whole. A village of 2 000 vertices then costs a road that crosses its border a fraction.
    """
    result = areas[area]
    bounds, frame = shapely.bounds(features), shapely.bounds(areas)[area]
    cell = (frame[:, 2:] - frame[:, :2]) / CELLS
    size = bounds[:, 2:] - bounds[:, :2]
    worth = (shapely.get_num_coordinates(result) > CUT_VERTICES) & (size < CELL_SHARE * cell).all(axis=1)
    chosen = np.flatnonzero(worth)
    place = np.floor(((bounds[:, :2] + bounds[:, 2:]) / 2 - frame[:, :2])[chosen] / cell[chosen]).astype(np.int64)
    groups, group = np.unique(np.column_stack([area[chosen], place]), axis=0, return_inverse=True)
    corners = frame[chosen, :2] + (place - 0.5) * cell[chosen]
    boxes = np.empty((len(groups), 4))
    boxes[group] = np.hstack([corners, corners + 2 * cell[chosen]])
    cut = np.array(
        [shapely.clip_by_rect(areas[row[0]], *box) for row, box in zip(groups, boxes, strict=True)], dtype=object
    )
    sound = shapely.is_valid(cut)
    usable = sound[group]
    result[chosen[usable]] = cut[group[usable]]
    return result


def _outside(
    features: GeometryArray,
    areas: GeometryArray,
    totals: FloatArray,
    feature: IntArray,
    area: IntArray,
    size: FloatArray,
    measure: Measure,
) -> FloatArray:
    """Measure what of each feature lies in no area; where several areas share it and do not add up, cut it to see."""
    sums = _sum_by(feature, size, len(features))
    outside = np.maximum(totals - sums, 0.0)
    shared = np.bincount(feature, minlength=len(features)) > 1
    unclear = shared & ~_nearly_equal(sums, totals)
    rest = features.copy()
    for pairs in _rounds(feature, unclear):
        rest[feature[pairs]] = shapely.difference(rest[feature[pairs]], areas[area[pairs]])
    outside[unclear] = measure(rest[unclear])
    return np.where(outside > RELATIVE_NOISE * totals, outside, 0.0)


def _without_shared_borders(
    features: GeometryArray,
    areas: GeometryArray,
    totals: FloatArray,
    outside: FloatArray,
    feature: IntArray,
    area: IntArray,
    size: FloatArray,
) -> FloatArray:
    """Take a stretch along the border of several areas away from all but the first of them."""
    sums = _sum_by(feature, size, len(features)) + outside
    doubled = (sums > totals) & ~_nearly_equal(sums, totals)
    result = size.copy()
    taken = np.full(len(features), shapely.MultiLineString(), dtype=object)
    for pairs in _rounds(feature, doubled):
        line = feature[pairs]
        border = shapely.intersection(features[line], shapely.boundary(areas[area[pairs]]))
        border = keep_dimension(border, 1)
        result[pairs] -= length_m(shapely.intersection(border, taken[line]))
        taken[line] = shapely.union(taken[line], border)
    return np.maximum(result, 0.0)


def _rounds(feature: IntArray, chosen: BoolArray) -> list[IntArray]:
    """List the pairs of the chosen features, first the first of each feature, then the second, and so on."""
    pairs = np.flatnonzero(chosen[feature])
    if not len(pairs):
        return []
    rank = np.arange(len(pairs)) - np.searchsorted(feature[pairs], feature[pairs])
    return [pairs[rank == turn] for turn in range(int(rank.max()) + 1)]


def _sum_by(feature: IntArray, size: FloatArray, count: int) -> FloatArray:
    return np.bincount(feature, weights=size, minlength=count).astype(np.float64)


def _nearly_equal(first: FloatArray, second: FloatArray) -> BoolArray:
    tolerance = NOISE + RELATIVE_NOISE * np.maximum(first, second)
    return np.asarray(np.abs(first - second) <= tolerance, dtype=bool)


def _to_frame(parts: _Parts, index: pd.Index, *, names: tuple[str, str, str]) -> pd.DataFrame:
    feature_name, area_name, measure_name = names
    keys = np.array([*parts.keys, None], dtype=object)
    frame = pd.DataFrame(
        {
            feature_name: index.take(parts.feature),
            area_name: pd.Series(keys[parts.area], dtype=object),
            measure_name: parts.measure,
            "share": parts.share,
        }
    )
    if parts.keys.is_unique:
        return frame
    columns = [feature_name, area_name]
    return frame.groupby(columns, dropna=False, sort=False, as_index=False)[[measure_name, "share"]].sum()
