"""The staff register: its page, its files, its saved views, and the same as JSON."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Blueprint, Response, current_app, flash, jsonify, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from app.api.routes import read_limit
from app.auth.permissions import Permission, may, needs, require
from app.config import Settings
from app.errors import InvalidInput
from app.extensions import current_language, db
from app.formats import format_moment
from app.forms import read_input
from app.ogc.forms import require_parameters
from app.packages.register_columns import COLUMNS, Column
from app.packages.register_export import Export, write_csv, write_xlsx
from app.packages.register_pages import (
    PAGE_PARAMETERS,
    Asked,
    dates_described,
    described,
    district_names,
    label_of,
    read_asked,
    register_values,
)
from app.packages.register_queries import Package, Totals, list_packages, read_choices, read_totals
from app.packages.register_saved import (
    REGISTER,
    SavedView,
    SavedViewInput,
    ViewNameInput,
    clean_query,
    delete_view,
    list_views,
    rename_view,
    save_view,
)
from app.region import current_region

blueprint = Blueprint("register", __name__)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PERCENT_DECIMALS = 4


@blueprint.get("/register")
@needs(Permission.REGISTER_READ)
def table() -> str:
    """Show the packages as a table: filtered, sorted and paged here, so that it works without scripts."""
    account = require(Permission.REGISTER_READ)
    settings: Settings = current_app.config["SETTINGS"]
    values = register_values(db.session, request.args, account, limit=settings.lists.default)
    return render_template("packages/register.html", **values)


@blueprint.get("/register.csv")
@needs(Permission.REGISTER_READ)
def csv_file() -> Response:
    """Answer the whole filtered register as CSV."""
    export = read_export()
    content = write_csv(export, comma="," if current_language() == "id" else ".")
    return as_file(content, "text/csv; charset=utf-8", "csv")


@blueprint.get("/register.xlsx")
@needs(Permission.REGISTER_READ)
def xlsx_file() -> Response:
    """Answer the whole filtered register as a workbook."""
    export = read_export()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "register.xlsx"
        write_xlsx(export, path)
        content = path.read_bytes()
    return as_file(content, XLSX, "xlsx")


@blueprint.post("/register/views")
@needs(Permission.REGISTER_READ)
def save() -> BaseResponse:
    """Keep the list as it is shown under a name."""
    account = require(Permission.REGISTER_READ)
    query = clean_query(request.form.get("query", ""), PAGE_PARAMETERS)
    try:
        view = save_view(db.session, account.id, read_input(SavedViewInput), PAGE_PARAMETERS)
    except InvalidInput as error:
        db.session.rollback()
        flash(error.errors.get("name") or error.message_id, "error")
        return redirect(f"/register?{query}")
    db.session.commit()
    flash(gettext("Tampilan “%(name)s” tersimpan.", name=view.name), "success")
    return redirect(f"/register?{view.query}")


@blueprint.post("/register/views/<int:view_id>")
@needs(Permission.REGISTER_READ)
def rename(view_id: int) -> BaseResponse:
    """Give a saved view another name."""
    account = require(Permission.REGISTER_READ)
    try:
        view = rename_view(db.session, account.id, view_id, read_input(ViewNameInput).name)
    except InvalidInput as error:
        db.session.rollback()
        flash(error.errors.get("name") or error.message_id, "error")
        return redirect("/register")
    db.session.commit()
    flash(gettext("Nama tampilan kini “%(name)s”.", name=view.name), "success")
    return redirect(f"/register?{view.query}")


@blueprint.post("/register/views/<int:view_id>/deletion")
@needs(Permission.REGISTER_READ)
def delete(view_id: int) -> BaseResponse:
    """Forget a saved view; its packages stay as they are."""
    account = require(Permission.REGISTER_READ)
    view = delete_view(db.session, account.id, view_id)
    db.session.commit()
    flash(gettext("Tampilan “%(name)s” dihapus. Paketnya tetap ada.", name=view.name), "success")
    return redirect("/register")


@blueprint.get("/api/v1/register")
@needs(Permission.REGISTER_READ)
def api_register() -> Response:
    """Answer a part of the register: filter, `columns`, `sort`, `limit`, `after`, `as_of`, `compare` as on the page."""
    require_parameters(request.args, (*PAGE_PARAMETERS, "after", "limit", "lang"))
    asked = read_asked(db.session, request.args)
    after = request.args.get("after") or None
    page = list_packages(db.session, asked.question, asked.columns, sort=asked.sort, limit=read_limit(), after=after)
    limit = request.args.get("limit")
    following = asked.url({"after": page.next, "limit": limit}, "/api/v1/register") if page.next else None
    return jsonify(
        total=read_totals_json(asked),
        packages=[package_json(row, asked) for row in page.rows],
        next=following,
    )


@blueprint.get("/api/v1/saved-views")
@needs(Permission.REGISTER_READ)
def api_views() -> Response:
    """Answer the account's saved views of the register."""
    account = require(Permission.REGISTER_READ)
    return jsonify(views=[view_json(view) for view in list_views(db.session, account.id)])


@blueprint.post("/api/v1/saved-views")
@needs(Permission.REGISTER_READ)
def api_save() -> tuple[Response, int]:
    """Keep a view; one of the same name is replaced."""
    account = require(Permission.REGISTER_READ)
    view = save_view(db.session, account.id, read_input(SavedViewInput), PAGE_PARAMETERS)
    db.session.commit()
    return jsonify(view_json(view)), 201


@blueprint.patch("/api/v1/saved-views/<int:view_id>")
@needs(Permission.REGISTER_READ)
def api_rename(view_id: int) -> Response:
    """Give a view another name."""
    account = require(Permission.REGISTER_READ)
    view = rename_view(db.session, account.id, view_id, read_input(ViewNameInput).name)
    db.session.commit()
    return jsonify(view_json(view))


@blueprint.delete("/api/v1/saved-views/<int:view_id>")
@needs(Permission.REGISTER_READ)
def api_delete(view_id: int) -> tuple[str, int]:
    """Forget a view."""
    account = require(Permission.REGISTER_READ)
    delete_view(db.session, account.id, view_id)
    db.session.commit()
    return "", 204


def read_export() -> Export:
    """Read the whole list that an address asks for, with what its file must say of itself."""
    account = require(Permission.REGISTER_READ)
    region = current_region()
    asked = read_asked(db.session, request.args)
    page = list_packages(db.session, asked.question, asked.columns, sort=asked.sort, limit=None)
    choices = read_choices(db.session, account.id, REGISTER)
    columns = [COLUMNS[key] for key in asked.columns if key != "code"]
    names = dict(choices["districts"])
    criteria = [(one.label, one.value) for one in described(asked, choices)]
    now = format_moment(dt.datetime.now(dt.UTC), current_language(), region.time_zone)

    def words(column: Column, value: Any) -> str:
        if column.kind == "districts":
            return district_names(value, names, most=len(value))
        return label_of("critical" if column.kind == "critical" else column.codes, value)

    facts = [
        (gettext("Isi"), gettext("Register paket, Pemerintah %(region)s", region=region.full_name)),
        *dates_described(asked.criteria, region.time_zone),
        *(criteria or [(gettext("Saringan"), gettext("tidak ada, semua paket"))]),
        (gettext("Diunduh"), f"{now}, {account.shown_name}"),
        (gettext("Alamat"), asked.url({}, request.host_url.rstrip("/") + "/register")),
    ]
    changing = [column for column in columns if column.changes] if asked.criteria.compare else []
    return Export(columns, page.rows, changing, facts, read_totals(db.session, asked.question), words)


def as_file(content: bytes, media_type: str, ending: str) -> Response:
    """Return a file to keep, named after the region and the day."""
    response = Response(content, content_type=media_type)
    name = f"register-{current_region().code}-{dt.datetime.now(dt.UTC):%Y%m%d}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def package_json(row: Package, asked: Asked) -> dict[str, Any]:
    """Return a package as JSON: code, state, the columns asked for, and how they changed."""
    values = {key: plain_json(value) for key, value in row.values.items()}
    found: dict[str, Any] = {"id": row.id, "code": row.code, "status": row.status, "stage": row.stage}
    found |= {"is_stale": row.is_stale, "is_located": row.is_located, **values}
    if may(Permission.CRITICAL_READ):
        found |= {"critical_state": row.critical_state, "critical_case": row.critical_case}
    if asked.criteria.compare is not None:
        found["is_new"] = row.is_new
        found["changes"] = {key: plain_json(value) for key, value in row.changes.items()}
    return found


def read_totals_json(asked: Asked) -> dict[str, Any]:
    """Return what the filtered register amounts to."""
    return totals_json(read_totals(db.session, asked.question))


def totals_json(totals: Totals) -> dict[str, Any]:
    """Return sums and counts as JSON, those of the earlier moment inside."""
    names = ("packages", "ceiling_idr", "this_year_ceiling_idr", "contract_value_idr", "paid_idr")
    content = {name: plain_json(getattr(totals, name)) for name in (*names, "weighted_planned", "weighted_physical")}
    if totals.before is not None:
        return (
            content | _counts(totals) | {"before": {name: plain_json(getattr(totals.before, name)) for name in content}}
        )
    return content | _counts(totals)


def _counts(totals: Totals) -> dict[str, int]:
    counts = {"late": totals.late, "stale": totals.stale, "not_located": totals.not_located}
    if may(Permission.CRITICAL_READ):
        counts |= {"indicated": totals.indicated, "declared": totals.declared}
    return counts


def view_json(view: SavedView) -> dict[str, Any]:
    """Return a saved view as JSON."""
    return {
        "id": view.id,
        "name": view.name,
        "query": view.query,
        "url": f"/register?{view.query}" if view.query else "/register",
    }


def plain_json(value: Any) -> Any:
    """Return a value as JSON knows it: whole rupiah without decimals, days as ISO 8601, percentages without noise."""
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    return round(value, PERCENT_DECIMALS) if isinstance(value, float) else value
