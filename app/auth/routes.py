"""Sign-in, sign-out and change of password: Flask-Security's views with our words and rules."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, flash, g, has_request_context, redirect, request, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from flask_security import Security, password_changed
from sqlalchemy import event, text
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.auth import permissions
from app.auth.forms import AccountAddresses, ChangePasswordForm, SignInForm
from app.auth.service import datastore
from app.errors import NotSignedIn, answer_known_error, wants_json
from app.extensions import db

blueprint = Blueprint("auth", __name__)

SESSION_HOURS = 12
# What somebody with a one-time password may still open.
OPEN_WITH_ONE_TIME_PASSWORD = {"security.change_password", "security.logout", "tiles.tile", None}
SIGN_IN_COOKIES = {"session", "remember_token"}  # who sends neither is not signed in, and is spared the look-up

MESSAGES = {
    "GENERIC_AUTHN_FAILED": (lazy_gettext("Alamat surel atau kata sandi salah."), "error"),
    "UNAUTHENTICATED": (lazy_gettext("Silakan masuk terlebih dahulu."), "error"),
    "UNAUTHORIZED": (lazy_gettext("Anda tidak berhak membuka halaman ini."), "error"),
    "LOGIN": (lazy_gettext("Silakan masuk untuk membuka halaman ini."), "info"),
    "EMAIL_NOT_PROVIDED": (lazy_gettext("Isi alamat surel."), "error"),
    "INVALID_EMAIL_ADDRESS": (lazy_gettext("Alamat surel tidak dapat dibaca."), "error"),
    "PASSWORD_NOT_PROVIDED": (lazy_gettext("Isi kata sandi."), "error"),
    "INVALID_PASSWORD": (lazy_gettext("Kata sandi sekarang salah."), "error"),
    "PASSWORD_IS_THE_SAME": (lazy_gettext("Kata sandi baru harus berbeda dari yang sekarang."), "error"),
    "PASSWORD_INVALID_LENGTH": (lazy_gettext("Kata sandi paling sedikit %(length)s huruf atau angka."), "error"),
    "RETYPE_PASSWORD_MISMATCH": (lazy_gettext("Kedua isian kata sandi baru tidak sama."), "error"),
    "PASSWORD_CHANGE": (lazy_gettext("Kata sandi sudah diganti."), "success"),
}


def init_app(app: Flask) -> None:
    """Bind Flask-Security, and name the person who acts in every transaction."""
    app.config.update(
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the name of the algorithm
        SECURITY_PASSWORD_SALT=app.config["SECRET_KEY"],
        SECURITY_PASSWORD_LENGTH_MIN=12,
        SECURITY_CHANGEABLE=True,
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False,
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_CACHE_CONTROL={"private": None, "no-store": None},  # names alone; Flask-Security's default has values
        SECURITY_AUTO_LOGIN_AFTER_CONFIRM=False,
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_POST_CHANGE_VIEW="/",
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SECURE=app.config["SESSION_COOKIE_SECURE"],
        PERMANENT_SESSION_LIFETIME=SESSION_HOURS * 3600,
        **{f"SECURITY_MSG_{name}": message for name, message in MESSAGES.items()},
    )
    Security(
        app,
        datastore,
        login_form=SignInForm,
        change_password_form=ChangePasswordForm,
        mail_util_cls=AccountAddresses,
    )
    app.before_request(greet_account)
    permissions.init_app(app)
    app.register_error_handler(NotSignedIn, ask_to_sign_in)
    password_changed.connect(_note_password_of_ones_own, app)
    event.listen(Session, "after_begin", _name_actor_again)


def greet_account() -> Response | None:
    """Name the person who acts; one who still has the one-time password goes to the page that changes it."""
    if not SIGN_IN_COOKIES.intersection(request.cookies) or not current_user.is_authenticated:
        return None
    name_actor(db.session, current_user)
    if current_user.must_change_password and request.endpoint not in OPEN_WITH_ONE_TIME_PASSWORD:
        flash(gettext("Ganti dulu kata sandi sekali pakai ini."), "info")
        return redirect(url_for("security.change_password"))
    return None


def ask_to_sign_in(error: NotSignedIn) -> Response | tuple[Response | str, int]:
    """Lead whoever wants to read a page to sign-in and back; tell programs."""
    if request.method in {"GET", "HEAD"} and not wants_json():
        return redirect(url_for("security.login", next=request.full_path.rstrip("?")))
    return answer_known_error(error)


def _note_password_of_ones_own(_app: Flask, user: Any, **_extra: Any) -> None:
    user.must_change_password = False
    db.session.add(user)


def name_actor(session: Any, account: Any) -> None:
    """Tell the database who acts in this transaction, for the history it writes."""
    session.execute(text("SELECT set_config('petakarya.actor', :actor, true)"), {"actor": account.email})


def _name_actor_again(_session: Session, _transaction: Any, connection: Any) -> None:
    """Name the person in every later transaction of the request too."""
    account = g.get("_login_user") if has_request_context() else None
    if account is not None and account.is_authenticated:
        name_actor(connection, account)
