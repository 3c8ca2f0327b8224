"""What a report is: figures, tables and findings about one area, and how it is written as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.reports.areas import ReportArea
from app.reports.queries import RecordedRule
from gis.figures import Figure, Finding
from gis.types import Json


@dataclass(frozen=True)
class Column:
    """One column of a table: its id, what it is called, its unit, and the figure that its cells are."""

    id: str
    label_id: str
    label_en: str
    unit: str
    figure: str | None = None


@dataclass(frozen=True)
class Table:
    """
    Numbers by area, rounded for print; None where a number cannot be computed.

    `rows` holds for each area its code and one value a column; `total` the values of the whole, when they add up.
    """

    id: str
    title_id: str
    title_en: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]
    total: tuple[float | None, ...] | None = None


@dataclass(frozen=True)
class Report:
    """A computed report; `rules` and `names` (of the areas in it, by code) explain its figures to people."""

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
    names: dict[str, str] = field(default_factory=dict)

    def to_json(self, *, language: str) -> Json:
        """Return the report as design section 4 writes it; sentences and titles in one language."""
        chosen = "en" if language == "en" else "id"
        return {
            "report": self.name,
            "area": {"code": self.area.code, "name": self.area.name},
            "year": self.year,
            "as_of": self.as_of.isoformat(),
            "demo": self.demo,
            "figures": [figure.to_json() for figure in self.figures],
            "tables": [_table_json(table, self.names, chosen) for table in self.tables],
            "findings": [finding.to_json(language=chosen) for finding in self.findings],  # type: ignore[arg-type]
        }

    def figure(self, figure_id: str, area: str) -> Figure | None:
        """Return one figure of one area; None when the report has no such figure."""
        return next((one for one in self.figures if (one.id, one.area) == (figure_id, area)), None)


def report_text(report: Report, *, language: str) -> str:
    """Return the report's JSON as text: the same report is always the same bytes."""
    return json.dumps(report.to_json(language=language), ensure_ascii=False, indent=2) + "\n"


def _table_json(table: Table, names: dict[str, str], language: str) -> Json:
    def named(row: tuple[float | None, ...]) -> dict[str, Any]:
        return {column.id: value for column, value in zip(table.columns, row, strict=True)}

    return {
        "id": table.id,
        "title": table.title_en if language == "en" else table.title_id,
        "columns": [
            {"id": one.id, "label": one.label_en if language == "en" else one.label_id, "unit": one.unit}
            for one in table.columns
        ],
        "rows": [{"area": code, "name": names.get(code, code), **named(values)} for code, values in table.rows],
        "total": named(table.total) if table.total else None,
    }
