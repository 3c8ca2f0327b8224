"""The spreadsheet: real numbers, formulas that give what the report says, text that stays text."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from app.reports.definition import report_definition
from app.reports.render import render
from app.reports.render.xlsx import half_step, sheet_format, stretches, subtotal_rows
from app.reports.report import Report, Row
from app.reports.template import ReportTemplate
from tests.reports.sample import HOSTILE, LENGTHS, make_report, without_content

TITLE = report_definition("coverage").title.id
CONDITION, FACTS, RFK = "Panjang jalan menurut kondisi", "Papan proyek", "RFK menurut instansi   uji"
RANGE = re.compile(r"([A-Z]+)(\d+)(?::([A-Z]+)(\d+))?")


def xlsx_of(report: Report, language: str = "id") -> bytes:
    template = ReportTemplate(government="=Pemerintah", office="+Dinas")
    return render(report, "xlsx", language=language, template=template)


@pytest.fixture(scope="module")
def content() -> bytes:
    return xlsx_of(make_report())


@pytest.fixture(scope="module")
def book(content: bytes) -> Any:
    return openpyxl.load_workbook(BytesIO(content))


@pytest.fixture(scope="module")
def cached(content: bytes) -> Any:
    return openpyxl.load_workbook(BytesIO(content), data_only=True)


def evaluate(book: Any, sheet: Any, cell: Any) -> Any:
    """Return a cell's value by our own reading of SUM and of a quotient, whatever the file says it is."""
    formula = cell.value
    if cell.data_type != "f":
        return formula
    if formula.startswith("=SUM("):
        parts = [part for one in formula[1:].split("+") for part in one.removeprefix("SUM(").rstrip(")").split(",")]
        cells = [one for part in parts for one in _cells(sheet, part)]
        return sum(value for value in (evaluate(book, sheet, one) for one in cells) if value is not None)
    quotient = re.fullmatch(r"=(?:'Angka'!)?(\w+)/(?:'Angka'!)?(\w+)(?:\*(\d+))?", formula)
    assert quotient, formula
    source = book["Angka"] if "Angka" in formula else sheet
    return source[quotient[1]].value / source[quotient[2]].value * float(quotient[3] or 1)


def _cells(sheet: Any, part: str) -> list[Any]:
    found = RANGE.fullmatch(part)
    assert found, part
    if not found[3]:
        return [sheet[part]]
    return [one for row in sheet[part] for one in row]


def test_same_report_is_the_same_bytes(content: bytes) -> None:
    assert xlsx_of(make_report()) == content


def test_document_is_dated_by_the_report(book: Any) -> None:
    assert book.properties.created == datetime(2026, 11, 24, 7, 30)
    assert book.properties.title == f"{TITLE} · Kabupaten Musi Rawas"


def test_sheets_are_named_after_their_tables(book: Any) -> None:
    assert book.sheetnames == ["Ringkasan", CONDITION, FACTS, RFK, "Angka", "Asal angka"]


def test_two_tables_of_one_title_have_two_sheets() -> None:
    report = make_report()
    twice = replace(report, tables=(report.tables[0], replace(report.tables[0], id="b"), report.tables[0]))
    names = openpyxl.load_workbook(BytesIO(xlsx_of(twice))).sheetnames
    assert names[1:4] == [CONDITION, f"{CONDITION[:29]} 2", f"{CONDITION[:29]} 3"]
    assert all(len(one) <= 31 for one in names)


def test_totals_are_formulas_with_the_values_of_the_report(book: Any, cached: Any) -> None:
    sheet = book[CONDITION]
    formulas = [one.value for one in sheet[14]][1:]
    assert formulas[:6] == [f"=SUM({letter}2:{letter}13)" for letter in "BCDEFG"]
    assert formulas[6].startswith("='Angka'!")
    sums = LENGTHS.sum(axis=0)
    expected = [*sums, sums.sum(), (sums[0] + sums[1]) / sums.sum() * 100]
    assert [evaluate(book, sheet, one) for one in sheet[14][1:]] == pytest.approx(expected)
    assert [one.value for one in cached[CONDITION][14][1:]] == pytest.approx(expected)


def test_subtotals_sum_what_lies_below_them(book: Any) -> None:
    sheet = book[RFK]
    assert [sheet[one].value for one in ("B2", "C2", "B5", "B7")] == [
        "=SUM(B3:B4)",
        "=SUM(C3:C4)",
        "=SUM(B6)",
        "=SUM(B3:B4,B6)",
    ]
    assert evaluate(book, sheet, sheet["C7"]) == 1_750_000_000.5


def test_sum_of_many_groups_is_a_formula_still() -> None:
    report = make_report()
    rfk = report.tables[2]
    groups = range(75)  # each a subtotal with two rows below it: as many stretches, more than one SUM takes
    rows = [
        row
        for number in groups
        for row in (
            replace(rfk.rows[0], key=f"g{number}"),
            replace(rfk.rows[1], key=f"a{number}"),
            replace(rfk.rows[2], key=f"b{number}"),
        )
    ]
    assert rfk.total is not None
    values = [float(row.cells[1]) for row in rows if not row.is_subtotal]  # type: ignore[arg-type]
    total = (rfk.total[0], sum(values), *rfk.total[2:])
    content = xlsx_of(replace(report, tables=(replace(rfk, rows=tuple(rows), total=total),)))
    sheet = (book := openpyxl.load_workbook(BytesIO(content)))[RFK]
    cell = sheet.cell(len(rows) + 2, 3)
    assert cell.data_type == "f"
    assert all(part.count(",") < 30 for part in cell.value.split("+"))
    assert evaluate(book, sheet, cell) == pytest.approx(sum(values))


def test_percentages_are_never_summed(book: Any) -> None:
    values = [row[3].value for row in book[RFK].iter_rows(min_row=2)]
    assert values == [41.67, 25, 50, 100, 100, 50]


def test_a_total_that_is_no_sum_stays_a_number() -> None:
    report = make_report()
    table = report.tables[0]
    assert table.total is not None
    other = replace(table, total=(999.0, *table.total[1:]))
    sheet = openpyxl.load_workbook(BytesIO(xlsx_of(replace(report, tables=(other,)))))[CONDITION]
    assert sheet["B14"].value == 999
    assert sheet["C14"].value == "=SUM(C2:C13)"


def test_every_formula_is_ours(book: Any) -> None:
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    assert re.fullmatch(
                        r"=(SUM\([A-Z0-9:,]+\)|('Angka'!)?[GH]\d+/('Angka'!)?[GH]\d+(\*100)?)", cell.value
                    )
                assert cell.hyperlink is None


def test_text_that_looks_like_a_formula_is_text(book: Any) -> None:
    found = {
        cell.value: cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value in HOSTILE[:4]
    }
    assert set(found) == set(HOSTILE[:4])
    assert {one.data_type for one in found.values()} == {"s"}
    assert all(one.quotePrefix for one in found.values())
    assert book["Ringkasan"]["A1"].data_type == "s"


def test_unknown_cells_are_empty_and_dates_are_dates(book: Any) -> None:
    assert book[CONDITION]["H5"].value is None
    assert book[RFK]["E3"].value == datetime(2026, 3, 2)
    assert book[RFK]["E3"].number_format == "[$-421]d mmm yyyy"


def test_heads_are_frozen_and_columns_are_wide_enough(book: Any) -> None:
    for name in (CONDITION, RFK, "Angka", "Asal angka"):
        assert book[name].freeze_panes == ("C2" if name == "Angka" else "B2")
    assert book[CONDITION].column_dimensions["A"].width > 30
    assert book[RFK].column_dimensions["C"].width > len("1.750.000.000,50")


def test_every_figure_is_there_with_what_it_was_divided_by(book: Any) -> None:
    report = make_report()
    rows = list(book["Angka"].iter_rows(min_row=2))
    assert len(rows) == len(report.figures)
    for figure, row in zip(report.figures, rows, strict=True):
        assert (row[0].value, row[2].value) == (figure.id, figure.area)
        value = evaluate(book, book["Angka"], row[4])
        assert value == (pytest.approx(figure.value) if figure.value is not None else None)


def test_notes_say_what_is_not_verified(book: Any) -> None:
    rows = {row[0].value: [one.value for one in row] for row in book["Asal angka"].iter_rows(min_row=2)}
    kemantapan = rows["Kemantapan jalan"]
    assert "belum diverifikasi" in kemantapan
    assert "Permen PU 13/2011 #pasal $2$" in kemantapan
    assert "812 unsur, versi 17" in kemantapan[5]


def test_nothing_in_the_area_is_still_a_document() -> None:
    book = openpyxl.load_workbook(BytesIO(xlsx_of(without_content(make_report()))))
    assert book[CONDITION].max_row >= 1


@pytest.mark.parametrize(("unit", "expected"), [("km", "#,##0.000"), ("IDR", "#,##0.00"), ("packages", "#,##0")])
def test_number_formats(unit: str, expected: str) -> None:
    assert sheet_format(unit, "id") == expected
    assert half_step("km") == pytest.approx(0.0005)


def test_stretches() -> None:
    assert list(stretches([1, 2, 3, 5, 7, 8])) == [(1, 3), (5, 5), (7, 8)]
    assert list(stretches([])) == []


def test_subtotal_rows_are_the_leaves_below() -> None:
    rows = [
        Row("a", (), is_subtotal=True),
        Row("b", (), level=1, is_subtotal=True),
        Row("c", (), level=2),
        Row("d", ()),
    ]
    assert subtotal_rows(rows, 0) == [2]
    assert subtotal_rows(rows, 3) == []


def test_libreoffice_computes_the_same(content: bytes, tmp_path: Path) -> None:
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        pytest.skip("LibreOffice is not installed: formulas are evaluated by the test's own reading only")
    source = tmp_path / "report.xlsx"
    source.write_bytes(content)
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    command = [
        program,
        profile,
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
        "--outdir",
        "out",
        str(source),
    ]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    computed = openpyxl.load_workbook(tmp_path / "out" / "report.xlsx", data_only=True)
    before = openpyxl.load_workbook(BytesIO(content), data_only=True)
    for sheet in before:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, int | float):
                    assert computed[sheet.title][cell.coordinate].value == pytest.approx(cell.value)
