"""What people and phones send about progress, as typed values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import LazyString, gettext, lazy_gettext
from pydantic import AfterValidator, AwareDatetime, field_validator, model_validator
from pydantic_core import PydanticCustomError
from werkzeug.datastructures import MultiDict

from app.forms import OURS, Count, Day, Input, Lat, Line, Lon, Metres, Number, Paragraph, Percent
from app.progress.queries_updates import Item, Update

Weather = Literal["clear", "cloudy", "rain", "heavy_rain"]
Cause = Literal["none", "contractor", "employer", "force_majeure"]

WEATHER: dict[str, LazyString] = {
    "clear": lazy_gettext("Cerah"),
    "cloudy": lazy_gettext("Berawan"),
    "rain": lazy_gettext("Hujan"),
    "heavy_rain": lazy_gettext("Hujan lebat"),
}
CAUSES: dict[str, LazyString] = {
    "none": lazy_gettext("Tidak ada kendala"),
    "contractor": lazy_gettext("Dari penyedia"),
    "employer": lazy_gettext("Dari pemilik pekerjaan"),
    "force_majeure": lazy_gettext("Keadaan kahar"),
}
STATES: dict[str, LazyString] = {
    "draft": lazy_gettext("Draf"),
    "submitted": lazy_gettext("Menunggu pemeriksaan"),
    "returned": lazy_gettext("Dikembalikan"),
    "approved": lazy_gettext("Disetujui"),
    "published": lazy_gettext("Terbit"),
}
MOST_ITEMS = 2000  # of one contract
YEARS = (1990, 2199)  # of a moment: beyond them a database's clock and Python's part ways


def _within_years(value: dt.datetime) -> dt.datetime:
    if not YEARS[0] <= value.year <= YEARS[1]:
        raise PydanticCustomError("day_out_of_range", "no moment that works could have")
    return value


Moment = Annotated[AwareDatetime, AfterValidator(_within_years)]


class Position(Input):
    """Where the phone was: EPSG:4326, the radius (metres) that it is sure of, and when."""

    lon: Lon
    lat: Lat
    accuracy_m: Metres | None = None
    at: Moment | None = None


class Installed(Input):
    """How much of a work item is in place, in its unit."""

    item_id: int
    installed: Number

    @field_validator("installed")
    @classmethod
    def _not_negative(cls, value: float) -> float:
        if value < 0:
            raise PydanticCustomError("greater_than_equal", "negative", {"ge": 0})
        return value


class UpdateInput(Input):
    """
    A weekly update as it is sent.

    Progress is given as a percentage, or by work items, from which it is computed; an item that is not named has what
    the newest approved update says. `submit` hands it to the reviewer at once.
    """

    client_id: UUID | None = None
    version: int | None = None
    day: Day
    physical_percent: Percent | None = None
    items: list[Installed] | None = None
    weather: Weather | None = None
    workers: Count | None = None
    obstacles: Paragraph | None = None
    obstacle_cause: Cause = "none"
    note: Paragraph | None = None
    correction_note: Paragraph | None = None
    position: Position | None = None
    written_at: Moment | None = None
    submit: bool = False

    @model_validator(mode="before")
    @classmethod
    def _leave_out_what_is_empty(cls, values: Any) -> Any:
        if isinstance(values, dict):
            return {name: value for name, value in values.items() if value != ""}
        return values

    @model_validator(mode="after")
    def _say_each_item_once(self) -> UpdateInput:
        named = [item.item_id for item in self.items or ()]
        if len(named) != len(set(named)) or len(named) > MOST_ITEMS:
            raise PydanticCustomError(
                "sentence",
                "{text}",
                {"text": gettext("Sebuah butir pekerjaan disebut dua kali, atau butirnya terlalu banyak.")},
            )
        return self


class UpdateChange(UpdateInput):
    """What a correction changes: fields left out stay as they are; `version` is that of the text it corrects."""

    version: int
    day: Day | None = None  # type: ignore[assignment]


class ReviewInput(Input):
    """A decision without words; with `version` it counts only for the text that the reviewer saw."""

    version: int | None = None


class ReturnInput(ReviewInput):
    """Why an update goes back to its author."""

    comment: Paragraph


class UnlockInput(Input):
    """Which month is opened again (YYYY-MM, or a day of it), until when, for which package (none: all), and why."""

    month: Day
    reason: Paragraph
    until: Annotated[dt.datetime, AfterValidator(_within_years)]
    project: Line | None = None

    @field_validator("month", mode="before")
    @classmethod
    def _take_a_month(cls, value: Any) -> Any:
        return f"{value.strip()}-01" if isinstance(value, str) and len(value.strip()) == len("2026-11") else value

    def until_moment(self, time_zone: str) -> dt.datetime:
        """Return the moment; one without a zone is where the region is."""
        return self.until if self.until.tzinfo else self.until.replace(tzinfo=ZoneInfo(time_zone))


def form_content(form: MultiDict[str, str], fields: Iterable[str]) -> dict[str, Any]:
    """
    Return the fields of an update's form as JSON has them.

    `position.lon` and its like, and `items.<id>`, are put together; what `photos.` begins is of the photos. An empty
    field is None, so that a correction can empty what was there. A position without coordinates is none.
    """
    content: dict[str, Any] = {}
    position: dict[str, str] = {}
    items: list[dict[str, Any]] = []
    for name, value in form.items():
        if name in OURS or name.startswith("pick."):
            continue
        if name.startswith("position."):
            if value.strip():
                position[name.removeprefix("position.")] = value
        elif name.startswith("items."):
            if value.strip():
                items.append({"item_id": name.removeprefix("items."), "installed": value})
        elif name != "photos" and not name.startswith("photos."):
            content[name] = value if value.strip() else None
    content = {name: value for name, value in content.items() if value is not None or name in set(fields)}
    if content.get("obstacle_cause") is None:
        content.pop("obstacle_cause", None)
    if "submit" in content:
        content["submit"] = content["submit"] in {"true", "1", "on"}
    if {"lon", "lat"} <= position.keys():
        content["position"] = position
    if items:
        content["items"] = items
    return content


def form_values(update: Update, items: Iterable[Item]) -> dict[str, Any]:
    """Return an update as the fields of its form show it; numbers with the comma that people here write."""
    named = {f"items.{item.id}": written_number(item.installed) for item in items if item.installed is not None}
    return {
        "client_id": str(update.client_id),
        "version": update.version,
        "day": update.day.isoformat(),
        "physical_percent": "" if named else written_number(update.physical_percent),
        "weather": update.weather or "",
        "workers": "" if update.workers is None else str(update.workers),
        "obstacles": update.obstacles or "",
        "obstacle_cause": update.obstacle_cause,
        "note": update.note or "",
        "correction_note": update.correction_note or "",
        "position.lon": written_number(update.lon),
        "position.lat": written_number(update.lat),
        "position.accuracy_m": written_number(update.accuracy_m),
        "position.at": update.located_at.isoformat() if update.located_at else "",
        **named,
    }


def written_number(value: float | None) -> str:
    """Return a number as it is written in Indonesia, without grouping: `48,2`; empty for None."""
    if value is None:
        return ""
    return f"{Decimal(repr(float(value))):f}".removesuffix(".0").replace(".", ",")
