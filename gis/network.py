"""Distances along streets: a graph of drawn lines, and how far each place is from the nearest of many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from gis.constants import M_PER_KM, WGS84_SRID
from gis.crs import require_metric
from gis.errors import InvalidMeasure, MissingColumn
from gis.figures import Finding
from gis.geometry import explode_collections
from gis.linear import cut_lines
from gis.measure import lonlat_array, segment_lengths_m
from gis.types import BoolArray, FloatArray, GeometryArray, IntArray

KEY_PER_M = 1_000.0
"""Vertices that agree to the millimetre are one: far below any survey, far above the noise of reprojection."""

VERTICES_AT_ONCE = 50_000
"""Vertices measured in one go: small working arrays stay in the processor's cache."""

STRETCH_M = 0.01
"""Stretches of street shorter than a centimetre (metres) are not drawn."""


@dataclass(frozen=True)
class StreetNetwork:
    """
    Streets as a graph.

    `metric` are single lines in `crs`, `street` the row of the frame that each came from, `oneway` whether it may only
    be followed as drawn, `length_m` its length on the ellipsoid; `axis` holds their vertices, `tree` finds them. Stops
    are the places of lines where a way may turn: `stop_line`, `stop_m` (metres from the beginning of the line, on the
    ellipsoid), `stop_node`, in that order. `joints` are pairs of nodes that a small gap of the drawing parts, `joint_m`
    its width. `part` numbers for each node the connected part that it belongs to, the longest being 0; `part_m` is the
    length of each part.
    """

    metric: GeometryArray
    street: IntArray
    oneway: BoolArray
    length_m: FloatArray
    stop_line: IntArray
    stop_m: FloatArray
    stop_node: IntArray
    joints: IntArray
    joint_m: FloatArray
    part: IntArray
    part_m: FloatArray
    crs: CRS
    axis: Axis
    tree: shapely.STRtree

    @property
    def nodes(self) -> int:
        """How many nodes the graph has."""
        return len(self.part)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Say that there are no streets, or that they do not all hang together."""
        if not len(self.metric):
            return (_NO_STREETS,)
        return (_apart(self.part_m),) if len(self.part_m) > 1 else ()


class Axis(NamedTuple):
    """Vertices of all lines behind each other: degrees, and metres in the plane and on the ellipsoid, added up."""

    lonlat: FloatArray
    plane_m: FloatArray
    ground_m: FloatArray
    first: IntArray
    last: IntArray


class Feet(NamedTuple):
    """
    Places on the streets nearest to given places: one row a place and line, several where lines are equally near.

    `metre` is measured from the beginning of the line, `away_m` is the straight way from the place to the line.
    """

    place: IntArray
    line: IntArray
    metre: FloatArray
    away_m: FloatArray


@dataclass(frozen=True)
class Reach:
    """
    How far every stop of a network is from the nearest source, and what is needed to measure any other place.

    `distance_m` belongs to the stops of `stop_line`, `stop_m` (those of the network and the feet of the sources);
    infinite where no source is within the limit. `unreachable` are the positions of sources without a street near.
    """

    network: StreetNetwork
    limit_m: float
    honour_oneway: bool
    stop_line: IntArray
    stop_m: FloatArray
    distance_m: FloatArray
    unreachable: IntArray


def build_network(
    streets: gpd.GeoDataFrame | gpd.GeoSeries, *, crs: CRS, snap_m: float, oneway: str | None = None
) -> StreetNetwork:
    """
    Make a graph of drawn streets.

    Streets meet where they share a vertex, and where one ends within `snap_m` of another. Lines that merely cross do
    not meet: one of them may be a bridge.

    Parameters
    ----------
    streets
        Lines in EPSG:4326; missing and empty ones are left out.
    crs
        A metric CRS that fits the region, in which the nearest street is searched.
    snap_m
        Largest gap (metres) between the end of a street and another that still counts as joined; it adds to the way.
    oneway
        Column of `streets` that tells whether a street may only be followed as drawn; missing values mean no.

    Returns
    -------
    network
        Without streets one without nodes, from which nothing is reached.

    Raises
    ------
    MissingColumn, MissingCrs, ProjectedGeometry, UnprojectedGeometry
        If the streets or the CRS are not what is asked for.
    InvalidMeasure
        If `snap_m` is negative.
    """
    if not snap_m >= 0:
        raise InvalidMeasure(
            "Toleransi sambungan tidak boleh negatif.", "The tolerance of joints must not be negative."
        )
    require_metric(crs)
    coordinates, line, street = _vertices(lonlat_array(streets.geometry))
    plane = _to_plane(coordinates, crs)
    axis = _axis(coordinates, plane, line)
    count = len(axis.first)
    metric = _lines(plane, line, count)
    key, times = _vertex_keys(plane)
    tree = shapely.STRtree(metric)
    ends = np.concatenate([axis.first, axis.last])
    joined = _join_loose_ends(ends[times[key[ends]] == 1], line, plane, metric, tree, axis, snap_m)

    is_stop = times[key] > 1
    is_stop[ends] = True
    at = np.flatnonzero(is_stop)
    _, node = np.unique(np.concatenate([key[at], key[joined.vertex]]), return_inverse=True)
    foot_node = int(node.max(initial=-1)) + 1 + np.arange(len(joined.line))
    stop_line = np.concatenate([line[at], joined.line])
    stop_m = np.concatenate([axis.ground_m[at] - axis.ground_m[axis.first[line[at]]], joined.metre])
    stop_node = np.concatenate([node[: len(at)], foot_node])
    order = np.lexsort((stop_node, stop_m, stop_line))
    joints = np.column_stack([node[len(at) :], foot_node])
    stops = (stop_line[order], stop_m[order], stop_node[order])
    part, part_m = _parts(*stops, joints, int(foot_node.max(initial=node.max(initial=-1))) + 1)
    return StreetNetwork(
        metric=metric,
        street=street[axis.first] if len(line) else np.empty(0, dtype=np.int64),
        oneway=_oneway(streets, oneway)[street[axis.first]] if len(line) else np.empty(0, dtype=bool),
        length_m=axis.ground_m[axis.last] - axis.ground_m[axis.first],
        stop_line=stops[0],
        stop_m=stops[1],
        stop_node=stops[2],
        joints=joints,
        joint_m=joined.gap_m,
        part=part,
        part_m=part_m,
        crs=crs,
        axis=axis,
        tree=tree,
    )


def find_feet(network: StreetNetwork, places: gpd.GeoSeries | GeometryArray, *, max_m: float) -> Feet:
    """
    Find the place on the streets nearest to each place.

    Parameters
    ----------
    network
        From `build_network`.
    places
        Points in EPSG:4326.
    max_m
        Places farther than this (metres) from any street have no foot.

    Returns
    -------
    feet
        In the order of the places; none for missing and empty places.

    Raises
    ------
    MissingCrs, ProjectedGeometry
        If the places are not in longitude and latitude.
    """
    points = lonlat_array(places)
    present = np.flatnonzero(~shapely.is_missing(points) & ~shapely.is_empty(points))
    if not len(network.metric) or not len(present):
        return _NO_FEET
    lonlat = shapely.get_coordinates(points[present])
    plane = _points(_to_plane(lonlat, network.crs))
    index, line = network.tree.query_nearest(plane, max_distance=max_m, all_matches=True)
    order = np.lexsort((line, index))
    index, line = index[order], line[order]
    metre, on_line = _feet_on(network.axis, network.metric, line, plane[index])
    return Feet(present[index], line, metre, segment_lengths_m(lonlat[index], on_line))


def measure_reach(
    network: StreetNetwork, sources: Feet, *, count: int, limit_m: float, honour_oneway: bool = False
) -> Reach:
    """
    Measure the way along the streets from every stop to the nearest of many sources, in one search.

    Parameters
    ----------
    network
        From `build_network`.
    sources
        Where the sources touch the streets, from `find_feet`; the way from the street to the source is added.
    count
        How many sources there are, with those that have no foot.
    limit_m
        Longest way (metres) that is looked for.
    honour_oneway
        Whether one-way streets are followed as drawn, on the way to the source; people on foot need not.

    Returns
    -------
    reach
        For `distance_along` and `reached_stretches`.

    Raises
    ------
    InvalidMeasure
        If the limit is not above 0.
    """
    if not limit_m > 0:
        raise InvalidMeasure("Jarak jangkauan harus lebih dari 0 m.", "The reach must be more than 0 m.")
    node = network.nodes + np.arange(len(sources.line))
    line = np.concatenate([network.stop_line, sources.line])
    metre = np.concatenate([network.stop_m, sources.metre])
    nodes = np.concatenate([network.stop_node, node])
    order = np.lexsort((nodes, metre, line))
    line, metre, nodes = line[order], metre[order], nodes[order]
    root = network.nodes + len(sources.line)
    ways = _ways(line, metre, nodes, network, honour_oneway)
    seeds = _Ways(np.full(len(node), root), node, sources.away_m)
    graph = _graph(_Ways(*(np.concatenate(pair) for pair in zip(ways, seeds, strict=True))), root + 1)
    distance = dijkstra(graph, directed=True, indices=root, limit=limit_m)
    without = np.setdiff1d(np.arange(count, dtype=np.int64), sources.place)
    return Reach(network, limit_m, honour_oneway, line, metre, distance[nodes], without)


def distance_along(reach: Reach, places: Feet, *, count: int) -> FloatArray:
    """
    Give for each place the way along the streets to the nearest source.

    Parameters
    ----------
    reach
        From `measure_reach`.
    places
        Where the places touch the streets, from `find_feet` on the same network.
    count
        How many places there are, with those that have no foot.

    Returns
    -------
    distance_m
        Metres, with the straight ways from the place to the street and from the street to the source; infinite where
        it is longer than the limit, or there is no street near.
    """
    distances = np.full(count, np.inf)
    if not len(places.line) or not len(reach.stop_line):
        return distances
    after = _stop_after(reach, places.line, places.metre)
    before = np.where(reach.stop_m[after] > places.metre, after - 1, after)
    forwards = reach.distance_m[after] + (reach.stop_m[after] - places.metre)
    backwards = reach.distance_m[before] + (places.metre - reach.stop_m[before])
    if reach.honour_oneway:
        backwards = np.where(reach.network.oneway[places.line] & (before != after), np.inf, backwards)
    np.minimum.at(distances, places.place, np.minimum(forwards, backwards) + places.away_m)
    return np.where(distances <= reach.limit_m, distances, np.inf)


def reached_stretches(reach: Reach) -> gpd.GeoDataFrame:
    """
    Cut out the stretches of street from which a source is within the limit.

    Returns
    -------
    stretches
        Lines in EPSG:4326 with `street` (row of the streets' frame); empty when nothing is reached.
    """
    network, limit = reach.network, reach.limit_m
    edge = np.flatnonzero(reach.stop_line[1:] == reach.stop_line[:-1])
    line, start, end = reach.stop_line[edge], reach.stop_m[edge], reach.stop_m[edge + 1]
    from_start = np.clip(limit - reach.distance_m[edge], 0, end - start)
    from_end = np.clip(limit - reach.distance_m[edge + 1], 0, end - start)
    if reach.honour_oneway:
        from_start = np.where(network.oneway[line], 0, from_start)
    pieces = np.concatenate(
        [np.column_stack([line, start, start + from_start]), np.column_stack([line, end - from_end, end])]
    )
    merged = _merge(pieces[pieces[:, 2] > pieces[:, 1]])
    merged = merged[merged[:, 2] - merged[:, 1] > STRETCH_M]
    of_line = merged[:, 0].astype(np.int64)
    shares = np.clip(merged[:, 1:] / network.length_m[of_line, None], 0, 1)
    needed, position = np.unique(of_line, return_inverse=True)
    cut = cut_lines(_drawn(network.axis, needed), position, shares[:, 0], shares[:, 1])
    return gpd.GeoDataFrame(
        {"street": network.street[of_line[cut.section]]}, geometry=gpd.GeoSeries(cut.geometries, crs=WGS84_SRID)
    )


class _Joined(NamedTuple):
    """Loose ends (vertex) and the places on other lines that they are joined to."""

    vertex: IntArray
    line: IntArray
    metre: FloatArray
    gap_m: FloatArray


class _Ways(NamedTuple):
    """Directed edges of a graph with their length."""

    start: IntArray
    end: IntArray
    metres: FloatArray


_NO_FEET = Feet(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0), np.empty(0))


def _vertices(geometries: GeometryArray) -> tuple[FloatArray, IntArray, IntArray]:
    """Give the vertices of all single lines, none twice in a row, with the number of their line and of their street."""
    parts, owner = explode_collections(geometries)
    linear = shapely.get_dimensions(parts) == 1
    coordinates, line = shapely.get_coordinates(parts[linear], return_index=True)
    street = owner[linear][line]
    east, north = coordinates[:, 0], coordinates[:, 1]
    keep = np.isfinite(east) & np.isfinite(north)
    keep[1:] &= (line[1:] != line[:-1]) | (east[1:] != east[:-1]) | (north[1:] != north[:-1])
    keep &= np.bincount(line[keep], minlength=int(linear.sum()))[line] > 1
    return coordinates[keep], _renumber(line[keep]), street[keep]


def _renumber(line: IntArray) -> IntArray:
    """Number lines from 0 without gaps; rows of one line follow each other."""
    changes = np.zeros(len(line), dtype=np.int64)
    changes[1:] = line[1:] != line[:-1]
    return np.cumsum(changes)


def _to_plane(lonlat: FloatArray, crs: CRS) -> FloatArray:
    transformer = Transformer.from_crs(WGS84_SRID, crs, always_xy=True)
    return np.column_stack(transformer.transform(lonlat[:, 0], lonlat[:, 1])).reshape(-1, 2)


def _axis(lonlat: FloatArray, plane: FloatArray, line: IntArray) -> Axis:
    plane_steps, ground_steps = np.zeros(len(line)), np.zeros(len(line))
    for first_vertex in range(1, len(line), VERTICES_AT_ONCE):
        end, start = slice(first_vertex, first_vertex + VERTICES_AT_ONCE), slice(first_vertex - 1, None)
        before, after = lonlat[start][: len(lonlat[end])], lonlat[end]
        same = line[end] == line[start][: len(after)]
        step = plane[end] - plane[start][: len(after)]
        plane_steps[end] = np.where(same, np.hypot(step[:, 0], step[:, 1]), 0.0)
        ground_steps[end] = np.where(same, segment_lengths_m(before, after), 0.0)
    count = int(line[-1]) + 1 if len(line) else 0
    first = np.searchsorted(line, np.arange(count), side="left")
    last = np.searchsorted(line, np.arange(count), side="right") - 1
    return Axis(lonlat, np.cumsum(plane_steps), np.cumsum(ground_steps), first, last)


def _lines(coordinates: FloatArray, line: IntArray, count: int) -> GeometryArray:
    if not count:
        return np.empty(0, dtype=object)
    return np.asarray(shapely.linestrings(coordinates, indices=line), dtype=object)


def _drawn(axis: Axis, lines: IntArray) -> GeometryArray:
    """Draw some of the lines in longitude and latitude."""
    counts = axis.last[lines] - axis.first[lines] + 1
    begins = np.cumsum(counts) - counts
    vertex = np.arange(int(counts.sum())) + np.repeat(axis.first[lines] - begins, counts)
    return _lines(axis.lonlat[vertex], np.repeat(np.arange(len(lines)), counts), len(lines))


def _points(coordinates: FloatArray) -> GeometryArray:
    return np.asarray(shapely.points(coordinates), dtype=object).reshape(-1)


def _vertex_keys(plane: FloatArray) -> tuple[IntArray, IntArray]:
    """Number the places of vertices, and count how often each occurs."""
    if not len(plane):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    grid = np.rint(plane * KEY_PER_M).astype(np.int64)
    grid -= grid.min(axis=0)
    width = int(grid[:, 1].max()) + 1
    key, _ = pd.factorize(grid[:, 0] * width + grid[:, 1])
    return key.astype(np.int64), np.bincount(key).astype(np.int64)


def _join_loose_ends(
    ends: IntArray,
    line: IntArray,
    plane: FloatArray,
    metric: GeometryArray,
    tree: shapely.STRtree,
    axis: Axis,
    snap_m: float,
) -> _Joined:
    """Find for each end that meets nothing the other lines within the tolerance, and where on them it joins."""
    points = _points(plane[ends])
    index, other = tree.query(points, predicate="dwithin", distance=snap_m)
    apart = line[ends[index]] != other
    index, other = index[apart], other[apart]
    metre, on_line = _feet_on(axis, metric, other, points[index])
    return _Joined(ends[index], other, metre, segment_lengths_m(axis.lonlat[ends[index]], on_line))


def _feet_on(axis: Axis, metric: GeometryArray, line: IntArray, points: GeometryArray) -> tuple[FloatArray, FloatArray]:
    """Give the place of each line nearest to a point in the plane: metres from the line's beginning, and degrees."""
    if not len(line):
        return np.empty(0), np.empty((0, 2))
    origin = axis.first[line]
    along = axis.plane_m[origin] + shapely.line_locate_point(metric[line], points)
    after = np.clip(np.searchsorted(axis.plane_m, along, side="left"), origin + 1, axis.last[line])
    step = axis.plane_m[after] - axis.plane_m[after - 1]
    share = np.divide(along - axis.plane_m[after - 1], step, out=np.zeros_like(step), where=step > 0)
    share = np.clip(share, 0, 1)[:, None]
    on_line = axis.lonlat[after - 1] * (1 - share) + axis.lonlat[after] * share
    ground = axis.ground_m[after - 1] * (1 - share[:, 0]) + axis.ground_m[after] * share[:, 0]
    metre = np.clip(ground - axis.ground_m[origin], 0, axis.ground_m[axis.last[line]] - axis.ground_m[origin])
    return metre, on_line


def _parts(
    line: IntArray, metre: FloatArray, node: IntArray, joints: IntArray, count: int
) -> tuple[IntArray, FloatArray]:
    """Number the connected parts of the graph from the longest on, and measure them."""
    if not count:
        return np.empty(0, dtype=np.int64), np.empty(0)
    edge = np.flatnonzero(line[1:] == line[:-1])
    start, end = np.concatenate([node[edge], joints[:, 0]]), np.concatenate([node[edge + 1], joints[:, 1]])
    graph = csr_array((np.ones(len(start)), (start, end)), shape=(count, count))
    number, part = connected_components(graph, directed=False)
    metres = np.bincount(part[node[edge]], weights=metre[edge + 1] - metre[edge], minlength=number)
    order = np.argsort(-metres, kind="stable")
    rank: IntArray = np.empty(number, dtype=np.int64)
    rank[order] = np.arange(number)
    return rank[part], np.asarray(metres[order], dtype=np.float64)


def _oneway(streets: gpd.GeoDataFrame | gpd.GeoSeries, column: str | None) -> BoolArray:
    if column is None:
        return np.zeros(len(streets), dtype=bool)
    if not isinstance(streets, gpd.GeoDataFrame) or column not in streets.columns:
        raise MissingColumn(f"Data jalan tidak memiliki kolom {column}.", f"The streets have no column {column}.")
    values = streets[column].to_numpy(dtype=object)
    return np.array([value is True or value == 1 for value in values], dtype=bool)


def _ways(line: IntArray, metre: FloatArray, node: IntArray, network: StreetNetwork, honour_oneway: bool) -> _Ways:
    """List the edges from each stop to its neighbours on the line, turned round: the search runs from the sources."""
    edge = np.flatnonzero(line[1:] == line[:-1])
    start, end, metres = node[edge], node[edge + 1], metre[edge + 1] - metre[edge]
    both = ~network.oneway[line[edge]] | (metres * KEY_PER_M < 1) if honour_oneway else np.ones(len(edge), dtype=bool)
    return _Ways(
        np.concatenate([end, start[both], network.joints[:, 0], network.joints[:, 1]]),
        np.concatenate([start, end[both], network.joints[:, 1], network.joints[:, 0]]),
        np.concatenate([metres, metres[both], network.joint_m, network.joint_m]),
    )


def _graph(ways: _Ways, count: int) -> csr_array:
    """Make the matrix of the graph; of several edges between two nodes the shortest counts, never their sum."""
    order = np.lexsort((ways.metres, ways.end, ways.start))
    start, end, metres = ways.start[order], ways.end[order], ways.metres[order]
    keep = np.ones(len(start), dtype=bool)
    keep[1:] = (start[1:] != start[:-1]) | (end[1:] != end[:-1])
    return csr_array((metres[keep], (start[keep], end[keep])), shape=(count, count))


def _stop_after(reach: Reach, line: IntArray, metre: FloatArray) -> IntArray:
    """Find the first stop at or behind a place of a line; every line begins and ends with one."""
    length = float(reach.network.length_m.max(initial=0.0)) + 1.0
    found = np.searchsorted(reach.stop_line * length + reach.stop_m, line * length + metre, side="left")
    last = np.searchsorted(reach.stop_line, line, side="right") - 1
    first = np.searchsorted(reach.stop_line, line, side="left")
    return np.clip(found, first, last)


def _merge(pieces: FloatArray) -> FloatArray:
    """Join pieces (line, from, to) of a line that touch or overlap."""
    pieces = pieces[np.lexsort((pieces[:, 2], pieces[:, 1], pieces[:, 0]))]
    if not len(pieces):
        return pieces
    shift = (float(pieces[:, 2].max()) + 1.0) * pieces[:, 0]
    furthest = np.maximum.accumulate(pieces[:, 2] + shift)
    is_new = np.ones(len(pieces), dtype=bool)
    is_new[1:] = pieces[1:, 1] + shift[1:] > furthest[:-1] + STRETCH_M
    begins = np.flatnonzero(is_new)
    ends = np.append(begins[1:], len(pieces)) - 1
    return np.column_stack([pieces[begins, 0], pieces[begins, 1], furthest[ends] - shift[begins]])


_NO_STREETS = Finding(
    "warning",
    "no_streets",
    "Belum ada data jalan, jadi jangkauan menurut jaringan jalan tidak dapat dihitung.",
    "There is no street data, so reach along the streets cannot be computed.",
)


def _apart(part_m: FloatArray) -> Finding:
    others, km = len(part_m) - 1, float(part_m[1:].sum()) / M_PER_KM
    return Finding(
        "info",
        "streets_apart",
        f"{others} bagian jaringan jalan ({f'{km:.3f}'.replace('.', ',')} km) tidak tersambung dengan jaringan utama; "
        "tempat di sana hanya terjangkau bila fasilitasnya ada di bagian yang sama.",
        f"Parts of the streets not connected with the main network: {others} ({km:.3f} km); from there only a facility "
        "on the same part is reached.",
        others,
    )
