"""Public pages of areas, roads, contractors and programmes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import shapely
from flask import Blueprint, Response, current_app, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.catalogue.pictures import BASE_LAYERS, Highlight, draw_picture
from app.config import Settings
from app.errors import NotFound
from app.extensions import reader_session
from app.links import canonical_url
from app.maps.routes import requested_language, requested_theme
from app.places.answers import (
    MOST_CSV_ROWS,
    PictureKind,
    answer_csv,
    answer_kept_picture,
    answer_page,
    requested_criteria,
)
from app.places.area_pages import area_values, listed_areas, page_day, works_filter
from app.places.area_queries import Area, read_area, read_boundary
from app.places.company_pages import company_values
from app.places.company_pages import list_values as company_list_values
from app.places.company_queries import read_company
from app.places.kept_figures import KeptFigures, read_kept_figures
from app.places.links import register_project_links
from app.places.programme_pages import find_node, programme_values, tree_values
from app.places.road_pages import list_values as road_list_values
from app.places.road_pages import road_values
from app.places.road_queries import read_road
from app.projects.filters import ProjectFilter
from app.projects.queries import list_projects
from app.projects.sentences import code_label
from app.projects.sharing import public_root
from app.region import current_region
from app.reports.store import ReportStore
from app.search.words import read_words

blueprint = Blueprint("places", __name__)

init_app = register_project_links
SHOWN = 40  # characters of an unknown code that the answer repeats
PICTURE_LAYERS = (*BASE_LAYERS, "projects")


@blueprint.get("/areas")
def areas() -> AnyResponse:
    """List the region's districts and villages, or those whose name was asked for."""
    region = current_region()
    sought = request.args.get("q", "").strip()
    words = read_words(sought)
    html = render_template(
        "places/areas.html", q=sought, groups=listed_areas(reader_session(), region, words), canonical=canonical_url()
    )
    return answer_page(html)


@blueprint.get("/areas/<code>")
def area(code: str) -> AnyResponse:
    """Show one area: works, money, roads, parks, coverage, and what lies around it."""
    found, criteria = requested_area(code)
    values = area_values(reader_session(), found, current_region(), criteria, kept_figures(criteria))
    html = render_template(
        "places/area.html",
        criteria=criteria,
        code_label=code_label,
        canonical=canonical_url("year"),
        picture_url=picture_address("places.area_picture", criteria, code=found.code, kind="svg"),
        og_picture=public_root() + picture_address("places.area_picture", criteria, code=found.code, kind="png")
        if values["has_picture"]
        else None,
        **values,
    )
    return answer_page(html)


@blueprint.get("/areas/<code>/map.<any(svg, png):kind>")
def area_picture(code: str, kind: PictureKind) -> Response:
    """Answer the picture of an area with the works in it; as PNG for messengers that show a link."""
    session, region = reader_session(), current_region()
    found, criteria = requested_area(code)
    boundary = None if found.is_region else read_boundary(session, found, criteria.as_of)
    if boundary is None and not found.is_region:
        raise NotFound("Batas wilayah ini belum ada di peta.", "The boundary of this area is not on the map yet.")
    language, theme = requested_language(), requested_theme()
    year = criteria.year[0] if criteria.year else None

    def draw() -> str:
        highlights = [] if boundary is None else [Highlight(shapely.from_wkb(boundary), "contracted")]
        return draw_picture(
            session, highlights, language=language, theme=theme, layers=PICTURE_LAYERS, as_of=criteria.as_of,
            year=year, bbox=region.bbox if boundary is None else None,
        )  # fmt: skip

    return answer_kept_picture((found.code, year, criteria.as_of, language, theme), kind, draw)


@blueprint.get("/areas/<code>/works.csv")
def area_works(code: str) -> Response:
    """Answer the works of an area in a fiscal year as CSV, for spreadsheets."""
    region = current_region()
    found, criteria = requested_area(code)
    year = criteria.year[0] if criteria.year else page_day(region, criteria).year
    works = replace(works_filter(found, criteria), year=(year,))
    page = list_projects(reader_session(), works, limit=MOST_CSV_ROWS)
    return answer_csv(page.rows, f"pekerjaan-{found.code}-{year}.csv", requested_language())


@blueprint.get("/roads")
def roads() -> AnyResponse:
    """List the roads of the SK, filtered and paged here, so that it works without scripts."""
    settings: Settings = current_app.config["SETTINGS"]
    values = road_list_values(reader_session(), request.args, limit=settings.lists.default)
    return answer_page(render_template("places/roads.html", **values, canonical=canonical_url()))


@blueprint.get("/roads/<path:code>")
def road(code: str) -> AnyResponse:
    """Show one ruas: its condition along the stations and over the years, its bridges, and its works."""
    criteria = requested_criteria(current_region())
    found = read_road(reader_session(), code, criteria.as_of)
    if found is None:
        raise NotFound(
            f"Ruas “{code[:SHOWN]}” tidak ada. Cari namanya di daftar ruas jalan.",
            f"There is no road “{code[:SHOWN]}”. Look for its name in the list of roads.",
        )
    values = road_values(reader_session(), found, criteria)
    html = render_template(
        "places/road.html",
        criteria=criteria,
        code_label=code_label,
        canonical=canonical_url(),
        og_picture=public_root() + picture_address("places.road_picture", criteria, code=found.code)
        if found.geometry
        else None,
        **values,
    )
    return answer_page(html)


@blueprint.get("/roads/<path:code>/map.png")
def road_picture(code: str) -> Response:
    """Answer the picture of a road for messengers that show a link."""
    session, criteria = reader_session(), requested_criteria(current_region())
    found = read_road(session, code, criteria.as_of)
    if found is None or found.geometry is None:
        raise NotFound("Ruas ini belum ada di peta.", "This road is not on the map yet.")
    highlight, language, theme = Highlight(found.geometry, "feature"), requested_language(), requested_theme()

    def draw() -> str:
        return draw_picture(session, [highlight], language=language, theme=theme, as_of=criteria.as_of)

    return answer_kept_picture((f"road {code}", criteria.as_of, language, theme), "png", draw)


@blueprint.get("/contractors")
def contractors() -> AnyResponse:
    """List the companies that had a contract."""
    settings: Settings = current_app.config["SETTINGS"]
    sought, after = request.args.get("q", "").strip(), request.args.get("after", "").replace("\0", "")
    values = company_list_values(reader_session(), read_words(sought), sought, after, limit=settings.lists.default)
    return answer_page(render_template("places/contractors.html", **values, canonical=canonical_url()))


@blueprint.get("/contractors/<int:company_id>")
def contractor(company_id: int) -> AnyResponse:
    """Show a company's packages: what it builds, for how much, how far it is, and what is late."""
    criteria = replace(requested_criteria(current_region()), year=())
    found = read_company(reader_session(), company_id, criteria.as_of)
    if found is None:
        raise NotFound("Penyedia ini tidak ada.", "There is no such contractor.")
    values = company_values(reader_session(), company_id, *found, criteria)
    html = render_template(
        "places/contractor.html", criteria=criteria, code_label=code_label, canonical=canonical_url(), **values
    )
    return answer_page(html)


@blueprint.get("/programs")
def programmes() -> AnyResponse:
    """Show the tree of programmes with packages in a year."""
    region = current_region()
    criteria = requested_criteria(region)
    values = tree_values(reader_session(), region, criteria)
    return answer_page(
        render_template("places/programmes.html", criteria=criteria, canonical=canonical_url("year"), **values)
    )


@blueprint.get("/programs/<code>")
def programme(code: str) -> AnyResponse:
    """Show a programme, activity or sub-activity: its packages, ceilings, payments and progress."""
    region = current_region()
    criteria = requested_criteria(region)
    found = find_node(reader_session(), code, request.args.get("version"), criteria)
    if found is None:
        raise NotFound(
            f"Program “{code[:SHOWN]}” tidak ada, atau belum memiliki pekerjaan.",
            f"There is no programme “{code[:SHOWN]}”, or it has no works yet.",
        )
    values = programme_values(reader_session(), region, *found, criteria)
    html = render_template(
        "places/programme.html",
        criteria=criteria,
        code_label=code_label,
        canonical=canonical_url("year", "version"),
        **values,
    )
    return answer_page(html)


def requested_area(code: str) -> tuple[Area, ProjectFilter]:
    """
    Return the area that an address names, and the moment and year that it asks for.

    Raises
    ------
    NotFound
        When the region has no such area.
    """
    region = current_region()
    criteria = requested_criteria(region)
    found = read_area(reader_session(), code, region.code, criteria.as_of)
    if found is None:
        raise NotFound(
            f"Wilayah “{code[:SHOWN]}” tidak ada di {region.full_name}. Cari namanya di daftar wilayah.",
            f"There is no area “{code[:SHOWN]}” in {region.full_name}. Look for its name in the list of areas.",
        )
    return found, criteria


def kept_figures(criteria: ProjectFilter) -> KeptFigures:
    """Return the figures of reports that are kept; they speak of now alone."""
    if criteria.as_of is not None:
        return KeptFigures()
    settings: Settings = current_app.config["SETTINGS"]
    return read_kept_figures(ReportStore.of(settings), settings.home)


def picture_address(endpoint: str, criteria: ProjectFilter, **values: Any) -> str:
    """Return the address of a picture of the same moment and year, in the visitor's language."""
    year = criteria.year[0] if criteria.year else None
    return url_for(endpoint, lang=requested_language(), year=year, as_of=criteria.as_of_text, **values)
