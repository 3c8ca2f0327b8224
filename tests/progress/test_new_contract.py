"""A contract that follows a terminated one is judged by its own plan and its own progress."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Connection, text

from tests.helpers.tracking import contract_of, make_approved, make_baseline, make_contract
from tests.progress.conftest import Site


@pytest.fixture
def second(connection: Connection, site: Site) -> int:
    """A contract of 1 October after one that was terminated at 40 %."""
    make_approved(connection, site.id, date(2026, 9, 1), 40.0, planned_percent=54.0)
    connection.execute(
        text("UPDATE app.contract SET state = 'terminated', ended_on = '2026-09-10', end_reason = 'x' WHERE id = :id"),
        {"id": contract_of(connection, site.id)},
    )
    return make_contract(
        connection, site.id, signed_on=date(2026, 9, 28), start_date=date(2026, 10, 1), end_date=date(2027, 2, 28)
    )


def test_its_first_figure_is_no_fall(site: Site, second: int) -> None:
    sent = {"day": "2026-11-20", "physical_percent": 5, "submit": True}
    answer = site.at_officer.post(f"/api/v1/projects/{site.code}/updates", json=sent)
    assert answer.status_code == 201, answer.json


def test_plan_of_the_first_contract_says_nothing_of_the_second(site: Site, second: int, connection: Connection) -> None:
    sent = {"day": "2026-11-20", "physical_percent": 5, "submit": True, "correction_note": "Kontrak baru"}
    made = site.at_officer.post(f"/api/v1/projects/{site.code}/updates", json=sent).json
    approved = site.at_reviewer.post(f"/api/v1/updates/{made['client_id']}/approve")
    assert approved.status_code == 200
    assert approved.json["planned_percent"] is None
    assert connection.scalar(text("SELECT count(*) FROM app.critical_case")) == 0
    curve = site.at_officer.get(f"/api/v1/projects/{site.code}/curve").json
    assert curve["actual"][-1]["planned_percent"] is None
    make_baseline(connection, site.id, {date(2026, 10, 1): 0.0, date(2027, 2, 28): 100.0}, contract_id=second)
    planned = connection.scalar(text("SELECT app.planned_percent(:id, '2026-11-20')"), {"id": site.id})
    assert planned == pytest.approx(100 * 50 / 150)
    earlier = connection.scalar(text("SELECT app.planned_percent(:id, '2026-09-01')"), {"id": site.id})
    assert earlier == pytest.approx(100 * 124 / 229), "a day of the first contract is judged by the first plan"
    curve = site.at_officer.get(f"/api/v1/projects/{site.code}/curve").json
    assert curve["actual"][-1]["planned_percent"] == pytest.approx(100 * 50 / 150)
