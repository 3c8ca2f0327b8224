"""Register spatial plans, and give zones without a plan to one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from app.errors import InvalidRequest
from gis.figures import Finding

KINDS = ("rtrw", "rdtr")
COLUMNS = ("name", "kind", "scale", "legal_basis", "in_force_from", "in_force_until")
NEEDED = ("name", "kind", "scale")
NAMED = 8  # zone codes that a finding names before it says "and so on"


@dataclass(frozen=True)
class PlanInput:
    """What is said of a plan; None leaves a field as it is. `matrix` is activity → zone code → I, T, B or X."""

    code: str
    name: str | None = None
    kind: str | None = None
    scale: int | None = None
    legal_basis: str | None = None
    in_force_from: date | None = None
    in_force_until: date | None = None
    matrix: Mapping[str, Mapping[str, str]] | None = None

    @property
    def given(self) -> dict[str, Any]:
        """The columns that are said, with their values."""
        found = {column: getattr(self, column) for column in COLUMNS if getattr(self, column) is not None}
        if self.matrix is not None:
            found["activity_matrix"] = json.dumps(self.matrix, ensure_ascii=False, sort_keys=True)
        return found


@dataclass(frozen=True)
class SavedPlan:
    """What became of a plan: whether it is new, how many zones it has and took over, and what is to be known."""

    code: str
    is_new: bool
    zones: int
    taken: int
    findings: tuple[Finding, ...]


def save_plan(connection: Connection, plan: PlanInput, *, take_zones: bool = False) -> SavedPlan:
    """
    Register a plan, or change one that is registered; the caller commits.

    Parameters
    ----------
    connection
        Of the app role.
    take_zones
        Whether the plan gets the zones that have none.

    Raises
    ------
    InvalidRequest
        When a new plan lacks its name, kind or scale, or its time in force ends before it begins.
    """
    known = connection.execute(
        text("SELECT in_force_from, in_force_until FROM layers.plans WHERE code = :code FOR UPDATE"),
        {"code": plan.code},
    ).one_or_none()
    given = plan.given
    if known is None:
        _require_all(given)
    begins, ends = (given.get(one, getattr(known, one, None)) for one in ("in_force_from", "in_force_until"))
    if begins is not None and ends is not None and ends < begins:
        raise InvalidRequest(
            "Masa berlaku rencana berakhir sebelum dimulai.", "The plan's time in force ends before it begins."
        )
    _write(connection, plan.code, given, is_new=known is None)
    taken = _take_zones(connection, plan.code) if take_zones else 0
    zones = int(
        connection.scalar(text("SELECT count(*) FROM layers.plan_zones WHERE plan_code = :code"), {"code": plan.code})
        or 0
    )
    return SavedPlan(plan.code, known is None, zones, taken, _findings(connection, plan.code, zones))


def _require_all(given: Mapping[str, Any]) -> None:
    missing = [column for column in NEEDED if column not in given]
    if missing:
        options = ", ".join(f"--{column}" for column in missing)
        raise InvalidRequest(f"Rencana baru memerlukan {options}.", f"A new plan needs {options}.")


def _write(connection: Connection, code: str, given: Mapping[str, Any], *, is_new: bool) -> None:
    def value(column: str) -> str:
        return f"CAST(:{column} AS jsonb)" if column == "activity_matrix" else f":{column}"

    if is_new:
        columns, values = ", ".join(given), ", ".join(value(column) for column in given)
        statement = f"INSERT INTO layers.plans (code, {columns}) VALUES (:code, {values})"
    elif given:
        pairs = ", ".join(f"{column} = {value(column)}" for column in given)
        statement = f"UPDATE layers.plans SET {pairs}, demo = false WHERE code = :code"
    else:
        return
    connection.execute(text(statement), {"code": code, **given})


def _take_zones(connection: Connection, code: str) -> int:
    taken = connection.execute(
        text("UPDATE layers.plan_zones SET plan_code = :code WHERE plan_code IS NULL"), {"code": code}
    )
    return int(taken.rowcount)


def _findings(connection: Connection, code: str, zones: int) -> tuple[Finding, ...]:
    """Say what stands between a plan and the report of conformity: no zones, no matrix, zones without a column."""
    if not zones:
        return (
            Finding(
                "warning",
                "plan_without_zones",
                f"Rencana {code} belum memiliki zona. Impor ke lapisan plan_zones dengan kolom plan_code, atau "
                "jalankan perintah ini lagi dengan --take-zones setelah mengimpornya.",
                f"The plan {code} has no zones yet. Import them into the layer plan_zones with a column plan_code, "
                "or run this command again with --take-zones after importing them.",
            ),
        )
    silent = connection.scalars(
        text(
            """
            SELECT DISTINCT zone_code FROM layers.plan_zones z JOIN layers.plans p ON p.code = z.plan_code
            WHERE p.code = :code AND NOT EXISTS (
                SELECT FROM jsonb_each(p.activity_matrix) row(activity, cells)
                WHERE jsonb_typeof(cells) = 'object' AND cells ? z.zone_code)
            ORDER BY 1
            """
        ),
        {"code": code},
    ).all()
    if not silent:
        return ()
    named = ", ".join(silent[:NAMED]) + (", …" if len(silent) > NAMED else "")
    return (
        Finding(
            "warning",
            "zones_not_in_matrix",
            f"Kode zona yang tidak ada dalam matriks kegiatan: {len(silent)} ({named}); hasilnya tidak diketahui.",
            f"Zone codes that the activity matrix does not have: {len(silent)} ({named}); outcomes are unknown.",
            len(silent),
        ),
    )
