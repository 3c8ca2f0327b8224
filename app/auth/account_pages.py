"""One's own account: rights and tokens; invitations that are accepted, and passwords that are chosen anew, by link."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, flash, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.auth import people, tokens
from app.auth.guesses import blocked_minutes, note_guess
from app.auth.models import Account
from app.auth.people_forms import AcceptInput, ForgottenInput, NewPasswordInput, TokenInput
from app.auth.permissions import current_account, needs, permissions_of, public
from app.auth.second_factor import is_required
from app.auth.tasks import mail_reset_link
from app.auth.words import PERMISSION_NAMES, ROLE_NAMES
from app.errors import Forbidden, NotFound, NotSignedIn
from app.extensions import db
from app.forms import FormState, caught, read_input
from app.idempotency import idempotent
from app.jobs import defer

blueprint = Blueprint("account", __name__)


def init_app(app: Flask) -> None:
    """Let the page of sign-in know whether forgotten passwords can be had by e-mail."""
    app.jinja_env.globals["sends_mail"] = people.sends_mail


@blueprint.get("/account")
@needs()
def own() -> str:
    """Show one's own account."""
    return _account_page(FormState.of(TokenInput, {"days": 90}))


@blueprint.post("/account/tokens")
@needs()
def make_token() -> Any:
    """Make a token for scripts of one's own and show it once."""
    _refuse_tokens()
    state = FormState.of(TokenInput)
    with caught(state):
        data = read_input(TokenInput)
        account = _account()
        token = tokens.make_token(account, data.name, data.permissions or permissions_of(account), data.days)
        db.session.commit()
        return _secret(_account_page(FormState.of(TokenInput, {"days": 90}), token))
    return _account_page(state), 422


@blueprint.post("/account/tokens/<int:token_id>/revoke")
@needs()
@idempotent
def revoke_token(token_id: int) -> Response:
    """Revoke a token of one's own."""
    tokens.revoke_token(_account(), token_id)
    flash(gettext("Token dicabut."), "success")
    return redirect(url_for("account.own"))


@blueprint.get("/api/v1/me")
@needs()
def me() -> Any:
    """Answer who acts, and what and where he may."""
    account = _account()
    unit = next((unit for unit in people.list_units() if unit.id == account.unit_id), None)
    return jsonify(
        id=account.id,
        email=account.email,
        name=account.name,
        roles=sorted(role.name for role in account.roles),
        permissions=sorted(permissions_of(account)),
        area_prefix=account.area_prefix,
        unit=None if unit is None else {"id": unit.id, "code": unit.code, "name": unit.name},
    )


@blueprint.get("/api/v1/me/tokens")
@needs()
def list_tokens() -> Any:
    """Answer one's own tokens, without what they are."""
    return jsonify(tokens=[_token_json(token) for token in tokens.tokens_of(_account())])


@blueprint.post("/api/v1/me/tokens")
@needs()
def make_token_json() -> Any:
    """Make a token; the answer is the only place where it stands."""
    _refuse_tokens()
    data = read_input(TokenInput)
    account = _account()
    token = tokens.make_token(account, data.name, data.permissions or permissions_of(account), data.days)
    made = tokens.tokens_of(account)[0]
    db.session.commit()
    return _secret(jsonify(token=token, **_token_json(made))), 201


@blueprint.delete("/api/v1/me/tokens/<int:token_id>")
@needs()
def revoke_token_json(token_id: int) -> Any:
    """Revoke a token of one's own."""
    tokens.revoke_token(_account(), token_id)
    db.session.commit()
    return "", 204


@blueprint.route("/invitation/<key>", methods=["GET", "POST"])
@public
def accept(key: str) -> Any:
    """Accept an invitation: say one's name, choose a password."""
    invitation = people.find_invitation(key)
    state = FormState.of(AcceptInput, None if request.method == "POST" else {"name": invitation.name})
    if request.method == "POST":
        with caught(state):
            account = people.accept_invitation(key, read_input(AcceptInput))
            db.session.commit()
            flash(gettext("Akun %(email)s siap. Masuklah dengan kata sandi yang baru Anda pilih.", email=account.email))
            return redirect(url_for("security.login"))
        invitation = people.find_invitation(key)
    page = render_template("people/accept.html", invitation=invitation, state=state, role_names=ROLE_NAMES)
    return _secret(page, 422 if state.errors else 200)


@blueprint.route("/password/<key>", methods=["GET", "POST"])
@public
def new_password(key: str) -> Any:
    """Choose a new password by the link of an administrator."""
    reset = people.find_reset(key)
    state = FormState.of(NewPasswordInput)
    if request.method == "POST":
        with caught(state):
            people.reset_password(key, read_input(NewPasswordInput))
            db.session.commit()
            flash(gettext("Kata sandi sudah diganti. Masuklah dengan yang baru."), "success")
            return redirect(url_for("security.login"))
        reset = people.find_reset(key)
    page = render_template("people/new_password.html", email=reset.email, state=state)
    return _secret(page, 422 if state.errors else 200)


@blueprint.route("/password/forgotten", methods=["GET", "POST"])
@public
def forgotten() -> Any:
    """Ask for a link to a new password by e-mail; the answer does not tell who has an account."""
    if not people.sends_mail():
        raise NotFound(
            "Di sini tidak ada surel. Mintalah tautan kata sandi baru kepada administrator.",
            "There is no e-mail here. Ask an administrator for a link to a new password.",
        )
    state = FormState.of(ForgottenInput)
    if request.method == "POST":
        with caught(state):
            data = read_input(ForgottenInput)
            subject = f"forgotten:{data.email}"
            if not blocked_minutes(subject):
                note_guess(subject)  # each asking counts, so that nobody's mailbox is filled
                defer(db.session, mail_reset_link, email=data.email)
                db.session.commit()
            flash(gettext("Bila alamat itu punya akun, tautannya sudah dikirim. Periksa kotak surel Anda."), "info")
            return redirect(url_for("security.login"))
    return render_template("people/forgotten.html", state=state), 422 if state.errors else 200


def _account_page(state: FormState[TokenInput], token: str | None = None) -> str:
    account = _account()
    return render_template(
        "people/account.html",
        account=account,
        unit=next((unit.name for unit in people.list_units() if unit.id == account.unit_id), None),
        held=[one for one in PERMISSION_NAMES if one in permissions_of(account)],
        role_names=ROLE_NAMES,
        permission_names=PERMISSION_NAMES,
        needs_second_factor=is_required(account),
        tokens=tokens.tokens_of(account),
        token=token,
        state=state,
    )


def _account() -> Account:
    account = current_account()
    if account is None:
        raise NotSignedIn
    return account


def _refuse_tokens() -> None:
    """Let no token make another one, which would outlive it."""
    if tokens.is_by_token():
        raise Forbidden(
            "Token baru hanya dibuat setelah masuk dengan kata sandi.",
            "A new token is made only after signing in with a password.",
        )


def _token_json(token: Any) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "permissions": token.permissions,
        "created_at": token.created_at.isoformat(),
        "expires_at": token.expires_at.isoformat(),
        "last_used_at": token.last_used_at and token.last_used_at.isoformat(),
        "revoked_at": token.revoked_at and token.revoked_at.isoformat(),
    }


def _secret(answer: Any, status: int = 200) -> Any:
    """Let nothing keep an answer."""
    response = make_response(answer, status)
    response.headers["Cache-Control"] = "no-store"
    return response
