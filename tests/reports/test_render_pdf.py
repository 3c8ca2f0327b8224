"""The PDF: tagged, dated by the report, the same bytes for the same report, and every name shown as it is."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO

import pytest
from pypdf import PdfReader

from app.reports.definition import report_definition
from app.reports.render import render
from app.reports.render.pdf import (
    HEADLINE_PT,
    LANDSCAPE_PT,
    PORTRAIT_PT,
    SIZES_PT,
    headline_pt,
    lay_out,
    needs_landscape,
    table_data,
)
from app.reports.render.words import Headline, ShownRow, ShownTable, show_report
from app.reports.report import Picture, Report, Words
from app.reports.template import ReportTemplate, Signatory
from tests.reports.sample import HOSTILE, NAMES, make_report, without_content
from tests.reports.test_report_template import picture

TITLE = report_definition("coverage").title.id
TEMPLATE = ReportTemplate(
    government="Pemerintah #Kabupaten $Musi$ *Rawas*",
    office="Dinas _PU_ `dan` \\Tata @Ruang",
    place="Muara Beliti",
    closing="Demikian #set laporan ini.",
    signatories=(
        Signatory("Kepala Bappeda", "Dr. #A. *Syarif*", "Pembina", "19700101 199503 1 001", "Mengetahui,"),
        Signatory("Kepala Dinas"),
    ),
)


def pdf_of(report: Report, language: str = "id", template: ReportTemplate | None = TEMPLATE) -> bytes:
    return render(report, "pdf", language=language, template=template)


def words_of(content: bytes) -> str:
    """Return the words of a PDF with single blanks, and none at the breaks that layout makes inside names."""
    pages = PdfReader(BytesIO(content)).pages
    return " ".join(" ".join(one.extract_text() for one in pages).split())


@pytest.fixture(scope="module")
def content() -> bytes:
    return pdf_of(make_report())


def test_same_report_is_the_same_bytes(content: bytes) -> None:
    assert pdf_of(make_report()) == content


def test_document_is_tagged_titled_and_dated_by_the_report(content: bytes) -> None:
    reader = PdfReader(BytesIO(content))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "id"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None
    assert reader.metadata.title == f"{TITLE} · Kabupaten Musi Rawas"
    assert str(reader.metadata["/CreationDate"]).startswith("D:20261124073000")
    xmp = reader.xmp_metadata
    assert xmp is not None
    assert b"pdfuaid" in content
    assert b"pdfaid" in content


def tags_of(content: bytes) -> list[str]:
    """Return the types of all elements of the structure tree, in order."""
    found: list[str] = []

    def walk(node: object) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for one in node:
                walk(one)
        elif isinstance(node, dict):
            if "/S" in node:
                found.append(str(node["/S"]))
            walk(node.get("/K", []))

    walk(PdfReader(BytesIO(content)).trailer["/Root"]["/StructTreeRoot"].get("/K", []))
    return found


def test_tables_have_heads_and_pictures_are_told(content: bytes) -> None:
    tags = tags_of(content)
    for tag in ("/Table", "/THead", "/TH", "/TD", "/H1", "/Figure"):
        assert tag in tags, tag


def test_hostile_names_are_shown_as_they_are(content: bytes) -> None:
    words = words_of(content)
    squeezed = words.replace(" ", "")
    for name in (*HOSTILE[:4], TEMPLATE.closing, "Dr. #A. *Syarif*"):
        assert name.replace(" ", "") in squeezed, name
    assert TEMPLATE.office.upper().replace(" ", "") in squeezed


def test_numbers_are_written_as_indonesians_do(content: bytes) -> None:
    words = words_of(content)
    for text in ("1.250.000.000,50", "7.245,000", "37,52%", "2 Mar 2026", "24 November 2026"):
        assert text in words, text
    english = words_of(pdf_of(make_report(), "en"))
    for text in ("1,250,000,000.50", "37.52%", "24 November 2026"):
        assert text in english, text


def test_notes_tell_rule_and_that_it_is_not_verified(content: bytes) -> None:
    words = words_of(content)
    for text in (
        "KEMANTAPAN, versi 2026-01", "Permen PU 13/2011 #pasal $2$", "belum diverifikasi", "812 unsur, versi 17",
        "Jumlah panjang menurut SK", "679,500 km ÷ 1.811,250 km",
    ):  # fmt: skip
        assert text in words, text


def test_pages_are_numbered_and_signed(content: bytes) -> None:
    words = words_of(content)
    pages = len(PdfReader(BytesIO(content)).pages)
    assert f"Halaman {pages} dari {pages}" in words
    assert "Muara Beliti, 24 November 2026" in words
    assert "NIP 19700101 199503 1 001" in words
    assert "(……………………)" in words  # who is not named yet


def test_head_of_a_long_table_is_repeated() -> None:
    report = make_report()
    table = report.tables[0]
    rows = tuple(replace(table.rows[one % 12], key=f"k{one}", name=f"Desa {one}") for one in range(150))
    content = pdf_of(replace(report, tables=(replace(table, rows=rows),), charts=(), maps=()))
    pages = [one.extract_text() for one in PdfReader(BytesIO(content)).pages]
    with_rows = [one for one in pages if re.search(r"Desa \d", one)]
    assert len(with_rows) > 2
    assert all("Kemantapan" in one for one in with_rows)
    assert all(f"Desa {one}" in " ".join(pages) for one in (0, 75, 149))


def test_nothing_in_the_area_is_still_a_document() -> None:
    words = words_of(pdf_of(without_content(make_report())))
    assert "Tidak ada yang dapat didaftar." in words
    assert "Kemantapan jalan: –" in words


def test_without_template_the_mark_and_the_area_stand_at_its_head() -> None:
    assert "KABUPATEN MUSI RAWAS" in words_of(pdf_of(make_report(), template=None))


def test_photos_have_their_captions() -> None:
    photo = picture("JPEG", (60, 40))
    report = replace(make_report(), pictures=(Picture("ab", Words(HOSTILE[2], HOSTILE[2])),))
    content = render(report, "pdf", language="id", picture={"ab": photo}.__getitem__)
    assert any(one.images for one in PdfReader(BytesIO(content)).pages)
    assert HOSTILE[2].replace(" ", "") in words_of(content).replace(" ", "")


def wide_table(columns: int) -> ShownTable:
    row = ShownRow("Kabupaten Musi Rawas", tuple("1.234.567.890,00" for _ in range(columns)))
    heads = tuple(f"Judul {one}" for one in range(columns))
    return ShownTable("t", "Lebar", "Wilayah", heads, (True,) * columns, (row, row), row, None, is_facts=False)


def test_wide_tables_lie_and_wider_ones_are_parted() -> None:
    assert not needs_landscape(wide_table(4))
    assert needs_landscape(wide_table(9))
    assert lay_out(wide_table(4), SIZES_PT[0], 160).width <= PORTRAIT_PT
    parts = list(table_data(wide_table(30), landscape=True))
    assert len(parts) > 1
    assert [head for one in parts for head in one["heads"]] == [f"Judul {one}" for one in range(30)]
    assert all(sum(one["widths"]) <= LANDSCAPE_PT for one in parts)
    assert all(len(one["rows"][0]["cells"]) == len(one["heads"]) for one in parts)


def test_words_of_a_report_name_every_area() -> None:
    shown = show_report(make_report(), "id")
    assert tuple(row.name for row in shown.tables[0].rows) == NAMES
    assert shown.tables[0].total is not None
    assert shown.tables[0].total.cells[-1] == "37,52"


def test_sheet_about_one_thing_has_its_board_on_the_first_page() -> None:
    report = make_report()
    condition, facts, rfk = report.tables
    sheet = replace(report, tables=(facts, condition, rfk), maps=report.maps[:1], charts=report.charts[:1])
    content = pdf_of(sheet)
    first = PdfReader(BytesIO(content)).pages[0].extract_text()
    for text in ("Kemantapan jalan", "Kurva S", "Papan proyek", "Nomor kontrak"):
        assert text in first, text
    words = words_of(content)
    assert words.index("Papan proyek") < words.index("Panjang jalan menurut kondisi")


def test_sum_of_what_is_no_area_is_called_a_sum() -> None:
    condition, _, rfk = show_report(make_report(), "id").tables
    assert condition.total is not None
    assert rfk.total is not None
    assert (condition.total.name, rfk.total.name) == ("Kabupaten Musi Rawas", "Jumlah")


def test_headlines_stand_in_one_line_each() -> None:
    short = [Headline("a", "A", "68,65%", ""), Headline("b", "B", "44", "")]
    long = [Headline(str(one), "A", "Rp88.749.486,29", "") for one in range(4)]
    assert headline_pt(short) == HEADLINE_PT
    assert headline_pt(long) < HEADLINE_PT
    assert headline_pt([*long[:3], short[0]]) == headline_pt(long)
    assert headline_pt([]) == HEADLINE_PT
