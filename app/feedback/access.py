"""Who may see to which report."""

from __future__ import annotations

from typing import Any

from app.auth.models import Account
from app.auth.permissions import Permission, current_account, is_within, permissions_of, require, units_of
from app.errors import Forbidden

TRIAGE_ROLES = frozenset({"reviewer", "administrator"})


def may_handle(report: Any, account: Account | None = None) -> bool:
    """
    Tell whether who acts sees to a report.

    Reviewers and administrators see to all in their area and unit; a PPK to those on his packages, of his unit, or
    given to him.
    """
    account = account or current_account()
    if account is None or Permission.FEEDBACK_HANDLE not in permissions_of(account):
        return False
    if account.id in {report.account_id, report.ppk_id}:
        return True
    if TRIAGE_ROLES & {role.name for role in account.roles}:
        return is_within(
            account,
            {
                "district_codes": report.district_codes,
                "village_codes": report.village_codes,
                "unit_id": report.unit_id or report.project_unit_id,
            },
        )
    return account.unit_id is not None and bool({report.unit_id, report.project_unit_id} & units_of(account))


def require_handler(report: Any) -> Account:
    """Return the account that acts, when it sees to this report; else `Forbidden`."""
    account = require(Permission.FEEDBACK_HANDLE)
    if not may_handle(report, account):
        raise Forbidden(
            "Laporan ini bukan tugas Anda. Mintalah pemeriksa menugaskannya kepada Anda.",
            "This report is not yours to see to. Ask a reviewer to give it to you.",
        )
    return account
