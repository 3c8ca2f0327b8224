"""
The map's style: layer definitions become one MapLibre style.

The style names no glyphs and no sprite: the map writes labels in the font that the page serves, and the page adds the
images of `layers.symbols`. Each style layer says in its metadata which layer and which part it is, so that the page
can switch and filter it without knowing how it is drawn:

- `petakarya:layer`, `petakarya:part`: fill, line, edge, casing, band, halo, symbol, label, limited
- `petakarya:class`: expression of the class that the legend filters by
- `petakarya:year_field`: field of the survey year, when the map shows one year at a time
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gis.types import BBox
from layers.catalogue import Catalogue
from layers.definition import Language, LayerDefinition
from layers.palette import (
    BASE_SYMBOL_STEPS,
    CASING_PX,
    DARK_CASING_PX,
    DASHES,
    FULL_ZOOM,
    PATTERN_WIDTH,
    SYMBOL_STEPS,
    UNKNOWN,
    ZOOM_BASE,
    DrawnClass,
    Pattern,
    Theme,
    Tokens,
    drawn_classes,
    first_zoom,
    ink_on,
    layer_colour,
    mix,
    outline_colour,
    theme_tokens,
    unknown_class,
)
from layers.svg import font_families
from layers.symbols import symbol_id

StyleLayer = dict[str, Any]
Expression = list[Any]

SELECTED_CASING_PX = 4.5
HALO_PX = 13.0
NEAR_ZOOM = 11  # from here on labels keep clear of the works' symbols
WORK_LABEL_OFFSET = 1.3  # from a symbol's middle, in font sizes: beyond its corner
LABEL_ALONG_LINE = {"symbol-placement": "line", "symbol-spacing": 320, "text-max-angle": 30, "text-padding": 8}

SELECTED: Expression = ["boolean", ["feature-state", "selected"], False]
HOVERED: Expression = ["boolean", ["feature-state", "hover"], False]
IS_AREA: Expression = ["in", ["geometry-type"], ["literal", ["Polygon", "MultiPolygon"]]]
IS_LINE: Expression = ["in", ["geometry-type"], ["literal", ["LineString", "MultiLineString"]]]


def build_style(
    catalogue: Catalogue,
    *,
    language: Language,
    theme: Theme,
    tile_url: Callable[[tuple[str, ...]], str],
    bounds: BBox,
    font: str,
) -> dict[str, Any]:
    """
    Build the MapLibre style (version 8) of a catalogue.

    Parameters
    ----------
    catalogue
        The layers, in drawing order.
    language
        Language of the names that the style carries.
    theme
        Light or dark paper.
    tile_url
        Gives the address template (with `{z}/{x}/{y}`) of tiles that carry these layers.
    bounds
        (west, south, east, north) of the data, degrees; the map asks for no tile outside.
    font
        Font family of all labels; the page must have loaded it.

    Returns
    -------
    style
        JSON-able. Layers that are off when the map opens have `visibility: none`.
    """
    groups = source_groups(catalogue)
    source_of = {layer_id: source for source, ids in groups.items() for layer_id in ids}
    drawings = [
        Drawing(catalogue, definition, source_of[definition.id], language, theme, font) for definition in catalogue
    ]
    return {
        "version": 8,
        "name": "PetaKarya",
        "metadata": {"petakarya:language": language, "petakarya:theme": theme},
        "center": [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2],
        "zoom": 9,
        "sources": {
            source: _vector_source([catalogue.layer(one) for one in ids], tile_url(ids), bounds)
            for source, ids in groups.items()
        },
        "layers": [*_ground(catalogue, source_of, theme), *_ordered(drawings), *_limits(groups, theme)],
    }


def source_groups(catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    """
    Return which layers share a source, so that the map asks for few tiles.

    Layers shown at the start are `base` and `works`; each layer that is off at the start is a source of its own, and
    costs nothing until it is switched on.
    """
    groups: dict[str, tuple[str, ...]] = {}
    for definition in catalogue:
        shared = "base" if definition.group == "base" else "works"
        source = shared if definition.visible else definition.id
        groups[source] = (*groups.get(source, ()), definition.id)
    return groups


def source_zooms(definitions: Iterable[LayerDefinition]) -> tuple[int, int]:
    """Return the first zoom of any of the layers, and the first at which all of them have everything they ever show."""
    definitions = tuple(definitions)
    first = min(one.zooms[0] for one in definitions)
    complete = max((field.tile_zoom or 0 for one in definitions for field in one.fields), default=first)
    last = min(one.zooms[1] for one in definitions)
    return first, max(first, complete, last)


def _vector_source(definitions: list[LayerDefinition], url: str, bounds: BBox) -> dict[str, Any]:
    first, last = source_zooms(definitions)
    return {"type": "vector", "tiles": [url], "minzoom": first, "maxzoom": last, "bounds": list(bounds)}


def _ground(catalogue: Catalogue, source_of: dict[str, str], theme: Theme) -> Iterator[StyleLayer]:
    """The region as paper on a darker ground: the areas of the first layer of borders from the lowest zoom."""
    tokens = theme_tokens(theme)
    yield {"id": "ground", "type": "background", "paint": {"background-color": tokens.beyond}}
    borders = [definition for definition in catalogue if definition.draw.border]
    for definition in sorted(borders, key=lambda one: one.zooms[0])[:1]:
        yield {
            "id": f"{definition.id}-ground",
            "type": "fill",
            "source": source_of[definition.id],
            "source-layer": definition.id,
            "metadata": {"petakarya:layer": "ground", "petakarya:part": "fill"},
            "paint": {"fill-color": tokens.paper, "fill-antialias": False},
        }


def _ordered(drawings: list[Drawing]) -> Iterator[StyleLayer]:
    """
    Areas, lines, labels, symbols, each in the catalogue's order: no area tints a line, no label hides a symbol.

    Seen from afar symbols leave no room, so there the base's names lie above them.
    """
    for drawing in drawings:
        yield from drawing.areas()
    for drawing in drawings:
        yield from drawing.lines()
    for drawing in drawings:
        yield from drawing.labels()
    for drawing in drawings:
        yield from drawing.symbols()
    for drawing in drawings:
        yield from drawing.far_labels()


def _limits(groups: dict[str, tuple[str, ...]], theme: Theme) -> Iterator[StyleLayer]:
    """A sign over tiles from which a limit cut features."""
    for source in groups:
        yield {
            "id": f"{source}-limited",
            "type": "line",
            "source": source,
            "source-layer": "limited",
            "metadata": {"petakarya:layer": "limited", "petakarya:part": "limited"},
            "layout": {"line-join": "round"},
            "paint": {"line-color": theme_tokens(theme).caution, "line-width": 3, "line-dasharray": [2, 2]},
        }


class Drawing:
    """How one layer is drawn: the style layers of its parts."""

    def __init__(
        self,
        catalogue: Catalogue,
        definition: LayerDefinition,
        source: str,
        language: Language,
        theme: Theme,
        font: str,
    ) -> None:
        self.definition = definition
        self.draw = definition.draw
        self.source = source
        self.font = font_families(font)  # the map hands it to CSS as it is
        self.theme: Theme = theme
        self.tokens: Tokens = theme_tokens(theme)
        self.classes = drawn_classes(catalogue, definition, language=language, theme=theme)
        self.unknown = unknown_class(definition, language, theme)
        self.first_zoom = first_zoom(definition)

    # Areas and lines

    def areas(self) -> Iterator[StyleLayer]:
        """Yield fills and edges, lowest first; nothing for a layer of lines or points."""
        if self.draw.border:
            yield from self._border()
        elif self.definition.geometry in {"polygon", "any"}:
            yield from self._area()

    def lines(self) -> Iterator[StyleLayer]:
        """Yield casings and lines, lowest first; nothing for a layer of areas or points."""
        if self.definition.geometry in {"line", "any"}:
            yield from self._line()

    def _border(self) -> Iterator[StyleLayer]:
        """An area's border: thin ink, with a pale band inside; the fill shows only when pointed at."""
        colour = layer_colour(self.definition, self.theme)
        fill = ["case", SELECTED, 0.1, HOVERED, 0.05, 0.0]
        yield self._layer("fill", "fill", paint={"fill-color": self.tokens.accent, "fill-opacity": fill})
        band = self._zoomed(2.2, add=1.0)
        yield self._layer(
            "band",
            "line",
            layout={"line-join": "round"},
            paint={
                "line-color": mix(colour, self.tokens.paper, 0.5),
                "line-opacity": self.draw.opacity * 0.4,
                "line-width": band,
                "line-offset": self._zoomed(1.1, add=0.5),
            },
        )
        yield self._layer(
            "line",
            "line",
            layout={"line-join": "round"},
            paint={
                "line-color": ["case", SELECTED, self.tokens.ink, colour],
                "line-opacity": ["case", SELECTED, 1.0, self.draw.opacity],
                "line-width": self._zoomed(),
            },
        )

    def _area(self) -> Iterator[StyleLayer]:
        only = IS_AREA if self.definition.geometry == "any" else None
        colour = self._by_class(lambda drawn: drawn.colour)
        edge = colour if self.draw.outline is None else outline_colour(self.definition, self.theme)
        opacity: Any = self.draw.opacity
        if self._is_pickable():
            opacity = ["case", SELECTED, min(1.0, opacity + 0.2), HOVERED, min(1.0, opacity + 0.1), opacity]
        width = (0.6, 2.0) if self.definition.geometry == "any" else self.draw.width_px
        yield self._layer("fill", "fill", only=only, paint={"fill-color": colour, "fill-opacity": opacity})
        if self._is_pickable():
            yield self._halo(only, width, suffix="-area" if only else "")
        yield self._layer(
            "edge",
            "line",
            only=only,
            layout={"line-join": "round"},
            paint={
                "line-color": ["case", SELECTED, self.tokens.ink, edge] if self._is_pickable() else edge,
                "line-width": _widths(self.first_zoom, width, selected=1.0 if self._is_pickable() else 0.0),
            },
        )

    def _line(self) -> Iterator[StyleLayer]:
        only = IS_LINE if self.definition.geometry == "any" else None
        if self._is_pickable():
            yield self._halo(only, self.draw.width_px, suffix="-line" if only else "")
        patterns = tuple(dict.fromkeys(drawn.pattern for drawn in self.classes))
        if self.draw.casing or len(patterns) > 1:
            yield self._casing(only)
        for pattern in patterns:
            yield self._pattern_line(pattern, only, suffix=f"-{pattern}" if len(patterns) > 1 else "")

    def _casing(self, only: Expression | None) -> StyleLayer:
        """Lines stand off the ground by a light casing, short dashes by a dark one; the selected one by ink."""
        colour: Any = self._by_class(
            lambda drawn: self.tokens.dark_casing if drawn.pattern == "short_dash" else self._light_casing()
        )
        wider = self._by_class(lambda drawn: DARK_CASING_PX if drawn.pattern == "short_dash" else CASING_PX)
        width = self._zoomed(add=wider)
        if self._is_pickable():
            colour = ["case", SELECTED, self.tokens.ink, HOVERED, self.tokens.quiet_ink, colour]
            width = self._zoomed(add=wider, selected=SELECTED_CASING_PX - CASING_PX)
        return self._layer(
            "casing",
            "line",
            only=only,
            layout={"line-join": "round", "line-cap": "butt"},
            paint={"line-color": colour, "line-width": width},
        )

    def _light_casing(self) -> str:
        return outline_colour(self.definition, self.theme) if self.draw.outline else self.tokens.casing

    def _pattern_line(self, pattern: Pattern, only: Expression | None, *, suffix: str) -> StyleLayer:
        """The classes of one line pattern (dashes cannot change from feature to feature)."""
        dashes = DASHES[pattern]
        colour: Any = self._by_class(lambda drawn: drawn.colour)
        if self.definition.geometry == "any" and self.draw.outline and not self.draw.casing:
            colour = outline_colour(self.definition, self.theme)
        paint: dict[str, Any] = {"line-color": colour, "line-width": self._zoomed(share=PATTERN_WIDTH[pattern])}
        if dashes is not None:
            paint["line-dasharray"] = [0, dashes[1]] if pattern == "dots" else list(dashes)
        conditions = [only] if only else []
        if suffix:
            codes = [drawn.code for drawn in self.classes if drawn.pattern == pattern]
            conditions.append(["in", self._class(), ["literal", codes]])
        cap = "butt" if pattern in {"long_dash", "short_dash"} else "round"
        return self._layer(
            "line",
            "line",
            suffix=suffix,
            only=_all(conditions),
            layout={"line-join": "round", "line-cap": cap},
            paint=paint,
        )

    def _halo(self, only: Expression | None, width: tuple[float, float], *, suffix: str) -> StyleLayer:
        """A wide glow under the selected feature, so that its outline stands alone."""
        return self._layer(
            "halo",
            "line",
            suffix=suffix,
            only=only,
            layout={"line-join": "round", "line-cap": "round"},
            paint={
                "line-color": self.tokens.accent,
                "line-opacity": ["case", SELECTED, 0.35, HOVERED, 0.2, 0.0],
                "line-width": _widths(self.first_zoom, width, add=HALO_PX),
                "line-blur": 2,
            },
        )

    # Symbols

    def symbols(self) -> Iterator[StyleLayer]:
        """Yield the symbols of points, with a halo below when one is selected; nothing for a layer without symbols."""
        if self.draw.symbol is None:
            return
        if self._is_pickable():
            yield self._symbol_halo()
        layout: dict[str, Any] = {
            "icon-image": self._by_class(self._image),
            "icon-size": self._icon_size(),
            "icon-allow-overlap": True,
            "icon-ignore-placement": self.definition.group
            == "base",  # a town's dot may stand by a name; a work may not
            "icon-padding": 0,
            "symbol-sort-key": self._by_class(self._height),
        }
        paint: dict[str, Any] = {}
        if any(drawn.glyph for drawn in self.classes):
            layout |= {
                "text-field": self._by_class(lambda drawn: drawn.glyph or ""),
                "text-font": [self.font],
                "text-size": ["interpolate", ["linear"], ["zoom"], 9, 4.5, 12, 8, 14, 9.5],
                "text-allow-overlap": True,
                "text-letter-spacing": -0.02,
            }
            paint["text-color"] = self._by_class(lambda drawn: ink_on(drawn.colour))
        yield self._layer("symbol", "symbol", anchor=True, layout=layout, paint=paint)

    def _image(self, drawn: DrawnClass) -> str:
        return (symbol_id(self.definition, drawn) or "") if drawn in self.classes else ""

    def _height(self, drawn: DrawnClass) -> int:
        """Symbols with a higher number lie over the others."""
        on_top = self.draw.on_top
        return len(on_top) - on_top.index(drawn.code) if drawn.code in on_top else 0

    def _icon_size(self) -> Expression:
        steps = BASE_SYMBOL_STEPS if self.definition.group == "base" else SYMBOL_STEPS
        return ["interpolate", ["linear"], ["zoom"], *(value for step in steps for value in step)]

    def _symbol_halo(self) -> StyleLayer:
        opacity = ["case", SELECTED, 1.0, HOVERED, 0.7, 0.0]
        return self._layer(
            "halo",
            "circle",
            suffix="-symbol",
            anchor=True,
            paint={
                "circle-radius": ["interpolate", ["linear"], ["zoom"], 6, 8, 14, 16],
                "circle-color": self.tokens.paper,
                "circle-opacity": opacity,
                "circle-stroke-color": ["case", SELECTED, self.tokens.ink, self.tokens.quiet_ink],
                "circle-stroke-width": 2.5,
                "circle-stroke-opacity": opacity,
            },
        )

    # Labels

    def far_labels(self) -> Iterator[StyleLayer]:
        """Yield the labels that lie above symbols, below `NEAR_ZOOM`: those of the base."""
        if self._has_far_labels():
            for layer in self._labels(self._label_zoom(), suffix="-far"):
                yield {**layer, "maxzoom": NEAR_ZOOM}

    def labels(self) -> Iterator[StyleLayer]:
        """Yield the layer's labels that keep clear of symbols: along lines, inside areas, beside symbols."""
        if self.draw.label is not None:
            yield from self._labels(NEAR_ZOOM if self._has_far_labels() else self._label_zoom())

    def _has_far_labels(self) -> bool:
        return self.draw.label is not None and self.definition.group == "base" and self._label_zoom() < NEAR_ZOOM

    def _label_zoom(self) -> int:
        return max(self.draw.label_zoom, self.first_zoom)

    def _labels(self, zoom: int, suffix: str = "") -> Iterator[StyleLayer]:
        text: dict[str, Any] = {
            "text-field": ["coalesce", ["get", self.draw.label], ""],
            "text-font": [self.font],
            "text-size": self._label_size(),
            "text-max-width": 8,
        }
        paint = {
            "text-color": self._label_colour(),
            "text-halo-color": self.tokens.paper,
            "text-halo-width": 1.6,
        }
        is_mixed = self.definition.geometry == "any" and not self.definition.anchor
        if self.definition.geometry == "line" or is_mixed:
            only, end = (IS_LINE, f"{suffix}-line") if is_mixed else (None, suffix)
            along = text | LABEL_ALONG_LINE
            yield self._layer("label", "symbol", suffix=end, only=only, zoom=zoom, layout=along, paint=paint)
        if self.definition.geometry != "line":
            only = IS_AREA if is_mixed else None
            inside = text | self._point_label()
            yield self._layer(
                "label", "symbol", suffix=suffix, only=only, anchor=True, zoom=zoom, layout=inside, paint=paint
            )

    def _label_colour(self) -> Any:
        """Works in ink; the base in quiet ink, except its largest names."""
        if self.definition.group != "base":
            return self.tokens.ink
        if self.definition.geometry != "point":
            return self.tokens.quiet_ink
        return ["case", [">", self._factor(), 1], self.tokens.ink, self.tokens.quiet_ink]

    def _point_label(self) -> dict[str, Any]:
        if self.draw.symbol:
            return {
                "text-variable-anchor": ["left", "right", "top", "bottom"],
                "text-radial-offset": 0.5 if self.definition.group == "base" else WORK_LABEL_OFFSET,
                "text-justify": "auto",
            }
        if self.draw.capitals:
            return {"text-transform": "uppercase", "text-letter-spacing": 0.08, "text-padding": 6}
        return {"text-padding": 4}

    def _label_size(self) -> Any:
        size = 12.5 if self.definition.group == "works" else 12.0
        if self.definition.geometry == "point" and self.draw.size_by:
            sized = ["*", size, self._factor()]
            return ["interpolate", ["linear"], ["zoom"], 8, sized, 14, ["*", size * 1.2, self._factor()]]
        if self.draw.border:
            size = 11.5 if self.draw.capitals else 11.0
        return ["interpolate", ["linear"], ["zoom"], 10, size, 15, size * 1.2]

    # Expressions

    def _is_pickable(self) -> bool:
        """Whether a visitor selects features of this layer; the base is only pointed at through its borders."""
        return self.definition.group != "base"

    def _class(self) -> Expression:
        assert self.draw.by is not None
        return ["coalesce", ["get", self.draw.by], self.draw.missing or UNKNOWN]

    def _by_class(self, value: Callable[[DrawnClass], Any]) -> Any:
        """Return the value, or the expression that finds it by the feature's class."""
        if self.draw.by is None:
            return value(self.classes[0])
        default = value(self.unknown)
        values = {drawn.code: value(drawn) for drawn in self.classes}
        differing = {code: one for code, one in values.items() if one != default}
        return _match(self._class(), differing, default) if differing else default

    def _factor(self) -> Any:
        if not self.draw.size_by or not self.draw.sizes:
            return 1
        return _match(["get", self.draw.size_by], self.draw.sizes, 1)

    def _zoomed(self, share: float = 1.0, *, add: Any = 0, selected: float = 0.0) -> Expression:
        """The layer's line width by zoom and class of road, times `share`, plus pixels for a casing."""
        factor = self._factor() if self.definition.geometry in {"line", "any"} else 1
        return _widths(self.first_zoom, self.draw.width_px, factor=factor, share=share, add=add, selected=selected)

    def _layer(
        self,
        part: str,
        kind: str,
        *,
        suffix: str = "",
        only: Expression | None = None,
        anchor: bool = False,
        zoom: int | None = None,
        layout: dict[str, Any] | None = None,
        paint: dict[str, Any] | None = None,
    ) -> StyleLayer:
        """Assemble a style layer; keys that would be empty are left out."""
        metadata: dict[str, Any] = {"petakarya:layer": self.definition.id, "petakarya:part": part}
        if self.draw.by is not None:
            metadata["petakarya:class"] = self._class()
        if self.definition.year_field is not None:
            metadata["petakarya:year_field"] = self.definition.year_field
        layer: StyleLayer = {
            "id": f"{self.definition.id}-{part}{suffix}",
            "type": kind,
            "source": self.source,
            "source-layer": f"{self.definition.id}_anchor" if anchor and self.definition.anchor else self.definition.id,
            "metadata": metadata,
            "minzoom": self.first_zoom if zoom is None else zoom,
            "layout": {"visibility": "visible" if self.definition.visible else "none", **(layout or {})},
        }
        if only is not None:
            layer["filter"] = only
        if paint:
            layer["paint"] = paint
        return layer


def _widths(
    from_zoom: int,
    width_px: tuple[float, float],
    *,
    factor: Any = 1,
    share: float = 1.0,
    add: Any = 0,
    selected: float = 0.0,
) -> Expression:
    """Interpolate a width from `from_zoom` to `FULL_ZOOM`; `selected` pixels more where selected."""
    stops: list[Any] = []
    for zoom, width in zip((from_zoom, max(FULL_ZOOM, from_zoom + 1)), width_px, strict=True):
        scaled: Any = round(width * share, 2) if factor == 1 else ["*", factor, round(width * share, 2)]
        if add:
            scaled = ["+", scaled, add]
        if selected:
            scaled = ["+", scaled, ["case", SELECTED, selected, 0]]
        stops += [zoom, scaled]
    return ["interpolate", ["exponential", ZOOM_BASE], ["zoom"], *stops]


def _match(subject: Expression, values: dict[Any, Any] | dict[str, float], default: Any) -> Expression:
    """A `match` expression in which codes of the same value stand together."""
    grouped: dict[Any, list[Any]] = {}
    for code, value in values.items():
        grouped.setdefault(value, []).append(code)
    arms = [part for value, codes in grouped.items() for part in (codes if len(codes) > 1 else codes[0], value)]
    return ["match", subject, *arms, default]


def _all(conditions: list[Expression]) -> Expression | None:
    if not conditions:
        return None
    return conditions[0] if len(conditions) == 1 else ["all", *conditions]
