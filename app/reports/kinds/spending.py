"""Spending by area: the money of the works shared out over districts and villages, and held against people and land."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from app.reports.findings import boundary_findings, missing_rules, no_boundary
from app.reports.kinds.located import context_of, read_packages, works_evidence, year_findings
from app.reports.kinds.road_data import OWN_ROADS
from app.reports.people import population_year_finding, read_people
from app.reports.realisation import amount, packages_url
from app.reports.report import Cell, Column, Content, Evidence, MapView, Row, Table, Words
from app.reports.subject import Subject
from gis.constants import M2_PER_KM2, M_PER_KM
from gis.figures import Figure, Finding, quantity_figure, ratio_figure
from gis.measure import area_m2
from gis.overlay import split_lengths
from gis.population import PopulationCount
from gis.spending import INSIDE, REGION_WIDE, SEN_PER_RUPIAH, Spending, rupiah, share_money

WIDE_FROM = "PEKERJAAN_SEWILAYAH_PERSEN"
MONEY_COLUMNS = {
    "ceiling": "ceiling_idr",
    "year_ceiling": "this_year_ceiling_idr",
    "contract": "contract_value_idr",
    "paid": "paid_idr",
}
OUTSIDE_KEY, WIDE_KEY = "outside", "region_wide"
OUTSIDE_WORDS = Words("Di luar batas", "Outside the border")
WIDE_WORDS = Words("Pekerjaan seluruh wilayah", "Works for the whole region")
PER_UNITS = {  # figure → unit of its denominator
    "spending.per_resident_idr": "persons",
    "spending.per_km2_idr": "km2",
    "spending.per_road_km_idr": "km",
}
COLUMNS = (
    Column("packages", "Paket", "Packages", "packages", "spending.packages"),
    Column("total_idr", "Nilai", "Money", "IDR", "spending.total_idr"),
    Column("share", "Bagian", "Share", "percent"),
    Column("persons", "Penduduk", "Residents", "persons"),
    Column("per_resident_idr", "Per jiwa", "Per resident", "IDR", "spending.per_resident_idr"),
    Column("km2", "Luas", "Area", "km2"),
    Column("per_km2_idr", "Per km²", "Per km²", "IDR", "spending.per_km2_idr"),
    Column("road_km", "Jalan", "Roads", "km"),
    Column("per_road_km_idr", "Per km jalan", "Per km of road", "IDR", "spending.per_road_km_idr"),
)
PERCENT_DECIMALS, KM_DECIMALS = 2, 3


@dataclass(frozen=True)
class _Measures:
    """What money is held against, by the code of the area: residents, km² and km of the region's own roads."""

    persons: Mapping[str, float]
    km2: Mapping[str, float]
    road_km: Mapping[str, float]

    def of(self, figure_id: str, area: str) -> float | None:
        found = {"persons": self.persons, "km2": self.km2, "km": self.road_km}[PER_UNITS[figure_id]]
        return found.get(area) or None


def compute(subject: Subject) -> Content:
    """
    Compute spending by area.

    A district gets the part of each package that lies in it; what serves the whole region, or lies outside of every
    district, has rows of its own, so that all rows add up to the money of the packages.
    """
    column = MONEY_COLUMNS[str(subject.settings["money"])]
    if not subject.drawn and not subject.area.is_region:
        return Content(_unknown(subject), findings=(no_boundary(subject.area),), year=subject.fiscal_year)
    packages = _with_money(read_packages(subject, tuple(sorted({column, "ceiling_idr"}))), column)
    subject.step("membagi nilai paket menurut kecamatan", 20)
    spending = share_money(packages, subject.districts[["code", "geometry"]], wide_from=subject.rule(WIDE_FROM))
    subject.step("membagi nilai paket menurut desa", 50)
    villages = subject.villages
    apart = spending.parts["package"][spending.parts["place"] == REGION_WIDE]
    marked = packages.assign(region_wide=packages["code"].isin(apart))
    by_village = share_money(marked, villages[["code", "geometry"]])
    people = read_people(subject, year=None)
    roads = _read_roads(subject)
    subject.step("membandingkan dengan penduduk, luas, dan jalan", 80)
    measures = _district_measures(subject, people.count, people.groups, roads)
    figures = _figures(subject, spending, measures)
    works = works_evidence(subject)
    return Content(
        figures=figures,
        tables=(
            _district_table(subject, figures, spending, measures),
            *([_village_table(subject, by_village, spending, people.count, roads)] if len(villages) else []),
        ),
        findings=(
            *missing_rules(subject, (WIDE_FROM,)),
            *year_findings(subject, packages),
            *spending.findings,
            *people.count.findings,
            *population_year_finding(people.count),
            *_road_findings(roads),
            *boundary_findings(subject),
        ),
        maps=_maps(subject),
        evidence={
            "spending.*": (works, Evidence("districts")),
            "spending.per_resident_idr": (works, people.evidence(subject)),
            "spending.per_road_km_idr": (works, Evidence("roads", {"status": subject.statuses})),
        },
        frames={"districts": _district_frame(subject, figures)} if len(subject.within) else {},
        year=subject.fiscal_year,
    )


def _with_money(packages: gpd.GeoDataFrame, column: str) -> gpd.GeoDataFrame:
    """Give packages the money that was chosen; a ceiling that is not parted by year is all of its year's."""
    money = packages[column].astype(object)
    if column == "this_year_ceiling_idr":
        money = money.where(money.notna(), packages["ceiling_idr"].astype(object))
    return packages.assign(amount_idr=money)


def _unknown(subject: Subject) -> tuple[Figure, ...]:
    ids = ("spending.total_idr", *PER_UNITS)
    return tuple(Figure(one, code, None, "IDR") for code in subject.codes for one in ids)


def _read_roads(subject: Subject) -> gpd.GeoDataFrame:
    """Read the region's own roads with their legal length; none when none has any."""
    roads = subject.frame("roads", ("code", "length_sk_m"), only={"status": subject.statuses}).assign(status=OWN_ROADS)
    return roads[roads["length_sk_m"] > 0].reset_index(drop=True)


def _road_km(roads: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> dict[str, float]:
    """Share out the legal length of roads over areas; what is drawn outside of all follows the rest of its road."""
    parts = split_lengths(roads.geometry, areas, key="code")
    inside = parts[parts["area"].notna()]
    share = inside["share"] / inside.groupby("line")["share"].transform("sum")
    metres = share * roads["length_sk_m"].reindex(inside["line"]).to_numpy()
    return {str(code): float(total) / M_PER_KM for code, total in metres.groupby(inside["area"]).sum().items()}


def _district_measures(
    subject: Subject, count: PopulationCount, groups: pd.Series, roads: gpd.GeoDataFrame
) -> _Measures:
    districts = subject.within
    known = count.table["population"].dropna()
    persons = {str(code): float(total) for code, total in known.groupby(groups.reindex(known.index)).sum().items()}
    sizes = area_m2(districts.geometry) / M2_PER_KM2
    km2 = {str(code): float(size) for code, size in zip(districts["code"], sizes, strict=True)}
    road_km = _road_km(roads, subject.districts[["code", "geometry"]])
    whole = subject.area.code
    if whole not in subject.area.districts:
        persons[whole], km2[whole] = count.total or 0.0, sum(km2.values())
        own = road_km.values() if subject.area.is_region else [road_km.get(one, 0.0) for one in subject.area.districts]
        nowhere = roads["length_sk_m"].sum() / M_PER_KM - sum(road_km.values()) if subject.area.is_region else 0.0
        road_km[whole] = sum(own) + nowhere
    return _Measures(persons, km2, road_km)


def _figures(subject: Subject, spending: Spending, measures: _Measures) -> tuple[Figure, ...]:
    figures: list[Figure] = []
    for code in subject.codes:
        context = context_of(subject, code)
        sen = _sen_of(subject, spending, code)
        total = None if sen is None else rupiah(sen)
        found = [
            quantity_figure("spending.total_idr", total, area=code, unit="IDR", context=context),
            *(
                ratio_figure(one, total, measures.of(one, code), area=code, unit="IDR", context=context)
                for one in PER_UNITS
            ),
            quantity_figure(
                "spending.packages", _count(subject, spending, code), area=code, unit="packages", context=context
            ),
        ]
        if subject.area.is_region and code == subject.area.code:
            wide, outside = rupiah(spending.region_wide_sen), rupiah(spending.outside_sen)
            rule = subject.rule(WIDE_FROM)
            found += [
                quantity_figure("spending.unlocated_idr", wide, area=code, unit="IDR", context=context, rule=rule),
                quantity_figure("spending.outside_idr", outside, area=code, unit="IDR", context=context),
            ]
        url = packages_url(subject, code, subject.fiscal_year)
        figures += [replace(one, features_url=url) for one in found]
    return tuple(figures)


def _sen_of(subject: Subject, spending: Spending, code: str) -> int | None:
    """Return the money of an area in sen; None of a district that is not drawn."""
    if code == subject.area.code and subject.area.is_region:
        return spending.total_sen
    codes = [code] if code in subject.area.districts else list(subject.drawn)
    drawn = [one for one in codes if one in spending.by_area.index]
    return int(spending.by_area[drawn].sum()) if drawn else None


def _count(subject: Subject, spending: Spending, code: str) -> int | None:
    parts = spending.parts
    if code == subject.area.code and subject.area.is_region:
        return int(parts["package"].nunique())
    codes = {code} if code in subject.area.districts else set(subject.area.districts)
    if not codes & set(subject.drawn):
        return None
    return int(parts["package"][(parts["place"] == INSIDE) & parts["area"].isin(codes)].nunique())


def _cells(sen: int | None, packages: int | None, whole_sen: int, held: tuple[float | None, ...]) -> tuple[Cell, ...]:
    """Lay out one row: its money, its share of the whole, and the money per resident, km² and km of road."""
    persons, km2, road_km = held
    total = None if sen is None else amount(Decimal(sen) / SEN_PER_RUPIAH)

    def per(measure: float | None) -> Cell:
        return None if sen is None or not measure else round(rupiah(sen) / measure)

    share = None if sen is None or not whole_sen else round(sen / whole_sen * 100, PERCENT_DECIMALS)
    return (
        packages,
        total,
        share,
        None if persons is None else round(persons),
        per(persons),
        None if km2 is None else round(km2, KM_DECIMALS),
        per(km2),
        None if road_km is None else round(road_km, KM_DECIMALS),
        per(road_km),
    )


def _district_table(subject: Subject, figures: tuple[Figure, ...], spending: Spending, measures: _Measures) -> Table:
    counts = {one.area: one.value for one in figures if one.id == "spending.packages"}
    whole = _sen_of(subject, spending, subject.area.code) or 0

    def cells(code: str) -> tuple[Cell, ...]:
        held = tuple(measures.of(one, code) for one in PER_UNITS)
        count = counts.get(code)
        return _cells(_sen_of(subject, spending, code), None if count is None else int(count), whole, held)

    rows = [Row(code, cells(code)) for code in subject.area.districts]
    if subject.area.is_region:
        rows += _rows_apart(spending, whole)
    return Table(
        "districts",
        "Nilai pekerjaan menurut kecamatan",
        "Money of the works by district",
        COLUMNS,
        tuple(rows),
        cells(subject.area.code),
        note=_NOTE,
        bar=("total_idr",),
    )


def _rows_apart(spending: Spending, whole: int) -> list[Row]:
    """Lay out what belongs to no area: works for the whole region, and parts outside the border."""
    packages = spending.parts.groupby("place")["package"].nunique().to_dict()
    nothing = (None, None, None)
    rows = [
        Row(
            WIDE_KEY,
            _cells(spending.region_wide_sen, int(packages.get("region_wide", 0)), whole, nothing),
            name=WIDE_WORDS,
        )
    ]
    if spending.outside_sen:
        outside = _cells(spending.outside_sen, int(packages.get("outside", 0)), whole, nothing)
        rows.append(Row(OUTSIDE_KEY, outside, name=OUTSIDE_WORDS))
    return rows


_NOTE = Words(
    "Paket yang melintasi beberapa kecamatan dihitung pada jumlah paket masing-masing; nilainya dibagi.",
    "A package through several districts is in the number of packages of each; its money is shared.",
)


def _village_table(
    subject: Subject, by_village: Spending, spending: Spending, count: PopulationCount, roads: gpd.GeoDataFrame
) -> Table:
    villages = subject.villages
    inside = by_village.parts[by_village.parts["place"] == INSIDE]
    packages = inside.groupby("area")["package"].nunique().to_dict()
    km2 = dict(zip(villages["code"], area_m2(villages.geometry) / M2_PER_KM2, strict=True))
    road_km = _road_km(roads, villages[["code", "geometry"]])
    persons = count.table["population"].to_dict()
    districts = dict(zip(subject.within["code"], subject.within["name"], strict=True))
    whole = _sen_of(subject, spending, subject.area.code) or 0
    rows = []
    for code, name, district in villages[["code", "name", "district_code"]].itertuples(index=False):
        people = persons.get(code)
        held = (None if people is None or np.isnan(people) else float(people), km2[code], road_km.get(code))
        cells = _cells(int(by_village.by_area[code]), int(packages.get(code, 0)), whole, held)
        rows.append(Row(code, cells, name=f"{name}, {districts.get(district, district)}"))
    if subject.area.is_region:
        rows += _rows_apart(by_village, whole)
    return Table(
        "villages",
        "Nilai pekerjaan menurut desa",
        "Money of the works by village",
        tuple(replace(column, figure=None) for column in COLUMNS),
        tuple(rows),
        by_area=False,
        row_head=Words("Desa", "Village"),
        bar=("total_idr",),
    )


def _road_findings(roads: gpd.GeoDataFrame) -> tuple[Finding, ...]:
    if len(roads):
        return ()
    return (
        Finding(
            "warning",
            "no_roads",
            "Belum ada jalan daerah dengan panjang menurut SK, jadi nilai per km jalan tidak dapat dihitung.",
            "There are no roads of the region's own with a legal length, so money per km of road cannot be computed.",
        ),
    )


def _district_frame(subject: Subject, figures: tuple[Figure, ...]) -> gpd.GeoDataFrame:
    values: dict[str, dict[str, Any]] = {}
    for figure in figures:
        values.setdefault(figure.id.partition(".")[2], {})[figure.area] = figure.value
    frame = subject.within[["code", "name", "geometry"]].reset_index(drop=True)
    wanted = ("total_idr", "per_resident_idr", "per_km2_idr", "per_road_km_idr")
    return frame.assign(**{one: frame["code"].map(values.get(one, {})).astype(float) for one in wanted})


def _maps(subject: Subject) -> tuple[MapView, ...]:
    if not len(subject.within):
        return ()
    titles = {
        "per_resident_idr": ("Nilai pekerjaan per jiwa", "Money of the works per resident"),
        "total_idr": ("Nilai pekerjaan", "Money of the works"),
    }
    return tuple(
        MapView(
            name,
            title_id,
            title_en,
            "districts",
            value=name,
            unit="IDR",
            figure=f"spending.{name}",
            over=("projects",),
        )
        for name, (title_id, title_en) in titles.items()
    )
