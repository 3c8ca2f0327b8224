"""Read the audit trail: filtered, newest first, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

EXPORTED = 100_000  # rows of one export at most
READ_AT_ONCE = 2_000

Scope = tuple[str, Mapping[str, Any]]
"""SQL condition on packages `p`, and its parameters: what `app.auth.permissions.scope_condition` returns."""


@dataclass(frozen=True)
class AuditFilter:
    """Which changes are wanted; empty means all. Days are those of the region."""

    actor: str | None = None
    subject: str | None = None
    operation: str | None = None
    code: str | None = None  # of the package
    since: date | None = None
    until: date | None = None
    scope: Scope = ("true", {})  # which packages `p` may be read; a limit leaves out what belongs to no package


@dataclass(frozen=True)
class Change:
    """One change of one row: what it was and what it became; of an update only the fields that differ."""

    id: int
    at: datetime
    actor: str
    subject: str
    row_id: int | None
    operation: str
    project_code: str | None
    old: dict[str, Any] | None
    new: dict[str, Any] | None

    @property
    def fields(self) -> list[tuple[str, Any, Any]]:
        """Name, old and new value of each field that says something."""
        old, new = self.old or {}, self.new or {}
        names = sorted({*old, *new} - {"id", "demo"})
        return [(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]


def read_changes(
    session: Session, criteria: AuditFilter, *, time_zone: str, limit: int, before: int | None = None
) -> list[Change]:
    """
    Return changes, the newest first.

    Parameters
    ----------
    time_zone
        IANA name of the region's, in which days begin and end.
    before
        Id of the last change of the page before; None for the newest.
    """
    statement, values = _statement(criteria, time_zone)
    rows = session.execute(
        text(f"{statement} AND (CAST(:before AS bigint) IS NULL OR a.id < :before) ORDER BY a.id DESC LIMIT :limit"),
        {**values, "limit": limit, "before": before},
    ).mappings()
    return [Change(**row) for row in rows]


def all_changes(session: Session, criteria: AuditFilter, *, time_zone: str) -> Iterator[Change]:
    """Return all changes of a filter, the newest first, at most `EXPORTED`, read in parts."""
    before: int | None = None
    for _part in range(EXPORTED // READ_AT_ONCE):
        part = read_changes(session, criteria, time_zone=time_zone, limit=READ_AT_ONCE, before=before)
        yield from part
        if len(part) < READ_AT_ONCE:
            return
        before = part[-1].id


def subjects(session: Session) -> list[str]:
    """Return the tables that the trail speaks of."""
    return list(session.scalars(text("SELECT DISTINCT subject FROM app.audit ORDER BY 1")))


def _statement(criteria: AuditFilter, time_zone: str) -> tuple[str, dict[str, Any]]:
    scope, parameters = criteria.scope
    conditions, values = [scope], dict(parameters)
    for name in ("actor", "subject", "operation"):
        if value := getattr(criteria, name):
            conditions.append(f"a.{name} = :{name}")
            values[name] = value
    if criteria.code:
        conditions.append("a.project_id = (SELECT id FROM app.project WHERE code = :code)")
        values["code"] = criteria.code
    if criteria.since:
        conditions.append("a.at >= CAST(:since AS timestamp) AT TIME ZONE :zone")
        values |= {"since": criteria.since, "zone": time_zone}
    if criteria.until:
        conditions.append("a.at < CAST(:until AS timestamp) AT TIME ZONE :zone")
        values |= {"until": criteria.until + timedelta(days=1), "zone": time_zone}
    columns = "a.id, a.at, a.actor, a.subject, a.row_id, a.operation, p.code AS project_code, a.old, a.new"
    source = "app.audit a LEFT JOIN app.project p ON p.id = a.project_id"
    return f"SELECT {columns} FROM {source} WHERE {' AND '.join(conditions)}", values
