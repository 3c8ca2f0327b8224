"""Search results as JSON: what was found, what it is, where it lies, which page it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext

from app.own_words import in_own_words
from app.region import current_region, region_if_any
from app.search.queries import CANDIDATES, Hit

KINDS = {
    "districts": "district",
    "villages": "village",
    "places": "place",
    "roads": "road",
    "streets": "street",
    "projects": "project",
    "parks": "park",
    "bridges": "bridge",
    "facilities": "facility",
    "contractors": "contractor",
}
AROUND_COORDINATE_DEG = 0.005  # what the map shows around a typed position: about 1 km


def hit_json(hit: Hit) -> dict[str, Any]:
    """Return what was found as JSON; its address is the page of the feature, of the area or of the road."""
    kind = KINDS[hit.layer]
    if hit.layer == "projects":
        href = url_for("projects.page", code=hit.code)
    elif hit.layer in {"districts", "villages"}:
        href = url_for("places.area", code=hit.code)
    elif hit.layer == "roads":
        href = url_for("places.road", code=hit.code)
    elif hit.layer == "contractors":
        href = url_for("places.contractor", company_id=hit.id)
    else:
        href = url_for("catalogue.feature", layer=hit.layer, feature_id=hit.id)
    return {
        "kind": kind,
        "kind_label": kind_label(kind),
        "layer": None if hit.layer == "contractors" else hit.layer,  # which is no layer of the map
        "id": hit.id,
        "code": hit.code,
        "label": hit.label,
        "place": hit.place or (current_region().full_name if hit.layer == "districts" else None),
        "point": _rounded(hit.point),
        "bbox": _rounded(hit.bbox),
        "href": href,
    }


def group_json(layer: str, count: int) -> dict[str, Any]:
    """Return how many features of a kind a text finds; `more` says that they were not counted to the end."""
    kind = KINDS[layer]
    counted = min(count, CANDIDATES)
    return {"kind": kind, "kind_label": kind_label(kind), "count": counted, "more": count > CANDIDATES}


def position_json(position: tuple[float, float], district: str | None) -> dict[str, Any]:
    """Return a typed position as a search result."""
    lon, lat = position
    around = AROUND_COORDINATE_DEG
    return {
        "kind": "coordinate",
        "kind_label": kind_label("coordinate"),
        "layer": None,
        "id": None,
        "code": None,
        "label": f"{lat:.5f}, {lon:.5f}",
        "place": district,
        "point": _rounded(position),
        "bbox": _rounded((lon - around, lat - around, lon + around, lat + around)),
        "href": None,
    }


def kind_label(kind: str) -> str:
    """Return what a kind of result is called in the visitor's language."""
    labels = {
        "district": gettext("Kecamatan"),
        "village": gettext("Desa/kelurahan"),
        "place": gettext("Tempat"),
        "road": gettext("Ruas jalan"),
        "street": gettext("Jalan"),
        "project": gettext("Pekerjaan"),
        "park": gettext("Taman"),
        "bridge": gettext("Jembatan"),
        "facility": gettext("Fasilitas"),
        "contractor": gettext("Penyedia"),
        "coordinate": gettext("Koordinat"),
    }
    return in_own_words(labels[kind], region_if_any())


def _rounded(numbers: Sequence[float] | None) -> list[float] | None:
    return None if numbers is None else [round(number, 6) for number in numbers]
