"""Findings of an import: what is wrong with which rows, shown together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from gis.figures import Finding, Severity
from gis.types import BoolArray, IntArray, Json

MAX_ROWS_NAMED = 20  # of each finding; beyond it a list helps nobody, the count tells the rest
MAX_TEXT = 60  # characters of a value from the file that a sentence repeats


@dataclass(frozen=True)
class RowFinding(Finding):
    """A finding about a file; `rows` are numbers of rows in it, from 1, at most `MAX_ROWS_NAMED` of them."""

    rows: tuple[int, ...] = ()

    def to_json(self, *, language: Literal["id", "en"] = "id") -> Json:
        """Give the finding as design section 4 writes it, with its rows."""
        return {**super().to_json(language=language), "rows": list(self.rows)}


@dataclass(frozen=True)
class Sentence:
    """What a step of the import did, in Indonesian and English."""

    step: Literal["unpack", "read", "validate", "transform", "load"]
    message_id: str
    message_en: str

    def to_json(self, *, language: Literal["id", "en"] = "id") -> Json:
        """Give the sentence in one language."""
        return {"step": self.step, "message": self.message_id if language == "id" else self.message_en}


def finding(
    severity: Severity, code: str, message_id: str, message_en: str, rows: IntArray | None = None, *, count: int = 1
) -> RowFinding:
    """
    Make a finding about a file.

    Parameters
    ----------
    rows
        Numbers of the rows it concerns, from 1; their count is the finding's. None when it concerns the whole file.
    """
    if rows is None:
        return RowFinding(severity, code, message_id, message_en, count)
    named = tuple(int(row) for row in rows[:MAX_ROWS_NAMED])
    return RowFinding(severity, code, message_id, message_en, len(rows), named)


def quoted(value: object) -> str:
    """Quote a value from the file for a sentence, cut to `MAX_TEXT` characters and without control characters."""
    text = "".join(character if character.isprintable() else " " for character in str(value))
    return f"“{text[:MAX_TEXT]}{'…' if len(text) > MAX_TEXT else ''}”"


def examples(values: npt.NDArray[np.object_], mask: BoolArray, *, most: int = 3) -> str:
    """List a few different values where the mask is true, quoted, for a sentence."""
    found = list(dict.fromkeys(str(value) for value in values[mask][: most * 50]))
    return ", ".join(quoted(value) for value in found[:most])


def nothing_left() -> RowFinding:
    """Say that no row can be loaded."""
    return finding(
        "error",
        "nothing_left",
        "Tidak ada baris yang dapat dimuat; temuan lainnya menyebut sebabnya.",
        "No row can be loaded; the other findings say why.",
    )


def unreadable(path: Path) -> RowFinding:
    """Say that a file is damaged."""
    return finding(
        "error",
        "file_damaged",
        f"{quoted(path.name)} rusak atau terpotong, jadi tidak dapat dibaca seluruhnya. Kirim ulang berkasnya.",
        f"{quoted(path.name)} is damaged or cut off, so it cannot be read in full. Send the file again.",
    )
