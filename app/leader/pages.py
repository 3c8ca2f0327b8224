"""What the leader's page shows, and its JSON: figures with last month beside them, groups, what needs a decision."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.auth.permissions import Permission, may
from app.errors import InvalidRequest
from app.leader.queries import GROUPINGS, Attention, Group, Grouping, read_attention, read_groups, read_years
from app.packages.register_filter import RegisterFilter
from app.packages.register_pages import address_of, label_of, question_of
from app.packages.register_queries import Question, Totals, read_totals
from app.projects.filters import read_year
from app.region import current_region
from layers.history import read_as_of

PARAMETERS = ("as_of", "compare", "year", "by")
ALL_YEARS = "all"
ATTENTION_ROWS = 40  # the list scrolls in its own frame; the register has the rest
PICTURE_LAYERS = "districts,water,places,projects"


@dataclass(frozen=True)
class LeaderView:
    """All that the page says, at one moment and beside an earlier one."""

    question: Question  # of the year that is shown
    by: Grouping
    year: int | None
    years: list[int]
    totals: Totals
    groups: list[Group]
    attention: list[Attention]
    everywhere: Question  # of all years: what needs a decision stays in sight until it is decided
    kept: dict[str, Any]

    @property
    def criteria(self) -> RegisterFilter:
        """The filter that each figure opens with."""
        return self.question.criteria

    def url(self, **changed: Any) -> str:
        """Return the address of the page with other parameters; None takes one away."""
        return address_of("/leader", self.kept | changed)

    def register_url(self, **more: Any) -> str:
        """Return the address of the packages behind a figure."""
        return address_of("/register", self.criteria.without("compare").to_args() | more)

    def register_url_before(self, **more: Any) -> str:
        """Return the address of the same packages at the earlier moment."""
        return address_of("/register", self.criteria.without("compare", "as_of").to_args() | more | self._before())

    def map_url(self, **more: Any) -> str:
        """Return the address of the map that shows the same packages."""
        return address_of("/", self._on_map() | more)

    def picture_url(self, **more: Any) -> str:
        """Return the address of the map picture of the same packages."""
        return address_of("/plate.svg", {"layers": PICTURE_LAYERS} | more | self._on_map())

    def group_url(self, group: Group) -> str | None:
        """Return the address of a group's packages; None for those that belong to none."""
        return None if group.key is None else self.register_url(**{self.by: group.key})

    def _on_map(self) -> dict[str, Any]:
        return {name: value for name, value in self.criteria.to_args().items() if name in {"year", "as_of"}}

    def _before(self) -> dict[str, str]:
        return {"as_of": self.criteria.compare_text}


def read_view(session: Session, args: MultiDict[str, str]) -> LeaderView:
    """
    Read what an address asks of the leader's page.

    Without `compare` the earlier moment is the end of the month before; without `year` the year is the present one, or
    the newest that has packages.

    Raises
    ------
    InvalidRequest, InvalidFilter
        When a parameter cannot be used.
    """
    time_zone = current_region().time_zone
    by = read_grouping(args.get("by", ""))
    dates = RegisterFilter.from_args(
        MultiDict({name: args.get(name, "") for name in ("as_of", "compare")}), time_zone=time_zone
    )
    kept: dict[str, Any] = dates.to_args() | ({} if by == GROUPINGS[0] else {"by": by})
    if dates.compare is None:
        text = end_of_last_month(dates.day(time_zone)).isoformat()
        dates = replace(dates, compare=read_as_of(text, time_zone), compare_text=text)
    everywhere = question_of(session, dates)
    years = read_years(session, everywhere)
    asked = args.get("year", "").strip()
    year = None if asked == ALL_YEARS else read_year(asked) if asked else usual_year(years, everywhere.today.year)
    kept |= {"year": asked} if asked else {}
    question = replace(everywhere, criteria=replace(dates, year=() if year is None else (year,)))
    with_critical = may(Permission.CRITICAL_READ)
    return LeaderView(
        question=question,
        by=by,
        year=year,
        years=years,
        totals=read_totals(session, question),
        groups=read_groups(session, question, by),
        attention=read_attention(session, everywhere, with_critical=with_critical, limit=ATTENTION_ROWS),
        everywhere=everywhere,
        kept=kept,
    )


def page_values(session: Session, args: MultiDict[str, str]) -> dict[str, Any]:
    """Return what the template shows."""
    view = read_view(session, args)
    region = current_region()
    return {
        "view": view,
        "totals": view.totals,
        "before": view.totals.before,
        "has_past": bool(view.totals.before and view.totals.before.packages),
        "is_last_month": not args.get("compare"),
        "compare_day": view.criteria.compare.astimezone(ZoneInfo(region.time_zone)).date()
        if view.criteria.compare
        else None,
        "day": view.question.today,
        "all_late": read_totals(
            session, replace(view.everywhere, criteria=view.everywhere.criteria.without("compare"))
        ),
        "tabs": [(name, tab_label(name), view.url(by=None if name == GROUPINGS[0] else name)) for name in GROUPINGS],
        "group_name": lambda group: group_name(view.by, group),
        "group_map_url": lambda group: (
            view.map_url(district=group.key) if view.by == "district" and group.key else None
        ),
        "label_of": label_of,
        "all_years": ALL_YEARS,
        "bbox": ",".join(f"{number:.5f}" for number in region.bbox),
    }


def read_grouping(written: str) -> Grouping:
    """Return how the page is divided; `InvalidRequest` for another way than ours."""
    for grouping in GROUPINGS:
        if written in {grouping, ""}:
            return grouping
    raise InvalidRequest(
        f"by={written[:40]} tidak dikenal. Pilih dari: {', '.join(GROUPINGS)}.",
        f"by={written[:40]} is unknown. Choose from: {', '.join(GROUPINGS)}.",
    )


def usual_year(years: list[int], present: int) -> int | None:
    """Return the year that the page opens with: the present one, else the newest; None without packages."""
    return present if present in years else max(years, default=None)


def end_of_last_month(day: dt.date) -> dt.date:
    """Return the last day of the month before."""
    return day.replace(day=1) - dt.timedelta(days=1)


def tab_label(grouping: str) -> str:
    """Return what a way of dividing is called."""
    labels: dict[str, str] = {
        "district": gettext("Kecamatan"),
        "programme": gettext("Program"),
        "source": gettext("Sumber dana"),
        "unit": gettext("Unit kerja"),
    }
    return labels[grouping]


def group_name(by: str, group: Group) -> str:
    """Return what a group is called."""
    if group.key is not None:
        return group.name or (label_of("source", group.key) if by == "source" else group.key)
    nothing: dict[str, str] = {
        "district": gettext("Belum ada lokasi"),
        "programme": gettext("Tanpa program"),
        "source": gettext("Tanpa sumber dana"),
        "unit": gettext("Tanpa unit kerja"),
    }
    return nothing[by]


def share(part: Decimal, whole: Decimal) -> float:
    """Return a part as percent of the whole, at most 100; 0 of nothing."""
    return float(min(part / whole * 100, Decimal(100))) if whole else 0.0
