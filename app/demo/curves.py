"""Lines as hands and feet make them: bent roads, smoothed rivers, noisy blobs."""

from __future__ import annotations

import numpy as np
import shapely

from app.demo.mesh import Random
from gis.types import FloatArray, GeometryArray

VERTEX_SPACING_M = 95.0
MIN_VERTICES = 10  # of a short road
BEND = 0.05  # of a road's length: how far it leaves the straight line
WAVES = 7


def bent_line(random: Random, start: FloatArray, end: FloatArray, *, bend: float = BEND) -> FloatArray:
    """Return the corners of a road from start to end (metres) that bends as roads do; both ends are exact."""
    along = end - start
    length = float(np.hypot(*along))
    steps = max(MIN_VERTICES, int(length / VERTEX_SPACING_M))
    t = np.linspace(0, 1, steps + 1)
    waves = np.arange(1, WAVES + 1)
    heights = random.normal(0, bend, WAVES) / waves**1.25
    offset = length * (np.sin(np.pi * np.outer(t, waves)) @ heights)
    line = start + np.outer(t, along) + np.outer(offset, np.array([-along[1], along[0]]) / max(length, 1e-9))
    line[0], line[-1] = start, end
    result: FloatArray = line
    return result


def chaikin(line: FloatArray, rounds: int = 2) -> FloatArray:
    """Round the corners of a line; both ends stay."""
    for _ in range(rounds):
        first, second = line[:-1], line[1:]
        cut = np.stack([0.75 * first + 0.25 * second, 0.25 * first + 0.75 * second], axis=1).reshape(-1, 2)
        line = np.vstack([line[:1], cut[1:-1], line[-1:]])
    return line


def blob(
    random: Random, centre: FloatArray, radius_m: float, *, roughness: float = 0.25, corners: int = 48
) -> shapely.Polygon:
    """Return a rounded irregular area of about this radius (metres)."""
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    radii = np.ones(corners)
    for wave in range(2, 7):
        radii += roughness / wave * 1.6 * np.sin(wave * angles + random.uniform(0, 2 * np.pi)) * random.uniform(0.4, 1)
    ring = centre + radius_m * np.maximum(radii, 0.3)[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
    return shapely.Polygon(ring)


def lines_from(parts: list[FloatArray]) -> GeometryArray:
    """Make line strings from their corners."""
    if not parts:
        return np.empty(0, dtype=object)
    indices = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return np.asarray(shapely.linestrings(np.vstack(parts), indices=indices))


def distances_along(line: FloatArray) -> FloatArray:
    """Return how far each corner of a line is from its start (metres)."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])


def places_along(line: FloatArray, distances: FloatArray) -> FloatArray:
    """Return the places at these distances (metres) along a line."""
    at = distances_along(line)
    return np.column_stack([np.interp(distances, at, line[:, 0]), np.interp(distances, at, line[:, 1])])


def directions_along(line: FloatArray, distances: FloatArray, *, reach_m: float = 30.0) -> FloatArray:
    """Return the unit direction of a line at these distances (metres)."""
    total = distances_along(line)[-1]
    ahead = places_along(line, np.minimum(distances + reach_m, total)) - places_along(
        line, np.maximum(distances - reach_m, 0)
    )
    unit: FloatArray = ahead / np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
    return unit
