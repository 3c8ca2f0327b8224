"""From a layer's definition to the parts of a vector tile."""

from __future__ import annotations

from collections.abc import Iterable

from gis.mvt import TilePart
from layers.definition import FieldDefinition, LayerDefinition
from layers.history import as_of_source
from layers.identifiers import quote
from layers.sync import band_conditions, band_table

AS_OF = "%(as_of)s"  # placeholder of the moment, in psycopg's form


def tile_parts(definition: LayerDefinition, zoom: int, *, as_of: bool = False) -> list[TilePart]:
    """
    Return the parts that a layer adds to a tile: its features, and a point for each where the definition has anchors.

    Parameters
    ----------
    definition
        The layer.
    zoom
        Of the tile; below the layer's first zoom there are no parts.
    as_of
        Whether the tile shows the rows recorded at the moment `%(as_of)s`; else the newest.
    """
    if zoom < definition.zooms[0]:
        return []
    fields = definition.tile_fields(zoom)
    columns = tuple(_attribute(field) for field in fields)
    relation, geometry, condition = _past(definition, zoom, fields) if as_of else _present(definition, zoom)
    parts = [TilePart(definition.id, relation, geometry, columns, condition, "geom_3857")]
    if definition.anchor:
        parts.append(TilePart(f"{definition.id}_anchor", relation, "anchor_3857", columns, condition, "geom_3857"))
    return parts


def _present(definition: LayerDefinition, zoom: int) -> tuple[str, str, str | None]:
    """Return relation, geometry and condition of today's tile: the band's own table where there is one."""
    band = definition.band(zoom)
    table = f"generalised.{quote(band_table(definition, band))}" if band else f"layers.{quote(definition.id)}"
    return table, "geom_3857", None


def _past(definition: LayerDefinition, zoom: int, fields: Iterable[FieldDefinition]) -> tuple[str, str, str | None]:
    """Return relation, geometry and condition of a past tile: full rows, generalised on the way."""
    band = definition.band(zoom)
    asked = (*band.keep, *band.shortest_m) if band else ()
    names = dict.fromkeys(["id", "geom_3857", *(field.name for field in fields), *asked])
    if definition.anchor:
        names["anchor_3857"] = None
    relation = as_of_source(definition.id, names, AS_OF)
    if band is None:
        return relation, "geom_3857", None
    return relation, f"ST_Simplify(geom_3857, {band.tolerance_m}, true)", " AND ".join(band_conditions(band)) or None


def _attribute(field: FieldDefinition) -> str:
    """Return the select expression of an attribute in a form that tiles can hold: text, number or boolean."""
    name = quote(field.name)
    casts = {"money": f"{name}::float8 AS {name}", "date": f"{name}::text AS {name}"}
    return casts.get(field.type, name)
