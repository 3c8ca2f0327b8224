"""What time alone changes in the register."""

from __future__ import annotations

import logging

from app.config import Settings
from app.database.roles import connect, database_urls, libpq_url
from app.jobs import jobs

log = logging.getLogger(__name__)


@jobs.periodic(
    cron="7 * * * *"
)  # hourly, since midnight comes at three times in Indonesia; it writes only what changed
@jobs.task(queueing_lock="evaluate_projects")
def evaluate_projects(timestamp: int) -> None:
    """Note which packages have become late since their contract's end has passed, as edits that tiles and lists see."""
    with connect(libpq_url(database_urls(Settings.from_environment()).app)) as connection:
        connection.execute("SELECT set_config('petakarya.actor', 'kalender', true)")
        row = connection.execute("SELECT app.evaluate_projects()").fetchone()
    log.info("the calendar changed the state of %s packages", row[0] if row else 0)
