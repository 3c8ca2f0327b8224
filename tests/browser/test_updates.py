"""Weekly updates in a real browser: written on a phone without scripts, reviewed by keyboard, and free of barriers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from app.database.roles import DatabaseUrls
from layers.rules import seed_rules
from tests.browser.conftest import serving
from tests.browser.test_accessibility import violations
from tests.helpers.factories import make_district, make_region, make_row
from tests.helpers.people import make_account, sign_in
from tests.helpers.pictures import jpeg
from tests.helpers.tracking import contract_of, make_approved, make_baseline, make_tracked_project

CODE = "2026/JLN-7"  # codes may hold a slash
TODAY = date.today()
PHONE = {"width": 360, "height": 740}


@dataclass
class Site:
    """A served package at work since 120 days, with people who are signed in."""

    address: str
    cookies: dict[str, dict[str, Any]]
    browser: Browser

    def open(self, who: str, path: str, **options: Any) -> Page:
        """Open a page in a browser of its own, as somebody."""
        context = self.browser.new_context(base_url=self.address, bypass_csp=True, **options)
        context.add_cookies([self.cookies[who]])  # type: ignore[list-item]
        page = context.new_page()
        page.goto(path)
        return page


@pytest.fixture
def site(committed_app: Flask, committed_database: DatabaseUrls, browser: Browser) -> Iterator[Site]:
    engine = create_engine(committed_database.owner, poolclass=NullPool)
    start, end = TODAY - timedelta(days=120), TODAY + timedelta(days=80)
    with engine.begin() as connection:
        make_region(connection)
        make_district(connection)
        seed_rules(connection)
        project = make_tracked_project(
            connection,
            contract={"start_date": start, "end_date": end, "duration_days": 201},
            code=CODE,
            name="Peningkatan Jalan Muara Beliti–Pasar Muara Beliti, Lanjutan Tahap Kedua",
        )
        make_baseline(connection, project, {start: 0.0, end: 100.0})
        contract = contract_of(connection, project)
        for position, (name, weight) in enumerate([("Galian tanah biasa", 20.0), ("Laston lapis aus", 80.0)], 1):
            make_row(connection, "app.work_item", project_id=project, contract_id=contract, position=position, name=name,
                     unit="m³", quantity=1250, weight_percent=weight)  # fmt: skip
        make_approved(connection, project, TODAY - timedelta(days=7), 41.0, planned_percent=56.5)
        people = {
            who: make_account(connection, role)
            for who, role in {"officer": "field_officer", "reviewer": "reviewer", "admin": "administrator"}.items()
        }
    cookies = {}
    for who, account in people.items():
        cookie = sign_in(committed_app.test_client(), account).get_cookie("session")
        assert cookie is not None
        cookies[who] = cookie.value
    with serving(committed_app) as address:
        yield Site(
            address,
            {who: {"name": "session", "value": value, "url": address} for who, value in cookies.items()},
            browser,
        )


def write_without_scripts(site: Site, tmp_path: Path) -> str:
    """Write and hand in an update on a phone that runs no scripts; return its address."""
    picture = tmp_path / "lapangan.jpg"
    picture.write_bytes(jpeg(seed=4))
    page = site.open("officer", f"/packages/{CODE}/updates/new", viewport=PHONE, java_script_enabled=False)
    page.get_by_text("Isi persennya langsung").click()
    page.get_by_label("Realisasi fisik seluruh pekerjaan").fill("48,2")
    page.get_by_label("Hujan", exact=True).check()
    page.get_by_label("Jumlah pekerja").fill("14")
    page.get_by_label("Pilih dari ponsel").set_input_files(picture)
    page.get_by_label("Catatan", exact=True).fill("Penghamparan lapis aus STA 0+400")
    page.get_by_role("button", name="Serahkan untuk diperiksa").click()
    expect(page.get_by_text("Laporan terkirim dan menunggu pemeriksaan.")).to_be_visible()
    return page.url.removeprefix(site.address)


def test_update_is_written_on_a_phone_and_approved_by_keyboard(site: Site, tmp_path: Path, screenshots: Path) -> None:
    address = write_without_scripts(site, tmp_path)
    page = site.open("reviewer", "/review", viewport={"width": 1440, "height": 900})
    page.screenshot(path=screenshots / "updates-review.png")
    page.get_by_role("region", name="Menunggu persetujuan").get_by_role("link").press("Enter")
    page.wait_for_url(f"**{address.replace('/updates/', '/review/')}")
    page.screenshot(path=screenshots / "updates-review-one.png", full_page=True)
    page.get_by_role("button", name="Setujui 48,20%").press("Enter")
    page.wait_for_url("**/review")
    page.goto(f"/projects/{CODE}")
    expect(page.get_by_text("Terlaksana 48,2%").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_violation(site: Site, tmp_path: Path, screenshots: Path, scheme: str) -> None:
    update = write_without_scripts(site, tmp_path)
    pages = [
        ("officer", f"/packages/{CODE}/updates/new"),
        ("officer", f"/packages/{CODE}/updates"),
        ("officer", update),
        ("reviewer", "/review"),
        ("reviewer", update.replace("/updates/", "/review/")),
        ("reviewer", update),
        ("admin", "/periods"),
    ]
    for number, (who, path) in enumerate(pages):
        for size in (PHONE, {"width": 1280, "height": 900}):
            page = site.open(who, path, viewport=size, color_scheme=scheme)
            assert violations(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, size)
            page.screenshot(path=screenshots / f"updates-{number}-{scheme}-{size['width']}.png", full_page=True)
            page.context.close()


def test_two_editors_see_both_texts(site: Site, tmp_path: Path, screenshots: Path) -> None:
    update = write_without_scripts(site, tmp_path)
    first, second = (site.open("officer", update, java_script_enabled=False, viewport=PHONE) for _ in range(2))
    for page, words in ((first, "Dari yang pertama"), (second, "Dari yang kedua")):
        page.get_by_label("Catatan", exact=True).fill(words)
    first.get_by_role("button", name="Simpan perbaikan").click()
    second.get_by_role("button", name="Simpan perbaikan").click()
    expect(second.get_by_text("Dari yang pertama")).to_be_visible()
    expect(second.locator("textarea[name=note]")).to_have_value("Dari yang kedua")
    second.screenshot(path=screenshots / "updates-conflict.png", full_page=True)
    second.locator("textarea[name=note]").fill("Dari keduanya")
    second.get_by_role("button", name="Simpan pilihan dan serahkan").click()
    expect(second.locator("textarea[name=note]")).to_have_value("Dari keduanya")
