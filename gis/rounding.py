"""Tables whose rounded numbers still add up."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from gis.errors import InvalidMeasure
from gis.types import FloatArray

WHOLE = 1e-6
"""Nearer than this (in units of the last decimal) a number is taken as whole already."""


def close_table(
    values: FloatArray,
    *,
    decimals: int = 3,
    row_totals: FloatArray | None = None,
    column_totals: FloatArray | None = None,
) -> FloatArray:
    """
    Round a table so that its rows, its columns and the whole add up exactly.

    Each number is rounded up or down to a neighbour, as near to itself as the sums allow. (Rounding each on its own
    leaves tables that are off by some units in the last decimal, which an auditor would find.)

    Parameters
    ----------
    values
        Not negative, shape (rows, columns), without totals.
    decimals
        Decimals to keep: 3 for kilometres to the metre.
    row_totals
        Rounded totals of the rows as another table of the same rows has them: they are kept.
    column_totals
        The same of columns: they are kept where that can be, else rounded anew.

    Returns
    -------
    table
        Shape (rows + 1, columns + 1): the rounded numbers, the totals of rows in the last column, those of columns in
        the last row. A whole total is never changed.

    Raises
    ------
    InvalidMeasure
        If a number is negative or not a number, or a total that must be kept is not a rounding of its row.
    """
    if not (np.isfinite(values).all() and (values >= 0).all()):
        raise InvalidMeasure(
            "Hanya tabel tanpa nilai negatif atau kosong yang dapat dibulatkan.",
            "Only a table without negative or missing numbers can be rounded.",
        )
    factor = 10.0**decimals
    exact = _with_totals(values) * factor
    whole = np.abs(exact - np.round(exact)) < WHOLE
    exact = np.where(whole, np.round(exact), exact)
    rows, columns = (None if one is None else np.round(one * factor) for one in (row_totals, column_totals))
    for low, high in _attempts(exact, rows, columns):
        rounded = _round_to_neighbours(exact, low, high)
        if rounded is not None:
            return np.asarray(rounded / factor, dtype=np.float64)
    raise InvalidMeasure(
        "Jumlah baris yang diminta bukan pembulatan dari angka-angkanya.",
        "The totals asked for are no rounding of their rows.",
    )


def _attempts(
    exact: FloatArray, rows: FloatArray | None, columns: FloatArray | None
) -> list[tuple[FloatArray, FloatArray]]:
    """List bounds to try: all totals as asked, then without those of columns, then with any totals of columns."""
    low, high = np.floor(exact), np.ceil(exact)
    attempts = []
    if rows is not None:
        low[:-1, -1] = high[:-1, -1] = rows
        low[-1, -1] = high[-1, -1] = rows.sum()
    if columns is not None:
        asked_low, asked_high = low.copy(), high.copy()
        asked_low[-1, :-1] = asked_high[-1, :-1] = columns
        asked_low[-1, -1] = asked_high[-1, -1] = columns.sum()
        attempts.append((asked_low, asked_high))
    attempts.append((low, high))
    if rows is not None:
        free_low, free_high = low.copy(), high.copy()
        free_low[-1, :-1], free_high[-1, :-1] = 0, np.inf
        attempts.append((free_low, free_high))
    return attempts


def close_column(values: FloatArray, *, decimals: int = 3) -> FloatArray:
    """
    Round numbers so that they add up to their rounded sum.

    Each is rounded up or down to a neighbour: down first, then those with the largest remainders up, of equal ones
    the first.

    Parameters
    ----------
    values
        Finite numbers, shape (n,).
    decimals
        Decimals to keep.

    Returns
    -------
    rounded
        Shape (n,); empty for none.
    """
    exact = values * 10.0**decimals
    low = np.floor(exact + WHOLE)
    left = round(float(exact.sum())) - round(float(low.sum()))
    order = np.argsort(-(exact - low), kind="stable")
    low[order[: max(left, 0)]] += 1
    return np.asarray(low / 10.0**decimals, dtype=np.float64)


def _with_totals(values: FloatArray) -> FloatArray:
    rows = np.hstack([values, values.sum(axis=1, keepdims=True)])
    return np.vstack([rows, rows.sum(axis=0, keepdims=True)])


def _round_to_neighbours(exact: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray | None:
    """
    Solve it as a flow: the matrix of sums is totally unimodular, so the best vertex is made of whole numbers.

    See Cox, "A constructive procedure for unbiased controlled rounding" (1987), on why a solution always exists when no
    total is asked for. None when there is none within the bounds.
    """
    fraction = exact - np.floor(exact)
    solution = linprog(
        (1 - 2 * fraction).ravel(),
        A_eq=_sum_equations(exact.shape),
        b_eq=np.zeros(sum(exact.shape)),
        bounds=np.column_stack([low.ravel(), high.ravel()]),
        method="highs-ds",
    )
    return np.asarray(np.round(solution.x).reshape(exact.shape), dtype=np.float64) if solution.success else None


def _sum_equations(shape: tuple[int, ...]) -> sparse.csr_array:
    """One equation a row and a column: its numbers less its total make 0."""
    rows, columns = shape
    number = np.arange(rows * columns).reshape(shape)
    of_row, of_column = np.indices(shape)
    sign_in_row, sign_in_column = np.ones(shape), np.ones(shape)
    sign_in_row[:, -1] = sign_in_column[-1, :] = -1
    equation = np.concatenate([of_row.ravel(), rows + of_column.ravel()])
    signs = np.concatenate([sign_in_row.ravel(), sign_in_column.ravel()])
    return sparse.csr_array((signs, (equation, np.tile(number.ravel(), 2))), shape=(rows + columns, number.size))
