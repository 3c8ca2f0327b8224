"""Read the staff register: a page of rows, what they amount to, and what can be chosen; all in SQL, at any moment."""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.errors import InvalidRequest
from app.packages.register_columns import COLUMNS, DEFAULT_SORT, Column, cursor_type, read_sort
from app.packages.register_filter import RegisterFilter
from app.projects.queries import GIVEN_UP, NOT_BEGUN
from app.recorded import recorded
from app.search.words import forgive_misspelling, is_code, read_words, word_condition

GREATEST_NUMBER = 2**63 - 1
MOST_COMPANIES = 500  # that the filter offers; the text finds the others

PACKAGE_COLUMNS = (
    "id, code, name, sector, year, status, is_late, ceiling_idr, this_year_ceiling_idr, owner_estimate_idr,"
    " contract_value_idr, paid_idr, fund_source, planned_percent, physical_percent, progress_date, start_date,"
    " end_date, forecast_finish, extra_time_until, maintenance_until, contractor, company_id, unit_id, programme_id,"
    " rup_code, tender_code, selection_method, ppk_id, officer_id, volume, volume_unit, critical_state, critical_case,"
    " district_codes, village_codes, geom IS NOT NULL AS is_located"
)
PAST_SEARCH_TEXT = (
    "app.fold(name || ' ' || code || ' ' || coalesce(contractor, '') || ' ' || coalesce(rup_code, '')) AS search_text"
)
COMPARED_COLUMNS = (
    "id, status, ceiling_idr, this_year_ceiling_idr, owner_estimate_idr, contract_value_idr, paid_idr, planned_percent,"
    " physical_percent"
)
JOINS = """
    LEFT JOIN app.unit u ON u.id = p.unit_id
    LEFT JOIN app.programme g ON g.id = p.programme_id
    LEFT JOIN app.account k ON k.id = p.ppk_id
    LEFT JOIN app.account f ON f.id = p.officer_id
"""

SUBTREE = """{column} IN (
    WITH RECURSIVE below(id) AS (
        SELECT id FROM app.{table} WHERE id = ANY (:{parameter})
        UNION SELECT t.id FROM app.{table} t JOIN below ON t.parent_id = below.id
    ) SELECT id FROM below)"""

Scope = tuple[str, Mapping[str, Any]]
"""SQL condition on rows `p`, and its parameters: what `app.auth.permissions.scope_condition` returns."""


@dataclass(frozen=True)
class Question:
    """What is asked of the register: the filter, whose packages, on which day, and when data is stale."""

    criteria: RegisterFilter
    scope: Scope
    today: dt.date
    stale_days: int


@dataclass(frozen=True)
class Package:
    """A row: its values by column, and, beside an earlier moment, how much they have changed since."""

    id: int
    code: str
    name: str
    status: str
    stage: str
    critical_state: str
    critical_case: str | None
    planned_percent: float | None
    physical_percent: float | None
    is_stale: bool
    is_located: bool
    is_new: bool  # not recorded yet at the earlier moment
    values: Mapping[str, Any]
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class PackagePage:
    """A part of the register and the cursor of the next."""

    rows: list[Package]
    next: str | None


@dataclass(frozen=True)
class Totals:
    """
    What packages amount to. Money in rupiah; `weighted_physical` in percent, None when nothing has a weight.

    `before` is the same packages at the earlier moment, when there is one.
    """

    packages: int
    ceiling_idr: Decimal
    this_year_ceiling_idr: Decimal
    owner_estimate_idr: Decimal
    contract_value_idr: Decimal
    paid_idr: Decimal
    weighted_planned: float | None
    weighted_physical: float | None
    late: int
    indicated: int
    declared: int
    stale: int
    not_located: int
    before: Totals | None = None

    @property
    def critical(self) -> int:
        """How many have an open case, indicated or declared."""
        return self.indicated + self.declared

    @property
    def weighted_deviation(self) -> float | None:
        """Weighted actual less weighted plan, in percentage points."""
        if self.weighted_physical is None or self.weighted_planned is None:
            return None
        return self.weighted_physical - self.weighted_planned


def list_packages(
    session: Session,
    question: Question,
    columns: Sequence[str],
    *,
    sort: str = DEFAULT_SORT,
    limit: int | None,
    after: str | None = None,
) -> PackagePage:
    """
    Return a part of the register.

    Parameters
    ----------
    columns
        Keys of the columns whose values are wanted.
    sort
        A column's key, with `-` before it for descending; packages without a value come last, ties by code.
    limit
        Greatest number of rows; None for all.
    after
        The cursor that the part before gave.

    Raises
    ------
    InvalidRequest
        When cursor or sort are not ours.
    """
    column, descending = read_sort(sort)
    wanted = [COLUMNS[key] for key in columns]
    compares = question.criteria.compare is not None
    changing = [one for one in wanted if one.changes] if compares else []
    selected = [f"{one.value_sql()} AS v_{one.key}" for one in wanted]
    selected += [f"{one.value_sql()} - {one.value_sql('o')} AS c_{one.key}" for one in changing]
    conditions, parameters = where(question)
    order = column.order_sql
    if after is not None:
        condition, more = _after_condition(after, column, descending=descending)
        conditions.append(condition)
        parameters |= more
    statement = f"""
        SELECT p.id, p.code, p.name, p.status, app.stage(p.status, p.is_late) AS stage, p.critical_state,
            p.critical_case, p.planned_percent, p.physical_percent, {stale_sql()} AS is_stale, p.is_located,
            {"o.id IS NULL" if compares else "false"} AS is_new, ({order})::text AS cursor_value,
            {", ".join(selected)}
        FROM {source(question.criteria)} p {compared(question.criteria)} {JOINS}
        WHERE {" AND ".join(conditions)}
        ORDER BY {order} {"DESC" if descending else "ASC"} NULLS LAST, p.code
        {"" if limit is None else "LIMIT :limit"}
    """
    forgive_misspelling(session, question.criteria.q)
    found = (
        session.execute(text(statement), parameters | ({} if limit is None else {"limit": limit + 1})).mappings().all()
    )
    shown = found if limit is None else found[:limit]
    rows = [_package(row, wanted, changing) for row in shown]
    is_cut = limit is not None and len(found) > limit
    return PackagePage(rows, _write_cursor(shown[-1]["cursor_value"], shown[-1]["code"]) if is_cut else None)


def read_totals(session: Session, question: Question) -> Totals:
    """
    Sum up the packages of a list.

    Progress is weighted by this year's share of the ceiling, never the plain mean. A package that has not begun counts
    as 0 %; one that was given up, or that runs without any recorded progress, counts on neither side.
    """
    conditions, parameters = where(question)
    compares = question.criteria.compare is not None
    statement = f"""
        SELECT count(*) AS packages, {sums_sql("p")},
            count(*) FILTER (WHERE p.is_late) AS late,
            count(*) FILTER (WHERE p.critical_state = 'indicated') AS indicated,
            count(*) FILTER (WHERE p.critical_state = 'declared') AS declared,
            count(*) FILTER (WHERE {stale_sql()}) AS stale,
            count(*) FILTER (WHERE NOT p.is_located) AS not_located
            {", count(o.id) AS o_packages, " + sums_sql("o", "o_") if compares else ""}
        FROM {source(question.criteria)} p {compared(question.criteria)}
        WHERE {" AND ".join(conditions)}
    """
    forgive_misspelling(session, question.criteria.q)
    row = session.execute(text(statement), parameters).mappings().one()
    before = None
    if compares:
        uncounted: dict[str, Any] = dict.fromkeys(("late", "indicated", "declared", "stale", "not_located"), 0)
        before = Totals(packages=row["o_packages"], **_sums(row, "o_"), **uncounted)
    counts = {name: row[name] for name in ("packages", "late", "indicated", "declared", "stale", "not_located")}
    return Totals(**counts, **_sums(row), before=before)


def read_choices(session: Session, account_id: int, page: str) -> dict[str, Any]:
    """
    Return what the filter offers, and the account's saved views of a page, in one query.

    Units and programmes come as `[id, name, depth]` in the order of their tree; companies and people as `[id, name]`.
    """
    statement = """
        WITH RECURSIVE units AS (
            SELECT id, name, 0 AS depth, ARRAY[code] AS path FROM app.unit WHERE parent_id IS NULL
            UNION ALL SELECT u.id, u.name, depth + 1, path || u.code
            FROM app.unit u JOIN units ON u.parent_id = units.id
        ), programmes AS (
            SELECT id, code || ' ' || name AS name, 0 AS depth, ARRAY[code, version] AS path
            FROM app.programme WHERE parent_id IS NULL
            UNION ALL SELECT g.id, g.code || ' ' || g.name, depth + 1, path || g.code
            FROM app.programme g JOIN programmes ON g.parent_id = programmes.id
        )
        SELECT
            (SELECT json_agg(json_build_array(id, name, depth) ORDER BY path) FROM units) AS units,
            (SELECT json_agg(json_build_array(id, name, depth) ORDER BY path) FROM programmes) AS programmes,
            (SELECT json_agg(source ORDER BY source) FROM (
                SELECT DISTINCT unnest(string_to_array(fund_source, ', ')) AS source
                FROM (SELECT DISTINCT fund_source FROM app.project) s) one) AS sources,
            (SELECT json_agg(year ORDER BY year DESC) FROM (SELECT DISTINCT year FROM app.project) one) AS years,
            (SELECT json_agg(json_build_array(code, name) ORDER BY name, code) FROM layers.districts) AS districts,
            (SELECT json_agg(json_build_array(id, name) ORDER BY name, id) FROM (
                SELECT id, name FROM app.company c WHERE EXISTS (SELECT FROM app.project p WHERE p.company_id = c.id)
                ORDER BY name LIMIT :companies) one) AS companies,
            (SELECT json_agg(json_build_array(id, name) ORDER BY name, id) FROM (
                SELECT id, coalesce(name, email) AS name FROM app.account
                WHERE id IN (SELECT ppk_id FROM app.project)) one) AS people,
            (SELECT json_agg(json_build_array(id, name, query) ORDER BY name) FROM app.saved_view
                WHERE account_id = :account AND page = :page) AS saved
    """
    values = {"companies": MOST_COMPANIES, "account": account_id, "page": page}
    row = session.execute(text(statement), values).mappings().one()
    return {name: value or [] for name, value in row.items()}


def source(criteria: RegisterFilter) -> str:
    """Return the register to select from as `p`, now (where indexes serve) or at the moment of the filter."""
    if criteria.as_of is None:
        return f"(SELECT {PACKAGE_COLUMNS}, {_contract_paid('NULL')}, search_text FROM app.project)"
    columns = f"{PACKAGE_COLUMNS}, {_contract_paid(':as_of')}, {PAST_SEARCH_TEXT}"
    return recorded("project", criteria.as_of, columns=columns)


def compared(criteria: RegisterFilter) -> str:
    """Return the join of the same packages as `o` at the earlier moment; nothing without one."""
    if criteria.compare is None:
        return ""
    columns = f"{COMPARED_COLUMNS}, {_contract_paid(':compare')}"
    then = recorded("project", criteria.compare, columns=columns, parameter=":compare")
    return f"LEFT JOIN {then} o ON o.id = p.id"


def where(question: Question) -> tuple[list[str], dict[str, Any]]:
    """
    Return the conditions on rows `p`, and the parameters of the statement.

    The text relies on `projects_search_idx`, districts on `project_district_codes_idx`, units and programmes on
    their own indexes.
    """
    criteria = question.criteria
    scope, scope_values = question.scope
    parameters: dict[str, Any] = {**scope_values, "today": question.today, "stale_days": question.stale_days}
    parameters |= {"not_begun": list(NOT_BEGUN), "given_up": list(GIVEN_UP)}
    parameters |= {"as_of": criteria.as_of} if criteria.as_of is not None else {}
    parameters |= {"compare": criteria.compare} if criteria.compare is not None else {}
    conditions = [f"({scope})"]
    for name, sql in _LISTS.items():
        if values := getattr(criteria, name):
            conditions.append(sql)
            parameters[name] = list(values)
    for name, sql in _SIGNS.items():
        if getattr(criteria, name):
            conditions.append(sql)
    if criteria.located:
        conditions.append("p.is_located" if criteria.located == "yes" else "NOT p.is_located")
    for name, sign in (("amount_from", ">="), ("amount_to", "<=")):
        if (amount := getattr(criteria, name)) is not None:
            conditions.append(f"coalesce(p.contract_value_idr, p.ceiling_idr) {sign} :{name}")
            parameters[name] = amount
    if criteria.q:
        words = {f"word{number}": word for number, word in enumerate(read_words(criteria.q))}
        found = [word_condition("p.search_text", name, len(word), exact=is_code(word)) for name, word in words.items()]
        conditions += found or ["false"]
        parameters |= words
    return conditions, parameters


def stale_sql() -> str:
    """Return the SQL that a package runs, but its progress is older than the rule allows."""
    last_heard = "coalesce(p.progress_date, p.start_date)"
    return f"(p.status = 'construction' AND coalesce({last_heard} < :today - :stale_days, true))"


@dataclass(frozen=True)
class Measures:
    """SQL of weighted means over the rows under an alias: plan, actual, and how far the actual lies behind the plan."""

    planned: str
    physical: str
    lag: str
    weight: str


def measures_sql(alias: str) -> Measures:
    """
    Return the SQL of weighted progress: weights are this year's share of the ceiling.

    Plan and lag are taken over the packages that have both a plan and an actual.
    """
    physical = f"coalesce({alias}.physical_percent, CASE WHEN {alias}.status = ANY (:not_begun) THEN 0 END)"
    planned = f"coalesce({alias}.planned_percent, CASE WHEN {alias}.status = ANY (:not_begun) THEN 0 END)"
    weight = f"coalesce({alias}.this_year_ceiling_idr, {alias}.ceiling_idr)"
    counts = f"{alias}.status <> ALL (:given_up) AND {physical} IS NOT NULL"
    plans = f"{counts} AND {planned} IS NOT NULL"
    return Measures(
        planned=weighted_sql(planned, weight, plans),
        physical=weighted_sql(physical, weight, counts),
        lag=weighted_sql(f"({planned} - {physical})", weight, plans),
        weight=weight,
    )


def sums_sql(alias: str, prefix: str = "") -> str:
    """Return the SQL that sums up money and weighted progress of the rows under an alias."""
    measures = measures_sql(alias)
    money = ("ceiling_idr", "owner_estimate_idr", "contract_value_idr", "paid_idr")
    return ", ".join([
        *(f"coalesce(sum({alias}.{name}), 0) AS {prefix}{name}" for name in money),
        f"coalesce(sum({measures.weight}), 0) AS {prefix}this_year_ceiling_idr",
        f"{measures.physical} AS {prefix}weighted_physical",
        f"{measures.planned} AS {prefix}weighted_planned",
    ])  # fmt: skip


def weighted_sql(percent: str, weight: str, condition: str) -> str:
    """Return the SQL of a weighted mean over the rows that meet a condition; NULL when nothing has a weight."""
    done = f"sum({percent}::numeric * {weight}) FILTER (WHERE {condition})"
    return f"({done} / nullif(sum({weight}) FILTER (WHERE {condition}), 0))::double precision"


_LISTS = {
    "status": "p.status = ANY (:status)",
    "stage": "app.stage(p.status, p.is_late) = ANY (:stage)",
    "sector": "p.sector = ANY (:sector)",
    "critical": "p.critical_state = ANY (:critical)",
    "year": "p.year = ANY (:year)",
    "district": "p.district_codes && :district",
    "company": "p.company_id = ANY (:company)",
    "ppk": "p.ppk_id = ANY (:ppk)",
    "method": "p.selection_method = ANY (:method)",
    "source": "string_to_array(p.fund_source, ', ') && :source",
    "unit": SUBTREE.format(column="p.unit_id", table="unit", parameter="unit"),
    "programme": SUBTREE.format(column="p.programme_id", table="programme", parameter="programme"),
}
_SIGNS = {"late": "p.is_late", "stale": stale_sql()}


def _contract_paid(moment: str) -> str:
    """Return the column of what was paid under the contract that counts; it costs nothing where it is not read."""
    return f"app.contract_paid(id, {moment}) AS contract_paid_idr"


def _package(row: Mapping[Any, Any], wanted: Sequence[Column], changing: Sequence[Column]) -> Package:
    facts = {name: row[name] for name in Package.__annotations__ if name in row}
    values = {column.key: row[f"v_{column.key}"] for column in wanted}
    return Package(**facts, values=values, changes={column.key: row[f"c_{column.key}"] for column in changing})


def _sums(row: Mapping[Any, Any], prefix: str = "") -> dict[str, Any]:
    names = ("ceiling_idr", "this_year_ceiling_idr", "owner_estimate_idr", "contract_value_idr", "paid_idr")
    sums: dict[str, Any] = {name: Decimal(row[prefix + name]) for name in names}
    return sums | {name: row[prefix + name] for name in ("weighted_planned", "weighted_physical")}


def _write_cursor(value: str | None, code: str) -> str:
    """Return the opaque text that stands for the place after a row."""
    return base64.urlsafe_b64encode(json.dumps([value, code], ensure_ascii=False).encode()).decode().rstrip("=")


def _after_condition(after: str, column: Column, *, descending: bool) -> tuple[str, dict[str, Any]]:
    """
    Return the condition that a row comes after the one of a cursor; rows without a value come last.

    Raises
    ------
    InvalidRequest
        When the cursor is not one of a list sorted by this column.
    """
    read, database_type = cursor_type(column)
    try:
        written, code = json.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
        value: Any = None if written is None else read(written)
        if "\0" in code + str(value) or not _is_comparable(value):
            raise ValueError(after)
    except (ValueError, TypeError, InvalidOperation, RecursionError):
        raise InvalidRequest(
            "Alamat halaman berikutnya (after) tidak dikenal. Mulai lagi dari awal daftar.",
            "The address of the next part (after) is unknown. Start again from the beginning of the list.",
        ) from None
    order = column.order_sql
    if value is None:
        return f"({order} IS NULL AND p.code > :after_code)", {"after_code": code}
    typed = f"CAST(:after_value AS {database_type})"
    beyond = f"{order} {'<' if descending else '>'} {typed}"
    condition = f"({beyond} OR {order} IS NULL OR ({order} = {typed} AND p.code > :after_code))"
    return condition, {"after_value": value, "after_code": code}


def _is_comparable(value: Any) -> bool:
    """Tell whether the database can compare a value with a column."""
    return value is None or isinstance(value, str | dt.date) or (math.isfinite(value) and abs(value) <= GREATEST_NUMBER)
