"""Layers, history, region, rules and the core of the register."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Run the SQL files in order; psycopg takes several statements at once when there are no parameters."""
    connection = op.get_bind().connection.driver_connection
    for name in ("0001_history.sql", "0001_layers.sql", "0001_register.sql"):
        connection.execute((SQL / name).read_text(encoding="utf-8"))


def downgrade() -> None:
    """Remove everything; the data with it."""
    op.execute("DROP SCHEMA layers, history, generalised CASCADE")
