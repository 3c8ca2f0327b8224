"""Places of works cut by zones, with the tolerance of the map that the zones are drawn on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from gis.constants import WGS84_SRID
from gis.crs import require_metric
from gis.geometry import explode_collections, keep_dimension
from gis.types import BoolArray, FloatArray, GeometryArray, IntArray
from gis.works import AREAS, LINES, WorkPlaces, sizes_of, unite

NO_ZONE = -1

M_PER_DEGREE = 110_000.0
"""Shortest degree of a meridian (metres), so that a margin in degrees is never too small."""

POLAR_DEG = 85.0  # beyond it a margin in degrees of longitude has no meaning

MARGIN = 2.0
"""How many tolerances around a place its surroundings are looked at: borders farther off decide nothing."""

NOISE_SHARE = 1e-7
"""Share of a place below which a part comes from the arithmetic of coordinates, not from the data: 1 mm of 10 km."""

CRACK_DEG = 1e-9
"""Width (degrees, a tenth of a millimetre) up to which a polygon is nothing but the arithmetic of coordinates."""

CLOSED = 0.1
"""Cracks between zones of one class narrower than twice this share of the tolerance are closed: neighbours rarely share
their border to the last digit, and a border that is not there must not decide."""


@dataclass(frozen=True)
class ZoneMap:
    """
    Zones as single polygons (EPSG:4326), with the position of the code of each, and what each code means to each work.

    `ranks` has a row a work and a column a code: the class of the zone for that work, the strictest the lowest. What
    lies in no zone is of class `outside_rank`.
    """

    polygons: GeometryArray
    codes: IntArray
    ranks: IntArray
    outside_rank: int


@dataclass(frozen=True)
class ZoneParts:
    """
    Connected parts of works, each in one zone: arrays of one length, in the order of works and classes.

    `work` and `zone` are positions (`NO_ZONE` in none), `rank` the class, `size` in the unit of the work, `counted`
    whether the part is more than the tolerance. `in_overlap` tells of each work whether it lies, wholly or in part,
    where zones overlap.
    """

    work: IntArray
    zone: IntArray
    rank: IntArray
    geometry: GeometryArray
    size: FloatArray
    counted: BoolArray
    in_overlap: BoolArray


def cut_by_zones(places: WorkPlaces, zones: ZoneMap, *, tolerance_m: float, floor_share: float, crs: CRS) -> ZoneParts:
    """
    Cut works by zones, and tell which parts are more than the map can tell.

    Zones of one code are united; where zones overlap, or a line runs on their common border, the place belongs to the
    class of the lowest rank, then to the code that comes first. Parts of a work therefore add up to the whole.

    A part counts when the stretch that the work has within one class of zones, or outside of all, somewhere lies
    farther from the border of that class than `tolerance_m`, and when all such parts of the class together are more
    than `floor_share` of the work. A work that meets one class alone counts whole.

    Parameters
    ----------
    places
        Of the works, EPSG:4326.
    tolerance_m
        How far a border may be off on the ground (metres), from 0.
    floor_share
        From 0 to 1.
    crs
        A metric one in which distances from borders are measured.

    Raises
    ------
    UnprojectedGeometry
        If `crs` is not metric.
    """
    require_metric(crs)
    regions, in_overlap = _regions(places, zones, tolerance_m)
    parts = _parts(places, regions)
    counted = _counted(places, regions, parts, tolerance_m, floor_share, crs)
    of = regions.take(parts.region)
    order = np.lexsort((of.zone, of.rank, of.work))
    return ZoneParts(
        of.work[order],
        of.zone[order],
        of.rank[order],
        parts.geometry[order],
        parts.size[order],
        counted[order],
        in_overlap,
    )


class _Regions(NamedTuple):
    """Surroundings of works, cut by zone without overlaps."""

    work: IntArray
    zone: IntArray
    rank: IntArray
    geometry: GeometryArray

    def take(self, chosen: Any) -> _Regions:
        return _Regions(*(column[chosen] for column in self))


class _Parts(NamedTuple):
    """Connected parts of works in one region: the position of the region, the part and its size."""

    region: IntArray
    geometry: GeometryArray
    size: FloatArray


def _regions(places: WorkPlaces, zones: ZoneMap, tolerance_m: float) -> tuple[_Regions, BoolArray]:
    """Cut the surroundings of each work by zone, strictest first, and add what lies in no zone; tell of overlaps."""
    present = np.flatnonzero(places.present)
    boxes = _surroundings(places.geometries[present], tolerance_m)
    uncut = _near(present, boxes, zones)
    rest = np.full(len(places.geometries), None, dtype=object)
    rest[present] = boxes
    geometry = uncut.geometry.copy()
    for turn in _turns(uncut.work):
        work = uncut.work[turn]
        geometry[turn] = _without_cracks(shapely.intersection(geometry[turn], rest[work]))
        rest[work] = _without_cracks(shapely.difference(rest[work], geometry[turn]))
    regions = _Regions(
        np.concatenate([uncut.work, present]),
        np.concatenate([uncut.zone, np.full(len(present), NO_ZONE, dtype=np.int64)]),
        np.concatenate([uncut.rank, np.full(len(present), zones.outside_rank, dtype=np.int64)]),
        np.concatenate([geometry, rest[present]]),
    )
    return regions, _in_overlap(places, uncut, geometry)


def _without_cracks(geometries: GeometryArray) -> GeometryArray:
    """
    Keep the polygons that are wider than nothing.

    What the arithmetic leaves between two polygons with one border has no width; cut with it, a line may come out
    whole.
    """
    flat = keep_dimension(geometries, AREAS)
    parts, owner = explode_collections(flat)
    wide = 2 * shapely.area(parts) > CRACK_DEG * shapely.length(parts)
    for index in np.unique(owner[~wide]):
        flat[index] = shapely.multipolygons(parts[(owner == index) & wide])
    return flat


def _surroundings(geometries: GeometryArray, tolerance_m: float) -> GeometryArray:
    """Draw a box around each geometry, wide enough for every border that can decide."""
    bounds = shapely.bounds(geometries).reshape(-1, 4)
    north = MARGIN * max(tolerance_m, 1.0) / M_PER_DEGREE
    latitude = np.minimum(np.abs(bounds[:, [1, 3]]).max(axis=1, initial=0.0), POLAR_DEG)
    east = north / np.cos(np.radians(latitude))
    boxes = shapely.box(bounds[:, 0] - east, bounds[:, 1] - north, bounds[:, 2] + east, bounds[:, 3] + north)
    return np.asarray(boxes, dtype=object)


def _near(present: IntArray, boxes: GeometryArray, zones: ZoneMap) -> _Regions:
    """Cut the zones to the surroundings, unite those of one code, and order them by work, class and code."""
    polygon, box = shapely.STRtree(boxes).query(zones.polygons, predicate="intersects")
    clipped = keep_dimension(shapely.intersection(zones.polygons[polygon], boxes[box]), 2)
    keys, group = np.unique(np.column_stack([present[box], zones.codes[polygon]]), axis=0, return_inverse=True)
    keys = keys.reshape(-1, 2)
    united = unite(clipped, group.reshape(-1), len(keys))
    rank = zones.ranks[keys[:, 0], keys[:, 1]]
    order = np.lexsort((keys[:, 1], rank, keys[:, 0]))
    return _Regions(keys[order, 0], keys[order, 1], rank[order], united[order])


def _turns(owner: IntArray) -> list[IntArray]:
    """List positions of the first of each owner, then of the second, and so on; owners come sorted."""
    if not len(owner):
        return []
    rank = np.arange(len(owner)) - np.searchsorted(owner, owner)
    return [np.flatnonzero(rank == turn) for turn in range(int(rank.max()) + 1)]


def _in_overlap(places: WorkPlaces, uncut: _Regions, cut: GeometryArray) -> BoolArray:
    """Tell which works have a part in the ground that a zone lost to a stricter one."""
    whole = shapely.area(uncut.geometry)
    position = np.flatnonzero(whole - shapely.area(cut) > NOISE_SHARE * whole)
    work = uncut.work[position]
    twice = keep_dimension(shapely.difference(uncut.geometry[position], cut[position]), 2)
    common = _of_dimension(shapely.intersection(places.geometries[work], twice), places.dimensions[work])
    found = sizes_of(common, places.dimensions[work]) > NOISE_SHARE * places.sizes[work]
    result = np.zeros(len(places.geometries), dtype=bool)
    result[work[found]] = True
    return result


def _of_dimension(geometries: GeometryArray, dimensions: IntArray) -> GeometryArray:
    result: GeometryArray = np.asarray(geometries, dtype=object).copy()
    for kind in np.unique(dimensions):
        chosen = dimensions == kind
        result[chosen] = keep_dimension(result[chosen], int(kind))
    return result


def _parts(places: WorkPlaces, regions: _Regions) -> _Parts:
    """Cut the works by their regions into connected parts; a border belongs to the strictest of its regions."""
    dimension = places.dimensions[regions.work]
    common = _of_dimension(shapely.intersection(places.geometries[regions.work], regions.geometry), dimension)
    for position in _on_borders(common, regions, dimension):
        for other in np.flatnonzero(_is_before(regions, position)):
            rest = shapely.difference(common[position], regions.geometry[other])
            common[position] = keep_dimension(np.array([rest], dtype=object), int(dimension[position]))[0]
    parts, region = explode_collections(common)
    size = sizes_of(parts, dimension[region])
    worth = size > NOISE_SHARE * places.sizes[regions.work[region]]
    return _Parts(region[worth], parts[worth], size[worth])


def _on_borders(common: GeometryArray, regions: _Regions, dimension: IntArray) -> IntArray:
    """Find points and stretches of line that lie on the border of their region."""
    slim = np.flatnonzero((dimension < AREAS) & ~shapely.is_empty(common))
    border = _of_dimension(
        shapely.intersection(common[slim], shapely.boundary(regions.geometry[slim])), dimension[slim]
    )
    return slim[~shapely.is_empty(border)]


def _is_before(regions: _Regions, position: int) -> BoolArray:
    """Tell which regions of the same work come before one: of a stricter class, or of the same and an earlier code."""
    stricter = regions.rank < regions.rank[position]
    earlier = (regions.rank == regions.rank[position]) & (regions.zone < regions.zone[position])
    return np.asarray((regions.work == regions.work[position]) & (stricter | earlier), dtype=bool)


def _counted(
    places: WorkPlaces, regions: _Regions, parts: _Parts, tolerance_m: float, floor_share: float, crs: CRS
) -> BoolArray:
    classes, of_region = np.unique(np.column_stack([regions.work, regions.rank]), axis=0, return_inverse=True)
    classes, of_region = classes.reshape(-1, 2), of_region.reshape(-1)
    ground = unite(regions.geometry, of_region, len(classes))
    several = np.bincount(classes[~shapely.is_empty(ground), 0], minlength=len(places.geometries)) > 1
    of_part = of_region[parts.region]
    doubtful = np.flatnonzero(several[regions.work[parts.region]])
    deep = np.ones(len(of_part), dtype=bool)
    needed = np.unique(of_part[doubtful])
    stretches = _stretches(places, classes[:, 0], ground, needed, tolerance_m, crs)
    deep[doubtful] = _is_of_deep_stretch(_projected(parts.geometry[doubtful], crs), of_part[doubtful], stretches)
    weight = np.bincount(of_part[deep], weights=parts.size[deep], minlength=len(classes))
    enough = weight > floor_share * places.sizes[classes[:, 0]]
    return np.asarray(deep & enough[of_part], dtype=bool)


def _stretches(
    places: WorkPlaces, work: IntArray, ground: GeometryArray, needed: IntArray, tolerance_m: float, crs: CRS
) -> pd.DataFrame:
    """
    Find the connected stretches of works on the ground of the classes needed, and whether each reaches deep into it.

    A stretch is deep when it touches what is left of the ground after its rim, as wide as the tolerance, is taken off.
    """
    width = CLOSED * tolerance_m
    opened = shapely.buffer(_projected(ground[needed], crs), width, join_style="mitre")
    closed = shapely.buffer(opened, -width, join_style="mitre")
    core = shapely.buffer(closed, -tolerance_m)
    dimension = places.dimensions[work[needed]]
    common = shapely.intersection(_projected(places.geometries[work[needed]], crs), closed)
    stretches, of = explode_collections(_of_dimension(common, dimension))
    is_deep = shapely.intersects(core[of], stretches)
    return pd.DataFrame({"class": needed[of], "stretch": stretches, "deep": is_deep})


def _is_of_deep_stretch(parts: GeometryArray, of_class: IntArray, stretches: pd.DataFrame) -> BoolArray:
    """Tell for each part (metric CRS) whether the stretch that it belongs to, the nearest of its class, is deep."""
    inside = pd.DataFrame({"part": np.arange(len(parts)), "class": of_class, "point": _within(parts)})
    pairs = inside.merge(stretches, on="class")
    distance = shapely.distance(pairs["point"].to_numpy(), pairs["stretch"].to_numpy())
    nearest = pairs.assign(distance=distance).sort_values(["part", "distance"]).drop_duplicates("part")
    result = np.zeros(len(parts), dtype=bool)
    result[nearest["part"].to_numpy()] = nearest["deep"].to_numpy(dtype=bool)
    return result


def _within(parts: GeometryArray) -> GeometryArray:
    """Give a point of each part that belongs to no other: in the middle of a line, not at its ends."""
    points: GeometryArray = np.asarray(shapely.point_on_surface(parts), dtype=object)
    lines = shapely.get_dimensions(parts) == LINES
    points[lines] = shapely.line_interpolate_point(parts[lines], 0.5, normalized=True)
    return points


def _projected(geometries: GeometryArray, crs: CRS) -> GeometryArray:
    return np.asarray(gpd.GeoSeries(geometries, crs=WGS84_SRID).to_crs(crs).to_numpy(), dtype=object)
