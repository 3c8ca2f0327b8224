"""A home of its own for the benchmark: a private cluster with the made-up regency in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import psycopg
import shapely

from app.config import Settings
from app.database.prepare import needs_database
from app.database.roles import DatabaseUrls, libpq_url
from gis.geometry import promote_to_multi
from tests.bench.synthetic import Regency, make_regency

PORT = 8790
REGION = "16.05"


@dataclass(frozen=True)
class Bench:
    """What every section measures on."""

    settings: Settings
    urls: DatabaseUrls
    regency: Regency
    scale: float

    def connect(self, role: str) -> psycopg.Connection[tuple[object, ...]]:
        """Open a connection of one of the roles; the caller commits."""
        return psycopg.connect(libpq_url(getattr(self.urls, role)))

    def environment(self) -> dict[str, str]:
        """Return the environment of a process that serves this home."""
        return {
            **os.environ,
            "PETAKARYA_HOME": str(self.settings.home),
            "PETAKARYA_REGION": REGION,
            "PETAKARYA_DEMO": "0",
            "PORT": str(self.settings.port),
            "PYTHONUNBUFFERED": "1",
        }


@contextmanager
def bench_home(home: Path, *, scale: float) -> Iterator[Bench]:
    """
    Make the home, fill its database unless an earlier run has, and stop the cluster at the end.

    Parameters
    ----------
    home
        A folder with a short path that the database's user can enter.
    scale
        1 for 200 000 roads.
    """
    settings = replace(Settings(), home=home, port=PORT, region=REGION, demo=False)
    print("drawing the regency …", flush=True)
    regency = make_regency(roads=int(200_000 * scale))
    with needs_database(settings) as urls:
        bench = Bench(settings, urls, regency, scale)
        load(bench)
        yield bench


def load(bench: Bench) -> None:
    """Load districts, villages and roads with everything that hangs on them; nothing when they are there."""
    with bench.connect("owner") as connection:
        found = connection.execute("SELECT count(*) FROM layers.roads").fetchone()
        if found and found[0] == len(bench.regency.roads):
            return
        print("loading the regency …", flush=True)
        connection.execute("DELETE FROM layers.roads")
        connection.execute("DELETE FROM layers.districts")
        connection.execute("DELETE FROM layers.villages")
        copy_frame(connection, "layers.districts", bench.regency.districts, ("code", "name"))
        copy_frame(connection, "layers.villages", bench.regency.villages, ("code", "name"))
        columns = ("code", "name", "length_sk_m", "function", "status", "condition", "district_codes", "village_codes")
        # Without surveyed segments the database would call every road unsurveyed; tiles are to show several conditions.
        connection.execute("ALTER TABLE layers.roads DISABLE TRIGGER road_condition_inserted")
        copy_frame(connection, "layers.roads", bench.regency.roads, columns)
        connection.execute("ALTER TABLE layers.roads ENABLE TRIGGER road_condition_inserted")
        connection.commit()
    with bench.connect("owner") as connection:
        connection.autocommit = True
        for table in ("layers.roads", "layers.districts", "layers.villages"):
            connection.execute(f"VACUUM ANALYZE {table}")
        bands = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'generalised'").fetchall()
        for (name,) in bands:
            connection.execute(f'VACUUM ANALYZE generalised."{name}"')


def copy_frame(
    connection: psycopg.Connection[tuple[object, ...]], table: str, frame: gpd.GeoDataFrame, columns: tuple[str, ...]
) -> None:
    """Load a frame by COPY; lines and polygons become multi-part ones."""
    multi = promote_to_multi(frame.geometry.to_numpy())
    wkb = shapely.to_wkb(shapely.set_srid(multi, 4326), hex=True, include_srid=True)
    values = [frame[name].tolist() for name in columns]
    with connection.cursor().copy(f"COPY {table} ({', '.join(columns)}, geom) FROM STDIN") as copy:
        for row in zip(*values, wkb, strict=True):
            copy.write_row(row)
