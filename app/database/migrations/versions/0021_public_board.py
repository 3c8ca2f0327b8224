"""What the public page of a package says beside the register: its board, states, documents, office."""

from pathlib import Path

from alembic import op

revision = "0021"
down_revision = "0020"

SQL = Path(__file__).parent / "sql"


def upgrade() -> None:
    """Make the views; programs that read the others see no difference."""
    op.get_bind().connection.driver_connection.execute((SQL / "0021_public_board.sql").read_text(encoding="utf-8"))
