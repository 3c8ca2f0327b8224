"""The gate answers plain requests for tiles as Flask's view would, and leaves everything else to it."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text
from werkzeug.test import TestResponse

from app.tiles.gate import TileGate

ADDRESS = "/tiles/streets/12/3221/2083.mvt"
IN_THE_TILE = "LINESTRING(103.10 -3.10, 103.12 -3.09)"


@pytest.fixture
def street(connection: Connection) -> Connection:
    connection.execute(
        text("INSERT INTO layers.streets (class, geom) VALUES ('primary', ST_Multi(ST_GeomFromText(:line, 4326)))"),
        {"line": IN_THE_TILE},
    )
    return connection


@pytest.fixture
def ask_flask(app: Flask) -> Callable[..., TestResponse]:
    """A client of the application behind the gate."""
    gate = app.wsgi_app
    assert isinstance(gate, TileGate)

    def ask(address: str, **options: object) -> TestResponse:
        app.wsgi_app = gate._wsgi_app  # type: ignore[method-assign]
        try:
            return app.test_client().get(address, **options)  # type: ignore[arg-type]
        finally:
            app.wsgi_app = gate  # type: ignore[method-assign]

    return ask


@pytest.mark.parametrize("query", ["", "?v=1", "?v=0"])
@pytest.mark.parametrize("encoding", ["gzip", "br, gzip;q=0.5", "identity", "gzip;q=0", ""])
def test_gate_answers_as_flask_does(
    client: FlaskClient, ask_flask: Callable[..., TestResponse], street: Connection, query: str, encoding: str
) -> None:
    options = {"headers": {"Accept-Encoding": encoding}}
    by_gate, by_flask = client.get(ADDRESS + query, **options), ask_flask(ADDRESS + query, **options)
    assert by_gate.status_code == by_flask.status_code == 200
    assert by_gate.data == by_flask.data
    for header in ("ETag", "Cache-Control", "Content-Type", "Content-Encoding", "X-Content-Type-Options"):
        assert by_gate.headers.get(header) == by_flask.headers.get(header), header
    assert "Accept-Encoding" in by_gate.headers["Vary"]
    assert "Set-Cookie" not in by_gate.headers
    plain = gzip.decompress(by_gate.data) if by_gate.headers.get("Content-Encoding") else by_gate.data
    assert b"streets" in plain


def test_empty_and_known_tiles_have_no_body(client: FlaskClient, street: Connection) -> None:
    assert client.get("/tiles/streets/12/0/0.mvt").status_code == 204
    etag = client.get(ADDRESS).headers["ETag"]
    known = client.get(ADDRESS, headers={"If-None-Match": etag})
    assert (known.status_code, known.data) == (304, b"")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/tiles/rivers/12/3221/2083.mvt", 404),
        ("/tiles/streets/12/9999/2083.mvt", 404),
        ("/tiles/streets/99/1/1.mvt", 404),
        (f"/tiles/{','.join(['streets'] + ['roads'] * 3)}/12/3221/2083.mvt", 200),
        ("/tiles/streets/12/3221/2083.mvt?as_of=kemarin", 400),
        ("/tiles/streets/12/3221/2083.mvt?as_of=2020-01-01", 204),
        ("/tiles/streets/12/3221/2083.mvt?v=satu", 200),
    ],
)
def test_what_is_not_plain_is_answered_by_flask(
    client: FlaskClient, street: Connection, address: str, status: int
) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    if status >= 400:
        assert answer.mimetype == "application/problem+json"


def test_head_has_the_headers_alone(client: FlaskClient, street: Connection) -> None:
    answer = client.head(ADDRESS)
    assert (answer.status_code, answer.data) == (200, b"")


def test_failure_is_answered_once_and_as_any_other(
    client: FlaskClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    import app.tiles.routes as routes

    calls = []

    def fail(*_args: object, **_options: object) -> None:
        calls.append(1)
        raise RuntimeError("the disk is on fire")

    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr(routes, "make_tile", fail)
    answer = client.get(ADDRESS)
    assert answer.status_code == 500
    assert answer.mimetype == "application/problem+json"
    assert "fire" not in answer.text
    assert len(calls) == 1
