"""The drawn green space: parks, cemeteries and green belts of the urban areas, public and private."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from app.demo.boundaries import Boundaries
from app.demo.curves import blob, lines_from
from app.demo.mesh import Random
from app.demo.network import Road
from app.demo.rivers import Water
from app.demo.settlements import Settlements, street_angle
from gis.types import FloatArray

PUBLIC_SHARE, PRIVATE_SHARE = (0.08, 0.19), (0.03, 0.09)  # of an urban area
BELT_WIDTH_M = 14.0  # to each side of a river
BELT_SHARE = 0.3  # of the public green space at most
ROAD_GAP_M = 14.0
TRIES = 900

# Typology: what it is called, typical size (m²), how often.
PUBLIC = {
    "RTH-1": ("Hutan Kota", 110_000, 0.16),
    "RTH-2": ("Taman Kota", 42_000, 0.16),
    "RTH-3": ("Taman Kecamatan", 24_000, 0.18),
    "RTH-4": ("Taman Kelurahan", 9_200, 0.26),
    "RTH-5": ("Taman RW", 1_900, 0.1),
    "RTH-6": ("Taman RT", 450, 0.04),
    "RTH-7": ("TPU", 19_000, 0.1),
}
PRIVATE = {
    "RTH-1": ("Kebun Campuran", 75_000, 0.35),
    "RTH-4": ("Lapangan Sekolah", 11_000, 0.4),
    "RTH-5": ("Taman Perumahan", 3_500, 0.25),
}


@dataclass(frozen=True)
class Park:
    """One green space (metres)."""

    shape: BaseGeometry
    name: str
    typology: str
    ownership: str


def draw_parks(
    random: Random, boundaries: Boundaries, settlements: Settlements, water: Water, roads: list[Road]
) -> list[Park]:
    """Fill each urban area with green space that leaves something to be done; none overlap, none lies on a road."""
    parks: list[Park] = []
    counts: dict[str, int] = {}
    lines = lines_from([road.line for road in roads])
    for urban in settlements.urban_shapes:
        near = lines[shapely.dwithin(lines, urban, ROAD_GAP_M)]
        placed: list[BaseGeometry] = [shapely.buffer(line, ROAD_GAP_M, quad_segs=1) for line in near]
        public = random.uniform(*PUBLIC_SHARE) * urban.area
        belts = _belts(boundaries, urban, water, BELT_SHARE * public, placed)
        parks += belts
        public -= sum(belt.shape.area for belt in belts)
        for kinds, ownership, wanted in (
            (PUBLIC, "public", public),
            (PRIVATE, "private", random.uniform(*PRIVATE_SHARE) * urban.area),
        ):
            site = _Site(
                boundaries, urban, street_angle(settlements, shapely.get_coordinates(urban.centroid)[0]), placed, counts
            )
            parks += _fill(random, site, kinds, ownership, wanted)
    return parks


def _belts(
    boundaries: Boundaries, urban: BaseGeometry, water: Water, at_most: float, placed: list[BaseGeometry]
) -> list[Park]:
    belts: list[Park] = []
    total = 0.0
    for shape, name, kind in zip(water.shapes, water.names, water.kinds, strict=True):
        if kind not in {"river", "stream"} or not shapely.intersects(shape, urban):
            continue
        belt = shapely.intersection(
            shapely.buffer(shapely.intersection(shape, urban), BELT_WIDTH_M, quad_segs=2), urban
        )
        belt = shapely.difference(belt, shapely.union_all(placed)) if placed else belt
        polygons = [
            part for part in shapely.get_parts(belt) if part.geom_type == "Polygon" and part.area > BELT_WIDTH_M**2
        ]
        if not polygons or total + belt.area > at_most:
            continue
        whole = shapely.multipolygons(polygons)
        total += belt.area
        placed.append(whole)
        belts.append(Park(whole, f"Jalur Hijau {name}", "RTH-8", "public"))
    return belts


@dataclass(frozen=True)
class _Site:
    """One urban area: the direction of its streets, what stands there already, and how often a name was given."""

    boundaries: Boundaries
    urban: BaseGeometry
    angle: float
    placed: list[BaseGeometry]
    counts: dict[str, int]


def _fill(
    random: Random, site: _Site, kinds: dict[str, tuple[str, int, float]], ownership: str, wanted: float
) -> list[Park]:
    """Place parks at random until there are enough; one that would touch another is not placed."""
    parks: list[Park] = []
    urban, boundaries, placed, counts = site.urban, site.boundaries, site.placed, site.counts
    shapely.prepare(urban)
    west, south, east, north = urban.bounds
    codes, weights = list(kinds), np.array([kind[2] for kind in kinds.values()])
    scale = float(np.clip(np.sqrt(urban.area / 1.2e7), 0.35, 4.0))  # a large city has larger parks
    total = 0.0
    for _ in range(TRIES):
        if total >= wanted:
            break
        code = str(random.choice(codes, p=weights / weights.sum()))
        label, size, _ = kinds[code]
        centre = np.array([random.uniform(west, east), random.uniform(south, north)])
        shape = _block(random, centre, size * scale * random.lognormal(0, 0.35), site.angle, round_=code == "RTH-1")
        if total + shape.area > wanted * 1.15 or not shapely.contains(urban, shape):
            continue
        if placed and shapely.intersects(shapely.buffer(shape, 6), np.array(placed, dtype=object)).any():
            continue
        village = boundaries.villages[max(int(boundaries.village_of[boundaries.mesh.cells_at(centre)]), 0)].name
        name = f"{label} {village}"
        counts[name] = counts.get(name, 0) + 1
        parks.append(Park(shape, name if counts[name] == 1 else f"{name} {counts[name]}", code, ownership))
        placed.append(shape)
        total += shape.area
    return parks


def _block(random: Random, centre: FloatArray, area_m2: float, street_angle: float, *, round_: bool) -> shapely.Polygon:
    """Draw a park: a wood is rounded, others fill a block between streets."""
    if round_:
        return blob(random, centre, float(np.sqrt(area_m2 / np.pi)), roughness=0.35, corners=32)
    ratio, angle = random.uniform(1.0, 1.9), street_angle + random.normal(0, 0.04) + random.integers(2) * np.pi / 2
    width, height = np.sqrt(area_m2 * ratio), np.sqrt(area_m2 / ratio)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2 * (width, height)
    corners += random.uniform(-0.09, 0.09, corners.shape) * (width, height)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return shapely.Polygon(corners @ turn + centre)
