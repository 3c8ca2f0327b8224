"""A running installation with its demonstration: second start, memory at rest, and what a browser gets."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from app.config import ROOT
from tests.bench.home import Bench
from tests.bench.serving import HOST, pss_bytes, wait_until_ready
from tests.bench.table import Row, at_most, not_measured

PORT = 8796
START_SECONDS, MEMORY_GB = 6, 1.0
FIRST_LOOK_KB, FIRST_LOOK_SECONDS = 150, 3
MAP_READY_KB, MOVE_KB = 650, 175
REST_SECONDS, QUIET_MS, PATIENCE_MS = 20, 2_500, 120_000
ZOOM_STEPS = 6
VISITORS = 5
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
CHROMIUM = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)
FLAGS = ("--no-sandbox", "--disable-background-networking", "--use-gl=angle", "--use-angle=swiftshader")


def measure_running(bench: Bench) -> Iterator[Row]:
    """Yield the rows about start and memory."""
    home = bench.settings.home / "demo"
    with demo_up(home) as (seconds, _pid):
        first = f"the first, with cluster and demonstration: {seconds:.0f} s"
    with demo_up(home) as (seconds, pid):
        yield at_most("running", "second start to serving", seconds, START_SECONDS, "s", first)
        time.sleep(REST_SECONDS)
        postmaster = int(next((home / "postgres").rglob("postmaster.pid")).read_text().split()[0])
        web, database = pss_bytes([pid]), pss_bytes([postmaster])
        note = f"web and worker {web / 1e6:.0f} MB, database {database / 1e6:.0f} MB (proportional set size)"
        yield at_most("running", "memory at rest", (web + database) / 1e9, MEMORY_GB, "GB", note)


def measure_first_look(bench: Bench) -> Iterator[Row]:
    """Yield the rows about what a browser gets."""
    if CHROMIUM is None or "/snap/" in os.path.realpath(CHROMIUM):
        yield not_measured("first look", "everything", "", "no Chromium that can be driven")
        return
    from playwright.sync_api import sync_playwright

    with demo_up(bench.settings.home / "demo"), counted(PORT) as traffic, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield from _first_look(browser, traffic)
        yield from _map_ready(browser, traffic)
        browser.close()


def _first_look(browser: Any, traffic: Traffic) -> Iterator[Row]:
    """Open the page cold on slow mobile data without scripts: list, key figures, picture."""
    seconds, sizes = [], []
    for _ in range(VISITORS):
        context = browser.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False)
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", SLOW)
        traffic.take()
        start = time.perf_counter()
        page.goto(traffic.address, wait_until="load", timeout=PATIENCE_MS)
        seconds.append(time.perf_counter() - start)
        page.wait_for_timeout(QUIET_MS)
        sizes.append(traffic.take() / 1e3)
        context.close()
    yield at_most("first look", "list, key figures and picture, on the wire", max(sizes), FIRST_LOOK_KB, "kB")
    note = f"median of {VISITORS} visitors with an empty cache"
    yield at_most("first look", "the same at 1.6 Mbit/s and 150 ms", median(seconds), FIRST_LOOK_SECONDS, "s", note)


def _map_ready(browser: Any, traffic: Traffic) -> Iterator[Row]:
    """Open the page cold, wait for the map, and zoom in as far as a street."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    traffic.take()
    page.goto(traffic.address)
    page.locator(".map-drawn").wait_for()
    page.wait_for_timeout(QUIET_MS)
    yield at_most("first look", "map ready, cold, on the wire", traffic.take() / 1e3, MAP_READY_KB, "kB")
    moves = []
    for _ in range(ZOOM_STEPS):
        page.get_by_role("button", name="Perbesar").click()
        page.wait_for_timeout(QUIET_MS)
        moves.append(traffic.take() / 1e3)
    note = f"{ZOOM_STEPS} steps of zoom: {', '.join(f'{one:.0f}' for one in moves)} kB"
    yield at_most("first look", "largest move of the map", max(moves), MOVE_KB, "kB", note)
    context.close()


@contextmanager
def demo_up(home: Path) -> Iterator[tuple[float, int]]:
    """Run `petakarya up` until the block ends; give the seconds to serving and the pid."""
    home.mkdir(exist_ok=True)
    home.chmod(0o755)
    environment = {**os.environ, "PETAKARYA_HOME": str(home), "PORT": str(PORT), "PETAKARYA_DEMO": "1"}
    environment.pop("PETAKARYA_REGION", None)
    command = [str(Path(sys.executable).parent / "petakarya"), "up"]
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_ready(PORT, "/readyz", process)
        yield time.perf_counter() - start, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


class Traffic:
    """Counts what a server sends through a proxy of ours: heads and bodies, whoever asks."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._bytes = 0
        self._lock = threading.Lock()
        self._listening = socket.create_server((HOST, 0))
        self.address = f"http://{HOST}:{self._listening.getsockname()[1]}/"

    def take(self) -> int:
        """Return the bytes since the last time."""
        with self._lock:
            taken, self._bytes = self._bytes, 0
        return taken

    def serve(self) -> None:
        """Pass connections on until the listening socket is closed."""
        while True:
            try:
                caller, _ = self._listening.accept()
            except OSError:
                return
            server = socket.create_connection((HOST, self._port))
            threading.Thread(target=self._pass, args=(caller, server, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, caller, True), daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _pass(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        try:
            while data := source.recv(1 << 16):
                if counted:
                    with self._lock:
                        self._bytes += len(data)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            target.close()


@contextmanager
def counted(port: int) -> Iterator[Traffic]:
    traffic = Traffic(port)
    threading.Thread(target=traffic.serve, daemon=True).start()
    try:
        yield traffic
    finally:
        traffic.close()
