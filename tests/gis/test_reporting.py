"""Realisation over a year: weights, splits that close, hierarchies, months; by hand and by properties."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import InvalidMeasure
from gis.figures import FigureContext
from gis.reporting import (
    Part,
    absorption_figures,
    estimated_on,
    month_end,
    month_ends,
    paid_by_month,
    physical_on,
    planned_target_idr,
    portfolio_percent,
    realisation_figures,
    roll_up,
    running_sum,
    split_exactly,
    split_part,
    sum_up,
)

BILLION = Decimal(1_000_000_000)
CONTEXT = FigureContext("16.05")
MONEY = st.integers(0, 10**15).map(lambda cents: Decimal(cents) / 100)
PERCENT = st.floats(0, 100, allow_nan=False)


def part(key: str = "P", ceiling: Decimal | None = BILLION, **values: object) -> Part:
    usual: dict[str, object] = {
        "contract_idr": None,
        "planned_percent": None,
        "physical_percent": None,
        "target_idr": None,
        "paid_idr": Decimal(0),
    }
    return Part(key, ceiling, **(usual | values))  # type: ignore[arg-type]


PARTS = st.builds(
    part,
    key=st.text("ABC", min_size=1, max_size=2),
    ceiling=st.none() | MONEY,
    contract_idr=st.none() | MONEY,
    planned_percent=st.none() | PERCENT,
    physical_percent=st.none() | PERCENT,
    target_idr=st.none() | MONEY,
    paid_idr=MONEY,
)
PATHS = st.lists(st.sampled_from(["a", "b", "c"]), max_size=3).map(tuple)


def test_months_end_on_their_last_day() -> None:
    assert month_end(2028, 2) == date(2028, 2, 29)
    ends = month_ends(2026)
    assert len(ends) == 12
    assert all((day + timedelta(days=1)).day == 1 for day in ends)
    with pytest.raises(InvalidMeasure):
        month_end(2026, 13)


def test_two_packages_of_the_reference_weigh_ten_percent() -> None:
    sums = sum_up(
        [part("A", BILLION, physical_percent=100.0), part("B", 9 * BILLION, physical_percent=0.0)],
        whole_idr=10 * BILLION,
    )
    assert sums.physical_percent == pytest.approx(10)
    assert sums.earned_percent == pytest.approx(10)
    assert sums.share_percent == 100


def test_sums_by_hand() -> None:
    known = part(
        "A",
        3 * BILLION,
        contract_idr=2 * BILLION,
        planned_percent=50.0,
        physical_percent=40.0,
        target_idr=BILLION,
        paid_idr=BILLION / 2,
    )
    silent = part("B", BILLION, planned_percent=100.0)
    sums = sum_up([known, silent], whole_idr=8 * BILLION)
    assert (sums.packages, sums.ceiling_idr, sums.contract_idr) == (2, 4 * BILLION, 2 * BILLION)
    assert sums.share_percent == 50
    assert sums.planned_percent == pytest.approx((3 * 50 + 100) / 4)
    assert sums.physical_percent == pytest.approx(40)  # of the package that is known
    assert sums.earned_percent == pytest.approx(3 * 40 / 8)
    assert (sums.target_idr, sums.target_percent) == (BILLION, 25)
    assert (sums.paid_idr, sums.paid_percent, sums.remaining_idr) == (BILLION / 2, 12.5, 3 * BILLION + BILLION / 2)
    assert sums.deviation_points == pytest.approx(40 - 50)  # of the package whose plan and actual are both known


def test_nothing_weighs_nothing() -> None:
    sums = sum_up([part(ceiling=None, physical_percent=50.0), part(ceiling=Decimal(0))], whole_idr=Decimal(0))
    assert sums.physical_percent is None
    assert sums.share_percent is None
    assert sums.paid_percent is None
    assert sums.target_idr is None
    assert roll_up([], whole_idr=Decimal(0)) == ()


@given(st.lists(PARTS, max_size=8))
def test_parts_that_count_once_add_up_to_the_whole(parts: list[Part]) -> None:
    whole = sum((one.ceiling_idr or Decimal(0) for one in parts), Decimal(0))
    together = sum_up(parts, whole_idr=whole)
    apart = [sum_up([one], whole_idr=whole) for one in parts]
    for name in ("ceiling_idr", "paid_idr", "remaining_idr"):
        assert getattr(together, name) == sum((getattr(one, name) for one in apart), Decimal(0))
    for name in ("contract_idr", "target_idr"):
        known = [amount for one in apart if (amount := getattr(one, name)) is not None]
        assert getattr(together, name) == (sum(known, Decimal(0)) if known else None)
    if whole:
        assert sum(one.share_percent or 0 for one in apart) == pytest.approx(100)
        earned = [one.earned_percent for one in apart if one.earned_percent is not None]
        assert (together.earned_percent or 0) == pytest.approx(sum(earned))
    assert sum_up(parts[::-1], whole_idr=whole) == together


@given(st.lists(st.tuples(PATHS, PARTS), max_size=10))
def test_hierarchy_holds_every_part_once_and_its_branches_add_up(parts: list[tuple[tuple[str, ...], Part]]) -> None:
    whole = sum((one.ceiling_idr or Decimal(0) for _path, one in parts), Decimal(0))
    lines = roll_up(parts, whole_idr=whole)
    leaves = [line.part for line in lines if line.part is not None]
    assert sorted(map(repr, leaves)) == sorted(repr(one) for _path, one in parts)
    tops = [line for line in lines if line.level == 0]
    assert sum((line.sums.ceiling_idr for line in tops), Decimal(0)) == whole
    for index, line in enumerate(lines):
        if line.part is None:
            below = []
            for later in lines[index + 1 :]:
                if later.level <= line.level:
                    break
                below += [later] if later.level == line.level + 1 else []
            assert line.sums.paid_idr == sum((one.sums.paid_idr for one in below), Decimal(0))
            assert all(one.path[: len(line.path)] == line.path for one in below)


def test_hierarchy_keeps_the_order_of_the_branches() -> None:
    lines = roll_up([(("b", "x"), part("1")), (("a",), part("2")), (("b",), part("3"))], whole_idr=3 * BILLION)
    assert [(line.path, line.level, line.part.key if line.part else None) for line in lines] == [
        (("b",), 0, None),
        (("b", "x"), 1, None),
        (("b", "x"), 2, "1"),
        (("b",), 1, "3"),
        (("a",), 0, None),
        (("a",), 1, "2"),
    ]
    assert lines[0].sums.packages == 2


def test_split_by_hand() -> None:
    thirds = [Decimal(1)] * 3
    assert split_exactly(Decimal("100.00"), thirds) == (34, 33, 33)  # whole rupiah stay whole
    assert split_exactly(Decimal("100.01"), thirds) == (Decimal("33.34"), Decimal("33.34"), Decimal("33.33"))
    assert split_exactly(Decimal(10), [Decimal(0), Decimal(5)]) == (Decimal(0), Decimal(10))
    for amount, shares in ((Decimal(-1), [Decimal(1)]), (Decimal(1), [Decimal(0)]), (Decimal(1), [])):
        with pytest.raises(InvalidMeasure):
            split_exactly(amount, shares)


@given(MONEY, st.lists(MONEY, min_size=1, max_size=6).filter(any))
def test_split_closes_and_no_part_is_off_by_a_step(amount: Decimal, shares: list[Decimal]) -> None:
    parts = split_exactly(amount, shares)
    assert sum(parts, Decimal(0)) == amount
    total = sum(map(Fraction, shares))
    for found, share in zip(parts, shares, strict=True):
        step = Fraction(1) if amount == int(amount) else Fraction(1, 100)
        assert abs(Fraction(found) - Fraction(amount) * Fraction(share) / total) < step
        assert share or not found


@given(PARTS, st.lists(MONEY, min_size=1, max_size=4).filter(any))
def test_package_of_several_sources_is_neither_more_nor_less_than_itself(one: Part, amounts: list[Decimal]) -> None:
    parts = list(split_part(one, {str(number): amount for number, amount in enumerate(amounts)}).values())
    whole, split = (sum_up(list(found), whole_idr=BILLION) for found in ([one], parts))
    for name in ("packages", "ceiling_idr", "contract_idr", "target_idr", "paid_idr", "remaining_idr"):
        assert getattr(split, name) == getattr(whole, name), name
    if whole.physical_percent is not None:
        assert split.physical_percent == pytest.approx(whole.physical_percent)


def test_sources_that_make_the_ceiling_are_its_parts() -> None:
    amounts = {"DAU": Decimal("0.50"), "PAD": Decimal("999999999.50")}
    parts = split_part(part("A", BILLION, paid_idr=Decimal(10)), amounts)
    assert {source: one.ceiling_idr for source, one in parts.items()} == amounts
    assert sum(one.paid_idr for one in parts.values()) == 10


def test_physical_progress_of_a_day() -> None:
    seen = [(date(2026, 7, 5), 30.0), (date(2026, 6, 1), 10.0)]
    begins = date(2026, 5, 1)

    def on(day: date, **values: object) -> float | None:
        return physical_on(**{"observations": seen, "day": day, "status": "construction", "begins": begins, **values})  # type: ignore[arg-type]

    assert on(date(2026, 6, 1)) == 10
    assert on(date(2026, 7, 4)) == 10
    assert on(date(2026, 12, 31)) == 30
    assert on(date(2026, 5, 20)) is None  # before the first report nothing is known
    assert on(date(2026, 5, 15), grace_days=14) == 0  # just begun
    assert on(date(2026, 5, 16), grace_days=14) is None
    assert on(date(2026, 4, 30)) == 0  # had not begun
    assert on(date(2026, 5, 20), observations=[], status="tender", begins=None) == 0
    assert on(date(2026, 5, 20), begins=None) is None


def test_progress_before_the_first_report_is_estimated_by_calendar_day() -> None:
    seen = [(date(2026, 7, 5), 30.0), (date(2026, 5, 31), 12.0)]
    assert estimated_on(seen, date(2026, 5, 11), begins=date(2026, 5, 1)) == pytest.approx(4)
    assert estimated_on(seen, date(2026, 5, 31), begins=date(2026, 5, 1)) == 12
    for day, begins in (
        (date(2026, 6, 1), date(2026, 5, 1)),
        (date(2026, 4, 30), date(2026, 5, 1)),
        (date(2026, 5, 31), date(2026, 5, 31)),
        (date(2026, 5, 11), None),
    ):
        assert estimated_on(seen, day, begins=begins) is None
    assert estimated_on([], date(2026, 5, 11), begins=date(2026, 5, 1)) is None


def test_target_of_payments_follows_the_plan() -> None:
    assert planned_target_idr(Decimal(900), 33.333) == 300
    assert planned_target_idr(Decimal(900), 80.0, 30.0) == 450
    assert planned_target_idr(None, 80.0) is None
    assert planned_target_idr(Decimal(900), None) is None
    assert planned_target_idr(Decimal(900), 20.0, 30.0) == 0


def test_portfolio_by_hand() -> None:
    packages = [
        (BILLION, [0.0, 50.0, 100.0]),
        (3 * BILLION, [0.0, 0.0, 20.0]),
        (BILLION, [None, 10.0, 20.0]),
        (None, [1.0, 2.0, 3.0]),
    ]
    assert portfolio_percent(packages) == (0.0, pytest.approx(12.5), pytest.approx(40))
    assert portfolio_percent([(None, [1.0])]) == (None,)
    assert portfolio_percent([]) == ()


@given(st.lists(st.tuples(MONEY, st.lists(PERCENT, min_size=5, max_size=5).map(sorted)), min_size=1, max_size=6))
def test_curve_of_rising_curves_rises_and_lies_among_them(packages: list[tuple[Decimal, list[float]]]) -> None:
    curve = portfolio_percent(packages)
    if not any(weight for weight, _percents in packages):
        assert set(curve) == {None}
        return
    known = [one for one in curve if one is not None]
    assert len(known) == 5
    assert all(later >= earlier - 1e-9 for earlier, later in pairwise(known))
    for moment, percent in enumerate(known):
        weighing = [percents[moment] for weight, percents in packages if weight]
        assert min(weighing) - 1e-9 <= percent <= max(weighing) + 1e-9


def test_payments_by_month() -> None:
    payments = [
        (date(2026, 1, 31), Decimal(5)),
        (date(2026, 3, 1), Decimal(7)),
        (date(2026, 3, 20), Decimal(9)),
        (date(2025, 12, 31), Decimal(100)),
        (date(2027, 1, 1), Decimal(100)),
    ]
    paid = paid_by_month(payments, year=2026, until=date(2026, 3, 19))
    assert paid == (5, 0, 7, *[None] * 9)
    assert running_sum(paid) == (5, 5, 12, *[None] * 9)
    assert sum(one or 0 for one in paid_by_month(payments, year=2026, until=date(2027, 6, 1))) == 21


@given(st.lists(st.tuples(st.dates(date(2025, 1, 1), date(2027, 12, 31)), MONEY), max_size=20))
def test_months_add_up_to_the_year(payments: list[tuple[date, Decimal]]) -> None:
    months = paid_by_month(payments, year=2026, until=date(2026, 12, 31))
    year = sum((amount for day, amount in payments if day.year == 2026), Decimal(0))
    assert running_sum(months)[-1] == sum((one or Decimal(0) for one in months), Decimal(0)) == year


def test_figures_tell_their_parts() -> None:
    parts = [
        part("A", BILLION, planned_percent=100.0, physical_percent=100.0, paid_idr=BILLION / 4),
        part("B", 9 * BILLION, planned_percent=10.0, physical_percent=0.0),
        part("C", 10 * BILLION),
    ]
    figures = {one.id: one for one in realisation_figures(parts, area="16.05", context=CONTEXT)}
    assert figures["rfk.physical"].value == pytest.approx(10)
    assert (figures["rfk.physical"].numerator, figures["rfk.physical"].denominator) == (1e9, 10e9)
    assert figures["rfk.planned"].value == pytest.approx(19)
    assert figures["rfk.deviation"].value == pytest.approx(-9)
    assert figures["rfk.paid_percent"].value == pytest.approx(1.25)
    assert figures["rfk.remaining_idr"].value == 19.75e9
    assert figures["rfk.target_idr"].value is None
    none = realisation_figures([], area="16.05", context=CONTEXT)
    assert {one.value for one in none if one.id != "rfk.packages"} == {None}


def test_absorption_of_nothing_is_not_zero() -> None:
    some = {
        one.id: one.value
        for one in absorption_figures(Decimal(400), Decimal(100), packages=1, area="16.05", context=CONTEXT)
    }
    assert (some["absorption.percent"], some["absorption.remaining_idr"]) == (25, 300)
    none = absorption_figures(Decimal(0), Decimal(0), packages=0, area="16.05", context=CONTEXT)
    assert {one.value for one in none} == {0, None}
