"""Lengths and areas agree with geodesics computed one by one."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import MissingCrs, ProjectedGeometry
from gis.measure import area_m2, length_m, segment_lengths_m
from tests.gis.builders import GEOD, geodesic_m, geodesic_m2, walks

longitudes = st.floats(-180, 180, allow_nan=False)
latitudes = st.floats(-89.9, 89.9, allow_nan=False)


@given(longitudes, latitudes, st.floats(0, 360), st.floats(0.1, 200_000))
def test_piece_of_any_length_anywhere_is_the_geodesic(lon: float, lat: float, azimuth: float, metres: float) -> None:
    end_lon, end_lat, _ = GEOD.fwd(lon, lat, azimuth, metres)
    expected = GEOD.inv(lon, lat, end_lon, end_lat)[2]
    measured = segment_lengths_m(np.array([[lon, lat]]), np.array([[end_lon, end_lat]]))[0]
    assert measured == pytest.approx(expected, rel=1e-7, abs=1e-6)


def test_lines_agree_with_geodesics() -> None:
    lines = walks(1, 200, step=0.002)
    assert length_m(lines) == pytest.approx([geodesic_m(line) for line in lines], rel=1e-8)


def test_one_degree_along_the_equator() -> None:
    line = shapely.LineString([(103, 0), (104, 0)])
    assert length_m(np.array([line]))[0] == pytest.approx(6_378_137 * np.pi / 180, rel=1e-9)


def test_parts_of_a_collection_count_together() -> None:
    line = shapely.LineString([(103, -3), (103.01, -3.01)])
    other = shapely.LineString([(103.2, -3), (103.21, -3)])
    nested = shapely.GeometryCollection([line, shapely.GeometryCollection([other, shapely.Point(103, -3)])])
    both = shapely.MultiLineString([line, other])
    expected = geodesic_m(line) + geodesic_m(other)
    assert length_m(np.array([nested, both])) == pytest.approx([expected, expected])


def test_many_chunks_measure_like_one(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = walks(2, 25)
    whole = length_m(lines)
    monkeypatch.setattr("gis.measure.CHUNK_GEOMETRIES", 7)
    assert (length_m(lines) == whole).all()


def test_nothing_and_missing_have_no_length_or_area() -> None:
    none = np.array([], dtype=object)
    odd = np.array([None, shapely.LineString(), shapely.Polygon(), shapely.Point(103, -3)], dtype=object)
    assert len(length_m(none)) == len(area_m2(none)) == 0
    assert length_m(odd).tolist() == area_m2(odd).tolist() == [0, 0, 0, 0]


def test_polygon_has_no_length_and_line_no_area() -> None:
    pair = np.array([shapely.box(103, -3, 103.1, -2.9), shapely.LineString([(103, -3), (103.1, -3)])])
    assert length_m(pair)[0] == 0
    assert area_m2(pair)[1] == 0


@pytest.mark.parametrize("side_m", [20, 300, 5_000, 80_000])
@pytest.mark.parametrize("latitude", [-11, -3, 0, 0.1, 6, 60])
def test_area_agrees_with_geodesics(side_m: float, latitude: float) -> None:
    azimuths = np.arange(0, 360, 20)
    lon, lat, _ = GEOD.fwd([103] * 18, [latitude] * 18, azimuths, side_m * (1 + np.sin(azimuths)) / 2 + side_m / 2)
    star = shapely.Polygon(np.column_stack([lon, lat]))
    # GeographicLib itself is good to about a square centimetre for a small ring.
    assert area_m2(np.array([star]))[0] == pytest.approx(geodesic_m2(star), rel=2e-7, abs=0.05)


def test_long_edges_are_geodesics() -> None:
    triangle = shapely.Polygon([(103, -8), (106, -8.5), (104, -5)])
    assert area_m2(np.array([triangle]))[0] == pytest.approx(geodesic_m2(triangle), rel=1e-9)


def test_hole_is_left_out_and_a_house_is_measured_to_the_square_centimetre() -> None:
    outer, hole = shapely.box(103, -3, 103.01, -2.99), shapely.box(103.002, -2.998, 103.004, -2.996)
    ring = shapely.Polygon(outer.exterior, [hole.exterior])
    assert area_m2(np.array([ring]))[0] == pytest.approx(geodesic_m2(outer) - geodesic_m2(hole), rel=1e-7)
    house = shapely.box(103, -3, 103.0001, -2.9999)
    sides = GEOD.inv(103, -2.99995, 103.0001, -2.99995)[2] * GEOD.inv(103, -3, 103, -2.9999)[2]
    assert area_m2(np.array([house]))[0] == pytest.approx(sides, abs=1e-4)


def test_direction_of_a_ring_does_not_matter() -> None:
    square = shapely.box(103, -3, 103.01, -2.99)
    assert area_m2(np.array([square]))[0] == pytest.approx(area_m2(np.array([square.reverse()]))[0])


def test_degrees_are_asked_for_and_metres_refused() -> None:
    line = shapely.LineString([(103, -3), (103.1, -3)])
    projected = gpd.GeoSeries([line], crs=4326).to_crs(32748)
    with pytest.raises(MissingCrs):
        length_m(gpd.GeoSeries([line]))
    with pytest.raises(ProjectedGeometry, match="UTM"):
        length_m(projected)
    with pytest.raises(ProjectedGeometry, match="swapped"):
        length_m(projected.to_numpy())
    with pytest.raises(ProjectedGeometry, match="swapped"):
        area_m2(np.array([shapely.box(-3, 103, -2.9, 103.1)]))
