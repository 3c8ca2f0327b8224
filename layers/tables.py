"""
The PostGIS tables of the built-in layers: columns, types, constraints.

Everything else about a layer is said in its definition. The migrations make these tables; `layers.derived` makes what
follows from the definitions (band tables, rights). `projects` is a view on the application's register.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from layers.catalogue import Catalogue
from layers.errors import InvalidDefinition

GeometryType = Literal["POINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRY"]

metadata = MetaData(schema="layers")

# Columns that every layer has and no definition describes.
COMMON_COLUMNS = frozenset(
    {
        "id",
        "geom",
        "geom_3857",
        "anchor_3857",
        "district_codes",
        "village_codes",
        "demo",
        "source",
        "valid_from",
        "changed_by",
        "search_text",
    }
)


def layer_table(
    name: str, geometry: GeometryType, *columns: Any, anchor: bool = False, area_codes: bool = True
) -> Table:
    """
    Declare the table of a layer.

    Parameters
    ----------
    name
        Id of the layer.
    geometry
        Type of `geom` (EPSG:4326). `geom_3857` is the same in Web Mercator, kept by the database.
    columns
        The layer's own columns and constraints.
    anchor
        Whether a point inside each feature is kept for its label (`anchor_3857`).
    area_codes
        Whether rows carry the codes of the districts and villages they touch.
    """
    return Table(
        name,
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True),
        *columns,
        *([Column("district_codes", ARRAY(Text)), Column("village_codes", ARRAY(Text))] if area_codes else []),
        *row_columns(),
        *geometry_columns(geometry, anchor=anchor),
        Index(f"{name}_geom_3857_idx", "geom_3857", postgresql_using="gist"),
        Index(f"{name}_geom_idx", "geom", postgresql_using="gist"),
        *([Index(f"{name}_district_codes_idx", "district_codes", postgresql_using="gin")] if area_codes else []),
    )


def row_columns() -> list[Column[Any]]:
    """Return the columns that tell where a row's version comes from."""
    return [
        Column("demo", Boolean, nullable=False, server_default=text("false")),
        Column("source", Text),
        Column("valid_from", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        Column("changed_by", Text, nullable=False, server_default=text("app.actor()")),
    ]


def geometry_columns(geometry: GeometryType, *, anchor: bool, nullable: bool = False) -> list[Column[Any]]:
    """Return `geom` (EPSG:4326), its Web Mercator copy, and the anchor point where wanted."""
    columns: list[Column[Any]] = [
        Column("geom", Geometry(geometry, srid=4326, spatial_index=False), nullable=nullable),
        Column(
            "geom_3857",
            Geometry(geometry, srid=3857, spatial_index=False),
            Computed("st_transform(geom, 3857)", persisted=True),
        ),
    ]
    if anchor:
        columns.append(
            Column(
                "anchor_3857",
                Geometry("POINT", srid=3857, spatial_index=False),
                Computed("st_transform(st_pointonsurface(geom), 3857)", persisted=True),
            )
        )
    return columns


def measured_length() -> Column[Any]:
    """Return the column of the length on the ellipsoid (metres), kept by the database."""
    return Column("length_m", Double, Computed("st_length(geom::geography)", persisted=True))


def measured_area() -> Column[Any]:
    """Return the column of the area on the ellipsoid (square metres), kept by the database."""
    return Column("area_m2", Double, Computed("st_area(geom::geography)", persisted=True))


districts = layer_table(
    "districts",
    "MULTIPOLYGON",
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("regency_code", Text, Computed("substr(code, 1, 5)", persisted=True)),
    Column("bps_code", Text),
    Column("legal_area_km2", Double),
    Column("legal_area_source", Text),
    measured_area(),
    CheckConstraint(r"code ~ '^\d\d\.\d\d\.\d\d$'", name="districts_code_form"),
    anchor=True,
    area_codes=False,
)

villages = layer_table(
    "villages",
    "MULTIPOLYGON",
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("kind", Text),
    Column("district_code", Text, Computed("substr(code, 1, 8)", persisted=True)),
    Column("regency_code", Text, Computed("substr(code, 1, 5)", persisted=True)),
    Column("bps_code", Text),
    Column("legal_area_km2", Double),
    measured_area(),
    CheckConstraint(r"code ~ '^\d\d\.\d\d\.\d\d\.\d{4}$'", name="villages_code_form"),
    Index("villages_district_code_idx", "district_code"),
    anchor=True,
    area_codes=False,
)

urban_areas = layer_table(
    "urban_areas",
    "MULTIPOLYGON",
    Column("name", Text, nullable=False),
    Column("legal_basis", Text),
    measured_area(),
    anchor=True,
)

roads = layer_table(
    "roads",
    "MULTILINESTRING",
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("start_point", Text),
    Column("end_point", Text),
    Column("length_sk_m", Double, nullable=False),
    measured_length(),
    Column("width_m", Double),
    Column("system", Text),
    Column("function", Text),
    Column("status", Text, nullable=False),
    Column("road_class", Text),
    Column("surface", Text),
    Column("condition", Text, nullable=False, server_default=text("'unsurveyed'")),
    Column("daily_traffic", Integer),
    Column("sk_number", Text),
    Column("sk_date", Date),
    Column("in_force_until", Date),
    CheckConstraint("length_sk_m > 0", name="roads_length_positive"),
)

road_segments = layer_table(
    "road_segments",
    "MULTILINESTRING",
    Column("road_code", Text, nullable=False),
    Column("sta_from_m", Double, nullable=False),
    Column("sta_to_m", Double, nullable=False),
    Column("survey_year", Integer, nullable=False),
    Column("survey_date", Date),
    Column("condition", Text, nullable=False, server_default=text("'unsurveyed'")),
    Column("surface", Text),
    Column("iri", Double),
    Column("sdi", Double),
    Column("survey_method", Text),
    measured_length(),
    CheckConstraint("sta_from_m >= 0 and sta_to_m > sta_from_m", name="road_segments_sta_order"),
    Index("road_segments_road_idx", "road_code", "survey_year", "sta_from_m"),
)

streets = layer_table(
    "streets",
    "MULTILINESTRING",
    Column("name", Text),
    Column("class", Text, nullable=False, server_default=text("'other'")),
    Column("surface", Text),
    Column("oneway", Boolean),
    Column("lanes", Integer),
    measured_length(),
)

bridges = layer_table(
    "bridges",
    "POINT",
    Column("code", Text),
    Column("name", Text, nullable=False),
    Column("road_code", Text),
    Column("sta_m", Double),
    Column("length_m", Double),
    Column("width_m", Double),
    Column("spans", Integer),
    Column("superstructure", Text),
    Column("condition_value", Text),
    Column("year_built", Integer),
    Column("survey_year", Integer),
)

parks = layer_table(
    "parks",
    "MULTIPOLYGON",
    Column("code", Text),
    Column("name", Text, nullable=False),
    Column("typology", Text),
    Column("ownership", Text, nullable=False),
    Column("manager", Text),
    Column("legal_basis", Text),
    measured_area(),
    anchor=True,
)

facilities = layer_table(
    "facilities",
    "POINT",
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("address", Text),
    Column("capacity", Integer),
)

plans = Table(
    "plans",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("scale", Integer, nullable=False),  # denominator: 50000 for 1:50 000
    Column("legal_basis", Text),
    Column("in_force_from", Date),
    Column("in_force_until", Date),
    Column(
        "activity_matrix", JSONB, nullable=False, server_default=text("'{}'::jsonb")
    ),  # activity → zone → I, T, B or X
    *row_columns(),
)

plan_zones = layer_table(
    "plan_zones",
    "MULTIPOLYGON",
    Column("plan_code", Text, ForeignKey("layers.plans.code")),
    Column("zone_code", Text, nullable=False),
    Column("zone_name", Text, nullable=False),
    Column("remark", Text),
    measured_area(),
    anchor=True,
)

water = layer_table(
    "water",
    "GEOMETRY",
    Column("name", Text),
    Column("kind", Text, nullable=False, server_default=text("'river'")),
)

places = layer_table(
    "places",
    "POINT",
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("population", Integer),
)

buildings = layer_table(
    "buildings",
    "MULTIPOLYGON",
    Column("name", Text),
    Column("kind", Text),
    Column("levels", Integer),
    Column("amenity", Text),
    measured_area(),
)

population = Table(
    "population",
    metadata,
    Column("area_code", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("population", Integer, nullable=False),
    Column("households", Integer),
    Column("male", Integer),
    Column("female", Integer),
    *row_columns(),
    PrimaryKeyConstraint("area_code", "year", name="population_pkey"),
    CheckConstraint("population >= 0", name="population_not_negative"),
)

LAYER_TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.name: table
        for table in (
            districts, villages, urban_areas, roads, road_segments, streets, bridges, parks, facilities, plan_zones,
            water, places, buildings,
        )
    }
)  # fmt: skip

# The view of the register; its columns are what the definition of `projects` names.
projects_view = Table(
    "projects",
    MetaData(schema="layers"),
    Column("id", BigInteger, primary_key=True),
    Column("code", Text),
    Column("name", Text),
    Column("sector", Text),
    Column("year", Integer),
    Column("status", Text),
    Column("stage", Text),
    Column("delay", Text),
    Column("ceiling_idr", Numeric(18, 2)),
    Column("contract_value_idr", Numeric(18, 2)),
    Column("contractor", Text),
    Column("fund_source", Text),
    Column("planned_percent", Double),
    Column("physical_percent", Double),
    Column("deviation_points", Double),
    Column("progress_date", Date),
    Column("start_date", Date),
    Column("end_date", Date),
    Column("district_codes", ARRAY(Text)),
    Column("village_codes", ARRAY(Text)),
    Column("demo", Boolean),
    Column("source", Text),
    Column("valid_from", DateTime(timezone=True)),
    Column("changed_by", Text),
    Column("geom", Geometry("GEOMETRY", srid=4326, spatial_index=False)),
    Column("geom_3857", Geometry("GEOMETRY", srid=3857, spatial_index=False)),
    Column("anchor_3857", Geometry("POINT", srid=3857, spatial_index=False)),
    Column("paid_idr", Numeric(18, 2)),
    Column("this_year_ceiling_idr", Numeric(18, 2)),
    Column("search_text", Text),  # folded once, when a row is written
)


# The register itself, as far as a file can fill it; the rest of its columns the database and the application keep.
register = Table(
    "project",
    MetaData(schema="app"),
    Column("id", BigInteger, primary_key=True),
    Column("code", Text, unique=True, nullable=False),
    Column("name", Text, nullable=False),
    Column("sector", Text, nullable=False, server_default="other"),
    Column("year", Integer, nullable=False),
    Column("status", Text, nullable=False, server_default="planned"),
    Column("ceiling_idr", Numeric(18, 2)),
    Column("contract_value_idr", Numeric(18, 2)),
    Column("contractor", Text),
    Column("fund_source", Text),
    Column("planned_percent", Double),
    Column("physical_percent", Double),
    Column("progress_date", Date),
    Column("start_date", Date),
    Column("end_date", Date),
    *row_columns(),
    Column("geom", Geometry("GEOMETRY", srid=4326, spatial_index=False)),
)


def stored_table(layer_id: str) -> Table:
    """Return the table that rows of a layer are written to: its own, or the register; `KeyError` for an unknown id."""
    return register if layer_id == "projects" else LAYER_TABLES[layer_id]


def table_of(layer_id: str) -> Table:
    """Return the table or view that holds a layer; `KeyError` for an unknown id."""
    return projects_view if layer_id == "projects" else LAYER_TABLES[layer_id]


def check_against_definitions(catalogue: Catalogue) -> None:
    """
    Check that definitions and tables speak of the same columns.

    Raises
    ------
    InvalidDefinition
        When a definition names a column that its table lacks, or leaves one out.
    """
    for definition in catalogue:
        columns = set(table_of(definition.id).columns.keys()) - COMMON_COLUMNS
        fields = {field.name for field in definition.fields}
        if columns != fields:
            difference = ", ".join(sorted(columns ^ fields))
            raise InvalidDefinition(
                f"Definisi dan tabel lapisan {definition.id} tidak sama: {difference}.",
                f"Definition and table of layer {definition.id} differ: {difference}.",
            )
