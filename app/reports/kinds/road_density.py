"""The road density report: length by land and by residents, and the villages that a stable road reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from app.formats import format_number
from app.reports.findings import boundary_findings, density_area, missing_rules, no_boundary
from app.reports.kinds.road_data import (
    OWN_ROADS,
    SCALE_TOLERANCE,
    STABILITY,
    OwnRoads,
    complete_figures,
    lay_own_roads,
    measure_streets,
    metric_crs,
    read_own_roads,
    read_segments,
    street_findings,
    unknown_figures,
)
from app.reports.people import People, population_year_finding, read_people
from app.reports.report import Cell, Class, Column, Content, Evidence, MapView, Row, Table, Words
from app.reports.subject import Subject
from gis.constants import M2_PER_KM2, M_PER_KM
from gis.density import PER_RESIDENTS, REACH_CLASSES, density_figures, village_reach, village_seats
from gis.figures import Figure, Finding, Rule, percent_figure, quantity_figure
from gis.measure import area_m2
from gis.road_table import merge_sections
from gis.roads import NOWHERE, condition_lengths, stable_classes
from gis.rounding import close_table
from gis.streets import StreetLengths, street_figures
from gis.types import BBox, FloatArray

REACH_RULES = {"boundary": "JANGKAUAN_BATAS_DESA_M", "seat": "JANGKAUAN_PUSAT_DESA_M"}
SEATS = ("regency_capital", "district_capital", "village")  # kinds of places, most important first
UNITS = {
    "roads.length_km": "km",
    "roads.density_km_per_km2": "km/km2",
    "roads.km_per_1000_residents": "km/1000 persons",
    "streets.length_km": "km",
    "streets.density_km_per_km2": "km/km2",
    "streets.km_per_1000_residents": "km/1000 persons",
    "roads.villages": "villages",
    "roads.villages_reached": "villages",
    "roads.villages_not_reached": "villages",
    "roads.villages_unsurveyed": "villages",
    "roads.villages_reached_percent": "percent",
    "roads.residents_not_reached": "persons",
}
REACH = {
    "reached": Class("reached", "Terjangkau jalan mantap", "Reached by a stable road", "#bfdccf"),
    "unsurveyed": Class("unsurveyed", "Hanya jalan yang belum disurvei", "Roads not surveyed only", "#7b8794", "dots"),
    "damaged": Class("damaged", "Hanya jalan rusak", "Damaged roads only", "#e2661a", "long_dash"),
    "none": Class("none", "Tanpa jalan dalam jangkauan", "No road within reach", "#8f1239", "short_dash"),
}
Residents = Mapping[str, float | None]  # by code of villages, districts and the area
VILLAGES = ("code", "name", "district_code")
KM_DECIMALS, M_DECIMALS, PERCENT_DECIMALS = 3, 0, 2
NEARBY_M = 3000  # where a village's nearest stable road mostly lies
BOX_ROOM_M = 1000  # the sides of a box are not straight in another CRS


@dataclass(frozen=True)
class _Sizes:
    """By code of the districts and the area: measured land, residents, legal length of roads to the metre."""

    km2: Mapping[str, float | None]
    residents: Residents
    roads_km: Mapping[str, float]


@dataclass(frozen=True)
class _Own:
    """The area's own roads, their segments of the year, and the one laid upon the other."""

    roads: gpd.GeoDataFrame
    segments: pd.DataFrame
    laid: OwnRoads


@dataclass(frozen=True)
class _Reached:
    """What is known of each village: a frame with reach, nearest stable road, own road length, area, residents."""

    villages: gpd.GeoDataFrame
    sections: gpd.GeoDataFrame  # drawn sections of roads by condition: of those nearby, or of all
    rule: Rule | None
    reach_m: float
    is_known: bool  # whether there are roads and a survey of any of them
    findings: tuple[Finding, ...]


def compute(subject: Subject) -> Content:
    """Compute the report; a figure that cannot be computed is None, and a finding says why."""
    area = subject.area
    if missing := missing_rules(subject, (STABILITY, SCALE_TOLERANCE)):
        return _without_figures(subject, missing)
    if not subject.drawn:
        return _without_figures(subject, (no_boundary(area),))
    subject.step(Words("Mengukur jalan", "Measuring roads"), 5)
    streets = measure_streets(subject)
    roads = read_own_roads(subject)
    segments = read_segments(subject, None if area.is_region else list(roads["code"]))
    own = lay_own_roads(subject, roads, segments)
    subject.step(Words("Membaca penduduk", "Reading residents"), 40)
    villages = _sized_villages(subject)
    people = read_people(subject, year=cast("int | None", subject.settings.get("population_year")))
    residents = _residents(subject, people)
    subject.step(Words("Mencari desa yang terjangkau", "Finding villages reached"), 55)
    reached = _reach(subject, villages, _Own(roads, segments, own), residents)
    km2 = _km2(subject, streets)
    figures = complete_figures(
        (
            *_densities(subject, own, streets, km2, residents),
            *_village_figures(subject, reached),
        ),
        UNITS,
        subject.codes,
    )
    return Content(
        figures=figures,
        tables=_tables(subject, figures, _Sizes(km2, residents, _closed_km(subject, own)), reached),
        findings=_findings(subject, own, streets, people, reached),
        maps=_maps(subject, reached),
        evidence=_evidence(subject, people),
        names=dict(zip(subject.within["code"], subject.within["name"], strict=True)),
        frames=_frames(reached),
        year=subject.survey_year,
    )


def _without_figures(subject: Subject, findings: Sequence[Finding]) -> Content:
    return Content(unknown_figures(UNITS, subject.codes), findings=tuple(findings), year=subject.survey_year)


def _sized_villages(subject: Subject) -> gpd.GeoDataFrame:
    villages = subject.villages[[*VILLAGES, "geometry"]].reset_index(drop=True)
    return villages.assign(area_m2=area_m2(villages.geometry))


def _km2(subject: Subject, streets: StreetLengths) -> dict[str, float | None]:
    """Return measured areas: of the districts, and of the area without counting overlaps twice."""
    found: dict[str, float | None] = {
        str(code): float(square_metres) / M2_PER_KM2
        for code, square_metres in streets.square_metres.items()
        if code in subject.area.districts
    }
    whole = streets.total_m2 / M2_PER_KM2
    return {subject.area.code: found.get(subject.area.code, whole), **found}


def _residents(subject: Subject, people: People) -> dict[str, float | None]:
    """Return residents by code of villages, districts and the area; None where some of them are not known."""
    areas = people.areas
    found = {str(code): _known(value) for code, value in zip(areas["code"], areas["population"], strict=True)}
    for district, value in areas.groupby("district_code")["population"].agg(lambda one: one.sum(skipna=False)).items():
        found[str(district)] = _known(value)
    found.setdefault(subject.area.code, _known(areas["population"].sum(skipna=False)) if len(areas) else None)
    return found


def _known(value: object) -> float | None:
    return None if value is None or pd.isna(value) else float(value)  # type: ignore[arg-type, call-overload]


def _densities(
    subject: Subject, own: OwnRoads, streets: StreetLengths, km2: Mapping[str, float | None], residents: Residents
) -> tuple[Figure, ...]:
    """Relate the decree's roads and all streets to land and people."""
    lengths = tuple(one for one in own.figures if one.id == "roads.length_km")
    of_streets = street_figures(streets, context=subject.context("streets")).figures
    street_km = {one.area: one.value for one in of_streets if one.id == "streets.length_km"}
    by_people = density_figures(
        "streets", street_km, km2, residents, areas=subject.codes, context=subject.context("streets")
    )
    of_roads = density_figures(
        "roads",
        _drawn_km(subject, own, lengths),
        km2,
        residents,
        areas=subject.codes,
        context=subject.context("roads"),
    )
    return (*lengths, *of_roads, *of_streets, *(one for one in by_people if one.id == "streets.km_per_1000_residents"))


def _drawn_km(subject: Subject, own: OwnRoads, lengths: Sequence[Figure]) -> dict[str, float | None]:
    """Return the length that lies in drawn districts: what lies in none has no land to be related to."""
    km = {one.area: one.value for one in lengths}
    whole = km.get(subject.area.code)
    if whole is None or NOWHERE not in own.lengths.metres.index:
        return km
    return {**km, subject.area.code: float(own.lengths.districts.to_numpy().sum()) / M_PER_KM}


def _reach(subject: Subject, villages: gpd.GeoDataFrame, own: _Own, residents: Residents) -> _Reached:
    """Find which villages a road in stable condition reaches, whoever keeps the road."""
    place = str(subject.settings["place"])
    asked = subject.settings.get("reach_m")
    rule = subject.rule(REACH_RULES[place]) if asked is None else None
    reach_m = float(asked) if asked is not None else rule.value if rule else None
    villages = villages.assign(
        km=_village_km(subject, villages, own),
        residents=pd.Series([residents.get(code) for code in villages["code"]], dtype=np.float64),
    )
    crs = metric_crs(subject, villages)
    if reach_m is None or crs is None or villages.empty or subject.survey_year is None:
        nothing = villages.assign(reach=None, nearest=None, distance_m=np.nan)
        findings = () if reach_m is not None else missing_rules(subject, (REACH_RULES[place],))
        around = None if crs is None or subject.area.is_region else _box_around(subject.within, crs, metres=NEARBY_M)
        drawn = _drawn(_by_condition(subject, around)[1])
        return _Reached(nothing, drawn, rule, reach_m or 0.0, is_known=False, findings=findings)
    places, found = _places(subject, villages, place)
    stable = stable_classes(subject.known_rule(STABILITY))
    for metres in _widening(subject, reach_m):
        near = None if metres is None else _box_around(villages, crs, metres=metres)
        roads, sections = _by_condition(subject, near)
        reach = village_reach(places.to_crs(crs), sections.to_crs(crs), stable=stable, reach_m=reach_m)
        if metres is None or (reach["distance_m"] <= metres).all():  # no road outside the box is nearer
            break
    drawn = _drawn(sections)
    if not (sections["condition"] != "unsurveyed").any():
        nothing = villages.assign(reach=None, nearest=None, distance_m=np.nan)
        return _Reached(nothing, drawn, rule, reach_m, is_known=False, findings=())
    names = roads.set_index("code")["name"]
    nearest = reach["road_code"].map(lambda code: None if code is None or pd.isna(code) else f"{code} {names[code]}")
    return _Reached(
        villages.assign(
            reach=reach["reach"].to_numpy(dtype=object),
            nearest=nearest.to_numpy(dtype=object),
            distance_m=reach["distance_m"].to_numpy(),
        ),
        drawn,
        rule,
        reach_m,
        is_known=True,
        findings=found,
    )


def _by_condition(subject: Subject, bbox: BBox | None) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Read the roads that meet a box, whoever keeps them (None for all), and cut them by surveyed condition."""
    roads = subject.frame("roads", ("code", "name", "length_sk_m"), bbox=bbox).assign(status=OWN_ROADS)
    lengths = condition_lengths(
        roads,
        read_segments(subject, None if bbox is None else list(roads["code"])),
        subject.districts[["code", "geometry"]],
        status=OWN_ROADS,
        scale_tolerance=subject.known_rule(SCALE_TOLERANCE),
        survey_year=subject.survey_year,
    )
    return roads, merge_sections(roads, lengths)


def _widening(subject: Subject, reach_m: float) -> tuple[float | None, ...]:
    """Return how far around the villages to look for roads (metres), one after the other; None for everywhere."""
    return (None,) if subject.area.is_region else (reach_m + NEARBY_M, None)


def _drawn(sections: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return sections[sections.geometry.notna()].reset_index(drop=True)


def _box_around(areas: gpd.GeoDataFrame, crs: CRS, *, metres: float) -> BBox:
    """Return a box in EPSG:4326 that holds areas and all that is as near to them, with some room to spare."""
    wide = shapely.box(*areas.to_crs(crs).total_bounds).buffer(metres + BOX_ROOM_M, join_style="mitre")
    west, south, east, north = gpd.GeoSeries([wide], crs=crs).to_crs(areas.crs).total_bounds
    return float(west), float(south), float(east), float(north)


def _village_km(subject: Subject, villages: gpd.GeoDataFrame, own: _Own) -> FloatArray:
    """
    Share the legal length of the area's own roads out over the villages they cross, as over districts.

    Kilometres to the metre that add up to those of the district; NaN when there are no such roads on record.
    """
    km = np.full(len(villages), np.nan if not own.laid.is_known else 0.0)
    if villages.empty or own.roads.empty:
        return km
    lengths = condition_lengths(
        own.roads,
        own.segments,
        subject.frame("villages", ("code",), bbox=tuple(own.roads.total_bounds)),
        status=OWN_ROADS,
        scale_tolerance=subject.known_rule(SCALE_TOLERANCE),
        survey_year=subject.survey_year,
    )
    exact = lengths.metres.sum(axis=1).reindex(villages["code"], fill_value=0.0).to_numpy(dtype=np.float64) / M_PER_KM
    by_district = _closed_km(subject, own.laid)
    for district, positions in villages.groupby("district_code").indices.items():
        whole = by_district.get(str(district))
        totals = None if whole is None else np.array([whole])
        km[positions] = close_table(exact[positions, None], column_totals=totals)[:-1, 0]
    return km


def _closed_km(subject: Subject, own: OwnRoads) -> dict[str, float]:
    """Return kilometres to the metre of the districts and of the area, which add up as in the condition report."""
    if not own.is_known:
        return {}
    closed = {str(code): float(km) for code, km in own.lengths.table_km()["total"].items() if code != NOWHERE}
    whole = closed.pop("total")
    return {**closed, subject.area.code: closed.get(subject.area.code, whole)}


def _places(subject: Subject, villages: gpd.GeoDataFrame, place: str) -> tuple[gpd.GeoDataFrame, tuple[Finding, ...]]:
    """Return what a road must come near: the villages, or their seats."""
    if place == "boundary":
        return villages[["code", "geometry"]], ()
    found = subject.frame("places", ("kind",), only={"kind": list(SEATS)}, bbox=tuple(villages.total_bounds))
    rank = found["kind"].map({kind: number for number, kind in enumerate(SEATS)})
    seats = village_seats(villages, found.assign(rank=rank).sort_values("rank", kind="stable"))
    without = int((~seats["is_seat"]).sum())
    if not without:
        return seats, ()
    return seats, (
        Finding(
            "warning",
            "villages_without_seat",
            f"{without} desa/kelurahan tidak memiliki titik pusat di lapisan places; dipakai titik di dalam batasnya.",
            f"Without a seat in the layer places, so that a point inside serves: {without} of the villages.",
            without,
        ),
    )


def _village_figures(subject: Subject, reached: _Reached) -> tuple[Figure, ...]:
    """Count villages by reach, for the area and its districts."""
    villages, context = reached.villages, subject.context("roads")
    figures: list[Figure] = []
    for area in subject.codes:
        here = villages if area == subject.area.code else villages[villages["district_code"] == area]
        if here.empty:
            continue
        known = reached.is_known
        by_class = here["reach"].value_counts()
        missed = here[here["reach"] != "reached"]
        residents = missed["residents"].sum(skipna=False) if known else np.nan
        count: dict[str, float | None] = {
            "roads.villages_reached": float(by_class.get("reached", 0)),
            "roads.villages_not_reached": float(len(missed)),
            "roads.villages_unsurveyed": float(by_class.get("unsurveyed", 0)),
            "roads.residents_not_reached": None if np.isnan(residents) else float(residents),
        }
        figures.append(quantity_figure("roads.villages", len(here), area=area, unit="villages", context=context))
        figures += [
            quantity_figure(
                one, value if known else None, area=area, unit=UNITS[one], context=context, rule=reached.rule
            )
            for one, value in count.items()
        ]
        figures.append(
            percent_figure(
                "roads.villages_reached_percent",
                count["roads.villages_reached"] if known else None,
                float(len(here)),
                area=area,
                context=context,
                rule=reached.rule,
            )
        )
    return tuple(figures)


def _tables(subject: Subject, figures: Sequence[Figure], sizes: _Sizes, reached: _Reached) -> tuple[Table, ...]:
    found = [_density_table(subject, figures, sizes)]
    if len(reached.villages):
        found += [_village_table(subject, reached)]
    missed = _missed_table(subject, reached)
    return (*found, *((missed,) if missed else ()))


def _density_table(subject: Subject, figures: Sequence[Figure], sizes: _Sizes) -> Table:
    values = {(one.area, one.id): one.value for one in figures}
    columns = (
        Column("area_km2", "Luas terukur", "Measured area", "km2"),
        Column("residents", "Penduduk", "Residents", "persons"),
        Column("roads_km", "Jalan SK", "Roads of the decree", "km", "roads.length_km"),
        Column("roads_density", "Kerapatan jalan SK", "Density, decree", "km/km2", "roads.density_km_per_km2"),
        Column(
            "roads_per_1000", "Jalan SK per penduduk", "Decree by residents", "km/1000 persons",
            "roads.km_per_1000_residents",
        ),
        Column("streets_km", "Jalan tergambar", "Drawn streets", "km", "streets.length_km"),
        Column("streets_density", "Kerapatan tergambar", "Density, drawn", "km/km2", "streets.density_km_per_km2"),
        Column(
            "streets_per_1000", "Tergambar per penduduk", "Drawn by residents", "km/1000 persons",
            "streets.km_per_1000_residents",
        ),
        Column("villages", "Desa", "Villages", "villages", "roads.villages"),
        Column("reached", "Terjangkau", "Reached", "villages", "roads.villages_reached"),
        Column("not_reached", "Belum", "Not reached", "villages", "roads.villages_not_reached"),
        Column("reached_percent", "Terjangkau", "Reached", "percent", "roads.villages_reached_percent"),
    )  # fmt: skip

    def row(code: str) -> tuple[Cell, ...]:
        firsts = (
            _rounded(sizes.km2.get(code), KM_DECIMALS),
            _rounded(sizes.residents.get(code), 0),
            sizes.roads_km.get(code),
        )
        rest = [
            _rounded(values.get((code, column.figure or "")), PERCENT_DECIMALS if column.unit == "percent" else 3)
            for column in columns[len(firsts) :]
        ]
        return (*firsts, *rest)

    return Table(
        "density",
        "Kerapatan jalan menurut kecamatan",
        "Road density by district",
        columns,
        tuple(Row(code, row(code)) for code in subject.area.districts),
        row(subject.area.code),
    )


def _village_table(subject: Subject, reached: _Reached) -> Table:
    """List the villages under their districts, with what those add up to."""
    columns = (
        Column("code", "Kode", "Code", "text"),
        Column("area_km2", "Luas terukur", "Measured area", "km2"),
        Column("residents", "Penduduk", "Residents", "persons"),
        Column("roads_km", "Jalan SK", "Roads of the decree", "km"),
        Column("density", "Kerapatan", "Density", "km/km2"),
        Column("per_1000", "Per penduduk", "By residents", "km/1000 persons"),
        Column("reach", "Jangkauan jalan mantap", "Reach of stable roads", "text"),
        Column("nearest", "Ruas mantap terdekat", "Nearest stable road", "text"),
        Column("distance_m", "Jaraknya", "Its distance", "m"),
    )
    rows: list[Row] = []
    for district in subject.area.districts:
        here = reached.villages[reached.villages["district_code"] == district]
        if here.empty:
            continue
        rows.append(Row(district, _sum_of(here), level=0, is_subtotal=True))
        rows += [Row(one["code"], _village_cells(one), one["name"], 1) for one in here.to_dict("records")]
    return Table(
        "villages",
        "Kerapatan dan jangkauan jalan menurut desa",
        "Road density and reach by village",
        columns,
        tuple(rows),
        _sum_of(reached.villages),
        by_area=False,
        row_head=Words("Desa/kelurahan", "Village"),
    )


def _village_cells(village: Mapping[str, object]) -> tuple[Cell | Words, ...]:
    km2 = float(str(village["area_m2"])) / M2_PER_KM2
    return (
        str(village["code"]),
        *_amounts(km2, _known(village["residents"]), _known(village["km"])),
        _reach_words(village["reach"]),
        None if village["nearest"] is None else str(village["nearest"]),
        _rounded(_known(village["distance_m"]), M_DECIMALS),
    )


def _sum_of(villages: gpd.GeoDataFrame) -> tuple[Cell | Words, ...]:
    count = len(villages)
    amounts = _amounts(
        float(villages["area_m2"].sum()) / M2_PER_KM2,
        _known(villages["residents"].sum(skipna=False)),
        _known(villages["km"].sum(skipna=False)),
    )
    return (Words(f"{count} desa", f"{count} villages"), *amounts, None, None, None)


def _amounts(km2: float, residents: float | None, km: float | None) -> tuple[Cell, ...]:
    return (
        _rounded(km2, KM_DECIMALS),
        _rounded(residents, 0),
        _rounded(km, KM_DECIMALS),
        _rounded(km / km2, KM_DECIMALS) if km is not None and km2 else None,
        _rounded(km / residents * PER_RESIDENTS, KM_DECIMALS) if km is not None and residents else None,
    )


def _missed_table(subject: Subject, reached: _Reached) -> Table | None:
    """List the villages that no stable road reaches, and why."""
    missed = reached.villages[reached.villages["reach"] != "reached"] if reached.is_known else reached.villages[:0]
    if missed.empty:
        return None
    names = dict(zip(subject.within["code"], subject.within["name"], strict=True))
    columns = (
        Column("district", "Kecamatan", "District", "text"),
        Column("residents", "Penduduk", "Residents", "persons"),
        Column("reach", "Sebab", "Why", "text"),
        Column("nearest", "Ruas mantap terdekat", "Nearest stable road", "text"),
        Column("distance_m", "Jaraknya", "Its distance", "m"),
    )
    rows = tuple(
        Row(
            one["code"],
            (
                names.get(one["district_code"]),
                _rounded(_known(one["residents"]), 0),
                _reach_words(one["reach"]),
                one["nearest"],
                _rounded(_known(one["distance_m"]), M_DECIMALS),
            ),
            one["name"],
        )
        for one in missed.to_dict("records")
    )
    return Table(
        "not_reached",
        "Desa yang belum terjangkau jalan mantap",
        "Villages not reached by a stable road",
        columns,
        rows,
        by_area=False,
        row_head=Words("Desa/kelurahan", "Village"),
    )


def _reach_words(reach: object) -> Words | None:
    found = REACH.get(str(reach))
    return Words(found.label_id, found.label_en) if found else None


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals)


def _findings(
    subject: Subject, own: OwnRoads, streets: StreetLengths, people: People, reached: _Reached
) -> tuple[Finding, ...]:
    found = [
        *boundary_findings(subject),
        *own.findings,
        *street_findings(subject, streets),
        *density_area(subject, streets),
        *population_year_finding(people.count),
        *people.count.findings,
        *reached.findings,
        *_reach_findings(reached),
    ]
    return tuple(dict.fromkeys(found))


def _reach_findings(reached: _Reached) -> tuple[Finding, ...]:
    """Say how reach was judged, and how many villages hinge on roads that nobody surveyed."""
    villages = reached.villages
    if villages.empty:
        return (
            Finding(
                "warning",
                "no_villages",
                "Belum ada batas desa, jadi desa yang terjangkau tidak dapat dihitung. Impor ke lapisan villages.",
                "There are no village boundaries yet, so villages reached cannot be counted. Import them into the "
                "layer villages.",
            ),
        )
    if not reached.is_known:
        return (
            Finding(
                "warning",
                "reach_unknown",
                "Belum ada jalan yang disurvei, jadi tidak diketahui desa mana yang terjangkau jalan mantap.",
                "No road has been surveyed, so it is not known which villages a stable road reaches.",
                len(villages),
            ),
        )
    metres_id, metres_en = (format_number(reached.reach_m, language, 0) for language in ("id", "en"))
    said = [
        Finding(
            "info",
            "reach_distance",
            f"Desa terjangkau bila jalan baik atau sedang, milik siapa pun, berada paling jauh {metres_id} m darinya.",
            f"A village is reached when a road in stable condition, whoever keeps it, lies within {metres_en} m of it.",
            len(villages),
        )
    ]
    hinging = int((villages["reach"] == "unsurveyed").sum())
    if hinging:
        said.append(
            Finding(
                "warning",
                "villages_hinge_on_survey",
                f"{hinging} desa terhitung belum terjangkau karena jalan di dekatnya belum disurvei; surveinya dapat "
                "mengubah angka ini.",
                f"Counted as not reached because the roads near them were not surveyed: {hinging} of the villages; a "
                "survey may change that.",
                hinging,
            )
        )
    return tuple(said)


def _maps(subject: Subject, reached: _Reached) -> tuple[MapView, ...]:
    by_district = MapView(
        "density",
        "Kerapatan jalan SK menurut kecamatan",
        "Density of the decree's roads by district",
        "districts",
        unit="km/km2",
        figure="roads.density_km_per_km2",
    )
    if not reached.is_known:
        return (by_district,)
    return (
        by_district,
        MapView(
            "villages",
            "Desa terjangkau jalan mantap",
            "Villages reached by a stable road",
            "villages",
            class_field="reach",
            classes=tuple(REACH[one] for one in REACH_CLASSES),
            over=("road_segments",),
        ),
    )


def _frames(reached: _Reached) -> dict[str, gpd.GeoDataFrame]:
    """Give what the maps hold: villages with their values, and the roads looked at by condition."""
    villages = reached.villages.rename(columns={"km": "roads_km", "nearest": "nearest_road"})
    frames = {"villages": villages} if len(villages) else {}
    return frames | ({"road_segments": reached.sections} if len(reached.sections) else {})


def _evidence(subject: Subject, people: People) -> dict[str, tuple[Evidence, ...]]:
    """Tell which layers each figure rests on; the first is the one whose features are shown."""
    roads, districts = Evidence("roads", {"status": subject.statuses}), Evidence("districts")
    streets, villages = Evidence("streets"), Evidence("villages")
    surveyed = Evidence("road_segments", {} if subject.survey_year is None else {"survey_year": subject.survey_year})
    residents = people.evidence(subject)
    by_reach = (villages, Evidence("roads"), surveyed)
    return {
        "roads.length_km": (roads, districts),
        "roads.density_km_per_km2": (roads, districts),
        "roads.km_per_1000_residents": (roads, residents),
        "streets.length_km": (streets, districts),
        "streets.density_km_per_km2": (streets, districts),
        "streets.km_per_1000_residents": (streets, residents),
        "roads.villages": (villages,),
        "roads.villages_reached": by_reach,
        "roads.villages_not_reached": by_reach,
        "roads.villages_unsurveyed": by_reach,
        "roads.villages_reached_percent": by_reach,
        "roads.residents_not_reached": (*by_reach, residents),
    }
