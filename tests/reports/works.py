"""A small programme of works whose sums are known by hand, for the reports of realisation."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from app.reports.report import Report, Row, Table
from layers.rules import seed_rules
from tests.helpers.factories import make_district, make_project, make_region, make_row
from tests.helpers.tracking import contract_of, make_approved, make_baseline, make_tracked_project
from tests.reports.conftest import EAST, MIDDLE, NORTH, SOUTH, WEST, box

IN_A = "POINT(102.95 -3.05)"
IN_B = "POINT(103.05 -3.05)"
IN_BOTH = "LINESTRING(102.95 -3.05, 103.05 -3.05)"
LONG_AGO = datetime(2025, 12, 1, tzinfo=ZoneInfo("Asia/Jakarta"))
SECRET = "Lahan belum bebas, warga menolak"
TABLES = (
    "project", "unit", "programme", "company", "contract", "addendum", "fund", "payment", "progress_update", "baseline",
    "critical_case", "show_cause_meeting",
)  # fmt: skip

# Plans on the days of the tests, by hand: whole days between two points.
A_SEPTEMBER = 50 + 50 * 61 / 137  # 31 July 50, 15 December 100; 30 September is 61 of 137 days
C_JULY = 60 * 91 / 244  # 1 May 0, 31 December 60; 31 July is 91 of 244 days
C_SEPTEMBER = 60 * 152 / 244


def make_works(connection: Connection) -> dict[str, int]:
    """
    Make the packages of 2026, all recorded long ago.

    A: 1 billion of two sources, contract 900 million, at 40 on 31 July and 60 on 30 September, paid 200 million in May and
    100 million on 5 October. B: 9 billion, in tender. C: in both districts, 2 billion over two years, half of it this
    year's, contract 1.8 billion, at 10 on 31 July with an obstacle, critical, paid 300 million. D: cancelled. E: of 2025.
    """
    connection.execute(text("DELETE FROM app.areas"))
    make_region(connection)
    seed_rules(connection)
    make_district(connection, code="16.05.01", name="Ulu", geom=box(WEST, SOUTH, MIDDLE, NORTH))
    make_district(connection, code="16.05.02", name="Ilir", geom=box(MIDDLE, SOUTH, EAST, NORTH))
    agency = make_row(connection, "app.unit", code="1.03", name="Dinas PU")
    office = make_row(connection, "app.unit", code="1.03.1", name="Bina Marga", parent_id=agency)
    homes = {"unit_id": office, "programme_id": _programme(connection)}
    found = {
        "A": make_tracked_project(
            connection, code="A", name="Jalan Ulu", geom=IN_A, ceiling_idr=1e9, **homes, contract={"value_idr": 900_000_000}
        ),
        "B": make_project(
            connection, code="B", name="Jembatan", geom=IN_A, ceiling_idr=9e9, status="tender", contract_value_idr=None,
            planned_percent=None, physical_percent=None, progress_date=None, start_date=None, end_date=None,
            unit_id=agency,
        ),
        "C": make_tracked_project(
            connection, code="C", name="Jalan Ulu Ilir", geom=IN_BOTH, ceiling_idr=2e9, **homes, volume=1250.5,
            volume_unit="m", multi_year_approval="900/1",
            contract={"value_idr": 1_800_000_000, "end_date": date(2027, 6, 30), "number": "620/C/2026"},
        ),
        "D": make_project(
            connection, code="D", geom=IN_B, ceiling_idr=8e9, status="cancelled", planned_percent=None,
            physical_percent=None,
        ),
        "E": make_project(connection, code="E", geom=IN_B, year=2025, ceiling_idr=7e9),
    }  # fmt: skip
    for package, year, source, amount in (
        ("A", 2026, "DAU", 6e8), ("A", 2026, "DAK_FISIK", 4e8), ("C", 2026, "PAD", 1e9), ("C", 2027, "PAD", 1e9),
    ):  # fmt: skip
        make_row(connection, "app.fund", project_id=found[package], year=year, source=source, amount_idr=amount)
    make_baseline(connection, found["A"], {date(2026, 5, 1): 0, date(2026, 7, 31): 50, date(2026, 12, 15): 100})
    make_baseline(connection, found["C"], {date(2026, 5, 1): 0, date(2026, 12, 31): 60, date(2027, 6, 30): 100})
    make_approved(connection, found["A"], date(2026, 7, 31), 40)
    make_approved(connection, found["A"], date(2026, 9, 30), 60)
    make_approved(
        connection, found["C"], date(2026, 7, 31), 10, obstacles=SECRET, obstacle_cause="employer", state="published"
    )
    for package, day, amount in (
        ("A", date(2026, 5, 10), 2e8), ("A", date(2026, 10, 5), 1e8), ("C", date(2026, 6, 1), 3e8),
    ):  # fmt: skip
        make_payment(connection, found[package], day, amount)
    make_critical(connection, found["C"])
    recorded_at(connection, LONG_AGO)
    return found


def make_payment(connection: Connection, project: int, day: date, amount: float, **values: Any) -> int:
    """Make an SP2D of the running contract."""
    number = f"SP2D/{project}/{day.isoformat()}/{amount:.0f}"
    defaults = {"contract_id": contract_of(connection, project), "number": number, "kind": "instalment"}
    return make_row(
        connection, "app.payment", project_id=project, paid_on=day, amount_idr=amount, **{**defaults, **values}
    )


def make_critical(connection: Connection, project: int) -> None:
    """Let the contract be declared critical on 20 August, with a first meeting on the 25th."""
    case = make_row(
        connection,
        "app.critical_case",
        project_id=project,
        contract_id=contract_of(connection, project),
        clause="a",
        indicated_on=date(2026, 8, 5),
        evidence='{"threshold_points": 10, "lag_points": 12.377, "rule": {"code": "KRITIS_P1_LAG"}}',
        state="declared",
        declared_on=date(2026, 8, 20),
        letter_number="610/KRITIS/1",
        letter_date=date(2026, 8, 20),
    )
    make_row(
        connection,
        "app.show_cause_meeting",
        case_id=case,
        stage=1,
        held_on=date(2026, 8, 25),
        target_percent=25,
        due_on=date(2026, 9, 20),
    )
    connection.execute(
        text("UPDATE app.project SET critical_state = 'declared', critical_case = 'a' WHERE id = :id"), {"id": project}
    )


def recorded_at(connection: Connection, moment: datetime, *tables: str) -> None:
    """Let all rows of tables have been recorded at a moment."""
    connection.execute(text("SET LOCAL petakarya.derived = 'on'"))
    for table in tables or TABLES:
        connection.execute(text(f"UPDATE app.{table} SET valid_from = :moment"), {"moment": moment})
    connection.execute(text("SET LOCAL petakarya.derived = 'off'"))


def table(report: Report, table_id: str) -> Table:
    """Return a table of a report."""
    return next(one for one in report.tables if one.id == table_id)


def cells(table: Table, row: Row | None = None) -> dict[str, Any]:
    """Return the cells of a row by column, or those of the total."""
    values = table.total if row is None else row.cells
    assert values is not None
    return dict(zip([column.id for column in table.columns], values, strict=True))


def _programme(connection: Connection) -> int:
    parent = None
    for code, level, name in (
        ("1.03.10", "programme", "Penyelenggaraan Jalan"),
        ("1.03.10.2.01", "activity", "Jalan Kabupaten"),
        ("1.03.10.2.01.0033", "sub_activity", "Rekonstruksi Jalan"),
    ):
        parent = make_row(
            connection, "app.programme", code=code, version="2025", level=level, name=name, parent_id=parent
        )
    assert parent is not None
    return parent
