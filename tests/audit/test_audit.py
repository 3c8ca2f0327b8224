"""Every edit leaves its trail, nobody of the application can alter it, and it can be filtered and taken along."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.audit.words import SUBJECTS, actor_name
from tests.helpers.database import as_role
from tests.helpers.factories import make_project, make_region
from tests.helpers.people import make_account, sign_in


def edited_project(connection: Connection) -> str:
    make_region(connection)
    project = make_project(connection, name="Lama")
    connection.execute(text("SELECT set_config('petakarya.actor', 'ppk@example.go.id', true)"))
    connection.execute(text("UPDATE app.project SET name = 'Baru' WHERE id = :id"), {"id": project})
    return str(connection.scalar(text("SELECT code FROM app.project WHERE id = :id"), {"id": project}))


def test_trail_has_old_and_new_and_who(client: FlaskClient, connection: Connection) -> None:
    code = edited_project(connection)
    sign_in(client, make_account(connection, "leader"))
    newest, first = client.get(f"/api/v1/audit?code={code}").json["changes"]
    assert (newest["operation"], newest["actor"], newest["old"], newest["new"]) == (
        "update",
        "ppk@example.go.id",
        {"name": "Lama"},
        {"name": "Baru"},
    )
    assert first["operation"] == "insert"
    page = client.get(f"/audit?code={code}").get_data(as_text=True)
    assert "<del>Lama</del>" in page
    assert "Data paket, diubah" in page
    assert "<dt>Nama paket</dt>" in page
    assert '<option value="project">Data paket</option>' in page
    english = client.get(f"/audit?code={code}&lang=en").get_data(as_text=True)
    assert "Data of the package" in english
    assert actor_name("petakarya_owner") == "Aplikasi"
    assert actor_name("ppk@example.go.id") == "ppk@example.go.id"
    assert client.get(f"/api/v1/audit?code={code}&actor=lain@example.go.id").json["changes"] == []
    assert client.get(f"/api/v1/audit?code={code}&until=2020-01-01").json["changes"] == []


def test_export_holds_every_change_and_no_formula(client: FlaskClient, connection: Connection) -> None:
    code = edited_project(connection)
    connection.execute(text("UPDATE app.project SET name = '=HYPERLINK(1)' WHERE code = :code"), {"code": code})
    sign_in(client, make_account(connection, "administrator"))
    rows = list(
        csv.reader(
            StringIO(client.get(f"/audit.csv?code={code}").get_data(as_text=True).lstrip("\ufeff")), delimiter=";"
        )
    )
    assert [row[5] for row in rows] == ["operation", "update", "update", "insert"]
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)


def test_every_table_of_the_trail_has_a_name(connection: Connection) -> None:
    tables = connection.scalars(
        text("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'z_audit' AND NOT tgisinternal")
    ).all()
    assert {name.removeprefix("app.") for name in tables} <= set(SUBJECTS)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM app.audit",
        "UPDATE app.audit SET actor = 'x'",
        "INSERT INTO app.audit (actor, subject, operation) VALUES ('x', 'project', 'delete')",
    ],
)
def test_application_cannot_touch_the_trail(connection: Connection, statement: str) -> None:
    with as_role(connection, "app"), pytest.raises(DBAPIError, match="permission denied"), connection.begin_nested():
        connection.execute(text(statement))


def test_secrets_never_stand_in_the_trail(client: FlaskClient, connection: Connection) -> None:
    account = make_account(connection, "leader", password="$argon2id$rahasia")
    connection.execute(text("UPDATE app.account SET password = '$argon2id$baru' WHERE id = :id"), {"id": account.id})
    trail = connection.scalar(
        text("SELECT string_agg(coalesce(old::text, '') || coalesce(new::text, ''), '') FROM app.audit")
    )
    assert "argon2id" not in trail
    assert account.fs_uniquifier not in trail


def test_unreadable_filter_is_refused_in_a_sentence(client: FlaskClient, connection: Connection) -> None:
    make_region(connection)
    sign_in(client, make_account(connection, "leader"))
    answer = client.get("/api/v1/audit?since=kemarin")
    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"since"}
