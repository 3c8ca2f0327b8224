"""A real PostGIS for the tests, from the same code as the application's."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection, text

from app.config import Settings
from app.database.cluster import SUPERUSER, Cluster
from app.database.locks import USERS_LOCK, locked
from app.database.passwords import read_passwords
from app.database.roles import (
    DATABASE_NAME,
    ROLES,
    DatabaseUrls,
    connect,
    database_urls,
    private_cluster,
    role_name,
    target_of,
)

TEMPLATE_NAME = "petakarya_template"


@contextmanager
def temporary_home(prefix: str = "petakarya-test-") -> Iterator[Path]:
    """Make a home with a short path that the postgres user can enter, and remove it at the end."""
    home = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    home.chmod(0o755)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def running_cluster(home: Path) -> Iterator[Cluster]:
    """Start a cluster without durability that dies with the test run."""
    cluster = private_cluster(Settings(home=home), durable=False)
    with locked(home, USERS_LOCK, shared=True):  # a command that ends must not stop it under us
        cluster.start(with_parent=True)
        try:
            yield cluster
        finally:
            cluster.stop()


@contextmanager
def superuser(settings: Settings, database: str = DATABASE_NAME) -> Iterator[psycopg.Connection[Any]]:
    """Open an autocommit connection as the superuser of a private cluster."""
    password = read_passwords(settings.home).superuser
    with connect(target_of(settings).conninfo(SUPERUSER, password, database=database), autocommit=True) as connection:
        yield connection


def keep_template(settings: Settings) -> None:
    """Keep a copy of the database as it is now, to which nobody connects, for `copied_database`."""
    with superuser(settings, "postgres") as connection:
        _copy(connection, DATABASE_NAME, TEMPLATE_NAME)


@contextmanager
def copied_database(settings: Settings, name: str) -> Iterator[DatabaseUrls]:
    """Make a database from the template, for tests that must commit; it is dropped at the end."""
    with superuser(settings, "postgres") as connection:
        _copy(connection, TEMPLATE_NAME, name)
    try:
        yield database_urls(settings, database=name)
    finally:
        with superuser(settings, "postgres") as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _copy(connection: psycopg.Connection[Any], template: str, name: str) -> None:
    names = [sql.Identifier(text) for text in (name, template, role_name(DATABASE_NAME, "owner"))]
    connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY file_copy").format(*names))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(names[0]))
    for role in ROLES:
        connection.execute(
            sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(
                names[0], sql.Identifier(role_name(DATABASE_NAME, role))
            )
        )


def let_owner_act_as_others(settings: Settings) -> None:
    """Allow `as_role` in the test cluster; the roles do not inherit, so the owner's own rights stay as they are."""
    owner, *others = (sql.Identifier(role_name(DATABASE_NAME, role)) for role in ROLES)
    with superuser(settings) as connection:
        connection.execute(sql.SQL("GRANT {} TO {}").format(sql.SQL(", ").join(others), owner))


@contextmanager
def as_role(connection: Connection, role: str) -> Iterator[Connection]:
    """Act as `app` or `reader` inside the transaction of an owner's connection, with that role's rights alone."""
    name = role_name(DATABASE_NAME, role)
    connection.execute(text(f'SET LOCAL ROLE "{name}"'))
    try:
        yield connection
    finally:
        if connection.in_transaction() and not connection.invalidated:
            connection.execute(text("RESET ROLE"))
