"""Ways along streets, against a search written in plain Python and against figures by hand."""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from gis.errors import InvalidMeasure, MissingColumn, MissingCrs, ProjectedGeometry, UnprojectedGeometry
from gis.network import (
    StreetNetwork,
    build_network,
    distance_along,
    find_feet,
    measure_reach,
    reached_stretches,
)
from tests.gis.builders import GEOD, frame, geodesic_m

UTM = CRS.from_epsg(32748)
STEP = 0.002  # degrees between two crossings of the town below, some 222 m


def network_of(*lines: shapely.Geometry, snap_m: float = 0.5, **columns: object) -> StreetNetwork:
    return build_network(frame(lines, **columns), crs=UTM, snap_m=snap_m, oneway="oneway" if columns else None)


def way_m(
    network: StreetNetwork,
    place: tuple[float, float],
    *sources: tuple[float, float],
    limit_m: float = 50_000,
    max_m: float = 5_000,
    honour_oneway: bool = False,
) -> float:
    """How far one place is from the nearest source; infinite when none is reached."""
    feet = find_feet(network, shapely.points(np.array(sources).reshape(-1, 2)), max_m=max_m)
    reach = measure_reach(network, feet, count=len(sources), limit_m=limit_m, honour_oneway=honour_oneway)
    place_feet = find_feet(network, np.array([shapely.Point(place)], dtype=object), max_m=max_m)
    return float(distance_along(reach, place_feet, count=1)[0])


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString(points)


def straight_m(first: tuple[float, float], second: tuple[float, float]) -> float:
    return float(GEOD.inv(*first, *second)[2])


def town(seed: int, *, size: int = 6, keep: float = 0.8) -> list[shapely.LineString]:
    """Blocks with shaken crossings; some streets are missing."""
    random = np.random.default_rng(seed)
    corners = {
        (i, j): (103 + i * STEP + random.normal(0, STEP / 8), -3 + j * STEP + random.normal(0, STEP / 8))
        for i in range(size)
        for j in range(size)
    }
    pairs = [((i, j), (i + 1, j)) for i in range(size - 1) for j in range(size)]
    pairs += [((i, j), (i, j + 1)) for i in range(size) for j in range(size - 1)]
    return [line(corners[a], corners[b]) for a, b in pairs if random.random() < keep]


def plain_search(lines: list[shapely.LineString], source: tuple[float, float]) -> dict[tuple[float, float], float]:
    """Dijkstra with a heap, between vertices alone."""
    ways: dict[tuple[float, float], list[tuple[tuple[float, float], float]]] = defaultdict(list)
    for one in lines:
        for a, b in itertools.pairwise(one.coords):
            ways[a].append((b, straight_m(a, b)))
            ways[b].append((a, straight_m(a, b)))
    found: dict[tuple[float, float], float] = {}
    heap = [(0.0, source)]
    while heap:
        metres, place = heapq.heappop(heap)
        if place in found:
            continue
        found[place] = metres
        for other, step in ways[place]:
            heapq.heappush(heap, (metres + step, other))
    return found


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_ways_are_those_of_a_plain_search(seed: int) -> None:
    lines = town(seed)
    places = sorted({point for one in lines for point in one.coords})
    sources = places[:: len(places) // 3 + 1]
    searches = [plain_search(lines, source) for source in sources]
    expected = [min(search.get(place, np.inf) for search in searches) for place in places]
    network = build_network(frame(lines), crs=UTM, snap_m=0)
    feet = find_feet(network, shapely.points(sources), max_m=1)
    reach = measure_reach(network, feet, count=len(sources), limit_m=1e9)
    found = distance_along(reach, find_feet(network, shapely.points(places), max_m=1), count=len(places))
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_the_way_is_never_shorter_than_the_straight_line_and_order_does_not_matter(seed: int, shuffle: object) -> None:
    random = np.random.default_rng(seed)
    lines = town(seed, size=4)
    sources = random.uniform((103, -3), (103 + 3 * STEP, -3 + 3 * STEP), (3, 2))
    places = random.uniform((103, -3), (103 + 3 * STEP, -3 + 3 * STEP), (40, 2))

    def distances(drawn: list[shapely.LineString]) -> np.ndarray:
        network = build_network(frame(drawn), crs=UTM, snap_m=1)
        feet = find_feet(network, shapely.points(sources), max_m=500)
        reach = measure_reach(network, feet, count=3, limit_m=3_000)
        return distance_along(reach, find_feet(network, shapely.points(places), max_m=500), count=len(places))

    found = distances(lines)
    straight = [min(straight_m(tuple(place), tuple(source)) for source in sources) for place in places]
    assert (found >= np.array(straight) - 1e-6).all()
    mixed = [one if seed % 2 else one.reverse() for one in lines]
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]
    assert distances(mixed) == pytest.approx(found, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 0.9))
def test_cutting_streets_in_two_changes_no_way(seed: int, share: float) -> None:
    lines = town(seed, size=4)
    middles = [one.interpolate(share, normalized=True).coords[0] for one in lines]
    halves = [
        half
        for one, middle in zip(lines, middles, strict=True)
        for half in (line(one.coords[0], middle), line(middle, one.coords[1]))
    ]
    with_vertex = [line(one.coords[0], middle, one.coords[1]) for one, middle in zip(lines, middles, strict=True)]
    ends = lines[0].coords[0], lines[-1].coords[1]
    assert way_m(network_of(*halves, snap_m=0), *ends) == pytest.approx(
        way_m(network_of(*with_vertex, snap_m=0), *ends)
    )


def test_a_crossing_without_shared_vertex_is_a_bridge() -> None:
    bridge, road = line((103, -3.01), (103, -2.99)), line((102.99, -3), (103.01, -3))
    network = network_of(bridge, road)
    assert way_m(network, (103, -2.99), (103.01, -3)) == np.inf
    assert [(one.code, one.count) for one in network.findings] == [("streets_apart", 1)]
    crossing = line((103, -3.01), (103, -3), (103, -2.99)), line((102.99, -3), (103, -3), (103.01, -3))
    joined = network_of(*crossing)
    assert way_m(joined, (103, -2.99), (103.01, -3)) == pytest.approx(
        straight_m((103, -2.99), (103, -3)) + straight_m((103, -3), (103.01, -3))
    )
    assert joined.findings == ()


def test_a_street_that_ends_on_another_meets_it_there() -> None:
    main, side = line((103, -3), (103.02, -3)), line((103.01, -3), (103.01, -2.99))
    found = way_m(network_of(main, side), (103.01, -2.99), (103.02, -3))
    assert found == pytest.approx(geodesic_m(side) + straight_m((103.01, -3), (103.02, -3)), abs=0.01)


@pytest.mark.parametrize(("gap_m", "joined"), [(0.4, True), (0.6, False)])
def test_gaps_up_to_the_tolerance_are_bridged_at_their_width(gap_m: float, joined: bool) -> None:
    lon, lat, _ = GEOD.fwd(103.01, -3, 0, gap_m)
    main, side = line((103, -3), (103.02, -3)), line((lon, lat), (103.01, -2.99))
    found = way_m(network_of(main, side, snap_m=0.5), (103.01, -2.99), (103.02, -3))
    expected = geodesic_m(side) + gap_m + straight_m((103.01, -3), (103.02, -3))
    assert found == (pytest.approx(expected, abs=0.01) if joined else np.inf)


def test_way_from_the_door_to_the_street_counts_at_both_ends() -> None:
    street = line((103, -3), (103.01, -3))
    found = way_m(network_of(street), (103.002, -2.999), (103.008, -3.0005))
    expected = straight_m((103.002, -2.999), (103.002, -3)) + straight_m((103.008, -3.0005), (103.008, -3))
    assert found == pytest.approx(expected + straight_m((103.002, -3), (103.008, -3)), rel=1e-4)


def test_places_between_two_crossings_are_measured_along_the_street_between_them() -> None:
    """Neither by the crossings, nor by a parallel street."""
    street = line((103, -3), (103.01, -3))
    around = line((103, -3), (103.005, -2.99), (103.01, -3))
    found = way_m(network_of(street, around), (103.004, -3), (103.006, -3))
    assert found == pytest.approx(straight_m((103.004, -3), (103.006, -3)), abs=0.01)


def test_of_two_streets_between_the_same_crossings_the_shorter_counts() -> None:
    short, detour = line((103, -3), (103.01, -3)), line((103, -3), (103.005, -2.99), (103.01, -3))
    for drawn in ((short, detour), (detour, short)):
        assert way_m(network_of(*drawn), (103, -3), (103.01, -3)) == pytest.approx(geodesic_m(short))


def test_one_way_streets_are_followed_to_the_source_when_asked() -> None:
    """A ring of three streets, driven round one way."""
    a, b, c = (103, -3), (103.01, -3), (103.005, -2.99)
    ring = network_of(line(a, b), line(b, c), line(c, a), oneway=[True, True, None])
    to_b, round_to_a = straight_m(a, b), straight_m(b, c) + straight_m(c, a)
    assert way_m(ring, a, b, honour_oneway=True) == pytest.approx(to_b)
    assert way_m(ring, b, a, honour_oneway=True) == pytest.approx(round_to_a)
    assert way_m(ring, b, a) == pytest.approx(to_b)
    assert way_m(ring, c, a, honour_oneway=True) == pytest.approx(straight_m(c, a))
    assert way_m(ring, a, c, honour_oneway=True) == pytest.approx(straight_m(c, a))
    quarter, half = (103.0025, -3), (103.005, -3)
    assert way_m(ring, quarter, half, honour_oneway=True) == pytest.approx(straight_m(quarter, half), abs=0.01)
    once_round = to_b + round_to_a - straight_m(quarter, half)
    assert way_m(ring, half, quarter, honour_oneway=True) == pytest.approx(once_round, abs=0.01)


def test_a_side_street_is_reached_from_a_one_way_street_at_its_gap() -> None:
    main, side = line((103, -3), (103.01, -3), (103.02, -3)), line((103.01, -3.000001), (103.01, -3.01))
    other = line((103.01, -3), (103.01, -2.99))
    network = network_of(main, side, other, oneway=[True, False, False])
    found = way_m(network, (103.01, -3.01), (103.01, -2.99), honour_oneway=True)
    assert found == pytest.approx(straight_m((103.01, -3.01), (103.01, -2.99)), rel=1e-4)


def test_nothing_beyond_the_limit_is_reached() -> None:
    network = network_of(line((103, -3), (103.02, -3)))
    metres = straight_m((103, -3), (103.01, -3))
    assert way_m(network, (103.01, -3), (103, -3), limit_m=metres + 0.01) == pytest.approx(metres, abs=0.01)
    assert way_m(network, (103.01, -3), (103, -3), limit_m=metres - 0.01) == np.inf


def test_sources_far_from_every_street_are_listed() -> None:
    network = network_of(line((103, -3), (103.02, -3)))
    places = np.array([shapely.Point(103, -3), shapely.Point(103.01, -2.9), None, shapely.Point()], dtype=object)
    feet = find_feet(network, places, max_m=500)
    reach = measure_reach(network, feet, count=4, limit_m=1_000)
    assert reach.unreachable.tolist() == [1, 2, 3]
    assert np.isinf(distance_along(reach, feet, count=4)).tolist() == [False, True, True, True]


def test_reached_stretches_go_as_far_as_the_limit_to_both_sides() -> None:
    street = line((103, -3), (103.02, -3), (103.04, -3))
    network = network_of(street, line((103.02, -3), (103.02, -2.9)))
    feet = find_feet(network, np.array([shapely.Point(103.02, -3)], dtype=object), max_m=1)
    stretches = reached_stretches(measure_reach(network, feet, count=1, limit_m=1_000))
    by_street = stretches.geometry.map(geodesic_m).groupby(stretches["street"]).sum()
    assert by_street.to_dict() == pytest.approx({0: 2_000, 1: 1_000}, rel=1e-6)
    assert len(stretches) == 2  # whole, not cut at the crossing


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(50, 1_500))
def test_places_are_reached_exactly_on_the_reached_stretches(seed: int, limit_m: float) -> None:
    network = build_network(frame(town(seed, size=4)), crs=UTM, snap_m=0.5)
    feet = find_feet(network, shapely.points([[103.001, -2.999], [103.005, -2.996]]), max_m=500)
    reach = measure_reach(network, feet, count=2, limit_m=limit_m)
    drawn = shapely.union_all(reached_stretches(reach).geometry)
    lines = town(seed, size=4)
    places = np.array([one.interpolate(share, normalized=True) for one in lines for share in (0.2, 0.5, 0.83)])
    reached = np.isfinite(distance_along(reach, find_feet(network, places, max_m=1), count=len(places)))
    near_drawn = shapely.distance(places, drawn) if not drawn.is_empty else np.full(len(places), np.inf)
    assert (near_drawn[reached] < 1e-6).all()
    assert (near_drawn[~reached] > 0).all()


def test_closed_streets_and_streets_in_parts() -> None:
    ring = line((103, -3), (103.01, -3), (103.01, -2.99), (103, -3))
    assert way_m(network_of(ring), (103.01, -2.99), (103, -3)) == pytest.approx(straight_m((103.01, -2.99), (103, -3)))
    parts = shapely.MultiLineString([[(103, -3), (103.01, -3)], [(103.02, -3), (103.03, -3)]])
    assert way_m(network_of(parts), (103.03, -3), (103, -3)) == np.inf
    together = network_of(parts, line((103.01, -3), (103.02, -3)))
    assert way_m(together, (103.03, -3), (103, -3)) == pytest.approx(straight_m((103, -3), (103.03, -3)))


def test_hostile_lines_are_left_out() -> None:
    street = line((103, -3), (103.01, -3), (103.01, -3), (103.02, -3))
    odd = [None, shapely.LineString(), shapely.Point(103, -3), line((103, -3), (103, -3)), street]
    network = network_of(*odd)
    assert network.street.tolist() == [4]
    assert way_m(network, (103, -3), (103.02, -3)) == pytest.approx(geodesic_m(street))


def test_without_streets_nothing_is_reached() -> None:
    network = network_of()
    assert [one.code for one in network.findings] == ["no_streets"]
    feet = find_feet(network, np.array([shapely.Point(103, -3)], dtype=object), max_m=500)
    reach = measure_reach(network, feet, count=1, limit_m=500)
    assert reach.unreachable.tolist() == [0]
    assert np.isinf(distance_along(reach, feet, count=1)).all()
    assert reached_stretches(reach).empty


def test_inputs_that_cannot_be_are_refused() -> None:
    streets = frame([line((103, -3), (103.01, -3))])
    with pytest.raises(UnprojectedGeometry):
        build_network(streets, crs=CRS.from_epsg(4326), snap_m=1)
    with pytest.raises(UnprojectedGeometry):
        build_network(streets, crs=CRS.from_epsg(3857), snap_m=1)
    with pytest.raises(ProjectedGeometry):
        build_network(streets.to_crs(UTM), crs=UTM, snap_m=1)
    with pytest.raises(MissingCrs):
        build_network(gpd.GeoSeries(streets.geometry.to_numpy()), crs=UTM, snap_m=1)
    with pytest.raises(MissingColumn):
        build_network(streets, crs=UTM, snap_m=1, oneway="satu_arah")
    with pytest.raises(InvalidMeasure):
        build_network(streets, crs=UTM, snap_m=-1)
    network = build_network(streets, crs=UTM, snap_m=1)
    with pytest.raises(InvalidMeasure):
        measure_reach(network, find_feet(network, np.array([]), max_m=1), count=0, limit_m=0)


@pytest.mark.slow
def test_ways_through_jakarta_are_those_of_a_plain_search(shared_data: Path) -> None:
    """Real streets, of which one long part hangs together and small ones lie apart."""
    read = gpd.read_file(shared_data / "osm" / "jakarta_roads.shp").to_crs(4326)
    drawn = read.set_geometry(
        read.geometry.transform(lambda points: points.round(8))
    )  # as exact as the network's nodes
    lines = list(shapely.get_parts(drawn.geometry.to_numpy()))
    network = build_network(drawn, crs=UTM, snap_m=0)
    assert network.part_m[0] / network.part_m.sum() > 0.95
    assert network.part_m.sum() == pytest.approx(sum(map(geodesic_m, lines)), rel=1e-6)
    ends = sorted({one.coords[0] for one in lines})
    sources, places = ends[:: len(ends) // 3][:3], ends[::40]
    searches = [plain_search(lines, source) for source in sources]
    expected = [min(search.get(place, np.inf) for search in searches) for place in places]
    reach = measure_reach(network, find_feet(network, shapely.points(sources), max_m=1), count=3, limit_m=1e9)
    found = distance_along(reach, find_feet(network, shapely.points(places), max_m=1), count=len(places))
    assert found == pytest.approx(expected, rel=1e-9, abs=0.01)
