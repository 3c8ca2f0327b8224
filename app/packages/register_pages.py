"""What the register's page, its exports and its JSON show: rows, sums, choices, and the filter in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.auth.models import Account
from app.auth.permissions import Permission, may, scope_condition
from app.errors import Forbidden
from app.extensions import current_language
from app.formats import format_day, format_idr
from app.packages.register_columns import (
    COLUMNS,
    CRITICAL_COLUMNS,
    DEFAULT_SORT,
    Column,
    columns_args,
    read_columns,
    read_sort,
)
from app.packages.register_filter import CRITICAL_STATES, FILTER_PARAMETERS, SELECTION_METHODS, RegisterFilter
from app.packages.register_queries import Question, list_packages, read_choices, read_totals
from app.packages.register_saved import REGISTER, SavedView
from app.projects.filters import codes_of
from app.projects.sentences import code_label
from app.region import current_region
from layers.catalogue import built_in_catalogue
from layers.rules import rules_in_force

PAGE_PARAMETERS = (*FILTER_PARAMETERS, "sort", "columns")
"""What makes a view: everything that an address may hold but the place in the list."""

FIRST_FIELDS = frozenset({"q", "stage", "year", "unit", "district", "programme", "sort", "columns"})
"""What stands in sight on the page; the other criteria are folded away, and counted."""

STALE_RULE = "DATA_BASI_HARI"
DISTRICTS_IN_CELL = 2
CHOICE_GROUPS = {
    "unit": "units",
    "programme": "programmes",
    "district": "districts",
    "company": "companies",
    "ppk": "people",
}


@dataclass(frozen=True)
class Asked:
    """What an address asks of the register."""

    question: Question
    columns: tuple[str, ...]
    sort: str
    kept: dict[str, Any] = field(default_factory=dict)  # parameters that keep it all

    @property
    def criteria(self) -> RegisterFilter:
        """The filter."""
        return self.question.criteria

    def url(self, changed: Mapping[str, Any], address: str = "/register") -> str:
        """Return an address that asks the same, but for what is changed; None takes a parameter away."""
        return address_of(address, self.kept | dict(changed))

    def url_of(self, criteria: RegisterFilter, address: str = "/register") -> str:
        """Return the address of the same page with another filter."""
        others = {name: value for name, value in self.kept.items() if name in {"sort", "columns"}}
        return address_of(address, criteria.to_args() | others)


@dataclass(frozen=True)
class Criterion:
    """One criterion in words, and where it leads to take it away."""

    label: str
    value: str
    without_url: str


@dataclass(frozen=True)
class Heading:
    """A column's heading: where choosing it leads, and how the table is sorted by it now (for `aria-sort`)."""

    column: Column
    url: str
    sorted: str | None


@dataclass(frozen=True)
class QuickFilter:
    """A count that narrows the list to what it counts; chosen, it leads back."""

    label: str
    count: int
    url: str
    chosen: bool


@dataclass(frozen=True)
class Option:
    """One choice of a filter; `depth` is its place in a tree."""

    value: str
    label: str
    chosen: bool
    depth: int = 0


def read_asked(session: Session, args: MultiDict[str, str]) -> Asked:
    """
    Read what an address asks, within what the account may see.

    Raises
    ------
    InvalidRequest, InvalidFilter
        When a parameter cannot be used.
    Forbidden
        When it asks for critical contracts, which a token may have been made without.
    """
    time_zone = current_region().time_zone
    criteria = RegisterFilter.from_args(args, time_zone=time_zone)
    columns, sort = read_columns(args), args.get("sort") or DEFAULT_SORT
    read_sort(sort)
    if not may(Permission.CRITICAL_READ):
        if criteria.critical or sort.removeprefix("-") in CRITICAL_COLUMNS:
            raise Forbidden
        columns = tuple(key for key in columns if key not in CRITICAL_COLUMNS)
    question = question_of(session, criteria)
    kept = criteria.to_args() | columns_args(columns) | ({} if sort == DEFAULT_SORT else {"sort": sort})
    return Asked(question, columns, sort, kept)


def question_of(session: Session, criteria: RegisterFilter) -> Question:
    """Return a filter as a question: within what the account may see, with the rule of the day on stale progress."""
    today = criteria.day(current_region().time_zone)
    stale_days = int(rules_in_force(session.connection(), today)[STALE_RULE].value)
    return Question(criteria, scope_condition(), today, stale_days)


def register_values(session: Session, args: MultiDict[str, str], account: Account, *, limit: int) -> dict[str, Any]:
    """
    Return what the register's page shows.

    Parameters
    ----------
    args
        Parameters of the address: the filter's, `sort`, `columns` and `after`.
    limit
        Greatest number of rows on the page.
    """
    asked = read_asked(session, args)
    after = args.get("after") or None
    page = list_packages(session, asked.question, asked.columns, sort=asked.sort, limit=limit, after=after)
    choices = read_choices(session, account.id, REGISTER)
    criteria = asked.criteria
    totals = read_totals(session, asked.question)
    saved = [SavedView(*row) for row in choices["saved"]]
    query = urlencode(asked.kept, doseq=True, safe=",")
    return {
        "asked": asked,
        "criteria": criteria,
        "page": page,
        "totals": totals,
        "columns": [COLUMNS[key] for key in asked.columns],
        "all_columns": [column for column in COLUMNS.values() if may_see(column)],
        "headings": [heading(asked, COLUMNS[key]) for key in asked.columns],
        "options": options_of(criteria, choices),
        "described": described(asked, choices),
        "more_in_use": sum(name not in FIRST_FIELDS for name in asked.kept),
        "quick_filters": quick_filters(asked, totals),
        "district_names": dict(choices["districts"]),
        "names_of": lambda codes: district_names(codes, dict(choices["districts"])),
        "label_of": label_of,
        "package_url": package_url,
        "saved": saved,
        "query": query,
        "open_view": next((view for view in saved if view.query == query and query), None),
        "is_first": after is None,
        "next_url": asked.url({"after": page.next}) if page.next else None,
        "map_url": map_url(criteria),
        "hidden": [(name, value) for name, values in asked.kept.items() for value in as_list(values)],
    }


def may_see(column: Column) -> bool:
    """Tell whether the account may see a column."""
    return column.key not in CRITICAL_COLUMNS or may(Permission.CRITICAL_READ)


def heading(asked: Asked, column: Column) -> Heading:
    """Return a column's heading: its own order first, the other way round when chosen again."""
    sorted_column, descending = read_sort(asked.sort)
    is_sorted = sorted_column.key == column.key
    first = f"-{column.key}" if column.greatest_first else column.key
    turned = column.key if column.greatest_first else f"-{column.key}"
    following = turned if is_sorted and asked.sort == first else first
    url = asked.url({"sort": None if following == DEFAULT_SORT else following})
    return Heading(column, url, ("descending" if descending else "ascending") if is_sorted else None)


def quick_filters(asked: Asked, totals: Any) -> list[QuickFilter]:
    """Return the counts that people ask for daily; nothing for what no package of the list is."""
    criteria = asked.criteria
    wanted: list[tuple[str, str, int, Any]] = [
        (gettext("Terlambat"), "late", totals.late, "yes"),
        (gettext("Usang, lebih dari %(days)s hari", days=asked.question.stale_days), "stale", totals.stale, "yes"),
        (gettext("Belum ada lokasi"), "located", totals.not_located, "no"),
    ]
    if may(Permission.CRITICAL_READ):
        wanted.insert(1, (gettext("Kritis"), "critical", totals.critical, list(CRITICAL_STATES)))
    chips = []
    for label, name, count, value in wanted:
        chosen = asked.kept.get(name) == value
        if count or chosen:
            chips.append(QuickFilter(label, count, asked.url({name: None if chosen else value}), chosen))
    return chips if not criteria.is_empty or totals.packages else []


def options_of(criteria: RegisterFilter, choices: Mapping[str, Any]) -> dict[str, list[Option]]:
    """Return what each list of the filter offers, by parameter."""

    def coded(name: str, codes: list[str] | tuple[str, ...]) -> list[Option]:
        return [Option(code, label_of(name, code), code in getattr(criteria, name)) for code in codes]

    def tree(name: str, rows: list[list[Any]]) -> list[Option]:
        return [Option(str(key), label, key in getattr(criteria, name), depth) for key, label, depth in rows]

    def plain(name: str, rows: list[list[Any]]) -> list[Option]:
        return [Option(str(key), str(label), key in getattr(criteria, name)) for key, label in rows]

    return {
        "status": coded("status", codes_of("status")),
        "stage": coded("stage", codes_of("stage")),
        "sector": coded("sector", codes_of("sector")),
        "critical": coded("critical", CRITICAL_STATES),
        "method": coded("method", SELECTION_METHODS),
        "unit": tree("unit", choices["units"]),
        "programme": tree("programme", choices["programmes"]),
        "source": coded("source", choices["sources"]),
        "year": plain("year", [[year, year] for year in choices["years"]]),
        "district": plain("district", choices["districts"]),
        "company": plain("company", choices["companies"]),
        "ppk": plain("ppk", choices["people"]),
    }


def described(asked: Asked, choices: Mapping[str, Any]) -> list[Criterion]:
    """Return the filter in words, each criterion with the address without it."""
    criteria, language = asked.criteria, current_language()
    names = {name: {str(row[0]): str(row[1]) for row in choices[group]} for name, group in CHOICE_GROUPS.items()}
    words: list[tuple[str, str, str]] = []
    if criteria.q:
        words.append(("q", gettext("Kata"), f"“{criteria.q}”"))
    for name, label in labels_of_criteria().items():
        if values := getattr(criteria, name):
            known = names.get(name, {})
            words.append((name, label, ", ".join(known.get(str(one)) or label_of(name, str(one)) for one in values)))
    signs = {
        "late": (criteria.late, gettext("Terlambat")),
        "stale": (criteria.stale, gettext("Usang, lebih dari %(days)s hari", days=asked.question.stale_days)),
        "located": (
            bool(criteria.located),
            gettext("Belum ada lokasi") if criteria.located == "no" else gettext("Sudah ada lokasi"),
        ),
    }
    words += [(name, gettext("Hanya"), value) for name, (is_asked, value) in signs.items() if is_asked]
    if criteria.amount_from is not None:
        words.append(("amount_from", gettext("Nilai mulai"), format_idr(criteria.amount_from, language)))
    if criteria.amount_to is not None:
        words.append(("amount_to", gettext("Nilai sampai"), format_idr(criteria.amount_to, language)))
    return [Criterion(label, value, asked.url_of(criteria.without(name))) for name, label, value in words]


def dates_described(criteria: RegisterFilter, time_zone: str) -> list[tuple[str, str]]:
    """Return the moments that a list speaks of, in words."""
    language = current_language()
    lines = [(gettext("Keadaan per"), format_day(criteria.day(time_zone), language))]
    if criteria.compare is not None:
        lines.append((gettext("Dibandingkan dengan"), format_day(criteria.compare.date(), language)))
    return lines


def labels_of_criteria() -> dict[str, str]:
    """Return what the criteria that are lists are called."""
    return {
        "status": gettext("Status"),
        "stage": gettext("Tahap"),
        "sector": gettext("Bidang"),
        "critical": gettext("Kritis"),
        "unit": gettext("Unit kerja"),
        "programme": gettext("Program"),
        "source": gettext("Sumber dana"),
        "year": gettext("Tahun"),
        "district": gettext("Kecamatan"),
        "company": gettext("Penyedia"),
        "ppk": gettext("PPK"),
        "method": gettext("Metode pemilihan"),
    }


def label_of(name: str, code: str) -> str:
    """Return what a code is called in the visitor's language; an unknown code as it is."""
    if name == "critical":
        return str({"indicated": gettext("Terindikasi"), "declared": gettext("Ditetapkan")}.get(code, ""))
    if name in {"method", "selection_method"}:
        methods: dict[str, str] = {
            "tender": gettext("Tender"),
            "direct_procurement": gettext("Pengadaan langsung"),
            "direct_appointment": gettext("Penunjukan langsung"),
            "e_purchasing": gettext("E-purchasing"),
            "self_managed": gettext("Swakelola"),
        }
        return methods.get(code, code)
    if name == "source":
        labels = {one.code: one.label for one in built_in_catalogue().codes.get("fund_source", ())}
        return labels[code].in_language(current_language()) if code in labels else code
    return code_label(name, code) if name in {"status", "stage", "sector"} else code


def district_names(codes: list[str] | None, names: Mapping[str, str], most: int = DISTRICTS_IN_CELL) -> str:
    """Return the districts of a package, the first by name and how many more."""
    known = [names.get(code, code) for code in codes or []]
    rest = len(known) - most
    return ", ".join(known[:most]) + (f" +{rest}" if rest > 0 else "")


def package_url(code: str, criteria: RegisterFilter | None = None) -> str:
    """Return the address of a package's page, at the moment of a filter."""
    moment = {"as_of": criteria.as_of_text} if criteria is not None and criteria.as_of_text else {}
    return address_of(f"/packages/{quote(code, safe='/')}", moment)


def map_url(criteria: RegisterFilter) -> str:
    """Return the address of the map with as much of a filter as the map knows."""
    shared = ("q", "stage", "status", "sector", "year", "district", "as_of")
    args = {name: value for name, value in criteria.to_args().items() if name in shared}
    return address_of("/", args | ({"delay": "late_in_handling"} if criteria.late else {}))


def address_of(path: str, args: Mapping[str, Any]) -> str:
    """Return an address with parameters; those that are None or empty are left out."""
    written = urlencode(
        {key: value for key, value in args.items() if value not in (None, "", [])}, doseq=True, safe=","
    )
    return f"{path}?{written}" if written else path


def as_list(value: Any) -> list[Any]:
    """Return a parameter's values, one or several."""
    return value if isinstance(value, list) else [value]
