"""Read what all packages amount to: by district, programme, fund source and unit; and which need a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.packages.register_queries import Question, measures_sql, source, stale_sql, sums_sql, where

Grouping = Literal["district", "programme", "source", "unit"]
GROUPINGS: tuple[Grouping, ...] = ("district", "programme", "source", "unit")

# Which groups a package belongs to, as rows of one text `key`; NULL: none. It may belong to several.
_KEYS: Mapping[Grouping, str] = {
    "district": "SELECT unnest(CASE WHEN p.district_codes <> '{}' THEN p.district_codes ELSE ARRAY[NULL::text] END)",
    "source": "SELECT unnest(coalesce(string_to_array(p.fund_source, ', '), ARRAY[NULL::text]))",
    "programme": "SELECT (SELECT top FROM tops WHERE tops.id = p.programme_id)::text",
    "unit": "SELECT (SELECT top FROM tops WHERE tops.id = p.unit_id)::text",
}
# What groups are called, and for trees which branch a node belongs to: programmes at their root; units right below the
# root, since the root is the whole agency.
_NAMES: Mapping[Grouping, str] = {
    "district": "SELECT code, name FROM layers.districts",
    "source": "SELECT NULL::text, NULL::text WHERE false",
    "programme": "SELECT id::text, name FROM app.programme",
    "unit": "SELECT id::text, name FROM app.unit",
}
_TOPS: Mapping[Grouping, str] = {
    "district": "SELECT NULL::bigint AS id, NULL::bigint AS top WHERE false",
    "source": "SELECT NULL::bigint AS id, NULL::bigint AS top WHERE false",
    "programme": """
        SELECT id, id AS top FROM app.programme WHERE parent_id IS NULL
        UNION ALL SELECT g.id, tops.top FROM app.programme g JOIN tops ON g.parent_id = tops.id""",
    "unit": """
        SELECT id, id AS top FROM app.unit WHERE parent_id IS NULL
        UNION ALL SELECT u.id, CASE WHEN root.parent_id IS NULL AND tops.id = tops.top THEN u.id ELSE tops.top END
        FROM app.unit u JOIN tops ON u.parent_id = tops.id JOIN app.unit root ON root.id = tops.top""",
}


@dataclass(frozen=True)
class Group:
    """
    What the packages of one district, programme, fund source or unit amount to.

    `lag_points` is plan less actual, both weighted over the packages that have both; positive means behind the plan.
    `key` is None for packages that belong to none.
    """

    key: str | None
    name: str | None
    packages: int
    ceiling_idr: Decimal
    contract_value_idr: Decimal
    paid_idr: Decimal
    weighted_planned: float | None
    weighted_physical: float | None
    lag_points: float | None
    late: int
    critical: int


@dataclass(frozen=True)
class Attention:
    """A package that needs a decision: critical, or late."""

    code: str
    name: str
    year: int
    critical_state: str
    critical_case: str | None
    planned_percent: float | None
    physical_percent: float | None
    deviation_points: float | None
    contract_value_idr: Decimal | None
    contractor: str | None
    is_stale: bool


def read_years(session: Session, question: Question) -> list[int]:
    """Return the fiscal years that have packages, the newest first."""
    conditions, parameters = where(question)
    statement = f"""
        SELECT DISTINCT p.year FROM {source(question.criteria)} p WHERE {" AND ".join(conditions)} ORDER BY p.year DESC
    """
    return list(session.scalars(text(statement), parameters))


def read_groups(session: Session, question: Question, by: Grouping) -> list[Group]:
    """
    Sum up the packages by group, what lags most first; a package in two districts counts in both.

    Progress is weighted as `app.packages.register_queries.read_totals` weighs it.
    """
    conditions, parameters = where(question)
    statement = f"""
        WITH RECURSIVE tops AS ({_TOPS[by]}), names(key, name) AS ({_NAMES[by]}), grouped AS (
            SELECT keys.key, count(*) AS packages, {sums_sql("p")}, {measures_sql("p").lag} AS lag_points,
                count(*) FILTER (WHERE p.is_late) AS late,
                count(*) FILTER (WHERE p.critical_state <> 'none') AS critical
            FROM {source(question.criteria)} p CROSS JOIN LATERAL ({_KEYS[by]}) AS keys(key)
            WHERE {" AND ".join(conditions)}
            GROUP BY keys.key
        )
        SELECT grouped.*, names.name FROM grouped LEFT JOIN names USING (key)
        ORDER BY key IS NULL, lag_points DESC NULLS LAST, coalesce(name, key)
    """
    rows = session.execute(text(statement), parameters).mappings()
    return [Group(**{name: row[name] for name in Group.__annotations__}) for row in rows]


def read_attention(session: Session, question: Question, *, with_critical: bool, limit: int) -> list[Attention]:
    """
    Return the packages that need a decision: declared critical, then indicated, then late by how far.

    Parameters
    ----------
    with_critical
        Whether who asks may know of critical contracts; else the list holds late ones alone.
    """
    conditions, parameters = where(question)
    critical = "p.critical_state <> 'none'" if with_critical else "false"
    case, state = ("p.critical_case", "p.critical_state") if with_critical else ("NULL", "'none'")
    statement = f"""
        SELECT p.code, p.name, p.year, {state} AS critical_state, {case} AS critical_case, p.planned_percent,
            p.physical_percent, p.physical_percent - p.planned_percent AS deviation_points, p.contract_value_idr,
            p.contractor, {stale_sql()} AS is_stale
        FROM {source(question.criteria)} p
        WHERE {" AND ".join(conditions)} AND (p.is_late OR {critical})
        ORDER BY array_position(ARRAY['declared', 'indicated', 'none'], {state}),
            p.physical_percent - p.planned_percent NULLS LAST, p.code
        LIMIT :limit
    """
    rows: Any = session.execute(text(statement), parameters | {"limit": limit}).mappings()
    return [Attention(**row) for row in rows]
