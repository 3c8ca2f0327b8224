"""Read the values of matched columns by the type of their field."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gis.types import BoolArray, FloatArray, IntArray
from layers.catalogue import Catalogue
from layers.definition import Code, FieldDefinition, LayerDefinition
from layers.ingest.columns import ColumnMatch, Source
from layers.ingest.errors import ImportRefused
from layers.ingest.findings import RowFinding, examples, finding
from layers.ingest.read import SourceTable
from layers.ingest.rows import Rows
from layers.ingest.values import (
    TextArray,
    Texts,
    is_null,
    parse_booleans,
    parse_codes,
    parse_dates,
    parse_numbers,
    parse_stations,
    parse_texts,
)
from layers.tables import stored_table

WHOLE_NUMBERS = frozenset({"integer"})


INT4_LIMIT = 2**31


OTHER = "other"  # code that takes what a list does not know


def read_values(
    table: SourceTable,
    definition: LayerDefinition,
    catalogue: Catalogue,
    match: ColumnMatch,
    findings: list[RowFinding],
) -> Rows:
    """
    Read every matched column by its field's type.

    What cannot be read is NULL and named in a finding. An empty cell of a required field takes the table's default
    where it has one; what could not be read does not, for nobody said that it is the usual.

    Raises
    ------
    ImportRefused
        When a column of numbers can be read in two ways.
    """
    columns: dict[str, TextArray] = {}
    for name, source in match.fields.items():
        field = definition.field(name)
        column = table.attributes[source.column]
        codes = catalogue.code_list(definition.id, name)
        parsed = _read_column(column, field, source, codes, table.rows, findings)
        columns[name] = parsed.values
        if parsed.unreadable.any():
            findings.append(_unreadable_values(field, source, column, parsed.unreadable, table.rows))
        if field.required:
            columns[name] = _with_default(parsed, field, definition, table.rows, findings)
    return Rows(columns, table.geometries, table.rows)


def drop_incomplete(rows: Rows, definition: LayerDefinition, findings: list[RowFinding]) -> Rows:
    """Leave out rows without a value that the layer requires."""
    for field in definition.fields:
        if field.required and field.name in rows.columns:
            missing = is_null(rows.columns[field.name])
            if missing.any():
                findings.append(_required_value_missing(field, missing, rows.rows))
                rows = rows.select(~missing)
    return rows


def _with_default(
    parsed: Texts, field: FieldDefinition, definition: LayerDefinition, rows: IntArray, findings: list[RowFinding]
) -> TextArray:
    default = _default_text(stored_table(definition.id).columns[field.name].server_default)
    empty = is_null(parsed.values) & ~parsed.unreadable
    if default is None or not empty.any():
        return parsed.values
    findings.append(_default_taken(field, default, empty, rows))
    filled: TextArray = np.where(empty, default, parsed.values)
    return filled


def _read_column(
    column: pd.Series,
    field: FieldDefinition,
    source: Source,
    codes: tuple[Code, ...],
    rows: IntArray,
    findings: list[RowFinding],
) -> Texts:
    if codes:
        parsed = parse_codes(column, codes)
        if parsed.unreadable.any() and any(code.code == OTHER for code in codes):
            findings.append(_taken_as_other(field, source, column, parsed.unreadable, rows))
            values = parsed.values.copy()
            values[parsed.unreadable] = OTHER
            return Texts(values, np.zeros(len(values), dtype=bool))
        return parsed
    if field.type in {"integer", "number", "money"}:
        return _read_number(column, field, source, rows)
    if field.type == "date":
        return parse_dates(column)
    if field.type == "boolean":
        return parse_booleans(column)
    return parse_texts(column)


def _read_number(column: pd.Series, field: FieldDefinition, source: Source, rows: IntArray) -> Texts:
    stations = parse_stations(column) if field.unit == "m" else None
    if stations is not None:
        missing = pd.isna(column).to_numpy() | (column.astype(str).str.strip() == "").to_numpy()
        return Texts(number_texts(stations, whole=False), np.isnan(stations) & ~missing)
    whole = field.type in WHOLE_NUMBERS
    numbers = parse_numbers(column, thousands=whole or field.type == "money")
    if numbers.ambiguous.any():
        raise ImportRefused(_ambiguous_number(field, source, column, numbers.ambiguous, rows))
    values = numbers.values * source.factor
    bad = numbers.unreadable
    if whole:
        bad = bad | (np.isfinite(values) & ((values != np.round(values)) | (np.abs(values) >= INT4_LIMIT)))
        values = np.where(bad, np.nan, values)
    return Texts(number_texts(values, whole=whole), bad)


def number_texts(values: FloatArray, *, whole: bool) -> TextArray:
    """Write numbers as PostgreSQL reads them, exactly; None for NaN."""
    uniques, inverse = np.unique(values, return_inverse=True)
    written = [
        None if np.isnan(value) else str(int(value)) if whole or value.is_integer() else repr(value)
        for value in uniques.tolist()
    ]
    texts: TextArray = np.array(written, dtype=object).reshape(-1)[inverse]
    return texts


def _default_text(default: object) -> str | None:
    """Return the text that a column's default stands for; None when it has none."""
    argument = getattr(default, "arg", None)
    return None if argument is None else str(argument).strip("'")


def _unreadable_values(
    field: FieldDefinition, source: Source, column: pd.Series, mask: BoolArray, rows: IntArray
) -> RowFinding:
    which = examples(column.to_numpy(dtype=object), mask)
    count = int(mask.sum())
    return finding(
        "warning",
        f"value_unreadable:{field.name}",
        f"Kolom {source.column}, nilai yang tidak dapat dibaca sebagai {field.label.id.lower()}: {count} ({which}). "
        "Dikosongkan.",
        f"Column {source.column}, values that cannot be read as {field.label.en.lower()}: {count} ({which}). "
        "Left empty.",
        rows[mask],
    )


def _taken_as_other(
    field: FieldDefinition, source: Source, column: pd.Series, mask: BoolArray, rows: IntArray
) -> RowFinding:
    which = examples(column.to_numpy(dtype=object), mask)
    count = int(mask.sum())
    return finding(
        "warning",
        f"code_taken_as_other:{field.name}",
        f"Kolom {source.column}, nilai di luar daftar {field.label.id.lower()}: {count} ({which}). Menjadi Lainnya.",
        f"Column {source.column}, values not in the list of {field.label.en.lower()}: {count} ({which}). Now Other.",
        rows[mask],
    )


def _ambiguous_number(
    field: FieldDefinition, source: Source, column: pd.Series, mask: BoolArray, rows: IntArray
) -> RowFinding:
    which = examples(column.to_numpy(dtype=object), mask)
    return finding(
        "error",
        f"number_ambiguous:{field.name}",
        f"Kolom {source.column} berisi {which}, yang dapat berarti seribu lebih atau satu lebih. Tulis tanpa pemisah "
        "ribuan, atau dengan dua desimal, lalu ulangi.",
        f"Column {source.column} holds {which}, which may mean a thousand and more or one and a bit. Write it without "
        "thousands separator, or with two decimals, then try again.",
        rows[mask],
    )


def _default_taken(field: FieldDefinition, default: str, missing: BoolArray, rows: IntArray) -> RowFinding:
    return finding(
        "info",
        f"default_taken:{field.name}",
        f"Baris tanpa {field.label.id.lower()}: {int(missing.sum())}. Diisi “{default}”.",
        f"Rows without {field.label.en.lower()}: {int(missing.sum())}. They took “{default}”.",
        rows[missing],
    )


def _required_value_missing(field: FieldDefinition, missing: BoolArray, rows: IntArray) -> RowFinding:
    return finding(
        "error",
        f"required_value_missing:{field.name}",
        f"Baris tanpa {field.label.id.lower()} (wajib): {int(missing.sum())}. Tidak dimuat.",
        f"Rows without {field.label.en.lower()} (required): {int(missing.sum())}. They were left out.",
        rows[missing],
    )
