"""The coverage report: how much street, sound road and green space there is, in an area and each district in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from app.admin.region import kind_of
from app.reports.findings import boundary_findings, density_area, missing_rules, no_boundary
from app.reports.kinds.coverage_tables import condition_table, green_table, street_table
from app.reports.queries import has_rows, read_newest_date
from app.reports.report import Content, Evidence, Table, Words
from app.reports.subject import Subject
from gis.figures import Figure, Finding
from gis.green_space import green_space
from gis.overlay import dissolve
from gis.road_condition import CONDITION_CLASSES
from gis.roads import NOWHERE, condition_lengths, road_figures
from gis.streets import StreetLengths, street_figures, street_lengths

STABILITY, SCALE_TOLERANCE, PUBLIC_MIN, TOTAL_MIN = (
    "KEMANTAPAN",
    "TOLERANSI_PANJANG_SK",
    "RTH_PUBLIK_MIN",
    "RTH_TOTAL_MIN",
)
STREET_UNITS = {"streets.length_km": "km", "streets.density_km_per_km2": "km/km2"}
CONDITION_IDS = {f"roads.length_km.{condition}": condition for condition in CONDITION_CLASSES}
ROAD_UNITS = {"roads.length_km": "km", **dict.fromkeys(CONDITION_IDS, "km"), "roads.kemantapan": "percent"}
GREEN_UNITS = {"green.public_percent": "percent", "green.total_percent": "percent", "green.public_ha": "ha"}
FIGURE_UNITS = {**STREET_UNITS, **ROAD_UNITS, **GREEN_UNITS}  # every figure of the report, in its order
OWN_ROADS = "own"  # stands in frames for the status of the roads that the area's own government keeps
PARTIAL_NOISE = frozenset({"streets_outside", "areas_overlap"})  # findings that are true of the whole region only


@dataclass(frozen=True)
class _Part:
    """One part of the report."""

    figures: tuple[Figure, ...]
    findings: tuple[Finding, ...]
    tables: tuple[Table, ...] = ()


def compute(subject: Subject) -> Content:
    """Compute the summary of all coverage; a figure that cannot be computed is None, and a finding says why."""
    parts = [_streets(subject), _roads(subject), _green(subject)]
    return Content(
        figures=tuple(_in_order(subject.codes, (figure for part in parts for figure in part.figures))),
        tables=tuple(table for part in parts for table in part.tables),
        findings=(*boundary_findings(subject), *(one for part in parts for one in part.findings)),
        evidence=_evidence(subject),
        year=subject.survey_year,
        names=_names(subject),
        frames={"districts": subject.within[["code", "name", "geometry"]]},
    )


def _evidence(subject: Subject) -> dict[str, tuple[Evidence, ...]]:
    """Tell which layers each figure rests on; the first is the one whose features are shown."""
    districts, roads = Evidence("districts"), Evidence("roads", {"status": subject.statuses})
    urban = Evidence("urban_areas")
    found = {
        **dict.fromkeys(STREET_UNITS, (Evidence("streets"), districts)),
        **dict.fromkeys(ROAD_UNITS, (roads, districts)),
        **dict.fromkeys(GREEN_UNITS, (Evidence("parks"), urban, districts)),
    }
    found |= {
        one: (Evidence("parks", {"ownership": "public"}), urban, districts)
        for one in GREEN_UNITS
        if one.startswith("green.public")
    }
    if subject.survey_year is None:
        return found
    surveyed = {"survey_year": subject.survey_year}
    found["roads.kemantapan"] = (roads, Evidence("road_segments", surveyed), districts)
    for figure_id, condition in CONDITION_IDS.items():
        segments = Evidence("road_segments", {**surveyed, "condition": condition})
        is_surveyed = condition != "unsurveyed"  # what was not surveyed has no segments to show
        found[figure_id] = (segments, roads, districts) if is_surveyed else found["roads.kemantapan"]
    return found


def _streets(subject: Subject) -> _Part:
    """Measure streets: all of them for the whole region, else those whose box meets the area's."""
    if not subject.drawn:
        return _Part(_unknown(STREET_UNITS, subject), (no_boundary(subject.area),))
    area, within = subject.area, subject.within
    bbox = None if area.is_region else tuple(within.total_bounds)
    streets = subject.frame("streets", (), bbox=bbox)
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
        scale_tolerance=subject.known_rule(SCALE_TOLERANCE),
        survey_year=subject.survey_year,
    )
    only = {"status": subject.statuses}
    is_known = bool(len(roads)) or has_rows(subject.session, "roads", subject.as_of, only=only)
    if not area.is_region:
        lengths = replace(lengths, metres=lengths.metres.loc[list(subject.drawn)], roads=int(is_known))
    figures = road_figures(lengths, rule=subject.known_rule(STABILITY), context=subject.context("roads"))
    dated = _with_dates(subject, figures.figures)
    findings = tuple(one for one in figures.findings if one.code != "no_legal_roads" or not is_known)
    return _Part(dated, findings, (condition_table(lengths, dated, area),) if lengths.roads else ())


def _read_roads(subject: Subject) -> gpd.GeoDataFrame:
    """Read the area's own roads: all of the region, else those that touch the area."""
    is_region = subject.area.is_region
    roads = subject.frame(
        "roads",
        ("code", "length_sk_m"),
        bbox=None if is_region else tuple(subject.within.total_bounds),
        only={"status": subject.statuses},
    ).assign(status=OWN_ROADS)
    return roads if is_region else roads[roads.intersects(dissolve(subject.within.geometry))]


def _read_segments(subject: Subject, roads: list[str] | None) -> pd.DataFrame:
    """Read the segments of the survey year; of these roads alone when they are given."""
    columns = ("road_code", "sta_from_m", "sta_to_m", "survey_year", "condition")
    if subject.survey_year is None:
        return pd.DataFrame({name: [] for name in columns})
    only: dict[str, list[Any]] = {"survey_year": [subject.survey_year]}
    if roads is not None:
        only["road_code"] = roads
    return subject.rows("road_segments", columns, only=only)


def _with_dates(subject: Subject, figures: Iterable[Figure]) -> tuple[Figure, ...]:
    """Date lengths by the newest decree, conditions by the newest day of their survey."""
    newest = partial(read_newest_date, subject.session, as_of=subject.as_of)
    decree = newest("roads", "sk_date", only={"status": subject.statuses})
    survey = (
        newest("road_segments", "survey_date", only={"survey_year": [subject.survey_year]})
        if subject.survey_year
        else None
    )
    return tuple(replace(one, data_date=decree if one.id == "roads.length_km" else survey) for one in figures)


def _green(subject: Subject) -> _Part:
    """Share of green space in the urban areas; a city is urban as a whole."""
    if missing := missing_rules(subject, (PUBLIC_MIN, TOTAL_MIN)):
        return _Part(_unknown(GREEN_UNITS, subject), missing)
    if not subject.drawn:
        return _Part(_unknown(GREEN_UNITS, subject), (no_boundary(subject.area),))
    area = subject.area
    parks = subject.frame("parks", ("ownership",))
    urban = _urban_areas(subject)
    urban = urban[urban.intersects(shapely.box(*subject.within.total_bounds))]
    if not area.is_region and area.level != "district":
        urban = urban.assign(geometry=urban.geometry.intersection(dissolve(subject.within.geometry)))
    areas = subject.districts if area.level == "district" else subject.within
    result = green_space(
        urban,
        parks,
        areas[["code", "geometry"]],
        public_min=subject.known_rule(PUBLIC_MIN),
        total_min=subject.known_rule(TOTAL_MIN),
        context=subject.context("parks"),
    )
    return _Part(result.figures, result.findings, (green_table(result.by_area, result.figures, area),))


def _urban_areas(subject: Subject) -> gpd.GeoDataFrame:
    urban = subject.frame("urban_areas", ("name",))
    of_cities = subject.districts[[kind_of(code[:5]) == "city" for code in subject.districts["code"]]]
    together: gpd.GeoDataFrame = pd.concat([urban, of_cities[["name", "geometry"]]], ignore_index=True)
    return together if len(of_cities) else urban


def _unknown(units: Mapping[str, str], subject: Subject, areas: Sequence[str] | None = None) -> tuple[Figure, ...]:
    """Return figures without value, for the area and its districts."""
    codes = areas if areas is not None else subject.codes
    return tuple(Figure(figure_id, code, None, unit) for code in codes for figure_id, unit in units.items())


def _in_order(codes: Sequence[str], figures: Iterable[Figure]) -> list[Figure]:
    """Sort by area, then by id; what no part has computed (a district without boundary) has no value."""
    found = {(figure.area, figure.id): figure for figure in figures}
    return [
        found.get((code, figure_id), Figure(figure_id, code, None, unit))
        for code in codes
        for figure_id, unit in FIGURE_UNITS.items()
    ]


def _names(subject: Subject) -> dict[str, str | Words]:
    """Return the names of the districts as drawn, which may be newer than the national list, and of what is outside."""
    drawn = zip(subject.within["code"], subject.within["name"], strict=True)
    return {**dict(drawn), NOWHERE: Words("Di luar kecamatan", "Outside all districts")}
