"""The report of green open space: shares by law, need by population, and villages without a park."""

from __future__ import annotations

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from app.formats import format_number
from app.reports.findings import boundary_findings, missing_rules, no_boundary
from app.reports.kinds.coverage_tables import green_table
from app.reports.kinds.green_data import PUBLIC_MIN, TOTAL_MIN, Green, Villages, measure_green
from app.reports.kinds.green_tables import need_table, provision_table, share_chart, urban_table, village_table
from app.reports.people import People, Placed, metric_crs, place_people, population_year_finding, read_people
from app.reports.report import Class, Content, Evidence, MapView, Words
from app.reports.subject import Subject
from gis.constants import M2_PER_HA
from gis.figures import Figure, Finding, quantity_figure
from gis.green_need import (
    ParkStandard,
    find_overlaps,
    land_outside,
    need_figures,
    overlap_finding,
    park_provision,
    shares_figures,
    urban_population,
    villages_without_park,
)
from gis.overlay import dissolve
from gis.residents import Residents

PER_PERSON, PARK_RADIUS, NOISE = "RTH_PER_JIWA", "TAMAN_RW_RADIUS", "SLIVER_MIN_M2"
STANDARDS = {
    "RTH-2": "TAMAN_KOTA",
    "RTH-3": "TAMAN_KECAMATAN",
    "RTH-4": "TAMAN_KELURAHAN",
    "RTH-5": "TAMAN_RW",
    "RTH-6": "TAMAN_RT",
}
NOT_PARKS = ("RTH-7", "RTH-8")  # cemeteries and green belts: green, but nobody's park
UNITS = {
    "green.public_percent": "percent",
    "green.private_percent": "percent",
    "green.total_percent": "percent",
    "green.public_ha": "ha",
    "green.private_ha": "ha",
    "green.total_ha": "ha",
    "green.public_lacking_ha": "ha",
    "green.total_lacking_ha": "ha",
    "green.population": "persons",
    "green.need_ha": "ha",
    "green.need_lacking_ha": "ha",
    "green.m2_per_person": "m2/person",
    "green.villages_without_park": "villages",
}
BY_PEOPLE = ("green.population", "green.need_ha", "green.need_lacking_ha", "green.m2_per_person")
FRAME_NAMES = {
    "villages": Words("Desa dan kelurahan", "Villages"),
    "urban_extents": Words("Kawasan perkotaan", "Urban areas"),
    "green_extents": Words("Taman dan RTH", "Parks and green space"),
}
PARK_CLASSES = (
    Class("within", "Ada di dalam batasnya", "Within its boundary", "#2f7d32"),
    Class("near", "Ada dalam radius", "Within the radius", "#a5c979", "dots"),
    Class("none", "Tidak ada", "None", "#c2410c", "long_dash"),
)


def compute(subject: Subject) -> Content:
    """Compute green open space; a figure that cannot be computed is None, and a finding says why."""
    rules = (PUBLIC_MIN, TOTAL_MIN, PER_PERSON, PARK_RADIUS, NOISE)
    missing = missing_rules(subject, rules)
    if missing or not subject.drawn:
        return Content(figures=_in_order(subject, ()), findings=missing or (no_boundary(subject.area),))
    subject.step("mengukur RTH", 10)
    green = measure_green(subject)
    subject.step("membaca penduduk", 40)
    year = subject.settings.get("population_year")
    people = read_people(subject, year=int(year) if year is not None else None)
    crs = metric_crs(subject)
    placed = place_people(subject, people, crs)
    subject.step("mencari desa tanpa taman", 70)
    persons = urban_population(placed.residents, green.urban_areas, people.groups)
    villages = _find_villages(subject, people, green)
    figures = _figures(subject, green, persons, villages)
    provision = _provision(subject, green, figures)
    return Content(
        figures=_in_order(subject, figures),
        tables=(
            green_table(green.shares.by_area, green.shares.figures, subject.area),
            *urban_table(green),
            need_table(subject, figures),
            *provision_table(provision),
            *village_table(subject, villages),
        ),
        findings=(
            *boundary_findings(subject),
            *green.shares.findings,
            *_green_findings(subject, green, villages),
            *_people_findings(people, placed.residents),
        ),
        charts=share_chart(green),
        maps=_maps(villages),
        evidence=_evidence(subject, people, placed),
        names={**dict(zip(people.areas["code"], people.areas["name"], strict=True)), **FRAME_NAMES},
        frames=_frames(subject, green, villages),
    )


def _find_villages(subject: Subject, people: People, green: Green) -> Villages:
    """Tell for each village whether a public park lies in it or near it, and how much of it is urban."""
    given = subject.settings.get("radius_m")
    radius_m = float(given) if given is not None else subject.known_rule(PARK_RADIUS).value
    parks = green.parks[(green.parks["ownership"] == "public") & ~green.parks["typology"].isin(NOT_PARKS)]
    found = villages_without_park(people.areas, parks, radius_m=radius_m, crs=metric_crs(subject))
    urban = dissolve(green.urban_areas.geometry)
    state = np.where(found["within"] > 0, "within", np.where(found["near"], "near", "none"))
    frame = people.areas.assign(
        parks=found["within"].to_numpy(), park=state, is_urban=people.areas.geometry.intersects(urban).to_numpy()
    )
    return Villages(frame, radius_m, bool(len(green.parks)))


def _figures(subject: Subject, green: Green, persons: pd.Series, villages: Villages) -> tuple[Figure, ...]:
    context = subject.context("parks")
    by_area = green.shares.by_area
    public_min, total_min = subject.known_rule(PUBLIC_MIN), subject.known_rule(TOTAL_MIN)
    more = shares_figures(by_area, known=villages.known, public_min=public_min, total_min=total_min, context=context)
    need = need_figures(by_area, persons, per_person=subject.known_rule(PER_PERSON), context=context)
    if not villages.known:
        need = tuple(
            one if one.id in {"green.population", "green.need_ha"} else Figure(one.id, one.area, None, one.unit)
            for one in need
        )
    lacking = villages.frame[villages.frame["park"] == "none"]["district_code"].value_counts()
    listed = villages.frame["district_code"].value_counts()
    rule = subject.known_rule(PARK_RADIUS) if subject.settings.get("radius_m") is None else None
    counts = {subject.area.code: float(lacking.sum())} | {
        str(code): float(lacking.get(code, 0)) for code in listed.index
    }
    without = tuple(
        quantity_figure(
            "green.villages_without_park",
            number if villages.known else None,
            area=code,
            unit="villages",
            context=context,
            rule=rule,
        )
        for code, number in counts.items()
    )
    return (*green.shares.figures, *more, *need, *without)


def _in_order(subject: Subject, figures: Iterable[Figure]) -> tuple[Figure, ...]:
    """Sort by area, then by id; what was not computed (a district without boundary) has no value."""
    found = {(one.area, one.id): one for one in figures}
    return tuple(
        found.get((code, figure_id), Figure(figure_id, code, None, unit))
        for code in subject.codes
        for figure_id, unit in UNITS.items()
    )


def _provision(subject: Subject, green: Green, figures: Iterable[Figure]) -> pd.DataFrame:
    """Compare the parks of each type within the urban areas with the standard for their people."""
    population = next(one.value for one in figures if (one.id, one.area) == ("green.population", subject.area.code))
    standards = []
    for typology, name in STANDARDS.items():
        rules = [subject.rule(f"{name}_{what}") for what in ("JIWA", "LUAS", "PER_JIWA")]
        known = [one for one in rules if one is not None]
        if len(known) == len(rules):
            standards.append(ParkStandard(typology, *known))
    urban = shapely.intersection(dissolve(green.urban_areas.geometry), dissolve(subject.within.geometry))
    inside = green.parks.assign(geometry=green.parks.geometry.intersection(urban))
    return park_provision(inside, standards, persons=population or None)


def _maps(villages: Villages) -> tuple[MapView, ...]:
    if not villages.known or villages.frame.empty:
        return ()
    return (
        MapView(
            "villages",
            "Taman menurut desa dan kelurahan",
            "Parks by village",
            "villages",
            class_field="park",
            classes=PARK_CLASSES,
            over=("urban_extents", "green_extents"),
        ),
    )


def _frames(subject: Subject, green: Green, villages: Villages) -> dict[str, gpd.GeoDataFrame]:
    return {
        "districts": subject.within[["code", "name", "geometry"]],
        "villages": villages.frame,
        "urban_extents": green.urban_areas[["name", "geometry"]],
        "green_extents": green.parks[["name", "typology", "ownership", "geometry"]],
    }


def _evidence(subject: Subject, people: People, placed: Placed) -> dict[str, tuple[Evidence, ...]]:
    parks, urban, districts = Evidence("parks"), Evidence("urban_areas"), Evidence("districts")
    counted = (people.evidence(subject), Evidence("villages"), *placed.evidence)
    public = Evidence("parks", {"ownership": "public"})
    found: dict[str, tuple[Evidence, ...]] = dict.fromkeys(UNITS, (parks, urban, districts))
    found |= {one: (public, urban, districts) for one in UNITS if one.startswith("green.public")}
    found |= {
        one: (Evidence("parks", {"ownership": "private"}), urban, districts)
        for one in UNITS
        if one.startswith("green.private")
    }
    found |= dict.fromkeys(BY_PEOPLE, (parks, urban, *counted))
    found["green.population"] = (urban, *counted)
    found["green.villages_without_park"] = (public, Evidence("villages"))
    return found


# What a reader must know


def _green_findings(subject: Subject, green: Green, villages: Villages) -> list[Finding]:
    findings = [_ihbi()]
    overlap = overlap_finding(find_overlaps(green.parks, least_m2=subject.known_rule(NOISE).value))
    if overlap is not None:
        findings.append(overlap)
    outside, beyond_m2 = land_outside(green.parks, green.urban_areas)
    if beyond_m2 >= subject.known_rule(NOISE).value and subject.area.is_region:
        hectares = {one: format_number(beyond_m2 / M2_PER_HA, one, 2) for one in ("id", "en")}
        findings.append(
            Finding(
                "info",
                "parks_outside_urban_areas",
                f"{hectares['id']} ha taman dan RTH berada di luar kawasan perkotaan ({int(outside.sum())} seluruhnya) "
                "dan tidak dihitung: ketentuan 20/30 % berlaku untuk kawasan perkotaan.",
                f"{hectares['en']} ha of parks and green space lie outside of the urban areas ({int(outside.sum())} of "
                "them wholly) and do not count: the 20/30 % are of urban areas.",
                int(outside.sum()),
            )
        )
    lacking = villages.frame[villages.frame["park"] == "none"]
    if villages.known and len(lacking):
        radius = {one: format_number(villages.radius_m, one, 0) for one in ("id", "en")}
        findings.append(
            Finding(
                "info",
                "villages_without_park",
                f"{len(lacking)} desa/kelurahan ({int(lacking['is_urban'].sum())} di kawasan perkotaan) tanpa taman "
                f"publik di dalam batasnya maupun dalam {radius['id']} m darinya.",
                f"Villages without a public park within their boundary or {radius['en']} m of it: {len(lacking)} "
                f"({int(lacking['is_urban'].sum())} of them urban).",
                len(lacking),
            )
        )
    return findings


def _ihbi() -> Finding:
    return Finding(
        "info",
        "without_ihbi",
        "Tanpa pembobotan IHBI: faktor ekologi dan sosial Permen ATR/BPN 14/2022 dihitung 1.",
        "Without IHBI weights: the ecological and social factors of Permen ATR/BPN 14/2022 count as 1.",
    )


def _people_findings(people: People, residents: Residents) -> list[Finding]:
    return [*people.count.findings, *population_year_finding(people.count), *residents.findings]
