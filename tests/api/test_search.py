"""Search, versions, region over HTTP."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from tests.contracts import check
from tests.helpers.factories import make_district, make_project, make_region, make_road, make_street, make_village


@pytest.fixture(autouse=True)
def region(connection: Connection) -> None:
    make_region(connection)
    make_district(connection)
    make_village(connection)


def test_results_are_what_their_contract_says(client: FlaskClient, connection: Connection) -> None:
    make_road(connection, name="Simpang Semambang – Muara Beliti")
    make_project(connection, code="P/1", name="Peningkatan Jalan Muara Beliti")
    answer = client.get("/api/v1/search?q=muara%20belity")
    check("search", answer.json)
    counts = {group["kind"]: (group["count"], group["more"]) for group in answer.json["groups"]}
    assert counts == dict.fromkeys(("district", "village", "road", "project"), (1, False))
    kinds = [result["kind"] for result in answer.json["results"]]
    assert kinds[0] == "district"
    assert {"district", "village", "road", "project"} == set(kinds)
    hrefs = {result["kind"]: result["href"] for result in answer.json["results"]}
    assert hrefs["project"] == "/projects/P/1"
    assert hrefs["district"].startswith("/areas/16.05")
    for href in hrefs.values():
        assert client.get(href).status_code == 200


def test_limit(client: FlaskClient, connection: Connection) -> None:
    for number in range(20):
        make_street(connection, name=f"Jalan Melati {number}")
    assert len(client.get("/api/v1/search?q=melati").json["results"]) == 12
    assert len(client.get("/api/v1/search?q=melati&limit=5").json["results"]) == 5
    assert len(client.get("/api/v1/search?q=melati&limit=500").json["results"]) == 12


@pytest.mark.parametrize("typed", ["-3.1, 103.0", "3°06'00\"S 103°00'00\"E", "103.0 -3.1"])
def test_typed_position(client: FlaskClient, typed: str) -> None:
    answer = client.get("/api/v1/search", query_string={"q": typed}).json
    check("search", answer)
    (result,) = answer["results"]
    assert (result["kind"], result["place"], result["point"]) == ("coordinate", "Muara Beliti", [103.0, -3.1])


@pytest.mark.parametrize("typed", ["", " ", "x", "%", "'", "\x00", "a'b\"c\\d", "💧"])
def test_text_without_words_finds_nothing(client: FlaskClient, typed: str) -> None:
    answer = client.get("/api/v1/search", query_string={"q": typed})
    assert answer.status_code == 200
    check("search", answer.json)


def test_kind_in_the_visitors_language(client: FlaskClient) -> None:
    assert client.get("/api/v1/search?q=muara beliti").json["results"][0]["kind_label"] == "Kecamatan"


def test_versions_grow_with_edits(client: FlaskClient, connection: Connection) -> None:
    before = client.get("/api/v1/versions").json
    check("versions", before)
    make_street(connection)
    after = client.get("/api/v1/versions").json
    assert after["streets"] == before["streets"] + 1
    assert after["roads"] == before["roads"]


def test_region(client: FlaskClient, connection: Connection) -> None:
    answer = client.get("/api/v1/region").json
    check("region", answer)
    assert (answer["code"], answer["full_name"], answer["demo"]) == ("16.05", "Kabupaten Musi Rawas", False)
    make_street(connection, demo=True)
    assert client.get("/api/v1/region").json["demo_layers"] == ["streets"]


def test_without_a_region_the_answer_says_so(client: FlaskClient, connection: Connection) -> None:
    connection.execute(text("DELETE FROM app.region"))
    answer = client.get("/api/v1/projects")
    assert answer.status_code == 503
    check("problem", answer.json)


def test_asks_the_database_little(client: FlaskClient, connection: Connection) -> None:
    from tests.helpers.queries import counted_queries

    client.get("/api/v1/versions")
    with counted_queries(connection) as queries:
        client.get("/api/v1/versions")
    assert len(queries) == 1, queries
