"""Figures that can be opened: a value with its rule, its legal basis, the date and the layers of its data."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Literal

from gis.errors import InvalidMeasure
from gis.types import Json

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Rule:
    """
    One dated threshold of an agency, as the table `rules` keeps it.

    `status` is the mark of confidence: V (the wording was read), V* (read in a secondary source), R (recalled),
    R? (recalled with doubt), D (our own design). `version` names the revision, such as "2026-01".
    """

    code: str
    value: float
    unit: str
    legal_basis: str
    version: str
    status: str
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None

    @property
    def is_verified(self) -> bool:
        """Whether the value was read in a source; what was not is shown as "belum diverifikasi"."""
        return self.status.startswith("V")


@dataclass(frozen=True)
class FigureInput:
    """A layer that went into a figure: its version, and how many of its features were used."""

    layer: str
    version: int
    features: int

    def to_json(self) -> Json:
        """Give the input as design section 4 writes it."""
        return {"layer": self.layer, "version": self.version, "features": self.features}


@dataclass(frozen=True)
class FigureContext:
    """
    What the figures of one report share, given by the caller.

    `area` is the kode wilayah of the whole; `data_date` the date of the data; `inputs` the layers read.
    """

    area: str
    data_date: dt.date | None = None
    inputs: tuple[FigureInput, ...] = ()


@dataclass(frozen=True)
class Figure:
    """
    One value for one area, with all that is needed to check it.

    `value` is None when it cannot be computed, and a finding then says why. `features_url` is left None by `gis`,
    which knows no addresses; the app fills it in with `dataclasses.replace`.
    """

    id: str
    area: str
    value: float | None
    unit: str
    numerator: float | None = None
    denominator: float | None = None
    rule: str | None = None
    rule_version: str | None = None
    legal_basis: str | None = None
    data_date: dt.date | None = None
    inputs: tuple[FigureInput, ...] = ()
    features_url: str | None = None
    verified: bool = True

    def __post_init__(self) -> None:
        for number in (self.value, self.numerator, self.denominator):
            if number is not None and not math.isfinite(number):
                raise InvalidMeasure(
                    f"Angka {self.id} untuk {self.area} bukan bilangan.",
                    f"Figure {self.id} of {self.area} is not a number.",
                )

    def to_json(self) -> Json:
        """Give the figure as design section 4 writes it; dates are ISO 8601."""
        return {
            "id": self.id,
            "area": self.area,
            "value": self.value,
            "unit": self.unit,
            "numerator": self.numerator,
            "denominator": self.denominator,
            "rule": self.rule,
            "rule_version": self.rule_version,
            "legal_basis": self.legal_basis,
            "data_date": self.data_date.isoformat() if self.data_date else None,
            "inputs": [source.to_json() for source in self.inputs],
            "features_url": self.features_url,
            "verified": self.verified,
        }


@dataclass(frozen=True)
class Finding:
    """Something about the data that a reader of the figures must know; `count` is how many features it concerns."""

    severity: Severity
    code: str
    message_id: str
    message_en: str
    count: int = 1

    def to_json(self, *, language: Literal["id", "en"] = "id") -> Json:
        """Give the finding as design section 4 writes it, in one language."""
        message = self.message_id if language == "id" else self.message_en
        return {"severity": self.severity, "code": self.code, "message": message, "count": self.count}


@dataclass(frozen=True)
class FigureSet:
    """Figures computed together, and what was found about their data on the way."""

    figures: tuple[Figure, ...]
    findings: tuple[Finding, ...]


def quantity_figure(
    figure_id: str, value: float | None, *, area: str, unit: str, context: FigureContext, rule: Rule | None = None
) -> Figure:
    """
    Make a figure that is a plain quantity, such as a length in km.

    Parameters
    ----------
    figure_id
        An id of design section 4.
    value
        The quantity in `unit`; None when it cannot be computed.
    area
        Kode wilayah of the area it is about.
    rule
        The rule it rests on, if any.
    """
    return _figure(figure_id, value, None, None, area=area, unit=unit, context=context, rule=rule)


def ratio_figure(
    figure_id: str,
    numerator: float | None,
    denominator: float | None,
    *,
    area: str,
    unit: str,
    context: FigureContext,
    rule: Rule | None = None,
    factor: float = 1.0,
) -> Figure:
    """
    Make a figure that is a quotient, such as a percentage or a density.

    Parameters
    ----------
    numerator, denominator
        The two quantities; when either is None, or the denominator is 0, the value is None.
    factor
        What the quotient is multiplied by: 100 for percent.
    """
    value = None if numerator is None or not denominator else numerator / denominator * factor
    return _figure(figure_id, value, numerator, denominator, area=area, unit=unit, context=context, rule=rule)


def percent_figure(
    figure_id: str,
    numerator: float | None,
    denominator: float | None,
    *,
    area: str,
    context: FigureContext,
    rule: Rule | None = None,
) -> Figure:
    """Make a figure in percent (0 to 100); see `ratio_figure`."""
    return ratio_figure(
        figure_id, numerator, denominator, area=area, unit="percent", context=context, rule=rule, factor=100.0
    )


def _figure(
    figure_id: str,
    value: float | None,
    numerator: float | None,
    denominator: float | None,
    *,
    area: str,
    unit: str,
    context: FigureContext,
    rule: Rule | None,
) -> Figure:
    return Figure(
        id=figure_id,
        area=area,
        value=value,
        unit=unit,
        numerator=numerator,
        denominator=denominator,
        rule=rule.code if rule else None,
        rule_version=rule.version if rule else None,
        legal_basis=rule.legal_basis if rule else None,
        data_date=context.data_date,
        inputs=context.inputs,
        verified=rule.is_verified if rule else True,
    )
