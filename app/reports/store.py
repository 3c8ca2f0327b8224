"""Computed reports and their documents, kept under a key of their content until nobody asks for them any more."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from app.config import ROOT, Settings
from app.reports.report import Report, pack, unpack

FOLDER = "reports"
KEPT_SECONDS = 30 * 24 * 3600  # since somebody last asked for it
REPORT = "report.json"
FRAMES = "frames.gpkg"
KEY = re.compile(r"[0-9a-f]{40}")
SOURCES = ("gis", "app/reports", "layers")  # code that decides what a report says


class ReportStore:
    """
    Keeps reports under `reports/ab/ab12…/` by their key: the report itself, its frames, and documents made of it.

    A folder is whole or absent, and so is each document in it. What is here can be computed again: it is no part of a
    backup.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER

    @classmethod
    def of(cls, settings: Settings) -> ReportStore:
        """Return the store under the home of these settings."""
        return cls(settings.home)

    def read(self, key: str, *, with_frames: bool = True) -> Report | None:
        """Return the report of a key; None when it is not kept."""
        place = self._place(key)
        try:
            content = (place / REPORT).read_bytes()
        except FileNotFoundError:
            return None
        os.utime(place)
        return unpack(content, _read_frames(place / FRAMES) if with_frames else None)

    def keep(self, key: str, report: Report) -> None:
        """Keep a report and its frames; what is there already stays."""
        place = self._place(key)
        if (place / REPORT).exists():
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=place.parent, prefix="."))
        try:
            _write_frames(draft / FRAMES, report.frames)
            (draft / REPORT).write_bytes(pack(report))
            draft.replace(place)
        except OSError:
            if not (place / REPORT).exists():  # else another process was quicker with the same report
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def document(self, key: str, name: str) -> Path | None:
        """Return where a document of a report is; None when it has not been made."""
        place = self._place(key) / name
        if not place.is_file():
            return None
        os.utime(place.parent)
        return place

    def keep_document(self, key: str, name: str, content: bytes) -> Path:
        """Keep a document beside its report."""
        place = self._place(key) / name
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=place.parent, prefix=".")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(draft).replace(place)
        return place

    def forget_old(self, kept: Iterable[str] = (), *, now: float | None = None) -> int:
        """Remove what nobody asked for in a month, except these keys; return how many reports went."""
        oldest = (time.time() if now is None else now) - KEPT_SECONDS
        wanted = set(kept)
        removed = 0
        for place in self._folder.glob("??/*"):
            if place.name not in wanted and place.stat().st_mtime < oldest:
                shutil.rmtree(place, ignore_errors=True)
                removed += 1
        return removed

    def _place(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise ValueError("not a key of a report")
        return self._folder / key[:2] / key


def report_key(*, request: Mapping[str, Any], state: Any, for_staff: bool, day: str | None) -> str:
    """
    Return the key of a report: the same for the same question, data, rules and program.

    Parameters
    ----------
    request
        Name, area, year, moment and settings, with their defaults.
    state
        Of the inputs, as `queries.read_inputs_state` gives it.
    day
        The region's day by which rules are in force and works are late; None when a moment was asked for.
    """
    content = [sorted(request.items()), state, for_staff, day, program_version()]
    return hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()[:40]


@cache
def program_version() -> str:
    """Return what changes when the code changes that decides what a report says."""
    digest = hashlib.sha256()
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".yml", ".typ"}:
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _write_frames(path: Path, frames: Mapping[str, Any]) -> None:
    for name, frame in frames.items():
        frame.to_file(path, layer=name, driver="GPKG", engine="pyogrio")


def _read_frames(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    import geopandas as gpd  # only who draws or exports needs it
    import pyogrio

    return {name: gpd.read_file(path, layer=name, engine="pyogrio") for name, _kind in pyogrio.list_layers(path)}
