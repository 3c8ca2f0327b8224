"""Plan, lateness, forecast, critical contracts and fines: the vectors T1-T10, and what must always hold."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise, product
from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from gis.errors import InvalidCurve, InvalidMeasure
from gis.figures import Rule
from gis.progress import (
    CurvePoint,
    ProjectStatus,
    check_curve,
    deviation_points,
    fine_base_idr,
    fine_idr,
    forecast_finish,
    indicate_critical,
    is_late,
    overruns_year,
    physical_percent,
    planned_percent,
    weighted_percent,
    weights_percent,
)
from layers.rules import read_rules
from tests.helpers.tracking import contract_of, make_addendum, make_baseline, make_tracked_project

TODAY = date(2026, 11, 24)


def test_database_and_python_agree_on_every_case(connection: Connection) -> None:
    percents = (None, 0.0, 48.2, 62.0, 100.0)
    ends = (None, date(2026, 11, 23), TODAY, date(2027, 1, 1))
    cases = list(product(get_args(ProjectStatus), percents, percents, ends))
    rows = connection.execute(
        text("""
            SELECT app.is_late(status, planned, physical, end_date, :today)
            FROM unnest(CAST(:statuses AS text[]), CAST(:planned AS float8[]), CAST(:physical AS float8[]),
                CAST(:ends AS date[])) WITH ORDINALITY AS c(status, planned, physical, end_date, n) ORDER BY n
        """),
        {
            "today": TODAY,
            **dict(zip(("statuses", "planned", "physical", "ends"), map(list, zip(*cases, strict=True)), strict=True)),
        },
    )
    told = [
        is_late(status, planned_percent=planned, physical_percent=physical, end_date=end, today=TODAY)
        for status, planned, physical, end in cases
    ]
    assert rows.scalars().all() == told
    assert {True, False} == set(told)


@pytest.mark.parametrize(
    ("status", "planned", "physical", "end", "late"),
    [
        ("construction", 62.0, 48.2, None, True),
        ("construction", 62.0, 62.0, None, False),
        ("construction", 50.0, 60.0, date(2026, 11, 23), True),  # ahead, but past its end
        ("construction", 50.0, 60.0, TODAY, False),  # the last day is still in time
        ("construction", None, 10.0, None, False),
        ("planned", 50.0, 0.0, date(2026, 1, 1), False),
        ("handed_over", 100.0, 99.0, date(2026, 1, 1), False),
        ("terminated", 100.0, 9.0, date(2026, 1, 1), False),
    ],
)
def test_late(status: ProjectStatus, planned: float | None, physical: float, end: date | None, late: bool) -> None:
    assert is_late(status, planned_percent=planned, physical_percent=physical, end_date=end, today=TODAY) is late


def test_deviation_is_actual_less_plan() -> None:
    assert deviation_points(62.0, 48.2) == pytest.approx(-13.8)
    assert deviation_points(None, 48.2) is None
    assert deviation_points(62.0, None) is None


def test_weighted_progress() -> None:
    """T10: 1 M done and 9 M untouched make 10 %."""
    assert weighted_percent([(100, 1e6), (0, 9e6)]) == pytest.approx(10)
    assert weighted_percent([]) is None
    assert weighted_percent([(50, 0)]) is None
    with pytest.raises(InvalidMeasure):
        weighted_percent([(50, -1)])


def rules_as_seeded() -> Mapping[str, Rule]:
    """The thresholds of rules.yml, each value of a list by its number."""
    seed = read_rules()
    found = {}
    for rule in seed.rules:
        values = rule.value if isinstance(rule.value, tuple) else (rule.value,)
        for number, value in enumerate(values, start=1):
            name = f"{rule.code}_{number}" if isinstance(rule.value, tuple) else rule.code
            found[name] = Rule(rule.code, value, rule.unit, rule.legal_basis, seed.version, rule.status)
    return found


RULES = rules_as_seeded()
START = date(2026, 5, 1)
CURVE = [
    CurvePoint(START, 0.0),
    CurvePoint(date(2026, 8, 1), 30.0),
    CurvePoint(date(2026, 11, 1), 85.0),
    CurvePoint(date(2026, 12, 15), 100.0),
]


@st.composite
def curves(draw: st.DrawFn) -> list[CurvePoint]:
    """Plans as a contract can have them: days in order, never falling, 100 at the end."""
    days = sorted(draw(st.sets(st.integers(0, 400), min_size=1, max_size=30)))
    percents = sorted(draw(st.lists(st.floats(0, 100), min_size=len(days) - 1, max_size=len(days) - 1)))
    return [CurvePoint(START + timedelta(days=n), p) for n, p in zip(days, [*percents, 100.0], strict=True)]


# T1 to T7


@pytest.mark.parametrize(
    ("vector", "planned", "physical", "finish", "multi_year", "clause"),
    [
        ("T1", 50.00, 40.00, None, False, None),
        ("T2", 50.00, 39.99, None, False, "a"),
        ("T3", 69.99, 62.00, None, False, None),
        ("T4", 70.00, 64.00, None, False, "b"),
        ("T5", 90.00, 86.00, date(2027, 1, 12), False, "c"),
        ("T6", 90.00, 86.00, date(2027, 1, 12), True, None),
        ("T7", 90.00, 90.50, date(2027, 1, 12), False, None),
        ("exactly 5 points, in time", 90.00, 85.00, date(2026, 12, 31), False, None),
        ("exactly 5 points, overrun", 90.00, 85.00, date(2027, 1, 1), False, "c"),
        ("just above 5", 90.00, 84.99, None, False, "b"),
        ("no lag", 90.00, 90.00, date(2027, 1, 12), False, None),
        ("period I knows no case c", 69.99, 65.00, date(2027, 1, 12), False, None),
        ("binary fractions are no lag", 50.1, 40.1, None, False, None),
        ("binary fractions are no period", 70 - 1e-12, 64.0, None, False, "b"),
    ],
)
def test_critical_contracts(
    vector: str, planned: float, physical: float, finish: date | None, multi_year: bool, clause: str | None
) -> None:
    overruns = overruns_year(finish, year=2026, multi_year=multi_year)
    found = indicate_critical(planned, physical, overruns_year=overruns, rules=RULES)
    assert (found.clause if found else None) == clause, vector


def test_t7_is_flagged_as_running_past_the_year_all_the_same() -> None:
    assert overruns_year(date(2027, 1, 12), year=2026, multi_year=False)


@pytest.mark.parametrize(
    ("planned", "physical", "code", "words"),
    [
        (50.0, 39.99, "KRITIS_P1_LAG", ("50,00%", "39,99%", "10,01 poin", "periode I,")),
        (70.0, 64.0, "KRITIS_P2_LAG", ("70,00%", "6,00 poin", "lebih dari 5 poin", "periode II")),
        (50.0, 39.999, "KRITIS_P1_LAG", ("39,999%", "10,001 poin")),  # never "10,00 is more than 10"
    ],
)
def test_the_rule_and_its_numbers_are_told(planned: float, physical: float, code: str, words: tuple[str, ...]) -> None:
    found = indicate_critical(planned, physical, overruns_year=False, rules=RULES)
    assert found
    assert found.rule == RULES[code]
    assert found.threshold_points == found.rule.value < found.lag_points
    assert all(word in found.sentence_id for word in words)
    assert all(word.replace(",", ".").replace("poin", "points") in found.sentence_en for word in words[:2])


def test_thresholds_are_those_of_the_table() -> None:
    stricter = {**RULES, "KRITIS_P1_LAG": replace(RULES["KRITIS_P1_LAG"], value=4.0)}
    assert indicate_critical(50, 45, overruns_year=False, rules=stricter)
    later = {**RULES, "KRITIS_P1_BATAS_RENCANA": replace(RULES["KRITIS_P1_BATAS_RENCANA"], value=80.0)}
    assert indicate_critical(70, 64, overruns_year=False, rules=later) is None


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.booleans())
def test_critical_as_the_contract_says_in_whole_hundredths(planned: int, physical: int, overruns: bool) -> None:
    """The pseudo-code of the domain reference, counted in integers, where no fraction can err."""
    lag = planned - physical
    if planned < 7000:
        wanted = "a" if lag > 1000 else None
    else:
        wanted = "b" if lag > 500 else "c" if lag > 0 and overruns else None
    found = indicate_critical(planned / 100, physical / 100, overruns_year=overruns, rules=RULES)
    assert (found.clause if found else None) == wanted


@pytest.mark.parametrize(("planned", "physical"), [(-1, 0), (101, 50), (50, 101), (float("nan"), 5)])
def test_percentages_that_cannot_be_are_refused(planned: float, physical: float) -> None:
    with pytest.raises(InvalidMeasure):
        indicate_critical(planned, physical, overruns_year=False, rules=RULES)


# T8, T9


@pytest.mark.parametrize(("days", "fine"), [(0, "0"), (1, "2750100"), (50, "137505000")])
def test_fines(days: int, fine: str) -> None:
    """T8."""
    assert fine_idr(Decimal(2_750_100_000), days=days, rule=RULES["DENDA_PERMIL"]) == Decimal(fine)


def test_fine_of_a_contract_with_ppn() -> None:
    """T9."""
    base = fine_base_idr(Decimal(1_110_000_000), Decimal(11))
    assert base == Decimal(1_000_000_000)
    assert fine_idr(base, days=10, rule=RULES["DENDA_PERMIL"]) == Decimal(10_000_000)


def test_fines_cannot_be_negative() -> None:
    with pytest.raises(InvalidMeasure):
        fine_idr(Decimal(1), days=-1, rule=RULES["DENDA_PERMIL"])
    with pytest.raises(InvalidMeasure):
        fine_idr(Decimal(-1), days=1, rule=RULES["DENDA_PERMIL"])
    with pytest.raises(InvalidMeasure):
        fine_base_idr(Decimal(-1), Decimal(11))


@given(st.integers(0, 10**15), st.sampled_from(["0", "10", "11", "12"]))
def test_base_and_its_ppn_make_the_value(value: int, vat: str) -> None:
    base = fine_base_idr(Decimal(value), Decimal(vat))
    assert abs(base * (100 + Decimal(vat)) / 100 - value) <= Decimal("0.01")


# The plan


@pytest.mark.parametrize(
    ("day", "percent"),
    [
        (date(2026, 4, 30), 0),
        (START, 0),
        (date(2026, 6, 16), 15),  # half of the 92 days to 1 August
        (date(2026, 8, 1), 30),
        (date(2026, 12, 4), 85 + 15 * 33 / 44),
        (date(2026, 12, 15), 100),
        (date(2027, 3, 1), 100),
    ],
)
def test_plan_of_a_day(day: date, percent: float) -> None:
    assert planned_percent(CURVE, day) == pytest.approx(percent, abs=1e-9)
    assert planned_percent(CURVE[::-1], day) == planned_percent(CURVE, day)  # in any order


def test_plan_without_points_is_nothing() -> None:
    assert planned_percent([], TODAY) == 0


@given(curves(), st.integers(-10, 420), st.integers(0, 100))
def test_plan_never_falls_and_stays_between_its_neighbours(points: list[CurvePoint], first: int, more: int) -> None:
    day = START + timedelta(days=first)
    early, late = planned_percent(points, day), planned_percent(points, day + timedelta(days=more))
    assert early <= late + 1e-9
    assert 0 <= early <= 100 + 1e-9
    low = max((point.percent for point in points if point.day <= day), default=0.0)
    high = min((point.percent for point in points if point.day >= day), default=100.0)
    if day >= points[0].day:
        assert low - 1e-9 <= early <= high + 1e-9
    for point in points:
        assert planned_percent(points, point.day) == point.percent


@given(curves())
def test_sound_curves_pass(points: list[CurvePoint]) -> None:
    check_curve(points, end_date=points[-1].day)


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ([], "belum memiliki titik"),
        ([*CURVE[:2], CurvePoint(date(2026, 9, 1), 29.99), *CURVE[2:]], "turun dari 30,00%"),
        ([*CURVE[:3], CurvePoint(date(2026, 12, 15), 99.5)], "berakhir pada 99,50%"),
        ([*CURVE[:3], CurvePoint(date(2026, 12, 14), 100.0)], "kontrak berakhir 15-12-2026"),
        ([CURVE[0], CURVE[0], *CURVE[1:]], "ada dua kali"),
        ([*CURVE[:3], CurvePoint(date(2026, 12, 15), 100.5)], "antara 0 dan 100"),
        ([CurvePoint(START, float("nan")), *CURVE[1:]], "antara 0 dan 100"),
        ([CurvePoint(START, -0.1), *CURVE[1:]], "antara 0 dan 100"),
    ],
)
def test_curves_that_cannot_be_are_refused_in_a_sentence(points: list[CurvePoint], said: str) -> None:
    with pytest.raises(InvalidCurve) as refused:
        check_curve(points, end_date=date(2026, 12, 15))
    assert said in refused.value.message_id
    assert refused.value.message_en.endswith(".")


def test_database_and_python_plan_alike(connection: Connection) -> None:
    """Each day is judged by the version in force on it, before the first by the first."""
    project = make_tracked_project(connection)
    make_baseline(connection, project, {point.day: point.percent for point in CURVE})
    later = [CurvePoint(START, 0.0), CurvePoint(date(2026, 9, 1), 33.3), CurvePoint(date(2026, 12, 28), 100.0)]
    changed_on = date(2026, 9, 1)
    make_baseline(
        connection,
        project,
        {point.day: point.percent for point in later},
        sequence=2,
        in_force_from=changed_on,
        addendum_id=make_addendum(connection, contract_of(connection, project)),
    )
    days = [date(2026, 4, 20) + timedelta(days=n) for n in range(280)]
    told = connection.scalars(
        text(
            "SELECT app.planned_percent(:project, day)"
            " FROM unnest(CAST(:days AS date[])) WITH ORDINALITY AS d(day, n) ORDER BY n"
        ),
        {"project": project, "days": days},
    ).all()
    assert told == pytest.approx([planned_percent(CURVE if day < changed_on else later, day) for day in days])
    assert len(set(told)) > 200


# Weights and items


@given(st.lists(st.floats(0, 1e12), min_size=1, max_size=200))
def test_weights_sum_up_to_100_and_keep_proportions(values: list[float]) -> None:
    assume(sum(values) > 1)
    weights = weights_percent(values)
    assert sum(weights) == pytest.approx(100)
    for (value, weight), (other, other_weight) in pairwise(zip(values, weights, strict=True)):
        assert value * other_weight == pytest.approx(other * weight, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [-1.0, 2.0], [float("nan")], [float("inf"), 1.0]])
def test_weights_of_nothing_are_refused(values: list[float]) -> None:
    with pytest.raises(InvalidMeasure):
        weights_percent(values)


def test_progress_from_items() -> None:
    weights = weights_percent([Decimal(200), Decimal(300), Decimal(500)])
    assert weights == pytest.approx([20, 30, 50])
    # Half of the first, all of the second (more than its quantity makes up for nothing), none of the third.
    assert physical_percent(weights, [5, 130, 0], [10, 100, 7]) == pytest.approx(40)
    assert physical_percent(weights, [10, 100, 7], [10, 100, 7]) == pytest.approx(100)


@pytest.mark.parametrize(("installed", "quantities"), [([1.0], [1.0, 2.0]), ([-1.0, 0], [1, 1]), ([1.0, 0], [0, 1])])
def test_items_that_cannot_be_are_refused(installed: list[float], quantities: list[float]) -> None:
    with pytest.raises(InvalidMeasure):
        physical_percent([50.0, 50.0], installed, quantities)


@given(st.lists(st.tuples(st.floats(0.1, 1e6), st.floats(0, 2), st.floats(0.1, 1e4)), min_size=1, max_size=30))
def test_progress_from_items_lies_between_0_and_100(items: list[tuple[float, float, float]]) -> None:
    weights = weights_percent([value for value, _share, _quantity in items])
    quantities = [quantity for _value, _share, quantity in items]
    installed = [share * quantity for _value, share, quantity in items]
    percent = physical_percent(weights, installed, quantities)
    shares = [min(1.0, share) * 100 for _value, share, _quantity in items]
    assert min(shares) - 1e-6 <= percent <= max(shares) + 1e-6


# The forecast

END = date(2026, 12, 15)


def test_forecast_by_the_mean_of_the_last_four_weeks() -> None:
    """70 % on 22 November, 42 % four weeks before: 1 point a day, 30 days more. Its weeks gained 3, 11, 4 and 10."""
    last = date(2026, 11, 22)
    weekly = [(last - timedelta(weeks=4 - n), percent) for n, percent in enumerate([42.0, 45.0, 56.0, 60.0, 70.0])]
    found = forecast_finish([(date(2026, 8, 1), 2.0), *weekly], end_date=END)
    assert found.expected == date(2026, 12, 22)
    assert found.earliest == last + timedelta(days=20)  # 30 points at 11 a week: 19.09 days
    assert found.latest == last + timedelta(days=70)  # at 3 a week


def test_forecast_looks_between_observations_that_lie_far_apart() -> None:
    """40 points in 80 days make half a point a day, also when the window begins between two observations."""
    found = forecast_finish([(date(2026, 9, 1), 20.0), (date(2026, 11, 20), 60.0)], end_date=END)
    assert found.earliest == found.expected == found.latest == date(2026, 11, 20) + timedelta(days=80)


@pytest.mark.parametrize(
    ("observations", "expected"),
    [
        ([], END),
        ([(date(2026, 11, 1), 40.0)], END),
        ([(date(2026, 10, 1), 40.0), (date(2026, 11, 1), 40.0)], END),  # standing still
        ([(date(2026, 10, 1), 40.0), (date(2026, 11, 1), 35.0)], END),  # corrected downwards
        ([(date(2026, 12, 1), 40.0), (date(2027, 1, 5), 40.0)], date(2027, 1, 5)),  # not finished on that day
    ],
)
def test_without_a_rate_the_end_of_the_contract_is_expected(
    observations: list[tuple[date, float]], expected: date
) -> None:
    found = forecast_finish(observations, end_date=END)
    assert found.expected == expected
    assert found.latest is None


def test_a_week_that_stood_still_leaves_the_latest_day_open() -> None:
    day = date(2026, 11, 1)
    weekly = [(day + timedelta(weeks=n), percent) for n, percent in enumerate([40.0, 50.0, 50.0, 60.0])]
    found = forecast_finish(weekly, end_date=END)
    assert found.latest is None
    assert found.earliest < found.expected


def test_finished_works_are_finished_on_their_first_day_at_100() -> None:
    day = date(2026, 11, 20)
    observations = [(date(2026, 11, 1), 90.0), (day, 100.0), (day + timedelta(days=9), 100.0)]
    found = forecast_finish(observations, end_date=END)
    assert found.earliest == found.expected == found.latest == day


@given(st.lists(st.floats(0, 100), min_size=1, max_size=12), st.integers(1, 8))
def test_forecast_range_is_in_order_and_after_the_last_observation(gains: list[float], weeks: int) -> None:
    percents = sorted(gains)
    observations = [(START + timedelta(days=5 * n), percent) for n, percent in enumerate(percents)]
    found = forecast_finish(observations, end_date=END, weeks=weeks)
    assert found.earliest <= found.expected
    assert found.latest is None or found.expected <= found.latest
    if percents[-1] < 100 - 1e-6:
        assert found.expected >= observations[-1][0]


@pytest.mark.parametrize(
    ("finish", "multi_year", "overruns"),
    [
        (date(2026, 12, 31), False, False),
        (date(2027, 1, 1), False, True),
        (date(2027, 1, 1), True, False),
        (None, False, False),
    ],
)
def test_running_past_the_year(finish: date | None, multi_year: bool, overruns: bool) -> None:
    assert overruns_year(finish, year=2026, multi_year=multi_year) is overruns
