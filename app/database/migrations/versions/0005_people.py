"""People: roles, limits of area and unit, second factor, invitations, tokens, and sessions that end."""

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Give accounts what they need beyond a password."""
    op.get_bind().connection.driver_connection.execute((SQL / "0005_people.sql").read_text(encoding="utf-8"))
