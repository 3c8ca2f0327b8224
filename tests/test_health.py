"""What watchers and search engines are told."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app import create_app
from app.config import Settings
from app.database.roles import DatabaseUrls
from tests.contracts import check
from tests.helpers.factories import make_project, make_region
from tests.helpers.queries import counted_queries


def test_living_process_asks_nothing_of_the_database(client: FlaskClient, connection: Connection) -> None:
    with counted_queries(connection) as queries:
        answer = client.get("/healthz")
    assert (answer.status_code, answer.json, queries) == (200, {"status": "ok"}, [])


def test_ready_once_there_is_a_region(client: FlaskClient, connection: Connection) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    check("problem", answer.json)
    make_region(connection)
    assert client.get("/readyz").json == {"status": "ready", "region": "16.05"}


def test_not_ready_with_an_older_schema(client: FlaskClient, connection: Connection) -> None:
    make_region(connection)
    connection.execute(text("UPDATE app.alembic_version SET version_num = '0000'"))
    assert client.get("/readyz").status_code == 503


@pytest.fixture
def stranded(settings: Settings, database: DatabaseUrls) -> Flask:
    """An application whose database does not answer."""
    gone = DatabaseUrls(*(["postgresql+psycopg://nobody@127.0.0.1:1/nothing"] * 3))
    return create_app(settings, gone)


def test_unreachable_database_is_told_without_its_secrets(stranded: Flask) -> None:
    client = stranded.test_client()
    assert client.get("/healthz").status_code == 200
    for address in ("/readyz", "/api/v1/projects", "/api/v1/versions"):
        answer = client.get(address)
        assert answer.status_code == 503, address
        check("problem", answer.json)
        assert "127.0.0.1" not in answer.text
    page = client.get("/projects")
    assert page.status_code == 503
    assert "Pangkalan data" in page.text


def test_robots_and_sitemap(client: FlaskClient, connection: Connection) -> None:
    make_region(connection)
    make_project(connection, code="P/1 <b>")
    assert "Sitemap: http://localhost/sitemap.xml" in client.get("/robots.txt").text
    tree = ElementTree.fromstring(client.get("/sitemap.xml").data)
    addresses = [node.text for node in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert "http://localhost/projects/P/1%20%3Cb%3E" in addresses
    assert "http://localhost/data" in addresses
