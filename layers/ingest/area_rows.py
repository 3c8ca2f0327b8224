"""Rows of districts and villages: their codes are checked against the code list, or found by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import shapely

from gis.types import BoolArray, IntArray
from layers.ingest.areas import AreaLevel, AreaList, normalise_codes, same_name
from layers.ingest.columns import ColumnMatch
from layers.ingest.findings import RowFinding, examples, finding
from layers.ingest.read import SourceTable
from layers.ingest.rows import Rows
from layers.ingest.values import TextArray, is_null, parse_texts


def find_area_codes(
    rows: Rows, table: SourceTable, match: ColumnMatch, areas: AreaList, level: AreaLevel, findings: list[RowFinding]
) -> tuple[Rows, int]:
    """
    Check the area codes of districts or villages, and find those that are missing by name.

    Returns
    -------
    rows, looked_up
        Rows with a code, and how many codes were found by name; rows without one are left out and named in findings.
    """
    nothing: TextArray = np.full(len(rows), None, dtype=object)
    written = rows.columns.get("code", nothing)
    names = rows.columns.get("name", nothing)
    codes = normalise_codes(written, level)
    is_given = ~is_null(written)
    malformed = is_given & is_null(codes)
    if malformed.any():
        findings.append(_code_malformed(level, written, malformed, rows.rows))
    parents = {name: parse_texts(table.attributes[column]).values for name, column in match.parents.items()}
    found = areas.find(level, names, regencies=parents.get("regency_name"), districts=parents.get("district_name"))
    by_name = ~is_given & ~is_null(found.codes)
    codes = np.where(by_name, found.codes, codes)
    ambiguous = found.ambiguous & ~is_given
    if ambiguous.any():
        findings.append(_name_ambiguous(names, ambiguous, rows.rows))
    unknown = ~is_given & ~found.ambiguous & is_null(codes)
    unknown &= ~is_null(names)
    if unknown.any():
        findings.append(_name_unknown(names, unknown, found.suggestions, rows.rows))
    findings += _compare_with_list(codes, names, is_given & ~malformed, areas, level, rows.rows)
    rows = rows.with_column("code", codes)
    keep = ~is_null(codes)
    return _merge_parts(rows.select(keep), findings), int(by_name.sum())


def _merge_parts(rows: Rows, findings: list[RowFinding]) -> Rows:
    """Join the parts of an area that the file gives in several rows."""
    codes = pd.Series(rows.columns["code"])
    repeated = codes.duplicated(keep=False).to_numpy()
    if not repeated.any():
        return rows
    geometries = rows.geometries.copy()
    for positions in codes[repeated].groupby(codes[repeated]).indices.values():
        where = np.flatnonzero(repeated)[positions]
        geometries[where[0]] = shapely.union_all(rows.geometries[where])
    surplus = codes.duplicated(keep="first").to_numpy()
    findings.append(
        finding(
            "warning",
            "areas_merged",
            f"Baris berisi bagian lain dari wilayah yang sama: {int(surplus.sum())}. Digabung dengan baris pertamanya.",
            f"Rows with another part of the same area: {int(surplus.sum())}. They were joined with its first row.",
            rows.rows[surplus],
        )
    )
    return replace(rows, geometries=geometries).select(~surplus)


def _name_ambiguous(names: TextArray, ambiguous: BoolArray, rows: IntArray) -> RowFinding:
    which = examples(names, ambiguous)
    return finding(
        "error",
        "name_ambiguous",
        f"Beberapa wilayah bernama sama: {which}; barisnya tidak dimuat. Tambahkan kolom kode, atau nama wilayah di "
        "atasnya.",
        f"Several areas have the same name: {which}; the rows were left out. Add a column with the code, or with the "
        "name of the area above.",
        rows[ambiguous],
    )


def _name_unknown(names: TextArray, unknown: BoolArray, suggestions: Mapping[str, str], rows: IntArray) -> RowFinding:
    listed = list(dict.fromkeys(str(name) for name in names[unknown]))[:3]
    which = ", ".join(f"{name} ({suggestions[name]}?)" if name in suggestions else name for name in listed)
    return finding(
        "error",
        "name_unknown",
        f"Nama wilayah tidak ada dalam daftar kode: {which}; barisnya tidak dimuat. Perbaiki, atau tambahkan kode.",
        f"Names of areas are not in the code list: {which}; the rows were left out. Correct them, or add the code.",
        rows[unknown],
    )


def _code_malformed(level: AreaLevel, codes: TextArray, malformed: BoolArray, rows: IntArray) -> RowFinding:
    form = {"regency": "16.05", "district": "16.05.01", "village": "16.05.01.2001"}[level]
    which = examples(codes, malformed)
    return finding(
        "error",
        "code_malformed",
        f"Kode wilayah tidak berbentuk {form}: {which}; barisnya tidak dimuat. Kode BPS tidak sama dengan kode "
        "Kemendagri.",
        f"Area codes do not look like {form}: {which}; the rows were left out. BPS codes are not Kemendagri codes.",
        rows[malformed],
    )


def _compare_with_list(
    codes: TextArray, names: TextArray, is_given: BoolArray, areas: AreaList, level: AreaLevel, rows: IntArray
) -> list[RowFinding]:
    """Compare codes that the file gives with the code list: they must exist there, under the same name."""
    if not areas.areas:
        return []
    within = is_given & areas.holds(codes)
    listed = np.array([areas.names.get(code) if code is not None else None for code in codes], dtype=object)
    new = within & is_null(listed)
    differs = within & ~new
    differs &= np.array(
        [
            name is not None and known is not None and not same_name(name, known, level)
            for name, known in zip(names, listed, strict=True)
        ],
        dtype=bool,
    )
    found = []
    if new.any():
        found.append(
            finding(
                "warning",
                "code_not_listed",
                f"Kode tidak ada dalam daftar wilayah: {examples(codes, new)}. Mungkin wilayah baru, atau kode BPS.",
                f"Codes are not in the list of area codes: {examples(codes, new)}. A new area perhaps, or a BPS code.",
                rows[new],
            )
        )
    if differs.any():
        which = "; ".join(
            f"{code} {name} ≠ {known}"
            for code, name, known in list(zip(codes[differs], names[differs], listed[differs], strict=True))[:3]
        )
        found.append(
            finding(
                "warning",
                "name_differs",
                f"Nama di berkas berbeda dari daftar kode: {which}. Periksa apakah kodenya benar.",
                f"Names in the file differ from the code list: {which}. Check whether the codes are right.",
                rows[differs],
            )
        )
    return found
