"""People: invited, changed, closed, given a new password; by administrators, each link once and in time."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.auth import service, tasks
from app.auth.tasks import reset_message
from app.extensions import db
from tests.helpers.factories import make_row
from tests.helpers.people import bearer, make_account, sign_in

PASSWORD = "kata sandi yang baru"
LINK = re.compile(r'value="http://localhost(/(?:invitation|password)/[\w-]+)"')


@pytest.fixture
def administrator(client: FlaskClient, connection: Connection) -> FlaskClient:
    return sign_in(client, make_account(connection, "administrator"))


def invite(administrator: FlaskClient, **values: object) -> str:
    answer = administrator.post("/people/invite", data={"name": "Siti Aminah", "roles": ["ppk"], **values})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<svg" in answer.text
    return LINK.findall(answer.text)[0]


def accept(visitor: FlaskClient, link: str, **values: str) -> object:
    data = {"email": "siti@musirawas.example", "name": "Siti", "password": PASSWORD, "password_again": PASSWORD}
    return visitor.post(link, data={**data, **values})


def test_invited_person_makes_an_account_of_the_roles_area_and_unit_it_was_promised(
    app: Flask, administrator: FlaskClient, connection: Connection
) -> None:
    unit = make_row(connection, "app.unit", code="A", name="Dinas PUCKTR")
    link = invite(administrator, roles=["ppk", "treasurer"], area_prefix="16.05.09", unit_id=str(unit))
    visitor = app.test_client()
    assert "PPK" in visitor.get(link).text
    answer = accept(visitor, link)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login")
    signed_in = visitor.post("/login", data={"email": "siti@musirawas.example", "password": PASSWORD})
    assert signed_in.status_code == 302
    me = visitor.get("/api/v1/me").json
    assert me is not None
    assert (me["roles"], me["area_prefix"], me["unit"]["code"]) == (["ppk", "treasurer"], "16.05.09", "A")


def test_invitation_is_good_once(app: Flask, administrator: FlaskClient) -> None:
    link = invite(administrator)
    assert accept(app.test_client(), link).status_code == 302
    again = accept(app.test_client(), link, email="lain@musirawas.example")
    assert again.status_code == 404
    assert "sudah dipakai" in again.text


@pytest.mark.parametrize(
    "end",
    [
        "UPDATE app.invitation SET expires_at = now() - interval '1 second'",
        "UPDATE app.invitation SET revoked_at = now()",
    ],
)
def test_invitation_that_has_ended_makes_nothing(
    app: Flask, administrator: FlaskClient, connection: Connection, end: str
) -> None:
    link = invite(administrator)
    connection.execute(text(end))
    assert app.test_client().get(link).status_code == 404
    assert accept(app.test_client(), link).status_code == 404


def test_invitation_is_taken_back_on_the_page(app: Flask, administrator: FlaskClient, connection: Connection) -> None:
    link = invite(administrator)
    assert "Siti Aminah" in administrator.get("/people").text
    identifier = connection.scalar(text("SELECT id FROM app.invitation"))
    assert administrator.post(f"/people/invitations/{identifier}/revoke").status_code == 302
    assert "Siti Aminah" not in administrator.get("/people").text
    assert app.test_client().get(link).status_code == 404


def test_address_of_the_invitation_is_the_accounts(
    app: Flask, administrator: FlaskClient, connection: Connection
) -> None:
    link = invite(administrator, email="Siti@Dinas.example")
    assert accept(app.test_client(), link, email="penyusup@jahat.example").status_code == 302
    accounts = connection.scalars(text("SELECT email FROM app.account WHERE name = 'Siti'")).all()
    assert accounts == ["siti@dinas.example"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"email": ""}, "Isi alamat surel"),
        ({"email": "bukan alamat"}, "Alamat surel tidak dapat dibaca"),
        ({"password": "pendek", "password_again": "pendek"}, "paling sedikit 12"),
        ({"password": "", "password_again": ""}, "wajib diisi"),
        ({"password_again": "lain sama sekali"}, "tidak sama"),
        ({"name": ""}, "wajib diisi"),
        ({"roles": "administrator"}, "tidak dikenal"),
    ],
)
def test_unfit_acceptance_is_refused_and_the_link_stays_good(
    app: Flask, administrator: FlaskClient, connection: Connection, values: dict[str, str], sentence: str
) -> None:
    link = invite(administrator)
    answer = accept(app.test_client(), link, **values)
    assert answer.status_code == 422
    assert PASSWORD not in answer.text, "no password is filled in again"
    assert connection.scalar(text("SELECT count(*) FROM app.account WHERE name = 'Siti'")) == 0
    assert accept(app.test_client(), link).status_code == 302


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"roles": []}, "roles"),
        ({"roles": ["raja"]}, "roles"),
        ({"name": " "}, "name"),
        ({"area_prefix": "16.5"}, "area_prefix"),
        ({"area_prefix": "16.05.09'; DROP"}, "area_prefix"),
        ({"unit_id": "999999"}, "unit_id"),
        ({"unit_id": "x"}, "unit_id"),
        ({"email": "tanpa"}, "email"),
    ],
)
def test_unfit_invitation_is_refused_beside_its_field(
    administrator: FlaskClient, connection: Connection, values: dict[str, object], field: str
) -> None:
    answer = administrator.post("/people/invite", data={"name": "Siti", "roles": ["ppk"], **values})
    assert answer.status_code == 422
    assert f"{field.replace('_', '_')}-error" in answer.text
    assert connection.scalar(text("SELECT count(*) FROM app.invitation")) == 0


def test_link_is_kept_as_a_hash(administrator: FlaskClient, connection: Connection) -> None:
    key = invite(administrator).rsplit("/", 1)[1]
    assert key not in str(connection.execute(text("SELECT * FROM app.invitation")).one())
    assert key not in str(connection.execute(text("SELECT * FROM app.audit")).all())


def test_change_of_roles_counts_at_once(app: Flask, administrator: FlaskClient, connection: Connection) -> None:
    officer = make_account(connection, "administrator")
    browser = sign_in(app.test_client(), officer)
    assert browser.get("/people").status_code == 200
    answer = administrator.post(
        f"/people/{officer.id}", data={"name": "Budi", "roles": ["field_officer"], "area_prefix": "16.05.01"}
    )
    assert answer.status_code == 302
    assert browser.get("/people").status_code == 302, "the session has ended with the role"
    me = app.test_client().get("/api/v1/me", headers=bearer(connection, officer)).json
    assert me is not None
    assert (me["name"], me["roles"], me["area_prefix"]) == ("Budi", ["field_officer"], "16.05.01")


def test_last_administrator_stays(administrator: FlaskClient, connection: Connection) -> None:
    connection.execute(text("UPDATE app.account SET active = false WHERE email NOT LIKE 'administrator%@uji.example'"))
    own = connection.scalar(text("SELECT account_id FROM app.sign_in"))
    answer = administrator.post(f"/people/{own}", data={"name": "Saya", "roles": ["ppk"]})
    assert answer.status_code == 422
    assert "satu administrator" in answer.text
    assert administrator.post(f"/people/{own}/close").status_code == 400
    make_account(connection, "administrator")
    assert administrator.post(f"/people/{own}/close").status_code == 302


def test_closed_account_is_out_at_once_with_its_tokens(
    app: Flask, administrator: FlaskClient, connection: Connection
) -> None:
    officer = make_account(connection, "ppk")
    browser, headers = sign_in(app.test_client(), officer), bearer(connection, officer)
    assert browser.get("/account").status_code == 200
    assert administrator.post(f"/people/{officer.id}/close").status_code == 302
    assert browser.get("/account").status_code == 302
    assert app.test_client().get("/api/v1/me", headers=headers).status_code == 401
    assert administrator.post(f"/people/{officer.id}/open").status_code == 302
    assert app.test_client().get("/api/v1/me", headers=headers).status_code == 401, "tokens stay revoked"


def test_reset_link_gives_a_new_password_once(app: Flask, administrator: FlaskClient, connection: Connection) -> None:
    with app.app_context():
        service.create_account(db.session, "siti@musirawas.example", "ppk")
        db.session.commit()
    siti = connection.execute(text("SELECT * FROM app.account WHERE email = 'siti@musirawas.example'")).one()
    browser, headers = sign_in(app.test_client(), siti), bearer(connection, siti)
    first = LINK.findall(administrator.post(f"/people/{siti.id}/reset").text)[0]
    link = LINK.findall(administrator.post(f"/people/{siti.id}/reset").text)[0]
    visitor = app.test_client()
    assert visitor.get(first).status_code == 404, "a newer link ends the older"
    assert "siti@musirawas.example" in visitor.get(link).text
    data = {"password": PASSWORD, "password_again": PASSWORD}
    assert visitor.post(link, data={**data, "password_again": "lain lain lain"}).status_code == 422
    assert visitor.post(link, data=data).status_code == 302
    assert visitor.post(link, data=data).status_code == 404
    assert browser.get("/account").status_code == 302
    assert visitor.get("/api/v1/me", headers=headers).status_code == 401
    signed_in = visitor.post("/login", data={"email": siti.email, "password": PASSWORD})
    assert signed_in.status_code == 302
    assert visitor.get("/account").status_code == 200, "it is no one-time password"


@pytest.mark.parametrize("path", ["/invitation/salah", "/password/salah", "/invitation/%00", "/password/" + "a" * 500])
def test_link_that_never_was_is_answered_in_a_sentence(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "administrator" in answer.text


def test_list_finds_people_by_name_and_address(administrator: FlaskClient, connection: Connection) -> None:
    make_account(connection, "ppk", name="Ngatiyem", email="n@uji.example")
    make_account(connection, "ppk", name="Paijo", email="p@uji.example")
    assert "Paijo" not in administrator.get("/people?q=NGATI").text
    assert "Ngatiyem" in administrator.get("/people?q=n%40uji").text
    assert "Tidak ada pengguna" in administrator.get("/people?q=%25%00zz").text
    assert administrator.get("/people?q=%25").status_code == 200


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", 'O\'Brien "x"', "ن" * 300])
def test_name_of_any_kind_stays_text(administrator: FlaskClient, connection: Connection, name: str) -> None:
    account = make_account(connection, "ppk", name=name)
    for path in ("/people", f"/people/{account.id}"):
        page = administrator.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text


def test_change_of_people_is_in_the_audit_without_secrets(
    app: Flask, administrator: FlaskClient, connection: Connection
) -> None:
    link = invite(administrator)
    accept(app.test_client(), link)
    rows = connection.execute(
        text("SELECT subject, new FROM app.audit WHERE subject IN ('account', 'invitation')")
    ).all()
    assert {row.subject for row in rows} == {"account", "invitation"}
    assert not any({"password", "token_hash", "fs_uniquifier"} & set(row.new or {}) for row in rows)


def test_forgotten_password_is_not_offered_without_mail(client: FlaskClient) -> None:
    assert client.get("/password/forgotten").status_code == 404
    assert "/password/forgotten" not in client.get("/login").text


def test_mail_of_a_forgotten_password_holds_a_link_that_works(
    app: Flask, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dataclasses

    settings = dataclasses.replace(
        app.config["SETTINGS"], smtp_url="smtp://localhost:2525", public_url="https://peta.example"
    )
    app.config["SETTINGS"] = settings
    visitor = app.test_client()
    assert "/password/forgotten" in visitor.get("/login").text
    known = make_account(connection, "ppk")
    for email in (known.email, "tidak.ada@uji.example"):
        answer = visitor.post("/password/forgotten", data={"email": email})
        assert answer.status_code == 302, "both are answered alike"
    asked = connection.scalars(text("SELECT args ->> 'email' FROM app.procrastinate_jobs")).all()
    assert sorted(asked) == sorted([known.email, "tidak.ada@uji.example"])
    with app.test_request_context():
        subject, content = reset_message("https://peta.example", "kunci")
    assert "https://peta.example/password/kunci" in content
    assert "\n" not in subject
    assert tasks.mail_reset_link.name.endswith("mail_reset_link")


@pytest.mark.parametrize("limit", ["unit", "area"])
def test_limited_administrator_gives_nobody_more_than_he_has(app: Flask, connection: Connection, limit: str) -> None:
    unit = connection.scalar(text("INSERT INTO app.unit (code, name) VALUES ('BM', 'Bina Marga') RETURNING id"))
    limits = {"unit": unit} if limit == "unit" else {"area": "16.05.09"}
    own = {"unit_id": unit} if limit == "unit" else {"area_prefix": "16.05.09.1003"}
    client = sign_in(app.test_client(), make_account(connection, "administrator", **limits))
    member = make_account(connection, "ppk", **limits)
    other = make_account(connection, "ppk")
    everywhere = {"name": "Siti", "roles": ["administrator"]}
    assert client.post("/people/invite", data=everywhere).status_code == 403
    assert client.post("/people/invite", data={**everywhere, "area_prefix": "16.05.1"}).status_code in {403, 422}
    assert client.post("/people/invite", data={**everywhere, **own}).status_code == 200
    assert client.post(f"/people/{member.id}", data=everywhere).status_code == 403
    assert client.post(f"/people/{member.id}", data={**everywhere, **own}).status_code == 302
    for path in ("", "/close", "/reset", "/second-factor"):
        assert client.post(f"/people/{other.id}{path}", data={**everywhere, **own}).status_code == 403, path
