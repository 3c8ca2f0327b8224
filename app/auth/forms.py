"""The forms of sign-in and change of password, in the visitor's language."""

from __future__ import annotations

from typing import Any

from flask import current_app, request
from flask_babel import gettext, lazy_gettext
from flask_security.forms import ChangePasswordForm as SecurityChangePasswordForm
from flask_security.forms import LoginForm as SecurityLoginForm
from flask_security.mail_util import EmailValidateException, MailUtil

from app.auth.service import forget_failures, is_blocked, note_failure, read_address
from app.config import Settings
from app.errors import InvalidRequest
from app.extensions import db


class AccountAddresses(MailUtil):
    """Reads addresses as accounts have them; Flask-Security's own rules refuse those of a closed network (.local)."""

    def normalize(self, email: str) -> str:
        """Return the address as accounts keep it."""
        try:
            return read_address(email)
        except InvalidRequest as error:
            raise EmailValidateException(gettext("Alamat surel tidak dapat dibaca.")) from error

    def validate(self, email: str) -> str:
        """Return the address as accounts keep it."""
        return self.normalize(email)


class SignInForm(SecurityLoginForm):
    """Flask-Security's form, slowed down for those who guess."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email.label.text = lazy_gettext("Alamat surel")
        self.password.label.text = lazy_gettext("Kata sandi")
        self.remember.label.text = lazy_gettext("Tetap masuk di perangkat ini")
        self.submit.label.text = lazy_gettext("Masuk")

    def validate(self, **kwargs: Any) -> bool:
        """Check e-mail and password, unless this account or this address has failed too often."""
        settings: Settings = current_app.config["SETTINGS"]
        account = f"account:{(self.email.data or '').strip().lower().replace(chr(0), '')[:200]}"
        address = f"address:{request.remote_addr}"
        limits = {
            f"{account} {address}": settings.sign_in.per_account_here,
            address: settings.sign_in.per_address,
            account: settings.sign_in.per_account,
        }
        blocking = [limit for subject, limit in limits.items() if is_blocked(db.session, subject, limit)]
        if blocking:
            minutes = max(limit.minutes for limit in blocking)
            self.form_errors.append(
                gettext("Terlalu banyak percobaan. Coba lagi %(minutes)s menit lagi.", minutes=minutes)
            )
            return False
        if super().validate(**kwargs):
            forget_failures(db.session, f"{account} {address}")
            db.session.commit()
            return True
        note_failure(db.session, list(limits))
        db.session.commit()
        return False


class ChangePasswordForm(SecurityChangePasswordForm):
    """Flask-Security's form, with our words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.password.label.text = lazy_gettext("Kata sandi sekarang")
        self.new_password.label.text = lazy_gettext("Kata sandi baru (paling sedikit 12 huruf atau angka)")
        self.new_password_confirm.label.text = lazy_gettext("Kata sandi baru, sekali lagi")
        self.submit.label.text = lazy_gettext("Ganti kata sandi")
