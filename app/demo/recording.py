"""Who records what on which day: rows of the demonstration's tables, present and superseded, gathered by table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from app.demo.rows import Table, moment

Allot = Callable[[str, int], list[int]]

STAFF = "{}@contoh.petakarya.local"
OFFICERS, SIGNATORIES = ("petugas", "petugas2"), ("ppk", "ppk2")
TREASURER, REVIEWER, PLANNER = "bendahara", "pemeriksa", "perencana"


class Rows:
    """Collects rows by table; all rows of a table have the same columns."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]] = {}

    def add(self, table: str, recorded: dt.date, by: str, /, **values: Any) -> None:
        """Add a row recorded on a day by a person (the name before the @)."""
        row = {**values, "demo": True, "valid_from": moment(recorded), "changed_by": STAFF.format(by)}
        self._put(table, row)

    def add_plain(self, table: str, /, **values: Any) -> None:
        """Add a row of a table without history."""
        self._put(table, values)

    def end(self, table: str, start: dt.date, until: dt.date, by: str, /, **values: Any) -> None:
        """Add a superseded version."""
        row = {
            **values,
            "demo": True,
            "valid_from": moment(start),
            "changed_by": STAFF.format(by),
            "valid_to": moment(until),
            "operation": "update",
            "ended_by": STAFF.format(by),
        }
        self._put(table, row)

    def tables(self) -> list[Table]:
        """Return the tables in the order in which their first row came."""
        return [Table(name, columns, rows) for name, (columns, rows) in self._rows.items()]

    def _put(self, table: str, row: dict[str, Any]) -> None:
        columns, rows = self._rows.setdefault(table, (tuple(row), []))
        rows.append(tuple(row[name] for name in columns))
