"""The DD-1 table: one row a road, grouped by district, with surfaces and conditions that close to the metre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd

from app.formats import format_day_short, format_number
from app.reports.areas import ReportArea
from app.reports.report import Cell, Column, Row, Table, Words
from gis.constants import M_PER_KM
from gis.figures import Rule
from gis.road_condition import CONDITION_CLASSES, ConditionClass
from gis.road_table import crossed_areas, lengths_by_road
from gis.roads import NOWHERE, SURFACE_GROUPS, ConditionLengths, SurfaceGroup
from gis.rounding import close_table
from gis.types import FloatArray

KM_DECIMALS, PERCENT_DECIMALS = 3, 2
OUTSIDE = Words("Tidak di kecamatan mana pun", "In no district")
SURFACE_LABELS: dict[SurfaceGroup, Words] = {
    "paved": Words("Aspal/penmac", "Asphalt/macadam"),
    "concrete": Words("Beton", "Concrete"),
    "gravel": Words("Telford/kerikil", "Telford/gravel"),
    "earth": Words("Tanah/belum tembus", "Earth/not open"),
    "unknown": Words("Tidak dicatat", "Not recorded"),
}
CONDITION_LABELS: dict[ConditionClass, Words] = {
    "good": Words("Baik", "Good"),
    "fair": Words("Sedang", "Fair"),
    "light_damage": Words("Rusak ringan", "Light damage"),
    "heavy_damage": Words("Rusak berat", "Heavy damage"),
    "unsurveyed": Words("Belum disurvei/tembus", "Not surveyed/open"),
}
ACCESS_LETTERS = {"national": "N", "provincial": "P", "regency": "K", "city": "K", "village": "D"}
NOTE = Words(
    "Ruas yang melintasi beberapa kecamatan dicatat sekali, pada kecamatan tempat bagian terpanjangnya; panjang di "
    "tiap kecamatan ada di tabel kondisi menurut kecamatan. Jumlah permukaan dan jumlah kondisi sama dengan panjang. "
    "Akses: N nasional, P provinsi, K kabupaten/kota, D desa, dari jalan tergambar yang bertemu.",
    "A road that crosses several districts stands once, in the district that holds most of it; lengths within each "
    "district are in the table of condition by district. Surfaces and conditions each add up to the length. Access: N "
    "national, P provincial, K regency/city, D village, of drawn roads that meet.",
)


@dataclass(frozen=True)
class Details:
    """What the table needs beside lengths: access by code of the road, districts' names, the tolerance, the day."""

    access: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]
    tolerance: Rule
    day: date


@dataclass(frozen=True)
class _Lengths:
    """Kilometres to the metre of roads in the order of the rows: by condition, by surface; both have a total column."""

    codes: list[str]
    condition: FloatArray
    surface: FloatArray


def dd1_table(
    lengths: ConditionLengths,
    roads: gpd.GeoDataFrame,
    *,
    area: ReportArea,
    within: Sequence[str] | None,
    details: Details,
) -> Table:
    """
    Lay out roads one by one.

    Parameters
    ----------
    lengths
        Of all roads, in the districts they cross.
    roads
        The roads to list: code, name, length_sk_m, width_m, daily_traffic, in_force_until.
    within
        Districts whose parts count; None for whole roads.
    """
    groups = _groups(lengths, list(roads["code"]), area, within)
    ordered = [code for codes in groups.values() for code in codes]
    closed = _closed(lengths, ordered, within)
    by_code = roads.set_index("code")
    crossed = crossed_areas(lengths)
    rows: list[Row] = []
    for district, codes in groups.items():
        first = len(rows) - sum(one.is_subtotal for one in rows)
        places = slice(first, first + len(codes))
        name = OUTSIDE if district == NOWHERE else None
        rows.append(Row(district or "-", _sum_cells(closed, places, by_code, len(codes)), name, 0, is_subtotal=True))
        for number, code in enumerate(codes, start=first):
            cells = _road_cells(code, number, closed, by_code.loc[code], lengths, crossed[code], details, within)
            rows.append(Row(code, cells, str(by_code.loc[code, "name"]), 1))
    whole = slice(0, len(ordered))
    return Table(
        "dd1",
        "Daftar ruas jalan menurut permukaan dan kondisi (DD-1)",
        "Roads by surface and condition (DD-1)",
        _columns(),
        tuple(rows),
        _sum_cells(closed, whole, by_code, len(ordered)) if ordered else None,
        by_area=False,
        row_head=Words("Nama ruas", "Road"),
        note=NOTE,
    )


def surface_table(lengths: ConditionLengths, closed_rows: Mapping[str, float], area: ReportArea) -> Table:
    """
    Lay out length by surface in each district.

    Parameters
    ----------
    closed_rows
        By district, the length (km) that the table of conditions shows: surfaces add up to the same.
    """
    codes = [code for code in (*area.districts, NOWHERE) if code in closed_rows]
    sums = lengths.sections.pivot_table(
        index="area", columns="surface_group", values="length_m", aggfunc="sum", fill_value=0.0
    ).reindex(index=codes, columns=list(SURFACE_GROUPS), fill_value=0.0)
    totals = np.array([closed_rows[code] for code in codes])
    closed = close_table(sums.to_numpy(dtype=np.float64) / M_PER_KM, row_totals=totals)
    values = {code: _plain(row) for code, row in zip(codes, closed, strict=False)}
    columns = tuple(
        Column(one, SURFACE_LABELS[one].id, SURFACE_LABELS[one].en, "km", f"roads.surface_km.{one}")
        for one in SURFACE_GROUPS
    )
    empty: tuple[Cell, ...] = (None,) * (len(columns) + 1)
    rows = [*area.districts, *([NOWHERE] if NOWHERE in values else [])]
    return Table(
        "roads_by_surface",
        "Panjang jalan menurut SK dan jenis permukaan",
        "Road length of the decree by surface",
        (*columns, Column("total", "Jumlah", "Total", "km", "roads.length_km")),
        tuple(Row(code, values.get(code, empty)) for code in rows),
        _plain(closed[-1]),
        bar=tuple(SURFACE_GROUPS),
    )


def _columns() -> tuple[Column, ...]:
    surfaces = (Column(f"surface_{one}", words.id, words.en, "km") for one, words in SURFACE_LABELS.items())
    conditions = (
        column
        for one, words in CONDITION_LABELS.items()
        for column in (
            Column(f"{one}_km", words.id, words.en, "km"),
            Column(f"{one}_percent", words.id, words.en, "percent"),
        )
    )
    return (
        Column("number", "No", "No", "text"),
        Column("code", "No. ruas", "Road number", "text"),
        Column("districts", "Kecamatan dilalui", "Districts crossed", "text"),
        Column("length_sk_km", "Panjang SK", "Legal length", "km"),
        Column("width_m", "Lebar", "Width", "m"),
        *surfaces,
        *conditions,
        Column("length_km", "Panjang dihitung", "Length counted", "km"),
        Column("daily_traffic", "LHR", "Daily traffic", "vehicles/day"),
        Column("access", "Akses", "Access", "text"),
        Column("notes", "Keterangan", "Notes", "text"),
    )


def _groups(
    lengths: ConditionLengths, codes: Sequence[str], area: ReportArea, within: Sequence[str] | None
) -> dict[str, list[str]]:
    """Put each road under the district that holds most of it; roads without any part here are left out."""
    main = crossed_areas(lengths, within).map(lambda crossed: crossed[0])
    here = main[main.index.isin(codes)]
    others = sorted(set(here) - set(area.districts) - {NOWHERE})
    order = [*area.districts, *others, NOWHERE]
    return {district: found for district in order if (found := sorted(here.index[here == district]))}


def _closed(lengths: ConditionLengths, codes: list[str], within: Sequence[str] | None) -> _Lengths:
    """Round so that conditions and surfaces of every road add up to the same length, and columns to their totals."""
    by_condition, by_surface = (
        lengths_by_road(lengths, codes, by=by, classes=classes, areas=within).to_numpy() / M_PER_KM
        for by, classes in (("condition", CONDITION_CLASSES), ("surface_group", SURFACE_GROUPS))
    )
    condition = close_table(by_condition, column_totals=_totals_of_districts(lengths, by_condition))
    return _Lengths(codes, condition, close_table(by_surface, row_totals=condition[:-1, -1]))


def _totals_of_districts(lengths: ConditionLengths, by_condition: FloatArray) -> FloatArray | None:
    """Give the totals that the table by district shows, when it holds the same roads."""
    closed = lengths.table_km().to_numpy()[-1, :-1]
    return closed if np.allclose(closed, by_condition.sum(axis=0), atol=10.0**-KM_DECIMALS) else None


def _road_cells(
    code: str,
    number: int,
    closed: _Lengths,
    road: pd.Series,
    lengths: ConditionLengths,
    crossed: tuple[str, ...],
    details: Details,
    within: Sequence[str] | None,
) -> tuple[Cell | Words, ...]:
    names = [details.names.get(one, one) for one in crossed if one != NOWHERE]
    access = dict.fromkeys(ACCESS_LETTERS[one] for one in details.access.get(code, ()))
    return (
        str(number + 1),
        code,
        ", ".join(names) or None,
        round(float(road["length_sk_m"]) / M_PER_KM, KM_DECIMALS),
        _number(road["width_m"]),
        *_length_cells(closed.condition[number], closed.surface[number]),
        _number(road["daily_traffic"]),
        ", ".join(access) or None,
        _notes(code, road, lengths, details),
    )


def _length_cells(condition: FloatArray, surface: FloatArray) -> tuple[Cell, ...]:
    """Give km of each surface, km and percent of each condition, and the length they add up to."""
    total = float(condition[-1])
    parts: list[Cell] = [*_plain(surface[:-1])]
    for km in _plain(condition[:-1]):
        parts += [km, round(km / total * 100, PERCENT_DECIMALS) if total else None]
    return (*parts, round(total, KM_DECIMALS))


def _sum_cells(closed: _Lengths, places: slice, roads: pd.DataFrame, count: int) -> tuple[Cell | Words, ...]:
    legal = float(roads["length_sk_m"].reindex(closed.codes[places]).sum()) / M_PER_KM
    return (
        None,
        Words(f"{count} ruas", f"{count} roads"),
        None,
        round(legal, KM_DECIMALS),
        None,
        *_length_cells(closed.condition[places].sum(axis=0), closed.surface[places].sum(axis=0)),
        None,
        None,
        None,
    )


def _notes(code: str, road: pd.Series, lengths: ConditionLengths, details: Details) -> Words | None:
    """Tell what a reader must know about one road: no survey, a survey of another length, a decree that has ended."""
    said: list[Words] = []
    surveyed, legal = float(lengths.surveyed_m.get(code, 0.0)), float(road["length_sk_m"])
    if lengths.survey_year is not None and not surveyed:
        said.append(Words("belum disurvei", "not surveyed"))
    elif abs(surveyed - legal) > legal * details.tolerance.value / 100 and surveyed:
        km = surveyed / M_PER_KM
        said.append(
            Words(
                f"survei {format_number(km, 'id', KM_DECIMALS)} km, tidak disesuaikan",
                f"surveyed {format_number(km, 'en', KM_DECIMALS)} km, not scaled",
            )
        )
    until = road["in_force_until"]
    if isinstance(until, date) and until < details.day:
        said.append(
            Words(f"SK sampai {format_day_short(until, 'id')}", f"decree until {format_day_short(until, 'en')}")
        )
    return Words("; ".join(one.id for one in said), "; ".join(one.en for one in said)) if said else None


def _number(value: object) -> float | None:
    return None if value is None or pd.isna(value) else float(value)  # type: ignore[arg-type, call-overload]


def _plain(values: FloatArray) -> tuple[float, ...]:
    return tuple(round(float(value), KM_DECIMALS) for value in values)
