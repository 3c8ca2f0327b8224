"""A package at work on 24 November 2026, and people who report and review it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Row

from app.progress import update_routes
from layers.rules import seed_rules
from tests.helpers.factories import make_district, make_region
from tests.helpers.people import make_account, sign_in
from tests.helpers.tracking import make_baseline, make_tracked_project

TODAY = date(2026, 11, 24)


@dataclass(frozen=True)
class Site:
    """A package, with an account and a browser for each who works on it."""

    id: int
    code: str
    officer: Row[Any]
    colleague: Row[Any]
    reviewer: Row[Any]
    at_officer: FlaskClient
    at_colleague: FlaskClient
    at_reviewer: FlaskClient


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> date:
    """The day it is for the application: one on which October is closed and November is open."""
    monkeypatch.setattr(update_routes, "today_in", lambda _time_zone: TODAY)
    return TODAY


@pytest.fixture
def site(app: Flask, connection: Connection, today: date) -> Site:
    """A package in the region's one district, planned straight from 1 May to 15 December."""
    make_region(connection)
    make_district(connection)
    seed_rules(connection)
    project = make_tracked_project(connection, code="JLN-7")
    make_baseline(connection, project, {date(2026, 4, 30): 0.0, date(2026, 12, 15): 100.0})
    officer, colleague, reviewer = (
        make_account(connection, role) for role in ("field_officer", "field_officer", "reviewer")
    )
    clients = [sign_in(app.test_client(), account) for account in (officer, colleague, reviewer)]
    return Site(project, "JLN-7", officer, colleague, reviewer, *clients)
