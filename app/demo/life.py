"""The drawn life of a package: money, contract, plan, weekly reports, payments and alarms, as far as they came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from app.demo.mesh import Random
from gis.figures import Rule
from gis.progress import (
    CriticalIndication,
    CurvePoint,
    forecast_finish,
    indicate_critical,
    overruns_year,
    planned_percent,
)

TODAY = dt.date(2026, 11, 20)
"""The day the demonstration speaks of; fixed, so that the same region gives the same data."""

LATE_SHARE, VERY_LATE_SHARE = 0.3, 0.03
FATES = {"cancelled": 0.015, "failed_tender": 0.02, "terminated": 0.02}
STOPPED_SHARE = 0.03  # of the current year's
NOT_STARTED_SHARE = 0.09
ADDENDUM_SHARE, SECOND_FUND_SHARE, MULTI_YEAR_SHARE, SELF_MANAGED_SHARE = 0.14, 0.25, 0.03, 0.05
MAINTENANCE_DAYS = 180
WEEK = dt.timedelta(days=7)
VAT_PERCENT = 11
DECLARE_SHARE = 0.6
FUNDS = {"roads": ("DAU", "DAK_FISIK", "DBH", "BANPROV", "PAD"), "bridges": ("DAK_FISIK", "DAU", "BANPROV")}
OTHER_FUNDS = ("DAU", "PAD", "DBH", "DAK_FISIK", "INSENTIF_FISKAL")


@dataclass(frozen=True)
class Case:
    """A vector of the domain reference that one package of the demonstration holds."""

    name: str
    planned: float
    physical: float
    end: dt.date
    physical_four_weeks_ago: float | None = None
    multi_year: bool = False
    value_idr: float | None = None


LAST_REPORT = TODAY - dt.timedelta(days=3)
CASES = (
    Case("T1", 50.0, 40.0, dt.date(2026, 12, 27)),
    Case("T2", 50.0, 39.99, dt.date(2026, 12, 27)),
    Case("T3", 69.99, 62.0, dt.date(2026, 12, 22)),
    Case("T4", 70.0, 64.0, dt.date(2026, 12, 20)),
    Case("T5", 90.0, 86.0, dt.date(2026, 12, 15), 79.0),  # 0,25 a day: done on 12 January
    Case("T6", 90.0, 86.0, dt.date(2027, 1, 31), 79.0, multi_year=True),
    Case("T7", 90.0, 90.5, dt.date(2026, 12, 15), 85.75),
    Case("T8", 100.0, 97.0, TODAY - dt.timedelta(days=50), 93.0, value_idr=2_750_100_000 * 1.11),
    Case("T9", 100.0, 98.5, TODAY - dt.timedelta(days=10), 92.0, value_idr=1_110_000_000),
)


@dataclass(frozen=True)
class Addendum:
    """A change of the contract."""

    signed_on: dt.date
    value_idr: float | None
    end: dt.date | None
    reason: str


@dataclass(frozen=True)
class Curve:
    """A version of the plan, in force from a day."""

    in_force_from: dt.date
    points: tuple[CurvePoint, ...]


@dataclass(frozen=True)
class Report:
    """A weekly report: plan and actual (percent) on a day."""

    day: dt.date
    planned: float
    physical: float


@dataclass(frozen=True)
class Payment:
    """An SP2D."""

    day: dt.date
    kind: Literal["advance", "instalment", "final", "retention"]
    amount_idr: float


@dataclass
class Meeting:
    """A show cause meeting: what was agreed, and what came of it."""

    stage: int
    held_on: dt.date
    target: float
    due_on: dt.date
    outcome: Literal["pending", "passed", "failed"] = "pending"
    outcome_on: dt.date | None = None
    reached: float | None = None


@dataclass(frozen=True)
class Judgement:
    """What the rule said of a report."""

    day: dt.date
    indication: CriticalIndication


@dataclass
class Alarm:
    """A critical case: judged anew by each report until it is declared, from the day the system proposed it."""

    judged: list[Judgement]
    declared_on: dt.date | None = None
    closed_on: dt.date | None = None
    closed_how: str | None = None
    meetings: list[Meeting] = field(default_factory=list)

    @property
    def indicated_on(self) -> dt.date:
        """The day on which the system proposed it."""
        return self.judged[0].day


@dataclass
class Life:
    """Everything that happened to a package up to `TODAY`."""

    ceiling_idr: float
    funds: list[tuple[int, str, float]]
    kind: Literal["contract", "work_order", "self_managed"] = "contract"
    multi_year: bool = False
    case: str | None = None
    company: int | None = None
    value_idr: float = 0.0
    signed_on: dt.date | None = None
    start: dt.date | None = None
    end: dt.date | None = None
    addendum: Addendum | None = None
    curves: list[Curve] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    states: list[tuple[dt.date, str]] = field(default_factory=list)
    ended_on: dt.date | None = None  # by termination
    extra_time_until: dt.date | None = None
    advance_percent: float | None = None

    @property
    def last_end(self) -> dt.date | None:
        """The contract's end with its addendum."""
        return self.addendum.end if self.addendum and self.addendum.end else self.end

    @property
    def last_value_idr(self) -> float:
        """The contract's value with its addendum."""
        return self.addendum.value_idr if self.addendum and self.addendum.value_idr else self.value_idr

    def end_on(self, day: dt.date) -> dt.date | None:
        """Return the contract's end as it stood on a day."""
        return self.last_end if self.addendum and day >= self.addendum.signed_on else self.end

    @property
    def expected_finish(self) -> dt.date | None:
        """When the works are expected to be done, by their last weeks."""
        if self.last_end is None or not self.reports:
            return None
        return forecast_finish([(one.day, one.physical) for one in self.reports], end_date=self.last_end).expected

    def planned_on(self, day: dt.date) -> float:
        """Return the plan (percent) of a day, by the version in force on it."""
        return plan_of(self.curves, day)


def plan_of(curves: list[Curve], day: dt.date) -> float:
    """Return the plan of a day by the newest version in force on it; before the first, by the first."""
    in_force = [curve for curve in curves if curve.in_force_from <= day] or curves[:1]
    return planned_percent(in_force[-1].points, day)


def live(random: Random, year: int, sector: str, cost_idr: float, companies: int) -> Life:
    """Tell a package's life from plan to hand-over, as far as it has come."""
    ceiling = float(np.round(cost_idr / 1e6) * 1e6)
    multi_year = bool(random.random() < MULTI_YEAR_SHARE and year < TODAY.year)
    life = Life(ceiling, _funds(random, sector, year, ceiling, multi_year=multi_year), multi_year=multi_year)
    start = dt.date(year, 3, 6) + dt.timedelta(days=int(random.integers(0, 140)))
    if year == TODAY.year and random.random() < NOT_STARTED_SHARE:
        start = TODAY + dt.timedelta(days=int(random.integers(3, 90)))
    days = int(random.integers(110, 230))
    end = min(start + dt.timedelta(days=days - 1), max(dt.date(year, 12, 20), start + dt.timedelta(days=30)))
    life.states = [
        (max(dt.date(year - 1, 11, 15), dt.date(2023, 1, 9)), "planned"),
        (dt.date(year, 1, 16), "announced"),
        (start - dt.timedelta(days=int(random.integers(40, 55))), "tender"),
    ]
    fate = str(random.choice([*FATES, "done"], p=[*FATES.values(), 1 - sum(FATES.values())]))
    if fate in {"cancelled", "failed_tender"}:
        life.states.append((start - dt.timedelta(days=10), fate))
        return life
    self_managed = bool(random.random() < SELF_MANAGED_SHARE)
    life.kind = "self_managed" if self_managed else "work_order" if ceiling < 2e8 else "contract"
    life.value_idr = float(np.round(ceiling * random.uniform(0.86, 0.985) / 1e3) * 1e3)
    life.company = None if self_managed else int(random.integers(companies))
    life.signed_on = start - dt.timedelta(days=int(random.integers(5, 14)))
    life.start, life.end = start, end
    life.states.append((life.signed_on, "contract"))
    life.curves = [Curve(start, weekly_curve(start, end))]
    _work(random, life, year, fate)
    return life


def live_case(random: Random, case: Case, year: int, sector: str, cost_idr: float, companies: int) -> Life:
    """Tell the life of a running package that holds a vector of the domain reference on its last report."""
    value = case.value_idr or float(np.round(cost_idr * 0.96 / 1e3) * 1e3)
    ceiling = max(float(np.ceil(value * 1.03 / 1e6) * 1e6), float(np.round(cost_idr / 1e6) * 1e6))
    start = min(dt.date(year, 5, 4), case.end - dt.timedelta(days=150))
    life = Life(
        ceiling,
        _funds(random, sector, year, ceiling, multi_year=case.multi_year),
        multi_year=case.multi_year,
        case=case.name,
        company=int(random.integers(companies)),
        value_idr=value,
        signed_on=start - dt.timedelta(days=9),
        start=start,
        end=case.end,
    )
    life.states = [
        (dt.date(year - 1, 11, 15), "planned"),
        (dt.date(year, 1, 16), "announced"),
        (start - dt.timedelta(days=48), "tender"),
        (start - dt.timedelta(days=9), "contract"),
        (start, "construction"),
    ]
    pivot = min(LAST_REPORT, case.end)
    life.curves = [Curve(start, bent_curve(start, case.end, pivot, case.planned))]
    ago = LAST_REPORT - 4 * WEEK  # where the rate of the last weeks is taken from
    days = [*_days(start, ago), *(ago + number * WEEK for number in range(1, 5))]
    for day in days:
        if case.physical_four_weeks_ago is not None and day >= ago:
            share = (day - ago).days / 28
            physical = case.physical_four_weeks_ago + (case.physical - case.physical_four_weeks_ago) * share
        else:
            reached = case.physical_four_weeks_ago or case.physical
            until = ago if case.physical_four_weeks_ago is not None else LAST_REPORT
            physical = reached * s_curve((day - start).days / (until - start).days) / 100
        life.reports.append(Report(day, _planned(life, day), round(physical, 2)))
    if case.name == "T8":
        life.extra_time_until = case.end + dt.timedelta(days=50)
    _pay(random, life, None)
    return life


def live_weight(ceiling: float, year: int, *, done: bool) -> Life:
    """Tell the life of one of the two packages of vector T10: the small one is done, the great one has not moved."""
    start = dt.date(year, 3, 2) if done else dt.date(year, 11, 16)
    end = dt.date(year, 7, 31) if done else dt.date(year, 12, 28)
    life = Life(
        ceiling, [(year, "PAD", ceiling)], case="T10", company=1, value_idr=ceiling * 0.97, start=start, end=end
    )
    life.signed_on = start - dt.timedelta(days=7)
    life.states = [
        (dt.date(year - 1, 11, 15), "planned"),
        (dt.date(year, 1, 16), "announced"),
        (dt.date(year, 2, 2), "tender"),
        (life.signed_on, "contract"),
        (start, "construction"),
    ]
    life.curves = [Curve(start, weekly_curve(start, end))]
    if not done:
        life.curves = [Curve(start, (CurvePoint(start, 0.0), CurvePoint(start + WEEK, 0.0), CurvePoint(end, 100.0)))]
        life.reports = [Report(start + dt.timedelta(days=1), 0.0, 0.0)]
        return life
    days = _days(start, end - WEEK)
    span = (days[-1] - start).days
    life.reports = [Report(day, _planned(life, day), s_curve((day - start).days / span)) for day in days]
    life.states += [(days[-1] + dt.timedelta(days=2), "handed_over"), (days[-1] + 2 * WEEK, "maintenance")]
    return life


def _work(random: Random, life: Life, year: int, fate: str) -> None:
    """Tell the work itself: a report every week, then hand-over, maintenance and the end; or a stop."""
    assert life.start is not None
    assert life.end is not None
    start, end = life.start, life.end
    late = random.random()
    if year < TODAY.year - 1 or late >= LATE_SHARE:
        finish = end - dt.timedelta(days=int(random.integers(0, 14)))
    else:
        finish = end + dt.timedelta(days=int(random.integers(12, 70)))
    if year == TODAY.year - 1 and late < VERY_LATE_SHARE:
        finish = end + dt.timedelta(days=460)
    finish = max(finish, start + dt.timedelta(days=20))
    if random.random() < ADDENDUM_SHARE and life.kind != "self_managed":
        _amend(random, life)
    halted = None
    if fate == "terminated" or (year == TODAY.year and random.random() < STOPPED_SHARE):
        halted = start + (end - start) * float(random.uniform(0.45, 0.85))
    life.states.append((start, "construction"))
    bend = float(random.uniform(0.9, 1.35))
    last = min(finish, halted or finish, TODAY - dt.timedelta(days=int(random.integers(1, 11))))
    if last >= start:
        for day in _days(start, last):
            share = max(0.0, min(1.0, (day - start).days / max((finish - start).days, 1)))
            life.reports.append(Report(day, _planned(life, day), s_curve(share**bend)))
    if halted:
        day = halted + dt.timedelta(days=9)
        life.states.append((day, "terminated" if fate == "terminated" else "stopped"))
        life.ended_on = day if fate == "terminated" else None
    elif finish < TODAY:
        life.states += [
            (finish + dt.timedelta(days=2), "handed_over"),
            (finish + dt.timedelta(days=16), "maintenance"),
            (finish + dt.timedelta(days=MAINTENANCE_DAYS), "finished"),
        ]
    _pay(random, life, finish if finish < TODAY and not halted else None)


def _amend(random: Random, life: Life) -> None:
    """Add an addendum past the middle of the work: more time, more value, and a new version of the plan."""
    assert life.start is not None
    assert life.end is not None
    signed = life.start + (life.end - life.start) * 0.6
    if signed > TODAY:
        return
    longer = dt.timedelta(days=int(random.integers(14, 40)))
    value = float(np.round(life.value_idr * random.uniform(1.02, 1.07) / 1e3) * 1e3)
    value = min(value, life.ceiling_idr)
    reasons = ("Perubahan kuantitas hasil MC-0", "Penambahan volume pekerjaan", "Penyesuaian waktu pelaksanaan")
    end = life.end + longer
    life.addendum = Addendum(signed, value, end, str(random.choice(reasons)))
    life.curves.append(Curve(signed, bent_curve(life.start, end, signed, life.planned_on(signed))))


def _pay(random: Random, life: Life, finish: dt.date | None) -> None:
    """Pay an advance, instalments as the work grows, and after hand-over the rest but the retention."""
    assert life.start is not None
    advance = float(random.choice([20.0, 30.0])) if life.value_idr > 2e8 and life.kind == "contract" else 0.0
    life.advance_percent = advance or None
    paid, payments = 0.0, []
    if advance:
        paid = round(life.value_idr * advance / 100)
        payments.append(Payment(life.start + dt.timedelta(days=12), "advance", paid))
    value = life.value_idr if life.addendum is None else life.last_value_idr
    for threshold in (35, 65, 85):
        report = next((one for one in life.reports if one.physical >= threshold), None)
        due = round(value * threshold / 100 * 0.9)
        if report is not None and due > paid:
            payments.append(Payment(report.day + dt.timedelta(days=13), "instalment", due - paid))
            paid = due
    if finish is not None:
        rest = round(value * 0.95) - paid
        if rest > 0:
            payments.append(Payment(finish + dt.timedelta(days=20), "final", rest))
        payments.append(
            Payment(finish + dt.timedelta(days=MAINTENANCE_DAYS + 9), "retention", value - round(value * 0.95))
        )
    life.payments = [one for one in payments if one.day <= TODAY and one.amount_idr > 0]


def watch(random: Random, life: Life, year: int, rules: Mapping[str, Rule]) -> None:
    """Follow the reports with the rule of critical contracts: cases are proposed, declared, met upon, and closed."""
    if life.kind == "self_managed" or life.start is None:
        return
    open_alarm: Alarm | None = None
    reported = life.reports
    ends = life.ended_on or next((day for day, state in life.states if state == "handed_over"), None)
    for number, report in enumerate(reported):
        end = life.end_on(report.day)
        assert end is not None
        seen = [(one.day, one.physical) for one in reported[: number + 1]]
        finish = forecast_finish(seen, end_date=end).expected
        found = indicate_critical(
            report.planned,
            report.physical,
            overruns_year=overruns_year(finish, year=year, multi_year=life.multi_year),
            rules=rules,
        )
        if open_alarm is None:
            if found is not None:
                open_alarm = Alarm([Judgement(report.day, found)])
                if random.random() < DECLARE_SHARE and report.day + WEEK <= TODAY:
                    open_alarm.declared_on = report.day + WEEK
                life.alarms.append(open_alarm)
            continue
        is_declared = open_alarm.declared_on is not None and open_alarm.declared_on <= report.day
        if is_declared:
            _follow(open_alarm, report)
        elif found is None:
            open_alarm.closed_on, open_alarm.closed_how, open_alarm.declared_on = report.day, "recovered", None
        else:
            open_alarm.judged.append(Judgement(report.day, found))
        if open_alarm.closed_on is not None:
            open_alarm = None
    if open_alarm is not None and ends is not None and ends <= TODAY:
        if open_alarm.declared_on is not None and open_alarm.declared_on >= ends:
            open_alarm.declared_on = None
        open_alarm.closed_on = ends
        open_alarm.closed_how = "terminated" if life.ended_on else "finished"


def _follow(alarm: Alarm, report: Report) -> None:
    """Hold the meetings of a declared case as reports come in."""
    if alarm.declared_on is None or report.day < alarm.declared_on + WEEK:
        return
    if not alarm.meetings or (alarm.meetings[-1].outcome == "failed" and len(alarm.meetings) < 3):
        target = round(min(100.0, report.physical + 9.0), 2)
        alarm.meetings.append(Meeting(len(alarm.meetings) + 1, report.day, target, report.day + 3 * WEEK))
        return
    meeting = alarm.meetings[-1]
    if meeting.outcome == "pending" and report.day >= meeting.due_on:
        meeting.reached, meeting.outcome_on = report.physical, report.day
        meeting.outcome = "passed" if report.physical >= meeting.target else "failed"
        if meeting.outcome == "passed":
            alarm.closed_on, alarm.closed_how = report.day, "test_passed"


def weekly_curve(start: dt.date, end: dt.date) -> tuple[CurvePoint, ...]:
    """Return an S-curve with a point every week and one at the end."""
    span = max((end - start).days, 1)
    return tuple(CurvePoint(day, s_curve((day - start).days / span)) for day in _days(start, end))


def bent_curve(start: dt.date, end: dt.date, pivot: dt.date, percent: float) -> tuple[CurvePoint, ...]:
    """Return an S-curve that passes through a percentage on a day."""
    if pivot >= end:
        return weekly_curve(start, end)
    span = (end - start).days
    usual = s_curve((pivot - start).days / span)
    points = []
    for day in sorted({*_days(start, end), pivot}):
        share = s_curve((day - start).days / span)
        if day <= pivot:
            value = percent * share / usual if usual else 0.0
        else:
            value = percent + (100 - percent) * (share - usual) / (100 - usual)
        points.append(CurvePoint(day, round(value, 2)))
    points[-1] = replace(points[-1], percent=100.0)
    return tuple(points)


def s_curve(share: float) -> float:
    """Return percent done when a share of the time has passed."""
    x = min(max(share, 0.0), 1.0)
    return round(100 * x * x * (3 - 2 * x), 2)


def _planned(life: Life, day: dt.date) -> float:
    return round(life.planned_on(day), 2)


def _days(start: dt.date, end: dt.date) -> list[dt.date]:
    """Return every seventh day from start, and the end."""
    count = (end - start).days // 7
    return sorted({*(start + number * WEEK for number in range(count + 1)), end})


def _funds(random: Random, sector: str, year: int, ceiling: float, *, multi_year: bool) -> list[tuple[int, str, float]]:
    """Return year, source and amount of the money; the amounts sum up to the ceiling."""
    known = FUNDS.get(sector, OTHER_FUNDS)
    first = str(known[random.integers(len(known))])
    if multi_year:
        part = float(np.round(ceiling * 0.6 / 1e6) * 1e6)
        return [(year, first, part), (year + 1, first, ceiling - part)]
    if random.random() < SECOND_FUND_SHARE:
        second = str(random.choice([one for one in known if one != first]))
        part = float(np.round(ceiling * 0.9 / 1e6) * 1e6)
        if 0 < part < ceiling:
            return [(year, first, part), (year, second, ceiling - part)]
    return [(year, first, ceiling)]


def events_of(life: Life, contractor: str | None) -> list[tuple[dt.date, dict[str, Any]]]:
    """Return, day by day, which fields of the register changed."""
    changes: dict[dt.date, dict[str, Any]] = {}

    def note(day: dt.date, **values: Any) -> None:
        if day <= TODAY:
            changes.setdefault(day, {}).update(values)

    first = life.states[0][0]
    note(
        first,
        ceiling_idr=life.ceiling_idr,
        fund_source=", ".join(sorted({source for _year, source, _amount in life.funds})),
        this_year_ceiling_idr=sum(amount for year, _source, amount in life.funds if year == life.funds[0][0]),
    )
    for day, state in life.states:
        note(day, status=state)
    if life.signed_on is not None:
        note(
            life.signed_on,
            contract_value_idr=life.value_idr,
            contractor=contractor,
            start_date=life.start,
            end_date=life.end,
            company=life.company,
        )
    if life.addendum is not None:
        note(life.addendum.signed_on, contract_value_idr=life.last_value_idr, end_date=life.last_end)
    for report in life.reports:
        note(
            report.day,
            planned_percent=report.planned,
            physical_percent=report.physical,
            progress_date=report.day,
        )
    paid = 0.0
    for payment in life.payments:
        paid += payment.amount_idr
        note(payment.day, paid_idr=paid)
    for alarm in life.alarms:
        for one in alarm.judged:
            note(one.day, critical_state="indicated", critical_case=one.indication.clause)
        if alarm.declared_on is not None:
            note(alarm.declared_on, critical_state="declared")
        if alarm.closed_on is not None:
            note(alarm.closed_on, critical_state="none", critical_case=None)
    if life.extra_time_until is not None and life.end is not None:
        note(life.end, extra_time_until=life.extra_time_until)
    return sorted(changes.items())
