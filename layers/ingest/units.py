"""Notice lengths and areas that are in another unit than their field, by what is measured on the map."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gis.constants import M2_PER_KM2
from gis.measure import area_m2, length_m
from gis.types import FloatArray, GeometryArray
from layers.definition import LayerDefinition
from layers.ingest.columns import UNIT_FACTORS, ColumnMatch
from layers.ingest.errors import ImportRefused
from layers.ingest.findings import finding
from layers.ingest.rows import Rows

PLAUSIBLE = (0.4, 2.5)
"""Said by measured: a drawn road or boundary is never so far off as to be taken for another unit."""


def _area_km2(geometries: GeometryArray) -> FloatArray:
    return area_m2(geometries) / M2_PER_KM2


# What a layer's field says, and how the same is measured, in the unit of the field.
MEASURED: dict[str, tuple[str, Callable[[GeometryArray], FloatArray]]] = {
    "roads": ("length_sk_m", length_m),
    "districts": ("legal_area_km2", _area_km2),
    "villages": ("legal_area_km2", _area_km2),
}


def check_unit(rows: Rows, definition: LayerDefinition, match: ColumnMatch) -> None:
    """
    Compare what a column says with what is measured; a unit that the person named is believed.

    Raises
    ------
    ImportRefused
        When most rows would be right in another unit: kilometres for metres, hectares for square kilometres.
    """
    name, measure = MEASURED.get(definition.id, ("", length_m))
    source = match.fields.get(name)
    if source is None or source.is_unit_given or not len(rows):
        return
    said = np.array([np.nan if value is None else float(value) for value in rows.columns[name]])
    measured = measure(rows.geometries)
    usable = np.isfinite(said) & (said > 0) & (measured > 0)
    if not usable.any():
        return
    ratio = float(np.median(said[usable] / measured[usable]))
    field = definition.field(name)
    others = {unit: factor for (unit, target), factor in UNIT_FACTORS.items() if target == field.unit}
    units = {str(field.unit): 1.0, **others}
    fitting = [unit for unit, factor in units.items() if _is_plausible(ratio / source.factor * factor)]
    if _is_plausible(ratio) or not fitting:
        return
    read_in, likelier = source.unit or field.unit, fitting[0]
    raise ImportRefused(
        finding(
            "error",
            f"unit_suspicious:{name}",
            f"Kolom {source.column} dibaca dalam {read_in}, tetapi menurut peta ia tampaknya dalam {likelier}. "
            f"Sebutkan satuannya: --map {source.column}={name}:{likelier}, atau :{read_in} bila memang benar.",
            f"The column {source.column} was read in {read_in}, but by the map it seems to be in {likelier}. Name "
            f"its unit: --map {source.column}={name}:{likelier}, or :{read_in} if that is right.",
        )
    )


def _is_plausible(ratio: float) -> bool:
    return PLAUSIBLE[0] <= ratio <= PLAUSIBLE[1]
