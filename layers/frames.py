"""Frames of a layer's features: which rows a picture of some scale shows, and reading columns that may be absent."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from layers.definition import LayerDefinition


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
