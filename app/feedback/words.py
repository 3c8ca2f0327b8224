"""What pages call categories, states and steps of residents' reports, and what follows from each."""

from __future__ import annotations

from flask_babel import lazy_gettext

# Code list of categories, in the order that forms show.
CATEGORIES = {
    "road_damage": lazy_gettext("Jalan atau jembatan rusak"),
    "work_quality": lazy_gettext("Mutu pekerjaan diragukan"),
    "work_stopped": lazy_gettext("Pekerjaan terhenti atau terlambat"),
    "not_true": lazy_gettext("Keterangan di halaman ini tidak benar"),
    "danger": lazy_gettext("Membahayakan: rambu, galian, penerangan"),
    "flooding": lazy_gettext("Saluran tersumbat atau banjir"),
    "park": lazy_gettext("Taman tidak terawat"),
    "nuisance": lazy_gettext("Debu, bising, atau jalan masuk tertutup"),
    "misconduct": lazy_gettext("Dugaan penyimpangan"),
    "question": lazy_gettext("Pertanyaan atau permintaan informasi"),
    "other": lazy_gettext("Lainnya"),
}
# By what the answer is due; the numbers are of the rule ADUAN_TINDAK_LANJUT_HARI.
FOLLOW_UPS = {
    "information": lazy_gettext("Permintaan informasi"),
    "complaint": lazy_gettext("Pengaduan"),
    "oversight": lazy_gettext("Pengaduan berkadar pengawasan"),
}
FOLLOW_UP_RULES = {
    "information": "ADUAN_TINDAK_LANJUT_HARI_1",
    "complaint": "ADUAN_TINDAK_LANJUT_HARI_2",
    "oversight": "ADUAN_TINDAK_LANJUT_HARI_3",
}
USUAL_FOLLOW_UP = {"question": "information", "misconduct": "oversight"}  # of all others: a complaint
STATES = {
    "received": lazy_gettext("Diterima"),
    "verified": lazy_gettext("Diperiksa"),
    "in_work": lazy_gettext("Dikerjakan"),
    "answered": lazy_gettext("Dijawab"),
    "closed": lazy_gettext("Selesai"),
    "rejected": lazy_gettext("Tidak diteruskan"),
    "duplicate": lazy_gettext("Sama dengan laporan lain"),
}
OPEN_STATES = ("received", "verified", "in_work")
ENDED_STATES = ("closed", "rejected", "duplicate")
# What a report may become from where it stands.
STEPS = {
    "received": ("verified", "rejected", "duplicate"),
    "verified": ("in_work", "answered", "rejected", "duplicate"),
    "in_work": ("answered", "rejected", "duplicate"),
    "answered": ("closed", "in_work"),
    "closed": (),
    "rejected": (),
    "duplicate": (),
}


def label_of(code: str) -> str:
    """Return what pages call a category or a state."""
    return str(CATEGORIES.get(code) or STATES.get(code) or code)
