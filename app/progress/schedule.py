"""Schedules and bills of quantities as tables: read into points and items with clear findings, and their templates."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, Literal

from flask_babel import gettext

from app.errors import InvalidInput
from app.extensions import current_language
from app.formats import format_day, format_number
from app.forms import read_number
from app.progress.baselines import ContractTerms, ItemInput, WorkItem
from app.progress.sheets import Cell, Row, refuse
from gis.progress import DAYS_PER_WEEK, CurvePoint

Kind = Literal["auto", "cumulative", "per_period"]
Step = Literal["week", "month", "free"]

ROUNDED = 0.05  # percentage points that sums of rounded percentages may miss 100 by
SAME = 1e-9
SAID = 6  # findings told at once
HEADING_ROWS = 15  # looked at for the headings
EXAMPLE_STEP_DAYS = DAYS_PER_WEEK
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januari january jan",
            "februari february feb pebruari",
            "maret march mar",
            "april apr",
            "mei may",
            "juni june jun",
            "juli july jul",
            "agustus august agu ags agt aug",
            "september sep sept",
            "oktober october okt oct",
            "november nov nopember nop",
            "desember december des dec",
        ),
        start=1,
    )
    for name in names.split()
}
DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
NAMED_DAY = re.compile(r"(?:(\d{1,2})[ -]+)?([A-Za-z]+)\.?[ -]+(\d{4})")
PERIOD = re.compile(r"(?:(minggu|pekan|week|m|w|bulan|month|b|periode|period|p)\.?[\s-]*(?:ke[\s-]*)?)?(\d{1,3})", re.I)
TOTAL = re.compile(r"\s*(total|jumlah|sub ?total|grand total)\b", re.I)

TIME_HEADINGS = (
    ("day", re.compile(r"tanggal|tgl|date|sampai|s\.?/?d\.?\b|hari", re.I)),
    ("week", re.compile(r"minggu|pekan|week", re.I)),
    ("month", re.compile(r"bulan|month", re.I)),
    ("period", re.compile(r"periode|period|^ke$|^no\.?$", re.I)),
)
CUMULATIVE = re.compile(r"kumulatif|komulatif|cumulative|\bkum\b|\bs\.?d\.?\b", re.I)
PER_PERIOD = re.compile(r"per (minggu|bulan|periode)|mingguan|bulanan|per (week|month|period)|weekly|monthly", re.I)
VALUE = re.compile(r"rencana|bobot|target|plan|progre|persen|percent|%|nilai|prestasi", re.I)

ITEM_HEADINGS = (
    ("weight_percent", re.compile(r"bobot|weight", re.I)),
    ("price_idr", re.compile(r"harga satuan|unit price|^harga$|^price$|harga \(?rp|price_idr", re.I)),
    ("quantity", re.compile(r"volume|^vol\.?$|kuantitas|quantity|^qty", re.I)),
    ("unit", re.compile(r"satuan|^sat\.?$|unit", re.I)),
    ("name", re.compile(r"uraian|nama|pekerjaan|description|^item|butir", re.I)),
    ("code", re.compile(r"kode|^no|nomor|mata pembayaran|code", re.I)),
)


@dataclass(frozen=True)
class Schedule:
    """A plan as it was read: cumulative points, the step between them, and what was done to the numbers."""

    points: tuple[CurvePoint, ...]
    step: Step
    notes: tuple[str, ...] = ()

    @property
    def inputs(self) -> list[dict[str, Any]]:
        """The points as the service takes them."""
        return [{"day": point.day, "percent": point.percent} for point in self.points]

    def as_table(self) -> str:
        """Return the points as a table that reads back to the same: what a form keeps after an upload."""
        lines = [f"{point.day.isoformat()}\t{_plain(point.percent)}" for point in self.points]
        head = "\t".join([gettext("Tanggal"), gettext("Rencana kumulatif (%)")])
        return "\n".join([head, *lines])


@dataclass(frozen=True)
class _Columns:
    time: int
    time_kind: str  # day, week, month, period
    value: int
    kind: Kind
    first_row: int  # index of the first row of data


def read_schedule(rows: Sequence[Row], terms: ContractTerms, *, kind: Kind = "auto", step: str = "auto") -> Schedule:
    """
    Read a plan: by day, week or month; cumulative or per period; downwards or sideways.

    Parameters
    ----------
    terms
        Of the contract: weeks and months are counted from its beginning.
    kind
        What the numbers are; `auto` tells by the headings and by what sums up to 100.
    step
        Of numbered periods: `week` or `month`; `auto` tells by the headings.

    Raises
    ------
    InvalidInput
        With what is wrong, row by row. That the curve is sound and fits the contract, the service checks.
    """
    rows = _upright(rows)
    if not rows:
        raise refuse(gettext("Tabel ini kosong. Tempel jadwal dengan kolom waktu dan rencana."))
    columns = _columns(rows, kind)
    data = rows[columns.first_row :]
    times_kind = step if step in {"week", "month"} and columns.time_kind != "day" else columns.time_kind
    findings: list[str] = []
    days: list[dt.date] = []
    values: list[float] = []
    steps: list[Step] = []
    for row in data:
        time, value = row.cell(columns.time), row.cell(columns.value)
        if (time is None and value is None) or (isinstance(row.cells[0], str) and TOTAL.match(row.cells[0])):
            continue
        if time is None and not days:
            continue  # a second line of headings
        percent = _percent(value)
        try:
            day, found_step = _day_of(time, times_kind, terms)
        except InvalidInput as error:
            findings.append(_in_row(row, error.errors["table"]))
            continue
        if percent is None:
            if value is not None:
                findings.append(_in_row(row, gettext("“%(value)s” bukan angka.", value=value)))
            continue  # a period without a plan of its own
        days.append(day)
        values.append(percent)
        steps.append(found_step)
    if findings:
        raise refuse(_told(findings))
    if not days:
        raise refuse(gettext("Tidak ada baris dengan waktu dan rencana yang dapat dibaca."))
    return _make_schedule(days, values, steps, columns.kind, terms)


def read_items(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """
    Read a bill of quantities: columns by their headings; headings of divisions and totals are passed over.

    Raises
    ------
    InvalidInput
        When the headings are not found, or with what is wrong, row by row.
    """
    headings = [(begin, _item_columns(row)) for begin, row in enumerate(rows[:HEADING_ROWS], start=1)]
    begin, columns = next((one for one in headings if {"name", "unit", "quantity"} <= set(one[1])), (0, {}))
    if not begin:
        raise refuse(
            gettext("Judul kolom tidak ditemukan. Perlu: uraian, satuan, volume, dan harga satuan atau bobot.")
        )
    found, findings = [], []
    for row in rows[begin:]:
        cells = {name: row.cell(column) for name, column in columns.items()}
        if (cells["quantity"] is None and cells["unit"] is None) or cells["name"] is None:
            continue
        if TOTAL.match(str(cells["name"])):
            continue
        item: dict[str, Any] = {name: _text(cells.get(name)) for name in ("code", "name", "unit")}
        for name in ("quantity", "price_idr", "weight_percent"):
            value = cells.get(name)
            number = _number(value)
            if value is not None and number is None:
                findings.append(_in_row(row, gettext("“%(value)s” bukan angka.", value=value)))
            item[name] = round(number, 2) if name == "price_idr" and number is not None else number
        for name, label in (("unit", gettext("satuan")), ("quantity", gettext("volume"))):
            if item[name] is None and not (name == "quantity" and cells["quantity"] is not None):
                findings.append(_in_row(row, gettext("%(label)s belum diisi.", label=label.capitalize())))
        if item["quantity"] is not None and item["quantity"] <= 0:
            findings.append(_in_row(row, gettext("Volume harus lebih dari 0.")))
        found.append({name: value for name, value in item.items() if value is not None})
    if findings:
        raise refuse(_told(findings))
    if not found:
        raise refuse(gettext("Tidak ada butir pekerjaan yang dapat dibaca."))
    return found


def items_as_table(items: Iterable[WorkItem | ItemInput]) -> str:
    """Return a bill of quantities as a table that reads back to the same."""
    headings = (gettext("No"), gettext("Uraian"), gettext("Satuan"), gettext("Volume"))
    lines = ["\t".join((*headings, gettext("Harga satuan (Rp)"), gettext("Bobot (%)")))]
    for item in items:
        numbers = (item.quantity, item.price_idr, item.weight_percent)
        written = ["" if number is None else _plain(float(number)) for number in numbers]
        lines.append("\t".join([item.code or "", item.name, item.unit, *written]))
    return "\n".join(lines)


# Templates


def schedule_template(terms: ContractTerms) -> bytes:
    """Return an XLSX to fill in: the weeks of the contract with an example of a curve, and how it is read."""
    start, end = terms.begins_on, terms.end_date or terms.begins_on + dt.timedelta(days=12 * EXAMPLE_STEP_DAYS - 1)
    rows: list[list[Any]] = []
    weeks = max(1, math.ceil(((end - start).days + 1) / EXAMPLE_STEP_DAYS))
    for week in range(1, weeks + 1):
        day = min(end, start + dt.timedelta(days=EXAMPLE_STEP_DAYS * week - 1))
        share = week / weeks
        rows.append([week, day, round(100 * share * share * (3 - 2 * share), 2)])
    headings = [gettext("Minggu ke"), gettext("Sampai tanggal"), gettext("Rencana kumulatif (%)")]
    advice = [
        gettext("Ganti angka contoh di kolom rencana dengan jadwal kontrak Anda."),
        gettext("Rencana kumulatif tidak boleh turun dan berakhir 100% pada tanggal selesai kontrak."),
        gettext("Boleh juga per bulan, atau bobot per minggu yang jumlahnya 100%."),
        gettext("Kontrak %(number)s: %(start)s – %(end)s.", number=terms.number, start=_said(start), end=_said(end)),
    ]
    return _workbook(gettext("Jadwal"), headings, rows, advice)


def items_template(items: Sequence[WorkItem]) -> bytes:
    """Return an XLSX to fill in: the bill of quantities of the contract, or an example of one."""
    headings = [
        *(gettext("No"), gettext("Uraian"), gettext("Satuan"), gettext("Volume")),
        *(gettext("Harga satuan (Rp)"), gettext("Bobot (%)")),
    ]
    rows: list[list[Any]] = [
        [item.code, item.name, item.unit, item.quantity, _float(item.price_idr), round(item.weight_percent, 6)]
        for item in items
    ] or [
        ["3.1.(1)", gettext("Galian biasa"), "m3", 1200, 45_000, None],
        ["5.1.(1)", gettext("Lapis fondasi agregat kelas A"), "m3", 800, 520_000, None],
        ["6.3.(5a)", gettext("Laston lapis aus (AC-WC)"), "ton", 950, 1_350_000, None],
    ]
    advice = [
        gettext("Isi bobot semua butir (jumlahnya 100%), atau kosongkan semua supaya dihitung dari volume dan harga."),
        gettext("Harga satuan tanpa PPN."),
        gettext("Nomor tetap menandai butir yang sama walaupun urutannya berubah."),
    ]
    return _workbook(gettext("Butir pekerjaan"), headings, rows, advice)


def _workbook(title: str, headings: list[str], rows: list[list[Any]], advice: list[str]) -> bytes:
    import xlsxwriter  # here, since few requests need it

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(title)
    heading = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, headings, heading)
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if isinstance(value, dt.date):
                sheet.write_datetime(number, column, dt.datetime.combine(value, dt.time()), day)
            elif value is not None:
                sheet.write(number, column, value)
    for column, text in enumerate(headings):
        longest = max([len(text), *(len(str(row[column])) for row in rows if row[column] is not None)])
        sheet.set_column(column, column, min(60, longest + 2))
    notes = book.add_worksheet(gettext("Petunjuk"))
    notes.set_column(0, 0, 100)
    for number, line in enumerate(advice):
        notes.write(number, 0, line)
    book.close()
    return target.getvalue()


# Reading


def _upright(rows: Sequence[Row]) -> list[Row]:
    """Return the table with its periods downwards: a schedule drawn sideways is turned."""
    width = max((len(row.cells) for row in rows), default=0)
    if len(rows) > 6 or width <= max(6, 2 * len(rows)):
        return list(rows)
    turned = [tuple(row.cell(column) for row in rows) for column in range(width)]
    return [
        Row(number, cells) for number, cells in enumerate(turned, start=1) if any(cell is not None for cell in cells)
    ]


def _columns(rows: Sequence[Row], kind: Kind) -> _Columns:
    """Find the columns of time and plan by their headings; without headings, the first two."""
    for index, row in enumerate(rows[:HEADING_ROWS]):
        found = _by_headings(row, index, kind)
        if found is not None:
            return found
    first = next((index for index, row in enumerate(rows) if _percent(row.cell(1)) is not None), None)
    if first is None:
        raise refuse(
            gettext("Kolom tidak ditemukan. Perlu dua kolom: waktu (tanggal, minggu, atau bulan) dan rencana.")
        )
    return _Columns(0, "period", 1, kind, first)


def _by_headings(row: Row, index: int, kind: Kind) -> _Columns | None:
    words = {
        column: cell
        for column, cell in enumerate(row.cells)
        if isinstance(cell, str) and _percent(cell) is None and not PERIOD.fullmatch(cell)
    }
    times = [
        (order, column, name)
        for order, (name, pattern) in enumerate(TIME_HEADINGS)
        for column, text in words.items()
        if pattern.search(text) and not VALUE.search(text) and not CUMULATIVE.search(text)
    ]
    if not times:
        return None
    _order, time, time_kind = min(times)
    values = {column: text for column, text in words.items() if column != time and _is_plan(text)}
    cumulative = [column for column, text in values.items() if CUMULATIVE.search(text)]
    per_period = [column for column, text in values.items() if PER_PERIOD.search(text)]
    others = [column for column in values if column not in cumulative]
    if kind != "per_period" and cumulative:
        return _Columns(time, time_kind, cumulative[0], "cumulative", index + 1)
    if kind == "cumulative" and values:
        return _Columns(time, time_kind, next(iter(values)), "cumulative", index + 1)
    if per_period or others:
        told: Kind = "per_period" if per_period else kind
        return _Columns(time, time_kind, (per_period or others)[0], told, index + 1)
    return None


def _is_plan(heading: str) -> bool:
    if re.search(r"realisasi|actual|deviasi|deviation", heading, re.I):
        return False
    return bool(VALUE.search(heading) or CUMULATIVE.search(heading) or PER_PERIOD.search(heading))


def _item_columns(row: Row) -> dict[str, int]:
    columns: dict[str, int] = {}
    for column, cell in enumerate(row.cells):
        if isinstance(cell, str) and not re.search(r"jumlah", cell, re.I):
            name = next((name for name, pattern in ITEM_HEADINGS if pattern.search(cell)), None)
            if name is not None:
                columns.setdefault(name, column)
    return columns


def _day_of(time: Cell, kind: str, terms: ContractTerms) -> tuple[dt.date, Step]:
    """Return the last day of the period that a cell names, and how long its periods are."""
    if isinstance(time, dt.date):
        return time, "free"
    if isinstance(time, str):
        day = _written_day(time)
        if day is not None:
            return day
    number = _period_number(time)
    if number is None:
        raise refuse(gettext("waktu “%(time)s” tidak dapat dibaca.", time="" if time is None else time))
    step: Step = "month" if _is_month(time, kind) else "week"
    begins, ends = _period(number, step, terms.begins_on)
    if terms.end_date is not None:
        if begins > terms.end_date:
            raise refuse(
                gettext(
                    "periode ke-%(number)s dimulai %(day)s, setelah kontrak berakhir %(end)s.",
                    number=number,
                    day=_said(begins),
                    end=_said(terms.end_date),
                )
            )
        ends = min(ends, terms.end_date)
    return ends, step


def _written_day(written: str) -> tuple[dt.date, Step] | None:
    """Return the day that text names, or the last of its month; of a range (1 – 7 Mei 2026) the last."""
    for part in (written, re.split(r"\s+(?:s\.?\s?/?d\.?|sampai|hingga|to|–|—|-)\s+", written)[-1]):
        text = part.strip()
        if found := ISO_DAY.fullmatch(text):
            return _real_day(*map(int, found.groups())), "free"
        if found := DAY_FIRST.fullmatch(text):
            day, month, year = map(int, found.groups())
            return _real_day(year, month, day), "free"
        found = NAMED_DAY.fullmatch(text)
        if found and (month_number := MONTHS.get(found[2].lower())):
            year = int(found[3])
            if found[1]:
                return _real_day(year, month_number, int(found[1])), "free"
            return _month_end(year, month_number), "month"
    return None


def _real_day(year: int, month: int, day: int) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise refuse(
            gettext("tanggal %(day)s-%(month)s-%(year)s tidak ada.", day=day, month=month, year=year)
        ) from None


def _month_end(year: int, month: int) -> dt.date:
    if not 1945 <= year <= 2199:
        raise refuse(gettext("tahun %(year)s di luar kalender pekerjaan.", year=year))
    return dt.date(year, month, monthrange(year, month)[1])


def _period_number(time: Cell) -> int | None:
    if isinstance(time, float):
        return int(time) if time == int(time) and 0 < time < 1000 else None
    found = PERIOD.fullmatch(time.strip()) if isinstance(time, str) else None
    return int(found[2]) if found and int(found[2]) > 0 else None


def _is_month(time: Cell, kind: str) -> bool:
    if isinstance(time, str) and (found := PERIOD.fullmatch(time.strip())) and found[1]:
        word = found[1].lower()
        if word in {"bulan", "month", "b"}:
            return True
        if word in {"minggu", "pekan", "week", "m", "w"}:
            return False
    return kind == "month"


def _period(number: int, step: Step, start: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and the last day of a numbered week, or calendar month, of works that begin on `start`."""
    if step == "week":
        begins = start + dt.timedelta(days=DAYS_PER_WEEK * (number - 1))
        return begins, begins + dt.timedelta(days=DAYS_PER_WEEK - 1)
    months = start.year * 12 + start.month - 1 + number - 1
    year, month = divmod(months, 12)
    ends = _month_end(year, month + 1)
    return max(start, ends.replace(day=1)), ends


def _make_schedule(
    days: list[dt.date], values: list[float], steps: list[Step], kind: Kind, terms: ContractTerms
) -> Schedule:
    """Turn what was read into cumulative points that begin at 0 and end at 100."""
    notes: list[str] = []
    if 0 < max(values) <= 1 + ROUNDED / 100 and any(
        abs(100 * whole - 100) <= ROUNDED for whole in (values[-1], math.fsum(values))
    ):
        values = [value * 100 for value in values]
        notes.append(str(gettext("Angka dibaca sebagai bagian dari 1: 0,25 berarti 25%.")))
    if any(value < 0 for value in values):
        raise refuse(gettext("Rencana tidak boleh negatif."))
    if kind == "auto":
        kind = _guess_kind(values)
    cumulative = values if kind == "cumulative" else list(accumulate(values))
    last = cumulative[-1]
    if last != 100 and abs(last - 100) <= ROUNDED:
        if abs(last - 100) > SAME:
            told = format_number(last, current_language(), 2)
            notes.append(
                str(gettext("Rencana berakhir pada %(last)s%% karena pembulatan; dijadikan 100%%.", last=told))
            )
        cumulative = [min(100.0, value) for value in cumulative[:-1]] + [100.0]
    above = next((n for n, value in enumerate(cumulative) if value > 100), None)
    if above is not None:
        told = format_number(cumulative[above], current_language(), 2)
        raise refuse(
            gettext("Rencana %(day)s mencapai %(told)s%%, lebih dari 100%%.", day=_said(days[above]), told=told)
        )
    points = [CurvePoint(day, round(percent, 6)) for day, percent in zip(days, cumulative, strict=True)]
    if points[0].day > terms.begins_on and points[0].percent > 0:
        points.insert(0, CurvePoint(terms.begins_on, 0.0))
    wrong = [
        gettext("%(after)s tidak sesudah %(before)s.", after=_said(after), before=_said(before))
        for before, after in pairwise(days)
        if after <= before
    ]
    if wrong:
        raise refuse(_told([gettext("Tanggal harus berurutan, masing-masing sekali."), *wrong]))
    return Schedule(tuple(points), _common_step(days, steps), tuple(notes))


def _guess_kind(values: Sequence[float]) -> Kind:
    """Tell cumulative percentages from those of each period by which of them comes to 100."""
    rises = all(after >= before for before, after in pairwise(values))
    total = math.fsum(values)
    if rises and abs(values[-1] - 100) <= ROUNDED:
        return "cumulative"
    if abs(total - 100) <= ROUNDED:
        return "per_period"
    language = current_language()
    raise refuse(
        gettext(
            "Tidak jelas apakah angkanya kumulatif atau per periode: nilai terakhir %(last)s%%, jumlah semua "
            "%(total)s%%. Salah satunya harus 100%%. Pilih jenis angkanya, atau perbaiki jadwalnya.",
            last=format_number(values[-1], language, 2),
            total=format_number(total, language, 2),
        )
    )


def _common_step(days: Sequence[dt.date], steps: Sequence[Step]) -> Step:
    """Return what the periods are: named so, or a week apart each."""
    if len(set(steps)) == 1 and steps[0] != "free":
        return steps[0]
    # The first point may be the beginning, and the last period cut short.
    apart = [(after - before).days for before, after in pairwise(days)][1:-1]
    if apart and all(gap == DAYS_PER_WEEK for gap in apart):
        return "week"
    month_ends = all(day == _month_end(day.year, day.month) for day in days[:-1])
    return "month" if month_ends and len(days) > 1 else "free"


def _percent(value: Cell) -> float | None:
    return _number(value)


def _number(value: Cell) -> float | None:
    """Return a number as people write it; None for what is none."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if not isinstance(value, str):
        return None
    try:
        number = float(read_number(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _text(value: Cell) -> str | None:
    if isinstance(value, float):
        return _plain(value)
    return None if value is None else str(value)


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _plain(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")


def _said(day: dt.date) -> str:
    return format_day(day, current_language())


def _in_row(row: Row, sentence: str) -> str:
    return str(gettext("Baris %(number)s: %(sentence)s", number=row.number, sentence=sentence))


def _told(findings: Sequence[str]) -> str:
    """Return the first findings as one text, and how many more there are."""
    more = len(findings) - SAID
    told = " ".join(findings[:SAID])
    return told if more <= 0 else " ".join([told, gettext("Masih ada %(more)s lagi.", more=more)])
