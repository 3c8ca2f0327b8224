"""Tokens of people's own scripts: never more than their account, never after their end, never by a cookie's grace."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.auth.permissions import ROLES
from app.auth.tokens import MOST_TOKENS
from tests.helpers.people import bearer, make_account, sign_in

ME = "/api/v1/me"
TOKENS = "/api/v1/me/tokens"


@pytest.mark.parametrize("role", ROLES)
def test_token_tells_who_acts_and_what_he_may(client: FlaskClient, connection: Connection, role: str) -> None:
    account = make_account(connection, role, area="16.05.09")
    answer = client.get(ME, headers=bearer(connection, account))
    assert answer.json is not None
    assert (answer.json["email"], answer.json["roles"], answer.json["area_prefix"]) == (
        account.email,
        [role],
        "16.05.09",
    )
    assert answer.json["permissions"] == sorted(ROLES[role])


def test_token_is_shown_once_and_kept_as_a_hash(client: FlaskClient, connection: Connection) -> None:
    sign_in(client, make_account(connection, "ppk"))
    page = client.post("/account/tokens", data={"name": "laporan", "days": "30"})
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    token = page.text.split('value="pk_')[1].split('"')[0]
    assert f"pk_{token}" not in client.get("/account").text
    stored = connection.execute(text("SELECT * FROM app.api_token")).one()
    assert token not in str(stored)
    visitor = client.application.test_client()
    assert visitor.get(ME, headers={"Authorization": f"Bearer pk_{token}"}).status_code == 200


def test_token_never_has_more_rights_than_its_account(client: FlaskClient, connection: Connection) -> None:
    account = make_account(connection, "treasurer")
    sign_in(client, account)
    answer = client.post(TOKENS, json={"name": "lebih", "permissions": ["people:accounts:manage"]})
    assert answer.status_code == 422
    assert answer.json is not None
    assert "permissions" in answer.json["errors"]
    # And where the row says so all the same, or the account has lost the right since.
    headers = bearer(connection, account, ["people:accounts:manage", "money:payments:write"])
    found = client.application.test_client().get(ME, headers=headers)
    assert found.json is not None
    assert found.json["permissions"] == ["money:payments:write"]
    assert client.application.test_client().get("/people", headers=headers).status_code == 403


def test_token_can_have_fewer_rights(client: FlaskClient, connection: Connection) -> None:
    headers = bearer(connection, make_account(connection, "administrator"), ["register:packages:read"])
    assert client.get("/people", headers=headers).status_code == 403
    full = bearer(connection, make_account(connection, "administrator"))
    assert client.get("/people", headers=full).status_code == 200


@pytest.mark.parametrize(
    "end",
    [
        "UPDATE app.api_token SET expires_at = now() - interval '1 second'",
        "UPDATE app.api_token SET revoked_at = now()",
        "UPDATE app.account SET active = false",
        "DELETE FROM app.api_token",
    ],
)
def test_ended_token_opens_nothing(client: FlaskClient, connection: Connection, end: str) -> None:
    headers = bearer(connection, make_account(connection, "ppk"))
    connection.execute(text(end))
    answer = client.get(ME, headers=headers)
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("token", ["", "pk_", "pk_salah", "x" * 9000, "pk_\u00e9", "' OR true --"])
def test_token_that_is_none_opens_nothing_even_beside_a_session(
    client: FlaskClient, connection: Connection, token: str
) -> None:
    sign_in(client, make_account(connection, "administrator"))
    assert client.get(ME).status_code == 200
    assert client.get(ME, headers={"Authorization": f"Bearer {token}".encode().decode("latin-1")}).status_code == 401


def test_token_needs_no_token_of_a_page_and_a_cookie_does(app: Flask, connection: Connection) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    account = make_account(connection, "administrator")
    headers = bearer(connection, account)
    made = app.test_client().post("/people/invite", data={"name": "Siti", "roles": "ppk"}, headers=headers)
    assert made.status_code == 200
    browser = sign_in(app.test_client(), account)
    assert browser.post("/people/invite", data={"name": "Siti", "roles": "ppk"}).status_code == 400
    assert browser.post(TOKENS, json={"name": "x"}).status_code == 400
    forged = browser.post(
        "/people/invite", data={"name": "Siti", "roles": "ppk"}, headers={"Authorization": "Bearer x"}
    )
    assert forged.status_code == 401, "a wrong token beside a good cookie is nobody"


def test_token_makes_no_other_token(client: FlaskClient, connection: Connection) -> None:
    headers = bearer(connection, make_account(connection, "ppk"))
    assert client.post(TOKENS, json={"name": "anak"}, headers=headers).status_code == 403
    assert client.post("/account/tokens", data={"name": "anak"}, headers=headers).status_code == 403


def test_own_token_is_listed_and_revoked_and_nobody_elses(client: FlaskClient, connection: Connection) -> None:
    other = make_account(connection, "ppk")
    headers = bearer(connection, other)
    foreign = connection.scalar(text("SELECT id FROM app.api_token"))
    sign_in(client, make_account(connection, "ppk"))
    made = client.post(TOKENS, json={"name": "skrip", "days": 5, "permissions": ["register:packages:read"]})
    assert made.status_code == 201
    assert made.json is not None
    listed = client.get(TOKENS).json
    assert listed is not None
    assert [one["name"] for one in listed["tokens"]] == ["skrip"]
    assert "token" not in listed["tokens"][0]
    assert client.delete(f"{TOKENS}/{foreign}").status_code == 404
    assert client.post(f"/account/tokens/{foreign}/revoke").status_code == 404
    assert client.application.test_client().get(ME, headers=headers).status_code == 200
    assert client.delete(f"{TOKENS}/{made.json['id']}").status_code == 204
    own = {"Authorization": f"Bearer {made.json['token']}"}
    assert client.application.test_client().get(ME, headers=own).status_code == 401


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "x" * 81), ("days", "0"), ("days", "366"), ("days", "abc"), ("permissions", "raja")],
)
def test_unfit_token_is_refused_beside_its_field(
    client: FlaskClient, connection: Connection, field: str, value: str
) -> None:
    sign_in(client, make_account(connection, "ppk"))
    answer = client.post("/account/tokens", data={"name": "skrip", "days": "30", field: value})
    assert answer.status_code == 422
    assert connection.scalar(text("SELECT count(*) FROM app.api_token")) == 0


def test_tokens_of_an_account_are_counted(client: FlaskClient, connection: Connection) -> None:
    account = make_account(connection, "ppk")
    for _ in range(MOST_TOKENS):
        bearer(connection, account)
    sign_in(client, account)
    assert client.post(TOKENS, json={"name": "satu lagi"}).status_code == 422


def test_what_a_token_changes_is_its_owners(client: FlaskClient, connection: Connection) -> None:
    account = make_account(connection, "administrator")
    client.post("/people/invite", data={"name": "Siti", "roles": "ppk"}, headers=bearer(connection, account))
    assert connection.scalar(text("SELECT invited_by FROM app.invitation")) == account.email


def test_use_of_a_token_is_noted_without_filling_the_audit(client: FlaskClient, connection: Connection) -> None:
    headers = bearer(connection, make_account(connection, "ppk"))
    for _ in range(3):
        client.get(ME, headers=headers)
    assert connection.scalar(text("SELECT last_used_at FROM app.api_token")) is not None
    audited = connection.scalars(text("SELECT operation FROM app.audit WHERE subject = 'api_token'")).all()
    assert audited == ["insert"]
    assert connection.scalar(text("SELECT count(*) FROM app.audit WHERE new ? 'token_hash'")) == 0
