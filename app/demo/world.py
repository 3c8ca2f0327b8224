"""The whole demonstration of a region, drawn in one go from the seed that its code gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.admin.region import Region
from app.demo.amenities import Facility, Place, draw_facilities, draw_places
from app.demo.boundaries import Area, Boundaries, draw_boundaries
from app.demo.bridges import Bridge, draw_bridges
from app.demo.buildings import Building, draw_buildings
from app.demo.curves import lines_from
from app.demo.network import Road, draw_network
from app.demo.parks import Park, draw_parks
from app.demo.register import Project, Sites, draw_register
from app.demo.rivers import Water, draw_water
from app.demo.settlements import Settlements, settle
from app.demo.streets import Streets, draw_streets
from app.demo.surveys import SURVEY_DATES, Segments, choose_surfaces, legal_lengths, survey
from app.demo.zones import Zones, draw_zones
from gis.figures import Rule
from gis.measure import length_m
from gis.types import FloatArray

STATUS_ORDER = ("national", "provincial", "regency", "city")
STATUS_PREFIX = {"national": "N", "provincial": "P", "regency": "", "city": ""}
SERIES = 7  # part of the seed: another number, another drawing


@dataclass(frozen=True)
class World:
    """All that is drawn, in metres of the plane `boundaries.plane`."""

    region: Region
    boundaries: Boundaries
    water: Water
    settlements: Settlements
    roads: list[Road]
    road_codes: list[str]
    legal_m: FloatArray
    segments: Segments
    streets: Streets
    bridges: list[Bridge]
    facilities: list[Facility]
    places: list[Place]
    parks: list[Park]
    zones: Zones
    buildings: list[Building]
    projects: list[Project]


def draw_world(
    region: Region,
    districts: list[Area],
    villages: list[Area],
    *,
    regency_names: dict[str, str],
    rules: dict[str, Rule],
    projects: int,
) -> World:
    """
    Draw everything for a region; the same region gives the same drawing.

    Parameters
    ----------
    districts, villages
        Of the national code list, in the order of their codes.
    regency_names
        Names of the regencies and cities by their codes.
    rules
        In force; the surveys take class bounds and segment length from them.
    projects
        How many packages the register holds.
    """
    random = np.random.default_rng([SERIES, *(int(part) for part in region.code.split("."))])
    boundaries = draw_boundaries(random, region, districts, villages)
    water = draw_water(random, boundaries)
    settlements = settle(random, region, boundaries, regency_names)
    roads = draw_network(random, boundaries, settlements)
    parks = draw_parks(random, boundaries, settlements, water, roads)
    streets, town_roads = draw_streets(random, boundaries, settlements, roads, parks)
    roads = sorted([*roads, *town_roads], key=lambda road: (STATUS_ORDER.index(road.status), road.district, road.name))
    choose_surfaces(random, roads)
    legal = legal_lengths(random, length_m(boundaries.plane.geometries(lines_from([road.line for road in roads]))))
    bridges = draw_bridges(random, roads, legal, water)
    facilities = draw_facilities(random, region, boundaries, settlements)
    register = draw_register(
        random, Sites(boundaries, settlements, roads, legal, bridges, facilities, parks, water), projects, rules
    )
    return World(
        region=region,
        boundaries=boundaries,
        water=water,
        settlements=settlements,
        roads=roads,
        road_codes=_codes(roads),
        legal_m=legal,
        segments=survey(random, roads, legal, _renewed(register), rules),
        streets=streets,
        bridges=bridges,
        facilities=facilities,
        places=draw_places(random, region, boundaries, settlements),
        parks=parks,
        zones=draw_zones(random, boundaries, settlements, water),
        buildings=draw_buildings(random, settlements, streets, parks, facilities),
        projects=register,
    )


def _codes(roads: list[Road]) -> list[str]:
    """Number the roads of each authority: N001 and P001 the nation's and the province's, 0001 the regency's own."""
    counts: dict[str, int] = {}
    codes = []
    for road in roads:
        prefix = STATUS_PREFIX[road.status]
        counts[prefix] = counts.get(prefix, 0) + 1
        codes.append(f"{prefix}{counts[prefix]:0{3 if prefix else 4}}")
    return codes


def _renewed(projects: list[Project]) -> dict[int, list[tuple[float, float]]]:
    """Return the stations renewed by works handed over between the two surveys, by road."""
    first, second = sorted(SURVEY_DATES.values())
    renewed: dict[int, list[tuple[float, float]]] = {}
    for project in projects:
        done = project.handed_over_on
        if project.road is not None and done is not None and first < done <= second:
            renewed.setdefault(project.road, []).append(project.stations)
    return renewed
