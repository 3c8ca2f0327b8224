"""Small SVG: path data in tenths of a pixel with relative commands, and attributes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import shapely

from gis.types import GeometryArray
from layers.palette import DASHES, Pattern

UNITS_PER_PX = 10
"""Path coordinates are whole tenths of a pixel: no decimal points, and nothing that an eye could miss."""


PLAIN_FAMILY = re.compile(r"[A-Za-z][-A-Za-z]*")

SvgValues = dict[str, str | float | None]
"""Attributes of an element; underscores stand for hyphens."""

Units = np.ndarray[tuple[int, int], np.dtype[np.int64]]


def line_paths(geometries: GeometryArray) -> str:
    """
    Return the path data of lines, or of the rings of areas (closed).

    Parameters
    ----------
    geometries
        Lines and polygons, single or multi, in pixels (y downwards). Points and None are left out.

    Returns
    -------
    data
        Value of `d`, in tenths of a pixel; empty when nothing longer than a tenth is left.
    """
    pieces: list[str] = []
    at = (0, 0)
    for ring, is_closed in _sequences(geometries):
        units = _distinct(np.rint(shapely.get_coordinates(ring) * UNITS_PER_PX).astype(np.int64))
        if is_closed and len(units) > 1 and (units[0] == units[-1]).all():
            units = units[:-1]
        if len(units) < (3 if is_closed else 2):
            continue
        start = (int(units[0][0]), int(units[0][1]))
        moved = [("m", start[0] - at[0], start[1] - at[1])]
        steps = np.diff(units, axis=0).tolist()
        pieces.append(_command(*moved[0]) + "l" + _numbers(step for pair in steps for step in pair))
        at = start if is_closed else (int(units[-1][0]), int(units[-1][1]))
        if is_closed:
            pieces.append("z")
    return "".join(pieces)


def _sequences(geometries: GeometryArray) -> Iterable[tuple[shapely.Geometry, bool]]:
    parts = shapely.get_parts(geometries[~shapely.is_missing(geometries)])
    kinds = shapely.get_type_id(parts)
    nested = np.isin(kinds, (4, 5, 6, 7))
    if nested.any():  # collections that clipping leaves hold multi-parts
        parts = np.concatenate([parts[~nested], shapely.get_parts(shapely.get_parts(parts[nested]))])
        kinds = shapely.get_type_id(parts)
    yield from ((line, False) for line in parts[np.isin(kinds, (1, 2))])
    # Holes run against their shells, so that areas which overlap in one path are filled once, and holes stay open.
    areas = shapely.orient_polygons(parts[kinds == 3])
    yield from ((ring, True) for ring in shapely.get_rings(areas))


def _distinct(units: Units) -> Units:
    """Leave out points that repeat the one before."""
    if len(units) < 2:
        return units
    is_new = np.ones(len(units), dtype=bool)
    is_new[1:] = (np.diff(units, axis=0) != 0).any(axis=1)
    distinct: Units = units[is_new]
    return distinct


def _command(letter: str, x: int, y: int) -> str:
    return letter + _numbers((x, y))


def _numbers(values: Iterable[int]) -> str:
    """Join whole numbers as short as SVG allows: a minus sign separates as well as a blank."""
    parts: list[str] = []
    for value in values:
        text = str(value)
        parts.append(text if not parts or text[0] == "-" else f" {text}")
    return "".join(parts)


def attributes(**values: str | float | None) -> str:
    """Return SVG attributes with a leading blank, escaped; underscores become hyphens, None is left out."""
    return "".join(
        f" {name.rstrip('_').replace('_', '-')}={quoteattr(value if isinstance(value, str) else f'{value:.4g}')}"
        for name, value in values.items()
        if value is not None
    )


def element(name: str, content: str | None = None, /, **values: str | float | None) -> str:
    """Return an element; `content` is SVG already, None closes the tag."""
    head = f"<{name}{attributes(**values)}"
    return f"{head}/>" if content is None else f"{head}>{content}</{name}>"


def font_families(font: str) -> str:
    """
    Return a list of font families as CSS reads it: a name such as Source Sans 3 needs quotes, since no word of an
    unquoted name may begin with a digit.
    """
    names = [name.strip().strip("'\"") for name in font.split(",")]
    return ", ".join(name if PLAIN_FAMILY.fullmatch(name) else f"'{name}'" for name in names if name)


def text_content(text: str) -> str:
    """Return text escaped, without the control characters that XML forbids."""
    return escape("".join(letter for letter in text if letter >= " " or letter in "\t\n"))


def dash_values(pattern: Pattern, width: float) -> SvgValues:
    """Return the stroke attributes of a line pattern at a width, in the units of the width."""
    dashes = DASHES[pattern]
    cap = "butt" if pattern in {"long_dash", "short_dash"} else "round"
    array = None if dashes is None else " ".join(f"{dash * width:.3g}" for dash in dashes)
    return {"stroke_dasharray": array, "stroke_linecap": cap}
