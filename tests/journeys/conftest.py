"""An office of its own for each journey: a regency, its people, and a server that commits."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask_security import hash_password
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from app import create_app
from app.auth.demo import DOMAIN, ensure_demo_accounts
from app.config import Settings
from app.database.roles import DatabaseUrls
from app.extensions import db
from layers.rules import seed_rules
from tests.browser.conftest import serving
from tests.helpers.application import everything_closed
from tests.helpers.chromium import PATIENCE_MS, mark_browser_tests
from tests.helpers.database import copied_database
from tests.helpers.factories import make_district, make_region

PASSWORD = "jalan-panjang-menuju-fho"
Person = Callable[[str], Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder as one that needs a browser."""
    mark_browser_tests(items, Path(__file__).parent)


@pytest.fixture
def office(settings: Settings, database: DatabaseUrls) -> Iterator[Flask]:
    """A regency with one district, the rules, and an account for each role, which share a password."""
    with copied_database(settings, f"petakarya_journey_{os.getpid()}") as urls:
        engine = create_engine(urls.owner, poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text("SELECT set_config('petakarya.actor', 'persiapan', true)"))
            connection.execute(text("DELETE FROM app.region"))
            make_region(connection)
            seed_rules(connection)
            make_district(connection)
            ensure_demo_accounts(connection)
        engine.dispose()
        app = create_app(replace(settings, second_factor=False), urls)
        with everything_closed(app):
            with app.app_context():
                db.session.execute(text("UPDATE app.account SET password = :hash"), {"hash": hash_password(PASSWORD)})
                db.session.commit()
            yield app


@pytest.fixture
def person(office: Flask, browser: Browser) -> Iterator[Person]:
    """Opens a page on which somebody of the office is signed in: `person("ppk")`; pages work without scripts."""
    contexts: dict[str, BrowserContext] = {}
    with serving(office) as address:

        def sign_in(name: str) -> Page:
            if name in contexts:
                return contexts[name].pages[0]
            context = browser.new_context(
                base_url=address, viewport={"width": 1280, "height": 900}, java_script_enabled=False
            )
            context.set_default_timeout(PATIENCE_MS)
            contexts[name] = context
            page = context.new_page()
            if name != "visitor":
                page.goto("/login")
                page.fill("input[name=email]", f"{name}@{DOMAIN}")
                page.fill("input[name=password]", PASSWORD)
                page.press("input[name=password]", "Enter")
                page.wait_for_url("**/work")
            return page

        yield sign_in
        for context in contexts.values():
            context.close()
