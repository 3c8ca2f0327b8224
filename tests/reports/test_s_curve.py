"""The portfolio's S-curve by hand, its agreement with the RFK, and what the public must not learn of critical contracts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.reports.report import Report, Words
from tests.helpers.people import make_account, sign_in
from tests.helpers.tracking import make_approved
from tests.reports.conftest import compute, value
from tests.reports.works import A_SEPTEMBER, C_JULY, SECRET, cells, make_works, table

ZONE = ZoneInfo("Asia/Jakarta")
C_DECEMBER = 60.0
MAY, JUNE = ((40 + 10) * days / 91 for days in (30, 60))  # begun on 1 May, first reported on 31 July: a line between


@pytest.fixture
def works(connection: Connection) -> dict[str, int]:
    """The packages of `make_works`."""
    return make_works(connection)


def s_curve(connection: Connection, code: str | None = None, **options: Any) -> Report:
    return compute(connection, code, name="s_curve", **options)


def months(report: Report) -> list[dict[str, Any]]:
    found = table(report, "months")
    return [cells(found, row) for row in found.rows]


def test_months_by_hand(connection: Connection, works: dict[str, int]) -> None:
    found = months(s_curve(connection))
    assert [one["physical"] for one in found] == [
        0, 0, 0, 0, *[pytest.approx(value / 11, abs=0.005) for value in (MAY, JUNE, 50, 50, 70, 70, 70)], None,
    ]  # fmt: skip
    assert found[3]["planned"] == 0
    assert found[8]["planned"] == pytest.approx((A_SEPTEMBER + C_JULY) / 11, abs=0.005)
    assert found[8]["deviation"] == pytest.approx((60 - A_SEPTEMBER + 10 - C_JULY) / 11, abs=0.005)
    assert found[11]["planned"] == pytest.approx((100 + C_DECEMBER) / 11, abs=0.005)  # still to come: the plan itself
    assert found[11]["deviation"] is None
    assert "estimated_until_reported" in [one.code for one in s_curve(connection).findings]


def test_figures_and_curve_agree(connection: Connection, works: dict[str, int]) -> None:
    report = s_curve(connection)
    assert value(report, "s_curve.packages", "16.05") == 3
    assert value(report, "s_curve.physical", "16.05") == pytest.approx(70 / 11)
    assert value(report, "s_curve.deviation", "16.05") == pytest.approx((70 - A_SEPTEMBER - C_JULY) / 11)
    assert value(report, "s_curve.physical", "16.05.02") == pytest.approx(10)
    (chart,) = report.charts
    series = {one.id: one.values for one in chart.series}
    assert series["physical"][10] == pytest.approx(70 / 11, abs=0.005)
    assert series["physical"][11] is None
    assert len(chart.labels) == len(series["planned"]) == 12


@pytest.mark.parametrize("month", [3, 7, 9, 11])
def test_every_month_is_that_of_the_rfk(connection: Connection, works: dict[str, int], month: int) -> None:
    of_month = months(s_curve(connection))[month - 1]
    rfk = compute(connection, name="rfk", for_staff=True, month=str(month))
    assert of_month["planned"] == pytest.approx(value(rfk, "rfk.planned", "16.05"), abs=0.005)
    assert of_month["physical"] == pytest.approx(value(rfk, "rfk.physical", "16.05"), abs=0.005)


def test_package_without_a_plan_is_left_out_of_both_sides(connection: Connection, works: dict[str, int]) -> None:
    connection.execute(text("DELETE FROM app.baseline WHERE project_id = :id"), {"id": works["C"]})
    report = s_curve(connection)
    assert months(report)[8]["physical"] == pytest.approx(6, abs=0.005)  # A and B: 60 of 1 in 10
    assert {"no_plan", "left_out_of_curve"} <= {one.code for one in report.findings}
    assert value(report, "s_curve.physical", "16.05.02") is None


def test_late_contracts_for_the_public(connection: Connection, works: dict[str, int]) -> None:
    report = s_curve(connection)
    late = table(report, "late")
    assert [row.key for row in late.rows] == ["C", "A"]  # by how far, whatever else is known of them
    row = cells(late, late.rows[0])
    assert row["state"] == Words("Terlambat, dalam penanganan", "Late, being handled")
    assert row["reason"] == Words("Di bawah rencana", "Behind its plan")
    assert row["lag"] == pytest.approx(C_JULY - 10, abs=0.005)
    assert "clause" not in row
    assert set(report.frames["late"]["state"]) == {"late"}
    assert not [one.id for one in report.figures if "critical" in one.id]


def test_critical_contracts_for_staff(connection: Connection, works: dict[str, int]) -> None:
    report = s_curve(connection, for_staff=True)
    late = table(report, "late")
    assert [row.key for row in late.rows] == ["C", "A"]
    row = cells(late, late.rows[0])
    assert row["state"] == Words("Ditetapkan kritis", "Declared critical")
    assert (row["clause"], row["rule"], row["threshold"]) == ("a", "KRITIS_P1_LAG", 10)
    assert (row["letter"], row["indicated_on"]) == ("610/KRITIS/1", date(2026, 8, 5))
    assert cells(late, late.rows[1])["clause"] is None
    assert value(report, "s_curve.critical_declared", "16.05") == 1
    assert value(report, "s_curve.critical_indicated", "16.05") == 0
    assert value(report, "s_curve.critical_declared", "16.05.02") == 1
    figure = report.figure("s_curve.critical_declared", "16.05")
    assert figure is not None
    assert figure.rule == "KRITIS_P1_LAG"
    assert dict(zip(report.frames["late"]["code"], report.frames["late"]["state"], strict=True)) == {
        "A": "late",
        "C": "declared",
    }


def test_order_of_the_public_list_does_not_tell_who_is_critical(connection: Connection, works: dict[str, int]) -> None:
    make_approved(connection, works["C"], date(2026, 10, 1), 37)  # now less behind than A, and still declared
    assert [row.key for row in table(s_curve(connection), "late").rows] == ["A", "C"]
    assert [row.key for row in table(s_curve(connection, for_staff=True), "late").rows] == ["C", "A"]


def test_public_answer_holds_nothing_of_the_alarm(
    client: FlaskClient, connection: Connection, works: dict[str, int]
) -> None:
    public = client.get("/reports/s_curve?format=json")
    assert public.status_code == 200
    body = public.get_data(as_text=True) + client.get("/reports/s_curve").get_data(as_text=True)
    for hidden in ("610/KRITIS/1", "KRITIS_P1_LAG", "critical", "Ditetapkan", SECRET):
        assert hidden not in body, hidden
    sign_in(client, make_account(connection, "leader"))
    staff = client.get("/reports/s_curve?format=json")
    assert "610/KRITIS/1" in staff.get_data(as_text=True)
    assert "private" in staff.headers["Cache-Control"]


def test_what_was_computed_for_staff_is_not_kept_for_the_public(
    app: Flask, connection: Connection, works: dict[str, int]
) -> None:
    staff = sign_in(app.test_client(), make_account(connection, "leader"))
    assert "610/KRITIS/1" in staff.get("/reports/s_curve?format=json").get_data(as_text=True)
    public = app.test_client()
    for address in ("/reports/s_curve?format=json", "/reports/s_curve"):
        assert "610/KRITIS/1" not in public.get(address).get_data(as_text=True)
    opened = public.get("/reports/s_curve/origin?figure=s_curve.critical_declared&area=16.05")
    assert opened.status_code == 404


def test_progress_recorded_later_is_not_in_the_past(connection: Connection, works: dict[str, int]) -> None:
    make_approved(connection, works["A"], date(2026, 8, 31), 55)
    now, then = (s_curve(connection, as_of=moment) for moment in (None, datetime(2026, 9, 15, tzinfo=ZONE)))
    assert months(now)[7]["physical"] == pytest.approx(65 / 11, abs=0.005)
    assert months(then)[7]["physical"] == pytest.approx(50 / 11, abs=0.005)
    assert months(then)[9]["physical"] is None


def test_end_of_the_contract_is_told_as_the_reason(connection: Connection, works: dict[str, int]) -> None:
    connection.execute(
        text("UPDATE app.contract SET end_date = '2026-10-31' WHERE project_id = :id"), {"id": works["A"]}
    )
    late = table(s_curve(connection), "late")
    reasons = {row.key: cells(late, row)["reason"].en for row in late.rows}
    assert reasons["A"] == "Behind its plan; contract ended"


def test_year_without_packages(connection: Connection, works: dict[str, int]) -> None:
    report = s_curve(connection, year=2030)
    assert value(report, "s_curve.physical", "16.05") is None
    assert months(report)[0] == {"planned": None, "physical": None, "deviation": None}
    assert table(report, "late").rows == ()
    assert "no_packages" in [one.code for one in report.findings]


def test_features_behind_late_are_those_it_counts(client: FlaskClient, works: dict[str, int]) -> None:
    report = client.get("/reports/s_curve?format=json").json
    counted = [one for one in report["figures"] if one["id"] in {"s_curve.packages", "s_curve.late"}]
    assert len(counted) == 6
    for figure in counted:
        assert client.get(figure["features_url"]).json["numberMatched"] == figure["value"], figure
