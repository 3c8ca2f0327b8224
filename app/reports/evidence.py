"""Which features are behind a figure, and where they can be seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from app.reports.queries import Count, count_features
from app.reports.subject import CONDITION_IDS, GREEN_UNITS, STREET_UNITS, Subject
from gis.figures import Figure, FigureInput


@dataclass(frozen=True)
class _Evidence:
    """A layer behind a figure, narrowed by equality filters; `kind` is the value that its features were counted by."""

    layer: str
    filters: Mapping[str, str | int]
    kind: str = ""


def with_evidence(subject: Subject, figures: Iterable[Figure]) -> tuple[Figure, ...]:
    """Fill in the inputs of each figure, with how many features lie in its area, and the address of the first."""
    counts = _count_all(subject)
    return tuple(
        replace(
            figure,
            inputs=tuple(_input(subject, counts, one, figure.area) for one in _evidence(subject, figure.id)),
            features_url=_features_url(subject, _evidence(subject, figure.id)[0], figure.area),
        )
        for figure in figures
    )


def _evidence(subject: Subject, figure_id: str) -> list[_Evidence]:
    """List the layers that a figure rests on; the first is the one whose features are shown."""
    districts = _Evidence("districts", {})
    status: dict[str, str | int] = {"status": subject.statuses[0]} if len(subject.statuses) == 1 else {}
    roads = _Evidence("roads", status)
    if figure_id in STREET_UNITS:
        return [_Evidence("streets", {}), districts]
    if figure_id in GREEN_UNITS:
        of_public = {"ownership": "public"} if figure_id.startswith("green.public") else {}
        return [_Evidence("parks", of_public, of_public.get("ownership", "")), _Evidence("urban_areas", {}), districts]
    if figure_id == "roads.length_km" or subject.year is None:
        return [roads, districts]
    year: dict[str, str | int] = {"survey_year": subject.year}
    condition = CONDITION_IDS.get(figure_id)
    if condition is None or condition == "unsurveyed":  # what was not surveyed has no segments to show
        return [roads, _Evidence("road_segments", year), districts]
    return [_Evidence("road_segments", {**year, "condition": condition}, condition), roads, districts]


def _count_all(subject: Subject) -> dict[str, Count]:
    count = partial(
        count_features,
        subject.session,
        area=subject.area.code,
        is_region=subject.area.is_region,
        as_of=subject.as_of,
    )
    year = {"survey_year": [subject.year]}
    return {
        "streets": count("streets"),
        "roads": count("roads", only={"status": subject.statuses}),
        "road_segments": count("road_segments", by="condition", only=year) if subject.year is not None else {},
        "parks": count("parks", by="ownership"),
        "urban_areas": count("urban_areas"),
        "districts": {("", code): 1 for code in subject.drawn} | {("", subject.area.code): len(subject.drawn)},
    }


def _input(subject: Subject, counts: Mapping[str, Count], evidence: _Evidence, area: str) -> FigureInput:
    features = counts[evidence.layer].get((evidence.kind, area), 0)
    return FigureInput(evidence.layer, subject.states[evidence.layer].version, features)


def _features_url(subject: Subject, evidence: _Evidence, area: str) -> str:
    """Return the address of a figure's features: its numberMatched is the number that the figure's input names."""
    filters: dict[str, Any] = {}
    if not (subject.area.is_region and area == subject.area.code):
        filters["district_code" if area in subject.area.districts else "regency_code"] = area
    filters |= evidence.filters
    if subject.as_of is not None:
        filters["as_of"] = subject.as_of.isoformat()
    query = urlencode(filters)
    return f"/ogc/collections/{evidence.layer}/items" + (f"?{query}" if query else "")
