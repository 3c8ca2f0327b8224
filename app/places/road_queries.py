"""What pages of roads read: the ruas of the SK, its surveyed segments, its bridges, and the works that lie along it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.search.words import read_words
from gis.linear import locate_points
from layers.catalogue import built_in_catalogue
from layers.history import as_of_source

ALONG_DEG = 0.0002  # about 22 m: as far as a drawn line may lie beside the axis of the road it is on
LEAST_OVERLAP_M = 100  # along the road; a work on a crossing road is beside it for less
LEAST_SHARE = 0.5  # of the work, when it is shorter than that
MOST_WORKS = 200  # of one road; a ruas has some dozens in ten years

ROAD_FIELDS = tuple(field.name for field in built_in_catalogue().layer("roads").fields_for("public"))
LIST_COLUMNS = ("id", "code", "name", "status", "surface", "condition", "length_sk_m", "district_codes")


@dataclass(frozen=True)
class RoadFilter:
    """Which roads are listed; empty means all."""

    q: str = ""
    district: str = ""
    condition: str = ""
    status: str = ""

    def to_args(self) -> dict[str, Any]:
        """Return the criteria as parameters of an address."""
        return {name: value for name, value in vars(self).items() if value}


@dataclass(frozen=True)
class RoadRow:
    """A ruas in the list."""

    id: int
    code: str
    name: str
    status: str
    surface: str | None
    condition: str
    length_sk_m: float
    district_codes: tuple[str, ...]


@dataclass(frozen=True)
class Road:
    """A ruas of the SK: its public fields, and its axis (EPSG:4326)."""

    id: int
    values: Mapping[str, Any]
    district_codes: tuple[str, ...]
    geometry: BaseGeometry | None
    demo: bool
    recorded_at: datetime

    @property
    def code(self) -> str:
        """Its number in the SK."""
        return str(self.values["code"])

    @property
    def length_sk_m(self) -> float:
        """Its legal length (metres)."""
        return float(self.values["length_sk_m"])


@dataclass(frozen=True)
class Segment:
    """A surveyed piece of a road; stations in metres from its beginning."""

    year: int
    start_m: float
    end_m: float
    condition: str
    surface: str | None
    iri: float | None
    sdi: float | None


@dataclass(frozen=True)
class RoadBridge:
    """A bridge on a road."""

    id: int
    name: str
    sta_m: float | None
    length_m: float | None
    condition_value: str | None
    survey_year: int | None


@dataclass(frozen=True)
class RoadWork:
    """A package along a road, from one station to the other (metres, of the legal length)."""

    code: str
    name: str
    year: int
    stage: str
    status: str
    contractor: str | None
    contract_value_idr: Any
    physical_percent: float | None
    planned_percent: float | None
    progress_date: date | None
    start_m: float
    end_m: float


def list_roads(
    session: Session, wanted: RoadFilter, *, limit: int, after: str = ""
) -> tuple[list[RoadRow], int, float, str | None]:
    """
    Return a part of the list of roads by code, how many there are, their legal length (m), and the next part's cursor.

    Raises
    ------
    InvalidRequest
        When the text is longer than anyone types.
    """
    words = read_words(wanted.q)
    conditions = ["true"]
    conditions += [
        f"(strpos(app.fold(name), app.fold(:word{number})) > 0 OR starts_with(code, :word{number}))"
        for number in range(len(words))
    ]
    conditions += ["district_codes @> ARRAY[CAST(:district AS text)]"] if wanted.district else []
    conditions += ["condition = :condition"] if wanted.condition else []
    conditions += ["status = :status"] if wanted.status else []
    found = " AND ".join(conditions)
    rows = session.execute(
        text(f"""
            WITH found AS (SELECT {", ".join(LIST_COLUMNS)} FROM layers.roads WHERE {found})
            SELECT *, (SELECT count(*) FROM found) AS total, (SELECT sum(length_sk_m) FROM found) AS metres
            FROM found WHERE code > :after ORDER BY code LIMIT :limit
        """),
        {**vars(wanted), **{f"word{n}": word for n, word in enumerate(words)}, "after": after, "limit": limit + 1},
    ).all()
    shown = rows[:limit]
    listed = [
        RoadRow(
            id=row.id,
            code=row.code,
            name=row.name,
            status=row.status,
            surface=row.surface,
            condition=row.condition,
            length_sk_m=row.length_sk_m,
            district_codes=tuple(row.district_codes or ()),
        )
        for row in shown
    ]
    total, metres = (rows[0].total, rows[0].metres) if rows else (0, 0.0)
    return listed, total, float(metres or 0), shown[-1].code if len(rows) > limit else None


def read_road(session: Session, code: str, as_of: datetime | None = None) -> Road | None:
    """Return the ruas of this code, now or as it was recorded at a moment; None without."""
    columns = ("id", *ROAD_FIELDS, "district_codes", "demo", "valid_from", "geom")
    names = ", ".join(dict.fromkeys(column for column in columns if column != "geom"))
    source = _source("roads", columns, as_of)
    statement = text(f"SELECT {names}, ST_AsBinary(geom) AS shape FROM {source} r WHERE code = :code")
    row = session.execute(statement, {"code": code, "as_of": as_of}).mappings().one_or_none()
    if row is None:
        return None
    return Road(
        id=row["id"],
        values={name: row[name] for name in ROAD_FIELDS},
        district_codes=tuple(row["district_codes"] or ()),
        geometry=None if row["shape"] is None else shapely.from_wkb(bytes(row["shape"])),
        demo=row["demo"],
        recorded_at=row["valid_from"],
    )


def read_segments(session: Session, code: str, as_of: datetime | None = None) -> list[Segment]:
    """Return the surveyed segments of a road, the newest survey first, each survey along the road."""
    columns = ("road_code", "sta_from_m", "sta_to_m", "survey_year", "condition", "surface", "iri", "sdi")
    rows = session.execute(
        text(f"""
            SELECT survey_year, sta_from_m, sta_to_m, condition, surface, iri, sdi
            FROM {_source("road_segments", columns, as_of)} s
            WHERE road_code = :code ORDER BY survey_year DESC, sta_from_m, sta_to_m
        """),
        {"code": code, "as_of": as_of},
    )
    return [Segment(*row) for row in rows]


def read_bridges(session: Session, code: str, as_of: datetime | None = None) -> list[RoadBridge]:
    """Return the bridges of a road, along it."""
    columns = ("id", "name", "road_code", "sta_m", "length_m", "condition_value", "survey_year")
    rows = session.execute(
        text(f"""
            SELECT id, name, sta_m, length_m, condition_value, survey_year
            FROM {_source("bridges", columns, as_of)} b WHERE road_code = :code ORDER BY sta_m NULLS LAST, name, id
        """),
        {"code": code, "as_of": as_of},
    )
    return [RoadBridge(*row) for row in rows]


def read_works(session: Session, road: Road, as_of: datetime | None = None) -> list[RoadWork]:
    """
    Return the packages whose best known location lies along a road, the newest first.

    A line must follow the road for 100 m, or with half of its length; a point must lie on it. Works over an area, such
    as the drains of a quarter, belong to no road. Relies on `project_geom_idx`.
    """
    if road.geometry is None:
        return []
    fields = (
        "code", "name", "year", "stage", "status", "contractor", "contract_value_idr", "physical_percent",
        "planned_percent", "progress_date",
    )  # fmt: skip
    rows = session.execute(
        text(f"""
            WITH road AS (SELECT ST_GeomFromWKB(:road, 4326) AS geom), near AS (
                SELECT {", ".join(f"p.{name}" for name in (*fields, "geom"))},
                    ST_Intersection(p.geom, ST_Buffer(road.geom, :along)) AS part
                FROM {_source("projects", ("id", *fields, "geom"), as_of)} p, road
                WHERE p.geom && ST_Expand(road.geom, :along) AND ST_Dimension(p.geom) < 2
                    AND ST_DWithin(p.geom, road.geom, :along)
            )
            SELECT {", ".join(fields)}, ST_AsBinary(part) AS part FROM near
            WHERE ST_Dimension(geom) = 0
                OR ST_Length(part::geography) >= least(:least_m, :least_share * ST_Length(geom::geography))
            ORDER BY year DESC, code LIMIT :limit
        """),
        {
            "road": road.geometry.wkb,
            "along": ALONG_DEG,
            "least_m": LEAST_OVERLAP_M,
            "least_share": LEAST_SHARE,
            "limit": MOST_WORKS,
            "as_of": as_of,
        },
    ).mappings()
    found = []
    for row in rows:
        points = shapely.get_coordinates(shapely.from_wkb(bytes(row["part"])))
        share = locate_points(road.geometry, points).share
        start, end = float(share.min()) * road.length_sk_m, float(share.max()) * road.length_sk_m
        found.append(RoadWork(**{name: row[name] for name in fields}, start_m=start, end_m=end))
    return found


def _source(layer: str, columns: Sequence[str], as_of: datetime | None) -> str:
    return f"layers.{layer}" if as_of is None else as_of_source(layer, dict.fromkeys(columns), ":as_of")
