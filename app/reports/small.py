"""Small counts of people, which the public is not shown: from them, single people could be told."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from app.places.area_queries import DEFAULT_SMALL_COUNT, SMALL_COUNT
from app.reports.definition import FigureWords, ReportDefinition, report_definition
from app.reports.report import Chart, Report, Row, Table, in_language
from app.reports.subject import Subject
from gis.figures import Figure, Finding

PERSONS = "persons"
PEOPLE_COLUMNS = frozenset({"population", "persons", "residents", "served", "unserved", "served_straight"})  # of frames
SHARE_COLUMNS = frozenset({"served_percent"})


def least_shown(subject: Subject) -> int:
    """Return the least number of people that the public is shown."""
    rule = subject.in_force(SMALL_COUNT)
    return DEFAULT_SMALL_COUNT if rule is None else int(rule.value)


def without_small_counts(report: Report, least: int) -> Report:
    """
    Withhold counts of 1 to `least` - 1 people, and what would tell them; a finding says of how many areas.

    In an area with such a count all that was made of people is unknown. Where it is the only one of its table, the
    smallest other one is withheld too, since the whole less the others would be it. A report without such counts
    stays as it is.
    """
    definition = report_definition(report.name)
    counts = _counts(report, definition)
    hidden = {key for key, values in counts.items() if any(1 <= round(one) < least for one in values)}
    if not hidden:
        return report
    for table in report.tables:
        hidden |= _second(table, hidden)
    return replace(
        report,
        figures=tuple(
            _unknown(one) if one.area in hidden and _is_of_people(definition, one) else one for one in report.figures
        ),
        tables=tuple(_withheld(one, hidden, definition, report.area.code) for one in report.tables),
        charts=tuple(_chart(one, hidden, report) for one in report.charts),
        frames={name: _frame(frame, hidden, definition) for name, frame in report.frames.items()},
        findings=(*report.findings, _finding(len(hidden), least)),
    )


def _counts(report: Report, definition: ReportDefinition) -> dict[str, list[float]]:
    """Return all counts of people by area, or by what else a row is about."""
    found: dict[str, list[float]] = {}
    for figure in report.figures:
        found.setdefault(figure.area, []).extend(_people_in(figure, definition.words(figure.id)))
    for table in report.tables:
        for row in table.rows:
            found.setdefault(row.key, []).extend(_people_of(table, row))
        if table.total is not None:
            found.setdefault(report.area.code, []).extend(_people_of(table, Row("", table.total)))
    for frame in report.frames.values():
        if "code" in frame:
            for column in PEOPLE_COLUMNS.intersection(frame.columns):
                for key, value in zip(frame["code"], frame[column], strict=True):
                    if value is not None and math.isfinite(value):
                        found.setdefault(str(key), []).append(float(value))
    return found


def _people_in(figure: Figure, words: FigureWords) -> Iterator[float]:
    units = (figure.unit, *words.part_units)
    for unit, value in zip(units, (figure.value, figure.numerator, figure.denominator), strict=True):
        if unit == PERSONS and value is not None:
            yield value


def _people_of(table: Table, row: Row) -> list[float]:
    cells = zip(table.columns, row.cells, strict=True)
    return [float(cell) for column, cell in cells if column.unit == PERSONS and isinstance(cell, int | float)]


def _second(table: Table, hidden: set[str]) -> set[str]:
    """Return the row with the fewest people beside the only hidden one of a table; nothing where several are hidden."""
    if sum(row.key in hidden for row in table.rows) != 1:
        return set()
    others = [
        (min(people), row.key) for row in table.rows if row.key not in hidden and (people := _people_of(table, row))
    ]
    return {min(others)[1]} if others else set()


def _is_of_people(definition: ReportDefinition, figure: Figure) -> bool:
    return any("person" in unit for unit in (figure.unit, *definition.words(figure.id).part_units))


def _unknown(figure: Figure) -> Figure:
    return replace(figure, value=None, numerator=None, denominator=None)


def _withheld(table: Table, hidden: set[str], definition: ReportDefinition, area: str) -> Table:
    """Return a table with unknown cells where people are counted, and where they are divided by or from."""
    if not any("person" in column.unit for column in table.columns):
        return table
    of_people = [_tells_people(column.unit, column.figure, definition) for column in table.columns]

    def cells(given: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(None if is_told else cell for cell, is_told in zip(given, of_people, strict=True))

    rows = tuple(replace(row, cells=cells(row.cells)) if row.key in hidden else row for row in table.rows)
    total = cells(table.total) if table.total is not None and area in hidden else table.total
    return replace(table, rows=rows, total=total)


def _tells_people(unit: str, figure: str | None, definition: ReportDefinition) -> bool:
    """Whether a column counts people or was divided by or from them; of shares that are no figure we cannot know."""
    if "person" in unit:
        return True
    if figure is None:
        return unit == "percent"
    return any("person" in part for part in definition.words(figure).part_units)


def _chart(chart: Chart, hidden: set[str], report: Report) -> Chart:
    names = {in_language(report.names.get(key, key), "id") for key in hidden}
    gone = [in_language(one, "id") in names for one in chart.labels]
    if not any(gone) or chart.unit not in {PERSONS, "percent"}:
        return chart
    series = tuple(
        replace(one, values=tuple(None if out else value for value, out in zip(one.values, gone, strict=True)))
        for one in chart.series
    )
    return replace(chart, series=series)


def _frame(frame: Any, hidden: set[str], definition: ReportDefinition) -> Any:
    if "code" not in frame:
        return frame
    figures = {
        one.replace(".", "_")
        for one, words in definition.figures.items()
        if any("person" in unit for unit in (words.unit, *words.part_units))
    }
    told = (PEOPLE_COLUMNS | SHARE_COLUMNS | figures).intersection(frame.columns)
    out = frame["code"].isin(hidden)
    if not told or not out.any():
        return frame
    changed: Mapping[str, Any] = {column: frame[column].astype(float).mask(out) for column in sorted(told)}
    return frame.assign(**changed)


def _finding(count: int, least: int) -> Finding:
    return Finding(
        "info",
        "small_counts",
        f"Angka orang di {count} wilayah tidak ditampilkan: hitungan di bawah {least} orang, dan yang dapat "
        "mengungkapkannya, tidak dibuka kepada publik.",
        f"Counts of people in {count} areas are not shown: those below {least} people, and what would tell them, are "
        "not open to the public.",
        count,
    )
