"""The map page without a browser, and what the map is drawn from."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.config import ROOT
from tests.helpers.factories import DISTRICT_BOX, REGION_BOX, box_wkt, make_project, make_region, make_row
from tests.maps.test_scripts import NODE

DEMONSTRATION = 'class="demonstration"'
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def works(connection: Connection) -> Connection:
    """A region with a district, two roads and three projects; one of them late, one in another year, one without place."""
    make_region(connection)
    make_row(connection, "layers.districts", code="16.05.09", name="Muara Beliti", geom=box_wkt(DISTRICT_BOX))
    for number, condition in ((1, "good"), (2, "heavy_damage")):
        line = f"MULTILINESTRING((102.85 {-3.2 + number / 20}, 103.15 {-3.2 + number / 20}))"
        make_row(
            connection,
            "layers.roads",
            code=f"00{number}",
            name=f"Ruas {number}",
            length_sk_m=30_000,
            status="regency",
            function="local",
            condition=condition,
            geom=line,
        )
    common = {"sector": "roads", "ceiling_idr": 2_000_000_000, "contract_value_idr": 1_250_000_000}
    late = {"status": "construction", "planned_percent": 62.0, "physical_percent": 48.2}
    rows = (
        {"code": "A-1", "name": "Peningkatan Jalan <Ruas 1>", "year": 2026, "geom": "POINT(103 -3.1)", **late},
        {
            "code": "A-2",
            "name": "Rehabilitasi Jembatan",
            "year": 2025,
            "geom": "POINT(103.1 -3.1)",
            "status": "finished",
        },
        {"code": "A-3", "name": "Penataan Taman", "year": 2026, "geom": None, "status": "planned"},
    )
    for row in rows:
        make_row(connection, "app.project", **common, **row)
    return connection


def page_of(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.text


def codes(html: str) -> list[str]:
    return re.findall(r'href="/projects/([^"]+)"', html)


def test_home_lists_projects_with_figures(client: FlaskClient, works: Connection) -> None:
    html = page_of(client, "/")
    assert set(codes(html)) >= {"A-1", "A-2", "A-3"}
    assert "Tahun anggaran 2026" in html
    assert "Rp2,5 miliar" in html  # the year's two contracts of Rp1,25 miliar
    assert "Rp3,75 miliar" in page_of(client, "/?sector=roads")  # with a filter all that the list shows: three
    assert "48,2%" in html
    assert "Peningkatan Jalan &lt;Ruas 1&gt;" in html


def test_home_of_an_empty_region_says_so(client: FlaskClient, connection: Connection) -> None:
    make_region(connection)
    html = page_of(client, "/")
    assert "Belum ada pekerjaan yang dicatat." in html
    assert DEMONSTRATION not in html


def test_demonstration_rows_are_announced_on_every_page(client: FlaskClient, works: Connection) -> None:
    assert DEMONSTRATION not in page_of(client, "/")
    works.execute(text("UPDATE layers.roads SET demo = true WHERE code = '002'"))
    assert DEMONSTRATION in page_of(client, "/")
    assert DEMONSTRATION in client.get("/nowhere").text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("stage=late", {"A-1"}),
        ("year=2025", {"A-2"}),
        ("year=2026&stage=preparation", {"A-3"}),
        ("district=16.05.09", {"A-1", "A-2"}),
        ("q=taman", {"A-3"}),
        ("stage=stopped", set()),
    ],
)
def test_panel_filters(client: FlaskClient, works: Connection, query: str, expected: set[str]) -> None:
    html = page_of(client, f"/panel?{query}")
    assert set(codes(html)) == expected
    assert f"<b>{len(expected)}</b>" in html
    ids = client.get(f"/panel/ids?{query}").json
    assert ids is not None
    found = works.scalars(text("SELECT code FROM app.project WHERE id = ANY (:ids)"), {"ids": ids["ids"]})
    assert set(found) == expected


def test_nothing_found_offers_a_way_out(client: FlaskClient, works: Connection) -> None:
    html = page_of(client, "/panel?stage=stopped&year=2026")
    assert "Tidak ada pekerjaan yang cocok." in html
    assert "Hapus saringan tahun?" in html


def test_months_count_beginnings(client: FlaskClient, works: Connection) -> None:
    works.execute(text("UPDATE app.project SET start_date = '2026-03-10' WHERE code IN ('A-1', 'A-3')"))
    html = page_of(client, "/panel")
    assert html.count("<rect x=") == 1
    assert "2 mulai" in html


@pytest.mark.parametrize(
    "query", ["stage=<script>", "year=x", "bbox=1,2", "as_of=kemarin", "after=%00", "q=" + "a" * 999]
)
def test_hostile_filters_get_a_sentence(client: FlaskClient, works: Connection, query: str) -> None:
    answer = client.get(f"/?{query}")
    assert answer.status_code == 400
    assert "<script>" not in answer.text.replace('<script type="module"', "")
    assert "Traceback" not in answer.text


def test_card_shows_public_fields_as_people_read_them(client: FlaskClient, works: Connection) -> None:
    road = works.scalar(text("SELECT id FROM layers.roads WHERE code = '001'"))
    html = page_of(client, f"/panel/roads/{road}")
    assert "Ruas 1" in html
    assert "30,000 km" in html
    assert "Kabupaten" in html
    assert client.get("/panel/roads/999999").status_code == 404
    assert client.get("/panel/nothing/1").status_code == 404


def test_language_is_indonesian_until_chosen(client: FlaskClient, works: Connection) -> None:
    html = client.get("/", headers={"Accept-Language": "en"}).text
    assert '<html lang="id">' in html
    assert 'hreflang="en" href="/?lang=en"' in html
    assert "Map of public works" in page_of(client, "/?lang=en")
    assert '<html lang="en">' in page_of(client, "/")  # kept


def test_region_colour_becomes_the_accent_when_it_is_legible(client: FlaskClient, works: Connection) -> None:
    works.execute(text("UPDATE app.region SET accent_colour = '#7a1fa2'"))
    assert "--accent: #7a1fa2" in page_of(client, "/")
    for pale in ("#ffe082", "red;}", "#fff"):
        works.execute(text("UPDATE app.region SET accent_colour = :colour"), {"colour": pale})
        assert "--accent:" not in page_of(client, "/")


def test_a_filter_without_a_field_of_its_own_is_kept(client: FlaskClient, works: Connection) -> None:
    html = page_of(client, "/?status=construction&delay=late_in_handling")
    assert '<input type="hidden" name="status" value="construction">' in html
    assert '<input type="hidden" name="delay" value="late_in_handling">' in html


def test_home_as_of_a_past_day(client: FlaskClient, works: Connection) -> None:
    html = page_of(client, "/?as_of=2020-01-01")
    assert "menurut catatan per 1 Jan 2020" in html
    assert codes(html) == []


def test_style_addresses_carry_versions_that_edits_raise(client: FlaskClient, works: Connection) -> None:
    def version() -> int:
        style = json.loads(page_of(client, "/style.json"))
        address = next(one["tiles"][0] for one in style["sources"].values() if "roads" in one["tiles"][0])
        return int(address.rsplit("v=", 1)[1])

    before = version()
    works.execute(text("UPDATE layers.roads SET name = 'Ruas baru' WHERE code = '001'"))
    assert version() == before + 1


def test_style_of_a_date_asks_for_tiles_of_that_date(client: FlaskClient, works: Connection) -> None:
    style = json.loads(page_of(client, "/style.json?as_of=2026-01-31&theme=dark"))
    assert all(one["tiles"][0].endswith("?as_of=2026-01-31") for one in style["sources"].values())
    assert client.get("/style.json?theme=pink").status_code == 400


def test_style_is_valid_by_the_specification(client: FlaskClient, works: Connection, tmp_path: Path) -> None:
    validator = (
        ROOT / "static" / "node_modules" / "@maplibre" / "maplibre-gl-style-spec" / "dist" / "gl-style-validate.mjs"
    )
    for theme in ("light", "dark"):
        style = tmp_path / f"{theme}.json"
        style.write_text(page_of(client, f"/style.json?theme={theme}"), encoding="utf-8")
        done = subprocess.run([NODE or "node", str(validator), str(style)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_tilejson_has_the_bounds_of_the_data(client: FlaskClient, works: Connection) -> None:
    tilejson = json.loads(page_of(client, "/tiles/roads.json"))
    assert tilejson["tilejson"] == "3.0.0"
    assert tilejson["bounds"] == pytest.approx([102.85, -3.15, 103.15, -3.1])
    assert {layer["id"] for layer in tilejson["vector_layers"]} == {"roads"}
    empty = json.loads(page_of(client, "/tiles/bridges.json"))
    assert empty["bounds"] == pytest.approx(list(REGION_BOX))
    assert client.get("/tiles/nothing.json").status_code == 404


def test_legend_and_symbols_know_each_stage(client: FlaskClient) -> None:
    legend = json.loads(page_of(client, "/api/v1/legend?lang=en"))["layers"]
    projects = next(layer for layer in legend if layer["layer"] == "projects")
    symbols = json.loads(page_of(client, "/api/v1/symbols"))
    for one in projects["classes"]:
        ElementTree.fromstring(one["swatch"])
        assert f"stage-{one['code']}" in symbols or one["code"] == "unknown"


def test_unchanged_answers_are_304(client: FlaskClient, works: Connection) -> None:
    for address in ("/style.json", "/api/v1/legend", "/plate.svg?w=300&h=200"):
        etag = client.get(address).headers["ETag"]
        assert client.get(address, headers={"If-None-Match": etag}).status_code == 304


def survey(connection: Connection, condition: str) -> None:
    """Survey the second road anew: its condition follows from its segments."""
    connection.execute(text("DELETE FROM layers.road_segments WHERE road_code = '002'"))
    make_row(
        connection,
        "layers.road_segments",
        road_code="002",
        sta_from_m=0,
        sta_to_m=30_000,
        survey_year=2026,
        condition=condition,
        geom="MULTILINESTRING((102.85 -3.1, 103.15 -3.1))",
    )


def test_plate_draws_roads_and_follows_edits(client: FlaskClient, works: Connection) -> None:
    address = "/plate.svg?bbox=102.8,-3.2,103.2,-3.0&w=900&h=450&lang=id"
    survey(works, "heavy_damage")
    before = client.get(address)
    assert before.mimetype == "image/svg+xml"
    assert ElementTree.fromstring(before.text).tag == f"{SVG}svg"
    assert "#8f1239" in before.text  # heavy damage
    survey(works, "good")
    after = client.get(address)
    assert "#8f1239" not in after.text
    assert "#1b7f5c" in after.text
    assert before.headers["ETag"] != after.headers["ETag"]


def test_plate_of_a_moment_keeps_what_was_recorded_by_then(client: FlaskClient, connection: Connection) -> None:
    make_region(connection)
    make_row(
        connection,
        "layers.parks",
        code="T-1",
        name="Taman Kota",
        ownership="public",
        geom="MULTIPOLYGON(((102.9 -3.1, 103.0 -3.1, 103.0 -3.0, 102.9 -3.0, 102.9 -3.1)))",
        valid_from="2024-02-01",
    )
    address = "/plate.svg?bbox=102.8,-3.2,103.1,-2.9&w=400&h=300&layers=parks"
    shapes = client.get(address).text.count("<path")
    assert client.get(f"{address}&as_of=2024-03-01").text.count("<path") == shapes
    assert client.get(f"{address}&as_of=2024-01-01").text.count("<path") < shapes


def test_plate_of_a_year_draws_its_works_alone(client: FlaskClient, connection: Connection) -> None:
    make_region(connection)
    make_project(connection, year=2025, geom="LINESTRING(102.95 -3.15, 102.96 -3.14)")
    address = "/plate.svg?bbox=102.9,-3.2,103.0,-3.1&w=400&h=300&layers=projects"
    both, none = client.get(address).text, client.get(f"{address}&year=2024").text
    assert client.get(f"{address}&year=2025").text == both
    assert len(none) < len(both)


@pytest.mark.parametrize(
    "query", ["w=0", "w=99999", "h=-1", "bbox=1,1,0,0", "layers=nothing", "as_of=kemarin", "year=besok"]
)
def test_impossible_plates_are_refused(client: FlaskClient, works: Connection, query: str) -> None:
    assert client.get(f"/plate.svg?{query}").status_code in {400, 404}


def test_light_map_asks_only_this_host_and_carries_the_nonce(client: FlaskClient, works: Connection) -> None:
    first, second = client.get("/light"), client.get("/light")
    for answer in (first, second):
        nonce = re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])
        assert nonce is not None
        assert f'nonce="{nonce.group(1)}"' in answer.text
        addresses = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
        assert addresses
        assert all(address.startswith(("/static/", "data:")) for address in addresses)
    assert first.headers["Content-Security-Policy"] != second.headers["Content-Security-Policy"]


def test_survey_years_newest_first(client: FlaskClient, works: Connection) -> None:
    line = "MULTILINESTRING((102.9 -3.1, 102.95 -3.1))"
    for year in (2024, 2026, 2024):
        make_row(
            connection=works,
            table="layers.road_segments",
            road_code="001",
            sta_from_m=0,
            sta_to_m=100,
            survey_year=year,
            geom=line,
        )
    assert client.get("/panel/years/road_segments").json == {"years": [2026, 2024]}
    assert client.get("/panel/years/parks").json == {"years": []}


def test_built_files_are_kept_for_ever(client: FlaskClient, works: Connection) -> None:
    address = re.search(r'href="(/static/main-[0-9A-Z]{8}\.css)"', page_of(client, "/"))
    assert address is not None
    answer = client.get(address.group(1), headers={"Accept-Encoding": "br"})
    assert answer.status_code == 200
    assert answer.headers["Content-Encoding"] == "br"
    assert "immutable" in answer.headers["Cache-Control"]


def test_pages_can_be_read_where_nothing_is_built(app: Flask, client: FlaskClient, works: Connection) -> None:
    app.extensions["petakarya.assets"] = {}
    assert "Peningkatan Jalan" in page_of(client, "/")
    assert client.get("/nowhere").status_code == 404
