"""Lengths and areas are those of PostGIS on the ellipsoid."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from sqlalchemy import Connection, text

from gis.measure import area_m2, length_m
from tests.gis.builders import walks


def test_same_lengths_and_areas_as_geography(connection: Connection) -> None:
    lines = walks(31, 100, step=0.003)
    places = np.random.default_rng(31).uniform((95, -11), (141, 6), (100, 2))
    geometries = [*lines, *shapely.buffer(shapely.points(places), 0.01), shapely.MultiLineString(list(lines[:3]))]
    rows = connection.execute(
        text("""
            SELECT ST_Length(g::geography), ST_Area(g::geography)
            FROM unnest(CAST(:wkb AS text[])) WITH ORDINALITY AS w(hex, n), ST_SetSRID(hex::geometry, 4326) AS g ORDER BY n
        """),
        {"wkb": shapely.to_wkb(geometries, hex=True).tolist()},
    ).all()
    array = np.array(geometries, dtype=object)
    polygonal = shapely.get_dimensions(array) == 2
    lengths, areas = (np.array(column) for column in zip(*rows, strict=True))
    assert length_m(array)[~polygonal] == pytest.approx(lengths[~polygonal], rel=1e-6)
    assert area_m2(array) == pytest.approx(areas, rel=1e-6)
    # Both say that a polygon has no length; its perimeter is another thing.
    assert lengths[polygonal].tolist() == length_m(array)[polygonal].tolist()
