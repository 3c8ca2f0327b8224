"""Which photos the public could see at any moment."""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Make the views of published photos keep their moments."""
    op.get_bind().connection.driver_connection.execute(
        (SQL / "0013_public_photos_then.sql").read_text(encoding="utf-8")
    )
