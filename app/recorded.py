"""Rows of the register's tables as they are now, or as they were recorded at a moment."""

from __future__ import annotations

from datetime import datetime

from layers.identifiers import quote


def recorded(table: str, as_of: datetime | None, *, columns: str = "*", parameter: str = ":as_of") -> str:
    """
    Return what to select from: a table of schema app that keeps history, now or at a moment.

    Parameters
    ----------
    table
        Its name, from our code, never from a request.
    as_of
        The moment; None for now, which alone can use the table's indexes fully.
    columns
        Those wanted, as SQL; those of both the table and its history when `*` cannot be meant alike: name them.
    parameter
        The placeholder of the moment in the statement.
    """
    name = quote(table)
    if as_of is None:
        return f"app.{name}"
    return (
        f"(SELECT {columns} FROM app.{name} WHERE valid_from <= {parameter}"
        f" UNION ALL SELECT {_past(columns, name)} FROM history.{name}"
        f" WHERE valid_from <= {parameter} AND valid_to > {parameter})"
    )


def _past(columns: str, name: str) -> str:
    if columns == "*":
        raise ValueError(f"name the columns wanted of {name}: its history has three more")
    return columns
