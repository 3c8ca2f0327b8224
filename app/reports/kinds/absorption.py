"""Absorption of the budget (serapan): SP2D of a fiscal year by month against its ceilings, beside the year before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from app.formats import format_day
from app.reports.realisation import (
    MONTH_NAMES,
    NO_DISTRICT,
    NO_KEY,
    SHORT_MONTHS,
    Portfolio,
    Tracked,
    amount,
    context_of,
    district_names,
    district_table,
    fund_parts,
    no_payments,
    packages_url,
    payments_elsewhere,
    read_portfolio,
    rounded,
    shared_packages,
    split_by_funds,
    within,
    works_day,
    year_findings,
)
from app.reports.report import Chart, Column, Content, MapView, Row, Series, Table, Words
from app.reports.subject import Subject
from gis.figures import Figure, Finding
from gis.reporting import Part, absorption_figures, paid_by_month, percent_of, running_sum

COLUMNS = (
    Column("packages", "Paket", "Packages", "packages", "absorption.packages"),
    Column("ceiling_idr", "Pagu", "Ceiling", "IDR", "absorption.ceiling_idr"),
    Column("paid_idr", "Realisasi (SP2D)", "Paid (SP2D)", "IDR", "absorption.paid_idr"),
    Column("percent", "Serapan", "Absorption", "percent", "absorption.percent"),
    Column("remaining_idr", "Sisa", "Remaining", "IDR", "absorption.remaining_idr"),
)
MONTH_COLUMNS = (
    Column("paid_idr", "SP2D bulan ini", "SP2D of the month", "IDR"),
    Column("total_idr", "Kumulatif", "Cumulative", "IDR"),
    Column("percent", "Serapan", "Absorption", "percent"),
    Column("remaining_idr", "Sisa", "Remaining", "IDR"),
    Column("before_idr", "Kumulatif tahun lalu", "Cumulative, year before", "IDR"),
    Column("before_percent", "Serapan tahun lalu", "Absorption, year before", "percent"),
)


@dataclass
class Money:
    """What one group may spend, and has spent, in rupiah; and of how many packages."""

    label: str | Words
    packages: int = 0
    ceiling_idr: Decimal = Decimal(0)
    paid_idr: Decimal = Decimal(0)


@dataclass(frozen=True)
class Months:
    """A year's money: the ceilings together, and what was paid in each month and by its end."""

    ceiling_idr: Decimal
    paid: tuple[Decimal | None, ...]

    @property
    def total(self) -> tuple[Decimal | None, ...]:
        """Paid by the end of each month."""
        return running_sum(self.paid)

    @property
    def percent(self) -> tuple[float | None, ...]:
        """Paid by the end of each month, in percent of the ceilings."""
        return tuple(None if one is None else percent_of(one, self.ceiling_idr) for one in self.total)


def compute(subject: Subject) -> Content:
    """Compute the absorption of a fiscal year until the report's day."""
    year = subject.fiscal_year
    portfolio, before = (read_portfolio(subject, year=one) for one in (year, year - 1))
    day = works_day(subject, year)
    figures: list[Figure] = []
    for code in subject.codes:
        inside = within(portfolio.packages, code, subject)
        found = absorption_figures(
            _ceiling(inside),
            sum((one.paid_until(day, year=year) for one in inside), Decimal(0)),
            packages=len(inside),
            area=code,
            context=replace(context_of(subject, code, inside, day), data_date=_newest_payment(inside, year, day)),
        )
        url = packages_url(subject, code, year)
        figures += [replace(one, features_url=url) for one in found]
    months, months_before = (_months(one, day) for one in (portfolio, before))
    return Content(
        figures=tuple(figures),
        tables=(
            _month_table(months, months_before, year),
            _group_table(subject, portfolio, day),
            district_table(
                subject,
                figures,
                COLUMNS,
                title=Words("Serapan menurut kecamatan", "Absorption by district"),
                bar="percent",
            ),
        ),
        findings=tuple(_findings(subject, portfolio, day)),
        charts=(_chart(months, months_before, year, day),),
        maps=(
            MapView(
                "percent", "Peta serapan", "Map of absorption", "districts",
                figure="absorption.percent", unit="percent",
            ),
        ),
        year=year,
    )  # fmt: skip


def _ceiling(packages: Iterable[Tracked]) -> Decimal:
    return sum((one.ceiling_idr for one in packages if one.ceiling_idr is not None), Decimal(0))


def _newest_payment(packages: Sequence[Tracked], year: int, day: date) -> date | None:
    days = [on for one in packages for on, _paid in one.payments if on.year == year and on <= day]
    return max(days, default=None)


def _months(portfolio: Portfolio, day: date) -> Months:
    payments = [payment for one in portfolio.packages for payment in one.payments]
    return Months(_ceiling(portfolio.packages), paid_by_month(payments, year=portfolio.year, until=day))


def _month_table(months: Months, before: Months, year: int) -> Table:
    rows = []
    for index, name in enumerate(MONTH_NAMES):
        total = months.total[index]
        cells = (
            amount(months.paid[index]),
            amount(total),
            rounded(months.percent[index]),
            None if total is None else amount(months.ceiling_idr - total),
            amount(before.total[index]) if before.ceiling_idr else None,
            rounded(before.percent[index]),
        )
        rows.append(Row(f"{year}-{index + 1:02}", cells, Words(f"{name.id} {year}", f"{name.en} {year}")))
    return Table(
        "months",
        f"Serapan menurut bulan, tahun anggaran {year}",
        f"Absorption by month, fiscal year {year}",
        MONTH_COLUMNS,
        tuple(rows),
        by_area=False,
        row_head=Words("Bulan", "Month"),
    )


def _group_table(subject: Subject, portfolio: Portfolio, day: date) -> Table:
    """Sum up by the group that was chosen; of packages of several sources each source has its part."""
    by = str(subject.settings["by"])
    groups: dict[str, Money] = {}
    for package in portfolio.packages:
        for key, label, ceiling, paid in _shares(subject, portfolio, package, by, day):
            money = groups.setdefault(key, Money(label))
            money.packages += 1
            money.ceiling_idr += ceiling
            money.paid_idr += paid
    ordered = sorted(groups.items(), key=lambda one: (one[0] == NO_KEY, one[0]))
    whole = Money("", len(portfolio.packages), _ceiling(portfolio.packages))
    whole.paid_idr = sum((one.paid_until(day, year=portfolio.year) for one in portfolio.packages), Decimal(0))
    titles = {
        "unit": ("instansi", "agency"),
        "programme": ("program", "programme"),
        "fund": ("sumber dana", "fund source"),
        "district": ("kecamatan", "district"),
    }
    title_id, title_en = titles[by]
    columns = tuple(replace(column, figure=None) for column in COLUMNS)
    return Table(
        "groups",
        f"Serapan menurut {title_id}",
        f"Absorption by {title_en}",
        columns,
        tuple(Row(key, _money_cells(money), money.label) for key, money in ordered),
        _money_cells(whole),
        by_area=False,
        row_head=Words(title_id.capitalize(), title_en.capitalize()),
        bar=("percent",),
    )


def _shares(
    subject: Subject, portfolio: Portfolio, package: Tracked, by: str, day: date
) -> list[tuple[str, str | Words, Decimal, Decimal]]:
    """Return the groups of a package with its ceiling and payments in each."""
    ceiling = package.ceiling_idr or Decimal(0)
    paid = package.paid_until(day, year=portfolio.year)
    if by == "fund":
        part = Part(package.code, package.ceiling_idr, None, None, None, None, paid)
        parts = fund_parts(package, part)
        return [(source, label, one.ceiling_idr or Decimal(0), one.paid_idr) for source, label, one in parts]
    if by == "district":
        names = district_names(subject)
        inside = [code for code in dict.fromkeys(package.districts) if code in subject.area.districts]
        return [(code, names.get(code, code), ceiling, paid) for code in inside] or [
            (NO_KEY, NO_DISTRICT, ceiling, paid)
        ]
    branch = portfolio.branch(by, package)
    key, label = branch[0] if by == "programme" else branch[-1]
    return [(key, label, ceiling, paid)]


def _money_cells(money: Money) -> tuple[float | int | None, ...]:
    return (
        money.packages,
        amount(money.ceiling_idr),
        amount(money.paid_idr),
        rounded(percent_of(money.paid_idr, money.ceiling_idr)),
        amount(money.ceiling_idr - money.paid_idr),
    )


def _chart(months: Months, before: Months, year: int, day: date) -> Chart:
    series = [Series("percent", f"Serapan {year}", f"Absorption {year}", tuple(map(rounded, months.percent)))]
    if before.ceiling_idr:
        label = (f"Serapan {year - 1}", f"Absorption {year - 1}")
        series.append(Series("before", *label, tuple(map(rounded, before.percent)), dashed=True))
    return Chart(
        "absorption",
        "Serapan kumulatif terhadap pagu",
        "Cumulative absorption of the ceiling",
        "line",
        "percent",
        labels=SHORT_MONTHS,
        series=tuple(series),
        note=Words(f"SP2D sampai {format_day(day, 'id')}.", f"SP2D until {format_day(day, 'en')}."),
    )


def _findings(subject: Subject, portfolio: Portfolio, day: date) -> list[Finding]:
    year = portfolio.year
    found: list[Finding | None] = [
        Finding(
            "info",
            "payments_of_the_year",
            f"Serapan: SP2D bertanggal tahun anggaran {year} sampai {format_day(day, 'id')}, dibagi pagu tahun itu.",
            f"Absorption: SP2D dated in fiscal year {year} until {format_day(day, 'en')}, by that year's ceilings.",
        ),
        no_payments(portfolio.packages, day, year=year),
        payments_elsewhere(portfolio.packages, year),
        shared_packages(portfolio.packages, subject),
        *year_findings(subject, portfolio),
    ]
    if subject.settings["by"] == "fund":
        found.append(split_by_funds(portfolio.packages))
    return [one for one in found if one is not None]
