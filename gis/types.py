"""Names for the shapes of data that pass between our functions."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

BBox = tuple[float, float, float, float]
"""(west, south, east, north), in the CRS named beside it."""

GeometryArray = npt.NDArray[np.object_]
"""One-dimensional array of shapely geometries; None where a geometry is missing."""

TextArray = npt.NDArray[np.object_]
"""Array of strings."""

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

Json = dict[str, Any]


class TileXYZ(NamedTuple):
    """A tile of the Web Mercator matrix: zoom, column from the west, row from the north."""

    z: int
    x: int
    y: int
