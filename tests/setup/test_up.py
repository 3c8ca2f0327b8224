"""`petakarya up` and the commands beside it, as processes: started, killed, stopped, and side by side."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.config import Settings
from app.database.roles import database_urls, libpq_url, private_cluster
from app.processes import processes_with
from app.supervise import CHILD_OF
from tests.helpers.commands import Running, answers, free_port, petakarya, running
from tests.helpers.database import temporary_home

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home on which `up` has run once."""
    with temporary_home() as folder:
        home = folder / "home"
        with running(home) as first:
            assert "one-time password" in first.said()
            wait_for(lambda: f"http://127.0.0.1:{first.port}/" in first.said())
        yield home
        private_cluster(Settings(home=home)).stop()


def children(home: Path) -> list[int]:
    return processes_with(CHILD_OF, str(home))


def database_pid(home: Path) -> int:
    try:
        return int((home / "postgres/data/postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, IndexError):  # it is just starting
        return 0


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except FileNotFoundError:
        return False


def wait_for(condition: object, seconds: float = 30) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


def everything_has_ended(up: Running) -> bool:
    return not answers(up.port) and not children(up.home) and not private_cluster(Settings(home=up.home)).is_running


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_everything_in_order(home: Path, sign: signal.Signals) -> None:
    with running(home) as up:
        wait_for(lambda: len(children(home)) >= 3)
        assert up.stop(sign, seconds=20) == 0
        assert everything_has_ended(up)
        assert "password" not in up.said()  # told once, at the first start
    log = (home / "logs/postgres.log").read_text()
    assert "was not properly shut down" not in log.rpartition("starting PostgreSQL")[2]


def test_what_was_killed_is_started_again(home: Path) -> None:
    with running(home) as up:
        wait_for(lambda: len(children(home)) >= 3)
        before = set(children(home))
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not (before & set(children(home))))
        wait_for(lambda: answers(up.port), seconds=60)
        assert "web ended" in up.said()
        killed = database_pid(home)
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda: database_pid(home) not in {0, killed}, seconds=60)
        assert "The database ended" in up.said()
        assert answers(up.port)


def test_kill_9_of_everything_at_once_and_start_again_loses_nothing(home: Path) -> None:
    with running(home) as up:
        with psycopg.connect(libpq_url(database_urls(Settings(home=home)).owner)) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS public.kept AS SELECT 42 AS n")
        for pid in [up.process.pid, *children(home), database_pid(home)]:
            os.kill(pid, signal.SIGKILL)
        up.process.wait()
    owner = libpq_url(database_urls(Settings(home=home)).owner)
    with running(home, port=up.port), psycopg.connect(owner) as connection:
        assert connection.execute("SELECT n FROM public.kept").fetchone() == (42,)


def test_children_and_database_end_with_a_killed_supervisor(home: Path) -> None:
    with running(home) as up:
        wait_for(lambda: len(children(home)) >= 3)
        up.process.kill()
        up.process.wait()
        wait_for(lambda: everything_has_ended(up))


def test_start_right_after_kill_9_of_the_supervisor(home: Path) -> None:
    with running(home) as up:
        up.process.kill()
        up.process.wait()
        with running(home, port=up.port) as again:
            assert answers(again.port)


def test_second_start_on_the_same_home_is_refused_with_the_address(home: Path) -> None:
    with running(home) as up:
        result = petakarya(home, "up", PORT=str(free_port()))
        assert result.returncode == 1
        assert f"http://127.0.0.1:{up.port}/" in result.stderr
        assert answers(up.port)


def test_taken_port_is_named_and_nothing_is_left_running(home: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = petakarya(home, "up", PORT=str(port))
    assert result.returncode == 1
    assert f"Port {port} on 127.0.0.1" in result.stderr
    assert not private_cluster(Settings(home=home)).is_running


def test_two_instances_side_by_side(home: Path) -> None:
    with temporary_home() as folder, running(home) as one, running(folder / "home") as two:
        assert answers(one.port)
        assert answers(two.port)
        assert one.stop() == 0
        assert answers(two.port)


def test_command_starts_the_database_and_stops_it_again(home: Path) -> None:
    result = petakarya(home, "check")
    assert "✓ schema" in result.stderr
    assert "PostGIS 3" in result.stderr
    assert not private_cluster(Settings(home=home)).is_running


def test_command_beside_a_running_application_leaves_it_alone(home: Path) -> None:
    with running(home) as up:
        assert "✓ database" in petakarya(home, "check").stderr
        assert answers(up.port)
        assert is_alive(database_pid(home))


def test_backup_and_restore_bring_everything_back(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "cadangan.tar"
    (home / "files").mkdir(exist_ok=True)
    (home / "files/photo").write_bytes(b"bytes")
    assert petakarya(home, "check").returncode in {0, 1}
    assert petakarya(home, "backup", str(file)).returncode == 0
    assert file.stat().st_mode & 0o777 == 0o600
    statement = "UPDATE app.region SET name = 'Berubah'"
    before = ask(home, "SELECT name, (SELECT count(*) FROM app.areas) FROM app.region")
    ask(home, statement)
    (home / "files/photo").write_bytes(b"other")
    result = petakarya(home, "restore", str(file))
    assert result.returncode == 0, result.stderr
    assert ask(home, "SELECT name, (SELECT count(*) FROM app.areas) FROM app.region") == before
    assert (home / "files/photo").read_bytes() == b"bytes"
    assert ask(home, "SELECT has_column_privilege('petakarya_reader', 'app.region', 'name', 'SELECT')") == [(True,)]
    assert ask(home, "SELECT has_sequence_privilege('petakarya_app', 'app.procrastinate_jobs_id_seq', 'USAGE')") == [
        (True,)
    ]


@pytest.mark.parametrize("content", [None, b"", b"not a tar"])
def test_restore_of_something_else_is_one_sentence_and_changes_nothing(
    home: Path, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "cadangan.tar"
    if content is not None:
        file.write_bytes(content)
    result = petakarya(home, "restore", str(file))
    assert result.returncode == 1
    assert str(file) in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_restore_while_running_is_refused(home: Path, tmp_path: Path) -> None:
    with running(home):
        result = petakarya(home, "restore", str(tmp_path / "cadangan.tar"))
    assert result.returncode == 1
    assert "Stop it first" in result.stderr


def ask(home: Path, statement: str) -> list[tuple[object, ...]]:
    settings = Settings(home=home)
    cluster = private_cluster(settings)
    started = cluster.start()
    try:
        with psycopg.connect(libpq_url(database_urls(settings).owner)) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []
    finally:
        if started:
            cluster.stop()
