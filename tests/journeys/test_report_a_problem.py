"""A resident reports a pothole with a photo on a cheap phone, follows it, and says that it is solved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from app.config import ROOT
from app.extensions import db
from tests.browser.conftest import serving
from tests.helpers.chromium import PATIENCE_MS
from tests.helpers.factories import make_project
from tests.helpers.pictures import jpeg
from tests.journeys.conftest import PASSWORD

AXE = (ROOT / "static" / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
RUN = "async () => (await axe.run(document, { resultTypes: ['violations'] })).violations"
SCREENSHOTS = ROOT / "screenshots"
CODE = "2026-JLN-014"


@pytest.fixture
def address(office: Flask) -> Iterator[str]:
    """The office's address, with one project on its map."""
    with office.app_context():
        engine = create_engine(str(office.config["SQLALCHEMY_ENGINES"]["default"]["url"]), poolclass=NullPool)
        with engine.begin() as connection:
            make_project(connection, code=CODE, name="Peningkatan Jalan Muara Beliti – Tugumulyo")
        engine.dispose()
        db.session.rollback()
    with serving(office) as found:
        yield found


def open_context(browser: Browser, address: str, **options: Any) -> Page:
    context = browser.new_context(base_url=address, bypass_csp=True, **options)
    context.set_default_timeout(PATIENCE_MS)
    return context.new_page()


def accessible(page: Page, name: str) -> None:
    """Take a picture for people to look at, and let axe-core find nothing; nothing is pushed sideways."""
    SCREENSHOTS.mkdir(exist_ok=True)
    width = page.viewport_size["width"] if page.viewport_size else 0
    page.screenshot(path=SCREENSHOTS / f"report-{name}-{width}.png", full_page=True)
    page.evaluate(AXE)
    found = [f"{one['id']}: {node['target']}" for one in page.evaluate(RUN) for node in one["nodes"]]
    assert found == [], name
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width, name


def sign_in(page: Page, who: str) -> Page:
    page.goto("/login")
    page.fill("input[name=email]", f"{who}@contoh.petakarya.local")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/work")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_report_a_problem_with_a_photo_on_a_phone(browser: Browser, address: str, tmp_path: Path, scheme: str) -> None:
    picture = tmp_path / "lubang.jpg"
    picture.write_bytes(jpeg(3000, 2000, seed=3, gps=(102.955, -3.145), quality=95))
    phone = open_context(
        browser,
        address,
        viewport={"width": 360, "height": 740},
        has_touch=True,
        is_mobile=True,
        color_scheme=scheme,
        geolocation={"longitude": 102.9551, "latitude": -3.1452},
        permissions=["geolocation"],
    )

    phone.goto(f"/report?project={CODE}")
    expect(phone.get_by_text("Peningkatan Jalan Muara Beliti")).to_be_visible()
    phone.get_by_label("Apa masalahnya?").select_option("road_damage")
    phone.get_by_label("Ceritakan").fill("Lubang selebar satu meter tepat di tikungan, sudah dua orang jatuh.")
    phone.locator("#field-photo").set_input_files(picture)
    phone.get_by_role("button", name="Pakai letak saya").tap()
    expect(phone.locator("#field-coordinates")).to_have_value(re.compile(r"-3\.1452"))
    phone.get_by_role("button", name="Tunjukkan di peta").tap()
    expect(phone.locator(".map-drawn")).to_be_visible()
    phone.locator(".feedback-map canvas").tap(position={"x": 100, "y": 100})
    expect(phone.get_by_text("Letak dipilih")).to_be_visible()
    accessible(phone, f"form-{scheme}")
    phone.wait_for_timeout(2_500)  # a person needs longer than a machine
    phone.get_by_role("button", name="Periksa laporan").tap()

    expect(phone.get_by_role("heading", name="Sudah benar?")).to_be_visible()
    expect(phone.get_by_alt_text("Foto yang akan dikirim")).to_be_visible()
    accessible(phone, f"check-{scheme}")
    phone.get_by_role("button", name="Kirim laporan").tap()
    expect(phone.get_by_role("heading", name="Terima kasih. Laporan Anda diterima.")).to_be_visible()
    accessible(phone, f"receipt-{scheme}")
    follow = phone.url.partition("?")[0]

    desk = sign_in(
        open_context(browser, address, viewport={"width": 1440, "height": 900}, color_scheme=scheme), "pemeriksa"
    )
    desk.goto("/feedback")
    accessible(desk, f"list-{scheme}")
    desk.get_by_role("link", name=re.compile("L-20")).click()
    accessible(desk, f"page-{scheme}")
    desk.get_by_role("button", name="Terima sebagai laporan yang ditangani").click()
    desk.get_by_text("Jawab", exact=True).click()
    desk.get_by_label("Jawaban untuk pelapor dan publik").fill("Lubang ditambal hari ini.")
    desk.get_by_role("button", name="Simpan jawaban").click()
    desk.get_by_text("Unggah bukti", exact=True).click()
    desk.locator("input[name=file]").set_input_files(picture)
    desk.get_by_role("button", name="Unggah", exact=True).click()
    desk.get_by_text("Umumkan kepada publik").click()
    desk.get_by_label("Pokok laporan").fill("Lubang di tikungan")
    desk.get_by_label(re.compile("Umumkan fotonya")).check()
    accessible(desk, f"page-open-{scheme}")
    desk.get_by_role("button", name="Umumkan", exact=True).click()
    expect(desk.get_by_text("Lubang di tikungan")).to_be_visible()

    phone.goto(follow)
    expect(phone.get_by_text("Lubang ditambal hari ini.")).to_be_visible()
    accessible(phone, f"answered-{scheme}")
    phone.get_by_role("button", name="Ya, sudah selesai").tap()
    expect(phone.get_by_text("Laporan ini selesai dan ditutup dengan bukti.")).to_be_visible()

    for page, name in ((phone, "public"), (desk, "public")):
        page.goto("/feedback/public")
        expect(page.get_by_text("Lubang di tikungan", exact=True)).to_be_visible()
        assert "sudah dua orang jatuh" not in page.content()
        accessible(page, f"{name}-{scheme}")
    phone.context.close()
    desk.context.close()
