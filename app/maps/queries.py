"""What the map page and its pictures read beside the register: versions, extents, features to draw, months."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

import shapely
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.projects.filters import ProjectFilter
from app.projects.queries import matches, project_source
from gis.types import BBox
from layers.definition import LayerDefinition
from layers.identifiers import quote
from layers.tiles import past_rows, present_rows

if TYPE_CHECKING:
    import geopandas as gpd


@dataclass(frozen=True)
class Month:
    """How many works begin in a month; `share` (0-1) is of the busiest month."""

    first_day: date
    count: int
    share: float


def read_versions(session: Session) -> dict[str, int]:
    """Return the newest version of every layer."""
    rows = session.execute(text("SELECT layer, version FROM app.layer_versions"))
    return {row.layer: row.version for row in rows}


def read_extent(session: Session, layer: str) -> BBox | None:
    """Return the box of a layer's features (EPSG:4326), or None when it has none."""
    row = session.execute(
        text(
            "SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e)"
            f" FROM (SELECT ST_Extent(geom) AS e FROM layers.{quote(layer)}) box WHERE e IS NOT NULL"
        )
    ).one_or_none()
    return tuple(row) if row else None


def read_frame(
    session: Session,
    definition: LayerDefinition,
    *,
    bbox: BBox,
    zoom: int,
    limit: int,
    as_of: datetime | None = None,
    year: int | None = None,
) -> gpd.GeoDataFrame:
    """
    Return what of a layer lies in a box, as detailed as a zoom needs.

    Parameters
    ----------
    session
        Of the public's role.
    bbox
        (west, south, east, north), degrees.
    zoom
        Of the map that shows the same; it chooses the table of the band.
    limit
        Greatest number of rows.
    as_of
        Moment whose record is wanted; None for the newest.
    year
        Fiscal year of the works wanted, of a layer that says it; None for all.

    Returns
    -------
    frame
        EPSG:4326, with the columns that tiles of this zoom carry. Relies on the GiST index on `geom_3857`.
    """
    fields = definition.tile_fields(zoom)
    drawn = past_rows(definition, zoom, fields, ":as_of") if as_of else present_rows(definition, zoom)
    names = [field.name for field in fields]
    columns = ", ".join([*map(quote, names), f"ST_AsBinary(ST_Transform({drawn.geometry}, 4326)) AS geom"])
    conditions = ["geom_3857 && ST_Transform(ST_MakeEnvelope(:west, :south, :east, :north, 4326), 3857)"]
    conditions += [drawn.condition] if drawn.condition else []
    conditions += ["year = :year"] if year is not None and "year" in names else []
    rows = session.execute(
        text(f"SELECT {columns} FROM {drawn.relation} rows WHERE {' AND '.join(conditions)} LIMIT :limit"),
        {
            **dict(zip(("west", "south", "east", "north"), bbox, strict=True)),
            "limit": limit,
            "as_of": as_of,
            "year": year,
        },
    ).all()
    values = {name: [row[number] for row in rows] for number, name in enumerate(names)}
    geometry = shapely.from_wkb([bytes(row[-1]) for row in rows])
    import geopandas as gpd  # takes a second, which a start would feel

    return gpd.GeoDataFrame(values, geometry=gpd.GeoSeries(geometry, crs=4326), crs=4326)


def works_by_month(session: Session, criteria: ProjectFilter) -> list[Month]:
    """Count the works by the month in which they begin, from the first to the last, months without work among them."""
    projects = project_source(criteria)
    month = func.date_trunc("month", projects.c.start_date)
    statement = (
        select(month, func.count())
        .where(matches(projects, criteria.without("year")), projects.c.start_date.is_not(None))
        .group_by(month)
    )
    counts = {moment.date(): number for moment, number in session.execute(statement)}
    greatest = max(counts.values(), default=0)
    return [Month(day, counts.get(day, 0), counts.get(day, 0) / greatest) for day in _months(counts)]


def _months(found: Iterable[date]) -> list[date]:
    """Return every month of the years in which something begins."""
    years = [day.year for day in found]
    if not years:
        return []
    return [date(year, month, 1) for year in range(min(years), max(years) + 1) for month in range(1, 13)]


def read_area_names(session: Session, codes: Iterable[str]) -> dict[str, str]:
    """Return the names of areas by kode wilayah; the map's own names before those of the national list."""
    wanted = sorted(set(codes))
    statement = text(
        "SELECT code, name FROM app.areas WHERE code = ANY (:codes)"
        " UNION ALL SELECT code, name FROM layers.districts WHERE code = ANY (:codes)"
        " UNION ALL SELECT code, name FROM layers.villages WHERE code = ANY (:codes)"
    )
    return {row.code: row.name for row in session.execute(statement, {"codes": wanted})}


def read_districts(session: Session) -> list[tuple[str, str]]:
    """Return code and name of the districts, by name."""
    return [tuple(row) for row in session.execute(text("SELECT code, name FROM layers.districts ORDER BY name, code"))]


def matching_ids(session: Session, criteria: ProjectFilter, *, limit: int) -> list[int]:
    """Return the ids of the projects that the criteria let through, for the map's own filter."""
    projects = project_source(criteria)
    return list(
        session.scalars(select(projects.c.id).where(matches(projects, criteria)).order_by(projects.c.id).limit(limit))
    )


def read_years(session: Session, definition: LayerDefinition) -> list[int]:
    """Return the years in which a layer was surveyed, the newest first; empty for a layer without years."""
    if definition.year_field is None:
        return []
    field = quote(definition.year_field)
    # One index step or scan a year, not one row each: a layer may hold ten million segments of three surveys.
    table = f"layers.{quote(definition.id)}"
    earlier = f"SELECT max({field}) FROM {table} WHERE {field} < year"
    statement = (
        f"WITH RECURSIVE years AS (SELECT max({field}) AS year FROM {table}"
        f" UNION ALL SELECT ({earlier}) FROM years WHERE year IS NOT NULL)"
        " SELECT year FROM years WHERE year IS NOT NULL"
    )
    return list(session.scalars(text(statement)))
