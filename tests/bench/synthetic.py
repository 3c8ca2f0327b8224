"""
A made-up regency of known size, the same at every run: villages, districts, roads and surveyed segments.

The usual size: 200 000 roads of 10 to 60 vertices, 200 villages of about 2 000 vertices, 14 districts.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.cluster.vq import kmeans2
from scipy.spatial import Delaunay

Floats = npt.NDArray[np.float64]

WEST, SOUTH, EAST, NORTH = 102.6, -3.6, 103.6, -2.5
M_PER_DEGREE = 111_000.0  # near enough the equator for made-up roads
SEED = 20_261_124
VILLAGES, DISTRICTS, HAMLETS = 200, 14, 3_000
BORDER_STEP_M = 17.0  # between two vertices of a border: about 2 000 vertices a village
REGENCY = "16.05"

WAVES = 30
SLOPE = 0.055  # of one wave; all together stay below 1, so that the warped plane never folds
LONGEST_WAVE_M, SHORTEST_WAVE_M = 9_000.0, 120.0

FUNCTIONS = ("arterial", "collector", "local", "neighbourhood", "neighbourhood")
CLASSES = ("trunk", "primary", "residential", "track", "path")  # the same roads as streets
REST = (0.24, 0.50, 0.26)  # of the roads that are neither arterial nor collector
STEP_M = ((9.0, 22.0), (4.0, 14.0), (4.0, 14.0))  # between two vertices, by class of the rest
SPREAD_M = (900.0, 500.0, 1_200.0)  # from the hamlet
CONDITIONS = ("good", "fair", "light_damage", "heavy_damage")
CONDITION_SHARES = (0.5, 0.25, 0.15, 0.1)


@dataclass(frozen=True)
class Regency:
    """Frames in EPSG:4326 whose columns are those of the layers' tables."""

    districts: gpd.GeoDataFrame
    villages: gpd.GeoDataFrame
    roads: gpd.GeoDataFrame


def make_regency(*, roads: int = 200_000) -> Regency:
    """
    Make the regency.

    Parameters
    ----------
    roads
        How many roads; the borders stay the same.
    """
    rng = np.random.default_rng(SEED)
    centres = _even_points(rng)
    districts, villages = _areas(centres)
    return Regency(districts, villages, _roads(rng, centres, districts, villages, roads))


def make_segments(roads: gpd.GeoDataFrame, count: int) -> gpd.GeoDataFrame:
    """
    Cut surveyed segments of four vertices out of roads, `count` of them.

    A road longer than that is cut again for the year before, so that any count can be had.
    """
    rng = np.random.default_rng(SEED + 1)
    points, line = shapely.get_coordinates(roads.geometry.to_numpy(), return_index=True)
    usable = np.flatnonzero(line[:-3] == line[3:])
    start = usable[np.arange(0, len(usable), 3)]
    rounds = -(-count // len(start))
    chosen = np.tile(start, rounds)[:count]
    year = 2025 - np.repeat(np.arange(rounds), len(start))[:count]
    corners = points[chosen[:, None] + np.arange(4)]
    station = (chosen - np.searchsorted(line, line[chosen])) * 30.0
    return gpd.GeoDataFrame(
        {
            "road_code": roads["code"].to_numpy()[line[chosen]],
            "sta_from_m": station,
            "sta_to_m": station + 90.0,
            "survey_year": year,
            "condition": rng.choice(CONDITIONS, count, p=CONDITION_SHARES),
        },
        geometry=shapely.linestrings(corners),
        crs=4326,
    )


def _even_points(rng: np.random.Generator) -> Floats:
    """Scatter the villages' centres, and move each twice to the middle of its cell."""
    frame = shapely.box(WEST, SOUTH, EAST, NORTH)
    points = rng.uniform((WEST, SOUTH), (EAST, NORTH), (VILLAGES, 2))
    for _ in range(2):
        cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=frame))
        points = shapely.get_coordinates(shapely.centroid(shapely.intersection(cells, frame)))
    return points


def _areas(centres: Floats) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Draw villages around their centres with winding borders in common, and districts as groups of villages."""
    frame = shapely.box(WEST, SOUTH, EAST, NORTH)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(centres), extend_to=frame, ordered=True))
    straight = shapely.set_precision(shapely.intersection(cells, frame), 1e-9)
    polygons = shapely.transform(_dense(straight, BORDER_STEP_M / M_PER_DEGREE), _warp)
    _, group = kmeans2(centres, DISTRICTS, minit="++", seed=SEED)
    codes = [f"{REGENCY}.{number + 1:02}" for number in range(DISTRICTS)]
    unions = [shapely.coverage_union_all(polygons[group == number]) for number in range(DISTRICTS)]
    districts = gpd.GeoDataFrame(
        {"code": codes, "name": [f"Kecamatan {number + 1}" for number in range(DISTRICTS)]}, geometry=unions, crs=4326
    )
    village_codes = [f"{codes[number]}.{2001 + index}" for index, number in enumerate(group)]
    villages = gpd.GeoDataFrame(
        {"code": village_codes, "name": [f"Desa {index + 1}" for index in range(VILLAGES)]}, geometry=polygons, crs=4326
    )
    return districts, villages


def _dense(polygons: npt.NDArray[np.object_], step: float) -> npt.NDArray[np.object_]:
    """Add vertices along the edges, on a common edge the very same from both sides."""
    points, polygon = shapely.get_coordinates(polygons, return_index=True)
    start, end, owner = points[:-1], points[1:], polygon[:-1]
    inside = polygon[:-1] == polygon[1:]
    start, end, owner = start[inside], end[inside], owner[inside]
    turned = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    low, high = np.where(turned[:, None], end, start), np.where(turned[:, None], start, end)
    pieces = np.maximum(1, np.ceil(np.hypot(*(high - low).T) / step).astype(int))
    edge = np.repeat(np.arange(len(pieces)), pieces)
    number = np.arange(len(edge)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    number = np.where(turned[edge], pieces[edge] - number, number)
    share = (number / pieces[edge])[:, None]
    dense = np.where(share == 1, high[edge], low[edge] + (high - low)[edge] * share)
    return shapely.polygons(shapely.linearrings(dense, indices=owner[edge]))


def _warp(xy: Floats) -> Floats:
    """Move points by a sum of waves; neighbours stay neighbours."""
    rng = np.random.default_rng(SEED + 2)
    lengths = np.geomspace(LONGEST_WAVE_M, SHORTEST_WAVE_M, WAVES) / M_PER_DEGREE
    moved = xy.copy()
    for length in lengths:
        direction, push, phase = rng.uniform(0, 2 * np.pi, 3)
        number = 2 * np.pi / length
        wave = np.sin(number * (xy @ (np.cos(direction), np.sin(direction))) + phase)
        moved += SLOPE / number * wave[:, None] * np.array([np.cos(push), np.sin(push)])
    return moved


def _roads(
    rng: np.random.Generator, centres: Floats, districts: gpd.GeoDataFrame, villages: gpd.GeoDataFrame, total: int
) -> gpd.GeoDataFrame:
    capitals = shapely.get_coordinates(shapely.point_on_surface(districts.geometry.to_numpy()))
    arterial, collector = _trunk_roads(rng, capitals), _trunk_roads(rng, centres)
    trunks = np.concatenate([arterial, collector])[:total]
    level = np.concatenate([np.zeros(len(arterial), int), np.ones(len(collector), int)])[:total]
    rest, rest_level = _lanes(rng, centres, total - len(trunks))
    lines = np.concatenate([trunks, rest])
    level = np.concatenate([level, rest_level])
    order = gpd.GeoSeries(lines).hilbert_distance().argsort(kind="stable").to_numpy()
    lines, level = lines[order], level[order]
    district, village = _areas_of(lines, villages)
    return gpd.GeoDataFrame(
        {
            "code": [f"{number + 1:06}" for number in range(total)],
            "name": [f"Jalan {CLASSES[one]} {number % 4999}" for number, one in enumerate(level)],
            "length_sk_m": np.round(shapely.length(lines) * M_PER_DEGREE + 1, 1),
            "function": np.array(FUNCTIONS, object)[level],
            "class": np.array(CLASSES, object)[level],
            "status": np.where(level == 0, "provincial", "regency"),
            "condition": rng.choice(CONDITIONS, total, p=CONDITION_SHARES),
            "district_codes": district,
            "village_codes": village,
        },
        geometry=lines,
        crs=4326,
    )


def _trunk_roads(rng: np.random.Generator, places: Floats) -> npt.NDArray[np.object_]:
    """Join neighbouring places by winding roads, cut into pieces of 15 to 50 vertices."""
    corners = Delaunay(places).simplices
    edges = np.unique(np.sort(np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]]), axis=1), axis=0)
    straight = shapely.segmentize(shapely.linestrings(places[edges]), 18.0 / M_PER_DEGREE)
    points, line = shapely.get_coordinates(straight, return_index=True)
    points = _warp(_warp(points))
    pieces = []
    for number in range(len(edges)):
        winding = points[line == number]
        cuts = np.cumsum(rng.integers(14, 50, len(winding) // 14 + 1))
        pieces += [part for part in _cut(winding, cuts[cuts < len(winding) - 2]) if len(part) > 1]
    return np.array([shapely.LineString(piece) for piece in pieces], dtype=object)


def _cut(points: Floats, cuts: npt.NDArray[np.int64]) -> list[Floats]:
    bounds = [0, *cuts, len(points) - 1]
    return [points[first : last + 1] for first, last in pairwise(bounds)]


def _lanes(
    rng: np.random.Generator, centres: Floats, count: int
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.int64]]:
    """Let small roads wander about hamlets, of which few are large and most are small."""
    hamlets = np.vstack([centres, rng.uniform((WEST + 0.01, SOUTH + 0.01), (EAST - 0.01, NORTH - 0.01), (HAMLETS, 2))])
    weight = rng.lognormal(0, 1, len(hamlets)) * np.where(np.arange(len(hamlets)) < VILLAGES, 4, 1)
    kind = rng.choice(len(REST), count, p=REST)
    home = hamlets[rng.choice(len(hamlets), count, p=weight / weight.sum())]
    start = home + rng.normal(0, 1, (count, 2)) * (np.array(SPREAD_M)[kind] / M_PER_DEGREE)[:, None]
    low, high = np.array(STEP_M).T
    step = rng.uniform(low[kind], high[kind]) / M_PER_DEGREE
    heading = rng.integers(0, 4, count) * (np.pi / 2) + rng.normal(0, 0.25, count)
    vertices = rng.integers(10, 61, count)
    turns = np.cumsum(rng.normal(0, 0.16, (count, 59)), axis=1) + heading[:, None]
    steps = np.stack([np.cos(turns), np.sin(turns)], axis=2) * step[:, None, None]
    points = np.concatenate([start[:, None], start[:, None] + np.cumsum(steps, axis=1)], axis=1)
    kept = np.arange(60) < vertices[:, None]
    lines = shapely.linestrings(points[kept], indices=np.repeat(np.arange(count), vertices))
    return lines, kind + 2


def _areas_of(lines: npt.NDArray[np.object_], villages: gpd.GeoDataFrame) -> tuple[list[list[str]], list[list[str]]]:
    """Name the villages and districts each line touches."""
    polygons = villages.geometry.to_numpy()
    line, village = shapely.STRtree(polygons).query(lines, predicate="intersects")
    codes = villages["code"].to_numpy()
    pairs = pd.DataFrame({"line": line, "village": codes[village]}).sort_values(["line", "village"])
    pairs["district"] = pairs["village"].str[:8]
    by_village = _lists(pairs["line"], pairs["village"], len(lines))
    by_district = _lists(
        *(pairs.drop_duplicates(["line", "district"])[name] for name in ("line", "district")), len(lines)
    )
    return by_district, by_village


def _lists(owner: pd.Series, values: pd.Series, count: int) -> list[list[str]]:
    """Gather the values of each owner; the owners are in order."""
    bounds = np.searchsorted(owner.to_numpy(), np.arange(count + 1))
    texts = values.tolist()
    return [texts[first:last] for first, last in pairwise(bounds)]
