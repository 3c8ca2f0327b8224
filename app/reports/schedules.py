"""Reports of every month: which are made on which day, and asking for those whose day has come."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.reports.areas import read_report_area
from app.reports.definition import report_definition
from app.reports.jobs import ask_for, request_from, request_json
from app.reports.requests import ReportRequest


def list_schedules(session: Session) -> Sequence[Row[Any]]:
    """Return what is made every month, the oldest first."""
    return session.execute(
        text("""
            SELECT id, request, formats, language, day_of_month, for_staff, is_active FROM app.report_schedule
            ORDER BY id
        """)
    ).all()


def add_schedule(
    session: Session, request: ReportRequest, *, formats: Sequence[str], language: str, day_of_month: int
) -> int:
    """
    Have a report made every month.

    Raises
    ------
    NotFound, InvalidRequest
        When there is no such report or area, or a setting cannot be used.
    """
    definition = report_definition(request.name)
    read_report_area(session, request.area)
    definition.read_settings(dict(request.settings))
    return int(
        session.scalars(
            text("""
                INSERT INTO app.report_schedule (request, formats, language, day_of_month, for_staff)
                VALUES (CAST(:request AS jsonb), :formats, :language, :day, :for_staff) RETURNING id
            """),
            {
                "request": json.dumps(request_json(request)),
                "formats": list(formats),
                "language": language,
                "day": day_of_month,
                "for_staff": definition.critical or definition.access == "staff",
            },
        ).one()
    )


def set_active(session: Session, schedule_id: int, *, is_active: bool) -> None:
    """Pause a schedule or take it up again; `NotFound` when there is none."""
    found = session.execute(
        text("UPDATE app.report_schedule SET is_active = :active WHERE id = :id RETURNING id"),
        {"active": is_active, "id": schedule_id},
    ).one_or_none()
    if found is None:
        raise NotFound("Jadwal ini tidak ada.", "There is no such schedule.")


def ask_for_due(session: Session, public: Session, *, now: datetime) -> int:
    """
    Ask for the documents of this month whose day has come, once; also after days on which nothing ran.

    They are about the end of the day before the schedule's day, as recorded by then.

    Returns
    -------
    asked
        How many documents were asked for.
    """
    from app.reports.compute import key_of  # loads geopandas, which the page of schedules does without

    area = read_report_area(public, None)
    zone = ZoneInfo(area.time_zone)
    today = now.astimezone(zone).date()
    asked = 0
    for schedule in _due(session, today, zone):
        until = today.replace(day=schedule.day_of_month) - timedelta(days=1)
        kept = request_from(schedule.request)
        request = ReportRequest(kept.area, kept.year, until.isoformat(), kept.name, kept.settings)
        key = key_of(public, request, now=now, staff=session if schedule.for_staff else None)
        for wanted in schedule.formats:
            ask_for(
                session,
                request,
                key,
                wanted=wanted,
                language=schedule.language,
                for_staff=schedule.for_staff,
                schedule_id=schedule.id,
            )
            asked += 1
    return asked


def _due(session: Session, today: date, zone: ZoneInfo) -> Sequence[Row[Any]]:
    month = datetime(today.year, today.month, 1, tzinfo=zone)
    return session.execute(
        text("""
            SELECT id, request, formats, language, day_of_month, for_staff FROM app.report_schedule s
            WHERE is_active AND day_of_month <= :today AND NOT EXISTS (
                SELECT FROM app.report_job j WHERE j.schedule_id = s.id AND j.asked_at >= :month
            ) ORDER BY id FOR UPDATE
        """),
        {"today": today.day, "month": month},
    ).all()
