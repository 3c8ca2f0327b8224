"""
Figures of the region's reports that pages of areas show: computed by the worker, never while a visitor waits.

A small file beside the reports names those that were computed last; each is read once in each process.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from cachetools import LRUCache
from sqlalchemy.orm import Session

from app.reports.report import Report
from app.reports.store import FOLDER, ReportStore
from gis.figures import Figure

log = logging.getLogger(__name__)

INDEX = "area-figures.json"
COVERAGE, SPENDING, CONDITION = "coverage", "spending", "road_condition"
MOST_SURVEYS = 4  # years of the trend, the newest among them

_reports: LRUCache[str, AreaFigures] = LRUCache(maxsize=16)
_lock = Lock()


@dataclass(frozen=True)
class AreaFigures:
    """What one report of the region says of its areas; `rows` holds the cells of a table by village, by their code."""

    report: str
    year: int | None
    as_of: datetime
    figures: Mapping[tuple[str, str], Figure]
    rows: Mapping[str, Mapping[str, float | None]]

    def figure(self, name: str, area: str) -> Figure | None:
        """Return a figure of an area, None when it is not known."""
        found = self.figures.get((name, area))
        return found if found is not None and found.value is not None else None

    def value(self, name: str, area: str) -> float | None:
        """Return the value of a figure of an area, None when it is not known."""
        found = self.figure(name, area)
        return None if found is None else found.value


@dataclass(frozen=True)
class KeptFigures:
    """The reports that are kept; any may be missing. `surveys` are road conditions by survey year."""

    coverage: AreaFigures | None = None
    spending: AreaFigures | None = None
    surveys: Mapping[int, AreaFigures] = field(default_factory=dict)

    @property
    def years(self) -> list[int]:
        """The survey years that are kept, the oldest first."""
        return sorted(self.surveys)


def read_kept_figures(store: ReportStore, home: Path) -> KeptFigures:
    """Return the figures that are kept; a report that was cleared away, or made by an older program, is missing."""
    found = {name: _read(store, key) for name, key in _read_index(home).items()}
    surveys = {one.year: one for name, one in found.items() if one and one.year and name.startswith(f"{CONDITION}:")}
    return KeptFigures(found.get(COVERAGE), found.get(SPENDING), surveys)


def keep_figures(session: Session, store: ReportStore, home: Path, *, now: datetime | None = None) -> int:
    """
    Compute what is not kept yet of today's reports of the whole region, and name them; return how many were computed.

    Parameters
    ----------
    session
        Of the public's role.
    """
    from app.reports.areas import read_report_area
    from app.reports.compute import key_of, make_report
    from app.reports.queries import read_survey_years
    from app.reports.requests import ReportRequest

    moment = now or datetime.now(UTC)
    area = read_report_area(session, None)
    years = read_survey_years(session, area=area.code, is_region=True, as_of=None)[:MOST_SURVEYS]
    wanted = {
        COVERAGE: ReportRequest(name="coverage"),
        SPENDING: ReportRequest(name="spending"),
        **{f"{CONDITION}:{year}": ReportRequest(name="road_condition", year=str(year)) for year in years},
    }
    keys, computed = {}, 0
    for name, request in wanted.items():
        key = key_of(session, request, now=moment)
        if store.read(key, with_frames=False) is None:
            make_report(session, request, key, now=moment, store=store)
            computed += 1
        keys[name] = key
        session.commit()  # no transaction stays open while the next is computed
    _write_index(home, keys)
    return computed


def index_age_seconds(home: Path, now: datetime) -> float | None:
    """Return how long ago the figures were looked after; None when they never were."""
    try:
        return now.timestamp() - _index(home).stat().st_mtime
    except FileNotFoundError:
        return None


def _read(store: ReportStore, key: str) -> AreaFigures | None:
    with _lock:
        kept: AreaFigures | None = _reports.get(key)
    if kept is None:
        try:
            report = store.read(key, with_frames=False)
        except ValueError:  # written by another version of the program, or cut short
            log.warning("a kept report cannot be read", exc_info=True)
            return None
        if report is None or report.for_staff:
            return None
        kept = _figures_of(report)
        with _lock:
            _reports[key] = kept
    return kept


def _figures_of(report: Report) -> AreaFigures:
    villages = next((table for table in report.tables if table.id == "villages"), None)
    rows: dict[str, Mapping[str, float | None]] = {}
    if villages is not None:
        names = [column.id for column in villages.columns]
        for row in villages.rows:
            cells = zip(names, row.cells, strict=True)
            rows[row.key] = {name: float(cell) if isinstance(cell, int | float) else None for name, cell in cells}
    figures = {(one.id, one.area): one for one in report.figures}
    return AreaFigures(report.name, report.year, report.as_of, figures, rows)


def _index(home: Path) -> Path:
    return home / FOLDER / INDEX


def _read_index(home: Path) -> dict[str, str]:
    try:
        content = json.loads(_index(home).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {str(name): str(key) for name, key in content.items()} if isinstance(content, dict) else {}


def _write_index(home: Path, keys: Mapping[str, str]) -> None:
    place = _index(home)
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=place.parent, prefix=".")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(dict(keys), file)
    Path(draft).replace(place)
