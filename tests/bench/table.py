"""The table that a run prints: what was measured, the bar, and whether it was kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Verdict = Literal["kept", "missed", "not measured"]


@dataclass(frozen=True)
class Row:
    """One measurement; `value` is None when it could not be made, and `note` says why, or gives the numbers behind."""

    section: str
    what: str
    bar: str
    value: str | None
    kept: bool | None
    note: str = ""

    @property
    def verdict(self) -> Verdict:
        """Whether the bar was kept."""
        if self.value is None or self.kept is None:
            return "not measured"
        return "kept" if self.kept else "missed"


def at_most(section: str, what: str, value: float, bar: float, unit: str, note: str = "") -> Row:
    """Make a row whose value must not be above its bar."""
    return Row(section, what, f"≤ {bar:g} {unit}".strip(), f"{value:.3g} {unit}".strip(), value <= bar, note)


def at_least(section: str, what: str, value: float, bar: float, unit: str, note: str = "") -> Row:
    """Make a row whose value must not be below its bar."""
    return Row(section, what, f"≥ {bar:g} {unit}".strip(), f"{value:.3g} {unit}".strip(), value >= bar, note)


def not_measured(section: str, what: str, bar: str, reason: str) -> Row:
    """Make a row for what could not be measured here."""
    return Row(section, what, bar, None, None, reason)


def markdown(rows: Iterable[Row]) -> str:
    """Return the rows as a table."""
    lines = ["| what | bar | measured | | behind it |", "|---|---|---|---|---|"]
    signs = {"kept": "✓", "missed": "✗", "not measured": "–"}
    lines += [
        f"| {row.section}: {row.what} | {row.bar} | {row.value or '–'} | {signs[row.verdict]} | {row.note} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def show(row: Row) -> None:
    """Print one row as soon as it is known."""
    print(f"{row.verdict:>12}  {row.section}: {row.what}: {row.value or '–'} (bar {row.bar}) {row.note}", flush=True)


Section = Callable[[], Iterable[Row]]

MARK = "<!-- measured -->"


def write_day(path: Path, heading: str, rows: Iterable[Row]) -> None:
    """Put the day's table into the page, in place of the day before."""
    text = path.read_text(encoding="utf-8")
    head = text.split(MARK)[0]
    path.write_text(f"{head}{MARK}\n\n{heading}\n\n{markdown(rows)}", encoding="utf-8")
