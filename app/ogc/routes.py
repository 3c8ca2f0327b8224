"""The layers as GeoJSON features, page by page, at the addresses of OGC API Features."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any

from flask import Blueprint, Response, abort, current_app, request, url_for
from flask_babel import gettext

from app.config import Settings
from app.extensions import current_language, reader_session
from app.ogc.forms import CRS84, ItemQuery, read_item_query, require_parameters
from app.ogc.queries import ItemPage, read_item, read_items, read_region_bbox, read_time_zone, read_version
from app.region import own_catalogue
from layers.catalogue import built_in_catalogue
from layers.definition import LayerDefinition
from layers.history import read_as_of

blueprint = Blueprint("ogc", __name__, url_prefix="/ogc")

GEOJSON = "application/geo+json"
ASK_AGAIN = "public, no-cache"
CONFORMANCE: tuple[str, ...] = ()  # a class is named here once all that it requires is there


@blueprint.get("")
def landing() -> Response:
    """Say what is here."""
    require_parameters(request.args, ("lang",))
    return _json(
        {
            "title": "PetaKarya",
            "description": gettext("Pekerjaan umum dan tata ruang sebagai GeoJSON, terbuka untuk siapa saja."),
            "links": [
                _link("self", _address("landing")),
                _link("conformance", _address("conformance")),
                _link("data", _address("collections")),
            ],
        }
    )


@blueprint.get("/conformance")
def conformance() -> Response:
    """Name the classes of the standard that are met in full."""
    require_parameters(request.args, ("lang",))
    return _json({"conformsTo": list(CONFORMANCE)})


@blueprint.get("/collections")
def collections() -> Response:
    """List the public layers."""
    require_parameters(request.args, ("lang",))
    extent = _extent()
    public = [one for one in own_catalogue() if one.access == "public"]
    return _json(
        {
            "links": [_link("self", _address("collections"))],
            "collections": [_describe(definition, extent) for definition in public],
        }
    )


@blueprint.get("/collections/<layer>")
def collection(layer: str) -> Response:
    """Describe one layer."""
    require_parameters(request.args, ("lang",))
    return _json(_describe(own_catalogue().layer(_public_layer(layer).id), _extent()))


@blueprint.get("/collections/<layer>/items")
def items(layer: str) -> Response:
    """
    Answer a page of a layer's features.

    Takes `bbox`, `limit`, `after` (from the link to the next page), `as_of`, `count`, and an equality filter for each
    public field; layers whose features touch areas also `regency_code`, `district_code` and `village_code`.
    """
    definition = _public_layer(layer)
    settings: Settings = current_app.config["SETTINGS"]
    session = reader_session()
    query = read_item_query(
        request.args.to_dict(flat=False),
        definition,
        built_in_catalogue(),
        limits=settings.lists,
        time_zone=read_time_zone(session),
    )
    etag = _etag(definition, read_version(session, definition.id))
    if request.if_none_match.contains_weak(etag):
        return _geojson("", etag, status=304)
    page = read_items(session, definition, query, timeout_ms=settings.lists.statement_timeout_ms)
    return _geojson(_collection_text(page, definition), etag)


@blueprint.get("/collections/<layer>/items/<int:feature_id>")
def item(layer: str, feature_id: int) -> Response:
    """Answer one feature; `as_of` asks for it as it was recorded by then."""
    definition = _public_layer(layer)
    require_parameters(request.args, ("as_of", "lang"))
    session = reader_session()
    as_of = request.args.get("as_of")
    moment = read_as_of(as_of, read_time_zone(session)) if as_of is not None else None
    etag = _etag(definition, read_version(session, definition.id))
    feature = read_item(session, definition, feature_id, ItemQuery(limit=1, as_of=moment))
    if request.if_none_match.contains_weak(etag):
        return _geojson("", etag, status=304)
    links = [
        _link("self", request.url, GEOJSON),
        _link("collection", _address("collection", layer=layer)),
        _link("alternate", f"{request.url_root}data/{layer}/{feature_id}", "text/html"),
    ]
    return _geojson(f'{feature.rstrip()[:-1]}, "links": {json.dumps(links)}}}', etag)


@blueprint.after_request
def open_to_other_sites(response: Response) -> Response:
    """Let pages of other sites read the data: it is open, and asked for without cookies."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _public_layer(layer: str) -> LayerDefinition:
    definition = built_in_catalogue().layer(layer)
    if definition.access != "public":
        abort(401)
    return definition


def _collection_text(page: ItemPage, definition: LayerDefinition) -> str:
    """Write a page as a GeoJSON feature collection; the features come ready from the database."""
    links = [
        _link("self", request.url, GEOJSON),
        _link("collection", _address("collection", layer=definition.id)),
    ]
    if page.next_after is not None:
        following = {**request.args.to_dict(), "after": str(page.next_after)}
        links.append(_link("next", _address("items", layer=definition.id, **following), GEOJSON))
    members = {"links": links, "numberReturned": len(page.features)}
    if page.matched is not None:
        members["numberMatched"] = page.matched
    head = json.dumps({"type": "FeatureCollection", **members})
    return f'{head[:-1]}, "features": [\n' + ",\n".join(page.features) + "\n]}"


def _describe(definition: LayerDefinition, extent: dict[str, Any] | None) -> dict[str, Any]:
    language = current_language()
    description: dict[str, Any] = {
        "id": definition.id,
        "title": definition.title.in_language(language),
        "description": definition.description.in_language(language),
        "itemType": "feature",
        "crs": [CRS84],
        "storageCrs": CRS84,
        "links": [
            _link("self", _address("collection", layer=definition.id)),
            _link("items", _address("items", layer=definition.id), GEOJSON),
        ],
    }
    if definition.licence:
        description["license"] = definition.licence.in_language(language)
    if extent:
        description["extent"] = extent
    return description


def _extent() -> dict[str, Any] | None:
    """Say where the features of every layer lie: in the region's box, since imports leave out what is not."""
    bbox = read_region_bbox(reader_session())
    return {"spatial": {"bbox": [list(bbox)], "crs": CRS84}} if bbox else None


def _etag(definition: LayerDefinition, version: int) -> str:
    """Return a validator that changes with every edit of the layer, and with its definition."""
    content = f"{definition.model_dump_json()} {version} {request.url}"
    return blake2b(content.encode(), digest_size=9).hexdigest()


def _geojson(body: str, etag: str, *, status: int = 200) -> Response:
    response = Response(body, status=status, mimetype=GEOJSON)
    response.set_etag(etag, weak=True)
    response.headers["Cache-Control"] = ASK_AGAIN
    response.headers["Content-Crs"] = f"<{CRS84}>"
    return response


def _json(content: dict[str, Any]) -> Response:
    return Response(json.dumps(content, ensure_ascii=False), mimetype="application/json")


def _link(relation: str, address: str, media_type: str = "application/json") -> dict[str, str]:
    return {"rel": relation, "href": address, "type": media_type}


def _address(endpoint: str, **values: Any) -> str:
    return url_for(f"ogc.{endpoint}", **values, _external=True)
