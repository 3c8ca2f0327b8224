"""
Pages of the reports, and the same as JSON.

What computes is imported when a report is asked for: it loads geopandas and scipy, which other pages do without.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request, send_file, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.auth.permissions import Permission, current_account, may, public, require
from app.errors import InvalidRequest, NotFound
from app.extensions import csrf, current_language, db, reader_session
from app.ogc.forms import require_parameters
from app.reports.definition import GROUPS, ReportDefinition, Setting, report_definition, report_definitions
from app.reports.form import SCREEN, asked_settings, of_the_report, parameter_names, report_form, without_empty
from app.reports.jobs import PAGE, ReportJob, ask_for, cancel_job, failed_job, get_job
from app.reports.requests import ReportRequest
from app.reports.store import ReportStore

if TYPE_CHECKING:
    from app.reports.report import Report

blueprint = Blueprint("reports", __name__, url_prefix="/reports")

Answer = BaseResponse | Response | str
ASK_AGAIN = "public, no-cache"
REFRESH_SECONDS = 2
FAILURE_TOLD = timedelta(minutes=10)  # for so long who asks again hears of the failure
SHOWN_BY_BROWSERS = frozenset({"pdf"})


@blueprint.get("")
def gallery() -> str:
    """Show which reports there are, and what each answers."""
    offered = [one for one in report_definitions().values() if one.access == "public" or may(Permission.REGISTER_READ)]
    groups = [(group, [one for one in offered if one.group == group]) for group in GROUPS]
    return render_template("reports/gallery.html", groups=[one for one in groups if one[1]])


@blueprint.get("/<name>")
def page(name: str) -> BaseResponse | str:
    """Show a report: the form, and the result for what it asks; `format=json` answers as JSON."""
    definition = _definition(name, *SCREEN)
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
    if missing := definition.missing_settings(request.args):
        return _ask(definition, missing)
    from app.reports.compute import kept_report
    from app.reports.pages import report_values
    from app.reports.screen import compare, show_charts, show_map

    store, key = report_store(), _key(definition)
    if definition.slow and kept_report(key, store) is None:
        return _wait_for(definition, key, PAGE)
    report = _asked_report(definition, key)
    other = _compared(definition)
    answer = render_template(
        "reports/report.html",
        form=report_form(reader_session(), definition, request.args, sizes=_sizes(key)),
        json_url=url_for("reports.as_json", name=name, **of_the_report(request.args)),
        shown_map=show_map(report, key, store, request.args),
        charts=show_charts(report),
        compared=compare(report, other) if other else [],
        other=other,
        **report_values(report),
    )
    return _kept(answer, "text/html")


def _ask(definition: ReportDefinition, missing: list[Setting]) -> str:
    """Show the form of a report that cannot be computed before something is filled in."""
    language = current_language()
    return render_template(
        "reports/ask.html",
        definition=definition,
        form=replace(report_form(reader_session(), definition, request.args, sizes={}), downloads=()),
        missing=", ".join(one.label.in_language(language).lower() for one in missing),
    )


@blueprint.get("/<name>.json")
def as_json(name: str) -> Response:
    """Answer a report as JSON."""
    return _json(_asked_report(_definition(name)))


@blueprint.get("/<name>/origin")
def origin(name: str) -> str:
    """Open one figure: rule, legal basis, date, inputs, features."""
    from app.reports.features import list_url, show_features
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
        features=show_features(reader_session(), report, figure, current_app.config["SETTINGS"].lists),
        list_url=list_url(figure),
        map_url=map_url(reader_session(), figure.area, layers[0]) if layers else None,
        report_url=url_for("reports.page", name=name, **{**parameters_of(report), "area": figure.area}),
    )


@blueprint.get("/<name>.<any(pdf, xlsx, gpkg, html):wanted>")
def as_document(name: str, wanted: str) -> Answer:
    """Answer a report as a document: the one that is kept, else 202 with the job that makes it."""
    from app.reports.compute import kept_report
    from app.reports.documents import file_name, kept_document

    definition = _definition(name)
    language = current_language()
    key = _key(definition)
    path = kept_document(report_store(), key, wanted, language=language, settings=current_app.config["SETTINGS"])
    report = kept_report(key, report_store()) if path else None
    if path is None or report is None:
        return _wait_for(definition, key, wanted)
    download = file_name(name, report.area.code, wanted, year=report.year, language=language)
    return _send(path, wanted, download)


@blueprint.get("/jobs/<uuid:job_id>")
def job(job_id: UUID) -> Answer:
    """Show how far a document is; lead to it once it is done."""
    found = _job(job_id)
    if found.state == "done" and not _wants_json():
        return redirect(_result_url(found), code=303)
    return _job_answer(found, 200)


@blueprint.get("/jobs/<uuid:job_id>/file")
def job_file(job_id: UUID) -> Answer:
    """Answer the document that a job made."""
    from app.reports.documents import file_name, kept_document

    found = _job(job_id)
    store = report_store()
    path = kept_document(
        store, found.key, found.format, language=found.language, settings=current_app.config["SETTINGS"]
    )
    report = store.read(found.key, with_frames=False)
    if path is None or report is None:
        raise NotFound(
            "Berkas ini tidak disimpan lagi. Minta laporannya sekali lagi.",
            "This file is not kept any more. Ask for the report again.",
        )
    download = file_name(report.name, report.area.code, found.format, year=report.year, language=found.language)
    return _send(path, found.format, download)


@blueprint.post("/jobs/<uuid:job_id>/cancel")
@public
def cancel(job_id: UUID) -> Answer:
    """Cancel a document that is being made; whoever has its address may, since nobody else knows it."""
    found = cancel_job(db.session, _job(job_id).id)
    db.session.commit()
    return _job_answer(found, 200)


csrf.exempt(cancel)  # another site cannot know the job's number, and pages of the public carry no token


def _job(job_id: UUID) -> ReportJob:
    """Return a job; what holds more than the public may read is for staff alone."""
    found = get_job(db.session, job_id)
    if found.for_staff:
        require(Permission.REGISTER_READ if found.schedule_id is None else Permission.CRITICAL_READ)
    return found


def _wait_for(definition: ReportDefinition, key: str, wanted: str) -> Answer:
    """Ask for a document and say how far it is; a failure of a moment ago is told instead of trying again."""
    language = current_language()
    lately = datetime.now(UTC) - FAILURE_TOLD
    found = failed_job(db.session, key, wanted, language, since=lately)
    if found is None:
        is_staff = staff_session_for(definition) is not None
        found = ask_for(db.session, _request(definition), key, wanted=wanted, language=language, for_staff=is_staff)
        db.session.commit()
    return _job_answer(found, 202 if found.is_open else 500)


def _job_answer(found: ReportJob, status: int) -> Answer:
    address = url_for("reports.job", job_id=found.id)
    if _wants_json():
        content = {**found.to_json(current_language()), "job_url": address, "result_url": None}
        content["cancel_url"] = url_for("reports.cancel", job_id=found.id)
        if found.state == "done":
            content["result_url"] = _result_url(found)
        answer = jsonify(content)
    else:
        definition = report_definition(found.request.name)
        report_url = _page_url(found.request)
        answer = Response(
            render_template("reports/job.html", job=found, definition=definition, report_url=report_url),
            mimetype="text/html",
        )
        if found.is_open:
            answer.headers["Refresh"] = f"{REFRESH_SECONDS}; url={address}"
    answer.status_code = status
    answer.headers["Cache-Control"] = "no-store"
    if status == 202:
        answer.headers["Location"] = address
        answer.headers["Retry-After"] = str(REFRESH_SECONDS)
    return answer


def _result_url(found: ReportJob) -> str:
    if found.format != PAGE:
        return url_for("reports.job_file", job_id=found.id)
    return _page_url(found.request)


def _page_url(asked: ReportRequest) -> str:
    """Return the address of the page that asks the same."""
    values = {"area": asked.area, "year": asked.year, "as_of": asked.as_of, **dict(asked.settings)}
    return url_for("reports.page", name=asked.name, **without_empty(values))


def _send(path: Path, wanted: str, download: str) -> Response:
    """Send a document that is kept: a browser shows HTML and PDF, and keeps the others."""
    from app.reports.documents import as_format
    from app.reports.render import MEDIA_TYPES

    answer = send_file(
        path,
        mimetype=MEDIA_TYPES[as_format(wanted)],
        download_name=download,
        as_attachment=wanted not in SHOWN_BY_BROWSERS,
        conditional=True,
        etag=True,
        max_age=0,
    )
    answer.headers["Cache-Control"] = ASK_AGAIN if current_account() is None else "private, no-cache"
    if wanted == "html":  # a document that stands alone carries its own scripts; here it is only kept
        answer.headers["Content-Disposition"] = f"attachment; filename={download}"
    return answer


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


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


def _request(definition: ReportDefinition) -> ReportRequest:
    """Return what an address asks for."""
    args = request.args
    return ReportRequest(
        args.get("area"), args.get("year"), args.get("as_of"), definition.id, asked_settings(definition, args)
    )


def _key(definition: ReportDefinition, asked: ReportRequest | None = None) -> str:
    from app.reports.compute import key_of

    staff = staff_session_for(definition)
    return key_of(reader_session(), asked or _request(definition), now=datetime.now(UTC), staff=staff)


def _asked_report(definition: ReportDefinition, key: str | None = None, asked: ReportRequest | None = None) -> Report:
    """Compute the report that is asked for; critical contracts are told to those who may know of them."""
    from app.reports.compute import report_of

    asked = asked or _request(definition)
    return report_of(
        reader_session(),
        asked,
        key or _key(definition, asked),
        now=datetime.now(UTC),
        store=report_store(),
        staff=staff_session_for(definition),
    )


def _compared(definition: ReportDefinition) -> Report | None:
    """Compute the report of the other area or moment that this one is compared with; None when there is none."""
    area, as_of = request.args.get("compare_area"), request.args.get("compare_as_of")
    if not area and not as_of:
        return None
    asked = _request(definition)
    return _asked_report(definition, asked=replace(asked, area=area or asked.area, as_of=as_of or asked.as_of))


def _sizes(key: str) -> dict[str, int]:
    """Return how many bytes the documents have that were made already, by format."""
    from app.reports.documents import kept_document

    settings, language = current_app.config["SETTINGS"], current_language()
    found = {
        wanted: kept_document(report_store(), key, wanted, language=language, settings=settings)
        for wanted in ("pdf", "xlsx", "gpkg", "html")
    }
    return {wanted: path.stat().st_size for wanted, path in found.items() if path is not None}


def report_store() -> ReportStore:
    """Return the store of this application."""
    return ReportStore.of(current_app.config["SETTINGS"])


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
