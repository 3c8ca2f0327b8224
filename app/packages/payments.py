"""Disbursements (SP2D) of a package: never above its contract, the advance and the retention within theirs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.errors import InvalidInput, NotFound
from app.extensions import current_language
from app.formats import format_day, format_idr, format_number
from app.packages.access import PackageRow
from app.packages.contracts import EFFECTIVE
from app.packages.forms import PaymentInput

HANDED_OVER = frozenset({"handed_over", "maintenance", "finished"})


def add_payment(session: Session, package: PackageRow, data: PaymentInput, *, today: dt.date) -> int:
    """
    Record a disbursement of the contract that it names, else of the one that runs, or ran last.

    Parameters
    ----------
    package
        Read with a lock, so that two payments at once cannot go above the contract together.

    Raises
    ------
    InvalidInput
        When the contract is not of the package, the number is known already, or the sums do not allow it.
    """
    contract = session.execute(
        text(f"""
            SELECT c.*, {EFFECTIVE} FROM app.contract c
            WHERE c.project_id = :id AND c.id = coalesce(:contract, c.id)
            ORDER BY c.state = 'running' DESC, c.signed_on DESC, c.id DESC LIMIT 1
        """),
        {"id": package.id, "contract": data.contract_id},
    ).one_or_none()
    if contract is None and data.contract_id is not None:
        raise InvalidInput({"contract_id": gettext("Pilih salah satu yang tersedia.")})
    if contract is None:
        raise InvalidInput({"": gettext("Belum ada kontrak atau keputusan swakelola; pembayaran belum dapat dicatat.")})
    sums = {
        row.kind: row.total
        for row in session.execute(
            text("SELECT kind, sum(amount_idr) AS total FROM app.payment WHERE contract_id = :id GROUP BY kind"),
            {"id": contract.id},
        )
    }
    if errors := _errors(package, contract, sums, data, today):
        raise InvalidInput(errors)
    found = session.scalar(
        text("""
            INSERT INTO app.payment (project_id, contract_id, number, paid_on, kind, amount_idr, note)
            VALUES (:project, :contract, :number, :paid_on, :kind, :amount_idr, :note)
            ON CONFLICT (number) DO NOTHING RETURNING id
        """),
        {"project": package.id, "contract": contract.id, **data.model_dump(exclude={"contract_id"})},
    )
    if found is None:
        raise InvalidInput({"number": gettext("SP2D nomor %(number)s sudah dicatat.", number=data.number)})
    return int(found)


def remove_payment(session: Session, package: PackageRow, payment_id: int) -> None:
    """Take back a disbursement that was recorded by mistake; the audit keeps it."""
    found = session.scalar(
        text("DELETE FROM app.payment WHERE id = :id AND project_id = :project RETURNING id"),
        {"id": payment_id, "project": package.id},
    )
    if found is None:
        raise NotFound("Pembayaran ini tidak ada.", "There is no such payment.")


def list_payments(session: Session, project_id: int) -> list[Row[Any]]:
    """Return the disbursements of a package, the newest first."""
    rows = session.execute(
        text("""
            SELECT id, contract_id, number, paid_on, kind, amount_idr, note FROM app.payment
            WHERE project_id = :id ORDER BY paid_on DESC, id DESC
        """),
        {"id": project_id},
    )
    return list(rows)


def _errors(
    package: PackageRow, contract: Row[Any], sums: Mapping[str, Decimal], data: PaymentInput, today: dt.date
) -> dict[str, str]:
    errors: dict[str, str] = {}
    language = current_language()
    if data.paid_on > today:
        errors["paid_on"] = gettext("Tanggal ini belum tiba.")
    elif data.paid_on < contract.signed_on:
        errors["paid_on"] = gettext(
            "Tidak boleh sebelum tanggal kontrak, %(day)s.", day=format_day(contract.signed_on, language)
        )
    rest = contract.value_now_idr - sum(sums.values(), Decimal(0))
    if data.amount_idr > rest:
        errors["amount_idr"] = gettext(
            "Melebihi sisa nilai kontrak, %(rest)s.", rest=format_idr(max(rest, Decimal(0)), language)
        )
    elif data.kind == "advance":
        sentence = _over_share(
            gettext("uang muka"), contract.advance_percent, contract.value_now_idr, sums.get("advance"), data.amount_idr
        )
        if sentence:
            errors["amount_idr"] = sentence
    elif data.kind == "retention":
        if package.status not in HANDED_OVER:
            errors["kind"] = gettext("Retensi dibayar setelah serah terima pertama (PHO).")
        sentence = _over_share(
            gettext("retensi"),
            contract.retention_percent,
            contract.value_now_idr,
            sums.get("retention"),
            data.amount_idr,
        )
        if sentence:
            errors["amount_idr"] = sentence
    return errors


def _over_share(
    what: str, percent: Decimal | None, value: Decimal, before: Decimal | None, amount: Decimal
) -> str | None:
    """Return why an amount is above its share of the contract; None when it is not."""
    if percent is None:
        return str(gettext("Kontrak belum mencatat persen %(what)s; lengkapi kontrak dahulu.", what=what))
    most = round(value * percent / 100, 2)
    if (before or Decimal(0)) + amount <= most:
        return None
    return str(
        gettext(
            "Melebihi %(what)s menurut kontrak: %(percent)s%% atau %(most)s, sudah dibayar %(before)s.",
            what=what,
            percent=format_number(percent, current_language(), 0 if percent == int(percent) else 2),
            most=format_idr(most, current_language()),
            before=format_idr(before or Decimal(0), current_language()),
        )
    )
