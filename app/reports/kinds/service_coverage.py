"""The report of service coverage: residents within reach of a facility, along the streets and by straight line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from app.errors import InvalidRequest
from app.formats import format_number
from app.reports.findings import boundary_findings, no_boundary
from app.reports.people import (
    People,
    Placed,
    box_around,
    metric_crs,
    place_people,
    population_year_finding,
    read_people,
)
from app.reports.queries import has_rows
from app.reports.realisation import district_names
from app.reports.report import Chart, Column, Content, Evidence, MapView, Row, Series, Table, Words
from app.reports.subject import Subject
from gis.figures import Figure, Finding, Rule
from gis.network import StreetNetwork, build_network
from gis.service_area import Service, count_facilities, measure_service, reach_area, service_figures
from layers.catalogue import built_in_catalogue

KIND_FIELDS = {"facilities": "kind", "parks": "typology"}  # of the layers whose kinds have standards
STANDARDS = {  # kind → what its rules are called: <name>_JIWA persons per unit, <name>_RADIUS service radius
    "kindergarten": "SNI_TK",
    "primary_school": "SNI_SD",
    "junior_high_school": "SNI_SMP",
    "senior_high_school": "SNI_SMA",
    "health_post": "SNI_POSYANDU",
    "sub_health_centre": "SNI_PUSTU",
    "health_centre": "SNI_PUSKESMAS",
    "market": "SNI_PASAR",
    "worship": "SNI_IBADAH",
    "fire_station": "SNI_DAMKAR",
    "RTH-2": "TAMAN_KOTA",
    "RTH-3": "TAMAN_KECAMATAN",
    "RTH-4": "TAMAN_KELURAHAN",
    "RTH-5": "TAMAN_RW",
    "RTH-6": "TAMAN_RT",
}
USUAL_DISTANCE, TO_STREET = "LAYANAN_JARAK", "LAYANAN_KE_JALAN"
SNAP_M = 1.0  # ends of streets this near to another are joined: less than the width of any street
DRAWN_M = 60.0  # width to both sides at which reached streets are drawn as an area
UNITS = {
    "service.facilities": "facilities",
    "service.area_percent": "percent",
    "service.population_known_percent": "percent",
    "service.sufficiency_percent": "percent",
    "service.population": "persons",
    "service.population_percent": "percent",
    "service.unserved": "persons",
    "service.population_straight": "persons",
    "service.population_straight_percent": "percent",
}
WHOLE_REGION = frozenset({"streets_apart", "facilities_far"})  # findings that are true of the whole region only
BY_NETWORK = ("service.population", "service.population_percent", "service.unserved")
FRAME_NAMES = {
    "villages": Words("Desa dan kelurahan", "Villages"),
    "reach": Words("Sepanjang jalan yang terjangkau", "Along the streets within reach"),
    "reached_streets": Words("Jalan yang terjangkau", "Streets within reach"),
    "circles": Words("Dalam jarak garis lurus", "Within the straight distance"),
    "service_points": Words("Fasilitas", "Facilities"),
}
COLUMNS = (
    Column("facilities", "Fasilitas", "Facilities", "facilities", "service.facilities"),
    Column("served", "Terlayani (jaringan)", "Served (streets)", "persons", "service.population"),
    Column("served_percent", "Cakupan (jaringan)", "Coverage (streets)", "percent", "service.population_percent"),
    Column("unserved", "Belum terlayani", "Not served", "persons", "service.unserved"),
    Column("straight", "Terlayani (garis lurus)", "Served (straight line)", "persons", "service.population_straight"),
    Column(
        "straight_percent",
        "Cakupan (garis lurus)",
        "Coverage (straight line)",
        "percent",
        "service.population_straight_percent",
    ),
    Column("area_percent", "Cakupan luas", "Settled land covered", "percent", "service.area_percent"),
    Column("sufficiency", "Kecukupan", "Sufficiency", "percent", "service.sufficiency_percent"),
    Column("known", "Penduduk diketahui", "Population known", "percent", "service.population_known_percent"),
)


@dataclass(frozen=True)
class _Asked:
    """What was chosen: which facilities, how near, and by which way."""

    layer: str
    kind: str | None
    distance_m: float
    distance_rule: Rule | None
    per_facility: Rule | None
    way: str

    @property
    def filters(self) -> dict[str, str]:
        """Equality filters of the facilities."""
        return {KIND_FIELDS[self.layer]: self.kind} if self.kind else {}


def compute(subject: Subject) -> Content:
    """Compute service coverage; a figure that cannot be computed is None, and a finding says why."""
    asked = _read_asked(subject)
    if not subject.drawn:
        return Content(figures=_in_order(subject, ()), findings=(no_boundary(subject.area),))
    subject.step("membaca penduduk", 5)
    crs = metric_crs(subject)
    year = subject.settings.get("population_year")
    people = read_people(subject, year=int(year) if year is not None else None)
    placed = place_people(subject, people, crs)
    subject.step("membaca fasilitas dan jalan", 25)
    facilities, exist = _read_facilities(subject, asked, crs)
    network = _read_network(subject, asked, crs) if asked.way != "straight" else None
    to_street = subject.known_rule(TO_STREET).value
    subject.step("mencari jangkauan", 50)
    service = measure_service(
        placed.residents,
        facilities,
        network,
        distance_m=asked.distance_m,
        snap_m=to_street,
        crs=crs,
        straight=asked.way != "network",
    )
    counts = count_facilities(facilities, people.areas) if exist else pd.Series(dtype=float)
    figures = service_figures(
        service,
        counts,
        people.groups,
        context=subject.context(asked.layer),
        per_facility=asked.per_facility,
        distance_rule=asked.distance_rule,
    )
    subject.step("menggambar peta", 85)
    villages = _village_frame(people, service)
    return Content(
        figures=_in_order(subject, figures),
        tables=(
            _district_table(subject, figures),
            *_unserved_table(subject, villages),
            *_far_table(subject, facilities, service),
        ),
        findings=(
            *boundary_findings(subject),
            *_asked_findings(asked),
            *people.count.findings,
            *population_year_finding(people.count),
            *placed.residents.findings,
            *(one for one in service.findings if subject.area.is_region or one.code not in WHOLE_REGION),
        ),
        charts=_charts(subject, figures),
        maps=_maps(asked, villages, service),
        evidence=_evidence(subject, asked, people, placed),
        names={**dict(zip(people.areas["code"], people.areas["name"], strict=True)), **FRAME_NAMES},
        frames=_frames(subject, villages, facilities, service, crs),
    )


def _read_asked(subject: Subject) -> _Asked:
    """Read the settings; the distance is the standard of the kind where none was given."""
    layer, kind = str(subject.settings["layer"]), subject.settings.get("kind")
    codes = (
        {one.code for one in built_in_catalogue().code_list(layer, KIND_FIELDS[layer])}
        if layer in KIND_FIELDS
        else set()
    )
    if kind is not None and kind not in codes:
        raise InvalidRequest(
            f"kind={kind} tidak ada di lapisan {layer}. Yang ada: {', '.join(sorted(codes)) or '–'}.",
            f"kind={kind} is not of the layer {layer}. There are: {', '.join(sorted(codes)) or '–'}.",
        )
    standard = STANDARDS.get(str(kind))
    given = subject.settings.get("distance_m")
    rule = None
    if given is None:
        rule = (subject.rule(f"{standard}_RADIUS") if standard else None) or subject.known_rule(USUAL_DISTANCE)
    return _Asked(
        layer,
        str(kind) if kind is not None else None,
        float(given) if given is not None else rule.value if rule else 0.0,
        rule,
        subject.rule(f"{standard}_JIWA") if standard else None,
        str(subject.settings["way"]),
    )


def _read_facilities(subject: Subject, asked: _Asked, crs: CRS) -> tuple[gpd.GeoDataFrame, bool]:
    """Read the facilities that can be near the area, and whether there are any at all; far ones reach nobody."""
    columns = ("name",)
    only = {field: [value] for field, value in asked.filters.items()}
    bbox = None if subject.area.is_region else box_around(subject, crs, metres=asked.distance_m)
    near = subject.frame(asked.layer, columns, only=only, bbox=bbox)
    if len(near) or bbox is None:
        return near, bool(len(near))
    return subject.frame(asked.layer, columns, only=only), has_rows(subject.session, asked.layer, subject.as_of, only)


def _read_network(subject: Subject, asked: _Asked, crs: CRS) -> StreetNetwork:
    bbox = None if subject.area.is_region else box_around(subject, crs, metres=asked.distance_m)
    return build_network(subject.frame("streets", (), bbox=bbox), crs=crs, snap_m=SNAP_M)


# Tables, charts and maps


def _in_order(subject: Subject, figures: Iterable[Figure]) -> tuple[Figure, ...]:
    """Sort by area, then by id; what was not computed (a district without boundary) has no value."""
    found = {(one.area, one.id): one for one in figures}
    return tuple(
        found.get((code, figure_id), Figure(figure_id, code, None, unit))
        for code in subject.codes
        for figure_id, unit in UNITS.items()
    )


def _district_table(subject: Subject, figures: Iterable[Figure]) -> Table:
    values = {(one.area, one.id): one.value for one in figures}
    people = {one.area: one.denominator for one in figures if one.id.endswith("population_straight_percent")}
    people |= {
        one.area: one.denominator
        for one in figures
        if one.id == "service.population_percent" and one.denominator is not None
    }
    columns = (Column("population", "Penduduk", "Residents", "persons"), *COLUMNS)

    def cells(code: str) -> tuple[float | None, ...]:
        found = (values.get((code, str(column.figure))) for column in COLUMNS)
        return (
            _whole(people.get(code)),
            *(_cell(value, column.unit) for value, column in zip(found, COLUMNS, strict=True)),
        )

    return Table(
        "service",
        "Cakupan layanan menurut kecamatan",
        "Service coverage by district",
        columns,
        tuple(Row(code, cells(code)) for code in subject.area.districts),
        cells(subject.area.code),
        bar=("served_percent",),
    )


def _village_frame(people: People, service: Service) -> gpd.GeoDataFrame:
    """Give each village with its people, the served and the others, for maps and the GeoPackage."""
    by_area = service.by_area.reindex(people.areas["code"])
    served = by_area["served"].where(by_area["served"].notna(), by_area["served_straight"]).to_numpy()
    population = by_area["population"].to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        percent = np.where(population > 0, served / population * 100, np.nan)
    return people.areas[["code", "name", "district_code", "geometry"]].assign(
        population=population,
        served=np.round(served),
        unserved=np.round(population) - np.round(served),
        served_percent=np.round(percent, 2),
    )


def _unserved_table(subject: Subject, villages: gpd.GeoDataFrame) -> tuple[Table, ...]:
    """List the villages in which somebody is not served, those with most first."""
    listed = villages[villages["unserved"] > 0].sort_values(["unserved", "code"], ascending=[False, True])
    if listed.empty:
        return ()
    names = district_names(subject)
    columns_read = ("code", "name", "district_code", "population", "served", "unserved", "served_percent")
    rows = tuple(
        Row(str(code), (names.get(str(district)), *map(_whole, numbers[:3]), float(numbers[3])), name=str(name))
        for code, name, district, *numbers in zip(*(listed[one] for one in columns_read), strict=True)
    )
    columns = (
        Column("district", "Kecamatan", "District", "text"),
        Column("population", "Penduduk", "Residents", "persons"),
        Column("served", "Terlayani", "Served", "persons"),
        Column("unserved", "Belum terlayani", "Not served", "persons"),
        Column("percent", "Cakupan", "Coverage", "percent"),
    )
    return (
        Table(
            "unserved",
            "Desa dan kelurahan dengan penduduk belum terlayani",
            "Villages with residents who are not served",
            columns,
            rows,
            by_area=False,
            row_head=Words("Desa/kelurahan", "Village"),
            note=Words(
                "Taksiran menurut letak penduduk; menurut jaringan jalan, atau garis lurus bila jalannya tidak ada.",
                "Estimates by where people live; along the streets, or by straight line where there are none.",
            ),
        ),
    )


def _far_table(subject: Subject, facilities: gpd.GeoDataFrame, service: Service) -> tuple[Table, ...]:
    if not len(service.far) or not subject.area.is_region:
        return ()
    names = facilities["name"].iloc[service.far]
    rows = tuple(
        Row(str(number), (str(name) if name else None,), name=str(number)) for number, name in enumerate(names, 1)
    )
    return (
        Table(
            "far",
            "Fasilitas yang jauh dari jalan",
            "Facilities far from any street",
            (Column("name", "Nama", "Name", "text"),),
            rows,
            by_area=False,
            row_head=Words("No", "No"),
        ),
    )


def _charts(subject: Subject, figures: Iterable[Figure]) -> tuple[Chart, ...]:
    """Draw the shares of residents served by district, when there are several."""
    values = {(one.area, one.id): one.value for one in figures}
    codes = subject.area.districts
    if len(codes) < 2:
        return ()
    series = tuple(
        Series(figure_id, label_id, label_en, tuple(values.get((code, figure_id)) for code in codes))
        for figure_id, label_id, label_en in (
            ("service.population_percent", "Jaringan jalan", "Streets"),
            ("service.population_straight_percent", "Garis lurus", "Straight line"),
        )
        if any(values.get((code, figure_id)) is not None for code in codes)
    )
    if not series:
        return ()
    names = district_names(subject)
    return (
        Chart(
            "coverage",
            "Cakupan penduduk menurut kecamatan",
            "Residents served by district",
            "bars",
            "percent",
            tuple(str(names.get(code, code)) for code in codes),
            series,
        ),
    )


def _maps(asked: _Asked, villages: gpd.GeoDataFrame, service: Service) -> tuple[MapView, ...]:
    if villages["served_percent"].isna().all():
        return ()
    over = (*(("reach",) if service.stretches is not None and len(service.stretches) else ()), "service_points")
    figure = "service.population_percent" if service.stretches is not None else "service.population_straight_percent"
    return (
        MapView(
            "served",
            "Penduduk terlayani menurut desa dan kelurahan",
            "Residents served by village",
            "villages",
            value="served_percent",
            unit="percent",
            figure=figure,
            over=over,
        ),
    )


def _frames(
    subject: Subject, villages: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame, service: Service, crs: CRS
) -> dict[str, gpd.GeoDataFrame]:
    frames = {"villages": villages, "districts": subject.within[["code", "name", "geometry"]]}
    if service.stretches is not None and len(service.stretches):
        frames["reach"] = reach_area(service.stretches, width_m=DRAWN_M, crs=crs)
        frames["reached_streets"] = service.stretches[["geometry"]]
    if service.circles is not None:
        frames["circles"] = service.circles
    frames["service_points"] = facilities[["name", "geometry"]]
    return frames


def _evidence(subject: Subject, asked: _Asked, people: People, placed: Placed) -> dict[str, tuple[Evidence, ...]]:
    places = Evidence(asked.layer, asked.filters)
    counted = (people.evidence(subject), Evidence("villages"), *placed.evidence)
    found: dict[str, tuple[Evidence, ...]] = dict.fromkeys(UNITS, (places, *counted))
    found |= dict.fromkeys(BY_NETWORK, (places, Evidence("streets"), *counted))
    found["service.facilities"] = (places,)
    return found


def _cell(value: float | None, unit: str) -> float | None:
    if value is None:
        return None
    return round(value, 2) if unit == "percent" else _whole(value)


def _whole(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else round(value)


# What a reader must know


def _asked_findings(asked: _Asked) -> list[Finding]:
    distance_id, distance_en = (format_number(asked.distance_m, language, 0) for language in ("id", "en"))
    basis = asked.distance_rule
    by_id = f" menurut {basis.legal_basis}" if basis else ""
    by_en = f" by {basis.legal_basis}" if basis else ""
    findings = [
        Finding(
            "info",
            "service_distance",
            f"Jarak pelayanan {distance_id} m{by_id}.",
            f"Service distance {distance_en} m{by_en}.",
        )
    ]
    if any(rule and rule.code.startswith("SNI_") for rule in (asked.distance_rule, asked.per_facility)):
        findings.append(
            Finding(
                "info",
                "sni_is_urban",
                "SNI 03-1733-2004 disusun untuk perumahan perkotaan; di perdesaan hanya sebagai acuan.",
                "SNI 03-1733-2004 is of urban housing; in rural villages it is a reference only.",
            )
        )
    if asked.per_facility is None:
        findings.append(
            Finding(
                "info",
                "no_standard",
                "Tidak ada standar penduduk pendukung untuk fasilitas ini, jadi rasio kecukupannya tidak dihitung.",
                "No standard says whom one of these facilities serves, so their sufficiency is not computed.",
            )
        )
    if asked.way == "straight":
        findings.append(
            Finding(
                "info",
                "streets_not_asked",
                "Hanya garis lurus yang diminta; cakupan menurut jaringan jalan tidak dihitung.",
                "Only the straight line was asked for; coverage along the streets was not computed.",
            )
        )
    if asked.way == "network":
        findings.append(
            Finding(
                "info",
                "straight_not_asked",
                "Hanya jaringan jalan yang diminta; cakupan menurut garis lurus tidak dihitung.",
                "Only the streets were asked for; coverage by straight line was not computed.",
            )
        )
    return findings
