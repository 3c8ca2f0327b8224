"""What the board of a project says beside its row in the register, in the public's role and as of any moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.errors import NotReady
from app.recorded import recorded

PACKAGE_COLUMNS = (
    "id, unit_id, programme_id, rup_code, tender_code, selection_method, procurement_kind, owner_estimate_idr, volume,"
    " volume_unit, maintenance_until, valid_from"
)
CONTRACT_COLUMNS = (
    "id, project_id, kind, number, signed_on, company_id, supervisor_id, value_idr, start_order_number, start_date,"
    " end_date, maintenance_days, state, valid_from"
)
ADDENDUM_COLUMNS = "id, contract_id, sequence, number, signed_on, value_idr, end_date, valid_from"
FUND_COLUMNS = "id, project_id, year, source, amount_idr, valid_from"
PAYMENT_COLUMNS = "id, project_id, paid_on, amount_idr, valid_from"
MOST_STATES = 60
MOST_CONTRACT_LINES = 200
MOST_DOCUMENTS = 60


@dataclass(frozen=True)
class Office:
    """Whom to ask about a project; empty texts are not known."""

    agency: str | None
    unit: str | None
    government: str
    office: str
    address: str
    emblem_hash: str | None


@dataclass(frozen=True)
class Status:
    """A state that a package came into, and the day."""

    id: int
    status: str
    on_day: date


@dataclass(frozen=True)
class Document:
    """A document that everybody may have."""

    id: int
    kind: str
    title: str
    number: str | None
    dated: date | None
    media_type: str
    bytes: int


@dataclass(frozen=True)
class Board:
    """What is said of a package beside its row; money in rupiah."""

    rup_code: str | None
    tender_code: str | None
    selection_method: str | None
    procurement_kind: str | None
    owner_estimate_idr: Decimal | None
    volume: Decimal | None
    volume_unit: str | None
    maintenance_until: date | None
    programmes: tuple[str, ...]  # of the programme tree, the widest first
    contract_paid_idr: Decimal | None  # under the contract whose value is shown
    recorded_at: datetime
    office: Office
    states: Sequence[Status]  # that it came into, the oldest first
    documents: Sequence[Document]  # that everybody may have, the newest first


@dataclass(frozen=True)
class Addendum:
    """A change of a contract: its new value and its new end, where they changed."""

    id: int
    sequence: int
    number: str
    signed_on: date
    value_idr: Decimal | None
    end_date: date | None


@dataclass(frozen=True)
class Contract:
    """A contract as the public reads it, with its addenda in order."""

    id: int
    kind: str
    number: str
    signed_on: date
    company: str | None
    supervisor: str | None
    value_idr: Decimal  # as signed
    start_order_number: str | None
    start_date: date | None
    end_date: date | None  # as signed
    maintenance_days: int | None
    state: str
    addenda: Sequence[Addendum] = ()


@dataclass(frozen=True)
class Fund:
    """How much of a package a source pays in a year."""

    year: int
    source: str
    amount_idr: Decimal


@dataclass(frozen=True)
class Money:
    """Where the money comes from by year, and what was paid (SP2D) in each."""

    funds: Sequence[Fund]
    paid_idr: dict[int, Decimal]  # by year of payment
    paid_until: date | None  # day of the newest payment

    @property
    def total_paid_idr(self) -> Decimal:
        """What was paid in all years."""
        return sum(self.paid_idr.values(), Decimal(0))


def read_board(session: Session, project_id: int, as_of: datetime | None = None) -> Board:
    """
    Return what the board of a package says beside its row; the package must exist at the moment.

    Its documents are those that were public at the moment and still are. One statement, since every visit asks it.
    """
    then = f"AND id IN (SELECT id FROM {recorded('public_document', as_of, columns='id, project_id')} t)"
    row = (
        session.execute(
            text(f"""
            SELECT p.rup_code, p.tender_code, p.selection_method, p.procurement_kind, p.owner_estimate_idr, p.volume,
                p.volume_unit, p.maintenance_until, p.valid_from AS recorded_at,
                app.contract_paid(p.id, :as_of) AS contract_paid_idr,
                g.name AS programme, h.name AS parent_programme, i.name AS first_programme,
                coalesce(o.name, u.name) AS agency, CASE WHEN o.id IS NOT NULL THEN u.name END AS unit,
                coalesce(t.government, '') AS government, coalesce(t.office, '') AS office,
                coalesce(t.address, '') AS address, t.emblem_hash,
                (SELECT json_agg(s) FROM (
                    SELECT id, to_status AS status, on_day FROM app.public_status
                    WHERE project_id = :id AND (CAST(:as_of AS timestamptz) IS NULL OR recorded_at <= :as_of)
                    ORDER BY on_day, id LIMIT :states) s) AS states,
                (SELECT json_agg(d) FROM (
                    SELECT id, kind, title, number, dated, media_type, bytes FROM app.public_document
                    WHERE project_id = :id {then if as_of else ""}
                    ORDER BY coalesce(dated, valid_from::date) DESC, id DESC LIMIT :documents) d) AS documents
            FROM {recorded("public_package", as_of, columns=PACKAGE_COLUMNS)} p
            LEFT JOIN app.unit u ON u.id = p.unit_id LEFT JOIN app.unit o ON o.id = u.parent_id
            LEFT JOIN app.programme g ON g.id = p.programme_id LEFT JOIN app.programme h ON h.id = g.parent_id
            LEFT JOIN app.programme i ON i.id = h.parent_id
            LEFT JOIN app.public_office t ON true
            WHERE p.id = :id
        """),
            {"id": project_id, "as_of": as_of, "states": MOST_STATES, "documents": MOST_DOCUMENTS},
        )
        .mappings()
        .one_or_none()
    )
    if row is None:  # deleted between two statements
        raise NotReady("Data pekerjaan ini sedang berubah. Coba lagi.", "This project is being changed. Try again.")
    values = dict(row)
    names = [values.pop(name) for name in ("first_programme", "parent_programme", "programme")]
    office = Office(**{name: values.pop(name) for name in Office.__annotations__})
    states = [Status(one["id"], one["status"], date.fromisoformat(one["on_day"])) for one in values.pop("states") or ()]
    documents = [
        Document(**{**one, "dated": date.fromisoformat(one["dated"]) if one["dated"] else None})
        for one in values.pop("documents") or ()
    ]
    programmes = tuple(name for name in names if name)
    return Board(**values, programmes=programmes, office=office, states=states, documents=documents)


def read_contracts(session: Session, project_id: int, as_of: datetime | None = None) -> list[Contract]:
    """Return the contracts of a package in the order in which they were signed, each with its addenda."""
    rows = session.execute(
        text(f"""
            SELECT c.id, c.kind, c.number, c.signed_on, m.name AS company, s.name AS supervisor, c.value_idr,
                c.start_order_number, c.start_date, c.end_date, c.maintenance_days, c.state,
                a.id AS addendum_id, a.sequence, a.number AS addendum_number, a.signed_on AS addendum_signed_on,
                a.value_idr AS addendum_value_idr, a.end_date AS addendum_end_date
            FROM {recorded("contract", as_of, columns=CONTRACT_COLUMNS)} c
            LEFT JOIN app.company m ON m.id = c.company_id LEFT JOIN app.company s ON s.id = c.supervisor_id
            LEFT JOIN {recorded("addendum", as_of, columns=ADDENDUM_COLUMNS)} a ON a.contract_id = c.id
            WHERE c.project_id = :id ORDER BY c.signed_on, c.id, a.sequence LIMIT :limit
        """),
        {"id": project_id, "as_of": as_of, "limit": MOST_CONTRACT_LINES},
    ).mappings()
    contracts = []
    for _identifier, lines in groupby(rows, key=lambda row: row["id"]):
        found = list(lines)
        values = {name: found[0][name] for name in Contract.__annotations__ if name != "addenda"}
        contracts.append(Contract(**values, addenda=[_addendum(line) for line in found if line["addendum_id"]]))
    return contracts


def _addendum(line: Any) -> Addendum:
    return Addendum(
        line["addendum_id"],
        line["sequence"],
        line["addendum_number"],
        line["addendum_signed_on"],
        line["addendum_value_idr"],
        line["addendum_end_date"],
    )


def read_money(session: Session, project_id: int, as_of: datetime | None = None) -> Money:
    """Return the sources of a package's money by year, and what was paid."""
    rows = session.execute(
        text(f"""
            SELECT year, source, sum(amount_idr) AS amount_idr, NULL::date AS until
            FROM {recorded("fund", as_of, columns=FUND_COLUMNS)} f WHERE project_id = :id GROUP BY year, source
            UNION ALL
            SELECT extract(year FROM paid_on)::integer, NULL, sum(amount_idr), max(paid_on)
            FROM {recorded("payment", as_of, columns=PAYMENT_COLUMNS)} m WHERE project_id = :id GROUP BY 1
            ORDER BY 1, 2
        """),
        {"id": project_id, "as_of": as_of},
    ).all()
    return Money(
        funds=[Fund(row.year, row.source, row.amount_idr) for row in rows if row.source is not None],
        paid_idr={row.year: row.amount_idr for row in rows if row.source is None},
        paid_until=max((row.until for row in rows if row.until), default=None),
    )
