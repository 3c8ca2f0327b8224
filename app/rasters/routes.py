"""Tiles of rasters, and the list of what there is."""

from __future__ import annotations

from threading import Lock
from typing import Any, cast
from urllib.parse import urlencode

from cachetools import LRUCache
from flask import Blueprint, Flask, Response, current_app, jsonify, request

from app.config import Settings
from app.errors import NotFound
from app.extensions import current_language, reader_session
from app.rasters.map_layers import legend_entry
from app.rasters.queries import RegisteredRaster, read_raster, read_rasters
from app.rasters.tiles import ImageFormat, draw_tile, last_zoom, touches
from app.region import current_region
from app.storage import Storage
from gis.tiles import check_tile
from gis.types import TileXYZ
from layers.history import read_as_of

blueprint = Blueprint("rasters", __name__)

FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "public, no-cache"
FORMATS = ("webp", "png")
OVERHEAD_BYTES = 200  # what a kept tile costs beside its picture

Key = tuple[str, str, TileXYZ, str]  # name, version, address, format


class RasterTileCache:
    """Tiles drawn lately, up to a number of bytes; safe for the threads of one process."""

    def __init__(self, maximum_bytes: int) -> None:
        self._tiles: LRUCache[Key, bytes] = LRUCache(maximum_bytes, getsizeof=lambda body: len(body) + OVERHEAD_BYTES)
        self._lock = Lock()

    def get(self, key: Key) -> bytes | None:
        """Return a kept tile; empty bytes where it is known that nothing is there."""
        with self._lock:
            return self._tiles.get(key)

    def put(self, key: Key, body: bytes) -> None:
        """Keep a tile, unless it is larger than the whole cache."""
        if len(body) + OVERHEAD_BYTES <= self._tiles.maxsize:
            with self._lock:
                self._tiles[key] = body


def init_app(app: Flask) -> None:
    """Give the application its cache of raster tiles."""
    settings: Settings = app.config["SETTINGS"]
    app.extensions["petakarya.raster_tiles"] = RasterTileCache(settings.rasters.cache_bytes)


@blueprint.get("/rasters.json")
def rasters() -> Response:
    """Answer the registered rasters: what they hold, where they lie, how they are drawn, the address of their tiles."""
    settings: Settings = current_app.config["SETTINGS"]
    as_of = request.args.get("as_of")
    found = read_rasters(reader_session(), read_as_of(as_of, current_region().time_zone) if as_of else None)
    response = jsonify(rasters=[_described(one, settings.rasters.tile_px, as_of) for one in found])
    response.add_etag()
    response.headers["Cache-Control"] = ASK_AGAIN
    response.make_conditional(request)
    return response


@blueprint.get("/rasters/<name>/<int:z>/<int:x>/<int:y>.<image>")
def tile(name: str, z: int, x: int, y: int, image: str) -> Response:
    """
    Answer one tile of a raster.

    With `v` (from the style or the list) the address is versioned: its answer may be kept for ever. `as_of` shows the
    raster as it was registered by then. 204 where there is nothing; 404 for an unknown raster or address.
    """
    xyz = check_tile(z, x, y)
    if image not in FORMATS:
        raise NotFound("Petak raster hanya ada sebagai .webp dan .png.", "Raster tiles are .webp or .png only.")
    cache: RasterTileCache = current_app.extensions["petakarya.raster_tiles"]
    wanted, as_of = request.args.get("v", ""), request.args.get("as_of")
    kept = cache.get((name, wanted, xyz, image)) if wanted and not as_of else None
    if kept is not None:  # no look at the database: this very version was drawn before
        return _answer(kept, wanted, xyz, image, FOREVER)
    moment = read_as_of(as_of, current_region().time_zone) if as_of else None
    raster = read_raster(reader_session(), name, moment)
    key = (name, raster.version, xyz, image)
    lifetime = FOREVER if wanted == raster.version else ASK_AGAIN
    if _etag(raster.version, xyz, image) in request.headers.get("If-None-Match", ""):
        return _not_modified(raster.version, xyz, image, lifetime)
    body = cache.get(key)
    if body is None:
        body = _draw(raster, xyz, cast("ImageFormat", image))
        cache.put(key, body)
    return _answer(body, raster.version, xyz, image, lifetime)


def tile_address(raster: RegisteredRaster, as_of: str | None) -> str:
    """Return the address template of a raster's tiles: today's carries its version, a past one its date."""
    query = urlencode({"as_of": as_of} if as_of else {"v": raster.version})
    return f"{request.host_url}rasters/{raster.name}/{{z}}/{{x}}/{{y}}.webp?{query}"


def _draw(raster: RegisteredRaster, xyz: TileXYZ, image: ImageFormat) -> bytes:
    if not touches(raster, xyz):
        return b""
    settings: Settings = current_app.config["SETTINGS"]
    path = Storage.of(settings).path(raster.file_hash)
    return draw_tile(path, raster, xyz, tile_px=settings.rasters.tile_px, image=image)


def _answer(body: bytes, version: str, xyz: TileXYZ, image: str, lifetime: str) -> Response:
    if _etag(version, xyz, image) in request.headers.get("If-None-Match", ""):
        return _not_modified(version, xyz, image, lifetime)
    response = Response(body, status=200 if body else 204, mimetype=f"image/{image}")
    return _with_headers(response, version, xyz, image, lifetime)


def _not_modified(version: str, xyz: TileXYZ, image: str, lifetime: str) -> Response:
    return _with_headers(Response(status=304), version, xyz, image, lifetime)


def _with_headers(response: Response, version: str, xyz: TileXYZ, image: str, lifetime: str) -> Response:
    response.headers["ETag"] = _etag(version, xyz, image)
    response.headers["Cache-Control"] = lifetime
    return response


def _etag(version: str, xyz: TileXYZ, image: str) -> str:
    return f'"{version}-{xyz.z}-{xyz.x}-{xyz.y}-{image}"'


def _described(raster: RegisteredRaster, tile_px: int, as_of: str | None) -> dict[str, Any]:
    classes = legend_entry(raster, current_language())["classes"]
    return {
        **raster.to_json(),
        "tiles": [tile_address(raster, as_of)],
        "minzoom": 0,
        "maxzoom": last_zoom(raster, tile_px),
        "legend": [{key: one[key] for key in ("code", "label", "colour")} for one in classes],
    }
