"""Bridges by condition value (BMS, 0 best to 5 worst), by roll-up class and by district, and the roads they are on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.crs import require_metric
from gis.errors import InvalidMeasure, MissingColumn
from gis.figures import Figure, FigureContext, Rule, percent_figure, quantity_figure
from gis.measure import lonlat_array
from gis.roads import NOWHERE

BridgeClass = Literal["good", "fair", "damaged", "critical", "unsurveyed"]

BRIDGE_CLASSES: tuple[BridgeClass, ...] = get_args(BridgeClass)
"""From good to bad; bridges without a condition value come last."""

CONDITION_VALUES = ("0", "1", "2", "3", "4", "5")
"""Condition values (nilai kondisi, NK) of the Bridge Management System; stored as they are, labels change."""

UNSURVEYED = "unsurveyed"

BRIDGE_COLUMNS = ("length_m", "condition_value")


@dataclass(frozen=True)
class BridgeSums:
    """
    Number and length of bridges by district.

    `count` and `metres` have one row a district (code as index, in order; a last row `NOWHERE` when bridges lie in no
    district) and one column a group; a bridge without a length counts in `count` and adds nothing to `metres`.
    """

    count: pd.DataFrame
    metres: pd.DataFrame


def classify_bridges(values: Sequence[str | None] | pd.Series, *, bounds: Sequence[float]) -> pd.Series:
    """
    Roll condition values up to classes.

    Parameters
    ----------
    values
        Condition value of each bridge, "0" to "5"; anything else counts as not surveyed.
    bounds
        Up to and with which value a bridge is good, fair and damaged; what is above is critical.

    Returns
    -------
    classes
        One of `BRIDGE_CLASSES` a bridge, with the index of `values`.

    Raises
    ------
    InvalidMeasure
        If there are not three bounds, or they do not rise.
    """
    if len(bounds) != len(BRIDGE_CLASSES) - 2 or not all(a < b for a, b in pairwise(bounds)):
        raise InvalidMeasure(
            f"Batas kelas jembatan {tuple(bounds)} harus tiga angka yang menaik.",
            f"The bounds {tuple(bounds)} of the classes of bridges must be three rising numbers.",
        )
    given = values if isinstance(values, pd.Series) else pd.Series(list(values), dtype=object)
    number = pd.to_numeric(given.where(given.isin(CONDITION_VALUES)), errors="coerce").to_numpy(dtype=np.float64)
    position = np.searchsorted(np.asarray(bounds, dtype=np.float64), np.nan_to_num(number))
    position[np.isnan(number)] = BRIDGE_CLASSES.index("unsurveyed")
    return pd.Series(np.array(BRIDGE_CLASSES, dtype=object)[position], index=given.index, dtype=object)


def bridge_districts(bridges: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> pd.Series:
    """
    Find the district in which each bridge lies.

    Parameters
    ----------
    bridges
        Points in EPSG:4326.
    areas
        Column `code`, polygons in EPSG:4326.

    Returns
    -------
    districts
        One code a bridge, with its index; on the border of two that which sorts first; `NOWHERE` outside of all, or
        without a place.

    Raises
    ------
    MissingColumn, MissingCrs, ProjectedGeometry
        If a frame lacks what is read from it.
    """
    if "code" not in areas.columns:
        raise MissingColumn("Data wilayah tidak memiliki kolom code.", "The areas have no column code.")
    ordered = areas.sort_values("code")
    points, polygons = lonlat_array(bridges.geometry), lonlat_array(ordered.geometry)
    bridge, area = shapely.STRtree(polygons).query(points, predicate="intersects")
    first = pd.Series(area).groupby(bridge).min()
    codes = np.full(len(bridges), NOWHERE, dtype=object)
    codes[first.index.to_numpy(dtype=np.int64)] = ordered["code"].to_numpy()[first.to_numpy(dtype=np.int64)]
    return pd.Series(codes, index=bridges.index, dtype=object)


def sum_bridges(bridges: pd.DataFrame, codes: Sequence[str], *, by: str, groups: Sequence[str]) -> BridgeSums:
    """
    Count bridges and add up their lengths by district.

    Parameters
    ----------
    bridges
        Columns `district` (from `bridge_districts`), `length_m` (metres; what is missing, negative or 0 is unknown) and
        `by`.
    codes
        All districts, in the order wanted; districts without a bridge have 0.
    by, groups
        The column counted by, and its values; a bridge with another value, or none, counts in the last of them.

    Returns
    -------
    sums
        A row `NOWHERE` comes last when a bridge lies in none of `codes`.
    """
    known = pd.DataFrame(
        {
            "district": bridges["district"].where(bridges["district"].isin(list(codes)), NOWHERE),
            "group": bridges[by].where(bridges[by].isin(list(groups)), groups[-1]),
            "length_m": known_lengths(bridges["length_m"]),
        }
    )
    rows = [*codes, NOWHERE] if (known["district"] == NOWHERE).any() else list(codes)

    def table(how: Literal["count", "sum"]) -> pd.DataFrame:
        values = known.assign(length_m=1) if how == "count" else known
        sums = values.pivot_table(index="district", columns="group", values="length_m", aggfunc="sum", fill_value=0)
        return sums.reindex(index=rows, columns=list(groups), fill_value=0)

    return BridgeSums(table("count").astype(np.int64), table("sum").astype(np.float64))


def known_lengths(lengths: pd.Series) -> pd.Series:
    """Give lengths in metres, NaN for what is missing, negative or 0."""
    metres = pd.to_numeric(lengths, errors="coerce").astype(np.float64)
    return metres.where((metres > 0) & np.isfinite(metres))


def bridge_figures(
    sums: BridgeSums, *, codes: Sequence[str], context: FigureContext, rule: Rule, has_bridges: bool
) -> tuple[Figure, ...]:
    """
    Make the figures about bridges by roll-up class.

    Parameters
    ----------
    sums
        From `sum_bridges` by class.
    codes
        Districts whose figures are wanted beside the whole of `context.area`, which is the sum of all rows.
    context, rule
        What the figures share; the rule of the classes.
    has_bridges
        Whether there is any bridge on record; when not, every figure is None.

    Returns
    -------
    figures
        `bridges.count`, `bridges.length_m`, each also by class (`bridges.count.critical`), and
        `bridges.damaged_percent`: damaged and critical bridges in percent of all, those not surveyed among them. It is
        None where there are no bridges, or none was surveyed.
    """
    parts = [code for code in codes if code != context.area]
    counts = [sums.count.sum().to_dict(), *sums.count.loc[parts].to_dict("records")]
    lengths = [sums.metres.sum().to_dict(), *sums.metres.loc[parts].to_dict("records")]
    figures: list[Figure] = []
    for area, count, metres in zip([context.area, *parts], counts, lengths, strict=True):
        for name, values, unit in (("count", count, "bridges"), ("length_m", metres, "m")):
            by_class = {f"bridges.{name}": sum(values.values())}
            by_class |= {f"bridges.{name}.{one}": values[one] for one in BRIDGE_CLASSES}
            figures += [
                quantity_figure(
                    figure_id, float(value) if has_bridges else None, area=area, unit=unit, context=context, rule=rule
                )
                for figure_id, value in by_class.items()
            ]
        total = sum(count.values())
        figures.append(
            percent_figure(
                "bridges.damaged_percent",
                float(count["damaged"] + count["critical"]) if total > count[UNSURVEYED] else None,
                float(total) or None,
                area=area,
                context=context,
                rule=rule,
            )
        )
    return tuple(figures)


def bridges_on_roads(bridges: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, *, reach: Rule) -> pd.DataFrame:
    """
    Find the road of each bridge: as recorded, else the nearest drawn road within reach.

    Parameters
    ----------
    bridges
        Column `road_code` (None where not recorded), points in a metric CRS.
    roads
        Column `code`, drawn lines in the same CRS.
    reach
        How far (metres) a bridge may lie from its road.

    Returns
    -------
    found
        One row a bridge, with its index: `road` (code; None where there is none), `how` ("recorded", "nearest" or
        "none"; a recorded road that does not exist counts as not recorded), `is_unknown` (the recorded road does not
        exist) and `distance_m` from the recorded road's line (NaN when there is none).

    Raises
    ------
    MissingCrs, UnprojectedGeometry
        If either is not in a metric CRS.
    """
    require_metric(bridges)
    require_metric(roads)
    lines, codes = roads.geometry.to_numpy(), roads["code"].to_numpy(dtype=object)
    position = pd.Series(np.arange(len(roads)), index=codes)
    position = position[~position.index.duplicated()]
    recorded = bridges["road_code"]
    at = position.reindex(recorded).to_numpy(dtype=np.float64)
    is_recorded = ~np.isnan(at)
    distance = np.full(len(bridges), np.nan)
    points = bridges.geometry.to_numpy()
    distance[is_recorded] = shapely.distance(points[is_recorded], lines[at[is_recorded].astype(np.int64)])
    road = np.full(len(bridges), None, dtype=object)
    road[is_recorded] = codes[at[is_recorded].astype(np.int64)]
    alone = np.flatnonzero(~is_recorded)
    road[alone] = _nearest_road(points[alone], lines, codes, reach.value)
    how = np.where(is_recorded, "recorded", np.where(pd.isna(road), "none", "nearest")).astype(object)
    unknown = recorded.notna().to_numpy() & ~is_recorded
    columns = {"how": how, "is_unknown": unknown, "distance_m": distance}
    found = pd.DataFrame(columns, index=bridges.index)
    found.insert(0, "road", pd.Series(road, index=bridges.index, dtype=object))  # which keeps None as it is
    return found


def _nearest_road(points: np.ndarray, lines: np.ndarray, codes: np.ndarray, reach_m: float) -> np.ndarray:
    """Find the code of the nearest road within reach of each point; of several as near the one that sorts first."""
    result = np.full(len(points), None, dtype=object)
    if not len(points) or not len(lines):
        return result
    (point, line), distance = shapely.STRtree(lines).query_nearest(
        points, max_distance=reach_m or None, return_distance=True
    )
    near = distance <= reach_m
    found = pd.DataFrame({"point": point[near], "code": codes[line[near]]}).sort_values(["point", "code"])
    first = found.drop_duplicates("point")
    result[first["point"].to_numpy(dtype=np.int64)] = first["code"].to_numpy(dtype=object)
    return result
