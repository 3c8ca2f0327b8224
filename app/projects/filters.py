"""What a list of projects may be narrowed by: read from an address, and written back into one."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from app.errors import InvalidRequest
from app.search.words import read_words
from gis.types import BBox
from layers.catalogue import built_in_catalogue
from layers.history import read_as_of

DISTRICT_CODE = re.compile(r"\d{2}\.\d{2}\.\d{2}", re.ASCII)
VILLAGE_CODE = re.compile(r"\d{2}\.\d{2}\.\d{2}\.\d{4}", re.ASCII)
YEARS = range(1945, 2200)
CODED = ("stage", "status", "sector", "delay")  # parameters that are fields with a code list
FILTER_PARAMETERS = (
    *("q", *CODED, "year", "district", "village", "fund", "unit", "value", "near", "radius", "bbox", "as_of"),
)
LONGEST_FUND = 120  # characters of a fund source's name
LARGEST_ID = 2**63 - 1
VALUE_RANGE = re.compile(r"(\d{1,15})?-(\d{1,15})?", re.ASCII)  # rupiah, `from-below`; either end may be left out
RADII_KM = (1, 5, 10)
USUAL_RADIUS_KM = 5
# Of degrees, about 110 m: where somebody is goes no finer into an address, which browsers and servers write down.
NEAR_DECIMALS = 3
KM_PER_DEGREE = 110.5  # of latitude, where it is shortest: a box made with it holds the circle


@dataclass(frozen=True)
class ProjectFilter:
    """Which projects are wanted; empty means all. Of one criterion any value will do; all criteria must hold."""

    q: str = ""
    stage: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    sector: tuple[str, ...] = ()
    delay: tuple[str, ...] = ()
    year: tuple[int, ...] = ()
    district: tuple[str, ...] = ()
    village: tuple[str, ...] = ()
    fund: tuple[str, ...] = ()  # names of fund sources, of which a package may have several
    unit: tuple[int, ...] = ()  # ids of agencies and their sub-units; an agency stands for all of its own
    value: tuple[str, ...] = ()  # ranges of value in rupiah, `from-below`: the contract's, else the ceiling
    near: tuple[float, float] | None = None  # lon, lat (EPSG:4326), rounded
    radius: int = USUAL_RADIUS_KM  # kilometres around `near`
    bbox: BBox | None = None  # EPSG:4326
    as_of: datetime | None = None
    as_of_text: str | None = None  # as the visitor wrote it

    @classmethod
    def from_args(cls, args: MultiDict[str, str], *, time_zone: str) -> ProjectFilter:
        """
        Read the criteria of an address; other parameters are left alone.

        Lists may be repeated (`stage=late&stage=stopped`) or written with commas.

        Parameters
        ----------
        time_zone
            IANA name of the region's; a date in `as_of` means the end of that day there.

        Raises
        ------
        InvalidRequest, InvalidFilter
            When a value is not one that projects can have; the sentence names the parameter.
        """
        as_of = args.get("as_of") or None
        near = read_near(args["near"]) if args.get("near") else None
        return cls(
            q=args.get("q", "").strip(),
            **{name: read_codes(args, name, codes_of(name)) for name in CODED},
            year=tuple(read_year(value) for value in values_of(args, "year")),
            district=read_area_codes(args, "district", DISTRICT_CODE, "16.05.09"),
            village=read_area_codes(args, "village", VILLAGE_CODE, "16.05.09.1003"),
            fund=read_funds(args),
            unit=read_units(args),
            value=read_value_ranges(args),
            near=near,
            radius=read_radius(args.get("radius", "")) if near else USUAL_RADIUS_KM,
            bbox=read_bbox(args["bbox"]) if args.get("bbox") else None,
            as_of=read_as_of(as_of, time_zone) if as_of else None,
            as_of_text=as_of,
        ).checked()

    def checked(self) -> ProjectFilter:
        """Return the filter itself; `InvalidRequest` when its search text is too long."""
        read_words(self.q)
        return self

    def to_args(self) -> dict[str, Any]:
        """Return the criteria as parameters of an address, for `url_for`; empty ones are left out."""
        args: dict[str, Any] = {
            field.name: list(value) if isinstance(value, tuple) else value
            for field in fields(self)
            if field.name not in {"near", "radius", "bbox", "as_of", "as_of_text"}
            and (value := getattr(self, field.name))
        }
        if self.near:
            args |= {"near": self.near_text, "radius": self.radius}
        if self.bbox:
            args["bbox"] = ",".join(f"{number:.6g}" for number in self.bbox)
        if self.as_of_text:
            args["as_of"] = self.as_of_text
        return args

    @property
    def near_text(self) -> str:
        """The position as an address says it: latitude first, as people do."""
        lon, lat = self.near or (0.0, 0.0)
        return f"{lat:.{NEAR_DECIMALS}f},{lon:.{NEAR_DECIMALS}f}"

    def without(self, *criteria: str) -> ProjectFilter:
        """Return the filter without some of its criteria."""
        empty = ProjectFilter()
        return replace(self, **{name: getattr(empty, name) for name in criteria})

    @property
    def is_empty(self) -> bool:
        """Whether it lets every project through."""
        return self.without("as_of", "as_of_text") == ProjectFilter()


def codes_of(field: str) -> list[str]:
    """Return the codes that a field of projects may have."""
    return [code.code for code in built_in_catalogue().code_list("projects", field)]


def values_of(args: MultiDict[str, str], parameter: str) -> list[str]:
    """Return all values of a parameter, repeated or with commas, each once."""
    parts = [part.strip() for value in args.getlist(parameter) for part in value.split(",")]
    return list(dict.fromkeys(part for part in parts if part))


def read_codes(args: MultiDict[str, str], parameter: str, known: Collection[str]) -> tuple[str, ...]:
    """Return the values of a parameter that has a code list; `InvalidRequest` for one that is not in it."""
    values = values_of(args, parameter)
    for value in values:
        if value not in known:
            raise InvalidRequest(
                f"{parameter}={value[:40]} tidak dikenal. Pilih dari: {', '.join(known)}.",
                f"{parameter}={value[:40]} is unknown. Choose from: {', '.join(known)}.",
            )
    return tuple(values)


def read_year(value: str) -> int:
    """Read a fiscal year; `InvalidRequest` when it is none."""
    if not (value.isascii() and value.isdigit() and len(value) == 4 and int(value) in YEARS):
        raise InvalidRequest(
            f"year={value[:40]} bukan tahun. Tulis seperti 2026.",
            f"year={value[:40]} is not a year. Write it like 2026.",
        )
    return int(value)


def read_area_codes(args: MultiDict[str, str], parameter: str, form: re.Pattern[str], example: str) -> tuple[str, ...]:
    """Return the kode wilayah of a parameter; `InvalidRequest` for one that cannot be a code."""
    values = values_of(args, parameter)
    for value in values:
        if not form.fullmatch(value):
            raise InvalidRequest(
                f"{parameter}={value[:40]} bukan kode wilayah. Tulis seperti {example}.",
                f"{parameter}={value[:40]} is not an area code. Write it like {example}.",
            )
    return tuple(values)


def read_bbox(value: str) -> BBox:
    """
    Read a box `west,south,east,north` in degrees.

    Raises
    ------
    InvalidRequest
        When it is not four numbers, lies beyond the globe, or has no inside.
    """
    try:
        west, south, east, north = (float(part) for part in value.split(","))
    except ValueError:
        west = south = east = north = math.nan
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):  # false for nan too
        raise InvalidRequest(
            "bbox harus empat angka dalam derajat: barat,selatan,timur,utara. Contoh: 102.5,-3.6,103.7,-2.4.",
            "bbox must be four numbers in degrees: west,south,east,north. For example 102.5,-3.6,103.7,-2.4.",
        )
    return west, south, east, north


def read_funds(args: MultiDict[str, str]) -> tuple[str, ...]:
    """Return the names of fund sources, which may hold commas; `InvalidRequest` for one that is too long."""
    names = tuple(dict.fromkeys(name for value in args.getlist("fund") if (name := value.replace("\0", "").strip())))
    if any(len(name) > LONGEST_FUND for name in names):
        raise InvalidRequest(
            f"fund terlalu panjang: paling banyak {LONGEST_FUND} huruf.",
            f"fund is too long: at most {LONGEST_FUND} characters.",
        )
    return names


def read_units(args: MultiDict[str, str]) -> tuple[int, ...]:
    """Return the ids of units; `InvalidRequest` for one that is no number."""
    values = values_of(args, "unit")
    for value in values:
        if not (value.isascii() and value.isdigit() and int(value[:20]) <= LARGEST_ID):
            raise InvalidRequest(f"unit={value[:40]} bukan nomor unit.", f"unit={value[:40]} is not a unit's number.")
    return tuple(int(value) for value in values)


def read_value_ranges(args: MultiDict[str, str]) -> tuple[str, ...]:
    """Return the ranges of value as they were written; `InvalidRequest` for one that is no range."""
    values = values_of(args, "value")
    for value in values:
        low, high = value_bounds(value) if VALUE_RANGE.fullmatch(value) else (None, None)
        if (low, high) == (None, None) or (high is not None and high <= (low or 0)):
            raise InvalidRequest(
                f"value={value[:40]} bukan rentang nilai. Tulis dalam rupiah seperti 200000000-1000000000.",
                f"value={value[:40]} is not a range of value. Write it in rupiah like 200000000-1000000000.",
            )
    return tuple(values)


def value_bounds(value: str) -> tuple[int | None, int | None]:
    """Return both ends of a range of value in rupiah; the upper one lies beyond it."""
    low, _, high = value.partition("-")
    return int(low) if low else None, int(high) if high else None


def read_near(value: str) -> tuple[float, float]:
    """
    Read a position `latitude,longitude` in degrees and return it rounded, longitude first.

    Raises
    ------
    InvalidRequest
        When it is not two numbers, or lies beyond the globe.
    """
    try:
        lat, lon = (float(part) for part in value.split(","))
    except ValueError:
        lat = lon = math.nan
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):  # false for nan too
        raise InvalidRequest(
            "near harus lintang,bujur dalam derajat. Contoh: -3.1,103.2.",
            "near must be latitude,longitude in degrees. For example -3.1,103.2.",
        )
    return round(lon, NEAR_DECIMALS), round(lat, NEAR_DECIMALS)


def read_radius(value: str) -> int:
    """Read how far around is near (kilometres); `InvalidRequest` when it is none of those offered."""
    if value and value not in map(str, RADII_KM):
        raise InvalidRequest(
            f"radius={value[:40]} tidak dikenal. Pilih dari: {', '.join(map(str, RADII_KM))} (km).",
            f"radius={value[:40]} is unknown. Choose from: {', '.join(map(str, RADII_KM))} (km).",
        )
    return int(value) if value else USUAL_RADIUS_KM
