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


@contextmanager
def copied_database(settings: Settings, name: str, *, template: str = DATABASE_NAME) -> Iterator[DatabaseUrls]:
    """Copy a database under another name, for tests that must commit; it is dropped at the end."""
    with superuser(settings, "postgres") as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            [template],
        )
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                sql.Identifier(name), sql.Identifier(template), sql.Identifier(role_name(DATABASE_NAME, "owner"))
            )
        )
    try:
        yield database_urls(settings, database=name)
    finally:
        with superuser(settings, "postgres") as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


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
