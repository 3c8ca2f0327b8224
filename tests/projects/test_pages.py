"""The register as people read it: the table, the page of a project, its picture."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from tests.helpers.factories import make_district, make_location, make_project, make_region, make_village
from tests.helpers.queries import counted_queries


@pytest.fixture(autouse=True)
def region(connection: Connection) -> None:
    make_region(connection)
    make_district(connection)
    make_village(connection)


def page(client: FlaskClient, address: str, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "text/html"
    return re.sub(r"\s+", " ", answer.text)


def test_table_shows_figures_as_people_write_them(client: FlaskClient, connection: Connection) -> None:
    make_project(
        connection, code="P-1", name="Jembatan Kelingi", planned_percent=62, physical_percent=48.2,
        contract_value_idr=1_250_000_000, geom="POINT(102.95 -3.15)",
    )  # fmt: skip
    html = page(client, "/projects")
    for words in (
        "Jembatan Kelingi",
        "Rp1,25 miliar",
        "48,2%",
        "rencana 62,0%",
        "−13,8",
        "Pasar Muara Beliti, Muara Beliti",
        "Terlambat",
    ):
        assert words in html
    assert 'href="/projects/P-1"' in html


def test_table_asks_the_database_little_however_long_it_is(client: FlaskClient, connection: Connection) -> None:
    for _ in range(60):
        make_project(connection, name="Peningkatan Jalan")
    client.get("/projects")
    with counted_queries(connection) as queries:
        html = page(client, "/projects?q=jalan&year=2026&sort=-contract_value_idr")
    assert html.count("<tr>") == 51
    assert len(queries) <= 10, queries


def test_next_page_continues_and_leads_back(client: FlaskClient, connection: Connection) -> None:
    for number in range(60):
        make_project(connection, code=f"K{number:02d}", name=f"Pekerjaan {number:02d}")
    first = page(client, "/projects?sort=name&sector=roads")
    following = re.search(r'<a class="button button-quiet" href="([^"]+)" rel="next"', first)
    assert following
    second = page(client, following[1].replace("&amp;", "&"))
    assert "Pekerjaan 49" in first
    assert "Pekerjaan 50" in second
    assert "Pekerjaan 49" not in second
    assert 'href="/projects?sector=roads&amp;sort=name" rel="first"' in second


def test_heading_sorts_and_says_how_it_is_sorted(client: FlaskClient, connection: Connection) -> None:
    make_project(connection)
    html = page(client, "/projects?sort=-contract_value_idr")
    assert 'aria-sort="descending"><a href="/projects?sort=contract_value_idr"' in html
    assert html.count("aria-sort") == 1


def test_empty_table_says_what_to_do(client: FlaskClient, connection: Connection) -> None:
    assert "Belum ada pekerjaan yang dicatat" in page(client, "/projects")
    make_project(connection, year=2026, planned_percent=90)
    html = page(client, "/projects?year=2020&stage=late")
    assert "Tidak ada pekerjaan yang cocok." in html
    assert 'href="/projects?stage=late">Hapus saringan tahun?' in html
    assert '<option value="2020" selected>2020 (0)</option>' in html
    other = page(client, "/projects?year=2020&q=zzz")
    assert 'href="/projects">Hapus semua saringan?' in other  # another year would not help


def test_answer_to_how_far_is_it(client: FlaskClient, connection: Connection) -> None:
    make_project(connection, code="X", planned_percent=62, physical_percent=48.2)
    html = page(client, "/projects/X")
    assert "Terlaksana 48,2% dari rencana 62,0% per 15 November 2026." in html
    assert "Terlambat, dalam penanganan." in html


@pytest.mark.parametrize(
    ("values", "sentences"),
    [
        ({"planned_percent": 50, "physical_percent": 60}, ["Lebih cepat dari rencana."]),
        ({"planned_percent": 50, "physical_percent": 50}, ["Sesuai rencana."]),
        ({"status": "tender", "planned_percent": None, "physical_percent": None}, ["Belum dimulai."]),
        ({"status": "cancelled", "physical_percent": None}, ["Pekerjaan ini tidak dilaksanakan.", "Dibatalkan."]),
        ({"status": "terminated", "planned_percent": 90, "physical_percent": 20}, ["Kontraknya diputus."]),
        ({"status": "finished", "planned_percent": 100, "physical_percent": 100}, ["Selesai."]),
        ({"physical_percent": None}, ["Kemajuannya belum dicatat."]),
        ({"planned_percent": None, "progress_date": None}, ["Terlaksana 60,0%."]),
    ],
)
def test_sentence_of_each_case(
    client: FlaskClient, connection: Connection, values: dict[str, object], sentences: list[str]
) -> None:
    make_project(connection, code="X", **values)
    html = page(client, "/projects/X")
    for sentence in sentences:
        assert sentence in html


def test_board_has_the_public_fields_and_no_other(client: FlaskClient, connection: Connection) -> None:
    make_project(
        connection, code="X", contractor="CV Musi Jaya", fund_source="DAK_FISIK", ceiling_idr=1_000_000_000,
        contract_value_idr=987_654_321, start_date="2026-05-01", end_date="2026-10-27", source="rahasia.xlsx",
        geom="POINT(102.95 -3.15)",
    )  # fmt: skip
    html = page(client, "/projects/X")
    for words in (
        "Pemerintah Kabupaten Musi Rawas", "CV Musi Jaya", "Rp1.000.000.000", "Rp987.654.321", "180 hari kalender",
        "1 Mei 2026 – 27 Oktober 2026", "Pasar Muara Beliti, Muara Beliti",
    ):  # fmt: skip
        assert words in html
    assert "rahasia" not in html
    assert "petakarya_owner" not in html


def test_page_as_of_a_date(client: FlaskClient, connection: Connection) -> None:
    project = make_project(connection, code="X", name="Nama lama", valid_from="2026-01-10T00:00:00+07:00")
    connection.execute(text("UPDATE app.project SET name = 'Nama baru' WHERE id = :id"), {"id": project})
    html = page(client, "/projects/X?as_of=2026-02-01")
    assert "Nama lama" in html
    assert "catatan per 1 Februari 2026 23.59 WIB" in html
    assert "Nama baru" in page(client, "/projects/X")
    assert client.get("/projects/X?as_of=2026-01-09").status_code == 404


@pytest.mark.parametrize("code", ["tidak-ada", "%00", "<script>alert(1)</script>", "a" * 500, "' OR 1=1 --"])
def test_unknown_project_is_told_in_a_sentence(client: FlaskClient, code: str) -> None:
    answer = client.get(f"/projects/{code}")
    assert answer.status_code == 404
    assert "tidak ada." in answer.text
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    "address", ["/projects?stage=x", "/projects?year=abc", "/projects?after=zz", "/projects?sort=x", "/projects?bbox=1"]
)
def test_bad_filter_is_told_in_a_sentence(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 400
    assert answer.mimetype == "text/html"
    assert "Traceback" not in answer.text


def test_hostile_name_stays_text(client: FlaskClient, connection: Connection) -> None:
    make_project(connection, code="<b>", name='<script>alert("x")</script>')
    for address in ("/projects", "/projects/%3Cb%3E", "/projects?q=%3Cscript%3E"):
        assert "<script>alert" not in client.get(address).text


def test_indonesian_until_the_visitor_chooses(client: FlaskClient, connection: Connection) -> None:
    make_project(connection, code="X")
    html = page(client, "/projects/X", **{"Accept-Language": "en-GB,en;q=0.9"})
    assert '<html lang="id">' in html
    assert "Papan proyek" in html
    for address in ("/projects", "/projects/X"):
        assert '<html lang="en">' in page(client, f"{address}?lang=en")
        assert '<html lang="en">' in page(client, address)  # the choice is kept
        assert '<html lang="id">' in page(client, f"{address}?lang=id")


def test_links_to_the_other_language_and_the_one_address(client: FlaskClient, connection: Connection) -> None:
    make_project(connection, code="X")
    html = page(client, "/projects/X")
    assert '<link rel="alternate" hreflang="en" href="/projects/X?lang=en">' in html
    assert '<link rel="alternate" hreflang="id" href="/projects/X?lang=id">' in html
    assert '<link rel="canonical" href="http://localhost/projects/X">' in html
    filtered = page(client, "/projects?year=2026&sort=name&lang=en")
    assert '<link rel="canonical" href="http://localhost/projects?lang=en">' in filtered
    assert 'hreflang="id" href="/projects?year=2026&amp;sort=name&amp;lang=id"' in filtered


def test_picture_tells_the_three_locations_apart(client: FlaskClient, connection: Connection) -> None:
    project = make_project(connection, code="X", geom=None)
    make_location(connection, project, "planned", "POLYGON((103 -3, 103 -3.01, 103.01 -3.01, 103 -3))")
    make_location(connection, project, "contracted", "LINESTRING(103 -3, 103.01 -3)")
    make_location(connection, project, "built", "POINT(103.005 -3.005)")
    assert "lokasi terbangun" in page(client, "/projects/X")
    answer = client.get("/projects/X/map.svg")
    assert answer.mimetype == "image/svg+xml"
    drawing = ElementTree.fromstring(answer.data)
    assert (drawing.get("width"), drawing.get("height")) == ("720", "480")
    marks = list(drawing.iter("{http://www.w3.org/2000/svg}circle"))
    assert any(abs(float(mark.get("cx", 0)) - 360) < 1 and abs(float(mark.get("cy", 0)) - 240) < 1 for mark in marks)
    assert any(path.get("stroke-dasharray") for path in drawing.iter("{http://www.w3.org/2000/svg}path"))
    assert client.get("/projects/X/map.svg?theme=dark").data != answer.data
    assert client.get("/projects/X/map.svg", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_project_without_location_says_so(client: FlaskClient, connection: Connection) -> None:
    make_project(connection, code="X", geom=None)
    assert "Lokasi pekerjaan ini belum dicatat." in page(client, "/projects/X")
    assert client.get("/projects/X/map.svg").status_code == 404
