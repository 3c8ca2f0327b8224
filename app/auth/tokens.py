"""Tokens of people's own scripts: shown once, kept as a hash, never more rights than their account has."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from flask import g, request
from flask_babel import gettext
from sqlalchemy import Row, text

from app.auth.models import Account
from app.auth.permissions import Permission, permissions_of
from app.auth.sessions import hashed
from app.errors import InvalidInput, NotFound, NotSignedIn
from app.extensions import db

PREFIX = "pk_"
SCHEME = "Bearer "
MOST_TOKENS = 20  # that one account may have at a time
USED_EVERY_SECONDS = 60  # how often a token's last use is written down


def make_token(account: Account, name: str, permissions: Iterable[Permission], days: int) -> str:
    """
    Make a token of an account and return it; nobody can read it again.

    Raises
    ------
    InvalidInput
        When the account has too many, or does not hold a permission itself.
    """
    wanted = frozenset(permissions)
    if not wanted <= permissions_of(account):
        raise InvalidInput({"permissions": gettext("Akun Anda tidak memiliki hak ini sendiri.")})
    if len([token for token in tokens_of(account) if token.is_valid]) >= MOST_TOKENS:
        raise InvalidInput({"": gettext("Paling banyak %(n)s token. Cabut dahulu yang tidak dipakai.", n=MOST_TOKENS)})
    token = PREFIX + secrets.token_urlsafe(32)
    db.session.execute(
        text("""
            INSERT INTO app.api_token (account_id, name, token_hash, permissions, expires_at)
            VALUES (:account, :name, :hash, :permissions, now() + make_interval(days => :days))
        """),
        {
            "account": account.id,
            "name": name,
            "hash": hashed(token),
            "permissions": sorted(wanted),
            "days": days,
        },
    )
    return token


def tokens_of(account: Account) -> Sequence[Row[Any]]:
    """Return the tokens of an account, newest first; `is_valid` says whether one still opens anything."""
    return db.session.execute(
        text("""
            SELECT id, name, permissions, created_at, expires_at, last_used_at, revoked_at,
                revoked_at IS NULL AND expires_at > now() AS is_valid
            FROM app.api_token WHERE account_id = :account ORDER BY created_at DESC, id DESC
        """),
        {"account": account.id},
    ).all()


def revoke_token(account: Account, token_id: int) -> None:
    """Revoke a token of an account; `NotFound` when it has no such token. Revoking twice changes nothing."""
    found = db.session.scalar(
        text("""
            UPDATE app.api_token SET revoked_at = coalesce(revoked_at, now())
            WHERE id = :id AND account_id = :account RETURNING id
        """),
        {"id": token_id, "account": account.id},
    )
    if found is None:
        raise NotFound("Token ini tidak ada.", "There is no such token.")


def revoke_tokens(account: Account) -> None:
    """Revoke every token of an account."""
    db.session.execute(
        text("UPDATE app.api_token SET revoked_at = now() WHERE account_id = :account AND revoked_at IS NULL"),
        {"account": account.id},
    )


def is_by_token() -> bool:
    """Tell whether a token acts in this request."""
    return g.get("api_token") is not None


def sign_in_by_token() -> Account | None:
    """
    Let the token of `Authorization: Bearer` act in this request instead of any cookie; None when there is no token.

    Raises
    ------
    NotSignedIn
        When the token is unknown, expired or revoked, or its account is closed.
    """
    header = request.headers.get("Authorization", "")
    if not header.startswith(SCHEME):
        return None
    token = db.session.execute(
        text("""
            SELECT id, account_id, permissions,
                coalesce(last_used_at < clock_timestamp() - make_interval(secs => :every), true) AS to_note
            FROM app.api_token WHERE token_hash = :hash AND revoked_at IS NULL AND expires_at > clock_timestamp()
        """),
        {"hash": hashed(header.removeprefix(SCHEME).strip()), "every": USED_EVERY_SECONDS},
    ).one_or_none()
    account = db.session.get(Account, token.account_id) if token else None
    if token is None or account is None or not account.active:
        raise NotSignedIn(
            "Token ini tidak berlaku. Buat yang baru di halaman Akun.",
            "This token is not valid. Make a new one on the Account page.",
        )
    if token.to_note:
        db.session.execute(
            text("UPDATE app.api_token SET last_used_at = clock_timestamp() WHERE id = :id"), {"id": token.id}
        )
        db.session.commit()
    g.api_token = token
    g._login_user = account  # where Flask-Login keeps who acts
    return account
