"""Addresses of the browser's files: the build writes hashed names and a manifest that says which is which."""

from __future__ import annotations

import json
from pathlib import Path

from flask import Flask, current_app

from app.extensions import dist_folder

STATIC_PREFIX = "/static/"


def register_assets(app: Flask) -> None:
    """
    Offer `asset("home.js")` to templates.

    The manifest is read once, at start, as the index of the served files is: a build under a running server changes
    nothing of what it serves.
    """
    names = read_manifest(dist_folder() / "manifest.json")
    if not names:
        app.logger.error("the browser's files are not built: pages have neither style nor map; run `make build`")
    app.extensions["petakarya.assets"] = names
    app.jinja_env.globals["asset"] = asset_url


def read_manifest(path: Path) -> dict[str, str]:
    """Return hashed names by plain ones; empty when nothing is built."""
    try:
        names: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return names


def asset_url(name: str) -> str:
    """
    Return the address of a built file, which never changes its content.

    Where nothing is built the address leads nowhere: a page without style can still be read, and so can its errors.

    Parameters
    ----------
    name
        As in the manifest: `home.js`, `main.css`.

    Raises
    ------
    KeyError
        When the build makes no such file.
    """
    names: dict[str, str] = current_app.extensions["petakarya.assets"]
    return STATIC_PREFIX + (names[name] if names else name)
