"""The private PostgreSQL cluster under the home: made once, started, stopped, and found again after any crash."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.console import Say, say_nothing
from app.database.installation import Installation, require_installation
from app.database.locks import RUN_FOLDER, locked
from app.errors import DatabaseUnavailable
from app.processes import die_with_parent, process_state

SUPERUSER = "postgres"
OS_USER = "postgres"  # who runs the server when we are root: PostgreSQL refuses to run as root
PORT = 5432  # names the socket file only; nothing listens on TCP
SOCKET_PATH_LIMIT = 107  # bytes, of the kernel's sockaddr_un
START_SECONDS = 120.0  # crash recovery after a full disk may take that long
STOP_SECONDS = 20.0  # then the server is told to stop without waiting for its clients
POLL_SECONDS = 0.02
LOG_BYTES = 20 * 1024 * 1024  # a larger log is set aside at the next start
MIB = 1024 * 1024


class ClusterNotUsable(DatabaseUnavailable):
    """The private cluster cannot be made or started."""


@dataclass(frozen=True)
class Owner:
    """The operating system's user that runs the server; None when it is simply ourselves."""

    name: str
    uid: int
    gid: int


class Cluster:
    """
    One private PostgreSQL server whose state lies in `postgres/` under a home.

    Parameters
    ----------
    home
        The folder of all state.
    password
        Of the superuser, set when the cluster is made.
    durable
        False gives up safety at power loss for speed; for tests only.
    say
        Told what takes long.
    """

    def __init__(self, home: Path, password: str, *, durable: bool = True, say: Say = say_nothing) -> None:
        self.home = home
        self.folder = home / "postgres"
        self.data = self.folder / "data"
        self.log_file = home / "logs" / "postgres.log"
        self._password = password
        self._durable = durable
        self._say = say
        self._server: subprocess.Popen[bytes] | None = None
        self._owner = _server_owner(say)

    @property
    def installation(self) -> Installation:
        """The programs of the version that this cluster was made with, or of the newest one there is."""
        version = self.data / "PG_VERSION"
        return require_installation(major=int(version.read_text()) if version.exists() else None, say=self._say)

    @property
    def socket_folder(self) -> Path:
        """Where clients find the socket: under the home, or a short folder elsewhere when that path is too long."""
        inside = self.folder / "socket"
        if _fits_a_socket(inside):
            return inside
        recorded = self._socket_record()
        return Path(recorded.read_text(encoding="utf-8")) if recorded.exists() else inside

    @property
    def is_running(self) -> bool:
        """Whether the server of this very data folder is alive, whoever started it."""
        pid = self._pid()
        return pid is not None and self._is_our_server(pid)

    def start(self, *, with_parent: bool = False) -> bool:
        """
        Make the cluster when there is none, and start it when it is not running.

        Parameters
        ----------
        with_parent
            The server stops by itself when the calling process dies.

        Returns
        -------
        started
            False when it was running already.

        Raises
        ------
        ClusterNotUsable
            With one sentence that says why and what to do.
        PostgisNotFound
            When there is no PostgreSQL with PostGIS.
        """
        with locked(self.home, "cluster"):
            if self.is_running:
                return False
            self._prepare_folders()
            if not self.data.exists():
                self._initialise()
            self._write_configuration()
            self._launch(with_parent=with_parent)
            return True

    def stop(self) -> None:
        """Stop the server, ending its clients' sessions; nothing happens when it is not running."""
        with locked(self.home, "cluster"):
            pid = self._pid()
            if pid is not None and self._is_our_server(pid):
                self._signal_until_gone(pid)
            self._forget_socket_folder()

    def _prepare_folders(self) -> None:
        try:
            self.log_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.mkdir(mode=0o700, exist_ok=True)
            if self._owner and self.folder.stat().st_uid != self._owner.uid:
                os.chown(self.folder, self._owner.uid, self._owner.gid)
            self._make_socket_folder()
        except OSError as error:
            raise self._folder_error(error.strerror or str(error)) from error
        if self._owner is None and self.folder.stat().st_uid != os.geteuid():
            raise self._folder_error("milik pengguna lain / owned by another user")

    def _make_socket_folder(self) -> None:
        folder = self.socket_folder
        if not _fits_a_socket(folder) or (folder.parent != self.folder and not self._is_private(folder)):
            folder = _short_folder()
            self._socket_record().write_text(str(folder), encoding="utf-8")
        folder.mkdir(mode=0o700, exist_ok=True)
        if self._owner:
            os.chown(folder, self._owner.uid, self._owner.gid)

    def _is_private(self, folder: Path) -> bool:
        """Tell whether a folder outside the home is still the one we made, and nobody else's."""
        if not folder.is_dir() or folder.is_symlink():
            return False
        return folder.stat().st_uid in {os.geteuid(), self._owner.uid if self._owner else os.geteuid()}

    def _initialise(self) -> None:
        """Run initdb beside the final place and move the result there, so that a half-made cluster is never found."""
        self._say("Membuat pangkalan data (sekali saja).", "Making the database (once).")
        draft = self.folder / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        password_file = self.folder / f"password.{secrets.token_hex(4)}"
        try:
            self._write_owned(password_file, self._password)
            with self._server_folder() as (folder, keep):
                command = [
                    *(str(self.installation.bin / "initdb"), "-D", f"{folder}/{draft.name}", "-U", SUPERUSER),
                    *("--auth=scram-sha-256", f"--pwfile={folder}/{password_file.name}", "--data-checksums"),
                    *("--encoding=UTF8", "--locale=C.UTF-8"),
                    *(() if self._durable else ("--no-sync",)),
                ]
                with self._spawn(command, keep, stdout=subprocess.PIPE) as initdb:
                    output = initdb.communicate()[0].decode(errors="replace")
        finally:
            password_file.unlink(missing_ok=True)
        if initdb.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            self.log_file.write_text(output, encoding="utf-8")
            raise self._start_error(output)
        draft.rename(self.data)

    def _write_configuration(self) -> None:
        """Write the server's settings anew; `ALTER SYSTEM` still overrides them."""
        self._write_owned(self.data / "pg_hba.conf", PG_HBA)
        self._write_owned(self.data / "postgresql.conf", configuration(_memory_bytes(), durable=self._durable))

    def _write_owned(self, path: Path, text: str) -> None:
        """Write a file that belongs to the server's user; never through a link that this user may have planted."""
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            if self._owner:
                os.fchown(descriptor, self._owner.uid, self._owner.gid)
            file.write(text)
        draft.replace(path)

    def _launch(self, *, with_parent: bool) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            self._remove_stale_files()
            self._rotate_log()
            begin = self.log_file.stat().st_size if self.log_file.exists() else 0
            self._server = self._spawn_server(with_parent=with_parent)
            if self._becomes_ready(deadline):
                return
            said = self._log_since(begin)
            # Orphans of a killed server keep its shared memory for a moment; a new one may start when they are gone.
            if "still in use" not in said or time.monotonic() > deadline:
                raise self._start_error(said)
            time.sleep(10 * POLL_SECONDS)

    def _remove_stale_files(self) -> None:
        """
        Remove what a killed server left: its number may belong to a zombie or a stranger now, who would be believed.

        `start` has made sure that the server is gone. Processes that it may have left are still found by PostgreSQL
        itself, which knows the shared memory of a data folder by the folder's inode.
        """
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for path in self.socket_folder.glob(".s.PGSQL.*"):
            path.unlink()

    def _spawn_server(self, *, with_parent: bool) -> subprocess.Popen[bytes]:
        with self._server_folder() as (folder, keep), self.log_file.open("ab") as log:
            outside = self.socket_folder.parent != self.folder
            socket_folder = str(self.socket_folder) if outside else f"{folder}/socket"
            command = [
                *(str(self.installation.bin / "postgres"), "-D", f"{folder}/data", "-k", f'"{socket_folder}"'),
                *("-p", str(PORT), f"--cluster_name={self._marker()}"),
            ]
            return self._spawn(command, keep, stdout=log, with_parent=with_parent)

    def _spawn(
        self, command: list[str], keep: tuple[int, ...], *, stdout: int | BinaryIO, with_parent: bool = False
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            pass_fds=keep,
            start_new_session=True,
            user=self._owner.uid if self._owner else None,
            group=self._owner.gid if self._owner else None,
            extra_groups=[] if self._owner else None,
            preexec_fn=die_with_parent(signal.SIGINT) if with_parent else None,
        )

    @contextmanager
    def _server_folder(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """
        Name `postgres/` as the server's user can reach it, and the descriptors that it must inherit for that.

        A clone under `/root` lies behind a folder that only root may enter. The server then gets its own folder
        opened, and names it `/proc/self/fd/N`, which leads straight to it and asks nothing of the folders above.
        """
        if self._owner is None or _can_enter(self.folder, self._owner):
            yield str(self.folder), ()
            return
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield f"/proc/self/fd/{descriptor}", (descriptor,)
        finally:
            os.close(descriptor)

    def _becomes_ready(self, deadline: float) -> bool:
        """Wait until the server says `ready` in its pid file; False when it ends instead."""
        assert self._server is not None
        while self._server.poll() is None:
            lines = self._pid_lines()
            if len(lines) > 7 and lines[0] == str(self._server.pid) and lines[7].strip() == "ready":
                return True
            if time.monotonic() > deadline:
                self._server.send_signal(signal.SIGQUIT)
                self._server.wait()
            time.sleep(POLL_SECONDS)
        return False

    def _signal_until_gone(self, pid: int) -> None:
        for sign, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, STOP_SECONDS), (signal.SIGKILL, 5.0)):
            os.kill(pid, sign)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                if self._server is not None:
                    self._server.poll()  # our own child must be waited for, or it stays as a zombie
                if not self._is_our_server(pid):
                    return
                time.sleep(POLL_SECONDS)

    def _is_our_server(self, pid: int) -> bool:
        state, command = process_state(pid)
        return state not in {"", "Z", "X"} and f"--cluster_name={self._marker()}" in command

    def _marker(self) -> str:
        """Name the data folder by what identifies it wherever it is moved or copied: its device and inode."""
        status = self.data.stat()
        return f"petakarya-{status.st_dev:x}-{status.st_ino:x}"

    def _pid(self) -> int | None:
        lines = self._pid_lines()
        return int(lines[0]) if lines and lines[0].strip().isdigit() else None

    def _pid_lines(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []
        except PermissionError as error:
            raise self._folder_error(error.strerror or str(error)) from error

    def _socket_record(self) -> Path:
        return self.home / RUN_FOLDER / "socket-folder"

    def _forget_socket_folder(self) -> None:
        record = self._socket_record()
        if record.exists():
            folder = Path(record.read_text(encoding="utf-8"))
            if folder.name.startswith("petakarya-") and self._is_private(folder):
                shutil.rmtree(folder, ignore_errors=True)
            record.unlink()

    def _rotate_log(self) -> None:
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".1.log"))

    def _log_since(self, begin: int) -> str:
        with self.log_file.open("rb") as log:
            log.seek(begin)
            return log.read().decode(errors="replace")

    def _start_error(self, said: str) -> ClusterNotUsable:
        if "No space left on device" in said:
            return ClusterNotUsable(
                f"Cakram tempat {self.home} berada penuh, jadi pangkalan data tidak dapat mulai. Kosongkan ruang.",
                f"The disk that holds {self.home} is full, so the database cannot start. Make room.",
            )
        if any("Permission denied" in line and "shared memory" not in line for line in said.splitlines()):
            return self._folder_error("Permission denied")
        lines = [line for line in said.splitlines() if "FATAL" in line or "error:" in line]
        reason = lines[-1].strip() if lines else "?"
        return ClusterNotUsable(
            f"Pangkalan data tidak mau mulai: {reason}. Selengkapnya di {self.log_file}.",
            f"The database does not start: {reason}. More in {self.log_file}.",
        )

    def _folder_error(self, reason: str) -> ClusterNotUsable:
        who = self._owner.name if self._owner else pwd.getpwuid(os.geteuid()).pw_name
        return ClusterNotUsable(
            f"Pengguna {who} tidak dapat memakai folder {self.folder} ({reason}). "
            "Isi PETAKARYA_HOME dengan folder yang dapat dimasukinya, misalnya /var/lib/petakarya.",
            f"The user {who} cannot use the folder {self.folder} ({reason}). "
            "Set PETAKARYA_HOME to a folder that it can enter, for example /var/lib/petakarya.",
        )


PG_HBA = """\
# Written by petakarya at each start. A password is always asked for; there is no trust.
local  all  all                scram-sha-256
host   all  all  127.0.0.1/32  scram-sha-256
host   all  all  ::1/128       scram-sha-256
"""


def configuration(memory_bytes: int, *, durable: bool) -> str:
    """
    Return the text of `postgresql.conf` for a machine with this much memory (bytes).

    Shared buffers stay modest, since everything together should rest in 1 GB and the kernel caches files as well.
    """
    shared_mib = min(max(memory_bytes // 32 // MIB, 64), 256)
    settings: dict[str, str] = {
        "listen_addresses": "''",
        "unix_socket_permissions": "0777",  # the folder around it is private, and a password is asked for
        "password_encryption": "scram-sha-256",
        "max_connections": "100",
        "shared_buffers": f"{shared_mib}MB",
        "effective_cache_size": f"{max(memory_bytes // 2 // MIB, 128)}MB",
        "work_mem": f"{min(max(memory_bytes // 256 // MIB, 8), 32)}MB",
        "maintenance_work_mem": f"{min(max(memory_bytes // 32 // MIB, 64), 256)}MB",
        "max_wal_size": "1GB",
        "min_wal_size": "64MB",
        "checkpoint_completion_target": "0.9",
        "random_page_cost": "1.1",
        "jit": "off",  # costs more than it gives in queries of milliseconds
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_logical_replication_workers": "0",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "log_line_prefix": "'%m [%p] %u@%d '",
        "log_min_messages": "warning",
        "log_checkpoints": "off",
        "log_statement": "none",
        "lc_messages": "'C'",
        "default_text_search_config": "'pg_catalog.simple'",
    }
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
    lines = [f"{name} = {value}" for name, value in settings.items()]
    return "\n".join(["# Written by petakarya at each start; use ALTER SYSTEM to change a setting.", *lines, ""])


def _fits_a_socket(folder: Path) -> bool:
    """Tell whether a socket in this folder has a path that the kernel and the connection string can hold."""
    path = os.fsencode(folder / f".s.PGSQL.{PORT}")
    return len(path) <= SOCKET_PATH_LIMIT and not any(character in str(folder) for character in ",\"'\\")


def _short_folder() -> Path:
    """Make a private folder with a short path for the socket alone."""
    for parent in (Path("/run"), Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 - mkdtemp makes it private
        try:
            folder = Path(tempfile.mkdtemp(prefix="petakarya-", dir=parent))
        except OSError:
            continue
        if _fits_a_socket(folder):
            return folder
        folder.rmdir()
    raise ClusterNotUsable(
        f"Alamat folder terlalu panjang untuk soket pangkalan data (paling banyak {SOCKET_PATH_LIMIT} bita). "
        "Isi PETAKARYA_HOME dengan folder yang lebih pendek.",
        f"The folder's path is too long for the database's socket (at most {SOCKET_PATH_LIMIT} bytes). "
        "Set PETAKARYA_HOME to a shorter folder.",
    )


def _server_owner(say: Say) -> Owner | None:
    """Return the user that must run the server: `postgres` when we are root, else ourselves (None)."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(OS_USER)
    except KeyError:
        require_installation(say=say)  # Debian's package makes the user
        try:
            entry = pwd.getpwnam(OS_USER)
        except KeyError:
            raise ClusterNotUsable(
                f"Pengguna sistem {OS_USER} tidak ada, dan PostgreSQL tidak boleh dijalankan oleh root. "
                f"Buat dengan `useradd --system {OS_USER}`, atau jalankan sebagai pengguna biasa.",
                f"There is no system user {OS_USER}, and PostgreSQL does not run as root. "
                f"Make it with `useradd --system {OS_USER}`, or start as an ordinary user.",
            ) from None
    return Owner(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _can_enter(folder: Path, owner: Owner) -> bool:
    answer = subprocess.run(
        ["test", "-x", folder, "-a", "-w", folder], user=owner.uid, group=owner.gid, extra_groups=[], check=False
    )
    return answer.returncode == 0


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
