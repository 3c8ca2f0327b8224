"""The real Chromium that browser tests and journeys drive: one for a whole run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

CHROMIUM = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)
SOFTWARE_GL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE_MS = 60_000  # the map is drawn in software, on machines that do other things too


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium with WebGL in software."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *SOFTWARE_GL])
    yield browser
    browser.close()


def mark_browser_tests(items: list[pytest.Item], folder: Path) -> None:
    """Mark every test of a folder, and skip all where there is no browser that tests may drive."""
    reason = None
    if CHROMIUM is None:
        reason = "no Chromium is installed; `make test` installs the distribution's"
    elif "/snap/" in os.path.realpath(CHROMIUM):
        reason = "Chromium is only a snap here, which tests cannot drive"
    for item in items:
        if folder in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))
