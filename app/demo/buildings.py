"""The drawn buildings: houses along the streets of the urban areas, and the facilities'."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from app.demo.amenities import Facility
from app.demo.curves import directions_along, distances_along, places_along
from app.demo.mesh import Random
from app.demo.parks import Park
from app.demo.settlements import Settlements
from app.demo.streets import Streets
from gis.types import BoolArray, FloatArray, GeometryArray

PLOT_M = 24.0  # along a street
SETBACK_M = 13.0
HOUSES = 4_500  # at most; a larger town has the same number, thinner spread
BUILT_SHARE = 0.55
FACILITY_SIDE_M = {
    "hospital": 62.0,
    "market": 46.0,
    "senior_high_school": 42.0,
    "junior_high_school": 38.0,
    "terminal": 40.0,
}
SIDE_M = 20.0
FREE_KINDS = frozenset({"health_post", "worship"})


@dataclass(frozen=True)
class Building:
    """One building (metres)."""

    shape: BaseGeometry
    name: str | None
    kind: str
    levels: int
    amenity: str | None = None


def draw_buildings(
    random: Random, settlements: Settlements, streets: Streets, parks: list[Park], facilities: list[Facility]
) -> list[Building]:
    """Stand houses beside the streets of urban areas and a building on each larger facility's place; none overlap."""
    public = [one for one in facilities if one.kind not in FREE_KINDS]
    sides = np.array([FACILITY_SIDE_M.get(one.kind, SIDE_M) for one in public])
    angles = random.uniform(0, np.pi, len(public))
    halls = _rectangles(np.array([one.place for one in public]).reshape(-1, 2), angles, sides, sides * 0.6)
    places, turned = _plots(random, settlements, streets)
    size = random.uniform(8, 14, (len(places), 2))
    houses = _rectangles(places, turned, size[:, 0], size[:, 1])
    free = _free(houses, [*(park.shape for park in parks), *halls])
    houses = houses[_apart(houses, free)]
    return [
        *(
            Building(shape, one.name, "public", 2 if one.kind in FACILITY_SIDE_M else 1, one.kind)
            for shape, one in zip(halls, public, strict=True)
        ),
        *(Building(shape, None, "house", 1 + int(index % 9 == 0)) for index, shape in enumerate(houses)),
    ]


def _plots(random: Random, settlements: Settlements, streets: Streets) -> tuple[FloatArray, FloatArray]:
    """Return where houses may stand beside streets (metres), and the direction of the street there (radians)."""
    urban = shapely.union_all(settlements.urban_shapes)
    shapely.prepare(urban)
    found, along = [], []
    for line, kind in zip(streets.lines, streets.classes, strict=True):
        if kind not in {"residential", "service", "tertiary"} or not shapely.contains_xy(urban, *line[len(line) // 2]):
            continue
        at = np.arange(PLOT_M, distances_along(line)[-1] - PLOT_M / 2, PLOT_M)
        if not len(at):
            continue
        ahead = directions_along(line, at)
        normal = np.column_stack([-ahead[:, 1], ahead[:, 0]])
        middle = places_along(line, at)
        for side in (SETBACK_M, -SETBACK_M):
            found.append(middle + normal * (side * random.uniform(0.95, 1.25, (len(at), 1))))
            along.append(np.arctan2(ahead[:, 1], ahead[:, 0]))
    if not found:
        return np.empty((0, 2)), np.empty(0)
    places, angles = np.vstack(found), np.concatenate(along)
    wanted = min(HOUSES, int(BUILT_SHARE * len(places)))
    chosen = np.sort(random.choice(len(places), wanted, replace=False))
    return places[chosen], angles[chosen]


def _rectangles(centres: FloatArray, angles: FloatArray, widths: FloatArray, depths: FloatArray) -> GeometryArray:
    """Return rectangles turned by angles (radians), sides in metres."""
    corners = (
        np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])[None]
        * np.stack([widths, depths], axis=1)[:, None]
    )
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    x = corners[..., 0] * cos - corners[..., 1] * sin
    y = corners[..., 0] * sin + corners[..., 1] * cos
    return np.asarray(shapely.polygons(np.stack([x, y], axis=-1) + centres[:, None]))


def _free(houses: GeometryArray, taken: list[BaseGeometry]) -> BoolArray:
    """Tell which houses stand on none of what is there already."""
    free = np.ones(len(houses), dtype=bool)
    free[shapely.STRtree(taken).query(houses, predicate="intersects")[0]] = False
    return free


def _apart(houses: GeometryArray, free: BoolArray) -> BoolArray:
    """Of houses that overlap keep the first."""
    first, second = shapely.STRtree(houses).query(houses, predicate="intersects")
    keep = free.copy()
    for one, other in zip(first[first < second].tolist(), second[first < second].tolist(), strict=True):
        if keep[one]:
            keep[other] = False
    return keep
