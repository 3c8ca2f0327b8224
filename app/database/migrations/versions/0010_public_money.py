"""The public's view of the register also tells what was paid, and which part of the ceiling is this year's."""

from alembic import op

revision = "0010"
down_revision = "0009"

COLUMNS = """id, code, name, sector, year, status, app.stage(status, is_late) AS stage,
    CASE WHEN is_late THEN 'late_in_handling' ELSE 'none' END AS delay,
    ceiling_idr, contract_value_idr, contractor, fund_source, planned_percent, physical_percent,
    physical_percent - planned_percent AS deviation_points, progress_date, start_date, end_date,
    district_codes, village_codes, demo, source, valid_from, changed_by, geom, geom_3857, anchor_3857"""


def upgrade() -> None:
    """Append the two columns; programs that read the others see no difference."""
    op.execute(
        f"CREATE OR REPLACE VIEW layers.projects AS SELECT {COLUMNS}, paid_idr, this_year_ceiling_idr FROM app.project"
    )
    op.execute(
        f"CREATE OR REPLACE VIEW history.projects AS SELECT {COLUMNS}, valid_to, operation, ended_by,"
        " paid_idr, this_year_ceiling_idr FROM history.project"
    )
