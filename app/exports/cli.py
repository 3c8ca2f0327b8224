"""The command `petakarya export`."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import click
from sqlalchemy import create_engine, pool
from sqlalchemy.orm import Session

from app.config import ListLimits, Settings, preferred_language
from app.console import in_language, say
from app.database.prepare import needs_database
from app.errors import message_of
from app.exports.layer_files import FORMAT_OF_SUFFIX, Format, read_features, write_layer
from app.ogc.forms import ItemQuery, read_item_query
from app.ogc.queries import read_time_zone
from layers.catalogue import built_in_catalogue
from layers.definition import LayerDefinition
from layers.errors import LayerNotFound

ROWS_AT_ONCE = 5_000
STANDARD_OUTPUT = "-"


@click.command(
    "export",
    help=in_language(
        "Tulis lapisan LAYER (field publiknya) ke berkas. Tanpa -o: GeoJSON ke keluaran standar.",
        "Write the layer LAYER (its public fields) to a file. Without -o: GeoJSON to standard output.",
    ),
)
@click.argument("layer", metavar="LAYER")
@click.option(
    "-o",
    "output",
    metavar="FILE",
    default=STANDARD_OUTPUT,
    help=in_language("Berkas hasil; - atau kosong: keluaran standar.", "File to write; - or none: standard output."),
)
@click.option(
    "--format",
    "wanted",
    type=click.Choice(["geojson", "gpkg", "csv", "fgb"]),
    help=in_language("Bawaan: menurut akhiran FILE.", "Default: by the ending of FILE."),
)
@click.option(
    "--bbox",
    metavar="W,S,E,N",
    help=in_language("Hanya yang menyentuh kotak ini, dalam derajat.", "Only what touches this box, in degrees."),
)
@click.option(
    "--as-of", metavar="DATE", help=in_language("Menurut catatan per tanggal itu.", "As recorded by that date.")
)
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="KEY=VALUE",
    help=in_language(
        "Hanya yang field-nya bernilai ini, misalnya status=construction atau district_code=16.05.09; boleh diulang, "
        "semua harus terpenuhi. CQL2 belum didukung.",
        "Only where a field has this value, like status=construction or district_code=16.05.09; may be repeated, all "
        "must hold. CQL2 is not supported yet.",
    ),
)
def export(
    layer: str, output: str, wanted: Format | None, bbox: str | None, as_of: str | None, filters: tuple[str, ...]
) -> None:
    """Write one layer to one file."""
    definition = read_layer(layer)
    wanted = wanted or format_of(output)
    folder = None if output == STANDARD_OUTPUT else Path(output).absolute().parent
    if folder is not None and not folder.is_dir():
        raise click.BadParameter(in_language(f"{folder}: folder tidak ada.", f"{folder}: there is no such folder."))
    arguments = {"bbox": [bbox] if bbox else [], "as_of": [as_of] if as_of else [], **read_filters(filters)}
    given = {name: values for name, values in arguments.items() if values}
    limits = ListLimits(default=ROWS_AT_ONCE, maximum=ROWS_AT_ONCE)
    with needs_database(Settings.from_environment(), say=say) as urls:
        engine = create_engine(urls.reader, poolclass=pool.NullPool)
        with Session(engine) as session:
            query = read_item_query(
                given, definition, built_in_catalogue(), limits=limits, time_zone=read_time_zone(session)
            )
            count = write_whole(session, definition, query, output, wanted)
    say(f"Selesai: {count} objek dari {layer}.", f"Done: {count} features of {layer}.")


def read_layer(layer: str) -> LayerDefinition:
    """Return a public layer; `BadParameter` when there is none of this name."""
    try:
        definition = built_in_catalogue().layer(layer)
    except LayerNotFound as error:
        raise click.BadParameter(message_of(error, preferred_language()), param_hint="LAYER") from error
    if definition.access != "public":
        raise click.BadParameter(in_language("Lapisan ini tidak publik.", "This layer is not public."))
    return definition


def format_of(output: str) -> Format:
    """Return the format that a file's ending names; GeoJSON for standard output."""
    if output == STANDARD_OUTPUT:
        return "geojson"
    found = FORMAT_OF_SUFFIX.get(Path(output).suffix.lower())
    if found is None:
        known = ", ".join(FORMAT_OF_SUFFIX)
        raise click.BadParameter(
            in_language(
                f"Akhiran berkas tidak dikenal; pakai {known}, atau --format.",
                f"The ending of the file is unknown; use {known}, or --format.",
            ),
            param_hint="-o",
        )
    return found


def read_filters(filters: tuple[str, ...]) -> dict[str, list[str]]:
    """Read `KEY=VALUE` pairs; values of one key are kept together, and refused later when there are several."""
    found: dict[str, list[str]] = {}
    for written in filters:
        key, equals, value = written.partition("=")
        if not (key.strip() and equals):
            raise click.BadParameter(
                in_language("Tulis --filter KEY=VALUE.", "Write --filter KEY=VALUE."), param_hint="--filter"
            )
        found.setdefault(key.strip(), []).append(value)
    return found


def write_whole(session: Session, definition: LayerDefinition, query: ItemQuery, output: str, wanted: Format) -> int:
    """Write a file beside its place and move it there when it is whole, or copy it to standard output."""
    folder = None if output == STANDARD_OUTPUT else Path(output).absolute().parent
    with tempfile.TemporaryDirectory(prefix=".export-", dir=folder) as work:
        path = Path(work) / f"{definition.id}.{wanted}"
        count = write_layer(read_features(session, definition, query, tell=teller()), definition, path, wanted)
        if output == STANDARD_OUTPUT:
            with path.open("rb") as file:
                while piece := file.read(1 << 20):
                    sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
        else:
            os.replace(path, output)
    return count


def teller() -> Callable[[int], None]:
    """Return what says on a terminal how far it is; elsewhere nothing is said."""

    def tell(done: int) -> None:
        if sys.stderr.isatty() and done >= ROWS_AT_ONCE:
            click.echo(f"\r{done} …", err=True, nl=False)

    return tell
