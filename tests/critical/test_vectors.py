"""T1–T9 of the domain reference, asked of the API."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.critical.service import evaluate
from tests.helpers.tracking import make_approved, make_tracked_project

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


def observed(physical: float, finish: date | None) -> list[tuple[date, float]]:
    """Return five weekly figures, the last `physical` on 15 November, that at their mean rate reach 100 on `finish`."""
    days = (finish or date(2026, 12, 10)) - NEWEST
    weekly = (100 - physical) / (days / timedelta(days=7))
    return [(NEWEST - timedelta(weeks=week), max(0.0, physical - weekly * week)) for week in range(4, -1, -1)]


@pytest.mark.parametrize("name", VECTORS)
def test_vector(connection: Connection, app_session: Session, ppk: FlaskClient, name: str) -> None:
    planned, physical, finish, multi_year, clause = VECTORS[name]
    project = make_tracked_project(connection, multi_year_approval="900/1/TJ/2026" if multi_year else None)
    for day, percent in observed(physical, finish):
        make_approved(connection, project, day, percent, planned_percent=planned if day == NEWEST else percent)
    evaluate(app_session, project, today=TODAY)
    app_session.commit()
    code = connection.scalar(text("SELECT code FROM app.project WHERE id = :id"), {"id": project})
    answer: dict[str, Any] = ppk.get(f"/api/v1/projects/{code}/critical").get_json()
    assert answer["indication"]["clause"] == clause
    assert answer["indication"]["is_critical"] is (clause is not None)
    assert (answer["case"] or {}).get("clause") == clause
    assert answer["state"] == ("indicated" if clause else "none")
    if finish:
        assert answer["indication"]["forecast"]["expected"] == finish.isoformat()
        assert answer["indication"]["overruns_year"] is not multi_year  # T7 is flagged so, though it is not critical


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
