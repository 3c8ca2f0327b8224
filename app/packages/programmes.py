"""The national list of programmes, activities and sub-activities, in its versions: read from files, kept by code."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from flask_babel import gettext
from sqlalchemy import Connection, Row, text
from sqlalchemy.orm import Session

from app.errors import InvalidInput

SEED = Path(__file__).with_name("programmes.csv")
SEED_VERSION = "90/2019"  # Permendagri whose wording it has
MOST_ROWS = 30_000
MOST_BYTES = 10_000_000
MOST_ERRORS = 5  # told at once
LONGEST_NAME = 500
CODE_NAMES = ("kode", "code")
NAME_NAMES = ("nama", "uraian", "nomenklatur", "name")
PROGRAMME_PARTS = 3  # 1.03.10


@dataclass(frozen=True)
class Entry:
    """A row of the list; `code` as it is stored."""

    code: str
    level: str
    name: str
    parent: str | None


def read_code(written: str) -> tuple[str, str, str | None] | None:
    """
    Return a code as it is stored, its level and its parent's code; None when it is none.

    The activity's part is written 2.01, 02.01 or 201 by different systems; 2.01 is kept. A sub-activity has two digits
    in lists until 2022 and four since, and keeps them.
    """
    parts = re.sub(r"[\s\u00a0]", "", written).strip(".").split(".")
    if not all(part.isascii() and part.isdigit() for part in parts) or len(parts) < PROGRAMME_PARTS:
        return None
    affair, field, programme, *rest = parts
    if len(affair) != 1 or len(field) > 2 or len(programme) > 2:
        return None
    code = f"{affair}.{field:0>2}.{programme:0>2}"
    if not rest:
        return code, "programme", None
    if len(rest[0]) == 3:  # 201
        rest = [rest[0][0], rest[0][1:], *rest[1:]]
    if len(rest) == 1 or len(rest) > 3 or len(rest[0].lstrip("0")) != 1 or len(rest[1]) > 2:
        return None
    activity = f"{code}.{rest[0].lstrip('0')}.{rest[1]:0>2}"
    if len(rest) == 2:
        return activity, "activity", code
    if len(rest[2]) > 4:
        return None
    return f"{activity}.{rest[2]:0>{2 if len(rest[2]) <= 2 else 4}}", "sub_activity", activity


def import_list(session: Session, content: bytes, version: str) -> int:
    """
    Load a list from the bytes of a CSV or XLSX file with columns for code and name; returns how many rows it has.

    Raises
    ------
    InvalidInput
        When it cannot be read, or a row has no code; nothing is loaded then.
    """
    if not content:
        raise InvalidInput({"file": gettext("Pilih berkas daftarnya.")})
    if len(content) > MOST_BYTES:
        raise InvalidInput({"file": gettext("Berkas lebih besar dari %(mb)s MB.", mb=MOST_BYTES // 1_000_000)})
    table = _read_workbook(content) if content.startswith(b"PK\x03\x04") else _read_text(content)
    entries = read_entries(table)
    load_entries(session.connection(), entries, version)
    return len(entries)


def read_entries(table: Iterable[Sequence[Any]]) -> list[Entry]:
    """Return the entries of a table whose first row names its columns; parents come before their children."""
    rows = iter(table)
    header = [str(cell or "").strip().casefold() for cell in next(rows, ())]
    code_at = next((header.index(name) for name in CODE_NAMES if name in header), None)
    name_at = next((header.index(name) for name in NAME_NAMES if name in header), None)
    if code_at is None or name_at is None:
        raise InvalidInput({"file": gettext("Baris pertama harus memuat kolom kode dan nama.")})
    found: dict[str, Entry] = {}
    wrong: list[str] = []
    for number, row in enumerate(rows, start=2):
        if number > MOST_ROWS:
            raise InvalidInput({"file": gettext("Daftar lebih panjang dari %(n)s baris.", n=MOST_ROWS)})
        cells = [str(cell).strip() if cell is not None else "" for cell in row]
        written = cells[code_at] if code_at < len(cells) else ""
        name = " ".join(cells[name_at].split()) if name_at < len(cells) else ""
        if not written and not name:
            continue
        read = read_code(written)
        if read is None or not name or len(name) > LONGEST_NAME:
            wrong.append(gettext("baris %(row)s (%(text)s)", row=number, text=(written or name)[:40]))
            continue
        found.setdefault(read[0], Entry(read[0], read[1], name, read[2]))
    if wrong:
        shown = ", ".join(wrong[:MOST_ERRORS]) + (" …" if len(wrong) > MOST_ERRORS else "")
        raise InvalidInput(
            {"file": gettext("Kode atau nama tidak dapat dibaca: %(rows)s. Tidak ada yang dimuat.", rows=shown)}
        )
    if not found:
        raise InvalidInput({"file": gettext("Daftar ini kosong.")})
    return sorted(found.values(), key=lambda one: (one.code.count("."), one.code))


def load_entries(connection: Connection, entries: Sequence[Entry], version: str) -> None:
    """Write a version of the list; names of codes known already are renewed, packages keep pointing to them."""
    connection.execute(
        text("""
            INSERT INTO app.programme AS p (code, version, level, name)
            SELECT e.code, :version, e.level, e.name
            FROM unnest(CAST(:codes AS text[]), CAST(:levels AS text[]), CAST(:names AS text[])) AS e(code, level, name)
            ON CONFLICT (code, version) DO UPDATE SET name = excluded.name WHERE p.name <> excluded.name
        """),
        {
            "codes": [one.code for one in entries],
            "version": version,
            "levels": [one.level for one in entries],
            "names": [one.name for one in entries],
        },
    )
    connection.execute(
        text("""
            UPDATE app.programme p SET parent_id = q.id
            FROM unnest(CAST(:codes AS text[]), CAST(:parents AS text[])) AS e(code, parent)
                JOIN app.programme q ON q.code = e.parent AND q.version = :version
            WHERE p.code = e.code AND p.version = :version AND p.parent_id IS DISTINCT FROM q.id
        """),
        {
            "codes": [one.code for one in entries],
            "parents": [one.parent for one in entries],
            "version": version,
        },
    )


def seed_programmes(connection: Connection) -> int:
    """Load the small list that comes with the application, unless there is one; returns how many rows it added."""
    if connection.scalar(text("SELECT EXISTS (SELECT FROM app.programme)")):
        return 0
    with SEED.open(encoding="utf-8", newline="") as file:
        entries = read_entries(csv.reader(file))
    load_entries(connection, entries, SEED_VERSION)
    return len(entries)


def list_programmes(
    session: Session, *, version: str | None = None, words: str = "", limit: int = 500
) -> list[Row[Any]]:
    """Return the list by code, of one version or the newest, with how many packages each has."""
    rows = session.execute(
        text("""
            SELECT p.id, p.code, p.version, p.level, p.name, p.parent_id,
                (SELECT count(*) FROM app.project j WHERE j.programme_id = p.id) AS packages
            FROM app.programme p
            WHERE (CAST(:version AS text) IS NULL OR p.version = :version)
                AND (:words = '' OR starts_with(p.code, :words) OR strpos(app.fold(p.name), app.fold(:words)) > 0)
            ORDER BY p.version DESC, p.code LIMIT :limit
        """),
        {"version": version, "words": words, "limit": limit},
    )
    return list(rows)


def list_versions(session: Session) -> list[Row[Any]]:
    """Return the versions of the list with how many codes each has."""
    return list(
        session.execute(
            text("SELECT version, count(*) AS codes FROM app.programme GROUP BY version ORDER BY version DESC")
        )
    )


def _read_text(content: bytes) -> Iterable[list[str]]:
    try:
        written = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        written = content.decode("cp1252", errors="replace")
    if "\x00" in written:
        raise InvalidInput({"file": gettext("Berkas ini bukan CSV atau XLSX.")})
    first = written.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    try:
        return list(csv.reader(written.splitlines(), delimiter=delimiter))
    except csv.Error:
        raise InvalidInput({"file": gettext("Berkas ini tidak dapat dibaca sebagai CSV.")}) from None


def _read_workbook(content: bytes) -> Iterable[Sequence[Any]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        sheet = load_workbook(BytesIO(content), read_only=True, data_only=True).worksheets[0]
        return [
            tuple(row) for _number, row in zip(range(MOST_ROWS + 2), sheet.iter_rows(values_only=True), strict=False)
        ]
    except (BadZipFile, InvalidFileException, KeyError, IndexError, ValueError, OSError):
        raise InvalidInput({"file": gettext("Berkas ini bukan XLSX yang utuh.")}) from None
