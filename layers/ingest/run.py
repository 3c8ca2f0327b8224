"""The whole import, step by step: what became of a file, and what was found in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, text

from gis.types import Json
from layers.catalogue import Catalogue
from layers.definition import LayerDefinition
from layers.ingest.areas import LEVEL_OF_LAYER, AreaList
from layers.ingest.errors import ImportRefused
from layers.ingest.findings import RowFinding, Sentence, finding
from layers.ingest.load import Mode, Progress, load, wait_for_turn
from layers.ingest.placement import place_in_region
from layers.ingest.read import ReadOptions, SourceTable, read
from layers.ingest.rows import Rows
from layers.ingest.transform import transform
from layers.ingest.unpack import unpack
from layers.ingest.validate import Extent, Outside, validate

Language = Literal["id", "en"]
StartProgress = Callable[[str, int], Progress]
WITHOUT_GEOMETRY = frozenset({"road_segments", "projects"})  # segments name ruas and STA; packages wait for a place
SEVERITY_ORDER = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class ImportRequest:
    """What a person asks for: which file into which layer, and how."""

    path: Path
    layer: str
    source_layer: str | None = None
    crs: str | None = None
    lon: str | None = None
    lat: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    mode: Mode = "append"
    key: str | None = None
    outside: Outside = "refuse"


@dataclass(frozen=True)
class ImportResult:
    """What became of a file. `rows_loaded` counts new and changed rows; a refused one has 0 and changed nothing."""

    layer: str
    file_name: str
    mode: Mode
    imported: bool
    rows_read: int = 0
    rows_loaded: int = 0
    source_crs: str | None = None
    encoding: str | None = None
    steps: tuple[Sentence, ...] = ()
    findings: tuple[RowFinding, ...] = ()

    def to_json(self, *, language: Language = "id", dry_run: bool = False) -> Json:
        """Give the result in one language; a dry run says so."""
        return {
            "outcome": "imported" if self.imported else "refused",
            "dry_run": dry_run,
            "layer": self.layer,
            "file": self.file_name,
            "mode": self.mode,
            "rows_read": self.rows_read,
            "rows_loaded": self.rows_loaded,
            "source_crs": self.source_crs,
            "encoding": self.encoding,
            "steps": [step.to_json(language=language) for step in self.steps],
            "findings": [one.to_json(language=language) for one in self.findings],
        }


@dataclass(frozen=True)
class Surroundings:
    """What an import must know of the region: the code list with the region's code, and where the region lies."""

    areas: AreaList
    extent: Extent


@dataclass
class Journal:
    """What has been done and found so far."""

    steps: list[Sentence] = field(default_factory=list)
    findings: list[RowFinding] = field(default_factory=list)
    rows_read: int = 0
    rows_loaded: int = 0
    source_crs: str | None = None
    encoding: str | None = None

    def note(self, sentences: Iterable[Sentence], findings: Iterable[RowFinding]) -> None:
        """Add what a step did and found."""
        self.steps += sentences
        self.findings += findings

    def result(self, request: ImportRequest, *, imported: bool) -> ImportResult:
        """Close the journal; the worst findings come first."""
        return ImportResult(
            layer=request.layer,
            file_name=request.path.name,
            mode=request.mode,
            imported=imported,
            rows_read=self.rows_read,
            rows_loaded=self.rows_loaded,
            source_crs=self.source_crs,
            encoding=self.encoding,
            steps=tuple(self.steps),
            findings=tuple(sorted(self.findings, key=lambda one: SEVERITY_ORDER[one.severity])),
        )


def import_file(
    request: ImportRequest,
    connection: Connection,
    catalogue: Catalogue,
    surroundings: Surroundings,
    work: Path,
    *,
    progress: StartProgress | None = None,
) -> ImportResult:
    """
    Import a file into a layer, in the caller's transaction.

    Parameters
    ----------
    request
        What to import.
    connection
        Of a role that may write the layer. The caller commits, or rolls back a dry run.
    work
        An empty folder of our own for unpacking; the caller removes it.
    progress
        Called with a step's name and its number of rows, before a step that takes long; returns what to call with the
        rows done.

    Returns
    -------
    result
        Imported, or refused with findings that say why; a refused file changed nothing.

    Raises
    ------
    ImportFailed
        When the database failed; nothing was changed.
    LayerNotFound
        When there is no such layer.
    """
    definition = catalogue.layer(request.layer)
    journal = Journal()
    try:
        _check_request(request, definition)
        table = _read_table(request, definition, surroundings.extent, work, journal)
        made = transform(table, definition, catalogue, surroundings.areas, connection, mapping=request.mapping)
        journal.note([made.sentence], made.findings)
        _load_rows(made.rows, request, definition, surroundings.areas, connection, journal, progress)
    except ImportRefused as refusal:
        journal.note([], refusal.findings)
        return journal.result(request, imported=False)
    return journal.result(request, imported=True)


def _read_table(
    request: ImportRequest, definition: LayerDefinition, extent: Extent, work: Path, journal: Journal
) -> SourceTable:
    """Unpack, read and validate: rows whose geometry can be used, still as the file has them."""
    without_geometry = definition.id in WITHOUT_GEOMETRY
    dataset = unpack(request.path, work, source_layer=request.source_layer)
    journal.note(dataset.sentences, dataset.findings)
    options = ReadOptions(request.source_layer, request.crs, request.lon, request.lat, without_geometry)
    table = read(dataset.path, options)
    journal.note(table.sentences, table.findings)
    journal.rows_read, journal.source_crs, journal.encoding = len(table.rows), table.crs_name, table.encoding
    checked = validate(table, definition, extent, outside=request.outside, without_geometry=without_geometry)
    journal.note([checked.sentence], checked.findings)
    return checked.table


def _load_rows(
    rows: Rows,
    request: ImportRequest,
    definition: LayerDefinition,
    areas: AreaList,
    connection: Connection,
    journal: Journal,
    progress: StartProgress | None,
) -> None:
    """Place rows in the region and load them; after districts or villages, every layer's area codes are found anew."""
    wait_for_turn(connection, definition)
    placed = place_in_region(rows, definition, areas, connection, outside=request.outside)
    journal.note([], placed.findings)
    loaded = load(
        placed.rows,
        definition,
        connection,
        mode=request.mode,
        key=request.key,
        source=request.path.name,
        progress=progress("load", len(placed.rows)) if progress else None,
    )
    journal.note([loaded.sentence], loaded.findings)
    journal.rows_loaded = loaded.inserted + loaded.updated
    if definition.id in LEVEL_OF_LAYER:
        connection.execute(text("CALL layers.reassign_area_codes()"))


def _check_request(request: ImportRequest, definition: LayerDefinition) -> None:
    """Refuse what cannot be asked for."""
    if not definition.importable:
        raise ImportRefused(
            finding(
                "error",
                "layer_not_importable",
                f"Lapisan {definition.id} tidak dapat diisi dari berkas.",
                f"The layer {definition.id} cannot be filled from a file.",
            )
        )
    if request.mode == "update" and request.key is None:
        raise ImportRefused(
            finding(
                "error",
                "key_missing",
                "Mode update memerlukan --key FIELD: field yang membedakan baris, misalnya --key code.",
                "Mode update needs --key FIELD: the field that tells rows apart, for example --key code.",
            )
        )
    fields = [one.name for one in definition.fields if not one.computed]
    if request.key is not None and request.key not in fields:
        listed = ", ".join(fields)
        raise ImportRefused(
            finding(
                "error",
                "field_unknown",
                f"Lapisan {definition.id} tidak memiliki field {request.key}. Yang ada: {listed}.",
                f"The layer {definition.id} has no field {request.key}. There are: {listed}.",
            )
        )
