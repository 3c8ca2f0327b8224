"""What is asked for: the area, the survey year and the moment of a report, read from text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from threading import BoundedSemaphore, Lock
from typing import Any
from zoneinfo import ZoneInfo

from cachetools import LRUCache
from sqlalchemy.orm import Session

from app.errors import InvalidRequest, TooBusy
from app.reports import coverage, progress
from app.reports.areas import read_report_area
from app.reports.coverage import compute_coverage
from app.reports.progress import compute_progress
from app.reports.queries import read_inputs_state
from app.reports.report import Report
from layers.history import read_as_of

YEARS = range(1945, 2200)
LAYERS = {coverage.NAME: coverage.LAYERS, progress.NAME: progress.LAYERS}  # that each report is computed from
TRIES = 3  # when an edit comes while its layers are read, they are read again, so that all figures are of one state
SHOWN = 20  # characters of a refused value that the answer repeats


_kept: LRUCache[tuple[Any, ...], Report] = LRUCache(maxsize=32)  # of this process; a report is a few hundred figures
_kept_lock = Lock()
MOST_ASKED = (
    4  # reports asked for at once that are not kept: one is computed, the others wait; threads stay for the map
)
_asked = BoundedSemaphore(MOST_ASKED)
_computing = Lock()


@dataclass(frozen=True)
class ReportRequest:
    """Parameters as people wrote them; empty or None means the usual: whole region, newest year, newest record."""

    area: str | None = None
    year: str | None = None
    as_of: str | None = None
    name: str = "coverage"


def report_of(session: Session, request: ReportRequest, *, now: datetime, staff: Session | None = None) -> Report:
    """
    Return the report that is asked for, computed once for each state of its inputs.

    Parameters, errors as for `compute_report`; `TooBusy` when others are waiting for theirs already.
    """
    state = read_inputs_state(session, LAYERS[request.name])
    zone = ZoneInfo(state[0][2]) if state[0] else now.tzinfo
    key = (request, staff is not None, now.astimezone(zone).date(), state)
    with _kept_lock:
        report = _kept.get(key)
    if report is None:
        with _turn():
            with _kept_lock:
                report = _kept.get(key)  # who waited may find what it waited for
            if report is None:
                report = compute_report(session, request, now=now, staff=staff)
                with _kept_lock:
                    _kept[key] = report
    return report


@contextmanager
def _turn() -> Iterator[None]:
    """Let one report be computed at a time, and a few wait for it."""
    if not _asked.acquire(blocking=False):
        raise TooBusy(
            "Beberapa laporan sedang dihitung. Coba lagi sebentar lagi.",
            "Several reports are being computed. Try again in a moment.",
        )
    try:
        with _computing:
            yield
    finally:
        _asked.release()


def compute_report(session: Session, request: ReportRequest, *, now: datetime, staff: Session | None = None) -> Report:
    """
    Compute the report that is asked for.

    Parameters
    ----------
    session
        Of the public's role.
    now
        This moment, with its time zone.
    staff
        A session that reads the whole register, when who asks may know of critical contracts.

    Raises
    ------
    NotFound, NotReady
        When there is no such area, or no region yet.
    InvalidRequest, InvalidFilter
        When year or moment cannot be read.
    """
    area = read_report_area(session, request.area or None)
    compute = partial(
        partial(compute_progress, staff=staff) if request.name == progress.NAME else compute_coverage,
        session,
        area,
        year=read_year(request.year) if request.year else None,
        as_of=read_as_of(request.as_of, area.time_zone) if request.as_of else None,
        today=now.astimezone(ZoneInfo(area.time_zone)).date(),
    )
    for _ in range(TRIES):
        before = read_inputs_state(session, LAYERS[request.name])
        report = compute()
        if read_inputs_state(session, LAYERS[request.name]) == before:
            break
    return report


def read_year(text: str) -> int:
    """
    Read a survey year.

    Raises
    ------
    InvalidRequest
        When it is not one.
    """
    year = int(text) if text.isascii() and text.isdigit() and len(text) == len("2026") else 0
    if year not in YEARS:
        raise InvalidRequest(
            f"year={text[:SHOWN]} bukan tahun survei. Isi seperti 2026.",
            f"year={text[:SHOWN]} is not a survey year. Write it like 2026.",
        )
    return year
