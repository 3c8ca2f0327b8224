"""The coverage report: how much street, sound road and green space there is, in an area and each district in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import partial
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.admin.region import kind_of
from app.reports.areas import ReportArea
from app.reports.queries import (
    Count,
    LayerState,
    RecordedRule,
    count_features,
    has_rows,
    read_frame,
    read_layer_states,
    read_newest_date,
    read_rows,
    read_rules,
    read_survey_years,
)
from app.reports.report import Column, Report, Table
from gis.constants import M2_PER_KM2
from gis.figures import Figure, FigureContext, FigureInput, Finding, Rule
from gis.green_space import green_space
from gis.overlay import dissolve
from gis.roads import CONDITION_CLASSES, NOWHERE, ConditionLengths, condition_lengths, road_figures
from gis.streets import StreetLengths, street_figures, street_lengths
from layers.catalogue import built_in_catalogue

NAME = "coverage"
LAYERS = ("districts", "streets", "roads", "road_segments", "urban_areas", "parks")
STABILITY, SCALE_TOLERANCE, PUBLIC_MIN, TOTAL_MIN = (
    "KEMANTAPAN",
    "TOLERANSI_PANJANG_SK",
    "RTH_PUBLIK_MIN",
    "RTH_TOTAL_MIN",
)
RULES = (STABILITY, SCALE_TOLERANCE, PUBLIC_MIN, TOTAL_MIN)

STREET_UNITS = {"streets.length_km": "km", "streets.density_km_per_km2": "km/km2"}
CONDITION_IDS = {f"roads.length_km.{condition}": condition for condition in CONDITION_CLASSES}
ROAD_UNITS = {"roads.length_km": "km", **dict.fromkeys(CONDITION_IDS, "km"), "roads.kemantapan": "percent"}
GREEN_UNITS = {"green.public_percent": "percent", "green.total_percent": "percent", "green.public_ha": "ha"}
FIGURE_UNITS = {**STREET_UNITS, **ROAD_UNITS, **GREEN_UNITS}

OWN_ROADS = "own"  # stands in frames for the status of the roads that the area's own government keeps
ROAD_STATUS = {"regency": "regency", "city": "city"}  # kind of the area → status of its own roads
PARTIAL_NOISE = frozenset({"streets_outside", "areas_overlap"})  # findings that are true of the whole region only
KM_DECIMALS, PERCENT_DECIMALS, HA_DECIMALS = 3, 2, 2


@dataclass(frozen=True)
class _Subject:
    """What all parts of one computation need: the area, its districts as drawn, the moment, layers and rules."""

    session: Session
    area: ReportArea
    year: int | None
    as_of: datetime | None
    districts: gpd.GeoDataFrame  # of the whole region
    states: Mapping[str, LayerState]
    rules: Mapping[str, RecordedRule]

    @property
    def drawn(self) -> tuple[str, ...]:
        """Codes of the area's districts that have a boundary."""
        known = set(self.districts["code"])
        return tuple(code for code in self.area.districts if code in known)

    @property
    def within(self) -> gpd.GeoDataFrame:
        """Boundaries of the area's districts."""
        return self.districts[self.districts["code"].isin(self.area.districts)]

    @property
    def statuses(self) -> list[str]:
        """Statuses of the roads that the area's own governments keep: of the regency, in a city of the city."""
        return sorted({ROAD_STATUS[kind_of(code[:5])] for code in self.area.districts or (self.area.code,)})

    def rule(self, code: str) -> Rule:
        """Return a rule that is known to be there."""
        return self.rules[code].rule

    def context(self, layer: str) -> FigureContext:
        """Return what the figures about a layer share; what differs from figure to figure is filled in at the end."""
        zone = ZoneInfo(self.area.time_zone)
        return FigureContext(self.area.code, data_date=self.states[layer].changed_at.astimezone(zone).date())


@dataclass(frozen=True)
class _Part:
    """One part of the report."""

    figures: tuple[Figure, ...]
    findings: tuple[Finding, ...]
    tables: tuple[Table, ...] = ()


def compute_coverage(
    session: Session, area: ReportArea, *, year: int | None, as_of: datetime | None, today: date
) -> Report:
    """
    Compute the coverage report.

    Parameters
    ----------
    session
        Of the public's role, or any that reads the layers.
    area
        The area; its districts each get the same figures.
    year
        Survey year of road conditions; None for the newest of the area.
    as_of
        Moment whose record is used; None for the newest, and then the report's own moment is that of the newest
        change among its inputs, so that the same inputs give the same report.
    today
        The region's day, by which rules are in force when `as_of` is None.

    Returns
    -------
    report
        A figure that cannot be computed is None, and a finding says why.
    """
    day = as_of.astimezone(ZoneInfo(area.time_zone)).date() if as_of else today
    rules = read_rules(session, RULES, on=day, as_of=as_of)
    chosen_year = (
        year if year is not None else next(iter(read_survey_years(session, area=area.code, as_of=as_of)), None)
    )
    columns = ("code", "name", "legal_area_km2", "legal_area_source")
    subject = _Subject(
        session,
        area,
        chosen_year,
        as_of,
        read_frame(session, "districts", columns, as_of=as_of),
        read_layer_states(session, LAYERS, as_of),
        rules,
    )
    parts = [_streets(subject), _roads(subject), _green(subject)]
    figures = _in_order(area, (figure for part in parts for figure in part.figures))
    findings = [
        *_rule_findings(subject, day),
        *_boundary_findings(subject),
        *(one for part in parts for one in part.findings),
    ]
    return Report(
        name=NAME,
        area=area,
        year=chosen_year,
        as_of=as_of or _newest_change(subject, day),
        demo=any(state.is_demo for state in subject.states.values()),
        figures=_with_evidence(subject, figures),
        tables=tuple(table for part in parts for table in part.tables),
        findings=tuple(dict.fromkeys(findings)),
        rules=dict(rules),
        names=_names(subject),
    )


def _streets(subject: _Subject) -> _Part:
    """Measure streets: all of them for the whole region, else those whose box meets the area's."""
    if not subject.drawn:
        return _Part(_unknown(STREET_UNITS, subject), (_no_boundary(subject.area),))
    area, within = subject.area, subject.within
    bbox = None if area.is_region else tuple(within.total_bounds)
    streets = read_frame(subject.session, "streets", (), as_of=subject.as_of, bbox=bbox)
    areas = subject.districts if area.level == "district" else within
    lengths = street_lengths(streets, areas)
    if not area.is_region:
        lengths = _known_elsewhere(lengths, has_rows(subject.session, "streets", subject.as_of))
    figures = street_figures(lengths, context=subject.context("streets"))
    density = _density_area(subject, lengths) if lengths.streets else ()
    return _Part(
        figures.figures,
        (*(one for one in figures.findings if area.is_region or one.code not in PARTIAL_NOISE), *density),
        (_street_table(figures.figures, area),),
    )


def _known_elsewhere(lengths: StreetLengths, has_rows: bool) -> StreetLengths:
    """Tell "no streets here" (0 km) from "no street data at all" (unknown)."""
    if lengths.streets or not has_rows:
        return lengths
    findings = tuple(one for one in lengths.findings if one.code != "no_streets")
    return replace(lengths, streets=1, findings=findings)


def _roads(subject: _Subject) -> _Part:
    """Sum the legal length of the area's own roads by condition; all roads are read, since their shares add up."""
    if missing := _missing_rules(subject, (STABILITY, SCALE_TOLERANCE)):
        return _Part(_unknown(ROAD_UNITS, subject), missing)
    if not subject.drawn and not subject.area.is_region:
        return _Part(_unknown(ROAD_UNITS, subject), (_no_boundary(subject.area),))
    columns = ("code", "length_sk_m")
    only = {"status": subject.statuses}
    roads = read_frame(subject.session, "roads", columns, as_of=subject.as_of, only=only).assign(status=OWN_ROADS)
    lengths = condition_lengths(
        roads,
        _read_segments(subject),
        subject.districts[["code", "geometry"]],
        status=OWN_ROADS,
        scale_tolerance=subject.rule(SCALE_TOLERANCE),
        survey_year=subject.year,
    )
    if not subject.area.is_region:
        lengths = replace(lengths, metres=lengths.metres.loc[list(subject.drawn)])
    context = subject.context("roads")
    figures = road_figures(lengths, rule=subject.rule(STABILITY), context=context)
    dated = _with_dates(subject, figures.figures)
    return _Part(dated, figures.findings, (_condition_table(lengths, dated, subject.area),) if lengths.roads else ())


def _read_segments(subject: _Subject) -> pd.DataFrame:
    columns = ("road_code", "sta_from_m", "sta_to_m", "survey_year", "condition")
    if subject.year is None:
        return pd.DataFrame({name: [] for name in columns})
    only = {"survey_year": [subject.year]}
    return read_rows(subject.session, "road_segments", columns, as_of=subject.as_of, only=only)


def _with_dates(subject: _Subject, figures: Iterable[Figure]) -> tuple[Figure, ...]:
    """Date lengths by the newest decree, conditions by the newest day of their survey."""
    newest = partial(read_newest_date, subject.session, as_of=subject.as_of)
    decree = newest("roads", "sk_date", only={"status": subject.statuses})
    survey = newest("road_segments", "survey_date", only={"survey_year": [subject.year]}) if subject.year else None
    return tuple(replace(one, data_date=decree if one.id == "roads.length_km" else survey) for one in figures)


def _green(subject: _Subject) -> _Part:
    """Share of green space in the urban areas; a city is urban as a whole."""
    if missing := _missing_rules(subject, (PUBLIC_MIN, TOTAL_MIN)):
        return _Part(_unknown(GREEN_UNITS, subject), missing)
    if not subject.drawn:
        return _Part(_unknown(GREEN_UNITS, subject), (_no_boundary(subject.area),))
    area = subject.area
    parks = read_frame(subject.session, "parks", ("ownership",), as_of=subject.as_of)
    urban = _urban_areas(subject)
    if not area.is_region and area.level != "district":
        urban = urban.assign(geometry=urban.geometry.intersection(dissolve(subject.within.geometry)))
    areas = subject.districts if area.level == "district" else subject.within
    result = green_space(
        urban,
        parks,
        areas[["code", "geometry"]],
        public_min=subject.rule(PUBLIC_MIN),
        total_min=subject.rule(TOTAL_MIN),
        context=subject.context("parks"),
    )
    return _Part(result.figures, result.findings, (_green_table(result.by_area, result.figures, area),))


def _urban_areas(subject: _Subject) -> gpd.GeoDataFrame:
    urban = read_frame(subject.session, "urban_areas", ("name",), as_of=subject.as_of)
    of_cities = subject.districts[[kind_of(code[:5]) == "city" for code in subject.districts["code"]]]
    together: gpd.GeoDataFrame = pd.concat([urban, of_cities[["name", "geometry"]]], ignore_index=True)
    return together if len(of_cities) else urban


def _unknown(units: Mapping[str, str], subject: _Subject, areas: Sequence[str] | None = None) -> tuple[Figure, ...]:
    """Return figures without value, for the area and its districts."""
    codes = areas if areas is not None else _codes(subject.area)
    return tuple(Figure(figure_id, code, None, unit) for code in codes for figure_id, unit in units.items())


def _codes(area: ReportArea) -> list[str]:
    """Return the codes of the area and then of its districts."""
    return list(dict.fromkeys([area.code, *area.districts]))


def _in_order(area: ReportArea, figures: Iterable[Figure]) -> list[Figure]:
    """Sort by area, then by id; what no part has computed (a district without boundary) has no value."""
    found = {(figure.area, figure.id): figure for figure in figures}
    return [
        found.get((code, figure_id), Figure(figure_id, code, None, unit))
        for code in _codes(area)
        for figure_id, unit in FIGURE_UNITS.items()
    ]


# Evidence: which features are behind a figure


@dataclass(frozen=True)
class _Evidence:
    """A layer behind a figure, narrowed by equality filters; `kind` is the value that its features were counted by."""

    layer: str
    filters: Mapping[str, str | int]
    kind: str = ""


def _with_evidence(subject: _Subject, figures: Iterable[Figure]) -> tuple[Figure, ...]:
    """Fill in the inputs of each figure, with how many features lie in its area, and the address of the first."""
    counts = _count_all(subject)
    return tuple(
        replace(
            figure,
            inputs=tuple(_input(subject, counts, one, figure.area) for one in _evidence(subject, figure.id)),
            features_url=_features_url(subject, _evidence(subject, figure.id)[0], figure.area),
        )
        for figure in figures
    )


def _evidence(subject: _Subject, figure_id: str) -> list[_Evidence]:
    """List the layers that a figure rests on; the first is the one whose features are shown."""
    districts = _Evidence("districts", {})
    status: dict[str, str | int] = {"status": subject.statuses[0]} if len(subject.statuses) == 1 else {}
    roads = _Evidence("roads", status)
    if figure_id in STREET_UNITS:
        return [_Evidence("streets", {}), districts]
    if figure_id in GREEN_UNITS:
        of_public = {"ownership": "public"} if figure_id.startswith("green.public") else {}
        return [_Evidence("parks", of_public, of_public.get("ownership", "")), _Evidence("urban_areas", {}), districts]
    if figure_id == "roads.length_km" or subject.year is None:
        return [roads, districts]
    year: dict[str, str | int] = {"survey_year": subject.year}
    condition = CONDITION_IDS.get(figure_id)
    if condition is None or condition == "unsurveyed":  # what was not surveyed has no segments to show
        return [roads, _Evidence("road_segments", year), districts]
    return [_Evidence("road_segments", {**year, "condition": condition}, condition), roads, districts]


def _count_all(subject: _Subject) -> dict[str, Count]:
    count = partial(
        count_features,
        subject.session,
        area=subject.area.code,
        is_region=subject.area.is_region,
        as_of=subject.as_of,
    )
    year = {"survey_year": [subject.year]}
    return {
        "streets": count("streets"),
        "roads": count("roads", only={"status": subject.statuses}),
        "road_segments": count("road_segments", by="condition", only=year) if subject.year is not None else {},
        "parks": count("parks", by="ownership"),
        "urban_areas": count("urban_areas"),
        "districts": {("", code): 1 for code in subject.drawn} | {("", subject.area.code): len(subject.drawn)},
    }


def _input(subject: _Subject, counts: Mapping[str, Count], evidence: _Evidence, area: str) -> FigureInput:
    features = counts[evidence.layer].get((evidence.kind, area), 0)
    return FigureInput(evidence.layer, subject.states[evidence.layer].version, features)


def _features_url(subject: _Subject, evidence: _Evidence, area: str) -> str:
    """Return the address of a figure's features: its numberMatched is the number that the figure's input names."""
    filters: dict[str, Any] = {}
    if not (subject.area.is_region and area == subject.area.code):
        filters["district_code" if area in subject.area.districts else "regency_code"] = area
    filters |= evidence.filters
    if subject.as_of is not None:
        filters["as_of"] = subject.as_of.isoformat()
    query = urlencode(filters)
    return f"/ogc/collections/{evidence.layer}/items" + (f"?{query}" if query else "")


# Findings


def _missing_rules(subject: _Subject, codes: Sequence[str]) -> tuple[Finding, ...]:
    missing = [code for code in codes if code not in subject.rules]
    if not missing:
        return ()
    names = ", ".join(missing)
    return (
        Finding(
            "error",
            "rule_missing",
            f"Ketentuan {names} tidak ada atau sudah tidak berlaku, jadi angka yang memakainya tidak dapat dihitung.",
            f"The rule {names} is missing or no longer in force, so the figures that use it cannot be computed.",
            len(missing),
        ),
    )


def _rule_findings(subject: _Subject, day: date) -> list[Finding]:
    """Say which rules were applied to a day before they began, since nothing older is recorded."""
    early = [one.rule for one in subject.rules.values() if one.rule.valid_from and one.rule.valid_from > day]
    if not early:
        return []
    names = ", ".join(sorted(rule.code for rule in early))
    return [
        Finding(
            "info",
            "rules_from_later",
            f"Ketentuan {names} tercatat berlaku setelah {day.isoformat()}; versi pertamanya yang dipakai.",
            f"The rules {names} are recorded as in force after {day.isoformat()}; their first version was used.",
            len(early),
        )
    ]


def _boundary_findings(subject: _Subject) -> list[Finding]:
    missing = [code for code in subject.area.districts if code not in subject.drawn]
    if not missing or not subject.drawn:
        return []
    named = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")
    return [
        Finding(
            "warning",
            "districts_without_boundary",
            f"{len(missing)} kecamatan ({named}) belum memiliki batas, jadi angkanya tidak dapat dihitung.",
            f"{len(missing)} districts ({named}) have no boundary yet, so their figures cannot be computed.",
            len(missing),
        )
    ]


def _no_boundary(area: ReportArea) -> Finding:
    return Finding(
        "warning",
        "no_boundary",
        f"{area.name} belum memiliki batas kecamatan, jadi panjang, luas, dan bagiannya tidak dapat dihitung. "
        "Impor batas ke lapisan districts.",
        f"{area.name} has no district boundaries yet, so lengths, areas and shares cannot be computed. "
        "Import boundaries into the layer districts.",
    )


def _density_area(subject: _Subject, lengths: StreetLengths) -> tuple[Finding, ...]:
    """Say which area densities rest on: there are several official ones."""
    km2 = lengths.total_m2 / M2_PER_KM2
    if subject.area.level == "district":
        km2 = float(lengths.square_metres[subject.area.code]) / M2_PER_KM2
    legal = subject.within["legal_area_km2"].dropna().astype(float)
    legal_id = legal_en = ""
    if len(legal) == len(subject.within):
        sources = ", ".join(sorted({str(one) for one in subject.within["legal_area_source"].dropna()}))
        quoted = f" ({sources})" if sources else ""
        legal_id = f"; luas menurut dokumen {_number_id(legal.sum())} km²{quoted} tidak dipakai"
        legal_en = f"; the legal area of {legal.sum():,.2f} km²{quoted} was not used"
    return (
        Finding(
            "info",
            "density_area",
            f"Kerapatan dihitung atas luas terukur di elipsoid, {_number_id(km2)} km²{legal_id}.",
            f"Densities rest on the area measured on the ellipsoid, {km2:,.2f} km²{legal_en}.",
            len(subject.drawn),
        ),
    )


def _number_id(value: float) -> str:
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


# Tables


def _street_table(figures: Iterable[Figure], area: ReportArea) -> Table:
    values = {(one.area, one.id): one for one in figures}
    columns = (
        Column("length_km", "Panjang jalan", "Street length", "km", "streets.length_km"),
        Column("area_km2", "Luas terukur", "Measured area", "km2"),
        Column("density", "Kerapatan", "Density", "km/km2", "streets.density_km_per_km2"),
    )

    def row(code: str) -> tuple[float | None, ...]:
        length, density = values.get((code, "streets.length_km")), values.get((code, "streets.density_km_per_km2"))
        if length is None or density is None:
            return (None, None, None)
        return (
            _rounded(length.value, KM_DECIMALS),
            _rounded(density.denominator, KM_DECIMALS),
            _rounded(density.value, KM_DECIMALS),
        )

    rows = tuple((code, row(code)) for code in area.districts)
    return Table("streets", "Jalan menurut kecamatan", "Streets by district", columns, rows, row(area.code))


def _condition_table(lengths: ConditionLengths, figures: Iterable[Figure], area: ReportArea) -> Table:
    """Lengths to the metre that add up in every direction, with the share that is stable."""
    stable = {one.area: _rounded(one.value, PERCENT_DECIMALS) for one in figures if one.id == "roads.kemantapan"}
    labels = {one.code: one.label for one in built_in_catalogue().code_list("roads", "condition")}
    columns = [Column(one, labels[one].id, labels[one].en, "km", f"roads.length_km.{one}") for one in CONDITION_CLASSES]
    columns.append(Column("total", "Jumlah", "Total", "km", "roads.length_km"))
    columns.append(Column("kemantapan", "Kemantapan", "In stable condition", "percent", "roads.kemantapan"))
    closed = lengths.table_km()
    empty: tuple[float | None, ...] = (None,) * len(columns)
    values = {
        str(code): (*(float(value) for value in row), stable.get(str(code)))
        for code, row in zip(closed.index, closed.to_numpy(), strict=True)
    }
    codes = [*area.districts, *([NOWHERE] if NOWHERE in values else [])]
    return Table(
        "roads_by_condition",
        "Panjang jalan menurut SK dan kondisi",
        "Road length of the decree by condition",
        tuple(columns),
        tuple((code, values.get(code, empty)) for code in codes),
        (*values["total"][:-1], stable.get(area.code)),
    )


def _green_table(by_area: pd.DataFrame, figures: Iterable[Figure], area: ReportArea) -> Table:
    known = {one.area for one in figures if one.value is not None}
    columns = (
        Column("area_ha", "Kawasan perkotaan", "Urban area", "ha"),
        Column("public_ha", "RTH publik", "Public green space", "ha", "green.public_ha"),
        Column("private_ha", "RTH privat", "Private green space", "ha"),
        Column("public_percent", "Publik", "Public", "percent", "green.public_percent"),
        Column("total_percent", "Publik dan privat", "Public and private", "percent", "green.total_percent"),
        Column("public_lacking_ha", "Kekurangan publik", "Public lacking", "ha"),
        Column("total_lacking_ha", "Kekurangan seluruhnya", "Total lacking", "ha"),
    )

    def row(code: str) -> tuple[float | None, ...]:
        if code not in by_area.index:
            return (None,) * len(columns)
        extent = _rounded(float(by_area["area_ha"][code]), HA_DECIMALS)
        if code not in known:
            return (extent, *(None,) * (len(columns) - 1))
        rest = [_rounded(float(by_area[one.id][code]), HA_DECIMALS) for one in columns[1:]]
        return (extent, *rest)

    rows = tuple((code, row(code)) for code in area.districts)
    return Table("green", "RTH kawasan perkotaan", "Green space of urban areas", columns, rows, row(area.code))


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals)


# The report's own moment, and names


def _newest_change(subject: _Subject, day: date) -> datetime:
    """Return the newest recorded change among the inputs, or the day on which a rule came into force after it."""
    zone = ZoneInfo(subject.area.time_zone)
    moments = [state.changed_at for state in subject.states.values()]
    for recorded in subject.rules.values():
        moments.append(recorded.recorded_at)
        begins = recorded.rule.valid_from
        if begins is not None and begins <= day:
            moments.append(datetime.combine(begins, time(), zone))
    return max(moments).astimezone(zone)


def _names(subject: _Subject) -> dict[str, str]:
    """Return the names of the area and its districts: as drawn, else as in the national list."""
    listed = subject.session.execute(
        text("SELECT code, name FROM app.areas WHERE code = ANY (:codes)"), {"codes": list(subject.area.districts)}
    )
    drawn = zip(subject.within["code"], subject.within["name"], strict=True)
    return {**{row.code: row.name for row in listed}, **dict(drawn), subject.area.code: subject.area.name}
