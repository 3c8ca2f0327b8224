"""What fails in the middle leaves everything as it was, and says so in a sentence."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import shapely
from click.testing import CliRunner, Result
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

import app.imports.cli as command_line
from app.console import run
from app.database.roles import DatabaseUrls
from app.imports.cli import import_command, import_once
from layers.ingest.errors import ImportFailed
from layers.ingest.run import ImportRequest, ImportResult
from tests.helpers.files import put_areas, put_district, put_region, square, write_layer
from tests.ingest.conftest import AREAS, BBOX

COUNT = 3_000


@pytest.fixture
def owner(committed_database: DatabaseUrls) -> Iterator[Engine]:
    """The owner's engine of a database of the test's own: the small regency with a boundary and one street."""
    engine = create_engine(committed_database.owner, poolclass=NullPool)
    with engine.begin() as connection:
        put_region(connection, "99.01", BBOX, is_real=True)
        put_areas(connection, AREAS)
        put_district(connection, "99.01.01", "Muara Beliti", square(103.0, -3.2, 0.2))
        connection.execute(
            text(
                "INSERT INTO layers.streets (name, class, demo, geom) VALUES ('Contoh', 'primary', true, "
                "ST_GeomFromText('MULTILINESTRING((103.05 -3.1, 103.1 -3.1))', 4326))"
            )
        )
    yield engine
    engine.dispose()


@pytest.fixture
def streets(tmp_path: Path) -> Path:
    lines = [shapely.LineString([(103.01 + n * 1e-5, -3.1), (103.02 + n * 1e-5, -3.1)]) for n in range(COUNT)]
    return write_layer(tmp_path / "jalan.gpkg", lines, nama=[f"Jl. {n}" for n in range(COUNT)], kelas=["path"] * COUNT)


def state_of(owner: Engine) -> tuple[Any, ...]:
    """Return everything that an import of streets could have changed."""
    with owner.connect() as connection:
        one = connection.execute(
            text(
                "SELECT (SELECT array_agg(name ORDER BY id) FROM layers.streets), (SELECT count(*) FROM history.streets),"
                " (SELECT version FROM app.layer_versions WHERE layer = 'streets'), (SELECT count(*) FROM app.imports),"
                " (SELECT count(*) FROM generalised.streets_12_13), (SELECT count(*) FROM app.layer_changes)"
            )
        ).one()
        return tuple(one)


def raise_at_row(owner: Engine, number: int, action: str) -> None:
    """Let the database act when the COPY has come to a row."""
    with owner.begin() as connection:
        connection.exec_driver_sql(
            f"""
            CREATE FUNCTION public.break_down() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
            BEGIN
                IF NEW.name = 'Jl. {number}' THEN {action} END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER z_break_down BEFORE INSERT ON layers.streets
                FOR EACH ROW EXECUTE FUNCTION public.break_down();
            """
        )


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("RAISE EXCEPTION 'tiba-tiba rusak';", "tiba-tiba rusak"),
        ("RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100';", "Kosongkan ruang"),
        ("PERFORM pg_terminate_backend(pg_backend_pid());", "tidak ada yang berubah"),
    ],
)
def test_a_failure_in_the_middle_of_copy_changes_nothing(
    action: str, words: str, owner: Engine, streets: Path, committed_database: DatabaseUrls, tmp_path: Path
) -> None:
    raise_at_row(owner, COUNT // 2, action)
    before = state_of(owner)
    with pytest.raises(ImportFailed) as failure:
        import_once(committed_database.app, ImportRequest(streets, "streets"), home=tmp_path, dry_run=False)
    assert words in failure.value.message_id
    assert state_of(owner) == before
    assert not list((tmp_path / "tmp").iterdir())


def test_a_row_that_the_database_refuses_is_a_refusal(
    owner: Engine, streets: Path, committed_database: DatabaseUrls, tmp_path: Path
) -> None:
    raise_at_row(owner, COUNT // 2, "RAISE EXCEPTION 'melanggar' USING ERRCODE = '23514';")
    before = state_of(owner)
    result = import_once(committed_database.app, ImportRequest(streets, "streets"), home=tmp_path, dry_run=False)
    assert not result.imported
    assert result.findings[0].code == "database_refused"
    assert state_of(owner) == before


def test_dry_run_changes_nothing(
    owner: Engine, streets: Path, committed_database: DatabaseUrls, tmp_path: Path
) -> None:
    before = state_of(owner)
    result = import_once(committed_database.app, ImportRequest(streets, "streets"), home=tmp_path, dry_run=True)
    assert result.imported
    assert result.rows_loaded == COUNT
    assert state_of(owner) == before
    with owner.connect() as connection:
        assert connection.scalar(text("SELECT boundary_is_real FROM app.region"))


def test_two_imports_of_one_file_wait_for_each_other(
    owner: Engine, committed_database: DatabaseUrls, tmp_path: Path
) -> None:
    line = shapely.LineString([(103.05, -3.1), (103.15, -3.1)])
    path = write_layer(
        tmp_path / "ruas.gpkg", [line], no_ruas=["001"], nama_ruas=["A"], panjang_sk=[11000.0], status=["Kabupaten"]
    )

    def import_roads(_turn: int) -> ImportResult:
        return import_once(committed_database.app, ImportRequest(path, "roads"), home=tmp_path, dry_run=False)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(import_roads, range(2)))
    assert sorted(result.rows_loaded for result in results) == [0, 1]
    refused = next(result for result in results if not result.imported)
    assert "key_present" in {one.code for one in refused.findings}


@pytest.fixture
def petakarya(committed_database: DatabaseUrls, owner: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call `petakarya import` on the test's own database."""

    @contextmanager
    def given_database(_settings: Any, **_options: Any) -> Iterator[DatabaseUrls]:
        yield committed_database

    monkeypatch.setattr(command_line, "needs_database", given_database)
    monkeypatch.setenv("PETAKARYA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PETAKARYA_LANG", "id")

    def call(*arguments: str) -> Result:
        runner = CliRunner()
        with runner.isolation() as outputs:
            code = run(lambda: import_command.main(list(arguments), standalone_mode=False))
            out, err = outputs[0].getvalue().decode(), outputs[1].getvalue().decode()
        return Result(runner, out.encode(), err.encode(), b"", None, code, None)

    return call


def test_command_imports_and_says_so(petakarya: Any, owner: Engine, streets: Path) -> None:
    result = petakarya(str(streets), "--layer", "streets")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert f"Selesai: {COUNT} dari {COUNT} baris dimuat ke streets." in result.stderr
    assert state_of(owner)[0] == [f"Jl. {n}" for n in range(COUNT)]
    with owner.connect() as connection:
        assert connection.scalars(text("SELECT DISTINCT changed_by FROM layers.streets")).all() == [getpass.getuser()]


def test_command_answers_json(petakarya: Any, owner: Engine, streets: Path) -> None:
    result = petakarya(str(streets), "--layer", "streets", "--json", "--dry-run")
    assert result.exit_code == 0
    content = json.loads(result.stdout)
    assert (content["outcome"], content["dry_run"], content["rows_loaded"]) == ("imported", True, COUNT)


def test_command_refuses_with_exit_code_2(petakarya: Any, owner: Engine, streets: Path) -> None:
    before = state_of(owner)
    result = petakarya(str(streets), "--layer", "buildings", "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["findings"][0]["code"] == "geometry_kind"
    assert state_of(owner) == before


def test_command_says_findings_in_english(petakarya: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PETAKARYA_LANG", "en")
    result = petakarya(str(tmp_path / "tidak-ada.shp"), "--layer", "streets")
    assert result.exit_code == 2
    assert "There is no file" in result.stderr
    assert "Refused: tidak-ada.shp was not loaded into streets; nothing has changed." in result.stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (["--layer", "kolam"], 2, "kolam"),
        (["--layer", "streets", "--lon", "x"], 2, "--lat"),
        (["--layer", "streets", "--map", "nama"], 2, "KOLOM=field"),
        (["--layer", "streets", "--mode", "hapus"], 2, "hapus"),
        ([], 2, "--layer"),
    ],
)
def test_command_misused(arguments: list[str], exit_code: int, words: str, petakarya: Any, streets: Path) -> None:
    result = petakarya(str(streets), *arguments)
    assert result.exit_code == exit_code
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_command_when_the_copy_fails(petakarya: Any, owner: Engine, streets: Path) -> None:
    raise_at_row(owner, 5, "RAISE EXCEPTION 'tiba-tiba rusak';")
    before = state_of(owner)
    result = petakarya(str(streets), "--layer", "streets")
    assert result.exit_code == 1
    assert "tidak ada yang berubah" in result.stderr
    assert "INSERT" not in result.stderr
    assert state_of(owner) == before
