"""A package's places in a real browser: drawn on the map and laid on a ruas, and told by STA on a phone without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from app.database.roles import DatabaseUrls
from layers.rules import seed_rules
from tests.browser.conftest import PATIENCE_MS, serving
from tests.browser.test_accessibility import violations
from tests.helpers.factories import make_district, make_location, make_project, make_region, make_road
from tests.helpers.people import make_account, sign_in

CODE = "2026/JLN-14"
PAGE = f"/packages/{CODE}/locations"
ROAD = "MULTILINESTRING((102.95 -3.15, 102.96 -3.15))"  # 1 km by law


@dataclass
class Site:
    """A served package beside a ruas, with a PPK who is signed in."""

    address: str
    cookie: dict[str, Any]
    browser: Browser
    engine: Engine

    def open(self, path: str, **options: Any) -> Page:
        """Open a page in a browser of its own."""
        context = self.browser.new_context(base_url=self.address, bypass_csp=True, **options)
        context.set_default_timeout(PATIENCE_MS)
        context.add_cookies([self.cookie])  # type: ignore[list-item]
        page = context.new_page()
        page.goto(path)
        return page

    def places(self, kind: str) -> list[Any]:
        """Return the places kept of a kind."""
        with self.engine.connect() as connection:
            statement = (
                "SELECT method, road_code, start_m, end_m FROM app.project_location WHERE kind = :kind ORDER BY id"
            )
            return [tuple(row) for row in connection.execute(text(statement), {"kind": kind})]


@pytest.fixture
def site(committed_app: Flask, committed_database: DatabaseUrls, browser: Browser) -> Iterator[Site]:
    engine = create_engine(committed_database.owner, poolclass=NullPool)
    with engine.begin() as connection:
        make_region(connection)
        make_district(connection)
        seed_rules(connection)
        make_road(connection, code="014", name="Muara Beliti – Pasar Muara Beliti", length_sk_m=1000, geom=ROAD)
        package = make_project(
            connection, code=CODE, name="Peningkatan Jalan Muara Beliti–Pasar Muara Beliti", geom=None
        )
        make_location(connection, package, "planned", "LINESTRING(102.951 -3.15, 102.956 -3.15)", accuracy_m=10)
        account = make_account(connection, "ppk")
    cookie = sign_in(committed_app.test_client(), account).get_cookie("session")
    assert cookie is not None
    with serving(committed_app) as address:
        yield Site(address, {"name": "session", "value": cookie.value, "url": address}, browser, engine)


def click_at(page: Page, share: float, below: int = 0) -> None:
    """Click on the map as far from its left edge as a share of its width, at the height of its middle."""
    box = page.locator("#locations-map .map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2 + below)


def open_map(site: Site, **options: Any) -> Page:
    page = site.open(f"{PAGE}?kind=contracted", **options)
    page.locator("#locations-map.map-drawn").wait_for()
    page.wait_for_timeout(1000)  # the map eases to the places
    return page


def test_a_line_drawn_on_the_map_is_laid_on_its_ruas(site: Site, screenshots: Path) -> None:
    page = open_map(site, viewport={"width": 1440, "height": 900})
    said = page.locator(".draw-list")
    expect(said).to_contain_text("Belum ada yang digambar")
    page.locator("#locations-map .map").scroll_into_view_if_needed()
    click_at(page, 0.3, 4)
    click_at(page, 0.7, -4)
    page.get_by_role("button", name="Selesai menggambar").click()
    expect(said).to_contain_text("Ruas 014 STA 0+")  # works on roads are laid on one unless told otherwise
    page.get_by_label("Tempelkan pada ruas").uncheck()
    expect(said).to_contain_text("Garis")
    page.get_by_label("Tempelkan pada ruas").check()
    expect(said).to_contain_text("Ruas 014 STA 0+")
    page.screenshot(path=screenshots / "locations-desktop.png", full_page=True)
    page.get_by_role("button", name="Simpan lokasi").click()
    page.wait_for_url("**kind=contracted")
    ((method, road, start, end),) = site.places("contracted")
    assert (method, road) == ("drawn", "014")
    assert 0 < start < end < 1000
    expect(page.get_by_text("Ruas 014 STA 0+").first).to_be_visible()


def test_the_keyboard_draws_and_a_far_place_asks_for_a_reason(site: Site) -> None:
    page = open_map(site, viewport={"width": 1440, "height": 900})
    page.get_by_role("radiogroup", name="Bentuk yang digambar").get_by_label("Titik").check()
    page.get_by_label("Tempelkan pada ruas").uncheck()
    canvas = page.locator("#locations-map canvas")
    canvas.focus()
    for _ in range(3):
        canvas.press("ArrowDown")
        page.wait_for_timeout(600)
    canvas.press("Enter")
    expect(page.locator(".draw-list")).to_contain_text("melebihi ketelitian")
    page.get_by_label("Keterangan lokasi").fill("Lahan pengganti")
    page.get_by_role("button", name="Simpan lokasi").click()
    expect(page.locator(".field-error", has_text="Tulis alasannya")).to_be_visible()
    assert site.places("contracted") == []
    expect(page.get_by_label("Keterangan lokasi")).to_have_value("Lahan pengganti")
    page.locator("#locations-map.map-drawn").wait_for()
    expect(page.locator(".draw-list")).to_contain_text("Titik")  # what was drawn is still there
    page.get_by_label("Alasan perbedaan lokasi").fill("Lahan belum bebas")
    page.get_by_role("button", name="Simpan lokasi").click()
    expect(page.get_by_text("Alasan perbedaan: Lahan belum bebas")).to_be_visible()
    assert [row[0] for row in site.places("contracted")] == ["drawn"]


def test_stations_are_told_on_a_phone_without_scripts(site: Site, screenshots: Path) -> None:
    page = site.open(f"{PAGE}?kind=built", viewport={"width": 360, "height": 740}, java_script_enabled=False)
    page.get_by_label("Nomor ruas").fill("014")
    page.get_by_label("STA awal").fill("0+100")
    page.get_by_label("STA akhir").fill("0+6oo")
    page.get_by_role("button", name="Simpan lokasi").click()
    expect(page.get_by_text("Tulis STA sebagai kilometer+meter")).to_be_visible()
    page.get_by_label("STA akhir").fill("0+600")
    page.get_by_role("button", name="Simpan lokasi").click()
    expect(page.get_by_text("Lokasi terbangun disimpan.")).to_be_visible()
    page.screenshot(path=screenshots / "locations-phone-plain.png", full_page=True)
    assert site.places("built") == [("stations", "014", 100.0, 600.0)]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 360)])
def test_the_page_has_no_violation_and_fits_the_screen(site: Site, screenshots: Path, scheme: str, width: int) -> None:
    page = open_map(site, viewport={"width": width, "height": 800}, color_scheme=scheme)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=screenshots / f"locations-{scheme}-{width}.png", full_page=True)
