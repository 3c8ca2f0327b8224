"""Charts: what they show, that they can be read without seeing them, and that nothing in them can do harm."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reports.render.charts import (
    chart_parts,
    chart_table,
    draw_chart,
    merged_pieces,
    runs,
    scale_of,
    station,
    station_ticks,
)
from app.reports.report import Chart, Class, Series, Strip
from tests.reports.sample import HOSTILE, make_report

SVG = "{http://www.w3.org/2000/svg}"
MONTHS = ("Jan", "Feb", "Mar", "Apr")
CHARTS = {one.id: one for one in make_report().charts}


def bars(values: tuple[float | None, ...], kind: str = "bars", labels: tuple[str, ...] = MONTHS) -> Chart:
    series = (Series("a", "Satu", "One", values), Series("b", "Dua", "Two", tuple(reversed(values))))
    return Chart("c", "Judul", "Title", kind, "km", labels, series)  # type: ignore[arg-type]


def rectangles(svg: str, colour: str) -> list[tuple[float, float]]:
    """Return width and height of the bars of a colour, swatches of the legend left out."""
    root = ElementTree.fromstring(svg)
    found = [one for one in root.iter(f"{SVG}rect") if colour in (one.get("fill") or "")]
    sizes = [(float(one.get("width") or 0), float(one.get("height") or 0)) for one in found]
    return [one for one in sizes if one != (24.0, 14.0) and one != (8.0, 8.0)]


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
@pytest.mark.parametrize("language", ["id", "en"])
def test_chart_is_accessible_and_harmless(chart: Chart, language: str) -> None:
    svg = draw_chart(chart, language=language)
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img"
    ids = {one.get("id") for one in root.iter()}
    assert set((root.get("aria-labelledby") or "").split()) <= ids
    assert root.findtext(f"{SVG}title") == (chart.title_en if language == "en" else chart.title_id)
    assert root.findtext(f"{SVG}desc")
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|href=|javascript:", svg)
    assert {one.tag.removeprefix(SVG) for one in root.iter()} <= {
        "svg", "title", "desc", "defs", "pattern", "rect", "path", "line", "text", "circle",
    }  # fmt: skip


def test_names_are_shown_as_they_are() -> None:
    texts = [
        one.text for one in ElementTree.fromstring(draw_chart(CHARTS["conditions"], language="id")).iter(f"{SVG}text")
    ]
    assert "+62 <script>alert(1)</script>"[:20] in " ".join(filter(None, texts))
    rows = chart_table(CHARTS["conditions"], "id").rows
    assert set(HOSTILE) <= {row[0] for row in rows}


def test_bars_are_as_long_as_their_values() -> None:
    heights = [height for _, height in rectangles(draw_chart(bars((1.0, 2.0, 4.0, 8.0)), language="id"), "#0b5d4b")]
    assert heights == pytest.approx([heights[0], heights[0] * 2, heights[0] * 4, heights[0] * 8], rel=0.01)


def test_stacked_bars_add_up() -> None:
    names = tuple(f"Kecamatan {one}" for one in range(4))
    chart = bars((1.0, 2.0, 3.0, 4.0), "stacked", names)
    svg = draw_chart(chart, language="id")
    first = [width for width, _ in rectangles(svg, "#0b5d4b")]
    second = [width for width, _ in rectangles(svg, "c2410c")]
    sums = [one + two for one, two in zip(first, second, strict=True)]
    assert sums == pytest.approx([sums[0]] * 4, rel=0.02)


def test_missing_values_break_the_line_and_are_no_zero() -> None:
    series = (Series("a", "A", "A", (1.0, None, 3.0, 4.0)),)
    svg = draw_chart(Chart("c", "J", "T", "line", "percent", MONTHS, series), language="id")
    lines = [one for one in ElementTree.fromstring(svg).iter(f"{SVG}path") if one.get("fill") == "none"]
    assert len(lines) == 2
    assert chart_table(Chart("c", "J", "T", "line", "percent", MONTHS, series), "id").rows[1] == ("Feb", "–")


@pytest.mark.parametrize("kind", ["line", "bars", "stacked", "strip"])
def test_nothing_to_draw_is_no_error(kind: str) -> None:
    ElementTree.fromstring(draw_chart(Chart("c", "J", "T", kind, "km"), language="id"))  # type: ignore[arg-type]
    empty = (Series("a", "A", "A", (None, None)),)
    ElementTree.fromstring(draw_chart(Chart("c", "J", "T", "line", "km", ("x", "y"), empty), language="id"))


def test_classes_differ_without_colour() -> None:
    svg = draw_chart(CHARTS["strips"], language="id")
    looks = re.findall(r'fill="(url\(#[^)]*\)|#[0-9a-f]{6})"', svg)
    patterns = {re.sub(r"-[0-9a-f]{6}\)", ")", one) for one in looks if one.startswith("url")}
    assert len(patterns) == 3  # light damage, heavy damage, not surveyed; good and fair differ by lightness


def test_strip_is_to_scale() -> None:
    classes = (Class("good", "Baik", "Good", "#1b7f5c"), Class("bad", "Rusak", "Bad", "#8f1239"))
    strips = (Strip("A", 1000.0, ((0, 250, "good"), (250, 1000, "bad"))), Strip("B", 500.0, ((0, 500, "good"),)))
    svg = draw_chart(Chart("c", "J", "T", "strip", "m", strips=strips, classes=classes), language="id")
    green = [width for width, height in rectangles(svg, "#1b7f5c") if height == 16]
    red = [width for width, height in rectangles(svg, "#8f1239") if height == 16]
    assert red[0] == pytest.approx(3 * green[0], rel=0.01)
    assert green[1] == pytest.approx(2 * green[0], rel=0.01)


def test_neighbours_of_one_class_are_one_piece() -> None:
    strip = Strip("A", 400.0, ((100, 200, "x"), (0, 100, "x"), (200, 300, "y"), (300, 400, "x")))
    assert merged_pieces(strip) == [(0, 200, "x"), (200, 300, "y"), (300, 400, "x")]


@pytest.mark.parametrize(("metres", "text"), [(0, "0+000"), (1250, "1+250"), (12_005.4, "12+005")])
def test_station(metres: float, text: str) -> None:
    assert station(metres) == text


def test_tall_charts_come_in_parts_of_all_rows() -> None:
    chart = CHARTS["strips"]
    names = [one.label for rows in chart_parts(chart) for one in chart.strips[rows]]
    assert names == [one.label for one in chart.strips]
    assert len(chart_parts(chart)) == 2


@given(st.lists(st.floats(-1e12, 1e12), max_size=20), st.booleans())
def test_scale_encloses_all_values(values: list[float], with_zero: bool) -> None:
    low, high, ticks = scale_of(values, with_zero=with_zero)
    assert low < high
    assert ticks == sorted(ticks)
    tolerance = (high - low) * 1e-6
    assert all(low - tolerance <= value <= high + tolerance for value in values)
    assert len(ticks) <= 14


@given(st.lists(st.one_of(st.none(), st.floats(-5, 5)), max_size=30))
def test_runs_hold_each_known_value_once(values: list[float | None]) -> None:
    found = [pair for run in runs(values) for pair in run]
    assert found == [(place, value) for place, value in enumerate(values) if value is not None]


@given(st.floats(1, 60_000), st.floats(0.001, 1))
def test_station_ticks_lie_on_the_road(length: float, scale: float) -> None:
    ticks = station_ticks(length, scale)
    assert ticks[0] == 0
    assert ticks == sorted(ticks)
    assert ticks[-1] <= length
