"""Find out in which encoding the text of a DBF or CSV was written."""

from __future__ import annotations

import codecs
import struct
from pathlib import Path

from charset_normalizer import from_bytes

from layers.ingest.unpack import shapefile_part

SAMPLE_BYTES = 8 * 1024**2
UTF8_SHARE = 0.9
"""Share of the non-ASCII bytes that must read as UTF-8: a DBF cuts text at 254 bytes, in the middle of a letter."""

LETTERS_SHARE = 0.8
"""Share of the non-ASCII bytes that must be letters for the fallback to be taken without looking further."""

FALLBACK = "cp1252"  # Western Windows: what Indonesian offices' programs write when they write no UTF-8

# Language drivers in byte 29 of a DBF that are seen in the field.
_LANGUAGE_DRIVERS = {
    0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x4D: "cp936", 0x57: "cp1252", 0x58: "cp1252", 0x59: "cp1252",
    0xC8: "cp1250", 0xC9: "cp1251",
}  # fmt: skip


def detect_encoding(content: bytes) -> str:
    """
    Return the encoding of some text: UTF-8 where it reads as that, else the likeliest one-byte encoding.

    Text in plain ASCII is called UTF-8, which reads it just as well.
    """
    if content.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    foreign = sum(byte >= 0x80 for byte in content)
    if not foreign:
        return "utf-8"
    kept = content.decode("utf-8", errors="ignore").encode("utf-8")
    if sum(byte >= 0x80 for byte in kept) >= UTF8_SHARE * foreign:
        return "utf-8"
    if _letters_share(content, FALLBACK) >= LETTERS_SHARE:
        return FALLBACK
    best = from_bytes(content).best()
    return FALLBACK if best is None else best.encoding


def _letters_share(content: bytes, encoding: str) -> float:
    """Return which share of the non-ASCII bytes are letters in a one-byte encoding."""
    foreign = bytes(byte for byte in content if byte >= 0x80).decode(encoding, errors="replace")
    return sum(character.isalpha() for character in foreign) / max(len(foreign), 1)


def shapefile_encoding(shp: Path) -> tuple[str, bool]:
    """
    Return the encoding of a shapefile's text, and whether the file itself says so.

    The .cpg is believed when the text agrees with it; then the DBF's language driver; else the text is looked at.
    """
    dbf = shapefile_part(shp, ".dbf")
    if dbf is None:
        return "utf-8", True
    text = _dbf_text(dbf)
    said = _declared(shp, dbf)
    if said is not None and _reads_as(text, said):
        return said, True
    return detect_encoding(text), False


def _declared(shp: Path, dbf: Path) -> str | None:
    cpg = shapefile_part(shp, ".cpg")
    if cpg is not None:
        name = cpg.read_text(encoding="ascii", errors="ignore").strip().split("\0")[0]
        name = f"cp{name.removeprefix('ANSI ').strip()}" if name.removeprefix("ANSI ").strip().isdigit() else name
        try:
            return codecs.lookup(name).name
        except LookupError:
            return None
    with dbf.open("rb") as file:
        header = file.read(32)
    return _LANGUAGE_DRIVERS.get(header[29]) if len(header) == 32 else None


def _reads_as(text: bytes, encoding: str) -> bool:
    if encoding in {"utf-8", "utf-8-sig"}:
        return detect_encoding(text) in {"utf-8", "utf-8-sig"}
    if detect_encoding(text) == "utf-8" and any(byte >= 0x80 for byte in text):
        return False  # text that reads as UTF-8 although it is not plain ASCII is UTF-8, whatever the header says
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _dbf_text(dbf: Path) -> bytes:
    with dbf.open("rb") as file:
        header = file.read(12)
        if len(header) < 12:
            return b""
        file.seek(struct.unpack("<H", header[8:10])[0])
        return file.read(SAMPLE_BYTES)
