"""The metric coordinate system of a regency, chosen from its boundary."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from gis.errors import BoundaryTooWide, EmptyBoundary, MissingCrs, UnprojectedGeometry
from gis.measure import lonlat_array
from gis.types import BBox, FloatArray, GeometryArray

WGS84 = CRS.from_epsg(4326)
WEB_MERCATOR = CRS.from_epsg(3857)

UTM_ZONE_WIDTH_DEG = 6.0

UTM_ZONE_MARGIN_DEG = 0.5
"""How far a boundary may reach over the border of its UTM zone: distances are then off by at most 0.14 %."""

LOCAL_MAX_WIDTH_DEG = 12.0
"""Widest boundary for a transverse Mercator of its own: at both ends distances are then off by at most 0.28 %."""


def choose_metric_crs(boundary: BaseGeometry) -> CRS:
    """
    Choose the coordinate system in which buffers and reach of a regency are computed.

    A boundary within one UTM zone takes that zone, north or south as the middle of the boundary lies; on the equator
    northings then run on below 0 (or above 10 000 km), which harms no distance. A boundary that straddles a zone
    border takes a transverse Mercator centred on itself.

    Parameters
    ----------
    boundary
        The regency in EPSG:4326.

    Returns
    -------
    crs
        Projected, in metres. `crs.to_string()` names it, and `CRS.from_user_input` reads that name back.

    Raises
    ------
    EmptyBoundary
        If there is no boundary.
    ProjectedGeometry
        If the coordinates cannot be degrees.
    BoundaryTooWide
        If it spans more than `LOCAL_MAX_WIDTH_DEG` of longitude.
    """
    west, south, east, north = _bounds(boundary)
    zone = _utm_zone((west + east) / 2)
    zone_west = zone * UTM_ZONE_WIDTH_DEG - 186
    zone_east = zone_west + UTM_ZONE_WIDTH_DEG
    if west >= zone_west - UTM_ZONE_MARGIN_DEG and east <= zone_east + UTM_ZONE_MARGIN_DEG:
        return CRS.from_epsg((32600 if south + north >= 0 else 32700) + zone)
    return _local_transverse_mercator((west, south, east, north))


def require_metric(source: gpd.GeoDataFrame | gpd.GeoSeries | CRS | None) -> CRS:
    """
    Refuse coordinates in which a distance would be wrong.

    Parameters
    ----------
    source
        A frame, a series, or a CRS.

    Returns
    -------
    crs
        The CRS, projected in metres.

    Raises
    ------
    MissingCrs
        If there is none.
    UnprojectedGeometry
        If it is in degrees, in another unit than metres, or Web Mercator (whose metres are not metres).
    """
    crs = source.crs if isinstance(source, gpd.GeoDataFrame | gpd.GeoSeries) else source
    if crs is None:
        raise MissingCrs(
            "Data tidak menyebut sistem koordinatnya, jadi jarak tidak dapat dihitung.",
            "The data does not name its coordinate system, so distances cannot be computed.",
        )
    if not crs.is_projected or not _is_in_metres(crs) or _is_web_mercator(crs):
        raise UnprojectedGeometry(
            f"Jarak tidak dapat dihitung dalam {crs.name}; ubah dulu ke sistem koordinat bermeter.",
            f"Distances cannot be computed in {crs.name}; reproject to a metric coordinate system first.",
        )
    return crs


def reproject_array(geometries: GeometryArray, source: CRS | int, target: CRS | int) -> GeometryArray:
    """
    Reproject geometries, all vertices at once.

    Parameters
    ----------
    geometries
        In `source`, x (or longitude) before y; may be missing or empty.
    source, target
        A CRS, or the number of its EPSG code.

    Returns
    -------
    geometries
        In `target`, in the same order.
    """
    transformer = Transformer.from_crs(source, target, always_xy=True)

    def move(coordinates: FloatArray) -> FloatArray:
        return np.column_stack(transformer.transform(coordinates[:, 0], coordinates[:, 1])).reshape(-1, 2)

    return np.asarray(shapely.transform(geometries, move), dtype=object).reshape(-1)


def _bounds(boundary: BaseGeometry) -> BBox:
    array = lonlat_array(np.array([boundary], dtype=object))
    bounds = shapely.total_bounds(array)
    if np.isnan(bounds).any():
        raise EmptyBoundary(
            "Batas wilayah kosong, jadi sistem koordinatnya tidak dapat dipilih. Muat batas wilayah lebih dulu.",
            "The boundary is empty, so its coordinate system cannot be chosen. Load the boundary first.",
        )
    west, south, east, north = (float(value) for value in bounds)
    return west, south, east, north


def _utm_zone(longitude: float) -> int:
    return int((longitude + 180) // UTM_ZONE_WIDTH_DEG) % 60 + 1


def _local_transverse_mercator(bounds: BBox) -> CRS:
    """Centre on the boundary, and balance the scale: as much too small in the middle as too large at both ends."""
    west, south, east, north = bounds
    if east - west > LOCAL_MAX_WIDTH_DEG:
        raise BoundaryTooWide(
            f"Batas wilayah selebar {east - west:.1f}° bujur terlalu lebar untuk satu sistem koordinat bermeter.",
            f"A boundary {east - west:.1f}° of longitude wide is too wide for one metric coordinate system.",
        )
    latitude = 0.0 if south <= 0 <= north else min(abs(south), abs(north))
    half_width = np.radians((east - west) / 2) * np.cos(np.radians(latitude))
    scale = 1 - half_width**2 / 4
    return CRS.from_user_input(
        f"+proj=tmerc +lat_0={(south + north) / 2:.4f} +lon_0={(west + east) / 2:.4f} +k_0={scale:.7f} "
        "+x_0=500000 +y_0=1000000 +datum=WGS84 +units=m +no_defs +type=crs"
    )


def _is_in_metres(crs: CRS) -> bool:
    units: list[Any] = [axis.unit_conversion_factor for axis in crs.axis_info]
    return bool(units) and all(factor == 1.0 for factor in units)


def _is_web_mercator(crs: CRS) -> bool:
    operation = crs.coordinate_operation
    return crs == WEB_MERCATOR or (operation is not None and "Pseudo Mercator" in operation.method_name)
