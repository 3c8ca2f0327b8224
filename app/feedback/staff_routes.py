"""Reports for those who answer: the list with what is overdue first, one report with its steps, the export."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask_babel import gettext
from sqlalchemy import Row
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from app.auth.people import list_units
from app.auth.permissions import Permission, current_account, may, needs
from app.config import Settings
from app.errors import InvalidInput, InvalidRequest, NotFound, VersionConflict
from app.extensions import db
from app.feedback import service
from app.feedback.access import may_handle, require_handler
from app.feedback.export import write_lapor
from app.feedback.forms import (
    AnswerInput,
    AssignInput,
    Change,
    CloseInput,
    DuplicateInput,
    ProofInput,
    PublishInput,
    RejectInput,
    VerifyInput,
    WorkInput,
    shown_boxes,
)
from app.feedback.pages import next_sentence, object_link, written_place
from app.feedback.queries import (
    ReportFilter,
    get_report,
    list_for_export,
    list_people,
    list_reports,
    today_rules,
)
from app.feedback.words import CATEGORIES, FOLLOW_UPS, STATES, STEPS
from app.forms import FormState, Input, caught, read_input
from app.idempotency import idempotent
from app.ogc.forms import require_parameters
from app.packages.documents import MOST_BYTES, kind_of, plain_name
from app.photos.forms import read_boxes
from app.region import current_region
from app.storage import Storage

blueprint = Blueprint("feedback_staff", __name__)

MOST_EXPORTED = 50_000
MOST_PAGES = 1000
FILTERS = ("state", "category", "mine", "overdue", "q")
PHOTO_KINDS = '<any("view", "thumbnail", "original"):kind>'
ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/heic": "heic"}

Action = Callable[[Row[Any], Any], None]


def _verify(report: Row[Any], data: VerifyInput) -> None:
    today, rules = today_rules(db.session)
    service.verify(db.session, report, data, today=today, rules=rules)


def _assign(report: Row[Any], data: AssignInput) -> None:
    service.assign(db.session, report, data)


def _work(report: Row[Any], data: WorkInput) -> None:
    service.begin_work(db.session, report, data)


def _answer(report: Row[Any], data: AnswerInput) -> None:
    today, _rules = today_rules(db.session)
    service.answer(db.session, report, data, actor=_actor(), today=today, zone=_zone())


def _reject(report: Row[Any], data: RejectInput) -> None:
    service.reject(db.session, report, data)


def _duplicate(report: Row[Any], data: DuplicateInput) -> None:
    try:
        service.mark_duplicate(db.session, report, data)
    except NotFound:
        raise InvalidInput({"number": gettext("Tidak ada laporan dengan nomor ini.")}) from None


def _proof(report: Row[Any], data: ProofInput) -> None:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise InvalidInput({"file": gettext("Pilih foto atau dokumen.")})
    content = file.stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise InvalidInput({"file": gettext("Berkas lebih besar dari %(mb)s MB.", mb=MOST_BYTES // 1_000_000)})
    kind, ending = kind_of(content)
    name = plain_name(file.filename, ending)
    service.add_proof(db.session, _storage(), report, data, content, kind, name, actor=_actor())


def _close(report: Row[Any], data: CloseInput) -> None:
    service.close(db.session, report, data, actor=_actor())


def _publish(report: Row[Any], data: PublishInput) -> None:
    if not may(Permission.PHOTO_REVIEW) and data.with_photo:
        raise InvalidInput({"with_photo": gettext("Foto diterbitkan oleh pemeriksa foto, setelah wajah dikaburkan.")})
    _today, rules = today_rules(db.session)
    boxes = read_boxes(data.blur_left, data.blur_top, data.blur_width, data.blur_height)
    photos = _settings().photos
    service.publish(db.session, _storage(), report, data, boxes, limits=photos, rules=rules)


# Last part of the address, what is sent, and what it does.
CHANGES: dict[str, tuple[type[Input], Action]] = {
    "verification": (VerifyInput, _verify),
    "assignment": (AssignInput, _assign),
    "work": (WorkInput, _work),
    "answer": (AnswerInput, _answer),
    "rejection": (RejectInput, _reject),
    "duplicate": (DuplicateInput, _duplicate),
    "proof": (ProofInput, _proof),
    "closing": (CloseInput, _close),
    "publication": (PublishInput, _publish),
}
WHICH = (
    '<any("verification", "assignment", "work", "answer", "rejection", "duplicate", "proof", "closing", "publication")'
    ":change>"
)


@blueprint.get("/feedback")
@needs(Permission.FEEDBACK_READ)
def table() -> str:
    """List the reports: overdue ones first, then those due next."""
    criteria, listed = _criteria(request.args), _settings().feedback.listed
    reports, total = list_reports(db.session, criteria, limit=listed)
    args: dict[str, Any] = {name: request.args[name] for name in FILTERS if request.args.get(name)}
    return render_template(
        "feedback/list.html",
        reports=reports,
        total=total,
        criteria=criteria,
        state=FormState(Change, {"state": criteria.state, "category": criteria.category, "q": criteria.q}),
        categories=CATEGORIES,
        states=STATES,
        previous_url=url_for("feedback_staff.table", page=criteria.page - 1, **args) if criteria.page > 1 else None,
        next_url=url_for("feedback_staff.table", page=criteria.page + 1, **args)
        if criteria.page * listed < total
        else None,
        may_export=may(Permission.FEEDBACK_HANDLE),
    )


@blueprint.get("/feedback/<int:report_id>")
@needs(Permission.FEEDBACK_READ)
def page(report_id: int) -> Response:
    """Show one report with what was done, and the steps that may be taken."""
    return _page(_report(report_id))


@blueprint.post(f"/feedback/<int:report_id>/{WHICH}")
@needs(Permission.FEEDBACK_HANDLE)
@idempotent
def change(report_id: int, change: str) -> AnyResponse | tuple[Response, int]:
    """Take one of the steps."""
    report = _report(report_id, locked=True)
    require_handler(report)
    model, action = CHANGES[change]
    state = FormState.of(model)
    try:
        with caught(state):
            action(report, read_input(model))
            flash(gettext("Tersimpan."), "success")
            return redirect(url_for("feedback_staff.page", report_id=report_id), code=303)
        status = 422
    except VersionConflict as error:
        db.session.rollback()
        state.errors = {"": error.message_id}
        status = 409
    return _page(_report(report_id), sent=change, state=state), status


@blueprint.get(f"/feedback/<int:report_id>/photo/{PHOTO_KINDS}")
@needs(Permission.FEEDBACK_READ)
def photo(report_id: int, kind: str) -> Response:
    """Answer the photo of a report for staff: as it came for those who answer, its copies without metadata for all."""
    report = _report(report_id)
    if kind == "original":
        require_handler(report)
    file_hash = report.photo_hash if kind == "original" else getattr(report, f"photo_{kind}_hash")
    if file_hash is None:
        raise NotFound("Laporan ini tanpa foto.", "This report has no photo.")
    media_type = report.photo_type if kind == "original" else "image/jpeg"
    name = f"{report.number}.{ENDINGS.get(media_type, 'jpg')}" if kind == "original" else None
    return _file(file_hash, media_type, name)


@blueprint.get("/feedback/<int:report_id>/proof")
@needs(Permission.FEEDBACK_READ)
def proof(report_id: int) -> Response:
    """Answer the proof of a report, as a file to keep."""
    report = _report(report_id)
    if report.proof_hash is None:
        raise NotFound("Laporan ini belum punya bukti.", "This report has no proof yet.")
    return _file(report.proof_hash, report.proof_type, report.proof_name)


@blueprint.get("/feedback/sp4n-lapor.csv")
@needs(Permission.FEEDBACK_HANDLE)
def export() -> Response:
    """Answer all reports as the national channel takes them."""
    content = write_lapor(list_for_export(db.session, limit=MOST_EXPORTED), _zone())
    answer = Response(content, mimetype="text/csv; charset=utf-8")
    today = dt.datetime.now(_zone()).date().isoformat()
    answer.headers["Content-Disposition"] = f'attachment; filename="sp4n-lapor-{today}.csv"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.get("/api/v1/feedback/reports")
@needs(Permission.FEEDBACK_READ)
def as_json() -> Response:
    """List the reports for programs of staff: `state`, `category`, `overdue`, `q`, `page`; nothing of who reported."""
    require_parameters(request.args, (*FILTERS, "page", "lang"))
    reports, total = list_reports(db.session, _criteria(request.args), limit=_settings().feedback.listed)
    rows = [
        {
            "id": row.id,
            "number": row.number,
            "category": row.category,
            "state": row.state,
            "received_at": row.received_at.isoformat(),
            "due_on": row.due_on and row.due_on.isoformat(),
            "is_overdue": row.is_overdue,
            "project": row.project_code,
            "road": row.road_code,
            "district_codes": row.district_codes,
            "published": row.published,
        }
        for row in reports
    ]
    return jsonify(total=total, reports=rows)


def _criteria(args: MultiDict[str, str]) -> ReportFilter:
    """Return what a list is filtered by; `InvalidRequest` for what is no filter."""
    state, category = args.get("state") or None, args.get("category") or None
    if state not in {None, "open", *STATES} or category not in {None, *CATEGORIES}:
        raise InvalidRequest("Saringan ini tidak dikenal.", "This filter is unknown.")
    page = args.get("page", 1, type=int)
    account = current_account()
    return ReportFilter(
        state=state,
        category=category,
        mine=account.id if account is not None and args.get("mine") else None,
        only_overdue=bool(args.get("overdue")),
        q=(args.get("q") or "").strip()[:100].replace("\0", "") or None,
        page=min(max(page, 1), MOST_PAGES),
    )


def _report(report_id: int, *, locked: bool = False) -> Row[Any]:
    if report_id >= 2**63:
        raise NotFound("Laporan ini tidak ada.", "There is no such report.")
    return get_report(db.session, report_id, locked=locked)


def _page(report: Row[Any], *, sent: str = "", state: FormState[Any] | None = None) -> Response:
    """Return the page; the form that was sent and refused keeps what was typed and says what is wrong."""
    states: dict[str, FormState[Any]] = {
        name: FormState(model, prefix=f"{name}-") for name, (model, _action) in CHANGES.items()
    }
    values = {"category": report.category, "follow_up": report.follow_up, "unit_id": report.unit_id}
    values |= {"account_id": report.account_id, "note": report.note}
    states["verification"].values = dict(values)
    states["assignment"].values = {name: values[name] for name in ("unit_id", "account_id", "note")}
    states["answer"].values = {"answer": report.answer}
    states["publication"].values = {"topic": report.topic, "with_photo": report.public_photo_hash is not None}
    boxes: list[Any] = shown_boxes(report.photo_blur)
    if state is not None:
        state.prefix = f"{sent}-"
        states[sent] = state
        if sent == "publication":
            boxes = PublishInput.typed_boxes(request.form)
    handles = may_handle(report)
    answer = Response(
        render_template(
            "feedback/page.html",
            report=report,
            states=states,
            sent=sent,
            handles=handles,
            contact=report.contact if handles else None,
            may_publish_photo=handles and may(Permission.PHOTO_REVIEW),
            steps=STEPS[report.state] if handles else (),
            about=object_link(report),
            place=written_place(None if report.lon is None else (report.lon, report.lat)),
            following=next_sentence(report),
            categories=list(CATEGORIES.items()),
            category_label=CATEGORIES.get(report.category, report.category),
            follow_ups=list(FOLLOW_UPS.items()),
            follow_up_label=FOLLOW_UPS[report.follow_up],
            state_label=STATES[report.state],
            units=[(unit.id, unit.name) for unit in list_units()],
            people=[(one.id, one.name) for one in list_people(db.session)],
            boxes=boxes,
            most_boxes=_settings().photos.boxes,
            is_second=_actor() not in {report.proof_by, report.answered_by},
        )
    )
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _file(file_hash: str, media_type: str, name: str | None) -> Response:
    answer = send_file(
        _storage().path(file_hash),
        mimetype=media_type,
        as_attachment=name is not None,
        download_name=name,
        conditional=True,
        etag=file_hash,
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-cache"  # asked again each time: rights may have changed
    if name is not None:
        answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


def _actor() -> str:
    account = current_account()
    return account.email if account is not None else ""


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def _storage() -> Storage:
    return Storage.of(_settings())


def _zone() -> ZoneInfo:
    return ZoneInfo(current_region().time_zone)
