"""What stops an import: the file is refused, or the database failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from layers.errors import LayersError
from layers.ingest.findings import RowFinding


class ImportRefused(LayersError):
    """
    The file cannot be imported as it is; nothing was changed.

    Parameters
    ----------
    finding
        What is wrong, where, and what to do.
    """

    exit_code = 2

    def __init__(self, finding: RowFinding) -> None:
        super().__init__(finding.message_id, finding.message_en)
        self.findings: tuple[RowFinding, ...] = (finding,)


class ImportFailed(LayersError):
    """The database could not take the rows; nothing was changed."""


@contextmanager
def keeping(findings: list[RowFinding]) -> Iterator[None]:
    """Let a refusal carry what was found before it, so that all of it is shown together."""
    try:
        yield
    except ImportRefused as refusal:
        refusal.findings = (*findings, *refusal.findings)
        raise
