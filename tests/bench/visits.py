"""A visitor with a cheap phone on slow data, and many visitors at once: what they wait for, in seconds."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from threading import local
from typing import Any

from tests.bench.home import Bench
from tests.bench.running import CHROMIUM, FLAGS, PATIENCE_MS, PORT, SLOW, counted, demo_up
from tests.bench.serving import Client
from tests.bench.table import Row, at_most, not_measured

FIRST_CONTENT_SECONDS, LIST_SECONDS, COLD_MAP_SECONDS, WARM_MAP_SECONDS = 1.5, 3, 8, 3
INTERACTION_MS, P95_MS = 200, 100
CPU_SLOWER = 4
VISITS = 3
RATE_PER_SECOND, LOAD_SECONDS, CONNECTIONS = 50, 20, 16
PHONE = {"width": 360, "height": 740}

# Notes, frame by frame, when the list has a place on the screen and when the map has drawn all that it shows.
WATCH = """
    window.seen = {};
    const look = () => {
        const link = document.querySelector('.work a');
        if (!seen.list && link && link.getBoundingClientRect().height > 0) seen.list = performance.now();
        if (!seen.map && document.querySelector('.map-drawn')) seen.map = performance.now();
        if (!seen.list || !seen.map) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    window.interactions = [];
    new PerformanceObserver((list) => {
        for (const one of list.getEntries()) if (one.interactionId) interactions.push([one.name, one.duration]);
    }).observe({ type: 'event', durationThreshold: 16, buffered: true });
"""
FIRST_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


@dataclass(frozen=True)
class Visit:
    """Seconds from asking until the first content, the list, and the map with all that it shows."""

    first_content: float
    list: float
    map: float


def measure(bench: Bench) -> Iterator[Row]:
    """Yield the rows about one visitor on slow data, and about many on a fast line."""
    with demo_up(bench.settings.home / "demo"):
        yield from measure_phone()
        yield from measure_load()


def measure_phone(port: int = PORT) -> Iterator[Row]:
    """Open the home page as a cheap phone does, cold and warm, and filter its list."""
    if CHROMIUM is None or "/snap/" in os.path.realpath(CHROMIUM):
        yield not_measured("visits", "a phone on slow data", "", "no Chromium that can be driven")
        return
    from playwright.sync_api import sync_playwright

    cold, warm, longest = [], [], []
    with counted(port) as traffic, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        for _ in range(VISITS):
            context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
            page = _slow_page(context)
            cold.append(_visit(page, traffic.address))
            longest.append(_longest_interaction(page))
            page.close()
            warm.append(_visit(_slow_page(context), traffic.address))
            context.close()
        browser.close()
    note = f"1.6 Mbit/s, 150 ms, {CPU_SLOWER} × slower CPU; median of {VISITS}, empty cache"

    def middle(of: Callable[[Visit], float], visits: Sequence[Visit]) -> float:
        return median(of(one) for one in visits)

    content = middle(lambda one: one.first_content, cold)
    yield at_most("visits", "phone: first content", content, FIRST_CONTENT_SECONDS, "s", note)
    yield at_most("visits", "phone: list on the screen", middle(lambda one: one.list, cold), LIST_SECONDS, "s")
    yield at_most("visits", "phone: map drawn, cold", middle(lambda one: one.map, cold), COLD_MAP_SECONDS, "s")
    yield at_most("visits", "phone: map drawn, warm", middle(lambda one: one.map, warm), WARM_MAP_SECONDS, "s")
    pressed = ", ".join(f"{one:.0f}" for one in longest)
    yield at_most(
        "visits", "phone: longest wait for a frame when filtering", median(longest), INTERACTION_MS, "ms", pressed
    )


def measure_load(port: int = PORT) -> Iterator[Row]:
    """Ask for the pages that people open most, so many a second whether or not earlier ones were answered."""
    with Client(port) as client:
        projects = re.findall(r'href="(/projects/[^"?]+)"', client.get("/projects").body.decode())
        areas = re.findall(r'href="(/areas/[^"?]+)"', client.get("/areas").body.decode())
    kinds = {"home": ["/"], "project": projects[:20], "area": areas[:20]}
    for addresses in kinds.values():  # what is computed once and kept is not what is measured
        for address in addresses:
            with Client(port) as client:
                client.get(address)
    for name, addresses in kinds.items():
        waits, refused = answers_at_rate(port, addresses, per_second=RATE_PER_SECOND, seconds=LOAD_SECONDS)
        note = f"median {median(waits) * 1e3:.0f} ms, longest {max(waits) * 1e3:.0f} ms, {len(addresses)} addresses"
        p95 = sorted(waits)[round(len(waits) * 0.95) - 1] * 1e3
        yield at_most("visits", f"server: {name}, 50 requests/s, 95 of 100 within", p95, P95_MS, "ms", note)
        yield at_most("visits", f"server: {name}, answers that were not 200", refused, 0, "")


def answers_at_rate(
    port: int, addresses: Sequence[str], *, per_second: float, seconds: float
) -> tuple[list[float], int]:
    """
    Ask at a steady rate, on as many connections as it takes.

    Returns
    -------
    answers
        Seconds from the moment a request was due until its whole answer, so that a server that falls behind is seen
        to; and how many answers were not 200.
    """
    kept = local()
    start = time.perf_counter() + 0.1

    def ask(number: int) -> tuple[float, bool]:
        due = start + number / per_second
        time.sleep(max(0.0, due - time.perf_counter()))
        if not hasattr(kept, "client"):
            kept.client = Client(port, accept_encoding="gzip")
        status = kept.client.get(addresses[number % len(addresses)]).status
        return time.perf_counter() - due, status != 200

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = list(pool.map(ask, range(round(per_second * seconds))))
    return [wait for wait, _ in answers], sum(bad for _, bad in answers)


def _slow_page(context: Any) -> Any:
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.add_init_script(WATCH)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW)
    session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWER})
    return page


def _visit(page: Any, address: str) -> Visit:
    page.goto(address, wait_until="commit", timeout=PATIENCE_MS)
    page.locator(".map-drawn").wait_for(state="attached")
    page.wait_for_function("() => seen.list && seen.map")
    seen = page.evaluate("() => seen")
    return Visit(page.evaluate(FIRST_PAINT) / 1e3, seen["list"] / 1e3, seen["map"] / 1e3)


def _longest_interaction(page: Any) -> float:
    """Filter by a few stages, and return how long the next frame took at most (milliseconds), as INP counts."""
    page.locator("#filters-toggle").tap()
    chips = page.locator(".chip")
    for number in (0, 1, 0):
        chips.nth(number).tap()
        page.wait_for_timeout(1_500)
    waits = page.evaluate("() => interactions")
    return max((duration for _name, duration in waits), default=0.0)
