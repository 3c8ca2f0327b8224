"""States of a package: which may follow which, who may make it so, and what it needs first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.auth.permissions import Permission, may
from app.errors import Forbidden, InvalidInput
from app.extensions import current_language
from app.formats import format_day, format_percent
from app.packages.access import PackageRow
from app.packages.forms import StatusInput
from app.packages.words import status_label
from app.projects.sentences import code_label

WHOLE_PERCENT = 100.0
ENDS = frozenset({"stopped", "terminated", "cancelled", "failed_tender"})  # each needs a reason


@dataclass(frozen=True)
class Facts:
    """What the states of a package depend on."""

    status: str
    rup_code: str | None
    ceiling_idr: Decimal | None
    physical_percent: float | None  # approved
    progress_date: dt.date | None
    maintenance_until: dt.date | None
    changed_on: dt.date | None  # of the newest change of state; that it was entered is none, older works are too
    contract_id: int | None  # the running one
    contract_kind: str | None
    signed_on: dt.date | None
    start_order_number: str | None
    start_date: dt.date | None
    maintenance_days: int | None


Need = Callable[[Facts, dt.date], str | None]
"""Says what is missing on a day, in a sentence; None when nothing is."""


def needs_announcement(facts: Facts, _day: dt.date) -> str | None:
    """A plan is announced under its RUP code."""
    return None if facts.rup_code else gettext("Kode RUP belum dicatat.")


def needs_ceiling(facts: Facts, _day: dt.date) -> str | None:
    """Nothing is procured without a budget."""
    return None if facts.ceiling_idr else gettext("Pagu belum dicatat.")


def needs_contract(facts: Facts, day: dt.date) -> str | None:
    """A contract, an SPK, or the approved decision of self-managed work, signed by then."""
    if facts.contract_id is None or facts.signed_on is None:
        return str(gettext("Kontrak, SPK, atau keputusan swakelola belum dicatat."))
    if day < facts.signed_on:
        return str(gettext("Kontrak baru ditandatangani %(day)s.", day=_day(facts.signed_on)))
    return None


def needs_start_order(facts: Facts, day: dt.date) -> str | None:
    """Work starts on the day that the order to start names."""
    if facts.contract_id is None:  # which is said already
        return None
    if facts.start_date is None or (facts.contract_kind != "self_managed" and not facts.start_order_number):
        return str(gettext("Nomor dan tanggal SPMK belum dicatat pada kontrak."))
    if day < facts.start_date:
        return str(gettext("Menurut SPMK pekerjaan baru mulai %(day)s.", day=_day(facts.start_date)))
    return None


def needs_whole_work(facts: Facts, day: dt.date) -> str | None:
    """Works are handed over when all of them are approved as done."""
    whole = format_percent(WHOLE_PERCENT, current_language(), 0)
    if facts.physical_percent is None:
        return str(gettext("Belum ada kemajuan fisik yang disetujui; serah terima memerlukan %(whole)s.", whole=whole))
    if facts.physical_percent < WHOLE_PERCENT:
        shown = format_percent(facts.physical_percent, current_language(), 2)
        return str(
            gettext(
                "Kemajuan fisik yang disetujui baru %(percent)s; serah terima memerlukan %(whole)s.",
                percent=shown,
                whole=whole,
            )
        )
    if facts.progress_date is not None and day < facts.progress_date:
        return str(gettext("Kemajuan %(whole)s baru tercapai %(day)s.", whole=whole, day=_day(facts.progress_date)))
    return None


def needs_maintenance(facts: Facts, _day: dt.date) -> str | None:
    """A period of maintenance has a length."""
    return None if facts.maintenance_days else gettext("Masa pemeliharaan (hari) belum dicatat pada kontrak.")


def needs_maintenance_over(facts: Facts, day: dt.date) -> str | None:
    """Works are finally handed over after their maintenance."""
    if facts.maintenance_until is not None and day <= facts.maintenance_until:
        return str(gettext("Masa pemeliharaan berjalan sampai %(day)s.", day=_day(facts.maintenance_until)))
    return None


def needs_no_maintenance(facts: Facts, _day: dt.date) -> str | None:
    """Only what needs no maintenance is finished at once."""
    if facts.maintenance_days:
        return str(gettext("Kontrak menetapkan masa pemeliharaan; mulailah masa itu dahulu."))
    return None


@dataclass(frozen=True)
class Transition:
    """A step from one state to another."""

    start: str
    to: str
    needs: tuple[Need, ...] = ()
    planner_may: bool = False  # besides those who may change any state

    @property
    def needs_reason(self) -> bool:
        """Whether it must be said why: an end, a halt, and what comes back from one."""
        return self.to in ENDS or self.start in ENDS

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """Those of which one must be held."""
        return (Permission.STATUS_CHANGE, Permission.PLAN_EDIT) if self.planner_may else (Permission.STATUS_CHANGE,)


BEGINNING = (needs_contract, needs_start_order)
TRANSITIONS = (
    Transition("planned", "announced", (needs_announcement, needs_ceiling), planner_may=True),
    Transition("planned", "tender", (needs_ceiling,), planner_may=True),
    Transition("planned", "contract", (needs_ceiling, needs_contract)),
    Transition("planned", "cancelled", planner_may=True),
    Transition("announced", "tender", (needs_ceiling,), planner_may=True),
    Transition("announced", "contract", (needs_ceiling, needs_contract)),
    Transition("announced", "cancelled", planner_may=True),
    Transition("tender", "contract", (needs_contract,)),
    Transition("tender", "failed_tender"),
    Transition("tender", "cancelled"),
    Transition("failed_tender", "tender", (needs_ceiling,)),
    Transition("failed_tender", "cancelled"),
    Transition("contract", "construction", BEGINNING),
    Transition("contract", "terminated"),
    Transition("construction", "handed_over", (*BEGINNING, needs_whole_work)),
    Transition("construction", "stopped"),
    Transition("construction", "terminated"),
    Transition("stopped", "construction", BEGINNING),
    Transition("stopped", "terminated"),
    Transition("handed_over", "maintenance", (needs_maintenance,)),
    Transition("handed_over", "finished", (needs_no_maintenance,)),
    Transition("maintenance", "finished", (needs_maintenance_over,)),
    Transition("terminated", "tender", (needs_ceiling,)),
    Transition("terminated", "contract", (needs_contract,)),
)


@dataclass(frozen=True)
class Step:
    """A state that may come next, as a page offers it."""

    to: str
    label: str
    public_label: str  # what visitors will read
    missing: list[str]  # sentences; empty: it may be done
    needs_reason: bool


def next_steps(package: PackageRow, facts: Facts, today: dt.date) -> list[Step]:
    """Return the states that may follow and that who acts may make, each with what is missing for it."""
    return [
        Step(
            one.to,
            status_label(one.to),
            code_label("stage", stage_of(one.to)),
            missing_for(one, facts, today),
            one.needs_reason,
        )
        for one in TRANSITIONS
        if one.start == package.status and any(may(permission, package) for permission in one.permissions)
    ]


def missing_for(transition: Transition, facts: Facts, day: dt.date) -> list[str]:
    """Return what a step needs and has not, on a day."""
    return [sentence for need in transition.needs if (sentence := need(facts, day))]


def stage_of(status: str) -> str:
    """Return the public's word for a state that is not late, as app.stage of the database does."""
    stages = {
        "terminated": "stopped",
        "cancelled": "stopped",
        "failed_tender": "stopped",
        "stopped": "stopped",
        "finished": "finished",
        "handed_over": "maintenance",
        "maintenance": "maintenance",
        "construction": "construction",
    }
    return stages.get(status, "preparation")


def change_status(session: Session, package: PackageRow, data: StatusInput, *, today: dt.date) -> None:
    """
    Take a package to its next state and note who did, when and why.

    Parameters
    ----------
    session
        Of the role app; the caller commits.
    package
        Read with a lock.

    Raises
    ------
    InvalidInput
        When the step is none, comes too early, or lacks what it needs.
    Forbidden
        When who acts may not make it.
    """
    step = _transition(package, data.to)
    if not any(may(permission, package) for permission in step.permissions):
        raise Forbidden
    facts = read_facts(session, package.id)
    errors: dict[str, str] = {}
    if data.on_day > today:
        errors["on_day"] = gettext("Tanggal ini belum tiba. Catatlah pada harinya.")
    elif facts.changed_on is not None and data.on_day < facts.changed_on:
        errors["on_day"] = gettext(
            "Perubahan sebelumnya tercatat %(day)s; tanggal tidak boleh mundur.", day=_day(facts.changed_on)
        )
    if step.needs_reason and not data.reason:
        errors["reason"] = gettext("Tuliskan alasannya.")
    if not errors and (missing := missing_for(step, facts, data.on_day)):
        errors["to"] = " ".join(missing)
    if errors:
        raise InvalidInput(errors)
    record_status(session, package, data.to, data.on_day, data.reason, data.document_number)
    _follow(session, package, facts, data, today)


def record_status(
    session: Session, package: PackageRow, to: str, day: dt.date, reason: str | None, document: str | None = None
) -> None:
    """Set a package's state and write it into the journal."""
    session.execute(
        text("UPDATE app.project SET status = :to, version = version + 1 WHERE id = :id"),
        {"to": to, "id": package.id},
    )
    session.execute(
        text("""
            INSERT INTO app.status_change (project_id, from_status, to_status, on_day, reason, document_number)
            VALUES (:id, :start, :to, :day, :reason, :document)
        """),
        {"id": package.id, "start": package.status, "to": to, "day": day, "reason": reason, "document": document},
    )


def read_facts(session: Session, project_id: int) -> Facts:
    """Return what the states of a package depend on, as it stands now."""
    row = session.execute(
        text("""
            SELECT p.status, p.rup_code, p.ceiling_idr, p.physical_percent, p.progress_date, p.maintenance_until,
                (SELECT max(on_day) FROM app.status_change
                    WHERE project_id = p.id AND from_status IS NOT NULL) AS changed_on,
                c.id AS contract_id, c.kind AS contract_kind, c.signed_on, c.start_order_number, c.start_date,
                c.maintenance_days
            FROM app.project p LEFT JOIN app.contract c ON c.project_id = p.id AND c.state = 'running'
            WHERE p.id = :id
        """),
        {"id": project_id},
    ).mappings()
    return Facts(**row.one())


def _transition(package: PackageRow, to: str) -> Transition:
    for one in TRANSITIONS:
        if one.start == package.status and one.to == to:
            return one
    following = [status_label(one.to) for one in TRANSITIONS if one.start == package.status]
    sentence = gettext(
        "Dari keadaan %(start)s paket tidak dapat langsung menjadi %(to)s.",
        start=status_label(package.status),
        to=status_label(to),
    )
    if following:
        sentence += " " + gettext("Yang mungkin: %(states)s.", states=", ".join(following))
    raise InvalidInput({"to": sentence})


def _follow(session: Session, package: PackageRow, facts: Facts, data: StatusInput, today: dt.date) -> None:
    """Do what a new state brings with it: maintenance has an end, a contract ends with its package."""
    if data.to == "maintenance" and facts.maintenance_days:
        until = data.on_day + dt.timedelta(days=facts.maintenance_days)
        session.execute(
            text("UPDATE app.project SET maintenance_until = :until WHERE id = :id"),
            {"until": until, "id": package.id},
        )
    if data.to in {"finished", "terminated"} and facts.contract_id is not None:
        session.execute(
            text("UPDATE app.contract SET state = :state, ended_on = :day, end_reason = :reason WHERE id = :id"),
            {"state": data.to, "day": data.on_day, "reason": data.reason, "id": facts.contract_id},
        )
    evaluate_alarm(session, package.id, today)


def evaluate_alarm(session: Session, project_id: int, today: dt.date) -> None:
    """Let the alarm look at a package again: its contract, its end or its state is another."""
    from app.critical.service import evaluate  # which may tell people, and so reads pages of its own

    evaluate(session, project_id, today=today)


def _day(day: dt.date) -> str:
    return format_day(day, current_language())


def steps_json(steps: list[Step]) -> list[dict[str, Any]]:
    """Return the next states for programs."""
    return [
        {"to": one.to, "label": one.label, "missing": one.missing, "needs_reason": one.needs_reason} for one in steps
    ]
