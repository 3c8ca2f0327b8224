"""Notices: who is told what, kept for the list in the application and for the e-mail that follows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy import select, text
from sqlalchemy.orm import Session, selectinload

from app.auth.models import Account
from app.auth.permissions import Permission, is_within, permissions_of_roles
from app.extensions import current_language
from app.formats import format_day, format_number

# Who learns of what: holders of a permission in whose area and unit the package lies, and people the package or the
# notice names.
TOLD_BY_PERMISSION = {
    "submitted": (Permission.UPDATE_APPROVE,),
    "critical": (Permission.CRITICAL_DECLARE, Permission.UPDATE_APPROVE, Permission.LEADER_READ),
    "declared": (Permission.UPDATE_APPROVE, Permission.LEADER_READ),
    "overdue": (Permission.UPDATE_APPROVE,),
}
TOLD_BY_NAME = {
    "returned": ("author",),
    "approved": ("author", "ppk_id"),
    "published": ("author",),
    "critical": ("ppk_id", "officer_id"),
    "declared": ("officer_id",),
    "overdue": ("ppk_id", "officer_id"),
}
LISTED = 100


@dataclass(frozen=True)
class Notice:
    """One line of a person's list."""

    id: int
    kind: str
    project_code: str | None
    project_name: str | None
    about: dict[str, Any]
    created_at: datetime
    is_read: bool


def tell(session: Session, kind: str, project_id: int, about: dict[str, Any]) -> int:
    """
    Tell those concerned what happened to a package; who did it himself is not told.

    Parameters
    ----------
    kind
        `submitted`, `returned`, `approved`, `published`, `critical`, `declared` or `overdue`.
    about
        What the sentence is filled with (JSON); `author` is the e-mail address of who wrote the update.

    Returns
    -------
    told
        How many people.
    """
    project = (
        session.execute(
            text(
                "SELECT id, ppk_id, officer_id, unit_id, district_codes, village_codes FROM app.project WHERE id = :id"
            ),
            {"id": project_id},
        )
        .mappings()
        .one()
    )
    actor = session.scalar(text("SELECT app.actor()"))
    people = session.scalars(
        select(Account).where(Account.active.is_(True), Account.email != actor).options(selectinload(Account.roles))
    )
    told = [account.id for account in people if _concerns(account, kind, dict(project), about)]
    for account_id in told:
        session.execute(
            text(
                "INSERT INTO app.notice (account_id, kind, project_id, about)"
                " VALUES (:account, :kind, :project, CAST(:about AS jsonb))"
            ),
            {"account": account_id, "kind": kind, "project": project_id, "about": json.dumps(about, default=str)},
        )
    return len(told)


def _concerns(account: Account, kind: str, project: dict[str, Any], about: dict[str, Any]) -> bool:
    named = TOLD_BY_NAME.get(kind, ())
    if "author" in named and account.email == about.get("author"):
        return True
    if account.id in {project[name] for name in named if name != "author"} - {None}:
        return True
    held = permissions_of_roles(role.name for role in account.roles)
    if not held.intersection(TOLD_BY_PERMISSION.get(kind, ())):
        return False
    signatory = Permission.CRITICAL_DECLARE in held and project["ppk_id"] not in {None, account.id}
    return not signatory and is_within(account, project)


def read_notices(session: Session, account_id: int, *, only_unread: bool = False) -> list[Notice]:
    """Return a person's notices, the newest first, at most `LISTED`."""
    rows = session.execute(
        text(f"""
            SELECT n.id, n.kind, p.code AS project_code, p.name AS project_name, n.about, n.created_at,
                n.read_at IS NOT NULL AS is_read
            FROM app.notice n LEFT JOIN app.project p ON p.id = n.project_id
            WHERE n.account_id = :account {"AND n.read_at IS NULL" if only_unread else ""}
            ORDER BY n.created_at DESC, n.id DESC LIMIT :limit
        """),
        {"account": account_id, "limit": LISTED},
    ).mappings()
    return [Notice(**row) for row in rows]


def mark_read(session: Session, account_id: int, notice_ids: Iterable[int] | None = None) -> int:
    """Note that a person has read some notices, or all; returns how many were unread."""
    wanted = None if notice_ids is None else list(notice_ids)
    result = session.execute(
        text("""
            UPDATE app.notice SET read_at = now()
            WHERE account_id = :account AND read_at IS NULL
                AND (CAST(:ids AS bigint[]) IS NULL OR id = ANY (CAST(:ids AS bigint[])))
            RETURNING id
        """),
        {"account": account_id, "ids": wanted},
    )
    return len(result.all())


def sentence_of(kind: str, about: dict[str, Any]) -> str:
    """Return what a notice says, in the language of who reads it."""
    language = current_language()
    day = format_day(date.fromisoformat(about["day"]), language) if about.get("day") else ""
    figure = about.get("physical_percent")
    percent = "" if figure is None else format_number(float(figure), language, 2)
    sentences = {
        "submitted": gettext("Laporan %(day)s menunggu pemeriksaan.", day=day),
        "returned": gettext(
            "Laporan %(day)s dikembalikan: %(comment)s",
            day=day,
            comment=about.get("comment") or gettext("lihat catatan"),
        ),
        "approved": gettext("Laporan %(day)s disetujui, realisasi %(percent)s%%.", day=day, percent=percent),
        "published": gettext("Laporan %(day)s diterbitkan.", day=day),
        "critical": gettext("Kontrak terindikasi kritis. Periksa, lalu tetapkan atau catat alasannya."),
        "declared": gettext(
            "Kontrak ditetapkan kritis dengan surat %(number)s.", number=about.get("letter_number", "")
        ),
        "overdue": gettext("Belum ada laporan yang disetujui selama %(days)s hari.", days=about.get("days", "")),
    }
    return str(sentences.get(kind) or gettext("Ada perubahan pada paket ini."))
