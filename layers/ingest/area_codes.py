"""Which districts and villages each feature touches, for many features at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import Connection, text

from gis.types import GeometryArray
from layers.ingest.values import TextArray

CHUNK = 100_000  # features whose tree is held at once


@dataclass(frozen=True)
class AreaBoundaries:
    """Boundaries of districts or villages (EPSG:4326), in the order of their codes; `is_real` when imported."""

    codes: npt.NDArray[np.str_]
    geometries: GeometryArray
    is_real: bool


def read_boundaries(connection: Connection, layer: str) -> AreaBoundaries:
    """Read the boundaries of `districts` or `villages`; none gives empty arrays."""
    tables = {"districts": "layers.districts", "villages": "layers.villages"}
    found = connection.execute(
        text(f"SELECT code, demo, ST_AsBinary(geom) AS geom FROM {tables[layer]} ORDER BY code")
    ).all()
    geometries: GeometryArray = shapely.from_wkb(np.array([bytes(row.geom) for row in found], dtype=object))
    shapely.prepare(geometries)
    codes = np.array([row.code for row in found], dtype=str)
    return AreaBoundaries(codes, geometries.reshape(-1), bool(found) and not any(row.demo for row in found))


def touched_areas(
    geometries: GeometryArray, boundaries: AreaBoundaries, *, progress: Callable[[int], None] | None = None
) -> TextArray:
    """
    Find the areas that each geometry touches, as ST_Intersects does.

    Parameters
    ----------
    geometries
        EPSG:4326, none missing.
    boundaries
        Of districts or villages.
    progress
        Called with the number of geometries done since the last call.

    Returns
    -------
    codes
        PostgreSQL arrays as text, such as `{16.05.01,16.05.02}`, codes in order; `{}` for none.
    """
    answers: TextArray = np.full(len(geometries), "{}", dtype=object)
    for start in range(0, len(geometries), CHUNK):
        chunk = geometries[start : start + CHUNK]
        if len(boundaries.codes):
            answers[start : start + CHUNK] = _touched(chunk, boundaries)
        if progress is not None:
            progress(len(chunk))
    return answers


def _touched(geometries: GeometryArray, boundaries: AreaBoundaries) -> TextArray:
    # The tree holds the many, and the few boundaries ask it: each is prepared once, so that a pair costs a microsecond.
    area, feature = shapely.STRtree(geometries).query(boundaries.geometries, predicate="intersects")
    order = np.lexsort((area, feature))
    area, feature = area[order], feature[order]
    counts = np.bincount(feature, minlength=len(geometries))
    ends = np.cumsum(counts)
    answers: TextArray = np.full(len(geometries), "{}", dtype=object)
    alone = counts == 1
    single = np.array([f"{{{code}}}" for code in boundaries.codes], dtype=object)
    answers[alone] = single[area[(ends - 1)[alone]]]
    for row in np.flatnonzero(counts > 1):
        answers[row] = "{" + ",".join(boundaries.codes[area[ends[row] - counts[row] : ends[row]]]) + "}"
    return answers
