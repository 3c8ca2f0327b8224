"""Read what reports are computed from: frames of the layers, their versions and counts, and the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.reports.areas import ReportArea
from app.reports.report import RecordedRule
from gis.constants import WGS84_SRID
from gis.figures import Rule
from gis.types import BBox
from layers.history import as_of_source
from layers.identifiers import quote

Count = dict[tuple[str, str], int]  # (value of the field counted by, area code) → features


# Conditions of touching a regency, or a district; both rely on the GIN index on district_codes.
TOUCHING = {
    len("16.05"): "district_codes && ARRAY(SELECT code FROM layers.districts WHERE regency_code = :area)",
    len("16.05.09"): "district_codes @> ARRAY[CAST(:area AS text)]",
}


@dataclass(frozen=True)
class LayerState:
    """What is known of a layer at the moment of a report, without its rows."""

    version: int
    changed_at: datetime
    is_demo: bool


def read_frame(
    session: Session,
    layer: str,
    columns: Sequence[str],
    *,
    as_of: datetime | None = None,
    bbox: BBox | None = None,
    only: Mapping[str, Sequence[Any]] | None = None,
) -> gpd.GeoDataFrame:
    """
    Read a layer's rows as a frame in EPSG:4326, in the order of their ids.

    Parameters
    ----------
    layer
        Id from the catalogue.
    columns
        Columns beside the geometry.
    as_of
        Moment whose record is read; None for the newest.
    bbox
        Only features whose box meets it; may be more than truly lie there. Relies on the index on geom.
    only
        By column, the values that a row may have.

    Returns
    -------
    frame
        Empty, with its columns, when nothing fits.
    """
    selected = ", ".join([*(quote(column) for column in columns), "ST_AsBinary(geom)"])
    where, parameters = _where(bbox, only)
    source = _source(layer, ["id", "geom", *columns, *(only or {})], as_of)
    rows = session.execute(
        text(f"SELECT {selected} FROM {source} s WHERE {where} ORDER BY id"),
        {**parameters, "as_of": as_of},
    ).all()
    by_column = list(zip(*rows, strict=True)) or [()] * (len(columns) + 1)
    geometries = shapely.from_wkb(np.array(by_column[-1], dtype=object))
    content = {
        name: pd.Series(list(values), dtype=_dtype(values)) for name, values in zip(columns, by_column, strict=False)
    }
    return gpd.GeoDataFrame(content, geometry=gpd.GeoSeries(geometries), crs=WGS84_SRID)


def read_rows(
    session: Session,
    layer: str,
    columns: Sequence[str],
    *,
    as_of: datetime | None = None,
    only: Mapping[str, Sequence[Any]] | None = None,
) -> pd.DataFrame:
    """Read a layer's rows without geometry, in the order of their ids; see `read_frame`."""
    selected = ", ".join(quote(column) for column in columns)
    where, parameters = _where(None, only)
    source = _source(layer, ["id", *columns, *(only or {})], as_of)
    rows = session.execute(
        text(f"SELECT {selected} FROM {source} s WHERE {where} ORDER BY id"), {**parameters, "as_of": as_of}
    ).all()
    return pd.DataFrame(rows, columns=list(columns))


def read_layer_states(session: Session, layers: Sequence[str], as_of: datetime | None) -> dict[str, LayerState]:
    """
    Read version, time of the newest change and demonstration mark of several layers.

    The version of a past moment is the number of moments at which something was recorded by then: it too grows with
    every edit, and stays what it is.
    """
    return {layer: _past_state(session, layer, as_of) if as_of else _present_state(session, layer) for layer in layers}


def read_inputs_state(session: Session, layers: Sequence[str], tables: Sequence[str] = ()) -> tuple[Any, ...]:
    """Return what changes with every edit of the region's record, of one of the layers or tables, or of a rule."""
    region = session.execute(text("SELECT code, full_name, time_zone FROM app.region")).one_or_none()
    versions = session.execute(
        text("SELECT layer, version, changed_at FROM app.layer_versions WHERE layer = ANY (:layers) ORDER BY layer"),
        {"layers": list(layers)},
    ).all()
    rules = session.execute(text("SELECT max(valid_from), count(*) FROM app.rules")).one()
    recorded = tuple(tuple(read_table_state(session, one, None)) for one in tables)
    return (region and tuple(region), tuple(map(tuple, versions)), tuple(rules), *recorded)


def read_table_state(session: Session, table: str, as_of: datetime | None) -> Row[Any]:
    """
    Return the newest change of a recorded table by a moment (None when it never had a row), and how many there were.

    Parameters
    ----------
    table
        With its schema, as a report's definition names it; its history is `history.<name>`.
    """
    schema, _, name = table.partition(".")
    past = f"history.{quote(name)}"
    return session.execute(
        text(
            f"""
            SELECT max(moment) AS changed_at, count(*) AS version FROM (
                SELECT valid_from AS moment FROM {quote(schema)}.{quote(name)}
                UNION ALL SELECT valid_from FROM {past} UNION ALL SELECT valid_to FROM {past}
            ) moments WHERE moment <= coalesce(CAST(:as_of AS timestamptz), 'infinity')
            """
        ),
        {"as_of": as_of},
    ).one()


def count_features(
    session: Session,
    layer: str,
    *,
    area: str,
    is_region: bool,
    by: str | None = None,
    only: Mapping[str, Sequence[Any]] | None = None,
    as_of: datetime | None = None,
) -> Count:
    """
    Count the features that touch an area and each district in it, as the items of the layer find them.

    Parameters
    ----------
    area
        Code of the region, a regency or a district.
    by
        Field whose values are counted apart; the key's first part, "" for all together.
    only
        As for `read_frame`.
    """
    where, parameters = _where(None, only)
    columns = ["district_codes", *([by] if by else []), *(only or {})]
    source = _source(layer, columns, as_of)
    kind = quote(by) if by else "''"
    touching = "true" if is_region else TOUCHING[len(area)]
    whole = f"SELECT {kind}, :area, count(*) FROM {source} s WHERE {where} AND {touching} GROUP BY 1"
    parts = (
        f"SELECT {kind}, c, count(*) FROM {source} s, unnest(district_codes) c "
        f"WHERE {where} AND {touching} AND c <> :area AND starts_with(c, :area) GROUP BY 1, 2"
    )
    rows = session.execute(text(f"{whole} UNION ALL {parts}"), {**parameters, "area": area, "as_of": as_of})
    counts: Count = {}
    for value, code, number in rows:
        counts[str(value), code] = number
        if by:
            counts["", code] = counts.get(("", code), 0) + number
    return counts


def read_survey_years(session: Session, *, area: str, is_region: bool, as_of: datetime | None = None) -> list[int]:
    """Return the survey years of roads that touch an area, newest first."""
    source = _source("road_segments", ["survey_year", "district_codes"], as_of)
    touching = "true" if is_region else TOUCHING[len(area)]
    years = session.scalars(
        text(f"SELECT DISTINCT survey_year FROM {source} s WHERE {touching} ORDER BY 1 DESC"),
        {"area": area, "as_of": as_of},
    )
    return list(years)


def read_extent(session: Session, area: str) -> BBox | None:
    """Return the box (degrees) of the districts of an area; None when none is drawn."""
    row = session.execute(
        text(
            """
            SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box)
            FROM (SELECT ST_Extent(geom) AS box FROM layers.districts WHERE starts_with(code, :area)) d
            WHERE box IS NOT NULL
            """
        ),
        {"area": area},
    ).one_or_none()
    return (row[0], row[1], row[2], row[3]) if row else None


def has_rows(
    session: Session, layer: str, as_of: datetime | None, only: Mapping[str, Sequence[Any]] | None = None
) -> bool:
    """Tell whether a layer has any row, of those that `only` allows."""
    where, parameters = _where(None, only)
    source = _source(layer, ["id", *(only or {})], as_of)
    found = session.scalar(
        text(f"SELECT EXISTS (SELECT FROM {source} s WHERE {where})"), {**parameters, "as_of": as_of}
    )
    return bool(found)


def read_newest_date(
    session: Session,
    layer: str,
    column: str,
    *,
    as_of: datetime | None,
    only: Mapping[str, Sequence[Any]] | None = None,
) -> date | None:
    """Return the latest date in a column of a layer; None when there is none."""
    where, parameters = _where(None, only)
    source = _source(layer, [column, *(only or {})], as_of)
    newest: date | None = session.scalar(
        text(f"SELECT max({quote(column)}) FROM {source} s WHERE {where}"), {**parameters, "as_of": as_of}
    )
    return newest


def read_rules(
    session: Session, codes: Sequence[str] | None = None, *, on: date, as_of: datetime | None
) -> dict[str, RecordedRule]:
    """
    Read the rules in force on a day, as they were recorded at a moment.

    Before the first version of a rule, or the first record of it, the first counts: rules come with the software and
    are older than its installation, and figures of earlier years must be computed too.

    Parameters
    ----------
    codes
        Which rules; None for all.
    on
        The day that must lie between a rule's beginning and its end; of several, the one that began last is taken. One
        that begins after the day has `valid_from` to say so.
    as_of
        The moment; None for the newest record.
    """
    wanted = None if codes is None else list(codes)
    rows = session.execute(text(RULES), {"codes": wanted, "on": on, "as_of": as_of}).all()
    return {row.code: _recorded_rule(row) for row in rows}


def _recorded_rule(row: Any) -> RecordedRule:
    values = tuple(float(one) for one in (row.value if isinstance(row.value, list) else [row.value]))
    rule = Rule(
        code=row.code,
        value=values[0],
        unit=row.unit,
        legal_basis=row.legal_basis,
        version=row.version,
        status=row.status,
        valid_from=row.in_force_from,
        valid_to=row.in_force_until,
    )
    return RecordedRule(rule, row.title_id, row.title_en, row.valid_from, values)


def newest_change(
    states: Mapping[str, LayerState],
    rules: Mapping[str, RecordedRule],
    day: date,
    zone: ZoneInfo,
    others: Iterable[datetime | None] = (),
) -> datetime:
    """Return the newest recorded change among the inputs, or the day on which a rule came into force after it."""
    moments = [*(state.changed_at for state in states.values()), *(one for one in others if one is not None)]
    for one in rules.values():
        moments.append(one.recorded_at)
        begins = one.rule.valid_from
        if begins is not None and begins <= day:
            moments.append(datetime.combine(begins, time(), zone))
    return max(moments).astimezone(zone)


def read_area_names(session: Session, area: ReportArea) -> dict[str, str]:
    """Return the names of an area and its districts by code: as drawn, else as in the national list."""
    rows = session.execute(
        text("""
            SELECT code, name FROM app.areas WHERE code = ANY (:codes)
            UNION ALL SELECT code, name FROM layers.districts WHERE code = ANY (:codes)
        """),
        {"codes": list(area.districts)},
    )
    return {**{row.code: row.name for row in rows}, area.code: area.name}


RULE_COLUMNS = (
    "code, version, title_id, title_en, value, unit, legal_basis, status, in_force_from, in_force_until, valid_from"
)
RULES = f"""
    WITH asked AS (
        SELECT coalesce(CAST(:as_of AS timestamptz), 'infinity') AS moment, CAST(:on AS date) AS day
    ), recorded AS (
        SELECT {RULE_COLUMNS}, 'infinity' AS valid_to FROM app.rules
        WHERE CAST(:codes AS text[]) IS NULL OR code = ANY (:codes)
        UNION ALL
        SELECT {RULE_COLUMNS}, valid_to FROM history.rules
        WHERE (CAST(:codes AS text[]) IS NULL OR code = ANY (:codes)) AND CAST(:as_of AS timestamptz) IS NOT NULL
    ), known AS (
        SELECT DISTINCT ON (code, version) recorded.*, moment, day FROM recorded CROSS JOIN asked
        ORDER BY code, version, valid_from <= moment DESC,
            CASE WHEN valid_from <= moment THEN valid_from END DESC, valid_from
    )
    SELECT DISTINCT ON (code) {RULE_COLUMNS} FROM known
    WHERE (valid_to > moment OR valid_to = 'infinity') AND (in_force_until IS NULL OR in_force_until >= day)
        AND jsonb_typeof(value) IN ('number', 'array')
    ORDER BY code, in_force_from <= day DESC, abs(in_force_from - day), version DESC
"""


def _present_state(session: Session, layer: str) -> LayerState:
    row = session.execute(
        text(
            f"""
            SELECT version, changed_at, EXISTS (SELECT FROM layers.{quote(layer)} WHERE demo) AS is_demo
            FROM app.layer_versions WHERE layer = :layer
            """
        ),
        {"layer": layer},
    ).one()
    return LayerState(row.version, row.changed_at, row.is_demo)


def _past_state(session: Session, layer: str, as_of: datetime) -> LayerState:
    name = quote(layer)
    row = session.execute(
        text(
            f"""
            WITH moments AS (
                SELECT valid_from AS moment FROM layers.{name}
                UNION SELECT valid_from FROM history.{name} UNION SELECT valid_to FROM history.{name}
            )
            SELECT count(*) AS version, max(moment) AS changed_at,
                EXISTS (SELECT FROM {as_of_source(layer, ["demo"], ":as_of")} s WHERE demo) AS is_demo
            FROM moments WHERE moment <= :as_of
            """
        ),
        {"as_of": as_of},
    ).one()
    return LayerState(row.version, row.changed_at or as_of, row.is_demo)


def _source(layer: str, columns: Sequence[str], as_of: datetime | None) -> str:
    """Return the relation that holds a layer's rows, now or at the moment `:as_of`."""
    return f"layers.{quote(layer)}" if as_of is None else as_of_source(layer, dict.fromkeys(columns), ":as_of")


def _where(bbox: BBox | None, only: Mapping[str, Sequence[Any]] | None) -> tuple[str, dict[str, Any]]:
    conditions = ["true"]
    parameters: dict[str, Any] = {}
    if bbox is not None:
        conditions.append("geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)")
        parameters.update(zip(("west", "south", "east", "north"), bbox, strict=True))
    for column, values in (only or {}).items():
        conditions.append(f"{quote(column)} = ANY (:only_{column})")
        parameters[f"only_{column}"] = list(values)
    return " AND ".join(conditions), parameters


def _dtype(values: Sequence[Any]) -> str | None:
    """Keep columns of text, or of nothing at all, as plain objects: pandas would else guess a type of its own."""
    return "object" if all(value is None or isinstance(value, str) for value in values) else None
