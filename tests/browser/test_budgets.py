"""What the map page costs over the wire: the first look, the map, a move. Bars of the design, in bytes as sent."""

from __future__ import annotations

from playwright.sync_api import CDPSession, Page

from tests.browser.conftest import NewPage, Traffic
from tests.browser.map_page import open_map, wait_for_map

FIRST_LOOK_BYTES = 150_000
MAP_READY_BYTES = 650_000
MOVE_BYTES = 175_000
QUIET_MS = 2_500  # after which nothing more of a move is asked for


def settle(page: Page, traffic: Traffic) -> dict[str, int]:
    """Wait until nothing more comes, and return what came, by path."""
    page.wait_for_timeout(QUIET_MS)
    return traffic.take()


def test_first_look(new_page: NewPage, traffic: Traffic) -> None:
    page = new_page(java_script_enabled=False)
    traffic.take()
    page.goto("/", wait_until="load")
    sent = settle(page, traffic)
    assert {"/", "/plate.svg"} <= set(sent)
    assert 20_000 < sum(sent.values()) <= FIRST_LOOK_BYTES, sent


def test_map_ready_and_moves(page: Page, traffic: Traffic) -> None:
    traffic.take()
    open_map(page)
    sent = settle(page, traffic)
    assert any("worker" in path for path in sent)
    assert 300_000 < sum(sent.values()) <= MAP_READY_BYTES, sent
    for _ in range(6):  # from the region to the street
        page.get_by_role("button", name="Perbesar").click()
        sent = settle(page, traffic)
        assert sum(sent.values()) <= MOVE_BYTES, sent
    page.locator("#map canvas").first.focus()
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft"):
        for _ in range(4):
            page.keyboard.press(key)
        sent = settle(page, traffic)
        assert sum(sent.values()) <= MOVE_BYTES, sent


def test_a_layer_that_is_off_costs_nothing(page: Page, traffic: Traffic) -> None:
    traffic.take()
    open_map(page)
    sent = settle(page, traffic)
    assert not any(path.startswith("/tiles/plan_zones") for path in sent)
    page.locator(".layers-toggle").click()
    page.locator("#layer-plan_zones").check()
    sent = settle(page, traffic)
    assert any(path.startswith("/tiles/plan_zones") for path in sent)


def test_picture_comes_before_the_map_on_slow_mobile_data(new_page: NewPage) -> None:
    page = new_page(width=360, height=740)
    session: CDPSession = page.context.new_cdp_session(page)
    session.send("Network.enable")
    slow = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
    session.send("Network.emulateNetworkConditions", slow)
    page.goto("/", wait_until="commit")
    wait_for_map(page)
    before_picture = page.evaluate(
        """() => {
            const all = performance.getEntriesByType('resource');
            const plate = all.find((one) => one.name.includes('/plate.svg'));
            const before = all.filter((one) => one.responseEnd <= plate.responseEnd);
            return before.reduce((sum, one) => sum + one.transferSize, 0);
        }"""
    )
    assert 0 < before_picture <= FIRST_LOOK_BYTES
