"""A plan's activity matrix from a table: a row an activity, a column a zone, cells of I, T, B and X."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gis.conformity import read_cell
from layers.definition import Code
from layers.ingest.errors import ImportRefused
from layers.ingest.findings import RowFinding, examples, finding, quoted
from layers.ingest.read import ReadOptions, SourceTable, read
from layers.ingest.unpack import unpack
from layers.ingest.values import is_null, parse_texts

BLANK = {"-", "–", "—"}  # how people write that a cell is empty


@dataclass(frozen=True)
class PlanMatrix:
    """What a plan allows: `cells` by activity (a code of the list of sectors) and zone code."""

    cells: dict[str, dict[str, str]]
    findings: tuple[RowFinding, ...]


def read_matrix(path: Path, activities: Sequence[Code], work: Path) -> PlanMatrix:
    """
    Read an activity matrix as the annex of a plan prints it.

    Parameters
    ----------
    path
        A table (CSV, XLSX, ODS): the first column names the activity, each other column is a zone code.
    activities
        The list of sectors; an activity is named by code, label or alias, in capitals or not.
    work
        An empty folder of our own for unpacking.

    Returns
    -------
    matrix
        Cells that cannot be read, and rows of activities that the list does not have, are left out and found.

    Raises
    ------
    ImportRefused
        When the file cannot be read, names an activity twice, or nothing of it is left.
    """
    dataset = unpack(path, work, source_layer=None)
    table = read(dataset.path, ReadOptions(without_geometry=True))
    findings = [*dataset.findings, *table.findings]
    codes = _read_activities(table, activities, findings)
    zones = [str(column).strip() for column in table.attributes.columns[1:]]
    cells: dict[str, dict[str, str]] = {code: {} for code in codes if code is not None}
    for number, zone in enumerate(zones, start=1):
        values = parse_texts(table.attributes.iloc[:, number]).values
        blank = is_null(values) | np.isin(values.astype(str), list(BLANK))
        unread = ~blank & np.array([read_cell(value) == "unknown" for value in values], dtype=bool)
        if unread.any():
            findings.append(_unreadable(zone, examples(values, unread), table.rows[unread]))
        for code, value, kept in zip(codes, values, ~blank & ~unread, strict=True):
            if code is not None and kept:
                cells[code][zone] = str(value).strip().upper()
    filled = {code: by_zone for code, by_zone in cells.items() if by_zone}
    if not filled:
        raise ImportRefused(_nothing_read())
    return PlanMatrix(filled, tuple(findings))


def _read_activities(table: SourceTable, activities: Sequence[Code], findings: list[RowFinding]) -> list[str | None]:
    """Find the code of the activity of each row; None where there is none."""
    if len(table.attributes.columns) < 2:  # an activity, and at least one zone
        raise ImportRefused(_nothing_read())
    names = {
        name.casefold(): one.code for one in activities for name in (one.code, one.label.id, one.label.en, *one.aliases)
    }
    written = parse_texts(table.attributes.iloc[:, 0]).values
    codes = [None if value is None else names.get(str(value).strip().casefold()) for value in written]
    unknown = np.array([code is None for code in codes], dtype=bool) & ~is_null(written)
    if unknown.any():
        known = ", ".join(one.label.id for one in activities)
        which = examples(written, unknown)
        findings.append(
            finding(
                "warning",
                "activity_unknown",
                f"Baris tidak dimuat: {int(unknown.sum())}, karena kegiatannya tidak dikenal ({which}). "
                f"Kegiatan yang dikenal: {known}.",
                f"Rows left out: {int(unknown.sum())}, since their activity is not known ({which}). "
                f"Known are: {', '.join(one.label.en for one in activities)}.",
                table.rows[unknown],
            )
        )
    twice = sorted({code for code in codes if code is not None and codes.count(code) > 1})
    if twice:
        labels = {one.code: one.label for one in activities}
        raise ImportRefused(
            finding(
                "error",
                "activity_twice",
                f"Kegiatan disebut lebih dari sekali: {', '.join(labels[code].id for code in twice)}. "
                "Satukan barisnya: hanya daerah yang tahu mana yang berlaku.",
                f"Activities that are named more than once: {', '.join(labels[code].en for code in twice)}. "
                "Make one row of each: only the region knows which holds.",
            )
        )
    return codes


def _unreadable(zone: str, which: str, rows: np.ndarray) -> RowFinding:
    return finding(
        "warning",
        "cell_unreadable",
        f"Isi kolom {quoted(zone)} bukan I, T, B, atau X: {which}. Dikosongkan, jadi hasilnya tidak diketahui.",
        f"Cells of column {quoted(zone)} that are not I, T, B or X: {which}. Left empty: the outcome is unknown.",
        rows,
    )


def _nothing_read() -> RowFinding:
    return finding(
        "error",
        "matrix_empty",
        "Tidak ada isi matriks yang dapat dibaca. Kolom pertama berisi kegiatan, kolom lain berjudul kode zona, dan "
        "selnya I, T, B, atau X.",
        "Nothing of a matrix can be read. The first column names the activity, the other columns are headed by zone "
        "codes, and cells are I, T, B or X.",
    )
