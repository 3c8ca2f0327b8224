"""Places along a road: STA text, and lines cut by their measure."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import shapely

from gis.constants import M_PER_KM
from gis.errors import InvalidMeasure, InvalidStation
from gis.geometry import explode_collections
from gis.measure import lonlat_array, segment_lengths_m
from gis.types import FloatArray, GeometryArray, IntArray

_STATION = re.compile(r"\s*(?:STA\.?)?\s*(\d{1,4})\s*\+\s*(\d{3}(?:[.,]\d+)?)\s*", re.IGNORECASE)

_POINTS_AT_ONCE = 256  # against every edge of a line


def parse_station(text: str) -> float:
    """
    Read a STA such as "3+670", with or without "STA" before it.

    Parameters
    ----------
    text
        Kilometres, plus sign, three digits of metres; decimals of a metre after a comma or a point.

    Returns
    -------
    station_m
        Metres from the beginning of the road.

    Raises
    ------
    InvalidStation
        If it is anything else; "3670" or "3+67" might mean two places, so neither is guessed.
    """
    match = _STATION.fullmatch(text)
    if match is None:
        raise InvalidStation(
            f'"{text}" bukan STA. Tulis kilometer+meter dengan tiga angka meter, misalnya 3+670.',
            f'"{text}" is not a STA. Write kilometre+metre with three digits of metres, for example 3+670.',
        )
    kilometres, metres = match.groups()
    return float(kilometres) * M_PER_KM + float(metres.replace(",", "."))


def format_station(station_m: float) -> str:
    """
    Write metres from the beginning of a road as STA, to the whole metre: 3670 as "3+670".

    Raises
    ------
    InvalidStation
        If it is negative or not a number.
    """
    if not 0 <= station_m < np.inf:
        raise InvalidStation(
            f"{station_m} m bukan tempat pada ruas jalan.", f"{station_m} m is not a place along a road."
        )
    kilometres, metres = divmod(round(station_m), int(M_PER_KM))
    return f"{kilometres}+{metres:03d}"


class Pieces(NamedTuple):
    """Lines cut out, and for each the position of the section that it belongs to."""

    geometries: GeometryArray
    section: IntArray


def cut_lines(lines: GeometryArray, line: IntArray, start_share: FloatArray, end_share: FloatArray) -> Pieces:
    """
    Cut sections out of lines, by shares of their length on the ellipsoid.

    Parameters
    ----------
    lines
        Lines in EPSG:4326. The parts of a multi-part line follow each other in the order kept; gaps have no length.
    line
        For each section, the position of its line.
    start_share, end_share
        Where each section begins and ends, from 0 (beginning of the line) to 1.

    Returns
    -------
    pieces
        One piece a section, more where it spans a gap; none for a section or a line without length.

    Raises
    ------
    InvalidMeasure
        If a share is outside 0 to 1, or a section runs backwards.
    """
    if not ((start_share >= 0) & (start_share <= end_share) & (end_share <= 1)).all():
        raise InvalidMeasure(
            "Potongan ruas harus maju dan berada di antara pangkal dan ujungnya.",
            "A section must run forwards, between the beginning and the end of its road.",
        )
    axis = _measure_axis(lonlat_array(lines))
    section = np.flatnonzero((end_share > start_share) & (axis.total[line] > 0))
    if not len(section):
        return Pieces(np.empty(0, dtype=object), np.empty(0, dtype=np.int64))
    return _cut(axis, section, line[section], start_share[section], end_share[section])


class Located(NamedTuple):
    """Where points lie along a line: share of its length (0 to 1), and how far (metres) they lie from it."""

    share: FloatArray
    distance_m: FloatArray


def locate_points(line: shapely.Geometry, points: FloatArray) -> Located:
    """
    Find the nearest place on a line for each point; the inverse of `points_at`.

    Parameters
    ----------
    line
        A line in EPSG:4326, in parts or whole, as `cut_lines` measures it.
    points
        Rows of longitude and latitude.

    Returns
    -------
    located
        Shares of the line's length on the ellipsoid, and distances.

    Raises
    ------
    InvalidMeasure
        If the line has no length.
    """
    axis = _single_axis(line)
    ends = np.flatnonzero(axis.part[1:] == axis.part[:-1]) + 1
    shrink = np.array([np.cos(np.radians(axis.coordinates[:, 1].mean())), 1.0])
    before, step = axis.coordinates[ends - 1] * shrink, (axis.coordinates[ends] - axis.coordinates[ends - 1]) * shrink
    squares = (step**2).sum(axis=1)
    metre, nearest = np.empty(len(points)), np.empty((len(points), 2))
    for first in range(0, len(points), _POINTS_AT_ONCE):
        some = slice(first, first + _POINTS_AT_ONCE)
        away = (points[some] * shrink)[:, None, :] - before
        dots = (away * step).sum(axis=2)
        along = np.clip(np.divide(dots, squares, out=np.zeros_like(dots), where=squares > 0), 0, 1)
        edge = ((away - along[:, :, None] * step) ** 2).sum(axis=2).argmin(axis=1)
        on_edge = along[np.arange(len(edge)), edge]
        metre[some] = axis.metre[ends[edge] - 1] + on_edge * (axis.metre[ends[edge]] - axis.metre[ends[edge] - 1])
        nearest[some] = (before[edge] + on_edge[:, None] * step[edge]) / shrink
    share = np.clip((metre - axis.origin[0]) / axis.total[0], 0, 1)
    return Located(share, segment_lengths_m(points, nearest))


def points_at(line: shapely.Geometry, share: FloatArray) -> GeometryArray:
    """
    Give the points at shares of a line's length, 0 (its beginning) to 1.

    Raises
    ------
    InvalidMeasure
        If the line has no length, or a share is outside 0 to 1.
    """
    if not ((share >= 0) & (share <= 1)).all():
        raise InvalidMeasure("Tempat ini di luar pangkal dan ujung ruas.", "This place is beyond the ends of the road.")
    axis = _single_axis(line)
    metre = axis.origin[0] + share * axis.total[0]
    vertex = np.clip(np.searchsorted(axis.metre, metre, side="left"), axis.first[0] + 1, axis.last[0])
    return np.asarray(shapely.points(_point_at(axis, vertex, metre)), dtype=object)


def _single_axis(line: shapely.Geometry) -> _Axis:
    axis = _measure_axis(lonlat_array(np.array([line], dtype=object)))
    if not axis.total[0] > 0:
        raise InvalidMeasure("Ruas ini tidak memiliki panjang.", "This road has no length.")
    return axis


class _Axis(NamedTuple):
    """
    The vertices of all lines on one long axis of metres.

    `metre`, `part`, `coordinates` belong to the vertices; `origin`, `total`, `first`, `last` (vertex) to the lines.
    """

    metre: FloatArray
    part: IntArray
    coordinates: FloatArray
    origin: FloatArray
    total: FloatArray
    first: IntArray
    last: IntArray


def _measure_axis(lines: GeometryArray) -> _Axis:
    parts, owner = explode_collections(lines)
    coordinates, part = shapely.get_coordinates(parts, return_index=True)
    steps = np.zeros(len(coordinates))
    inside = np.flatnonzero(part[1:] == part[:-1]) + 1
    steps[inside] = segment_lengths_m(coordinates[inside - 1], coordinates[inside])
    metre = np.cumsum(steps)
    of_line = owner[part]
    first = np.searchsorted(of_line, np.arange(len(lines)), side="left")
    last = np.searchsorted(of_line, np.arange(len(lines)), side="right") - 1
    total = np.zeros(len(lines))
    origin = np.zeros(len(lines))
    drawn = last > first
    origin[drawn] = metre[first[drawn]]
    total[drawn] = metre[last[drawn]] - origin[drawn]
    return _Axis(metre, part, coordinates, origin, total, first, last)


def _cut(axis: _Axis, section: IntArray, line: IntArray, start_share: FloatArray, end_share: FloatArray) -> Pieces:
    start = axis.origin[line] + start_share * axis.total[line]
    end = axis.origin[line] + end_share * axis.total[line]
    after_start = np.clip(np.searchsorted(axis.metre, start, side="right"), axis.first[line] + 1, axis.last[line])
    at_end = np.clip(np.searchsorted(axis.metre, end, side="left"), axis.first[line] + 1, axis.last[line])
    between = np.maximum(at_end - after_start, 0)

    begins = np.cumsum(between + 2) - (between + 2)
    points = np.empty((int((between + 2).sum()), 2))
    part = np.empty(len(points), dtype=np.int64)
    owner = np.repeat(np.arange(len(section)), between + 2)
    turn = np.arange(len(points)) - begins[owner]
    ends = begins + between + 1
    inner = (turn > 0) & (turn <= between[owner])
    vertex = (after_start[owner] + turn - 1)[inner]
    points[inner], part[inner] = axis.coordinates[vertex], axis.part[vertex]
    points[begins], part[begins] = _point_at(axis, after_start, start), axis.part[after_start]
    points[ends], part[ends] = _point_at(axis, at_end, end), axis.part[at_end]

    is_new = np.ones(len(points), dtype=bool)
    is_new[1:] = (owner[1:] != owner[:-1]) | (part[1:] != part[:-1])
    geometries = shapely.linestrings(points, indices=np.cumsum(is_new) - 1)
    return Pieces(np.asarray(geometries, dtype=object), section[owner[is_new]])


def _point_at(axis: _Axis, vertex: IntArray, metre: FloatArray) -> FloatArray:
    """Interpolate on the edge that ends at `vertex`."""
    edge = axis.metre[vertex] - axis.metre[vertex - 1]
    share = np.divide(metre - axis.metre[vertex - 1], edge, out=np.zeros_like(edge), where=edge > 0)
    before, after = axis.coordinates[vertex - 1], axis.coordinates[vertex]
    return np.asarray(before + (after - before) * np.clip(share, 0, 1)[:, None], dtype=np.float64)
