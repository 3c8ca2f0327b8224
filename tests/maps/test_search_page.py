"""The page of search results, for those who have no suggestions while typing."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection

from tests.helpers.factories import make_district, make_region, make_village
from tests.helpers.tracking import make_tracked_project


@pytest.fixture(autouse=True)
def region(connection: Connection) -> None:
    make_region(connection)
    make_district(connection)
    for number in range(9):
        make_village(connection, code=f"16.05.09.{2000 + number}", name=f"Suka Maju {number}")


def test_results_are_grouped_with_their_number(client: FlaskClient) -> None:
    html = client.get("/search?q=sukamaju").text
    assert '<h2 id="found-village">Desa/kelurahan <small>9</small></h2>' in html
    assert html.count("/areas/16.05.09.2") == 8
    assert "/areas?q=sukamaju" in html


def test_position_leads_to_the_map_and_to_works_around_it(client: FlaskClient) -> None:
    html = client.get("/search", query_string={"q": "-3,12345 103,1"}).text
    assert "/#15/-3.12345/103.10000" in html
    assert "near=-3.123%2C103.100" in html
    assert "Muara Beliti" in html


def test_number_of_a_contract_filters_the_list_too(client: FlaskClient, connection: Connection) -> None:
    make_tracked_project(connection, contract={"number": "620/12.b/SPK/2026"}, code="A-1", name="Drainase")
    make_tracked_project(connection, contract={"number": "620/13.b/SPK/2026"}, code="A-2", name="Trotoar")
    for address in ("/search?q=620/12.b", "/?q=620/12.b", "/projects?q=620/12.b", "/?q=620/12.b&as_of=2199-01-01"):
        html = client.get(address).text
        assert "/projects/A-1" in html, address
        assert "/projects/A-2" not in html, address


@pytest.mark.parametrize("typed", ["", "x", "%", "'; drop table app.project", "\x00", "<script>alert(1)</script>"])
def test_hostile_text_finds_nothing(client: FlaskClient, typed: str) -> None:
    answer = client.get("/search", query_string={"q": typed})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "Set-Cookie" not in answer.headers


def test_longer_text_than_anyone_types_is_refused(client: FlaskClient) -> None:
    assert client.get("/search", query_string={"q": "a" * 201}).status_code == 400
