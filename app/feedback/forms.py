"""What residents send, and what those who answer send."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import Annotated, Any, Literal

from flask_babel import gettext
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError
from werkzeug.datastructures import MultiDict

from app.feedback.words import CATEGORIES, FOLLOW_UPS
from app.forms import Input, Lat, Line, Lon, _plain

EMAIL = re.compile(r"[^@\s<>\"']{1,64}@[^@\s<>\"']+\.[^@\s<>\"'.]{2,}")
PHONE = re.compile(r"\+?[\d ().-]{8,20}")
IDENTITY_NUMBER = re.compile(r"(?<!\d)\d{16}(?!\d)")  # NIK and KK: never kept
FEWEST_LETTERS = 10


def _sentence(text: str) -> PydanticCustomError:
    return PydanticCustomError("sentence", "{text}", {"text": text})


def _category(value: str) -> str:
    if value not in CATEGORIES:
        raise _sentence(gettext("Pilih salah satu yang tersedia."))
    return value


def _follow_up(value: str) -> str:
    if value not in FOLLOW_UPS:
        raise _sentence(gettext("Pilih salah satu yang tersedia."))
    return value


def _contact(value: str) -> str:
    if EMAIL.fullmatch(value):
        return value
    if PHONE.fullmatch(value) and 8 <= sum(letter.isdigit() for letter in value) <= 15:
        return value
    raise _sentence(gettext("Ini bukan alamat surel atau nomor telepon. Perbaiki, atau kosongkan."))


def _told(value: str) -> str:
    if len(value) < FEWEST_LETTERS:
        raise _sentence(gettext("Ceritakan sedikit lebih banyak, supaya petugas tahu apa yang dicari."))
    return value


def without_identity_numbers(text: str) -> str:
    """Return a text without numbers of 16 digits, as identity and family cards have: they are never kept."""
    return IDENTITY_NUMBER.sub("[…]", text)


Words = Annotated[str, AfterValidator(_plain), AfterValidator(_told), Field(max_length=2000)]
Answer = Annotated[str, AfterValidator(_plain), Field(min_length=1, max_length=3000)]
Topic = Annotated[str, AfterValidator(_plain), Field(min_length=1, max_length=150)]
Code = Annotated[str, AfterValidator(_plain), Field(max_length=100)]
Category = Annotated[str, AfterValidator(_category)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
Key = Annotated[int, Field(ge=1, le=2**63 - 1)]


class ReportInput(Input):
    """What a resident tells: the same for the form and for programs."""

    category: Category
    text: Words
    place: Line | None = None
    lon: Lon | None = None
    lat: Lat | None = None
    contact: Annotated[str, AfterValidator(_plain), Field(max_length=120), AfterValidator(_contact)] | None = None
    project: Code | None = None
    road: Code | None = None
    park: Key | None = None


class ReportForm(ReportInput):
    """The form: a typed place beside, and what tells people from machines."""

    coordinates: Annotated[str, AfterValidator(_plain), Field(max_length=80)] | None = None
    website: str | None = None  # people do not see it, and leave it empty
    opened: str | None = None
    draft: Annotated[str, Field(max_length=64)] | None = None


class SendForm(Input):
    """The second step: the key of what was checked."""

    draft: Annotated[str, Field(max_length=64)]
    action: Literal["send", "edit"] = "send"


class VerdictInput(Input):
    """What the reporter says of the answer."""

    verdict: Literal["solved", "not_solved"]
    words: Annotated[str, AfterValidator(_plain), Field(max_length=1000)] | None = None


class Change(Input):
    """A step of those who answer, taken by someone who saw this version."""

    version: Version


class VerifyInput(Change):
    """The report was read and is ours: what it is, and who sees to it."""

    category: Category
    follow_up: Annotated[str, AfterValidator(_follow_up)]
    unit_id: Key | None = None
    account_id: Key | None = None
    note: Answer | None = None


class AssignInput(Change):
    """Who sees to it, and a note among staff."""

    unit_id: Key | None = None
    account_id: Key | None = None
    note: Answer | None = None


class WorkInput(Change):
    """Work on it has begun."""


class AnswerInput(Change):
    """The answer that the reporter reads, and the public once the report is published."""

    answer: Answer


class RejectInput(Change):
    """Why the report is not followed up."""

    reason: Answer


class DuplicateInput(Change):
    """Of which report it is another."""

    number: Line


class ProofInput(Change):
    """A photo or document that shows it is done; the file comes beside."""


class CloseInput(Change):
    """A second person has looked at the proof and closes the report."""


class PublishInput(Change):
    """What the public may read, and whether the photo is shown; boxes (percent of the picture) are blurred before."""

    action: Literal["publish", "withhold"]
    topic: Topic | None = None
    with_photo: bool = False
    blur_left: list[str] = []
    blur_top: list[str] = []
    blur_width: list[str] = []
    blur_height: list[str] = []

    @staticmethod
    def typed_boxes(form: MultiDict[str, str]) -> list[list[str]]:
        """Return the boxes as they were typed, so that nothing is lost when the form is shown again."""
        columns = [form.getlist(f"blur_{side}") for side in ("left", "top", "width", "height")]
        return [list(row) for row in zip_longest(*columns, fillvalue="") if any(value.strip() for value in row)]


def shown_boxes(boxes: list[Any]) -> list[list[float]]:
    """Return kept boxes as percent of the picture."""
    return [[round(float(part) * 100, 2) for part in box] for box in boxes]
