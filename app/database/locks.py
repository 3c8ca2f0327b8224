"""Locks between processes that share a home: files under `run/`, released by the kernel when a process dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.errors import PetaKaryaError

RUN_FOLDER = "run"
UP_LOCK = "up"  # held by `petakarya up` as long as it runs
USERS_LOCK = "database-users"  # shared by every process that uses the private cluster; the last one out stops it


class HomeNotUsable(PetaKaryaError):
    """The folder of all state cannot be made or written."""


def open_lock(home: Path, name: str) -> int:
    """
    Open the lock file of this name under the home and return its descriptor; closing it releases the lock.

    Raises
    ------
    HomeNotUsable
        When the folder cannot be made or written.
    """
    folder = home / RUN_FOLDER
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise HomeNotUsable(
            f"Folder {home} tidak dapat dibuat atau ditulisi ({error.strerror}). Ganti PETAKARYA_HOME.",
            f"The folder {home} cannot be made or written ({error.strerror}). Change PETAKARYA_HOME.",
        ) from error


@contextmanager
def locked(home: Path, name: str, *, shared: bool = False) -> Iterator[int]:
    """Hold the lock of this name, alone or with others who share it, waiting for it as long as it takes."""
    descriptor = open_lock(home, name)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def try_lock(descriptor: int) -> bool:
    """Take a lock alone, or turn a shared one into it; False when someone else holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
