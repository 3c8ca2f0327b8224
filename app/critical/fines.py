"""Fines for lateness: how many days, of which base, by which rule, with the formula in the open."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.critical.decision import rule_json
from app.critical.queries import Package
from app.errors import InvalidInput
from app.formats import format_idr, format_number
from gis.figures import Rule
from gis.progress import fine_base_idr, fine_idr


@dataclass(frozen=True)
class Fine:
    """What the provider owes for so many days."""

    base_kind: str  # contract, or the part that is late
    base_idr: Decimal
    value_idr: Decimal | None  # the contract's value with PPN, when it is the base
    vat_percent: Decimal
    days: int
    per_day_idr: Decimal
    amount_idr: Decimal
    rule: Rule
    until: dt.date | None  # the day counted to; None when the days were asked for
    in_extra_time: bool

    def formula(self, language: str) -> str:
        """Return the reckoning as people write it: `Rp1.000.000.000 × 1‰ × 10 = Rp10.000.000`."""
        share = format_number(self.rule.value, language, 0 if self.rule.value == int(self.rule.value) else 2)
        return (
            f"{format_idr(self.base_idr, language)} × {share}‰ × {self.days} = {format_idr(self.amount_idr, language)}"
        )

    def to_json(self) -> dict[str, Any]:
        """Give the fine for programs; money as decimal text."""
        return {
            "base": self.base_kind,
            "base_idr": str(self.base_idr),
            "contract_value_idr": None if self.value_idr is None else str(self.value_idr),
            "vat_percent": str(self.vat_percent),
            "days": self.days,
            "until": self.until.isoformat() if self.until else None,
            "in_extra_time": self.in_extra_time,
            "per_day_idr": str(self.per_day_idr),
            "amount_idr": str(self.amount_idr),
            "formula": self.formula("en"),
            "rule": rule_json(self.rule),
        }


def days_late(package: Package, *, today: dt.date) -> int:
    """Return how many calendar days after the contract's end the works were, or still are, not handed over."""
    if package.end_date is None:
        return 0
    return max(0, (counted_until(package, today) - package.end_date).days)


def counted_until(package: Package, today: dt.date) -> dt.date:
    """Return the last day that counts: of the hand-over, of the contract's ending, else today."""
    ended = package.handed_over_on or (package.ended_on if package.contract_state != "running" else None)
    return min(ended, today) if ended else today


def fine_of(package: Package, rule: Rule, *, today: dt.date, days: int | None = None) -> Fine | None:
    """
    Return the fine of a package, or None where nobody could owe one: no contract, or self-managed work.

    The base is the contract's present value, or the part that is late, before PPN, as the contract says. It is not
    capped: the regulation names no greatest fine.

    Parameters
    ----------
    rule
        DENDA_PERMIL in force on the last day that counts.
    days
        Days to reckon for; those late until today when not given.

    Raises
    ------
    InvalidInput
        When the contract's base is a part whose value is not recorded.
    """
    if package.contract_id is None or package.contract_kind == "self_managed" or package.contract_value_idr is None:
        return None
    vat = package.vat_percent or Decimal(0)
    if package.fine_base == "part":
        if package.fine_part_idr is None:
            raise InvalidInput({"": missing_part()})
        base, value = package.fine_part_idr, None
    else:
        base, value = fine_base_idr(package.contract_value_idr, vat), package.contract_value_idr
    counted = days_late(package, today=today) if days is None else days
    until = counted_until(package, today) if days is None else None
    extra = package.extra_time_until
    return Fine(
        base_kind=package.fine_base or "contract",
        base_idr=base,
        value_idr=value,
        vat_percent=vat,
        days=counted,
        per_day_idr=fine_idr(base, days=1, rule=rule),
        amount_idr=fine_idr(base, days=counted, rule=rule),
        rule=rule,
        until=until,
        in_extra_time=bool(until and extra and package.end_date and package.end_date < until <= extra),
    )


def missing_part() -> str:
    """Return what to do when the contract's fine is of a part that has no value yet."""
    from flask_babel import gettext

    sentence: str = gettext(
        "Denda kontrak ini dihitung dari bagian yang terlambat. Isi nilai bagian itu pada data kontrak."
    )
    return sentence
