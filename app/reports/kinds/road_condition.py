"""The road condition report (DD-1): length by condition and surface, by district, by road, along STA and by year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import cast

import geopandas as gpd
import numpy as np
import pandas as pd

from app.errors import InvalidRequest
from app.formats import format_number
from app.reports.findings import boundary_findings, missing_rules, no_boundary
from app.reports.kinds.coverage_tables import condition_table
from app.reports.kinds.dd1 import OUTSIDE, Details, dd1_table, surface_table
from app.reports.kinds.road_data import (
    OWN_ROADS,
    ROAD_UNITS,
    SCALE_TOLERANCE,
    STABILITY,
    OwnRoads,
    complete_figures,
    condition_classes,
    lay_own_roads,
    metric_crs,
    read_own_roads,
    read_segments,
    road_evidence,
    unknown_figures,
)
from app.reports.queries import read_survey_years
from app.reports.report import Chart, Content, Evidence, MapView, Series, Strip, Table, Words
from app.reports.subject import Subject
from gis.constants import M_PER_KM
from gis.figures import Figure, Finding, quantity_figure
from gis.overlay import dissolve
from gis.road_condition import (
    ConditionBands,
    ConditionMethod,
    DerivedCondition,
    combination_table,
    derive_condition,
)
from gis.road_table import condition_trend, merge_sections, road_access
from gis.roads import NOWHERE, SURFACE_GROUPS, ConditionLengths, stable_classes

BANDS = ("IRI_B", "IRI_S", "IRI_RR", "SDI_B", "SDI_S", "SDI_RR")
MATRIX, ACCESS = "IRI_SDI_MATRIKS", "AKSES_RUAS_M"
RULES = (STABILITY, SCALE_TOLERANCE, *BANDS, MATRIX)
SURFACE_UNITS = {f"roads.surface_km.{group}": "km" for group in SURFACE_GROUPS}
UNITS = {**ROAD_UNITS, **SURFACE_UNITS}
COLUMNS = (
    "code", "name", "length_sk_m", "width_m", "surface", "daily_traffic", "sk_number", "sk_date", "in_force_until",
)  # fmt: skip
SEGMENTS = (
    "road_code", "sta_from_m", "sta_to_m", "survey_year", "survey_date", "condition", "surface", "iri", "sdi",
)  # fmt: skip
DAMAGED = ("light_damage", "heavy_damage")
METHODS: dict[str, Words] = {
    "iri": Words("IRI", "IRI"),
    "sdi": Words("SDI", "SDI"),
    "combined": Words("gabungan IRI dan SDI", "IRI and SDI combined"),
}
PERCENT_DECIMALS, KM_DECIMALS = 2, 3
SHOWN = 20  # characters of a refused value that the answer repeats


@dataclass(frozen=True)
class _Roads:
    """The roads and their survey as this report counts them; `chosen` are the codes of the roads listed one by one."""

    subject: Subject
    roads: gpd.GeoDataFrame
    segments: pd.DataFrame  # of every survey year, with the class of the chosen method
    derived: DerivedCondition  # of the report's year
    own: OwnRoads
    chosen: tuple[str, ...]

    @property
    def lengths(self) -> ConditionLengths:
        return self.own.lengths

    @property
    def is_known(self) -> bool:
        """Whether lengths can be told: there are such roads here, or elsewhere in the region."""
        return self.lengths.roads > 0

    @property
    def within(self) -> tuple[str, ...] | None:
        """Districts whose parts of the roads count; None for all of them and what lies outside."""
        return None if self.subject.area.is_region else self.subject.drawn

    @cached_property
    def merged(self) -> gpd.GeoDataFrame:
        """Sections of one condition of the chosen roads, with the road's name."""
        names = self.roads.set_index("code")["name"]
        merged = merge_sections(self.roads, self.lengths, codes=self.chosen)
        merged.insert(1, "name", merged["road_code"].map(names))
        return merged


def compute(subject: Subject) -> Content:
    """Compute the report; a figure that cannot be computed is None, and a finding says why."""
    area = subject.area
    if missing := missing_rules(subject, RULES):
        return _without_figures(subject, missing)
    if not subject.drawn and not area.is_region:
        return _without_figures(subject, (no_boundary(area),))
    roads = _read(subject)
    subject.step(Words("Menyusun tabel", "Laying out tables"), 60)
    figures = complete_figures((*roads.own.figures, *_surface_figures(roads)), UNITS, subject.codes)
    by_recorded = subject.settings["method"] == "condition"
    return Content(
        figures=figures,
        tables=_tables(roads, figures),
        findings=_findings(roads),
        charts=_charts(roads),
        maps=_maps(roads),
        evidence={
            **road_evidence(subject, by_recorded_class=by_recorded),
            "roads.surface_km.*": (Evidence("roads", {"status": subject.statuses}), Evidence("districts")),
        },
        names=_names(subject),
        frames={"road_sections": _drawn_here(roads)} if len(roads.merged) else {},
        year=subject.survey_year,
    )


def _without_figures(subject: Subject, findings: Sequence[Finding]) -> Content:
    return Content(unknown_figures(UNITS, subject.codes), findings=tuple(findings), year=subject.survey_year)


def _read(subject: Subject) -> _Roads:
    """Read roads and surveys, and class the segments by the chosen method."""
    area = subject.area
    subject.step(Words("Membaca ruas jalan", "Reading roads"), 5)
    roads = read_own_roads(subject, COLUMNS)
    chosen = _chosen(subject, roads)
    subject.step(Words("Membaca survei kondisi", "Reading surveys of condition"), 15)
    years = read_survey_years(subject.session, area=area.code, is_region=area.is_region, as_of=subject.as_of)
    wanted = sorted({*years, *([subject.survey_year] if subject.survey_year is not None else [])})
    recorded = read_segments(subject, None if area.is_region else list(roads["code"]), SEGMENTS, years=wanted)
    condition = _derive(subject, recorded).condition
    segments = recorded.assign(condition=pd.Series(condition, index=recorded.index, dtype=object))
    of_year = recorded["survey_year"] == subject.survey_year
    derived = _derive(subject, recorded[of_year & recorded["road_code"].isin(roads["code"])])
    subject.step(Words("Membagi ruas ke kecamatan", "Sharing roads out over districts"), 30)
    own = lay_own_roads(subject, roads, segments[of_year].reset_index(drop=True))
    return _Roads(subject, roads, segments, derived, own, chosen)


def _chosen(subject: Subject, roads: gpd.GeoDataFrame) -> tuple[str, ...]:
    """Return the codes of the roads listed one by one: of all, or of the one asked for."""
    asked = str(subject.settings.get("road", ""))
    codes = sorted(str(code) for code in roads["code"])
    if not asked:
        return tuple(codes)
    if asked not in codes:
        raise InvalidRequest(
            f"Ruas “{asked[:SHOWN]}” tidak ada di wilayah ini. Tulis nomor ruasnya seperti di SK.",
            f"There is no road “{asked[:SHOWN]}” in this area. Write its number as in the decree.",
        )
    return (asked,)


def _derive(subject: Subject, segments: pd.DataFrame) -> DerivedCondition:
    rules = [subject.known_rule(code) for code in BANDS]
    return derive_condition(
        segments,
        method=cast(ConditionMethod, subject.settings["method"]),
        iri_bands=ConditionBands(*rules[:3]),
        sdi_bands=ConditionBands(*rules[3:]),
        table=combination_table(subject.rule_values(MATRIX)),
    )


def _surface_figures(roads: _Roads) -> tuple[Figure, ...]:
    """Sum length by surface, for the area and its districts."""
    subject, lengths = roads.subject, roads.lengths
    sections = lengths.sections
    sums = sections.pivot_table(
        index="area", columns="surface_group", values="length_m", aggfunc="sum", fill_value=0.0
    ).reindex(index=lengths.metres.index, columns=list(SURFACE_GROUPS), fill_value=0.0)
    by_area = {subject.area.code: sums.sum()} | {
        str(code): row for code, row in sums.iterrows() if code in subject.area.districts
    }
    context = subject.context("roads")
    return tuple(
        quantity_figure(
            f"roads.surface_km.{group}",
            float(row[group]) / M_PER_KM if roads.is_known else None,
            area=code,
            unit="km",
            context=context,
        )
        for code, row in by_area.items()
        for group in SURFACE_GROUPS
    )


def _tables(roads: _Roads, figures: Sequence[Figure]) -> tuple[Table, ...]:
    subject, lengths = roads.subject, roads.lengths
    if not lengths.roads:
        return ()
    by_district = condition_table(lengths, figures, subject.area)
    total = next(at for at, column in enumerate(by_district.columns) if column.id == "total")
    closed = {row.key: row.cells[total] for row in by_district.rows if isinstance(row.cells[total], float)}
    details = Details(
        access=_access(roads),
        names={str(code): str(name) for code, name in subject.districts[["code", "name"]].itertuples(index=False)},
        tolerance=subject.known_rule(SCALE_TOLERANCE),
        day=subject.day,
    )
    listed = roads.roads[roads.roads["code"].isin(roads.chosen)]
    return (
        by_district,
        surface_table(lengths, cast("dict[str, float]", closed), subject.area),
        dd1_table(lengths, listed, area=subject.area, within=roads.within, details=details),
    )


def _access(roads: _Roads) -> dict[str, tuple[str, ...]]:
    """Find which roads of other authorities each listed road meets; of none when the rule is missing."""
    subject = roads.subject
    reach, crs = subject.rule(ACCESS), metric_crs(subject, roads.roads)
    if reach is None or crs is None or roads.roads.empty:
        return {}
    listed = roads.roads[roads.roads["code"].isin(roads.chosen)].to_crs(crs)
    bounds = roads.roads.total_bounds
    others = subject.frame("roads", ("code", "status"), bbox=tuple(bounds)).to_crs(crs)
    return {str(code): met for code, met in road_access(listed, others, reach=reach).items()}


def _charts(roads: _Roads) -> tuple[Chart, ...]:
    return tuple(one for one in (_strip_map(roads), *_trend(roads)) if one is not None)


def _strip_map(roads: _Roads) -> Chart | None:
    """Show condition along STA: of the road asked for, or of those with most damage."""
    merged = roads.merged
    if merged.empty:
        return None
    is_one = bool(roads.subject.settings.get("road"))
    codes = roads.chosen if is_one else _worst(merged, int(roads.subject.settings["strips"]))
    strips = tuple(_strip(code, merged[merged["road_code"] == code]) for code in codes)
    if not strips:
        return None
    return Chart(
        "strips",
        "Kondisi sepanjang STA" if is_one else "Kondisi sepanjang STA, ruas yang rusaknya terpanjang",
        "Condition along stations" if is_one else "Condition along stations, roads with most damage",
        "strip",
        "m",
        strips=strips,
        classes=condition_classes(),
    )


def _worst(merged: gpd.GeoDataFrame, count: int) -> tuple[str, ...]:
    """Return the roads with the longest damage, heavy damage first among equals; roads without damage never."""
    length = merged["sta_to_m"] - merged["sta_from_m"]
    damage = length.where(merged["condition"].isin(DAMAGED), 0.0).groupby(merged["road_code"]).sum()
    heavy = length.where(merged["condition"] == "heavy_damage", 0.0).groupby(merged["road_code"]).sum()
    ranked = pd.DataFrame({"damage": damage, "heavy": heavy, "code": damage.index})
    ranked = ranked[ranked["damage"] > 0].sort_values(["damage", "heavy", "code"], ascending=[False, False, True])
    return tuple(ranked["code"].head(count))


def _strip(code: str, sections: gpd.GeoDataFrame) -> Strip:
    pieces = tuple(
        (float(start), float(end), str(condition))
        for start, end, condition in sections[["sta_from_m", "sta_to_m", "condition"]].itertuples(index=False)
    )
    return Strip(f"{code} {sections['name'].iloc[0]}", pieces[-1][1], pieces)


def _trend(roads: _Roads) -> tuple[Chart, ...]:
    """Show length by condition, and kemantapan, in every survey year; by today's roads and legal lengths."""
    subject = roads.subject
    subject.step(Words("Menghitung tahun survei lain", "Computing other survey years"), 70)
    metres = condition_trend(
        roads.roads,
        roads.segments,
        subject.districts[["code", "geometry"]],
        status=OWN_ROADS,
        scale_tolerance=subject.known_rule(SCALE_TOLERANCE),
        within=roads.within,
    )
    if metres.empty:
        return ()
    years = tuple(str(year) for year in metres.index)
    km = metres / M_PER_KM
    stable = km[list(stable_classes(subject.known_rule(STABILITY)))].sum(axis=1) / km.sum(axis=1) * 100
    note = Words(
        "Ruas dan panjang SK yang sekarang dipakai untuk semua tahun; yang tidak disurvei pada suatu tahun terhitung "
        "belum disurvei.",
        "Today's roads and legal lengths serve for all years; what was not surveyed in a year counts as not surveyed.",
    )
    return (
        Chart(
            "condition_by_year",
            "Panjang menurut kondisi dan tahun survei",
            "Length by condition and survey year",
            "stacked",
            "km",
            years,
            tuple(
                Series(one.code, one.label_id, one.label_en, _rounded(km[one.code], KM_DECIMALS), one.colour)
                for one in condition_classes()
            ),
            note=note,
        ),
        Chart(
            "kemantapan_by_year",
            "Kemantapan menurut tahun survei",
            "Kemantapan by survey year",
            "line",
            "percent",
            years,
            (Series("kemantapan", "Kemantapan", "Kemantapan", _rounded(stable, PERCENT_DECIMALS)),),
            note=note,
        ),
    )


def _rounded(values: pd.Series, decimals: int) -> tuple[float | None, ...]:
    return tuple(None if np.isnan(value) else round(float(value), decimals) for value in values)


def _drawn_here(roads: _Roads) -> gpd.GeoDataFrame:
    """Give the drawn sections of the listed roads that meet the area."""
    drawn = roads.merged[roads.merged.geometry.notna()]
    if not roads.subject.area.is_region:
        drawn = drawn[drawn.intersects(dissolve(roads.subject.within.geometry))]
    return drawn.reset_index(drop=True)


def _maps(roads: _Roads) -> tuple[MapView, ...]:
    sections = MapView(
        "condition",
        "Kondisi ruas jalan",
        "Condition of the roads",
        "road_sections",
        key="road_code",
        class_field="condition",
        classes=condition_classes(),
    )
    by_district = MapView(
        "kemantapan",
        "Kemantapan menurut kecamatan",
        "Kemantapan by district",
        "districts",
        unit="percent",
        figure="roads.kemantapan",
    )
    with_sections = bool(roads.merged.geometry.notna().any())
    return ((sections,) if with_sections else ()) + ((by_district,) if roads.subject.drawn else ())


def _findings(roads: _Roads) -> tuple[Finding, ...]:
    subject = roads.subject
    found = (
        *boundary_findings(subject),
        _method(str(subject.settings["method"])),
        *roads.derived.findings,
        *roads.own.findings,
        _surface_unknown(roads),
        _ended(roads),
    )
    missing = missing_rules(subject, (ACCESS,))
    return (*(one for one in found if one is not None), *missing)


def _method(method: str) -> Finding | None:
    if method not in METHODS:
        return None
    words = METHODS[method]
    return Finding(
        "info",
        "condition_method",
        f"Kelas kondisi di laporan ini menurut {words.id}, bukan yang dicatat survei; angkanya dapat berbeda dari "
        "laporan cakupan.",
        f"Condition classes of this report are by {words.en}, not as the survey recorded them; its figures may differ "
        "from those of the coverage report.",
    )


def _surface_unknown(roads: _Roads) -> Finding | None:
    sections = roads.lengths.sections
    here = sections if roads.within is None else sections[sections["area"].isin(roads.within)]
    unknown = here[here["surface_group"] == "unknown"]
    if unknown.empty:
        return None
    count, km = int(unknown["code"].nunique()), float(unknown["length_m"].sum()) / M_PER_KM
    return Finding(
        "warning",
        "surface_unknown",
        f"Jenis permukaan {format_number(km, 'id', KM_DECIMALS)} km pada {count} ruas tidak dicatat.",
        f"The surface of {format_number(km, 'en', KM_DECIMALS)} km is not recorded; roads concerned: {count}.",
        count,
    )


def _ended(roads: _Roads) -> Finding | None:
    """Tell of roads whose decree had ended by the report's day: they are counted, as they are on record."""
    until = roads.roads["in_force_until"]
    ended = [day for day in until if isinstance(day, date) and day < roads.subject.day]
    if not ended:
        return None
    return Finding(
        "warning",
        "decree_ended",
        f"SK dari {len(ended)} ruas sudah tidak berlaku pada hari laporan; ruasnya tetap dihitung. Hapus ruas yang "
        "sudah diganti.",
        f"The decree had ended by the day of the report for {len(ended)} of the roads; they are counted all the same. "
        "Delete roads that have been replaced.",
        len(ended),
    )


def _names(subject: Subject) -> dict[str, str | Words]:
    drawn = zip(subject.within["code"], subject.within["name"], strict=True)
    return {**dict(drawn), NOWHERE: OUTSIDE}
