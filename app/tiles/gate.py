"""
Answers plain requests for current tiles before Flask does: a tile needs no session, no user, no language.

A map asks for hundreds of tiles, and what Flask and its extensions do for a page takes longer than a kept tile does.
Whatever is not plain (a past moment, a wrong address, another method, an error) goes on to Flask.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable
from typing import Any

from app.tiles.cache import Tile
from gis.types import TileXYZ

MVT = "application/vnd.mapbox-vector-tile"
ADDRESS = re.compile(r"/tiles/([a-z_]+(?:,[a-z_]+)*)/(\d{1,2})/(\d{1,8})/(\d{1,8})\.mvt", re.ASCII)
VERSION = re.compile(r"v=(\d{1,18})", re.ASCII)
ERROR = "petakarya.tile_error"  # where Flask finds what went wrong here, to answer it as it answers every error

Environment = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environment, StartResponse], Iterable[bytes]]
FindTile = Callable[[str, TileXYZ, int | None], tuple[Tile, str]]


class TileGate:
    """
    A WSGI application in front of another.

    Parameters
    ----------
    wsgi_app
        The application behind.
    find
        Returns a tile and its Cache-Control for the layers' names, the address and the version asked for.
    """

    def __init__(self, wsgi_app: WsgiApp, find: FindTile) -> None:
        self._wsgi_app = wsgi_app
        self._find = find

    def __call__(self, environ: Environment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer the tile, or let the application behind answer."""
        asked = _read(environ)
        if asked is None:
            return self._wsgi_app(environ, start_response)
        try:
            tile, cache_control = self._find(*asked)
        except Exception as error:
            environ[ERROR] = error
            return self._wsgi_app(environ, start_response)
        status, headers, body = tile_answer(tile, cache_control, environ)
        start_response(status, headers)
        return [body] if body else []


def tile_answer(tile: Tile, cache_control: str, environ: Environment) -> tuple[str, list[tuple[str, str]], bytes]:
    """Return status, headers and body: 304 when the caller has the tile, 204 when there is nothing in it."""
    etag = f'"{tile.etag}"'
    headers = [
        ("ETag", etag),
        ("Cache-Control", cache_control),
        ("Vary", "Accept-Encoding"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    if tile.limited:
        headers.append(("X-Tile-Limited", ",".join(tile.limited)))
    if etag in environ.get("HTTP_IF_NONE_MATCH", ""):
        return "304 Not Modified", headers, b""
    if not tile.body:
        return "204 No Content", headers, b""
    body = tile.body
    if _takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
        headers.append(("Content-Encoding", "gzip"))
    else:
        body = gzip.decompress(body)
    headers += [("Content-Type", MVT), ("Content-Length", str(len(body)))]
    return "200 OK", headers, body


def _read(environ: Environment) -> tuple[str, TileXYZ, int | None] | None:
    """Return layers, address and version of a plain request for a tile; None for anything else."""
    if environ["REQUEST_METHOD"] != "GET":
        return None
    address = ADDRESS.fullmatch(environ.get("PATH_INFO", ""))
    query = environ.get("QUERY_STRING", "")
    version = VERSION.fullmatch(query)
    if address is None or (query and version is None):
        return None
    names, z, x, y = address.groups()
    return names, TileXYZ(int(z), int(x), int(y)), int(version[1]) if version else None


def _takes_gzip(accepted: str) -> bool:
    """Tell whether an Accept-Encoding allows gzip; `gzip;q=0` forbids it."""
    for part in accepted.split(","):
        name, _, weight = part.partition(";")
        if name.strip().lower() in {"gzip", "*"}:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
