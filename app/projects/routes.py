"""The register as pages: a table, and a page for each project."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, render_template, request

from app.catalogue.pictures import answer_picture, draw_picture
from app.config import Settings
from app.errors import NotFound
from app.extensions import reader_session
from app.links import canonical_url
from app.maps.home import place_of, today
from app.maps.queries import read_area_names
from app.maps.routes import requested_language, requested_theme
from app.photos.pages import public_gallery
from app.progress.curve import read_curve
from app.progress.curve_svg import CurvePage, curve_page
from app.progress.queries_updates import public_updates
from app.progress.update_forms import WEATHER
from app.projects.filters import ProjectFilter
from app.projects.pages import board, filter_of, highlights_of, list_values
from app.projects.queries import ProjectRow, get_project, project_geometries, read_locations
from app.projects.sentences import code_label, how_far, whether_in_time
from app.region import current_region

blueprint = Blueprint("projects", __name__)


@blueprint.get("/projects")
def table() -> str:
    """Show the projects as a table: filtered, sorted and paged here, so that it works without scripts."""
    settings: Settings = current_app.config["SETTINGS"]
    values = list_values(reader_session(), request.args, limit=settings.lists.default)
    return render_template("projects/list.html", **values, canonical=canonical_url())


@blueprint.get("/projects/<path:code>")
def page(code: str) -> str:
    """Show one project: how far it is, where it is, and its board."""
    session = reader_session()
    row, criteria = requested_project(code)
    names = read_area_names(session, [*row.village_codes, *row.district_codes])
    place = place_of(row, names)
    locations = read_locations(session, row.id, criteria.as_of)
    region, settings = current_region(), current_app.config["SETTINGS"]
    photos = public_gallery(
        session,
        row.id,
        row.name,
        limit=settings.photos.public_on_page,
        time_zone=ZoneInfo(region.time_zone),
        as_of=criteria.as_of,
    )
    return render_template(
        "projects/project.html",
        photos=photos,
        curve=_curve(row, criteria),
        updates=public_updates(session, row.id) if criteria.as_of is None else [],
        weather=WEATHER,
        row=row,
        criteria=criteria,
        place=place,
        locations=[location.kind for location in locations],
        has_picture=row.lon is not None,
        facts=board(row, place),
        how_far=how_far(row),
        in_time=whether_in_time(row),
        stage_label=code_label("stage", row.stage),
        status_label=code_label("status", row.status),
        sector_label=code_label("sector", row.sector),
        canonical=canonical_url(),
        picture_args={"as_of": criteria.as_of_text} if criteria.as_of_text else {},
    )


def _curve(row: ProjectRow, criteria: ProjectFilter) -> CurvePage | None:
    """Return the S-curve of a project: its plan, and the progress that was approved."""
    zone = current_region().time_zone
    day = criteria.as_of.astimezone(ZoneInfo(zone)).date() if criteria.as_of else today(zone)
    found = read_curve(reader_session(), row.id, criteria.as_of, today=day, end_date=row.end_date)
    return curve_page(found, row.name)


@blueprint.get("/projects/<path:code>/map.svg")
def picture(code: str) -> Response:
    """Answer the picture of a project's locations: planned, contracted, built."""
    session = reader_session()
    row, criteria = requested_project(code)
    highlights = highlights_of(
        read_locations(session, row.id, criteria.as_of), project_geometries(session, [row.id], criteria).get(row.id)
    )
    if not highlights:
        raise NotFound("Lokasi pekerjaan ini belum dicatat.", "This project has no recorded location yet.")
    return answer_picture(draw_picture(session, highlights, language=requested_language(), theme=requested_theme()))


def requested_project(code: str) -> tuple[ProjectRow, ProjectFilter]:
    """
    Return the project that an address names, and the moment it asks for.

    Raises
    ------
    NotFound
        When there is none, or was none at that moment.
    """
    criteria = filter_of(request.args)
    row = get_project(reader_session(), code, criteria)
    if row is None:
        raise unknown_project(code)
    return row, criteria


def unknown_project(code: str) -> NotFound:
    """Return the error for a code that no project has, or had at the moment asked for."""
    return NotFound(
        f"Pekerjaan dengan kode “{code[:60]}” tidak ada.", f"There is no project with the code “{code[:60]}”."
    )
