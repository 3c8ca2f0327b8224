"""What pages of programmes read: programmes, activities and sub-activities that have packages, and their money."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, and_, func, select, text
from sqlalchemy.orm import Session

from app.projects.filters import ProjectFilter
from app.projects.queries import GIVEN_UP, KeyFigures, figure_columns, matches, project_source, read_key_figures
from app.recorded import recorded

PROGRAMME_CODE = re.compile(r"[0-9]+(\.[0-9]+)*", re.ASCII)
PROGRAMME = "id, code, version, level, name, parent_id, valid_from"
HOME = "id, programme_id, valid_from"


@dataclass(frozen=True)
class Node:
    """A programme, activity or sub-activity of one version of the national list."""

    id: int
    code: str
    version: str
    level: str
    name: str
    parent_id: int | None


@dataclass(frozen=True)
class Money:
    """The packages below a node in one year: key figures, ceilings and what was paid of them (rupiah)."""

    figures: KeyFigures
    ceiling_idr: Decimal
    paid_idr: Decimal

    @property
    def financial_percent(self) -> float | None:
        """Sum of SP2D by sum of ceilings; None without a ceiling."""
        return float(self.paid_idr / self.ceiling_idr * 100) if self.ceiling_idr else None


def read_nodes(session: Session, as_of: datetime | None = None) -> dict[int, Node]:
    """Return the nodes that have packages, and those above them, by id."""
    rows = session.execute(
        text(f"""
            WITH RECURSIVE listed AS (SELECT {PROGRAMME} FROM {recorded("programme", as_of, columns=PROGRAMME)} every),
            up AS (
                SELECT id, code, version, level, name, parent_id FROM listed
                WHERE id IN (SELECT programme_id FROM {recorded("project", as_of, columns=HOME)} j)
                UNION
                SELECT p.id, p.code, p.version, p.level, p.name, p.parent_id
                FROM up JOIN listed p ON p.id = up.parent_id
            )
            SELECT * FROM up ORDER BY version DESC, code
        """),
        {"as_of": as_of},
    )
    return {row.id: Node(row.id, row.code, row.version, row.level, row.name, row.parent_id) for row in rows}


def read_money(session: Session, criteria: ProjectFilter) -> dict[tuple[int, int], Money]:
    """Return by node and year what its packages amount to, those of everything below it."""
    projects = project_source(criteria)
    homes = (
        text(f"""
            WITH RECURSIVE listed AS (SELECT id, parent_id FROM {_programmes(criteria)} every),
            up AS (
                SELECT id AS leaf, id AS node, parent_id FROM listed
                WHERE id IN (SELECT programme_id FROM {_homes(criteria)} j)
                UNION ALL SELECT up.leaf, p.id, p.parent_id FROM up JOIN listed p ON p.id = up.parent_id
            )
            SELECT j.id AS project_id, up.node AS node_id FROM {_homes(criteria)} j JOIN up ON up.leaf = j.programme_id
        """)
        .columns(project_id=BigInteger, node_id=BigInteger)
        .subquery("homes")
    )
    counts = and_(projects.c.status.not_in(GIVEN_UP), projects.c.ceiling_idr > 0)
    statement = (
        select(
            homes.c.node_id,
            projects.c.year,
            *figure_columns(projects),
            func.coalesce(func.sum(projects.c.ceiling_idr).filter(counts), 0).label("ceiling"),
            func.coalesce(func.sum(projects.c.paid_idr).filter(counts), 0).label("paid"),
        )
        .select_from(projects.join(homes, homes.c.project_id == projects.c.id))
        .where(matches(projects, criteria))
        .group_by(homes.c.node_id, projects.c.year)
    )
    rows = session.execute(statement, {"as_of": criteria.as_of} if criteria.as_of else {})
    return {
        (row.node_id, row.year): Money(read_key_figures(row), Decimal(row.ceiling), Decimal(row.paid)) for row in rows
    }


def read_package_ids(session: Session, nodes: Sequence[int], as_of: datetime | None = None) -> list[int]:
    """Return the packages that belong to one of these nodes."""
    statement = f"SELECT id FROM {recorded('project', as_of, columns=HOME)} j WHERE programme_id = ANY (:nodes)"
    return list(session.scalars(text(statement), {"nodes": list(nodes), "as_of": as_of}))


def _programmes(criteria: ProjectFilter) -> str:
    return recorded("programme", criteria.as_of, columns=PROGRAMME)


def _homes(criteria: ProjectFilter) -> str:
    return recorded("project", criteria.as_of, columns=HOME)
