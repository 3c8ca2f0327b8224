"""The queue of background jobs."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Make the queue; its ids come from sequences, which the application must be allowed to draw from."""
    connection = op.get_bind().connection.driver_connection
    connection.execute((SQL / "0002_jobs.sql").read_text(encoding="utf-8"))
    app_role = (
        op.get_bind().exec_driver_sql("SELECT quote_ident(regexp_replace(current_user, '_owner$', '_app'))").scalar()
    )
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA app TO {app_role}")
