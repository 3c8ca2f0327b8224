"""The command `petakarya report`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import click
from sqlalchemy import create_engine, pool
from sqlalchemy.orm import Session

from app.config import Settings, preferred_language
from app.console import say
from app.database.prepare import needs_database
from app.database.roles import DatabaseUrls
from app.errors import InvalidRequest
from app.reports.compute import compute_report
from app.reports.definition import report_definition, report_definitions
from app.reports.report import Report, report_text
from app.reports.requests import ReportRequest, read_year

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
    type=click.Choice(["html", "json"]),
    help=_help(
        "Bentuk hasil; tanpanya menurut nama berkas, atau json.",
        "Form of the result; else by the file's name, or json.",
    ),
)
def report(
    name: str,
    output: str,
    settings: tuple[str, ...],
    area: str | None,
    year: str | None,
    as_of: str | None,
    output_format: Literal["html", "json"] | None,
) -> None:
    """Compute one report and write it where it is wanted."""
    if year:
        read_year(year)  # a mistake is said before a database is started
    chosen = _read_settings(settings)
    report_definition(name).read_settings(dict(chosen))
    asked = ReportRequest(area, year, as_of, name, chosen)
    configured = Settings.from_environment()
    with needs_database(configured, say=say) as urls:
        computed = _compute(urls, asked)
        as_html = output_format == "html" or (output_format is None and output.lower().endswith((".html", ".htm")))
        text = (
            _document(configured, urls, computed) if as_html else report_text(computed, language=preferred_language())
        )
    _write(output, text)


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
    reader, staff = (create_engine(url, poolclass=pool.NullPool) for url in (urls.reader, urls.app))
    with Session(reader) as session, Session(staff) as whole:
        return compute_report(session, asked, now=datetime.now(UTC), staff=whole)


def _document(settings: Settings, urls: DatabaseUrls, computed: Report) -> str:
    from app import create_app  # only HTML needs the web application
    from app.reports.pages import render_document

    app = create_app(settings, urls)
    with app.test_request_context(f"/reports/{computed.name}", query_string={"lang": preferred_language()}):
        return render_document(computed)


def _write(output: str, text: str) -> None:
    if output == STANDARD_OUTPUT:
        sys.stdout.write(text)
    else:
        Path(output).write_text(text, encoding="utf-8")
