"""Tables whose rounded numbers still add up."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from gis.errors import InvalidMeasure
from gis.types import FloatArray

WHOLE = 1e-6
"""Nearer than this (in units of the last decimal) a number is taken as whole already."""


def close_table(values: FloatArray, *, decimals: int = 3) -> FloatArray:
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

    Returns
    -------
    table
        Shape (rows + 1, columns + 1): the rounded numbers, the totals of rows in the last column, those of columns in
        the last row. A whole total is never changed.

    Raises
    ------
    InvalidMeasure
        If a number is negative or not a number.
    """
    if not (np.isfinite(values).all() and (values >= 0).all()):
        raise InvalidMeasure(
            "Hanya tabel tanpa nilai negatif atau kosong yang dapat dibulatkan.",
            "Only a table without negative or missing numbers can be rounded.",
        )
    exact = _with_totals(values) * 10.0**decimals
    whole = np.abs(exact - np.round(exact)) < WHOLE
    exact = np.where(whole, np.round(exact), exact)
    rounded = _round_to_neighbours(exact)
    return np.asarray(rounded / 10.0**decimals, dtype=np.float64)


def _with_totals(values: FloatArray) -> FloatArray:
    rows = np.hstack([values, values.sum(axis=1, keepdims=True)])
    return np.vstack([rows, rows.sum(axis=0, keepdims=True)])


def _round_to_neighbours(exact: FloatArray) -> FloatArray:
    """
    Solve it as a flow: the matrix of sums is totally unimodular, so the best vertex is made of whole numbers.

    See Cox, "A constructive procedure for unbiased controlled rounding" (1987), on why a solution always exists.
    """
    low = np.floor(exact)
    fraction = exact - low
    high = np.ceil(exact)
    solution = linprog(
        (1 - 2 * fraction).ravel(),
        A_eq=_sum_equations(exact.shape),
        b_eq=np.zeros(sum(exact.shape)),
        bounds=np.column_stack([low.ravel(), high.ravel()]),
        method="highs-ds",
    )
    return np.asarray(np.round(solution.x).reshape(exact.shape), dtype=np.float64)


def _sum_equations(shape: tuple[int, ...]) -> FloatArray:
    """One equation a row and a column: its numbers less its total make 0."""
    rows, columns = shape
    number = np.arange(rows * columns).reshape(shape)
    equations = np.zeros((rows + columns, rows * columns))
    for row in range(rows):
        equations[row, number[row]] = 1
        equations[row, number[row, -1]] = -1
    for column in range(columns):
        equations[rows + column, number[:, column]] = 1
        equations[rows + column, number[-1, column]] = -1
    return equations
