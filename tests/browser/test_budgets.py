"""What the map page costs over the wire: the first look, the map, a move. Bars of the design, in bytes as sent."""

from __future__ import annotations

from playwright.sync_api import CDPSession, Page

from tests.browser.conftest import NewPage
from tests.browser.map_page import open_map, wait_for_map

FIRST_LOOK_BYTES = 150_000
MAP_READY_BYTES = 650_000
MOVE_BYTES = 175_000


class Meter:
    """Counts the bytes of a page's answers, headers among them; workers too, since tiles are asked for there."""

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        self.by_url: dict[str, float] = {}
        page.context.on("requestfinished", lambda request: self._add(request.url, request.sizes()))

    def _add(self, url: str, sizes: dict[str, int]) -> None:
        cost = sizes["responseBodySize"] + sizes["responseHeadersSize"]
        self.bytes += cost
        self.by_url[url] = self.by_url.get(url, 0) + cost

    def take(self) -> int:
        """Return what was counted since the last time."""
        counted, self.bytes = self.bytes, 0
        return counted


def test_first_look(new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    meter = Meter(page)
    page.goto("/", wait_until="load")
    page.wait_for_timeout(500)
    assert 20_000 < meter.take() <= FIRST_LOOK_BYTES, meter.by_url


def test_map_ready_and_moves(page: Page) -> None:
    meter = Meter(page)
    open_map(page)
    page.wait_for_timeout(1500)
    assert 300_000 < meter.take() <= MAP_READY_BYTES, meter.by_url
    for _ in range(6):  # from the region to the street
        page.get_by_role("button", name="Perbesar").click()
        page.wait_for_timeout(2500)
        assert meter.take() <= MOVE_BYTES, meter.by_url
    page.locator("#map canvas").first.focus()
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft"):
        for _ in range(4):
            page.keyboard.press(key)
        page.wait_for_timeout(2000)
        assert meter.take() <= MOVE_BYTES, meter.by_url


def test_first_look_on_slow_mobile_data(new_page: NewPage) -> None:
    page = new_page(width=360, height=740)
    session: CDPSession = page.context.new_cdp_session(page)
    session.send("Network.enable")
    slow = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
    session.send("Network.emulateNetworkConditions", slow)
    page.goto("/", wait_until="commit")
    page.wait_for_function("() => document.querySelector('.plate img')?.complete && document.fonts.status === 'loaded'")
    bytes_before_map = page.evaluate(
        """() => {
            const plate = performance.getEntriesByType('resource').find((one) => one.name.includes('/plate.svg'));
            const before = performance.getEntriesByType('resource').filter((one) => one.responseEnd <= plate.responseEnd);
            return before.reduce((sum, one) => sum + one.transferSize, 0);
        }"""
    )
    assert 0 < bytes_before_map <= FIRST_LOOK_BYTES  # the map's library does not come before the picture
    wait_for_map(page)
