"""Keeps floods and machines away: how many come from where, how fast a form was filled, a field that people leave."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import time

from flask_babel import gettext
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.config import FeedbackLimits
from app.errors import InvalidInput, TooMany

REGION = "region"
OLDEST_FORM_S = 3 * 86_400
HOUR = "interval '1 hour'"


def address_subject(secret: str, address: str | None) -> str:
    """Return what an address of the network is counted by: a keyed hash, so that no address is kept."""
    try:
        parsed = ipaddress.ip_address(address or "")
        if parsed.version == 6:  # one connection has all of these
            address = str(ipaddress.ip_network((parsed, 64), strict=False))
    except ValueError:
        pass
    return "address:" + hmac.new(secret.encode(), (address or "").encode(), hashlib.sha256).hexdigest()[:32]


def refuse_flood(session: Session, subject: str, limits: FeedbackLimits) -> None:
    """
    Count an attempt from an address; what is refused is not counted, so that it never lasts longer than an hour.

    Raises
    ------
    TooMany
        When as many came from there within the hour as are read.
    """
    if _count(session, f"check:{subject}") >= limits.checks_per_address:
        raise _too_many_here()
    _note(session, f"check:{subject}")


def refuse_too_many_reports(session: Session, subject: str, limits: FeedbackLimits) -> None:
    """
    Count a report that is sent, against its address and against all; the caller commits at once, since others wait.

    Raises
    ------
    TooMany
        When its address, or everybody together, has sent as many within the hour as are taken.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('petakarya.feedback.count'))"))
    if _count(session, subject) >= limits.reports_per_address:
        raise _too_many_here()
    if _count(session, REGION) >= limits.reports_per_region:
        raise TooMany(
            "Saat ini terlalu banyak laporan masuk sekaligus. Laporan Anda belum terkirim; coba lagi satu jam lagi.",
            "Too many reports are coming in at the moment. Yours is not sent yet; try again in an hour.",
        )
    _note(session, subject)
    _note(session, REGION)


def refuse_full_drafts(session: Session, limits: FeedbackLimits) -> None:
    """
    Take no more photos in while those that wait to be sent fill their room; it empties within a day.

    Raises
    ------
    TooMany
        When there is no room.
    """
    kept = session.scalar(text("SELECT coalesce(sum(octet_length(photo)), 0) FROM app.feedback_draft"))
    if int(kept or 0) >= limits.draft_bytes:
        raise TooMany(
            "Saat ini terlalu banyak foto menunggu. Laporan tanpa foto tetap dapat dikirim.",
            "Too many photos are waiting at the moment. A report without a photo can be sent all the same.",
        )


def opened_now(secret: str) -> str:
    """Return the signed moment at which a form was opened."""
    return str(_signer(secret).dumps(int(time.time())))


def refuse_machines(secret: str, opened: str | None, filled: str | None, limits: FeedbackLimits) -> None:
    """
    Refuse what no person sends: the field that nobody sees is filled, or the form was filled within moments.

    Raises
    ------
    InvalidInput
        With a sentence for a person to whom this happens by mistake.
    """
    if filled:
        raise InvalidInput(
            {"": gettext("Satu isian yang harus kosong ternyata terisi. Muat ulang halaman, lalu isi lagi.")}
        )
    try:
        age_s = time.time() - int(_signer(secret).loads(opened or ""))
    except (BadData, TypeError, ValueError):
        age_s = OLDEST_FORM_S + 1
    if age_s > OLDEST_FORM_S:
        raise InvalidInput({"": gettext("Halaman ini terlalu lama terbuka. Isian Anda masih ada; kirim sekali lagi.")})
    if age_s < limits.shortest_seconds:
        raise InvalidInput({"": gettext("Formulir ini dikirim terlalu cepat. Tunggu sebentar, lalu kirim lagi.")})


def forget_attempts(session: Session) -> None:
    """Forget what is counted no more."""
    session.execute(text(f"DELETE FROM app.feedback_attempt WHERE attempted_at < clock_timestamp() - {HOUR}"))


def _count(session: Session, subject: str) -> int:
    return int(
        session.scalar(
            text(f"""
                SELECT count(*) FROM app.feedback_attempt
                WHERE subject = :subject AND attempted_at > clock_timestamp() - {HOUR}
            """),
            {"subject": subject},
        )
        or 0
    )


def _note(session: Session, subject: str) -> None:
    session.execute(text("INSERT INTO app.feedback_attempt (subject) VALUES (:subject)"), {"subject": subject})


def _too_many_here() -> TooMany:
    return TooMany(
        "Dari sambungan ini sudah banyak laporan dalam satu jam. Laporan Anda belum terkirim; coba lagi satu jam lagi.",
        "Many reports have come from this connection within an hour. Yours is not sent yet; try again in an hour.",
    )


def _signer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="petakarya.feedback-form")
