"""The page on which an administrator sets the frame of printed reports, and sees it as PDF."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import FileStorage

from app.auth.permissions import Permission, needs
from app.config import Settings
from app.errors import InvalidInput, NotFound, message_of
from app.extensions import current_language, db
from app.forms import FormState, caught, read_input
from app.idempotency import idempotent
from app.region import current_region
from app.reports.definition import report_definitions
from app.reports.template_forms import TemplateInput
from app.reports.template_service import (
    ALL_REPORTS,
    GREATEST_BYTES,
    MOST_SIGNATORIES,
    EmblemRefused,
    forget_template,
    government_of,
    read_emblem,
    read_kept,
    read_template,
    save_template,
    values_of,
)
from app.storage import Storage

blueprint = Blueprint("report_template", __name__, url_prefix="/reports/settings")


@blueprint.route("", methods=["GET", "POST"])
@needs(Permission.RULES_EDIT)
@idempotent
def page() -> Any:
    """Show and change the frame: of all reports, or with `report` of one."""
    report = _wanted_report()
    kept = read_kept(db.session, report)
    shown = kept if kept.id is not None or not report else read_kept(db.session)
    state = FormState.of(TemplateInput, None if request.method == "POST" else values_of(shown))
    if request.method == "POST":
        with caught(state):
            data = read_input(TemplateInput)
            emblem = None if data.remove_emblem else _sent_emblem() or shown.emblem_hash
            save_template(db.session, report, data.texts(), data.signatories(), emblem_hash=emblem)
            flash(gettext("Kop laporan disimpan. Laporan berikutnya memakainya."), "success")
            return redirect(url_for("report_template.page", report=report or None))
    answer = render_template(
        "reports/settings.html",
        state=state,
        report=report,
        reports=[(one.id, one.title.in_language(current_language())) for one in report_definitions().values()],
        is_own=kept.id is not None and bool(report),
        emblem_hash=shown.emblem_hash,
        government=government_of(db.session),
        numbers=range(1, MOST_SIGNATORIES + 1),
    )
    return answer, 422 if state.errors else 200


@blueprint.post("/forget")
@needs(Permission.RULES_EDIT)
@idempotent
def forget() -> Any:
    """Let one report be printed in the frame of all again."""
    report = _wanted_report()
    if report:
        forget_template(db.session, report)
        flash(gettext("Laporan ini kembali memakai kop semua laporan."), "success")
    return redirect(url_for("report_template.page"))


@blueprint.get("/preview.pdf")
@needs(Permission.RULES_EDIT)
def preview() -> Response:
    """Answer a short report of invented figures in the frame as it is set."""
    from app.reports.render import render
    from app.reports.render.example import example_report

    template = read_template(db.session, _storage(), _wanted_report())
    report = example_report(current_region(), now=datetime.now(UTC))
    answer = Response(render(report, "pdf", language=current_language(), template=template), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = 'inline; filename="kop-laporan.pdf"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.get("/emblem.png")
@needs(Permission.RULES_EDIT)
def emblem() -> Response:
    """Answer the emblem as it is kept."""
    content = read_template(db.session, _storage(), _wanted_report()).emblem
    if content is None:
        raise NotFound("Belum ada lambang.", "There is no emblem yet.")
    answer = Response(content, mimetype="image/png")
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def _wanted_report() -> str:
    """Return the report whose frame is meant; empty for that of all."""
    report = request.args.get("report", ALL_REPORTS)
    if report and report not in report_definitions():
        raise NotFound("Laporan ini tidak ada.", "There is no such report.")
    return report


def _sent_emblem() -> str | None:
    """Keep the emblem that was sent and return its hash; None when none was."""
    sent: FileStorage | None = request.files.get("emblem")
    if sent is None or not sent.filename:
        return None
    try:
        picture = read_emblem(sent.stream.read(GREATEST_BYTES + 1))
    except EmblemRefused as error:
        raise InvalidInput({"emblem": message_of(error, current_language())}) from error
    return _storage().put(picture).hash


def _storage() -> Storage:
    settings: Settings = current_app.config["SETTINGS"]
    return Storage.of(settings)
