"""What a photo's file says of place, time and camera: a witness that may be broken, missing or wrong."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

EARLIEST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)  # before it no camera wrote EXIF: a clock that was never set
LATEST = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
LONGEST_CAMERA = 100


@dataclass(frozen=True)
class FileWitness:
    """What the file says; each is None when it says nothing that can be believed."""

    position: tuple[float, float] | None = None  # lon, lat in EPSG:4326
    taken_at: dt.datetime | None = None
    camera: str | None = None


def read_witness(image: Image.Image, time_zone: ZoneInfo) -> FileWitness:
    """
    Read position, time and camera from a picture's EXIF block.

    Parameters
    ----------
    image
        As opened; its pixels are not needed.
    time_zone
        That of a clock which names none.
    """
    main, details, gps = _block(image, None), _block(image, IFD.Exif), _block(image, IFD.GPSInfo)
    return FileWitness(
        position=_position(gps),
        taken_at=_gps_time(gps) or _camera_time(details, time_zone),
        camera=_camera(main),
    )


def read_orientation(image: Image.Image) -> int:
    """Return how the picture must be turned, from 1 (as it is) to 8, as EXIF counts."""
    value = _block(image, None).get(Base.Orientation)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _block(image: Image.Image, which: IFD | None) -> Mapping[int, Any]:
    """Return one of the blocks; empty when it cannot be read, in whatever way it is broken."""
    try:
        exif = image.getexif()
        return dict(exif if which is None else exif.get_ifd(which))
    except Exception:  # the reader fails in a dozen ways on broken blocks; none of them is worth losing a photo
        return {}


def _position(gps: Mapping[int, Any]) -> tuple[float, float] | None:
    lon = _degrees(gps.get(GPS.GPSLongitude), gps.get(GPS.GPSLongitudeRef), "EW", 180)
    lat = _degrees(gps.get(GPS.GPSLatitude), gps.get(GPS.GPSLatitudeRef), "NS", 90)
    if lon is None or lat is None or (lon, lat) == (0, 0):  # 0, 0 is what phones write that do not know
        return None
    return lon, lat


def _degrees(value: Any, reference: Any, sides: str, most: int) -> float | None:
    """Return degrees, minutes and seconds as one number, negative on the second side (W, S)."""
    side = _text(reference).upper()
    parts = _numbers(value)
    if len(parts) != 3 or side not in set(sides) or any(part < 0 for part in parts) or max(parts[1:]) > 60:
        return None
    degrees = parts[0] + parts[1] / 60 + parts[2] / 3600
    if degrees > most:
        return None
    return round(-degrees if side == sides[1] else degrees, 7)


def _gps_time(gps: Mapping[int, Any]) -> dt.datetime | None:
    """Return the satellites' time, which needs no time zone."""
    parts = _numbers(gps.get(GPS.GPSTimeStamp))
    if len(parts) != 3:
        return None
    try:
        day = dt.datetime.strptime(_text(gps.get(GPS.GPSDateStamp)), "%Y:%m:%d").replace(tzinfo=dt.UTC)
        moment = day + dt.timedelta(hours=parts[0], minutes=parts[1], seconds=parts[2])
    except (ValueError, OverflowError):
        return None
    return moment if EARLIEST <= moment <= LATEST and moment - day < dt.timedelta(days=1) else None


def _camera_time(details: Mapping[int, Any], time_zone: ZoneInfo) -> dt.datetime | None:
    try:
        written = dt.datetime.strptime(_text(details.get(Base.DateTimeOriginal)), "%Y:%m:%d %H:%M:%S")
        moment = written.replace(tzinfo=_offset(details) or time_zone).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
    return moment if EARLIEST <= moment <= LATEST else None


def _offset(details: Mapping[int, Any]) -> dt.tzinfo | None:
    try:
        return dt.datetime.strptime(_text(details.get(Base.OffsetTimeOriginal)), "%z").tzinfo
    except ValueError:
        return None


def _camera(main: Mapping[int, Any]) -> str | None:
    make, model = _text(main.get(Base.Make)), _text(main.get(Base.Model))
    name = model if model.lower().startswith(make.lower()) else f"{make} {model}"
    return name.strip()[:LONGEST_CAMERA] or None


def _text(value: Any) -> str:
    """Return a text of the block without what cannot be shown."""
    if isinstance(value, bytes):
        value = value.decode("ascii", "ignore")
    return "".join(letter for letter in value if letter.isprintable()).strip() if isinstance(value, str) else ""


def _numbers(value: Any) -> tuple[float, ...]:
    """Return the numbers of a block's list; none when one of them is no number."""
    try:
        numbers = tuple(float(part) for part in value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return ()
    return numbers if all(map(math.isfinite, numbers)) else ()
