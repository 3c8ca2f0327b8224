"""What the demonstration's packages refer to (offices, programmes, companies), and what of a package is fixed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from app.demo.names import DEMO_MARK, contractor_names
from app.demo.recording import OFFICERS, PLANNER, SIGNATORIES, STAFF, Allot
from app.demo.register import Project
from app.demo.rows import Table, moment

AGENCY = ("1.03.0.00.0.00.01", "Dinas Pekerjaan Umum, Cipta Karya, dan Tata Ruang")
UNITS = {
    "1.03.0.00.0.00.01.01": "Bidang Bina Marga",
    "1.03.0.00.0.00.01.02": "Bidang Sumber Daya Air",
    "1.03.0.00.0.00.01.03": "Bidang Cipta Karya",
    "1.03.0.00.0.00.01.04": "Bidang Tata Ruang",
}
UNIT_OF = {
    "roads": 0, "bridges": 0, "drainage": 1, "water_resources": 1, "water_supply": 2, "sanitation": 2, "buildings": 2,
    "settlements": 2, "parks": 3, "spatial_planning": 3,
}  # fmt: skip
LIST_VERSION = "Contoh 2026"
PROGRAMMES = {  # sub-activity of a sector: code and name of each level
    "roads": (
        "1.03.10",
        "Penyelenggaraan Jalan",
        "2.01",
        "Penyelenggaraan Jalan Kabupaten/Kota",
        "0053",
        "Pembangunan Jalan",
    ),
    "bridges": (
        "1.03.10",
        "Penyelenggaraan Jalan",
        "2.01",
        "Penyelenggaraan Jalan Kabupaten/Kota",
        "0040",
        "Pembangunan Jembatan",
    ),
    "drainage": (
        "1.03.06",
        "Pengelolaan dan Pengembangan Sistem Drainase",
        "2.01",
        "Pengelolaan dan Pengembangan Sistem Drainase yang Terhubung Langsung dengan Sungai",
        "0029",
        "Pembangunan Sistem Drainase Perkotaan",
    ),
    "water_resources": (
        "1.03.02",
        "Pengelolaan Sumber Daya Air (SDA)",
        "2.02",
        "Pengembangan dan Pengelolaan Sistem Irigasi Primer dan Sekunder",
        "0014",
        "Rehabilitasi Jaringan Irigasi Permukaan",
    ),
    "water_supply": (
        "1.03.03",
        "Pengelolaan dan Pengembangan Sistem Penyediaan Air Minum",
        "2.01",
        "Pengelolaan dan Pengembangan SPAM di Daerah Kabupaten/Kota",
        "0026",
        "Peningkatan SPAM Jaringan Perpipaan",
    ),
    "sanitation": (
        "1.03.05",
        "Pengelolaan dan Pengembangan Sistem Air Limbah",
        "2.01",
        "Pengelolaan dan Pengembangan Sistem Air Limbah Domestik",
        "0039",
        "Penyediaan Sub Sistem Pengolahan SPALD Setempat",
    ),
    "buildings": (
        "1.03.08",
        "Penataan Bangunan Gedung",
        "2.01",
        "Penyelenggaraan Bangunan Gedung di Wilayah Daerah Kabupaten/Kota",
        "0011",
        "Pembangunan dan Rehabilitasi Bangunan Gedung",
    ),
    "settlements": (
        "1.03.07",
        "Pengembangan Permukiman",
        "2.01",
        "Penyelenggaraan Infrastruktur pada Permukiman di Kawasan Strategis",
        "0007",
        "Pembangunan Infrastruktur Permukiman",
    ),
    "parks": (
        "1.03.09",
        "Penataan Bangunan dan Lingkungannya",
        "2.01",
        "Penyelenggaraan Penataan Bangunan dan Lingkungannya",
        "0004",
        "Penataan Ruang Terbuka Hijau",
    ),
    "spatial_planning": (
        "1.03.12",
        "Penyelenggaraan Penataan Ruang",
        "2.02",
        "Koordinasi dan Sinkronisasi Perencanaan Tata Ruang",
        "0005",
        "Penyusunan RDTR",
    ),
    "weights": (
        "1.04.05",
        "Peningkatan Prasarana, Sarana, dan Utilitas Umum (PSU)",
        "2.01",
        "Urusan Penyelenggaraan PSU Perumahan",
        "0002",
        "Penyediaan PSU Perumahan",
    ),
}
ROUTINE = ("Peningkatan", "0053"), ("Rekonstruksi", "0033"), ("Rehabilitasi", "0055"), ("Pemeliharaan", "0034")
ROUTINE_NAMES = {"0033": "Rekonstruksi Jalan", "0055": "Rehabilitasi Jalan", "0034": "Pemeliharaan Berkala Jalan"}

PROJECT_CONSTANTS = (
    "unit_id", "programme_id", "rup_code", "tender_code", "selection_method", "procurement_kind", "owner_estimate_idr",
    "multi_year_approval", "ppk_id", "officer_id", "notes", "volume", "volume_unit",
)  # fmt: skip


@dataclass
class Keys:
    """Row ids that others refer to."""

    units: list[int]  # the agency first
    programmes: dict[str, int]
    companies: list[int]
    supervisors: list[int]
    accounts: dict[str, int]  # by the name before the @; empty without demonstration accounts
    tables: list[Table] = field(default_factory=list)  # of the rows themselves


def basic_tables(allot: Allot, accounts: dict[str, int]) -> Keys:
    """Return units, programmes and companies, with the ids that packages refer to."""
    day = moment(dt.date(2023, 1, 4))
    common = (True, day, STAFF.format(PLANNER))
    units = allot("app.unit", len(UNITS) + 1)
    unit_rows: list[tuple[Any, ...]] = [(units[0], *AGENCY, None, *common)]
    unit_rows += [
        (number, code, name, units[0], *common) for number, (code, name) in zip(units[1:], UNITS.items(), strict=True)
    ]
    listed: dict[str, tuple[str, str, str | None]] = {}
    for programme, title, activity, activity_title, sub, sub_title in PROGRAMMES.values():
        listed[programme] = ("programme", f"PROGRAM {title.upper()}", None)
        listed[f"{programme}.{activity}"] = ("activity", activity_title, programme)
        listed[f"{programme}.{activity}.{sub}"] = ("sub_activity", sub_title, f"{programme}.{activity}")
    for sub, name in ROUTINE_NAMES.items():
        listed[f"1.03.10.2.01.{sub}"] = ("sub_activity", name, "1.03.10.2.01")
    programmes = dict(zip(sorted(listed), allot("app.programme", len(listed)), strict=True))
    programme_rows = [
        (programmes[code], code, LIST_VERSION, level, name, programmes[parent] if parent else None, *common)
        for code, (level, name, parent) in sorted(listed.items())
    ]
    contractors = contractor_names()
    supervisors = [
        f"{name.replace('PT ', 'CV ').replace(DEMO_MARK, 'Konsultan')} {DEMO_MARK}" for name in contractors[:6]
    ]
    ids = allot("app.company", len(contractors) + len(supervisors))
    company_rows = [
        (number, name, f"00.{index:03}.000.{index % 10}-000.000", index % 4 != 0, *common)
        for index, (number, name) in enumerate(zip(ids, [*contractors, *supervisors], strict=True))
    ]
    tail = ("demo", "valid_from", "changed_by")
    tables = [
        Table("app.unit", ("id", "code", "name", "parent_id", *tail), unit_rows),
        Table("app.programme", ("id", "code", "version", "level", "name", "parent_id", *tail), programme_rows),
        Table("app.company", ("id", "name", "tax_number", "is_small", *tail), company_rows),
    ]
    return Keys(units, programmes, ids[: len(contractors)], ids[len(contractors) :], accounts, tables)


def constants_of(project: Project, index: int, keys: Keys) -> tuple[Any, ...]:
    """Return the values of `PROJECT_CONSTANTS`: what of a package does not change."""
    life = project.life
    consultancy = project.serves is not None
    small = life.ceiling_idr <= 2e8
    method = "self_managed" if life.kind == "self_managed" else "direct_procurement" if small else "tender"
    if method == "tender" and index % 9 == 0:
        method = "e_purchasing"
    kind = "consultancy" if consultancy or project.sector == "spatial_planning" else "works"
    unit = keys.units[1 + UNIT_OF[project.sector]]
    length_m = project.stations[1] - project.stations[0]
    return (
        unit,
        keys.programmes[_programme(project)],
        f"{40_000_000 + project.year * 1000 + index * 7:08}",
        f"10{project.year}{index:05}" if method == "tender" and life.signed_on else None,
        method,
        kind,
        round(life.ceiling_idr * 0.995) if life.states[-1][1] != "planned" else None,
        f"SK Bupati (contoh) {project.year}/{index:03}" if life.multi_year else None,
        keys.accounts.get(SIGNATORIES[index % 2]),
        keys.accounts.get(OFFICERS[index % 2]),
        f"Contoh kasus {life.case}." if life.case else None,
        round(length_m) if length_m else None,
        "m" if length_m else None,
    )


def _programme(project: Project) -> str:
    programme, _title, activity, _activity_title, sub, _name = PROGRAMMES[
        "weights" if project.life.case == "T10" else project.sector
    ]
    if project.sector == "roads" and project.life.case != "T10":
        sub = next((code for word, code in ROUTINE if project.name.startswith(word)), sub)
    return f"{programme}.{activity}.{sub}"
