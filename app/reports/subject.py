"""What one computation of the coverage report reads: area, moment, boundaries, versions and rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import geopandas as gpd
from sqlalchemy.orm import Session

from app.admin.region import kind_of
from app.reports.areas import ReportArea
from app.reports.queries import LayerState, RecordedRule
from gis.figures import FigureContext, Rule
from gis.road_condition import CONDITION_CLASSES

STREET_UNITS = {"streets.length_km": "km", "streets.density_km_per_km2": "km/km2"}
CONDITION_IDS = {f"roads.length_km.{condition}": condition for condition in CONDITION_CLASSES}
ROAD_UNITS = {"roads.length_km": "km", **dict.fromkeys(CONDITION_IDS, "km"), "roads.kemantapan": "percent"}
GREEN_UNITS = {"green.public_percent": "percent", "green.total_percent": "percent", "green.public_ha": "ha"}
FIGURE_UNITS = {**STREET_UNITS, **ROAD_UNITS, **GREEN_UNITS}  # every figure of the report, in its order

ROAD_STATUS = {"regency": "regency", "city": "city"}  # kind of the area → status of its own roads


@dataclass(frozen=True)
class Subject:
    """What all parts of one computation need: the area, its districts as drawn, the moment, layers and rules."""

    session: Session
    area: ReportArea
    year: int | None
    as_of: datetime | None
    districts: gpd.GeoDataFrame  # of the whole region
    states: Mapping[str, LayerState]
    rules: Mapping[str, RecordedRule]

    @property
    def drawn(self) -> tuple[str, ...]:
        """Codes of the area's districts that have a boundary."""
        known = set(self.districts["code"])
        return tuple(code for code in self.area.districts if code in known)

    @property
    def within(self) -> gpd.GeoDataFrame:
        """Boundaries of the area's districts."""
        return self.districts[self.districts["code"].isin(self.area.districts)]

    @property
    def statuses(self) -> list[str]:
        """Statuses of the roads that the area's own governments keep: of the regency, in a city of the city."""
        return sorted({ROAD_STATUS[kind_of(code[:5])] for code in self.area.districts or (self.area.code,)})

    def rule(self, code: str) -> Rule:
        """Return a rule that is known to be there."""
        return self.rules[code].rule

    def context(self, layer: str) -> FigureContext:
        """Return what the figures about a layer share; what differs from figure to figure is filled in at the end."""
        zone = ZoneInfo(self.area.time_zone)
        return FigureContext(self.area.code, data_date=self.states[layer].changed_at.astimezone(zone).date())
