"""Small builders of the files that agencies send, and of what an import must know of the region."""

from __future__ import annotations

import csv
import json
import struct
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from sqlalchemy import Connection, text

from gis.types import BBox

DRIVERS: dict[str, dict[str, Any]] = {  # of suffixes that geopandas does not know
    ".sqlite": {"driver": "SQLite", "spatialite": True},
    ".kml": {"driver": "KML"},
    ".gpx": {"driver": "GPX"},
}
LEVELS = {2: "province", 5: "regency", 8: "district", 13: "village"}


def write_layer(
    path: Path, geometries: Sequence[Any], *, crs: Any = 4326, layer: str | None = None, **columns: Sequence[Any]
) -> Path:
    """Write geometries and columns as the format that the path's suffix names."""
    frame = gpd.GeoDataFrame(columns, geometry=list(geometries), crs=crs)
    frame.to_file(path, layer=layer, engine="pyogrio", **DRIVERS.get(path.suffix, {}))
    assert path.is_file()
    return path


def write_csv(path: Path, rows: Iterable[Sequence[Any]], *, delimiter: str = ";", encoding: str = "utf-8") -> Path:
    """Write rows, the first of them the header, as the CSV that offices send: with semicolons."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def write_geojson(path: Path, features: Iterable[tuple[dict[str, Any] | None, dict[str, Any]]]) -> Path:
    """Write pairs of geometry (None, or as GeoJSON) and properties."""
    collection = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "geometry": one, "properties": properties} for one, properties in features],
    }
    path.write_text(json.dumps(collection), encoding="utf-8")
    return path


def zip_files(path: Path, files: Iterable[Path], *, inside: str = "") -> Path:
    """Zip files under a folder of the archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in files:
            archive.write(one, f"{inside}{one.name}")
    return path


def shapefile_parts(shp: Path) -> list[Path]:
    """Return the files of a shapefile."""
    return sorted(one for one in shp.parent.iterdir() if one.stem == shp.stem)


def set_language_driver(dbf: Path, code: int) -> None:
    """Write the byte of a DBF that names its encoding; 0 names none."""
    with dbf.open("r+b") as file:
        file.seek(29)
        file.write(struct.pack("B", code))


def square(lon: float, lat: float, size_deg: float = 0.01) -> shapely.Polygon:
    """Return a square with its lower left corner at a place (degrees)."""
    return shapely.box(lon, lat, lon + size_deg, lat + size_deg)


def put_region(connection: Connection, code: str, bbox: BBox, *, is_real: bool = False) -> None:
    """Make the region's record, or replace it."""
    box = shapely.box(*bbox)
    connection.execute(text("DELETE FROM app.region"))
    connection.execute(
        text(
            "INSERT INTO app.region (code, kind, name, full_name, head_title, time_zone, centre, bbox, metric_crs, "
            "boundary_is_real) VALUES (:code, :kind, 'Uji', 'Kabupaten Uji', 'Bupati', 'Asia/Jakarta', "
            "ST_Centroid(ST_GeomFromText(:box, 4326)), ST_GeomFromText(:box, 4326), 'EPSG:32748', :is_real)"
        ),
        {"code": code, "kind": "province" if len(code) == 2 else "regency", "box": box.wkt, "is_real": is_real},
    )


def put_areas(connection: Connection, areas: Iterable[tuple[str, str]]) -> None:
    """Make a code list of code and name."""
    connection.execute(text("DELETE FROM app.areas"))
    cursor: Any = connection.connection.cursor()
    with cursor.copy("COPY app.areas (code, name, level, parent_code) FROM STDIN") as copy:
        for code, name in areas:
            copy.write_row((code, name, LEVELS[len(code)], code.rpartition(".")[0] or None))


def put_national_areas(connection: Connection, folder: Path, *provinces: str) -> None:
    """Load the real code list of some provinces."""
    found = []
    for name in ("regencies", "districts", "villages"):
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            found += [(row["code"], row["name"]) for row in csv.DictReader(file) if row["code"][:2] in provinces]
    put_areas(connection, found)


def put_district(connection: Connection, code: str, name: str, geometry: Any, *, demo: bool = False) -> None:
    """Put one district on the map."""
    connection.execute(
        text(
            "INSERT INTO layers.districts (code, name, demo, geom) "
            "VALUES (:code, :name, :demo, ST_Multi(ST_GeomFromText(:wkt, 4326)))"
        ),
        {"code": code, "name": name, "demo": demo, "wkt": geometry.wkt},
    )
