"""Tables and charts of the terrain report: slope classes, land cover, and the matrix of its change."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pandas as pd

from app.rasters.queries import RasterClass, RegisteredRaster
from app.reports.report import Chart, Column, Row, Series, Table, Words
from app.reports.subject import Subject
from gis.figures import Figure, Rule

SLOPE_KEY, CLASS_KEY = "slope_", "cover_"  # before the number of a class in a figure's id
SLOPE_WORDS = (
    Words("datar", "flat"),
    Words("landai", "gentle"),
    Words("agak curam", "moderate"),
    Words("curam", "steep"),
    Words("sangat curam", "very steep"),
)
SLOPE_COLOURS = ("#5b8c5a", "#a9bf6b", "#e3c65b", "#d0803f", "#8f3a2f")
HA_DECIMALS, PERCENT_DECIMALS = 2, 2


def class_key(value: int) -> str:
    """Return the last part of the id of a class's figures; a value below zero is written with m."""
    return f"{CLASS_KEY}{value}" if value >= 0 else f"{CLASS_KEY}m{-value}"


def slope_names(bounds: Sequence[Rule]) -> dict[str, Words]:
    """Return what slope classes are called, such as "8–15% landai", by the last part of their figures' ids."""
    edges = [f"{rule.value:g}" for rule in bounds]
    spans = [f"0–{edges[0]}%", *(f"{low}–{high}%" for low, high in pairwise(edges))]
    spans.append(f"> {edges[-1]}%")
    named = len(spans) == len(SLOPE_WORDS)
    return {
        f"{SLOPE_KEY}{number}": Words(
            f"{span} {SLOPE_WORDS[number - 1].id}" if named else span,
            f"{span} {SLOPE_WORDS[number - 1].en}" if named else span,
        )
        for number, span in enumerate(spans, start=1)
    }


def slope_tables(subject: Subject, figures: Sequence[Figure], bounds: Sequence[Rule]) -> tuple[Table, ...]:
    """Lay out slope classes by district, in hectares and in percent."""
    names = slope_names(bounds)
    hectares = _table(
        subject,
        figures,
        "slope_ha",
        Words("Luas menurut kelas lereng", "Area by slope class"),
        [(f"terrain.slope_ha.{key}", words, "ha") for key, words in names.items()],
    )
    share = _table(
        subject,
        figures,
        "slope_percent",
        Words("Bagian menurut kelas lereng", "Share by slope class"),
        [
            *((f"terrain.slope_percent.{key}", words, "percent") for key, words in names.items()),
            ("terrain.slope_mean_percent", Words("Lereng rata-rata", "Mean slope"), "percent"),
            ("terrain.known_percent", Words("Memiliki nilai", "Has a value"), "percent"),
        ],
        bar=tuple(f"slope_percent.{key}" for key in names),
    )
    return hectares, share


def slope_chart(subject: Subject, figures: Sequence[Figure], bounds: Sequence[Rule]) -> Chart:
    """Draw the shares of slope classes, a stack a district."""
    values = {(one.id, one.area): one.value for one in figures}
    codes = list(subject.drawn)
    names = dict(zip(subject.within["code"], subject.within["name"], strict=True))
    series = tuple(
        Series(
            key,
            words.id,
            words.en,
            tuple(_rounded(values.get((f"terrain.slope_percent.{key}", code)), PERCENT_DECIMALS) for code in codes),
            colour=SLOPE_COLOURS[number] if len(bounds) + 1 == len(SLOPE_COLOURS) else None,
        )
        for number, (key, words) in enumerate(slope_names(bounds).items())
    )
    return Chart(
        "slope_classes",
        "Kelas lereng menurut kecamatan",
        "Slope classes by district",
        "stacked",
        "percent",
        labels=tuple(str(names.get(code, code)) for code in codes),
        series=series,
    )


def cover_classes(raster: RegisteredRaster, values: Sequence[int]) -> tuple[RasterClass, ...]:
    """Return the classes of a raster that occur in the area."""
    return tuple(one for one in raster.classes if one.value in values)


def class_tables(
    subject: Subject, figures: Sequence[Figure], classes: Sequence[RasterClass], raster: RegisteredRaster
) -> tuple[Table, ...]:
    """Lay out land cover by district, in hectares and in percent."""
    if not classes:
        return ()
    year = f" {raster.year}" if raster.year else ""
    named = [(class_key(one.value), Words(one.name("id"), one.name("en"))) for one in classes]
    hectares = _table(
        subject,
        figures,
        "cover_ha",
        Words(f"Luas tutupan lahan{year}", f"Area of land cover{year}"),
        [(f"landcover.class_ha.{key}", words, "ha") for key, words in named],
    )
    share = _table(
        subject,
        figures,
        "cover_percent",
        Words(f"Bagian tutupan lahan{year}", f"Share of land cover{year}"),
        [
            *((f"landcover.class_percent.{key}", words, "percent") for key, words in named),
            ("landcover.known_percent", Words("Memiliki nilai", "Has a value"), "percent"),
        ],
        bar=tuple(f"class_percent.{key}" for key, _ in named),
    )
    return hectares, share


def matrix_table(matrix: pd.DataFrame, before: RegisteredRaster, after: RegisteredRaster) -> Table:
    """Lay out what went from which class (rows) to which (columns), in hectares, with the sums of both."""
    sums = matrix.groupby(["before", "after"])["ha"].sum()
    earlier = sorted({int(value) for value in matrix["before"]})
    later = sorted({int(value) for value in matrix["after"]})
    columns = [Column(f"to_{class_key(one)}", *_both(after, one), "ha") for one in later]
    columns.append(Column("sum", f"Luas {before.year or 'dahulu'}", f"Area {before.year or 'before'}", "ha"))
    rows = []
    for one in earlier:
        cells = [float(sums.get((one, other), 0.0)) for other in later]
        name_id, name_en = _both(before, one)
        rounded = tuple(round(cell, HA_DECIMALS) for cell in (*cells, sum(cells)))
        rows.append(Row(f"from_{class_key(one)}", rounded, name=Words(name_id, name_en)))
    totals = [float(matrix.loc[matrix["after"] == other, "ha"].sum()) for other in later]
    return Table(
        "change",
        f"Perubahan tutupan lahan {before.year or before.name}–{after.year or after.name}",
        f"Change of land cover {before.year or before.name}–{after.year or after.name}",
        tuple(columns),
        tuple(rows),
        tuple(round(cell, HA_DECIMALS) for cell in (*totals, sum(totals))),
        by_area=False,
        row_head=Words(f"Kelas {before.year or 'dahulu'}", f"Class {before.year or 'before'}"),
        note=Words(
            "Baris: kelas semula. Kolom: kelas sekarang. Hanya sel yang memiliki nilai pada kedua tahun.",
            "Rows: the earlier class. Columns: the later class. Only cells with a value in both years.",
        ),
    )


def cover_chart(matrix: pd.DataFrame, before: RegisteredRaster, after: RegisteredRaster) -> Chart:
    """Draw the area of each class in both years, side by side."""
    values = sorted({int(one) for one in matrix["before"]} | {int(one) for one in matrix["after"]})
    series = tuple(
        Series(
            side,
            f"{raster.year or raster.name}",
            f"{raster.year or raster.name}",
            tuple(round(float(matrix.loc[matrix[side] == value, "ha"].sum()), HA_DECIMALS) for value in values),
        )
        for side, raster in (("before", before), ("after", after))
    )
    return Chart(
        "cover_change",
        "Tutupan lahan pada kedua tahun",
        "Land cover in both years",
        "bars",
        "ha",
        labels=tuple(Words(*_both(after if _has(after, value) else before, value)) for value in values),
        series=series,
    )


def _table(
    subject: Subject,
    figures: Sequence[Figure],
    table_id: str,
    title: Words,
    columns: Sequence[tuple[str, Words, str]],
    bar: tuple[str, ...] = (),
) -> Table:
    values = {(one.id, one.area): one.value for one in figures}

    def cells(code: str) -> tuple[float | None, ...]:
        return tuple(
            _rounded(values.get((figure, code)), HA_DECIMALS if unit == "ha" else PERCENT_DECIMALS)
            for figure, _, unit in columns
        )

    return Table(
        table_id,
        title.id,
        title.en,
        tuple(Column(figure.partition(".")[2], words.id, words.en, unit, figure) for figure, words, unit in columns),
        tuple(Row(code, cells(code)) for code in subject.area.districts),
        cells(subject.area.code),
        bar=bar,
    )


def _both(raster: RegisteredRaster, value: int) -> tuple[str, str]:
    found = next((one for one in raster.classes if one.value == value), RasterClass(value, "#000000"))
    return found.name("id"), found.name("en")


def _has(raster: RegisteredRaster, value: int) -> bool:
    return any(one.value == value for one in raster.classes)


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals)
