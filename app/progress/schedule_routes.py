"""Schedules, bills of quantities and the S-curve as pages, pictures and JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from pydantic import Field
from werkzeug.wrappers import Response as AnyResponse

from app.auth.permissions import Permission, needs, public, require
from app.catalogue.pictures import answer_picture
from app.errors import InvalidInput, NotFound
from app.extensions import db, reader_session
from app.forms import Day, FormState, Input, Line, caught, make_input, read_input
from app.idempotency import idempotent
from app.maps.home import today as today_in
from app.ogc.forms import require_parameters
from app.progress.baselines import (
    BaselineInput,
    ContractTerms,
    WorkItem,
    WorkItemsInput,
    add_baseline,
    check_plan,
    contract_terms,
    find_contract,
    read_work_items,
    set_work_items,
)
from app.progress.curve import Curve, PlanVersion, curve_json, read_curve, version_json
from app.progress.curve_svg import CurvePage, curve_page, draw_curve, with_plan
from app.progress.queries_updates import Package, find_package
from app.progress.schedule import (
    Schedule,
    items_as_table,
    items_template,
    read_items,
    read_schedule,
    schedule_template,
)
from app.progress.sheets import MOST_BYTES, Row, read_pasted, read_upload, refuse
from app.projects.routes import requested_project
from app.region import current_region
from layers.history import read_as_of

blueprint = Blueprint("schedule", __name__)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BESIDE = frozenset({"table", "kind", "step", "in_force_from", "note", ""})  # fields of the forms here
Table = Annotated[str, Field(max_length=200_000)]


class ScheduleForm(Input):
    """A plan as a page sends it: a pasted table, or a file beside it."""

    table: Table | None = None
    kind: Literal["auto", "cumulative", "per_period"] = "auto"
    step: Literal["auto", "week", "month"] = "auto"
    in_force_from: Day | None = None
    note: Line | None = None


class ItemsForm(Input):
    """A bill of quantities as a page sends it: a pasted table, or a file beside it."""

    table: Table | None = None


@dataclass(frozen=True)
class Plan:
    """A plan read from a form, which the contract takes."""

    schedule: Schedule
    data: BaselineInput
    in_force_from: dt.date


# Pages


@blueprint.get("/packages/<path:code>/schedule")
@needs(Permission.REGISTER_READ)
def page(code: str) -> str:
    """Show the plan of a package with all its versions, its bill of quantities, and the forms for both."""
    package = _package(code, Permission.REGISTER_READ)
    return _page(package, FormState.of(ScheduleForm), _items_state(package))


@blueprint.post("/packages/<path:code>/schedule/preview")
@needs(Permission.SCHEDULE_EDIT)
def preview(code: str) -> str | tuple[str, int]:
    """Show what was pasted or uploaded as the curve that it would make; nothing is kept."""
    package = _package(code, Permission.SCHEDULE_EDIT)
    state = FormState.of(ScheduleForm)
    with caught(state), _beside_table():
        plan = _read_plan(package, read_input(ScheduleForm))
        state.values |= {"table": plan.schedule.as_table(), "kind": "cumulative", "step": "auto"}
        return _page(package, state, _items_state(package), plan)
    return _page(package, state, _items_state(package)), 422


@blueprint.post("/packages/<path:code>/schedule")
@needs(Permission.SCHEDULE_EDIT)
@idempotent
def save(code: str) -> AnyResponse | tuple[str, int]:
    """Keep a new version of the plan."""
    package = _package(code, Permission.SCHEDULE_EDIT)
    state = FormState.of(ScheduleForm)
    with caught(state), _beside_table():
        plan = _read_plan(package, read_input(ScheduleForm))
        add_baseline(db.session, package.id, plan.data, today=_today())
        flash(gettext("Jadwal disimpan. Versi sebelumnya tetap tercatat."), "success")
        return redirect(url_for("schedule.page", code=package.code), code=303)
    return _page(package, state, _items_state(package)), 422


@blueprint.post("/packages/<path:code>/schedule/items")
@needs(Permission.SCHEDULE_EDIT)
@idempotent
def save_items(code: str) -> AnyResponse | tuple[str, int]:
    """Make the bill of quantities what was pasted or uploaded."""
    package = _package(code, Permission.SCHEDULE_EDIT)
    state = FormState.of(ItemsForm)
    state.prefix = "items-"
    with caught(state), _beside_table():
        rows = _rows_sent(read_input(ItemsForm).table)
        items = set_work_items(db.session, package.id, make_input(WorkItemsInput, {"items": read_items(rows)}))
        flash(gettext("%(count)s butir pekerjaan disimpan; bobotnya berjumlah 100%%.", count=len(items)), "success")
        return redirect(url_for("schedule.page", code=package.code, _anchor="items"), code=303)
    return _page(package, FormState(ScheduleForm), state), 422


@blueprint.get("/packages/<path:code>/schedule/template.xlsx")
@needs(Permission.REGISTER_READ)
def template(code: str) -> Response:
    """Answer a sheet to fill in, with the weeks of the contract."""
    package = _package(code, Permission.REGISTER_READ)
    return _sheet(schedule_template(_terms(package)), f"jadwal-{package.id}.xlsx")


@blueprint.get("/packages/<path:code>/schedule/items.xlsx")
@needs(Permission.REGISTER_READ)
def template_of_items(code: str) -> Response:
    """Answer the bill of quantities as a sheet, or an example of one."""
    package = _package(code, Permission.REGISTER_READ)
    return _sheet(items_template(_items(package)), f"butir-{package.id}.xlsx")


# Pictures


@blueprint.get("/packages/<path:code>/curve.svg")
@needs(Permission.REGISTER_READ)
def picture(code: str) -> Response:
    """Answer the curve of a package as a picture, for staff."""
    package = _package(code, Permission.REGISTER_READ)
    return _picture(_staff_curve(package, _as_of()), package.name)


@blueprint.get("/projects/<path:code>/curve.svg")
@public
def public_picture(code: str) -> Response:
    """Answer the curve of a package as a picture, of approved figures only."""
    return _picture(*_public_curve(code))


# JSON


@blueprint.get("/api/v1/projects/<path:code>/curve")
@public
def get_curve(code: str) -> Response:
    """Answer plan versions, approved progress and forecast of a package; `as_of`: as recorded at that moment."""
    require_parameters(request.args, ("as_of", "lang"))
    curve, _name = _public_curve(code)
    return jsonify(curve_json(curve))


@blueprint.get("/api/v1/projects/<path:code>/baselines")
@needs(Permission.REGISTER_READ)
def get_baselines(code: str) -> Response:
    """List the versions of a package's plan, the oldest first."""
    curve = _staff_curve(_package(code, Permission.REGISTER_READ), _as_of())
    return jsonify(baselines=[version_json(one, is_current=one is curve.current) for one in curve.versions])


@blueprint.post("/api/v1/projects/<path:code>/baselines")
@needs(Permission.SCHEDULE_EDIT)
@idempotent
def post_baseline(code: str) -> tuple[Response, int]:
    """Keep a new version of the plan."""
    package = _package(code, Permission.SCHEDULE_EDIT)
    kept = add_baseline(db.session, package.id, read_input(BaselineInput), today=_today())
    curve = _staff_curve(package)
    version = next(one for one in curve.versions if one.id == kept)
    return jsonify(version_json(version, is_current=version is curve.current)), 201


@blueprint.get("/api/v1/projects/<path:code>/work-items")
@needs(Permission.REGISTER_READ)
def get_work_items(code: str) -> Response:
    """List the bill of quantities of the running contract."""
    return jsonify(items=[_item_json(item) for item in _items(_package(code, Permission.REGISTER_READ))])


@blueprint.put("/api/v1/projects/<path:code>/work-items")
@needs(Permission.SCHEDULE_EDIT)
@idempotent
def put_work_items(code: str) -> Response:
    """Make the bill of quantities what was sent."""
    package = _package(code, Permission.SCHEDULE_EDIT)
    items = set_work_items(db.session, package.id, read_input(WorkItemsInput))
    return jsonify(items=[_item_json(item) for item in items])


# What the views share


@contextmanager
def _beside_table() -> Iterator[None]:
    """Put what a service says of points or items beside the table that they were read from."""
    try:
        yield
    except InvalidInput as error:
        kept = {name: text for name, text in error.errors.items() if name in BESIDE}
        others = [text for name, text in error.errors.items() if name not in BESIDE]
        if others:
            kept["table"] = " ".join(dict.fromkeys([*filter(None, [kept.get("table")]), *others]))
        raise InvalidInput(kept) from error


def staff_curve_page(project_id: int, name: str, as_of: dt.datetime | None = None) -> CurvePage | None:
    """Return the curve of a package as the pages of staff show it; None when nothing of it is known."""
    return curve_page(read_curve(db.session, project_id, as_of, today=_day_of(as_of)), name)


def _page(
    package: Package, state: FormState[ScheduleForm], items_state: FormState[ItemsForm], plan: Plan | None = None
) -> str:
    curve = _staff_curve(package)
    shown = with_plan(curve, plan.schedule.points, plan.in_force_from, plan.schedule.step) if plan else curve
    contract = find_contract(db.session, package.id)
    return render_template(
        "progress/schedule.html",
        package=package,
        terms=contract_terms(db.session, contract) if contract is not None else None,
        curve=curve_page(curve, package.name),
        preview=curve_page(shown, package.name) if plan else None,
        plan=plan,
        versions=_versions(curve),
        items=_items(package),
        state=state,
        items_state=items_state,
        kinds=(
            ("auto", gettext("Tentukan sendiri dari tabel")),
            ("cumulative", gettext("Kumulatif (berakhir 100%)")),
            ("per_period", gettext("Bobot per periode (jumlahnya 100%)")),
        ),
        steps=(
            ("auto", gettext("Menurut judul kolom")),
            ("week", gettext("Minggu ke-")),
            ("month", gettext("Bulan ke-")),
        ),
    )


def _versions(curve: Curve) -> list[tuple[PlanVersion, bool]]:
    """Return the versions, the newest first, and whether each is in force."""
    return [(one, one is curve.current) for one in reversed(curve.versions)]


def _read_plan(package: Package, form: ScheduleForm) -> Plan:
    terms = _terms(package, on=form.in_force_from)
    schedule = read_schedule(_rows_sent(form.table), terms, kind=form.kind, step=form.step)
    in_force_from = form.in_force_from or terms.changed_on
    content = {"in_force_from": form.in_force_from, "step": schedule.step, "note": form.note, "points": schedule.inputs}
    data = make_input(BaselineInput, content)
    check_plan(db.session, package.id, data)
    return Plan(schedule, data, in_force_from)


def _rows_sent(table: str | None) -> list[Row]:
    """Return the rows of the file that was sent, else of the table in the form."""
    file = request.files.get("file")
    if file is not None and file.filename:
        return read_upload(file.read(MOST_BYTES + 1), file.filename)
    if not table:
        raise refuse(gettext("Tempel tabelnya, atau pilih berkasnya."))
    return read_pasted(table)


def _items_state(package: Package) -> FormState[ItemsForm]:
    items = _items(package)
    return FormState(ItemsForm, {"table": items_as_table(items)} if items else {}, prefix="items-")


def _items(package: Package) -> list[WorkItem]:
    return read_work_items(db.session, package.contract_id) if package.contract_id is not None else []


def _terms(package: Package, *, on: dt.date | None = None) -> ContractTerms:
    if package.contract_id is None:
        raise InvalidInput({"": gettext("Paket ini belum punya kontrak yang berjalan. Catat kontraknya dahulu.")})
    return contract_terms(db.session, package.contract_id, on=on)


def _package(code: str, permission: Permission) -> Package:
    package = find_package(db.session, code)
    require(permission, package)
    return package


def _staff_curve(package: Package, as_of: dt.datetime | None = None) -> Curve:
    return read_curve(db.session, package.id, as_of, today=_day_of(as_of), end_date=None if as_of else package.end_date)


def _public_curve(code: str) -> tuple[Curve, str]:
    row, criteria = requested_project(code)
    today = _day_of(criteria.as_of)
    return read_curve(reader_session(), row.id, criteria.as_of, today=today, end_date=row.end_date), row.name


def _picture(curve: Curve, name: str) -> Response:
    if curve.is_empty:
        raise NotFound("Paket ini belum punya rencana atau realisasi.", "This package has no plan and no progress yet.")
    return answer_picture(draw_curve(curve, name, standalone=True))


def _sheet(content: bytes, name: str) -> Response:
    response = Response(content, mimetype=XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _item_json(item: WorkItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "position": item.position,
        "code": item.code,
        "name": item.name,
        "unit": item.unit,
        "quantity": item.quantity,
        "price_idr": float(item.price_idr) if item.price_idr is not None else None,
        "weight_percent": item.weight_percent,
    }


def _as_of() -> dt.datetime | None:
    written = request.args.get("as_of")
    return read_as_of(written, current_region().time_zone) if written else None


def _today() -> dt.date:
    return today_in(current_region().time_zone)


def _day_of(as_of: dt.datetime | None) -> dt.date:
    """Return the day where the region is, now or at a moment."""
    return as_of.astimezone(ZoneInfo(current_region().time_zone)).date() if as_of else _today()
