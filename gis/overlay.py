"""How much of each line or polygon lies in which area."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

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
    named = _areas_of(areas, key)
    parts, share = _split(lonlat_array(lines.geometry), named, length_m, count_borders_once=True)
    return _to_frame(parts, share, named.keys, lines.index, ("line", "area", "length_m"))


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
    named = _areas_of(areas, key)
    parts, share = _split(features, named, area_m2, count_borders_once=False)
    return _to_frame(parts, share, named.keys, polygons.index, ("polygon", "area", "area_m2"))


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


class _Parts(NamedTuple):
    """What features and areas have in common: positions of both (area -1: outside of all), and the measure of it."""

    feature: IntArray
    area: IntArray
    size: FloatArray

    def take(self, chosen: IntArray) -> _Parts:
        return _Parts(self.feature[chosen], self.area[chosen], self.size[chosen])


def _areas_of(areas: gpd.GeoDataFrame, key: str) -> _Areas:
    if key not in areas.columns:
        raise MissingColumn(f"Data wilayah tidak memiliki kolom {key}.", f"The areas have no column {key}.")
    ordered = areas[[key]].assign(position=np.arange(len(areas))).sort_values([key, "position"])
    geometries = keep_dimension(repair(lonlat_array(areas.geometry)).geometries, 2)[ordered["position"].to_numpy()]
    shapely.prepare(geometries)
    return _Areas(geometries, ordered[key].reset_index(drop=True))


def _split(
    features: GeometryArray, areas: _Areas, measure: Measure, *, count_borders_once: bool
) -> tuple[_Parts, FloatArray]:
    """Split chunk by chunk; beside each part stands its share of the feature."""
    chunks = [_Parts(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
    shares = [np.empty(0)]
    for start in range(0, len(features), CHUNK_FEATURES):
        chunk = features[start : start + CHUNK_FEATURES]
        totals = measure(chunk)
        parts = _split_chunk(chunk, areas.geometries, totals, measure, count_borders_once)
        chunks.append(parts._replace(feature=parts.feature + start))
        shares.append(parts.size / totals[parts.feature])
    return _Parts(*(np.concatenate(column) for column in zip(*chunks, strict=True))), np.concatenate(shares)


def _split_chunk(
    features: GeometryArray, areas: GeometryArray, totals: FloatArray, measure: Measure, count_borders_once: bool
) -> _Parts:
    inside = _common(features, areas, totals, measure)
    outside = _outside(features, areas, totals, inside, measure)
    if count_borders_once:
        inside = _without_shared_borders(features, areas, totals, outside, inside)
    alone = np.flatnonzero(outside > NOISE)
    parts = _Parts(
        np.concatenate([inside.feature, alone]),
        np.concatenate([inside.area, np.full(len(alone), -1)]),
        np.concatenate([inside.size, outside[alone]]),
    )
    order = np.lexsort((parts.area, parts.feature))
    worth = parts.size > np.minimum(NOISE, totals[parts.feature] / 2)
    return parts.take(order[worth[order]])


def _common(features: GeometryArray, areas: GeometryArray, totals: FloatArray, measure: Measure) -> _Parts:
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
    order = np.lexsort((area, feature))
    return _Parts(feature, area, size).take(order[size[order] > 0])


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
    clips = [shapely.clip_by_rect(areas[key[0]], *box) for key, box in zip(groups, boxes, strict=True)]
    cut: GeometryArray = np.array(clips, dtype=object)
    sound = shapely.is_valid(cut)[
        group
    ]  # the fast clip may leave a ring that touches itself; then the whole area serves
    result[chosen[sound]] = cut[group[sound]]
    return result


def _outside(
    features: GeometryArray, areas: GeometryArray, totals: FloatArray, inside: _Parts, measure: Measure
) -> FloatArray:
    """Measure what of each feature lies in no area; where several areas share it and do not add up, cut it to see."""
    sums = _sum_by_feature(inside, len(features))
    outside = np.maximum(totals - sums, 0.0)
    shared = np.bincount(inside.feature, minlength=len(features)) > 1
    unclear = shared & ~_nearly_equal(sums, totals)
    rest = features.copy()
    for turn in _turns(inside.feature, unclear):
        feature = inside.feature[turn]
        rest[feature] = shapely.difference(rest[feature], areas[inside.area[turn]])
    outside[unclear] = measure(rest[unclear])
    return np.where(outside > RELATIVE_NOISE * totals, outside, 0.0)


def _without_shared_borders(
    lines: GeometryArray, areas: GeometryArray, totals: FloatArray, outside: FloatArray, inside: _Parts
) -> _Parts:
    """Take a stretch along the border of several areas away from all but the first of them."""
    sums = _sum_by_feature(inside, len(lines)) + outside
    doubled = (sums > totals) & ~_nearly_equal(sums, totals)
    size = inside.size.copy()
    taken = np.full(len(lines), shapely.MultiLineString(), dtype=object)
    for turn in _turns(inside.feature, doubled):
        line = inside.feature[turn]
        border = shapely.intersection(lines[line], shapely.boundary(areas[inside.area[turn]]))
        border = keep_dimension(border, 1)
        size[turn] -= length_m(shapely.intersection(border, taken[line]))
        taken[line] = shapely.union(taken[line], border)
    return inside._replace(size=np.maximum(size, 0.0))


def _turns(feature: IntArray, chosen: BoolArray) -> list[IntArray]:
    """List the parts of the chosen features: first the first part of each, then the second, and so on."""
    parts = np.flatnonzero(chosen[feature])
    if not len(parts):
        return []
    rank = np.arange(len(parts)) - np.searchsorted(feature[parts], feature[parts])
    return [parts[rank == turn] for turn in range(int(rank.max()) + 1)]


def _sum_by_feature(parts: _Parts, count: int) -> FloatArray:
    return np.bincount(parts.feature, weights=parts.size, minlength=count).astype(np.float64)


def _nearly_equal(first: FloatArray, second: FloatArray) -> BoolArray:
    tolerance = NOISE + RELATIVE_NOISE * np.maximum(first, second)
    return np.asarray(np.abs(first - second) <= tolerance, dtype=bool)


def _to_frame(
    parts: _Parts, share: FloatArray, keys: pd.Series, index: pd.Index, names: tuple[str, str, str]
) -> pd.DataFrame:
    feature_name, area_name, measure_name = names
    key_or_none = np.array([*keys, None], dtype=object)
    frame = pd.DataFrame(
        {
            feature_name: index.take(parts.feature),
            area_name: pd.Series(key_or_none[parts.area], dtype=object),
            measure_name: parts.size,
            "share": share,
        }
    )
    if keys.is_unique:
        return frame
    columns = [feature_name, area_name]
    return frame.groupby(columns, dropna=False, sort=False, as_index=False)[[measure_name, "share"]].sum()
