"""Read tiles and layer versions from the database, in the public's role."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha1
from typing import Any

from psycopg import Connection

from app.tiles.cache import Tile
from gis.mvt import SEARCHED, tile_statement
from gis.types import TileXYZ
from layers.catalogue import built_in_catalogue
from layers.identifiers import quote_literal
from layers.tiles import tile_parts

GZIP_LEVEL = 1  # level 1 saves 40 % of the bytes for 11–16 % of the throughput; higher levels gain little more

CHANGES = f"""
    SELECT v.layer, count(DISTINCT c.version) AS known, coalesce(bool_or(c.box && {SEARCHED}), false) AS here
    FROM unnest(%(layers)s::text[], %(versions)s::bigint[]) AS v(layer, version)
    LEFT JOIN app.layer_changes c ON c.layer = v.layer AND c.version > v.version
    GROUP BY v.layer
"""  # relies on layer_changes_idx

LIMITED = """
    SELECT ST_AsMVT(t, 'limited', 4096, 'geom') FROM (
        SELECT layer, ST_AsMVTGeom(ST_TileEnvelope(%(z)s, %(x)s, %(y)s), ST_TileEnvelope(%(z)s, %(x)s, %(y)s)) AS geom
        FROM unnest(%(layers)s::text[]) AS layer
    ) t
"""


def read_versions(connection: Connection[Any], layers: Sequence[str]) -> dict[str, int]:
    """Return the newest version of each layer."""
    rows = connection.execute(
        "SELECT layer, version FROM app.layer_versions WHERE layer = ANY (%s)", (list(layers),), prepare=True
    ).fetchall()
    return dict(rows)


def is_untouched(connection: Connection[Any], tile: Tile, xyz: TileXYZ, newest: Mapping[str, int]) -> bool:
    """
    Tell whether no edit since a tile was made lies on it.

    An edit whose record is no longer kept counts as lying on it.
    """
    old = {layer: version for layer, version in tile.versions.items() if version != newest.get(layer)}
    rows = connection.execute(
        CHANGES, {**xyz._asdict(), "layers": list(old), "versions": list(old.values())}, prepare=True
    ).fetchall()
    return all(not here and known == newest.get(layer, 0) - old[layer] for layer, known, here in rows)


def make_tile(
    connection: Connection[Any],
    layers: Sequence[str],
    xyz: TileXYZ,
    *,
    limit: int,
    as_of: datetime | None = None,
) -> Tile:
    """
    Make a tile of several layers.

    Parameters
    ----------
    connection
        Of the public's role.
    layers
        Ids from the catalogue.
    xyz
        Address of the tile.
    limit
        Greatest number of features of a layer; where it bites the tile has a layer `limited` that names the layers cut.
    as_of
        Moment whose record is shown; None for the newest.

    Returns
    -------
    tile
        With the versions of its layers, read by the same statement and so true of this very content.
    """
    names, statement = statement_of(tuple(layers), xyz.z, limit, as_of is not None)
    parameters: dict[str, Any] = xyz._asdict()
    if as_of is not None:
        parameters["as_of"] = as_of
    with connection.cursor(binary=True) as cursor:
        row = cursor.execute(statement, parameters, prepare=True).fetchone()
        assert row is not None
        versions, parts = dict(zip(sorted(layers), row[0], strict=True)), row[1:]
        body = b"".join(part for part in parts[0::2] if part)
        limited = tuple(name for name, features in zip(names, parts[1::2], strict=True) if features >= limit)
        if limited:
            found = cursor.execute(LIMITED, {**xyz._asdict(), "layers": list(limited)}).fetchone()
            body += found[0] if found else b""
    return pack_tile(body, versions, limited)


def pack_tile(body: bytes, versions: Mapping[str, int], limited: tuple[str, ...] = ()) -> Tile:
    """Compress a tile and give it its ETag; nothing stays nothing."""
    etag = sha1(body, usedforsecurity=False).hexdigest()
    packed = gzip.compress(body, GZIP_LEVEL, mtime=0) if body else b""
    return Tile(packed, etag, dict(versions), limited)


@lru_cache(maxsize=512)
def statement_of(layers: tuple[str, ...], zoom: int, limit: int, as_of: bool) -> tuple[tuple[str, ...], str]:
    """
    Return the names of a tile's parts, and the statement that makes them.

    Its first column are the layers' versions in the order of their ids, true of the very rows that the parts show.
    """
    ids = ", ".join(quote_literal(layer) for layer in layers)
    versions = f'ARRAY(SELECT version FROM app.layer_versions WHERE layer IN ({ids}) ORDER BY layer COLLATE "C")'
    catalogue = built_in_catalogue()
    parts = [part for layer in layers for part in tile_parts(catalogue.layer(layer), zoom, as_of=as_of)]
    if not parts:
        return (), f"SELECT {versions}"
    return tuple(part.name for part in parts), f"SELECT {versions}, t.* FROM ({tile_statement(parts, limit=limit)}) t"
