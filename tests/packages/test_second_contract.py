"""Financial progress after a termination: what was paid under the contract that runs, of that contract's value."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from tests.helpers.factories import make_row
from tests.helpers.tracking import contract_of, make_approved, make_company, make_contract, make_tracked_project

pytestmark = pytest.mark.usefixtures("ready")

API = "/api/v1/projects/P-1"


def pay(connection: Connection, project: int, day: date, amount: float, contract: int | None) -> None:
    make_row(
        connection, "app.payment", project_id=project, contract_id=contract, number=f"SP2D/{project}/{amount:.0f}",
        paid_on=day, kind="monthly", amount_idr=amount,
    )  # fmt: skip


def end_contract(connection: Connection, project: int) -> None:
    connection.execute(
        text("""
            UPDATE app.contract SET state = 'terminated', ended_on = '2026-08-15', end_reason = 'Wanprestasi'
            WHERE project_id = :id AND state = 'running'
        """),
        {"id": project},
    )


def ended_contract(connection: Connection, project: int) -> int:
    return int(
        connection.execute(
            text("SELECT id FROM app.contract WHERE project_id = :id AND state = 'terminated'"), {"id": project}
        ).scalar_one()
    )


@pytest.fixture
def project(connection: Connection) -> int:
    """Of a contract of 1 000 million 500 were paid for 50 %; after its end one of 500 runs, with 100 paid."""
    project = make_tracked_project(
        connection,
        code="P-1",
        status="construction",
        ceiling_idr=1_200_000_000,
        contract={"signed_on": date(2026, 3, 1), "value_idr": 1_000_000_000, "advance_percent": 0},
    )
    pay(connection, project, date(2026, 6, 1), 300_000_000, contract_of(connection, project))
    pay(connection, project, date(2026, 7, 1), 200_000_000, None)  # of the contract of its day
    make_approved(connection, project, date(2026, 7, 31), 50, planned_percent=60)
    end_contract(connection, project)
    return project


@pytest.fixture
def second(connection: Connection, project: int) -> int:
    """The contract that follows."""
    contract = make_contract(
        connection, project, company_id=make_company(connection, name="CV Beliti"), signed_on=date(2026, 9, 1),
        start_date=date(2026, 9, 7), value_idr=500_000_000, advance_percent=0,
    )  # fmt: skip
    pay(connection, project, date(2026, 10, 1), 60_000_000, contract)
    pay(connection, project, date(2026, 10, 15), 40_000_000, None)
    return contract


def register_row(client: FlaskClient, more: str = "") -> dict[str, Any]:
    columns = "paid_idr,financial_percent,absorption_percent"
    (row,) = client.get(f"/api/v1/register?columns={columns}&sort=-financial_percent{more}").get_json()["packages"]
    return row


def test_until_another_contract_runs_the_ended_one_counts(ppk: FlaskClient, project: int) -> None:
    assert ppk.get("/api/v1/packages/P-1").get_json()["paid_percent"] == 50
    assert register_row(ppk)["financial_percent"] == 50


def test_the_running_contract_is_compared_with_what_was_paid_under_it(
    ppk: FlaskClient, treasurer: FlaskClient, second: int
) -> None:
    assert ppk.get("/api/v1/packages/P-1").get_json()["paid_percent"] == 20
    row = register_row(ppk)
    assert row["financial_percent"] == 20
    assert row["paid_idr"] == 600_000_000  # all of the package, as it is absorbed
    assert row["absorption_percent"] == 50
    sent = {"number": "SP2D/9", "paid_on": "2026-11-02", "kind": "monthly", "amount_idr": 50_000_000}
    paid = treasurer.post(f"{API}/payments", json=sent).get_json()
    assert (paid["paid_idr"], paid["contract_paid_idr"], paid["paid_percent"]) == (650_000_000, 150_000_000, 30)
    assert "Keuangan 30,00%: Rp150.000.000 dari Rp500.000.000." in ppk.get("/packages/P-1").text
    page = treasurer.get("/packages/P-1/payments").text
    for part in ("Rp650.000.000", "30,00%", "Rp150.000.000 / Rp500.000.000"):
        assert part in page, part


def test_money_and_works_are_compared_within_one_contract(
    ppk: FlaskClient, connection: Connection, project: int, second: int
) -> None:
    def flags() -> list[str]:
        return [flag["kind"] for flag in ppk.get(f"{API}/critical").get_json()["money_flags"]]

    assert flags() == []  # the 50 % are of the ended contract's works
    make_approved(connection, project, date(2026, 10, 31), 55, planned_percent=60)
    assert flags() == ["works_ahead"]  # 55 done, 20 paid; all that was ever paid would be 120 %
    pay(connection, project, date(2026, 11, 3), 150_000_000, second)
    assert flags() == []
    pay(connection, project, date(2026, 11, 5), 70_000_000, second)
    assert flags() == ["money_ahead"]  # 64 paid, 55 done and 5 allowed


def test_what_waits_to_be_paid_is_of_the_running_contract(
    treasurer: FlaskClient, connection: Connection, project: int, second: int
) -> None:
    def unpaid() -> list[tuple[str, float]]:
        waiting = treasurer.get("/api/v1/work").get_json()["waiting"]
        return [(one["code"], one["number"]) for kind in waiting if kind["kind"] == "unpaid" for one in kind["tasks"]]

    assert unpaid() == []
    make_approved(connection, project, date(2026, 10, 31), 70, planned_percent=60)
    assert unpaid() == [("P-1", 50)]


def test_an_earlier_moment_counts_the_contract_that_ran_then(
    ppk: FlaskClient, connection: Connection, project: int, second: int
) -> None:
    for table in ("project", "contract", "payment"):
        connection.execute(text(f"ALTER TABLE app.{table} DISABLE TRIGGER USER"))
    connection.execute(text("UPDATE app.project SET valid_from = '2026-01-01'"))
    connection.execute(text("DELETE FROM history.project"))
    connection.execute(text("DELETE FROM history.contract"))
    connection.execute(text("DELETE FROM history.payment"))
    connection.execute(text("UPDATE app.payment SET valid_from = paid_on"))
    connection.execute(text("UPDATE app.contract SET valid_from = greatest(signed_on, ended_on)"))
    connection.execute(
        text("""
            INSERT INTO history.contract (id, project_id, kind, number, signed_on, company_id, value_idr, vat_percent,
                fine_base, state, demo, valid_from, changed_by, valid_to, operation, ended_by)
            SELECT id, project_id, kind, number, signed_on, company_id, value_idr, vat_percent, fine_base, 'running',
                demo, signed_on, changed_by, ended_on, 'update', 'x'
            FROM app.contract WHERE state = 'terminated'
        """)
    )
    found = {
        day: connection.scalar(text("SELECT app.contract_paid(:id, :day)"), {"id": project, "day": day})
        for day in ("2026-02-01", "2026-06-15", "2026-08-20", "2026-09-15", "2026-10-20")
    }
    assert found == {
        "2026-02-01": 0, "2026-06-15": 300_000_000, "2026-08-20": 500_000_000, "2026-09-15": 0,
        "2026-10-20": 100_000_000,
    }  # fmt: skip
    then = register_row(ppk, "&as_of=2026-10-05&compare=2026-09-15")
    assert then["financial_percent"] == 12
    assert ppk.get("/api/v1/packages/P-1?as_of=2026-10-05").get_json()["paid_percent"] == 12
    assert ppk.get("/packages/P-1/critical?as_of=2026-10-05").status_code in {200, 403}


def test_a_late_payment_of_the_ended_contract_is_recorded_under_it(
    ppk: FlaskClient, treasurer: FlaskClient, connection: Connection, project: int
) -> None:
    ended = ended_contract(connection, project)
    running = make_contract(
        connection, project, company_id=make_company(connection, name="CV Beliti"), signed_on=date(2026, 9, 1),
        start_date=date(2026, 9, 7), value_idr=500_000_000, advance_percent=0,
    )  # fmt: skip
    sent = {"number": "SP2D/9", "paid_on": "2026-11-02", "kind": "final", "amount_idr": 400_000_000}
    late = treasurer.post(f"{API}/payments", json={**sent, "contract_id": ended})
    assert late.status_code == 201
    assert (late.json["contract_paid_idr"], late.json["paid_percent"]) == (0, 0)
    assert late.json["paid_idr"] == 900_000_000
    more = treasurer.post(f"{API}/payments", json={**sent, "number": "SP2D/10", "contract_id": ended})
    assert more.status_code == 422  # 300 and 400 of its 1 000 are paid, and 200 that name no contract are not counted
    usual = treasurer.post(f"{API}/payments", json={**sent, "number": "SP2D/11"})
    assert usual.json["contract_paid_idr"] == 400_000_000
    named = treasurer.get(f"{API}/payments").json["payments"]
    assert {one["number"]: one["contract_id"] for one in named if one["number"] in {"SP2D/9", "SP2D/11"}} == {
        "SP2D/9": ended,
        "SP2D/11": running,
    }


def test_a_payment_is_of_a_contract_of_its_own_package(
    treasurer: FlaskClient, connection: Connection, second: int
) -> None:
    other = make_tracked_project(connection, code="P-2", status="construction")
    sent = {"number": "SP2D/9", "paid_on": "2026-11-02", "kind": "final", "amount_idr": 1_000}
    for contract in (contract_of(connection, other), 999_999):
        answer = treasurer.post(f"{API}/payments", json={**sent, "contract_id": contract})
        assert answer.status_code == 422
        assert "contract_id" in answer.text
    assert connection.scalar(text("SELECT count(*) FROM app.payment WHERE number = 'SP2D/9'")) == 0


def test_the_form_offers_contracts_where_there_are_several(
    treasurer: FlaskClient, connection: Connection, project: int
) -> None:
    assert 'name="contract_id"' not in treasurer.get("/packages/P-1/payments").text
    ended = ended_contract(connection, project)
    make_contract(
        connection, project, company_id=make_company(connection, name="CV Beliti"), signed_on=date(2026, 9, 1),
        start_date=date(2026, 9, 7), value_idr=500_000_000, advance_percent=0,
    )  # fmt: skip
    page = treasurer.get("/packages/P-1/payments").text
    assert 'name="contract_id"' in page
    assert f'<option value="{ended}">' in page
    sent = {"number": "SP2D/9", "paid_on": "2026-11-02", "kind": "final", "amount_idr": "1000", "contract_id": ended}
    assert treasurer.post("/packages/P-1/payments", data=sent).status_code == 303
    assert connection.scalar(text("SELECT contract_id FROM app.payment WHERE number = 'SP2D/9'")) == ended
