"""The command `petakarya report`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import click
from sqlalchemy import create_engine, pool
from sqlalchemy.orm import Session

from app.config import Settings, preferred_language
from app.console import say
from app.database.prepare import needs_database
from app.database.roles import DatabaseUrls
from app.errors import InvalidRequest
from app.reports.areas import list_report_areas
from app.reports.compute import compute_report
from app.reports.definition import report_definition, report_definitions
from app.reports.render import FORMATS
from app.reports.report import Report, report_text
from app.reports.requests import ReportRequest, read_year

if TYPE_CHECKING:
    from flask import Flask

FORMAT_OF_SUFFIX = {".htm": "html", **{f".{one}": one for one in FORMATS}}
ENGLISH = preferred_language() == "en"
STANDARD_OUTPUT = "-"


def _help(text_id: str, text_en: str) -> str:
    return text_en if ENGLISH else text_id


@click.command(
    "report",
    help=_help(
        "Hitung laporan NAME dan tulis hasilnya.",
        "Compute the report NAME and write it.",
    ),
)
@click.argument("name", metavar="NAME", type=click.Choice(sorted(report_definitions())))
@click.option(
    "-o",
    "output",
    metavar="FILE",
    default=STANDARD_OUTPUT,
    help=_help("Berkas hasil; - atau kosong: keluaran standar.", "File to write; - or none: standard output."),
)
@click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    help=_help("Pilihan laporan ini; boleh beberapa kali.", "A setting of this report; may be given several times."),
)
@click.option(
    "--area",
    metavar="KODE",
    help=_help("Wilayah, kabupaten/kota, atau kecamatan.", "The region, a regency or city, or a district."),
)
@click.option(
    "--year",
    metavar="YYYY",
    help=_help(
        "Tahun survei jalan, atau tahun anggaran; tanpanya yang terbaru.",
        "Survey year, or fiscal year; else the newest.",
    ),
)
@click.option(
    "--as-of",
    metavar="DATE",
    help=_help("Menurut yang tercatat sampai tanggal ini.", "By what was recorded by this date."),
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(FORMATS),
    help=_help(
        "Bentuk hasil; tanpanya menurut nama berkas, atau json.",
        "Form of the result; else by the file's name, or json.",
    ),
)
@click.option(
    "--all-areas",
    is_flag=True,
    help=_help(
        "Satu berkas tiap wilayah, kabupaten/kota, dan kecamatan, dengan daftar isi; -o adalah folder.",
        "A file for the region and each regency and district in it, with an index; -o is a folder.",
    ),
)
def report(
    name: str,
    output: str,
    settings: tuple[str, ...],
    area: str | None,
    year: str | None,
    as_of: str | None,
    output_format: str | None,
    all_areas: bool,
) -> None:
    """Compute one report, or one of each area, and write it where it is wanted."""
    if year:
        read_year(year)  # a mistake is said before a database is started
    chosen = _read_settings(settings)
    report_definition(name).read_settings(dict(chosen))
    if all_areas and (area or output == STANDARD_OUTPUT):
        raise InvalidRequest(
            "--all-areas memerlukan -o FOLDER, tanpa --area.", "--all-areas needs -o FOLDER, and no --area."
        )
    asked = ReportRequest(area, year, as_of, name, chosen)
    wanted = output_format or FORMAT_OF_SUFFIX.get(Path(output).suffix.lower(), "json")
    configured = Settings.from_environment()
    with needs_database(configured, say=say) as urls:
        if all_areas:
            _write_all(configured, urls, asked, wanted, Path(output))
        else:
            _write(output, _document(configured, urls, _compute(urls, asked), wanted))


def _read_settings(written: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Read KEY=VALUE; a part that has no = is refused."""
    pairs = []
    for one in written:
        name, sign, value = one.partition("=")
        if not sign:
            raise InvalidRequest(
                f"--set {one[:40]} tidak dapat dibaca. Tulis seperti --set jarak=1000.",
                f"--set {one[:40]} cannot be read. Write it like --set distance_m=1000.",
            )
        pairs.append((name.strip(), value.strip()))
    return tuple(sorted(pairs))


def _compute(urls: DatabaseUrls, asked: ReportRequest) -> Report:
    with _sessions(urls) as (public, staff):
        return compute_report(public, asked, now=datetime.now(UTC), staff=staff)


def _write_all(settings: Settings, urls: DatabaseUrls, asked: ReportRequest, wanted: str, folder: Path) -> None:
    """Write the report of each area into a folder, one after the other, and an index of them."""
    with _sessions(urls) as (public, _staff):
        areas = list_report_areas(public)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with click.progressbar(areas, file=sys.stderr, item_show_func=lambda one: one[1] if one else "") as each:
        for code, area_name in each:
            path = folder / f"{asked.name.replace('_', '-')}-{code}.{wanted}"
            computed = _compute(urls, replace(asked, area=code))
            _write(str(path), _document(settings, urls, computed, wanted))
            written.append({"code": code, "name": area_name, "file": path.name})
    index = {"report": asked.name, "year": asked.year, "as_of": asked.as_of, "areas": written}
    _write(str(folder / "index.json"), (json.dumps(index, ensure_ascii=False, indent=2) + "\n").encode())
    _write(str(folder / "index.html"), _index_page(asked.name, written).encode())


def _index_page(name: str, written: list[dict[str, str]]) -> str:
    """Return the index as a page that opens from any disk."""
    title = escape(report_definition(name).title.in_language(preferred_language()))
    items = "\n".join(
        f'<li><a href="{escape(one["file"])}">{escape(one["name"])}</a> ({escape(one["code"])})</li>' for one in written
    )
    return (
        f'<!doctype html>\n<html lang="{preferred_language()}">\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<h1>{title}</h1>\n<ul>\n{items}\n</ul>\n</html>\n"
    )


def _document(settings: Settings, urls: DatabaseUrls, computed: Report, wanted: str) -> bytes:
    if wanted == "json":
        return report_text(computed, language=preferred_language()).encode()
    from app.reports.documents import draw_document

    with _application(settings, urls).test_request_context("/reports", query_string={"lang": preferred_language()}):
        return draw_document(computed, wanted, language=preferred_language(), settings=settings)[0]


@cache
def _application(settings: Settings, urls: DatabaseUrls) -> Flask:
    """Return the application whose templates and words documents use."""
    from app import create_app  # only documents need the web application

    return create_app(settings, urls)


@contextmanager
def _sessions(urls: DatabaseUrls) -> Iterator[tuple[Session, Session]]:
    """Give a session of the public's role, and one that reads the whole register."""
    reader, staff = (create_engine(url, poolclass=pool.NullPool) for url in (urls.reader, urls.app))
    try:
        with Session(reader) as public, Session(staff) as whole:
            yield public, whole
    finally:
        reader.dispose()
        staff.dispose()


def _write(output: str, content: bytes) -> None:
    """Write a whole file or none: what was there stays until the new one is complete."""
    if output == STANDARD_OUTPUT:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    path = Path(output)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise InvalidRequest(
            f"Berkas {output} tidak dapat ditulis: {error.strerror}.",
            f"The file {output} cannot be written: {error.strerror}.",
        ) from None
