"""The public's search reads the folded text that each package keeps."""

from pathlib import Path

from alembic import op

revision = "0011"
down_revision = "0010"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Append the column to the views; programs that read the others see no difference."""
    op.get_bind().connection.driver_connection.execute((SQL / "0011_public_search.sql").read_text(encoding="utf-8"))
