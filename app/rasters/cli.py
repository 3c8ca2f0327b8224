"""The commands `petakarya raster add`, `raster list` and `raster remove`."""

from __future__ import annotations

import getpass
import json
import logging
from pathlib import Path

import click
from sqlalchemy import create_engine, pool, text

from app.config import Settings, preferred_language
from app.console import in_language, say
from app.database.prepare import needs_database
from app.rasters.queries import read_rasters
from app.rasters.service import (
    KINDS,
    AddedRaster,
    RasterRequest,
    add_raster,
    percent_words,
    read_classes,
    read_crs,
    remove_raster,
)
from app.storage import Storage
from gis.types import Json

SEVERITIES = {"error": ("Galat", "Error"), "warning": ("Peringatan", "Warning"), "info": ("Catatan", "Note")}


@click.group(
    "raster",
    help=in_language(
        "Daftarkan raster: elevasi, tutupan lahan, penduduk.", "Register rasters: elevation, land cover, population."
    ),
)
def raster() -> None:
    """Group the commands of rasters."""
    logging.getLogger("rasterio").setLevel(logging.CRITICAL)  # what GDAL says is said again, in a sentence


@raster.command(
    "add",
    help=in_language(
        "Periksa FILE (GeoTIFF dan lain-lain), simpan sebagai COG dengan gambaran, dan daftarkan. "
        "Kode keluar: 0 terdaftar, 2 ditolak (alasannya ditulis), 1 gagal.",
        "Check FILE (GeoTIFF and others), keep it as a COG with overviews, and register it. "
        "Exit code: 0 registered, 2 refused (the reason is printed), 1 failed.",
    ),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--name", required=True, help=in_language("Nama pendek, misalnya dem_2024.", "Short name, like dem_2024.")
)
@click.option("--title", help=in_language("Judul bagi pembaca peta.", "Title for readers of the map."))
@click.option(
    "--kind", type=click.Choice(KINDS), help=in_language("Isinya; tanpanya ditebak.", "What it holds; else guessed.")
)
@click.option(
    "--year", type=click.IntRange(1900, 2200), metavar="YYYY", help=in_language("Tahun data.", "Year of the data.")
)
@click.option("--source", help=in_language("Pembuat data.", "Who made the data."))
@click.option("--crs", metavar="EPSG:n", help=in_language("Sistem koordinat berkas.", "Coordinate system of the file."))
@click.option(
    "--classes",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help=in_language("Arti nilainya: value,name_id,name_en,colour.", "What values mean: value,name_id,name_en,colour."),
)
@click.option("--replace", is_flag=True, help=in_language("Ganti yang bernama sama.", "Replace the one of that name."))
@click.option(
    "--outside",
    type=click.Choice(["refuse", "keep"]),
    default="refuse",
    show_default=True,
    help=in_language("Raster yang tidak menyentuh wilayah.", "A raster that does not touch the region."),
)
@click.option(
    "--json", "as_json", is_flag=True, help=in_language("Tulis hasil sebagai JSON.", "Print the result as JSON.")
)
def add(
    file: Path,
    name: str,
    title: str | None,
    kind: str | None,
    year: int | None,
    source: str | None,
    crs: str | None,
    classes: Path | None,
    replace: bool,
    outside: str,
    as_json: bool,
) -> None:
    """Register one raster and say what became of it."""
    from app.imports.cli import work_folder

    request = RasterRequest(
        path=file,
        name=name,
        title=title,
        kind=kind,
        year=year,
        source=source,
        crs=read_crs(crs) if crs else None,
        classes=read_classes(classes) if classes else None,
        replace=replace,
        keep_outside=outside == "keep",
    )
    settings = Settings.from_environment()
    with needs_database(settings, say=say) as urls, work_folder(settings.home) as work:
        engine = create_engine(urls.app, poolclass=pool.NullPool)
        with engine.begin() as connection:
            _act_as_caller(connection)
            added = add_raster(connection, Storage.of(settings), request, cells=settings.rasters.cells, work=work)
    if as_json:
        click.echo(json.dumps(_added_json(added), ensure_ascii=False, indent=2))
    else:
        _tell(added)


@raster.command("list", help=in_language("Sebutkan raster yang terdaftar.", "List the registered rasters."))
@click.option("--json", "as_json", is_flag=True, help=in_language("Tulis sebagai JSON.", "Print as JSON."))
def list_rasters(as_json: bool) -> None:
    """List every raster, one a line."""
    settings = Settings.from_environment()
    with needs_database(settings, say=say) as urls:
        engine = create_engine(urls.reader, poolclass=pool.NullPool)
        with engine.connect() as connection:
            rasters = read_rasters(connection)
    if as_json:
        click.echo(json.dumps([one.to_json() for one in rasters], ensure_ascii=False, indent=2))
        return
    if not rasters:
        say(
            "Belum ada raster. Tambahkan dengan petakarya raster add.",
            "There is no raster. Add one with petakarya raster add.",
        )
    for one in rasters:
        size = f"{one.width} × {one.height}, {one.resolution_m:.1f} m"
        click.echo(f"{one.name}\t{one.kind}\t{one.year or '–'}\t{size}\t{one.title}")


@raster.command(
    "remove", help=in_language("Keluarkan sebuah raster dari daftar.", "Take a raster out of the register.")
)
@click.argument("name")
def remove(name: str) -> None:
    """Take one raster out of the register."""
    settings = Settings.from_environment()
    with needs_database(settings, say=say) as urls:
        engine = create_engine(urls.app, poolclass=pool.NullPool)
        with engine.begin() as connection:
            _act_as_caller(connection)
            remove_raster(connection, name)
    say(f"Raster {name} dikeluarkan dari daftar.", f"The raster {name} was taken out of the register.")


def _added_json(added: AddedRaster) -> Json:
    language = "en" if preferred_language() == "en" else "id"
    findings = [one.to_json(language=language) for one in added.findings]  # type: ignore[arg-type]
    return {"added": True, "changed": added.changed, "raster": added.raster.to_json(), "findings": findings}


def _tell(added: AddedRaster) -> None:
    for one in added.findings:
        label_id, label_en = SEVERITIES[one.severity]
        say(f"{label_id}: {one.message_id}", f"{label_en}: {one.message_en}")
    raster = added.raster
    share_id, share_en = percent_words(raster.covered_share)
    size = f"{raster.width} × {raster.height}"
    if not added.changed:
        say(f"Tidak ada yang berubah: {raster.name} sudah demikian.", f"Nothing changed: {raster.name} is so already.")
        return
    say(
        f"Selesai: {raster.name} ({raster.kind}), {size} sel, menutupi {share_id} wilayah.",
        f"Done: {raster.name} ({raster.kind}), {size} cells, covering {share_en} of the region.",
    )


def _act_as_caller(connection: object) -> None:
    connection.execute(  # type: ignore[attr-defined]
        text("SELECT set_config('petakarya.actor', :actor, true)"), {"actor": getpass.getuser()}
    )
