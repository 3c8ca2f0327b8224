"""The tracking of the demonstration's packages as rows: programme, money, contracts, plans, reports, alarms."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from app.demo.alarms import CriticalPackage, add_alarm
from app.demo.life import MAINTENANCE_DAYS, TODAY, VAT_PERCENT, Life, Report
from app.demo.offices import Keys
from app.demo.photos import Put, photo_values, photographed, shots_of, spot_of
from app.demo.plane import Plane
from app.demo.recording import OFFICERS, PLANNER, REVIEWER, SIGNATORIES, STAFF, TREASURER, Allot, Rows
from app.demo.register import Project
from app.demo.rows import Table, moment
from gis.figures import Rule

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
NUMBER_MARK = {"contract": "KTR", "work_order": "SPK", "self_managed": "SWA"}


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
        package = CriticalPackage(life, project_id, contract, project.year, index)
        for alarm, number in zip(life.alarms, allot("app.critical_case", len(life.alarms)), strict=True):
            add_alarm(present, past, package, alarm, number, rules)
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
