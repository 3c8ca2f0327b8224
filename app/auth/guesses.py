"""Those who guess: failed attempts counted in the database for an account, an address, and both together."""

from __future__ import annotations

from flask import current_app, request

from app.auth.service import forget_failures, is_blocked, note_failure
from app.config import Settings, SignInLimits
from app.extensions import db


def blocked_minutes(subject: str) -> int:
    """Return how long who tries this from here must wait; 0: not at all."""
    limits = _limits(subject)
    blocking = [limit for name, limit in limits.items() if is_blocked(db.session, name, limit)]
    return max((limit.minutes for limit in blocking), default=0)


def note_guess(subject: str) -> None:
    """Count a failed attempt."""
    note_failure(db.session, list(_limits(subject)))
    db.session.commit()


def forget_guesses(subject: str) -> None:
    """Forget what failed from here before it went well."""
    forget_failures(db.session, f"{subject} {_address()}")
    db.session.commit()


def _limits(subject: str) -> dict[str, SignInLimits]:
    settings: Settings = current_app.config["SETTINGS"]
    return {
        f"{subject} {_address()}": settings.sign_in.per_account_here,
        _address(): settings.sign_in.per_address,
        subject: settings.sign_in.per_account,
    }


def _address() -> str:
    return f"address:{request.remote_addr}"
