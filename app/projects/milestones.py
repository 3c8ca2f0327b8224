"""The milestones of a project: what happened on which day and which paper says so, and what comes next by plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext

from app.extensions import current_language
from app.formats import format_day, format_idr, format_percent
from app.packages.words import CONTRACT_KINDS
from app.progress.curve import Curve, planned_on
from app.projects.board_queries import Addendum, Board, Contract, Status
from app.projects.queries import GIVEN_UP, ProjectRow

UNDER_CONTRACT = ("contract", "construction", "stopped")
HANDED_OVER = ("handed_over", "maintenance")
SOON_DAYS = 30  # how far ahead the plan is told


@dataclass(frozen=True)
class Milestone:
    """One day in the life of a project. `key` never changes for the same thing; `source` is the paper it stands in."""

    key: str
    day: date
    title: str
    detail: str | None
    source: str
    is_plan: bool = False  # what has not happened yet, or was not recorded as happened


def contract_in_force(contracts: Sequence[Contract]) -> Contract | None:
    """Return the running contract, else the one signed last: that of the value in the register."""
    return max(contracts, key=lambda one: (one.state == "running", one.signed_on, one.id), default=None)


def milestones_of(row: ProjectRow, board: Board, contracts: Sequence[Contract], *, today: date) -> list[Milestone]:
    """Return the milestones of a project in the order of their days, those planned among them."""
    found = [
        *(one for contract in contracts for one in _of_contract(contract, today)),
        *_of_states(board.states),
        *_planned(row, board, contracts, today),
    ]
    return sorted(found, key=lambda one: (one.day, one.is_plan))


def what_comes_next(row: ProjectRow, milestones: Sequence[Milestone], curve: Curve | None, *, today: date) -> list[str]:
    """Return in sentences what comes next by plan; empty when nothing does."""
    language = current_language()
    if row.status in GIVEN_UP or row.status in {"terminated", "finished"}:
        return []
    coming = [one for one in milestones if one.is_plan]
    sentences = [
        gettext(
            "%(title)s seharusnya %(day)s, tetapi belum dicatat.", title=one.title, day=format_day(one.day, language)
        )
        for one in coming
        if one.day < today
    ]
    following = next((one for one in coming if one.day >= today), None)
    if following and not sentences:
        sentences.append(f"{following.title}: {format_day(following.day, language)}.")
    waiting = {
        "planned": gettext("Menunggu diumumkan; harinya belum ditetapkan."),
        "announced": gettext("Menunggu pemilihan penyedia; harinya belum ditetapkan."),
        "tender": gettext("Menunggu penandatanganan kontrak; harinya belum ditetapkan."),
        "stopped": gettext("Menunggu dilanjutkan; harinya belum ditetapkan."),
    }
    if row.status in waiting:
        sentences.append(str(waiting[row.status]))
    if row.status == "construction" and curve is not None and curve.versions:
        soon = today + timedelta(days=SOON_DAYS)
        planned = planned_on(curve.versions, soon)
        if planned is not None and planned < 100:
            sentences.append(
                gettext(
                    "Menurut jadwal, pada %(day)s seharusnya %(plan)s selesai.",
                    day=format_day(soon, language),
                    plan=format_percent(planned, language, 0),
                )
            )
    return [str(one) for one in sentences]


def _of_contract(contract: Contract, today: date) -> Iterator[Milestone]:
    kind = str(CONTRACT_KINDS[contract.kind])
    paper = gettext("%(kind)s nomor %(number)s", kind=kind, number=contract.number)
    value = format_idr(contract.value_idr, current_language())
    yield Milestone(
        f"contract-{contract.id}",
        contract.signed_on,
        gettext("%(kind)s ditandatangani", kind=kind),
        ", ".join(part for part in (value, contract.company) if part),
        paper,
    )
    if contract.start_date:
        order = contract.start_order_number
        yield Milestone(
            f"start-{contract.id}",
            contract.start_date,
            gettext("Mulai dikerjakan (SPMK)"),
            None,
            gettext("SPMK nomor %(number)s", number=order) if order else paper,
            is_plan=contract.start_date > today,
        )
    for addendum in contract.addenda:
        yield Milestone(
            f"addendum-{addendum.id}",
            addendum.signed_on,
            gettext("Adendum kontrak ke-%(number)s", number=addendum.sequence),
            _changes(addendum),
            gettext("Adendum nomor %(number)s", number=addendum.number),
        )


def _changes(addendum: Addendum) -> str:
    """Return what an addendum changed."""
    language = current_language()
    parts = []
    if addendum.value_idr is not None:
        parts.append(gettext("nilai menjadi %(value)s", value=format_idr(addendum.value_idr, language)))
    if addendum.end_date is not None:
        parts.append(gettext("selesai menjadi %(day)s", day=format_day(addendum.end_date, language)))
    return ", ".join(map(str, parts)) or str(gettext("nilai dan waktu tetap"))


def _of_states(states: Sequence[Status]) -> Iterator[Milestone]:
    titles = {
        "announced": gettext("Diumumkan"),
        "tender": gettext("Pemilihan penyedia dimulai"),
        "failed_tender": gettext("Pemilihan penyedia gagal"),
        "stopped": gettext("Dihentikan sementara"),
        "terminated": gettext("Kontrak diputus"),
        "cancelled": gettext("Dibatalkan"),
        "handed_over": gettext("Serah terima pertama (PHO)"),
        "finished": gettext("Serah terima akhir (FHO)"),
    }
    before = None
    for one in states:
        title = titles.get(one.status)
        if one.status == "construction" and before == "stopped":
            title = gettext("Dilanjutkan")
        if title:
            yield Milestone(
                f"state-{one.id}", one.on_day, str(title), None, str(gettext("Register paket, perubahan keadaan"))
            )
        before = one.status


def _planned(row: ProjectRow, board: Board, contracts: Sequence[Contract], today: date) -> Iterator[Milestone]:
    """Yield what should still happen: the hand-over at the contract's end, and the end of maintenance."""
    contract = contract_in_force(contracts)
    handed_over = max((one.on_day for one in board.states if one.status == "handed_over"), default=None)
    paper = str(gettext("Register paket"))
    if contract:
        moved = [one for one in contract.addenda if one.end_date]
        paper = str(
            gettext("Adendum nomor %(number)s", number=moved[-1].number)
            if moved
            else gettext("%(kind)s nomor %(number)s", kind=CONTRACT_KINDS[contract.kind], number=contract.number)
        )
    if row.status in UNDER_CONTRACT and row.end_date:
        title = gettext("Akhir masa pelaksanaan dan serah terima pertama (PHO)")
        yield Milestone(f"end-{row.id}", row.end_date, str(title), None, paper, is_plan=True)
    is_overdue = row.status in UNDER_CONTRACT and row.end_date is not None and row.end_date < today
    if (row.status in UNDER_CONTRACT and not is_overdue) or row.status in HANDED_OVER:
        begins = handed_over or row.end_date
        days = contract.maintenance_days if contract else None
        until = board.maintenance_until or (begins + timedelta(days=days) if begins and days else None)
        if until:
            title = gettext("Akhir masa pemeliharaan dan serah terima akhir (FHO)")
            yield Milestone(f"maintenance-{row.id}", until, str(title), None, paper, is_plan=True)
