"""Plans and bills of quantities through pages and JSON: versions, what a plan must fit, weights, and who may."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.progress import schedule_routes
from layers.rules import seed_rules
from tests.helpers.factories import make_district, make_project, make_region, make_row
from tests.helpers.people import bearer, make_account, sign_in
from tests.helpers.tracking import contract_of, make_addendum, make_approved, make_contract, make_tracked_project

TODAY = date(2026, 11, 24)
URL = "/api/v1/projects/JLN-3"
PLAN = [
    {"day": "2026-05-01", "percent": 0},
    {"day": "2026-09-01", "percent": 40},
    {"day": "2026-12-15", "percent": 100},
]
LATER = [*PLAN[:2], {"day": "2026-12-28", "percent": 100}]
ITEMS = [
    {"code": "1.2", "name": "Mobilisasi", "unit": "Ls", "quantity": 1, "price_idr": 100},
    {"code": "3.1", "name": "Galian", "unit": "m3", "quantity": 10, "price_idr": 30},
    {"name": "Lapis aus", "unit": "ton", "quantity": "2,5", "price_idr": "240"},
]


@pytest.fixture
def package(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> int:
    """A package under contract from 1 May to 15 December 2026."""
    monkeypatch.setattr(schedule_routes, "today_in", lambda _time_zone: TODAY)
    make_region(connection)
    make_district(connection)
    seed_rules(connection)
    return make_tracked_project(connection, code="JLN-3", name="Jalan Merdeka")


@pytest.fixture
def ppk(app: Flask, connection: Connection, package: int) -> FlaskClient:
    """The browser of a PPK."""
    return sign_in(app.test_client(), make_account(connection, "ppk"))


def errors_of(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    found: dict[str, str] = answer.json["errors"]
    return found


def checks_pass(connection: Connection) -> None:
    """Let the database check the sums that it checks when a transaction ends."""
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))


# Plans


def test_plan_is_kept_with_its_version(ppk: FlaskClient, connection: Connection) -> None:
    made = ppk.post(f"{URL}/baselines", json={"step": "month", "points": PLAN})
    assert made.status_code == 201, made.text
    assert (made.json["sequence"], made.json["in_force_from"], made.json["is_current"]) == (1, "2026-05-01", True)
    checks_pass(connection)
    assert ppk.get(f"{URL}/baselines").json["baselines"] == [made.json]
    public = ppk.application.test_client().get(f"{URL}/curve").json
    assert [point["percent"] for point in public["plan_versions"][0]["points"]] == [0, 40, 100]


def test_addendum_brings_a_new_version_and_keeps_the_old(
    ppk: FlaskClient, connection: Connection, package: int
) -> None:
    assert ppk.post(f"{URL}/baselines", json={"points": PLAN}).status_code == 201
    make_addendum(connection, contract_of(connection, package))  # 1 September: until 28 December
    assert "28-12-2026" in errors_of(ppk.post(f"{URL}/baselines", json={"points": PLAN}))["points"]
    made = ppk.post(f"{URL}/baselines", json={"points": LATER})
    assert made.status_code == 201, made.text
    assert (made.json["sequence"], made.json["in_force_from"]) == (2, "2026-09-01")
    assert made.json["addendum_id"] is not None
    told = connection.execute(
        text("SELECT app.planned_percent(:p, '2026-08-31'), app.planned_percent(:p, '2026-12-15')"), {"p": package}
    ).one()
    assert told[0] == pytest.approx(40 * 122 / 123)  # by the first plan
    assert told[1] == pytest.approx(40 + 60 * 105 / 118)  # by the second
    # What held before the addendum may still be entered late.
    early = ppk.post(f"{URL}/baselines", json={"in_force_from": "2026-05-01", "points": PLAN})
    assert early.status_code == 201, early.text
    assert early.json["is_current"] is False


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"points": [*PLAN[:2], {"day": "2026-12-15", "percent": 99}]}, "points", "berakhir pada 99,00%"),
        ({"points": PLAN[:2]}, "points", "berakhir pada 40,00%"),
        ({"points": [*PLAN[:2], {"day": "2026-10-01", "percent": 39}, PLAN[2]]}, "points", "turun dari 40,00%"),
        ({"points": [*PLAN[:2], {"day": "2026-12-14", "percent": 100}]}, "points", "kontrak berakhir 15-12-2026"),
        ({"points": [PLAN[0], *PLAN]}, "points", "ada dua kali"),
        ({"points": [{"day": "2026-04-01", "percent": 5}, *PLAN[1:]]}, "points", "baru dimulai 1 Mei 2026"),
        ({"points": [{"day": "2026-06-01", "percent": 101}]}, "points.0.percent", "Paling banyak 100"),
        ({"points": [{"day": "2026-06-01", "percent": -1}]}, "points.0.percent", "Paling sedikit 0"),
        ({"points": [{"day": "besok", "percent": 1}]}, "points.0.day", "Tanggal tidak dapat dibaca"),
        ({"points": [{"day": "2026-06-01", "percent": "NaN"}]}, "points.0.percent", "bukan angka"),
        ({"points": []}, "points", ""),
        ({"points": PLAN, "in_force_from": "2026-04-01"}, "in_force_from", "sebelum kontrak ditandatangani"),
        ({"points": PLAN, "contract_id": 999_999_999}, "contract_id", "tidak punya kontrak"),
        ({"points": PLAN, "steps": "week"}, "steps", "tidak dikenal"),
    ],
)
def test_plans_that_cannot_be_are_refused_and_nothing_is_kept(
    ppk: FlaskClient, connection: Connection, values: dict[str, Any], field: str, said: str
) -> None:
    assert said in errors_of(ppk.post(f"{URL}/baselines", json=values))[field]
    assert connection.scalar(text("SELECT count(*) FROM app.baseline")) == 0


def test_contract_of_another_package_is_refused(ppk: FlaskClient, connection: Connection) -> None:
    other = make_tracked_project(connection, code="LAIN-1")
    answer = ppk.post(f"{URL}/baselines", json={"points": PLAN, "contract_id": contract_of(connection, other)})
    assert "contract_id" in errors_of(answer)


def test_package_without_contract_says_what_to_do(ppk: FlaskClient, connection: Connection) -> None:
    make_project(connection, code="TANPA-1")
    assert "Catat kontraknya" in errors_of(ppk.post("/api/v1/projects/TANPA-1/baselines", json={"points": PLAN}))[""]
    assert "Catat kontraknya" in ppk.get("/packages/TANPA-1/schedule").text
    answer = ppk.post("/packages/TANPA-1/schedule", data={"table": "1\t100"})
    assert answer.status_code == 422
    assert "Catat kontraknya" in answer.text
    assert ppk.get("/packages/TANPA-1/schedule/template.xlsx").status_code == 422


def test_contract_without_an_end_says_what_to_do(ppk: FlaskClient, connection: Connection) -> None:
    project = make_project(connection, code="TANPA-2")
    make_contract(connection, project, start_date=None, duration_days=None, end_date=None)
    assert "SPMK" in errors_of(ppk.post("/api/v1/projects/TANPA-2/baselines", json={"points": PLAN}))[""]
    assert ppk.get("/packages/TANPA-2/schedule/template.xlsx").status_code == 200


def test_progress_approved_before_the_plan_was_known_is_judged_by_it(
    ppk: FlaskClient, connection: Connection, package: int
) -> None:
    """68 % planned, 30 % done: late, and critical (a) on the day the plan is entered."""
    make_approved(connection, package, date(2026, 10, 20), 30.0)
    assert ppk.post(f"{URL}/baselines", json={"points": PLAN}).status_code == 201
    row = connection.execute(
        text("SELECT planned_percent, critical_case, critical_state FROM app.project WHERE id = :id"),
        {"id": package},
    ).one()
    assert row.planned_percent == pytest.approx(40 + 60 * 49 / 105)
    assert (row.critical_case, row.critical_state) == ("a", "indicated")


def test_the_same_request_twice_makes_one_version(ppk: FlaskClient, connection: Connection) -> None:
    headers = {"Idempotency-Key": "plan-1"}
    first = ppk.post(f"{URL}/baselines", json={"points": PLAN}, headers=headers)
    again = ppk.post(f"{URL}/baselines", json={"points": PLAN}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert connection.scalar(text("SELECT count(*) FROM app.baseline")) == 1


# Who may


@pytest.mark.parametrize("role", ["field_officer", "treasurer", "reviewer", "leader", "planner", "administrator"])
def test_only_the_ppk_changes_plans(app: Flask, connection: Connection, package: int, role: str) -> None:
    client = sign_in(app.test_client(), make_account(connection, role))
    assert client.post(f"{URL}/baselines", json={"points": PLAN}).status_code == 403
    assert client.put(f"{URL}/work-items", json={"items": ITEMS}).status_code == 403
    assert client.post("/packages/JLN-3/schedule", data={"table": "1\t100"}).status_code == 403
    page = client.get("/packages/JLN-3/schedule")
    assert page.status_code == 200
    assert "<textarea" not in page.text


def test_a_ppk_of_elsewhere_and_a_visitor_change_nothing(app: Flask, connection: Connection, package: int) -> None:
    elsewhere = sign_in(app.test_client(), make_account(connection, "ppk", area="16.06"))
    assert elsewhere.post(f"{URL}/baselines", json={"points": PLAN}).status_code == 403
    assert elsewhere.get(f"{URL}/baselines").status_code == 403
    assert app.test_client().post(f"{URL}/baselines", json={"points": PLAN}).status_code == 401
    assert app.test_client().get(f"{URL}/work-items").status_code == 401


def test_token_of_a_script_may_what_its_person_may(app: Flask, connection: Connection, package: int) -> None:
    headers = bearer(connection, make_account(connection, "ppk"))
    assert app.test_client().post(f"{URL}/baselines", json={"points": PLAN}, headers=headers).status_code == 201


# Bills of quantities


def test_weights_come_from_values_and_sum_up_to_100(ppk: FlaskClient, connection: Connection) -> None:
    kept = ppk.put(f"{URL}/work-items", json={"items": ITEMS})
    assert kept.status_code == 200, kept.text
    assert [item["weight_percent"] for item in kept.json["items"]] == pytest.approx([10, 30, 60])
    assert ppk.get(f"{URL}/work-items").json == kept.json
    checks_pass(connection)


def test_given_weights_are_kept(ppk: FlaskClient, connection: Connection) -> None:
    items = [{"name": "A", "unit": "m", "quantity": 1, "weight_percent": "33,3"}]
    items.append({"name": "B", "unit": "m", "quantity": 1, "weight_percent": "66,7"})
    kept = ppk.put(f"{URL}/work-items", json={"items": items}).json["items"]
    assert [item["weight_percent"] for item in kept] == [33.3, 66.7]
    checks_pass(connection)


@pytest.mark.parametrize(
    ("items", "field", "said"),
    [
        ([{"name": "A", "unit": "m", "quantity": 1, "weight_percent": 99}], "items", "99,000%, seharusnya 100%"),
        ([{**ITEMS[0], "weight_percent": 50}, ITEMS[1]], "items", "Sebagian butir belum berbobot"),
        ([{"name": "A", "unit": "m", "quantity": 1}], "items", "Setiap butir perlu bobot"),
        ([{**ITEMS[0], "price_idr": 0}], "items", "jumlah nilai pekerjaan 0"),
        ([{**ITEMS[0], "price_idr": -5}], "items.0.price_idr", "tidak boleh negatif"),
        ([{**ITEMS[0], "quantity": 0}], "items.0.quantity", "lebih dari 0"),
        ([{**ITEMS[0], "quantity": "1e999"}], "items.0.quantity", "bukan angka"),
        ([ITEMS[0], ITEMS[0]], "", "ada dua kali"),
        ([], "items", ""),
    ],
)
def test_items_that_cannot_be_are_refused(
    ppk: FlaskClient, connection: Connection, items: list[dict[str, Any]], field: str, said: str
) -> None:
    assert ppk.put(f"{URL}/work-items", json={"items": ITEMS}).status_code == 200
    assert said in errors_of(ppk.put(f"{URL}/work-items", json={"items": items}))[field]
    assert len(ppk.get(f"{URL}/work-items").json["items"]) == 3


def test_items_stay_themselves_when_the_bill_changes(ppk: FlaskClient, connection: Connection, package: int) -> None:
    """Reordered, repriced and with one more in between, each item keeps its id, and so what was reported of it."""
    before = {item["name"]: item["id"] for item in ppk.put(f"{URL}/work-items", json={"items": ITEMS}).json["items"]}
    changed = [
        ITEMS[2],
        {"name": "Marka", "unit": "m2", "quantity": 4, "price_idr": 25},
        {**ITEMS[1], "name": "Galian biasa", "quantity": 20},
    ]
    after = ppk.put(f"{URL}/work-items", json={"items": changed}).json["items"]
    ids = {item["name"]: item["id"] for item in after}
    assert ids["Lapis aus"] == before["Lapis aus"]
    assert ids["Galian biasa"] == before["Galian"], "its code tells it, whatever it is called"
    assert [item["position"] for item in after] == [1, 2, 3]
    assert [item["weight_percent"] for item in after] == pytest.approx([600 / 13, 100 / 13, 600 / 13])
    checks_pass(connection)


def test_items_that_progress_was_reported_of_cannot_vanish(
    ppk: FlaskClient, connection: Connection, package: int
) -> None:
    kept = ppk.put(f"{URL}/work-items", json={"items": ITEMS}).json["items"]
    update = make_row(
        connection,
        "app.progress_update",
        project_id=package,
        day=date(2026, 11, 20),
        physical_percent=10.0,
        contract_id=contract_of(connection, package),
    )
    connection.execute(
        text("INSERT INTO app.progress_item VALUES (:update, :item, 5)"), {"update": update, "item": kept[1]["id"]}
    )
    said = errors_of(ppk.put(f"{URL}/work-items", json={"items": [ITEMS[0], ITEMS[2]]}))["items"]
    assert "Galian" in said
    assert "Mobilisasi" not in said
    assert len(ppk.get(f"{URL}/work-items").json["items"]) == 3


# The page

TABLE = "Bulan\tKumulatif (%)\nMei 2026\t5\nAgustus 2026\t40\nNovember 2026\t90\n15-12-2026\t100"


def test_preview_shows_the_curve_and_keeps_nothing(ppk: FlaskClient, connection: Connection) -> None:
    page = ppk.post("/packages/JLN-3/schedule/preview", data={"table": TABLE, "note": "Jadwal awal"})
    assert page.status_code == 200, page.text
    assert "Kurva yang akan disimpan" in page.text
    assert page.text.count('class="curve-plan"') >= 2
    assert "2026-08-31\t40" in page.text, "what was read stands in the form, also after an upload"
    assert "Jadwal awal" in page.text
    assert connection.scalar(text("SELECT count(*) FROM app.baseline")) == 0


def test_pasted_table_is_kept(ppk: FlaskClient, connection: Connection) -> None:
    answer = ppk.post("/packages/JLN-3/schedule", data={"table": TABLE, "request_key": "k1"})
    assert answer.status_code == 303, answer.text
    points = connection.execute(text("SELECT day, percent FROM app.baseline_point ORDER BY day")).all()
    assert [tuple(point) for point in points] == [
        (date(2026, 5, 1), 0.0),
        (date(2026, 5, 31), 5.0),
        (date(2026, 8, 31), 40.0),
        (date(2026, 11, 30), 90.0),
        (date(2026, 12, 15), 100.0),
    ]
    page = ppk.get("/packages/JLN-3/schedule").text
    assert "Versi jadwal baru" in page
    assert page.count('<svg class="curve" role="img"') == 2


def test_template_uploaded_makes_a_plan(ppk: FlaskClient, connection: Connection) -> None:
    sheet = ppk.get("/packages/JLN-3/schedule/template.xlsx")
    assert sheet.status_code == 200
    sent = {"file": (io.BytesIO(sheet.data), "jadwal.xlsx"), "table": "", "kind": "auto", "step": "auto"}
    answer = ppk.post("/packages/JLN-3/schedule", data=sent, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    assert connection.scalar(text("SELECT step FROM app.baseline")) == "week"
    assert connection.scalar(text("SELECT count(*) FROM app.baseline_point")) == 34  # 33 weeks and the beginning


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("Minggu\tBobot\n1\tx", "Baris 2: “x” bukan angka."),
        ("Tanggal\tKumulatif\n2026-06-01\t50\n2026-12-14\t100", "kontrak berakhir 15-12-2026"),
        ("", "Tempel tabelnya"),
        ("Minggu\tBobot\n1\t<b>x</b>", "“&lt;b&gt;x&lt;/b&gt;” bukan angka."),
    ],
)
def test_what_is_wrong_stands_beside_the_table_and_the_text_is_kept(
    ppk: FlaskClient, connection: Connection, table: str, said: str
) -> None:
    for url in ("/packages/JLN-3/schedule", "/packages/JLN-3/schedule/preview"):
        answer = ppk.post(url, data={"table": table, "note": "jangan hilang"})
        assert answer.status_code == 422
        assert said in answer.text
        assert 'id="field-table-error"' in answer.text
        assert "jangan hilang" in answer.text
    assert connection.scalar(text("SELECT count(*) FROM app.baseline")) == 0


def test_items_are_kept_from_the_page(ppk: FlaskClient) -> None:
    table = "No\tUraian\tSatuan\tVolume\tHarga satuan\n1\tGalian\tm3\t1.000\t50.000\n2\tAspal\tton\t100\t1.500.000"
    answer = ppk.post("/packages/JLN-3/schedule/items", data={"table": table})
    assert answer.status_code == 303, answer.text
    assert [item["weight_percent"] for item in ppk.get(f"{URL}/work-items").json["items"]] == pytest.approx([25, 75])
    page = ppk.get("/packages/JLN-3/schedule").text
    assert "Rp1.500.000" in page
    wrong = ppk.post("/packages/JLN-3/schedule/items", data={"table": table.replace("\t1.500.000", "\t")})
    assert wrong.status_code == 422
    assert "Setiap butir perlu bobot" in wrong.text
    assert ppk.get("/packages/JLN-3/schedule/items.xlsx").status_code == 200
