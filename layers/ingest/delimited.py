"""Read a CSV as offices send it: any encoding, any delimiter, titles above its header."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import pandas as pd

from layers.ingest.encoding import SAMPLE_BYTES, detect_encoding
from layers.ingest.errors import ImportRefused
from layers.ingest.findings import unreadable

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
        When rows have more cells than the header, or the file cannot be read at all.
    """
    content = path.read_bytes()
    encoding = detect_encoding(content[:SAMPLE_BYTES])
    text = content.decode(encoding, errors="replace")
    delimiter, header = find_header(text.splitlines()[:HEADER_LINES])
    try:
        frame = pd.read_csv(
            io.StringIO(text),
            sep=delimiter,
            skiprows=header,
            dtype=str,
            index_col=False,
            keep_default_na=False,
            na_values=[""],
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise ImportRefused(unreadable(path)) from error
    return frame.dropna(how="all").reset_index(drop=True), encoding


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
