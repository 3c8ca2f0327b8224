"""The register as files: CSV for any program, XLSX with numbers as numbers and the filter on a sheet."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask_babel import gettext

from app.packages.register_columns import COLUMNS, Column
from app.packages.register_queries import Package, Totals

BOM = "\ufeff"  # by which Excel knows that the file is UTF-8
PERCENT_DECIMALS = 4  # hides what binary fractions add: 48.2 − 62 is −13.8
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so would be run by a spreadsheet
WIDTHS = {"name": 48, "money": 20, "districts": 26, "code": 20, "text": 24}
USUAL_WIDTH = 14

Words = Callable[[Column, Any], str]
"""Says a coded value or districts as people read them."""


@dataclass(frozen=True)
class Export:
    """What is written: rows by column, the lines that say what they are, and their sums."""

    columns: Sequence[Column]
    rows: Sequence[Package]
    changing: Sequence[Column]  # whose change since the earlier moment is written too
    facts: Sequence[tuple[str, str]]  # filter, dates, source
    totals: Totals
    words: Words

    @property
    def headings(self) -> list[str]:
        """Headings of the table: the code first, by which rows of two files find each other."""
        changes = [gettext("%(column)s, perubahan", column=column.label) for column in self.changing]
        return [str(COLUMNS["code"].label), *(str(column.label) for column in self.columns), *changes]

    def cells(self, row: Package) -> list[Any]:
        """Return the values of a row: text, numbers, days, or None."""
        values = [plain(column, row.values[column.key], self.words) for column in self.columns]
        return [row.code, *values, *(plain(column, row.changes[column.key], self.words) for column in self.changing)]


def plain(column: Column, value: Any, words: Words) -> Any:
    """Return a value as a file holds it: numbers stay numbers, codes and districts are said in words."""
    if value is None:
        return None
    if column.kind in {"code", "critical", "districts"}:
        return words(column, value)
    return round(value, PERCENT_DECIMALS) if isinstance(value, float) else value


def write_csv(export: Export, *, comma: str = ",") -> bytes:
    """
    Return the table as CSV: UTF-8 with BOM, `;` between cells, days as ISO 8601.

    Parameters
    ----------
    comma
        What parts decimals, as spreadsheets of the reader's language expect it.
    """
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow(export.headings)
    for row in export.rows:
        writer.writerow([csv_cell(value, comma) for value in export.cells(row)])
    return (BOM + written.getvalue()).encode("utf-8")


def csv_cell(value: Any, comma: str) -> str:
    """Return a value as text; what a spreadsheet would run as a formula is marked as text."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        value = int(value) if value == int(value) else value
    if isinstance(value, int | float | Decimal):
        return f"{value}".replace(".", comma)
    if isinstance(value, dt.date):
        return value.isoformat()
    return f"'{value}" if value.startswith(FORMULA_SIGNS) else str(value)


def write_xlsx(export: Export, path: Path) -> None:
    """Write the table as XLSX, row by row so that memory does not grow with it; the second sheet says what it is."""
    import xlsxwriter  # here: only few requests need it

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        formats = {
            "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
            "money": book.add_format({"num_format": "#,##0.00" if _has_cents(export) else "#,##0"}),
            "percent": book.add_format({"num_format": "0.0"}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        formats["points"] = formats["percent"]
        columns = [COLUMNS["code"], *export.columns, *export.changing]
        sheet = book.add_worksheet(gettext("Register"))
        for number, column in enumerate(columns):
            sheet.set_column(number, number, WIDTHS.get(column.kind, USUAL_WIDTH))
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, len(export.rows), len(columns) - 1)
        for number, label in enumerate(export.headings):
            sheet.write_string(0, number, label, formats["head"])
        for line, row in enumerate(export.rows, start=1):
            for number, value in enumerate(export.cells(row)):
                _write(sheet, line, number, value, formats.get(columns[number].kind))
        _write_facts(book.add_worksheet(gettext("Saringan")), export, formats)


def _write_facts(sheet: Any, export: Export, formats: dict[str, Any]) -> None:
    """Write the sheet that says what the table holds, and what it amounts to."""
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 60)
    totals = export.totals
    sums: list[tuple[str, Any, str]] = [
        (gettext("Jumlah paket"), totals.packages, ""),
        (gettext("Pagu (Rp)"), totals.ceiling_idr, "money"),
        (gettext("Nilai kontrak (Rp)"), totals.contract_value_idr, "money"),
        (gettext("SP2D terbayar (Rp)"), totals.paid_idr, "money"),
        (
            gettext("Realisasi fisik tertimbang menurut pagu tahun ini, dalam persen"),
            totals.weighted_physical,
            "percent",
        ),
        (gettext("Belum ada lokasi"), totals.not_located, ""),
    ]
    line = 0
    for label, fact in export.facts:
        sheet.write_string(line, 0, label)
        sheet.write_string(line, 1, fact)
        line += 1
    for label, value, kind in sums:
        sheet.write_string(line, 0, label)
        _write(sheet, line, 1, value, formats.get(kind))
        line += 1


def _write(sheet: Any, line: int, number: int, value: Any, style: Any) -> None:
    if value is None:
        return
    if isinstance(value, Decimal | float | int):
        sheet.write_number(line, number, value, style)
    elif isinstance(value, dt.date):
        sheet.write_datetime(line, number, dt.datetime.combine(value, dt.time()), style)
    else:
        sheet.write_string(line, number, str(value))


def _has_cents(export: Export) -> bool:
    """Tell whether any amount has decimals that must be seen."""
    money = [column.key for column in export.columns if column.kind == "money"]
    return any((value := row.values[key]) is not None and value != int(value) for row in export.rows for key in money)
