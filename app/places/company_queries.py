"""What pages of contractors read: names of companies and the packages of their contracts, nothing else of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.recorded import recorded
from layers.history import as_of_source

CONTRACT = "id, project_id, kind, number, signed_on, company_id, supervisor_id, value_idr, state, valid_from"
COMPANY = "id, name, demo, valid_from"
MOST_CONTRACTS = 2_000  # of one company
LARGEST_ID = 2**63 - 1

Role = Literal["contractor", "supervisor"]


@dataclass(frozen=True)
class Company:
    """A company with contracts, as the list shows it."""

    id: int
    name: str
    packages: int
    contract_value_idr: Decimal
    late: int
    last_year: int


@dataclass(frozen=True)
class Held:
    """
    A package of a company.

    `is_current`: its contract is the one whose value and progress the package shows; else it has ended, and `value_idr`
    is that of the contract as it was signed.
    """

    project_id: int
    role: Role
    is_current: bool
    number: str
    signed_on: date
    value_idr: Decimal
    state: str


def list_companies(
    session: Session, words: Sequence[str] = (), *, limit: int, after: str = "", as_of: datetime | None = None
) -> tuple[list[Company], int, str | None]:
    """Return a part of the list of contractors by name, how many there are, and the cursor of the next part."""
    found = " AND ".join(f"strpos(app.fold(m.name), app.fold(:word{number})) > 0" for number in range(len(words)))
    rows = session.execute(
        text(f"""
            WITH {_held(as_of)}, listed AS (
                SELECT m.id, m.name, (m.name || chr(1) || m.id) COLLATE "C" AS place,
                    count(*) AS packages, max(p.year) AS last_year,
                    coalesce(sum(CASE WHEN held.is_current THEN coalesce(p.contract_value_idr, held.value_idr)
                        ELSE held.value_idr END), 0) AS contract_value_idr,
                    count(*) FILTER (WHERE held.is_current AND p.delay <> 'none') AS late
                FROM held JOIN {recorded("company", as_of, columns=COMPANY)} m ON m.id = held.company_id
                JOIN {_projects(as_of)} p ON p.id = held.project_id
                WHERE held.role = 'contractor'{f" AND {found}" if found else ""}
                GROUP BY m.id, m.name
            )
            SELECT *, (SELECT count(*) FROM listed) AS total FROM listed
            WHERE place > :after ORDER BY place LIMIT :limit
        """),
        {
            **{f"word{number}": word for number, word in enumerate(words)},
            "after": after,
            "limit": limit + 1,
            "as_of": as_of,
        },
    ).all()
    shown = rows[:limit]
    companies = [
        Company(row.id, row.name, row.packages, Decimal(row.contract_value_idr), row.late, row.last_year)
        for row in shown
    ]
    return companies, rows[0].total if rows else 0, shown[-1].place if len(rows) > limit else None


def read_company(
    session: Session, company_id: int, as_of: datetime | None = None
) -> tuple[str, tuple[Held, ...]] | None:
    """Return the name of a company and its packages; None when there is none, or it never had a contract."""
    if company_id > LARGEST_ID:
        return None
    rows = session.execute(
        text(f"""
            WITH {_held(as_of)}
            SELECT m.name, held.* FROM held
            JOIN {recorded("company", as_of, columns=COMPANY)} m ON m.id = held.company_id
            WHERE held.company_id = :company ORDER BY held.signed_on DESC, held.project_id LIMIT :limit
        """),
        {"company": company_id, "limit": MOST_CONTRACTS, "as_of": as_of},
    ).all()
    if not rows:
        return None
    held = tuple(
        Held(row.project_id, row.role, row.is_current, row.number, row.signed_on, row.value_idr, row.state)
        for row in rows
    )
    return rows[0].name, held


def _held(as_of: datetime | None) -> str:
    """Return the common table `held`: package and company with the newest contract between them, by role."""
    contracts = recorded("contract", as_of, columns=CONTRACT)
    return f"""
        contracts AS (
            SELECT c.*, row_number() OVER (
                PARTITION BY project_id ORDER BY state = 'running' DESC, signed_on DESC, id DESC
            ) = 1 AS is_current
            FROM (SELECT {CONTRACT} FROM {contracts} every) c
        ), parties AS (
            SELECT company_id, 'contractor' AS role, project_id, is_current, number, signed_on, value_idr, state, id
            FROM contracts WHERE company_id IS NOT NULL
            UNION ALL
            SELECT supervisor_id, 'supervisor', project_id, is_current, number, signed_on, value_idr, state, id
            FROM contracts WHERE supervisor_id IS NOT NULL
        ), held AS (
            SELECT DISTINCT ON (company_id, role, project_id) * FROM parties
            ORDER BY company_id, role, project_id, is_current DESC, signed_on DESC, id DESC
        )
    """


def _projects(as_of: datetime | None) -> str:
    columns = ("id", "year", "delay", "contract_value_idr")
    return "layers.projects" if as_of is None else as_of_source("projects", columns, ":as_of")
