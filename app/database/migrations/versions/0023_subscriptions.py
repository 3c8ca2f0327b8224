"""Who follows what by e-mail, and how often one asks for it."""

from pathlib import Path

from alembic import op

revision = "0023"
down_revision = "0022"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Make the tables; programs that know nothing of them see no difference."""
    op.get_bind().connection.driver_connection.execute((SQL / "0023_subscriptions.sql").read_text(encoding="utf-8"))
