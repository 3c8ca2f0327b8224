"""Tiles: against the bare query, the naive query, TiPg and a bare Flask view; and how soon an edit is seen."""

from __future__ import annotations

import gzip
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import psycopg

from app import create_app
from app.database.roles import libpq_url
from app.extensions import make_tile_pool
from app.tiles import routes as tile_routes
from app.tiles.queries import statement_of
from gis.mvt import TilePart, tile_statement
from gis.types import TileXYZ
from layers.catalogue import built_in_catalogue
from layers.tiles import tile_parts
from tests.bench.home import Bench
from tests.bench.serving import Client, best_seconds, granian, requests_per_second, serving
from tests.bench.table import Row, at_least, at_most, not_measured
from tests.bench.tile_list import tile_list

SECTION = "tiles"
LAYER = "roads"
ROUNDS = 5
CONNECTIONS = 8
LOW, MIDDLE, HIGH = range(6, 10), range(10, 13), range(13, 17)
BARS = {MIDDLE: 1.1, HIGH: 1.6}
UNCACHED_PORT, CACHED_PORT, BARE_PORT, TIPG_PORT = 8791, 8792, 8793, 8794
NAIVE_SPEEDUP, LOW_KB, TIPG_SPEEDUP, CACHED_SHARE, SEEN_SECONDS = 18, 200, 2.5, 0.7, 1.0
EDIT_ZOOM = 14

Ask = Callable[[str], object]


def measure(bench: Bench) -> Iterator[Row]:
    """Yield every row of this section."""
    tiles = {zooms: tile_list(bench.regency.roads, zooms) for zooms in (LOW, MIDDLE, HIGH)}
    yield from against_sql(bench, tiles)
    yield from against_tipg(bench, tiles[HIGH])
    yield from cached_tiles(bench, tiles[HIGH])
    yield from after_an_edit(bench)


def address(tile: TileXYZ) -> str:
    """Return a tile's address in our application."""
    return f"/tiles/{LAYER}/{tile.z}/{tile.x}/{tile.y}.mvt"


def against_sql(bench: Bench, tiles: Mapping[range, Sequence[TileXYZ]]) -> Iterator[Row]:
    """Measure tiles that are made anew against the statement alone, on as many connections."""
    with _uncached(bench, compressed=False):
        yield from _low_zooms_speed(bench, tiles[LOW])
        for zooms in (MIDDLE, HIGH):
            yield from _ratios(bench, tiles[zooms], BARS[zooms], "before gzip")
    with _uncached(bench, compressed=True):
        yield from _low_zooms_size(tiles[LOW])


def _uncached(bench: Bench, *, compressed: bool) -> Any:
    environment = {**bench.environment(), "BENCH_GZIP": "1" if compressed else "0"}
    command = granian("tests.bench.uncached:app", port=UNCACHED_PORT)
    return serving(command, port=UNCACHED_PORT, environment=environment, ready="/healthz")


def _ratios(bench: Bench, tiles: Sequence[TileXYZ], bar: float, label: str) -> Iterator[Row]:
    addresses = [address(tile) for tile in tiles]
    with ExitStack() as stack:
        by_sql = [_sql_ask(stack, bench, tiles) for _ in range(CONNECTIONS)]
        by_app = [_http_ask(stack, UNCACHED_PORT) for _ in range(CONNECTIONS)]
        what = f"z{tiles[0].z}–{tiles[-1].z} not cached, {label}"
        sql, app = _alternate(by_sql[0], by_app[0], addresses)
        note = f"{app / len(tiles) * 1e3:.2f} ms against {sql / len(tiles) * 1e3:.2f} ms a tile"
        yield at_most(SECTION, f"{what}, 1 connection", app / sql, bar, "× bare SQL", note)
        sql_rate, app_rate = _best_rates(by_sql, by_app, addresses)
        note = f"{app_rate:.0f} against {sql_rate:.0f} tiles/s"
        yield at_most(SECTION, f"{what}, {CONNECTIONS} connections", sql_rate / app_rate, bar, "× bare SQL", note)


def _low_zooms_speed(bench: Bench, tiles: Sequence[TileXYZ]) -> Iterator[Row]:
    """Measure z6–9 against the query on full geometry, with every road in it."""
    with ExitStack() as stack:
        app = _http_ask(stack, UNCACHED_PORT)
        connection = _reader(stack, bench)
        for zoom in sorted({tile.z for tile in tiles}):
            of_zoom = [tile for tile in tiles if tile.z == zoom]
            columns = tile_parts(built_in_catalogue().layer(LAYER), zoom)[0].columns
            naive = tile_statement([TilePart(LAYER, f"layers.{LAYER}", "geom_3857", columns)], limit=10**9)
            best: dict[str, float] = {}
            for _ in range(ROUNDS):
                best_seconds(app, [address(tile) for tile in of_zoom], best=best)
            start = time.perf_counter()
            size = max(len(_fetch(connection, naive, tile)) for tile in of_zoom)
            seconds = time.perf_counter() - start
            ours = sum(best.values())
            note = f"{ours / len(of_zoom) * 1e3:.1f} ms against {seconds / len(of_zoom) * 1e3:.0f} ms a tile"
            note += f"; full geometry is {size / 1e6:.1f} MB at most"
            yield at_least(
                SECTION, f"z{zoom} not cached", seconds / ours, NAIVE_SPEEDUP, "× full geometry's speed", note
            )


def _low_zooms_size(tiles: Sequence[TileXYZ]) -> Iterator[Row]:
    with Client(UNCACHED_PORT, accept_encoding="gzip") as client:
        for zoom in sorted({tile.z for tile in tiles}):
            answers = [client.get(address(tile)) for tile in tiles if tile.z == zoom]
            largest = max(len(answer.body) for answer in answers)
            limited = sum(bool(answer.header("X-Tile-Limited")) for answer in answers)
            note = f"{limited} of {len(answers)} tiles limited" if limited else ""
            yield at_most(SECTION, f"z{zoom} largest on the wire", largest / 1e3, LOW_KB, "kB", note)


def against_tipg(bench: Bench, tiles: Sequence[TileXYZ]) -> Iterator[Row]:
    """Measure TiPg, in an environment of its own, beside ours."""
    what = f"z{tiles[0].z}–{tiles[-1].z} not cached, {CONNECTIONS} connections, against TiPg"
    python = bench.settings.home / "tipg" / "bin" / "python"
    if not python.exists() and not _install_tipg(bench):
        yield not_measured(SECTION, what, f"≥ {TIPG_SPEEDUP} ×", "TiPg cannot be installed here")
        return
    environment = {
        **bench.environment(),
        "DATABASE_URL": _asyncpg_url(bench.urls.owner),
        "TIPG_DB_SCHEMAS": '["layers"]',
        "TIPG_DB_TABLES": f'["layers.{LAYER}"]',
        "TIPG_DB_ONLY_SPATIAL_TABLES": "TRUE",
    }
    command = [str(python), "-m", "uvicorn", "tipg.main:app", "--port", str(TIPG_PORT), "--workers", "2"]
    command += ["--log-level", "error"]
    try:
        with ExitStack() as stack:
            stack.enter_context(serving(command, port=TIPG_PORT, environment=environment, ready="/healthz"))
            stack.enter_context(_uncached(bench, compressed=True))
            theirs = [_http_ask(stack, TIPG_PORT, _tipg_address, "gzip") for _ in range(CONNECTIONS)]
            ours = [_http_ask(stack, UNCACHED_PORT, accept_encoding="gzip") for _ in range(CONNECTIONS)]
            tipg_rate, app_rate = _best_rates(theirs, ours, [address(tile) for tile in tiles])
    except (OSError, RuntimeError) as error:
        yield not_measured(SECTION, what, f"≥ {TIPG_SPEEDUP} ×", f"TiPg does not serve: {error}")
        return
    note = f"{app_rate:.0f} against {tipg_rate:.0f} tiles/s, both with gzip"
    yield at_least(SECTION, what, app_rate / tipg_rate, TIPG_SPEEDUP, "× TiPg", note)


def _asyncpg_url(url: str) -> str:
    """Write an address with a socket's folder the way asyncpg reads it."""
    parts = urlsplit(libpq_url(url))
    query = parse_qs(parts.query)
    host = quote(query["host"][0], safe="")
    return f"postgresql://{parts.username}:{parts.password}@{host}:{query['port'][0]}{parts.path}"


def _install_tipg(bench: Bench) -> bool:
    folder = bench.settings.home / "tipg"
    print("installing TiPg …", flush=True)
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "tipg", "uvicorn"]
        subprocess.run(pip, check=True, capture_output=True, timeout=300)
    except (subprocess.SubprocessError, OSError):
        return False
    return True


def _tipg_address(ours: str) -> str:
    z, x, y = ours.removesuffix(".mvt").split("/")[3:]
    properties = "code,name,function,status,surface,condition"
    return (
        f"/collections/layers.{LAYER}/tiles/WebMercatorQuad/{z}/{x}/{y}?geom-column=geom_3857&properties={properties}"
    )


def cached_tiles(bench: Bench, tiles: Sequence[TileXYZ]) -> Iterator[Row]:
    """Measure tiles kept in memory against a bare Flask view that returns the same bytes."""
    busiest, body = _busiest(bench, tiles)
    kept = bench.settings.home / "bench-tile.gz"
    kept.write_bytes(body)
    environment = {**bench.environment(), "BENCH_TILE": str(kept)}
    with ExitStack() as stack:
        ours = granian("wsgi:app", port=CACHED_PORT)
        stack.enter_context(serving(ours, port=CACHED_PORT, environment=environment, ready="/healthz"))
        bare = granian("tests.bench.bare:app", port=BARE_PORT)
        stack.enter_context(serving(bare, port=BARE_PORT, environment=environment, ready=address(busiest)))
        asked = [f"{address(busiest)}?v=1"] * 4000
        by_app = [_http_ask(stack, CACHED_PORT, accept_encoding="gzip") for _ in range(CONNECTIONS)]
        by_bare = [_http_ask(stack, BARE_PORT, accept_encoding="gzip") for _ in range(CONNECTIONS)]
        for ask in by_app:
            ask(asked[0])
        bare_rate, app_rate = _best_rates(by_bare, by_app, asked)
    note = f"{app_rate:.0f} against {bare_rate:.0f} tiles/s of {len(body) / 1e3:.0f} kB"
    what = f"cached, {CONNECTIONS} connections, against a bare Flask view"
    yield at_least(SECTION, what, app_rate / bare_rate, CACHED_SHARE, "× its rate", note)


def _busiest(bench: Bench, tiles: Sequence[TileXYZ]) -> tuple[TileXYZ, bytes]:
    """Return the tile with the most bytes of those that are not large, gzipped: about what a map asks for."""
    with ExitStack() as stack:
        connection = _reader(stack, bench)
        packed = {
            tile: gzip.compress(_fetch(connection, _statement(tile.z), tile), 1)
            for tile in tiles
            if tile.z == EDIT_ZOOM
        }
    middle = sorted(packed, key=lambda tile: len(packed[tile]))[len(packed) // 2]
    return middle, packed[middle]


def after_an_edit(bench: Bench) -> Iterator[Row]:
    """Edit one road: how soon is it in its tile, and which tiles are made anew?"""
    road = bench.regency.roads.iloc[len(bench.regency.roads) // 2]
    tile = tile_list(bench.regency.roads.iloc[[len(bench.regency.roads) // 2]], range(EDIT_ZOOM, EDIT_ZOOM + 1))[0]
    with (
        serving(
            granian("wsgi:app", port=CACHED_PORT), port=CACHED_PORT, environment=bench.environment(), ready="/healthz"
        ),
        Client(CACHED_PORT) as client,
    ):
        client.get(address(tile))
        name = f"Jalan {time.time_ns()}"
        _rename(bench, str(road["code"]), name)
        start = time.perf_counter()
        while name.encode() not in client.get(address(tile)).body:
            if time.perf_counter() - start > 30:
                break
        seconds = time.perf_counter() - start
    yield at_most(SECTION, "edit to seen in the next tile", seconds, SEEN_SECONDS, "s")
    remade, touched, asked = _remade(bench, str(road["code"]), tile)
    note = f"{remade} of {asked} tiles made anew, {touched} touched"
    yield at_most(SECTION, "tiles made anew that the edit does not touch", max(0, remade - touched), 0, "", note)


def _remade(bench: Bench, code: str, tile: TileXYZ) -> tuple[int, int, int]:
    """Count, in this process, the tiles around an edit that are made anew after it."""
    app = create_app(bench.settings, bench.urls)
    made: list[TileXYZ] = []
    original = tile_routes.make_tile

    def counted(connection: Any, layers: Any, xyz: TileXYZ, **options: Any) -> Any:
        made.append(xyz)
        return original(connection, layers, xyz, **options)

    tile_routes.make_tile = counted
    around = [TileXYZ(tile.z, tile.x + dx, tile.y + dy) for dx in range(-4, 5) for dy in range(-4, 5)]
    try:
        client = app.test_client()
        for one in around:
            client.get(address(one))
        made.clear()
        _rename(bench, code, f"Jalan {time.time_ns()}")
        for one in around:
            client.get(address(one))
    finally:
        tile_routes.make_tile = original
        app.extensions["petakarya.tile_pool"].close()
    with bench.connect("owner") as connection:
        touched = sum(_touches(connection, code, one) for one in around)
    return len(made), touched, len(around)


def _touches(connection: psycopg.Connection[Any], code: str, tile: TileXYZ) -> bool:
    statement = (
        "SELECT ST_Expand(geom_3857, 1) && ST_TileEnvelope(%s, %s, %s, margin => 64.0 / 4096) "
        "FROM layers.roads WHERE code = %s"
    )
    row = connection.execute(statement, (*tile, code)).fetchone()
    return bool(row and row[0])


def _rename(bench: Bench, code: str, name: str) -> None:
    with bench.connect("app") as connection:
        connection.execute("UPDATE layers.roads SET name = %s WHERE code = %s", (name, code))


def _reader(stack: ExitStack, bench: Bench) -> psycopg.Connection[Any]:
    """Open a connection exactly as the application's tile pool does."""
    pool = make_tile_pool(bench.urls.reader, bench.settings)
    pool.open()
    stack.callback(pool.close)
    connection: psycopg.Connection[Any] = stack.enter_context(pool.connection())
    connection.execute("SET statement_timeout = 0")
    return connection


def _statement(zoom: int) -> str:
    """Return the bare tile query: the application's own, without the versions it reads beside."""
    limit = 20_000
    names, _ = statement_of((LAYER,), zoom, limit, False)
    assert names
    return tile_statement(tile_parts(built_in_catalogue().layer(LAYER), zoom), limit=limit)


def _fetch(connection: psycopg.Connection[Any], statement: str, tile: TileXYZ) -> bytes:
    with connection.cursor(binary=True) as cursor:
        row = cursor.execute(statement, tile._asdict(), prepare=True).fetchone()
        return bytes(row[0] or b"") if row else b""


def _sql_ask(stack: ExitStack, bench: Bench, tiles: Sequence[TileXYZ]) -> Ask:
    connection = _reader(stack, bench)
    asked = {address(tile): (_statement(tile.z), tile) for tile in tiles}
    return lambda one: _fetch(connection, *asked[one])


def _http_ask(
    stack: ExitStack, port: int, translate: Callable[[str], str] | None = None, accept_encoding: str = "identity"
) -> Ask:
    client = stack.enter_context(Client(port, accept_encoding=accept_encoding))

    def ask(one: str) -> None:
        answer = client.get(translate(one) if translate else one)
        if answer.status not in {200, 204}:
            raise RuntimeError(f"{one}: status {answer.status}")

    return ask


def _alternate(first: Ask, second: Ask, addresses: Sequence[str]) -> tuple[float, float]:
    """Ask both in turn, several rounds, and sum the shortest time of each address (seconds)."""
    best_first: dict[str, float] = {}
    best_second: dict[str, float] = {}
    for _ in range(ROUNDS):
        best_seconds(first, addresses, best=best_first)
        best_seconds(second, addresses, best=best_second)
    return sum(best_first.values()), sum(best_second.values())


def _best_rates(first: Sequence[Ask], second: Sequence[Ask], addresses: Sequence[str]) -> tuple[float, float]:
    """Ask both in turn on all connections, several rounds, and return the best rate of each."""
    rates = [(requests_per_second(first, addresses), requests_per_second(second, addresses)) for _ in range(ROUNDS)]
    return max(one for one, _ in rates), max(one for _, one in rates)
