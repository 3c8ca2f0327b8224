"""Start servers, and ask them over keep-alive connections with as little work of our own as possible."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.config import ROOT

HOST = "127.0.0.1"
STARTING_SECONDS = 60.0
RECEIVED_BYTES = 1 << 18


@contextmanager
def serving(command: Sequence[str], *, port: int, environment: Mapping[str, str], ready: str = "/") -> Iterator[int]:
    """
    Run a server until the block ends.

    Parameters
    ----------
    ready
        Address that answers once it serves.

    Yields
    ------
    pid
        Of the server's first process.
    """
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            raise OSError(f"port {port} is taken: something else would be measured")
    process = subprocess.Popen(
        list(command),
        cwd=ROOT,
        env=dict(environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # so that its workers can be stopped with it
    )
    try:
        wait_until_ready(port, ready, process)
        yield process.pid
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def granian(module: str, *, port: int, workers: int = 2, threads: int = 8) -> list[str]:
    """Return the command that serves a WSGI application as `petakarya up` does."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(port)),
        *("--workers", str(workers), "--blocking-threads", str(threads), "--no-ws", "--workers-kill-timeout", "3"),
        *("--log-level", "error", module),
    ]


def wait_until_ready(port: int, address: str, process: subprocess.Popen[bytes] | None = None) -> None:
    """Ask until there is an answer; `TimeoutError` when none comes, or the server has ended."""
    end = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < end:
        if process is not None and process.poll() is not None:
            break
        try:
            with Client(port) as client:
                client.get(address)
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"no answer at port {port}")


@dataclass(frozen=True)
class Answer:
    """Status, head and body of an HTTP answer."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        """Return a header's value; empty when there is none."""
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.decode().lower() == name.lower():
                return value.strip().decode()
        return ""


class Client:
    """One keep-alive connection. It reads answers with Content-Length or in chunks, and nothing more."""

    def __init__(self, port: int, *, accept_encoding: str = "identity") -> None:
        self._socket = socket.create_connection((HOST, port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._end = f" HTTP/1.1\r\nHost: {HOST}:{port}\r\nAccept-Encoding: {accept_encoding}\r\n\r\n".encode()
        self._rest = b""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()

    def get(self, address: str) -> Answer:
        """Ask for an address and wait for the whole answer."""
        self._socket.sendall(b"GET " + address.encode() + self._end)
        head = self._until(b"\r\n\r\n")
        status = int(head[9:12])
        lowered = head.lower()
        if b"transfer-encoding: chunked" in lowered:
            return Answer(status, head, self._chunks())
        start = lowered.find(b"content-length:")
        if start < 0:
            return Answer(status, head, b"")
        length = int(lowered[start + 15 :].split(b"\r\n", 1)[0])
        return Answer(status, head, self._exactly(length))

    def _until(self, mark: bytes) -> bytes:
        while (found := self._rest.find(mark)) < 0:
            self._receive()
        head, self._rest = self._rest[:found], self._rest[found + len(mark) :]
        return head

    def _exactly(self, length: int) -> bytes:
        if len(self._rest) >= length:
            body, self._rest = self._rest[:length], self._rest[length:]
            return body
        whole = bytearray(length)
        filled = len(self._rest)
        whole[:filled] = self._rest
        self._rest = b""
        view = memoryview(whole)
        while filled < length:
            received = self._socket.recv_into(view[filled:])
            if not received:
                raise ConnectionError("the server closed the connection")
            filled += received
        return bytes(whole)

    def _chunks(self) -> bytes:
        body = b""
        while length := int(self._until(b"\r\n"), 16):
            body += self._exactly(length)
            self._until(b"\r\n")
        self._until(b"\r\n")
        return body

    def _receive(self) -> None:
        received = self._socket.recv(RECEIVED_BYTES)
        if not received:
            raise ConnectionError("the server closed the connection")
        self._rest += received


def best_seconds(ask: Callable[[str], object], addresses: Sequence[str], *, best: dict[str, float]) -> None:
    """Ask for each address once, and keep the shortest time seen for it."""
    for address in addresses:
        start = time.perf_counter()
        ask(address)
        taken = time.perf_counter() - start
        best[address] = min(best.get(address, taken), taken)


def requests_per_second(asks: Sequence[Callable[[str], object]], addresses: Sequence[str]) -> float:
    """Let several connections share out the addresses among them, and return how many answers came each second."""
    count = len(asks)

    def work(number: int) -> None:
        for address in addresses[number::count]:
            asks[number](address)

    with ThreadPoolExecutor(count) as pool:
        start = time.perf_counter()
        list(pool.map(work, range(count)))
        return len(addresses) / (time.perf_counter() - start)


def pss_bytes(pids: Sequence[int]) -> int:
    """Return the memory of processes and all their children, shared pages counted by share."""
    total, waiting = 0, list(pids)
    seen: set[int] = set()
    while waiting:
        pid = waiting.pop()
        if pid in seen:
            continue
        seen.add(pid)
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        total += next((int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:")), 0)
    return total
