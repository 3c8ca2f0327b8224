"""Read numbers, dates, yes and no, and codes as Indonesian offices write them."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from gis.errors import InvalidStation
from gis.linear import parse_station
from gis.types import BoolArray, FloatArray
from layers.definition import Code

TextArray = npt.NDArray[np.object_]
"""One-dimensional array of str; None where a value is missing."""

MISSING_WORDS = frozenset({"", "-", "–", "--", "null", "none", "nan", "n/a", "na", "#n/a", "<null>"})

MONTHS = {
    "januari": 1, "februari": 2, "pebruari": 2, "maret": 3, "april": 4, "mei": 5, "juni": 6, "juli": 7, "agustus": 8,
    "september": 9, "oktober": 10, "november": 11, "nopember": 11, "desember": 12,
    "jan": 1, "feb": 2, "peb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "agu": 8, "agt": 8, "ags": 8, "sep": 9,
    "okt": 10, "nov": 11, "nop": 11, "des": 12,
    "january": 1, "february": 2, "march": 3, "may": 5, "june": 6, "july": 7, "august": 8, "october": 10, "december": 12,
    "aug": 8, "oct": 10, "dec": 12,
}  # fmt: skip
YES = frozenset({"ya", "y", "yes", "true", "t", "benar", "ada", "1", "-1"})  # -1: OSM's one way against the drawing
NO = frozenset({"tidak", "tdk", "n", "no", "false", "f", "salah", "0"})

_CURRENCY = re.compile(r"^(rp|idr)\.?\s*|,-$|\s+", re.IGNORECASE)
_PLAIN = re.compile(r"[+-]?\d+")
_SCIENTIFIC = re.compile(r"[+-]?\d+(\.\d+)?[eE][+-]?\d+")
_ONE_GROUP = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")  # 1.234 or 1,234: a thousand and more, or one and a bit
_INDONESIAN = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+),\d+|[+-]?\d{1,3}(\.\d{3}){2,}")
_ENGLISH = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d*)\.\d+|[+-]?\d{1,3}(,\d{3}){2,}")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?:[T ].*)?")
_MONTH_NAMED = re.compile(r"(?:\w+,\s*)?(\d{1,2})[- ]([A-Za-z]+)[- ](\d{4})")
_CENTURY_BORDER = 70  # two-digit years below it are 20xx


@dataclass(frozen=True)
class Numbers:
    """
    Numbers read from a column, NaN where missing.

    `unreadable` marks what is no number; `ambiguous` what may be 1234 as well as 1.234: both are NaN.
    """

    values: FloatArray
    unreadable: BoolArray
    ambiguous: BoolArray


@dataclass(frozen=True)
class Texts:
    """Values read from a column as text for the database, None where missing; `unreadable` marks what was not read."""

    values: TextArray
    unreadable: BoolArray


def parse_numbers(column: pd.Series, *, thousands: bool = False, decimals_expected: bool = False) -> Numbers:
    """
    Read a column of numbers, written the Indonesian way (1.234,56) or the English (1,234.56).

    The column decides together: one `12,5` in it tells that `1.234` is one thousand and more. Where nothing tells, a
    value such as `1.234` is marked as ambiguous and not guessed.

    Parameters
    ----------
    column
        Numbers, or text.
    thousands
        `1.234` is 1234: whole numbers and money, where three decimals make no sense.
    decimals_expected
        `103.123` is a decimal: coordinates.
    """
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
        values: FloatArray = column.to_numpy(dtype=np.float64, na_value=np.nan).copy()
        infinite = np.isinf(values)
        values[infinite] = np.nan
        return Numbers(values, infinite, np.zeros(len(values), dtype=bool))
    codes, texts = _unique_texts(column)
    cleaned = [_CURRENCY.sub("", text) for text in texts]
    comma_decimal = _decimal_is_comma(cleaned)
    found = [_number(text, comma_decimal, thousands=thousands, decimals_expected=decimals_expected) for text in cleaned]
    numbers = np.array([value for value, _ in found], dtype=np.float64)
    states = np.array([state for _, state in found], dtype=object)
    return Numbers(
        _spread(numbers, codes, np.nan),
        _spread(states == "unreadable", codes, False),
        _spread(states == "ambiguous", codes, False),
    )


def parse_stations(column: pd.Series) -> FloatArray | None:
    """
    Read a column of STA such as `3+670` into metres; None when no value is written so.

    Values that are no STA are NaN; a plain number among them is metres.
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        return None
    codes, texts = _unique_texts(column)
    if not any("+" in text[1:] for text in texts):
        return None
    return _spread(np.array([_station_m(text) for text in texts], dtype=np.float64), codes, np.nan)


def parse_dates(column: pd.Series) -> Texts:
    """Read a column of dates, day first, into ISO 8601: `24-11-2026`, `24/11/26`, `24 November 2026`, `2026-11-24`."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        iso = column.dt.strftime("%Y-%m-%d").to_numpy(dtype=object)
        iso[column.isna().to_numpy()] = None
        return Texts(iso, np.zeros(len(iso), dtype=bool))
    return _parse_texts(column, _iso_date)


def parse_booleans(column: pd.Series) -> Texts:
    """Read a column of yes and no into `t` and `f`."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return Texts(np.where(column.to_numpy(dtype=bool), "t", "f").astype(object), np.zeros(len(column), dtype=bool))
    return _parse_texts(column, lambda text: "t" if text.lower() in YES else "f" if text.lower() in NO else None)


def parse_codes(column: pd.Series, codes: Iterable[Code]) -> Texts:
    """
    Read a column of codes: by the code itself, its labels in both languages and the aliases of the list.

    Case, accents and punctuation are forgiven. A code of the list wins over another's alias.
    """
    known: dict[str, str] = {}
    listed = list(codes)
    for words in (
        lambda code: (code.code,),
        lambda code: code.aliases,
        lambda code: (code.label.id, code.label.en),
    ):
        for code in listed:
            for word in words(code):
                known.setdefault(fold(word), code.code)
    return _parse_texts(column, lambda text: known.get(fold(text)))


def parse_texts(column: pd.Series) -> Texts:
    """Read a column as text: trimmed, without control characters; whole numbers without `.0`."""
    return _parse_texts(column, lambda text: text)


def fold(text: str) -> str:
    """Return letters and digits alone, without accents and case: what names are compared by."""
    decomposed = unicodedata.normalize("NFKD", str(text))
    return "".join(character for character in decomposed.casefold() if character.isalnum())


def is_null(values: TextArray) -> BoolArray:
    """Mark the values that are None."""
    return np.asarray(np.equal(values, np.array(None, dtype=object)), dtype=bool)


def is_missing(text: str) -> bool:
    """Tell whether a cell says nothing."""
    return text.strip().lower() in MISSING_WORDS


def _number(text: str, comma_decimal: bool | None, *, thousands: bool, decimals_expected: bool) -> tuple[float, str]:
    if _PLAIN.fullmatch(text) or _SCIENTIFIC.fullmatch(text):
        return float(text), "read"
    if _ONE_GROUP.fullmatch(text):
        if decimals_expected:
            return float(text.replace(",", ".")), "read"
        if thousands:
            return float(re.sub("[.,]", "", text)), "read"
        if comma_decimal is None:
            return np.nan, "ambiguous"
        return float(_english(text) if comma_decimal else text.replace(",", "")), "read"
    if _INDONESIAN.fullmatch(text):
        return float(_english(text)), "read"
    if _ENGLISH.fullmatch(text):
        return float(text.replace(",", "")), "read"
    return np.nan, "unreadable"


def _english(text: str) -> str:
    return text.replace(".", "").replace(",", ".")


def _decimal_is_comma(texts: list[str]) -> bool | None:
    """Tell which sign is the decimal in a column; None when nothing tells, or it contradicts itself."""
    sure = [text for text in texts if not _ONE_GROUP.fullmatch(text)]
    indonesian = any(_INDONESIAN.fullmatch(text) for text in sure)
    english = any(_ENGLISH.fullmatch(text) for text in sure)
    return indonesian if indonesian != english else None


def _station_m(text: str) -> float:
    if _PLAIN.fullmatch(text):
        return float(text)
    try:
        return parse_station(text)
    except InvalidStation:
        return float("nan")


def _iso_date(text: str) -> str | None:
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = (int(part) for part in match.groups())
    elif match := _DAY_FIRST.fullmatch(text):
        day, month, year = (int(part) for part in match.groups())
    elif (match := _MONTH_NAMED.fullmatch(text)) and match[2].lower() in MONTHS:
        day, month, year = int(match[1]), MONTHS[match[2].lower()], int(match[3])
    else:
        return None
    if year < 100:
        year += 2000 if year < _CENTURY_BORDER else 1900
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return None


def _parse_texts(column: pd.Series, parse: Callable[[str], str | None]) -> Texts:
    codes, texts = _unique_texts(column)
    parsed = np.array([parse(text) for text in texts], dtype=object).reshape(-1)
    values = _spread(parsed, codes, None)
    return Texts(values, _spread(is_null(parsed), codes, False))


def _unique_texts(column: pd.Series) -> tuple[npt.NDArray[np.intp], list[str]]:
    """
    Return for each row the position of its text among the different ones, -1 where missing, and these texts.

    Whatever is done per text is then done once for each different one: codes and names repeat.
    """
    codes, uniques = pd.factorize(column.to_numpy(dtype=object))
    texts = [_text(value) for value in uniques]
    missing = np.array([is_missing(text) for text in texts], dtype=bool)
    if missing.any():
        codes = np.where((codes >= 0) & missing[np.maximum(codes, 0)], -1, codes)
        texts = ["" if gone else text for text, gone in zip(texts, missing, strict=True)]
    return codes, texts


def _text(value: object) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    text = str(value)
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return text.strip()


def _spread(values: npt.NDArray[np.generic] | TextArray, codes: npt.NDArray[np.intp], missing: object) -> npt.NDArray:  # type: ignore[type-arg]
    if len(values) == 0:
        return np.full(len(codes), missing, dtype=np.asarray(values).dtype if missing is not None else object)
    spread = np.asarray(values)[codes]
    spread[codes < 0] = missing
    return spread
