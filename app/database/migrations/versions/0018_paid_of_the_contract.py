"""What was paid of a package under the contract that counts, now or at a moment: financial progress speaks of it."""

from pathlib import Path

from alembic import op

revision = "0018"
down_revision = "0017"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Make the function, and the indexes of history that it reads by."""
    op.get_bind().connection.driver_connection.execute(
        (SQL / "0018_paid_of_the_contract.sql").read_text(encoding="utf-8")
    )
