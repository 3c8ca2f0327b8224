"""What the page of search results shows: every kind with its number of results, and the best of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from app.api.results import group_json, hit_json, position_json
from app.region import current_region
from app.search.queries import Group, district_at, search_features, search_groups
from gis.coordinates import read_coordinates

SHOWN = 8  # results of a kind
MOST_PLACES = 12
MOST_COORDINATES = 100  # characters; longer text is no position
NEAR_DECIMALS = 3  # of degrees: about 110 m
POSITION_ZOOM = 15
# Lists that show all results of a kind, by the parameter that they search with.
LISTS = {
    "projects": "/?",
    "districts": "/areas?",
    "villages": "/areas?",
    "roads": "/roads?",
    "contractors": "/contractors?",
}


@dataclass(frozen=True)
class Section:
    """The results of a kind as the page shows them; `all_url` leads to all of them where there is a list."""

    kind: str
    title: str
    count: int
    more: bool
    results: list[dict[str, Any]]
    all_url: str | None


def result_values(session: Session, typed: str) -> dict[str, Any]:
    """
    Return what the page of search results shows.

    Parameters
    ----------
    session
        Of the public's role.
    typed
        What the visitor typed: names, codes, numbers of contracts, or a position.

    Raises
    ------
    InvalidRequest
        When the text is longer than anyone types.
    """
    typed = typed.strip()
    position = read_coordinates(typed[:MOST_COORDINATES], current_region().bbox)
    if position is None:
        sections = [_section(group, typed) for group in search_groups(session, typed, shown=SHOWN)]
        return {"q": typed, "sections": sections, "position": None}
    lon, lat = position
    near = urlencode({"near": f"{lat:.{NEAR_DECIMALS}f},{lon:.{NEAR_DECIMALS}f}"})
    return {
        "q": typed,
        "sections": [],
        "position": position_json(position, district_at(session, lon, lat))
        | {"map_url": f"/#{POSITION_ZOOM}/{lat:.5f}/{lon:.5f}", "near_url": f"/?{near}"},
    }


@dataclass(frozen=True)
class Place:
    """A place that somebody may have meant; `is_exact`: it is called just so. Point: lon, lat (EPSG:4326)."""

    label: str
    kind_label: str
    within: str | None
    point: tuple[float, float]
    is_exact: bool


def find_places(session: Session, typed: str) -> list[Place]:
    """Find places that have a position, best first: a typed position itself, else villages, roads and the like."""
    position = read_coordinates(typed[:MOST_COORDINATES], current_region().bbox)
    if position is not None:
        found = position_json(position, district_at(session, *position))
        return [Place(found["label"], found["kind_label"], found["place"], position, is_exact=True)]
    hits = [hit for hit in search_features(session, typed, limit=MOST_PLACES) if hit.point is not None]
    return [
        Place(
            hit.label,
            hit_json(hit)["kind_label"],
            hit.place,
            hit.point,
            is_exact=hit.label.casefold() == typed.casefold() and hit.layer in {"villages", "districts", "places"},
        )
        for hit in hits
        if hit.point is not None
    ]


def _section(group: Group, typed: str) -> Section:
    heading = group_json(group.layer, group.count)
    results = [hit_json(hit) for hit in group.hits]
    has_more = group.count > len(results) and group.layer in LISTS
    return Section(
        kind=heading["kind"],
        title=heading["kind_label"],
        count=heading["count"],
        more=heading["more"],
        results=results,
        all_url=LISTS[group.layer] + urlencode({"q": typed}) if has_more else None,
    )
