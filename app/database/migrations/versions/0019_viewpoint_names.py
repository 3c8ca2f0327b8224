"""One name is one viewpoint of a package, also when two requests make it at once."""

from pathlib import Path

from alembic import op

revision = "0019"
down_revision = "0018"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Give photos of a name made twice to the first, and forbid a second."""
    op.get_bind().connection.driver_connection.execute((SQL / "0019_viewpoint_names.sql").read_text(encoding="utf-8"))
