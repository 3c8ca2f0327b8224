"""The drawn rasters: small, marked, over the whole region, and the same each time."""

from __future__ import annotations

import numpy as np
import rasterio
from rasterio.windows import Window

from app.config import Settings
from app.rasters.queries import read_rasters
from app.storage import Storage
from gis.raster import open_raster
from gis.terrain import Slopes, in_metres
from tests.demo.conftest import Loaded

MOST_BYTES = 2_000_000


def test_rasters_are_marked_small_and_reach_over_the_border(loaded: Loaded) -> None:
    rasters = {one.name: one for one in read_rasters(loaded.connection)}
    assert set(rasters) == {"elevasi_contoh", "tutupan_contoh_2016", "tutupan_contoh_2025"}
    assert sum(one.bytes for one in rasters.values()) < MOST_BYTES
    for one in rasters.values():
        assert one.demo
        assert "indikatif" in (one.source or "")
        assert one.covered_share > 0.9999
    early = loaded.scalar("SELECT max(valid_from) FROM app.raster")
    assert early == loaded.scalar("SELECT min(valid_from) FROM layers.districts"), "the past has rasters too"
    assert loaded.scalar("SELECT count(*) FROM app.audit WHERE subject = 'raster'") == 0


def test_land_is_hilly_and_forest_gives_way(loaded: Loaded, settings: Settings) -> None:
    rasters = {one.name: one for one in read_rasters(loaded.connection)}
    storage = Storage.of(settings)
    with open_raster(storage.path(rasters["elevasi_contoh"].file_hash)) as dem, in_metres(dem) as metric:
        slopes = Slopes(metric).read(Window(0, 0, metric.grid.width, metric.grid.height)).compressed()
    assert rasters["elevasi_contoh"].value_min > 0
    assert 0.4 < (slopes <= 8).mean() < 0.95, "mostly flat"
    assert (slopes > 25).mean() > 0.01, "with some steep land"
    shares = {}
    for year in (2016, 2025):
        with rasterio.open(storage.path(rasters[f"tutupan_contoh_{year}"].file_hash)) as dataset:
            counts = np.bincount(dataset.read(1).ravel(), minlength=7)
        assert counts[0] == 0
        shares[year] = counts / counts.sum()
    forest, built = 1, 4
    assert shares[2025][forest] < shares[2016][forest]
    assert shares[2025][built] > shares[2016][built]
