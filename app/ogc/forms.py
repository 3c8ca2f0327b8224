"""From the parameters of an address to typed values: which features of a layer are asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from app.config import ListLimits
from gis.types import BBox
from layers.catalogue import Catalogue
from layers.definition import FieldDefinition, LayerDefinition
from layers.errors import InvalidFilter
from layers.history import read_as_of

PAGE_PARAMETERS = ("bbox", "limit", "after", "as_of", "count", "lang", "crs", "bbox-crs")
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"  # longitude and latitude, the only one we speak
AREA_PARAMETERS = ("regency_code", "district_code", "village_code")  # of layers whose rows name the areas they touch
OWN_CODE_PARAMETERS = {
    "districts": ("district_code",),
    "villages": ("village_code",),
}  # of layers that are areas themselves
SHOWN = 40  # characters of a refused value that the answer repeats
BOX, BOX_WITH_HEIGHTS = 4, 6  # numbers of a bbox; heights we do not have
LARGEST_ID = 2**63 - 1  # of PostgreSQL's bigint
FLAGS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class ItemQuery:
    """
    Which features of a layer are asked for.

    `equal` holds the value that each field must have, `areas` the codes of areas that a feature must touch; `after` is
    the id that the page before ended with; `count` asks for the number of all that match.
    """

    limit: int
    bbox: BBox | None = None
    equal: Mapping[str, Any] = field(default_factory=dict)
    areas: Mapping[str, str] = field(default_factory=dict)
    after: int | None = None
    as_of: datetime | None = None
    count: bool = False


def read_item_query(
    arguments: Mapping[str, Sequence[str]],
    definition: LayerDefinition,
    catalogue: Catalogue,
    *,
    limits: ListLimits,
    time_zone: str,
) -> ItemQuery:
    """
    Read the parameters of a page of features.

    Parameters
    ----------
    arguments
        Each parameter with all values it was given.
    definition
        The layer; its public fields are the parameters that filter.
    limits
        The usual and the greatest number of features; a greater `limit` is taken as the greatest.
    time_zone
        IANA name; a date as `as_of` means the end of that day there.

    Raises
    ------
    InvalidFilter
        When a parameter is unknown, given twice or has a value of another type; the message says what is allowed.
    """
    given = _single_values(arguments, allowed_parameters(definition))
    for name in ("crs", "bbox-crs"):
        if given.get(name, CRS84) != CRS84:
            raise _refused(name, given[name], CRS84, CRS84)
    fields = {one.name: one for one in definition.fields_for("public")}
    limit = _read_integer("limit", given["limit"], least=1) if "limit" in given else limits.default
    return ItemQuery(
        limit=min(limit, limits.maximum),
        bbox=_read_bbox(given["bbox"]) if "bbox" in given else None,
        equal={
            name: _read_value(one, given[name], [code.code for code in catalogue.code_list(definition.id, name)])
            for name, one in fields.items()
            if name in given
        },
        areas={name: _read_text(name, given[name]) for name in area_parameters(definition) if name in given},
        after=_read_integer("after", given["after"], least=0) if "after" in given else None,
        as_of=read_as_of(given["as_of"], time_zone) if "as_of" in given else None,
        count=_read_flag("count", given["count"]) if "count" in given else False,
    )


def allowed_parameters(definition: LayerDefinition) -> tuple[str, ...]:
    """Return the names of all parameters that the items of a layer take."""
    fields = (one.name for one in definition.fields_for("public"))
    return tuple(dict.fromkeys([*PAGE_PARAMETERS, *area_parameters(definition), *fields]))


def area_parameters(definition: LayerDefinition) -> tuple[str, ...]:
    """Return the parameters that ask for the features touching an area, beside the layer's own fields."""
    return OWN_CODE_PARAMETERS.get(definition.id, AREA_PARAMETERS)


def require_parameters(arguments: Iterable[str], allowed: Sequence[str]) -> None:
    """
    Refuse a request that names a parameter we do not know, rather than answer another question than was asked.

    Raises
    ------
    InvalidFilter
        The message names the unknown parameter and those allowed.
    """
    for name in arguments:
        if name not in allowed:
            known = ", ".join(allowed)
            raise InvalidFilter(
                f"Parameter “{name[:SHOWN]}” tidak dikenal. Yang ada: {known}.",
                f"There is no parameter “{name[:SHOWN]}”. Allowed: {known}.",
            )


def _single_values(arguments: Mapping[str, Sequence[str]], allowed: Sequence[str]) -> dict[str, str]:
    require_parameters(arguments, allowed)
    for name, values in arguments.items():
        if len(values) > 1:
            raise InvalidFilter(
                f"Parameter “{name}” ditulis lebih dari sekali. Tulis satu nilai saja.",
                f"The parameter “{name}” is given more than once. Give one value.",
            )
    return {name: values[0] for name, values in arguments.items()}


def _read_value(field_definition: FieldDefinition, text: str, codes: Sequence[str]) -> Any:
    """Read the value of a field as its definition says; a code must be one of its list."""
    name = field_definition.name
    if codes and text not in codes:
        raise InvalidFilter(
            f"“{text[:SHOWN]}” bukan kode untuk {name}. Yang ada: {', '.join(codes)}.",
            f"“{text[:SHOWN]}” is not a code of {name}. Known codes: {', '.join(codes)}.",
        )
    read = READERS.get(field_definition.type, _read_text)
    return read(name, text)


def _read_text(name: str, text: str) -> str:
    if "\0" in text:
        raise _refused(name, text.replace("\0", ""), "teks tanpa karakter nol", "a text without null characters")
    return text


def _read_integer(name: str, text: str, *, least: int | None = None) -> int:
    try:
        number = int(text) if text.lstrip("+-").isascii() else None
    except ValueError:
        number = None
    if number is None or abs(number) > LARGEST_ID or (least is not None and number < least):
        at_least = ("", "") if least is None else (f" mulai {least}", f" from {least}")
        raise _refused(name, text, f"bilangan bulat{at_least[0]}", f"a whole number{at_least[1]}")
    return number


def _read_number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _refused(name, text, "bilangan, dengan titik sebagai koma desimal", "a number, with a decimal point")
    return number


def _read_money(name: str, text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount.adjusted()) > ROUGHLY_ALL_MONEY:
        raise _refused(name, text, "jumlah rupiah tanpa pemisah ribuan", "an amount in rupiah without separators")
    return amount


def _read_flag(name: str, text: str) -> bool:
    if text.lower() not in FLAGS:
        raise _refused(name, text, "true atau false", "true or false")
    return FLAGS[text.lower()]


def _read_date(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _refused(name, text, "tanggal seperti 2026-11-24", "a date like 2026-11-24") from None


def _read_bbox(text: str) -> BBox:
    """Read (west, south, east, north) in degrees; west of more than east crosses the antimeridian."""
    parts = text.split(",")
    numbers = [_read_number("bbox", part) for part in parts] if len(parts) in {BOX, BOX_WITH_HEIGHTS} else []
    if len(numbers) == BOX_WITH_HEIGHTS:
        numbers = [*numbers[:2], *numbers[3:5]]
    west, south, east, north = numbers or (0.0, 1.0, 0.0, 0.0)
    if south > north or max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 90:
        raise _refused("bbox", text, "barat,selatan,timur,utara dalam derajat", "west,south,east,north in degrees")
    return west, south, east, north


def _refused(name: str, text: str, wanted_id: str, wanted_en: str) -> InvalidFilter:
    return InvalidFilter(
        f"{name}={text[:SHOWN]} tidak dapat dipakai: seharusnya {wanted_id}.",
        f"{name}={text[:SHOWN]} cannot be used: it must be {wanted_en}.",
    )


ROUGHLY_ALL_MONEY = 30  # decimal digits; beyond them an exponent was typed to waste our time
READERS: Mapping[str, Callable[[str, str], Any]] = {
    "integer": _read_integer,
    "number": _read_number,
    "money": _read_money,
    "boolean": _read_flag,
    "date": _read_date,
}
