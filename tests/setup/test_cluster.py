"""The private cluster: where it may live, who may enter, and that no crash loses anything."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.config import Settings
from app.database.cluster import SOCKET_PATH_LIMIT, Cluster, ClusterNotUsable, configuration
from app.database.locks import HomeNotUsable
from app.database.roles import DATABASE_NAME, ensure_roles, private_cluster
from tests.helpers.database import superuser, temporary_home

GIB = 1024**3
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the server as another user")


@pytest.fixture
def home() -> Iterator[Path]:
    with temporary_home() as home:
        yield home
        stop(home)


def cluster_of(home: Path) -> Cluster:
    return private_cluster(Settings(home=home), durable=False)


def stop(home: Path) -> None:
    if (home / "postgres").exists():
        cluster_of(home).stop()


def answer(home: Path) -> int:
    with superuser(Settings(home=home), "postgres") as connection:
        row = connection.execute("SELECT 42").fetchone()
        assert row is not None
        return int(row[0])


def server_pid(home: Path) -> int:
    return int((home / "postgres/data/postmaster.pid").read_text().split()[0])


def test_start_stop_and_start_again(home: Path) -> None:
    cluster = cluster_of(home)
    assert not cluster.is_running
    assert cluster.start() is True
    assert cluster.start() is False
    assert answer(home) == 42
    cluster.stop()
    assert not cluster.is_running
    cluster.stop()  # harmless
    assert cluster.start() is True
    assert answer(home) == 42


def test_server_runs_as_postgres_when_we_are_root_and_listens_on_no_port(home: Path) -> None:
    cluster_of(home).start()
    status = Path(f"/proc/{server_pid(home)}").stat()
    assert status.st_uid != 0
    with superuser(Settings(home=home), "postgres") as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_wrong_or_missing_password_is_refused(home: Path) -> None:
    cluster = cluster_of(home)
    cluster.start()
    for password in ("", "wrong"):
        with pytest.raises(psycopg.OperationalError, match=r"password|fe_sendauth"):
            psycopg.connect(host=str(cluster.socket_folder), user="postgres", dbname="postgres", password=password)
    rules = (home / "postgres/data/pg_hba.conf").read_text()
    methods = {line.split()[-1] for line in rules.splitlines() if line and not line.startswith("#")}
    assert methods == {"scram-sha-256"}


def test_secrets_are_for_their_owner_alone(home: Path) -> None:
    cluster_of(home)
    assert (home / "secrets.json").stat().st_mode & 0o777 == 0o600


@as_root
def test_home_behind_a_folder_that_only_root_may_enter(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    inner = closed / "home"
    cluster_of(inner).start()
    assert answer(inner) == 42
    os.kill(server_pid(inner), signal.SIGKILL)
    wait_until_gone(inner)
    cluster_of(inner).start()
    assert answer(inner) == 42
    stop(inner)


def test_long_path_puts_the_socket_elsewhere_and_cleans_up(home: Path) -> None:
    inner = home / ("x" * 110)
    inner.mkdir()
    cluster = cluster_of(inner)
    cluster.start()
    assert len(os.fsencode(cluster.socket_folder / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT
    assert cluster.socket_folder.stat().st_mode & 0o077 == 0
    assert answer(inner) == 42
    folder = cluster.socket_folder
    cluster.stop()
    assert not folder.exists()


@pytest.mark.parametrize("name", ["with space", "koma,di sini", "petik'nya", "Rūma — 家"])
def test_home_with_an_awkward_name(home: Path, name: str) -> None:
    inner = home / name
    cluster_of(inner).start()
    assert answer(inner) == 42
    stop(inner)


def test_no_short_folder_left_is_one_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.database.cluster.SOCKET_PATH_LIMIT", 5)
    with pytest.raises(ClusterNotUsable, match="too long") as caught:
        cluster_of(home).start()
    assert "PETAKARYA_HOME" in caught.value.message_id
    assert not (home / "postgres/data").exists()


def test_home_that_cannot_be_made_is_one_sentence(home: Path) -> None:
    blocking = home / "file"
    blocking.touch()
    with pytest.raises(HomeNotUsable) as caught:
        cluster_of(blocking / "home")
    assert "PETAKARYA_HOME" in caught.value.message_id
    assert caught.value.exit_code == 1


def test_folder_that_the_server_cannot_use_is_one_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    cluster = cluster_of(home)
    monkeypatch.setattr("os.chown" if os.geteuid() == 0 else "pathlib.Path.mkdir", refuse)
    with pytest.raises(ClusterNotUsable, match="Operation not permitted") as caught:
        cluster.start()
    assert "/var/lib/petakarya" in caught.value.message_id


def test_kill_9_of_the_server_loses_nothing_that_was_committed(home: Path) -> None:
    settings = Settings(home=home)
    cluster = private_cluster(settings)  # durable, as in earnest
    cluster.start()
    ensure_roles(settings)
    with superuser(settings) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    os.kill(server_pid(home), signal.SIGKILL)
    wait_until_gone(home)
    assert private_cluster(settings).start() is True
    with superuser(settings, DATABASE_NAME) as connection:
        assert connection.execute("SELECT count(*), sum(n) FROM kept").fetchone() == (1000, 500500)


def test_another_process_finds_a_running_server(home: Path) -> None:
    cluster_of(home).start()
    other = cluster_of(home)
    assert other.is_running
    other.stop()
    assert not cluster_of(home).is_running


def test_pid_file_of_a_dead_server_whose_number_someone_else_has_now(home: Path) -> None:
    cluster_of(home).start()
    kept = (home / "postgres/data/postmaster.pid").read_text()
    stop(home)
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (home / "postgres/data/postmaster.pid").write_text(kept.replace(kept.split()[0], str(stranger.pid), 1))
        assert not cluster_of(home).is_running
        cluster_of(home).stop()
        assert stranger.poll() is None  # it was not ours to stop
        cluster_of(home).start()
        assert answer(home) == 42
        stranger.kill()


def test_initdb_that_was_killed_is_done_again(home: Path) -> None:
    cluster = cluster_of(home)
    half_made = home / "postgres/data.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("15")
    cluster.start()
    assert answer(home) == 42
    assert not half_made.exists()


def test_two_clusters_side_by_side(home: Path) -> None:
    for name in ("one", "two"):
        cluster_of(home / name).start()
    assert answer(home / "one") == answer(home / "two") == 42
    assert server_pid(home / "one") != server_pid(home / "two")
    stop(home / "one")
    assert answer(home / "two") == 42
    stop(home / "two")


def test_copy_of_a_home_does_not_take_the_originals_server_for_its_own(home: Path) -> None:
    cluster_of(home / "one").start()
    subprocess.run(["cp", "-a", home / "one", home / "two"], check=True)
    assert not cluster_of(home / "two").is_running
    stop(home / "two")
    assert answer(home / "one") == 42
    stop(home / "one")


def test_settings_follow_the_machines_memory_and_stay_modest() -> None:
    small, large = configuration(GIB, durable=True), configuration(64 * GIB, durable=True)
    assert "shared_buffers = 64MB" in small
    assert "shared_buffers = 256MB" in large
    assert "fsync" not in large
    assert "fsync = off" in configuration(GIB, durable=False)


def wait_until_gone(home: Path) -> None:
    deadline = time.monotonic() + 10
    while cluster_of(home).is_running and time.monotonic() < deadline:
        time.sleep(0.02)


@as_root
def test_full_disk_is_one_sentence_and_room_heals_it(home: Path) -> None:
    small = home / "small"
    small.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", small], capture_output=True, check=False)
    if mount.returncode != 0:
        pytest.skip("this container may not mount a small disk")
    try:
        with pytest.raises(ClusterNotUsable, match="is full"):
            cluster_of(small).start()
        assert not (small / "postgres/data").exists()
        subprocess.run(["mount", "-o", "remount,size=200m", small], check=True)
        cluster_of(small).start()
        assert answer(small) == 42
        stop(small)
    finally:
        subprocess.run(["umount", small], check=True)
