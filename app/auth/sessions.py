"""Sessions of browsers: kept in the database, so that they end when they should wherever their cookie is."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from flask import current_app, g, has_request_context, request, session
from sqlalchemy import text

from app.auth.models import Account
from app.config import SessionLimits, Settings
from app.extensions import db

KEY = "sign_in"  # in the cookie
SEEN_EVERY_SECONDS = 60  # how often a session's last use is written down


def start_session(account: Account, *, remember: bool = False) -> None:
    """Begin a session of an account in this browser; `remember` lets it live on when the browser is closed."""
    limits = current_limits()
    session[KEY] = open_session(account.id, limits.remembered_minutes if remember else limits.minutes, limits, remember)
    session.permanent = remember


def open_session(account_id: int, minutes: int, limits: SessionLimits, remember: bool = False) -> str:
    """Write a session down and return its key; a session that is used no more ends before its minutes are over."""
    key = secrets.token_urlsafe(32)
    db.session.execute(
        text("""
            INSERT INTO app.sign_in (account_id, key_hash, idle_minutes, ends_at, agent)
            VALUES (:account, :key, :idle, clock_timestamp() + make_interval(mins => :minutes), :agent)
        """),
        {
            "account": account_id,
            "key": hashed(key),
            "idle": limits.remembered_idle_minutes if remember else limits.idle_minutes,
            "minutes": minutes,
            "agent": request.user_agent.string[:200] if has_request_context() else None,
        },
    )
    return key


def is_running(account: Account) -> bool:
    """Tell whether this browser's session has not ended, name its account to the database, and note its use."""
    key = session.get(KEY)
    if not key:
        return False
    found = db.session.execute(
        text("""
            SELECT id, seen_at < clock_timestamp() - make_interval(secs => :every) AS to_note,
                set_config('petakarya.actor', :actor, true)
            FROM app.sign_in
            WHERE key_hash = :key AND account_id = :account AND ended_at IS NULL AND ends_at > clock_timestamp()
                AND seen_at > clock_timestamp() - make_interval(mins => idle_minutes)
        """),
        {"key": hashed(key), "account": account.id, "actor": account.email, "every": SEEN_EVERY_SECONDS},
    ).one_or_none()
    if found is None:
        return False
    g.actor = account.email  # for the transactions of this request that are still to begin
    if found.to_note:
        db.session.execute(text("UPDATE app.sign_in SET seen_at = clock_timestamp() WHERE id = :id"), {"id": found.id})
        db.session.commit()
    return True


def end_session() -> None:
    """End this browser's session."""
    key = session.pop(KEY, None)
    if key:
        db.session.execute(
            text("UPDATE app.sign_in SET ended_at = clock_timestamp() WHERE key_hash = :key AND ended_at IS NULL"),
            {"key": hashed(key)},
        )


def end_sessions(account: Account) -> None:
    """End every session of an account, and of older programs too: what their cookies name is no longer his."""
    account.fs_uniquifier = secrets.token_hex(16)
    db.session.execute(
        text("UPDATE app.sign_in SET ended_at = clock_timestamp() WHERE account_id = :account AND ended_at IS NULL"),
        {"account": account.id},
    )


def last_sign_ins(accounts: list[int]) -> dict[int, Any]:
    """Return when each of these accounts signed in last; those who never did are missing."""
    rows = db.session.execute(
        text("SELECT account_id, max(started_at) FROM app.sign_in WHERE account_id = ANY (:accounts) GROUP BY 1"),
        {"accounts": accounts},
    )
    return {row[0]: row[1] for row in rows}


def current_limits() -> SessionLimits:
    """Return how long sessions may last."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings.sessions


def hashed(key: str) -> str:
    """Return what is kept of a key that only its owner may know; 256 random bits need no salt."""
    return hashlib.sha256(key.encode()).hexdigest()
