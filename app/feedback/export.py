"""Reports as a table that the national channel SP4N-LAPOR! takes: one row a report, nothing of who reported."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from typing import Any
from zoneinfo import ZoneInfo

from app.packages.register_export import BOM, csv_cell

# Name of the column, and what stands in it; docs/feedback.md says what each means. Names and codes are Indonesian,
# whatever the language of the page, since that is what the channel reads.
CLASSES = {
    "information": "PERMINTAAN INFORMASI",
    "complaint": "PENGADUAN TIDAK BERKADAR PENGAWASAN",
    "oversight": "PENGADUAN BERKADAR PENGAWASAN",
}
STATES = {
    "received": "BELUM DIVERIFIKASI",
    "verified": "TERVERIFIKASI",
    "in_work": "DALAM PROSES",
    "answered": "DITINDAKLANJUTI",
    "closed": "SELESAI",
    "rejected": "DITOLAK",
    "duplicate": "DUPLIKAT",
}
Column = Callable[[Any, ZoneInfo], Any]


def _day(name: str) -> Column:
    return lambda row, zone: getattr(row, name) and getattr(row, name).astimezone(zone).date()


def _field(name: str) -> Column:
    return lambda row, _zone: getattr(row, name)


COLUMNS: tuple[tuple[str, Column], ...] = (
    ("nomor", _field("number")),
    ("tanggal_laporan", _day("received_at")),
    ("klasifikasi", lambda row, _zone: CLASSES[row.follow_up]),
    ("kategori", _field("category")),
    ("judul", lambda row, _zone: row.topic or row.body[:80]),
    ("isi_laporan", _field("body")),
    ("pelapor", lambda _row, _zone: "RAHASIA"),
    ("lokasi", lambda row, _zone: row.place or row.project_name or row.road_name or row.park_name),
    ("kode_wilayah", lambda row, _zone: next(iter([*(row.village_codes or []), *(row.district_codes or [])]), None)),
    ("lintang", lambda row, _zone: row.lat and round(row.lat, 6)),
    ("bujur", lambda row, _zone: row.lon and round(row.lon, 6)),
    ("kode_pekerjaan", _field("project_code")),
    ("nomor_ruas", _field("road_code")),
    ("unit_tujuan", _field("unit_name")),
    ("status", lambda row, _zone: STATES[row.state]),
    ("tanggal_verifikasi", _day("verified_at")),
    ("batas_waktu", _field("due_on")),
    ("tanggal_jawaban", _day("answered_at")),
    ("jawaban", lambda row, _zone: row.answer or row.rejected_reason),
    ("hari_kerja_sampai_jawaban", _field("answered_days")),
    ("tanggal_selesai", _day("ended_at")),
    ("duplikat_dari", _field("duplicate_of")),
)


def write_lapor(rows: Iterable[Any], time_zone: ZoneInfo) -> bytes:
    """Return the reports as CSV: UTF-8 with BOM, `;` between cells, ISO 8601 days, no cell that a sheet would run."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow([name for name, _value in COLUMNS])
    for row in rows:
        writer.writerow([csv_cell(value(row, time_zone), ".") for _name, value in COLUMNS])
    return (BOM + written.getvalue()).encode("utf-8")
