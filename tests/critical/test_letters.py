"""Letters: the right numbers in the right letter, from the record alone, as PDF that a screen reader can follow."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.critical.letters import idr_in_words, number_in_words
from app.critical.service import evaluate
from tests.helpers.factories import make_row
from tests.helpers.tracking import make_approved, make_company, make_tracked_project

TODAY = date(2026, 11, 24)
API = "/api/v1/projects/620/KR-1/critical"  # a code with a slash, as agencies have them
HOSTILE = 'Jalan *tebal* _miring_ $x$ #eval("1") #import "paper.typ" <label> @ref \\ [x] </script> "kutip"'


@pytest.fixture(autouse=True)
def on_24_november(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.critical.routes.region_today", lambda _session: TODAY)


@pytest.fixture
def project(connection: Connection, app_session: Session) -> int:
    """A contract of Rp1.110.000.000 whose case has gone through two failed tests; every name is hostile."""
    agency = make_row(connection, "app.unit", code="1.03", name="Dinas PU & Tata Ruang")
    unit = make_row(connection, "app.unit", code="1.03.1", name="Bidang Bina Marga", parent_id=agency)
    company = make_company(connection, name="PT Beringin #Raya", address="Jalan Lintas 5, Lubuklinggau")
    project = make_tracked_project(
        connection,
        code="620/KR-1",
        name=HOSTILE,
        unit_id=unit,
        extra_time_until=date(2027, 1, 3),
        contract={"number": "620/012/KONTRAK/2026", "company_id": company},
    )
    make_approved(connection, project, date(2026, 11, 8), 64.25, planned_percent=72.5)
    evaluate(app_session, project, today=date(2026, 11, 9))
    app_session.commit()
    case = connection.scalar(
        text("""
            UPDATE app.critical_case SET state = 'declared', declared_on = '2026-11-09', letter_number = '600/77/PPK', letter_date = '2026-11-09'
            RETURNING id
        """)
    )
    meetings = (
        (1, "2026-11-10", 70, "2026-11-14", "2026-11-14", 67.125, "SP-1/PPK", "2026-11-14", "BA-1"),
        (2, "2026-11-15", 80, "2026-11-20", "2026-11-21", 75, None, None, None),
    )
    for stage, held, target, due, outcome, reached, number, dated, minutes in meetings:
        make_row(
            connection, "app.show_cause_meeting", case_id=case, stage=stage, held_on=held, target_percent=target, due_on=due,
            outcome="failed", outcome_on=outcome, reached_percent=reached, warning_number=number, warning_date=dated, minutes_number=minutes,
        )  # fmt: skip
    return project


def reader(client: FlaskClient, kind: str) -> PdfReader:
    answer = client.get(f"{API}/letters/{kind}.pdf")
    assert answer.status_code == 200, kind
    assert answer.mimetype == "application/pdf"
    assert "no-store" in answer.headers["Cache-Control"]
    return PdfReader(BytesIO(answer.data))


def words(client: FlaskClient, kind: str) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader(client, kind).pages).split())


def test_every_letter_of_the_record_is_offered_and_drawn(ppk: FlaskClient, project: int) -> None:
    kinds = ppk.get(API).json["letters"]
    assert kinds == [
        "reprimand", "declaration", "invitation-1", "minutes-1", "inspection-1", "warning-1",
        "invitation-2", "minutes-2", "inspection-2", "warning-2", "invitation-3", "extra-time",
    ]  # fmt: skip
    for kind in kinds:
        content = words(ppk, kind)
        for part in (
            "PEMERINTAH KABUPATEN MUSI RAWAS",
            "DINAS PU & TATA RUANG",
            "Bidang Bina Marga",
            "DRAF",
            "PT Beringin #Raya",
            "620/KR-1",
        ):
            assert part in content, (kind, part)


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("reprimand", ["Surat Teguran", "72,50%", "64,25%", "8,25 poin persen", "8 November 2026", "SSUK 31.2", "Jalan Lintas 5"]),
        ("reprimand", ["Rp1.110.000.000", "satu miliar seratus sepuluh juta rupiah", "229 hari kalender", "15 Desember 2026"]),
        ("reprimand", ["Rp1.000.000.000", "Rp1.000.000 (satu juta rupiah)", "Perpres 16/2018 Pasal 79 ayat (4)"]),
        ("declaration", ["Nomor : 600/77/PPK", "huruf b", "9 November 2026"]),
        ("invitation-1", ["Tahap I", "600/77/PPK"]),
        ("inspection-1", ["Sabtu, 14 November 2026", "Nomor BA-1", "70,00%", "67,13%", "tidak tercapai", "belum tercatat"]),
        ("minutes-1", ["hari Selasa, 10 November 2026", "Nomor BA-1", "10 November 2026", "70,00%", "14 November 2026", "uji coba 4 hari kalender", "Rapat Pembuktian Tahap II"]),
        ("warning-1", ["Nomor : SP-1/PPK", "Nomor BA-1", "70,00%", "67,13% per 14 November 2026", "Tahap II"]),
        ("minutes-2", ["80,00%", "20 November 2026", "menargetkan 70,00% dan mencapai 67,13%"]),
        ("warning-2", ["Surat Peringatan Kontrak Kritis II", "75,00% per 21 November 2026", "Tahap III"]),
        ("invitation-3", ["Tahap III", "target 80,00%, tercapai 75,00%"]),
        ("extra-time", ["19 hari kalender", "16 Desember 2026", "3 Januari 2027"]),
    ],
)  # fmt: skip
def test_letter_has_the_right_numbers(ppk: FlaskClient, project: int, kind: str, parts: list[str]) -> None:
    content = words(ppk, kind)
    for part in parts:
        assert part in content, (part, content)


def test_inspection_lists_the_items_with_what_was_approved_by_then(
    connection: Connection, ppk: FlaskClient, project: int
) -> None:
    contract = connection.scalar(text("SELECT id FROM app.contract WHERE project_id = :id"), {"id": project})
    item = make_row(
        connection, "app.work_item", project_id=project, contract_id=contract, position=1, name="Lapis *pondasi* #x", unit="m3",
        quantity=1850, price_idr=1000, weight_percent=100,
    )  # fmt: skip
    for day, installed in ((date(2026, 11, 13), 1200), (date(2026, 11, 20), 1300)):
        update = make_approved(connection, project, day, 66, planned_percent=75)
        connection.execute(
            text("INSERT INTO app.progress_item (update_id, item_id, installed) VALUES (:update, :item, :installed)"),
            {"update": update, "item": item, "installed": installed},
        )
    content = words(ppk, "inspection-1")
    for part in ("Lapis *pondasi* #x", "m3", "1.850,00", "1.200,00", "100,00%", "Hasil pemeriksaan"):
        assert part in content, (part, content)
    assert "1.300,00" in words(ppk, "inspection-2")
    assert ppk.get(f"{API}/letters/inspection-3.pdf").status_code == 404
    assert ppk.get(f"{API}/letters/inspection.pdf").status_code == 404


def test_what_is_not_recorded_stays_a_dotted_line(ppk: FlaskClient, project: int) -> None:
    content = words(ppk, "warning-2")
    assert "Nomor : …" in content
    assert "None" not in content
    assert "NIP …" in content


def test_last_warning_speaks_of_termination(connection: Connection, ppk: FlaskClient, project: int) -> None:
    connection.execute(text("UPDATE app.rules SET value = '2' WHERE code = 'SCM_TAHAP_MAKS'"))
    assert "memutus kontrak secara sepihak" in words(ppk, "warning-2")
    assert ppk.get(f"{API}/letters/invitation-3.pdf").status_code == 404


def test_names_are_data_and_never_typst(ppk: FlaskClient, project: int) -> None:
    content = words(ppk, "reprimand").replace("“", '"').replace("”", '"')
    for part in ("*tebal*", "_miring_", "$x$", "#eval(", "<label>", "@ref", "</script>"):
        assert part in content, part


def test_letter_is_tagged_for_screen_readers(ppk: FlaskClient, project: int) -> None:
    letter = reader(ppk, "minutes-1")
    root = letter.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] is not None
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "id"
    assert letter.metadata is not None
    assert letter.metadata.title == "Berita Acara Rapat Pembuktian (Show Cause Meeting) Tahap I"


def test_closed_case_keeps_its_letters(connection: Connection, ppk: FlaskClient, project: int) -> None:
    connection.execute(
        text("UPDATE app.critical_case SET state = 'closed', closed_on = '2026-11-22', closed_how = 'recovered'")
    )
    kinds = ppk.get(API).json["letters"]
    assert "warning-2" in kinds
    assert "invitation-3" not in kinds  # nobody is invited any more
    assert "600/77/PPK" in words(ppk, "declaration")


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "nol"), (10, "sepuluh"), (11, "sebelas"), (17, "tujuh belas"), (20, "dua puluh"), (21, "dua puluh satu"), (100, "seratus"),
        (111, "seratus sebelas"), (200, "dua ratus"), (1_000, "seribu"), (1_100, "seribu seratus"), (2_019, "dua ribu sembilan belas"),
        (100_000, "seratus ribu"), (1_000_000, "satu juta"), (137_505_000, "seratus tiga puluh tujuh juta lima ratus lima ribu"),
        (1_000_000_000_000, "satu triliun"), (11_000, "sebelas ribu"), (1_001_000, "satu juta seribu"),
    ],
)  # fmt: skip
def test_numbers_in_words(number: int, written: str) -> None:
    assert number_in_words(number) == written


def test_rupiah_in_words_with_cents() -> None:
    assert idr_in_words(Decimal("2750100.50")) == "dua juta tujuh ratus lima puluh ribu seratus rupiah lima puluh sen"
