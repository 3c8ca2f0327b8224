"""Every page of staff that has no test of its own: accessible in both languages and themes, and whole on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from app.database.roles import DatabaseUrls
from tests.browser.conftest import NewPage
from tests.browser.test_accessibility import violations
from tests.helpers.people import make_account, sign_in

PACKAGE = "/packages/2026-JLN-001"
PAGES = {
    "administrator": ("/account", "/work", "/notices", "/audit", "/people", "/periods", "/outbox"),
    "planner": ("/programmes", "/packages/new", f"{PACKAGE}/funds"),
    "treasurer": (PACKAGE, f"{PACKAGE}/payments", f"{PACKAGE}/documents"),
    "ppk": (
        f"{PACKAGE}/updates",
        f"{PACKAGE}/updates?as_of=2026-06-30",
        f"{PACKAGE}/critical?as_of=2026-06-30",
        f"{PACKAGE}/locations?as_of=2026-06-30",
        f"{PACKAGE}/status",
        f"{PACKAGE}/links",
        f"{PACKAGE}/edit",
    ),
}


@pytest.fixture(scope="module")
def cookies(live_app: Flask, demonstration: DatabaseUrls) -> Iterator[dict[str, str]]:
    """The cookie of one account of each role, signed in."""
    engine = create_engine(demonstration.owner, poolclass=NullPool)
    with engine.begin() as connection:
        accounts = {role: make_account(connection, role, name=f"Uji {role}") for role in PAGES}
    found = {}
    for role, account in accounts.items():
        cookie = sign_in(live_app.test_client(), account).get_cookie("session")
        assert cookie is not None
        found[role] = cookie.value
    yield found
    with engine.begin() as connection:
        ids = [account.id for account in accounts.values()]
        connection.execute(text("DELETE FROM app.account WHERE id = ANY (:ids)"), {"ids": ids})
    engine.dispose()


@pytest.mark.parametrize(("language", "scheme", "width"), [("id", "light", 1440), ("en", "dark", 360)])
@pytest.mark.parametrize("role", PAGES)
def test_pages_have_no_violation_and_fit(
    new_page: NewPage, cookies: dict[str, str], live_server: str, role: str, language: str, scheme: str, width: int
) -> None:
    page = new_page(width=width, height=800, color_scheme=scheme, bypass_csp=True)
    page.context.add_cookies([{"name": "session", "value": cookies[role], "url": live_server}])
    for address in PAGES[role]:
        answer = page.goto(address + ("&" if "?" in address else "?") + f"lang={language}")
        assert answer is not None
        assert answer.status == 200, address
        assert violations(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
            f"{address} is wider than the screen"
        )
