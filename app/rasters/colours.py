"""How rasters are coloured: a ramp for measurements, a colour for each class; one place for tiles and legend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.rasters.queries import RasterClass, RegisteredRaster

Rgb = tuple[int, int, int]

RAMPS: Mapping[str, tuple[str, ...]] = {
    "elevation": ("#7fa08a", "#a9bd93", "#d3d3a3", "#d9bf8c", "#bf9775", "#a07a68", "#cfc4bd"),
    "population": ("#f6efe6", "#f2cfa4", "#e8a26b", "#cf6f4a", "#a03d3f", "#5f2340"),
    "other": ("#f1efe9", "#c9d6d5", "#93b4bb", "#5c8fa1", "#316882", "#143f5c"),
}
"""Colours from low to high; their lightness changes one way, so that they can be told apart without colour."""

CLASS_COLOURS = (
    *("#3f7d4e", "#a6c36f", "#e3c65b", "#d08745", "#b24a3c", "#4f8fb8", "#8b6bb1", "#c78fae", "#7d8a97"),
    *("#2f5d62", "#cbb994", "#5b4a3f"),
)
"""Colours of classes whose file names none, in the order of the values."""


def rgb_of(colour: str) -> Rgb:
    """Return red, green and blue (0 to 255) of #rrggbb."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def ramp_of(raster: RegisteredRaster) -> tuple[str, ...]:
    """Return the colours of a raster of measurements, from low to high."""
    return RAMPS.get(raster.kind, RAMPS["other"])


def coloured_classes(
    values: Iterable[int], palette: Mapping[int, Rgb], named: Mapping[int, RasterClass]
) -> tuple[RasterClass, ...]:
    """
    Give each value of a raster of classes its colour and name.

    Parameters
    ----------
    values
        That occur in the raster.
    palette
        Colours of the file itself.
    named
        What the person who adds it says; it wins over the file.
    """
    classes = []
    for number, value in enumerate(sorted(values)):
        own = "#{:02x}{:02x}{:02x}".format(*palette[value]) if value in palette else None
        said = named.get(value)
        colour = (said.colour if said else "") or own or CLASS_COLOURS[number % len(CLASS_COLOURS)]
        classes.append(RasterClass(value, colour, said.name_id if said else None, said.name_en if said else None))
    return tuple(classes)
