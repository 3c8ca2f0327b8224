"""The drawn water: rivers that flow together, lakes beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.sparse.csgraph import dijkstra
from shapely.geometry.base import BaseGeometry

from app.demo.boundaries import Boundaries
from app.demo.curves import blob, chaikin, places_along
from app.demo.mesh import Mesh, Random, rough_weights, smooth_noise
from gis.types import FloatArray, GeometryArray, IntArray

SPRING_SHARE = 0.0009  # of all cells: what must drain to a place before it is a stream
NAMED_SHARE = 0.0035  # … before the stream counts as one of its own
RIVER_SHARE = 0.03  # … before it is a river
OUTLETS = 2
LAKES = 3
MIN_LENGTH_SHARE = 0.06  # of the region's radius: shorter ends at the border are left out


@dataclass(frozen=True)
class Water:
    """Rivers and lakes in metres of the plane, with `kind` of the code list and a name."""

    shapes: GeometryArray
    names: list[str | None]
    kinds: list[str]

    @property
    def rivers(self) -> GeometryArray:
        """The lines that need a bridge."""
        return self.shapes[[kind in {"river", "stream"} for kind in self.kinds]]


def draw_water(random: Random, boundaries: Boundaries) -> Water:
    """Draw the water of the region; rivers come in and go out over its border."""
    mesh = boundaries.mesh
    downstream, order = _drainage(random, mesh)
    drained = np.ones(len(mesh.points))
    for cell in order[::-1].tolist():  # from the farthest: all that lies above has been counted when a cell is
        if downstream[cell] >= 0:
            drained[downstream[cell]] += drained[cell]
    courses = _courses(mesh, downstream, drained)
    minimum = MIN_LENGTH_SHARE * boundaries.radius_m
    shapes, kinds = [], []
    for line, size in courses:
        within = shapely.intersection(shapely.LineString(line), boundaries.outline)
        for part in shapely.get_parts(within):
            if part.geom_type == "LineString" and part.length >= minimum:
                shapes.append(part)
                kinds.append("river" if size >= RIVER_SHARE * len(mesh.points) else "stream")
    names: list[str | None] = list(_river_names(random, boundaries, shapes, kinds))
    for lake, name in _lakes(
        random, boundaries, [one for one, kind in zip(shapes, kinds, strict=True) if kind == "river"]
    ):
        shapes.append(lake)
        kinds.append("lake")
        names.append(name)
    return Water(np.array(shapes, dtype=object), names, kinds)


def _drainage(random: Random, mesh: Mesh) -> tuple[IntArray, IntArray]:
    """Let every cell drain to an outlet at the low side by the easiest way; also return cells by distance from it."""
    angle = random.uniform(-np.pi / 3, np.pi / 3)
    slope = mesh.points @ np.array([np.cos(angle), np.sin(angle)])
    low = np.argsort(-slope)[: max(40, len(slope) // 60)]
    outlets = random.choice(low, OUTLETS, replace=False)
    reach = float(np.ptp(mesh.points, axis=0).max())
    valleys = smooth_noise(random, mesh.points, reach / 4, octaves=4)
    weights = rough_weights(random, mesh, 0.7) * np.exp(1.9 * valleys[mesh.pairs].mean(axis=1))
    graph = mesh.graph(weights, np.ones(len(mesh.pairs), dtype=bool))
    distances, downstream, _ = dijkstra(graph, indices=outlets, min_only=True, return_predecessors=True)
    return downstream.astype(np.int64), np.argsort(distances)


def _courses(mesh: Mesh, downstream: IntArray, drained: FloatArray) -> list[tuple[FloatArray, float]]:
    """Trace each river from its mouth up to its spring, largest first, and bend it smooth. With what it drains."""
    total = len(mesh.points)
    upstream: dict[int, list[int]] = {}
    for wet in np.flatnonzero((drained >= SPRING_SHARE * total) & (downstream >= 0)).tolist():
        upstream.setdefault(int(downstream[wet]), []).append(wet)
    mouths = [(cell, -1) for cell in upstream if downstream[cell] < 0]
    courses: list[tuple[FloatArray, float]] = []
    drawn_at: dict[int, FloatArray] = {}
    while mouths:
        mouths.sort(key=lambda mouth: drained[mouth[0]])
        cell, receiver = mouths.pop()
        size = float(drained[cell])
        cells = [cell]
        while children := upstream.get(cells[-1]):
            main = max(children, key=lambda child: drained[child])
            mouths += [
                (child, cells[-1]) for child in children if child != main and drained[child] >= NAMED_SHARE * total
            ]
            cells.append(main)
        line = mesh.points[cells]
        if receiver >= 0:
            line = np.vstack([drawn_at[receiver], line])
        if len(line) < 4:
            continue
        smooth = chaikin(line)
        # Smoothing moves a river off its cells; its tributaries end at the corner of the drawn line that is nearest.
        nearest = np.linalg.norm(smooth[None, :, :] - mesh.points[cells][:, None, :], axis=2).argmin(axis=1)
        drawn_at.update(zip(cells, smooth[nearest], strict=True))
        courses.append((smooth[::-1], size))
    return courses


def _river_names(random: Random, boundaries: Boundaries, shapes: list[BaseGeometry], kinds: list[str]) -> list[str]:
    """Name rivers after mouths that villages are called after ("Muara X" lies where X ends), else after villages."""
    names = [one.name for one in [*boundaries.districts, *boundaries.villages]]
    after_mouths = list(dict.fromkeys(name[6:] for name in names if name.startswith("Muara ")))
    others = [one.name for one in boundaries.villages if " " not in one.name]
    wanted = list(dict.fromkeys(after_mouths + list(random.permutation(others)))) or ["Besar"]
    return [
        f"{'Sungai' if kind == 'river' else 'Air'} {wanted[index % len(wanted)]}" for index, kind in enumerate(kinds)
    ]


def _lakes(random: Random, boundaries: Boundaries, rivers: list[BaseGeometry]) -> list[tuple[BaseGeometry, str]]:
    lakes = []
    for index in range(min(LAKES, len(rivers))):
        river = rivers[index]
        share = random.uniform(0.25, 0.8)
        place = places_along(shapely.get_coordinates(river), np.array([share * river.length]))[0]
        radius = boundaries.radius_m * random.uniform(0.008, 0.016)
        lake = shapely.intersection(blob(random, place, radius, roughness=0.45), boundaries.outline)
        village = boundaries.villages[int(np.linalg.norm(boundaries.village_seats - place, axis=1).argmin())]
        if lake.geom_type == "Polygon" and not lake.is_empty:
            lakes.append((lake, f"Danau {village.name}"))
    return lakes
