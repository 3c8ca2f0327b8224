"""What residents report, its clock and its answers, and what of it is public."""

from pathlib import Path

from alembic import op

revision = "0020"
down_revision = "0019"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Make the tables and the views that the public reads."""
    op.get_bind().connection.driver_connection.execute((SQL / "0020_feedback.sql").read_text(encoding="utf-8"))
