"""What a report is: figures, tables, charts, maps and findings about one area, and how it is written as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal

from pydantic import TypeAdapter

from app.reports.areas import ReportArea
from gis.figures import Figure, Finding, Rule
from gis.types import Json

Cell = float | int | str | date | None  # a text of both languages is `Words`
ChartKind = Literal["line", "bars", "stacked", "strip"]
Layout = Literal["grid", "facts"]


@dataclass(frozen=True)
class Words:
    """A text in both languages, of what is not a name out of the data."""

    id: str
    en: str

    def in_language(self, language: str) -> str:
        """Return the English text for `en`, else the Indonesian one."""
        return self.en if language == "en" else self.id


@dataclass(frozen=True)
class RecordedRule:
    """
    A rule with its title, and when this wording of it was recorded.

    `values` holds all numbers of a rule that has several, and `rule` then the first.
    """

    rule: Rule
    title_id: str
    title_en: str
    recorded_at: datetime
    values: tuple[float, ...] = ()


@dataclass(frozen=True)
class Column:
    """One column of a table: its id, what it is called, its unit, and the figure that its cells are."""

    id: str
    label_id: str
    label_en: str
    unit: str
    figure: str | None = None


@dataclass(frozen=True)
class Row:
    """
    One row of a table.

    `key` is a kode wilayah, or what else the row is about; `name` what people call it, else the report's name of the
    key; `level` its depth in a hierarchy; `is_subtotal` tells a row that sums those below it.
    """

    key: str
    cells: tuple[Cell | Words, ...]
    name: str | Words | None = None
    level: int = 0
    is_subtotal: bool = False


@dataclass(frozen=True)
class Table:
    """
    Numbers by area or by something else, rounded for print; None where a number cannot be computed.

    `total` holds the values of the whole, when they add up. `by_area` tells that keys of rows are kode wilayah, whose
    numbers open as figures. `bar` names the columns whose values are drawn as the row's bar, one piece each.
    """

    id: str
    title_id: str
    title_en: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: tuple[Cell | Words, ...] | None = None
    by_area: bool = True
    row_head: Words = field(default_factory=lambda: Words("Wilayah", "Area"))
    note: Words | None = None
    bar: tuple[str, ...] = ()
    layout: Layout = "grid"  # facts: names and values below each other, as on a board


@dataclass(frozen=True)
class Class:
    """One class of a map or a strip: its code, what it is called, and how it is drawn."""

    code: str
    label_id: str
    label_en: str
    colour: str
    pattern: str = "solid"  # solid, long_dash, short_dash or dots


@dataclass(frozen=True)
class Series:
    """One line or one set of bars; None where there is no value."""

    id: str
    label_id: str
    label_en: str
    values: tuple[float | None, ...]
    colour: str | None = None
    dashed: bool = False


@dataclass(frozen=True)
class Strip:
    """One road of a strip map: `pieces` are (from, to, class code) in metres of STA."""

    label: str
    length_m: float
    pieces: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True)
class Chart:
    """
    A drawing of numbers, which always has its table beside it.

    `labels` name the places along the axis (months, districts), as many as each series has values. A strip map has
    `strips` and `classes` instead.
    """

    id: str
    title_id: str
    title_en: str
    kind: ChartKind
    unit: str
    labels: tuple[str | Words, ...] = ()
    series: tuple[Series, ...] = ()
    strips: tuple[Strip, ...] = ()
    classes: tuple[Class, ...] = ()
    note: Words | None = None


@dataclass(frozen=True)
class MapView:
    """
    A map of a frame: by a number (`value`, a choropleth with classes that the reader may choose) or by `classes`.

    `frame` is a key of the report's frames; `key` the column that tells its features apart (kode wilayah, so that map
    and table agree); `class_field` the column that holds the class codes; `over` catalogue layers or other frames
    drawn above it.
    """

    id: str
    title_id: str
    title_en: str
    frame: str
    value: str | None = None
    unit: str = "number"
    figure: str | None = None  # whose values these are
    key: str = "code"
    label: str = "name"
    class_field: str | None = None
    classes: tuple[Class, ...] = ()
    over: tuple[str, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A photo in the report: the hash of its public copy in the storage, its caption and its day."""

    hash: str
    caption: Words
    day: date | None = None


@dataclass(frozen=True)
class Evidence:
    """
    What a figure rests on: a layer, narrowed by equality filters; of several the first shows its features.

    Of what is no layer of the catalogue (population, a raster), `counts` says by area how many rows were used, and
    `version` which.
    """

    layer: str
    filters: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, int] | None = None
    version: int | None = None


@dataclass(frozen=True)
class Content:
    """
    What one kind of report computes.

    `evidence` tells by figure id (`name.*` for all that begin so) what it rests on; figures that bring their own inputs
    or address keep them. `names` are of the keys of rows that are no areas of the report. `frames` (EPSG:4326) are
    what its maps and the GeoPackage hold.
    """

    figures: tuple[Figure, ...]
    tables: tuple[Table, ...] = ()
    findings: tuple[Finding, ...] = ()
    charts: tuple[Chart, ...] = ()
    maps: tuple[MapView, ...] = ()
    pictures: tuple[Picture, ...] = ()
    evidence: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict)
    names: Mapping[str, str | Words] = field(default_factory=dict)
    frames: Mapping[str, Any] = field(default_factory=dict)
    year: int | None = None  # that was used, of a survey or of the budget


@dataclass(frozen=True)
class Report:
    """
    A computed report; `rules` and `names` (of the areas in it, by code) explain its figures to people.

    `frames` holds GeoDataFrames by name; it is empty in a report that was read back without them.
    """

    name: str
    area: ReportArea
    year: int | None
    as_of: datetime
    is_past: bool  # somebody asked for this moment; else it is that of the newest change
    demo: bool
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]
    findings: tuple[Finding, ...]
    rules: dict[str, RecordedRule] = field(default_factory=dict)
    names: dict[str, str | Words] = field(default_factory=dict)
    settings: dict[str, str | int | float] = field(default_factory=dict)
    charts: tuple[Chart, ...] = ()
    maps: tuple[MapView, ...] = ()
    pictures: tuple[Picture, ...] = ()
    for_staff: bool = False  # holds what the public may not read
    frames: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def to_json(self, *, language: str) -> Json:
        """Return the report as design section 4 writes it; sentences and titles in one language."""
        chosen: Literal["id", "en"] = "en" if language == "en" else "id"
        return {
            "report": self.name,
            "area": {"code": self.area.code, "name": self.area.name},
            "year": self.year,
            "as_of": self.as_of.isoformat(),
            "demo": self.demo,
            "figures": [figure.to_json() for figure in self.figures],
            "tables": [_table_json(table, self, chosen) for table in self.tables],
            "findings": [finding.to_json(language=chosen) for finding in self.findings],
            "charts": [_chart_json(chart, chosen) for chart in self.charts],
            "settings": self.settings,
        }

    def figure(self, figure_id: str, area: str) -> Figure | None:
        """Return one figure of one area; None when the report has no such figure."""
        return next((one for one in self.figures if (one.id, one.area) == (figure_id, area)), None)

    @property
    def about(self) -> str:
        """The name of the package that the report is about; empty for one about its area alone."""
        package = self.settings.get("package")
        return self.name_of(str(package), "id") if package else ""  # "" is a key too: of what lies in no district

    def name_of(self, key: str, language: str) -> str:
        """Return what people call an area or another key of rows."""
        return in_language(self.names.get(key, key), language)


def in_language(text: str | Words, language: str) -> str:
    """Return a text out of the data as it is, and one of ours in a language."""
    return text.in_language(language) if isinstance(text, Words) else text


def with_about(title: str, report: Report) -> str:
    """Return a report's title with the name of what it is about, where that is more than its area."""
    return f"{title}: {report.about}" if report.about else title


def report_text(report: Report, *, language: str) -> str:
    """Return the report's JSON as text: the same report is always the same bytes."""
    return json.dumps(report.to_json(language=language), ensure_ascii=False, indent=2) + "\n"


def pack(report: Report) -> bytes:
    """Return all of a report but its frames as bytes that `unpack` reads."""
    return _ADAPTER.dump_json(replace(report, frames={}))


def unpack(content: bytes, frames: Mapping[str, Any] | None = None) -> Report:
    """Read a report that was packed; with the frames that were kept beside it."""
    report = _ADAPTER.validate_json(content)
    tables = tuple(replace(table, rows=tuple(_with_dates(table, row) for row in table.rows)) for table in report.tables)
    return replace(report, tables=tables, frames=dict(frames or {}))


def _with_dates(table: Table, row: Row) -> Row:
    """Give the cells of columns of dates back as dates: JSON has none."""
    cells = tuple(
        date.fromisoformat(cell) if column.unit == "date" and isinstance(cell, str) else cell
        for column, cell in zip(table.columns, row.cells, strict=True)
    )
    return replace(row, cells=cells)


def _table_json(table: Table, report: Report, language: str) -> Json:
    def plain(cell: Cell | Words) -> Any:
        if isinstance(cell, date):
            return cell.isoformat()
        return cell.in_language(language) if isinstance(cell, Words) else cell

    def named(cells: tuple[Cell | Words, ...]) -> dict[str, Any]:
        return {column.id: plain(cell) for column, cell in zip(table.columns, cells, strict=True)}

    def row(one: Row) -> dict[str, Any]:
        name = in_language(one.name, language) if one.name is not None else report.name_of(one.key, language)
        depth = {} if table.by_area else {"level": one.level, "subtotal": one.is_subtotal}
        return {("area" if table.by_area else "key"): one.key, "name": name, **depth, **named(one.cells)}

    return {
        "id": table.id,
        "title": table.title_en if language == "en" else table.title_id,
        "columns": [
            {"id": one.id, "label": one.label_en if language == "en" else one.label_id, "unit": one.unit}
            for one in table.columns
        ],
        "rows": [row(one) for one in table.rows],
        "total": named(table.total) if table.total else None,
    }


def _chart_json(chart: Chart, language: str) -> Json:
    content: Json = {
        "id": chart.id,
        "title": chart.title_en if language == "en" else chart.title_id,
        "kind": chart.kind,
        "unit": chart.unit,
    }
    if chart.kind == "strip":
        content["strips"] = [
            {
                "label": one.label,
                "length_m": one.length_m,
                "pieces": [{"from_m": start, "to_m": end, "class": code} for start, end, code in one.pieces],
            }
            for one in chart.strips
        ]
        return content
    content["labels"] = [in_language(one, language) for one in chart.labels]
    content["series"] = [
        {"id": one.id, "label": one.label_en if language == "en" else one.label_id, "values": list(one.values)}
        for one in chart.series
    ]
    return content


_ADAPTER: TypeAdapter[Report] = TypeAdapter(Report)
