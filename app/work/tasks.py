"""Tell people of updates that are overdue, and send notices by e-mail."""

from __future__ import annotations

import logging

from sqlalchemy import text

from app.config import Settings
from app.extensions import db
from app.jobs import jobs
from app.work.mail import send_waiting
from app.work.notices import tell

log = logging.getLogger(__name__)

OVERDUE = """
    SELECT p.id, app.today() - coalesce(p.progress_date, p.start_date) AS days
    FROM app.project p
    WHERE p.status = 'construction' AND app.today() - coalesce(p.progress_date, p.start_date) > :stale
        AND NOT EXISTS (
            SELECT FROM app.notice n
            WHERE n.project_id = p.id AND n.kind = 'overdue' AND n.created_at > now() - make_interval(days => :stale)
        )
    ORDER BY p.id
"""


@jobs.periodic(cron="37 * * * *")
@jobs.task(queueing_lock="tell_overdue_updates")
def tell_overdue_updates(timestamp: int) -> None:
    """Tell, once, of running packages without an approved report for as long as rule DATA_BASI_HARI says."""
    from app import create_app
    from app.region import current_region
    from layers.rules import rules_in_force

    with create_app(Settings.from_environment()).app_context():
        current_region()
        session = db.session
        today = session.scalar(text("SELECT app.today()"))
        stale = int(rules_in_force(session.connection(), today)["DATA_BASI_HARI"].value)
        overdue = session.execute(text(OVERDUE), {"stale": stale}).all()
        for project_id, days in overdue:
            tell(session, "overdue", project_id, {"days": days})
        session.commit()
        for engine in db.engines.values():
            engine.dispose()
    log.info("told of %s packages whose report is overdue", len(overdue))


@jobs.periodic(cron="* * * * *")
@jobs.task(queueing_lock="mail_notices")
def mail_notices(timestamp: int) -> None:
    """Send the notices that nobody was sent yet."""
    send_waiting(Settings.from_environment())
