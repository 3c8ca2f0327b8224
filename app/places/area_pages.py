"""What the page of an area shows: its works, money, roads, parks, coverage, what lies around it, and how it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from app.extensions import current_language
from app.formats import format_idr_short, format_number, format_percent
from app.maps.home import labels_of, place_of, today
from app.own_words import in_own_words
from app.places.area_queries import (
    MOST_PARKS,
    Area,
    ConditionLength,
    Named,
    Park,
    People,
    list_areas,
    read_conditions,
    read_parks,
    read_people,
    read_road_sums,
    whole,
)
from app.places.kept_figures import CONDITION, COVERAGE, SPENDING, AreaFigures, KeptFigures
from app.projects.filters import ProjectFilter
from app.projects.queries import (
    KeyFigures,
    key_figures_by_area,
    key_figures_by_year,
    list_projects,
)
from app.region import Region
from app.reports.units import format_quantity
from gis.constants import M2_PER_KM2
from layers.catalogue import built_in_catalogue

LISTED_WORKS = 12  # on an area's page; the list of all is one step further
NO_FIGURES = KeyFigures(0, Decimal(0), None, 0)
ROAD_STATUS = {"regency": ("regency",), "city": ("city",), "province": ("regency", "city")}
CONDITIONS = ("good", "fair", "light_damage", "heavy_damage", "unsurveyed")
LATE = "late_in_handling"


@dataclass(frozen=True)
class AreaLink:
    """An area as pages show it: its name with its kind, its address, and its figures where they are shown."""

    code: str
    name: str
    url: str
    figures: KeyFigures = NO_FIGURES
    per_resident_idr: float | None = None
    kemantapan: float | None = None
    is_own: bool = False

    @property
    def late_percent(self) -> float | None:
        """The share of its works that are late."""
        return self.figures.late / self.figures.packages * 100 if self.figures.packages else None


@dataclass(frozen=True)
class YearRow:
    """The works of one fiscal year; `share` (0-1) is of the year with the greatest contract value."""

    year: int
    figures: KeyFigures
    url: str
    share: float


@dataclass(frozen=True)
class SurveyRow:
    """The condition of roads in one survey year: kemantapan (percent) and km by condition, None where unknown."""

    year: int
    kemantapan: float | None
    km: Mapping[str, float | None]
    total_km: float | None


@dataclass(frozen=True)
class CoverageFact:
    """One figure of the coverage report, with the address where it opens."""

    label: str
    value: float
    unit: str
    url: str
    small: bool = False  # a number of people too small to be shown


def page_day(region: Region, criteria: ProjectFilter) -> date:
    """Return the day that the page speaks of, where the region is."""
    return criteria.as_of.astimezone(ZoneInfo(region.time_zone)).date() if criteria.as_of else today(region.time_zone)


def works_filter(area: Area, criteria: ProjectFilter) -> ProjectFilter:
    """Return the filter of an area's works, at the moment of the page."""
    empty = ProjectFilter(as_of=criteria.as_of, as_of_text=criteria.as_of_text)
    if area.is_region:
        return empty
    if area.level == "village":
        return replace(empty, village=(area.code,))
    return replace(empty, district=area.districts or (area.code,))


def area_values(
    session: Session, area: Area, region: Region, criteria: ProjectFilter, kept: KeptFigures
) -> dict[str, Any]:
    """
    Return what the page of an area shows.

    Parameters
    ----------
    session
        Of the public's role.
    criteria
        Of the address: its moment, and the fiscal year of the works.
    kept
        The figures of reports; empty for a past moment.
    """
    as_of = criteria.as_of
    year = criteria.year[0] if criteria.year else page_day(region, criteria).year
    works = works_filter(area, criteria)
    this_year = replace(works, year=(year,))
    years = key_figures_by_year(session, works)
    around = {one.code: one for one in (*area.children, *area.neighbours)}
    by_area = key_figures_by_area(session, replace(this_year, district=(), village=()), list(around)) if around else {}
    people, small = read_people(session, [area.code, *around], as_of)
    listed = list_projects(session, this_year, limit=LISTED_WORKS, sort="-start_date")
    parks = read_parks(session, area, as_of)
    own_roads = ROAD_STATUS.get(region.kind, ROAD_STATUS["regency"])
    measured = read_conditions(session, area, own_roads, as_of) if area.level == "village" else []
    names = {one.code: one.name for one in (area.named, *area.children, *area.neighbours, *area.parents)}
    figures = years.get(year, NO_FIGURES)

    def link(one: Named, *, is_own: bool = False) -> AreaLink:
        return AreaLink(
            code=one.code,
            name=full_name(one, region),
            url=area_url(one.code, criteria),
            figures=figures if is_own else by_area.get(one.code, NO_FIGURES),
            per_resident_idr=per_resident(kept.spending, one.code, people.get(one.code), small),
            kemantapan=kept.coverage.value("roads.kemantapan", one.code) if kept.coverage else None,
            is_own=is_own,
        )

    report_area = area.code[:8] if area.level == "village" else area.code
    return {
        "area": area,
        "title": full_name(area.named, region),
        "year": year,
        "works": this_year,
        "figures": figures,
        "works_url": url_for("projects.table", **this_year.to_args()),
        "late_url": url_for("projects.table", **replace(this_year, delay=(LATE,)).to_args()),
        "all_works_url": url_for("projects.table", **works.to_args()),
        "years": year_rows(years, area, criteria),
        "listed": listed,
        "places": {row.id: place_of(row, names) for row in listed.rows},
        "people": people.get(area.code),
        "residents": whole(people.get(area.code), small),
        "small": small,
        "size_km2": size_km2(area, kept),
        "parents": [link(one) for one in area.parents],
        "children": [link(one) for one in area.children],
        "neighbours": [link(area.named, is_own=True), *map(link, area.neighbours)] if area.neighbours else [],
        "per_resident_idr": per_resident(kept.spending, area.code, people.get(area.code), small),
        "spending": kept.spending,
        "coverage": kept.coverage,
        "coverage_facts": coverage_facts(kept.coverage, area, region, small) if area.level != "village" else [],
        "surveys": survey_rows(kept, area.code) if area.level != "village" else measured_rows(measured),
        "road_sums": read_road_sums(session, area, as_of),
        "own_status": own_roads,
        "parks": parks[:MOST_PARKS],
        "park_sums": park_sums(parks),
        "report_area": report_area,
        "report_urls": report_urls(report_area, year, criteria),
        "geojson_url": url_for("api.projects", **this_year.to_args()),
        "csv_url": url_for("places.area_works", code=area.code, year=year, as_of=criteria.as_of_text or None),
        "has_picture": area.is_region or area.bbox is not None,
        "map_url": map_url(area, this_year),
        "feature_url": feature_url(area, criteria),
        "crumb_links": [(area_url(one.code, criteria), full_name(one, region)) for one in area.parents],
        "place_facts": place_facts(area, region, people.get(area.code), small, size_km2(area, kept)),
        "description": description(full_name(area.named, region), year, figures),
        "conditions": labels_of("road_condition"),
        "road_status": labels_of("road_status"),
        "quantity": lambda value, unit: format_quantity(value, unit, current_language()),
    }


def place_facts(area: Area, region: Region, people: People | None, small: int, km2: float | None) -> list[str]:
    """Return in a few words what an area is: where it lies, its code, its people and its size."""
    language = current_language()
    facts = [full_name(parent, region) for parent in reversed(area.parents)]
    facts.append(gettext("kode %(code)s", code=area.code))
    villages = sum(one.level == "village" for one in area.children)
    if area.children:
        count = format_number(len(area.children), language)
        inside = gettext("%(count)s desa", count=count) if villages else gettext("%(count)s kecamatan", count=count)
        facts.append(in_own_words(inside, region))
    if people is not None:
        residents = whole(people, small)
        if residents is None:
            facts.append(gettext("kurang dari %(small)s jiwa (%(years)s)", small=small, years=people.years))
        else:
            count = format_number(residents, language)
            facts.append(gettext("%(count)s jiwa (%(years)s)", count=count, years=people.years))
            if villages and people.villages < villages:
                counted = gettext("penduduk %(n)s dari %(of)s desa", n=people.villages, of=villages)
                facts.append(in_own_words(counted, region))
    if km2 is not None:
        facts.append(f"{format_number(km2, language, 1)} km²")
    return facts


def description(title: str, year: int, figures: KeyFigures) -> str:
    """Return in one sentence what is done in a place this year, for search engines and messengers."""
    language = current_language()
    return str(
        gettext(
            "%(title)s, tahun %(year)s: %(count)s pekerjaan, nilai kontrak %(money)s, terlaksana %(percent)s, "
            "%(late)s terlambat.",
            title=title,
            year=year,
            count=format_number(figures.packages, language),
            money=format_idr_short(figures.contract_value_idr, language),
            percent=format_percent(figures.weighted_physical, language),
            late=format_number(figures.late, language),
        )
    )


def map_url(area: Area, works: ProjectFilter) -> str:
    """Return the address of the map with an area's works."""
    query = urlencode(works.to_args(), doseq=True)
    layer = "villages" if area.level == "village" else "districts"
    shown = f"#&on={layer}&show={layer}/{area.feature_id}" if area.feature_id is not None else ""
    return f"/?{query}{shown}"


def feature_url(area: Area, criteria: ProjectFilter) -> str | None:
    """Return the address of the boundary's page; None while there is none."""
    if area.feature_id is None:
        return None
    layer = "villages" if area.level == "village" else "districts"
    return url_for("catalogue.feature", layer=layer, feature_id=area.feature_id, as_of=criteria.as_of_text or None)


def full_name(one: Named, region: Region) -> str:
    """Return the name of an area with its kind before it: Kecamatan Muara Beliti, Kelurahan Pasar Muara Beliti."""
    if one.level == "district":
        return f"{region.district_term} {one.name}"
    if one.level == "village":
        kinds = {code.code: code.label.id for code in built_in_catalogue().codes["village_kind"]}
        kind = kinds.get(one.kind or "", region.village_term)
        return f"{kind[0].upper()}{kind[1:]} {one.name}"
    return one.name


def area_url(code: str, criteria: ProjectFilter) -> str:
    """Return the address of an area's page at the same moment."""
    year = criteria.year[0] if criteria.year else None
    return url_for("places.area", code=code, year=year, as_of=criteria.as_of_text or None)


def year_rows(years: Mapping[int, KeyFigures], area: Area, criteria: ProjectFilter) -> list[YearRow]:
    """Return the works by fiscal year, the newest first."""
    greatest = max((one.contract_value_idr for one in years.values()), default=0)
    return [
        YearRow(
            year,
            figures,
            url_for("places.area", code=area.code, year=year, as_of=criteria.as_of_text or None),
            float(figures.contract_value_idr / greatest) if greatest else 0.0,
        )
        for year, figures in years.items()
    ]


def per_resident(spending: AreaFigures | None, code: str, people: People | None, small: int) -> float | None:
    """Return the money of the works per resident (rupiah); None when it is unknown, or too few people live there."""
    if spending is None or people is None or people.persons < max(small, 1):
        return None
    if len(code) == len("16.05.09.1003"):
        return spending.rows.get(code, {}).get("per_resident_idr")
    return spending.value("spending.per_resident_idr", code)


def size_km2(area: Area, kept: KeptFigures) -> float | None:
    """Return the measured size of an area; that of the region as its report of spending has it."""
    if area.area_m2 is not None:
        return area.area_m2 / M2_PER_KM2
    found = kept.spending.figure("spending.per_km2_idr", area.code) if kept.spending else None
    return found.denominator if found else None


def coverage_facts(coverage: AreaFigures | None, area: Area, region: Region, small: int) -> list[CoverageFact]:
    """Return the figures of the coverage report of a district or the region, those that are known."""
    if coverage is None:
        return []
    labels = {
        "roads.kemantapan": gettext("Jalan mantap"),
        "streets.density_km_per_km2": gettext("Kerapatan jalan"),
        "roads.villages_reached_percent": in_own_words(gettext("Desa yang dilewati jalan"), region),
        "bridges.count": gettext("Jembatan"),
        "bridges.damaged_percent": gettext("Jembatan rusak"),
        "green.public_percent": gettext("Ruang terbuka hijau publik di kawasan perkotaan"),
        "green.m2_per_person": gettext("Ruang terbuka hijau per jiwa"),
        "service.population_percent": gettext("Penduduk yang terjangkau fasilitas"),
        "service.unserved": gettext("Penduduk yang belum terjangkau"),
    }
    found = []
    for name, label in labels.items():
        figure = coverage.figure(name, area.code)
        if figure is None or figure.value is None:
            continue
        is_small = figure.unit == "persons" and 0 < figure.value < small
        args = {"figure": name, "area": area.code, "year": coverage.year}
        url = f"/reports/{COVERAGE}/origin?{urlencode({key: value for key, value in args.items() if value})}"
        found.append(CoverageFact(str(label), figure.value, figure.unit, url, is_small))
    return found


def survey_rows(kept: KeptFigures, code: str) -> list[SurveyRow]:
    """Return the condition of an area's roads by survey year, the oldest first."""
    rows = []
    for year in kept.years:
        survey = kept.surveys[year]
        km = {one: survey.value(f"roads.length_km.{one}", code) for one in CONDITIONS}
        total = survey.value("roads.length_km", code)
        if total:
            rows.append(SurveyRow(year, survey.value("roads.kemantapan", code), km, total))
    return rows


def measured_rows(lengths: Sequence[ConditionLength]) -> list[SurveyRow]:
    """Return measured lengths of segments by survey year; they are no legal lengths, so there is no kemantapan."""
    rows = []
    for year in sorted({one.year for one in lengths}):
        km: dict[str, float | None] = {one.condition: one.length_m / 1000 for one in lengths if one.year == year}
        rows.append(SurveyRow(year, None, km, sum(one or 0.0 for one in km.values())))
    return rows


def park_sums(parks: Sequence[Park]) -> list[tuple[str, int, float]]:
    """Return owner, number and size (m²) of the green spaces, the public ones first."""
    owners = built_in_catalogue().code_list("parks", "ownership")
    language = current_language()
    return [
        (owner.label.in_language(language), len(own), sum(one.area_m2 for one in own))
        for owner in owners
        if (own := [one for one in parks if one.ownership == owner.code])
    ]


def report_urls(code: str, year: int, criteria: ProjectFilter) -> dict[str, str]:
    """Return the addresses of the reports of an area, and of their documents."""
    moment = criteria.as_of_text or None
    fiscal = {"area": code, "year": year, "as_of": moment}
    survey = {"area": code, "as_of": moment}
    urls = {}
    for name, args in ((COVERAGE, survey), (SPENDING, fiscal), ("progress", fiscal), (CONDITION, survey)):
        urls[name] = url_for("reports.page", name=name, **args)
        for wanted in ("xlsx", "pdf"):
            urls[f"{name}.{wanted}"] = url_for("reports.as_document", name=name, wanted=wanted, **args)
    return urls


@dataclass(frozen=True)
class AreaGroup:
    """A regency or district in the list of areas, with its villages."""

    code: str
    name: str
    url: str
    villages: list[AreaLink]


def listed_areas(session: Session, region: Region, words: Sequence[str]) -> list[AreaGroup]:
    """Return the districts of the region with their villages, by name; those that match words, where there are any."""
    everything = list_areas(session, region.code)
    found = {one.code for one in list_areas(session, region.code, words)} if words else None
    empty = ProjectFilter()
    groups = []
    for one in sorted(everything, key=lambda one: (one.name, one.code)):
        if one.level == "village":
            continue
        villages = [
            AreaLink(inner.code, inner.name, area_url(inner.code, empty))
            for inner in sorted(everything, key=lambda inner: (inner.name, inner.code))
            if inner.level == "village"
            and inner.code.startswith(f"{one.code}.")
            and one.level == "district"
            and (found is None or inner.code in found)
        ]
        if found is None or one.code in found or villages:
            groups.append(AreaGroup(one.code, full_name(one, region), area_url(one.code, empty), villages))
    return groups
