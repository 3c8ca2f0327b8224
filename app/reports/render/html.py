"""
Reports as one HTML file that needs nothing beside it: it opens from a USB stick, without network, without scripts too.

Maps are pictures in the page; where scripts may run, a map that can be moved takes their place.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from flask_babel import gettext
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.config import ROOT
from app.formats import format_day
from app.reports.render.charts import ChartTable, chart_table, chart_title, draw_chart
from app.reports.render.maps import draw_map_picture, map_title, render_movable_map
from app.reports.render.words import own_words, show_report
from app.reports.report import Report
from app.reports.template import ReportTemplate

TEMPLATES = ROOT / "app" / "templates"
MAP_PX = (1040, 620)
CHART_PX = 1040
MOST_MOVABLE_BYTES = 24_000_000  # of one map; a larger one stays a picture


@dataclass(frozen=True)
class ShownMap:
    """A map as picture, and as a page of its own that can be moved, where it is not too large."""

    id: str
    title: str
    picture: Markup
    movable: str | None


@dataclass(frozen=True)
class ShownChart:
    """A chart as picture, with its table."""

    id: str
    title: str
    picture: Markup
    table: ChartTable
    note: str | None


@dataclass(frozen=True)
class ShownPicture:
    """A photo, as an address that holds it."""

    address: str
    caption: str
    day: str | None


def render_html(
    report: Report,
    *,
    language: str,
    template: ReportTemplate,
    picture: Callable[[str], bytes] | None = None,
) -> bytes:
    """
    Return a report as one HTML document.

    Parameters
    ----------
    language
        Of its words; Flask-Babel's locale is the same.
    template
        Head and emblem.
    picture
        Reads a photo by its hash; without it photos are left out.

    Returns
    -------
    html
        Asks for no other file and no other host; all text in it is escaped.
    """
    page = environment().get_template("reports/standalone.html")
    text: str = page.render(
        language=language,
        report=report,
        shown=show_report(report, language),
        template=template,
        emblem=data_address(template.emblem, "image/png") if template.emblem else None,
        maps=list(show_maps(report, language)),
        charts=list(show_charts(report, language)),
        pictures=list(_pictures(report, language, picture)),
    )
    return text.encode()


@cache
def environment() -> Environment:
    """Return the templates, which need no request: the same document is made in a page, a command and a job."""
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals["_"] = gettext
    return found


def show_maps(report: Report, language: str, *, size: tuple[int, int] = MAP_PX) -> Iterator[ShownMap]:
    """Yield the maps of a report that have something to show."""
    for number, view in enumerate(report.maps):
        drawn = draw_map_picture(report, view, language=language, size=size, id_prefix=f"map{number}")
        if drawn is None:
            continue
        movable = render_movable_map(report, view, language=language)
        if movable is not None and len(movable) > MOST_MOVABLE_BYTES:
            movable = None
        svg = Markup(drawn.svg)  # noqa: S704 - all text in it is escaped
        yield ShownMap(view.id, own_words(map_title(view, language), report), svg, movable)


def show_charts(report: Report, language: str, *, width: int = CHART_PX) -> Iterator[ShownChart]:
    """Yield the charts of a report with their tables."""
    for number, chart in enumerate(report.charts):
        svg = draw_chart(chart, language=language, width=width, id_prefix=f"chart{number}")
        yield ShownChart(
            id=chart.id,
            title=own_words(chart_title(chart, language), report),
            picture=Markup(svg),  # noqa: S704 - all text in it is escaped
            table=chart_table(chart, language),
            note=chart.note.in_language(language) if chart.note else None,
        )


def data_address(content: bytes, media_type: str) -> str:
    """Return an address that holds a file's content."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def _pictures(report: Report, language: str, picture: Callable[[str], bytes] | None) -> Iterator[ShownPicture]:
    if picture is None:
        return
    for one in report.pictures:
        day = format_day(one.day, language) if one.day else None
        yield ShownPicture(data_address(picture(one.hash), "image/jpeg"), one.caption.in_language(language), day)
