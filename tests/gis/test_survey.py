"""A survey laid upon the legal lengths of roads."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.road_condition import SURVEYED_CLASSES
from gis.survey import NO_SEGMENT, Survey, lay_survey
from tests.gis.builders import rule, segments

TOLERANCE = rule(2, "PANJANG_SURVEI_TOLERANSI")
Row = tuple[str, float, float, int, str | None]


def laid(lengths: dict[str, float], rows: list[Row], year: int | None = None, tolerance: float = 2) -> Survey:
    roads = pd.DataFrame({"code": list(lengths), "length_sk_m": list(lengths.values())})
    return lay_survey(roads, segments(rows), scale_tolerance=rule(tolerance), survey_year=year)


def metres(survey: Survey) -> dict[str, float]:
    return {str(name): float(value) for name, value in survey.sections.groupby("condition")["length_m"].sum().items()}


def codes(survey: Survey) -> dict[str, int]:
    return {finding.code: finding.count for finding in survey.findings}


def test_survey_of_the_legal_length_is_taken_as_it_is() -> None:
    survey = laid({"1": 300}, [("1", 0, 100, 2026, "good"), ("1", 100, 300, 2026, "heavy_damage")])
    assert metres(survey) == {"good": 100, "heavy_damage": 200}
    assert survey.sections["start_share"].tolist() == pytest.approx([0, 1 / 3])
    assert survey.sections["end_share"].tolist() == pytest.approx([1 / 3, 1])
    assert survey.findings == ()


@pytest.mark.parametrize("surveyed", [980, 990, 1010, 1020])
def test_difference_up_to_the_tolerance_is_scaled(surveyed: float) -> None:
    survey = laid({"1": 1000}, [("1", 0, 200, 2026, "good"), ("1", 200, surveyed, 2026, "fair")])
    assert metres(survey) == pytest.approx({"good": 200_000 / surveyed, "fair": 1000 - 200_000 / surveyed})
    assert survey.sections["end_share"].max() == 1
    assert codes(survey) == {}


@pytest.mark.parametrize("surveyed", [979.9, 1020.1])
def test_difference_beyond_the_tolerance_is_a_finding(surveyed: float) -> None:
    survey = laid({"1": 1000}, [("1", 0, surveyed, 2026, "good")])
    assert codes(survey) == {"survey_length_differs": 1}
    assert metres(survey)["good"] == pytest.approx(min(surveyed, 1000))


def test_survey_that_is_too_short_leaves_the_rest_unsurveyed() -> None:
    survey = laid({"1": 1000}, [("1", 100, 400, 2026, "good"), ("1", 500, 979, 2026, "fair")])
    assert metres(survey) == pytest.approx({"good": 300, "fair": 479, "unsurveyed": 221})
    assert survey.sections["condition"].tolist() == ["unsurveyed", "good", "unsurveyed", "fair", "unsurveyed"]
    assert codes(survey) == {"survey_length_differs": 1}


def test_survey_that_is_too_long_ends_where_the_road_does() -> None:
    survey = laid(
        {"1": 1000}, [("1", 0, 900, 2026, "good"), ("1", 900, 1100, 2026, "fair"), ("1", 1100, 1200, 2026, "fair")]
    )
    assert metres(survey) == pytest.approx({"good": 900, "fair": 100})
    assert codes(survey) == {"survey_length_differs": 1}


def test_other_tolerance_scales_what_was_not() -> None:
    rows: list[Row] = [("1", 0, 900, 2026, "good")]
    assert metres(laid({"1": 1000}, rows)) == {"good": 900, "unsurveyed": pytest.approx(100)}
    assert metres(laid({"1": 1000}, rows, tolerance=10)) == {"good": 1000}


def test_only_the_newest_year_counts() -> None:
    rows: list[Row] = [("1", 0, 100, 2025, "good"), ("1", 0, 100, 2026, "fair"), ("2", 0, 100, 2025, "good")]
    survey = laid({"1": 100, "2": 100}, rows)
    assert survey.year == 2026
    assert metres(survey) == {"fair": 100, "unsurveyed": 100}
    assert codes(survey) == {"roads_unsurveyed": 1}
    assert "(2)" in survey.findings[0].message_en


def test_year_that_was_asked_for_counts() -> None:
    rows: list[Row] = [("1", 0, 100, 2025, "good"), ("1", 0, 100, 2026, "fair")]
    assert metres(laid({"1": 100}, rows, year=2025)) == {"good": 100}
    assert metres(laid({"1": 100}, rows, year=2020)) == {"unsurveyed": 100}


def test_newest_year_is_that_of_these_roads() -> None:
    assert laid({"1": 100}, [("1", 0, 100, 2025, "good"), ("national", 0, 100, 2026, "good")]).year == 2025


def test_surveyed_as_not_open_is_unsurveyed_and_no_gap() -> None:
    survey = laid({"1": 200}, [("1", 0, 100, 2026, "good"), ("1", 100, 200, 2026, None)])
    assert metres(survey) == {"good": 100, "unsurveyed": 100}
    assert codes(survey) == {}


def test_where_segments_overlap_the_worse_holds() -> None:
    survey = laid(
        {"1": 300}, [("1", 0, 200, 2026, "good"), ("1", 100, 300, 2026, "light_damage"), ("1", 250, 300, 2026, None)]
    )
    assert metres(survey) == pytest.approx({"good": 100, "light_damage": 200})
    assert codes(survey) == {"survey_overlaps": 1}


def test_segment_surveyed_twice_counts_once() -> None:
    rows: list[Row] = [("1", 0, 100, 2026, "good")] * 2 + [("2", 0, 100, 2026, "fair")]
    survey = laid({"1": 100, "2": 100}, rows)
    assert metres(survey) == {"good": 100, "fair": 100}
    assert codes(survey) == {"survey_overlaps": 1}


def dated(lengths: dict[str, float], rows: list[Row], dates: list[str | None]) -> Survey:
    roads = pd.DataFrame({"code": list(lengths), "length_sk_m": list(lengths.values())})
    days = [None if day is None else dt.date.fromisoformat(day) for day in dates]
    return lay_survey(roads, segments(rows).assign(survey_date=days), scale_tolerance=TOLERANCE, survey_year=None)


def test_newest_of_two_surveys_of_a_segment_holds() -> None:
    rows: list[Row] = [("1", 0, 100, 2026, "heavy_damage"), ("1", 0, 100, 2026, "good"), ("1", 100, 200, 2026, "fair")]
    survey = dated({"1": 200}, rows, ["2026-02-01", "2026-09-01", "2026-02-01"])
    assert metres(survey) == {"good": 100, "fair": 100}
    assert codes(survey) == {"survey_repeated": 1}
    assert survey.sections["segment"].tolist() == [1, 2]
    assert survey.surveyed_m.tolist() == [200]


def test_newer_survey_of_a_part_holds_there_alone() -> None:
    rows: list[Row] = [("1", 0, 300, 2026, "heavy_damage"), ("1", 100, 200, 2026, "good")]
    survey = dated({"1": 300}, rows, ["2026-02-01", "2026-09-01"])
    assert survey.sections["condition"].tolist() == ["heavy_damage", "good", "heavy_damage"]
    assert survey.sections["segment"].tolist() == [0, 1, 0]
    assert metres(survey) == pytest.approx({"heavy_damage": 200, "good": 100})


def test_survey_without_a_date_is_older_than_any_with_one() -> None:
    rows: list[Row] = [("1", 0, 100, 2026, "heavy_damage"), ("1", 0, 100, 2026, "good")]
    assert metres(dated({"1": 100}, rows, [None, "2026-09-01"])) == {"good": 100}
    assert metres(dated({"1": 100}, rows, ["2026-09-01", None])) == {"heavy_damage": 100}
    assert codes(dated({"1": 100}, rows, [None, None])) == {"survey_overlaps": 1}


def test_sections_name_their_segments() -> None:
    survey = laid({"1": 300}, [("9", 0, 5, 2026, "good"), ("1", 100, 200, 2026, "good")])
    assert survey.sections["segment"].tolist() == [NO_SEGMENT, 1, NO_SEGMENT]


def test_broken_rows_are_left_out_and_counted() -> None:
    nan = float("nan")
    rows: list[Row] = [
        ("1", 100, 50, 2026, "good"),
        ("1", -5, 50, 2026, "good"),
        ("1", nan, 9, 2026, "good"),
        ("1", 0, 100, 2026, "bagus"),
    ]
    survey = laid({"1": 100}, rows)
    assert metres(survey) == {"unsurveyed": 100}
    assert codes(survey) == {"survey_invalid_station": 3, "survey_unknown_condition": 1}


def test_roads_that_share_a_number_are_unsurveyed() -> None:
    roads = pd.DataFrame({"code": ["1", "1", "2"], "length_sk_m": [100.0, 200.0, 300.0]})
    rows = segments([("1", 0, 100, 2026, "good"), ("2", 0, 300, 2026, "good")])
    survey = lay_survey(roads, rows, scale_tolerance=TOLERANCE, survey_year=None)
    assert metres(survey) == {"good": 300, "unsurveyed": 300}
    assert codes(survey)["duplicate_road_code"] == 2


def test_finding_names_five_roads_and_no_more() -> None:
    survey = laid({str(number): 100 for number in range(8)} | {"x": 100}, [("x", 0, 100, 2026, "good")])
    assert "(0, 1, 2, 3, 4, …)" in survey.findings[0].message_id
    assert survey.findings[0].count == 8


def test_nothing_at_all() -> None:
    survey = laid({}, [])
    assert survey.sections.empty
    assert survey.year is None
    assert metres(laid({"1": 100}, [])) == {"unsurveyed": 100}


SEGMENT = st.tuples(
    st.sampled_from(["1", "2", "none"]),
    st.integers(0, 12),
    st.integers(-1, 6),
    st.sampled_from([*SURVEYED_CLASSES, None]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(SEGMENT, max_size=14), st.randoms())
def test_sections_fill_every_road_whatever_the_survey(
    rows: list[tuple[str, int, int, str | None]], random: object
) -> None:
    table: list[Row] = [
        (code, start * 100, (start + length) * 100, 2026, condition) for code, start, length, condition in rows
    ]
    lengths = {"1": 1000.0, "2": 730.0}
    survey = laid(lengths, table)
    by_road = survey.sections.groupby("road")["length_m"].sum()
    assert by_road.to_dict() == pytest.approx({0: 1000, 1: 730})
    assert (survey.sections["length_m"] > 0).all()
    assert survey.sections[["start_share", "end_share"]].stack().between(0, 1).all()
    random.shuffle(table)  # type: ignore[attr-defined]
    assert metres(laid(lengths, table)) == pytest.approx(metres(survey))
