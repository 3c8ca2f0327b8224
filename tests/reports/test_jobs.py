"""Reports in the background: asked for, waited for, cancelled, taken up again, found again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, pool, text
from sqlalchemy.orm import Session

from app.config import Settings
from app.database.roles import DatabaseUrls
from app.reports import tasks
from app.reports.jobs import get_job
from app.reports.requests import ReportRequest
from app.reports.schedules import add_schedule, ask_for_due
from app.reports.store import ReportStore
from tests.reports.conftest import make_regency


@pytest.fixture
def owner(committed_database: DatabaseUrls) -> Iterator[Engine]:
    engine = create_engine(committed_database.owner, poolclass=pool.NullPool)
    with engine.begin() as connection:
        make_regency(connection)
    yield engine
    engine.dispose()


@pytest.fixture
def visitor(committed_app: Flask, owner: Engine) -> FlaskClient:
    return committed_app.test_client()


@pytest.fixture
def work(settings: Settings, committed_database: DatabaseUrls) -> Iterator[None]:
    yield
    tasks._application.cache_clear()


def ask(visitor: FlaskClient, address: str) -> tuple[int, dict[str, object]]:
    answer = visitor.get(address, headers={"Accept": "application/json"})
    return answer.status_code, answer.get_json(silent=True) or {}


def waiting(owner: Engine) -> list[UUID]:
    with owner.connect() as connection:
        return list(connection.scalars(text("SELECT id FROM app.report_job WHERE state IN ('waiting', 'running')")))


def test_a_document_is_asked_for_made_and_found_again(
    visitor: FlaskClient, owner: Engine, settings: Settings, committed_database: DatabaseUrls, work: None
) -> None:
    address = "/reports/coverage.pdf?area=16.05.01"
    status, job = ask(visitor, address)
    assert (status, job["state"], job["percent"]) == (202, "waiting", 0.0)
    assert ask(visitor, address)[1]["id"] == job["id"]  # asked twice, made once
    assert ask(visitor, "/reports/coverage.pdf?area=16.05.02")[1]["id"] != job["id"]
    page = visitor.get(str(job["job_url"]))
    assert page.status_code == 200
    assert "Menunggu giliran" in page.text
    assert page.headers["Refresh"].startswith("2; url=/reports/jobs/")
    with owner.connect() as connection:
        (asked,) = connection.scalars(
            text("SELECT args ->> 'job' FROM app.procrastinate_jobs WHERE args ->> 'job' = :id"), {"id": job["id"]}
        )
    tasks.run_job(settings, committed_database, UUID(asked))
    done = visitor.get(str(job["job_url"]), headers={"Accept": "application/json"}).get_json()
    assert (done["state"], done["percent"], done["error"]) == ("done", 100.0, None)
    assert visitor.get(str(job["job_url"])).headers["Location"] == done["result_url"]
    document = visitor.get(done["result_url"])
    assert document.data.startswith(b"%PDF")
    again = visitor.get(address)
    assert (again.status_code, again.data) == (200, document.data)
    assert "laporan-coverage-16.05.01-2025.pdf" in again.headers["Content-Disposition"]
    with owner.begin() as connection:
        connection.execute(text("UPDATE layers.roads SET length_sk_m = length_sk_m + 1"))
    assert ask(visitor, address)[0] == 202  # the data have changed, so has the report


def test_a_cancelled_job_stops_at_its_next_step_and_leaves_nothing(
    visitor: FlaskClient, owner: Engine, settings: Settings, committed_database: DatabaseUrls, work: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    job = ask(visitor, "/reports/coverage.xlsx")[1]

    def cancel_in_the_middle(progress: tasks._Progress, doing: object, percent: float) -> None:
        visitor.post(str(job["cancel_url"]))
        before(progress, doing, percent)  # type: ignore[arg-type]

    before = tasks._Progress.__call__
    monkeypatch.setattr(tasks._Progress, "__call__", cancel_in_the_middle)
    tasks.run_job(settings, committed_database, UUID(str(job["id"])))
    after = visitor.get(str(job["job_url"]), headers={"Accept": "application/json"}).get_json()
    assert after["state"] == "cancelled"
    assert "dibatalkan" in visitor.get(str(job["job_url"])).text
    with Session(owner) as session:
        key = get_job(session, UUID(str(job["id"]))).key
    assert ReportStore.of(settings).read(key) is None
    assert ask(visitor, "/reports/coverage.xlsx")[1]["id"] != job["id"]  # may be asked for anew


def test_a_killed_worker_leaves_the_job_to_be_taken_up_again(
    visitor: FlaskClient, owner: Engine, settings: Settings, committed_database: DatabaseUrls, work: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    job = UUID(str(ask(visitor, "/reports/coverage.xlsx")[1]["id"]))

    class Killed(BaseException):
        """SIGKILL, as far as a test can send it to itself."""

    def die(*_args: object, **_values: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("app.reports.documents.draw_document", die)
        with pytest.raises(Killed):
            tasks.run_job(settings, committed_database, job)
    assert waiting(owner) == [job]
    tasks.run_job(settings, committed_database, job)
    assert waiting(owner) == []
    assert visitor.get("/reports/coverage.xlsx").status_code == 200


def test_a_report_that_kills_workers_is_given_up_with_a_sentence(
    visitor: FlaskClient, owner: Engine, settings: Settings, committed_database: DatabaseUrls
) -> None:
    job = ask(visitor, "/reports/coverage.xlsx")[1]
    with owner.begin() as connection:
        connection.execute(text("UPDATE app.report_job SET attempts = 3, state = 'running'"))
    tasks.run_job(settings, committed_database, UUID(str(job["id"])))
    after = visitor.get(str(job["job_url"]), headers={"Accept": "application/json"}).get_json()
    assert after["state"] == "failed"
    assert "wilayah yang lebih kecil" in after["error"]
    assert ask(visitor, "/reports/coverage.xlsx")[0] == 500  # not tried for ever


def test_mistakes_in_a_request_are_said_before_a_job_is_made(visitor: FlaskClient, owner: Engine) -> None:
    for address, status in {
        "/reports/nothing.pdf": 404,
        "/reports/coverage.doc": 404,
        "/reports/coverage.pdf?area=99": 404,
        "/reports/coverage.pdf?year=besok": 400,
        "/reports/coverage.pdf?colour=red": 400,
        "/reports/jobs/00000000-0000-4000-8000-000000000000": 404,
        "/reports/jobs/00000000-0000-4000-8000-000000000000/file": 404,
    }.items():
        assert visitor.get(address).status_code == status, address
    assert waiting(owner) == []


def test_the_public_cannot_fill_the_queue(visitor: FlaskClient, owner: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.reports.jobs.MOST_WAITING", 2)
    addresses = [f"/reports/coverage.pdf?area=16.05.0{number}" for number in (1, 2)]
    assert [ask(visitor, one)[0] for one in addresses] == [202, 202]
    assert ask(visitor, "/reports/coverage.pdf")[0] == 503
    assert len(waiting(owner)) == 2


def test_reports_of_every_month_are_asked_for_once_and_late_rather_than_never(
    owner: Engine, committed_database: DatabaseUrls
) -> None:
    app_engine = create_engine(committed_database.app, poolclass=pool.NullPool)
    reader_engine = create_engine(committed_database.reader, poolclass=pool.NullPool)
    with Session(app_engine) as session, Session(reader_engine) as public:
        add_schedule(session, ReportRequest(name="coverage"), formats=["pdf", "xlsx"], language="id", day_of_month=5)
        session.commit()

        def run(day: int) -> int:
            asked = ask_for_due(session, public, now=datetime(2026, 11, day, 1, tzinfo=UTC))
            session.commit()
            return asked

        assert run(4) == 0
        assert run(7) == 2  # nothing ran on the 5th
        session.execute(text("UPDATE app.report_job SET asked_at = '2026-11-07 01:00+00'"))
        assert run(7) == 0
        moments = set(session.scalars(text("SELECT request ->> 'as_of' FROM app.report_job")))
        assert moments == {"2026-11-04"}  # the end of the day before the 5th, whenever it is made
        session.execute(text("UPDATE app.report_job SET asked_at = '2026-10-05'"))
        session.execute(text("UPDATE app.report_schedule SET is_active = false"))
        assert run(9) == 0
    app_engine.dispose()
    reader_engine.dispose()


def test_the_store_forgets_what_nobody_asks_for(settings: Settings) -> None:
    store = ReportStore(settings.home / "other")
    one, two = "a" * 40, "b" * 40
    for key in (one, two):
        store.keep_document(key, "plain.id.json", b"{}")
    later = time.time() + 40 * 24 * 3600
    assert store.forget_old([two], now=later) == 1
    assert store.document(one, "plain.id.json") is None
    assert store.document(two, "plain.id.json") is not None
