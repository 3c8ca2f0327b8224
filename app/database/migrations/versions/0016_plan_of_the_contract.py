"""A day is judged by a plan of the contract of that day, never by that of one which ended before it."""

from pathlib import Path

from alembic import op

revision = "0016"
down_revision = "0015"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Let the plan of a day ask first which contract the day belongs to."""
    op.get_bind().connection.driver_connection.execute(
        (SQL / "0016_plan_of_the_contract.sql").read_text(encoding="utf-8")
    )
