"""The monthly report of physical and financial realisation (RFK): packages in their hierarchy, subtotals by weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from app.errors import Forbidden
from app.formats import format_day
from app.reports.kinds.rfk_details import Detail, read_details
from app.reports.realisation import (
    MONTH_NAMES,
    NO_DISTRICT,
    NO_KEY,
    STALE_RULE,
    Contract,
    Key,
    Portfolio,
    Tracked,
    amount,
    context_of,
    counted,
    district_names,
    district_table,
    fund_parts,
    fund_words,
    joined,
    no_payments,
    packages_url,
    payments_elsewhere,
    progress_findings,
    read_portfolio,
    rounded,
    shared_packages,
    split_by_funds,
    stale_progress,
    within,
    works_day,
    year_findings,
)
from app.reports.report import Cell, Column, Content, MapView, Row, Table, Words
from app.reports.subject import Subject
from gis.figures import Figure, Finding
from gis.reporting import (
    Line,
    Part,
    Path,
    Sums,
    month_end,
    planned_target_idr,
    realisation_figures,
    roll_up,
    sum_up,
)

COLUMNS = (
    Column("number", "No", "No", "text"),
    Column("ceiling_idr", "Pagu", "Ceiling", "IDR"),
    Column("share", "Bobot", "Weight", "percent"),
    Column("fund", "Sumber dana", "Fund source", "text"),
    Column("place", "Lokasi", "Location", "text"),
    Column("volume", "Volume dan satuan", "Quantity and unit", "text"),
    Column("contractor", "Penyedia", "Contractor", "text"),
    Column("contract_number", "No. kontrak", "Contract number", "text"),
    Column("contract_date", "Tgl kontrak", "Contract date", "date"),
    Column("contract_idr", "Nilai kontrak", "Contract value", "IDR"),
    Column("start", "Mulai", "Start", "date"),
    Column("end", "Selesai", "End", "date"),
    Column("planned", "Target fisik", "Physical target", "percent"),
    Column("physical", "Realisasi fisik", "Physical actual", "percent"),
    Column("earned", "Tertimbang", "Weighted", "percent"),
    Column("target_idr", "Target keuangan", "Financial target", "IDR"),
    Column("target_percent", "Target keuangan (% pagu)", "Financial target (% of ceiling)", "percent"),
    Column("paid_idr", "Realisasi keuangan", "Financial actual", "IDR"),
    Column("paid_percent", "Realisasi keuangan (% pagu)", "Financial actual (% of ceiling)", "percent"),
    Column("deviation", "Deviasi fisik", "Physical deviation", "points"),
    Column("remaining_idr", "Sisa anggaran", "Remaining budget", "IDR"),
    Column("issues", "Masalah", "Problems", "text"),
    Column("actions", "Tindak lanjut", "Follow-up", "text"),
)
DISTRICT_COLUMNS = (
    Column("packages", "Paket", "Packages", "packages", "rfk.packages"),
    Column("ceiling_idr", "Pagu", "Ceiling", "IDR", "rfk.ceiling_idr"),
    Column("planned", "Target fisik", "Physical target", "percent", "rfk.planned"),
    Column("physical", "Realisasi fisik", "Physical actual", "percent", "rfk.physical"),
    Column("deviation", "Deviasi fisik", "Physical deviation", "points", "rfk.deviation"),
    Column("paid_idr", "Realisasi keuangan", "Financial actual", "IDR", "rfk.paid_idr"),
    Column(
        "paid_percent", "Realisasi keuangan (% pagu)", "Financial actual (% of ceiling)", "percent", "rfk.paid_percent"
    ),
    Column("remaining_idr", "Sisa anggaran", "Remaining budget", "IDR", "rfk.remaining_idr"),
)

Placed = tuple[Path, Part]


def compute(subject: Subject) -> Content:
    """
    Compute the RFK of a month.

    It tells obstacles and critical contracts, so it is the staff's alone. Values are those of the month's last day, or
    of the report's own day while the month runs: a day of the works; `as_of` decides what had been recorded of them.

    Raises
    ------
    Forbidden
        Without the right to read the whole register.
    """
    if subject.staff is None:
        raise Forbidden("Laporan ini hanya untuk petugas.", "This report is for staff only.")
    year = subject.fiscal_year
    month = int(subject.settings.get("month") or _usual_month(subject, year))
    ends = month_end(year, month)
    day = works_day(subject, year, ends)
    portfolio = read_portfolio(subject, year=year)
    subject.step("membaca kontrak", 30)
    details = read_details(subject, portfolio, begin=date(year, month, 1), day=day)
    parts = {one.code: _part(one, details[one.code].contract, year, day) for one in portfolio.packages}
    subject.step("menyusun hierarki", 70)
    figures: list[Figure] = []
    for code in subject.codes:
        inside = within(portfolio.packages, code, subject)
        found = realisation_figures(
            [parts[one.code] for one in inside], area=code, context=context_of(subject, code, inside, day)
        )
        url = packages_url(subject, code, year)
        figures += [replace(one, features_url=url) for one in found]
    return Content(
        figures=tuple(figures),
        tables=(
            _hierarchy(subject, portfolio, parts, details, day),
            district_table(
                subject,
                figures,
                DISTRICT_COLUMNS,
                title=Words("RFK menurut kecamatan", "Realisation by district"),
                bar="physical",
            ),
        ),
        findings=tuple(_findings(subject, portfolio, details, month, day, ends)),
        maps=(
            MapView(
                "physical", "Realisasi fisik menurut kecamatan", "Physical actual by district", "districts",
                figure="rfk.physical", unit="percent",
            ),
        ),
        year=year,
    )  # fmt: skip


def _usual_month(subject: Subject, year: int) -> int:
    """Return the month of the report's day; of another year its last, or first, which is nearest to the day."""
    if year == subject.day.year:
        return subject.day.month
    return 12 if year < subject.day.year else 1


def _part(package: Tracked, contract: Contract | None, year: int, day: date) -> Part:
    value = contract.value_idr if contract else None
    return Part(
        key=package.code,
        ceiling_idr=package.ceiling_idr,
        contract_idr=value,
        planned_percent=package.target_on(day),
        physical_percent=package.physical_on(day),
        target_idr=planned_target_idr(value, package.planned_on(day), package.planned_on(date(year - 1, 12, 31))),
        paid_idr=package.paid_until(day, year=year),
    )


# The hierarchy


def _hierarchy(
    subject: Subject, portfolio: Portfolio, parts: Mapping[str, Part], details: Mapping[str, Detail], day: date
) -> Table:
    """Lay out the packages below their programmes, and those below the group that was chosen."""
    by = str(subject.settings["by"])
    labels: dict[Path, str | Words] = {}
    placed: list[Placed] = []
    names = district_names(subject)
    for package in portfolio.packages:
        programme = portfolio.branch("programme", package)
        for group, part in _groups(subject, portfolio, package, parts[package.code], by, names):
            keys = (*group, *programme)
            path = tuple(key for key, _label in keys)
            labels |= {path[: depth + 1]: _label_of(key) for depth, key in enumerate(keys)}
            placed.append((path, part))
    placed.sort(key=lambda one: (_sort_key(one[0]), one[1].key))
    whole = sum_up(list(parts.values()), whole_idr=_ceiling(parts.values()))
    rows = [
        _row(line, labels, details, number) for line, number in _numbered(roll_up(placed, whole_idr=whole.ceiling_idr))
    ]
    at_id, at_en = format_day(day, "id"), format_day(day, "en")
    return Table(
        "rfk",
        f"Realisasi fisik dan keuangan, keadaan {at_id}",
        f"Physical and financial realisation on {at_en}",
        COLUMNS,
        tuple(rows),
        _cells(whole, None),
        by_area=False,
        row_head=Words("Kode dan uraian", "Code and description"),
        note=Words(
            "Bobot: pagu tahun ini dibagi jumlah pagu. Realisasi dan target kelompok ditimbang dengan pagu, bukan "
            "rata-rata persentase. Tertimbang: bobot dikali realisasi.",
            "Weight: this year's ceiling by the sum of ceilings. Actual and target of groups are weighted by the "
            "ceiling, not the mean of percentages. Weighted: weight times actual.",
        ),
    )


def _groups(
    subject: Subject, portfolio: Portfolio, package: Tracked, part: Part, by: str, names: Mapping[str, str]
) -> list[tuple[tuple[Key, ...], Part]]:
    """Return the groups above the programme in which a package stands, with its part in each."""
    if by == "programme":
        return [((), part)]
    if by == "unit":
        return [(portfolio.branch("unit", package), part)]
    if by == "district":
        inside = [code for code in dict.fromkeys(package.districts) if code in subject.area.districts]
        if not inside:
            return [(((NO_KEY, NO_DISTRICT),), part)]
        return [(((code, names.get(code, code)),), part) for code in inside]
    return [(((source, label),), one) for source, label, one in fund_parts(package, part)]


def _label_of(key: Key) -> str | Words:
    code, name = key
    if code == NO_KEY:
        return name
    return name if isinstance(name, Words) or name == code else f"{code} {name}"


def _sort_key(path: Path) -> tuple[tuple[bool, str], ...]:
    return tuple((key == NO_KEY, key) for key in path)


def _ceiling(parts: Any) -> Decimal:
    return sum((part.ceiling_idr for part in parts if part.ceiling_idr is not None), Decimal(0))


def _numbered(lines: Sequence[Line]) -> list[tuple[Line, int | None]]:
    """Number the packages of a list as the form does."""
    found: list[tuple[Line, int | None]] = []
    number = 0
    for line in lines:
        number += line.part is not None
        found.append((line, number if line.part is not None else None))
    return found


def _row(line: Line, labels: Mapping[Path, str | Words], details: Mapping[str, Detail], number: int | None) -> Row:
    if line.part is None:
        return Row("/".join(line.path), _cells(line.sums, None), labels[line.path], level=line.level, is_subtotal=True)
    detail = details[line.part.key]
    source = line.path[0] if line.path else ""
    cells = _cells(line.sums, detail, number, source if source in detail.package.funds else None)
    return Row(line.part.key, cells, f"{line.part.key} {detail.package.row['name']}", level=line.level)


def _cells(
    sums: Sums, detail: Detail | None, number: int | None = None, source: str | None = None
) -> tuple[Cell | Words, ...]:
    """Return the cells of a line; `source` is the fund that pays this part, when the line is a part."""
    contract = detail.contract if detail else None
    return (
        None if number is None else str(number),
        amount(sums.ceiling_idr),
        rounded(sums.share_percent),
        _fund_cell(detail.package, source) if detail else None,
        detail.place if detail else None,
        detail.volume if detail else None,
        contract.contractor if contract else None,
        contract.number if contract else None,
        contract.signed_on if contract else None,
        amount(sums.contract_idr),
        contract.start_date if contract else None,
        contract.end_date if contract else None,
        rounded(sums.planned_percent),
        rounded(sums.physical_percent),
        rounded(sums.earned_percent),
        amount(sums.target_idr),
        rounded(sums.target_percent),
        amount(sums.paid_idr),
        rounded(sums.paid_percent),
        rounded(sums.deviation_points),
        amount(sums.remaining_idr),
        detail.issues if detail else None,
        detail.actions if detail else None,
    )


def _fund_cell(package: Tracked, source: str | None) -> str | Words | None:
    if source is not None:
        return fund_words(source)
    sources = list(package.funds) or [one.strip() for one in (package.row["fund_source"] or "").split(",") if one]
    return joined(fund_words(one) for one in sources)


# What a reader must know


def _findings(
    subject: Subject, portfolio: Portfolio, details: Mapping[str, Detail], month: int, day: date, ends: date
) -> list[Finding]:
    by = str(subject.settings["by"])
    name = MONTH_NAMES[month - 1]
    found: list[Finding | None] = [
        Finding(
            "info",
            "day_of_the_works",
            f"Bulan {name.id} {ends.year}, keadaan pekerjaan {format_day(day, 'id')}: realisasi yang disetujui, "
            "kontrak, dan SP2D sampai hari itu.",
            f"{name.en} {ends.year}, the works as of {format_day(day, 'en')}: approved progress, contracts and SP2D "
            "until that day.",
        ),
        Finding(
            "info",
            "financial_target",
            "Register tidak menyimpan jadwal pembayaran. Target keuangan = rencana fisik tahun ini sampai hari itu "
            "dikali nilai kontrak; paket tanpa kontrak atau tanpa kurva S tidak memiliki target.",
            "The register keeps no schedule of payments. Financial target = this year's planned progress until that "
            "day times the contract value; packages without a contract or an S-curve have none.",
        ),
        Finding(
            "info",
            "target_of_the_actual",
            "Target fisik adalah rencana pada hari realisasi terakhir yang disetujui: yang dikerjakan sesudahnya belum "
            "diketahui.",
            "The physical target is the plan of the day of the last approved progress: what was built since is not "
            "known.",
        ),
    ]
    if day < date(ends.year, month, 1):
        found.append(
            Finding(
                "warning",
                "month_ahead",
                f"Bulan {name.id} {ends.year} belum berjalan.",
                f"{name.en} {ends.year} has not begun.",
            )
        )
    found += [*year_findings(subject, portfolio), *progress_findings(portfolio, day)]
    found.append(
        counted(
            [one for one in portfolio.packages if details[one.code].contract is None],
            "no_contract",
            "Paket belum berkontrak sampai hari itu",
            "Packages without a contract by that day",
            severity="info",
        )
    )
    rule = subject.rule(STALE_RULE)
    if rule is not None:
        found.append(stale_progress(portfolio.packages, day, days=rule.value))
    found += [
        shared_packages(portfolio.packages, subject),
        no_payments(portfolio.packages, day, year=portfolio.year),
        payments_elsewhere(portfolio.packages, portfolio.year),
    ]
    if by == "fund":
        found.append(split_by_funds(portfolio.packages))
    return [one for one in found if one is not None]
