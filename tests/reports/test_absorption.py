"""Absorption: SP2D of the year by month against its ceilings; sums that close by every group."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from app.reports.report import Report, Words
from tests.reports.conftest import compute, value
from tests.reports.works import LONG_AGO, SECRET, cells, make_payment, make_works, recorded_at, table

ZONE = ZoneInfo("Asia/Jakarta")


@pytest.fixture
def works(connection: Connection) -> dict[str, int]:
    """The packages of `make_works`."""
    return make_works(connection)


def absorption(connection: Connection, code: str | None = None, **options: Any) -> Report:
    return compute(connection, code, name="absorption", **options)


def months(report: Report) -> dict[str, dict[str, Any]]:
    found = table(report, "months")
    return {row.key: cells(found, row) for row in found.rows}


def test_figures_by_hand(connection: Connection, works: dict[str, int]) -> None:
    report = absorption(connection)
    assert value(report, "absorption.ceiling_idr", "16.05") == 11e9
    assert value(report, "absorption.paid_idr", "16.05") == 6e8
    assert value(report, "absorption.percent", "16.05") == pytest.approx(6 / 110 * 100)
    assert value(report, "absorption.remaining_idr", "16.05") == 10.4e9
    assert value(report, "absorption.percent", "16.05.02") == pytest.approx(30)
    figure = report.figure("absorption.percent", "16.05")
    assert figure is not None
    assert figure.data_date == date(2026, 10, 5)
    codes = [finding.code for finding in report.findings]
    assert codes == ["payments_of_the_year", "several_districts", "given_up"]


def test_months_accumulate_and_stop_at_the_reports_day(connection: Connection, works: dict[str, int]) -> None:
    found = months(absorption(connection, today=date(2026, 10, 20)))
    assert [found[f"2026-{month:02}"]["paid_idr"] for month in (4, 5, 6, 7, 10)] == [0, 2e8, 3e8, 0, 1e8]
    assert [found[f"2026-{month:02}"]["total_idr"] for month in (4, 5, 6, 9, 10)] == [0, 2e8, 5e8, 5e8, 6e8]
    assert found["2026-10"]["percent"] == pytest.approx(5.45)
    assert found["2026-10"]["remaining_idr"] == 10_400_000_000
    assert found["2026-11"]["total_idr"] is None
    assert found["2026-11"]["percent"] is None


def test_year_before_stands_beside(connection: Connection, works: dict[str, int]) -> None:
    assert months(absorption(connection))["2026-12"]["before_idr"] == 0  # E had a ceiling and no payment
    connection.execute(
        text("""
            INSERT INTO app.payment (project_id, number, paid_on, kind, amount_idr, valid_from)
            VALUES (:id, 'SP2D/E', '2025-03-20', 'final', 700000000, '2025-04-01')
        """),
        {"id": works["E"]},
    )
    report = absorption(connection)
    found = months(report)
    assert (found["2026-02"]["before_percent"], found["2026-03"]["before_percent"]) == (0, 10)
    assert found["2026-12"]["before_idr"] == 700_000_000
    (chart,) = report.charts
    assert [one.id for one in chart.series] == ["percent", "before"]
    assert chart.series[0].values[:6] == (0, 0, 0, 0, 1.82, 4.55)
    assert chart.series[0].values[11] is None
    assert chart.series[1].values[11] == 10


@pytest.mark.parametrize("by", ["unit", "programme", "fund"])
def test_groups_add_up_to_the_whole(connection: Connection, works: dict[str, int], by: str) -> None:
    found = table(absorption(connection, by=by), "groups")
    total = cells(found)
    for column in ("ceiling_idr", "paid_idr", "remaining_idr"):
        assert sum(Decimal(str(cells(found, row)[column])) for row in found.rows) == Decimal(str(total[column]))


def test_groups_are_named(connection: Connection, works: dict[str, int]) -> None:
    by_fund = table(absorption(connection, by="fund"), "groups")
    assert {row.key: cells(by_fund, row)["paid_idr"] for row in by_fund.rows} == {
        "DAK_FISIK": 120_000_000,
        "DAU": 180_000_000,
        "PAD": 300_000_000,
        "-": 0,
    }
    by_unit = table(absorption(connection, by="unit"), "groups")
    assert [row.name for row in by_unit.rows] == ["Dinas PU", "Bina Marga"]
    by_district = table(absorption(connection, by="district"), "groups")
    assert [(row.name, cells(by_district, row)["packages"]) for row in by_district.rows] == [("Ulu", 3), ("Ilir", 1)]
    assert by_district.row_head == Words("Kecamatan", "District")


def test_as_of_shows_what_was_recorded_then(connection: Connection, works: dict[str, int]) -> None:
    make_payment(connection, works["A"], date(2026, 8, 1), 5e7)
    then = absorption(connection, as_of=datetime(2026, 9, 1, tzinfo=ZONE))
    assert value(then, "absorption.paid_idr", "16.05") == 5e8
    assert value(absorption(connection), "absorption.paid_idr", "16.05") == 6.5e8
    assert months(then)["2026-10"]["total_idr"] is None


def test_payments_of_the_next_year_are_said_not_counted(connection: Connection, works: dict[str, int]) -> None:
    make_payment(connection, works["C"], date(2027, 1, 20), 1e8)
    report = absorption(connection, year=2026, today=date(2027, 2, 1))
    assert value(report, "absorption.paid_idr", "16.05") == 6e8
    (finding,) = [one for one in report.findings if one.code == "payments_of_other_years"]
    assert "Rp100.000.000" in finding.message_id


def test_nothing_is_unknown_not_zero(connection: Connection, works: dict[str, int]) -> None:
    report = absorption(connection, year=2030)
    assert value(report, "absorption.percent", "16.05") is None
    assert value(report, "absorption.paid_idr", "16.05") is None
    assert "no_packages" in [one.code for one in report.findings]


def test_money_agrees_with_sql(connection: Connection, works: dict[str, int]) -> None:
    report = absorption(connection)
    for district in ("16.05.01", "16.05.02"):
        paid = connection.scalar(
            text("""
                SELECT sum(amount_idr) FROM app.payment m JOIN app.project p ON p.id = m.project_id
                WHERE p.year = 2026 AND :district = ANY (p.district_codes)
            """),
            {"district": district},
        )
        assert value(report, "absorption.paid_idr", district) == float(paid)


def test_public_reads_the_same_and_no_number_of_a_payment(
    client: FlaskClient, works: dict[str, int], reader_connection: Connection
) -> None:
    answer = client.get("/reports/absorption?format=json&by=fund")
    assert answer.status_code == 200
    figures = {(one["id"], one["area"]): one["value"] for one in answer.json["figures"]}
    assert figures["absorption.paid_idr", "16.05"] == 6e8
    assert "SP2D/" not in answer.get_data(as_text=True)
    assert SECRET not in answer.get_data(as_text=True)
    for statement in (
        "SELECT number FROM app.payment",
        "SELECT note FROM app.payment",
        "SELECT tax_number FROM app.company",
        "SELECT fine_part_idr FROM app.contract",
        "SELECT end_reason FROM app.contract",
        "SELECT reason FROM app.addendum",
        "SELECT critical_state FROM app.project",
        "SELECT notes FROM app.project",
        "SELECT changed_by FROM app.fund",
        "SELECT number FROM history.payment",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), reader_connection.begin_nested():
            reader_connection.execute(text(statement))


def test_features_behind_a_figure_are_those_it_counts(
    client: FlaskClient, connection: Connection, works: dict[str, int]
) -> None:
    recorded_at(connection, LONG_AGO)
    report = client.get("/reports/absorption?format=json").json
    for figure in report["figures"]:
        if figure["id"] == "absorption.packages":
            assert client.get(figure["features_url"]).json["numberMatched"] == figure["value"]
