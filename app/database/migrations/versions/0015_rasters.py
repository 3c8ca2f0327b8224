"""Rasters: elevation, land cover and others, each a file in the storage with a row that describes it."""

from pathlib import Path

from alembic import op

revision = "0015"
down_revision = "0014"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Make the table of rasters."""
    op.get_bind().connection.driver_connection.execute((SQL / "0015_rasters.sql").read_text(encoding="utf-8"))
