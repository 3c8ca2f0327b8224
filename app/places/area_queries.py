"""What the page of an area reads: what it is and where, its people, roads and parks; now or as of a moment."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.recorded import recorded
from gis.types import BBox
from layers.history import as_of_source

AREA_CODE = re.compile(r"\d\d(\.\d\d(\.\d\d(\.\d{4})?)?)?", re.ASCII)
LEVELS: Mapping[int, Level] = {2: "province", 5: "regency", 8: "district", 13: "village"}  # by length of the code
REGENCY, DISTRICT, VILLAGE = 5, 8, 13
TOUCHING_DEG = 0.0005  # about 50 m: borders of one survey do not always meet exactly
MOST_NEIGHBOURS = 12
MOST_PARKS = 8  # named on a page; the largest
SMALL_COUNT = "SEL_KECIL"  # the rule: counts of people below it are not shown
DEFAULT_SMALL_COUNT = 5  # until the rule is recorded, nobody is shown in a smaller group either
POPULATION = "area_code, year, population, valid_from"

Level = Literal["province", "regency", "district", "village"]
Part = Literal["self", "parent", "child", "neighbour"]


@dataclass(frozen=True)
class Named:
    """An area as a link: its code, its name, and for villages their kind."""

    code: str
    name: str
    kind: str | None = None

    @property
    def level(self) -> Level:
        """Which kind of area it is."""
        return LEVELS[len(self.code)]


@dataclass(frozen=True)
class Area:
    """An area with those above, in and around it. `feature_id`, size and box are None while it has no boundary."""

    named: Named
    is_region: bool
    parents: tuple[Named, ...]  # the region first
    children: tuple[Named, ...]
    neighbours: tuple[Named, ...]  # of the same level, that touch it
    feature_id: int | None = None
    area_m2: float | None = None
    bbox: BBox | None = None
    recorded_at: datetime | None = None

    @property
    def code(self) -> str:
        """Its kode wilayah."""
        return self.named.code

    @property
    def level(self) -> Level:
        """Which kind of area it is."""
        return self.named.level

    @property
    def districts(self) -> tuple[str, ...]:
        """Codes of the districts of a regency within a province, whose works are its own; else empty."""
        if self.level == "regency" and not self.is_region:
            return tuple(one.code for one in self.children)
        return ()


@dataclass(frozen=True)
class People:
    """Residents: their number, the years of the counts, and how many villages were counted (0: the area as a whole)."""

    persons: int
    first_year: int
    last_year: int
    villages: int

    @property
    def years(self) -> str:
        """The year of the counts, or the first and the last."""
        return str(self.last_year) if self.first_year == self.last_year else f"{self.first_year}–{self.last_year}"


@dataclass(frozen=True)
class RoadSum:
    """Roads of one status that touch an area."""

    status: str
    roads: int
    length_sk_m: float


@dataclass(frozen=True)
class ConditionLength:
    """Metres, measured inside the area, of surveyed segments of one condition in one survey year."""

    year: int
    condition: str
    length_m: float


@dataclass(frozen=True)
class Park:
    """A green space; its size within the area, in square metres."""

    id: int
    name: str
    ownership: str
    area_m2: float


def read_area(session: Session, code: str, region_code: str, as_of: datetime | None) -> Area | None:
    """
    Return an area of the region with those above, in and around it; None when the region has no such area.

    Names on the map are newer than those of the national list, and come first. Relies on the GiST indexes on `geom`.
    """
    if not AREA_CODE.fullmatch(code) or not f"{code}.".startswith(f"{region_code}."):
        return None
    rows = session.execute(
        text(_area_statement(code, as_of)),
        {
            "code": code,
            "above": [code[:length] for length in (REGENCY, DISTRICT) if len(region_code) <= length < len(code)],
            "inside": f"{code}.",
            "tolerance": TOUCHING_DEG,
            "most": MOST_NEIGHBOURS,
            "as_of": as_of,
        },
    ).all()
    parts: dict[str, dict[str, Named]] = {"self": {}, "parent": {}, "child": {}, "neighbour": {}}
    drawn = next((row for row in rows if row.part == "self" and row.id is not None), None)
    for row in rows:  # those of the map come first
        parts[row.part].setdefault(row.code, Named(row.code, row.name, row.kind))
    if code not in parts["self"]:
        return None
    return Area(
        named=parts["self"][code],
        is_region=code == region_code,
        parents=tuple(parts["parent"][key] for key in sorted(parts["parent"])),
        children=tuple(sorted(parts["child"].values(), key=lambda one: (one.name, one.code))),
        neighbours=tuple(sorted(parts["neighbour"].values(), key=lambda one: (one.name, one.code))),
        feature_id=drawn.id if drawn else None,
        area_m2=drawn.area_m2 if drawn else None,
        bbox=(drawn.west, drawn.south, drawn.east, drawn.north) if drawn else None,
        recorded_at=drawn.valid_from if drawn else None,
    )


def list_areas(session: Session, region_code: str, words: Sequence[str] = ()) -> list[Named]:
    """
    Return the regencies, districts and villages of the region in the order of their codes.

    Parameters
    ----------
    words
        Folded parts of names or codes; an area has all of them in its name, or its code begins with one.
    """
    found = " AND ".join(
        f"(strpos(app.fold(name), app.fold(:word{number})) > 0 OR starts_with(code, :word{number}))"
        for number in range(len(words))
    )
    rows = session.execute(
        text(f"""
            WITH listed AS (
                SELECT DISTINCT ON (code) code, name, kind FROM (
                    SELECT code, name, NULL AS kind, 0 AS turn FROM layers.districts
                    UNION ALL SELECT code, name, kind, 0 FROM layers.villages
                    UNION ALL SELECT code, name, NULL, 1 FROM app.areas WHERE starts_with(code, :inside)
                ) every ORDER BY code, turn
            )
            SELECT code, name, kind FROM listed WHERE starts_with(code, :inside){f" AND {found}" if found else ""}
            ORDER BY code
        """),
        {"inside": f"{region_code}.", **{f"word{number}": word for number, word in enumerate(words)}},
    )
    return [Named(row.code, row.name, row.kind) for row in rows if len(row.code) in LEVELS]


def read_people(
    session: Session, codes: Collection[str], as_of: datetime | None = None
) -> tuple[dict[str, People], int]:
    """
    Return the residents of areas by code, and below which number people are not shown.

    Of each village the newest count is taken; a district without counts of its villages has its own.
    """
    source = _population(as_of)
    rows = session.execute(
        text(f"""
            WITH newest AS (
                SELECT DISTINCT ON (area_code) area_code, year, population FROM {source} p ORDER BY area_code, year DESC
            )
            SELECT wanted.code, coalesce(v.persons, own.population) AS persons,
                coalesce(v.first_year, own.year) AS first_year, coalesce(v.last_year, own.year) AS last_year,
                coalesce(v.villages, 0) AS villages, {_small_count()} AS small
            FROM unnest(CAST(:codes AS text[])) AS wanted(code)
            LEFT JOIN newest own ON own.area_code = wanted.code
            LEFT JOIN LATERAL (
                SELECT sum(n.population) AS persons, min(n.year) AS first_year, max(n.year) AS last_year,
                    count(*) AS villages
                FROM newest n WHERE length(n.area_code) = {VILLAGE} AND starts_with(n.area_code, wanted.code || '.')
            ) v ON true
        """),
        {"codes": list(codes), "as_of": as_of},
    ).all()
    small = next((row.small for row in rows), None)
    people = {
        row.code: People(int(row.persons), row.first_year, row.last_year, row.villages)
        for row in rows
        if row.persons is not None
    }
    return people, DEFAULT_SMALL_COUNT if small is None else int(Decimal(small))


def read_road_sums(session: Session, area: Area, as_of: datetime | None = None) -> list[RoadSum]:
    """Return how many roads touch an area, with their whole legal length, by status; the most first."""
    source = _source("roads", ("status", "length_sk_m", "district_codes", "village_codes"), as_of)
    rows = session.execute(
        text(f"""
            SELECT status, count(*) AS roads, sum(length_sk_m) AS length_sk_m FROM {source} r
            WHERE {_touching(area)} GROUP BY status ORDER BY roads DESC, status
        """),
        {"code": area.code, "districts": _districts(area), "as_of": as_of},
    )
    return [RoadSum(row.status, row.roads, row.length_sk_m) for row in rows]


def read_conditions(
    session: Session, area: Area, statuses: Sequence[str], as_of: datetime | None = None
) -> list[ConditionLength]:
    """Return the length of surveyed segments inside a drawn area by survey year and condition, the newest first."""
    table = "villages" if area.level == "village" else "districts"
    rows = session.execute(
        text(f"""
            SELECT s.survey_year AS year, s.condition,
                sum(ST_Length(ST_Intersection(s.geom, a.geom)::geography)) AS length_m
            FROM {_source(table, ("code", "geom"), as_of)} a
            JOIN {_source("road_segments", ("road_code", "survey_year", "condition", "geom"), as_of)} s
                ON s.geom && a.geom AND ST_Intersects(s.geom, a.geom)
            JOIN {_source("roads", ("code", "status"), as_of)} r ON r.code = s.road_code AND r.status = ANY (:statuses)
            WHERE a.code = :code GROUP BY 1, 2 ORDER BY 1 DESC, 2
        """),
        {"code": area.code, "statuses": list(statuses), "as_of": as_of},
    )
    return [ConditionLength(row.year, row.condition, row.length_m) for row in rows if row.length_m]


def read_parks(session: Session, area: Area, as_of: datetime | None = None) -> list[Park]:
    """Return the green spaces of an area, the largest first; of one that lies in several, the part that is inside."""
    columns = ("id", "name", "ownership", "area_m2", "geom", "district_codes", "village_codes")
    if area.is_region or area.level in {"province", "regency"}:
        inside = "p.area_m2"
    else:
        table, codes = ("villages", "village_codes") if area.level == "village" else ("districts", "district_codes")
        boundary = f"(SELECT geom FROM {_source(table, ('code', 'geom'), as_of)} a WHERE a.code = :code)"
        inside = (
            f"CASE WHEN cardinality(p.{codes}) = 1 THEN p.area_m2"
            f" ELSE coalesce(ST_Area(ST_Intersection(p.geom, {boundary})::geography), 0) END"
        )
    rows = session.execute(
        text(f"""
            SELECT id, name, ownership, {inside} AS area_m2 FROM {_source("parks", columns, as_of)} p
            WHERE {_touching(area)} ORDER BY 4 DESC, name, id
        """),
        {"code": area.code, "districts": _districts(area), "as_of": as_of},
    )
    return [Park(row.id, row.name, row.ownership, row.area_m2) for row in rows]


def read_boundary(session: Session, area: Area, as_of: datetime | None = None) -> bytes | None:
    """Return the boundary of a district or village as WKB (EPSG:4326); None while it has none."""
    if area.feature_id is None:
        return None
    table = "villages" if area.level == "village" else "districts"
    found = session.scalar(
        text(f"SELECT ST_AsBinary(geom) FROM {_source(table, ('code', 'geom'), as_of)} a WHERE a.code = :code"),
        {"code": area.code, "as_of": as_of},
    )
    return None if found is None else bytes(found)


def _area_statement(code: str, as_of: datetime | None) -> str:
    """Return the SQL of an area, its parents, children and neighbours: of the map first, then of the national list."""
    districts = _source("districts", ("id", "code", "name", "area_m2", "geom", "valid_from"), as_of)
    villages = _source("villages", ("id", "code", "name", "kind", "area_m2", "geom", "valid_from"), as_of)
    box = "ST_XMin(geom) AS west, ST_YMin(geom) AS south, ST_XMax(geom) AS east, ST_YMax(geom) AS north, valid_from"
    nothing = (
        "NULL::bigint AS id, NULL::float8 AS area_m2, NULL::float8 AS west, NULL::float8 AS south,"
        " NULL::float8 AS east, NULL::float8 AS north, NULL::timestamptz AS valid_from"
    )
    region = (
        f"SELECT 'self' AS part, code, full_name AS name, NULL AS kind, {nothing} FROM app.region WHERE code = :code"
    )
    parts = [
        region,
        f"SELECT 'parent', code, full_name, NULL, {nothing} FROM app.region WHERE code <> :code",
        f"SELECT 'parent', code, name, NULL, {nothing} FROM {districts} d WHERE code = ANY (:above)",
    ]
    if len(code) == DISTRICT:
        parts.append(f"SELECT 'self', code, name, NULL, id, area_m2, {box} FROM {districts} d WHERE code = :code")
        parts.append(f"SELECT 'child', code, name, kind, {nothing} FROM {villages} v WHERE left(code, 8) = :code")
        parts.append(_neighbours(districts, "NULL", nothing))
    elif len(code) == VILLAGE:
        parts.append(f"SELECT 'self', code, name, kind, id, area_m2, {box} FROM {villages} v WHERE code = :code")
        parts.append(_neighbours(villages, "n.kind", nothing))
    elif len(code) == REGENCY:
        parts.append(f"SELECT 'child', code, name, NULL, {nothing} FROM {districts} d WHERE left(code, 5) = :code")
    listed = f"code, name, NULL, {nothing} FROM app.areas"
    parts.append(f"SELECT 'self', {listed} WHERE code = :code")
    parts.append(f"SELECT 'parent', {listed} WHERE code = ANY (:above)")
    parts.append(f"SELECT 'child', {listed} WHERE parent_code = :code AND starts_with(code, :inside)")
    return " UNION ALL ".join(f"({part})" for part in parts)


def _neighbours(source: str, kind: str, nothing: str) -> str:
    return f"""
        SELECT 'neighbour', n.code, n.name, {kind}, {nothing}
        FROM (SELECT geom FROM {source} own WHERE own.code = :code) a
        JOIN {source} n ON n.geom && ST_Expand(a.geom, :tolerance) AND n.code <> :code
            AND ST_DWithin(n.geom, a.geom, :tolerance)
        ORDER BY n.code LIMIT :most
    """


def _touching(area: Area) -> str:
    """Return the condition that a row touches an area; it relies on the GIN index on `district_codes`."""
    if area.is_region:
        return "true"
    within = "district_codes && CAST(:districts AS text[])"
    return f"{within} AND village_codes @> ARRAY[CAST(:code AS text)]" if area.level == "village" else within


def _districts(area: Area) -> list[str]:
    """Return the codes of the districts that an area is, or lies in."""
    return list(area.districts) or [area.code[:DISTRICT]]


def _source(layer: str, columns: Sequence[str], as_of: datetime | None) -> str:
    """Return what to select from: a layer now, which alone can use its indexes fully, or as it was recorded."""
    return f"layers.{layer}" if as_of is None else as_of_source(layer, columns, ":as_of")


def _population(as_of: datetime | None) -> str:
    return recorded("population", as_of, columns=POPULATION).replace("app.", "layers.")


def _small_count() -> str:
    """Return the SQL of the number below which people are not shown, as in force today; NULL without the rule."""
    return f"""(
        SELECT value #>> '{{}}' FROM app.rules WHERE code = '{SMALL_COUNT}' AND in_force_from <= app.today()
            AND (in_force_until IS NULL OR in_force_until >= app.today()) ORDER BY in_force_from DESC LIMIT 1
    )"""


def whole(people: People | None, small: int) -> Any:
    """Return the number of residents, None when it is unknown or too small to be shown."""
    return None if people is None or people.persons < small else people.persons
