"""The drawn register of projects: packages of four years, each with the events that made it what it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from app.demo.amenities import Facility
from app.demo.boundaries import Boundaries
from app.demo.bridges import Bridge
from app.demo.curves import blob
from app.demo.life import CASES, TODAY, Case, Life, events_of, live, live_case, live_weight, watch
from app.demo.mesh import Random
from app.demo.names import contractor_names
from app.demo.network import Road
from app.demo.parks import Park
from app.demo.rivers import Water
from app.demo.settlements import Settlements
from app.demo.surveys import cut_line
from gis.constants import M_PER_KM
from gis.figures import Rule
from gis.types import FloatArray

YEARS = {2023: 0.21, 2024: 0.24, 2025: 0.26, 2026: 0.29}
LocationKind = Literal["planned", "contracted", "built"]
ACCURACY_M: dict[LocationKind, tuple[float, float]] = {"planned": (25, 100), "contracted": (5, 20), "built": (1.5, 5)}
OFFSET_M: dict[LocationKind, float] = {"planned": 18.0, "contracted": 3.5, "built": 1.2}

CONSULTANCY_SHARE = 0.06  # of the packages from the second year on: design or supervision of another one
CONSULTANCY_COST = 0.045
WEIGHT_CEILINGS_IDR = (1e9, 9e9)  # the two packages of vector T10

SECTORS = {
    "roads": ("JLN", 0.44),
    "bridges": ("JBT", 0.09),
    "drainage": ("DRN", 0.08),
    "water_resources": ("SDA", 0.08),
    "water_supply": ("AIR", 0.07),
    "sanitation": ("SAN", 0.05),
    "buildings": ("GDG", 0.08),
    "settlements": ("PKM", 0.05),
    "parks": ("RTH", 0.04),
    "spatial_planning": ("RTR", 0.02),
}
ROAD_WORKS = {  # what is done: rupiah per km, how often
    "Peningkatan": (3.9e9, 0.34),
    "Rekonstruksi": (4.8e9, 0.2),
    "Rehabilitasi": (2.1e9, 0.2),
    "Pemeliharaan Berkala": (1.1e9, 0.26),
}


@dataclass(frozen=True)
class Event:
    """On a day, some fields of a project became so."""

    day: dt.date
    changes: dict[str, Any]


@dataclass
class Project:
    """One package: what never changes, where it is, and its events up to `TODAY`, oldest first."""

    code: str
    name: str
    sector: str
    year: int
    locations: dict[LocationKind, BaseGeometry]
    accuracy_m: dict[LocationKind, float]
    events: list[Event] = field(default_factory=list)
    road: int | None = None
    stations: tuple[float, float] = (0.0, 0.0)
    serves: tuple[str, Literal["design", "supervision"]] | None = None  # code of the package it designs or supervises
    life: Life = field(default_factory=lambda: Life(0.0, []))

    def versions(self) -> list[tuple[dt.date, dict[str, Any]]]:
        """Return the day each version began and all its fields; the last is the present one."""
        state: dict[str, Any] = {}
        versions = []
        for event in self.events:
            state = {**state, **event.changes}
            versions.append((event.day, state))
        return versions

    @property
    def handed_over_on(self) -> dt.date | None:
        """The day of provisional hand-over, if it has come."""
        return next((event.day for event in self.events if event.changes.get("status") == "handed_over"), None)


@dataclass(frozen=True)
class Sites:
    """What projects can be about."""

    boundaries: Boundaries
    settlements: Settlements
    roads: list[Road]
    legal_m: FloatArray
    bridges: list[Bridge]
    facilities: list[Facility]
    parks: list[Park]
    water: Water


@dataclass(frozen=True)
class _Idea:
    name: str
    shape: BaseGeometry
    cost_idr: float
    road: int | None = None
    stations: tuple[float, float] = (0.0, 0.0)


def draw_register(random: Random, sites: Sites, count: int, rules: Mapping[str, Rule]) -> list[Project]:
    """Draw so many projects, over all years and sectors; where there is room they hold the reference's vectors."""
    sectors = list(SECTORS)
    shares = np.array([share for _, share in SECTORS.values()])
    contractors = contractor_names()
    years = sorted(random.choice(list(YEARS), count, p=list(YEARS.values())).tolist())
    special = _special(years)
    serial: dict[tuple[int, str], int] = {}
    projects: list[Project] = []
    shapely.prepare(sites.boundaries.outline)
    for index, year in enumerate(years):
        sector = "roads" if index in special else str(random.choice(sectors, p=shares / shares.sum()))
        served = None if index in special else _served(random, projects, year)
        idea = _consultancy(random, served) if served else _IDEAS[sector](random, sites)
        sector = served.sector if served else sector
        serial[year, sector] = serial.get((year, sector), 0) + 1
        project = Project(
            f"{year}-{SECTORS[sector][0]}-{serial[year, sector]:03}",
            idea.name,
            sector,
            year,
            _locations(random, idea.shape, sites.boundaries.outline),
            _accuracies(random),
            road=idea.road,
            stations=idea.stations,
            serves=(served.code, "design" if idea.name.startswith("Perencanaan") else "supervision")
            if served
            else None,
        )
        project.life = _life(random, special.get(index), year, sector, idea.cost_idr, len(contractors))
        watch(random, project.life, year, rules)
        company = project.life.company
        project.events = [
            Event(*event) for event in events_of(project.life, None if company is None else contractors[company])
        ]
        _forget_places(project)
        projects.append(project)
    return projects


def _special(years: list[int]) -> dict[int, Case | float]:
    """Return which packages of the current year hold a vector: a case by report, or a ceiling of T10."""
    current = [index for index, year in enumerate(years) if year == TODAY.year]
    vectors: list[Case | float] = [*CASES, *WEIGHT_CEILINGS_IDR]
    return dict(zip(current[:: max(1, len(current) // len(vectors))], vectors, strict=False)) if current else {}


def _life(random: Random, vector: Case | float | None, year: int, sector: str, cost_idr: float, companies: int) -> Life:
    if isinstance(vector, Case):
        return live_case(random, vector, year, sector, cost_idr, companies)
    if vector is not None:
        return live_weight(vector, year, done=vector == min(WEIGHT_CEILINGS_IDR))
    return live(random, year, sector, cost_idr, companies)


def _served(random: Random, projects: list[Project], year: int) -> Project | None:
    """Choose a package of this year or the year before that is still without a consultant, now and then."""
    if random.random() >= CONSULTANCY_SHARE:
        return None
    taken = {project.serves[0] for project in projects if project.serves}
    free = [one for one in projects if one.year in {year, year - 1} and one.serves is None and one.code not in taken]
    return free[int(random.integers(len(free)))] if free else None


def _consultancy(random: Random, served: Project) -> _Idea:
    work = "Perencanaan Teknis" if random.random() < 0.4 else "Pengawasan Teknis"
    cost = max(5e7, served.life.ceiling_idr * CONSULTANCY_COST)
    return _Idea(f"{work} {served.name}", served.locations["planned"], cost)


def _forget_places(project: Project) -> None:
    """Keep of the locations only those that are known at the stage reached."""
    reached = project.versions()[-1][1]["status"]
    if reached in {"planned", "announced", "tender", "cancelled", "failed_tender"}:
        del project.locations["contracted"], project.locations["built"]
    elif project.handed_over_on is None:
        del project.locations["built"]


def _locations(random: Random, shape: BaseGeometry, outline: BaseGeometry) -> dict[LocationKind, BaseGeometry]:
    """Return where it was planned, contracted and built: the same place known ever better, never beyond the border."""
    locations: dict[LocationKind, BaseGeometry] = {}
    for kind, offset_m in OFFSET_M.items():
        moved = affinity.translate(shape, *random.normal(0, offset_m, 2))
        moved = moved if shapely.intersects(outline, moved) else shape
        locations[kind] = shapely.simplify(moved, offset_m / 2) if kind == "planned" else moved
    return locations


def _accuracies(random: Random) -> dict[LocationKind, float]:
    return {kind: float(np.round(random.uniform(*span), 1)) for kind, span in ACCURACY_M.items()}


def _village_at(sites: Sites, place: FloatArray) -> str:
    return sites.boundaries.villages[
        max(int(sites.boundaries.village_of[sites.boundaries.mesh.cells_at(place)]), 0)
    ].name


def _own_road(random: Random, sites: Sites) -> int:
    own = [index for index, road in enumerate(sites.roads) if road.status in {"regency", "city"}]
    weights = np.sqrt(sites.legal_m[own])
    return int(random.choice(own, p=weights / weights.sum()))


def _stretch(random: Random, sites: Sites, index: int, longest_m: float) -> tuple[BaseGeometry, tuple[float, float]]:
    """Choose a stretch of a road by its stations."""
    legal = float(sites.legal_m[index])
    length = min(legal, float(np.round(random.uniform(0.25, 1.0) * longest_m, -2)) or legal)
    start = float(np.round(random.uniform(0, legal - length), -2))
    end = min(start + length, legal)
    line = cut_line(sites.roads[index].line, np.array([start, end]) / legal)[0]
    return shapely.LineString(line), (start, end)


def _roads(random: Random, sites: Sites) -> _Idea:
    index = _own_road(random, sites)
    shape, stations = _stretch(random, sites, index, 3_200)
    works = list(ROAD_WORKS)
    work = str(random.choice(works, p=[share for _, share in ROAD_WORKS.values()]))
    road = sites.roads[index]
    name = f"{road.name}, {road.end}" if road.name.startswith("Jalan ") else f"Jalan {road.name}"
    cost = ROAD_WORKS[work][0] * (stations[1] - stations[0]) / M_PER_KM * random.uniform(0.8, 1.25)
    return _Idea(f"{work} {name}", shape, max(cost, 2e8), index, stations)


def _bridges(random: Random, sites: Sites) -> _Idea:
    if not sites.bridges:
        return _roads(random, sites)
    bridge = sites.bridges[random.integers(len(sites.bridges))]
    work, per_m = ("Penggantian", 1.9e8) if bridge.condition_value in "345" else ("Rehabilitasi", 4.5e7)
    return _Idea(f"{work} {bridge.name}", shapely.Point(bridge.place), max(3e8, per_m * bridge.length_m))


def _drainage(random: Random, sites: Sites) -> _Idea:
    index = _own_road(random, sites)
    shape, _ = _stretch(random, sites, index, 900)
    road = sites.roads[index]
    name = f"{road.name}, {road.end}" if road.name.startswith("Jalan ") else f"Ruas {road.name}"
    return _Idea(f"Pembangunan Drainase {name}", shape, max(1.5e8, 1.5e6 * shape.length))


def _water_resources(random: Random, sites: Sites) -> _Idea:
    rivers = [
        (shape, name)
        for shape, name, kind in zip(sites.water.shapes, sites.water.names, sites.water.kinds, strict=True)
        if kind in {"river", "stream"}
    ]
    if not rivers or random.random() < 0.4:
        place = _any_seat(random, sites)
        return _Idea(
            f"Rehabilitasi Jaringan Irigasi D.I. {_village_at(sites, place)}",
            _patch(random, sites, place, 420, away=900),
            9e8,
        )
    river, name = rivers[random.integers(len(rivers))]
    line = shapely.get_coordinates(river)
    share = random.uniform(0, 0.9)
    part = cut_line(line, np.array([share, min(1.0, share + random.uniform(200, 800) / river.length)]))[0]
    return _Idea(f"Perkuatan Tebing {name} di {_village_at(sites, part[0])}", shapely.LineString(part), 3.1e9)


def _water_supply(random: Random, sites: Sites) -> _Idea:
    place = _any_seat(random, sites)
    return _Idea(
        f"Pembangunan SPAM Jaringan Perpipaan {_village_at(sites, place)}", _patch(random, sites, place, 260), 1.2e9
    )


def _sanitation(random: Random, sites: Sites) -> _Idea:
    place = _any_seat(random, sites)
    beside = place + random.normal(0, 90, 2)
    inside = shapely.contains_xy(sites.boundaries.outline, *beside)
    name = f"Pembangunan SPALD Setempat {_village_at(sites, place)}"
    return _Idea(name, shapely.Point(beside if inside else place), 6.5e8)


def _buildings(random: Random, sites: Sites) -> _Idea:
    public = [one for one in sites.facilities if one.kind not in {"worship", "kindergarten"}]
    facility = public[random.integers(len(public))]
    work = "Rehabilitasi" if random.random() < 0.7 else "Pembangunan"
    return _Idea(f"{work} Gedung {facility.name}", shapely.Point(facility.place), float(random.uniform(4e8, 4.5e9)))


def _settlements(random: Random, sites: Sites) -> _Idea:
    place = _any_seat(random, sites)
    return _Idea(f"Penataan Permukiman {_village_at(sites, place)}", _patch(random, sites, place, 170), 1.9e9)


def _parks(random: Random, sites: Sites) -> _Idea:
    public = [park for park in sites.parks if park.ownership == "public"]
    if not public:
        return _settlements(random, sites)
    park = public[random.integers(len(public))]
    work = "Pembangunan" if random.random() < 0.4 else "Penataan"
    shape = max(shapely.get_parts(park.shape), key=lambda part: part.area)
    return _Idea(f"{work} {park.name}", shape, float(np.clip(shape.area * 1.2e5, 2.5e8, 6e9)))


def _spatial_planning(random: Random, sites: Sites) -> _Idea:
    index = int(random.integers(len(sites.settlements.urban_shapes)))
    shape = max(shapely.get_parts(sites.settlements.urban_shapes[index]), key=lambda part: part.area)
    return _Idea(f"Penyusunan RDTR {sites.settlements.urban_names[index]}", shape, 1.1e9)


def _any_seat(random: Random, sites: Sites) -> FloatArray:
    seat: FloatArray = sites.boundaries.village_seats[random.integers(len(sites.boundaries.villages))]
    return seat


def _patch(random: Random, sites: Sites, place: FloatArray, radius_m: float, away: float = 60.0) -> BaseGeometry:
    """Return an area near a place, inside the region."""
    shape = shapely.intersection(
        blob(
            random,
            place + random.normal(0, away / 2, 2),
            radius_m * random.uniform(0.6, 1.2),
            roughness=0.3,
            corners=24,
        ),
        sites.boundaries.outline,
    )
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return max(parts, key=lambda part: part.area) if parts else shapely.Point(place).buffer(30, quad_segs=4)


_IDEAS = {
    "roads": _roads,
    "bridges": _bridges,
    "drainage": _drainage,
    "water_resources": _water_resources,
    "water_supply": _water_supply,
    "sanitation": _sanitation,
    "buildings": _buildings,
    "settlements": _settlements,
    "parks": _parks,
    "spatial_planning": _spatial_planning,
}
