"""The shapes of point symbols, once, as SVG: the page, the plate, the legend and the light map draw the same ones."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from layers.catalogue import Catalogue
from layers.definition import LayerDefinition
from layers.palette import DrawnClass, Theme, Tokens, drawn_classes, ink_on, theme_tokens

SYMBOL_SIZE = 24
"""Side of a symbol's square (pixels at full size)."""

# Outline of each shape in a square of 24 around (12, 12).
OUTLINES = {
    "disc": "M12 4.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 1 0 0-15z",
    "ticked_disc": "M12 4.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 1 0 0-15z",
    "square": "M6.5 6.5h11v11h-11z",
    "triangle": "M12 3.6L20.6 18.6H3.4z",
    "diamond": "M12 3.4L20.6 12L12 20.6L3.4 12z",
    "badge": "M6.5 5h11a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2h-11a2 2 0 0 1-2-2v-10a2 2 0 0 1 2-2z",
    "ring": "M12 8a4 4 0 1 0 0 8a4 4 0 1 0 0-8z",
    "dot": "M12 9.4a2.6 2.6 0 1 0 0 5.2a2.6 2.6 0 1 0 0-5.2z",
    "cross": "M6.5 6.5L17.5 17.5M17.5 6.5L6.5 17.5",
}
TICK = "M8.4 12.2l2.6 2.6l4.8-5.4"
STROKED = {"cross": 4.0, "square": 3.2, "ring": 2.2}
"""Stroke of the shapes that are drawn by their outline; the others are filled."""
TICK_WIDTH = 2.2
HALO_WIDTH = 3.4  # paper around a symbol, so that it stands off lines and areas
GLYPH_SIZE = 9.5


def symbol_id(definition: LayerDefinition, drawn: DrawnClass) -> str | None:
    """Return the id of a class's image, such as `stage-late`; None for a class that is drawn without symbol."""
    if definition.draw.symbol is None or drawn.shape is None:
        return None
    return f"{definition.draw.symbol}-{drawn.code}"


def symbol_images(catalogue: Catalogue, theme: Theme) -> dict[str, str]:
    """
    Return the images that the style names, as SVG files.

    The page adds each with `map.addImage` under its id; letters on a symbol are written by the map, so that
    they have the page's font.

    Returns
    -------
    images
        SVG text by image id, 24 × 24 px.
    """
    tokens = theme_tokens(theme)
    return {
        image: symbol_svg(drawn, tokens)
        for definition in catalogue
        for image, drawn in layer_symbols(catalogue, definition, theme)
    }


def layer_symbols(catalogue: Catalogue, definition: LayerDefinition, theme: Theme) -> Iterator[tuple[str, DrawnClass]]:
    """Yield (image id, class) of the classes of a layer that are drawn as symbols."""
    for drawn in drawn_classes(catalogue, definition, language="id", theme=theme):
        image = symbol_id(definition, drawn)
        if image is not None:
            yield image, drawn


def symbol_svg(drawn: DrawnClass, tokens: Tokens, *, with_glyph: bool = False) -> str:
    """Return a symbol as an SVG file of its own; its letters only when asked for."""
    body = symbol_body(drawn, tokens) + (glyph_text(drawn) if with_glyph else "")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SYMBOL_SIZE}" height="{SYMBOL_SIZE}" '
        f'viewBox="0 0 {SYMBOL_SIZE} {SYMBOL_SIZE}" aria-hidden="true">{body}</svg>'
    )


def symbol_body(drawn: DrawnClass, tokens: Tokens) -> str:
    """Return the paths of a symbol around (12, 12): a paper halo below, the shape in its colour above."""
    shape = drawn.shape or "disc"
    outline = OUTLINES[shape]
    thick = STROKED.get(shape, 0.0)
    halo = _path(outline, "none" if shape == "cross" else tokens.paper, tokens.paper, thick + HALO_WIDTH)
    if shape == "cross":
        return halo + _path(outline, "none", drawn.colour, thick)
    if shape in STROKED:
        return halo + _path(outline, tokens.paper, drawn.colour, thick)
    tick = _path(TICK, "none", ink_on(drawn.colour), TICK_WIDTH) if shape == "ticked_disc" else ""
    return halo + f'<path d="{outline}" fill="{drawn.colour}"/>' + tick


def _path(outline: str, fill: str, stroke: str, width: float) -> str:
    return (
        f'<path d="{outline}" fill="{fill}" stroke="{stroke}" stroke-width="{width:g}" '
        f'stroke-linecap="round" stroke-linejoin="round"/>'
    )


def glyph_text(drawn: DrawnClass, *, x: float = SYMBOL_SIZE / 2, y: float = SYMBOL_SIZE / 2) -> str:
    """Return the letters of a symbol as an SVG text centred on (x, y); empty when it has none."""
    if not drawn.glyph:
        return ""
    size = GLYPH_SIZE if len(drawn.glyph) < 3 else GLYPH_SIZE * 0.78
    return (
        f'<text x="{x:g}" y="{y + size * 0.36:.1f}" text-anchor="middle" font-size="{size:.1f}" font-weight="700" '
        f'fill="{ink_on(drawn.colour)}">{escape(drawn.glyph)}</text>'
    )
