"""Forgets what need not be remembered: drafts that were never sent, counted attempts, contacts of ended reports."""

from __future__ import annotations

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from app.config import Settings
from app.database.roles import database_urls
from app.feedback.limits import forget_attempts
from app.feedback.queries import today_rules
from app.jobs import jobs


@jobs.periodic(cron="23 * * * *")
@jobs.task(queueing_lock="forget_feedback")
def forget_feedback(timestamp: int) -> None:
    """Forget, every hour."""
    settings = Settings.from_environment()
    engine = create_engine(database_urls(settings).app, poolclass=NullPool)
    with Session(engine) as session:
        forget(session, draft_hours=settings.feedback.draft_hours)
        session.commit()
    engine.dispose()


def forget(session: Session, *, draft_hours: int) -> None:
    """Remove drafts and attempts that are too old, and the contacts of reports that ended long enough ago."""
    session.execute(
        text("DELETE FROM app.feedback_draft WHERE made_at < now() - make_interval(hours => :hours)"),
        {"hours": draft_hours},
    )
    forget_attempts(session)
    _today, rules = today_rules(session)
    session.execute(
        text("""
            DELETE FROM app.feedback_contact c USING app.feedback_report f
            WHERE f.id = c.report_id AND f.ended_at < now() - make_interval(days => :days)
        """),
        {"days": int(rules["ADUAN_KONTAK_HARI"].value)},
    )
