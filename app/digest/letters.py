"""The e-mails of subscriptions: the question whether one wants it, and the news of a week."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path

from flask import current_app, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from app.config import Settings
from app.digest.service import Subscription, read_scope, token_of
from app.feeds.events import Event, heading_of, read_events, sentences_of
from app.feeds.scope import Scope, title_of
from app.region import current_region
from app.work.mail import WHOLE_LINES, send_message

log = logging.getLogger(__name__)

LONGEST_SUBJECT = 180  # characters
OLDEST = timedelta(days=120)  # what had happened so long before it was recorded is no news


@dataclass(frozen=True)
class Letter:
    """An e-mail before it is addressed."""

    subject: str
    content: str
    headers: Mapping[str, str]


def root_url(settings: Settings) -> str:
    """Return where people reach us: from the settings alone, never from a request that asks for an e-mail."""
    return settings.public_url or f"http://{settings.host}:{settings.port}"


def can_send(settings: Settings) -> bool:
    """Tell whether subscriptions are offered: where mail is sent, or where this is only a demonstration."""
    return settings.demo or (settings.smtp_url is not None and settings.public_url is not None)


def question(session: Session, subscription: Subscription) -> Letter:
    """Return the e-mail that asks whether this address wants the news; who did not ask need do nothing."""
    region = current_region()
    what = title_of(session, read_scope(subscription.scope, time_zone=region.time_zone))
    settings: Settings = current_app.config["SETTINGS"]
    lines = [
        gettext("Seseorang, mungkin Anda, meminta kabar mingguan ini ke alamat surel ini:"),
        f"  {what}",
        "",
        gettext("Buka tautan ini untuk menyetujuinya:"),
        _link("digest.confirm_page", "confirm", subscription),
        "",
        gettext(
            "Bila bukan Anda, abaikan saja. Tanpa persetujuan, alamat ini dihapus dalam %(hours)s jam.",
            hours=settings.feeds.confirm_hours,
        ),
        "",
        region.full_name,
    ]
    subject = gettext("Setujui kabar pekerjaan: %(what)s", what=what)
    return Letter(_one_line(subject), "\n".join(map(str, lines)) + "\n", _headers(subscription))


def news(session: Session, subscription: Subscription, scope: Scope, events: Sequence[Event], more: bool) -> Letter:
    """Return the e-mail of a week: what happened, project by project, the newest first."""
    region = current_region()
    what = title_of(session, scope)
    lines = [gettext("Kabar pekerjaan: %(what)s", what=what), region.full_name, ""]
    by_project: dict[str, list[Event]] = {}
    for event in events:
        by_project.setdefault(event.code, []).append(event)
    for code, happened in by_project.items():
        lines.append(happened[0].name)
        for event in happened:
            lines.append("- " + " ".join([f"{heading_of(event)}.", *sentences_of(event)]))
        lines += [url_for("projects.page", code=code, _external=True), ""]
    if more:
        lines += [gettext("Masih ada kabar lain; lihat daftarnya:"), _page_of(scope), ""]
    lines += [
        "--",
        gettext("Anda menerima surel ini karena pernah menyetujuinya. Berhenti dengan satu klik:"),
        _link("digest.leave_page", "leave", subscription),
    ]
    subject = gettext("Kabar pekerjaan: %(what)s", what=what)
    return Letter(_one_line(subject), "\n".join(map(str, lines)) + "\n", _headers(subscription))


def events_for(session: Session, subscription: Subscription, scope: Scope, limit: int) -> list[Event]:
    """Return what a subscriber was not told yet; what is recorded very late is left to the pages."""
    return read_events(session, scope, limit=limit, since=subscription.told_until, oldest=OLDEST)


def send(settings: Settings, address: str, letter: Letter) -> None:
    """Send an e-mail; in a demonstration without a server it is put into the folder `mail` under the home."""
    if settings.smtp_url is not None:
        send_message(settings, address, letter.subject, letter.content, headers=letter.headers)
        return
    message = EmailMessage(policy=WHOLE_LINES)
    message["From"], message["To"], message["Subject"] = settings.mail_from, address, letter.subject
    message["Message-ID"] = make_msgid(domain="petakarya.invalid")
    for name, value in letter.headers.items():
        message[name] = value
    message.set_content(letter.content)
    folder = settings.home / "mail"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path: Path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}.eml"
    path.write_bytes(bytes(message))
    path.chmod(0o600)
    log.info("no e-mail server is set; a letter was put into %s", path)


def _headers(subscription: Subscription) -> dict[str, str]:
    """Return the headers by which mail programs offer to leave with one click (RFC 2369, RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{_link('digest.leave_now', 'leave', subscription)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
    }


def _link(endpoint: str, purpose: str, subscription: Subscription) -> str:
    token = token_of(current_app.config["SECRET_KEY"], purpose, subscription.key)  # type: ignore[arg-type]
    return url_for(endpoint, token=token, _external=True)


def _page_of(scope: Scope) -> str:
    if scope.project:
        return url_for("projects.page", code=scope.project, _external=True)
    return url_for("projects.table", **scope.list_args, _external=True)


def _one_line(subject: str) -> str:
    return " ".join(subject.split())[:LONGEST_SUBJECT]
