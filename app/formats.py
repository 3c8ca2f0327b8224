"""Numbers, money, lengths and dates as people of each language write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal
from flask import Flask

from app.extensions import current_language
from gis.constants import M_PER_KM

NOTHING = "–"  # what stands where no value is known; never 0
M2_PER_HA = 10_000
SIGNIFICANT_DIGITS = 3  # of money in words: Rp1,25 miliar, Rp12,5 miliar, Rp125 miliar
MONEY_WORDS = (
    (Decimal(10) ** 12, {"id": "triliun", "en": "trillion"}),
    (Decimal(10) ** 9, {"id": "miliar", "en": "billion"}),
    (Decimal(10) ** 6, {"id": "juta", "en": "million"}),
    (Decimal(10) ** 3, {"id": "ribu", "en": "thousand"}),
)
TIME_ZONE_NAMES = {"Asia/Jakarta": "WIB", "Asia/Pontianak": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}

KEPT = 4096  # numbers and days whose writing is kept, of each process

Number = int | float | Decimal


def format_number(value: Number | None, language: str, decimals: int = 0) -> str:
    """Return a number with exactly so many decimals: `1.234,50`; a dash for None."""
    if value is None:
        return NOTHING
    rounded = _rounded(value, decimals)
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return _written(rounded, pattern, language).replace("-", "−")


def format_idr(value: Number | None, language: str) -> str:
    """Return rupiah in full: `Rp1.234.567,89`, without decimals when the amount is whole."""
    if value is None:
        return NOTHING
    amount = _rounded(value, 2)
    return _rupiah(amount, format_number(abs(amount), language, 0 if amount == int(amount) else 2))


def format_idr_short(value: Number | None, language: str) -> str:
    """Return rupiah in words of size, with three digits that count: `Rp1,25 miliar`."""
    if value is None:
        return NOTHING
    amount = _rounded(value, 0)
    for size, word in MONEY_WORDS:
        digits = _significant(abs(amount) / size)
        if digits >= 1:
            return _rupiah(amount, f"{_written(digits, '#,##0.##', language)} {word[language]}")
    return _rupiah(amount, format_number(abs(amount), language))


def format_km(length_m: Number | None, language: str) -> str:
    """Return a length given in metres as kilometres to the metre: `12,345 km`."""
    return NOTHING if length_m is None else f"{format_number(Decimal(str(length_m)) / int(M_PER_KM), language, 3)} km"


def format_distance(distance_m: Number | None, language: str) -> str:
    """Return how far something is as people say it: `650 m`, `1,2 km`."""
    if distance_m is None:
        return NOTHING
    if distance_m < int(M_PER_KM):
        return f"{format_number(round(float(distance_m) / 10) * 10, language)} m"
    return f"{format_number(Decimal(str(distance_m)) / int(M_PER_KM), language, 1)} km"


def format_ha(area_m2: Number | None, language: str) -> str:
    """Return an area given in square metres as hectares: `12,35 ha`."""
    return NOTHING if area_m2 is None else f"{format_number(Decimal(str(area_m2)) / M2_PER_HA, language, 2)} ha"


def format_percent(percent: Number | None, language: str, decimals: int = 1) -> str:
    """Return a percentage given as 0 to 100: `48,2%`."""
    return NOTHING if percent is None else f"{format_number(percent, language, decimals)}%"


def format_day(day: date | None, language: str) -> str:
    """Return a day in full: `24 November 2026`."""
    return NOTHING if day is None else _written_day(day, "d MMMM yyyy", language)


def format_day_short(day: date | None, language: str) -> str:
    """Return a day as lists show it: `15 Nov 2026`."""
    return NOTHING if day is None else _written_day(day, "d MMM yyyy", language)


def format_moment(moment: datetime | None, language: str, time_zone: str = "Asia/Jakarta") -> str:
    """Return a moment where the region is: `24 November 2026 14.30 WIB`."""
    if moment is None:
        return NOTHING
    zone: tzinfo = ZoneInfo(time_zone)
    local = moment.astimezone(zone)
    clock = local.strftime("%H:%M" if language == "en" else "%H.%M")
    zone_name = TIME_ZONE_NAMES.get(time_zone, local.tzname() or "")
    return f"{format_day(local.date(), language)} {clock} {zone_name}".strip()


FILTERS: dict[str, Callable[..., str]] = {
    "number": format_number,
    "idr": format_idr,
    "idr_short": format_idr_short,
    "km": format_km,
    "distance": format_distance,
    "ha": format_ha,
    "percent": format_percent,
    "day": format_day,
    "day_short": format_day_short,
    "moment": format_moment,
}


def register_formats(app: Flask) -> None:
    """Offer every format to templates as a filter in the visitor's language."""
    for name, formatter in FILTERS.items():
        app.jinja_env.filters[name] = _in_visitors_language(formatter)


def _in_visitors_language(formatter: Callable[..., str]) -> Callable[..., str]:
    def in_visitors_language(value: Any, *rest: Any) -> str:
        return formatter(value, current_language(), *rest)

    return in_visitors_language


@lru_cache(KEPT)
def _written(number: Decimal, pattern: str, language: str) -> str:
    """Write a number by a pattern of CLDR. A page writes hundreds, most of them as the page before."""
    return str(format_decimal(number, format=pattern, locale=language))


@lru_cache(KEPT)
def _written_day(day: date, pattern: str, language: str) -> str:
    return str(format_date(day, pattern, locale=language))


def _rounded(value: Number, decimals: int) -> Decimal:
    """Round half away from zero, as people and accountants do, on the number as it is written."""
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return rounded if rounded else abs(rounded)  # what rounds to nothing has no sign


def _significant(value: Decimal) -> Decimal:
    whole = len(str(int(value))) if value >= 1 else 0
    return _rounded(value, max(0, SIGNIFICANT_DIGITS - max(whole, 1)))


def _rupiah(amount: Decimal, digits: str) -> str:
    return f"{'−' if amount < 0 else ''}Rp{digits}"
