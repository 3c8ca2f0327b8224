"""Repair keeps what can be kept, and says what it did."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gis.geometry import drop_z, explode_collections, keep_dimension, promote_to_multi, repair

BOW_TIE = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
SQUARE = shapely.box(0, 0, 1, 1)


def objects(*geometries: shapely.Geometry | None) -> np.ndarray:
    array = np.empty(len(geometries), dtype=object)
    array[:] = geometries
    return array


def test_bow_tie_becomes_its_two_triangles() -> None:
    result = repair(objects(BOW_TIE))
    assert result.repaired.tolist() == [True]
    assert result.geometries[0].area == pytest.approx(2.0)
    assert shapely.is_valid(result.geometries[0])


def test_valid_geometry_is_left_alone() -> None:
    result = repair(objects(SQUARE))
    assert result.geometries[0] is SQUARE
    assert not result.repaired.any()


def test_collapsed_and_infinite_geometries_are_emptied() -> None:
    flat = shapely.Polygon([(0, 0), (1, 1), (2, 2), (0, 0)])
    still = shapely.LineString([(0, 0), (0, 0)])
    with np.errstate(invalid="ignore"):
        lost = shapely.LineString([(0, 0), (np.nan, 1)])
    result = repair(objects(flat, still, lost))
    assert result.emptied.tolist() == [True, True, True]
    assert not result.repaired.any()
    assert shapely.is_empty(result.geometries).all()
    assert shapely.get_dimensions(result.geometries).tolist() == [2, 1, 1]


def test_polygon_with_a_spike_stays_a_polygon() -> None:
    spiked = shapely.Polygon([(0, 0), (1, 0), (1, 1), (1, 3), (1, 1), (0, 1)])
    result = repair(objects(spiked))
    assert shapely.get_dimensions(result.geometries[0]) == 2
    assert result.geometries[0].area == pytest.approx(1.0)


def test_missing_and_empty_are_neither_repaired_nor_emptied() -> None:
    result = repair(objects(None, shapely.Polygon()))
    assert result.geometries[0] is None
    assert not result.repaired.any()
    assert not result.emptied.any()
    assert len(repair(objects()).geometries) == 0


def test_input_is_not_changed() -> None:
    given = objects(BOW_TIE)
    repair(given)
    assert given[0] is BOW_TIE


def test_keep_dimension_takes_the_polygons_of_a_collection() -> None:
    line = shapely.LineString([(0, 0), (5, 5)])
    mixed = shapely.GeometryCollection([line, shapely.GeometryCollection([SQUARE])])
    kept = keep_dimension(objects(mixed, SQUARE, line, None), 2)
    assert kept[0].equals(SQUARE)
    assert kept[1] is SQUARE
    assert kept[2].is_empty
    assert kept[3] is None


def test_single_geometries_become_multi() -> None:
    line = shapely.LineString([(0, 0), (1, 1)])
    ring = shapely.LinearRing([(0, 0), (1, 0), (1, 1)])
    multi = promote_to_multi(objects(shapely.Point(1, 2), line, SQUARE, ring, shapely.Polygon(), None))
    names = [geometry.geom_type for geometry in multi[:5]]
    assert names == ["MultiPoint", "MultiLineString", "MultiPolygon", "MultiLineString", "MultiPolygon"]
    assert multi[2].equals(SQUARE)
    assert multi[4].is_empty
    assert multi[5] is None
    assert promote_to_multi(multi).tolist() == multi.tolist()


def test_heights_are_dropped() -> None:
    flat = drop_z(objects(shapely.Point(1, 2, 3), None))
    assert not shapely.has_z(flat[0])
    assert flat[1] is None


def test_exploded_parts_know_their_owner() -> None:
    points = shapely.MultiPoint([(0, 0), (1, 1)])
    nested = shapely.GeometryCollection([SQUARE, shapely.GeometryCollection([points])])
    parts, owner = explode_collections(objects(points, None, shapely.Polygon(), nested))
    assert owner.tolist() == [0, 0, 3, 3, 3]
    assert [part.geom_type for part in parts] == ["Point", "Point", "Polygon", "Point", "Point"]
