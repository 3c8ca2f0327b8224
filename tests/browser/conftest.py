"""A real Chromium on a real server with the demonstration in a real database."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool
from werkzeug.serving import WSGIRequestHandler, make_server

from app import create_app
from app.admin.region import ensure_region
from app.config import ROOT, Settings
from app.database.roles import DatabaseUrls
from app.demo.load import load_demonstration
from tests.helpers.application import everything_closed
from tests.helpers.chromium import CHROMIUM, PATIENCE_MS, QUIET, mark_browser_tests
from tests.helpers.database import copied_database

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SCREENSHOTS = ROOT / "screenshots"

NewPage = Callable[..., Page]


class QuietHandler(WSGIRequestHandler):
    """Keeps connections open as the real server does, and writes no log."""

    protocol_version = "HTTP/1.1"

    def log(self, *_args: object) -> None:
        """Say nothing."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder as one that needs a browser."""
    mark_browser_tests(items, Path(__file__).parent)


@pytest.fixture(scope="session")
def demonstration(settings: Settings, database: DatabaseUrls) -> Iterator[DatabaseUrls]:
    """A database that holds the demonstration, for all browser tests; they change nothing in it but what they undo."""
    with copied_database(settings, f"petakarya_browser_{os.getpid()}") as urls:
        engine = create_engine(urls.owner, poolclass=NullPool)
        with engine.begin() as connection:
            ensure_region(connection, settings)
            load_demonstration(connection, settings)
        engine.dispose()
        yield urls


@pytest.fixture(scope="session")
def live_app(settings: Settings, demonstration: DatabaseUrls) -> Iterator[Flask]:
    """The application that the live server serves."""
    app = create_app(settings, demonstration)
    with everything_closed(app):
        yield app


class Traffic:
    """Counts what the server sends, bodies and headers, whoever asks: pages, workers, frames."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self.bytes_by_path: dict[str, int] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the application does."""
        path = str(environ["PATH_INFO"])

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            self._add(path, len(status) + sum(len(name) + len(value) + 4 for name, value in headers))
            return start_response(status, headers, *rest)

        answer = self._app(environ, start)
        try:
            for chunk in answer:
                self._add(path, len(chunk))
                yield chunk
        finally:
            if hasattr(answer, "close"):
                answer.close()

    def take(self) -> dict[str, int]:
        """Return the bytes sent since the last time, by path."""
        taken, self.bytes_by_path = self.bytes_by_path, {}
        return taken

    def _add(self, path: str, number: int) -> None:
        self.bytes_by_path[path] = self.bytes_by_path.get(path, 0) + number


@pytest.fixture(scope="session")
def traffic(live_app: Flask) -> Traffic:
    """What the live server sends."""
    return Traffic(live_app)


class Gate:
    """Lets requests through until it is closed: pages left open ask on, over connections that outlive the server."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._changed = threading.Condition()
        self._inside = 0
        self._closed = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the application does, or 503 once closed."""
        with self._changed:
            if self._closed:
                start_response("503 Service Unavailable", [("Content-Length", "0"), ("Connection", "close")])
                return
            self._inside += 1
        try:
            answer = self._app(environ, start_response)
            try:
                yield from answer
            finally:
                if hasattr(answer, "close"):
                    answer.close()
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """Let nobody in, and wait until everybody is out: what they work on may be dropped next."""
        with self._changed:
            self._closed = True
            assert self._changed.wait_for(lambda: self._inside == 0, timeout=30), "a request never ended"


@contextmanager
def serving(app: WSGIApplication) -> Iterator[str]:
    """Serve an application from this process, and give its address."""
    gate = Gate(app)
    server = make_server("127.0.0.1", 0, gate, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(timeout=10)
        gate.close()


@pytest.fixture(scope="session")
def live_server(traffic: Traffic) -> Iterator[str]:
    """The address of a server in this process."""
    with serving(traffic) as address:
        yield address


@pytest.fixture(scope="session")
def browser_without_webgl(playwright: Playwright) -> Iterator[Browser]:
    """Chromium that cannot draw the full map."""
    flags = (
        "--disable-gpu",
        "--disable-webgl",
        "--disable-webgl2",
        "--disable-3d-apis",
        "--disable-software-rasterizer",
    )
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *flags])
    yield browser
    browser.close()


@pytest.fixture
def new_page(browser: Browser, live_server: str) -> Iterator[NewPage]:
    """Opens pages: `new_page(width=360, height=740, color_scheme="dark")`; relative addresses are the live server's."""
    contexts: list[BrowserContext] = []

    def open_page(*, width: int = 1440, height: int = 900, on: Browser | None = None, **options: object) -> Page:
        context = (on or browser).new_context(
            viewport={"width": width, "height": height}, base_url=live_server, **options
        )  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """A page as wide as a desk's screen."""
    return new_page()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """The folder of pictures that people look at; git ignores it."""
    SCREENSHOTS.mkdir(exist_ok=True)
    return SCREENSHOTS
