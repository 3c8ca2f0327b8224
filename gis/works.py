"""Places of works made comparable: one geometry of one kind each, a place drawn twice counting once."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from gis.geometry import explode_collections, repair
from gis.measure import area_m2, length_m, lonlat_array
from gis.types import BoolArray, FloatArray, GeometryArray, IntArray

POINTS, LINES, AREAS = 0, 1, 2
NOWHERE = -1


@dataclass(frozen=True)
class WorkPlaces:
    """
    One geometry each, in the order they came; None where there is no place.

    `dimensions` are POINTS, LINES, AREAS or NOWHERE; `sizes` the number of points, metres or square metres; `mixed`
    and `repaired` count those that had several kinds of geometry or an invalid one.
    """

    geometries: GeometryArray
    dimensions: IntArray
    sizes: FloatArray
    mixed: int
    repaired: int

    @property
    def present(self) -> BoolArray:
        """Which have a place."""
        return np.asarray(self.dimensions >= 0, dtype=bool)


def work_places(geometries: gpd.GeoSeries | GeometryArray) -> WorkPlaces:
    """
    Make the places of works comparable.

    Of several kinds of geometry in one the highest dimension is kept; invalid ones are repaired; parts that overlap are
    united.

    Parameters
    ----------
    geometries
        Of any kind in EPSG:4326; missing and empty ones have no place.

    Raises
    ------
    MissingCrs, ProjectedGeometry
        As for `gis.measure.lonlat_array`.
    """
    mended = repair(lonlat_array(geometries))
    parts, owner = explode_collections(mended.geometries)
    count = len(mended.geometries)
    dimension = shapely.get_dimensions(parts).astype(np.int64)
    highest = np.full(count, NOWHERE, dtype=np.int64)
    np.maximum.at(highest, owner, dimension)
    lower = dimension < highest[owner]
    flat = unite(parts[~lower], owner[~lower], count)
    flat[highest < 0] = None
    mixed = len(np.unique(owner[lower]))
    return WorkPlaces(flat, highest, sizes_of(flat, highest), mixed, int(mended.repaired.sum()))


def unite(parts: GeometryArray, owner: IntArray, count: int) -> GeometryArray:
    """
    Unite the parts of each owner; lines that meet end to end become one.

    Parameters
    ----------
    parts
        Valid geometries in any CRS, those of one owner of one dimension.
    owner
        For each part its owner, from 0 to `count` - 1.

    Returns
    -------
    united
        One geometry an owner; an empty one where it has no parts.
    """
    order = np.argsort(owner, kind="stable")
    collections = np.full(count, None, dtype=object)
    if len(parts):
        shapely.geometrycollections(parts[order], indices=owner[order], out=collections)
    united: GeometryArray = np.asarray(shapely.union_all(collections[:, None], axis=1), dtype=object)
    lines = shapely.get_dimensions(united) == LINES
    united[lines] = shapely.line_merge(united[lines])
    return united


def sizes_of(geometries: GeometryArray, dimensions: IntArray) -> FloatArray:
    """Measure each geometry (EPSG:4326) in its dimension: number of points, metres, square metres; else 0."""
    sizes = np.zeros(len(geometries))
    for kind, measure in ((POINTS, _number_of_points), (LINES, length_m), (AREAS, area_m2)):
        chosen = dimensions == kind
        sizes[chosen] = measure(geometries[chosen])
    return sizes


def _number_of_points(geometries: GeometryArray) -> FloatArray:
    return np.asarray(shapely.get_num_coordinates(geometries), dtype=np.float64)
