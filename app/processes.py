"""Small questions to the kernel about processes (Linux)."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(sign: signal.Signals) -> Callable[[], None]:
    """Return what a child runs before its program, so that the kernel sends it this signal when its parent dies."""
    number = int(sign)

    def ask_kernel() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)

    return ask_kernel


def process_state(pid: int) -> tuple[str, str]:
    """
    Return a process's state letter (`R`, `S`, `Z`, ...) and its command line; both empty when there is no such process.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return "", ""
    return stat.rpartition(")")[2].split()[0], command.replace(b"\0", b" ").decode(errors="replace")


def processes_with(variable: str, value: str) -> list[int]:
    """List the living processes, other than ourselves, whose environment was started with this value of a variable."""
    wanted = f"{variable}={value}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
        except OSError:  # another user's process, or one that has just ended
            continue
        if wanted in variables and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found
