"""Search results as JSON: what was found, what it is, where it lies, which page it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext

from app.own_words import in_own_words
from app.region import current_region, region_if_any
from app.search.queries import Hit

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
}
AROUND_COORDINATE_DEG = 0.005  # what the map shows around a typed position: about 1 km


def hit_json(hit: Hit) -> dict[str, Any]:
    """Return what was found as JSON; its address is the page of the feature."""
    kind = KINDS[hit.layer]
    if hit.layer == "projects":
        href = url_for("projects.page", code=hit.code)
    else:
        href = url_for("catalogue.feature", layer=hit.layer, feature_id=hit.id)
    return {
        "kind": kind,
        "kind_label": kind_label(kind),
        "layer": hit.layer,
        "id": hit.id,
        "code": hit.code,
        "label": hit.label,
        "place": hit.place or (current_region().full_name if hit.layer == "districts" else None),
        "point": _rounded(hit.point),
        "bbox": _rounded(hit.bbox),
        "href": href,
    }


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
        "coordinate": gettext("Koordinat"),
    }
    return in_own_words(labels[kind], region_if_any())


def _rounded(numbers: Sequence[float] | None) -> list[float] | None:
    return None if numbers is None else [round(number, 6) for number in numbers]
