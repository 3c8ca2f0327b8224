"""A small map picture of one feature, or of the locations of one project, on the quiet base map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Literal

import numpy as np
import shapely
from flask import Response, request
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from app.maps.plates import PlateRequest, draw_plate
from gis.types import BBox
from layers.definition import Language
from layers.palette import Theme, Tokens, theme_tokens
from layers.plate import View, fit_view
from layers.svg import UNITS_PER_PX, SvgValues, element, line_paths

Emphasis = Literal["feature", "planned", "contracted", "built"]

WIDTH_PX, HEIGHT_PX = 720, 480
BASE_LAYERS = ("districts", "villages", "urban_areas", "parks", "water", "streets", "roads", "places")
AROUND_SHARE = 0.35  # of the feature's size, left free on each side
LEAST_SPAN_DEG = 0.02  # about 2 km: smaller features would be seen without their surroundings
POINT_RADIUS_PX = 7.0
HALO_PX = 5.0
ASK_AGAIN = "public, no-cache"

# Width, dash pattern and opacity of the fill; colours come from the theme. The pattern tells them apart without colour.
STROKES: dict[Emphasis, tuple[float, str | None, float]] = {
    "planned": (2.5, "7 5", 0.0),
    "contracted": (2.5, None, 0.08),
    "built": (4.5, None, 0.25),
    "feature": (4.0, None, 0.18),
}


@dataclass(frozen=True)
class Highlight:
    """A geometry (EPSG:4326) that the picture is about, and what it is."""

    geometry: BaseGeometry
    emphasis: Emphasis


def draw_picture(
    session: Session,
    highlights: Sequence[Highlight],
    *,
    language: Language,
    theme: Theme,
    layers: Sequence[str] = BASE_LAYERS,
    as_of: datetime | None = None,
    year: int | None = None,
    bbox: BBox | None = None,
    size_px: tuple[int, int] = (WIDTH_PX, HEIGHT_PX),
) -> str:
    """
    Return the picture as SVG, 720 × 480 px unless another size is asked for.

    Parameters
    ----------
    session
        Of the public's role; it reads the base map.
    highlights
        At least one, unless a box is given; drawn in this order, over the base.
    layers
        Of the base map.
    as_of, year
        Moment of the base map, and fiscal year of the works on it; None for the newest, and for all.
    bbox
        What is shown; the highlights with what lies around them when not given.
    """
    bbox = bbox or surroundings([one.geometry for one in highlights])
    wanted = PlateRequest(bbox, *size_px, tuple(layers), language, theme, as_of, year)
    base = draw_plate(session, wanted)
    overlay = "".join(_draw(one, fit_view(bbox, *size_px), theme_tokens(theme)) for one in highlights)
    head, end = base.rsplit("</svg>", 1)
    return f"{head}{overlay}</svg>{end}"


def answer_picture(svg: str) -> Response:
    """Return a picture that may be kept but must be asked for again."""
    response = Response(svg, mimetype="image/svg+xml")
    response.set_etag(blake2b(svg.encode(), digest_size=9).hexdigest())
    response.headers["Cache-Control"] = ASK_AGAIN
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    response.make_conditional(request)
    return response


def surroundings(geometries: Sequence[BaseGeometry]) -> BBox:
    """Return the box (degrees) that shows geometries with what lies around them."""
    west, south, east, north = (float(number) for number in shapely.total_bounds(np.array(geometries, dtype=object)))
    half_width = max((east - west) * (1 + AROUND_SHARE), LEAST_SPAN_DEG) / 2
    half_height = max((north - south) * (1 + AROUND_SHARE), LEAST_SPAN_DEG) / 2
    lon, lat = (west + east) / 2, (south + north) / 2
    return lon - half_width, lat - half_height, lon + half_width, lat + half_height


def _draw(highlight: Highlight, view: View, tokens: Tokens) -> str:
    """Return the SVG of one highlight: a halo of paper, then the line, the area's edge, or a ring."""
    width, dashes, fill_opacity = STROKES[highlight.emphasis]
    colour = tokens.accent if highlight.emphasis == "contracted" else tokens.ink
    shapes = view.clip(view.project(shapely.get_parts(np.array([highlight.geometry], dtype=object))))
    points = shapes[shapely.get_dimensions(shapes) == 0]
    areas = line_paths(shapes[shapely.get_dimensions(shapes) == 2])
    lines = line_paths(shapes[shapely.get_dimensions(shapes) >= 1])
    pieces = []
    if areas and fill_opacity:
        pieces.append(element("path", d=areas, fill=colour, fill_opacity=fill_opacity, fill_rule="evenodd"))
    if lines:
        scaled = [float(part) * UNITS_PER_PX for part in dashes.split()] if dashes else []
        dash: SvgValues = {"stroke_dasharray": " ".join(f"{part:g}" for part in scaled)} if scaled else {}
        pieces.append(element("path", d=lines, stroke=tokens.paper, stroke_width=(width + HALO_PX) * UNITS_PER_PX))
        pieces.append(element("path", d=lines, stroke=colour, stroke_width=width * UNITS_PER_PX, **dash))
    drawn = element(
        "g", "".join(pieces), transform=f"scale({1 / UNITS_PER_PX:g})", fill="none", stroke_linejoin="round"
    )
    return drawn + "".join(_draw_point(point, highlight.emphasis, colour, tokens) for point in points)


def _draw_point(point: BaseGeometry, emphasis: Emphasis, colour: str, tokens: Tokens) -> str:
    """Return a point as a ring, dashed where it is only planned, filled where it is built."""
    _width, dashes, _opacity = STROKES[emphasis]
    x, y = shapely.get_x(point), shapely.get_y(point)
    place: SvgValues = {"cx": round(float(x), 1), "cy": round(float(y), 1), "r": POINT_RADIUS_PX}
    halo = element("circle", **place, fill=tokens.paper, stroke=tokens.paper, stroke_width=HALO_PX + 3)
    filled = colour if emphasis in {"built", "feature"} else tokens.paper
    dash: SvgValues = {"stroke_dasharray": "4 3"} if dashes else {}
    return halo + element("circle", **place, fill=filled, stroke=colour, stroke_width=3, **dash)
