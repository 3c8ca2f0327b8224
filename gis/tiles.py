"""The Web Mercator tile matrix: which tile covers what."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gis.constants import MAX_ZOOM, WEB_MERCATOR_HALF_M, WEB_MERCATOR_MAX_LATITUDE
from gis.errors import InvalidMeasure, TileOutsideMatrix
from gis.types import BBox, TileXYZ


def check_tile(z: int, x: int, y: int) -> TileXYZ:
    """
    Check that a tile exists.

    Parameters
    ----------
    z, x, y
        Zoom 0 to `MAX_ZOOM`, column from the west, row from the north.

    Returns
    -------
    tile
        The same address, typed.

    Raises
    ------
    TileOutsideMatrix
        If the zoom, the column or the row does not exist.
    """
    if not 0 <= z <= MAX_ZOOM or not 0 <= x < (1 << z) or not 0 <= y < (1 << z):
        raise TileOutsideMatrix(f"Tidak ada petak peta {z}/{x}/{y}.", f"There is no map tile {z}/{x}/{y}.")
    return TileXYZ(z, x, y)


def tile_bounds_3857(z: int, x: int, y: int) -> BBox:
    """
    Give the box of a tile in EPSG:3857 (west, south, east, north; Web Mercator metres), without its buffer.

    Raises
    ------
    TileOutsideMatrix
        If there is no such tile.
    """
    check_tile(z, x, y)
    side = 2 * WEB_MERCATOR_HALF_M / (1 << z)
    half = WEB_MERCATOR_HALF_M
    return x * side - half, half - (y + 1) * side, (x + 1) * side - half, half - y * side


def tile_bounds_4326(z: int, x: int, y: int) -> BBox:
    """
    Give the box of a tile in EPSG:4326 (west, south, east, north; degrees), without its buffer.

    Raises
    ------
    TileOutsideMatrix
        If there is no such tile.
    """
    check_tile(z, x, y)
    return _longitude(x, z), _latitude(y + 1, z), _longitude(x + 1, z), _latitude(y, z)


def tile_at(longitude: float, latitude: float, z: int) -> TileXYZ:
    """Give the tile of zoom `z` in which a place lies; places beyond the matrix take the nearest tile."""
    column, row = _position(longitude, latitude, z)
    return TileXYZ(z, _clamp(math.floor(column), z), _clamp(math.floor(row), z))


def tiles_covering(bbox: BBox, z: int) -> Iterator[TileXYZ]:
    """
    List the tiles of one zoom that a box touches, row by row from the north-west.

    Parameters
    ----------
    bbox
        (west, south, east, north) in EPSG:4326; west not greater than east. A box that only touches a tile's west or
        north edge touches that tile; a point gives one tile.
    z
        Zoom, 0 to `MAX_ZOOM`.

    Raises
    ------
    InvalidMeasure
        If the box is turned inside out.
    TileOutsideMatrix
        If there is no such zoom.
    """
    west, south, east, north = bbox
    if not west <= east or not south <= north:
        raise InvalidMeasure(
            "Kotak harus ditulis barat, selatan, timur, utara.", "A box is written west, south, east, north."
        )
    check_tile(z, 0, 0)
    first, last = tile_at(west, north, z), tile_at(east, south, z)
    return (TileXYZ(z, x, y) for y in range(first.y, last.y + 1) for x in range(first.x, last.x + 1))


def _position(longitude: float, latitude: float, z: int) -> tuple[float, float]:
    """Column and row as fractions, without limits."""
    limited = max(-WEB_MERCATOR_MAX_LATITUDE, min(WEB_MERCATOR_MAX_LATITUDE, latitude))
    column = (longitude + 180) / 360 * (1 << z)
    row = (1 - math.asinh(math.tan(math.radians(limited))) / math.pi) / 2 * (1 << z)
    return column, row


def _clamp(index: int, z: int) -> int:
    return max(0, min((1 << z) - 1, index))


def _longitude(column: int, z: int) -> float:
    return column / (1 << z) * 360 - 180


def _latitude(row: int, z: int) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / (1 << z)))))
