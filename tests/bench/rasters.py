"""Rasters: class areas of 10 000 × 12 000 cells over 200 villages, beside rasterio.mask village by village."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
from rasterio.mask import mask
from rasterio.transform import from_bounds
from rasterio.windows import Window

from gis.raster import open_raster, open_source, write_cog
from gis.zonal import class_areas
from tests.bench.home import Bench
from tests.bench.table import Row, at_least, at_most
from tests.helpers.database import temporary_home

SECTION = "reports"
ROWS, COLUMNS, CLASSES = 10_000, 12_000, 7
STRIP = 500  # rows drawn at a time
ZONAL_SECONDS, ZONAL_GB = 10, 1
KB_PER_GB = 1024**2
CELLS = 10**9
PIXEL_TOLERANCE = 0.01  # of an area: counting by pixel centres may differ that much in a village cut by the edge
LEAST_SPEEDUP = 0.25  # exact shares may cost more than counting pixels, but not many times more


def measure(bench: Bench) -> Iterator[Row]:
    """Yield every row of this section."""
    villages = bench.regency.villages[["code", "geometry"]]
    with temporary_home() as folder:
        raster = draw_raster(folder / "cover.tif", tuple(villages.total_bounds))
        areas = folder / "villages.gpkg"
        villages.to_file(areas)
        seconds, gigabytes = in_its_own_process(raster, areas)
        what = f"class areas of {ROWS:,} × {COLUMNS:,} cells over {len(villages)} villages".replace(",", " ")
        yield at_most(SECTION, what, seconds, ZONAL_SECONDS, "s")
        yield at_most(SECTION, f"{what}, memory", gigabytes, ZONAL_GB, "GB")
        start = time.perf_counter()
        counted = by_mask(raster, villages)
        naive_s = time.perf_counter() - start
        note = f"{seconds:.1f} s with exact shares and ellipsoidal areas; {naive_s:.1f} s counting pixel centres"
        yield at_least(SECTION, "against rasterio.mask", naive_s / seconds, LEAST_SPEEDUP, "× its speed", note)
        with open_raster(raster) as opened:
            exact = class_areas(opened, villages, key="code").classes
        share = exact.div(exact.sum(axis=1), axis=0)
        difference = float((counted.reindex(share.index) - share).abs().max().max())
        yield at_most(SECTION, "largest difference of a class's share", difference, PIXEL_TOLERANCE, "of a village")


def draw_raster(path: Path, bounds: tuple[float, float, float, float]) -> Path:
    """Draw a land cover of smooth patches over a box (degrees), strip by strip, and write it as we keep rasters."""
    transform = from_bounds(*bounds, COLUMNS, ROWS)
    plain = path.with_suffix(".plain.tif")
    columns = np.arange(COLUMNS)
    with rasterio.open(
        plain, "w", driver="GTiff", width=COLUMNS, height=ROWS, count=1, dtype="uint8", crs="EPSG:4326",
        transform=transform, tiled=True, blockxsize=512, blockysize=512, compress="deflate",
    ) as dataset:  # fmt: skip
        for top in range(0, ROWS, STRIP):
            rows = np.arange(top, top + STRIP)[:, np.newaxis]
            waves = np.sin(rows / 211) + np.cos(columns / 173) + np.sin((rows + columns) / 97)
            cells = np.clip((waves + 3) / 6 * CLASSES, 0, CLASSES - 1).astype(np.uint8) + 1
            dataset.write(cells, 1, window=Window(0, top, COLUMNS, STRIP))
    with open_source(plain, cells=CELLS) as (source, _):
        write_cog(source, path, is_classes=True)
    plain.unlink()
    return path


def in_its_own_process(raster: Path, areas: Path) -> tuple[float, float]:
    """Measure seconds, and the most memory (GB) of a process that does nothing else."""
    command = [sys.executable, "-m", "tests.bench.rasters", str(raster), str(areas)]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, kilobytes = found.stdout.split()
    return float(seconds), float(kilobytes) / KB_PER_GB


def by_mask(path: Path, villages: gpd.GeoDataFrame) -> pd.DataFrame:
    """Count the pixels of each class by the naive way: cut each village out, and count."""
    shares = {}
    with rasterio.open(path) as dataset:
        for code, shape in zip(villages["code"], villages.geometry, strict=True):
            cells, _ = mask(dataset, [shape], crop=True, nodata=0, filled=True)
            counts = np.bincount(cells.ravel(), minlength=CLASSES + 1)[1:]
            shares[code] = counts / counts.sum()
    return pd.DataFrame.from_dict(shares, orient="index", columns=range(1, CLASSES + 1))


def main() -> None:
    """Compute class areas of a raster over areas, and print seconds and the most memory in kB."""
    raster, areas = Path(sys.argv[1]), gpd.read_file(sys.argv[2])
    start = time.perf_counter()
    with open_raster(raster) as opened:
        class_areas(opened, areas, key="code")
    print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    main()
