"""Projects as GeoJSON: the properties that others may rely on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from app.projects.queries import Location, ProjectRow

# The contract of a list; a single project says more.
PROPERTIES = (
    "code", "name", "sector", "year", "status", "stage", "delay", "planned_percent", "physical_percent",
    "deviation_points", "ceiling_idr", "contract_value_idr", "district_codes", "village_codes",
)  # fmt: skip
MORE_PROPERTIES = ("contractor", "fund_source", "progress_date", "start_date", "end_date", "demo")
PERCENT_DECIMALS = 4  # hides what binary fractions add: 48.2 − 62 is −13.8


def project_feature(
    row: ProjectRow, geometry: dict[str, Any] | None, properties: Sequence[str] = PROPERTIES
) -> dict[str, Any]:
    """
    Return a project as a GeoJSON feature.

    Parameters
    ----------
    geometry
        GeoJSON in EPSG:4326; None while the works have no location.
    """
    return {
        "type": "Feature",
        "id": row.id,
        "geometry": geometry,
        "properties": {name: _plain(getattr(row, name)) for name in properties},
    }


def location_json(location: Location) -> dict[str, Any]:
    """Return a location of a project: which one it is, where, and how exactly (metres)."""
    return {"kind": location.kind, "accuracy_m": location.accuracy_m, "geometry": location.geometry}


def _plain(value: Any) -> Any:
    """Return a value as JSON knows it: whole rupiah without decimals, days as ISO 8601, percentages without noise."""
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, date):
        return value.isoformat()
    return round(value, PERCENT_DECIMALS) if isinstance(value, float) else value
