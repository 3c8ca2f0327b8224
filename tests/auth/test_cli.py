"""`petakarya user`: accounts from the command line, with the sentences of mistakes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.auth import cli
from app.errors import InvalidRequest, NotFound
from app.extensions import db
from tests.helpers.factories import make_row


@pytest.fixture(autouse=True)
def on_the_tests_database(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextlib.contextmanager
    def session() -> Iterator[Session]:
        with app.app_context():
            yield db.session
            db.session.commit()

    monkeypatch.setattr(cli, "_session", session)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(cli.user, arguments, standalone_mode=False)
    if result.exception:
        raise result.exception
    return result.output


def test_account_is_made_listed_given_a_role_and_closed(connection: Connection) -> None:
    unit = make_row(connection, "app.unit", code="A.1", name="Bina Marga")
    made = run("create", "Siti@Dinas.example", "--role", "ppk", "--name", "Siti", "--area", "16.05.09", "--unit", "A.1")
    assert made.count("-") >= 3, "the one-time password is shown"
    row = connection.execute(text("SELECT * FROM app.account WHERE email = 'siti@dinas.example'")).one()
    assert (row.name, row.area_prefix, row.unit_id, row.must_change_password) == ("Siti", "16.05.09", unit, True)
    run("role", "siti@dinas.example", "treasurer")
    assert "siti@dinas.example\tSiti\tppk,treasurer\t16.05.09" in run("list")
    run("disable", "siti@dinas.example")
    line = next(line for line in run("list").splitlines() if line.startswith("siti@"))
    assert line.count("\t") == 4


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--role", "raja"), NotFound),
        (("--area", "16.5"), InvalidRequest),
        (("--unit", "Z"), NotFound),
    ],
)
def test_mistake_makes_nothing(connection: Connection, arguments: tuple[str, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        run("create", "siti@dinas.example", *arguments)
    assert connection.scalar(text("SELECT count(*) FROM app.account WHERE email = 'siti@dinas.example'")) == 0
