"""A band leaves out what would be too small to see, now and in the past."""

from __future__ import annotations

import mapbox_vector_tile
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from gis.tiles import tiles_covering
from tests.helpers.factories import make_road

SHORT = "MULTILINESTRING((103.100 -3.1, 103.105 -3.1))"  # about 560 m
LONG = "MULTILINESTRING((103.100 -3.1, 103.120 -3.1))"  # about 2.2 km


def shown(client: FlaskClient, zoom: int, query: str = "") -> set[int]:
    (tile,) = tiles_covering((103.1, -3.1, 103.1, -3.1), zoom)
    answer = client.get(f"/tiles/roads/{tile.z}/{tile.x}/{tile.y}.mvt{query}", headers={"Accept-Encoding": "identity"})
    features = mapbox_vector_tile.decode(answer.data)["roads"]["features"] if answer.data else []
    return {feature["id"] for feature in features}


def test_short_local_roads_appear_when_they_can_be_seen(client: FlaskClient, connection: Connection) -> None:
    long_local = make_road(connection, function="local", geom=LONG)
    short_local = make_road(connection, function="local", geom=SHORT)
    short_arterial = make_road(connection, function="arterial", geom=SHORT)
    unknown = make_road(connection, function=None, geom=LONG)
    assert shown(client, 8) == {long_local, short_arterial}
    assert shown(client, 10) == {long_local, short_local, short_arterial, unknown}
    assert shown(client, 6) == {short_arterial}


def test_past_tile_shows_the_same_classes_and_lengths(client: FlaskClient, connection: Connection) -> None:
    long_local = make_road(connection, function="local", geom=LONG)
    make_road(connection, function="local", geom=SHORT)
    connection.execute(text("ALTER TABLE layers.roads DISABLE TRIGGER b_stamp_version"))
    connection.execute(text("UPDATE layers.roads SET valid_from = '2025-01-01+07'"))
    assert shown(client, 9, "?as_of=2025-06-01") == {long_local}
