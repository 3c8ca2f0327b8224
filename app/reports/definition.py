"""What people read about a report, and what can be asked of it: one strict YAML file per report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, field_validator, model_validator

from app.errors import InvalidRequest, NotFound
from layers.definition import Strict, Text

FOLDER = Path(__file__).parent / "definitions"
GROUPS = ("progress", "coverage", "planning")
SHOWN = 20  # characters of a refused value that the answer repeats
ANY_KEY = ".*"

SettingType = Literal["number", "integer", "choice", "text", "date", "package", "area", "raster"]
Value = str | int | float


class Choice(Strict):
    """One value that a setting may have."""

    value: str
    label: Text


class Setting(Strict):
    """One thing that can be chosen for a report beside area, year and moment."""

    name: str = Field(pattern=r"^[a-z][a-z_]*$")
    type: SettingType
    label: Text
    hint: Text | None = None
    default: Value | None = None
    required: bool = False
    choices: tuple[Choice, ...] = ()
    min: float | None = None
    max: float | None = None
    unit: str | None = None
    raster_kind: str | None = None  # of the rasters that are offered

    @field_validator("choices", mode="before")
    @classmethod
    def _as_tuple(cls, value: Any) -> Any:
        return tuple(value or ())


class FigureWords(Strict):
    """What a figure is called, how it is computed, and the units of it and of its numerator and denominator."""

    label: Text
    formula: Text
    unit: str
    parts: str | tuple[str, str] | None = None

    @property
    def part_units(self) -> tuple[str, str]:
        """Units of numerator and denominator; the figure's own where none is said."""
        parts = self.parts if self.parts is not None else self.unit
        return (parts, parts) if isinstance(parts, str) else parts


class ReportDefinition(Strict):
    """One report, as its YAML file says it; `app/reports/kinds/<id>.py` computes it."""

    id: str = Field(pattern=r"^[a-z][a-z_]*$")
    group: Literal["progress", "coverage", "planning"]
    title: Text
    question: Text
    layers: tuple[str, ...]
    tables: tuple[str, ...] = ()
    year: Literal["survey", "fiscal", "none"] = "none"
    access: Literal["public", "staff"] = "public"
    slow: bool = False  # takes so long that a page waits for the worker instead of computing it itself
    one_page: bool = False  # printed on one sheet, which shortens lists that are too long
    critical: bool = False  # tells more to those who may know of critical contracts
    settings: tuple[Setting, ...] = ()
    headlines: tuple[str, ...] = Field(max_length=4)
    figures: dict[str, FigureWords]
    includes: dict[str, tuple[str, ...]] = {}  # figures of other reports that a summary takes over, by report

    @model_validator(mode="after")
    def _headlines_are_figures(self) -> ReportDefinition:
        missing = [one for one in self.headlines if one not in self.figures]
        if missing:
            raise ValueError(f"headlines that are no figures: {', '.join(missing)}")
        return self

    def words(self, figure_id: str) -> FigureWords:
        """Return the words of a figure, of its own or of the family it belongs to; `KeyError` when there are none."""
        for other, taken in self.includes.items():
            if figure_id in taken:
                return report_definition(other).words(figure_id)
        found = self.figures.get(figure_id)
        return found if found is not None else self.figures[figure_id.rpartition(".")[0] + ANY_KEY]

    def missing_settings(self, asked: Mapping[str, str]) -> list[Setting]:
        """Return the settings that must be filled in and are not."""
        return [one for one in self.settings if one.required and not asked.get(one.name, "").strip()]

    def read_settings(self, asked: dict[str, str]) -> dict[str, Value]:
        """
        Read what was chosen; settings that were left out have their default, or are left out.

        Raises
        ------
        InvalidRequest
            For a setting that this report does not have, a value that it cannot have, or one that is missing.
        """
        known = {one.name: one for one in self.settings}
        for name in asked:
            if name not in known:
                raise _unknown_setting(name, tuple(known))
        chosen: dict[str, Value] = {}
        for name, setting in known.items():
            text = asked.get(name, "").strip()
            value = _read_value(setting, text) if text else setting.default
            if value is not None:
                chosen[name] = value
            elif setting.required:
                raise InvalidRequest(
                    f"Laporan ini memerlukan {setting.label.id.lower()} ({name}).",
                    f"This report needs {setting.label.en.lower()} ({name}).",
                )
        return chosen


@cache
def report_definitions() -> dict[str, ReportDefinition]:
    """Return all reports by id, in the order of their groups."""
    found = [
        ReportDefinition.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        for path in sorted(FOLDER.glob("*.yml"))
    ]
    return {one.id: one for one in sorted(found, key=lambda one: (GROUPS.index(one.group), one.title.id))}


def report_definition(name: str) -> ReportDefinition:
    """
    Return one report.

    Raises
    ------
    NotFound
        When there is no such report.
    """
    found = report_definitions().get(name)
    if found is None:
        raise NotFound(
            f"Laporan “{name[:SHOWN]}” tidak ada. Yang ada: {', '.join(report_definitions())}.",
            f"There is no report “{name[:SHOWN]}”. There are: {', '.join(report_definitions())}.",
        )
    return found


def _read_value(setting: Setting, text: str) -> Value:
    if setting.type == "choice":
        if text not in {one.value for one in setting.choices}:
            raise _refused(setting, text, " | ".join(one.value for one in setting.choices))
        return text
    if setting.type not in {"number", "integer"}:
        return text
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        raise _refused(setting, text, _range_of(setting)) from None
    beyond = (setting.min is not None and number < setting.min) or (setting.max is not None and number > setting.max)
    if beyond or not math.isfinite(number) or (setting.type == "integer" and number != int(number)):
        raise _refused(setting, text, _range_of(setting))
    return int(number) if setting.type == "integer" else number


def _range_of(setting: Setting) -> str:
    if setting.min is None or setting.max is None:
        return "1234"
    return f"{setting.min:g}–{setting.max:g}"


def _refused(setting: Setting, text: str, possible: str) -> InvalidRequest:
    return InvalidRequest(
        f"{setting.name}={text[:SHOWN]} tidak dapat dipakai. {setting.label.id}: {possible}.",
        f"{setting.name}={text[:SHOWN]} cannot be used. {setting.label.en}: {possible}.",
    )


def _unknown_setting(name: str, known: tuple[str, ...]) -> InvalidRequest:
    names = ", ".join(known) or "–"
    return InvalidRequest(
        f"Laporan ini tidak mengenal “{name[:SHOWN]}”. Yang dapat diatur: {names}.",
        f"This report does not know “{name[:SHOWN]}”. What can be set: {names}.",
    )
