"""What the pages say of a photo: its grade, the reasons, its state and moment, in the visitor's language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext

from app.extensions import current_language
from app.formats import format_day, format_number

GRADES = {
    "proven": lazy_gettext("Terbukti"),
    "consistent": lazy_gettext("Selaras"),
    "unproven": lazy_gettext("Belum terbukti"),
}
STATES = {
    "pending": lazy_gettext("Menunggu pemeriksaan"),
    "published": lazy_gettext("Terbit"),
    "withheld": lazy_gettext("Tidak diterbitkan"),
}
MOMENTS = {
    "before": lazy_gettext("Sebelum"),
    "during": lazy_gettext("Selama pekerjaan"),
    "after": lazy_gettext("Sesudah"),
}
REASONS = {
    "near": lazy_gettext("Diambil %(distance_m)s m dari pekerjaan."),
    "far": lazy_gettext("Diambil %(distance_m)s m dari pekerjaan; paling jauh %(most_m)s m."),
    "no_place": lazy_gettext("Tidak ada catatan tempat, baik dari halaman maupun dari berkas foto."),
    "place_vague": lazy_gettext("Tempatnya hanya diketahui sampai ±%(accuracy_m)s m."),
    "works_not_located": lazy_gettext("Lokasi pekerjaan belum dicatat, jadi jaraknya tidak dapat dihitung."),
    "time_fits": lazy_gettext("Diambil %(day)s, cocok dengan laporannya."),
    "no_time": lazy_gettext("Tidak ada catatan waktu pengambilan."),
    "future": lazy_gettext("Menurut catatannya foto ini diambil sesudah diterima: jam ponsel atau kamera salah."),
    "before_start": lazy_gettext("Diambil %(day)s, sebelum kontrak dimulai."),
    "after_start": lazy_gettext("Diambil %(day)s, padahal disebut foto sebelum pekerjaan."),
    "other_week": lazy_gettext("Diambil %(day)s, padahal laporannya tentang %(update_day)s."),
    "places_agree": lazy_gettext("Halaman dan berkas foto menyebut tempat yang sama (selisih %(distance_m)s m)."),
    "places_differ": lazy_gettext("Halaman dan berkas foto menyebut tempat yang berbeda, selisih %(distance_m)s m."),
    "times_agree": lazy_gettext("Halaman dan berkas foto menyebut waktu yang sama (selisih %(minutes)s menit)."),
    "times_differ": lazy_gettext("Halaman dan berkas foto menyebut waktu yang berbeda, selisih %(minutes)s menit."),
    "reused": lazy_gettext("Hampir sama dengan foto laporan lain pada paket %(package)s (beda %(bits)s dari 64 bit)."),
}


def reason_sentences(reasons: list[Mapping[str, Any]]) -> list[str]:
    """Return the reasons of a grade as sentences; one that this version does not know is left out."""
    return [str(REASONS[one["code"]]) % _written(one) for one in reasons if one.get("code") in REASONS]


def similar_sentence(package: str, bits: int) -> str:
    """Return what is said of a photo that resembles an earlier one."""
    return str(gettext("Mirip foto yang lebih dahulu pada paket %(package)s.", package=package)) + (
        "" if bits else " " + str(gettext("Gambarnya sama."))
    )


def _written(reason: Mapping[str, Any]) -> dict[str, str]:
    """Return a reason's values as people read them."""
    language = current_language()
    written = {}
    for name, value in reason.items():
        if name in {"day", "update_day"}:
            written[name] = format_day(dt.date.fromisoformat(value), language)
        elif isinstance(value, int | float):
            written[name] = format_number(value, language)
        else:
            written[name] = str(value)
    return written
