"""The tracking of the demonstration's packages as rows: programme, money, contracts, plans, reports, alarms."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from app.critical.decision import decide
from app.critical.queries import Standing
from app.demo.life import MAINTENANCE_DAYS, TODAY, VAT_PERCENT, Alarm, Life, Report
from app.demo.names import DEMO_MARK, contractor_names
from app.demo.photos import Put, photo_values, photographed, shots_of, spot_of
from app.demo.plane import Plane
from app.demo.register import Project
from app.demo.rows import Table, moment
from gis.figures import Rule
from gis.progress import forecast_finish

Allot = Callable[[str, int], list[int]]

STAFF = "{}@contoh.petakarya.local"
OFFICERS, SIGNATORIES = ("petugas", "petugas2"), ("ppk", "ppk2")
TREASURER, REVIEWER, PLANNER = "bendahara", "pemeriksa", "perencana"

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

WORK_ITEMS = {
    "roads": (
        ("Mobilisasi dan persiapan", "LS", 1, 4),
        ("Pekerjaan tanah", "m3", 2400, 14),
        ("Lapis pondasi agregat", "m3", 1850, 31),
        ("Laston AC-BC", "ton", 960, 26),
        ("Laston AC-WC", "ton", 640, 19),
        ("Bahu jalan dan marka", "m2", 1500, 6),
    ),
    "bridges": (
        ("Mobilisasi dan persiapan", "LS", 1, 5),
        ("Pondasi", "m", 180, 30),
        ("Bangunan bawah", "m3", 240, 27),
        ("Bangunan atas", "ton", 95, 31),
        ("Oprit dan pengaman", "m2", 320, 7),
    ),
    "other": (
        ("Persiapan", "LS", 1, 5),
        ("Pekerjaan tanah dan pondasi", "m3", 420, 23),
        ("Pekerjaan struktur", "m3", 310, 38),
        ("Pekerjaan penyelesaian", "m2", 900, 26),
        ("Pembersihan dan serah terima", "LS", 1, 8),
    ),
}
WEATHER = ("clear", "cloudy", "rain", "heavy_rain")
OBSTACLES = (
    None, None, None, None, "Hujan deras dua hari, pekerjaan tanah berhenti.", "Material agregat terlambat datang.",
    "Alat berat rusak satu hari.", None,
)  # fmt: skip
RETURNED_BECAUSE = "Foto dari titik yang sama belum ada. Tambahkan, lalu kirim lagi."
CLOSING = {
    "recovered": "Keterlambatan sudah di bawah batas.",
    "test_passed": "Target uji coba tercapai.",
    "terminated": "Kontrak diputus.",
    "finished": "Pekerjaan diserahterimakan.",
}

NUMBER_MARK = {"contract": "KTR", "work_order": "SPK", "self_managed": "SWA"}

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


class Rows:
    """Collects rows by table; all rows of a table have the same columns."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]] = {}

    def add(self, table: str, recorded: dt.date, by: str, /, **values: Any) -> None:
        """Add a row recorded on a day by a person (the name before the @)."""
        row = {**values, "demo": True, "valid_from": moment(recorded), "changed_by": STAFF.format(by)}
        self._put(table, row)

    def add_plain(self, table: str, /, **values: Any) -> None:
        """Add a row of a table without history."""
        self._put(table, values)

    def end(self, table: str, start: dt.date, until: dt.date, by: str, /, **values: Any) -> None:
        """Add a superseded version."""
        row = {
            **values,
            "demo": True,
            "valid_from": moment(start),
            "changed_by": STAFF.format(by),
            "valid_to": moment(until),
            "operation": "update",
            "ended_by": STAFF.format(by),
        }
        self._put(table, row)

    def tables(self) -> list[Table]:
        """Return the tables in the order in which their first row came."""
        return [Table(name, columns, rows) for name, (columns, rows) in self._rows.items()]

    def _put(self, table: str, row: dict[str, Any]) -> None:
        columns, rows = self._rows.setdefault(table, (tuple(row), []))
        rows.append(tuple(row[name] for name in columns))


def tracking_tables(
    projects: list[Project], ids: list[int], keys: Keys, allot: Allot, plane: Plane, put: Put, rules: Mapping[str, Rule]
) -> tuple[list[Table], list[Table]]:
    """
    Return the rows of contracts, plans, reports, payments and alarms, and their superseded versions.

    Parameters
    ----------
    ids
        Row ids of the projects.
    keys
        Ids of units, programmes, companies, accounts.
    allot
        Takes ids from a table's sequence.
    plane
        In which the packages' places were drawn.
    put
        Keeps the picture files.
    rules
        Thresholds that the alarms rest on.
    """
    pictured = photographed(projects)
    present, past = Rows(), Rows()
    by_code = {project.code: number for project, number in zip(projects, ids, strict=True)}
    contracts = iter(allot("app.contract", len(projects)))
    for index, (project, project_id) in enumerate(zip(projects, ids, strict=True)):
        signatory = SIGNATORIES[index % 2]
        life = project.life
        planned_on = life.states[0][0]
        for year, source, amount in life.funds:
            present.add(
                "app.fund", planned_on, PLANNER, project_id=project_id, year=year, source=source, amount_idr=amount
            )
        if project.serves is not None:
            code, kind = project.serves
            present.add(
                "app.package_link", planned_on, signatory, project_id=by_code[code], other_id=project_id, kind=kind
            )
        _add_states(present, life, project_id, signatory)
        if life.signed_on is None or life.signed_on > TODAY:
            continue
        contract = next(contracts)
        _add_contract(present, past, project, project_id, contract, index, keys)
        _add_plan(present, life, project_id, contract, signatory, allot)
        items = _add_items(present, project, project_id, contract, allot)
        reported = _add_reports(present, life, project_id, contract, index, items, allot)
        if index in pictured:
            _add_photos(present, project, project_id, index, reported, allot, plane, put)
        for number, payment in enumerate(life.payments, start=1):
            present.add(
                "app.payment",
                payment.day,
                TREASURER,
                project_id=project_id,
                contract_id=contract,
                number=f"{index + 1:04}/SP2D-{number}/{payment.day.year} (contoh)",
                paid_on=payment.day,
                kind=payment.kind,
                amount_idr=payment.amount_idr,
            )
        for alarm in life.alarms:
            _add_alarm(present, past, life, alarm, project_id, contract, index, allot, rules)
    return present.tables(), past.tables()


def _add_states(rows: Rows, life: Life, project_id: int, by: str) -> None:
    before = None
    reasons = {
        "cancelled": "Anggaran dialihkan pada perubahan APBD.",
        "failed_tender": "Tidak ada penawaran yang memenuhi syarat.",
        "terminated": "Penyedia tidak mencapai target uji coba.",
        "stopped": "Dihentikan sementara: menunggu pembebasan lahan.",
    }
    for day, state in life.states:
        if day > TODAY:
            break
        rows.add_plain(
            "app.status_change",
            project_id=project_id,
            from_status=before,
            to_status=state,
            on_day=day,
            reason=reasons.get(state),
            recorded_at=moment(day),
            actor=STAFF.format(by),
            demo=True,
        )
        before = state


def _add_contract(
    present: Rows, past: Rows, project: Project, project_id: int, contract: int, index: int, keys: Keys
) -> None:
    life = project.life
    assert life.signed_on is not None
    assert life.start is not None
    assert life.end is not None
    by = SIGNATORIES[index % 2]
    supervised = life.kind != "self_managed" and project.serves is None
    over = next((day for day, state in life.states if state == "finished" and day <= TODAY), life.ended_on)
    over = over if over is not None and over <= TODAY else None
    values: dict[str, Any] = {
        "id": contract,
        "project_id": project_id,
        "kind": life.kind,
        "number": f"{620 + index % 9}/{index + 1:03}/{NUMBER_MARK[life.kind]}/{project.year} (contoh)",
        "signed_on": life.signed_on,
        "company_id": None if life.company is None else keys.companies[life.company],
        "supervisor_id": keys.supervisors[index % len(keys.supervisors)] if supervised else None,
        "value_idr": life.value_idr,
        "vat_percent": VAT_PERCENT,
        "start_order_number": f"{index + 1:03}/SPMK/{project.year} (contoh)",
        "start_date": life.start,
        "duration_days": (life.end - life.start).days + 1,
        "end_date": life.end,
        "advance_percent": life.advance_percent,
        "retention_percent": 5,
        "maintenance_days": MAINTENANCE_DAYS,
    }
    ended = {
        "state": "running" if over is None else "terminated" if life.ended_on else "finished",
        "ended_on": over,
        "end_reason": "Target uji coba ketiga tidak tercapai." if life.ended_on and over else None,
    }
    present.add("app.contract", over or life.signed_on, by, **values, **ended)
    if over is not None:
        past.end("app.contract", life.signed_on, over, by, **values, state="running", ended_on=None, end_reason=None)
    if life.addendum is not None and life.addendum.signed_on <= TODAY:
        present.add(
            "app.addendum",
            life.addendum.signed_on,
            by,
            contract_id=contract,
            sequence=1,
            number=f"ADD-1/{index + 1:03}/{project.year} (contoh)",
            signed_on=life.addendum.signed_on,
            value_idr=life.addendum.value_idr,
            end_date=life.addendum.end,
            reason=life.addendum.reason,
        )


def _add_plan(rows: Rows, life: Life, project_id: int, contract: int, by: str, allot: Allot) -> None:
    curves = [curve for number, curve in enumerate(life.curves) if number == 0 or curve.in_force_from <= TODAY]
    for sequence, (baseline, curve) in enumerate(zip(allot("app.baseline", len(curves)), curves, strict=True), start=1):
        recorded = min(curve.in_force_from, TODAY) if sequence > 1 else life.signed_on
        assert recorded is not None
        rows.add(
            "app.baseline",
            recorded,
            by,
            id=baseline,
            project_id=project_id,
            contract_id=contract,
            sequence=sequence,
            in_force_from=curve.in_force_from,
            step="week",
        )
        for point in curve.points:
            rows.add_plain("app.baseline_point", baseline_id=baseline, day=point.day, percent=point.percent)


def _add_items(rows: Rows, project: Project, project_id: int, contract: int, allot: Allot) -> list[tuple[int, float]]:
    """Add the bill of quantities; return id and quantity of each item."""
    items = WORK_ITEMS.get(project.sector, WORK_ITEMS["other"])
    assert project.life.signed_on is not None
    found = []
    net = project.life.value_idr / (1 + VAT_PERCENT / 100)
    for position, (item, (name, unit, quantity, weight)) in enumerate(
        zip(allot("app.work_item", len(items)), items, strict=True), start=1
    ):
        rows.add(
            "app.work_item",
            project.life.signed_on,
            SIGNATORIES[0],
            id=item,
            project_id=project_id,
            contract_id=contract,
            position=position,
            name=name,
            unit=unit,
            quantity=quantity,
            price_idr=round(net * weight / 100 / quantity, 2),
            weight_percent=weight,
        )
        found.append((item, float(quantity)))
    return found


def _add_reports(
    rows: Rows, life: Life, project_id: int, contract: int, index: int, items: list[tuple[int, float]], allot: Allot
) -> list[tuple[int, Report]]:
    """Add the weekly reports; return the approved ones with their ids."""
    reports = [report for report in life.reports if report.day <= TODAY]
    waiting = _waiting(life, index)
    numbers = allot("app.progress_update", len(reports) + len(waiting))
    officer, reviewer = OFFICERS[index % 2], STAFF.format(REVIEWER)
    for week, (number, report) in enumerate(zip(numbers, reports, strict=False)):
        written, reviewed = moment(report.day), moment(report.day) + dt.timedelta(hours=3)
        rows.add(
            "app.progress_update",
            report.day,
            officer,
            **_report_values(number, project_id, contract, index, week),
            day=report.day,
            physical_percent=report.physical,
            planned_percent=report.planned,
            state="published",
            note="Pekerjaan berjalan sesuai metode." if week % 5 == 0 else None,
            correction_note=None,
            author=STAFF.format(officer),
            written_at=written,
            received_at=written,
            submitted_at=written,
            reviewed_at=reviewed,
            reviewed_by=reviewer,
            review_comment=None,
            published_at=reviewed,
        )
    if reports:
        for item, quantity in items:
            rows.add_plain(
                "app.progress_item",
                update_id=numbers[len(reports) - 1],
                item_id=item,
                installed=round(quantity * reports[-1].physical / 100, 4),
            )
    for number, (day, physical, state) in zip(numbers[len(reports) :], waiting, strict=True):
        sent = moment(day)
        rows.add(
            "app.progress_update",
            day,
            officer,
            **_report_values(number, project_id, contract, index, len(reports)),
            day=day,
            physical_percent=physical,
            planned_percent=None,
            state=state,
            note=None,
            correction_note=None,
            author=STAFF.format(officer),
            written_at=sent,
            received_at=sent,
            submitted_at=None if state == "draft" else sent,
            reviewed_at=sent + dt.timedelta(hours=2) if state == "returned" else None,
            reviewed_by=reviewer if state == "returned" else None,
            review_comment=RETURNED_BECAUSE if state == "returned" else None,
            published_at=None,
        )
    return list(zip(numbers, reports, strict=False))


def _add_photos(
    rows: Rows,
    project: Project,
    project_id: int,
    index: int,
    reported: list[tuple[int, Report]],
    allot: Allot,
    plane: Plane,
    put: Put,
) -> None:
    viewpoint = allot("app.viewpoint", 1)[0]
    spot = spot_of(project, plane)
    officer = OFFICERS[index % 2]
    rows.add(
        "app.viewpoint", reported[0][1].day, officer, id=viewpoint, project_id=project_id, name="Titik 1", position=spot
    )
    for shot in shots_of(reported):
        values = photo_values(put, project, index + 1, shot, spot, STAFF.format(officer))
        rows.add("app.photo", shot.report.day, officer, project_id=project_id, viewpoint_id=viewpoint, **values)


def _report_values(number: int, project_id: int, contract: int, index: int, week: int) -> dict[str, Any]:
    obstacle = OBSTACLES[(index * 3 + week) % len(OBSTACLES)]
    return {
        "id": number,
        "project_id": project_id,
        "contract_id": contract,
        "client_id": uuid.uuid5(uuid.NAMESPACE_OID, f"petakarya.contoh.{index}.{week}"),
        "weather": WEATHER[(index + week * 2) % len(WEATHER)],
        "workers": 8 + (index * 5 + week * 3) % 23,
        "obstacles": obstacle,
        "obstacle_cause": "none" if obstacle is None else "contractor" if "rusak" in obstacle else "none",
    }


def _waiting(life: Life, index: int) -> list[tuple[dt.date, float, str]]:
    """Return what waits beside the approved reports of a running package: sent, returned, or still a draft."""
    last = life.reports[-1] if life.reports else None
    running = [state for day, state in life.states if day <= TODAY][-1] == "construction"
    if last is None or not running or life.case is not None or last.physical >= 99 or index % 3 == 0:
        return []
    day = TODAY - dt.timedelta(days=index % 2)
    if day <= last.day:
        return []
    state = ("submitted", "submitted", "returned", "draft", "submitted")[index % 5]
    return [(day, round(min(100.0, last.physical + 1.7), 2), state)]


def _add_alarm(
    present: Rows,
    past: Rows,
    life: Life,
    alarm: Alarm,
    project_id: int,
    contract: int,
    index: int,
    allot: Allot,
    rules: Mapping[str, Rule],
) -> None:
    found = alarm.indication
    number = allot("app.critical_case", 1)[0]
    by = SIGNATORIES[index % 2]
    seen = tuple((one.day, one.physical) for one in life.reports if one.day <= alarm.indicated_on)
    standing = Standing(
        project_id=project_id,
        code="",
        status="construction",
        year=life.states[2][0].year,
        multi_year_approval="contoh" if life.multi_year else None,
        end_date=life.end_on(alarm.indicated_on),
        critical_case=None,
        critical_state="none",
        forecast_finish=None,
        contract_id=contract,
        contract_kind=life.kind,
        day=alarm.indicated_on,
        physical=found.physical,
        planned=found.planned,
        observations=seen,
        excuse_id=None,
        excuse_cause=None,
        excuse_reason=None,
        case_id=None,
        case_state=None,
        case_clause=None,
        case_evidence=None,
        settled_through=None,
    )
    evidence = decide(standing, rules, today=alarm.indicated_on).evidence
    base = {
        "id": number,
        "project_id": project_id,
        "contract_id": contract,
        "clause": found.clause,
        "indicated_on": alarm.indicated_on,
        "evidence": json.dumps(evidence),
    }
    nothing: dict[str, Any] = {"declared_on": None, "letter_number": None, "letter_date": None, "declared_by": None}
    declared = nothing
    if alarm.declared_on is not None:
        declared = {
            "declared_on": alarm.declared_on,
            "letter_number": f"600/{index + 1:03}/KK/{alarm.declared_on.year} (contoh)",
            "letter_date": alarm.declared_on,
            "declared_by": STAFF.format(by),
        }
    still_open: dict[str, Any] = {"closed_on": None, "close_reason": None, "closed_how": None}
    closed = still_open
    if alarm.closed_on is not None:
        closed = {
            "closed_on": alarm.closed_on,
            "close_reason": CLOSING[str(alarm.closed_how)],
            "closed_how": alarm.closed_how,
        }
    steps: list[tuple[dt.date, dict[str, Any]]] = [
        (alarm.indicated_on, {"state": "indicated", **nothing, **still_open})
    ]
    if alarm.declared_on is not None and (alarm.closed_on is None or alarm.declared_on < alarm.closed_on):
        steps.append((alarm.declared_on, {"state": "declared", **declared, **still_open}))
    elif alarm.declared_on is not None:
        declared = nothing
    if alarm.closed_on is not None:
        steps.append((alarm.closed_on, {"state": "closed", **declared, **closed}))
    for (day, state), (until, _next) in pairwise(steps):
        past.end("app.critical_case", day, until, by, **base, **state)
    present.add("app.critical_case", steps[-1][0], by, **base, **steps[-1][1])
    for meeting in alarm.meetings:
        outcome_day = meeting.outcome_on or meeting.held_on
        values = {
            "case_id": number,
            "stage": meeting.stage,
            "held_on": meeting.held_on,
            "invitation_number": f"005/{index + 1:03}/SCM-{meeting.stage}/{meeting.held_on.year} (contoh)",
            "minutes_number": f"BA/{index + 1:03}/SCM-{meeting.stage}/{meeting.held_on.year} (contoh)",
            "target_percent": meeting.target,
            "due_on": meeting.due_on,
        }
        failed = meeting.outcome == "failed"
        present.add(
            "app.show_cause_meeting",
            outcome_day,
            by,
            **values,
            outcome=meeting.outcome,
            outcome_on=meeting.outcome_on,
            reached_percent=meeting.reached,
            warning_number=f"SP-{meeting.stage}/{index + 1:03}/{outcome_day.year} (contoh)" if failed else None,
            warning_date=outcome_day if failed else None,
        )


def forecast_of(life: Life) -> dt.date | None:
    """Return when a running package is expected to be done, by its last weeks."""
    end = life.last_end
    if end is None or not life.reports:
        return None
    return forecast_finish([(one.day, one.physical) for one in life.reports], end_date=end).expected


def staff_names() -> Iterable[str]:
    """Return the names (before the @) of the people that rows speak of."""
    return (*OFFICERS, *SIGNATORIES, TREASURER, REVIEWER, PLANNER)
