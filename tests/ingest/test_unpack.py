"""Archives and shapefiles are unpacked safely, and what is missing is made on a copy."""

from __future__ import annotations

import stat
import struct
import zipfile
from pathlib import Path

import pyogrio
import pytest
import shapely

from layers.ingest import unpack as unpack_module
from layers.ingest.errors import ImportRefused
from layers.ingest.unpack import extract_archive, unpack
from tests.helpers.files import shapefile_parts, square, write_csv, write_layer, zip_files


@pytest.fixture
def shp(tmp_path: Path) -> Path:
    folder = tmp_path / "sent"
    folder.mkdir()
    lines = [shapely.LineString([(103, -3), (103.1, -3), (103.1, -3.1)]), shapely.LineString([(103, -3), (103, -3.2)])]
    return write_layer(folder / "jalan.shp", lines, NAMA=["a", "b"])


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def refusal_of(path: Path, work: Path, **options: str) -> str:
    with pytest.raises(ImportRefused) as refusal:
        unpack(path, work, **options)
    assert refusal.value.message_id != refusal.value.message_en
    return refusal.value.findings[0].code


def test_missing_file(work: Path) -> None:
    assert refusal_of(work / "tidak-ada.shp", work) == "file_missing"


def test_empty_file(tmp_path: Path, work: Path) -> None:
    (tmp_path / "kosong.gpkg").touch()
    assert refusal_of(tmp_path / "kosong.gpkg", work) == "file_empty"


def test_zipped_shapefile_in_a_folder(shp: Path, tmp_path: Path, work: Path) -> None:
    archive = zip_files(tmp_path / "jalan.zip", shapefile_parts(shp), inside="data/jalan/")
    dataset = unpack(archive, work)
    assert len(pyogrio.read_dataframe(dataset.path)) == 2
    assert "5" in dataset.sentences[0].message_id  # shp shx dbf prj cpg


def test_folder_with_several_datasets_asks_which(shp: Path, work: Path) -> None:
    write_layer(shp.with_name("taman.geojson"), [square(103, -3)], nama=["t"])
    assert refusal_of(shp.parent, work) == "several_datasets"
    assert unpack(shp.parent, work, source_layer="TAMAN").path.name == "taman.geojson"


def test_text_file_beside_is_no_dataset(tmp_path: Path, work: Path) -> None:
    (tmp_path / "baca.txt").write_text("halo")
    assert refusal_of(zip_files(tmp_path / "a.zip", [tmp_path / "baca.txt"]), work) == "no_dataset"


@pytest.mark.parametrize(
    "name", ["../keluar.csv", "/etc/keluar.csv", "a/../../keluar.csv", "..\\keluar.csv", "C:/x.csv"]
)
def test_archive_that_climbs_out_is_refused(name: str, tmp_path: Path, work: Path) -> None:
    with zipfile.ZipFile(tmp_path / "jahat.zip", "w") as archive:
        archive.writestr(name, "a;b\n1;2\n")
    assert refusal_of(tmp_path / "jahat.zip", work) == "archive_unsafe"
    assert not list(tmp_path.rglob("*.csv"))


def test_link_in_archive_is_refused(tmp_path: Path, work: Path) -> None:
    link = zipfile.ZipInfo("rahasia.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "jahat.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert refusal_of(tmp_path / "jahat.zip", work) == "archive_unsafe"


def test_bomb_is_stopped_while_it_grows(tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack_module, "RATIO_FREE_BYTES", 1024**2)
    with zipfile.ZipFile(tmp_path / "bom.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0" * (8 * 1024**2))
    assert refusal_of(tmp_path / "bom.zip", work) == "archive_too_large"
    written = sum(one.stat().st_size for one in work.rglob("*") if one.is_file())
    assert written < 4 * 1024**2


def test_too_many_files(tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack_module, "MAX_MEMBERS", 3)
    files = [write_csv(tmp_path / f"{number}.csv", [["a"], [1]]) for number in range(4)]
    assert refusal_of(zip_files(tmp_path / "banyak.zip", files), work) == "archive_too_large"


def test_broken_archive(shp: Path, tmp_path: Path, work: Path) -> None:
    archive = zip_files(tmp_path / "a.zip", shapefile_parts(shp))
    archive.write_bytes(archive.read_bytes()[:-60])
    assert refusal_of(archive, work) == "archive_damaged"


def test_archive_with_damaged_content(tmp_path: Path) -> None:
    archive = zip_files(tmp_path / "a.zip", [write_csv(tmp_path / "a.csv", [["kolom", "nilai"]] * 50)])
    content = bytearray(archive.read_bytes())
    content[60] ^= 0xFF
    archive.write_bytes(bytes(content))
    with pytest.raises(ImportRefused) as refusal:
        extract_archive(archive, tmp_path / "out")
    assert refusal.value.findings[0].code == "archive_damaged"


def test_missing_index_is_rebuilt_on_a_copy(shp: Path, work: Path) -> None:
    expected = shp.with_suffix(".shx").read_bytes()
    shp.with_suffix(".shx").unlink()
    dataset = unpack(shp, work)
    assert dataset.path.with_suffix(".shx").read_bytes() == expected  # the one that GDAL wrote
    assert not shp.with_suffix(".shx").exists()
    assert [one.code for one in dataset.findings] == ["shx_missing"]


def test_parts_in_capitals_are_found(shp: Path, work: Path) -> None:
    for part in shapefile_parts(shp):
        part.rename(part.with_suffix(part.suffix.upper()))
    shp.with_suffix(".SHX").unlink()
    assert len(pyogrio.read_dataframe(unpack(shp.with_suffix(".SHP"), work).path)) == 2


def test_the_dbf_stands_for_its_shapefile(shp: Path, work: Path) -> None:
    assert unpack(shp.with_suffix(".dbf"), work).path == shp


def test_cut_off_shapefile_is_refused(shp: Path, work: Path) -> None:
    shp.write_bytes(shp.read_bytes()[:-20])
    assert refusal_of(shp, work) == "file_damaged"


def test_cut_off_shapefile_without_index_is_refused(shp: Path, work: Path) -> None:
    content = shp.read_bytes()[:-20]
    shp.write_bytes(content[:24] + struct.pack(">i", len(content) // 2) + content[28:])
    shp.with_suffix(".shx").unlink()
    assert refusal_of(shp, work) == "file_damaged"


def test_what_is_only_called_shp_is_refused(tmp_path: Path, work: Path) -> None:
    (tmp_path / "bohong.shp").write_bytes(b"bukan shapefile " * 20)
    assert refusal_of(tmp_path / "bohong.shp", work) == "not_geodata"
