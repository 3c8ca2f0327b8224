"""From a layer's definition to the parts of a vector tile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gis.mvt import TilePart
from layers.definition import FieldDefinition, LayerDefinition
from layers.history import as_of_source
from layers.identifiers import quote
from layers.sync import band_conditions, band_table

AS_OF = "%(as_of)s"  # placeholder of the moment, in psycopg's form


@dataclass(frozen=True)
class DrawnRows:
    """What of a layer is drawn at a zoom, as SQL: from where, which geometry (EPSG:3857), on which condition."""

    relation: str
    geometry: str
    condition: str | None


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
    rows = past_rows(definition, zoom, fields, AS_OF) if as_of else present_rows(definition, zoom)
    parts = [TilePart(definition.id, rows.relation, rows.geometry, columns, rows.condition, "geom_3857")]
    if definition.anchor:
        anchor = f"{definition.id}_anchor"
        parts.append(TilePart(anchor, rows.relation, "anchor_3857", columns, rows.condition, "geom_3857"))
    return parts


def present_rows(definition: LayerDefinition, zoom: int) -> DrawnRows:
    """Return what is drawn today: the band's own table where there is one."""
    band = definition.band(zoom)
    table = f"generalised.{quote(band_table(definition, band))}" if band else f"layers.{quote(definition.id)}"
    return DrawnRows(table, "geom_3857", None)


def past_rows(definition: LayerDefinition, zoom: int, fields: Iterable[FieldDefinition], parameter: str) -> DrawnRows:
    """
    Return what was drawn at a moment: full rows, generalised on the way.

    Parameters
    ----------
    fields
        Those wanted of each row.
    parameter
        The placeholder of the moment (`timestamptz`) in the statement.
    """
    band = definition.band(zoom)
    asked = (*band.keep, *band.shortest_m) if band else ()
    names = dict.fromkeys(["id", "geom_3857", *(field.name for field in fields), *asked])
    if definition.anchor:
        names["anchor_3857"] = None
    relation = as_of_source(definition.id, names, parameter)
    if band is None:
        return DrawnRows(relation, "geom_3857", None)
    geometry = f"ST_Simplify(geom_3857, {band.tolerance_m}, true)"
    return DrawnRows(relation, geometry, " AND ".join(band_conditions(band)) or None)


def _attribute(field: FieldDefinition) -> str:
    """Return the select expression of an attribute in a form that tiles can hold: text, number or boolean."""
    name = quote(field.name)
    casts = {"money": f"{name}::float8 AS {name}", "date": f"{name}::text AS {name}"}
    return casts.get(field.type, name)
