"""Turns what was sent into geometry: STA of a ruas, typed positions, drawings, tracks; laid on a ruas if asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from flask_babel import gettext
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.errors import InvalidInput
from app.packages.gpx import read_gpx
from app.packages.location_forms import PlaceInput, Shape
from gis.coordinates import read_coordinates
from gis.errors import InvalidStation
from gis.linear import Located, format_station, locate_points, parse_station, points_at
from gis.measure import length_m
from gis.types import BBox, FloatArray
from layers.ingest.linear_referencing import STA_TOLERANCE_M, RuasLines, place_segments

Method = Literal["imported", "drawn", "typed", "track", "stations"]

MOST_VERTICES = 20_000
MOST_POSITIONS = 500
ROADS_TRIED = 8
DEGREE_M = 111_320.0  # of latitude; enough for simplifying
TYPES = {"Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"}


@dataclass(frozen=True)
class Place:
    """One place of a package; on a ruas where `road_code` says so, from `start_m` to `end_m` of its legal length."""

    geometry: BaseGeometry
    method: Method
    accuracy_m: float | None = None
    note: str | None = None
    road_code: str | None = None
    start_m: float | None = None
    end_m: float | None = None
    id: int | None = None

    @property
    def length_m(self) -> float:
        """Metres: by the legal length along a ruas, on the ellipsoid elsewhere; of an area those round it."""
        if self.start_m is not None and self.end_m is not None:
            return self.end_m - self.start_m
        if self.geometry.geom_type.endswith("Polygon"):
            return float(length_m(np.array([self.geometry.boundary], dtype=object))[0])
        return float(length_m(np.array([self.geometry], dtype=object))[0])


@dataclass(frozen=True)
class Limits:
    """What places are read with: the region's box, the accuracy of those without one, and how far a ruas may be."""

    region: BBox
    accuracy_m: float
    road_m: float


def places_of(session: Session, data: PlaceInput, limits: Limits) -> list[Place]:
    """
    Return the places that one input tells; a track or several points are more than one.

    Raises
    ------
    InvalidInput
        With a sentence beside the field that cannot be used.
    """
    if data.coordinates is not None:
        found, method = _typed(data.coordinates, data.shape, limits.region), "typed"
    elif data.geometry is not None:
        found, method = [_drawn(data.geometry)], "drawn"
    elif data.gpx is not None:
        found, method = _tracked(data.gpx.encode(errors="replace"), data.accuracy_m or limits.accuracy_m), "track"
    else:
        return [_along(session, data)]
    for geometry in found:
        require_in_region(session, geometry)
    named = {"accuracy_m": data.accuracy_m, "note": data.note}
    if data.snap:
        return [snapped(session, geometry, method, limits.road_m, **named) for geometry in found]  # type: ignore[arg-type]
    return [Place(geometry, method, **named) for geometry in found]  # type: ignore[arg-type]


def require_in_region(session: Session, geometry: BaseGeometry) -> None:
    """Refuse what lies in none of the region's districts, where their borders are known."""
    outside = session.scalar(
        text("""
            SELECT EXISTS (SELECT FROM layers.districts) AND NOT EXISTS (
                SELECT FROM layers.districts WHERE ST_Intersects(geom, ST_GeomFromWKB(:shape, 4326)))
        """),
        {"shape": geometry.wkb},
    )
    if outside:
        lon, lat = geometry.centroid.coords[0]
        raise InvalidInput(
            {
                "": gettext(
                    "Lokasi ini (%(lat)s, %(lon)s) berada di luar wilayah. Periksa koordinat, urutan lintang-bujur, "
                    "atau zonanya.",
                    lat=f"{lat:.5f}",
                    lon=f"{lon:.5f}",
                )
            }
        )


# STA → geometry


def _along(session: Session, data: PlaceInput) -> Place:
    errors: dict[str, str] = {}
    road = _find_road(session, data.road_code) if data.road_code else None
    if road is None:
        errors["road_code"] = (
            gettext("Ruas %(code)s tidak ada di data jalan. Periksa nomor ruasnya.", code=data.road_code)
            if data.road_code
            else gettext("Pilih ruas jalannya.")
        )
    start, end = _station(data.start, "start", errors), _station(data.end, "end", errors, empty_is=data.start)
    if errors or road is None or start is None or end is None:
        raise InvalidInput(errors)
    return along(road, start, end, "stations", accuracy_m=data.accuracy_m, note=data.note)


def _station(written: str | None, name: str, errors: dict[str, str], empty_is: str | None = None) -> float | None:
    try:
        if written or empty_is:
            return parse_station(written or empty_is or "")
        errors[name] = gettext("Tulis STA awalnya, misalnya 3+670.")
    except InvalidStation:
        if written:
            errors[name] = gettext("Tulis STA sebagai kilometer+meter dengan tiga angka meter, misalnya 3+670.")
    return None


def along(
    road: Row[tuple[str, float, bytes]],
    start_m: float,
    end_m: float,
    method: Method,
    *,
    accuracy_m: float | None = None,
    note: str | None = None,
) -> Place:
    """
    Return the place between two STA of a ruas, a point where they are one; its shape follows the road.

    Raises
    ------
    InvalidInput
        When they run backwards, or beyond the end of the ruas.
    """
    if end_m < start_m:
        raise InvalidInput({"end": gettext("STA akhir harus sama dengan atau sesudah STA awal.")})
    beyond = start_m > road.length_sk_m or end_m > road.length_sk_m + STA_TOLERANCE_M
    line = shapely.from_wkb(bytes(road.line))
    if not beyond and start_m == end_m:
        geometry = points_at(line, np.array([start_m / road.length_sk_m]))[0]
        return Place(geometry, method, accuracy_m, note, road.code, start_m, end_m)
    end_m = end_m if beyond else min(end_m, road.length_sk_m)
    lines = RuasLines(np.array([road.code]), np.array([line], dtype=object), np.array([road.length_sk_m]))
    placed = place_segments(lines, np.array([road.code], dtype=object), np.array([start_m]), np.array([end_m]))
    if beyond or placed.geometries[0] is None:
        length = format_station(road.length_sk_m)
        sentence = gettext("Ruas %(code)s berakhir di STA %(length)s menurut SK.", code=road.code, length=length)
        raise InvalidInput({"start" if start_m >= road.length_sk_m else "end": sentence})
    return Place(_plain(placed.geometries[0]), method, accuracy_m, note, road.code, start_m, end_m)


def _find_road(session: Session, code: str) -> Row[tuple[str, float, bytes]] | None:
    return session.execute(
        text(
            "SELECT code, length_sk_m, ST_AsBinary(geom) AS line FROM layers.roads"
            " WHERE code = :code AND geom IS NOT NULL"
        ),
        {"code": code},
    ).one_or_none()


# Geometry → STA


def snapped(
    session: Session,
    geometry: BaseGeometry,
    method: Method,
    most_m: float,
    *,
    accuracy_m: float | None = None,
    note: str | None = None,
) -> Place:
    """
    Return a point or line as a place along the ruas that it lies nearest to as a whole.

    Raises
    ------
    InvalidInput
        When it is an area, or some of it lies farther than `most_m` from every ruas.
    """
    if geometry.geom_type.endswith("Polygon"):
        raise InvalidInput({"snap": gettext("Luasan tidak dapat ditempelkan pada ruas; gambar garis atau titik.")})
    vertices = shapely.get_coordinates(geometry)
    best: tuple[float, Row[tuple[str, float, bytes]], Located] | None = None
    for road in _roads_near(session, geometry, most_m):
        located = locate_points(shapely.from_wkb(bytes(road.line)), vertices)
        mean = float(located.distance_m.mean())
        if located.distance_m.max() <= most_m and (best is None or mean < best[0]):
            best = mean, road, located
    if best is None:
        raise InvalidInput(
            {
                "snap": gettext(
                    "Tidak ada satu ruas yang seluruhnya dalam %(n)s m dari lokasi ini. Gambar lebih dekat pada ruas, "
                    "bagi menurut ruas, atau jangan tempelkan.",
                    n=round(most_m),
                )
            }
        )
    _mean, road, located = best
    start_m, end_m = _whole_metres(located.share, road.length_sk_m)
    return along(road, start_m, end_m, method, accuracy_m=accuracy_m, note=note)


def _whole_metres(share: FloatArray, length_sk_m: float) -> tuple[float, float]:
    """Return the first and last STA to the metre, so that what is shown is what is drawn."""
    first, last = np.minimum(np.round(np.array([share.min(), share.max()]) * length_sk_m), length_sk_m)
    return float(first), float(last)


def _roads_near(session: Session, geometry: BaseGeometry, most_m: float) -> list[Row[tuple[str, float, bytes]]]:
    found = session.execute(
        text("""
            WITH shape AS (SELECT ST_GeomFromWKB(:shape, 4326) AS geom)
            SELECT code, length_sk_m, ST_AsBinary(roads.geom) AS line
            FROM layers.roads, shape
            WHERE roads.geom && ST_Expand(shape.geom, :degrees)
                AND ST_DWithin(roads.geom::geography, shape.geom::geography, :most)
            ORDER BY ST_Distance(roads.geom, ST_PointOnSurface(shape.geom)), code
            LIMIT :count
        """),
        {"shape": geometry.wkb, "degrees": 2 * most_m / DEGREE_M, "most": most_m, "count": ROADS_TRIED},
    )
    return list(found)


# Typed, drawn, walked


def _typed(written: str, shape: Shape, region: BBox) -> list[BaseGeometry]:
    lines = [line for line in written.splitlines() if line.strip()]
    if len(lines) > MOST_POSITIONS:
        raise InvalidInput({"coordinates": gettext("Paling banyak %(n)s posisi sekaligus.", n=MOST_POSITIONS)})
    positions = []
    for number, line in enumerate(lines, start=1):
        position = read_coordinates(line, region)
        if position is None or not np.isfinite(position).all():
            sentence = gettext(
                "Baris %(n)s bukan posisi. Tulis seperti -3,05421; 103,20512, derajat-menit-detik, atau meter UTM.",
                n=number,
            )
            raise InvalidInput({"coordinates": sentence})
        positions.append(position)
    return _shape_of(positions, shape)


def _shape_of(positions: list[tuple[float, float]], shape: Shape) -> list[BaseGeometry]:
    least = {"point": 1, "line": 2, "polygon": 3}[shape]
    if len(set(positions)) < least:
        sentence = gettext(
            "Garis memerlukan paling sedikit dua posisi yang berbeda, luasan tiga; satu posisi satu baris."
        )
        raise InvalidInput({"coordinates": sentence})
    if shape == "point":
        return [shapely.Point(position) for position in positions]
    geometry = shapely.LineString(positions) if shape == "line" else shapely.Polygon(positions)
    return [_checked(geometry, "coordinates")]


def _drawn(content: dict[str, object]) -> BaseGeometry:
    try:
        geometry = shapely.from_geojson(json.dumps(content))
    except (shapely.errors.ShapelyError, ValueError, RecursionError):
        raise InvalidInput({"geometry": gettext("Gambar lokasi tidak dapat dibaca. Gambar ulang.")}) from None
    if geometry is None or geometry.geom_type not in TYPES:
        raise InvalidInput({"geometry": gettext("Lokasi harus titik, garis, atau luasan (geometri GeoJSON).")})
    return _checked(shapely.force_2d(geometry), "geometry")


def _checked(geometry: BaseGeometry, name: str) -> BaseGeometry:
    coordinates = shapely.get_coordinates(geometry)
    if not len(coordinates) or not np.isfinite(coordinates).all() or (np.abs(coordinates) > (180, 90)).any():
        raise InvalidInput({name: gettext("Lokasi ini kosong atau bukan tempat di bumi. Gambar ulang.")})
    if len(coordinates) > MOST_VERTICES:
        raise InvalidInput({name: gettext("Lokasi ini lebih dari %(n)s titik. Sederhanakan dahulu.", n=MOST_VERTICES)})
    if not geometry.is_valid:
        raise InvalidInput({name: gettext("Garis tepi luasan ini berpotongan sendiri. Gambar tanpa persilangan.")})
    return _plain(geometry)


def _tracked(content: bytes, accuracy_m: float) -> list[BaseGeometry]:
    tracks = read_gpx(content)
    if tracks.points:
        return [shapely.Point(position) for position in tracks.points]
    lines = [simplified(line, accuracy_m) for line in tracks.lines]
    found: list[BaseGeometry] = [line for line in lines if line.length > 0]
    if not found:
        raise InvalidInput({"track": gettext("Jalur ini tidak bergerak dari tempatnya; kirim sebagai titik.")})
    return found


def simplified(line: FloatArray, tolerance_m: float) -> shapely.LineString:
    """Return a track without the points that lie nearer than its accuracy to the line through the others."""
    scale = DEGREE_M * np.array([np.cos(np.radians(line[:, 1].mean())), 1.0])
    flat = shapely.simplify(shapely.linestrings(line * scale), tolerance_m, preserve_topology=False)
    return shapely.LineString(shapely.get_coordinates(flat) / scale)


def _plain(geometry: BaseGeometry) -> BaseGeometry:
    """Return the only part of a geometry of several kinds' shape, or itself."""
    parts = shapely.get_parts(geometry)
    return parts[0] if len(parts) == 1 else geometry
