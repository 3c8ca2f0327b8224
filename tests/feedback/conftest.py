"""Fixtures for reports of residents: a regency with a district, the rules, and a form that was opened a while ago."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeSerializer
from sqlalchemy import Connection, Row, text

from app.extensions import db
from app.feedback.queries import get_report
from layers.rules import seed_rules
from tests.helpers.factories import make_district, make_region

Send = Callable[..., Any]


@pytest.fixture
def regency(connection: Connection) -> None:
    """The region, one district, the rules."""
    make_region(connection)
    make_district(connection)
    seed_rules(connection)


@pytest.fixture
def site(app: Flask, regency: None, tmp_path: Path) -> Flask:
    """The application with a storage of the test's own."""
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], home=tmp_path)
    return app


@pytest.fixture
def visitor(site: Flask) -> FlaskClient:
    """A resident's browser."""
    return site.test_client()


def opened(app: Flask, seconds: int = 60) -> str:
    """Return what a form holds that was opened so many seconds ago."""
    signer = URLSafeSerializer(app.config["SECRET_KEY"], salt="petakarya.feedback-form")
    return str(signer.dumps(int(time.time()) - seconds))


def fields(app: Flask, **more: Any) -> dict[str, Any]:
    """Return the form of a pothole near the market, with what a test wants to be otherwise."""
    values = {
        "category": "road_damage",
        "text": "Lubang besar di tengah jalan, sudah dua minggu.",
        "coordinates": "-3.15, 102.95",
        "opened": opened(app),
        **more,
    }
    return {name: value for name, value in values.items() if value is not None}


def draft_of(answer: Any) -> str:
    """Return the key that the page of the second step holds."""
    page = answer.get_data(as_text=True)
    return str(page.partition('name="draft" value="')[2].partition('"')[0])


def report_problem(client: FlaskClient, **more: Any) -> str:
    """Send a report in both steps and return the address of its receipt."""
    checked = client.post("/report", data=fields(client.application, **more))
    assert checked.status_code == 200, checked.get_data(as_text=True)
    sent = client.post("/report/send", data={"draft": draft_of(checked), "action": "send"})
    assert sent.status_code == 303, sent.get_data(as_text=True)
    return str(sent.headers["Location"])


def only_report(app: Flask) -> Row[Any]:
    """Return the report that is there."""
    with app.app_context():
        report_id = db.session.scalars(text("SELECT id FROM app.feedback_report")).one()
        return get_report(db.session, report_id)
