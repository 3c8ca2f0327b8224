"""Background jobs live and die with the transaction that asked for them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from procrastinate import PsycopgConnector
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.orm import Session

from app.database.roles import DatabaseUrls, libpq_url
from app.jobs import defer, forget_finished_jobs, jobs, task_modules

QUEUED = text("SELECT id, task_name, args, status::text FROM app.procrastinate_jobs ORDER BY id")


@jobs.task(name="tests.write_word")
def write_word(path: str, word: str) -> None:
    Path(path).write_text(word)


def work(database: DatabaseUrls) -> None:
    """Do all queued jobs, in a thread: in this one a browser test may have left an event loop running."""

    def run_worker() -> None:
        with jobs.replace_connector(PsycopgConnector(conninfo=libpq_url(database.app))) as app:
            app.run_worker(wait=False, install_signal_handlers=False)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(run_worker).result(timeout=60)


def test_job_vanishes_with_its_transaction(app_connection: Connection) -> None:
    with Session(bind=app_connection, join_transaction_mode="create_savepoint") as session:
        defer(session, write_word, path="/nowhere", word="lost")
        session.rollback()
        number = defer(session, write_word, path="/nowhere", word="kept")
        session.commit()
    rows = app_connection.execute(QUEUED).all()
    assert [tuple(row) for row in rows] == [
        (number, "tests.write_word", {"path": "/nowhere", "word": "kept"}, "todo"),
    ]


def test_worker_does_what_was_committed(committed_database: DatabaseUrls, tmp_path: Path) -> None:
    target = tmp_path / "word"
    engine = create_engine(committed_database.app)
    with Session(engine) as session:
        defer(session, write_word, path=str(target), word="done")
        session.commit()
    work(committed_database)
    with Session(engine) as session:
        assert [row.status for row in session.execute(QUEUED) if row.task_name == write_word.name] == ["succeeded"]
    engine.dispose()
    assert target.read_text() == "done"


def test_housekeeping_runs_as_the_app_role(committed_database: DatabaseUrls) -> None:
    engine = create_engine(committed_database.app)
    with Session(engine) as session:
        defer(session, forget_finished_jobs, timestamp=0)
        session.commit()
    work(committed_database)
    with Session(engine) as session:
        statuses = {row.task_name: row.status for row in session.execute(QUEUED)}
    engine.dispose()
    assert statuses[forget_finished_jobs.name] == "succeeded"


def test_every_subjects_tasks_are_found() -> None:
    assert all(name.startswith("app.") and name.endswith(".tasks") for name in task_modules())
