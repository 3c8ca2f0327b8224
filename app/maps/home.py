"""What the home page shows around its map: figures, filters, list, months, and the card of one feature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import current_app, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.catalogue.queries import Feature, read_feature
from app.errors import NotFound
from app.extensions import current_language
from app.maps.assets import asset_url
from app.maps.filter_choices import (
    Choice,
    coded_choices,
    count_choices,
    more_fields,
    more_in_use,
    radius_choices,
    read_near_place,
)
from app.maps.queries import read_area_names, read_districts, read_versions, works_by_month
from app.maps.texts import browser_texts
from app.projects.filters import ProjectFilter
from app.projects.queries import SORTS, ProjectRow, key_figures, list_projects
from app.region import current_region, own_catalogue
from app.values import written_value
from layers.catalogue import built_in_catalogue
from layers.definition import LayerDefinition

NEWEST_FIRST = "-start_date"  # what was begun last, whatever its code
NEAREST_FIRST = "distance_m"
LIST_SORTS = (NEWEST_FIRST, "-contract_value_idr", "deviation_points", "name")
NO_CARD_FIELDS = frozenset({"name", "start_point", "end_point"})  # said by the card's heading, or by the page
FILTERS = (
    *(
        "q",
        "stage",
        "year",
        "sector",
        "district",
        "village",
        "status",
        "delay",
        "fund",
        "unit",
        "value",
        "near",
        "as_of",
    ),
)


@dataclass(frozen=True)
class CardRow:
    """One line of a feature's card."""

    label: str
    value: str


def filter_from_request(args: MultiDict[str, str]) -> ProjectFilter:
    """Read the list's filter from an address."""
    return ProjectFilter.from_args(args, time_zone=current_region().time_zone)


def home_values(session: Session, args: MultiDict[str, str]) -> dict[str, Any]:
    """Return everything that the home page's template shows."""
    region = current_region()
    return panel_values(session, args) | {
        "config": browser_config(session, args),
        "versions": sum(read_versions(session).values()),
        "bbox": ",".join(f"{number:.5f}" for number in region.bbox),
    }


def panel_values(session: Session, args: MultiDict[str, str]) -> dict[str, Any]:
    """
    Return what the left column and the month bar show.

    Parameters
    ----------
    session
        Of the public's role.
    args
        The address's parameters: the filter's, `sort` and `after`.
    """
    criteria = filter_from_request(args)
    usual = NEAREST_FIRST if criteria.near else NEWEST_FIRST
    sort = args["sort"] if args.get("sort", "").removeprefix("-") in SORTS else usual
    if sort.endswith(NEAREST_FIRST) and not criteria.near:
        sort = usual
    limit = current_app.config["SETTINGS"].lists.default
    page = list_projects(session, criteria, limit=limit, after=args.get("after") or None, sort=sort)
    facets = count_choices(session, criteria)
    shown_areas = [code for row in page.rows for code in (*row.village_codes[:1], *row.district_codes[:1])]
    names = read_area_names(session, shown_areas)
    kept = criteria.to_args() | ({"sort": sort} if sort != usual else {})
    summed = figures_filter(criteria, list(facets["year"]))
    return {
        "criteria": criteria,
        "figures": key_figures(session, summed),
        "figures_year": summed.year[0] if summed != criteria else None,
        "figure_urls": figure_urls(summed),
        "page": page,
        "places": {row.id: place_of(row, names) for row in page.rows},
        "stages": coded_choices("stage", facets["stage"], criteria.stage),
        "sectors": coded_choices("sector", facets["sector"], criteria.sector),
        "years": [Choice(str(year), str(year), count, year in criteria.year) for year, count in facets["year"].items()],
        "districts": [
            Choice(code, name, facets["district"].get(code, 0), code in criteria.district)
            for code, name in read_districts(session)
        ],
        "sectors_by_code": labels_of("sector"),
        "stages_by_code": labels_of("project_stage"),
        "months": works_by_month(session, criteria),
        "sort": sort,
        "usual_sort": usual,
        "sorts": [(name, sort_label(name)) for name in (*([NEAREST_FIRST] if criteria.near else []), *LIST_SORTS)],
        "more_fields": more_fields(session, criteria, facets),
        "more_in_use": more_in_use(criteria),
        "near_place": read_near_place(session, criteria),
        "radii": radius_choices(criteria),
        "radius_url": lambda radius: "/?" + urlencode(kept | {"radius": radius}, doseq=True),
        "without_near_url": "/?" + urlencode(without(without(without(kept, "near"), "radius"), "sort"), doseq=True),
        "without_near": criteria.without("near", "radius").to_args(),
        "filters_in_use": sum(bool(getattr(criteria, name)) for name in FILTERS),
        "next_url": "/?" + urlencode(kept | {"after": page.next}, doseq=True) if page.next else None,
        "without_year_url": "/?" + urlencode(without(kept, "year"), doseq=True),
        "year_url": lambda year: "/?" + urlencode(without(kept, "year") | {"year": year}, doseq=True),
        "without_as_of": without(kept, "as_of"),
        "today": today(current_region().time_zone).isoformat(),
    }


def figures_filter(criteria: ProjectFilter, years: list[int]) -> ProjectFilter:
    """
    Return what the key figures sum up: what the list shows; without any filter this year's works, or the newest.

    Parameters
    ----------
    years
        Those with works, the newest first.
    """
    if not criteria.is_empty or not years:
        return criteria
    zone = ZoneInfo(current_region().time_zone)
    this_year = (criteria.as_of or datetime.now(zone)).astimezone(zone).year
    return replace(criteria, year=(next((year for year in years if year <= this_year), years[-1]),))


def figure_urls(criteria: ProjectFilter) -> dict[str, str]:
    """Return the address that each key figure opens: the list it counts, or where it comes from."""
    kept = criteria.to_args()
    by_year = criteria.without("year", "as_of", "as_of_text").is_empty and len(criteria.year) == 1
    origin: dict[str, Any] = {"figure": "progress.weighted_physical", "year": criteria.year[0] if by_year else None}
    return {
        "packages": url_for("projects.table", **kept),
        "value": url_for("projects.table", **kept | {"sort": "-contract_value_idr"}),
        "weighted": url_for("reports.origin", name="progress", **origin, as_of=criteria.as_of_text)
        if by_year
        else url_for("projects.table", **kept | {"sort": "-physical_percent"}),
        "late": url_for("projects.table", **kept | {"delay": "late_in_handling"}),
    }


def today(time_zone: str) -> date:
    """Return the day that it is where the region is."""
    return datetime.now(ZoneInfo(time_zone)).date()


def without(args: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the parameters of an address without one of them."""
    return {key: value for key, value in args.items() if key != name}


def labels_of(code_list: str) -> dict[str, str]:
    """Return what the codes of a list are called in the visitor's language."""
    return {code.code: code.label.in_language(current_language()) for code in built_in_catalogue().codes[code_list]}


def sort_label(sort: str) -> str:
    """Return what an order of the list is called."""
    labels = {
        NEAREST_FIRST: gettext("Terdekat"),
        NEWEST_FIRST: gettext("Terbaru"),
        "-contract_value_idr": gettext("Nilai terbesar"),
        "deviation_points": gettext("Paling tertinggal"),
        "name": gettext("Nama"),
    }
    return str(labels[sort])


def place_of(row: ProjectRow, names: Mapping[str, str]) -> str:
    """Return where a project is: its village and district, as far as they are known."""
    parts = [names.get(code) for codes in (row.village_codes, row.district_codes) for code in codes[:1]]
    return ", ".join(dict.fromkeys(part for part in parts if part))


def browser_config(session: Session, args: MultiDict[str, str]) -> dict[str, Any]:
    """Return what the page's script must know before it asks for anything."""
    region = current_region()
    return {
        "language": current_language(),
        "region": region.full_name,
        "demonstration": bool(current_app.extensions["petakarya.demonstration"].layers(session)),
        "bounds": region.bbox,
        "versions": read_versions(session),
        "font": "Source Sans 3",
        "library": asset_url("maplibre-library.js"),
        "worker": asset_url("maplibre-worker.js"),
        "mapStyles": asset_url("map.css"),
        "light": "/light",
        "texts": browser_texts(),
    }


def feature_values(session: Session, layer: str, identifier: int, as_of: datetime | None) -> dict[str, Any]:
    """
    Return what the side panel shows of one feature, now or as it was recorded at a moment.

    Raises
    ------
    LayerNotFound
        For an unknown layer.
    NotFound
        When the layer has no such feature.
    """
    definition = own_catalogue().layer(layer)
    found = read_feature(session, definition, identifier, as_of)
    if found is None:
        raise NotFound(
            "Objek ini tidak ada di peta. Mungkin sudah dihapus, atau belum ada pada tanggal yang diminta.",
            "This feature is not on the map. It may have been removed, or was not there yet at the date asked for.",
        )
    title = found.values.get(definition.name_field) or definition.title.in_language(current_language())
    return {
        "values": found.values,
        "title": str(title),
        "layer_title": definition.title.in_language(current_language()),
        "rows": card_rows(definition, found.values),
        "page_url": feature_url(definition, found),
        "bbox": ",".join(f"{number:.6f}" for number in found.geometry.bounds) if found.geometry else "",
        "stage": found.values.get("stage"),
    }


def feature_url(definition: LayerDefinition, found: Feature) -> str:
    """Return the address of a feature's own page."""
    if definition.id == "projects":
        return url_for("projects.page", code=found.values["code"])
    return url_for("catalogue.feature", layer=definition.id, feature_id=found.id)


def card_rows(definition: LayerDefinition, values: Mapping[str, Any]) -> list[CardRow]:
    """Return the public fields that have a value, as people read them."""
    language = current_language()
    return [
        CardRow(field.label.in_language(language), written_value(definition, field, values[field.name]))
        for field in definition.fields_for("public")
        if field.name not in NO_CARD_FIELDS and values[field.name] is not None
    ]
