"""What other sites show of us: only the pages meant for it may be framed, and oEmbed gives nothing that is not ours."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection

from app.config import ROOT
from tests.helpers.factories import make_district, make_location, make_project, make_region, make_village

HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture(autouse=True)
def region(connection: Connection) -> None:
    make_region(connection)
    make_district(connection)
    make_village(connection)
    make_project(connection, code="P-1", name=f"Jalan {HOSTILE}", planned_percent=62, physical_percent=48.2)
    make_project(connection, code="P-2", name="Jembatan Kelingi", sector="bridges", geom=None)


def policy(answer: Any) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


def test_embedded_page_may_be_framed_anywhere(client: FlaskClient) -> None:
    answer = client.get("/embed?sector=roads")
    assert answer.status_code == 200
    assert policy(answer)["frame-ancestors"] == "*"
    assert "X-Frame-Options" not in answer.headers
    assert policy(answer)["default-src"] == "'none'"
    assert "Set-Cookie" not in answer.headers
    assert "Terlambat" in answer.text
    assert "Jembatan Kelingi" not in answer.text
    assert HOSTILE not in answer.text
    assert '<a href="/projects/P-1" target="_blank" rel="noopener">' in answer.text


@pytest.mark.parametrize("address", [
    "/", "/projects", "/projects/P-1", "/data", "/reports", "/login", "/light", "/oembed", "/embed?stage=zzz",
    "/embed?project=tidak-ada", "/tidak-ada", "/feeds/projects.atom", "/projects-map.html",
])  # fmt: skip
def test_no_other_page_may_be_framed_by_other_sites(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert policy(answer).get("frame-ancestors", "'self'") == "'self'"


def test_embed_takes_a_project_and_says_when_nothing_matches(client: FlaskClient) -> None:
    assert "Jembatan Kelingi" in client.get("/embed?project=P-2").text
    assert "Tidak ada pekerjaan yang cocok" in client.get("/embed?year=1999").text
    assert client.get("/embed?apa=1").status_code == 400


def test_picture_shows_the_places_of_the_scope(client: FlaskClient) -> None:
    some, none = client.get("/embed/map.svg?sector=roads"), client.get("/embed/map.svg?sector=bridges&theme=dark")
    for answer in (some, none):
        assert answer.status_code == 200
        assert ET.fromstring(answer.data).tag.endswith("svg")
    again = client.get("/embed/map.svg?sector=roads", headers={"If-None-Match": some.headers["ETag"]})
    assert again.status_code == 304


def oembed(client: FlaskClient, url: str, more: str = "") -> Any:
    return client.get(f"/oembed?url={quote(url, safe='')}{more}")


@pytest.mark.parametrize(("url", "src"), [
    ("http://localhost/projects/P-1", "http://localhost/embed?project=P-1"),
    ("http://localhost/projects?sector=roads&year=2026&sort=name", "http://localhost/embed?year=2026&sector=roads"),
    ("http://localhost/?district=16.05.09", "http://localhost/embed?district=16.05.09"),
])  # fmt: skip
def test_oembed_gives_a_frame(client: FlaskClient, url: str, src: str) -> None:
    answer = oembed(client, url)
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    content = answer.json
    assert (content["version"], content["type"], content["width"], content["height"]) == ("1.0", "rich", 640, 480)
    assert content["html"].startswith("<iframe ")
    assert "<script" not in content["html"]
    found = re.search(r' src="([^"]+)"', content["html"])
    assert found
    given = found[1].replace("&amp;", "&")
    assert sorted(given.partition("?")[2].split("&")) == sorted(src.partition("?")[2].split("&"))
    assert client.get(given).status_code == 200


def test_oembed_keeps_to_the_size_asked_for(client: FlaskClient) -> None:
    content = oembed(client, "http://localhost/projects", "&maxwidth=320&maxheight=9999").json
    assert (content["width"], content["height"]) == (320, 480)
    assert oembed(client, "http://localhost/projects", "&maxwidth=-1").status_code == 400


@pytest.mark.parametrize("url", [
    "", "http://jahat.example/projects", "javascript:alert(1)", "http://localhost.jahat.example/projects",
    "http://localhost@jahat.example/projects", "http://[", "http://localhost/login", "http://localhost/projects/zzz",
    "//localhost/projects", "http://localhost/projects/P-1%00",
])  # fmt: skip
def test_oembed_knows_nothing_of_other_addresses(client: FlaskClient, url: str) -> None:
    assert oembed(client, url).status_code in {400, 404}


def test_oembed_has_no_xml(client: FlaskClient) -> None:
    assert oembed(client, "http://localhost/projects", "&format=xml").status_code == 501


def test_pages_lead_to_oembed(client: FlaskClient) -> None:
    for page in ("/projects?year=2026", "/projects/P-1"):
        found = re.search(
            r'<link rel="alternate" type="application/json\+oembed"[^>]* href="([^"]+)"', client.get(page).text
        )
        assert found, page
        assert client.get(found[1].replace("&amp;", "&")).status_code == 200


@pytest.mark.skipif(not (ROOT / "static" / "node_modules").is_dir(), reason="the browser's packages are not installed")
def test_map_of_one_file_asks_nobody_for_anything(client: FlaskClient, connection: Connection) -> None:
    make_location(connection, make_project(connection, code="P-3"), "planned", "LINESTRING(102.95 -3.15, 102.96 -3.14)")
    answer = client.get("/projects-map.html?sector=roads")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=", answer.text)
    assert "L.map" in answer.text
    assert "P-1" in answer.text
    assert "P-2" not in answer.text
    assert HOSTILE not in answer.text
