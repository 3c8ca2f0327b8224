"""Pages of roads: condition along the stations, bridges, the works that lie along them; list, moments, unknown codes."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from tests.helpers.factories import make_project, make_road, make_row
from tests.helpers.queries import counted_queries
from tests.places.places import make_places, page, section

AXIS = "MULTILINESTRING((102.90 -3.10, 103.00 -3.10))"  # 10 km by law below: one thousandth of a degree is 100 m


@pytest.fixture(autouse=True)
def road(connection: Connection) -> None:
    make_places(connection)
    make_road(connection, code="0007", name="Pasar – Simpang", length_sk_m=10_000, geom=AXIS)


def make_segment(connection: Connection, start: float, end: float, condition: str, year: int = 2025) -> None:
    make_row(
        connection, "layers.road_segments", road_code="0007", sta_from_m=start, sta_to_m=end, survey_year=year,
        condition=condition, geom=AXIS,
    )  # fmt: skip


def test_condition_is_told_by_the_legal_length(client: FlaskClient, connection: Connection) -> None:
    make_segment(connection, 0, 3_000, "good")
    make_segment(connection, 3_000, 5_000, "fair")
    make_segment(connection, 5_000, 9_000, "heavy_damage")
    make_segment(connection, 0, 10_000, "good", 2023)
    html = page(client, "/roads/0007")
    condition = section(html, "condition-title")
    assert "50,0% dari panjang SK baik atau sedang menurut survei 2025." in condition  # 1 km is not surveyed
    assert '<td class="numeric">50,0%</td><td class="numeric">3,000</td>' in condition
    assert "1,000 km (10,0%)" in condition
    assert condition.count("<svg") >= 3  # the bar and the strip for wide and narrow pages
    assert "3+000–5+000" in condition  # the same as a table
    assert "100,0%" in condition  # of 2023


def test_works_lie_on_the_road_from_station_to_station(client: FlaskClient, connection: Connection) -> None:
    make_project(connection, code="ALONG", name="Peningkatan", geom="LINESTRING(102.92 -3.1, 102.95 -3.1)")
    make_project(connection, code="BESIDE", name="Sejajar", geom="LINESTRING(102.92 -3.101, 102.95 -3.101)")
    make_project(connection, code="ACROSS", name="Melintang", geom="LINESTRING(102.93 -3.15, 102.93 -3.05)")
    make_project(connection, code="POINT", name="Jembatan", geom="POINT(102.98 -3.1)", year=2025)
    make_project(
        connection,
        code="AREA",
        name="Drainase",
        geom="POLYGON((102.92 -3.12, 102.95 -3.12, 102.95 -3.05, 102.92 -3.12))",
    )
    works = section(page(client, "/roads/0007"), "works-title")
    assert re.findall(r"/projects/(\w+)", works) == ["ALONG", "POINT"]
    assert "2+000–5+000" in works
    assert ">8+000<" in works


def test_bridges_are_in_the_order_of_the_road(client: FlaskClient, connection: Connection) -> None:
    for name, sta in (("Hilir", 7_500.0), ("Hulu", 1_250.0)):
        make_row(
            connection, "layers.bridges", name=name, road_code="0007", sta_m=sta, length_m=12.5, condition_value="1",
            geom="POINT(102.95 -3.1)",
        )  # fmt: skip
    make_row(connection, "layers.bridges", name="Lain", road_code="0008", sta_m=1, geom="POINT(102.95 -3.1)")
    bridges = section(page(client, "/roads/0007"), "bridges-title")
    assert bridges.index("Hulu") < bridges.index("Hilir")
    assert "1+250" in bridges
    assert "Lain" not in bridges


def test_road_without_survey_or_works_says_so(client: FlaskClient) -> None:
    html = page(client, "/roads/0007")
    assert "Ruas ini belum disurvei." in html
    assert "Belum ada pekerjaan yang dicatat di ruas ini." in html
    assert 'href="/areas/16.05.09"' in html


def test_past_moment_shows_the_road_as_recorded(client: FlaskClient, connection: Connection) -> None:
    make_road(connection, code="0008", name="Lama", valid_from="2026-01-10T00:00:00+07:00")
    connection.execute(text("UPDATE layers.roads SET name = 'Baru' WHERE code = '0008'"))
    assert "<h1>Lama</h1>" in page(client, "/roads/0008?as_of=2026-02-01")
    assert "<h1>Baru</h1>" in page(client, "/roads/0008")
    assert client.get("/roads/0008?as_of=2026-01-01").status_code == 404
    assert client.get("/roads/0007?as_of=kemarin").status_code == 400


@pytest.mark.parametrize("code", ["9999", "%3Cb%3E", "a/b", "x" * 3000])
def test_unknown_roads_are_not_found(client: FlaskClient, code: str) -> None:
    answer = client.get(f"/roads/{code}")
    assert answer.status_code == 404
    assert "<b>" not in answer.text


def test_code_with_a_slash_has_its_page(client: FlaskClient, connection: Connection) -> None:
    make_road(connection, code="K.1/II", name="Ruas bergaris miring")
    assert 'href="/roads/K.1/II"' in page(client, "/roads")
    assert "<h1>Ruas bergaris miring</h1>" in page(client, "/roads/K.1/II")


def test_list_is_searched_filtered_and_paged(client: FlaskClient, connection: Connection) -> None:
    make_road(connection, code="0100", name="Jauh", status="national", geom="MULTILINESTRING((103.3 -3.1, 103.4 -3.1))")
    for number in range(60):
        make_road(connection, code=f"2{number:03d}", name=f"Lingkungan {number}", condition="good", length_sk_m=1_000)
    first = page(client, "/roads")
    assert "<b>62</b> ruas, 75,000 km" in first  # 10 km, 5 km, and sixty of 1 km
    following = re.search(r'href="([^"]+)" rel="next">Ruas', first) or re.search(r'href="([^"]+)" rel="next"', first)
    assert following
    second = page(client, following[1].replace("&amp;", "&"))
    assert "Lingkungan 59" in second
    assert "Pasar – Simpang" not in second
    assert "<b>1</b> ruas" in page(client, "/roads?district=16.05.01")
    assert "<b>1</b> ruas" in page(client, "/roads?status=national&q=jauh")
    assert "Tidak ada ruas yang cocok." in page(client, "/roads?q=tidakada&condition=fair")


@pytest.mark.parametrize("query", ["condition=bagus", "status=x", "district=16", "q=" + "a" * 5000])
def test_filters_that_cannot_be_are_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/roads?{query}").status_code == 400


def test_page_asks_the_database_little(client: FlaskClient, connection: Connection) -> None:
    for number in range(30):
        make_segment(connection, number * 100, number * 100 + 100, "good")
        make_project(connection, geom="LINESTRING(102.92 -3.1, 102.95 -3.1)")
    client.get("/roads/0007")
    with counted_queries(connection) as queries:
        page(client, "/roads/0007")
    assert len(queries) <= 8, queries
