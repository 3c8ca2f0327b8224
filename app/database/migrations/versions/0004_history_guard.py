"""Keep the owner's functions to the owner."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Close the ways around the history; see the SQL."""
    op.get_bind().connection.driver_connection.execute((SQL / "0004_history_guard.sql").read_text(encoding="utf-8"))
