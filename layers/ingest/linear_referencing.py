"""Give surveyed segments their place on the map: the part of their ruas between two STA."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import Connection, text

from gis.linear import cut_lines
from gis.types import BoolArray, FloatArray, GeometryArray

if TYPE_CHECKING:
    from layers.ingest.values import TextArray  # which loads pandas, and places of packages do without

STA_TOLERANCE_M = 50.0
"""How far (metres) a last segment may reach beyond the legal length of its ruas: half a survey segment, rounded STA."""


@dataclass(frozen=True)
class RuasLines:
    """The roads of the SK in the order of their codes: drawn lines (EPSG:4326) and legal lengths (metres)."""

    codes: npt.NDArray[np.str_]
    lines: GeometryArray
    length_sk_m: FloatArray


@dataclass(frozen=True)
class Placed:
    """
    Segments on the map (multi-part lines), None where they could not be placed.

    `unknown_road` and `beyond_end` tell why; `cut` marks those that were ended at the end of their ruas.
    """

    geometries: GeometryArray
    unknown_road: BoolArray
    beyond_end: BoolArray
    cut: BoolArray


def read_ruas(connection: Connection) -> RuasLines:
    """Read the roads of the SK; their pieces follow each other in the order drawn, as in the reports."""
    found = connection.execute(
        text("SELECT code, length_sk_m, ST_AsBinary(geom) AS line FROM layers.roads ORDER BY code")
    ).all()
    lines: GeometryArray = shapely.from_wkb(np.array([bytes(row.line) for row in found], dtype=object)).reshape(-1)
    order = np.argsort(np.array([row.code for row in found], dtype=str), kind="stable")
    codes = np.array([row.code for row in found], dtype=str)
    return RuasLines(codes[order], lines[order], np.array([row.length_sk_m for row in found], dtype=float)[order])


def place_segments(roads: RuasLines, codes: TextArray, from_m: FloatArray, to_m: FloatArray) -> Placed:
    """
    Cut each segment out of its ruas, measured by the legal length: STA / length_sk of the drawn line.

    Parameters
    ----------
    codes, from_m, to_m
        The ruas of each segment and its two STA (metres), `from_m` below `to_m`.

    Returns
    -------
    placed
        Lines in EPSG:4326, and why some are missing.
    """
    geometries: GeometryArray = np.full(len(codes), None, dtype=object)
    if not len(roads.codes):
        nowhere = np.zeros(len(codes), dtype=bool)
        return Placed(geometries, ~nowhere, nowhere, nowhere)
    wanted = codes.astype(str)
    road = np.minimum(np.searchsorted(roads.codes, wanted), len(roads.codes) - 1)
    known = roads.codes[road] == wanted
    length_m = roads.length_sk_m[road]
    beyond = known & ((from_m >= length_m) | (to_m > length_m + STA_TOLERANCE_M))
    placed = np.flatnonzero(known & ~beyond)
    end_share = np.minimum(to_m[placed] / length_m[placed], 1.0)
    pieces = cut_lines(roads.lines, road[placed], from_m[placed] / length_m[placed], end_share)
    sections, segment = np.unique(pieces.section, return_inverse=True)
    if len(sections):
        geometries[placed[sections]] = shapely.multilinestrings(pieces.geometries, indices=segment)
    return Placed(geometries, ~known, beyond, known & ~beyond & (to_m > length_m))
