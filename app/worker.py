"""The worker: takes jobs from the queue one by one until it is told to stop."""

from __future__ import annotations

import logging

from procrastinate import PsycopgConnector

from app.config import Settings
from app.database.roles import database_urls, libpq_url
from app.jobs import jobs

CONCURRENCY = 1  # jobs compute; a second one at a time would only slow the map down on a small machine
CONNECTIONS = 3  # the job's, the listener's, the heartbeat's
GRACE_SECONDS = 5.0  # then a running job is given up; it is taken again later


def run_worker(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT comes."""
    connector = PsycopgConnector(
        conninfo=libpq_url(database_urls(settings).app), min_size=1, max_size=CONNECTIONS, timeout=30.0
    )
    with jobs.replace_connector(connector) as app:
        app.run_worker(concurrency=CONCURRENCY, shutdown_graceful_timeout=GRACE_SECONDS)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    run_worker(Settings.from_environment())
