"""Read what data there is, and single features of any layer, in the public's role and as of any moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, literal_column, select, text
from sqlalchemy.orm import Session

from layers.catalogue import built_in_catalogue
from layers.definition import LayerDefinition
from layers.history import layer_rows
from layers.identifiers import quote
from layers.sync import base_table
from layers.tables import table_of

COUNTED_EXACTLY = 100_000  # rows; of larger tables the planner's estimate is shown, which costs nothing
LARGEST_ID = 2**63 - 1
ROW_COLUMNS = ("district_codes", "village_codes", "demo", "valid_from")


@dataclass(frozen=True)
class LayerState:
    """How many features a layer has (`is_exact`: counted, else estimated), and when it was last edited."""

    features: int
    is_exact: bool
    changed_at: datetime
    version: int


@dataclass(frozen=True)
class Feature:
    """One feature: its public values by field, the areas it touches, where it lies (EPSG:4326; None: nowhere yet)."""

    layer: str
    id: int
    values: Mapping[str, Any]
    district_codes: tuple[str, ...]
    village_codes: tuple[str, ...]
    demo: bool
    recorded_at: datetime
    geometry: BaseGeometry | None


@dataclass(frozen=True)
class Population:
    """Residents of an area in a year."""

    persons: int
    year: int


def read_layer_states(session: Session) -> dict[str, LayerState]:
    """Return the state of every public layer, by its id, in two queries."""
    layers = {one.id: base_table(one).replace('"', "") for one in built_in_catalogue() if one.access == "public"}
    rows = session.execute(
        text("""
            SELECT v.layer, v.version, v.changed_at, greatest(c.reltuples, 0)::bigint AS estimate
            FROM app.layer_versions v
            JOIN unnest(CAST(:layers AS text[]), CAST(:tables AS text[])) AS t(layer, name) USING (layer)
            JOIN pg_class c ON c.oid = to_regclass(t.name)
        """),
        {"layers": list(layers), "tables": list(layers.values())},
    ).all()
    small = [row.layer for row in rows if row.estimate <= COUNTED_EXACTLY]
    counts = _count(session, small)
    return {
        row.layer: LayerState(
            features=counts.get(row.layer, row.estimate),
            is_exact=row.layer in counts,
            changed_at=row.changed_at,
            version=row.version,
        )
        for row in rows
    }


def read_feature(
    session: Session, definition: LayerDefinition, feature_id: int, as_of: datetime | None = None
) -> Feature | None:
    """Return a feature with what the public may read of it, as it is now or was recorded at a moment; None without."""
    if feature_id > LARGEST_ID:
        return None
    present = table_of(definition.id).columns.keys()
    fields = [field.name for field in definition.fields_for("public")]
    extra = [name for name in ROW_COLUMNS if name in present]
    rows = layer_rows(definition.id, ("id", "geom", *fields, *extra), as_of)
    geometry = func.ST_AsBinary(literal_column(f"{quote(definition.id)}.geom")).label("shape")
    names = dict.fromkeys([*fields, *extra])
    statement = select(*(rows.c[name] for name in names), geometry).where(rows.c.id == feature_id)
    row = session.execute(statement).mappings().one_or_none()
    if row is None:
        return None
    return Feature(
        layer=definition.id,
        id=feature_id,
        values={name: row[name] for name in fields},
        district_codes=tuple(row.get("district_codes") or ([row["district_code"]] if "district_code" in row else ())),
        village_codes=tuple(row.get("village_codes") or ()),
        demo=row["demo"],
        recorded_at=row["valid_from"],
        geometry=None if row["shape"] is None else shapely.from_wkb(bytes(row["shape"])),
    )


def read_population(session: Session, area_code: str) -> Population | None:
    """Return the newest count of residents of an area, or None."""
    row = session.execute(
        text("SELECT population, year FROM layers.population WHERE area_code = :code ORDER BY year DESC LIMIT 1"),
        {"code": area_code},
    ).one_or_none()
    return None if row is None else Population(row.population, row.year)


def _count(session: Session, layers: list[str]) -> dict[str, int]:
    """Count the features of some layers in one query."""
    if not layers:
        return {}
    parts = " UNION ALL ".join(f"SELECT '{layer}', count(*) FROM layers.{quote(layer)}" for layer in layers)
    return dict(session.execute(text(parts)).all())
