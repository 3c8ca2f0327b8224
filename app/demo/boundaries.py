"""The drawn boundaries: a region of the right size, its districts and villages, one inside the other without gaps."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial.distance import cdist
from shapely.geometry.base import BaseGeometry

from app.admin.region import Centre, Region, centre_of, kind_of
from app.demo.mesh import (
    Mesh,
    Random,
    areas_of,
    both_in,
    grow,
    largest_part,
    make_mesh,
    rough_weights,
    scatter,
    smooth_noise,
    smoothed_corners,
    without_holes,
)
from app.demo.plane import Plane
from gis.constants import M2_PER_KM2
from gis.types import BoolArray, FloatArray, GeometryArray, IntArray

CELLS_PER_VILLAGE = 45
MIN_CELLS, MAX_CELLS = 7_000, 60_000
FINER = (1.0, 2.0, 4.0)  # when a small district has too few cells for its villages, the mesh is made finer
FEWEST_CELLS = 4  # of a village, on average in its district
MARGIN = 1.9  # how far the mesh reaches beyond an area, in its radii: the odd bay and cape
COAST_ROUGHNESS = 0.34  # of the radius: how far capes and bays depart from an ellipse
PROVINCE_OVERLAP = 1.12  # regencies of a province grow a little larger than their circle, to close gaps
WARD = "1"  # first digit of a village's number: 1 a ward (kelurahan), 2 a village


@dataclass(frozen=True)
class Area:
    """A name of the national code list."""

    code: str
    name: str

    @property
    def is_ward(self) -> bool:
        """Whether it is a kelurahan, by its code."""
        return self.code[9:10] == WARD


@dataclass(frozen=True)
class Boundaries:
    """
    The drawn areas, in metres of the plane.

    Attributes
    ----------
    village_of
        The village (index) of each cell of the mesh, -1 outside the region.
    district_of_village
        The district (index) of each village.
    town_cells
        The cell where each district's town stands.
    capital
        Index of the district that is the region's capital.
    """

    plane: Plane
    mesh: Mesh
    corners: FloatArray
    villages: list[Area]
    districts: list[Area]
    village_of: IntArray
    district_of_village: IntArray
    village_shapes: GeometryArray
    district_shapes: GeometryArray
    outline: BaseGeometry
    town_cells: IntArray
    seed_cells: IntArray
    capital: int

    @property
    def inside(self) -> BoolArray:
        """Whether each cell of the mesh is in the region."""
        inside: BoolArray = self.village_of >= 0
        return inside

    @property
    def radius_m(self) -> float:
        """Radius of a circle of the region's size (metres)."""
        return float(np.sqrt(self.outline.area / np.pi))

    @property
    def village_seats(self) -> FloatArray:
        """Where each village's own settlement stands (metres)."""
        return self.mesh.points[self.seed_cells]


def draw_boundaries(random: Random, region: Region, districts: list[Area], villages: list[Area]) -> Boundaries:
    """
    Draw the region's districts and villages.

    Parameters
    ----------
    random
        Where all chance comes from.
    region
        Where it lies and how large it is; a province is drawn regency by regency.
    districts, villages
        Of the code list, in the order of their codes.
    """
    plane = Plane(region.centre.lon, region.centre.lat)
    parts = _parts_of(random, region, districts, plane)
    part_of_district = np.array([list(parts).index(_part_code(region, one.code)) for one in districts])
    number_of = {one.code: number for number, one in enumerate(districts)}
    district_of_village = np.array([number_of[one.code[:8]] for one in villages])
    counts = np.bincount(district_of_village, minlength=len(districts))
    for finer in FINER:
        mesh, part_of = _mesh_of(
            random,
            list(parts.values()),
            np.bincount(part_of_district, weights=counts).astype(float),
            plane,
            finer=finer,
        )
        weights = rough_weights(random, mesh, 0.45)
        towns, district_of = _grow_districts(
            random, mesh, weights, part_of, part_of_district, list(parts.values()), districts, villages
        )
        cells = np.bincount(district_of[district_of >= 0], minlength=len(districts))
        if (cells >= FEWEST_CELLS * counts).all():
            break
    village_of, seats = _grow_villages(random, mesh, weights, district_of, towns, districts, villages)

    corners = smoothed_corners(mesh, village_of)
    village_shapes = areas_of(mesh, corners, village_of)
    district_shapes = np.array(
        [shapely.coverage_union_all(village_shapes[district_of_village == one]) for one in range(len(districts))],
        dtype=object,
    )
    capital = _capital_of(region, districts, towns, counts, villages)
    return Boundaries(
        plane=plane,
        mesh=mesh,
        corners=corners,
        villages=villages,
        districts=districts,
        village_of=village_of,
        district_of_village=district_of_village,
        village_shapes=village_shapes,
        district_shapes=district_shapes,
        outline=shapely.coverage_union_all(district_shapes),
        town_cells=towns,
        seed_cells=seats,
        capital=capital,
    )


def _grow_districts(
    random: Random,
    mesh: Mesh,
    weights: FloatArray,
    part_of: IntArray,
    part_of_district: IntArray,
    parts: list[Centre],
    districts: list[Area],
    villages: list[Area],
) -> tuple[IntArray, IntArray]:
    """Let districts grow inside their part; returns the cell of each one's town, and the district of each cell."""
    village_counts = Counter(one.code[:8] for one in villages)
    counts = np.array([village_counts[district.code] for district in districts])
    district_of = np.full(len(mesh.points), -1)
    towns = np.zeros(len(districts), dtype=np.int64)
    for part, centre in enumerate(parts):
        own = np.flatnonzero(part_of_district == part)
        cells = np.flatnonzero(part_of == part)
        seeds = _spread(random, mesh.points[cells], len(own), core=_core(random, mesh.points[cells]))
        order = _capital_first([districts[index] for index in own], counts[own], centre.capital, villages)
        towns[own[order]] = cells[seeds]
        open_edges = both_in(mesh, part_of == part)
        for _ in range(2):  # the second time from places more in the middle, so that few towns stand at a border
            reach = _nearest_distance(mesh.points[towns[own]])
            grown = grow(
                mesh,
                weights,
                [np.array([cell]) for cell in towns[own]],
                head_start_m=reach * 0.3 * np.sqrt(counts[own] / counts[own].max()),
                open_edges=open_edges,
            )
            district_of[cells] = own[grown[cells]]
            towns[own] = _more_central(mesh, district_of, own, towns[own], share=0.6)
    return towns, district_of


def _part_code(region: Region, code: str) -> str:
    return code[:5] if region.kind == "province" else region.code


def _parts_of(random: Random, region: Region, districts: list[Area], plane: Plane) -> dict[str, Centre]:
    """Return what is drawn as one piece: the region itself, or each regency of a province, with its centre."""
    if region.kind != "province":
        return {region.code: region.centre}
    codes = sorted({one.code[:5] for one in districts})
    typical_km2 = region.centre.area_km2 / len(codes)
    radius_deg = np.sqrt(region.centre.area_km2 / np.pi) / 111
    parts = {}
    for code in codes:
        centre = centre_of(code)
        if centre == region.centre:  # not listed: somewhere in the province
            lon, lat = np.array([plane.lon, plane.lat]) + random.uniform(-0.7, 0.7, 2) * radius_deg
            centre = Centre(float(lon), float(lat), typical_km2 * (0.03 if kind_of(code) == "city" else 1.0))
        parts[code] = centre
    return parts


def _mesh_of(
    random: Random, parts: list[Centre], village_counts: FloatArray, plane: Plane, *, finer: float
) -> tuple[Mesh, IntArray]:
    """Make the mesh, finer where villages are smaller, and say which part each cell belongs to (-1: none)."""
    centres = plane.to_metres(np.array([[part.lon, part.lat] for part in parts]))
    areas_m2 = np.array([part.area_km2 for part in parts]) * M2_PER_KM2
    radii = np.sqrt(areas_m2 / np.pi)
    cells = (
        finer
        * np.clip(CELLS_PER_VILLAGE * village_counts.sum(), MIN_CELLS, MAX_CELLS)
        * village_counts
        / village_counts.sum()
    )
    places = []
    for part, (centre, radius) in enumerate(zip(centres, radii, strict=True)):
        spacing = np.sqrt(areas_m2[part] / cells[part])
        box = (*(centre - MARGIN * radius), *(centre + MARGIN * radius))
        found = scatter(random, (box[0], box[1], box[2], box[3]), spacing)
        if len(parts) > 1:
            found = found[(cdist(found, centres) / radii).argmin(axis=1) == part]
        places.append(found)
    mesh = make_mesh(np.vstack(places))
    costs = np.column_stack(
        [
            _cost(random, mesh.points - centre, radius, elongated=len(parts) == 1)
            for centre, radius in zip(centres, radii, strict=True)
        ]
    )
    if len(parts) == 1:
        order = np.argsort(costs[:, 0])
        chosen = np.zeros(len(mesh.points), dtype=bool)
        chosen[order[: int(cells[0])]] = True
    else:
        chosen = costs.min(axis=1) <= PROVINCE_OVERLAP
    part_of = np.where(chosen, costs.argmin(axis=1), -1)
    return mesh, _whole_parts(mesh, part_of, len(parts))


def _cost(random: Random, offsets: FloatArray, radius: float, *, elongated: bool) -> FloatArray:
    """Return how far places are from a part's centre, in its radii, with capes and bays."""
    stretch, angle = (random.uniform(1.0, 1.28) if elongated else 1.0), random.uniform(0, np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    squeezed = offsets @ turn * (1 / stretch, stretch)
    rough = COAST_ROUGHNESS if elongated else COAST_ROUGHNESS / 2
    noise = smooth_noise(random, offsets, 1.7 * radius, octaves=5)
    cost: FloatArray = np.linalg.norm(squeezed, axis=1) / radius * (1 + rough * noise)
    return cost


def _whole_parts(mesh: Mesh, part_of: IntArray, count: int) -> IntArray:
    """Make each part one piece without holes; what lies between parts goes to the nearest."""
    cores = [np.flatnonzero(largest_part(mesh, part_of == part)) for part in range(count)]
    inside = without_holes(mesh, np.isin(np.arange(len(part_of)), np.concatenate(cores)))
    return grow(
        mesh,
        np.ones(len(mesh.pairs)),
        cores,
        head_start_m=np.zeros(count),
        open_edges=both_in(mesh, inside),
    )


def _core(random: Random, points: FloatArray) -> FloatArray:
    """Choose where a part's main town stands: near the middle, never quite in it."""
    middle, reach = points.mean(axis=0), np.ptp(points, axis=0).min()
    angle = random.uniform(0, 2 * np.pi)
    core: FloatArray = middle + 0.12 * reach * np.array([np.cos(angle), np.sin(angle)])
    return core


def _spread(random: Random, points: FloatArray, count: int, *, core: FloatArray, candidates: int = 14) -> IntArray:
    """Choose places well apart, closer together near the core; the first stands at the core. Indices into points."""
    away = np.linalg.norm(points - core, axis=1)
    scale = 0.35 + away / max(away.max(), 1.0)
    chosen = [int(away.argmin())]
    for _ in range(count - 1):
        tried = random.choice(len(points), min(candidates, len(points)), replace=False)
        gaps = cdist(points[tried], points[chosen]).min(axis=1) / scale[tried]
        gaps[np.isin(tried, chosen)] = -1
        best = int(tried[gaps.argmax()])
        if best in chosen:  # a tiny area: take any place that is left
            best = int(np.setdiff1d(np.arange(len(points)), chosen)[0])
        chosen.append(best)
    return np.array(chosen)


def _nearest_distance(points: FloatArray) -> float:
    """Return the smallest distance between two of the points; 0 for fewer than two."""
    if len(points) < 2:
        return 0.0
    distances = cdist(points, points)
    np.fill_diagonal(distances, np.inf)
    return float(distances.min())


def _capital_first(districts: list[Area], counts: IntArray, capital: str | None, villages: list[Area]) -> IntArray:
    """Order districts: the capital first, then the more urban ones, which so come to stand nearer the main town."""
    ward_counts = Counter(one.code[:8] for one in villages if one.is_ward)
    wards = np.array([ward_counts[district.code] for district in districts])
    is_capital = np.array([district.code == capital for district in districts])
    return np.lexsort([-counts, -wards, ~is_capital])


def _grow_villages(
    random: Random,
    mesh: Mesh,
    weights: FloatArray,
    district_of: IntArray,
    towns: IntArray,
    districts: list[Area],
    villages: list[Area],
) -> tuple[IntArray, IntArray]:
    """Let villages grow inside their districts; wards and the district's namesake stand nearest the town."""
    seats = np.zeros(len(villages), dtype=np.int64)
    by_district: dict[str, list[int]] = {}
    for index, village in enumerate(villages):
        by_district.setdefault(village.code[:8], []).append(index)
    for number, district in enumerate(districts):
        cells = np.flatnonzero(district_of == number)
        own = np.array(by_district[district.code])
        town = mesh.points[towns[number]]
        chosen = cells[_spread(random, mesh.points[cells], len(own), core=town)]
        nearest_first = chosen[np.argsort(np.linalg.norm(mesh.points[chosen] - town, axis=1), kind="stable")]
        urban_first = sorted(own, key=lambda index: _rank(villages[index], district, random))
        seats[urban_first] = nearest_first
    labels = grow(
        mesh,
        weights,
        [np.array([cell]) for cell in seats],
        head_start_m=np.zeros(len(villages)),
        open_edges=(district_of[mesh.pairs[:, 0]] == district_of[mesh.pairs[:, 1]])
        & (district_of[mesh.pairs[:, 0]] >= 0),
    )
    return labels, _more_central(mesh, labels, np.arange(len(villages)), seats, share=0.5)


def _more_central(mesh: Mesh, labels: IntArray, areas: IntArray, seats: IntArray, *, share: float) -> IntArray:
    """Move each area's seat towards its middle, by a share of the way, without leaving the area."""
    moved = seats.copy()
    for number, area in enumerate(areas):
        cells = np.flatnonzero(labels == area)
        wanted = (1 - share) * mesh.points[seats[number]] + share * mesh.points[cells].mean(axis=0)
        moved[number] = cells[np.linalg.norm(mesh.points[cells] - wanted, axis=1).argmin()]
    return moved


def _rank(village: Area, district: Area, random: Random) -> tuple[bool, bool, float]:
    return (district.name not in village.name, not village.is_ward, float(random.random()))


def _capital_of(region: Region, districts: list[Area], towns: IntArray, counts: IntArray, villages: list[Area]) -> int:
    """Return the district of the region's capital: the one named in the list of centres, else the most urban one."""
    codes = [one.code for one in districts]
    if region.centre.capital in codes:
        return codes.index(region.centre.capital)
    return int(_capital_first(districts, counts, None, villages)[0])
