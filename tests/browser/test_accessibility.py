"""axe-core finds nothing on the map page, in both languages and themes, and in its states."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from app.auth.service import create_account, find_account
from app.config import ROOT
from app.extensions import db
from tests.browser.conftest import NewPage
from tests.browser.map_page import open_map, suggestions

AXE = (ROOT / "static" / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
RUN = "async () => (await axe.run(document, { resultTypes: ['violations'] })).violations"


def violations(page: Page) -> list[str]:
    """Return what axe-core finds, a line each."""
    page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate(RUN)
    return [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_home_has_no_violation(new_page: NewPage, language: str, scheme: str) -> None:
    page = new_page(color_scheme=scheme, bypass_csp=True)
    open_map(page, f"/?lang={language}")
    assert violations(page) == []


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("address", ["/light", "/login", "/nowhere"])
def test_other_pages_have_no_violation(new_page: NewPage, address: str, language: str) -> None:
    page = new_page(bypass_csp=True)
    page.goto(f"{address}?lang={language}")
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_account_has_no_violation(new_page: NewPage, live_app: Flask, scheme: str) -> None:
    email = f"{scheme}@kantor.internal"
    with live_app.app_context():
        password = create_account(db.session, email, "administrator")
        db.session.commit()
    page = new_page(color_scheme=scheme, bypass_csp=True)
    page.goto("/login")
    page.locator("input[type=email]").fill(email)
    page.locator("input[type=password]").fill(password)
    page.locator("input[type=password]").press("Enter")
    page.wait_for_url("**/change*")
    for language in ("id", "en"):
        page.goto(f"/change?lang={language}")
        assert violations(page) == []
    page.locator("form.stack [type=submit]").click()  # the form comes back with what is missing
    assert violations(page) == []
    with live_app.app_context():
        db.session.delete(find_account(db.session, email))
        db.session.commit()


def test_home_enlarged_four_times_scrolls_one_way(new_page: NewPage) -> None:
    page = new_page(width=360, height=225, bypass_csp=True)
    open_map(page)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    page.locator(".work a").last.scroll_into_view_if_needed()
    expect(page.locator(".work a").last).to_be_in_viewport()
    assert violations(page) == []


def test_home_on_a_phone_has_no_violation(new_page: NewPage) -> None:
    page = new_page(width=360, height=740, has_touch=True, is_mobile=True, bypass_csp=True)
    open_map(page)
    assert violations(page) == []
    page.locator("#filters-toggle").click()
    assert violations(page) == []


def test_panels_have_no_violation(new_page: NewPage) -> None:
    page = new_page(bypass_csp=True)
    open_map(page)
    page.locator(".layers-toggle").click()
    assert violations(page) == []
    page.locator(".layers-toggle").click()
    for name in ("Ukur jarak dan luas", "Bandingkan", "Cetak berskala"):
        page.get_by_role("button", name=name, exact=True).click()
        assert violations(page) == []
        page.keyboard.press("Escape")
    page.locator(".work a").first.click()
    expect(page.locator("#card-title")).to_be_visible()
    assert violations(page) == []
    page.locator("#search-input").fill("muara")
    suggestions(page).first.wait_for()
    assert violations(page) == []
