from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine

from app.config import Settings
from app.console import run
from app.database.roles import DatabaseUrls
from app.rasters import cli
from tests.gis.rasters import write_raster
from tests.rasters.conftest import SIDE, make_two_districts

HEIGHTS = np.tile(np.linspace(50, 250, SIDE).astype("int16"), (SIDE, 1))


@pytest.fixture
def command(committed_database: DatabaseUrls, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    @contextmanager
    def database_of_the_test(*_args: object, **_options: object) -> Iterator[DatabaseUrls]:
        yield committed_database

    monkeypatch.setattr(cli, "needs_database", database_of_the_test)
    monkeypatch.setenv("PETAKARYA_HOME", str(settings.home))
    monkeypatch.setenv("PETAKARYA_LANG", "en")
    engine = create_engine(committed_database.owner)
    with engine.begin() as connection:
        make_two_districts(connection)
    engine.dispose()
    return CliRunner()


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run as the terminal does: the exit code, and what is said on stderr."""
    code = run(lambda: cli.raster.main(args=list(arguments), prog_name="raster", standalone_mode=False))
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return code, said.strip()


def invoke(command: CliRunner, *arguments: str) -> Result:
    return command.invoke(cli.raster, list(arguments), catch_exceptions=False)


def test_add_list_remove(command: CliRunner, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(write_raster(tmp_path / "srtm.tif", HEIGHTS, nodata=-9999))
    added = invoke(command, "add", file, "--name", "dem", "--title", "Elevation", "--year", "2024", "--json")
    assert added.exit_code == 0
    content = json.loads(added.stdout)
    assert (content["added"], content["changed"], content["findings"]) == (True, True, [])
    assert (content["raster"]["kind"], content["raster"]["year"], content["raster"]["nodata"]) == (
        "elevation",
        2024,
        -9999,
    )
    again = invoke(command, "add", file, "--name", "dem", "--replace")
    assert "Nothing changed" in again.output
    assert "dem\televation\t2024" in invoke(command, "list").stdout
    assert [one["name"] for one in json.loads(invoke(command, "list", "--json").stdout)] == ["dem"]
    assert refused(capsys, "add", file, "--name", "dem") == (2, "There is a raster “dem” already. Replace it with --replace, or choose another name.")  # fmt: skip
    assert invoke(command, "remove", "dem").exit_code == 0
    assert refused(capsys, "remove", "dem")[0] == 2
    assert "There is no raster" in invoke(command, "list").output


def test_every_mistake_is_a_sentence_and_exit_code_2(
    command: CliRunner, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = write_raster(tmp_path / "a.tif", HEIGHTS)
    no_crs = write_raster(tmp_path / "b.tif", HEIGHTS, crs=None)
    empty = write_raster(tmp_path / "c.tif", np.zeros((9, 9), "uint8"), nodata=0)
    rng = np.random.default_rng(1)
    cut = write_raster(tmp_path / "d.tif", rng.integers(0, 999, (SIDE, SIDE)).astype("int32"))
    cut.write_bytes(cut.read_bytes()[:90_000])
    (tmp_path / "e.tif").write_text("no raster")
    cases = [
        (["add", str(no_crs), "--name", "a"], "--crs"),
        (["add", str(empty), "--name", "a"], "nodata"),
        (["add", str(cut), "--name", "a"], "damaged"),
        (["add", str(tmp_path / "e.tif"), "--name", "a"], "not a raster"),
        (["add", str(tmp_path / "absent.tif"), "--name", "a"], "no file"),
        (["add", str(tmp_path), "--name", "a"], "no file"),
        (["add", str(good), "--name", "A b"], "small letters"),
        (["add", str(good), "--name", "a", "--crs", "EPSG:9"], "--crs"),
        (["add", str(good), "--name", "a", "--crs", "EPSG:32648"], "--outside keep"),
        (["add", str(good), "--name", "a", "--classes", str(tmp_path / "absent.csv")], "row 1"),
        (["add", str(good), "--name", "a", "--kind", "sea"], "sea"),
        (["add", str(good), "--name", "a", "--year", "24"], "24"),
        (["add", str(good)], "--name"),
    ]
    for arguments, words in cases:
        code, said = refused(capsys, *arguments)
        assert (code, words in said) == (2, True), (arguments, said)
    monkeypatch.setenv("PETAKARYA_LANG", "id")
    code, said = refused(capsys, "add", str(no_crs), "--name", "a")
    assert (code, "tidak menyebut sistem koordinatnya" in said) == (2, True)
    monkeypatch.setenv("PETAKARYA_LANG", "en")
    assert "There is no raster" in invoke(command, "list").output


def test_a_named_crs_and_classes_are_taken(command: CliRunner, tmp_path: Path) -> None:
    cover = np.where(HEIGHTS > 150, 1, 2).astype("uint8")
    file = write_raster(tmp_path / "b.tif", cover, crs=None)
    (tmp_path / "k.csv").write_text("value,name_id,name_en\n1,Hutan,Forest\n2,Sawah,Rice field\n")
    done = invoke(command, "add", str(file), "--name", "lc", "--crs", "EPSG:32748", "--classes", str(tmp_path / "k.csv"), "--kind", "landcover", "--json")  # fmt: skip
    content = json.loads(done.stdout)
    assert [one["name_en"] for one in content["raster"]["classes"]] == ["Forest", "Rice field"]
    assert content["raster"]["crs"] == "EPSG:32748"
