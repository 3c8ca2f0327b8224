"""Rounded tables add up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from gis.errors import InvalidMeasure
from gis.rounding import close_column, close_table

TABLES = arrays(float, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=8), elements=st.floats(0, 5_000))


@settings(max_examples=60, deadline=None)
@given(TABLES)
def test_rows_and_columns_add_up_to_the_metre(values: np.ndarray) -> None:
    table = close_table(values)
    metres = np.round(table * 1000).astype(int)
    assert metres / 1000 == pytest.approx(table, abs=1e-9)
    assert (metres[:-1].sum(axis=0) == metres[-1]).all()
    assert (metres[:, :-1].sum(axis=1) == metres[:, -1]).all()
    assert np.abs(table[:-1, :-1] - values).max() < 0.001 + 1e-9


def test_thirds_that_naive_rounding_loses() -> None:
    table = close_table(np.full((1, 3), 1 / 3), decimals=0)
    assert table[0, -1] == 1
    assert sorted(table[0, :3]) == [0, 0, 1]


def test_each_number_is_rounded_to_the_nearest_where_the_sums_allow() -> None:
    table = close_table(np.array([[1.2344, 2.3456], [0.0001, 5.9999]]))
    assert table[:2, :2] == pytest.approx(np.array([[1.234, 2.346], [0, 6]]))


def test_whole_numbers_and_totals_are_kept() -> None:
    values = np.array([[392.890, 339.570]])
    assert close_table(values).tolist() == [[392.89, 339.57, 732.46], [392.89, 339.57, 732.46]]
    assert close_table(np.zeros((2, 2))).tolist() == np.zeros((3, 3)).tolist()


def test_negative_and_missing_numbers_are_refused() -> None:
    for wrong in (-1.0, np.nan, np.inf):
        with pytest.raises(InvalidMeasure):
            close_table(np.array([[wrong]]))


@settings(max_examples=60, deadline=None)
@given(TABLES, st.integers(0, 1000))
def test_totals_of_rows_that_another_table_has_are_kept(values: np.ndarray, seed: int) -> None:
    """Split every number in two other parts: conditions and surfaces of the same roads."""
    share = np.random.default_rng(seed).uniform(0, 1, values.shape)
    other = np.hstack([values * share, values * (1 - share)])
    first = close_table(values)
    second = np.round(close_table(other, row_totals=first[:-1, -1]) * 1000).astype(int)
    assert (second[:, -1] == np.round(first[:, -1] * 1000).astype(int)).all()
    assert (second[:-1].sum(axis=0) == second[-1]).all()
    assert (second[:, :-1].sum(axis=1) == second[:, -1]).all()
    assert np.abs(second[:-1, :-1] / 1000 - other).max() < 0.001 + 1e-9


def test_totals_of_columns_are_kept_where_that_can_be() -> None:
    quarters = np.array([[0.75, 0.25, 0.5], [0.75, 0.25, 0.5]])
    for asked in ([2.0, 0.0, 1.0], [1.0, 1.0, 1.0]):
        assert close_table(quarters, decimals=0, column_totals=np.array(asked))[-1].tolist() == [*asked, 3]
    impossible = close_table(quarters, decimals=0, column_totals=np.array([9.0, 9.0, 9.0]))
    assert impossible[-1, -1] == 3


def test_totals_that_are_no_rounding_of_their_rows_are_refused() -> None:
    with pytest.raises(InvalidMeasure):
        close_table(np.array([[1.2, 1.3]]), row_totals=np.array([9.0]))


@settings(max_examples=80, deadline=None)
@given(arrays(float, st.integers(0, 12), elements=st.floats(0, 5_000)), st.integers(0, 3))
def test_column_adds_up_to_its_rounded_sum(values: np.ndarray, decimals: int) -> None:
    rounded = close_column(values, decimals=decimals)
    unit = 10.0**-decimals
    assert rounded.sum() == pytest.approx(values.sum(), abs=unit / 2 + 1e-6)
    assert np.round(rounded / unit) == pytest.approx(rounded / unit, abs=1e-6)
    assert len(values) == 0 or np.abs(rounded - values).max() < unit + 1e-9


def test_column_of_three_thirds_and_of_shares() -> None:
    assert close_column(np.full(3, 100 / 3), decimals=2).tolist() == [33.34, 33.33, 33.33]
    assert close_column(np.array([26.286, 16.587, 57.127]), decimals=2).tolist() == [26.28, 16.59, 57.13]
    assert close_column(np.array([0.1, 0.2, 0.3]), decimals=1).tolist() == [0.1, 0.2, 0.3]
