"""Bring the database from nothing, or from any earlier state, to one that the application can use."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from app.config import ROOT, Settings
from app.console import Say, say_nothing
from app.database.locks import RUN_FOLDER, USERS_LOCK, open_lock, try_lock
from app.database.migrate import migrate
from app.database.roles import DatabaseUrls, database_urls, ensure_roles, private_cluster, target_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

CODE_SUFFIXES = {".py", ".yml", ".sql", ".csv"}
STAMP_SUFFIX = ".done"


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
    migrated = migrate(database_urls(settings).owner)
    if not migrated and is_done(settings, "schema"):
        return
    with owner_connection(settings) as connection:
        _synchronise(connection, settings)
    note_done(settings, "schema")


def is_done(settings: Settings, step: str) -> bool:
    """
    Tell whether a step was done for this database by this very code, so that a second start need not repeat it.

    The database itself must have been looked at before: a stamp does not know that someone emptied it.
    """
    try:
        return _stamp(settings, step).read_text(encoding="ascii") == _fingerprint(settings)
    except FileNotFoundError:
        return False


def note_done(settings: Settings, step: str) -> None:
    """Remember that a step is done."""
    _stamp(settings, step).write_text(_fingerprint(settings), encoding="ascii")


def forget_done(settings: Settings) -> None:
    """Let every step look again, as after the database was replaced."""
    for path in (settings.home / RUN_FOLDER).glob(f"*{STAMP_SUFFIX}"):
        path.unlink()


def _stamp(settings: Settings, step: str) -> Path:
    return settings.home / RUN_FOLDER / f"{step}{STAMP_SUFFIX}"


def _fingerprint(settings: Settings) -> str:
    """Return a hash of what decides the steps' outcome: where the database is, the region, and our own files."""
    target = target_of(settings)
    digest = blake2b(repr((target.name, sorted(target.parameters.items()), settings.region, settings.demo)).encode())
    for package in ("app", "layers", "gis"):
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in CODE_SUFFIXES:
                status = path.stat()
                digest.update(f"{path}|{status.st_mtime_ns}|{status.st_size}".encode())
    return digest.hexdigest()


@contextmanager
def owner_connection(settings: Settings) -> Iterator[Connection]:
    """Open a connection of the owner role, committed at the end."""
    from sqlalchemy import create_engine, pool  # a second start does without

    engine = create_engine(database_urls(settings).owner, poolclass=pool.NullPool)
    with engine.begin() as connection:
        yield connection


def _synchronise(connection: Connection, settings: Settings) -> None:
    from app.admin.region import ensure_region  # reads the code list; commands that need no database do without
    from layers.rules import seed_rules
    from layers.sync import synchronise

    synchronise(connection)
    seed_rules(connection)
    ensure_region(connection, settings)
