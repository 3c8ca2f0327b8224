"""Plans are registered with their scale, their time in force and an activity matrix read from a table."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, text

from app.cli import cli
from app.errors import InvalidRequest
from app.plans.service import PlanInput, SavedPlan, save_plan
from layers.catalogue import built_in_catalogue
from layers.ingest.errors import ImportRefused
from layers.ingest.plan_matrix import PlanMatrix, read_matrix
from tests.helpers.factories import box_wkt, make_row
from tests.helpers.files import write_csv

SECTORS = built_in_catalogue().code_list("projects", "sector")
NEW = PlanInput("RTRW", "RTRW Contoh", "rtrw", 50_000, "Perda 3/2024", date(2024, 1, 2), date(2043, 12, 31))


def matrix(tmp_path: Path, *rows: tuple[object, ...]) -> PlanMatrix:
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    return read_matrix(write_csv(tmp_path / "matriks.csv", list(rows)), SECTORS, work)


def codes(result: PlanMatrix | SavedPlan) -> dict[str, int]:
    return {one.code: one.count for one in result.findings}


def stored(connection: Connection, column: str) -> object:
    return connection.scalar(text(f"SELECT {column} FROM layers.plans WHERE code = 'RTRW'"))


def make_zone(connection: Connection, zone: str, plan: str | None) -> None:
    make_row(
        connection,
        "layers.plan_zones",
        plan_code=plan,
        zone_code=zone,
        zone_name=zone,
        geom=box_wkt((102.9, -3.1, 103.0, -3.0)),
    )


def test_a_matrix_as_the_annex_prints_it(tmp_path: Path) -> None:
    result = matrix(
        tmp_path,
        ("Kegiatan", "PK", "P-1", "HL"),
        ("Jalan", "I", "B", "x"),
        ("TAMAN", "T", "T, B", "-"),
        ("buildings", "I", "", "X"),
    )
    assert result.cells == {
        "roads": {"PK": "I", "P-1": "B", "HL": "X"},
        "parks": {"PK": "T", "P-1": "T, B"},
        "buildings": {"PK": "I", "HL": "X"},
    }
    assert codes(result) == {}


def test_a_sheet_is_read_too(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (("Kegiatan", "R-1", "K-1"), ("Drainase", "I", "T")):
        book.active.append(row)
    book.save(tmp_path / "matriks.xlsx")
    work = tmp_path / "work"
    work.mkdir()
    assert read_matrix(tmp_path / "matriks.xlsx", SECTORS, work).cells == {"drainage": {"R-1": "I", "K-1": "T"}}


def test_what_cannot_be_read_is_left_out_and_found(tmp_path: Path) -> None:
    result = matrix(tmp_path, ("Kegiatan", "PK"), ("Jalan", "boleh"), ("Pabrik roti", "I"), ("Jembatan", "I"))
    assert result.cells == {"bridges": {"PK": "I"}}
    assert codes(result) == {"activity_unknown": 1, "cell_unreadable": 1}


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([("Kegiatan", "PK"), ("Jalan", "I"), ("roads", "X")], "activity_twice"),
        ([("Kegiatan", "PK"), ("Pabrik", "I")], "matrix_empty"),
        ([("Kegiatan",), ("Jalan",)], "matrix_empty"),
        ([("Kegiatan", "PK"), ("Jalan", "")], "matrix_empty"),
    ],
)
def test_what_is_no_matrix_is_refused(tmp_path: Path, rows: list[tuple[object, ...]], code: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        matrix(tmp_path, *rows)
    assert code in {one.code for one in refused.value.findings}


def test_a_plan_is_registered_and_changed_in_what_is_said(app_connection: Connection) -> None:
    first = save_plan(app_connection, NEW)
    assert (first.is_new, first.zones) == (True, 0)
    assert codes(first) == {"plan_without_zones": 1}
    second = save_plan(app_connection, PlanInput("RTRW", matrix={"roads": {"PK": "I"}}))
    assert not second.is_new
    assert stored(app_connection, "activity_matrix") == {"roads": {"PK": "I"}}
    assert stored(app_connection, "name") == "RTRW Contoh"
    assert stored(app_connection, "scale") == 50_000
    past = app_connection.scalar(text("SELECT count(*) FROM history.plans WHERE code = 'RTRW'"))
    assert past == 1


def test_zones_without_a_plan_are_taken_over_when_it_is_asked(app_connection: Connection) -> None:
    save_plan(app_connection, NEW)
    for zone, plan in (("PK", "RTRW"), ("HL", None)):
        make_zone(app_connection, zone, plan)
    kept = save_plan(app_connection, PlanInput("RTRW"))
    assert (kept.zones, kept.taken) == (1, 0)
    taken = save_plan(app_connection, PlanInput("RTRW", matrix={"roads": {"PK": "I"}}), take_zones=True)
    assert (taken.zones, taken.taken) == (2, 1)
    assert codes(taken) == {"zones_not_in_matrix": 1}
    assert "HL" in taken.findings[0].message_id


def test_what_is_missing_or_turned_round_is_refused(app_connection: Connection) -> None:
    with pytest.raises(InvalidRequest, match="--kind, --scale"):
        save_plan(app_connection, PlanInput("RDTR", name="RDTR Contoh"))
    save_plan(app_connection, NEW)
    with pytest.raises(InvalidRequest):
        save_plan(app_connection, PlanInput("RTRW", in_force_until=date(2020, 1, 1)))


def test_help_names_the_commands() -> None:
    result = CliRunner().invoke(cli, ["plan", "--help"], env={**os.environ, "PETAKARYA_LANG": "id"})
    assert result.exit_code == 0
    assert "set" in result.output
    assert "list" in result.output
