"""Reach along streets: 100 facilities over 200 000 segments in one search, against a plain search for each facility."""

from __future__ import annotations

import heapq
import time
from collections import defaultdict
from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from gis.crs import choose_metric_crs
from gis.measure import segment_lengths_m
from gis.network import StreetNetwork, build_network, distance_along, find_feet, measure_reach
from gis.service_area import straight_distances
from tests.bench.table import Row, at_least, at_most

Floats = npt.NDArray[np.float64]

SECTION = "reports"
WEST, SOUTH = 102.6, -3.6
CROSSINGS = 317  # along each side: 2 × 317 × 316 segments
BLOCK_DEG = 0.002  # some 220 m
BENDS = 4  # vertices of a segment between its crossings
FACILITIES, RESIDENTS = 100, 100_000
LIMIT_M, SNAP_M, TO_STREET_M = 3_000.0, 1.0, 500.0
SEARCHED = 5  # facilities that the plain way searches; its time is scaled to all
SECONDS, SPEEDUP, TOLERANCE_M = 10, 5, 1e-6
SEED = 20_261_124


def network_reach(*, crossings: int = CROSSINGS, residents: int = RESIDENTS) -> Iterator[Row]:
    """Measure the way of every resident to the nearest facility, graph included, and a plain search beside it."""
    rng = np.random.default_rng(SEED)
    corners, ends, lines = _town(rng, crossings)
    streets = gpd.GeoDataFrame(geometry=lines, crs=4326)
    chosen = rng.choice(len(corners), FACILITIES, replace=False)
    homes = shapely.points(
        corners[rng.integers(0, len(corners), residents)] + rng.normal(0, BLOCK_DEG / 4, (residents, 2))
    )
    crs = choose_metric_crs(shapely.box(*streets.total_bounds))

    start = time.perf_counter()
    network = build_network(streets, crs=crs, snap_m=SNAP_M)
    sources = find_feet(network, shapely.points(corners[chosen]), max_m=TO_STREET_M)
    reach = measure_reach(network, sources, count=FACILITIES, limit_m=LIMIT_M)
    built_s = time.perf_counter() - start
    straight = straight_distances(homes, shapely.points(corners[chosen]), crs=crs, limit_m=LIMIT_M)
    near = homes[np.isfinite(straight)]  # no way along the streets is shorter
    ways = distance_along(reach, find_feet(network, near, max_m=TO_STREET_M), count=len(near))
    seconds = time.perf_counter() - start

    what = f"{FACILITIES} facilities over {len(lines):,} segments".replace(",", " ")
    served = f"{np.isfinite(ways).sum():,} of {residents:,} places within {LIMIT_M:.0f} m".replace(",", " ")
    yield at_most(SECTION, what, seconds, SECONDS, "s", f"graph and search {built_s:.1f} s; {served}")

    start = time.perf_counter()
    neighbours = _neighbours(ends, _lengths(lines))
    plain = [_plain_search(neighbours, int(corner)) for corner in chosen[:SEARCHED]]
    plain_s = (time.perf_counter() - start) * FACILITIES / SEARCHED
    note = f"{built_s:.1f} s against {plain_s:.0f} s of a heap in Python, {SEARCHED} facilities searched and scaled"
    yield at_least(SECTION, f"{what}, graph and search", plain_s / built_s, SPEEDUP, "× the plain way's speed", note)
    yield at_most(
        SECTION, f"{what}, largest difference", _difference(network, corners, chosen, plain), TOLERANCE_M, "m"
    )


def _town(rng: np.random.Generator, crossings: int) -> tuple[Floats, npt.NDArray[np.int64], npt.NDArray[np.object_]]:
    """Make shaken blocks: the crossings, the two crossings of each street, and the streets with bends."""
    column, row = np.meshgrid(np.arange(crossings), np.arange(crossings))
    corners = np.column_stack([WEST + column.ravel() * BLOCK_DEG, SOUTH + row.ravel() * BLOCK_DEG])
    corners += rng.normal(0, BLOCK_DEG / 10, corners.shape)
    number = np.arange(crossings**2).reshape(crossings, crossings)
    ends = np.vstack(
        [
            np.column_stack([number[:, :-1].ravel(), number[:, 1:].ravel()]),
            np.column_stack([number[:-1].ravel(), number[1:].ravel()]),
        ]
    )
    shares = np.linspace(0, 1, BENDS + 2)[None, :, None]
    path = corners[ends[:, 0]][:, None] * (1 - shares) + corners[ends[:, 1]][:, None] * shares
    path[:, 1:-1] += rng.normal(0, BLOCK_DEG / 40, path[:, 1:-1].shape)
    return corners, ends, np.asarray(shapely.linestrings(path), dtype=object)


def _lengths(lines: npt.NDArray[np.object_]) -> Floats:
    points = shapely.get_coordinates(lines).reshape(len(lines), BENDS + 2, 2)
    steps = segment_lengths_m(points[:, :-1].reshape(-1, 2), points[:, 1:].reshape(-1, 2))
    return np.asarray(steps.reshape(len(lines), -1).sum(axis=1), dtype=np.float64)


def _neighbours(ends: npt.NDArray[np.int64], lengths: Floats) -> dict[int, list[tuple[int, float]]]:
    found: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for (a, b), metres in zip(ends.tolist(), lengths.tolist(), strict=True):
        found[a].append((b, metres))
        found[b].append((a, metres))
    return found


def _plain_search(neighbours: dict[int, list[tuple[int, float]]], source: int) -> dict[int, float]:
    """Dijkstra with a heap, from one facility."""
    found: dict[int, float] = {}
    heap = [(0.0, source)]
    while heap:
        metres, place = heapq.heappop(heap)
        if place in found or metres > LIMIT_M:
            continue
        found[place] = metres
        for other, step in neighbours[place]:
            if other not in found:
                heapq.heappush(heap, (metres + step, other))
    return found


def _difference(
    network: StreetNetwork, corners: Floats, chosen: npt.NDArray[np.int64], plain: list[dict[int, float]]
) -> float:
    """Compare the ways from the crossings that the plain way has reached, for its facilities alone."""
    places = np.array(sorted({place for search in plain for place in search}))
    expected = np.array([min(search.get(int(place), np.inf) for search in plain) for place in places])
    feet = find_feet(network, shapely.points(corners[chosen[: len(plain)]]), max_m=TO_STREET_M)
    reach = measure_reach(network, feet, count=len(plain), limit_m=LIMIT_M)
    found = distance_along(reach, find_feet(network, shapely.points(corners[places]), max_m=1), count=len(places))
    return float(np.abs(found - expected).max())
