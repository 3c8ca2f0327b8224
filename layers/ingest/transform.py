"""Turn a file's rows into the layer's: columns matched, values read, areas found, geometries in EPSG:4326."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import shapely
from sqlalchemy import Connection

from gis.geometry import drop_z, promote_to_multi
from gis.types import BoolArray, FloatArray, GeometryArray
from layers.catalogue import Catalogue
from layers.definition import LayerDefinition
from layers.ingest.area_rows import find_area_codes
from layers.ingest.areas import LEVEL_OF_LAYER, AreaList
from layers.ingest.columns import ColumnMatch, Source, match_columns
from layers.ingest.errors import ImportRefused, keeping
from layers.ingest.fields import drop_incomplete, read_values
from layers.ingest.findings import RowFinding, Sentence, examples, finding, nothing_left
from layers.ingest.linear_referencing import place_segments, read_ruas
from layers.ingest.read import SourceTable
from layers.ingest.rows import Rows
from layers.ingest.source_crs import is_lonlat, to_lonlat
from layers.ingest.units import check_unit
from layers.tables import stored_table

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
        When a required column is missing, a column of numbers can be read in two ways or seems to be in another unit,
        or no row is left.
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
        rows = drop_incomplete(rows, definition, findings)
        rows = _check_rules(rows, definition, findings)
        rows = replace(rows, geometries=to_stored_geometry(rows.geometries, table, definition))
        check_unit(rows, definition, match)
        if definition.id == "road_segments":
            rows = _place_on_roads(rows, connection, findings)
        if definition.id == "projects":
            findings += _not_located(rows)
        if not len(rows):
            raise ImportRefused(nothing_left())
    return Transformed(rows, _sentence(table, match, looked_up), tuple(findings))


def to_stored_geometry(geometries: GeometryArray, table: SourceTable, definition: LayerDefinition) -> GeometryArray:
    """Bring geometries to EPSG:4326, flat, multi-part where the table wants it, valid."""
    result = drop_z(geometries)
    if not is_lonlat(table.crs):
        result = shapely.transform(result, lambda coordinates: to_lonlat(table.crs, coordinates))
        invalid = ~shapely.is_missing(result) & ~shapely.is_valid(result)
        if invalid.any():  # a sliver may fold over when its corners are rounded anew
            result[invalid] = shapely.make_valid(result[invalid], method="structure", keep_collapsed=False)
    stored = stored_table(definition.id).columns["geom"].type.geometry_type  # type: ignore[attr-defined]
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
    if definition.id == "projects":
        return _check_packages(rows, findings)
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


def _check_packages(rows: Rows, findings: list[RowFinding]) -> Rows:
    """Empty values that the register would refuse, so that no package is lost for one of them."""
    for name in ("ceiling_idr", "contract_value_idr"):
        values = _numbers(rows, name)
        rows = _emptied(
            rows,
            name,
            values < 0,
            findings,
            "money_negative",
            "jumlah uangnya negatif",
            "their amount of money is negative",
        )
    for name in ("planned_percent", "physical_percent"):
        values = _numbers(rows, name)
        rows = _emptied(
            rows,
            name,
            (values < 0) | (values > 100),
            findings,
            "percent_out_of_range",
            "persennya di luar 0 sampai 100",
            "their percentage is not within 0 to 100",
        )
    if {"start_date", "end_date"} <= rows.columns.keys():
        pairs = zip(rows.columns["start_date"], rows.columns["end_date"], strict=True)
        turned = np.array([bool(start and end and end < start) for start, end in pairs], dtype=bool)
        rows = _emptied(
            rows,
            "end_date",
            turned,
            findings,
            "dates_turned",
            "tanggal selesainya sebelum tanggal mulai",
            "their end is before their start",
        )
    return rows


def _numbers(rows: Rows, name: str) -> FloatArray:
    if name not in rows.columns:
        return np.full(len(rows), np.nan)
    return np.array([np.nan if value is None else float(value) for value in rows.columns[name]], dtype=np.float64)


def _emptied(
    rows: Rows, name: str, unusable: BoolArray, findings: list[RowFinding], code: str, why_id: str, why_en: str
) -> Rows:
    if not unusable.any():
        return rows
    count = int(unusable.sum())
    findings.append(
        finding(
            "warning",
            f"{code}:{name}",
            f"Nilai {name} dikosongkan pada {count} baris, karena {why_id}.",
            f"Values of {name} were left empty in {count} rows, since {why_en}.",
            rows.rows[unusable],
        )
    )
    values = rows.columns[name].copy()
    values[unusable] = None
    return rows.with_column(name, values)


def _not_located(rows: Rows) -> list[RowFinding]:
    """Count the packages that the file gives no place for: they are in the register, not on the map."""
    missing = shapely.is_missing(rows.geometries)
    if not missing.any():
        return []
    count = int(missing.sum())
    return [
        finding(
            "warning",
            "not_located",
            f"Paket tanpa lokasi: {count}. Dimuat ke register, tetapi belum tampil di peta.",
            f"Packages without a location: {count}. They are in the register, but not on the map yet.",
            rows.rows[missing],
        )
    ]


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
