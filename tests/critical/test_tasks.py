"""The hourly job on a real database: as the app role, twice, and while others do the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from app.critical.queries import region_today
from app.critical.service import evaluate
from app.critical.tasks import evaluate_database
from app.database.roles import DatabaseUrls
from app.jobs import jobs
from layers.rules import seed_rules
from tests.helpers.factories import make_region
from tests.helpers.tracking import make_approved, make_tracked_project


@pytest.fixture(autouse=True)
def ready(committed_database: DatabaseUrls) -> None:
    """Nothing of the rolled-back connection: these tests commit."""
    with _owner(committed_database).begin() as connection:
        make_region(connection)
        seed_rules(connection)


def _owner(urls: DatabaseUrls) -> Engine:
    return create_engine(urls.owner, poolclass=NullPool)


def _late(connection: Connection, **values: Any) -> int:
    today = region_today(Session(connection))
    project = make_tracked_project(connection, **values)
    make_approved(connection, project, today - timedelta(days=3), 30, planned_percent=50)
    return project


def _cases(urls: DatabaseUrls) -> list[tuple[str, str]]:
    with _owner(urls).connect() as connection:
        rows = connection.execute(text("SELECT state, changed_by FROM app.critical_case ORDER BY id"))
        return [(row.state, row.changed_by) for row in rows]


def test_job_opens_what_time_made_critical_and_nothing_twice(committed_database: DatabaseUrls) -> None:
    with _owner(committed_database).begin() as connection:
        _late(connection)
    assert evaluate_database(committed_database.app) == 1
    assert evaluate_database(committed_database.app) == 0
    assert _cases(committed_database) == [("indicated", "kalender")]


def test_two_evaluations_at_once_open_one_case(committed_database: DatabaseUrls) -> None:
    with _owner(committed_database).begin() as connection:
        project = _late(connection)
        today = region_today(Session(connection))

    def once(_number: int) -> bool:
        engine = create_engine(committed_database.app, poolclass=NullPool)
        with Session(engine) as session:
            change = evaluate(session, project, today=today)
            session.commit()
        return change is not None

    with ThreadPoolExecutor(4) as pool:
        changes = list(pool.map(once, range(8)))
    assert sum(changes) == 1
    assert len(_cases(committed_database)) == 1


def test_job_is_known_to_the_worker_hourly() -> None:
    jobs.perform_import_paths()
    crons = {one.task.name: one.cron for one in jobs.periodic_registry.periodic_tasks.values()}
    assert crons["app.critical.tasks.evaluate_critical"] == "11 * * * *"
