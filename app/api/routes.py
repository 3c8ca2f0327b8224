"""JSON for programs: projects, search, layer versions, the region."""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import blake2b
from typing import Any

from flask import Blueprint, Response, current_app, request, url_for
from sqlalchemy import text

from app.api.openapi import build_openapi
from app.api.results import group_json, hit_json, position_json
from app.auth.permissions import public
from app.config import Settings
from app.errors import InvalidRequest
from app.extensions import reader_session
from app.ogc.forms import require_parameters
from app.projects.filters import FILTER_PARAMETERS, ProjectFilter
from app.projects.geojson import MORE_PROPERTIES, PROPERTIES, location_json, project_feature
from app.projects.queries import DEFAULT_SORT, get_project, list_projects, project_geometries, read_locations
from app.projects.routes import unknown_project
from app.region import current_region
from app.search.queries import count_groups, district_at, search_features
from gis.coordinates import read_coordinates

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

GEOJSON = "application/geo+json"
ASK_AGAIN = "public, no-cache"


@blueprint.get("/projects")
def projects() -> Response:
    """
    Answer a part of the register as GeoJSON.

    Takes the filters of the list (`q`, `stage`, `status`, `sector`, `delay`, `year`, `district`, `village`, `bbox`,
    `as_of`), `sort`, `limit`, and `after` from the link to the next part.
    """
    require_parameters(request.args, (*FILTER_PARAMETERS, "sort", "limit", "after", "lang"))
    criteria = ProjectFilter.from_args(request.args, time_zone=current_region().time_zone)
    limit, sort = read_limit(), request.args.get("sort", DEFAULT_SORT)
    version, changed_at = read_version("projects")
    etag = etag_of(version)
    if request.if_none_match.contains_weak(etag):
        return geojson_answer(None, etag)
    session = reader_session()
    page = list_projects(session, criteria, limit=limit, after=request.args.get("after"), sort=sort)
    geometries = project_geometries(session, [row.id for row in page.rows], criteria)
    links = [link("self", request.url)]
    if page.next is not None:
        following = {**criteria.to_args(), "limit": limit, "after": page.next}
        following |= {} if sort == DEFAULT_SORT else {"sort": sort}
        links.append(link("next", url_for("api.projects", **following, _external=True)))
    collection = {
        "type": "FeatureCollection",
        "numberMatched": page.total,
        "numberReturned": len(page.rows),
        "as_of": (criteria.as_of or changed_at).isoformat(),
        "demo": any(row.demo for row in page.rows),
        "links": links,
        "features": [project_feature(row, geometries.get(row.id)) for row in page.rows],
    }
    return geojson_answer(collection, etag)


@blueprint.get("/projects/<path:code>")
def project(code: str) -> Response:
    """Answer one project as a GeoJSON feature, with its planned, contracted and built locations."""
    require_parameters(request.args, ("as_of", "lang"))
    criteria = ProjectFilter.from_args(request.args, time_zone=current_region().time_zone)
    version, changed_at = read_version("projects")
    etag = etag_of(version)
    session = reader_session()
    row = get_project(session, code, criteria)
    if row is None:
        raise unknown_project(code)
    if request.if_none_match.contains_weak(etag):
        return geojson_answer(None, etag)
    geometry = project_geometries(session, [row.id], criteria).get(row.id)
    locations = read_locations(session, row.id, criteria.as_of)
    feature = project_feature(row, geometry, (*PROPERTIES, *MORE_PROPERTIES))
    feature["as_of"] = (criteria.as_of or changed_at).isoformat()
    feature["locations"] = [location_json(location) for location in locations]
    feature["links"] = [
        link("self", request.url),
        link("alternate", url_for("projects.page", code=code, _external=True), "text/html"),
        link("collection", url_for("api.projects", _external=True)),
    ]
    return geojson_answer(feature, etag)


@blueprint.get("/search")
def search() -> Response:
    """Find places, roads, projects and typed coordinates: `q`, and `limit` up to the setting's."""
    require_parameters(request.args, ("q", "limit", "lang"))
    settings: Settings = current_app.config["SETTINGS"]
    limit = min(read_limit(), settings.lists.search_results)
    typed = request.args.get("q", "")
    session = reader_session()
    position = read_coordinates(typed[:100], current_region().bbox)
    if position is not None:
        results = [position_json(position, district_at(session, *position))]
        counts: dict[str, int] = {}
    else:
        results = [hit_json(hit) for hit in search_features(session, typed, limit=limit)]
        counts = count_groups(session, typed)
    groups = [group_json(layer, count) for layer, count in counts.items()]
    content = {"q": typed, "results": results, "groups": groups}
    answer = Response(json.dumps(content, ensure_ascii=False), mimetype="application/json")
    answer.headers["Cache-Control"] = ASK_AGAIN
    return answer


@blueprint.get("/versions")
def versions() -> Response:
    """Answer the newest version of every layer; an open page asks this to learn of edits."""
    rows = reader_session().execute(text("SELECT layer, version FROM app.layer_versions ORDER BY layer"))
    answer = Response(json.dumps(dict(rows.all())), mimetype="application/json")
    answer.headers["Cache-Control"] = ASK_AGAIN
    return answer


@blueprint.get("/region")
def region() -> Response:
    """Answer which region is served: its name, where it lies (degrees), and whether its data is a demonstration."""
    found = current_region()
    demonstration = current_app.extensions["petakarya.demonstration"].layers(reader_session())
    content = {
        "code": found.code,
        "kind": found.kind,
        "name": found.name,
        "full_name": found.full_name,
        "district_term": found.district_term,
        "village_term": found.village_term,
        "time_zone": found.time_zone,
        "bbox": list(found.bbox),
        "centre": list(found.centre),
        "boundary_is_real": found.boundary_is_real,
        "demo": bool(demonstration),
        "demo_layers": sorted(demonstration),
    }
    answer = Response(json.dumps(content, ensure_ascii=False), mimetype="application/json")
    answer.headers["Cache-Control"] = ASK_AGAIN
    return answer


@blueprint.get("/openapi.json")
@public
def openapi() -> Response:
    """Describe all of this for programs: OpenAPI 3.1."""
    require_parameters(request.args, ("lang",))
    content = build_openapi(current_app, server=request.host_url.rstrip("/"))
    answer = Response(json.dumps(content, ensure_ascii=False), mimetype="application/json")
    answer.headers["Cache-Control"] = ASK_AGAIN
    return answer


@blueprint.after_request
def open_to_other_sites(response: Response) -> Response:
    """Let pages of other sites read the data: it is open, and asked for without cookies."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def read_limit() -> int:
    """
    Return how many rows are asked for; a greater number than allowed is taken as the greatest.

    Raises
    ------
    InvalidRequest
        When it is not a whole number from 1.
    """
    settings: Settings = current_app.config["SETTINGS"]
    written = request.args.get("limit", str(settings.lists.default))
    if not (written.isascii() and written.isdigit() and len(written) <= 9 and int(written) >= 1):
        raise InvalidRequest(
            f"limit={written[:40]} tidak dapat dipakai. Isi bilangan bulat mulai 1.",
            f"limit={written[:40]} cannot be used. Give a whole number from 1.",
        )
    return min(int(written), settings.lists.maximum)


def read_version(layer: str) -> tuple[int, datetime]:
    """Return the newest version of a layer and when it was made."""
    row = reader_session().execute(
        text("SELECT version, changed_at FROM app.layer_versions WHERE layer = :layer"), {"layer": layer}
    )
    version, changed_at = row.one()
    return version, changed_at


def etag_of(version: int) -> str:
    """Return a validator that changes with every edit, and with the address."""
    content = f"{PROPERTIES} {MORE_PROPERTIES} {version} {request.url}"
    return blake2b(content.encode(), digest_size=9).hexdigest()


def geojson_answer(content: dict[str, Any] | None, etag: str) -> Response:
    """Return a GeoJSON answer that may be kept but must be asked for again; without content the caller has it."""
    body = "" if content is None else json.dumps(content, ensure_ascii=False)
    response = Response(body, status=304 if content is None else 200, mimetype=GEOJSON)
    response.set_etag(etag, weak=True)
    response.headers["Cache-Control"] = ASK_AGAIN
    return response


def link(relation: str, address: str, media_type: str = GEOJSON) -> dict[str, str]:
    """Return a link as OGC's APIs write it."""
    return {"rel": relation, "href": address, "type": media_type}
