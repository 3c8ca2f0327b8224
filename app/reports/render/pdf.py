"""Reports as PDF: A4, tagged (PDF/UA-1, PDF/A-2a), dated by the report: the same report is the same bytes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext

from app.formats import format_day
from app.reports.render.charts import chart_parts, chart_table, chart_title, describe_chart, draw_chart
from app.reports.render.maps import draw_map_picture, map_title
from app.reports.render.sheet import MAIN as SHEET
from app.reports.render.sheet import WHOLE, in_columns, is_one_page, listed, sheet_data, sheet_words
from app.reports.render.words import Headline, ShownReport, ShownRow, ShownTable, own_words, show_report
from app.reports.report import Chart, Report
from app.reports.template import BLANK, ReportTemplate

TEMPLATES = Path(__file__).parent / "typst"
FONT = "Libertinus Serif"  # Typst's own, so that every machine draws the same
MAIN = "report.typ"

PORTRAIT_PT, LANDSCAPE_PT = 487.0, 734.0  # width between the margins
SIZES_PT = (9.0, 8.0, 7.2)  # of tables, as their width asks for
LETTER = 0.49  # mean width of a letter or figure of the typeface, in font sizes
CELL_PAD_PT = 7.5
WIDEST_TEXT_PT = 110.0  # longer texts are broken into lines
WIDEST_NAMES_PT = (220.0, 160.0, 120.0)  # of names, from what is wanted to what is still read well
LEVEL_PT = 6.0
MOST_CHART_ROWS = 120  # of a chart's table in the appendix; longer ones are in the sheet
HALF_MAP_PX, HALF_CHART_PX = (400, 300), 400  # of two pictures beside each other, larger in print
SHEET_MAP_PX, WIDE_MAP_PX = (400, 210), (720, 260)  # on a sheet of one page, beside a chart and alone
MAP_PX, CHART_PX = (720, 440), 720  # in the width of a sheet that stands
HEADLINE_PT, HEADLINE_UNIT_PT, HEADLINE_GAP_PT = 21.0, 11.0, 14.0
SHORT_UNIT = 7  # letters
BOLD_LETTER = 0.55  # as LETTER, of the weight of headlines


@dataclass(frozen=True)
class Lay:
    """How wide the columns of a table are (points), the name's first, and in which size it is set."""

    widths: tuple[float, ...]
    size_pt: float

    @property
    def width(self) -> float:
        """Of the whole table, points."""
        return sum(self.widths)


def render_pdf(
    report: Report,
    *,
    language: str,
    template: ReportTemplate,
    picture: Callable[[str], bytes] | None = None,
    link: str | None = None,
) -> bytes:
    """
    Return a report as PDF.

    Parameters
    ----------
    language
        Of its words; Flask-Babel's locale is the same.
    template
        Head, signatories and emblem.
    picture
        Reads a photo by its hash; without it photos are left out.
    link
        Address of the page of what a sheet is about, for its QR code; without it there is none.

    Returns
    -------
    pdf
        Depends on report, language, template and link alone.
    """
    import typst

    shown = show_report(report, language)
    files = {path.name: path.read_bytes() for path in TEMPLATES.iterdir()}
    data = document_data(report, shown, language, template, files, picture)
    if is_one_page(report):
        data |= _sheet(report, shown, language, link, files)
        data["words"] |= sheet_words(language)
    files["data.json"] = json.dumps(data, ensure_ascii=False).encode()
    with tempfile.TemporaryDirectory(prefix="petakarya-") as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        pdf: bytes = typst.compile(
            str(Path(folder) / (SHEET if is_one_page(report) else MAIN)),
            root=folder,
            ignore_system_fonts=True,
            pdf_standards=["ua-1", "a-2a"],
            timestamp=int(report.as_of.timestamp()),
        )
    return pdf


def document_data(
    report: Report,
    shown: ShownReport,
    language: str,
    template: ReportTemplate,
    files: dict[str, bytes],
    picture: Callable[[str], bytes] | None,
) -> dict[str, Any]:
    """Return what the template lays out; pictures are added to `files`, and named in it."""
    is_board = bool(shown.tables) and shown.tables[0].is_facts  # a sheet about one thing
    moment = report.as_of.astimezone(UTC)
    day = format_day(report.as_of.astimezone(ZoneInfo(report.area.time_zone)).date(), language)
    return {
        "language": language,
        "document_title": f"{shown.title} · {shown.area}",
        "title": shown.title,
        "question": shown.question,
        "area": shown.area,
        "area_code": shown.area_code,
        "basis": shown.basis,
        "chosen": shown.chosen,
        "demo": shown.demo,
        "day": day,
        "moment": [moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second],
        "headline_size": headline_pt(shown.headlines),
        "head": _head(report, template, files),
        "foot": f"{shown.title} · {shown.area} ({shown.area_code}) · PetaKarya",
        "headlines": [{"label": one.label, "number": one.number, "unit": one.unit} for one in shown.headlines],
        "findings": [{"severity": one.severity, "word": one.word, "sentence": one.sentence} for one in shown.findings],
        "maps": list(_maps(report, language, files, HALF_MAP_PX if is_board else MAP_PX)),
        "charts": list(_charts(report, language, files, HALF_CHART_PX if is_board else CHART_PX)),
        "is_board": is_board,
        "boards": [one for table in shown.tables if table.is_facts for one in table_data(table, landscape=False)],
        "sheets": table_sheets([one for one in shown.tables if not one.is_facts]),
        "pictures": list(_pictures(report, language, files, picture)),
        "closing": template.closing,
        "place": template.place or BLANK,
        "signatories": _signatories(template),
        "notes": [_note(one) for one in shown.notes],
        "chart_tables": [one for chart in report.charts for one in _chart_data(chart, language)],
        "words": _words(),
    }


def _sheet(
    report: Report, shown: ShownReport, language: str, link: str | None, files: dict[str, bytes]
) -> dict[str, Any]:
    """Return what differs on a sheet about one thing; its QR code is added to `files`."""
    content, files["link.svg"] = sheet_data(report, shown, language, link)
    size = SHEET_MAP_PX if report.charts else WIDE_MAP_PX

    def laid_out(one: ShownTable) -> dict[str, Any]:
        return {**_table(one, lay_out(one, SIZES_PT[-1], WIDEST_NAMES_PT[-1])), "whole": one.id in WHOLE}

    columns = [[laid_out(one) for one in side] for side in in_columns(listed(report, shown, language))]
    return {**content, "maps": list(_maps(report, language, files, size)), "columns": columns}


def headline_pt(headlines: Sequence[Headline]) -> float:
    """Return the size in which all headlines stand beside each other, each number in one line."""
    count = max(1, len(headlines))
    room = (PORTRAIT_PT - (count - 1) * HEADLINE_GAP_PT) / count
    sizes = [HEADLINE_PT]
    for one in headlines:
        unit = f" {one.unit}" if len(one.unit) <= SHORT_UNIT else ""  # a longer one stands below its number
        sizes.append((room - _text_pt(unit, HEADLINE_UNIT_PT)) / (max(1, len(one.number)) * BOLD_LETTER))
    return round(min(sizes), 1)


def table_sheets(tables: Sequence[ShownTable]) -> list[dict[str, Any]]:
    """Return the tables in their order, those that follow each other on sheets of one orientation together."""
    sheets: list[dict[str, Any]] = []
    for table in tables:
        landscape = needs_landscape(table)
        if not sheets or sheets[-1]["landscape"] != landscape:
            sheets.append({"landscape": landscape, "tables": []})
        sheets[-1]["tables"] += table_data(table, landscape=landscape)
    return sheets


def needs_landscape(table: ShownTable) -> bool:
    """Whether a table is too wide for a sheet that stands."""
    return not table.is_facts and lay_out(table, SIZES_PT[-1], WIDEST_NAMES_PT[-1]).width > PORTRAIT_PT


def lay_out(table: ShownTable, size_pt: float, widest_name_pt: float) -> Lay:
    """Estimate how wide the columns of a table must be at a size: numbers and words are never broken."""
    rows = [*table.rows, *([table.total] if table.total else [])]
    names = [_text_pt(one.name, size_pt) + one.level * LEVEL_PT for one in rows]
    words = [_word_pt(one.name, size_pt) + one.level * LEVEL_PT for one in rows]
    first = max(min(max(names, default=0.0), widest_name_pt), *words, _word_pt(table.row_head, size_pt)) + CELL_PAD_PT
    widths = [first]
    for index, head in enumerate(table.heads):
        cells = [one.cells[index] for one in rows]
        if table.is_number[index]:
            needed = max((_text_pt(one, size_pt) for one in cells), default=0.0)
        else:
            longest = max((_text_pt(one, size_pt) for one in cells), default=0.0)
            needed = max(min(longest, WIDEST_TEXT_PT), *(_word_pt(one, size_pt) for one in cells or [""]))
        widths.append(max(needed, _word_pt(head, size_pt)) + CELL_PAD_PT)
    return Lay(tuple(widths), size_pt)


def table_data(table: ShownTable, *, landscape: bool) -> Iterator[dict[str, Any]]:
    """Yield a table as the template lays it out; one that is wider than the sheet in parts, each with the names."""
    limit = LANDSCAPE_PT if landscape else PORTRAIT_PT
    lays = (lay_out(table, size, widest) for size in SIZES_PT for widest in WIDEST_NAMES_PT)
    whole = next((one for one in lays if one.width <= limit), None) or lay_out(table, SIZES_PT[-1], WIDEST_NAMES_PT[0])
    if table.is_facts or whole.width <= limit:
        yield _table(table, whole)
        return
    for number, columns in enumerate(_column_groups(whole.widths, limit)):
        part = replace(
            table,
            title=table.title if number == 0 else str(gettext("%(title)s (lanjutan)", title=table.title)),
            heads=tuple(table.heads[one] for one in columns),
            is_number=tuple(table.is_number[one] for one in columns),
            rows=tuple(_with_columns(one, columns) for one in table.rows),
            total=_with_columns(table.total, columns) if table.total else None,
        )
        yield _table(part, lay_out(part, whole.size_pt, WIDEST_NAMES_PT[0]))


def _column_groups(widths: Sequence[float], limit: float) -> list[list[int]]:
    """Return the columns in groups that each fit beside the first one."""
    groups: list[list[int]] = [[]]
    used = widths[0]
    for index, width in enumerate(widths[1:]):
        if groups[-1] and used + width > limit:
            groups.append([])
            used = widths[0]
        groups[-1].append(index)
        used += width
    return groups


def _with_columns(row: ShownRow, columns: Sequence[int]) -> ShownRow:
    return replace(row, cells=tuple(row.cells[one] for one in columns))


def _table(table: ShownTable, lay: Lay) -> dict[str, Any]:
    return {
        "title": table.title,
        "row_head": table.row_head,
        "heads": table.heads,
        "numeric": table.is_number,
        "widths": [round(one, 1) for one in lay.widths],
        "size": lay.size_pt,
        "rows": [_row(one) for one in table.rows],
        "total": _row(table.total) if table.total and len(table.rows) > 1 else None,
        "note": table.note,
        "facts": table.is_facts,
    }


def _row(row: ShownRow) -> dict[str, Any]:
    return {"name": row.name, "cells": row.cells, "level": row.level, "strong": row.is_strong}


def _text_pt(text: str, size_pt: float) -> float:
    return len(text) * LETTER * size_pt


def _word_pt(text: str, size_pt: float) -> float:
    return max((_text_pt(one, size_pt) for one in text.replace("/", "/ ").replace("-", "- ").split()), default=0.0)


def _head(report: Report, template: ReportTemplate, files: dict[str, bytes]) -> dict[str, Any]:
    if template.emblem is not None:
        files["emblem.png"] = template.emblem
    return {
        "government": template.government or report.area.name,
        "office": template.office,
        "address": template.address,
        "emblem": "emblem.png" if template.emblem is not None else None,
    }


def _maps(report: Report, language: str, files: dict[str, bytes], size: tuple[int, int]) -> Iterator[dict[str, Any]]:
    for number, view in enumerate(report.maps):
        drawn = draw_map_picture(report, view, language=language, size=size, font=FONT, id_prefix=f"map{number}")
        if drawn is not None:
            name = f"map-{number}.svg"
            files[name] = drawn.svg.encode()
            yield {"title": own_words(map_title(view, language), report), "file": name, "alt": drawn.description}


def _charts(report: Report, language: str, files: dict[str, bytes], width: int) -> Iterator[dict[str, Any]]:
    for number, chart in enumerate(report.charts):
        names = []
        for turn, rows in enumerate(chart_parts(chart)):
            name = f"chart-{number}-{turn}.svg"
            drawn = draw_chart(
                chart, language=language, rows=rows, width=width, font=FONT, id_prefix=f"c{number}-{turn}"
            )
            files[name] = drawn.encode()
            names.append(name)
        title = own_words(chart_title(chart, language), report)
        alt = f"{title}. {describe_chart(chart, language)}"
        note = chart.note.in_language(language) if chart.note else None
        yield {"title": title, "parts": names, "alt": alt, "note": note}


def _chart_data(chart: Chart, language: str) -> Iterator[dict[str, Any]]:
    table = chart_table(chart, language)
    if not 0 < len(table.rows) <= MOST_CHART_ROWS:
        return
    is_strip = chart.kind == "strip"
    shown = ShownTable(
        id=chart.id,
        title=chart_title(chart, language),
        row_head=table.heads[0],
        heads=table.heads[1:],
        is_number=tuple(not is_strip for _ in table.heads[1:]),
        rows=tuple(ShownRow(one[0], one[1:]) for one in table.rows),
        total=None,
        note=None,
        is_facts=False,
    )
    yield from table_data(shown, landscape=False)


def _pictures(
    report: Report, language: str, files: dict[str, bytes], picture: Callable[[str], bytes] | None
) -> Iterator[dict[str, Any]]:
    for number, one in enumerate(report.pictures if picture is not None else ()):
        assert picture is not None
        name = f"photo-{number}.jpg"
        files[name] = picture(one.hash)
        day = format_day(one.day, language) if one.day else None
        yield {"file": name, "caption": one.caption.in_language(language), "day": day}


def _signatories(template: ReportTemplate) -> list[dict[str, Any]]:
    return [
        {
            "heading": one.heading,
            "position": one.position,
            "name": one.name or BLANK,
            "blank": one.name in {"", BLANK},
            "rank": one.rank,
            "nip": one.nip or BLANK,
        }
        for one in template.signatories
    ]


def _note(note: Any) -> dict[str, Any]:
    return {
        "entries": [{"label": one.label, "value": one.value, "parts": one.parts} for one in note.entries],
        "formula": note.formula,
        "rule": note.rule,
        "legal_basis": note.legal_basis,
        "verified": note.verified,
        "data_date": note.data_date,
        "inputs": note.inputs,
    }


def _words() -> dict[str, Any]:
    """Return the fixed words of the document."""
    words: dict[str, Any] = {
        "emblem": gettext("Lambang daerah"),
        "mark": gettext("Tanda PetaKarya"),
        "page": gettext("Halaman"),
        "of": gettext("dari"),
        "demo": gettext("Memuat data contoh."),
        "findings": gettext("Yang perlu diketahui"),
        "empty": gettext("Tidak ada yang dapat didaftar."),
        "pictures": gettext("Foto"),
        "notes": gettext("Asal angka"),
        "notes_hint": gettext(
            "Cara hitung, ketentuan, dasar hukum, dan data tiap angka."
            " Angka wilayah di dalamnya dihitung dengan cara yang sama."
        ),
        "rule": gettext("Ketentuan"),
        "legal_basis": gettext("Dasar hukum"),
        "unverified": gettext("belum diverifikasi"),
        "data_date": gettext("Tanggal data"),
        "inputs": gettext("Data masukan"),
        "chart_tables": gettext("Angka pada grafik"),
    }
    heads = [gettext("Angka"), gettext("Cara hitung"), gettext("Ketentuan dan data")]
    return {**{name: str(text) for name, text in words.items()}, "note_heads": [str(one) for one in heads]}
