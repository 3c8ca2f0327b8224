"""The drawn register of projects: packages of four years, each with the events that made it what it is."""

from __future__ import annotations

import datetime as dt
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
from app.demo.mesh import Random
from app.demo.names import contractor_names
from app.demo.network import Road
from app.demo.parks import Park
from app.demo.rivers import Water
from app.demo.settlements import Settlements
from app.demo.surveys import cut_line
from gis.constants import M_PER_KM
from gis.types import FloatArray

TODAY = dt.date(2026, 11, 20)
"""The day the demonstration speaks of; fixed, so that the same region gives the same data."""

YEARS = {2023: 0.21, 2024: 0.24, 2025: 0.26, 2026: 0.29}
LocationKind = Literal["planned", "contracted", "built"]
ACCURACY_M: dict[LocationKind, tuple[float, float]] = {"planned": (25, 100), "contracted": (5, 20), "built": (1.5, 5)}
OFFSET_M: dict[LocationKind, float] = {"planned": 18.0, "contracted": 3.5, "built": 1.2}

LATE_SHARE, VERY_LATE_SHARE = 0.3, 0.03
FATES = {"cancelled": 0.015, "failed_tender": 0.02, "terminated": 0.02}
STOPPED_SHARE = 0.03  # of the current year's
NOT_STARTED_SHARE = 0.09
MAINTENANCE_DAYS = 180
UPDATE_DAYS = 28

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
FUNDS = {"roads": ("DAU", "DAK_FISIK", "DBH", "BANPROV", "PAD"), "bridges": ("DAK_FISIK", "DAU", "BANPROV")}
OTHER_FUNDS = ("DAU", "PAD", "DBH", "DAK_FISIK", "INSENTIF_FISKAL")


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


def draw_register(random: Random, sites: Sites, count: int) -> list[Project]:
    """Draw so many projects, over all years and sectors."""
    sectors = list(SECTORS)
    shares = np.array([share for _, share in SECTORS.values()])
    contractors = contractor_names()
    years = sorted(random.choice(list(YEARS), count, p=list(YEARS.values())).tolist())
    serial: dict[tuple[int, str], int] = {}
    projects = []
    shapely.prepare(sites.boundaries.outline)
    for year in years:
        sector = str(random.choice(sectors, p=shares / shares.sum()))
        idea = _IDEAS[sector](random, sites)
        serial[year, sector] = serial.get((year, sector), 0) + 1
        code = f"{year}-{SECTORS[sector][0]}-{serial[year, sector]:03}"
        project = Project(
            code,
            idea.name,
            sector,
            year,
            _locations(random, idea.shape, sites.boundaries.outline),
            _accuracies(random),
            road=idea.road,
            stations=idea.stations,
        )
        contractor = contractors[random.integers(len(contractors))]
        project.events = _events(random, project, idea.cost_idr, contractor)
        reached = project.versions()[-1][1]["status"]
        if reached in {"planned", "announced", "tender", "cancelled", "failed_tender"}:
            del project.locations["contracted"], project.locations["built"]
        elif project.handed_over_on is None:
            del project.locations["built"]
        projects.append(project)
    return projects


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


def _events(random: Random, project: Project, cost_idr: float, contractor: str) -> list[Event]:
    """Tell a package's life from plan to hand-over, as far as it has come."""
    year = project.year
    ceiling = float(np.round(cost_idr / 1e6) * 1e6)
    value = float(np.round(ceiling * random.uniform(0.86, 0.992) / 1e3) * 1e3)
    start = dt.date(year, 3, 6) + dt.timedelta(days=int(random.integers(0, 140)))
    if year == TODAY.year and random.random() < NOT_STARTED_SHARE:
        start = TODAY + dt.timedelta(days=int(random.integers(3, 90)))
    days = int(random.integers(110, 230))
    end = min(start + dt.timedelta(days=days - 1), max(dt.date(year, 12, 20), start + dt.timedelta(days=30)))
    events = [
        Event(
            max(dt.date(year - 1, 11, 15), dt.date(2023, 1, 9)),
            {"status": "planned", "ceiling_idr": ceiling, "fund_source": _fund(random, project.sector)},
        ),
        Event(dt.date(year, 1, 16), {"status": "announced"}),
        Event(start - dt.timedelta(days=int(random.integers(40, 55))), {"status": "tender"}),
    ]
    fate = str(random.choice([*FATES, "done"], p=[*FATES.values(), 1 - sum(FATES.values())]))
    if fate in {"cancelled", "failed_tender"}:
        events.append(Event(start - dt.timedelta(days=10), {"status": fate}))
        return _until_today(events)
    contract = {
        "status": "contract",
        "contract_value_idr": value,
        "contractor": contractor,
        "start_date": start,
        "end_date": end,
    }
    events.append(Event(start - dt.timedelta(days=int(random.integers(5, 14))), contract))
    events += _progress(random, year, start, end, fate)
    return _until_today(events)


def _progress(random: Random, year: int, start: dt.date, end: dt.date, fate: str) -> list[Event]:
    """Tell the work itself: a report every four weeks, then hand-over, maintenance and the end; or a stop."""
    late = random.random()
    if year < TODAY.year - 1 or late >= LATE_SHARE:
        finish = end - dt.timedelta(days=int(random.integers(0, 14)))
    else:
        finish = end + dt.timedelta(days=int(random.integers(12, 70)))
    if year == TODAY.year - 1 and late < VERY_LATE_SHARE:
        finish = end + dt.timedelta(days=460)
    finish = max(finish, start + dt.timedelta(days=20))
    halted = None
    if fate == "terminated" or (year == TODAY.year and random.random() < STOPPED_SHARE):
        halted = start + (end - start) * float(random.uniform(0.45, 0.85))
    events = [Event(start, {"status": "construction", **_percents(start, start, end, finish)})]
    day = start
    while (day := min(day + dt.timedelta(days=UPDATE_DAYS), finish)) < finish:
        if halted and day >= halted:
            status = "terminated" if fate == "terminated" else "stopped"
            events.append(
                Event(day, {"status": status, **_percents(halted, start, end, finish), "progress_date": halted})
            )
            return events
        if day <= TODAY:
            events.append(Event(day, _percents(day, start, end, finish)))
    if finish > TODAY:
        last = TODAY - dt.timedelta(days=int(random.integers(0, 12)))
        if last > events[-1].day and start < last:
            events.append(Event(last, _percents(last, start, end, finish)))
        return events
    events.append(Event(finish, {"status": "handed_over", **_percents(finish, start, end, finish)}))
    events.append(Event(finish + dt.timedelta(days=14), {"status": "maintenance"}))
    events.append(Event(finish + dt.timedelta(days=MAINTENANCE_DAYS), {"status": "finished"}))
    return events


def _percents(day: dt.date, start: dt.date, end: dt.date, finish: dt.date) -> dict[str, Any]:
    """Return plan and actual on a day, along S-curves from start to contract end and from start to real finish."""
    return {
        "planned_percent": _s_curve((day - start).days / max((end - start).days, 1)),
        "physical_percent": _s_curve((day - start).days / max((finish - start).days, 1)),
        "progress_date": day,
    }


def _s_curve(share: float) -> float:
    x = min(max(share, 0.0), 1.0)
    return round(100 * x * x * (3 - 2 * x), 2)


def _until_today(events: list[Event]) -> list[Event]:
    """Order events by day, one day apart at least, and leave the future out."""
    ordered = sorted(events, key=lambda event: event.day)
    kept: list[Event] = []
    for event in ordered:
        day = event.day if not kept or event.day > kept[-1].day else kept[-1].day + dt.timedelta(days=1)
        if day <= TODAY:
            kept.append(Event(day, event.changes))
    return kept


def _fund(random: Random, sector: str) -> str:
    funds = FUNDS.get(sector, OTHER_FUNDS)
    return str(funds[random.integers(len(funds))])


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
