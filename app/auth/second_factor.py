"""The second factor: a code of the phone for those who decide for others, good once, and slow to guess."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import segno
from flask import current_app
from flask_babel import gettext, lazy_gettext
from flask_security import Security
from flask_security.forms import TwoFactorVerifyCodeForm
from flask_security.recovery_codes import MfRecoveryForm
from flask_security.totp import Totp
from passlib.totp import TotpMatch  # type: ignore[import-untyped]
from sqlalchemy import text

from app.auth.guesses import blocked_minutes, note_guess
from app.auth.models import Account
from app.auth.permissions import APPROVING, permissions_of_roles
from app.config import Settings
from app.extensions import db

ISSUER = "PetaKarya"
RECOVERY_CODES = 8


def is_required(account: Account) -> bool:
    """Tell whether an account must have a second factor: one that approves, unless it is of the demonstration."""
    settings: Settings = current_app.config["SETTINGS"]
    if not settings.second_factor or account.demo:
        return False
    return bool(APPROVING & permissions_of_roles(role.name for role in account.roles))


def configuration(secret_key: str) -> dict[str, Any]:
    """Return Flask-Security's settings of the second factor; secrets in the database are encrypted with our own key."""
    return {
        "SECURITY_TWO_FACTOR": True,
        "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "SECURITY_TWO_FACTOR_ALWAYS_VALIDATE": True,
        "SECURITY_TWO_FACTOR_RESCUE_EMAIL": False,
        "SECURITY_TWO_FACTOR_AUTHENTICATOR_VALIDITY": 30,  # seconds that a phone's clock may be wrong
        "SECURITY_TWO_FACTOR_SETUP_URL": "/account/second-factor",
        "SECURITY_TWO_FACTOR_TOKEN_VALIDATION_URL": "/login/code",
        "SECURITY_TWO_FACTOR_POST_SETUP_VIEW": "/account",
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_N": RECOVERY_CODES,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_URL": "/account/recovery-codes",
        "SECURITY_MULTI_FACTOR_RECOVERY_URL": "/login/recovery",
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS": [base64.urlsafe_b64encode(_derived(secret_key, "recovery"))],
        "SECURITY_TOTP_SECRETS": {"1": _derived(secret_key, "totp").hex()},
        "SECURITY_TOTP_ISSUER": ISSUER,
    }


class OurSecurity(Security):
    """Flask-Security, which draws QR codes with segno instead of qrcode."""

    def _check_modules(self, module: str, config_name: str) -> Any:
        return None if module == "qrcode" else super()._check_modules(module, config_name)  # type: ignore[no-untyped-call]


class Codes(Totp):
    """Codes of the phone: each is good once."""

    def generate_qrcode(self, username: str, totp: str) -> str:
        """Return the QR code that a phone reads as the address of an image."""
        return str(segno.make(self.get_totp_uri(username, totp), error="m").svg_data_uri(scale=6, border=2))

    def get_last_counter(self, user: Any) -> int | None:
        """Return the half minute of the newest code that an account has used."""
        found = db.session.scalar(
            text("SELECT counter FROM app.second_factor_use WHERE account_id = :account"), {"account": user.id}
        )
        return None if found is None else int(found)

    def set_last_counter(self, user: Any, tmatch: TotpMatch) -> None:
        """Note that a code is used."""
        db.session.execute(
            text("""
                INSERT INTO app.second_factor_use (account_id, counter) VALUES (:account, :counter)
                ON CONFLICT (account_id) DO UPDATE SET counter = greatest(excluded.counter, second_factor_use.counter)
            """),
            {"account": user.id, "counter": tmatch.counter},
        )


class CodeForm(TwoFactorVerifyCodeForm):
    """Flask-Security's form for the code, slowed down for those who guess."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.code.label.text = lazy_gettext("Kode enam angka dari ponsel")
        self.submit.label.text = lazy_gettext("Lanjut")

    def validate(self, **kwargs: Any) -> bool:
        """Check the code, unless it has been wrong too often."""
        return _slowed_down(self, self.user, super().validate, kwargs)


class RecoveryForm(MfRecoveryForm):
    """Flask-Security's form for a recovery code, slowed down for those who guess."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.code.label.text = lazy_gettext("Kode pemulihan")
        self.submit.label.text = lazy_gettext("Lanjut")

    def validate(self, **kwargs: Any) -> bool:
        """Check the code, unless it has been wrong too often."""
        return _slowed_down(self, self.user, super().validate, kwargs)


def _slowed_down(form: Any, user: Any, validate: Any, kwargs: dict[str, Any]) -> bool:
    subject = f"code:{user.email}"
    minutes = blocked_minutes(subject)
    if minutes:
        form.form_errors.append(gettext("Terlalu banyak percobaan. Coba lagi %(minutes)s menit lagi.", minutes=minutes))
        return False
    if validate(**kwargs):
        return True
    note_guess(subject)
    return False


def _derived(secret_key: str, purpose: str) -> bytes:
    """Return a key of 32 bytes for one purpose."""
    return hashlib.blake2b(purpose.encode(), key=secret_key.encode()[:64], digest_size=32).digest()
