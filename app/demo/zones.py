"""The drawn spatial plan: land-use zones (RTRW) that cover the region without gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse.csgraph import connected_components

from app.demo.boundaries import Boundaries
from app.demo.mesh import Mesh, Random, areas_of, smooth_noise, smoothed_corners
from app.demo.rivers import Water
from app.demo.settlements import Settlements
from gis.types import BoolArray, GeometryArray, IntArray

CodeArray = npt.NDArray[np.str_]

ZONE_GROUPS = {  # that the plan treats alike
    "settlement": ("PK", "PD", "R-1", "R-2", "R-3", "R-4", "K-1", "K-2", "KT", "SPU-1"),
    "green": ("RTH-1",),
    "industry": ("KPI",),
    "rice": ("P-1",),
    "farm": ("P-2", "P-3", "IK-2"),
    "production_forest": ("HP", "HPT"),
    "protected_forest": ("HL",),
    "park": ("TN",),
    "river_bank": ("PS",),
}
ACTIVITIES = {  # sector of the works → what the plan allows in each group, in their order; "-": it is silent
    "roads": "ITIBTBXXT",
    "bridges": "ITITTTBXI",
    "drainage": "IIITTBXXT",
    "water_resources": "TTTIITBXI",
    "water_supply": "IBITTBBXB",
    "sanitation": "TXIXBXXXX",
    "buildings": "IXBXBXXXX",
    "settlements": "IXXXBXXXX",
    "parks": "IIITTTTTI",
    "other": "B--------",
}
RIVERBANK_M = 60.0
SMALLEST_CELLS = 4  # zones of fewer cells join their neighbour
RURAL_SETTLEMENT_FACTOR = 1.35  # how far rural settlement reaches beyond today's streets


@dataclass(frozen=True)
class Zones:
    """Zones in metres of the plane, and the code of each."""

    shapes: GeometryArray
    codes: list[str]


def activity_matrix() -> dict[str, dict[str, str]]:
    """
    Return what the invented plan allows: activity → zone code → I, T, B or X.

    Making plans is no use of land, so the matrix does not know the sector of spatial planning.
    """
    return {
        activity: {
            zone: cell for cell, zones in zip(cells, ZONE_GROUPS.values(), strict=True) for zone in zones if cell != "-"
        }
        for activity, cells in ACTIVITIES.items()
    }


def draw_zones(random: Random, boundaries: Boundaries, settlements: Settlements, water: Water) -> Zones:
    """
    Draw the zones of the plan.

    High land is forest, low land farms, settlements lie where people live, river banks are protected; in a city,
    density falls from the middle outwards.
    """
    mesh, inside = boundaries.mesh, boundaries.inside
    codes = _rural(random, boundaries)
    in_city = np.zeros(len(mesh.points), dtype=bool)
    in_city[inside] = settlements.in_city[boundaries.village_of[inside]]
    if in_city.any():
        codes[in_city] = _urban(random, boundaries, settlements)[in_city]
    _settle(boundaries, settlements, codes, in_city)
    great = water.shapes[[kind == "river" for kind in water.kinds]]
    banks = shapely.dwithin(
        shapely.union_all(great), shapely.points(mesh.points), max(RIVERBANK_M, 0.42 * mesh.spacing_m)
    )
    codes[banks & ~np.isin(codes, ["PK", "K-1", "KT"])] = "PS"
    codes[~inside] = ""
    labels, names = _patches(mesh, codes, inside)
    rim = np.zeros(len(boundaries.corners), dtype=bool)
    rim[mesh.edges[inside[mesh.pairs[:, 0]] != inside[mesh.pairs[:, 1]]].ravel()] = True
    started = Mesh(mesh.points, boundaries.corners, mesh.pairs, mesh.edges)
    shapes = areas_of(started, smoothed_corners(started, labels, fixed=rim), labels)
    kept = ~shapely.is_empty(shapes)
    return Zones(shapes[kept], [name for name, one in zip(names, kept, strict=True) if one])


def _rural(random: Random, boundaries: Boundaries) -> CodeArray:
    """Choose forest, plantation and farm land by an invented height."""
    points, radius = boundaries.mesh.points, boundaries.radius_m
    height = smooth_noise(random, points, radius * 1.5, octaves=4) - points[:, 0] / radius * 0.45
    wet = smooth_noise(random, points, radius * 0.6, octaves=4)
    codes = np.full(len(points), "P-3", dtype="<U6")
    codes[wet > 0.12] = "P-1"
    codes[(wet > 0.42)] = "P-2"
    codes[height > np.quantile(height, 0.62)] = "HP"
    codes[height > np.quantile(height, 0.76)] = "HPT"
    codes[height > np.quantile(height, 0.84)] = "HL"
    codes[height > np.quantile(height, 0.93)] = "TN"
    codes[(height < np.quantile(height, 0.3)) & (wet > 0.28)] = "IK-2"
    return codes


def _urban(random: Random, boundaries: Boundaries, settlements: Settlements) -> CodeArray:
    """Choose a city's zones: trade in the middle, housing around it, some of everything."""
    points = boundaries.mesh.points
    seats = boundaries.village_seats[settlements.town_of_district]
    capital = boundaries.village_seats[settlements.capital_village]
    away = np.linalg.norm(points - capital, axis=1) / boundaries.radius_m
    noise = smooth_noise(random, points, boundaries.radius_m * 0.5, octaves=4)
    fine = smooth_noise(random, points, boundaries.radius_m * 0.3, octaves=4)
    codes = np.full(len(points), "R-3", dtype="<U6")
    codes[away + 0.5 * noise < 0.55] = "R-2"
    codes[away + 0.5 * noise < 0.25] = "R-1"
    codes[fine > 0.5] = "P-1"
    codes[fine < -0.5] = "R-4"
    codes[(np.abs(noise) < 0.05) & (away < 0.8)] = "K-2"
    codes[away + 0.3 * fine < 0.12] = "K-1"
    codes[(np.abs(fine - 0.2) < 0.03)] = "SPU-1"
    codes[(noise > 0.6) & (away > 0.5)] = "KPI"
    codes[(fine < -0.3) & (noise < -0.35)] = "RTH-1"
    for seat in seats:
        codes[np.linalg.norm(points - seat, axis=1) < max(1.5 * boundaries.mesh.spacing_m, 150.0)] = "KT"
    return codes


def _settle(boundaries: Boundaries, settlements: Settlements, codes: CodeArray, in_city: BoolArray) -> None:
    """Mark rural and urban settlement in a regency."""
    points = boundaries.mesh.points
    cells = boundaries.mesh.tree.query_ball_point(
        boundaries.village_seats,
        np.maximum(RURAL_SETTLEMENT_FACTOR * settlements.built_radius_m, boundaries.mesh.spacing_m),
    )
    for village, own in enumerate(cells):
        own = np.array(own, dtype=np.int64)
        if not settlements.in_city[village]:
            codes[own[~in_city[own]]] = "PD"
    for urban in settlements.urban_shapes:
        within = shapely.contains_xy(urban, points) & ~in_city
        codes[within] = "PK"


def _patches(mesh: Mesh, codes: CodeArray, inside: BoolArray) -> tuple[IntArray, list[str]]:
    """Number the connected patches of each zone; tiny ones join a neighbour."""
    labels = _connected(mesh, codes, inside)
    for _ in range(3):
        sizes = np.bincount(labels[inside], minlength=labels.max() + 1)
        tiny = inside & (sizes[np.maximum(labels, 0)] < SMALLEST_CELLS)
        if not tiny.any():
            break
        for first, second in (mesh.pairs.T, mesh.pairs[:, ::-1].T):
            take = tiny[first] & inside[second] & ~tiny[second]
            codes[first[take]] = codes[second[take]]
        labels = _connected(mesh, codes, inside)
    names = [""] * (int(labels.max()) + 1)
    for label, code in zip(labels[inside].tolist(), codes[inside].tolist(), strict=True):
        names[label] = code
    return labels, names


def _connected(mesh: Mesh, codes: CodeArray, inside: BoolArray) -> IntArray:
    same = (codes[mesh.pairs[:, 0]] == codes[mesh.pairs[:, 1]]) & inside[mesh.pairs].all(axis=1)
    parts = connected_components(mesh.graph(np.ones(len(mesh.pairs)), same), directed=False)[1]
    labels = np.full(len(codes), -1, dtype=np.int64)
    labels[inside] = np.unique(parts[inside], return_inverse=True)[1].ravel()
    return labels
