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
from app.reports.report import Report, report_text
from app.reports.requests import ReportRequest, compute_report, read_year

ENGLISH = preferred_language() == "en"
STANDARD_OUTPUT = "-"


def _help(text_id: str, text_en: str) -> str:
    return text_en if ENGLISH else text_id


@click.command(
    "report",
    help=_help(
        "Hitung laporan NAME (coverage: jalan, kemantapan, RTH; progress: kemajuan paket) dan tulis hasilnya.",
        "Compute the report NAME (coverage: streets, road condition, green space; progress: packages) and write it.",
    ),
)
@click.argument("name", metavar="NAME", type=click.Choice(["coverage", "progress"]))
@click.option(
    "-o",
    "output",
    metavar="FILE",
    default=STANDARD_OUTPUT,
    help=_help("Berkas hasil; - atau kosong: keluaran standar.", "File to write; - or none: standard output."),
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
    area: str | None,
    year: str | None,
    as_of: str | None,
    output_format: Literal["html", "json"] | None,
) -> None:
    """Compute one report and write it where it is wanted."""
    if year:
        read_year(year)  # a mistake is said before a database is started
    asked = ReportRequest(area, year, as_of, name)
    settings = Settings.from_environment()
    with needs_database(settings, say=say) as urls:
        computed = _compute(urls, asked)
        as_html = output_format == "html" or (output_format is None and output.lower().endswith((".html", ".htm")))
        text = _document(settings, urls, computed) if as_html else report_text(computed, language=preferred_language())
    _write(output, text)


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
