"""Which column of a file is which field of the layer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from layers.definition import FieldDefinition, LayerDefinition
from layers.ingest.errors import ImportRefused
from layers.ingest.findings import RowFinding, finding, quoted
from layers.ingest.values import fold

DBF_NAME_CHARACTERS = 10
SIMILAR_SCORE = 78  # of 100; below it a suggestion confuses more than it helps

UNIT_FACTORS = {
    ("km", "m"): 1000.0, ("cm", "m"): 0.01, ("m", "km"): 0.001,
    ("ha", "m2"): 10_000.0, ("km2", "m2"): 1e6, ("ha", "km2"): 0.01, ("m2", "km2"): 1e-6,
    ("juta", "IDR"): 1e6, ("ribu", "IDR"): 1e3, ("miliar", "IDR"): 1e9,
}  # fmt: skip
"""(unit of the file, unit of the field) → factor."""

KNOWN_UNITS = {"luaswh": "ha"}
"""Columns of the base map whose unit is fixed by its catalogue."""

PARENT_FIELDS: Mapping[str, tuple[str, ...]] = {
    "regency_name": ("kab_name", "kabupaten", "kabkota", "kab_kota", "kabupaten_kota", "wadmkk", "nama_kab", "nm_kab",
                     "nmkab", "regency", "kota"),
    "district_name": ("kec_name", "kecamatan", "wadmkc", "nama_kec", "nm_kec", "nmkec", "distrik", "district"),
}  # fmt: skip
"""Columns with names of the areas above, which tell apart districts and villages of the same name."""

PARENTS_OF = {"districts": ("regency_name",), "villages": ("regency_name", "district_name")}


@dataclass(frozen=True)
class Source:
    """The column that fills a field, what its values are multiplied by, and whether the person named its unit."""

    column: str
    factor: float = 1.0
    unit: str | None = None
    is_unit_given: bool = False


@dataclass(frozen=True)
class ColumnMatch:
    """Which column fills which field; `parents` gives the columns with names of areas above; `unused` the rest."""

    fields: Mapping[str, Source]
    parents: Mapping[str, str]
    unused: tuple[str, ...]
    findings: tuple[RowFinding, ...]


def match_columns(
    definition: LayerDefinition,
    columns: list[str],
    given: Mapping[str, str],
    *,
    optional: frozenset[str] = frozenset(),
    is_shapefile: bool = False,
) -> ColumnMatch:
    """
    Match the columns of a file to the fields of a layer.

    A column is taken when its name is the field's name, one of its aliases or labels, whatever case and punctuation;
    in a shapefile also when it is one of these cut at ten characters; or with the unit at its end (`panjang_km`). What
    is merely similar is suggested in a finding, never taken.

    Parameters
    ----------
    given
        Column → field, or `field:unit`, as the person said; these win.
    optional
        Required fields that may be absent, since they can be found another way.

    Raises
    ------
    ImportRefused
        When the person names a column or field that does not exist, or a required field has no column.
    """
    wanted = [field for field in definition.fields if not field.computed]
    fields, parents = _given(definition, columns, given)
    findings: list[RowFinding] = []
    taken = {source.column for source in fields.values()} | set(parents.values())
    for rank in range(4):
        claims: dict[str, list[tuple[FieldDefinition, str | None]]] = {}
        for field in (field for field in wanted if field.name not in fields):
            claim = _claim(
                field, [column for column in columns if column not in taken], rank, is_shapefile=is_shapefile
            )
            if claim is not None:
                claims.setdefault(claim[0], []).append((field, claim[1]))
        for column, claimants in claims.items():
            if len(claimants) > 1 and rank == _TRUNCATED:
                findings.append(_ambiguous_column(column, [field.name for field, _ in claimants]))
                continue
            field, unit = claimants[0]
            fields[field.name] = Source(column, _factor(unit, field), unit)
            taken.add(column)
    for name in PARENTS_OF.get(definition.id, ()):
        if name not in parents:
            folded = {fold(alias) for alias in PARENT_FIELDS[name]}
            found = next((column for column in columns if fold(column) in folded and column not in taken), None)
            if found is not None:
                parents[name] = found
    unused = tuple(column for column in columns if column not in taken and column not in parents.values())
    missing = [field for field in wanted if field.required and field.name not in fields and field.name not in optional]
    if missing:
        raise ImportRefused(_required_missing(missing, list(unused), columns))
    if unused:
        findings.append(_unused_columns(unused))
    return ColumnMatch(fields, parents, unused, tuple(findings))


_TRUNCATED = 3


def _claim(
    field: FieldDefinition, columns: list[str], rank: int, *, is_shapefile: bool
) -> tuple[str, str | None] | None:
    """Return the column that a field takes at a rank (name, alias, label, cut or with unit), and the unit it names."""
    if rank == 0:
        return _first(columns, [field.name])
    if rank == 1:
        return _first(columns, list(field.aliases))
    if rank == 2:
        return _first(columns, [field.label.id, field.label.en])
    names = [field.name, *field.aliases]
    if is_shapefile:
        cut = {name[:DBF_NAME_CHARACTERS].lower() for name in names if len(name) > DBF_NAME_CHARACTERS}
        found = next((column for column in columns if column.lower() in cut), None)
        if found is not None:
            return found, None
    if field.unit is None:
        return None
    units = [unit for unit, target in UNIT_FACTORS if target == field.unit] + [field.unit]
    stems = {fold(re.sub(rf"_{re.escape(field.unit)}$", "", name)) for name in names}
    for column in columns:
        unit = next((unit for unit in units if fold(column) in {stem + fold(unit) for stem in stems}), None)
        if unit is not None:
            return column, unit
    return None


def _first(columns: list[str], names: list[str]) -> tuple[str, str | None] | None:
    by_name = {fold(column): column for column in reversed(columns)}
    found = next((by_name[fold(name)] for name in names if fold(name) in by_name), None)
    return None if found is None else (found, KNOWN_UNITS.get(fold(found)))


def _factor(unit: str | None, field: FieldDefinition) -> float:
    return 1.0 if unit is None or field.unit is None else UNIT_FACTORS.get((unit, field.unit), 1.0)


def _given(
    definition: LayerDefinition, columns: list[str], given: Mapping[str, str]
) -> tuple[dict[str, Source], dict[str, str]]:
    fields: dict[str, Source] = {}
    parents: dict[str, str] = {}
    by_name = {column.lower(): column for column in columns}
    for wanted_column, target in given.items():
        name, _, unit = target.partition(":")
        column = by_name.get(wanted_column.lower())
        if column is None:
            raise ImportRefused(_column_unknown(wanted_column, columns))
        if name in PARENTS_OF.get(definition.id, ()):
            parents[name] = column
            continue
        field = next((one for one in definition.fields if one.name == name and not one.computed), None)
        if field is None:
            raise ImportRefused(_field_unknown(name, definition))
        if unit and unit != field.unit and (unit, field.unit) not in UNIT_FACTORS:
            raise ImportRefused(_unit_unknown(unit, field))
        fields[name] = Source(column, _factor(unit or None, field), unit or None, is_unit_given=bool(unit))
    return fields, parents


def _similar(field: FieldDefinition, columns: list[str]) -> str | None:
    names = [fold(name) for name in (field.name, *field.aliases, field.label.id)]
    scored = [(max(fuzz.ratio(fold(column), name) for name in names), column) for column in columns if fold(column)]
    best = max(scored, default=(0.0, ""))
    return best[1] if best[0] >= SIMILAR_SCORE else None


def similar_name(name: str, names: list[str]) -> str | None:
    """Return the name that is written most like another, for a suggestion; None when none is close."""
    found = process.extractOne(name, names, scorer=fuzz.ratio, processor=fold, score_cutoff=SIMILAR_SCORE)
    return None if found is None else str(found[0])


def _required_missing(missing: list[FieldDefinition], unused: list[str], columns: list[str]) -> RowFinding:
    hints = {field.name: _similar(field, unused) for field in missing}
    wanted_id = ", ".join(f"{field.name} ({field.label.id})" for field in missing)
    wanted_en = ", ".join(f"{field.name} ({field.label.en})" for field in missing)
    maps = " ".join(f"--map {hints[field.name] or 'KOLOM'}={field.name}" for field in missing)
    guess = " ".join(f"{quoted(column)}?" for column in hints.values() if column)
    present = ", ".join(columns) or "-"
    return finding(
        "error",
        "required_column_missing",
        f"Kolom wajib tidak ditemukan: {wanted_id}.{' Mungkin ' + guess if guess else ''} Kolom yang ada: {present}. "
        f"Sebutkan dengan {maps}.",
        f"Required columns were not found: {wanted_en}.{' Perhaps ' + guess if guess else ''} Columns present: "
        f"{present}. Name them with {maps.replace('KOLOM', 'COLUMN')}.",
        count=len(missing),
    )


def _unused_columns(unused: tuple[str, ...]) -> RowFinding:
    names = ", ".join(unused)
    return finding(
        "info",
        "columns_unused",
        f"Kolom yang tidak dipakai: {names}. Bila perlu, sebutkan dengan --map KOLOM=field.",
        f"Columns not used: {names}. If one is needed, name it with --map COLUMN=field.",
        count=len(unused),
    )


def _ambiguous_column(column: str, fields: list[str]) -> RowFinding:
    names = ", ".join(fields)
    return finding(
        "warning",
        "column_ambiguous",
        f"Kolom {quoted(column)} terpotong dan dapat berarti {names}; tidak dipakai. Sebutkan dengan --map.",
        f"The column {quoted(column)} is cut short and may be {names}; it was not used. Name it with --map.",
    )


def _column_unknown(name: str, columns: list[str]) -> RowFinding:
    present = ", ".join(columns) or "-"
    return finding(
        "error",
        "column_unknown",
        f"Kolom {quoted(name)} pada --map tidak ada. Kolom yang ada: {present}.",
        f"The column {quoted(name)} of --map does not exist. Columns present: {present}.",
    )


def _field_unknown(name: str, definition: LayerDefinition) -> RowFinding:
    fields = ", ".join(iter_fillable(definition))
    return finding(
        "error",
        "field_unknown",
        f"Lapisan {definition.id} tidak memiliki field {quoted(name)} yang dapat diisi. Yang ada: {fields}.",
        f"The layer {definition.id} has no field {quoted(name)} that can be filled. There are: {fields}.",
    )


def _unit_unknown(unit: str, field: FieldDefinition) -> RowFinding:
    known = ", ".join(source for source, target in UNIT_FACTORS if target == field.unit) or "-"
    return finding(
        "error",
        "unit_unknown",
        f"Satuan {quoted(unit)} tidak dapat diubah ke satuan field {field.name} ({field.unit}). Yang dapat: {known}.",
        f"The unit {quoted(unit)} cannot be turned into that of {field.name} ({field.unit}). Those that can: {known}.",
    )


def iter_fillable(definition: LayerDefinition) -> Iterator[str]:
    """Go through the names of the fields that an import may fill."""
    return (field.name for field in definition.fields if not field.computed)
