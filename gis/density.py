"""Density of roads by area and by residents, and the villages that a road in stable condition reaches."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.crs import require_metric
from gis.errors import InvalidMeasure
from gis.figures import Figure, FigureContext, Rule, ratio_figure
from gis.types import BoolArray, GeometryArray

PER_RESIDENTS = 1000.0
"""Residents to whom a length of road is related."""

ReachClass = Literal["reached", "unsurveyed", "damaged", "none"]

REACH_CLASSES: tuple[ReachClass, ...] = get_args(ReachClass)
"""
Reached by a stable road; else within reach of a road that nobody surveyed (which may be stable or not); else of damaged
roads alone; else of no road.
"""


def density_figures(
    name: str,
    km: Mapping[str, float | None],
    km2: Mapping[str, float | None],
    residents: Mapping[str, float | None],
    *,
    areas: Sequence[str],
    context: FigureContext,
    rule: Rule | None = None,
) -> tuple[Figure, ...]:
    """
    Relate lengths to area and to residents.

    Parameters
    ----------
    name
        Beginning of the ids, such as "roads".
    km, km2, residents
        By code of the area; missing or None where it is not known.
    areas
        The areas, in the order wanted.
    context, rule
        What the figures share.

    Returns
    -------
    figures
        `<name>.density_km_per_km2` and `<name>.km_per_1000_residents` for each area: None where a part is not known, or
        the area or its people are 0.
    """
    figures = []
    for area in areas:
        length, people = km.get(area), residents.get(area)
        figures.append(
            ratio_figure(
                f"{name}.density_km_per_km2",
                length,
                km2.get(area) or None,
                area=area,
                unit="km/km2",
                context=context,
                rule=rule,
            )
        )
        figures.append(
            ratio_figure(
                f"{name}.km_per_1000_residents",
                length,
                people or None,
                area=area,
                unit="km/1000 persons",
                context=context,
                rule=rule,
                factor=PER_RESIDENTS,
            )
        )
    return tuple(figures)


def village_reach(
    villages: gpd.GeoDataFrame, sections: gpd.GeoDataFrame, *, stable: Collection[str], reach_m: float
) -> pd.DataFrame:
    """
    Find which villages a road in stable condition reaches.

    A village is reached when a section of road surveyed in one of the stable classes comes within `reach_m` of its
    geometry: of its boundary, or of its seat, whichever is given. Roads that nobody surveyed never reach a village; one
    that is within reach of them, and of no stable road, is marked "unsurveyed".

    Parameters
    ----------
    villages
        Column `code`; polygons or points in a metric CRS.
    sections
        Columns `road_code` and `condition` (of `gis.road_condition.CONDITION_CLASSES`); lines in the same CRS.
    stable
        The classes that count as stable, such as good and fair.
    reach_m
        In metres; 0 for roads that touch the geometry.

    Returns
    -------
    reach
        By code of the village, in the order given: `reach` (of `REACH_CLASSES`), `road_code` (of the nearest stable
        road; None without any) and `distance_m` to it (0 inside of the boundary, NaN without any).

    Raises
    ------
    MissingCrs, UnprojectedGeometry
        If either is not in a metric CRS.
    InvalidMeasure
        If the reach is negative.
    """
    require_metric(villages)
    require_metric(sections)
    if not reach_m >= 0:
        raise InvalidMeasure("Jarak jangkauan tidak boleh negatif.", "A reach cannot be negative.")
    places = villages.geometry.to_numpy()
    drawn = sections[sections.geometry.notna() & ~sections.geometry.is_empty]
    condition = drawn["condition"].to_numpy(dtype=object)
    lines = drawn.geometry.to_numpy()
    is_stable = np.isin(condition.astype(str), list(stable))
    is_unsurveyed = np.asarray(condition == "unsurveyed", dtype=bool)
    nearest = _nearest(places, drawn[is_stable])
    by_stable, by_unsurveyed, by_other = (
        _within_reach(places, lines[chosen], reach_m)
        for chosen in (is_stable, is_unsurveyed, ~is_stable & ~is_unsurveyed)
    )
    reach = np.select([by_stable, by_unsurveyed, by_other], REACH_CLASSES[:3], default="none").astype(object)
    return nearest.assign(reach=reach, code=villages["code"].to_numpy(dtype=object)).set_index("code")[
        ["reach", "road_code", "distance_m"]
    ]


def _within_reach(places: GeometryArray, lines: GeometryArray, reach_m: float) -> BoolArray:
    found = np.zeros(len(places), dtype=bool)
    place, _ = shapely.STRtree(lines).query(places, predicate="dwithin", distance=reach_m)
    found[place] = True
    return found


def _nearest(places: GeometryArray, sections: gpd.GeoDataFrame) -> pd.DataFrame:
    """Find the nearest section of each place; of several as near the road whose code sorts first."""
    result = pd.DataFrame({"road_code": pd.Series([None] * len(places), dtype=object), "distance_m": np.nan})
    if not len(sections) or not len(places):
        return result
    tree = shapely.STRtree(sections.geometry.to_numpy())
    (place, section), distance = tree.query_nearest(places, return_distance=True)
    codes = sections["road_code"].to_numpy(dtype=object)[section]
    found = pd.DataFrame({"place": place, "road_code": codes, "distance_m": distance})
    first = found.sort_values(["place", "distance_m", "road_code"]).drop_duplicates("place").set_index("place")
    return first.reindex(result.index)


def village_seats(villages: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """
    Place each village at its seat.

    Parameters
    ----------
    villages
        Column `code`, polygons.
    places
        Points of named places that are seats, most important first, in the same CRS.

    Returns
    -------
    seats
        The villages in their order, with points: the first of `places` that lies in each, else a point inside of the
        village. The column `is_seat` tells the two apart.
    """
    village, place = shapely.STRtree(places.geometry.to_numpy()).query(
        villages.geometry.to_numpy(), predicate="intersects"
    )
    first = pd.Series(place).groupby(village).min()
    points = shapely.point_on_surface(villages.geometry.to_numpy())
    points[first.index.to_numpy(dtype=np.int64)] = places.geometry.to_numpy()[first.to_numpy(dtype=np.int64)]
    is_seat = np.zeros(len(villages), dtype=bool)
    is_seat[first.index.to_numpy(dtype=np.int64)] = True
    return gpd.GeoDataFrame(
        {"code": villages["code"].to_numpy(), "is_seat": is_seat}, geometry=points, crs=villages.crs
    )
