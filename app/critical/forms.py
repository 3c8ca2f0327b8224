"""What PPKs send about critical contracts: declaration, meetings, outcomes, excuses, closing, extra time."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from flask_babel import gettext
from pydantic import BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.forms import Count, Day, Input, Line, Paragraph, Percent, read_number

Stage = Annotated[int, BeforeValidator(read_number), Field(ge=1, le=9)]
GREATEST_FINE_DAYS = 3660  # ten years; more is a slip of the finger


class DeclarationInput(Input):
    """The PPK's letter that declares a contract critical."""

    letter_number: Line
    letter_date: Day
    declared_on: Day | None = None  # the letter's date when not given


class MeetingInput(Input):
    """A show cause meeting: what is to be reached, and by when."""

    stage: Stage | None = None  # the next one when not given
    held_on: Day
    target_percent: Percent
    due_on: Day
    invitation_number: Line | None = None
    minutes_number: Line | None = None
    note: Paragraph | None = None

    @field_validator("due_on")
    @classmethod
    def due_after_held(cls, value: dt.date, given: ValidationInfo) -> dt.date:
        """Refuse a test that ends before it begins."""
        return _after(value, given.data.get("held_on"), gettext("Batas waktu uji coba harus sesudah tanggal rapat."))


class OutcomeInput(Input):
    """What came of a test period; passed or failed follows from the target when not said."""

    reached_percent: Percent
    outcome_on: Day
    outcome: Literal["passed", "failed"] | None = None
    warning_number: Line | None = None
    warning_date: Day | None = None
    note: Paragraph | None = None


class NumbersInput(Input):
    """Numbers of a meeting's papers, once they are known."""

    invitation_number: Line | None = None
    minutes_number: Line | None = None
    warning_number: Line | None = None
    warning_date: Day | None = None


class ExcuseInput(Input):
    """Delay that is not the provider's fault."""

    cause: Literal["employer", "force_majeure"]
    from_day: Day
    until_day: Day
    reason: Paragraph
    document_number: Line | None = None

    @field_validator("until_day")
    @classmethod
    def in_order(cls, value: dt.date, given: ValidationInfo) -> dt.date:
        """Refuse an end before the beginning."""
        first = given.data.get("from_day")
        before = first - dt.timedelta(days=1) if first else None
        return _after(value, before, gettext("Tanggal akhir mendahului tanggal awal."))


class ClosingInput(Input):
    """The end of a case by decision of the PPK."""

    closed_how: Literal["recovered", "excused", "finished"]
    reason: Paragraph
    closed_on: Day | None = None  # today when not given


class ExtraTimeInput(Input):
    """Time granted to finish after the contract's end (pemberian kesempatan)."""

    until: Day


class FineQuery(Input):
    """For how many days late the fine is asked; those late until today when not given."""

    days: Annotated[Count, Field(le=GREATEST_FINE_DAYS)] | None = None


def _after(day: dt.date, other: dt.date | None, sentence: str) -> dt.date:
    """Return a day that comes after another; the sentence says what is wrong when it does not."""
    if other is not None and day <= other:
        raise PydanticCustomError("sentence", "{text}", {"text": sentence})
    return day
