"""How much green space people need, which parks there are for them, and which villages lack one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from gis.constants import M2_PER_HA, WGS84_SRID
from gis.crs import reproject_array, require_metric
from gis.errors import InvalidMeasure, MissingColumn
from gis.figures import Figure, FigureContext, Finding, Rule, percent_figure, quantity_figure, ratio_figure
from gis.geometry import keep_dimension, repair
from gis.measure import area_m2, lonlat_array
from gis.overlay import dissolve
from gis.residents import Residents
from gis.types import BoolArray, GeometryArray

ROUNDING = 1e-6
"""Share by which a drawn park may be smaller than it should be: ground measured on the ellipsoid is no rounder."""


@dataclass(frozen=True)
class ParkStandard:
    """What one type of park must offer: people for whom one is meant, its smallest area (m2), m2 a person."""

    typology: str
    persons: Rule
    area_m2: Rule
    per_person_m2: Rule


@dataclass(frozen=True)
class Overlap:
    """Parks that share ground with another: how many, and how much ground (m2) they cover more than once."""

    parks: int
    doubled_m2: float


def urban_population(residents: Residents, urban_areas: gpd.GeoDataFrame, groups: pd.Series) -> pd.Series:
    """
    Count the residents of urban areas.

    Parameters
    ----------
    residents
        From `gis.residents.place_residents`.
    urban_areas
        Polygons in EPSG:4326; where they overlap people count once.
    groups
        Code of the group (a district) of each area of the residents, by the area's code.

    Returns
    -------
    persons
        By group, in order. NaN where a group has urban areas, but none of its people are known; 0 where it has none.
    """
    urban = dissolve(urban_areas.geometry)
    shapely.prepare(urban)
    inside = np.asarray(shapely.intersects(urban, residents.points), dtype=bool).reshape(-1)
    known = residents.areas["population"].notna()
    area = residents.area[inside]
    people = pd.DataFrame(
        {
            "group": groups.reindex(area).to_numpy(),
            "persons": np.where(known.reindex(area).to_numpy(dtype=bool), residents.population[inside], np.nan),
        }
    )
    sums = people.groupby("group")["persons"].sum(min_count=1)
    present = sums.reindex(sorted(set(groups)))
    return present.where(present.index.isin(sums.index), 0.0)


def need_figures(
    hectares: pd.DataFrame, persons: pd.Series, *, per_person: Rule, context: FigureContext
) -> tuple[Figure, ...]:
    """
    Compare the green space of urban areas with what their people need.

    Parameters
    ----------
    hectares
        From `gis.green_space.GreenSpace.by_area`: index the codes of districts and of the whole; `area_ha`, `total_ha`.
    persons
        Residents of urban areas by district, from `urban_population`.
    per_person
        Square metres of green space that each person needs.

    Returns
    -------
    figures
        `green.population`, `green.need_ha`, `green.need_lacking_ha`, `green.m2_per_person`, for each row of `hectares`.
        None where there is no urban area, or nobody is known to live in it.
    """
    figures: list[Figure] = []
    for code, row in hectares.iterrows():
        area = str(code)
        found = persons.get(area, np.nan) if area in persons.index else persons.sum(min_count=1)
        people = float(found) if row["area_ha"] > 0 and found > 0 else None
        need = people * per_person.value / M2_PER_HA if people is not None else None
        green = float(row["total_ha"])
        lacking = max(0.0, need - green) if need is not None else None
        figures += [
            quantity_figure("green.population", people, area=area, unit="persons", context=context),
            quantity_figure("green.need_ha", need, area=area, unit="ha", context=context, rule=per_person),
            quantity_figure("green.need_lacking_ha", lacking, area=area, unit="ha", context=context, rule=per_person),
            ratio_figure(
                "green.m2_per_person",
                green * M2_PER_HA if people is not None else None,
                people,
                area=area,
                unit="m2/person",
                context=context,
                rule=per_person,
            ),
        ]
    return tuple(figures)


def park_provision(
    parks: gpd.GeoDataFrame, standards: Collection[ParkStandard], *, persons: float | None
) -> pd.DataFrame:
    """
    Compare the parks of each type with their standard (Permen PU 05/2008).

    Parameters
    ----------
    parks
        Column `typology`, polygons in EPSG:4326; those of one type that overlap count once.
    persons
        Residents for whom they are; None when unknown.

    Returns
    -------
    table
        One row a standard (index: typology): `parks` (how many), `large_enough` (of them, at least of the smallest
        area), `area_m2`, `m2_per_person`, `needed` (how many, rounded up), `needed_m2`, `lacking_m2` and `meets`
        (whether the area a person is reached). NaN, or None, where the residents are unknown.

    Raises
    ------
    MissingColumn, MissingCrs, ProjectedGeometry
        If the parks are not what is asked for.
    InvalidMeasure
        If there are no people at all.
    """
    if "typology" not in parks.columns:
        raise MissingColumn("Data tidak memiliki kolom typology.", "The data has no column typology.")
    if persons is not None and not persons > 0:
        raise InvalidMeasure("Jumlah penduduk harus lebih dari 0.", "The population must be more than 0.")
    rows = {}
    for standard in standards:
        shapes = repair(lonlat_array(parks.geometry[parks["typology"] == standard.typology])).geometries
        sizes = area_m2(shapes)
        total = float(area_m2(np.array([dissolve(shapes)], dtype=object))[0])
        per_person = total / persons if persons is not None else np.nan
        needed_m2 = persons * standard.per_person_m2.value if persons is not None else np.nan
        rows[standard.typology] = {
            "parks": int((sizes > 0).sum()),
            "large_enough": int((sizes >= standard.area_m2.value).sum()),
            "area_m2": total,
            "m2_per_person": per_person,
            "needed": np.ceil(persons / standard.persons.value) if persons is not None else np.nan,
            "needed_m2": needed_m2,
            "lacking_m2": max(0.0, needed_m2 - total) if persons is not None else np.nan,
            "meets": bool(total >= needed_m2 * (1 - ROUNDING)) if persons is not None else None,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def villages_without_park(
    villages: gpd.GeoDataFrame, parks: gpd.GeoDataFrame, *, radius_m: float, crs: CRS
) -> pd.DataFrame:
    """
    Find the villages without a park within their boundary, or near it.

    Parameters
    ----------
    villages
        Column `code`, polygons in EPSG:4326.
    parks
        Polygons in EPSG:4326.
    radius_m
        How far (metres) from the boundary a park may lie and still serve a village.
    crs
        A metric CRS that fits the region.

    Returns
    -------
    table
        By code, in the order of `villages`: `within` (how many parks touch it), `near` (whether one lies within the
        radius), `lacks` (neither).

    Raises
    ------
    MissingColumn, MissingCrs, ProjectedGeometry, UnprojectedGeometry
        If a frame or the CRS is not what is asked for.
    InvalidMeasure
        If the radius is negative.
    """
    if "code" not in villages.columns:
        raise MissingColumn("Data tidak memiliki kolom code.", "The data has no column code.")
    if not radius_m >= 0:
        raise InvalidMeasure("Radius tidak boleh negatif.", "The radius cannot be negative.")
    require_metric(crs)
    shapes = reproject_array(_polygons(villages), WGS84_SRID, crs)
    tree = shapely.STRtree(reproject_array(_polygons(parks), WGS84_SRID, crs))
    inside, _ = tree.query(shapes, predicate="intersects")
    around, _ = tree.query(shapes, predicate="dwithin", distance=radius_m)
    within = np.bincount(inside, minlength=len(shapes))
    near = np.bincount(around, minlength=len(shapes)) > 0
    return pd.DataFrame({"within": within, "near": near, "lacks": ~near & (within == 0)}, index=villages["code"])


def find_overlaps(parks: gpd.GeoDataFrame, *, least_m2: float) -> Overlap:
    """
    Find parks that cover the same ground.

    Parameters
    ----------
    parks
        Polygons in EPSG:4326.
    least_m2
        Common ground of less than this (square metres) is the noise of drawing.

    Returns
    -------
    overlap
        None of them when parks only touch.
    """
    shapes = _polygons(parks)
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = first < second
    first, second = first[pairs], second[pairs]
    common = area_m2(shapely.intersection(shapes[first], shapes[second]))
    shared = common >= least_m2
    doubled = float(area_m2(shapes).sum() - area_m2(np.array([dissolve(shapes)], dtype=object))[0])
    involved = np.unique(np.concatenate([first[shared], second[shared]]))
    return Overlap(len(involved), doubled if len(involved) else 0.0)


def land_outside(parks: gpd.GeoDataFrame, urban_areas: gpd.GeoDataFrame) -> tuple[BoolArray, float]:
    """
    Find what of the parks lies outside of the urban areas, where the law's share does not hold.

    Parameters
    ----------
    parks, urban_areas
        Polygons in EPSG:4326.

    Returns
    -------
    outside, area_m2
        Which parks lie outside wholly; and how much ground (square metres) of all lies outside, overlaps once.
    """
    shapes, urban = _polygons(parks), dissolve(urban_areas.geometry)
    shapely.prepare(urban)
    outside = np.asarray(~shapely.intersects(urban, shapes), dtype=bool).reshape(-1)
    beyond = shapely.difference(dissolve(shapes), urban)
    return outside, float(area_m2(np.array([beyond], dtype=object))[0])


def shares_figures(
    hectares: pd.DataFrame, *, known: bool, public_min: Rule, total_min: Rule, context: FigureContext
) -> tuple[Figure, ...]:
    """
    Make the figures of areas and shortages beside those of `gis.green_space`.

    Parameters
    ----------
    hectares
        `gis.green_space.GreenSpace.by_area`.
    known
        Whether there is any park on file; else nothing can be said.

    Returns
    -------
    figures
        `green.private_ha`, `green.total_ha`, `green.private_percent`, `green.public_lacking_ha`,
        `green.total_lacking_ha`. None where there is no urban area.
    """
    figures: list[Figure] = []
    for code, row in hectares.iterrows():
        values: Mapping[str, float | None] = {
            name: float(row[name]) if known and row["area_ha"] > 0 else None
            for name in ("private_ha", "total_ha", "public_lacking_ha", "total_lacking_ha")
        }
        area = str(code)
        extent = float(row["area_ha"]) or None
        figures += [
            quantity_figure("green.private_ha", values["private_ha"], area=area, unit="ha", context=context),
            percent_figure("green.private_percent", values["private_ha"], extent, area=area, context=context),
            quantity_figure(
                "green.total_ha", values["total_ha"], area=area, unit="ha", context=context, rule=total_min
            ),
            quantity_figure(
                "green.public_lacking_ha",
                values["public_lacking_ha"],
                area=area,
                unit="ha",
                context=context,
                rule=public_min,
            ),
            quantity_figure(
                "green.total_lacking_ha",
                values["total_lacking_ha"],
                area=area,
                unit="ha",
                context=context,
                rule=total_min,
            ),
        ]
    return tuple(figures)


def overlap_finding(overlap: Overlap) -> Finding | None:
    """Say that parks overlap and count once; None when they do not."""
    if not overlap.parks:
        return None
    hectares = overlap.doubled_m2 / M2_PER_HA
    return Finding(
        "info",
        "parks_overlap",
        f"{overlap.parks} taman atau RTH saling tumpang tindih ({f'{hectares:.2f}'.replace('.', ',')} ha); bidang yang "
        "sama dihitung sekali.",
        f"Parks that overlap each other: {overlap.parks} ({hectares:.2f} ha); the same ground counts once.",
        overlap.parks,
    )


def _polygons(frame: gpd.GeoDataFrame) -> GeometryArray:
    return keep_dimension(repair(lonlat_array(frame.geometry)).geometries, 2)
