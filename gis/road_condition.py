"""Condition of a road surface: the four classes, from roughness (IRI), distress (SDI) or damage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from gis.errors import InvalidMeasure
from gis.figures import Rule
from gis.types import FloatArray

ConditionClass = Literal["good", "fair", "light_damage", "heavy_damage", "unsurveyed"]

CONDITION_CLASSES: tuple[ConditionClass, ...] = get_args(ConditionClass)
"""From good to bad; what was not surveyed (or is not open yet) comes last."""

SURVEYED_CLASSES = CONDITION_CLASSES[:4]

CombinationTable = Mapping[tuple[ConditionClass, ConditionClass], ConditionClass]
"""(class by IRI, class by SDI) to the class of both."""


@dataclass(frozen=True)
class ConditionBands:
    """Upper bounds of good, fair and light damage on one scale: IRI (m/km), SDI, or damage (percent of the surface)."""

    good: Rule
    fair: Rule
    light_damage: Rule

    @property
    def bounds(self) -> tuple[float, float, float]:
        """The three bounds; they must rise."""
        bounds = (self.good.value, self.fair.value, self.light_damage.value)
        if not bounds[0] < bounds[1] < bounds[2]:
            raise InvalidMeasure(
                f"Batas kelas kondisi {bounds} harus menaik.",
                f"The bounds {bounds} of the condition classes must rise.",
            )
        return bounds


@dataclass(frozen=True)
class Scale:
    """Points given by one observation: `bounds` part the bands, `points` has one value more than bounds."""

    bounds: tuple[Rule, ...]
    points: tuple[Rule, ...]

    def __post_init__(self) -> None:
        if len(self.points) != len(self.bounds) + 1:
            raise InvalidMeasure(
                "Tabel nilai harus memiliki satu nilai lebih banyak daripada batasnya.",
                "A scale has one value more than it has bounds.",
            )


@dataclass(frozen=True)
class SdiRules:
    """
    The Bina Marga scales from which SDI is built (domain reference, 3.2).

    `crack_area` in percent of the surface, `wide_crack` in mm (what is wider multiplies by `wide_crack_factor`),
    `potholes` in number a kilometre, `rut` in cm.
    """

    crack_area: Scale
    wide_crack: Rule
    wide_crack_factor: Rule
    potholes: Scale
    rut: Scale


def classify_condition(values: npt.ArrayLike, *, bands: ConditionBands) -> npt.NDArray[np.object_]:
    """
    Find the condition class of measured values.

    A value on a bound belongs to the worse class, except on the last one: light damage reaches up to and with it.

    Parameters
    ----------
    values
        IRI, SDI or damage, on the scale of `bands`; NaN where not measured.

    Returns
    -------
    classes
        One class a value; "unsurveyed" for NaN. An empty array for none.

    Raises
    ------
    InvalidMeasure
        If a value is negative, or the bounds do not rise.
    """
    array = _measured(values)
    good, fair, light = bands.bounds
    position = (array >= good).astype(np.int64) + (array >= fair) + (array > light)
    position[np.isnan(array)] = CONDITION_CLASSES.index("unsurveyed")
    return np.array(CONDITION_CLASSES, dtype=object)[position]


def combine_conditions(by_iri: ConditionClass, by_sdi: ConditionClass, *, table: CombinationTable) -> ConditionClass:
    """
    Combine the classes that roughness and distress give one segment.

    Parameters
    ----------
    by_iri, by_sdi
        When one was not surveyed the other decides.
    table
        The agency's table, such as `BINA_MARGA_2011`.

    Returns
    -------
    condition
        The class of both.
    """
    if by_iri == "unsurveyed":
        return by_sdi
    if by_sdi == "unsurveyed":
        return by_iri
    return table[by_iri, by_sdi]


def sdi(
    *,
    crack_area_percent: npt.ArrayLike,
    crack_width_mm: npt.ArrayLike,
    potholes_per_km: npt.ArrayLike,
    rut_depth_cm: npt.ArrayLike,
    rules: SdiRules,
) -> FloatArray:
    """
    Compute the surface distress index of paved segments, step by step as the survey form does.

    Parameters
    ----------
    crack_area_percent
        Crack area by surface area of the segment, in percent.
    crack_width_mm
        Mean width of the cracks.
    potholes_per_km
        Potholes counted on 100 m, times ten.
    rut_depth_cm
        Mean depth of the ruts.
    rules
        Bounds and points.

    Returns
    -------
    sdi
        0 for a surface without any distress; NaN where an observation is missing.

    Raises
    ------
    InvalidMeasure
        If an observation is negative.
    """
    cracks = _points(_measured(crack_area_percent), rules.crack_area)
    wide = _measured(crack_width_mm) > rules.wide_crack.value
    widened = np.where(wide, cracks * rules.wide_crack_factor.value, cracks)
    missing = np.where(np.isnan(_measured(crack_width_mm)), np.nan, 0.0)
    potholes = _points(_measured(potholes_per_km), rules.potholes)
    ruts = _points(_measured(rut_depth_cm), rules.rut)
    return np.asarray(widened + potholes + ruts + missing, dtype=np.float64)


def _points(values: FloatArray, scale: Scale) -> FloatArray:
    """Look values up: 0 gives 0, a bound belongs to the band above it, the last bound to the band below."""
    bounds = [bound.value for bound in scale.bounds]
    position = sum((values >= bound).astype(np.int64) for bound in bounds[:-1]) + (values > bounds[-1])
    points = np.array([rule.value for rule in scale.points])[position]
    return np.where(np.isnan(values), np.nan, np.where(values == 0, 0.0, points))


def _measured(values: npt.ArrayLike) -> FloatArray:
    array = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if (array < 0).any():
        raise InvalidMeasure("Hasil survei tidak boleh negatif.", "A survey's measurement cannot be negative.")
    return array


def _table(rows: Mapping[ConditionClass, tuple[ConditionClass, ...]]) -> CombinationTable:
    return {
        (by_iri, by_sdi): both
        for by_iri, row in rows.items()
        for by_sdi, both in zip(SURVEYED_CLASSES, row, strict=True)
    }


BINA_MARGA_2011 = _table(
    {
        "good": ("good", "fair", "fair", "light_damage"),
        "fair": ("fair", "fair", "light_damage", "light_damage"),
        "light_damage": ("light_damage", "light_damage", "heavy_damage", "heavy_damage"),
        "heavy_damage": ("heavy_damage", "heavy_damage", "heavy_damage", "heavy_damage"),
    }
)
"""Bina Marga's table of 2011: rows by IRI, columns by SDI. Recalled, one cell checked: the regency must confirm it."""
