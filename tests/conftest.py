"""Fixtures that all tests share: a real PostGIS made once per run, and a transaction per test that is rolled back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from app import create_app
from app.admin.areas import ensure_code_list
from app.config import ROOT, Settings
from app.database.cluster import Cluster
from app.database.migrate import migrate
from app.database.roles import DatabaseUrls, database_urls, ensure_roles
from app.errors import CodeListMissing
from layers.sync import synchronise
from tests.helpers.application import application_on, everything_closed
from tests.helpers.chromium import browser, playwright  # noqa: F401 - fixtures of browser tests and journeys
from tests.helpers.database import (
    copied_database,
    keep_template,
    let_owner_act_as_others,
    running_cluster,
    temporary_home,
)

LONG_FOLDERS = frozenset({"browser", "journeys"})  # whose files take minutes each
SHARED_FOLDERS = (Path(os.environ.get("PETAKARYA_SHARED", "")), ROOT.parent / "shared")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files, so that no process waits for another's at the end."""
    items.sort(key=lambda item: item.path.parent.name not in LONG_FOLDERS)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data to develop against; tests that need it skip where it is absent."""
    for folder in SHARED_FOLDERS:
        if folder.is_absolute() and (folder / "data").is_dir():
            return folder / "data"
    pytest.skip("real data is absent: set PETAKARYA_SHARED to the folder that holds data/")


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    """Settings of a private home that lives as long as the test run."""
    with temporary_home() as home:
        yield Settings(home=home, demo=False, second_factor=False)


@pytest.fixture(scope="session")
def cluster(settings: Settings) -> Iterator[Cluster]:
    """A running private cluster, removed at the end of the run."""
    with running_cluster(settings.home) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def database(cluster: Cluster, settings: Settings) -> DatabaseUrls:
    """The database after the real migrations; tests leave nothing in it."""
    ensure_roles(settings)
    let_owner_act_as_others(settings)
    urls = database_urls(settings)
    migrate(urls.owner)
    for engine in _engine(urls.owner):
        with engine.begin() as connection:
            synchronise(connection)
            with suppress(CodeListMissing):  # tests that need the list say so themselves
                ensure_code_list(connection)  # takes a second: not in each test anew
    keep_template(settings)
    return urls


@pytest.fixture(scope="session")
def owner_engine(database: DatabaseUrls) -> Iterator[Engine]:
    """SQLAlchemy's engine of the owner role."""
    yield from _engine(database.owner)


@pytest.fixture(scope="session")
def app_engine(database: DatabaseUrls) -> Iterator[Engine]:
    """SQLAlchemy's engine of the app role."""
    yield from _engine(database.app)


@pytest.fixture(scope="session")
def reader_engine(database: DatabaseUrls) -> Iterator[Engine]:
    """SQLAlchemy's engine of the reader role."""
    yield from _engine(database.reader)


@pytest.fixture
def connection(owner_engine: Engine) -> Iterator[Connection]:
    """A connection of the owner role in a transaction rolled back; `as_role` of the helpers changes the role."""
    yield from _rolled_back(owner_engine)


@pytest.fixture
def app_connection(app_engine: Engine) -> Iterator[Connection]:
    """A connection of the app role in a transaction that is rolled back."""
    yield from _rolled_back(app_engine)


@pytest.fixture
def reader_connection(reader_engine: Engine) -> Iterator[Connection]:
    """A connection of the reader role in a transaction that is rolled back."""
    yield from _rolled_back(reader_engine)


@pytest.fixture
def session(connection: Connection) -> Iterator[Session]:
    """An ORM session on `connection`; its commits end in a savepoint of the test's transaction."""
    with Session(bind=connection, join_transaction_mode="create_savepoint") as session:
        yield session


@pytest.fixture
def app(connection: Connection, settings: Settings, database: DatabaseUrls) -> Iterator[Flask]:
    """The application in the transaction of `connection`: what either writes the other sees, and nothing stays."""
    with application_on(connection, settings, database) as app:
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a browser, on `app`."""
    return app.test_client()


@pytest.fixture
def committed_database(
    settings: Settings, database: DatabaseUrls, request: pytest.FixtureRequest
) -> Iterator[DatabaseUrls]:
    """A database of the test's own, in which commits are real; for workers, concurrency and other processes."""
    with copied_database(settings, f"petakarya_copy_{os.getpid()}") as urls:
        yield urls


@pytest.fixture
def committed_app(committed_database: DatabaseUrls, settings: Settings) -> Iterator[Flask]:
    """The application on `committed_database`, with connections of its own."""
    app = create_app(settings, committed_database)
    app.testing = True
    app.config["WTF_CSRF_ENABLED"] = False
    with everything_closed(app):
        yield app


def _engine(url: str) -> Iterator[Engine]:
    engine = create_engine(url, poolclass=NullPool)
    yield engine
    engine.dispose()


def _rolled_back(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        if transaction.is_active:
            transaction.rollback()
