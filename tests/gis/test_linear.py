"""STA text, and lines cut by measure."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import InvalidMeasure, InvalidStation
from gis.linear import cut_lines, format_station, locate_points, parse_station, points_at
from tests.gis.builders import GEOD, geodesic_m, walks


def test_station_of_the_test_vector() -> None:
    """T15."""
    assert parse_station("3+670") == 3670
    assert format_station(3670) == "3+670"


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("0+000", 0),
        ("0+700", 700),
        ("STA 12+050", 12_050),
        ("sta. 3 + 670", 3670),
        (" 3+670,5 ", 3670.5),
        ("3+670.25", 3670.25),
    ],
)
def test_spellings_that_agencies_use(text: str, metres: float) -> None:
    assert parse_station(text) == metres


@pytest.mark.parametrize("text", ["", "3670", "3+67", "3+1670", "-1+000", "3+670 L", "3.670", "tiga+670", "3+670+100"])
def test_what_might_mean_two_places_is_not_guessed(text: str) -> None:
    with pytest.raises(InvalidStation) as refused:
        parse_station(text)
    assert "3+670" in refused.value.message_id


@given(st.integers(0, 9_999_999))
def test_station_and_back(metres: int) -> None:
    assert parse_station(format_station(metres)) == metres


def test_metres_are_rounded_and_carried() -> None:
    assert format_station(999.6) == "1+000"
    for wrong in (-1.0, float("nan"), float("inf")):
        with pytest.raises(InvalidStation):
            format_station(wrong)


def shares(*values: float) -> np.ndarray:
    return np.array(values)


def test_half_of_a_straight_road_ends_in_its_middle() -> None:
    road = shapely.LineString([(103, 0), (103.02, 0)])
    pieces = cut_lines(np.array([road]), np.array([0]), shares(0), shares(0.5))
    assert pieces.geometries[0].coords[-1] == pytest.approx((103.01, 0))
    assert geodesic_m(pieces.geometries[0]) == pytest.approx(geodesic_m(road) / 2)


def test_sections_follow_the_road_by_true_metres() -> None:
    """Degrees north and east differ in length: a cut by degrees would lie elsewhere."""
    road = shapely.LineString([(103, 60), (103.01, 60), (103.01, 60.01)])
    pieces = cut_lines(np.array([road]), np.array([0, 0]), shares(0, 0.4), shares(0.4, 1))
    assert [geodesic_m(piece) for piece in pieces.geometries] == pytest.approx(
        [geodesic_m(road) * 0.4, geodesic_m(road) * 0.6], rel=1e-6
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_sections_between_any_cuts_make_up_the_road(seed: int, cuts: list[float]) -> None:
    lines = walks(seed, 3, step=0.001)
    borders = np.unique([0.0, *cuts, 1.0])
    line = np.repeat(np.arange(3), len(borders) - 1)
    start, end = np.tile(borders[:-1], 3), np.tile(borders[1:], 3)
    pieces = cut_lines(lines, line, start, end)
    found = np.bincount(pieces.section, [geodesic_m(piece) for piece in pieces.geometries], minlength=len(line))
    expected = (end - start) * np.array([geodesic_m(road) for road in lines])[line]
    assert found == pytest.approx(expected, abs=1e-3)
    for number, road in enumerate(lines):
        own = pieces.geometries[line[pieces.section] == number]
        assert shapely.hausdorff_distance(shapely.union_all(own), road) < 1e-9


def test_gap_in_a_road_has_no_length_and_is_not_bridged() -> None:
    parts = [[(103, 0), (103.01, 0)], [(103.05, 0), (103.06, 0)]]
    road = shapely.MultiLineString(parts)
    pieces = cut_lines(np.array([road]), np.array([0]), shares(0.25), shares(0.75))
    assert pieces.section.tolist() == [0, 0]
    assert [piece.bounds[0] for piece in pieces.geometries] == pytest.approx([103.005, 103.05])
    assert [piece.bounds[2] for piece in pieces.geometries] == pytest.approx([103.01, 103.055])


def test_cut_at_the_gap_belongs_to_one_part() -> None:
    road = shapely.MultiLineString([[(103, 0), (103.01, 0)], [(103.05, 0), (103.06, 0)]])
    pieces = cut_lines(np.array([road]), np.array([0, 0]), shares(0, 0.5), shares(0.5, 1))
    assert pieces.section.tolist() == [0, 1]
    assert [tuple(piece.bounds) for piece in pieces.geometries] == [
        pytest.approx((103, 0, 103.01, 0)),
        pytest.approx((103.05, 0, 103.06, 0)),
    ]


def test_roads_one_after_another_do_not_mix() -> None:
    roads = np.array([shapely.LineString([(103, 0), (103.01, 0)]), None, shapely.LineString([(104, 0), (104.01, 0)])])
    pieces = cut_lines(roads, np.array([2, 1, 0]), shares(0, 0, 0), shares(1, 1, 1))
    assert pieces.section.tolist() == [0, 2]
    assert [piece.bounds[0] for piece in pieces.geometries] == [104, 103]


def test_crossing_itself_and_turning_back() -> None:
    """A road that returns on its own line is cut by measure, not by nearest place."""
    road = shapely.LineString([(103, 0), (103.01, 0), (103, 0)])
    pieces = cut_lines(np.array([road]), np.array([0]), shares(0.75), shares(1))
    assert pieces.geometries[0].coords[0] == pytest.approx((103.005, 0))
    assert pieces.geometries[0].coords[-1] == pytest.approx((103, 0))


def test_sections_without_length_give_nothing() -> None:
    road = np.array([shapely.LineString([(103, 0), (103.01, 0)])])
    assert len(cut_lines(road, np.array([0]), shares(0.3), shares(0.3)).geometries) == 0
    assert len(cut_lines(road[:0], np.array([], dtype=int), shares(), shares()).geometries) == 0


@pytest.mark.parametrize(("start", "end"), [(-0.1, 0.5), (0.5, 1.1), (0.6, 0.5), (0.0, float("nan"))])
def test_section_backwards_or_beyond_is_refused(start: float, end: float) -> None:
    road = np.array([shapely.LineString([(103, 0), (103.01, 0)])])
    with pytest.raises(InvalidMeasure):
        cut_lines(road, np.array([0]), shares(start), shares(end))


def test_long_edges_are_cut_by_the_geodesic_length() -> None:
    road = shapely.LineString([(103, -3), (105, -3)])
    pieces = cut_lines(np.array([road]), np.array([0]), shares(0), shares(0.5))
    lon, lat = pieces.geometries[0].coords[-1]
    assert GEOD.inv(103, -3, lon, lat)[2] == pytest.approx(geodesic_m(road) / 2, rel=1e-4)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_points_of_shares_are_found_again(seed: int, wanted: list[float]) -> None:
    line = walks(seed, 1)[0]
    points = points_at(line, np.array(wanted))
    located = locate_points(line, shapely.get_coordinates(points))
    assert (located.distance_m < 0.01).all()
    again = points_at(line, located.share)  # a walk that crosses itself has two shares at one place
    gaps = GEOD.inv(*shapely.get_coordinates(points).T, *shapely.get_coordinates(again).T)[2]
    assert (gaps < 0.05).all()


def test_points_beside_and_beyond_a_road_are_located_as_pyproj_does() -> None:
    line = shapely.MultiLineString([[(102.9, -3.1), (102.95, -3.1)], [(102.96, -3.1), (102.97, -3.1)]])  # with a gap
    first, second = (GEOD.inv(a, -3.1, b, -3.1)[2] for a, b in ((102.9, 102.95), (102.96, 102.97)))
    located = locate_points(line, np.array([(102.92, -3.101), (102.8, -3.1), (102.9651, -3.1), (103.0, -3.1)]))
    along = (
        GEOD.inv(102.9, -3.1, 102.92, -3.1)[2],
        0,
        first + GEOD.inv(102.96, -3.1, 102.9651, -3.1)[2],
        first + second,
    )
    assert located.share * (first + second) == pytest.approx(along, abs=0.05)
    beside = GEOD.inv(102.92, -3.101, 102.92, -3.1)[2]
    assert located.distance_m[:3] == pytest.approx(
        [beside, GEOD.inv(102.8, -3.1, 102.9, -3.1)[2], 0], rel=1e-4, abs=0.05
    )


def test_many_points_are_located_as_one_by_one() -> None:
    rng = np.random.default_rng(8)
    line = shapely.LineString(np.cumsum(rng.normal(0, 1e-3, (300, 2)), axis=0) + shares(102.9, -3.1))
    points = rng.normal(shares(102.9, -3.1), 5e-3, (700, 2))
    together = locate_points(line, points)
    alone = [locate_points(line, point[None, :]) for point in points[::50]]
    assert together.share[::50] == pytest.approx([one.share[0] for one in alone])


def test_what_has_no_length_has_no_places() -> None:
    dot = shapely.LineString([(102.9, -3.1), (102.9, -3.1)])
    with pytest.raises(InvalidMeasure):
        locate_points(dot, np.array([(102.9, -3.1)]))
    with pytest.raises(InvalidMeasure):
        points_at(shapely.LineString([(102.9, -3.1), (102.95, -3.1)]), shares(1.01))
