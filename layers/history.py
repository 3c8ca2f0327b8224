"""The map as of a date: what the system had recorded by then."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Column, DateTime, FromClause, bindparam, text

from layers.errors import InvalidFilter
from layers.identifiers import quote
from layers.tables import table_of

YEARS = range(1900, 3000)  # of a moment: calendars end, and no time zone can be asked at their very ends


def read_as_of(value: str, time_zone: str) -> datetime:
    """
    Read an `as_of` parameter: a date means the end of that day in the region's time zone.

    Raises
    ------
    InvalidFilter
        When it is neither a date (2026-11-24) nor a time with offset (2026-11-24T10:00:00+07:00).
    """
    try:
        if len(value) == len("2026-11-24"):
            day = date.fromisoformat(value)
            moment = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(time_zone)) - timedelta(microseconds=1)
        else:
            moment = datetime.fromisoformat(value)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.tzinfo is None or moment.year not in YEARS:
        raise InvalidFilter(
            f"as_of={value[:40]} bukan tanggal. Tulis seperti 2026-11-24.",
            f"as_of={value[:40]} is not a date. Write it like 2026-11-24.",
        )
    return moment


def as_of_source(layer_id: str, columns: Iterable[str], parameter: str) -> str:
    """
    Return a sub-select of a layer's rows as they were recorded at a moment.

    Parameters
    ----------
    layer_id
        Id from the catalogue.
    columns
        Columns wanted; those of the definition or the common ones.
    parameter
        The placeholder of the moment (`timestamptz`) in the statement, e.g. `:as_of` or `%(as_of)s`.
    """
    wanted = ", ".join(quote(column) for column in columns)
    layer = quote(layer_id)
    return (
        f"(SELECT {wanted} FROM layers.{layer} WHERE valid_from <= {parameter}"
        f" UNION ALL SELECT {wanted} FROM history.{layer} WHERE valid_from <= {parameter} AND valid_to > {parameter})"
    )


def layer_rows(layer_id: str, columns: Iterable[str], as_of: datetime | None = None) -> FromClause:
    """
    Return a layer's rows to select from, as they are now or as they were recorded at a moment.

    Parameters
    ----------
    layer_id
        Id from the catalogue; it is also the alias in the query.
    columns
        Columns wanted; those of the definition or the common ones.
    as_of
        The moment, with time zone; None for now, which alone can use the layer's indexes fully.
    """
    table = table_of(layer_id)
    if as_of is None:
        return table.alias(layer_id)
    wanted = [Column(name, table.c[name].type) for name in columns]
    statement = text(as_of_source(layer_id, (column.name for column in wanted), ":as_of"))
    moment = bindparam("as_of", as_of, DateTime(timezone=True))
    return statement.bindparams(moment).columns(*wanted).subquery(layer_id)
