"""What is sent with a photo, and what a reviewer decides about it."""

from __future__ import annotations

import datetime as dt
import math
from itertools import zip_longest
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from flask_babel import gettext
from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError
from werkzeug.datastructures import MultiDict

from app.config import PhotoLimits
from app.errors import InvalidInput
from app.forms import Input, Lat, Line, Lon, Metres, read_decimal
from app.photos.pictures import Box

Moment = Literal["before", "during", "after"]


def _aware(value: dt.datetime) -> dt.datetime:
    if value.tzinfo is None:
        raise PydanticCustomError(
            "sentence", "{text}", {"text": gettext("Tulis waktunya dengan zona, seperti 2026-11-24T09:15:00+07:00.")}
        )
    if not 1990 <= value.year <= 2100:
        raise PydanticCustomError("day_out_of_range", "no day that photos could have")
    return value.astimezone(dt.UTC)


def _empty_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


Time = Annotated[dt.datetime, AfterValidator(_aware)]


class PhotoInput(Input):
    """What the page noted beside a photo: the first witness."""

    taken_at: Time | None = None
    lon: Lon | None = None
    lat: Lat | None = None
    accuracy_m: Metres | None = None
    moment: Moment = "during"
    viewpoint_id: int | None = None
    caption: Line | None = None

    @model_validator(mode="after")
    def _whole_place(self) -> Self:
        if (self.lon is None) != (self.lat is None):
            sentence = gettext("Posisi butuh bujur dan lintang, keduanya.")
            raise PydanticCustomError("sentence", "{text}", {"text": sentence})
        return self

    @property
    def position(self) -> tuple[float, float] | None:
        """The place by the page, as lon, lat."""
        return None if self.lon is None or self.lat is None else (self.lon, self.lat)


def _box(value: Box) -> Box:
    left, top, width, height = value
    if not all(map(math.isfinite, value)) or min(left, top) < 0 or min(width, height) <= 0 or max(value) > 1:
        raise PydanticCustomError(
            "sentence", "{text}", {"text": gettext("Kotak pengaburan harus di dalam gambar dan tidak kosong.")}
        )
    return left, top, min(width, 1 - left), min(height, 1 - top)


BlurBox = Annotated[Box, AfterValidator(_box)]
Caption = Annotated[Line | None, BeforeValidator(_empty_is_none)]


class PhotoChange(Input):
    """What may be changed about a photo; what is not sent stays as it is."""

    version: int
    blur: Annotated[list[BlurBox], Field(max_length=PhotoLimits().boxes)] | None = None
    caption: Caption = None
    viewpoint_id: int | None = None
    moment: Moment | None = None


class PhotoDecision(Input):
    """A decision about a photo, made by someone who saw this version of it."""

    version: int


class UploadForm(Input):
    """The form by which photos are sent from the page of a package."""

    client_id: UUID
    moment: Moment = "during"
    viewpoint_id: int | None = None
    viewpoint_name: Line | None = None
    caption: Line | None = None


class ReviewForm(Input):
    """The form of a reviewer: what to blur (percent of the picture), what is said of the photo, and the decision."""

    version: int
    action: Literal["save", "publish", "withhold"]
    moment: Moment
    viewpoint_id: int | None = None
    viewpoint_name: Line | None = None
    caption: Line | None = None
    blur_left: list[str] = []
    blur_top: list[str] = []
    blur_width: list[str] = []
    blur_height: list[str] = []

    def boxes(self) -> list[Box]:
        """
        Return the boxes as shares of the picture.

        Raises
        ------
        InvalidInput
            When a box is incomplete, no number, or reaches beyond the picture.
        """
        return read_boxes(self.blur_left, self.blur_top, self.blur_width, self.blur_height)

    @staticmethod
    def values_of(photo: Any) -> dict[str, Any]:
        """Return what the form shows of a photo at first."""
        return {
            "version": photo.version,
            "moment": photo.moment,
            "viewpoint_id": photo.viewpoint_id,
            "caption": photo.caption,
            "boxes": [[round(part * 100, 2) for part in box] for box in photo.blur],
        }

    @staticmethod
    def typed_boxes(form: MultiDict[str, str]) -> list[list[str]]:
        """Return the boxes as they were typed, so that nothing is lost when the form is shown again."""
        columns = [form.getlist(f"blur_{side}") for side in ("left", "top", "width", "height")]
        return [list(row) for row in zip_longest(*columns, fillvalue="") if any(value.strip() for value in row)]


def read_boxes(*columns: list[str]) -> list[Box]:
    """
    Return boxes typed as percent of the picture, a column each for left, top, width and height, as shares of it.

    Raises
    ------
    InvalidInput
        When a box is incomplete, no number, or reaches beyond the picture.
    """
    if len({len(column) for column in columns}) != 1:
        raise InvalidInput({"blur": gettext("Isi keempat angka setiap kotak, atau kosongkan semuanya.")})
    try:
        rows = [[round(float(read_decimal(value)) / 100, 6) for value in row] for row in zip(*columns, strict=True)]
    except ValueError as error:
        raise InvalidInput({"blur": gettext("Kotak pengaburan ditulis dengan angka dari 0 sampai 100.")}) from error
    return [_checked_box(row) for row in rows]


def _checked_box(row: list[float]) -> Box:
    try:
        left, top, width, height = row
        return _box((left, top, width, height))
    except PydanticCustomError as error:
        sentence = gettext("Kotak pengaburan harus di dalam gambar dan tidak kosong.")
        raise InvalidInput({"blur": sentence}) from error
