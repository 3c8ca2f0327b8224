"""The drawn roads of the decree (SK): a connected network between villages, with national and provincial roads."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra, minimum_spanning_tree
from scipy.spatial import Delaunay

from app.demo.boundaries import Boundaries
from app.demo.curves import bent_line, distances_along
from app.demo.mesh import Random
from app.demo.settlements import Settlements
from gis.types import BoolArray, FloatArray, IntArray

EXTRA_SHARE = 0.34  # of the villages: roads beyond those that just connect them
DETOUR = 1.9  # a further road is worth it when the way round is this much longer
JUNCTION_SHARE = 0.55  # of dead-end roads: they begin at a junction in the country rather than in a village
INSIDE_SAMPLES = 9


@dataclass
class Road:
    """One ruas: its corners (metres), what it joins, and who keeps it."""

    line: FloatArray
    start: str
    end: str
    status: str
    function: str
    name: str = ""
    district: str = ""
    surface: str = "asphalt"
    width_m: float = 4.5
    villages: tuple[int, ...] = field(default=())

    @property
    def length_m(self) -> float:
        """Length on the plane (metres)."""
        return float(distances_along(self.line)[-1])


def draw_network(random: Random, boundaries: Boundaries, settlements: Settlements) -> list[Road]:
    """
    Draw the roads between the region's villages.

    Every road begins and ends at a village or at a corner of another road, so that the network holds together on each
    island.
    """
    seats = boundaries.village_seats
    edges = _edges(random, boundaries, seats)
    graph = _graph(edges, seats)
    trunk, provincial = _great_roads(boundaries, settlements, graph, seats)
    collectors = _between_towns(settlements, graph, edges)
    degree = np.bincount(edges.ravel(), minlength=len(seats))
    lines = {tuple(edge): bent_line(random, seats[edge[0]], seats[edge[1]]) for edge in edges.tolist()}
    roads: list[Road] = []
    for path, status, function in [
        *[(one, "national", "arterial") for one in trunk],
        *[(one, "provincial", "collector") for one in provincial],
    ]:
        roads += _long_roads(boundaries, settlements, path, lines, status, function)
    taken = {tuple(sorted(pair)) for path in [*trunk, *provincial] for pair in pairwise(path)}
    roads += _entries(random, boundaries, trunk, provincial)
    later = []
    for edge in edges.tolist():
        if tuple(sorted(edge)) in taken:
            continue
        a, b = edge
        if degree[a] == 1:
            a, b = b, a  # the dead end comes last
        function = "collector" if tuple(sorted(edge)) in collectors else "local"
        if degree[b] == 1 and random.random() < JUNCTION_SHARE:
            later.append((a, b))
            continue
        line = lines[tuple(edge)] if a == edge[0] else lines[tuple(edge)][::-1]
        roads.append(_village_road(boundaries, settlements, line, a, b, function))
    for a, b in later:
        roads.append(_from_junction(random, boundaries, settlements, roads, a, b))
    return roads


def _edges(random: Random, boundaries: Boundaries, seats: FloatArray) -> IntArray:
    """Choose which villages are joined: all of them as cheaply as can be, and some short cuts."""
    if len(seats) < 4:
        return np.array([[0, index] for index in range(1, len(seats))], dtype=np.int64)
    corners = Delaunay(seats).simplices
    pairs = np.unique(np.sort(np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]]), axis=1), axis=0)
    t = np.linspace(0, 1, INSIDE_SAMPLES)[:, None, None]
    samples = (seats[pairs[:, 0]] * (1 - t) + seats[pairs[:, 1]] * t).reshape(-1, 2)
    shapely.prepare(boundaries.outline)
    within = shapely.contains_xy(boundaries.outline, samples).reshape(INSIDE_SAMPLES, -1)
    inside: BoolArray = np.logical_and.reduce(within, axis=0)
    lengths = np.linalg.norm(seats[pairs[:, 0]] - seats[pairs[:, 1]], axis=1)
    dry = inside | _needed(pairs, inside, boundaries, seats)
    pairs, lengths = pairs[dry], lengths[dry]
    size = len(seats)
    costs = lengths * random.uniform(0.85, 1.25, len(lengths))
    tree = minimum_spanning_tree(csr_matrix((costs, pairs.T), shape=(size, size)))
    in_tree = np.asarray(tree[pairs[:, 0], pairs[:, 1]]).ravel() > 0
    in_tree |= np.asarray(tree[pairs[:, 1], pairs[:, 0]]).ravel() > 0
    ways = dijkstra(_graph(pairs[in_tree], seats), directed=False) if size <= 3_000 else None
    detour = lengths * 0 + DETOUR + 1 if ways is None else ways[pairs[:, 0], pairs[:, 1]] / np.maximum(lengths, 1)
    worth = np.flatnonzero(~in_tree & (detour > DETOUR) & np.isfinite(detour))
    extra = worth[np.argsort(lengths[worth] / np.sqrt(detour[worth]))][: int(EXTRA_SHARE * size)]
    chosen: IntArray = np.vstack([pairs[in_tree], pairs[extra]]).astype(np.int64)
    return chosen


def _needed(pairs: IntArray, inside: BoolArray, boundaries: Boundaries, seats: FloatArray) -> BoolArray:
    """Find pairs that leave the region's land but are needed: a bay cuts villages of one island off."""
    size = len(seats)
    parts = connected_components(
        csr_matrix((np.ones(inside.sum()), pairs[inside].T), shape=(size, size)), directed=False
    )[1]
    islands = shapely.STRtree(shapely.get_parts(boundaries.outline)).query(shapely.points(seats), predicate="within")
    island = np.zeros(size, dtype=np.int64)
    island[islands[0]] = islands[1]
    needed: BoolArray = (
        ~inside & (parts[pairs[:, 0]] != parts[pairs[:, 1]]) & (island[pairs[:, 0]] == island[pairs[:, 1]])
    )
    return needed


def _graph(pairs: IntArray, seats: FloatArray) -> csr_matrix:
    lengths = np.linalg.norm(seats[pairs[:, 0]] - seats[pairs[:, 1]], axis=1)
    size = len(seats)
    return csr_matrix(
        (np.r_[lengths, lengths], (np.r_[pairs[:, 0], pairs[:, 1]], np.r_[pairs[:, 1], pairs[:, 0]])),
        shape=(size, size),
    )


def _path(previous: IntArray, end: int) -> list[int]:
    path = [end]
    while previous[path[-1]] >= 0:
        path.append(int(previous[path[-1]]))
    return path[::-1]


def _great_roads(
    boundaries: Boundaries, settlements: Settlements, graph: csr_matrix, seats: FloatArray
) -> tuple[list[list[int]], list[list[int]]]:
    """Lead a national road through the capital from end to end, and provincial roads to other far towns."""
    capital = settlements.capital_village
    distances, previous = dijkstra(graph, indices=capital, return_predecessors=True)
    reachable = np.flatnonzero(np.isfinite(distances) & (distances > 0))
    if len(reachable) < 6:
        return [], []
    offsets = seats - seats[capital]
    far = reachable[np.argsort(-np.hypot(*offsets[reachable].T))]
    first = int(far[0])
    opposite = offsets @ offsets[first] / np.hypot(*offsets[first])
    second = int(reachable[opposite[reachable].argmin()])
    trunk = [_path(previous, first), _path(previous, second)]
    aside = np.abs(offsets @ np.array([-offsets[first][1], offsets[first][0]])) / np.hypot(*offsets[first])
    towns = [int(one) for one in settlements.town_of_district if np.isfinite(distances[one]) and one != capital]
    provincial = []
    for side in (1, -1):
        cross = offsets @ np.array([-offsets[first][1], offsets[first][0]]) * side
        there = [one for one in towns if cross[one] > 0]
        if there:
            provincial.append(_path(previous, max(there, key=lambda one: aside[one])))
    used: set[tuple[int, int]] = set()
    return [_unused(path, used) for path in trunk], [part for path in provincial if (part := _unused(path, used))]


def _unused(path: list[int], used: set[tuple[int, int]]) -> list[int]:
    """Return the last part of a path that no earlier path has taken, and take it."""
    start = 0
    for index, pair in enumerate(pairwise(path)):
        if tuple(sorted(pair)) in used:
            start = index + 1
    rest = path[start:]
    used.update((min(pair), max(pair)) for pair in pairwise(rest))
    return rest if len(rest) > 1 else []


def _between_towns(settlements: Settlements, graph: csr_matrix, edges: IntArray) -> set[tuple[int, ...]]:
    """Return the pairs of villages on the shortest ways from each town to the nearest two others."""
    towns = settlements.town_of_district
    distances, previous = dijkstra(graph, indices=towns, return_predecessors=True)
    pairs: set[tuple[int, ...]] = set()
    for row in range(len(towns)):
        for end in towns[np.argsort(distances[row, towns])[1:3]]:
            if np.isfinite(distances[row, end]):
                path = _path(previous[row], int(end))
                pairs.update(tuple(sorted(pair)) for pair in pairwise(path))
    return pairs


def _long_roads(
    boundaries: Boundaries,
    settlements: Settlements,
    path: list[int],
    lines: dict[tuple[int, ...], FloatArray],
    status: str,
    function: str,
) -> list[Road]:
    """Cut a great road into links from town to town."""
    roads = []
    start = 0
    for index in range(1, len(path)):
        last = index == len(path) - 1
        if last or (settlements.is_town[path[index]] and index - start >= 2) or index - start >= 5:
            parts = [
                _oriented(lines, a, b) for a, b in zip(path[start:index], path[start + 1 : index + 1], strict=True)
            ]
            line = np.vstack([parts[0], *[part[1:] for part in parts[1:]]])
            a, b = boundaries.villages[path[start]], boundaries.villages[path[index]]
            roads.append(
                Road(line, a.name, b.name, status, function, f"{a.name} – {b.name}", a.code[:8], "asphalt",
                     7.0 if status == "national" else 6.0, tuple(path[start : index + 1]))
            )  # fmt: skip
            start = index
    return roads


def _oriented(lines: dict[tuple[int, ...], FloatArray], a: int, b: int) -> FloatArray:
    return lines[(a, b)] if (a, b) in lines else lines[(b, a)][::-1]


def _entries(random: Random, boundaries: Boundaries, trunk: list[list[int]], provincial: list[list[int]]) -> list[Road]:
    """Lead the great roads on from their last village to the region's border."""
    roads = []
    border = shapely.boundary(boundaries.outline)
    for paths, status, function, width in (
        (trunk, "national", "arterial", 7.0),
        (provincial[:1], "provincial", "collector", 6.0),
    ):
        for path in paths:
            if len(path) < 2:
                continue
            seat = boundaries.village_seats[path[-1]]
            nearest = shapely.shortest_line(border, shapely.Point(seat))
            place = shapely.get_coordinates(nearest)[0]
            line = bent_line(random, seat, place, bend=0.02)
            village = boundaries.villages[path[-1]]
            roads.append(
                Road(
                    line,
                    village.name,
                    "Batas Wilayah",
                    status,
                    function,
                    f"{village.name} – Batas Wilayah",
                    village.code[:8],
                    "asphalt",
                    width,
                    (path[-1],),
                )
            )
    return roads


def _village_road(
    boundaries: Boundaries,
    settlements: Settlements,
    line: FloatArray,
    a: int,
    b: int,
    function: str,
    *,
    junction: bool = False,
) -> Road:
    first, second = boundaries.villages[a], boundaries.villages[b]
    start = f"Sp. {first.name}" if junction or settlements.is_town[a] else first.name
    status = "city" if settlements.in_city[b] else "regency"
    width = 5.5 if function == "collector" else 4.5
    return Road(
        line,
        start,
        second.name,
        status,
        function,
        f"{start} – {second.name}",
        second.code[:8],
        "asphalt",
        width,
        (a, b),
    )


def _from_junction(
    random: Random, boundaries: Boundaries, settlements: Settlements, roads: list[Road], a: int, b: int
) -> Road:
    """Join a village at the end of the line to the nearest corner of a road that is there already."""
    seat = boundaries.village_seats[b]
    near = [road for road in roads if a in road.villages or b in road.villages] or roads
    corners = np.vstack([road.line for road in near])
    place = corners[np.hypot(*(corners - seat).T).argmin()]
    line = bent_line(random, place, seat)
    return _village_road(boundaries, settlements, line, a, b, "local", junction=True)
