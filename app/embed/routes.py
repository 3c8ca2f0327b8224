"""Pages for frames on other sites, oEmbed by which sites find them, and a map that opens from disk."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from flask import Blueprint, Response, current_app, jsonify, render_template, request, url_for
from flask_babel import gettext
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from app.catalogue.pictures import Highlight, answer_picture, draw_picture
from app.config import ROOT, Settings
from app.embed.queries import read_codes, read_places, read_view
from app.errors import InvalidRequest, NotFound
from app.exports.terms import terms_of
from app.extensions import reader_session
from app.feeds.scope import SCOPE_PARAMETERS, Scope, require_known, title_of
from app.maps.queries import read_area_names, read_frame
from app.maps.routes import requested_language, requested_theme
from app.ogc.forms import require_parameters
from app.projects.sentences import code_label
from app.region import current_region, own_catalogue

blueprint = Blueprint("embed", __name__)

ROWS = 12
MOST_PLACES = 500  # on the picture; more cannot be told apart
MOST_ON_MAP = 5_000  # on the map of one file; Leaflet draws each as an element of its own
BASE_LAYERS = ("districts", "water", "urban_areas", "roads", "places")
MAP_LAYERS = ("districts", "urban_areas")
MAP_ZOOM = 11
FRAME_PX = (640, 480)  # unless the asking site wants it smaller
LEAST_PX = (280, 200)
KEPT_SECONDS = 3_600
NOT_OFFERED = 501


@blueprint.get("/embed")
def page() -> str:
    """Show the projects of a filter, a project, a road or a drawn area for the frame of another site."""
    require_parameters(request.args, (*SCOPE_PARAMETERS, "lang", "theme"))
    scope, session = requested_scope(), reader_session()
    view = read_view(session, scope, limit=ROWS)
    codes = [code for row in view.rows for code in (*row.village_codes[:1], *row.district_codes[:1])]
    names = read_area_names(session, codes)
    args = scope.to_args()
    return render_template(
        "embed/page.html",
        title=title_of(session, scope),
        view=view,
        places={row.code: place(row, names) for row in view.rows},
        code_label=code_label,
        scope=scope,
        picture_args=args | {"lang": requested_language()},
        page_url=page_of(scope),
        terms=terms_of("projects"),
        has_picture=view.total > 0,
    )


@blueprint.get("/embed/map.svg")
def picture() -> Response:
    """Answer the picture of where the projects of a scope lie; without any, of the region."""
    require_parameters(request.args, (*SCOPE_PARAMETERS, "lang", "theme"))
    scope, session = requested_scope(), reader_session()
    places = read_places(session, scope, limit=MOST_PLACES)
    svg = draw_picture(
        session,
        [Highlight(geometry, "feature") for geometry in places],
        language=requested_language(),
        theme=requested_theme(),
        layers=BASE_LAYERS,
        as_of=scope.criteria.as_of,
        bbox=None if places else current_region().bbox,
    )
    return answer_picture(svg)


@blueprint.get("/projects-map.html")
def map_file() -> Response:
    """Answer a map of the projects of a scope as one file, which opens from disk and asks nobody for anything."""
    from layers.folium_map import render_folium  # here: it loads folium and geopandas

    require_parameters(request.args, (*SCOPE_PARAMETERS, "lang", "theme"))
    scope, session = requested_scope(), reader_session()
    region, catalogue = current_region(), own_catalogue()
    modules = ROOT / "static" / "node_modules"
    if not modules.is_dir():
        raise NotFound("Peta satu berkas tidak tersedia di sini.", "The map of one file is not offered here.")
    moment = scope.criteria.as_of
    codes = read_codes(session, scope, limit=MOST_ON_MAP)
    frames = {
        layer: read_frame(
            session, catalogue.layer(layer), bbox=region.bbox, zoom=MAP_ZOOM, limit=MOST_ON_MAP, as_of=moment
        )
        for layer in (*MAP_LAYERS, "projects")
    }
    frames["projects"] = frames["projects"][frames["projects"]["code"].isin(codes)]
    document = render_folium(
        frames,
        catalogue,
        language=requested_language(),
        title=f"{title_of(session, scope)} · {region.full_name}",
        assets=modules,
        theme=requested_theme(),
        source=terms_of("projects"),
    )
    response = Response(document, mimetype="text/html")
    response.headers["Content-Disposition"] = f'attachment; filename="peta-{region.code}.html"'
    response.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    return response


@blueprint.get("/oembed")
def oembed() -> Any:
    """Answer, as oEmbed 1.0 has it, how a page of ours is shown in a frame: `url`, `maxwidth`, `maxheight`."""
    require_parameters(request.args, ("url", "format", "maxwidth", "maxheight", "lang"))
    if request.args.get("format", "json") != "json":
        return jsonify(title="NotImplemented", status=NOT_OFFERED, detail="format=json"), NOT_OFFERED
    scope = scope_of_page(request.args.get("url", ""))
    require_known(reader_session(), scope)
    width, height = requested_px("maxwidth", 0), requested_px("maxheight", 1)
    title = f"{title_of(reader_session(), scope)} · {current_region().full_name}"
    frame = Markup(
        '<iframe src="{src}" width="{width}" height="{height}" title="{title}" loading="lazy"></iframe>'
    ).format(src=frame_url(scope), width=width, height=height, title=title)
    response = jsonify(
        version="1.0",
        type="rich",
        title=title,
        provider_name="PetaKarya",
        provider_url=request.url_root,
        cache_age=KEPT_SECONDS,
        html=str(frame),
        width=width,
        height=height,
    )
    response.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def requested_scope() -> Scope:
    """Return the scope of the address; `NotFound` when its project or road does not exist."""
    scope = Scope.from_args(request.args, time_zone=current_region().time_zone)
    require_known(reader_session(), scope)
    return scope


def scope_of_page(address: str) -> Scope:
    """
    Return what a page of ours shows: the home page, the list, or a project.

    Raises
    ------
    NotFound
        When the address is none of these, or not ours.
    """
    try:
        parts = urlsplit(address)
        host = parts.netloc.lower()
    except ValueError:
        raise _not_embedded() from None
    settings: Settings = current_app.config["SETTINGS"]
    ours = {request.host.lower(), urlsplit(settings.public_url or "").netloc.lower()} - {""}
    if parts.scheme not in {"http", "https"} or host not in ours:
        raise _not_embedded()
    given = MultiDict((name, value) for name, value in parse_qsl(parts.query) if name in SCOPE_PARAMETERS)
    path = unquote(parts.path)
    if path.startswith("/projects/") and len(path) > len("/projects/"):
        given = MultiDict([("project", path.removeprefix("/projects/"))])
    elif path not in {"", "/", "/projects", "/embed"}:
        raise _not_embedded()
    return Scope.from_args(given, time_zone=current_region().time_zone)


def frame_url(scope: Scope) -> str:
    """Return the address of the page for a frame."""
    return url_for("embed.page", **scope.to_args(), _external=True)


def page_of(scope: Scope) -> str:
    """Return the page of ours that shows the same and more."""
    if scope.project:
        return url_for("projects.page", code=scope.project, as_of=scope.criteria.as_of_text, _external=True)
    return url_for("projects.table", **scope.list_args, _external=True)


def place(row: Any, names: dict[str, str]) -> str:
    """Return where a project is: its village and district, as far as they are known."""
    parts = [names.get(code) for codes in (row.village_codes, row.district_codes) for code in codes[:1]]
    return ", ".join(dict.fromkeys(part for part in parts if part))


def requested_px(parameter: str, side: int) -> int:
    """Return a side of the frame in pixels: ours, or the asking site's when it is smaller."""
    written = request.args.get(parameter) or str(FRAME_PX[side])
    if not (written.isascii() and written.isdigit() and len(written) <= 6):
        raise InvalidRequest(f"{parameter} harus bilangan piksel.", f"{parameter} must be a number of pixels.")
    return max(LEAST_PX[side], min(int(written), FRAME_PX[side]))


def _not_embedded() -> NotFound:
    return NotFound(
        gettext("Hanya daftar pekerjaan dan halaman pekerjaan yang dapat dipasang di situs lain."),
        "Only the list of projects and the pages of projects can be embedded.",
    )
