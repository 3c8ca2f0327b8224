"""Read one dataset into attributes, geometries and a coordinate system, whatever the format."""

from __future__ import annotations

import re
import struct
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyproj import CRS

from gis.crs import WGS84
from gis.types import GeometryArray, IntArray
from layers.ingest.delimited import read_delimited
from layers.ingest.encoding import shapefile_encoding
from layers.ingest.errors import ImportRefused
from layers.ingest.findings import RowFinding, Sentence, finding, quoted, unreadable
from layers.ingest.source_crs import choose_source_crs, parse_crs
from layers.ingest.unpack import shapefile_part
from layers.ingest.values import parse_numbers

SHEETS = {".xlsx", ".ods"}
DELIMITED = {".csv", ".tsv", ".txt"}
FULL_TURN_DEG = 360.0
SQLITE_HEADER_BYTES = 100
_MANY_LAYERS_NAMED = 30
_LONGITUDE_NAMES = {"lon", "long", "lng", "longitude", "bujur", "x", "koordinatx", "xcoord"}
_LATITUDE_NAMES = {"lat", "latitude", "lintang", "y", "koordinaty", "ycoord"}


@dataclass(frozen=True)
class ReadOptions:
    """What the person said about the file: which layer in it, its coordinate system, its columns of coordinates."""

    source_layer: str | None = None
    crs: str | None = None
    lon: str | None = None
    lat: str | None = None
    without_geometry: bool = False  # rows may come without geometry (segments that name their ruas and STA)


@dataclass(frozen=True)
class SourceTable:
    """
    Rows as they stand in the file.

    `geometries` has None where there is none, in `crs` (x before y); `rows` are the rows' numbers in the file, from 1.
    """

    attributes: pd.DataFrame
    geometries: GeometryArray
    rows: IntArray
    crs: CRS
    crs_name: str
    encoding: str
    is_shapefile: bool
    sentences: tuple[Sentence, ...]
    findings: tuple[RowFinding, ...]


USUAL_COORDINATES = (("longitude", "latitude"), ("lon", "lat"), ("lng", "lat"), ("bujur", "lintang"))


def _usual_coordinates(frame: pd.DataFrame) -> tuple[str | None, str | None]:
    """Return the columns that are called as longitude and latitude usually are; None when there are none."""
    columns = {str(column).strip().lower(): str(column) for column in frame.columns}
    pairs = ((columns.get(lon), columns.get(lat)) for lon, lat in USUAL_COORDINATES)
    return next(((lon, lat) for lon, lat in pairs if lon and lat), (None, None))


def read(path: Path, options: ReadOptions) -> SourceTable:
    """
    Read a dataset.

    Parameters
    ----------
    path
        As `unpack` left it.
    options
        What the person said about it.

    Raises
    ------
    ImportRefused
        When it is no geodata, is damaged or empty, has several layers and none was chosen, has no coordinate system,
        or is a table without columns of coordinates.
    """
    suffix = path.suffix.lower()
    _check_content(path, suffix)
    if suffix in DELIMITED:
        frame, encoding = read_delimited(path)
        return _from_table(frame, encoding, options)
    layer = _choose_layer(path, options)
    if suffix in SHEETS:
        frame = _read_with_gdal(path, layer, encoding=None, read_geometry=False)
        return _from_table(_with_header(frame), "utf-8", options)
    return _from_gdal(path, layer, options)


def _from_gdal(path: Path, layer: str | None, options: ReadOptions) -> SourceTable:
    is_shapefile = path.suffix.lower() == ".shp"
    encoding, is_declared = shapefile_encoding(path) if is_shapefile else ("utf-8", True)
    findings = list(_check_dbf(path)) if is_shapefile else []
    if not is_declared:
        findings.append(_encoding_detected(encoding))
    frame = _read_with_gdal(path, layer, encoding=encoding if is_shapefile else None, read_geometry=True)
    declared = _declared_crs(path, frame)
    if "geometry" not in frame.columns:
        return _from_table(frame, encoding, options)
    _refuse_empty(len(frame))
    given = parse_crs(options.crs) if options.crs else None
    source = choose_source_crs(declared, given, is_shapefile=is_shapefile)
    geometries: GeometryArray = np.asarray(frame["geometry"].array, dtype=object)
    return SourceTable(
        attributes=pd.DataFrame(frame.drop(columns="geometry")),
        geometries=geometries,
        rows=np.arange(1, len(frame) + 1, dtype=np.int64),
        crs=source.crs,
        crs_name=source.name,
        encoding=encoding,
        is_shapefile=is_shapefile,
        sentences=(_read_sentence(len(frame), source.name, encoding),),
        findings=(*findings, *source.findings),
    )


def _from_table(frame: pd.DataFrame, encoding: str, options: ReadOptions) -> SourceTable:
    """Make points of two columns of a table, or no geometry at all where rows may come without."""
    _refuse_empty(len(frame))
    rows = np.arange(1, len(frame) + 1, dtype=np.int64)
    findings: list[RowFinding] = []
    given = parse_crs(options.crs) if options.crs else None
    if options.without_geometry and options.lon is None and options.lat is None:
        lon, lat = _usual_coordinates(frame)
        options = replace(options, lon=lon, lat=lat)
    if options.lon is None or options.lat is None:
        if not options.without_geometry:
            raise ImportRefused(_coordinates_missing(frame))
        geometries: GeometryArray = np.full(len(frame), None, dtype=object)
        crs: CRS | None = given or WGS84
    else:
        x = parse_numbers(_column(frame, options.lon), decimals_expected=True).values
        y = parse_numbers(_column(frame, options.lat), decimals_expected=True).values
        is_point = np.isfinite(x) & np.isfinite(y)
        geometries = np.full(len(frame), None, dtype=object)
        geometries[is_point] = shapely.points(x[is_point], y[is_point])
        crs = given or _crs_of_degrees(x[is_point], y[is_point])
        frame = frame.drop(columns=[_find_column(frame, options.lon), _find_column(frame, options.lat)])
    source = choose_source_crs(crs, None)
    return SourceTable(
        attributes=frame,
        geometries=geometries,
        rows=rows,
        crs=source.crs,
        crs_name=source.name,
        encoding=encoding,
        is_shapefile=False,
        sentences=(_read_sentence(len(frame), source.name, encoding),),
        findings=(*findings, *source.findings),
    )


def _crs_of_degrees(x: np.ndarray, y: np.ndarray) -> CRS | None:
    """Take coordinates for WGS 84 when they can be degrees, even swapped; metres say nothing of their zone."""
    if len(x) and max(np.abs(x).max(), np.abs(y).max()) <= FULL_TURN_DEG / 2:
        return WGS84
    return None


def _read_with_gdal(path: Path, layer: str | None, *, encoding: str | None, read_geometry: bool) -> pd.DataFrame:
    with _asking_gdal(path):
        frame: pd.DataFrame = pyogrio.read_dataframe(
            path, layer=layer, encoding=encoding, read_geometry=read_geometry, on_invalid="ignore"
        )
    return frame


@contextmanager
def _asking_gdal(path: Path) -> Iterator[None]:
    """
    Refuse a file that GDAL or pyogrio stumbles over.

    Damaged files bring out whatever error the line of their code that stumbles happens to raise, so all are caught.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (ImportRefused, MemoryError):
        raise
    except Exception as error:
        raise ImportRefused(unreadable(path)) from error


def _declared_crs(path: Path, frame: pd.DataFrame) -> CRS | None:
    crs = getattr(frame, "crs", None)
    if crs is None:
        return None
    if path.suffix.lower() == ".shp" and shapefile_part(path, ".prj") is None:
        return None
    return CRS.from_user_input(crs).to_2d()


def _choose_layer(path: Path, options: ReadOptions) -> str | None:
    """Return the layer to read; layers without a row are not counted where there are several."""
    with _asking_gdal(path):
        names = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    wanted = options.source_layer
    if wanted is not None:
        chosen = next((name for name in names if name.lower() == wanted.lower()), None)
        if chosen is not None or len(names) == 1:
            return chosen or names[0]
        raise ImportRefused(_layer_unknown(wanted, names))
    if len(names) > 1:
        with _asking_gdal(path):
            names = [
                name for name in names if pyogrio.read_info(path, layer=name, force_feature_count=True)["features"] > 0
            ]
    if len(names) == 1:
        return names[0]
    if not names:
        raise ImportRefused(_no_rows())
    raise ImportRefused(_several_layers(names))


def _check_content(path: Path, suffix: str) -> None:
    """Look at the first bytes: a file must be what its name says, or a driver that opens other files could take it."""
    if path.is_dir():
        return
    with path.open("rb") as file:
        head = file.read(4096)
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    checks = {
        ".gpkg": head.startswith(b"SQLite format 3\0"),
        ".sqlite": head.startswith(b"SQLite format 3\0"),
        ".db": head.startswith(b"SQLite format 3\0"),
        ".geojson": text.startswith((b"{", b"[")),
        ".json": text.startswith((b"{", b"[")),
        ".geojsonl": text.startswith(b"{"),
        ".kml": b"<kml" in head,
        ".gpx": b"<gpx" in head,
        ".kmz": head.startswith(b"PK"),
        ".xlsx": head.startswith(b"PK"),
        ".ods": head.startswith(b"PK"),
        ".fgb": head.startswith(b"fgb"),
        ".tab": text[:6].lower() == b"!table",
        ".mif": text[:7].lower() == b"version",
        ".shp": True,  # checked when unpacked
        ".csv": b"\0" not in head or head.startswith((b"\xff\xfe", b"\xfe\xff")),
        ".tsv": b"\0" not in head or head.startswith((b"\xff\xfe", b"\xfe\xff")),
        ".txt": b"\0" not in head or head.startswith((b"\xff\xfe", b"\xfe\xff")),
    }
    if not checks.get(suffix, False):
        raise ImportRefused(_not_geodata(path))
    if suffix in {".gpkg", ".sqlite", ".db"}:
        _check_sqlite_size(path, head)
    if suffix in SHEETS | {".kmz"} and not zipfile.is_zipfile(path):
        raise ImportRefused(unreadable(path))


def _check_sqlite_size(path: Path, head: bytes) -> None:
    if len(head) < SQLITE_HEADER_BYTES:
        raise ImportRefused(unreadable(path))
    page_size, pages = struct.unpack(">H", head[16:18])[0], struct.unpack(">I", head[28:32])[0]
    if pages * (65536 if page_size == 1 else page_size) > path.stat().st_size:
        raise ImportRefused(unreadable(path))


def _check_dbf(shp: Path) -> list[RowFinding]:
    """Refuse a DBF that is shorter than it says; tell when there is none."""
    dbf = shapefile_part(shp, ".dbf")
    if dbf is None:
        return [
            finding(
                "warning",
                "dbf_missing",
                "Berkas .dbf tidak ada, jadi baris-barisnya tanpa atribut.",
                "The .dbf is missing, so the rows have no attributes.",
            )
        ]
    with dbf.open("rb") as file:
        header = file.read(12)
    if len(header) < 12:
        raise ImportRefused(unreadable(dbf))
    records, header_bytes, record_bytes = struct.unpack("<IHH", header[4:12])
    if header_bytes + records * record_bytes > dbf.stat().st_size + 1:  # the end mark may be absent
        raise ImportRefused(unreadable(dbf))
    return []


def _with_header(frame: pd.DataFrame) -> pd.DataFrame:
    """Take the first row of a sheet for the column names where the driver saw none (`Field1`, `Field2`, ...)."""
    if len(frame) and all(re.fullmatch(r"Field\d+", str(name)) for name in frame.columns):
        frame = frame.set_axis([str(name) for name in frame.iloc[0]], axis="columns").iloc[1:].reset_index(drop=True)
    return frame


def _find_column(frame: pd.DataFrame, name: str) -> str:
    found = next((str(column) for column in frame.columns if str(column).strip().lower() == name.strip().lower()), None)
    if found is None:
        columns = ", ".join(str(column) for column in frame.columns)
        raise ImportRefused(
            finding(
                "error",
                "column_unknown",
                f"Kolom {quoted(name)} tidak ada. Yang ada: {columns}.",
                f"There is no column {quoted(name)}. There are: {columns}.",
            )
        )
    return found


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame[_find_column(frame, name)]


def _coordinates_missing(frame: pd.DataFrame) -> RowFinding:
    folded = {re.sub(r"[^a-z0-9]", "", str(column).lower()): str(column) for column in frame.columns}
    lon = next((folded[name] for name in folded if name in _LONGITUDE_NAMES), None)
    lat = next((folded[name] for name in folded if name in _LATITUDE_NAMES), None)
    hint = f"--lon {lon} --lat {lat}" if lon and lat else "--lon KOLOM --lat KOLOM"
    hint_en = hint.replace("KOLOM", "COLUMN")
    return finding(
        "error",
        "geometry_missing",
        f"Berkas ini tabel tanpa geometri. Sebutkan kolom koordinatnya: {hint}.",
        f"This file is a table without geometry. Name its columns of coordinates: {hint_en}.",
    )


def _read_sentence(count: int, crs_name: str, encoding: str) -> Sentence:
    return Sentence(
        "read",
        f"Membaca {count} baris, sistem koordinat {crs_name}, pengodean {encoding}.",
        f"Read {count} rows, coordinate system {crs_name}, encoding {encoding}.",
    )


def _encoding_detected(encoding: str) -> RowFinding:
    return finding(
        "info",
        "encoding_detected",
        f"Berkas tidak menyebut pengodean hurufnya dengan benar; dibaca sebagai {encoding}. Periksa huruf beraksen.",
        f"The file does not rightly say how its text is encoded; it was read as {encoding}. Check accented letters.",
    )


def _refuse_empty(count: int) -> None:
    if count == 0:
        raise ImportRefused(_no_rows())


def _no_rows() -> RowFinding:
    return finding(
        "error", "no_rows", "Berkas ini tidak berisi satu baris pun.", "There is not a single row in this file."
    )


def _several_layers(names: list[str]) -> RowFinding:
    listed = ", ".join(names[:_MANY_LAYERS_NAMED])
    return finding(
        "error",
        "several_layers",
        f"Berkas ini berisi {len(names)} lapisan: {listed}. Pilih satu dengan --source-layer.",
        f"This file has {len(names)} layers: {listed}. Choose one with --source-layer.",
        count=len(names),
    )


def _layer_unknown(wanted: str, names: list[str]) -> RowFinding:
    listed = ", ".join(names[:_MANY_LAYERS_NAMED])
    return finding(
        "error",
        "source_layer_unknown",
        f"Berkas ini tidak memiliki lapisan {quoted(wanted)}. Yang ada: {listed}.",
        f"This file has no layer {quoted(wanted)}. There are: {listed}.",
    )


def _not_geodata(path: Path) -> RowFinding:
    return finding(
        "error",
        "not_geodata",
        f"{quoted(path.name)} bukan data geografis yang dapat dibaca. Yang dapat dibaca: shapefile, GeoPackage, "
        "GeoJSON, SpatiaLite, KML, GPX, CSV, XLSX.",
        f"{quoted(path.name)} is not geodata that can be read. What can be read: shapefile, GeoPackage, GeoJSON, "
        "SpatiaLite, KML, GPX, CSV, XLSX.",
    )
