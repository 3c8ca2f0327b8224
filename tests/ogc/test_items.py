from __future__ import annotations

from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

BOX = "POLYGON(({w} {s}, {e} {s}, {e} {n}, {w} {n}, {w} {s}))"


def add_district(connection: Connection, code: str, name: str, west: float, south: float, size: float = 0.1) -> None:
    polygon = BOX.format(w=west, s=south, e=west + size, n=south + size)
    connection.execute(
        text(
            "INSERT INTO layers.districts (code, name, geom) VALUES (:code, :name, ST_Multi(ST_GeomFromText(:wkt, 4326)))"
        ),
        {"code": code, "name": name, "wkt": polygon},
    )


def add_road(connection: Connection, code: str, wkt: str, **columns: Any) -> None:
    values = {"name": f"Ruas {code}", "status": "regency", "length_sk_m": 1000.0, **columns, "code": code}
    connection.execute(
        text(
            f"INSERT INTO layers.roads ({', '.join(values)}, geom) VALUES ({', '.join(':' + key for key in values)}, "
            "ST_Multi(ST_GeomFromText(:wkt, 4326)))"
        ),
        {**values, "wkt": wkt},
    )


@pytest.fixture
def roads(connection: Connection) -> Connection:
    """Two districts side by side; one road in each and one across both."""
    add_district(connection, "16.05.01", "Barat", 102.9, -3.1)
    add_district(connection, "16.05.02", "Timur", 103.0, -3.1)
    add_road(connection, "001", "LINESTRING(102.91 -3.05, 102.95 -3.05)", function="local")
    add_road(connection, "002", "LINESTRING(102.98 -3.02, 103.02 -3.02)", status="provincial", sk_date="2024-05-01")
    add_road(connection, "003", "LINESTRING(103.05 -3.05, 103.09 -3.05)", width_m=4.5, daily_traffic=120)
    return connection


def codes(client: FlaskClient, query: str, layer: str = "roads") -> list[str]:
    answer = client.get(f"/ogc/collections/{layer}/items?{query}")
    assert answer.status_code == 200, answer.text
    return [feature["properties"]["code"] for feature in answer.json["features"]]


def test_page_is_a_feature_collection_in_longitude_and_latitude(client: FlaskClient, roads: Connection) -> None:
    answer = client.get("/ogc/collections/roads/items")
    assert answer.mimetype == "application/geo+json"
    assert answer.headers["Content-Crs"] == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
    assert answer.json["type"] == "FeatureCollection"
    assert answer.json["numberReturned"] == answer.json["numberMatched"] == 3
    first = answer.json["features"][0]
    assert first["geometry"] == {"type": "MultiLineString", "coordinates": [[[102.91, -3.05], [102.95, -3.05]]]}
    assert first["properties"]["district_codes"] == ["16.05.01"]
    # A degree of longitude at 3.05 S is 111 320 m × cos on a sphere; the ellipsoid differs by less than 0.5 %.
    assert first["properties"]["length_m"] == pytest.approx(0.04 * 111_320 * 0.99858, rel=5e-3)
    assert set(first["properties"]) & {"source", "changed_by", "geom_3857"} == set()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("bbox=102.9,-3.1,102.96,-3.0", ["001"]),
        ("bbox=102.9,-3.1,0,102.96,-3.0,10", ["001"]),
        ("bbox=102.99,-3.03,103.0,-3.01", ["002"]),
        ("bbox=179,-4,103.01,-3", ["001", "002"]),  # across the antimeridian: from 179 E round to 103.01 E
        ("district_code=16.05.01", ["001", "002"]),
        ("district_code=16.05.02", ["002", "003"]),
        ("district_code=16.05", []),
        ("regency_code=16.05", ["001", "002", "003"]),
        ("regency_code=16.06", []),
        ("crs=http://www.opengis.net/def/crs/OGC/1.3/CRS84", ["001", "002", "003"]),
        ("status=regency", ["001", "003"]),
        ("status=regency&district_code=16.05.02", ["003"]),
        ("daily_traffic=120", ["003"]),
        ("width_m=4.5", ["003"]),
        ("sk_date=2024-05-01", ["002"]),
        ("name=Ruas%20001", ["001"]),
        ("name=%27%3B%20DROP%20TABLE%20layers.roads%3B--", []),
    ],
)
def test_filters(client: FlaskClient, roads: Connection, query: str, expected: list[str]) -> None:
    assert codes(client, query) == expected


def test_areas_are_found_by_their_own_code(client: FlaskClient, roads: Connection) -> None:
    assert codes(client, "code=16.05.02", "districts") == ["16.05.02"]
    assert codes(client, "district_code=16.05.02", "districts") == ["16.05.02"]
    assert codes(client, "regency_code=16.05", "districts") == ["16.05.01", "16.05.02"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("colour=red", ["colour", "district_code", "bbox"]),
        ("changed_by=app", ["changed_by", "district_code"]),
        ("status=mulus", ["mulus", "regency"]),
        ("daily_traffic=banyak", ["daily_traffic=banyak", "bilangan bulat"]),
        ("width_m=inf", ["width_m=inf"]),
        ("sk_date=1-5-2024", ["2026-11-24"]),
        ("limit=0", ["limit=0"]),
        ("limit=x", ["limit=x"]),
        ("after=-1", ["after=-1"]),
        ("after=99999999999999999999", ["after="]),
        ("bbox=1,2,3", ["bbox=1,2,3"]),
        ("bbox=1,5,3,4", ["bbox=1,5,3,4"]),
        ("bbox=1,nan,3,4", ["bbox"]),
        ("bbox=500000,9600000,600000,9700000", ["derajat"]),
        ("as_of=kemarin", ["as_of=kemarin"]),
        ("name=%00", ["name="]),
        ("status=regency&status=city", ["status"]),
        ("count=mungkin", ["count=mungkin"]),
        ("crs=http://www.opengis.net/def/crs/EPSG/0/3857", ["CRS84"]),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(
    client: FlaskClient, roads: Connection, query: str, words: list[str]
) -> None:
    answer = client.get(f"/ogc/collections/roads/items?{query}")
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == 400
    for word in words:
        assert word in answer.json["detail"]


def test_sentence_is_english_when_asked_for(client: FlaskClient) -> None:
    answer = client.get("/ogc/collections/roads/items?colour=red&lang=en")
    assert answer.json["detail"].startswith("There is no parameter “colour”.")


@pytest.mark.parametrize("address", ["rivers", "rivers/items", "rivers/items/1", "roads/items/987654", "roads/items/x"])
def test_unknown_layer_or_feature_is_not_found(client: FlaskClient, address: str) -> None:
    answer = client.get(f"/ogc/collections/{address}")
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"


def test_next_links_lead_through_all_features_once(client: FlaskClient, connection: Connection) -> None:
    for number in range(7):
        add_road(connection, f"{number:03}", f"LINESTRING(102.9{number} -3, 102.9{number} -3.01)")
    found: list[str] = []
    pages = 0
    address: str | None = "/ogc/collections/roads/items?limit=3&status=regency"
    while address:
        answer = client.get(address).json
        pages += 1
        found += [feature["properties"]["code"] for feature in answer["features"]]
        following = [link["href"] for link in answer["links"] if link["rel"] == "next"]
        address = "{0.path}?{0.query}".format(urlsplit(following[0])) if following else None
    assert pages == 3
    assert found == [f"{number:03}" for number in range(7)]


def test_all_are_counted_only_when_asked_or_known(client: FlaskClient, roads: Connection) -> None:
    assert "numberMatched" not in client.get("/ogc/collections/roads/items?limit=1").json
    assert client.get("/ogc/collections/roads/items?limit=1&count=true").json["numberMatched"] == 3
    assert client.get("/ogc/collections/roads/items?limit=1&count=true&status=regency").json["numberMatched"] == 2


def test_greater_limit_is_taken_as_the_greatest(client: FlaskClient, roads: Connection) -> None:
    assert client.get("/ogc/collections/roads/items?limit=1000000").json["numberReturned"] == 3


def test_layer_without_rows_is_an_empty_collection(client: FlaskClient) -> None:
    answer = client.get("/ogc/collections/parks/items").json
    assert answer["features"] == []
    assert answer["numberMatched"] == 0


def test_one_feature_and_its_links(client: FlaskClient, roads: Connection) -> None:
    listed = client.get("/ogc/collections/roads/items?code=002").json["features"][0]
    answer = client.get(f"/ogc/collections/roads/items/{listed['id']}").json
    assert answer["type"] == "Feature"
    assert answer["geometry"] == listed["geometry"]
    assert answer["properties"] == listed["properties"]
    assert {link["rel"] for link in answer["links"]} == {"self", "collection", "alternate"}


def test_unchanged_layer_answers_304_until_it_is_edited(client: FlaskClient, roads: Connection) -> None:
    address = "/ogc/collections/roads/items?district_code=16.05.01"
    etag = client.get(address).headers["ETag"]
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    assert client.get(f"{address}&limit=1", headers={"If-None-Match": etag}).status_code == 200
    roads.execute(text("UPDATE layers.roads SET name = 'Baru' WHERE code = '001'"))
    answer = client.get(address, headers={"If-None-Match": etag})
    assert answer.status_code == 200
    assert answer.headers["ETag"] != etag
    assert "Baru" in answer.text


def test_as_of_shows_what_was_recorded_by_then(client: FlaskClient, roads: Connection) -> None:
    # The owner may write the past; in this test's one transaction every statement has the same now().
    roads.execute(text("ALTER TABLE layers.roads DISABLE TRIGGER b_stamp_version"))
    roads.execute(text("UPDATE layers.roads SET valid_from = '2025-01-10T00:00:00+07:00'"))
    roads.execute(text("DELETE FROM history.roads"))
    roads.execute(
        text("UPDATE layers.roads SET name = 'Baru', valid_from = '2026-03-01T08:00:00+07:00' WHERE code = '001'")
    )

    def names(as_of: str) -> list[str]:
        features = client.get(f"/ogc/collections/roads/items?as_of={as_of}").json["features"]
        return [feature["properties"]["name"] for feature in features]

    assert names("2025-01-09") == []
    assert names("2026-02-28") == ["Ruas 001", "Ruas 002", "Ruas 003"]
    assert names("2026-03-01T07:59:00%2B07:00") == ["Ruas 001", "Ruas 002", "Ruas 003"]
    assert names("2026-03-01") == ["Baru", "Ruas 002", "Ruas 003"]
    identity = roads.scalar(text("SELECT id FROM layers.roads WHERE code = '001'"))
    assert (
        client.get(f"/ogc/collections/roads/items/{identity}?as_of=2026-01-01").json["properties"]["name"] == "Ruas 001"
    )
    assert client.get(f"/ogc/collections/roads/items/{identity}?as_of=2024-01-01").status_code == 404


def test_rings_turn_as_the_format_wants(client: FlaskClient, roads: Connection) -> None:
    ring = client.get("/ogc/collections/districts/items?code=16.05.01").json["features"][0]["geometry"]["coordinates"][
        0
    ][0]
    doubled_area = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))
    assert doubled_area > 0


def test_every_layer_answers_its_items(client: FlaskClient) -> None:
    listed = client.get("/ogc/collections").json["collections"]
    assert {"districts", "roads", "projects", "plan_zones"} <= {one["id"] for one in listed}
    for one in listed:
        address = next(link["href"] for link in one["links"] if link["rel"] == "items")
        assert client.get(urlsplit(address).path).json["type"] == "FeatureCollection"
        assert client.get(f"/ogc/collections/{one['id']}").json == one


def test_landing_page_leads_to_the_layers(client: FlaskClient) -> None:
    answer = client.get("/ogc")
    addresses = {link["rel"]: urlsplit(link["href"]).path for link in answer.json["links"]}
    assert addresses["data"] == "/ogc/collections"
    assert client.get(addresses["conformance"]).json == {"conformsTo": []}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert client.get("/ogc?f=json").status_code == 400


def test_page_is_read_by_the_primary_key_and_area_filters_by_their_index(connection: Connection) -> None:
    connection.execute(
        text(
            "INSERT INTO layers.streets (class, geom, district_codes, village_codes) "
            "SELECT 'other', ST_Multi(ST_MakeLine(ST_SetSRID(ST_MakePoint(102 + n / 1e5, -3), 4326), "
            "ST_SetSRID(ST_MakePoint(102 + n / 1e5, -3.001), 4326))), "
            "ARRAY[CASE WHEN n % 4000 = 0 THEN '16.05.07' ELSE '16.05.01' END], '{}' FROM generate_series(1, 20000) n"
        )
    )
    connection.execute(text("ANALYZE layers.streets"))
    explain = "EXPLAIN SELECT id FROM layers.streets WHERE {} ORDER BY id LIMIT 51"
    rare = connection.scalars(text(explain.format("district_codes @> ARRAY['16.05.07']"))).all()
    assert any("streets_district_codes_idx" in line for line in rare)
    far = connection.scalars(text(explain.format("id > (SELECT max(id) - 5000 FROM layers.streets)"))).all()
    assert any("streets_pkey" in line for line in far)
