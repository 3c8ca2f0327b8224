"""Values of a layer's fields as people read them: codes by their label, numbers with their unit."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext

from app.extensions import current_language
from app.formats import format_day, format_ha, format_idr, format_km, format_number, format_percent
from gis.linear import format_station
from layers.catalogue import built_in_catalogue
from layers.definition import FieldDefinition, LayerDefinition


def written_value(definition: LayerDefinition, field: FieldDefinition, value: Any) -> str:
    """Return a value as people read it: codes by their label, numbers with their unit."""
    language = current_language()
    if field.codes:
        labels = {code.code: code.label.in_language(language) for code in built_in_catalogue().codes[field.codes]}
        return labels.get(str(value), str(value))
    if isinstance(value, bool):
        return str(gettext("Ya") if value else gettext("Tidak"))
    if isinstance(value, date):
        return format_day(value, language)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if field.type in {"number", "integer", "money"}:
        return written_number(field, value)
    return str(value)


def written_number(field: FieldDefinition, value: Any) -> str:
    """Return a number with its unit; years stand without separators."""
    language = current_language()
    match field.unit:
        case "IDR":
            return format_idr(value, language)
        case "m" if field.name.startswith("sta_"):
            return format_station(value)
        case "m" if value >= 1000:
            return format_km(value, language)
        case "m":
            return f"{format_number(value, language, 0 if value == int(value) else 1)} m"
        case "m2":
            return format_ha(value, language)
        case "km2":
            return f"{format_number(value, language, 2)} km²"
        case "percent":
            return format_percent(value, language)
        case "percentage points":
            return str(gettext("%(number)s poin", number=format_number(value, language, 1)))
        case _ if field.name.endswith("year") or field.name.startswith("year"):
            return str(value)
        case _:
            return format_number(value, language, 0 if value == int(value) else 2)
