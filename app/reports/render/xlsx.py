"""
Reports as spreadsheets: real numbers, totals as formulas where a formula is right, a sheet on where figures come from.

Text never becomes a formula or a link: it is written as text, and marked as such where it begins like a formula.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from io import BytesIO
from typing import Any

import xlsxwriter
from flask_babel import gettext
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from app.reports.definition import ReportDefinition, report_definition
from app.reports.render.words import (
    ShownReport,
    figure_label,
    head_of,
    is_verified,
    row_name,
    rule_text,
    show_report,
    show_table,
    total_name,
)
from app.reports.report import Cell, Report, Row, Table, Words
from app.reports.template import ReportTemplate
from app.reports.units import TEXT_UNITS, decimals_of, format_cell, unit_name
from gis.figures import Figure

LONGEST_NAME = 31  # letters of a sheet's name
FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
MOST_ARGUMENTS = 30  # of SUM, as every program takes them
LONGEST_FORMULA = 8192  # letters
WIDEST, NARROWEST = 48.0, 9.0  # columns, letters
HEAD_COLOUR, LINE_COLOUR, ACCENT, CAUTION = "#F1F0EB", "#C9CDC9", "#0B5D4B", "#8A5A00"
FACTORS = {"percent": 100.0}  # by which a quotient is multiplied in its unit
QUOTIENTS = frozenset({"percent", "points", "index", "degrees", "year"})
FIGURES_HEAD = 0  # row of the heads on the sheet of figures


def render_xlsx(report: Report, *, language: str, template: ReportTemplate) -> bytes:
    """
    Return a report as XLSX.

    Parameters
    ----------
    language
        Of its words; Flask-Babel's locale is the same.
    template
        Whose name stands at its head.

    Returns
    -------
    xlsx
        The same report is the same bytes: the document is dated by the report's moment.
    """
    stream = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "d mmm yyyy",
    }
    with xlsxwriter.Workbook(stream, options) as workbook:
        Sheets(workbook, report, language, template).write()
    return stream.getvalue()


@dataclass(frozen=True)
class Total:
    """One cell of a total: a formula with the value it has, or the value alone."""

    value: Cell
    formula: str | None = None


class Sheets:
    """A workbook in the making."""

    def __init__(self, workbook: Any, report: Report, language: str, template: ReportTemplate) -> None:
        self.workbook = workbook
        self.report = report
        self.language = language
        self.template = template
        self.definition: ReportDefinition = report_definition(report.name)
        self.shown: ShownReport = show_report(report, language)
        self.taken: set[str] = {"history"}  # a name that spreadsheets keep for themselves
        self.formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self.figures_name = ""
        self.figures = {(one.id, one.area): one for one in report.figures}
        self.figure_rows = {(one.id, one.area): FIGURES_HEAD + 1 + row for row, one in enumerate(report.figures)}

    def write(self) -> None:
        """Write all sheets: the summary, each table, all figures, and where they come from."""
        self.workbook.set_size(1800, 1200)
        self.workbook.set_properties({
            "title": f"{self.shown.title} · {self.shown.area}",
            "author": self.template.government or self.report.area.name,
            "created": self.report.as_of.astimezone(UTC).replace(tzinfo=None),
        })  # fmt: skip
        summary = self._sheet(str(gettext("Ringkasan")))
        tables = [
            (table, self._sheet(show_table(self.report, table, self.language).title)) for table in self.report.tables
        ]
        self.figures_name = self._name(str(gettext("Angka")))
        figures = self.workbook.add_worksheet(self.figures_name)
        notes = self._sheet(str(gettext("Asal angka")))
        self._write_summary(summary)
        for table, sheet in tables:
            self._write_table(sheet, table)
        self._write_figures(figures)
        self._write_notes(notes)
        summary.activate()

    # Sheets

    def _write_summary(self, sheet: Any) -> None:
        shown = self.shown
        sheet.set_column(0, 0, 44)
        sheet.set_column(1, 1, 60)
        lines: list[tuple[str, str]] = [(one, "") for one in (self.template.government, self.template.office) if one]
        row = 0
        for text, _ in lines:
            self._text(sheet, row, 0, text)
            row += 1
        self._text(sheet, row, 0, shown.title, bold=True, font_size=16)
        facts = [
            (gettext("Wilayah"), f"{shown.area} ({shown.area_code})"),
            (gettext("Yang dijawab"), shown.question),
            (gettext("Dasar data"), shown.basis),
            *shown.chosen,
        ]
        if shown.demo:
            facts.append((gettext("Perhatian"), gettext("Memuat data contoh.")))
        row += 1
        for label, value in facts:
            self._text(sheet, row, 0, str(label), font_color="#55605A")
            self._text(sheet, row, 1, str(value), text_wrap=True)
            row += 1
        row += 1
        for figure_id in self.definition.headlines:
            figure = self.figures.get((figure_id, self.report.area.code))
            if figure is None:
                continue
            label = figure_label(self.definition, self.report, figure_id, self.language)
            sign = unit_name(figure.unit, self.language)
            self._text(sheet, row, 0, f"{label} ({sign})" if sign else label)
            self._cell(sheet, row, 1, figure.value, figure.unit, bold=True, font_size=14, align="left")
            row += 1
        row += 1
        for one in shown.findings:
            colour = {"error": "#9F1239", "warning": CAUTION}.get(one.severity, "#55605A")
            self._text(sheet, row, 0, one.word, bold=True, font_color=colour)
            self._text(sheet, row, 1, one.sentence, text_wrap=True)
            row += 1

    def _write_table(self, sheet: Any, table: Table) -> None:
        report, language = self.report, self.language
        heads = [table.row_head.in_language(language), *(head_of(one, language) for one in table.columns)]
        for place, head in enumerate(heads):
            is_text = place == 0 or table.columns[place - 1].unit in TEXT_UNITS
            self._text(sheet, 0, place, head, **HEAD, align="left" if is_text else "right")
        sheet.freeze_panes(1, 1)
        sheet.repeat_rows(0)
        self._fit(sheet, table, heads)
        values = [tuple(self._exact(table, row, place) for place in range(len(table.columns))) for row in table.rows]
        for number, (row, cells) in enumerate(zip(table.rows, values, strict=True), start=1):
            self._text(sheet, number, 0, row_name(report, row, language), indent=row.level, bold=row.is_subtotal)
            sums = subtotal_rows(table.rows, number - 1) if row.is_subtotal else None
            for place, (column, value) in enumerate(zip(table.columns, cells, strict=True)):
                total = Total(value)
                if sums:
                    total = self._sum(table, values, value, place, sums)
                self._cell(
                    sheet, number, place + 1, total.value, column.unit, formula=total.formula, bold=row.is_subtotal
                )
        if table.total is not None and len(table.rows) > 1:
            self._write_total(sheet, table, values)
        if table.note is not None:
            self._text(sheet, len(table.rows) + 3, 0, table.note.in_language(language), italic=True)

    def _write_total(self, sheet: Any, table: Table, values: Sequence[tuple[Cell, ...]]) -> None:
        assert table.total is not None
        last = len(table.rows) + 1
        style = {"bold": True, "top": 1}
        self._text(sheet, last, 0, total_name(self.report, table), **style)
        leaves = [place for place, row in enumerate(table.rows) if not row.is_subtotal]
        for place, (column, given) in enumerate(zip(table.columns, table.total, strict=True)):
            value = self._exact_total(table, place)
            total = self._sum(table, values, value, place, leaves)
            if total.formula is None:
                total = self._quotient(column.figure, self.report.area.code, value)
            if isinstance(given, Words):
                self._text(sheet, last, place + 1, given.in_language(self.language), **style)
            else:
                self._cell(sheet, last, place + 1, total.value, column.unit, formula=total.formula, **style)

    def _write_figures(self, sheet: Any) -> None:
        """Write every figure of the report with numerator and denominator; quotients are formulas."""
        heads = ("ID", gettext("Angka"), gettext("Kode wilayah"), gettext("Wilayah"), gettext("Nilai"),
                 gettext("Satuan"), gettext("Pembilang"), gettext("Pembagi"), gettext("Ketentuan"),
                 gettext("Tanggal data"))  # fmt: skip
        for column, head in enumerate(heads):
            self._text(sheet, FIGURES_HEAD, column, str(head), **HEAD)
        sheet.freeze_panes(FIGURES_HEAD + 1, 2)
        for column, width in enumerate((30, 40, 14, 28, 18, 10, 18, 18, 22, 14)):
            sheet.set_column(column, column, width)
        for figure in self.report.figures:
            self._write_figure(sheet, self.figure_rows[figure.id, figure.area], figure)
        sheet.autofilter(FIGURES_HEAD, 0, max(1, len(self.report.figures)), len(heads) - 1)

    def _write_figure(self, sheet: Any, row: int, figure: Figure) -> None:
        units = self.definition.words(figure.id).part_units
        texts = (
            figure.id,
            figure_label(self.definition, self.report, figure.id, self.language),
            figure.area,
            self.report.name_of(figure.area, self.language),
        )
        for column, text in enumerate(texts):
            self._text(sheet, row, column, text)
        formula = quotient_formula(figure, f"G{row + 1}", f"H{row + 1}")
        self._cell(sheet, row, 4, figure.value, figure.unit, formula=formula)
        self._text(sheet, row, 5, unit_name(figure.unit, self.language))
        self._cell(sheet, row, 6, figure.numerator, units[0])
        self._cell(sheet, row, 7, figure.denominator, units[1])
        self._text(sheet, row, 8, f"{figure.rule} ({figure.rule_version})" if figure.rule else "")
        self._cell(sheet, row, 9, figure.data_date, "date")

    def _write_notes(self, sheet: Any) -> None:
        """Write how each figure of the own area came to be: the same as the notes of the PDF."""
        heads = (gettext("Angka"), gettext("Cara hitung"), gettext("Ketentuan"), gettext("Dasar hukum"),
                 gettext("Keadaan dasar hukum"), gettext("Data masukan"), gettext("Alamat unsur peta"))  # fmt: skip
        for column, (head, width) in enumerate(zip(heads, (36, 60, 40, 44, 20, 60, 50), strict=True)):
            self._text(sheet, 0, column, str(head), **HEAD)
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 1)
        inputs = {entry.id: note.inputs for note in self.shown.notes for entry in note.entries}
        for row, figure in enumerate(
            (one for one in self.report.figures if one.area == self.report.area.code), start=1
        ):
            state = gettext("sudah diverifikasi") if is_verified(self.report, figure) else gettext("belum diverifikasi")
            texts = (
                figure_label(self.definition, self.report, figure.id, self.language),
                self.definition.words(figure.id).formula.in_language(self.language),
                rule_text(self.report, figure, self.language) or "",
                figure.legal_basis or "",
                str(state) if figure.rule else "",
                inputs.get(figure.id, ""),
                figure.features_url or "",
            )
            for column, text in enumerate(texts):
                self._text(sheet, row, column, text, text_wrap=True, valign="top")

    # Values

    def _exact(self, table: Table, row: Row, place: int) -> Cell:
        """Return a cell's value; where it is a figure, unrounded, so that totals add up."""
        cell = row.cells[place]
        if isinstance(cell, Words):
            return cell.in_language(self.language)
        return self._unrounded(table, row.key, place, cell) if table.by_area else cell

    def _exact_total(self, table: Table, place: int) -> Cell:
        assert table.total is not None
        cell = table.total[place]
        if isinstance(cell, Words):
            return cell.in_language(self.language)
        return self._unrounded(table, self.report.area.code, place, cell)

    def _unrounded(self, table: Table, area: str, place: int, cell: Cell) -> Cell:
        column = table.columns[place]
        figure = self.figures.get((column.figure, area)) if column.figure else None
        if figure is None or figure.value is None or not isinstance(cell, int | float):
            return cell
        return figure.value if abs(figure.value - cell) <= half_step(column.unit) * 1.0001 else cell

    def _sum(
        self, table: Table, values: Sequence[tuple[Cell, ...]], value: Cell, place: int, rows: Sequence[int]
    ) -> Total:
        """Return a total as SUM of rows where that is what it is; else the value alone."""
        numbers = [values[row][place] for row in rows]
        known = [float(one) for one in numbers if isinstance(one, int | float)]
        if not isinstance(value, int | float) or not known or not is_summed(table.columns[place].unit):
            return Total(value)
        step = half_step(table.columns[place].unit)
        if abs(sum(known) - value) >= step:
            return Total(value)
        letter = xl_col_to_name(place + 1)
        ranges = [
            f"{letter}{start + 2}" if start == end else f"{letter}{start + 2}:{letter}{end + 2}"
            for start, end in stretches(rows)
        ]
        formula = sum_formula(ranges)
        return Total(sum(known), formula) if len(formula) <= LONGEST_FORMULA else Total(value)

    def _quotient(self, figure_id: str | None, area: str, value: Cell) -> Total:
        """Return the weighted total of a quotient: numerator by denominator of the whole, on the sheet of figures."""
        figure = self.figures.get((figure_id, area)) if figure_id else None
        if figure is None or not isinstance(value, int | float):
            return Total(value)
        row = self.figure_rows[figure.id, area]
        sheet = "'" + self.figures_name.replace("'", "''") + "'!"
        formula = quotient_formula(figure, sheet + xl_rowcol_to_cell(row, 6), sheet + xl_rowcol_to_cell(row, 7))
        if formula is None or figure.value is None or abs(figure.value - value) > half_step(figure.unit):
            return Total(value)
        return Total(figure.value, formula)

    # Writing

    def _sheet(self, title: str) -> Any:
        return self.workbook.add_worksheet(self._name(title))

    def _name(self, title: str) -> str:
        """Return a name that a sheet may have: short, without signs that mean something, not taken yet."""
        plain = FORBIDDEN.sub(" ", "".join(letter for letter in title if letter.isprintable())).strip(" '")
        name = base = plain[:LONGEST_NAME].strip(" '") or "Tabel"
        turn = 1
        while name.lower() in self.taken:
            turn += 1
            ending = f" {turn}"
            name = base[: LONGEST_NAME - len(ending)] + ending
        self.taken.add(name.lower())
        return name

    def _text(self, sheet: Any, row: int, column: int, text: str, **style: Any) -> None:
        quoted = {"quote_prefix": True} if text.startswith(FORMULA_STARTS) else {}
        sheet.write_string(row, column, text, self._format(**style, **quoted))

    def _cell(
        self, sheet: Any, row: int, column: int, value: Cell, unit: str, *, formula: str | None = None, **style: Any
    ) -> None:
        """Write a number, a date or a text as what it is; an unknown one stays empty."""
        if isinstance(value, str):
            self._text(sheet, row, column, value, **style)
        elif value is None:
            sheet.write_blank(row, column, None, self._format(**style))
        elif isinstance(value, date):
            sheet.write_datetime(
                row, column, value, self._format(num_format=sheet_format("date", self.language), **style)
            )
        else:
            numbers = self._format(num_format=sheet_format(unit, self.language), **style)
            if formula is not None:
                sheet.write_formula(row, column, formula, numbers, value)
            else:
                sheet.write_number(row, column, value, numbers)

    def _format(self, **style: Any) -> Any:
        key = tuple(sorted(style.items()))
        if key not in self.formats:
            self.formats[key] = self.workbook.add_format({"font_name": "Calibri", "font_size": 11, **style})
        return self.formats[key]

    def _fit(self, sheet: Any, table: Table, heads: Sequence[str]) -> None:
        """Make columns as wide as what they hold, within bounds."""
        names = [row_name(self.report, row, self.language) for row in table.rows]
        sheet.set_column(0, 0, _width([heads[0], *names]))
        rows = [row.cells for row in table.rows] + ([table.total] if table.total else [])
        for place, column in enumerate(table.columns):
            texts = [format_cell(cells[place], column.unit, self.language) for cells in rows]
            widest_word = max(heads[place + 1].split() or [""], key=len)
            sheet.set_column(place + 1, place + 1, _width([*texts, widest_word]))


HEAD: dict[str, Any] = {
    "bold": True, "bg_color": HEAD_COLOUR, "bottom": 1, "bottom_color": ACCENT, "text_wrap": True, "valign": "bottom",
}  # fmt: skip


def quotient_formula(figure: Figure, numerator: str, denominator: str) -> str | None:
    """Return the formula of a figure that is a quotient; None for others, and where it would not give its value."""
    if figure.value is None or figure.numerator is None or not figure.denominator:
        return None
    factor = FACTORS.get(figure.unit, 1.0)
    if abs(figure.numerator / figure.denominator * factor - figure.value) > half_step(figure.unit) / 100:
        return None
    times = f"*{factor:g}" if factor != 1.0 else ""
    return f"={numerator}/{denominator}{times}"


def sum_formula(ranges: Sequence[str]) -> str:
    """Return the formula that sums ranges: one SUM for each few of them, as many as programs take."""
    sums = [ranges[start : start + MOST_ARGUMENTS] for start in range(0, len(ranges), MOST_ARGUMENTS)]
    return "=" + "+".join(f"SUM({','.join(one)})" for one in sums)


def subtotal_rows(rows: Sequence[Row], at: int) -> list[int]:
    """Return the rows that a subtotal sums: those deeper than it that follow, without subtotals among them."""
    found: list[int] = []
    for place in range(at + 1, len(rows)):
        if rows[place].level <= rows[at].level:
            break
        if not rows[place].is_subtotal:
            found.append(place)
    return found


def stretches(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield first and last of each stretch of neighbouring places."""
    start = end = None
    for place in places:
        if end is not None and place == end + 1:
            end = place
            continue
        if start is not None and end is not None:
            yield start, end
        start = end = place
    if start is not None and end is not None:
        yield start, end


def sheet_format(unit: str, language: str) -> str:
    """Return the number format of a unit; separators are those of whoever opens the sheet."""
    if unit == "date":
        return "[$-809]d mmm yyyy" if language == "en" else "[$-421]d mmm yyyy"
    if unit == "year":
        return "0"
    decimals = 2 if unit == "IDR" else decimals_of(unit)
    return "#,##0" + ("." + "0" * decimals if decimals else "")


def is_summed(unit: str) -> bool:
    """Whether quantities of a unit add up: lengths, areas, money and counts do, quotients never."""
    return unit not in TEXT_UNITS and unit not in QUOTIENTS and "/" not in unit


def half_step(unit: str) -> float:
    """Return half of the last decimal that a unit is written with: what rounding for print may have changed."""
    return 0.5 * 10.0 ** -(2 if unit == "IDR" else decimals_of(unit))


def _width(texts: Sequence[str]) -> float:
    return min(WIDEST, max(NARROWEST, *(len(one) * 1.1 + 2 for one in texts)))
