"""One report put into words of one language: what the documents (HTML, PDF, XLSX) show, laid out by each in its way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from flask_babel import gettext

from app.formats import format_day, format_idr_short, format_moment, format_number
from app.own_words import catalogue_in_own_words, in_own_words
from app.reports.definition import ReportDefinition, report_definition
from app.reports.report import Cell, Column, Report, Row, Table, Words, in_language, with_about
from app.reports.units import TEXT_UNITS, format_cell, format_quantity, unit_name
from gis.figures import Figure, FigureInput
from layers.catalogue import Catalogue
from layers.errors import LayerNotFound

LONG_IDR = 10**9  # amounts from here on are written in words of size where they stand large; the notes say them in full


@dataclass(frozen=True)
class Headline:
    """A figure that is shown large: what it is called, its number, and the unit behind it."""

    id: str
    label: str
    number: str
    unit: str

    @property
    def value(self) -> str:
        """The number with its unit."""
        return f"{self.number} {self.unit}".rstrip()


@dataclass(frozen=True)
class NoteEntry:
    """One figure of a note: what it is called, its value, and what was divided by what."""

    id: str
    label: str
    value: str
    parts: str | None


@dataclass(frozen=True)
class Note:
    """How figures of the report's own area came to be, those together that came to be alike."""

    entries: tuple[NoteEntry, ...]
    formula: str
    rule: str | None
    legal_basis: str | None
    verified: bool
    data_date: str
    inputs: str


@dataclass(frozen=True)
class ShownRow:
    """One row: its name, its depth, and its cells as texts."""

    name: str
    cells: tuple[str, ...]
    level: int = 0
    is_strong: bool = False


@dataclass(frozen=True)
class ShownTable:
    """A table in words; `is_number` tells which columns stand at the right, `figures` which figures they are."""

    id: str
    title: str
    row_head: str
    heads: tuple[str, ...]
    is_number: tuple[bool, ...]
    rows: tuple[ShownRow, ...]
    total: ShownRow | None
    note: str | None
    is_facts: bool
    figures: tuple[str | None, ...] = ()


@dataclass(frozen=True)
class ShownFinding:
    """Something that a reader must know: how grave, the word for it, and the sentence."""

    severity: str
    word: str
    sentence: str


@dataclass(frozen=True)
class ShownReport:
    """All that every document says of a report."""

    title: str
    question: str
    area: str
    area_code: str
    basis: str  # of which year, and by what was recorded by when
    chosen: tuple[tuple[str, str], ...]
    demo: bool
    day: str
    headlines: tuple[Headline, ...]
    findings: tuple[ShownFinding, ...]
    tables: tuple[ShownTable, ...]
    notes: tuple[Note, ...]


def show_report(report: Report, language: str) -> ShownReport:
    """Put a report into words; under Flask-Babel's locale of the same language."""
    definition = report_definition(report.name)
    return ShownReport(
        title=with_about(own_words(definition.title.in_language(language), report), report),
        question=own_words(definition.question.in_language(language), report),
        area=report.area.name,
        area_code=report.area.code,
        basis=basis_of(report, definition, language),
        chosen=tuple(chosen_settings(report, definition, language)),
        demo=report.demo,
        day=format_day(report.as_of.date(), language),
        headlines=tuple(_headlines(report, definition, language)),
        findings=tuple(_findings(report, language)),
        tables=tuple(show_table(report, one, language) for one in report.tables),
        notes=tuple(_notes(report, definition, language)),
    )


def basis_of(report: Report, definition: ReportDefinition, language: str) -> str:
    """Say which year the report is about, and by what was recorded by when."""
    sentences = []
    if report.year and definition.year == "survey":
        sentences.append(gettext("Survei kondisi jalan tahun %(year)s.", year=report.year))
    elif report.year and definition.year == "fiscal":
        sentences.append(gettext("Tahun anggaran %(year)s.", year=report.year))
    elif report.year:
        sentences.append(gettext("Tahun %(year)s.", year=report.year))
    moment = format_moment(report.as_of, language, report.area.time_zone)
    if report.is_past:
        sentences.append(gettext("Menurut yang tercatat sampai %(moment)s.", moment=moment))
    else:
        sentences.append(gettext("Perubahan data terakhir %(moment)s.", moment=moment))
    return " ".join(map(str, sentences))


def chosen_settings(report: Report, definition: ReportDefinition, language: str) -> Iterator[tuple[str, str]]:
    """Yield label and value of each setting that the report was computed with."""
    for setting in definition.settings:
        value = report.settings.get(setting.name)
        if value is None:
            continue
        label = next((one.label for one in setting.choices if one.value == value), None)
        if label is not None:
            text = label.in_language(language)
        elif isinstance(value, str):
            text = report.name_of(value, language)
        else:
            text = format_number(Decimal(str(value)).normalize(), language, _decimals(value))
        yield setting.label.in_language(language), f"{text} {setting.unit or ''}".strip()


def show_table(report: Report, table: Table, language: str) -> ShownTable:
    """Put a table into words."""
    return ShownTable(
        id=table.id,
        title=own_words(_titled(table, language), report),
        row_head=own_words(table.row_head.in_language(language), report),
        heads=tuple(own_words(head_of(one, language), report) for one in table.columns),
        is_number=tuple(one.unit not in TEXT_UNITS for one in table.columns),
        rows=tuple(_show_row(report, table, one, language) for one in table.rows),
        total=ShownRow(total_name(report, table), _cells(table, table.total, language), is_strong=True)
        if table.total
        else None,
        note=own_words(table.note.in_language(language), report) if table.note else None,
        is_facts=table.layout == "facts",
        figures=tuple(one.figure for one in table.columns),
    )


def total_name(report: Report, table: Table) -> str:
    """Return what the row of the whole is called: the area, of what is no list of areas the sum."""
    return report.area.name if table.by_area else str(gettext("Jumlah"))


def head_of(column: Column, language: str) -> str:
    """Return what stands over a column: its label, and its unit."""
    label = column.label_en if language == "en" else column.label_id
    sign = unit_name(column.unit, language)
    return f"{label} ({sign})" if sign and sign.lower() not in label.lower() else label


def row_name(report: Report, row: Row, language: str) -> str:
    """Return what people call what a row is about."""
    name = row.name if row.name is not None else report.names.get(row.key, row.key)
    return own_words(in_language(name, language), report) if isinstance(name, Words) else name


def figure_label(definition: ReportDefinition, report: Report, figure_id: str, language: str) -> str:
    """Return what a figure is called; that of a family names the key it is for."""
    key = figure_id.rpartition(".")[2]
    label = definition.words(figure_id).label.in_language(language)
    return own_words(label.replace("{key}", report.name_of(key, language)), report)


def input_text(source: FigureInput, catalogue: Catalogue, language: str) -> str:
    """Return a layer that a figure was computed from: its title, how many rows, and which version."""
    count = gettext(
        "%(count)s unsur, versi %(version)s", count=format_number(source.features, language), version=source.version
    )
    return f"{layer_title(source.layer, catalogue, language)} ({count})"


def layer_title(layer: str, catalogue: Catalogue, language: str) -> str:
    """Return what a layer is called; what is no layer of the catalogue has its own name."""
    if layer == "population":
        return str(gettext("Penduduk"))
    try:
        return catalogue.layer(layer).title.in_language(language)
    except LayerNotFound:
        return layer


def rule_text(report: Report, figure: Figure, language: str) -> str | None:
    """Return the rule that a figure rests on: its title and number, its id and version."""
    if figure.rule is None:
        return None
    recorded = report.rules.get(figure.rule)
    version = gettext("versi %(version)s", version=figure.rule_version)
    if recorded is None:
        return f"{figure.rule}, {version}"
    title = recorded.title_en if language == "en" else recorded.title_id
    numbers = recorded.values or (recorded.rule.value,)
    values = "; ".join(format_number(Decimal(str(one)).normalize(), language, _decimals(one)) for one in numbers)
    return f"{title}: {values} ({figure.rule}, {version})"


def own_figures(report: Report) -> list[Figure]:
    """Return the figures of the report's own area, in their order."""
    return [one for one in report.figures if one.area == report.area.code]


def is_verified(report: Report, figure: Figure) -> bool:
    """Whether the wording of a figure's rule was read; what was not is marked."""
    recorded = report.rules.get(figure.rule or "")
    return figure.verified if recorded is None else recorded.rule.is_verified or recorded.rule.status == "D"


def _headlines(report: Report, definition: ReportDefinition, language: str) -> Iterator[Headline]:
    for figure_id in definition.headlines:
        figure = report.figure(figure_id, report.area.code)
        if figure is not None:
            is_long = figure.unit == "IDR" and figure.value is not None and abs(figure.value) >= LONG_IDR
            written = format_idr_short if is_long else partial(format_quantity, unit=figure.unit)
            number, _, unit = written(figure.value, language=language).partition(" ")
            yield Headline(figure_id, figure_label(definition, report, figure_id, language), number, unit)


def _findings(report: Report, language: str) -> Iterator[ShownFinding]:
    words = {"error": gettext("Galat"), "warning": gettext("Peringatan"), "info": gettext("Catatan")}
    for one in sorted(report.findings, key=lambda one: list(words).index(one.severity)):
        sentence = one.message_en if language == "en" else one.message_id
        yield ShownFinding(one.severity, str(words[one.severity]), sentence)


def _notes(report: Report, definition: ReportDefinition, language: str) -> list[Note]:
    """Return the notes in the order of their first figure."""
    catalogue = catalogue_in_own_words(report.area)
    entries: dict[Note, list[NoteEntry]] = {}
    for figure in own_figures(report):
        note = Note(
            entries=(),
            formula=own_words(definition.words(figure.id).formula.in_language(language), report),
            rule=rule_text(report, figure, language),
            legal_basis=figure.legal_basis,
            verified=is_verified(report, figure),
            data_date=format_day(figure.data_date, language) if figure.data_date else str(gettext("tidak tercatat")),
            inputs="; ".join(input_text(one, catalogue, language) for one in figure.inputs),
        )
        entries.setdefault(note, []).append(_entry(report, definition, figure, language))
    return [replace(note, entries=tuple(found)) for note, found in entries.items()]


def _entry(report: Report, definition: ReportDefinition, figure: Figure, language: str) -> NoteEntry:
    units = definition.words(figure.id).part_units
    parts = None
    if figure.numerator is not None and figure.denominator is not None:
        numerator = format_quantity(figure.numerator, units[0], language)
        parts = f"{numerator} ÷ {format_quantity(figure.denominator, units[1], language)}"
    return NoteEntry(
        id=figure.id,
        label=figure_label(definition, report, figure.id, language),
        value=format_quantity(figure.value, figure.unit, language),
        parts=parts,
    )


def _show_row(report: Report, table: Table, row: Row, language: str) -> ShownRow:
    name = row_name(report, row, language)
    return ShownRow(name, _cells(table, row.cells, language), row.level, is_strong=row.is_subtotal)


def _cells(table: Table, cells: tuple[Cell | Words, ...], language: str) -> tuple[str, ...]:
    return tuple(format_cell(cell, column.unit, language) for column, cell in zip(table.columns, cells, strict=True))


def _titled(table: Table, language: str) -> str:
    return table.title_en if language == "en" else table.title_id


def own_words(sentence: str, report: Report) -> str:
    """Say a sentence of ours in the words of the report's region."""
    return in_own_words(sentence, report.area)


def _decimals(value: float) -> int:
    """Return how many decimals a rule's number or a setting is written with: as many as it has."""
    exponent = Decimal(str(value)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
