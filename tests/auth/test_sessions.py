"""Sessions that end: idle, too long, signed out, or because the person or an administrator says so."""

from __future__ import annotations

from urllib.parse import parse_qs as url_decode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.auth import service
from app.config import SessionLimits
from app.extensions import db
from tests.helpers.factories import make_region
from tests.helpers.people import make_account, sign_in

EMAIL = "siti@musirawas.example"
OWN = "kata sandi milik siti"


@pytest.fixture
def member(app: Flask, connection: Connection) -> str:
    """A field officer who has chosen a password."""
    from flask_security import hash_password

    with app.app_context():
        service.create_account(db.session, EMAIL, "field_officer")
        account = service.find_account(db.session, EMAIL)
        account.password, account.must_change_password = hash_password(OWN), False
        db.session.commit()
    return EMAIL


def log_in(client: FlaskClient, **more: str) -> None:
    assert client.post("/login", data={"email": EMAIL, "password": OWN, **more}).status_code == 302
    assert client.get("/account").status_code == 200


@pytest.mark.parametrize(
    "passing",
    [
        "seen_at = seen_at - make_interval(mins => idle_minutes)",
        "ends_at = clock_timestamp()",
        "ended_at = clock_timestamp()",
    ],
)
def test_session_ends_when_idle_or_too_long_or_ended(
    client: FlaskClient, connection: Connection, member: str, passing: str
) -> None:
    make_region(connection)
    log_in(client)
    connection.execute(text(f"UPDATE app.sign_in SET {passing}"))
    answer = client.get("/account")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login?next=/account")
    assert client.get("/api/v1/me").status_code == 401
    assert client.get("/").status_code == 200, "the public pages stay open"


def test_use_keeps_a_session_alive_but_not_beyond_its_end(
    client: FlaskClient, connection: Connection, member: str
) -> None:
    log_in(client)
    connection.execute(text("UPDATE app.sign_in SET seen_at = seen_at - interval '90 minutes'"))
    assert client.get("/account").status_code == 200
    fresh = connection.scalar(text("SELECT clock_timestamp() - seen_at < interval '1 minute' FROM app.sign_in"))
    assert fresh is True
    limits = SessionLimits()
    kept = connection.scalar(text("SELECT extract(epoch FROM ends_at - started_at) / 60 FROM app.sign_in"))
    assert float(kept or 0) == pytest.approx(limits.minutes, abs=0.1)


def test_cookie_alone_opens_nothing(app: Flask, client: FlaskClient, connection: Connection, member: str) -> None:
    """A cookie that somebody has copied ends with the session, also when its owner signed out."""
    log_in(client)
    cookie = client.get_cookie("session")
    assert cookie is not None
    client.post("/logout")
    thief = app.test_client()
    thief.set_cookie("session", cookie.value)
    assert thief.get("/account").status_code == 302
    without = sign_in(app.test_client(), make_account(connection, "ppk"))
    with without.session_transaction() as session:
        session.pop("sign_in")
    assert without.get("/account").status_code == 302


def test_session_of_one_account_is_no_session_of_another(
    app: Flask, client: FlaskClient, connection: Connection
) -> None:
    sign_in(client, make_account(connection, "field_officer"))
    administrator = make_account(connection, "administrator")
    with client.session_transaction() as session:
        session["_user_id"] = administrator.fs_uniquifier
    assert client.get("/people").status_code == 302


def test_remembered_device_lives_longer_but_not_for_those_who_approve(
    app: Flask, connection: Connection, member: str
) -> None:
    browser = app.test_client()
    log_in(browser, remember="y")
    assert browser.get_cookie("remember_token") is None, "no token beside the session outlives it"
    limits = SessionLimits()
    idle = connection.scalar(text("SELECT idle_minutes FROM app.sign_in"))
    assert idle == limits.remembered_idle_minutes
    closed = browser.get_cookie("session")
    assert closed is not None
    assert closed.expires is not None
    connection.execute(
        text("INSERT INTO app.account_role SELECT a.id, r.id FROM app.account a, app.role r WHERE r.name = 'reviewer'")
    )
    import dataclasses

    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], second_factor=True)
    connection.execute(text("DELETE FROM app.sign_in"))
    assert app.test_client().post("/login", data={"email": EMAIL, "password": OWN, "remember": "y"}).status_code == 302
    assert connection.scalar(text("SELECT count(*) FROM app.sign_in")) == 0, "first the second factor"


def test_page_after_an_ended_session_leads_back(client: FlaskClient, connection: Connection, member: str) -> None:
    answer = client.get("/people?q=a%20b")
    assert url_decode(answer.headers["Location"].partition("?")[2]) == {"next": ["/people?q=a%20b"]}
    back = client.post(answer.headers["Location"], data={"email": EMAIL, "password": OWN})
    assert back.headers["Location"] == "/people?q=a%20b"


def test_text_of_a_form_is_kept_when_the_session_has_ended(
    app: Flask, client: FlaskClient, connection: Connection
) -> None:
    """The form of an invitation, filled in at length; then the session ends and the form is sent."""
    account = make_account(connection, "administrator")
    sign_in(client, account)
    page = client.get("/people/invite").text
    ticket = page.split('name="kept_ticket" value="')[1].split('"')[0]
    connection.execute(text("UPDATE app.sign_in SET ended_at = clock_timestamp()"))
    form = {"name": "Nama yang panjang", "roles": ["ppk"], "area_prefix": "16.05.09", "kept_ticket": ticket}
    answer = client.post("/people/invite", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/people/invite")
    assert connection.scalar(text("SELECT count(*) FROM app.invitation")) == 0
    sign_in(client, account)
    again = client.get("/people/invite").text
    assert 'value="Nama yang panjang"' in again
    assert 'value="16.05.09"' in again
    assert 'value="ppk" checked' in again
    other = sign_in(app.test_client(), make_account(connection, "administrator"))
    assert "Nama yang panjang" not in other.get("/people/invite").text


def test_sign_in_is_written_down_with_the_browser(client: FlaskClient, connection: Connection, member: str) -> None:
    log_in(client)
    row = connection.execute(text("SELECT * FROM app.sign_in")).one()
    assert "Werkzeug" in (row.agent or "")
    with client.session_transaction() as session:
        assert session["sign_in"] not in str(row), "only a hash is kept"


def test_own_tokens_of_flask_security_are_not_taken(client: FlaskClient, connection: Connection, member: str) -> None:
    """Asked for JSON, sign-in may hand out a token of its own; it must open nothing."""
    answer = client.post(
        "/login?include_auth_token", json={"email": EMAIL, "password": OWN}, headers={"Accept": "application/json"}
    )
    token = ((answer.json or {}).get("response") or {}).get("user", {}).get("authentication_token", "x")
    visitor = client.application.test_client()
    assert visitor.get("/api/v1/me", headers={"Authentication-Token": token}).status_code == 401
    assert visitor.get(f"/api/v1/me?auth_token={token}").status_code == 401
    assert visitor.get("/change", headers={"Authentication-Token": token}).status_code in {302, 401}
    assert visitor.get("/change", auth=(EMAIL, OWN)).status_code in {302, 401}
