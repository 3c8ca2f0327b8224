"""The digital papan proyek: what the board at the site says, the progress, and where each figure comes from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from zoneinfo import ZoneInfo

from flask_babel import gettext

from app.extensions import current_language
from app.formats import format_day, format_idr, format_number, format_percent
from app.packages.words import CONTRACT_KINDS, METHODS, listed
from app.progress.curve import Curve, version_on
from app.projects.board_queries import Board, Contract, Fund, Money
from app.projects.milestones import contract_in_force
from app.projects.queries import Location, ProjectRow
from app.projects.sentences import code_label, duration_days
from app.region import current_region


@dataclass(frozen=True)
class Fact:
    """One line of a definition list; `origin` says which paper or reckoning a figure comes from."""

    key: str
    label: str
    value: str
    origin: str | None = None


@dataclass(frozen=True)
class MoneyRow:
    """What a source pays of a package in a year; of the last row of a year `paid` is what was paid in it."""

    year: int
    source: str
    amount: str
    paid: str | None


@dataclass(frozen=True)
class LocationFact:
    """A kind of place that a package has, and how exactly it is known."""

    kind: str
    label: str
    accuracy: str


def board_facts(
    row: ProjectRow, board: Board, contracts: Sequence[Contract], money: Money, curve: Curve | None, place: str
) -> list[Fact]:
    """Return the lines of the board; what is not recorded is left out."""
    language = current_language()
    contract = contract_in_force(contracts)
    register = gettext("register paket, %(day)s", day=format_day(recorded_day(board), language))
    value_origin, period_origin = _paper(contract, "value_idr") or register, _paper(contract, "end_date") or register
    facts = [
        ("agency", gettext("Instansi"), agency_of(board), None),
        ("programme", gettext("Program dan kegiatan"), " › ".join(board.programmes), None),
        ("name", gettext("Nama pekerjaan"), row.name, None),
        ("code", gettext("Kode paket"), row.code, None),
        ("rup_code", gettext("Kode RUP"), board.rup_code, None),
        ("tender_code", gettext("Kode tender"), board.tender_code, None),
        ("method", gettext("Cara pengadaan"), _word(METHODS, board.selection_method), None),
        ("place", gettext("Lokasi"), place, None),
        ("sector", gettext("Bidang"), code_label("sector", row.sector), None),
        ("volume", gettext("Volume"), _volume(board, language), None),
        ("status", gettext("Status"), code_label("status", row.status), None),
        ("year", gettext("Tahun anggaran"), str(row.year), None),
        ("fund_source", gettext("Sumber dana"), _sources(row, money), None),
        ("ceiling", gettext("Pagu"), _rupiah(row.ceiling_idr, language), register),
        ("estimate", gettext("Harga perkiraan sendiri (HPS)"), _rupiah(board.owner_estimate_idr, language), register),
        ("contract", gettext("Kontrak"), _contract_line(contract, language), None),
        ("value", gettext("Nilai kontrak"), _rupiah(row.contract_value_idr, language), value_origin),
        ("contractor", gettext("Penyedia"), row.contractor, None),
        ("supervisor", gettext("Konsultan pengawas"), contract.supervisor if contract else None, None),
        ("period", gettext("Pelaksanaan"), _period(row, language), period_origin),
        ("days", gettext("Jangka waktu"), _days(row, language), None),
        ("planned", gettext("Rencana fisik"), _percent(row.planned_percent, language), _plan_origin(row, curve)),
        ("physical", gettext("Realisasi fisik"), _percent(row.physical_percent, language), _actual_origin(row)),
        ("deviation", gettext("Deviasi"), _points(row.deviation_points, language), _deviation_origin(row)),
        ("paid", gettext("Realisasi keuangan"), _paid(row, board, language), _paid_origin(money)),
    ]
    return [Fact(key, str(label), str(value), origin and str(origin)) for key, label, value, origin in facts if value]


def money_rows(money: Money) -> list[MoneyRow]:
    """Return the sources of the money by year; payments of a year without any source have a row of their own."""
    language, names = current_language(), listed("fund_source")
    years = sorted({*(one.year for one in money.funds), *money.paid_idr})
    rows = []
    for year in years:
        funds: list[Fund | None] = [one for one in money.funds if one.year == year]
        for fund in funds or [None]:
            is_last = fund is (funds[-1] if funds else None)
            rows.append(
                MoneyRow(
                    year,
                    names.get(fund.source, fund.source) if fund else "–",
                    format_idr(fund.amount_idr, language) if fund else "–",
                    format_idr(money.paid_idr.get(year, 0), language) if is_last else None,
                )
            )
    return rows


def location_facts(locations: Sequence[Location]) -> list[LocationFact]:
    """Return the kinds of places that are recorded, in their order, with the coarsest accuracy of each."""
    labels = {
        "planned": gettext("lokasi rencana"),
        "contracted": gettext("lokasi kontrak"),
        "built": gettext("lokasi terbangun"),
    }
    language = current_language()
    facts = []
    for kind in dict.fromkeys(one.kind for one in locations):
        known = [one.accuracy_m for one in locations if one.kind == kind]
        accuracies = [one for one in known if one is not None]
        if len(accuracies) < len(known):
            words = gettext("ketelitian tidak dicatat")
        else:
            words = gettext("ketelitian sekitar %(n)s m", n=format_number(max(accuracies), language))
        facts.append(LocationFact(kind, str(labels[kind]), str(words)))
    return facts


def map_legend(kinds: Iterable[str]) -> str:
    """Return in words how a picture tells the kinds of places apart, of those on it."""
    words = {
        "planned": gettext("Putus-putus: lokasi rencana."),
        "contracted": gettext("Tipis hijau: lokasi kontrak."),
        "built": gettext("Tebal: lokasi terbangun."),
    }
    return " ".join(str(words[kind]) for kind in dict.fromkeys(kinds) if kind in words)


def agency_of(board: Board) -> str:
    """Return whose works these are: the government with its office, as far as they are recorded."""
    office = board.office
    government = office.government or str(gettext("Pemerintah %(region)s", region=current_region().full_name))
    return ", ".join(dict.fromkeys(part for part in (government, office.agency or office.office, office.unit) if part))


def _paper(contract: Contract | None, field: Literal["value_idr", "end_date"]) -> str | None:
    """Return which paper says a field of a contract as it stands: the newest addendum to change it, else itself."""
    if contract is None:
        return None
    language = current_language()
    for addendum in reversed(contract.addenda):
        if getattr(addendum, field) is not None:
            day = format_day(addendum.signed_on, language)
            return str(gettext("adendum %(number)s, %(day)s", number=addendum.number, day=day))
    day = format_day(contract.signed_on, language)
    return str(gettext("kontrak %(number)s, %(day)s", number=contract.number, day=day))


def recorded_day(board: Board) -> date:
    """Return the day of the newest record, where the region is."""
    return board.recorded_at.astimezone(ZoneInfo(current_region().time_zone)).date()


def _word(words: Any, code: str | None) -> str | None:
    return str(words.get(code, code)) if code else None


def _volume(board: Board, language: str) -> str | None:
    if board.volume is None:
        return None
    decimals = 0 if board.volume == int(board.volume) else 2
    return f"{format_number(board.volume, language, decimals)} {board.volume_unit or ''}".strip()


def _sources(row: ProjectRow, money: Money) -> str | None:
    names = listed("fund_source")
    codes = dict.fromkeys(one.source for one in money.funds) or (row.fund_source or "").split(", ")
    return ", ".join(names.get(code, code) for code in codes if code)


def _contract_line(contract: Contract | None, language: str) -> str | None:
    if contract is None:
        return None
    kind, day = CONTRACT_KINDS[contract.kind], format_day(contract.signed_on, language)
    return str(gettext("%(kind)s nomor %(number)s, %(day)s", kind=kind, number=contract.number, day=day))


def _period(row: ProjectRow, language: str) -> str | None:
    if not (row.start_date and row.end_date):
        return None
    return f"{format_day(row.start_date, language)} – {format_day(row.end_date, language)}"


def _days(row: ProjectRow, language: str) -> str | None:
    days = duration_days(row)
    return str(gettext("%(days)s hari kalender", days=format_number(days, language))) if days else None


def _plan_origin(row: ProjectRow, curve: Curve | None) -> str | None:
    if row.progress_date is None:
        return None
    language = current_language()
    day = format_day(row.progress_date, language)
    version = version_on(curve.versions, row.progress_date) if curve else None
    if version is None:
        return str(gettext("rencana untuk %(day)s", day=day))
    since = format_day(version.in_force_from, language)
    return str(gettext("jadwal versi %(n)s sejak %(since)s, untuk %(day)s", n=version.sequence, since=since, day=day))


def _actual_origin(row: ProjectRow) -> str | None:
    if row.progress_date is None:
        return None
    return str(
        gettext("laporan kemajuan yang disetujui, %(day)s", day=format_day(row.progress_date, current_language()))
    )


def _deviation_origin(row: ProjectRow) -> str | None:
    if row.progress_date is None:
        return None
    return str(gettext("realisasi dikurangi rencana, %(day)s", day=format_day(row.progress_date, current_language())))


def _paid(row: ProjectRow, board: Board, language: str) -> str | None:
    """Return what was paid, and which part of the contract that is."""
    if row.paid_idr is None or (not row.paid_idr and row.contract_value_idr is None):
        return None
    amount = format_idr(row.paid_idr, language)
    if not row.contract_value_idr or board.contract_paid_idr is None:
        return amount
    share = format_percent(100 * board.contract_paid_idr / row.contract_value_idr, language)
    return str(gettext("%(amount)s (%(share)s dari nilai kontrak)", amount=amount, share=share))


def _paid_origin(money: Money) -> str | None:
    if money.paid_until is None:
        return str(gettext("belum ada SP2D yang dicatat"))
    return str(gettext("SP2D sampai %(day)s", day=format_day(money.paid_until, current_language())))


def _rupiah(amount: Any, language: str) -> str | None:
    return None if amount is None else format_idr(amount, language)


def _percent(percent: float | None, language: str) -> str | None:
    return None if percent is None else format_percent(percent, language)


def _points(points: float | None, language: str) -> str | None:
    """Return a deviation with its sign, as people say it."""
    if points is None:
        return None
    number = format_number(points, language, 1)
    return str(gettext("%(number)s poin persen", number=number if points < 0 else f"+{number}"))
