"""The sheet about one thing: always one page, never silent about what it leaves out, with the address of its page."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import BytesIO
from itertools import pairwise

import pytest
from pypdf import PdfReader
from sqlalchemy import Connection

from app.config import Settings
from app.reports.documents import page_of
from app.reports.render import render
from app.reports.render.sheet import LEVELS, in_columns
from app.reports.render.words import ShownRow, ShownTable
from app.reports.report import Picture, Report, Row, Words
from app.reports.template import ReportTemplate, Signatory
from gis.figures import Finding
from tests.reports.conftest import compute
from tests.reports.test_render_pdf import words_of
from tests.reports.test_report_template import picture
from tests.reports.works import make_works, table

LINK = "https://peta.example.go.id/projects/A"
LEFT_OUT = {"id": "lanjutan ada di halaman proyek", "en": "more is on the project's page"}
PHOTO = picture("JPEG", (60, 40))


@pytest.fixture
def works(connection: Connection) -> dict[str, int]:
    """The packages of `make_works`."""
    return make_works(connection)


def pages(content: bytes) -> int:
    return len(PdfReader(BytesIO(content)).pages)


def draw(report: Report, *, language: str = "id", template: ReportTemplate | None = None) -> bytes:
    return render(report, "pdf", language=language, template=template, picture=lambda _hash: PHOTO, link=LINK)


def sheet(connection: Connection, code: str, **options: bool) -> Report:
    return compute(connection, name="project", package=code, **options)  # type: ignore[arg-type]


def crowded(report: Report) -> Report:
    """The same sheet with far more than a page can hold: long names, hundreds of rows, many findings and photos."""
    long = "Peningkatan jalan dan jembatan antardesa berikut saluran dan bangunan pelengkapnya " * 12
    board, milestones = table(report, "board"), table(report, "milestones")
    board = replace(board, rows=tuple(replace(row, cells=(long,)) for row in board.rows))
    rows = tuple(Row(str(number), (date(2026, 5, 1), f"{number} {long}")) for number in range(1, 300))
    return replace(
        report,
        names={**report.names, "A": long},
        tables=(board, replace(milestones, rows=rows)),
        findings=tuple(Finding("warning", f"f{number}", long, long) for number in range(30)),
        pictures=tuple(Picture(str(number), Words(long, long), date(2026, 6, number)) for number in range(1, 9)),
    )


@pytest.mark.parametrize("code", ["A", "B", "D"])  # runs, not begun, given up
@pytest.mark.parametrize("language", ["id", "en"])
def test_sheet_is_one_page_and_the_same_bytes(
    connection: Connection, works: dict[str, int], code: str, language: str
) -> None:
    report = sheet(connection, code)
    content = draw(report, language=language)
    assert pages(content) == 1
    assert draw(report, language=language) == content


def test_sheet_of_what_fits_leaves_nothing_out(connection: Connection, works: dict[str, int]) -> None:
    report = sheet(connection, "A")
    words = words_of(draw(report))
    for text in ("Jalan Ulu", "Papan proyek", "Kurva S", "Tonggak pekerjaan", "Rp300.000.000", LINK, "Asal angka"):
        assert text in words, text
    for row in table(report, "milestones").rows:
        event = row.cells[-1]
        assert isinstance(event, Words)
        assert event.id in words
    assert LEFT_OUT["id"] not in words.lower()


@pytest.mark.parametrize("language", ["id", "en"])
def test_crowded_sheet_is_one_page_and_says_what_is_left_out(
    connection: Connection, works: dict[str, int], language: str
) -> None:
    content = draw(crowded(sheet(connection, "A")), language=language)
    assert pages(content) == 1
    assert LEFT_OUT[language] in words_of(content).lower()


def test_shortened_list_keeps_its_end_and_counts_what_went(connection: Connection, works: dict[str, int]) -> None:
    report = sheet(connection, "A")
    milestones = table(report, "milestones")
    rows = tuple(Row(str(number), (date(2026, 5, 1), f"Peristiwa {number}.")) for number in range(1, 101))
    words = words_of(draw(replace(report, tables=(table(report, "board"), replace(milestones, rows=rows)))))
    shown = [number for number in range(1, 101) if f"Peristiwa {number}." in words]
    assert shown
    assert shown == list(range(101 - len(shown), 101))
    assert f"{100 - len(shown)} baris sebelumnya tidak dimuat; {LEFT_OUT['id']}" in words


def test_sheet_with_many_signatories_is_one_page(connection: Connection, works: dict[str, int]) -> None:
    who = Signatory(
        "Kepala Dinas Pekerjaan Umum dan Penataan Ruang", "Dr. Ir. Nama Yang Panjang Sekali", "Pembina", "1"
    )
    template = ReportTemplate(government="Pemerintah Kabupaten " * 9, office="Dinas " * 40, signatories=(who,) * 3)
    assert pages(draw(crowded(sheet(connection, "A")), template=template)) == 1


def test_levels_show_less_and_less() -> None:
    for more, less in pairwise(LEVELS):
        for name in ("rows", "letters", "findings", "picture", "photo", "sign", "size"):
            assert getattr(less, name) <= getattr(more, name), name


def test_lists_stand_in_columns_of_like_height() -> None:
    def listing(name: str, count: int) -> ShownTable:
        rows = tuple(ShownRow(str(number), ()) for number in range(count))
        return ShownTable(name, name, "", (), (), rows, None, None, is_facts=False)

    left, right = in_columns([listing("a", 9), listing("b", 2), listing("c", 3), listing("d", 1)])
    assert ([one.id for one in left], [one.id for one in right]) == (["a"], ["b", "c", "d"])


def test_address_of_the_page_is_where_people_reach_us(connection: Connection, works: dict[str, int]) -> None:
    report = sheet(connection, "A")
    settings = Settings.from_environment({"PETAKARYA_URL": "https://peta.example.go.id/", "PORT": "8123"})
    assert page_of(report, settings) == LINK
    assert page_of(report, replace(settings, public_url=None)) == "http://127.0.0.1:8123/projects/A"
    odd = replace(report, settings={"package": "A/1 ?"})
    assert page_of(odd, settings) == "https://peta.example.go.id/projects/A%2F1%20%3F"
    assert page_of(replace(report, settings={}), settings) is None
