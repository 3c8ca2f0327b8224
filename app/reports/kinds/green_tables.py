"""The tables of the report of green open space, and its chart."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from app.reports.kinds.green_data import Green, Villages
from app.reports.realisation import district_names
from app.reports.report import Chart, Column, Row, Series, Table, Words
from app.reports.subject import Subject
from gis.constants import M2_PER_HA
from gis.figures import Figure
from layers.catalogue import built_in_catalogue


def urban_table(green: Green) -> tuple[Table, ...]:
    """Lay out each urban area: the law's share holds for each."""
    table = green.shares.table
    if table.empty or not len(green.parks):
        return ()
    columns = (
        Column("area_ha", "Luas kawasan", "Urban area", "ha"),
        Column("public_ha", "RTH publik", "Public", "ha"),
        Column("private_ha", "RTH privat", "Private", "ha"),
        Column("public_percent", "Publik", "Public", "percent"),
        Column("total_percent", "Publik dan privat", "Public and private", "percent"),
        Column("public_lacking_ha", "Kekurangan publik", "Public lacking", "ha"),
        Column("total_lacking_ha", "Kekurangan seluruhnya", "Total lacking", "ha"),
    )
    rows = tuple(
        Row(str(number), tuple(_rounded(row[column.id], 2) for column in columns), name=str(row["name"]))
        for number, (_, row) in enumerate(table.iterrows(), 1)
    )
    return (
        Table(
            "urban_areas",
            "RTH menurut kawasan perkotaan",
            "Green space by urban area",
            columns,
            rows,
            by_area=False,
            row_head=Words("Kawasan perkotaan", "Urban area"),
            note=Words(
                "Tanpa pembobotan IHBI. Kawasan yang melintasi batas wilayah laporan dihitung seluruhnya di tabel ini.",
                "Without IHBI weights. Urban areas that reach beyond the report's area count whole in this table.",
            ),
            bar=("public_ha", "private_ha"),
        ),
    )


def need_table(subject: Subject, figures: Iterable[Figure]) -> Table:
    """Lay out what the people of each district need."""
    values = {(one.area, one.id): one.value for one in figures}
    columns = (
        Column("population", "Penduduk perkotaan", "Urban residents", "persons", "green.population"),
        Column("need_ha", "Kebutuhan", "Needed", "ha", "green.need_ha"),
        Column("total_ha", "RTH yang ada", "Green space", "ha", "green.total_ha"),
        Column("lacking_ha", "Kekurangan", "Lacking", "ha", "green.need_lacking_ha"),
        Column("per_person", "RTH per jiwa", "Per person", "m2/person", "green.m2_per_person"),
        Column("villages", "Desa tanpa taman", "Villages without a park", "villages", "green.villages_without_park"),
    )

    def cells(code: str) -> tuple[float | None, ...]:
        found = ((values.get((code, str(column.figure))), column.unit) for column in columns)
        return tuple(_rounded(value, 0 if unit in {"persons", "villages"} else 2) for value, unit in found)

    return Table(
        "need",
        "Kebutuhan RTH menurut penduduk",
        "Green space needed by people",
        columns,
        tuple(Row(code, cells(code)) for code in subject.area.districts),
        cells(subject.area.code),
    )


def provision_table(provision: pd.DataFrame) -> tuple[Table, ...]:
    """Lay out the parks of each type beside their standard."""
    if provision.empty:
        return ()
    labels = {one.code: one.label for one in built_in_catalogue().code_list("parks", "typology")}
    columns = (
        Column("parks", "Taman", "Parks", "count"),
        Column("large_enough", "Cukup luas", "Large enough", "count"),
        Column("needed", "Taman yang dibutuhkan", "Parks needed", "count"),
        Column("area_ha", "Luas", "Area", "ha"),
        Column("m2_per_person", "Per jiwa", "Per person", "m2/person"),
        Column("needed_ha", "Luas yang dibutuhkan", "Area needed", "ha"),
        Column("lacking_ha", "Kekurangan", "Lacking", "ha"),
        Column("meets", "Memenuhi", "Meets", "text"),
    )
    yes, no = Words("ya", "yes"), Words("tidak", "no")
    rows = tuple(
        Row(
            str(typology),
            (
                int(row["parks"]),
                int(row["large_enough"]),
                _rounded(row["needed"], 0),
                _rounded(row["area_m2"] / M2_PER_HA, 4),
                _rounded(row["m2_per_person"], 3),
                _rounded(row["needed_m2"] / M2_PER_HA, 4),
                _rounded(row["lacking_m2"] / M2_PER_HA, 4),
                None if row["meets"] is None else yes if row["meets"] else no,
            ),
            name=Words(labels[str(typology)].id, labels[str(typology)].en),
        )
        for typology, row in provision.iterrows()
    )
    return (
        Table(
            "provision",
            "Taman menurut jenis dan penduduk kawasan perkotaan",
            "Parks by type and residents of urban areas",
            columns,
            rows,
            by_area=False,
            row_head=Words("Jenis taman", "Type of park"),
            note=Words(
                "Permen PU 05/PRT/M/2008, yang telah diganti Permen ATR/BPN 14/2022 tetapi tabelnya masih dipakai; "
                "jumlah taman dibulatkan ke atas.",
                "Permen PU 05/PRT/M/2008, replaced by Permen ATR/BPN 14/2022 though its table is still used; numbers "
                "of parks are rounded up.",
            ),
        ),
    )


def village_table(subject: Subject, villages: Villages) -> tuple[Table, ...]:
    """List the villages without a park, urban ones first."""
    lacking = villages.frame[villages.frame["park"] == "none"].sort_values(
        ["is_urban", "code"], ascending=[False, True]
    )
    if lacking.empty or not villages.known:
        return ()
    yes, no = Words("ya", "yes"), Words("tidak", "no")
    names = district_names(subject)
    columns_read = ("code", "name", "district_code", "population", "is_urban")
    rows = tuple(
        Row(str(code), (names.get(str(district)), _rounded(population, 0), yes if urban else no), name=str(name))
        for code, name, district, population, urban in zip(*(lacking[one] for one in columns_read), strict=True)
    )
    return (
        Table(
            "villages_without_park",
            "Desa dan kelurahan tanpa taman",
            "Villages without a park",
            (
                Column("district", "Kecamatan", "District", "text"),
                Column("population", "Penduduk", "Residents", "persons"),
                Column("urban", "Di kawasan perkotaan", "In an urban area", "text"),
            ),
            rows,
            by_area=False,
            row_head=Words("Desa/kelurahan", "Village"),
        ),
    )


def share_chart(green: Green) -> tuple[Chart, ...]:
    """Draw the shares of each urban area."""
    table = green.shares.table
    if table.empty or not len(green.parks):
        return ()
    public = tuple(_rounded(one, 4) for one in table["public_percent"])
    private = tuple(_rounded(one, 4) for one in table["total_percent"] - table["public_percent"])
    return (
        Chart(
            "shares",
            "RTH menurut kawasan perkotaan",
            "Green space by urban area",
            "stacked",
            "percent",
            tuple(str(name) for name in table["name"]),
            (
                Series("public", "Publik", "Public", public, "#2f7d32"),
                Series("private", "Privat", "Private", private, "#a5c979"),
            ),
        ),
    )


def _rounded(value: float | None, decimals: int) -> float | None:
    if value is None or np.isnan(value):
        return None
    return round(float(value)) if decimals == 0 else round(float(value), decimals)
