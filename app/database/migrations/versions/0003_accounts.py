"""Accounts, roles, and failed sign-ins."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Make the tables of the people who sign in."""
    op.get_bind().connection.driver_connection.execute((SQL / "0003_accounts.sql").read_text(encoding="utf-8"))
