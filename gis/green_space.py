"""Green open space (RTH) of urban areas: public and private, with what is lacking."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.constants import M2_PER_HA, WGS84_SRID
from gis.errors import MissingColumn
from gis.figures import Figure, FigureContext, Finding, Rule, percent_figure, quantity_figure
from gis.geometry import explode_collections
from gis.measure import area_m2
from gis.overlay import dissolve, split_areas

PUBLIC = "public"
"""The code of `parks.ownership` that counts as RTH publik; any other counts as private."""


@dataclass(frozen=True)
class GreenSpace:
    """
    Green space of the urban areas.

    `table` has one row an urban area, `by_area` one a district and a last one for the whole (its code is the index);
    the columns of both are described at `green_shares`. Urban areas that overlap count once in `by_area`.
    """

    table: pd.DataFrame
    by_area: pd.DataFrame
    figures: tuple[Figure, ...]
    findings: tuple[Finding, ...]


def green_space(
    urban_areas: gpd.GeoDataFrame,
    parks: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    *,
    public_min: Rule,
    total_min: Rule,
    context: FigureContext,
) -> GreenSpace:
    """
    Compute which share of the urban areas is green open space.

    The law's shares hold for urban areas (kawasan perkotaan), never for a whole regency. Parks are cut to the urban
    areas; where they overlap, a place counts once, and as public when any of them is.

    Parameters
    ----------
    urban_areas
        Column `name`, polygons in EPSG:4326.
    parks
        Column `ownership` ("public", or private), polygons in EPSG:4326.
    areas
        Districts: column `code`, polygons in EPSG:4326.
    public_min, total_min
        The least shares in percent: of public, and of public and private together.
    context
        Area code of the whole, date and inputs of the data; when it is the code of one district, only that is computed.

    Returns
    -------
    green_space
        Figures `green.public_percent`, `green.total_percent` and `green.public_ha` for the whole and each district.
        They are None, with a finding, where there is no urban area, and everywhere when there is no park at all.

    Raises
    ------
    MissingColumn, MissingCrs, ProjectedGeometry
        If a frame lacks what is read from it.
    """
    for frame, column in ((urban_areas, "name"), (parks, "ownership"), (areas, "code")):
        _require_column(frame, column)
    urban, public, private = _dissolved(urban_areas, parks)
    minimum = (public_min, total_min)
    table = _by_urban_area(urban_areas, public, private)
    parts = {"area_ha": urban, "public_ha": public, "private_ha": private}
    hectares = pd.DataFrame({name: _hectares_by_area(geometry, areas) for name, geometry in parts.items()})
    if context.area in hectares.index:
        hectares = hectares.loc[[context.area]]
    else:
        hectares.loc[context.area] = [_hectares(geometry) for geometry in parts.values()]
    by_area = green_shares(hectares, public_min=public_min, total_min=total_min)
    known = bool(len(parks))
    figures = [
        figure for code, row in by_area.iterrows() for figure in _figures(str(code), row, known, minimum, context)
    ]
    return GreenSpace(
        table=green_shares(table, public_min=public_min, total_min=total_min),
        by_area=by_area,
        figures=tuple(figures),
        findings=_findings(by_area, parks, context),
    )


def green_shares(hectares: pd.DataFrame, *, public_min: Rule, total_min: Rule) -> pd.DataFrame:
    """
    Add shares and shortages to areas of green space.

    Parameters
    ----------
    hectares
        Columns `area_ha` (of the urban area), `public_ha`, `private_ha`.
    public_min, total_min
        The least shares in percent.

    Returns
    -------
    table
        With `total_ha`, `public_percent`, `total_percent`, `public_lacking_ha`, `total_lacking_ha` beside. Percentages
        are NaN where there is no urban area.
    """
    extent = hectares["area_ha"].where(hectares["area_ha"] > 0)
    total = hectares["public_ha"] + hectares["private_ha"]
    return hectares.assign(
        total_ha=total,
        public_percent=hectares["public_ha"] / extent * 100,
        total_percent=total / extent * 100,
        public_lacking_ha=(hectares["area_ha"] * public_min.value / 100 - hectares["public_ha"]).clip(lower=0),
        total_lacking_ha=(hectares["area_ha"] * total_min.value / 100 - total).clip(lower=0),
    )


def _dissolved(
    urban_areas: gpd.GeoDataFrame, parks: gpd.GeoDataFrame
) -> tuple[shapely.Geometry, shapely.Geometry, shapely.Geometry]:
    """Unite the urban areas, the public parks within them, and what is private and not public as well."""
    urban = dissolve(urban_areas.geometry)
    is_public = (parks["ownership"] == PUBLIC).to_numpy(dtype=bool)
    public = shapely.intersection(dissolve(parks.geometry[is_public]), urban)
    private = shapely.intersection(dissolve(parks.geometry[~is_public]), urban)
    return urban, public, shapely.difference(private, public)


def _by_urban_area(urban_areas: gpd.GeoDataFrame, public: shapely.Geometry, private: shapely.Geometry) -> pd.DataFrame:
    extents = np.array([dissolve(urban_areas.geometry.iloc[[row]]) for row in range(len(urban_areas))], dtype=object)
    columns = {
        "name": urban_areas["name"].to_numpy(),
        "area_ha": area_m2(extents) / M2_PER_HA,
        "public_ha": area_m2(shapely.intersection(extents, public)) / M2_PER_HA,
        "private_ha": area_m2(shapely.intersection(extents, private)) / M2_PER_HA,
    }
    return pd.DataFrame(columns, index=urban_areas.index)


def _hectares_by_area(geometry: shapely.Geometry, areas: gpd.GeoDataFrame) -> pd.Series:
    polygons, _ = explode_collections(np.array([geometry], dtype=object))
    parts = split_areas(gpd.GeoSeries(polygons, crs=WGS84_SRID), areas, key="code")
    inside = parts[parts["area"].notna()]
    sums = inside.groupby("area")["area_m2"].sum() / M2_PER_HA
    return sums.reindex(sorted(set(areas["code"])), fill_value=0.0)


def _hectares(geometry: shapely.Geometry) -> float:
    return float(area_m2(np.array([geometry], dtype=object))[0]) / M2_PER_HA


def _figures(
    code: str, row: pd.Series, known: bool, minimum: tuple[Rule, Rule], context: FigureContext
) -> tuple[Figure, Figure, Figure]:
    public_min, total_min = minimum
    computable = known and row["area_ha"] > 0
    extent = float(row["area_ha"]) or None
    public = float(row["public_ha"]) if computable else None
    total = float(row["total_ha"]) if computable else None
    return (
        percent_figure("green.public_percent", public, extent, area=code, context=context, rule=public_min),
        percent_figure("green.total_percent", total, extent, area=code, context=context, rule=total_min),
        quantity_figure("green.public_ha", public, area=code, unit="ha", context=context, rule=public_min),
    )


def _findings(by_area: pd.DataFrame, parks: gpd.GeoDataFrame, context: FigureContext) -> tuple[Finding, ...]:
    if not by_area["area_ha"][context.area] > 0:
        return (_NO_URBAN_AREAS,)
    if not len(parks):
        return (_NO_PARKS,)
    findings = []
    unowned = int(parks["ownership"].isna().sum())
    if unowned:
        findings.append(_unowned(unowned))
    without = int((by_area.drop(index=context.area)["area_ha"] == 0).sum())
    if without:
        findings.append(_without_urban_area(without))
    return tuple(findings)


_NO_URBAN_AREAS = Finding(
    "warning",
    "no_urban_areas",
    "Belum ada kawasan perkotaan, jadi persentase RTH tidak dapat dihitung: ketentuan RTH berlaku untuk kawasan "
    "perkotaan, bukan seluruh wilayah.",
    "There are no urban areas, so the share of green space cannot be computed: the law's share is of urban areas, not "
    "of the whole regency.",
)
_NO_PARKS = Finding(
    "warning",
    "no_parks",
    "Belum ada data taman dan RTH, jadi persentase RTH tidak dapat dihitung.",
    "There is no data on parks and green space, so its share cannot be computed.",
)


def _without_urban_area(count: int) -> Finding:
    return Finding(
        "info",
        "districts_without_urban_area",
        f"{count} kecamatan tidak memiliki kawasan perkotaan, jadi tidak memiliki persentase RTH.",
        f"Districts without an urban area, hence without a share of green space: {count}.",
        count,
    )


def _unowned(count: int) -> Finding:
    return Finding(
        "warning",
        "parks_without_ownership",
        f"{count} taman atau RTH tanpa kepemilikan dihitung sebagai privat.",
        f"Counted as private, for want of an ownership: {count} of the parks and green spaces.",
        count,
    )


def _require_column(frame: gpd.GeoDataFrame, column: str) -> None:
    if column not in frame.columns:
        raise MissingColumn(f"Data tidak memiliki kolom {column}.", f"The data has no column {column}.")
