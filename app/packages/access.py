"""The package that an address names, with what rights to it are decided by."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from decimal import Decimal

from sqlalchemy import text

from app.auth.permissions import Permission, require
from app.errors import NotFound
from app.extensions import db


@dataclass(frozen=True)
class PackageRow:
    """A package as it stands now: what names it, what decides rights to it, and what edits are checked against."""

    id: int
    code: str
    name: str
    status: str
    year: int
    sector: str
    unit_id: int | None
    district_codes: list[str] | None
    village_codes: list[str] | None
    version: int
    ceiling_idr: Decimal | None
    owner_estimate_idr: Decimal | None
    contract_value_idr: Decimal | None
    multi_year_approval: str | None
    physical_percent: float | None
    progress_date: dt.date | None
    start_date: dt.date | None
    end_date: dt.date | None
    maintenance_until: dt.date | None
    ppk_id: int | None
    officer_id: int | None


COLUMNS = ", ".join(item.name for item in fields(PackageRow))


def package_or_404(code: str, permission: Permission, *, locked: bool = False) -> PackageRow:
    """
    Return the package of this code, if who acts may do this with it.

    Parameters
    ----------
    locked
        Let others who change this package wait until the transaction ends.

    Raises
    ------
    NotFound
        When there is no such package.
    NotSignedIn, Forbidden
        When the right to it is missing.
    """
    row = find_package(code, locked=locked)
    require(permission, row)
    return row


def find_package(code: str, *, locked: bool = False) -> PackageRow:
    """Return the package of this code, whoever asks; errors as for `package_or_404`."""
    return _one("code = :key", code, code, locked=locked)


def find_package_by_id(project_id: int, *, locked: bool = False) -> PackageRow:
    """Return the package of this id, whoever asks; errors as for `package_or_404`."""
    return _one("id = :key", project_id, str(project_id), locked=locked)


def _one(condition: str, key: str | int, named: str, *, locked: bool) -> PackageRow:
    statement = f"SELECT {COLUMNS} FROM app.project WHERE {condition}{' FOR UPDATE' if locked else ''}"
    found = db.session.execute(text(statement), {"key": key}).mappings().one_or_none()
    if found is None:
        raise NotFound(f"Paket {named} tidak ada di register.", f"There is no package {named} in the register.")
    return PackageRow(**found)
