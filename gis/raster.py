"""Rasters read by windows: where they lie, what is in them, and how they are written as cloud-optimised GeoTIFF."""

from __future__ import annotations

import errno
import math
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from xml.etree import ElementTree  # reads what GDAL has just written, never a file of somebody else

import numpy as np
import numpy.typing as npt
import rasterio
import rasterio.shutil
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from rasterio._err import CPLE_BaseError  # what GDAL says during a copy; rasterio gives it no public name
from rasterio.enums import ColorInterp, Resampling
from rasterio.errors import RasterioError, RasterioIOError
from rasterio.io import DatasetReader, MemoryFile
from rasterio.transform import Affine
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from gis.constants import WGS84_FLATTENING, WGS84_SEMI_MAJOR_M, WGS84_SRID
from gis.errors import BrokenRaster, EmptyRaster, NotARaster, RasterTooLarge, RasterWithoutPlace
from gis.figures import Finding
from gis.types import BBox, FloatArray

Cells = npt.NDArray[Any]
"""Cells of one band, shape (height, width)."""

DRIVERS = (
    *("GTiff", "JP2OpenJPEG", "HFA", "AAIGrid", "EHdr", "ENVI", "SRTMHGT", "USGSDEM", "DTED", "RST", "SAGA"),
    *("PNG", "JPEG", "GRIB"),
)
"""Formats that are read: one file (with its small companions) that names no other file and no address."""

WINDOW_CELLS = 4 * 1024**2
"""Cells read in one go: with a few working arrays some 200 MB."""

BLOCK_PX = 512
"""Side of a tile inside the files we write."""

MAX_CLASSES = 256
"""Distinct whole values up to which a raster can be one of classes."""

FREE_BYTES = 16 * 1024**2
"""Free space on the disk below which a failed copy is the disk's fault, not the file's."""

SAMPLE_PX = 1024
"""Longer side of the reduced picture that percentiles are taken from."""

DENSITY_STEP_CELLS, DENSITY_STEP_M = 64, 4_000.0
"""Cells and metres at most between the points at which a cell's area is computed; between them it is interpolated."""

_E2 = WGS84_FLATTENING * (2 - WGS84_FLATTENING)


@dataclass(frozen=True)
class Grid:
    """
    Where the cells of a raster lie: rows from the north, columns from the west.

    `crs` may have no EPSG code; `transform` takes column and row to coordinates and never turns.
    """

    crs: CRS
    transform: Affine
    width: int
    height: int

    @property
    def bounds(self) -> BBox:
        """The box of all cells, in `crs`."""
        return self.window_bounds(Window(0, 0, self.width, self.height))

    def window_bounds(self, window: Window) -> BBox:
        """Return the box of a window, in `crs`."""
        west, north = self.transform @ (window.col_off, window.row_off)
        east, south = self.transform @ (window.col_off + window.width, window.row_off + window.height)
        return west, south, east, north

    def windows(self, side: int = math.isqrt(WINDOW_CELLS)) -> Iterator[Window]:
        """Yield windows of at most `side` cells each way that cover the grid, row by row from the north-west."""
        for row in range(0, self.height, side):
            for column in range(0, self.width, side):
                yield Window(column, row, min(side, self.width - column), min(side, self.height - row))

    def is_same(self, other: Grid) -> bool:
        """Tell whether the cells of both grids are the same, to a hundredth of a cell."""
        if (self.width, self.height) != (other.width, other.height) or not self.crs.equals(other.crs, True):
            return False
        tolerance = abs(self.transform.a) / 100
        return bool(np.allclose(self.bounds, other.bounds, rtol=0, atol=tolerance))


class Blocks(Protocol):
    """Cells on a grid that are read, or computed, window by window."""

    @property
    def grid(self) -> Grid:
        """Where the cells lie."""

    def read(self, window: Window) -> np.ma.MaskedArray[Any, Any]:
        """Return the cells of a window, nodata (and NaN) masked, shape (height, width)."""


@dataclass(frozen=True)
class Raster:
    """One band of an open raster."""

    dataset: Any
    band: int = 1

    @property
    def grid(self) -> Grid:
        """Where the cells lie."""
        return grid_of(self.dataset)

    def read(self, window: Window) -> np.ma.MaskedArray[Any, Any]:
        """
        Return the cells of a window, nodata (and NaN) masked; what lies beyond the raster is masked too.

        Raises
        ------
        BrokenRaster
            When the file is cut short or damaged there.
        """
        inside = _inside(window, self.dataset.width, self.dataset.height)
        cells = read_cells(self.dataset, inside, self.band)
        if (inside.width, inside.height) == (window.width, window.height):
            return cells
        whole = _nothing(int(window.width), int(window.height), cells.dtype)
        top, left = int(inside.row_off - window.row_off), int(inside.col_off - window.col_off)
        whole[top : top + int(inside.height), left : left + int(inside.width)] = cells
        return whole


@dataclass(frozen=True)
class RasterFacts:
    """
    What is in the first band of a raster.

    `valid_share` is 0 to 1 of the cells; `classes` the distinct values when they are few and whole, else None;
    `palette` colours by value (red, green, blue; 0 to 255) as the file gives them, for values that occur.
    """

    bands: int
    dtype: str
    nodata: float | None
    minimum: float
    maximum: float
    valid_share: float
    classes: tuple[int, ...] | None
    palette: Mapping[int, tuple[int, int, int]]


@contextmanager
def open_raster(path: Path, *, band: int = 1) -> Iterator[Raster]:
    """
    Open one band of a raster that `write_cog` wrote.

    Raises
    ------
    NotARaster
        When it is none.
    """
    try:
        dataset = rasterio.open(path, driver="GTiff")
    except RasterioIOError as error:
        raise _not_a_raster(path) from error
    with dataset:
        yield Raster(dataset, band)


@contextmanager
def open_source(path: Path, *, crs: CRS | None = None, cells: int) -> Iterator[tuple[Any, tuple[Finding, ...]]]:
    """
    Open somebody's raster so that its rows lie north to south, its place is known, and NaN counts as nodata.

    Nothing is read yet and nothing written: what must change is changed on the way, window by window.

    Parameters
    ----------
    path
        A file of one of `DRIVERS`.
    crs
        The coordinate system when the file does not name it, or in place of the one it names.
    cells
        Greatest width × height × bands that is accepted.

    Returns
    -------
    dataset, findings
        An open rasterio dataset (or a virtual one), and what was done to it.

    Raises
    ------
    NotARaster, RasterTooLarge, RasterWithoutPlace
        When it cannot be used.
    """
    with ExitStack() as stack:
        stack.enter_context(rasterio.Env())
        dataset = stack.enter_context(_open(path))
        _require_size(dataset, cells)
        _require_place(dataset, crs, path)
        findings = []
        named = crs or CRS.from_wkt(dataset.crs.to_wkt())
        nodata = math.nan if _may_hold_nan(dataset) and dataset.nodata is None else None
        if crs is not None or nodata is not None:
            dataset = stack.enter_context(_amended(dataset, crs, nodata))
        if epsg_of(named) is None:
            findings.append(_without_epsg(named))
        if not _is_north_up(dataset.transform):
            findings.append(_TURNED if dataset.transform.b or dataset.transform.d else _FLIPPED)
            dataset = stack.enter_context(_north_up(dataset))
            _require_size(dataset, cells)
        yield dataset, tuple(findings)


def scan(dataset: Any) -> RasterFacts:
    """
    Read every cell of the first band once, window by window, and say what is in it.

    Raises
    ------
    BrokenRaster
        When a part of the file cannot be read.
    EmptyRaster
        When every cell is nodata.
    """
    low, high, valid = math.inf, -math.inf, 0
    distinct: set[int] | None = set()
    for window in _reading_windows(dataset):
        cells = read_cells(dataset, window).compressed()
        if not len(cells):
            continue
        valid += len(cells)
        low, high = min(low, float(cells.min())), max(high, float(cells.max()))
        distinct = _with_distinct(distinct, cells)
    if not valid:
        raise EmptyRaster(
            "Semua sel raster ini nodata, jadi tidak ada yang dapat dipakai. Periksa nilai nodata berkasnya.",
            "Every cell of this raster is nodata, so nothing in it can be used. Check the file's nodata value.",
        )
    classes = tuple(sorted(distinct)) if distinct is not None else None
    return RasterFacts(
        bands=colour_bands(dataset),
        dtype=str(dataset.dtypes[0]),
        nodata=dataset.nodata,
        minimum=low,
        maximum=high,
        valid_share=valid / (dataset.width * dataset.height),
        classes=classes,
        palette=_palette(dataset, classes or ()),
    )


def write_cog(dataset: Any, target: Path, *, is_classes: bool) -> None:
    """
    Write an open raster as a cloud-optimised GeoTIFF with overviews; values and nodata stay as they are.

    Parameters
    ----------
    dataset
        Of `open_source`.
    is_classes
        Overviews of classes take the nearest cell, those of measurements the average.

    Raises
    ------
    BrokenRaster
        When a part of the source cannot be read.
    """
    resampling = "NEAREST" if is_classes else "AVERAGE"
    predictor = "STANDARD" if not _may_hold_nan(dataset) else "FLOATING_POINT"
    try:
        with rasterio.Env(GDAL_NUM_THREADS="2", CHECK_DISK_FREE_SPACE="YES"):
            rasterio.shutil.copy(
                dataset,
                target,
                driver="COG",
                compress="DEFLATE",
                predictor=predictor,
                blocksize=BLOCK_PX,
                bigtiff="IF_SAFER",
                overviews="IGNORE_EXISTING",
                overview_resampling=resampling,
            )
    except (RasterioError, CPLE_BaseError) as error:
        if shutil.disk_usage(target.parent).free < FREE_BYTES:
            raise OSError(errno.ENOSPC, "No space left on device", str(target)) from error
        raise _broken(dataset) from error


def percentiles(dataset: Any, shares: tuple[float, ...]) -> tuple[float, ...]:
    """
    Estimate percentiles of the first band from a picture reduced to `SAMPLE_PX`, read from the overviews.

    Parameters
    ----------
    shares
        From 0 to 100.

    Returns
    -------
    values
        One a share; empty for a raster whose reduced picture is all nodata.
    """
    scale = max(1.0, max(dataset.width, dataset.height) / SAMPLE_PX)
    shape = (max(1, round(dataset.height / scale)), max(1, round(dataset.width / scale)))
    cells = _without_nan(dataset.read(1, masked=True, out_shape=shape, resampling=Resampling.nearest)).compressed()
    return tuple(float(value) for value in np.percentile(cells, shares)) if len(cells) else ()


@contextmanager
def on_grid(raster: Raster, grid: Grid, *, resampling: Resampling) -> Iterator[Raster]:
    """
    Show a raster on the cells of another grid; nothing is computed until a window is read.

    Parameters
    ----------
    raster
        Of `open_raster`.
    grid
        The cells wanted; where the raster does not reach, they are nodata.
    resampling
        Nearest for classes.
    """
    dataset = raster.dataset
    options: dict[str, Any] = {
        "crs": grid.crs.to_wkt(),
        "transform": grid.transform,
        "width": grid.width,
        "height": grid.height,
        "resampling": resampling,
    }
    if dataset.nodata is None and ColorInterp.alpha not in dataset.colorinterp:
        options["add_alpha"] = True
    with WarpedVRT(dataset, **options) as warped:
        yield Raster(warped, raster.band)


def grid_of(dataset: Any) -> Grid:
    """Return the grid of an open rasterio dataset."""
    return Grid(CRS.from_wkt(dataset.crs.to_wkt()), dataset.transform, dataset.width, dataset.height)


def read_cells(dataset: Any, window: Window, band: int = 1) -> np.ma.MaskedArray[Any, Any]:
    """Read a window of one band, nodata and NaN masked; `BrokenRaster` when the file is damaged there."""
    if window.width <= 0 or window.height <= 0:
        return _nothing(max(0, int(window.width)), max(0, int(window.height)), dataset.dtypes[band - 1])
    try:
        return _without_nan(dataset.read(band, window=window, masked=True))
    except (RasterioError, CPLE_BaseError) as error:
        raise _broken(dataset) from error


def colour_bands(dataset: Any) -> int:
    """Count the bands that hold values: all but alpha."""
    return sum(kind is not ColorInterp.alpha for kind in dataset.colorinterp)


def epsg_of(crs: CRS) -> int | None:
    """
    Return the EPSG code of a CRS when the register truly has it; None for one that stands for itself.

    Old files carry codes such as 32000 that no register knows: the coordinate system is then read from its parameters.
    """
    code = crs.to_epsg(min_confidence=90)
    if code is None:
        return None
    try:
        CRS.from_epsg(code)
    except CRSError:
        return None
    return int(code)


def bounds_4326(grid: Grid) -> BBox:
    """Return the box of a grid in longitude and latitude (west, south, east, north), its curved edges included."""
    west, south, east, north = transform_bounds(grid.crs.to_wkt(), WGS84_SRID, *grid.bounds, densify_pts=41)
    return float(west), float(south), float(east), float(north)


def resolution_m(grid: Grid) -> float:
    """Return the side of a square as large as the cell in the middle of the grid (metres)."""
    middle = Window(grid.width // 2, grid.height // 2, 1, 1)
    return math.sqrt(float(cell_areas_m2(grid, middle)[0, 0]))


def cell_areas_m2(grid: Grid, window: Window) -> FloatArray:
    """
    Measure the cells of a window on the ellipsoid.

    Right to 1e-7 in every CRS, geographic or projected, for cells up to a kilometre: what one unit of the CRS squared
    is on the ellipsoid (the determinant of the projection by the two radii of curvature) is computed at points and
    interpolated between them.

    Returns
    -------
    areas
        Square metres, shape (height, width).
    """
    unit_m = 1.0 if grid.crs.is_projected else math.radians(WGS84_SEMI_MAJOR_M)
    rows = _steps(window.row_off, window.height, abs(grid.transform.e) * unit_m)
    columns = _steps(window.col_off, window.width, abs(grid.transform.a) * unit_m)
    x = grid.transform.c + grid.transform.a * columns
    y = grid.transform.f + grid.transform.e * rows
    density = _density(grid, *np.meshgrid(x, y))
    cell = abs(grid.transform.a * grid.transform.e)
    areas: FloatArray = _blend(rows) @ (cell * density) @ _blend(columns).T
    return areas


def _blend(steps: FloatArray) -> FloatArray:
    """Return the weights, one row a cell, with which values at steps are interpolated to the middle of each cell."""
    middles = np.arange(steps[0], steps[-1]) + 0.5
    return np.stack([np.interp(middles, steps, one) for one in np.eye(len(steps))], axis=1)


def _steps(start: float, count: float, cell_m: float) -> FloatArray:
    """Positions from the first to the last edge, never too far apart for interpolation between them."""
    step = min(DENSITY_STEP_CELLS, max(1.0, DENSITY_STEP_M / cell_m))
    return np.linspace(start, start + count, 1 + math.ceil(count / step))


def _density(grid: Grid, x: FloatArray, y: FloatArray) -> FloatArray:
    """Square metres on the ellipsoid of one square unit of the CRS, at points."""
    to_degrees = Transformer.from_crs(grid.crs, WGS84_SRID, always_xy=True)
    half_x, half_y = abs(grid.transform.a) / 2, abs(grid.transform.e) / 2
    east, west = (np.array(to_degrees.transform(x + step, y)) for step in (half_x, -half_x))
    north, south = (np.array(to_degrees.transform(x, y + step)) for step in (half_y, -half_y))
    along_x, along_y = np.radians(east - west) / (2 * half_x), np.radians(north - south) / (2 * half_y)
    latitude = np.radians((north[1] + south[1]) / 2)
    w2 = 1 - _E2 * np.sin(latitude) ** 2
    radii = WGS84_SEMI_MAJOR_M**2 * (1 - _E2) / w2**2
    determinant = along_x[0] * along_y[1] - along_x[1] * along_y[0]
    return np.asarray(np.abs(determinant) * radii * np.cos(latitude), dtype=np.float64)


def _open(path: Path) -> Any:
    if not path.is_file():
        raise NotARaster(f"Berkas {path} tidak ada.", f"There is no file {path}.")
    try:
        return DatasetReader(str(path), driver=list(DRIVERS))  # `rasterio.open` takes one format or all of them
    except RasterioIOError as error:
        raise _not_a_raster(path) from error


def _require_size(dataset: Any, cells: int) -> None:
    size = dataset.width * dataset.height * dataset.count
    if not dataset.count:
        raise NotARaster("Raster ini tidak memiliki pita data.", "This raster has no band.")
    if size > cells:
        raise RasterTooLarge(
            f"Raster ini {dataset.width} × {dataset.height} sel dengan {dataset.count} pita; paling banyak {cells} sel "
            "yang diterima. Potong menurut wilayah, atau kurangi resolusinya.",
            f"This raster has {dataset.width} × {dataset.height} cells in {dataset.count} bands; at most {cells} cells "
            "are accepted. Clip it to the region, or lower its resolution.",
        )


def _require_place(dataset: Any, crs: CRS | None, path: Path) -> None:
    if dataset.transform.is_identity or dataset.transform.is_degenerate:
        raise RasterWithoutPlace(
            f"{path.name} tidak bergeoreferensi, jadi letaknya di bumi tidak diketahui. Sertakan berkas dunia "
            "(.tfw, .pgw), atau georeferensikan dahulu.",
            f"{path.name} is not georeferenced, so we cannot tell where on earth it lies. Add its world file "
            "(.tfw, .pgw), or georeference it first.",
        )
    if crs is None and not dataset.crs:
        raise RasterWithoutPlace(
            f"{path.name} tidak menyebut sistem koordinatnya. Sebutkan dengan --crs, misalnya --crs EPSG:32748.",
            f"{path.name} does not name its coordinate system. Name it with --crs, for example --crs EPSG:32748.",
        )


def _may_hold_nan(dataset: Any) -> bool:
    return bool(np.dtype(dataset.dtypes[0]).kind == "f")


def _is_north_up(transform: Affine) -> bool:
    return bool(transform.b == 0 and transform.d == 0 and transform.a > 0 and transform.e < 0)


@contextmanager
def _amended(dataset: Any, crs: CRS | None, nodata: float | None) -> Iterator[Any]:
    """Show a raster with another coordinate system or nodata value, its cells untouched."""
    with MemoryFile(ext=".vrt") as memory:
        rasterio.shutil.copy(dataset, memory.name, driver="VRT")
        document = ElementTree.fromstring(memory.read())  # noqa: S314 - written by GDAL a line above
    if crs is not None:
        for old in document.findall("SRS"):
            document.remove(old)
        ElementTree.SubElement(document, "SRS").text = crs.to_wkt()
    if nodata is not None:
        for band in document.findall("VRTRasterBand"):
            node = ElementTree.Element("NoDataValue")
            node.text = repr(nodata)
            band.insert(0, node)
    with rasterio.open(ElementTree.tostring(document, encoding="unicode")) as amended:
        yield amended


@contextmanager
def _north_up(dataset: Any) -> Iterator[Any]:
    """Show a turned or flipped raster with rows from north to south; cells of the same size, corners without data."""
    transform = dataset.transform
    corners = [transform @ corner for corner in ((0, 0), (dataset.width, 0), (0, dataset.height))]
    corners.append(transform @ (dataset.width, dataset.height))
    west, east = min(x for x, _ in corners), max(x for x, _ in corners)
    south, north = min(y for _, y in corners), max(y for _, y in corners)
    cell_x, cell_y = math.hypot(transform.a, transform.d), math.hypot(transform.b, transform.e)
    is_turned = bool(transform.b or transform.d)
    width, height = math.ceil((east - west) / cell_x - 1e-6), math.ceil((north - south) / cell_y - 1e-6)
    options: dict[str, Any] = {"add_alpha": True} if is_turned and dataset.nodata is None else {}
    with WarpedVRT(
        dataset,
        src_crs=dataset.crs,
        crs=dataset.crs,
        transform=Affine(cell_x, 0, west, 0, -cell_y, north),
        width=width,
        height=height,
        resampling=Resampling.nearest,
        **options,
    ) as warped:
        yield warped


def _reading_windows(dataset: Any) -> Iterator[Window]:
    """Windows along the file's own blocks: whole strips of a file in strips, squares of one in tiles."""
    if dataset.block_shapes[0][1] < dataset.width:
        yield from grid_of(dataset).windows()
        return
    rows = max(1, WINDOW_CELLS // dataset.width)
    for row in range(0, dataset.height, rows):
        yield Window(0, row, dataset.width, min(rows, dataset.height - row))


def _with_distinct(found: set[int] | None, cells: Cells) -> set[int] | None:
    """Add the whole values of some cells to those found before; None once they are too many or not whole."""
    if found is None:
        return None
    if cells.dtype.kind == "f" and not (cells == np.rint(cells)).all():
        return None
    if cells.dtype.itemsize == 1:
        offset = 128 if cells.dtype.kind == "i" else 0
        values = np.flatnonzero(np.bincount(cells.astype(np.int16) + offset)) - offset
    else:
        values = np.unique(cells)
    if len(values) > MAX_CLASSES:
        return None
    together = found | {int(value) for value in values}
    return together if len(together) <= MAX_CLASSES else None


def _palette(dataset: Any, classes: tuple[int, ...]) -> dict[int, tuple[int, int, int]]:
    try:
        colours = dataset.colormap(1)
    except (ValueError, RasterioError):
        return {}
    return {value: tuple(colours[value][:3]) for value in classes if value in colours}


def _without_nan(cells: np.ma.MaskedArray[Any, Any]) -> np.ma.MaskedArray[Any, Any]:
    if cells.dtype.kind != "f":
        return cells
    return np.ma.array(cells.data, mask=np.ma.getmaskarray(cells) | ~np.isfinite(cells.data))


def _nothing(width: int, height: int, dtype: Any) -> np.ma.MaskedArray[Any, Any]:
    return np.ma.array(np.zeros((height, width), dtype), mask=np.ones((height, width), dtype=bool))


def _inside(window: Window, width: int, height: int) -> Window:
    left, top = max(0, window.col_off), max(0, window.row_off)
    right, bottom = min(width, window.col_off + window.width), min(height, window.row_off + window.height)
    return Window(left, top, max(0, right - left), max(0, bottom - top))


def _not_a_raster(path: Path) -> NotARaster:
    return NotARaster(
        f"{path.name} bukan raster yang dapat dibaca. Yang diterima antara lain GeoTIFF, JPEG 2000, Erdas Imagine, dan "
        "ASCII grid.",
        f"{path.name} is not a raster that can be read. GeoTIFF, JPEG 2000, Erdas Imagine and ASCII grids are among "
        "those accepted.",
    )


def _broken(dataset: Any) -> BrokenRaster:
    name = Path(str(dataset.name)).name if not str(dataset.name).startswith("<") else "Raster"
    return BrokenRaster(
        f"{name} rusak atau terpotong: sebagian selnya tidak dapat dibaca. Unduh atau salin ulang berkasnya.",
        f"{name} is damaged or cut short: some of its cells cannot be read. Download or copy the file again.",
    )


def _without_epsg(crs: CRS) -> Finding:
    return Finding(
        "info",
        "crs_without_epsg",
        f"Sistem koordinat “{crs.name}” tidak berkode EPSG; dibaca menurut parameternya sendiri.",
        f"The coordinate system “{crs.name}” has no EPSG code; it is read by its own parameters.",
    )


_TURNED = Finding(
    "info",
    "raster_turned",
    "Raster ini terputar; sel-selnya disusun ulang menghadap utara, masing-masing dari sel terdekat.",
    "This raster is rotated; its cells were laid out north-up again, each from the nearest one.",
)
_FLIPPED = Finding(
    "info",
    "raster_flipped",
    "Baris raster ini tidak berurut dari utara ke selatan; urutannya dibalik, nilainya tetap.",
    "The rows of this raster do not run from north to south; their order was turned, their values kept.",
)
