"""Addresses of the browser's files: the build writes hashed names and a manifest that says which is which."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from flask import Flask

from app.errors import NotReady
from app.extensions import dist_folder

STATIC_PREFIX = "/static/"


def register_assets(app: Flask) -> None:
    """Offer `asset("home.js")` to templates."""
    app.jinja_env.globals["asset"] = asset_url


def asset_url(name: str) -> str:
    """
    Return the address of a built file, which never changes its content.

    Parameters
    ----------
    name
        As in the manifest: `home.js`, `main.css`.

    Raises
    ------
    NotReady
        When the browser's files are not built, or have no such file.
    """
    path = dist_folder() / "manifest.json"
    try:
        return STATIC_PREFIX + _manifest(path, path.stat().st_mtime_ns)[name]
    except (FileNotFoundError, KeyError):
        raise NotReady(
            f"Berkas peramban {name} belum dibangun. Jalankan `make build`, lalu ulangi.",
            f"The browser file {name} is not built. Run `make build`, then try again.",
        ) from None


@lru_cache(maxsize=4)
def _manifest(path: Path, _changed_ns: int) -> dict[str, str]:
    names: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return names
