"""Downloads of what the list of projects shows, with the list's own filters."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, request, stream_with_context, url_for
from flask_babel import gettext
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.config import Settings
from app.exports.project_files import (
    COLUMNS,
    FIELDS,
    About,
    Part,
    SheetWords,
    csv_lines,
    geojson_lines,
    write_xlsx,
)
from app.exports.terms import terms_of
from app.extensions import current_language, reader_session
from app.maps.queries import read_area_names
from app.ogc.forms import require_parameters
from app.own_words import in_own_words
from app.projects.filters import FILTER_PARAMETERS, ProjectFilter
from app.projects.queries import DEFAULT_SORT, ProjectPage, list_projects, project_geometries
from app.projects.sentences import code_label
from app.region import current_region, own_catalogue

blueprint = Blueprint("exports", __name__)

ROWS_AT_ONCE = 1_000
ASK_AGAIN = "public, no-cache"
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8; header=present",
    "geojson": "application/geo+json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@blueprint.get("/projects.<any(csv,geojson,xlsx):kind>")
def projects(kind: str) -> Response:
    """Answer the projects of a filter as a file: every row up to the setting's limit, in the order of the list."""
    require_parameters(request.args, (*FILTER_PARAMETERS, "sort", "lang", "after"))
    criteria = ProjectFilter.from_args(request.args, time_zone=current_region().time_zone)
    sort = request.args.get("sort") or DEFAULT_SORT
    settings: Settings = current_app.config["SETTINGS"]
    session, most = reader_session(), settings.feeds.download_rows
    first = list_projects(session, criteria, limit=min(ROWS_AT_ONCE, most), sort=sort)
    parts = read_parts(session, criteria, first, sort=sort, most=most, with_geometry=kind == "geojson")
    about = About(moment_of(criteria), terms_of("projects"), page_addresses(criteria))
    body: Iterable[str] | bytes
    if kind == "xlsx":
        body = xlsx_bytes(parts, about, criteria, first.total)
    else:
        lines = csv_lines(parts, about) if kind == "csv" else geojson_lines(parts, about, matched=first.total)
        body = stream_with_context(lines)
    response = Response(body, content_type=MEDIA_TYPES[kind])
    name = f"pekerjaan-{current_region().code}-{about.as_of[:10]}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = ASK_AGAIN
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["X-Rows-Matched"] = str(first.total)
    return response


def read_parts(
    session: Session, criteria: ProjectFilter, first: ProjectPage, *, sort: str, most: int, with_geometry: bool
) -> Iterator[Part]:
    """Yield the rows of a list part by part, up to `most`; `first` is the first of them."""
    page, left = first, most
    while True:
        codes = {code for row in page.rows for code in (*row.district_codes, *row.village_codes)}
        geometries = project_geometries(session, [row.id for row in page.rows], criteria) if with_geometry else {}
        yield Part(page.rows, read_area_names(session, list(codes)), geometries)
        left -= len(page.rows)
        if page.next is None or left <= 0:
            return
        page = list_projects(session, criteria, limit=min(ROWS_AT_ONCE, left), after=page.next, sort=sort)


def xlsx_bytes(parts: Iterable[Part], about: About, criteria: ProjectFilter, matched: int) -> bytes:
    """Return the list as a workbook."""
    with tempfile.TemporaryDirectory(prefix="petakarya-") as folder:
        path = Path(folder) / "projects.xlsx"
        write_xlsx(parts, about, sheet_words(about, criteria, matched), path)
        return path.read_bytes()


def sheet_words(about: About, criteria: ProjectFilter, matched: int) -> SheetWords:
    """Return what a workbook says in the visitor's language."""
    region, definition = current_region(), own_catalogue().layer("projects")
    headings = {name: definition.field(name).label.in_language(current_language()) for name in FIELDS}
    headings |= {
        "district_codes": in_own_words(gettext("Kode kecamatan"), region),
        "districts": in_own_words(gettext("Kecamatan"), region),
        "village_codes": gettext("Kode desa/kelurahan"),
        "villages": gettext("Desa/kelurahan"),
        "lon": gettext("Bujur"),
        "lat": gettext("Lintang"),
        "url": gettext("Halaman"),
    }
    settings: Settings = current_app.config["SETTINGS"]
    return SheetWords(
        sheet=gettext("Pekerjaan"),
        facts_sheet=gettext("Tentang berkas ini"),
        headings={name: str(headings.get(name, name)) for name in COLUMNS},
        label=code_label,
        facts=[
            (gettext("Wilayah"), region.full_name),
            (gettext("Keadaan per"), about.as_of),
            (gettext("Alamat"), url_for("projects.table", **criteria.to_args(), _external=True)),
            (gettext("Baris"), f"{min(matched, settings.feeds.download_rows)} / {matched}"),
            (gettext("Ketentuan"), about.terms),
        ],
    )


def moment_of(criteria: ProjectFilter) -> str:
    """Return the moment that a list tells of, in the region's time: the one asked for, else of the newest change."""
    moment: datetime | None = criteria.as_of or reader_session().scalar(
        text("SELECT changed_at FROM app.layer_versions WHERE layer = 'projects'")
    )
    zone = ZoneInfo(current_region().time_zone)
    return (moment or datetime.now(zone)).astimezone(zone).isoformat(timespec="seconds")


def page_addresses(criteria: ProjectFilter) -> Callable[[str], str]:
    """Return what makes the address of a project's page from its code."""
    root, as_of = request.url_root, criteria.as_of_text or None
    return lambda code: root + url_for("projects.page", code=code, as_of=as_of).lstrip("/")
