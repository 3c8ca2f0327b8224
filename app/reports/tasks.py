"""What the worker does for reports: documents that were asked for, those of every month, and clearing up."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from app.config import Settings
from app.database.roles import DatabaseUrls, database_urls
from app.errors import PetaKaryaError
from app.jobs import jobs
from app.reports.jobs import PAGE, Cancelled, ReportJob, get_job
from app.reports.report import Words
from app.reports.store import ReportStore
from gis.errors import GisError
from layers.errors import LayersError

if TYPE_CHECKING:
    from flask import Flask

    from app.reports.report import Report

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 3  # by workers that were killed in the middle; then it is the report that kills them
KEPT_DAYS = 30
COMPUTED_PERCENT = 70.0  # of the work, when a document follows
READING = Words("Membaca data", "Reading the data")
DRAWING = Words("Menyusun berkas", "Composing the file")
BROKEN = (
    "Laporan ini gagal dibuat karena kesalahan program. Kesalahannya dicatat; hubungi pengelola.",
    "This report could not be made because of a mistake in the program. It has been noted; tell the administrator.",
)
TOO_OFTEN = (
    "Laporan ini terlalu besar untuk mesin ini: pekerja berhenti beberapa kali. Pilih wilayah yang lebih kecil.",
    "This report is too large for this machine: its worker stopped several times. Choose a smaller area.",
)


@jobs.task
def make_document(job: str) -> None:
    """Make the document that a job asks for."""
    settings = Settings.from_environment()
    run_job(settings, database_urls(settings), UUID(job))


def run_job(settings: Settings, urls: DatabaseUrls, job_id: UUID) -> None:
    """
    Make a document and keep it; say on the way how far it is.

    May be run again after it was killed in the middle: what is whole is kept, and nothing is half.
    """
    with _engines(urls) as (app_engine, reader_engine):
        job = _take_up(app_engine, job_id)
        if job is None:
            return
        try:
            with Session(reader_engine) as public, Session(app_engine) as staff:
                _make(settings, urls, job, public, staff, _Progress(app_engine, job_id))
        except Cancelled:
            log.info("report job %s was cancelled", job_id)
        except (PetaKaryaError, GisError, LayersError) as error:
            _finish(app_engine, job_id, "failed", (error.message_id, error.message_en))
        except Exception:
            log.exception("report job %s failed", job_id)
            _finish(app_engine, job_id, "failed", BROKEN)
        else:
            _finish(app_engine, job_id, "done")


class _Progress:
    """Writes into the job's row what is being done; tells when it was cancelled."""

    def __init__(self, engine: Engine, job_id: UUID) -> None:
        self._engine, self._job_id = engine, job_id
        self.whole = 100.0  # of the job, when the step that runs now is at 100

    def __call__(self, doing: str | Words, percent: float) -> None:
        words = doing if isinstance(doing, Words) else Words(doing, doing)
        share = min(max(percent, 0.0), 100.0) / 100.0 * self.whole
        with self._engine.begin() as connection:
            state = connection.scalar(
                text("""
                    UPDATE app.report_job SET percent = greatest(percent, :percent), doing_id = :id, doing_en = :en
                    WHERE id = :job RETURNING state
                """),
                {"percent": share, "id": words.id, "en": words.en, "job": self._job_id},
            )
        if state != "running":
            raise Cancelled


def _make(
    settings: Settings, urls: DatabaseUrls, job: ReportJob, public: Session, staff: Session, progress: _Progress
) -> None:
    from app.reports.compute import make_report
    from app.reports.documents import document_name, draw_document

    store = ReportStore.of(settings)
    report: Report | None = store.read(job.key)
    progress.whole = COMPUTED_PERCENT if job.format != PAGE else 100.0
    progress(READING, 0)
    if report is None:
        whole = staff if job.for_staff else None
        made = make_report(
            public, job.request, job.key, now=datetime.now(UTC), store=store, staff=whole, on_step=progress
        )
        report = store.read(job.key) or made
    progress(DRAWING, 100)
    if job.format == PAGE:
        return
    with _application(settings, urls).test_request_context("/reports", query_string={"lang": job.language}):
        content, frame_key = draw_document(report, job.format, language=job.language, settings=settings)
    progress(DRAWING, 100)
    store.keep_document(job.key, document_name(job.format, job.language, frame_key), content)


@lru_cache(maxsize=1)
def _application(settings: Settings, urls: DatabaseUrls) -> Flask:
    """Return the application whose templates and words documents use, once for this worker."""
    from app import create_app  # only documents need the web application

    return create_app(settings, urls)


def _take_up(engine: Engine, job_id: UUID) -> ReportJob | None:
    """Take a job up, or none when it has been cancelled, is done, or has killed workers too often."""
    with Session(engine) as session, session.begin():
        attempts = session.scalar(
            text("""
                UPDATE app.report_job SET state = 'running', attempts = attempts + 1
                WHERE id = :id AND state IN ('waiting', 'running') RETURNING attempts
            """),
            {"id": job_id},
        )
        if attempts is None:
            return None
        job = get_job(session, job_id)
    if attempts > MOST_ATTEMPTS:
        _finish(engine, job_id, "failed", TOO_OFTEN)
        return None
    return job


def _finish(engine: Engine, job_id: UUID, state: str, error: tuple[str, str] | None = None) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("""
                UPDATE app.report_job
                SET state = :state, finished_at = now(), error_id = :error_id, error_en = :error_en,
                    percent = CASE WHEN :state = 'done' THEN 100 ELSE percent END
                WHERE id = :id AND state = 'running'
            """),
            {
                "state": state,
                "id": job_id,
                "error_id": error[0] if error else None,
                "error_en": error[1] if error else None,
            },
        )


@contextmanager
def _engines(urls: DatabaseUrls) -> Iterator[tuple[Engine, Engine]]:
    app_engine, reader_engine = (create_engine(url, poolclass=NullPool) for url in (urls.app, urls.reader))
    try:
        yield app_engine, reader_engine
    finally:
        app_engine.dispose()
        reader_engine.dispose()


@jobs.periodic(cron="23 * * * *")  # hourly, since the 5th begins at three times in Indonesia
@jobs.task(queueing_lock="run_report_schedules")
def run_report_schedules(timestamp: int) -> None:
    """Ask for the reports of this month whose day has come."""
    settings = Settings.from_environment()
    with _engines(database_urls(settings)) as (app_engine, reader_engine):
        asked = _ask_for_due(app_engine, reader_engine)
    log.info("%s scheduled reports were asked for", asked)


def _ask_for_due(app_engine: Engine, reader_engine: Engine) -> int:
    from app.reports.schedules import ask_for_due

    with Session(app_engine) as session, Session(reader_engine) as public:
        session.execute(text("SELECT set_config('petakarya.actor', 'kalender', true)"))
        asked = ask_for_due(session, public, now=datetime.now(UTC))
        session.commit()
    return asked


@jobs.periodic(cron="47 18 * * *")  # UTC: the small hours in all of Indonesia
@jobs.task(queueing_lock="forget_old_reports")
def forget_old_reports(timestamp: int) -> None:
    """Remove jobs and results that nobody asked for in a month, but not those of schedules."""
    settings = Settings.from_environment()
    with _engines(database_urls(settings)) as (app_engine, _reader), app_engine.begin() as connection:
        connection.execute(
            text("""
                    DELETE FROM app.report_job
                    WHERE schedule_id IS NULL AND asked_at < now() - make_interval(days => :days)
                """),
            {"days": KEPT_DAYS},
        )
        kept = connection.scalars(text("SELECT DISTINCT key FROM app.report_job WHERE schedule_id IS NOT NULL")).all()
    removed = ReportStore.of(settings).forget_old(kept)
    log.info("%s old reports were removed", removed)
