"""The calendar of a filter: planned ends and hand-overs, whole days, one name for one thing."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection

from tests.helpers.factories import make_district, make_project, make_region


@pytest.fixture(autouse=True)
def projects(connection: Connection) -> None:
    make_region(connection)
    make_district(connection)
    make_project(connection, code="P-1", name="Jalan, satu", end_date="2099-12-15")
    make_project(connection, code="P-2", status="maintenance", sector="bridges", maintenance_until="2099-06-30")
    make_project(connection, code="P-3", status="finished", end_date="2099-01-01")
    make_project(connection, code="P-4", end_date="2015-01-01", start_date="2014-01-01")


def lines(client: FlaskClient, query: str = "") -> list[str]:
    answer = client.get(f"/feeds/projects.ics{query}")
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/calendar; charset=utf-8"
    return answer.text.replace("\r\n ", "").split("\r\n")


def test_calendar_has_what_should_still_happen(client: FlaskClient) -> None:
    found = lines(client)
    assert found.count("BEGIN:VEVENT") == 2
    assert [one for one in found if one.startswith("DTSTART")] == [
        "DTSTART;VALUE=DATE:20990630",
        "DTSTART;VALUE=DATE:20991215",
    ]
    assert any(one.startswith("SUMMARY:") and one.endswith(" · Jalan\\, satu") for one in found)
    assert "LOCATION:Muara Beliti" in found
    assert "URL:http://localhost/projects/P-1" in found


def test_calendar_takes_the_filters_of_the_list(client: FlaskClient) -> None:
    assert lines(client, "?sector=bridges").count("BEGIN:VEVENT") == 1
    assert lines(client, "?project=P-1").count("BEGIN:VEVENT") == 1
    assert lines(client, "?year=1999").count("BEGIN:VEVENT") == 0
    assert client.get("/feeds/projects.ics?stage=zzz").status_code == 400
    assert client.get("/feeds/projects.ics?project=zzz").status_code == 404


def test_calendar_is_short_when_nothing_is_new(client: FlaskClient) -> None:
    tag = client.get("/feeds/projects.ics").headers["ETag"]
    assert client.get("/feeds/projects.ics", headers={"If-None-Match": tag}).status_code == 304
