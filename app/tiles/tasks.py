"""Keep the record of changes short."""

from __future__ import annotations

from app.config import Settings
from app.database.roles import connect, database_urls, libpq_url
from app.jobs import jobs

KEPT_VERSIONS = 10_000  # a tile older than that is made anew, whether touched or not


@jobs.periodic(cron="27 18 * * *")
@jobs.task(queueing_lock="forget_old_changes")
def forget_old_changes(timestamp: int) -> None:
    """Remove the boxes of changes that no kept tile is older than."""
    with connect(libpq_url(database_urls(Settings.from_environment()).app)) as connection:
        connection.execute(
            """
            DELETE FROM app.layer_changes c USING app.layer_versions v
            WHERE c.layer = v.layer AND c.version < v.version - %s
            """,
            (KEPT_VERSIONS,),
        )
