"""The command `petakarya import`."""

from __future__ import annotations

import getpass
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from sqlalchemy import create_engine, pool

from app.config import Settings, preferred_language
from app.console import say
from app.database.prepare import needs_database
from app.errors import message_of
from app.imports.service import run_import
from layers.catalogue import built_in_catalogue
from layers.errors import LayerNotFound
from layers.ingest.load import Progress
from layers.ingest.population import POPULATION
from layers.ingest.run import ImportRequest, ImportResult

IMPORTED, REFUSED = 0, 2
PATIENCE_SECONDS = 1.0  # after it a progress bar appears
BAR_CHARACTERS = 30
SEVERITY_LABELS = {
    "error": ("Galat", "Error"),
    "warning": ("Peringatan", "Warning"),
    "info": ("Catatan", "Note"),
}  # fmt: skip


def _help(text_id: str, text_en: str) -> str:
    return text_en if preferred_language() == "en" else text_id


@click.command(
    "import",
    help=_help(
        "Muat berkas FILE (shapefile, zip, GeoPackage, GeoJSON, SpatiaLite, KML, GPX, CSV, XLSX) ke sebuah lapisan. "
        "Kode keluar: 0 dimuat, 2 ditolak (temuan ditulis), 1 gagal.",
        "Load FILE (shapefile, zip, GeoPackage, GeoJSON, SpatiaLite, KML, GPX, CSV, XLSX) into a layer. "
        "Exit code: 0 imported, 2 refused (findings are printed), 1 failed.",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--layer",
    required=True,
    metavar="ID",
    help=_help(
        "Lapisan tujuan, atau population: tabel penduduk menurut wilayah dan tahun.",
        "The layer to fill, or population: a table of people by area and year.",
    ),
)
@click.option("--source-layer", metavar="NAME", help=_help("Lapisan di dalam berkas.", "The layer in the file."))
@click.option("--crs", metavar="EPSG:n", help=_help("Sistem koordinat berkas.", "Coordinate system of the file."))
@click.option("--lon", metavar="COL", help=_help("Kolom bujur (tabel).", "Column of longitude (tables)."))
@click.option("--lat", metavar="COL", help=_help("Kolom lintang (tabel).", "Column of latitude (tables)."))
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="SOURCE=field",
    help=_help(
        "Kolom berkas untuk sebuah field; satuan boleh ditambahkan: PANJANG=length_sk_m:km.",
        "Column of the file for a field; a unit may follow: PANJANG=length_sk_m:km.",
    ),
)
@click.option(
    "--mode",
    type=click.Choice(["append", "replace", "update"]),
    default="append",
    show_default=True,
    help=_help("Tambah, ganti semua, atau perbarui menurut --key.", "Add, replace all, or update by --key."),
)
@click.option("--key", metavar="FIELD", help=_help("Field pembeda baris.", "The field that tells rows apart."))
@click.option(
    "--outside",
    type=click.Choice(["refuse", "keep"]),
    default="refuse",
    show_default=True,
    help=_help("Baris di luar wilayah.", "Rows beyond the region."),
)
@click.option("--dry-run", is_flag=True, help=_help("Periksa saja.", "Check only; change nothing."))
@click.option("--json", "as_json", is_flag=True, help=_help("Tulis hasil sebagai JSON.", "Print the result as JSON."))
def import_command(
    file: Path,
    layer: str,
    source_layer: str | None,
    crs: str | None,
    lon: str | None,
    lat: str | None,
    maps: tuple[str, ...],
    mode: Any,
    key: str | None,
    outside: Any,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Import one file and say what became of it."""
    if (lon is None) != (lat is None):
        raise click.UsageError(_help("--lon dan --lat harus bersama.", "--lon and --lat go together."))
    try:
        if layer != POPULATION:
            built_in_catalogue().layer(layer)  # an unknown layer is said before a database is started
    except LayerNotFound as error:
        raise click.BadParameter(message_of(error, preferred_language()), param_hint="--layer") from error
    request = ImportRequest(
        path=file,
        layer=layer,
        source_layer=source_layer,
        crs=crs,
        lon=lon,
        lat=lat,
        mapping=parse_maps(maps),
        mode=mode,
        key=key,
        outside=outside,
    )
    settings = Settings.from_environment()
    with needs_database(settings, say=say) as urls:
        result = import_once(urls.app, request, home=settings.home, dry_run=dry_run)
    if as_json:
        language: Any = preferred_language()
        click.echo(json.dumps(result.to_json(language=language, dry_run=dry_run), ensure_ascii=False, indent=2))
    else:
        print_result(result, dry_run=dry_run)
    return IMPORTED if result.imported else REFUSED


def import_once(url: str, request: ImportRequest, *, home: Path, dry_run: bool) -> ImportResult:
    """Import a file in one transaction of its own; a dry run and whatever fails is rolled back."""
    engine = create_engine(url, poolclass=pool.NullPool)
    with work_folder(home) as work, engine.connect() as connection, connection.begin() as transaction:
        result = run_import(
            connection,
            built_in_catalogue(),
            request,
            actor=getpass.getuser(),
            work=work,
            progress=progress_bar if sys.stderr.isatty() else None,
        )
        if dry_run or not result.imported:
            transaction.rollback()
    return result


def parse_maps(maps: tuple[str, ...]) -> dict[str, str]:
    """Read `SOURCE=field` pairs; a column's name may hold an equals sign, a field's cannot."""
    pairs = [text.rpartition("=") for text in maps]
    if any(not column or not field for column, _, field in pairs):
        raise click.BadParameter(_help("Tulis --map KOLOM=field.", "Write --map COLUMN=field."), param_hint="--map")
    return {column: field for column, _, field in pairs}


@contextmanager
def work_folder(home: Path) -> Iterator[Path]:
    """Make a folder for unpacking under the home, and remove it at the end."""
    parent = home / "tmp"
    parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="import-", dir=parent))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def print_result(result: ImportResult, *, dry_run: bool) -> None:
    """Tell on stderr what each step did, what was found, and how it ended."""
    for step in result.steps:
        say(step.message_id, step.message_en)
    for one in result.findings:
        label_id, label_en = SEVERITY_LABELS[one.severity]
        rows_id, rows_en = _rows(one.rows, one.count, "baris", "dan"), _rows(one.rows, one.count, "rows", "and")
        say(f"{label_id}: {one.message_id}{rows_id}", f"{label_en}: {one.message_en}{rows_en}")
    if not result.imported:
        say(
            f"Ditolak: {result.file_name} tidak dimuat ke {result.layer}; tidak ada yang berubah.",
            f"Refused: {result.file_name} was not loaded into {result.layer}; nothing has changed.",
        )
    elif dry_run:
        say(
            f"Uji coba: {result.rows_loaded} dari {result.rows_read} baris akan dimuat; tidak ada yang berubah.",
            f"Dry run: {result.rows_loaded} of {result.rows_read} rows would be loaded; nothing has changed.",
        )
    else:
        say(
            f"Selesai: {result.rows_loaded} dari {result.rows_read} baris dimuat ke {result.layer}.",
            f"Done: {result.rows_loaded} of {result.rows_read} rows loaded into {result.layer}.",
        )


def _rows(rows: tuple[int, ...], count: int, word: str, conjunction: str) -> str:
    if not rows:
        return ""
    rest = count - len(rows)
    listed = ", ".join(str(row) for row in rows)
    return f" [{word} {listed}{f' {conjunction} {rest} …' if rest > 0 else ''}]"


def progress_bar(step: str, total: int) -> Progress:
    """Draw a bar on stderr once the step has taken longer than a second."""
    started, done = time.monotonic(), 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if time.monotonic() - started < PATIENCE_SECONDS:
            return
        filled = BAR_CHARACTERS * done // max(total, 1)
        ending = "\n" if done >= total else ""
        click.echo(f"\r{step} [{'#' * filled:<{BAR_CHARACTERS}}] {done}/{total}{ending}", err=True, nl=False)

    return advance
