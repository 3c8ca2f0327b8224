"""Weekly progress as pages and as JSON: writing on a phone, correcting, reviewing, and the months that close."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import text
from werkzeug.wrappers import Response as AnyResponse

from app.api.views import takes
from app.auth.permissions import Permission, current_account, may, needs, require, scope_condition
from app.config import Settings
from app.errors import Forbidden, InvalidInput, VersionConflict, message_of
from app.extensions import current_language, db
from app.forms import FormState, Input, caught, make_input, read_input
from app.idempotency import idempotent
from app.kept_forms import kept_fields
from app.maps.home import today as today_in
from app.packages.api import moment
from app.photos.forms import PhotoInput
from app.photos.pages import card_of
from app.photos.pictures import PhotoRefused, too_large
from app.photos.queries import list_photos, list_viewpoints
from app.photos.sentences import MOMENTS
from app.photos.service import receive_photo
from app.progress.conflicts import Difference, differences
from app.progress.curve import read_curve
from app.progress.curve_svg import curve_page
from app.progress.periods import list_unlocks, month_name, recent_months, unlock, unlock_json
from app.progress.preview import with_update
from app.progress.queries_updates import (
    Item,
    Package,
    Update,
    contract_items,
    find_package,
    get_package,
    get_update,
    installed_items,
    list_updates,
    neighbours,
    waiting_updates,
)
from app.progress.queries_updates import update_json as as_json
from app.progress.update_forms import (
    CAUSES,
    STATES,
    WEATHER,
    ReturnInput,
    ReviewInput,
    UnlockInput,
    UpdateChange,
    UpdateInput,
    form_content,
    form_values,
)
from app.progress.updates import (
    approve_update,
    change_update,
    create_update,
    current_json,
    publish_update,
    return_update,
    submit_update,
)
from app.region import current_region
from app.storage import Storage

blueprint = Blueprint("updates", __name__)

MOST_FORM_BYTES = 256 * 1024 * 1024  # of one form with its photos, each of which has a limit of its own
UNLOCKED_DAYS = 3  # offered for opening a month again


@dataclass(frozen=True)
class Form:
    """What the page of an update's form shows besides its fields."""

    package: Package
    update: Update | None  # None: a new one
    items: list[Item]
    before: Update | None  # the newest approved one
    planned_percent: float | None  # of today


@blueprint.url_value_preprocessor
def allow_photos(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let those who are signed in send a form whole, so that one photo too large does not lose the text around it."""
    if request.method == "POST" and request.mimetype == "multipart/form-data" and current_account() is not None:
        request.max_content_length = MOST_FORM_BYTES


# Pages: the list of a package, and the form


@blueprint.get("/packages/<path:code>/updates")
@needs(Permission.REGISTER_READ)
def package_updates(code: str) -> str:
    """Show the updates of a package with their states, the newest first; `as_of`: as recorded at that moment."""
    package = find_package(db.session, code)
    require(Permission.REGISTER_READ, package)
    as_of = moment("as_of")
    return render_template(
        "progress/updates.html",
        package=package,
        updates=list_updates(db.session, package.id, as_of),
        states=STATES,
        as_of=as_of,
    )


@blueprint.get("/packages/<path:code>/updates/new")
@needs(Permission.UPDATE_WRITE)
def new(code: str) -> str:
    """Show the form of a new update."""
    package = find_package(db.session, code)
    require(Permission.UPDATE_WRITE, package)
    state = FormState(UpdateInput, {"client_id": str(uuid4()), "day": _today().isoformat(), **_kept()})
    return _form_page(state, package, None)


@blueprint.post("/packages/<path:code>/updates/new")
@needs(Permission.UPDATE_WRITE)
@idempotent
def write_new(code: str) -> AnyResponse | tuple[str, int]:
    """Keep a new update with its photos, all or nothing."""
    package = find_package(db.session, code)
    account = require(Permission.UPDATE_WRITE, package)
    email = account.email
    state = FormState(UpdateInput, request.form.to_dict())
    try:
        with caught(state):
            data = _form_input(UpdateInput)
            update, _created = create_update(db.session, package, data, author=email, today=_today())
            _receive_photos(package, update)
            flash(_said(update), "success")
            return redirect(url_for("updates.page", client_id=update.client_id), code=303)
    except VersionConflict as conflict:
        db.session.rollback()
        return _conflict_page(state, package, conflict), 409
    return _form_page(state, package, None), 422


@blueprint.get("/updates/<uuid:client_id>")
@needs(Permission.REGISTER_READ)
def page(client_id: UUID) -> str:
    """Show an update: as a form to those who may still correct it, else to read."""
    update, package = _update(client_id, Permission.REGISTER_READ)
    if not (update.is_open and may(Permission.UPDATE_WRITE, package)):
        return _reading_page(update, package)
    items = contract_items(db.session, update.contract_id, update_id=update.id, day=update.day)
    values = {**form_values(update, items), **_kept()}
    return _form_page(FormState(UpdateChange, values), package, update)


@blueprint.post("/updates/<uuid:client_id>")
@needs(Permission.UPDATE_WRITE)
@idempotent
def correct(client_id: UUID) -> AnyResponse | tuple[str, int]:
    """Keep a correction; when somebody else was faster, show both texts beside each other and lose neither."""
    _found, package = _update(client_id, Permission.UPDATE_WRITE)
    email = require(Permission.UPDATE_WRITE, package).email
    state = FormState(UpdateChange, request.form.to_dict())
    try:
        with caught(state):
            data = _form_input(UpdateChange)
            changed = change_update(db.session, client_id, data, editor=email, today=_today())
            _receive_photos(package, changed)
            flash(_said(changed), "success")
            return redirect(url_for("updates.page", client_id=client_id), code=303)
    except VersionConflict as conflict:
        db.session.rollback()
        return _conflict_page(state, package, conflict), 409
    return _form_page(state, package, get_update(db.session, client_id)), 422


# Pages: review


@blueprint.get("/review")
@needs(Permission.UPDATE_APPROVE, Permission.UPDATE_PUBLISH)
def review() -> str:
    """Show what waits for approval and for publication, the oldest first."""
    scope, values = scope_condition()
    return render_template(
        "progress/review.html",
        submitted=waiting_updates(db.session, scope, values),
        approved=waiting_updates(db.session, scope, values, state="approved"),
    )


@blueprint.get("/review/<uuid:client_id>")
@needs(Permission.UPDATE_APPROVE, Permission.UPDATE_PUBLISH)
def review_one(client_id: UUID) -> str:
    """Show an update to its reviewer: the figures beside those before, the words, the photos with their grades."""
    update, package = _update(client_id, Permission.REGISTER_READ)
    return _review_page(update, package, FormState.of(ReturnInput))


@blueprint.post("/review/<uuid:client_id>/<any(approve, return, publish):decision>")
@needs(Permission.UPDATE_APPROVE, Permission.UPDATE_PUBLISH)
@idempotent
def decide(client_id: UUID, decision: str) -> AnyResponse | tuple[str, int]:
    """Do what the reviewer decided, and lead to the next one that waits."""
    _found, package = _update(client_id, _DECIDES[decision])
    state = FormState(ReturnInput, request.form.to_dict())
    conflict = None
    try:
        with caught(state):
            decided = _decide(client_id, decision)
            flash(
                gettext("%(name)s: laporan %(state)s.", name=package.name, state=str(STATES[decided.state]).lower()),
                "success",
            )
            return redirect(_next_waiting(), code=303)
    except VersionConflict as error:
        db.session.rollback()
        conflict = message_of(error, current_language())
        state.errors = {"": conflict}
    return _review_page(*_update(client_id, Permission.REGISTER_READ), state), 409 if conflict else 422


# Pages: months


@blueprint.get("/periods")
@needs(Permission.PERIOD_UNLOCK)
def periods() -> str:
    """Show the months of reporting, and who opened which again."""
    until = dt.datetime.now(_time_zone()).replace(hour=23, minute=59) + dt.timedelta(days=UNLOCKED_DAYS)
    return _periods_page(
        FormState.of(UnlockInput, {"until": f"{until:%Y-%m-%dT%H:%M}", "month": request.args.get("month")})
    )


@blueprint.post("/periods")
@needs(Permission.PERIOD_UNLOCK)
@idempotent
def open_month() -> AnyResponse | tuple[str, int]:
    """Open a closed month again."""
    state = FormState.of(UnlockInput)
    with caught(state):
        _unlock(read_input(UnlockInput))
        flash(gettext("Bulan itu dibuka kembali; catatannya ada di bawah."), "success")
        return redirect(url_for("updates.periods"), code=303)
    return _periods_page(state), 422


# JSON


@blueprint.get("/api/v1/projects/<path:code>/updates")
@needs(Permission.REGISTER_READ)
def updates_json(code: str) -> Response:
    """List the updates of a package, the newest day first."""
    package = find_package(db.session, code)
    require(Permission.REGISTER_READ, package)
    items = installed_items(db.session, package.id)
    return jsonify(
        updates=[as_json(one, package.code, items.get(one.id, [])) for one in list_updates(db.session, package.id)]
    )


@blueprint.post("/api/v1/projects/<path:code>/updates")
@needs(Permission.UPDATE_WRITE)
@idempotent
def post_update(code: str) -> tuple[Response, int]:
    """Keep an update; the same one sent again is answered alike, with 200."""
    package = find_package(db.session, code)
    account = require(Permission.UPDATE_WRITE, package)
    data = read_input(UpdateInput)
    update, created = create_update(db.session, package, data, author=account.email, today=_today())
    answer = jsonify(current_json(db.session, update, package))
    answer.headers["Location"] = url_for("updates.update_json", client_id=update.client_id)
    return answer, 201 if created else 200


@blueprint.get("/api/v1/updates/<uuid:client_id>")
@needs(Permission.REGISTER_READ)
def update_json(client_id: UUID) -> Response:
    """Answer an update with its items."""
    update, package = _update(client_id, Permission.REGISTER_READ)
    return jsonify(current_json(db.session, update, package))


@blueprint.patch("/api/v1/updates/<uuid:client_id>")
@needs(Permission.UPDATE_WRITE)
@idempotent
def patch_update(client_id: UUID) -> Response:
    """Correct an update that is not approved; 409 with its newest text when somebody else was faster."""
    _found, package = _update(client_id, Permission.UPDATE_WRITE)
    account = require(Permission.UPDATE_WRITE, package)
    changed = change_update(db.session, client_id, read_input(UpdateChange), editor=account.email, today=_today())
    return jsonify(current_json(db.session, changed, package))


@blueprint.post("/api/v1/updates/<uuid:client_id>/submit")
@needs(Permission.UPDATE_WRITE)
@idempotent
def submit(client_id: UUID) -> Response:
    """Hand a draft or a returned update to the reviewer."""
    _found, package = _update(client_id, Permission.UPDATE_WRITE)
    version = _decision(ReviewInput).version
    return jsonify(
        current_json(db.session, submit_update(db.session, client_id, today=_today(), version=version), package)
    )


@blueprint.post("/api/v1/updates/<uuid:client_id>/<any(approve, return, publish):decision>")
@needs(Permission.UPDATE_APPROVE, Permission.UPDATE_PUBLISH)
@idempotent
@takes(by={"approve": ReviewInput, "return": ReturnInput, "publish": ReviewInput})
def decide_json(client_id: UUID, decision: str) -> Response:
    """Approve, return (with `comment`) or publish an update."""
    _found, package = _update(client_id, _DECIDES[decision])
    return jsonify(current_json(db.session, _decide(client_id, decision), package))


@blueprint.get("/api/v1/periods")
@needs(Permission.REGISTER_READ)
def periods_json() -> Response:
    """List the months with the day on which each closes, and who opened which again."""
    months = [
        {"month": f"{one.first:%Y-%m}", "open_through": one.open_through.isoformat(), "closed": one.is_closed}
        for one in recent_months(db.session, today=_today())
    ]
    return jsonify(months=months, unlocks=[unlock_json(one) for one in list_unlocks(db.session)])


@blueprint.post("/api/v1/periods/unlock")
@needs(Permission.PERIOD_UNLOCK)
@idempotent
def unlock_month() -> tuple[Response, int]:
    """Open a closed month again, for one package or for all."""
    made = _unlock(read_input(UnlockInput))
    return jsonify(unlock_json(next(one for one in list_unlocks(db.session) if one.id == made))), 201


_DECIDES = {
    "approve": Permission.UPDATE_APPROVE,
    "return": Permission.UPDATE_APPROVE,
    "publish": Permission.UPDATE_PUBLISH,
}


def _decide(client_id: UUID, decision: str) -> Update:
    """Let the service do what was decided by who is signed in."""
    if decision == "return":
        wanted = _decision(ReturnInput)
        email = require(Permission.UPDATE_APPROVE).email
        return return_update(db.session, client_id, reviewer=email, comment=wanted.comment, version=wanted.version)
    version = _decision(ReviewInput).version
    if decision == "publish":
        return publish_update(db.session, client_id, version=version)
    email = require(Permission.UPDATE_APPROVE).email
    return approve_update(db.session, client_id, reviewer=email, today=_today(), version=version)


def _decision(model: type[Any]) -> Any:
    """Read a decision; a request may come without a body, and the page's form sends every field with each button."""
    if request.is_json and not request.get_data():
        return make_input(model, {})
    if request.is_json or not request.form:
        return read_input(model) if request.get_data() else make_input(model, {})
    return make_input(
        model, {name: value for name, value in request.form.items() if name in model.model_fields and value.strip()}
    )


def _unlock(data: UnlockInput) -> int:
    project_id = None
    if not data.project and scope_condition()[0] != "true":
        raise Forbidden(
            "Bulan bagi semua paket hanya dibuka oleh administrator tanpa batas wilayah atau unit. Sebutkan paketnya.",
            "Only an administrator without limits of area or unit opens a month for all packages. Name the package.",
        )
    if data.project:
        package = find_package(db.session, data.project)
        require(Permission.PERIOD_UNLOCK, package)
        project_id = package.id
    until = data.until_moment(current_region().time_zone)
    return unlock(db.session, data.month, reason=data.reason, until=until, project_id=project_id, today=_today())


def _update(client_id: UUID, permission: Permission) -> tuple[Update, Package]:
    """Return an update and its package, if who acts may do this with it."""
    update = get_update(db.session, client_id)
    package = get_package(db.session, update.project_id)
    require(permission, package)
    return update, package


def _form_input(model: type[Input]) -> Any:
    """Return what the form sends, of two texts the one that was picked; errors are named as the fields are."""
    content = form_content(request.form, model.model_fields)
    for name, picked in request.form.items():
        if name.startswith("pick.") and picked == "theirs":  # what is not sent stays as it is
            content.pop(name.removeprefix("pick."), None)
    try:
        return make_input(model, content)
    except InvalidInput as error:
        raise InvalidInput(_named_as_in_form(error.errors, content.get("items") or [])) from error


def _named_as_in_form(errors: Mapping[str, str], items: list[dict[str, Any]]) -> dict[str, str]:
    """Return errors by the form's names: `items.0.installed` is the first item sent, there `items.<its id>`."""
    named = {}
    for name, sentence in errors.items():
        parts = name.split(".")
        if parts[0] == "items" and len(parts) > 1 and parts[1].isdigit():
            named[f"items.{items[int(parts[1])]['item_id']}"] = sentence
        else:
            named[name] = sentence
    return named


def _receive_photos(package: Package, update: Update) -> None:
    """Keep the photos of a form; their ids follow from the update's and the form's key, so that twice is once."""
    settings: Settings = current_app.config["SETTINGS"]
    position = form_content(request.form, ()).get("position") or {}
    note = {name: position.get(name) for name in ("lon", "lat", "accuracy_m") if position.get(name)}
    about = {name: request.form.get(f"photos.{name}", "").strip() for name in ("moment", "viewpoint_id")}
    note |= {name: value for name, value in about.items() if value}
    key = request.form.get("request_key", "")
    sentences = []
    for number, file in enumerate(one for one in request.files.getlist("photos") if one.filename):
        length = file.stream.seek(0, 2)
        file.stream.seek(0)
        try:
            if length > settings.photos.bytes:
                raise too_large(length, settings.photos)
            receive_photo(
                db.session,
                Storage.of(settings),
                package,
                update,
                uuid5(update.client_id, f"{key} {number}"),
                file.stream.read(),
                make_input(PhotoInput, note),
                limits=settings.photos,
                time_zone=_time_zone(),
            )
        except PhotoRefused as error:
            sentences.append(f"{file.filename}: {message_of(error, current_language())}")
    if sentences:
        sentences.append(gettext("Teks Anda masih ada di bawah; pilih lagi foto yang lain."))
        raise InvalidInput({"photos": " ".join(sentences)})


def _kept() -> dict[str, str]:
    """Return what was typed here before the session ended."""
    kept = kept_fields()
    return kept.to_dict() if kept is not None else {}


def _form_page(state: FormState[Any], package: Package, update: Update | None) -> str:
    day = update.day if update else _today()
    contract_id = update.contract_id if update else package.contract_id
    form = Form(
        package=package,
        update=update,
        items=contract_items(db.session, contract_id, update_id=update.id if update else None, day=day),
        before=neighbours(db.session, package.id, contract_id, day, but=update.id if update else None).before,
        planned_percent=_planned(package.id, day),
    )
    photos = _cards(package, update) if update else []
    return render_template(
        "progress/form.html",
        state=state,
        form=form,
        photos=photos,
        weather=WEATHER,
        causes=CAUSES,
        today=_today(),
        moments=MOMENTS,
        viewpoints=list_viewpoints(db.session, package.id),
    )


def _reading_page(update: Update, package: Package) -> str:
    return render_template("progress/update.html", **_shown(update, package))


def _review_page(update: Update, package: Package, state: FormState[Any]) -> str:
    shown = _shown(update, package)
    curve = read_curve(db.session, package.id, today=_today(), end_date=package.end_date)
    if not update.is_approved:
        curve = with_update(curve, update, shown["planned_percent"])
    return render_template(
        "progress/review_one.html", state=state, curve_values=curve_page(curve, package.name), **shown
    )


def _shown(update: Update, package: Package) -> dict[str, Any]:
    """Return what a page shows of an update beside those approved before."""
    planned = update.planned_percent if update.is_approved else _planned(package.id, update.day)
    return {
        "update": update,
        "package": package,
        "items": contract_items(db.session, update.contract_id, update_id=update.id, day=update.day),
        "around": neighbours(db.session, package.id, update.contract_id, update.day, but=update.id),
        "planned_percent": planned,
        "photos": _cards(package, update),
        "weather": WEATHER,
        "causes": CAUSES,
        "states": STATES,
        "time_zone": current_region().time_zone,
    }


def _conflict_page(state: FormState[Any], package: Package, conflict: VersionConflict) -> str:
    """Show what was typed beside what somebody else has kept meanwhile."""
    update = get_update(db.session, UUID(conflict.current["client_id"]))
    items = contract_items(db.session, update.contract_id, update_id=update.id, day=update.day)
    found: list[Difference] = differences(request.form, form_values(update, items), items)
    return render_template(
        "progress/conflict.html",
        state=state,
        package=package,
        update=update,
        differences=found,
        same={
            name: value
            for name, value in request.form.items()
            if name not in {"version", "csrf_token", "request_key", "kept_ticket", "submit", "client_id"}
            and not name.startswith("pick.")
            and name not in {field for one in found for field in one.fields}
        },
        sentence=message_of(conflict, current_language()),
        time_zone=current_region().time_zone,
    )


def _periods_page(state: FormState[Any]) -> str:
    return render_template(
        "progress/periods.html",
        state=state,
        month_name=month_name,
        months=recent_months(db.session, today=_today()),
        unlocks=list_unlocks(db.session),
        time_zone=current_region().time_zone,
    )


def _cards(package: Package, update: Update) -> list[Any]:
    settings: Settings = current_app.config["SETTINGS"]
    photos = list_photos(db.session, package.id, limit=settings.photos.on_page, update_id=update.id)
    return [card_of(photo, package.name, time_zone=_time_zone()) for photo in photos]


def _next_waiting() -> str:
    """Return the address of the update that has waited longest; of the list when none waits."""
    scope, values = scope_condition()
    waiting = waiting_updates(db.session, scope, values)
    return url_for("updates.review_one", client_id=waiting[0].client_id) if waiting else url_for("updates.review")


def _planned(project_id: int, day: dt.date) -> float | None:
    statement = text("SELECT app.planned_percent(:project, :day)")
    planned: float | None = db.session.scalar(statement, {"project": project_id, "day": day})
    return planned


def _said(update: Update) -> str:
    if update.state == "submitted":
        return str(gettext("Laporan terkirim dan menunggu pemeriksaan."))
    return str(gettext("Draf disimpan. Serahkan bila sudah lengkap."))


def _today() -> dt.date:
    return today_in(current_region().time_zone)


def _time_zone() -> ZoneInfo:
    return ZoneInfo(current_region().time_zone)
