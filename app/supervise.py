"""`petakarya up`: database, web and worker as one thing that starts, is kept alive, and stops in order."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType
from typing import Any

from app.config import ROOT, Settings
from app.console import run, say
from app.database.cluster import Cluster
from app.database.locks import UP_LOCK, USERS_LOCK, open_lock, try_lock
from app.database.migrate import current_revision, newest_revision
from app.database.prepare import is_done, note_done, prepare_schema
from app.database.roles import database_urls, ensure_roles, private_cluster
from app.errors import PetaKaryaError
from app.processes import die_with_parent, processes_with

CHILD_OF = "PETAKARYA_CHILD_OF"  # in the environment of web and worker, so that a later start finds those left behind
POLL_SECONDS = 0.25
READY_SECONDS = 60.0
HANDOVER_SECONDS = 15.0  # how long a start waits for the one before it to finish stopping
STOP_SECONDS = {"web": 4.0, "worker": 6.0}  # then a child is killed
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0  # a child that lived so long starts again without a pause
FAILURES_BEFORE_READY = 3
LOG_BYTES = 20 * 1024 * 1024


class AlreadyRunning(PetaKaryaError):
    """Another `petakarya up` uses this home."""


class PortTaken(PetaKaryaError):
    """Something else listens on our port."""


class ChildKeepsFailing(PetaKaryaError):
    """Web or worker ends as soon as it is started."""


class StopAsked(BaseException):
    """Ctrl-C or SIGTERM came; not an error, so that no step takes it for one."""


@dataclass
class Child:
    """One program that is started again when it ends."""

    name: str
    command: list[str]
    log_file: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    failures: int = field(default=0)

    def start(self) -> None:
        """Start the program in a session of its own, so that a Ctrl-C reaches us alone and we stop it in order."""
        self.log_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".1.log"))
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        self.started_at = time.monotonic()

    def tend(self) -> None:
        """Start the program again when it has ended, after a pause that grows with each quick failure."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            code = self.process.returncode
            self.kill()
            steady = now - self.started_at > STEADY_SECONDS
            self.failures = 1 if steady else self.failures + 1
            pause = min(2.0 ** (self.failures - 1), LONGEST_PAUSE_SECONDS)
            self.process, self.start_again_at = None, now + pause
            say(
                f"{self.name} berhenti ({code}); dijalankan lagi dalam {pause:.0f} detik. Lihat {self.log_file}.",
                f"{self.name} ended ({code}); starting it again in {pause:.0f} s. See {self.log_file}.",
            )
        elif self.process is None and now >= self.start_again_at:
            self.start()

    def stop(self) -> None:
        """Ask the program to end, and make it after a while."""
        if self.process is None:
            return
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS[self.name])
        self.kill()
        self.process.wait()

    def kill(self) -> None:
        """Kill what is left of the program and of what it started."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


def run_everything(settings: Settings, *, with_parent: bool = False) -> int:
    """
    Start database, web and worker, keep them alive, and stop them in order when asked to.

    Parameters
    ----------
    settings
        Where the state lies and where the web listens.
    with_parent
        Stop as well when the process that called us dies (`make run`).

    Returns
    -------
    exit_code
        0 after Ctrl-C or SIGTERM.

    Raises
    ------
    AlreadyRunning, PortTaken, DatabaseUnavailable, ChildKeepsFailing
        Each with one sentence; everything that was started is stopped again.
    """
    if with_parent:
        die_with_parent(signal.SIGTERM)()
    with _signals_as_exception(), _only_one(settings) as tell_state:
        try:
            _require_free_port(settings)
            with _running_database(settings) as cluster:
                if not _is_prepared(settings):
                    _in_a_child(lambda: prepare_everything(settings))
                _serve(settings, cluster)
        except StopAsked:
            pass
        finally:
            _ignore_signals()
            tell_state("stopping")
    return 0


def prepare_everything(settings: Settings) -> None:
    """Bring the database to where the web can use it: schema, region, demonstration, first administrator."""
    from app.auth.demo import ensure_demo_password
    from app.auth.service import ensure_first_administrator
    from app.database.prepare import owner_connection
    from app.demo.load import load_demonstration_if_empty
    from app.packages.programmes import seed_programmes

    prepare_schema(settings)
    if settings.demo:
        load_demonstration_if_empty(settings, say=say)
        ensure_demo_password(settings, say=say)
    with owner_connection(settings) as connection:
        seed_programmes(connection)
    ensure_first_administrator(settings, say=say)
    note_done(settings, "everything")


def _is_prepared(settings: Settings) -> bool:
    """Tell, in a few milliseconds, whether an earlier start has done everything that this one would do."""
    ensure_roles(settings)
    return current_revision(database_urls(settings).owner) == newest_revision() and is_done(settings, "everything")


def children_of(settings: Settings) -> list[Child]:
    """Describe the programs that serve: the web under granian, and the worker."""
    environment = {**os.environ, CHILD_OF: str(settings.home), "PYTHONUNBUFFERED": "1"}
    web = [
        *(
            sys.executable,
            "-m",
            "granian",
            "--interface",
            "wsgi",
            "--host",
            settings.host,
            "--port",
            str(settings.port),
        ),
        *("--workers", str(settings.server.workers), "--blocking-threads", str(settings.server.threads)),
        *("--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "3", "--log-level", "warning", "wsgi:app"),
    ]
    worker = [sys.executable, "-m", "app.worker"]
    logs = settings.home / "logs"
    return [
        Child("web", web, logs / "web.log", environment),
        Child("worker", worker, logs / "worker.log", environment),
    ]


def _serve(settings: Settings, cluster: Cluster | None) -> None:
    """Run web and worker until a signal comes."""
    children = children_of(settings)
    try:
        ready = False
        while True:
            if cluster is not None and not cluster.is_running:
                say("Pangkalan data berhenti; dijalankan lagi.", "The database ended; starting it again.")
                cluster.start(with_parent=True)
            for child in children[: None if ready else 1]:  # the web first; a small machine starts one thing at a time
                child.tend()
            if not ready:
                ready = _announce_when_ready(settings, children[0])
            time.sleep(POLL_SECONDS if ready else POLL_SECONDS / 5)
    finally:
        _ignore_signals()
        for child in children:
            child.stop()


def _announce_when_ready(settings: Settings, web: Child) -> bool:
    if web.failures >= FAILURES_BEFORE_READY:
        raise ChildKeepsFailing(
            f"Web tidak mau mulai. Sebabnya ada di {web.log_file}.",
            f"The web does not start. The cause is in {web.log_file}.",
        )
    if not _answers(settings):
        return False
    say(
        f"PetaKarya siap di {address_of(settings)}  (Ctrl-C untuk berhenti)",
        f"PetaKarya is ready at {address_of(settings)}  (Ctrl-C stops it)",
    )
    return True


def address_of(settings: Settings) -> str:
    """Return the address that a person on this machine opens."""
    host = _reachable_host(settings)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/"


def _answers(settings: Settings) -> bool:
    connection = HTTPConnection(_reachable_host(settings), settings.port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _reachable_host(settings: Settings) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(settings.host, settings.host)  # noqa: S104


@contextmanager
def _running_database(settings: Settings) -> Iterator[Cluster | None]:
    """Run the private cluster for as long as the body; with DATABASE_URL there is none."""
    if settings.database_url is not None:
        yield None
        return
    users = open_lock(settings.home, USERS_LOCK)
    cluster = private_cluster(settings, say=say)
    try:
        fcntl.flock(users, fcntl.LOCK_SH)
        if cluster.is_running and try_lock(users):  # left behind by something that was killed
            cluster.stop()
        fcntl.flock(users, fcntl.LOCK_SH)
        cluster.start(with_parent=True)
        yield cluster
    finally:
        _ignore_signals()
        cluster.stop()
        os.close(users)


@contextmanager
def _only_one(settings: Settings) -> Iterator[Callable[[str], None]]:
    """Hold the home for ourselves, and end what a killed predecessor left behind."""
    descriptor = open_lock(settings.home, UP_LOCK)

    def tell_state(state: str) -> None:
        note = json.dumps({"pid": os.getpid(), "address": address_of(settings), "state": state}).encode()
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, note, 0)

    try:
        _wait_for_lock(descriptor, settings)
        tell_state("running")
        _end_leftovers(settings)
        yield tell_state
    finally:
        os.close(descriptor)


def _wait_for_lock(descriptor: int, settings: Settings) -> None:
    begin = time.monotonic()
    while not try_lock(descriptor):
        try:
            holder: dict[str, Any] = json.loads(os.pread(descriptor, 4096, 0) or b"{}")
        except json.JSONDecodeError:  # it is being written
            holder = {}
        patience = HANDOVER_SECONDS if holder.get("state") == "stopping" else 1.0
        if time.monotonic() - begin > patience:
            where, pid = holder.get("address", "?"), holder.get("pid", "?")
            raise AlreadyRunning(
                f"PetaKarya sudah berjalan dengan {settings.home}: {where} (proses {pid}). "
                "Hentikan dahulu, atau isi PETAKARYA_HOME dan PORT yang lain.",
                f"PetaKarya is already running with {settings.home}: {where} (process {pid}). "
                "Stop it first, or set another PETAKARYA_HOME and PORT.",
            )
        time.sleep(POLL_SECONDS / 5)


def _end_leftovers(settings: Settings) -> None:
    """End web and worker of a predecessor that was killed; we hold its lock, so nobody else looks after them."""
    for sign, patience in ((signal.SIGTERM, STOP_SECONDS["web"]), (signal.SIGKILL, 1.0)):
        deadline = time.monotonic() + patience
        left = processes_with(CHILD_OF, str(settings.home))
        for pid in left:
            try:
                os.kill(pid, sign)
            except ProcessLookupError:
                continue
        while left and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS / 5)
            left = processes_with(CHILD_OF, str(settings.home))


def _require_free_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # Past connections in TIME_WAIT do no harm; another listener does, also one that would share the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise PortTaken(
                f"Porta {settings.port} di {settings.host} tidak dapat dipakai ({error.strerror}). "
                f"Hentikan program yang memakainya, atau isi PORT dengan nomor lain, misalnya {settings.port + 1}.",
                f"Port {settings.port} on {settings.host} cannot be used ({error.strerror}). "
                f"Stop the program that uses it, or set PORT to another number, such as {settings.port + 1}.",
            ) from error


def _in_a_child(work: Callable[[], None]) -> None:
    """
    Do something in a forked process, so that what it imports and builds does not stay in our memory.

    Raises
    ------
    SystemExit
        With the child's exit code when it failed; it has said why.
    """
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            die_with_parent(signal.SIGTERM)()
            if os.getppid() == parent:
                code = run(work)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    try:
        status = os.waitpid(pid, 0)[1]
    except StopAsked:
        with suppress(ProcessLookupError, ChildProcessError):  # it may have been told to stop as well
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)
        raise
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        raise SystemExit(code if code > 0 else 1)


@contextmanager
def _signals_as_exception() -> Iterator[None]:
    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        raise StopAsked

    signs = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # under nohup a closed terminal must not stop us
        signs.append(signal.SIGHUP)
    before = {sign: signal.signal(sign, ask_to_stop) for sign in signs}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


def _ignore_signals() -> None:
    """Let no second Ctrl-C break into the stopping."""
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.SIG_IGN)
