"""The register as pages: a table, and a page for each project with its board, calendar and pictures."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from sqlalchemy import text
from werkzeug.wrappers import Response as AnyResponse

from app.catalogue.pictures import ASK_AGAIN, BASE_LAYERS, answer_picture, draw_picture
from app.config import Settings
from app.errors import NotFound
from app.extensions import reader_session
from app.feeds.ical import CalendarEvent
from app.feeds.ical import calendar as write_calendar
from app.links import canonical_url
from app.maps.queries import read_versions
from app.maps.routes import requested_language, requested_theme
from app.packages.words import listed
from app.photos.pages import public_gallery
from app.progress.curve_svg import curve_page
from app.progress.queries_updates import public_updates
from app.progress.update_forms import WEATHER
from app.projects.board import location_facts, map_legend, money_rows
from app.projects.filters import ProjectFilter
from app.projects.milestones import Milestone, what_comes_next
from app.projects.pages import filter_of, highlights_of, list_values
from app.projects.queries import ProjectRow, get_project, project_geometries, read_locations
from app.projects.record import ProjectRecord
from app.projects.sentences import code_label, how_far, planned_and_done, whether_in_time
from app.projects.sharing import share_of, short_url, structured_data
from app.projects.sheet import Kind, Sheet, SheetCache
from app.projects.sheets import sheet_of
from app.projects.short import read_short_code
from app.region import current_region
from app.storage import Storage

blueprint = Blueprint("projects", __name__)

SHEETS = SheetCache()
MAP_SIZES_PX: dict[Kind, tuple[int, int]] = {"board": (720, 480), "share": (480, 472)}  # they are printed larger


@blueprint.get("/projects")
def table() -> str:
    """Show the projects as a table: filtered, sorted and paged here, so that it works without scripts."""
    settings: Settings = current_app.config["SETTINGS"]
    values = list_values(reader_session(), request.args, limit=settings.lists.default)
    return render_template("projects/list.html", **values, canonical=canonical_url())


@blueprint.get("/p/<short>")
def short(short: str) -> AnyResponse:
    """Lead from the short address of a project, which boards and messages carry, to its page."""
    identifier = read_short_code(short)
    code = None
    if identifier is not None:
        code = reader_session().scalar(text("SELECT code FROM layers.projects WHERE id = :id"), {"id": identifier})
    if code is None:
        raise unknown_project(short)
    kept: dict[str, Any] = {name: request.args[name] for name in ("lang", "as_of") if request.args.get(name)}
    return redirect(url_for("projects.page", code=code, **kept), code=302)


@blueprint.get("/projects/<path:code>")
def page(code: str) -> str:
    """Show one project: how far it is, where it is, its board, money and milestones, and how to pass it on."""
    record = requested_record(code)
    row, criteria = record.row, record.criteria
    locations = read_locations(record.session, row.id, criteria.as_of)
    picture_args = {"as_of": criteria.as_of_text} if criteria.as_of_text else {}
    canonical = canonical_url()
    share = share_of(row, record.place, picture_args)
    return render_template(
        "projects/project.html",
        photos=_photos(record),
        curve=curve_page(record.curve, row.name),
        plain_curve=planned_and_done(row),
        updates=public_updates(record.session, row.id, criteria.as_of),
        weather=WEATHER,
        row=row,
        criteria=criteria,
        place=record.place,
        locations=location_facts(locations),
        has_picture=row.lon is not None,
        facts=record.facts(),
        office=record.board.office,
        recorded_at=record.board.recorded_at,
        milestones=record.milestones,
        coming=what_comes_next(row, record.milestones, record.curve, today=record.today),
        money=money_rows(record.money),
        total_paid_idr=record.money.total_paid_idr,
        documents=record.board.documents,
        document_kinds=listed("document_kind"),
        how_far=how_far(row),
        in_time=whether_in_time(row),
        stage_label=code_label("stage", row.stage),
        status_label=code_label("status", row.status),
        sector_label=code_label("sector", row.sector),
        share=share,
        structured=structured_data(row, record.board, record.money, record.place, canonical, share),
        canonical=canonical,
        picture_args=picture_args,
    )


@blueprint.get("/projects/<path:code>/map.svg")
def picture(code: str) -> Response:
    """Answer the picture of a project's locations: planned, contracted, built."""
    record = requested_record(code)
    highlights = _highlights(record)
    if not highlights:
        raise NotFound("Lokasi pekerjaan ini belum dicatat.", "This project has no recorded location yet.")
    drawn = draw_picture(record.session, highlights, language=requested_language(), theme=requested_theme())
    return answer_picture(drawn)


@blueprint.get("/projects/<path:code>/board.pdf")
def board_pdf(code: str) -> Response:
    """Answer the board of a project as a sheet to print, A3."""
    sheet = _sheet("board", requested_record(code))
    answer = _answer_sheet(sheet, "application/pdf")
    answer.headers["Content-Disposition"] = "inline; filename=papan-proyek.pdf"
    return answer


@blueprint.get("/projects/<path:code>/share.png")
def share_picture(code: str) -> Response:
    """Answer the picture that goes along when a project is shared."""
    return _answer_sheet(_sheet("share", requested_record(code)), "image/png")


@blueprint.get("/projects/<path:code>/calendar.ics")
def calendar(code: str) -> Response:
    """Answer the milestones of a project for calendars."""
    record = requested_record(code)
    content = write_calendar((_event(one, record) for one in record.milestones), record.row.name)
    answer = Response(content, content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = "inline; filename=pekerjaan.ics"
    answer.headers["Cache-Control"] = ASK_AGAIN
    answer.set_etag(blake2b(content.encode(), digest_size=9).hexdigest())
    answer.make_conditional(request)
    return answer


def requested_record(code: str) -> ProjectRecord:
    """
    Return the project that an address names, at the moment it asks for.

    Raises
    ------
    NotFound
        When there is none, or was none at that moment.
    """
    row, criteria = requested_project(code)
    return ProjectRecord(reader_session(), row, criteria)


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


def _photos(record: ProjectRecord) -> Any:
    settings: Settings = current_app.config["SETTINGS"]
    return public_gallery(
        record.session,
        record.row.id,
        record.row.name,
        limit=settings.photos.public_on_page,
        time_zone=ZoneInfo(current_region().time_zone),
        as_of=record.criteria.as_of,
    )


def _highlights(record: ProjectRecord) -> list[Any]:
    row, criteria = record.row, record.criteria
    return highlights_of(
        read_locations(record.session, row.id, criteria.as_of),
        project_geometries(record.session, [row.id], criteria).get(row.id),
    )


def _sheet(kind: Kind, record: ProjectRecord) -> Sheet:
    """Return a sheet of a project; its map is drawn only when the sheet is."""
    highlights = _highlights(record)
    versions = read_versions(record.session)
    if kind == "share":  # seen small: the works alone, in one strong line
        best = project_geometries(record.session, [record.row.id], record.criteria).get(record.row.id)
        highlights = highlights_of([], best)
    geometries = [(one.emphasis, one.geometry.wkb_hex) for one in highlights]
    map_note = map_legend(one.emphasis for one in highlights)
    state = repr((geometries, [versions.get(layer, 0) for layer in BASE_LAYERS]))

    def draw_map() -> str:
        return draw_picture(
            record.session, highlights, language=requested_language(), theme="light", size_px=MAP_SIZES_PX[kind]
        )

    storage = Storage.of(current_app.config["SETTINGS"])
    return sheet_of(
        kind, record, storage, draw_map=draw_map if highlights else None, map_state=state, map_note=map_note
    )


def _answer_sheet(sheet: Sheet, media_type: str) -> Response:
    """Answer a sheet, drawn only when the visitor does not have it yet."""
    answer = Response(mimetype=media_type)
    answer.headers["Cache-Control"] = ASK_AGAIN
    etag = sheet.etag
    answer.set_etag(etag)
    if not request.if_none_match.contains_weak(etag):
        answer.set_data(SHEETS.bytes_of(sheet))
    answer.make_conditional(request)
    return answer


def _event(one: Milestone, record: ProjectRecord) -> CalendarEvent:
    row = record.row
    return CalendarEvent(
        uid=f"{one.key}@{current_region().code}.petakarya",
        day=one.day,
        summary=f"{one.title} · {row.name}",
        changed_at=record.board.recorded_at,
        description="\n".join(part for part in (one.detail, one.source, row.code) if part),
        location=record.place,
        url=short_url(row.id),
    )
