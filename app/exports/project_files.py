"""A list of projects as a file: CSV and GeoJSON row by row for programs, XLSX for people."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.projects.geojson import MORE_PROPERTIES, PERCENT_DECIMALS, PROPERTIES, project_feature
from app.projects.queries import ProjectRow

BOM = "\ufeff"  # by which spreadsheets know that a file is UTF-8
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")  # a cell that begins so would be run by a spreadsheet
DEGREE_DECIMALS = 6
FIELDS = (
    "code", "name", "sector", "status", "stage", "delay", "year", "fund_source", "ceiling_idr", "contract_value_idr",
    "paid_idr", "contractor", "start_date", "end_date", "planned_percent", "physical_percent", "deviation_points",
    "progress_date",
)  # fmt: skip
AREA_COLUMNS = ("district_codes", "districts", "village_codes", "villages")
COLUMNS = (*FIELDS, *AREA_COLUMNS, "lon", "lat", "demo", "url", "as_of", "terms")
FEATURE_PROPERTIES = (*PROPERTIES, *MORE_PROPERTIES, "paid_idr")
MONEY = ("ceiling_idr", "contract_value_idr", "paid_idr")
PERCENT = ("planned_percent", "physical_percent", "deviation_points")
WIDTHS = {"name": 48, "contractor": 28, "districts": 24, "villages": 24, "url": 40, "code": 20}
USUAL_WIDTH = 15


@dataclass(frozen=True)
class About:
    """What a file says of itself: the moment it tells of (ISO 8601), the terms, and the address of a project's page."""

    as_of: str
    terms: str
    page_url: Callable[[str], str]


@dataclass(frozen=True)
class Part:
    """Some rows with the names of their areas by code, and their geometries by id where they are wanted."""

    rows: Sequence[ProjectRow]
    names: Mapping[str, str]
    geometries: Mapping[int, dict[str, Any]]


def csv_lines(parts: Iterable[Part], about: About) -> Iterator[str]:
    """
    Yield a list as CSV (RFC 4180) in UTF-8 with BOM: a comma between cells, a point in numbers, days as ISO 8601.

    The first row names the columns as every other interface names them. Codes of several areas stand with spaces
    between; a text that a spreadsheet would run as a formula begins with an apostrophe.
    """
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    yield BOM + written.getvalue()
    for part in parts:
        written.seek(0)
        written.truncate()
        for row in part.rows:
            writer.writerow([csv_cell(value) for value in cells_of(row, part.names, about)])
        yield written.getvalue()


def cells_of(row: ProjectRow, names: Mapping[str, str], about: About) -> list[Any]:
    """Return the values of a project in the order of `COLUMNS`: text, numbers, days, or None."""
    return [
        *(plain(getattr(row, field)) for field in FIELDS),
        " ".join(row.district_codes),
        ", ".join(names.get(code, code) for code in row.district_codes),
        " ".join(row.village_codes),
        ", ".join(names.get(code, code) for code in row.village_codes),
        None if row.lon is None else round(row.lon, DEGREE_DECIMALS),
        None if row.lat is None else round(row.lat, DEGREE_DECIMALS),
        str(row.demo).lower(),
        about.page_url(row.code),
        about.as_of,
        about.terms,
    ]


def plain(value: Any) -> Any:
    """Return a value as a file holds it: whole rupiah without decimals, percentages without noise."""
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    return round(value, PERCENT_DECIMALS) if isinstance(value, float) else value


def csv_cell(value: Any) -> str:
    """Return a value as text that no spreadsheet runs."""
    if value is None:
        return ""
    if isinstance(value, dt.date):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA_SIGNS) else text


def geojson_lines(parts: Iterable[Part], about: About, *, matched: int) -> Iterator[str]:
    """Yield a list as one GeoJSON collection (RFC 7946); the source and its terms stand beside the features."""
    head = {"type": "FeatureCollection", "as_of": about.as_of, "terms": about.terms, "numberMatched": matched}
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "features": ['
    comma = ""
    for part in parts:
        features = []
        for row in part.rows:
            feature = project_feature(row, part.geometries.get(row.id), FEATURE_PROPERTIES)
            feature["properties"]["url"] = about.page_url(row.code)
            features.append(json.dumps(feature, ensure_ascii=False))
        if features:
            yield comma + ",\n".join(features)
            comma = ",\n"
    yield "]}\n"


@dataclass(frozen=True)
class SheetWords:
    """What people read in a spreadsheet: titles of its sheets, headings, labels of codes, and the lines about it."""

    sheet: str
    facts_sheet: str
    headings: Mapping[str, str]  # by column
    label: Callable[[str, str], str]  # of a code of a field
    facts: Sequence[tuple[str, str]]


CODED = ("sector", "status", "stage", "delay")
SHEET_COLUMNS = tuple(name for name in COLUMNS if name not in {"as_of", "terms", "demo"})


def write_xlsx(parts: Iterable[Part], about: About, words: SheetWords, path: Path) -> None:
    """Write a list as XLSX, row by row so that memory does not grow with it; the second sheet says what it is."""
    import xlsxwriter  # here: only few requests need it

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        formats = {name: book.add_format({"num_format": "#,##0"}) for name in MONEY}
        formats |= {name: book.add_format({"num_format": "0.0"}) for name in PERCENT}
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet(words.sheet)
        sheet.freeze_panes(1, 2)
        for number, name in enumerate(SHEET_COLUMNS):
            sheet.set_column(number, number, WIDTHS.get(name, USUAL_WIDTH))
            sheet.write_string(0, number, words.headings[name], head)
        line = 0
        for part in parts:
            for row in part.rows:
                line += 1
                values = dict(zip(COLUMNS, cells_of(row, part.names, about), strict=True))
                for number, name in enumerate(SHEET_COLUMNS):
                    value = values[name]
                    if name in CODED and value is not None:
                        value = words.label(name, value)
                    _write(sheet, line, number, value, day if isinstance(value, dt.date) else formats.get(name))
        sheet.autofilter(0, 0, line, len(SHEET_COLUMNS) - 1)
        facts = book.add_worksheet(words.facts_sheet)
        facts.set_column(0, 0, 26)
        facts.set_column(1, 1, 90)
        for number, (label, fact) in enumerate(words.facts):
            facts.write_string(number, 0, label)
            facts.write_string(number, 1, fact)


def _write(sheet: Any, line: int, number: int, value: Any, style: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, dt.date):
        sheet.write_datetime(line, number, dt.datetime.combine(value, dt.time()), style)
    elif isinstance(value, int | float):
        sheet.write_number(line, number, value, style)
    else:
        sheet.write_string(line, number, str(value), style)
