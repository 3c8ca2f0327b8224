"""Contracts of a package and their addenda: one running, the ended ones kept, nothing against the calendar."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.errors import InvalidInput, NotFound
from app.extensions import current_language
from app.formats import format_day, format_idr, format_percent
from app.packages.access import PackageRow
from app.packages.forms import AddendumInput, ContractInput, TerminationInput
from app.packages.service import raise_version, require_company
from app.packages.states import ENDS, evaluate_alarm, record_status
from gis.figures import Rule

COLUMNS = tuple(ContractInput.model_fields)


@dataclass(frozen=True)
class RuleWarning:
    """What a rule says against a contract: it is no refusal, since the rule may have changed or may allow more."""

    sentence: str
    rule: Rule


def get_contract(session: Session, contract_id: int, *, locked: bool = False) -> Row[Any]:
    """Return a contract, with the value and end that its addenda leave."""
    found = session.execute(
        text(f"""
            SELECT c.*, {EFFECTIVE} FROM app.contract c WHERE c.id = :id {"FOR UPDATE OF c" if locked else ""}
        """),
        {"id": contract_id},
    ).one_or_none()
    if found is None:
        raise no_contract(contract_id)
    return found


def no_contract(contract_id: int) -> NotFound:
    """Return the error that says that there is no such contract, or not of the package that was named."""
    return NotFound(f"Kontrak {contract_id} tidak ada.", f"There is no contract {contract_id}.")


EFFECTIVE = """
    coalesce((SELECT a.value_idr FROM app.addendum a WHERE a.contract_id = c.id AND a.value_idr IS NOT NULL
        ORDER BY sequence DESC LIMIT 1), c.value_idr) AS value_now_idr,
    coalesce((SELECT a.end_date FROM app.addendum a WHERE a.contract_id = c.id AND a.end_date IS NOT NULL
        ORDER BY sequence DESC LIMIT 1), c.end_date) AS end_now
"""


def add_contract(session: Session, package: PackageRow, data: ContractInput, *, today: dt.date) -> int:
    """
    Record what lets the work of a package begin.

    Raises
    ------
    InvalidInput
        When another contract still runs, or a field cannot be.
    """
    running = session.scalar(
        text("SELECT number FROM app.contract WHERE project_id = :id AND state = 'running'"), {"id": package.id}
    )
    if running is not None:
        sentence = gettext(
            "Kontrak %(number)s masih berjalan. Putuskan atau selesaikan dahulu sebelum mencatat yang baru.",
            number=running,
        )
        raise InvalidInput({"": sentence})
    _check(session, package, data, today)
    values = data.model_dump(include=set(COLUMNS))
    found = session.scalar(
        text(f"""
            INSERT INTO app.contract (project_id, {", ".join(COLUMNS)})
            VALUES (:project, {", ".join(f":{name}" for name in COLUMNS)}) RETURNING id
        """),
        {"project": package.id, **values},
    )
    evaluate_alarm(session, package.id, today)
    return int(found or 0)


def change_contract(
    session: Session, package: PackageRow, contract: Row[Any], data: ContractInput, *, version: int, today: dt.date
) -> None:
    """Correct a contract, or add what came later such as its SPMK; `version` is the package's that was edited."""
    raise_version(session, package, version)
    if contract.state != "running":
        raise InvalidInput({"": gettext("Kontrak yang sudah berakhir tidak diubah lagi.")})
    _check(session, package, data, today)
    paid = paid_of(session, package.id)
    if contract.value_now_idr == contract.value_idr and data.value_idr < paid:
        raise InvalidInput({"value_idr": _below_paid(paid)})
    session.execute(
        text(f"UPDATE app.contract SET {', '.join(f'{name} = :{name}' for name in COLUMNS)} WHERE id = :id"),
        {**data.model_dump(include=set(COLUMNS)), "id": contract.id},
    )
    evaluate_alarm(session, package.id, today)


def add_addendum(
    session: Session, package: PackageRow, contract: Row[Any], data: AddendumInput, *, today: dt.date
) -> int:
    """
    Record an addendum of the running contract; it changes value and end from then on.

    Raises
    ------
    InvalidInput
        When the contract has ended, dates go backwards, or the value falls below what was paid.
    """
    if contract.state != "running":
        raise InvalidInput({"": gettext("Kontrak ini sudah berakhir; adendum hanya untuk kontrak yang berjalan.")})
    last = session.execute(
        text("SELECT sequence, signed_on FROM app.addendum WHERE contract_id = :id ORDER BY sequence DESC LIMIT 1"),
        {"id": contract.id},
    ).one_or_none()
    earliest = last.signed_on if last else contract.signed_on
    errors: dict[str, str] = {}
    if data.signed_on < earliest:
        errors["signed_on"] = gettext(
            "Tidak boleh sebelum %(day)s, tanggal kontrak atau adendum sebelumnya.", day=_day(earliest)
        )
    elif data.signed_on > today:
        errors["signed_on"] = gettext("Tanggal ini belum tiba.")
    if data.end_date is not None and data.end_date < (contract.start_date or contract.signed_on):
        errors["end_date"] = gettext("Tanggal selesai tidak boleh sebelum tanggal mulai.")
    paid = paid_of(session, package.id)
    if data.value_idr is not None and data.value_idr < paid:
        errors["value_idr"] = _below_paid(paid)
    if data.value_idr is not None and package.ceiling_idr is not None and data.value_idr > package.ceiling_idr:
        errors["value_idr"] = _above_ceiling(package)
    if errors:
        raise InvalidInput(errors)
    found = session.scalar(
        text("""
            INSERT INTO app.addendum (contract_id, sequence, number, signed_on, value_idr, end_date, reason)
            VALUES (:contract, :sequence, :number, :signed_on, :value_idr, :end_date, :reason) RETURNING id
        """),
        {"contract": contract.id, "sequence": last.sequence + 1 if last else 1, **data.model_dump()},
    )
    evaluate_alarm(session, package.id, today)
    return int(found or 0)


def terminate_contract(
    session: Session, package: PackageRow, contract: Row[Any], data: TerminationInput, *, today: dt.date
) -> None:
    """End a running contract for a reason; it is kept, and the package stands as terminated."""
    if contract.state != "running":
        raise InvalidInput({"": gettext("Kontrak ini sudah berakhir.")})
    if data.ended_on > today:
        raise InvalidInput({"ended_on": gettext("Tanggal ini belum tiba.")})
    if data.ended_on < contract.signed_on:
        raise InvalidInput({"ended_on": gettext("Tidak boleh sebelum tanggal tanda tangan kontrak.")})
    session.execute(
        text("""
            UPDATE app.contract SET state = 'terminated', ended_on = :day, end_reason = :reason WHERE id = :id
        """),
        {"day": data.ended_on, "reason": data.reason, "id": contract.id},
    )
    if package.status not in ENDS - {"stopped"}:
        record_status(session, package, "terminated", data.ended_on, data.reason, data.document_number)
    evaluate_alarm(session, package.id, today)


def warnings_of(
    contract: Row[Any], company_is_small: bool | None, multi_year: bool, rules: dict[str, Rule]
) -> list[RuleWarning]:
    """Return what the rules say against a contract: its advance, and how far addenda took its value."""
    found = []
    code = (
        "UANG_MUKA_MAKS_JAMAK"
        if multi_year
        else "UANG_MUKA_MAKS_KECIL"
        if company_is_small
        else "UANG_MUKA_MAKS_NONKECIL"
    )
    rule = rules[code]
    if contract.advance_percent is not None and contract.advance_percent > _number(rule):
        sentence = gettext(
            "Uang muka %(percent)s melebihi %(most)s.",
            percent=_percent(contract.advance_percent),
            most=_percent(_number(rule)),
        )
        found.append(RuleWarning(sentence, rule))
    rule = rules["ADDENDUM_MAKS"]
    if contract.value_idr and contract.value_now_idr != contract.value_idr:
        change = (contract.value_now_idr - contract.value_idr) / contract.value_idr * 100
        if change > _number(rule):
            sentence = gettext(
                "Adendum menaikkan nilai kontrak %(percent)s dari nilai awal; batasnya %(most)s.",
                percent=_percent(change),
                most=_percent(_number(rule)),
            )
            found.append(RuleWarning(sentence, rule))
    return found


def paid_of(session: Session, project_id: int) -> Decimal:
    """Return what has been paid under the running contract of a package."""
    found = session.scalar(
        text("""
            SELECT coalesce(sum(m.amount_idr), 0) FROM app.payment m JOIN app.contract c ON c.id = m.contract_id
            WHERE m.project_id = :id AND c.state = 'running'
        """),
        {"id": project_id},
    )
    return Decimal(found or 0)


def _check(session: Session, package: PackageRow, data: ContractInput, today: dt.date) -> None:
    errors: dict[str, str] = {}
    if data.signed_on > today:
        errors["signed_on"] = gettext("Tanggal ini belum tiba.")
    if data.kind == "self_managed":
        if data.company_id is not None:
            errors["company_id"] = gettext("Swakelola tidak punya penyedia; kosongkan isian ini.")
    elif data.company_id is None:
        errors["company_id"] = gettext("Pilih penyedia kontrak ini.")
    else:
        require_company(session, "company_id", data.company_id, errors)
    if data.supervisor_id is not None:
        require_company(session, "supervisor_id", data.supervisor_id, errors)
    if package.ceiling_idr is not None and data.value_idr > package.ceiling_idr:
        errors["value_idr"] = _above_ceiling(package)
    elif package.owner_estimate_idr is not None and data.value_idr > package.owner_estimate_idr:
        errors["value_idr"] = gettext(
            "Melebihi HPS, %(amount)s.", amount=format_idr(package.owner_estimate_idr, current_language())
        )
    if data.fine_base == "part" and data.fine_part_idr is None:
        errors["fine_part_idr"] = gettext("Isi nilai bagian kontrak yang menjadi dasar denda.")
    if errors:
        raise InvalidInput(errors)


def _above_ceiling(package: PackageRow) -> str:
    return str(gettext("Melebihi pagu paket, %(amount)s.", amount=format_idr(package.ceiling_idr, current_language())))


def _below_paid(paid: Decimal) -> str:
    return str(gettext("Di bawah yang sudah dibayar, %(amount)s.", amount=format_idr(paid, current_language())))


def _number(rule: Rule) -> Decimal:
    return Decimal(str(rule.value))


def _percent(value: Decimal) -> str:
    return format_percent(value, current_language(), 0 if value == int(value) else 2)


def _day(day: dt.date) -> str:
    return format_day(day, current_language())
