"""The drawn facilities and place names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from app.admin.region import Region
from app.demo.boundaries import Boundaries
from app.demo.mesh import Random
from app.demo.names import MOSQUE_NAMES
from app.demo.settlements import Settlements
from gis.types import FloatArray

PERSONS_PER_PRIMARY_SCHOOL = 2_600
HAMLETS_PER_VILLAGE = 0.7
HAMLET_NAMES = (
    "Sukamaju",
    "Karang Tengah",
    "Sido Rukun",
    "Talang Baru",
    "Margo Mulyo",
    "Tanjung Sari",
    "Sinar Harapan",
    "Bukit Indah",
)


@dataclass(frozen=True)
class Facility:
    """One facility at a place (metres)."""

    place: FloatArray
    name: str
    kind: str
    address: str
    capacity: int | None = None


@dataclass(frozen=True)
class Place:
    """One name on the map at a place (metres)."""

    place: FloatArray
    name: str
    kind: str
    population: int | None


def draw_facilities(random: Random, region: Region, boundaries: Boundaries, settlements: Settlements) -> list[Facility]:
    """Give villages schools and health posts, towns what a district has, and the capital the rest."""
    facilities: list[Facility] = []

    def add(village: int, kind: str, name: str, capacity: int | None = None) -> None:
        seat, reach = boundaries.village_seats[village], settlements.built_radius_m[village]
        angle, away = random.uniform(0, 2 * np.pi), reach * np.sqrt(random.uniform(0.01, 0.8))
        place = seat + away * np.array([np.cos(angle), np.sin(angle)])
        if not shapely.contains_xy(boundaries.village_shapes[village], *place):
            place = seat
        facilities.append(Facility(place, name, kind, boundaries.villages[village].name, capacity))

    for index, village in enumerate(boundaries.villages):
        people = int(settlements.population_2025[index])
        for number in range(1, 1 + min(6, max(1, round(people / PERSONS_PER_PRIMARY_SCHOOL)))):
            add(index, "primary_school", f"SD Negeri {number} {village.name}", int(random.integers(90, 340)))
        add(index, "worship", f"Masjid {MOSQUE_NAMES[random.integers(len(MOSQUE_NAMES))]}")
        add(index, "health_post", f"Posyandu {village.name}")
        office = "Kantor Lurah" if village.is_ward else "Kantor Desa"
        add(index, "government", f"{office} {village.name}")
        if random.random() < 0.35:
            add(index, "kindergarten", f"PAUD {village.name}", int(random.integers(20, 70)))
        if random.random() < 0.2:
            add(index, "sub_health_centre", f"Puskesmas Pembantu {village.name}")
    for district, town in zip(boundaries.districts, settlements.town_of_district.tolist(), strict=True):
        for kind, name in (
            ("junior_high_school", f"SMP Negeri 1 {district.name}"),
            ("senior_high_school", f"SMA Negeri 1 {district.name}"),
            ("health_centre", f"Puskesmas {district.name}"),
            ("market", f"Pasar {district.name}"),
            ("government", f"Kantor Camat {district.name}"),
        ):
            add(town, kind, name)
    capital, name = settlements.capital_village, region.name
    for kind, label in (
        ("hospital", f"RSUD {name}"),
        ("terminal", f"Terminal {name}"),
        ("fire_station", f"Pos Pemadam Kebakaran {name}"),
        ("government", f"Kantor {region.head_title} {name}"),
        ("senior_high_school", f"SMK Negeri 1 {name}"),
    ):
        add(capital, kind, label)
    return facilities


def draw_places(random: Random, region: Region, boundaries: Boundaries, settlements: Settlements) -> list[Place]:
    """Name capital, district towns, villages, and some hamlets between them."""
    places = []
    towns = {int(village): district for district, village in enumerate(settlements.town_of_district)}
    for index, village in enumerate(boundaries.villages):
        kind, name = "village", village.name
        if index in towns:
            kind, name = "district_capital", boundaries.districts[towns[index]].name
        if index == settlements.capital_village:
            kind = "regency_capital"
            name = region.name if region.kind == "city" else name
        places.append(Place(boundaries.village_seats[index], name, kind, int(settlements.population_2025[index])))
        if not settlements.in_city[index] and random.random() < HAMLETS_PER_VILLAGE:
            cells = np.flatnonzero(boundaries.village_of == index)
            place = boundaries.mesh.points[random.choice(cells)]
            if np.hypot(*(place - boundaries.village_seats[index])) > 2 * settlements.built_radius_m[index]:
                places.append(Place(place, f"Dusun {HAMLET_NAMES[random.integers(len(HAMLET_NAMES))]}", "hamlet", None))
    return places
