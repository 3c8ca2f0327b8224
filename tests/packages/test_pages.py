"""The pages of a package: what they show, what their forms refuse, and what two editors see of each other."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from tests.helpers.factories import make_project
from tests.helpers.people import make_account, sign_in
from tests.helpers.tracking import contract_of, make_approved, make_baseline, make_company, make_tracked_project

pytestmark = pytest.mark.usefixtures("ready")


@pytest.fixture
def project(connection: Connection) -> int:
    """A package under construction with contract, curve and progress."""
    company = make_company(connection, name="PT Sungai Lakitan", tax_number="012345678901000")
    project = make_tracked_project(
        connection,
        code="P-1",
        name="Peningkatan Jalan Simpang Semambang",
        ceiling_idr=1_200_000_000,
        contract={"company_id": company, "advance_percent": 25, "retention_percent": 5, "maintenance_days": 180},
    )
    make_baseline(connection, project, {date(2026, 5, 1): 0, date(2026, 8, 1): 40, date(2026, 12, 15): 100})
    make_approved(connection, project, date(2026, 11, 1), 60, planned_percent=80)
    return project


def text_of(answer: Any) -> str:
    content: str = answer.get_data(as_text=True)
    return content


def test_the_page_shows_everything_of_a_package(ppk: FlaskClient, project: int) -> None:
    page = text_of(ppk.get("/packages/P-1"))
    for shown in (
        "PT Sungai Lakitan",
        "012345678901000",  # for staff only
        "Rp1.200.000.000",
        "Uang muka 25% melebihi 20%",
        "Perpres 16/2018 Pasal 29",
        "Serah terima pertama (PHO)",
        "kemajuan fisik yang disetujui baru 60,00%".capitalize(),
        "Laporan kemajuan 60,00%, disetujui",
        "<svg",
        "/packages/P-1/critical",
    ):
        assert shown in page, shown


def test_the_public_reads_neither_the_page_nor_the_tax_number(app: Flask, project: int) -> None:
    visitor = app.test_client()
    assert visitor.get("/packages/P-1").status_code in {302, 401}
    for address in ("/projects/P-1", "/api/v1/projects/P-1"):
        page = text_of(visitor.get(address))
        assert "012345678901000" not in page
        assert "Uang muka" not in page


def test_staff_find_the_package_from_its_public_page(ppk: FlaskClient, app: Flask, project: int) -> None:
    assert 'href="/packages/P-1"' in text_of(ppk.get("/projects/P-1"))
    assert 'href="/packages/P-1"' not in text_of(app.test_client().get("/projects/P-1"))


def test_two_dates_show_what_changed_between_them(ppk: FlaskClient, connection: Connection, project: int) -> None:
    connection.execute(text("UPDATE app.project SET valid_from = '2026-01-01'"))
    connection.execute(text("DELETE FROM history.project"))
    connection.execute(
        text("""
            INSERT INTO history.project (id, code, name, year, sector, status, is_late, valid_from, changed_by, valid_to,
                operation, ended_by, ceiling_idr, demo)
            SELECT id, code, 'Nama lama', year, sector, 'tender', false, '2026-01-01', 'x', '2026-06-01', 'update', 'x',
                1100000000, false FROM app.project
        """)
    )
    connection.execute(text("ALTER TABLE app.project DISABLE TRIGGER USER"))
    connection.execute(text("UPDATE app.project SET valid_from = '2026-06-01'"))
    connection.execute(text("ALTER TABLE app.project ENABLE TRIGGER USER"))
    page = text_of(ppk.get("/packages/P-1?compare=2026-03-01"))
    assert "Nama lama" in page
    assert "Rp1.100.000.000" in page
    assert "Pemilihan penyedia" in page
    then = text_of(ppk.get("/packages/P-1?as_of=2026-03-01"))
    assert "Nama lama" in then
    assert "Kembali ke keadaan terbaru" in then
    assert ppk.get("/packages/P-1?as_of=2025-03-01").status_code == 404
    assert ppk.get("/packages/P-1?as_of=kemarin").status_code == 400


def test_the_timeline_can_be_narrowed(ppk: FlaskClient, project: int) -> None:
    contracts = text_of(ppk.get("/packages/P-1?kind=contract"))
    assert "ditandatangani" in contracts
    assert "Laporan kemajuan 60,00%" not in contracts
    assert ppk.get("/packages/P-1?kind=' OR 1=1").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/packages/new",
        "/packages/P-1",
        "/packages/P-1/edit",
        "/packages/P-1/contracts/new",
        "/packages/P-1/payments",
        "/packages/P-1/documents",
        "/packages/P-1/status",
        "/packages/P-1/links",
        "/companies",
    ],
)
@pytest.mark.parametrize("language", ["id", "en"])
def test_every_page_opens_in_both_languages(ppk: FlaskClient, project: int, path: str, language: str) -> None:
    assert ppk.get(f"{path}?lang={language}").status_code == 200


def test_a_package_is_made_and_edited_by_forms(ppk: FlaskClient, connection: Connection) -> None:
    wrong = ppk.post("/packages/new", data={"name": "", "year": "2026", "ceiling_idr": "-5"})
    assert wrong.status_code == 422
    assert "Jumlah uang tidak boleh negatif." in text_of(wrong)
    made = ppk.post(
        "/packages/new",
        data={
            "name": "Drainase Pasar",
            "year": "2026",
            "code": "D-1",
            "ceiling_idr": "1.250.000.000",
            "sector": "drainage",
        },
    )
    assert made.headers["Location"] == "/packages/D-1"
    form = text_of(ppk.get("/packages/D-1/edit"))
    assert "1.250.000.000" in form
    first = {"version": "1", "code": "D-1", "name": "Drainase Pasar Lama", "year": "2026", "sector": "drainage"}
    assert ppk.post("/packages/D-1/edit", data=first).status_code == 303
    second = ppk.post("/packages/D-1/edit", data={**first, "name": "Drainase Pasar Baru"})
    assert second.status_code == 409
    page = text_of(second)
    assert "Drainase Pasar Lama" in page
    assert "Drainase Pasar Baru" in page
    assert 'name="version" value="2"' in page
    again = ppk.post("/packages/D-1/edit", data={**first, "name": "Drainase Pasar Baru", "version": "2"})
    assert again.status_code == 303
    row = connection.execute(text("SELECT name, ceiling_idr FROM app.project WHERE code = 'D-1'")).one()
    assert tuple(row) == ("Drainase Pasar Baru", None)


def test_a_form_sent_twice_makes_one_package(ppk: FlaskClient, connection: Connection) -> None:
    data = {"name": "Jembatan", "year": "2026", "request_key": "satu-kali"}
    places = {ppk.post("/packages/new", data=data).headers["Location"] for _ in range(2)}
    assert places == {"/packages/PK-2026-0001"}
    assert connection.scalar(text("SELECT count(*) FROM app.project")) == 1


def test_sources_are_written_by_rows_and_keep_what_was_typed(planner: FlaskClient, project: int) -> None:
    page = text_of(planner.get("/packages/P-1/funds"))
    assert 'name="rows.0.amount_idr"' in page
    rows = {
        "version": "1", "ceiling_idr": "1.200.000.000", "rows.0.year": "2026", "rows.0.source": "DAU",
        "rows.0.amount_idr": "1.000.000.000", "rows.1.year": "2026", "rows.1.source": "", "rows.1.amount_idr": "",
    }  # fmt: skip
    wrong = planner.post("/packages/P-1/funds", data=rows)
    assert wrong.status_code == 422
    assert "selisih Rp200.000.000" in text_of(wrong)
    assert "1.000.000.000" in text_of(wrong)
    right = planner.post("/packages/P-1/funds", data={**rows, "rows.0.amount_idr": "1.200.000.000"})
    assert right.status_code == 303
    second = planner.post("/packages/P-1/funds", data=rows)
    assert second.status_code == 409


def test_contract_forms_work_and_say_what_is_wrong(ppk: FlaskClient, connection: Connection) -> None:
    make_project(connection, code="P-1", status="tender", ceiling_idr=1_200_000_000, contract_value_idr=None)
    data = {
        "kind": "contract", "number": "620/1", "signed_on": "2026-04-28", "value_idr": "1.110.000.000,00",
        "company_id": str(make_company(connection)), "start_date": "2026-04-01",
    }  # fmt: skip
    wrong = ppk.post("/packages/P-1/contracts/new", data=data)
    assert wrong.status_code == 422
    assert "Tanggal SPMK tidak boleh sebelum tanggal tanda tangan." in text_of(wrong)
    del data["start_date"]
    address = ppk.post("/packages/P-1/contracts/new", data=data).headers["Location"]
    assert ppk.get(address).status_code == 200
    version = connection.scalar(text("SELECT version FROM app.project WHERE code = 'P-1'"))
    order = {
        "start_order_number": "SPMK/1",
        "start_date": "2026-05-01",
        "duration_days": "229",
        "version": str(version),
    }
    assert ppk.post(address, data={**data, **order}).status_code == 303
    assert "15 Desember 2026" in text_of(ppk.get(address))
    conflict = ppk.post(address, data={**data, **order, "number": "620/2"})
    assert conflict.status_code == 409
    assert "620/2" in text_of(conflict)
    addendum = {"number": "A-1", "signed_on": "2026-03-01", "reason": "MC-0"}
    assert "28 April 2026" in text_of(ppk.post(f"{address}/addenda", data=addendum))
    assert ppk.post(f"{address}/addenda", data={**addendum, "signed_on": "2026-06-01"}).status_code == 303
    ended = ppk.post(f"{address}/termination", data={"ended_on": "2026-11-01", "reason": ""})
    assert ended.status_code == 422
    assert ppk.post(f"{address}/termination", data={"ended_on": "2026-11-01", "reason": "Ingkar"}).status_code == 303
    assert "Putus kontrak" in text_of(ppk.get("/packages/P-1"))


def test_the_steps_offered_are_those_of_the_role(
    ppk: FlaskClient, treasurer: FlaskClient, connection: Connection, project: int
) -> None:
    assert "Langkah berikutnya" in text_of(ppk.get("/packages/P-1"))
    assert "Langkah berikutnya" not in text_of(treasurer.get("/packages/P-1"))
    stopped = ppk.post("/packages/P-1/status", data={"to": "stopped", "on_day": "2026-11-20", "reason": "Banjir"})
    assert stopped.status_code == 303
    page = text_of(ppk.get("/packages/P-1"))
    assert "Pelaksanaan menjadi Dihentikan sementara" in page
    assert "Banjir" in page


def test_payments_and_documents_by_form(treasurer: FlaskClient, ppk: FlaskClient, project: int) -> None:
    sent = {"number": "SP2D/1", "paid_on": "2026-06-01", "kind": "monthly", "amount_idr": "111.000.000"}
    assert treasurer.post("/packages/P-1/payments", data=sent).status_code == 303
    page = text_of(treasurer.get("/packages/P-1/payments"))
    assert "10,00%" in page
    assert "sebesar 50,0 poin persen" in page  # 60 - 10, above 30
    assert treasurer.post("/packages/P-1/payments", data=sent).status_code == 422
    assert ppk.post("/packages/P-1/payments", data=sent).status_code == 403
    data = {"file": (BytesIO(b"%PDF-1.4"), "a.pdf"), "kind": "letter", "title": "Surat <b>teguran</b>"}
    assert ppk.post("/packages/P-1/documents", data=data).status_code == 303
    assert "Surat &lt;b&gt;teguran&lt;/b&gt;" in text_of(ppk.get("/packages/P-1/documents"))
    assert "Pilih berkasnya." in text_of(ppk.post("/packages/P-1/documents", data={"kind": "letter", "title": "x"}))


def test_ppk_gives_a_document_to_the_public_and_takes_it_back(
    treasurer: FlaskClient, ppk: FlaskClient, app: Flask, connection: Connection, project: int
) -> None:
    data = {"file": (BytesIO(b"%PDF-1.4"), "a.pdf"), "kind": "minutes", "title": "Berita acara PHO"}
    assert ppk.post("/packages/P-1/documents", data=data).status_code == 303
    document = connection.scalar(text("SELECT id FROM app.document WHERE project_id = :id"), {"id": project})
    visitor = app.test_client()

    def is_shown() -> bool:
        listed = "Berita acara PHO" in visitor.get("/projects/P-1").text
        assert listed == (visitor.get(f"/documents/{document}").status_code == 200)
        return listed

    address = f"/packages/P-1/documents/{document}/publication"
    assert not is_shown()
    assert treasurer.post(address, data={"public": "true"}).status_code == 403
    assert ppk.post(address, data={"public": "true"}).status_code == 303
    assert is_shown()
    assert ppk.post(address, data={"public": "false"}).status_code == 303
    assert not is_shown()
    assert ppk.post(f"/packages/P-1/documents/{document + 1}/publication", data={}).status_code == 404
    edits = connection.scalars(
        text(
            "SELECT new ->> 'is_public' FROM app.audit WHERE subject = 'document' AND operation = 'update' ORDER BY id"
        )
    )
    assert list(edits) == ["true", "false"]


def test_a_strange_unit_is_kept_out_of_forms_too(app: Flask, connection: Connection, project: int) -> None:
    unit = connection.scalar(text("INSERT INTO app.unit (code, name) VALUES ('9', 'Dinas lain') RETURNING id"))
    stranger = sign_in(app.test_client(), make_account(connection, "ppk", unit=unit))
    contract = contract_of(connection, project)
    for path in ("edit", "status", "links", f"contracts/{contract}"):
        assert stranger.post(f"/packages/P-1/{path}", data={}).status_code == 403, path
    assert stranger.get("/packages/P-1").status_code == 403


def test_a_company_is_corrected_and_its_packages_show_the_new_name(
    ppk: FlaskClient, connection: Connection, project: int
) -> None:
    company = connection.scalar(text("SELECT company_id FROM app.project WHERE id = :id"), {"id": project})
    make_company(connection, name="CV Lain", tax_number="111111111111111")
    form = text_of(ppk.get(f"/companies/{company}"))
    assert 'value="PT Sungai Lakitan"' in form
    assert "1 paket" in form
    taken = ppk.post(f"/companies/{company}", data={"name": "PT Lakitan", "tax_number": "11.111.111.1-111.111"})
    assert taken.status_code == 422
    assert "NPWP ini sudah dicatat untuk perusahaan lain." in text_of(taken)
    assert 'value="PT Lakitan"' in text_of(taken)
    right = {"name": "PT Sungai Lakitan Raya", "tax_number": "012345678901000", "is_small": "false"}
    assert ppk.post(f"/companies/{company}", data=right).headers["Location"] == "/companies"
    shown = connection.execute(text("SELECT contractor FROM app.project WHERE id = :id"), {"id": project}).scalar_one()
    assert shown == "PT Sungai Lakitan Raya"
    assert "PT Sungai Lakitan Raya" in text_of(ppk.get("/projects/P-1"))
    old, new = connection.execute(
        text(
            "SELECT old, new FROM app.audit WHERE subject = 'company' AND operation = 'update' ORDER BY id DESC LIMIT 1"
        )
    ).one()
    assert (old["name"], new["name"]) == ("PT Sungai Lakitan", "PT Sungai Lakitan Raya")
    assert ppk.get("/companies/999999").status_code == 404


def test_who_may_not_edit_contracts_may_not_correct_a_company(planner: FlaskClient, connection: Connection) -> None:
    company = make_company(connection, name="CV Satu")
    assert f"/companies/{company}" not in text_of(planner.get("/companies"))
    assert planner.get(f"/companies/{company}").status_code == 403
    assert planner.post(f"/companies/{company}", data={"name": "CV Dua"}).status_code == 403
    assert planner.put(f"/api/v1/companies/{company}", json={"name": "CV Dua"}).status_code == 403
