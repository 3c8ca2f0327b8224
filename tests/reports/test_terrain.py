"""Terrain and land cover of two districts on rasters whose every hectare is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Transformer
from rasterio.transform import from_origin
from sqlalchemy import Connection, text

from app.config import Settings
from app.errors import InvalidRequest
from app.rasters.service import RasterRequest, add_raster
from app.reports.report import Report, Table
from app.storage import Storage
from gis.measure import area_m2
from tests.gis.rasters import write_raster
from tests.reports.conftest import EAST, MIDDLE, NORTH, SOUTH, WEST, compute, value

Add = Callable[..., None]
A, B = "16.05.01", "16.05.02"
CELL = 0.000_5  # degrees: 200 rows by 400 columns over both districts
ROWS, COLUMNS = 200, 400
HA = {code: float(area_m2(np.array([shapely.box(west, SOUTH, east, NORTH)]))[0]) / 10_000 for code, west, east in ((A, WEST, MIDDLE), (B, MIDDLE, EAST))}  # fmt: skip


@pytest.fixture
def add(regency: Connection, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Add:
    monkeypatch.setenv("PETAKARYA_HOME", str(settings.home))

    def add_array(cells: np.ndarray, name: str, **request: object) -> None:
        options = {"crs": "EPSG:4326", "transform": from_origin(WEST, NORTH, CELL, CELL), **request.pop("options", {})}  # type: ignore[dict-item]
        path = write_raster(tmp_path / f"{name}.tif", cells, **options)  # type: ignore[arg-type]
        wanted = RasterRequest(path=path, name=name, **request)  # type: ignore[arg-type]
        add_raster(regency, Storage.of(settings), wanted, cells=settings.rasters.cells, work=tmp_path)

    return add_array


def halves(west: int, east: int) -> np.ndarray:
    cells = np.full((ROWS, COLUMNS), west, "uint8")
    cells[:, COLUMNS // 2 :] = east
    return cells


def table(report: Report, table_id: str) -> Table:
    return next(one for one in report.tables if one.id == table_id)


def codes(report: Report) -> set[str]:
    return {one.code for one in report.findings}


def test_slopes_of_a_flat_west_and_a_steep_east(regency: Connection, add: Add) -> None:
    """The east rises by half its run to the east: 50 percent, the steepest class."""
    columns = np.arange(COLUMNS) * CELL
    to_metres = Transformer.from_crs(4326, 32_748, always_xy=True).transform
    metres = to_metres(WEST + columns, np.full(COLUMNS, (SOUTH + NORTH) / 2))[0]
    run = np.maximum(0, metres - metres[COLUMNS // 2])
    add(np.tile(100 + 0.5 * run, (ROWS, 1)).astype("float32"), "dem")
    report = compute(regency, name="terrain")
    assert value(report, "terrain.slope_ha.slope_1", A) == pytest.approx(HA[A], rel=0.01)
    assert value(report, "terrain.slope_ha.slope_5", B) == pytest.approx(HA[B], rel=0.02)
    assert value(report, "terrain.steep_percent", B) == pytest.approx(100, abs=2)
    assert value(report, "terrain.steep_percent", "16.05") == pytest.approx(50, abs=1)
    assert value(report, "terrain.slope_mean_percent", B) == pytest.approx(50, abs=0.5)
    assert value(report, "terrain.slope_mean_percent", "16.05") == pytest.approx(25, abs=0.4)
    assert value(report, "terrain.elevation_min_m", A) == 100
    assert value(report, "terrain.known_percent", "16.05") == pytest.approx(100, abs=1)
    figure = report.figure("terrain.steep_percent", B)
    assert figure is not None
    assert (figure.rule, figure.verified) == ("LERENG_KELAS", False)
    assert "837" in (figure.legal_basis or "")
    assert [one.layer for one in figure.inputs] == ["districts", "dem"]
    assert {"slope_method", "area_covered", "no_landcover"} <= codes(report)
    shares = [
        sum(cell for cell in row.cells[:5] if isinstance(cell, float)) for row in table(report, "slope_percent").rows
    ]
    assert shares == pytest.approx([100, 100], abs=0.03)
    assert report.name_of("slope_2", "en") == "8–15% gentle"


def test_land_cover_and_its_change(regency: Connection, add: Add) -> None:
    """In 2003 the west is forest and the east field; by 2021 the north of the west has become field."""
    after = halves(1, 2)
    after[: ROWS // 4, : COLUMNS // 2] = 2
    add(halves(1, 2), "lc03", kind="landcover", year=2003)
    add(after, "lc21", kind="landcover", year=2021)
    report = compute(regency, name="terrain")
    assert value(report, "landcover.class_ha.cover_1", A) == pytest.approx(0.75 * HA[A], rel=1e-4)
    assert value(report, "landcover.class_ha.cover_1", B) == pytest.approx(0, abs=1e-6)
    assert value(report, "landcover.class_ha.cover_2", "16.05") == pytest.approx(0.25 * HA[A] + HA[B], rel=1e-4)
    assert value(report, "landcover.changed_ha", "16.05") == pytest.approx(0.25 * HA[A], rel=1e-4)
    assert value(report, "landcover.changed_percent", A) == pytest.approx(25, abs=0.01)
    assert value(report, "landcover.changed_percent", B) == 0
    change = table(report, "change")
    assert [row.cells for row in change.rows] == [
        pytest.approx((0.75 * HA[A], 0.25 * HA[A], HA[A]), rel=1e-4),
        pytest.approx((0, HA[B], HA[B]), rel=1e-4),
    ]
    assert change.total == pytest.approx((0.75 * HA[A], 0.25 * HA[A] + HA[B], HA[A] + HA[B]), rel=1e-4)
    assert "no_elevation" in codes(report)
    assert value(report, "terrain.steep_percent", A) is None
    backwards = compute(regency, name="terrain", landcover="lc03", landcover_before="lc21")
    assert value(backwards, "landcover.changed_ha", "16.05") == pytest.approx(0.25 * HA[A], rel=1e-4)
    assert value(backwards, "landcover.class_ha.cover_1", A) == pytest.approx(HA[A], rel=1e-4)


def test_what_is_covered_and_what_is_nodata_is_said(regency: Connection, add: Add) -> None:
    cells = halves(1, 0)[:, : COLUMNS // 2 + 100]
    cells[: ROWS // 2, : COLUMNS // 2] = 0
    add(cells, "lc21", kind="landcover", options={"nodata": 0})
    report = compute(regency, name="terrain")
    said = {one.code: one.message_en for one in report.findings}
    assert "75.0" in said["area_not_covered"]
    assert "66.6" in said["nodata"] or "66.7" in said["nodata"]
    assert "1 districts" in said["districts_not_covered"]
    assert value(report, "landcover.class_percent.cover_1", B) is None
    assert value(report, "landcover.class_percent.cover_1", A) == pytest.approx(100)
    assert value(report, "landcover.known_percent", A) == pytest.approx(50, abs=0.01)
    assert value(report, "landcover.known_percent", B) == 0
    assert "no_earlier_landcover" in codes(report)
    assert value(report, "landcover.changed_ha", A) is None


def test_without_rasters_nothing_is_zero(regency: Connection) -> None:
    report = compute(regency, name="terrain")
    assert {one.value for one in report.figures} == {None}
    assert {"no_elevation", "no_landcover"} <= codes(report)
    assert report.tables == ()


def test_without_boundaries_nothing_is_zero(regency: Connection, add: Add) -> None:
    add(halves(1, 2), "lc21", kind="landcover")
    regency.execute(text("DELETE FROM layers.districts"))
    report = compute(regency, name="terrain")
    assert {one.value for one in report.figures} == {None}
    assert "no_boundary" in codes(report)


def test_a_raster_that_does_not_fit_is_refused(regency: Connection, add: Add) -> None:
    add(halves(1, 2), "lc21", kind="landcover")
    for settings in ({"elevation": "lc21"}, {"landcover": "dem"}, {"landcover_before": "x"}):
        with pytest.raises(InvalidRequest) as refused:
            compute(regency, name="terrain", **settings)
        assert next(iter(settings)) in refused.value.message_id


def test_rasters_on_different_cells_are_compared_and_said(regency: Connection, add: Add) -> None:
    add(halves(1, 2), "lc03", kind="landcover", year=2003)
    coarse = np.repeat(np.array([[3, 2]], "uint8"), 50, axis=1).repeat(50, axis=0)
    add(coarse, "lc21", kind="landcover", year=2021, options={"transform": from_origin(WEST, NORTH, 0.002, 0.002)})
    report = compute(regency, name="terrain")
    assert "raster_resampled" in codes(report)
    assert value(report, "landcover.changed_percent", A) == pytest.approx(100)
    assert value(report, "landcover.changed_percent", B) == pytest.approx(0)


def test_a_district_alone(regency: Connection, add: Add) -> None:
    add(halves(1, 2), "lc21", kind="landcover", year=2021)
    whole, part = compute(regency, name="terrain"), compute(regency, A, name="terrain")
    assert value(part, "landcover.class_ha.cover_1", A) == value(whole, "landcover.class_ha.cover_1", A)
    assert {one.area for one in part.figures} == {A}


def test_a_lost_file_is_a_finding(regency: Connection, add: Add, settings: Settings) -> None:
    add(halves(1, 2), "lc77", kind="landcover")
    file_hash = regency.scalar(text("SELECT file_hash FROM app.raster WHERE name = 'lc77'"))
    path = Storage.of(settings).path(file_hash)
    content = path.read_bytes()
    path.unlink()
    try:
        assert "raster_file_missing" in codes(compute(regency, name="terrain"))
    finally:
        path.write_bytes(content)


def test_bandung(
    regency: Connection, settings: Settings, shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real DEM and land cover: the whole of their small square as one district."""
    monkeypatch.setenv("PETAKARYA_HOME", str(settings.home))
    regency.execute(text("UPDATE app.region SET boundary_is_real = false"))
    square = shapely.segmentize(shapely.box(765_233, 9_215_739, 765_833, 9_216_639), 25)
    corners = Transformer.from_crs(32_748, 4326, always_xy=True).transform
    drawn = shapely.multipolygons([shapely.transform(square, lambda xy: np.column_stack(corners(xy[:, 0], xy[:, 1])))])
    regency.execute(
        text("UPDATE layers.districts SET geom = ST_GeomFromText(:wkt, 4326) WHERE code = :code"),
        {"wkt": drawn.wkt, "code": A},
    )
    regency.execute(text("DELETE FROM layers.districts WHERE code = :code"), {"code": B})
    for name, year, kind in (("dem", None, "elevation"), ("lc99", 1999, "landcover"), ("lc21", 2021, "landcover")):
        wanted = RasterRequest(shared_data / "rasters" / f"bandung_utm48s_{name}.tif", name, kind=kind, year=year)
        add_raster(regency, Storage.of(settings), wanted, cells=settings.rasters.cells, work=tmp_path)
    report = compute(regency, A, name="terrain")
    hectares = float(area_m2(np.array([drawn]))[0]) / 10_000
    assert hectares == pytest.approx(54, rel=2e-3)
    slopes = [value(report, f"terrain.slope_ha.slope_{number}", A) or 0 for number in range(1, 6)]
    assert sum(slopes) == pytest.approx(hectares, rel=1e-6), "Horn's slope reaches the last cell"
    cover = [one.value or 0 for one in report.figures if one.id.startswith("landcover.class_ha.")]
    assert sum(cover) == pytest.approx(hectares, rel=1e-6)
    assert value(report, "terrain.elevation_min_m", A) == 1369
    assert value(report, "terrain.elevation_max_m", A) == 1500
    total = table(report, "change").total
    assert total is not None
    assert total[-1] == pytest.approx(hectares, abs=0.05)
