"""Making and changing packages, their units, companies and links; every sentence stands beside a field."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_babel import gettext
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.errors import InvalidInput, NotFound, VersionConflict
from app.packages.access import PackageRow
from app.packages.forms import CompanyInput, LinkInput, PackageInput, UnitInput

COLUMNS = tuple(name for name in PackageInput.model_fields if name != "code")
NAMED = {"unit_id": "unit", "programme_id": "programme", "ppk_id": "account", "officer_id": "account"}


def create_package(session: Session, data: PackageInput, *, today: dt.date) -> str:
    """
    Make a package as planned and return its code.

    Raises
    ------
    InvalidInput
        When the code is taken, or something named does not exist.
    """
    _check_names(session, data)
    code = data.code or _next_code(session, data.year)
    found = session.scalar(
        text(f"""
            INSERT INTO app.project (code, {", ".join(COLUMNS)})
            VALUES (:code, {", ".join(f":{name}" for name in COLUMNS)}) ON CONFLICT (code) DO NOTHING RETURNING id
        """),
        {"code": code, **data.model_dump(include=set(COLUMNS))},
    )
    if found is None:
        raise InvalidInput({"code": gettext("Kode %(code)s sudah dipakai paket lain.", code=code)})
    session.execute(
        text("INSERT INTO app.status_change (project_id, to_status, on_day) VALUES (:id, 'planned', :day)"),
        {"id": found, "day": today},
    )
    return code


def change_package(session: Session, package: PackageRow, data: PackageInput, *, version: int) -> str:
    """
    Write a package's fields and return its code, which may be another.

    Raises
    ------
    VersionConflict
        When somebody has changed it since `version`.
    InvalidInput
        When something cannot be, such as a ceiling unlike the sum of its sources.
    """
    raise_version(session, package, version)
    _check_names(session, data)
    code = data.code or package.code
    if code != package.code and session.scalar(text("SELECT id FROM app.project WHERE code = :code"), {"code": code}):
        raise InvalidInput({"code": gettext("Kode %(code)s sudah dipakai paket lain.", code=code)})
    total = session.scalar(text("SELECT sum(amount_idr) FROM app.fund WHERE project_id = :id"), {"id": package.id})
    if total is not None and total != data.ceiling_idr:
        raise InvalidInput(
            {
                "ceiling_idr": gettext(
                    "Pagu tidak sama dengan jumlah sumber dananya. Ubah keduanya di halaman Sumber dana."
                )
            }
        )
    if (
        data.ceiling_idr is not None
        and package.contract_value_idr is not None
        and data.ceiling_idr < package.contract_value_idr
    ):
        raise InvalidInput({"ceiling_idr": gettext("Pagu tidak boleh di bawah nilai kontrak.")})
    session.execute(
        text(
            f"UPDATE app.project SET code = :code, {', '.join(f'{name} = :{name}' for name in COLUMNS)} WHERE id = :id"
        ),
        {"id": package.id, "code": code, **data.model_dump(include=set(COLUMNS))},
    )
    return code


def raise_version(session: Session, package: PackageRow, version: int) -> None:
    """
    Take the next version of a package for an edit of `version`.

    Raises
    ------
    VersionConflict
        With the package as it stands, when that is another version.
    """
    taken = session.scalar(
        text("UPDATE app.project SET version = version + 1 WHERE id = :id AND version = :version RETURNING version"),
        {"id": package.id, "version": version},
    )
    if taken is None:
        raise VersionConflict(package_values(session, package.id))


def package_values(session: Session, project_id: int) -> dict[str, Any]:
    """Return a package's fields as its form and programs read them, with its version and who wrote it."""
    row = session.execute(
        text(f"SELECT code, {', '.join(COLUMNS)}, version, changed_by, status FROM app.project WHERE id = :id"),
        {"id": project_id},
    ).mappings()
    return {name: plain(value) for name, value in row.one().items()}


def plain(value: Any) -> Any:
    """Return a value as JSON writes it: money as a number, days as text."""
    from decimal import Decimal

    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def add_link(session: Session, package: PackageRow, data: LinkInput) -> int:
    """Say which package is the design or the supervision of this one."""
    other = session.scalar(text("SELECT id FROM app.project WHERE code = :code"), {"code": data.code})
    if other is None:
        raise InvalidInput({"code": gettext("Paket %(code)s tidak ada di register.", code=data.code)})
    if other == package.id:
        raise InvalidInput({"code": gettext("Paket tidak dapat dihubungkan dengan dirinya sendiri.")})
    found = session.scalar(
        text("""
            INSERT INTO app.package_link (project_id, other_id, kind) VALUES (:project, :other, :kind)
            ON CONFLICT DO NOTHING RETURNING id
        """),
        {"project": package.id, "other": other, "kind": data.kind},
    )
    if found is None:
        raise InvalidInput({"code": gettext("Hubungan ini sudah tercatat.")})
    return int(found)


def remove_link(session: Session, package: PackageRow, link_id: int) -> None:
    """Take a link away; its history stays."""
    found = session.scalar(
        text("DELETE FROM app.package_link WHERE id = :id AND project_id = :project RETURNING id"),
        {"id": link_id, "project": package.id},
    )
    if found is None:
        raise NotFound("Hubungan paket ini tidak ada.", "There is no such link.")


def add_company(session: Session, data: CompanyInput) -> int:
    """Record a company; one tax number is one company."""
    found = session.scalar(
        text("""
            INSERT INTO app.company (name, tax_number, is_small, address)
            VALUES (:name, :tax_number, :is_small, :address) ON CONFLICT DO NOTHING RETURNING id
        """),
        data.model_dump(),
    )
    if found is None:
        raise InvalidInput({"tax_number": gettext("NPWP ini sudah dicatat untuk perusahaan lain.")})
    return int(found)


def change_company(session: Session, company_id: int, data: CompanyInput) -> None:
    """
    Correct a company; the packages whose contract it holds show its new name.

    Raises
    ------
    NotFound
        When there is no such company.
    InvalidInput
        When the tax number is another company's.
    """
    try:
        with session.begin_nested():
            found = session.scalar(
                text("""
                    UPDATE app.company
                    SET name = :name, tax_number = :tax_number, is_small = :is_small, address = :address
                    WHERE id = :id RETURNING id
                """),
                {"id": company_id, **data.model_dump()},
            )
    except IntegrityError:
        raise InvalidInput({"tax_number": gettext("NPWP ini sudah dicatat untuk perusahaan lain.")}) from None
    if found is None:
        raise NotFound("Perusahaan ini tidak ada di daftar.", "There is no such company.")
    session.execute(
        text("""
            SELECT app.refresh_contract(projects)
            FROM (SELECT array_agg(DISTINCT project_id) AS projects FROM app.contract WHERE company_id = :id) AS held
            WHERE projects IS NOT NULL
        """),
        {"id": company_id},
    )


def add_unit(session: Session, data: UnitInput) -> int:
    """Record an agency or a part of it."""
    if data.parent_id is not None and not _exists(session, "unit", data.parent_id):
        raise InvalidInput({"parent_id": gettext("Instansi ini tidak ada.")})
    found = session.scalar(
        text("""
            INSERT INTO app.unit (code, name, parent_id) VALUES (:code, :name, :parent_id)
            ON CONFLICT DO NOTHING RETURNING id
        """),
        data.model_dump(),
    )
    if found is None:
        raise InvalidInput({"code": gettext("Kode ini sudah dipakai.")})
    return int(found)


def require_company(session: Session, field: str, company_id: int, errors: dict[str, str]) -> None:
    """Note an error when there is no such company."""
    if not _exists(session, "company", company_id):
        errors[field] = gettext("Perusahaan ini tidak ada di daftar.")


def _check_names(session: Session, data: PackageInput) -> None:
    sentences = {
        "unit_id": gettext("Unit ini tidak ada di daftar."),
        "programme_id": gettext("Subkegiatan ini tidak ada di daftar."),
        "ppk_id": gettext("Akun ini tidak ada."),
        "officer_id": gettext("Akun ini tidak ada."),
    }
    errors = {
        field: sentences[field]
        for field, table in NAMED.items()
        if (value := getattr(data, field)) is not None and not _exists(session, table, value)
    }
    if errors:
        raise InvalidInput(errors)


def _exists(session: Session, table: str, identifier: int) -> bool:
    return session.scalar(text(f"SELECT 1 FROM app.{table} WHERE id = :id"), {"id": identifier}) is not None


def _next_code(session: Session, year: int) -> str:
    """Return a code not used yet: PK-2026-0001 and on; two that ask at once wait for each other."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('petakarya.package_code', 0))"))
    last = session.scalar(
        text("""
            SELECT max(substring(code FROM '^PK-[0-9]{4}-([0-9]{4,})$')::int) FROM app.project
            WHERE code ~ :pattern
        """),
        {"pattern": f"^PK-{year}-[0-9]{{4,9}}$"},
    )
    return f"PK-{year}-{(last or 0) + 1:04d}"
