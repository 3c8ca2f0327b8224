"""Rows for tests: each factory makes one sensible row, and takes what the test wants to be otherwise."""

from __future__ import annotations

from itertools import count
from typing import Any

from sqlalchemy import Connection, text

NUMBERS = count(1)

REGION_BOX = (102.4, -3.7, 103.8, -2.3)
DISTRICT_BOX = (102.8, -3.3, 103.2, -2.9)
VILLAGE_BOX = (102.9, -3.2, 103.0, -3.1)


def make_row(connection: Connection, table: str, **values: Any) -> int:
    """
    Insert a row and return its id.

    Parameters
    ----------
    table
        With its schema, e.g. `layers.roads`.
    values
        By column; `geom` as WKT in EPSG:4326.
    """
    places = ", ".join(
        f"ST_GeomFromText(:{column}, 4326)" if column == "geom" and value is not None else f":{column}"
        for column, value in values.items()
    )
    statement = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places}) RETURNING id"
    return int(connection.execute(text(statement), values).scalar_one())


def box_wkt(box: tuple[float, float, float, float]) -> str:
    """Return a box (west, south, east, north) as a multipolygon."""
    w, s, e, n = box
    return f"MULTIPOLYGON((({w} {s}, {e} {s}, {e} {n}, {w} {n}, {w} {s})))"


def make_region(connection: Connection, **values: Any) -> None:
    """Make the region's record: Musi Rawas, unless told otherwise."""
    west, south, east, north = REGION_BOX
    defaults = {
        "code": "16.05",
        "kind": "regency",
        "name": "Musi Rawas",
        "full_name": "Kabupaten Musi Rawas",
        "head_title": "Bupati",
        "time_zone": "Asia/Jakarta",
        "metric_crs": "EPSG:32748",
    }
    values = {**defaults, **values, "w": west, "s": south, "e": east, "n": north}
    columns = [name for name in values if name not in {"w", "s", "e", "n"}]
    connection.execute(
        text(
            f"INSERT INTO app.region ({', '.join(columns)}, centre, bbox) VALUES ({', '.join(f':{c}' for c in columns)}, "
            "ST_SetSRID(ST_MakePoint((:w + :e) / 2, (:s + :n) / 2), 4326), ST_MakeEnvelope(:w, :s, :e, :n, 4326))"
        ),
        values,
    )


def make_district(connection: Connection, **values: Any) -> int:
    """Make a district: Muara Beliti, unless told otherwise."""
    return make_row(
        connection,
        "layers.districts",
        **{"code": "16.05.09", "name": "Muara Beliti", "geom": box_wkt(DISTRICT_BOX), **values},
    )


def make_village(connection: Connection, **values: Any) -> int:
    """Make a ward: Pasar Muara Beliti, unless told otherwise."""
    return make_row(
        connection,
        "layers.villages",
        **{"code": "16.05.09.1003", "name": "Pasar Muara Beliti", "geom": box_wkt(VILLAGE_BOX), **values},
    )


def make_road(connection: Connection, **values: Any) -> int:
    """Make a link of the decree, 5 km long by law."""
    number = next(NUMBERS)
    defaults = {
        "code": f"{number:03d}",
        "name": f"Ruas {number}",
        "status": "regency",
        "function": "local",
        "length_sk_m": 5000,
        "geom": "MULTILINESTRING((102.9 -3.1, 102.95 -3.1))",
    }
    return make_row(connection, "layers.roads", **{**defaults, **values})


def make_street(connection: Connection, **values: Any) -> int:
    """Make a street."""
    defaults = {"name": "Jalan Merdeka", "class": "residential", "geom": "MULTILINESTRING((102.9 -3.15, 102.92 -3.15))"}
    return make_row(connection, "layers.streets", **{**defaults, **values})


def make_project(connection: Connection, **values: Any) -> int:
    """Make a package under construction in Muara Beliti; its best location is `geom`."""
    number = next(NUMBERS)
    defaults = {
        "code": f"P-{number:05d}",
        "name": f"Peningkatan Jalan {number}",
        "sector": "roads",
        "year": 2026,
        "status": "construction",
        "ceiling_idr": 1_000_000_000,
        "contract_value_idr": 900_000_000,
        "planned_percent": 50.0,
        "physical_percent": 60.0,
        "progress_date": "2026-11-15",
        "start_date": "2026-05-01",
        "end_date": "2027-12-15",
        "geom": "LINESTRING(102.95 -3.15, 102.96 -3.14)",
    }
    return make_row(connection, "app.project", **{**defaults, **values})


def make_location(connection: Connection, project_id: int, kind: str, geom: str, **values: Any) -> int:
    """Make a location (WKT) of a package: planned, contracted or built."""
    return make_row(connection, "app.project_location", project_id=project_id, kind=kind, geom=geom, **values)
