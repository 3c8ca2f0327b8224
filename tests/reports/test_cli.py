from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine

from app.config import Settings
from app.database.roles import DatabaseUrls
from app.errors import InvalidRequest, NotFound
from app.reports import cli
from tests.reports.conftest import make_regency


@pytest.fixture
def runner(committed_database: DatabaseUrls, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    @contextmanager
    def database_of_the_test(*_args: object, **_options: object) -> Iterator[DatabaseUrls]:
        yield committed_database

    monkeypatch.setattr(cli, "needs_database", database_of_the_test)
    monkeypatch.setenv("PETAKARYA_HOME", str(settings.home))
    engine = create_engine(committed_database.owner)
    with engine.begin() as connection:
        make_regency(connection)
    engine.dispose()
    return CliRunner()


def test_report_is_written_in_the_form_asked_for(runner: CliRunner, tmp_path: Path) -> None:
    printed = runner.invoke(cli.report, ["coverage", "--format", "json"], catch_exceptions=False)
    assert printed.exit_code == 0
    whole = json.loads(printed.stdout)
    assert whole["area"]["code"] == "16.05"
    again = runner.invoke(cli.report, ["coverage", "--format", "json", "-o", "-"], catch_exceptions=False)
    assert again.stdout == printed.stdout

    file = tmp_path / "a.json"
    runner.invoke(
        cli.report, ["coverage", "--area", "16.05.01", "--year", "2024", "-o", str(file)], catch_exceptions=False
    )
    part = json.loads(file.read_text())
    assert (part["area"]["code"], part["year"]) == ("16.05.01", 2024)

    page = tmp_path / "a.html"
    runner.invoke(cli.report, ["coverage", "-o", str(page)], catch_exceptions=False)
    assert "Kabupaten Musi Rawas" in page.read_text()


def test_one_run_writes_a_file_for_each_area_and_an_index(runner: CliRunner, tmp_path: Path) -> None:
    folder = tmp_path / "laporan"
    done = runner.invoke(
        cli.report, ["coverage", "--all-areas", "--format", "json", "-o", str(folder)], catch_exceptions=False
    )
    assert done.exit_code == 0
    index = json.loads((folder / "index.json").read_text())
    assert [one["code"] for one in index["areas"]] == ["16.05", "16.05.01", "16.05.02"]
    for one in index["areas"]:
        assert json.loads((folder / one["file"]).read_text())["area"]["code"] == one["code"]
        assert f'href="{one["file"]}"' in (folder / "index.html").read_text()
    assert len(list(folder.iterdir())) == 5


def test_all_areas_need_a_folder(runner: CliRunner, tmp_path: Path) -> None:
    assert isinstance(runner.invoke(cli.report, ["coverage", "--all-areas"]).exception, InvalidRequest)
    both = ["coverage", "--all-areas", "--area", "16.05", "-o", str(tmp_path)]
    assert isinstance(runner.invoke(cli.report, both).exception, InvalidRequest)


def test_settings_of_a_report_are_checked(runner: CliRunner) -> None:
    for written in ("colour=red", "colour"):
        assert isinstance(runner.invoke(cli.report, ["coverage", "--set", written]).exception, InvalidRequest)


def test_a_file_is_written_whole_or_not_at_all(runner: CliRunner, tmp_path: Path) -> None:
    nowhere = tmp_path / "folder" / "a.json"
    failed = runner.invoke(cli.report, ["coverage", "-o", str(nowhere)])
    assert isinstance(failed.exception, InvalidRequest)
    assert list(tmp_path.iterdir()) == []


def test_mistakes_are_said_and_leave_no_file(runner: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    assert isinstance(runner.invoke(cli.report, ["coverage", "--area", "99", "-o", str(file)]).exception, NotFound)
    assert isinstance(
        runner.invoke(cli.report, ["coverage", "--year", "dua", "-o", str(file)]).exception, InvalidRequest
    )
    unknown = runner.invoke(cli.report, ["panen"])
    assert unknown.exit_code == 2
    assert "coverage" in unknown.stderr
    assert not file.exists()
