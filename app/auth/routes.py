"""Sign-in, sign-out and change of password: Flask-Security's views with our words and rules."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, flash, g, has_request_context, redirect, request, session, url_for
from flask_babel import gettext, lazy_gettext
from flask_login import current_user, user_logged_out
from flask_security import password_changed, tf_code_confirmed, tf_profile_changed, user_authenticated
from flask_security.utils import set_request_attr
from sqlalchemy import event, text
from sqlalchemy.orm import Session
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.wrappers import Response

from app.auth import permissions, second_factor, sessions
from app.auth.forms import AccountAddresses, ChangePasswordForm, SignInForm, VerifyForm
from app.auth.models import Account
from app.auth.service import SHORTEST_PASSWORD, datastore
from app.auth.tokens import sign_in_by_token
from app.config import SessionLimits
from app.errors import NotSignedIn, answer_known_error, wants_json
from app.extensions import db

blueprint = Blueprint("auth", __name__)

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
    "TWO_FACTOR_INVALID_TOKEN": (lazy_gettext("Kode ini salah atau sudah dipakai. Tunggu kode berikutnya."), "error"),
    "TWO_FACTOR_LOGIN_SUCCESSFUL": (lazy_gettext("Anda sudah masuk."), "success"),
    "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": (lazy_gettext("Faktor kedua sudah dipasang."), "success"),
    "TWO_FACTOR_PERMISSION_DENIED": (lazy_gettext("Masuklah sekali lagi dari awal."), "error"),
    "TWO_FACTOR_METHOD_NOT_AVAILABLE": (lazy_gettext("Cara ini tidak tersedia."), "error"),
    "TWO_FACTOR_DISABLED": (lazy_gettext("Faktor kedua sudah dilepas."), "success"),
    "TWO_FACTOR_SETUP_EXPIRED": (lazy_gettext("Pemasangan terlalu lama. Mulailah sekali lagi."), "error"),
    "INVALID_RECOVERY_CODE": (lazy_gettext("Kode pemulihan ini salah atau sudah dipakai."), "error"),
    "INVALID_CODE": (lazy_gettext("Kode ini salah atau sudah dipakai. Tunggu kode berikutnya."), "error"),
    "NO_RECOVERY_CODES_SETUP": (lazy_gettext("Belum ada kode pemulihan."), "info"),
    "REAUTHENTICATION_REQUIRED": (lazy_gettext("Untuk ini, ketik kata sandi Anda sekali lagi."), "error"),
    "REAUTHENTICATION_SUCCESSFUL": (lazy_gettext("Terima kasih. Silakan lanjutkan."), "success"),
    "PASSWORD_CHANGE": (lazy_gettext("Kata sandi sudah diganti."), "success"),
}


def init_app(app: Flask) -> None:
    """Bind Flask-Security, and name the person who acts in every transaction."""
    limits: SessionLimits = app.config["SETTINGS"].sessions
    app.config.update(
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the name of the algorithm
        SECURITY_PASSWORD_SALT=app.config["SECRET_KEY"],
        SECURITY_PASSWORD_LENGTH_MIN=SHORTEST_PASSWORD,
        SECURITY_CHANGEABLE=True,
        SECURITY_API_ENABLED_METHODS=["session"],
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False,
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_CACHE_CONTROL={"private": None, "no-store": None},  # names alone; Flask-Security's default has values
        SECURITY_AUTO_LOGIN_AFTER_CONFIRM=False,
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_POST_CHANGE_VIEW="/work",
        SECURITY_POST_LOGIN_VIEW="/work",
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SECURE=app.config["SESSION_COOKIE_SECURE"],
        PERMANENT_SESSION_LIFETIME=limits.remembered_minutes * 60,  # the row in the database decides
        **second_factor.configuration(app.config["SECRET_KEY"]),
        **{f"SECURITY_MSG_{name}": message for name, message in MESSAGES.items()},
    )
    security = second_factor.OurSecurity(
        app,
        datastore,
        login_form=SignInForm,
        change_password_form=ChangePasswordForm,
        verify_form=VerifyForm,
        two_factor_verify_code_form=second_factor.CodeForm,
        mf_recovery_form=second_factor.RecoveryForm,
        totp_cls=second_factor.Codes,
        mail_util_cls=AccountAddresses,
    )
    security.want_json(lambda _request: False)  # its pages are for people; programs show tokens of ours
    # Flask-Security's own tokens would outlive our sessions; ours are app.auth.tokens.
    app.login_manager.user_loader(load_account)  # type: ignore[attr-defined]
    app.login_manager.request_loader(lambda _request: None)  # type: ignore[attr-defined]
    app.before_request(refuse_programs)
    app.before_request(greet_account)
    permissions.init_app(app)
    app.register_error_handler(NotSignedIn, ask_to_sign_in)
    password_changed.connect(_note_password_of_ones_own, app)
    user_authenticated.connect(_start_session, app)
    user_logged_out.connect(_end_session, app)
    tf_code_confirmed.connect(_advise_recovery_codes, app)
    tf_profile_changed.connect(_advise_recovery_codes, app)
    event.listen(Session, "after_begin", _name_actor_again)


def load_account(uniquifier: str) -> Account | None:
    """Return the account that a browser's cookie names, while it is open and the session has not ended."""
    account = datastore.find_user(fs_uniquifier=uniquifier)
    if not isinstance(account, Account) or not account.active or not sessions.is_running(account):
        return None
    # What Flask-Security asks of whoever loads a user: how he is known, and when he last gave his password.
    set_request_attr("fs_authn_via", "session")
    set_request_attr("fs_paa", session.get("fs_paa"))
    return account


def refuse_programs() -> None:
    """Refuse JSON where Flask-Security reads a form: it takes any type of value for text, and fails."""
    if request.endpoint in permissions.SIGN_IN_ENDPOINTS and request.is_json:
        raise UnsupportedMediaType


def greet_account() -> Response | None:
    """Name the person who acts; one who still has the one-time password goes to the page that changes it."""
    account = sign_in_by_token()
    if account is not None:
        g.actor = account.email
        name_actor(db.session, g.actor)
        return None
    if not SIGN_IN_COOKIES.intersection(request.cookies) or not current_user.is_authenticated:
        return None
    if current_user.must_change_password and request.endpoint not in OPEN_WITH_ONE_TIME_PASSWORD:
        flash(gettext("Ganti dulu kata sandi sekali pakai ini."), "info")
        return redirect(url_for("security.change_password"))
    return None


def ask_to_sign_in(error: NotSignedIn) -> Response | tuple[Response | str, int]:
    """Lead whoever wants to read a page to sign-in and back; tell programs."""
    if request.method in {"GET", "HEAD"} and not wants_json():
        return redirect(url_for("security.login", next=request.full_path.rstrip("?")))
    return answer_known_error(error)


def _start_session(_app: Flask, user: Any, **_extra: Any) -> None:
    """Begin a session; a device is remembered for those alone who do not approve."""
    remember = session.pop("_remember", None) == "set"
    session.pop("_remember_seconds", None)
    g.actor = user.email
    sessions.start_session(user, remember=remember and not second_factor.is_required(user))
    db.session.commit()


def _end_session(_app: Flask, **_extra: Any) -> None:
    sessions.end_session()
    db.session.commit()


def _advise_recovery_codes(_app: Flask, user: Any, **_extra: Any) -> None:
    if not user.mf_recovery_codes:
        flash(gettext("Buat kode pemulihan di halaman Akun, untuk hari ketika ponsel Anda tidak ada."), "info")


def _note_password_of_ones_own(_app: Flask, user: Any, **_extra: Any) -> None:
    user.must_change_password = False
    db.session.add(user)


def name_actor(session: Any, email: str) -> None:
    """Tell the database who acts in this transaction, for the history it writes."""
    session.execute(text("SELECT set_config('petakarya.actor', :actor, true)"), {"actor": email})


def _name_actor_again(_session: Session, _transaction: Any, connection: Any) -> None:
    """Name the person in every later transaction of the request too."""
    actor = g.get("actor") if has_request_context() else None
    if actor is not None:
        name_actor(connection, actor)
