"""Tracking of packages: programme, money, contracts, curves, updates, photos, the alarm, and the audit trail."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Make the tables of tracking."""
    op.get_bind().connection.driver_connection.execute((SQL / "0004_tracking.sql").read_text(encoding="utf-8"))
