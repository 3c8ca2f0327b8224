"""Money beside works: the thresholds of the domain reference 1.3, strictly more than them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from app.critical.flags import financial_flags
from layers.rules import rules_in_force
from tests.critical.test_service import TODAY


@pytest.mark.parametrize(
    ("paid", "physical", "advance", "kind"),
    [
        (25, 0, 20, None),  # the advance and 5 points
        (25.01, 0, 20, "money_ahead"),
        (5, 0, None, None),
        (5.01, 0, None, "money_ahead"),
        (50, 80, 30, None),
        (50, 80.01, 30, "works_ahead"),
        (0, 0, 30, None),
    ],
)
def test_flags(connection: Connection, paid: float, physical: float, advance: float | None, kind: str | None) -> None:
    rules = rules_in_force(connection, TODAY)
    found = financial_flags(
        paid_idr=paid * 1e7, contract_value_idr=1e9, physical_percent=physical, advance_percent=advance, rules=rules
    )
    assert [one.kind for one in found] == ([kind] if kind else [])
    for one in found:
        assert one.financial_percent == pytest.approx(paid)
        assert one.rule.legal_basis


@pytest.mark.parametrize(
    "missing", [{"contract_value_idr": None}, {"contract_value_idr": 0}, {"physical_percent": None}]
)
def test_nothing_is_said_without_the_figures(connection: Connection, missing: dict[str, Any]) -> None:
    known = {"paid_idr": 1e9, "contract_value_idr": 1e9, "physical_percent": 0.0, "advance_percent": 0.0}
    assert financial_flags(**{**known, **missing}, rules=rules_in_force(connection, TODAY)) == ()
