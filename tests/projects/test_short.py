"""Short addresses: small, read out without mistakes, stable."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection

from app.projects.short import GREATEST, read_short_code, short_code
from tests.helpers.factories import make_project, make_region


@pytest.mark.parametrize(("number", "code"), [(1, "1"), (31, "z"), (32, "10"), (1000, "z8"), (33_554_431, "zzzzz")])
def test_known_codes(number: int, code: str) -> None:
    assert short_code(number) == code
    assert read_short_code(code) == number


def test_every_id_comes_back() -> None:
    for number in [*range(1, 5000), 2**31, 2**53, GREATEST]:
        assert read_short_code(short_code(number)) == number
        assert read_short_code(short_code(number).upper()) == number


def test_letters_that_are_misread_stand_for_the_digit() -> None:
    assert read_short_code("1o") == read_short_code("I0") == read_short_code("l0") == 32


@pytest.mark.parametrize("code", ["", "0", "u", "a-b", "١", "z" * 13, "z" * 4000, "../x", "é"])
def test_what_cannot_be_a_code_is_none(code: str) -> None:
    assert read_short_code(code) is None


def test_short_address_leads_to_the_page(client: FlaskClient, connection: Connection) -> None:
    make_region(connection)
    project = make_project(connection, code="620/A 1?x")
    answer = client.get(f"/p/{short_code(project)}?lang=en&as_of=2026-01-01&evil=//elsewhere.example")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/projects/620/A%201%3Fx?lang=en&as_of=2026-01-01"
    assert client.get(f"/p/{short_code(project).upper()}", follow_redirects=True).status_code == 200
    for unknown in (short_code(project + 1000), "u", "z" * 13, "%00", "z" * 3000):
        assert client.get(f"/p/{unknown}").status_code == 404
