"""What the pages of the register show: the table with its filters, and the board of one project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import url_for
from shapely.geometry import shape
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.catalogue.pictures import Highlight
from app.maps.filter_choices import (
    Choice,
    coded_choices,
    count_choices,
    more_fields,
    more_in_use,
    read_near_place,
)
from app.maps.home import place_of
from app.maps.queries import read_area_names, read_districts
from app.projects.filters import ProjectFilter
from app.projects.queries import (
    DEFAULT_SORT,
    Location,
    key_figures,
    list_projects,
    read_sort,
)
from app.projects.sentences import code_label
from app.region import current_region

# Columns of the table that can be sorted by, and which end comes first when their heading is chosen.
COLUMN_SORTS = {
    "name": "name",
    "year": "-year",
    "value": "-contract_value_idr",
    "physical": "-physical_percent",
    "deviation": "deviation_points",
}


@dataclass(frozen=True)
class Heading:
    """A column's heading: where choosing it leads, and how the table is sorted by it now (for `aria-sort`)."""

    url: str
    sorted: str | None


def filter_of(args: MultiDict[str, str]) -> ProjectFilter:
    """Read the filter of an address, in the region's time."""
    return ProjectFilter.from_args(args, time_zone=current_region().time_zone)


def list_values(session: Session, args: MultiDict[str, str], *, limit: int) -> dict[str, Any]:
    """
    Return what the table of projects shows.

    Parameters
    ----------
    session
        Of the public's role.
    args
        Parameters of the address: those of the filter, `sort` and `after`.
    limit
        Greatest number of rows on the page.
    """
    criteria = filter_of(args)
    sort = args.get("sort") or DEFAULT_SORT
    after = args.get("after") or None
    page = list_projects(session, criteria, limit=limit, after=after, sort=sort)
    facets = count_choices(session, criteria)
    names = read_area_names(
        session, [code for row in page.rows for code in [*row.village_codes[:1], *row.district_codes[:1]]]
    )
    kept = criteria.to_args()
    sorted_by: dict[str, Any] = {} if sort == DEFAULT_SORT else {"sort": sort}
    return {
        "criteria": criteria,
        "kept": kept | sorted_by,
        "page": page,
        "places": {row.id: place_of(row, names) for row in page.rows},
        "figures": key_figures(session, criteria),
        "code_label": code_label,
        "stages": coded_choices("stage", facets["stage"], criteria.stage),
        "sectors": coded_choices("sector", facets["sector"], criteria.sector),
        "years": year_choices(facets["year"], criteria.year),
        "has_other_years": bool(facets["year"]),
        "districts": [
            Choice(code, name, facets["district"].get(code, 0), code in criteria.district)
            for code, name in read_districts(session)
        ],
        "more_fields": more_fields(session, criteria, facets),
        "more_in_use": more_in_use(criteria),
        "near_place": read_near_place(session, criteria),
        "headings": {column: _heading(column, sort, kept) for column in COLUMN_SORTS},
        "sort": None if sort == DEFAULT_SORT else sort,
        "is_first": after is None,
        "first_url": url_for("projects.table", **kept, **sorted_by),
        "next_url": url_for("projects.table", **kept, **sorted_by, after=page.next) if page.next else None,
        "map_url": "/?" + url_for("projects.table", **kept).partition("?")[2] if kept else "/",
        "without_year_url": url_for("projects.table", **criteria.without("year").to_args(), **sorted_by),
        "everything_url": url_for("projects.table"),
        "now_url": url_for("projects.table", **criteria.without("as_of", "as_of_text").to_args(), **sorted_by),
    }


def year_choices(counts: dict[Any, int], chosen: tuple[int, ...]) -> list[Choice]:
    """Return the years that projects have, or that are chosen, the newest first."""
    years = sorted({*counts, *chosen}, reverse=True)
    return [Choice(str(year), str(year), counts.get(year, 0), year in chosen) for year in years]


def _heading(column: str, sort: str, kept: dict[str, Any]) -> Heading:
    """Return the link of a column's heading: its own order first, the other way round when chosen again."""
    first = COLUMN_SORTS[column]
    field, descending = read_sort(sort)
    is_sorted = field == first.removeprefix("-")
    turned = first.removeprefix("-") if first.startswith("-") else f"-{first}"
    following = turned if is_sorted and sort == first else first
    return Heading(
        url=url_for("projects.table", **kept, sort=following),
        sorted=("descending" if descending else "ascending") if is_sorted else None,
    )


def highlights_of(locations: list[Location], best: dict[str, Any] | None) -> list[Highlight]:
    """Return the locations as the picture draws them, what is built on top; without any, the best place known."""
    if locations or best is None:
        return [Highlight(shape(one.geometry), one.kind) for one in locations]
    return [Highlight(shape(best), "feature")]
