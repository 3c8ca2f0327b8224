"""Photos for tests: each seed another picture, with or without what a camera would write beside it."""

from __future__ import annotations

import base64
import struct
import zlib
from datetime import datetime
from io import BytesIO

import numpy as np
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base


def picture(width: int = 640, height: int = 480, seed: int = 0) -> Image.Image:
    """Return a picture of soft patches of colour that no other seed resembles."""
    patches = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(patches).resize((width, height), Image.Resampling.BICUBIC)


def jpeg(
    width: int = 640,
    height: int = 480,
    seed: int = 0,
    gps: tuple[float, float] | None = None,
    taken: datetime | None = None,
    orientation: int | None = None,
    quality: int = 85,
) -> bytes:
    """Return a JPEG of a seed; `gps` as lon, lat, `taken` with its time zone, both into the EXIF block."""
    exif = Image.Exif()
    if gps or taken or orientation:
        exif[Base.Make], exif[Base.Model] = "Contoh", "Kamera 1"
    if orientation:
        exif[Base.Orientation] = orientation
    if taken:
        details = exif.get_ifd(IFD.Exif)
        details[Base.DateTimeOriginal] = taken.strftime("%Y:%m:%d %H:%M:%S")
        if taken.tzinfo:
            offset = taken.strftime("%z")
            details[Base.OffsetTimeOriginal] = f"{offset[:3]}:{offset[3:]}"
    if gps:
        exif.get_ifd(IFD.GPSInfo).update(_gps_block(*gps))
    stream = BytesIO()
    picture(width, height, seed).save(stream, "JPEG", quality=quality, exif=exif, comment=b"made in a test")
    return stream.getvalue()


def png_bomb(width: int = 20_000, height: int = 20_000) -> bytes:
    """Return a sound PNG of a few kilobytes that unpacks to a gigabyte."""
    packer = zlib.compressobj(9)
    row = bytes(1 + 3 * width)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _gps_block(lon: float, lat: float) -> dict[int, object]:
    return {
        GPS.GPSLongitudeRef: "E" if lon >= 0 else "W",
        GPS.GPSLongitude: _sexagesimal(abs(lon)),
        GPS.GPSLatitudeRef: "N" if lat >= 0 else "S",
        GPS.GPSLatitude: _sexagesimal(abs(lat)),
    }


def _sexagesimal(degrees: float) -> tuple[float, float, float]:
    minutes = (degrees - int(degrees)) * 60
    return float(int(degrees)), float(int(minutes)), round((minutes - int(minutes)) * 60, 4)


# A HEIC of 96 × 64, red on the left and blue on the right, to be turned by a quarter to the right; S 3°04'30", E 102°54'.
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAaFtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA"
    "ADRpbG9jAAAAAERAAAIAAQAAAAABxQABAAAAAAAAAD4AAgAAAAACAwABAAAAAAAAAQgAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAA"
    "AAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAAA4GlwcnAAAADAaXBjbwAAAHhodmNDAQNwAAAA"
    "kAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoDCBBZbq"
    "SSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABgAAAAQAAAABBw"
    "aXhpAAAAAAMICAgAAAAJaXJvdAMAAAAYaXBtYQAAAAAAAAABAAEFgQIDBIUAAAAaaXJlZgAAAAAAAAAOY2RzYwACAAEAAQAAAU5t"
    "ZGF0AAAAOigBrwngITl1X//5lX//8yVch+yd3SQSn+VM79eU//8FhSBY1h+qwePkVjb3J+CM97Mvv5kD9+ohMlwAAAAGRXhpZgAA"
    "TU0AKgAAAAgABQEPAAIAAAAHAAAASgEQAAIAAAAMAAAAUgESAAMAAAABAAYAAIdpAAQAAAABAAAAXoglAAQAAAABAAAAmAAAAABD"
    "b250b2gAAFBvbnNlbCBIRUlDAAACkAMAAgAAABQAAAB8kBEAAgAAAAcAAACQAAAAADIwMjY6MTE6MjAgMDk6MTU6MDAAKzA3OjAw"
    "AAAABAABAAIAAAACUwAAAAACAAUAAAADAAAAzgADAAIAAAACRQAAAAAEAAUAAAADAAAA5gAAAAAAAAADAAAAAQAAAAQAAAABAAAA"
    "HgAAAAEAAABmAAAAAQAAADYAAAABAAAAAAAAAAE="
)
