"""The forms of sign-in and change of password, in the visitor's language."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_login import current_user
from flask_security.forms import ChangePasswordForm as SecurityChangePasswordForm
from flask_security.forms import LoginForm as SecurityLoginForm
from flask_security.forms import VerifyForm as SecurityVerifyForm
from flask_security.mail_util import EmailValidateException, MailUtil

from app.auth.guesses import blocked_minutes, forget_guesses, note_guess
from app.auth.service import read_address
from app.errors import InvalidRequest


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
        subject = f"account:{(self.email.data or '').strip().lower().replace(chr(0), '')[:200]}"
        minutes = blocked_minutes(subject)
        if minutes:
            self.form_errors.append(
                gettext("Terlalu banyak percobaan. Coba lagi %(minutes)s menit lagi.", minutes=minutes)
            )
            return False
        if super().validate(**kwargs):
            forget_guesses(subject)
            return True
        note_guess(subject)
        return False


class ChangePasswordForm(SecurityChangePasswordForm):
    """Flask-Security's form, with our words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.password.label.text = lazy_gettext("Kata sandi sekarang")
        self.new_password.label.text = lazy_gettext("Kata sandi baru (paling sedikit 12 huruf atau angka)")
        self.new_password_confirm.label.text = lazy_gettext("Kata sandi baru, sekali lagi")
        self.submit.label.text = lazy_gettext("Ganti kata sandi")


class VerifyForm(SecurityVerifyForm):
    """Flask-Security's form that asks for the password once more, slowed down for those who guess."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.password.label.text = lazy_gettext("Kata sandi")
        self.submit.label.text = lazy_gettext("Lanjut")

    def validate(self, **kwargs: Any) -> bool:
        """Check the password, unless it has been wrong too often."""
        subject = f"account:{current_user.email}"
        minutes = blocked_minutes(subject)
        if minutes:
            self.form_errors.append(
                gettext("Terlalu banyak percobaan. Coba lagi %(minutes)s menit lagi.", minutes=minutes)
            )
            return False
        if super().validate(**kwargs):
            return True
        note_guess(subject)
        return False
