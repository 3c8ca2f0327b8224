"""The colours and line patterns that the style, the legend, the plate and the light map share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from layers.catalogue import Catalogue
from layers.definition import Code, Language, LayerDefinition, Text

Theme = Literal["light", "dark"]
Pattern = Literal["solid", "long_dash", "short_dash", "dots"]

LEGIBLE_CONTRAST = 3.0  # WCAG 1.4.11: signs against their ground
UNKNOWN = "unknown"  # class of a feature whose class nobody has said yet
UNKNOWN_LABEL = Text(id="Belum diketahui", en="Not known yet")
STEP_TO_INK = 0.06  # share of ink mixed in per step until a colour is legible

DASHES: Mapping[Pattern, tuple[float, float] | None] = MappingProxyType(
    {"solid": None, "long_dash": (5.0, 1.8), "short_dash": (2.0, 1.0), "dots": (0.01, 2.2)}
)
"""Dash and gap of a pattern, in widths of its line. Dots are dashes without length under round caps."""

PATTERN_WIDTH: Mapping[Pattern, float] = MappingProxyType(
    {"solid": 1.0, "long_dash": 1.0, "short_dash": 1.0, "dots": 0.62}
)
"""Share of the layer's line width that a pattern is drawn with."""


FULL_ZOOM = 16  # zoom of the second of a definition's two widths
ZOOM_BASE: float = 1.4  # how fast lines widen in between


CASING_PX = 2.0  # wider than the line, both sides together
DARK_CASING_PX = 1.2  # the same under short dashes

SYMBOL_STEPS = ((6.0, 0.3), (9.0, 0.46), (12.0, 0.8), (14.0, 1.0))
"""Zoom and size of the works' symbols, as share of their full size."""
BASE_SYMBOL_STEPS = ((6.0, 0.7), (12.0, 1.0))


@dataclass(frozen=True)
class Tokens:
    """The colours of a theme that belong to no layer."""

    paper: str
    beyond: str  # ground outside the region
    ink: str
    quiet_ink: str
    accent: str
    casing: str  # between a line of the works and the ground
    dark_casing: str  # under short dashes
    caution: str


LIGHT = Tokens("#faf9f6", "#eceae3", "#1c2521", "#55605a", "#0b5d4b", "#ffffff", "#1c2521", "#8a5a00")
DARK = Tokens("#141a18", "#0d1110", "#e8ece9", "#a7b3ad", "#5fd0b0", "#0c100f", "#8b9690", "#e0ab4f")


@dataclass(frozen=True)
class DrawnClass:
    """One class of a layer as it is drawn. `code` is None in a layer without classes."""

    code: str | None
    label: str
    colour: str
    pattern: Pattern
    shape: str | None
    glyph: str | None


def theme_tokens(theme: Theme) -> Tokens:
    """Return the colours of a theme."""
    return DARK if theme == "dark" else LIGHT


def drawn_classes(
    catalogue: Catalogue, definition: LayerDefinition, *, language: Language, theme: Theme
) -> tuple[DrawnClass, ...]:
    """
    Return the classes of a layer in the order of its code list.

    A layer whose class may be empty has a last class `unknown`, unless its definition says what empty means; a layer
    without classes has one, without code.
    """
    codes = catalogue.code_list(definition.id, definition.draw.by) if definition.draw.by else ()
    if not codes:
        colour = layer_colour(definition, theme)
        return (DrawnClass(None, definition.title.in_language(language), colour, "solid", None, None),)
    classes = tuple(_drawn_class(code, definition, language, theme) for code in codes)
    return (*classes, unknown_class(definition, language, theme)) if has_unknown(definition) else classes


def has_unknown(definition: LayerDefinition) -> bool:
    """Whether features of this layer may have no class, and the definition does not say what that means."""
    draw = definition.draw
    if draw.by is None or draw.missing is not None:
        return False
    field = definition.field(draw.by)
    return not (field.required or field.computed)


def unknown_class(definition: LayerDefinition, language: Language, theme: Theme) -> DrawnClass:
    """Return how a feature is drawn whose class is empty or in no code list."""
    label = UNKNOWN_LABEL.in_language(language)
    return DrawnClass(UNKNOWN, label, layer_colour(definition, theme), "solid", "badge", None)


def _drawn_class(code: Code, definition: LayerDefinition, language: Language, theme: Theme) -> DrawnClass:
    colour = class_colour(code.colour, theme) if code.colour else layer_colour(definition, theme)
    if definition.geometry == "polygon" and code.colour:
        colour = code.colour  # an area keeps its official colour; its edge and code carry the contrast
    shape = code.shape or ("badge" if code.glyph else None)
    return DrawnClass(code.code, code.label.in_language(language), colour, code.pattern, shape, code.glyph)


def class_of_row(value: object, definition: LayerDefinition) -> str:
    """Return the code that a row's value of `draw.by` stands for; the definition says what an empty one means."""
    return (definition.draw.missing or UNKNOWN) if is_empty(value) else str(value)


def is_empty(value: object) -> bool:
    """Whether a frame's value is missing: None, NaN (which differs from itself) or pandas' NA."""
    import pandas as pd  # loaded by whoever has frames; the web starts without

    return value is None or value is pd.NA or value != value


def first_zoom(definition: LayerDefinition) -> int:
    """Return the zoom from which a layer is drawn."""
    return max(definition.zooms[0], definition.draw.from_zoom or 0)


def width_at(definition: LayerDefinition, zoom: float) -> float:
    """Return the width (pixels) of a layer's line at a zoom, as the map interpolates it."""
    low, high = first_zoom(definition), max(FULL_ZOOM, first_zoom(definition) + 1)
    at_low, at_high = definition.draw.width_px
    if zoom <= low:
        return at_low
    if zoom >= high:
        return at_high
    share = (math.pow(ZOOM_BASE, zoom - low) - 1) / (math.pow(ZOOM_BASE, high - low) - 1)
    return at_low + (at_high - at_low) * share


def layer_colour(definition: LayerDefinition, theme: Theme) -> str:
    """Return the colour of a layer's features without class."""
    draw = definition.draw
    if theme == "light":
        return draw.colour
    return draw.colour_dark or legible_on(draw.colour, DARK.paper, DARK.ink)


def outline_colour(definition: LayerDefinition, theme: Theme) -> str:
    """Return the colour of a layer's outline: its own, else the layer's."""
    draw = definition.draw
    if draw.outline is None:
        return layer_colour(definition, theme)
    if theme == "light":
        return draw.outline
    return draw.outline_dark or legible_on(draw.outline, DARK.paper, DARK.ink)


def class_colour(colour: str, theme: Theme) -> str:
    """Return a class's colour in a theme: as it is on light paper, lightened on dark paper until it is legible."""
    return colour if theme == "light" else legible_on(colour, DARK.paper, DARK.ink)


def legible_on(colour: str, ground: str, ink: str) -> str:
    """Return `colour`, mixed with as little `ink` as gives it a contrast of 3 : 1 with `ground`."""
    share = 0.0
    mixed = colour
    while contrast(mixed, ground) < LEGIBLE_CONTRAST and share < 1:
        share = min(1.0, share + STEP_TO_INK)
        mixed = mix(colour, ink, share)
    return mixed


def ink_on(colour: str) -> str:
    """Return the darker or lighter ink, whichever is read better on `colour`."""
    return max((LIGHT.ink, "#ffffff"), key=lambda ink: contrast(ink, colour))


def mix(colour: str, other: str, share: float) -> str:
    """Return `colour` with a share (0-1) of `other` in it."""
    parts = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in parts)


def contrast(colour: str, other: str) -> float:
    """Return the WCAG contrast of two `#rrggbb` colours, from 1 to 21."""
    lighter, darker = sorted((_luminance(colour), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
