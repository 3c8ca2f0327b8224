"""What waits for a person: reports to write and to check, alarms to answer, payments and hand-overs that are due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.auth.models import Account
from app.auth.permissions import Permission, permissions_of, scope_condition
from layers.rules import rules_in_force

SHOWN = 12  # of each kind on the page; the rest is counted

PACKAGE = "p.code, p.name, p.physical_percent, p.planned_percent, p.progress_date"
OWN = "(p.officer_id = :account OR p.ppk_id = :account OR (p.officer_id IS NULL AND p.ppk_id IS NULL))"

# Each kind: who it waits for, and what to select; all give code, name, day (since when, or by when), and a number.
KINDS: Mapping[str, tuple[Permission, str]] = {
    "returned": (
        Permission.UPDATE_WRITE,
        f"""SELECT {PACKAGE}, u.reviewed_at::date AS day, u.physical_percent AS number, u.client_id::text AS target
        FROM app.progress_update u JOIN app.project p ON p.id = u.project_id
        WHERE u.state = 'returned' AND (u.author = :email OR p.officer_id = :account) AND {{scope}}""",
    ),
    "drafts": (
        Permission.UPDATE_WRITE,
        f"""SELECT {PACKAGE}, u.day, u.physical_percent AS number, u.client_id::text AS target
        FROM app.progress_update u JOIN app.project p ON p.id = u.project_id
        WHERE u.state = 'draft' AND u.author = :email AND {{scope}}""",
    ),
    "due": (
        Permission.UPDATE_WRITE,
        f"""SELECT {PACKAGE}, coalesce(p.progress_date, p.start_date) AS day,
            (app.today() - coalesce(p.progress_date, p.start_date))::float AS number, NULL AS target
        FROM app.project p
        WHERE p.status = 'construction' AND app.today() - coalesce(p.progress_date, p.start_date) >= 7
            AND {OWN} AND {{scope}}
            AND NOT EXISTS (SELECT FROM app.progress_update u WHERE u.project_id = p.id AND u.state = 'submitted')""",
    ),
    "submitted": (
        Permission.UPDATE_APPROVE,
        f"""SELECT {PACKAGE}, u.day, u.physical_percent AS number, u.client_id::text AS target
        FROM app.progress_update u JOIN app.project p ON p.id = u.project_id
        WHERE u.state = 'submitted' AND u.author <> :email AND {{scope}}""",
    ),
    "photos": (
        Permission.PHOTO_REVIEW,
        f"""SELECT {PACKAGE}, min(f.received_at)::date AS day, count(*)::float AS number, NULL AS target
        FROM app.photo f JOIN app.project p ON p.id = f.project_id WHERE f.state = 'pending' AND {{scope}}
        GROUP BY p.id""",
    ),
    "critical": (
        Permission.CRITICAL_DECLARE,
        f"""SELECT {PACKAGE}, c.indicated_on AS day, p.physical_percent - p.planned_percent AS number, NULL AS target
        FROM app.critical_case c JOIN app.project p ON p.id = c.project_id
        WHERE c.state = 'indicated' AND (p.ppk_id = :account OR p.ppk_id IS NULL) AND {{scope}}""",
    ),
    "meetings": (
        Permission.CRITICAL_DECLARE,
        f"""SELECT {PACKAGE}, m.due_on AS day, m.target_percent AS number, NULL AS target
        FROM app.show_cause_meeting m JOIN app.critical_case c ON c.id = m.case_id AND c.state = 'declared'
        JOIN app.project p ON p.id = c.project_id
        WHERE m.outcome = 'pending' AND (p.ppk_id = :account OR p.ppk_id IS NULL) AND {{scope}}""",
    ),
    "past_end": (
        Permission.STATUS_CHANGE,
        f"""SELECT {PACKAGE}, p.end_date AS day, (app.today() - p.end_date)::float AS number, NULL AS target
        FROM app.project p
        WHERE p.status IN ('contract', 'construction') AND p.end_date < app.today()
            AND (p.ppk_id = :account OR p.ppk_id IS NULL) AND {{scope}}""",
    ),
    "unpaid": (
        Permission.PAYMENT_WRITE,
        f"""SELECT {PACKAGE}, p.progress_date AS day,
            (p.physical_percent - 100 * m.paid / nullif(p.contract_value_idr, 0))::float AS number, NULL AS target
        FROM app.project p CROSS JOIN LATERAL (SELECT app.contract_paid(p.id) AS paid) m
        WHERE p.status IN ('construction', 'handed_over', 'maintenance') AND p.contract_value_idr > 0
            AND p.physical_percent - 100 * m.paid / p.contract_value_idr > :ahead
            AND NOT EXISTS (SELECT FROM app.contract c
                WHERE c.project_id = p.id AND c.state = 'running' AND c.signed_on > p.progress_date)
            AND {{scope}}""",
    ),
}
OLDEST_FIRST = "ORDER BY day, code"


@dataclass(frozen=True)
class Task:
    """One thing that waits: the package, since (or by) which day, and the number that matters for its kind."""

    code: str
    name: str
    physical_percent: float | None
    planned_percent: float | None
    progress_date: date | None
    day: date | None
    number: float | None
    target: str | None  # client id of the update it is about


@dataclass(frozen=True)
class Waiting:
    """What waits of one kind: the first ones, and how many there are."""

    kind: str
    tasks: list[Task]
    total: int


def what_waits(session: Session, account: Account) -> list[Waiting]:
    """Return what waits for an account, kind by kind in the order of `KINDS`; kinds without anything are left out."""
    held = permissions_of(account)
    scope, parameters = scope_condition(account)
    values: dict[str, Any] = {**parameters, "account": account.id, "email": account.email, "shown": SHOWN}
    today = session.scalar(text("SELECT app.today()"))
    ahead = rules_in_force(session.connection(), today).get("FISIK_LEBIH_POIN")
    values["ahead"] = ahead.value if ahead else None
    found = []
    for kind, (permission, statement) in KINDS.items():
        if permission not in held:
            continue
        rows = session.execute(
            text(
                f"SELECT *, count(*) OVER () AS total FROM ({statement.format(scope=scope)}) waiting"
                f" {OLDEST_FIRST} LIMIT :shown"
            ),
            values,
        ).mappings()
        listed = [dict(row) for row in rows]
        if listed:
            total = int(listed[0]["total"])
            tasks = [Task(**{name: row[name] for name in Task.__annotations__}) for row in listed]
            found.append(Waiting(kind, tasks, total))
    return found
