"""Files that people send, each kept once under the hash of its content."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from app.backup import FILES
from app.config import Settings
from app.errors import NotFound

SHA256 = re.compile(r"[0-9a-f]{64}")
DRAFTS = f"{FILES}.drafts"  # beside the stored files, so that a backup never meets a half-written one
PIECE_BYTES = 1024 * 1024


class FileNotStored(NotFound):
    """No file is kept under this hash, or it is no hash."""


@dataclass(frozen=True)
class StoredFile:
    """A file as it is kept: `hash` is the SHA-256 of its content in hexadecimal, `bytes` its length."""

    hash: str
    bytes: int


class Storage:
    """
    Keeps files under `files/ab/ab12…` by their hash.

    To keep the same content twice costs nothing and changes nothing. A file is whole or absent, also after a power cut.
    Files are kept before the rows that name them.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / FILES
        self._drafts = home / DRAFTS

    @classmethod
    def of(cls, settings: Settings) -> Storage:
        """Return the storage under the home of these settings."""
        return cls(settings.home)

    def put(self, content: bytes | BinaryIO) -> StoredFile:
        """Keep a content (bytes, or a stream that is read to its end) and return its hash and length."""
        stream = BytesIO(content) if isinstance(content, bytes) else content
        self._drafts.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._drafts)  # only its owner may read it
        draft = Path(name)
        try:
            digest, length = hashlib.sha256(), 0
            with os.fdopen(handle, "wb") as file:
                for piece in _pieces(stream):
                    digest.update(piece)
                    length += len(piece)
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            stored = StoredFile(digest.hexdigest(), length)
            target = self._place(stored.hash)
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                draft.replace(target)
                _write_folder(target.parent)
                _write_folder(self._folder)
        finally:
            draft.unlink(missing_ok=True)
        return stored

    def path(self, file_hash: str) -> Path:
        """
        Return where a file is kept.

        Raises
        ------
        FileNotStored
            When it is not kept, or the hash is none.
        """
        place = self._place(file_hash) if SHA256.fullmatch(file_hash) else None
        if place is None or not place.is_file():
            raise FileNotStored("Berkas ini tidak tersimpan.", "This file is not stored.")
        return place

    def open(self, file_hash: str) -> BinaryIO:
        """Open a file for reading; errors as for `path`."""
        return self.path(file_hash).open("rb")

    def read(self, file_hash: str) -> bytes:
        """Return a file's content; errors as for `path`."""
        return self.path(file_hash).read_bytes()

    def _place(self, file_hash: str) -> Path:
        return self._folder / file_hash[:2] / file_hash


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(PIECE_BYTES):
        yield piece


def _write_folder(folder: Path) -> None:
    """Make sure that the name of a new file is on the disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
