"""The register by JSON: a package's whole way, its money, its contracts, and what is refused with a sentence."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from tests.helpers.factories import make_project
from tests.helpers.people import bearer, make_account, sign_in
from tests.helpers.tracking import contract_of, make_approved, make_company, make_tracked_project

pytestmark = pytest.mark.usefixtures("ready")

API = "/api/v1/projects/P-1"
PACKAGE = {"code": "P-1", "name": "Peningkatan Jalan Simpang Semambang", "year": 2026, "ceiling_idr": 1_200_000_000}


def contract(company: int, **values: Any) -> dict[str, Any]:
    return {
        "number": "620/7/KONTRAK/2026",
        "signed_on": "2026-04-28",
        "company_id": company,
        "value_idr": 1_110_000_000,
        "start_order_number": "620/1/SPMK/2026",
        "start_date": "2026-05-01",
        "duration_days": 229,
        "advance_percent": 20,
        "retention_percent": 5,
        "maintenance_days": 180,
        **values,
    }


@pytest.fixture
def project(connection: Connection) -> int:
    """A package under construction with a contract of Rp1,11 miliar, nothing paid."""
    return make_tracked_project(
        connection,
        code="P-1",
        ceiling_idr=1_200_000_000,
        contract={"advance_percent": 20, "retention_percent": 5, "maintenance_days": 180},
    )


def move(client: FlaskClient, to: str, day: str, **values: Any) -> Any:
    return client.post(f"{API}/status", json={"to": to, "on_day": day, **values})


# A package's way


def test_a_package_goes_from_plan_to_final_hand_over(
    ppk: FlaskClient, planner: FlaskClient, connection: Connection
) -> None:
    made = ppk.post("/api/v1/projects", json={**PACKAGE, "rup_code": "61304611"})
    assert made.status_code == 201, made.get_json()
    project = made.get_json()["id"]
    connection.execute(
        text("UPDATE app.status_change SET on_day = '2026-01-05' WHERE project_id = :id"), {"id": project}
    )
    assert move(planner, "announced", "2026-01-10").status_code == 201
    assert move(planner, "tender", "2026-02-01").status_code == 201
    early = move(ppk, "contract", "2026-04-28")
    assert early.status_code == 422
    assert "belum dicatat" in early.get_json()["errors"]["to"]
    written = ppk.post(f"{API}/contracts", json=contract(make_company(connection)))
    assert written.status_code == 201, written.get_json()
    assert written.get_json()["end_date"] == "2026-12-15"
    assert move(ppk, "contract", "2026-04-28").status_code == 201
    before_order = move(ppk, "construction", "2026-04-30")
    assert "baru mulai 1 Mei 2026" in before_order.get_json()["errors"]["to"]
    assert move(ppk, "construction", "2026-05-01").status_code == 201
    assert "100%" in move(ppk, "handed_over", "2026-11-10").get_json()["errors"]["to"]
    make_approved(connection, project, date(2026, 11, 1), 99.99)
    assert "99,99%" in move(ppk, "handed_over", "2026-11-10").get_json()["errors"]["to"]
    make_approved(connection, project, date(2026, 11, 8), 100)
    assert move(ppk, "handed_over", "2026-11-07").status_code == 422
    assert move(ppk, "handed_over", "2026-11-10").status_code == 201
    assert "masa itu dahulu" in move(ppk, "finished", "2026-11-11").get_json()["errors"]["to"]
    assert move(ppk, "maintenance", "2026-11-10").status_code == 201
    until = connection.scalar(text("SELECT maintenance_until FROM app.project WHERE id = :id"), {"id": project})
    assert until == date(2027, 5, 9)  # 180 days after 10 November
    assert "9 Mei 2027" in move(ppk, "finished", "2026-11-20").get_json()["errors"]["to"]
    journal = ppk.get(f"{API}/status").get_json()["journal"]
    assert [one["to_status"] for one in journal] == [
        "maintenance", "handed_over", "construction", "contract", "tender", "announced", "planned",
    ]  # fmt: skip


def test_self_managed_work_starts_by_its_decision_without_a_company(ppk: FlaskClient, connection: Connection) -> None:
    make_project(connection, code="P-1", status="planned", ceiling_idr=300_000_000, contract_value_idr=None,
                 start_date=None, end_date=None)  # fmt: skip
    decision = contract(0, kind="self_managed", company_id=None, value_idr=300_000_000, start_order_number=None)
    assert ppk.post(f"{API}/contracts", json=decision).status_code == 201
    assert move(ppk, "contract", "2026-04-28").status_code == 201
    assert move(ppk, "construction", "2026-05-01").status_code == 201


def test_an_end_needs_a_reason_and_keeps_the_contract(ppk: FlaskClient, connection: Connection, project: int) -> None:
    assert move(ppk, "terminated", "2026-11-01").get_json()["errors"] == {"reason": "Tuliskan alasannya."}
    assert move(ppk, "terminated", "2026-11-01", reason="Penyedia mengundurkan diri").status_code == 201
    (kept,) = ppk.get(f"{API}/contracts").get_json()["contracts"]
    assert (kept["state"], kept["ended_on"], kept["end_reason"]) == (
        "terminated", "2026-11-01", "Penyedia mengundurkan diri",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("to", "day", "field"),
    [
        ("finished", "2026-11-20", "to"),
        ("planned", "2026-11-20", "to"),
        ("stopped", "2026-11-25", "on_day"),
        ("halted", "2026-11-20", "to"),
        ("stopped", "kemarin", "on_day"),
    ],
)
def test_steps_that_are_none_are_refused_beside_their_field(
    ppk: FlaskClient, project: int, to: str, day: str, field: str
) -> None:
    answer = move(ppk, to, day, reason="Uji")
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]


def test_states_never_go_back_in_time(ppk: FlaskClient, project: int) -> None:
    assert move(ppk, "stopped", "2026-09-01", reason="Banjir").status_code == 201
    assert "1 September 2026" in move(ppk, "construction", "2026-08-31", reason="Surut").get_json()["errors"]["on_day"]


# Money


def test_sources_sum_up_to_the_ceiling_over_several_years(
    planner: FlaskClient, connection: Connection, project: int
) -> None:
    connection.execute(text("UPDATE app.project SET multi_year_approval = 'MYC/1' WHERE id = :id"), {"id": project})
    rows = [
        {"year": 2026, "source": "DAU", "amount_idr": "700.000.000,00"},
        {"year": 2026, "source": "DAK_FISIK", "amount_idr": 200_000_000},
        {"year": 2027, "source": "DAU", "amount_idr": 300_000_000},
    ]
    written = planner.put(f"{API}/funds", json={"version": 1, "ceiling_idr": 1_200_000_000, "rows": rows})
    assert written.status_code == 200, written.get_json()
    assert written.get_json()["this_year_ceiling_idr"] == 900_000_000
    assert written.get_json()["version"] == 2
    fewer = planner.put(f"{API}/funds", json={"version": 2, "ceiling_idr": 1_150_000_000, "rows": rows[:2]})
    assert fewer.get_json()["errors"]["ceiling_idr"] == (
        "Jumlah sumber dana Rp900.000.000, pagu Rp1.150.000.000: selisih Rp250.000.000. Keduanya harus sama."
    )
    assert len(planner.get(f"{API}/funds").get_json()["rows"]) == 3


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([{"year": 2026, "source": "DAU", "amount_idr": -1}], "rows.0.amount_idr"),
        ([{"year": 2026, "source": "DAU", "amount_idr": 0}], "rows.0.amount_idr"),
        ([{"year": 2026, "source": "JUDI", "amount_idr": 1}], "rows.0.source"),
        ([{"year": 2026, "source": "DAU", "amount_idr": 600_000_000}] * 2, "rows.0.source"),
        ([{"year": 2026, "source": "DAU", "amount_idr": 1_000_000_000},
          {"year": 2027, "source": "DAU", "amount_idr": 200_000_000}], ""),
        ([{"year": 2026, "source": "DAU", "amount_idr": "banyak"}], "rows.0.amount_idr"),
    ],
)  # fmt: skip
def test_sources_that_cannot_be_are_refused(planner: FlaskClient, project: int, rows: Any, field: str) -> None:
    answer = planner.put(f"{API}/funds", json={"version": 1, "ceiling_idr": 1_200_000_000, "rows": rows})
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]


def test_payments_stay_below_the_contract_and_their_shares(
    treasurer: FlaskClient, connection: Connection, project: int
) -> None:
    def pay(number: str, kind: str, amount: int, day: str = "2026-06-01") -> Any:
        return treasurer.post(
            f"{API}/payments", json={"number": number, "paid_on": day, "kind": kind, "amount_idr": amount}
        )

    assert "20%" in pay("1", "advance", 222_000_001).get_json()["errors"]["amount_idr"]  # 20 % of 1.110.000.000
    assert pay("1", "advance", 222_000_000).status_code == 201
    assert "sudah dicatat" in pay("1", "monthly", 1).get_json()["errors"]["number"]
    assert pay("2", "monthly", 888_000_001).get_json()["errors"]["amount_idr"] == (
        "Melebihi sisa nilai kontrak, Rp888.000.000."
    )
    assert "kind" in pay("2", "retention", 1).get_json()["errors"]
    assert "paid_on" in pay("2", "monthly", 1, "2026-04-27").get_json()["errors"]
    assert "paid_on" in pay("2", "monthly", 1, "2026-11-25").get_json()["errors"]
    paid = pay("2", "monthly", 333_000_000).get_json()
    assert (paid["paid_idr"], paid["paid_percent"]) == (555_000_000, 50.0)
    back = treasurer.delete(f"{API}/payments/{paid['id']}").get_json()
    assert back["paid_idr"] == 222_000_000
    audit = connection.scalar(text("SELECT count(*) FROM app.audit WHERE subject = 'payment' AND operation = 'delete'"))
    assert audit == 1


def test_the_same_payment_sent_twice_is_recorded_once(treasurer: FlaskClient, project: int) -> None:
    sent = {"number": "9", "paid_on": "2026-06-01", "kind": "monthly", "amount_idr": 1_000_000}
    answers = [
        treasurer.post(f"{API}/payments", json=sent, headers={"Idempotency-Key": "satu"}).get_json() for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert len(treasurer.get(f"{API}/payments").get_json()["payments"]) == 1


# Contracts


def test_one_contract_runs_and_ended_ones_are_kept(ppk: FlaskClient, connection: Connection, project: int) -> None:
    company = make_company(connection)
    refused = ppk.post(f"{API}/contracts", json=contract(company))
    assert "masih berjalan" in refused.get_json()["errors"][""]
    ended = ppk.post(
        f"/api/v1/contracts/{contract_of(connection, project)}/termination",
        json={"ended_on": "2026-10-01", "reason": "SCM III gagal", "document_number": "600/9"},
    )
    assert ended.status_code == 201, ended.get_json()
    assert ppk.get(f"{API}/status").get_json()["status"] == "terminated"
    assert ppk.post(f"{API}/contracts", json=contract(company, number="2", signed_on="2026-10-20",
                    start_date="2026-10-21")).status_code == 201  # fmt: skip
    states = [one["state"] for one in ppk.get(f"{API}/contracts").get_json()["contracts"]]
    assert states == ["running", "terminated"]


def test_addenda_change_value_and_end_and_are_warned_of_beyond_the_rule(
    ppk: FlaskClient, connection: Connection, project: int
) -> None:
    url = f"/api/v1/contracts/{contract_of(connection, project)}/addenda"
    connection.execute(text("UPDATE app.project SET ceiling_idr = 1300000000 WHERE id = :id"), {"id": project})
    first = {"number": "ADD-1", "signed_on": "2026-07-01", "end_date": "2026-12-31", "reason": "MC-0"}
    assert ppk.post(url, json=first).get_json()["end_now"] == "2026-12-31"
    ten = {"number": "ADD-2", "signed_on": "2026-08-01", "value_idr": 1_221_000_000, "reason": "CCO"}
    assert ppk.post(url, json=ten).get_json()["warnings"] == []  # exactly 10 %
    more = ppk.post(url, json={**ten, "number": "ADD-3", "value_idr": 1_221_000_001}).get_json()
    assert more["warnings"][0]["rule"] == "ADDENDUM_MAKS"
    assert more["warnings"][0]["legal_basis"] == "Perpres 16/2018 Pasal 54"
    assert [one["sequence"] for one in more["addenda"]] == [1, 2, 3]
    row = connection.execute(
        text("SELECT contract_value_idr, end_date FROM app.project WHERE id = :id"), {"id": project}
    ).one()
    assert (int(row.contract_value_idr), row.end_date) == (1_221_000_001, date(2026, 12, 31))
    for wrong, field in (
        ({"signed_on": "2026-07-31"}, "signed_on"),
        ({"end_date": "2026-04-30"}, "end_date"),
        ({"value_idr": 1_300_000_001}, "value_idr"),
        ({"value_idr": -1}, "value_idr"),
        ({"reason": " "}, "reason"),
    ):
        answer = ppk.post(url, json={**ten, "number": "X", **wrong})
        assert answer.status_code == 422
        assert field in answer.get_json()["errors"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"start_date": "2026-04-27"}, "start_date"),
        ({"end_date": "2026-04-30", "duration_days": None}, "end_date"),
        ({"end_date": "2026-12-16"}, "end_date"),
        ({"value_idr": 1_200_000_001}, "value_idr"),
        ({"value_idr": -5}, "value_idr"),
        ({"signed_on": "2026-11-25", "start_date": None, "duration_days": None}, "signed_on"),
        ({"company_id": None}, "company_id"),
        ({"company_id": 999_999}, "company_id"),
        ({"kind": "self_managed"}, "company_id"),
        ({"advance_percent": 101}, "advance_percent"),
        ({"number": "a" * 301}, "number"),
        ({"number": "nomor\x00"}, "number"),
        ({"fine_base": "part"}, "fine_part_idr"),
        ({"bunga": 1}, "bunga"),
        ({"signed_on": "0026-04-28"}, "signed_on"),
    ],
)
def test_contracts_that_cannot_be_are_refused_beside_their_field(
    ppk: FlaskClient, connection: Connection, wrong: dict[str, Any], field: str
) -> None:
    make_project(connection, code="P-1", status="tender", ceiling_idr=1_200_000_000, contract_value_idr=None)
    answer = ppk.post(f"{API}/contracts", json=contract(make_company(connection), **wrong))
    assert answer.status_code == 422, answer.get_json()
    assert field in answer.get_json()["errors"]
    assert connection.scalar(text("SELECT count(*) FROM app.contract")) == 0


def test_an_advance_above_the_rule_is_a_warning_with_its_basis(ppk: FlaskClient, connection: Connection) -> None:
    make_project(connection, code="P-1", status="tender", ceiling_idr=1_200_000_000, contract_value_idr=None)
    small = make_company(connection, is_small=True)
    made = ppk.post(f"{API}/contracts", json=contract(small, advance_percent=30)).get_json()
    assert made["warnings"] == []
    connection.execute(text("UPDATE app.company SET is_small = false"))
    (other,) = ppk.get(f"{API}/contracts").get_json()["contracts"]
    assert other["warnings"][0]["rule"] == "UANG_MUKA_MAKS_NONKECIL"
    connection.execute(text("UPDATE app.project SET multi_year_approval = 'MYC/1' WHERE code = 'P-1'"))
    (multi,) = ppk.get(f"{API}/contracts").get_json()["contracts"]
    assert multi["warnings"][0]["rule"] == "UANG_MUKA_MAKS_JAMAK"


# Editing


def test_two_editors_see_each_other(ppk: FlaskClient, project: int) -> None:
    first = ppk.patch(API, json={"version": 1, "name": "Nama pertama"})
    assert first.status_code == 200, first.get_json()
    assert first.get_json()["version"] == 2
    second = ppk.patch(API, json={"version": 1, "name": "Nama kedua"})
    assert second.status_code == 409
    assert second.get_json()["current"]["name"] == "Nama pertama"
    assert second.get_json()["current"]["version"] == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 301}, "name"),
        ({"ceiling_idr": -1}, "ceiling_idr"),
        ({"ceiling_idr": 1_000}, "ceiling_idr"),
        ({"owner_estimate_idr": 1_200_000_001}, "owner_estimate_idr"),
        ({"year": 20266}, "year"),
        ({"sector": "tambang"}, "sector"),
        ({"unit_id": 10**30}, "unit_id"),
        ({"unit_id": 99_999}, "unit_id"),
        ({"code": "A/../B"}, "code"),
        ({"code": "NEW"}, "code"),
        ({"status": "finished"}, "status"),
        ({"paid_idr": 1}, "paid_idr"),
    ],
)
def test_edits_that_cannot_be_are_refused(ppk: FlaskClient, project: int, wrong: dict[str, Any], field: str) -> None:
    answer = ppk.patch(API, json={"version": 1, **wrong})
    assert answer.status_code == 422, answer.get_json()
    assert field in answer.get_json()["errors"]
    assert ppk.get("/api/v1/packages/P-1").get_json()["version"] == 1


def test_a_code_made_by_the_system_counts_on(ppk: FlaskClient) -> None:
    codes = [ppk.post("/api/v1/projects", json={"name": "Drainase", "year": 2027}).get_json()["code"] for _ in range(2)]
    assert codes == ["PK-2027-0001", "PK-2027-0002"]
    taken = ppk.post("/api/v1/projects", json={"name": "Drainase", "year": 2027, "code": "PK-2027-0001"})
    assert "sudah dipakai" in taken.get_json()["errors"]["code"]


def test_rights_end_at_role_area_and_unit(app: Flask, connection: Connection, project: int) -> None:
    visitor = app.test_client()
    assert visitor.get(f"{API}/contracts").status_code == 401
    assert visitor.patch(API, json={}).status_code == 401
    officer = sign_in(app.test_client(), make_account(connection, "field_officer"))
    assert officer.get(f"{API}/contracts").status_code == 200
    assert officer.patch(API, json={"version": 1}).status_code == 403
    assert officer.post(f"{API}/payments", json={}).status_code == 403
    unit = connection.scalar(text("INSERT INTO app.unit (code, name) VALUES ('9', 'Dinas lain') RETURNING id"))
    stranger = sign_in(app.test_client(), make_account(connection, "ppk", unit=unit))
    assert stranger.patch(API, json={"version": 1, "name": "Ambil"}).status_code == 403
    made = stranger.post("/api/v1/projects", json={"name": "Milik sendiri", "year": 2026})
    assert made.status_code == 201
    assert made.get_json()["unit_id"] == unit
    token = bearer(connection, make_account(connection, "ppk"), ["register:packages:read"])
    assert visitor.patch(API, json={"version": 1, "name": "Curi"}, headers=token).status_code == 403


# Documents, links, lists


def test_documents_are_known_by_content_and_given_back_as_files(ppk: FlaskClient, app: Flask, project: int) -> None:
    def send(content: bytes, name: str) -> Any:
        data = {"file": (BytesIO(content), name), "kind": "contract", "title": "Kontrak"}
        return ppk.post(f"{API}/documents", data=data)

    kept = send(b"%PDF-1.7 isi", "../../kontrak <1>.exe")
    assert kept.status_code == 201, kept.get_json()
    found = kept.get_json()
    assert (found["media_type"], found["file_name"]) == ("application/pdf", "kontrak _1_.pdf")
    file = ppk.get(found["url"])
    assert file.data == b"%PDF-1.7 isi"
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert app.test_client().get(found["url"]).status_code in {302, 401}
    for content in (b"<script>alert(1)</script>", b"", b"\xff\xd8\xff rusak", b"PK\x03\x04 rusak", b"GIF89a"):
        assert "file" in send(content, "gambar.pdf").get_json()["errors"]
    assert "25 MB" in send(b"%PDF-" + bytes(25_000_000), "besar.pdf").get_json()["errors"]["file"]


def test_design_and_supervision_packages_are_linked(ppk: FlaskClient, connection: Connection, project: int) -> None:
    make_project(connection, code="P-2", name="Pengawasan jalan")
    made = ppk.post(f"{API}/links", json={"code": "P-2", "kind": "supervision"})
    assert made.status_code == 201
    assert ppk.get("/api/v1/projects/P-2/links").get_json()["links"][0]["code"] == "P-1"
    for wrong in ("P-1", "P-3", "P-2"):
        assert "code" in ppk.post(f"{API}/links", json={"code": wrong, "kind": "supervision"}).get_json()["errors"]
    assert ppk.delete(f"{API}/links/{made.get_json()['id']}").get_json()["links"] == []


def test_companies_are_known_by_their_tax_number(ppk: FlaskClient) -> None:
    first = ppk.post("/api/v1/companies", json={"name": "CV Bangun", "tax_number": "01.234.567.8-901.000"})
    assert first.get_json()["tax_number"] == "012345678901000"
    again = ppk.post("/api/v1/companies", json={"name": "CV Lain", "tax_number": "012345678901000"})
    assert "tax_number" in again.get_json()["errors"]
    assert "tax_number" in ppk.post("/api/v1/companies", json={"name": "X", "tax_number": "123"}).get_json()["errors"]
    assert [one["name"] for one in ppk.get("/api/v1/companies?q=bangun").get_json()["companies"]] == ["CV Bangun"]


def test_a_company_is_corrected_as_a_whole(ppk: FlaskClient) -> None:
    made = ppk.post("/api/v1/companies", json={"name": "CV Bangun", "is_small": True, "address": "Muara Beliti"})
    address = f"/api/v1/companies/{made.get_json()['id']}"
    changed = ppk.put(address, json={"name": "CV Bangun Jaya", "tax_number": "012345678901000"})
    assert changed.status_code == 200
    (one,) = ppk.get("/api/v1/companies").get_json()["companies"]
    assert (one["name"], one["tax_number"], one["is_small"], one["address"]) == (
        "CV Bangun Jaya", "012345678901000", None, None,
    )  # fmt: skip
    assert ppk.put("/api/v1/companies/999999", json={"name": "CV"}).status_code == 404
