"""
What reports of realisation read of the packages of a fiscal year: money, contract, plan and approved progress.

Two times are kept apart. The moment of the report (`as_of`) decides what had been recorded; the end of a month is a day
of the works, on which of that record progress, contracts and payments are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.formats import format_day, format_idr
from app.progress.curve import PROGRESS_COLUMNS, PlanVersion, planned_on, read_versions
from app.recorded import recorded
from app.reports.report import Cell, Column, Row, Table, Words
from app.reports.subject import Subject
from gis.figures import Figure, FigureContext, FigureInput, Finding
from gis.packages import GIVEN_UP, NOT_BEGUN
from gis.progress import SAME_PERCENT, ProjectStatus
from gis.reporting import Part, estimated_on, physical_on, split_part
from layers.catalogue import built_in_catalogue
from layers.history import as_of_source

LIVE_STATUSES: tuple[ProjectStatus, ...] = (
    "planned", "announced", "tender", "contract", "construction", "handed_over", "maintenance", "finished", "stopped",
    "terminated",
)  # fmt: skip
READ = (
    "id", "code", "name", "sector", "year", "status", "delay", "ceiling_idr", "this_year_ceiling_idr",
    "contract_value_idr", "contractor", "fund_source", "planned_percent", "physical_percent", "progress_date",
    "start_date", "end_date", "district_codes", "village_codes",
)  # fmt: skip
CONTRACT_COLUMNS = (
    "id, project_id, kind, number, signed_on, company_id, supervisor_id, value_idr, start_date, end_date, state,"
    " valid_from"
)
ADDENDUM_COLUMNS = "id, contract_id, sequence, number, signed_on, value_idr, end_date, valid_from"
MONTH_NAMES = (
    Words("Januari", "January"), Words("Februari", "February"), Words("Maret", "March"), Words("April", "April"),
    Words("Mei", "May"), Words("Juni", "June"), Words("Juli", "July"), Words("Agustus", "August"),
    Words("September", "September"), Words("Oktober", "October"), Words("November", "November"),
    Words("Desember", "December"),
)  # fmt: skip
SHORT_MONTHS = tuple(Words(name.id[:3], name.en[:3]) for name in MONTH_NAMES)
DONE = 100 - SAME_PERCENT
STALE_RULE = "DATA_BASI_HARI"
NO_KEY = "-"  # of what belongs to no group
NO_PROGRAMME = Words("Tanpa program", "Without a programme")
NO_UNIT = Words("Tanpa instansi", "Without an agency")
NO_FUND = Words("Sumber dana belum dicatat", "Fund source not recorded")
NO_DISTRICT = Words("Tanpa lokasi", "Without a location")
GROUPINGS = ("unit", "programme", "district", "fund")

Key = tuple[str, str | Words]
"""What tells a group apart, and what it is called."""


@dataclass(frozen=True)
class Contract:
    """
    The contract of a package on a day, with the value and the end that addenda signed by then leave.

    Number and day of signature are None where only the register itself tells of a contract, as after an import.
    """

    number: str | None
    signed_on: date | None
    value_idr: Decimal | None
    start_date: date | None
    end_date: date | None
    contractor: str | None
    supervisor: str | None


@dataclass(frozen=True)
class Approved:
    """Approved progress of a day, and the plan of that day where it was noted; both in percent."""

    day: date
    physical_percent: float
    planned_percent: float | None
    contract_id: int | None = None


@dataclass(frozen=True)
class Tracked:
    """
    A package of the year as it was recorded.

    `funds` are the sources of its year, in rupiah; `payments` day and amount of each SP2D; `reports` the approved
    progress by day, with the plan of that day as it was noted then; `plans` the versions of its curves, and `signed`
    the days on which its contracts were signed, in order, with their ids.
    """

    row: Mapping[str, Any]
    funds: Mapping[str, Decimal]
    payments: tuple[tuple[date, Decimal], ...]
    reports: tuple[Approved, ...]
    plans: tuple[PlanVersion, ...]
    signed: tuple[tuple[date, int], ...] = ()
    grace_days: float = 0  # works may run so long before their first report is missed

    @property
    def code(self) -> str:
        """The package's code."""
        return str(self.row["code"])

    @property
    def status(self) -> ProjectStatus:
        """Its state as recorded."""
        found: ProjectStatus = self.row["status"]
        return found

    @property
    def is_live(self) -> bool:
        """Whether it is work of its year: not cancelled, and no tender that failed."""
        return self.status not in GIVEN_UP

    @property
    def ceiling_idr(self) -> Decimal | None:
        """What it weighs: this year's ceiling, else the whole."""
        this_year: Decimal | None = self.row["this_year_ceiling_idr"]
        whole: Decimal | None = self.row["ceiling_idr"]
        return whole if this_year is None else this_year

    @property
    def districts(self) -> tuple[str, ...]:
        """Codes of the districts that it touches."""
        return tuple(self.row["district_codes"] or ())

    def report_on(self, day: date) -> Approved | None:
        """Return the newest approved progress by a day."""
        return next((one for one in reversed(self.reports) if one.day <= day), None)

    @property
    def observations(self) -> list[tuple[date, float]]:
        """Approved progress as days and percent."""
        return [(one.day, one.physical_percent) for one in self.reports]

    @property
    def begins(self) -> date | None:
        """The day of the order to start."""
        found: date | None = self.row["start_date"]
        return found

    def physical_on(self, day: date) -> float | None:
        """Return how far the works were by a day; see `gis.reporting.physical_on`."""
        return physical_on(self.observations, day, status=self.status, begins=self.begins, grace_days=self.grace_days)

    def estimated_on(self, day: date) -> float | None:
        """Return the progress of a day before the first report; see `gis.reporting.estimated_on`."""
        return estimated_on(self.observations, day, begins=self.begins)

    def planned_on(self, day: date) -> float | None:
        """
        Return the plan of a day, of the contract signed last before it and by the version in force on it.

        0 before the works begin, None without a plan. The database tells the same with `app.planned_percent`.
        """
        planned = self._planned_by(self._contract_on(day), day)
        if planned is not None:
            return planned
        report = self.report_on(day)
        if report is not None and report.planned_percent is not None:  # imported with its progress, without a curve
            return report.planned_percent
        return 0.0 if self.status in NOT_BEGUN or (self.begins is not None and self.begins > day) else None

    def target_on(self, day: date) -> float | None:
        """
        Return the plan that the progress known by a day is held against.

        It is that of the day of the newest approved progress: what was built since is not known, and would count as
        not built. Once the works are done, or before anything is approved, it is that of the day itself.
        """
        report = self.report_on(day)
        if report is None or report.physical_percent >= DONE:
            return self.planned_on(day)
        if report.planned_percent is not None:
            return report.planned_percent
        if report.contract_id is not None:
            return self._planned_by(report.contract_id, report.day)
        return self.planned_on(report.day)

    def _contract_on(self, day: date) -> int | None:
        """Return the contract that a day is judged by: the last signed by then, before the first the first."""
        until = [number for signed_on, number in self.signed if signed_on <= day]
        if until:
            return until[-1]
        return self.signed[0][1] if self.signed else None

    def _planned_by(self, contract_id: int | None, day: date) -> float | None:
        return planned_on([one for one in self.plans if contract_id in {None, one.contract_id}], day)

    def paid_until(self, day: date, *, year: int) -> Decimal:
        """Return the SP2D of a year until a day."""
        return sum((paid for on, paid in self.payments if on.year == year and on <= day), Decimal(0))


@dataclass(frozen=True)
class Portfolio:
    """The packages of a fiscal year that touch an area, and the trees that they belong to."""

    session: Session
    year: int
    as_of: datetime | None
    packages: tuple[Tracked, ...]
    given_up: tuple[Tracked, ...] = field(default=())

    @cached_property
    def _homes(self) -> dict[int, tuple[int | None, int | None]]:
        """Unit and programme of each package."""
        source = recorded("project", self.as_of, columns="id, unit_id, programme_id")
        rows = ask(
            self.session,
            f"SELECT id, unit_id, programme_id FROM {source} p WHERE id = ANY (:ids)",
            self.as_of,
            ids=[one.row["id"] for one in self.packages],
        )
        return {row["id"]: (row["unit_id"], row["programme_id"]) for row in rows}

    @cached_property
    def _trees(self) -> dict[str, dict[int, Mapping[str, Any]]]:
        found = {}
        for table in ("unit", "programme"):
            source = recorded(table, self.as_of, columns="id, code, name, parent_id")
            rows = ask(self.session, f"SELECT id, code, name, parent_id FROM {source} t", self.as_of)
            found[table] = {row["id"]: row for row in rows}
        return found

    def branch(self, tree: str, package: Tracked) -> tuple[Key, ...]:
        """Return the way from the top to where a package belongs: of the tree `unit` or `programme`."""
        nodes = self._trees[tree]
        number = self._homes.get(package.row["id"], (None, None))[0 if tree == "unit" else 1]
        found: list[Key] = []
        while number is not None and number in nodes and len(found) < len(nodes):
            row = nodes[number]
            found.append((row["code"], row["name"]))
            number = row["parent_id"]
        if found:
            return tuple(reversed(found))
        return ((NO_KEY, NO_UNIT if tree == "unit" else NO_PROGRAMME),)


def read_portfolio(subject: Subject, *, year: int) -> Portfolio:
    """
    Read the packages of a fiscal year that touch the subject's area, in the order of their codes.

    Parameters
    ----------
    subject
        Whose session reads: that of the staff where there is one, else the public's, which sees the same of all this.
    year
        The fiscal year of record.
    """
    touching = "true" if subject.area.is_region else "district_codes && CAST(:districts AS text[])"
    return read_where(subject, f"year = :year AND {touching}", year=year, districts=list(subject.area.districts))


def read_where(subject: Subject, condition: str, **values: Any) -> Portfolio:
    """
    Read the packages that a condition on the layer `projects` lets through; see `read_portfolio`.

    Parameters
    ----------
    condition
        SQL of our own, with `values` for its parameters.
    """
    session, as_of, day = subject.staff or subject.session, subject.as_of, subject.day
    stale = subject.rule(STALE_RULE)
    source = "layers.projects" if as_of is None else as_of_source("projects", READ, ":as_of")
    rows = ask(session, f"SELECT {', '.join(READ)} FROM {source} s WHERE {condition} ORDER BY code", as_of, **values)
    ids = [row["id"] for row in rows]
    funds = _read_funds(session, ids, as_of)
    payments = _read_payments(session, ids, as_of)
    approved = _read_approved(session, ids, as_of)
    plans = read_versions(session, ids, as_of)
    signed = _read_signed(session, ids, as_of)
    found = []
    for row in rows:
        number = row["id"]
        reports = approved.get(number, ())
        if not reports and row["physical_percent"] is not None:  # imported: one figure, without reports behind it
            reports = (Approved(row["progress_date"] or day, row["physical_percent"], row["planned_percent"]),)
        found.append(
            Tracked(
                row=row,
                funds={source: one for (year, source), one in funds.get(number, {}).items() if year == row["year"]},
                payments=payments.get(number, ()),
                reports=reports,
                plans=tuple(plans.get(number, ())),
                signed=signed.get(number, ()),
                grace_days=stale.value if stale else 0,
            )
        )
    return Portfolio(
        session=session,
        year=int(values.get("year", 0)),
        as_of=as_of,
        packages=tuple(one for one in found if one.is_live),
        given_up=tuple(one for one in found if not one.is_live),
    )


def read_contracts(
    session: Session, packages: Sequence[Tracked], as_of: datetime | None, *, on: date
) -> dict[int, Contract]:
    """
    Return the contract of each package that had been signed by a day: the running one, else the newest.

    Parameters
    ----------
    packages
        One that was imported with its contract's value, and has no contract on record, is taken by its own row.
    on
        A day of the works: contracts and addenda signed later do not count, whenever they were recorded.
    """
    ids = [one.row["id"] for one in packages]
    contract = recorded("contract", as_of, columns=CONTRACT_COLUMNS)
    addendum = recorded("addendum", as_of, columns=ADDENDUM_COLUMNS)
    company = recorded("company", as_of, columns="id, name, valid_from")
    rows = ask(
        session,
        f"""
        SELECT DISTINCT ON (c.project_id) c.project_id, c.number, c.signed_on, c.start_date,
            coalesce((SELECT a.value_idr FROM {addendum} a WHERE a.contract_id = c.id AND a.value_idr IS NOT NULL
                AND a.signed_on <= :on ORDER BY sequence DESC LIMIT 1), c.value_idr) AS value_idr,
            coalesce((SELECT a.end_date FROM {addendum} a WHERE a.contract_id = c.id AND a.end_date IS NOT NULL
                AND a.signed_on <= :on ORDER BY sequence DESC LIMIT 1), c.end_date) AS end_date,
            m.name AS contractor, s.name AS supervisor
        FROM {contract} c LEFT JOIN {company} m ON m.id = c.company_id LEFT JOIN {company} s ON s.id = c.supervisor_id
        WHERE c.project_id = ANY (:ids) AND c.signed_on <= :on
        ORDER BY c.project_id, c.state = 'running' DESC, c.signed_on DESC, c.id DESC
        """,
        as_of,
        ids=ids,
        on=on,
    )
    found = {row["project_id"]: Contract(**{name: row[name] for name in Contract.__annotations__}) for row in rows}
    recorded_ids = {
        row["project_id"]
        for row in ask(session, f"SELECT project_id FROM {contract} c WHERE project_id = ANY (:ids)", as_of, ids=ids)
    }
    for one in packages:
        if one.row["id"] not in recorded_ids and (own := _own_contract(one, on)) is not None:
            found[one.row["id"]] = own
    return found


def district_names(subject: Subject) -> dict[str, str]:
    """Return the names of the region's districts by code."""
    return dict(zip(subject.districts["code"], subject.districts["name"], strict=True))


def fund_words(source: str) -> str | Words:
    """Return what a fund source is called; one that the list does not have stays as it is written."""
    for code in built_in_catalogue().codes.get("fund_source", ()):
        if code.code == source:
            return Words(code.label.id, code.label.en)
    return source


def fund_parts(package: Tracked, part: Part) -> list[tuple[str, str | Words, Part]]:
    """Split a package by the fund rows of its year; without them it stands whole under the sources that it names."""
    if package.funds:
        return [(source, fund_words(source), one) for source, one in split_part(part, package.funds).items()]
    sources = [one.strip() for one in (package.row["fund_source"] or "").split(",") if one.strip()]
    return [(", ".join(sources) or NO_KEY, joined(map(fund_words, sources)) or NO_FUND, part)]


def code_words(field_name: str, code: str) -> str | Words:
    """Return what a code of a project's field is called; an unknown one as it is."""
    for one in built_in_catalogue().code_list("projects", field_name):
        if one.code == code:
            return Words(one.label.id, one.label.en)
    return code


def joined(parts: Iterable[str | Words], separator: str = ", ") -> str | Words | None:
    """Return texts one behind the other, in both languages where one of them has two; None without any."""
    found = list(parts)
    if not found:
        return None
    if all(isinstance(one, str) for one in found):
        return separator.join(str(one) for one in found)
    return Words(
        *(
            separator.join(one.in_language(language) if isinstance(one, Words) else one for one in found)
            for language in ("id", "en")
        )
    )


def amount(value: Decimal | None) -> float | int | None:
    """Return rupiah as a cell: whole amounts as integers, so that sums of cells close."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def rounded(value: float | None, decimals: int = 2) -> float | None:
    """Return a percentage as a table shows it."""
    return None if value is None else round(value, decimals)


def within(packages: Iterable[Tracked], area: str, subject: Subject) -> list[Tracked]:
    """Return the packages that touch an area: one in two districts is in both, and once in the whole."""
    return [one for one in packages if area == subject.area.code or area in one.districts]


def packages_url(subject: Subject, area: str, year: int, **filters: str) -> str:
    """Return the address of the live packages of an area and year behind a figure."""
    wanted: dict[str, Any] = {"year": year, "status": ",".join(LIVE_STATUSES), **filters}
    if not (subject.area.is_region and area == subject.area.code):
        wanted["district"] = area if area in subject.area.districts else ",".join(subject.area.districts)
    if subject.as_of is not None:
        wanted["as_of"] = subject.as_of.isoformat()
    return f"/api/v1/projects?{urlencode(wanted, safe=',')}"


def district_table(
    subject: Subject, figures: Sequence[Figure], columns: tuple[Column, ...], *, title: Words, bar: str
) -> Table:
    """Lay out figures by district, with the whole area as their total; columns name the figures."""
    values = {(one.area, one.id): one.value for one in figures}

    def cells(code: str) -> tuple[Cell, ...]:
        return tuple(_figure_cell(values.get((code, str(column.figure))), column.unit) for column in columns)

    rows = tuple(Row(code, cells(code)) for code in subject.area.districts)
    return Table("districts", title.id, title.en, columns, rows, cells(subject.area.code), bar=(bar,))


def context_of(subject: Subject, area: str, packages: Sequence[Tracked], day: date) -> FigureContext:
    """Return what figures about packages share: their number, and the newest progress by a day."""
    dates = [report.day for one in packages if (report := one.report_on(day)) is not None]
    inputs = (FigureInput("projects", subject.states["projects"].version, len(packages)),)
    return FigureContext(area, max(dates, default=None), inputs)


def works_day(subject: Subject, year: int, month_end: date | None = None) -> date:
    """Return the last day of the works that is known of a month, or of a year: no later than the report's own."""
    return min(month_end or date(year, 12, 31), subject.day)


def year_findings(subject: Subject, portfolio: Portfolio) -> list[Finding | None]:
    """Say how many packages of the year weigh nothing or were given up, and where there are none at all."""
    found = [
        counted(
            [one for one in portfolio.packages if not one.ceiling_idr],
            "no_ceiling",
            "Paket tanpa pagu, tidak dapat ditimbang",
            "Packages without a ceiling, not weighted",
        ),
        counted(
            portfolio.given_up,
            "given_up",
            "Paket batal atau gagal tender, tidak dimuat dan tidak ditimbang",
            "Packages given up, neither listed nor weighted",
        ),
    ]
    if not portfolio.packages:
        found.append(
            Finding("warning", "no_packages", "Tidak ada paket pada tahun anggaran ini.", "No packages in this year.")
        )
        return found
    touched = {code for one in portfolio.packages for code in one.districts}
    if empty := [code for code in subject.area.districts if code not in touched]:
        found.append(
            Finding(
                "info",
                "districts_without_packages",
                f"Kecamatan tanpa paket tahun ini, yang angkanya kosong: {len(empty)}.",
                f"Districts without packages this year, whose figures are empty: {len(empty)}.",
                len(empty),
            )
        )
    return found


def progress_findings(portfolio: Portfolio, day: date) -> list[Finding | None]:
    """Say how many packages are left out of progress on a day of the works, or count as 0 for want of a report."""
    live = portfolio.packages
    return [
        counted(
            [one for one in live if one.physical_on(day) is None],
            "no_progress",
            "Paket berjalan tanpa realisasi yang disetujui sampai hari itu, tidak ditimbang",
            "Packages running without approved progress by that day, not weighted",
        ),
        counted(
            [one for one in live if one.target_on(day) is None],
            "no_plan",
            "Paket berjalan tanpa rencana (kurva S), tidak ditimbang",
            "Packages running without a plan (S-curve), not weighted",
        ),
        counted(
            [one for one in live if _awaits_report(one, day)],
            "not_reported_yet",
            "Paket baru mulai dan belum memiliki realisasi yang disetujui; dihitung 0%",
            "Packages just begun without approved progress yet; counted as 0%",
            severity="info",
        ),
    ]


def split_by_funds(packages: Sequence[Tracked]) -> Finding | None:
    """Say how many packages of several sources had their money split, and by what."""
    return counted(
        [one for one in packages if len(one.funds) > 1],
        "split_by_funds",
        "Paket dengan beberapa sumber dana: uangnya dibagi menurut pagu tiap sumber, karena SP2D tidak mencatat "
        "sumbernya",
        "Packages of several fund sources: their money is split by the sources' ceilings, since SP2D do not record "
        "the source",
        severity="info",
    )


def shared_packages(packages: Sequence[Tracked], subject: Subject) -> Finding | None:
    """Say how many packages lie in several districts, so that the districts add up to more than the whole."""
    several = [one for one in packages if len(set(one.districts) & set(subject.area.districts)) > 1]
    if not several or subject.area.level == "district":
        return None
    count = len(several)
    return Finding(
        "info",
        "several_districts",
        f"{count} paket berada di lebih dari satu kecamatan: dihitung di masing-masing dan satu kali pada keseluruhan, "
        "jadi jumlah kecamatan melebihi keseluruhan.",
        f"{count} packages lie in more than one district: each counts them, the whole counts them once, so the "
        "districts add up to more than the whole.",
        count,
    )


def no_payments(packages: Sequence[Tracked], day: date, *, year: int) -> Finding | None:
    """Say that the register knows of no SP2D of the year by a day: what was paid may only not have been recorded."""
    if not packages or any(one.paid_until(day, year=year) for one in packages):
        return None
    return Finding(
        "warning",
        "no_payments",
        f"Belum ada SP2D tahun anggaran {year} yang tercatat sampai {format_day(day, 'id')}.",
        f"No SP2D of fiscal year {year} is recorded until {format_day(day, 'en')}.",
    )


def payments_elsewhere(packages: Sequence[Tracked], year: int) -> Finding | None:
    """Say how much of the packages' SP2D was issued in other years, which this year's ceiling did not pay."""
    others = [paid for one in packages for on, paid in one.payments if on.year != year]
    if not others:
        return None
    total = sum(others, Decimal(0))
    return Finding(
        "info",
        "payments_of_other_years",
        f"{len(others)} SP2D dari tahun lain sebesar {format_idr(total, 'id')} tidak dihitung pada tahun anggaran ini.",
        f"{len(others)} SP2D of other years, {format_idr(total, 'en')}, do not count in this fiscal year.",
        len(others),
    )


def stale_progress(packages: Sequence[Tracked], day: date, *, days: float) -> Finding | None:
    """Say how many running packages were last reported longer ago than a rule allows."""
    late = [
        one
        for one in packages
        if one.status == "construction"
        and (report := one.report_on(day)) is not None
        and (day - report.day) > timedelta(days=days)
    ]
    return counted(
        late,
        "stale_progress",
        f"Paket berjalan yang realisasi terakhirnya lebih dari {days:g} hari sebelum {day.isoformat()}",
        f"Running packages whose last progress is more than {days:g} days before {day.isoformat()}",
    )


def _figure_cell(value: float | None, unit: str) -> Cell:
    if value is None or unit not in {"IDR", "packages"}:
        return rounded(value)
    return int(value) if value == int(value) else value


def _own_contract(package: Tracked, on: date) -> Contract | None:
    row = package.row
    if row["contract_value_idr"] is None or (package.begins is not None and package.begins > on):
        return None
    return Contract(None, None, row["contract_value_idr"], row["start_date"], row["end_date"], row["contractor"], None)


def _awaits_report(package: Tracked, day: date) -> bool:
    has_begun = package.status not in NOT_BEGUN and package.begins is not None and package.begins <= day
    return has_begun and package.report_on(day) is None and package.physical_on(day) is not None


def counted(
    packages: Sequence[Tracked], code: str, message_id: str, message_en: str, *, severity: Any = "warning"
) -> Finding | None:
    """Make a finding that ends with a number of packages; None without any."""
    count = len(packages)
    return Finding(severity, code, f"{message_id}: {count}.", f"{message_en}: {count}.", count) if count else None


def ask(session: Session, statement: str, as_of: datetime | None, **values: Any) -> list[Mapping[str, Any]]:
    """Return the rows of a statement of our own; its parameter `as_of` is there when a moment is."""
    moment = {} if as_of is None else {"as_of": as_of}
    return [dict(row) for row in session.execute(text(statement), {**values, **moment}).mappings()]


def _read_funds(
    session: Session, ids: Sequence[int], as_of: datetime | None
) -> dict[int, dict[tuple[int, str], Decimal]]:
    source = recorded("fund", as_of, columns="project_id, year, source, amount_idr")
    statement = f"SELECT project_id, year, source, amount_idr FROM {source} f WHERE project_id = ANY (:ids)"
    rows = ask(
        session,
        f"{statement} ORDER BY year, source",
        as_of,
        ids=list(ids),
    )
    found: dict[int, dict[tuple[int, str], Decimal]] = {}
    for row in rows:
        found.setdefault(row["project_id"], {})[row["year"], row["source"]] = row["amount_idr"]
    return found


def _read_payments(
    session: Session, ids: Sequence[int], as_of: datetime | None
) -> dict[int, tuple[tuple[date, Decimal], ...]]:
    source = recorded("payment", as_of, columns="id, project_id, paid_on, amount_idr")
    rows = ask(
        session,
        f"SELECT project_id, paid_on, amount_idr FROM {source} m WHERE project_id = ANY (:ids) ORDER BY paid_on, id",
        as_of,
        ids=list(ids),
    )
    found: dict[int, list[tuple[date, Decimal]]] = {}
    for row in rows:
        found.setdefault(row["project_id"], []).append((row["paid_on"], row["amount_idr"]))
    return {number: tuple(payments) for number, payments in found.items()}


def _read_approved(session: Session, ids: Sequence[int], as_of: datetime | None) -> dict[int, tuple[Approved, ...]]:
    source = recorded("public_progress", as_of, columns=PROGRESS_COLUMNS)
    statement = f"SELECT project_id, contract_id, day, physical_percent, planned_percent FROM {source} u"
    rows = ask(session, f"{statement} WHERE project_id = ANY (:ids) ORDER BY day", as_of, ids=list(ids))
    found: dict[int, list[Approved]] = {}
    for row in rows:
        report = Approved(row["day"], row["physical_percent"], row["planned_percent"], row["contract_id"])
        found.setdefault(row["project_id"], []).append(report)
    return {number: tuple(reports) for number, reports in found.items()}


def _read_signed(
    session: Session, ids: Sequence[int], as_of: datetime | None
) -> dict[int, tuple[tuple[date, int], ...]]:
    source = recorded("contract", as_of, columns="id, project_id, signed_on, state")
    statement = f"SELECT id, project_id, signed_on FROM {source} c WHERE project_id = ANY (:ids)"
    rows = ask(session, f"{statement} ORDER BY signed_on, state = 'running', id", as_of, ids=list(ids))
    found: dict[int, list[tuple[date, int]]] = {}
    for row in rows:
        found.setdefault(row["project_id"], []).append((row["signed_on"], row["id"]))
    return {number: tuple(signed) for number, signed in found.items()}
