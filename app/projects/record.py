"""All that the public may know of one project, read together: for its page, its board, its calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.maps.home import place_of, today
from app.maps.queries import read_area_names
from app.progress.curve import Curve, read_curve
from app.projects.board import Fact, board_facts
from app.projects.board_queries import (
    Board,
    Contract,
    Money,
    read_board,
    read_contracts,
    read_money,
)
from app.projects.filters import ProjectFilter
from app.projects.milestones import Milestone, milestones_of
from app.projects.queries import ProjectRow
from app.region import current_region


@dataclass(frozen=True)
class ProjectRecord:
    """A project at a moment; every part is read when it is first asked for."""

    session: Session  # of the public's role
    row: ProjectRow
    criteria: ProjectFilter

    @property
    def today(self) -> date:
        """The day where the region is, or the day of the moment there."""
        zone = current_region().time_zone
        as_of = self.criteria.as_of
        return as_of.astimezone(ZoneInfo(zone)).date() if as_of else today(zone)

    @cached_property
    def place(self) -> str:
        """Village and district."""
        names = read_area_names(self.session, [*self.row.village_codes, *self.row.district_codes])
        return place_of(self.row, names)

    @cached_property
    def board(self) -> Board:
        """What its board says beside the row."""
        return read_board(self.session, self.row.id, self.criteria.as_of)

    @cached_property
    def contracts(self) -> list[Contract]:
        """Its contracts with their addenda."""
        return read_contracts(self.session, self.row.id, self.criteria.as_of)

    @cached_property
    def money(self) -> Money:
        """Its money by source and year."""
        return read_money(self.session, self.row.id, self.criteria.as_of)

    @cached_property
    def curve(self) -> Curve:
        """Its S-curve."""
        return read_curve(self.session, self.row.id, self.criteria.as_of, today=self.today, end_date=self.row.end_date)

    @cached_property
    def milestones(self) -> list[Milestone]:
        """Its milestones, those planned among them."""
        return milestones_of(self.row, self.board, self.contracts, today=self.today)

    def facts(self, *, with_curve: bool = True) -> list[Fact]:
        """Return the lines of its board."""
        curve = self.curve if with_curve else None
        return board_facts(self.row, self.board, self.contracts, self.money, curve, self.place)
