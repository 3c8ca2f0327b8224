"""The SQL of a vector tile: from stored EPSG:3857 to Mapbox Vector Tile bytes, in one statement for several layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gis.constants import TILE_BUFFER, TILE_EXTENT

ENVELOPE = "ST_TileEnvelope(%(z)s, %(x)s, %(y)s)"
# Selecting with the bare tile would cut lines and labels at its edges: the margin is the buffer that clipping leaves.
SEARCHED = f"ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => {TILE_BUFFER}.0 / {TILE_EXTENT})"


@dataclass(frozen=True)
class TilePart:
    """One layer of a tile. Names and expressions are SQL of ours, quoted by the caller; never a visitor's."""

    name: str  # of the layer inside the tile
    relation: str  # a table, or a sub-select in parentheses
    geometry: str  # expression of the geometry in EPSG:3857
    columns: tuple[str, ...]  # select expressions of the attributes, without `id`
    condition: str | None = None
    indexed: str | None = None  # column that the index is on, when `geometry` is an expression; else `geometry` itself


def tile_statement(parts: Sequence[TilePart], *, limit: int) -> str:
    """
    Return the statement that makes a tile.

    Parameters
    ----------
    parts
        Layers of the tile, at least one.
    limit
        The greatest number of features read for each part (> 0).

    Returns
    -------
    statement
        With parameters `z`, `x`, `y` (psycopg's named form). One row: for each part its bytes (none: nothing there)
        and the number of features read; a part that has read `limit` features may lack some. Relies on a GiST index
        on each part's geometry.
    """
    numbers = range(len(parts))
    selected = ", ".join(
        f"p{number}.tile AS tile_{number}, p{number}.features AS features_{number}" for number in numbers
    )
    joined = " CROSS JOIN ".join(f"({_part_statement(part, limit)}) p{number}" for number, part in enumerate(parts))
    return f"SELECT {selected} FROM {joined}"


def _part_statement(part: TilePart, limit: int) -> str:
    columns = ", ".join(["id", *part.columns])
    condition = f" AND {part.condition}" if part.condition else ""
    return (
        f"SELECT ST_AsMVT(t, '{part.name}', {TILE_EXTENT}, 'geom', 'id') FILTER (WHERE geom IS NOT NULL) AS tile, "
        f"count(*) AS features FROM (SELECT {columns}, "
        f"ST_AsMVTGeom({part.geometry}, {ENVELOPE}, {TILE_EXTENT}, {TILE_BUFFER}, true) AS geom "
        f"FROM {part.relation} s WHERE {part.indexed or part.geometry} && {SEARCHED}{condition} LIMIT {limit}) t"
    )
