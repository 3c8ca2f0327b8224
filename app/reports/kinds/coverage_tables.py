"""The tables of the coverage report: numbers by district, rounded for print."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from app.reports.areas import ReportArea
from app.reports.report import Column, Row, Table
from gis.figures import Figure
from gis.road_condition import CONDITION_CLASSES
from gis.roads import NOWHERE, ConditionLengths
from layers.catalogue import built_in_catalogue

KM_DECIMALS, PERCENT_DECIMALS, HA_DECIMALS = 3, 2, 2


def street_table(figures: Iterable[Figure], area: ReportArea) -> Table:
    """Lay out length and density of streets."""
    values = {(one.area, one.id): one for one in figures}
    columns = (
        Column("length_km", "Panjang jalan", "Street length", "km", "streets.length_km"),
        Column("area_km2", "Luas terukur", "Measured area", "km2"),
        Column("density", "Kerapatan", "Density", "km/km2", "streets.density_km_per_km2"),
    )

    def row(code: str) -> tuple[float | None, ...]:
        length, density = values.get((code, "streets.length_km")), values.get((code, "streets.density_km_per_km2"))
        if length is None or density is None:
            return (None, None, None)
        return (
            _rounded(length.value, KM_DECIMALS),
            _rounded(density.denominator, KM_DECIMALS),
            _rounded(density.value, KM_DECIMALS),
        )

    rows = tuple(Row(code, row(code)) for code in area.districts)
    return Table(
        "streets", "Jalan menurut kecamatan", "Streets by district", columns, rows, row(area.code), bar=("length_km",)
    )


def condition_table(lengths: ConditionLengths, figures: Iterable[Figure], area: ReportArea) -> Table:
    """Lengths to the metre that add up in every direction, with the share that is stable."""
    stable = {one.area: _rounded(one.value, PERCENT_DECIMALS) for one in figures if one.id == "roads.kemantapan"}
    labels = {one.code: one.label for one in built_in_catalogue().code_list("roads", "condition")}
    columns = [Column(one, labels[one].id, labels[one].en, "km", f"roads.length_km.{one}") for one in CONDITION_CLASSES]
    columns.append(Column("total", "Jumlah", "Total", "km", "roads.length_km"))
    columns.append(Column("kemantapan", "Kemantapan", "In stable condition", "percent", "roads.kemantapan"))
    closed = lengths.table_km()
    empty: tuple[float | None, ...] = (None,) * len(columns)
    values = {
        str(code): (*(float(value) for value in row), stable.get(str(code)))
        for code, row in zip(closed.index, closed.to_numpy(), strict=True)
    }
    codes = [*area.districts, *([NOWHERE] if NOWHERE in values else [])]
    return Table(
        "roads_by_condition",
        "Panjang jalan menurut SK dan kondisi",
        "Road length of the decree by condition",
        tuple(columns),
        tuple(Row(code, values.get(code, empty)) for code in codes),
        (*values["total"][:-1], stable.get(area.code)),
        bar=tuple(CONDITION_CLASSES),
    )


def green_table(by_area: pd.DataFrame, figures: Iterable[Figure], area: ReportArea) -> Table:
    """Lay out green space of urban areas, with what is lacking; a row without figures keeps its urban area alone."""
    known = {one.area for one in figures if one.value is not None}
    columns = (
        Column("area_ha", "Kawasan perkotaan", "Urban area", "ha"),
        Column("public_ha", "RTH publik", "Public green space", "ha", "green.public_ha"),
        Column("private_ha", "RTH privat", "Private green space", "ha"),
        Column("public_percent", "Publik", "Public", "percent", "green.public_percent"),
        Column("total_percent", "Publik dan privat", "Public and private", "percent", "green.total_percent"),
        Column("public_lacking_ha", "Kekurangan publik", "Public lacking", "ha"),
        Column("total_lacking_ha", "Kekurangan seluruhnya", "Total lacking", "ha"),
    )

    def row(code: str) -> tuple[float | None, ...]:
        if code not in by_area.index:
            return (None,) * len(columns)
        extent = _rounded(float(by_area["area_ha"][code]), HA_DECIMALS)
        if code not in known:
            return (extent, *(None,) * (len(columns) - 1))
        rest = [_rounded(float(by_area[one.id][code]), HA_DECIMALS) for one in columns[1:]]
        return (extent, *rest)

    rows = tuple(Row(code, row(code)) for code in area.districts)
    return Table(
        "green",
        "RTH kawasan perkotaan",
        "Green space of urban areas",
        columns,
        rows,
        row(area.code),
        bar=("public_ha", "private_ha"),
    )


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals)
