"""Vector tiles, their TileJSON, and the style that draws them."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request
from psycopg_pool import ConnectionPool

from app.config import Settings
from app.errors import InvalidRequest
from app.tiles.cache import Tile, TileCache
from app.tiles.gate import ERROR, TileGate, tile_answer
from app.tiles.queries import is_untouched, make_tile, read_versions
from gis.tiles import check_tile
from gis.types import TileXYZ
from layers.catalogue import built_in_catalogue
from layers.history import read_as_of

blueprint = Blueprint("tiles", __name__)

FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "public, no-cache"


def init_app(app: Flask) -> None:
    """Give the application its tile cache, and the gate that answers plain requests for tiles before Flask does."""
    settings: Settings = app.config["SETTINGS"]
    app.extensions["petakarya.tile_cache"] = TileCache(settings.tiles.cache_bytes)
    app.wsgi_app = TileGate(app.wsgi_app, partial(current_tile, app))  # type: ignore[method-assign]


@blueprint.get("/tiles/<names>/<int:z>/<int:x>/<int:y>.mvt")
def tile(names: str, z: int, x: int, y: int) -> Response:
    """
    Answer one tile of one or more layers.

    With `v` (from /style.json) the address is versioned: its answer may be kept for ever. Without, the newest is
    shown and must be asked for again. `as_of` shows what was recorded by then. 204 where there is nothing; 404 for
    an unknown layer or address.
    """
    if ERROR in request.environ:
        raise request.environ[ERROR]
    xyz = check_tile(z, x, y)
    as_of = request.args.get("as_of")
    if as_of is not None:
        return answer(past_tile(requested_layers(current_app, names), xyz, as_of), ASK_AGAIN)
    return answer(*current_tile(current_app, names, xyz, request.args.get("v", type=int)))


def current_tile(app: Flask, names: str, xyz: TileXYZ, wanted: int | None) -> tuple[Tile, str]:
    """
    Return a tile as it is now, and for how long it may be kept.

    Parameters
    ----------
    names
        Ids of the layers, with commas between.
    wanted
        The version that the address names: a kept tile that is at least as new needs no look at the database.

    Raises
    ------
    TileOutsideMatrix, LayerNotFound, InvalidRequest
        When there is no such tile.
    """
    check_tile(*xyz)
    layers = requested_layers(app, names)
    cache: TileCache = app.extensions["petakarya.tile_cache"]
    kept = cache.get((layers, *xyz))
    if kept is not None and wanted is not None and wanted <= kept.version:
        return kept, FOREVER
    newest = newest_tile(app, layers, xyz, kept)
    if newest is not kept:
        cache.put((layers, *xyz), newest)
    return newest, FOREVER if wanted is not None and wanted <= newest.version else ASK_AGAIN


def requested_layers(app: Flask, names: str) -> tuple[str, ...]:
    """
    Return the layers that an address names, each once.

    Raises
    ------
    LayerNotFound
        When one of them is unknown.
    InvalidRequest
        When there are more than one tile may hold.
    """
    settings: Settings = app.config["SETTINGS"]
    layers = tuple(dict.fromkeys(names.split(",")))
    if len(layers) > settings.tiles.layers:
        raise InvalidRequest(
            f"Satu petak memuat paling banyak {settings.tiles.layers} lapisan.",
            f"A tile holds at most {settings.tiles.layers} layers.",
        )
    for layer in layers:
        built_in_catalogue().layer(layer)
    return layers


def newest_tile(app: Flask, layers: tuple[str, ...], xyz: TileXYZ, kept: Tile | None) -> Tile:
    """Return the tile as it is now: the one kept, when no edit since lies on it, else made anew."""
    settings: Settings = app.config["SETTINGS"]
    with tile_pool(app).connection() as connection:
        if kept is not None:
            versions = read_versions(connection, layers)
            if kept.versions == versions:
                return kept
            if is_untouched(connection, kept, xyz, versions):
                return Tile(kept.body, kept.etag, versions, kept.limited)
        return make_tile(connection, layers, xyz, limit=settings.tiles.features)


def past_tile(layers: tuple[str, ...], xyz: TileXYZ, as_of: str) -> Tile:
    """Return the tile as it was recorded at a moment in the past."""
    settings: Settings = current_app.config["SETTINGS"]
    with tile_pool(current_app).connection() as connection:
        row = connection.execute("SELECT time_zone FROM app.region").fetchone()
        moment = read_as_of(as_of, row[0] if row else "Asia/Jakarta")
        return make_tile(connection, layers, xyz, limit=settings.tiles.features, as_of=moment)


def tile_pool(app: Flask) -> ConnectionPool[Any]:
    """Return the pool of this process, opened at its first use."""
    pool: ConnectionPool[Any] = app.extensions["petakarya.tile_pool"]
    pool.open()  # does nothing when it is open
    return pool


def answer(tile: Tile, cache_control: str) -> Response:
    """Turn a tile into Flask's answer, the same as the gate gives."""
    status, headers, body = tile_answer(tile, cache_control, request.environ)
    return Response(body, status=status, headers=headers)
