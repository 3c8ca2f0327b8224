"""Where packages are: STA and geometry both ways, typed, drawn and walked places, distances, and hostile files."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from flask import Flask
from flask.testing import FlaskClient
from pyproj import Geod, Transformer
from sqlalchemy import Connection, text

from tests.helpers.factories import make_district, make_location, make_project, make_road
from tests.helpers.people import make_account, sign_in

API = "/api/v1/projects/P-1/locations"
PAGE = "/packages/P-1/locations"
GEOD = Geod(ellps="WGS84")
ROAD = [(102.9, -3.1), (102.95, -3.1), (102.95, -3.05)]  # east, then north


@pytest.fixture(autouse=True)
def package(connection: Connection, ready: None) -> int:
    """A package without a location, in a district with the bent ruas 014 that is 10 km long by law."""
    make_district(connection)
    line = ", ".join(f"{lon} {lat}" for lon, lat in ROAD)
    make_road(
        connection, code="014", name="Muara Beliti – Tugumulyo", length_sk_m=10_000, geom=f"MULTILINESTRING(({line}))"
    )
    return make_project(connection, code="P-1", geom=None)


def version(connection: Connection) -> int:
    return int(connection.scalar(text("SELECT version FROM app.project WHERE code = 'P-1'")) or 0)


def write(client: FlaskClient, connection: Connection, *places: dict[str, Any], **values: Any) -> Any:
    content = {"kind": "planned", "version": version(connection), "places": list(places), **values}
    return client.post(API, json=content)


def on_road(metre: float) -> tuple[float, float]:
    """A place on ruas 014 by its legal metre, found with pyproj alone."""
    legs = [GEOD.inv(*ROAD[i], *ROAD[i + 1]) for i in range(2)]
    along = metre / 10_000 * (legs[0][2] + legs[1][2])
    leg = 0 if along <= legs[0][2] else 1
    lon, lat, _ = GEOD.fwd(*ROAD[leg], legs[leg][0], along - leg * legs[0][2])
    return lon, lat


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(GEOD.inv(*one, *other)[2])


# STA and geometry


def test_stations_follow_the_road_by_its_legal_length(ppk: FlaskClient, connection: Connection) -> None:
    answer = write(ppk, connection, {"road_code": "014", "start": "1+000", "end": "STA 7+500"})
    assert answer.status_code == 201, answer.get_json()
    kept = answer.get_json()["places"]["planned"][0]
    assert (kept["start"], kept["end"], kept["length_m"], kept["method"]) == ("1+000", "7+500", 6500, "stations")
    drawn = kept["geometry"]["coordinates"]
    assert len(drawn) == 3  # with the bend
    assert tuple(drawn[1]) == ROAD[1]
    assert metres_between(drawn[0], on_road(1000)) < 0.5
    assert metres_between(drawn[-1], on_road(7500)) < 0.5
    best = connection.scalar(text("SELECT ST_AsText(geom, 4) FROM app.project WHERE code = 'P-1'"))
    assert best.startswith("LINESTRING")


@pytest.mark.parametrize(("start", "end"), [(0, 10_000), (250, 4_900), (1_234, 8_765), (6_000, 6_000)])
def test_a_drawn_line_finds_the_stations_it_was_drawn_at(
    ppk: FlaskClient, connection: Connection, start: int, end: int
) -> None:
    rng = np.random.default_rng(14)
    metres = np.unique(np.linspace(start, end, 40))
    points = [on_road(float(metre)) for metre in metres]
    shaken = [(lon + rng.uniform(-5e-5, 5e-5), lat + rng.uniform(-5e-5, 5e-5)) for lon, lat in points]  # 5 m
    shape = (
        {"type": "LineString", "coordinates": shaken[::-1]}
        if start < end
        else {"type": "Point", "coordinates": shaken[0]}
    )
    answer = ppk.post(f"{API}/preview", json={"kind": "built", "places": [{"geometry": shape, "snap": True}]})
    assert answer.status_code == 200, answer.get_json()
    found = answer.get_json()["places"]["built"][0]
    assert found["road_code"] == "014"
    assert abs(found["start_m"] - start) < 10
    assert abs(found["end_m"] - end) < 10
    assert connection.scalar(text("SELECT count(*) FROM app.project_location")) == 0  # nothing is kept


def test_the_nearest_of_two_roads_is_taken(ppk: FlaskClient, connection: Connection) -> None:
    make_road(connection, code="015", geom="MULTILINESTRING((102.9 -3.1003, 102.95 -3.1003))")  # 33 m south
    drawn = {"type": "LineString", "coordinates": [[102.91, -3.10025], [102.92, -3.10025]]}
    answer = ppk.post(f"{API}/preview", json={"kind": "planned", "places": [{"geometry": drawn, "snap": True}]})
    found = answer.get_json()["places"]["planned"][0]
    assert (found["road_code"], found["start"], found["end"]) == ("015", "1+000", "2+000")  # 5 km by law on 0.05°


@pytest.mark.parametrize(
    ("place", "field", "sentence"),
    [
        ({"road_code": "014", "start": "3670", "end": "4+000"}, "start", "STA"),
        ({"road_code": "014", "start": "4+000", "end": "3+000"}, "end", "sesudah"),
        ({"road_code": "014", "start": "9+000", "end": "10+051"}, "end", "berakhir di STA 10+000"),
        ({"road_code": "014", "start": "11+000"}, "start", "berakhir"),
        ({"road_code": "999", "start": "1+000"}, "road_code", "999"),
        ({"road_code": "014"}, "start", "STA awal"),
        ({"coordinates": "di depan masjid"}, "coordinates", "Baris 1"),
        ({"coordinates": "-3.1, 102.9", "shape": "line"}, "coordinates", "dua posisi"),
        ({"coordinates": "-3.1, 102.9\n-3.0, 103.0\n-3.1, 103.0\n-3.0, 102.9", "shape": "polygon"}, "coordinates", "berpotongan"),
        ({"coordinates": "-6.2, 106.8"}, "", "di luar wilayah"),
        ({"geometry": {"type": "Point", "coordinates": [181, 0]}}, "geometry", "bukan tempat"),
        ({"geometry": {"type": "Point"}}, "geometry", "dibaca"),
        ({"geometry": {"type": "GeometryCollection", "geometries": []}}, "geometry", "titik, garis"),
        ({"geometry": {"type": "Point", "coordinates": [103.0, -3.2]}, "snap": True}, "snap", "50 m"),
        ({}, "", "satu cara"),
        ({"coordinates": "-3.1, 102.9", "road_code": "014"}, "", "satu cara"),
        ({"coordinates": "-3.1, 102.9", "accuracy_m": -1}, "accuracy_m", "Paling sedikit"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_beside_its_field(
    ppk: FlaskClient, connection: Connection, place: dict[str, Any], field: str, sentence: str
) -> None:
    answer = write(ppk, connection, place)
    assert answer.status_code == 422, answer.get_json()
    assert sentence in answer.get_json()["errors"][f"places.0.{field}".rstrip(".")]
    assert connection.scalar(text("SELECT count(*) FROM app.project_location")) == 0


def test_the_last_metres_of_a_rounded_station_end_at_the_road(ppk: FlaskClient, connection: Connection) -> None:
    answer = write(ppk, connection, {"road_code": "014", "start": "9+000", "end": "10+040"})
    assert answer.get_json()["places"]["planned"][0]["end"] == "10+000"


def test_positions_are_read_in_every_way_they_are_written(ppk: FlaskClient, connection: Connection) -> None:
    easting, northing = Transformer.from_crs(4326, 32748, always_xy=True).transform(102.93, -3.15)
    written = f"-3,15; 102,93\n3°09'00\"S 102°55'48\"E\n{easting:.2f} {northing:.2f}"
    answer = write(ppk, connection, {"coordinates": written, "accuracy_m": 5})
    found = answer.get_json()["places"]["planned"]
    assert [one["geometry"]["type"] for one in found] == ["Point"] * 3
    assert all(metres_between(one["geometry"]["coordinates"], (102.93, -3.15)) < 0.1 for one in found)


# Replacing, versions, rights


def test_kinds_are_apart_and_the_past_is_kept(ppk: FlaskClient, connection: Connection) -> None:
    first = write(ppk, connection, {"coordinates": "-3.1, 102.91"}, {"coordinates": "-3.1, 102.92"}).get_json()
    one, two = (place["id"] for place in first["places"]["planned"])
    write(ppk, connection, {"coordinates": "-3.1, 102.91"}, kind="contracted")
    after = write(ppk, connection, {"coordinates": "-3.1, 102.911"}, keep=[one], reason="Pindah").get_json()
    assert next(place["id"] for place in after["places"]["planned"]) == one
    assert len(after["places"]["planned"]) == 2
    assert len(after["places"]["contracted"]) == 1
    gone = connection.scalars(text("SELECT id FROM history.project_location WHERE operation = 'delete'")).all()
    assert two in gone
    assert write(ppk, connection, keep=[two]).status_code == 422
    assert write(ppk, connection).get_json()["places"]["planned"] == []


def test_an_edit_of_an_old_version_is_shown_the_new_one(ppk: FlaskClient, connection: Connection) -> None:
    old = version(connection)
    write(ppk, connection, {"coordinates": "-3.1, 102.91"})
    late = write(ppk, connection, {"coordinates": "-3.1, 102.92"}, version=old)
    assert late.status_code == 409
    assert late.get_json()["current"]["version"] == old + 1
    form = {"kind": "planned", "version": old, "coordinates": "-3.1, 102.92", "note": "Jembatan kedua"}
    page = ppk.post(PAGE, data=form)
    assert page.status_code == 409
    assert "Jembatan kedua" in page.text
    assert f'name="version" value="{old + 1}"' in page.text


def test_only_those_with_the_right_change_places(app: Flask, connection: Connection, treasurer: FlaskClient) -> None:
    assert write(treasurer, connection, {"coordinates": "-3.1, 102.91"}).status_code == 403
    assert treasurer.post(f"{API}/preview", json={"kind": "planned"}).status_code == 403
    assert treasurer.get(API).status_code == 200
    page = treasurer.get(PAGE)
    assert page.status_code == 200
    assert "locations-form" not in page.text
    assert app.test_client().get(API).status_code == 401
    elsewhere = sign_in(app.test_client(), make_account(connection, "gis_operator", area_prefix="16.05.01"))
    assert write(elsewhere, connection, {"coordinates": "-3.1, 102.91"}).status_code == 403


# Distances


def test_places_farther_apart_than_their_accuracy_need_a_reason(ppk: FlaskClient, connection: Connection) -> None:
    write(ppk, connection, {"coordinates": "-3.1, 102.91", "accuracy_m": 10})
    lon, lat, _ = GEOD.fwd(102.91, -3.1, 90, 36)
    beyond = {"coordinates": f"{lat:.9f}, {lon:.9f}", "accuracy_m": 25}
    refused = write(ppk, connection, beyond, kind="built")
    assert refused.status_code == 422
    assert "36 m" in refused.get_json()["errors"]["reason"]
    assert "35 m" in refused.get_json()["errors"]["reason"]
    assert version(connection) == 2  # nothing half-kept
    kept = write(ppk, connection, beyond, kind="built", reason="Lahan belum bebas").get_json()
    assert kept["needs_reason"] is True
    assert kept["reason"] == "Lahan belum bebas"
    assert abs(kept["distances"][0]["distance_m"] - 36) < 0.01
    within = write(ppk, connection, {**beyond, "accuracy_m": 26}, kind="built").get_json()
    assert within["needs_reason"] is False


def test_a_reason_stays_until_another_is_sent(ppk: FlaskClient, connection: Connection) -> None:
    place = {"coordinates": "-3.1, 102.91"}
    assert write(ppk, connection, place, reason="Lahan belum bebas").get_json()["reason"] == "Lahan belum bebas"
    assert write(ppk, connection, place).get_json()["reason"] == "Lahan belum bebas"
    form = {"kind": "planned", "coordinates": "-3.1, 102.92"}
    assert ppk.post(PAGE, data={**form, "version": version(connection)}).status_code == 303
    assert ppk.get(API).get_json()["reason"] == "Lahan belum bebas"
    assert write(ppk, connection, place, reason="Trase digeser").get_json()["reason"] == "Trase digeser"
    assert ppk.post(PAGE, data={**form, "version": version(connection), "reason": ""}).status_code == 303
    assert ppk.get(API).get_json()["reason"] is None


def test_one_of_several_places_that_lies_elsewhere_is_told(ppk: FlaskClient, connection: Connection) -> None:
    write(ppk, connection, {"coordinates": "-3.1, 102.91\n-3.1, 102.92"})
    refused = write(ppk, connection, {"coordinates": "-3.1, 102.91\n-3.1, 102.93"}, kind="contracted")
    assert "Lokasi kontrak berjarak 1.11" in refused.get_json()["errors"]["reason"]


# Tracks


def gpx(*points: tuple[float, float], element: str = "trkpt") -> bytes:
    inner = "".join(f'<{element} lat="{lat}" lon="{lon}"><ele>1</ele></{element}>' for lon, lat in points)
    wrapped = {"trkpt": f"<trk><trkseg>{inner}</trkseg></trk>", "rtept": f"<rte>{inner}</rte>", "wpt": inner}[element]
    return f'<?xml version="1.0"?><gpx xmlns="http://www.topografix.com/GPX/1/1" version="1.1">{wrapped}</gpx>'.encode()


def upload(client: FlaskClient, connection: Connection, content: bytes, **values: Any) -> Any:
    form = {"kind": "built", "version": version(connection), "track": (BytesIO(content), "jalur.gpx"), **values}
    return client.post(PAGE, data=form, content_type="multipart/form-data")


def test_a_track_is_simplified_within_its_accuracy(ppk: FlaskClient, connection: Connection) -> None:
    rng = np.random.default_rng(3)
    walked = [(102.91 + step * 1e-5, -3.15 + float(rng.uniform(-3e-5, 3e-5))) for step in range(2000)]
    assert upload(ppk, connection, gpx(*walked), accuracy_m="8").status_code == 303
    kept = connection.execute(text("SELECT ST_AsText(geom) AS shape, method FROM app.project_location")).one()
    assert kept.method == "track"
    line = shapely.from_wkt(kept.shape)
    assert len(line.coords) < 50
    assert max(shapely.Point(point).distance(line) for point in walked) * 111_320 <= 8.1


def test_a_walked_road_is_laid_on_it(ppk: FlaskClient, connection: Connection) -> None:
    walked = [on_road(metre) for metre in range(2000, 6001, 20)]
    assert upload(ppk, connection, gpx(*walked), snap="true").status_code == 303
    kept = connection.execute(text("SELECT road_code, start_m, end_m, method FROM app.project_location")).one()
    assert (kept.road_code, kept.start_m, kept.end_m, kept.method) == ("014", 2000, 6000, "track")


@pytest.mark.parametrize(("element", "shape"), [("rtept", "LINESTRING"), ("wpt", "POINT")])
def test_routes_and_waypoints_count_where_nothing_was_walked(
    ppk: FlaskClient, connection: Connection, element: str, shape: str
) -> None:
    assert upload(ppk, connection, gpx((102.91, -3.15), (102.92, -3.16), element=element)).status_code == 303
    assert connection.scalar(text("SELECT ST_AsText(geom) FROM app.project_location LIMIT 1")).startswith(shape)


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><gpx><name>&b;</name></gpx>'
)
FILE = b'<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a SYSTEM "file:///etc/passwd">]><gpx><name>&a;</name></gpx>'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (BOMB, "DOCTYPE"),
        (FILE, "DOCTYPE"),
        (b"", "rusak"),
        (b"<gpx><trk>", "rusak"),
        (b"\xff\xd8\xff\xe0 a photo", "rusak"),
        (b"<kml/>", "bukan berkas GPX"),
        (b"<gpx/>", "Tidak ada jalur"),
        (gpx((102.91, -3.15)), "Tidak ada jalur"),
        (gpx((102.91, -3.15), (102.91, -3.15)), "tidak bergerak"),
        (gpx((106.8, -6.2), (106.9, -6.2)), "di luar wilayah"),
        (gpx((102.91, -93.0), (102.92, -3.0)), "bukan tempat di bumi"),
        (b'<gpx><wpt lat="nan" lon="102.9"/></gpx>', "bukan tempat di bumi"),
        (b'<gpx><wpt lat="tiga" lon="102.9"/></gpx>', "tidak memiliki koordinat"),
        (b"<gpx>" + b" " * (10 * 1024 * 1024) + b"</gpx>", "10 MB"),
        (b"<a>" * 200_000, "bukan berkas GPX"),
        (b"<gpx>" + b"<a>" * 200_000, "rusak"),
    ],
)  # fmt: skip
def test_hostile_and_empty_tracks_get_a_sentence(
    ppk: FlaskClient, connection: Connection, content: bytes, sentence: str
) -> None:
    answer = upload(ppk, connection, content, note="Keterangan yang tidak boleh hilang")
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Keterangan yang tidak boleh hilang" in answer.text
    assert connection.scalar(text("SELECT count(*) FROM app.project_location")) == 0


@pytest.mark.parametrize("name", ["cerknicko-jezero.gpx", "cerknicko-without-times.gpx", "unicode.gpx"])
def test_real_tracks_of_another_country_are_read_and_refused(
    ppk: FlaskClient, connection: Connection, shared_data: Path, name: str
) -> None:
    content = (shared_data / "photos_tracks" / name).read_bytes()
    answer = upload(ppk, connection, content)
    assert answer.status_code == 422
    assert "di luar wilayah" in answer.text
    connection.execute(text("DELETE FROM layers.districts"))  # where no borders are known, no place is outside
    assert upload(ppk, connection, content).status_code == 303
    assert connection.scalar(text("SELECT count(*) FROM app.project_location")) > 0


# The page


def test_the_page_changes_places_without_scripts(ppk: FlaskClient, connection: Connection, package: int) -> None:
    make_location(connection, package, "contracted", "POINT(102.94 -3.1)")
    assert "Lokasi kontrak" in ppk.get(f"{PAGE}?kind=contracted").text
    form = {"kind": "planned", "version": version(connection), "road_code": "014", "start": "2+000", "end": "3+000"}
    refused = ppk.post(PAGE, data=form)
    assert refused.status_code == 422
    assert "melebihi ketelitian" in refused.text
    assert ppk.post(PAGE, data={**form, "reason": "Trase digeser"}).status_code == 303
    page = ppk.get(PAGE).text
    assert "Ruas 014 STA 2+000 – 3+000" in page
    assert "Trase digeser" in page


def test_a_moment_of_the_past_is_read(ppk: FlaskClient, connection: Connection) -> None:
    assert ppk.get(f"{API}?as_of=2020-01-01").get_json()["places"]["planned"] == []
    assert ppk.get(f"{API}?as_of=kemarin").status_code == 400
