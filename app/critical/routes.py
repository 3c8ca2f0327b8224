"""The alarm for staff: its page with every form, its letters, and the same by JSON under /api/v1."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from app.api.views import takes
from app.auth.permissions import Permission, may, needs, require
from app.critical import service
from app.critical.fines import counted_until, fine_of
from app.critical.forms import (
    ClosingInput,
    DeclarationInput,
    ExcuseInput,
    ExtraTimeInput,
    FineQuery,
    MeetingInput,
    NumbersInput,
    OutcomeInput,
)
from app.critical.letters import LetterKind, letter_data, letter_kind, render_letter
from app.critical.pages import Alarm, alarm_json, alarm_values, letter_label, read_alarm
from app.critical.queries import Package, RuleBook, read_package, region_today
from app.errors import NotFound
from app.extensions import db
from app.forms import FormState, Input, caught, make_input, read_input
from app.idempotency import idempotent
from app.ogc.forms import require_parameters
from app.packages.api import moment
from app.progress.queries_updates import Item, contract_items
from app.region import current_region
from layers.rules import rules_in_force

blueprint = Blueprint("critical", __name__)
API = "/api/v1/projects/<path:code>/critical"
PAGE = "/packages/<path:code>/critical"

Change = Callable[[Package, Any, int], Any]


def _declare(package: Package, data: DeclarationInput, _stage: int) -> None:
    account = require(Permission.CRITICAL_DECLARE, package)
    service.declare(db.session, package, data, today=region_today(db.session), actor=account.email)


def _hold_meeting(package: Package, data: MeetingInput, _stage: int) -> None:
    today = region_today(db.session)
    most = int(rules_in_force(db.session.connection(), today)["SCM_TAHAP_MAKS"].value)
    service.hold_meeting(db.session, package, data, today=today, most=most)


def _record_outcome(package: Package, data: OutcomeInput, stage: int) -> None:
    service.record_outcome(db.session, package, stage, data, today=region_today(db.session))


def _record_numbers(package: Package, data: NumbersInput, stage: int) -> None:
    service.record_numbers(db.session, package, stage, data)


def _excuse(package: Package, data: ExcuseInput, _stage: int) -> None:
    service.excuse(db.session, package, data, today=region_today(db.session))


def _close(package: Package, data: ClosingInput, _stage: int) -> None:
    service.close(db.session, package, data, today=region_today(db.session))


def _grant_extra_time(package: Package, data: ExtraTimeInput, _stage: int) -> None:
    service.grant_extra_time(db.session, package, data)


# Last part of the address, what is sent, and what it does; "outcome" and "numbers" are of one meeting.
CHANGES: dict[str, tuple[type[Input], Change]] = {
    "declaration": (DeclarationInput, _declare),
    "meetings": (MeetingInput, _hold_meeting),
    "outcome": (OutcomeInput, _record_outcome),
    "numbers": (NumbersInput, _record_numbers),
    "excuses": (ExcuseInput, _excuse),
    "closing": (ClosingInput, _close),
    "extra-time": (ExtraTimeInput, _grant_extra_time),
}
WHOLE = '<any("declaration", "meetings", "excuses", "closing", "extra-time"):change>'
OF_MEETING = 'meetings/<int:stage>/<any("outcome", "numbers"):change>'


@blueprint.get(PAGE)
@needs(Permission.CRITICAL_READ)
def page(code: str) -> str:
    """Show all of a package's alarm, now or as it was recorded at a moment (`as_of`)."""
    package = _to_read(code)
    if as_of := moment("as_of"):
        return _page(read_package(db.session, code, as_of), as_of=as_of)
    return _page(package)


@blueprint.post(f"{PAGE}/{WHOLE}", defaults={"stage": 0})
@blueprint.post(f"{PAGE}/{OF_MEETING}")
@needs(Permission.CRITICAL_DECLARE)
@idempotent
def change_page(code: str, change: str, stage: int) -> Answer | str | tuple[str, int]:
    """Do what one of the page's forms asks."""
    package = _to_change(code)
    model, action = CHANGES[change]
    state = FormState.of(model)
    with caught(state):
        action(package, read_input(model), stage)
        return redirect(url_for("critical.page", code=code))
    return _page(read_package(db.session, code), sent=(change, stage), state=state), 422


@blueprint.get(API)
@needs(Permission.CRITICAL_READ)
def read(code: str) -> Response:
    """Give the alarm of a package, now or as it was recorded at a moment (`as_of`)."""
    require_parameters(request.args, ("as_of", "lang"))
    package = _to_read(code)
    if as_of := moment("as_of"):
        package = read_package(db.session, code, as_of)
    return jsonify(alarm_json(read_alarm(db.session, package, today=_day_of(as_of), as_of=as_of)))


@blueprint.post(f"{API}/{WHOLE}", defaults={"stage": 0})
@blueprint.post(f"{API}/{OF_MEETING}")
@needs(Permission.CRITICAL_DECLARE)
@idempotent
@takes(by={name: model for name, (model, _change) in CHANGES.items()})
def change(code: str, change: str, stage: int) -> tuple[Response, int]:
    """Do what a program asks; give the alarm as it stands afterwards."""
    package = _to_change(code)
    model, action = CHANGES[change]
    action(package, read_input(model), stage)
    after = read_alarm(db.session, read_package(db.session, code), today=region_today(db.session))
    return jsonify(alarm_json(after)), 200 if stage else 201


@blueprint.delete(f"{API}/excuses/<int:excuse>")
@needs(Permission.CRITICAL_DECLARE)
@idempotent
def withdraw_excuse(code: str, excuse: int) -> Response:
    """Take an excuse back; give the alarm as it stands afterwards."""
    today = region_today(db.session)
    service.withdraw_excuse(db.session, _to_change(code), excuse, today=today)
    return jsonify(alarm_json(read_alarm(db.session, read_package(db.session, code), today=today)))


@blueprint.post(f"{PAGE}/excuses/<int:excuse>/withdrawal")
@needs(Permission.CRITICAL_DECLARE)
@idempotent
def withdraw_excuse_page(code: str, excuse: int) -> Answer:
    """Take an excuse back, by the page's button."""
    service.withdraw_excuse(db.session, _to_change(code), excuse, today=region_today(db.session))
    return redirect(url_for("critical.page", code=code))


@blueprint.get(f"{API}/fine")
@needs(Permission.CRITICAL_READ)
def fine(code: str) -> Response:
    """Give the fine, for the days late until today or for those asked for."""
    package = _to_read(code)
    asked = make_input(FineQuery, {key: value for key, value in request.args.items() if key != "lang" and value})
    today = region_today(db.session)
    rule = RuleBook(db.session.connection()).on(counted_until(package, today))["DENDA_PERMIL"]
    found = fine_of(package, rule, today=today, days=asked.days)
    if found is None:
        raise NotFound(
            f"Paket {code} tidak punya kontrak penyedia, jadi tidak ada denda.",
            f"Package {code} has no contract with a provider, so there is no fine.",
        )
    return jsonify(found.to_json())


@blueprint.get(f"{API}/letters/<kind>.pdf")
@needs(Permission.CRITICAL_READ)
def letter(code: str, kind: str) -> Response:
    """Draft a letter from the record."""
    package = _to_read(code)
    wanted = letter_kind(kind)
    today = region_today(db.session)
    alarm = read_alarm(db.session, package, today=today)
    if wanted not in alarm.letters:
        raise NotFound(
            f"{wanted.title}: datanya belum tercatat, jadi surat ini belum dapat disusun.",
            f"{kind}: the record has not its numbers yet, so this letter cannot be drafted.",
        )
    case = alarm.shown_case
    data = letter_data(
        wanted,
        package,
        region_name=current_region().full_name,
        evidence=alarm.evidence,
        case=case,
        meetings=alarm.meetings[case.id] if case else [],
        fine=alarm.fine,
        most=alarm.most_stages,
        today=today,
        items=_inspected(package, alarm, wanted),
    )
    answer = Response(render_letter(wanted, data), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{wanted.slug}.pdf"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _inspected(package: Package, alarm: Alarm, kind: LetterKind) -> list[Item]:
    """Return the work items that an inspection goes through, as approved by the end of its test; none otherwise."""
    case = alarm.shown_case
    if kind.name != "inspection" or case is None:
        return []
    meeting = next(one for one in alarm.meetings[case.id] if one.stage == kind.stage)
    through = meeting.outcome_on or meeting.due_on
    return contract_items(db.session, case.contract_id, day=through + dt.timedelta(days=1))


def _to_read(code: str) -> Package:
    package = read_package(db.session, code)
    require(Permission.CRITICAL_READ, package)
    return package


def _to_change(code: str) -> Package:
    package = read_package(db.session, code)
    require(Permission.CRITICAL_DECLARE, package)
    return package


def _day_of(as_of: dt.datetime | None) -> dt.date:
    """Return the day where the region is, now or at a moment."""
    return as_of.astimezone(ZoneInfo(current_region().time_zone)).date() if as_of else region_today(db.session)


def _page(
    package: Package,
    *,
    sent: tuple[str, int] = ("", 0),
    state: FormState[Any] | None = None,
    as_of: dt.datetime | None = None,
) -> str:
    """Return the page; the form that was sent and refused keeps what was typed and says what is wrong."""
    alarm = read_alarm(db.session, package, today=_day_of(as_of), as_of=as_of)
    states: dict[str, FormState[Any]] = {name: FormState(model) for name, (model, _action) in CHANGES.items()}
    today = alarm.today.isoformat()
    states["declaration"].values = {"letter_date": today}
    states["meetings"].values = {"held_on": today}
    if alarm.pending:
        states["outcome"].values = {"outcome_on": today, "reached_percent": alarm.decision.evidence["physical_percent"]}
    if state is not None:
        states[sent[0]] = state
    return render_template(
        "critical/page.html",
        **alarm_values(alarm),
        states=states,
        sent=sent,
        letter_label=letter_label,
        can_declare=as_of is None and may(Permission.CRITICAL_DECLARE, package),
        as_of=as_of,
    )
