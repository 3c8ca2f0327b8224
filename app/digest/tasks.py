"""Asks new addresses, sends the news of a week, and forgets what nobody confirmed."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.config import Settings
from app.digest.service import COLUMNS, Subscription, forget, read_scope
from app.errors import PetaKaryaError
from app.extensions import db, reader_session
from app.jobs import jobs
from layers.errors import LayersError

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger(__name__)

EVERY = timedelta(days=6)  # between two e-mails: a week, less the hour that a server may be away


@jobs.task(retry=5)
def ask_subscriber(subscription_id: int) -> None:
    """Ask an address whether it wants the news."""
    settings = Settings.from_environment()
    with _application(settings) as app:
        ask_one(app, settings, subscription_id)


@jobs.periodic(cron="40 * * * 1")  # UTC; on Mondays, every hour, so that what failed is tried again
@jobs.task(queueing_lock="send_digests")
def send_digests(timestamp: int) -> None:
    """Send the news of the week to everybody who was not told yet."""
    settings = Settings.from_environment()
    with _application(settings) as app:
        sent = send_all(app, settings)
    log.info("sent the news of the week to %s addresses", sent)


@jobs.periodic(cron="51 * * * *")
@jobs.task(queueing_lock="forget_subscriptions")
def forget_subscriptions(timestamp: int) -> None:
    """Forget requests that nobody confirmed in time."""
    settings = Settings.from_environment()
    with _application(settings) as app, app.app_context():
        forget(db.session, settings.feeds)
        db.session.commit()


def ask_one(app: Flask, settings: Settings, subscription_id: int) -> None:
    """Send the question of a subscription; nothing when it has ended meanwhile."""
    from app.digest.letters import question, root_url, send

    with app.app_context():
        row = db.session.execute(
            text(f"SELECT {COLUMNS} FROM app.subscription WHERE id = :id"), {"id": subscription_id}
        ).one_or_none()
    if row is None:
        return
    subscription = Subscription(*row)
    with app.test_request_context("/", base_url=root_url(settings), query_string={"lang": subscription.language}):
        send(settings, subscription.email, question(reader_session(), subscription))


def send_all(app: Flask, settings: Settings) -> int:
    """
    Send the news to every subscriber whose week is over, and return how many e-mails went out.

    Each is noted when it is sent, so that a second run sends nothing twice; one that fails is left for the next.
    """
    with app.app_context():
        rows = db.session.execute(
            text(f"""
                SELECT {COLUMNS} FROM app.subscription
                WHERE confirmed_at IS NOT NULL AND told_until < clock_timestamp() - CAST(:every AS interval) ORDER BY id
            """),
            {"every": EVERY},
        ).all()
    return sum(_send_one(app, settings, Subscription(*row)) for row in rows)


def _send_one(app: Flask, settings: Settings, subscription: Subscription) -> bool:
    from app.digest.letters import events_for, news, root_url, send
    from app.region import current_region

    begun = datetime.now(UTC)
    limit = settings.feeds.digest_events
    with app.test_request_context("/", base_url=root_url(settings), query_string={"lang": subscription.language}):
        try:
            scope = read_scope(subscription.scope, time_zone=current_region().time_zone)
            events = events_for(reader_session(), subscription, scope, limit + 1)
            if events:
                letter = news(reader_session(), subscription, scope, events[:limit], len(events) > limit)
                send(settings, subscription.email, letter)
        except (PetaKaryaError, LayersError, OSError, smtplib.SMTPException) as error:
            log.warning("the news of subscription %s was not sent: %s", subscription.id, type(error).__name__)
            return False
        _note_told(db.session, subscription.id, begun)
        return bool(events)


def _note_told(session: Session, subscription_id: int, moment: datetime) -> None:
    session.execute(
        text("UPDATE app.subscription SET told_until = :moment WHERE id = :id"),
        {"moment": moment, "id": subscription_id},
    )
    session.commit()


@contextmanager
def _application(settings: Settings) -> Iterator[Flask]:
    """Make the application for a task, and close its connections at the end."""
    from app import create_app  # the sentences need its translations

    app = create_app(settings)
    try:
        yield app
    finally:
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()
