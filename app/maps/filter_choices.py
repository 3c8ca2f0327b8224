"""The filters of the lists of projects with how many packages each choice has, in the visitor's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.extensions import current_language
from app.formats import format_idr_short
from app.projects.filters import RADII_KM, ProjectFilter, value_bounds
from app.projects.queries import VALUE_RANGES, count_facets
from layers.catalogue import built_in_catalogue

FACETS = ("stage", "year", "sector", "district", "village", "status", "fund", "unit", "value")
LEAST_FACETS = tuple(facet for facet in FACETS if facet != "village")  # villages are offered within a district
MORE = ("village", "status", "fund", "unit", "value")  # of which few people have need: folded away until one is used


@dataclass(frozen=True)
class Choice:
    """One value of a filter: how it is called, how many projects have it, and whether it is chosen."""

    code: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True)
class FilterField:
    """A filter that is chosen from a list."""

    name: str
    label: str
    choices: list[Choice]


def count_choices(session: Session, criteria: ProjectFilter) -> dict[str, dict[Any, int]]:
    """Count the packages of every choice; villages only where a district or a village was chosen."""
    return count_facets(session, criteria, FACETS if criteria.district or criteria.village else LEAST_FACETS)


def more_fields(
    session: Session, criteria: ProjectFilter, facets: Mapping[str, Mapping[Any, int]]
) -> list[FilterField]:
    """Return the filters by village, status, fund source, unit and value; those without any choice are left out."""
    status = coded_choices("status", facets["status"], criteria.status)
    fields = [
        FilterField(
            "village", gettext("Desa/kelurahan"), _village_choices(session, criteria, facets.get("village", {}))
        ),
        FilterField("status", gettext("Status"), status),
        FilterField("fund", gettext("Sumber dana"), _plain_choices(facets["fund"], criteria.fund)),
        FilterField("unit", gettext("Unit"), _unit_choices(session, criteria, facets["unit"])),
        FilterField("value", gettext("Nilai"), _value_choices(criteria, facets["value"])),
    ]
    return [field for field in fields if field.choices]


def more_in_use(criteria: ProjectFilter) -> int:
    """Return how many of the folded filters are in use."""
    return sum(bool(getattr(criteria, name)) for name in MORE)


def coded_choices(field: str, counts: Mapping[Any, int], chosen: tuple[str, ...]) -> list[Choice]:
    """Return the values of a field with a code list that projects have, or that are chosen, in the list's order."""
    codes = built_in_catalogue().code_list("projects", field)
    language = current_language()
    return [
        Choice(code.code, code.label.in_language(language), counts.get(code.code, 0), code.code in chosen)
        for code in codes
        if counts.get(code.code) or code.code in chosen
    ]


def read_near_place(session: Session, criteria: ProjectFilter) -> str | None:
    """Return the name of the village, or else the district, around the position asked about."""
    if criteria.near is None:
        return None
    lon, lat = criteria.near
    here = "ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)"
    statement = text(
        f"SELECT name FROM (SELECT name, 1 AS rank FROM layers.villages WHERE ST_Intersects(geom, {here})"
        f" UNION ALL SELECT name, 2 FROM layers.districts WHERE ST_Intersects(geom, {here})) AS found"
        " ORDER BY rank LIMIT 1"
    )
    name: str | None = session.scalar(statement, {"lon": lon, "lat": lat})
    return name


def radius_choices(criteria: ProjectFilter) -> list[Choice]:
    """Return how far around a position may be looked."""
    return [Choice(str(radius), f"{radius} km", 0, radius == criteria.radius) for radius in RADII_KM]


def value_label(value: str) -> str:
    """Return a range of value as people say it."""
    language = current_language()
    low, high = value_bounds(value)
    if low is None:
        return str(gettext("di bawah %(amount)s", amount=format_idr_short(high, language)))
    if high is None:
        return str(gettext("mulai %(amount)s", amount=format_idr_short(low, language)))
    return f"{format_idr_short(low, language)} – {format_idr_short(high, language)}"


def _plain_choices(counts: Mapping[str, int], chosen: tuple[str, ...]) -> list[Choice]:
    return [Choice(name, name, counts.get(name, 0), name in chosen) for name in sorted({*counts, *chosen})]


def _value_choices(criteria: ProjectFilter, counts: Mapping[str, int]) -> list[Choice]:
    offered = [value for value in VALUE_RANGES if counts.get(value) or value in criteria.value]
    others = [value for value in criteria.value if value not in offered]
    return [
        Choice(value, value_label(value), counts.get(value, 0), value in criteria.value)
        for value in [*offered, *others]
    ]


def _village_choices(session: Session, criteria: ProjectFilter, counts: Mapping[str, int]) -> list[Choice]:
    codes = {code for code in counts if not criteria.district or code.startswith(criteria.district)}
    wanted = sorted(codes | set(criteria.village))
    if not wanted:
        return []
    rows = session.execute(text("SELECT code, name FROM layers.villages WHERE code = ANY (:codes)"), {"codes": wanted})
    names = {row.code: row.name for row in rows}
    choices = [Choice(code, names.get(code, code), counts.get(code, 0), code in criteria.village) for code in wanted]
    return sorted(choices, key=lambda choice: choice.label)


def _unit_choices(session: Session, criteria: ProjectFilter, counts: Mapping[int, int]) -> list[Choice]:
    """Return the units that have packages; an agency counts those of its parts too, which follow it."""
    rows = session.execute(
        text("""
            SELECT u.id, u.name, u.parent_id, coalesce(o.name, u.name) AS agency FROM app.unit u
            LEFT JOIN app.unit o ON o.id = u.parent_id ORDER BY agency, u.parent_id NULLS FIRST, u.name, u.id
        """)
    ).all()
    totals = dict(counts)
    for row in rows:
        if row.parent_id is not None and row.id in counts:
            totals[row.parent_id] = totals.get(row.parent_id, 0) + counts[row.id]
    return [
        Choice(str(row.id), row.name if row.parent_id is None else f"– {row.name}", totals.get(row.id, 0), chosen)
        for row in rows
        if (chosen := row.id in criteria.unit) or totals.get(row.id)
    ]
