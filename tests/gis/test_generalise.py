"""Simplified geometries stay within what a zoom shows."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from gis.errors import InvalidMeasure, ProjectedGeometry
from gis.generalise import simplify, simplify_for_zoom, to_web_mercator, tolerance_m
from tests.gis.builders import walks


def test_tolerance_halves_from_zoom_to_zoom() -> None:
    # A tile of zoom 0 is 40 075 km wide on 256 pixels.
    assert tolerance_m(0) == pytest.approx(40_075_017 / 256 / 4, rel=1e-6)
    assert tolerance_m(7) == pytest.approx(2 * tolerance_m(8))
    for wrong in (-1, 23, float("nan")):
        with pytest.raises(InvalidMeasure):
            tolerance_m(wrong)


def test_projection_agrees_with_proj() -> None:
    lines = walks(1, 20)
    project = Transformer.from_crs(4326, 3857, always_xy=True).transform
    expected = shapely.transform(lines, lambda xy: np.column_stack(project(xy[:, 0], xy[:, 1])))
    assert shapely.get_coordinates(to_web_mercator(lines)) == pytest.approx(shapely.get_coordinates(expected), abs=1e-6)


def test_pole_is_drawn_at_the_edge_and_metres_are_refused() -> None:
    assert to_web_mercator(np.array([shapely.Point(0, -90)]))[0].y == pytest.approx(-20_037_508.34)
    with pytest.raises(ProjectedGeometry):
        to_web_mercator(np.array([shapely.Point(299_963, 9_657_183)]))


def test_simplified_line_stays_near_with_fewer_points() -> None:
    lines = to_web_mercator(walks(2, 30, points=200, step=0.0001))
    simple = simplify(lines, tolerance=100)
    assert shapely.hausdorff_distance(lines, simple).max() <= 100
    assert shapely.get_num_coordinates(simple).sum() < shapely.get_num_coordinates(lines).sum() / 3


def test_polygons_stay_valid_and_missing_stays_missing() -> None:
    blob = to_web_mercator(np.array([shapely.Point(103, -3).buffer(0.02, quad_segs=64)]))[0]
    geometries = np.array([blob, None], dtype=object)
    simple = simplify(geometries, tolerance=200)
    assert shapely.is_valid(simple[0])
    assert shapely.get_num_coordinates(simple[0]) < 40
    assert simple[1] is None
    assert simplify(geometries, tolerance=0).tolist() == geometries.tolist()


def test_zoom_decides_how_coarse() -> None:
    lines = walks(3, 10, points=300, step=0.0002)
    coarse, fine = simplify_for_zoom(lines, zoom=8), simplify_for_zoom(lines, zoom=14)
    assert shapely.get_num_coordinates(coarse).sum() < shapely.get_num_coordinates(fine).sum()
    assert shapely.hausdorff_distance(fine, to_web_mercator(lines)).max() <= tolerance_m(14)


def test_negative_tolerance_is_refused() -> None:
    with pytest.raises(InvalidMeasure):
        simplify(np.array([], dtype=object), tolerance=-1)
