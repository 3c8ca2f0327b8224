"""Load the demonstration into the database: all layers, the register and their past, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, text

from app.admin.region import describe_region, refresh_region_bounds
from app.auth.demo import ensure_demo_accounts
from app.config import Settings
from app.console import Say, say_nothing
from app.demo.boundaries import Area
from app.demo.life import TODAY
from app.demo.offices import basic_tables
from app.demo.past import ENDED_BY, REMOVED_PARKS, layer_past, register_tables
from app.demo.recording import REVIEWER, STAFF
from app.demo.residents import load_reports
from app.demo.rows import Table, tables_of
from app.demo.tracking import tracking_tables
from app.demo.trail import leave_trail
from app.demo.world import World, draw_world
from app.storage import Storage
from layers.rules import rules_in_force, seed_rules
from layers.tables import LAYER_TABLES

PROJECTS = 400
GEOGRAPHIC = ("app.project", "app.project_location")  # whose triggers make the map


@dataclass(frozen=True)
class DemonstrationSummary:
    """How many rows were loaded, by table."""

    rows: dict[str, int]


def load_demonstration_if_empty(settings: Settings, *, say: Say = say_nothing) -> DemonstrationSummary | None:
    """
    Load the demonstration unless the database holds anything that is not.

    Parameters
    ----------
    settings
        Name the database and the region.
    say
        Told before it takes a few seconds.
    """
    from app.database.prepare import owner_connection  # which itself uses app.admin

    with owner_connection(settings) as connection:
        if not is_empty(connection):
            return None
        say("Membuat data contoh untuk wilayah ini …", "Making demonstration data for this region …")
        return load_demonstration(connection, settings)


def is_empty(connection: Connection) -> bool:
    """Tell whether no layer has a row."""
    tables = ["app.project", "layers.population", *(f"layers.{name}" for name in LAYER_TABLES)]
    found = " OR ".join(f"EXISTS (SELECT FROM {table})" for table in tables)
    return not connection.scalar(text(f"SELECT {found}"))


def load_demonstration(connection: Connection, settings: Settings, *, projects: int = PROJECTS) -> DemonstrationSummary:
    """
    Draw the region's demonstration and load it; the same region gives the same rows.

    Parameters
    ----------
    connection
        Of the owner role, in a transaction that the caller commits; the region's record is there.
    settings
        Name the region.
    projects
        How many packages the register holds.

    Returns
    -------
    summary
        Rows by table; all of them are marked `demo`.

    Raises
    ------
    UnknownRegion
        When the code list has no such region.
    """
    seed_rules(connection)
    world = _draw(connection, settings, projects)
    connection.execute(text("SELECT set_config('petakarya.actor', :actor, true)"), {"actor": ENDED_BY})
    rows: dict[str, int] = {}
    road_ids, park_ids = (
        _allot(connection, "layers.roads", len(world.roads)),
        _allot(connection, "layers.parks", len(world.parks)),
    )
    for table in tables_of(world):
        if table.name == "layers.roads":
            table = _with_ids(table, road_ids)
        elif table.name == "layers.parks":
            table = _with_ids(table, park_ids)
        rows[table.name] = _copy(connection, table)
    rows |= _load_register(connection, world, Storage.of(settings))
    removed = _allot(connection, "layers.parks", min(REMOVED_PARKS, len(world.parks)))
    for table in layer_past(world, road_ids, park_ids, removed):
        rows[f"history.{table.name.partition('.')[2]}"] = _copy_past(connection, table)
    refresh_region_bounds(connection)
    rows["app.raster"] = _load_relief(connection, world, settings)
    _analyze(connection, list(rows))
    return DemonstrationSummary(rows)


def _load_register(connection: Connection, world: World, storage: Storage) -> dict[str, int]:
    """
    Load the packages and their tracking.

    What triggers would derive from the rows (progress, money, contract of a package) stands in the rows already; a test
    holds the two equal. They are off meanwhile, so that nothing is recorded as an edit of today.
    """
    allot = partial(_allot, connection)
    accounts = ensure_demo_accounts(connection)
    keys = basic_tables(allot, accounts)
    ids = allot("app.project", len(world.projects))
    present, past = register_tables(world, ids, keys)
    plane, rules = world.boundaries.plane, rules_in_force(connection, TODAY)
    tracked, ended = tracking_tables(
        world.projects, ids, keys, allot, plane, lambda content: storage.put(content).hash, rules
    )
    tables = [*keys.tables, *present, *tracked]
    with _triggers_off(connection, [table.name for table in tables if table.name not in GEOGRAPHIC]):
        rows = {table.name: _copy(connection, table) for table in tables}
    with _triggers_off(connection, ["app.feedback_report"]):
        rows["app.feedback_report"] = load_reports(connection, world.region.code)
    leave_trail(connection, STAFF.format(REVIEWER))
    for table in [*past, *ended]:
        rows[f"history.{table.name.partition('.')[2]}"] = _copy_past(connection, table)
    return rows


def _load_relief(connection: Connection, world: World, settings: Settings) -> int:
    """Load the drawn rasters; rasterio is read in only now, since only a first start loads a demonstration."""
    from app.demo.relief import load_relief

    with TemporaryDirectory() as work, _triggers_off(connection, ["app.raster"]):
        return load_relief(connection, world, Storage.of(settings), Path(work))


@contextmanager
def _triggers_off(connection: Connection, tables: list[str]) -> Iterator[None]:
    """Load rows without the triggers of their tables (foreign keys hold); those of projects leave the audit out."""
    names = {**dict.fromkeys(tables, "USER"), **dict.fromkeys(GEOGRAPHIC, "z_audit")}
    for table, which in names.items():
        connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {which}"))
    yield
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    for table, which in names.items():
        connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER {which}"))


def _draw(connection: Connection, settings: Settings, projects: int) -> World:
    return draw_world(
        describe_region(connection, settings.region),
        _areas(connection, "district", settings.region),
        _areas(connection, "village", settings.region),
        regency_names={one.code: one.name for one in _areas(connection, "regency", settings.region[:2])},
        rules=rules_in_force(connection, TODAY),
        projects=projects,
    )


def _areas(connection: Connection, level: str, prefix: str) -> list[Area]:
    found = connection.execute(
        text("SELECT code, name FROM app.areas WHERE level = :level AND code LIKE :prefix ORDER BY code"),
        {"level": level, "prefix": f"{prefix}.%"},
    )
    return [Area(row.code, row.name) for row in found]


def _allot(connection: Connection, table: str, count: int) -> list[int]:
    """Take ids from a table's sequence."""
    statement = text("SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :count)")
    return list(connection.scalars(statement, {"table": table, "count": count}))


def _with_ids(table: Table, ids: list[int]) -> Table:
    return Table(
        table.name, ("id", *table.columns), [(row_id, *row) for row_id, row in zip(ids, table.rows, strict=True)]
    )


def _copy(connection: Connection, table: Table, *, target: str | None = None) -> int:
    cursor = connection.connection.cursor()
    statement = f"COPY {target or table.name} ({', '.join(table.columns)}) FROM STDIN"
    with cursor.copy(statement) as copy:
        for row in table.rows:
            copy.write_row(row)
    return len(table.rows)


def _copy_past(connection: Connection, table: Table) -> int:
    """Load superseded versions; what the present table generates (Web Mercator copy, lengths) is generated alike."""
    name = table.name.partition(".")[2]
    staging = f"past_{name}"
    like = f"(LIKE {table.name} INCLUDING DEFAULTS INCLUDING GENERATED)"
    connection.execute(text(f"CREATE TEMPORARY TABLE {staging} {like} ON COMMIT DROP"))
    connection.execute(text(f"ALTER TABLE {staging} ADD valid_to timestamptz, ADD operation text, ADD ended_by text"))
    count = _copy(connection, table, target=staging)
    columns = ", ".join(
        connection.scalars(
            text(
                """
                SELECT quote_ident(attname) FROM pg_attribute
                WHERE attrelid = CAST(:history AS regclass) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
                """
            ),
            {"history": f"history.{name}"},
        )
    )
    connection.execute(text(f"INSERT INTO history.{name} ({columns}) SELECT {columns} FROM {staging}"))
    connection.execute(text(f"DROP TABLE {staging}"))
    return count


def _analyze(connection: Connection, tables: list[str]) -> None:
    connection.execute(text(f"ANALYZE {', '.join(tables)}"))
