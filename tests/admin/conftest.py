"""What the tests of region settings share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, text

from app.admin.region import ensure_region
from app.config import Settings

Record = Callable[[str], Any]


@pytest.fixture
def settings_for(settings: Settings) -> Callable[[str], Settings]:
    """Settings that name another region."""
    return lambda code: replace(settings, region=code)


@pytest.fixture
def record(connection: Connection, settings_for: Callable[[str], Settings]) -> Record:
    """Make the record of a region, and read it."""

    def make(code: str) -> Any:
        ensure_region(connection, settings_for(code))
        return connection.execute(
            text(
                """
                SELECT *, ST_X(centre) AS lon, ST_Y(centre) AS lat, ST_XMin(bbox) AS west, ST_XMax(bbox) AS east,
                    ST_YMin(bbox) AS south, ST_YMax(bbox) AS north
                FROM app.region
                """
            )
        ).one()

    return make
