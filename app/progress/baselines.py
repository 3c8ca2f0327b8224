"""Plans and bills of quantities of contracts: each plan a new version, weights that sum up to 100."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from flask_babel import gettext
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from app.critical.service import evaluate
from app.errors import InvalidInput, NotFound, message_of
from app.extensions import current_language
from app.formats import format_day, format_number
from app.forms import Day, Input, Line, Number, Percent, Rupiah
from gis.errors import GisError
from gis.progress import CurvePoint, check_curve, weights_percent

MOST_POINTS = 1200  # of one plan: three years, day by day
MOST_ITEMS = 1000
SUM_SLACK = 0.005  # percentage points by which given weights may miss 100, as the database allows

ContractId = Annotated[int, Field(ge=1, le=2**63 - 1)]


class PointInput(Input):
    """A point of a plan: cumulative percent by the end of a day."""

    day: Day
    percent: Percent


class BaselineInput(Input):
    """A plan of a contract; the running contract and its newest addendum when nothing else is said."""

    contract_id: ContractId | None = None
    in_force_from: Day | None = None
    step: Literal["week", "month", "free"] = "free"
    note: Line | None = None
    points: Annotated[list[PointInput], Field(min_length=1, max_length=MOST_POINTS)]


class ItemInput(Input):
    """One item of a bill of quantities: its weight is given, or reckoned from its price."""

    code: Line | None = None
    name: Line
    unit: Line
    quantity: Annotated[Number, Field(gt=0)]
    price_idr: Rupiah | None = None
    weight_percent: Percent | None = None


class WorkItemsInput(Input):
    """The whole bill of quantities of a contract, in its order; the running contract when none is named."""

    contract_id: ContractId | None = None
    items: Annotated[list[ItemInput], Field(min_length=1, max_length=MOST_ITEMS)]

    @model_validator(mode="after")
    def every_item_once(self) -> Self:
        """Refuse two items that nothing tells apart: progress could not say which it means."""
        seen: set[tuple[str, ...]] = set()
        for number, item in enumerate(self.items, start=1):
            if _key_of(item.code, item.name, item.unit) in seen:
                sentence = gettext(
                    "Butir %(number)s (%(name)s) ada dua kali. Beri nomor mata pembayaran yang berbeda.",
                    number=number,
                    name=item.name,
                )
                raise PydanticCustomError("sentence", "{text}", {"text": sentence})
            seen.add(_key_of(item.code, item.name, item.unit))
        return self


@dataclass(frozen=True)
class ContractTerms:
    """What a plan must fit: the contract on a day, with the addendum in force on it."""

    id: int
    number: str
    signed_on: dt.date
    start_date: dt.date | None
    addendum_id: int | None
    addendum_number: str | None
    addendum_signed_on: dt.date | None
    end_date: dt.date | None

    @property
    def begins_on(self) -> dt.date:
        """The day the clock starts; until an SPMK is recorded, the signature."""
        return self.start_date or self.signed_on

    @property
    def changed_on(self) -> dt.date:
        """The day from which these terms hold."""
        return self.addendum_signed_on or self.begins_on


@dataclass(frozen=True)
class WorkItem:
    """An item of a contract's bill of quantities; `price_idr` of one unit before PPN."""

    id: int
    position: int
    code: str | None
    name: str
    unit: str
    quantity: float
    price_idr: Any
    weight_percent: float


def add_baseline(session: Session, project_id: int, data: BaselineInput, *, today: dt.date) -> int:
    """
    Keep a new version of a contract's plan, and judge the package by it where no plan was known; return its id.

    Earlier versions stay: each day is judged by the version in force on it.

    Parameters
    ----------
    session
        Of the role app; the caller commits.
    today
        The day where the region is.

    Raises
    ------
    InvalidInput
        When the package has no such contract, or the curve falls, does not end at 100, or not with the contract.
    NotFound
        When there is no such package.
    """
    contract = _lock_contract(session, project_id, data.contract_id)
    if contract is None:
        raise InvalidInput({"contract_id" if data.contract_id else "": _no_contract(data.contract_id)})
    terms = contract_terms(session, contract, on=data.in_force_from)
    points = _sound_points(data, terms)
    sequence = session.execute(
        text("SELECT coalesce(max(sequence), 0) + 1 FROM app.baseline WHERE contract_id = :contract"),
        {"contract": contract},
    ).scalar_one()
    baseline = session.execute(
        text("""
            INSERT INTO app.baseline (project_id, contract_id, addendum_id, sequence, in_force_from, step, note)
            VALUES (:project, :contract, :addendum, :sequence, :from_day, :step, :note) RETURNING id
        """),
        {
            "project": project_id,
            "contract": contract,
            "addendum": terms.addendum_id,
            "sequence": sequence,
            "from_day": data.in_force_from or terms.changed_on,
            "step": data.step,
            "note": data.note,
        },
    ).scalar_one()
    session.execute(
        text("INSERT INTO app.baseline_point (baseline_id, day, percent) VALUES (:baseline, :day, :percent)"),
        [{"baseline": baseline, "day": point.day, "percent": point.percent} for point in points],
    )
    session.execute(text("SELECT app.refresh_progress(ARRAY[:project]::bigint[])"), {"project": project_id})
    evaluate(session, project_id, today=today)
    return int(baseline)


def check_plan(session: Session, project_id: int, data: BaselineInput) -> list[CurvePoint]:
    """Return the points as `add_baseline` would keep them, without keeping them; errors as there."""
    contract = find_contract(session, project_id, data.contract_id)
    if contract is None:
        raise InvalidInput({"contract_id" if data.contract_id else "": _no_contract(data.contract_id)})
    return _sound_points(data, contract_terms(session, contract, on=data.in_force_from))


def find_contract(session: Session, project_id: int, contract_id: int | None = None) -> int | None:
    """Return the id of the contract named, if it is the package's, or of the running one; None when there is none."""
    found: int | None = session.scalar(
        text("""
            SELECT id FROM app.contract WHERE project_id = :project
                AND CASE WHEN CAST(:contract AS bigint) IS NULL THEN state = 'running' ELSE id = :contract END
        """),
        {"project": project_id, "contract": contract_id},
    )
    return found


def contract_terms(session: Session, contract_id: int, *, on: dt.date | None = None) -> ContractTerms:
    """
    Return what holds for a contract on a day, by the addenda signed until then; None: with all its addenda.

    Raises
    ------
    NotFound
        When there is no such contract.
    """
    row = (
        session.execute(
            text("""
                SELECT c.id, c.number, c.signed_on, c.start_date, a.id AS addendum_id, a.number AS addendum_number,
                    a.signed_on AS addendum_signed_on, coalesce(e.end_date, c.end_date) AS end_date
                FROM app.contract c
                LEFT JOIN LATERAL (
                    SELECT id, number, signed_on FROM app.addendum WHERE contract_id = c.id
                        AND (CAST(:on AS date) IS NULL OR signed_on <= :on) ORDER BY sequence DESC LIMIT 1
                ) a ON true
                LEFT JOIN LATERAL (
                    SELECT end_date FROM app.addendum WHERE contract_id = c.id AND end_date IS NOT NULL
                        AND (CAST(:on AS date) IS NULL OR signed_on <= :on) ORDER BY sequence DESC LIMIT 1
                ) e ON true
                WHERE c.id = :contract
            """),
            {"contract": contract_id, "on": on},
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFound("Kontrak ini tidak ada.", "There is no such contract.")
    return ContractTerms(**row)


def set_work_items(session: Session, project_id: int, data: WorkItemsInput) -> list[WorkItem]:
    """
    Make the bill of quantities of a contract what was sent, and return it.

    Items are known again by their code, else by name and unit, so that what was reported of them stays theirs.

    Raises
    ------
    InvalidInput
        When the package has no such contract, weights do not sum up to 100, or an item is missing that progress was
        reported of.
    """
    contract = _lock_contract(session, project_id, data.contract_id)
    if contract is None:
        raise InvalidInput({"contract_id" if data.contract_id else "": _no_contract(data.contract_id)})
    weights = item_weights(data.items)
    present = {_key_of(item.code, item.name, item.unit): item for item in read_work_items(session, contract)}
    wanted = {_key_of(item.code, item.name, item.unit) for item in data.items}
    _remove_items(session, [item for key, item in present.items() if key not in wanted])
    session.execute(  # out of the way, so that items can change places
        text("UPDATE app.work_item SET position = -position WHERE contract_id = :contract"), {"contract": contract}
    )
    for position, (item, weight) in enumerate(zip(data.items, weights, strict=True), start=1):
        known = present.get(_key_of(item.code, item.name, item.unit))
        values = {
            **item.model_dump(exclude={"weight_percent"}),
            "weight_percent": weight,
            "position": position,
            "project": project_id,
            "contract": contract,
        }
        if known is None:
            session.execute(
                text("""
                    INSERT INTO app.work_item (project_id, contract_id, position, code, name, unit, quantity, price_idr,
                        weight_percent)
                    VALUES (:project, :contract, :position, :code, :name, :unit, :quantity, :price_idr, :weight_percent)
                """),
                values,
            )
        else:
            session.execute(
                text("""
                    UPDATE app.work_item SET position = :position, code = :code, name = :name, unit = :unit,
                        quantity = :quantity, price_idr = :price_idr, weight_percent = :weight_percent
                    WHERE id = :id
                """),
                {**values, "id": known.id},
            )
    return read_work_items(session, contract)


def read_work_items(session: Session, contract_id: int) -> list[WorkItem]:
    """Return the bill of quantities of a contract, in its order."""
    rows = session.execute(
        text("""
            SELECT id, position, code, name, unit, quantity, price_idr, weight_percent
            FROM app.work_item WHERE contract_id = :contract ORDER BY position
        """),
        {"contract": contract_id},
    ).mappings()
    return [_work_item(row) for row in rows]


def item_weights(items: Sequence[ItemInput]) -> list[float]:
    """
    Return the weights of items: those given, when all are, else reckoned from quantity and price.

    Raises
    ------
    InvalidInput
        When given weights do not sum up to 100, or an item has neither weight nor price.
    """
    given = [item.weight_percent for item in items if item.weight_percent is not None]
    if len(given) == len(items):
        total = math.fsum(given)
        if abs(total - 100) > SUM_SLACK:
            sentence = gettext(
                "Jumlah bobot %(total)s%%, seharusnya 100%%. Perbaiki bobotnya, atau kosongkan semua bobot supaya "
                "dihitung dari volume dan harga.",
                total=format_number(total, current_language(), 3),
            )
            raise InvalidInput({"items": sentence})
        return given
    if given:
        sentence = gettext("Sebagian butir belum berbobot. Isi bobot semua butir, atau kosongkan semuanya.")
        raise InvalidInput({"items": sentence})
    values = [float(item.price_idr) * item.quantity for item in items if item.price_idr is not None]
    if len(values) < len(items):
        sentence = gettext("Setiap butir perlu bobot, atau volume dan harga satuan.")
        raise InvalidInput({"items": sentence})
    try:
        return weights_percent(values)
    except GisError as error:
        raise InvalidInput({"items": message_of(error, current_language())}) from error


def _sound_points(data: BaselineInput, terms: ContractTerms) -> list[CurvePoint]:
    """Return the points by day, the last exactly 100; `InvalidInput` when they are no plan of the contract."""
    language = current_language()
    if data.in_force_from is not None and data.in_force_from < min(terms.signed_on, terms.begins_on):
        sentence = gettext(
            "Rencana tidak dapat berlaku sebelum kontrak ditandatangani (%(day)s).",
            day=format_day(terms.signed_on, language),
        )
        raise InvalidInput({"in_force_from": sentence})
    if terms.end_date is None:
        sentence = gettext(
            "Kontrak %(number)s belum punya tanggal selesai. Catat dahulu SPMK-nya.", number=terms.number
        )
        raise InvalidInput({"": sentence})
    points = sorted((CurvePoint(point.day, point.percent) for point in data.points), key=lambda point: point.day)
    early = next((point for point in points if point.day < terms.begins_on and point.percent > 0), None)
    if early is not None:
        sentence = gettext(
            "Rencana %(day)s sudah di atas 0%%, padahal pekerjaan baru dimulai %(start)s.",
            day=format_day(early.day, language),
            start=format_day(terms.begins_on, language),
        )
        raise InvalidInput({"points": sentence})
    try:
        check_curve(points, end_date=terms.end_date)
    except GisError as error:
        raise InvalidInput({"points": message_of(error, language)}) from error
    return [*points[:-1], CurvePoint(points[-1].day, 100.0)]


def _lock_contract(session: Session, project_id: int, contract_id: int | None) -> int | None:
    """
    Return the contract, held until the transaction ends, so that two plans at once get two numbers.

    Its package is held first, as everywhere: who edits the contract at the same moment waits instead of clashing.
    """
    locked = text("SELECT id FROM app.project WHERE id = :id FOR NO KEY UPDATE")
    if session.scalar(locked, {"id": project_id}) is None:
        raise NotFound("Paket ini tidak ada.", "There is no such package.")
    contract = find_contract(session, project_id, contract_id)
    if contract is not None:
        session.execute(text("SELECT id FROM app.contract WHERE id = :id FOR UPDATE"), {"id": contract})
    return contract


def _no_contract(contract_id: int | None) -> str:
    if contract_id is not None:
        return str(gettext("Paket ini tidak punya kontrak dengan nomor urut %(id)s.", id=contract_id))
    return str(gettext("Paket ini belum punya kontrak yang berjalan. Catat kontraknya dahulu."))


def _remove_items(session: Session, items: Sequence[WorkItem]) -> None:
    if not items:
        return
    ids = [item.id for item in items]
    reported = set(
        session.scalars(text("SELECT DISTINCT item_id FROM app.progress_item WHERE item_id = ANY (:ids)"), {"ids": ids})
    )
    if reported:
        names = ", ".join(item.name for item in items if item.id in reported)
        sentence = gettext(
            "Butir ini sudah dilaporkan kemajuannya, jadi tidak dapat dihapus: %(names)s. Sertakan kembali, dengan "
            "nomor atau nama yang sama.",
            names=names,
        )
        raise InvalidInput({"items": sentence})
    session.execute(text("DELETE FROM app.work_item WHERE id = ANY (:ids)"), {"ids": ids})


def _key_of(code: str | None, name: str, unit: str) -> tuple[str, ...]:
    return (code.casefold(),) if code else (name.casefold(), unit.casefold())


def _work_item(row: RowMapping) -> WorkItem:
    return WorkItem(**{**row, "quantity": float(row["quantity"])})
