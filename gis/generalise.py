"""Lines and polygons drawn with fewer points, as coarse as a zoom allows."""

from __future__ import annotations

import numpy as np
import shapely

from gis.constants import MAX_ZOOM, TILE_SIZE_PX, WEB_MERCATOR_HALF_M
from gis.errors import InvalidMeasure
from gis.measure import lonlat_array
from gis.types import FloatArray, GeometryArray

TOLERANCE_PX = 0.25
"""How far (pixels of a tile at its own zoom) a simplified line may lie from the true one without being seen to."""


def tolerance_m(zoom: float) -> float:
    """
    Give the tolerance of simplification for a zoom: a quarter of a pixel.

    Parameters
    ----------
    zoom
        0 to 22; a plate's zoom may be a fraction.

    Returns
    -------
    tolerance_m
        Web Mercator metres (true metres on the equator): 306 at zoom 7, 19 at zoom 11.

    Raises
    ------
    InvalidMeasure
        If there is no such zoom.
    """
    if not 0 <= zoom <= MAX_ZOOM:
        raise InvalidMeasure(f"Tidak ada tingkat zum {zoom}.", f"There is no zoom {zoom}.")
    return float(TOLERANCE_PX * 2 * WEB_MERCATOR_HALF_M / TILE_SIZE_PX / 2**zoom)


def simplify(geometries: GeometryArray, *, tolerance: float) -> GeometryArray:
    """
    Leave out points nearer than a tolerance to the simplified line, each geometry on its own.

    Neighbours are not kept in step: along a common border gaps and overlaps up to the tolerance appear, which nobody
    sees at the zoom that the tolerance is for.

    Parameters
    ----------
    geometries
        In EPSG:3857.
    tolerance
        In metres of EPSG:3857, see `tolerance_m`; 0 changes nothing.

    Returns
    -------
    geometries
        In EPSG:3857, in the same order. Polygons stay valid; a ring smaller than the tolerance shrinks to a triangle or
        goes, and a polygon of which nothing is left is empty. None where missing.

    Raises
    ------
    InvalidMeasure
        If the tolerance is negative.
    """
    if not tolerance >= 0:
        raise InvalidMeasure("Toleransi tidak boleh negatif.", "A tolerance cannot be negative.")
    array: GeometryArray = np.asarray(geometries, dtype=object).reshape(-1)
    if tolerance == 0:
        return array.copy()
    return np.asarray(shapely.simplify(array, tolerance, preserve_topology=True), dtype=object)


def to_web_mercator(geometries: GeometryArray) -> GeometryArray:
    """
    Project longitude and latitude to EPSG:3857, for drawing only: nothing may be measured there.

    Parameters
    ----------
    geometries
        In EPSG:4326; latitudes beyond the matrix are drawn at its edge.

    Returns
    -------
    geometries
        In EPSG:3857, without heights; None where missing.

    Raises
    ------
    ProjectedGeometry
        If the coordinates cannot be degrees.
    """
    return np.asarray(shapely.transform(lonlat_array(geometries), _project), dtype=object)


def simplify_for_zoom(geometries: GeometryArray, *, zoom: float) -> GeometryArray:
    """
    Project geometries to EPSG:3857 and simplify them for a zoom.

    Parameters
    ----------
    geometries
        In EPSG:4326.
    zoom
        0 to 22.

    Returns
    -------
    geometries
        In EPSG:3857, in the same order; see `simplify`.

    Raises
    ------
    InvalidMeasure, ProjectedGeometry
        As for `tolerance_m` and `to_web_mercator`.
    """
    return simplify(to_web_mercator(geometries), tolerance=tolerance_m(zoom))


def _project(lonlat: FloatArray) -> FloatArray:
    east = np.radians(lonlat[:, 0])
    north = np.arcsinh(np.tan(np.radians(lonlat[:, 1])))
    square = np.column_stack([east, np.clip(north, -np.pi, np.pi)])
    return np.asarray(square * (WEB_MERCATOR_HALF_M / np.pi), dtype=np.float64)
