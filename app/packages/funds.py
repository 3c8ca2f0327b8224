"""Where the money of a package comes from: sources by year, which sum up to its ceiling."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.errors import InvalidInput
from app.extensions import current_language
from app.formats import format_idr
from app.packages.access import PackageRow
from app.packages.forms import FundsInput
from app.packages.service import raise_version


def put_funds(session: Session, package: PackageRow, data: FundsInput) -> None:
    """
    Replace the sources of a package, and its ceiling with them.

    Raises
    ------
    InvalidInput
        When they do not sum up to the ceiling, a source stands twice in a year, or the years are several without an
        approval for it.
    VersionConflict
        When somebody has changed the package since `data.version`.
    """
    raise_version(session, package, data.version)
    errors: dict[str, str] = {}
    twice = Counter((row.year, row.source) for row in data.rows)
    for number, row in enumerate(data.rows):
        if twice[row.year, row.source] > 1:
            errors[f"rows.{number}.source"] = gettext("Sumber ini ada dua kali pada tahun yang sama.")
    total = sum((row.amount_idr for row in data.rows), Decimal(0))
    if data.rows and total != data.ceiling_idr:
        language = current_language()
        errors["ceiling_idr"] = gettext(
            "Jumlah sumber dana %(total)s, pagu %(ceiling)s: selisih %(rest)s. Keduanya harus sama.",
            total=format_idr(total, language),
            ceiling=format_idr(data.ceiling_idr, language),
            rest=format_idr(abs(total - data.ceiling_idr), language),
        )
    elif package.contract_value_idr is not None and data.ceiling_idr < package.contract_value_idr:
        errors["ceiling_idr"] = gettext("Pagu tidak boleh di bawah nilai kontrak.")
    elif package.owner_estimate_idr is not None and data.ceiling_idr < package.owner_estimate_idr:
        errors["ceiling_idr"] = gettext("Pagu tidak boleh di bawah HPS.")
    if len({row.year for row in data.rows}) > 1 and not package.multi_year_approval:
        errors[""] = gettext(
            "Dana beberapa tahun hanya untuk tahun jamak. Catat dahulu nomor persetujuannya pada data paket."
        )
    if errors:
        raise InvalidInput(errors)
    session.execute(
        text("""
            DELETE FROM app.fund WHERE project_id = :id AND NOT (year, source) IN (
                SELECT * FROM unnest(CAST(:years AS integer[]), CAST(:sources AS text[])))
        """),
        {
            "id": package.id,
            "years": [row.year for row in data.rows],
            "sources": [row.source for row in data.rows],
        },
    )
    session.execute(
        text("UPDATE app.project SET ceiling_idr = :ceiling WHERE id = :id"),
        {"ceiling": data.ceiling_idr, "id": package.id},
    )
    if data.rows:
        session.execute(
            text("""
                INSERT INTO app.fund AS f (project_id, year, source, amount_idr)
                VALUES (:project, :year, :source, :amount_idr)
                ON CONFLICT (project_id, year, source) DO UPDATE SET amount_idr = excluded.amount_idr
                WHERE f.amount_idr <> excluded.amount_idr
            """),
            [{"project": package.id, **row.model_dump()} for row in data.rows],
        )


def list_funds(session: Session, project_id: int) -> list[Row[Any]]:
    """Return the sources of a package by year."""
    rows = session.execute(
        text("SELECT year, source, amount_idr FROM app.fund WHERE project_id = :id ORDER BY year, source"),
        {"id": project_id},
    )
    return list(rows)
