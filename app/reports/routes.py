"""
Pages of the reports, and the same as JSON.

What computes is imported when a report is asked for: it loads geopandas and scipy, which other pages do without.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.auth.permissions import Permission, current_account, may, require
from app.errors import InvalidRequest, NotFound
from app.extensions import current_language, db, reader_session
from app.ogc.forms import require_parameters
from app.reports.definition import GROUPS, ReportDefinition, report_definition, report_definitions
from app.reports.form import asked_settings, parameter_names, report_form, without_empty

if TYPE_CHECKING:
    from app.reports.report import Report

blueprint = Blueprint("reports", __name__, url_prefix="/reports")

ASK_AGAIN = "public, no-cache"


@blueprint.get("")
def gallery() -> str:
    """Show which reports there are, and what each answers."""
    offered = [one for one in report_definitions().values() if one.access == "public" or may(Permission.REGISTER_READ)]
    groups = [(group, [one for one in offered if one.group == group]) for group in GROUPS]
    return render_template("reports/gallery.html", groups=[one for one in groups if one[1]])


@blueprint.get("/<name>")
def page(name: str) -> BaseResponse | str:
    """Show a report: the form, and the result for what it asks; `format=json` answers as JSON."""
    definition = _definition(name)
    wanted = request.args.get("format", "html")
    if wanted == "json":
        return _json(_asked_report(definition))
    if wanted != "html":
        raise InvalidRequest(
            f"format={wanted[:20]} tidak tersedia. Pilih html atau json.",
            f"format={wanted[:20]} is not available. Choose html or json.",
        )
    if not all(request.args.values()):  # what the form left empty does not belong in an address
        return redirect(url_for("reports.page", name=name, **without_empty(request.args)))
    from app.reports.pages import report_values

    report = _asked_report(definition)
    answer = render_template(
        "reports/report.html",
        form=report_form(reader_session(), definition, request.args),
        json_url=url_for("reports.as_json", name=name, **without_empty(request.args)),
        **report_values(report),
    )
    return _kept(answer, "text/html")


@blueprint.get("/<name>.json")
def as_json(name: str) -> Response:
    """Answer a report as JSON."""
    return _json(_asked_report(_definition(name)))


@blueprint.get("/<name>/origin")
def origin(name: str) -> str:
    """Open one figure: rule, legal basis, date, inputs, features."""
    from app.reports.pages import label_of, map_url, parameters_of, show_figure

    definition = _definition(name, "figure")
    report = _asked_report(definition)
    figure_id = request.args.get("figure", "")
    figure = report.figure(figure_id, request.args.get("area") or report.area.code)
    if figure is None:
        raise NotFound(
            f"Laporan ini tidak memiliki angka “{figure_id[:40]}”.", f"This report has no figure “{figure_id[:40]}”."
        )
    shown = show_figure(report, figure)
    layers = [one.layer for one in shown.inputs]
    return render_template(
        "reports/origin.html",
        report=report,
        definition=definition,
        report_title=label_of(report, figure_id),
        figure=shown,
        map_url=map_url(reader_session(), figure.area, layers[0]) if layers else None,
        report_url=url_for("reports.page", name=name, **{**parameters_of(report), "area": figure.area}),
    )


def _definition(name: str, *others: str) -> ReportDefinition:
    """Return the report that an address names; who may not see it, or asks for what it does not know, is refused."""
    definition = report_definition(name)
    if definition.access == "staff":
        require(Permission.REGISTER_READ)
    require_parameters(request.args, parameter_names(definition, *others))
    return definition


def staff_session_for(definition: ReportDefinition) -> Session | None:
    """Return a session that reads the whole register, for a report that tells more to those who ask."""
    if definition.access == "staff" or (definition.critical and may(Permission.CRITICAL_READ)):
        return db.session
    return None


def _asked_report(definition: ReportDefinition) -> Report:
    """Compute the report that is asked for; critical contracts are told to those who may know of them."""
    from app.reports.requests import ReportRequest, report_of

    asked = ReportRequest(
        request.args.get("area"),
        request.args.get("year"),
        request.args.get("as_of"),
        definition.id,
        asked_settings(definition, request.args),
    )
    return report_of(reader_session(), asked, now=datetime.now(UTC), staff=staff_session_for(definition))


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
