"""The list of data, and the page of one feature of any layer."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from layers.catalogue import built_in_catalogue
from tests.helpers.factories import (
    box_wkt,
    make_district,
    make_project,
    make_region,
    make_road,
    make_row,
    make_street,
    make_village,
)
from tests.helpers.queries import counted_queries

POLYGON = box_wkt((103.0, -3.02, 103.01, -3.01))
ROWS = {
    "districts": {"code": "16.05.01", "name": "Tugumulyo", "geom": POLYGON},
    "villages": {"code": "16.05.01.2001", "name": "Mataram", "geom": POLYGON},
    "urban_areas": {"name": "Perkotaan Muara Beliti", "geom": POLYGON},
    "roads": {"code": "R1", "name": "Ruas", "status": "regency", "length_sk_m": 12_345, "geom": "MULTILINESTRING((103 -3, 103.1 -3))"},
    "road_segments": {"road_code": "R1", "sta_from_m": 0, "sta_to_m": 100, "survey_year": 2026, "condition": "good",
                      "geom": "MULTILINESTRING((103 -3, 103.001 -3))"},
    "streets": {"name": None, "class": "residential", "geom": "MULTILINESTRING((103 -3, 103.001 -3))"},
    "bridges": {"name": "Kelingi", "condition_value": "3", "geom": "POINT(103 -3)"},
    "parks": {"name": "Taman", "ownership": "public", "typology": "RTH-2", "geom": POLYGON},
    "facilities": {"name": "SD 1", "kind": "primary_school", "geom": "POINT(103 -3)"},
    "plan_zones": {"zone_code": "P-1", "zone_name": "Tanaman Pangan", "geom": POLYGON},
    "water": {"name": "Musi", "kind": "river", "geom": "LINESTRING(103 -3, 103.1 -3)"},
    "places": {"name": "Muara Beliti", "kind": "regency_capital", "geom": "POINT(103 -3)"},
    "buildings": {"name": None, "levels": 2, "geom": POLYGON},
}  # fmt: skip


@pytest.fixture(autouse=True)
def region(connection: Connection) -> None:
    make_region(connection)
    make_district(connection)
    make_village(connection)


def page(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", answer.text)


def test_list_names_every_public_layer_with_its_count(client: FlaskClient, connection: Connection) -> None:
    make_street(connection)
    make_street(connection)
    html = page(client, "/data")
    for definition in built_in_catalogue():
        assert definition.title.id in html
        assert f'href="/ogc/collections/{definition.id}/items"' in html
    row = re.search(r"Jalan lain.*?</tr>", html)
    assert row
    assert '<td class="numeric"> 2</td>' in row[0].replace('numeric">2', 'numeric"> 2')


def test_list_asks_the_database_little(client: FlaskClient, connection: Connection) -> None:
    client.get("/data")
    with counted_queries(connection) as queries:
        page(client, "/data")
    assert len(queries) <= 6, queries


@pytest.mark.parametrize("layer", ROWS)
def test_every_layer_has_a_page_and_a_picture_for_each_feature(
    client: FlaskClient, connection: Connection, layer: str
) -> None:
    feature = make_row(connection, f"layers.{layer}", **ROWS[layer], source="rahasia.shp")
    html = page(client, f"/data/{layer}/{feature}")
    assert built_in_catalogue().layer(layer).title.id in html
    assert "rahasia" not in html
    assert "None" not in html
    picture = client.get(f"/data/{layer}/{feature}/map.svg")
    assert picture.mimetype == "image/svg+xml"
    ElementTree.fromstring(picture.data)
    english = page(client, f"/data/{layer}/{feature}?lang=en")
    assert built_in_catalogue().layer(layer).title.en in english


def test_fields_have_labels_units_and_words_for_codes(client: FlaskClient, connection: Connection) -> None:
    road = make_road(
        connection, code="017", name="Simpang A – B", length_sk_m=12_345, surface="asphalt_concrete", width_m=4.5
    )
    html = page(client, f"/data/roads/{road}")
    assert "<dt>Panjang menurut SK</dt><dd>12,345 km</dd>" in html
    assert "<dt>Lebar</dt><dd>4,5 m</dd>" in html
    assert "<dt>Kecamatan</dt><dd>Muara Beliti</dd>" in html
    assert "belum disurvei" in html.lower()
    english = page(client, f"/data/roads/{road}?lang=en")
    assert "<dt>Legal length</dt><dd>12.345 km</dd>" in english


def test_village_says_its_district_and_its_residents(client: FlaskClient, connection: Connection) -> None:
    village = make_village(connection, code="16.05.09.2001", name="Suro")
    connection.execute(
        text(
            "INSERT INTO layers.population (area_code, year, population) VALUES "
            "('16.05.09.2001', 2024, 1000), ('16.05.09.2001', 2025, 2312), ('16.05.09.1003', 2026, 9)"
        )
    )
    html = page(client, f"/data/villages/{village}")
    assert "<dt>Kecamatan</dt><dd>Muara Beliti</dd>" in html
    assert "<dt>Penduduk</dt><dd>2.312 jiwa (2025)</dd>" in html
    assert 'href="/projects?village=16.05.09.2001"' in html


def test_segment_is_called_by_its_stations(client: FlaskClient, connection: Connection) -> None:
    segment = make_row(
        connection, "layers.road_segments", **ROWS["road_segments"] | {"sta_from_m": 3670, "sta_to_m": 3770}
    )
    assert "<h1>R1, STA 3+670 – 3+770</h1>" in page(client, f"/data/road_segments/{segment}")


def test_project_has_its_own_page(client: FlaskClient, connection: Connection) -> None:
    project = make_project(connection, code="P 1")
    answer = client.get(f"/data/projects/{project}")
    assert answer.status_code == 301
    assert answer.headers["Location"] == "/projects/P%201"


def test_feature_as_of_a_date(client: FlaskClient, connection: Connection) -> None:
    street = make_street(connection, name="Jalan Lama", valid_from="2026-01-10T00:00:00+07:00")
    connection.execute(text("DELETE FROM layers.streets WHERE id = :id"), {"id": street})
    assert client.get(f"/data/streets/{street}").status_code == 404
    assert "Jalan Lama" in page(client, f"/data/streets/{street}?as_of=2026-02-01")
    assert client.get(f"/data/streets/{street}?as_of=2026-01-01").status_code == 404
    assert client.get(f"/data/streets/{street}/map.svg?as_of=2026-02-01").status_code == 200


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/data/nothing/1", 404),
        ("/data/pg_shadow/1", 404),
        ("/data/roads/1000000", 404),
        ("/data/roads/99999999999999999999999", 404),
        ("/data/roads/-1", 404),
        ("/data/roads/1?as_of=kemarin", 400),
    ],
)
def test_what_is_not_there_is_told_in_a_sentence(client: FlaskClient, address: str, status: int) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert "<h1>" in answer.text
