"""What the public reads of a published update: its figures, its weather and its note."""

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Make the view of published updates."""
    op.get_bind().connection.driver_connection.execute((SQL / "0012_public_updates.sql").read_text(encoding="utf-8"))
