"""Small rasters for tests: written to a file from an array, and squares to ask about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from rasterio.transform import Affine, from_origin

UTM_48S = "EPSG:32748"
WEST, NORTH = 300_000.0, 9_657_000.0  # near 103.2 E 3.1 S, metres of UTM 48S


def write_raster(
    path: Path,
    cells: Any,
    *,
    crs: Any = UTM_48S,
    transform: Affine | None = None,
    cell: float = 30.0,
    nodata: float | None = None,
    **options: Any,
) -> Path:
    """Write an array (bands, rows, columns), or (rows, columns), as a GeoTIFF."""
    bands = np.asarray(cells)
    bands = bands[np.newaxis] if bands.ndim == 2 else bands
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=bands.shape[2],
        height=bands.shape[1],
        count=bands.shape[0],
        dtype=bands.dtype,
        crs=crs,
        transform=transform or from_origin(WEST, NORTH, cell, cell),
        nodata=nodata,
        **options,
    ) as dataset:
        dataset.write(bands)
    return path


def box_of_cells(top: float, left: float, bottom: float, right: float, *, cell: float = 30.0) -> shapely.Polygon:
    """A rectangle in UTM 48S, given in rows and columns (fractions too) of a raster of `write_raster`."""
    return shapely.box(WEST + left * cell, NORTH - bottom * cell, WEST + right * cell, NORTH - top * cell)


def areas_of(*shapes: Any, crs: Any = UTM_48S) -> gpd.GeoDataFrame:
    """Areas in EPSG:4326 named A, B, C … from shapes in another CRS; long edges get points, so that they stay straight."""
    drawn = shapely.segmentize(np.array(shapes, dtype=object), 30.0 if crs == UTM_48S else 0.001)
    frame = gpd.GeoDataFrame({"code": [chr(65 + number) for number in range(len(shapes))]}, geometry=drawn, crs=crs)
    return frame.to_crs(4326)
