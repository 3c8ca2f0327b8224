"""Which rows lie in the region, and which districts and villages they touch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from sqlalchemy import Connection

from gis.types import BoolArray
from layers.definition import LayerDefinition
from layers.ingest.area_codes import read_boundaries, touched_areas
from layers.ingest.areas import LEVEL_OF_LAYER, AreaList
from layers.ingest.errors import ImportRefused, keeping
from layers.ingest.findings import RowFinding, finding, nothing_left
from layers.ingest.rows import Rows
from layers.ingest.validate import Outside


@dataclass(frozen=True)
class Placement:
    """The rows that lie in the region, with the codes of the areas they touch, and what was left out."""

    rows: Rows
    findings: tuple[RowFinding, ...]


def place_in_region(
    rows: Rows, definition: LayerDefinition, areas: AreaList, connection: Connection, *, outside: Outside
) -> Placement:
    """
    Leave out rows beyond the region, and give the others the codes of the districts and villages they touch.

    Districts and villages belong to the region when their code says so. Other rows must touch an imported district;
    while there is no imported boundary, nothing can be said and all are kept.

    Raises
    ------
    ImportRefused
        When none is left.
    """
    findings: list[RowFinding] = []
    with keeping(findings):
        if definition.id in LEVEL_OF_LAYER:
            beyond = ~areas.holds(rows.columns["code"])
            rows = _leave_out_beyond(rows, beyond, areas.region, outside, findings)
            return Placement(rows, tuple(findings))
        districts, villages = read_boundaries(connection, "districts"), read_boundaries(connection, "villages")
        placed = ~shapely.is_missing(rows.geometries)  # a package may still be without a place
        codes = touched_areas(rows.geometries, districts)
        if districts.is_real:
            beyond = (codes == "{}") & placed
            kept = ~beyond if outside == "refuse" else np.ones(len(rows), dtype=bool)
            without = areas.districts_without(districts.codes)
            rows = _leave_out_beyond(rows, beyond, areas.region, outside, findings, districts_without=without)
            codes = codes[kept]
        else:
            findings.append(_boundary_unknown(len(rows)))
        rows = rows.with_column("district_codes", codes)
        return Placement(rows.with_column("village_codes", touched_areas(rows.geometries, villages)), tuple(findings))


def _leave_out_beyond(
    rows: Rows,
    beyond: BoolArray,
    region: str,
    outside: Outside,
    findings: list[RowFinding],
    *,
    districts_without: int = 0,
) -> Rows:
    if not beyond.any():
        return rows
    count = int(beyond.sum())
    hint_id = f" Batas {districts_without} kecamatan belum dimuat." if districts_without else ""
    hint_en = f" The boundaries of {districts_without} districts are not loaded." if districts_without else ""
    if outside == "keep":
        findings.append(
            finding(
                "warning",
                "outside_region",
                f"Baris di luar wilayah {region}: {count}. Tetap dimuat seperti diminta.",
                f"Rows outside the region {region}: {count}. They were loaded as asked.",
                rows.rows[beyond],
            )
        )
        return rows
    findings.append(
        finding(
            "warning",
            "outside_region",
            f"Baris di luar wilayah {region}: {count}. Tidak dimuat; untuk memuatnya: --outside keep.{hint_id}",
            f"Rows outside the region {region}: {count}. They were left out; to load them: --outside keep.{hint_en}",
            rows.rows[beyond],
        )
    )
    if beyond.all():
        raise ImportRefused(nothing_left())
    return rows.select(~beyond)


def _boundary_unknown(count: int) -> RowFinding:
    return finding(
        "info",
        "boundary_unknown",
        "Batas wilayah belum dimuat, jadi tidak diperiksa baris mana yang di luarnya. Bila perlu, muat lapisan "
        "districts lebih dulu.",
        "The region's boundary is not loaded yet, so it was not checked which rows lie beyond it. Load the layer "
        "districts first if that matters.",
        count=count,
    )
