"""Forms kept while their session has ended, and who last wrote an update."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Make the table of kept forms and the column of the last writer."""
    op.get_bind().connection.driver_connection.execute((SQL / "0006_kept_forms.sql").read_text(encoding="utf-8"))
