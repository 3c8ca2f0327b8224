"""Subscriptions: asked for, confirmed, ended, forgotten; links that only their owner has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.config import FeedLimits
from app.errors import NotFound, TooMany
from app.feedback.limits import address_subject
from app.feeds.scope import Scope

EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+", re.ASCII)
LONGEST_EMAIL = 200
COLUMNS = "id, key, email, scope, language, confirmed_at, told_until"
Purpose = Literal["confirm", "leave"]


@dataclass(frozen=True)
class Subscription:
    """What somebody follows by e-mail; `confirmed_at` is None until he said yes."""

    id: int
    key: UUID
    email: str
    scope: str
    language: str
    confirmed_at: datetime | None
    told_until: datetime | None


def is_email(address: str) -> bool:
    """Tell whether this can be an address that mail reaches: lower case, no quotes, a domain with a dot."""
    return len(address) <= LONGEST_EMAIL and ".." not in address and EMAIL.fullmatch(address) is not None


def scope_text(scope: Scope) -> str:
    """Return a scope as text, so that one scope has one text."""
    return urlencode(sorted(scope.now().to_args().items()), doseq=True)


def read_scope(written: str, *, time_zone: str) -> Scope:
    """Return the scope of a text; InvalidRequest when what it names is no longer known."""
    return Scope.from_args(MultiDict(parse_qsl(written)), time_zone=time_zone)


def refuse_flood(session: Session, secret: str, remote: str | None, limits: FeedLimits) -> None:
    """
    Count a request from an address of the network.

    Raises
    ------
    TooMany
        When as many came from there within the hour as are taken.
    """
    subject = address_subject(secret, remote)
    if _count(session, subject, "1 hour") >= limits.requests_per_address:
        raise TooMany(
            "Dari sambungan ini sudah banyak permintaan dalam satu jam. Coba lagi satu jam lagi.",
            "Many requests have come from this connection within an hour. Try again in an hour.",
        )
    _note(session, subject)


def subscribe(
    session: Session, secret: str, email: str, scope: Scope, language: str, limits: FeedLimits
) -> Subscription | None:
    """
    Keep what somebody wants to follow, until he confirms it.

    Returns
    -------
    subscription
        To be asked about by e-mail; None when this address was asked often enough of late, or follows enough.
    """
    subject = address_subject(secret, f"mail {email}")
    if _count(session, subject, "1 day") >= limits.requests_per_email:
        return None
    others = session.scalar(
        text("SELECT count(*) FROM app.subscription WHERE email = :email AND scope <> :scope"),
        {"email": email, "scope": scope_text(scope)},
    )
    if int(others or 0) >= limits.subscriptions_per_email:
        return None
    _note(session, subject)
    row = session.execute(
        text(f"""
            INSERT INTO app.subscription (email, scope, language) VALUES (:email, :scope, :language)
            ON CONFLICT (email, scope) DO UPDATE SET
                language = excluded.language, asked_at = clock_timestamp() RETURNING {COLUMNS}
        """),
        {"email": email, "scope": scope_text(scope), "language": language},
    ).one()
    return Subscription(*row)


def token_of(secret: str, purpose: Purpose, key: UUID) -> str:
    """Return what a link of a subscription holds; it is good for its purpose alone."""
    return str(_signer(secret, purpose).dumps(key.hex))


def find_subscription(session: Session, secret: str, purpose: Purpose, token: str) -> Subscription | None:
    """
    Return the subscription of a link, or None when it has ended.

    Raises
    ------
    NotFound
        When the link is not one that we sent.
    """
    try:
        key = UUID(_signer(secret, purpose).loads(token[:500]))
    except (BadData, ValueError, TypeError, AttributeError):
        raise NotFound(
            "Tautan ini tidak dikenal. Salin seluruhnya dari surel kami.",
            "This link is unknown. Copy the whole of it from our e-mail.",
        ) from None
    row = session.execute(text(f"SELECT {COLUMNS} FROM app.subscription WHERE key = :key"), {"key": key}).one_or_none()
    return Subscription(*row) if row else None


def confirm(session: Session, subscription: Subscription) -> None:
    """Let news be sent from now on; a second time changes nothing."""
    session.execute(
        text("""
            UPDATE app.subscription SET confirmed_at = clock_timestamp(), told_until = clock_timestamp()
            WHERE id = :id AND confirmed_at IS NULL
        """),
        {"id": subscription.id},
    )


def leave(session: Session, subscription: Subscription) -> None:
    """End a subscription, and forget the address with it."""
    session.execute(text("DELETE FROM app.subscription WHERE id = :id"), {"id": subscription.id})


def forget(session: Session, limits: FeedLimits) -> None:
    """Forget requests that nobody confirmed in time, and attempts that are counted no more."""
    session.execute(
        text("""
            DELETE FROM app.subscription
            WHERE confirmed_at IS NULL AND asked_at < clock_timestamp() - make_interval(hours => :hours)
        """),
        {"hours": limits.confirm_hours},
    )
    session.execute(
        text("DELETE FROM app.subscription_attempt WHERE attempted_at < clock_timestamp() - interval '1 day'")
    )


def _count(session: Session, subject: str, span: str) -> int:
    found = session.scalar(
        text("""
            SELECT count(*) FROM app.subscription_attempt
            WHERE subject = :subject AND attempted_at > clock_timestamp() - CAST(:span AS interval)
        """),
        {"subject": subject, "span": span},
    )
    return int(found or 0)


def _note(session: Session, subject: str) -> None:
    session.execute(text("INSERT INTO app.subscription_attempt (subject) VALUES (:subject)"), {"subject": subject})


def _signer(secret: str, purpose: Purpose) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt=f"petakarya.subscription.{purpose}")
