"""The coverage report: how much street, sound road and green space there is, in an area and each district in it."""

from __future__ import annotations

from dataclasses import dataclass

from app.reports.findings import boundary_findings, density_area, missing_rules, no_boundary
from app.reports.kinds.coverage_tables import condition_table, green_table, street_table
from app.reports.kinds.green_data import GREEN_UNITS, PUBLIC_MIN, TOTAL_MIN, measure_green
from app.reports.kinds.road_data import (
    ROAD_UNITS,
    SCALE_TOLERANCE,
    STABILITY,
    complete_figures,
    lay_own_roads,
    measure_streets,
    read_own_roads,
    read_segments,
    road_evidence,
    street_findings,
    unknown_figures,
)
from app.reports.report import Content, Evidence, Table, Words
from app.reports.subject import Subject
from gis.figures import Figure, Finding
from gis.roads import NOWHERE
from gis.streets import street_figures

STREET_UNITS = {"streets.length_km": "km", "streets.density_km_per_km2": "km/km2"}
FIGURE_UNITS = {**STREET_UNITS, **ROAD_UNITS, **GREEN_UNITS}  # every figure of the report, in its order


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
        figures=complete_figures((figure for part in parts for figure in part.figures), FIGURE_UNITS, subject.codes),
        tables=tuple(table for part in parts for table in part.tables),
        findings=(*boundary_findings(subject), *(one for part in parts for one in part.findings)),
        evidence=_evidence(subject),
        year=subject.survey_year,
        names=_names(subject),
        frames={"districts": subject.within[["code", "name", "geometry"]]},
    )


def _evidence(subject: Subject) -> dict[str, tuple[Evidence, ...]]:
    """Tell which layers each figure rests on; the first is the one whose features are shown."""
    districts, urban = Evidence("districts"), Evidence("urban_areas")
    found = {
        **dict.fromkeys(STREET_UNITS, (Evidence("streets"), districts)),
        **road_evidence(subject),
        **dict.fromkeys(GREEN_UNITS, (Evidence("parks"), urban, districts)),
    }
    return found | {
        one: (Evidence("parks", {"ownership": "public"}), urban, districts)
        for one in GREEN_UNITS
        if one.startswith("green.public")
    }


def _streets(subject: Subject) -> _Part:
    """Measure streets and their density."""
    if not subject.drawn:
        return _Part(unknown_figures(STREET_UNITS, subject.codes), (no_boundary(subject.area),))
    lengths = measure_streets(subject)
    figures = street_figures(lengths, context=subject.context("streets"))
    density = density_area(subject, lengths) if lengths.streets else ()
    return _Part(
        figures.figures, (*street_findings(subject, lengths), *density), (street_table(figures.figures, subject.area),)
    )


def _roads(subject: Subject) -> _Part:
    """Sum the legal length of the area's own roads by condition; shares of a road are of all districts it crosses."""
    area = subject.area
    if missing := missing_rules(subject, (STABILITY, SCALE_TOLERANCE)):
        return _Part(unknown_figures(ROAD_UNITS, subject.codes), missing)
    if not subject.drawn and not area.is_region:
        return _Part(unknown_figures(ROAD_UNITS, subject.codes), (no_boundary(area),))
    roads = read_own_roads(subject)
    own = lay_own_roads(subject, roads, read_segments(subject, None if area.is_region else list(roads["code"])))
    tables = (condition_table(own.lengths, own.figures, area),) if own.lengths.roads else ()
    return _Part(own.figures, own.findings, tables)


def _green(subject: Subject) -> _Part:
    """Share of green space in the urban areas; a city is urban as a whole."""
    if missing := missing_rules(subject, (PUBLIC_MIN, TOTAL_MIN)):
        return _Part(unknown_figures(GREEN_UNITS, subject.codes), missing)
    if not subject.drawn:
        return _Part(unknown_figures(GREEN_UNITS, subject.codes), (no_boundary(subject.area),))
    shares = measure_green(subject).shares
    return _Part(shares.figures, shares.findings, (green_table(shares.by_area, shares.figures, subject.area),))


def _names(subject: Subject) -> dict[str, str | Words]:
    """Return the names of the districts as drawn, which may be newer than the national list, and of what is outside."""
    drawn = zip(subject.within["code"], subject.within["name"], strict=True)
    return {**dict(drawn), NOWHERE: Words("Di luar kecamatan", "Outside all districts")}
