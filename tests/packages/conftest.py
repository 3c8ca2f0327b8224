"""A region, the rules, and people who may edit the register."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection

from layers.rules import seed_rules
from tests.helpers.factories import make_region
from tests.helpers.people import make_account, sign_in

TODAY = date(2026, 11, 24)


@pytest.fixture
def ready(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A region with the rules of rules.yml, on 24 November 2026."""
    make_region(connection)
    seed_rules(connection)
    monkeypatch.setattr("app.packages.api.today", lambda: TODAY)


@pytest.fixture
def ppk(connection: Connection, app: Flask) -> FlaskClient:
    """A browser in which a PPK is signed in."""
    return sign_in(app.test_client(), make_account(connection, "ppk"))


@pytest.fixture
def planner(connection: Connection, app: Flask) -> FlaskClient:
    """A browser in which a planner is signed in."""
    return sign_in(app.test_client(), make_account(connection, "planner"))


@pytest.fixture
def treasurer(connection: Connection, app: Flask) -> FlaskClient:
    """A browser in which a treasurer is signed in."""
    return sign_in(app.test_client(), make_account(connection, "treasurer"))
