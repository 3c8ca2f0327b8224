"""Reports made in the background, and every month."""

from pathlib import Path

from alembic import op

revision = "0014"
down_revision = "0013"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Make the tables of report jobs and schedules."""
    op.get_bind().connection.driver_connection.execute((SQL / "0014_report_jobs.sql").read_text(encoding="utf-8"))
