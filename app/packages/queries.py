"""Reads of a package: all that its page shows, now or at a moment, and what changed between two."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.extensions import current_language
from app.formats import format_day, format_idr, format_number, format_percent
from app.maps.queries import read_area_names
from app.packages.words import METHODS, PROCUREMENT_KINDS, listed, package_labels, status_label
from app.projects.sentences import code_label
from app.recorded import recorded

PROJECT_COLUMNS = (
    "id, code, name, status, sector, year, ceiling_idr, owner_estimate_idr, contract_value_idr, contractor, company_id,"
    " fund_source, planned_percent, physical_percent, progress_date, start_date, end_date, is_late, district_codes,"
    " village_codes, unit_id, programme_id, rup_code, tender_code, selection_method, procurement_kind,"
    " multi_year_approval, volume, volume_unit, ppk_id, officer_id, notes, location_note, maintenance_until, paid_idr,"
    " this_year_ceiling_idr, forecast_finish, critical_case, critical_state, extra_time_until, version, demo, source,"
    " geom, valid_from, changed_by"
)
CONTRACT_COLUMNS = (
    "id, project_id, kind, number, signed_on, company_id, supervisor_id, value_idr, vat_percent, start_order_number,"
    " start_date, duration_days, end_date, advance_percent, retention_percent, maintenance_days, fine_base,"
    " fine_part_idr, state, ended_on, end_reason, valid_from"
)
ADDENDUM_COLUMNS = "id, contract_id, sequence, number, signed_on, value_idr, end_date, reason, valid_from"
PAYMENT_COLUMNS = "id, project_id, contract_id, number, paid_on, kind, amount_idr, note, valid_from"
FUND_COLUMNS = "id, project_id, year, source, amount_idr, valid_from"
MONEY = frozenset({"ceiling_idr", "owner_estimate_idr", "contract_value_idr", "paid_idr"})
PERCENTS = frozenset({"planned_percent", "physical_percent"})


@dataclass(frozen=True)
class Package:
    """A package at a moment, with its contracts, sources and payments."""

    row: Row[Any]
    stage: str
    values: dict[str, Any]  # of the fields of `package_labels`
    contracts: list[Row[Any]]
    addenda: dict[int, list[Row[Any]]]  # by contract
    funds: list[Row[Any]]
    payments: list[Row[Any]]
    as_of: dt.datetime | None = None

    def __getattr__(self, name: str) -> Any:
        """Let code, name, unit and the like be read of the package itself."""
        if name.startswith("_") or name == "row":
            raise AttributeError(name)
        return getattr(self.row, name)

    @property
    def contract(self) -> Row[Any] | None:
        """The running contract, else the newest."""
        return self.contracts[0] if self.contracts else None


@dataclass(frozen=True)
class Fact:
    """A field of a package as it is read."""

    key: str
    label: str
    value: str


@dataclass(frozen=True)
class Change:
    """A field that differs between two moments."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Linked:
    """A package that belongs to another."""

    id: int
    kind: str
    code: str
    name: str
    status: str
    is_own: bool = field(default=True)  # whether the link stands at this package


def get_package(session: Session, code: str, as_of: dt.datetime | None = None) -> Package:
    """
    Return a package with all that belongs to it, now or at a moment.

    Raises
    ------
    NotFound
        When there is no such package, or was none then.
    """
    parameters: dict[str, Any] = {"code": code, "as_of": as_of}
    row = session.execute(
        text(f"""
            SELECT p.*, app.stage(p.status, p.is_late) AS stage, ST_Y(ST_PointOnSurface(p.geom)) AS lat,
                ST_X(ST_PointOnSurface(p.geom)) AS lon,
                app.contract_paid(p.id, :as_of) AS contract_paid_idr, u.name AS unit_name, o.name AS agency_name,
                g.code AS programme_code, g.name AS programme_title, g.version AS programme_version,
                coalesce(k.name, k.email) AS ppk_name, coalesce(f.name, f.email) AS officer_name,
                m.tax_number, m.is_small
            FROM {recorded("project", as_of, columns=PROJECT_COLUMNS, parameter=":as_of")} p
            LEFT JOIN app.unit u ON u.id = p.unit_id LEFT JOIN app.unit o ON o.id = u.parent_id
            LEFT JOIN app.programme g ON g.id = p.programme_id
            LEFT JOIN app.account k ON k.id = p.ppk_id LEFT JOIN app.account f ON f.id = p.officer_id
            LEFT JOIN app.company m ON m.id = p.company_id
            WHERE p.code = :code
        """),
        parameters,
    ).one_or_none()
    if row is None:
        raise NotFound(f"Paket {code} tidak ada di register.", f"There is no package {code} in the register.")
    contracts = _contracts(session, row.id, as_of)
    addenda = _addenda(session, [one.id for one in contracts], as_of)
    return Package(
        row=row,
        stage=row.stage,
        values=_values(session, row, contracts),
        contracts=contracts,
        addenda=addenda,
        funds=_rows(session, "fund", FUND_COLUMNS, row.id, as_of, "year, source"),
        payments=_rows(session, "payment", PAYMENT_COLUMNS, row.id, as_of, "paid_on DESC, id DESC"),
        as_of=as_of,
    )


def facts_of(package: Package) -> list[Fact]:
    """Return the fields of a package as they are read; those that hold nothing too, with a dash."""
    return [
        Fact(key, label, written(key, package.values.get(key)))
        for key, label in package_labels().items()
        if key not in {"code", "name", "status_label"}
    ]


def written(key: str, value: Any) -> str:
    """Return a field's value as people read it."""
    language = current_language()
    if value is None or value == "":
        return "–"
    if key in MONEY:
        return format_idr(value, language)
    if key in PERCENTS:
        return format_percent(value, language, 2)
    return format_day(value, language) if isinstance(value, dt.date) else str(value)


def changes_between(before: Package, after: Package) -> list[Change]:
    """Return field by field what differs between a package at two moments."""
    found = [
        Change(label, written(key, before.values.get(key)), written(key, after.values.get(key)))
        for key, label in package_labels().items()
        if before.values.get(key) != after.values.get(key)
    ]
    lists = (
        (gettext("Sumber dana per tahun"), _fund_lines(before), _fund_lines(after)),
        (gettext("Kontrak"), _contract_lines(before), _contract_lines(after)),
        (gettext("Adendum"), _addendum_lines(before), _addendum_lines(after)),
        (gettext("Pembayaran"), _payment_lines(before), _payment_lines(after)),
    )
    for label, old, new in lists:
        if old != new:
            gone, come = [line for line in old if line not in new], [line for line in new if line not in old]
            found.append(Change(label, "; ".join(gone) or "–", "; ".join(come) or "–"))
    return found


def linked_packages(session: Session, project_id: int) -> list[Linked]:
    """Return the design and supervision packages of a package, and those it is that for."""
    rows = session.execute(
        text("""
            SELECT l.id, l.kind, p.code, p.name, p.status, true AS is_own FROM app.package_link l
                JOIN app.project p ON p.id = l.other_id WHERE l.project_id = :id
            UNION ALL
            SELECT l.id, l.kind, p.code, p.name, p.status, false FROM app.package_link l
                JOIN app.project p ON p.id = l.project_id WHERE l.other_id = :id
            ORDER BY is_own DESC, kind, code
        """),
        {"id": project_id},
    )
    return [Linked(*row) for row in rows]


def location_counts(session: Session, project_id: int, as_of: dt.datetime | None = None) -> dict[str, int]:
    """Return how many places of each kind a package has."""
    rows = session.execute(
        text(f"""
            SELECT kind, count(*) AS n FROM {
            recorded("project_location", as_of, columns="id, project_id, kind, valid_from", parameter=":as_of")
        } l
            WHERE project_id = :id GROUP BY kind
        """),
        {"id": project_id, "as_of": as_of},
    )
    return {row.kind: row.n for row in rows}


def list_companies(session: Session, words: str = "", limit: int = 500) -> list[Row[Any]]:
    """Return the companies by name."""
    rows = session.execute(
        text("""
            SELECT id, name, tax_number, is_small, address FROM app.company
            WHERE :words = '' OR strpos(app.fold(name), app.fold(:words)) > 0 ORDER BY name, id LIMIT :limit
        """),
        {"words": words, "limit": limit},
    )
    return list(rows)


def get_company(session: Session, company_id: int) -> Row[Any]:
    """Return a company, with how many packages it has or had a contract for."""
    row = session.execute(
        text("""
            SELECT c.id, c.name, c.tax_number, c.is_small, c.address,
                (SELECT count(DISTINCT project_id) FROM app.contract WHERE company_id = c.id) AS packages
            FROM app.company c WHERE c.id = :id
        """),
        {"id": company_id},
    ).one_or_none()
    if row is None:
        raise NotFound("Perusahaan ini tidak ada di daftar.", "There is no such company.")
    return row


def list_units(session: Session) -> list[Row[Any]]:
    """Return the agencies, each before its parts."""
    rows = session.execute(
        text("""
            SELECT u.id, u.code, u.name, u.parent_id, o.name AS parent_name FROM app.unit u
            LEFT JOIN app.unit o ON o.id = u.parent_id
            ORDER BY coalesce(o.code, u.code), u.parent_id IS NOT NULL, u.code
        """)
    )
    return list(rows)


def list_people(session: Session, role: str) -> list[tuple[int, str]]:
    """Return the people of a role who may still sign in."""
    rows = session.execute(
        text("""
            SELECT a.id, coalesce(a.name, a.email) AS name FROM app.account a
            WHERE a.active AND EXISTS (SELECT FROM app.account_role ar JOIN app.role r ON r.id = ar.role_id
                WHERE ar.account_id = a.id AND r.name = :role)
            ORDER BY name
        """),
        {"role": role},
    )
    return [(key, name) for key, name in rows]


def programme_choices(session: Session) -> list[tuple[int, str]]:
    """Return what a package may belong to: the lists by version and code."""
    rows = session.execute(text("SELECT id, code, name, version FROM app.programme ORDER BY version DESC, code"))
    return [(row.id, f"{row.code} {row.name} ({row.version})") for row in rows]


def _contracts(session: Session, project_id: int, as_of: dt.datetime | None) -> list[Row[Any]]:
    addendum = recorded("addendum", as_of, columns=ADDENDUM_COLUMNS, parameter=":as_of")
    rows = session.execute(
        text(f"""
            SELECT c.*, m.name AS company_name, m.is_small, s.name AS supervisor_name,
                coalesce((SELECT a.value_idr FROM {addendum} a WHERE a.contract_id = c.id AND a.value_idr IS NOT NULL
                    ORDER BY sequence DESC LIMIT 1), c.value_idr) AS value_now_idr,
                coalesce((SELECT a.end_date FROM {addendum} a WHERE a.contract_id = c.id AND a.end_date IS NOT NULL
                    ORDER BY sequence DESC LIMIT 1), c.end_date) AS end_now
            FROM {recorded("contract", as_of, columns=CONTRACT_COLUMNS, parameter=":as_of")} c
            LEFT JOIN app.company m ON m.id = c.company_id LEFT JOIN app.company s ON s.id = c.supervisor_id
            WHERE c.project_id = :id ORDER BY c.state = 'running' DESC, c.signed_on DESC, c.id DESC
        """),
        {"id": project_id, "as_of": as_of},
    )
    return list(rows)


def _addenda(session: Session, contracts: Sequence[int], as_of: dt.datetime | None) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = {contract: [] for contract in contracts}
    if not contracts:
        return found
    rows = session.execute(
        text(f"""
            SELECT * FROM {recorded("addendum", as_of, columns=ADDENDUM_COLUMNS, parameter=":as_of")} a
            WHERE a.contract_id = ANY (:contracts) ORDER BY contract_id, sequence
        """),
        {"contracts": list(contracts), "as_of": as_of},
    )
    for row in rows:
        found[row.contract_id].append(row)
    return found


def _rows(
    session: Session, table: str, columns: str, project_id: int, as_of: dt.datetime | None, order: str
) -> list[Row[Any]]:
    source = recorded(table, as_of, columns=columns, parameter=":as_of")
    rows = session.execute(
        text(f"SELECT * FROM {source} r WHERE r.project_id = :id ORDER BY {order}"), {"id": project_id, "as_of": as_of}
    )
    return list(rows)


def _values(session: Session, row: Row[Any], contracts: Sequence[Row[Any]]) -> dict[str, Any]:
    contract = contracts[0] if contracts else None
    codes = [*(row.village_codes or []), *(row.district_codes or [])]
    names = read_area_names(session, codes) if codes else {}
    language = current_language()
    sources = listed("fund_source")
    volume = None
    if row.volume is not None:
        number = format_number(row.volume, language, 0 if row.volume == int(row.volume) else 2)
        volume = f"{number} {row.volume_unit or ''}".strip()
    values = {name: getattr(row, name) for name in package_labels() if hasattr(row, name)}
    values |= {
        "status_label": status_label(row.status),
        "agency_name": row.agency_name or row.unit_name,
        "unit_name": row.unit_name if row.agency_name else None,
        "programme_name": f"{row.programme_code} {row.programme_title}" if row.programme_code else None,
        "sector_label": code_label("sector", row.sector),
        "place": ", ".join(names.get(code, code) for code in codes) or None,
        "coordinates": f"{row.lat:.6f}, {row.lon:.6f}" if row.lat is not None else None,
        "method_label": str(METHODS[row.selection_method]) if row.selection_method else None,
        "procurement_label": str(PROCUREMENT_KINDS[row.procurement_kind]) if row.procurement_kind else None,
        "volume_text": volume,
        "fund_source": ", ".join(sources.get(one.strip(), one.strip()) for one in (row.fund_source or "").split(","))
        or None,
        "contract_number": contract.number if contract else None,
        "supervisor": contract.supervisor_name if contract else None,
    }
    return values


def _fund_lines(package: Package) -> list[str]:
    sources, language = listed("fund_source"), current_language()
    return [
        f"{row.year} {sources.get(row.source, row.source)} {format_idr(row.amount_idr, language)}"
        for row in package.funds
    ]


def _contract_lines(package: Package) -> list[str]:
    language = current_language()
    return [
        " · ".join([one.number, format_idr(one.value_now_idr, language), format_day(one.end_now, language), one.state])
        for one in package.contracts
    ]


def _addendum_lines(package: Package) -> list[str]:
    return [one.number for rows in package.addenda.values() for one in rows]


def _payment_lines(package: Package) -> list[str]:
    language = current_language()
    return [f"{row.number} {format_idr(row.amount_idr, language)}" for row in package.payments]


def paid_percent(package: Package) -> float | None:
    """Return the financial progress: what was paid of the value of the contract that counts, under that contract."""
    value = package.row.contract_value_idr
    return float(Decimal(package.row.contract_paid_idr) / value * 100) if value else None
