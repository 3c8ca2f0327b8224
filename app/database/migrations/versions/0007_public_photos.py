"""Published photos as the public sees them."""

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Make the view of published photos."""
    op.get_bind().connection.driver_connection.execute((SQL / "0007_public_photos.sql").read_text(encoding="utf-8"))
