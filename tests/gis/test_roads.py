"""Road lengths by district and condition close, and kemantapan rests on the legal length."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import InvalidMeasure, MissingColumn
from gis.figures import FigureContext
from gis.road_condition import CONDITION_CLASSES, SURVEYED_CLASSES
from gis.roads import NOWHERE, ConditionLengths, condition_lengths, kemantapan, road_figures
from tests.gis.builders import CONTEXT, districts, figure_value, frame, geodesic_m, roads, rule, segments, walks

THREE = districts("16.05.01", "16.05.02", "16.05.03")
TOLERANCE = rule(2, "PANJANG_SURVEI_TOLERANSI")
KEMANTAPAN = rule(2, "KEMANTAPAN", "V*")
ACROSS = shapely.LineString([(103.05, -2.95), (103.25, -2.95)])
WITHIN = shapely.LineString([(103.02, -2.98), (103.02, -2.92)])


def computed(
    road_frame: gpd.GeoDataFrame, rows: list, areas: gpd.GeoDataFrame = THREE, **options: object
) -> ConditionLengths:
    return condition_lengths(
        road_frame,
        segments(rows),
        areas,
        status="regency",
        scale_tolerance=TOLERANCE,
        **options,  # type: ignore[arg-type]
    )


def survey_of(road_frame: gpd.GeoDataFrame, seed: int, step: int = 100) -> list:
    """Segments of 100 m over the legal length of every road, of random condition."""
    random = np.random.default_rng(seed)
    return [
        (code, start, min(start + step, length), 2026, random.choice([*SURVEYED_CLASSES, None]))
        for code, length in zip(road_frame["code"], road_frame["length_sk_m"], strict=True)
        for start in range(0, int(length), step)
    ]


def codes(lengths: ConditionLengths) -> set[str]:
    return {finding.code for finding in lengths.findings}


def test_kemantapan_of_the_test_vector() -> None:
    """T11: of 732.460 km in the decree 392.890 km are stable."""
    road_frame = roads([WITHIN, WITHIN], [392_890, 339_570])
    lengths = computed(road_frame, [("0001", 0, 392_890, 2026, "fair"), ("0002", 0, 339_570, 2026, "light_damage")])
    figures = road_figures(lengths, rule=KEMANTAPAN, context=CONTEXT).figures
    assert figure_value(figures, "roads.length_km", "16.05") == pytest.approx(732.460)
    stable = figure_value(figures, "roads.kemantapan", "16.05")
    assert stable is not None
    assert (round(stable, 2), round(100 - stable, 2)) == (53.64, 46.36)


def test_unsurveyed_roads_stay_in_the_denominator() -> None:
    lengths = computed(roads([WITHIN, WITHIN], [6_000, 4_000]), [("0001", 0, 6_000, 2026, "good")])
    (whole, *_) = kemantapan(lengths, rule=KEMANTAPAN, context=CONTEXT).figures
    assert whole.value == pytest.approx(60)
    assert (whole.numerator, whole.denominator) == pytest.approx((6, 10))


def test_rule_says_how_many_classes_are_stable() -> None:
    lengths = computed(
        roads([WITHIN], [6_000]), [("0001", 0, 1_500, 2026, "good"), ("0001", 1_500, 6_000, 2026, "fair")]
    )
    (whole, *_) = kemantapan(lengths, rule=rule(1), context=CONTEXT).figures
    assert whole.value == pytest.approx(25)
    for wrong in (0, 1.5, 4):
        with pytest.raises(InvalidMeasure):
            kemantapan(lengths, rule=rule(wrong), context=CONTEXT)


def test_road_across_districts_is_split_by_measured_share() -> None:
    lengths = computed(roads([ACROSS], [20_000]), [("0001", 0, 20_000, 2026, "good")])
    # From 103.05 to 103.25 along a parallel: a quarter, a half, a quarter.
    assert lengths.metres["good"].to_dict() == pytest.approx(
        {"16.05.01": 5_000, "16.05.02": 10_000, "16.05.03": 5_000}, rel=1e-6
    )


def test_condition_falls_in_the_district_where_its_sta_lies() -> None:
    rows = [("0001", 0, 4_000, 2026, "good"), ("0001", 4_000, 20_000, 2026, "heavy_damage")]
    lengths = computed(roads([ACROSS], [20_000]), rows)
    assert lengths.metres["good"].to_dict() == pytest.approx({"16.05.01": 4_000, "16.05.02": 0, "16.05.03": 0}, abs=0.1)
    assert lengths.metres["heavy_damage"].to_dict() == pytest.approx(
        {"16.05.01": 1_000, "16.05.02": 10_000, "16.05.03": 5_000}, rel=1e-5
    )


def test_legal_length_counts_and_not_the_drawn_one() -> None:
    drawn = geodesic_m(ACROSS)
    lengths = computed(roads([ACROSS], [drawn * 3]), [])
    assert lengths.metres.to_numpy().sum() == pytest.approx(drawn * 3)


def test_same_split_as_substrings_intersected_one_by_one() -> None:
    """The other method: cut each segment out with shapely (in a metric CRS) and intersect it with each district."""
    areas = THREE.to_crs(32748)
    road_frame = roads(list(walks(21, 6, step=0.004)), [9_000.0, 7_400, 12_345, 500, 8_000, 10_001])
    rows = survey_of(road_frame, 21, step=250)
    lengths = computed(road_frame, rows)
    drawn = road_frame.to_crs(32748).set_index("code")
    legal = road_frame.set_index("code")["length_sk_m"]
    expected = dict.fromkeys(areas["code"], 0.0)
    for code, start, end, _, condition in rows:
        if condition != "good":
            continue
        line = drawn.geometry[code]
        piece = shapely.ops.substring(line, start / legal[code], end / legal[code], normalized=True)
        inside = [piece.intersection(area).length for area in areas.geometry]
        whole = [line.intersection(area).length for area in areas.geometry]
        shares = inside if sum(inside) > 0 else whole
        for district, share in zip(areas["code"], shares, strict=True):
            expected[district] += (end - start) * share / sum(shares) if sum(shares) else 0.0
    # UTM scales by some 0.0001 along such a road, which moves a cut by a metre at most.
    assert lengths.districts["good"].to_dict() == pytest.approx(expected, rel=1e-3, abs=3)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_every_table_closes(seed: int) -> None:
    random = np.random.default_rng(seed)
    lines = [*walks(seed, 8, step=0.004), None]
    road_frame = roads(lines, random.integers(500, 20_000, len(lines)).astype(float).tolist())
    lengths = computed(road_frame, survey_of(road_frame, seed))
    total = road_frame["length_sk_m"].sum()
    assert lengths.metres.to_numpy().sum() == pytest.approx(total, rel=1e-12)
    table = (lengths.table_km() * 1000).round().astype(int)
    assert table.loc["total", "total"] == total
    assert (table.iloc[:-1].sum() == table.loc["total"]).all()
    assert (table[list(CONDITION_CLASSES)].sum(axis=1) == table["total"]).all()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.permutations([0, 1, 2]))
def test_order_does_not_matter(seed: int, order: list[int]) -> None:
    road_frame = roads(list(walks(seed, 6, step=0.004)), [5_000.0] * 6)
    rows = survey_of(road_frame, seed)
    shuffled = np.random.default_rng(seed).permutation(len(rows))
    first = computed(road_frame, rows).metres
    second = computed(road_frame.iloc[::-1], [rows[i] for i in shuffled], THREE.iloc[order]).metres
    assert (second.index == first.index).all()
    assert second.to_numpy() == pytest.approx(first.to_numpy(), abs=1e-6)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 0.09))
def test_splitting_a_district_changes_no_sum(seed: int, where: float) -> None:
    road_frame = roads(list(walks(seed, 6, step=0.003)), [5_000.0] * 6)
    rows = survey_of(road_frame, seed)
    halves = [shapely.box(103, -3, 103 + where, -2.9), shapely.box(103 + where, -3, 103.1, -2.9)]
    split = frame([*halves, *THREE.geometry.iloc[1:]], code=["16.05.01a", "16.05.01b", "16.05.02", "16.05.03"])
    whole, parts = computed(road_frame, rows).metres, computed(road_frame, rows, split).metres
    merged = parts.loc[["16.05.01a", "16.05.01b"]].sum()
    assert merged.to_numpy() == pytest.approx(whole.loc["16.05.01"].to_numpy(), abs=1e-3)
    assert parts.sum().to_numpy() == pytest.approx(whole.sum().to_numpy(), abs=1e-6)


def test_other_authorities_do_not_count() -> None:
    road_frame = roads([WITHIN, ACROSS], [6_000, 20_000], status=["regency", "national"])
    lengths = computed(road_frame, [("0002", 0, 20_000, 2026, "good")])
    assert lengths.roads == 1
    assert lengths.metres.to_numpy().sum() == 6_000
    assert lengths.survey_year is None


def test_what_is_drawn_outside_is_shared_out_like_the_rest() -> None:
    leaving = shapely.LineString([(102.9, -2.95), (103.15, -2.95)])
    lengths = computed(roads([leaving], [25_000]), [("0001", 0, 25_000, 2026, "good")])
    assert lengths.metres["good"]["16.05.01"] == pytest.approx(25_000 * 2 / 3, rel=1e-4)
    assert NOWHERE not in lengths.metres.index


def test_section_wholly_outside_goes_where_the_rest_of_its_road_lies() -> None:
    leaving = shapely.LineString([(102.9, -2.95), (103.15, -2.95)])
    rows = [("0001", 0, 5_000, 2026, "good"), ("0001", 5_000, 25_000, 2026, "fair")]
    lengths = computed(roads([leaving], [25_000]), rows)
    assert lengths.metres["good"].to_dict() == pytest.approx(
        {"16.05.01": 5_000 * 2 / 3, "16.05.02": 5_000 / 3, "16.05.03": 0}, rel=1e-4
    )


def test_road_that_is_not_drawn_counts_in_the_whole_only() -> None:
    lengths = computed(roads([WITHIN, None], [6_000, 4_000]), [("0002", 0, 4_000, 2026, "good")])
    assert lengths.metres.loc[NOWHERE, "good"] == 4_000
    assert "roads_without_district" in codes(lengths)
    figures = road_figures(lengths, rule=KEMANTAPAN, context=CONTEXT).figures
    assert figure_value(figures, "roads.length_km", "16.05") == pytest.approx(10)
    assert figure_value(figures, "roads.length_km", "16.05.01") == pytest.approx(6)
    assert NOWHERE not in {figure.area for figure in figures}


def test_road_along_a_district_border_counts_once() -> None:
    border = shapely.LineString([(103.1, -2.98), (103.1, -2.92)])
    lengths = computed(roads([border], [6_600]), [("0001", 0, 6_600, 2026, "good")])
    assert lengths.metres["good"].to_dict() == pytest.approx({"16.05.01": 6_600, "16.05.02": 0, "16.05.03": 0})


def test_road_without_legal_length_is_a_finding() -> None:
    lengths = computed(roads([WITHIN, WITHIN], [6_000, float("nan")]), [])
    assert lengths.metres.to_numpy().sum() == 6_000
    assert "roads_without_legal_length" in codes(lengths)


def test_no_survey_gives_null_kemantapan_and_says_so() -> None:
    found = road_figures(computed(roads([WITHIN], [6_000]), []), rule=KEMANTAPAN, context=CONTEXT)
    assert figure_value(found.figures, "roads.kemantapan", "16.05") is None
    assert figure_value(found.figures, "roads.length_km.unsurveyed", "16.05") == 6
    assert "no_road_survey" in {finding.code for finding in found.findings}


def test_no_roads_gives_null_lengths_and_says_so() -> None:
    found = road_figures(computed(roads([], []), []), rule=KEMANTAPAN, context=CONTEXT)
    assert {figure.value for figure in found.figures} == {None}
    assert [finding.code for finding in found.findings] == ["no_legal_roads"]


def test_district_without_roads_has_length_0_and_no_kemantapan() -> None:
    lengths = computed(roads([WITHIN], [6_000]), [("0001", 0, 6_000, 2026, "good")])
    found = road_figures(lengths, rule=KEMANTAPAN, context=CONTEXT)
    assert figure_value(found.figures, "roads.length_km", "16.05.03") == 0
    assert figure_value(found.figures, "roads.kemantapan", "16.05.03") is None
    (finding,) = found.findings
    assert (finding.code, finding.count) == ("districts_without_roads", 2)


def test_figures_have_the_ids_of_the_contract_for_the_whole_and_each_district() -> None:
    figures = road_figures(computed(roads([ACROSS], [20_000]), []), rule=KEMANTAPAN, context=CONTEXT).figures
    ids = {"roads.length_km", "roads.kemantapan", *(f"roads.length_km.{name}" for name in CONDITION_CLASSES)}
    expected = {(figure_id, area) for figure_id in ids for area in ("16.05", *THREE["code"])}
    assert {(figure.id, figure.area) for figure in figures} == expected
    assert len(figures) == len(expected)
    assert {figure.rule for figure in figures} == {"KEMANTAPAN"}
    assert all(figure.verified and figure.inputs == CONTEXT.inputs for figure in figures)


def test_figures_of_one_district_alone() -> None:
    lengths = computed(roads([ACROSS], [20_000]), [("0001", 0, 20_000, 2026, "good")])
    figures = road_figures(lengths, rule=KEMANTAPAN, context=FigureContext("16.05.02")).figures
    assert {figure.area for figure in figures} == {"16.05.02"}
    assert figure_value(figures, "roads.length_km", "16.05.02") == pytest.approx(10, rel=1e-6)


def test_missing_columns_are_named() -> None:
    with pytest.raises(MissingColumn, match="length_sk_m"):
        computed(roads([WITHIN], [6_000]).drop(columns="length_sk_m"), [])


def test_inputs_are_not_changed() -> None:
    road_frame = roads([ACROSS, None], [20_000, 1_000])
    before = road_frame.copy()
    computed(road_frame, survey_of(road_frame, 1))
    assert road_frame.equals(before)
