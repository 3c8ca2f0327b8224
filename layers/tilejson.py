"""TileJSON 3.0 of one layer or of several that share tiles: what is in them, for other programs such as QGIS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gis.types import BBox
from layers.definition import FieldDefinition, Language, LayerDefinition

VERSION = "3.0.0"


def build_tilejson(
    definitions: Sequence[LayerDefinition], *, language: Language, tile_url: str, bounds: BBox, attribution: str
) -> dict[str, Any]:
    """
    Describe the tiles of some layers.

    Parameters
    ----------
    definitions
        The layers, at least one, in the order of the tiles.
    language
        Of names and descriptions.
    tile_url
        Address template with `{z}`, `{x}` and `{y}`.
    bounds
        (west, south, east, north) of the data, degrees.
    attribution
        Whose data it is, as text.

    Returns
    -------
    tilejson
        JSON-able, after TileJSON 3.0.0.

    Raises
    ------
    ValueError
        Without layers.
    """
    if not definitions:
        raise ValueError("tiles without layers have no TileJSON")
    titles = [one.title.in_language(language) for one in definitions]
    return {
        "tilejson": VERSION,
        "name": ", ".join(titles),
        "description": " ".join(one.description.in_language(language) for one in definitions),
        "attribution": attribution,
        "scheme": "xyz",
        "tiles": [tile_url],
        "minzoom": min(one.zooms[0] for one in definitions),
        "maxzoom": max(one.zooms[1] for one in definitions),
        "bounds": list(bounds),
        "center": [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2, min(one.zooms[0] for one in definitions)],
        "vector_layers": [layer for one in definitions for layer in _vector_layers(one, language)],
    }


def _vector_layers(definition: LayerDefinition, language: Language) -> list[dict[str, Any]]:
    """The layer, and its label points where tiles carry them."""
    description = definition.description.in_language(language)
    names = [definition.id, *([f"{definition.id}_anchor"] if definition.anchor else [])]
    return [
        {
            "id": name,
            "description": description,
            "minzoom": definition.zooms[0],
            "maxzoom": definition.zooms[1],
            "fields": _fields(definition, language),
        }
        for name in names
    ]


def _fields(definition: LayerDefinition, language: Language) -> dict[str, str]:
    """The public fields that some tile carries."""
    return {field.name: _describe(field, language) for field in definition.tile_fields(definition.zooms[1])}


def _describe(field: FieldDefinition, language: Language) -> str:
    label = field.label.in_language(language)
    return f"{label} ({field.unit})" if field.unit else label
