"""The coverage report for people: what its templates show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from flask import render_template
from flask_babel import LazyString, gettext, lazy_gettext
from sqlalchemy.orm import Session

from app.config import ROOT
from app.extensions import current_language
from app.formats import NOTHING, format_idr, format_number, format_percent
from app.own_words import catalogue_in_own_words, in_own_words
from app.reports.queries import read_extent
from app.reports.report import Column, Report, Table
from gis.figures import Figure
from gis.road_condition import CONDITION_CLASSES
from gis.roads import NOWHERE
from gis.types import BBox

HEADLINES = {
    "coverage": ("streets.length_km", "streets.density_km_per_km2", "roads.kemantapan", "green.public_percent"),
    "progress": ("progress.packages", "progress.weighted_physical", "progress.weighted_planned", "progress.financial"),
}
TITLES: dict[str, LazyString] = {
    "coverage": lazy_gettext("Cakupan jalan dan ruang terbuka hijau"),
    "progress": lazy_gettext("Kemajuan pekerjaan"),
}
UNVERIFIED = frozenset({"R", "R?"})  # marks of confidence that people must be warned of
DECIMALS = {"km": 3, "km2": 3, "km/km2": 3, "ha": 2}
UNIT_NAMES = {"km2": "km²", "km/km2": "km/km²"}
TABLE_DECIMALS = {"percent": 2, "ha": 2, "packages": 0}
FULL_TURN_DEGREES = 360
MAP_PIXELS, WORLD_PIXELS = 600, 512  # of a map that shows an area, and of the world at zoom 0

LABELS: dict[str, LazyString] = {
    "streets.length_km": lazy_gettext("Panjang jalan tergambar"),
    "streets.density_km_per_km2": lazy_gettext("Kerapatan jalan"),
    "roads.length_km": lazy_gettext("Panjang jalan menurut SK"),
    "roads.length_km.good": lazy_gettext("Panjang jalan baik"),
    "roads.length_km.fair": lazy_gettext("Panjang jalan sedang"),
    "roads.length_km.light_damage": lazy_gettext("Panjang jalan rusak ringan"),
    "roads.length_km.heavy_damage": lazy_gettext("Panjang jalan rusak berat"),
    "roads.length_km.unsurveyed": lazy_gettext("Panjang jalan belum disurvei atau belum tembus"),
    "roads.kemantapan": lazy_gettext("Kemantapan jalan"),
    "green.public_percent": lazy_gettext("RTH publik dari kawasan perkotaan"),
    "green.total_percent": lazy_gettext("RTH publik dan privat dari kawasan perkotaan"),
    "green.public_ha": lazy_gettext("Luas RTH publik"),
    "progress.packages": lazy_gettext("Paket tahun anggaran ini"),
    "progress.weighted_physical": lazy_gettext("Realisasi fisik tertimbang"),
    "progress.weighted_planned": lazy_gettext("Rencana fisik tertimbang"),
    "progress.financial": lazy_gettext("Realisasi keuangan"),
    "progress.late": lazy_gettext("Paket terlambat"),
    "progress.critical_indicated": lazy_gettext("Paket terindikasi kritis"),
    "progress.critical_declared": lazy_gettext("Paket ditetapkan kritis"),
}
FORMULAS: dict[str, LazyString] = {
    "streets.length_km": lazy_gettext(
        "Jumlah panjang semua jalan tergambar di dalam batas wilayah, diukur di elipsoid."
    ),
    "streets.density_km_per_km2": lazy_gettext(
        "Panjang jalan tergambar dibagi luas wilayah, keduanya diukur di elipsoid."
    ),
    "roads.length_km": lazy_gettext(
        "Jumlah panjang menurut SK dari ruas kabupaten atau kota, dibagi ke kecamatan menurut panjang terukurnya."
    ),
    "roads.kemantapan": lazy_gettext(
        "(Panjang baik + sedang) dibagi panjang menurut SK, kali 100. "
        "Ruas yang belum disurvei tetap dihitung sebagai pembagi."
    ),
    "green.public_percent": lazy_gettext(
        "Luas RTH publik di kawasan perkotaan dibagi luas kawasan perkotaan, kali 100."
    ),
    "green.total_percent": lazy_gettext(
        "Luas RTH publik dan privat di kawasan perkotaan dibagi luas kawasan perkotaan, kali 100. "
        "Tanpa pembobotan IHBI."
    ),
    "green.public_ha": lazy_gettext("Luas RTH publik di kawasan perkotaan; yang bertumpang tindih dihitung sekali."),
    "progress.packages": lazy_gettext("Banyaknya paket tahun anggaran ini yang menyentuh wilayah."),
    "progress.weighted_physical": lazy_gettext(
        "Jumlah realisasi fisik dikali pagu tahun ini, dibagi jumlah pagu tahun ini; bukan rata-rata persentase. "
        "Paket yang belum mulai dihitung 0%."
    ),
    "progress.weighted_planned": lazy_gettext(
        "Jumlah rencana fisik pada hari realisasinya dikali pagu tahun ini, dibagi jumlah pagu tahun ini."
    ),
    "progress.financial": lazy_gettext("Jumlah SP2D dibagi jumlah pagu, kali 100."),
    "progress.late": lazy_gettext(
        "Paket yang realisasinya di bawah rencana hari yang sama, atau masa kontraknya lewat sebelum serah terima."
    ),
    "progress.critical_indicated": lazy_gettext("Paket yang diusulkan sistem sebagai kontrak kritis."),
    "progress.critical_declared": lazy_gettext("Paket yang ditetapkan PPK sebagai kontrak kritis."),
}
CONDITION_FORMULA = lazy_gettext(
    "Panjang segmen survei kelas ini, diselaraskan dengan panjang SK ruasnya, dibagi ke kecamatan menurut letaknya."
)


@dataclass(frozen=True)
class ShownInput:
    """A layer behind a figure, in words."""

    layer: str
    title: str
    version: int
    features: str


@dataclass(frozen=True)
class ShownFigure:
    """One figure, in words, with all that opens it."""

    id: str
    label: str
    area: str
    area_name: str
    value: str
    formula: str
    numerator: str | None
    denominator: str | None
    rule: str | None
    rule_title: str | None
    rule_value: str | None
    rule_version: str | None
    legal_basis: str | None
    verified: bool
    data_date: Any
    inputs: tuple[ShownInput, ...]
    features_url: str | None
    origin_url: str


@dataclass(frozen=True)
class ShownCell:
    """One number of a table; `url` opens the figure that it is."""

    text: str
    url: str | None


@dataclass(frozen=True)
class Piece:
    """One piece of a bar: where it begins and how long it is, in percent of the longest bar."""

    start: float
    width: float
    kind: str


@dataclass(frozen=True)
class ShownRow:
    """One row of a table, with its bar."""

    name: str
    cells: tuple[ShownCell, ...]
    bar: tuple[Piece, ...]


@dataclass(frozen=True)
class ShownTable:
    """A table in words."""

    id: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[ShownRow, ...]
    total: ShownRow | None
    legend: tuple[tuple[str, str], ...]


def render_document(report: Report) -> str:
    """Return the report as one HTML document that needs nothing beside it; inside a request, for its language."""
    css = (ROOT / "static" / "css" / "reports.css").read_text(encoding="utf-8")
    return render_template("reports/document.html", css=css, **report_values(report))


def report_values(report: Report) -> dict[str, Any]:
    """Return what the templates of the result show."""
    figures = [show_figure(report, one) for one in report.figures if one.area == report.area.code]
    by_id = {one.id: one for one in figures}
    return {
        "report": report,
        "headlines": [by_id[one] for one in HEADLINES[report.name]],
        "report_title": str(TITLES[report.name]),
        "own_figures": figures,
        "tables": [show_table(report, one) for one in report.tables],
        "findings": [
            (one.severity, one.message_en if current_language() == "en" else one.message_id) for one in report.findings
        ],
    }


def show_figure(report: Report, figure: Figure) -> ShownFigure:
    """Put one figure into words."""
    language = current_language()
    recorded = report.rules.get(figure.rule or "")
    catalogue = catalogue_in_own_words(report.area)
    parts = (None, None) if figure.numerator is None else (figure.numerator, figure.denominator)
    units = _part_units(figure)
    return ShownFigure(
        id=figure.id,
        label=str(LABELS[figure.id]),
        area=figure.area,
        area_name=report.names.get(figure.area, figure.area),
        value=show_value(figure.value, figure.unit),
        formula=in_own_words(FORMULAS.get(figure.id, CONDITION_FORMULA), report.area),
        numerator=show_value(parts[0], units[0]) if parts[0] is not None else None,
        denominator=show_value(parts[1], units[1]) if parts[1] is not None else None,
        rule=figure.rule,
        rule_title=(recorded.title_en if language == "en" else recorded.title_id) if recorded else None,
        rule_value=format_number(Decimal(str(recorded.rule.value)).normalize(), language) if recorded else None,
        rule_version=figure.rule_version,
        legal_basis=figure.legal_basis,
        verified=recorded is None or recorded.rule.status not in UNVERIFIED,
        data_date=figure.data_date,
        inputs=tuple(
            ShownInput(
                one.layer,
                catalogue.layer(one.layer).title.in_language(language),
                one.version,
                format_number(one.features, language),
            )
            for one in figure.inputs
        ),
        features_url=figure.features_url,
        origin_url=origin_url(report, figure.id, figure.area),
    )


def _part_units(figure: Figure) -> tuple[str, str]:
    """Return the units of a figure's numerator and denominator."""
    if figure.unit == "km/km2":
        return "km", "km2"
    subject = figure.id.partition(".")[0]
    unit = {"roads": "km", "progress": "IDR"}.get(subject, "ha")
    return unit, unit


def show_value(value: float | None, unit: str) -> str:
    """Return a number with its unit as people of the visitor's language write it; a dash when it is not known."""
    language = current_language()
    if unit == "percent":
        return format_percent(value, language, 2)
    if value is None:
        return NOTHING
    if unit == "packages":
        return format_number(value, language)
    if unit == "IDR":
        return format_idr(Decimal(str(value)), language)
    return f"{format_number(value, language, DECIMALS.get(unit, 0))} {UNIT_NAMES.get(unit, unit)}"


def origin_url(report: Report, figure_id: str, area: str) -> str:
    """Return the address of the page that opens one figure."""
    return f"/reports/{report.name}/origin?{urlencode({'figure': figure_id, **parameters_of(report), 'area': area})}"


def parameters_of(report: Report) -> dict[str, Any]:
    """Return the parameters with which the same report is computed again."""
    as_of = report.as_of.isoformat() if report.is_past else None
    wanted: dict[str, Any] = {"area": report.area.code, "year": report.year, "as_of": as_of}
    return {name: value for name, value in wanted.items() if value is not None}


def show_table(report: Report, table: Table) -> ShownTable:
    """Put a table into words, with a bar for each row."""
    english = current_language() == "en"
    longest = max((sum(one for _kind, one in _bar_values(table, values)) for _code, values in table.rows), default=0)
    rows = tuple(_show_row(report, table, code, values, longest) for code, values in table.rows)
    return ShownTable(
        id=table.id,
        title=table.title_en if english else table.title_id,
        heads=tuple(_head(one, english) for one in table.columns),
        rows=rows,
        total=_show_row(report, table, report.area.code, table.total, 0) if table.total else None,
        legend=tuple((one.id, one.label_en if english else one.label_id) for one in table.columns[:5])
        if table.id == "roads_by_condition"
        else (),
    )


def _head(column: Column, english: bool) -> str:
    if column.unit == "packages":
        return column.label_en if english else column.label_id
    unit = "%" if column.unit == "percent" else UNIT_NAMES.get(column.unit, column.unit)
    return f"{column.label_en if english else column.label_id} ({unit})"


def _show_row(report: Report, table: Table, code: str, values: tuple[float | None, ...], longest: float) -> ShownRow:
    language = current_language()
    cells = tuple(
        ShownCell(
            format_number(value, language, TABLE_DECIMALS.get(column.unit, 3)),
            origin_url(report, column.figure, code) if column.figure and code != NOWHERE else None,
        )
        for column, value in zip(table.columns, values, strict=True)
    )
    name = report.names.get(code, code) if code != NOWHERE else in_own_words(gettext("Di luar kecamatan"), report.area)
    pieces, start = [], 0.0
    for kind, value in _bar_values(table, values) if longest else ():
        width = value / longest * 100
        pieces.append(Piece(round(start, 3), round(width, 3), kind))
        start += width
    return ShownRow(name, cells, tuple(pieces))


def _bar_values(table: Table, values: tuple[float | None, ...]) -> list[tuple[str, float]]:
    """Return what the bar of a row is made of: lengths by condition, shares of green space, else its first number."""
    by_column = dict(zip((one.id for one in table.columns), values, strict=True))
    if table.id == "roads_by_condition":
        wanted: list[tuple[str, float | None]] = [(one, by_column[one]) for one in CONDITION_CLASSES]
    elif table.id == "green":
        public, total = by_column["public_percent"], by_column["total_percent"]
        wanted = [("public", public), ("private", total - public if total is not None and public is not None else None)]
    elif table.id == "progress":
        wanted = [("length", by_column["weighted_physical"])]
    else:
        wanted = [("length", values[0])]
    return [(kind, value) for kind, value in wanted if value]


def map_url(session: Session, area: str, layer: str) -> str:
    """Return the address of the map that shows an area with a layer switched on."""
    extent = read_extent(session, area)
    return f"/#{_camera(extent)}on={layer}" if extent else f"/#on={layer}"


def _camera(bbox: BBox) -> str:
    west, south, east, north = bbox
    widest = max(east - west, north - south, 1e-3)
    zoom = math.log2(FULL_TURN_DEGREES / widest * MAP_PIXELS / WORLD_PIXELS)
    return f"{zoom:.2f}/{(south + north) / 2:.4f}/{(west + east) / 2:.4f}&"
