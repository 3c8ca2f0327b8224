"""Send notices by e-mail, each once; where no server is set, they are only in the application and in the log."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any
from urllib.parse import unquote, urlsplit

from app.config import Settings
from app.database.roles import connect, database_urls, libpq_url

log = logging.getLogger(__name__)

AT_ONCE = 50
TIMEOUT_S = 20
WHOLE_LINES = SMTP.clone(max_line_length=998)  # a long address in a header is never broken or encoded (RFC 5322)
WAITING = """
    SELECT n.id, n.kind, n.about, a.email, p.code, p.name
    FROM app.notice n JOIN app.account a ON a.id = n.account_id AND a.active
    LEFT JOIN app.project p ON p.id = n.project_id
    WHERE n.mailed_at IS NULL AND n.created_at > now() - interval '2 days'
    ORDER BY n.id LIMIT %s FOR UPDATE OF n SKIP LOCKED
"""


def send_waiting(settings: Settings) -> int:
    """
    Send the notices that were not sent yet, and return how many.

    One that the server does not take stays and is tried again a minute later, for two days; the others go on.
    """
    with connect(libpq_url(database_urls(settings).app)) as connection:
        rows = connection.execute(WAITING, [AT_ONCE]).fetchall()
        if not rows:
            return 0
        sent = [row[0] for row in _send(settings, rows)]
        connection.execute("UPDATE app.notice SET mailed_at = now() WHERE id = ANY (%s)", [sent])
    return len(sent)


def _send(settings: Settings, rows: list[Any]) -> Iterator[Any]:
    from app import create_app  # the sentences need its translations; a minute without notices does without it
    from app.work.notices import sentence_of

    with create_app(settings).app_context():
        messages = [(row, _message(settings, row, sentence_of(row[1], row[2]))) for row in rows]
    if settings.smtp_url is None:
        for row, message in messages:
            log.info("no e-mail server is set; notice to %s: %s", row[3], message["Subject"])
            yield row
        return
    try:
        with _server(settings.smtp_url) as server:
            for row, message in messages:
                try:
                    server.send_message(message)
                except smtplib.SMTPException as error:
                    log.warning("notice %s was not taken by the e-mail server: %s", row[0], type(error).__name__)
                else:
                    yield row
    except (OSError, smtplib.SMTPException) as error:
        log.warning("the e-mail server cannot be used: %s", error)


def _message(settings: Settings, row: Any, sentence: str) -> EmailMessage:
    _id, _kind, _about, address, code, name = row
    message = EmailMessage()
    message["From"], message["To"] = settings.mail_from, address
    message["Subject"] = " ".join(f"{code or 'PetaKarya'}: {sentence}".split())[:200]
    link = f"\n\n{settings.public_url}/packages/{code}" if settings.public_url and code else ""
    message.set_content(f"{name or ''}\n\n{sentence}{link}\n")
    return message


def send_message(
    settings: Settings, address: str, subject: str, content: str, *, headers: Mapping[str, str] | None = None
) -> None:
    """Send one e-mail now; errors of the server are the caller's, who may try again."""
    assert settings.smtp_url is not None
    message = EmailMessage(policy=WHOLE_LINES)
    message["From"], message["To"], message["Subject"] = settings.mail_from, address, subject
    for name, value in (headers or {}).items():
        message[name] = value
    message.set_content(content)
    with _server(settings.smtp_url) as server:
        server.send_message(message)


@contextmanager
def _server(url: str) -> Iterator[smtplib.SMTP]:
    """Open the server: TLS from the start for smtps, else STARTTLS where it is offered."""
    parts = urlsplit(url)
    assert parts.hostname is not None  # app.config has checked it
    context = ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(parts.hostname, parts.port or 465, timeout=TIMEOUT_S, context=context)
    else:
        server = smtplib.SMTP(parts.hostname, parts.port or 25, timeout=TIMEOUT_S)
    with server:
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        yield server
