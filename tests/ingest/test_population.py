"""A table of people by area and year is loaded, checked and updated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import Connection, text

from tests.helpers.files import write_csv
from tests.ingest.conftest import Import, codes_of

MARKET, HAPPY = "99.01.01.1001", "99.01.01.2002"
HEAD = ("kode", "tahun", "penduduk", "kk", "laki", "perempuan", "sumber")


def table(path: Path, *rows: tuple[Any, ...], head: tuple[str, ...] = HEAD) -> Path:
    return write_csv(path / "penduduk.csv", [head, *rows])


def stored(connection: Connection) -> list[tuple[Any, ...]]:
    found = connection.execute(
        text(
            "SELECT area_code, year, population, households, male, female, source FROM layers.population ORDER BY 1, 2"
        )
    )
    return [tuple(row) for row in found]


def test_a_table_with_semicolons_is_loaded(regency: Connection, do_import: Import, tmp_path: Path) -> None:
    path = table(
        tmp_path, (MARKET, 2025, "3.151", 800, 1600, 1551, "Dukcapil"), ("9901012002", 2025, 12, "", "", "", "")
    )
    result = do_import(path, "population")
    assert (result.imported, result.rows_read, result.rows_loaded) == (True, 2, 2)
    assert stored(regency) == [
        (MARKET, 2025, 3151, 800, 1600, 1551, "Dukcapil"),
        (HAPPY, 2025, 12, None, None, None, "penduduk.csv"),
    ]
    assert codes_of(result) == {}
    kept = regency.execute(text("SELECT layer, rows_loaded, actor FROM app.imports")).one()
    assert tuple(kept) == ("population", 2, "petugas")


def test_a_sheet_is_loaded_with_english_columns(regency: Connection, do_import: Import, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (
        ("area_code", "year", "population", "households"),
        (MARKET, 2025, 3151, 800),
        ("99.01.01", 2025, 9000, 2000),
    ):
        book.active.append(row)
    book.save(tmp_path / "penduduk.xlsx")
    result = do_import(tmp_path / "penduduk.xlsx", "population")
    assert [row[:4] for row in stored(regency)] == [("99.01.01", 2025, 9000, 2000), (MARKET, 2025, 3151, 800)]
    assert result.imported


def test_demonstration_rows_give_way(regency: Connection, do_import: Import, tmp_path: Path) -> None:
    regency.execute(
        text("INSERT INTO layers.population (area_code, year, population, demo) VALUES ('99.01', 2020, 5, true)")
    )
    do_import(table(tmp_path, (MARKET, 2025, 10, "", "", "", "")), "population")
    assert [row[:3] for row in stored(regency)] == [(MARKET, 2025, 10)]


def test_what_is_there_already_is_changed_by_update_only(
    regency: Connection, do_import: Import, tmp_path: Path
) -> None:
    do_import(table(tmp_path, (MARKET, 2025, 10, 3, "", "", "")), "population")
    again = table(tmp_path, (MARKET, 2025, 11, 3, "", "", ""), (MARKET, 2026, 12, 3, "", "", ""))
    added = do_import(again, "population")
    assert codes_of(added) == {"key_present": 1}
    assert [row[2] for row in stored(regency)] == [10, 12]
    changed = do_import(again, "population", mode="update", key="area_code")
    assert (changed.imported, changed.rows_loaded) == (True, 1)
    assert [row[2] for row in stored(regency)] == [11, 12]
    history = regency.execute(
        text("SELECT population FROM history.population WHERE area_code = :code"), {"code": MARKET}
    )
    assert history.scalars().all() == [10]


def test_an_update_keeps_what_the_file_does_not_have(regency: Connection, do_import: Import, tmp_path: Path) -> None:
    do_import(table(tmp_path, (MARKET, 2025, 10, 3, 6, 4, "")), "population")
    do_import(table(tmp_path, (MARKET, 2025, 11), head=("kode", "tahun", "penduduk")), "population", mode="update")
    assert [row[:6] for row in stored(regency)] == [(MARKET, 2025, 11, 3, 6, 4)]


def test_replace_removes_what_was_there(regency: Connection, do_import: Import, tmp_path: Path) -> None:
    do_import(table(tmp_path, (MARKET, 2025, 10, "", "", "", "")), "population")
    do_import(table(tmp_path, (HAPPY, 2026, 7, "", "", "", "")), "population", mode="replace")
    assert [row[:3] for row in stored(regency)] == [(HAPPY, 2026, 7)]


def test_unknown_codes_are_left_out_or_kept_when_asked(regency: Connection, do_import: Import, tmp_path: Path) -> None:
    path = table(
        tmp_path,
        (MARKET, 2025, 1, "", "", "", ""),
        ("99.01.09.2001", 2025, 2, "", "", "", ""),
        ("99.02.01", 2025, 3, "", "", "", ""),
        ("Suka Maju", 2025, 4, "", "", "", ""),
    )
    refused = do_import(path, "population")
    assert codes_of(refused) == {"code_malformed": 1, "outside_region": 1, "code_not_listed": 1}
    assert [row[2] for row in stored(regency)] == [1]
    kept = do_import(path, "population", mode="replace", outside="keep")
    assert codes_of(kept) == {"code_malformed": 1, "outside_region": 1, "code_not_listed": 1}
    assert sorted(row[2] for row in stored(regency)) == [1, 2, 3]


def test_values_that_cannot_be_are_left_out(regency: Connection, do_import: Import, tmp_path: Path) -> None:
    path = table(
        tmp_path,
        (MARKET, 2025, 1, -4, "", "", ""),
        (MARKET, 2024, -1, "", "", "", ""),
        (MARKET, 20255, 5, "", "", "", ""),
        (MARKET, 2023, "banyak", "", "", "", ""),
        (MARKET, 2022, "", "", "", "", ""),
        (MARKET, 2021, "99999999999", "", "", "", ""),
        (HAPPY, 2025, 10, "", 3, 4, ""),
    )
    result = do_import(path, "population")
    assert [row[:4] for row in stored(regency)] == [(MARKET, 2025, 1, None), (HAPPY, 2025, 10, None)]
    found = codes_of(result)
    assert found["value_missing"] == 5
    assert found["value_unreadable:population"] == 3
    assert found["value_unreadable:year"] == 1
    assert found["value_unreadable:households"] == 1
    assert found["sexes_differ"] == 1


def test_two_counts_of_one_area_and_year_are_both_left_out(
    regency: Connection, do_import: Import, tmp_path: Path
) -> None:
    path = table(
        tmp_path, (MARKET, 2025, 1, "", "", "", ""), (MARKET, 2025, 2, "", "", "", ""), (HAPPY, 2025, 3, "", "", "", "")
    )
    result = do_import(path, "population")
    assert codes_of(result) == {"key_repeated": 2}
    assert [row[:3] for row in stored(regency)] == [(HAPPY, 2025, 3)]


@pytest.mark.parametrize("mode", ["append", "replace", "update"])
def test_a_refused_file_changes_nothing(mode: str, regency: Connection, do_import: Import, tmp_path: Path) -> None:
    regency.execute(
        text("INSERT INTO layers.population (area_code, year, population, demo) VALUES ('99.01', 2020, 5, true)")
    )
    result = do_import(table(tmp_path, ("1.2", 2025, 1, "", "", "", "")), "population", mode=mode)
    assert not result.imported
    assert set(codes_of(result)) == {"code_malformed", "nothing_left"}
    assert [row[:3] for row in stored(regency)] == [("99.01", 2020, 5)]


def test_columns_are_asked_for_and_can_be_named(regency: Connection, do_import: Import, tmp_path: Path) -> None:
    path = table(tmp_path, (MARKET, 2025, 7), head=("kode", "periode", "n"))
    refused = do_import(path, "population")
    assert not refused.imported
    named = do_import(path, "population", mapping={"periode": "year", "n": "population"})
    assert named.imported
    assert [row[:3] for row in stored(regency)] == [(MARKET, 2025, 7)]


def test_another_key_is_refused(regency: Connection, do_import: Import, tmp_path: Path) -> None:
    result = do_import(table(tmp_path, (MARKET, 2025, 1, "", "", "", "")), "population", mode="update", key="source")
    assert set(codes_of(result)) == {"field_unknown"}
