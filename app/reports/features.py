"""The features behind a figure, as people look at them: on a map and as a list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import geopandas as gpd
import shapely
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.config import ListLimits
from app.extensions import current_language
from app.formats import NOTHING, format_number
from app.ogc.forms import read_item_query
from app.ogc.queries import read_items
from app.own_words import catalogue_in_own_words
from app.reports.queries import read_frame
from app.reports.report import Report
from gis.constants import WGS84_SRID
from gis.figures import Figure
from layers.catalogue import built_in_catalogue
from layers.definition import FieldDefinition, LayerDefinition
from layers.plate import render_plate_svg

ITEMS = "/ogc/collections/"
PROJECTS = "/api/v1/projects"
LISTED, DRAWN = 100, 2000  # features in the list, and on the map
COLUMNS = 5  # beside the name
PLATE_PX = (900, 520)
MARGIN_SHARE = 0.05
LEAST_DEGREES = 0.01
FONT = "Source Sans 3, system-ui, sans-serif"
DECIMALS = {"number": 2, "money": 0, "integer": 0}


@dataclass(frozen=True)
class ShownFeature:
    """One feature in words: its name, where it is shown, and some of what is known of it."""

    name: str
    url: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class ShownFeatures:
    """Features behind a figure: the first of them as a list, more of them on a map, and how many there are."""

    layer_title: str
    heads: tuple[str, ...]
    rows: tuple[ShownFeature, ...]
    matched: int
    picture: Markup | None


def show_features(session: Session, report: Report, figure: Figure, limits: ListLimits) -> ShownFeatures | None:
    """
    Return the features behind a figure; None when its address names none of the map's layers.

    Parameters
    ----------
    session
        Of the public's role.
    limits
        Of lists; the database may take no longer for these.
    """
    address = urlsplit(figure.features_url or "")
    if not address.path.startswith(ITEMS):
        return None
    layer = address.path.removeprefix(ITEMS).partition("/")[0]
    definition = catalogue_in_own_words(report.area).layer(layer)
    wanted = {name: values for name, values in parse_qs(address.query).items() if name != "limit"}
    query = read_item_query(wanted, definition, built_in_catalogue(), limits=limits, time_zone=report.area.time_zone)
    page = read_items(
        session, definition, replace(query, limit=DRAWN, count=True), timeout_ms=limits.statement_timeout_ms
    )
    features = [json.loads(one) for one in page.features]
    fields = _listed_fields(definition)
    language = current_language()
    return ShownFeatures(
        layer_title=definition.title.in_language(language),
        heads=tuple(_head(one, language) for one in fields),
        rows=tuple(_row(one, definition, fields, wanted, language) for one in features[:LISTED]),
        matched=page.matched if page.matched is not None else len(features),
        picture=_picture(session, report, definition, features, figure.area),
    )


def list_url(figure: Figure) -> str | None:
    """Return the address of the page that lists the packages behind a figure; None for figures of other things."""
    address = urlsplit(figure.features_url or "")
    if address.path != PROJECTS:
        return None
    return f"/projects?{address.query}" if address.query else "/projects"


def _listed_fields(definition: LayerDefinition) -> tuple[FieldDefinition, ...]:
    """Return the fields that a list shows: the code, what the layer is drawn by, then others in their order."""
    first = [definition.code_field, definition.draw.by, definition.year_field]
    public = [one for one in definition.fields if one.access == "public" and one.name != definition.name_field]
    return tuple(sorted(public, key=lambda one: [*first, one.name].index(one.name))[:COLUMNS])


def _head(field: FieldDefinition, language: str) -> str:
    label = field.label.in_language(language)
    return f"{label} ({field.unit})" if field.unit else label


def _row(
    feature: dict[str, Any],
    definition: LayerDefinition,
    fields: tuple[FieldDefinition, ...],
    wanted: Mapping[str, list[str]],
    language: str,
) -> ShownFeature:
    values = feature["properties"]
    as_of = f"?as_of={wanted['as_of'][0]}" if "as_of" in wanted else ""
    return ShownFeature(
        name=str(values.get(definition.name_field) or values.get(definition.code_field or "") or feature["id"]),
        url=f"/data/{definition.id}/{feature['id']}{as_of}",
        cells=tuple(_cell(values.get(one.name), one, definition, language) for one in fields),
    )


def _cell(value: Any, field: FieldDefinition, definition: LayerDefinition, language: str) -> str:
    if value is None or value == "":
        return NOTHING
    if field.codes:
        labels = {one.code: one.label for one in built_in_catalogue().code_list(definition.id, field.name)}
        return labels[str(value)].in_language(language) if str(value) in labels else str(value)
    if isinstance(value, bool):
        return {True: ("ya", "yes"), False: ("tidak", "no")}[value][language == "en"]
    if isinstance(value, int | float) and field.type in DECIMALS:
        is_year = field.name.endswith("year") or field.name.startswith("year")
        return str(value) if is_year else format_number(value, language, DECIMALS[field.type])
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _picture(
    session: Session, report: Report, definition: LayerDefinition, features: list[dict[str, Any]], area: str
) -> Markup | None:
    """Draw the features above the borders of the districts; None when none has a place."""
    placed = [one for one in features if one["geometry"]]
    if not placed:
        return None
    geometry = shapely.from_geojson([json.dumps(one["geometry"]) for one in placed])
    frame = gpd.GeoDataFrame([one["properties"] for one in placed], geometry=geometry, crs=WGS84_SRID)
    districts = read_frame(session, "districts", ("code", "name"))
    within = districts[districts["code"].str.startswith(area)]
    west, south, east, north = (frame if within.empty else within).total_bounds
    margin = max((east - west) * MARGIN_SHARE, (north - south) * MARGIN_SHARE, LEAST_DEGREES)
    frames = {"districts": districts, definition.id: frame}
    svg = render_plate_svg(
        frames,
        built_in_catalogue(),
        bbox=(west - margin, south - margin, east + margin, north + margin),
        width_px=PLATE_PX[0],
        height_px=PLATE_PX[1],
        language="en" if current_language() == "en" else "id",
        theme="light",
        with_furniture=True,
        title=definition.title.in_language(current_language()),
        font=FONT,
        id_prefix="features",
    )
    return Markup(svg)  # noqa: S704 - all text in it is escaped
