"""What people and programs send, as typed values: one model for a form and for JSON, a sentence for each field."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Generic, TypeVar, get_origin

from flask import request
from flask_babel import gettext
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError
from werkzeug.datastructures import MultiDict

from app.errors import InvalidInput
from app.extensions import db
from app.kept_forms import kept_fields

M = TypeVar("M", bound="Input")

OURS = frozenset({"csrf_token", "request_key", "kept_ticket"})  # of every form, none of a model's
NUMBER_ID = re.compile(r"-?\d{1,3}(\.\d{3})+(,\d+)?|-?\d+,\d+")  # 1.250.000,50 or 48,2
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
GREATEST_IDR = Decimal("9999999999999999.99")  # what numeric(18, 2) holds
DAYS = (dt.date(1945, 1, 1), dt.date(2199, 12, 31))


class Input(BaseModel):
    """Base of what can be sent: text is trimmed, unknown fields are refused, and what is left empty has its default."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


def read_number(value: Any) -> Any:
    """Return a number as it is written in Indonesia (1.250.000,50; Rp1,5) or in programs (1250000.5) as the latter."""
    if not isinstance(value, str):
        return value
    written = value.strip().removeprefix("Rp").removesuffix("%").replace("\u00a0", "").strip()
    if NUMBER_ID.fullmatch(written):
        written = written.replace(".", "").replace(",", ".")
    return written


def read_decimal(value: Any) -> Any:
    """Return a number that is never written with thousands (a coordinate, metres of accuracy): 102,955 or 102.955."""
    return value.strip().replace(",", ".") if isinstance(value, str) else value


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise PydanticCustomError("finite_number", "not a number")
    return value


def _money(value: Any) -> Any:
    written = read_number(value)
    try:
        amount = Decimal(str(written))
    except InvalidOperation:
        raise PydanticCustomError("decimal_parsing", "not a number") from None
    if not amount.is_finite():
        raise PydanticCustomError("decimal_parsing", "not a number")
    if amount < 0:
        raise PydanticCustomError("negative_money", "negative")
    if amount > GREATEST_IDR:
        raise PydanticCustomError("too_much_money", "too great")
    if amount != round(amount, 2):
        raise PydanticCustomError("parts_of_a_cent", "more than two decimals")
    return amount


def _plain(value: str) -> str:
    if CONTROL.search(value):
        raise PydanticCustomError("control_characters", "characters that cannot be shown")
    return value


def _day(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"\d{1,2}[/-]\d{1,2}[/-]\d{4}", value.strip()):
        day, month, year = re.split(r"[/-]", value.strip())
        value = f"{year}-{int(month):02}-{int(day):02}"
    return value


def _within_calendar(value: dt.date) -> dt.date:
    if not DAYS[0] <= value <= DAYS[1]:
        raise PydanticCustomError("day_out_of_range", "no day that works could have")
    return value


Rupiah = Annotated[Decimal, BeforeValidator(_money)]
"""An amount of money, 0 or more, with at most two decimals."""
Percent = Annotated[float, BeforeValidator(read_number), AfterValidator(_finite), Field(ge=0, le=100)]
Number = Annotated[float, BeforeValidator(read_number), AfterValidator(_finite)]
Count = Annotated[int, BeforeValidator(read_number), Field(ge=0, le=1_000_000)]
Day = Annotated[dt.date, BeforeValidator(_day), AfterValidator(_within_calendar)]
Line = Annotated[str, AfterValidator(_plain), Field(min_length=1, max_length=300)]
"""One line of text."""
Paragraph = Annotated[str, AfterValidator(_plain), Field(min_length=1, max_length=5000)]
Lon = Annotated[float, BeforeValidator(read_decimal), AfterValidator(_finite), Field(ge=-180, le=180)]
Lat = Annotated[float, BeforeValidator(read_decimal), AfterValidator(_finite), Field(ge=-90, le=90)]
Metres = Annotated[float, BeforeValidator(read_decimal), AfterValidator(_finite), Field(ge=0, le=1_000_000)]
"""A length that a device measured, such as the accuracy of a position."""


@dataclass
class FormState(Generic[M]):
    """A form as it stands on the page: what was typed, and what is wrong beside which field."""

    model: type[M]
    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    prefix: str = ""  # of the fields' ids, where a page has several forms with fields of one name

    @classmethod
    def of(cls, model: type[M], values: Mapping[str, Any] | BaseModel | None = None) -> FormState[M]:
        """Return the form filled with values, or with what was just sent."""
        if request.method == "POST" and values is None:
            return cls(model, _from_form(model, request.form, keep_empty=True))
        if isinstance(values, BaseModel):
            values = values.model_dump()
        kept = kept_fields()
        if kept is not None and set(kept) <= set(model.model_fields):  # typed before the session ended
            values = {**(values or {}), **_from_form(model, kept, keep_empty=True)}
        return cls(model, dict(values or {}))

    def value(self, name: str) -> Any:
        """Return what a field holds; empty when nothing."""
        found = self.values.get(name)
        return "" if found is None else found

    @property
    def whole(self) -> str | None:
        """What is wrong with the form as a whole."""
        return self.errors.get("")


@contextmanager
def caught(state: FormState[Any]) -> Iterator[None]:
    """
    Put what is wrong with the input beside the fields of a form, so that the page can be shown again.

    What services have flushed until then is undone. Return from inside when all went well.
    """
    try:
        yield
    except InvalidInput as error:
        db.session.rollback()
        state.values = _from_form(state.model, request.form, keep_empty=True)
        state.errors = error.errors


def read_input(model: type[M]) -> M:
    """
    Return what the request sends: its JSON, or its form.

    Raises
    ------
    InvalidInput
        With a sentence for each field that cannot be used.
    """
    return make_input(model, read_object() if request.is_json else _from_form(model, request.form))


def read_object() -> dict[str, Any]:
    """Return the JSON object that the request sends; `InvalidInput` when it is none, or nested beyond all sense."""
    try:
        content = request.get_json(silent=True)
    except RecursionError:
        content = None
    if not isinstance(content, dict):
        raise InvalidInput({"": gettext("Isi permintaan harus JSON berupa objek.")})
    return content


def make_input(model: type[M], content: Mapping[str, Any]) -> M:
    """Return the model of these values; errors as for `read_input`."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise InvalidInput(_sentences(error)) from error


def _from_form(model: type[Input], form: MultiDict[str, str], *, keep_empty: bool = False) -> dict[str, Any]:
    """Return a form's fields; those left empty are missing, so that they have their default."""
    lists = {name for name, item in model.model_fields.items() if _is_list(item.annotation)}
    content: dict[str, Any] = {}
    for name in form:
        if name in OURS:
            continue
        if name in lists:
            content[name] = [value for value in form.getlist(name) if value.strip()]
        elif keep_empty or form[name].strip():
            content[name] = form[name]
    return content


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) in {list, tuple} or any(
        get_origin(one) in {list, tuple} for one in getattr(annotation, "__args__", ())
    )


def _sentences(error: ValidationError) -> dict[str, str]:
    """Return one sentence for each wrong field; fields inside others are named with dots."""
    found: dict[str, str] = {}
    for item in error.errors(include_url=False):
        name = ".".join(str(part) for part in item["loc"])
        found.setdefault(name, _sentence(item["type"], item.get("ctx") or {}, item["msg"]))
    return found


def _sentence(kind: str, context: Mapping[str, Any], message: str) -> str:
    """Return what is wrong in the visitor's language."""
    bound = next((context[name] for name in ("ge", "gt", "le", "lt") if name in context), None)
    sentences = {
        "missing": gettext("Isian ini wajib diisi."),
        "extra_forbidden": gettext("Isian ini tidak dikenal."),
        "string_too_short": gettext("Isian ini wajib diisi."),
        "string_too_long": gettext("Terlalu panjang: paling banyak %(n)s huruf.", n=context.get("max_length", "")),
        "control_characters": gettext("Ada karakter yang tidak dapat ditampilkan. Ketik ulang teksnya."),
        "negative_money": gettext("Jumlah uang tidak boleh negatif."),
        "too_much_money": gettext("Jumlah ini lebih besar daripada yang dapat dicatat."),
        "parts_of_a_cent": gettext("Tulis paling banyak dua angka di belakang koma."),
        "greater_than_equal": gettext("Paling sedikit %(bound)s.", bound=bound),
        "greater_than": gettext("Harus lebih dari %(bound)s.", bound=bound),
        "less_than_equal": gettext("Paling banyak %(bound)s.", bound=bound),
        "less_than": gettext("Harus kurang dari %(bound)s.", bound=bound),
        "literal_error": gettext("Pilih salah satu yang tersedia."),
        "enum": gettext("Pilih salah satu yang tersedia."),
        "day_out_of_range": gettext("Tanggal ini di luar kalender pekerjaan. Periksa tahunnya."),
    }
    others = (
        (("decimal", "float", "int", "finite"), gettext("Ini bukan angka. Tulis seperti 1.250.000 atau 48,2.")),
        (("date",), gettext("Tanggal tidak dapat dibaca. Tulis seperti 2026-11-24.")),
        (("uuid",), gettext("Kode ini bukan UUID.")),
        (("bool",), gettext("Isi ya atau tidak.")),
    )
    if kind == "sentence":  # of our own validators: PydanticCustomError("sentence", "{text}", {"text": gettext(...)})
        return str(context.get("text", message))
    found = sentences.get(kind) or next((text for starts, text in others if kind.startswith(starts)), None)
    return str(found or gettext("Isian ini tidak dapat dipakai."))
