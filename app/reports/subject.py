"""What one computation of a report reads: area, moment, boundaries, layers, rules, people and what was chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.admin.region import kind_of
from app.reports.areas import ReportArea
from app.reports.definition import ReportDefinition, Value
from app.reports.queries import (
    LayerState,
    read_frame,
    read_layer_states,
    read_rows,
    read_rules,
    read_survey_years,
    read_table_state,
)
from app.reports.report import RecordedRule, Words
from gis.figures import FigureContext, Rule
from gis.types import BBox
from layers.history import as_of_source

ROAD_STATUS = {"regency": "regency", "city": "city"}  # kind of the area → status of its own roads
DISTRICT_COLUMNS = ("code", "name", "legal_area_km2", "legal_area_source")
Step = Callable[[str | Words, float], None]
Result = TypeVar("Result")


def no_step(doing: str | Words, percent: float) -> None:
    """Nobody waits for the steps of this computation."""


class MissingRule(Exception):
    """A rule that figures need is not in force; the message is its code."""


@dataclass(frozen=True)
class Subject:
    """
    What one computation reads and how.

    `session` is of the public's role; `staff` reads the whole register, for those who may, and is None otherwise.
    """

    session: Session
    definition: ReportDefinition
    area: ReportArea
    asked_year: int | None
    as_of: datetime | None
    today: date
    settings: Mapping[str, Value] = field(default_factory=dict)
    staff: Session | None = None
    on_step: Step = no_step
    used_rules: dict[str, RecordedRule] = field(default_factory=dict)
    shared: dict[object, Any] = field(default_factory=dict)  # what parts of one report compute once, never altered

    def once(self, key: object, compute: Callable[[], Result]) -> Result:
        """Return what is computed once for all parts of a report about one area, year and moment."""
        whole = (key, self.area.code, self.asked_year, self.as_of)
        if whole not in self.shared:
            self.shared[whole] = compute()
        found: Result = self.shared[whole]
        return found

    def step(self, doing: str | Words, percent: float) -> None:
        """
        Tell who waits what is being done, and how much of all has been done (0 to 100).

        Raises
        ------
        Cancelled
            When nobody wants the report any more.
        """
        self.on_step(doing, percent)

    @property
    def zone(self) -> ZoneInfo:
        """The region's time zone."""
        return ZoneInfo(self.area.time_zone)

    @property
    def day(self) -> date:
        """The region's day that the report is about: of its moment, else today."""
        return self.as_of.astimezone(self.zone).date() if self.as_of else self.today

    @property
    def codes(self) -> list[str]:
        """Codes of the area and then of its districts."""
        return list(dict.fromkeys([self.area.code, *self.area.districts]))

    @cached_property
    def districts(self) -> gpd.GeoDataFrame:
        """Boundaries of all districts of the region: code, name, legal area and its source."""
        return self.frame("districts", DISTRICT_COLUMNS)

    @cached_property
    def within(self) -> gpd.GeoDataFrame:
        """Boundaries of the area's districts."""
        return self.districts[self.districts["code"].isin(self.area.districts)]

    @cached_property
    def drawn(self) -> tuple[str, ...]:
        """Codes of the area's districts that have a boundary."""
        known = set(self.districts["code"])
        return tuple(code for code in self.area.districts if code in known)

    @cached_property
    def villages(self) -> gpd.GeoDataFrame:
        """Boundaries of the area's villages: code, name, district_code; in the order of their codes."""
        columns = ("code", "name", "district_code")
        only = None if self.area.is_region else {"district_code": list(self.area.districts)}
        return self.frame("villages", columns, only=only).sort_values("code", ignore_index=True)

    @property
    def statuses(self) -> list[str]:
        """Statuses of the roads that the area's own governments keep: of the regency, in a city of the city."""
        return sorted({ROAD_STATUS[kind_of(code[:5])] for code in self.area.districts or (self.area.code,)})

    @cached_property
    def survey_year(self) -> int | None:
        """The survey year of road conditions: as asked, else the newest of the area; None when there is no survey."""
        if self.asked_year is not None:
            return self.asked_year
        years = read_survey_years(self.session, area=self.area.code, is_region=self.area.is_region, as_of=self.as_of)
        return years[0] if years else None

    @property
    def fiscal_year(self) -> int:
        """The fiscal year: as asked, else that of the report's day."""
        return self.asked_year if self.asked_year is not None else self.day.year

    @cached_property
    def states(self) -> dict[str, LayerState]:
        """Version, newest change and demonstration mark of each layer that the report reads."""
        return read_layer_states(self.session, self.definition.layers, self.as_of)

    @cached_property
    def table_states(self) -> dict[str, Any]:
        """`changed_at` and `version` of each recorded table beside the layers, by its name without schema."""
        session = self.staff or self.session
        return {one.rpartition(".")[2]: read_table_state(session, one, self.as_of) for one in self.definition.tables}

    def frame(
        self,
        layer: str,
        columns: Sequence[str],
        *,
        only: Mapping[str, Sequence[Any]] | None = None,
        bbox: BBox | None = None,
    ) -> gpd.GeoDataFrame:
        """Read a layer's rows with geometry (EPSG:4326) as recorded at the moment; see `queries.read_frame`."""
        return read_frame(self.session, layer, columns, as_of=self.as_of, only=only, bbox=bbox)

    def rows(
        self, layer: str, columns: Sequence[str], *, only: Mapping[str, Sequence[Any]] | None = None
    ) -> pd.DataFrame:
        """Read a layer's rows without geometry as recorded at the moment."""
        return read_rows(self.session, layer, columns, as_of=self.as_of, only=only)

    @cached_property
    def _rules(self) -> dict[str, RecordedRule]:
        return read_rules(self.session, on=self.day, as_of=self.as_of)

    def rule(self, code: str) -> Rule | None:
        """Return a rule in force on the report's day, and note that it was used; None when there is none."""
        recorded_rule = self._rules.get(code)
        if recorded_rule is None:
            return None
        self.used_rules[code] = recorded_rule
        return recorded_rule.rule

    def in_force(self, code: str) -> Rule | None:
        """Return a rule in force on the report's day, of which no figure is made; None when there is none."""
        found = self._rules.get(code)
        return found.rule if found else None

    def known_rule(self, code: str) -> Rule:
        """Return a rule that the report cannot do without; `MissingRule` when it is not in force."""
        found = self.rule(code)
        if found is None:
            raise MissingRule(code)
        return found

    def rule_values(self, code: str) -> tuple[float, ...]:
        """Return all numbers of a rule, and note that it was used; empty when there is none."""
        return self._rules[code].values if self.rule(code) is not None else ()

    def missing(self, codes: Sequence[str]) -> list[str]:
        """Return which of these rules are not in force, and note that the others are used."""
        return [code for code in codes if self.rule(code) is None]

    def population(self, year: int | None = None) -> pd.DataFrame:
        """
        Return how many people live where, as recorded at the moment.

        Parameters
        ----------
        year
            Of the count; None for every year.

        Returns
        -------
        people
            Columns area_code (of villages, districts and the region), year, population, source, demo; empty when
            nothing is recorded.
        """
        columns = ("area_code", "year", "population", "source", "demo")
        source = "layers.population" if self.as_of is None else as_of_source("population", columns, ":as_of")
        rows = self.session.execute(
            text(f"""
                SELECT {", ".join(columns)} FROM {source} p
                WHERE starts_with(area_code, :area) AND (CAST(:year AS integer) IS NULL OR year = :year)
                ORDER BY area_code, year
            """),
            {"area": self.area.code, "year": year, "as_of": self.as_of},
        ).all()
        return pd.DataFrame(rows, columns=list(columns))

    def context(self, layer: str, area: str | None = None) -> FigureContext:
        """Return what the figures about a layer share; what differs from figure to figure is filled in at the end."""
        changed = self.states[layer].changed_at.astimezone(self.zone).date()
        return FigureContext(area or self.area.code, data_date=changed)
