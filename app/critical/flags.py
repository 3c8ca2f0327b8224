"""Money beside works: where payment has run ahead of them, or stayed far behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from gis.figures import Rule


@dataclass(frozen=True)
class FinancialFlag:
    """One finding about financial beside physical progress, with the numbers and the rule that made it."""

    kind: Literal["money_ahead", "works_ahead"]
    financial_percent: float
    physical_percent: float
    difference_points: float
    threshold_points: float
    rule: Rule


def financial_flags(
    *,
    paid_idr: float,
    contract_value_idr: float | None,
    physical_percent: float | None,
    advance_percent: float | None,
    rules: Mapping[str, Rule],
) -> tuple[FinancialFlag, ...]:
    """
    Tell where payment and works have drifted apart.

    An advance makes money lead early, retention and instalments make it lag late, so the advance is allowed for.

    Parameters
    ----------
    paid_idr, contract_value_idr
        SP2D issued under the contract, and its present value; without a value nothing can be said.
    physical_percent
        The newest approved physical progress; without it nothing can be said.
    advance_percent
        Of the contract; 0 when it has none.
    rules
        Those in force: KEUANGAN_LEBIH_POIN, FISIK_LEBIH_POIN.

    Returns
    -------
    flags
        Money leads by more than the advance and the rule's points; works lead by more than the other rule's points.
    """
    if not contract_value_idr or physical_percent is None:
        return ()
    financial = float(paid_idr) / float(contract_value_idr) * 100
    ahead, behind = rules["KEUANGAN_LEBIH_POIN"], rules["FISIK_LEBIH_POIN"]
    allowed = float(advance_percent or 0) + ahead.value
    difference = financial - physical_percent
    if difference > allowed:
        return (FinancialFlag("money_ahead", financial, physical_percent, difference, allowed, ahead),)
    if -difference > behind.value:
        return (FinancialFlag("works_ahead", financial, physical_percent, -difference, behind.value, behind),)
    return ()
