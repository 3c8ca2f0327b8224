"""A table of people by area and year becomes rows of `layers.population`; it is no layer, but comes the same way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
from psycopg import sql
from sqlalchemy import Connection, text

from gis.types import BoolArray, FloatArray, IntArray
from layers.definition import Draw, FieldDefinition, LayerDefinition, Text
from layers.ingest.areas import AreaLevel, AreaList, normalise_codes
from layers.ingest.columns import ColumnMatch, match_columns
from layers.ingest.errors import ImportRefused, keeping
from layers.ingest.fields import number_texts
from layers.ingest.findings import RowFinding, Sentence, examples, finding, nothing_left
from layers.ingest.load import explained
from layers.ingest.read import ReadOptions, SourceTable, read
from layers.ingest.rows import Rows
from layers.ingest.run import ImportRequest, ImportResult, Journal
from layers.ingest.unpack import unpack
from layers.ingest.values import TextArray, is_null, parse_numbers, parse_texts

POPULATION = "population"
KEY = "area_code"  # what `update` tells rows apart by, together with the year
YEARS = range(1900, 2200)
MOST_PERSONS = 2**31 - 1
LEVELS: tuple[AreaLevel, ...] = ("village", "district", "regency")
INCOMING = "petakarya_incoming_population"
PERSONS = Text(id="Penduduk", en="Population")

DEFINITION = LayerDefinition(
    id=POPULATION,
    title=PERSONS,
    description=Text(id="Jumlah penduduk menurut wilayah dan tahun.", en="Population by area and year."),
    geometry="any",
    group="base",
    zooms=(11, 14),
    name_field=KEY,
    fields=(
        FieldDefinition(
            name=KEY,
            label=Text(id="Kode wilayah", en="Area code"),
            required=True,
            aliases=("kode", "kode_wilayah", "kode_desa", "kode_kecamatan", "kdepum", "kode_kemendagri"),
        ),
        FieldDefinition(
            name="year", label=Text(id="Tahun", en="Year"), type="integer", required=True, aliases=("thn", "tahun_data")
        ),
        FieldDefinition(
            name="population",
            label=PERSONS,
            type="integer",
            unit="persons",
            required=True,
            aliases=("jumlah_penduduk", "jml_penduduk", "jiwa", "total"),
        ),
        FieldDefinition(
            name="households",
            label=Text(id="Kepala keluarga", en="Households"),
            type="integer",
            aliases=("kk", "jumlah_kk", "jml_kk", "rumah_tangga"),
        ),
        FieldDefinition(
            name="male",
            label=Text(id="Laki-laki", en="Male"),
            type="integer",
            aliases=("laki", "lk", "l", "pria", "penduduk_laki_laki"),
        ),
        FieldDefinition(
            name="female",
            label=Text(id="Perempuan", en="Female"),
            type="integer",
            aliases=("pr", "p", "wanita", "penduduk_perempuan"),
        ),
        FieldDefinition(name="source", label=Text(id="Sumber", en="Source"), aliases=("sumber_data",)),
    ),
    draw=Draw(order=0),
)


@dataclass(frozen=True)
class _Loaded:
    """How many rows were put in, changed, and removed."""

    inserted: int
    updated: int
    removed: int
    removed_demo: int

    @property
    def sentence(self) -> Sentence:
        parts_id, parts_en = [f"Memuat {self.inserted} baris baru"], [f"Loaded {self.inserted} new rows"]
        for count, done_id, done_en in (
            (self.updated, "memperbarui {}", "changed {}"),
            (self.removed, "menghapus {} baris lama", "removed {} old rows"),
            (self.removed_demo, "menghapus {} baris contoh", "removed {} demonstration rows"),
        ):
            if count:
                parts_id.append(done_id.format(count))
                parts_en.append(done_en.format(count))
        return Sentence("load", ", ".join(parts_id) + ".", ", ".join(parts_en) + ".")


def import_population(request: ImportRequest, connection: Connection, areas: AreaList, work: Path) -> ImportResult:
    """
    Import a table of people by area and year, in the caller's transaction.

    Parameters
    ----------
    request
        As for `layers.ingest.run.import_file`; a key, when one is given, is `area_code` (with the year).
    connection
        Of a role that may write the table.
    areas
        The national code list down to villages: what is not in it is left out, unless `outside` says to keep it.
    work
        An empty folder of our own for unpacking.

    Returns
    -------
    result
        Imported, or refused with findings that say why; a refused file changed nothing.

    Raises
    ------
    ImportFailed
        When the database failed; nothing was changed.
    """
    journal = Journal()
    try:
        _check_key(request)
        dataset = unpack(request.path, work, source_layer=request.source_layer)
        journal.note(dataset.sentences, dataset.findings)
        table = read(dataset.path, ReadOptions(request.source_layer, None, None, None, without_geometry=True))
        journal.note(table.sentences, table.findings)
        journal.rows_read, journal.encoding = len(table.rows), table.encoding
        findings: list[RowFinding] = []
        with keeping(findings):
            rows = _read_rows(table, request, areas, findings)
            rows = _check_repeated(rows, findings)
            loaded = _load(rows, request, connection, findings)
        journal.note([_columns_sentence(table, request), loaded.sentence], findings)
        journal.rows_loaded = loaded.inserted + loaded.updated
    except ImportRefused as refusal:
        journal.note([], refusal.findings)
        return journal.result(request, imported=False)
    return journal.result(request, imported=True)


def _check_key(request: ImportRequest) -> None:
    if request.key not in {None, KEY}:
        raise ImportRefused(
            finding(
                "error",
                "field_unknown",
                f"Penduduk dibedakan menurut wilayah dan tahun: pakai --key {KEY}.",
                f"Population is told apart by area and year: use --key {KEY}.",
            )
        )


def _match(table: SourceTable, request: ImportRequest) -> ColumnMatch:
    columns = [str(column) for column in table.attributes.columns]
    return match_columns(DEFINITION, columns, request.mapping, is_shapefile=table.is_shapefile)


def _columns_sentence(table: SourceTable, request: ImportRequest) -> Sentence:
    pairs = ", ".join(f"{source.column} → {name}" for name, source in _match(table, request).fields.items())
    return Sentence("transform", f"Mencocokkan kolom: {pairs}.", f"Matched columns: {pairs}.")


# Rows of the file


def _read_rows(table: SourceTable, request: ImportRequest, areas: AreaList, findings: list[RowFinding]) -> Rows:
    """Read the values of all rows; those without code, year or persons, or of unknown areas, are left out."""
    match = _match(table, request)
    findings += match.findings
    numbers: dict[str, FloatArray] = {}
    texts: dict[str, TextArray] = {}
    for name, source in match.fields.items():
        column = table.attributes[source.column]
        if DEFINITION.field(name).type == "integer":
            numbers[name] = _whole_numbers(column, name, table.rows, findings)
        else:
            texts[name] = parse_texts(column).values
    codes = _read_codes(texts[KEY], request, areas, table.rows, findings)
    missing = np.isnan(numbers["year"]) | np.isnan(numbers["population"])
    _say_left_out(
        missing & ~is_null(codes),
        table.rows,
        "value_missing",
        "tahun atau penduduknya kosong",
        "their year or population is missing",
        findings,
    )
    _check_sexes(numbers, table.rows, findings)
    source_names = texts.get("source", np.full(len(codes), None, dtype=object))
    columns = {
        KEY: codes,
        **{name: number_texts(values, whole=True) for name, values in numbers.items()},
        "source": np.where(is_null(source_names), request.path.name, source_names),
    }
    rows = Rows(columns, np.full(len(codes), None, dtype=object), table.rows).select(~is_null(codes) & ~missing)
    if not len(rows):
        raise ImportRefused(nothing_left())
    return rows


def _whole_numbers(column: pd.Series, name: str, rows: IntArray, findings: list[RowFinding]) -> FloatArray:
    """Read a column of counts or years; what cannot be one is NaN, and a finding names it."""
    parsed = parse_numbers(column, thousands=name != "year")
    values = parsed.values.copy()
    possible = (YEARS.start, YEARS.stop - 1) if name == "year" else (0, MOST_PERSONS)
    with np.errstate(invalid="ignore"):
        bad = parsed.unreadable | parsed.ambiguous | (values != np.round(values))
        bad |= (values < possible[0]) | (values > possible[1])
    bad &= parsed.unreadable | parsed.ambiguous | ~np.isnan(values)
    if bad.any():
        label = DEFINITION.field(name).label
        which = examples(column.to_numpy(dtype=object), bad)
        findings.append(
            finding(
                "warning",
                f"value_unreadable:{name}",
                f"Nilai yang bukan {label.id.lower()}: {int(bad.sum())} ({which}). Dikosongkan.",
                f"Values that are no {label.en.lower()}: {int(bad.sum())} ({which}). Left empty.",
                rows[bad],
            )
        )
    values[bad] = np.nan
    return values


def _read_codes(
    written: TextArray, request: ImportRequest, areas: AreaList, rows: IntArray, findings: list[RowFinding]
) -> TextArray:
    """Bring codes to the form of the national list; None where they are none, or of an area that does not count."""
    codes: TextArray = np.full(len(written), None, dtype=object)
    for level in LEVELS:
        codes = np.where(is_null(codes), normalise_codes(written, level), codes)
    malformed = is_null(codes)
    _say_left_out(
        malformed,
        rows,
        "code_malformed",
        f"kode wilayahnya tidak berbentuk 16.05.01.2001, 16.05.01, atau 16.05 ({examples(written, malformed)})",
        f"their area code does not look like 16.05.01.2001, 16.05.01 or 16.05 ({examples(written, malformed)})",
        findings,
    )
    known = np.array([code is not None and code in areas.names for code in codes], dtype=bool)
    within = areas.holds(codes)
    for mask, name, why_id, why_en in (
        (~malformed & ~within, "outside_region", "wilayahnya di luar daerah ini", "their area is beyond this region"),
        (
            within & ~known & bool(areas.areas),
            "code_not_listed",
            "kodenya tidak ada dalam daftar wilayah; mungkin kode BPS",
            "their code is not in the list of areas; a BPS code perhaps",
        ),
    ):
        if not mask.any():
            continue
        which = examples(codes, mask)
        if request.outside == "keep":
            findings.append(
                finding(
                    "warning",
                    name,
                    f"Baris tetap dimuat: {int(mask.sum())}, walaupun {why_id} ({which}).",
                    f"Rows loaded all the same: {int(mask.sum())}, though {why_en} ({which}).",
                    rows[mask],
                )
            )
        else:
            _say_left_out(mask, rows, name, f"{why_id} ({which})", f"{why_en} ({which})", findings)
            codes[mask] = None
    return codes


def _check_sexes(numbers: dict[str, FloatArray], rows: IntArray, findings: list[RowFinding]) -> None:
    if not {"male", "female"} <= numbers.keys():
        return
    with np.errstate(invalid="ignore"):
        off = np.abs(numbers["male"] + numbers["female"] - numbers["population"]) > 0
    if off.any():
        findings.append(
            finding(
                "warning",
                "sexes_differ",
                f"Laki-laki dan perempuan tidak berjumlah penduduknya di {int(off.sum())} baris; dimuat apa adanya.",
                f"Male and female do not add up to the population in {int(off.sum())} rows; loaded as they are.",
                rows[off],
            )
        )


def _check_repeated(rows: Rows, findings: list[RowFinding]) -> Rows:
    """Leave out rows of the same area and year: nobody knows which of them is right."""
    keys = pd.Series(list(zip(rows.columns[KEY], rows.columns["year"], strict=True)), dtype=object)
    repeated = keys.duplicated(keep=False).to_numpy(dtype=bool)
    which = examples(rows.columns[KEY], repeated)
    _say_left_out(
        repeated,
        rows.rows,
        "key_repeated",
        f"wilayah dan tahunnya sama dengan baris lain di berkas ini ({which})",
        f"they have the area and year of another row of the file ({which})",
        findings,
    )
    rows = rows.select(~repeated)
    if not len(rows):
        raise ImportRefused(nothing_left())
    return rows


def _say_left_out(
    mask: BoolArray, rows: IntArray, code: str, why_id: str, why_en: str, findings: list[RowFinding]
) -> None:
    if mask.any():
        count = int(mask.sum())
        findings.append(
            finding(
                "error",
                code,
                f"Baris tidak dimuat: {count}, karena {why_id}.",
                f"Rows left out: {count}, since {why_en}.",
                rows[mask],
            )
        )


# The table


def _load(rows: Rows, request: ImportRequest, connection: Connection, findings: list[RowFinding]) -> _Loaded:
    """Put the rows into the table; demonstration rows give way, and nothing is changed when no row is left."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('petakarya.import.population', 0))"))
    driver: Any = connection.connection.driver_connection
    cursor: psycopg.Cursor[Any] = driver.cursor()
    with explained(), connection.begin_nested():
        removed_demo = cursor.execute("DELETE FROM layers.population WHERE demo").rowcount
        removed = 0
        if request.mode == "replace":
            removed = cursor.execute("DELETE FROM layers.population").rowcount
        names = sql.SQL(", ").join(map(sql.Identifier, rows.columns))
        incoming = sql.Identifier(INCOMING)
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS pg_temp.{}").format(incoming))
        cursor.execute(
            sql.SQL("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM layers.population WITH NO DATA").format(
                incoming, names
            )
        )
        if request.mode == "append":
            rows = _without_present(rows, cursor, findings)
        _copy(cursor, incoming, rows)
        updated = _update(cursor, incoming, rows) if request.mode == "update" else 0
        cursor.execute(
            sql.SQL(
                "INSERT INTO layers.population ({names}) SELECT {names} FROM {incoming} i WHERE NOT EXISTS "
                "(SELECT FROM layers.population p WHERE (p.area_code, p.year) = (i.area_code, i.year))"
            ).format(names=names, incoming=incoming)
        )
        return _Loaded(cursor.rowcount, updated, removed, removed_demo)


def _copy(cursor: psycopg.Cursor[Any], incoming: sql.Identifier, rows: Rows) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        incoming, sql.SQL(", ").join(map(sql.Identifier, rows.columns))
    )
    with cursor.copy(statement) as copy:
        for row in zip(*rows.columns.values(), strict=True):
            copy.write_row(row)


def _update(cursor: psycopg.Cursor[Any], incoming: sql.Identifier, rows: Rows) -> int:
    """Change the rows of the same area and year that are not the same already."""
    changed = [name for name in rows.columns if name not in {KEY, "year"}]
    values = [name for name in changed if name != "source"]
    cursor.execute(
        sql.SQL(
            "UPDATE layers.population p SET {sets} FROM {incoming} i "
            "WHERE (p.area_code, p.year) = (i.area_code, i.year) AND ({old}) IS DISTINCT FROM ({new})"
        ).format(
            sets=sql.SQL(", ").join(sql.SQL("{0} = i.{0}").format(sql.Identifier(name)) for name in changed),
            incoming=incoming,
            old=sql.SQL(", ").join(sql.SQL("p.{}").format(sql.Identifier(name)) for name in values),
            new=sql.SQL(", ").join(sql.SQL("i.{}").format(sql.Identifier(name)) for name in values),
        )
    )
    return cursor.rowcount


def _without_present(rows: Rows, cursor: psycopg.Cursor[Any], findings: list[RowFinding]) -> Rows:
    """Leave out rows of an area and year that are there already."""
    found = cursor.execute("SELECT area_code, year::text FROM layers.population").fetchall()
    present = {(row[0], row[1]) for row in found}
    keys = zip(rows.columns[KEY], rows.columns["year"], strict=True)
    there = np.array([key in present for key in keys], dtype=bool)
    which = examples(rows.columns[KEY], there)
    _say_left_out(
        there,
        rows.rows,
        "key_present",
        f"penduduk wilayah dan tahun itu sudah ada ({which}); perbarui dengan --mode update --key {KEY}",
        f"the population of that area and year is there already ({which}); change it with --mode update --key {KEY}",
        findings,
    )
    rows = rows.select(~there)
    if not len(rows):
        raise ImportRefused(nothing_left())
    return rows
