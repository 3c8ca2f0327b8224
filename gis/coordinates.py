"""Coordinates as people type them: degrees, degrees with minutes and seconds, metres of UTM or TM-3."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from pyproj import Transformer

from gis.types import BBox

NUMBER = r"[+\-−]?\d+(?:[.,]\d+)?"
WITH_POINTS = re.compile(r"\s*([+\-−]?\d+(?:\.\d+)?)\s*[,;]\s*([+\-−]?\d+(?:\.\d+)?)\s*")
WITH_COMMAS = re.compile(rf"\s*({NUMBER})\s*(?:[;,]\s+|[;\s]\s*)({NUMBER})\s*")

TWO_NUMBERS = re.compile(r"\s*\d+\s+\d+\s*")  # a house number, a year: not degrees, which have a decimal or a comma

UNSIGNED = r"\d{1,3}(?:[.,]\d+)?"
ANGLE = rf"({UNSIGNED})\s*°?\s*(?:({UNSIGNED})\s*['’′]?\s*)?(?:({UNSIGNED})\s*(?:\"|”|″|'')?\s*)?"
ANGLES = re.compile(rf"\s*{ANGLE}(LS|LU|S|N|U)\s*[,;]?\s*{ANGLE}(BT|BB|E|W|T|B)\s*", re.IGNORECASE)
NEGATIVE = {"S", "LS", "W", "BB", "B"}

TM3_FIRST_EPSG = 23830  # zone 46.2, whose central meridian is 94.5° E; one code a zone eastwards
TM3_FIRST_MERIDIAN_DEG = 94.5
TM3_LAST_EPSG = 23845
TM3_WIDTH_DEG = 3.0
UTM_SOUTH_EPSG, UTM_NORTH_EPSG = 32700, 32600
UTM_WIDTH_DEG = 6.0
LEAST_METRES = 1_000.0  # smaller numbers are not coordinates in metres anywhere in Indonesia
MARGIN_SHARE = 0.5  # of the region's size: metres that would lie farther off belong to another zone


def read_coordinates(text: str, region: BBox) -> tuple[float, float] | None:
    """
    Read a typed position.

    Understood are "-3.1, 103.2" (latitude first, or longitude first where only that is possible), the same with decimal
    commas, `3°06'00"S 103°12'00"E` (also LS and BT), and metres of the region's UTM or TM-3 zone (easting first).

    Parameters
    ----------
    text
        What was typed.
    region
        (west, south, east, north) in degrees: it tells the zone, and which of UTM and TM-3 is meant.

    Returns
    -------
    position
        (lon, lat) in EPSG:4326; None when the text is not a position.
    """
    if angles := ANGLES.fullmatch(text):
        latitude, longitude = _degrees(*angles.groups()[:4]), _degrees(*angles.groups()[4:])
        return _checked(longitude, latitude)
    pair = WITH_POINTS.fullmatch(text) or WITH_COMMAS.fullmatch(text)
    if pair is None:
        return None
    first, second = _number(pair[1]), _number(pair[2])
    if min(abs(first), abs(second)) >= LEAST_METRES:
        return _from_metres(first, second, region)
    if TWO_NUMBERS.fullmatch(text):
        return None
    if abs(first) > 90 or (abs(second) <= 90 and _distance(first, second, region) < _distance(second, first, region)):
        first, second = second, first
    return _checked(second, first)


def _checked(lon: float, lat: float) -> tuple[float, float] | None:
    return (lon, lat) if abs(lon) <= 180 and abs(lat) <= 90 else None


def _number(text: str) -> float:
    return float(text.replace(",", ".").replace("−", "-"))


def _degrees(degrees: str, minutes: str | None, seconds: str | None, hemisphere: str) -> float:
    """Return signed degrees; nan for 60 minutes or seconds and more."""
    parts = _number(degrees), _number(minutes or "0"), _number(seconds or "0")
    if max(parts[1:]) >= 60:
        return math.nan
    size = parts[0] + parts[1] / 60 + parts[2] / 3600
    return -size if hemisphere.upper() in NEGATIVE else size


def _distance(lon: float, lat: float, region: BBox) -> float:
    """Return how far (degrees) a position lies from the middle of the region."""
    return math.hypot(lon - (region[0] + region[2]) / 2, lat - (region[1] + region[3]) / 2)


def _from_metres(easting: float, northing: float, region: BBox) -> tuple[float, float] | None:
    """Return the position of metres in the region's UTM or TM-3 zone, whichever lies in or near the region."""
    west, south, east, north = region
    margin = MARGIN_SHARE * max(east - west, north - south)
    for epsg in _zones((west + east) / 2, (south + north) / 2):
        lon, lat = _to_degrees(epsg).transform(easting, northing)
        if west - margin <= lon <= east + margin and south - margin <= lat <= north + margin:
            return lon, lat
    return None


def _zones(lon: float, lat: float) -> list[int]:
    """Return the EPSG codes of the UTM and TM-3 zones of a position."""
    utm = (UTM_SOUTH_EPSG if lat < 0 else UTM_NORTH_EPSG) + int((lon + 180) // UTM_WIDTH_DEG) + 1
    meridian = lon // TM3_WIDTH_DEG * TM3_WIDTH_DEG + TM3_WIDTH_DEG / 2
    tm3 = TM3_FIRST_EPSG + round((meridian - TM3_FIRST_MERIDIAN_DEG) / TM3_WIDTH_DEG)
    return [utm, tm3] if TM3_FIRST_EPSG <= tm3 <= TM3_LAST_EPSG else [utm]


@lru_cache(maxsize=8)
def _to_degrees(epsg: int) -> Transformer:
    return Transformer.from_crs(epsg, 4326, always_xy=True)
