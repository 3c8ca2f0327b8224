"""The register as GeoJSON: what others may rely on."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.config import Settings
from tests.contracts import check
from tests.helpers.factories import make_district, make_location, make_project, make_region

PROPERTIES = {
    "code", "name", "status", "planned_percent", "physical_percent", "deviation_points", "delay", "ceiling_idr",
    "contract_value_idr", "district_codes", "village_codes", "year", "stage", "sector",
}  # fmt: skip


@pytest.fixture(autouse=True)
def region(connection: Connection) -> None:
    make_region(connection)
    make_district(connection)


def test_list_is_what_its_contract_says(client: FlaskClient, connection: Connection) -> None:
    make_project(connection, code="A", planned_percent=62, physical_percent=48.2, ceiling_idr="1234567.89")
    make_project(connection, code="B", physical_percent=None, planned_percent=None, status="planned", geom=None)
    answer = client.get("/api/v1/projects")
    assert answer.mimetype == "application/geo+json"
    check("projects", answer.json)
    first, second = answer.json["features"]
    assert set(first["properties"]) == PROPERTIES
    assert first["properties"]["delay"] == "late_in_handling"
    assert first["properties"]["deviation_points"] == -13.8
    assert first["properties"]["ceiling_idr"] == 1234567.89
    assert first["properties"]["contract_value_idr"] == 900_000_000
    assert first["properties"]["district_codes"] == ["16.05.09"]
    assert first["geometry"]["type"] == "LineString"
    assert second["geometry"] is None
    assert second["properties"]["deviation_points"] is None


def test_next_links_lead_through_the_whole_list(client: FlaskClient, connection: Connection) -> None:
    for number in range(7):
        make_project(connection, code=f"N-{number}", year=2025 + number % 2)
    make_project(connection, code="OTHER", sector="bridges")
    address, seen = "/api/v1/projects?limit=3&sector=roads&sort=-name", []
    while address:
        page = client.get(address).json
        check("projects", page)
        assert page["numberMatched"] == 7
        assert page["numberReturned"] == len(page["features"]) <= 3
        seen += [feature["properties"]["code"] for feature in page["features"]]
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    assert sorted(seen) == [f"N-{number}" for number in range(7)]


def test_limit_is_capped_by_the_settings(client: FlaskClient, settings: Settings) -> None:
    page = client.get("/api/v1/projects?limit=999999999")
    assert page.status_code == 200
    assert settings.lists.maximum < 999_999_999


def test_past_list_says_its_moment(client: FlaskClient, connection: Connection) -> None:
    project = make_project(connection, code="X", name="Lama", valid_from="2026-01-10T00:00:00+07:00")
    connection.execute(text("UPDATE app.project SET name = 'Baru' WHERE id = :id"), {"id": project})
    past = client.get("/api/v1/projects?as_of=2026-02-01").json
    assert past["as_of"] == "2026-02-01T23:59:59.999999+07:00"
    assert [feature["properties"]["name"] for feature in past["features"]] == ["Lama"]
    assert client.get("/api/v1/projects").json["features"][0]["properties"]["name"] == "Baru"


def test_etag_lasts_until_an_edit(client: FlaskClient, connection: Connection) -> None:
    make_project(connection)
    etag = client.get("/api/v1/projects").headers["ETag"]
    again = client.get("/api/v1/projects", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/api/v1/projects?year=2026", headers={"If-None-Match": etag}).status_code == 200
    make_project(connection)
    assert client.get("/api/v1/projects", headers={"If-None-Match": etag}).status_code == 200


def test_one_project_has_three_locations(client: FlaskClient, connection: Connection) -> None:
    project = make_project(connection, code="PKT/2026 01", geom=None)
    make_location(connection, project, "built", "POINT(103 -3)", accuracy_m=4.5)
    make_location(connection, project, "planned", "POLYGON((103 -3, 103 -3.1, 103.1 -3.1, 103 -3))")
    make_location(connection, project, "contracted", "LINESTRING(103 -3, 103.1 -3)")
    feature = client.get("/api/v1/projects/PKT/2026%2001").json
    check("project", feature)
    assert [one["kind"] for one in feature["locations"]] == ["planned", "contracted", "built"]
    assert feature["locations"][2]["accuracy_m"] == 4.5
    assert feature["geometry"] == {"type": "Point", "coordinates": [103, -3]}
    assert feature["properties"]["progress_date"] == "2026-11-15"


def test_past_locations(client: FlaskClient, connection: Connection) -> None:
    project = make_project(connection, code="X", geom=None, valid_from="2026-01-10T00:00:00+07:00")
    location = make_location(connection, project, "planned", "POINT(103 -3)", valid_from="2026-01-10T00:00:00+07:00")
    connection.execute(
        text("UPDATE app.project_location SET geom = ST_SetSRID(ST_MakePoint(103.5, -3), 4326) WHERE id = :id"),
        {"id": location},
    )
    past = client.get("/api/v1/projects/X?as_of=2026-02-01").json
    assert [one["geometry"]["coordinates"] for one in past["locations"]] == [[103, -3]]
    now = client.get("/api/v1/projects/X").json
    assert [one["geometry"]["coordinates"] for one in now["locations"]] == [[103.5, -3]]


def test_reader_sees_no_more_of_locations_than_is_public(connection: Connection) -> None:
    rights = connection.execute(
        text("""
            SELECT s || '.project_location.' || c, has_column_privilege('petakarya_reader', s || '.project_location', c, 'SELECT')
            FROM unnest(ARRAY['app', 'history']) s, unnest(ARRAY['geom', 'kind', 'source', 'changed_by']) c
        """)
    )
    assert dict(rights.all()) == {
        "app.project_location.geom": True,
        "app.project_location.kind": True,
        "app.project_location.source": False,
        "app.project_location.changed_by": False,
        "history.project_location.geom": True,
        "history.project_location.kind": True,
        "history.project_location.source": False,
        "history.project_location.changed_by": False,
    }


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/v1/projects?stage=unknown", 400),
        ("/api/v1/projects?year=abc", 400),
        ("/api/v1/projects?bbox=1,2,3", 400),
        ("/api/v1/projects?limit=0", 400),
        ("/api/v1/projects?limit=-1", 400),
        ("/api/v1/projects?limit=1e9", 400),
        ("/api/v1/projects?sort=password", 400),
        ("/api/v1/projects?after=zzz", 400),
        ("/api/v1/projects?as_of=kemarin", 400),
        ("/api/v1/projects?statuss=late", 400),
        ("/api/v1/projects?q=" + "a" * 10_000, 400),
        ("/api/v1/projects/unknown", 404),
        ("/api/v1/projects/un%00known", 404),
        ("/api/v1/projects/X?as_of=x", 400),
        ("/api/v1/search?q=" + "a" * 10_000, 400),
        ("/api/v1/search?limit=x", 400),
        ("/api/v1/nothing", 404),
    ],
)
def test_every_error_has_one_shape_and_a_sentence(client: FlaskClient, address: str, status: int) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    check("problem", answer.json)
    assert answer.json["status"] == status
    assert answer.json["detail"].endswith(".")
    english = client.get(address + ("&" if "?" in address else "?") + "lang=en").json
    check("problem", english)


def test_method_that_is_not_offered_has_the_same_shape(client: FlaskClient) -> None:
    answer = client.delete("/api/v1/projects")
    assert answer.status_code == 405
    check("problem", answer.json)


@pytest.mark.parametrize(
    "q", ["'", '"', "%", "_", "\\", "\x00", "'; drop table app.project; --", "∖", "💧", "(", ":q", "%(q)s"]
)
def test_hostile_text_finds_nothing_and_harms_nothing(client: FlaskClient, connection: Connection, q: str) -> None:
    make_project(connection)
    answer = client.get("/api/v1/projects", query_string={"q": q})
    assert answer.status_code == 200
    assert answer.json["features"] == []
    assert client.get("/api/v1/projects").json["numberMatched"] == 1
