"""Roads one by one: length by condition and surface, the districts crossed, access to other roads, years of survey."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.crs import require_metric
from gis.figures import Rule
from gis.linear import cut_lines
from gis.road_condition import CONDITION_CLASSES
from gis.roads import ConditionLengths, condition_lengths
from gis.types import GeometryArray

ACCESS_ORDER = ("national", "provincial", "regency", "city", "village")
"""Authorities of roads from the country to the village: the order in which access is told."""


def lengths_by_road(
    lengths: ConditionLengths, codes: Sequence[str], *, by: str, classes: Sequence[str], areas: Collection[str] | None
) -> pd.DataFrame:
    """
    Sum the legal length of each road by condition or surface.

    Parameters
    ----------
    lengths
        From `gis.roads.condition_lengths`.
    codes
        The roads, in the order wanted.
    by, classes
        Column of `lengths.sections` ("condition" or "surface_group") and its classes.
    areas
        Codes of the districts whose parts of the roads count; None for all, and what lies in none.

    Returns
    -------
    metres
        One row a road (its code is the index), one column a class; 0 where a road has nothing there.
    """
    sections = lengths.sections if areas is None else lengths.sections[lengths.sections["area"].isin(areas)]
    sums = sections.pivot_table(index="code", columns=by, values="length_m", aggfunc="sum", fill_value=0.0)
    return sums.reindex(index=list(codes), columns=list(classes), fill_value=0.0).astype(np.float64)


def crossed_areas(lengths: ConditionLengths, areas: Collection[str] | None = None) -> pd.Series:
    """
    List the districts that each road crosses.

    Parameters
    ----------
    lengths
        From `gis.roads.condition_lengths`.
    areas
        Only these districts; None for all.

    Returns
    -------
    crossed
        By code of the road, a tuple of codes of districts: that which holds most of the road first. `NOWHERE` stands
        alone where a road lies in no district.
    """
    sections = lengths.sections if areas is None else lengths.sections[lengths.sections["area"].isin(areas)]
    metres: pd.DataFrame = sections.groupby(["code", "area"])["length_m"].sum().reset_index()
    ordered = metres.sort_values(["code", "length_m", "area"], ascending=[True, False, True])
    crossed: pd.Series = ordered.groupby("code")["area"].agg(tuple)
    return crossed


def merge_sections(
    roads: gpd.GeoDataFrame, lengths: ConditionLengths, *, codes: Iterable[str] | None = None
) -> gpd.GeoDataFrame:
    """
    Join neighbouring sections of one condition, and cut them out of the drawn lines.

    Parameters
    ----------
    roads
        Columns `code`, `length_sk_m`, and the drawn line in EPSG:4326.
    lengths
        From `gis.roads.condition_lengths` of the same roads.
    codes
        Only these roads; None for all.

    Returns
    -------
    sections
        Columns `road_code`, `sta_from_m`, `sta_to_m` (legal metres from the beginning of the road), `condition`, and
        multi-part lines in the CRS of `roads` (None where a road is not drawn); in the order of roads and stations.
        Roads that share a code, or have no legal length, are left out.
    """
    legal = roads[(roads["length_sk_m"] > 0) & ~roads["code"].duplicated(keep=False)].reset_index(drop=True)
    wanted = legal["code"] if codes is None else legal.loc[legal["code"].isin(list(codes)), "code"]
    sections = lengths.sections.drop_duplicates("section")
    sections = sections[sections["code"].isin(wanted)].sort_values(["code", "start_share"], ignore_index=True)
    begins = (sections["code"] != sections["code"].shift()) | (sections["condition"] != sections["condition"].shift())
    merged = sections.groupby(begins.cumsum()).agg(
        road_code=("code", "first"),
        condition=("condition", "first"),
        start=("start_share", "min"),
        end=("end_share", "max"),
    )
    road = pd.Series(legal.index, index=legal["code"]).reindex(merged["road_code"]).to_numpy(dtype=np.int64)
    length = legal["length_sk_m"].to_numpy(dtype=np.float64)[road]
    lines = _cut(legal.geometry.to_numpy(), road, merged)
    columns = {
        "road_code": merged["road_code"].to_numpy(dtype=object),
        "sta_from_m": merged["start"].to_numpy() * length,
        "sta_to_m": merged["end"].to_numpy() * length,
        "condition": merged["condition"].to_numpy(dtype=object),
    }
    return gpd.GeoDataFrame(columns, geometry=lines, crs=roads.crs)


def _cut(lines: GeometryArray, road: np.ndarray, merged: pd.DataFrame) -> GeometryArray:
    """Cut one multi-part line a section; None where the road is not drawn."""
    cut: GeometryArray = np.full(len(merged), None, dtype=object)
    if not len(merged):
        return cut
    pieces = cut_lines(lines, road, merged["start"].to_numpy(), merged["end"].to_numpy())
    section, position = np.unique(pieces.section, return_inverse=True)
    order = np.argsort(position, kind="stable")
    cut[section] = shapely.multilinestrings(pieces.geometries[order], indices=position[order])
    return cut


def road_access(roads: gpd.GeoDataFrame, others: gpd.GeoDataFrame, *, reach: Rule) -> pd.Series:
    """
    Find which roads of other authorities, or other roads of the same, each road meets.

    Parameters
    ----------
    roads
        Column `code`, drawn lines in a metric CRS.
    others
        All roads: columns `code` and `status`, in the same CRS.
    reach
        How near (metres) two drawn roads must come to meet.

    Returns
    -------
    access
        By code, a tuple of authorities in `ACCESS_ORDER`; empty where a road meets none. A road never meets itself.

    Raises
    ------
    MissingCrs, UnprojectedGeometry
        If either is not in a metric CRS.
    """
    require_metric(roads)
    require_metric(others)
    tree = shapely.STRtree(others.geometry.to_numpy())
    road, other = tree.query(roads.geometry.to_numpy(), predicate="dwithin", distance=reach.value)
    found = pd.DataFrame(
        {
            "code": roads["code"].to_numpy(dtype=object)[road],
            "other": others["code"].to_numpy(dtype=object)[other],
            "status": others["status"].to_numpy(dtype=object)[other],
        }
    )
    met = found[found["code"] != found["other"]].drop_duplicates(["code", "status"])
    rank = met["status"].map({status: number for number, status in enumerate(ACCESS_ORDER)})
    ordered = met.assign(rank=rank).dropna(subset=["rank"]).sort_values(["code", "rank"])
    by_road = ordered.groupby("code")["status"].agg(tuple)
    return pd.Series({code: by_road.get(code, ()) for code in roads["code"]}, dtype=object)


def condition_trend(
    roads: gpd.GeoDataFrame,
    segments: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    *,
    status: str,
    scale_tolerance: Rule,
    within: Collection[str] | None,
) -> pd.DataFrame:
    """
    Sum the legal length of roads by condition in every survey year.

    Parameters
    ----------
    roads, segments, areas, status, scale_tolerance
        As for `gis.roads.condition_lengths`; the roads are those of today in every year.
    within
        Codes of the districts whose parts count; None for the whole.

    Returns
    -------
    metres
        One row a survey year of these roads (ascending), one column a class. No rows without a survey.
    """
    years = sorted({int(year) for year in segments.loc[segments["road_code"].isin(roads["code"]), "survey_year"]})
    rows = {}
    for year in years:
        lengths = condition_lengths(
            roads,
            segments[segments["survey_year"] == year],
            areas,
            status=status,
            scale_tolerance=scale_tolerance,
            survey_year=year,
        )
        rows[year] = lengths.total if within is None else lengths.metres[lengths.metres.index.isin(within)].sum()
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(CONDITION_CLASSES)).astype(np.float64)
