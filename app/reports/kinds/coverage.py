"""The coverage report: how much street, sound road and green space there is, in an area and each district in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from app.reports.definition import ReportDefinition, report_definition
from app.reports.findings import boundary_findings, density_area, missing_rules, no_boundary
from app.reports.kinds import compute_content
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
from app.reports.report import Column, Content, Evidence, Row, Table, Words
from app.reports.subject import Subject
from app.reports.units import decimals_of
from gis.figures import Figure, Finding
from gis.roads import NOWHERE
from gis.streets import street_figures

STREET_UNITS = {"streets.length_km": "km", "streets.density_km_per_km2": "km/km2"}
FIGURE_UNITS = {**STREET_UNITS, **ROAD_UNITS, **GREEN_UNITS}  # before those taken over, in their order
SUMMING = Words("Menghitung ringkasan", "Computing the summary")


@dataclass(frozen=True)
class _Part:
    """One part of the report."""

    figures: tuple[Figure, ...]
    findings: tuple[Finding, ...]
    tables: tuple[Table, ...] = ()


def compute(subject: Subject) -> Content:
    """Compute the summary of all coverage; a figure that cannot be computed is None, and a finding says why."""
    parts = [_streets(subject), _roads(subject), _green(subject)]
    taken = list(_taken_over(subject))
    units = FIGURE_UNITS | _taken_units(subject.definition)
    found = [*(one for part in parts for one in part.figures), *(one for part in taken for one in part.figures)]
    figures = complete_figures(found, units, subject.codes)
    findings = [*boundary_findings(subject), *(one for part in parts for one in part.findings)]
    findings += [one for part in taken for one in part.findings]
    return Content(
        figures=figures,
        tables=(*(table for part in parts for table in part.tables), _table_of_taken(subject, figures)),
        findings=tuple({(one.code, one.message_id): one for one in findings}.values()),  # parts may find the same
        evidence={**{name: one for part in taken for name, one in part.evidence.items()}, **_evidence(subject)},
        year=subject.survey_year,
        names={**{key: name for part in taken for key, name in part.names.items()}, **_names(subject)},
    )


def _taken_over(subject: Subject) -> Iterator[Content]:
    """Yield what other reports say in their usual settings, with those figures alone that the summary takes over."""
    included = subject.definition.includes
    for number, (name, wanted) in enumerate(included.items()):
        subject.step(SUMMING, 100 * number / len(included))
        definition = report_definition(name)
        part = replace(subject, definition=definition, settings=definition.read_settings({}))
        content = compute_content(part)
        yield replace(content, figures=tuple(one for one in content.figures if one.id in wanted))


def _taken_units(definition: ReportDefinition) -> dict[str, str]:
    return {one: definition.words(one).unit for ids in definition.includes.values() for one in ids}


def _table_of_taken(subject: Subject, figures: Iterable[Figure]) -> Table:
    """Lay out the figures of other reports by district."""
    values = {(one.area, one.id): one.value for one in figures}
    labels = {one: subject.definition.words(one).label for one in _taken_units(subject.definition)}
    columns = tuple(
        Column(one.replace(".", "_"), labels[one].id, labels[one].en, unit, one)
        for one, unit in _taken_units(subject.definition).items()
    )

    def row(code: str) -> tuple[float | None, ...]:
        found = ((values.get((code, str(column.figure))), decimals_of(column.unit)) for column in columns)
        return tuple(None if value is None else round(value, decimals) for value, decimals in found)

    rows = tuple(Row(code, row(code)) for code in subject.area.districts)
    title = Words("Ringkasan menurut kecamatan", "In summary by district")
    return Table("summary", title.id, title.en, columns, rows, row(subject.area.code))


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
