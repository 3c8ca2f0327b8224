"""The sheet about one thing, on one page: what stands on it, and how much less where that does not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any

import segno

from app.reports.definition import report_definition
from app.reports.render.words import Note, ShownReport, ShownRow, ShownTable
from app.reports.report import Report, Words

MAIN = "sheet.typ"
MOST_PHOTOS = 3
QR_ERROR = "m"  # read even when 15 % of it is scratched
IN_THE_CURVE = frozenset({"progress"})  # tables whose numbers the curve beside them shows
WHOLE = frozenset({"figures", "funds"})  # lists that are never shortened from their beginning
HEAD_ROWS = 2.5  # what the heading and head of a list take, in rows
MORE = Words("Lanjutan ada di halaman proyek.", "More is on the project's page.")
MORE_ROWS = Words(
    "{count} baris sebelumnya tidak dimuat; lanjutan ada di halaman proyek.",
    "{count} earlier rows are left out; more is on the project's page.",
)
FIGURES, VALUE, ORIGIN = Words("Angka", "Figures"), Words("Nilai", "Value"), Words("Terdiri atas", "Made of")
CODE_OF = Words("Alamat halaman proyek sebagai kode QR", "Address of the project's page as a QR code")


@dataclass(frozen=True)
class Level:
    """How much is shown: rows of a list, letters of a text, findings, heights (cm), size of tables (points)."""

    rows: int
    letters: int
    findings: int
    picture: float
    photo: float
    sign: float
    size: float
    notes: bool = True
    lists: bool = True


LEVELS = (
    Level(rows=60, letters=400, findings=8, picture=6.4, photo=3.9, sign=1.2, size=8),
    Level(rows=14, letters=400, findings=8, picture=5.8, photo=3.5, sign=1.1, size=8),
    Level(rows=14, letters=300, findings=6, picture=5.4, photo=3.3, sign=1.1, size=7.5),
    Level(rows=12, letters=240, findings=6, picture=5.2, photo=3.1, sign=1.0, size=7),
    Level(rows=10, letters=220, findings=6, picture=5.0, photo=3.0, sign=1.0, size=7),
    Level(rows=8, letters=200, findings=6, picture=4.9, photo=2.9, sign=1.0, size=7),
    Level(rows=7, letters=160, findings=6, picture=4.8, photo=2.8, sign=1.0, size=7),
    Level(rows=6, letters=140, findings=5, picture=4.7, photo=2.7, sign=1.0, size=7),
    Level(rows=5, letters=120, findings=5, picture=4.5, photo=2.6, sign=1.0, size=7),
    Level(rows=4, letters=110, findings=4, picture=4.3, photo=2.5, sign=0.9, size=7),
    Level(rows=3, letters=80, findings=4, picture=4.0, photo=2.2, sign=0.9, size=6.5, notes=False),
    Level(rows=2, letters=60, findings=3, picture=3.6, photo=0, sign=0.8, size=6.5, notes=False),
    Level(rows=0, letters=40, findings=2, picture=3.0, photo=0, sign=0.8, size=6.5, notes=False, lists=False),
)


def is_one_page(report: Report) -> bool:
    """Whether a report is printed on one sheet."""
    return report_definition(report.name).one_page


def figure_table(shown: ShownReport, language: str) -> ShownTable:
    """Return the figures that do not stand large, and of all what was divided by what."""
    large = {one.id for one in shown.headlines}
    entries = [entry for note in shown.notes for entry in note.entries if entry.id not in large or entry.parts]
    return ShownTable(
        id="figures",
        title=FIGURES.in_language(language),
        row_head=FIGURES.in_language(language),
        heads=(VALUE.in_language(language), ORIGIN.in_language(language)),
        is_number=(True, True),
        rows=tuple(ShownRow(one.label, (one.value, one.parts or "")) for one in entries),
        total=None,
        note=None,
        is_facts=False,
    )


def listed(report: Report, shown: ShownReport, language: str) -> list[ShownTable]:
    """Return the lists of a sheet: its figures, and the tables that are no board and not drawn as a curve."""
    drawn = IN_THE_CURVE if report.charts else frozenset()
    tables = [one for one in shown.tables if not one.is_facts and one.rows and one.id not in drawn]
    return [one for one in (figure_table(shown, language), *tables) if one.rows]


def in_columns(tables: Sequence[ShownTable]) -> tuple[list[ShownTable], list[ShownTable]]:
    """Return lists in two columns of like height, each list where there is more room left, in their order."""
    columns: tuple[list[ShownTable], list[ShownTable]] = ([], [])
    heights = [0.0, 0.0]
    for table in tables:
        place = 0 if heights[0] <= heights[1] else 1
        columns[place].append(table)
        heights[place] += len(table.rows) + HEAD_ROWS
    return columns


def sheet_data(report: Report, shown: ShownReport, language: str, link: str | None) -> tuple[dict[str, Any], bytes]:
    """Return what the sheet shows beside what every document does, and the drawing of its QR code."""
    inputs = dict.fromkeys(one.inputs for one in shown.notes if one.inputs)
    about = report.about or shown.area
    content: dict[str, Any] = {
        "about": about,
        "kind": report_definition(report.name).title.in_language(language),
        "levels": [asdict(one) for one in LEVELS],
        "most_photos": MOST_PHOTOS,
        "inputs": "; ".join(inputs),
        "notes": [_note(one) for one in shown.notes],
        "link": {"file": "link.svg", "address": link, "alt": f"{CODE_OF.in_language(language)}: {link}"}
        if link
        else None,
    }
    return content, _qr(link) if link else b""


def sheet_words(language: str) -> dict[str, str]:
    """Return the words that only a sheet has."""
    return {"more": MORE.in_language(language), "more_rows": MORE_ROWS.in_language(language)}


def _note(note: Note) -> dict[str, Any]:
    entries = [{"label": one.label} for one in note.entries]
    return {"entries": entries, "formula": note.formula, "rule": note.rule, "verified": note.verified}


def _qr(link: str) -> bytes:
    file = BytesIO()
    segno.make(link, error=QR_ERROR).save(file, kind="svg", scale=8, border=2, light="#fff", dark="#000")
    return file.getvalue()
