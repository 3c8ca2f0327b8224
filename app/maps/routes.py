"""The public map and what it is drawn from: style, legend, TileJSON, the first picture, the light map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, current_app, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from app.errors import InvalidRequest
from app.extensions import current_language, reader_session
from app.formats import register_formats
from app.maps.assets import register_assets
from app.maps.frame import register_frame
from app.maps.home import feature_values, filter_from_request, home_values, panel_values
from app.maps.light import LightMapCache
from app.maps.plates import GREATEST_SIDE_PX, PlateCache, PlateRequest, opening_layers
from app.maps.queries import matching_ids, read_extent, read_versions, read_years
from app.projects.filters import read_bbox, read_radius, read_year
from app.rasters.map_layers import add_to_style, legend_entry
from app.rasters.queries import read_rasters
from app.rasters.routes import tile_address as raster_address
from app.region import current_region, own_catalogue
from app.search.pages import find_places, result_values
from app.security_headers import csp_nonce
from app.tiles.routes import requested_layers
from layers.catalogue import built_in_catalogue
from layers.definition import Language
from layers.history import read_as_of
from layers.legend import build_legend
from layers.palette import Theme
from layers.style import build_style
from layers.symbols import symbol_images
from layers.tilejson import build_tilejson

blueprint = Blueprint("maps", __name__)

FONT = "Source Sans 3"
ASK_AGAIN = "public, no-cache"


def init_app(app: Flask) -> None:
    """Give every page its frame, its formats and the addresses of its files."""
    register_assets(app)
    register_formats(app)
    register_frame(app)
    app.extensions["petakarya.plates"] = PlateCache()
    app.extensions["petakarya.light_maps"] = LightMapCache()


@blueprint.get("/")
def home() -> str:
    """Show the map, with the list of works beside it."""
    return render_template("home.html", **home_values(reader_session(), request.args))


@blueprint.get("/search")
def search() -> Response:
    """Show what a text finds, by kind; the page of those who have no suggestions while typing."""
    values = result_values(reader_session(), request.args.get("q", ""))
    response = Response(render_template("home/search.html", **values))
    response.headers["Cache-Control"] = ASK_AGAIN
    return response


@blueprint.get("/near")
def near() -> AnyResponse:
    """Lead to the works around a place that somebody typed; when several may be meant, ask which."""
    typed = request.args.get("place", "").strip()
    criteria = filter_from_request(request.args).without("near", "radius")
    radius = read_radius(request.args.get("radius", ""))
    places = find_places(reader_session(), typed)
    links = [
        (place, url_for("maps.home", **replace(criteria, near=place.point, radius=radius).to_args()))
        for place in places
    ]
    if links and (len(links) == 1 or links[0][0].is_exact):
        return redirect(links[0][1])
    return Response(
        render_template("home/near.html", place=typed, links=links, radius=radius), status=200 if links else 404
    )


@blueprint.get("/panel")
def panel() -> str:
    """Answer the part of the home page that a filter changes, for the page's script."""
    return render_template("home/panel.html", **panel_values(reader_session(), request.args))


@blueprint.get("/panel/<layer>/<int:identifier>")
def feature_panel(layer: str, identifier: int) -> str:
    """Answer the side panel of one feature, for the page's script."""
    moment = filter_from_request(request.args).as_of
    return render_template("home/feature.html", **feature_values(reader_session(), layer, identifier, moment))


@blueprint.get("/panel/ids")
def panel_ids() -> Response:
    """Answer the ids of the projects that a filter lets through: the map filters by them where tiles lack the field."""
    limit = current_app.config["SETTINGS"].tiles.features
    return jsonify(ids=matching_ids(reader_session(), filter_from_request(request.args), limit=limit))


@blueprint.get("/panel/years/<layer>")
def panel_years(layer: str) -> Response:
    """Answer the survey years of a layer, the newest first."""
    return jsonify(years=read_years(reader_session(), built_in_catalogue().layer(layer)))


@blueprint.get("/style.json")
def style() -> Response:
    """Answer the MapLibre style; its tile addresses carry the layers' versions, or the date that was asked for."""
    language, theme = requested_language(), requested_theme()
    versions = read_versions(reader_session())
    as_of = request.args.get("as_of")

    def tile_url(layers: tuple[str, ...]) -> str:
        return tile_address(layers, versions, as_of)

    content = build_style(
        own_catalogue(),
        language=language,
        theme=theme,
        tile_url=tile_url,
        bounds=current_region().bbox,
        font=FONT,
    )
    rasters = read_rasters(reader_session(), read_as_of(as_of, current_region().time_zone) if as_of else None)
    tile_px = current_app.config["SETTINGS"].rasters.tile_px
    add_to_style(content, rasters, lambda raster: raster_address(raster, as_of), tile_px)
    return answer_json(content)


@blueprint.get("/tiles/<names>.json")
def tilejson(names: str) -> Response:
    """Answer the TileJSON of one or more layers."""
    layers = requested_layers(current_app, names)
    session = reader_session()
    boxes = [box for box in (read_extent(session, layer) for layer in layers) if box]
    bounds = (
        (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
        if boxes
        else current_region().bbox
    )
    content = build_tilejson(
        [own_catalogue().layer(layer) for layer in layers],
        language=requested_language(),
        tile_url=tile_address(layers, read_versions(session), request.args.get("as_of")),
        bounds=bounds,
        attribution=gettext("Pemerintah %(region)s", region=current_region().full_name),
    )
    return answer_json(content)


@blueprint.get("/api/v1/legend")
def legend() -> Response:
    """Answer the legend of all layers, topmost first."""
    entries = build_legend(own_catalogue(), requested_language(), requested_theme())
    rasters = [legend_entry(raster, requested_language()) for raster in read_rasters(reader_session())]
    return answer_json({"layers": [*(entry.to_json() for entry in entries), *rasters]})


@blueprint.get("/api/v1/symbols")
def symbols() -> Response:
    """Answer the images that the style names, as SVG text by id."""
    return answer_json(symbol_images(built_in_catalogue(), requested_theme()))


@blueprint.get("/plate.svg")
def plate() -> Response:
    """Answer a map picture as SVG: the region or a box of it, now or `as_of`, works of all years or of one `year`."""
    cache: PlateCache = current_app.extensions["petakarya.plates"]
    picture = cache.picture(reader_session(), requested_plate())
    response = Response(picture.svg, mimetype="image/svg+xml")
    response.set_etag(picture.etag)
    response.headers["Cache-Control"] = ASK_AGAIN
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    response.make_conditional(request)
    return response


@blueprint.get("/light")
def light() -> str:
    """Show the light map, for browsers that cannot draw the full one."""
    cache: LightMapCache = current_app.extensions["petakarya.light_maps"]
    region = current_region()
    return cache.page(
        reader_session(),
        language=requested_language(),
        theme=requested_theme(),
        region=region.full_name,
        bbox=region.bbox,
        nonce=csp_nonce(),
    )


def tile_address(layers: tuple[str, ...], versions: Mapping[str, int], as_of: str | None) -> str:
    """Return the address template of tiles: today's carries a version and may be kept for ever, a past one its date."""
    query = urlencode({"as_of": as_of} if as_of else {"v": sum(versions.get(layer, 0) for layer in layers)})
    return f"{request.host_url}tiles/{','.join(layers)}/{{z}}/{{x}}/{{y}}.mvt?{query}"


def requested_language() -> Language:
    """Return the language that was asked for, else the visitor's."""
    return "en" if current_language() == "en" else "id"


def requested_theme() -> Theme:
    """
    Return the theme that was asked for, light when none was.

    Raises
    ------
    InvalidRequest
        For any other theme.
    """
    theme = request.args.get("theme", "light")
    if theme == "light":
        return "light"
    if theme == "dark":
        return "dark"
    raise InvalidRequest("theme harus light atau dark.", "theme must be light or dark.")


def requested_plate() -> PlateRequest:
    """
    Read which picture is wanted.

    Raises
    ------
    InvalidRequest
        When box, size or year cannot be used.
    InvalidFilter
        When the moment cannot be read.
    LayerNotFound
        For an unknown layer.
    """
    args: Any = request.args
    as_of, year = args.get("as_of", "").strip(), args.get("year", "").strip()
    return PlateRequest(
        bbox=read_bbox(args["bbox"]) if args.get("bbox") else current_region().bbox,
        width_px=requested_side("w", 1040),
        height_px=requested_side("h", 760),
        layers=requested_layers(current_app, args["layers"]) if args.get("layers") else tuple(opening_layers()),
        language=requested_language(),
        theme=requested_theme(),
        as_of=read_as_of(as_of, current_region().time_zone) if as_of else None,
        year=read_year(year) if year else None,
    )


def requested_side(parameter: str, default: int) -> int:
    """Return a side of the picture in pixels; `InvalidRequest` when it is none."""
    text = request.args.get(parameter, str(default))
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= GREATEST_SIDE_PX):
        raise InvalidRequest(
            f"{parameter} harus bilangan piksel dari 1 sampai {GREATEST_SIDE_PX}.",
            f"{parameter} must be a number of pixels from 1 to {GREATEST_SIDE_PX}.",
        )
    return int(text)


def answer_json(content: Mapping[str, Any]) -> Response:
    """Answer JSON that must be asked for again, with an ETag so that the answer is short."""
    response = jsonify(content)
    response.add_etag()
    response.headers["Cache-Control"] = ASK_AGAIN
    response.make_conditional(request)
    return response
