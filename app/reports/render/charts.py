"""
Charts as SVG: lines, bars, stacked bars and strip maps, readable by people, screen readers and printers.

Nothing is told by colour alone: series differ by dash, marker or pattern, classes of road condition have
the patterns of the map. Colours are presentation attributes, so that a picture stands alone in a PDF; the classes
`chart-ground`, `chart-grid`, `chart-axis`, `chart-label` let a page's style sheet follow its theme.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from app.formats import NOTHING, format_idr_short, format_number
from app.reports.report import Chart, Class, Series, Strip, in_language
from app.reports.units import decimals_of, format_cell, format_quantity, unit_name
from layers.labels import text_width
from layers.palette import LIGHT, ink_on, mix
from layers.svg import SvgValues, element, font_families, text_content

FONT = "Source Sans 3, system-ui, sans-serif"
MONEY = "IDR"
WIDTH_PX = 720
PLOT_HEIGHT_PX = 220
TEXT_PX, SMALL_PX = 13.0, 12.0
BAR_PX, BAR_GAP_PX, GROUP_GAP_PX = 14, 3, 12
STRIP_PX, STRIP_GAP_PX = 16, 30
MOST_UPRIGHT = 14  # bars that stand beside each other; more lie below each other
SHORT_LABEL = 9  # letters under an upright bar
STRIPS_ON_A_PART, BARS_ON_A_PART = 10, 24
STATION_PX = 70  # between the labels of two stations
STATION_STEPS = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)  # metres
SIGN_SHARE = 0.8  # of ink in the signs of a pattern
TICKS = 5
MANY = 100  # numbers at bars from here on have one decimal
LEFT_SHARE = 0.34  # of the width that names at the left may take
NUMBER_PX = 64  # free at the right of lying bars, for their number

SERIES_COLOURS = ("#0b5d4b", "#c2410c", "#0f6fb5", "#8a5a00", "#6b3fa0", "#55605a", "#8f1239", "#3a3f45")
"""Told apart in every kind of colour vision by lightness and hue; patterns and dashes say it again."""
DASHES = ("", "7 4", "2 4", "10 3 2 3", "1 3", "12 4", "4 2", "6 2 1 2")
PATTERNS = ("solid", "stripes", "dots", "cross", "steep", "rows", "solid", "stripes")
CLASS_PATTERNS = {"solid": "solid", "long_dash": "stripes", "short_dash": "cross", "dots": "dots"}
MARKERS = ("disc", "square", "triangle", "diamond")
CONDITION_LOOKS = {
    "good": ("#1b7f5c", "solid"),
    "fair": ("#e3b11f", "solid"),
    "light_damage": ("#e2661a", "stripes"),
    "heavy_damage": ("#8f1239", "cross"),
    "unsurveyed": ("#7b8794", "dots"),
}


@dataclass(frozen=True)
class ChartTable:
    """The numbers of a chart as its table: heads of columns, and rows with their name first."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Look:
    """How a series or a class is drawn."""

    label: str
    colour: str
    pattern: str = "solid"
    dash: str = ""
    marker: str = "disc"


def chart_title(chart: Chart, language: str) -> str:
    """Return a chart's title."""
    return chart.title_en if language == "en" else chart.title_id


def chart_table(chart: Chart, language: str) -> ChartTable:
    """Return the table that stands beside a chart: the same numbers, readable without seeing it."""
    if chart.kind == "strip":
        words = ("Road", "STA", "Class") if language == "en" else ("Ruas", "STA", "Kelas")
        names = {one.code: one.label_en if language == "en" else one.label_id for one in chart.classes}
        return ChartTable(
            words,
            tuple(
                (strip.label, f"{station(start)}–{station(end)}", names.get(code, code))
                for strip in chart.strips
                for start, end, code in merged_pieces(strip)
            ),
        )
    sign = unit_name(chart.unit, language)
    heads = tuple(f"{label} ({sign})" if sign else label for label in series_labels(chart, language))
    rows = tuple(
        (in_language(label, language), *(format_cell(_at(one, index), chart.unit, language) for one in chart.series))
        for index, label in enumerate(chart.labels)
    )
    return ChartTable(("", *heads), rows)


def describe_chart(chart: Chart, language: str) -> str:
    """Return in one sentence what a chart shows, for those who do not see it; its table has the numbers."""
    english = language == "en"
    if chart.kind == "strip":
        total = sum(one.length_m for one in chart.strips)
        length = format_quantity(total / 1000, "km", language)
        return f"{len(chart.strips)} roads, {length}." if english else f"{len(chart.strips)} ruas, {length}."
    sentences = []
    for one, label in zip(chart.series, series_labels(chart, language), strict=True):
        known = [value for value in one.values if value is not None]
        if not known:
            sentences.append(f"{label}: {'no values' if english else 'tanpa nilai'}.")
            continue
        low, high = (format_quantity(value, chart.unit, language) for value in (min(known), max(known)))
        sentences.append(f"{label}: {low} {'to' if english else 'sampai'} {high}.")
    return " ".join(sentences)


def series_labels(chart: Chart, language: str) -> tuple[str, ...]:
    """Return what the series of a chart are called."""
    return tuple(one.label_en if language == "en" else one.label_id for one in chart.series)


def chart_parts(chart: Chart) -> list[slice]:
    """Return the rows of a tall chart in parts that each fit on a page; one part for what fits as it is."""
    if chart.kind == "strip":
        count, most = len(chart.strips), STRIPS_ON_A_PART
    elif chart.kind == "line" or is_upright(chart):
        return [slice(None)]
    else:
        count, most = len(chart.labels), BARS_ON_A_PART
    pages = max(1, math.ceil(count / most))
    each = math.ceil(count / pages)
    return [slice(start, start + each) for start in range(0, max(count, 1), each or 1)]


def is_upright(chart: Chart) -> bool:
    """Whether bars stand: few, with short names, such as months."""
    names = [name for one in chart.labels for name in ((one,) if isinstance(one, str) else (one.id, one.en))]
    return len(chart.labels) <= MOST_UPRIGHT and all(len(one) <= SHORT_LABEL for one in names)


def draw_chart(
    chart: Chart,
    *,
    language: str,
    rows: slice = slice(None),
    width: int = WIDTH_PX,
    font: str = FONT,
    id_prefix: str | None = None,
) -> str:
    """
    Draw a chart.

    Parameters
    ----------
    language
        Of labels and numbers.
    rows
        Which of its strips or lying bars to draw, at the scale of all: one of `chart_parts`.
    width
        Of the picture (pixels); its height follows from what it shows.
    font
        Font families of all texts, separated by commas.
    id_prefix
        Start of all ids in the SVG; two charts in one page need different ones.

    Returns
    -------
    svg
        With title and description, safe inside a page: no script, no address, no style, all text escaped.
    """
    drawing = Drawing(chart, language, rows, width, id_prefix or f"chart-{chart.id}")
    if chart.kind == "strip":
        drawing.strips()
    elif chart.kind == "line":
        drawing.lines()
    elif is_upright(chart):
        drawing.upright_bars()
    else:
        drawing.lying_bars()
    return drawing.assemble(font)


class Drawing:
    """A chart in the making; `y` is how far down the picture is filled."""

    def __init__(self, chart: Chart, language: str, rows: slice, width: int, id_prefix: str) -> None:
        self.chart = chart
        self.language = language
        self.rows = rows
        self.width = float(width)
        self.id_prefix = id_prefix
        self.parts: list[str] = []
        self.defs: dict[str, str] = {}
        self.y = 4.0
        self.labels = tuple(in_language(one, language) for one in chart.labels)
        self.looks = tuple(self._look(index, one) for index, one in enumerate(chart.series))

    # Kinds

    def lines(self) -> None:
        """Draw each series as a line with its markers; where values are missing the line is broken."""
        self.legend(self.looks, as_lines=True)
        low, high, ticks = scale_of(self._known(), with_zero=False)
        left, right, top, bottom = self._frame(ticks)
        count = max(1, len(self.labels))
        step = (right - left) / count
        xs = [left + step * (index + 0.5) for index in range(count)]

        def y_of(value: float) -> float:
            return bottom - (value - low) / (high - low) * (bottom - top)

        self._grid(ticks, left, right, y_of)
        for one, look in zip(self.chart.series, self.looks, strict=True):
            for run in runs(one.values):
                points = [(xs[index], y_of(value)) for index, value in run]
                path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
                dash = look.dash or None
                line: SvgValues = {
                    "fill": "none",
                    "stroke": look.colour,
                    "stroke_width": 2.2,
                    "stroke_linejoin": "round",
                }
                self.parts.append(element("path", d=path, stroke_dasharray=dash, **line))
                if len(points) == 1 or count <= MOST_UPRIGHT * 2:
                    self.parts += [marker(look.marker, x, y, look.colour) for x, y in points]
        self._axis_labels(xs, step, bottom)
        self.y = bottom + 28

    def upright_bars(self) -> None:
        """Draw bars that stand beside each other in groups, or on each other."""
        is_stacked = self.chart.kind == "stacked"
        self.legend(self.looks)
        low, high, ticks = scale_of(self._stacked() if is_stacked else self._known(), with_zero=True)
        left, right, top, bottom = self._frame(ticks)
        step = (right - left) / max(1, len(self.labels))
        bars = 1 if is_stacked else max(1, len(self.looks))
        thick = min(44.0, step * 0.76 / bars)

        def y_of(value: float) -> float:
            return bottom - (value - low) / (high - low) * (bottom - top)

        self._grid(ticks, left, right, y_of)
        for index in range(len(self.labels)):
            start = left + step * (index + 0.5) - thick * bars / 2
            for number, (begin, end) in enumerate(self._extents(index)):
                y0, y1 = sorted((y_of(begin), y_of(end)))
                x = start if is_stacked else start + thick * number
                self._bar(x, y0, thick - 1, y1 - y0, self.looks[number])
        self._axis_labels([left + step * (index + 0.5) for index in range(len(self.labels))], step, bottom)
        self.y = bottom + 28

    def lying_bars(self) -> None:
        """Draw bars that lie below each other, their names at the left and the number of a single one at its end."""
        is_stacked = self.chart.kind == "stacked"
        self.legend(self.looks)
        low, high, ticks = scale_of(self._stacked() if is_stacked else self._known(), with_zero=True)
        widest = max((text_width(one, TEXT_PX) for one in self.labels), default=0.0)
        left = min(widest + 12, self.width * LEFT_SHARE)
        with_numbers = is_stacked or len(self.looks) == 1
        right = self.width - (NUMBER_PX if with_numbers else 14)
        bars = 1 if is_stacked else max(1, len(self.looks))
        group = bars * (BAR_PX + BAR_GAP_PX)
        shown = range(len(self.labels))[self.rows]
        top, bottom = self.y, self.y + len(shown) * (group + GROUP_GAP_PX)

        def x_of(value: float) -> float:
            return left + (value - low) / (high - low) * (right - left)

        for tick in ticks:
            self._line(x_of(tick), top, x_of(tick), bottom, is_zero=tick == 0)
            self._text(self._tick(tick, ticks), x_of(tick), bottom + 15, anchor="middle", small=True)
        for place, index in enumerate(shown):
            y = top + place * (group + GROUP_GAP_PX) + GROUP_GAP_PX / 2
            self._text(shorten(self.labels[index], left - 10), left - 8, y + group / 2 + 3, anchor="end")
            extents = self._extents(index)
            for number, (begin, end) in enumerate(extents):
                x0, x1 = sorted((x_of(begin), x_of(end)))
                at = y if is_stacked else y + number * (BAR_PX + BAR_GAP_PX)
                self._bar(x0, at, x1 - x0, BAR_PX, self.looks[number])
            if with_numbers:
                values = [_at(one, index) for one in self.chart.series]
                total = None if all(one is None for one in values) else sum(one or 0.0 for one in values)
                end = max((x_of(max(pair)) for pair in extents), default=x_of(0))
                text = NOTHING if total is None else self._number(total)
                self._text(text, (end if total is not None else x_of(0)) + 5, y + BAR_PX - 3, small=True)
        self.y = bottom + 22
        self._unit_at_foot(left)

    def strips(self) -> None:
        """Draw roads as strips along STA, all to one scale, their pieces in the colour and pattern of their class."""
        looks = {one.code: class_look(one, self.language) for one in self.chart.classes}
        self.legend(tuple(looks.values()))
        longest = max((one.length_m for one in self.chart.strips), default=0.0) or 1.0
        left, right = 8.0, self.width - 12
        for strip in self.chart.strips[self.rows]:
            px_per_m = (right - left) / longest
            self._text(shorten(strip.label, self.width * 0.75), left, self.y + 12, bold=True)
            length = format_quantity(strip.length_m / 1000, "km", self.language)
            self._text(length, right, self.y + 12, anchor="end", small=True)
            y = self.y + 18
            end_x = left + strip.length_m * px_per_m
            for start, end, code in merged_pieces(strip):
                look = looks.get(code) or Look(code, LIGHT.quiet_ink, "dots")
                x = left + start * px_per_m
                self._bar(x, y, (end - start) * px_per_m, STRIP_PX, look)
            frame: SvgValues = {"fill": "none", "stroke": LIGHT.ink, "stroke_width": 0.8}
            box = {"x": left, "y": y, "width": max(end_x - left, 1.0), "height": STRIP_PX}
            self.parts.append(element("rect", class_="chart-frame", **_fixed(box), **frame))
            for at in station_ticks(strip.length_m, px_per_m):
                x = left + at * px_per_m
                self._line(x, y + STRIP_PX, x, y + STRIP_PX + 4, is_zero=True)
                anchor = "start" if at == 0 else "end" if at == strip.length_m else "middle"
                self._text(station(at), x, y + STRIP_PX + 15, anchor=anchor, small=True)
            self.y = y + STRIP_PX + STRIP_GAP_PX

    # Parts

    def legend(self, looks: Sequence[Look], *, as_lines: bool = False) -> None:
        """Write swatch and name of each series, in as many rows as they need; nothing for a single one without name."""
        if not any(one.label for one in looks):
            return
        x, y = 8.0, self.y
        for one in looks:
            needed = 30 + text_width(one.label, TEXT_PX) + 18
            if x > 8 and x + needed > self.width:
                x, y = 8.0, y + 22
            if as_lines:
                dash = one.dash or None
                middle = y + 8
                drawn: SvgValues = {"stroke": one.colour, "stroke_width": 2.2}
                self.parts.append(element("path", d=f"M{x:.1f} {middle:.1f}h24", stroke_dasharray=dash, **drawn))
                self.parts.append(marker(one.marker, x + 12, middle, one.colour))
            else:
                self._bar(x, y + 1, 24, 14, one)
            self._text(one.label, x + 30, y + 12.5)
            x += needed
        self.y = y + 28

    def assemble(self, font: str) -> str:
        """Return the SVG of all that was drawn."""
        title, description = chart_title(self.chart, self.language), describe_chart(self.chart, self.language)
        height = math.ceil(self.y)
        ids = (f"{self.id_prefix}-title", f"{self.id_prefix}-desc")
        ground = element("rect", class_="chart-ground", width=self.width, height=str(height), fill="#ffffff")
        body = [
            element("title", text_content(title), id=ids[0]),
            element("desc", text_content(description), id=ids[1]),
            element("defs", "".join(self.defs.values())) if self.defs else "",
            ground,
            *self.parts,
        ]
        return element(
            "svg",
            "".join(body),
            xmlns="http://www.w3.org/2000/svg",
            class_="chart",
            role="img",
            aria_labelledby=" ".join(ids),
            width=self.width,
            height=str(height),
            viewBox=f"0 0 {self.width:g} {height}",
            font_family=font_families(font),
            font_size=TEXT_PX,
        )

    def _look(self, index: int, series: Series) -> Look:
        label = series.label_en if self.language == "en" else series.label_id
        turn = index % len(SERIES_COLOURS)
        condition = CONDITION_LOOKS.get(series.id.rpartition(".")[2])
        colour, pattern = condition or (series.colour or SERIES_COLOURS[turn], PATTERNS[turn])
        if condition is None and len(self.chart.series) == 1:
            pattern = "solid"
        dash = DASHES[turn] or (DASHES[1] if series.dashed else "")
        if (
            series.dashed is False
            and len(self.chart.series) <= len(MARKERS)
            and any(one.dashed for one in self.chart.series)
        ):
            dash = ""
        return Look(label, series.colour or colour, pattern, dash, MARKERS[index % len(MARKERS)])

    def _frame(self, ticks: Sequence[float]) -> tuple[float, float, float, float]:
        """Return left, right, top and bottom of the plot; the axis' unit stands over its numbers."""
        sign = unit_name(self.chart.unit, self.language)
        if sign and not self._is_money:
            self._text(sign, 8, self.y + 10, small=True)
            self.y += 16
        widest = max((text_width(self._tick(one, ticks), SMALL_PX) for one in ticks), default=0.0)
        top = self.y + 6
        return widest + 16, self.width - 12, top, top + PLOT_HEIGHT_PX

    def _grid(self, ticks: Sequence[float], left: float, right: float, y_of: Callable[[float], float]) -> None:
        for tick in ticks:
            y = y_of(tick)
            self._line(left, y, right, y, is_zero=tick == 0)
            self._text(self._tick(tick, ticks), left - 7, y + 4, anchor="end", small=True)

    def _axis_labels(self, xs: Sequence[float], step: float, bottom: float) -> None:
        """Write as many names below the axis as find room beside each other."""
        widest = max((text_width(one, SMALL_PX) for one in self.labels), default=0.0) + 8
        every = max(1, math.ceil(min(widest, self.width * LEFT_SHARE) / step)) if step else 1
        for index in range(0, len(self.labels), every):
            text = shorten(self.labels[index], step * every)
            half = text_width(text, SMALL_PX) / 2
            x = min(max(xs[index], half + 2), self.width - half - 2)
            self._text(text, x, bottom + 17, anchor="middle", small=True)

    def _unit_at_foot(self, left: float) -> None:
        sign = unit_name(self.chart.unit, self.language)
        if sign and not self._is_money:
            self._text(sign, left - 14, self.y - 7, anchor="end", small=True)

    def _bar(self, x: float, y: float, width: float, height: float, look: Look) -> None:
        """Draw a rectangle in colour and pattern of a look; what has a value is never thinner than a hairline."""
        if width <= 0 or height <= 0:
            return
        box = _fixed({"x": x, "y": y, "width": max(width, 0.5), "height": max(height, 0.5)})
        self.parts.append(element("rect", fill=look.colour, **box))
        if look.pattern != "solid":
            self.parts.append(element("rect", fill=self._signs(look), **box))

    def _signs(self, look: Look) -> str:
        """Return the fill that lays the signs of a pattern over its colour."""
        sign = mix(look.colour, ink_on(look.colour), SIGN_SHARE)
        name = f"{self.id_prefix}-{look.pattern}-{sign.removeprefix('#')}"
        self.defs.setdefault(name, pattern_svg(name, look.pattern, sign))
        return f"url(#{name})"

    def _line(self, x0: float, y0: float, x1: float, y1: float, *, is_zero: bool) -> None:
        opacity = 0.55 if is_zero else 0.14
        ends = _fixed({"x1": x0, "y1": y0, "x2": x1, "y2": y1})
        look: SvgValues = {"stroke": LIGHT.ink, "stroke_opacity": opacity, "stroke_width": 1.0}
        self.parts.append(element("line", class_="chart-grid", **ends, **look))

    def _text(
        self, text: str, x: float, y: float, *, anchor: str = "start", small: bool = False, bold: bool = False
    ) -> None:
        self.parts.append(
            element(
                "text",
                text_content(text),
                class_="chart-axis" if small else "chart-label",
                x=f"{x:.1f}",
                y=f"{y:.1f}",
                fill=LIGHT.quiet_ink if small else LIGHT.ink,
                font_size=SMALL_PX if small else None,
                font_weight="600" if bold else None,
                text_anchor=None if anchor == "start" else anchor,
            )
        )

    def _tick(self, value: float, ticks: Sequence[float]) -> str:
        """Write a number of the axis with as many decimals as its steps need; money in words of size."""
        if self._is_money:
            return short_money(value, self.language)
        step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
        return format_number(value, self.language, max(0, -math.floor(math.log10(step) + 1e-9)))

    def _number(self, value: float) -> str:
        if self._is_money:
            return short_money(value, self.language)
        greatest = max((abs(end) for end in self._stacked()), default=0.0)
        decimals = min(decimals_of(self.chart.unit), 2 if greatest < MANY else 1)
        return format_number(value, self.language, decimals)

    # Values

    @property
    def _is_money(self) -> bool:
        return self.chart.unit == MONEY

    def _known(self) -> list[float]:
        return [value for one in self.chart.series for value in one.values if value is not None]

    def _stacked(self) -> list[float]:
        ends = [end for index in range(len(self.labels)) for pair in self._extents(index) for end in pair]
        return ends or [0.0]

    def _extents(self, index: int) -> list[tuple[float, float]]:
        """Return where the bar of each series begins and ends; stacked ones begin where the one before ended."""
        if self.chart.kind != "stacked":
            return [(0.0, _at(one, index) or 0.0) for one in self.chart.series]
        extents, above, below = [], 0.0, 0.0
        for one in self.chart.series:
            value = _at(one, index) or 0.0
            if value >= 0:
                extents.append((above, above + value))
                above += value
            else:
                extents.append((below, below + value))
                below += value
        return extents


def class_look(one: Class, language: str) -> Look:
    """Return how a class is drawn: a strip says with a pattern what a line says with dashes."""
    return Look(
        one.label_en if language == "en" else one.label_id, one.colour, CLASS_PATTERNS.get(one.pattern, "solid")
    )


def pattern_svg(name: str, pattern: str, sign: str) -> str:
    """Return a pattern of signs in one colour; between them it is open, so that no seams show on the ground."""
    shapes = {
        "stripes": f'<path d="M-2 2L2 -2M0 8L8 0M6 10L10 6" stroke="{sign}" stroke-width="1.6"/>',
        "steep": f'<path d="M2 0V8M6 0V8" stroke="{sign}" stroke-width="1.2"/>',
        "rows": f'<path d="M0 2H8M0 6H8" stroke="{sign}" stroke-width="1.2"/>',
        "cross": f'<path d="M0 0L8 8M8 0L0 8" stroke="{sign}" stroke-width="1.4"/>',
        "dots": f'<circle cx="2" cy="2" r="1.2" fill="{sign}"/><circle cx="6" cy="6" r="1.2" fill="{sign}"/>',
    }
    size = 'width="8" height="8" patternUnits="userSpaceOnUse"'
    return f'<pattern id="{name}" {size}>{shapes[pattern]}</pattern>'


def marker(shape: str, x: float, y: float, colour: str) -> str:
    """Return the sign of one point of a line."""
    if shape == "square":
        return element("rect", x=f"{x - 3:.1f}", y=f"{y - 3:.1f}", width=6.0, height=6.0, fill=colour)
    if shape == "triangle":
        return element("path", d=f"M{x:.1f} {y - 4:.1f}l4 7h-8z", fill=colour)
    if shape == "diamond":
        return element("path", d=f"M{x:.1f} {y - 4.2:.1f}l4 4.2l-4 4.2l-4 -4.2z", fill=colour)
    return element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=3.2, fill=colour)


def scale_of(values: Sequence[float], *, with_zero: bool) -> tuple[float, float, list[float]]:
    """
    Return both ends of an axis and its ticks: multiples of 1, 2 or 5 × 10ⁿ that enclose all values.

    Without values the axis goes from 0 to 1. Lines of values that lie far from 0 need not begin there.
    """
    if not values:
        return 0.0, 1.0, [0.0, 0.5, 1.0]
    low, high = min(values), max(values)
    if with_zero or (low >= 0 and low < 0.5 * high) or low < 0 < high:
        low, high = min(low, 0.0), max(high, 0.0)
    if high == low:
        low, high = (low - 1, high + 1) if low else (0.0, 1.0)
    raw = (high - low) / TICKS
    power = math.pow(10, math.floor(math.log10(raw)))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = [number * step for number in range(first, last + 1)]
    return ticks[0], ticks[-1], ticks


def runs(values: Sequence[float | None]) -> Iterator[list[tuple[int, float]]]:
    """Yield the stretches of known values, each with their places."""
    run: list[tuple[int, float]] = []
    for index, value in enumerate(values):
        if value is not None:
            run.append((index, value))
        elif run:
            yield run
            run = []
    if run:
        yield run


def merged_pieces(strip: Strip) -> list[tuple[float, float, str]]:
    """Return the pieces of a road in order, neighbours of one class as one."""
    merged: list[tuple[float, float, str]] = []
    for start, end, code in sorted(strip.pieces):
        if merged and merged[-1][2] == code and abs(merged[-1][1] - start) < 0.5:
            merged[-1] = (merged[-1][0], end, code)
        else:
            merged.append((start, end, code))
    return merged


def station(metres: float) -> str:
    """Return a place along a road as the trade writes it: `1+250`."""
    whole = round(metres)
    return f"{whole // 1000}+{whole % 1000:03d}"


def station_ticks(length_m: float, px_per_m: float) -> list[float]:
    """Return where a strip is labelled: its ends, and round distances between that find room."""
    step = next(
        (one for one in (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000) if one * px_per_m >= STATION_PX), 50_000
    )
    inner = [float(at) for at in range(step, math.ceil(length_m), step) if (length_m - at) * px_per_m > STATION_PX]
    return [0.0, *inner, length_m] if length_m * px_per_m > 60 else [0.0]


def short_money(value: float, language: str) -> str:
    """Return rupiah in words of size, short enough for an axis: `Rp1,25 miliar`."""
    return "0" if value == 0 else format_idr_short(value, language)


def shorten(text: str, width: float) -> str:
    """Cut a text to a width (pixels), with an ellipsis."""
    if text_width(text, TEXT_PX) <= width:
        return text
    kept = text
    while kept and text_width(kept + "…", TEXT_PX) > width:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def _at(series: Series, index: int) -> float | None:
    return series.values[index] if index < len(series.values) else None


def _fixed(values: dict[str, float]) -> SvgValues:
    return {name: f"{value:.1f}" for name, value in values.items()}
