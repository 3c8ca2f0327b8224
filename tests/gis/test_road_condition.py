"""Condition classes as the agencies' tables give them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import InvalidMeasure
from gis.road_condition import (
    BINA_MARGA_2011,
    CONDITION_CLASSES,
    SURVEYED_CLASSES,
    ConditionBands,
    ConditionMethod,
    DerivedCondition,
    Scale,
    SdiRules,
    classify_condition,
    combination_table,
    combine_conditions,
    derive_condition,
    sdi,
)
from tests.gis.builders import rule


def bands(good: float, fair: float, light: float) -> ConditionBands:
    return ConditionBands(rule(good), rule(fair), rule(light))


def scale(bounds: tuple[float, ...], points: tuple[float, ...]) -> Scale:
    return Scale(tuple(rule(bound) for bound in bounds), tuple(rule(point) for point in points))


IRI, SDI, DAMAGE = bands(4, 8, 12), bands(50, 100, 150), bands(6, 11, 15)
BINA_MARGA = SdiRules(
    crack_area=scale((10, 30), (5, 20, 40)),
    wide_crack=rule(3),
    wide_crack_factor=rule(2),
    potholes=scale((10, 50), (15, 75, 225)),
    rut=scale((1, 3), (2.5, 10, 20)),
)


def sdi_of(area: float = 0, width: float = 0, potholes: float = 0, rut: float = 0) -> float:
    found = sdi(
        crack_area_percent=area, crack_width_mm=width, potholes_per_km=potholes, rut_depth_cm=rut, rules=BINA_MARGA
    )
    return float(found[0])


@pytest.mark.parametrize(
    ("values", "scale_bands"),
    [
        ((0, 3.99, 4.0, 7.99, 8.0, 12.0, 12.01, 30), IRI),
        ((0, 49.9, 50, 99.9, 100, 150, 150.1, 400), SDI),
        ((0, 5.9, 6, 10.9, 11, 15, 15.1, 100), DAMAGE),
    ],
)
def test_bounds_belong_to_the_worse_class_except_the_last(
    values: tuple[float, ...], scale_bands: ConditionBands
) -> None:
    expected = ["good", "good", "fair", "fair", "light_damage", "light_damage", "heavy_damage", "heavy_damage"]
    assert classify_condition(values, bands=scale_bands).tolist() == expected


def test_what_was_not_measured_is_unsurveyed() -> None:
    assert classify_condition([np.nan, 3.0], bands=IRI).tolist() == ["unsurveyed", "good"]
    assert classify_condition([], bands=IRI).tolist() == []


def test_bounds_must_rise_and_values_not_be_negative() -> None:
    with pytest.raises(InvalidMeasure):
        classify_condition([1.0], bands=bands(8, 4, 12))
    with pytest.raises(InvalidMeasure):
        classify_condition([-1.0], bands=IRI)


def test_sdi_of_fine_wide_cracks_and_one_pothole() -> None:
    """T12."""
    value = sdi_of(area=9, width=4, potholes=10)
    assert value == 85
    assert classify_condition(value, bands=SDI).tolist() == ["fair"]


def test_sdi_of_three_potholes() -> None:
    """T13."""
    value = sdi_of(potholes=30)
    assert value == 75
    assert classify_condition(value, bands=SDI).tolist() == ["fair"]


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        ({}, 0),
        ({"area": 9.9, "width": 3}, 5),
        ({"area": 10, "width": 3}, 20),
        ({"area": 30, "width": 3}, 20),
        ({"area": 30.1, "width": 3}, 40),
        ({"area": 31, "width": 5}, 80),
        ({"potholes": 9}, 15),
        ({"potholes": 50}, 75),
        ({"potholes": 51}, 225),
        ({"rut": 0.5}, 2.5),
        ({"rut": 1}, 10),
        ({"rut": 3}, 10),
        ({"rut": 3.5}, 20),
        ({"area": 31, "width": 5, "potholes": 60, "rut": 4}, 325),
    ],
)
def test_steps_of_the_survey_form(observed: dict[str, float], expected: float) -> None:
    assert sdi_of(**observed) == expected


def test_missing_observation_gives_no_sdi() -> None:
    assert np.isnan(sdi_of(area=np.nan))
    assert np.isnan(sdi_of(width=np.nan))


def test_other_rules_give_other_points() -> None:
    doubled = SdiRules(BINA_MARGA.crack_area, rule(5), rule(2), BINA_MARGA.potholes, BINA_MARGA.rut)
    found = sdi(crack_area_percent=9, crack_width_mm=4, potholes_per_km=10, rut_depth_cm=0, rules=doubled)
    assert found.tolist() == [80]


def test_scale_needs_one_point_more_than_bounds() -> None:
    with pytest.raises(InvalidMeasure):
        scale((10, 30), (5, 20))


def test_combined_class_of_the_test_vector() -> None:
    """T14."""
    by_iri = classify_condition(3.25, bands=IRI)[0]
    by_sdi = classify_condition(91, bands=SDI)[0]
    assert combine_conditions(by_iri, by_sdi, table=BINA_MARGA_2011) == "fair"


def test_one_survey_decides_where_the_other_is_missing() -> None:
    assert combine_conditions("unsurveyed", "heavy_damage", table=BINA_MARGA_2011) == "heavy_damage"
    assert combine_conditions("good", "unsurveyed", table=BINA_MARGA_2011) == "good"


def test_combined_class_is_never_better_than_by_iri() -> None:
    order = CONDITION_CLASSES.index
    for by_iri in SURVEYED_CLASSES:
        row = [order(BINA_MARGA_2011[by_iri, by_sdi]) for by_sdi in SURVEYED_CLASSES]
        assert row == sorted(row)
        assert row[0] >= order(by_iri)


MATRIX = (1, 2, 2, 3, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4)


def surveyed(*rows: tuple[object, object, object]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["condition", "iri", "sdi"])


def derived(frame: pd.DataFrame, method: ConditionMethod) -> DerivedCondition:
    table = combination_table(MATRIX)
    return derive_condition(frame, method=method, iri_bands=IRI, sdi_bands=SDI, table=table)


def test_matrix_of_the_rules_is_the_table_of_2011() -> None:
    assert combination_table(MATRIX) == BINA_MARGA_2011
    for wrong in (MATRIX[:-1], (*MATRIX[:-1], 5), (*MATRIX[:-1], 1.5)):
        with pytest.raises(InvalidMeasure):
            combination_table(wrong)


def test_class_by_method() -> None:
    """T14: IRI 3.25 and SDI 91 are fair together; by IRI alone good."""
    segment = surveyed(("heavy_damage", 3.25, 91))
    assert derived(segment, "iri").condition.tolist() == ["good"]
    assert derived(segment, "sdi").condition.tolist() == ["fair"]
    assert derived(segment, "combined").condition.tolist() == ["fair"]
    recorded = derived(segment, "condition")
    assert recorded.condition.tolist() == ["heavy_damage"]
    assert [(one.code, one.count) for one in recorded.findings] == [("condition_contradicted", 1)]
    for borne_out in ("good", "fair"):  # by IRI; by SDI and by both
        assert derived(surveyed((borne_out, 3.25, 91)), "condition").findings == ()


def test_what_was_not_measured_keeps_the_class_of_the_surveyor() -> None:
    frame = surveyed(("fair", None, None), ("fair", 20.0, None), (None, None, None), ("unsurveyed", None, 10.0))
    found = derived(frame, "iri")
    assert found.condition.tolist() == ["fair", "heavy_damage", None, "unsurveyed"]
    assert found.by_record.tolist() == [True, False, False, False]
    assert [(one.code, one.count) for one in found.findings] == [("condition_by_record", 1)]
    assert derived(frame, "combined").condition.tolist() == ["fair", "heavy_damage", None, "good"]


def test_negative_measures_count_as_not_measured() -> None:
    found = derived(surveyed(("good", -1.0, 400.0), ("fair", 2.0, -5.0)), "combined")
    assert found.condition.tolist() == ["heavy_damage", "good"]
    assert {one.code: one.count for one in found.findings} == {"survey_negative_measure": 2}


def test_no_segments_have_no_classes() -> None:
    assert derived(surveyed(), "combined").condition.tolist() == []
    assert derived(surveyed(), "condition").findings == ()


MEASURE = st.one_of(st.none(), st.floats(0, 400))


@given(st.lists(st.tuples(MEASURE, MEASURE), max_size=20))
def test_combined_classes_are_those_of_one_segment_at_a_time(rows: list[tuple[float | None, float | None]]) -> None:
    found = derived(surveyed(*((None, iri, distress) for iri, distress in rows)), "combined").condition
    for (iri, distress), condition in zip(rows, found, strict=True):
        by_iri, by_sdi = (
            classify_condition([np.nan if value is None else value], bands=scale_bands)[0]
            for value, scale_bands in ((iri, IRI), (distress, SDI))
        )
        expected = combine_conditions(by_iri, by_sdi, table=BINA_MARGA_2011)
        assert condition == (None if expected == "unsurveyed" else expected)
