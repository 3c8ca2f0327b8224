"""What the application is made of: the secret it keeps, and how long a visitor's question may take."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from app import create_app, kept_secret
from app.config import ListLimits, Settings
from app.database.roles import DatabaseUrls
from app.extensions import db
from tests.helpers.application import everything_closed
from tests.helpers.factories import make_region


def test_processes_that_start_at_once_have_one_secret(tmp_path: Path) -> None:
    path, found = tmp_path / "secret_key", []
    begin = threading.Barrier(8)

    def ask() -> None:
        begin.wait()
        found.append(kept_secret(path))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found[0]) == 64
    assert path.stat().st_mode & 0o777 == 0o600


def test_secret_that_was_never_written_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "secret_key").touch()
    assert len(kept_secret(tmp_path / "secret_key")) == 64


def test_question_of_a_visitor_ends_after_a_while(committed_app: Flask) -> None:
    with committed_app.app_context(), db.get_engine("reader").connect() as connection:
        limit = connection.scalar(
            text("SELECT extract(epoch FROM current_setting('statement_timeout')::interval) * 1000")
        )
    assert limit == ListLimits().longest_statement_ms


def test_addresses_behind_tls_begin_as_the_visitors_do(committed_database: DatabaseUrls, settings: Settings) -> None:
    with create_engine(committed_database.owner, poolclass=NullPool).begin() as connection:
        make_region(connection)
    app = create_app(replace(settings, https=True), committed_database)
    with everything_closed(app):
        client = app.test_client()
        style = client.get("/style.json", headers={"Host": "peta.example"})
        tiles = [url for source in style.json["sources"].values() for url in source.get("tiles", [])]
        assert tiles
        assert all(url.startswith("https://peta.example/tiles/") for url in tiles)
        assert "Strict-Transport-Security" in style.headers
        assert "Secure" in client.get("/login").headers["Set-Cookie"]
