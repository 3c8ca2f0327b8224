"""The alarm in a real browser: a PPK takes a contract from the proposal to the passed test, without scripts too."""

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
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from app.critical.queries import region_today
from app.critical.service import evaluate
from app.database.roles import DatabaseUrls
from layers.rules import seed_rules
from tests.browser.conftest import serving
from tests.browser.test_accessibility import violations
from tests.helpers.factories import make_region, make_row
from tests.helpers.people import make_account, sign_in
from tests.helpers.tracking import make_approved, make_company, make_tracked_project

CODE = "2026-JLN-007"


@dataclass
class Office:
    """A PPK at his desk, and a contract that is indicated as critical since today."""

    address: str
    cookies: list[dict[str, Any]]
    today: date
    browser: Browser

    def open(self, **options: Any) -> Page:
        """Open the package's critical page."""
        context = self.browser.new_context(base_url=self.address, bypass_csp=True, **options)
        context.add_cookies(self.cookies)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"/packages/{CODE}/critical?lang=id")
        return page


@pytest.fixture
def office(committed_app: Flask, committed_database: DatabaseUrls, browser: Browser) -> Iterator[Office]:
    engine = create_engine(committed_database.owner, poolclass=NullPool)
    with engine.begin() as connection:
        make_region(connection)
        seed_rules(connection)
        agency = make_row(connection, "app.unit", code="1.03", name="Dinas Pekerjaan Umum, Cipta Karya, dan Tata Ruang")
        unit = make_row(connection, "app.unit", code="1.03.1", name="Bidang Bina Marga", parent_id=agency)
        account = make_account(connection, "ppk")
        today = region_today(Session(connection))
        company = make_company(connection, name="PT Beringin Raya Konstruksi", address="Lubuklinggau")
        days = {
            "signed_on": today - timedelta(days=200),
            "start_date": today - timedelta(days=190),
            "end_date": today + timedelta(days=40),
        }
        project = make_tracked_project(
            connection, code=CODE, name="Peningkatan Jalan Simpang Semambang – Pasar Muara Beliti", unit_id=unit, year=today.year,
            contract={**days, "company_id": company},
        )  # fmt: skip
        for weeks, physical, planned in (
            (5, 40.0, 44.0),
            (4, 45.0, 50.0),
            (3, 50.0, 58.0),
            (2, 55.0, 66.0),
            (1, 60.25, 72.5),
        ):
            make_approved(connection, project, today - timedelta(weeks=weeks), physical, planned_percent=planned)
        evaluate(Session(connection), project, today=today)
    engine.dispose()
    cookie = sign_in(committed_app.test_client(), account)
    cookie.get("/")
    value = cookie.get_cookie("session")
    assert value is not None
    with serving(committed_app) as address:
        yield Office(address, [{"name": "session", "value": value.value, "url": address}], today, browser)


@pytest.mark.parametrize("scripts", [True, False])
def test_ppk_declares_meets_and_closes(office: Office, screenshots: Path, scripts: bool) -> None:
    page = office.open(viewport={"width": 1280, "height": 900}, java_script_enabled=scripts)
    today = office.today.isoformat()
    expect(page.get_by_role("heading", name="Terindikasi kritis")).to_be_visible()
    expect(page.get_by_text("12,25 poin persen", exact=True)).to_be_visible()
    page.screenshot(path=screenshots / "critical-indicated.png", full_page=True)
    page.get_by_text("Tetapkan kritis").click()
    page.get_by_label("Nomor surat").fill("600/77/PPK/2026")
    page.get_by_label("Tanggal surat").fill((office.today + timedelta(days=9)).isoformat())
    page.get_by_role("button", name="Simpan").locator("visible=true").click()
    expect(page.get_by_text("Tanggal ini belum tiba.")).to_be_visible()
    expect(page.get_by_label("Nomor surat")).to_have_value("600/77/PPK/2026")
    page.get_by_label("Tanggal surat").fill(today)
    page.get_by_role("button", name="Simpan").locator("visible=true").click()
    expect(page.get_by_role("heading", name="Ditetapkan kritis")).to_be_visible()
    page.get_by_text("Catat rapat pembuktian (SCM) I").click()
    page.get_by_label("Target fisik kumulatif").fill("65,5")
    page.get_by_label("Batas waktu uji coba").fill((office.today + timedelta(days=7)).isoformat())
    page.get_by_role("button", name="Simpan").locator("visible=true").click()
    page.get_by_text("Catat hasil uji coba SCM I").click()
    page.get_by_label("Realisasi yang dicapai").fill("66")
    page.screenshot(path=screenshots / "critical-meeting.png", full_page=True)
    page.get_by_role("button", name="Simpan").locator("visible=true").click()
    expect(page.get_by_text("Uji coba berhasil")).to_be_visible()
    expect(page.get_by_role("heading", name="Masa kritis ditutup")).to_be_visible()
    expect(page.get_by_role("link", name="Berita acara SCM I")).to_be_visible()
    page.screenshot(path=screenshots / "critical-closed.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_has_no_violation(office: Office, screenshots: Path, scheme: str) -> None:
    page = office.open(color_scheme=scheme, viewport={"width": 390, "height": 844}, has_touch=True)
    for summary in page.locator("summary").all():
        summary.click()
    page.screenshot(path=screenshots / f"critical-phone-{scheme}.png", full_page=True)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = "[...document.querySelectorAll('.critical-form summary, .critical-form button, .letter-list a')].filter(e => e.getBoundingClientRect().height < 44).length"
    assert page.evaluate(small) == 0
