"""The page of reports that are made every month: what is made when, and what has been made."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from pydantic import Field
from werkzeug.wrappers import Response as BaseResponse

from app.auth.permissions import Permission, needs
from app.errors import InvalidInput, InvalidRequest, NotFound, message_of
from app.extensions import current_language, db
from app.forms import FormState, Input, caught, read_input
from app.idempotency import idempotent
from app.reports.areas import list_report_areas
from app.reports.definition import report_definitions
from app.reports.jobs import jobs_of_schedules, request_from
from app.reports.requests import ReportRequest
from app.reports.schedules import add_schedule, list_schedules, set_active

blueprint = Blueprint("report_schedules", __name__, url_prefix="/reports/schedules")

USUAL_DAY = 5  # when the month's figures are closed, by custom; the form may say another


class ScheduleInput(Input):
    """A report of every month, as its form sends it."""

    report: str
    area: str | None = None
    format: Literal["pdf", "xlsx", "html", "json", "gpkg"]
    language: Literal["id", "en"] = "id"
    day_of_month: int = Field(ge=1, le=28)


class ActiveInput(Input):
    """Whether a schedule goes on."""

    is_active: bool


@blueprint.route("", methods=["GET", "POST"])
@needs(Permission.PLAN_EDIT)
@idempotent
def page() -> BaseResponse | str | tuple[str, int]:
    """Show the schedules and what they made, and take a new one."""
    state = FormState.of(ScheduleInput, {"day_of_month": USUAL_DAY, "format": "pdf"})
    if request.method == "POST":
        with caught(state):
            data = read_input(ScheduleInput)
            _add(data)
            flash(gettext("Jadwal disimpan."), "success")
            return redirect(url_for("report_schedules.page"), code=303)
    language = current_language()
    definitions = report_definitions()
    content = render_template(
        "reports/schedules.html",
        state=state,
        schedules=[(row, request_from(row.request)) for row in list_schedules(db.session)],
        made=jobs_of_schedules(db.session),
        titles={name: one.title.in_language(language) for name, one in definitions.items()},
        reports=[
            (name, one.title.in_language(language))
            for name, one in definitions.items()
            if not any(setting.required for setting in one.settings)
        ],
        areas=list_report_areas(db.session),
    )
    return (content, 422) if state.errors else content


@blueprint.post("/<int:schedule_id>")
@needs(Permission.PLAN_EDIT)
@idempotent
def change(schedule_id: int) -> BaseResponse:
    """Pause a schedule, or take it up again."""
    data = read_input(ActiveInput)
    set_active(db.session, schedule_id, is_active=data.is_active)
    flash(gettext("Jadwal diteruskan.") if data.is_active else gettext("Jadwal dihentikan sementara."), "success")
    return redirect(url_for("report_schedules.page"), code=303)


def _add(data: ScheduleInput) -> None:
    """Add a schedule; what the report cannot be asked is said beside its field."""
    asked = ReportRequest(area=data.area, name=data.report)
    try:
        add_schedule(db.session, asked, formats=[data.format], language=data.language, day_of_month=data.day_of_month)
    except (NotFound, InvalidRequest) as error:
        field = "area" if data.report in report_definitions() else "report"
        raise InvalidInput({field: message_of(error, current_language())}) from None
