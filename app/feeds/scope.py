"""What somebody follows: any filter of the list of projects, one project, a road, or an area drawn on the map."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import shapely
from flask_babel import gettext
from shapely.errors import GEOSException
from sqlalchemy import ColumnElement, FromClause, and_, func, literal, literal_column, text
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.errors import InvalidRequest, NotFound
from app.maps.queries import read_area_names
from app.projects.filters import FILTER_PARAMETERS, ProjectFilter
from app.projects.queries import matches
from app.projects.sentences import code_label

SCOPE_PARAMETERS = (*FILTER_PARAMETERS, "project", "road", "within")
LONGEST_CODE = 120  # characters
LONGEST_POLYGON = 6_000  # characters of an address that a browser and a proxy still take
MOST_POINTS = 200  # of a drawn area
POLYLINE_DECIMALS = 5  # of encoded polylines, as every map writes them
POLYLINE_BASE, POLYLINE_BITS, POLYLINE_MORE = 63, 5, 0x20
WKT = re.compile(r"POLYGON\s*\(\s*\(([0-9eE+\-., ]+)\)\s*\)", re.ASCII)
ENCODED = re.compile(r"[?-~]+", re.ASCII)
# A line is on a road when it follows it for 100 m, or with half of itself; a point when it lies on it.
ALONG_DEG = 0.0002  # about 22 m: as far as a drawn line may lie beside the axis of its road
LEAST_OVERLAP_M = 100
LEAST_SHARE = 0.5
ON_ROAD = """EXISTS (
    SELECT FROM layers.roads road WHERE road.code = :road AND ST_DWithin(projects.geom, road.geom, :along) AND (
        ST_Dimension(projects.geom) = 0 OR ST_Dimension(projects.geom) = 1 AND
        ST_Length(ST_Intersection(projects.geom, ST_Buffer(road.geom, :along))::geography)
            >= least(:least_m, :least_share * ST_Length(projects.geom::geography))))"""


@dataclass(frozen=True)
class Scope:
    """What is followed: all criteria must hold. `within` is the drawn area as it was written, `area` what it means."""

    criteria: ProjectFilter
    project: str = ""
    road: str = ""
    within: str = ""
    area: shapely.Polygon | None = None  # EPSG:4326

    @classmethod
    def from_args(cls, args: MultiDict[str, str], *, time_zone: str) -> Scope:
        """
        Read a scope from an address; other parameters are left alone.

        Raises
        ------
        InvalidRequest, InvalidFilter
            When a value cannot be used; the sentence names the parameter.
        """
        within = args.get("within", "").strip()
        return cls(
            criteria=ProjectFilter.from_args(args, time_zone=time_zone),
            project=_read_code(args, "project"),
            road=_read_code(args, "road"),
            within=within,
            area=read_area(within) if within else None,
        )

    def to_args(self) -> dict[str, Any]:
        """Return the scope as parameters of an address; empty ones are left out."""
        more = {"project": self.project, "road": self.road, "within": self.within}
        return self.criteria.to_args() | {name: value for name, value in more.items() if value}

    @property
    def list_args(self) -> dict[str, Any]:
        """Return those parameters that the list of projects knows."""
        return self.criteria.to_args()

    def now(self) -> Scope:
        """Return the scope without the moment: what is followed goes on."""
        return replace(self, criteria=self.criteria.without("as_of", "as_of_text"))


def scope_condition(projects: FromClause, scope: Scope) -> ColumnElement[bool]:
    """Return the condition that a scope puts on the register; relies on `project_geom_idx` for areas and roads."""
    conditions = [matches(projects, scope.criteria)]
    if scope.project:
        conditions.append(projects.c.code == scope.project)
    if scope.road:
        values = {"road": scope.road, "along": ALONG_DEG, "least_m": LEAST_OVERLAP_M, "least_share": LEAST_SHARE}
        conditions.append(text(ON_ROAD).bindparams(**values))  # type: ignore[arg-type]
    if scope.area is not None:
        area = func.ST_GeomFromText(literal(scope.area.wkt), 4326)
        conditions.append(func.ST_Intersects(literal_column("projects.geom"), area))
    return and_(*conditions)


def require_known(session: Session, scope: Scope) -> None:
    """Refuse a scope whose project or road does not exist, with `NotFound`."""
    for parameter, layer in (("project", "projects"), ("road", "roads")):
        code = getattr(scope, parameter)
        known = f"SELECT EXISTS (SELECT FROM layers.{layer} WHERE code = :code)"
        if code and not session.scalar(text(known), {"code": code}):
            raise NotFound(
                f"{parameter}={code[:60]} tidak ada.", f"There is no {parameter} with the code “{code[:60]}”."
            )


def title_of(session: Session, scope: Scope) -> str:
    """Return in words what is followed, in the visitor's language; with nothing chosen, everything."""
    criteria = scope.criteria
    names = read_area_names(session, [*criteria.village, *criteria.district])
    parts = [f"“{criteria.q}”"] if criteria.q else []
    for field in ("stage", "status", "sector", "delay"):
        parts += [code_label(field, code) for code in getattr(criteria, field)]
    parts += [names.get(code, code) for code in (*criteria.village, *criteria.district)]
    parts += [str(year) for year in criteria.year]
    if scope.project:
        name = session.scalar(text("SELECT name FROM layers.projects WHERE code = :code"), {"code": scope.project})
        parts.append(name or scope.project)
    if scope.road:
        name = session.scalar(text("SELECT name FROM layers.roads WHERE code = :code"), {"code": scope.road})
        parts.append(gettext("jalan %(road)s", road=name or scope.road))
    if scope.area is not None or criteria.bbox is not None:
        parts.append(gettext("daerah yang digambar di peta"))
    if not parts and scope.to_args():  # of a criterion that has no words of its own
        parts.append(gettext("saringan"))
    return ", ".join(parts) or gettext("Semua pekerjaan")


def read_area(written: str) -> shapely.Polygon:
    """
    Read a drawn area: `POLYGON((lon lat, ...))` in degrees, or an encoded polyline of its edge.

    Raises
    ------
    InvalidRequest
        When it is neither, has too many points, lies beyond the globe, or crosses itself.
    """
    if len(written) > LONGEST_POLYGON:
        raise _bad_area()
    wkt = WKT.fullmatch(written)
    try:
        points = _wkt_points(wkt[1]) if wkt else _polyline_points(written)
    except ValueError:
        raise _bad_area() from None
    if not 3 <= len(points) <= MOST_POINTS + 1 or not all(abs(x) <= 180 and abs(y) <= 90 for x, y in points):
        raise _bad_area()
    try:
        area = shapely.Polygon(points)
        if not area.is_valid or area.area == 0:
            raise _bad_area()
    except (GEOSException, ValueError):
        raise _bad_area() from None
    return area


def _wkt_points(written: str) -> list[tuple[float, float]]:
    points = []
    for pair in written.split(","):
        lon, lat = (float(number) for number in pair.split())
        points.append((lon, lat))
    return points


def _polyline_points(written: str) -> list[tuple[float, float]]:
    """Return the points (lon, lat) of an encoded polyline, which holds differences of latitude and longitude."""
    if not ENCODED.fullmatch(written):
        raise ValueError(written[:40])
    numbers, value, shift = [], 0, 0
    for letter in written:
        chunk = ord(letter) - POLYLINE_BASE
        value |= (chunk & (POLYLINE_MORE - 1)) << shift
        shift += POLYLINE_BITS
        if shift > 60:
            raise ValueError(written[:40])
        if chunk < POLYLINE_MORE:
            numbers.append(~(value >> 1) if value & 1 else value >> 1)
            value, shift = 0, 0
    if shift or len(numbers) % 2:
        raise ValueError(written[:40])
    lat = lon = 0
    points = []
    for north, east in zip(numbers[::2], numbers[1::2], strict=True):
        lat, lon = lat + north, lon + east
        points.append((lon / 10**POLYLINE_DECIMALS, lat / 10**POLYLINE_DECIMALS))
    return points


def _read_code(args: MultiDict[str, str], parameter: str) -> str:
    value = args.get(parameter, "").strip()
    if len(value) > LONGEST_CODE or "\0" in value:
        raise InvalidRequest(
            f"{parameter} terlalu panjang atau bukan kode.", f"{parameter} is too long, or is no code."
        )
    return value


def _bad_area() -> InvalidRequest:
    return InvalidRequest(
        f"within harus satu daerah tanpa garis yang bersilang, paling banyak {MOST_POINTS} titik: "
        "POLYGON((bujur lintang, …)) dalam derajat, atau encoded polyline.",
        f"within must be one area whose edge does not cross itself, of at most {MOST_POINTS} points: "
        "POLYGON((lon lat, …)) in degrees, or an encoded polyline.",
    )
