"""The list's filters by village, unit, fund source, value and distance: what they let through, and what they count."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.errors import InvalidRequest
from app.projects.filters import ProjectFilter
from app.projects.queries import ALL_FACETS, count_facets, list_projects
from tests.helpers.application import connection_beside, use_role
from tests.helpers.factories import make_district, make_project, make_region, make_row, make_village


@pytest.fixture
def reader(connection: Connection) -> Session:
    """The public's session, on four packages of two units."""
    make_region(connection)
    make_district(connection)
    make_village(connection)
    agency = make_row(connection, "app.unit", code="1.03", name="Dinas PU")
    roads = make_row(connection, "app.unit", code="1.03.01", name="Bina Marga", parent_id=agency)
    other = make_row(connection, "app.unit", code="1.04", name="Dinas Perumahan")
    rows = (
        {"code": "A-1", "unit_id": roads, "fund_source": "APBD, DAK", "ceiling_idr": 150e6, "geom": "POINT(102.95 -3.15)"},
        {"code": "A-2", "unit_id": agency, "fund_source": "APBD", "ceiling_idr": 900e6, "geom": "POINT(102.95 -3.18)"},
        {"code": "A-3", "unit_id": other, "fund_source": "DAK", "ceiling_idr": 200e6, "geom": "POINT(103.1 -3.0)"},
        {"code": "A-4", "fund_source": None, "ceiling_idr": None, "geom": None},
    )  # fmt: skip
    for row in rows:
        make_project(connection, contract_value_idr=None, **row)
    session = Session(bind=connection_beside(connection, "reader"))
    use_role(connection, "owner")
    return session


def criteria_of(query: dict[str, str]) -> ProjectFilter:
    return ProjectFilter.from_args(MultiDict(query), time_zone="Asia/Jakarta")


def codes(session: Session, sort: str = "code", **query: str) -> list[str]:
    return [row.code for row in list_projects(session, criteria_of(query), limit=10, sort=sort).rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"fund": "DAK"}, ["A-1", "A-3"]),
        ({"fund": "APBD", "value": "-200000000"}, ["A-1"]),
        ({"value": "200000000-1000000000"}, ["A-2", "A-3"]),
        ({"value": "-200000000,900000000-"}, ["A-1", "A-2"]),
        ({"village": "16.05.09.1003"}, ["A-1", "A-2"]),
        ({"near": "-3.15,102.95", "radius": "1"}, ["A-1"]),
        ({"near": "-3.15,102.95"}, ["A-1", "A-2"]),
        ({"near": "-3.15,102.95", "fund": "DAK"}, ["A-1"]),
        ({"near": "89.9,10"}, []),
        ({"fund": "DAK", "as_of": "2199-01-01"}, ["A-1", "A-3"]),
        ({"near": "-3.15,102.95", "as_of": "2199-01-01"}, ["A-1", "A-2"]),
        ({"fund": "'; drop table app.project; --"}, []),
    ],
)
def test_criteria(reader: Session, query: dict[str, str], expected: list[str]) -> None:
    assert codes(reader, **query) == expected


def test_an_agency_stands_for_its_units(connection: Connection, reader: Session) -> None:
    units = {row.code: row.id for row in connection.execute(text("SELECT code, id FROM app.unit"))}
    assert codes(reader, unit=str(units["1.03"])) == ["A-1", "A-2"]
    assert codes(reader, unit=str(units["1.03.01"])) == ["A-1"]
    assert codes(reader, unit=str(units["1.03"]), as_of="2199-01-01") == ["A-1", "A-2"]


def test_nearest_first_and_on_to_the_next_part(reader: Session) -> None:
    criteria = criteria_of({"near": "-3.18,102.95", "radius": "10"})
    first = list_projects(reader, criteria, limit=1, sort="distance_m")
    assert [(row.code, row.distance_m) for row in first.rows] == [("A-2", 0)]
    second = list_projects(reader, criteria, limit=1, sort="distance_m", after=first.next)
    assert [row.code for row in second.rows] == ["A-1"]
    assert second.rows[0].distance_m == pytest.approx(3_317, abs=5)  # 0.03° of latitude on the ellipsoid
    with pytest.raises(InvalidRequest):
        list_projects(reader, criteria_of({}), limit=1, sort="distance_m")


def test_every_filter_counts_its_choices(connection: Connection, reader: Session) -> None:
    units = {row.code: row.id for row in connection.execute(text("SELECT code, id FROM app.unit"))}
    counts = count_facets(reader, criteria_of({}), ALL_FACETS)
    assert counts["fund"] == {"APBD": 2, "DAK": 2}
    assert counts["unit"] == {units["1.03.01"]: 1, units["1.03"]: 1, units["1.04"]: 1}
    assert counts["value"] == {"200000000-1000000000": 2, "-200000000": 1}
    assert counts["village"] == {"16.05.09.1003": 2}
    narrowed = count_facets(reader, criteria_of({"fund": "DAK", "near": "-3.15,102.95"}), ALL_FACETS)
    assert narrowed["fund"] == {"APBD": 2, "DAK": 1}  # its own criterion aside, the others not
    assert narrowed["value"] == {"-200000000": 1}


@pytest.mark.parametrize(
    "query",
    [
        {"near": "x"}, {"near": "1"}, {"near": "91,0"}, {"near": "nan,nan"}, {"near": "1,2,3"}, {"near": "-3,103", "radius": "7"},
        {"value": "x"}, {"value": "-"}, {"value": "5-1"}, {"value": "0-" + "9" * 40}, {"unit": "x"}, {"unit": "9" * 30},
        {"unit": "-1"}, {"unit": "²"}, {"fund": "a" * 121},
    ],
)  # fmt: skip
def test_values_that_cannot_be_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        criteria_of(query)


def test_address_says_the_filter_again_and_the_position_no_finer_than_its_rounding() -> None:
    query = {"near": "-3.123456,102.954321", "radius": "10", "fund": "APBD", "unit": "3", "value": "-200000000"}
    args = criteria_of(query).to_args()
    assert args == {"near": "-3.123,102.954", "radius": 10, "fund": ["APBD"], "unit": [3], "value": ["-200000000"]}
    assert criteria_of(query).without("near", "radius", "fund", "unit", "value").is_empty


def test_other_lists_take_the_same_filters(client: FlaskClient, reader: Session) -> None:
    query = {"near": "-3.15,102.95", "radius": "1", "value": "-200000000"}
    assert client.get("/api/v1/projects", query_string=query).json["numberMatched"] == 1
    csv = client.get("/projects.csv", query_string=query).text
    assert ("A-1" in csv, "A-2" in csv) == (True, False)
    assert client.get("/panel/ids", query_string=query).json["ids"]
