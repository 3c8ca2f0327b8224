"""Lengths and areas on the ellipsoid, for many geometries at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import Geod

from gis.constants import ELLIPSOID, WGS84_FLATTENING, WGS84_SEMI_MAJOR_M
from gis.errors import MissingCrs, ProjectedGeometry
from gis.geometry import explode_collections
from gis.types import BoolArray, FloatArray, GeometryArray

if TYPE_CHECKING:
    import geopandas as gpd

GEOD = Geod(ellps=ELLIPSOID)

CHUNK_GEOMETRIES = 2_000
"""Geometries measured in one go: small working arrays stay in the processor's cache, five times faster."""

SHORT_SEGMENT_M = 1_000.0
"""Below this (metres) the mid-latitude formula is within 1e-8 of the geodesic; longer pieces are solved exactly."""

SHORT_EDGE_M = 500.0
"""Rings with no longer edge (metres) take edges as great circles of the authalic sphere: within 2e-7 of the area."""

SERIES_MAX_LATITUDE = 70.0
"""Nearer to the poles (degrees) both series lose digits, so the exact algorithm is used."""

_E2 = WGS84_FLATTENING * (2 - WGS84_FLATTENING)
_E = float(np.sqrt(_E2))


def lonlat_array(geometries: gpd.GeoSeries | GeometryArray) -> GeometryArray:
    """
    Check that geometries are in longitude and latitude, and give them as a plain array.

    Parameters
    ----------
    geometries
        A GeoSeries, whose CRS must be geographic, or an array of geometries in EPSG:4326.

    Returns
    -------
    geometries
        The same geometries, in the same order; an empty array for none.

    Raises
    ------
    MissingCrs
        If a GeoSeries has no CRS.
    ProjectedGeometry
        If the CRS is not geographic, or coordinates lie beyond what degrees can be.
    """
    if hasattr(geometries, "crs"):  # a GeoSeries; asking so spares the web the second that geopandas takes to load
        _require_geographic(geometries)
    array: GeometryArray = np.asarray(geometries, dtype=object).reshape(-1)
    _require_degrees(array)
    return array


def length_m(geometries: gpd.GeoSeries | GeometryArray) -> FloatArray:
    """
    Measure the length of lines on the ellipsoid.

    Agrees with PostGIS's `ST_Length(geom::geography)`: polygons and points have no length.

    Parameters
    ----------
    geometries
        Lines in EPSG:4326; multi-part lines and collections count all of their lines.

    Returns
    -------
    length_m
        Metres, one per geometry; 0 where a geometry is missing or empty. An empty array for none.

    Raises
    ------
    MissingCrs, ProjectedGeometry
        As for `lonlat_array`.
    """
    array = lonlat_array(geometries)
    lengths = np.zeros(len(array))
    for part in _chunks(len(array)):
        lengths[part] = _lengths_of(array[part])
    return lengths


def area_m2(geometries: gpd.GeoSeries | GeometryArray) -> FloatArray:
    """
    Measure the area of polygons on the ellipsoid, holes left out.

    Agrees with PostGIS's `ST_Area(geom::geography)`: lines and points have no area.

    Parameters
    ----------
    geometries
        Valid polygons in EPSG:4326; multi-part polygons and collections count all of their polygons.

    Returns
    -------
    area_m2
        Square metres, one per geometry; 0 where a geometry is missing or empty. An empty array for none.

    Raises
    ------
    MissingCrs, ProjectedGeometry
        As for `lonlat_array`.
    """
    array = lonlat_array(geometries)
    areas = np.zeros(len(array))
    for part in _chunks(len(array)):
        areas[part] = _areas_of(array[part])
    return areas


def segment_lengths_m(start: FloatArray, end: FloatArray) -> FloatArray:
    """
    Measure straight pieces between pairs of points on the ellipsoid.

    Parameters
    ----------
    start, end
        Longitude and latitude in degrees, shape (n, 2).

    Returns
    -------
    length_m
        Metres, shape (n,).
    """
    lengths = _mid_latitude_m(start, end)
    exact = (lengths > SHORT_SEGMENT_M) | _is_steep(start, end)
    if exact.any():
        _, _, metres = GEOD.inv(start[exact, 0], start[exact, 1], end[exact, 0], end[exact, 1])
        lengths[exact] = metres
    return lengths


def _require_geographic(series: gpd.GeoSeries) -> None:
    if series.crs is None:
        raise MissingCrs(
            "Data tidak menyebut sistem koordinatnya. Tetapkan sistem koordinat lebih dulu.",
            "The data does not name its coordinate system. Set the coordinate system first.",
        )
    if not series.crs.is_geographic:
        raise ProjectedGeometry(
            f"Data berada dalam {series.crs.name}; ubah dulu ke bujur dan lintang (EPSG:4326).",
            f"The data is in {series.crs.name}; reproject it to longitude and latitude (EPSG:4326) first.",
        )


def _require_degrees(array: GeometryArray) -> None:
    bounds = shapely.total_bounds(array) if len(array) else np.full(4, np.nan)
    if np.isnan(bounds).all():
        return
    if not (np.abs(bounds[[0, 2]]) <= 360).all() or not (np.abs(bounds[[1, 3]]) <= 90).all():
        raise ProjectedGeometry(
            "Koordinat berada di luar bujur dan lintang; mungkin dalam meter, atau sumbunya tertukar.",
            "The coordinates are beyond longitude and latitude; perhaps they are metres, or the axes are swapped.",
        )


def _chunks(count: int) -> Iterator[slice]:
    return (slice(start, start + CHUNK_GEOMETRIES) for start in range(0, count, CHUNK_GEOMETRIES))


def _lengths_of(array: GeometryArray) -> FloatArray:
    parts, owner = explode_collections(array)
    linear = shapely.get_dimensions(parts) == 1
    parts, owner = parts[linear], owner[linear]
    coordinates, line = shapely.get_coordinates(parts, return_index=True)
    start, end = coordinates[:-1], coordinates[1:]
    metres = _mid_latitude_m(start, end)
    inside = line[1:] == line[:-1]
    metres[~inside] = 0
    exact = inside & ((metres > SHORT_SEGMENT_M) | _is_steep(start, end))
    if exact.any():
        metres[exact] = segment_lengths_m(start[exact], end[exact])
    return np.bincount(owner[line[:-1]], weights=metres, minlength=len(array)).astype(np.float64)


def _areas_of(array: GeometryArray) -> FloatArray:
    parts, owner = explode_collections(array)
    polygonal = shapely.get_dimensions(parts) == 2
    parts, owner = parts[polygonal], owner[polygonal]
    rings, polygon = shapely.get_rings(parts, return_index=True)
    ring_areas = np.abs(_ring_areas_m2(rings))
    is_hole = np.ones(len(rings), dtype=bool)
    is_hole[np.searchsorted(polygon, np.arange(len(parts)))] = False
    signed = np.where(is_hole, -ring_areas, ring_areas)
    return np.bincount(owner[polygon], weights=signed, minlength=len(array)).astype(np.float64)


def _ring_areas_m2(rings: GeometryArray) -> FloatArray:
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    inside = ring[1:] == ring[:-1]
    start, end, edge_ring = coordinates[:-1][inside], coordinates[1:][inside], ring[:-1][inside]
    areas = np.bincount(edge_ring, weights=_strips_m2(start, end), minlength=len(rings)).astype(np.float64)
    far = (_mid_latitude_m(start, end) > SHORT_EDGE_M) | _is_steep(start, end)
    for index in np.unique(edge_ring[far]):
        points = coordinates[slice(*np.searchsorted(ring, (index, index + 1)))]
        areas[index] = GEOD.polygon_area_perimeter(points[:, 0], points[:, 1])[0]
    return areas


def _mid_latitude_m(start: FloatArray, end: FloatArray) -> FloatArray:
    """Length by the radii of curvature at the middle latitude (Gauss), good for short pieces."""
    east = end[:, 0] - start[:, 0]
    north = end[:, 1] - start[:, 1]
    sine2 = np.sin((start[:, 1] + end[:, 1]) * (np.pi / 360)) ** 2
    w2 = 1 - _E2 * sine2
    north *= (1 - _E2) / w2
    length2 = (north * north + (1 - sine2) * east * east) / w2
    return np.asarray(np.sqrt(length2) * (WGS84_SEMI_MAJOR_M * np.pi / 180), dtype=np.float64)


def _is_steep(start: FloatArray, end: FloatArray) -> BoolArray:
    return np.maximum(np.abs(start[:, 1]), np.abs(end[:, 1])) > SERIES_MAX_LATITUDE


def _strips_m2(start: FloatArray, end: FloatArray) -> FloatArray:
    """
    Signed area between each edge and the equator, the edge being a great circle of the authalic sphere.

    The difference of longitude is taken in degrees, where it is exact: at 3 degrees south a strip is 300 km tall, and
    a rounding error in its width would show in the area of a house.
    """
    width = np.radians(end[:, 0] - start[:, 0])
    tangent_1 = _half_authalic_tangent(start[:, 1])
    tangent_2 = _half_authalic_tangent(end[:, 1])
    excess = 2 * np.arctan2(np.tan(width / 2) * (tangent_1 + tangent_2), 1 + tangent_1 * tangent_2)
    return np.asarray(-excess * _AUTHALIC_RADIUS2_M2, dtype=np.float64)


def _half_authalic_tangent(latitude: FloatArray) -> FloatArray:
    """Tangent of half the authalic latitude (Snyder, Map Projections, equations 3-11 and 3-12)."""
    sine = _authalic_q(np.sin(np.radians(latitude))) / _Q_POLE
    return np.asarray(sine / (1 + np.sqrt(np.maximum(0.0, 1 - sine**2))), dtype=np.float64)


def _authalic_q(sine: FloatArray) -> FloatArray:
    scaled = _E * sine
    return np.asarray((1 - _E2) * (sine / (1 - scaled**2) + np.arctanh(scaled) / _E), dtype=np.float64)


_Q_POLE = float(_authalic_q(np.array([1.0]))[0])
_AUTHALIC_RADIUS2_M2 = WGS84_SEMI_MAJOR_M**2 * _Q_POLE / 2
