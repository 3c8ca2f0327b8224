"""Forget what sign-in need not remember."""

from __future__ import annotations

from app.config import Settings
from app.database.roles import connect, database_urls, libpq_url
from app.jobs import jobs


@jobs.periodic(cron="37 18 * * *")
@jobs.task(queueing_lock="forget_failed_sign_ins")
def forget_failed_sign_ins(timestamp: int) -> None:
    """Remove failed sign-ins older than a day; they hold addresses of the network."""
    with connect(libpq_url(database_urls(Settings.from_environment()).app)) as connection:
        connection.execute("DELETE FROM app.failed_sign_in WHERE failed_at < now() - interval '1 day'")
