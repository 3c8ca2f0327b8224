"""The register, a project, features, the list of data and reports: accessible, whole on a phone, without scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.test_accessibility import violations

PAGES = (
    "/projects",
    "/projects?stage=late",
    "/projects?year=2020&q=zzz",
    "/projects?as_of=2026-06-30&sort=deviation_points",
    "/data",
    "/data/roads/1",
    "/data/districts/1",
    "/data/villages/1",
    "/reports",
    "/reports/coverage",
    "/reports/coverage/origin?figure=roads.kemantapan",
    "/reports/coverage/origin?figure=nothing",
    "/projects/nothing-has-this-code",
)


def first_project(page: Page) -> str:
    page.goto("/projects?sort=deviation_points")
    return page.locator("tbody th a").first.get_attribute("href") or ""


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 360)])
def test_pages_have_no_violation_and_fit_the_screen(new_page: NewPage, language: str, scheme: str, width: int) -> None:
    page = new_page(width=width, height=800, color_scheme=scheme, bypass_csp=True)
    for address in (*PAGES, first_project(page)):
        page.goto(address + ("&" if "?" in address else "?") + f"lang={language}")
        assert violations(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
            f"{address} is wider than the screen"
        )


def test_visitor_filters_sorts_and_opens_a_project_without_scripts(new_page: NewPage, screenshots: Path) -> None:
    page = new_page(java_script_enabled=False)
    page.goto("/projects")
    page.get_by_label("Tahap").select_option("late")
    page.get_by_role("button", name="Terapkan saringan").click()
    page.get_by_role("link", name="Deviasi").click()
    heading = page.locator("th", has=page.get_by_role("link", name="Deviasi"))
    expect(heading).to_have_attribute("aria-sort", "ascending")
    assert "stage=late" in page.url
    page.screenshot(path=screenshots / "register-desktop.png")
    worst = page.locator("tbody th a").first
    name = worst.inner_text()
    worst.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.locator(".answer-text")).to_contain_text("Terlambat, dalam penanganan.")
    picture = page.locator(".place-picture img")
    picture.evaluate("image => image.decode()")
    assert picture.evaluate("image => image.naturalWidth") == 720
    page.screenshot(path=screenshots / "project-desktop.png")


def test_project_on_a_phone(new_page: NewPage, screenshots: Path) -> None:
    page = new_page(width=390, height=844)
    page.goto(first_project(page))
    expect(page.get_by_role("heading", name="Papan proyek")).to_be_visible()
    page.screenshot(path=screenshots / "project-phone.png")
