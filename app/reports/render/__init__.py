"""Documents of a report: HTML, PDF, XLSX, GeoPackage and JSON, all from the same model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from flask_babel import force_locale

from app.reports.report import Report, report_text
from app.reports.template import ReportTemplate

Format = Literal["html", "pdf", "xlsx", "gpkg", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)
MEDIA_TYPES: dict[Format, str] = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "gpkg": "application/geopackage+sqlite3",
    "json": "application/json",
}


def render(
    report: Report,
    wanted: Format,
    *,
    language: str,
    template: ReportTemplate | None = None,
    picture: Callable[[str], bytes] | None = None,
    link: str | None = None,
) -> bytes:
    """
    Return a report as a document; the same report, language and template are the same content.

    Parameters
    ----------
    wanted
        Form of the document.
    language
        `id` or `en`.
    template
        Head, signatories and emblem, as an administrator set them; the neutral frame when not given.
    picture
        Reads a photo by its hash; without it photos are left out.
    link
        Address of the page of what the report is about, as a QR code in print.

    Returns
    -------
    document
        JSON, PDF and XLSX are the same bytes for the same report; HTML too; a GeoPackage has equal content.
    """
    frame = template or ReportTemplate()
    if wanted == "json":
        return report_text(report, language=language).encode()
    with force_locale(language):  # each form loads what it needs only when it is asked for
        if wanted == "pdf":
            from app.reports.render.pdf import render_pdf

            return render_pdf(report, language=language, template=frame, picture=picture, link=link)
        if wanted == "xlsx":
            from app.reports.render.xlsx import render_xlsx

            return render_xlsx(report, language=language, template=frame)
        if wanted == "gpkg":
            from app.reports.render.gpkg import render_gpkg

            return render_gpkg(report, language=language)
        from app.reports.render.html import render_html

        return render_html(report, language=language, template=frame, picture=picture)
