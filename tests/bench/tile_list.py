"""Which tiles are asked for: none empty, half where the roads are dense, half anywhere."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import shapely

from gis.types import TileXYZ
from tests.bench.synthetic import SEED

TILES = 46  # of each zoom that has more


def tile_list(roads: gpd.GeoDataFrame, zooms: range) -> list[TileXYZ]:
    """Return the tiles of these zooms, the same at every run."""
    rng = np.random.default_rng(SEED + 3)
    points = shapely.get_coordinates(shapely.get_point(roads.geometry.to_numpy(), 1))
    chosen: list[TileXYZ] = []
    for zoom in zooms:
        count = 2**zoom
        x = ((points[:, 0] + 180) / 360 * count).astype(int)
        y = ((1 - np.arcsinh(np.tan(np.radians(points[:, 1]))) / math.pi) / 2 * count).astype(int)
        tiles = np.column_stack([x, y])
        distinct = np.unique(tiles, axis=0)
        if len(distinct) > TILES:
            dense = tiles[rng.choice(len(tiles), TILES // 2, replace=False)]
            anywhere = distinct[rng.choice(len(distinct), TILES // 2, replace=False)]
            distinct = np.unique(np.vstack([dense, anywhere]), axis=0)
        chosen += [TileXYZ(zoom, int(column), int(row)) for column, row in distinct]
    return chosen
