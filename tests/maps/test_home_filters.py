"""The home page's filters, figures that open, and works near a place, without a browser."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection

from tests.helpers.factories import make_district, make_project, make_region, make_row, make_village


@pytest.fixture(autouse=True)
def works(connection: Connection) -> None:
    """A district with a village, two packages in it and one far off."""
    make_region(connection)
    make_district(connection)
    make_village(connection)
    unit = make_row(connection, "app.unit", code="1.03", name="Dinas PU")
    late = {"planned_percent": 80.0, "physical_percent": 40.0}
    make_project(connection, code="A-1", unit_id=unit, fund_source="APBD, DAK", geom="POINT(102.95 -3.15)", **late)
    make_project(connection, code="A-2", fund_source="DAK", geom="POINT(102.95 -3.18)")
    make_project(connection, code="A-3", geom="POINT(103.19 -2.95)", year=2025)


def page_of(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


def options(html: str, name: str) -> list[str]:
    select = re.search(rf'<select name="{name}".*?</select>', html)
    return re.findall(r"<option[^>]*>([^<]*)<", select[0])[1:] if select else []


def codes(html: str) -> list[str]:
    return re.findall(r'href="/projects/(A-\d)"', html)


@pytest.mark.parametrize("address", ["/", "/projects"])
def test_filters_show_their_counts(client: FlaskClient, address: str) -> None:
    html = page_of(client, address)
    assert options(html, "fund") == ["APBD (1)", "DAK (2)"]
    assert options(html, "unit") == ["Dinas PU (1)"]
    assert options(html, "value") == ["Rp200 juta – Rp1 miliar (3)"]
    assert options(html, "status") == ["Konstruksi (3)"] or len(options(html, "status")) == 1
    assert options(html, "village") == []  # before a district is chosen
    within = page_of(client, f"{address}?district=16.05.09&fund=DAK")
    assert options(within, "village") == ["Pasar Muara Beliti (2)"]
    assert sorted(set(codes(within))) == ["A-1", "A-2"]
    assert "Saringan lain (1)" in within


def test_key_figures_open_what_they_count(client: FlaskClient) -> None:
    html = page_of(client, "/")
    figures = re.findall(r'<dd><a href="([^"]+)">([^<]+)</a>', html)
    assert [number for _url, number in figures][:2] == ["2", "Rp1,8 miliar"]
    for url, _number in figures:
        assert "year=2026" in url
        assert client.get(url).status_code == 200, url
    assert set(codes(page_of(client, figures[0][0]))) == {"A-1", "A-2"}


def test_works_near_a_position_come_nearest_first(client: FlaskClient) -> None:
    html = page_of(client, "/?near=-3.1811,102.9502&radius=5")
    assert list(dict.fromkeys(codes(html))) == ["A-2", "A-1"]
    assert "Dalam 5 km dari Pasar Muara Beliti" in html
    assert "3,4 km" in html
    assert 'name="near" value="-3.181,102.950"' in html  # the position goes on no finer than it was rounded


@pytest.mark.parametrize("typed", ["Pasar Muara Beliti", "pasar muara beliti", "-3,15 102,95"])
def test_typed_place_leads_to_the_works_around_it(client: FlaskClient, typed: str) -> None:
    answer = client.get("/near", query_string={"place": typed, "radius": "1", "fund": "DAK"})
    assert answer.status_code == 302
    assert answer.location.startswith("/?")
    assert {"radius=1", "fund=DAK"} <= set(answer.location[2:].split("&"))
    assert codes(page_of(client, answer.location))[0] == "A-1"


def test_place_that_may_be_several_is_asked_about(client: FlaskClient, connection: Connection) -> None:
    for number in (1, 2):
        make_village(connection, code=f"16.05.09.200{number}", name=f"Suka Maju {number}")
    html = page_of(client, "/near?place=sukamaju")
    assert len(re.findall(r'href="/\?near=', html)) == 2


@pytest.mark.parametrize("typed", ["", "x", "Atlantis", "<script>alert(1)</script>", "\x00"])
def test_unknown_place_is_said_so(client: FlaskClient, typed: str) -> None:
    answer = client.get("/near", query_string={"place": typed})
    assert answer.status_code == 404
    assert "Tempat itu tidak ditemukan." in answer.text
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("query", ["near=x", "near=-3,103&radius=3", "value=1-", "unit=a"])
def test_values_that_cannot_be_get_a_sentence(client: FlaskClient, query: str) -> None:
    assert client.get(f"/?{query}").status_code == (200 if query == "value=1-" else 400)


def test_public_pages_set_no_cookie(client: FlaskClient) -> None:
    for address in ("/", "/near?place=x", "/search?q=pasar", "/panel?near=-3.1,103"):
        assert "Set-Cookie" not in client.get(address).headers, address
