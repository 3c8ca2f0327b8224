"""Condition of a road surface: the four classes, from roughness (IRI), distress (SDI) or damage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt

from gis.errors import InvalidMeasure
from gis.figures import Finding, Rule
from gis.types import BoolArray, FloatArray

if TYPE_CHECKING:
    import pandas as pd

ConditionClass = Literal["good", "fair", "light_damage", "heavy_damage", "unsurveyed"]

CONDITION_CLASSES: tuple[ConditionClass, ...] = get_args(ConditionClass)
"""From good to bad; what was not surveyed (or is not open yet) comes last."""

SURVEYED_CLASSES = CONDITION_CLASSES[:4]

ConditionMethod = Literal["condition", "iri", "sdi", "combined"]
"""What decides the class of a segment: the class recorded, its IRI, its SDI, or both by the agency's table."""

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


def combination_table(values: Sequence[float]) -> CombinationTable:
    """
    Read the agency's table of IRI and SDI from its rule.

    Parameters
    ----------
    values
        The 16 values of the rule, row by row: rows by IRI, columns by SDI, from good to heavy damage; 1 good to 4 heavy
        damage.

    Raises
    ------
    InvalidMeasure
        If there are not 16 values, or one is not 1, 2, 3 or 4.
    """
    size = len(SURVEYED_CLASSES)
    if len(values) != size**2 or not all(value in range(1, size + 1) for value in values):
        raise InvalidMeasure(
            f"Tabel kondisi gabungan harus berisi {size**2} nilai dari 1 sampai {size}.",
            f"The table of combined conditions must hold {size**2} values from 1 to {size}.",
        )
    classes = [SURVEYED_CLASSES[int(value) - 1] for value in values]
    return _table({row: tuple(classes[size * i : size * (i + 1)]) for i, row in enumerate(SURVEYED_CLASSES)})


@dataclass(frozen=True)
class DerivedCondition:
    """
    The class of each segment by one method.

    `condition` is one class a segment (None where there is neither measure nor record), `by_record` marks those that
    keep the recorded class because what the method needs was not measured.
    """

    condition: npt.NDArray[np.object_]
    by_record: BoolArray
    findings: tuple[Finding, ...]


def derive_condition(
    segments: pd.DataFrame,
    *,
    method: ConditionMethod,
    iri_bands: ConditionBands,
    sdi_bands: ConditionBands,
    table: CombinationTable,
) -> DerivedCondition:
    """
    Find the class of surveyed segments by roughness, distress, both, or as the survey recorded it.

    Unpaved segments have neither IRI nor SDI: the surveyor's class then counts, and a finding says of how many.

    Parameters
    ----------
    segments
        Columns `condition`, `iri` (m/km) and `sdi`; NaN where not measured. What is negative counts as not measured.
    method
        "condition" takes the recorded class as it is.
    iri_bands, sdi_bands, table
        The agency's bounds and table.

    Returns
    -------
    derived
        As long as `segments`; empty for none. Findings tell of segments kept by record, of negative measures, and of
        recorded classes that no measure bears out.
    """
    recorded = segments["condition"].astype(object).where(segments["condition"].notna(), None).to_numpy(dtype=object)
    iri, below_iri = _not_negative(segments["iri"])
    distress, below_sdi = _not_negative(segments["sdi"])
    by_iri = classify_condition(iri, bands=iri_bands) if len(iri) else np.empty(0, dtype=object)
    by_sdi = classify_condition(distress, bands=sdi_bands) if len(iri) else np.empty(0, dtype=object)
    both = _combine_all(by_iri, by_sdi, table)
    measured = {"iri": by_iri, "sdi": by_sdi, "combined": both}.get(method, both)
    known = measured != "unsurveyed"
    surveyed = np.isin(recorded.astype(str), SURVEYED_CLASSES)
    is_borne_out = (recorded == by_iri) | (recorded == by_sdi) | (recorded == both)
    contradicted = (both != "unsurveyed") & surveyed & ~is_borne_out
    by_record = ~known & surveyed if method != "condition" else np.zeros(len(recorded), dtype=bool)
    condition = recorded if method == "condition" else np.where(known, measured, recorded)
    findings = (
        _negative_measures(below_iri + below_sdi),
        _kept_by_record(int(by_record.sum()), method),
        _contradicted(int(contradicted.sum()), len(recorded)) if method == "condition" else None,
    )
    return DerivedCondition(condition, by_record, tuple(one for one in findings if one is not None))


def _not_negative(values: pd.Series) -> tuple[FloatArray, int]:
    measures = values.to_numpy(dtype=np.float64, na_value=np.nan)
    negative = measures < 0
    return np.where(negative, np.nan, measures), int(negative.sum())


def _combine_all(
    by_iri: npt.NDArray[np.object_], by_sdi: npt.NDArray[np.object_], table: CombinationTable
) -> npt.NDArray[np.object_]:
    """Combine class by class, as `combine_conditions` does, by looking all up in one table of 5 by 5."""
    position = {one: number for number, one in enumerate(CONDITION_CLASSES)}
    lookup = np.array(
        [[combine_conditions(row, column, table=table) for column in CONDITION_CLASSES] for row in CONDITION_CLASSES],
        dtype=object,
    )
    rows, columns = (np.array([position[one] for one in classes], dtype=np.int64) for classes in (by_iri, by_sdi))
    combined: npt.NDArray[np.object_] = lookup[rows, columns]
    return combined


def _negative_measures(count: int) -> Finding | None:
    if not count:
        return None
    return Finding(
        "warning",
        "survey_negative_measure",
        f"{count} nilai IRI atau SDI negatif; dihitung sebagai tidak diukur.",
        f"Negative, hence counted as not measured: {count} values of IRI or SDI.",
        count,
    )


def _kept_by_record(count: int, method: ConditionMethod) -> Finding | None:
    if not count:
        return None
    measure_id, measure_en = {
        "iri": ("IRI", "IRI"), "sdi": ("SDI", "SDI"), "combined": ("IRI maupun SDI", "IRI and SDI")
    }[method]  # fmt: skip
    return Finding(
        "info",
        "condition_by_record",
        f"{count} segmen tidak memiliki {measure_id}; kondisi yang dicatat surveyor yang dihitung.",
        f"Without {measure_en}, so that the class recorded by the surveyor counts: {count} of the segments.",
        count,
    )


def _contradicted(count: int, segments: int) -> Finding | None:
    if not count:
        return None
    return Finding(
        "info",
        "condition_contradicted",
        f"Pada {count} dari {segments} segmen, kelas yang dicatat tidak sama dengan kelas menurut IRI, SDI, atau "
        "gabungannya; yang dicatat yang dihitung.",
        f"On {count} of {segments} segments the recorded class is not that of their IRI, of their SDI, or of both; the "
        "recorded one was counted.",
        count,
    )


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
