from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio
from sqlalchemy import Connection, text

from app.config import Settings
from app.rasters.queries import RasterNotFound, read_raster, read_rasters
from app.rasters.service import RasterExists, RasterOutside, UnusableChoice, read_classes, read_crs, remove_raster
from app.storage import Storage
from gis.errors import EmptyRaster, NotClasses, RasterRefused
from tests.helpers.database import as_role
from tests.rasters.conftest import SIDE, Add

HEIGHTS = np.tile(np.linspace(50, 250, SIDE).astype("int16"), (SIDE, 1))
COVER = np.repeat(np.repeat(np.array([[1, 2], [5, 1]], "uint8"), SIDE // 2, 0), SIDE // 2, 1)


def test_a_raster_is_kept_and_described(add: Add, connection: Connection, settings: Settings) -> None:
    added = add(HEIGHTS, "dem_2024", request={"title": "DEM", "year": 2024, "source": "BIG"})
    assert added.changed
    assert [one.code for one in added.findings] == []
    kept = read_raster(connection, "dem_2024")
    assert (kept.title, kept.kind, kept.year, kept.source, kept.crs) == ("DEM", "elevation", 2024, "BIG", "EPSG:32748")
    assert (kept.width, kept.height, kept.bands, kept.dtype, kept.nodata) == (SIDE, SIDE, 1, "int16", None)
    assert (kept.value_min, kept.value_max, kept.valid_share) == (50, 250, 1)
    assert kept.covered_share == pytest.approx(1, abs=1e-6)
    assert kept.resolution_m == pytest.approx(30, rel=1e-3)
    assert (kept.value_low, kept.value_high) == pytest.approx((54, 246), abs=1)
    assert kept.classes == ()
    with rasterio.open(Storage.of(settings).path(kept.file_hash)) as file:
        assert (file.read(1) == HEIGHTS).all()


def test_what_the_file_is_about_is_guessed_from_names_palette_and_values(add: Add) -> None:
    assert add(HEIGHTS, "demnas_16").raster.kind == "elevation"
    assert add(COVER, "tutupan_lahan").raster.kind == "landcover"
    assert add(COVER, "lc21").raster.kind == "landcover"
    assert add(HEIGHTS, "penduduk").raster.kind == "population"
    assert add(HEIGHTS, "curah_hujan").raster.kind == "other"


def test_classes_have_colours_and_the_names_they_are_given(add: Add, tmp_path: Path) -> None:
    listed = tmp_path / "kelas.csv"
    listed.write_text("value,name_id,name_en,colour\n1,Hutan,Forest,#3F7D4E\n5,Sawah,,\n", encoding="utf-8")
    classes = add(COVER, "lc21", request={"classes": read_classes(listed)}).raster.classes
    assert [one.value for one in classes] == [1, 2, 5]
    assert classes[0].colour == "#3f7d4e"
    assert [one.name("en") for one in classes] == ["Forest", "Class 2", "Sawah"]
    assert [one.name("id") for one in classes] == ["Hutan", "Kelas 2", "Sawah"]
    assert len({one.colour for one in classes}) == 3


@pytest.mark.parametrize(
    "content",
    [
        "",
        "value,name_id\n",
        "value,name_id\nx,Hutan\n",
        "value,name_id\n1,\n",
        "a;b\n",
        "value,name_id,colour\n1,a,red",
    ],
)
def test_a_list_of_classes_that_cannot_be_read_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.csv").write_text(content, encoding="utf-8")
    with pytest.raises(UnusableChoice, match="row"):
        read_classes(tmp_path / "a.csv")


def test_how_much_of_the_region_is_covered_is_said(add: Add) -> None:
    half = add(HEIGHTS[:, : SIDE // 2], "dem")
    assert half.raster.covered_share == pytest.approx(0.5, abs=1e-4)
    assert [one.code for one in half.findings] == ["region_not_covered"]
    assert "50,0%" in half.findings[0].message_id
    assert "50.0%" in half.findings[0].message_en


def test_what_does_not_touch_the_region_is_refused_unless_it_is_wanted(add: Add, connection: Connection) -> None:
    from rasterio.transform import from_origin

    elsewhere = {"transform": from_origin(288_776, 9_120_760, 90, 90), "crs": "EPSG:31985"}
    with pytest.raises(RasterOutside) as refused:
        add(HEIGHTS, **elsewhere)
    assert "--outside keep" in refused.value.message_id
    assert refused.value.exit_code == 2
    assert read_rasters(connection) == []
    kept = add(HEIGHTS, request={"keep_outside": True}, **elsewhere)
    assert kept.raster.covered_share == 0


def test_while_no_true_boundary_is_known_indonesia_will_do(add: Add, connection: Connection) -> None:
    connection.execute(text("UPDATE app.region SET boundary_is_real = false"))
    from rasterio.transform import from_origin

    bandung = add(HEIGHTS, transform=from_origin(765_233, 9_216_639, 25, 25))
    assert bandung.raster.covered_share == 0
    assert [one.code for one in bandung.findings] == ["region_not_covered"]


def test_refused_rasters_leave_nothing(add: Add, connection: Connection) -> None:
    with pytest.raises(EmptyRaster):
        add(np.full((9, 9), 7, "uint8"), nodata=7)
    with pytest.raises(NotClasses):
        add(HEIGHTS + np.arange(SIDE, dtype="int16")[:, None] * 3, "a", request={"kind": "landcover"})
    with pytest.raises(UnusableChoice):
        add(HEIGHTS, "Dem 2024")
    with pytest.raises(RasterRefused):
        add(HEIGHTS, crs=None)
    assert read_rasters(connection) == []


def test_a_name_is_replaced_only_on_purpose_and_the_past_is_kept(
    add: Add, connection: Connection, settings: Settings
) -> None:
    first = add(HEIGHTS, request={"title": "Lama"}).raster
    moment = connection.scalar(text("SELECT max(valid_from) FROM app.raster"))
    with pytest.raises(RasterExists, match="--replace"):
        add(HEIGHTS + 1)
    assert not add(HEIGHTS, request={"replace": True}).changed, "the same raster is no edit"
    second = add(HEIGHTS + 1, request={"replace": True}).raster
    assert (second.title, read_raster(connection, "dem").file_hash) == ("Lama", second.file_hash)
    assert first.file_hash != second.file_hash
    assert first.version != second.version
    past = read_raster(connection, "dem", moment)
    assert past.file_hash == first.file_hash
    assert Storage.of(settings).path(first.file_hash).exists(), "the past still names it"
    assert read_rasters(connection, datetime(2000, 1, 1, tzinfo=UTC)) == []


def test_a_raster_of_ones_own_takes_the_demonstrations_place(add: Add, connection: Connection) -> None:
    add(HEIGHTS, "dem_contoh", request={"demo": True})
    add(COVER, "lc_contoh", request={"demo": True})
    add(HEIGHTS, "dem")
    assert {one.name for one in read_rasters(connection)} == {"dem", "lc_contoh"}


def test_removing(add: Add, connection: Connection) -> None:
    add(HEIGHTS)
    assert remove_raster(connection, "dem").name == "dem"
    with pytest.raises(RasterNotFound):
        remove_raster(connection, "dem")
    assert connection.scalar(text("SELECT count(*) FROM history.raster WHERE operation = 'delete'")) == 1


def test_a_crs_without_code_is_kept_by_its_parameters(add: Add, shared_data: Path, connection: Connection) -> None:
    added = add(None, "olinda", path=shared_data / "rasters" / "olinda_dem_utm25s.tif", request={"keep_outside": True})
    assert "crs_without_epsg" in {one.code for one in added.findings}
    assert "UTM Zone 25, Southern Hemisphere" in added.raster.crs
    assert read_raster(connection, "olinda").nodata is not None


def test_coordinate_systems_that_are_named() -> None:
    assert read_crs("EPSG:32748").to_epsg() == 32_748
    assert read_crs("23833").to_epsg() == 23_833
    for wrong in ("EPSG:1", "", "utm", "EPSG:5773", "'; DROP"):
        with pytest.raises(UnusableChoice, match="--crs"):
            read_crs(wrong)


def test_the_public_reads_rasters_and_changes_none(add: Add, connection: Connection) -> None:
    add(HEIGHTS)
    with as_role(connection, "reader"):
        assert [one.name for one in read_rasters(connection)] == ["dem"]
        assert [one.name for one in read_rasters(connection, datetime.now(UTC))] == ["dem"]
    for role, statement in (
        ("reader", "DELETE FROM app.raster"),
        ("reader", "SELECT changed_by FROM app.raster"),
        ("app", "DELETE FROM history.raster"),
    ):
        with as_role(connection, role), pytest.raises(Exception, match="permission denied"), connection.begin_nested():
            connection.execute(text(statement))
