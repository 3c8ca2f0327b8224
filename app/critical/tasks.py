"""What time alone changes of the alarm: a fiscal year that is overrun, a rule that comes into force."""

from __future__ import annotations

import logging

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from app.config import Settings
from app.critical.queries import region_today
from app.critical.service import evaluate_all
from app.database.roles import database_urls
from app.jobs import jobs

log = logging.getLogger(__name__)


@jobs.periodic(
    cron="11 * * * *"
)  # hourly, since midnight comes at three times in Indonesia; it writes only what changed
@jobs.task(queueing_lock="evaluate_critical")
def evaluate_critical(timestamp: int) -> None:
    """Evaluate every contract with open works anew."""
    changed = evaluate_database(database_urls(Settings.from_environment()).app)
    log.info("the calendar changed what the alarm says of %s packages", changed)


def evaluate_database(url: str) -> int:
    """Evaluate all packages of a database, reached at its app role's address; return how many were evaluated anew."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        with Session(engine) as session:
            session.execute(text("SELECT set_config('petakarya.actor', 'kalender', true)"))
            changed = evaluate_all(session, today=region_today(session))
            session.commit()
    finally:
        engine.dispose()
    return changed
