"""RFK: weights, subtotals and money of a month, found by hand and by SQL; and nothing of it for the public."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.reports.report import Report, Words
from tests.helpers.factories import make_project
from tests.helpers.people import make_account, sign_in
from tests.helpers.tracking import contract_of, make_addendum, make_approved, make_baseline, make_contract
from tests.reports.conftest import compute, value
from tests.reports.works import (
    A_SEPTEMBER,
    C_JULY,
    C_SEPTEMBER,
    IN_A,
    SECRET,
    cells,
    make_payment,
    make_works,
    recorded_at,
    table,
)

ZONE = ZoneInfo("Asia/Jakarta")


@pytest.fixture
def works(connection: Connection) -> dict[str, int]:
    """The packages of `make_works`."""
    return make_works(connection)


def rfk(connection: Connection, code: str | None = None, **options: Any) -> Report:
    return compute(connection, code, name="rfk", for_staff=True, **options)


def lines(report: Report) -> dict[str, dict[str, Any]]:
    """Cells of each line by key; of a package that stands several times the last."""
    found = table(report, "rfk")
    return {row.key: cells(found, row) for row in found.rows}


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


def test_figures_of_a_month_by_hand(connection: Connection, works: dict[str, int]) -> None:
    report = rfk(connection, month="9")
    assert value(report, "rfk.packages", "16.05") == 3
    assert value(report, "rfk.ceiling_idr", "16.05") == 11e9  # of C this year's half
    assert value(report, "rfk.physical", "16.05") == pytest.approx((60 + 0 * 9 + 10) / 11)
    assert value(report, "rfk.planned", "16.05") == pytest.approx((A_SEPTEMBER + 0 * 9 + C_JULY) / 11)
    assert value(report, "rfk.deviation", "16.05") == pytest.approx((60 - A_SEPTEMBER + 10 - C_JULY) / 11)
    assert value(report, "rfk.paid_idr", "16.05") == 5e8  # the SP2D of October is not yet
    assert value(report, "rfk.paid_percent", "16.05") == pytest.approx(5 / 110 * 100)
    assert value(report, "rfk.remaining_idr", "16.05") == 10.5e9
    target = 9e8 * A_SEPTEMBER / 100 + 1.8e9 * C_SEPTEMBER / 100
    assert value(report, "rfk.target_idr", "16.05") == pytest.approx(target, abs=1)
    assert value(report, "rfk.physical", "16.05.02") == pytest.approx(10)  # of C alone
    assert value(report, "rfk.ceiling_idr", "16.05.02") == 1e9
    assert {"financial_target", "given_up", "no_contract"} <= set(codes(report))
    (without,) = [one for one in report.findings if one.code == "no_contract"]
    assert without.count == 1  # B, in tender


def test_month_ends_are_days_of_the_works(connection: Connection, works: dict[str, int]) -> None:
    october = rfk(connection, month="10")
    assert value(october, "rfk.paid_idr", "16.05") == 6e8
    assert value(october, "rfk.physical", "16.05") == pytest.approx(70 / 11)
    july = rfk(connection, month="7")
    assert value(july, "rfk.physical", "16.05") == pytest.approx(50 / 11)
    april = lines(rfk(connection, month="4"))
    assert (april["A"]["physical"], april["A"]["planned"], april["A"]["paid_idr"]) == (0, 0, 0)
    june = rfk(connection, month="6")
    assert lines(june)["A"]["physical"] is None  # begun in May, first reported in July
    assert "no_progress" in codes(june)
    just_begun = rfk(connection, today=date(2026, 5, 10))
    assert lines(just_begun)["A"]["physical"] == 0  # no report is missed yet
    assert "not_reported_yet" in codes(just_begun)


def test_what_was_recorded_later_does_not_count_at_a_moment(connection: Connection, works: dict[str, int]) -> None:
    make_approved(connection, works["A"], date(2026, 9, 20), 70)
    make_payment(connection, works["A"], date(2026, 9, 1), 5e7)
    connection.execute(
        text("UPDATE app.progress_update SET physical_percent = 75 WHERE project_id = :id AND day = '2026-09-30'"),
        {"id": works["A"]},
    )
    now, then = rfk(connection, month="9"), rfk(connection, month="9", as_of=datetime(2026, 10, 2, tzinfo=ZONE))
    assert (lines(now)["A"]["physical"], lines(then)["A"]["physical"]) == (75, 60)
    assert (value(now, "rfk.paid_idr", "16.05"), value(then, "rfk.paid_idr", "16.05")) == (5.5e8, 5e8)


def test_package_line_says_contract_problem_and_follow_up(connection: Connection, works: dict[str, int]) -> None:
    july, september = lines(rfk(connection, month="7"))["C"], lines(rfk(connection, month="9"))["C"]
    assert july["contract_number"] == "620/C/2026"
    assert (july["contract_idr"], july["end"]) == (1_800_000_000, date(2027, 6, 30))
    assert july["volume"] == Words("1.250,50 m", "1,250.50 m")
    assert july["place"] == "Ulu, Ilir"
    assert SECRET in july["issues"].id
    assert july["issues"].en.endswith("cause: employer")
    assert july["actions"] is None  # declared in August
    assert september["issues"] is None  # reported in July
    assert "610/KRITIS/1" in september["actions"].id
    assert "SCM I: target 25,00% sampai 20 Sep 2026" in september["actions"].id
    before = lines(rfk(connection, month="3"))["C"]
    assert (before["contract_number"], before["contract_idr"], before["target_idr"]) == (None, None, None)


def test_addendum_counts_from_its_signature(connection: Connection, works: dict[str, int]) -> None:
    make_addendum(connection, contract_of(connection, works["A"]), value_idr=950_000_000, signed_on=date(2026, 10, 3))
    assert lines(rfk(connection, month="9"))["A"]["contract_idr"] == 900_000_000
    assert lines(rfk(connection, month="10"))["A"]["contract_idr"] == 950_000_000


@pytest.mark.parametrize("by", ["unit", "programme", "fund"])
def test_groups_add_up_to_the_whole(connection: Connection, works: dict[str, int], by: str) -> None:
    found = table(rfk(connection, month="9", by=by), "rfk")
    total = cells(found)
    assert (total["ceiling_idr"], total["paid_idr"], total["remaining_idr"]) == (11e9, 5e8, 10.5e9)
    for rows in (
        [row for row in found.rows if row.level == 0],
        [row for row in found.rows if not row.is_subtotal],
    ):
        for column in ("ceiling_idr", "contract_idr", "target_idr", "paid_idr", "remaining_idr"):
            amounts = [cells(found, row)[column] for row in rows]
            assert sum(Decimal(str(one)) for one in amounts if one is not None) == Decimal(str(total[column])), column
        assert sum(cells(found, row)["share"] for row in rows) == pytest.approx(100, abs=0.05)
        assert sum(cells(found, row)["earned"] for row in rows) == pytest.approx(total["earned"], abs=0.05)


def test_hierarchy_of_the_programme(connection: Connection, works: dict[str, int]) -> None:
    found = table(rfk(connection, month="9", by="unit"), "rfk")
    assert [(row.level, row.name, row.is_subtotal) for row in found.rows] == [
        (0, "1.03 Dinas PU", True),
        (1, "1.03.1 Bina Marga", True),
        (2, "1.03.10 Penyelenggaraan Jalan", True),
        (3, "1.03.10.2.01 Jalan Kabupaten", True),
        (4, "1.03.10.2.01.0033 Rekonstruksi Jalan", True),
        (5, "A Jalan Ulu", False),
        (5, "C Jalan Ulu Ilir", False),
        (1, Words("Tanpa program", "Without a programme"), True),
        (2, "B Jembatan", False),
    ]
    assert [cells(found, row)["number"] for row in found.rows if not row.is_subtotal] == ["1", "2", "3"]
    office = cells(found, found.rows[1])
    assert office["physical"] == 35  # A and C weigh the same
    assert office["share"] == pytest.approx(200 / 11, abs=0.005)
    assert office["earned"] == pytest.approx(70 / 11, abs=0.005)


def test_two_sources_split_a_package_to_the_rupiah(connection: Connection, works: dict[str, int]) -> None:
    report = rfk(connection, month="9", by="fund")
    found = table(report, "rfk")
    parts = [cells(found, row) for row in found.rows if row.key == "A"]
    assert [(one["ceiling_idr"], one["paid_idr"], one["physical"]) for one in parts] == [
        (400_000_000, 80_000_000, 60),
        (600_000_000, 120_000_000, 60),
    ]
    assert [one["fund"] for one in parts] == [
        Words("DAK fisik", "Special physical grant"),
        Words("Dana alokasi umum", "General allocation"),
    ]
    assert "split_by_funds" in codes(report)


def test_package_in_two_districts_is_in_both_and_once_in_the_whole(
    connection: Connection, works: dict[str, int]
) -> None:
    report = rfk(connection, month="9", by="district")
    found = table(report, "rfk")
    assert [row.key for row in found.rows if not row.is_subtotal] == ["A", "C", "B", "C"]
    tops = {row.key: cells(found, row)["ceiling_idr"] for row in found.rows if row.level == 0}
    assert tops == {"16.05.01": 11e9, "16.05.02": 1e9}
    assert cells(found)["ceiling_idr"] == 11e9
    assert "several_districts" in codes(report)
    one = rfk(connection, "16.05.02", month="9", by="district")
    assert [row.key for row in table(one, "rfk").rows if not row.is_subtotal] == ["C"]


def test_month_that_runs_is_that_of_the_reports_day(connection: Connection, works: dict[str, int]) -> None:
    report = rfk(connection, today=date(2026, 10, 4))
    assert value(report, "rfk.paid_idr", "16.05") == 5e8
    assert "4 Oktober 2026" in table(report, "rfk").title_id
    ahead = rfk(connection, today=date(2026, 10, 4), month="12")
    assert "month_ahead" in codes(ahead)
    past = rfk(connection, year=2025)
    assert "31 Desember 2025" in table(past, "rfk").title_id


def test_running_package_without_any_report_is_unknown_not_zero(connection: Connection, works: dict[str, int]) -> None:
    connection.execute(text("DELETE FROM app.progress_update"))
    connection.execute(
        text("UPDATE app.project SET physical_percent = NULL, planned_percent = NULL, progress_date = NULL")
    )
    report = rfk(connection, month="9")
    assert lines(report)["A"]["physical"] is None
    assert lines(report)["A"]["deviation"] is None
    assert "no_progress" in codes(report)
    assert value(report, "rfk.physical", "16.05") == 0  # of B, which has not begun
    assert value(report, "rfk.physical", "16.05.02") is None


def test_plan_of_a_day_is_that_of_its_own_contract(connection: Connection, works: dict[str, int]) -> None:
    connection.execute(
        text("""
            UPDATE app.contract SET state = 'terminated', ended_on = '2026-10-10', end_reason = 'putus'
            WHERE project_id = :id
        """),
        {"id": works["A"]},
    )
    make_contract(connection, works["A"], signed_on=date(2026, 10, 20), start_date=date(2026, 10, 21))
    make_baseline(connection, works["A"], {date(2026, 10, 21): 0, date(2026, 12, 20): 100})
    make_approved(connection, works["A"], date(2026, 11, 10), 20)
    for month, day in (("9", "2026-09-30"), ("11", "2026-11-10")):
        expected = connection.scalar(text("SELECT app.planned_percent(:id, :day)"), {"id": works["A"], "day": day})
        found = lines(rfk(connection, month=month))["A"]["planned"]
        assert found == pytest.approx(expected, abs=0.005), month
    assert lines(rfk(connection, month="9"))["A"]["planned"] == pytest.approx(A_SEPTEMBER, abs=0.005)


def test_imported_packages_are_taken_by_their_own_row(connection: Connection, works: dict[str, int]) -> None:
    make_project(
        connection,
        code="IMPOR",
        year=2024,
        geom=IN_A,
        fund_source="Dana lain",
        status="finished",
        physical_percent=100,
        planned_percent=None,
        progress_date=date(2024, 10, 5),
        start_date=date(2024, 5, 1),
        end_date=date(2024, 12, 1),
        contractor="PT Luar",
    )
    report = rfk(connection, year=2024, by="fund")
    found = table(report, "rfk")
    assert [(row.key, row.name) for row in found.rows if row.level == 0] == [("Dana lain", "Dana lain")]
    line = lines(report)["IMPOR"]
    assert (line["contract_idr"], line["contractor"], line["contract_number"]) == (900_000_000, "PT Luar", None)
    assert (line["physical"], line["planned"], line["deviation"], line["target_idr"]) == (100, None, None, None)
    assert {"no_plan", "no_payments"} <= set(codes(report))
    before = lines(rfk(connection, year=2024, month="9"))["IMPOR"]
    assert before["physical"] is None  # one figure of October says nothing of September
    assert lines(rfk(connection, year=2024, month="4"))["IMPOR"]["contract_idr"] is None


def test_money_agrees_with_sql(connection: Connection, works: dict[str, int]) -> None:
    report = rfk(connection, month="10")
    row = connection.execute(
        text("""
            SELECT sum(coalesce(this_year_ceiling_idr, ceiling_idr)) AS ceiling,
                (SELECT sum(amount_idr) FROM app.payment m JOIN app.project q ON q.id = m.project_id
                    WHERE q.year = 2026 AND m.paid_on BETWEEN '2026-01-01' AND '2026-10-31') AS paid
            FROM app.project p WHERE year = 2026 AND status NOT IN ('cancelled', 'failed_tender')
        """)
    ).one()
    assert value(report, "rfk.ceiling_idr", "16.05") == float(row.ceiling)
    assert value(report, "rfk.paid_idr", "16.05") == float(row.paid)


def test_year_without_packages(connection: Connection, works: dict[str, int]) -> None:
    report = rfk(connection, year=2030)
    assert value(report, "rfk.packages", "16.05") == 0
    assert value(report, "rfk.physical", "16.05") is None
    assert "no_packages" in codes(report)
    assert table(report, "rfk").rows == ()


def test_district_without_packages_is_empty_and_said(connection: Connection, works: dict[str, int]) -> None:
    connection.execute(text("DELETE FROM app.project WHERE code = 'C'"))
    report = rfk(connection, month="9")
    assert value(report, "rfk.packages", "16.05.02") == 0
    assert value(report, "rfk.paid_idr", "16.05.02") is None
    assert "districts_without_packages" in codes(report)


def test_payments_of_another_year_are_said(connection: Connection, works: dict[str, int]) -> None:
    make_payment(connection, works["C"], date(2027, 1, 20), 1e8)
    recorded_at(connection, datetime(2025, 12, 1, tzinfo=ZONE), "payment")
    report = rfk(connection, month="12", today=date(2027, 2, 1), year=2026)
    assert value(report, "rfk.paid_idr", "16.05") == 6e8
    assert "payments_of_other_years" in codes(report)


def test_for_staff_alone(client: FlaskClient, connection: Connection, works: dict[str, int]) -> None:
    refused = client.get("/reports/rfk.json")
    assert refused.status_code == 401
    assert SECRET not in refused.get_data(as_text=True)
    assert "rfk" not in client.get("/reports").get_data(as_text=True)
    sign_in(client, make_account(connection, "leader"))
    staff = client.get("/reports/rfk?format=json&month=7")
    assert staff.status_code == 200
    assert SECRET in staff.get_data(as_text=True)
    assert "private" in staff.headers["Cache-Control"]
    assert client.get("/reports/rfk?format=json&month=13").status_code == 400
    page = client.get("/reports/rfk?month=7").get_data(as_text=True)
    assert "Jalan Ulu Ilir" in page


def test_features_behind_a_figure_are_those_it_counts(
    client: FlaskClient, connection: Connection, works: dict[str, int]
) -> None:
    sign_in(client, make_account(connection, "leader"))
    report = client.get("/reports/rfk.json").json
    counts = {one["area"]: one["value"] for one in report["figures"] if one["id"] == "rfk.packages"}
    for figure in report["figures"]:
        if figure["id"] == "rfk.physical":
            assert client.get(figure["features_url"]).json["numberMatched"] == counts[figure["area"]], figure
