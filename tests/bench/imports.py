"""Imports: a file of 10 000 features to the map, and road segments against a bare COPY."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import psycopg

from app.config import ROOT
from tests.bench.home import Bench
from tests.bench.serving import Client, granian, serving
from tests.bench.synthetic import make_segments
from tests.bench.table import Row, at_least, at_most, not_measured
from tests.bench.tile_list import tile_list

SECTION = "import"
FEATURES, FEATURES_SECONDS = 10_000, 30
SEGMENTS, COPY_SHARE = 1_000_000, 0.5
PORT = 8795
COLUMNS = "road_code, sta_from_m, sta_to_m, survey_year, condition, district_codes, village_codes, demo, source, geom"


def measure(bench: Bench) -> Iterator[Row]:
    """Yield every row of this section."""
    with tempfile.TemporaryDirectory() as folder:
        yield from to_the_map(bench, Path(folder))
        yield from against_copy(bench, Path(folder))


def to_the_map(bench: Bench, folder: Path) -> Iterator[Row]:
    """Import streets while the web serves, and ask for a tile that shows them."""
    what = f"{FEATURES} features, from the command to a tile that shows them"
    chosen = bench.regency.roads.iloc[:FEATURES]
    name = f"Jalan {time.time_ns()}"
    file = folder / "streets.gpkg"
    gpd.GeoDataFrame({"NAME": name, "TYPE": chosen["class"]}, geometry=chosen.geometry, crs=4326).to_file(file)
    tile = tile_list(chosen.iloc[[0]], range(15, 16))[0]
    address = f"/tiles/streets/{tile.z}/{tile.x}/{tile.y}.mvt"
    web = granian("wsgi:app", port=PORT)
    with serving(web, port=PORT, environment=bench.environment(), ready="/healthz"), Client(PORT) as client:
        start = time.perf_counter()
        problem = _import(bench, file, "streets")
        seen = name.encode() in client.get(address).body
        seconds = time.perf_counter() - start
    with bench.connect("owner") as connection:
        connection.execute("DELETE FROM layers.streets WHERE name = %s", (name,))
    if problem or not seen:
        yield not_measured(SECTION, what, f"≤ {FEATURES_SECONDS} s", problem or "the tile does not show them")
        return
    yield at_most(SECTION, what, seconds, FEATURES_SECONDS, "s")


def against_copy(bench: Bench, folder: Path) -> Iterator[Row]:
    """Import segments, then load the very rows that came of it by COPY into the emptied table."""
    count = int(SEGMENTS * bench.scale)
    what = f"{count} road segments against COPY into the same table"
    segments = make_segments(bench.regency.roads, count)
    names = {"road_code": "no_ruas", "sta_from_m": "sta_awal", "sta_to_m": "sta_akhir", "survey_year": "tahun"}
    file = folder / "segments.fgb"
    segments.rename(columns={**names, "condition": "kondisi"}).to_file(file)
    _empty(bench)
    start = time.perf_counter()
    problem = _import(bench, file, "road_segments")
    import_s = time.perf_counter() - start
    if problem:
        yield not_measured(SECTION, what, f"≥ {COPY_SHARE} × its speed", problem)
        return
    rows = folder / "rows.copy"
    with bench.connect("owner") as connection:
        loaded = connection.execute("SELECT count(*) FROM layers.road_segments").fetchone()
        with (
            rows.open("wb") as out,
            connection.cursor().copy(
                f"COPY (SELECT {COLUMNS} FROM layers.road_segments) TO STDOUT (FORMAT binary)"
            ) as copy,
        ):
            for data in copy:
                out.write(data)
    _empty(bench)
    with bench.connect("owner") as connection:
        start = time.perf_counter()
        _copy_back(connection, rows)
        connection.commit()
        copy_s = time.perf_counter() - start
    _empty(bench)
    note = f"{import_s:.1f} s, reading and checking the file included, against {copy_s:.1f} s"
    note += f" for {loaded[0] if loaded else 0} rows"
    yield at_least(SECTION, what, copy_s / import_s, COPY_SHARE, "× its speed", note)


def _copy_back(connection: psycopg.Connection[tuple[object, ...]], rows: Path) -> None:
    with (
        rows.open("rb") as source,
        connection.cursor().copy(f"COPY layers.road_segments ({COLUMNS}) FROM STDIN (FORMAT binary)") as copy,
    ):
        while data := source.read(1 << 20):
            copy.write(data)


def _empty(bench: Bench) -> None:
    """Empty the segments, and let every road be as it was before there were any."""
    with bench.connect("owner") as connection:
        connection.execute("TRUNCATE layers.road_segments")
        connection.execute("UPDATE layers.roads SET condition = 'unsurveyed' WHERE condition <> 'unsurveyed'")
        connection.execute("TRUNCATE history.roads")
    with bench.connect("owner") as connection:
        connection.autocommit = True
        connection.execute("VACUUM layers.roads")


def _import(bench: Bench, file: Path, layer: str) -> str:
    """Import as people do, by the command; return what went wrong, empty when nothing did."""
    command = [str(Path(sys.executable).parent / "petakarya"), "import", str(file), "--layer", layer]
    done = subprocess.run(command, cwd=ROOT, env=bench.environment(), capture_output=True, text=True)
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["it failed"])[-1]
