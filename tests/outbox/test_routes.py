"""What the server gives a phone that writes updates without signal."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection

from tests.helpers.factories import make_region
from tests.helpers.people import make_account, sign_in


@pytest.fixture(autouse=True)
def region(connection: Connection) -> None:
    make_region(connection)


def test_service_worker_may_serve_the_whole_site_and_is_never_old(client: FlaskClient) -> None:
    response = client.get("/sw.js")
    assert response.status_code == 200
    assert response.mimetype == "text/javascript"
    assert response.headers["Service-Worker-Allowed"] == "/"
    assert response.headers["Cache-Control"] == "no-cache"
    assert "worker-src 'self'" in response.headers["Content-Security-Policy"]
    assert "indexedDB.open" in response.text
    assert "deleteDatabase" not in response.text
    assert "import" not in response.text.split("(")[0]  # in one file


def test_manifest_names_icons_that_are_served(client: FlaskClient) -> None:
    response = client.get("/manifest.webmanifest")
    assert response.mimetype == "application/manifest+json"
    manifest = json.loads(response.text)
    assert manifest["start_url"] == "/work"
    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}
    for icon in manifest["icons"]:
        assert client.get(icon["src"]).data.startswith(b"\x89PNG")


def test_session_tells_the_account_and_a_token(client: FlaskClient, connection: Connection) -> None:
    account = make_account(connection, "field_officer")
    response = sign_in(client, account).get("/outbox/session", headers={"Accept": "application/json"})
    assert response.json is not None
    assert response.json["account"] == str(account.id)
    assert response.json["csrf_token"]
    assert "no-store" in response.headers["Cache-Control"]


def test_token_of_the_session_is_taken_with_a_change(app: Flask, connection: Connection) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    client = sign_in(app.test_client(), make_account(connection, "field_officer"))
    session = client.get("/outbox/session", headers={"Accept": "application/json"}).json
    assert session is not None
    address = "/api/v1/projects/TIDAK-ADA/updates"
    assert client.post(address, json={}).status_code == 400
    assert client.post(address, json={}, headers={"X-CSRFToken": session["csrf_token"]}).status_code == 404


def test_nobody_has_no_session_and_no_outbox(client: FlaskClient) -> None:
    response = client.get("/outbox/session", headers={"Accept": "application/json"})
    assert response.status_code == 401
    assert response.mimetype == "application/problem+json"
    page = client.get("/outbox")
    assert page.status_code == 302
    assert page.headers["Location"].startswith("/login?next=")


def test_pages_for_staff_say_whose_they_are(client: FlaskClient, connection: Connection) -> None:
    account = make_account(connection, "field_officer")
    page = sign_in(client, account).get("/outbox").text
    assert f'<meta name="account" content="{account.id}">' in page
    assert 'rel="manifest"' in page
    assert 'data-part="outbox-badge"' in page


def test_public_pages_carry_nothing_of_it(client: FlaskClient) -> None:
    for address in ("/", "/projects", "/login"):
        page = client.get(address).text
        assert "outbox" not in page, address
        assert "manifest" not in page, address
