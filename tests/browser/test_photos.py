"""Photos in a real browser: boxes drawn by pointer and keyboard, pictures compared with the arrow keys, also without scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from app.database.roles import DatabaseUrls
from app.demo.pictures import draw_site_picture
from layers.rules import seed_rules
from tests.browser.conftest import serving
from tests.browser.test_accessibility import violations
from tests.helpers.factories import make_project, make_region
from tests.helpers.people import make_account, sign_in

CODE = "2026-JLN-001"


@dataclass
class Site:
    """A served package with a photo from before, one of now and one that waits; a reviewer is signed in."""

    address: str
    cookies: list[dict[str, Any]]
    waiting: UUID
    owner_url: str
    browser: Browser

    def open(self, path: str, *, signed_in: bool = True, **options: Any) -> Page:
        """Open a page in a browser of its own."""
        context: BrowserContext = self.browser.new_context(base_url=self.address, bypass_csp=True, **options)
        if signed_in:
            context.add_cookies(self.cookies)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(path)
        return page

    def blur(self) -> list[list[float]]:
        """Return the boxes kept of the photo that waits."""
        engine = create_engine(self.owner_url, poolclass=NullPool)
        with engine.connect() as connection:
            statement = text("SELECT blur FROM app.photo WHERE client_id = :id")
            return list(connection.scalar(statement, {"id": self.waiting}))


@pytest.fixture
def site(committed_app: Flask, committed_database: DatabaseUrls, browser: Browser) -> Iterator[Site]:
    engine = create_engine(committed_database.owner, poolclass=NullPool)
    with engine.begin() as connection:
        make_region(connection)
        seed_rules(connection)
        make_project(connection, code=CODE, name="Peningkatan Jalan Merdeka")
        officer, reviewer = (make_account(connection, role) for role in ("field_officer", "reviewer"))
    sender, judge = (sign_in(committed_app.test_client(), account) for account in (officer, reviewer))
    photos = [uuid4() for _ in range(4)]
    for number, photo in enumerate(photos):
        picture = draw_site_picture(3, "roads", (5, 45, 100, 60)[number], view=number // 3)
        form = {"file": (BytesIO(picture), "foto.jpg"), "moment": ("before", "during", "after", "during")[number]}
        answer = sender.put(f"/api/v1/projects/{CODE}/photos/{photo}", data=form)
        assert answer.status_code == 201
        form = {"version": "1", "action": "publish", "moment": form["moment"], "viewpoint_name": "Dari simpang"}
        if number < 3:
            assert judge.post(f"/photos/{photo}/review", data=form).status_code == 302
    cookie = judge.get_cookie("session")
    assert cookie is not None
    with serving(committed_app) as address:
        cookies = [{"name": "session", "value": cookie.value, "url": address}]
        yield Site(address, cookies, photos[3], committed_database.owner, browser)


def test_boxes_are_drawn_moved_and_sent(site: Site, screenshots: Path) -> None:
    page = site.open(f"/photos/{site.waiting}/review", viewport={"width": 1280, "height": 900})
    stage = page.locator('[data-part="stage"]')
    area = stage.bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + area["width"] * 0.1, area["y"] + area["height"] * 0.2)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.3, area["y"] + area["height"] * 0.6, steps=5)
    page.mouse.up()
    box = page.locator(".blur-box")
    expect(box).to_have_count(1)
    expect(box).to_be_focused()
    page.get_by_role("button", name="Tambah kotak").click()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowLeft", "Shift+ArrowDown", "Alt+ArrowLeft"):
        page.keyboard.press(key)
    expect(page.get_by_role("status").filter(has_text="Kotak 2 ditambahkan.")).to_be_attached()
    page.screenshot(path=screenshots / "photo-review.png", full_page=True)
    assert violations(page) == []
    page.get_by_role("button", name="Simpan saja").click()
    page.wait_for_url("**/packages/**")
    drawn, typed = site.blur()
    assert drawn == pytest.approx([0.1, 0.2, 0.2, 0.4], abs=0.005)
    assert typed == pytest.approx([0.418, 0.41, 0.19, 0.21])

    page.goto(f"/photos/{site.waiting}/review")
    page.locator(".blur-box").first.focus()
    page.keyboard.press("Delete")
    expect(page.locator(".blur-box")).to_have_count(1)
    page.get_by_role("button", name="Terbitkan", exact=True).click()
    page.wait_for_url("**/packages/**")
    assert site.blur() == [typed]


def test_public_compares_with_the_arrow_keys(site: Site, screenshots: Path) -> None:
    page = site.open(f"/projects/{CODE}", signed_in=False, viewport={"width": 1280, "height": 900})
    slider = page.get_by_role("slider", name="Geser untuk membandingkan")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "60 persen dari foto kiri terlihat"
    clip = page.locator(".slider-pictures img").nth(1).evaluate("image => getComputedStyle(image).clipPath")
    assert "40%" in clip
    labels = page.locator(".slider-label").all_inner_texts()
    assert labels[0].startswith("Sebelum")
    assert labels[1].startswith("Sesudah")
    page.get_by_label("Kanan").select_option(index=1)
    expect(page.locator(".slider-label-right")).to_contain_text("Selama pekerjaan")
    page.locator(".slider").scroll_into_view_if_needed()
    page.wait_for_function("[...document.querySelectorAll('.slider-pictures img')].every(one => one.naturalWidth > 0)")
    page.screenshot(path=screenshots / "photo-slider.png")
    assert violations(page) == []


def test_without_scripts_pictures_stand_side_by_side(site: Site) -> None:
    page = site.open(f"/projects/{CODE}", signed_in=False, java_script_enabled=False)
    expect(page.locator(".comparison-frames img")).to_have_count(3)
    expect(page.locator(".slider")).to_have_count(0)
    page = site.open(f"/photos/{site.waiting}/review", java_script_enabled=False)
    for side, value in {"left": 10, "top": 20, "width": 30, "height": 40}.items():
        page.locator(f'[name="blur_{side}"]').first.fill(str(value))
    page.get_by_role("button", name="Simpan saja").click()
    assert site.blur() == [[0.1, 0.2, 0.3, 0.4]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_staff_pages_have_no_violation_on_a_phone(site: Site, screenshots: Path, scheme: Any) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": scheme}
    for name, path in {"package": f"/packages/{CODE}/photos", "review": f"/photos/{site.waiting}/review"}.items():
        page = site.open(path, **phone)
        assert violations(page) == []
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
        small = page.evaluate(
            """() => [...document.querySelectorAll('main .button, main select, main input:not([type=hidden]), main summary')]
                .filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)
                .map(one => one.outerHTML.slice(0, 80))"""
        )
        assert json.dumps(small) == "[]"
        page.screenshot(path=screenshots / f"photo-{name}-phone-{scheme}.png", full_page=True)
