"""Which features are behind a figure, and where they can be seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from app.reports.definition import ANY_KEY
from app.reports.queries import count_features
from app.reports.report import Evidence
from app.reports.subject import Subject
from gis.figures import Figure, FigureInput

Counts = Mapping[str, int]  # by area
Asked = tuple[str, tuple[tuple[str, Any], ...]]  # layer and filters


def with_evidence(
    subject: Subject, figures: Iterable[Figure], evidence: Mapping[str, tuple[Evidence, ...]]
) -> tuple[Figure, ...]:
    """Fill in the inputs of each figure, with how many features lie in its area, and the address of the first."""
    counted: dict[Asked, Counts] = {}
    return tuple(_opened(subject, figure, _evidence_of(figure.id, evidence), counted) for figure in figures)


def _evidence_of(figure_id: str, evidence: Mapping[str, tuple[Evidence, ...]]) -> tuple[Evidence, ...]:
    found = evidence.get(figure_id)
    return found if found is not None else evidence.get(figure_id.rpartition(".")[0] + ANY_KEY, ())


def _opened(subject: Subject, figure: Figure, evidence: tuple[Evidence, ...], counted: dict[Asked, Counts]) -> Figure:
    if not evidence:
        return figure
    inputs = figure.inputs or tuple(_input(subject, one, figure.area, counted) for one in evidence)
    address = figure.features_url or _features_url(subject, evidence[0], figure.area)
    return replace(figure, inputs=inputs, features_url=address)


def _input(subject: Subject, evidence: Evidence, area: str, counted: dict[Asked, Counts]) -> FigureInput:
    if evidence.counts is not None:
        return FigureInput(evidence.layer, evidence.version or 0, evidence.counts.get(area, 0))
    asked = (evidence.layer, tuple((name, _hashable(value)) for name, value in sorted(evidence.filters.items())))
    if asked not in counted:
        counted[asked] = _count(subject, evidence)
    return FigureInput(evidence.layer, subject.states[evidence.layer].version, counted[asked].get(area, 0))


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _count(subject: Subject, evidence: Evidence) -> Counts:
    """Count the features of a layer that touch the area and each of its districts."""
    if evidence.layer == "districts":
        return dict.fromkeys(subject.drawn, 1) | {subject.area.code: len(subject.drawn)}
    if evidence.layer == "villages":
        by_district = subject.villages["district_code"].value_counts().to_dict()
        return {str(code): int(count) for code, count in by_district.items()} | {
            subject.area.code: len(subject.villages)
        }
    only = {name: value if isinstance(value, list | tuple) else [value] for name, value in evidence.filters.items()}
    counts = count_features(
        subject.session,
        evidence.layer,
        area=subject.area.code,
        is_region=subject.area.is_region,
        as_of=subject.as_of,
        only=only,
    )
    return {area: number for (_kind, area), number in counts.items()}


def _features_url(subject: Subject, evidence: Evidence, area: str) -> str | None:
    """Return the address of a figure's features: its numberMatched is the number that the figure's input names."""
    if evidence.counts is not None:
        return None
    filters: dict[str, Any] = {}
    if not (subject.area.is_region and area == subject.area.code):
        filters["district_code" if area in subject.area.districts else "regency_code"] = area
    for name, value in evidence.filters.items():
        values = list(value) if isinstance(value, list | tuple) else [value]
        if len(values) == 1:  # an address names one value of a field; of several, all features are shown
            filters[name] = values[0]
    if subject.as_of is not None:
        filters["as_of"] = subject.as_of.isoformat()
    query = urlencode(filters)
    return f"/ogc/collections/{evidence.layer}/items" + (f"?{query}" if query else "")
