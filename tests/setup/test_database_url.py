"""A PostGIS that someone else keeps, named by DATABASE_URL: every way in which it can be unusable is one sentence."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from app.config import Settings
from app.database.migrate import migrate
from app.database.roles import (
    DatabaseRightsMissing,
    DatabaseWithoutPostgis,
    database_urls,
    ensure_roles,
    libpq_url,
    target_of,
)
from app.errors import DatabaseUnavailable, InvalidSetting
from tests.helpers.database import superuser, temporary_home

NAME = "milik_orang"
PASSWORD = "rahasia dan/aneh@:?"


@pytest.fixture
def foreign(settings: Settings, database: object) -> Iterator[Settings]:
    """Settings with a home of their own that name a fresh database in the test cluster by URL, as user `tamu`."""
    names = [sql.Identifier(f"{NAME}_{role}") for role in ("owner", "app", "reader")]
    with superuser(settings, "postgres") as connection:
        connection.execute(sql.SQL("CREATE ROLE tamu LOGIN PASSWORD {}").format(sql.Literal(PASSWORD)))
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER tamu").format(sql.Identifier(NAME)))
    with temporary_home() as home:
        yield Settings(home=home, database_url=url_of(settings, NAME))
    with superuser(settings, "postgres") as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(NAME)))
        for name in [*names, sql.Identifier("tamu")]:
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(name))


def url_of(settings: Settings, name: str, **options: str) -> str:
    target = replace(target_of(settings), name=name)
    target.parameters.update(options)
    return libpq_url(target.url("tamu", PASSWORD))


def test_user_who_may_nothing_gets_the_sql_and_nothing_is_changed(foreign: Settings, settings: Settings) -> None:
    with pytest.raises(DatabaseRightsMissing) as caught:
        ensure_roles(foreign)
    assert "CREATE ROLE" in caught.value.sql
    assert "CREATE EXTENSION" in caught.value.sql
    assert caught.value.exit_code == 1
    passwords = (foreign.home / "secrets.json").read_text()
    assert not [word for word in caught.value.sql.split("'") if word and word in passwords and len(word) > 20]
    with superuser(settings, "postgres") as connection:
        assert connection.execute(f"SELECT 1 FROM pg_roles WHERE rolname LIKE '{NAME}%'").fetchall() == []


def test_sql_that_was_printed_makes_it_work(foreign: Settings, settings: Settings) -> None:
    with pytest.raises(DatabaseRightsMissing) as caught:
        ensure_roles(foreign)
    with superuser(settings, NAME) as connection:
        connection.execute(caught.value.sql.encode())
    ensure_roles(foreign)  # now with nothing left to do
    assert migrate(database_urls(foreign).owner) is True
    with psycopg.connect(libpq_url(database_urls(foreign).reader)) as connection:
        assert connection.execute("SELECT ST_AsText(ST_Point(1, 2))").fetchone() == ("POINT(1 2)",)


def test_user_who_may_makes_everything(foreign: Settings, settings: Settings) -> None:
    with superuser(settings, "postgres") as connection:
        connection.execute("ALTER ROLE tamu SUPERUSER")
    ensure_roles(foreign)
    urls = database_urls(foreign)
    for url, role in ((urls.owner, "owner"), (urls.app, "app"), (urls.reader, "reader")):
        with psycopg.connect(libpq_url(url)) as connection:
            assert connection.execute("SELECT current_user, postgis_lib_version() >= '3.3'").fetchone() == (
                f"{NAME}_{role}",
                True,
            )
    assert migrate(urls.owner) is True


def test_second_home_on_the_same_database_takes_it_over_knowingly(foreign: Settings, settings: Settings) -> None:
    with superuser(settings, "postgres") as connection:
        connection.execute("ALTER ROLE tamu SUPERUSER")
    ensure_roles(foreign)
    with temporary_home() as home:
        second = replace(foreign, home=home)
        ensure_roles(second)
        psycopg.connect(libpq_url(database_urls(second).app)).close()


def test_server_without_postgis_is_one_sentence(foreign: Settings, settings: Settings) -> None:
    with superuser(settings, NAME) as connection:
        connection.execute("CREATE SCHEMA fake")
        connection.execute(
            "CREATE VIEW fake.pg_available_extensions AS "
            "SELECT * FROM pg_catalog.pg_available_extensions WHERE name <> 'postgis'"
        )
        connection.execute("GRANT USAGE ON SCHEMA fake TO tamu")
        connection.execute("GRANT SELECT ON fake.pg_available_extensions TO tamu")
    without = replace(foreign, database_url=url_of(settings, NAME, options="-csearch_path=fake,pg_catalog"))
    with pytest.raises(DatabaseWithoutPostgis) as caught:
        ensure_roles(without)
    assert "PostGIS 3.3" in caught.value.message_id


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("postgresql://tamu:x@127.0.0.1:{port}/ada", "refused"),
        ("postgresql://tamu:x@/ada?host=/nonexistent", "No such file"),
        ("postgresql://tamu:salah@/milik_orang?host={socket}", "password authentication failed"),
        ("postgresql://tamu:x@/tidak_ada?host={socket}", "password authentication failed"),
    ],
)
@pytest.mark.usefixtures("cluster")
def test_unreachable_database_is_one_sentence(tmp_path: Path, settings: Settings, url: str, word: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        given = url.format(port=port, socket=target_of(settings).parameters["host"])
        with pytest.raises(DatabaseUnavailable, match=word) as caught:
            ensure_roles(Settings(home=tmp_path, database_url=given))
    assert "DATABASE_URL" in caught.value.message_id
    assert "salah" not in caught.value.message_id  # no password in a sentence
    assert "\n" not in caught.value.message_en


@pytest.mark.parametrize("url", ["mysql://x", "postgresql://server:port:more/x", "postgresql://server", "kata biasa"])
def test_url_that_cannot_be_read_is_one_sentence(tmp_path: Path, url: str) -> None:
    with pytest.raises(InvalidSetting, match="DATABASE_URL"):
        target_of(Settings(home=tmp_path, database_url=url))


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_usual_scheme_is_understood(tmp_path: Path, scheme: str) -> None:
    settings = Settings(home=tmp_path, database_url=f"{scheme}://user:p%40ss@db.example:5433/petakarya?sslmode=require")
    target = target_of(settings)
    assert target.name == "petakarya"
    assert target.parameters == {"host": "db.example", "port": "5433", "sslmode": "require"}
    assert "petakarya_reader" in database_urls(settings).reader
