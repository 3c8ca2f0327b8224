"""The command line: quick, in the person's language, and never a traceback."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

import app.cli
from app.cli import cli
from app.config import ROOT
from app.console import run
from app.errors import InvalidSetting
from tests.helpers.commands import environment, petakarya


@pytest.fixture(autouse=True)
def _english_and_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PETAKARYA_LANG", "en")
    monkeypatch.setenv("PETAKARYA_HOME", str(tmp_path / "home"))


def test_help_names_every_command_without_loading_their_subjects(tmp_path: Path) -> None:
    result = petakarya(tmp_path / "home", "--help")
    assert result.returncode == 0
    for name in ("up", "check", "backup", "restore", "import", "report", "user"):
        assert f"  {name} " in result.stdout
    assert not (tmp_path / "home").exists()


def test_help_is_indonesian_by_default(tmp_path: Path) -> None:
    assert "Jalankan semuanya" in petakarya(tmp_path / "home", "--help", LANG="C.UTF-8").stdout
    assert "Run everything" in petakarya(tmp_path / "home", "--help", LANG="en_US.UTF-8").stdout


def test_help_loads_neither_flask_extensions_nor_geopandas() -> None:
    script = (
        "import sys, app.cli\n"
        "try: app.cli.cli.main(['--help'], standalone_mode=False)\n"
        "except BaseException: pass\n"
        "print(sorted({'sqlalchemy', 'geopandas', 'flask_security', 'alembic'} & set(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stderr.strip() == "[]"


def test_missing_subject_does_not_break_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.cli.SUBJECTS, "raster", ("app.no_such_subject.cli", "Rasters"))
    context = click.Context(cli)
    assert "raster" not in cli.list_commands(context)
    assert cli.get_command(context, "raster") is None
    assert "up" in cli.list_commands(context)


def test_unknown_command_is_misuse(tmp_path: Path) -> None:
    result = petakarya(tmp_path / "home", "terbang")
    assert result.returncode == 2
    assert "terbang" in result.stderr


@pytest.mark.parametrize(("language", "word"), [("en_GB.UTF-8", "is not a port"), ("id_ID.UTF-8", "bukan nomor porta")])
def test_mistake_in_the_environment_is_one_sentence_in_the_persons_language(
    tmp_path: Path, language: str, word: str
) -> None:
    result = petakarya(tmp_path / "home", "up", PORT="delapan", LANG=language)
    assert result.returncode == 1
    assert word in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def raise_error(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "code", "word"),
    [
        (InvalidSetting("salah", "wrong setting"), 1, "wrong setting"),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "disk is full"),
        (PermissionError(errno.EACCES, "Permission denied", "/some/file"), 1, "/some/file: Permission denied"),
        (KeyboardInterrupt(), 130, "Cancelled"),
        (ZeroDivisionError("unseen"), 1, "Something unexpected went wrong (ZeroDivisionError)"),
        (SystemExit(2), 2, ""),
        (click.UsageError("no such option"), 2, "no such option"),
    ],
)
def test_every_failure_has_a_sentence_and_a_code(
    error: BaseException, code: int, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(lambda: raise_error(error)) == code
    said = capsys.readouterr().err
    assert word in said
    assert "Traceback" not in said


def test_unexpected_failure_leaves_its_traceback_in_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(lambda: raise_error(ZeroDivisionError("for the log")))
    log = tmp_path / "home/logs/petakarya.log"
    assert str(log) in capsys.readouterr().err
    assert "ZeroDivisionError: for the log" in log.read_text()


def test_lost_connection_to_the_database_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    from psycopg.errors import AdminShutdown
    from sqlalchemy.exc import OperationalError

    wrapped = OperationalError("SELECT 1", {}, AdminShutdown("terminating connection"))
    assert run(lambda: raise_error(wrapped)) == 1
    assert "connection to the database was lost" in capsys.readouterr().err


def test_web_starts_without_geopandas() -> None:
    script = (
        "import sys, wsgi; print(sorted({'geopandas', 'pandas', 'folium', 'scipy', 'rasterio'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment(Path(os.environ["PETAKARYA_HOME"])),
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "[]"
