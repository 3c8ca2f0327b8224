"""A tile holds what lies on it, says when it changes, and is refused where it does not exist."""

import gzip
from typing import Any

import mapbox_vector_tile
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.config import Settings, TileLimits
from app.tiles.queries import statement_of
from gis.tiles import tile_bounds_4326
from tests.helpers.database import as_role

Z, X, Y = 12, 3221, 2083
WEST, SOUTH, EAST, NORTH = tile_bounds_4326(Z, X, Y)


def add_street(
    connection: Connection, *points: tuple[float, float], name: str = "Jalan Merdeka", kind: str = "primary"
) -> int:
    line = f"LINESTRING({', '.join(f'{lon} {lat}' for lon, lat in points)})"
    return int(
        connection.scalar(
            text(
                "INSERT INTO layers.streets (name, class, geom) VALUES (:name, :kind, ST_Multi(ST_GeomFromText(:line, 4326))) RETURNING id"
            ),
            {"name": name, "kind": kind, "line": line},
        )
        or 0
    )


def decode(data: bytes) -> dict[str, Any]:
    return mapbox_vector_tile.decode(data, default_options={"y_coord_down": True})


def middle(share_x: float = 0.5, share_y: float = 0.5) -> tuple[float, float]:
    return WEST + share_x * (EAST - WEST), SOUTH + share_y * (NORTH - SOUTH)


def test_feature_lies_where_it_should_with_its_attributes(client: FlaskClient, connection: Connection) -> None:
    street = add_street(connection, middle(0.25, 0.75), middle(0.75, 0.25))
    answer = client.get(f"/tiles/streets/{Z}/{X}/{Y}.mvt")
    assert answer.status_code == 200
    assert answer.mimetype == "application/vnd.mapbox-vector-tile"
    (feature,) = [one for one in decode(answer.data)["streets"]["features"] if one["id"] == street]
    assert feature["properties"] == {"class": "primary"}
    (x0, y0), (x1, y1) = feature["geometry"]["coordinates"]
    assert (x0, y0, x1, y1) == pytest.approx((1024, 1024, 3072, 3072), abs=3)


def test_name_comes_with_the_zoom_that_shows_it(client: FlaskClient, connection: Connection) -> None:
    add_street(connection, middle(0.1, 0.1), middle(0.2, 0.2))
    west = client.get(f"/tiles/streets/{Z + 1}/{X * 2}/{Y * 2 + 1}.mvt")
    assert decode(west.data)["streets"]["features"][0]["properties"] == {"class": "primary", "name": "Jalan Merdeka"}


def test_line_beyond_the_edge_reaches_into_the_margin(client: FlaskClient, connection: Connection) -> None:
    """A street just outside the tile is still in it, so that its casing and label are not cut."""
    outside = EAST + (EAST - WEST) * 30 / 4096
    street = add_street(connection, (outside, middle()[1]), (outside, middle(0.5, 0.6)[1]))
    features = decode(client.get(f"/tiles/streets/{Z}/{X}/{Y}.mvt").data)["streets"]["features"]
    assert street in {feature["id"] for feature in features}
    assert client.get(f"/tiles/streets/{Z}/{X + 2}/{Y}.mvt").status_code == 204


def test_several_layers_in_one_tile(client: FlaskClient, connection: Connection) -> None:
    add_street(connection, middle(), middle(0.6, 0.6))
    connection.execute(
        text(
            "INSERT INTO layers.districts (code, name, geom) VALUES ('99.99.01', 'Uji', ST_Multi(ST_MakeEnvelope(:w, :s, :e, :n, 4326)))"
        ),
        {"w": WEST, "s": SOUTH, "e": EAST, "n": NORTH},
    )
    layers = decode(client.get(f"/tiles/districts,streets/{Z}/{X}/{Y}.mvt").data)
    assert set(layers) == {"districts", "districts_anchor", "streets"}
    (anchor,) = layers["districts_anchor"]["features"]
    assert anchor["geometry"]["type"] == "Point"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"/tiles/streets/{Z}/{X}/{Y}.mvt", 204),  # nothing drawn there
        ("/tiles/streets/12/0/0.mvt", 204),  # beyond the region
        ("/tiles/buildings/10/800/520.mvt", 204),  # below the first zoom of the layer
        ("/tiles/streets/12/4096/0.mvt", 404),
        ("/tiles/streets/12/0/-1.mvt", 404),
        ("/tiles/streets/23/0/0.mvt", 404),
        ("/tiles/jalan/12/0/0.mvt", 404),
        ("/tiles/streets,jalan/12/0/0.mvt", 404),
        ("/tiles/pg_shadow/12/0/0.mvt", 404),
        ("/tiles/streets;drop table x/12/0/0.mvt", 404),
        ("/tiles/streets/12/0/0.mvt?as_of=kemarin", 400),
    ],
)
def test_status_of_tiles_without_content(client: FlaskClient, address: str, status: int) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    if status >= 400:
        assert answer.mimetype == "application/problem+json"


def test_edit_is_in_the_next_tile(client: FlaskClient, connection: Connection) -> None:
    address = f"/tiles/streets/{Z}/{X}/{Y}.mvt"
    assert client.get(address).status_code == 204
    street = add_street(connection, middle(), middle(0.6, 0.6))
    first = client.get(address)
    assert first.status_code == 200
    connection.execute(text("DELETE FROM layers.streets WHERE id = :id"), {"id": street})
    assert client.get(address).status_code == 204


def test_only_tiles_that_the_edit_touches_are_made_anew(
    client: FlaskClient, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    import app.tiles.routes as routes

    made = []
    original = routes.make_tile
    monkeypatch.setattr(
        routes, "make_tile", lambda *args, **options: (made.append(args[2]), original(*args, **options))[1]
    )
    add_street(connection, middle(), middle(0.6, 0.6))
    here, elsewhere = f"/tiles/streets/{Z}/{X}/{Y}.mvt", f"/tiles/streets/{Z}/{X + 5}/{Y}.mvt"
    client.get(here), client.get(elsewhere)
    assert len(made) == 2
    client.get(here), client.get(elsewhere)
    assert len(made) == 2, "nothing changed, nothing is made"
    add_street(connection, middle(0.2, 0.2), middle(0.3, 0.3))
    client.get(here), client.get(elsewhere)
    assert [(tile.x, tile.y) for tile in made[2:]] == [(X, Y)]


def test_versioned_address_is_for_ever_and_an_invented_version_is_not(
    client: FlaskClient, connection: Connection
) -> None:
    add_street(connection, middle(), middle(0.6, 0.6))
    version = connection.scalar(text("SELECT version FROM app.layer_versions WHERE layer = 'streets'"))
    address = f"/tiles/streets/{Z}/{X}/{Y}.mvt"
    assert "immutable" in client.get(f"{address}?v={version}").headers["Cache-Control"]
    assert "immutable" in client.get(f"{address}?v={version}").headers["Cache-Control"]
    assert client.get(f"{address}?v=999999999").headers["Cache-Control"] == "public, no-cache"
    assert client.get(address).headers["Cache-Control"] == "public, no-cache"


def test_known_etag_is_answered_without_a_body(client: FlaskClient, connection: Connection) -> None:
    add_street(connection, middle(), middle(0.6, 0.6))
    address = f"/tiles/streets/{Z}/{X}/{Y}.mvt"
    etag = client.get(address).headers["ETag"]
    again = client.get(address, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    add_street(connection, middle(0.1, 0.1), middle(0.2, 0.2))
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 200


def test_gzip_when_the_caller_reads_it(client: FlaskClient, connection: Connection) -> None:
    add_street(connection, middle(), middle(0.6, 0.6))
    address = f"/tiles/streets/{Z}/{X}/{Y}.mvt"
    plain = client.get(address, headers={"Accept-Encoding": "identity"})
    packed = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data


def test_limit_shows_itself_in_header_and_tile(app: Flask, connection: Connection) -> None:
    app.config["SETTINGS"] = Settings(tiles=TileLimits(features=3))
    for share in (0.1, 0.2, 0.3, 0.4):
        add_street(connection, middle(share, share), middle(share + 0.1, share))
    answer = app.test_client().get(f"/tiles/streets/{Z}/{X}/{Y}.mvt")
    layers = decode(answer.data)
    assert answer.headers["X-Tile-Limited"] == "streets"
    assert len(layers["streets"]["features"]) == 3
    assert [feature["properties"]["layer"] for feature in layers["limited"]["features"]] == ["streets"]


def test_as_of_shows_the_past_at_full_and_low_zoom(client: FlaskClient, connection: Connection) -> None:
    street = add_street(connection, middle(), middle(0.6, 0.6))
    connection.execute(text("ALTER TABLE layers.streets DISABLE TRIGGER b_stamp_version"))
    connection.execute(text("UPDATE layers.streets SET valid_from = '2024-01-01' WHERE id = :id"), {"id": street})
    connection.execute(text("ALTER TABLE layers.streets ENABLE TRIGGER b_stamp_version"))
    connection.execute(text("DELETE FROM layers.streets WHERE id = :id"), {"id": street})
    for z, x, y in ((Z, X, Y), (10, X // 4, Y // 4), (14, X * 4 + 2, Y * 4 + 1)):
        address = f"/tiles/streets/{z}/{x}/{y}.mvt"
        assert client.get(f"{address}?as_of=2023-12-30").status_code == 204
        features = decode(client.get(f"{address}?as_of=2024-03-01").data)["streets"]["features"]
        assert street in {feature["id"] for feature in features}
        assert client.get(address).status_code == 204


def test_low_zoom_holds_only_the_great_streets(client: FlaskClient, connection: Connection) -> None:
    great = add_street(connection, middle(), middle(0.6, 0.6), kind="trunk")
    add_street(connection, middle(), middle(0.6, 0.6), kind="residential")
    features = decode(client.get(f"/tiles/streets/9/{X // 8}/{Y // 8}.mvt").data)["streets"]["features"]
    assert [feature["id"] for feature in features] == [great]


@pytest.mark.parametrize("zoom", [9, 10, 13, 14])
def test_plan_uses_the_index_of_the_stored_web_mercator_geometry(connection: Connection, zoom: int) -> None:
    connection.execute(
        text("""
            INSERT INTO layers.streets (class, geom)
            SELECT 'primary', ST_Multi(ST_MakeLine(ST_Point(103 + i % 100 * 0.01, -3 - i / 100 * 0.01, 4326),
                                                   ST_Point(103.005 + i % 100 * 0.01, -3 - i / 100 * 0.01, 4326)))
            FROM generate_series(1, 10000) i
        """)
    )
    for table in (
        "layers.streets",
        "generalised.streets_9_9",
        "generalised.streets_10_11",
        "generalised.streets_12_13",
    ):
        connection.execute(text(f"ANALYZE {table}"))
    _, statement = statement_of(("streets",), zoom, 20_000, False)
    bound = (
        statement.replace("%(z)s", str(zoom))
        .replace("%(x)s", str(X * 2**zoom // 4096))
        .replace("%(y)s", str(Y * 2**zoom // 4096))
    )
    with as_role(connection, "reader") as reader:
        plan = "\n".join(reader.scalars(text(f"EXPLAIN {bound}")))
    assert "geom_3857" in plan
    assert "Index" in plan
    assert "Seq Scan" not in plan


def test_staff_fields_never_reach_a_tile() -> None:
    from layers.catalogue import built_in_catalogue

    for definition in built_in_catalogue():
        names, statement = statement_of((definition.id,), 14, 10, False)
        for field in definition.fields:
            if field.access == "staff":
                assert f'"{field.name}"' not in statement
        assert names
