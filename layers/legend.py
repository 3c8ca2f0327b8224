"""The legend: every layer with its classes, as the layer panel shows them and filters by them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from layers.catalogue import Catalogue
from layers.definition import GeometryKind, Language, LayerDefinition
from layers.palette import (
    DASHES,
    PATTERN_WIDTH,
    UNKNOWN,
    DrawnClass,
    Pattern,
    Theme,
    Tokens,
    drawn_classes,
    outline_colour,
    theme_tokens,
)
from layers.symbols import symbol_id, symbol_svg

LINE_SWATCH = (36, 16)  # width and height, pixels
AREA_SWATCH = (24, 16)
LINE_WIDTH_PX = 3.2
CASING_PX = 2.0


@dataclass(frozen=True)
class LegendClass:
    """One class of a layer: what it means, how it looks, and its value in the filter."""

    code: str | None
    label: str
    colour: str
    pattern: Pattern
    shape: str | None
    glyph: str | None
    swatch: str  # SVG, safe to put into a page


@dataclass(frozen=True)
class LegendEntry:
    """
    One layer of the panel.

    `field` is the property that the classes filter by; `missing` is the class that an empty property belongs to.
    A layer without classes has one class without code, which shows how it is drawn.
    """

    layer: str
    title: str
    description: str
    group: str
    geometry: GeometryKind
    visible: bool
    zooms: tuple[int, int]
    field: str | None
    missing: str | None
    year_field: str | None
    classes: tuple[LegendClass, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the entry as JSON-able dictionaries and lists."""
        return asdict(self)


def build_legend(catalogue: Catalogue, language: Language, theme: Theme) -> list[LegendEntry]:
    """
    Build the legend of a catalogue.

    Returns
    -------
    legend
        Topmost layer first, as a person reads a map.
    """
    entries = [_entry(catalogue, definition, language, theme) for definition in catalogue]
    return entries[::-1]


def _entry(catalogue: Catalogue, definition: LayerDefinition, language: Language, theme: Theme) -> LegendEntry:
    classes = drawn_classes(catalogue, definition, language=language, theme=theme)
    draw = definition.draw
    return LegendEntry(
        layer=definition.id,
        title=definition.title.in_language(language),
        description=definition.description.in_language(language),
        group=definition.group,
        geometry=definition.geometry,
        visible=definition.visible,
        zooms=definition.zooms,
        field=draw.by,
        missing=(draw.missing or UNKNOWN) if draw.by else None,
        year_field=definition.year_field,
        classes=tuple(_legend_class(drawn, definition, theme) for drawn in classes),
    )


def _legend_class(drawn: DrawnClass, definition: LayerDefinition, theme: Theme) -> LegendClass:
    swatch = swatch_svg(drawn, definition, theme)
    return LegendClass(drawn.code, drawn.label, drawn.colour, drawn.pattern, drawn.shape, drawn.glyph, swatch)


def swatch_svg(drawn: DrawnClass, definition: LayerDefinition, theme: Theme) -> str:
    """Return a small picture of a class, as SVG: its symbol, a piece of its line, or a patch of its area."""
    tokens = theme_tokens(theme)
    if symbol_id(definition, drawn) is not None:
        return symbol_svg(drawn, tokens, with_glyph=True)
    if definition.geometry == "line":
        return _line_swatch(drawn, definition, tokens, theme)
    if definition.geometry == "point":
        return _name_swatch(tokens)
    return _area_swatch(drawn, definition, theme)


def _line_swatch(drawn: DrawnClass, definition: LayerDefinition, tokens: Tokens, theme: Theme) -> str:
    width, height = LINE_SWATCH
    path = f"M3 {height / 2:g}H{width - 3}"
    casing = tokens.dark_casing if drawn.pattern == "short_dash" else outline_colour(definition, theme)
    cased = drawn.pattern == "short_dash" or (definition.draw.casing and definition.draw.outline is not None)
    thick = LINE_WIDTH_PX * PATTERN_WIDTH[drawn.pattern]
    under = f'<path d="{path}" stroke="{casing}" stroke-width="{LINE_WIDTH_PX + CASING_PX:g}"/>' if cased else ""
    line = f'<path d="{path}" stroke="{drawn.colour}" stroke-width="{thick:g}"{dash_attributes(drawn.pattern, thick)}/>'
    return _svg(LINE_SWATCH, f'<g fill="none">{under}{line}</g>')


def _area_swatch(drawn: DrawnClass, definition: LayerDefinition, theme: Theme) -> str:
    width, height = AREA_SWATCH
    draw = definition.draw
    box = f'x="1" y="1" width="{width - 2}" height="{height - 2}" rx="2"'
    if draw.border:
        return _svg(
            AREA_SWATCH, f'<rect {box} fill="none" stroke="{drawn.colour}" stroke-opacity="{draw.opacity + 0.25:g}"/>'
        )
    edge = outline_colour(definition, theme) if draw.outline else drawn.colour
    return _svg(AREA_SWATCH, f'<rect {box} fill="{drawn.colour}" fill-opacity="{draw.opacity:g}" stroke="{edge}"/>')


def _name_swatch(tokens: Tokens) -> str:
    """A layer of names only: the letters that the map would write."""
    text = f'<text x="12" y="13" text-anchor="middle" font-size="13" fill="{tokens.quiet_ink}">Aa</text>'
    return _svg(AREA_SWATCH, text)


def dash_attributes(pattern: Pattern, width_px: float) -> str:
    """Return the SVG attributes of a line pattern at a width, with a leading blank; empty for a solid line."""
    dashes = DASHES[pattern]
    if dashes is None:
        return ""
    lengths = " ".join(f"{dash * width_px:.3g}" for dash in dashes)
    cap = ' stroke-linecap="round"' if pattern == "dots" else ""
    return f' stroke-dasharray="{lengths}"{cap}'


def _svg(size: tuple[int, int], body: str) -> str:
    width, height = size
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'aria-hidden="true">{body}</svg>'
    )
