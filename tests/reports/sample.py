"""A report with everything that a renderer must draw, and with names that would break one that is careless."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import geopandas as gpd
import numpy as np
import shapely

from app.reports.areas import ReportArea
from app.reports.report import (
    Chart,
    Class,
    Column,
    MapView,
    RecordedRule,
    Report,
    Row,
    Series,
    Strip,
    Table,
    Words,
)
from gis.figures import Figure, FigureInput, Finding, Rule

AS_OF = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
HOSTILE = (
    '=HYPERLINK("http://evil.example","klik")',
    "+62 <script>alert(1)</script>",
    "-Desa #let x = 1 $y$ @ref *tebal* _miring_ `kode` \\ ~",
    "@SUM(A1:A9) \"kutip\" 'satu' [kurung] {kurawal} // bukan komentar",
    "Tiang Pumpung Kepungut Ulu Terawas Bulang Tengah Suku",
    "Nama & Co. <b>]]></b> -- --- ... \u202egnirts",
)
PLAIN = ("Muara Beliti", "Tugumulyo", "Sumber Harta", "Selangit", "Purwodadi", "Megang Sakti")
NAMES = (*PLAIN, *HOSTILE)
AREA = "16.05"
CODES = tuple(f"16.05.{number:02d}" for number in range(1, len(NAMES) + 1))
CONDITIONS = ("good", "fair", "light_damage", "heavy_damage", "unsurveyed")
CLASSES = (
    Class("good", "Baik", "Good", "#1b7f5c"),
    Class("fair", "Sedang", "Fair", "#e3b11f"),
    Class("light_damage", "Rusak ringan", "Light damage", "#e2661a", "long_dash"),
    Class("heavy_damage", "Rusak berat", "Heavy damage", "#8f1239", "short_dash"),
    Class("unsurveyed", "Belum disurvei", "Not surveyed", "#7b8794", "dots"),
)
RULE = Rule("KEMANTAPAN", 100.0, "percent", "Permen PU 13/2011 #pasal $2$", "2026-01", "R?")
LENGTHS = np.array([[10.5 + row * 3.125 + place * 1.25 for place in range(5)] for row in range(len(CODES))])


def make_report() -> Report:
    """Return the report; two calls return equal ones."""
    return Report(
        name="coverage",
        area=ReportArea(AREA, "Kabupaten Musi Rawas", "regency", True, CODES, "Asia/Jakarta", "Kecamatan", "desa"),
        year=2026,
        as_of=AS_OF,
        is_past=False,
        demo=True,
        figures=_figures(),
        tables=(_condition_table(), _facts(), _hierarchy()),
        findings=(
            Finding("warning", "no_survey", f"Belum disurvei: {HOSTILE[2]}.", f"Not surveyed: {HOSTILE[2]}.", 3),
            Finding("info", "note", "Taman bertumpang tindih dihitung sekali.", "Overlaps count once."),
            Finding("error", "broken", "Satu geometri tidak dapat dibaca.", "One geometry cannot be read."),
        ),
        rules={"KEMANTAPAN": RecordedRule(RULE, "Kemantapan jalan", "Road stability", AS_OF)},
        names={AREA: "Kabupaten Musi Rawas", **dict(zip(CODES, NAMES, strict=True))},
        charts=_charts(),
        maps=(
            MapView("stability", "Kemantapan jalan", "Road stability", "districts_values", "stability", "percent",
                    "roads.kemantapan", over=("offences",)),
            MapView("condition", "Kondisi jalan", "Road condition", "segments", class_field="condition",
                    classes=CLASSES, label="road"),
        ),
        frames=make_frames(),
    )  # fmt: skip


def make_frames() -> dict[str, gpd.GeoDataFrame]:
    """Return squares of a tenth of a degree in rows of four, a road across them, and two offending pieces."""
    boxes = [
        shapely.box(102.5 + (one % 4) * 0.1, -3.4 + (one // 4) * 0.1, 102.6 + (one % 4) * 0.1, -3.3 + (one // 4) * 0.1)
        for one in range(len(CODES))
    ]
    values = [41.2, 63.25, 70.0, None, 12.75, 55.0, 88.125, 90.5, 33.3, 60.0, 61.0, 20.0]
    districts = gpd.GeoDataFrame(
        {"code": CODES, "name": NAMES, "stability": values}, geometry=boxes, crs="EPSG:4326"
    ).rename_geometry("geom")
    lines = [shapely.LineString([(102.52 + 0.07 * one, -3.38), (102.59 + 0.07 * one, -3.2)]) for one in range(5)]
    segments = gpd.GeoDataFrame(
        {"road": [f"R{one} {HOSTILE[one]}" for one in range(5)], "condition": [*CONDITIONS[:4], None]},
        geometry=lines,
        crs="EPSG:4326",
    )
    offences = gpd.GeoDataFrame(
        {"name": list(HOSTILE[:2])},
        geometry=[shapely.box(102.55, -3.35, 102.58, -3.3), shapely.box(102.7, -3.2, 102.75, -3.17)],
        crs="EPSG:4326",
    )
    return {"districts": districts[["code", "name", "geom"]], "districts_values": districts, "segments": segments,
            "offences": offences}  # fmt: skip


def stability(row: int) -> float:
    """Return kemantapan of one district, by its definition."""
    return float((LENGTHS[row, 0] + LENGTHS[row, 1]) / LENGTHS[row].sum() * 100)


def _figures() -> tuple[Figure, ...]:
    inputs = (FigureInput("roads", 17, 812), FigureInput("road_segments", 9, 4021))
    day = date(2026, 6, 30)
    made: list[Figure] = []
    for area, lengths in ((AREA, LENGTHS.sum(axis=0)), *zip(CODES, LENGTHS, strict=True)):
        sound, whole = float(lengths[0] + lengths[1]), float(lengths.sum())
        quantities = {"streets.length_km": whole * 4, "roads.length_km": whole}
        quantities |= {f"roads.length_km.{one}": float(length) for one, length in zip(CONDITIONS, lengths, strict=True)}
        made += [
            Figure(name, area, value, "km", data_date=day, inputs=inputs, features_url=f"/ogc/x?district_code={area}")
            for name, value in quantities.items()
        ]
        density = Figure("streets.density_km_per_km2", area, whole * 4 / 120, "km/km2", whole * 4, 120.0, inputs=inputs)
        percent = Figure(
            "roads.kemantapan", area, sound / whole * 100, "percent", sound, whole, "KEMANTAPAN", "2026-01",
            RULE.legal_basis, day, inputs, None, verified=False,
        )  # fmt: skip
        green = Figure("green.public_percent", area, None, "percent", inputs=inputs[:1])
        made += [density, percent, green]
    return tuple(made)


def _condition_table() -> Table:
    columns = [
        Column(one, CLASSES[place].label_id, CLASSES[place].label_en, "km", f"roads.length_km.{one}")
        for place, one in enumerate(CONDITIONS)
    ]
    columns += [
        Column("length_km", "Panjang", "Length", "km", "roads.length_km"),
        Column("kemantapan", "Kemantapan", "Stability", "percent", "roads.kemantapan"),
    ]
    rows = tuple(
        Row(code, (*(round(float(one), 3) for one in LENGTHS[row]), round(float(LENGTHS[row].sum()), 3),
                   None if row == 3 else round(stability(row), 2)))
        for row, code in enumerate(CODES)
    )  # fmt: skip
    sums = LENGTHS.sum(axis=0)
    percent = round(float((sums[0] + sums[1]) / sums.sum() * 100), 2)
    total = (*(round(float(one), 3) for one in sums), round(float(sums.sum()), 3), percent)
    return Table(
        "roads_by_condition", "Panjang jalan menurut kondisi", "Road length by condition", tuple(columns), rows, total,
        note=Words("Panjang menurut SK.", "Legal length."), bar=CONDITIONS,
    )  # fmt: skip


def _facts() -> Table:
    rows = tuple(
        Row(key, (value,), Words(label, label))
        for key, label, value in (
            ("name", "Nama pekerjaan", HOSTILE[2]),
            ("number", "Nomor kontrak", "=1+1"),
            ("empty", "Penyedia", None),
        )
    )
    columns = (Column("value", "Isi", "Value", "text"),)
    return Table("facts", "Papan proyek", "Project board", columns, rows, by_area=False, layout="facts")


def _hierarchy() -> Table:
    """A unit with two programmes, and money that adds up; the date and percentages do not."""
    columns = (
        Column("ceiling", "Pagu", "Ceiling", "IDR"),
        Column("paid", "SP2D", "Paid", "IDR"),
        Column("percent", "Keuangan", "Financial", "percent"),
        Column("start", "Mulai", "Start", "date"),
        Column("note", "Catatan", "Note", "text"),
    )
    day = date(2026, 3, 2)
    rows = (
        Row("u1", (3_000_000_000, 1_250_000_000.5, 41.67, None, ""), "Dinas PUCKTR", is_subtotal=True),
        Row("p1", (1_000_000_000, 250_000_000.5, 25.0, day, HOSTILE[0]), HOSTILE[1], level=1),
        Row("p2", (2_000_000_000, 1_000_000_000, 50.0, day, "+1"), HOSTILE[2], level=1),
        Row("u2", (500_000_000, 500_000_000, 100.0, None, ""), "Dinas Perkim", is_subtotal=True),
        Row("p3", (500_000_000, 500_000_000, 100.0, day, "-2"), "Taman kota", level=1),
    )
    total = (3_500_000_000, 1_750_000_000.5, 50.0, None, None)
    return Table(
        "rfk", "RFK menurut instansi: [uji]/*?", "RFK by agency", columns, rows, total, by_area=False,
        row_head=Words("Instansi", "Agency"),
    )  # fmt: skip


def _charts() -> tuple[Chart, ...]:
    months = tuple(Words(one, one) for one in ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep"))
    plan = Series("plan", "Rencana", "Plan", (2.0, 5, 10, 18, 30, 42, 55, 66, 78), dashed=True)
    actual = Series("actual", "Realisasi", "Actual", (1.0, 4, 8, 15, None, 36, None, 50, None))
    by_district = tuple(
        Series(one, CLASSES[place].label_id, CLASSES[place].label_en, tuple(float(x) for x in LENGTHS[:, place]))
        for place, one in enumerate(CONDITIONS)
    )
    strips = tuple(
        Strip(
            f"{number:03d} {name}",
            4_250.0 + number * 400,
            tuple((at * 100.0, at * 100.0 + 100, CONDITIONS[(at // 7 + number) % 5]) for at in range(42)),
        )
        for number, name in enumerate(NAMES)
    )
    return (
        Chart("curve", "Kurva S", "S curve", "line", "percent", months, (plan, actual)),
        Chart("conditions", "Kondisi per kecamatan", "Condition by district", "stacked", "km", NAMES, by_district),
        Chart("strips", "Peta strip", "Strip map", "strip", "m", strips=strips, classes=CLASSES),
    )


def without_content(report: Report) -> Report:
    """Return the report of an area with nothing in it: every figure unknown, nothing to draw."""
    figures = tuple(replace(one, value=None, numerator=None, denominator=None) for one in report.figures)
    tables = tuple(replace(one, rows=(), total=None) for one in report.tables)
    return replace(report, figures=figures, tables=tables, charts=(), maps=(), frames={})
