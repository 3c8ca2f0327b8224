"""The S-curve of a year's packages together, and which contracts are late, or critical by which clause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from app.formats import format_day
from app.recorded import recorded
from app.reports.realisation import (
    MONTH_NAMES,
    SHORT_MONTHS,
    STALE_RULE,
    Portfolio,
    Tracked,
    amount,
    ask,
    code_words,
    context_of,
    counted,
    district_table,
    packages_url,
    progress_findings,
    read_portfolio,
    rounded,
    shared_packages,
    stale_progress,
    within,
    works_day,
    year_findings,
)
from app.reports.report import Chart, Class, Column, Content, MapView, Row, Series, Table, Words
from app.reports.subject import Subject
from gis.figures import Figure, FigureContext, Finding, percent_figure, quantity_figure
from gis.progress import OPEN_STATUSES
from gis.reporting import MONTHS, month_ends, portfolio_percent

CRITICAL_RULE = "KRITIS_P1_LAG"
STATES = ("declared", "indicated")
CASE_COLUMNS = "id, project_id, clause, state, indicated_on, evidence, declared_on, letter_number, valid_from"
STATE_WORDS = {
    "declared": Words("Ditetapkan kritis", "Declared critical"),
    "indicated": Words("Terindikasi kritis", "Indicated as critical"),
}
COLUMNS = (
    Column("packages", "Paket", "Packages", "packages", "s_curve.packages"),
    Column("planned", "Rencana", "Plan", "percent", "s_curve.planned"),
    Column("physical", "Realisasi", "Actual", "percent", "s_curve.physical"),
    Column("deviation", "Deviasi", "Deviation", "points", "s_curve.deviation"),
    Column("late", "Terlambat", "Late", "packages", "s_curve.late"),
)
CRITICAL_COLUMNS = (
    Column("indicated", "Terindikasi kritis", "Indicated", "packages", "s_curve.critical_indicated"),
    Column("declared", "Ditetapkan kritis", "Declared", "packages", "s_curve.critical_declared"),
)
MONTH_COLUMNS = (
    Column("planned", "Rencana", "Plan", "percent"),
    Column("physical", "Realisasi", "Actual", "percent"),
    Column("deviation", "Deviasi", "Deviation", "points"),
)
LATE_COLUMNS = (
    Column("state", "Keadaan", "State", "text"),
    Column("reason", "Sebab dihitung terlambat", "Why it counts as late", "text"),
    Column("contractor", "Penyedia", "Contractor", "text"),
    Column("contract_idr", "Nilai kontrak", "Contract value", "IDR"),
    Column("planned", "Rencana", "Plan", "percent"),
    Column("physical", "Realisasi", "Actual", "percent"),
    Column("lag", "Keterlambatan", "Lag", "points"),
    Column("progress_date", "Kemajuan per", "Progress of", "date"),
    Column("end", "Selesai menurut kontrak", "Contract end", "date"),
)
CASE_TABLE_COLUMNS = (
    Column("clause", "Huruf", "Case", "text"),
    Column("rule", "Ketentuan", "Rule", "text"),
    Column("threshold", "Batas", "Threshold", "points"),
    Column("indicated_on", "Terindikasi sejak", "Indicated since", "date"),
    Column("letter", "Surat penetapan", "Letter", "text"),
)
LATE_CLASS = Class("late", "Terlambat, dalam penanganan", "Late, being handled", "#c2410c")
CASE_CLASSES = (
    Class("declared", "Ditetapkan kritis", "Declared critical", "#8f1239", "long_dash"),
    Class("indicated", "Terindikasi kritis", "Indicated as critical", "#b45309", "short_dash"),
)

Percents = tuple[float | None, ...]


@dataclass(frozen=True)
class Curves:
    """Plan and actual of packages together at the end of each month; the actual is None where it is not yet known."""

    planned: Percents
    physical: Percents
    packages: int

    def at(self, month: int) -> tuple[float | None, float | None]:
        """Return plan and actual of a month, 0 for January."""
        if not self.planned:
            return None, None
        return self.planned[month], self.physical[month]


def compute(subject: Subject) -> Content:
    """
    Compute the S-curve of a fiscal year's packages, weighted by this year's ceilings.

    The public reads which contracts are late; why one is critical, and that it is, are told to the staff alone: in the
    table, in its order, in the figures and on the map.
    """
    year = subject.fiscal_year
    portfolio = read_portfolio(subject, year=year)
    day = works_day(subject, year)
    cases = _read_cases(subject, portfolio)
    figures: list[Figure] = []
    for code in subject.codes:
        inside = within(portfolio.packages, code, subject)
        figures += _figures(subject, inside, cases, area=code, day=day, year=year)
    curves = _curves(portfolio.packages, year, day)
    late = _late(portfolio.packages, cases)
    columns = (*COLUMNS, *(CRITICAL_COLUMNS if subject.staff is not None else ()))
    title = Words("Kurva S menurut kecamatan", "S-curve by district")
    frames, maps = _map(subject, late, cases)
    return Content(
        figures=tuple(figures),
        tables=(
            _month_table(curves, year),
            _late_table(subject, late, cases, day),
            district_table(subject, figures, columns, title=title, bar="physical"),
        ),
        findings=tuple(_findings(subject, portfolio, curves, day)),
        charts=(_chart(curves, year, day),),
        maps=maps,
        frames=frames,
        year=year,
    )


def _curves(packages: Sequence[Tracked], year: int, day: date) -> Curves:
    """
    Weigh the packages whose plan and actual are known throughout.

    Until the report's day a month shows what the RFK of that month shows: the actual approved by its end, and the plan
    it is held against. Later months show the plan of their last day.
    """
    planned, physical = [], []
    ends = month_ends(year)
    known = sum(date(year, month, 1) <= day for month in range(1, MONTHS + 1))
    for one in packages:
        targets = [
            one.target_on(min(end, day)) if index < known else one.planned_on(end) for index, end in enumerate(ends)
        ]
        done = [_drawn_on(one, min(end, day)) for end in ends[:known]]
        if None not in targets and None not in done and one.ceiling_idr:
            planned.append((one.ceiling_idr, targets))
            physical.append((one.ceiling_idr, done))
    actual = portfolio_percent(physical)
    return Curves(portfolio_percent(planned), (*actual, *(None,) * (MONTHS - len(actual))), len(planned))


def _drawn_on(package: Tracked, day: date) -> float | None:
    """Return the actual of a day; before the first report as the line from the beginning to it runs."""
    known = package.physical_on(day)
    return package.estimated_on(day) if known is None else known


def _figures(
    subject: Subject,
    packages: Sequence[Tracked],
    cases: Mapping[int, Mapping[str, Any]],
    *,
    area: str,
    day: date,
    year: int,
) -> list[Figure]:
    context = context_of(subject, area, packages, day)
    known = [
        (float(one.ceiling_idr), planned, physical)
        for one in packages
        if one.ceiling_idr
        and (planned := one.target_on(day)) is not None
        and (physical := one.physical_on(day)) is not None
    ]
    whole = sum(weight for weight, _planned, _physical in known) or None
    planned_idr, physical_idr = (sum(one[0] * one[part] / 100 for one in known) if known else None for part in (1, 2))
    deviation = None if whole is None else (physical_idr - planned_idr) / whole * 100  # type: ignore[operator]
    url = packages_url(subject, area, year)
    late_url = packages_url(subject, area, year, delay="late_in_handling")
    late = sum(one.row["delay"] != "none" for one in packages)
    found = [
        replace(one, features_url=url)
        for one in (
            quantity_figure("s_curve.packages", len(packages), area=area, unit="packages", context=context),
            percent_figure("s_curve.planned", planned_idr, whole, area=area, context=context),
            percent_figure("s_curve.physical", physical_idr, whole, area=area, context=context),
            quantity_figure("s_curve.deviation", deviation, area=area, unit="points", context=context),
        )
    ]
    found.append(
        replace(
            quantity_figure("s_curve.late", late, area=area, unit="packages", context=context), features_url=late_url
        )
    )
    return found + (_critical_figures(subject, packages, cases, area, context) if subject.staff is not None else [])


def _critical_figures(
    subject: Subject,
    packages: Sequence[Tracked],
    cases: Mapping[int, Mapping[str, Any]],
    area: str,
    context: FigureContext,
) -> list[Figure]:
    rule = subject.rule(CRITICAL_RULE)
    states = [cases[one.row["id"]]["state"] for one in packages if one.row["id"] in cases]
    return [
        quantity_figure(
            f"s_curve.critical_{state}", states.count(state), area=area, unit="packages", context=context, rule=rule
        )
        for state in STATES
    ]


def _month_table(curves: Curves, year: int) -> Table:
    rows = []
    for month, name in enumerate(MONTH_NAMES):
        planned, physical = curves.at(month)
        deviation = None if planned is None or physical is None else physical - planned
        cells = (rounded(planned), rounded(physical), rounded(deviation))
        rows.append(Row(f"{year}-{month + 1:02}", cells, Words(f"{name.id} {year}", f"{name.en} {year}")))
    return Table(
        "months",
        f"Kurva S menurut bulan, tahun anggaran {year}",
        f"S-curve by month, fiscal year {year}",
        MONTH_COLUMNS,
        tuple(rows),
        by_area=False,
        row_head=Words("Bulan", "Month"),
        note=Words(
            "Ditimbang dengan pagu tahun ini. Sampai bulan ini rencana adalah rencana pada hari realisasi terakhir "
            "yang disetujui; bulan berikutnya rencana akhir bulan.",
            "Weighted by this year's ceilings. Until this month the plan is that of the day of the last approved "
            "progress; of later months that of the month's end.",
        ),
    )


def _chart(curves: Curves, year: int, day: date) -> Chart:
    nothing: Percents = (None,) * MONTHS
    return Chart(
        "s_curve",
        f"Kurva S portofolio {year}",
        f"Portfolio S-curve {year}",
        "line",
        "percent",
        labels=SHORT_MONTHS,
        series=(
            Series("planned", "Rencana", "Plan", tuple(map(rounded, curves.planned)) or nothing, dashed=True),
            Series("physical", "Realisasi", "Actual", tuple(map(rounded, curves.physical)) or nothing),
        ),
        note=Words(
            f"{curves.packages} paket, ditimbang dengan pagu; keadaan {format_day(day, 'id')}.",
            f"{curves.packages} packages, weighted by ceiling; as of {format_day(day, 'en')}.",
        ),
    )


# Late and critical contracts


def _read_cases(subject: Subject, portfolio: Portfolio) -> dict[int, Mapping[str, Any]]:
    """Return the open critical case of each package, for the staff; nothing for the public."""
    if subject.staff is None:
        return {}
    source = recorded("critical_case", subject.as_of, columns=CASE_COLUMNS)
    rows = ask(
        subject.staff,
        f"""
        SELECT DISTINCT ON (project_id) project_id, clause, state, indicated_on, evidence, declared_on, letter_number
        FROM {source} k WHERE project_id = ANY (:ids) AND state <> 'closed' ORDER BY project_id, id DESC
        """,
        subject.as_of,
        ids=[one.row["id"] for one in portfolio.packages],
    )
    return {row["project_id"]: row for row in rows}


def _lag(package: Tracked) -> float | None:
    planned, physical = package.row["planned_percent"], package.row["physical_percent"]
    return None if planned is None or physical is None else planned - physical


def _late(packages: Sequence[Tracked], cases: Mapping[int, Mapping[str, Any]]) -> list[Tracked]:
    """Return who is late, by how far; critical ones first, which `cases` knows for the staff alone."""
    found = [one for one in packages if one.row["delay"] != "none" or one.row["id"] in cases]

    def order(package: Tracked) -> tuple[int, bool, float, str]:
        case, lag = cases.get(package.row["id"]), _lag(package)
        return (STATES.index(case["state"]) if case else len(STATES), lag is None, -(lag or 0.0), package.code)

    return sorted(found, key=order)


def _late_table(subject: Subject, late: Sequence[Tracked], cases: Mapping[int, Mapping[str, Any]], day: date) -> Table:
    for_staff = subject.staff is not None
    rows = []
    for package in late:
        row, case, lag = package.row, cases.get(package.row["id"]), _lag(package)
        cells: tuple[Any, ...] = (
            STATE_WORDS[case["state"]] if case else code_words("delay", "late_in_handling"),
            _why_late(package, day),
            row["contractor"],
            amount(_idr(row["contract_value_idr"])),
            rounded(row["planned_percent"]),
            rounded(row["physical_percent"]),
            rounded(None if lag is None else max(lag, 0.0)),
            row["progress_date"],
            row["end_date"],
        )
        rows.append(
            Row(package.code, (*cells, *(_case_cells(case) if for_staff else ())), f"{package.code} {row['name']}")
        )
    titles = ("Kontrak terlambat dan kritis", "Late and critical contracts") if for_staff else (
        "Kontrak terlambat", "Late contracts"
    )  # fmt: skip
    return Table(
        "late",
        *titles,
        (*LATE_COLUMNS, *(CASE_TABLE_COLUMNS if for_staff else ())),
        tuple(rows),
        by_area=False,
        row_head=Words("Paket", "Package"),
    )


def _idr(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


def _why_late(package: Tracked, day: date) -> Words | None:
    lag, end = _lag(package), package.row["end_date"]
    is_behind = lag is not None and lag > 0
    is_over = end is not None and end < day and package.status in OPEN_STATUSES
    if is_behind and is_over:
        return Words("Di bawah rencana; masa kontrak lewat", "Behind its plan; contract ended")
    if is_over:
        return Words("Masa kontrak lewat", "Contract ended")
    return Words("Di bawah rencana", "Behind its plan") if is_behind else None


def _case_cells(case: Mapping[str, Any] | None) -> tuple[Any, ...]:
    if case is None:
        return (None,) * len(CASE_TABLE_COLUMNS)
    evidence = case["evidence"] or {}
    rule = (evidence.get("rule") or {}).get("code")
    return (case["clause"], rule, evidence.get("threshold_points"), case["indicated_on"], case["letter_number"])


def _map(
    subject: Subject, late: Sequence[Tracked], cases: Mapping[int, Mapping[str, Any]]
) -> tuple[dict[str, Any], tuple[MapView, ...]]:
    """Return the frame of the late works with their place, and the map of it; neither when nothing is late."""
    if not late:
        return {}, ()
    frame = subject.frame("projects", ("id", "code", "name"), only={"code": [one.code for one in late]})
    frame = frame[~(frame.geometry.isna() | frame.geometry.is_empty)].reset_index(drop=True)
    if frame.empty:
        return {}, ()
    lags = {one.code: rounded(_lag(one)) for one in late}
    frame["state"] = [cases[number]["state"] if number in cases else LATE_CLASS.code for number in frame["id"]]
    frame["lag_points"] = [lags[code] for code in frame["code"]]
    classes = (*(CASE_CLASSES if subject.staff is not None else ()), LATE_CLASS)
    view = MapView(
        "late",
        "Peta kontrak terlambat dan kritis" if subject.staff is not None else "Peta kontrak terlambat",
        "Map of late and critical contracts" if subject.staff is not None else "Map of late contracts",
        "late",
        class_field="state",
        classes=classes,
        over=("districts",),
    )
    return {"late": frame[["code", "name", "state", "lag_points", "geometry"]]}, (view,)


def _is_estimated(package: Tracked, day: date) -> bool:
    return package.physical_on(day) is None and package.estimated_on(day) is not None


def _findings(subject: Subject, portfolio: Portfolio, curves: Curves, day: date) -> list[Finding]:
    rule = subject.rule(STALE_RULE)
    found: list[Finding | None] = [*year_findings(subject, portfolio), *progress_findings(portfolio, day)]
    if left_out := len(portfolio.packages) - curves.packages:
        found.append(
            Finding(
                "warning",
                "left_out_of_curve",
                "Paket yang rencana, realisasi, atau pagunya tidak diketahui sepanjang tahun, tidak dalam kurva: "
                f"{left_out}.",
                "Packages whose plan, actual or ceiling is not known throughout the year, not in the curve: "
                f"{left_out}.",
                left_out,
            )
        )
    found.append(
        counted(
            [one for one in portfolio.packages if any(_is_estimated(one, end) for end in month_ends(portfolio.year))],
            "estimated_until_reported",
            "Paket yang realisasinya sebelum laporan pertama diperkirakan lurus sejak mulai bekerja",
            "Packages whose actual before the first report is estimated as a line since the works began",
            severity="info",
        )
    )
    if rule is not None:
        found.append(stale_progress(portfolio.packages, day, days=rule.value))
    found.append(shared_packages(portfolio.packages, subject))
    return [one for one in found if one is not None]
