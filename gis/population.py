"""How many people live in each area: the year that counts, what is missing, and areas that overlap each other."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.errors import MissingColumn
from gis.figures import Finding
from gis.overlay import split_areas

NAMED = 5
"""Areas that a finding names before it says "and so on"."""


@dataclass(frozen=True)
class PopulationCount:
    """
    Persons by area.

    `table` has the areas' codes as index and the columns `population` (NaN where unknown), `year` (of the count that
    was taken; missing where unknown) and `is_own` (False where it was shared out from the district's count). `year` is
    the year asked for, else the newest; None when nothing is recorded.
    """

    table: pd.DataFrame
    year: int | None
    findings: tuple[Finding, ...]

    @property
    def total(self) -> float | None:
        """Persons in all areas together whose population is known; None when that is so of none."""
        known = self.table["population"].dropna()
        return float(known.sum()) if len(known) else None


def count_population(records: pd.DataFrame, areas: pd.DataFrame, *, year: int | None = None) -> PopulationCount:
    """
    Choose for each area the count that stands for a year.

    The count of that year is taken, else that of the nearest (of two equally near the earlier). Areas without any
    count of their own share what their district's count leaves over after those that have one, by their size.

    Parameters
    ----------
    records
        Columns `area_code`, `year`, `population`: of the areas, and of districts.
    areas
        Columns `code`, `district_code`, `area_m2`; a district that has no villages stands for itself, its own code in
        both columns.
    year
        Year that is asked about; None for the newest count of the areas.

    Returns
    -------
    count
        In the order of `areas`. Unknown areas are NaN, and a finding names them.

    Raises
    ------
    MissingColumn
        If a column is missing.
    """
    _require_columns(records, ("area_code", "year", "population"))
    _require_columns(areas, ("code", "district_code", "area_m2"))
    codes = areas["code"].to_numpy()
    own = records[records["area_code"].isin(codes)]
    relevant = own if len(own) else records[records["area_code"].isin(areas["district_code"])]
    chosen_year = year if year is not None else (int(relevant["year"].max()) if len(relevant) else None)
    if chosen_year is None:
        empty = pd.DataFrame({"population": np.nan, "year": pd.array([pd.NA] * len(codes), "Int64"), "is_own": False})
        return PopulationCount(empty.set_axis(codes, axis="index"), year, (_NO_POPULATION,))
    nearest = _nearest_year(records, chosen_year)
    table = nearest.reindex(codes)
    table["is_own"] = table["population"].notna()
    shared = _share_districts(areas, table, nearest)
    table["population"] = table["population"].fillna(shared)
    from_district = table["population"].notna() & ~table["is_own"]
    table.loc[from_district, "year"] = nearest["year"].reindex(areas["district_code"]).to_numpy()[from_district]
    findings = (
        _unknown(table),
        _shared(int(from_district.sum())),
        _other_year(table, chosen_year),
        _sums_differ(areas, table, nearest),
    )
    return PopulationCount(table, chosen_year, tuple(one for one in findings if one is not None))


def split_population(areas: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, *, key: str) -> pd.DataFrame:
    """
    Share the people of areas out over other areas by the land they have in common.

    Parameters
    ----------
    areas
        Column `population` (persons, NaN where unknown), polygons in EPSG:4326.
    zones
        Polygons in EPSG:4326, of any other division of the land.
    key
        Column of `zones` that names them.

    Returns
    -------
    people
        Index: the keys of the zones in order. `population` (persons; NaN when nothing of the zone lies in an area of
        known population) and `known_share` (0 to 1, of the zone's land within the areas that has a known population).

    Raises
    ------
    MissingColumn, MissingCrs, ProjectedGeometry
        If a frame lacks what is read from it.
    """
    _require_columns(areas, ("population",))
    numbered = areas.reset_index(drop=True)
    parts = split_areas(numbered, zones, key=key)
    inside = parts[parts["area"].notna()]
    population = numbered["population"].to_numpy(dtype=np.float64)[inside["polygon"].to_numpy(dtype=np.int64)]
    pieces = pd.DataFrame(
        {
            "zone": inside["area"].to_numpy(),
            "population": inside["share"].to_numpy() * population,
            "land_m2": inside["area_m2"].to_numpy(),
            "known_m2": np.where(np.isnan(population), 0.0, inside["area_m2"].to_numpy()),
        }
    )
    sums = pieces.groupby("zone").sum(min_count=1).reindex(sorted(set(zones[key])))
    land = sums["land_m2"].fillna(0.0)
    known_share = (sums["known_m2"].fillna(0.0) / land.where(land > 0)).fillna(0.0)
    return pd.DataFrame({"population": sums["population"].where(known_share > 0), "known_share": known_share})


def _nearest_year(records: pd.DataFrame, year: int) -> pd.DataFrame:
    """Take for each area the record of the year, else of the nearest; of two equally near the earlier."""
    ordered = records.assign(away=(records["year"] - year).abs()).sort_values(["area_code", "away", "year"])
    nearest = ordered.drop_duplicates("area_code").set_index("area_code")
    return pd.DataFrame({"population": nearest["population"].astype(float), "year": nearest["year"].astype("Int64")})


def _share_districts(areas: pd.DataFrame, table: pd.DataFrame, nearest: pd.DataFrame) -> pd.Series:
    """Share what each district's count leaves over among its areas without a count, by their size."""
    district = areas["district_code"].to_numpy()
    own = table["population"].to_numpy(dtype=np.float64)
    size = np.where(np.isnan(own), areas["area_m2"].to_numpy(dtype=np.float64), 0.0)
    together = pd.DataFrame({"district": district, "own": own, "size": size}).groupby("district").sum()
    left = nearest["population"].reindex(together.index) - together["own"]
    per_m2 = (left.where(left > 0) / together["size"].where(together["size"] > 0)).reindex(district).to_numpy()
    return pd.Series(np.where(np.isnan(own), per_m2 * size, np.nan), index=table.index)


def _unknown(table: pd.DataFrame) -> Finding | None:
    missing = table.index[table["population"].isna()]
    if not len(missing):
        return None
    if len(missing) == len(table):
        return _NO_POPULATION
    named = _named(missing)
    return Finding(
        "warning",
        "population_unknown",
        f"{len(missing)} desa/kelurahan ({named}) tanpa data penduduk; penduduknya tidak ikut dihitung.",
        f"Villages without a population: {len(missing)} ({named}); their people are not counted.",
        len(missing),
    )


def _shared(count: int) -> Finding | None:
    if not count:
        return None
    return Finding(
        "warning",
        "population_shared",
        f"Penduduk {count} desa/kelurahan tidak tercatat; jumlah kecamatannya dibagi menurut luas.",
        f"The population of villages is not recorded: {count}; the count of their district was shared out by size.",
        count,
    )


def _other_year(table: pd.DataFrame, year: int) -> Finding | None:
    other = table.loc[table["population"].notna() & (table["year"] != year), "year"]
    if other.empty:
        return None
    years = ", ".join(str(one) for one in sorted(set(other)))
    return Finding(
        "warning",
        "population_other_year",
        f"Penduduk tahun {year} tidak tercatat untuk {len(other)} wilayah; dipakai tahun terdekat: {years}.",
        f"The population of {year} is not recorded for {len(other)} areas; the nearest year was used: {years}.",
        len(other),
    )


def _sums_differ(areas: pd.DataFrame, table: pd.DataFrame, nearest: pd.DataFrame) -> Finding | None:
    """Compare the sum of villages with the district's own count, where both are of one year."""
    frame = pd.DataFrame(
        {
            "code": areas["code"].to_numpy(),
            "district": areas["district_code"].to_numpy(),
            "population": table["population"].to_numpy(),
            "year": table["year"].to_numpy(dtype=np.float64, na_value=np.nan),
            "complete": (table["is_own"] & table["population"].notna()).to_numpy(),
        }
    )
    villages = frame[frame["code"] != frame["district"]]
    sums = villages.groupby("district").agg(
        population=("population", "sum"), first=("year", "min"), last=("year", "max"), complete=("complete", "all")
    )
    total = nearest.reindex(sums.index)
    comparable = sums["complete"] & (sums["first"] == sums["last"]) & (total["year"].astype(float) == sums["first"])
    difference = (sums["population"] - total["population"])[comparable]
    off = difference[difference != 0]
    if off.empty:
        return None
    named, largest = _named(off.index), int(off.abs().max())
    return Finding(
        "warning",
        "population_sums_differ",
        f"Jumlah penduduk desa/kelurahan berbeda dari angka kecamatannya di {len(off)} kecamatan ({named}), "
        f"paling banyak {largest} jiwa; yang dipakai angka desa/kelurahan.",
        f"The villages do not add up to the district's own count in {len(off)} districts ({named}), by {largest} "
        "persons at most; the villages were used.",
        len(off),
    )


def _named(codes: pd.Index) -> str:
    return ", ".join(str(code) for code in codes[:NAMED]) + (", …" if len(codes) > NAMED else "")


def _require_columns(frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    for column in columns:
        if column not in frame.columns:
            raise MissingColumn(f"Data tidak memiliki kolom {column}.", f"The data has no column {column}.")


_NO_POPULATION = Finding(
    "warning",
    "no_population",
    "Belum ada data penduduk, jadi angka menurut penduduk tidak dapat dihitung. Impor dengan --layer population.",
    "There is no population data, so figures by population cannot be computed. Import it with --layer population.",
)
