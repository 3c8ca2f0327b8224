"""Sign-in, sign-out, the one-time password, and those who guess."""

import dataclasses

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy import Connection, text
from werkzeug.test import TestResponse

from app import create_app
from app.auth import service
from app.auth.permissions import needs, public
from app.config import Settings, SignInLimits, SignInSettings
from app.database.roles import DatabaseUrls
from app.errors import InvalidRequest, NotFound
from app.extensions import db
from tests.helpers.application import everything_closed
from tests.helpers.people import bearer

EMAIL = "siti@musirawas.example"
OWN = "kata sandi milik siti"


@pytest.fixture
def password(app: Flask) -> str:
    with app.app_context():
        one_time = service.create_account(db.session, EMAIL, "administrator")
        db.session.commit()
    return one_time


def sign_in(client: FlaskClient, password: str, email: str = EMAIL) -> TestResponse:
    return client.post("/login", data={"email": email, "password": password})


def change(client: FlaskClient, old: str, new: str, again: str | None = None) -> TestResponse:
    return client.post("/change", data={"password": old, "new_password": new, "new_password_confirm": again or new})


def test_one_time_password_opens_only_the_page_that_changes_it(client: FlaskClient, password: str) -> None:
    assert sign_in(client, password).status_code == 302
    assert client.get("/").headers["Location"] == "/change"
    assert client.get("/change").status_code == 200
    assert change(client, password, OWN).status_code == 302
    assert client.get("/change").status_code == 200
    client.post("/logout")
    assert sign_in(client, password).status_code == 200, "the one-time password has had its time"
    assert sign_in(client, OWN).status_code == 302


@pytest.mark.parametrize("email", [service.FIRST_ADMINISTRATOR, "dinas@kantor.internal", "ppk@localhost"])
def test_account_of_a_closed_network_signs_in(app: Flask, client: FlaskClient, email: str) -> None:
    with app.app_context():
        password = service.create_account(db.session, email, "administrator")
        db.session.commit()
    assert sign_in(client, password, f" {email.upper()} ").status_code == 302


@pytest.mark.parametrize("email", ["", "siti", "si ti@x.example", "a\0@x.example", "@" * 5000])
def test_what_is_no_account_is_answered_with_the_form(client: FlaskClient, email: str) -> None:
    assert sign_in(client, "apa saja", email).status_code == 200


def test_form_with_its_token_is_kept_nowhere(client: FlaskClient) -> None:
    assert {part.strip() for part in client.get("/login").headers["Cache-Control"].split(",")} == {
        "private",
        "no-store",
    }


def test_sign_out_ends_the_session(client: FlaskClient, password: str) -> None:
    sign_in(client, password)
    assert client.get("/logout").status_code == 405, "a link must not sign anybody out"
    client.post("/logout")
    assert client.get("/change").status_code == 302


@pytest.mark.parametrize("email", [EMAIL, "tidak.ada@musirawas.example"])
def test_wrong_password_and_unknown_account_are_answered_alike(client: FlaskClient, password: str, email: str) -> None:
    answer = sign_in(client, "salah sama sekali", email)
    assert answer.status_code == 200
    assert "Alamat surel atau kata sandi salah." in answer.text


def test_guesser_is_slowed_down_even_with_the_right_password(app: Flask, password: str) -> None:
    app.config["SETTINGS"] = Settings(sign_in=SignInSettings(per_account_here=SignInLimits(failures=3, minutes=15)))
    client = app.test_client()
    for _ in range(3):
        sign_in(client, "salah sama sekali")
    assert "Terlalu banyak percobaan" in sign_in(client, password).text
    assert "Terlalu banyak percobaan" not in sign_in(client, "x", "budi@musirawas.example").text


def test_failures_are_forgotten_after_the_time(app: Flask, connection: Connection, password: str) -> None:
    app.config["SETTINGS"] = Settings(sign_in=SignInSettings(per_account_here=SignInLimits(failures=1, minutes=15)))
    client = app.test_client()
    sign_in(client, "salah sama sekali")
    connection.execute(text("UPDATE app.failed_sign_in SET failed_at = failed_at - interval '16 minutes'"))
    assert sign_in(client, password).status_code == 302


@pytest.mark.parametrize(
    ("new", "again", "sentence"),
    [
        ("pendek", None, "paling sedikit 12"),
        (OWN, "bukan yang itu tadi", "tidak sama"),
    ],
)
def test_unfit_new_password_is_refused_beside_its_field(
    client: FlaskClient, password: str, new: str, again: str | None, sentence: str
) -> None:
    sign_in(client, password)
    answer = change(client, password, new, again)
    assert answer.status_code == 200
    assert sentence in answer.text


def test_disabled_account_is_out_at_once(app: Flask, client: FlaskClient, password: str) -> None:
    sign_in(client, password)
    change(client, password, OWN)
    with app.app_context():
        service.disable_account(db.session, EMAIL)
        db.session.commit()
    assert client.get("/change").status_code == 302
    assert sign_in(client, OWN).status_code == 200


def test_password_is_kept_as_argon2_only(connection: Connection, password: str) -> None:
    stored = connection.scalar(text("SELECT password FROM app.account WHERE email = :email"), {"email": EMAIL})
    assert isinstance(stored, str)
    assert "argon2id" in stored
    assert password not in stored


def test_pages_of_sign_in_speak_the_visitors_language(client: FlaskClient) -> None:
    assert "Kata sandi" in client.get("/login", headers={"Accept-Language": "en"}).text
    assert "Password" in client.get("/login?lang=en").text


def test_next_never_leads_to_another_host(client: FlaskClient, password: str) -> None:
    answer = client.post("/login?next=https://jahat.example/", data={"email": EMAIL, "password": password})
    assert "jahat.example" not in answer.headers.get("Location", "")


def test_public_role_cannot_read_accounts(reader_connection: Connection) -> None:
    tables = (
        "account", "role", "account_role", "failed_sign_in", "invitation", "password_reset", "api_token", "sign_in",
        "second_factor_use",
    )  # fmt: skip
    for table in tables:
        allowed = reader_connection.scalar(text(f"SELECT has_any_column_privilege('app.{table}', 'SELECT')"))
        assert allowed is False, table


@pytest.mark.parametrize("email", ["siti", "si ti@x.example", ""])
def test_account_needs_an_address(app: Flask, email: str) -> None:
    with app.app_context(), pytest.raises(InvalidRequest):
        service.create_account(db.session, email, "administrator")


def test_account_is_made_once_and_with_a_role_that_exists(app: Flask, password: str) -> None:
    with app.app_context(), pytest.raises(InvalidRequest, match="already"):
        service.create_account(db.session, EMAIL.upper(), "administrator")
    with app.app_context(), pytest.raises(NotFound, match="administrator"):
        service.create_account(db.session, "budi@musirawas.example", "raja")


def test_history_names_the_person_who_acts(
    app: Flask, client: FlaskClient, password: str, connection: Connection
) -> None:
    """The session of a signed-in request writes as that person."""

    def name_actor() -> str:
        return str(db.session.scalar(text("SELECT app.actor()")))

    app.add_url_rule("/siapa", view_func=needs()(name_actor))
    sign_in(client, password)
    change(client, password, OWN)
    assert client.get("/siapa").text == EMAIL


def test_guesser_elsewhere_keeps_nobody_out(app: Flask, password: str) -> None:
    app.config["SETTINGS"] = Settings(sign_in=SignInSettings(per_account_here=SignInLimits(failures=2, minutes=15)))
    guesser, owner = app.test_client(), app.test_client()
    for _ in range(3):
        answer = guesser.post(
            "/login", data={"email": EMAIL, "password": "salah sekali"}, environ_base={"REMOTE_ADDR": "203.0.113.9"}
        )
    assert "Terlalu banyak percobaan" in answer.text
    assert sign_in(owner, password).status_code == 302


def test_many_guessers_together_are_slowed_down(app: Flask, password: str) -> None:
    app.config["SETTINGS"] = Settings(sign_in=SignInSettings(per_account=SignInLimits(failures=2, minutes=15)))
    client = app.test_client()
    for number in (1, 2):
        data = {"email": EMAIL, "password": "salah sekali"}
        client.post("/login", data=data, environ_base={"REMOTE_ADDR": f"203.0.113.{number}"})
    assert "Terlalu banyak percobaan" in sign_in(client, password).text


@pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.1"), (1, "198.51.100.7"), (2, "203.0.113.9")])
def test_only_our_own_proxies_are_believed(
    settings: Settings, database: DatabaseUrls, proxies: int, address: str
) -> None:
    app = create_app(dataclasses.replace(settings, proxies=proxies), database)
    app.add_url_rule("/alamat", view_func=public(lambda: str(request.remote_addr)))
    with everything_closed(app):
        answer = app.test_client().get("/alamat", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.7"})
    assert answer.text == address


@pytest.mark.parametrize("path", ["/login", "/change", "/verify", "/login/code", "/account/recovery-codes"])
@pytest.mark.parametrize("body", ['{"email": 5, "password": "a"}', '{"email": "a", "password": ["a"]}', "[" * 60_000])
def test_pages_of_sign_in_take_forms_alone(client: FlaskClient, path: str, body: str) -> None:
    assert client.post(path, data=body, content_type="application/json").status_code == 415
    assert client.get(path, headers={"Accept": "application/json"}).status_code in {200, 302}


def test_renewed_password_ends_the_tokens(
    app: Flask, client: FlaskClient, connection: Connection, password: str
) -> None:
    account = connection.execute(text("SELECT * FROM app.account WHERE email = :email"), {"email": EMAIL}).one()
    headers = bearer(connection, account)
    assert client.get("/api/v1/me", headers=headers).status_code == 200
    with app.app_context():
        service.renew_password(db.session, EMAIL)
        db.session.commit()
    assert client.get("/api/v1/me", headers=headers).status_code == 401
