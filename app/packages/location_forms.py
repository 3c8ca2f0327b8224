"""What people and programs send to say where a package is."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from flask_babel import gettext
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.forms import Input, Line, Metres, Paragraph
from app.packages.gpx import MOST_BYTES

Kind = Literal["planned", "contracted", "built"]
Shape = Literal["point", "line", "polygon"]
KINDS: tuple[Kind, ...] = ("planned", "contracted", "built")
MOST_PLACES = 100


class PlaceFields(Input):
    """One place by STA of a ruas, typed positions, or a drawn shape; `snap` lays the last two on the nearest ruas."""

    road_code: Line | None = None
    start: Line | None = None
    end: Line | None = None
    coordinates: Paragraph | None = None
    shape: Shape = "point"
    snap: bool = False
    accuracy_m: Metres | None = None
    note: Line | None = None


class PlaceInput(PlaceFields):
    """One place as programs send it: also a GeoJSON geometry, or the text of a GPX file."""

    geometry: dict[str, Any] | None = None
    gpx: Annotated[str, Field(max_length=MOST_BYTES)] | None = None

    @model_validator(mode="after")
    def one_way(self) -> PlaceInput:
        """A place is told in one way."""
        ways = (self.road_code or self.start or self.end, self.coordinates, self.geometry, self.gpx)
        if sum(way is not None for way in ways) != 1:
            sentence = gettext("Tulis lokasi dengan satu cara: ruas dan STA, koordinat, gambar, atau jalur GPX.")
            raise PydanticCustomError("sentence", "{text}", {"text": sentence})
        return self


class PreviewInput(Input):
    """Places of one kind as they would be; `keep` names those of now that stay."""

    kind: Kind
    keep: list[int] = Field(default=[], max_length=MOST_PLACES)
    places: list[PlaceInput] = Field(default=[], max_length=MOST_PLACES)


class LocationsInput(PreviewInput):
    """All places of one kind, and why they differ from those of the other kinds where they do."""

    version: int
    reason: Paragraph | None = None


class LocationsForm(PlaceFields):
    """The same as the page's form sends it: what stays and what is added, drawn shapes as GeoJSON text."""

    kind: Kind
    version: int
    keep: list[int] = Field(default=[], max_length=MOST_PLACES)
    drawn: Annotated[str, Field(max_length=1_000_000)] | None = None
    reason: Paragraph | None = None
