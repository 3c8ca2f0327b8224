"""Check the geometries of a file: there, of the right kind, valid, and where they should be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import shapely

from gis.geometry import keep_dimension, repair
from gis.types import BBox, BoolArray, FloatArray
from layers.definition import LayerDefinition
from layers.ingest.errors import ImportRefused, keeping
from layers.ingest.findings import RowFinding, Sentence, finding
from layers.ingest.read import SourceTable
from layers.ingest.source_crs import INDONESIA, REGION_MARGIN_DEG, contains, likelier_crs, to_lonlat

Outside = Literal["refuse", "keep"]

_DIMENSIONS = {"point": 0, "line": 1, "polygon": 2}
_KINDS_ID = {-1: "kosong", 0: "titik", 1: "garis", 2: "poligon"}
_KINDS_EN = {-1: "empty", 0: "points", 1: "lines", 2: "polygons"}


@dataclass(frozen=True)
class Extent:
    """Where the region lies (degrees); `is_real` when that comes from an imported boundary."""

    bbox: BBox
    is_real: bool


@dataclass(frozen=True)
class Validated:
    """The rows whose geometry can be used, and what was found and repaired."""

    table: SourceTable
    sentence: Sentence
    findings: tuple[RowFinding, ...]


def validate(
    table: SourceTable,
    definition: LayerDefinition,
    extent: Extent,
    *,
    outside: Outside = "refuse",
    without_geometry: bool = False,
) -> Validated:
    """
    Check and repair the geometries of a file.

    Parameters
    ----------
    table
        As read.
    definition
        Says which kind of geometry the layer has.
    extent
        Where the region lies; a file that lies elsewhere was probably given the wrong coordinate system.
    outside
        `keep` accepts files that lie elsewhere.
    without_geometry
        Rows without geometry are kept: they get it from their ruas.

    Returns
    -------
    validated
        Valid geometries of the layer's kind, still in the file's coordinate system; rows that cannot be used are left
        out, each named in a finding.

    Raises
    ------
    ImportRefused
        When no geometry is of the right kind, or the file lies where it cannot.
    """
    findings: list[RowFinding] = []
    missing = shapely.is_missing(table.geometries) | shapely.is_empty(table.geometries)
    with keeping(findings):
        if not without_geometry:
            if missing.all():
                raise ImportRefused(_no_geometry(table))
            table = _drop(table, missing, _row_without_geometry, findings)
        table = _keep_kind(table, definition, findings)
        table, repaired = _repair(table, findings)
        _check_place(table, extent, outside, findings)
        table = _drop(table, _off_the_earth(table), _impossible, findings)
    return Validated(
        table,
        Sentence(
            "validate",
            f"Memeriksa {len(missing)} geometri: {repaired} diperbaiki, {len(missing) - len(table.rows)} tidak dapat "
            "dipakai.",
            f"Checked {len(missing)} geometries: {repaired} repaired, {len(missing) - len(table.rows)} unusable.",
        ),
        tuple(findings),
    )


def select(table: SourceTable, keep: BoolArray) -> SourceTable:
    """Return the rows of a table where the mask is true."""
    if keep.all():
        return table
    return replace(
        table,
        attributes=table.attributes[keep].reset_index(drop=True),
        geometries=table.geometries[keep],
        rows=table.rows[keep],
    )


def _drop(
    table: SourceTable, unusable: BoolArray, describe: Callable[[int], tuple[str, str, str]], findings: list[RowFinding]
) -> SourceTable:
    if not unusable.any():
        return table
    code, message_id, message_en = describe(int(unusable.sum()))
    findings.append(finding("error", code, message_id, message_en, table.rows[unusable]))
    return select(table, ~unusable)


def _keep_kind(table: SourceTable, definition: LayerDefinition, findings: list[RowFinding]) -> SourceTable:
    """Leave out geometries of another kind; parts of collections that are of the kind are kept."""
    if definition.geometry == "any":
        return table
    wanted = _DIMENSIONS[definition.geometry]
    present = ~shapely.is_missing(table.geometries)
    collection = present & (shapely.get_type_id(table.geometries) == shapely.GeometryType.GEOMETRYCOLLECTION)
    if collection.any():
        geometries = table.geometries.copy()
        geometries[collection] = keep_dimension(geometries[collection], wanted)
        table = replace(table, geometries=geometries)
    dimensions = shapely.get_dimensions(table.geometries)
    wrong = present & ((dimensions != wanted) | shapely.is_empty(table.geometries))
    if wrong.any() and wrong.sum() == present.sum():
        raise ImportRefused(_wrong_kind(definition, int(dimensions[wrong][0])))
    if wanted == 0:
        wrong |= shapely.get_num_geometries(table.geometries) > 1

    def describe(count: int) -> tuple[str, str, str]:
        return (
            "geometry_kind",
            f"Baris yang bukan {_KINDS_ID[wanted]} seperti lapisan ini: {count}. Tidak dimuat.",
            f"Rows that are not {_KINDS_EN[wanted]} as this layer's: {count}. They were left out.",
        )

    return _drop(table, wrong, describe, findings)


def _repair(table: SourceTable, findings: list[RowFinding]) -> tuple[SourceTable, int]:
    result = repair(table.geometries)
    table = replace(table, geometries=result.geometries)
    repaired = int(result.repaired.sum())
    if repaired:
        findings.append(
            finding(
                "warning",
                "geometry_repaired",
                f"Geometri tidak sah (misalnya garis batas bersilang): {repaired}. Sudah diperbaiki.",
                f"Invalid geometries (such as a self-crossing outline): {repaired}. They were repaired.",
                table.rows[result.repaired],
            )
        )
    return _drop(table, result.emptied, _collapsed, findings), repaired


def _check_place(table: SourceTable, extent: Extent, outside: Outside, findings: list[RowFinding]) -> None:
    """Notice a file that lies where it cannot, most often since its coordinate system is another than it says."""
    boxes = shapely.bounds(table.geometries)
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    if not len(boxes):
        return
    corners = np.vstack([to_lonlat(table.crs, boxes[:, :2]), to_lonlat(table.crs, boxes[:, 2:])])
    if _any_near(corners, extent.bbox):
        return
    in_indonesia = _any_near(corners, INDONESIA)
    bounds: BBox = (
        float(boxes[:, 0].min()), float(boxes[:, 1].min()), float(boxes[:, 2].max()), float(boxes[:, 3].max()),
    )  # fmt: skip
    swapped = contains(extent.bbox, np.array([[bounds[1], bounds[0]], [bounds[3], bounds[2]]]))
    found = _misplaced(table, corners, likelier_crs(bounds, extent.bbox), swapped=swapped)
    if outside == "keep" or (in_indonesia and not extent.is_real):
        findings.append(replace(found, severity="warning"))
        return
    if in_indonesia and found.code == "outside_region":
        return  # nothing says that the coordinate system is wrong: its rows simply lie outside
    raise ImportRefused(found)


def _any_near(lonlat: FloatArray, box: BBox) -> bool:
    west, south, east, north = box
    near = (lonlat[:, 0] >= west - REGION_MARGIN_DEG) & (lonlat[:, 0] <= east + REGION_MARGIN_DEG)
    near &= (lonlat[:, 1] >= south - REGION_MARGIN_DEG) & (lonlat[:, 1] <= north + REGION_MARGIN_DEG)
    return bool(near.any())


def _off_the_earth(table: SourceTable) -> BoolArray:
    boxes = shapely.bounds(table.geometries)
    present = ~shapely.is_missing(table.geometries)
    low, high = to_lonlat(table.crs, boxes[:, :2]), to_lonlat(table.crs, boxes[:, 2:])
    on_earth = np.isfinite(low).all(axis=1) & np.isfinite(high).all(axis=1)
    for corner in (low, high):
        on_earth &= (np.abs(corner[:, 0]) <= 180) & (np.abs(corner[:, 1]) <= 90)
    return present & ~on_earth


def _misplaced(
    table: SourceTable, corners: FloatArray, likelier: tuple[str, str] | None, *, swapped: bool
) -> RowFinding:
    finite = corners[np.isfinite(corners).all(axis=1)]
    where = f"{np.median(finite[:, 0]):.3f}, {np.median(finite[:, 1]):.3f}" if len(finite) else "?"
    base_id = f"Dibaca dalam {table.crs_name}, data ini terletak di {where} (bujur, lintang), jauh dari wilayah ini."
    base_en = f"Read in {table.crs_name}, this data lies at {where} (longitude, latitude), far from this region."
    if swapped:
        return finding(
            "error",
            "axes_swapped",
            f"{base_id} Bujur dan lintangnya tampak tertukar: tukar kembali (untuk tabel: --lon dan --lat).",
            f"{base_en} Longitude and latitude seem swapped: swap them back (for a table: --lon and --lat).",
        )
    if likelier is not None and likelier[0] != table.crs_name:
        code, name = likelier
        return finding(
            "error",
            "crs_wrong",
            f"{base_id} Dalam {name} ({code}) ia terletak di wilayah ini. Jika itu benar, ulangi dengan --crs {code}.",
            f"{base_en} In {name} ({code}) it lies in this region. If that is right, try again with --crs {code}.",
        )
    return finding(
        "error",
        "outside_region",
        f"{base_id} Periksa sistem koordinatnya (--crs), atau muat juga yang di luar dengan --outside keep.",
        f"{base_en} Check its coordinate system (--crs), or load what lies outside too with --outside keep.",
    )


def _no_geometry(table: SourceTable) -> RowFinding:
    return finding(
        "error",
        "geometry_missing",
        "Tidak satu baris pun memiliki geometri. Kirim berkas yang berisi titik, garis, atau poligon.",
        "Not a single row has a geometry. Send a file with points, lines or polygons.",
        table.rows,
    )


def _wrong_kind(definition: LayerDefinition, dimension: int) -> RowFinding:
    wanted = _DIMENSIONS[definition.geometry]
    return finding(
        "error",
        "geometry_kind",
        f"Berkas ini berisi {_KINDS_ID[dimension]}, sedangkan lapisan {definition.id} berisi {_KINDS_ID[wanted]}. "
        "Pilih lapisan lain dengan --layer, atau berkas lain.",
        f"This file holds {_KINDS_EN[dimension]}, but the layer {definition.id} holds {_KINDS_EN[wanted]}. "
        "Choose another layer with --layer, or another file.",
    )


def _row_without_geometry(count: int) -> tuple[str, str, str]:
    return (
        "geometry_missing",
        f"Baris tanpa geometri: {count}. Tidak dimuat.",
        f"Rows without geometry: {count}. They were left out.",
    )


def _collapsed(count: int) -> tuple[str, str, str]:
    return (
        "geometry_collapsed",
        f"Geometri yang tidak dapat diperbaiki (tanpa luas atau panjang): {count}. Tidak dimuat.",
        f"Geometries that cannot be repaired (no area or length): {count}. They were left out.",
    )


def _impossible(count: int) -> tuple[str, str, str]:
    return (
        "coordinates_impossible",
        f"Baris dengan koordinat yang tidak ada di bumi: {count}. Tidak dimuat.",
        f"Rows with coordinates that are nowhere on earth: {count}. They were left out.",
    )
