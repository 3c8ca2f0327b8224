"""T1–T9 of the domain reference, asked of the API."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection

from tests.helpers.people import make_account, sign_in
from tests.helpers.tracking import make_tracked_project

TODAY = date(2026, 11, 24)
NEWEST = date(2026, 11, 15)

# Plan, actual, finish (None: in time), approved multi-year, and what the standard contract says.
VECTORS = {
    "T1": (50.00, 40.00, None, False, None),
    "T2": (50.00, 39.99, None, False, "a"),
    "T3": (69.99, 62.00, None, False, None),
    "T4": (70.00, 64.00, None, False, "b"),
    "T5": (90.00, 86.00, date(2027, 1, 12), False, "c"),
    "T6": (90.00, 86.00, date(2027, 1, 12), True, None),
    "T7": (90.00, 90.50, date(2027, 1, 12), False, None),
}


@pytest.fixture(autouse=True)
def on_24_november(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.critical.routes.region_today", lambda _session: TODAY)
    for subject in ("update_routes", "schedule_routes"):
        monkeypatch.setattr(f"app.progress.{subject}._today", lambda: TODAY)


def observed(physical: float, finish: date | None) -> list[tuple[date, float]]:
    """Return three weekly figures, the last `physical` on 15 November, that at their mean rate reach 100 on `finish`."""
    days = (finish or date(2026, 12, 10)) - NEWEST
    weekly = (100 - physical) / ((days - timedelta(hours=12)) / timedelta(weeks=1))  # done in the course of that day
    return [(NEWEST - timedelta(weeks=week), round(physical - weekly * week, 4)) for week in range(2, -1, -1)]


@pytest.mark.parametrize("name", VECTORS)
def test_vector(connection: Connection, app: Flask, ppk: FlaskClient, name: str) -> None:
    """A PPK sends the plan, a field officer the figures, a reviewer approves them, the alarm answers: all by the API."""
    planned, physical, finish, multi_year, clause = VECTORS[name]
    code = f"{name}/2026"
    make_tracked_project(connection, code=code, multi_year_approval="900/1/TJ/2026" if multi_year else None)
    points = {date(2026, 5, 1): 0.0, NEWEST: planned, date(2026, 12, 15): 100.0}
    plan = ppk.post(
        f"/api/v1/projects/{code}/baselines",
        json={"points": [{"day": day.isoformat(), "percent": percent} for day, percent in points.items()]},
    )
    assert plan.status_code == 201, plan.text
    officer, reviewer = (
        sign_in(app.test_client(), make_account(connection, role)) for role in ("field_officer", "reviewer")
    )
    for day, percent in observed(physical, finish):
        sent = officer.post(
            f"/api/v1/projects/{code}/updates",
            json={"day": day.isoformat(), "physical_percent": percent, "submit": True},
        )
        assert sent.status_code == 201, sent.text
        assert ppk.get(f"/api/v1/projects/{code}/critical").json["indication"]["day"] != day.isoformat()
        approved = reviewer.post(f"/api/v1/updates/{sent.json['client_id']}/approve", json={})
        assert approved.status_code == 200, approved.text
    answer: dict[str, Any] = ppk.get(f"/api/v1/projects/{code}/critical").get_json()
    assert answer["indication"]["planned_percent"] == pytest.approx(planned)
    assert answer["indication"]["clause"] == clause
    assert answer["indication"]["is_critical"] is (clause is not None)
    assert (answer["case"] or {}).get("clause") == clause
    assert answer["state"] == ("indicated" if clause else "none")
    if clause:
        assert answer["case"]["indicated_on"] == TODAY.isoformat()  # the day of the approval
    if finish:
        assert answer["indication"]["forecast"]["expected"] == finish.isoformat()
        assert answer["indication"]["overruns_year"] is not multi_year  # T7 is flagged so, though it is not critical
        assert ("melewati tahun anggaran" in ppk.get(f"/packages/{code}/critical").text) is not multi_year


@pytest.mark.parametrize(("days", "amount"), [(1, "2750100.00"), (50, "137505000.00")])
def test_t8(connection: Connection, ppk: FlaskClient, days: int, amount: str) -> None:
    make_tracked_project(
        connection,
        code="T8",
        contract={"fine_base": "part", "fine_part_idr": 2_750_100_000, "value_idr": 9_000_000_000},
    )
    answer = ppk.get(f"/api/v1/projects/T8/critical/fine?days={days}").get_json()
    assert (answer["amount_idr"], answer["base"], answer["base_idr"]) == (amount, "part", "2750100000.00")
    assert answer["rule"]["legal_basis"].startswith("Perpres 16/2018 Pasal 79")


def test_t9(connection: Connection, ppk: FlaskClient) -> None:
    make_tracked_project(connection, code="T9", contract={"value_idr": 1_110_000_000, "vat_percent": 11})
    answer = ppk.get("/api/v1/projects/T9/critical/fine?days=10").get_json()
    assert (answer["base_idr"], answer["amount_idr"]) == ("1000000000.00", "10000000.00")
    assert answer["formula"] == "Rp1,000,000,000 × 1‰ × 10 = Rp10,000,000"
