"""The schedule and the S-curve in a real browser: paste, look, keep; readable on a phone and a desk, light and dark."""

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
from tests.helpers.factories import make_district, make_region
from tests.helpers.people import make_account, sign_in
from tests.helpers.tracking import contract_of, make_addendum, make_approved, make_baseline, make_tracked_project

CODE = "2026-JLN-012"
START, END, LATER_END = date(2026, 5, 1), date(2026, 12, 15), date(2026, 12, 28)
BEFORE_TODAY = (51, 47, 44, 41, 40, 38, 36, 33, 30, 28, 25, 21, 18, 15, 12, 8, 6, 4, 2, 1)  # percent, the newest first
SMALL_TARGETS = """[...document.querySelectorAll('main a, main button, main summary, main select')]
    .filter(e => e.checkVisibility() && e.matches('.button, summary, select') && e.getBoundingClientRect().height < 44)
    .map(e => e.outerHTML)"""


@dataclass
class Desk:
    """A PPK, and a package that is behind a plan which an addendum changed."""

    address: str
    cookies: list[dict[str, Any]]
    browser: Browser

    def open(self, path: str, **options: Any) -> Page:
        """Open a page as the PPK."""
        context = self.browser.new_context(base_url=self.address, bypass_csp=True, **options)
        context.add_cookies(self.cookies)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(path)
        return page


@pytest.fixture
def desk(committed_app: Flask, committed_database: DatabaseUrls, browser: Browser) -> Iterator[Desk]:
    engine = create_engine(committed_database.owner, poolclass=NullPool)
    with engine.begin() as connection:
        make_region(connection)
        make_district(connection)
        seed_rules(connection)
        account = make_account(connection, "ppk")
        name = "Peningkatan Jalan Simpang Semambang – Pasar Muara Beliti"
        project = make_tracked_project(connection, code=CODE, name=name, contractor="PT Beringin")
        months = [date(2026, month, 1) for month in range(6, 13)]
        first = dict(zip(months, (4.0, 12.0, 26.0, 45.0, 66.0, 84.0, 95.0), strict=True))
        later = dict(zip(months, (4.0, 12.0, 26.0, 38.0, 55.0, 74.0, 89.0), strict=True))
        make_baseline(connection, project, {START: 0.0, **first, END: 100.0})
        addendum = make_addendum(connection, contract_of(connection, project))
        make_baseline(
            connection,
            project,
            {START: 0.0, **later, LATER_END: 100.0},
            sequence=2,
            in_force_from=date(2026, 9, 1),
            addendum_id=addendum,
        )
        for weeks, percent in enumerate(BEFORE_TODAY):
            make_approved(connection, project, date(2026, 11, 22) - timedelta(weeks=weeks), percent)
    engine.dispose()
    client = sign_in(committed_app.test_client(), account)
    client.get("/")
    value = client.get_cookie("session")
    assert value is not None
    with serving(committed_app) as address:
        yield Desk(address, [{"name": "session", "value": value.value, "url": address}], browser)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_curve_on_the_public_page(desk: Desk, screenshots: Path, width: int, scheme: str) -> None:
    page = desk.open(f"/projects/{CODE}?lang=id", color_scheme=scheme, viewport={"width": width, "height": 900})
    curves = page.get_by_role("img", name="Kurva S")
    expect(curves).to_have_count(1)  # of the two, only the one that fits is told to anybody
    box = curves.bounding_box()
    assert box is not None
    assert box["width"] >= 320 if width == 360 else box["width"] >= 480
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    sizes = page.evaluate(
        "[...document.querySelectorAll('.curve text')].filter(e => e.checkVisibility())"
        ".map(e => e.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 14  # lines of text of 11 px and more
    page.get_by_text("Angka kurva sebagai tabel").click()
    expect(page.get_by_role("cell", name="51,00%")).to_be_visible()
    page.get_by_text("Angka kurva sebagai tabel").click()
    page.screenshot(path=screenshots / f"curve-{width}-{scheme}.png", full_page=True)
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_labels_of_the_curve_lie_apart(desk: Desk, scheme: str) -> None:
    page = desk.open(f"/projects/{CODE}?lang=id", color_scheme=scheme, viewport={"width": 360, "height": 900})
    overlaps = page.evaluate(
        """[...document.querySelectorAll('.curve text')].filter(e => e.checkVisibility()).map(e => [e.textContent, e.getBoundingClientRect()])
        .flatMap(([a, r], i, all) => all.slice(i + 1).filter(([, o]) => r.left < o.right && o.left < r.right && r.top + 3 < o.bottom && o.top + 3 < r.bottom)
        .map(([b]) => `${a} / ${b}`))"""
    )
    assert overlaps == []


@pytest.mark.parametrize("scripts", [True, False])
def test_ppk_pastes_looks_and_keeps(desk: Desk, screenshots: Path, scripts: bool) -> None:
    page = desk.open(
        f"/packages/{CODE}/schedule?lang=id", viewport={"width": 1440, "height": 900}, java_script_enabled=scripts
    )
    page.get_by_role("textbox", name="Jadwal", exact=True).fill(
        "Bulan\tKumulatif (%)\nMei 2026\t5\nAgustus 2026\t40\nNovember 2026\tsembilan puluh"
    )
    page.get_by_role("button", name="Lihat dahulu").click()
    expect(page.get_by_text("Baris 4: “sembilan puluh” bukan angka.")).to_be_visible()
    page.get_by_role("textbox", name="Jadwal", exact=True).fill(
        "Bulan\tKumulatif (%)\nMei 2026\t5\nAgustus 2026\t40\nNovember 2026\t90\n28-12-2026\t100"
    )
    page.get_by_label("Catatan").fill("Jadwal adendum 1")
    page.get_by_role("button", name="Lihat dahulu").click()
    expect(page.get_by_role("heading", name="Kurva yang akan disimpan")).to_be_visible()
    page.screenshot(path=screenshots / "schedule-preview.png", full_page=True)
    page.get_by_role("button", name="Simpan jadwal").click()
    expect(page.get_by_text("Jadwal disimpan.")).to_be_visible()
    expect(page.get_by_role("row", name="3 · adendum · berlaku")).to_be_visible()
    page.get_by_text("Catat butir pekerjaan").click()
    page.get_by_role("textbox", name="Butir pekerjaan").fill(
        "No\tUraian\tSatuan\tVolume\tHarga satuan\n3.1\tGalian biasa\tm3\t1.000\t50.000\n6.3\tLaston\tton\t100\t1.500.000"
    )
    page.get_by_role("button", name="Simpan butir pekerjaan").click()
    expect(page.get_by_role("cell", name="75,00%")).to_be_visible()
    page.screenshot(path=screenshots / "schedule.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_schedule_page_has_no_violation(desk: Desk, screenshots: Path, scheme: str) -> None:
    page = desk.open(
        f"/packages/{CODE}/schedule?lang=id",
        color_scheme=scheme,
        viewport={"width": 390, "height": 844},
        has_touch=True,
    )
    for summary in page.locator("main summary").all():
        summary.click()
    page.screenshot(path=screenshots / f"schedule-phone-{scheme}.png", full_page=True)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(SMALL_TARGETS) == []
