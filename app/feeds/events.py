"""What happened to projects, as the public may know it: progress, states, contracts and their changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from flask_babel import gettext
from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Double,
    Numeric,
    Text,
    case,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.orm import Session

from app.extensions import current_language
from app.feeds.scope import Scope, scope_condition
from app.formats import format_day, format_idr, format_percent
from app.projects.milestones import HANDED_OVER, UNDER_CONTRACT
from app.projects.queries import project_source
from app.projects.sentences import code_label
from app.search.words import forgive_misspelling

Kind = Literal["update", "state", "contract", "addendum"]

# A contract is told when it was first recorded: later versions of its row, such as its end, tell nothing of signing it.
EVENTS = """
    SELECT 'update' AS kind, u.id, u.project_id, u.published_at AS at, u.day, NULL AS status, u.note AS words,
        u.physical_percent, u.planned_percent, NULL::numeric AS value_idr, NULL::date AS until
    FROM app.public_update u WHERE u.published_at IS NOT NULL
    UNION ALL
    SELECT 'state', s.id, s.project_id, s.recorded_at, s.on_day, s.to_status, NULL, NULL, NULL, NULL, NULL
    FROM app.public_status s
    UNION ALL
    SELECT 'contract', c.id, c.project_id,
        least(c.valid_from, (SELECT min(h.valid_from) FROM history.contract h WHERE h.id = c.id)),
        c.signed_on, NULL, m.name, NULL, NULL, c.value_idr, c.end_date
    FROM app.contract c LEFT JOIN app.company m ON m.id = c.company_id
    UNION ALL
    SELECT 'addendum', a.id, c.project_id,
        least(a.valid_from, (SELECT min(h.valid_from) FROM history.addendum h WHERE h.id = a.id)),
        a.signed_on, NULL, NULL, NULL, NULL, a.value_idr, a.end_date
    FROM app.addendum a JOIN app.contract c ON c.id = a.contract_id
    WHERE a.value_idr IS NOT NULL OR a.end_date IS NOT NULL
"""
COLUMNS = (
    Column("kind", Text),
    Column("id", BigInteger),
    Column("project_id", BigInteger),
    Column("at", DateTime(timezone=True)),
    Column("day", Date),
    Column("status", Text),
    Column("words", Text),
    Column("physical_percent", Double),
    Column("planned_percent", Double),
    Column("value_idr", Numeric),
    Column("until", Date),
)


@dataclass(frozen=True)
class Event:
    """
    Something that happened to a project.

    `at` is when the public could first know it, `day` when it happened. Money in rupiah, progress in percent; `words`
    is the note of an update or the contractor of a contract.
    """

    kind: Kind
    id: int
    at: datetime
    day: date
    code: str
    name: str
    status: str | None
    words: str | None
    physical_percent: float | None
    planned_percent: float | None
    value_idr: Decimal | None
    until: date | None
    lon: float | None  # a point of the works, EPSG:4326
    lat: float | None


def read_events(
    session: Session, scope: Scope, *, limit: int, since: datetime | None = None, oldest: timedelta | None = None
) -> list[Event]:
    """
    Return what happened to the projects of a scope, the newest first.

    Parameters
    ----------
    session
        Of the public's role.
    limit
        Greatest number of events.
    since
        Leaves out what was known by then.
    oldest
        Leaves out what had happened this long before it was recorded: a register that is filled in tells old news.
    """
    forgive_misspelling(session, scope.criteria.q)
    projects = project_source(scope.criteria)
    event = text(EVENTS).columns(*COLUMNS).subquery("event")
    point = func.ST_Transform(literal_column("projects.anchor_3857"), 4326)
    columns = [column for column in event.c if column.name != "project_id"]
    statement = (
        select(*columns, projects.c.code, projects.c.name, func.ST_X(point).label("lon"), func.ST_Y(point).label("lat"))
        .select_from(event.join(projects, projects.c.id == event.c.project_id))
        .where(scope_condition(projects, scope))
        .order_by(event.c.at.desc(), event.c.kind, event.c.id.desc())
        .limit(limit)
    )
    if scope.criteria.as_of is not None:
        statement = statement.where(event.c.at <= scope.criteria.as_of)
    if since is not None:
        statement = statement.where(event.c.at > since)
    if oldest is not None:
        statement = statement.where(event.c.day >= func.date(event.c.at) - oldest)
    return [Event(**row) for row in session.execute(statement).mappings()]


@dataclass(frozen=True)
class Milestone:
    """A day by which something should happen to a project; `changed_at` is when the register last changed on it."""

    kind: Literal["end", "maintenance"]
    project_id: int
    day: date
    code: str
    name: str
    district: str | None
    changed_at: datetime


def read_milestones(session: Session, scope: Scope, *, since: date, limit: int) -> list[Milestone]:
    """
    Return the planned days of the projects of a scope from a day on, the earliest first.

    Those under contract should be handed over at the contract's end, those handed over when maintenance ends.
    """
    forgive_misspelling(session, scope.criteria.q)
    projects = project_source(scope.criteria)
    columns = projects.c
    package = text("SELECT id, maintenance_until FROM app.public_package").columns(
        Column("id", BigInteger), Column("maintenance_until", Date)
    )
    kept = package.subquery("package")
    is_end = columns.status.in_(UNDER_CONTRACT)
    day = case((is_end, columns.end_date), (columns.status.in_(HANDED_OVER), kept.c.maintenance_until))
    statement = (
        select(
            case((is_end, "end"), else_="maintenance").label("kind"),
            columns.id.label("project_id"),
            day.label("day"),
            columns.code,
            columns.name,
            columns.district_codes[1].label("district"),
            columns.valid_from.label("changed_at"),
        )
        .select_from(projects.outerjoin(kept, kept.c.id == columns.id))
        .where(scope_condition(projects, scope), day >= since)
        .order_by(day, columns.code)
        .limit(limit)
    )
    return [Milestone(**row) for row in session.execute(statement).mappings()]


def heading_of(event: Event) -> str:
    """Return in a few words what happened, in the visitor's language."""
    language = current_language()
    day = format_day(event.day, language)
    heading: str
    match event.kind:
        case "update":
            percent = format_percent(event.physical_percent, language)
            heading = gettext("Terlaksana %(percent)s per %(day)s", percent=percent, day=day)
        case "state":
            heading = gettext("Status: %(status)s", status=code_label("status", event.status or ""))
        case "contract":
            heading = gettext("Kontrak ditandatangani")
        case "addendum":
            heading = gettext("Kontrak diubah")
    return heading


def sentences_of(event: Event) -> list[str]:
    """Return what is known of an event in sentences, in the visitor's language."""
    language = current_language()
    day, until = format_day(event.day, language), format_day(event.until, language)
    value = format_idr(event.value_idr, language)
    sentences: list[str] = []
    match event.kind:
        case "update":
            if event.planned_percent is not None:
                plan = format_percent(event.planned_percent, language)
                sentences.append(gettext("Rencana untuk hari itu %(plan)s.", plan=plan))
            if event.words:
                sentences.append(event.words)
        case "state":
            sentences.append(gettext("Sejak %(day)s.", day=day))
        case "contract":
            sentences.append(gettext("Ditandatangani %(day)s, senilai %(value)s.", day=day, value=value))
            if event.words:
                sentences.append(gettext("Penyedia: %(company)s.", company=event.words))
            if event.until is not None:
                sentences.append(gettext("Berakhir %(day)s.", day=until))
        case "addendum":
            sentences.append(gettext("Adendum ditandatangani %(day)s.", day=day))
            if event.value_idr is not None:
                sentences.append(gettext("Nilai kontrak menjadi %(value)s.", value=value))
            if event.until is not None:
                sentences.append(gettext("Akhir kontrak menjadi %(day)s.", day=until))
    return sentences


def kind_label(kind: Kind) -> str:
    """Return what a kind of event is called in the visitor's language."""
    labels: dict[Kind, str] = {
        "update": gettext("Kemajuan"),
        "state": gettext("Status"),
        "contract": gettext("Kontrak"),
        "addendum": gettext("Perubahan kontrak"),
    }
    return labels[kind]
