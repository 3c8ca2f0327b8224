"""Turn a file's rows into the layer's: columns matched, values read, areas found, geometries in EPSG:4326."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection

from gis.geometry import drop_z, promote_to_multi
from gis.types import BoolArray, FloatArray, GeometryArray, IntArray
from layers.catalogue import Catalogue
from layers.definition import FieldDefinition, LayerDefinition
from layers.ingest.area_rows import find_area_codes
from layers.ingest.areas import LEVEL_OF_LAYER, AreaList
from layers.ingest.columns import ColumnMatch, Source, match_columns
from layers.ingest.errors import ImportRefused, keeping
from layers.ingest.findings import RowFinding, Sentence, examples, finding, nothing_left
from layers.ingest.linear_referencing import place_segments, read_ruas
from layers.ingest.read import SourceTable
from layers.ingest.rows import Rows
from layers.ingest.source_crs import is_lonlat, to_lonlat
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
from layers.tables import LAYER_TABLES

WHOLE_NUMBERS = frozenset({"integer"})
INT4_LIMIT = 2**31
OTHER = "other"  # code that takes what a list does not know
_SINGLE_TYPES = frozenset({"POINT", "GEOMETRY"})


@dataclass(frozen=True)
class Transformed:
    """Rows ready to load, and what was found on the way."""

    rows: Rows
    sentence: Sentence
    findings: tuple[RowFinding, ...]


def transform(
    table: SourceTable,
    definition: LayerDefinition,
    catalogue: Catalogue,
    areas: AreaList,
    connection: Connection,
    *,
    mapping: Mapping[str, str],
) -> Transformed:
    """
    Turn a file's rows into the layer's.

    Parameters
    ----------
    table
        Checked rows.
    areas
        The national code list, for codes and names of districts and villages.
    connection
        To read the roads that segments without geometry lie on.
    mapping
        Column → field, as the person said.

    Raises
    ------
    ImportRefused
        When a required column is missing, a column of numbers can be read in two ways, or no row is left.
    """
    findings: list[RowFinding] = []
    level = LEVEL_OF_LAYER.get(definition.id)
    match = match_columns(
        definition,
        [str(column) for column in table.attributes.columns],
        mapping,
        optional=frozenset({"code"}) if level and areas.areas else frozenset(),
        is_shapefile=table.is_shapefile,
    )
    findings += match.findings
    with keeping(findings):
        rows = read_values(table, definition, catalogue, match, findings)
        looked_up = 0
        if level is not None:
            rows, looked_up = find_area_codes(rows, table, match, areas, level, findings)
        rows = _drop_incomplete(rows, definition, findings)
        rows = _check_rules(rows, definition, findings)
        rows = replace(rows, geometries=to_stored_geometry(rows.geometries, table, definition))
        if definition.id == "road_segments":
            rows = _place_on_roads(rows, connection, findings)
        if not len(rows):
            raise ImportRefused(nothing_left())
    return Transformed(rows, _sentence(table, match, looked_up), tuple(findings))


def read_values(
    table: SourceTable,
    definition: LayerDefinition,
    catalogue: Catalogue,
    match: ColumnMatch,
    findings: list[RowFinding],
) -> Rows:
    """Read every matched column by its field's type; what cannot be read is NULL and named in a finding."""
    columns: dict[str, TextArray] = {}
    for name, source in match.fields.items():
        field = definition.field(name)
        column = table.attributes[source.column]
        parsed = _read_column(column, field, source, catalogue, definition, table.rows, findings)
        columns[name] = parsed.values
        if parsed.unreadable.any():
            findings.append(_unreadable_values(field, source, column, parsed.unreadable, table.rows))
    return Rows(columns, table.geometries, table.rows)


def _read_column(
    column: pd.Series,
    field: FieldDefinition,
    source: Source,
    catalogue: Catalogue,
    definition: LayerDefinition,
    rows: IntArray,
    findings: list[RowFinding],
) -> Texts:
    codes = catalogue.code_list(definition.id, field.name)
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


def to_stored_geometry(geometries: GeometryArray, table: SourceTable, definition: LayerDefinition) -> GeometryArray:
    """Bring geometries to EPSG:4326, flat, multi-part where the table wants it, valid."""
    result = drop_z(geometries)
    if not is_lonlat(table.crs):
        result = shapely.transform(result, lambda coordinates: to_lonlat(table.crs, coordinates))
        invalid = ~shapely.is_missing(result) & ~shapely.is_valid(result)
        if invalid.any():  # a sliver may fold over when its corners are rounded anew
            result[invalid] = shapely.make_valid(result[invalid], method="structure", keep_collapsed=False)
    stored = LAYER_TABLES[definition.id].columns["geom"].type.geometry_type  # type: ignore[attr-defined]
    if stored == "POINT":
        single = shapely.get_type_id(result) == shapely.GeometryType.MULTIPOINT
        result[single] = shapely.get_geometry(result[single], 0)
    return result if stored in _SINGLE_TYPES else promote_to_multi(result)


def _place_on_roads(rows: Rows, connection: Connection, findings: list[RowFinding]) -> Rows:
    """Give segments without geometry the part of their ruas between their two STA."""
    missing = shapely.is_missing(rows.geometries)
    if not missing.any():
        return rows
    placed = place_segments(
        read_ruas(connection),
        rows.columns["road_code"][missing],
        rows.columns["sta_from_m"][missing].astype(np.float64),
        rows.columns["sta_to_m"][missing].astype(np.float64),
    )
    without_line = shapely.is_missing(placed.geometries) & ~placed.unknown_road & ~placed.beyond_end
    numbers = rows.rows[missing]
    codes = rows.columns["road_code"][missing]
    for mask, code, reason_id, reason_en in (
        (placed.unknown_road, "road_unknown", "ruasnya belum ada di lapisan roads", "their road is not in layer roads"),
        (placed.beyond_end, "sta_beyond_end", "STA melewati panjang SK ruasnya", "their STA exceeds the legal length"),
        (without_line, "road_without_line", "garis ruasnya tanpa panjang", "their road's line has no length"),
    ):
        if mask.any():
            count, which = int(mask.sum()), examples(codes, mask)
            findings.append(
                finding(
                    "error",
                    code,
                    f"Segmen tidak dapat ditempatkan: {count}, karena {reason_id} ({which}).",
                    f"Segments that could not be placed: {count}, since {reason_en} ({which}).",
                    numbers[mask],
                )
            )
    if placed.cut.any():
        findings.append(
            finding(
                "info",
                "sta_cut",
                f"Segmen yang STA-nya sedikit melewati ujung ruas: {int(placed.cut.sum())}. Digambar sampai ujungnya.",
                f"Segments whose STA slightly exceeds their road: {int(placed.cut.sum())}. They were drawn to its end.",
                numbers[placed.cut],
            )
        )
    geometries = rows.geometries.copy()
    geometries[missing] = placed.geometries
    return replace(rows, geometries=geometries).select(~shapely.is_missing(geometries))


def _drop_incomplete(rows: Rows, definition: LayerDefinition, findings: list[RowFinding]) -> Rows:
    """Leave out rows without a value that the layer requires; where the table has a default, it is taken instead."""
    table = LAYER_TABLES[definition.id]
    for field in definition.fields:
        if not field.required or field.name not in rows.columns:
            continue
        values = rows.columns[field.name]
        missing = is_null(values)
        if not missing.any():
            continue
        default = _default_text(table.columns[field.name].server_default)
        if default is not None and not _was_unreadable(field.name, findings):
            rows = rows.with_column(field.name, np.where(missing, default, values))
            findings.append(_default_taken(field, default, missing, rows.rows))
            continue
        findings.append(_required_value_missing(field, missing, rows.rows))
        rows = rows.select(~missing)
    return rows


def _check_rules(rows: Rows, definition: LayerDefinition, findings: list[RowFinding]) -> Rows:
    """Leave out rows that the table's own constraints would refuse."""
    if definition.id == "road_segments" and {"sta_from_m", "sta_to_m"} <= rows.columns.keys():
        start = rows.columns["sta_from_m"].astype(np.float64)
        end = rows.columns["sta_to_m"].astype(np.float64)
        return _leave_out(
            rows,
            ~((start >= 0) & (end > start)),
            findings,
            "sta_order",
            "STA akhir tidak lebih besar daripada STA awal",
            "the STA to is not beyond the STA from",
        )
    if definition.id == "roads" and "length_sk_m" in rows.columns:
        length = rows.columns["length_sk_m"].astype(np.float64)
        return _leave_out(
            rows,
            ~(length > 0),
            findings,
            "length_not_positive",
            "panjang menurut SK tidak lebih dari 0",
            "the legal length is not above 0",
        )
    return rows


def _leave_out(
    rows: Rows, unusable: BoolArray, findings: list[RowFinding], code: str, why_id: str, why_en: str
) -> Rows:
    if unusable.any():
        count = int(unusable.sum())
        findings.append(
            finding(
                "error",
                code,
                f"Baris tidak dimuat: {count}, karena {why_id}.",
                f"Rows left out: {count}, since {why_en}.",
                rows.rows[unusable],
            )
        )
    return rows.select(~unusable)


def _default_text(default: object) -> str | None:
    """Return the text that a column's default stands for; None when it has none."""
    argument = getattr(default, "arg", None)
    return None if argument is None else str(argument).strip("'")


def _was_unreadable(field: str, findings: list[RowFinding]) -> bool:
    return any(one.code == f"value_unreadable:{field}" for one in findings)


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


def _sentence(table: SourceTable, match: ColumnMatch, looked_up: int) -> Sentence:
    pairs = ", ".join(f"{source.column} → {name}{_unit_note(source)}" for name, source in match.fields.items()) or "-"
    steps_id = [f"Mencocokkan kolom: {pairs}."]
    steps_en = [f"Matched columns: {pairs}."]
    if looked_up:
        steps_id.append(f"Mencari {looked_up} kode wilayah dari nama.")
        steps_en.append(f"Found {looked_up} area codes by name.")
    if not is_lonlat(table.crs):
        steps_id.append(f"Mengubah koordinat dari {table.crs_name} ke EPSG:4326.")
        steps_en.append(f"Reprojected from {table.crs_name} to EPSG:4326.")
    return Sentence("transform", " ".join(steps_id), " ".join(steps_en))


def _unit_note(source: Source) -> str:
    return f" ({source.unit})" if source.unit and source.factor != 1.0 else ""
