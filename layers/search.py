"""What the search box reads of each layer: one folded text per feature, with a trigram index on it."""

from __future__ import annotations

from layers.definition import LayerDefinition
from layers.identifiers import quote
from layers.tables import table_of

KEPT = "search_text"  # the column of a table that keeps its folded text, so that no question folds it again


def search_expression(definition: LayerDefinition, alias: str | None = None) -> str:
    """
    Return the SQL expression of a feature's searchable text (`app.fold`: no accents, no case).

    The index `<layer>_search_idx` is on this very expression, so a query must use it letter by letter.

    Parameters
    ----------
    definition
        A layer with at least one search field.
    alias
        Alias of the table in the query; none for the index itself.
    """
    prefix = f"{quote(alias)}." if alias else ""
    if KEPT in table_of(definition.id).columns:
        return f"{prefix}{quote(KEPT)}"
    parts = " || ' ' || ".join(f"coalesce({prefix}{quote(field)}, '')" for field in definition.search)
    return f"app.fold({parts})"
