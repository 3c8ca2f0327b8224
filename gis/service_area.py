"""Who lives within reach of a facility: where people are, and how far they have to go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from gis.constants import WGS84_SRID
from gis.crs import reproject_array, require_metric
from gis.errors import InvalidMeasure
from gis.figures import Figure, FigureContext, Finding, Rule, percent_figure, quantity_figure
from gis.geometry import repair
from gis.measure import lonlat_array, segment_lengths_m
from gis.network import (
    Feet,
    Reach,
    StreetNetwork,
    distance_along,
    find_feet,
    measure_reach,
    reached_stretches,
)
from gis.residents import Residents, area_of_points
from gis.types import BoolArray, FloatArray, GeometryArray, IntArray

ENTRY_STEP_M = 25.0
"""Distance (metres) between the places of a park's border from which its entries are searched: less than a plot."""

ENTRY_M = 25.0
"""A park is entered from every street this near (metres) to its border; from the nearest one when none is."""

CIRCLE_SEGMENTS = 16
"""Segments of a quarter circle of a drawn reach: within 0.5 % of its area."""


@dataclass(frozen=True)
class Service:
    """
    Who is within reach.

    `network_m` and `straight_m` are the ways of each point of the residents (infinite beyond the reach; None when that
    way was not asked for or cannot be measured). `by_area` has a row an area (index: its code) with `population`,
    `served`, `served_straight` (persons, NaN where unknown), `settled_m2` and `settled_served_m2` (straight, or along
    the streets when only that was measured). `stretches` are the reached streets, `circles` what lies
    within the straight distance (both EPSG:4326). `far` are positions of facilities without a street near.
    """

    distance_m: float
    network_m: FloatArray | None
    straight_m: FloatArray | None
    by_area: pd.DataFrame
    stretches: gpd.GeoDataFrame | None
    circles: gpd.GeoDataFrame | None
    far: IntArray
    findings: tuple[Finding, ...]


def measure_service(
    residents: Residents,
    facilities: gpd.GeoDataFrame | gpd.GeoSeries,
    network: StreetNetwork | None,
    *,
    distance_m: float,
    snap_m: float,
    crs: CRS,
    straight: bool = True,
) -> Service:
    """
    Find who is within reach of a facility.

    Parameters
    ----------
    residents
        From `place_residents`.
    facilities
        Points, or polygons such as parks, in EPSG:4326; a polygon is entered from the streets along its border.
    network
        The streets, from `gis.network.build_network`; None when ways along the streets are not asked for.
    distance_m
        Reach (metres), greater than 0: along the streets with the way from the door to the street, and straight.
    snap_m
        Who lives farther than this (metres) from any street has no way along the streets.
    crs
        A metric CRS that fits the region.
    straight
        Whether straight distances are measured too.

    Returns
    -------
    service
        Without any facility, or without streets, nothing is known (NaN), and findings say so; it is not 0.

    Raises
    ------
    InvalidMeasure
        If the reach is not above 0.
    MissingCrs, ProjectedGeometry, UnprojectedGeometry
        If the frames or the CRS are not what is asked for.
    """
    if not distance_m > 0:
        raise InvalidMeasure("Jarak jangkauan harus lebih dari 0 m.", "The reach must be more than 0 m.")
    require_metric(crs)
    shapes = repair(lonlat_array(facilities.geometry)).geometries
    present = shapes[~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)]
    findings: list[Finding] = []
    network_m = straight_m = stretches = circles = None
    far: IntArray = np.empty(0, dtype=np.int64)
    if not len(present):
        findings.append(_NO_FACILITIES)
    else:
        if network is not None:
            findings += network.findings
        lines = straight_distances(residents.points, present, crs=crs, limit_m=distance_m)
        if network is not None and network.nodes:
            near = np.flatnonzero(np.isfinite(lines))  # no way along the streets is shorter than the straight line
            reach, far = _reach(network, present, distance_m, snap_m)
            feet = find_feet(network, residents.points[near], max_m=snap_m)
            network_m = np.full(len(lines), np.inf)
            network_m[near] = distance_along(reach, feet, count=len(near))
            stretches = reached_stretches(reach)
            findings += _reach_findings(far, np.delete(near, feet.place), residents)
        if straight:
            straight_m = lines
            circles = _circles(present, distance_m, crs)
    return Service(
        distance_m,
        network_m,
        straight_m,
        _by_area(residents, network_m, straight_m),
        stretches,
        circles,
        far,
        tuple(findings),
    )


def straight_distances(points: GeometryArray, shapes: GeometryArray, *, crs: CRS, limit_m: float) -> FloatArray:
    """
    Measure the straight line from each point to the nearest of many shapes, on the ellipsoid.

    Parameters
    ----------
    points, shapes
        In EPSG:4326, none missing.
    crs
        A metric CRS that fits the region, in which the nearest is searched.
    limit_m
        Distances above it are infinite.

    Returns
    -------
    distance_m
        One a point; 0 within a polygon.
    """
    distances = np.full(len(points), np.inf)
    if not len(points) or not len(shapes):
        return distances
    plane, targets = reproject_array(points, WGS84_SRID, crs), reproject_array(shapes, WGS84_SRID, crs)
    index, shape = shapely.STRtree(targets).query_nearest(plane, max_distance=limit_m * 1.01, all_matches=False)
    ways = shapely.get_coordinates(
        reproject_array(_array(shapely.shortest_line(plane[index], targets[shape])), crs, WGS84_SRID)
    ).reshape(-1, 2, 2)
    distances[index] = segment_lengths_m(ways[:, 0], ways[:, 1])
    return np.where(distances <= limit_m, distances, np.inf)


def reach_area(stretches: gpd.GeoDataFrame, *, width_m: float, crs: CRS) -> gpd.GeoDataFrame:
    """
    Draw the land along reached streets, for a map.

    Parameters
    ----------
    stretches
        Lines in EPSG:4326, from `Service.stretches`.
    width_m
        How far (metres) it reaches to both sides.
    crs
        A metric CRS that fits the region.

    Returns
    -------
    area
        One row in EPSG:4326, dissolved; none without stretches.
    """
    require_metric(crs)
    lines = reproject_array(lonlat_array(stretches.geometry), WGS84_SRID, crs)
    if not len(lines):
        return gpd.GeoDataFrame(geometry=gpd.GeoSeries([], crs=WGS84_SRID))
    simple = shapely.simplify(lines, width_m / 10)
    united = shapely.union_all(shapely.buffer(simple, width_m, quad_segs=4))
    outline = shapely.simplify(united, width_m / 20)
    return gpd.GeoDataFrame(geometry=gpd.GeoSeries(reproject_array(_array(outline), crs, WGS84_SRID), crs=WGS84_SRID))


def count_facilities(facilities: gpd.GeoDataFrame | gpd.GeoSeries, areas: gpd.GeoDataFrame) -> pd.Series:
    """
    Count the facilities in each area, each once: a polygon where a point within it lies.

    Parameters
    ----------
    facilities
        Points or polygons in EPSG:4326.
    areas
        Column `code`, polygons in EPSG:4326.

    Returns
    -------
    counts
        By code, in order; what lies in no area is left out.
    """
    ordered = areas.sort_values("code")
    shapes = repair(lonlat_array(ordered.geometry)).geometries
    places = repair(lonlat_array(facilities.geometry)).geometries
    places = places[~shapely.is_missing(places) & ~shapely.is_empty(places)]
    owner = area_of_points(_array(shapely.point_on_surface(places)), shapes)
    counts = np.bincount(owner[owner >= 0], minlength=len(shapes))
    return pd.Series(counts, index=ordered["code"].to_numpy(dtype=object)).groupby(level=0).sum()


def service_figures(
    service: Service,
    facilities: pd.Series,
    groups: pd.Series,
    *,
    context: FigureContext,
    per_facility: Rule | None = None,
    distance_rule: Rule | None = None,
) -> tuple[Figure, ...]:
    """
    Make the figures of a service, for the whole and for each group of areas.

    Parameters
    ----------
    service
        From `measure_service`.
    facilities
        How many lie in each area, by its code, from `count_facilities`; empty when nothing is known of them.
    groups
        Code of the group (a district) of each area, by the area's code; areas that are missing from it do not count.
    context
        Area code of the whole, date and inputs; when it is the code of a group, only that is computed.
    per_facility
        Persons for whom one facility is meant, when there is such a standard.
    distance_rule
        Where the distance comes from, when it is a standard.

    Returns
    -------
    figures
        `service.facilities`, `service.population`, `service.population_percent` and `service.unserved` along the
        streets, `service.population_straight`, `service.population_straight_percent`, `service.area_percent` (settled
        land within reach), `service.sufficiency_percent` and `service.population_known_percent` (share of the areas
        whose population is known, by settled land). None where it cannot be computed.
    """
    rows = service.by_area.assign(group=groups.reindex(service.by_area.index))
    rows["facilities"] = facilities.reindex(rows.index)
    rows = rows[rows["group"].notna()]
    figures: list[Figure] = []
    for code, part in _parts(rows, context.area, sorted(set(groups))):
        figures += _figures(code, part, service, context, per_facility, distance_rule)
    return tuple(figures)


def _figures(
    code: str,
    rows: pd.DataFrame,
    service: Service,
    context: FigureContext,
    per_facility: Rule | None,
    distance_rule: Rule | None,
) -> list[Figure]:
    known = rows[rows["population"].notna()]
    people = float(known["population"].sum()) if len(known) else None
    served, straight = (_sum(known[column]) for column in ("served", "served_straight"))
    settled, settled_known = float(rows["settled_m2"].sum()), float(known["settled_m2"].sum())
    facilities = _sum(rows["facilities"])
    unserved = people - served if people is not None and served is not None else None
    of = {"area": code, "context": context, "rule": distance_rule}
    needed = people / per_facility.value if people is not None and per_facility is not None else None
    return [
        quantity_figure("service.facilities", facilities, area=code, unit="facilities", context=context),
        percent_figure("service.area_percent", _sum(rows["settled_served_m2"]), settled or None, **of),  # type: ignore[arg-type]
        percent_figure("service.population_known_percent", settled_known, settled or None, area=code, context=context),
        percent_figure(
            "service.sufficiency_percent", facilities, needed or None, area=code, context=context, rule=per_facility
        ),
        quantity_figure("service.population", served, unit="persons", **of),  # type: ignore[arg-type]
        percent_figure("service.population_percent", served, people, **of),  # type: ignore[arg-type]
        quantity_figure("service.unserved", unserved, unit="persons", **of),  # type: ignore[arg-type]
        quantity_figure("service.population_straight", straight, unit="persons", **of),  # type: ignore[arg-type]
        percent_figure("service.population_straight_percent", straight, people, **of),  # type: ignore[arg-type]
    ]


def _parts(rows: pd.DataFrame, whole: str, groups: list[str]) -> list[tuple[str, pd.DataFrame]]:
    """List the whole, then each group; or one group alone when it is what was asked for."""
    if whole in groups:
        return [(whole, rows[rows["group"] == whole])]
    return [(whole, rows), *((group, rows[rows["group"] == group]) for group in groups)]


def _sum(column: pd.Series) -> float | None:
    """Add up; None when nothing is known."""
    return float(column.sum()) if column.notna().any() else None


def _reach(network: StreetNetwork, shapes: GeometryArray, distance_m: float, snap_m: float) -> tuple[Reach, IntArray]:
    """Search from where the facilities touch the streets."""
    points, owner = _entries(shapes, network.crs)
    feet = find_feet(network, points, max_m=snap_m)
    facility = owner[feet.place]
    nearest = np.full(len(shapes), np.inf)
    np.minimum.at(nearest, facility, feet.away_m)
    chosen = feet.away_m <= np.maximum(nearest[facility], ENTRY_M)
    sources = Feet(facility[chosen], feet.line[chosen], feet.metre[chosen], feet.away_m[chosen])
    reach = measure_reach(network, sources, count=len(shapes), limit_m=distance_m)
    return reach, reach.unreachable


def _entries(shapes: GeometryArray, crs: CRS) -> tuple[GeometryArray, IntArray]:
    """Give the places at which facilities may be entered: points themselves, and places along the border of areas."""
    is_point = shapely.get_dimensions(shapes) == 0
    plane = reproject_array(shapes, WGS84_SRID, crs)
    outline = np.where(is_point, plane, shapely.segmentize(shapely.boundary(plane), ENTRY_STEP_M))
    coordinates, owner = shapely.get_coordinates(outline, return_index=True)
    places = reproject_array(_array(shapely.points(coordinates)), crs, WGS84_SRID)
    return places, owner.astype(np.int64)


def _circles(shapes: GeometryArray, distance_m: float, crs: CRS) -> gpd.GeoDataFrame:
    plane = reproject_array(shapes, WGS84_SRID, crs)
    united = shapely.union_all(shapely.buffer(plane, distance_m, quad_segs=CIRCLE_SEGMENTS))
    return gpd.GeoDataFrame(geometry=gpd.GeoSeries(reproject_array(_array(united), crs, WGS84_SRID), crs=WGS84_SRID))


def _by_area(residents: Residents, network_m: FloatArray | None, straight_m: FloatArray | None) -> pd.DataFrame:
    codes = residents.areas.index
    position = pd.Index(codes).get_indexer(residents.area)

    def sums(values: FloatArray, reached: BoolArray | None = None) -> FloatArray:
        weights = values if reached is None else np.where(reached, values, 0.0)
        return np.bincount(position, weights=weights, minlength=len(codes)).astype(np.float64)

    unknown = np.full(len(codes), np.nan)
    population = residents.areas["population"].to_numpy()
    is_known = ~np.isnan(population)
    on_streets = None if network_m is None else np.isfinite(network_m)
    in_circles = None if straight_m is None else np.isfinite(straight_m)
    for_land = in_circles if in_circles is not None else on_streets
    return pd.DataFrame(
        {
            "population": population,
            "served": _where(is_known, unknown if on_streets is None else sums(residents.population, on_streets)),
            "served_straight": _where(
                is_known, unknown if in_circles is None else sums(residents.population, in_circles)
            ),
            "settled_m2": sums(residents.settled_m2),
            "settled_served_m2": unknown if for_land is None else sums(residents.settled_m2, for_land),
        },
        index=codes,
    )


def _where(known: BoolArray, values: FloatArray) -> FloatArray:
    return np.where(known, values, np.nan)


def _array(geometries: Any) -> GeometryArray:
    return np.asarray(geometries, dtype=object).reshape(-1)


def _reach_findings(far: IntArray, lost: IntArray, residents: Residents) -> list[Finding]:
    """Tell of facilities, and of people near one, that have no street near."""
    findings = []
    if len(far):
        findings.append(
            Finding(
                "warning",
                "facilities_far",
                f"{len(far)} fasilitas terlalu jauh dari jalan mana pun, jadi tidak terjangkau lewat jaringan jalan.",
                f"Facilities too far from any street to be reached along the streets: {len(far)}.",
                len(far),
            )
        )
    persons = round(float(residents.population[lost].sum()))
    if persons:
        findings.append(
            Finding(
                "warning",
                "people_far_from_streets",
                f"{_thousands(persons)} jiwa tinggal dalam jarak lurus suatu fasilitas, tetapi terlalu jauh dari jalan "
                "yang tergambar; menurut jaringan jalan mereka dihitung tidak terlayani.",
                f"Persons within the straight distance of a facility, but too far from any drawn street: {persons:,}; "
                "along the streets they count as not served.",
                persons,
            )
        )
    return findings


def _thousands(number: int) -> str:
    return f"{number:,}".replace(",", ".")


_NO_FACILITIES = Finding(
    "warning",
    "no_facilities",
    "Belum ada data fasilitas ini, jadi cakupan layanannya tidak dapat dihitung.",
    "There is no data on these facilities, so their coverage cannot be computed.",
)
