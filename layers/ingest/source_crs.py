"""Where on earth a file lies: which coordinate system it is in, and which it may be in when that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from gis.crs import WEB_MERCATOR, WGS84
from gis.types import BBox, FloatArray
from layers.ingest.errors import ImportRefused
from layers.ingest.findings import RowFinding, finding, quoted

INDONESIA: BBox = (94.5, -11.5, 141.5, 6.5)
"""Degrees; the archipelago with a margin of half a degree."""

REGION_MARGIN_DEG = 0.3  # how far beyond the region's bounding box a file may lie and still be taken for the region's

TM3_EPSG = dict(
    zip(
        ("46.2", "47.1", "47.2", "48.1", "48.2", "49.1", "49.2", "50.1", "50.2", "51.1", "51.2", "52.1", "52.2", "53.1",
         "53.2", "54.1"),
        range(23830, 23846),
        strict=True,
    )
)  # fmt: skip
"""Zone of DGN95 / Indonesia TM-3 → EPSG code."""

_UTM_ZONES = range(46, 55)
_SPHERICAL_NAMES = re.compile(r"google|web|pseudo|900913|popular|osm", re.IGNORECASE)


@dataclass(frozen=True)
class SourceCrs:
    """The coordinate system a file is read in, and what a person should know about it."""

    crs: CRS
    findings: tuple[RowFinding, ...] = ()

    @property
    def name(self) -> str:
        """The authority code where there is one, else the name."""
        authority = self.crs.to_authority()
        return ":".join(authority) if authority else self.crs.name


def parse_crs(text: str) -> CRS:
    """
    Read the coordinate system a person gave, such as `EPSG:23833` or `23833`.

    Raises
    ------
    ImportRefused
        When there is no such system.
    """
    try:
        return CRS.from_user_input(int(text) if text.isdigit() else text)
    except CRSError as error:
        raise ImportRefused(
            finding(
                "error",
                "crs_unknown",
                f"Sistem koordinat {quoted(text)} tidak dikenal. Contoh: EPSG:4326, EPSG:32748, EPSG:23833.",
                f"There is no coordinate system {quoted(text)}. For example EPSG:4326, EPSG:32748, EPSG:23833.",
            )
        ) from error


def choose_source_crs(declared: CRS | None, given: CRS | None, *, is_shapefile: bool = False) -> SourceCrs:
    """
    Decide which coordinate system a file is in.

    Parameters
    ----------
    declared
        What the file says; None when it says nothing.
    given
        What the person says; it wins.
    is_shapefile
        Then it is the .prj that is missing when the file says nothing.

    Raises
    ------
    ImportRefused
        When neither says anything, or it is a local system that has no place on earth.
    """
    if given is not None:
        _check_place_on_earth(given)
        if declared is None or _same(declared, given):
            return SourceCrs(given)
        return SourceCrs(given, (_contradicted(declared, given),))
    if declared is None:
        raise ImportRefused(_missing(is_shapefile))
    _check_place_on_earth(declared)
    if _is_handwritten_web_mercator(declared):
        return SourceCrs(WEB_MERCATOR, (_handwritten(declared),))
    return SourceCrs(declared)


def to_lonlat(crs: CRS, coordinates: FloatArray) -> FloatArray:
    """
    Bring coordinates to longitude and latitude in EPSG:4326.

    Parameters
    ----------
    crs
        What they are in, x before y.
    coordinates
        Shape (n, 2).

    Returns
    -------
    lonlat
        Shape (n, 2), degrees; infinite where the system does not reach.
    """
    transformer = Transformer.from_crs(crs, WGS84, always_xy=True)
    try:
        longitude, latitude = transformer.transform(coordinates[:, 0], coordinates[:, 1])
    except ProjError:
        return np.full(coordinates.shape, np.inf)
    return np.column_stack([longitude, latitude])


def is_lonlat(crs: CRS) -> bool:
    """Tell whether coordinates in this system are longitude and latitude of EPSG:4326 already."""
    return bool(crs == WGS84 or crs.to_epsg() == WGS84.to_epsg())


def likelier_crs(bounds: BBox, region: BBox) -> tuple[str, str] | None:
    """
    Guess in which other coordinate system a file would lie in the region; it is never applied, only suggested.

    Parameters
    ----------
    bounds
        Of the coordinates as they stand in the file.
    region
        Degrees.

    Returns
    -------
    suggestion
        What to type after `--crs`, and the system's name; None when nothing fits.
    """
    corners = np.array([[bounds[0], bounds[1]], [bounds[2], bounds[3]]], dtype=float)
    if not np.isfinite(corners).all():
        return None
    for code, name in _candidates():
        if contains(region, to_lonlat(CRS.from_epsg(code), corners)):
            return f"EPSG:{code}", name
    return None


def contains(box: BBox, lonlat: FloatArray, *, margin_deg: float = REGION_MARGIN_DEG) -> bool:
    """Tell whether all points (shape (n, 2), degrees) lie in a box widened by a margin."""
    west, south, east, north = box
    x, y = lonlat[:, 0], lonlat[:, 1]
    inside = (x >= west - margin_deg) & (x <= east + margin_deg) & (y >= south - margin_deg) & (y <= north + margin_deg)
    return bool(inside.all())


def _candidates() -> Iterator[tuple[int, str]]:
    yield 4326, "WGS 84"
    for zone in _UTM_ZONES:
        yield 32600 + zone, f"UTM {zone}N"
        yield 32700 + zone, f"UTM {zone}S"
    for zone_name, code in TM3_EPSG.items():
        yield code, f"TM-3 {zone_name}"
    yield 3857, "Web Mercator"


def _same(one: CRS, other: CRS) -> bool:
    return bool(one == other or (one.to_epsg() is not None and one.to_epsg() == other.to_epsg()))


def _is_handwritten_web_mercator(crs: CRS) -> bool:
    """
    Recognise a Mercator of WGS 84 that calls itself Google's or web, but not by its code.

    Read to the letter it is the ellipsoidal Mercator, which lies up to 40 km further south or north.
    """
    operation = crs.coordinate_operation
    if crs.to_authority() or operation is None or not operation.method_name.startswith("Mercator"):
        return False
    return bool(_SPHERICAL_NAMES.search(crs.name)) and crs.ellipsoid is not None


def _handwritten(crs: CRS) -> RowFinding:
    return finding(
        "warning",
        "crs_handwritten",
        f"Sistem koordinat {quoted(crs.name)} ditulis tanpa kode EPSG; dibaca sebagai Web Mercator (EPSG:3857). "
        "Periksa letaknya di peta, atau sebutkan dengan --crs.",
        f"The coordinate system {quoted(crs.name)} is written without an EPSG code; it was read as Web Mercator "
        "(EPSG:3857). Check the place on the map, or name it with --crs.",
    )


def _check_place_on_earth(crs: CRS) -> None:
    """Refuse a system from which no way leads to longitude and latitude: a local one, or one written wrongly."""
    try:
        if crs.is_geographic or crs.is_projected:
            Transformer.from_crs(crs, WGS84, always_xy=True)
            return
    except ProjError:
        pass
    raise ImportRefused(
        finding(
            "error",
            "crs_local",
            f"Sistem koordinat {quoted(crs.name)} tidak punya tempat di bumi (lokal, atau salah tulis). Sebutkan yang "
            "benar dengan --crs.",
            f"The coordinate system {quoted(crs.name)} has no place on earth (it is local, or written wrongly). Name "
            "the right one with --crs.",
        )
    )


def _missing(is_shapefile: bool) -> RowFinding:
    what_id = "Shapefile ini tanpa .prj" if is_shapefile else "Berkas ini tidak menyebut sistem koordinatnya"
    what_en = "The shapefile has no .prj" if is_shapefile else "The file does not name its coordinate system"
    return finding(
        "error",
        "crs_missing",
        f"{what_id}, jadi letaknya di bumi tidak diketahui. Sebutkan sistem koordinatnya, misalnya --crs EPSG:4326"
        f"{', atau tambahkan .prj' if is_shapefile else ''}.",
        f"{what_en}, so we cannot tell where on earth it lies. Name its coordinate system, for example --crs EPSG:4326"
        f"{', or add the .prj' if is_shapefile else ''}.",
    )


def _contradicted(declared: CRS, given: CRS) -> RowFinding:
    return finding(
        "warning",
        "crs_overridden",
        f"Berkas menyebut {declared.name}; yang dipakai adalah {given.name} seperti diminta.",
        f"The file says {declared.name}; {given.name} was used as asked.",
    )
