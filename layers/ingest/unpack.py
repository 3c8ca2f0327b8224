"""Unpack what was sent: a file, a folder, or a zip archive, into one dataset that can be read."""

from __future__ import annotations

import errno
import shutil
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from layers.ingest.errors import ImportRefused
from layers.ingest.findings import RowFinding, Sentence, finding, quoted

# Limits of an archive: above them it is taken for one made to fill the disk.
MAX_MEMBERS = 2_000
MAX_UNPACKED_BYTES = 4 * 1024**3
MAX_RATIO = 250  # times its packed size; text in a DBF reaches 100
RATIO_FREE_BYTES = 50 * 1024**2  # below it the ratio does not matter
COPY_BYTES = 1024**2
OUR_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS}  # the fault of the disk, not of the archive

ARCHIVES = {".zip", ".shz"}
SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".qpj", ".sbn", ".sbx")
DATASETS = {
    ".shp", ".gpkg", ".geojson", ".json", ".geojsonl", ".sqlite", ".db", ".kml", ".kmz", ".gpx", ".csv", ".tsv", ".txt",
    ".xlsx", ".ods", ".fgb", ".gdb", ".tab", ".mif",
}  # fmt: skip

_SHAPE_MAGIC = 9994
_SHAPE_HEADER_BYTES = 100


@dataclass(frozen=True)
class Dataset:
    """
    A dataset that can be read, and what was done to get it.

    `is_copy` tells that it lies in the private work folder; `findings` say what was missing.
    """

    path: Path
    sentences: tuple[Sentence, ...] = ()
    findings: tuple[RowFinding, ...] = ()


def unpack(path: Path, work: Path, *, source_layer: str | None = None) -> Dataset:
    """
    Find the one dataset in a file, folder or zip archive.

    Nothing beside the original is written: an index that is missing is rebuilt on a copy in `work`.

    Parameters
    ----------
    path
        What the person named.
    work
        An empty folder of our own, removed by the caller.
    source_layer
        Name (without suffix) of the dataset to take where there are several.

    Raises
    ------
    ImportRefused
        When it does not exist, is empty, holds no dataset or several, or is an archive that is not safe to unpack.
    """
    if not path.exists():
        raise ImportRefused(
            finding(
                "error",
                "file_missing",
                f"Berkas {quoted(path)} tidak ada. Periksa kembali nama dan foldernya.",
                f"There is no file {quoted(path)}. Check its name and folder.",
            )
        )
    if path.is_dir() and path.suffix.lower() != ".gdb":
        return _prepare(_only_dataset(path, source_layer), work)
    if path.is_file() and path.stat().st_size == 0:
        raise ImportRefused(
            finding(
                "error",
                "file_empty",
                f"Berkas {quoted(path.name)} kosong (0 byte). Kirim ulang berkasnya.",
                f"The file {quoted(path.name)} is empty (0 bytes). Send it again.",
            )
        )
    if path.suffix.lower() in ARCHIVES:
        folder = work / "unpacked"
        count = extract_archive(path, folder)
        dataset = _prepare(_only_dataset(folder, source_layer), work)
        sentence = Sentence("unpack", f"Membuka arsip: {count} berkas.", f"Unpacked the archive: {count} files.")
        return Dataset(dataset.path, (sentence, *dataset.sentences), dataset.findings)
    return _prepare(path, work)


def extract_archive(path: Path, folder: Path) -> int:
    """
    Extract a zip archive into a new folder; return how many files came out.

    Links, absolute names and names that climb out of the folder are refused, and so is an archive that would grow
    beyond the limits: bytes are counted as they come out, whatever the archive says of itself.

    Raises
    ------
    ImportRefused
        When it is not a zip archive, is encrypted, damaged or not safe.
    """
    folder.mkdir(parents=True)
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _check_members(path, members)
            room = min(MAX_UNPACKED_BYTES, max(RATIO_FREE_BYTES, path.stat().st_size * MAX_RATIO))
            for member in members:
                target = folder / PurePosixPath(member.filename.replace("\\", "/"))
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, target.open("wb") as sink:
                    room -= _copy_within(source, sink, room, path)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError) as error:
        if isinstance(error, OSError) and error.errno in OUR_DISK_ERRORS:
            raise
        raise ImportRefused(
            finding(
                "error",
                "archive_damaged",
                f"Arsip {quoted(path.name)} rusak, bersandi, atau bukan zip. Buat ulang sebagai zip tanpa sandi.",
                f"The archive {quoted(path.name)} is damaged, encrypted or not a zip. Make it anew as a plain zip.",
            )
        ) from error
    return len(members)


def rebuild_index(shp: Path) -> int:
    """
    Write the .shx that a shapefile lacks, from the record headers of its .shp; return the number of records.

    Raises
    ------
    ImportRefused
        When the .shp is cut off or damaged.
    """
    content = shp.read_bytes()
    records = []
    position = _SHAPE_HEADER_BYTES
    while position + 8 <= len(content):
        _, words = struct.unpack_from(">ii", content, position)
        if words <= 0 or position + 8 + words * 2 > len(content):
            raise ImportRefused(_cut_off(shp.name))
        records.append((position // 2, words))
        position += 8 + words * 2
    size_words = (_SHAPE_HEADER_BYTES + 8 * len(records)) // 2
    header = content[:24] + struct.pack(">i", size_words) + content[28:_SHAPE_HEADER_BYTES]
    body = b"".join(struct.pack(">ii", *record) for record in records)
    shp.with_suffix(".shx").write_bytes(header + body)
    return len(records)


def shapefile_part(shp: Path, suffix: str) -> Path | None:
    """Return a part of a shapefile (`.dbf`, `.prj`, ...) whatever the case of its suffix; None when there is none."""
    wanted = (shp.stem + suffix).lower()
    return next((one for one in sorted(shp.parent.iterdir()) if one.name.lower() == wanted), None)


def _check_members(path: Path, members: list[zipfile.ZipInfo]) -> None:
    if not members:
        raise ImportRefused(
            finding(
                "error",
                "archive_empty",
                f"Arsip {quoted(path.name)} tidak berisi berkas apa pun.",
                f"The archive {quoted(path.name)} holds no file.",
            )
        )
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        is_link = (member.external_attr >> 16) & 0o170000 == 0o120000
        if name.is_absolute() or ".." in name.parts or ":" in member.filename[:3] or is_link:
            raise ImportRefused(
                finding(
                    "error",
                    "archive_unsafe",
                    f"Arsip ini berisi {quoted(member.filename)}, yang menunjuk ke luar arsip; tidak ada yang dibuka.",
                    f"This archive holds {quoted(member.filename)}, which points outside of it; nothing was unpacked.",
                )
            )
    if len(members) > MAX_MEMBERS:
        raise ImportRefused(_too_large(path))


def _copy_within(source: object, sink: BinaryIO, room: int, path: Path) -> int:
    written = 0
    while chunk := source.read(COPY_BYTES):  # type: ignore[attr-defined]  # zipfile's reader
        written += len(chunk)
        if written > room:
            raise ImportRefused(_too_large(path))
        sink.write(chunk)
    return written


def _too_large(path: Path) -> RowFinding:
    gigabytes = MAX_UNPACKED_BYTES // 1024**3
    return finding(
        "error",
        "archive_too_large",
        f"Arsip {quoted(path.name)} membesar melewati batas ({gigabytes} GB, {MAX_MEMBERS} berkas) bila dibuka.",
        f"The archive {quoted(path.name)} grows beyond the limit ({gigabytes} GB, {MAX_MEMBERS} files) when unpacked.",
    )


def _only_dataset(folder: Path, source_layer: str | None) -> Path:
    found = sorted(
        one
        for one in folder.rglob("*")
        if one.suffix.lower() in DATASETS - {".txt"}
        and not one.name.startswith((".", "~"))
        and "__MACOSX" not in one.parts
    )
    if source_layer is not None and len(found) > 1:
        found = [one for one in found if one.stem.lower() == source_layer.lower()] or found
    if len(found) == 1:
        return found[0]
    names = ", ".join(one.stem for one in found[:20])
    if found:
        raise ImportRefused(
            finding(
                "error",
                "several_datasets",
                f"Ada {len(found)} dataset di sini: {names}. Pilih satu dengan --source-layer.",
                f"There are {len(found)} datasets in here: {names}. Choose one with --source-layer.",
                count=len(found),
            )
        )
    raise ImportRefused(
        finding(
            "error",
            "no_dataset",
            "Tidak ada data geografis di dalamnya. Yang dapat dibaca: shapefile, GeoPackage, GeoJSON, SpatiaLite, KML, "
            "GPX, CSV, XLSX.",
            "There is no geodata in it. What can be read: shapefile, GeoPackage, GeoJSON, SpatiaLite, KML, GPX, CSV, "
            "XLSX.",
        )
    )


def _prepare(path: Path, work: Path) -> Dataset:
    """Complete a shapefile given by any of its parts; other datasets are taken as they are."""
    if path.suffix.lower() in {".dbf", ".shx", ".prj", ".cpg"}:
        path = shapefile_part(path, ".shp") or path
    if path.suffix.lower() != ".shp":
        return Dataset(path)
    check_shape(path)
    if shapefile_part(path, ".shx") is not None:
        return Dataset(path)
    copy = work / "shapefile"
    copy.mkdir()
    for suffix in SHAPEFILE_PARTS:
        part = shapefile_part(path, suffix)
        if part is not None:
            shutil.copyfile(part, copy / f"{path.stem}{suffix}")
    records = rebuild_index(copy / f"{path.stem}.shp")
    message_id = f"Berkas .shx tidak ada; indeks {records} baris disusun ulang pada salinan."
    message_en = f"The .shx is missing; the index of {records} rows was rebuilt on a copy."
    return Dataset(
        copy / f"{path.stem}.shp",
        (Sentence("unpack", message_id, message_en),),
        (finding("warning", "shx_missing", message_id, message_en),),
    )


def check_shape(shp: Path) -> None:
    """
    Check that a .shp is one and is whole.

    Raises
    ------
    ImportRefused
        When it is not a shapefile, or shorter than it says.
    """
    with shp.open("rb") as file:
        header = file.read(_SHAPE_HEADER_BYTES)
    if len(header) >= 4 and struct.unpack(">i", header[:4])[0] != _SHAPE_MAGIC:
        raise ImportRefused(
            finding(
                "error",
                "not_geodata",
                f"{quoted(shp.name)} bukan shapefile, walaupun namanya .shp.",
                f"{quoted(shp.name)} is not a shapefile, although its name is .shp.",
            )
        )
    if len(header) < _SHAPE_HEADER_BYTES or struct.unpack(">i", header[24:28])[0] * 2 > shp.stat().st_size:
        raise ImportRefused(_cut_off(shp.name))


def _cut_off(name: str) -> RowFinding:
    return finding(
        "error",
        "file_damaged",
        f"{quoted(name)} terpotong atau rusak: isinya lebih pendek daripada yang tertulis di kepalanya. Kirim ulang.",
        f"{quoted(name)} is cut off or damaged: it is shorter than its header says. Send it again.",
    )
