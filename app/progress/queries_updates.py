"""Reads of weekly progress: a package's updates, what waits for review, and the approved figures around a day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.recorded import recorded

LISTED = 400  # newest updates shown of a package: more than seven years of weeks
PUBLIC = 8  # newest published updates on the public page
WAITING = 200  # of those that wait for review, the oldest first

PACKAGE = """
    SELECT p.id, p.code, p.name, p.status, p.start_date, p.end_date, p.unit_id, p.ppk_id, p.officer_id,
        p.district_codes, p.village_codes, p.physical_percent, p.planned_percent, p.progress_date,
        c.id AS contract_id, c.number AS contract_number
    FROM app.project p LEFT JOIN app.contract c ON c.project_id = p.id AND c.state = 'running'
"""
SHOWN = """
    SELECT u.id, u.project_id, u.contract_id, u.client_id, u.day, u.physical_percent, u.planned_percent, u.state,
        u.weather, u.workers, u.obstacles, u.obstacle_cause, u.note, u.correction_note,
        ST_X(u.position) AS lon, ST_Y(u.position) AS lat, u.accuracy_m, u.located_at, u.author, u.edited_by,
        u.written_at, u.received_at, u.submitted_at, u.reviewed_at, u.reviewed_by, u.review_comment, u.published_at,
        u.version, u.valid_from AS changed_at, u.changed_by
"""
UPDATE = f"{SHOWN} FROM app.progress_update u"
COLUMNS = (
    "id, project_id, contract_id, client_id, day, physical_percent, planned_percent, state, weather, workers,"
    " obstacles, obstacle_cause, note, correction_note, position, accuracy_m, located_at, author, edited_by,"
    " written_at, received_at, submitted_at, reviewed_at, reviewed_by, review_comment, published_at, version,"
    " valid_from, changed_by"
)
SAME_CONTRACT = "(CAST(:contract AS bigint) IS NULL OR u.contract_id IS NULL OR u.contract_id = :contract)"


@dataclass(frozen=True)
class Package:
    """What progress must know of a package; percentages are the newest approved ones."""

    id: int
    code: str
    name: str
    status: str
    start_date: dt.date | None
    end_date: dt.date | None
    unit_id: int | None
    ppk_id: int | None
    officer_id: int | None
    district_codes: list[str] | None
    village_codes: list[str] | None
    physical_percent: float | None
    planned_percent: float | None
    progress_date: dt.date | None
    contract_id: int | None  # of the running contract
    contract_number: str | None


@dataclass(frozen=True)
class Update:
    """A weekly update as it is kept; percent 0 to 100, position lon/lat in EPSG:4326, accuracy in metres."""

    id: int
    project_id: int
    contract_id: int | None
    client_id: UUID
    day: dt.date
    physical_percent: float
    planned_percent: float | None
    state: str
    weather: str | None
    workers: int | None
    obstacles: str | None
    obstacle_cause: str
    note: str | None
    correction_note: str | None
    lon: float | None
    lat: float | None
    accuracy_m: float | None
    located_at: dt.datetime | None
    author: str
    edited_by: str | None
    written_at: dt.datetime | None
    received_at: dt.datetime
    submitted_at: dt.datetime | None
    reviewed_at: dt.datetime | None
    reviewed_by: str | None
    review_comment: str | None
    published_at: dt.datetime | None
    version: int
    changed_at: dt.datetime
    changed_by: str

    @property
    def is_open(self) -> bool:
        """Whether its text and figures may still be changed."""
        return self.state in {"draft", "returned", "submitted"}

    @property
    def is_approved(self) -> bool:
        """Whether its figure counts."""
        return self.state in {"approved", "published"}


@dataclass(frozen=True)
class Item:
    """A work item of a contract, with what is installed of it: by an update, and by the newest approved one before."""

    id: int
    position: int
    code: str | None
    name: str
    unit: str
    quantity: float
    weight_percent: float
    installed: float | None
    before: float | None


@dataclass(frozen=True)
class Waiting:
    """An update that waits for a reviewer, with its package."""

    client_id: UUID
    day: dt.date
    physical_percent: float
    planned_percent: float | None
    before_percent: float | None
    state: str
    author: str
    submitted_at: dt.datetime | None
    code: str
    name: str
    photos: int


@dataclass(frozen=True)
class PublicUpdate:
    """What the public reads of a published update."""

    day: dt.date
    physical_percent: float
    weather: str | None
    note: str | None


@dataclass(frozen=True)
class Neighbours:
    """The approved updates of a contract just before and just after a day, and the one of the day itself."""

    before: Update | None
    same: Update | None
    after: Update | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is approved yet."""
        return self.before is None and self.same is None and self.after is None


def find_package(session: Session, code: str) -> Package:
    """Return the package of a code; `NotFound` when there is none."""
    row = None
    if "\0" not in code:
        row = session.execute(text(f"{PACKAGE} WHERE p.code = :code"), {"code": code}).mappings().one_or_none()
    if row is None:
        raise NotFound(f"Paket dengan kode “{code[:60]}” tidak ada.", f"There is no package “{code[:60]}”.")
    return Package(**row)


def get_package(session: Session, project_id: int, *, lock: bool = False) -> Package:
    """Return the package of an id; with `lock`, no other transaction changes its progress until this one ends."""
    if lock:
        session.execute(text("SELECT id FROM app.project WHERE id = :id FOR NO KEY UPDATE"), {"id": project_id})
    return Package(**session.execute(text(f"{PACKAGE} WHERE p.id = :id"), {"id": project_id}).mappings().one())


def find_update(session: Session, client_id: UUID, *, lock: bool = False) -> Update | None:
    """Return the update that a phone named so, or None; with `lock` it stays as it is until the transaction ends."""
    statement = f"{UPDATE} WHERE u.client_id = :client_id{' FOR UPDATE OF u' if lock else ''}"
    row = session.execute(text(statement), {"client_id": client_id}).mappings().one_or_none()
    return Update(**row) if row else None


def get_update(session: Session, client_id: UUID, *, lock: bool = False) -> Update:
    """Return the update that a phone named so; `NotFound` when there is none."""
    update = find_update(session, client_id, lock=lock)
    if update is None:
        raise NotFound("Laporan kemajuan ini tidak ada.", "There is no such progress update.")
    return update


def list_updates(session: Session, project_id: int, as_of: dt.datetime | None = None) -> list[Update]:
    """Return the updates of a package, the newest day first, now or as they were recorded at a moment."""
    source = recorded("progress_update", as_of, columns=COLUMNS)
    statement = text(
        f"{SHOWN} FROM {source} u WHERE u.project_id = :project ORDER BY u.day DESC, u.id DESC LIMIT :limit"
    )
    rows = session.execute(statement, {"project": project_id, "limit": LISTED, "as_of": as_of}).mappings()
    return [Update(**row) for row in rows]


def public_updates(session: Session, project_id: int, as_of: dt.datetime | None = None) -> list[PublicUpdate]:
    """
    Return the newest published updates of a package, the newest first; `session` may be of the public's role.

    At a moment those that were published then and still are: what was taken back since stays away.
    """
    then = f"AND id IN (SELECT id FROM {recorded('public_update', as_of, columns='id, project_id')} t)"
    rows = session.execute(
        text(f"""
            SELECT day, physical_percent, weather, note FROM app.public_update
            WHERE project_id = :project {then if as_of else ""} ORDER BY day DESC LIMIT :limit
        """),
        {"project": project_id, "limit": PUBLIC, **({"as_of": as_of} if as_of else {})},
    ).mappings()
    return [PublicUpdate(**row) for row in rows]


def neighbours(
    session: Session, project_id: int, contract_id: int | None, day: dt.date, *, but: int | None = None
) -> Neighbours:
    """Return the approved updates around a day, but the one of id `but`; relies on progress_update_day_idx."""
    values = {"project": project_id, "contract": contract_id, "day": day, "but": but}
    condition = (
        f"u.project_id = :project AND u.state IN ('approved', 'published') AND {SAME_CONTRACT}"
        " AND (CAST(:but AS bigint) IS NULL OR u.id <> :but)"
    )

    def one(more: str) -> Update | None:
        row = session.execute(text(f"{UPDATE} WHERE {condition} AND {more} LIMIT 1"), values).mappings().one_or_none()
        return Update(**row) if row else None

    return Neighbours(
        before=one("u.day < :day ORDER BY u.day DESC"),
        same=one("u.day = :day"),
        after=one("u.day > :day ORDER BY u.day"),
    )


def contract_items(
    session: Session, contract_id: int | None, *, update_id: int | None = None, day: dt.date | None = None
) -> list[Item]:
    """
    Return the work items of a contract in their order.

    Parameters
    ----------
    contract_id
        None: no items.
    update_id
        The update whose quantities are `installed`; None: of none.
    day
        `before` are the quantities of the newest approved update with items earlier than this day; None: of any day.
    """
    if contract_id is None:
        return []
    statement = text("""
        WITH last AS (
            SELECT u.id FROM app.progress_update u
            WHERE u.contract_id = :contract AND u.state IN ('approved', 'published')
                AND (CAST(:day AS date) IS NULL OR u.day < :day)
                AND (CAST(:update AS bigint) IS NULL OR u.id <> :update)
                AND EXISTS (SELECT FROM app.progress_item i WHERE i.update_id = u.id)
            ORDER BY u.day DESC LIMIT 1
        )
        SELECT w.id, w.position, w.code, w.name, w.unit, w.quantity::double precision AS quantity, w.weight_percent,
            i.installed::double precision AS installed, b.installed::double precision AS before
        FROM app.work_item w
        LEFT JOIN app.progress_item i ON i.item_id = w.id AND i.update_id = :update
        LEFT JOIN app.progress_item b ON b.item_id = w.id AND b.update_id = (SELECT id FROM last)
        WHERE w.contract_id = :contract ORDER BY w.position, w.id
    """)
    rows = session.execute(statement, {"contract": contract_id, "update": update_id, "day": day}).mappings()
    return [Item(**row) for row in rows]


def installed_items(session: Session, project_id: int) -> dict[int, list[dict[str, Any]]]:
    """Return what the newest updates of a package say is installed, by update and in the order of the items."""
    statement = text("""
        SELECT i.update_id, w.id AS item_id, w.name, w.unit, i.installed::double precision AS installed
        FROM (SELECT id FROM app.progress_update WHERE project_id = :project ORDER BY day DESC, id DESC LIMIT :limit) u
        JOIN app.progress_item i ON i.update_id = u.id JOIN app.work_item w ON w.id = i.item_id
        ORDER BY w.position, w.id
    """)
    found: dict[int, list[dict[str, Any]]] = {}
    for row in session.execute(statement, {"project": project_id, "limit": LISTED}).mappings():
        values = dict(row)
        found.setdefault(values.pop("update_id"), []).append(values)
    return found


def items_json(items: list[Item]) -> list[dict[str, Any]]:
    """Return what is installed as programs read it, without the items that an update does not say."""
    return [
        {"item_id": item.id, "name": item.name, "unit": item.unit, "installed": item.installed}
        for item in items
        if item.installed is not None
    ]


def waiting_updates(session: Session, scope: str, values: dict[str, Any], *, state: str = "submitted") -> list[Waiting]:
    """
    Return the updates that wait for a reviewer, the oldest first; relies on progress_update_waiting_idx.

    Parameters
    ----------
    scope, values
        The condition of `scope_condition` on packages named `p`.
    state
        `submitted` wait for approval, `approved` for publication.
    """
    statement = text(f"""
        SELECT u.client_id, u.day, u.physical_percent,
            coalesce(u.planned_percent, app.planned_percent(p.id, u.day)) AS planned_percent,
            (SELECT b.physical_percent FROM app.progress_update b
                WHERE b.project_id = p.id AND b.state IN ('approved', 'published') AND b.day < u.day
                ORDER BY b.day DESC LIMIT 1) AS before_percent,
            u.state, u.author, u.submitted_at, p.code, p.name,
            (SELECT count(*) FROM app.photo WHERE update_id = u.id) AS photos
        FROM app.progress_update u JOIN app.project p ON p.id = u.project_id
        WHERE u.state = :state AND {scope} ORDER BY u.submitted_at NULLS FIRST, u.id LIMIT :limit
    """)
    rows = session.execute(statement, {**values, "state": state, "limit": WAITING}).mappings()
    return [Waiting(**row) for row in rows]


def update_json(update: Update, code: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    """Return an update as programs read it."""
    return {
        "client_id": str(update.client_id),
        "project": code,
        "day": update.day.isoformat(),
        "physical_percent": update.physical_percent,
        "planned_percent": update.planned_percent,
        "items": items,
        "state": update.state,
        "weather": update.weather,
        "workers": update.workers,
        "obstacles": update.obstacles,
        "obstacle_cause": update.obstacle_cause,
        "note": update.note,
        "correction_note": update.correction_note,
        "position": None
        if update.lon is None
        else {
            "lon": update.lon,
            "lat": update.lat,
            "accuracy_m": update.accuracy_m,
            "at": _moment(update.located_at),
        },
        "author": update.author,
        "edited_by": update.edited_by or update.author,
        "written_at": _moment(update.written_at),
        "received_at": _moment(update.received_at),
        "submitted_at": _moment(update.submitted_at),
        "reviewed_at": _moment(update.reviewed_at),
        "reviewed_by": update.reviewed_by,
        "review_comment": update.review_comment,
        "published_at": _moment(update.published_at),
        "version": update.version,
    }


def _moment(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment else None
