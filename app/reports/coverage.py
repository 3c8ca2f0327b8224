"""The coverage report: how much street, sound road and green space there is, in an area and each district in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from app.admin.region import kind_of
from app.own_words import in_own_words
from app.reports.areas import ReportArea
from app.reports.evidence import with_evidence
from app.reports.findings import boundary_findings, density_area, missing_rules, no_boundary, rule_findings
from app.reports.queries import (
    has_rows,
    newest_change,
    read_area_names,
    read_frame,
    read_layer_states,
    read_newest_date,
    read_rows,
    read_rules,
    read_survey_years,
)
from app.reports.report import Report, Table
from app.reports.subject import FIGURE_UNITS, GREEN_UNITS, ROAD_UNITS, STREET_UNITS, Subject
from app.reports.tables import condition_table, green_table, street_table
from gis.figures import Figure, Finding
from gis.green_space import green_space
from gis.overlay import dissolve
from gis.roads import condition_lengths, road_figures
from gis.streets import StreetLengths, street_figures, street_lengths

NAME = "coverage"
LAYERS = ("districts", "streets", "roads", "road_segments", "urban_areas", "parks")
STABILITY, SCALE_TOLERANCE, PUBLIC_MIN, TOTAL_MIN = (
    "KEMANTAPAN",
    "TOLERANSI_PANJANG_SK",
    "RTH_PUBLIK_MIN",
    "RTH_TOTAL_MIN",
)
RULES = (STABILITY, SCALE_TOLERANCE, PUBLIC_MIN, TOTAL_MIN)


OWN_ROADS = "own"  # stands in frames for the status of the roads that the area's own government keeps
PARTIAL_NOISE = frozenset({"streets_outside", "areas_overlap"})  # findings that are true of the whole region only


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
        year
        if year is not None
        else next(iter(read_survey_years(session, area=area.code, is_region=area.is_region, as_of=as_of)), None)
    )
    columns = ("code", "name", "legal_area_km2", "legal_area_source")
    subject = Subject(
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
        *rule_findings(subject, day),
        *boundary_findings(subject),
        *(one for part in parts for one in part.findings),
    ]
    return Report(
        name=NAME,
        area=area,
        year=chosen_year,
        as_of=as_of.astimezone(ZoneInfo(area.time_zone))
        if as_of
        else newest_change(subject.states, subject.rules, day, ZoneInfo(area.time_zone)),
        is_past=as_of is not None,
        demo=any(state.is_demo for state in subject.states.values()),
        figures=with_evidence(subject, figures),
        tables=tuple(replace(one, title_id=in_own_words(one.title_id, area)) for part in parts for one in part.tables),
        findings=tuple(replace(one, message_id=in_own_words(one.message_id, area)) for one in dict.fromkeys(findings)),
        rules=dict(rules),
        names=_names(subject),
    )


def _streets(subject: Subject) -> _Part:
    """Measure streets: all of them for the whole region, else those whose box meets the area's."""
    if not subject.drawn:
        return _Part(_unknown(STREET_UNITS, subject), (no_boundary(subject.area),))
    area, within = subject.area, subject.within
    bbox = None if area.is_region else tuple(within.total_bounds)
    streets = read_frame(subject.session, "streets", (), as_of=subject.as_of, bbox=bbox)
    areas = subject.districts if area.level == "district" else within
    lengths = street_lengths(streets, areas)
    if not area.is_region:
        lengths = _known_elsewhere(lengths, has_rows(subject.session, "streets", subject.as_of))
    figures = street_figures(lengths, context=subject.context("streets"))
    density = density_area(subject, lengths) if lengths.streets else ()
    return _Part(
        figures.figures,
        (*(one for one in figures.findings if area.is_region or one.code not in PARTIAL_NOISE), *density),
        (street_table(figures.figures, area),),
    )


def _known_elsewhere(lengths: StreetLengths, has_rows: bool) -> StreetLengths:
    """Tell "no streets here" (0 km) from "no street data at all" (unknown)."""
    if lengths.streets or not has_rows:
        return lengths
    findings = tuple(one for one in lengths.findings if one.code != "no_streets")
    return replace(lengths, streets=1, findings=findings)


def _roads(subject: Subject) -> _Part:
    """Sum the legal length of the area's own roads by condition; shares of a road are of all districts it crosses."""
    area = subject.area
    if missing := missing_rules(subject, (STABILITY, SCALE_TOLERANCE)):
        return _Part(_unknown(ROAD_UNITS, subject), missing)
    if not subject.drawn and not area.is_region:
        return _Part(_unknown(ROAD_UNITS, subject), (no_boundary(area),))
    roads = _read_roads(subject)
    lengths = condition_lengths(
        roads,
        _read_segments(subject, None if area.is_region else list(roads["code"])),
        subject.districts[["code", "geometry"]],
        status=OWN_ROADS,
        scale_tolerance=subject.rule(SCALE_TOLERANCE),
        survey_year=subject.year,
    )
    only = {"status": subject.statuses}
    is_known = bool(len(roads)) or has_rows(subject.session, "roads", subject.as_of, only=only)
    if not area.is_region:
        lengths = replace(lengths, metres=lengths.metres.loc[list(subject.drawn)], roads=int(is_known))
    figures = road_figures(lengths, rule=subject.rule(STABILITY), context=subject.context("roads"))
    dated = _with_dates(subject, figures.figures)
    findings = tuple(one for one in figures.findings if one.code != "no_legal_roads" or not is_known)
    return _Part(dated, findings, (condition_table(lengths, dated, area),) if lengths.roads else ())


def _read_roads(subject: Subject) -> gpd.GeoDataFrame:
    """Read the area's own roads: all of the region, else those that touch the area."""
    is_region = subject.area.is_region
    roads = read_frame(
        subject.session,
        "roads",
        ("code", "length_sk_m"),
        as_of=subject.as_of,
        bbox=None if is_region else tuple(subject.within.total_bounds),
        only={"status": subject.statuses},
    ).assign(status=OWN_ROADS)
    return roads if is_region else roads[roads.intersects(dissolve(subject.within.geometry))]


def _read_segments(subject: Subject, roads: list[str] | None) -> pd.DataFrame:
    """Read the segments of the survey year; of these roads alone when they are given."""
    columns = ("road_code", "sta_from_m", "sta_to_m", "survey_year", "condition")
    if subject.year is None:
        return pd.DataFrame({name: [] for name in columns})
    only: dict[str, list[Any]] = {"survey_year": [subject.year]}
    if roads is not None:
        only["road_code"] = roads
    return read_rows(subject.session, "road_segments", columns, as_of=subject.as_of, only=only)


def _with_dates(subject: Subject, figures: Iterable[Figure]) -> tuple[Figure, ...]:
    """Date lengths by the newest decree, conditions by the newest day of their survey."""
    newest = partial(read_newest_date, subject.session, as_of=subject.as_of)
    decree = newest("roads", "sk_date", only={"status": subject.statuses})
    survey = newest("road_segments", "survey_date", only={"survey_year": [subject.year]}) if subject.year else None
    return tuple(replace(one, data_date=decree if one.id == "roads.length_km" else survey) for one in figures)


def _green(subject: Subject) -> _Part:
    """Share of green space in the urban areas; a city is urban as a whole."""
    if missing := missing_rules(subject, (PUBLIC_MIN, TOTAL_MIN)):
        return _Part(_unknown(GREEN_UNITS, subject), missing)
    if not subject.drawn:
        return _Part(_unknown(GREEN_UNITS, subject), (no_boundary(subject.area),))
    area = subject.area
    parks = read_frame(subject.session, "parks", ("ownership",), as_of=subject.as_of)
    urban = _urban_areas(subject)
    urban = urban[urban.intersects(shapely.box(*subject.within.total_bounds))]
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
    return _Part(result.figures, result.findings, (green_table(result.by_area, result.figures, area),))


def _urban_areas(subject: Subject) -> gpd.GeoDataFrame:
    urban = read_frame(subject.session, "urban_areas", ("name",), as_of=subject.as_of)
    of_cities = subject.districts[[kind_of(code[:5]) == "city" for code in subject.districts["code"]]]
    together: gpd.GeoDataFrame = pd.concat([urban, of_cities[["name", "geometry"]]], ignore_index=True)
    return together if len(of_cities) else urban


def _unknown(units: Mapping[str, str], subject: Subject, areas: Sequence[str] | None = None) -> tuple[Figure, ...]:
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


def _names(subject: Subject) -> dict[str, str]:
    """Return the names of the area and its districts: as drawn, else as in the national list."""
    drawn = zip(subject.within["code"], subject.within["name"], strict=True)
    return {**read_area_names(subject.session, subject.area), **dict(drawn), subject.area.code: subject.area.name}
