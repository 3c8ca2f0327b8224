"""Bring the database from nothing, or from any earlier state, to one that the application can use."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine, pool

from app.config import Settings
from app.console import Say, say_nothing
from app.database.locks import open_lock, try_lock
from app.database.migrate import migrate
from app.database.roles import DatabaseUrls, database_urls, ensure_roles, private_cluster

USERS_LOCK = "database-users"  # shared by every process that uses the private cluster; the last one out stops it


@contextmanager
def needs_database(settings: Settings, *, say: Say = say_nothing) -> Iterator[DatabaseUrls]:
    """
    Give a command its database: the private cluster is started when it is stopped, and stopped after its last user.

    Parameters
    ----------
    settings
        Name the home and, if it is not the private cluster, DATABASE_URL.
    say
        Told what takes long.

    Raises
    ------
    DatabaseUnavailable
        When the database cannot be started or reached.
    """
    if settings.database_url is not None:
        prepare_schema(settings)
        yield database_urls(settings)
        return
    users = open_lock(settings.home, USERS_LOCK)
    cluster = private_cluster(settings, say=say)
    try:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            cluster.start()
            prepare_schema(settings)
            yield database_urls(settings)
        finally:
            if try_lock(users):
                cluster.stop()
    finally:
        os.close(users)


def prepare_schema(settings: Settings) -> None:
    """Make roles, schema, derived objects and the region's record where they are missing; the server must run."""
    ensure_roles(settings)
    migrate(database_urls(settings).owner)
    with owner_connection(settings) as connection:
        _synchronise(connection, settings)


@contextmanager
def owner_connection(settings: Settings) -> Iterator[Connection]:
    """Open a connection of the owner role, committed at the end."""
    engine = create_engine(database_urls(settings).owner, poolclass=pool.NullPool)
    with engine.begin() as connection:
        yield connection


def _synchronise(connection: Connection, settings: Settings) -> None:
    from app.admin.region import ensure_region  # reads the code list; commands that need no database do without

    from layers.sync import synchronise

    synchronise(connection)
    ensure_region(connection, settings)
