"""Frames of a layer's features: the rows that a scale shows, columns that may be absent, points for symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from gis.types import GeometryArray
from layers.definition import LayerDefinition

if TYPE_CHECKING:
    import geopandas as gpd


def shown_rows(definition: LayerDefinition, frame: gpd.GeoDataFrame, zoom: int) -> gpd.GeoDataFrame:
    """
    Return the rows that the tiles of a zoom would show: with a geometry, and of the classes that its band keeps.

    A band's smallest area is not looked at here: what is smaller than a pixel is left out when it is drawn.
    """
    geometries = np.asarray(frame.geometry.array)
    frame = frame[~(shapely.is_missing(geometries) | shapely.is_empty(geometries))]
    band = definition.band(zoom)
    for column, codes in (band.keep if band else {}).items():
        if column in frame:
            frame = frame[frame[column].isin(codes)]
    return frame


def column_values(frame: gpd.GeoDataFrame, name: str | None) -> list[object]:
    """Return the values of a column; None for each row when the frame has no such column."""
    if name is None or name not in frame:
        return [None] * len(frame)
    return list(frame[name])


def anchors(geometries: GeometryArray) -> list[tuple[float, float]]:
    """Return a point of each feature for its symbol: the middle of its longest line, or a point inside its area."""
    return [_anchor(geometry) for geometry in geometries]


def _anchor(geometry: shapely.Geometry) -> tuple[float, float]:
    parts = shapely.get_parts(geometry)
    largest = max(parts, key=lambda part: (shapely.get_dimensions(part), shapely.area(part), shapely.length(part)))
    dimension = shapely.get_dimensions(largest)
    if dimension == 1:
        point = shapely.line_interpolate_point(largest, 0.5, normalized=True)
    else:
        point = shapely.point_on_surface(largest)
    return shapely.get_x(point), shapely.get_y(point)
