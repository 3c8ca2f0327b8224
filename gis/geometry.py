"""Geometries made fit for use: valid, flat, of one kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from gis.types import BoolArray, GeometryArray, IntArray

PLANE = 2  # coordinates of a flat geometry

_MULTI_OF_TYPE: dict[int, Any] = {
    shapely.GeometryType.POINT: shapely.multipoints,
    shapely.GeometryType.LINESTRING: shapely.multilinestrings,
    shapely.GeometryType.LINEARRING: shapely.multilinestrings,
    shapely.GeometryType.POLYGON: shapely.multipolygons,
}


@dataclass(frozen=True)
class RepairResult:
    """
    Geometries after repair, in the order they came, and what was done to each.

    `repaired` marks those that were invalid and are valid now; `emptied` those of which nothing could be kept, such as
    a polygon without area. The two never overlap.
    """

    geometries: GeometryArray
    repaired: BoolArray
    emptied: BoolArray


def repair(geometries: GeometryArray) -> RepairResult:
    """
    Make invalid geometries valid, keeping their dimension.

    A self-crossing polygon becomes the polygons that its line encloses; what collapses to lines or points is dropped,
    so that a polygon layer stays one of polygons.

    Parameters
    ----------
    geometries
        In any CRS. Missing and empty geometries are returned as they are and marked neither repaired nor emptied.

    Returns
    -------
    result
        All geometries valid; those that were valid are the very same objects.
    """
    original: GeometryArray = np.asarray(geometries, dtype=object).reshape(-1)
    present = ~shapely.is_missing(original) & ~shapely.is_empty(original)
    broken = present & ~shapely.is_valid(original)
    result = original.copy()
    for index in np.flatnonzero(broken):
        result[index] = _repair_one(original[index])
    emptied = broken & shapely.is_empty(result)
    return RepairResult(result, broken & ~emptied, emptied)


def keep_dimension(geometries: GeometryArray, dimension: int) -> GeometryArray:
    """
    Keep the parts of one dimension: 0 points, 1 lines, 2 polygons.

    Parameters
    ----------
    geometries
        In any CRS; collections may be nested.

    Returns
    -------
    geometries
        As they were when they have that dimension throughout; a multi-part geometry of the parts kept when they came in
        a collection; an empty one when nothing is left; None where missing.
    """
    array: GeometryArray = np.asarray(geometries, dtype=object).reshape(-1)
    result = array.copy()
    collection = shapely.get_type_id(array) == shapely.GeometryType.GEOMETRYCOLLECTION
    other = ~collection & ~shapely.is_missing(array) & (shapely.get_dimensions(array) != dimension)
    for index in np.flatnonzero(collection | other):
        parts, _ = explode_collections(array[index : index + 1])
        result[index] = _as_multi(parts[shapely.get_dimensions(parts) == dimension], dimension)
    return result


def promote_to_multi(geometries: GeometryArray) -> GeometryArray:
    """
    Turn single points, lines and polygons into multi-part ones of one part, as the layers' tables keep them.

    Parameters
    ----------
    geometries
        In any CRS; multi-part geometries, collections and missing ones are returned as they are.

    Returns
    -------
    geometries
        In the same order; an empty geometry becomes an empty multi-part one.
    """
    array: GeometryArray = np.asarray(geometries, dtype=object).reshape(-1)
    result = array.copy()
    type_ids = shapely.get_type_id(array)
    single = (type_ids >= 0) & (type_ids <= shapely.GeometryType.POLYGON)
    filled = single & ~shapely.is_empty(array)
    for type_id, make in _MULTI_OF_TYPE.items():
        chosen = np.flatnonzero(filled & (type_ids == type_id))
        if len(chosen):
            result[chosen] = make(array[chosen], indices=np.arange(len(chosen)))
    for index in np.flatnonzero(single & ~filled):
        result[index] = _as_multi([], int(shapely.get_dimensions(array[index])))
    return result


def drop_z(geometries: GeometryArray) -> GeometryArray:
    """Drop heights (and measures); geometries without them are returned as they are, None where missing."""
    array: GeometryArray = np.asarray(geometries, dtype=object).reshape(-1)
    result = array.copy()
    high = shapely.get_coordinate_dimension(array) > PLANE
    result[high] = shapely.force_2d(array[high])
    return result


def explode_collections(geometries: GeometryArray) -> tuple[GeometryArray, IntArray]:
    """
    Break multi-part geometries and collections, nested ones too, into single parts.

    Parameters
    ----------
    geometries
        In any CRS; missing and empty ones give no part.

    Returns
    -------
    parts, owner
        Points, lines and polygons, and for each the position of the geometry it came from.
    """
    array: GeometryArray = np.asarray(geometries, dtype=object).reshape(-1)
    owner: IntArray = np.arange(len(array), dtype=np.int64)
    while (shapely.get_type_id(array) > shapely.GeometryType.POLYGON).any():
        array, index = shapely.get_parts(array, return_index=True)
        owner = owner[index]
    present = ~shapely.is_missing(array) & ~shapely.is_empty(array)
    return array[present], owner[present]


def _repair_one(geometry: shapely.Geometry) -> shapely.Geometry:
    dimension = int(shapely.get_dimensions(geometry))
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        return _as_multi([], dimension)
    valid = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
    kept: shapely.Geometry = keep_dimension(np.array([valid], dtype=object), dimension)[0]
    return kept


def _as_multi(parts: Sequence[shapely.Geometry] | GeometryArray, dimension: int) -> shapely.Geometry:
    kinds: tuple[Any, ...] = (shapely.MultiPoint, shapely.MultiLineString, shapely.MultiPolygon)
    multi: shapely.Geometry = kinds[dimension](list(parts))
    return multi
