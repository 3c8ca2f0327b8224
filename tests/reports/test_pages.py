from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.config import Settings
from app.reports import compute as computing
from app.reports.compute import key_of, report_of
from app.reports.requests import ReportRequest
from app.reports.store import ReportStore


class Page(HTMLParser):
    """Words and links of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if tag == "a" and name == "href"]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def page(client: FlaskClient, address: str) -> Page:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


def test_gallery_leads_to_the_report(client: FlaskClient, regency: Connection) -> None:
    assert "/reports/coverage" in page(client, "/reports").links


def test_page_shows_the_figures_as_people_write_them(client: FlaskClient, regency: Connection) -> None:
    text_of_page = page(client, "/reports/coverage").text
    assert "52,50%" in text_of_page  # kemantapan: 2.1 of 4 km
    assert "10,00%" in text_of_page  # public green space
    assert "4,000 km" in text_of_page
    assert "Survei kondisi jalan tahun 2025." in text_of_page
    english = page(client, "/reports/coverage?lang=en").text
    assert "52.50%" in english


def test_a_report_of_an_area_is_called_by_its_title_alone(client: FlaskClient, regency: Connection) -> None:
    assert "<h1>Ringkasan cakupan</h1>" in client.get("/reports/coverage").text


def test_every_number_of_the_tables_opens_its_origin(client: FlaskClient, regency: Connection) -> None:
    links = [link for link in page(client, "/reports/coverage").links if "/origin?" in link]
    assert len(links) > 20
    for link in links[:6] + links[-6:]:
        opened = page(client, link)
        assert "Asal angka" in opened.text
        assert any(one.startswith("/ogc/collections/") for one in opened.links)
        assert any(one.startswith("/#") for one in opened.links)


def test_origin_shows_rule_legal_basis_inputs_and_features(client: FlaskClient, regency: Connection) -> None:
    opened = page(client, "/reports/coverage/origin?figure=green.public_percent&area=16.05.01")
    assert "RTH_PUBLIK_MIN, versi 2026-01" in opened.text
    assert "UU 26/2007" in opened.text
    assert "belum diverifikasi" not in opened.text
    features = next(link for link in opened.links if link.startswith("/ogc"))
    assert client.get(features).json["numberReturned"] == 1
    assert re.search(r"/#\d+\.\d+/-3\.05\d*/102\.95\d*&on=parks", " ".join(opened.links))


def test_recalled_rule_is_marked_as_not_verified(client: FlaskClient, regency: Connection) -> None:
    regency.execute(text("UPDATE app.rules SET status = 'R?' WHERE code = 'RTH_PUBLIK_MIN'"))
    opened = page(client, "/reports/coverage/origin?figure=green.public_percent&area=16.05.01")
    assert "belum diverifikasi" in opened.text


def test_json_is_as_the_contract_says(client: FlaskClient, regency: Connection) -> None:
    answer = client.get("/reports/coverage.json?area=16.05.01")
    assert answer.mimetype == "application/json"
    report = answer.json
    assert list(report) == [
        "report",
        "area",
        "year",
        "as_of",
        "demo",
        "figures",
        "tables",
        "findings",
        "charts",
        "settings",
    ]
    assert report["report"] == "coverage"
    assert report["area"] == {"code": "16.05.01", "name": "A"}
    assert report["demo"] is False
    stable = next(one for one in report["figures"] if one["id"] == "roads.kemantapan")
    wanted = ("id", "area", "value", "unit", "numerator", "denominator", "rule", "rule_version", "legal_basis")
    assert set(wanted) | {"data_date", "inputs", "features_url"} <= set(stable)
    assert stable["value"] == pytest.approx(84, abs=0.1)
    assert all(set(one) == {"severity", "code", "message", "count"} for one in report["findings"])
    assert client.get("/reports/coverage?format=json&area=16.05.01").json == report


def test_unchanged_report_answers_304(client: FlaskClient, regency: Connection) -> None:
    etag = client.get("/reports/coverage.json").headers["ETag"]
    assert client.get("/reports/coverage.json", headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("area=31", 404, "Musi Rawas"),
        ("area=%27%22", 404, "Musi Rawas"),
        ("area=16.05.%00%00", 404, "Musi Rawas"),
        ("year=dua", 400, "year=dua"),
        ("year=0001", 400, "year=0001"),
        ("as_of=besok", 400, "as_of=besok"),
        ("colour=red", 400, "colour"),
        ("format=pdf", 400, "format=pdf"),
    ],
)
def test_what_cannot_be_asked_is_said_to_people_and_programs(
    client: FlaskClient, regency: Connection, query: str, status: int, words: str
) -> None:
    for_people = client.get(f"/reports/coverage?{query}")
    assert (for_people.status_code, for_people.mimetype) == (status, "text/html")
    assert words in Page(for_people.text).text
    if "format" not in query:
        problem = client.get(f"/reports/coverage.json?{query}")
        assert (problem.status_code, problem.mimetype) == (status, "application/problem+json")
        assert words in problem.json["detail"]


def test_empty_fields_of_the_form_leave_the_address(client: FlaskClient, regency: Connection) -> None:
    answer = client.get("/reports/coverage?area=16.05.01&year=&as_of=")
    assert answer.status_code == 302
    assert urlsplit(answer.location).query == "area=16.05.01"


def test_empty_regency_has_a_page_that_says_what_is_missing(client: FlaskClient, connection: Connection) -> None:
    from tests.helpers.factories import make_region

    make_region(connection)
    text_of_page = page(client, "/reports/coverage").text
    assert "belum memiliki batas kecamatan" in text_of_page
    assert "0,00%" not in text_of_page


def test_names_from_data_are_escaped(client: FlaskClient, regency: Connection) -> None:
    regency.execute(text("UPDATE layers.districts SET name = '<script>alert(1)</script>' WHERE code = '16.05.01'"))
    answer = client.get("/reports/coverage")
    assert "<script>alert" not in answer.text
    assert json.loads(client.get("/reports/coverage.json").text)["tables"][0]["rows"][0]["name"].startswith("<script>")


def test_report_kept_in_memory_is_not_shown_after_an_edit(client: FlaskClient, regency: Connection) -> None:
    def length_km() -> float:
        figures = client.get("/reports/coverage.json").json["figures"]
        return float(next(one["value"] for one in figures if one["id"] == "roads.length_km"))

    assert (length_km(), length_km()) == (4, 4)
    regency.execute(text("UPDATE layers.roads SET length_sk_m = 2000 WHERE code = '001'"))
    assert length_km() == 5


def test_day_of_a_kept_report_is_the_regions(regency: Connection, settings: Settings) -> None:
    """At 17:00 UTC a new day begins in Musi Rawas, and with it what is in force from then on."""
    regency.execute(text("UPDATE app.rules SET in_force_until = '2026-11-23' WHERE code = 'RTH_PUBLIK_MIN'"))
    columns = "title_id, title_en, value, unit, legal_basis, status"
    regency.execute(
        text(
            f"INSERT INTO app.rules (code, version, {columns}, in_force_from)"
            f" SELECT code, 'baru', {columns}, '2026-11-24' FROM app.rules WHERE code = 'RTH_PUBLIK_MIN'"
        )
    )
    with Session(bind=regency, join_transaction_mode="create_savepoint") as session:
        versions = [
            report_of(
                session,
                ReportRequest(),
                key_of(session, ReportRequest(), now=moment),
                now=moment,
                store=ReportStore.of(settings),
            ).rules["RTH_PUBLIK_MIN"]
            for moment in (datetime(2026, 11, 23, hour, tzinfo=UTC) for hour in (16, 18))
        ]
    assert versions[0].rule.version != "baru"
    assert versions[1].rule.version == "baru"


def test_few_reports_are_computed_at_once(client: FlaskClient, regency: Connection) -> None:
    taken = [computing._asked.acquire(blocking=False) for _ in range(computing.MOST_ASKED)]
    try:
        answer = client.get("/reports/coverage.json?as_of=2026-11-23T01:02:03%2B07:00")
        assert (answer.status_code, answer.json["title"]) == (503, "TooBusy")
    finally:
        for _ in filter(None, taken):
            computing._asked.release()
    assert client.get("/reports/coverage.json?as_of=2026-11-23T01:02:03%2B07:00").status_code == 200


def test_origin_lists_and_draws_the_features_behind_a_figure(client: FlaskClient, regency: Connection) -> None:
    answer = client.get("/reports/coverage/origin?figure=roads.length_km&area=16.05")
    page = Page(answer.text)
    assert "2 unsur lapisan Ruas jalan." in page.text
    roads = dict(regency.execute(text("SELECT code, id FROM layers.roads")).all())
    assert {f"/data/roads/{roads[code]}" for code in ("001", "002")} <= set(page.links)
    assert f"/data/roads/{roads['900']}" not in page.links  # a national road is no part of the figure
    assert "<svg" in answer.text
    one = client.get("/reports/coverage/origin?figure=roads.length_km&area=16.05.02")
    assert "1 unsur lapisan Ruas jalan." in Page(one.text).text


def test_origin_leads_to_the_list_of_packages(client: FlaskClient, regency: Connection) -> None:
    page = Page(client.get("/reports/progress/origin?figure=progress.packages&area=16.05&year=2026").text)
    assert any(one.startswith("/projects?year=2026") for one in page.links)


@pytest.mark.parametrize("query", ["scheme=besar", "classes=2", "classes=x"])
def test_classes_that_there_are_not_are_refused(client: FlaskClient, regency: Connection, query: str) -> None:
    assert client.get(f"/reports/coverage?{query}").status_code == 400


def test_map_is_drawn_with_the_classes_asked_for(client: FlaskClient, regency: Connection) -> None:
    first = client.get("/reports/coverage?map=roads.kemantapan&scheme=quantiles&classes=3")
    assert 'data-key="16.05.01"' in first.text
    assert Page(first.text).text.count("Kemantapan jalan") >= 2


def test_two_areas_and_two_moments_are_compared(client: FlaskClient, regency: Connection) -> None:
    areas = Page(client.get("/reports/coverage?area=16.05.01&compare_area=16.05.02").text)
    assert "Perbandingan" in areas.text
    assert "1,000 km" in areas.text  # 2,500 km in A, 1,500 km in B
    assert client.get("/reports/coverage?compare_as_of=2020-01-01").status_code == 200
    assert client.get("/reports/coverage?compare_area=99").status_code == 404
