"""Tile addresses and their boxes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from gis.constants import MAX_ZOOM, WEB_MERCATOR_HALF_M
from gis.errors import InvalidMeasure, TileOutsideMatrix
from gis.tiles import check_tile, tile_at, tile_bounds_3857, tile_bounds_4326, tiles_covering
from gis.types import TileXYZ


def test_zoom_0_is_the_whole_square() -> None:
    half = WEB_MERCATOR_HALF_M
    assert tile_bounds_3857(0, 0, 0) == (-half, -half, half, half)
    assert tile_bounds_4326(0, 0, 0) == pytest.approx((-180, -85.0511287798, 180, 85.0511287798))


@given(st.integers(0, MAX_ZOOM), st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_box_in_degrees_is_the_box_in_metres(z: int, across: float, down: float) -> None:
    x, y = int(across * 2**z), int(down * 2**z)
    west, south, east, north = tile_bounds_3857(z, x, y)
    to_degrees = Transformer.from_crs(3857, 4326, always_xy=True).transform
    expected = (*to_degrees(west, south), *to_degrees(east, north))
    assert tile_bounds_4326(z, x, y) == pytest.approx(expected, abs=1e-9)


@given(st.integers(0, MAX_ZOOM), st.floats(-179.99, 179.99), st.floats(-85, 85))
def test_place_lies_in_its_tile(z: int, longitude: float, latitude: float) -> None:
    west, south, east, north = tile_bounds_4326(*tile_at(longitude, latitude, z))
    assert west - 1e-9 <= longitude <= east + 1e-9
    assert south - 1e-9 <= latitude <= north + 1e-9


def test_neighbours_share_their_edge_exactly() -> None:
    assert tile_bounds_3857(14, 12881, 8341)[2] == tile_bounds_3857(14, 12882, 8341)[0]
    assert tile_bounds_4326(14, 12881, 8341)[1] == tile_bounds_4326(14, 12881, 8342)[3]


def test_tiles_that_cover_musi_rawas_at_zoom_8() -> None:
    covering = list(tiles_covering((102.2, -3.6, 103.7, -2.3), 8))
    assert covering == [TileXYZ(8, 200, 129), TileXYZ(8, 201, 129), TileXYZ(8, 200, 130), TileXYZ(8, 201, 130)]


def test_point_and_places_beyond_the_matrix_take_one_tile() -> None:
    assert len(list(tiles_covering((103, -3, 103, -3), 16))) == 1
    assert tile_at(180, -90, 3) == TileXYZ(3, 7, 7)
    assert tile_at(-180, 90, 3) == TileXYZ(3, 0, 0)


@pytest.mark.parametrize("tile", [(-1, 0, 0), (23, 0, 0), (3, 8, 0), (3, 0, 8), (3, -1, 0), (0, 0, 1)])
def test_tile_outside_the_matrix_is_refused(tile: tuple[int, int, int]) -> None:
    for function in (check_tile, tile_bounds_3857, tile_bounds_4326):
        with pytest.raises(TileOutsideMatrix):
            function(*tile)


def test_box_inside_out_is_refused() -> None:
    with pytest.raises(InvalidMeasure):
        tiles_covering((103.7, -3.6, 102.2, -2.3), 8)
    with pytest.raises(TileOutsideMatrix):
        tiles_covering((102.2, -3.6, 103.7, -2.3), 23)
