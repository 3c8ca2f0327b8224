"""The form of a report: areas, years and settings to choose from, with what was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.extensions import current_language
from app.formats import format_number
from app.own_words import in_own_words
from app.rasters.queries import read_rasters
from app.region import current_region
from app.reports.areas import list_report_areas, read_fiscal_years
from app.reports.definition import ReportDefinition, Setting

DOCUMENTS = (("pdf", "PDF"), ("xlsx", "XLSX"), ("gpkg", "GeoPackage"), ("html", "HTML"), ("json", "JSON"))
SCREEN = ("map", "scheme", "classes", "compare_area", "compare_as_of")  # parameters of the page alone
BYTES_PER_MB = 1_000_000
INPUT_TYPES = {"number": "number", "integer": "number", "date": "date"}


@dataclass(frozen=True)
class ShownSetting:
    """A setting as the form shows it; `choices` are value and label."""

    name: str
    label: str
    hint: str | None
    type: str
    value: str
    choices: tuple[tuple[str, str], ...]
    min: float | None
    max: float | None
    required: bool


@dataclass(frozen=True)
class Download:
    """A document of the report: what it is called, where it is, and how large, once it has been made."""

    label: str
    address: str
    size: str | None


@dataclass(frozen=True)
class ReportForm:
    """What the form of a report offers, and what of it was chosen."""

    areas: list[tuple[str, str]]
    area: str
    years: list[int]
    year: int | None
    as_of: str
    fields: tuple[ShownSetting, ...]
    compare_area: str
    compare_as_of: str
    downloads: tuple[Download, ...]


def report_form(
    session: Session, definition: ReportDefinition, asked: Mapping[str, str], *, sizes: Mapping[str, int]
) -> ReportForm:
    """Return the form of a report for what an address asks; `sizes` (bytes) of documents that are there already."""
    chosen_values = of_the_report(asked)
    years = _years(session, definition)
    chosen = int(asked["year"]) if asked.get("year", "").isdigit() else None
    if chosen is not None and chosen not in years:
        years = sorted({*years, chosen}, reverse=True)
    return ReportForm(
        areas=list_report_areas(session),
        area=asked.get("area") or current_region().code,
        years=years,
        year=chosen,
        as_of=asked.get("as_of", "")[: len("2026-11-24")],
        fields=tuple(_shown(session, one, asked.get(one.name, "")) for one in definition.settings),
        compare_area=asked.get("compare_area", ""),
        compare_as_of=asked.get("compare_as_of", "")[: len("2026-11-24")],
        downloads=tuple(
            Download(label, document_url(definition, wanted, chosen_values), _size(sizes.get(wanted)))
            for wanted, label in DOCUMENTS
        ),
    )


def document_url(definition: ReportDefinition, wanted: str, asked: Mapping[str, Any]) -> str:
    """Return the address of a report as a document."""
    if wanted == "json":
        return url_for("reports.as_json", name=definition.id, **asked)
    return url_for("reports.as_document", name=definition.id, wanted=wanted, **asked)


def _size(size: int | None) -> str | None:
    if size is None:
        return None
    if size < BYTES_PER_MB:
        return f"{format_number(max(1, round(size / 1000)), current_language())} kB"
    return f"{format_number(size / BYTES_PER_MB, current_language(), 1)} MB"


def of_the_report(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an address asks of the report itself, without how the page shows it."""
    return {name: value for name, value in without_empty(asked).items() if name not in SCREEN}


def _years(session: Session, definition: ReportDefinition) -> list[int]:
    if definition.year == "fiscal":
        return read_fiscal_years(session)
    if definition.year == "survey":
        from app.reports.queries import read_survey_years  # loads geopandas, which a report needs anyhow

        return read_survey_years(session, area=current_region().code, is_region=True)
    return []


def _shown(session: Session, setting: Setting, asked: str) -> ShownSetting:
    language, region = current_language(), current_region()
    default = "" if setting.default is None else f"{setting.default}"
    if setting.type in {"number", "integer"} and isinstance(setting.default, int | float):
        default = f"{setting.default:g}"
    label = in_own_words(setting.label.in_language(language), region)
    return ShownSetting(
        name=setting.name,
        label=f"{label} ({setting.unit})" if setting.unit else label,
        hint=in_own_words(setting.hint.in_language(language), region) if setting.hint else None,
        type=INPUT_TYPES.get(setting.type, "text"),
        value=asked or default,
        choices=_choices(session, setting),
        min=setting.min,
        max=setting.max,
        required=setting.required,
    )


def _choices(session: Session, setting: Setting) -> tuple[tuple[str, str], ...]:
    language, region = current_language(), current_region()
    if setting.type == "area":
        return (("", "–"), *((code, f"{name} ({code})") for code, name in list_report_areas(session)[1:]))
    if setting.type == "raster":
        found = [one for one in read_rasters(session) if setting.raster_kind in {None, one.kind}]
        return (("", "–"), *((one.name, f"{one.title} ({one.year or one.name})") for one in found))
    offered = tuple((one.value, in_own_words(one.label.in_language(language), region)) for one in setting.choices)
    return offered if setting.default is not None or not offered else (("", "–"), *offered)


def asked_settings(definition: ReportDefinition, args: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the settings among the parameters of an address, by name."""
    return tuple(sorted((one.name, args[one.name]) for one in definition.settings if args.get(one.name)))


def parameter_names(definition: ReportDefinition, *others: str) -> tuple[str, ...]:
    """Return every parameter that an address of a report may have."""
    return ("area", "year", "as_of", "format", "lang", *others, *(one.name for one in definition.settings))


def without_empty(args: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was filled in, without the form of the answer."""
    return {name: value for name, value in args.items() if value and name != "format"}
