"""Reports made in the background: asking for one, seeing how far it is, cancelling it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.errors import NotFound, TooBusy
from app.jobs import defer
from app.reports.requests import ReportRequest

MOST_WAITING = 30  # documents of the public that wait at once; then who asks comes again later
PAGE = "page"  # the report itself, without a document
COLUMNS = (
    "id, key, request, format, language, for_staff, state, percent, doing_id, doing_en, error_id, error_en, asked_at,"
    " finished_at, schedule_id"
)


class Cancelled(Exception):
    """Nobody wants this report any more."""


@dataclass(frozen=True)
class ReportJob:
    """A document that is made in the background, and how far it is."""

    id: UUID
    key: str
    request: ReportRequest
    format: str  # of the document, or `page` for the report alone
    language: str
    for_staff: bool
    state: str  # waiting, running, done, failed or cancelled
    percent: float
    doing: tuple[str, str]  # Indonesian, English
    error: tuple[str, str] | None
    asked_at: datetime
    finished_at: datetime | None
    schedule_id: int | None

    @property
    def is_open(self) -> bool:
        """Whether it is still to be made."""
        return self.state in {"waiting", "running"}

    def to_json(self, language: str) -> dict[str, Any]:
        """Return what a program that waits needs to know."""
        chosen = 1 if language == "en" else 0
        return {
            "id": str(self.id),
            "report": self.request.name,
            "format": self.format,
            "state": self.state,
            "percent": round(self.percent, 1),
            "doing": self.doing[chosen],
            "error": self.error[chosen] if self.error else None,
        }


def request_json(request: ReportRequest) -> dict[str, Any]:
    """Return a request as it is kept."""
    return {
        "report": request.name,
        "area": request.area,
        "year": request.year,
        "as_of": request.as_of,
        "settings": dict(request.settings),
    }


def request_from(kept: Mapping[str, Any]) -> ReportRequest:
    """Read a request that was kept."""
    settings = tuple(sorted(kept.get("settings", {}).items()))
    return ReportRequest(kept.get("area"), kept.get("year"), kept.get("as_of"), kept["report"], settings)


def ask_for(
    session: Session,
    request: ReportRequest,
    key: str,
    *,
    wanted: str,
    language: str,
    for_staff: bool,
    schedule_id: int | None = None,
) -> ReportJob:
    """
    Ask for a document of a report; the one that is being made already when there is one.

    Parameters
    ----------
    session
        Of the role app; the job exists when its transaction commits.
    key
        Of the report, from `requests.key_of`.
    wanted
        Format of the document, or `PAGE`.

    Raises
    ------
    TooBusy
        When too many of the public's are waiting.
    """
    from app.reports.tasks import make_document

    found = _open_job(session, key, wanted, language)
    if found is not None:
        return found
    if not for_staff and schedule_id is None:
        waiting = session.scalar(text("SELECT count(*) FROM app.report_job WHERE state = 'waiting' AND NOT for_staff"))
        if waiting is not None and waiting >= MOST_WAITING:
            raise TooBusy(
                "Banyak laporan sedang menunggu dibuat. Coba lagi beberapa menit lagi.",
                "Many reports are waiting to be made. Try again in a few minutes.",
            )
    made = session.execute(
        text(f"""
            INSERT INTO app.report_job (key, request, format, language, for_staff, schedule_id)
            VALUES (:key, CAST(:request AS jsonb), :format, :language, :for_staff, :schedule_id)
            ON CONFLICT (key, format, language) WHERE state IN ('waiting', 'running') DO NOTHING
            RETURNING {COLUMNS}
        """),
        {
            "key": key,
            "request": json.dumps(request_json(request)),
            "format": wanted,
            "language": language,
            "for_staff": for_staff,
            "schedule_id": schedule_id,
        },
    ).one_or_none()
    if made is None:  # somebody asked for it at the same moment
        return _open_job(session, key, wanted, language) or ask_for(
            session, request, key, wanted=wanted, language=language, for_staff=for_staff, schedule_id=schedule_id
        )
    defer(session, make_document, job=str(made.id))
    return _job(made)


def get_job(session: Session, job_id: UUID) -> ReportJob:
    """Return a job; `NotFound` when there is none."""
    row = session.execute(text(f"SELECT {COLUMNS} FROM app.report_job WHERE id = :id"), {"id": job_id}).one_or_none()
    if row is None:
        raise NotFound(
            "Permintaan laporan ini tidak ada, atau sudah terlalu lama.",
            "There is no such request for a report, or it is too old.",
        )
    return _job(row)


def failed_job(session: Session, key: str, wanted: str, language: str, *, since: datetime) -> ReportJob | None:
    """Return the newest failure to make a document since a moment, so that it is told and not tried for ever."""
    row = session.execute(
        text(f"""
            SELECT {COLUMNS} FROM app.report_job
            WHERE key = :key AND format = :format AND language = :language AND state = 'failed' AND finished_at > :since
            ORDER BY finished_at DESC LIMIT 1
        """),
        {"key": key, "format": wanted, "language": language, "since": since},
    ).one_or_none()
    return _job(row) if row is not None else None


def cancel_job(session: Session, job_id: UUID) -> ReportJob:
    """Cancel a job that is not done; the worker stops at its next step. One that has ended stays as it is."""
    session.execute(
        text("""
            UPDATE app.report_job SET state = 'cancelled', finished_at = now()
            WHERE id = :id AND state IN ('waiting', 'running') AND schedule_id IS NULL
        """),
        {"id": job_id},
    )
    return get_job(session, job_id)


def jobs_of_schedules(session: Session, limit: int = 200) -> Sequence[ReportJob]:
    """Return the documents that schedules asked for, the newest first."""
    rows = session.execute(
        text(f"""
            SELECT {COLUMNS} FROM app.report_job WHERE schedule_id IS NOT NULL ORDER BY asked_at DESC, id LIMIT :limit
        """),
        {"limit": limit},
    )
    return [_job(row) for row in rows]


def _open_job(session: Session, key: str, wanted: str, language: str) -> ReportJob | None:
    row = session.execute(
        text(f"""
            SELECT {COLUMNS} FROM app.report_job
            WHERE key = :key AND format = :format AND language = :language AND state IN ('waiting', 'running')
        """),
        {"key": key, "format": wanted, "language": language},
    ).one_or_none()
    return _job(row) if row is not None else None


def _job(row: Row[Any]) -> ReportJob:
    waiting = ("Menunggu giliran", "Waiting for its turn")
    return ReportJob(
        id=row.id,
        key=row.key,
        request=request_from(row.request),
        format=row.format,
        language=row.language,
        for_staff=row.for_staff,
        state=row.state,
        percent=row.percent,
        doing=(row.doing_id or waiting[0], row.doing_en or waiting[1]),
        error=(row.error_id, row.error_en) if row.error_id else None,
        asked_at=row.asked_at,
        finished_at=row.finished_at,
        schedule_id=row.schedule_id,
    )
