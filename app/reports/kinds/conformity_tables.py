"""The tables and the chart of the report of conformity: by district, by zone, and package by package."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd

from app.reports.realisation import code_words, joined
from app.reports.report import Cell, Chart, Class, Column, Row, Series, Table, Words
from app.reports.subject import Subject
from gis.conformity import Conformity
from gis.constants import M2_PER_HA, M_PER_KM
from gis.figures import Figure
from gis.rounding import close_column
from gis.works import AREAS, LINES, POINTS

LEFT_OUT, NOT_JUDGED = "left_out", "not_judged"
BUCKETS = ("I", "T", "B", "X", "unknown", "unzoned", LEFT_OUT)
OUTCOME_CLASSES = (
    Class("I", "Diizinkan (I)", "Permitted (I)", "#1b7f5c"),
    Class("T", "Diizinkan terbatas (T)", "Permitted with limits (T)", "#5b9b3a", "long_dash"),
    Class("B", "Diizinkan bersyarat (B)", "Permitted on conditions (B)", "#b7791f", "short_dash"),
    Class("X", "Tidak diizinkan (X)", "Not permitted (X)", "#9f1239"),
    Class("unknown", "Tidak disebut matriks", "Not in the matrix", "#7b8794", "dots"),
    Class("unzoned", "Di luar zona", "In no zone", "#55605a", "dots"),
)
VERDICT_CLASSES = (
    Class("conforming", "Sesuai", "Conforming", "#1b7f5c"),
    Class("limited", "Sesuai dengan batasan", "Conforming with limits", "#5b9b3a", "long_dash"),
    Class("conditional", "Bersyarat", "Conditional", "#b7791f", "short_dash"),
    Class("offending", "Tidak sesuai", "Not conforming", "#9f1239"),
    Class(NOT_JUDGED, "Belum dapat dinilai", "Not judged", "#7b8794", "dots"),
)
REASONS = MappingProxyType(
    {
        "no_entry": Words("Matriks tidak menyebut kegiatan ini pada zonanya", "The matrix is silent on it in its zone"),
        "unzoned": Words("Seluruhnya atau sebagian di luar zona", "Wholly or partly in no zone"),
        "near_border": Words("Terlalu dekat dengan batas zona", "Too near to a border of zones"),
        "no_location": Words("Tanpa lokasi", "Without a location"),
        "no_plan": Words("Tidak ada rencana yang berlaku", "No plan in force"),
    }
)
NO_ZONE = Words("Di luar zona", "In no zone")
BELOW = Words("Di bawah toleransi peta", "Below the map's tolerance")
NAMED_PLACES = 3  # villages that a package's row names before it says "and so on"
KM_DECIMALS, HA_DECIMALS, PERCENT_DECIMALS = 3, 2, 2

DISTRICT_COLUMNS = (
    Column("projects", "Paket", "Packages", "packages", "conformity.projects"),
    Column("conforming", "Sesuai", "Conforming", "packages", "conformity.conforming"),
    Column("conditional", "Terbatas atau bersyarat", "Limited or conditional", "packages", "conformity.conditional"),
    Column("offending", "Tidak sesuai", "Not conforming", "packages", "conformity.offending"),
    Column("unknown", "Belum dinilai", "Not judged", "packages", "conformity.unknown"),
    Column("unzoned", "Di luar zona", "In no zone", "percent", "conformity.unzoned_percent"),
    Column("offending_km", "Panjang tidak diizinkan", "Length not permitted", "km", "conformity.length_km.X"),
    Column("offending_ha", "Luas tidak diizinkan", "Area not permitted", "ha", "conformity.area_ha.X"),
)
ZONE_COLUMNS = (
    Column("packages", "Paket", "Packages", "packages"),
    Column("points", "Titik", "Points", "count"),
    Column("length_km", "Panjang", "Length", "km"),
    Column("area_ha", "Luas", "Area", "ha"),
    Column("offending", "Paket tidak diizinkan", "Packages not permitted", "packages"),
    Column("offending_km", "Panjang tidak diizinkan", "Length not permitted", "km"),
    Column("offending_ha", "Luas tidak diizinkan", "Area not permitted", "ha"),
)
PACKAGE_COLUMNS = (
    Column("sector", "Kegiatan", "Activity", "text"),
    Column("place", "Lokasi", "Location", "text"),
    Column("plan", "Rencana", "Plan", "text"),
    Column("points", "Titik", "Points", "count"),
    Column("length_km", "Panjang", "Length", "km"),
    Column("area_ha", "Luas", "Area", "ha"),
    Column("percent", "Bagian", "Share", "percent"),
    Column("itbx", "ITBX", "ITBX", "text"),
    Column("verdict", "Kesesuaian", "Conformity", "text"),
)


def verdict_class(verdict: str) -> str:
    """Return the class of a verdict on maps, where "unknown" is said of features without any."""
    return NOT_JUDGED if verdict == "unknown" else verdict


def district_table(subject: Subject, figures: Iterable[Figure]) -> Table:
    """Lay out the figures by district."""
    values = {(one.area, one.id): one.value for one in figures}
    decimals = {"percent": PERCENT_DECIMALS, "km": KM_DECIMALS, "ha": HA_DECIMALS, "packages": None}

    def cells(code: str) -> tuple[Cell, ...]:
        found = ((values.get((code, str(column.figure))), column.unit) for column in DISTRICT_COLUMNS)
        return tuple(None if value is None else round(value, decimals[unit]) for value, unit in found)

    rows = tuple(Row(code, cells(code)) for code in subject.area.districts)
    note = Words(
        "Paket yang menyentuh beberapa kecamatan dihitung pada masing-masing; panjang dan luas dibagi menurut batas.",
        "A package that touches several districts counts in each; lengths and areas are cut at their borders.",
    )
    return Table(
        "districts",
        "Kesesuaian menurut kecamatan",
        "Conformity by district",
        DISTRICT_COLUMNS,
        rows,
        cells(subject.area.code),
        note=note,
        bar=("conforming", "conditional", "offending", "unknown"),
    )


def zone_table(judged: Conformity) -> Table:
    """Lay out how many packages, and how much of them, lie in each zone of each plan."""
    pieces = judged.pieces[judged.pieces["counted"].astype(bool)]
    named = pieces.assign(
        zone=[_zone_key(plan, code) for plan, code in zip(pieces["plan"], pieces["zone_code"], strict=True)]
    )
    rows = []
    for key, own in named.groupby("zone", sort=True):
        offending = own[own["outcome"] == "X"]
        first = own.iloc[0]
        name = NO_ZONE if first["zone_code"] is None else f"{first['zone_code']} {first['zone_name']} ({first['plan']})"
        measured = _measured(own)
        cells = (own["project"].nunique(), *measured, offending["project"].nunique(), *_measured(offending)[1:])
        rows.append(Row(str(key), tuple(cells), name=name))
    return Table(
        "zones",
        "Paket menurut zona",
        "Packages by zone",
        ZONE_COLUMNS,
        tuple(rows),
        by_area=False,
        row_head=Words("Zona", "Zone"),
        note=Words(
            "Hanya bagian yang melebihi toleransi peta; satu paket dapat berada di beberapa zona.",
            "Only parts beyond the tolerance of the map; one package may lie in several zones.",
        ),
    )


def package_table(subject: Subject, packages: gpd.GeoDataFrame, judged: Conformity) -> Table:
    """Lay out each package, and below it its zones with the outcome of each; those not conforming come first."""
    order = {one.code: number for number, one in enumerate(reversed(VERDICT_CLASSES))}
    order["offending"] = -1
    verdicts = judged.projects.set_index("project")
    pieces = {project: _closed(own) for project, own in judged.pieces.groupby("project")}
    places = _places(subject, packages)
    rows: list[Row] = []
    ranked = sorted(packages["code"], key=lambda code: (order[verdict_class(str(verdicts.at[code, "verdict"]))], code))
    by_code = packages.set_index("code")
    for code in ranked:
        own = pieces.get(code)
        one = verdicts.loc[code]
        measured = _summed(own) if own is not None else (None, None, None)
        share = None if own is None else round(float(own["percent"].sum()), PERCENT_DECIMALS)
        sector = code_words("sector", str(by_code.at[code, "sector"]))
        cells = (sector, places[code], one["plan"], *measured, share, None, _verdict_words(one))
        rows.append(Row(str(code), cells, name=str(by_code.at[code, "name"]), is_subtotal=own is not None))
        if own is not None:
            rows += [_piece_row(str(code), number, piece) for number, (_, piece) in enumerate(own.iterrows())]
    return Table(
        "packages",
        "Paket dan zonanya",
        "Packages and their zones",
        PACKAGE_COLUMNS,
        tuple(rows),
        by_area=False,
        row_head=Words("Paket dan zona", "Package and zone"),
    )


def verdict_chart(subject: Subject, figures: Iterable[Figure]) -> Chart:
    """Draw how many packages of each district conform."""
    values = {(one.area, one.id): one.value for one in figures}
    names = dict(zip(subject.districts["code"], subject.districts["name"], strict=True))
    wanted = (("conforming", 0), ("conditional", 2), ("offending", 3), ("unknown", 4))
    series = tuple(
        Series(
            name,
            DISTRICT_COLUMNS[number].label_id,
            DISTRICT_COLUMNS[number].label_en,
            tuple(values.get((code, f"conformity.{name}")) for code in subject.area.districts),
            colour=VERDICT_CLASSES[place].colour,
        )
        for number, (name, place) in enumerate(wanted, start=1)
    )
    return Chart(
        "verdicts",
        "Kesesuaian paket menurut kecamatan",
        "Conformity of packages by district",
        "stacked",
        "packages",
        labels=tuple(names.get(code, code) for code in subject.area.districts),
        series=series,
    )


def _zone_key(plan: str, zone: str | None) -> str:
    return f"{plan}/{zone or ''}"


def _measured(pieces: pd.DataFrame) -> tuple[Cell, Cell, Cell]:
    """Sum pieces as points, km and ha; None of what there is none."""
    sums = pieces.groupby("dimension")["size"].sum().to_dict()
    points, metres, square_metres = (sums.get(one) for one in (POINTS, LINES, AREAS))
    return (
        None if points is None else round(points),
        None if metres is None else round(metres / M_PER_KM, KM_DECIMALS),
        None if square_metres is None else round(square_metres / M2_PER_HA, HA_DECIMALS),
    )


def _closed(pieces: pd.DataFrame) -> pd.DataFrame:
    """Round the pieces of one package so that they add up as shown."""
    measures = {POINTS: ("points", 1.0, 0), LINES: ("km", M_PER_KM, KM_DECIMALS), AREAS: ("ha", M2_PER_HA, HA_DECIMALS)}
    name, unit, decimals = measures[int(pieces["dimension"].iloc[0])]
    size = close_column(pieces["size"].to_numpy(dtype=np.float64) / unit, decimals=decimals)
    percent = close_column(pieces["share"].to_numpy(dtype=np.float64) * 100, decimals=PERCENT_DECIMALS)
    return pieces.drop(columns="geom").assign(measure=name, rounded=size, percent=percent)


def _summed(pieces: pd.DataFrame) -> tuple[Cell, Cell, Cell]:
    """Sum the rounded sizes of pieces of one package as points, km and ha; None of the kinds that it is not."""
    total = float(pieces["rounded"].sum())
    name = pieces["measure"].iloc[0]
    points, kilometres, hectares = (total if name == one else None for one in ("points", "km", "ha"))
    return (
        None if points is None else round(points),
        None if kilometres is None else round(kilometres, KM_DECIMALS),
        None if hectares is None else round(hectares, HA_DECIMALS),
    )


def _piece_row(code: str, number: int, piece: pd.Series) -> Row:
    counted = bool(piece["counted"])
    zone = piece["zone_code"]
    outcome = str(piece["outcome"])
    itbx = outcome if outcome in ("I", "T", "B", "X") else None
    result = next(Words(one.label_id, one.label_en) for one in OUTCOME_CLASSES if one.code == outcome)
    cells = (
        None,
        None,
        None,
        *_summed(piece.to_frame().T),
        float(piece["percent"]),
        itbx,
        result if counted else BELOW,
    )
    name = NO_ZONE if zone is None else f"{zone} {piece['zone_name']}"
    return Row(f"{code}/{number}", cells, name=name, level=1)


def _verdict_words(judged: pd.Series) -> Words:
    one = next(one for one in VERDICT_CLASSES if one.code == verdict_class(str(judged["verdict"])))
    reason = REASONS.get(judged["reason"])
    if reason is None:
        return Words(one.label_id, one.label_en)
    return Words(f"{one.label_id}: {reason.id.lower()}", f"{one.label_en}: {reason.en.lower()}")


def _places(subject: Subject, packages: gpd.GeoDataFrame) -> dict[str, str | Words | None]:
    """Name the villages of each package with their districts, as far as they are drawn."""
    districts = dict(zip(subject.districts["code"], subject.districts["name"], strict=True))
    villages = dict(zip(subject.villages["code"], subject.villages["name"], strict=True))
    found: dict[str, str | Words | None] = {}
    for code, in_villages, in_districts in packages[["code", "village_codes", "district_codes"]].itertuples(
        index=False
    ):
        named = [villages[one] for one in in_villages or () if one in villages]
        shown = [*named[:NAMED_PLACES], *(["…"] if len(named) > NAMED_PLACES else [])]
        found[code] = joined([*shown, *(districts[one] for one in in_districts or () if one in districts)])
    return found
