"""Read the register of projects, in the public's role and as of any moment."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Numeric,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    text,
    true,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.errors import InvalidRequest
from app.ogc.queries import GEOMETRY
from app.projects.filters import KM_PER_DEGREE, ProjectFilter, value_bounds
from app.recorded import recorded
from app.search.words import forgive_misspelling, is_code, read_words, word_condition
from layers.catalogue import built_in_catalogue
from layers.history import layer_rows
from layers.search import KEPT, search_expression

FIELDS = tuple(field.name for field in built_in_catalogue().layer("projects").fields_for("public"))
ROW_COLUMNS = ("id", "district_codes", "village_codes", "demo", "geom", "geom_3857", "anchor_3857", KEPT)
COORDINATE_DECIMALS = 6  # 0.1 m, finer than any survey of works
REGENCY_LENGTH = len("16.05")  # of the kode wilayah, with which those of its districts begin

# What a list may be sorted by, and how its cursor is read back from an address.
SORTS: Mapping[str, Callable[[str], Any]] = {
    "year": int,
    "start_date": date.fromisoformat,
    "code": str,
    "name": str,
    "ceiling_idr": Decimal,
    "contract_value_idr": Decimal,
    "physical_percent": float,
    "deviation_points": float,
    "distance_m": int,  # from `near`, without which there is none
}
DEFAULT_SORT = "-year"

# What lists are narrowed by, with the number of packages beside each choice; and what counting them reads of a package.
FACETS = ("stage", "year", "sector", "district")
ALL_FACETS = (*FACETS, "village", "status", "fund", "unit", "value")
COUNTED = (
    *("id", "stage", "status", "sector", "delay", "year", "district_codes", "village_codes", "fund_source"),
    *("ceiling_idr", "contract_value_idr"),
)
MILLION, BILLION = 10**6, 10**9
# Ranges of value that are offered, in rupiah: up to where a supplier may be appointed, and as districts speak of works.
VALUE_RANGES = (
    f"-{200 * MILLION}",
    f"{200 * MILLION}-{BILLION}",
    f"{BILLION}-{5 * BILLION}",
    f"{5 * BILLION}-{15 * BILLION}",
    f"{15 * BILLION}-",
)
LEAST_COSINE = 0.01  # of a latitude: at the poles every meridian is near
BETWEEN_FUNDS = ", "  # in the text of a package with several
GREATEST_NUMBER = 2**63 - 1  # the database compares years and rupiah up to there

# Not yet begun: where no progress is recorded, nothing has been built. Given up: no part of the work of its year.
NOT_BEGUN = ("planned", "announced", "tender", "contract")
GIVEN_UP = ("cancelled", "failed_tender")


LOCATION_COLUMNS = "id, project_id, kind, accuracy_m, geom"
LOCATIONS = "app.project_location"
PAST_LOCATIONS = f"""(
    SELECT {LOCATION_COLUMNS} FROM app.project_location WHERE valid_from <= :as_of
    UNION ALL
    SELECT {LOCATION_COLUMNS} FROM history.project_location WHERE valid_from <= :as_of AND valid_to > :as_of
)"""


@dataclass(frozen=True)
class ProjectRow:
    """One package as the public may read it. Money in rupiah, progress in percent, deviation in percentage points."""

    id: int
    code: str
    name: str
    sector: str
    year: int
    status: str
    stage: str
    delay: str
    ceiling_idr: Decimal | None
    contract_value_idr: Decimal | None
    contractor: str | None
    fund_source: str | None
    planned_percent: float | None
    physical_percent: float | None
    deviation_points: float | None
    progress_date: date | None
    start_date: date | None
    end_date: date | None
    paid_idr: Decimal | None
    this_year_ceiling_idr: Decimal | None
    district_codes: list[str]
    village_codes: list[str]
    demo: bool
    lon: float | None  # a point of the works, EPSG:4326; None while they have no location
    lat: float | None
    distance_m: int | None = None  # from the position that was asked about


@dataclass(frozen=True)
class ProjectPage:
    """A part of a list: its rows, how many there are in all, and the cursor of the next part."""

    rows: list[ProjectRow]
    total: int
    next: str | None


@dataclass(frozen=True)
class KeyFigures:
    """
    What a list of projects amounts to.

    `weighted_physical` is percent, weighted by the ceiling (never the plain mean); None when nothing has a weight.
    """

    packages: int
    contract_value_idr: Decimal
    weighted_physical: float | None
    late: int


@dataclass(frozen=True)
class Location:
    """A place of a package: planned, contracted or built; GeoJSON geometry in EPSG:4326."""

    kind: Literal["planned", "contracted", "built"]
    geometry: dict[str, Any]
    accuracy_m: float | None


def list_projects(
    session: Session,
    criteria: ProjectFilter,
    *,
    limit: int,
    after: str | None = None,
    sort: str = DEFAULT_SORT,
) -> ProjectPage:
    """
    Return a part of the list of projects.

    Parameters
    ----------
    session
        Of the public's role.
    limit
        Greatest number of rows, 1 or more.
    after
        The cursor that the part before gave.
    sort
        A key of `SORTS`, with `-` before it for descending; rows without a value come last, ties in the order of codes.

    Raises
    ------
    InvalidRequest
        When cursor or sort are not ours.
    """
    field, descending = read_sort(sort)
    forgive_misspelling(session, criteria.q)
    projects = project_source(criteria)
    distance = _distance_m(criteria)
    if field == "distance_m" and distance is None:
        raise InvalidRequest("Urutan jarak memerlukan near.", "Sorting by distance needs near.")
    column = distance if field == "distance_m" and distance is not None else projects.c[field]
    code = projects.c.code
    distances = [] if distance is None else [distance.label("distance_m")]
    statement = (
        select(*(projects.c[name] for name in FIELDS), *_row_columns(projects), *distances)
        .where(matches(projects, criteria))
        .order_by((column.desc() if descending else column).nulls_last(), code)
        .limit(limit + 1)
    )
    if after is not None:
        value, last_code = read_cursor(after, field)
        statement = statement.where(_is_after(column, code, value, last_code, descending=descending))
    found = [ProjectRow(**row) for row in session.execute(statement).mappings()]
    rows = found[:limit]
    return ProjectPage(
        rows=rows,
        total=session.scalar(select(func.count()).select_from(projects).where(matches(projects, criteria))) or 0,
        next=write_cursor(rows[-1], field) if len(found) > limit else None,
    )


def get_project(session: Session, code: str, criteria: ProjectFilter) -> ProjectRow | None:
    """Return the package of this code (at the moment of `criteria.as_of`), or None."""
    if "\0" in code:  # which the database cannot even be asked
        return None
    projects = project_source(criteria)
    statement = select(*(projects.c[name] for name in FIELDS), *_row_columns(projects)).where(projects.c.code == code)
    row = session.execute(statement).mappings().one_or_none()
    return ProjectRow(**row) if row else None


def read_projects(session: Session, ids: Collection[int], criteria: ProjectFilter, *, limit: int) -> list[ProjectRow]:
    """Return those of these packages that the criteria let through, the newest first, then by code."""
    projects = project_source(criteria)
    statement = (
        select(*(projects.c[name] for name in FIELDS), *_row_columns(projects))
        .where(projects.c.id == func.any(cast(list(ids), ARRAY(BigInteger))), matches(projects, criteria))
        .order_by(projects.c.year.desc(), projects.c.code)
        .limit(limit)
    )
    return [ProjectRow(**row) for row in session.execute(statement).mappings()]


def project_geometries(session: Session, ids: Collection[int], criteria: ProjectFilter) -> dict[int, dict[str, Any]]:
    """Return GeoJSON geometries (EPSG:4326) by project id; those without a location are missing."""
    projects = project_source(criteria)
    statement = select(projects.c.id, func.ST_AsGeoJSON(literal_column(GEOMETRY["any"]), COORDINATE_DECIMALS)).where(
        projects.c.id == func.any(cast(list(ids), ARRAY(BigInteger))), projects.c.geom.is_not(None)
    )
    return {identifier: json.loads(geometry) for identifier, geometry in session.execute(statement)}


def read_locations(session: Session, project_id: int, as_of: datetime | None = None) -> list[Location]:
    """Return where a package is planned, contracted and built, in this order; empty when nothing is known."""
    source = LOCATIONS if as_of is None else PAST_LOCATIONS
    geometry = f"ST_AsGeoJSON({GEOMETRY['any']}, {COORDINATE_DECIMALS})::json"
    statement = text(
        f"SELECT kind, accuracy_m, {geometry} AS geometry FROM {source} AS location WHERE project_id = :project"
        " ORDER BY array_position(ARRAY['planned', 'contracted', 'built'], kind), id"
    )
    rows = session.execute(statement, {"project": project_id, "as_of": as_of}).mappings()
    return [Location(**row) for row in rows]


def count_by(session: Session, criteria: ProjectFilter, field: str) -> dict[Any, int]:
    """
    Count the projects by the values of `stage`, `status`, `sector`, `year` or `district`.

    The field's own criterion is left aside, so that the other values can still be chosen.
    """
    return count_facets(session, criteria, (field,))[field]


def count_facets(
    session: Session, criteria: ProjectFilter, facets: Collection[str] = FACETS
) -> dict[str, dict[Any, int]]:
    """
    Count the projects by several fields in one query; each leaves its own criterion aside.

    A package in two districts counts in both. Years are the newest first, other values the most frequent first.
    """
    forgive_misspelling(session, criteria.q)
    projects = project_source(criteria)
    kept = criteria.without(*facets)
    columns = [projects.c[name] for name in COUNTED]
    if "unit" in facets:
        columns.append(_unit_id(criteria.as_of).label("unit_id"))
    base = select(*columns).where(matches(projects, kept)).cte("base")
    parts = []
    for facet in facets:
        column = _facet_column(base, facet)
        others = criteria.without(facet, "q", "bbox", "near")
        parts.append(
            select(literal(facet).label("facet"), cast(column, Text).label("value"), func.count().label("count_"))
            .where(matches(base, others))
            .group_by(literal_column("2"))
        )
    counts: dict[str, dict[Any, int]] = {facet: {} for facet in facets}
    rows: list[tuple[str, str, int]] = [
        (row.facet, row.value, row.count_) for row in session.execute(union_all(*parts))
    ]
    known = [row for row in rows if row[1] is not None]  # of a fund source or unit that is not recorded: no choice
    for facet, value, number in sorted(known, key=lambda row: (-row[2], row[1])):
        counts[facet][int(value) if facet in {"year", "unit"} else value] = number
    if "year" in counts:
        counts["year"] = dict(sorted(counts["year"].items(), reverse=True))
    return counts


def key_figures(session: Session, criteria: ProjectFilter) -> KeyFigures:
    """
    Sum up the projects of a list.

    Progress is weighted by this year's ceiling. A package that has not begun counts as 0 %; one that was given up, or
    that runs without any recorded progress, counts on neither side.
    """
    forgive_misspelling(session, criteria.q)
    projects = project_source(criteria)
    row = session.execute(select(*figure_columns(projects)).where(matches(projects, criteria))).one()
    return read_key_figures(row)


def key_figures_by_area(session: Session, criteria: ProjectFilter, codes: Collection[str]) -> dict[str, KeyFigures]:
    """
    Sum up the projects of a list by area: regency, district or village; see `key_figures`.

    A package that touches two areas counts in both; an area without any is missing.
    """
    projects = project_source(criteria)
    columns = projects.c
    district = func.unnest(columns.district_codes)
    touched = (district, func.left(district, REGENCY_LENGTH), func.unnest(columns.village_codes))
    area = union(*(select(code.label("code")).correlate(projects) for code in touched)).lateral("area")
    statement = (
        select(area.c.code.label("group_"), *figure_columns(projects))
        .select_from(projects.join(area, true()))
        .where(matches(projects, criteria), area.c.code == func.any(cast(list(codes), ARRAY(Text))))
        .group_by(area.c.code)
    )
    return {row.group_: read_key_figures(row) for row in session.execute(statement)}


def key_figures_by_year(
    session: Session, criteria: ProjectFilter, ids: Collection[int] | None = None
) -> dict[int, KeyFigures]:
    """Sum up the projects of a list, or those of them with these ids, by fiscal year, the newest first."""
    projects = project_source(criteria)
    year = projects.c.year
    chosen = true() if ids is None else projects.c.id == func.any(cast(list(ids), ARRAY(BigInteger)))
    statement = (
        select(year.label("group_"), *figure_columns(projects))
        .where(matches(projects, criteria), chosen)
        .group_by(year)
        .order_by(year.desc())
    )
    return {row.group_: read_key_figures(row) for row in session.execute(statement)}


def figure_columns(projects: FromClause) -> list[ColumnElement[Any]]:
    """Return the sums of key figures, over all rows of a list or over each group of them."""
    physical = func.coalesce(projects.c.physical_percent, _zero_when_not_begun(projects))
    weight = func.coalesce(projects.c.this_year_ceiling_idr, projects.c.ceiling_idr)
    weighs = and_(physical.is_not(None), weight.is_not(None), projects.c.status.not_in(GIVEN_UP))
    weights = func.sum(weight).filter(weighs)
    done = func.sum(cast(physical, Numeric) * weight).filter(weighs)
    return [
        func.count().label("packages"),
        func.coalesce(func.sum(projects.c.contract_value_idr), 0).label("contract_value_idr"),
        (done / func.nullif(weights, 0)).label("weighted"),
        func.count().filter(projects.c.delay != "none").label("late"),
    ]


def read_key_figures(row: Any) -> KeyFigures:
    """Return the key figures of a row that `figure_columns` asked for."""
    return KeyFigures(
        packages=row.packages,
        contract_value_idr=Decimal(row.contract_value_idr),
        weighted_physical=None if row.weighted is None else float(row.weighted),
        late=row.late,
    )


def project_source(criteria: ProjectFilter) -> FromClause:
    """Return the register to select from, now or as of the moment of the criteria; it is called `projects`."""
    return layer_rows("projects", (*FIELDS, *ROW_COLUMNS), criteria.as_of)


def matches(projects: FromClause, criteria: ProjectFilter) -> ColumnElement[bool]:
    """
    Return the condition that the criteria put on the register.

    The text relies on `projects_search_idx`, the box on `project_geom_idx`, districts on `project_district_codes_idx`.
    """
    columns = projects.c
    conditions: list[ColumnElement[bool]] = [true()]
    for name in ("stage", "status", "sector", "delay", "year"):
        if values := getattr(criteria, name):
            conditions.append(columns[name].in_(values))
    for name, codes in (("district_codes", criteria.district), ("village_codes", criteria.village)):
        if codes:
            conditions.append(columns[name].op("&&")(cast(list(codes), ARRAY(Text))))
    if criteria.fund:
        conditions.append(_funds(columns).op("&&")(cast(list(criteria.fund), ARRAY(Text))))
    if criteria.unit:
        conditions.append(_of_units(columns.id, criteria.unit, criteria.as_of))
    if criteria.value:
        conditions.append(or_(*(_in_range(columns, value) for value in criteria.value)))
    if criteria.near is not None:
        conditions.append(_is_near(criteria))
    if criteria.bbox is not None:
        conditions.append(func.ST_Intersects(_untyped(projects, "geom"), func.ST_MakeEnvelope(*criteria.bbox, 4326)))
    if criteria.q:
        conditions.append(_text_matches(criteria.q, criteria.as_of))
    return and_(*conditions)


def read_sort(sort: str) -> tuple[str, bool]:
    """Return the field to sort by and whether the greatest comes first; `InvalidRequest` for an unknown one."""
    field = sort.removeprefix("-")
    if field not in SORTS:
        known = ", ".join(SORTS)
        raise InvalidRequest(
            f"sort={sort[:40]} tidak dikenal. Pilih dari: {known}; tanda - di depan membalik urutan.",
            f"sort={sort[:40]} is unknown. Choose from: {known}; a - before it turns the order.",
        )
    return field, sort.startswith("-")


def write_cursor(row: ProjectRow, field: str) -> str:
    """Return the opaque text that stands for the place after a row in a list sorted by `field`."""
    value = getattr(row, field)
    content = json.dumps([None if value is None else str(value), row.code], ensure_ascii=False)
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def read_cursor(after: str, field: str) -> tuple[Any, str]:
    """
    Return the value of the sort field and the code that a cursor stands for.

    Raises
    ------
    InvalidRequest
        When the cursor is not one that `write_cursor` made for this field.
    """
    try:
        written, code = json.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
        value: Any = None if written is None else SORTS[field](written)
        if "\0" in code + str(value) or not _is_comparable(value):
            raise ValueError(after)
    except (ValueError, TypeError, InvalidOperation, RecursionError):
        raise InvalidRequest(
            "Alamat halaman berikutnya (after) tidak dikenal. Mulai lagi dari awal daftar.",
            "The address of the next part (after) is unknown. Start again from the beginning of the list.",
        ) from None
    return value, code


def _is_comparable(value: Any) -> bool:
    """Tell whether the database can compare a value with a column."""
    return value is None or isinstance(value, str | date) or (math.isfinite(value) and abs(value) <= GREATEST_NUMBER)


def _is_after(
    column: ColumnElement[Any], code: ColumnElement[str], value: Any, last_code: str, *, descending: bool
) -> ColumnElement[bool]:
    """Return the condition that a row comes after the one with this value and code; rows without a value come last."""
    if value is None:
        return and_(column.is_(None), code > last_code)
    beyond = column < value if descending else column > value
    return or_(beyond, column.is_(None), and_(column == value, code > last_code))


def _text_matches(q: str, as_of: datetime | None) -> ColumnElement[bool]:
    """
    Every word stands in name, code or contractor, or is spelled nearly like one that does; or in a contract's number.

    Numbers rely on `contract_number_search_idx`.
    """
    words = {f"word{number}": word for number, word in enumerate(read_words(q))}
    if not words:
        return false()
    searched = search_expression(built_in_catalogue().layer("projects"), "projects")
    conditions = " AND ".join(
        word_condition(searched, name, len(word), exact=is_code(word)) for name, word in words.items()
    )
    if any(is_code(word) for word in words.values()):
        contracts = recorded("contract", as_of, columns="project_id, number, valid_from", parameter=":number_as_of")
        numbers = " AND ".join(
            word_condition("app.fold(c.number)", name, len(word), exact=True) for name, word in words.items()
        )
        conditions = f"({conditions}) OR projects.id IN (SELECT c.project_id FROM {contracts} c WHERE {numbers})"
    moment = {"number_as_of": as_of} if ":number_as_of" in conditions else {}
    return and_(text(f"({conditions})").bindparams(**words, **moment))


def _facet_column(base: FromClause, facet: str) -> ColumnElement[Any]:
    """Return what a facet counts by: a column, or each of the several that a package has."""
    columns = base.c
    match facet:
        case "district":
            return func.unnest(columns.district_codes)
        case "village":
            return func.unnest(columns.village_codes)
        case "fund":
            return func.unnest(_funds(columns))
        case "unit":
            return columns.unit_id
        case "value":
            return case(*((_in_range(columns, value), value) for value in VALUE_RANGES), else_=null())
    return columns[facet]


def _funds(columns: Any) -> ColumnElement[Any]:
    return func.string_to_array(columns.fund_source, BETWEEN_FUNDS)


def _in_range(columns: Any, value: str) -> ColumnElement[bool]:
    """Return whether a package's value, of its contract or else its ceiling, lies in a range."""
    low, high = value_bounds(value)
    worth = func.coalesce(columns.contract_value_idr, columns.ceiling_idr)
    ends = [worth >= low] if low is not None else [worth.is_not(None)]
    return and_(*ends, *([worth < high] if high is not None else []))


def _unit_id(as_of: datetime | None) -> ColumnElement[Any]:
    """Return the unit of a row of the register, at the moment."""
    packages = recorded("project", as_of, columns="id, unit_id, valid_from", parameter=":unit_as_of")
    moment = {"unit_as_of": as_of} if as_of else {}
    statement = f"SELECT package.unit_id FROM {packages} package WHERE package.id = projects.id"
    return text(statement).bindparams(**moment).columns(unit_id=BigInteger).scalar_subquery()


def _of_units(identifier: ColumnElement[Any], units: Collection[int], as_of: datetime | None) -> ColumnElement[bool]:
    """Return whether a package belongs to one of the units, or to a part of one; relies on `project_unit_idx`."""
    packages = recorded("project", as_of, columns="id, unit_id, valid_from", parameter=":units_as_of")
    statement = f"""
        SELECT package.id FROM {packages} package JOIN app.unit ON unit.id = package.unit_id
        WHERE unit.id = ANY (:units) OR unit.parent_id = ANY (:units)
    """
    moment = {"units_as_of": as_of} if as_of else {}
    found = text(statement).bindparams(units=list(units), **moment).columns(id=BigInteger)
    return identifier.in_(select(found.subquery().c.id))


def _is_near(criteria: ProjectFilter) -> ColumnElement[bool]:
    """Return whether works lie within the radius; the box around it relies on `project_geom_idx`."""
    lon, lat = criteria.near or (0.0, 0.0)
    reach_deg = criteria.radius / KM_PER_DEGREE / max(math.cos(math.radians(lat)), LEAST_COSINE)
    here = func.ST_SetSRID(func.ST_MakePoint(lon, lat), 4326)
    within_box = literal_column("projects.geom").op("&&")(func.ST_Expand(here, reach_deg))
    distance = _distance_m(criteria)
    return within_box if distance is None else and_(within_box, distance <= criteria.radius * 1000)


def _distance_m(criteria: ProjectFilter) -> ColumnElement[Any] | None:
    """Return how far (whole metres) works lie from the position that was asked about; None without one."""
    if criteria.near is None:
        return None
    here = func.geography(func.ST_SetSRID(func.ST_MakePoint(*criteria.near), 4326))
    works: ColumnElement[Any] = literal_column("geography(projects.geom)")
    return cast(func.round(func.ST_Distance(works, here)), BigInteger)


def _zero_when_not_begun(projects: FromClause) -> ColumnElement[Any]:
    return case((projects.c.status.in_(NOT_BEGUN), 0.0), else_=null())


def _row_columns(projects: FromClause) -> list[ColumnElement[Any]]:
    point = func.ST_Transform(_untyped(projects, "anchor_3857"), 4326)
    return [
        projects.c.id,
        func.coalesce(projects.c.district_codes, cast([], ARRAY(Text))).label("district_codes"),
        func.coalesce(projects.c.village_codes, cast([], ARRAY(Text))).label("village_codes"),
        projects.c.demo,
        func.ST_X(point).label("lon"),
        func.ST_Y(point).label("lat"),
    ]


def _untyped(projects: FromClause, column: str) -> ColumnElement[Any]:
    """Return a geometry column as it is: GeoAlchemy would turn it into text for Python."""
    return literal_column(f'projects."{column}"')
