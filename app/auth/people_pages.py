"""The pages of administrators about people: the list, one person, invitations, and links to a new password."""

from __future__ import annotations

from typing import Any

import segno
from flask import Blueprint, current_app, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from markupsafe import Markup
from werkzeug.wrappers import Response

from app.auth import people
from app.auth.models import Account
from app.auth.people_forms import InvitationInput, PersonInput
from app.auth.permissions import Permission, current_account, needs
from app.auth.second_factor import is_required
from app.auth.sessions import current_limits
from app.auth.words import ROLE_NAMES, ROLE_TASKS
from app.config import Settings
from app.errors import InvalidInput, InvalidRequest
from app.extensions import db
from app.forms import FormState, caught, read_input
from app.idempotency import idempotent

blueprint = Blueprint("people", __name__)


@blueprint.get("/people")
@needs(Permission.PEOPLE_MANAGE)
def table() -> str:
    """Show the people and the invitations that nobody has accepted yet."""
    search = request.args.get("q", "").replace("\0", "").strip()[:100]
    return render_template(
        "people/list.html",
        people=people.list_people(search or None),
        invitations=people.list_invitations(),
        role_names=ROLE_NAMES,
        q=search,
    )


@blueprint.route("/people/invite", methods=["GET", "POST"])
@needs(Permission.PEOPLE_MANAGE)
def invite() -> Any:
    """Invite somebody; the link and its QR code are shown once."""
    state = FormState.of(InvitationInput)
    if request.method == "POST":
        with caught(state):
            data = read_input(InvitationInput)
            key = people.invite(data)
            db.session.commit()
            return show_link(
                link_to("account.accept", key=key),
                gettext("Undangan untuk %(name)s", name=data.name),
                gettext(
                    "Kirimkan tautan ini, atau biarkan ia memindai kodenya."
                    " Tautan berlaku %(days)s hari, untuk satu akun.",
                    days=current_limits().invitation_days,
                ),
                email=data.email,
            )
    return render_template("people/invite.html", state=state, **_choices()), 422 if state.errors else 200


@blueprint.post("/people/invitations/<int:invitation_id>/revoke")
@needs(Permission.PEOPLE_MANAGE)
@idempotent
def revoke_invitation(invitation_id: int) -> Response:
    """Take an invitation back."""
    people.revoke_invitation(invitation_id)
    flash(gettext("Undangan dicabut; tautannya tidak berlaku lagi."), "success")
    return redirect(url_for("people.table"))


@blueprint.route("/people/<int:account_id>", methods=["GET", "POST"])
@needs(Permission.PEOPLE_MANAGE)
@idempotent
def person(account_id: int) -> Any:
    """Show one person, and change his name, roles, unit and area."""
    account = _person(account_id)
    state = FormState.of(PersonInput, None if request.method == "POST" else _values(account))
    if request.method == "POST":
        with caught(state):
            people.change_person(account, read_input(PersonInput))
            flash(gettext("Perubahan disimpan."), "success")
            return redirect(url_for("people.table"))
        account = _person(account_id)
    page = render_template(
        "people/person.html",
        person=account,
        state=state,
        is_self=current_account() is account,
        needs_second_factor=is_required(account),
        **_choices(),
    )
    return page, 422 if state.errors else 200


@blueprint.post("/people/<int:account_id>/<any(close, open):what>")
@needs(Permission.PEOPLE_MANAGE)
@idempotent
def close_or_open(account_id: int, what: str) -> Response:
    """Close an account, or open it again."""
    account = _person(account_id)
    try:
        if what == "close":
            people.close_account(account)
            flash(gettext("Akun ditutup. Yang pernah ditulisnya tetap ada."), "success")
        else:
            people.open_account(account)
            flash(gettext("Akun dibuka lagi."), "success")
    except InvalidInput as error:
        raise InvalidRequest(error.message_id, error.message_en) from error
    return redirect(url_for("people.person", account_id=account_id))


@blueprint.post("/people/<int:account_id>/reset")
@needs(Permission.PEOPLE_MANAGE)
def reset(account_id: int) -> Any:
    """Make a link by which a person chooses a new password; it is shown once."""
    account = _person(account_id)
    key = people.make_reset(account)
    db.session.commit()
    return show_link(
        link_to("account.new_password", key=key),
        gettext("Kata sandi baru untuk %(name)s", name=account.shown_name),
        gettext(
            "Kirimkan tautan ini kepadanya saja. Tautan berlaku %(hours)s jam dan hanya sekali.",
            hours=current_limits().reset_hours,
        ),
        email=account.email,
    )


@blueprint.post("/people/<int:account_id>/second-factor")
@needs(Permission.PEOPLE_MANAGE)
@idempotent
def forget_second_factor(account_id: int) -> Response:
    """Let a person whose phone is lost set up the second factor anew."""
    people.forget_second_factor(_person(account_id))
    flash(gettext("Faktor kedua dilepas. Ia memasang yang baru saat masuk berikutnya."), "success")
    return redirect(url_for("people.person", account_id=account_id))


def show_link(link: str, title: str, explanation: str, *, email: str | None = None) -> Any:
    """Answer with a page that shows a link once, with its QR code; nothing may keep the page."""
    code = Markup(segno.make(link, error="m").svg_inline(scale=6, border=2, light="#fff", dark="#000"))  # noqa: S704 - drawn by segno
    page = render_template("people/link.html", link=link, code=code, title=title, explanation=explanation, email=email)
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


def link_to(endpoint: str, **values: Any) -> str:
    """Return the whole address of a page, as people outside this machine reach it."""
    settings: Settings = current_app.config["SETTINGS"]
    base = settings.public_url or request.host_url.rstrip("/")
    return base + url_for(endpoint, **values)


def _person(account_id: int) -> Account:
    """Return an account that who acts may manage."""
    account = people.get_person(account_id)
    people.require_reach(account.unit_id, account.area_prefix)
    return account


def _choices() -> dict[str, Any]:
    """Return what a form about a person offers."""
    return {"role_names": ROLE_NAMES, "role_tasks": ROLE_TASKS, "units": people.list_units()}


def _values(account: Account) -> dict[str, Any]:
    return {
        "name": account.shown_name,
        "roles": [role.name for role in account.roles],
        "unit_id": account.unit_id,
        "area_prefix": account.area_prefix,
    }
