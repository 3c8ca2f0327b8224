"""Numbers, dates and codes as Indonesian offices write them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.catalogue import built_in_catalogue
from layers.ingest.values import (
    fold,
    parse_booleans,
    parse_codes,
    parse_dates,
    parse_numbers,
    parse_stations,
    parse_texts,
)


def column(*values: object) -> pd.Series:
    return pd.Series(list(values), dtype=object)


def indonesian(value: float, decimals: int) -> str:
    """Write a number the Indonesian way by swapping the signs of the English way."""
    return f"{value:,.{decimals}f}".translate(str.maketrans(",.", ".,"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.234.567,89", 1234567.89),  # T24
        ("Rp1.234.567,89", 1234567.89),
        ("Rp 2.750.100.000,-", 2750100000),
        ("1,234,567.89", 1234567.89),
        ("12,5", 12.5),
        ("0.123", 0.123),
        ("-6,5", -6.5),
        ("1.000.000", 1e6),
        ("7", 7),
        ("1e3", 1000),
        ("1.5e3", 1500),
    ],
)
def test_unambiguous_number(text: str, expected: float) -> None:
    assert parse_numbers(column(text)).values[0] == pytest.approx(expected, abs=0)


def test_a_thousand_or_one_and_a_bit_is_asked_not_guessed() -> None:
    numbers = parse_numbers(column("1.234", "5.678", "100"))
    assert numbers.ambiguous.tolist() == [True, True, False]
    assert np.isnan(numbers.values[:2]).all()


def test_another_value_of_the_column_tells_what_the_point_means() -> None:
    assert parse_numbers(column("1.234", "12,5")).values.tolist() == [1234, 12.5]
    assert parse_numbers(column("1.234", "12.5")).values.tolist() == [1.234, 12.5]


def test_contradicting_values_tell_nothing() -> None:
    assert parse_numbers(column("1.234", "12,5", "12.5")).ambiguous.tolist() == [True, False, False]


def test_money_and_whole_numbers_have_no_three_decimals() -> None:
    assert parse_numbers(column("1.234"), thousands=True).values.tolist() == [1234]


def test_coordinates_are_decimals() -> None:
    assert parse_numbers(column("103.123"), decimals_expected=True).values.tolist() == [103.123]


def test_missing_and_unreadable_are_told_apart() -> None:
    numbers = parse_numbers(column(None, "", "-", "n/a", "dua", "1.2.3"))
    assert numbers.unreadable.tolist() == [False, False, False, False, True, True]
    assert np.isnan(numbers.values).all()


@given(st.lists(st.integers(-(10**12), 10**12).map(lambda cents: cents / 100), min_size=1, max_size=8))
def test_indonesian_numbers_with_two_decimals_come_back(values: list[float]) -> None:
    numbers = parse_numbers(column(*(indonesian(value, 2) for value in values)))
    assert not numbers.ambiguous.any()
    assert not numbers.unreadable.any()
    assert numbers.values.tolist() == values


@given(st.integers(0, 10**15))
def test_whole_money_comes_back_with_and_without_separators(value: int) -> None:
    written = column(indonesian(value, 0), str(value), f"Rp {indonesian(value, 0)}")
    assert parse_numbers(written, thousands=True).values.tolist() == [value] * 3


@given(st.lists(st.one_of(st.none(), st.text(max_size=12), st.floats(), st.integers()), max_size=20))
def test_anything_at_all_gives_a_number_or_a_mark(values: list[object]) -> None:
    numbers = parse_numbers(pd.Series(values, dtype=object))
    assert len(numbers.values) == len(values)
    assert not np.isinf(numbers.values).any()
    assert np.isnan(numbers.values[numbers.unreadable | numbers.ambiguous]).all()


def test_stations() -> None:
    found = parse_stations(column("3+670", "STA 0+000", "1+050,5", "250", "3+67", None))
    assert found is not None
    assert found[:4].tolist() == [3670, 0, 1050.5, 250]  # T15
    assert np.isnan(found[4:]).all()
    assert parse_stations(column("100", "200")) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24-11-2026", "2026-11-24"),
        ("24/11/26", "2026-11-24"),
        ("3/4/2026", "2026-04-03"),  # day first always
        ("24 November 2026", "2026-11-24"),
        ("Selasa, 24 Nopember 2026", "2026-11-24"),
        ("2026-11-24", "2026-11-24"),
        ("2026-11-24T08:00:00", "2026-11-24"),
        ("20261124", "2026-11-24"),
        ("31-02-2026", None),
        ("segera", None),
    ],
)
def test_dates(text: str, expected: str | None) -> None:
    dates = parse_dates(column(text))
    assert dates.values[0] == expected
    assert dates.unreadable[0] == (expected is None)


def test_booleans() -> None:
    found = parse_booleans(column("ya", "Tidak", "yes", "-1", "0", None, "mungkin"))
    assert found.values.tolist() == ["t", "f", "t", "t", "f", None, None]
    assert found.unreadable.tolist() == [False] * 6 + [True]


def test_codes_by_code_alias_and_label() -> None:
    codes = built_in_catalogue().code_list("road_segments", "condition")
    found = parse_codes(column("good", "B", "rusak  ringan", "RUSAK-BERAT", "Fair", 2, "2.0", "hancur", None), codes)
    assert found.values.tolist() == [
        "good", "good", "light_damage", "heavy_damage", "fair", "fair", None, None, None,
    ]  # fmt: skip
    assert found.unreadable.tolist() == [False] * 6 + [True, True, False]


def test_texts_lose_control_characters_and_decimals_of_whole_numbers() -> None:
    assert parse_texts(column(" Jl. A\x00B\n", 12.0, "", "-")).values.tolist() == ["Jl. A B", "12", None, None]


@given(st.text(max_size=30))
def test_folding_is_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_folding_forgives_accents_case_and_punctuation() -> None:
    assert fold("Désa  Suka-Maju.") == fold("DESA SUKAMAJU")
