"""Who lives where, as reports need it: villages with their people, and where in them these live."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from affine import Affine
from pyproj import CRS
from rasterio.warp import transform_bounds

from app.errors import InvalidRequest
from app.rasters.files import raster_path
from app.rasters.queries import RegisteredRaster, read_rasters
from app.reports.report import Evidence
from app.reports.subject import Subject
from gis.constants import WGS84_SRID
from gis.crs import choose_metric_crs, reproject_array
from gis.figures import Finding
from gis.measure import area_m2
from gis.population import PopulationCount, count_population
from gis.raster import open_raster
from gis.residents import Homes, Residents, homes_from_buildings, homes_from_raster, place_residents
from gis.types import BBox

MOST_PER_HOME = "HUNIAN_JIWA_MAKS"
MOST_CELLS = 1_000_000  # of a population raster: 100 m over 10 000 km²; of finer ones, cells are taken together
SHOWN = 40  # characters of an unknown name that the answer repeats


@dataclass(frozen=True)
class People:
    """
    The villages of an area (and its districts without any), with their people.

    `areas`: code, name, district_code, population (NaN where unknown) and polygon; `count` tells how they were counted.
    """

    areas: gpd.GeoDataFrame
    count: PopulationCount

    @property
    def groups(self) -> pd.Series:
        """The district of each area, by the area's code."""
        return pd.Series(self.areas["district_code"].to_numpy(), index=self.areas["code"].to_numpy())

    def evidence(self, subject: Subject) -> Evidence:
        """Say how many counts of people each figure rests on."""
        known = self.areas[self.areas["population"].notna()]
        counts = {str(code): int(number) for code, number in known["district_code"].value_counts().items()}
        version = int(subject.table_states["population"].version)
        return Evidence("population", counts={**counts, subject.area.code: len(known)}, version=version)


def read_people(subject: Subject, *, year: int | None = None) -> People:
    """
    Read the villages of the area with the people of a year.

    Parameters
    ----------
    year
        Of the count; None for the newest. The nearest that is recorded is taken.

    Returns
    -------
    people
        A district without villages stands for itself.
    """
    columns = ["code", "name", "district_code", "geometry"]
    villages = subject.villages[columns]
    bare = subject.within[~subject.within["code"].isin(villages["district_code"])]
    bare = bare.assign(district_code=bare["code"])[columns]
    areas = villages if bare.empty else bare if villages.empty else pd.concat([villages, bare], ignore_index=True)
    areas = areas.reset_index(drop=True).assign(area_m2=area_m2(areas.geometry))
    count = count_population(subject.population(), pd.DataFrame(areas.drop(columns="geometry")), year=year)
    population = count.table["population"].to_numpy()
    return People(areas.drop(columns="area_m2").assign(population=population), count)


@dataclass(frozen=True)
class Placed:
    """Residents as points, and what told where they live."""

    residents: Residents
    evidence: tuple[Evidence, ...]


def place_people(subject: Subject, people: People, crs: CRS) -> Placed:
    """
    Place people by the registered population raster, else in the buildings of their village, else evenly.

    The settings `residents` (best, buildings or area) and `population_raster` choose, where the report has them.

    Raises
    ------
    InvalidRequest
        When the raster that was named is not registered, or holds no population.
    """
    way = str(subject.settings.get("residents", "best"))
    raster = _population_raster(subject) if way == "best" else None
    if raster is not None:
        homes = _homes_of_raster(subject, raster)
        version = int(subject.table_states["raster"].version)
        evidence = (Evidence(raster.name, counts=dict.fromkeys(subject.codes, 1), version=version),)
        return Placed(place_residents(people.areas, homes, crs=crs), evidence)
    if way == "area":
        return Placed(place_residents(people.areas, crs=crs), ())
    rule = subject.rule(MOST_PER_HOME)
    residents = place_residents(
        people.areas, _homes_of_buildings(subject), crs=crs, most_per_home=rule.value if rule else None
    )
    return Placed(residents, (Evidence("buildings"),))


def metric_crs(subject: Subject) -> CRS:
    """Choose the metric CRS of the area's boundary, which must be drawn."""
    return choose_metric_crs(shapely.box(*subject.within.total_bounds))


def box_around(subject: Subject, crs: CRS, *, metres: float) -> BBox:
    """Return the box of the area with a margin of so many metres."""
    area = reproject_array(subject.within.geometry.envelope.to_numpy(), WGS84_SRID, crs)
    wide = shapely.box(*shapely.total_bounds(shapely.buffer(area, metres, join_style="mitre")))
    west, south, east, north = shapely.total_bounds(reproject_array(np.array([wide], dtype=object), crs, WGS84_SRID))
    return float(west), float(south), float(east), float(north)


def population_year_finding(count: PopulationCount) -> tuple[Finding, ...]:
    """Say of which year people were counted."""
    if count.year is None or count.total is None:
        return ()
    years = sorted({int(year) for year in count.table["year"].dropna()})
    if len(years) != 1:
        return ()
    return (
        Finding(
            "info",
            "population_year",
            f"Penduduk tahun {years[0]}.",
            f"Population of {years[0]}.",
            int(count.table["population"].notna().sum()),
        ),
    )


def _population_raster(subject: Subject) -> RegisteredRaster | None:
    """Return the raster that was named, else the newest population raster; None when there is none."""
    usable = [one for one in read_rasters(subject.session, subject.as_of) if one.kind == "population"]
    name = str(subject.settings.get("population_raster", ""))
    if not name:
        return usable[0] if usable else None
    found = next((one for one in usable if one.name == name), None)
    if found is None:
        names = ", ".join(one.name for one in usable) or "–"
        raise InvalidRequest(
            f"population_raster={name[:SHOWN]} bukan raster penduduk yang terdaftar. Yang ada: {names}.",
            f"population_raster={name[:SHOWN]} is no registered population raster. There are: {names}.",
        )
    return found


def _homes_of_raster(subject: Subject, registered: RegisteredRaster) -> Homes | None:
    """Read the raster's cells within the area's box, window by window; finer ones are taken together."""
    found: list[Homes] = []
    with open_raster(raster_path(registered)) as raster:
        grid = raster.grid
        box = shapely.box(*transform_bounds(WGS84_SRID, grid.crs, *subject.within.total_bounds))
        windows = [one for one in grid.windows() if shapely.box(*grid.window_bounds(one)).intersects(box)]
        cells = sum(one.width * one.height for one in windows)
        coarsen = max(1, math.ceil(math.sqrt(cells / MOST_CELLS)))
        for window in windows:
            corner = grid.transform @ Affine.translation(window.col_off, window.row_off)
            found.append(homes_from_raster(raster.read(window), transform=corner, crs=grid.crs, coarsen=coarsen))
    if not found:
        return None
    points, weight = (np.concatenate([getattr(one, name) for one in found]) for name in ("points", "weight"))
    return Homes(points, weight, "raster")


def _homes_of_buildings(subject: Subject) -> Homes | None:
    read = partial(subject.frame, "buildings", ("kind", "levels", "amenity"))
    buildings = read() if subject.area.is_region else read(bbox=tuple(subject.within.total_bounds))
    homes = buildings[buildings["amenity"].isna()]
    return homes_from_buildings(homes) if len(homes) else None
