"""The map page in a real browser: drawn, filtered, searched, by keyboard, in two languages, and when things are missing."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, expect
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from app import create_app
from app.config import Settings, TileLimits
from app.database.roles import DatabaseUrls
from tests.browser.conftest import NewPage, serving
from tests.browser.map_page import ROAD_COLOURS, map_pixels, open_map, share_of_colour, suggestions, wait_for_map
from tests.helpers.application import everything_closed


def test_map_is_drawn_with_roads_by_condition(page: Page) -> None:
    open_map(page)
    pixels = map_pixels(page)
    assert len({tuple(colour) for colour in pixels[::7, ::7].reshape(-1, 3).tolist()}) > 30
    for colour in ROAD_COLOURS.values():
        assert share_of_colour(pixels, colour) > 0.0005


def test_hiding_a_class_takes_its_roads_off_the_map(page: Page) -> None:
    open_map(page)
    before = share_of_colour(map_pixels(page), ROAD_COLOURS["fair"])
    page.locator(".layers-toggle").click()
    page.locator("#class-roads-fair").uncheck()
    page.locator(".layers-toggle").click()
    page.wait_for_function("() => location.hash.includes('hide=roads:fair')")
    page.wait_for_timeout(1500)
    assert share_of_colour(map_pixels(page), ROAD_COLOURS["fair"]) < before / 3
    page.reload()
    wait_for_map(page)
    page.locator(".layers-toggle").click()
    expect(page.locator("#class-roads-fair")).not_to_be_checked()


def test_a_project_is_found_in_three_actions(page: Page) -> None:
    open_map(page)
    name = page.locator(".work-name").nth(3).inner_text()
    page.locator("#search-input").fill(name)  # 1
    option = suggestions(page).filter(has_text=name).first
    option.click()  # 2
    expect(page.locator("#card-title")).to_have_text(name)
    page.get_by_role("link", name="Buka halaman lengkap").click()  # 3
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def test_coordinates_are_found(page: Page) -> None:
    open_map(page)
    page.locator("#search-input").fill("-3,1 103,2")
    suggestions(page).first.click()
    page.wait_for_function("() => /^#1[0-9.]+\\/-3\\.1/.test(location.hash)")
    expect(page.locator(".pin")).to_be_visible()


def test_filter_changes_list_map_and_address(page: Page) -> None:
    open_map(page)
    every = int(page.locator("#list-count b").inner_text().replace(".", ""))
    page.locator("#stage-late-box").check()
    page.wait_for_url(re.compile("stage=late"))
    expect(page.locator(".works .stage:not(.stage-late)")).to_have_count(0)
    late = int(page.locator("#list-count b").inner_text().replace(".", ""))
    assert 0 < late < every
    page.wait_for_timeout(1500)
    page.locator(".layers-toggle").click()
    expect(page.locator("#class-projects-late")).to_be_checked()
    expect(page.locator("#class-projects-finished")).not_to_be_checked()


def test_back_button_restores_filter_and_card(page: Page) -> None:
    open_map(page)
    every = page.locator("#list-count b").inner_text()
    page.locator("#stage-late-box").check()
    page.wait_for_url(re.compile("stage=late"))
    page.locator(".work a").first.click()
    expect(page.locator("#card-title")).to_be_visible()
    assert "show=projects" in page.url
    page.go_back()
    expect(page.locator("#card")).to_be_hidden()
    expect(page.locator("#stage-late-box")).to_be_checked()
    page.go_back()
    expect(page.locator("#list-count b")).to_have_text(every)
    expect(page.locator("#stage-late-box")).not_to_be_checked()


def test_list_follows_the_map_when_asked(page: Page) -> None:
    open_map(page)
    every = int(page.locator("#list-count b").inner_text().replace(".", ""))
    page.locator("#in-view").check()
    for _ in range(3):
        page.get_by_role("button", name="Perbesar").click()
        page.wait_for_timeout(700)
    page.wait_for_function(
        f"() => Number(document.querySelector('#list-count b').textContent.replace('.', '')) < {every}"
    )


def test_clicking_the_map_opens_the_feature(page: Page) -> None:
    open_map(page)
    page.locator(".work a").first.click()
    expect(page.locator("#card-title")).to_be_visible()
    title = page.locator("#card-title").inner_text()
    page.wait_for_timeout(2500)
    page.get_by_role("button", name="Kembali ke daftar").click()
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#card-title")).to_be_visible()
    assert title  # whatever lies in the middle now has a card; the works are dense there


def test_language_changes_and_is_kept(page: Page) -> None:
    page.goto("/")
    assert page.locator("html").get_attribute("lang") == "id"
    page.locator(".bar-languages").get_by_role("link", name="EN").click()
    assert page.locator("html").get_attribute("lang") == "en"
    expect(page.locator("#search-input")).to_have_attribute("placeholder", "Search projects, roads or places")
    page.goto("/")
    assert page.locator("html").get_attribute("lang") == "en"


def test_whole_journey_by_keyboard(page: Page) -> None:
    open_map(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Langsung ke isi")).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#search-input")).to_be_focused()
    page.keyboard.type("muara beliti")
    suggestions(page).first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_function("() => /^#1[0-9]/.test(location.hash)")
    page.locator(".work a").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#card-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".work a").first).to_be_focused()
    page.locator(".layers-toggle").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#layers-body")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#layers-body")).to_be_hidden()
    before = page.url
    page.wait_for_timeout(1000)
    page.locator("#map canvas").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("before => location.href !== before", arg=before)


def test_measuring_by_keyboard(page: Page) -> None:
    open_map(page, "/#12/-3.2/103.1")
    page.get_by_role("button", name="Ukur jarak dan luas").click()
    add = page.get_by_role("button", name="Tambah titik di tengah peta")
    add.click()
    page.locator("#map canvas").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(1200)
    add.click()
    length = page.locator(".measured output").first.inner_text()
    assert re.fullmatch(r"\d+,\d{3} km", length)
    assert 1 < float(length.removesuffix(" km").replace(",", ".")) < 10
    page.keyboard.press("Escape")
    expect(page.locator(".tool-panel")).to_be_hidden()


def test_comparing_dates_draws_a_second_map(page: Page) -> None:
    open_map(page)
    page.get_by_role("button", name="Bandingkan").click()
    expect(page.get_by_role("slider", name=re.compile("Garis pembanding"))).to_be_visible()
    expect(page.locator(".swipe-map canvas")).to_be_visible()


def test_printing_makes_a_sheet_to_scale(page: Page) -> None:
    page.add_init_script("window.print = () => { window.printed = true; }")
    open_map(page)
    page.get_by_role("button", name="Cetak berskala").click()
    page.get_by_role("button", name="Cetak", exact=True).click()
    page.wait_for_function("() => window.printed === true")
    sheet = page.locator("#print-sheet")
    assert "1 : " in (sheet.text_content() or "")
    assert sheet.locator("li").count() > 5
    assert sheet.locator("img").evaluate("image => image.naturalWidth") == pytest.approx(277 / 25.4 * 96 * 2, abs=3)


def test_phone_sheet_rests_at_three_stops(new_page: NewPage) -> None:
    page = new_page(width=360, height=740, has_touch=True, is_mobile=True, reduced_motion="reduce")
    open_map(page)
    column, handle = page.locator("#column"), page.locator("#sheet-handle")
    tops = []
    for stop in ("full", "map", "half"):
        handle.press("Enter") if stop != "half" else handle.press("ArrowUp")
        expect(column).to_have_attribute("data-stop", stop)
        page.wait_for_timeout(400)
        box = column.bounding_box()
        assert box is not None
        tops.append(box["y"])
    assert tops[0] < tops[2] < tops[1]


def test_without_webgl_the_light_map_stands_in(browser_without_webgl: Browser, new_page: NewPage) -> None:
    page = new_page(on=browser_without_webgl)
    page.goto("/")
    expect(page.get_by_text("peta ringan", exact=False)).to_be_visible()
    frame = page.frame_locator(".light-map")
    expect(frame.locator(".leaflet-container")).to_be_visible()
    assert frame.locator("path.leaflet-interactive").count() > 50
    assert page.locator(".work").count() > 10


def test_without_scripts_list_picture_and_link_remain(new_page: NewPage, screenshots: Path) -> None:
    page = new_page(java_script_enabled=False)
    page.goto("/?stage=late")
    assert page.locator(".plate img").evaluate("image => image.naturalWidth") > 0
    assert page.locator(".work").count() > 0
    expect(page.get_by_role("button", name="Terapkan saringan")).to_be_visible()
    expect(page.get_by_role("link", name="Buka peta ringan")).to_be_visible()
    page.screenshot(path=screenshots / "home-no-script.png")


def test_going_offline_is_said_in_a_sentence(page: Page) -> None:
    open_map(page)
    page.context.set_offline(True)
    expect(page.get_by_text("Tidak ada sambungan.")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("Sambungan kembali.")).to_be_visible()


def test_a_map_that_cannot_load_says_so(page: Page) -> None:
    page.route("**/style.json*", lambda route: route.abort())
    page.goto("/")
    expect(page.get_by_text("Peta tidak dapat dimuat.")).to_be_visible()
    assert page.locator(".work").count() > 10


def test_no_page_asks_another_host(page: Page, live_server: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if isinstance(request, Request) else None)
    open_map(page)
    page.locator(".work a").first.click()
    expect(page.locator("#card-title")).to_be_visible()
    for address in ("/projects", "/data", "/reports", "/login", "/light", "/nowhere"):
        page.goto(address)
    hosts = {urlsplit(url).netloc for url in asked if urlsplit(url).scheme in {"http", "https"}}
    assert hosts == {urlsplit(live_server).netloc}


def test_no_policy_is_broken_and_no_script_fails(page: Page) -> None:
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    open_map(page)
    page.locator(".layers-toggle").click()
    page.locator("#layer-plan_zones").check()
    page.wait_for_timeout(1500)
    page.locator(".work a").first.click()
    expect(page.locator("#card-title")).to_be_visible()
    assert problems == []


@pytest.mark.parametrize(
    ("name", "width", "height", "scheme", "address"),
    [
        ("home-desktop", 1440, 900, "light", "/"),
        ("home-desktop-dark", 1440, 900, "dark", "/?lang=en"),
        ("home-tablet", 768, 1024, "light", "/"),
        ("home-phone", 360, 740, "light", "/"),
        ("home-phone-dark", 360, 740, "dark", "/"),
    ],
)
def test_screens_to_look_at(
    new_page: NewPage, screenshots: Path, name: str, width: int, height: int, scheme: str, address: str
) -> None:
    page = new_page(width=width, height=height, color_scheme=scheme)
    open_map(page, address)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width  # nothing sticks out sideways
    page.screenshot(path=screenshots / f"{name}.png")


def test_an_edit_is_seen_without_reload(page: Page, demonstration: DatabaseUrls) -> None:
    open_map(page)
    name = page.locator(".work-name").first.inner_text()
    engine = create_engine(demonstration.app, poolclass=NullPool)
    rename = text("UPDATE app.project SET name = :new WHERE name = :old")
    try:
        with engine.begin() as connection:
            connection.execute(rename, {"old": name, "new": "Nama yang baru saja diubah"})
        expect(page.locator(".work-name").first).to_have_text("Nama yang baru saja diubah", timeout=40_000)
    finally:
        with engine.begin() as connection:
            connection.execute(rename, {"old": "Nama yang baru saja diubah", "new": name})
        engine.dispose()


def test_the_list_goes_on_below(page: Page) -> None:
    open_map(page)
    rows = page.locator(".work")
    before = rows.count()
    page.get_by_role("link", name="Pekerjaan berikutnya").click()
    expect(rows).to_have_count(2 * before)
    expect(rows.nth(before).locator("a")).to_be_focused()


def test_tiles_that_a_limit_cut_say_so(new_page: NewPage, settings: Settings, demonstration: DatabaseUrls) -> None:
    tight = create_app(replace(settings, tiles=TileLimits(features=5)), demonstration)
    with everything_closed(tight), serving(tight) as address:
        page = new_page()
        open_map(page, address + "/")
        expect(page.get_by_text("Tidak semua ditampilkan pada skala ini.")).to_be_visible(timeout=30_000)
