"""Rows of tracking for tests: contract, curve, approved updates, excuses. Each takes what the test wants otherwise."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

from sqlalchemy import Connection, text

from tests.helpers.factories import make_project, make_row

NUMBERS = count(1)


def make_company(connection: Connection, **values: Any) -> int:
    """Make a contractor."""
    return make_row(connection, "app.company", **{"name": f"PT Beringin {next(NUMBERS)}", **values})


def make_contract(connection: Connection, project_id: int, **values: Any) -> int:
    """Make a running contract of 2026, 1 May to 15 December, of Rp1.110.000.000 with 11 % PPN."""
    defaults: dict[str, Any] = {
        "number": f"620/{next(NUMBERS):03d}/KONTRAK/2026",
        "signed_on": date(2026, 4, 28),
        "value_idr": 1_110_000_000,
        "vat_percent": 11,
        "start_order_number": "620/1/SPMK/2026",
        "start_date": date(2026, 5, 1),
        "duration_days": 229,
        "end_date": date(2026, 12, 15),
    }
    if values.get("kind") != "self_managed" and "company_id" not in values:
        defaults["company_id"] = make_company(connection)
    return make_row(connection, "app.contract", project_id=project_id, **{**defaults, **values})


def make_tracked_project(connection: Connection, *, contract: dict[str, Any] | None = None, **values: Any) -> int:
    """Make a package of 2026 with a running contract, and no progress yet."""
    nothing_yet = {"planned_percent": None, "physical_percent": None, "progress_date": None}
    project = make_project(connection, **{**nothing_yet, **values})
    make_contract(connection, project, **(contract or {}))
    return project


def contract_of(connection: Connection, project_id: int) -> int:
    """Return the id of a package's running contract."""
    found = connection.scalar(
        text("SELECT id FROM app.contract WHERE project_id = :id AND state = 'running'"), {"id": project_id}
    )
    assert found is not None
    return int(found)


def make_approved(connection: Connection, project_id: int, day: date, physical: float, **values: Any) -> int:
    """Make an approved update; `planned_percent` is the plan of its day."""
    values = {"state": "approved", "contract_id": contract_of(connection, project_id), **values}
    return make_row(
        connection, "app.progress_update", project_id=project_id, day=day, physical_percent=physical, **values
    )


def make_baseline(connection: Connection, project_id: int, points: dict[date, float], **values: Any) -> int:
    """Make a curve of the running contract from its points."""
    defaults = {"contract_id": contract_of(connection, project_id), "sequence": 1, "in_force_from": min(points)}
    baseline = make_row(connection, "app.baseline", project_id=project_id, **{**defaults, **values})
    connection.execute(
        text("INSERT INTO app.baseline_point (baseline_id, day, percent) VALUES (:baseline, :day, :percent)"),
        [{"baseline": baseline, "day": day, "percent": percent} for day, percent in points.items()],
    )
    return baseline


def make_excuse(connection: Connection, project_id: int, from_day: date, until_day: date, **values: Any) -> int:
    """Record delay that the employer caused."""
    defaults = {"cause": "employer", "reason": "Lahan belum dibebaskan"}
    return make_row(
        connection,
        "app.delay_excuse",
        project_id=project_id,
        from_day=from_day,
        until_day=until_day,
        **{**defaults, **values},
    )


def make_addendum(connection: Connection, contract_id: int, **values: Any) -> int:
    """Make an addendum that moves a contract's end to 28 December 2026."""
    defaults: dict[str, Any] = {
        "sequence": 1,
        "number": f"ADD/{next(NUMBERS)}/2026",
        "signed_on": date(2026, 9, 1),
        "end_date": date(2026, 12, 28),
        "reason": "Penambahan volume",
    }
    return make_row(connection, "app.addendum", contract_id=contract_id, **{**defaults, **values})
