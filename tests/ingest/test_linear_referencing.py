"""Segments lie on their ruas between their two STA, measured by the legal length."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from pyproj import Geod

from layers.ingest.linear_referencing import RuasLines, place_segments

GEOD = Geod(ellps="WGS84")
BENT = shapely.LineString([(103.0, -3.0), (103.05, -3.0), (103.05, -3.05), (103.1, -3.05)])
TWO_PIECES = shapely.MultiLineString([[(103.2, -3.0), (103.21, -3.0)], [(103.22, -3.0), (103.23, -3.0)]])
ROADS = RuasLines(np.array(["001", "002"]), np.array([BENT, TWO_PIECES], dtype=object), np.array([10_000.0, 2_000.0]))


def place(*segments: tuple[str, float, float]):  # type: ignore[no-untyped-def]
    codes, starts, ends = zip(*segments, strict=True)
    return place_segments(ROADS, np.array(codes, dtype=object), np.array(starts, float), np.array(ends, float))


def test_all_segments_together_are_the_ruas() -> None:
    placed = place(*[("001", start, start + 100.0) for start in range(0, 10_000, 100)])
    merged = shapely.line_merge(shapely.union_all(placed.geometries))
    assert shapely.hausdorff_distance(merged, BENT) < 1e-9
    lengths = [GEOD.geometry_length(one) for one in placed.geometries]
    assert lengths == pytest.approx([GEOD.geometry_length(BENT) / 100] * 100, rel=1e-6)


def test_a_segment_over_a_bend_keeps_its_corner() -> None:
    third = GEOD.geometry_length(shapely.LineString(BENT.coords[:2])) / GEOD.geometry_length(BENT) * 10_000
    placed = place(("001", third - 100, third + 100))
    assert shapely.get_num_coordinates(placed.geometries).tolist() == [3]
    assert shapely.distance(placed.geometries[0], shapely.Point(103.05, -3.0)) < 1e-12


def test_a_gap_has_no_length() -> None:
    placed = place(("002", 500.0, 1_500.0))
    assert shapely.get_num_geometries(placed.geometries).tolist() == [2]
    assert shapely.bounds(placed.geometries[0]) == pytest.approx((103.205, -3.0, 103.225, -3.0))


def test_why_segments_cannot_be_placed() -> None:
    placed = place(("009", 0, 100), ("001", 10_000, 10_100), ("001", 9_950, 10_051), ("001", 9_950, 10_050))
    assert placed.unknown_road.tolist() == [True, False, False, False]
    assert placed.beyond_end.tolist() == [False, True, True, False]
    assert placed.cut.tolist() == [False, False, False, True]
    assert shapely.is_missing(placed.geometries).tolist() == [True, True, True, False]
    assert shapely.get_coordinates(placed.geometries[3])[-1] == pytest.approx((103.1, -3.05))


def test_without_any_road() -> None:
    nothing = RuasLines(np.array([], dtype=str), np.array([], dtype=object), np.array([]))
    placed = place_segments(nothing, np.array(["001"], dtype=object), np.array([0.0]), np.array([100.0]))
    assert placed.unknown_road.tolist() == [True]
    assert placed.geometries.tolist() == [None]


def test_without_any_segment() -> None:
    placed = place_segments(ROADS, np.array([], dtype=object), np.array([]), np.array([]))
    assert len(placed.geometries) == 0
