"""The second factor: asked of those who decide for others, good once, slow to guess, and recoverable."""

from __future__ import annotations

import dataclasses
import re
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_security import hash_password
from passlib.totp import TOTP
from sqlalchemy import Connection, text
from werkzeug.test import TestResponse

from app.auth import service
from app.auth.permissions import APPROVING, ROLES
from app.config import SignInLimits, SignInSettings
from app.extensions import db
from tests.helpers.people import make_account, sign_in

EMAIL = "siti@musirawas.example"
OWN = "kata sandi milik siti"
KEY = re.compile(r"<code>([A-Z2-7-]+)</code>")


@pytest.fixture
def app(app: Flask) -> Flask:
    """The application as an installation runs it: with the second factor."""
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], second_factor=True)
    return app


def make(app: Flask, role: str) -> None:
    with app.app_context():
        service.create_account(db.session, EMAIL, role)
        account = service.find_account(db.session, EMAIL)
        account.password, account.must_change_password = hash_password(OWN), False
        db.session.commit()


def log_in(client: FlaskClient, **more: str) -> TestResponse:
    return client.post("/login", data={"email": EMAIL, "password": OWN, **more})


def code_of(key: str, *, at: float | None = None) -> str:
    """Return what a phone shows, by another library's reckoning than the setup page's."""
    return str(TOTP(key=key.replace("-", ""), digits=6, period=30).generate(at or time.time()).token)


def set_up(client: FlaskClient) -> str:
    """Set the second factor up from sign-in, and return the key that the phone keeps."""
    assert log_in(client).headers["Location"] == "/account/second-factor"
    page = client.post("/account/second-factor", data={"setup": "authenticator"}).text
    assert 'src="data:image/svg+xml' in page
    key = KEY.findall(page)[0]
    answer = client.post("/login/code", data={"code": code_of(key, at=time.time() - 30)})
    assert answer.status_code == 302, answer.text
    return str(key)


@pytest.mark.parametrize("role", ROLES)
def test_who_decides_for_others_is_asked_and_nobody_else(app: Flask, client: FlaskClient, role: str) -> None:
    make(app, role)
    answer = log_in(client)
    if ROLES[role] & APPROVING:
        assert answer.headers["Location"] == "/account/second-factor"
        assert client.get("/account").status_code == 302, "the password alone opens nothing"
        assert client.get("/api/v1/me").status_code == 401
    else:
        assert answer.headers["Location"] == "/work"
        assert client.get("/account").status_code == 200


def test_setting_off_asks_nobody(app: Flask, client: FlaskClient) -> None:
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], second_factor=False)
    make(app, "reviewer")
    assert log_in(client).headers["Location"] == "/work"


def test_phone_is_set_up_and_asked_at_every_sign_in(app: Flask, client: FlaskClient) -> None:
    make(app, "reviewer")
    key = set_up(client)
    assert client.get("/account").status_code == 200
    client.post("/logout")
    assert log_in(client).headers["Location"].startswith("/login/code")
    assert client.get("/account").status_code == 302
    assert client.post("/login/code", data={"code": "000000"}).status_code == 200
    assert client.get("/account").status_code == 302
    assert client.post("/login/code", data={"code": code_of(key)}).status_code == 302
    assert client.get("/account").status_code == 200


def test_code_is_good_once(app: Flask, client: FlaskClient) -> None:
    make(app, "reviewer")
    key = set_up(client)
    client.post("/logout")
    code = code_of(key)
    log_in(client)
    assert client.post("/login/code", data={"code": code}).status_code == 302
    watcher = app.test_client()
    log_in(watcher)
    again = watcher.post("/login/code", data={"code": code})
    assert again.status_code == 200
    assert "sudah dipakai" in again.text


def test_code_without_the_password_is_nothing(app: Flask, client: FlaskClient) -> None:
    make(app, "reviewer")
    key = set_up(client)
    stranger = app.test_client()
    answer = stranger.post("/login/code", data={"code": code_of(key)})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login")
    assert stranger.get("/account").status_code == 302


def test_guesser_of_codes_is_slowed_down(app: Flask, client: FlaskClient) -> None:
    app.config["SETTINGS"] = dataclasses.replace(
        app.config["SETTINGS"], sign_in=SignInSettings(per_account_here=SignInLimits(failures=3, minutes=15))
    )
    make(app, "reviewer")
    key = set_up(client)
    client.post("/logout")
    log_in(client)
    for guess in ("111111", "222222", "333333"):
        client.post("/login/code", data={"code": guess})
    answer = client.post("/login/code", data={"code": code_of(key)})
    assert answer.status_code == 200
    assert "Terlalu banyak percobaan" in answer.text
    assert client.post("/login/recovery", data={"code": "aaaa-bbbb-cccc"}).text.count("Terlalu banyak percobaan")


def test_recovery_code_lets_in_once(app: Flask, client: FlaskClient, connection: Connection) -> None:
    make(app, "reviewer")
    set_up(client)
    codes = re.findall(r"<li><code>([0-9a-f-]+)</code>", client.post("/account/recovery-codes").text)
    assert len(set(codes)) == 8
    stored = connection.scalar(text("SELECT mf_recovery_codes FROM app.account WHERE email = :e"), {"e": EMAIL})
    assert not set(codes) & set(stored or []), "they are kept encrypted"
    for expected in (302, 200):
        client.post("/logout")
        log_in(client)
        assert client.post("/login/recovery", data={"code": codes[0]}).status_code == expected
    assert client.get("/account").status_code == 302


def test_secret_of_the_phone_is_kept_encrypted(app: Flask, client: FlaskClient, connection: Connection) -> None:
    make(app, "reviewer")
    key = set_up(client)
    stored = connection.scalar(text("SELECT tf_totp_secret FROM app.account WHERE email = :e"), {"e": EMAIL})
    assert stored
    assert key.replace("-", "") not in str(stored)
    audit = connection.scalars(text("SELECT coalesce(new, '{}')::text FROM app.audit")).all()
    assert not any("tf_totp_secret" in row for row in audit)


def test_lost_phone_is_forgotten_by_an_administrator(app: Flask, client: FlaskClient, connection: Connection) -> None:
    make(app, "reviewer")
    set_up(client)
    identifier = connection.scalar(text("SELECT id FROM app.account WHERE email = :e"), {"e": EMAIL})
    administrator = sign_in(app.test_client(), make_account(connection, "administrator"))
    assert "ponselnya hilang" in administrator.get(f"/people/{identifier}").text
    assert administrator.post(f"/people/{identifier}/second-factor").status_code == 302
    assert client.get("/account").status_code == 302
    set_up(app.test_client())


def test_who_must_have_it_cannot_take_it_off(app: Flask, client: FlaskClient, connection: Connection) -> None:
    make(app, "reviewer")
    set_up(client)
    assert "Lepas faktor kedua" not in client.get("/account/second-factor").text
    client.post("/account/second-factor", data={"setup": "disable"})
    assert connection.scalar(text("SELECT tf_primary_method FROM app.account WHERE email = :e"), {"e": EMAIL})


def test_who_need_not_may_all_the_same(app: Flask, client: FlaskClient) -> None:
    make(app, "field_officer")
    log_in(client)
    page = client.post("/account/second-factor", data={"setup": "authenticator"}).text
    key = KEY.findall(page)[0]
    action = re.findall(r'action="(/account/second-factor/[^"]+)"', page)[0]
    assert client.post(action, data={"code": code_of(key, at=time.time() - 30)}).status_code == 302
    client.post("/logout")
    assert log_in(client).headers["Location"].startswith("/login/code")
    client.post("/login/code", data={"code": code_of(key)})
    assert "Lepas faktor kedua" in client.get("/account/second-factor").text
    client.post("/account/second-factor", data={"setup": "disable"})
    client.post("/logout")
    assert log_in(client).headers["Location"] == "/work"


def test_one_time_password_and_second_factor_follow_one_another(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        password = service.create_account(db.session, EMAIL, "administrator")
        db.session.commit()
    answer = client.post("/login", data={"email": EMAIL, "password": password})
    assert answer.headers["Location"] == "/account/second-factor"
    key = KEY.findall(client.post("/account/second-factor", data={"setup": "authenticator"}).text)[0]
    client.post("/login/code", data={"code": code_of(key)})
    assert client.get("/people").headers["Location"] == "/change"


@pytest.mark.parametrize("path", ["/tf-rescue", "/tf-select"])
def test_ways_around_it_are_closed(app: Flask, client: FlaskClient, path: str) -> None:
    make(app, "reviewer")
    set_up(client)
    client.post("/logout")
    log_in(client)
    assert client.post(path, data={"help_setup": "help"}).status_code in {401, 403}
