"""Head, place, signatories, closing words and emblem of printed reports."""

from pathlib import Path

from alembic import op

revision = "0017"
down_revision = "0016"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Make the table of the reports' frames."""
    op.get_bind().connection.driver_connection.execute((SQL / "0017_report_template.sql").read_text(encoding="utf-8"))
