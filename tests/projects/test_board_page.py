"""The page of a project as its board: public fields with their origin, milestones, money, documents, sharing."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.projects.short import short_code
from layers.rules import seed_rules
from tests.helpers.factories import make_district, make_location, make_project, make_region, make_row, make_village
from tests.helpers.queries import counted_queries
from tests.helpers.tracking import (
    contract_of,
    make_addendum,
    make_approved,
    make_baseline,
    make_company,
    make_tracked_project,
)

EVIL = "</script><script>alert(1)</script>\"';,\\\r\nEND:VCALENDAR #let x = 1 $x$ @label"


@pytest.fixture(autouse=True)
def region(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.projects.record.today", lambda _time_zone: date(2026, 11, 24))
    make_region(connection)
    make_district(connection)
    make_village(connection)
    seed_rules(connection)


def page(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text[:2000]
    return re.sub(r"\s+", " ", answer.text)


def make_whole_project(connection: Connection, code: str = "P-1", **values: object) -> int:
    """Make a package with everything that its board can say."""
    agency = make_row(connection, "app.unit", code="1.03", name="Dinas PU Cipta Karya")
    unit = make_row(connection, "app.unit", code="1.03.1", name="Bidang Bina Marga", parent_id=agency)
    programme = make_row(connection, "app.programme", code="1.03.10", version="t", level="programme", name="Jalan")
    activity = make_row(
        connection, "app.programme", code="1.03.10.2", version="t", level="activity", name="Pemeliharaan jalan",
        parent_id=programme,
    )  # fmt: skip
    supervisor = make_company(connection, name="PT Awas Karya")
    contractor = make_company(connection, name="CV Musi Jaya", tax_number="713131313131313")
    project = make_tracked_project(
        connection, code=code, status="construction", unit_id=unit, programme_id=activity, rup_code="RUP-77",
        tender_code="T-88", owner_estimate_idr=1_200_000_000, ceiling_idr=1_500_000_000, selection_method="tender",
        volume=2.5, volume_unit="km", geom=None,
        contract={
            "company_id": contractor, "supervisor_id": supervisor, "number": "620/7/K/2026", "maintenance_days": 180,
        },
        **values,
    )  # fmt: skip
    contract = contract_of(connection, project)
    make_location(connection, project, "planned", "LINESTRING(102.94 -3.15, 102.96 -3.15)", accuracy_m=50)
    make_location(connection, project, "built", "LINESTRING(102.94 -3.151, 102.95 -3.151)", accuracy_m=5)
    make_baseline(connection, project, {date(2026, 5, 1): 0.0, date(2026, 12, 15): 100.0})
    make_addendum(connection, contract, number="ADD/9/2026", value_idr=1_150_000_000)
    make_approved(connection, project, date(2026, 11, 13), 48.2, state="published", planned_percent=62.0)
    for year, source, amount in ((2026, "DAK_FISIK", 1_000_000_000), (2026, "PAD", 500_000_000)):
        make_row(connection, "app.fund", project_id=project, year=year, source=source, amount_idr=amount)
    make_row(
        connection, "app.payment", project_id=project, contract_id=contract, number="SP2D-1", paid_on=date(2026, 7, 1),
        kind="monthly", amount_idr=230_000_000,
    )  # fmt: skip
    for status, day in (("announced", date(2026, 2, 2)), ("construction", date(2026, 5, 1))):
        make_row(connection, "app.status_change", project_id=project, to_status=status, on_day=day, reason="rahasia")
    return project


def make_document(connection: Connection, project: int, title: str, *, is_public: bool) -> int:
    return make_row(
        connection, "app.document", project_id=project, kind="minutes", title=title, number="BA/1", is_public=is_public,
        file_hash="a" * 64, file_name="ba.pdf", media_type="application/pdf", bytes=2_000_000,
    )  # fmt: skip


def test_board_says_what_boards_must_say_with_the_origin_of_each_figure(
    client: FlaskClient, connection: Connection
) -> None:
    make_whole_project(connection)
    html = page(client, "/projects/P-1")
    for words in (
        "Dinas PU Cipta Karya, Bidang Bina Marga",
        "Jalan › Pemeliharaan jalan",
        "RUP-77",
        "T-88",
        "2,50 km",
        "DAK fisik, Pendapatan asli daerah",
        "Rp1.500.000.000",
        "Rp1.200.000.000",
        "Kontrak nomor 620/7/K/2026, 28 April 2026",
        "Rp1.150.000.000",
        "asal: adendum ADD/9/2026, 1 September 2026",
        "CV Musi Jaya",
        "PT Awas Karya",
        "1 Mei 2026 – 28 Desember 2026",
        "242 hari kalender",
        "asal: jadwal versi 1 sejak 1 Mei 2026, untuk 13 November 2026",
        "asal: laporan kemajuan yang disetujui, 13 November 2026",
        "Rp230.000.000 (20,0% dari nilai kontrak)",  # by hand: 230 / 1150
        "asal: SP2D sampai 1 Juli 2026",
        "Sampai 13 November 2026 direncanakan 62%, terlaksana 48%.",
        'lokasi rencana<span class="location-accuracy">(ketelitian sekitar 50 m)',
        'lokasi terbangun<span class="location-accuracy">(ketelitian sekitar 5 m)',
    ):
        assert words in html, words
    for secret in ("713131313131313", "SP2D-1", "rahasia"):
        assert secret not in html


def test_owner_estimate_is_told_once_announced(client: FlaskClient, connection: Connection) -> None:
    make_project(connection, code="A", status="planned", owner_estimate_idr=777_000_000)
    make_project(connection, code="B", status="announced", owner_estimate_idr=777_000_000)
    assert "777.000.000" not in page(client, "/projects/A")
    assert "777.000.000" in page(client, "/projects/B")


def test_milestones_stand_in_the_order_of_their_days(client: FlaskClient, connection: Connection) -> None:
    make_whole_project(connection)
    html = page(client, "/projects/P-1")
    shown = re.findall(r'<time datetime="([^"]+)">.*?<strong>([^<]+)</strong>', html)
    assert shown == [
        ("2026-02-02", "Diumumkan"),
        ("2026-04-28", "Kontrak ditandatangani"),
        ("2026-05-01", "Mulai dikerjakan (SPMK)"),
        ("2026-09-01", "Adendum kontrak ke-1"),
        ("2026-12-28", "Akhir masa pelaksanaan dan serah terima pertama (PHO)"),
        ("2027-06-26", "Akhir masa pemeliharaan dan serah terima akhir (FHO)"),  # 180 days later, by hand
    ]
    assert "asal: SPMK nomor 620/1/SPMK/2026" in html
    assert "nilai menjadi Rp1.150.000.000, selesai menjadi 28 Desember 2026" in html
    assert "Akhir masa pelaksanaan dan serah terima pertama (PHO): 28 Desember 2026." in html
    assert "pada 24 Desember 2026 seharusnya" not in html  # the plan reaches 100 before
    late = page(client, "/projects/P-1?as_of=2099-01-01")
    assert "seharusnya 28 Desember 2026, tetapi belum dicatat." in late
    assert "(FHO)" not in late  # it depends on a hand-over that did not come


def test_finished_project_has_nothing_to_come(client: FlaskClient, connection: Connection) -> None:
    project = make_project(connection, code="X", status="finished", planned_percent=100, physical_percent=100)
    for status, day in (("handed_over", date(2026, 3, 1)), ("finished", date(2026, 9, 1))):
        make_row(connection, "app.status_change", project_id=project, to_status=status, on_day=day)
    html = page(client, "/projects/X")
    assert "Serah terima pertama (PHO)" in html
    assert "Serah terima akhir (FHO)" in html
    assert "Berikutnya" not in html


def test_money_by_source_and_year(client: FlaskClient, connection: Connection) -> None:
    make_whole_project(connection)
    html = page(client, "/projects/P-1")
    table = html[html.index('class="table money-table"') : html.index("</table>", html.index("money-table"))]
    cells = re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", table)
    assert cells[4:] == [
        *("2026", "DAK fisik", "Rp1.000.000.000", ""),
        *("2026", "Pendapatan asli daerah", "Rp500.000.000", "Rp230.000.000"),
        *("Seluruhnya", "Rp1.500.000.000", "Rp230.000.000"),
    ]


def test_only_public_documents_are_listed(client: FlaskClient, connection: Connection) -> None:
    project = make_whole_project(connection)
    shown = make_document(connection, project, "Berita acara untuk umum", is_public=True)
    hidden = make_document(connection, project, "Konsep internal", is_public=False)
    html = page(client, "/projects/P-1")
    assert f'href="/documents/{shown}"' in html
    assert "Berita acara untuk umum" in html
    assert "Konsep internal" not in html
    assert f"/documents/{hidden}" not in html


def test_every_part_answers_as_of_a_moment(client: FlaskClient, connection: Connection) -> None:
    connection.execute(text("SELECT set_config('petakarya.at', '', true)"))
    project = make_whole_project(connection, valid_from="2026-01-01T00:00:00+07:00")
    make_document(connection, project, "Berita acara untuk umum", is_public=True)
    html = page(client, "/projects/P-1?as_of=2026-01-02")  # of all else nothing was recorded by then
    for words in ("620/7/K/2026", "ADD/9/2026", "DAK fisik", "Berita acara", "Rp230.000.000", "Diumumkan", "48,2%"):
        assert words not in html, words
    assert "620/7/K/2026" not in client.get("/projects/P-1/calendar.ics?as_of=2026-01-02").text
    now = client.get("/projects/P-1/share.png")
    then = client.get("/projects/P-1/share.png?as_of=2026-01-02")
    assert now.data != then.data
    assert client.get("/projects/P-1/board.pdf?as_of=2025-01-02").status_code == 404


def test_page_asks_the_database_little(client: FlaskClient, connection: Connection) -> None:
    project = make_whole_project(connection)
    make_document(connection, project, "Berita acara untuk umum", is_public=True)
    client.get("/projects/P-1")
    with counted_queries(connection) as queries:
        page(client, "/projects/P-1")
    assert len(queries) <= 14, "\n".join(queries)


def test_link_to_share_and_its_code(client: FlaskClient, connection: Connection, app: Flask) -> None:
    project = make_whole_project(connection)
    html = page(client, "/projects/P-1?lang=en")
    assert f'value="http://localhost/p/{short_code(project)}"' in html
    assert '<link rel="canonical" href="http://localhost/projects/P-1?lang=en">' in html
    for name in ("og:title", "og:description", "og:image", "og:url"):
        assert f'<meta property="{name}" content="' in html
    assert 'content="http://localhost/projects/P-1/share.png?lang=en"' in html
    assert '<meta name="twitter:card" content="summary_large_image">' in html


def test_structured_data_is_the_same_as_the_page(client: FlaskClient, connection: Connection) -> None:
    project = make_whole_project(connection)
    answer = client.get("/projects/P-1")
    found = re.search(r'<script type="application/ld\+json" nonce="([^"]+)">(.*?)</script>', answer.text, re.DOTALL)
    assert found
    assert f"'nonce-{found[1]}'" in answer.headers["Content-Security-Policy"]
    (about, works) = json.loads(found[2])["@graph"]
    assert about["url"] == "http://localhost/projects/P-1"
    assert works["identifier"] == "P-1"
    assert works["url"] == f"http://localhost/p/{short_code(project)}"
    assert works["location"]["geo"] == {
        "@type": "GeoCoordinates", "latitude": pytest.approx(-3.151, abs=1e-3), "longitude": pytest.approx(102.945, abs=1e-2),
    }  # fmt: skip
    assert [one["name"] for one in works["funder"]] == ["DAK fisik", "Pendapatan asli daerah"]


def unfolded(content: str) -> list[str]:
    """Read the lines of an iCalendar as RFC 5545 section 3.1 has it."""
    assert content.endswith("\r\n")
    assert "\n" not in content.replace("\r\n", "")
    for line in content.split("\r\n"):
        assert len(line.encode()) <= 75, line
    return content.replace("\r\n ", "").split("\r\n")[:-1]


def test_calendar_of_milestones(client: FlaskClient, connection: Connection) -> None:
    project = make_whole_project(connection)
    answer = client.get("/projects/P-1/calendar.ics")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    lines = unfolded(answer.get_data(as_text=True))
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-1] == "END:VCALENDAR"
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 6
    assert "DTSTART;VALUE=DATE:20261228" in lines
    assert "DTEND;VALUE=DATE:20261229" in lines
    assert f"URL:http://localhost/p/{short_code(project)}" in lines
    uids = [line for line in lines if line.startswith("UID:")]
    assert len(set(uids)) == 6
    again = client.get("/projects/P-1/calendar.ics", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_hostile_names_stay_text_everywhere(client: FlaskClient, connection: Connection) -> None:
    project = make_whole_project(connection, name=EVIL)
    connection.execute(text("UPDATE app.company SET name = :name WHERE name LIKE 'CV%'"), {"name": EVIL})
    make_document(connection, project, EVIL, is_public=True)
    html = client.get("/projects/P-1").text
    assert "<script>alert" not in html
    found = re.search(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', html, re.DOTALL)
    assert found
    assert json.loads(found[1])["@graph"][0]["name"] == EVIL
    lines = unfolded(client.get("/projects/P-1/calendar.ics").get_data(as_text=True))
    assert lines.count("END:VCALENDAR") == 1
    assert all(re.match(r"[A-Z-]+[:;]", line) for line in lines)
    assert client.get("/projects/P-1/board.pdf").data.startswith(b"%PDF-")
    assert client.get("/projects/P-1/share.png").data.startswith(b"\x89PNG")


def test_update_that_was_taken_back_is_not_shown_at_an_earlier_moment(
    client: FlaskClient, connection: Connection
) -> None:
    project = make_tracked_project(connection, code="X", valid_from="2026-01-01T00:00:00+07:00")
    update = make_approved(
        connection, project, date(2026, 2, 6), 30.0, state="published", note="Kata yang terbit", client_id=uuid4(),
        valid_from="2026-02-07T00:00:00+07:00",
    )  # fmt: skip
    assert "Kata yang terbit" in page(client, "/projects/X?as_of=2026-03-01")
    assert "Kata yang terbit" not in page(client, "/projects/X?as_of=2026-02-01")
    connection.execute(text("UPDATE app.progress_update SET state = 'returned' WHERE id = :id"), {"id": update})
    assert "Kata yang terbit" not in page(client, "/projects/X?as_of=2026-03-01")


def test_office_and_its_address_are_those_of_printed_reports(client: FlaskClient, connection: Connection) -> None:
    make_whole_project(connection)
    make_row(
        connection, "app.report_template", government="Pemerintah Kabupaten Musi Rawas", office="Dinas PUCKTR",
        address="Jl. Lintas Sumatera\nTelp. (0733) 000", signatories='[{"position": "Kepala", "nip": "19700101"}]',
    )  # fmt: skip
    html = page(client, "/projects/P-1")
    assert "Jl. Lintas Sumatera" in html
    assert "19700101" not in html


def test_templates_are_packaged() -> None:
    from app.config import ROOT

    folder = Path(ROOT) / "app" / "projects" / "typst"
    assert {path.name for path in folder.iterdir()} == {"board.typ", "share.typ", "common.typ", "mark.svg"}
    assert "projects/typst/*" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
