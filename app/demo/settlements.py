"""Who lives where: population, towns and their size, urban areas, place names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from app.admin.region import Region, kind_of, short_name
from app.demo.boundaries import Boundaries
from app.demo.curves import blob
from app.demo.mesh import Random
from gis.constants import M2_PER_KM2
from gis.types import BoolArray, FloatArray, GeometryArray, IntArray

RURAL_MEDIAN = 1_750  # persons of a village
TOWN_FACTOR, CAPITAL_FACTOR = 2.6, 4.5
CITY_DENSITY, METROPOLIS_DENSITY = 5_600, 15_500  # persons per km² of a city, and of one among several in a province
GROWTH_2020_TO_2025 = 0.052
PERSONS_PER_HOUSEHOLD = 3.4
MALE_SHARE = 0.509
TOWN_RADIUS_M, CAPITAL_RADIUS_M = 620.0, 1_750.0
URBAN_TOWNS = 3  # urban areas of a regency besides its capital


@dataclass(frozen=True)
class Settlements:
    """
    People and built-up places, in metres of the plane; arrays are by village unless said.

    Attributes
    ----------
    is_town
        Whether the village is its district's town.
    in_city
        Whether the village belongs to a city rather than a regency.
    town_of_district
        Index of the village that is each district's town.
    built_radius_m
        How far streets reach from the village's seat.
    urban_angles
        Direction of the streets of each urban area (radians).
    """

    population_2020: IntArray
    population_2025: IntArray
    is_town: BoolArray
    in_city: BoolArray
    town_of_district: IntArray
    capital_village: int
    built_radius_m: FloatArray
    urban_shapes: GeometryArray
    urban_names: list[str]
    urban_angles: FloatArray


def settle(random: Random, region: Region, boundaries: Boundaries, regency_names: dict[str, str]) -> Settlements:
    """
    Let people live in the villages, more of them in towns and cities.

    Parameters
    ----------
    regency_names
        Names of the regencies and cities by their codes.
    """
    in_city = np.array([kind_of(one.code[:5]) == "city" for one in boundaries.villages])
    town_of_district = _towns(boundaries)
    is_town = np.isin(np.arange(len(boundaries.villages)), town_of_district)
    capital = int(town_of_district[boundaries.capital])
    areas_km2 = shapely.area(boundaries.village_shapes) / M2_PER_KM2
    density = METROPOLIS_DENSITY if region.kind == "province" else CITY_DENSITY
    spread = random.lognormal(0, 0.38, len(areas_km2))
    rural = RURAL_MEDIAN * spread * np.where(is_town, TOWN_FACTOR, 1.0)
    rural[capital] *= CAPITAL_FACTOR / TOWN_FACTOR
    now = np.where(in_city, density * areas_km2 * spread, rural).round().astype(np.int64)
    growth = random.normal(GROWTH_2020_TO_2025, 0.02, len(now))
    before = (now / (1 + growth)).round().astype(np.int64)
    radius = np.clip(190 + 4.2 * np.sqrt(now), 200, 480)
    radius[is_town] = TOWN_RADIUS_M * random.uniform(0.8, 1.3, is_town.sum())
    radius[capital] = CAPITAL_RADIUS_M
    shapes, names = _urban_areas(random, region, boundaries, town_of_district, now, regency_names)
    angles = random.uniform(0, np.pi / 2, len(names))
    return Settlements(before, now, is_town, in_city, town_of_district, capital, radius, shapes, names, angles)


def street_angle(settlements: Settlements, place: FloatArray) -> float:
    """Return the direction of the streets at a place (metres): that of the nearest urban area (radians)."""
    nearest = shapely.distance(settlements.urban_shapes, shapely.Point(place)).argmin()
    return float(settlements.urban_angles[nearest])


def _towns(boundaries: Boundaries) -> IntArray:
    """Return the village nearest each district's town cell."""
    towns = np.zeros(len(boundaries.districts), dtype=np.int64)
    seats = boundaries.village_seats
    for index in range(len(boundaries.districts)):
        own = np.flatnonzero(boundaries.district_of_village == index)
        towns[index] = own[0]
        place = boundaries.mesh.points[boundaries.town_cells[index]]
        district = boundaries.districts[index].name
        ranks = [
            (district not in boundaries.villages[one].name, not boundaries.villages[one].is_ward,
             float(np.hypot(*(seats[one] - place))))
            for one in own
        ]  # fmt: skip
        towns[index] = own[min(range(len(own)), key=lambda one: ranks[one])]
    return towns


def _urban_areas(
    random: Random,
    region: Region,
    boundaries: Boundaries,
    towns: IntArray,
    population: IntArray,
    regency_names: dict[str, str],
) -> tuple[GeometryArray, list[str]]:
    """Draw where the green-space law applies: a whole city, or the towns of a regency."""
    shapes: list[BaseGeometry] = []
    names: list[str] = []
    codes = [one.code for one in boundaries.districts]
    for part in sorted({code[:5] for code in codes}):
        own = [index for index, code in enumerate(codes) if code[:5] == part]
        if kind_of(part) == "city":
            shapes.append(shapely.coverage_union_all(boundaries.district_shapes[own]))
            names.append(f"Kawasan Perkotaan {short_name(regency_names[part])}")
            continue
        has_capital = boundaries.capital in own
        first = [boundaries.capital] if has_capital else []
        others = sorted((index for index in own if index not in first), key=lambda index: -population[towns[index]])
        for index in first + others[: URBAN_TOWNS if region.kind == "regency" else 1]:
            seat = boundaries.village_seats[towns[index]]
            radius = CAPITAL_RADIUS_M * 1.25 if index in first else TOWN_RADIUS_M * random.uniform(1.5, 2.0)
            inside = shapely.intersection(blob(random, seat, radius, roughness=0.2), boundaries.outline)
            shapes.append(max(shapely.get_parts(inside), key=shapely.area))
            names.append(f"Kawasan Perkotaan {boundaries.districts[index].name}")
    return np.array(shapes, dtype=object), names
