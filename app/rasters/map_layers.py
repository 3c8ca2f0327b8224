"""Rasters among the layers of the map: what the style draws them from, and what the legend says of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.formats import format_number
from app.rasters.colours import ramp_of
from app.rasters.queries import RegisteredRaster
from app.rasters.tiles import last_zoom
from gis.types import Json

LAYER_PREFIX = "raster_"  # before a raster's name, in the style, the legend and the page's address
SWATCH = (24, 16)
OPACITY = 0.85
DESCRIPTIONS = {
    "elevation": ("Ketinggian permukaan tanah dalam meter", "Height of the ground in metres"),
    "landcover": ("Tutupan lahan menurut kelasnya", "Land cover by class"),
    "population": ("Sebaran penduduk per sel", "Residents by cell"),
    "other": ("Raster", "Raster"),
}


def layer_id(raster: RegisteredRaster) -> str:
    """Return the id of a raster among the map's layers."""
    return f"{LAYER_PREFIX}{raster.name}"


def add_to_style(
    style: dict[str, Any], rasters: Sequence[RegisteredRaster], address: Callable[[RegisteredRaster], str], tile_px: int
) -> None:
    """Add rasters to a style, hidden until they are switched on: above the ground, below everything else."""
    drawn = []
    for raster in rasters:
        source = layer_id(raster)
        style["sources"][source] = {
            "type": "raster",
            "tiles": [address(raster)],
            "tileSize": tile_px,
            "minzoom": 0,
            "maxzoom": last_zoom(raster, tile_px),
            "bounds": list(raster.bbox),
        }
        drawn.append({
            "id": source,
            "type": "raster",
            "source": source,
            "metadata": {"petakarya:layer": source, "petakarya:part": "raster"},
            "layout": {"visibility": "none"},
            "paint": {"raster-opacity": OPACITY, "raster-fade-duration": 0},
        })  # fmt: skip
    ground = sum(_is_ground(layer) for layer in style["layers"])
    style["layers"][ground:ground] = drawn


def legend_entry(raster: RegisteredRaster, language: str) -> Json:
    """Return a raster's entry of the legend, in the form of `layers.legend.LegendEntry`."""
    about = DESCRIPTIONS[raster.kind][1 if language == "en" else 0]
    return {
        "layer": layer_id(raster),
        "title": f"{raster.title} ({raster.year})" if raster.year else raster.title,
        "description": " · ".join(part for part in (about, raster.source) if part),
        "group": "raster",
        "geometry": "raster",
        "visible": False,
        "zooms": [0, 22],
        "field": None,
        "missing": None,
        "year_field": None,
        "classes": _classes(raster, language),
    }


def _is_ground(layer: dict[str, Any]) -> bool:
    return bool(layer["id"] == "ground") or layer.get("metadata", {}).get("petakarya:layer") == "ground"


def _classes(raster: RegisteredRaster, language: str) -> list[Json]:
    if raster.classes:
        return [_class(str(one.value), one.name(language), one.colour, _patch(one.colour)) for one in raster.classes]
    colours = ramp_of(raster)
    digits = 0 if raster.value_high - raster.value_low >= 10 else 2
    low, high = (format_number(value, language, digits) for value in (raster.value_low, raster.value_high))
    unit = " m" if raster.kind == "elevation" else ""
    return [_class(None, f"{low} – {high}{unit}", colours[0], _gradient(colours))]


def _class(code: str | None, label: str, colour: str, swatch: str) -> Json:
    return {
        "code": code,
        "label": label,
        "colour": colour,
        "pattern": "solid",
        "shape": None,
        "glyph": None,
        "swatch": swatch,
    }


def _patch(colour: str) -> str:
    width, height = SWATCH
    return _svg(f'<rect x="1" y="1" width="{width - 2}" height="{height - 2}" rx="2" fill="{colour}"/>')


def _gradient(colours: Sequence[str]) -> str:
    width, height = SWATCH
    step = (width - 2) / len(colours)
    strips = (
        f'<rect x="{1 + number * step:.2f}" y="1" width="{step + 0.1:.2f}" height="{height - 2}" fill="{colour}"/>'
        for number, colour in enumerate(colours)
    )
    return _svg("".join(strips))


def _svg(body: str) -> str:
    width, height = SWATCH
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'aria-hidden="true">{body}</svg>'
    )
