"""Roads one by one: their lengths close with those of the districts, their sections lie where the STA says."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import MissingCrs, UnprojectedGeometry
from gis.road_condition import CONDITION_CLASSES, SURVEYED_CLASSES
from gis.road_table import condition_trend, crossed_areas, lengths_by_road, merge_sections, road_access
from gis.roads import NOWHERE, SURFACE_GROUPS, ConditionLengths, condition_lengths
from tests.gis.builders import districts, frame, geodesic_m, roads, rule, segments, walks

THREE = districts("16.05.01", "16.05.02", "16.05.03")
TOLERANCE = rule(2, "TOLERANSI_PANJANG_SK")
ACROSS = shapely.LineString([(103.05, -2.95), (103.25, -2.95)])
WITHIN = shapely.LineString([(103.02, -2.98), (103.02, -2.92)])


def computed(road_frame: gpd.GeoDataFrame, survey: pd.DataFrame) -> ConditionLengths:
    return condition_lengths(road_frame, survey, THREE, status="regency", scale_tolerance=TOLERANCE)


def random_case(seed: int) -> tuple[gpd.GeoDataFrame, ConditionLengths]:
    random = np.random.default_rng(seed)
    lines = [*walks(seed, 6, step=0.004), None]
    road_frame = roads(lines, random.integers(500, 9_000, len(lines)).astype(float).tolist())
    rows = [
        (code, start, min(start + 300, length), 2026, random.choice([*SURVEYED_CLASSES, None]))
        for code, length in zip(road_frame["code"], road_frame["length_sk_m"], strict=True)
        for start in range(0, int(length), 300)
    ]
    surfaces = random.choice(["asphalt", "gravel", "mud", None], len(rows))
    survey = segments(rows).assign(surface=surfaces)
    return road_frame, computed(road_frame.assign(surface="concrete"), survey)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_roads_close_with_their_districts_by_condition_and_surface(seed: int) -> None:
    road_frame, lengths = random_case(seed)
    by_condition = lengths_by_road(lengths, road_frame["code"], by="condition", classes=CONDITION_CLASSES, areas=None)
    by_surface = lengths_by_road(lengths, road_frame["code"], by="surface_group", classes=SURFACE_GROUPS, areas=None)
    legal = road_frame["length_sk_m"].to_numpy()
    assert by_condition.sum(axis=1).to_numpy() == pytest.approx(legal)
    assert by_surface.sum(axis=1).to_numpy() == pytest.approx(legal)
    assert by_condition.sum().to_numpy() == pytest.approx(lengths.total.to_numpy())
    in_one = [
        lengths_by_road(lengths, road_frame["code"], by="condition", classes=CONDITION_CLASSES, areas=[area])
        for area in lengths.metres.index
    ]
    assert sum(one.to_numpy() for one in in_one) == pytest.approx(by_condition.to_numpy())
    assert [one.sum().sum() for one in in_one] == pytest.approx(lengths.metres.sum(axis=1).tolist())


def test_surface_is_that_of_the_segment_else_of_the_road() -> None:
    road_frame = roads([WITHIN, WITHIN], [1_000, 500]).assign(surface=["earth", None])
    survey = segments([("0001", 0, 400, 2026, "good"), ("0001", 400, 1_000, 2026, "fair")])
    lengths = computed(road_frame, survey.assign(surface=["paving", None]))
    table = lengths_by_road(lengths, ["0001", "0002"], by="surface_group", classes=SURFACE_GROUPS, areas=None)
    assert table.loc["0001"].to_dict() == {"paved": 0, "concrete": 400, "gravel": 0, "earth": 600, "unknown": 0}
    assert table.loc["0002", "unknown"] == 500


def test_frames_without_surfaces_have_none() -> None:
    lengths = computed(roads([WITHIN], [1_000]), segments([("0001", 0, 1_000, 2026, "good")]))
    assert lengths.sections["surface_group"].tolist() == ["unknown"]


def test_districts_crossed_begin_with_the_one_that_holds_most() -> None:
    lengths = computed(roads([ACROSS, WITHIN, None], [20_000, 6_000, 500]), segments([]))
    crossed = crossed_areas(lengths)
    # A quarter in 01, a half in 02, a quarter in 03.
    assert crossed["0001"][0] == "16.05.02"
    assert set(crossed["0001"][1:]) == {"16.05.01", "16.05.03"}
    assert crossed["0002"] == ("16.05.01",)
    assert crossed["0003"] == (NOWHERE,)
    assert crossed_areas(lengths, ["16.05.03"]).to_dict() == {"0001": ("16.05.03",)}


def test_neighbouring_sections_of_one_condition_are_one() -> None:
    road_frame = roads([ACROSS, None], [20_000, 300])
    rows = [("0001", start, start + 100, 2026, "good" if start < 5_000 else "fair") for start in range(0, 20_000, 100)]
    merged = merge_sections(road_frame, computed(road_frame, segments(rows)))
    stations = merged[["road_code", "sta_from_m", "sta_to_m", "condition"]].to_numpy().tolist()
    assert stations == [
        ["0001", 0.0, pytest.approx(5_000), "good"],
        ["0001", pytest.approx(5_000), pytest.approx(20_000), "fair"],
        ["0002", 0.0, 300.0, "unsurveyed"],
    ]
    assert merged.geometry.isna().tolist() == [False, False, True]
    drawn = geodesic_m(ACROSS)
    assert [geodesic_m(line) for line in merged.geometry[:2]] == pytest.approx([drawn / 4, drawn * 3 / 4], rel=1e-6)
    assert merge_sections(road_frame, computed(road_frame, segments(rows)), codes=["0002"])["road_code"].tolist() == [
        "0002"
    ]


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_merged_sections_keep_every_drawn_and_every_legal_metre(seed: int) -> None:
    road_frame, lengths = random_case(seed)
    merged = merge_sections(road_frame, lengths)
    legal = (merged["sta_to_m"] - merged["sta_from_m"]).groupby(merged["road_code"]).sum()
    assert legal.to_dict() == pytest.approx(dict(zip(road_frame["code"], road_frame["length_sk_m"], strict=True)))
    drawn = sum(geodesic_m(line) for line in road_frame.geometry if line is not None)
    assert sum(geodesic_m(line) for line in merged.geometry if line is not None) == pytest.approx(drawn, rel=1e-6)
    both = merged["road_code"] == merged["road_code"].shift()
    assert (merged["condition"] != merged["condition"].shift())[both].all()


def test_nothing_to_merge() -> None:
    merged = merge_sections(roads([], []), computed(roads([], []), segments([])))
    assert merged.empty
    assert merged.crs == 4326


def test_access_is_told_from_the_country_to_the_village() -> None:
    lines = [
        shapely.LineString([(0, 0), (1_000, 0)]),
        shapely.LineString([(1_000, 20), (1_000, 900)]),
        shapely.LineString([(0, 51), (0, 900)]),
        shapely.LineString([(500, -40), (500, -900)]),
    ]
    others = frame(lines, code=["1", "2", "3", "4"], status=["regency", "village", "provincial", "national"])
    metric = others.set_crs(32748, allow_override=True)
    access = road_access(metric, metric, reach=rule(50, "AKSES"))
    assert access.to_dict() == {"1": ("national", "village"), "2": ("regency",), "3": (), "4": ("regency",)}
    with pytest.raises(UnprojectedGeometry):
        road_access(others, others, reach=rule(50))
    with pytest.raises(MissingCrs):
        road_access(gpd.GeoDataFrame(others, crs=None).set_crs(None, allow_override=True), others, reach=rule(50))


def test_trend_has_every_survey_year_of_the_roads() -> None:
    road_frame = roads([ACROSS], [20_000])
    rows = [
        ("0001", 0, 20_000, 2024, "good"),
        ("0001", 0, 10_000, 2025, "good"),
        ("0001", 10_000, 20_000, 2025, "heavy_damage"),
        ("9999", 0, 20_000, 2019, "good"),
    ]
    settings_ = {"status": "regency", "scale_tolerance": TOLERANCE}
    trend = condition_trend(road_frame, segments(rows), THREE, **settings_, within=None)  # type: ignore[arg-type]
    assert trend.index.tolist() == [2024, 2025]
    assert trend["good"].tolist() == pytest.approx([20_000, 10_000])
    # The last quarter lies in 03, and was good in 2024 only.
    part = condition_trend(road_frame, segments(rows), THREE, **settings_, within=["16.05.03"])  # type: ignore[arg-type]
    assert part["good"].tolist() == pytest.approx([5_000, 0], abs=1)
    assert part.sum(axis=1).tolist() == pytest.approx([5_000, 5_000], rel=1e-5)
    none = condition_trend(road_frame, segments([]), THREE, **settings_, within=None)  # type: ignore[arg-type]
    assert none.empty
