"""Alembic's environment: one transaction, one migrator at a time, and no long wait for a lock."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool, text

from app.database.migrate import VERSION_SCHEMA, VERSION_TABLE

MIGRATION_LOCK = 16_05_2026  # of pg_advisory_lock: two starting processes do not migrate at once
LOCK_TIMEOUT = "10s"  # a migration that waits for a table would block everyone behind it


def run_migrations() -> None:
    """Run the migrations that are missing, on the address given by `app.database.migrate`."""
    url = context.config.attributes["connection_url"]
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {VERSION_SCHEMA}"))
        context.configure(
            connection=connection,
            version_table=VERSION_TABLE,
            version_table_schema=VERSION_SCHEMA,
            transaction_per_migration=False,
        )
        context.run_migrations()


run_migrations()
