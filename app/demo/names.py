"""Invented names, and words that real names are made of."""

from __future__ import annotations

STREET_NAMES = (
    "Merdeka", "Pahlawan", "Diponegoro", "Kartini", "Imam Bonjol", "Pattimura", "Gajah Mada", "Hayam Wuruk", "Veteran",
    "Pemuda", "Proklamasi", "Pelajar", "Kemuning", "Melati", "Kenanga", "Mawar", "Anggrek", "Cempaka", "Flamboyan",
    "Teratai",
    "Garuda", "Rajawali", "Merpati", "Cendrawasih", "Kutilang", "Nuri", "Merak", "Jalak", "Sriti", "Elang",
    "Mangga", "Durian", "Duku", "Rambutan", "Manggis", "Jambu", "Sawo", "Belimbing", "Nangka", "Salak",
    "Bukit Barisan", "Kerinci", "Merapi", "Bromo", "Semeru", "Rinjani", "Slamet", "Ciremai", "Dempo", "Kelud",
    "Musyawarah", "Gotong Royong", "Persatuan", "Kesehatan", "Pasar Baru", "Stasiun", "Terminal", "Lapangan",
    "Masjid Agung", "Taman",
)  # fmt: skip
MOSQUE_NAMES = (
    "Al-Ikhlas",
    "Nurul Iman",
    "Baiturrahman",
    "At-Taqwa",
    "Al-Hidayah",
    "Nurul Huda",
    "Al-Muttaqin",
    "Darussalam",
)
CONTRACTOR_FIRST = (
    "Titian", "Lintang", "Tiang", "Bening", "Selasar", "Payung", "Lembayung", "Randu", "Kembang", "Rimbun", "Sekar",
    "Tambang",
    "Arung", "Cakra", "Gapura", "Jagat",
)  # fmt: skip
CONTRACTOR_SECOND = (
    "Ratama", "Wiradaya", "Sentana", "Bangunindo", "Nirmala", "Pratala", "Gumilang", "Adikarya", "Mahardika",
    "Santosa", "Lestariku",
    "Persadanta",
)  # fmt: skip
DEMO_MARK = "(contoh)"  # no company of this name exists; said beside each


def contractor_names() -> list[str]:
    """Return invented companies, each marked as an example."""
    return [
        f"{'PT' if index % 4 == 0 else 'CV'} {first} {_second(index * 5 + shift)} {DEMO_MARK}"
        for index, first in enumerate(CONTRACTOR_FIRST)
        for shift in (0, 3)
    ]


def _second(number: int) -> str:
    return CONTRACTOR_SECOND[number % len(CONTRACTOR_SECOND)]
