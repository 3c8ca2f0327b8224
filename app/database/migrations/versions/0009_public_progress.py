"""Approved progress as the public sees it, now and at any moment."""

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Make the views of approved progress."""
    op.get_bind().connection.driver_connection.execute((SQL / "0009_public_progress.sql").read_text(encoding="utf-8"))
