"""A fine irregular mesh over the region: areas grow on it cell by cell, so that their borders fit exactly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import Voronoi, cKDTree

from gis.types import BoolArray, FloatArray, GeometryArray, IntArray

Random = np.random.Generator


@dataclass(frozen=True)
class Mesh:
    """
    Voronoi cells with what lies beside what.

    Attributes
    ----------
    points
        (n, 2) centres of the cells, metres.
    corners
        (m, 2) corners of the cells, metres.
    pairs
        (k, 2) cells on both sides of each edge.
    edges
        (k, 2) corners at both ends of each edge.
    """

    points: FloatArray
    corners: FloatArray
    pairs: IntArray
    edges: IntArray

    @cached_property
    def tree(self) -> cKDTree:
        """Find the cell of a place."""
        return cKDTree(self.points)

    @cached_property
    def spacing_m(self) -> float:
        """Typical distance of neighbouring cells (metres)."""
        return float(np.median(np.linalg.norm(self.points[self.pairs[:, 0]] - self.points[self.pairs[:, 1]], axis=1)))

    def cells_at(self, places: FloatArray) -> IntArray:
        """Return the cell of each place (metres)."""
        found: IntArray = self.tree.query(places)[1]
        return found

    def graph(self, weights: FloatArray, open_edges: BoolArray) -> csr_matrix:
        """Return the cells as a graph of the open edges."""
        first, second = self.pairs[open_edges].T
        weights, size = weights[open_edges], len(self.points)
        return csr_matrix((np.r_[weights, weights], (np.r_[first, second], np.r_[second, first])), shape=(size, size))


def make_mesh(places: FloatArray) -> Mesh:
    """Make a mesh whose cells lie around `places` (metres); far corners enclose it, so that every cell is closed."""
    centre, reach = places.mean(axis=0), 8 * np.ptp(places, axis=0).max() + 1_000
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    guard = centre + reach * np.column_stack([np.cos(angles), np.sin(angles)])
    voronoi = Voronoi(np.vstack([places, guard]))
    pairs, edges = np.asarray(voronoi.ridge_points), np.asarray(voronoi.ridge_vertices)
    keep = (pairs < len(places)).all(axis=1) & (edges >= 0).all(axis=1)
    return Mesh(places, voronoi.vertices, pairs[keep].astype(np.int64), edges[keep].astype(np.int64))


def scatter(random: Random, bounds: tuple[float, float, float, float], spacing_m: float) -> FloatArray:
    """Scatter places evenly but not regularly: a jittered grid."""
    west, south, east, north = bounds
    x, y = np.meshgrid(np.arange(west, east, spacing_m), np.arange(south, north, spacing_m))
    x[::2] += spacing_m / 2
    places = np.column_stack([x.ravel(), y.ravel()])
    return places + random.uniform(-0.38, 0.38, places.shape) * spacing_m


def smooth_noise(random: Random, places: FloatArray, wavelength_m: float, octaves: int = 4) -> FloatArray:
    """Return a smooth random surface at places, about -1 to 1: waves in random directions, finer ones weaker."""
    surface = np.zeros(len(places))
    for octave in range(octaves):
        for _ in range(5):
            angle, phase = random.uniform(0, 2 * np.pi, 2)
            wave = 2 * np.pi / (wavelength_m / 2**octave * random.uniform(0.7, 1.4))
            surface += np.sin(places @ (wave * np.array([np.cos(angle), np.sin(angle)])) + phase) / 2**octave
    result: FloatArray = surface / np.abs(surface).max(initial=1e-9)
    return result


def rough_weights(random: Random, mesh: Mesh, roughness: float) -> FloatArray:
    """Return what each edge costs to cross: its length times a random factor, so that growth is uneven."""
    lengths = np.linalg.norm(mesh.points[mesh.pairs[:, 0]] - mesh.points[mesh.pairs[:, 1]], axis=1)
    weights: FloatArray = lengths * np.exp(random.normal(0, roughness, len(lengths)))
    return weights


def grow(
    mesh: Mesh, weights: FloatArray, seeds: list[IntArray], *, head_start_m: FloatArray, open_edges: BoolArray
) -> IntArray:
    """
    Let areas grow from their seeds until they meet.

    Parameters
    ----------
    weights
        Cost of each edge (metres).
    seeds
        The cells each area starts with.
    head_start_m
        How far each is ahead (metres, ≥ 0).
    open_edges
        The edges that growth may cross.

    Returns
    -------
    labels
        The area of each cell, -1 where none came. Each area is in one piece.
    """
    size, count = len(mesh.points), len(seeds)
    graph = mesh.graph(weights, open_edges).tocoo()
    late = head_start_m.max(initial=0) - head_start_m + 1.0
    starts = np.concatenate([np.full(len(cells), size + index) for index, cells in enumerate(seeds)])
    cells = np.concatenate(seeds)
    whole = csr_matrix(
        (
            np.r_[graph.data, np.repeat(late, [len(one) for one in seeds])],
            (np.r_[graph.row, starts], np.r_[graph.col, cells]),
        ),
        shape=(size + count, size + count),
    )
    distances, _, sources = dijkstra(
        whole, indices=np.arange(size, size + count), min_only=True, return_predecessors=True
    )
    labels = np.where(np.isfinite(distances[:size]), sources[:size] - size, -1)
    return labels.astype(np.int64)


def without_holes(mesh: Mesh, chosen: BoolArray) -> BoolArray:
    """Return the chosen cells and all that they enclose."""
    outside = ~chosen
    parts = _parts(mesh, outside)
    at_rim = np.unique(mesh.points.argmin(axis=0).tolist() + mesh.points.argmax(axis=0).tolist())
    filled: BoolArray = ~(outside & np.isin(parts, parts[at_rim]))
    return filled


def both_in(mesh: Mesh, chosen: BoolArray) -> BoolArray:
    """Tell which edges have a chosen cell on both sides."""
    both: BoolArray = chosen[mesh.pairs[:, 0]] & chosen[mesh.pairs[:, 1]]
    return both


def largest_part(mesh: Mesh, chosen: BoolArray) -> BoolArray:
    """Return the largest connected part of the chosen cells."""
    parts = _parts(mesh, chosen)
    counts = np.bincount(parts[chosen])
    largest: BoolArray = chosen & (parts == counts.argmax())
    return largest


def _parts(mesh: Mesh, chosen: BoolArray) -> IntArray:
    graph = mesh.graph(np.ones(len(mesh.pairs)), both_in(mesh, chosen))
    labels: IntArray = connected_components(graph, directed=False)[1]
    return labels


def smoothed_corners(mesh: Mesh, labels: IntArray, *, rounds: int = 3, fixed: BoolArray | None = None) -> FloatArray:
    """
    Return the corners with the borders between differing labels made smooth.

    Only corners where a single border passes move, so that borders still meet where they met.
    """
    border = mesh.edges[labels[mesh.pairs[:, 0]] != labels[mesh.pairs[:, 1]]]
    corners = mesh.corners.copy()
    degree = np.bincount(border.ravel(), minlength=len(corners))
    moving = degree == 2
    if fixed is not None:
        moving &= ~fixed
    for _ in range(rounds):
        total = np.zeros_like(corners)
        np.add.at(total, border[:, 0], corners[border[:, 1]])
        np.add.at(total, border[:, 1], corners[border[:, 0]])
        corners[moving] = 0.5 * corners[moving] + 0.25 * total[moving]
    return corners


def areas_of(mesh: Mesh, corners: FloatArray, labels: IntArray) -> GeometryArray:
    """
    Draw the area of each label; neighbours share the very corners of their border.

    Parameters
    ----------
    corners
        Where the mesh's corners are (metres).
    labels
        The area of each cell: 0, 1, 2 …, or -1 outside.

    Returns
    -------
    areas
        One polygon, or several in one, per label; empty where a label has no cell.
    """
    border = mesh.edges[labels[mesh.pairs[:, 0]] != labels[mesh.pairs[:, 1]]]
    lines = shapely.linestrings(corners[border])
    faces = shapely.get_parts(shapely.polygonize(lines))
    tree = shapely.STRtree(faces)
    cell, face = tree.query(shapely.points(mesh.points), predicate="within")
    count = int(labels.max()) + 1
    votes = np.zeros((len(faces), count + 1), dtype=np.int32)
    np.add.at(votes, (face, labels[cell]), 1)
    nearest = labels[mesh.cells_at(shapely.get_coordinates(shapely.point_on_surface(faces)))]
    face_labels = np.where(votes.any(axis=1), votes.argmax(axis=1), nearest)
    face_labels[face_labels == count] = -1  # -1 counts itself in the last column
    areas = np.empty(count, dtype=object)
    for label in range(count):
        own = faces[face_labels == label]
        areas[label] = own[0] if len(own) == 1 else shapely.coverage_union_all(own)
    return areas
