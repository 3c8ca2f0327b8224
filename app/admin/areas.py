"""The national list of area codes (Kemendagri), loaded once from the npm package `idn-area-data` (ODbL)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, text

from app.config import ROOT
from app.errors import CodeListMissing

PACKAGE = Path("node_modules") / "idn-area-data" / "data"
FOLDERS = (ROOT / "static" / PACKAGE, ROOT / PACKAGE)
LEVELS = {
    "province": ("provinces.csv", None),
    "regency": ("regencies.csv", "province_code"),
    "district": ("districts.csv", "regency_code"),
    "village": ("villages.csv", "district_code"),
}


def ensure_code_list(connection: Connection) -> bool:
    """
    Load the national code list into `app.areas` unless it is there.

    Parameters
    ----------
    connection
        Of the owner role, in a transaction that the caller commits.

    Returns
    -------
    loaded
        False when the list was there already.

    Raises
    ------
    CodeListMissing
        When the npm package is not installed.
    """
    if connection.scalar(text("SELECT EXISTS (SELECT FROM app.areas WHERE level = 'village')")):
        return False
    folder = code_list_folder()
    connection.execute(text("DELETE FROM app.areas"))
    cursor = connection.connection.cursor()
    with cursor.copy("COPY app.areas (code, name, level, parent_code) FROM STDIN") as copy:
        for row in read_areas(folder):
            copy.write_row(row)
    connection.execute(text("ANALYZE app.areas"))
    return True


def code_list_folder() -> Path:
    """
    Return the folder of the list's CSV files.

    Raises
    ------
    CodeListMissing
        When the npm package is not installed.
    """
    for folder in FOLDERS:
        if (folder / "villages.csv").is_file():
            return folder
    raise CodeListMissing(
        "Daftar kode wilayah belum terpasang. Jalankan `make build`, lalu ulangi.",
        "The list of area codes is not installed. Run `make build`, then try again.",
    )


def read_areas(folder: Path) -> Iterator[tuple[str, str, str, str | None]]:
    """Yield code, name, level and parent's code of every area of Indonesia."""
    for level, (file_name, parent) in LEVELS.items():
        with (folder / file_name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield row["code"], row["name"], level, row[parent] if parent else None
