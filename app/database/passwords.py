"""The passwords of the database roles, made once and kept in `secrets.json` under the home."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from app.database.locks import locked

FILE_NAME = "secrets.json"


@dataclass(frozen=True)
class Passwords:
    """One random password for each database role; `superuser` is for the private cluster alone."""

    superuser: str
    owner: str
    app: str
    reader: str


def read_passwords(home: Path) -> Passwords:
    """
    Read the passwords of a home, making those that are missing; the file is readable by its owner alone.

    Parameters
    ----------
    home
        The folder of all state; it is made when it does not exist.
    """
    with locked(home, "secrets"):
        path = home / FILE_NAME
        kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        names = [field.name for field in fields(Passwords)]
        passwords = Passwords(**{name: kept.get(name) or secrets.token_urlsafe(24) for name in names})
        if any(name not in kept for name in names):
            write_private(path, json.dumps({**kept, **asdict(passwords)}, indent=1))
    return passwords


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone may read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
