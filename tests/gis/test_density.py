"""Density of roads, and villages that a stable road reaches."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.density import REACH_CLASSES, density_figures, village_reach, village_seats
from gis.errors import InvalidMeasure, UnprojectedGeometry
from gis.road_condition import CONDITION_CLASSES
from tests.gis.builders import CONTEXT, figure_value

STABLE = ("good", "fair")


def metric(geometries: list[shapely.Geometry], **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=geometries, crs=32748)


def squares(count: int, side: float = 1_000) -> gpd.GeoDataFrame:
    boxes = [shapely.box(i * side, 0, (i + 1) * side, side) for i in range(count)]
    return metric(boxes, code=[f"v{i}" for i in range(count)])


def sections(*rows: tuple[str, str, shapely.Geometry | None]) -> gpd.GeoDataFrame:
    codes, conditions, lines = ([row[i] for row in rows] for i in range(3))
    return metric(lines, road_code=codes, condition=conditions)


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString(points)


def test_density_by_area_and_by_residents() -> None:
    figures = density_figures(
        "roads",
        {"16.05": 100.0, "16.05.01": 40.0, "16.05.02": None, "16.05.03": 3.0},
        {"16.05": 50.0, "16.05.01": 10.0, "16.05.02": 5.0, "16.05.03": 0.0},
        {"16.05": 20_000, "16.05.02": 400, "16.05.03": 0},
        areas=["16.05", "16.05.01", "16.05.02", "16.05.03"],
        context=CONTEXT,
    )
    assert figure_value(figures, "roads.density_km_per_km2", "16.05") == 2
    assert figure_value(figures, "roads.km_per_1000_residents", "16.05") == 5
    assert figure_value(figures, "roads.density_km_per_km2", "16.05.01") == 4
    for figure_id, area in (
        ("roads.km_per_1000_residents", "16.05.01"),
        ("roads.density_km_per_km2", "16.05.02"),
        ("roads.density_km_per_km2", "16.05.03"),
        ("roads.km_per_1000_residents", "16.05.03"),
    ):
        assert figure_value(figures, figure_id, area) is None


def test_village_is_reached_by_stable_roads_alone() -> None:
    roads = sections(
        ("1", "good", line((100, 500), (900, 500))),
        ("2", "unsurveyed", line((1_100, 500), (1_900, 500))),
        ("2", "heavy_damage", line((1_100, 600), (1_900, 600))),
        ("3", "light_damage", line((2_100, 500), (2_900, 500))),
        ("4", "fair", None),
    )
    found = village_reach(squares(4), roads, stable=STABLE, reach_m=0)
    assert found["reach"].tolist() == ["reached", "unsurveyed", "damaged", "none"]
    assert found["distance_m"].tolist() == [0, 100, 1_100, 2_100]
    assert found["road_code"].tolist() == ["1"] * 4


def test_road_beside_the_boundary_reaches_within_the_reach() -> None:
    roads = sections(("1", "fair", line((0, -50), (900, -50))))
    assert village_reach(squares(1), roads, stable=STABLE, reach_m=49.9)["reach"].tolist() == ["none"]
    assert village_reach(squares(1), roads, stable=STABLE, reach_m=50)["reach"].tolist() == ["reached"]
    assert village_reach(squares(1), roads, stable=("good",), reach_m=50)["reach"].tolist() == ["damaged"]


def test_nothing_at_all() -> None:
    none = village_reach(squares(2), sections(), stable=STABLE, reach_m=50)
    assert none["reach"].tolist() == ["none", "none"]
    assert none["road_code"].tolist() == [None, None]
    assert none["distance_m"].isna().all()
    assert village_reach(squares(0), sections(("1", "good", line((0, 0), (1, 1)))), stable=STABLE, reach_m=50).empty


def test_degrees_and_negative_reach_are_refused() -> None:
    roads = sections(("1", "good", line((0, 0), (1, 1))))
    with pytest.raises(UnprojectedGeometry):
        village_reach(squares(1).set_crs(4326, allow_override=True), roads, stable=STABLE, reach_m=50)
    with pytest.raises(InvalidMeasure):
        village_reach(squares(1), roads, stable=STABLE, reach_m=-1)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 800))
def test_reach_is_that_of_distances_measured_one_by_one(seed: int, reach_m: float) -> None:
    random = np.random.default_rng(seed)
    villages = squares(6, side=700)
    rows = [
        (str(number), str(random.choice(CONDITION_CLASSES)), shapely.LineString(random.uniform(-500, 4_500, (3, 2))))
        for number in range(5)
    ]
    found = village_reach(villages, sections(*rows), stable=STABLE, reach_m=reach_m)
    for village, one in zip(villages.geometry, found.itertuples(), strict=True):
        near = {condition for _, condition, road in rows if village.distance(road) <= reach_m}
        expected = (
            "reached" if near & set(STABLE)
            else "unsurveyed" if "unsurveyed" in near
            else "damaged" if near
            else "none"
        )  # fmt: skip
        assert one.reach == expected
        stable = [village.distance(road) for _, condition, road in rows if condition in STABLE]
        assert one.distance_m == pytest.approx(min(stable, default=np.nan), nan_ok=True)
    assert set(found["reach"]) <= set(REACH_CLASSES)


def test_seat_is_the_most_important_place_in_the_village() -> None:
    places = metric([shapely.Point(100, 100), shapely.Point(200, 200), shapely.Point(5_000, 0)], name=list("abc"))
    seats = village_seats(squares(2), places)
    assert seats["is_seat"].tolist() == [True, False]
    assert seats.geometry.iloc[0] == shapely.Point(100, 100)
    assert squares(2).geometry.iloc[1].contains(seats.geometry.iloc[1])
    assert village_seats(squares(1), places.iloc[:0])["is_seat"].tolist() == [False]
