"""Names that go into SQL: only those of our own catalogue, quoted."""

from __future__ import annotations

import re

_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def quote(name: str) -> str:
    """
    Quote a column or table name of the catalogue.

    Raises
    ------
    ValueError
        When it is not a plain lower-case name: such a name never comes from us.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a name of the catalogue: {name!r}")
    return f'"{name}"'


def quote_literal(value: str) -> str:
    """Quote a text of the catalogue as an SQL literal; for statements that make objects, where parameters cannot go."""
    return "'" + value.replace("'", "''") + "'"
