"""The S-curve as a picture that people, screen readers and printers can read: SVG with classes, and its points."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from babel.dates import format_date
from flask_babel import gettext
from markupsafe import Markup

from app.extensions import current_language
from app.formats import format_day, format_number, format_percent
from app.progress.curve import Curve, Observation, PlanVersion, planned_on, version_on
from gis.progress import CurvePoint
from layers.palette import DARK, LIGHT

WIDE = (540, 360)
NARROW = (340, 320)
LEFT, RIGHT, TOP, BOTTOM = 46, 18, 18, 44
AXIS_LABEL_PX = 18  # half of a month's name
LEAST_MONTH_PX = 46  # between two months that are written
MONTH_STEPS = (1, 2, 3, 6, 12, 24, 36, 60, 120, 240)
BEYOND_SHARE = 0.5  # of the plan's length: a forecast further out runs off the picture
EDGE_PX = 70  # nearer than this to an edge a label is turned inwards
SMALL_PX = 5.0  # a version that differs less from another is told by its label only
STYLE = """
svg{{color-scheme:light dark;font:13px "Source Sans 3",system-ui,sans-serif}}
.curve-ground{{fill:{light.paper}}}
.curve-grid{{stroke:{light.ink};stroke-opacity:.14;fill:none}}
.curve-axis{{fill:{light.quiet_ink}}}
.curve-label{{fill:{light.ink};font-weight:600;paint-order:stroke;stroke:{light.paper};stroke-width:4px}}
.curve-plan{{stroke:{light.quiet_ink};stroke-width:2;stroke-dasharray:7 4;fill:none}}
.curve-plan-old{{stroke:{light.quiet_ink};stroke-width:1;stroke-dasharray:2 4;fill:none}}
.curve-actual{{stroke:{light.accent};stroke-width:3.5;stroke-linejoin:round;fill:none}}
.curve-dot{{fill:{light.accent}}}
.curve-plan-dot{{fill:{light.paper};stroke:{light.quiet_ink};stroke-width:2}}
.curve-forecast{{fill:{light.accent};fill-opacity:.13}}
.curve-expected{{stroke:{light.accent};stroke-width:2;stroke-dasharray:1 5;stroke-linecap:round;fill:none}}
.curve-today{{stroke:{light.ink};stroke-opacity:.5;fill:none}}
@media (prefers-color-scheme:dark){{
.curve-ground{{fill:{dark.paper}}}
.curve-grid,.curve-today{{stroke:{dark.ink}}}
.curve-axis{{fill:{dark.quiet_ink}}}
.curve-label{{fill:{dark.ink};stroke:{dark.paper}}}
.curve-plan,.curve-plan-old{{stroke:{dark.quiet_ink}}}
.curve-plan-dot{{fill:{dark.paper};stroke:{dark.quiet_ink}}}
.curve-actual,.curve-expected{{stroke:{dark.accent}}}
.curve-dot,.curve-forecast{{fill:{dark.accent}}}
}}
"""


@dataclass(frozen=True)
class CurveRow:
    """A day of the table: the plan, and the actual where one was approved."""

    day: dt.date
    planned: float | None
    physical: float | None
    deviation: float | None


@dataclass(frozen=True)
class CurvePage:
    """What the macro `curve` shows."""

    wide: Markup
    narrow: Markup
    summary: str
    rows: list[CurveRow]
    has_plan: bool
    has_older: bool
    has_actual: bool
    has_forecast: bool


def curve_page(curve: Curve, name: str) -> CurvePage | None:
    """Return the curve for a page; None when there is nothing to draw."""
    if curve.is_empty:
        return None
    return CurvePage(
        wide=Markup(draw_curve(curve, name, size=WIDE, prefix="curve-wide")),  # noqa: S704 - all text in it is escaped
        narrow=Markup(draw_curve(curve, name, size=NARROW, prefix="curve-narrow")),  # noqa: S704
        summary=summary_of(curve),
        rows=table_rows(curve),
        has_plan=bool(curve.versions),
        has_older=len(curve.versions) > 1,
        has_actual=bool(curve.actual),
        has_forecast=_is_forecast_drawn(curve),
    )


def summary_of(curve: Curve) -> str:
    """Return in words what the picture shows."""
    language = current_language()
    sentences = []
    latest = curve.latest
    if latest is None:
        if curve.planned_today is not None:
            sentences.append(gettext("Rencana hari ini %(plan)s.", plan=_percent(curve.planned_today)))
        sentences.append(gettext("Belum ada realisasi yang disetujui."))
    else:
        sentences.append(
            gettext(
                "Realisasi %(done)s per %(day)s.",
                done=_percent(latest.physical_percent),
                day=format_day(latest.day, language),
            )
        )
        if latest.planned_percent is not None and latest.deviation_points is not None:
            sentences.append(_compared(latest))
    if _is_forecast_drawn(curve) and curve.forecast is not None:
        sentences.append(_forecast_sentence(curve))
    if len(curve.versions) > 1:
        sentences.append(gettext("Rencana diubah %(count)s kali.", count=len(curve.versions) - 1))
    return " ".join(map(str, sentences))


def table_rows(curve: Curve) -> list[CurveRow]:
    """Return the days of the plan in force and those with an actual, in order."""
    current = curve.current
    actual = {one.day: one for one in curve.actual}
    days = sorted({*actual, *(point.day for point in (current.points if current else ()))})
    rows = []
    for day in days:
        one = actual.get(day)
        planned = one.planned_percent if one else planned_on(curve.versions, day)
        rows.append(
            CurveRow(day, planned, one.physical_percent if one else None, one.deviation_points if one else None)
        )
    return rows


def with_plan(curve: Curve, points: Sequence[CurvePoint], in_force_from: dt.date, step: str) -> Curve:
    """Return the curve as it would be with another version of the plan: a preview before it is kept."""
    newest = max((version.id for version in curve.versions), default=0)
    sequence = max((version.sequence for version in curve.versions), default=0) + 1
    contract = curve.versions[-1].contract_id if curve.versions else 0
    recorded_at = dt.datetime.now(dt.UTC)
    added = PlanVersion(newest + 1, contract, None, sequence, in_force_from, step, recorded_at, tuple(points))
    return replace(curve, versions=(*curve.versions, added), end_date=added.end_date)


def draw_curve(
    curve: Curve, name: str, *, size: tuple[int, int] = WIDE, prefix: str = "curve", standalone: bool = False
) -> str:
    """
    Return the curve as SVG.

    Parameters
    ----------
    name
        Of the package.
    size
        Width and height in pixels; nothing is scaled, so that text stays as large as it is.
    prefix
        Of the ids in it: a page may hold two.
    standalone
        A file of its own, with its colours for light and dark in it; else the page's style sheet says them.
    """
    frame = _Frame.of(curve, size)
    parts = [
        f'<title id="{prefix}-title">{escape(gettext("Kurva S: %(name)s", name=name))}</title>',
        f'<desc id="{prefix}-desc">{escape(summary_of(curve))}</desc>',
        f'<clipPath id="{prefix}-clip"><rect x="{LEFT}" width="{frame.right - LEFT}" height="{size[1]}"/></clipPath>',
    ]
    if standalone:
        parts.append(f"<style>{STYLE.format(light=LIGHT, dark=DARK)}</style>")
        parts.append(f'<rect class="curve-ground" width="{size[0]}" height="{size[1]}"/>')
    parts += [_grid(frame), _months(frame), f'<g clip-path="url(#{prefix}-clip)">', _forecast(curve, frame)]
    parts += [_plans(curve, frame), _actual(curve, frame), "</g>", _today(curve, frame), _labels(curve, frame)]
    width, height = size
    namespace = ' xmlns="http://www.w3.org/2000/svg"' if standalone else ""
    return (
        f'<svg{namespace} class="curve" role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'aria-labelledby="{prefix}-title {prefix}-desc">{"".join(parts)}</svg>'
    )


@dataclass(frozen=True)
class _Frame:
    """Where days and percentages lie in the picture."""

    start: dt.date
    end: dt.date
    right: float
    bottom: float
    width: int
    height: int

    @classmethod
    def of(cls, curve: Curve, size: tuple[int, int]) -> _Frame:
        points = [point.day for version in curve.versions for point in version.points]
        days = [*points, *(one.day for one in curve.actual)]
        start, end = min(days), max(days)
        if curve.end_date is not None:
            end = max(end, curve.end_date)
        if not _is_finished(curve) and start <= curve.today:
            end = max(end, min(curve.today, _beyond(start, end)))
        if _is_forecast_drawn(curve) and curve.forecast is not None:
            end = max(end, min(curve.forecast.latest or curve.forecast.expected, _beyond(start, end)))
        return cls(start, max(end, start + dt.timedelta(days=7)), size[0] - RIGHT, size[1] - BOTTOM, size[0], size[1])

    def x(self, day: dt.date) -> float:
        share = (day - self.start).days / (self.end - self.start).days
        return round(LEFT + share * (self.right - LEFT), 1)

    def y(self, percent: float) -> float:
        return round(self.bottom - percent / 100 * (self.bottom - TOP), 1)

    def at(self, day: dt.date, percent: float) -> str:
        return f"{self.x(day):g},{self.y(percent):g}"


def _beyond(start: dt.date, end: dt.date) -> dt.date:
    """Return how far the picture reaches at most."""
    return end + dt.timedelta(days=round(BEYOND_SHARE * max(28, (end - start).days)))


def _is_finished(curve: Curve) -> bool:
    return curve.latest is not None and curve.latest.physical_percent >= 100


def _is_forecast_drawn(curve: Curve) -> bool:
    """Whether a forecast says more than the contract: some rate is known, and works are not finished."""
    forecast = curve.forecast
    return forecast is not None and not _is_finished(curve) and (forecast.latest is not None or _has_rate(curve))


def _has_rate(curve: Curve) -> bool:
    return curve.forecast is not None and curve.forecast.expected != max(
        curve.end_date or curve.forecast.expected, curve.actual[-1].day
    )


def _grid(frame: _Frame) -> str:
    lines = []
    for percent in (0, 25, 50, 75, 100):
        y = frame.y(percent)
        lines.append(f'<path class="curve-grid" d="M{LEFT} {y:g}H{frame.right:g}"/>')
        lines.append(
            f'<text class="curve-axis" x="{LEFT - 8}" y="{y + 4:g}" text-anchor="end">{_percent(percent, 0)}</text>'
        )
    return "".join(lines)


def _months(frame: _Frame) -> str:
    """Write the months under the picture, as many as fit; the year under the first and under each January."""
    language = current_language()
    px_per_day = (frame.right - LEFT) / (frame.end - frame.start).days
    step = next((one for one in MONTH_STEPS if one * 30.4 * px_per_day >= LEAST_MONTH_PX), MONTH_STEPS[-1])
    number = frame.start.year * 12 + frame.start.month - 1
    months = []
    for month in range(number + (frame.start.day > 1), frame.end.year * 12 + frame.end.month):
        day = dt.date(month // 12, month % 12 + 1, 1)
        if month % step == 0 and frame.start <= day <= frame.end:
            months.append(day)
    texts, said_year = [], None
    for day in months or [frame.start]:
        x = frame.x(day)
        texts.append(f'<path class="curve-grid" d="M{x:g} {frame.bottom:g}v5"/>')
        month_name = escape(str(format_date(day, "MMM", locale=language)))
        # At the left edge it begins there: centred it would run under the scale's 0 %.
        place = f'x="{LEFT:g}"' if x < LEFT + AXIS_LABEL_PX else f'x="{x:g}" text-anchor="middle"'
        texts.append(f'<text class="curve-axis" {place} y="{frame.bottom + 19:g}">{month_name}</text>')
        if day.year != said_year:
            said_year = day.year
            texts.append(f'<text class="curve-axis" {place} y="{frame.bottom + 36:g}">{day.year}</text>')
    return "".join(texts)


def _plans(curve: Curve, frame: _Frame) -> str:
    current = curve.current
    older = [version for version in curve.versions if version is not current]
    drawn = [(version, "curve-plan-old") for version in older] + ([(current, "curve-plan")] if current else [])
    return "".join(_line(frame, style, [(p.day, p.percent) for p in version.points]) for version, style in drawn)


def _actual(curve: Curve, frame: _Frame) -> str:
    """Draw the actual, a line for each contract: another contract begins its works anew."""
    lines: list[str] = []
    run: list[Observation] = []
    for one in curve.actual:
        if run and run[-1].contract_id != one.contract_id:
            lines.append(_actual_line(curve, frame, run))
            run = []
        run.append(one)
    if run:
        lines.append(_actual_line(curve, frame, run))
    return "".join(lines)


def _actual_line(curve: Curve, frame: _Frame, run: list[Observation]) -> str:
    points = [(one.day, one.physical_percent) for one in run]
    first = points[0]
    version = version_on(curve.versions, first[0])
    begins = version.points[0].day if version else None
    if begins is not None and begins < first[0]:
        points.insert(0, (begins, 0.0))
    dots = "".join(
        f'<circle class="curve-dot" cx="{frame.x(one.day):g}" cy="{frame.y(one.physical_percent):g}" r="2.5"/>'
        for one in (run if len(run) <= 40 else run[-1:])
    )
    return _line(frame, "curve-actual", points) + dots


def _forecast(curve: Curve, frame: _Frame) -> str:
    """Draw where the last weeks lead: the range as an area, the mean as a line."""
    forecast, latest = curve.forecast, curve.latest
    if forecast is None or latest is None or not _is_forecast_drawn(curve):
        return ""
    origin = frame.at(latest.day, latest.physical_percent)
    corners = [origin, frame.at(forecast.earliest, 100)]
    if forecast.latest is not None:
        corners.append(frame.at(forecast.latest, 100))
    else:  # at the slowest week nothing moves: the range is open to the right
        corners += [
            f"{frame.right + 9:g},{frame.y(100):g}",
            f"{frame.right + 9:g},{frame.y(latest.physical_percent):g}",
        ]
    expected = _line(frame, "curve-expected", [(latest.day, latest.physical_percent), (forecast.expected, 100.0)])
    return f'<polygon class="curve-forecast" points="{" ".join(corners)}"/>{expected}'


def _today(curve: Curve, frame: _Frame) -> str:
    if not frame.start <= curve.today <= frame.end:
        return ""
    x = frame.x(curve.today)
    anchor = "end" if x > frame.right - EDGE_PX else "start"
    label_x = x - 5 if anchor == "end" else x + 5
    label = escape(gettext("Hari ini"))
    return (
        f'<path class="curve-today" d="M{x:g} {TOP - 8}V{frame.bottom:g}"/>'
        f'<text class="curve-axis" x="{label_x:g}" y="{frame.bottom - 6:g}" text-anchor="{anchor}">'
        f"{label}</text>"
    )


def _labels(curve: Curve, frame: _Frame) -> str:
    """Write the newest actual, and the plan of its day, beside their points."""
    latest = curve.latest
    if latest is None:
        return ""
    x, y = frame.x(latest.day), frame.y(latest.physical_percent)
    is_ahead = latest.planned_percent is None or latest.planned_percent <= latest.physical_percent
    parts = [
        f'<circle class="curve-dot" cx="{x:g}" cy="{y:g}" r="5"/>',
        _label(frame, x, y, _percent(latest.physical_percent), above=is_ahead),
    ]
    if latest.planned_percent is not None and abs(frame.y(latest.planned_percent) - y) > SMALL_PX:
        plan_y = frame.y(latest.planned_percent)
        parts.append(f'<circle class="curve-plan-dot" cx="{x:g}" cy="{plan_y:g}" r="4"/>')
        parts.append(_label(frame, x, plan_y, _percent(latest.planned_percent), above=not is_ahead))
    return "".join(parts)


def _label(frame: _Frame, x: float, y: float, text: str, *, above: bool) -> str:
    """Write beside a point of a rising line: above it to the left, below it to the right, where nothing is drawn."""
    is_left = (above and x > LEFT + EDGE_PX) or x > frame.right - EDGE_PX
    label_y = max(TOP + 4, y - 9) if above else min(frame.bottom - 22, y + 20)
    anchor, label_x = ("end", x - 8) if is_left else ("start", x + 8)
    return f'<text class="curve-label" x="{label_x:g}" y="{label_y:g}" text-anchor="{anchor}">{escape(text)}</text>'


def _line(frame: _Frame, style: str, points: Sequence[tuple[dt.date, float]]) -> str:
    return f'<polyline class="{style}" points="{" ".join(frame.at(day, percent) for day, percent in points)}"/>'


def _compared(latest: Observation) -> str:
    language = current_language()
    points = latest.deviation_points or 0.0
    plan = _percent(latest.planned_percent)
    said = format_number(abs(points), language, 1)
    if round(points, 1) == 0:
        return str(gettext("Rencana hari itu %(plan)s: sesuai rencana.", plan=plan))
    if points < 0:
        return str(gettext("Rencana hari itu %(plan)s: tertinggal %(points)s poin persen.", plan=plan, points=said))
    return str(gettext("Rencana hari itu %(plan)s: mendahului %(points)s poin persen.", plan=plan, points=said))


def _forecast_sentence(curve: Curve) -> str:
    language = current_language()
    forecast = curve.forecast
    if forecast is None:
        return ""
    days = {
        "day": format_day(forecast.expected, language),
        "earliest": format_day(forecast.earliest, language),
        "latest": format_day(forecast.latest, language),
    }
    if forecast.latest is None:
        return str(
            gettext(
                "Menurut laju empat minggu terakhir selesai sekitar %(day)s, paling cepat %(earliest)s; "
                "paling lambat belum dapat diperkirakan karena ada minggu tanpa kemajuan.",
                **days,
            )
        )
    if forecast.earliest == forecast.latest:
        return str(gettext("Menurut laju empat minggu terakhir selesai sekitar %(day)s.", **days))
    return str(
        gettext(
            "Menurut laju empat minggu terakhir selesai sekitar %(day)s, antara %(earliest)s dan %(latest)s.", **days
        )
    )


def _percent(percent: float | None, decimals: int = 1) -> str:
    return format_percent(percent, current_language(), decimals)
