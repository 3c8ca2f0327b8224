"""
Pages of the reports, and the same as JSON.

What computes is imported when a report is asked for: it loads geopandas and scipy, which other pages do without.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.auth.permissions import Permission, current_account, may
from app.errors import InvalidRequest, NotFound
from app.extensions import current_language, db, reader_session
from app.ogc.forms import require_parameters
from app.reports.areas import list_report_areas, read_fiscal_years

if TYPE_CHECKING:
    from app.reports.report import Report

blueprint = Blueprint("reports", __name__, url_prefix="/reports")

REPORTS = ("coverage", "progress")
PARAMETERS = ("area", "year", "as_of", "format", "lang")
ASK_AGAIN = "public, no-cache"


@blueprint.get("")
def gallery() -> str:
    """Show which reports there are, and what each answers."""
    return render_template("reports/gallery.html")


@blueprint.get("/coverage")
def coverage() -> BaseResponse | str:
    """Show the coverage report: the form, and the result for what it asks; `format=json` answers as JSON."""
    require_parameters(request.args, PARAMETERS)
    wanted = request.args.get("format", "html")
    if wanted == "json":
        return _json(_asked_report())
    if wanted != "html":
        raise InvalidRequest(
            f"format={wanted[:20]} tidak tersedia. Pilih html atau json.",
            f"format={wanted[:20]} is not available. Choose html or json.",
        )
    if not all(request.args.values()):  # what the form left empty does not belong in an address
        return redirect(_address("coverage"))
    from app.reports.pages import report_values
    from app.reports.queries import read_survey_years

    report = _asked_report()
    session = reader_session()
    page = render_template(
        "reports/coverage.html",
        areas=list_report_areas(session),
        years=read_survey_years(session, area=report.area.code, is_region=report.area.is_region),
        asked=request.args,
        json_url=_address("coverage_json"),
        **report_values(report),
    )
    return _kept(page, "text/html")


@blueprint.get("/coverage.json")
def coverage_json() -> Response:
    """Answer the coverage report as JSON."""
    require_parameters(request.args, PARAMETERS)
    return _json(_asked_report())


@blueprint.get("/progress")
def progress() -> BaseResponse | str:
    """Show the progress report: the form, and the result for what it asks; `format=json` answers as JSON."""
    require_parameters(request.args, PARAMETERS)
    wanted = request.args.get("format", "html")
    if wanted == "json":
        return _json(_asked_report("progress"))
    if wanted != "html":
        raise InvalidRequest(
            f"format={wanted[:20]} tidak tersedia. Pilih html atau json.",
            f"format={wanted[:20]} is not available. Choose html or json.",
        )
    if not all(request.args.values()):
        return redirect(_address("progress"))
    from app.reports.pages import report_values

    report = _asked_report("progress")
    session = reader_session()
    page = render_template(
        "reports/progress.html",
        areas=list_report_areas(session),
        years=read_fiscal_years(session),
        asked=request.args,
        json_url=_address("progress_json"),
        **report_values(report),
    )
    return _kept(page, "text/html")


@blueprint.get("/progress.json")
def progress_json() -> Response:
    """Answer the progress report as JSON."""
    require_parameters(request.args, PARAMETERS)
    return _json(_asked_report("progress"))


@blueprint.get("/<name>/origin")
def origin(name: str) -> str:
    """Open one figure: rule, legal basis, date, inputs, features."""
    from app.reports.pages import map_url, show_figure

    if name not in REPORTS:
        raise NotFound("Laporan ini tidak ada.", "There is no such report.")
    require_parameters(request.args, (*PARAMETERS, "figure"))
    report = _asked_report(name)
    figure_id = request.args.get("figure", "")
    figure = report.figure(figure_id, request.args.get("area") or report.area.code)
    if figure is None:
        raise NotFound(
            f"Laporan ini tidak memiliki angka “{figure_id[:40]}”.", f"This report has no figure “{figure_id[:40]}”."
        )
    shown = show_figure(report, figure)
    layer = shown.inputs[0].layer
    return render_template(
        "reports/origin.html", report=report, figure=shown, map_url=map_url(reader_session(), figure.area, layer)
    )


def _address(endpoint: str) -> str:
    """Return the address of a view with what this one was asked for, without what was left empty."""
    asked: dict[str, Any] = {name: value for name, value in request.args.items() if value and name != "format"}
    return url_for(f"reports.{endpoint}", **asked)


def _asked_report(name: str = "coverage") -> Report:
    """Compute the report that is asked for; critical contracts are told to those who may know of them."""
    from app.reports.requests import ReportRequest, report_of

    asked = ReportRequest(request.args.get("area"), request.args.get("year"), request.args.get("as_of"), name)
    staff = db.session if name == "progress" and may(Permission.CRITICAL_READ) else None
    return report_of(reader_session(), asked, now=datetime.now(UTC), staff=staff)


def _json(report: Report) -> Response:
    from app.reports.report import report_text

    return _kept(report_text(report, language=current_language()), "application/json")


def _kept(body: str, mimetype: str) -> Response:
    """Answer with a validator, so that who has the answer already need not load it again."""
    response = Response(body, mimetype=mimetype)
    response.headers["Cache-Control"] = ASK_AGAIN if current_account() is None else "private, no-cache"
    response.add_etag(weak=True)
    response.make_conditional(request)
    return response
