"""Codes of the second factor are good once."""

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Make the table of used codes."""
    op.get_bind().connection.driver_connection.execute((SQL / "0008_second_factor.sql").read_text(encoding="utf-8"))
