"""How a report is made: found among those that are kept, or computed and kept."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from threading import BoundedSemaphore, Lock
from typing import Any
from zoneinfo import ZoneInfo

from cachetools import LRUCache
from sqlalchemy.orm import Session

from app.errors import TooBusy
from app.own_words import in_own_words
from app.reports.areas import read_report_area
from app.reports.definition import report_definition
from app.reports.evidence import with_evidence
from app.reports.findings import rule_findings
from app.reports.kinds import compute_content
from app.reports.queries import newest_change, read_area_names, read_inputs_state
from app.reports.report import Content, MapView, Report
from app.reports.requests import ReportRequest, read_year
from app.reports.small import least_shown, without_small_counts
from app.reports.store import ReportStore, report_key
from app.reports.subject import Step, Subject, no_step
from gis.figures import Figure
from layers.history import read_as_of

TRIES = 3  # when an edit comes while its layers are read, they are read again, so that all figures are of one state


_kept: LRUCache[str, Report] = LRUCache(maxsize=32)  # of this process, without frames; the store has all
_kept_lock = Lock()
MOST_ASKED = (
    4  # reports asked for at once that are not kept: one is computed, the others wait; threads stay for the map
)
_asked = BoundedSemaphore(MOST_ASKED)
_computing = Lock()


def report_of(
    session: Session,
    request: ReportRequest,
    key: str,
    *,
    now: datetime,
    store: ReportStore,
    staff: Session | None = None,
) -> Report:
    """
    Return the report that is asked for, without its frames, computed once for each state of its inputs.

    Parameters, errors as for `make_report`; `TooBusy` when others are waiting for theirs already.
    """
    report = kept_report(key, store)
    if report is None:
        with _turn():
            report = kept_report(key, store)  # who waited may find what it waited for
            if report is None:
                report = make_report(session, request, key, now=now, store=store, staff=staff)
    return report


def kept_report(key: str, store: ReportStore) -> Report | None:
    """Return a report that was computed before, without its frames; None when there is none."""
    with _kept_lock:
        report: Report | None = _kept.get(key)
    if report is None:
        report = store.read(key, with_frames=False)
        if report is not None:
            with _kept_lock:
                _kept[key] = report
    return report


def make_report(
    session: Session,
    request: ReportRequest,
    key: str,
    *,
    now: datetime,
    store: ReportStore,
    staff: Session | None = None,
    on_step: Step = no_step,
) -> Report:
    """Compute a report and keep it under its key; parameters and errors as for `compute_report`."""
    report = compute_report(session, request, now=now, staff=staff, on_step=on_step)
    store.keep(key, report)
    with _kept_lock:
        _kept[key] = replace(report, frames={})
    return report


def key_of(session: Session, request: ReportRequest, *, now: datetime, staff: Session | None = None) -> str:
    """
    Return the key under which the answer to a request is kept: the same while nothing that it rests on has changed.

    Errors as for `compute_report`, without computing anything.
    """
    definition = report_definition(request.name)
    area = read_report_area(session, request.area or None)
    moment = read_as_of(request.as_of, area.time_zone) if request.as_of else None
    asked = {
        "report": definition.id,
        "area": area.code,
        "name": area.name,
        "year": read_year(request.year) if request.year else None,
        "as_of": moment.isoformat() if moment else None,
        **{f"set:{name}": value for name, value in definition.read_settings(dict(request.settings)).items()},
    }
    return report_key(
        request=asked,
        state=read_inputs_state(staff or session, definition.layers, definition.tables),
        for_staff=staff is not None and (definition.critical or definition.access == "staff"),
        day=None if moment else now.astimezone(ZoneInfo(area.time_zone)).date().isoformat(),
    )


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


def compute_report(
    session: Session, request: ReportRequest, *, now: datetime, staff: Session | None = None, on_step: Step = no_step
) -> Report:
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
    on_step
        Told what is being done, and how much of all has been done; it may raise `Cancelled`.

    Raises
    ------
    NotFound, NotReady
        When there is no such report or area, or no region yet.
    InvalidRequest, InvalidFilter
        When year, moment or a setting cannot be read.
    """
    definition = report_definition(request.name)
    area = read_report_area(session, request.area or None)
    settings = definition.read_settings(dict(request.settings))
    make_subject = partial(
        Subject,
        session=session,
        definition=definition,
        area=area,
        asked_year=read_year(request.year) if request.year else None,
        as_of=read_as_of(request.as_of, area.time_zone) if request.as_of else None,
        today=now.astimezone(ZoneInfo(area.time_zone)).date(),
        settings=settings,
        staff=staff if definition.critical or definition.access == "staff" else None,
        on_step=on_step,
    )
    for _ in range(TRIES):
        before = read_inputs_state(staff or session, definition.layers, definition.tables)
        subject = make_subject(used_rules={})
        report = _report(subject, compute_content(subject))
        if read_inputs_state(staff or session, definition.layers, definition.tables) == before:
            break
    return report


def _report(subject: Subject, content: Content) -> Report:
    """Make the report of what its kind computed: figures that open, rules, names, moment."""
    area, as_of = subject.area, subject.as_of
    figures = with_evidence(subject, content.figures, content.evidence)
    findings = (*rule_findings(subject), *content.findings)
    changes = [state.changed_at for state in subject.table_states.values()]
    newest = newest_change(subject.states, subject.used_rules, subject.day, subject.zone, changes)
    frames = {"districts": subject.within[["code", "name", "geometry"]], **content.frames}
    maps = content.maps or _maps_of_headlines(subject, figures)
    names = {**read_area_names(subject.session, area), **content.names, area.code: area.name}
    report = Report(
        name=subject.definition.id,
        area=area,
        year=content.year,
        as_of=as_of.astimezone(subject.zone) if as_of else newest,
        is_past=as_of is not None,
        demo=any(state.is_demo for state in subject.states.values()),
        figures=figures,
        tables=content.tables,
        findings=tuple(replace(one, message_id=in_own_words(one.message_id, area)) for one in findings),
        rules=dict(subject.used_rules),
        names=names,
        settings=dict(subject.settings),
        charts=content.charts,
        maps=tuple(replace(one, value=_column(str(one.figure))) if _shows_figure(one) else one for one in maps),
        pictures=content.pictures,
        for_staff=subject.staff is not None,
        frames=_with_values(frames, maps, figures),
    )
    return report if report.for_staff else without_small_counts(report, least_shown(subject))


def _with_values(frames: dict[str, Any], maps: Sequence[MapView], figures: Sequence[Figure]) -> dict[str, Any]:
    """Write the values of figures that maps show beside the areas that they are of."""
    values = {(one.id, one.area): one.value for one in figures}
    for view in maps:
        if view.figure is None or not _shows_figure(view) or view.frame not in frames:
            continue
        frame = frames[view.frame]
        column = [values.get((view.figure, code)) for code in frame[view.key]]
        numbers = [math.nan if one is None else float(one) for one in column]
        frames[view.frame] = frame.assign(**{_column(view.figure): numbers})
    return frames


def _shows_figure(view: MapView) -> bool:
    """Whether a map shows a figure of the report's areas, and no column that its frame brings along."""
    return view.figure is not None and view.value is None


def _column(figure_id: str) -> str:
    """Return the column of a figure's values in a frame, a name that every program can read."""
    return figure_id.replace(".", "_")


def _maps_of_headlines(subject: Subject, figures: Sequence[Figure]) -> tuple[MapView, ...]:
    """Show each headline by district, where districts have it."""
    by_district = {one.id for one in figures if one.area in subject.area.districts}
    definition = subject.definition
    return tuple(
        MapView(one, words.label.id, words.label.en, "districts", figure=one, unit=words.unit)
        for one in definition.headlines
        if one in by_district and (words := definition.words(one))
    )
