"""The demonstration of three kinds of regions, each loaded once in a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import geopandas as gpd
import pytest
from sqlalchemy import Connection, Engine, text

from app.admin.region import ensure_region
from app.config import Settings
from app.demo.load import load_demonstration

REGIONS = ("16.05", "35.77", "31")


class Loaded:
    """A region's loaded demonstration, to ask questions of."""

    def __init__(self, connection: Connection, code: str) -> None:
        self.connection = connection
        self.code = code

    def scalar(self, query: str, **parameters: Any) -> Any:
        """Return one value."""
        return self.connection.scalar(text(query), parameters)

    def rows(self, query: str, **parameters: Any) -> list[Any]:
        """Return all rows."""
        return list(self.connection.execute(text(query), parameters))

    def frame(self, query: str) -> gpd.GeoDataFrame:
        """Return a frame in EPSG:4326; the query names `geom`."""
        return gpd.read_postgis(text(query), self.connection, geom_col="geom", crs=4326)


@pytest.fixture(scope="module", params=REGIONS)  # no longer: an open load holds locks that other tests need
def loaded(request: pytest.FixtureRequest, owner_engine: Engine, settings: Settings) -> Iterator[Loaded]:
    """The demonstration of a regency, a city, and a province with its regencies."""
    yield from load(owner_engine, settings, request.param)


def load(engine: Engine, settings: Settings, code: str) -> Iterator[Loaded]:
    """Load a region's demonstration, give it, and roll it back."""
    named = replace(settings, region=code)
    with engine.connect() as connection:
        transaction = connection.begin()
        ensure_region(connection, named)
        load_demonstration(connection, named)
        yield Loaded(connection, code)
        transaction.rollback()
