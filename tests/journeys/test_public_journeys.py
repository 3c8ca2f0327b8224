"""What residents do on the public map: find a project near their village, without scripts too, and without network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from app.extensions import db
from tests.browser.conftest import serving
from tests.helpers.chromium import PATIENCE_MS
from tests.helpers.factories import make_project, make_village

NEAR, FAR = "Peningkatan Jalan Pasar Muara Beliti", "Rehabilitasi Jembatan Jauh"
Open = Callable[..., Page]


@pytest.fixture
def address(office: Flask) -> Iterator[str]:
    """The office's address, with a village, a project in it and one far off."""
    engine = create_engine(str(office.config["SQLALCHEMY_ENGINES"]["default"]["url"]), poolclass=NullPool)
    with office.app_context(), engine.begin() as connection:
        make_village(connection)
        make_project(connection, code="A-1", name=NEAR, geom="POINT(102.95 -3.15)", year=2026)
        make_project(connection, code="A-2", name=FAR, geom="POINT(103.19 -2.95)", year=2025, start_date="2025-03-01")
    engine.dispose()
    with office.app_context():
        db.session.rollback()
    with serving(office) as found:
        yield found


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Open]:
    """Opens the browser of a visitor: `visit(java_script_enabled=False)`."""
    contexts: list[BrowserContext] = []

    def open_page(**options: object) -> Page:
        context = browser.new_context(base_url=address, **options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


def test_a_project_near_my_village_with_scripts_off(visit: Open) -> None:
    page = visit(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page.goto("/")
    page.get_by_text("Di dekat saya", exact=True).click()
    page.get_by_label("Desa, jalan, atau tempat").fill("pasar muara beliti")
    page.get_by_label("Jarak").select_option("1")
    page.locator("#near-form").get_by_role("button", name="Cari").click()
    expect(page.get_by_text("Dalam 1 km dari Pasar Muara Beliti")).to_be_visible()
    expect(page.locator(".work-name")).to_have_text([NEAR])
    page.locator(".work a").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(NEAR)
    page.goto("/")
    page.locator("#search-input").fill("muara beliti")
    page.locator("#search-input").press("Enter")
    expect(page.get_by_role("heading", name=re.compile("Kecamatan"))).to_be_visible()
    expect(page.get_by_role("link", name=NEAR)).to_be_visible()


def test_works_near_me_after_one_press_and_nothing_before_it(visit: Open) -> None:
    position = {"latitude": -3.15049, "longitude": 102.95049}
    page = visit(geolocation=position, permissions=["geolocation"], reduced_motion="reduce")
    page.add_init_script(
        "const ask = navigator.geolocation.getCurrentPosition.bind(navigator.geolocation); window.asked = 0;"
        "navigator.geolocation.getCurrentPosition = (...all) => { window.asked += 1; ask(...all); }"
    )
    page.goto("/")
    page.locator(".map-drawn").wait_for()
    assert page.evaluate("() => window.asked") == 0
    page.get_by_text("Di dekat saya", exact=True).click()
    page.get_by_role("button", name="Pakai posisi saya").click()
    page.wait_for_url(re.compile("near="))
    assert "near=-3.150%2C102.950" in page.url  # no finer than about 100 m
    expect(page.locator(".work-name")).to_have_text([NEAR])
    page.get_by_role("link", name="Seluruh wilayah").click()
    expect(page.locator(".work-name")).to_have_count(2)
    page.locator("#play").press("Enter")  # with reduced motion one year for each press
    page.wait_for_url(re.compile("year=2025"))
    expect(page.locator(".work-name")).to_have_text([FAR])


def test_search_by_keyboard_shows_kinds_and_opens_all_results(visit: Open) -> None:
    page = visit()
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("muara belity")
    options = page.locator("#suggestions").get_by_role("option")
    expect(options.first).to_be_visible()
    expect(page.locator("#suggestions").get_by_role("group", name="Pekerjaan 1")).to_be_visible()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("option", name=re.compile("Semua hasil"))).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=muara+belity")
    expect(page.get_by_role("link", name=NEAR)).to_be_visible()


def test_the_map_opens_offline_after_one_visit_and_says_when_it_was_fetched(visit: Open) -> None:
    page = visit()
    page.goto("/")
    page.locator(".map-drawn").wait_for()
    page.wait_for_function(
        "async () => (await caches.has('public-pages-1')) && (await (await caches.open('public-pages-1')).keys()).length"
        " && (await (await caches.open('public-data-1')).keys()).length > 5"
    )
    page.wait_for_timeout(2_000)
    page.context.set_offline(True)
    page.reload()
    expect(page.locator(".work-name").first).to_be_visible()
    expect(page.get_by_text(re.compile(r"Tanpa sambungan\. Yang tampil adalah data yang diambil \d"))).to_be_visible()
    page.locator(".map-drawn").wait_for()
    page.context.set_offline(False)
    page.reload()
    expect(page.locator(".work-name").first).to_be_visible()
    expect(page.get_by_text(re.compile(r"Tanpa sambungan\."))).to_have_count(0)
