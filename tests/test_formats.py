"""Formats: test vector T24 and the forms of look.md."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from app.formats import (
    format_day,
    format_day_short,
    format_ha,
    format_idr,
    format_idr_short,
    format_km,
    format_moment,
    format_number,
    format_percent,
)


def test_rupiah_of_vector_t24() -> None:
    assert format_idr(Decimal("1234567.89"), "id") == "Rp1.234.567,89"
    assert format_idr(1234567.89, "id") == "Rp1.234.567,89"


@pytest.mark.parametrize(
    ("amount", "language", "written"),
    [
        (1234567, "id", "Rp1.234.567"),
        (Decimal("1234567.00"), "id", "Rp1.234.567"),
        (1234567.89, "en", "Rp1,234,567.89"),
        (-2750100, "id", "−Rp2.750.100"),
        (0, "id", "Rp0"),
        (None, "id", "–"),
    ],
)
def test_rupiah(amount: float | Decimal | None, language: str, written: str) -> None:
    assert format_idr(amount, language) == written


@pytest.mark.parametrize(
    ("amount", "language", "written"),
    [
        (1_250_000_000, "id", "Rp1,25 miliar"),
        (1_250_000_000, "en", "Rp1.25 billion"),
        (12_540_000_000, "id", "Rp12,5 miliar"),
        (125_400_000_000, "id", "Rp125 miliar"),
        (999_999_999, "id", "Rp1 miliar"),
        (2_750_100, "id", "Rp2,75 juta"),
        (3_100_000_000_000, "id", "Rp3,1 triliun"),
        (1_500, "id", "Rp1,5 ribu"),
        (750, "id", "Rp750"),
        (None, "id", "–"),
    ],
)
def test_rupiah_in_words_of_size(amount: float | None, language: str, written: str) -> None:
    assert format_idr_short(amount, language) == written


def test_lengths_areas_and_shares() -> None:
    assert format_km(12345.4, "id") == "12,345 km"
    assert format_km(732460, "en") == "732.460 km"
    assert format_ha(123456.7, "id") == "12,35 ha"
    assert format_percent(48.25, "id") == "48,3%"  # half away from zero
    assert format_percent(53.639, "id", 2) == "53,64%"
    assert format_percent(None, "id") == "–"


def test_numbers() -> None:
    assert format_number(1234567, "id") == "1.234.567"
    assert format_number(-12.3, "id", 1) == "−12,3"
    assert format_number(0.5, "en", 2) == "0.50"


def test_days_and_moments() -> None:
    assert format_day(date(2026, 11, 24), "id") == "24 November 2026"
    assert format_day(date(2026, 5, 2), "id") == "2 Mei 2026"
    assert format_day_short(date(2026, 11, 15), "id") == "15 Nov 2026"
    assert format_day_short(date(2026, 8, 15), "en") == "15 Aug 2026"
    moment = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
    assert format_moment(moment, "id") == "24 November 2026 14.30 WIB"
    assert format_moment(moment, "en", "Asia/Makassar") == "24 November 2026 15:30 WITA"


def test_what_rounds_to_nothing_has_no_sign() -> None:
    assert format_number(-1e-13, "id", 3) == "0,000"
    assert format_number(-0.0006, "id", 3) == "−0,001"
