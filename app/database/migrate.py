"""Bring a database's schema to the newest migration."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
from psycopg import sql

from app.database.roles import libpq_url

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "alembic_version"
VERSION_SCHEMA = "app"
_VERSION_STATEMENT = sql.SQL("SELECT version_num FROM {}").format(sql.Identifier(VERSION_SCHEMA, VERSION_TABLE))
_REVISION = re.compile(r"^(down_)?revision\b[^=\n]*=\s*[\"']([\w.]+)[\"']", re.MULTILINE)


def migrate(connection_url: str) -> bool:
    """
    Run the migrations that a database lacks, all in one transaction.

    Parameters
    ----------
    connection_url
        SQLAlchemy's address of the database, as the owner role.

    Returns
    -------
    migrated
        False when the database was at the newest migration already.
    """
    if current_revision(connection_url) == newest_revision():
        return False
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection_url"] = connection_url
    command.upgrade(config, "head")
    return True


def newest_revision() -> str | None:
    """Read from the migration files' text which one no other builds on; None when there is no migration."""
    found = [_REVISION.findall(path.read_text(encoding="utf-8")) for path in (MIGRATIONS / "versions").glob("*.py")]
    pairs = [pair for pairs in found for pair in pairs]
    built_on = {name for down, name in pairs if down}
    heads = [name for down, name in pairs if not down and name not in built_on]
    if len(heads) > 1:
        raise AssertionError(f"more than one newest migration: {sorted(heads)}")
    return heads[0] if heads else None


def current_revision(connection_url: str) -> str | None:
    """Return the migration that a database is at; None when it has none yet."""
    with psycopg.connect(libpq_url(connection_url)) as connection:
        row = connection.execute("SELECT to_regclass(%s)", [f"{VERSION_SCHEMA}.{VERSION_TABLE}"]).fetchone()
        if row is None or row[0] is None:
            return None
        row = connection.execute(_VERSION_STATEMENT).fetchone()
        return None if row is None else str(row[0])
