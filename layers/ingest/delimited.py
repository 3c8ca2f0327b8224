"""Read a CSV as offices send it: any encoding, any delimiter, titles above its header."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from layers.ingest.encoding import SAMPLE_BYTES, detect_encoding
from layers.ingest.errors import ImportRefused
from layers.ingest.findings import finding, unreadable

DELIMITERS = (";", ",", "\t", "|")
HEADER_LINES = 20  # of a CSV, in which its header must come


def read_delimited(path: Path) -> tuple[pd.DataFrame, str]:
    """
    Read a CSV as text; numbers are parsed later, by column.

    Returns
    -------
    frame, encoding
        Text, None where a cell is empty; rows without any value are left out.

    Raises
    ------
    ImportRefused
        When a row has more cells than the header, or the file cannot be read at all.
    """
    content = path.read_bytes()
    encoding = detect_encoding(content[:SAMPLE_BYTES])
    text = content.decode(encoding, errors="replace")
    delimiter, header = find_header(text.splitlines()[:HEADER_LINES])
    stream = io.StringIO(text, newline="")
    for _ in range(header):
        stream.readline()
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(stream, delimiter=delimiter)]
    except csv.Error as error:
        raise ImportRefused(unreadable(path)) from error
    rows = [row for row in rows if any(row)]
    names = _unique_names(rows[0] if rows else [])
    return pd.DataFrame(_fit(rows[1:], len(names)), columns=names, dtype=object), encoding


def _fit(rows: list[list[str]], width: int) -> list[list[str | None]]:
    """Bring rows to the header's width; only empty cells may be cut off."""
    too_wide = [number for number, row in enumerate(rows, start=1) if any(row[width:])]
    if too_wide:
        count, first = len(too_wide), too_wide[0]
        raise ImportRefused(
            finding(
                "error",
                "cells_beyond_header",
                f"Baris dengan sel lebih banyak daripada judulnya: {count} (pertama: {first}). Mungkin pemisah kolom "
                "juga dipakai di dalam teks; beri tanda kutip pada teks itu.",
                f"Rows with more cells than the header: {count} (the first: {first}). Perhaps the delimiter is used "
                "inside a text too; put that text in quotes.",
                np.array(too_wide, dtype=np.int64),
            )
        )
    return [[cell or None for cell in row[:width]] + [None] * (width - len(row)) for row in rows]


def _unique_names(header: list[str]) -> list[str]:
    """Number repeated column names, and name those that have none by their place."""
    while header and not header[-1]:
        header = header[:-1]
    names = [name or f"kolom {place}" for place, name in enumerate(header, start=1)]
    return [name if name not in names[:place] else f"{name} {place + 1}" for place, name in enumerate(names)]


def find_header(lines: list[str]) -> tuple[str, int]:
    """
    Find the delimiter of a table and the line of its header, below the titles that offices put above it.

    The delimiter is the one by which most lines have the same number of cells, more than one; the header is the first
    line with that many.
    """
    best = (0, 0, DELIMITERS[0], 0)
    for delimiter in DELIMITERS:
        cells = [_count_cells(line, delimiter) for line in lines]
        usual, count = max(
            Counter(one for one in cells if one > 1).items(), key=lambda item: item[::-1], default=(1, 0)
        )
        header = next((index for index, one in enumerate(cells) if one >= usual), 0)
        best = max(best, (count, usual, delimiter, header), key=lambda one: one[:2])
    return best[2], best[3]


def _count_cells(line: str, delimiter: str) -> int:
    """Count the cells of a line; empty ones at its end do not count."""
    cells = next(csv.reader([line], delimiter=delimiter), [])
    while cells and not cells[-1].strip():
        cells.pop()
    return len(cells)
