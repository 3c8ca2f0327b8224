"""The plate: layer definitions and frames become one map picture, as SVG or PNG, without a browser."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import resvg_py
import shapely

from gis.constants import WEB_MERCATOR_HALF_M, WEB_MERCATOR_MAX_LATITUDE
from gis.types import BBox, BoolArray, FloatArray, GeometryArray
from layers.catalogue import Catalogue
from layers.definition import Language, LayerDefinition
from layers.frames import anchors, column_values, shown_rows
from layers.labels import Box, Label, LabelKind, place_labels, text_width
from layers.palette import (
    BASE_SYMBOL_STEPS,
    CASING_PX,
    DARK_CASING_PX,
    PATTERN_WIDTH,
    SYMBOL_STEPS,
    DrawnClass,
    Pattern,
    Theme,
    Tokens,
    class_of_row,
    drawn_classes,
    first_zoom,
    is_empty,
    layer_colour,
    outline_colour,
    theme_tokens,
    unknown_class,
    width_at,
)
from layers.svg import UNITS_PER_PX, SvgValues, dash_values, element, font_families, line_paths, text_content
from layers.symbols import SYMBOL_SIZE, glyph_text, symbol_body, symbol_id

if TYPE_CHECKING:
    import geopandas as gpd

STYLE_TILE_PX = 512  # the map's zoom counts tiles of this side
CLIP_MARGIN_PX = 12  # so that outlines along the frame stay outside it
SIMPLIFY_PX = 0.5
SMALLEST_AREA_PX2 = 1.0
OUTER_BORDER = 1.8  # times the width of the borders inside
GAP_PX = 0.6
BAND_PX = 3.6  # of the pale band along borders, both sides together
BAND_OPACITY = 0.22  # times the border's own
MIXED_EDGE_PX = 0.8  # edge of areas in layers whose line widths are meant for lines
SYMBOL_BOX = 0.75  # share of a symbol's square that its shape fills
LABEL_PX = 12.0
BORDER_LABEL_PX = 10.5
LINE_LABEL_PX = 11.0
BASELINE = 0.35  # from the middle of letters down to their baseline, in font sizes
STRAIGHT = 0.92  # a name is written where the chord is at least this share of the line
PLACE_RANK, VILLAGE_RANK, WORK_RANK = 10.0, 20.0, 40.0
SCALE_BAR_PX = 120.0
SOURCE_PX, SOURCE_LINE_PX = 11.0, 13.0  # size of the source's letters, and from one line of it to the next
SOURCE_LETTER_PX = 6.0  # mean width of its letters
Classes = Mapping[str | None, DrawnClass]
FURNITURE_WORDS = {"id": ("U", "Skala"), "en": ("N", "Scale")}


@dataclass(frozen=True)
class View:
    """A window of Web Mercator on a picture: pixels from the upper left corner, y downwards."""

    west_m: float
    north_m: float
    m_per_px: float  # Web Mercator metres
    width_px: int
    height_px: int
    latitude: float  # of the middle, degrees

    @property
    def zoom(self) -> float:
        """The map's zoom at which a screen shows the same."""
        return math.log2(2 * WEB_MERCATOR_HALF_M / self.m_per_px / STYLE_TILE_PX)

    @property
    def true_m_per_px(self) -> float:
        """Metres on the ground along a pixel, in the middle of the picture."""
        return self.m_per_px * math.cos(math.radians(self.latitude))

    def project(self, geometries: GeometryArray) -> GeometryArray:
        """Return geometries in degrees (EPSG:4326) as pixels."""
        projected: GeometryArray = shapely.transform(geometries, self.to_pixels)
        return projected

    def clip(self, geometries: GeometryArray) -> GeometryArray:
        """Cut geometries in pixels to the picture and a margin."""
        margin = CLIP_MARGIN_PX
        clipped: GeometryArray = shapely.clip_by_rect(
            geometries, -margin, -margin, self.width_px + margin, self.height_px + margin
        )
        return clipped

    def to_pixels(self, degrees: FloatArray) -> FloatArray:
        """Return (n, 2) longitudes and latitudes (degrees) as pixels."""
        metres = to_mercator(degrees)
        return np.column_stack([(metres[:, 0] - self.west_m), (self.north_m - metres[:, 1])]) / self.m_per_px


def to_mercator(degrees: FloatArray) -> FloatArray:
    """Return (n, 2) longitudes and latitudes (degrees) in Web Mercator metres; latitudes end where the square does."""
    latitudes = np.clip(degrees[:, 1], -WEB_MERCATOR_MAX_LATITUDE, WEB_MERCATOR_MAX_LATITUDE)
    x = degrees[:, 0] / 180 * WEB_MERCATOR_HALF_M
    y = np.arctanh(np.sin(np.radians(latitudes))) / math.pi * WEB_MERCATOR_HALF_M
    return np.column_stack([x, y])


def fit_view(bbox: BBox, width_px: int, height_px: int) -> View:
    """
    Return the view that shows a whole box in a picture, centred.

    Parameters
    ----------
    bbox
        (west, south, east, north), degrees.
    width_px, height_px
        Size of the picture, at least 1.

    Raises
    ------
    ValueError
        When the box has neither width nor height, or the picture no pixel.
    """
    if width_px < 1 or height_px < 1 or not (bbox[2] > bbox[0] and bbox[3] > bbox[1]):
        raise ValueError("a picture needs a box with width and height, and at least one pixel")
    (west, south), (east, north) = to_mercator(np.array([[bbox[0], bbox[1]], [bbox[2], bbox[3]]]))
    m_per_px = max((east - west) / width_px, (north - south) / height_px)
    return View(
        west_m=(west + east - width_px * m_per_px) / 2,
        north_m=(south + north + height_px * m_per_px) / 2,
        m_per_px=m_per_px,
        width_px=width_px,
        height_px=height_px,
        latitude=(bbox[1] + bbox[3]) / 2,
    )


def render_plate_svg(
    frames: Mapping[str, gpd.GeoDataFrame],
    catalogue: Catalogue,
    *,
    bbox: BBox,
    width_px: int,
    height_px: int,
    language: Language,
    theme: Theme,
    with_furniture: bool,
    title: str = "",
    description: str = "",
    source: str = "",
    font: str = "sans-serif",
    id_prefix: str = "plate",
) -> str:
    """
    Draw a map picture.

    Parameters
    ----------
    frames
        Features by layer id (EPSG:4326, columns named as in the definitions; a missing column counts as empty).
        Layers that are not given, or not drawn at this scale, are left out.
    catalogue
        The layers, in drawing order.
    bbox
        (west, south, east, north), degrees; all of it is seen.
    width_px, height_px
        Size of the picture.
    language, theme
        Of labels and colours.
    with_furniture
        Whether scale bar, north arrow and the source line are drawn.
    title, description
        What people hear who do not see the picture.
    source
        Whose data it is; part of the furniture.
    font
        Font family of all texts, or several separated by commas.
    id_prefix
        Start of all ids in the SVG: two plates in one page need different ones.

    Returns
    -------
    svg
        Safe as an image and inside a page: no script, no address, all text escaped.
    """
    view = fit_view(bbox, width_px, height_px)
    plate = Plate(catalogue, view, language, theme, font, id_prefix)
    for definition in catalogue:
        frame = frames.get(definition.id)
        if frame is not None and len(frame) and view.zoom >= first_zoom(definition):
            plate.add(definition, frame)
    furniture = plate.furniture(source) if with_furniture else ""
    return plate.assemble(title or ", ".join(_titles(frames, catalogue, language)), description, furniture)


def render_plate_png(svg: str, *, scale: float = 1.0, font_files: Sequence[Path] = ()) -> bytes:
    """
    Draw a plate's SVG as PNG.

    Parameters
    ----------
    svg
        From `render_plate_svg`.
    scale
        Pixels of the PNG per pixel of the SVG, greater than 0.
    font_files
        TrueType files of the SVG's font; without them the system's fonts are used.
    """
    files = [str(path) for path in font_files]
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=scale, font_files=files or None))


def _titles(frames: Mapping[str, gpd.GeoDataFrame], catalogue: Catalogue, language: Language) -> list[str]:
    return [one.title.in_language(language) for one in catalogue if one.id in frames]


@dataclass
class Rows:
    """What is seen of a layer: geometries in pixels with class, size factor and label; arrays of one length."""

    geometries: GeometryArray  # clipped and simplified
    whole: GeometryArray  # in pixels, as they are
    codes: list[str]
    factors: list[float]
    labels: list[str]

    def groups(self) -> Iterator[tuple[str, float, GeometryArray]]:
        """Yield (class, size factor, geometries) of features that are drawn alike."""
        keys = list(zip(self.codes, self.factors, strict=True))
        for key in dict.fromkeys(keys):
            yield *key, self.geometries[[one == key for one in keys]]


@dataclass
class Plate:
    """A picture in the making."""

    catalogue: Catalogue
    view: View
    language: Language
    theme: Theme
    font: str
    id_prefix: str
    ground: list[str] = field(default_factory=list)
    areas: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    symbols: list[tuple[tuple[int, int], str]] = field(default_factory=list)
    symbol_boxes: list[Box] = field(default_factory=list)
    shapes: dict[str, str] = field(default_factory=dict)  # what <use> repeats, by id
    labels: list[Label] = field(default_factory=list)

    @cached_property
    def tokens(self) -> Tokens:
        """Colours of the theme."""
        return theme_tokens(self.theme)

    def add(self, definition: LayerDefinition, frame: gpd.GeoDataFrame) -> None:
        """Draw a layer over those added before; areas stay below all lines, lines below all symbols."""
        rows = self._read(definition, frame)
        if not len(rows.geometries):
            return
        classes = self._classes(definition)
        if definition.draw.border:
            self._add_border(definition, rows)
        else:
            self._add_areas(definition, rows, classes)
            self._add_lines(definition, rows, classes)
        if definition.draw.symbol:
            self._add_symbols(definition, rows, classes)
        self._add_labels(definition, rows)

    def _classes(self, definition: LayerDefinition) -> Classes:
        classes = drawn_classes(self.catalogue, definition, language=self.language, theme=self.theme)
        return {drawn.code: drawn for drawn in classes}

    def _class(self, definition: LayerDefinition, classes: Classes, code: str) -> DrawnClass:
        known = classes.get(code if definition.draw.by else None)
        return known or unknown_class(definition, self.language, self.theme)

    def _read(self, definition: LayerDefinition, frame: gpd.GeoDataFrame) -> Rows:
        frame = shown_rows(definition, frame, math.floor(self.view.zoom))
        frame = frame[_touches_view(frame, self.view)]
        whole = self.view.project(np.asarray(frame.geometry.array))
        geometries = self.view.clip(whole)
        if not definition.draw.border:  # borders are simplified once, after those shared are joined
            geometries = shapely.simplify(geometries, SIMPLIFY_PX, preserve_topology=False)
        draw = definition.draw
        factors = [draw.sizes.get(str(value), 1.0) for value in column_values(frame, draw.size_by)]
        return Rows(
            geometries=geometries,
            whole=whole,
            codes=[class_of_row(value, definition) for value in column_values(frame, draw.by)],
            factors=factors,
            labels=["" if is_empty(value) else str(value) for value in column_values(frame, draw.label)],
        )

    # Areas and lines

    def _add_border(self, definition: LayerDefinition, rows: Rows) -> None:
        """Areas as paper, and each border once, on a pale band; the outer border stronger."""
        if not self.ground:
            areas = shapely.simplify(rows.geometries, SIMPLIFY_PX, preserve_topology=True)
            self.ground.append(element("path", d=line_paths(areas), fill=self.tokens.paper))
        colour = layer_colour(definition, self.theme)
        opacity = definition.draw.opacity
        width = width_at(definition, self.view.zoom)
        for edges, share in ((border_lines(rows.geometries), 1.0), (outer_border(rows.geometries), OUTER_BORDER)):
            path = line_paths(shapely.simplify(edges, SIMPLIFY_PX, preserve_topology=False))
            if path:
                band = stroke(colour, width * share + BAND_PX, opacity=opacity * BAND_OPACITY)
                self.areas += self._path_elements(
                    path, [band, stroke(colour, width * share, opacity=min(1.0, opacity * share))]
                )

    def _add_areas(self, definition: LayerDefinition, rows: Rows, classes: Classes) -> None:
        width = width_at(definition, self.view.zoom) if definition.geometry == "polygon" else MIXED_EDGE_PX
        for code, _, geometries in rows.groups():
            areas = geometries[shapely.get_dimensions(geometries) == 2]
            path = line_paths(areas[shapely.area(areas) >= SMALLEST_AREA_PX2])
            if path:
                colour = self._class(definition, classes, code).colour
                edge = outline_colour(definition, self.theme) if definition.draw.outline else colour
                fill: SvgValues = {"fill": colour, "fill_opacity": definition.draw.opacity}
                self.areas += self._path_elements(path, [{**fill, **stroke(edge, width)}])

    def _add_lines(self, definition: LayerDefinition, rows: Rows, classes: Classes) -> None:
        """Casings of all classes first, so that lines meet without a casing between them."""
        draw = definition.draw
        base_width = width_at(definition, self.view.zoom)
        above: list[str] = []
        for code, factor, geometries in rows.groups():
            path = line_paths(geometries[shapely.get_dimensions(geometries) == 1])
            if not path:
                continue
            drawn = self._class(definition, classes, code)
            width = base_width * factor
            colour = self._line_colour(definition, drawn)
            strokes = [stroke(colour, width * PATTERN_WIDTH[drawn.pattern], pattern=drawn.pattern)]
            if draw.casing or drawn.pattern == "short_dash":
                casing = width + (DARK_CASING_PX if drawn.pattern == "short_dash" else CASING_PX)
                strokes.insert(0, stroke(self._casing_colour(definition, drawn), casing))
            *under, over = self._path_elements(path, strokes)
            self.lines += under
            above.append(over)
        self.lines += above

    def _line_colour(self, definition: LayerDefinition, drawn: DrawnClass) -> str:
        is_outlined = definition.geometry == "any" and definition.draw.outline and not definition.draw.casing
        return outline_colour(definition, self.theme) if is_outlined else drawn.colour

    def _casing_colour(self, definition: LayerDefinition, drawn: DrawnClass) -> str:
        if drawn.pattern == "short_dash":
            return self.tokens.dark_casing
        return outline_colour(definition, self.theme) if definition.draw.outline else self.tokens.casing

    def _path_elements(self, path: str, strokes: list[SvgValues]) -> list[str]:
        """A path drawn with each of the strokes; its data is written once."""
        if len(strokes) == 1:
            return [element("path", d=path, **strokes[0])]
        name = f"{self.id_prefix}-{len(self.shapes)}"
        self.shapes[name] = element("path", id=name, d=path)
        return [element("use", href=f"#{name}", **one) for one in strokes]

    # Symbols

    def _add_symbols(self, definition: LayerDefinition, rows: Rows, classes: Classes) -> None:
        size = SYMBOL_SIZE * symbol_share(self.view.zoom, is_base=definition.group == "base")
        on_top = definition.draw.on_top
        for point, code in zip(anchors(rows.whole), rows.codes, strict=True):
            drawn = classes.get(code)
            image = symbol_id(definition, drawn) if drawn else None
            if drawn is None or image is None or not self._is_seen(point):
                continue
            name = f"{self.id_prefix}-{image}"
            if name not in self.shapes:
                body = symbol_body(drawn, self.tokens) + glyph_text(drawn)
                scaled = (
                    f'transform="scale({size / SYMBOL_SIZE:.3g}) translate(-{SYMBOL_SIZE / 2:g} -{SYMBOL_SIZE / 2:g})"'
                )
                self.shapes[name] = f'<g id="{name}" {scaled}>{body}</g>'
            height = len(on_top) - on_top.index(code) if code in on_top else 0
            order = (definition.draw.order, height)
            x, y = point
            self.symbols.append((order, f'<use href="#{name}" x="{x:.1f}" y="{y:.1f}"/>'))
            half = size * SYMBOL_BOX / 2
            self.symbol_boxes.append((x - half, y - half, x + half, y + half))

    def _is_seen(self, point: tuple[float, float]) -> bool:
        return 0 <= point[0] <= self.view.width_px and 0 <= point[1] <= self.view.height_px

    # Labels

    def _add_labels(self, definition: LayerDefinition, rows: Rows) -> None:
        draw = definition.draw
        if draw.label is None or self.view.zoom < draw.label_zoom:
            return
        for index, text in enumerate(rows.labels):
            if text:
                label = self._label(definition, rows, index, text)
                if label is not None:
                    self.labels.append(label)

    def _label(self, definition: LayerDefinition, rows: Rows, index: int, text: str) -> Label | None:
        """Where a feature wants its name; None where there is no room for it."""
        draw = definition.draw
        if draw.symbol:
            return self._symbol_label(definition, rows, index, text)
        visible = rows.geometries[index]
        dimension = shapely.get_dimensions(visible)
        if dimension == 1:
            return line_label(visible, text, rank=draw.order)
        if dimension != 2:
            return None
        point = inner_point(visible)
        if draw.border:
            size = BORDER_LABEL_PX
            rank = -shapely.area(visible) / (self.view.width_px * self.view.height_px)
            if draw.capitals:
                return Label(text.upper(), *point, size=size, rank=rank, kind="area", spacing=0.08)
            return Label(text, *point, size=size, rank=VILLAGE_RANK + rank, kind="area")
        label = Label(text, *point, size=LABEL_PX, rank=draw.order, kind="zone")
        return label if label_fits(label, visible) else None

    def _symbol_label(self, definition: LayerDefinition, rows: Rows, index: int, text: str) -> Label | None:
        point = anchors(rows.whole[index : index + 1])[0]
        if not self._is_seen(point):
            return None
        is_base = definition.group == "base"
        factor = rows.factors[index]
        radius = SYMBOL_SIZE / (4 if is_base else 2) * symbol_share(self.view.zoom, is_base=is_base)
        rank = (PLACE_RANK if is_base else WORK_RANK) - factor
        kind: LabelKind = "place" if is_base else "work"
        return Label(text, *point, size=LABEL_PX * factor, rank=rank, kind=kind, radius=radius)

    def _placed_labels(self) -> list[str]:
        frame = (0.0, 0.0, float(self.view.width_px), float(self.view.height_px))
        placed = place_labels(self.labels, frame=frame, symbols=self.symbol_boxes)
        return [self._text(one.label, one.x, one.y) for one in placed]

    def _text(self, label: Label, x: float, y: float) -> str:
        quiet = label.kind in {"area", "line"} or (label.kind == "place" and label.size <= LABEL_PX)
        turned = f"rotate({label.angle:.0f} {x:.1f} {y:.1f})" if label.angle else None
        return element(
            "text",
            text_content(label.text),
            x=f"{x:.1f}",
            y=f"{y + label.size * BASELINE:.1f}",
            font_size=f"{label.size:.3g}",
            letter_spacing=f"{label.spacing * label.size:.2g}" if label.spacing else None,
            font_weight="600" if label.kind == "place" and label.size > LABEL_PX else None,
            fill=self.tokens.quiet_ink if quiet else self.tokens.ink,
            transform=turned,
        )

    # The whole

    def furniture(self, source: str) -> str:
        """Return scale bar, north arrow and the source line, in the lower left and upper right corners."""
        north_letter, scale_word = FURNITURE_WORDS[self.language]
        ink, height = self.tokens.ink, self.view.height_px
        length_m = round_length(SCALE_BAR_PX * self.view.true_m_per_px)
        length_px = length_m / self.view.true_m_per_px
        y = height - 14
        bar = f"M12 {y - 5}v5h{length_px:.1f}v-5"
        label = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
        x = self.view.width_px - 22
        parts = [
            element("path", d=bar, fill="none", stroke=self.tokens.paper, stroke_width=4.0),
            element("path", d=bar, fill="none", stroke=ink, stroke_width=1.5),
            element("text", text_content(label), x=f"{length_px + 18:.1f}", y=y, font_size=12.0, fill=ink),
            element("path", d=f"M{x} 30v-18m-5 8l5-9l5 9", fill="none", stroke=ink, stroke_width=1.5),
            element("text", north_letter, x=x, y=44.0, font_size=12.0, text_anchor="middle", fill=ink),
        ]
        taken = length_px + 18 + SOURCE_LETTER_PX * len(label) + 20
        for line, above in source_lines(source, self.view.width_px, taken):
            at: SvgValues = {"x": self.view.width_px - 10.0, "y": height - 12.0 - above, "text_anchor": "end"}
            parts.append(element("text", text_content(line), font_size=SOURCE_PX, fill=self.tokens.quiet_ink, **at))
        return f'<g aria-label="{scale_word}">{"".join(parts)}</g>'

    def assemble(self, title: str, description: str, furniture: str) -> str:
        """Return the SVG of all that was added."""
        width, height = self.view.width_px, self.view.height_px
        paths: SvgValues = {"transform": f"scale({1 / UNITS_PER_PX:g})", "fill": "none", "stroke_linejoin": "round"}
        symbols = [symbol for _, symbol in sorted(self.symbols, key=lambda one: one[0])]
        halo: SvgValues = {
            "stroke": self.tokens.paper,
            "stroke_width": 3.0,
            "paint_order": "stroke",
            "stroke_linejoin": "round",
        }
        names: SvgValues = {"text_anchor": "middle", "font_size": LABEL_PX, **halo}
        words = element("g", "".join(self._placed_labels()), **names)
        furnishing = element("g", furniture, **halo) if furniture else ""
        body = [
            element("title", text_content(title)),
            element("desc", text_content(description)) if description else "",
            element("defs", "".join(self.shapes.values())) if self.shapes else "",
            element("rect", width=width, height=height, fill=self.tokens.beyond),
            element("g", "".join([*self.ground, *self.areas, *self.lines]), **paths),
            "".join(symbols),
            words,
            furnishing,
        ]
        return element(
            "svg",
            "".join(body),
            xmlns="http://www.w3.org/2000/svg",
            width=width,
            height=height,
            viewBox=f"0 0 {width} {height}",
            role="img",
            font_family=font_families(self.font),
        )


def stroke(colour: str, width_px: float, *, opacity: float = 1.0, pattern: Pattern = "solid") -> SvgValues:
    """Return the stroke attributes of a path in tenths of a pixel."""
    width = width_px * UNITS_PER_PX
    values: SvgValues = {"stroke": colour, "stroke_width": f"{width:.3g}"}
    if opacity < 1:
        values["stroke_opacity"] = f"{opacity:.2g}"
    return values | dash_values(pattern, width)


def border_lines(areas: GeometryArray) -> GeometryArray:
    """
    Return the borders of areas in pixels, each drawn once where two areas share it.

    Points are rounded to tenths of a pixel, so that neighbours whose borders differ by less share them.
    """
    rings = shapely.get_rings(shapely.get_parts(areas[~shapely.is_missing(areas)]))
    points, ring_of = shapely.get_coordinates(rings, return_index=True)
    units = np.rint(points * UNITS_PER_PX).astype(np.int64)
    edges = np.hstack([units[:-1], units[1:]])
    edges = edges[(ring_of[:-1] == ring_of[1:]) & (edges[:, :2] != edges[:, 2:]).any(axis=1)]
    is_backward = (edges[:, 0] > edges[:, 2]) | ((edges[:, 0] == edges[:, 2]) & (edges[:, 1] > edges[:, 3]))
    edges[is_backward] = edges[is_backward][:, [2, 3, 0, 1]]
    edges = np.unique(edges, axis=0)
    if not len(edges):
        return np.array([], dtype=object)
    lines = list(shapely.get_parts(shapely.linestrings((edges / UNITS_PER_PX).reshape(-1, 2, 2))))
    merged: GeometryArray = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines)))
    return merged


def outer_border(areas: GeometryArray) -> GeometryArray:
    """Return the outline of all areas in pixels together; gaps of a pixel between neighbours do not count."""
    grown = shapely.union_all(shapely.buffer(areas, GAP_PX, quad_segs=1, join_style="mitre"))
    whole = shapely.buffer(grown, -GAP_PX, quad_segs=1, join_style="mitre")
    outlines: GeometryArray = shapely.get_exterior_ring(shapely.get_parts(whole))
    return outlines


def inner_point(area: shapely.Geometry) -> tuple[float, float]:
    """Return the point of an area that is farthest from its border."""
    parts = shapely.get_parts(area)
    largest = max(parts, key=shapely.area)
    radius = shapely.maximum_inscribed_circle(largest, tolerance=1.0)
    middle = shapely.get_point(radius, 0)
    return shapely.get_x(middle), shapely.get_y(middle)


def line_label(line: shapely.Geometry, text: str, *, rank: float) -> Label | None:
    """Return a name along the middle of a line, or None where the line is too short or too bent for it."""
    longest = max(shapely.get_parts(line), key=shapely.length)
    width = text_width(text, LINE_LABEL_PX)
    length = shapely.length(longest)
    if length < width * 1.15:
        return None
    ends = shapely.line_interpolate_point(longest, [(length - width) / 2, length / 2, (length + width) / 2])
    (x0, y0), (x, y), (x1, y1) = shapely.get_coordinates(ends)
    if math.hypot(x1 - x0, y1 - y0) < width * STRAIGHT:
        return None
    angle = math.degrees(math.atan2(y1 - y0, x1 - x0))
    upright = angle - 180 if angle > 90 else angle + 180 if angle < -90 else angle
    return Label(text, x, y, size=LINE_LABEL_PX, rank=rank, kind="line", angle=upright)


def label_fits(label: Label, area: shapely.Geometry) -> bool:
    """Whether a name written at its point stays inside an area."""
    half = text_width(label.text, label.size) / 2
    line = shapely.linestrings([[label.x - half, label.y], [label.x + half, label.y]])
    return bool(shapely.covers(area, line))


def symbol_share(zoom: float, *, is_base: bool) -> float:
    """Return the size of symbols at a zoom, as share of the full size; the style interpolates the same."""
    zooms, shares = zip(*(BASE_SYMBOL_STEPS if is_base else SYMBOL_STEPS), strict=True)
    return float(np.interp(zoom, zooms, shares))


def source_lines(source: str, width_px: float, taken_px: float) -> list[tuple[str, float]]:
    """
    Return the lines of a source, each with how far it stands above the lowest (pixels).

    It stands beside the scale bar, which takes `taken_px`, where it fits there; else above it, broken where it must be.
    """
    if not source:
        return []
    if SOURCE_LETTER_PX * len(source) <= width_px - taken_px:
        return [(source, 0.0)]
    lines = textwrap.wrap(source, max(1, int((width_px - 20) / SOURCE_LETTER_PX)))
    return [(line, SOURCE_LINE_PX * (len(lines) - place) + 6) for place, line in enumerate(lines)]


def round_length(length_m: float) -> float:
    """Return the largest of 1, 2, 5 × 10ⁿ metres that is not longer."""
    power = math.pow(10, math.floor(math.log10(length_m)))
    return max(step * power for step in (1, 2, 5) if step * power <= length_m)


def _touches_view(frame: gpd.GeoDataFrame, view: View) -> BoolArray:
    bounds = frame.geometry.bounds.to_numpy()
    upper_left = view.to_pixels(bounds[:, [0, 3]])
    lower_right = view.to_pixels(bounds[:, [2, 1]])
    inside: BoolArray = (
        (upper_left[:, 0] <= view.width_px)
        & (upper_left[:, 1] <= view.height_px)
        & (lower_right[:, 0] >= 0)
        & (lower_right[:, 1] >= 0)
    )
    return inside
