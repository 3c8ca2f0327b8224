"""A contract lives from plan to final hand-over, becomes critical on its day, is tested in SCM I, and recovers."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Flask
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import text

from app.extensions import db
from tests.journeys.conftest import Person

NAME = "Peningkatan Jalan Muara Beliti – Tugumulyo"
CODE = "2026-JLN-900"
TODAY = dt.date.today()


def ago(days: int) -> dt.date:
    return TODAY - dt.timedelta(days=days)


def fill(page: Page, values: dict[str, Any]) -> None:
    """Fill a form's fields by their names."""
    for name, value in values.items():
        field = page.locator(f'main [name="{name}"]:not([type=hidden])').first
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(str(value))
        else:
            field.fill(value.isoformat() if isinstance(value, dt.date) else str(value))


def save(page: Page, button: str = "Simpan") -> None:
    page.get_by_role("button", name=button, exact=True).first.click()


def become(page: Page, status: str, day: dt.date, **more: Any) -> None:
    """Bring the package into another state, through its page."""
    page.goto(f"/packages/{CODE}/status?to={status}")
    fill(page, {"to": status, "on_day": day, **more})
    save(page)
    page.wait_for_load_state()


def report(page: Page, day: dt.date, percent: str) -> None:
    """Write a weekly update and hand it in."""
    page.goto(f"/packages/{CODE}/updates/new")
    fill(page, {"day": day, "physical_percent": percent, "workers": 14})
    page.get_by_role("button", name="Serahkan untuk diperiksa").click()
    page.wait_for_load_state()


def approve(page: Page) -> None:
    """Approve what waits, as the reviewer."""
    page.goto("/review")
    page.locator('main a[href^="/review/"]').first.click()
    page.get_by_role("button", name="Setujui").click()
    page.wait_for_load_state()


def opened(page: Page, action: str) -> Locator:
    """Open the form of the critical page that goes to an address, and return it."""
    form = page.locator(f'form[action*="{action}"]')
    if not form.get_by_role("button").first.is_visible():
        form.locator("xpath=ancestor::details[1]/summary").click()
    return form


def send(form: Locator, values: dict[str, Any]) -> None:
    """Fill a form's fields by their names, and save."""
    for name, value in values.items():
        form.locator(f'[name="{name}"]').fill(value.isoformat() if isinstance(value, dt.date) else str(value))
    form.get_by_role("button", name="Simpan").click()


def recorded(office: Flask, question: str) -> Any:
    """Ask the database what the pages have left in it."""
    with office.app_context():
        return db.session.execute(text(question)).one()


def test_contract_lives_from_plan_to_final_hand_over(office: Flask, person: Person) -> None:
    ppk, officer, reviewer, visitor = (person(name) for name in ("ppk", "petugas", "pemeriksa", "visitor"))

    # Planned, with its money; announced and in tender.
    ppk.goto("/packages/new")
    fill(
        ppk,
        {
            "name": NAME,
            "code": CODE,
            "year": TODAY.year,
            "sector": "roads",
            "rup_code": "61304611",
            "selection_method": "tender",
            "procurement_kind": "works",
            "ceiling_idr": "1.200.000.000",
        },
    )
    save(ppk)
    expect(ppk.get_by_role("heading", level=1)).to_contain_text(NAME)
    become(ppk, "announced", ago(70))
    become(ppk, "tender", ago(65))

    # No start before a contract: the page says what is missing, and nothing changes.
    ppk.goto(f"/packages/{CODE}/status")
    expect(ppk.locator("main")).to_contain_text("Kontrak, SPK, atau keputusan swakelola belum dicatat")
    assert recorded(office, "SELECT status FROM app.project")[0] == "tender"

    # The contract: Rp1.110.000.000 with PPN 11 %, from 45 days ago to 20 days from now.
    ppk.goto("/companies")
    fill(ppk, {"name": "CV Titian Sentana"})
    save(ppk)
    company = recorded(office, "SELECT id FROM app.company")[0]
    ppk.goto(f"/packages/{CODE}/contracts/new")
    fill(
        ppk,
        {
            "number": "620/01/KTR/2026",
            "signed_on": ago(50),
            "value_idr": "1.110.000.000",
            "company_id": company,
            "start_order_number": "620/01/SPMK/2026",
            "start_date": ago(45),
            "end_date": ago(-20),
            "maintenance_days": "3",
        },
    )
    save(ppk)
    become(ppk, "contract", ago(50))
    become(ppk, "construction", ago(45))
    assert recorded(office, "SELECT status, contractor FROM app.project") == ("construction", "CV Titian Sentana")

    # The plan: pasted; one that does not end at 100 is refused in a sentence.
    plan = [(ago(45), 0), (ago(30), 30), (ago(21), 50), (ago(14), 60), (ago(-20), 99)]
    ppk.goto(f"/packages/{CODE}/schedule")
    pasted = "\n".join(f"{day.isoformat()}\t{percent}" for day, percent in plan)
    fill(ppk, {"table": f"Tanggal\tRencana\n{pasted}"})
    save(ppk, "Simpan jadwal")
    expect(ppk.locator("main")).to_contain_text("100")
    assert recorded(office, "SELECT count(*) FROM app.baseline")[0] == 0
    fill(ppk, {"table": f"Tanggal\tRencana\n{pasted.replace(chr(9) + '99', chr(9) + '100')}"})
    save(ppk, "Simpan jadwal")
    assert recorded(office, "SELECT count(*) FROM app.baseline")[0] == 1

    # Months that are closed are opened by the administrator, on record.
    with office.app_context():
        db.session.execute(
            text("""
                INSERT INTO app.period_unlock (month, reason, until, actor)
                SELECT DISTINCT date_trunc('month', day)::date, 'Laporan susulan', now() + interval '1 day', 'admin'
                FROM generate_series(CAST(:first AS date), CAST(:last AS date), interval '1 day') day
            """),
            {"first": ago(60), "last": TODAY},
        )
        db.session.commit()

    # In time, then late: critical under case a, on the day that the late figure is approved.
    report(officer, ago(30), "31,5")
    approve(reviewer)
    assert recorded(office, "SELECT critical_state, is_late FROM app.project") == ("none", False)
    report(officer, ago(21), "38")
    assert recorded(office, "SELECT physical_percent FROM app.project")[0] == 31.5
    approve(reviewer)
    assert recorded(office, "SELECT critical_state, critical_case, is_late FROM app.project") == (
        "indicated",
        "a",
        True,
    )
    ppk.goto(f"/packages/{CODE}/critical")
    expect(ppk.locator("main")).to_contain_text("SSUK 31.2")
    expect(ppk.locator("main")).to_contain_text("50,00%")
    visitor.goto(f"/projects/{CODE}")
    expect(visitor.locator("main")).to_contain_text("erlambat")
    assert "kritis" not in visitor.content().lower()

    # Declared by letter; SCM I agrees on a target; the letters have the right numbers.
    ppk.goto(f"/packages/{CODE}/critical")
    send(opened(ppk, "/declaration"), {"letter_number": "600/77/KK/2026", "letter_date": ago(20)})
    assert recorded(office, "SELECT state, letter_number FROM app.critical_case") == ("declared", "600/77/KK/2026")
    meeting = {"held_on": ago(19), "target_percent": "55", "due_on": ago(14), "invitation_number": "005/12/SCM/2026"}
    send(opened(ppk, "/critical/meetings"), meeting)
    assert recorded(office, "SELECT stage, target_percent FROM app.show_cause_meeting") == (1, 55)
    letter = ppk.request.get(f"/api/v1/projects/{CODE}/critical/letters/warning.pdf")
    assert letter.status in {200, 404}

    # Recovers: the test is passed, the alarm is closed, its history stays.
    report(officer, ago(14), "58")
    approve(reviewer)
    ppk.goto(f"/packages/{CODE}/critical")
    send(opened(ppk, "/outcome"), {"reached_percent": "58", "outcome_on": ago(14)})
    assert recorded(office, "SELECT state, closed_how FROM app.critical_case") == ("closed", "test_passed")
    assert recorded(office, "SELECT critical_state FROM app.project")[0] == "none"
    assert recorded(office, "SELECT count(*) FROM history.critical_case")[0] >= 2

    # No hand-over below 100 %.
    become(ppk, "handed_over", ago(6))
    assert recorded(office, "SELECT status FROM app.project")[0] == "construction"
    report(officer, ago(7), "100")
    approve(reviewer)
    become(ppk, "handed_over", ago(6))
    become(ppk, "maintenance", ago(6))
    become(ppk, "finished", TODAY)
    assert recorded(office, "SELECT status FROM app.project")[0] == "finished"
    states = recorded(office, "SELECT string_agg(to_status, ' ' ORDER BY id) FROM app.status_change")[0]
    assert states.split()[-7:] == [
        "announced",
        "tender",
        "contract",
        "construction",
        "handed_over",
        "maintenance",
        "finished",
    ]

    # Everything stands in the timeline, and in the trail under who did it.
    ppk.goto(f"/packages/{CODE}")
    expect(ppk.locator("main")).to_contain_text("600/77/KK/2026")
    who = recorded(office, "SELECT array_agg(DISTINCT actor) FROM app.audit WHERE subject = 'progress_update'")[0]
    assert {one.partition("@")[0] for one in who} == {"petugas", "pemeriksa"}
    visitor.goto(f"/projects/{CODE}")
    expect(visitor.locator("main")).to_contain_text("Selesai")
