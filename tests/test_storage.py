"""Files are kept once, under the hash of their content, whole or not at all."""

from __future__ import annotations

import hashlib
import threading
from io import BytesIO
from pathlib import Path

import pytest

from app.storage import FileNotStored, Storage


def files_under(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_file_is_kept_under_its_hash(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    stored = storage.put(b"SPMK nomor 1")
    assert stored.hash == hashlib.sha256(b"SPMK nomor 1").hexdigest()
    assert stored.bytes == 12
    assert storage.read(stored.hash) == b"SPMK nomor 1"
    assert storage.path(stored.hash) == tmp_path / "files" / stored.hash[:2] / stored.hash
    assert storage.path(stored.hash).stat().st_mode & 0o077 == 0  # nobody else on the machine reads people's photos
    with storage.open(stored.hash) as file:
        assert file.read(4) == b"SPMK"


def test_same_content_is_one_file_whether_bytes_or_stream(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    content = bytes(range(256)) * 20_000  # several pieces
    assert storage.put(content) == storage.put(BytesIO(content)) == storage.put(content)
    assert len(files_under(tmp_path)) == 1


@pytest.mark.parametrize("bad", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64, "0" * 64 + "\n", "/" * 64])
def test_what_is_no_hash_or_not_kept_is_not_found(tmp_path: Path, bad: str) -> None:
    with pytest.raises(FileNotStored):
        Storage(tmp_path).path(bad)


def test_interrupted_write_leaves_nothing(tmp_path: Path) -> None:
    class Torn(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise OSError("connection lost")
            return super().read(10)

    with pytest.raises(OSError, match="connection lost"):
        Storage(tmp_path).put(Torn(b"x" * 100))
    assert files_under(tmp_path) == []


def test_two_at_once_keep_one_whole_file(tmp_path: Path) -> None:
    storage, content, hashes = Storage(tmp_path), b"y" * 3_000_000, []
    threads = [threading.Thread(target=lambda: hashes.append(storage.put(content).hash)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(hashes)) == 1
    assert [path.stat().st_size for path in files_under(tmp_path)] == [3_000_000]
