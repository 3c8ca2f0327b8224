"""The drawn streets: lanes beside the roads of villages, grids in towns and cities, tracks into the country."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from app.admin.region import kind_of
from app.demo.boundaries import Boundaries
from app.demo.curves import bent_line, blob, lines_from
from app.demo.mesh import Random, smooth_noise
from app.demo.names import STREET_NAMES
from app.demo.network import Road
from app.demo.parks import Park
from app.demo.settlements import Settlements, street_angle
from gis.types import BoolArray, FloatArray, IntArray

TOWN_SPACING_M, CITY_SPACING_M = 105.0, 125.0
CITY_CELLS = 11_000  # corners of a city's grid at most; a larger city has a coarser one
PROVINCE_CELLS = 20_000  # the same for all cities of a province together
CITY_MAJOR, PROVINCE_MAJOR, TOWN_MAJOR = 4, 7, 6  # every how many-th line of a grid is a road of the decree
LONGEST_RUN = 9  # corners of the grid that one street passes
DROPPED = 0.2  # of a grid's pieces: courtyards, fields
LANE_SHARE = 0.66
BACK_LANE_SHARE = 0.42
TRACK_SHARE = 0.03
MAX_LANE_VILLAGES = 1_200  # a region with more villages has fewer lanes in each
ROAD_CLASSES = {"national": "trunk", "provincial": "primary"}


@dataclass
class Streets:
    """Streets as corners (metres), with class, name and surface."""

    lines: list[FloatArray] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)

    def add(self, line: FloatArray, street_class: str, name: str | None = None) -> None:
        """Add one street."""
        self.lines.append(line)
        self.classes.append(street_class)
        self.names.append(name)


def draw_streets(
    random: Random, boundaries: Boundaries, settlements: Settlements, roads: list[Road], parks: list[Park]
) -> tuple[Streets, list[Road]]:
    """
    Draw the streets, and the roads of the decree that run through towns; they go around parks.

    Returns
    -------
    streets
        All drawn streets, the roads of the decree among them.
    town_roads
        Further roads, each joined to the network of `roads`.
    """
    streets = Streets()
    green = shapely.STRtree([park.shape for park in parks])
    town_roads: list[Road] = []
    cities = sorted({one.code[:5] for one in boundaries.districts if kind_of(one.code[:5]) == "city"})
    cells, major = (CITY_CELLS, CITY_MAJOR) if len(cities) < 2 else (PROVINCE_CELLS // len(cities), PROVINCE_MAJOR)
    for code in cities:
        town_roads += _city_grid(random, boundaries, settlements, code, streets, green, cells=cells, major_every=major)
    for village in settlements.town_of_district:
        if not settlements.in_city[village]:
            town_roads += _town_grid(random, boundaries, settlements, int(village), streets, green)
    kept, loose = _joined(roads, town_roads)
    for road in loose:
        streets.add(road.line, "residential", road.name)
    _village_lanes(random, boundaries, settlements, roads, streets)
    streets = _around(streets, green)
    for road in [*roads, *kept]:
        street_class = ROAD_CLASSES.get(road.status, "secondary" if road.function == "collector" else "tertiary")
        streets.add(road.line, street_class, road.name)
    return streets, kept


def _city_grid(
    random: Random,
    boundaries: Boundaries,
    settlements: Settlements,
    code: str,
    streets: Streets,
    green: shapely.STRtree,
    *,
    cells: int,
    major_every: int,
) -> list[Road]:
    """Cover a city with a grid that passes through the seat of each ward."""
    own = np.flatnonzero([one.code[:5] == code for one in boundaries.villages])
    outline = shapely.coverage_union_all(boundaries.village_shapes[own])
    seats = boundaries.village_seats[own]
    radius = float(np.sqrt(outline.area / np.pi))
    spacing = max(CITY_SPACING_M, float(np.sqrt(outline.area / cells)))
    west, south, east, north = outline.bounds
    middle = np.array([(west + east) / 2, (south + north) / 2])
    half = float(np.hypot(east - west, north - south) / 2)
    grid = _grid(random, middle, street_angle(settlements, middle), half, spacing)
    nearest = cKDTree(grid.reshape(-1, 2)).query(seats)[1]
    flat = grid.reshape(-1, 2)
    flat[nearest] = seats
    rows, columns = np.unravel_index(nearest, grid.shape[:2])
    shapely.prepare(outline)
    built = shapely.contains_xy(outline, flat)
    density = smooth_noise(random, flat, radius * 0.9, octaves=3) - np.linalg.norm(flat - middle, axis=1) / radius * 0.5
    dropped = np.clip(0.18 - 0.55 * density, 0.06, 0.8).reshape(grid.shape[:2])
    town = np.isin(own, settlements.town_of_district)
    lines = _Grid(grid, built.reshape(grid.shape[:2]), dropped)
    majors = [{*np.unique(at[town]).tolist(), *range(0, len(grid), major_every)} for at in (rows, columns)]
    return _grid_streets(random, boundaries, lines, majors, "city", streets, green)


def _town_grid(
    random: Random,
    boundaries: Boundaries,
    settlements: Settlements,
    village: int,
    streets: Streets,
    green: shapely.STRtree,
) -> list[Road]:
    """Lay a small grid around the seat of a regency's town."""
    seat = boundaries.village_seats[village]
    radius = float(settlements.built_radius_m[village])
    angle = street_angle(settlements, seat)
    grid = _grid(random, seat, angle, radius * 1.35, TOWN_SPACING_M)
    middle = grid.shape[0] // 2
    grid[middle, middle] = seat
    town = shapely.intersection(blob(random, seat, radius, roughness=0.3), boundaries.outline)
    shapely.prepare(town)
    built = shapely.contains_xy(town, grid.reshape(-1, 2)).reshape(grid.shape[:2])
    dropped = np.full(grid.shape[:2], DROPPED)
    majors = {middle, *range(middle % TOWN_MAJOR, len(grid), TOWN_MAJOR)}
    return _grid_streets(random, boundaries, _Grid(grid, built, dropped), [majors, majors], "regency", streets, green)


def _grid(random: Random, centre: FloatArray, angle: float, half_m: float, spacing: float) -> FloatArray:
    """Return the corners (rows, columns, 2) of a turned and slightly warped grid."""
    steps = np.arange(-int(half_m / spacing) - 1, int(half_m / spacing) + 2) * spacing
    x, y = np.meshgrid(steps, steps)
    flat = np.column_stack([x.ravel(), y.ravel()])
    for axis in (0, 1):
        flat[:, axis] += 0.55 * spacing * smooth_noise(random, flat, 9 * spacing, octaves=2)
    flat += random.uniform(-0.12, 0.12, flat.shape) * spacing
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    grid: FloatArray = (flat @ turn + centre).reshape(*x.shape, 2)
    return grid


@dataclass(frozen=True)
class _Grid:
    """Corners (rows, columns, 2), whether each is built up, and how often a piece from it is missing."""

    corners: FloatArray
    built: BoolArray
    dropped: FloatArray

    @property
    def turned(self) -> _Grid:
        """The same with rows and columns changed."""
        return _Grid(self.corners.transpose(1, 0, 2), self.built.T, self.dropped.T)


def _grid_streets(
    random: Random,
    boundaries: Boundaries,
    grid: _Grid,
    majors: list[set[int]],
    status: str,
    streets: Streets,
    green: shapely.STRtree,
) -> list[Road]:
    """Cut a grid's rows and columns into streets; the major ones become roads of the decree."""
    roads: list[Road] = []
    for lines, major_numbers in ((grid, majors[0]), (grid.turned, majors[1])):
        for number, (line_corners, there, gaps, clear) in enumerate(
            zip(lines.corners, lines.built, lines.dropped, _clear(lines.corners, green), strict=True)
        ):
            major = number in major_numbers
            chance = 0.02 if major else 1.0
            whole = there[:-1] & there[1:] & clear
            whole &= random.random(len(whole)) > gaps[:-1] * chance
            for start, end in _runs(whole):
                line = line_corners[start : end + 1]
                if major and len(line) > 2:
                    roads.append(_town_road(random, boundaries, line, status))
                else:
                    name = (
                        f"Jalan {STREET_NAMES[random.integers(len(STREET_NAMES))]}" if random.random() < 0.6 else None
                    )
                    streets.add(line, "residential", name)
    return roads


def _clear(corners: FloatArray, green: shapely.STRtree) -> BoolArray:
    """Tell which pieces of a grid's rows (rows, columns - 1) do not cross a park."""
    pieces = np.asarray(shapely.linestrings(np.stack([corners[:, :-1], corners[:, 1:]], axis=2).reshape(-1, 2, 2)))
    clear: BoolArray = np.ones(len(pieces), dtype=np.bool_)
    clear[green.query(pieces, predicate="intersects")[0]] = False
    return clear.reshape(corners.shape[0], -1)


def _runs(whole: BoolArray) -> list[tuple[int, int]]:
    """Return first and last corner of each unbroken run of pieces, none longer than a street."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], whole, [False]]).astype(np.int8)))
    runs = []
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        runs += [(first, min(first + LONGEST_RUN, end)) for first in range(start, end, LONGEST_RUN)]
    return runs


def _town_road(random: Random, boundaries: Boundaries, line: FloatArray, status: str) -> Road:
    name = f"Jalan {STREET_NAMES[random.integers(len(STREET_NAMES))]}"
    middle = line[len(line) // 2]
    village = boundaries.villages[max(int(boundaries.village_of[boundaries.mesh.cells_at(middle)]), 0)]
    return Road(line, f"Sp. {name}", village.name, status, "local", name, village.code[:8], "asphalt", 5.0)


def _joined(roads: list[Road], more: list[Road]) -> tuple[list[Road], list[Road]]:
    """Part further roads into those that share corners with the network, step by step, and the rest."""
    if not more:
        return [], []
    every = [*roads, *more]
    owner = np.repeat(np.arange(len(every)), [len(road.line) for road in every])
    corner = np.unique(np.round(np.vstack([road.line for road in every]), 2), axis=0, return_inverse=True)[1].ravel()
    size = len(every) + int(corner.max()) + 1
    links = csr_matrix((np.ones(len(owner)), (owner, corner + len(every))), shape=(size, size))
    part: IntArray = connected_components(links, directed=False)[1]
    main = set(part[: len(roads)].tolist())
    kept = [road for road, own in zip(more, part[len(roads) : len(every)], strict=True) if own in main]
    loose = [road for road, own in zip(more, part[len(roads) : len(every)], strict=True) if own not in main]
    return kept, loose


def _around(streets: Streets, green: shapely.STRtree) -> Streets:
    """Leave out streets that cross a park."""
    crossing = set(green.query(lines_from(streets.lines), predicate="intersects")[0].tolist())
    clear = [index for index in range(len(streets.lines)) if index not in crossing]
    return Streets(
        [streets.lines[index] for index in clear],
        [streets.classes[index] for index in clear],
        [streets.names[index] for index in clear],
    )


def _village_lanes(
    random: Random, boundaries: Boundaries, settlements: Settlements, roads: list[Road], streets: Streets
) -> None:
    """Lay lanes to both sides of the roads where they pass through villages, and tracks where they do not."""
    rural = [road for road in roads if len(road.line) > 3]
    corners = np.vstack([road.line for road in rural])
    order = np.concatenate([np.arange(len(road.line)) for road in rural])
    owner = np.repeat(np.arange(len(rural)), [len(road.line) for road in rural])
    ahead = np.vstack([np.gradient(road.line, axis=0) for road in rural])
    ahead /= np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
    seats = boundaries.village_seats
    distance, village = cKDTree(seats).query(corners)
    lived = distance < 2.6 * settlements.built_radius_m[village]
    lived &= ~settlements.in_city[village]
    share = LANE_SHARE * min(1.0, MAX_LANE_VILLAGES / len(seats))
    for side in (1.0, -1.0):
        chosen = np.flatnonzero(lived & (random.random(len(corners)) < share))
        normal = np.column_stack([-ahead[chosen, 1], ahead[chosen, 0]]) * side
        turned = normal + ahead[chosen] * random.normal(0, 0.2, (len(chosen), 1))
        reach = np.clip(random.lognormal(5.0, 0.5, len(chosen)), 60, 520)[:, None]
        ends = corners[chosen] + turned * reach
        middles = corners[chosen] + turned * reach / 2 + ahead[chosen] * random.normal(0, 12, (len(chosen), 1))
        inside = shapely.contains_xy(boundaries.outline, ends)
        for index in np.flatnonzero(inside):
            name = boundaries.villages[village[chosen[index]]].name
            lane = np.vstack([corners[chosen[index]], middles[index], ends[index]])
            streets.add(lane, "residential", f"Jalan {name}" if random.random() < 0.25 else None)
        near = (owner[chosen[:-1]] == owner[chosen[1:]]) & (order[chosen[1:]] - order[chosen[:-1]] == 1)
        near &= inside[:-1] & inside[1:] & (random.random(len(near)) < BACK_LANE_SHARE)
        for index in np.flatnonzero(near):
            streets.add(ends[index : index + 2], "service")
    wild = np.flatnonzero(
        ~lived & ~settlements.in_city[village] & (random.random(len(corners)) < TRACK_SHARE * share / LANE_SHARE)
    )
    for corner in wild:
        angle = random.uniform(0, 2 * np.pi)
        end = corners[corner] + random.uniform(350, 1_700) * np.array([np.cos(angle), np.sin(angle)])
        if shapely.contains_xy(boundaries.outline, *end):
            streets.add(bent_line(random, corners[corner], end, bend=0.09), "track")
