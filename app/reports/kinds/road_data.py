"""What the reports about roads read in common: the area's own roads, their survey, all streets, and their figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS

from app.reports.queries import has_rows, read_newest_date
from app.reports.report import Class, Evidence
from app.reports.subject import Subject
from gis.crs import choose_metric_crs
from gis.figures import Figure, Finding
from gis.overlay import dissolve
from gis.road_condition import CONDITION_CLASSES
from gis.roads import ConditionLengths, condition_lengths, road_figures
from gis.streets import StreetLengths, street_lengths
from layers.catalogue import built_in_catalogue

STABILITY, SCALE_TOLERANCE = "KEMANTAPAN", "TOLERANSI_PANJANG_SK"
CONDITION_IDS = {f"roads.length_km.{condition}": condition for condition in CONDITION_CLASSES}
ROAD_UNITS = {"roads.length_km": "km", **dict.fromkeys(CONDITION_IDS, "km"), "roads.kemantapan": "percent"}
ROAD_COLUMNS = ("code", "length_sk_m")
SEGMENT_COLUMNS = ("road_code", "sta_from_m", "sta_to_m", "survey_year", "survey_date", "condition")
PARTIAL_NOISE = frozenset({"streets_outside", "areas_overlap"})  # findings that are true of the whole region only
OWN_ROADS = "own"  # stands in frames for the status of the roads that the area's own government keeps


@dataclass(frozen=True)
class OwnRoads:
    """
    The area's own roads with their survey laid upon them.

    `is_known` tells whether there are such roads at all, here or elsewhere in the region.
    """

    lengths: ConditionLengths
    figures: tuple[Figure, ...]
    findings: tuple[Finding, ...]
    is_known: bool


def read_own_roads(subject: Subject, columns: Sequence[str] = ROAD_COLUMNS) -> gpd.GeoDataFrame:
    """Read the area's own roads: all of the region, else those that touch the area."""
    return subject.once(("own roads", tuple(columns)), partial(_read_own_roads, subject, columns))


def _read_own_roads(subject: Subject, columns: Sequence[str]) -> gpd.GeoDataFrame:
    is_region = subject.area.is_region
    roads = subject.frame(
        "roads",
        columns,
        bbox=None if is_region else tuple(subject.within.total_bounds),
        only={"status": subject.statuses},
    ).assign(status=OWN_ROADS)
    return roads if is_region else roads[roads.intersects(dissolve(subject.within.geometry))]


def read_segments(
    subject: Subject,
    roads: Sequence[str] | None,
    columns: Sequence[str] = SEGMENT_COLUMNS,
    *,
    years: Sequence[int] | None = None,
) -> pd.DataFrame:
    """
    Read the segments of the survey year.

    Parameters
    ----------
    roads
        Codes of the roads whose segments are wanted; None for all.
    years
        Other years than the report's.
    """
    wanted = years if years is not None else [subject.survey_year] if subject.survey_year is not None else []
    if not wanted:
        return pd.DataFrame({name: [] for name in columns})
    only: dict[str, list[Any]] = {"survey_year": list(wanted)}
    if roads is not None:
        only["road_code"] = list(roads)
    return subject.rows("road_segments", columns, only=only)


def lay_own_roads(subject: Subject, roads: gpd.GeoDataFrame, segments: pd.DataFrame) -> OwnRoads:
    """Sum the legal length of the area's own roads by condition; shares of a road are of all districts it crosses."""
    area = subject.area
    lengths = condition_lengths(
        roads,
        segments,
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
    findings = tuple(one for one in figures.findings if one.code != "no_legal_roads" or not is_known)
    return OwnRoads(lengths, _with_dates(subject, figures.figures), findings, is_known)


def measure_streets(subject: Subject) -> StreetLengths:
    """Measure streets: all of them for the whole region, else those whose box meets the area's."""
    return subject.once("streets", partial(_measure_streets, subject))


def _measure_streets(subject: Subject) -> StreetLengths:
    area, within = subject.area, subject.within
    streets = subject.frame("streets", (), bbox=None if area.is_region else tuple(within.total_bounds))
    lengths = street_lengths(streets, subject.districts if area.level == "district" else within)
    if area.is_region or lengths.streets or not has_rows(subject.session, "streets", subject.as_of):
        return lengths
    # No streets here is 0 km, and no street data at all is unknown.
    return replace(lengths, streets=1, findings=tuple(one for one in lengths.findings if one.code != "no_streets"))


def street_findings(subject: Subject, lengths: StreetLengths) -> tuple[Finding, ...]:
    """Return what was found about streets that is true of the area, and not of the whole region only."""
    return tuple(one for one in lengths.findings if subject.area.is_region or one.code not in PARTIAL_NOISE)


def road_evidence(subject: Subject, *, by_recorded_class: bool = True) -> dict[str, tuple[Evidence, ...]]:
    """
    Tell which layers each figure about roads rests on; the first is the one whose features are shown.

    Parameters
    ----------
    by_recorded_class
        Whether the class of a segment is the recorded one, so that the segments of one class can be shown.
    """
    districts, roads = Evidence("districts"), Evidence("roads", {"status": subject.statuses})
    found: dict[str, tuple[Evidence, ...]] = dict.fromkeys(ROAD_UNITS, (roads, districts))
    if subject.survey_year is None:
        return found
    surveyed = {"survey_year": subject.survey_year}
    found["roads.kemantapan"] = (roads, Evidence("road_segments", surveyed), districts)
    for figure_id, condition in CONDITION_IDS.items():
        if condition == "unsurveyed":  # what was not surveyed has no segments to show
            found[figure_id] = found["roads.kemantapan"]
            continue
        of_class = {"condition": condition} if by_recorded_class else {}
        found[figure_id] = (Evidence("road_segments", {**surveyed, **of_class}), roads, districts)
    return found


def unknown_figures(units: dict[str, str], codes: Iterable[str]) -> tuple[Figure, ...]:
    """Return figures without value, for each area."""
    return tuple(Figure(figure_id, code, None, unit) for code in codes for figure_id, unit in units.items())


def complete_figures(figures: Iterable[Figure], units: dict[str, str], codes: Sequence[str]) -> tuple[Figure, ...]:
    """Sort figures by area, then by id; what was not computed (of a district without boundary) has no value."""
    found = {(figure.area, figure.id): figure for figure in figures}
    return tuple(
        found.get((code, figure_id), Figure(figure_id, code, None, unit))
        for code in codes
        for figure_id, unit in units.items()
    )


def condition_classes() -> tuple[Class, ...]:
    """Return the classes of condition with their labels, colours and patterns."""
    codes = {one.code: one for one in built_in_catalogue().code_list("roads", "condition")}
    return tuple(
        Class(one, codes[one].label.id, codes[one].label.en, codes[one].colour or "", codes[one].pattern or "solid")
        for one in CONDITION_CLASSES
    )


def metric_crs(subject: Subject, *frames: gpd.GeoDataFrame) -> CRS | None:
    """Choose the metric CRS of the region: of its districts, else of what else is drawn; None when nothing is."""
    for frame in (subject.districts, *frames):
        bounds = frame.total_bounds
        if len(frame) and not pd.isna(bounds).any():
            return choose_metric_crs(shapely.box(*bounds))
    return None


def _with_dates(subject: Subject, figures: Iterable[Figure]) -> tuple[Figure, ...]:
    """Date lengths by the newest decree, conditions by the newest day of their survey."""
    newest = partial(read_newest_date, subject.session, as_of=subject.as_of)
    decree = newest("roads", "sk_date", only={"status": subject.statuses})
    year = subject.survey_year
    survey = newest("road_segments", "survey_date", only={"survey_year": [year]}) if year is not None else None
    return tuple(replace(one, data_date=decree if one.id == "roads.length_km" else survey) for one in figures)
