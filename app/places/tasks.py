"""What the worker does for pages of areas: it keeps the figures that take too long to compute for a visitor."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from app.config import Settings
from app.database.roles import database_urls
from app.errors import NotReady
from app.jobs import jobs
from app.places.kept_figures import index_age_seconds, keep_figures
from app.reports.store import ReportStore

log = logging.getLogger(__name__)

FRESH_SECONDS = 20 * 3600  # then the figures are computed anew, unless nothing that they rest on has changed


@jobs.periodic(cron="*/10 * * * *")  # looks whether they are a day old; the first ones come soon after the first start
@jobs.task(queueing_lock="keep_area_figures")
def keep_area_figures(timestamp: int) -> None:
    """Compute the coverage, spending and road condition of the region once a day."""
    settings = Settings.from_environment()
    age = index_age_seconds(settings.home, datetime.now(UTC))
    if age is not None and age < FRESH_SECONDS:
        return
    engine = create_engine(database_urls(settings).reader, poolclass=NullPool)
    try:
        with Session(engine) as session:
            computed = keep_figures(session, ReportStore.of(settings), settings.home)
    except NotReady:
        return  # there is no region yet
    finally:
        engine.dispose()
    log.info("%s reports were computed for the pages of areas", computed)
