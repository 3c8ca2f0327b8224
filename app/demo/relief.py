"""The drawn relief: an invented elevation model, and land cover of two years, that suit rivers and settlements."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import shapely
from rasterio.features import rasterize
from rasterio.transform import Affine, from_bounds
from scipy import ndimage
from sqlalchemy import Connection, text

from app.demo.plane import M_PER_DEGREE_LAT
from app.demo.world import SERIES, World
from app.rasters.queries import RasterClass
from app.rasters.service import RasterRequest, add_raster
from app.storage import Storage
from gis.types import FloatArray

LONGER_SIDE = 760  # cells: small enough to be drawn in a breath
MARGIN = 0.03  # of the region's box, so that the raster reaches over its border
HIGHEST_M, RIVER_M, RIDGE_M = 820.0, 28.0, 220.0
OCTAVES, RIDGE_OCTAVES = range(5), range(4, 7)  # of noise: each is half as wide as the one before
WIDE_M = 45_000.0  # radius from which on a region has heights like these; a smaller one has hills to its size
PERSISTENCE = 0.6  # of an octave's height against that of the one before, which is twice as wide
YEARS = (2016, 2025)
FOREST, ESTATE, FIELD, BUILT, WATER, SHRUB = range(1, 7)
COVER = {
    FOREST: RasterClass(FOREST, "#3f7d4e", "Hutan", "Forest"),
    ESTATE: RasterClass(ESTATE, "#9bb25e", "Perkebunan", "Plantation"),
    FIELD: RasterClass(FIELD, "#e3d28a", "Sawah dan ladang", "Rice and fields"),
    BUILT: RasterClass(BUILT, "#b5564a", "Permukiman", "Settlement"),
    WATER: RasterClass(WATER, "#5d94b8", "Badan air", "Water"),
    SHRUB: RasterClass(SHRUB, "#c2b280", "Semak dan lahan terbuka", "Shrub and bare land"),
}
SOURCE = "Data contoh (indikatif)"
NODATA_M = -32_768
CELLS = 10_000_000  # far above what is drawn


@dataclass(frozen=True)
class Relief:
    """Heights (metres), land cover of each year, and where their cells lie (EPSG:4326)."""

    heights: FloatArray
    cover: dict[int, np.ndarray]
    transform: Affine


def draw_relief(world: World) -> Relief:
    """Draw heights that rise away from the rivers, and land cover that follows heights, water and settlements."""
    random = np.random.default_rng([SERIES, len("relief"), *(int(part) for part in world.region.code.split("."))])
    plane = world.boundaries.plane
    box = _box(world)
    metres = Affine.scale(plane.m_per_degree_lon, M_PER_DEGREE_LAT) @ Affine.translation(-plane.lon, -plane.lat)
    cell = max(box[2] - box[0], box[3] - box[1]) / LONGER_SIDE
    width, height = round((box[2] - box[0]) / cell), round((box[3] - box[1]) / cell)
    transform = from_bounds(*box, width, height)
    to_plane = metres @ transform
    shape = (height, width)
    is_water = _burn(world.water.shapes, to_plane, shape)
    cell_m = abs(to_plane.e)
    far_m = ndimage.distance_transform_edt(~is_water) * cell_m
    heights = _heights(random, far_m, world.boundaries.radius_m)
    seats, radii = world.boundaries.village_seats, world.settlements.built_radius_m
    cover = {}
    rough = _noise(random, shape)
    for year in YEARS:
        grown = 1.0 if year == max(YEARS) else 0.8
        discs = shapely.buffer(shapely.points(seats), np.asarray(radii) * grown, quad_segs=4)
        cover[year] = _cover(heights, far_m, rough, is_water, _burn(discs, to_plane, shape), grown)
    return Relief(heights, cover, transform)


def load_relief(connection: Connection, world: World, storage: Storage, work: Path) -> int:
    """
    Write the drawn rasters, register them as demonstration, and date them as the boundaries are dated.

    Parameters
    ----------
    connection
        Of the owner role, with the triggers of `app.raster` off.
    work
        An empty folder, removed by the caller.
    """
    relief = draw_relief(world)
    requests = [
        RasterRequest(
            _write(work / "dem.tif", np.rint(relief.heights).astype(np.int16), relief.transform, NODATA_M),
            "elevasi_contoh",
            title="Elevasi",
            kind="elevation",
            year=max(YEARS),
            source=SOURCE,
            keep_outside=True,
            demo=True,
        )
    ]
    for year, cells in relief.cover.items():
        requests.append(
            RasterRequest(
                _write(work / f"cover{year}.tif", cells, relief.transform, 0),
                f"tutupan_contoh_{year}",
                title="Tutupan lahan",
                kind="landcover",
                year=year,
                source=SOURCE,
                classes=COVER,
                keep_outside=True,
                demo=True,
            )
        )
    for request in requests:
        add_raster(connection, storage, request, cells=CELLS, work=work)
    connection.execute(
        text("UPDATE app.raster SET valid_from = (SELECT min(valid_from) FROM layers.districts) WHERE demo")
    )
    return len(requests)


def _box(world: World) -> tuple[float, float, float, float]:
    """Return the box of the region with a margin (degrees)."""
    west, south, east, north = world.boundaries.outline.bounds
    wide, tall = MARGIN * (east - west), MARGIN * (north - south)
    corners = world.boundaries.plane.to_degrees(np.array([[west - wide, south - tall], [east + wide, north + tall]]))
    return float(corners[0, 0]), float(corners[0, 1]), float(corners[1, 0]), float(corners[1, 1])


def _burn(shapes: np.ndarray, to_plane: Affine, shape: tuple[int, int]) -> np.ndarray:
    """Mark the cells that shapes (metres of the plane) touch."""
    burnt = rasterize(list(shapes), out_shape=shape, transform=to_plane, all_touched=True, dtype="uint8")
    return np.asarray(burnt, dtype=bool)


def _noise(random: np.random.Generator, shape: tuple[int, int], octaves: range = OCTAVES) -> FloatArray:
    """Smooth noise of several sizes, about 0, standard deviation 1."""
    total = np.zeros(shape)
    for octave in octaves:
        knots = 3 * 2**octave + 3
        grid = random.normal(size=(knots, knots)) * PERSISTENCE**octave
        wide = ndimage.zoom(grid, (shape[0] / (knots - 2), shape[1] / (knots - 2)), order=3, mode="nearest")
        total += wide[: shape[0], : shape[1]]
    centred: FloatArray = (total - total.mean()) / total.std()
    return centred


def _heights(random: np.random.Generator, far_m: FloatArray, radius_m: float) -> FloatArray:
    """Plains by the rivers, hills between them, mountains where no river is near on one side of the region."""
    rise = np.clip(far_m / (0.12 * radius_m), 0, 3) ** 1.3
    angle = random.uniform(0, 2 * np.pi)
    rows, columns = np.indices(far_m.shape)
    along = (columns / far_m.shape[1] - 0.5) * np.cos(angle) + (rows / far_m.shape[0] - 0.5) * np.sin(angle)
    mountains = 1 / (1 + np.exp(-9 * (along - 0.12)))
    hills = np.exp(0.5 * _noise(random, far_m.shape))
    raw = rise * hills * (0.1 + mountains)
    ridges = RIDGE_M * mountains * np.clip(rise, 0, 1) * (1 - np.abs(_noise(random, far_m.shape, RIDGE_OCTAVES)))
    size = min(1.0, radius_m / WIDE_M)
    slopes = size * (HIGHEST_M * raw / np.percentile(raw, 99.5) + ridges)
    heights: FloatArray = RIVER_M + 60 * size * np.clip(along + 0.5, 0, 1) + np.clip(slopes, 0, None)
    return np.asarray(ndimage.gaussian_filter(heights, 0.6), dtype=np.float64)


def _cover(
    heights: FloatArray, far_m: FloatArray, rough: FloatArray, is_water: np.ndarray, is_built: np.ndarray, grown: float
) -> np.ndarray:
    """Class every cell; with the years (`grown` to 1) forest gives way to plantations and fields."""
    high = heights / np.percentile(heights, 99) + 0.18 * rough
    cover = np.full(heights.shape, ESTATE, np.uint8)
    cover[high > 0.16 + 0.14 * grown] = FOREST
    cover[(high < 0.1) & (far_m < 2_500)] = FIELD
    cover[(rough < -1.3) & (cover != FIELD)] = SHRUB
    cover[is_built] = BUILT
    cover[is_water] = WATER
    return cover


def _write(path: Path, cells: np.ndarray, transform: Affine, nodata: int) -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", width=cells.shape[1], height=cells.shape[0], count=1, dtype=cells.dtype,
        crs="EPSG:4326", transform=transform, nodata=nodata,
    ) as dataset:  # fmt: skip
        dataset.write(cells, 1)
    return path
