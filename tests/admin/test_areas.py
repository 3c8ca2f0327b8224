"""The national code list: complete, loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from app.admin import areas
from app.admin.areas import ensure_code_list
from app.errors import CodeListMissing


def test_list_is_complete_and_loaded_once(connection: Connection) -> None:
    connection.execute(text("DELETE FROM app.areas"))
    assert ensure_code_list(connection)
    counts = dict(connection.execute(text("SELECT level, count(*) FROM app.areas GROUP BY level")).all())
    assert counts == {"province": 38, "regency": 514, "district": 7285, "village": 83762}  # data/README.md
    assert not ensure_code_list(connection)


def test_every_area_stands_in_its_parent(connection: Connection) -> None:
    ensure_code_list(connection)
    orphans = text(
        """
        SELECT count(*) FROM app.areas a
        WHERE level <> 'province'
            AND NOT EXISTS (SELECT FROM app.areas p WHERE p.code = a.parent_code AND a.code LIKE p.code || '.%')
        """
    )
    assert connection.scalar(orphans) == 0


def test_name_of_a_ward(connection: Connection) -> None:
    ensure_code_list(connection)
    assert (
        connection.scalar(text("SELECT name FROM app.areas WHERE code = '16.05.09.1003'")) == "Pasar Muara Beliti"
    )  # T25


def test_missing_package_is_said_in_a_sentence(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    connection.execute(text("DELETE FROM app.areas"))
    monkeypatch.setattr(areas, "FOLDERS", (tmp_path,))
    with pytest.raises(CodeListMissing, match="make build"):
        ensure_code_list(connection)
