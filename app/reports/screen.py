"""What the page of a report shows beside its numbers: a map with chosen classes, charts, and a comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from cachetools import LRUCache
from flask_babel import gettext
from markupsafe import Markup

from app.errors import InvalidRequest
from app.extensions import current_language
from app.own_words import in_own_words
from app.reports.pages import label_of, origin_url, show_value
from app.reports.render.charts import ChartTable, chart_table, chart_title, draw_chart
from app.reports.render.maps import FEWEST_CLASSES, MOST_CLASSES, SCHEMES, USUAL_CLASSES, Scheme, draw_map_picture
from app.reports.report import MapView, Report
from app.reports.store import ReportStore
from gis.figures import Figure

MAP_PX = (980, 620)
CHART_PX = 980
KEPT_PICTURES = 64

_pictures: LRUCache[tuple[str, ...], str | None] = LRUCache(maxsize=KEPT_PICTURES)  # of this process
_lock = Lock()


@dataclass(frozen=True)
class ShownMap:
    """The map that is shown, and what can be chosen for it; choices are value and label."""

    id: str
    title: str
    picture: Markup
    maps: tuple[tuple[str, str], ...]
    scheme: str
    schemes: tuple[tuple[str, str], ...]
    count: int
    counts: tuple[int, ...]
    has_classes: bool


@dataclass(frozen=True)
class ShownChart:
    """A chart as picture, with its table."""

    id: str
    title: str
    picture: Markup
    table: ChartTable
    note: str | None


@dataclass(frozen=True)
class ComparedFigure:
    """One figure of two reports, in words."""

    label: str
    first: str
    second: str
    difference: str
    first_url: str
    second_url: str


def show_map(report: Report, key: str, store: ReportStore, asked: Mapping[str, str]) -> ShownMap | None:
    """
    Return the map that an address asks for, or the first that has something to show; None when there is none.

    Raises
    ------
    InvalidRequest
        For a way of classing, or a number of classes, that there is not.
    """
    scheme, count = _scheme(asked), _count(asked)
    language = current_language()
    views = {one.id: one for one in report.maps}
    wanted = [views[asked["map"]]] if asked.get("map") in views else []
    for view in [*wanted, *report.maps]:
        picture = _picture(view, key, store, language, scheme, count)
        if picture is not None:
            return ShownMap(
                id=view.id,
                title=_title(report, view),
                picture=Markup(picture),  # noqa: S704 - all text in it is escaped
                maps=tuple((one.id, _title(report, one)) for one in report.maps),
                scheme=scheme,
                schemes=tuple((one, _scheme_name(one)) for one in SCHEMES),
                count=count,
                counts=tuple(range(FEWEST_CLASSES, MOST_CLASSES + 1)),
                has_classes=view.value is not None,
            )
    return None


def show_charts(report: Report) -> list[ShownChart]:
    """Return the charts of a report with their tables."""
    language = current_language()
    return [
        ShownChart(
            id=chart.id,
            title=in_own_words(chart_title(chart, language), report.area),
            picture=Markup(  # noqa: S704 - all text in it is escaped
                draw_chart(chart, language=language, width=CHART_PX, id_prefix=f"chart-{chart.id}")
            ),
            table=chart_table(chart, language),
            note=in_own_words(chart.note.in_language(language), report.area) if chart.note else None,
        )
        for chart in report.charts
    ]


def compare(first: Report, second: Report) -> list[ComparedFigure]:
    """Return the figures that two reports of one kind have of their own areas, side by side."""
    others = {one.id: one for one in second.figures if one.area == second.area.code}
    own = [one for one in first.figures if one.area == first.area.code and one.id in others]
    return [
        ComparedFigure(
            label=label_of(first, one.id),
            first=show_value(one.value, one.unit),
            second=show_value(others[one.id].value, one.unit),
            difference=_difference(one, others[one.id]),
            first_url=origin_url(first, one.id, one.area),
            second_url=origin_url(second, one.id, others[one.id].area),
        )
        for one in own
    ]


def _difference(first: Figure, second: Figure) -> str:
    """Return by how much the second is more than the first; percentages differ by points."""
    if first.value is None or second.value is None:
        return show_value(None, first.unit)
    unit = "points" if first.unit == "percent" else first.unit
    difference = second.value - first.value
    return f"{'+' if difference > 0 else ''}{show_value(difference, unit)}"


def _picture(view: MapView, key: str, store: ReportStore, language: str, scheme: Scheme, count: int) -> str | None:
    """Return a map's picture; kept, since it is drawn from frames that lie on the disk."""
    place = (key, view.id, language, scheme, str(count))
    with _lock:
        kept: str | None = _pictures.get(place)
    if kept is None and (report := store.read(key)) is not None:
        drawn = draw_map_picture(
            report, view, language=language, size=MAP_PX, scheme=scheme, count=count, with_keys=True
        )
        kept = drawn.svg if drawn else None
        with _lock:
            _pictures[place] = kept
    return kept


def _title(report: Report, view: MapView) -> str:
    return in_own_words(view.title_en if current_language() == "en" else view.title_id, report.area)


def _scheme(asked: Mapping[str, str]) -> Scheme:
    wanted = asked.get("scheme") or SCHEMES[0]
    found = next((one for one in SCHEMES if one == wanted), None)
    if found is None:
        raise InvalidRequest(
            f"scheme={wanted[:20]} tidak dikenal. Pilih: {', '.join(SCHEMES)}.",
            f"scheme={wanted[:20]} is not known. Choose: {', '.join(SCHEMES)}.",
        )
    return found


def _count(asked: Mapping[str, str]) -> int:
    wanted = asked.get("classes") or str(USUAL_CLASSES)
    if not wanted.isascii() or not wanted.isdigit() or int(wanted) not in range(FEWEST_CLASSES, MOST_CLASSES + 1):
        raise InvalidRequest(
            f"classes={wanted[:20]} tidak dapat dipakai. Isi {FEWEST_CLASSES} sampai {MOST_CLASSES}.",
            f"classes={wanted[:20]} cannot be used. Give {FEWEST_CLASSES} to {MOST_CLASSES}.",
        )
    return int(wanted)


def _scheme_name(scheme: Scheme) -> str:
    names = {
        "fisher_jenks": gettext("Pengelompokan alami"),
        "quantiles": gettext("Sama banyak di tiap kelas"),
        "equal_interval": gettext("Selang sama lebar"),
    }
    return str(names[scheme])
