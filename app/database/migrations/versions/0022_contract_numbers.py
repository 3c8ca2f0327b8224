"""An index for those who look for a package by the number of its contract."""

from pathlib import Path

from alembic import op

revision = "0022"
down_revision = "0021"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Make the index; programs that know nothing of it see no difference."""
    op.get_bind().connection.driver_connection.execute((SQL / "0022_contract_numbers.sql").read_text(encoding="utf-8"))
