"""What a view of another site shows: a few projects of a scope, how many there are, and where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Text, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.feeds.scope import Scope, scope_condition
from app.projects.queries import project_source
from app.search.words import forgive_misspelling

COLUMNS = (
    "code", "name", "stage", "delay", "year", "contract_value_idr", "physical_percent", "planned_percent",
    "progress_date",
)  # fmt: skip


@dataclass(frozen=True)
class View:
    """The newest projects of a scope with the codes of their areas; how many there are in all, how many are late."""

    rows: Sequence[Any]
    total: int
    late: int


def read_view(session: Session, scope: Scope, *, limit: int) -> View:
    """Return the newest projects of a scope, up to `limit`; `session` is of the public's role."""
    forgive_misspelling(session, scope.criteria.q)
    projects = project_source(scope.criteria)
    condition = scope_condition(projects, scope)
    areas = (
        func.coalesce(projects.c[name], cast([], ARRAY(Text))).label(name)
        for name in ("village_codes", "district_codes")
    )
    rows = session.execute(
        select(*(projects.c[name] for name in COLUMNS), *areas)
        .where(condition)
        .order_by(projects.c.start_date.desc().nulls_last(), projects.c.code)
        .limit(limit)
    ).all()
    late = func.count().filter(projects.c.delay != "none")
    total, overdue = session.execute(select(func.count(), late).select_from(projects).where(condition)).one()
    return View(rows, total, overdue)


def read_places(session: Session, scope: Scope, *, limit: int) -> list[BaseGeometry]:
    """Return where projects of a scope lie (EPSG:4326), the newest first."""
    forgive_misspelling(session, scope.criteria.q)
    projects = project_source(scope.criteria)
    statement = (
        select(func.ST_AsBinary(literal_column("projects.geom")))
        .where(scope_condition(projects, scope), literal_column("projects.geom").is_not(None))
        .order_by(projects.c.start_date.desc().nulls_last(), projects.c.code)
        .limit(limit)
    )
    return [shapely.from_wkb(bytes(geometry)) for geometry in session.scalars(statement)]


def read_codes(session: Session, scope: Scope, *, limit: int) -> set[str]:
    """Return the codes of the projects of a scope."""
    forgive_misspelling(session, scope.criteria.q)
    projects = project_source(scope.criteria)
    return set(session.scalars(select(projects.c.code).where(scope_condition(projects, scope)).limit(limit)))
