"""A region with two districts on which small rasters of tests/gis/rasters.py lie."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from sqlalchemy import Connection

from app.config import Settings
from app.rasters.service import AddedRaster, RasterRequest, add_raster
from app.storage import Storage
from tests.gis.rasters import box_of_cells, write_raster
from tests.helpers.factories import make_district, make_region

SIDE = 200  # cells each way of the square that the two districts fill

Add = Callable[..., AddedRaster]


def make_two_districts(connection: Connection) -> None:
    """Two districts side by side, together as large as a raster of `SIDE` cells."""
    make_region(connection, boundary_is_real=True)
    halves = [box_of_cells(0, 0, SIDE, SIDE / 2), box_of_cells(0, SIDE / 2, SIDE, SIDE)]
    straight = shapely.multipolygons([[half] for half in shapely.segmentize(halves, 100)])
    drawn = gpd.GeoSeries(straight, crs=32_748).to_crs(4326)
    for number, shape in enumerate(drawn, start=1):
        make_district(connection, code=f"16.05.0{number}", name=f"Kecamatan {number}", geom=shape.wkt)


@pytest.fixture
def region(connection: Connection) -> None:
    make_two_districts(connection)


@pytest.fixture
def add(connection: Connection, settings: Settings, region: None, tmp_path: Path) -> Add:
    """Register an array as a raster; whatever `RasterRequest` takes may be said."""

    def add_array(
        cells: Any, name: str = "dem", *, request: dict[str, Any] | None = None, **options: Any
    ) -> AddedRaster:
        path = options.pop("path", None) or write_raster(tmp_path / f"{name}.tif", cells, **options)
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        wanted = RasterRequest(path=path, name=name, **(request or {}))
        return add_raster(connection, Storage.of(settings), wanted, cells=settings.rasters.cells, work=work)

    return add_array
