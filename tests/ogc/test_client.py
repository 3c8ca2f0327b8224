"""A client that others wrote reads the layers: GDAL's driver for OGC API Features, page by page."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import create_engine
from werkzeug.serving import make_server

from app.database.roles import DatabaseUrls
from tests.helpers.factories import make_district, make_region, make_road

ROADS = 7


@pytest.fixture
def address(committed_app: Flask, committed_database: DatabaseUrls) -> Iterator[str]:
    engine = create_engine(committed_database.owner)
    with engine.begin() as connection:
        make_region(connection)
        make_district(connection)
        for number in range(ROADS):
            make_road(connection, code=f"{number:03}", geom=f"MULTILINESTRING((102.9 -3.{number}, 102.95 -3.{number}))")
    engine.dispose()
    server = make_server("127.0.0.1", 0, committed_app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/ogc"
    server.shutdown()
    thread.join(timeout=10)


READ = """
import json, sys, pyogrio
source = f"OAPIF:{sys.argv[1]}"
if "OAPIF" not in pyogrio.list_drivers():
    sys.exit(77)
whole = pyogrio.read_dataframe(source, layer="roads", PAGE_SIZE=3)
part = pyogrio.read_dataframe(source, layer="roads", bbox=(102.8, -3.25, 103, -3.05))
print(json.dumps({
    "layers": [str(name) for name, _kind in pyogrio.list_layers(source)],
    "whole": sorted(whole["code"]), "bounds": list(whole.total_bounds), "part": sorted(part["code"]),
}))
"""  # in a process of its own: GDAL keeps Python waiting while it waits for our server


def test_gdal_lists_layers_and_reads_all_pages_of_one(address: str) -> None:
    done = subprocess.run([sys.executable, "-c", READ, address], capture_output=True, text=True, timeout=60)
    if done.returncode == 77:
        pytest.skip("this GDAL has no driver for OGC API Features")
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert {"roads", "districts"} <= set(read["layers"])
    assert read["whole"] == [f"{number:03}" for number in range(ROADS)]
    assert read["bounds"] == pytest.approx([102.9, -3.6, 102.95, -3.0])
    assert read["part"] == ["001", "002"]
