"""Read features of a layer as GeoJSON, in the public's role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.errors import InvalidRequest, NotFound
from app.ogc.forms import OWN_CODE_PARAMETERS, ItemQuery
from gis.types import BBox
from layers.definition import LayerDefinition
from layers.history import as_of_source
from layers.identifiers import quote
from layers.tables import table_of

DECIMALS = 7  # of a coordinate in degrees: about 1 cm
ROW_PROPERTIES = ("district_codes", "village_codes", "demo")  # beside the public fields of the definition
QUERY_CANCELED = "57014"  # PostgreSQL's SQLSTATE
AREA_CONDITIONS = {
    # All rely on the GIN index on district_codes, which serves && and @>.
    "regency_code": (
        "district_codes && ARRAY(SELECT code FROM layers.districts WHERE regency_code = :area_regency_code)"
    ),
    "district_code": "district_codes @> ARRAY[CAST(:area_district_code AS text)]",
    "village_code": (
        "district_codes @> ARRAY[substr(CAST(:area_village_code AS text), 1, 8)]"
        " AND village_codes @> ARRAY[CAST(:area_village_code AS text)]"
    ),
}
OWN_CODE_CONDITIONS = {"district_code": "code = :area_district_code", "village_code": "code = :area_village_code"}


# RFC 7946 wants outer rings anticlockwise. ST_ForcePolygonCCW would turn lines round too, against their stationing.
_TURNED = "ST_ForcePolygonCCW(geom)"
GEOMETRY = {
    "point": "geom",
    "line": "geom",
    "polygon": _TURNED,
    "any": f"CASE WHEN GeometryType(geom) IN ('POLYGON', 'MULTIPOLYGON') THEN {_TURNED} ELSE geom END",
}


@dataclass(frozen=True)
class ItemPage:
    """A page of GeoJSON features, each as text; `next_after` is None on the last page, `matched` when not counted."""

    features: list[str]
    next_after: int | None
    matched: int | None


def read_items(session: Session, definition: LayerDefinition, query: ItemQuery, *, timeout_ms: int) -> ItemPage:
    """
    Read one page of features, in the order of their ids.

    Parameters
    ----------
    session
        Of the public's role.
    definition
        The layer, which must be public.
    query
        Filters, page and moment.
    timeout_ms
        How long the database may take (milliseconds).

    Raises
    ------
    InvalidRequest
        When the database needs longer than that.
    """
    conditions, parameters = _conditions(definition, query)
    after = [] if query.after is None else ["id > :after"]
    statement = (
        f"SELECT id, {_feature_expression(definition)} FROM {_source(definition, query)} s "
        f"WHERE {' AND '.join([*conditions, *after])} ORDER BY id LIMIT :wanted"
    )
    with _at_most(session, timeout_ms):
        rows = session.execute(text(statement), {**parameters, "after": query.after, "wanted": query.limit + 1}).all()
        page = rows[: query.limit]
        is_last = len(rows) <= query.limit
        matched = len(page) if is_last and query.after is None else None
        if query.count and matched is None:
            count = f"SELECT count(*) FROM {_source(definition, query)} s WHERE {' AND '.join(conditions)}"
            matched = session.scalar(text(count), parameters)
    return ItemPage([row[1] for row in page], None if is_last else page[-1][0], matched)


def read_item(session: Session, definition: LayerDefinition, feature_id: int, query: ItemQuery) -> str:
    """
    Read one feature as GeoJSON text.

    Raises
    ------
    NotFound
        When the layer has no feature of this id, or had none at the moment asked for.
    """
    statement = f"SELECT {_feature_expression(definition)} FROM {_source(definition, query)} s WHERE id = :id"
    feature: str | None = session.scalar(text(statement), {"id": feature_id, "as_of": query.as_of})
    if feature is None:
        raise NotFound(
            f"Lapisan {definition.id} tidak memiliki unsur dengan id {feature_id}.",
            f"The layer {definition.id} has no feature with the id {feature_id}.",
        )
    return feature


def read_version(session: Session, layer: str) -> int:
    """Return the newest version of a layer: it grows with every edit."""
    version = session.scalar(text("SELECT version FROM app.layer_versions WHERE layer = :layer"), {"layer": layer})
    return int(version or 0)


def read_time_zone(session: Session) -> str:
    """Return the region's time zone (IANA name); Jakarta's before there is a region."""
    return session.scalar(text("SELECT time_zone FROM app.region")) or "Asia/Jakarta"


def read_region_bbox(session: Session) -> BBox | None:
    """Return the region's box in degrees; None before there is a region."""
    row = session.execute(
        text("SELECT ST_XMin(bbox), ST_YMin(bbox), ST_XMax(bbox), ST_YMax(bbox) FROM app.region")
    ).one_or_none()
    return (row[0], row[1], row[2], row[3]) if row else None


def property_names(definition: LayerDefinition) -> tuple[str, ...]:
    """Return the columns that are a feature's properties: public fields, areas it touches, whether it is an example."""
    columns = table_of(definition.id).columns.keys()
    rows = [name for name in ROW_PROPERTIES if name in columns]
    return tuple(dict.fromkeys([*(one.name for one in definition.fields_for("public")), *rows]))


def _source(definition: LayerDefinition, query: ItemQuery) -> str:
    """Return the relation that holds the rows: the layer, or what was recorded of it by a moment."""
    if query.as_of is None:
        return f"layers.{quote(definition.id)}"
    return as_of_source(definition.id, ["id", "geom", *property_names(definition)], ":as_of")


def _feature_expression(definition: LayerDefinition) -> str:
    """Return the SQL that makes a row a GeoJSON feature; rings turn as RFC 7946 wants."""
    properties = ", ".join(quote(name) for name in property_names(definition))
    return (
        "json_build_object('type', 'Feature', 'id', id, "
        f"'geometry', ST_AsGeoJSON({GEOMETRY[definition.geometry]}, {DECIMALS})::json, "
        f"'properties', (SELECT row_to_json(p) FROM (SELECT {properties}) p))::text"
    )


def _conditions(definition: LayerDefinition, query: ItemQuery) -> tuple[list[str], dict[str, Any]]:
    """Return the conditions of a query, without its page, and the parameters they need."""
    conditions = ["true"]
    parameters: dict[str, Any] = {"as_of": query.as_of}
    area_conditions = OWN_CODE_CONDITIONS if definition.id in OWN_CODE_PARAMETERS else AREA_CONDITIONS
    if query.bbox is not None:
        condition, box = _box_condition(query.bbox)
        conditions.append(condition)
        parameters.update(box)
    for name, value in query.equal.items():
        conditions.append(f"{quote(name)} = :equal_{name}")
        parameters[f"equal_{name}"] = value
    for name, code in query.areas.items():
        conditions.append(area_conditions[name])
        parameters[f"area_{name}"] = code
    return conditions, parameters


def _box_condition(bbox: BBox) -> tuple[str, dict[str, float]]:
    """Return the condition of lying in a box, which relies on the index on geom; one across 180° is two boxes."""
    west, south, east, north = bbox
    numbers = {"west": west, "south": south, "east": east, "north": north}
    if west <= east:
        return "ST_Intersects(geom, ST_MakeEnvelope(:west, :south, :east, :north, 4326))", numbers
    return (
        "(ST_Intersects(geom, ST_MakeEnvelope(:west, :south, 180, :north, 4326))"
        " OR ST_Intersects(geom, ST_MakeEnvelope(-180, :south, :east, :north, 4326)))"
    ), numbers


@contextmanager
def _at_most(session: Session, timeout_ms: int) -> Iterator[None]:
    """Let the statements inside take this long; what takes longer is refused with a sentence."""
    session.execute(text("SELECT set_config('statement_timeout', :timeout, true)"), {"timeout": str(timeout_ms)})
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != QUERY_CANCELED:
            raise
        raise InvalidRequest(
            "Permintaan ini terlalu besar untuk dijawab sekaligus. Perkecil bbox atau tambahkan saringan.",
            "This request is too large to be answered at once. Use a smaller bbox or add a filter.",
        ) from error
