"""Loading: the same region gives the same rows, only an empty database is filled, other regions work too."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Connection, Engine, text

from app.admin.region import ensure_region
from app.config import Settings
from app.demo.load import is_empty, load_demonstration
from layers.catalogue import built_in_catalogue
from layers.sync import band_table
from layers.tables import LAYER_TABLES
from tests.demo.conftest import load

FINGERPRINT = """
    SELECT md5(string_agg(md5(t::text), '' ORDER BY md5(t::text)))
    FROM (SELECT {columns} FROM {table}) t
"""
TRACKING = (
    "contract",
    "addendum",
    "fund",
    "baseline_point",
    "work_item",
    "progress_update",
    "payment",
    "critical_case",
    "photo",
    "feedback_report",
)


def is_compared(column: str) -> bool:
    """Ids come from sequences, which a rollback does not turn back."""
    return column != "id" and (not column.endswith("_id") or column == "client_id")


def fingerprints(connection: Connection) -> dict[str, str]:
    """Return a hash of the content of every table."""
    tables = [f"layers.{name}" for name in LAYER_TABLES] + [
        "layers.population",
        "app.project",
        "history.project",
        "history.roads",
        *(f"app.{name}" for name in TRACKING),
    ]
    found = {}
    for table in tables:
        columns = connection.exec_driver_sql(f"SELECT * FROM {table} LIMIT 0").keys()
        wanted = ", ".join(f'"{column}"' for column in columns if is_compared(column))
        found[table] = connection.exec_driver_sql(FINGERPRINT.format(columns=wanted, table=table)).scalar()
    return found


def test_same_region_gives_the_same_rows(owner_engine: Engine, settings: Settings) -> None:
    found = []
    for _ in range(2):
        for loaded in load(owner_engine, settings, "35.77"):
            found.append(fingerprints(loaded.connection))
    assert found[0] == found[1]
    assert None not in found[0].values()


def test_only_an_empty_database_is_filled(connection: Connection) -> None:
    assert is_empty(connection)
    connection.execute(
        text("INSERT INTO layers.places (name, kind, geom) VALUES ('X', 'hamlet', 'SRID=4326;POINT(103 -3)')")
    )
    assert not is_empty(connection)


def test_bands_follow_the_load(owner_engine: Engine, settings: Settings) -> None:
    roads = built_in_catalogue().layer("roads")
    coarsest = roads.bands[0]
    for loaded in load(owner_engine, settings, "35.77"):
        kept = loaded.scalar(
            "SELECT count(*) FROM layers.roads WHERE function = ANY (:kept)", kept=list(coarsest.keep["function"])
        )
        assert loaded.scalar(f"SELECT count(*) FROM generalised.{band_table(roads, coarsest)}") == kept > 0


def test_fewer_projects_may_be_asked_for(connection: Connection, settings: Settings) -> None:
    named = replace(settings, region="35.77")
    ensure_region(connection, named)
    summary = load_demonstration(connection, named, projects=12)
    assert summary.rows["app.project"] == 12


@pytest.mark.parametrize("code", ["13.12", "91.03", "53.20"])
def test_other_regions_work_too(owner_engine: Engine, settings: Settings, code: str) -> None:
    for loaded in load(owner_engine, settings, code):
        assert loaded.scalar("SELECT count(*) FROM app.project") == 400
        kinds = {row[0] for row in loaded.rows("SELECT DISTINCT kind FROM layers.villages")} - {"kelurahan"}
        assert kinds == {{"13.12": "nagari", "91.03": "kampung"}.get(code, "desa")}
        if code == "13.12":
            assert loaded.scalar("SELECT ST_YMin(bbox) < 0 AND ST_YMax(bbox) > 0 FROM app.region")
