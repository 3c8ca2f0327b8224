"""What belongs to one package is not reached through the address of another, and not without rights to its own."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from tests.helpers.people import make_account, sign_in
from tests.helpers.tracking import contract_of, make_tracked_project

pytestmark = pytest.mark.usefixtures("ready")


@pytest.fixture
def contracts(connection: Connection) -> dict[str, int]:
    """The contracts of two packages, A and B; C has none."""
    made = {
        code: contract_of(connection, make_tracked_project(connection, code=code, contract={"number": f"SPK-{code}"}))
        for code in ("A", "B")
    }
    third = make_tracked_project(connection, code="C")
    connection.execute(text("DELETE FROM app.contract WHERE project_id = :id"), {"id": third})
    return made


@pytest.mark.parametrize("code", ["A", "C"])
def test_contract_has_no_page_under_another_package(ppk: FlaskClient, contracts: dict[str, int], code: str) -> None:
    assert ppk.get(f"/packages/{code}/contracts/{contracts['B']}").status_code == 404


@pytest.mark.parametrize("rest", ["", "/addenda", "/termination"])
def test_contract_is_not_changed_under_another_package(
    ppk: FlaskClient, contracts: dict[str, int], connection: Connection, rest: str
) -> None:
    sent = {"number": "ADD-1", "signed_on": "2026-06-01", "ended_on": "2026-06-01", "reason": "Volume bertambah"}
    assert ppk.post(f"/packages/A/contracts/{contracts['B']}{rest}", data=sent).status_code == 404
    assert connection.scalar(text("SELECT state FROM app.contract WHERE id = :id"), {"id": contracts["B"]}) == "running"


@pytest.mark.parametrize("rest", ["", "/addenda", "/termination"])
def test_refused_form_shows_no_contract_of_another_unit(
    app: Flask, connection: Connection, contracts: dict[str, int], rest: str
) -> None:
    unit = connection.scalar(text("INSERT INTO app.unit (code, name) VALUES ('BM', 'Bina Marga') RETURNING id"))
    connection.execute(text("UPDATE app.project SET unit_id = :unit WHERE code = 'B'"), {"unit": unit})
    client = sign_in(app.test_client(), make_account(connection, "ppk", unit=unit))
    assert client.get(f"/packages/A/contracts/{contracts['A']}").status_code == 403
    answer = client.post(f"/packages/A/contracts/{contracts['B']}{rest}", data={})
    assert answer.status_code in {403, 404}
    assert "SPK-A" not in answer.text
