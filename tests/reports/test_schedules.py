"""The page of reports that are made every month."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from tests.helpers.people import make_account, sign_in

FORM = {"report": "coverage", "format": "pdf", "day_of_month": "5"}


@pytest.fixture
def planner(client: FlaskClient, connection: Connection, regency: Connection) -> FlaskClient:
    sign_in(client, make_account(connection, "planner"))
    return client


def test_a_planner_adds_pauses_and_takes_up_a_schedule(planner: FlaskClient, connection: Connection) -> None:
    assert "Belum ada laporan berkala." in planner.get("/reports/schedules").text
    assert planner.post("/reports/schedules", data={**FORM, "area": "16.05.01"}).status_code == 303
    page = planner.get("/reports/schedules").text
    assert "16.05.01" in page
    (schedule,) = connection.scalars(text("SELECT id FROM app.report_schedule"))
    assert planner.post(f"/reports/schedules/{schedule}", data={"is_active": "false"}).status_code == 303
    assert "Dihentikan" in planner.get("/reports/schedules").text
    past = connection.execute(text("SELECT is_active, ended_by FROM history.report_schedule")).one()
    assert past.is_active is True
    assert planner.post("/reports/schedules/999999", data={"is_active": "true"}).status_code == 404


@pytest.mark.parametrize(
    ("field", "value"), [("report", "nothing"), ("area", "99"), ("day_of_month", "31"), ("format", "doc")]
)
def test_what_cannot_be_made_is_said_beside_its_field(planner: FlaskClient, field: str, value: str) -> None:
    answer = planner.post("/reports/schedules", data={**FORM, field: value})
    assert answer.status_code == 422
    assert f'id="field-{field}-error"' in answer.text


def test_schedules_are_for_planners(client: FlaskClient, connection: Connection, regency: Connection) -> None:
    assert client.get("/reports/schedules").status_code in {302, 401}
    sign_in(client, make_account(connection, "field_officer"))
    assert client.get("/reports/schedules").status_code == 403
    assert client.post("/reports/schedules", data=FORM).status_code == 403
