"""Read the register of rasters."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, RowMapping, text
from sqlalchemy.orm import Session

from app.errors import NotFound
from gis.types import BBox, Json

COLUMNS = (
    *("name", "title", "kind", "year", "source", "file_hash", "bytes", "crs", "west", "south", "east", "north"),
    *("width", "height", "bands", "dtype", "nodata", "resolution_m", "value_min", "value_max", "value_low"),
    *("value_high", "valid_share", "covered_share", "classes", "demo", "valid_from"),
)
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
SHOWN = 40  # characters of an unknown name that the answer repeats


class RasterNotFound(NotFound):
    """No raster is registered under this name."""

    exit_code = 2


@dataclass(frozen=True)
class RasterClass:
    """One class of a raster: its value, its colour (#rrggbb), and what it is called; the names may be missing."""

    value: int
    colour: str
    name_id: str | None = None
    name_en: str | None = None

    def name(self, language: str) -> str:
        """Return the class's name; without one its value."""
        own = self.name_en if language == "en" else self.name_id
        return own or self.name_id or (f"Class {self.value}" if language == "en" else f"Kelas {self.value}")

    def to_json(self) -> Json:
        """Return the class as the table keeps it."""
        return {"value": self.value, "colour": self.colour, "name_id": self.name_id, "name_en": self.name_en}


@dataclass(frozen=True)
class RegisteredRaster:
    """One raster of the register; shares from 0 to 1, `bbox` in EPSG:4326, `classes` empty for measurements."""

    name: str
    title: str
    kind: str
    year: int | None
    source: str | None
    file_hash: str
    bytes: int
    crs: str
    bbox: BBox
    width: int
    height: int
    bands: int
    dtype: str
    nodata: float | None
    resolution_m: float
    value_min: float
    value_max: float
    value_low: float
    value_high: float
    valid_share: float
    covered_share: float
    classes: tuple[RasterClass, ...]
    demo: bool
    valid_from: datetime | None = None

    @property
    def version(self) -> str:
        """What changes with the cells or with how they are drawn; short, for addresses."""
        look = repr((self.classes, self.kind, self.value_low, self.value_high))
        return f"{self.file_hash[:8]}{blake2b(look.encode(), digest_size=4).hexdigest()}"

    def to_json(self) -> Json:
        """Return the raster for programs; a nodata value of NaN is written "nan"."""
        nodata = "nan" if self.nodata is not None and math.isnan(self.nodata) else self.nodata
        return {
            **{name: getattr(self, name) for name in ("name", "title", "kind", "year", "source", "crs")},
            "bounds": list(self.bbox),
            **{name: getattr(self, name) for name in ("width", "height", "bands", "dtype")},
            "nodata": nodata,
            **{name: getattr(self, name) for name in ("resolution_m", "value_min", "value_max")},
            "valid_share": self.valid_share,
            "covered_share": self.covered_share,
            "classes": [one.to_json() for one in self.classes],
            "demo": self.demo,
            "sha256": self.file_hash,
            "bytes": self.bytes,
        }


def read_rasters(session: Session | Connection, as_of: datetime | None = None) -> list[RegisteredRaster]:
    """Return all rasters as registered now, or by a moment: by kind, the newest year first."""
    rows = session.execute(
        text(f"SELECT * FROM {_source(as_of)} r ORDER BY kind, year DESC NULLS LAST, name"), {"as_of": as_of}
    ).mappings()
    return [_raster(row) for row in rows]


def read_raster(session: Session | Connection, name: str, as_of: datetime | None = None) -> RegisteredRaster:
    """
    Return one raster as registered now, or by a moment.

    Raises
    ------
    RasterNotFound
        When there is none of that name.
    """
    asked = text(f"SELECT * FROM {_source(as_of)} r WHERE name = :name")
    is_name = NAME.fullmatch(name) is not None
    row = session.execute(asked, {"name": name, "as_of": as_of}).mappings().one_or_none() if is_name else None
    if row is None:
        raise RasterNotFound(
            f"Raster “{name[:SHOWN]}” tidak terdaftar. Lihat yang ada dengan petakarya raster list.",
            f"There is no raster “{name[:SHOWN]}”. See what there is with petakarya raster list.",
        )
    return _raster(row)


def _source(as_of: datetime | None) -> str:
    names = ", ".join(COLUMNS)
    if as_of is None:
        return f"(SELECT {names} FROM app.raster)"
    return (
        f"(SELECT {names} FROM app.raster WHERE valid_from <= :as_of UNION ALL SELECT {names} FROM history.raster "
        "WHERE valid_from <= :as_of AND valid_to > :as_of)"
    )


def _raster(row: RowMapping) -> RegisteredRaster:
    content: dict[str, Any] = dict(row)
    sides = [content.pop(side) for side in ("west", "south", "east", "north")]
    content["classes"] = tuple(RasterClass(**one) for one in content["classes"])
    return RegisteredRaster(bbox=(sides[0], sides[1], sides[2], sides[3]), **content)
