"""Run `petakarya` as a person does: in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.config import ROOT

START_SECONDS = 120  # a busy machine that makes its first database may need it
OURS = ("PETAKARYA_", "DATABASE_URL", "PORT", "HOST", "LC_", "LANG")


def environment(home: Path, **settings: str) -> dict[str, str]:
    """Return the environment of a command that works on a home, in English, without the demonstration."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    ours = {"PETAKARYA_HOME": str(home), "PETAKARYA_DEMO": "0", "LANG": "en_GB.UTF-8", "PYTHONPATH": str(ROOT)}
    return {**inherited, **ours, **settings}


def petakarya(home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=home.parent,
        env=environment(home, **settings),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Running:
    """A `petakarya up` that serves."""

    process: subprocess.Popen[bytes]
    home: Path
    port: int
    output: Path
    seconds_to_serving: float

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    def said(self) -> str:
        """Return what it has printed so far."""
        return self.output.read_text(encoding="utf-8")

    def stop(self, sign: signal.Signals = signal.SIGTERM, seconds: float = 30) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(sign)
        return self.process.wait(seconds)


@contextmanager
def running(home: Path, port: int | None = None, **settings: str) -> Iterator[Running]:
    """Run `petakarya up` until the body ends; it serves when the body begins."""
    port = port or free_port()
    output = home.parent / f"{home.name}.{port}.out"
    begin = time.monotonic()
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "up"],
            env=environment(home, PORT=str(port), **settings),
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until_serving(process, port, output)
        yield Running(process, home, port, output, time.monotonic() - begin)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)
        output.unlink(missing_ok=True)


def wait_until_serving(process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    """
    Wait until the process says that it serves; fail with what was printed when it ends or time runs out.

    The port alone would not tell: a predecessor that was killed may still answer there for a moment.
    """
    deadline = time.monotonic() + START_SECONDS
    while f"http://127.0.0.1:{port}/" not in output.read_text(encoding="utf-8") or not answers(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"does not serve ({process.poll()}):\n{output.read_text(encoding='utf-8')}")
        time.sleep(0.05)


def answers(port: int) -> bool:
    """Tell whether a web server answers on a port."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False
