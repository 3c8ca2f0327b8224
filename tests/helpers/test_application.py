"""The fixtures keep their word: roles keep their rights, and nothing stays."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.extensions import db, reader_session


def test_commit_of_the_app_is_seen_by_the_owner_and_acts_as_app(app: Flask, connection: Connection) -> None:
    connection.execute(text("CREATE TABLE app.kept (word text)"))
    connection.execute(text("GRANT SELECT, INSERT ON app.kept TO petakarya_app"))
    with app.test_request_context():
        db.session.execute(text("INSERT INTO app.kept SELECT current_user"))
        db.session.commit()
        db.session.execute(text("INSERT INTO app.kept VALUES ('rolled back')"))
        db.session.rollback()
        with pytest.raises(DBAPIError, match="permission denied"):
            reader_session().execute(text("SELECT * FROM app.kept"))
    assert connection.scalars(text("SELECT word FROM app.kept")).all() == ["petakarya_app"]


def test_app_cannot_alter_history(app: Flask) -> None:
    with app.test_request_context():
        assert db.session.scalar(text("SELECT has_table_privilege('history.roads', 'DELETE, UPDATE, INSERT')")) is False


def test_nothing_stayed_of_the_test_before(connection: Connection) -> None:
    assert connection.scalar(text("SELECT to_regclass('app.kept')")) is None
    assert connection.scalar(text("SELECT current_user")) == "petakarya_owner"


def test_tile_pool_reads_as_reader_what_the_test_wrote(app: Flask, connection: Connection) -> None:
    connection.execute(text("CREATE TABLE app.kept AS SELECT 1 AS n"))
    connection.execute(text("GRANT SELECT ON app.kept TO petakarya_reader"))
    with app.extensions["petakarya.tile_pool"].connection() as reader:
        assert reader.execute("SELECT n, current_user FROM app.kept").fetchone() == (1, "petakarya_reader")


def test_committed_app_commits(committed_app: Flask) -> None:
    with committed_app.test_request_context():
        assert db.session.scalar(text("SELECT current_user")) == "petakarya_app"
        assert reader_session().scalar(text("SHOW default_transaction_read_only")) == "on"
