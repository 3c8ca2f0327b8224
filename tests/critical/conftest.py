"""A region, the seeded rules, and a package with a contract that the alarm looks at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from app.extensions import db
from layers.rules import seed_rules
from tests.helpers.factories import make_region
from tests.helpers.people import make_account, sign_in


@pytest.fixture(autouse=True)
def ready(connection: Connection) -> None:
    """A region with the rules of rules.yml."""
    make_region(connection)
    seed_rules(connection)


@pytest.fixture
def ppk(connection: Connection, client: FlaskClient) -> FlaskClient:
    """A browser in which a PPK is signed in."""
    return sign_in(client, make_account(connection, "ppk"))


@pytest.fixture
def app_session(app: Flask) -> Iterator[Session]:
    """A session of the role app, as approvals and jobs have it."""
    with app.app_context():
        yield db.session
