"""The one region this installation serves: what it is called, where it lies, in which metres it is measured."""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, text

from app.admin.areas import ensure_code_list
from app.config import Settings
from app.errors import OtherRegion, UnknownRegion
from gis.constants import M_PER_KM
from gis.crs import choose_metric_crs

CENTRES = Path(__file__).parent / "centres.csv"
M_PER_DEGREE = 111_320.0  # of latitude; enough for a box around a centre

RegionKind = Literal["regency", "city", "province"]
HEAD_TITLES: dict[RegionKind, str] = {"regency": "Bupati", "city": "Wali Kota", "province": "Gubernur"}
FIRST_CITY_NUMBER = 71  # 01–69 are regencies, 71–99 cities

PAPUA = frozenset({"91", "92", "93", "94", "95", "96"})
VILLAGE_TERMS = {"11": "gampong", "13": "nagari", **dict.fromkeys(PAPUA, "kampung")}
DISTRICT_TERMS = dict.fromkeys(PAPUA, "Distrik")

WESTERN_TIME, CENTRAL_TIME, EASTERN_TIME = "Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"
CENTRAL_PROVINCES = frozenset({"51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76"})
EASTERN_PROVINCES = frozenset({"81", "82"}) | PAPUA

TITLE = re.compile(r"^(Kabupaten|Kota)( Administrasi)? ")


@dataclass(frozen=True)
class Centre:
    """Roughly where an area lies (degrees) and how large it is (km²); `capital` is its capital's district, if known."""

    lon: float
    lat: float
    area_km2: float
    capital: str | None = None
    legal_area_km2: float | None = None
    legal_area_source: str | None = None


@dataclass(frozen=True)
class Region:
    """The region as `app.region` keeps it."""

    code: str
    kind: RegionKind
    name: str
    full_name: str
    head_title: str
    district_term: str
    village_term: str
    time_zone: str
    centre: Centre


def ensure_region(connection: Connection, settings: Settings) -> Region:
    """
    Make the record of the region that the settings name, or check that it is the one this database serves.

    Parameters
    ----------
    connection
        Of the owner role, in a transaction that the caller commits.

    Raises
    ------
    UnknownRegion
        When the code list has no such regency, city or province.
    OtherRegion
        When this database serves another region.
    CodeListMissing
        When the code list is not installed.
    """
    present = connection.execute(text("SELECT code, full_name FROM app.region")).one_or_none()
    if present is not None and present.code != settings.region:
        raise OtherRegion(
            f"Pangkalan data ini melayani {present.full_name} ({present.code}), bukan {settings.region}. "
            "Untuk wilayah lain, pakai PETAKARYA_HOME atau DATABASE_URL yang lain.",
            f"This database serves {present.full_name} ({present.code}), not {settings.region}. "
            "For another region use another PETAKARYA_HOME or DATABASE_URL.",
        )
    ensure_code_list(connection)
    region = describe_region(connection, settings.region)
    if present is None:
        _insert_region(connection, region)
    return region


def describe_region(connection: Connection, code: str) -> Region:
    """
    Say from the code list and the list of centres what a region is called and where it lies.

    Raises
    ------
    UnknownRegion
        When the code list has no such regency, city or province.
    """
    listed_name = connection.scalar(
        text("SELECT name FROM app.areas WHERE code = :code AND level IN ('province', 'regency')"), {"code": code}
    )
    if listed_name is None:
        raise UnknownRegion(
            f"PETAKARYA_REGION={code} tidak ada dalam daftar kode wilayah. "
            "Contoh: 16.05 untuk kabupaten, 35.77 untuk kota, 31 untuk provinsi.",
            f"PETAKARYA_REGION={code} is not in the list of area codes. "
            "For example 16.05 for a regency, 35.77 for a city, 31 for a province.",
        )
    province, kind = code[:2], kind_of(code)
    return Region(
        code=code,
        kind=kind,
        name=short_name(listed_name),
        full_name=f"Provinsi {listed_name}" if kind == "province" else listed_name,
        head_title=HEAD_TITLES[kind],
        district_term=DISTRICT_TERMS.get(province, "Kecamatan"),
        village_term=VILLAGE_TERMS.get(province, "desa"),
        time_zone=time_zone_of(code),
        centre=centre_of(code),
    )


def kind_of(code: str) -> RegionKind:
    """Tell from its code whether an area is a province, a regency or a city."""
    if len(code) == 2:
        return "province"
    return "city" if int(code[3:5]) >= FIRST_CITY_NUMBER else "regency"


def short_name(listed_name: str) -> str:
    """Return the name of a regency or city without "Kabupaten" or "Kota"."""
    return TITLE.sub("", listed_name)


def time_zone_of(code: str) -> str:
    """Return the IANA time zone (WIB, WITA, WIT) of the province that an area's code begins with."""
    if code[:2] in EASTERN_PROVINCES:
        return EASTERN_TIME
    return CENTRAL_TIME if code[:2] in CENTRAL_PROVINCES else WESTERN_TIME


def centre_of(code: str) -> Centre:
    """Return roughly where an area lies; a regency that is not listed lies where its province does."""
    centres = read_centres()
    return centres.get(code) or centres[code[:2]]


@cache
def read_centres() -> dict[str, Centre]:
    """Read the approximate centres of the provinces and regencies, by code."""
    with CENTRES.open(encoding="utf-8", newline="") as file:
        return {
            row["code"]: Centre(
                lon=float(row["lon"]),
                lat=float(row["lat"]),
                area_km2=float(row["area_km2"]),
                capital=row["capital"] or None,
                legal_area_km2=float(row["legal_area_km2"]) if row["legal_area_km2"] else None,
                legal_area_source=row["legal_area_source"] or None,
            )
            for row in csv.DictReader(file)
        }


def refresh_region_bounds(connection: Connection) -> None:
    """
    Move the region's centre, box and metric CRS to where its districts lie.

    Imported districts count alone once there is one; else those of the demonstration. Without any nothing changes.

    Parameters
    ----------
    connection
        Of the owner role, in a transaction that the caller commits.
    """
    found = connection.execute(
        text(
            """
            SELECT bool_or(NOT demo) AS is_real, ST_AsBinary(coalesce(
                ST_Extent(geom) FILTER (WHERE NOT demo), ST_Extent(geom))::geometry) AS box
            FROM layers.districts
            """
        )
    ).one()
    if found.box is not None:
        _set_bounds(connection, shapely.from_wkb(bytes(found.box)), is_real=found.is_real)


def _insert_region(connection: Connection, region: Region) -> None:
    box = box_around(region.centre)
    connection.execute(
        text(
            """
            INSERT INTO app.region (code, kind, name, full_name, head_title, district_term, village_term, time_zone,
                centre, bbox, metric_crs, legal_area_km2, legal_area_source)
            VALUES (:code, :kind, :name, :full_name, :head_title, :district_term, :village_term, :time_zone,
                ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), ST_GeomFromText(:box, 4326), :metric_crs,
                :legal_area_km2, :legal_area_source)
            """
        ),
        {
            "code": region.code,
            "kind": region.kind,
            "name": region.name,
            "full_name": region.full_name,
            "head_title": region.head_title,
            "district_term": region.district_term,
            "village_term": region.village_term,
            "time_zone": region.time_zone,
            "lon": region.centre.lon,
            "lat": region.centre.lat,
            "box": box.wkt,
            "metric_crs": choose_metric_crs(box).to_string(),
            "legal_area_km2": region.centre.legal_area_km2,
            "legal_area_source": region.centre.legal_area_source,
        },
    )


def box_around(centre: Centre) -> BaseGeometry:
    """Return a box (EPSG:4326) around a centre that has the area's size: where to look before there is a boundary."""
    half_deg = math.sqrt(centre.area_km2) * M_PER_KM / M_PER_DEGREE / 2
    half_lon_deg = half_deg / math.cos(math.radians(centre.lat))
    return shapely.box(
        centre.lon - half_lon_deg, centre.lat - half_deg, centre.lon + half_lon_deg, centre.lat + half_deg
    )


def _set_bounds(connection: Connection, box: BaseGeometry, *, is_real: bool) -> None:
    connection.execute(
        text(
            """
            UPDATE app.region SET centre = ST_Centroid(ST_GeomFromText(:box, 4326)), bbox = ST_GeomFromText(:box, 4326),
                metric_crs = :metric_crs, boundary_is_real = :is_real
            """
        ),
        {"box": box.wkt, "metric_crs": choose_metric_crs(box).to_string(), "is_real": is_real},
    )
