"""Register a raster: check it, write it as COG into the storage, and note what it is."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from sqlalchemy import Connection, text

from app.errors import NotReady
from app.rasters.colours import coloured_classes
from app.rasters.queries import NAME, RasterClass, RasterNotFound, RegisteredRaster, read_raster
from app.storage import Storage
from gis.constants import WGS84_SRID
from gis.errors import NotClasses, RasterRefused
from gis.figures import Finding
from gis.measure import area_m2
from gis.overlay import dissolve
from gis.raster import (
    Grid,
    RasterFacts,
    bounds_4326,
    epsg_of,
    grid_of,
    open_source,
    percentiles,
    resolution_m,
    scan,
    write_cog,
)
from gis.types import GeometryArray
from layers.ingest.source_crs import INDONESIA

KINDS = ("elevation", "landcover", "population", "other")
KIND_WORDS = {
    "elevation": re.compile(r"dem|dsm|dtm|elev|srtm|tinggi|demnas", re.IGNORECASE),
    "landcover": re.compile(r"land_?cover|lulc|tutupan|(^|_)(lc|pl)\d*(_|$)", re.IGNORECASE),
    "population": re.compile(r"popul|penduduk|worldpop", re.IGNORECASE),
}
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
LOW_PERCENTILE, HIGH_PERCENTILE = (
    2.0,
    98.0,
)  # between which colours run, so that a single odd cell does not pale the rest
EDGE_PIECES = 50  # of each side of a raster's box, so that it bends as it does on the map
WHOLE = 0.9995  # share of the region from which on a raster counts as covering it all


class RasterExists(RasterRefused):
    """A raster of this name is registered already."""


class RasterOutside(RasterRefused):
    """A raster that does not touch the region."""


class UnusableChoice(RasterRefused):
    """A name, a kind or a list of classes that cannot be used."""


@dataclass(frozen=True)
class RasterRequest:
    """What somebody wants to register, and how."""

    path: Path
    name: str
    title: str | None = None
    kind: str | None = None
    year: int | None = None
    source: str | None = None
    crs: CRS | None = None
    classes: Mapping[int, RasterClass] | None = None
    replace: bool = False
    keep_outside: bool = False
    demo: bool = False


@dataclass(frozen=True)
class AddedRaster:
    """The raster as registered, what was found about it, and whether anything had to be changed."""

    raster: RegisteredRaster
    findings: tuple[Finding, ...]
    changed: bool


def add_raster(
    connection: Connection, storage: Storage, request: RasterRequest, *, cells: int, work: Path
) -> AddedRaster:
    """
    Check a raster, keep it, and register it; the caller commits.

    Parameters
    ----------
    connection
        Of the app role (or the owner's), in the caller's transaction.
    cells
        Greatest width × height × bands.
    work
        A folder for the COG while it is written, removed by the caller.

    Raises
    ------
    RasterRefused
        For whatever is wrong with the file or the wishes; the sentence says what to do.
    NotReady
        When there is no region yet.
    """
    before = _existing(connection, request)
    target = work / "raster.tif"
    with open_source(request.path, crs=request.crs, cells=cells) as (dataset, noted):
        grid = grid_of(dataset)
        covered = covered_share(connection, grid)
        if covered == 0 and not request.keep_outside and not _may_be_here(connection, grid):
            raise _outside(request.path)
        facts = scan(dataset)
        kind = request.kind or guess_kind(request.path.stem, request.name, facts)
        is_classes = kind == "landcover" or (request.kind is None and bool(facts.palette))
        if is_classes and facts.classes is None:
            raise NotClasses(
                "Tutupan lahan memerlukan kelas berupa bilangan bulat, paling banyak 256; raster ini berisi ukuran. "
                "Sebutkan --kind yang lain.",
                "Land cover needs classes that are whole numbers, 256 at most; this raster holds measurements. Give "
                "another --kind.",
            )
        write_cog(dataset, target, is_classes=is_classes)
    with target.open("rb") as file:
        stored = storage.put(file)
    low, high = _colour_range(storage.path(stored.hash), facts)
    epsg = epsg_of(grid.crs)
    raster = RegisteredRaster(
        name=request.name,
        title=request.title or (before.title if before else request.name.replace("_", " ").capitalize()),
        kind=kind,
        year=request.year if request.year is not None or before is None else before.year,
        source=request.source or (before.source if before else None),
        file_hash=stored.hash,
        bytes=stored.bytes,
        crs=f"EPSG:{epsg}" if epsg else grid.crs.to_wkt(),
        bbox=bounds_4326(grid),
        width=grid.width,
        height=grid.height,
        bands=facts.bands,
        dtype=facts.dtype,
        nodata=facts.nodata,
        resolution_m=resolution_m(grid),
        value_min=facts.minimum,
        value_max=facts.maximum,
        value_low=low,
        value_high=high,
        valid_share=facts.valid_share,
        covered_share=covered,
        classes=coloured_classes(facts.classes or (), facts.palette, request.classes or {}) if is_classes else (),
        demo=request.demo,
    )
    changed = before is None or repr(replace(before, valid_from=None)) != repr(raster)  # NaN is like itself here
    if changed:
        _write(connection, raster, exists=before is not None)
    if not request.demo:
        connection.execute(
            text("DELETE FROM app.raster WHERE demo AND kind = :kind AND name <> :name"),
            {"kind": kind, "name": raster.name},
        )
    return AddedRaster(raster, (*noted, *_findings(raster)), changed)


def remove_raster(connection: Connection, name: str) -> RegisteredRaster:
    """
    Take a raster out of the register; its file stays, since the past still names it. The caller commits.

    Raises
    ------
    RasterNotFound
        When there is none of that name.
    """
    raster = read_raster(connection, name)
    connection.execute(text("DELETE FROM app.raster WHERE name = :name"), {"name": name})
    return raster


def guess_kind(file_stem: str, name: str, facts: RasterFacts) -> str:
    """Guess what a raster is about from its names, its palette and its values."""
    for kind, words in KIND_WORDS.items():
        if words.search(name) or words.search(file_stem):
            return kind
    if facts.palette and facts.bands == 1:
        return "landcover"
    return "other"


def covered_share(connection: Connection, grid: Grid) -> float:
    """
    Measure which share of the region lies inside a raster's box.

    Returns
    -------
    share
        0 to 1 of the districts as drawn; where none is drawn, of the region's box.

    Raises
    ------
    NotReady
        When there is no region yet.
    """
    region: Any = _region(connection)
    inside = shapely.intersection(region, _footprint(grid))
    sizes = area_m2(np.array([inside, region], dtype=object))
    return float(min(1.0, sizes[0] / sizes[1])) if sizes[1] else 0.0


def read_crs(value: str) -> CRS:
    """
    Read a coordinate system that somebody names, such as EPSG:32748.

    Raises
    ------
    UnusableChoice
        When there is no such system, or it says nothing of places on earth.
    """
    try:
        crs = CRS.from_user_input(int(value) if value.isdigit() else value)
    except (CRSError, ValueError):
        crs = None
    if crs is None or not (crs.is_geographic or crs.is_projected):
        raise UnusableChoice(
            f"--crs {value[:40]} tidak dikenal. Tulis seperti EPSG:32748 atau EPSG:23833.",
            f"--crs {value[:40]} is unknown. Write it like EPSG:32748 or EPSG:23833.",
        )
    return crs


def read_classes(path: Path) -> dict[int, RasterClass]:
    """
    Read what the values of a raster mean: CSV with `value` and `name_id`, and where wanted `name_en` and `colour`.

    Raises
    ------
    UnusableChoice
        When it cannot be read so; the sentence names the row.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unusable_classes(path, 1) from error
    classes = {}
    for number, row in enumerate(rows, start=2):
        value, colour = (row.get("value") or "").strip(), (row.get("colour") or "").strip().lower()
        name = (row.get("name_id") or row.get("name") or "").strip()
        if not re.fullmatch(r"-?\d{1,9}", value) or not name or (colour and not COLOUR.fullmatch(colour)):
            raise _unusable_classes(path, number)
        classes[int(value)] = RasterClass(int(value), colour, name, (row.get("name_en") or "").strip() or None)
    if not classes:
        raise _unusable_classes(path, 1)
    return classes


def _existing(connection: Connection, request: RasterRequest) -> RegisteredRaster | None:
    if not NAME.fullmatch(request.name):
        raise UnusableChoice(
            f"Nama “{request.name[:40]}” tidak dapat dipakai. Pakai huruf kecil, angka, dan garis bawah, diawali "
            "huruf, paling panjang 40; misalnya dem_2024.",
            f"The name “{request.name[:40]}” cannot be used. Take small letters, digits and underscores, a letter "
            "first, 40 at most; for example dem_2024.",
        )
    try:
        before = read_raster(connection, request.name)
    except RasterNotFound:
        return None
    if not request.replace:
        raise RasterExists(
            f"Raster “{request.name}” sudah ada. Ganti dengan --replace, atau pilih nama lain.",
            f"There is a raster “{request.name}” already. Replace it with --replace, or choose another name.",
        )
    return before


def _region(connection: Connection) -> Any:
    drawn: GeometryArray = np.array(
        list(connection.scalars(text("SELECT ST_AsBinary(geom) FROM layers.districts"))), dtype=object
    )
    if len(drawn):
        return dissolve(shapely.from_wkb(drawn))
    box = connection.execute(
        text("SELECT ST_XMin(bbox) w, ST_YMin(bbox) s, ST_XMax(bbox) e, ST_YMax(bbox) n FROM app.region")
    ).one_or_none()
    if box is None:
        raise NotReady(
            "Wilayah aplikasi ini belum ada. Jalankan petakarya up lebih dulu.",
            "This application has no region yet. Run petakarya up first.",
        )
    west, south, east, north = box
    return shapely.box(west, south, east, north)


def _may_be_here(connection: Connection, grid: Grid) -> bool:
    """Tell whether a raster may belong here all the same: in Indonesia, while no true boundary is known."""
    is_real = connection.scalar(text("SELECT boundary_is_real FROM app.region"))
    west, south, east, north = bounds_4326(grid)
    return not is_real and bool(shapely.intersects(shapely.box(west, south, east, north), shapely.box(*INDONESIA)))


def _footprint(grid: Grid) -> Any:
    west, south, east, north = grid.bounds
    box = shapely.segmentize(shapely.box(west, south, east, north), max(east - west, north - south) / EDGE_PIECES)
    to_degrees = Transformer.from_crs(grid.crs, WGS84_SRID, always_xy=True)
    drawn: Any = shapely.transform(box, lambda xy: np.column_stack(to_degrees.transform(xy[:, 0], xy[:, 1])))
    if not np.isfinite(shapely.get_coordinates(drawn)).all():
        return shapely.Polygon()
    return shapely.make_valid(drawn)


def _colour_range(path: Path, facts: RasterFacts) -> tuple[float, float]:
    import rasterio

    with rasterio.open(path) as dataset:
        found = percentiles(dataset, (LOW_PERCENTILE, HIGH_PERCENTILE))
    low, high = found or (facts.minimum, facts.maximum)
    return (low, high) if low < high else (facts.minimum, facts.maximum)


def _write(connection: Connection, raster: RegisteredRaster, *, exists: bool) -> None:
    west, south, east, north = raster.bbox
    values: dict[str, Any] = {
        **{name: getattr(raster, name) for name in _PLAIN},
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "classes": json.dumps([one.to_json() for one in raster.classes], ensure_ascii=False),
    }
    columns = list(values)
    given = [f"CAST(:{name} AS jsonb)" if name == "classes" else f":{name}" for name in columns]
    if exists:
        pairs = ", ".join(f"{name} = {value}" for name, value in zip(columns, given, strict=True) if name != "name")
        connection.execute(text(f"UPDATE app.raster SET {pairs} WHERE name = :name"), values)
    else:
        connection.execute(text(f"INSERT INTO app.raster ({', '.join(columns)}) VALUES ({', '.join(given)})"), values)


_PLAIN = (
    *("name", "title", "kind", "year", "source", "file_hash", "bytes", "crs", "width", "height", "bands", "dtype"),
    *("nodata", "resolution_m", "value_min", "value_max", "value_low", "value_high", "valid_share", "covered_share"),
    "demo",
)


def _findings(raster: RegisteredRaster) -> tuple[Finding, ...]:
    findings = []
    if raster.covered_share < WHOLE:
        share_id, share_en = percent_words(raster.covered_share)
        findings.append(
            Finding(
                "warning",
                "region_not_covered",
                f"Raster ini menutupi {share_id} wilayah; di luarnya tidak ada nilai.",
                f"This raster covers {share_en} of the region; beyond it there is no value.",
            )
        )
    if raster.valid_share < 1:
        share_id, share_en = percent_words(1 - raster.valid_share)
        findings.append(
            Finding("info", "nodata", f"{share_id} sel raster ini nodata.", f"{share_en} of its cells are nodata.")
        )
    return tuple(findings)


def percent_words(share: float) -> tuple[str, str]:
    """Write a share (0 to 1) as a percentage in Indonesian and in English."""
    percent = 100 * share
    shown = f"{percent:.2f}" if 0 < percent < 1 or 99 < percent < 100 else f"{percent:.1f}"
    return f"{shown.replace('.', ',')}%", f"{shown}%"


def _outside(path: Path) -> RasterOutside:
    return RasterOutside(
        f"{path.name} sama sekali tidak menyentuh wilayah ini. Periksa sistem koordinatnya (--crs); bila memang "
        "dikehendaki, tambahkan --outside keep.",
        f"{path.name} does not touch this region at all. Check its coordinate system (--crs); if that is what you "
        "want, add --outside keep.",
    )


def _unusable_classes(path: Path, row: int) -> UnusableChoice:
    return UnusableChoice(
        f"{path.name} baris {row} tidak dapat dibaca. Tulis CSV berkolom value,name_id,name_en,colour; misalnya "
        "1,Hutan,Forest,#3f7d4e.",
        f"{path.name}, row {row}, cannot be read. Write a CSV of value,name_id,name_en,colour; for example "
        "1,Hutan,Forest,#3f7d4e.",
    )
