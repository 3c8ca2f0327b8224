"""Import a file for a person: read what the import must know of the region, run it, and keep a record."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from sqlalchemy import Connection, text

from app.errors import NotReady
from layers.catalogue import Catalogue
from layers.ingest.areas import LEVEL_OF_LAYER, Area, AreaLevel, AreaList
from layers.ingest.population import POPULATION, import_population
from layers.ingest.run import ImportRequest, ImportResult, StartProgress, Surroundings, import_file
from layers.ingest.validate import Extent

HASH_CHUNK_BYTES = 1024**2
# The levels of the code list that a layer's import needs: to look names up in, or to know which boundaries are missing.
LEVELS: dict[AreaLevel | None, list[str]] = {
    None: ["district"],
    "district": ["regency", "district"],
    "village": ["regency", "district", "village"],
}


def run_import(
    connection: Connection,
    catalogue: Catalogue,
    request: ImportRequest,
    *,
    actor: str,
    work: Path,
    progress: StartProgress | None = None,
) -> ImportResult:
    """
    Import a file into a layer, or the table of population, and write its record.

    The caller commits, or rolls back a dry run.

    Parameters
    ----------
    connection
        Of the app role, in the caller's transaction.
    actor
        Who imports, for the history.
    work
        An empty folder, removed by the caller.

    Raises
    ------
    NotReady
        When there is no region yet.
    ImportFailed
        When the database failed.
    """
    connection.execute(text("SELECT set_config('petakarya.actor', :actor, true)"), {"actor": actor})
    region, extent = read_extent(connection)
    if request.layer == POPULATION:
        result = import_population(request, connection, read_areas(connection, region, "village"), work)
    else:
        surroundings = Surroundings(read_areas(connection, region, LEVEL_OF_LAYER.get(request.layer)), extent)
        result = import_file(request, connection, catalogue, surroundings, work, progress=progress)
    if result.imported:
        if request.layer in LEVEL_OF_LAYER:
            refresh_bounds(connection)
        record_import(connection, request, result)
    return result


def read_extent(connection: Connection) -> tuple[str, Extent]:
    """Read the region's code and where it lies; `NotReady` when there is no region."""
    row = connection.execute(
        text(
            "SELECT code, boundary_is_real, ST_XMin(bbox) AS west, ST_YMin(bbox) AS south, ST_XMax(bbox) AS east, "
            "ST_YMax(bbox) AS north FROM app.region"
        )
    ).one_or_none()
    if row is None:
        raise NotReady(
            "Wilayah aplikasi ini belum ada. Jalankan petakarya up lebih dulu.",
            "This application has no region yet. Run petakarya up first.",
        )
    return row.code, Extent((row.west, row.south, row.east, row.north), row.boundary_is_real)


def read_areas(connection: Connection, region: str, level: AreaLevel | None) -> AreaList:
    """Read the part of the national code list that an import of this level looks names up in."""
    rows = connection.execute(
        text("SELECT code, name, level FROM app.areas WHERE level = ANY(:levels) ORDER BY code"),
        {"levels": LEVELS[level]},
    ).all()
    return AreaList(tuple(Area(row.code, row.name, row.level) for row in rows), region)


def refresh_bounds(connection: Connection) -> None:
    """Let the region follow its new boundary: centre, bounding box, metric coordinate system."""
    from app.admin.region import refresh_region_bounds  # reads geometry libraries; only an import of areas needs it

    refresh_region_bounds(connection)


def record_import(connection: Connection, request: ImportRequest, result: ImportResult) -> None:
    """Write what came, what was found in it and what was loaded."""
    findings = [
        {**one.to_json(language="id"), "message_en": one.message_en} for one in result.findings
    ]  # both languages: the record outlives the language of whoever made it
    connection.execute(
        text(
            "INSERT INTO app.imports (layer, file_name, file_hash, source_crs, mode, rows_read, rows_loaded, findings) "
            "VALUES (:layer, :file_name, :file_hash, :source_crs, :mode, :rows_read, :rows_loaded, "
            "CAST(:findings AS jsonb))"
        ),
        {
            "layer": result.layer,
            "file_name": result.file_name,
            "file_hash": hash_of(request.path),
            "source_crs": result.source_crs,
            "mode": result.mode,
            "rows_read": result.rows_read,
            "rows_loaded": result.rows_loaded,
            "findings": json.dumps(findings),
        },
    )


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file, or of all files of a folder in the order of their names."""
    digest = hashlib.sha256()
    for one in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if one.is_file():
            with one.open("rb") as file:
                while chunk := file.read(HASH_CHUNK_BYTES):
                    digest.update(chunk)
    return digest.hexdigest()
