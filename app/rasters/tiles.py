"""
Draw tiles of a raster: measurements as a ramp of colours, heights shaded by the light, classes in their colours.

rio-tiler and rasterio are loaded at the first tile: a web process of which no raster is asked does without.
"""

from __future__ import annotations

import math
from functools import cache
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from app.rasters.colours import ramp_of, rgb_of
from app.rasters.queries import RegisteredRaster
from gis.constants import WEB_MERCATOR_HALF_M
from gis.tiles import tile_bounds_4326
from gis.types import BoolArray, FloatArray, TileXYZ

ImageFormat = Literal["webp", "png"]
Pixels = npt.NDArray[np.uint8]

LIGHT_AZIMUTH_DEG, LIGHT_ALTITUDE_DEG = 315.0, 45.0  # from the upper left, as maps have always been shaded
SHADE_STRENGTH = 0.65  # how far a slope in full shade is darkened
EXAGGERATION_ZOOM = 14  # below it heights are exaggerated, or hills would vanish among the wide cells of far zooms
EXAGGERATION_STEP = 1.35  # per zoom
EXAGGERATION_MOST = 8.0
WEBP_QUALITY = 82
_loading = Lock()
COLOURED_BANDS = 3  # a picture of bytes with as many bands is shown as it is


def touches(raster: RegisteredRaster, xyz: TileXYZ) -> bool:
    """Tell whether a tile and the raster's box have a place in common."""
    west, south, east, north = tile_bounds_4326(*xyz)
    return west < raster.bbox[2] and east > raster.bbox[0] and south < raster.bbox[3] and north > raster.bbox[1]


def last_zoom(raster: RegisteredRaster, tile_px: int) -> int:
    """Return the first zoom whose pixels are no larger than the raster's cells; a map enlarges its tiles from there."""
    latitude = math.radians((raster.bbox[1] + raster.bbox[3]) / 2)
    whole = 2 * WEB_MERCATOR_HALF_M * math.cos(latitude) / tile_px
    return min(20, max(0, math.ceil(math.log2(whole / raster.resolution_m))))


@cache
def _rio_tiler() -> tuple[Any, type[Exception]]:
    from rio_tiler.errors import TileOutsideBounds
    from rio_tiler.io import Reader

    return Reader, TileOutsideBounds


def load_rio_tiler() -> tuple[Any, type[Exception]]:
    """
    Return rio-tiler's reader, and what it raises beyond a raster; loaded at the first call.

    Its modules import each other in a circle: when two threads load it at once, one meets a half-loaded module.
    """
    with _loading:
        return _rio_tiler()


def draw_tile(path: Path, raster: RegisteredRaster, xyz: TileXYZ, *, tile_px: int, image: ImageFormat) -> bytes:
    """
    Draw one tile.

    Parameters
    ----------
    path
        The COG in the storage.
    tile_px
        Side of the tile, pixels.

    Returns
    -------
    picture
        WebP or PNG; nodata is transparent. Empty where there is nothing to show.
    """
    reader_class, beyond = load_rio_tiler()
    is_classes, is_shaded = bool(raster.classes), raster.kind == "elevation"
    is_picture = not is_classes and not is_shaded and raster.bands >= COLOURED_BANDS and raster.dtype == "uint8"
    with reader_class(str(path), colormap={}) as reader:
        try:
            found = reader.tile(
                xyz.x,
                xyz.y,
                xyz.z,
                tilesize=tile_px,
                indexes=(1, 2, 3) if is_picture else 1,
                buffer=1 if is_shaded else None,
                resampling_method="nearest" if is_classes else "bilinear",
                reproject_method="nearest" if is_classes else "bilinear",
            )
        except beyond:
            return b""
    cells = found.array
    known: BoolArray = ~np.ma.getmaskarray(cells).any(axis=0) & np.isfinite(cells.data).all(axis=0)
    if not known.any():
        return b""
    if is_picture:
        colours = np.moveaxis(cells.data, 0, -1).astype(np.uint8)
    elif is_classes:
        colours, known = _class_colours(cells.data[0], known, raster)
    else:
        values = np.where(known, cells.data[0].astype(np.float64), np.nan)
        colours = _ramp_colours(values, raster)
        if is_shaded:
            shade = _shade(values, _pixel_m(xyz, tile_px), xyz.z)
            colours = np.clip(colours * shade[..., np.newaxis], 0, 255)[1:-1, 1:-1]
            known = known[1:-1, 1:-1]
    if not known.any():
        return b""
    return _encode(np.dstack([colours.astype(np.uint8), np.where(known, 255, 0).astype(np.uint8)]), image, is_classes)


def _class_colours(values: Any, known: BoolArray, raster: RegisteredRaster) -> tuple[Pixels, BoolArray]:
    """Colour each value; one that is no class of the register is not shown."""
    codes = np.array([one.value for one in raster.classes])
    colours = np.array([rgb_of(one.colour) for one in raster.classes], dtype=np.uint8)
    whole = np.where(known, values, codes[0]).astype(np.int64)
    place = np.clip(np.searchsorted(codes, whole), 0, len(codes) - 1)
    return colours[place], known & (codes[place] == whole)


def _ramp_colours(values: FloatArray, raster: RegisteredRaster) -> FloatArray:
    ramp = np.array([rgb_of(colour) for colour in ramp_of(raster)], dtype=np.float64)
    at = np.linspace(raster.value_low, raster.value_high, len(ramp))
    return np.dstack([np.interp(np.nan_to_num(values, nan=raster.value_low), at, ramp[:, band]) for band in range(3)])


def _shade(heights: FloatArray, pixel_m: float, zoom: int) -> FloatArray:
    """Return how brightly each cell is lit; 1 for level ground and where a neighbour is not known."""
    tall = min(EXAGGERATION_MOST, EXAGGERATION_STEP ** max(0, EXAGGERATION_ZOOM - zoom))
    rise_south, rise_east = np.gradient(heights * tall, pixel_m)
    azimuth, altitude = math.radians(LIGHT_AZIMUTH_DEG), math.radians(LIGHT_ALTITUDE_DEG)
    toward = -rise_east * math.sin(azimuth) + rise_south * math.cos(azimuth)
    lit = (math.sin(altitude) + math.cos(altitude) * toward) / np.sqrt(1 + rise_east**2 + rise_south**2)
    relative = np.nan_to_num(np.clip(lit, 0, 1) / math.sin(altitude), nan=1.0)
    return np.asarray(1 + SHADE_STRENGTH * (relative - 1), dtype=np.float64)


def _pixel_m(xyz: TileXYZ, tile_px: int) -> float:
    """Side of a pixel on the ground in the middle of a tile (metres)."""
    _, south, _, north = tile_bounds_4326(*xyz)
    return 2 * WEB_MERCATOR_HALF_M / (1 << xyz.z) / tile_px * math.cos(math.radians((south + north) / 2))


def _encode(pixels: Pixels, image: ImageFormat, is_classes: bool) -> bytes:
    from PIL import Image

    file = BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(pixels), "RGBA")
    if image == "png":
        picture.save(file, "PNG", compress_level=6)
    elif is_classes:
        picture.save(file, "WEBP", lossless=True, quality=30, method=2, exact=False)
    else:
        picture.save(file, "WEBP", quality=WEBP_QUALITY, method=2)
    return file.getvalue()
