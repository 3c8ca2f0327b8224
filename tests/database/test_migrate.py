"""The migrations, run for real."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import Connection, text

from app.database.migrate import current_revision, migrate, newest_revision
from app.database.roles import DatabaseUrls, libpq_url


def test_database_is_at_the_newest_migration_and_a_second_run_does_nothing(database: DatabaseUrls) -> None:
    assert current_revision(database.owner) == newest_revision()
    assert migrate(database.owner) is False


def test_app_cannot_change_which_migration_it_is(app_connection: Connection) -> None:
    allowed = app_connection.scalar(
        text("SELECT has_table_privilege(current_user, 'app.alembic_version', 'INSERT, UPDATE, DELETE, TRUNCATE')")
    )
    assert allowed is False


def test_failed_migration_leaves_the_database_as_it_was(committed_database: DatabaseUrls) -> None:
    with psycopg.connect(libpq_url(committed_database.owner)) as connection:
        connection.execute("DELETE FROM app.alembic_version")
        before = connection.execute("SELECT count(*) FROM pg_class").fetchone()
    with pytest.raises(psycopg.errors.DuplicateFunction):  # what it makes exists already
        migrate(committed_database.owner)
    with psycopg.connect(libpq_url(committed_database.owner)) as connection:
        assert connection.execute("SELECT count(*) FROM pg_class").fetchone() == before
    assert current_revision(committed_database.owner) is None
