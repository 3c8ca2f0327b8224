"""Finding PostgreSQL with PostGIS, in folders laid out as distributions do."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.console import Say
from app.database.installation import (
    Installation,
    PostgisNotFound,
    find_installations,
    install_with_apt,
    require_installation,
)

NOWHERE = "/nonexistent"


def lay_out(root: Path, version: str, *, postgis: str = "3.3.2", without: str = "") -> None:
    """Make the files by which we know a Debian installation."""
    programs, extensions = root / "lib" / version / "bin", root / "share" / version / "extension"
    programs.mkdir(parents=True)
    extensions.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (programs / name).touch(mode=0o755)
    for name in {"postgis", "pg_trgm", "unaccent"} - {without}:
        (extensions / f"{name}.control").write_text(f"default_version = '{postgis if name == 'postgis' else '1.6'}'\n")


def find(root: Path) -> list[Installation]:
    return find_installations(root / "lib", root / "share", search_path=NOWHERE)


def test_newest_version_is_taken_by_number_not_by_letter(tmp_path: Path) -> None:
    for version in ("9.6", "15", "17", "16"):
        lay_out(tmp_path, version)
    assert [one.major for one in find(tmp_path)] == [15, 16, 17]
    assert require_installation(find=lambda: find(tmp_path)).major == 17


def test_cluster_keeps_the_version_it_was_made_with(tmp_path: Path) -> None:
    lay_out(tmp_path, "15")
    lay_out(tmp_path, "17")
    assert require_installation(major=15, find=lambda: find(tmp_path)).bin == tmp_path / "lib/15/bin"


@pytest.mark.parametrize(
    ("version", "options"),
    [
        ("14", {}),
        ("15", {"postgis": "3.2.9"}),
        ("15", {"without": "postgis"}),
        ("15", {"without": "pg_trgm"}),
        ("15", {"without": "unaccent"}),
    ],
)
def test_unusable_installation_is_passed_over(tmp_path: Path, version: str, options: dict[str, str]) -> None:
    lay_out(tmp_path, version, **options)
    assert find(tmp_path) == []


def test_postgis_3_10_is_newer_than_3_3(tmp_path: Path) -> None:
    lay_out(tmp_path, "15", postgis="3.10.0")
    assert find(tmp_path)[0].postgis == (3, 10, 0)


def test_pg_config_on_the_path_is_asked(tmp_path: Path) -> None:
    lay_out(tmp_path / "custom", "pg")
    programs, share = tmp_path / "custom/lib/pg/bin", tmp_path / "custom/share/pg"
    (programs / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 16.3'\n")
    asked = tmp_path / "pg_config"
    asked.write_text(f"#!/bin/sh\necho {programs}\necho {share}\n")
    asked.chmod(0o755)
    found = find_installations(tmp_path / "none", tmp_path / "none", search_path=str(tmp_path))
    assert [(one.major, one.bin) for one in found] == [(16, programs)]


def test_without_postgis_and_apt_one_sentence_says_what_to_install() -> None:
    with pytest.raises(PostgisNotFound) as caught:
        require_installation(find=list, install=lambda _major, _say: False)
    assert "apt install postgresql-15-postgis-3" in caught.value.message_id
    assert "DATABASE_URL" in caught.value.message_en
    assert "\n" not in caught.value.message_id


def test_sentence_names_the_version_of_the_existing_cluster() -> None:
    with pytest.raises(PostgisNotFound, match="postgresql-16-postgis-3"):
        require_installation(major=16, find=list, install=lambda _major, _say: False)


def test_after_an_installation_the_search_is_repeated(tmp_path: Path) -> None:
    def install(_major: int | None, _say: Say) -> bool:
        lay_out(tmp_path, "15")
        return True

    assert require_installation(find=lambda: find(tmp_path), install=install).major == 15


def test_apt_is_left_alone_by_ordinary_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert install_with_apt() is False


def test_this_machine_has_one() -> None:
    assert require_installation().postgis >= (3, 3)
