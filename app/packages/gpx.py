"""Tracks, routes and waypoints of a GPX file, which comes from strangers."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from xml.parsers import expat

import numpy as np
from flask_babel import gettext

from app.errors import InvalidInput
from gis.types import FloatArray

FIELD = "track"
MOST_BYTES = 10 * 1024 * 1024
MOST_POINTS = 100_000
MOST_LINES = 100
LINE_ELEMENTS = {"trkseg": "trkpt", "rte": "rtept"}
POINT_ELEMENTS = frozenset({"trkpt", "rtept", "wpt"})


@dataclass
class Tracks:
    """What a file holds: lines walked or planned, and single points; rows of longitude and latitude."""

    lines: list[FloatArray] = field(default_factory=list)
    points: list[tuple[float, float]] = field(default_factory=list)


class _Refused(Exception):
    """A sentence for the person who sent the file."""


class _Reader:
    def __init__(self) -> None:
        self.lines: dict[str, list[list[tuple[float, float]]]] = {"trkpt": [], "rtept": []}
        self.points: list[tuple[float, float]] = []
        self.count = 0
        self.root: str | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(" ")[2]
        if self.root is None:
            self.root = name
            if name != "gpx":
                raise _Refused(gettext("Ini bukan berkas GPX. Simpan jalurnya sebagai GPX dari alat GPS atau ponsel."))
        elif name in LINE_ELEMENTS:
            self.lines[LINE_ELEMENTS[name]].append([])
        elif name in POINT_ELEMENTS:
            self._add(name, attributes)

    def _add(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > MOST_POINTS:
            raise _Refused(gettext("Jalur ini lebih dari %(n)s titik. Potong menjadi beberapa berkas.", n=MOST_POINTS))
        try:
            position = float(attributes["lon"]), float(attributes["lat"])
        except (KeyError, ValueError):
            raise _Refused(gettext("Titik ke-%(n)s pada jalur tidak memiliki koordinat.", n=self.count)) from None
        if not (abs(position[0]) <= 180 and abs(position[1]) <= 90):  # nan too
            raise _Refused(gettext("Titik ke-%(n)s pada jalur bukan tempat di bumi.", n=self.count))
        if name == "wpt":
            self.points.append(position)
        elif self.lines[name]:
            self.lines[name][-1].append(position)


def read_gpx(content: bytes) -> Tracks:
    """
    Read the lines of a GPX file: its tracks, else its routes, else its waypoints as points.

    Raises
    ------
    InvalidInput
        With a sentence when it is too large, no GPX, declares entities, or holds no place.
    """
    try:
        return _read(content)
    except _Refused as error:
        raise InvalidInput({FIELD: str(error)}) from None


def decoded(content: bytes) -> str:
    """Return the text of a file: UTF-16 where its first bytes say so, else UTF-8; names are not needed."""
    code = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    return content.decode(code, errors="replace")


def _read(content: bytes) -> Tracks:
    if len(content) > MOST_BYTES:
        raise _Refused(gettext("Berkas jalur lebih dari 10 MB. Potong jalurnya, lalu kirim lagi."))
    reader = _Reader()
    parser = expat.ParserCreate(encoding="utf-8", namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.StartDoctypeDeclHandler = _refuse_declarations  # entities, which may grow without end or read other files
    parser.EntityDeclHandler = _refuse_declarations
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError):
        sentence = gettext("Berkas ini rusak atau bukan GPX. Simpan ulang jalurnya sebagai GPX.")
        raise _Refused(sentence) from None
    walked = [line for line in reader.lines["trkpt"] if len(line) > 1]
    planned = [line for line in reader.lines["rtept"] if len(line) > 1]
    lines = walked or planned
    if len(lines) > MOST_LINES:
        raise _Refused(gettext("Berkas ini memuat lebih dari %(n)s jalur. Pilih yang perlu saja.", n=MOST_LINES))
    if lines:
        return Tracks(lines=[np.array(line, dtype=np.float64) for line in lines])
    if not reader.points:
        raise _Refused(gettext("Tidak ada jalur atau titik di berkas ini."))
    if len(reader.points) > MOST_LINES:
        raise _Refused(gettext("Berkas ini memuat lebih dari %(n)s titik tanpa jalur.", n=MOST_LINES))
    return Tracks(points=reader.points)


def _refuse_declarations(*_declared: object) -> None:
    raise _Refused(gettext("Berkas ini memuat deklarasi (DOCTYPE) yang tidak ada pada GPX biasa, jadi tidak dibaca."))
