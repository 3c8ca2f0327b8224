"""Money of packages shared out over areas: lines by length, areas by area, points whole; nothing lost on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.constants import WGS84_SRID
from gis.errors import InvalidMeasure, MissingColumn
from gis.figures import Finding, Rule
from gis.geometry import explode_collections, keep_dimension, repair
from gis.measure import lonlat_array
from gis.overlay import dissolve_area_m2, split_areas, split_lengths
from gis.types import BoolArray, IntArray
from gis.works import AREAS, LINES, POINTS, WorkPlaces, work_places

SEN_PER_RUPIAH = 100

INSIDE, OUTSIDE, REGION_WIDE = "inside", "outside", "region_wide"
"""What a share of money is of: one of the areas, a place in none of them, or the region as a whole."""


@dataclass(frozen=True)
class Spending:
    """
    Money by package and area, and by area.

    `parts` has one row a package and area: `package`, `place` (`INSIDE`, `OUTSIDE` or `REGION_WIDE`), `area` (None
    unless inside), `share` (0 to 1, of the package) and `amount_sen` (whole sen). Those of a package add up to its
    money exactly. `by_area` holds the sum of each area in sen, 0 where nothing is spent.
    """

    parts: pd.DataFrame
    by_area: pd.Series
    outside_sen: int
    region_wide_sen: int
    findings: tuple[Finding, ...]

    @property
    def total_sen(self) -> int:
        """All money together, in sen."""
        return int(self.by_area.sum()) + self.outside_sen + self.region_wide_sen


def share_money(
    packages: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, *, key: str = "code", wide_from: Rule | None = None
) -> Spending:
    """
    Share out the money of packages over the areas in which their works lie.

    A package of lines is shared by their length, one of areas by their area, one of points by their number; of several
    kinds the highest counts. A point on a border belongs to the area whose key sorts first. What lies in no area has a
    row of its own. A package without a place serves the whole region: it is kept apart and never spread.

    Each part is whole rupiah, by the largest remainder; sen stay with the package's largest part.

    Parameters
    ----------
    packages
        In EPSG:4326 with `code` and `amount_idr` (rupiah, at most two decimals; missing ones are left out and counted);
        with a column `region_wide` (boolean), those that it marks are kept apart whatever their place.
    areas
        Polygons in EPSG:4326 with `key`; they must not overlap: where they do, shares are scaled to the whole.
    wide_from
        Percent of all areas together from which on a package of areas serves the region as a whole.

    Returns
    -------
    spending
        Without packages all sums are 0.

    Raises
    ------
    MissingColumn, MissingCrs, ProjectedGeometry
        When a column is missing or a CRS is another than asked.
    InvalidMeasure
        When an amount is negative or not a number.
    """
    for column in ("code", "amount_idr"):
        if column not in packages.columns:
            raise MissingColumn(f"Data tidak memiliki kolom {column}.", f"The data has no column {column}.")
    known = packages["amount_idr"].notna().to_numpy(dtype=bool)
    sen = _sen(packages["amount_idr"][known])
    chosen = packages[known].reset_index(drop=True)
    places = work_places(chosen.geometry)
    wide = _serves_region(chosen, places, areas, wide_from)
    shares = _shares(places, wide, areas, key)
    shares["amount_sen"] = _amounts(shares, sen)
    parts = shares.assign(package=chosen["code"].to_numpy()[shares["position"]])
    inside = parts[parts["place"] == INSIDE]
    sums = inside.groupby("area")["amount_sen"].sum()
    by_area = sums.reindex(sorted(set(areas[key])), fill_value=0).astype(np.int64)
    placeless = int((~places.present).sum())
    return Spending(
        parts=parts[["package", "place", "area", "share", "amount_sen"]],
        by_area=by_area,
        outside_sen=int(parts.loc[parts["place"] == OUTSIDE, "amount_sen"].sum()),
        region_wide_sen=int(parts.loc[parts["place"] == REGION_WIDE, "amount_sen"].sum()),
        findings=_findings(
            without_amount=int((~known).sum()),
            placeless=placeless,
            wide=int(wide.sum()) - placeless,
            points=int(((places.dimensions == POINTS) & (places.sizes > 1)).sum()),
            mixed=places.mixed,
            repaired=places.repaired,
            outside=int((parts["place"] == OUTSIDE).sum()),
        ),
    )


def rupiah(sen: int) -> float:
    """Give whole sen as rupiah."""
    return int(sen) / SEN_PER_RUPIAH


def _sen(amounts: pd.Series) -> IntArray:
    """Turn rupiah into whole sen, exactly."""
    try:
        exact = [Decimal(str(amount)) for amount in amounts]
        sen = [int((amount * SEN_PER_RUPIAH).to_integral_value()) for amount in exact]
    except (InvalidOperation, OverflowError, ValueError):
        sen = [-1]
    if min(sen, default=0) < 0:
        raise InvalidMeasure(
            "Ada nilai uang yang bukan bilangan mulai dari 0.", "An amount of money is not a number from 0."
        )
    return np.array(sen, dtype=np.int64)


def _serves_region(
    packages: gpd.GeoDataFrame, places: WorkPlaces, areas: gpd.GeoDataFrame, wide_from: Rule | None
) -> BoolArray:
    wide = ~places.present
    if "region_wide" in packages.columns:
        wide |= packages["region_wide"].fillna(False).to_numpy(dtype=bool)
    if wide_from is not None and len(areas):
        least = wide_from.value / 100 * dissolve_area_m2(areas.geometry)
        wide |= (places.dimensions == AREAS) & (places.sizes >= least)
    return wide


def _shares(places: WorkPlaces, wide: BoolArray, areas: gpd.GeoDataFrame, key: str) -> pd.DataFrame:
    """Give for each package (`position`) what share of it lies where; shares of a package add up to 1."""
    by_length = split_lengths(_series(places, LINES, wide), areas, key=key).rename(columns={"line": "position"})
    by_area = split_areas(_series(places, AREAS, wide), areas, key=key).rename(columns={"polygon": "position"})
    by_number = _split_points(_series(places, POINTS, wide), areas, key)
    columns = ["position", "area", "share"]
    split = [part[columns] for part in (by_length, by_area, by_number) if len(part)]
    found = pd.concat([*split, pd.DataFrame({"position": np.flatnonzero(wide), "area": None, "share": 1.0})])
    areas_found = found["area"].astype(object).where(found["area"].notna(), None)
    position = found["position"].to_numpy(dtype=np.int64)
    place = np.where(wide[position], REGION_WIDE, np.where(areas_found.isna(), OUTSIDE, INSIDE))
    shares = pd.DataFrame(
        {
            "position": position,
            "place": place,
            "area": areas_found.to_numpy(),
            "share": found["share"].to_numpy(dtype=np.float64),
        }
    )
    shares["share"] /= shares.groupby("position")["share"].transform("sum")
    return shares.sort_values(["position", "place", "area"], kind="stable").reset_index(drop=True)


def _series(places: WorkPlaces, dimension: int, wide: BoolArray) -> gpd.GeoSeries:
    chosen = np.flatnonzero(~wide & (places.dimensions == dimension))
    return gpd.GeoSeries(places.geometries[chosen], index=chosen, crs=WGS84_SRID)


def _split_points(points: gpd.GeoSeries, areas: gpd.GeoDataFrame, key: str) -> pd.DataFrame:
    """Share each package of points by their number."""
    singles, owner = explode_collections(np.asarray(points.to_numpy(), dtype=object))
    ordered = areas.sort_values(key)
    polygons = keep_dimension(repair(lonlat_array(ordered.geometry)).geometries, 2)
    area, point = shapely.STRtree(singles).query(polygons, predicate="intersects")
    first = np.full(len(singles), len(ordered), dtype=np.int64)
    np.minimum.at(first, point, area)
    keys = np.array([*ordered[key], None], dtype=object)
    frame = pd.DataFrame({"position": points.index.to_numpy()[owner], "area": keys[first], "share": 1.0})
    summed: pd.DataFrame = frame.groupby(["position", "area"], dropna=False, as_index=False)[["share"]].sum()
    return summed


def _amounts(shares: pd.DataFrame, sen: IntArray) -> IntArray:
    """
    Share out each package's rupiah by the largest remainder; its sen go to the largest part.

    Of equal remainders the first area gets the rupiah, so that the same packages always give the same sums.
    """
    position = shares["position"].to_numpy(dtype=np.int64)
    share = shares["share"].to_numpy(dtype=np.float64)
    whole, rest = np.divmod(sen, SEN_PER_RUPIAH)
    exact = share * whole[position]
    base = np.floor(exact).astype(np.int64)
    left = whole - _sums(base, position, len(sen))
    by_remainder = np.lexsort((np.arange(len(share)), base - exact, position))
    rank = np.empty(len(share), dtype=np.int64)
    rank[by_remainder] = np.arange(len(share)) - np.searchsorted(position[by_remainder], position[by_remainder])
    base += rank < left[position]
    amounts = base * SEN_PER_RUPIAH
    rest += (whole - _sums(base, position, len(sen))) * SEN_PER_RUPIAH  # what floats could not tell of great sums
    by_size = np.lexsort((np.arange(len(share)), -share, position))
    largest = by_size[np.searchsorted(position[by_size], np.unique(position))]
    amounts[largest] += rest[position[largest]]
    return np.asarray(amounts, dtype=np.int64)


def _sums(numbers: IntArray, owner: IntArray, count: int) -> IntArray:
    """Add up whole numbers by owner without a detour through floats."""
    sums = np.zeros(count, dtype=np.int64)
    np.add.at(sums, owner, numbers)
    return sums


def _findings(
    *, without_amount: int, placeless: int, wide: int, points: int, mixed: int, repaired: int, outside: int
) -> tuple[Finding, ...]:
    found: Sequence[tuple[int, Finding]] = (
        (
            without_amount,
            Finding(
                "warning",
                "no_amount",
                f"{without_amount} paket tanpa nilai uang ini tidak ikut dijumlahkan.",
                f"Packages without this amount of money, which are in no sum: {without_amount}.",
                without_amount,
            ),
        ),
        (
            placeless,
            Finding(
                "info",
                "unlocated",
                f"{placeless} paket tanpa lokasi dihitung sebagai pekerjaan seluruh wilayah dan tidak dibagi.",
                f"Packages without a location, counted as serving the whole region and never spread: {placeless}.",
                placeless,
            ),
        ),
        (
            wide,
            Finding(
                "info",
                "region_wide",
                f"{wide} paket mencakup seluruh wilayah; nilainya disajikan tersendiri dan tidak dibagi.",
                f"Packages that serve the whole region, kept apart and never spread: {wide}.",
                wide,
            ),
        ),
        (
            outside,
            Finding(
                "info",
                "outside",
                f"{outside} paket terletak, seluruhnya atau sebagian, di luar semua wilayah yang dihitung.",
                f"Packages that lie, wholly or in part, outside of all areas: {outside}.",
                outside,
            ),
        ),
        (
            points,
            Finding(
                "info",
                "several_points",
                f"{points} paket dengan beberapa titik dibagi sama rata per titik.",
                f"Packages of several points, shared equally by point: {points}.",
                points,
            ),
        ),
        (
            mixed,
            Finding(
                "info",
                "places_mixed",
                f"{mixed} paket memiliki lokasi beberapa jenis; yang dipakai luas, atau bila tidak ada garis.",
                f"Packages with locations of several kinds, of which areas count, or without any lines: {mixed}.",
                mixed,
            ),
        ),
        (
            repaired,
            Finding(
                "warning",
                "places_repaired",
                f"{repaired} paket dengan geometri tidak sah diperbaiki untuk perhitungan ini.",
                f"Packages with an invalid geometry, repaired for this computation: {repaired}.",
                repaired,
            ),
        ),
    )
    return tuple(finding for count, finding in found if count)
