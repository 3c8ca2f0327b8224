"""Pages call districts and villages what the region calls them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from app.admin.region import ensure_region
from app.config import Settings
from app.own_words import catalogue_in_own_words
from app.region import read_region
from layers.catalogue import built_in_catalogue
from layers.rules import seed_rules
from tests.helpers.factories import make_district, make_project, make_road, make_village

WORDS = {
    "16.05": ("Kecamatan", "Desa"),
    "13.07": ("Kecamatan", "Nagari"),
    "91.03": ("Distrik", "Kampung"),
}


@pytest.fixture(params=WORDS)
def words(request: pytest.FixtureRequest, connection: Connection, settings: Settings) -> tuple[str, str]:
    """What the region of this installation, one of three, calls its districts and villages."""
    code: str = request.param
    ensure_region(connection, replace(settings, region=code))
    seed_rules(connection)
    make_district(connection, code=f"{code}.01", name="Hulu")
    make_village(connection, code=f"{code}.01.2001", name="Hilir")
    return WORDS[code]


def page(client: FlaskClient, address: str) -> str:
    """Return a page's text."""
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.text


def titles(client: FlaskClient, address: str) -> dict[str, str]:
    """Return the titles of layers in the legend."""
    return {entry["layer"]: entry["title"] for entry in client.get(address).json["layers"]}


def test_layers(client: FlaskClient, words: tuple[str, str]) -> None:
    district, village = words
    legend = titles(client, "/api/v1/legend")
    assert (legend["districts"], legend["villages"]) == (district, f"{village} dan kelurahan")
    html = page(client, "/data")
    assert f'<th scope="row">{district}<small>Batas {district.lower()}.</small>' in html
    assert f'<th scope="row">{village} dan kelurahan<small>' in html
    collection = client.get("/ogc/collections/villages").json
    assert collection["title"] == client.get("/tiles/villages.json").json["name"] == f"{village} dan kelurahan"


def test_features_and_what_leads_to_them(client: FlaskClient, connection: Connection, words: tuple[str, str]) -> None:
    district, village = words
    road = page(client, f"/data/roads/{make_road(connection)}")
    assert f"<dt>{district}</dt><dd>Hulu</dd>" in road
    assert f"<dt>{village}/kelurahan</dt><dd>Hilir</dd>" in road
    found = {one["kind"]: one for one in client.get("/api/v1/search?q=hulu").json["results"]}
    assert found["district"]["kind_label"] == district
    assert f"<h1>{district} Hulu</h1>" in page(client, found["district"]["href"])
    assert f"Pekerjaan di {district.lower()} ini" in page(client, f"/data/districts/{found['district']['id']}")
    found = {one["kind"]: one for one in client.get("/api/v1/search?q=hilir").json["results"]}
    assert found["village"]["kind_label"] == f"{village}/kelurahan"
    of_village = page(client, f"/data/villages/{found['village']['id']}")
    assert f"Pekerjaan di {village.lower()} ini" in of_village
    assert f"<dt>Kode {district.lower()}</dt>" in of_village


def test_filters(client: FlaskClient, connection: Connection, words: tuple[str, str]) -> None:
    make_project(connection)
    for address in ("/", "/projects"):
        assert f"<span>{words[0]}</span>" in page(client, f"{address}?lang=id")
        assert "<span>District</span>" in page(client, f"{address}?lang=en")


def test_report(client: FlaskClient, words: tuple[str, str]) -> None:
    html = page(client, "/reports/coverage")
    assert f"Jalan menurut {words[0].lower()}" in html
    assert "ecamatan" not in html or words[0] == "Kecamatan"
    assert "Streets by district" in page(client, "/reports/coverage?lang=en")


def test_english(client: FlaskClient, words: tuple[str, str]) -> None:
    legend = titles(client, "/api/v1/legend?lang=en")
    assert (legend["districts"], legend["villages"]) == ("Districts", "Villages")


def test_usual_words_change_nothing(connection: Connection, settings: Settings) -> None:
    ensure_region(connection, settings)
    region = read_region(Session(connection))
    assert catalogue_in_own_words(region).layers == built_in_catalogue().layers
