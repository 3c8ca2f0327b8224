"""The page of a project in a browser: passing it on with and without scripts, and what other sites read of it."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import text

from app.extensions import reader_session
from tests.browser.conftest import NewPage

TARGET_PX = 44
SMALL = """(least) => [...document.querySelectorAll('.project-actions a, .share .button, .share input')]
    .filter((one) => one.getBoundingClientRect().height < least - 0.5).map((one) => one.outerHTML)"""


@pytest.fixture(scope="module")
def code(live_app: Flask) -> str:
    with live_app.app_context():
        found = reader_session().scalar(
            text("SELECT code FROM layers.projects WHERE status = 'construction' AND geom IS NOT NULL ORDER BY code")
        )
    return str(found)


def test_link_is_copied_and_said(new_page: NewPage, code: str) -> None:
    page = new_page(width=360, height=740, permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"/projects/{code}")
    page.get_by_role("button", name="Salin tautan").click()
    expect(page.get_by_role("status").filter(has_text="Tautan disalin.")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.locator(".share-link").input_value()
    assert page.evaluate(SMALL, TARGET_PX) == []
    page.goto(link)
    assert page.url.endswith(f"/projects/{code}")


def test_everything_is_there_without_scripts(new_page: NewPage, code: str) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(f"/projects/{code}")
    for heading in ("Papan proyek", "Perjalanan pekerjaan", "Uang menurut sumber dan tahun", "Hubungi", "Bagikan"):
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    expect(page.locator(".share-code svg")).to_be_visible()
    expect(page.get_by_role("button", name="Salin tautan")).to_have_count(0)
    works = json.loads(page.locator('script[type="application/ld+json"]').text_content() or "")
    assert works["@graph"][1]["identifier"] == code
    image = page.request.get(page.locator('meta[property="og:image"]').get_attribute("content") or "")
    assert (image.status, image.headers["content-type"]) == (200, "image/png")
