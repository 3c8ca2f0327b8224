"""The units of figures and tables: how many decimals they have, and how people write them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from app.formats import NOTHING, format_day_short, format_idr, format_number, format_percent
from app.reports.report import Cell, Words

DECIMALS = {  # of quantities; others are whole numbers
    "km": 3, "km2": 3, "km/km2": 3, "km/1000 persons": 3, "ha": 2, "m": 1, "percent": 2, "points": 2, "degrees": 1,
    "m2/person": 2, "number": 2, "index": 1, "m/km": 2, "people/km2": 1,
}  # fmt: skip
SYMBOLS = {"km2": "km²", "km/km2": "km/km²", "m2": "m²", "people/km2": "jiwa/km²", "degrees": "°", "percent": "%"}
NAMED: dict[str, Words] = {  # units that are words
    "persons": Words("jiwa", "people"),
    "points": Words("poin", "points"),
    "km/1000 persons": Words("km/1.000 jiwa", "km/1,000 people"),
    "m2/person": Words("m²/jiwa", "m²/person"),
    "people/km2": Words("jiwa/km²", "people/km²"),
    "days": Words("hari", "days"),
    "vehicles/day": Words("kendaraan/hari", "vehicles/day"),
    "IDR": Words("Rp", "Rp"),
}
COUNTED = frozenset({"packages", "number", "index", "villages", "bridges", "facilities", "count", "projects"})
TEXT_UNITS = frozenset({"text", "date"})  # of columns that hold no numbers


def decimals_of(unit: str) -> int:
    """Return with how many decimals a quantity of this unit is written."""
    return DECIMALS.get(unit, 0)


def unit_name(unit: str, language: str = "id") -> str:
    """Return what stands behind a number, or in brackets in a column's head; nothing for plain counts and texts."""
    if unit in TEXT_UNITS or unit in COUNTED:
        return ""
    named = NAMED.get(unit)
    return named.in_language(language) if named else SYMBOLS.get(unit, unit)


def format_quantity(value: float | None, unit: str, language: str) -> str:
    """Return a number with its unit as people of the language write it; a dash when it is not known."""
    if value is None:
        return NOTHING
    if unit == "percent":
        return format_percent(value, language, DECIMALS["percent"])
    if unit == "IDR":
        return format_idr(Decimal(str(value)), language)
    text = format_number(value, language, decimals_of(unit))
    name = unit_name(unit, language)
    return f"{text} {name}" if name else text


def format_cell(cell: Cell | Words, unit: str, language: str) -> str:
    """Return what a table shows in a cell: numbers without their unit, which the column's head names."""
    if cell is None:
        return NOTHING
    if isinstance(cell, Words):
        return cell.in_language(language)
    if isinstance(cell, date):
        return format_day_short(cell, language)
    if isinstance(cell, str):
        return cell
    if unit == "IDR":
        return format_number(Decimal(str(cell)), language, 0 if cell == int(cell) else 2)
    return format_number(cell, language, decimals_of(unit))
