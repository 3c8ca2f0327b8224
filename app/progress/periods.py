"""Months of reporting: each closes by itself after a day of the next month, and whoever opens it again is recorded."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass

from babel.dates import format_date
from flask_babel import gettext
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.errors import InvalidInput
from app.extensions import current_language
from app.formats import format_day
from layers.rules import rules_in_force

CUTOFF = "CUTOFF_LAPORAN"  # day of the next month on which a month is open for the last time
SHOWN_MONTHS = 12
SHOWN_UNLOCKS = 100


class PeriodClosed(InvalidInput):
    """The day lies in a month that is closed, and nobody has opened it again."""


@dataclass(frozen=True)
class Unlock:
    """Who opened a month again, for which package (None: all), until when, and why."""

    id: int
    month: dt.date
    code: str | None
    reason: str
    until: dt.datetime
    unlocked_at: dt.datetime
    actor: str


@dataclass(frozen=True)
class Month:
    """A month of reporting: its first day, the last day on which it is open, and whether it is closed now."""

    first: dt.date
    open_through: dt.date
    is_closed: bool


def first_of_month(day: dt.date) -> dt.date:
    """Return the first day of a day's month."""
    return day.replace(day=1)


def last_open_day(day: dt.date, *, cutoff: int) -> dt.date:
    """
    Return the last day on which a day's month takes entries: the cut-off day of the month after it.

    Parameters
    ----------
    cutoff
        Day of the month, 1 to 31; in a shorter month its last day.
    """
    following = (first_of_month(day) + dt.timedelta(days=31)).replace(day=1)
    return following.replace(day=min(cutoff, calendar.monthrange(following.year, following.month)[1]))


def month_name(day: dt.date) -> str:
    """Return a day's month as people say it: November 2026."""
    return str(format_date(day, "MMMM yyyy", locale=current_language()))


def read_cutoff(session: Session, today: dt.date) -> int:
    """Return the cut-off day in force today."""
    return int(rules_in_force(session.connection(), today)[CUTOFF].value)


def require_open(session: Session, project_id: int, day: dt.date, *, today: dt.date, field: str = "day") -> None:
    """
    Refuse what would change the figures of a closed month.

    Raises
    ------
    PeriodClosed
        With a sentence for the input `field`.
    """
    closes = last_open_day(day, cutoff=read_cutoff(session, today))
    if today <= closes or is_unlocked(session, project_id, day):
        return
    language = current_language()
    raise PeriodClosed(
        {
            field: gettext(
                "Laporan bulan %(month)s ditutup setelah %(closed)s. Minta administrator membukanya kembali dengan"
                " alasan; belum ada yang disimpan.",
                month=month_name(day),
                closed=format_day(closes, language),
            )
        }
    )


def is_unlocked(session: Session, project_id: int, day: dt.date) -> bool:
    """Tell whether somebody opened a day's month again, for this package or all, and the time for it still runs."""
    return bool(
        session.scalar(
            text("""
                SELECT EXISTS (SELECT FROM app.period_unlock
                    WHERE month = :month AND (project_id IS NULL OR project_id = :project) AND until > now())
            """),
            {"month": first_of_month(day), "project": project_id},
        )
    )


def unlock(
    session: Session, month: dt.date, *, reason: str, until: dt.datetime, project_id: int | None, today: dt.date
) -> int:
    """
    Open a closed month again until a moment, for one package or for all, and return the record's id.

    Raises
    ------
    InvalidInput
        When the month is not closed, or the moment is past.
    """
    month = first_of_month(month)
    closes = last_open_day(month, cutoff=read_cutoff(session, today))
    if today <= closes:
        raise InvalidInput(
            {"month": gettext("Bulan ini masih terbuka sampai %(day)s.", day=format_day(closes, current_language()))}
        )
    if until <= dt.datetime.now(dt.UTC):
        raise InvalidInput({"until": gettext("Waktu ini sudah lewat. Isi kapan bulan itu ditutup lagi.")})
    return int(
        session.execute(
            text("""
                INSERT INTO app.period_unlock (month, project_id, reason, until)
                VALUES (:month, :project, :reason, :until) RETURNING id
            """),
            {"month": month, "project": project_id, "reason": reason, "until": until},
        ).scalar_one()
    )


def list_unlocks(session: Session) -> list[Unlock]:
    """Return who opened which month, the newest first."""
    rows = session.execute(
        text("""
            SELECT l.id, l.month, p.code, l.reason, l.until, l.unlocked_at, l.actor
            FROM app.period_unlock l LEFT JOIN app.project p ON p.id = l.project_id ORDER BY l.id DESC LIMIT :limit
        """),
        {"limit": SHOWN_UNLOCKS},
    ).mappings()
    return [Unlock(**row) for row in rows]


def recent_months(session: Session, *, today: dt.date) -> list[Month]:
    """Return this month and those before it, the newest first, each with the day on which it closes."""
    cutoff = read_cutoff(session, today)
    months, first = [], first_of_month(today)
    for _ in range(SHOWN_MONTHS):
        closes = last_open_day(first, cutoff=cutoff)
        months.append(Month(first, closes, is_closed=today > closes))
        first = first_of_month(first - dt.timedelta(days=1))
    return months


def unlock_json(one: Unlock) -> dict[str, str | int | None]:
    """Return an unlocking as programs read it."""
    return {
        "id": one.id,
        "month": f"{one.month:%Y-%m}",
        "project": one.code,
        "reason": one.reason,
        "until": one.until.isoformat(),
        "unlocked_at": one.unlocked_at.isoformat(),
        "actor": one.actor,
    }
