"""Length and density of streets by area."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from gis.constants import M2_PER_KM2, M_PER_KM
from gis.figures import Figure, FigureContext, FigureSet, Finding, quantity_figure, ratio_figure
from gis.measure import area_m2, length_m
from gis.overlay import dissolve_area_m2, split_lengths

OVERLAP_SHARE = 1e-6
"""Share of the whole by which districts may overlap before a finding says so."""

OUTSIDE_M = 1.0
"""
Metres of a street, in sum, that may lie outside of all areas before a finding tells of it: a street drawn along or up
to the border never meets it exactly, and no survey of streets is more exact than a metre.
"""


@dataclass(frozen=True)
class StreetLengths:
    """
    Measured length of streets by area.

    `metres` and `square_metres` are series by code of the area; `total_m` and `total_m2` are those of all areas
    together, where a place that two areas claim counts once.
    """

    metres: pd.Series
    square_metres: pd.Series
    total_m: float
    total_m2: float
    streets: int
    findings: tuple[Finding, ...]


def street_lengths(streets: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> StreetLengths:
    """
    Measure the length of streets in each area, and the area itself, on the ellipsoid.

    Parameters
    ----------
    streets
        Lines in EPSG:4326, of any class.
    areas
        Column `code`, polygons in EPSG:4326.

    Returns
    -------
    lengths
        A street on a common border counts in the area whose code sorts first; where areas overlap, in each of them,
        and a finding says how much. What lies in no area counts nowhere, and a finding tells of it from `OUTSIDE_M`
        a street.

    Raises
    ------
    MissingColumn, MissingCrs, ProjectedGeometry
        If a frame lacks what is read from it.
    """
    parts = split_lengths(streets, areas, key="code")
    codes = sorted(set(areas["code"]))
    inside = parts[parts["area"].notna()]
    metres = inside.groupby("area")["length_m"].sum().reindex(codes, fill_value=0.0)
    square = pd.Series(area_m2(areas.geometry), index=areas["code"].to_numpy()).groupby(level=0).sum()
    outside = parts[parts["area"].isna()]
    drawn = length_m(streets.geometry)
    total = float(drawn.sum() - outside["length_m"].sum())
    findings = (
        _no_streets(int((drawn > 0).sum())),
        _streets_outside(outside["length_m"]),
        _areas_overlap(float(metres.sum()), total),
    )
    return StreetLengths(
        metres=metres,
        square_metres=square.reindex(codes),
        total_m=total,
        total_m2=dissolve_area_m2(areas.geometry),
        streets=int((drawn > 0).sum()),
        findings=tuple(finding for finding in findings if finding is not None),
    )


def street_figures(lengths: StreetLengths, *, context: FigureContext) -> FigureSet:
    """
    Make the figures about streets: length and density, for the whole and for each area.

    Parameters
    ----------
    lengths
        From `street_lengths`.
    context
        Area code of the whole, date and inputs of the data; when it is the code of one area, the figures are of that
        area alone.

    Returns
    -------
    figures
        `streets.length_km` and `streets.density_km_per_km2` (by the area measured on the ellipsoid). All are None when
        there is no street at all; a density is None where an area has no extent.
    """
    figures: list[Figure] = []
    for area, metres, square_metres in _rows(lengths, context):
        km = metres / M_PER_KM if lengths.streets else None
        km2 = square_metres / M2_PER_KM2 or None
        figures.append(quantity_figure("streets.length_km", km, area=area, unit="km", context=context))
        figures.append(ratio_figure("streets.density_km_per_km2", km, km2, area=area, unit="km/km2", context=context))
    return FigureSet(tuple(figures), lengths.findings)


def _rows(lengths: StreetLengths, context: FigureContext) -> list[tuple[str, float, float]]:
    """List the whole, then each area; or one area alone when it is what was asked for."""
    together = zip(lengths.metres.index, lengths.metres, lengths.square_metres, strict=True)
    rows = [(str(code), float(metres), float(square_metres)) for code, metres, square_metres in together]
    chosen = [row for row in rows if row[0] == context.area]
    return chosen or [(context.area, lengths.total_m, lengths.total_m2), *rows]


def _no_streets(count: int) -> Finding | None:
    if count:
        return None
    return Finding(
        "warning",
        "no_streets",
        "Belum ada data jalan, jadi panjang dan kerapatannya tidak dapat dihitung.",
        "There is no street data, so length and density cannot be computed.",
    )


def _streets_outside(metres: pd.Series) -> Finding | None:
    """Tell of the streets that leave the areas; `metres` holds what of each street lies in none, a row a street."""
    told = metres[metres >= OUTSIDE_M]
    if told.empty:
        return None
    count, km = len(told), float(told.sum()) / M_PER_KM
    return Finding(
        "info",
        "streets_outside",
        f"{count} jalan terletak di luar wilayah, seluruhnya atau sebagian; {_decimal_id(km)} km itu tidak dihitung.",
        f"Outside of the area, wholly or in part: {count} of the streets; those {km:.3f} km are not counted.",
        count,
    )


def _areas_overlap(sum_m: float, total_m: float) -> Finding | None:
    doubled = sum_m - total_m
    if doubled <= OVERLAP_SHARE * total_m:
        return None
    km = doubled / M_PER_KM
    return Finding(
        "warning",
        "areas_overlap",
        f"Batas wilayah saling tumpang tindih: {_decimal_id(km)} km jalan terhitung di lebih dari satu wilayah, tetapi "
        "hanya sekali dalam jumlah seluruhnya.",
        f"Areas overlap each other: {km:.3f} km of streets count in more than one of them, but once in the whole.",
    )


def _decimal_id(km: float) -> str:
    return f"{km:.3f}".replace(".", ",")
