"""The JSON Schema of a report as JSON: what programs that read it may rely on."""

from __future__ import annotations

from gis.types import Json

DRAFT = "https://json-schema.org/draft/2020-12/schema"
ADDRESS = "/api/v1/reports/schema.json"
AREA_CODE = r"^[0-9]{2}(\.[0-9]{2}){0,2}(\.[0-9]{4})?$"
FIGURE_ID = r"^[a-z][a-z0-9_]*(\.[^\s]+)+$"

TEXT: Json = {"type": "string"}
TEXT_OR_NULL: Json = {"type": ["string", "null"]}
NUMBER_OR_NULL: Json = {"type": ["number", "null"]}
CELL: Json = {"type": ["number", "string", "null"]}
DATE_OR_NULL: Json = {"type": ["string", "null"], "format": "date"}


def report_schema() -> Json:
    """
    Return the schema: of every report, in either language.

    Figures have what opens them; a value that could not be computed is null, and a finding says why. Further members
    may come; those that are here keep their meaning.
    """
    return {
        "$schema": DRAFT,
        "$id": ADDRESS,
        "title": "PetaKarya report",
        "description": "Figures, tables, charts and findings about one area, by what was recorded at one moment.",
        "type": "object",
        "required": ["report", "area", "year", "as_of", "demo", "figures", "tables", "findings"],
        "properties": {
            "report": {"type": "string", "pattern": "^[a-z][a-z_]*$", "description": "Which report."},
            "area": _object({"code": {"type": "string", "pattern": AREA_CODE}, "name": TEXT}),
            "year": {"type": ["integer", "null"], "description": "Survey or fiscal year; null where there is none."},
            "as_of": {"type": "string", "format": "date-time", "description": "What had been recorded by then."},
            "demo": {"type": "boolean", "description": "Whether demonstration data went into it."},
            "settings": {"type": "object", "additionalProperties": {"type": ["string", "number"]}},
            "figures": {"type": "array", "items": {"$ref": "#/$defs/figure"}},
            "tables": {"type": "array", "items": {"$ref": "#/$defs/table"}},
            "charts": {"type": "array", "items": {"$ref": "#/$defs/chart"}},
            "findings": {"type": "array", "items": {"$ref": "#/$defs/finding"}},
        },
        "$defs": {"figure": _figure(), "table": _table(), "chart": _chart(), "finding": _finding()},
    }


def _figure() -> Json:
    inputs = _object({"layer": TEXT, "version": {"type": "integer"}, "features": {"type": "integer", "minimum": 0}})
    return _object(
        {
            "id": {"type": "string", "pattern": FIGURE_ID, "description": "Its meaning never changes."},
            "area": {**TEXT, "description": "Kode wilayah, or what else the figure is about."},
            "value": {**NUMBER_OR_NULL, "description": "Null when it cannot be computed; never a silent 0."},
            "unit": TEXT,
            "numerator": NUMBER_OR_NULL,
            "denominator": NUMBER_OR_NULL,
            "rule": {**TEXT_OR_NULL, "description": "Code of the rule that it rests on."},
            "rule_version": TEXT_OR_NULL,
            "legal_basis": TEXT_OR_NULL,
            "data_date": DATE_OR_NULL,
            "inputs": {"type": "array", "items": inputs},
            "features_url": {**TEXT_OR_NULL, "description": "Where the features are that were counted, as GeoJSON."},
            "verified": {"type": "boolean", "description": "False where the rule's wording was recalled, not read."},
        }
    )


def _table() -> Json:
    column = _object({"id": TEXT, "label": TEXT, "unit": TEXT})
    row: Json = {
        "type": "object",
        "required": ["name"],
        "anyOf": [{"required": ["area"]}, {"required": ["key"]}],
        "properties": {"area": TEXT, "key": TEXT, "name": TEXT, "level": {"type": "integer", "minimum": 0},
                       "subtotal": {"type": "boolean"}},
        "additionalProperties": CELL,
    }  # fmt: skip
    return _object(
        {
            "id": TEXT,
            "title": TEXT,
            "columns": {"type": "array", "items": column},
            "rows": {"type": "array", "items": row},
            "total": {"type": ["object", "null"], "additionalProperties": CELL},
        }
    )


def _chart() -> Json:
    series = _object({"id": TEXT, "label": TEXT, "values": {"type": "array", "items": NUMBER_OR_NULL}})
    piece = _object({"from_m": {"type": "number"}, "to_m": {"type": "number"}, "class": TEXT})
    strip = _object({"label": TEXT, "length_m": {"type": "number"}, "pieces": {"type": "array", "items": piece}})
    return {
        "type": "object",
        "required": ["id", "title", "kind", "unit"],
        "properties": {
            "id": TEXT,
            "title": TEXT,
            "kind": {"enum": ["line", "bars", "stacked", "strip"]},
            "unit": TEXT,
            "labels": {"type": "array", "items": TEXT},
            "series": {"type": "array", "items": series},
            "strips": {"type": "array", "items": strip},
        },
    }


def _finding() -> Json:
    severity: Json = {"enum": ["info", "warning", "error"]}
    return _object({"severity": severity, "code": TEXT, "message": TEXT, "count": {"type": "integer"}})


def _object(properties: Json) -> Json:
    """Return the schema of an object that has each of these members."""
    return {"type": "object", "required": list(properties), "properties": properties}
