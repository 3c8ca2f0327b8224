"""
Maps of a report: the plate (a picture with legend, scale, north arrow, source and date) and one that can be moved.

Both draw the same: the report's frame becomes a layer of its own for one drawing, with classes by value (a choropleth)
or by code, in a catalogue beside the built-in layers.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

import mapclassify
import numpy as np
import shapely
from flask_babel import gettext

from app.config import ROOT
from app.formats import format_day, format_number
from app.own_words import catalogue_in_own_words
from app.reports.definition import report_definition
from app.reports.report import MapView, Report, Words
from app.reports.units import decimals_of, format_quantity, unit_name
from gis.types import BBox, FloatArray
from layers.catalogue import Catalogue
from layers.definition import Code, Draw, FieldDefinition, GeometryKind, Language, LayerDefinition, Text
from layers.folium_map import render_folium
from layers.labels import text_width
from layers.legend import swatch_svg
from layers.palette import LIGHT, UNKNOWN, DrawnClass, drawn_classes, mix
from layers.plate import Plate, fit_view, to_mercator
from layers.svg import UNITS_PER_PX, SvgValues, element, font_families, line_paths, text_content

if TYPE_CHECKING:
    import geopandas as gpd

Scheme = Literal["fisher_jenks", "quantiles", "equal_interval"]
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)
FEWEST_CLASSES, USUAL_CLASSES, MOST_CLASSES = 3, 5, 7
MOST_OPTIMISED = 400  # values that Fisher and Jenks' search looks at; of more, as many quantiles of them

FONT = "Source Sans 3, system-ui, sans-serif"
PICTURE_PX = (900, 600)
MARGIN_SHARE = 0.04  # around what is drawn
LEAST_SHARE = 0.5  # of the width that a map beside its legend has
SIDE_PX = 200  # narrowest column for a legend at the side
SPREAD_SHARE = 0.5  # of the ground's longer side
LEAST_ASPECT = 0.4  # height of a map by its width
LEAST_DEGREES = 0.01  # of a map of a single point
CATEGORY_OPACITY = 0.72  # of areas by class, whose names are written over them
LIGHTEST_SHARE = 0.14  # of the accent in the colour of the lowest class
UNKNOWN_GREY, UNKNOWN_LINE = "#d9d6cd", "#7b8794"
SHAPES: tuple[Literal["disc", "triangle", "square", "diamond", "cross", "ring"], ...] = (
    "disc",
    "triangle",
    "square",
    "diamond",
    "cross",
    "ring",
)  # of classes of points, and of features of several kinds
OVER_COLOURS = ("#9f1239", "#0f6fb5", "#8a5a00")
LEGEND_PX, LINE_PX, ROW_PX, SWATCH_PX = 12.5, 15, 21, 34
REPORT_LAYER, CLASS_FIELD, VALUE_FIELD, NAME_FIELD = "report_map", "report_class", "report_value", "report_name"
AREA_ORDER, LINE_ORDER, OVER_ORDER = 15, 60, 70  # below and above the borders of districts
FOLIUM_NAME = re.compile(r'(?:\bvar |\bid=")[a-z_]+_([0-9a-f]{32})(?![0-9a-f])')
NODE_MODULES = ROOT / "static" / "node_modules"


@dataclass(frozen=True)
class MapClass:
    """One class of a map: its code, what it holds, its colour and pattern, and how many features fall into it."""

    code: str
    label: Text
    colour: str
    pattern: Literal["solid", "long_dash", "short_dash", "dots"]
    count: int


@dataclass(frozen=True)
class Classified:
    """The class code of each row of a frame, and all classes in order; `unknown` is the last where it occurs."""

    codes: tuple[str, ...]
    classes: tuple[MapClass, ...]


@dataclass(frozen=True)
class MapPicture:
    """A map as SVG, and in a sentence what it shows."""

    svg: str
    description: str


def map_title(view: MapView, language: str) -> str:
    """Return a map's title."""
    return view.title_en if language == "en" else view.title_id


def class_breaks(values: Sequence[float], scheme: Scheme = "fisher_jenks", count: int = USUAL_CLASSES) -> list[float]:
    """
    Return the upper ends of the classes that numbers are parted into, by mapclassify.

    Parameters
    ----------
    values
        Finite numbers, at least one.
    scheme
        Natural breaks (Fisher and Jenks), equally many in each class, or equally wide classes.
    count
        Classes wanted, 3 to 7; fewer when there are fewer different numbers.

    Returns
    -------
    breaks
        Rising; the last is the greatest number. The same numbers in any order give the same.
    """
    numbers = np.sort(np.asarray(values, dtype=float))
    distinct = np.unique(numbers)
    wanted = min(max(FEWEST_CLASSES, min(count, MOST_CLASSES)), len(distinct))
    if wanted == 1:
        return [float(distinct[0])]
    if wanted == len(distinct):
        return [float(one) for one in distinct]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of few distinct numbers, and that numba would be faster
        found = _bins(numbers, scheme, wanted)
    breaks = sorted({float(one) for one in found})
    breaks[-1] = float(numbers[-1])
    return breaks


def _bins(numbers: FloatArray, scheme: Scheme, count: int) -> FloatArray:
    """Return the upper ends of classes as mapclassify finds them in sorted numbers."""
    if scheme == "quantiles":
        return mapclassify.Quantiles(numbers, k=count).bins  # type: ignore[no-any-return]
    if scheme == "equal_interval":
        return mapclassify.EqualInterval(numbers, k=count).bins  # type: ignore[no-any-return]
    if len(numbers) > MOST_OPTIMISED:
        numbers = np.quantile(numbers, np.linspace(0, 1, MOST_OPTIMISED), method="nearest")
        count = min(count, len(np.unique(numbers)))
    return mapclassify.FisherJenks(numbers, k=count).bins  # type: ignore[no-any-return]


def class_colours(count: int) -> list[str]:
    """Return colours of one hue, from light to dark, which every kind of colour vision tells apart by lightness."""
    shares = np.linspace(LIGHTEST_SHARE, 1.0, count) if count > 1 else [0.6]
    return [mix("#ffffff", LIGHT.accent, float(share)) for share in shares]


def classify(view: MapView, frame: gpd.GeoDataFrame, scheme: Scheme, count: int) -> Classified:
    """Part the features of a map into its classes; what has no value is `unknown`, never the lowest class."""
    if view.value is not None:
        return _by_value(view, frame, scheme, count)
    if view.class_field is not None:
        return _by_code(view, frame)
    return Classified(tuple("all" for _ in range(len(frame))), (_plain_class(view, len(frame)),))


def draw_map_picture(
    report: Report,
    view: MapView,
    *,
    language: str,
    size: tuple[int, int] = PICTURE_PX,
    font: str = FONT,
    id_prefix: str = "map",
    scheme: Scheme = "fisher_jenks",
    count: int = USUAL_CLASSES,
    with_keys: bool = False,
) -> MapPicture | None:
    """
    Draw a map of a report as a picture: plate, legend, scale bar, north arrow, source and date.

    Parameters
    ----------
    size
        Of the map itself (pixels), at most; it is as high as what it shows asks for, and the legend comes below it.
    font
        Font families of all texts, separated by commas.
    id_prefix
        Start of all ids in the SVG; two pictures in one page need different ones.
    scheme, count
        How values are parted into classes.
    with_keys
        Whether each feature lies over the map once more, unseen, with its key in `data-key`: for pages in which map
        and table light up together.

    Returns
    -------
    picture
        Safe inside a page; None when the report has no frame for it, or nothing in it.
    """
    frame = _shown(report.frames.get(view.frame))
    if frame is None:
        return None
    chosen: Language = "en" if language == "en" else "id"
    hatch = f"{id_prefix}-hatch"
    drawn = draw_layers(report, view, frame, scheme, count, f"url(#{hatch})")
    box = shown_box(frame, drawn.frames.get("districts"))
    plate_size = fitting_size(box, size)
    plate = Plate(drawn.catalogue, fit_view(box, *plate_size), chosen, "light", font, id_prefix)
    plate.shapes[hatch] = hatch_svg(hatch, 80)
    for definition in drawn.catalogue:
        if definition.id in drawn.frames:
            plate.add(definition, drawn.frames[definition.id])
    title, description = map_title(view, language), describe_map(report, drawn.classified, language)
    picture = plate.assemble(title, "", plate.furniture(_source(report, language)))
    keys = _key_paths(plate, view, frame) if with_keys else ""
    legend, bottom = _legend(report, view, drawn, language=language, size=size, plate=plate_size, id_prefix=id_prefix)
    width, height = size[0], max(plate_size[1], bottom)
    ids = (f"{id_prefix}-title", f"{id_prefix}-desc")
    svg = element(
        "svg",
        element("title", text_content(title), id=ids[0])
        + element("desc", text_content(description), id=ids[1])
        + element("defs", hatch_svg(f"{hatch}-small", 8))
        + element("rect", width=width, height=str(height), fill="#ffffff")
        + picture.replace(' role="img"', "", 1)
        + keys
        + legend,
        xmlns="http://www.w3.org/2000/svg",
        class_="report-map",
        role="img",
        aria_labelledby=" ".join(ids),
        width=width,
        height=str(height),
        viewBox=f"0 0 {width} {height}",
        font_family=font_families(font),
    )
    return MapPicture(svg, f"{title}. {description}")


def render_movable_map(
    report: Report,
    view: MapView,
    *,
    language: str,
    scheme: Scheme = "fisher_jenks",
    count: int = USUAL_CLASSES,
) -> str | None:
    """
    Return a map that can be moved, as a page that needs nothing beside it: Leaflet and data are written into it.

    None when the report has no frame for it, or nothing in it.
    """
    frame = _shown(report.frames.get(view.frame))
    if frame is None:
        return None
    chosen: Language = "en" if language == "en" else "id"
    drawn = draw_layers(report, view, frame, scheme, count, UNKNOWN_GREY, language)
    page = render_folium(
        drawn.frames,
        drawn.catalogue,
        language=chosen,
        title=f"{map_title(view, language)} · {report.area.name}",
        assets=NODE_MODULES,
        source=_source(report, language),
    )
    return with_counted_names(page)


def with_counted_names(page: str) -> str:
    """Return a folium page with its random names counted instead, so that the same map is the same text."""
    names = dict.fromkeys(found[1] for found in FOLIUM_NAME.finditer(page))
    for number, name in enumerate(names):
        page = page.replace(name, f"{number:032x}")
    return page


def describe_map(report: Report, classified: Classified, language: str) -> str:
    """Return in a sentence how many features are in which class, for those who do not see the map."""
    parts = [f"{one.label.in_language(language)}: {one.count}" for one in classified.classes if one.count]
    return f"{report.area.name}. {'; '.join(parts)}."


def bounds_of(frame: gpd.GeoDataFrame) -> BBox:
    """Return the box around all features of a frame with a margin, degrees; never without width and height."""
    west, south, east, north = (float(one) for one in frame.total_bounds)
    margin = max((east - west) * MARGIN_SHARE, (north - south) * MARGIN_SHARE)
    margin = margin if margin > 0 and min(east - west, north - south) > 0 else max(margin, LEAST_DEGREES)
    return west - margin, south - margin, east + margin, north + margin


def shown_box(frame: gpd.GeoDataFrame, ground: gpd.GeoDataFrame | None) -> BBox:
    """Return the box that a map shows: that of its features; of the whole ground where they are spread over it."""
    own = bounds_of(frame)
    if ground is None:
        return own
    whole = bounds_of(ground)
    is_spread = max(own[2] - own[0], own[3] - own[1]) >= SPREAD_SHARE * max(whole[2] - whole[0], whole[3] - whole[1])
    if not is_spread:
        return own
    return min(own[0], whole[0]), min(own[1], whole[1]), max(own[2], whole[2]), max(own[3], whole[3])


def fitting_size(bbox: BBox, size: tuple[int, int]) -> tuple[int, int]:
    """
    Return the size of the picture of a box, within this size.

    A box that is wide has all of the width, and is as high as it asks for; one that is high leaves a column at its side
    for the legend, when there is room for one.
    """
    width, height = size
    (west, south), (east, north) = to_mercator(np.array([[bbox[0], bbox[1]], [bbox[2], bbox[3]]]))
    aspect = (east - west) / (north - south)
    beside = round(max(height * aspect, width * LEAST_SHARE))
    if width - beside >= SIDE_PX:
        return beside, height
    return width, min(height, max(round(width / aspect), round(width * LEAST_ASPECT)))


def hatch_svg(name: str, side: int) -> str:
    """Return the pattern of areas whose value is not known, its square `side` units wide."""
    ground = f'<rect width="{side}" height="{side}" fill="{LIGHT.paper}"/>'
    part = side // 4
    path = f"M-{part} {part}L{part} -{part}M0 {side}L{side} 0M{side - part} {side + part}L{side + part} {side - part}"
    line = f'<path d="{path}" stroke="{LIGHT.quiet_ink}" stroke-width="{side / 9:.2g}"/>'
    return f'<pattern id="{name}" width="{side}" height="{side}" patternUnits="userSpaceOnUse">{ground}{line}</pattern>'


# Classes


def _by_value(view: MapView, frame: gpd.GeoDataFrame, scheme: Scheme, count: int) -> Classified:
    exact: FloatArray = frame[view.value].astype(float).to_numpy()
    values = np.round(exact, decimals_of(view.unit))  # what nobody reads apart is one value
    is_known = np.isfinite(values)
    codes = np.full(len(values), UNKNOWN, dtype=object)
    classes: list[MapClass] = []
    if is_known.any():
        known = values[is_known]
        breaks = class_breaks(known.tolist(), scheme, count)
        places = np.searchsorted(breaks, known, side="left")
        codes[is_known] = [f"class{one}" for one in places]
        lower = [float(known.min()), *breaks[:-1]]
        is_single = len(breaks) == len(np.unique(known))
        decimals = _decimals(view.unit, breaks)
        for number, (low, high, colour) in enumerate(zip(lower, breaks, class_colours(len(breaks)), strict=True)):
            label = _range_label(high if is_single else low, high, decimals)
            classes.append(MapClass(f"class{number}", label, colour, "solid", int((places == number).sum())))
    if not is_known.all():
        classes.append(_unknown_class(int((~is_known).sum())))
    return Classified(tuple(codes), tuple(classes))


def _by_code(view: MapView, frame: gpd.GeoDataFrame) -> Classified:
    known = {one.code for one in view.classes}
    codes = tuple(str(one) if str(one) in known else UNKNOWN for one in frame[view.class_field])
    classes = [
        MapClass(
            one.code,
            Text(id=one.label_id, en=one.label_en),
            one.colour,
            one.pattern,  # type: ignore[arg-type]  # a class has one of the four patterns
            codes.count(one.code),
        )
        for one in view.classes
    ]
    if UNKNOWN in codes:
        classes.append(_unknown_class(codes.count(UNKNOWN)))
    return Classified(codes, tuple(classes))


def _plain_class(view: MapView, count: int) -> MapClass:
    return MapClass("all", Text(id=view.title_id, en=view.title_en), LIGHT.accent, "solid", count)


def _unknown_class(count: int) -> MapClass:
    return MapClass(UNKNOWN, Text(id="Tidak diketahui", en="Not known"), UNKNOWN_GREY, "dots", count)


def _range_label(low: float, high: float, decimals: int) -> Text:
    def written(language: str) -> str:
        ends = [format_number(one, language, decimals) for one in (low, high)]
        return ends[0] if ends[0] == ends[1] else f"{ends[0]} – {ends[1]}"

    return Text(id=written("id"), en=written("en"))


def _decimals(unit: str, breaks: Sequence[float]) -> int:
    """Return as few decimals as tell the ends of all classes apart, at most those of the unit."""
    most = decimals_of(unit)
    width = breaks[-1] - breaks[0]
    fewest = max(0, min(most, 2 - math.floor(math.log10(width)))) if width > 0 else min(most, 2)
    return next((one for one in range(fewest, most) if len({round(end, one) for end in breaks}) == len(breaks)), most)


# Layers of one drawing


@dataclass(frozen=True)
class Drawn:
    """What one map is drawn from: a catalogue with the report's own layers, frames by layer, and the classes."""

    catalogue: Catalogue
    frames: dict[str, gpd.GeoDataFrame]
    classified: Classified


def draw_layers(
    report: Report,
    view: MapView,
    frame: gpd.GeoDataFrame,
    scheme: Scheme,
    count: int,
    unknown_fill: str,
    language: str = "id",
) -> Drawn:
    """Make layers of what a map shows: its frame by class, what lies over it, and the districts as ground."""
    built_in = catalogue_in_own_words(report.area)
    classified = classify(view, frame, scheme, count)
    kind = geometry_kind(frame)
    fill = unknown_fill if kind == "polygon" else UNKNOWN_LINE
    shapes = SHAPES if view.class_field is not None else SHAPES[:1]
    codes = {
        CLASS_FIELD: tuple(
            Code(
                code=one.code,
                label=one.label,
                colour=fill if one.code == UNKNOWN else one.colour,
                pattern=one.pattern if kind == "line" or one.code == UNKNOWN else "solid",
                shape=shapes[number % len(shapes)] if kind in {"point", "any"} else None,
            )
            for number, one in enumerate(classified.classes)
        )
    }
    ground = _shown(report.frames.get("districts"))
    has_ground = ground is not None and not _are_districts(view, frame, ground)
    opacity = 1.0 if view.value is not None or kind != "polygon" else CATEGORY_OPACITY
    title = _value_title(report, view)
    own = _layer(REPORT_LAYER, title, kind, by=CLASS_FIELD, is_labelled=not has_ground, opacity=opacity)
    layers = {REPORT_LAYER: own}
    frames = {REPORT_LAYER: _with_texts(report, view, frame, classified, language)}
    for number, name in enumerate(view.over):
        other = _shown(report.frames.get(name))
        if other is None:
            continue
        frames[name] = other
        if name not in built_in.layers:
            colour = OVER_COLOURS[number % len(OVER_COLOURS)]
            layers[name] = _layer(name, _frame_title(report, name), geometry_kind(other), colour=colour)
    if ground is not None and has_ground:
        frames.setdefault("districts", ground)
    used = {one.id: one for one in built_in if one.id in frames} | layers
    ordered = dict(sorted(used.items(), key=lambda item: item[1].draw.order))
    return Drawn(Catalogue(MappingProxyType(ordered), {**built_in.codes, **codes}), frames, classified)


def _are_districts(view: MapView, frame: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> bool:
    """Whether a map's own areas are the districts, whose names and borders it then shows itself."""
    return view.key in frame and "code" in districts and set(frame[view.key]) == set(districts["code"])


def _layer(
    name: str,
    title: Text,
    kind: GeometryKind,
    *,
    by: str | None = None,
    colour: str = LIGHT.accent,
    is_labelled: bool = True,
    opacity: float = 0.3,
) -> LayerDefinition:
    """Return the definition of a layer that one map draws: a frame by class, or something marked above it."""
    order = OVER_ORDER if by is None else AREA_ORDER if kind == "polygon" else LINE_ORDER
    fields = [FieldDefinition(name=NAME_FIELD, label=Text(id="Nama", en="Name"), tile_zoom=0)]
    if by is not None:
        fields.append(FieldDefinition(name=CLASS_FIELD, label=title, codes=CLASS_FIELD, computed=True))
        fields.append(FieldDefinition(name=VALUE_FIELD, label=title, tile_zoom=0))
    return LayerDefinition(
        id=name,
        title=title,
        description=title,
        geometry=kind,
        group="works",
        zooms=(4, 16),
        name_field=NAME_FIELD,
        fields=tuple(fields),
        draw=Draw(
            order=order,
            by=by,
            colour=colour,
            outline="#ffffff" if by is not None and kind == "polygon" else colour,
            width_px=(1.0, 1.4) if kind == "polygon" else (2.4, 4.0),
            opacity=opacity,
            symbol="report" if kind in {"point", "any"} else None,
            label=NAME_FIELD if is_labelled and by is not None and kind == "polygon" else None,
            label_zoom=4,
        ),
    )


def _with_texts(
    report: Report, view: MapView, frame: gpd.GeoDataFrame, classified: Classified, language: str
) -> gpd.GeoDataFrame:
    """Return a frame with what its drawing reads: name, class, and the value as people read it."""
    names = [str(one) for one in frame[view.label]] if view.label in frame else _names(report, view, frame, language)
    labels = {one.code: one.label for one in classified.classes}
    if view.value is not None:
        values = [_number(one) for one in frame[view.value]]
        texts = [format_quantity(one, view.unit, language) for one in values]
    else:
        texts = [labels[one].in_language(language) for one in classified.codes]
    columns = {NAME_FIELD: names, CLASS_FIELD: list(classified.codes), VALUE_FIELD: texts}
    return frame[[frame.geometry.name]].assign(**columns)


def _names(report: Report, view: MapView, frame: gpd.GeoDataFrame, language: str) -> list[str]:
    if view.key not in frame:
        return [""] * len(frame)
    return [report.name_of(str(one), language) for one in frame[view.key]]


def _number(value: Any) -> float | None:
    number = float(value) if value is not None else math.nan
    return number if math.isfinite(number) else None


def _value_title(report: Report, view: MapView) -> Text:
    """Return what the colours of a map mean: the figure, else the map's own title."""
    if view.figure is not None:
        return report_definition(report.name).words(view.figure).label
    return Text(id=view.title_id, en=view.title_en)


def _frame_title(report: Report, name: str) -> Text:
    """Return what another frame shows: the title of the map that it has to itself, else its name."""
    own = next((one for one in report.maps if one.frame == name), None)
    if own is not None:
        return Text(id=own.title_id, en=own.title_en)
    words = report.names.get(name)
    if isinstance(words, Words):
        return Text(id=words.id, en=words.en)
    plain = name.replace("_", " ")
    return Text(id=plain, en=plain)


def geometry_kind(frame: gpd.GeoDataFrame) -> GeometryKind:
    """Return whether a frame holds areas, lines or points; `any` when it holds several of these."""
    found = set(shapely.get_dimensions(np.asarray(frame.geometry.array)).tolist())
    kinds: Mapping[int, GeometryKind] = {2: "polygon", 1: "line", 0: "point"}
    return kinds[found.pop()] if len(found) == 1 else "any"


def _shown(frame: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    """Return the rows of a frame that can be drawn; None when there is no frame, or no such row."""
    if frame is None or not len(frame):
        return None
    geometries = np.asarray(frame.geometry.array)
    kept = frame[~(shapely.is_missing(geometries) | shapely.is_empty(geometries))]
    return kept if len(kept) else None


# Furniture


def _source(report: Report, language: str) -> str:
    day = format_day(report.as_of.date(), language)
    return str(gettext("Sumber: data %(area)s, %(day)s", area=report.area.name, day=day))


def _key_paths(plate: Plate, view: MapView, frame: gpd.GeoDataFrame) -> str:
    """Return each feature as an unseen shape with its key, over the picture."""
    shapes = plate.view.clip(plate.view.project(np.asarray(frame.geometry.array)))
    keys = [str(one) for one in frame[view.key]] if view.key in frame else [""] * len(frame)
    paths = [
        element("path", class_="map-feature", data_key=key, d=line_paths(np.array([shape], dtype=object)))
        for key, shape in zip(keys, shapes, strict=True)
        if key
    ]
    scaled = f"scale({1 / UNITS_PER_PX:g})"
    return element("g", "".join(paths), transform=scaled, fill="#000000", fill_opacity=0.0)


def _legend(
    report: Report,
    view: MapView,
    drawn: Drawn,
    *,
    language: str,
    size: tuple[int, int],
    plate: tuple[int, int],
    id_prefix: str,
) -> tuple[str, int]:
    """Return the legend beside a plate that is narrower than the whole, else below it; and how far down it goes."""
    is_beside = plate[0] < size[0]
    left, y = (plate[0] + 14.0, 6.0) if is_beside else (10.0, plate[1] + 8.0)
    right = float(size[0])
    title = _value_title(report, view).in_language(language)
    sign = unit_name(view.unit, language) if view.value is not None else ""
    parts: list[str] = []
    for line in wrapped(f"{title} ({sign})" if sign and sign not in title else title, right - left - 6):
        parts.append(_legend_text(line, left, y + 12.5, weight="600"))
        y += LINE_PX
    x, y = left, y + ROW_PX - LINE_PX
    for swatch, label in _legend_items(drawn, language, id_prefix):
        indent = SWATCH_PX + 6
        needed = indent + text_width(label, LEGEND_PX) + 16
        if x > left and (is_beside or x + needed > right):
            x, y = left, y + ROW_PX
        parts.append(swatch.replace("<svg ", f'<svg x="{x:.0f}" y="{y:.0f}" ', 1))
        for number, line in enumerate(wrapped(label, right - left - indent - 4)):
            y += LINE_PX if number else 0
            parts.append(_legend_text(line, x + indent, y + 12.5))
        x += needed
    return "".join(parts), int(y + ROW_PX + 4)


def wrapped(text: str, width: float) -> list[str]:
    """Return a text of the legend in lines of at most a width (pixels), broken at its blanks."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", LEGEND_PX) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


def _legend_items(drawn: Drawn, language: str, id_prefix: str) -> Iterator[tuple[str, str]]:
    """Yield swatch and label of each class that occurs, then of what is drawn above."""
    chosen: Language = "en" if language == "en" else "id"
    own = drawn.catalogue.layer(REPORT_LAYER)
    looks = {one.code: one for one in drawn_classes(drawn.catalogue, own, language=chosen, theme="light")}
    for one in drawn.classified.classes:
        if one.count:
            label = one.label.in_language(language)
            count = format_number(one.count, language)
            yield _swatch(own, looks[one.code], one, id_prefix), f"{label} ({count})"
    for name in drawn.frames:
        definition = drawn.catalogue.layer(name)
        if name == REPORT_LAYER or definition.draw.border or definition.draw.by is not None:
            continue
        look = drawn_classes(drawn.catalogue, definition, language=chosen, theme="light")[0]
        yield swatch_svg(look, definition, "light"), definition.title.in_language(language)


def _swatch(definition: LayerDefinition, look: DrawnClass, one: MapClass, id_prefix: str) -> str:
    if one.code == UNKNOWN and definition.geometry == "polygon":
        box = f'fill="url(#{id_prefix}-hatch-small)" stroke="{LIGHT.quiet_ink}"'
        return f'<svg width="24" height="16" viewBox="0 0 24 16"><rect x="1" y="1" width="22" height="14" {box}/></svg>'
    return swatch_svg(look, definition, "light")


def _legend_text(text: str, x: float, y: float, weight: str | None = None) -> str:
    place: SvgValues = {"x": f"{x:.0f}", "y": f"{y:.1f}"}
    return element("text", text_content(text), font_size=LEGEND_PX, font_weight=weight, fill=LIGHT.ink, **place)
