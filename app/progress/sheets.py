"""Tables that people paste or upload: text, CSV or XLSX read into rows of cells; hostile files are refused."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from app.errors import InvalidInput
from app.extensions import current_language
from app.formats import format_number

MOST_BYTES = 5_000_000  # of an uploaded file
MOST_UNPACKED = 60_000_000  # of all parts of an XLSX
MOST_PARTS = 500
MOST_ROWS = 3000
MOST_COLUMNS = 600
MOST_CELL = 500  # characters
CHUNK = 1 << 16
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # XLS, and XLSX behind a password
ENTITIES = tuple("<!DOCTYPE".encode(name) for name in ("utf-8", "utf-16-le", "utf-16-be"))
UTF8_FIRST = ("utf-8-sig", "cp1252")
SEVERAL_SPACES = re.compile(r" {2,}")
TWO_WORDS = re.compile(r"\d\S* +[\d.,]+%?")  # 2026-05-07 2,5

Cell = str | float | dt.date | None


@dataclass(frozen=True)
class Row:
    """A row of a table with at least one filled cell; `number` counts from 1, as people see it."""

    number: int
    cells: tuple[Cell, ...]

    def cell(self, column: int | None) -> Cell:
        """Return a cell; None where the row is shorter, or no column is meant."""
        return self.cells[column] if column is not None and column < len(self.cells) else None


def refuse(sentence: str) -> InvalidInput:
    """Return the error that stands beside the table or the file."""
    return InvalidInput({"table": sentence})


def read_pasted(written: str) -> list[Row]:
    """
    Return the rows of a table copied from a spreadsheet, or typed.

    Columns are parted by tabs, semicolons, commas (where they are no decimal commas) or several spaces.
    """
    lines = written.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > MOST_ROWS:
        raise refuse(_too_many_rows())
    return _rows(enumerate(_split_lines(lines), start=1))


def read_upload(content: bytes, name: str) -> list[Row]:
    """
    Return the rows of an uploaded XLSX (its first sheet with content) or CSV.

    Raises
    ------
    InvalidInput
        When the file is too large, of another kind, broken, made to exhaust the reader, or holds formulas that no
        program has computed yet.
    """
    if len(content) > MOST_BYTES:
        limit = format_number(MOST_BYTES / 1e6, current_language())
        raise refuse(gettext("Berkas lebih dari %(limit)s MB. Jadwal biasanya jauh lebih kecil.", limit=limit))
    if not content.strip():
        raise refuse(gettext("Berkas ini kosong."))
    if content.startswith(b"PK"):
        return _read_xlsx(content)
    if content.startswith(OLE):
        raise refuse(
            gettext(
                "Berkas ini berformat XLS lama atau memakai sandi. Simpan ulang sebagai XLSX tanpa sandi, atau CSV."
            )
        )
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not name.lower().endswith((".csv", ".tsv", ".txt")) or (b"\0" in content and not is_utf16):
        raise refuse(gettext("Berkas ini bukan XLSX atau CSV. Pakai templat yang disediakan."))
    return read_pasted(_decode(content))


def _decode(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    for encoding in UTF8_FIRST:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")  # which reads any bytes


def _split_lines(lines: Sequence[str]) -> Iterator[list[str]]:
    """Split each line by the separator that the table uses."""
    whole = "\n".join(lines)
    separator = next((one for one in ("\t", ";") if one in whole), None)
    if separator is None and '"' not in whole and "," in whole and not _is_decimal_comma(whole):
        separator = ","
    if separator is None and '"' in whole:
        separator = ","
    for line in lines:
        if separator is None:
            yield (line.split() if TWO_WORDS.fullmatch(line.strip()) else SEVERAL_SPACES.split(line.strip()))
        else:
            yield next(csv.reader([line], delimiter=separator), [])


def _is_decimal_comma(written: str) -> bool:
    """Tell whether spaces part the columns of most lines, so that commas stand inside numbers."""
    lines = [line.strip() for line in written.split("\n") if line.strip()]
    parted = sum(bool(SEVERAL_SPACES.search(line) or TWO_WORDS.fullmatch(line)) for line in lines)
    return parted > len(lines) / 2


def _rows(numbered: Any) -> list[Row]:
    found = []
    for number, cells in numbered:
        cleaned = tuple(_clean(cell) for cell in cells[:MOST_COLUMNS])
        if any(cell is not None for cell in cleaned):
            found.append(Row(number, cleaned))
    return found


def _clean(cell: Any) -> Cell:
    """Return a cell as text, number or day; None when it is empty."""
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, int | float):
        return float(cell)
    if isinstance(cell, dt.date):
        return cell
    written = str(cell).replace("\u00a0", " ").replace("\0", "").strip()[:MOST_CELL]
    return written or None


# XLSX


def _read_xlsx(content: bytes) -> list[Row]:
    from openpyxl import load_workbook  # here, since it takes a moment to load and few requests need it

    _check_archive(content)
    try:
        values = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        for sheet in values.worksheets:
            rows = list(_read_sheet(sheet))
            if any(any(cell is not None for cell in cells) for cells in rows):
                _refuse_formulas(content, sheet.title, rows)
                return _rows(enumerate(rows, start=1))
    except InvalidInput:
        raise
    except Exception as error:  # openpyxl fails in many ways on files that are broken
        raise refuse(
            gettext("Berkas XLSX ini rusak atau tidak lengkap. Buka, simpan ulang, lalu unggah lagi.")
        ) from error
    raise refuse(gettext("Berkas ini kosong."))


def _check_archive(content: bytes) -> None:
    """Refuse an archive that unpacks to too much, has too many parts, is locked, or brings entities of its own."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if "xl/workbook.xml" not in archive.namelist():
                raise refuse(gettext("Berkas ini bukan XLSX atau CSV. Pakai templat yang disediakan."))
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise refuse(_unpacks_to_too_much())
            left = MOST_UNPACKED
            for part in parts:
                left = _check_part(archive, part, left)
    except InvalidInput:
        raise
    except Exception as error:
        raise refuse(
            gettext("Berkas XLSX ini rusak atau tidak lengkap. Buka, simpan ulang, lalu unggah lagi.")
        ) from error


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> int:
    """Unpack a part bit by bit, since its header may lie about its size; return how much may still come."""
    tail = b""
    with archive.open(part) as stream:
        while chunk := stream.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise refuse(_unpacks_to_too_much())
            if part.filename.endswith((".xml", ".rels")) and any(one in tail + chunk for one in ENTITIES):
                raise refuse(gettext("Berkas XLSX ini memuat bagian yang tidak diterima. Simpan ulang dari Excel."))
            tail = chunk[-32:]
    return left


def _read_sheet(sheet: Any) -> Iterator[list[Any]]:
    """Yield the rows of a sheet; percentages as people see them (25, not 0.25)."""
    sheet.reset_dimensions()  # what the file says of its size may be anything
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        if number > MOST_ROWS:
            raise refuse(_too_many_rows())
        if len(cells) > MOST_COLUMNS:
            limit = format_number(MOST_COLUMNS, current_language())
            raise refuse(gettext("Tabel ini lebih dari %(limit)s kolom.", limit=limit))
        yield [_shown_value(cell) for cell in cells]


def _shown_value(cell: Any) -> Any:
    value = cell.value
    if isinstance(value, int | float) and not isinstance(value, bool) and "%" in (cell.number_format or ""):
        return round(value * 100, 9)
    return value


def _refuse_formulas(content: bytes, title: str, rows: list[list[Any]]) -> None:
    """Refuse formulas without a value: programs other than spreadsheets write them so."""
    from openpyxl import load_workbook

    formulas = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)[title]
    formulas.reset_dimensions()
    for row, cells in zip(rows, formulas.iter_rows(), strict=False):
        for value, cell in zip(row, cells, strict=False):
            if value is None and isinstance(cell.value, str) and cell.value.startswith("="):
                sentence = gettext(
                    "Sel %(cell)s berisi rumus yang belum punya nilai. Buka berkasnya di Excel atau LibreOffice, "
                    "simpan, lalu unggah lagi.",
                    cell=cell.coordinate,
                )
                raise refuse(sentence)


def _too_many_rows() -> str:
    limit = format_number(MOST_ROWS, current_language())
    return str(gettext("Tabel ini lebih dari %(limit)s baris.", limit=limit))


def _unpacks_to_too_much() -> str:
    return str(gettext("Berkas ini mengembang terlalu besar saat dibuka. Salin jadwalnya saja ke berkas baru."))
