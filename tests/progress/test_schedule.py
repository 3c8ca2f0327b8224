"""Schedules and bills of quantities from tables: what people really paste, what cannot be read, and hostile files."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.progress.baselines import ContractTerms, WorkItem
from app.progress.schedule import (
    Schedule,
    items_as_table,
    items_template,
    read_items,
    read_schedule,
    schedule_template,
)
from app.progress.sheets import MOST_BYTES, MOST_ROWS, read_pasted, read_upload
from gis.progress import CurvePoint, check_curve

START, END = dt.date(2026, 5, 1), dt.date(2026, 12, 15)
TERMS = ContractTerms(1, "620/1/2026", dt.date(2026, 4, 28), START, None, None, None, END)
TEN_WEEKS = ContractTerms(1, "620/2/2026", dt.date(2026, 4, 28), START, None, None, None, dt.date(2026, 7, 9))


@pytest.fixture(autouse=True)
def in_request(app: Flask) -> Iterator[None]:
    """Sentences are in the language of a request."""
    with app.test_request_context("/"):
        yield


def read(table: str, terms: ContractTerms = TERMS, **options: Any) -> Schedule:
    return read_schedule(read_pasted(table), terms, **options)


def refused(table: str, terms: ContractTerms = TERMS, **options: Any) -> str:
    with pytest.raises(InvalidInput) as error:
        read(table, terms, **options)
    return error.value.errors["table"]


def points(schedule: Schedule) -> list[tuple[str, float]]:
    return [(point.day.isoformat(), point.percent) for point in schedule.points]


def workbook(rows: list[list[Any]], **options: Any) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    sheet = book.add_worksheet()
    percent = book.add_format({"num_format": "0.00%"}) if options.get("percent") else None
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, dt.date):
                sheet.write_datetime(number, column, dt.datetime.combine(value, dt.time()), day)
            else:
                sheet.write(number, column, value, percent if isinstance(value, float) else None)
    book.close()
    return target.getvalue()


# What people paste


@pytest.mark.parametrize(
    "table",
    [
        "Minggu ke\tBobot (%)\n" + "\n".join(f"{n}\t10" for n in range(1, 11)),
        "Minggu ke\tRencana kumulatif (%)\n" + "\n".join(f"{n}\t{10 * n}" for n in range(1, 11)),
        "MINGGU;" + ";".join(map(str, range(1, 11))) + "\nRENCANA;" + ";".join(["10"] * 10),
        "Uraian;"
        + ";".join(f"M{n}" for n in range(1, 11))
        + "\nKumulatif;"
        + ";".join(str(10 * n) for n in range(1, 11)),
        "\n".join(f"{n} {10 * n},00" for n in range(1, 11)),
        "\n".join(f"Minggu ke-{n}   {10 * n},0 %" for n in range(1, 11)),
        "\n".join(f"{n},{10 * n}" for n in range(1, 11)),
        "KURVA S\nPekerjaan: Jalan\n\nMinggu\tTanggal\tRencana (%)\tKumulatif (%)\tRealisasi (%)\n"
        + "\n".join(f"{n}\t{START + dt.timedelta(days=7 * n - 1):%d/%m/%Y}\t10\t{10 * n}\t3" for n in range(1, 11))
        + "\nJumlah\t\t100",
        "\n".join(
            f"{START + dt.timedelta(days=7 * n - 7):%d-%m-%Y} s.d. {START + dt.timedelta(days=7 * n - 1):%d-%m-%Y}\t10"
            for n in range(1, 11)
        ),
        "Minggu\tBobot\n" + "\n".join(f"{n}\t0,1" for n in range(1, 11)),
        "Minggu\tKumulatif\n" + "\n".join(f"{n}\t{n / 10}" for n in range(1, 11)),
    ],
)
def test_ten_weeks_of_ten_percent_in_every_layout(table: str) -> None:
    found = read(table, TEN_WEEKS)
    wanted = [(START.isoformat(), 0.0)]
    wanted += [((START + dt.timedelta(days=7 * n - 1)).isoformat(), 10.0 * n) for n in range(1, 11)]
    assert [(day, pytest.approx(percent)) for day, percent in wanted] == points(found)
    assert found.step == "week"
    check_curve(found.points, end_date=dt.date(2026, 7, 9))


def test_months_end_with_the_month_and_the_last_with_the_contract() -> None:
    table = "Bulan\tBobot per bulan (%)\n" + "\n".join(
        f"{month} 2026\t12,5" for month in ["Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November"]
    )
    found = read(table + "\n15 Desember 2026\t12,5")
    assert points(found)[1:4] == [("2026-05-31", 12.5), ("2026-06-30", 25.0), ("2026-07-31", 37.5)]
    assert points(found)[-1] == ("2026-12-15", 100.0)
    numbered = read("Bulan ke\tBobot (%)\n" + "\n".join(f"{n}\t12,5" for n in range(1, 9)))
    assert points(numbered) == points(found)
    assert numbered.step == "month"


def test_sums_off_by_rounding_become_100_and_say_so() -> None:
    found = read("Minggu\tBobot\n1\t33,33\n2\t33,33\n3\t33,33")
    assert found.points[-1].percent == 100
    assert "99,99%" in found.notes[0]


def test_a_curve_that_already_stands_at_the_beginning_is_left_alone() -> None:
    found = read(f"Tanggal\tKumulatif\n{START}\t0\n{END}\t100")
    assert points(found) == [(START.isoformat(), 0.0), (END.isoformat(), 100.0)]


# What cannot be read


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "kosong"),
        ("selamat pagi", "Kolom tidak ditemukan"),
        ("Minggu\tBobot\n1\tsepuluh\n2\t90", "Baris 2: “sepuluh” bukan angka."),
        ("Tanggal\tKumulatif\n31/02/2026\t50\n15/12/2026\t100", "tanggal 31-2-2026 tidak ada"),
        ("Minggu\tBobot\n1\t50\n40\t50", "periode ke-40 dimulai"),
        ("Minggu\tRencana\n1\t20\n2\t30", "nilai terakhir 30,00%, jumlah semua 50,00%"),
        ("Minggu\tBobot\n1\t120\n2\t-20", "tidak boleh negatif"),
        ("Minggu\tKumulatif\n1\t50\n2\t130", "130,00%, lebih dari 100%"),
        ("Tanggal\tKumulatif\n2026-06-01\t50\n2026-05-20\t100", "tidak sesudah"),
        ("Tanggal\tKumulatif\n2026-06-01\t50\n2026-06-01\t100", "tidak sesudah"),
        ("Minggu\tKumulatif\nkapan-kapan\t50\n2\t100", "Baris 2: waktu “kapan-kapan” tidak dapat dibaca"),
        ("Minggu\tKumulatif", "Tidak ada baris"),
        ("Bulan\tKumulatif\nMei 9999\t100", "di luar kalender"),
    ],
)
def test_what_is_wrong_is_said(table: str, said: str) -> None:
    assert said in refused(table)


def test_many_findings_are_counted_not_poured_out() -> None:
    told = refused("Minggu\tKumulatif\n" + "\n".join(f"{n}\tx" for n in range(1, 21)))
    assert told.count("Baris") == 6
    assert "Masih ada 14 lagi." in told


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the request is the same for all
@given(
    st.text(max_size=300)
    | st.lists(
        st.sampled_from(["Minggu", "Bobot", "Kumulatif", "%", "1", "2", "100", ",", ";", "\t", "\n", "Mei", "2026"])
    ).map("".join)
)
def test_any_text_is_read_or_refused_in_a_sentence(written: str) -> None:
    try:
        found: Schedule | InvalidInput = read(written)
    except InvalidInput as error:
        found = error
    if isinstance(found, InvalidInput):
        assert found.errors["table"]
    else:
        assert all(0 <= point.percent <= 100 for point in found.points)


# Files


def test_template_reads_back_as_a_sound_plan() -> None:
    found = read_schedule(read_upload(schedule_template(TERMS), "jadwal.xlsx"), TERMS)
    check_curve(found.points, end_date=END)
    assert found.step == "week"
    again = read(found.as_table())
    assert again.points == found.points
    assert again.step == "week"


def test_percent_cells_are_read_as_people_see_them() -> None:
    rows = [["Minggu", "Kumulatif"], *([n, n / 10] for n in range(1, 11))]
    found = read_schedule(read_upload(workbook(rows, percent=True), "x.xlsx"), TEN_WEEKS)
    assert [point.percent for point in found.points] == [pytest.approx(10 * n) for n in range(11)]


def test_dates_of_a_sheet_are_dates() -> None:
    rows = [["Tanggal", "Kumulatif (%)"], [dt.date(2026, 8, 1), 40.0], [END, 100.0]]
    found = read_schedule(read_upload(workbook(rows), "x.xlsx"), TERMS)
    assert points(found) == [("2026-05-01", 0.0), ("2026-08-01", 40.0), ("2026-12-15", 100.0)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_csv_in_the_encodings_of_offices(encoding: str) -> None:
    content = "Minggu;Kumulatif – rencana\n1;50,5\n2;100\n".encode(encoding)
    found = read_schedule(read_upload(content, "Jadwal.CSV"), TERMS)
    assert [point.percent for point in found.points] == [0.0, 50.5, 100.0]


def refused_file(content: bytes, name: str = "jadwal.xlsx") -> str:
    with pytest.raises(InvalidInput) as error:
        read_upload(content, name)
    return error.value.errors["table"]


def archive(parts: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return target.getvalue()


def with_part(name: str, content: bytes) -> bytes:
    """A sound workbook, one of whose parts is another."""
    with zipfile.ZipFile(io.BytesIO(workbook([["Minggu", "Kumulatif"], [1, 100]]))) as sound:
        parts = {part: sound.read(part) for part in sound.namelist()}
    return archive({**parts, name: content})


def test_hostile_files_are_refused_in_a_sentence() -> None:
    bomb = with_part("xl/media/image1.bin", b"\0" * 70_000_000)
    assert len(bomb) < 200_000
    assert "mengembang terlalu besar" in refused_file(bomb)
    entities = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><sst>&a;</sst>'
    assert "bagian yang tidak diterima" in refused_file(with_part("xl/sharedStrings.xml", entities))
    assert "bukan XLSX" in refused_file(archive({"word/document.xml": b"<a/>"}))
    assert "rusak" in refused_file(workbook([["a"]])[:900])
    assert "rusak" in refused_file(with_part("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row>"))
    assert "XLS lama" in refused_file(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "jadwal.xls")
    assert "bukan XLSX" in refused_file(b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "foto.csv")
    assert "bukan XLSX" in refused_file(b"MZ...", "jadwal.exe")
    assert "kosong" in refused_file(b"", "jadwal.csv")
    assert "MB" in refused_file(b"x" * (MOST_BYTES + 1), "jadwal.csv")
    assert "baris" in refused_file(b"1;2\n" * (MOST_ROWS + 1), "jadwal.csv")
    assert "baris" in refused_file(workbook([[n, n] for n in range(MOST_ROWS + 1)]))


def test_formulas_that_nobody_computed_are_told_from_empty_cells() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Minggu", "Kumulatif"], [1, "=10+20"], [2, 100]):
        sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    assert "Sel B2 berisi rumus" in refused_file(target.getvalue())


def test_a_sheet_that_lies_about_its_size_is_read_whole() -> None:
    content = workbook([["Minggu", "Kumulatif"], [1, 40], [2, 100]])
    with zipfile.ZipFile(io.BytesIO(content)) as sound:
        sheet = sound.read("xl/worksheets/sheet1.xml").replace(b'ref="A1:B3"', b'ref="A1:XFD1048576"')
    found = read_schedule(read_upload(with_part("xl/worksheets/sheet1.xml", sheet), "x.xlsx"), TERMS)
    assert [point.percent for point in found.points] == [0.0, 40.0, 100.0]


# Bills of quantities


def test_items_by_their_headings() -> None:
    table = (
        "DAFTAR KUANTITAS\nNo\tUraian Pekerjaan\tSatuan\tVolume\tHarga Satuan (Rp)\tJumlah Harga (Rp)\n"
        "I\tDIVISI 1. UMUM\n1.2\tMobilisasi\tLs\t1\t12.500.000,00\t12.500.000,00\n"
        "3.1.(1)\tGalian biasa\tm3\t1.250,5\t45.000\t56.272.500\nJumlah\t\t\t\t\t68.772.500"
    )
    assert read_items(read_pasted(table)) == [
        {"code": "1.2", "name": "Mobilisasi", "unit": "Ls", "quantity": 1.0, "price_idr": 12_500_000.0},
        {"code": "3.1.(1)", "name": "Galian biasa", "unit": "m3", "quantity": 1250.5, "price_idr": 45_000.0},
    ]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("a\tb\nc\td", "Judul kolom tidak ditemukan"),
        ("Uraian\tSatuan\tVolume\nGalian\tm3\tbanyak", "Baris 2: “banyak” bukan angka."),
        ("Uraian\tSatuan\tVolume\nGalian\t\t5", "Baris 2: Satuan belum diisi."),
        ("Uraian\tSatuan\tVolume\nGalian\tm3\t0", "Volume harus lebih dari 0"),
        ("Uraian\tSatuan\tVolume\n", "Tidak ada butir"),
    ],
)
def test_what_is_wrong_with_items_is_said(table: str, said: str) -> None:
    with pytest.raises(InvalidInput) as error:
        read_items(read_pasted(table))
    assert said in error.value.errors["table"]


def test_items_read_back_from_template_and_form() -> None:
    items = [
        WorkItem(1, 1, "1.2", "Mobilisasi", "Ls", 1.0, 12_500_000, 18.176471),
        WorkItem(2, 2, None, "Galian", "m3", 1250.5, None, 81.823529),
    ]
    for rows in (read_pasted(items_as_table(items)), read_upload(items_template(items), "x.xlsx")):
        found = read_items(rows)
        assert [(one.get("code"), one["name"], one["quantity"], one["weight_percent"]) for one in found] == [
            ("1.2", "Mobilisasi", 1.0, 18.176471),
            (None, "Galian", 1250.5, 81.823529),
        ]
    assert len(read_items(read_upload(items_template([]), "x.xlsx"))) == 3


def test_points_are_curve_points() -> None:
    assert all(isinstance(point, CurvePoint) for point in read("Minggu\tKumulatif\n1\t100").points)
