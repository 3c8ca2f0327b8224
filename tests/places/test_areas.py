"""Pages of areas: their figures against SQL, what lies around them, moments, unknown codes, small numbers of people."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.config import Settings
from app.extensions import reader_session
from app.places import kept_figures
from app.places.kept_figures import INDEX, KeptFigures, read_kept_figures
from app.reports.store import FOLDER, ReportStore
from tests.helpers.factories import box_wkt, make_project, make_road, make_row
from tests.helpers.queries import counted_queries
from tests.places.places import BESIDE, FAR, OWN, VILLAGE, cells, make_people, make_places, page, section

CODE_LISTED = text("SELECT EXISTS (SELECT FROM app.areas WHERE code = '16.05.09')")  # the national list is installed
IN_BESIDE = "LINESTRING(103.3 -3.1, 103.31 -3.1)"
ACROSS = "LINESTRING(103.15 -3.1, 103.25 -3.1)"


@pytest.fixture(autouse=True)
def places(connection: Connection, settings: Settings) -> None:
    make_places(connection)
    (settings.home / FOLDER / INDEX).unlink(missing_ok=True)


def test_figures_are_those_of_the_rows(client: FlaskClient, connection: Connection) -> None:
    make_project(connection, ceiling_idr=3_000_000_000, contract_value_idr=2_500_000_000, physical_percent=20)
    make_project(connection, ceiling_idr=1_000_000_000, contract_value_idr=900_000_000, physical_percent=100)
    make_project(
        connection, geom=ACROSS, ceiling_idr=4_000_000_000, contract_value_idr=100_000_000, physical_percent=60
    )
    make_project(connection, geom=IN_BESIDE, contract_value_idr=7_000_000_000)
    make_project(connection, year=2025, contract_value_idr=9_000_000_000)
    row = connection.execute(
        text("""
            SELECT count(*) AS n, sum(contract_value_idr) AS value, count(*) FILTER (WHERE is_late) AS late,
                sum(physical_percent * ceiling_idr) / sum(ceiling_idr) AS done
            FROM app.project WHERE year = 2026 AND ST_Intersects(geom, (SELECT geom FROM layers.districts WHERE code = :code))
        """),
        {"code": OWN},
    ).one()
    assert (row.n, int(row.value), round(float(row.done), 1), row.late) == (3, 3_500_000_000, 50.0, 1)
    works = section(page(client, f"/areas/{OWN}?year=2026"), "works-title")
    for words in (">3</a>", "Rp3,5 miliar", "50,0%", ">1</a>", f"district={OWN}", "delay=late_in_handling"):
        assert words in works


def test_page_agrees_with_home_and_the_progress_report(client: FlaskClient, connection: Connection) -> None:
    for number in range(7):
        make_project(connection, physical_percent=13.7 * number, ceiling_idr=1_100_000_000 + 10**8 * number)
    report = client.get(f"/reports/progress.json?area={OWN}&year=2026").get_json()
    figures = {one["id"]: one["value"] for one in report["figures"] if one["area"] == OWN}
    works = section(page(client, f"/areas/{OWN}?year=2026"), "works-title")
    percent = f"{figures['progress.weighted_physical']:.1f}%".replace(".", ",")
    assert f">{percent}</a>" in works
    assert f">{figures['progress.packages']}</a>" in works
    assert f">{figures['progress.late']}</a>" in works
    assert f">{percent}<" in re.sub(r"\s", "", page(client, f"/?year=2026&district={OWN}")).replace("<dd>", ">")


def test_neighbours_are_compared_by_shares_and_never_by_sums(client: FlaskClient, connection: Connection) -> None:
    make_project(connection)
    for _ in range(3):
        make_project(connection, geom=IN_BESIDE, contract_value_idr=5_000_000_000, physical_percent=10)
    compared = section(page(client, f"/areas/{OWN}?year=2026"), "neighbours-title")
    assert cells(compared, "Kecamatan Tugumulyo")[1:3] == ["10,0%", "100,0%"]
    assert cells(compared, "Kecamatan Muara Beliti")[1:3] == ["60,0%", "0,0%"]
    assert "Selangit" not in compared  # of the same level, but it does not touch
    assert "miliar" not in compared
    assert 'href="/areas/16.05.01?year=2026"' in compared


def test_links_lead_up_and_down(client: FlaskClient, connection: Connection) -> None:
    region = page(client, "/areas/16.05")
    for code in (OWN, BESIDE, FAR):
        assert f'href="/areas/{code}"' in region
    district = page(client, f"/areas/{OWN}")
    assert 'href="/areas/16.05"' in district
    assert f'href="/areas/{VILLAGE}"' in district
    village = page(client, f"/areas/{VILLAGE}")
    assert "<h1>Kelurahan Pasar Muara Beliti</h1>" in village
    assert f'href="/areas/{OWN}"' in village


def test_district_without_works_says_so(client: FlaskClient) -> None:
    html = page(client, f"/areas/{FAR}")
    assert "Belum ada pekerjaan yang dicatat di sini." in html
    assert "jumlah penduduknya belum dicatat" in html


@pytest.mark.parametrize("code", ["16.05.99", "16.06", "16", "17.05.09", "16.05.09.9999", "x", "16.05.9", "16%2E05%00"])
def test_unknown_areas_are_not_found(client: FlaskClient, code: str) -> None:
    for address in (f"/areas/{code}", f"/areas/{code}/map.svg", f"/areas/{code}/works.csv"):
        assert client.get(address).status_code == 404, address


@pytest.mark.parametrize("query", ["year=20x6", "year=9999999999", "as_of=kemarin", "as_of=2026-13-01"])
def test_unreadable_years_and_moments_are_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/areas/{OWN}?{query}").status_code == 400


def test_few_people_are_not_counted_in_public(client: FlaskClient, connection: Connection) -> None:
    make_people(connection, VILLAGE, 4)
    html = page(client, f"/areas/{VILLAGE}")
    assert "kurang dari 5 jiwa (2025)" in html
    assert "4 jiwa" not in html
    assert "penduduknya kurang dari 5 jiwa" in html
    connection.execute(text("UPDATE layers.population SET population = 5"))
    assert "5 jiwa (2025)" in page(client, f"/areas/{VILLAGE}")


def test_people_of_a_district_are_those_of_its_villages(client: FlaskClient, connection: Connection) -> None:
    make_people(connection, VILLAGE, 1_200, 2024)
    make_people(connection, VILLAGE, 1_234, 2025)
    make_people(connection, OWN, 99_999, 2025)
    assert "1.234 jiwa (2025)" in page(client, f"/areas/{OWN}")
    assert "1.234 jiwa (2025)" in page(client, "/areas/16.05")


def test_past_moment_shows_what_was_recorded_then(client: FlaskClient, connection: Connection) -> None:
    make_project(connection, code="LAMA", contract_value_idr=2_000_000_000, valid_from="2026-10-01T00:00:00+07:00")
    connection.execute(text("UPDATE layers.districts SET valid_from = '2026-01-01'"))
    make_project(connection, code="BARU", contract_value_idr=3_000_000_000)
    then = page(client, f"/areas/{OWN}?as_of=2026-10-02")
    assert "Rp2 miliar" in section(then, "works-title")
    assert "Yang tampil adalah catatan per" in then
    assert "as_of=2026-10-02" in section(then, "works-title")
    assert "Rp5 miliar" in section(page(client, f"/areas/{OWN}"), "works-title")
    assert ">0</a>" in section(page(client, f"/areas/{OWN}?as_of=2026-09-30"), "works-title")


def test_parks_and_roads_are_summed_inside(client: FlaskClient, connection: Connection) -> None:
    make_road(connection, geom="MULTILINESTRING((102.95 -3.15, 102.99 -3.15))")
    make_road(connection, status="national", geom="MULTILINESTRING((102.9 -3.0, 103.4 -3.0))")
    make_row(
        connection, "layers.parks", name="Taman Kota", ownership="public",
        geom=box_wkt((103.19, -3.11, 103.21, -3.10)),  # half in Muara Beliti, half in Tugumulyo
    )  # fmt: skip
    size = connection.scalar(text("SELECT ST_Area(geom::geography) / 2 FROM layers.parks"))
    html = page(client, f"/areas/{OWN}")
    written = f"{size / 10_000:.2f}".replace(".", ",")
    assert f"Publik: 1 tempat, {written} ha." in html
    roads = section(html, "roads-title")
    assert "1 ruas jalan kabupaten" in roads
    assert "1 ruas jalan nasional" in roads


def test_village_shows_measured_lengths_of_its_segments(client: FlaskClient, connection: Connection) -> None:
    make_road(connection, code="007", geom="MULTILINESTRING((102.95 -3.15, 103.05 -3.15))")
    make_row(
        connection, "layers.road_segments", road_code="007", sta_from_m=0, sta_to_m=5000, survey_year=2025,
        condition="good", geom="MULTILINESTRING((102.95 -3.15, 103.05 -3.15))",
    )  # fmt: skip
    metres = connection.scalar(text("SELECT ST_Length(geom::geography) / 2 FROM layers.road_segments"))
    written = f"{metres / 1000:.3f}".replace(".", ",")
    assert f"Baik {written} km (100,0%)" in section(page(client, f"/areas/{VILLAGE}"), "roads-title")


def test_kept_reports_give_coverage_and_money_per_resident(
    app: Flask, client: FlaskClient, connection: Connection, settings: Settings
) -> None:
    make_people(connection, VILLAGE, 1_000)
    make_project(connection, ceiling_idr=2_000_000_000)
    make_road(connection, code="007", geom="MULTILINESTRING((102.92 -3.15, 102.99 -3.15))")
    for year, condition in ((2024, "heavy_damage"), (2025, "good")):
        make_row(
            connection, "layers.road_segments", road_code="007", sta_from_m=0, sta_to_m=5000, survey_year=year,
            condition=condition, geom="MULTILINESTRING((102.92 -3.15, 102.99 -3.15))",
        )  # fmt: skip
    assert "dihitung di laporan" in page(client, f"/areas/{OWN}")
    with app.test_request_context():
        computed = kept_figures.keep_figures(reader_session(), ReportStore.of(settings), settings.home)
        again = kept_figures.keep_figures(reader_session(), ReportStore.of(settings), settings.home)
    assert (computed, again) == (4, 0)
    html = page(client, f"/areas/{OWN}")
    assert "per jiwa: Rp2 juta." in section(html, "works-title")
    roads = section(html, "roads-title")
    assert "100,0% jalan kabupaten/kota mantap menurut survei 2025." in roads
    assert cells(roads, "2024")[:2] == ["2024", "0,0%"]
    assert "/reports/coverage/origin?figure=roads.kemantapan&amp;area=16.05.09" in html
    assert "per jiwa: Rp2 juta." in section(page(client, f"/areas/{VILLAGE}"), "works-title")
    past = page(client, f"/areas/{OWN}?as_of=2100-01-01")
    assert "Angka cakupan dihitung di laporan." in past  # kept figures speak of now alone


@pytest.mark.parametrize("content", ["", "[]", '{"coverage": 7}', '{"coverage": "../../etc/passwd"}', "{"])
def test_broken_list_of_kept_reports_is_no_reports(tmp_path: Path, content: str) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / INDEX).write_text(content)
    assert read_kept_figures(ReportStore(tmp_path), tmp_path) == KeptFigures()


def test_works_as_csv_are_one_row_each(client: FlaskClient, connection: Connection) -> None:
    make_project(connection, code="P-1", name="=HYPERLINK(1)", contractor="PT A; B")
    make_project(connection, code="P-2", geom=IN_BESIDE)
    make_project(connection, code="P-3", year=2025)
    answer = client.get(f"/areas/{OWN}/works.csv?year=2026")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert [row["code"] for row in rows] == ["P-1"]
    assert not rows[0]["name"].startswith("=")
    assert rows[0]["contractor"] == "PT A; B"
    assert rows[0]["district_codes"] == OWN


def test_picture_shows_the_area(client: FlaskClient, connection: Connection) -> None:
    make_project(connection)
    shared = re.search(
        r'property="og:image" content="http://localhost([^"]+)"', page(client, f"/areas/{OWN}?year=2026")
    )
    assert shared
    png = client.get(shared[1].replace("&amp;", "&"))
    assert (png.mimetype, png.data[:4]) == ("image/png", b"\x89PNG")
    for address in (f"/areas/{OWN}/map.svg", "/areas/16.05/map.svg?theme=dark", f"/areas/{VILLAGE}/map.svg?year=2026"):
        answer = client.get(address)
        assert answer.mimetype == "image/svg+xml"
        assert ElementTree.fromstring(answer.data).attrib["viewBox"] == "0 0 720 480"
    assert (
        client.get(
            f"/areas/{OWN}/map.svg", headers={"If-None-Match": client.get(f"/areas/{OWN}/map.svg").headers["ETag"]}
        ).status_code
        == 304
    )


def test_page_asks_the_database_little(client: FlaskClient, connection: Connection) -> None:
    make_people(connection, VILLAGE, 1_000)
    for number in range(40):
        make_project(connection, geom=IN_BESIDE if number % 3 else "LINESTRING(102.95 -3.15, 102.96 -3.14)")
    for code in ("16.05", OWN, VILLAGE):
        client.get(f"/areas/{code}")
        with counted_queries(connection) as queries:
            page(client, f"/areas/{code}")
        assert len(queries) <= 12, queries


def test_page_that_the_browser_has_is_not_sent_again(client: FlaskClient, connection: Connection) -> None:
    make_project(connection)
    first = client.get(f"/areas/{OWN}")
    assert client.get(f"/areas/{OWN}", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    make_project(connection)
    assert client.get(f"/areas/{OWN}", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_head_names_the_page_for_others(client: FlaskClient) -> None:
    html = page(client, f"/areas/{OWN}?year=2026&utm=x&lang=en")
    assert f'<link rel="canonical" href="http://localhost/areas/{OWN}?year=2026&amp;lang=en">' in html
    assert '<meta property="og:title" content="Kecamatan Muara Beliti">' in html
    assert '<meta property="og:locale" content="en_GB">' in html
    assert 'hreflang="id"' in html


def test_list_finds_districts_and_villages(client: FlaskClient) -> None:
    everything = page(client, "/areas")
    for name in ("Kecamatan Muara Beliti", "Pasar Muara Beliti", "Kecamatan Selangit"):
        assert name in everything
    found = page(client, "/areas?q=pasar")
    assert "Pasar Muara Beliti" in found
    assert "Selangit" not in found
    assert "Tidak ada wilayah yang cocok dengan “&lt;qqqq&gt;”" in page(client, "/areas?q=<qqqq>")
    assert client.get("/areas?q=" + "a" * 5000).status_code == 400


def test_own_words_of_a_region_with_nagari(client: FlaskClient, connection: Connection) -> None:
    connection.execute(text("UPDATE app.region SET district_term = 'Distrik', village_term = 'nagari'"))
    connection.execute(text("UPDATE layers.villages SET kind = NULL"))
    assert "<h1>Nagari Pasar Muara Beliti</h1>" in page(client, f"/areas/{VILLAGE}")
    district = page(client, f"/areas/{OWN}")
    assert "<h1>Distrik Muara Beliti</h1>" in district
    assert re.search(r"\d nagari", district)
    for html in (district, page(client, "/areas"), page(client, f"/areas/{VILLAGE}"), page(client, "/areas/16.05")):
        assert not re.search(r"\b([Kk]ecamatan|[Dd]esa)\b", html), re.findall(
            r".{40}\b(?:[Kk]ecamatan|[Dd]esa)\b", html
        )


def test_script_in_names_stays_text(client: FlaskClient, connection: Connection) -> None:
    connection.execute(text("UPDATE layers.villages SET name = '<script>alert(1)</script>'"))
    make_project(connection, name="<img src=x onerror=alert(1)>")
    for address in (f"/areas/{OWN}", f"/areas/{VILLAGE}", "/areas"):
        html = page(client, address)
        assert "<script>alert" not in html
        assert "<img src=x" not in html


def test_moment_before_everything_has_no_works(client: FlaskClient, connection: Connection) -> None:
    make_project(connection)
    html = page(client, f"/areas/{OWN}?as_of=1999-01-01", 404 if not connection.scalar(CODE_LISTED) else 200)
    assert "Peningkatan" not in html
