"""Where people live: points that stand for the residents of each area."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer

from gis.constants import WGS84_SRID
from gis.crs import reproject_array, require_metric
from gis.errors import MissingColumn, MissingCrs
from gis.figures import Finding
from gis.geometry import keep_dimension, repair
from gis.measure import area_m2, lonlat_array
from gis.types import FloatArray, GeometryArray, IntArray, TextArray

Basis = Literal["raster", "buildings", "area"]

CELL_M = 100.0
"""Side (metres) of the cells in which settled land is counted: as fine as the usual population rasters."""

EVEN_POINTS = (500, 1_000)
"""Points, from – to, over which people of an area are spread where nothing tells where they live: shares are right to
about 1 %."""

NOT_HOMES = frozenset(
    {
        "barn", "carport", "chapel", "church", "civic", "clinic", "college", "commercial", "construction", "factory",
        "farm_auxiliary", "fire_station", "garage", "garages", "garasi", "gereja", "government", "greenhouse",
        "gudang", "hangar", "hospital", "hotel", "ibadah", "industri", "industrial", "kandang", "kantor", "kesehatan",
        "kindergarten", "kiosk", "market", "masjid", "mosque", "musala", "musholla", "office", "pabrik", "parking",
        "pasar", "pemerintahan", "pendidikan", "perdagangan", "police", "public", "pura", "puskesmas", "retail",
        "roof", "ruins", "school", "sekolah", "service", "shed", "shop", "sports_hall", "stable", "stadium",
        "supermarket", "temple", "terminal", "toilets", "toko", "train_station", "transportation", "university",
        "vihara", "warehouse",
    }
)  # fmt: skip
"""Kinds of buildings, as OpenStreetMap and Indonesian offices write them, in which nobody lives."""


@dataclass(frozen=True)
class Homes:
    """Where people may live: points in EPSG:4326 and the weight of each (any unit, not negative)."""

    points: GeometryArray
    weight: FloatArray
    basis: Basis


@dataclass(frozen=True)
class Residents:
    """
    People as points.

    One entry a point: `points` (EPSG:4326), `area` (code), `population` (persons, 0 where unknown) and `settled_m2`
    (settled land that it stands for). `areas` has a row an area (index: its code): `population` (NaN where unknown)
    and `basis` ("raster", "buildings" or "area": how its people were placed). `by_basis` sums persons by basis.
    """

    points: GeometryArray
    area: TextArray
    population: FloatArray
    settled_m2: FloatArray
    areas: pd.DataFrame
    findings: tuple[Finding, ...]

    @property
    def by_basis(self) -> dict[str, float]:
        """Sum the persons placed in each way."""
        sums = self.areas["population"].groupby(self.areas["basis"]).sum()
        return {str(basis): float(number) for basis, number in sums.items() if number > 0}


def homes_from_buildings(
    buildings: gpd.GeoDataFrame, *, kind: str = "kind", levels: str = "levels", not_homes: Collection[str] = NOT_HOMES
) -> Homes:
    """
    Take buildings for homes, each weighing its area times its storeys.

    Parameters
    ----------
    buildings
        Footprints in EPSG:4326; columns `kind` (text) and `levels` (number) may be missing or empty: then every
        building may be lived in, and has one storey.
    not_homes
        Kinds, in lower case, in which nobody lives.

    Returns
    -------
    homes
        A point within each footprint; none for buildings without area.

    Raises
    ------
    MissingCrs, ProjectedGeometry
        If the footprints are not in longitude and latitude.
    """
    shapes = repair(lonlat_array(buildings.geometry)).geometries
    weight = area_m2(shapes)
    if levels in buildings.columns:
        storeys = pd.to_numeric(buildings[levels], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        weight = weight * np.where(storeys >= 1, storeys, 1.0)
    lived_in = weight > 0
    if kind in buildings.columns:
        lived_in &= np.array([str(value).strip().lower() not in not_homes for value in buildings[kind]], dtype=bool)
    return Homes(_array(shapely.point_on_surface(shapes[lived_in])), weight[lived_in], "buildings")


def homes_from_raster(
    values: np.ma.MaskedArray[Any, Any], *, transform: Any, crs: CRS | None, coarsen: int = 1
) -> Homes:
    """
    Take the cells of a population raster for homes, each weighing its value.

    Parameters
    ----------
    values
        One band, shape (rows, columns); cells that are masked, not a number or not above 0 hold nobody.
    transform
        From column and row to the raster's coordinates (`affine.Affine`).
    crs
        The raster's CRS.
    coarsen
        So many cells each way are taken together, and their people added up: for rasters finer than need be.

    Returns
    -------
    homes
        The middles of the cells.

    Raises
    ------
    MissingCrs
        If the raster has none.
    """
    if crs is None:
        raise MissingCrs("Raster penduduk tanpa sistem koordinat.", "The population raster has no coordinate system.")
    persons = np.nan_to_num(np.ma.filled(np.ma.asarray(values).astype(np.float64), 0.0), posinf=0.0)
    persons = np.maximum(persons, 0.0)
    if coarsen > 1:
        by_rows = np.add.reduceat(persons, np.arange(0, persons.shape[0], coarsen), axis=0)
        persons = np.add.reduceat(by_rows, np.arange(0, persons.shape[1], coarsen), axis=1)
    rows, columns = np.nonzero(persons > 0)
    column, row = (columns + 0.5) * coarsen, (rows + 0.5) * coarsen
    x = transform.a * column + transform.b * row + transform.c
    y = transform.d * column + transform.e * row + transform.f
    lon, lat = Transformer.from_crs(crs, WGS84_SRID, always_xy=True).transform(x, y)
    return Homes(_array(shapely.points(np.column_stack([lon, lat]))), persons[rows, columns], "raster")


def place_residents(
    areas: gpd.GeoDataFrame,
    homes: Homes | None = None,
    *,
    crs: CRS,
    most_per_home: float | None = None,
    cell_m: float = CELL_M,
) -> Residents:
    """
    Place the people of areas where they may live; evenly over the area where nothing tells where that is.

    Parameters
    ----------
    areas
        Columns `code`, `population` (persons, NaN where unknown), polygons in EPSG:4326.
    homes
        From `homes_from_raster` or `homes_from_buildings`; None when there is neither.
    crs
        A metric CRS that fits the region.
    most_per_home
        With more persons a home than this, the homes of an area are taken to be incomplete and not used. None: never.
    cell_m
        Side of the cells (metres) in which settled land is counted.

    Returns
    -------
    residents
        The points of an area hold all of its people. Where areas overlap, a home belongs to the one whose code sorts
        first.

    Raises
    ------
    MissingColumn, MissingCrs, ProjectedGeometry, UnprojectedGeometry
        If a frame or the CRS is not what is asked for.
    """
    for column in ("code", "population"):
        if column not in areas.columns:
            raise MissingColumn(f"Data tidak memiliki kolom {column}.", f"The data has no column {column}.")
    require_metric(crs)
    ordered = areas.sort_values("code").reset_index(drop=True)
    shapes = keep_dimension(repair(lonlat_array(ordered.geometry)).geometries, 2)
    population = ordered["population"].to_numpy(dtype=np.float64)
    homes = homes or Homes(np.empty(0, dtype=object), np.empty(0), "area")
    owner = area_of_points(homes.points, shapes)
    inside = owner >= 0
    owner, points, weight = owner[inside], homes.points[inside], homes.weight[inside]
    sums = np.bincount(owner, weights=weight, minlength=len(shapes))
    counts = np.bincount(owner, minlength=len(shapes))
    thin = np.zeros(len(shapes), dtype=bool)
    if most_per_home is not None:
        thin = (counts > 0) & (population > most_per_home * counts)
    lived_in = (sums > 0) & ~thin
    used = lived_in[owner]
    owner, points, weight = owner[used], points[used], weight[used]
    even = np.flatnonzero(~lived_in & ~shapely.is_empty(shapes) & ~shapely.is_missing(shapes))
    even_points, even_owner, even_m2 = _spread_evenly(shapes, even, crs, cell_m)
    even_count = np.bincount(even_owner, minlength=len(shapes))
    persons = np.nan_to_num(population)
    basis = np.where(lived_in, homes.basis, "area").astype(object)
    return Residents(
        points=np.concatenate([points, even_points]),
        area=ordered["code"].to_numpy(dtype=object)[np.concatenate([owner, even_owner])],
        population=np.concatenate(
            [persons[owner] * weight / sums[owner], persons[even_owner] / even_count[even_owner]]
        ),
        settled_m2=np.concatenate([_settled_m2(points, crs, cell_m), even_m2]),
        areas=pd.DataFrame({"population": population, "basis": basis}, index=ordered["code"].to_numpy(dtype=object)),
        findings=tuple(one for one in (_how_placed(population, basis), _thin(int(thin.sum()))) if one is not None),
    )


def area_of_points(points: GeometryArray, shapes: GeometryArray) -> IntArray:
    """
    Find for each point the first shape that holds it.

    Parameters
    ----------
    points, shapes
        In one CRS.

    Returns
    -------
    position
        Of the shape; -1 for none.
    """
    owner = np.full(len(points), len(shapes), dtype=np.int64)
    if len(points) and len(shapes):
        shape, point = shapely.STRtree(points).query(shapes, predicate="intersects")
        np.minimum.at(owner, point, shape)
    return np.where(owner < len(shapes), owner, -1)


def _spread_evenly(
    shapes: GeometryArray, chosen: IntArray, crs: CRS, cell_m: float
) -> tuple[GeometryArray, IntArray, FloatArray]:
    """Lay a grid of points over each chosen shape; a shape too narrow for it has one point within."""
    plane = reproject_array(shapes, WGS84_SRID, crs)
    ground = area_m2(shapes)
    parts: list[FloatArray] = [np.empty((0, 2))]
    owners: list[IntArray] = [np.empty(0, dtype=np.int64)]
    for index in chosen:
        found = _grid_within(plane[index], cell_m)
        parts.append(found)
        owners.append(np.full(len(found), index, dtype=np.int64))
    owner = np.concatenate(owners)
    points = reproject_array(_array(shapely.points(np.concatenate(parts))), crs, WGS84_SRID)
    count = np.bincount(owner, minlength=len(shapes))
    return points, owner, ground[owner] / count[owner]


def _grid_within(shape: shapely.Geometry, cell_m: float) -> FloatArray:
    """Give the middles of the cells that lie within a shape; cells lie on a fixed grid, whatever the shape."""
    fewest, most = EVEN_POINTS
    cell = float(np.clip(cell_m, np.sqrt(shapely.area(shape) / most), np.sqrt(shapely.area(shape) / fewest)))
    west, south, east, north = shapely.bounds(shape)
    x = (np.arange(np.floor(west / cell), np.ceil(east / cell)) + 0.5) * cell
    y = (np.arange(np.floor(south / cell), np.ceil(north / cell)) + 0.5) * cell
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    shapely.prepare(shape)
    within = grid[shapely.contains_xy(shape, grid[:, 0], grid[:, 1])]
    return within if len(within) else shapely.get_coordinates(shapely.point_on_surface(shape))


def _settled_m2(points: GeometryArray, crs: CRS, cell_m: float) -> FloatArray:
    """Share each cell that is lived in among its homes."""
    if not len(points):
        return np.empty(0)
    cell = np.floor(shapely.get_coordinates(reproject_array(points, WGS84_SRID, crs)) / cell_m).astype(np.int64)
    _, number, count = np.unique(cell, axis=0, return_inverse=True, return_counts=True)
    return np.asarray(cell_m**2 / count[number.reshape(-1)], dtype=np.float64)


def _array(geometries: Any) -> GeometryArray:
    return np.asarray(geometries, dtype=object).reshape(-1)


_BASIS_WORDS: dict[str, tuple[str, str]] = {
    "raster": ("menurut raster penduduk", "by the population raster"),
    "buildings": ("menurut bangunan (luas × lantai)", "by buildings (area × storeys)"),
    "area": ("rata menurut luas wilayah", "evenly over the area"),
}


def _how_placed(population: FloatArray, basis: TextArray) -> Finding | None:
    """Say how many people were placed by what."""
    total = float(np.nansum(population))
    if not total > 0:
        return None
    shares = {name: float(np.nansum(population[basis == name])) / total * 100 for name in _BASIS_WORDS}
    used = [(name, share) for name, share in shares.items() if share > 0]
    listed_id = ", ".join(f"{_BASIS_WORDS[name][0]} {f'{share:.1f}'.replace('.', ',')} %" for name, share in used)
    listed_en = ", ".join(f"{_BASIS_WORDS[name][1]} {share:.1f} %" for name, share in used)
    mostly_even = shares["area"] > shares["raster"] + shares["buildings"]
    more_id = " Muat bangunan atau raster penduduk agar lebih tepat." if mostly_even else ""
    more_en = " Load buildings or a population raster for better figures." if mostly_even else ""
    return Finding(
        "warning" if mostly_even else "info",
        "residents_placed",
        f"Tempat tinggal penduduk ditaksir: {listed_id}.{more_id}",
        f"Where people live was estimated: {listed_en}.{more_en}",
        int((~np.isnan(population)).sum()),
    )


def _thin(count: int) -> Finding | None:
    if not count:
        return None
    return Finding(
        "info",
        "buildings_incomplete",
        f"Di {count} desa/kelurahan bangunan yang tergambar terlalu sedikit untuk penduduknya, jadi tidak dipakai; "
        "penduduknya disebar rata menurut luas.",
        f"Villages with too few buildings drawn for their people: {count}; there people were spread evenly.",
        count,
    )
