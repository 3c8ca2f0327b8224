"""The benchmark's own parts: a regency that is always the same, a table that tells kept from missed."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Thread

import pytest
import shapely

from tests.bench.reach import network_reach
from tests.bench.synthetic import DISTRICTS, VILLAGES, Regency, make_regency, make_segments
from tests.bench.table import MARK, Row, at_least, at_most, markdown, not_measured, write_day
from tests.bench.tile_list import tile_list
from tests.bench.visits import answers_at_rate


@pytest.fixture(scope="module")
def regency() -> Regency:
    return make_regency(roads=16_000)


def test_villages_tile_the_regency_without_gap_or_overlap(regency: Regency) -> None:
    polygons = regency.villages.geometry.to_numpy()
    assert len(polygons) == VILLAGES
    assert shapely.is_valid(polygons).all()
    assert shapely.coverage_is_valid(polygons)
    assert 1_500 < shapely.get_num_coordinates(polygons).mean() < 2_500
    assert len(regency.districts) == DISTRICTS
    assert sum(shapely.area(regency.districts.geometry.to_numpy())) == pytest.approx(
        sum(shapely.area(polygons)), rel=1e-9
    )


def test_roads_are_the_same_at_every_run_and_know_their_districts(regency: Regency) -> None:
    again = make_regency(roads=16_000)
    assert (shapely.to_wkb(again.roads.geometry) == shapely.to_wkb(regency.roads.geometry)).all()
    assert len(regency.roads) == 16_000
    assert set(regency.roads["function"]) == {"arterial", "collector", "local", "neighbourhood"}
    road = regency.roads.iloc[7]
    touched = regency.districts[regency.districts.intersects(road.geometry)]["code"]
    assert road["district_codes"] == sorted(touched)


def test_any_number_of_segments_can_be_cut(regency: Regency) -> None:
    for count in (10, 300_000):
        segments = make_segments(regency.roads, count)
        assert len(segments) == count
        assert (shapely.get_num_coordinates(segments.geometry.to_numpy()) == 4).all()
        assert set(segments["road_code"]) <= set(regency.roads["code"])


def test_every_tile_asked_for_holds_a_road(regency: Regency) -> None:
    from gis.tiles import tile_bounds_4326

    tree = shapely.STRtree(regency.roads.geometry.to_numpy())
    tiles = tile_list(regency.roads, range(6, 17))
    assert {tile.z for tile in tiles} == set(range(6, 17))
    assert all(len(tree.query(shapely.box(*tile_bounds_4326(*tile)), predicate="intersects")) for tile in tiles)


def test_ways_of_the_search_are_those_of_the_plain_search() -> None:
    *_, difference = network_reach(crossings=24, residents=300)
    assert difference.verdict == "kept"


def test_table_tells_kept_from_missed(tmp_path: Path) -> None:
    rows: list[Row] = [
        at_most("a", "b", 3, 2, "s"),
        at_least("a", "c", 3, 2, "×"),
        not_measured("a", "d", "≤ 1", "no browser"),
    ]
    assert [row.verdict for row in rows] == ["missed", "kept", "not measured"]
    page = tmp_path / "page.md"
    page.write_text(f"# Head\n\n{MARK}\n\nyesterday\n")
    write_day(page, "Today", rows)
    assert page.read_text() == f"# Head\n\n{MARK}\n\nToday\n\n{markdown(rows)}"
    assert "| a: d | ≤ 1 | – | – | no browser |" in page.read_text()


def test_answers_are_late_from_when_they_were_due() -> None:
    """A server that needs 20 ms, asked ten times at once on few connections: none is lost, the last waits longest."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Slow(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            time.sleep(0.02)
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        waits, refused = answers_at_rate(server.server_port, ["/", "/nowhere"], per_second=200, seconds=0.2)
    finally:
        server.shutdown()
        server.server_close()
    assert (len(waits), refused) == (40, 20)
    assert min(waits) >= 0.02
