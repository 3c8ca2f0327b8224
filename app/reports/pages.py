"""Reports for people: what their templates show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from app.extensions import current_language
from app.formats import format_number
from app.own_words import catalogue_in_own_words, in_own_words
from app.reports.definition import report_definition
from app.reports.queries import read_extent
from app.reports.report import Cell, Column, Report, Row, Table, Words, in_language, with_about
from app.reports.units import TEXT_UNITS, format_cell, format_quantity, unit_name
from gis.figures import Figure
from gis.types import BBox

UNVERIFIED = frozenset({"R", "R?"})  # marks of confidence that people must be warned of
FULL_TURN_DEGREES = 360
MAP_PIXELS, WORLD_PIXELS = 600, 512  # of a map that shows an area, and of the world at zoom 0


@dataclass(frozen=True)
class ShownInput:
    """A layer behind a figure, in words."""

    layer: str
    title: str
    version: int
    features: str


@dataclass(frozen=True)
class ShownFigure:
    """One figure, in words, with all that opens it."""

    id: str
    label: str
    area: str
    area_name: str
    value: str
    formula: str
    numerator: str | None
    denominator: str | None
    rule: str | None
    rule_title: str | None
    rule_value: str | None
    rule_version: str | None
    legal_basis: str | None
    verified: bool
    data_date: Any
    inputs: tuple[ShownInput, ...]
    features_url: str | None
    origin_url: str


@dataclass(frozen=True)
class ShownCell:
    """One cell of a table; `url` opens the figure that it is."""

    text: str
    url: str | None
    is_number: bool


@dataclass(frozen=True)
class Head:
    """The head of a column, with its unit."""

    text: str
    is_number: bool


@dataclass(frozen=True)
class Piece:
    """One piece of a bar: where it begins and how long it is, in percent of the longest bar."""

    start: float
    width: float
    kind: str


@dataclass(frozen=True)
class ShownRow:
    """One row of a table, with its bar."""

    name: str
    key: str | None  # of an area, by which map and table light up together
    cells: tuple[ShownCell, ...]
    bar: tuple[Piece, ...]
    level: int
    is_subtotal: bool


@dataclass(frozen=True)
class ShownTable:
    """A table in words."""

    id: str
    title: str
    row_head: str
    heads: tuple[Head, ...]
    rows: tuple[ShownRow, ...]
    total: ShownRow | None
    legend: tuple[tuple[str, str], ...]
    note: str | None
    layout: str
    has_bar: bool


def report_values(report: Report) -> dict[str, Any]:
    """Return what the templates of the result show."""
    language = current_language()
    definition = report_definition(report.name)
    figures = [show_figure(report, one) for one in report.figures if one.area == report.area.code]
    by_id = {one.id: one for one in figures}
    return {
        "report": report,
        "definition": definition,
        "headlines": [by_id[one] for one in definition.headlines if one in by_id],
        "report_title": with_about(in_own_words(definition.title.in_language(language), report.area), report),
        "own_figures": figures,
        "tables": [show_table(report, one) for one in report.tables],
        "findings": [(one.severity, one.message_en if language == "en" else one.message_id) for one in report.findings],
    }


def show_figure(report: Report, figure: Figure) -> ShownFigure:
    """Put one figure into words."""
    language = current_language()
    recorded = report.rules.get(figure.rule or "")
    words = report_definition(report.name).words(figure.id)
    numerator, denominator = (
        show_value(one, unit) if one is not None else None
        for one, unit in zip((figure.numerator, figure.denominator), words.part_units, strict=True)
    )
    return ShownFigure(
        id=figure.id,
        label=label_of(report, figure.id),
        area=figure.area,
        area_name=report.name_of(figure.area, language),
        value=show_value(figure.value, figure.unit),
        formula=in_own_words(words.formula.in_language(language), report.area),
        numerator=numerator,
        denominator=denominator,
        rule=figure.rule,
        rule_title=(recorded.title_en if language == "en" else recorded.title_id) if recorded else None,
        rule_value=format_number(Decimal(str(recorded.rule.value)).normalize(), language) if recorded else None,
        rule_version=figure.rule_version,
        legal_basis=figure.legal_basis,
        verified=recorded is None or recorded.rule.status not in UNVERIFIED,
        data_date=figure.data_date,
        inputs=tuple(
            ShownInput(one.layer, input_title(report, one.layer), one.version, format_number(one.features, language))
            for one in figure.inputs
        ),
        features_url=figure.features_url,
        origin_url=origin_url(report, figure.id, figure.area),
    )


def label_of(report: Report, figure_id: str) -> str:
    """Return what a figure is called; one of a family names its key."""
    language = current_language()
    label = report_definition(report.name).words(figure_id).label.in_language(language)
    key = figure_id.rpartition(".")[2]
    return in_own_words(label.replace("{key}", report.name_of(key, language)), report.area)


def input_title(report: Report, layer: str) -> str:
    """Return what an input is called: a layer by its title, another by the report's name of it."""
    language = current_language()
    catalogue = catalogue_in_own_words(report.area)
    known = catalogue.layers.get(layer)
    return known.title.in_language(language) if known else report.name_of(layer, language)


def show_value(value: float | None, unit: str) -> str:
    """Return a number with its unit as people of the visitor's language write it; a dash when it is not known."""
    return format_quantity(value, unit, current_language())


def origin_url(report: Report, figure_id: str, area: str) -> str:
    """Return the address of the page that opens one figure."""
    return f"/reports/{report.name}/origin?{urlencode({'figure': figure_id, **parameters_of(report), 'area': area})}"


def parameters_of(report: Report) -> dict[str, Any]:
    """Return the parameters with which the same report is computed again."""
    as_of = report.as_of.isoformat() if report.is_past else None
    wanted: dict[str, Any] = {"area": report.area.code, "year": report.year, "as_of": as_of, **report.settings}
    if report_definition(report.name).year == "none":
        wanted["year"] = None
    return {name: value for name, value in wanted.items() if value is not None}


def show_table(report: Report, table: Table) -> ShownTable:
    """Put a table into words, with a bar for each row."""
    language = current_language()
    longest = max((sum(one for _kind, one in _bar_values(table, row.cells)) for row in table.rows), default=0)
    pieces = [one for one in table.columns if one.id in table.bar]
    return ShownTable(
        id=table.id,
        title=in_own_words(table.title_en if language == "en" else table.title_id, report.area),
        row_head=in_own_words(table.row_head.in_language(language), report.area),
        heads=tuple(_head(report, one) for one in table.columns),
        rows=tuple(_show_row(report, table, row, longest) for row in table.rows),
        total=_show_row(report, table, Row(report.area.code, table.total), 0) if table.total else None,
        legend=tuple((one.id, one.label_en if language == "en" else one.label_id) for one in pieces)
        if len(pieces) > 1
        else (),
        note=in_own_words(table.note.in_language(language), report.area) if table.note else None,
        layout=table.layout,
        has_bar=bool(table.bar),
    )


def _head(report: Report, column: Column) -> Head:
    label = in_own_words(column.label_en if current_language() == "en" else column.label_id, report.area)
    unit = unit_name(column.unit, current_language())
    return Head(f"{label} ({unit})" if unit else label, column.unit not in TEXT_UNITS)


def _show_row(report: Report, table: Table, row: Row, longest: float) -> ShownRow:
    language = current_language()
    cells = tuple(
        ShownCell(
            format_cell(cell, column.unit, language),
            _cell_url(report, table, column, row),
            column.unit not in TEXT_UNITS,
        )
        for column, cell in zip(table.columns, row.cells, strict=True)
    )
    name = in_language(row.name, language) if row.name is not None else report.name_of(row.key, language)
    pieces, start = [], 0.0
    for kind, value in _bar_values(table, row.cells) if longest else ():
        width = value / longest * 100
        pieces.append(Piece(round(start, 3), round(width, 3), kind))
        start += width
    key = row.key if table.by_area else None
    return ShownRow(in_own_words(name, report.area), key, cells, tuple(pieces), row.level, row.is_subtotal)


def _cell_url(report: Report, table: Table, column: Column, row: Row) -> str | None:
    """Return the address that opens a cell as a figure, when it is one."""
    if not table.by_area or column.figure is None or report.figure(column.figure, row.key) is None:
        return None
    return origin_url(report, column.figure, row.key)


def _bar_values(table: Table, cells: Sequence[Cell | Words]) -> list[tuple[str, float]]:
    """Return what the bar of a row is made of, piece by piece."""
    by_column = dict(zip((one.id for one in table.columns), cells, strict=True))
    values = [(one, by_column[one]) for one in table.bar]
    return [(kind, float(value)) for kind, value in values if isinstance(value, int | float) and value > 0]


def map_url(session: Session, area: str, layer: str) -> str:
    """Return the address of the map that shows an area with a layer switched on."""
    extent = read_extent(session, area)
    return f"/#{_camera(extent)}on={layer}" if extent else f"/#on={layer}"


def _camera(bbox: BBox) -> str:
    west, south, east, north = bbox
    widest = max(east - west, north - south, 1e-3)
    zoom = math.log2(FULL_TURN_DEGREES / widest * MAP_PIXELS / WORLD_PIXELS)
    return f"{zoom:.2f}/{(south + north) / 2:.4f}/{(west + east) / 2:.4f}&"
