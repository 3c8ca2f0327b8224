"""The staff register and the leader's page in a real browser: keyboard, phone, one screen, no violation; and pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from app.database.roles import DatabaseUrls
from tests.browser.conftest import NewPage
from tests.browser.test_accessibility import violations
from tests.helpers.people import make_account, sign_in

DESK, TABLET, PHONE = (1440, 900), (768, 1024), (360, 740)
PAGES = {
    "register": "/register",
    "register-compared": "/register?stage=late&compare=2026-10-31&columns=name,stage,physical_percent,paid_idr,ppk",
    "leader": "/leader",
    "leader-unit": "/leader?by=programme&year=all",
}


@pytest.fixture(scope="module")
def session_cookie(live_app: Flask, demonstration: DatabaseUrls) -> Iterator[str]:
    """The cookie of a leader who has signed in."""
    engine = create_engine(demonstration.owner, poolclass=NullPool)
    with engine.begin() as connection:
        account = make_account(connection, "leader", name="Pimpinan Uji")
    client = sign_in(live_app.test_client(), account)
    cookie = client.get_cookie("session")
    assert cookie is not None
    yield cookie.value
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM app.account WHERE id = :id"), {"id": account.id})
    engine.dispose()


def open_signed_in(new_page: NewPage, cookie: str, address: str, live_server: str, **options: object) -> Page:
    """Open a page as the leader."""
    page = new_page(bypass_csp=True, **options)
    page.context.add_cookies([{"name": "session", "value": cookie, "url": live_server}])
    page.goto(address)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, TABLET, PHONE])
@pytest.mark.parametrize("name", PAGES)
def test_pages_have_no_violation_and_fit(
    new_page: NewPage,
    session_cookie: str,
    live_server: str,
    screenshots: Path,
    name: str,
    size: tuple[int, int],
    scheme: str,
) -> None:
    width, height = size
    page = open_signed_in(
        new_page, session_cookie, PAGES[name], live_server, width=width, height=height, color_scheme=scheme,
        has_touch=width < 1000,
    )  # fmt: skip
    page.wait_for_load_state("networkidle")
    page.screenshot(path=screenshots / f"{name}-{width}-{scheme}.png")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert violations(page) == []


def test_leader_needs_no_scrolling_at_a_desk(new_page: NewPage, session_cookie: str, live_server: str) -> None:
    page = open_signed_in(new_page, session_cookie, "/leader", live_server)
    assert page.evaluate("() => document.documentElement.scrollHeight") <= DESK[1]
    box = page.locator(".leader-map img").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= DESK[1]
    assert box["height"] > 150
    assert page.locator(".figure-now").count() == 4


def test_rows_are_walked_by_keys(new_page: NewPage, session_cookie: str, live_server: str) -> None:
    page = open_signed_in(new_page, session_cookie, "/register", live_server)
    page.wait_for_load_state("networkidle")
    links = page.locator("[data-part=row-link]")
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate("() => document.activeElement.textContent") == links.nth(1).text_content()
    page.keyboard.press("/")
    page.keyboard.type("jk")
    assert page.locator("#search-input").input_value() == "jk"


def test_menus_open_one_at_a_time(new_page: NewPage, session_cookie: str, live_server: str) -> None:
    page = open_signed_in(new_page, session_cookie, "/register", live_server)
    page.wait_for_load_state("networkidle")
    for summary in page.locator("details.menu > summary").all():
        summary.click()
        assert page.locator("details.menu[open]").count() == 1
        assert violations(page) == []
    page.keyboard.press("Escape")
    assert page.locator("details.menu[open]").count() == 0
