"""Rows of a layer on their way from a file into its table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gis.types import BoolArray, GeometryArray, IntArray
from layers.ingest.values import TextArray


@dataclass(frozen=True)
class Rows:
    """
    Rows as the layer's table takes them.

    `columns` are texts as PostgreSQL reads them, None for NULL; `geometries` are in EPSG:4326, of the table's type,
    None only where they are still to be found; `rows` are the rows' numbers in the file.
    """

    columns: Mapping[str, TextArray]
    geometries: GeometryArray
    rows: IntArray

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.rows)

    def select(self, keep: BoolArray) -> Rows:
        """Return those where the mask is true."""
        if keep.all():
            return self
        columns = {name: values[keep] for name, values in self.columns.items()}
        return Rows(columns, self.geometries[keep], self.rows[keep])

    def with_column(self, name: str, values: TextArray) -> Rows:
        """Return the same rows with one column put in or replaced."""
        return replace(self, columns={**self.columns, name: values})
