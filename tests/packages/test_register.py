"""The staff register: filter, order, sums, moments, rights, files, saved views."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from gis.progress import weighted_percent
from layers.rules import seed_rules
from tests.helpers.factories import make_district, make_project, make_region, make_row
from tests.helpers.people import bearer, make_account, sign_in
from tests.helpers.queries import counted_queries
from tests.helpers.tracking import make_company, make_contract

MOST_QUERIES = 10
# Of the test's own transaction, and what tells the database who acts: applications of earlier tests tell it too.
OURS = ("SAVEPOINT", "RELEASE", "ROLLBACK TO", "SELECT set_config('petakarya.actor'")
TODAY = dt.datetime.now(dt.UTC).date()


def make_ready(connection: Connection) -> None:
    """Make the region and its rules."""
    make_region(connection)
    seed_rules(connection)


@pytest.fixture
def staff(client: FlaskClient, connection: Connection) -> FlaskClient:
    """A leader's browser, in a region with one district."""
    make_ready(connection)
    make_district(connection)
    return sign_in(client, make_account(connection, "leader"))


def codes(client: FlaskClient, query: str = "") -> list[str]:
    """Return the codes of the packages that a question finds, in their order."""
    answer = client.get(f"/api/v1/register?{query}")
    assert answer.status_code == 200, answer.text
    return [row["code"] for row in answer.json["packages"]]


def total(client: FlaskClient, query: str = "") -> dict[str, Any]:
    """Return the sums of a question."""
    answer = client.get(f"/api/v1/register?{query}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json["total"])


def test_nobody_reads_the_register_without_signing_in(client: FlaskClient, connection: Connection) -> None:
    make_ready(connection)
    assert client.get("/api/v1/register").status_code == 401
    assert client.get("/register").status_code in {302, 401}
    assert client.get("/register.xlsx").status_code in {302, 401}


def test_page_shows_packages_and_asks_few_questions(staff: FlaskClient, connection: Connection) -> None:
    for number in range(60):
        make_project(connection, code=f"Q-{number:03}")
    staff.get("/register")  # the process learns which layers hold demonstration rows, and keeps it until they change
    with counted_queries(connection) as statements:
        page = staff.get("/register?q=jalan&stage=construction")
    assert page.status_code == 200
    assert page.text.count('data-part="row-link"') == 50
    assert 'rel="next"' in page.text
    asked = [one for one in statements if not one.startswith(OURS)]
    assert len(asked) <= MOST_QUERIES, "\n\n".join(asked)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=jambatan", ["BRIDGE"]),  # one letter wrong
        ("q=maju+sejahtera", ["BRIDGE"]),  # the company's name
        ("sector=bridges", ["BRIDGE"]),
        ("status=stopped", ["STOPPED"]),
        ("stage=late", ["BRIDGE"]),
        ("late=yes", ["BRIDGE"]),
        ("late=1", ["BRIDGE"]),
        ("critical=indicated,declared", ["BRIDGE"]),
        ("year=2025", ["OLD"]),
        ("year=2025&year=2026&sector=bridges", ["BRIDGE"]),
        ("located=no", ["OLD"]),
        ("source=DAU", ["BRIDGE", "STOPPED"]),
        ("source=PAD", ["STOPPED"]),
        ("method=tender", ["STOPPED"]),
        ("amount_from=2.000.000.000", ["BRIDGE"]),
        ("amount_from=2e9&amount_to=3000000000", ["BRIDGE"]),
        ("amount_to=1,5", []),
        ("stale=yes", ["STALE"]),
        ("district=16.05.09", ["BRIDGE", "STALE", "STOPPED"]),
        ("q=%25", []),
    ],
)
def test_filter(staff: FlaskClient, connection: Connection, query: str, found: list[str]) -> None:
    current = {"progress_date": TODAY, "end_date": TODAY + dt.timedelta(days=90)}
    make_project(
        connection, code="BRIDGE", name="Pembangunan Jembatan Gantung", sector="bridges", physical_percent=40,
        contractor="PT Maju Sejahtera", critical_state="indicated", critical_case="a", fund_source="DAU",
        contract_value_idr=2_500_000_000, **current,
    )  # fmt: skip
    make_project(connection, code="OLD", status="planned", year=2025, geom=None, contract_value_idr=None)
    make_project(
        connection, code="STOPPED", status="stopped", fund_source="DAU, PAD", selection_method="tender", **current
    )
    old = {"progress_date": TODAY - dt.timedelta(days=15), "end_date": current["end_date"]}
    make_project(connection, code="STALE", **old)
    assert sorted(codes(staff, query)) == found


@pytest.mark.parametrize(
    "query",
    [
        "status=nonsense", "late=maybe", "unit=x", "unit=99999999999999999999", "year=26", "district=9", "amount_from=-1",
        "amount_from=2&amount_to=1", "as_of=kemarin", "compare=kemarin", "compare=2199-01-01",
        "as_of=2026-01-01&compare=2026-01-01", "sort=geom", "columns=password", "after=%00", "after=bnVsbA",
        "after=WyJ4Il0", "q=" + "x" * 201, "source=%00", "limit=0", "unknown=1",
    ],
)  # fmt: skip
def test_bad_address_is_refused_in_a_sentence(staff: FlaskClient, query: str) -> None:
    answer = staff.get(f"/api/v1/register?{query}")
    assert answer.status_code == 400
    assert len(answer.json["detail"]) > 20


def test_units_and_programmes_take_those_below_with_them(staff: FlaskClient, connection: Connection) -> None:
    agency = make_row(connection, "app.unit", code="PU", name="Dinas PU")
    roads = make_row(connection, "app.unit", code="BM", name="Bina Marga", parent_id=agency)
    programme = make_row(connection, "app.programme", code="1.03.10", version="x", level="programme", name="Jalan")
    activity = make_row(
        connection, "app.programme", code="1.03.10.2.01", version="x", level="activity", name="A", parent_id=programme
    )
    make_project(connection, code="A", unit_id=roads, programme_id=activity)
    make_project(connection, code="B")
    assert codes(staff, f"unit={agency}") == ["A"]
    assert codes(staff, f"programme={programme}") == ["A"]
    assert codes(staff, "unit=987654321") == []
    page = staff.get(f"/register?unit={agency}").text
    assert "Dinas PU" in page


def test_every_column_sorts_both_ways_and_pages_without_loss(staff: FlaskClient, connection: Connection) -> None:
    for number in range(7):
        nothing = number in {2, 5}
        make_project(
            connection,
            code=f"S-{number}",
            ceiling_idr=None if nothing else 1_000_000_000 + number % 3,
            contract_value_idr=None if nothing else 900_000_000,
            physical_percent=None if nothing else 10.1 * (number % 4),
            rup_code=None if nothing else str(number),
            progress_date=None if nothing else "2026-11-15",
        )
    page = staff.get("/register").text
    from app.packages.register_columns import COLUMNS

    for key in COLUMNS:
        for sort in (key, f"-{key}"):
            whole = codes(staff, f"sort={sort}&columns={key}")
            assert sorted(whole) == [f"S-{number}" for number in range(7)]
            parts, address = [], f"/api/v1/register?sort={sort}&limit=2&columns={key}"
            while address:
                answer = staff.get(address).json
                parts += [row["code"] for row in answer["packages"]]
                address = answer["next"]
            assert parts == whole, sort
    assert 'aria-sort="ascending"' in page
    assert codes(staff, "sort=-ceiling_idr")[-2:] == ["S-2", "S-5"], "those without a value come last"


def test_sums_are_weighted_by_this_years_ceiling(staff: FlaskClient, connection: Connection) -> None:
    rows = [
        {"ceiling_idr": 6_000_000_000, "this_year_ceiling_idr": 2_000_000_000, "physical_percent": 50.0},
        {"ceiling_idr": 3_000_000_000, "physical_percent": 10.0},
        {"ceiling_idr": 1_000_000_000, "physical_percent": None, "planned_percent": None, "status": "tender"},
        {"ceiling_idr": 8_000_000_000, "physical_percent": 90.0, "status": "cancelled"},
        {"ceiling_idr": 5_000_000_000, "physical_percent": None, "planned_percent": None},
        {"ceiling_idr": None, "physical_percent": 70.0},
    ]
    for row in rows:
        make_project(connection, **row)
    # By hand: (2 × 50 + 3 × 10 + 1 × 0) ÷ 6; given up, unknown and without a ceiling count on neither side.
    found = total(staff)
    assert found["weighted_physical"] == pytest.approx(130 / 6, abs=1e-4)
    assert found["weighted_physical"] == pytest.approx(weighted_percent([(50, 2e9), (10, 3e9), (0, 1e9)]), abs=1e-4)
    assert found["ceiling_idr"] == 23_000_000_000
    assert found["this_year_ceiling_idr"] == 19_000_000_000
    assert found["packages"] == 6
    assert total(staff, "year=1999") | {"packages": 0, "weighted_physical": None} == total(staff, "year=1999")


def test_paid_and_contract_come_from_their_rows(staff: FlaskClient, connection: Connection) -> None:
    project = make_project(connection, code="PAID")
    contract = make_contract(connection, project, company_id=make_company(connection, name="CV Rawas"))
    for number, amount in enumerate((100_000_000, 250_000_000.5)):
        make_row(
            connection, "app.payment", project_id=project, contract_id=contract, number=f"SP2D-{number}",
            paid_on=TODAY, kind="monthly", amount_idr=amount,
        )  # fmt: skip
    row = staff.get("/api/v1/register?columns=paid_idr,contractor,financial_percent,contract_value_idr").json[
        "packages"
    ][0]
    assert row["paid_idr"] == 350_000_000.5
    assert row["contractor"] == "CV Rawas"
    assert row["financial_percent"] == pytest.approx(350_000_000.5 / 1_110_000_000 * 100, abs=1e-3)


def test_as_of_and_compare_show_what_was_recorded(staff: FlaskClient, connection: Connection) -> None:
    project = make_project(connection, code="PAST", physical_percent=20, planned_percent=30)
    make_project(connection, code="NEW")
    connection.execute(text("ALTER TABLE app.project DISABLE TRIGGER USER"))
    connection.execute(
        text("""
            INSERT INTO history.project (id, code, name, year, status, sector, physical_percent, planned_percent, ceiling_idr,
                contract_value_idr, paid_idr, is_late, demo, critical_state, version, valid_from, changed_by, valid_to,
                operation, ended_by)
            SELECT id, code, name, year, 'tender', sector, 5, 10, 800000000, contract_value_idr, 0, false, false, 'none', 1,
                '2026-01-01', 'x', '2026-06-01', 'update', 'x' FROM app.project WHERE id = :id
        """),
        {"id": project},
    )
    connection.execute(text("UPDATE app.project SET valid_from = '2026-06-01' WHERE id = :id"), {"id": project})
    connection.execute(text("UPDATE app.project SET valid_from = '2026-07-01' WHERE code = 'NEW'"))
    connection.execute(text("ALTER TABLE app.project ENABLE TRIGGER USER"))
    then = staff.get("/api/v1/register?as_of=2026-03-01").json
    assert [(row["code"], row["status"], row["physical_percent"]) for row in then["packages"]] == [
        ("PAST", "tender", 5)
    ]
    assert codes(staff, "as_of=2026-03-01&q=past") == ["PAST"]
    assert codes(staff, "as_of=2025-03-01") == []
    both = staff.get("/api/v1/register?compare=2026-03-01&sort=name&columns=physical_percent,ceiling_idr").json
    changes = {row["code"]: (row["is_new"], row["changes"]["physical_percent"]) for row in both["packages"]}
    assert changes == {"PAST": (False, 15), "NEW": (True, None)}
    assert both["total"]["before"]["ceiling_idr"] == 800_000_000
    assert both["total"]["before"]["weighted_physical"] == 5
    page = staff.get("/register?as_of=2026-11-01&compare=2026-03-01").text
    assert "+15,0 poin" in page
    assert "as_of=2026-11-01" in page


def test_only_packages_of_the_own_area_and_unit(client: FlaskClient, connection: Connection) -> None:
    make_ready(connection)
    make_district(connection)
    unit = make_row(connection, "app.unit", code="BM", name="Bina Marga")
    make_project(connection, code="INSIDE", unit_id=unit)
    make_project(connection, code="ELSEWHERE", unit_id=unit, geom="POINT(103.5 -2.5)")
    make_project(connection, code="OTHER")
    sign_in(client, make_account(connection, "reviewer", area="16.05.09", unit=unit))
    assert codes(client) == ["INSIDE"]
    assert total(client)["packages"] == 1
    assert "ELSEWHERE" not in client.get("/register").text
    assert "ELSEWHERE" not in client.get("/register.csv").text


def test_a_token_without_it_reads_nothing_of_critical_contracts(app: Flask, connection: Connection) -> None:
    make_ready(connection)
    account = make_account(connection, "leader")
    make_project(connection, critical_state="declared", critical_case="b")
    headers = bearer(connection, account, ["register:packages:read"])
    client = app.test_client()
    answer = client.get("/api/v1/register?columns=critical", headers=headers)
    assert answer.status_code == 200
    assert "critical_state" not in answer.text
    assert "declared" not in answer.text
    assert client.get("/api/v1/register?critical=declared", headers=headers).status_code == 403
    assert client.get("/api/v1/register?sort=critical", headers=headers).status_code == 403


def test_csv_is_whole_and_runs_nothing(staff: FlaskClient, connection: Connection) -> None:
    for number in range(60):
        make_project(connection, code=f"C-{number:02}", contract_value_idr=Decimal("1250000000.50"))
    make_project(connection, code="=1+1", name='=HYPERLINK("http://x";"y")\n2', contractor="@sum")
    answer = staff.get("/register.csv?columns=contract_value_idr,physical_percent,contractor,district,stage&sort=name")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 62
    assert rows[0][0] == "Kode paket"
    hostile = next(row for row in rows if row[0].endswith("=1+1"))
    assert all(not cell.startswith(("=", "@", "+")) for cell in hostile)
    usual = next(row for row in rows if row[0] == "C-00")
    assert "1250000000,50" in usual
    assert "60,0" in usual
    assert "Muara Beliti" in usual


def test_xlsx_has_numbers_and_states_its_filter(staff: FlaskClient, connection: Connection) -> None:
    make_project(connection, code="X-1", name="=1+1", ceiling_idr=1_000_000_000, year=2026)
    make_project(connection, code="X-2", year=2025)
    answer = staff.get("/register.xlsx?year=2026&columns=ceiling_idr,progress_date,physical_percent")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    table, facts = book.worksheets
    head = [cell.value for cell in table[1]]
    values = dict(zip(head, (cell.value for cell in table[2]), strict=True))
    assert values["Pagu"] == 1_000_000_000
    assert values["Paket"] == "=1+1"
    assert table[2][head.index("Paket")].data_type == "s"
    assert values["Laporan terakhir"] == dt.datetime(2026, 11, 15)
    assert table.max_row == 2
    said = {row[0].value: row[1].value for row in facts.iter_rows()}
    assert said["Tahun"] == "2026"
    assert said["Jumlah paket"] == 1
    assert said["Pagu (Rp)"] == 1_000_000_000


def test_views_are_saved_opened_renamed_and_deleted(staff: FlaskClient, connection: Connection) -> None:
    make_project(connection, code="V-1", sector="bridges")
    answer = staff.post(
        "/register/views", data={"name": " Jembatan ", "query": "sector=bridges&after=x&evil=1&unit=&sort=name"}
    )
    assert answer.status_code == 302
    assert answer.location == "/register?sector=bridges&sort=name"
    page = staff.get(answer.location).text
    assert "<h1>Jembatan</h1>" in page
    view = staff.get("/api/v1/saved-views").json["views"][0]
    staff.post("/register/views", data={"name": "Jembatan", "query": "sector=bridges"})
    assert [one["query"] for one in staff.get("/api/v1/saved-views").json["views"]] == ["sector=bridges"]
    staff.post("/register/views", data={"name": "Lain", "query": ""})
    assert staff.patch(f"/api/v1/saved-views/{view['id']}", json={"name": "Lain"}).status_code == 422
    assert staff.post(f"/register/views/{view['id']}", data={"name": "Gantung"}).location.endswith("sector=bridges")
    assert staff.post("/register/views", data={"name": ""}).status_code == 302
    assert sorted(one["name"] for one in staff.get("/api/v1/saved-views").json["views"]) == ["Gantung", "Lain"]
    staff.post(f"/register/views/{view['id']}/deletion")
    assert [one["name"] for one in staff.get("/api/v1/saved-views").json["views"]] == ["Lain"]


def test_views_of_others_stay_theirs(app: Flask, connection: Connection) -> None:
    make_ready(connection)
    mine = sign_in(app.test_client(), make_account(connection, "leader"))
    other = sign_in(app.test_client(), make_account(connection, "leader"))
    view = mine.post("/api/v1/saved-views", json={"name": "Milik saya", "query": "late=yes"}).json
    assert other.get("/api/v1/saved-views").json["views"] == []
    assert other.delete(f"/api/v1/saved-views/{view['id']}").status_code == 404
    assert other.patch(f"/api/v1/saved-views/{view['id']}", json={"name": "x"}).status_code == 404
    assert mine.delete(f"/api/v1/saved-views/{view['id']}").status_code == 204


@pytest.mark.parametrize(("role", "offered"), [("ppk", True), ("planner", True), ("treasurer", False)])
def test_a_new_package_is_offered_to_those_who_may_make_one(
    client: FlaskClient, connection: Connection, role: str, offered: bool
) -> None:
    make_ready(connection)
    sign_in(client, make_account(connection, role))
    page = client.get("/register")
    assert page.status_code == 200
    assert ('href="/packages/new"' in page.text) is offered
    assert (client.get("/packages/new").status_code == 200) is offered


def test_empty_register_says_so(staff: FlaskClient, connection: Connection) -> None:
    assert "Belum ada paket" in staff.get("/register").text
    make_project(connection)
    assert "Tidak ada paket yang cocok" in staff.get("/register?year=1999").text
