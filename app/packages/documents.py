"""Documents of a package: known by their content, kept by their hash, given back only as files to keep."""

from __future__ import annotations

from io import BytesIO
from pathlib import PurePosixPath
from typing import Any
from zipfile import BadZipFile, ZipFile

from flask_babel import gettext
from PIL import Image, UnidentifiedImageError
from sqlalchemy import Row, text
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from app.errors import InvalidInput, NotFound
from app.packages.access import PackageRow
from app.packages.forms import DocumentInput
from app.storage import Storage

MOST_BYTES = 25_000_000
MOST_FILES_INSIDE = 10_000  # of an XLSX or DOCX
LONGEST_NAME = 150
OFFICE = {
    "xl/workbook.xml": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    "word/document.xml": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
}
PICTURES = {"JPEG": ("image/jpeg", "jpg"), "PNG": ("image/png", "png")}


def add_document(
    session: Session, storage: Storage, package: PackageRow, file: FileStorage, data: DocumentInput
) -> int:
    """
    Keep a file of a package and record what it is.

    Raises
    ------
    InvalidInput
        When there is no file, it is too large, or it is no PDF, JPEG, PNG, XLSX or DOCX by its content.
    """
    content = file.stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise InvalidInput({"file": gettext("Berkas lebih besar dari %(mb)s MB.", mb=MOST_BYTES // 1_000_000)})
    media_type, ending = kind_of(content)
    contract = data.contract_id
    if contract is not None and not session.scalar(
        text("SELECT 1 FROM app.contract WHERE id = :id AND project_id = :project"),
        {"id": contract, "project": package.id},
    ):
        raise InvalidInput({"contract_id": gettext("Kontrak ini bukan milik paket ini.")})
    stored = storage.put(content)
    found = session.scalar(
        text("""
            INSERT INTO app.document (project_id, contract_id, kind, title, number, dated, is_public,
                file_hash, file_name, media_type, bytes)
            VALUES (:project, :contract_id, :kind, :title, :number, :dated, :is_public,
                :hash, :name, :media_type, :bytes)
            RETURNING id
        """),
        {
            **data.model_dump(),
            "project": package.id,
            "hash": stored.hash,
            "name": plain_name(file.filename, ending),
            "media_type": media_type,
            "bytes": stored.bytes,
        },
    )
    return int(found or 0)


def publish_document(session: Session, package: PackageRow, document_id: int, *, is_public: bool) -> None:
    """
    Give a document of a package to the public, or take it back.

    Raises
    ------
    NotFound
        When the package has no such document.
    """
    changed = session.execute(
        text("UPDATE app.document SET is_public = :public WHERE id = :id AND project_id = :project RETURNING id"),
        {"public": is_public, "id": document_id, "project": package.id},
    ).one_or_none()
    if changed is None:
        raise NotFound("Dokumen ini tidak ada.", "There is no such document.")


def kind_of(content: bytes) -> tuple[str, str]:
    """
    Return the media type and the ending that a content has, whatever its name says.

    Raises
    ------
    InvalidInput
        When it is none that is kept.
    """
    refused = InvalidInput({"file": gettext("Isi berkas ini bukan PDF, JPEG, PNG, XLSX, atau DOCX.")})
    if content.startswith(b"%PDF-"):
        return "application/pdf", "pdf"
    if content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        try:
            with Image.open(BytesIO(content), formats=tuple(PICTURES)) as picture:
                return PICTURES[str(picture.format)]
        except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
            raise refused from None
    if content.startswith(b"PK\x03\x04"):
        try:
            with ZipFile(BytesIO(content)) as archive:
                names = set(archive.namelist())
        except (BadZipFile, ValueError, NotImplementedError):
            raise refused from None
        if any(name.lower().endswith("vbaproject.bin") for name in names):
            raise InvalidInput({"file": gettext("Berkas ini berisi makro. Simpan tanpa makro, lalu kirim lagi.")})
        if len(names) <= MOST_FILES_INSIDE and "[Content_Types].xml" in names:
            for part, kind in OFFICE.items():
                if part in names:
                    return kind
    raise refused


def plain_name(name: str | None, ending: str) -> str:
    """Return a file name without folders and odd characters, with the ending of its content."""
    stem = PurePosixPath((name or "").replace("\\", "/")).name
    stem = stem.rpartition(".")[0] or stem
    kept = "".join(one if one.isalnum() or one in " ._-()" else "_" for one in stem).strip(" .")
    return f"{kept[:LONGEST_NAME] or 'dokumen'}.{ending}"


def list_documents(session: Session, project_id: int) -> list[Row[Any]]:
    """Return the documents of a package, the newest first."""
    rows = session.execute(
        text("""
            SELECT id, contract_id, kind, title, number, dated, file_hash, file_name, media_type, bytes, is_public,
                valid_from, changed_by
            FROM app.document WHERE project_id = :id ORDER BY coalesce(dated, valid_from::date) DESC, id DESC
        """),
        {"id": project_id},
    )
    return list(rows)


def get_document(session: Session, document_id: int) -> Row[Any]:
    """Return a document by its id."""
    found = session.execute(text("SELECT * FROM app.document WHERE id = :id"), {"id": document_id}).one_or_none()
    if found is None:
        raise NotFound("Dokumen ini tidak ada.", "There is no such document.")
    return found
