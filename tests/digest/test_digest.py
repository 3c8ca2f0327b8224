"""Following by e-mail: nothing is sent before a yes, one click ends it, and addresses are nobody's business."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from app.config import Settings
from app.digest import letters
from app.digest.service import forget, is_email
from app.digest.tasks import ask_one, send_all
from app.extensions import db
from tests.helpers.factories import make_district, make_region
from tests.helpers.tracking import make_approved, make_tracked_project

ADDRESS = "warga@contoh.id"


@pytest.fixture(autouse=True)
def project(connection: Connection) -> int:
    make_region(connection)
    make_district(connection)
    return make_tracked_project(connection, code="P-1", name="Jalan Kelingi", sector="roads")


@pytest.fixture
def demo(app: Flask, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a demonstration, whose letters are put into a folder."""
    settings = replace(app.config["SETTINGS"], demo=True, home=tmp_path, public_url="https://peta.contoh.id")
    before, app.config["SETTINGS"] = app.config["SETTINGS"], settings
    yield settings
    app.config["SETTINGS"] = before


def mails(settings: Settings) -> list[EmailMessage]:
    files = sorted((settings.home / "mail").glob("*.eml"))
    return [email.message_from_bytes(one.read_bytes(), policy=email.policy.default) for one in files]


def ask(client: FlaskClient, query: str = "?project=P-1", address: str = ADDRESS, **more: str) -> Any:
    return client.post(f"/follow{query}", data={"email": address, "website": "", **more})


def rows(connection: Connection) -> list[Any]:
    return list(
        connection.execute(text("SELECT id, email, scope, language, confirmed_at FROM app.subscription ORDER BY id"))
    )


def path_in(letter: EmailMessage, purpose: str) -> str:
    content = letter.get_content() if purpose == "confirm" else f"{letter['List-Unsubscribe']}"
    found = re.search(rf"https://peta\.contoh\.id(/follow/{purpose}/[^\s>]+)", content)
    assert found, content
    return found[1]


def subscribed(
    client: FlaskClient, app: Flask, demo: Settings, connection: Connection, query: str = "?project=P-1"
) -> str:
    """Follow, confirm, and return the path of the link that leaves."""
    assert ask(client, query).status_code == 200
    ask_one(app, demo, rows(connection)[-1].id)
    letter = mails(demo)[-1]
    assert client.post(path_in(letter, "confirm")).status_code == 200
    return path_in(letter, "leave")


def publish(connection: Connection, project: int, day: date, percent: float) -> None:
    make_approved(
        connection, project, day, percent, state="published", published_at=datetime.now(UTC), note="Aspal tiba."
    )


def a_week_passes(connection: Connection) -> None:
    connection.execute(text("UPDATE app.subscription SET told_until = told_until - interval '7 days'"))


def test_nothing_but_the_question_is_sent_before_a_yes(
    client: FlaskClient, app: Flask, demo: Settings, connection: Connection, project: int
) -> None:
    assert "Periksa surel Anda" in ask(client).text
    (row,) = rows(connection)
    assert (row.email, row.scope, row.confirmed_at) == (ADDRESS, "project=P-1", None)
    publish(connection, project, date.today(), 10)
    assert send_all(app, demo) == 0
    ask_one(app, demo, row.id)
    (letter,) = mails(demo)
    assert letter["To"] == ADDRESS
    assert "Jalan Kelingi" in letter["Subject"]
    opened = client.get(path_in(letter, "confirm"))
    assert "Ya, kirimi saya kabar" in opened.text
    assert opened.headers["Cache-Control"] == "no-store"
    assert rows(connection)[0].confirmed_at is None  # a program that opens links has confirmed nothing


def test_news_of_a_week_are_sent_once(
    client: FlaskClient, app: Flask, demo: Settings, connection: Connection, project: int
) -> None:
    subscribed(client, app, demo, connection)
    other = make_tracked_project(connection, code="P-2", name="Lain")
    a_week_passes(connection)
    publish(connection, project, date.today(), 48.2)
    publish(connection, other, date.today(), 99)

    assert send_all(app, demo) == 1
    letter = mails(demo)[-1]
    content = letter.get_content()
    assert "Terlaksana 48,2%" in content
    assert "Aspal tiba." in content
    assert "https://peta.contoh.id/projects/P-1" in content
    assert "Lain" not in content
    raw = sorted((demo.home / "mail").glob("*.eml"))[-1].read_bytes()
    assert b"List-Unsubscribe: <https://peta.contoh.id/follow/leave/" in raw  # mail programs decode nothing here
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert send_all(app, demo) == 0
    a_week_passes(connection)
    connection.execute(text("UPDATE app.subscription SET told_until = clock_timestamp() - interval '6.5 days'"))
    connection.execute(text("UPDATE app.progress_update SET published_at = published_at - interval '30 days'"))
    assert send_all(app, demo) == 0  # a week without news has no e-mail


def test_leaving_takes_one_request_and_forgets_the_address(
    client: FlaskClient, app: Flask, demo: Settings, connection: Connection
) -> None:
    leave = subscribed(client, app, demo, connection)
    assert "Berhenti" in client.get(leave).text
    app.config["WTF_CSRF_ENABLED"] = True  # a mail program has no page of ours
    answer = client.post(leave, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert rows(connection) == []
    assert client.post(leave).status_code == 200
    assert "tidak lagi mengikuti" in client.get(leave).text


def test_links_are_good_for_one_purpose_and_not_to_be_guessed(
    client: FlaskClient, app: Flask, demo: Settings, connection: Connection
) -> None:
    leave = subscribed(client, app, demo, connection)
    assert client.post(leave.replace("/leave/", "/confirm/")).status_code == 404
    assert client.post(leave[:-3] + "abc").status_code == 404
    for token in ("x", "a.b", "%00", "A" * 3000):
        assert client.get(f"/follow/leave/{token}").status_code == 404
    confirm = path_in(mails(demo)[0], "confirm")
    first = rows(connection)[0].confirmed_at
    assert client.post(confirm).status_code == 200
    assert rows(connection)[0].confirmed_at == first


@pytest.mark.usefixtures("demo")
def test_limits_of_an_address_and_of_a_network(client: FlaskClient, connection: Connection) -> None:
    answers = {ask(client, f"?year={2020 + number}").text for number in range(5)}
    assert len(rows(connection)) == 3  # a day; the answer does not tell
    assert len({re.sub(r'value="[^"]+"|\?lang=|year=\d+', "", one) for one in answers}) == 1
    for number in range(5):
        assert ask(client, address=f"warga{number}@contoh.id").status_code == 200
    assert ask(client, address="satu.lagi@contoh.id").status_code == 429
    kept = connection.execute(text("SELECT subject FROM app.subscription_attempt")).scalars().all()
    assert not [one for one in kept if "127.0.0.1" in one or "@" in one]


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("address", [
    "", "bukan", "a@b", "a@b..id", "a b@contoh.id", "a@contoh.id\nBcc: b@contoh.id", "a@contoh.id,b@contoh.id",
    '"a b"@contoh.id', "<a@contoh.id>", "a@-", "a\x00@contoh.id", "x" * 300 + "@contoh.id", "ä@contoh.id",
])  # fmt: skip
def test_what_is_no_address_is_refused(client: FlaskClient, connection: Connection, address: str) -> None:
    answer = ask(client, address=address)
    assert answer.status_code == 422
    assert "surel" in answer.text
    assert rows(connection) == []


@pytest.mark.usefixtures("demo")
def test_machine_that_fills_every_field_follows_nothing(client: FlaskClient, connection: Connection) -> None:
    assert ask(client, website="http://jahat.example").status_code == 200
    assert rows(connection) == []


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(("query", "status"), [("?stage=zzz", 400), ("?apa=1", 400), ("?project=zzz", 404)])
def test_what_does_not_exist_cannot_be_followed(client: FlaskClient, query: str, status: int) -> None:
    assert ask(client, query).status_code == status
    assert client.get(f"/follow{query}").status_code == status


def test_without_mail_there_is_no_form(client: FlaskClient) -> None:
    page = client.get("/follow?district=16.05.09")
    assert page.status_code == 200
    assert 'name="email"' not in page.text
    assert "/feeds/projects.atom?district=16.05.09" in page.text
    assert ask(client).status_code == 404


@pytest.mark.usefixtures("demo")
def test_what_nobody_confirms_is_forgotten(
    client: FlaskClient, app: Flask, demo: Settings, connection: Connection
) -> None:
    subscribed(client, app, demo, connection)
    ask(client, "?year=2026")
    connection.execute(text("UPDATE app.subscription SET asked_at = asked_at - interval '3 days'"))
    with app.app_context():
        forget(db.session, demo.feeds)
        db.session.commit()
    assert [row.scope for row in rows(connection)] == ["project=P-1"]


def test_public_role_reads_no_address(reader_connection: Connection) -> None:
    with pytest.raises(ProgrammingError) as error:
        reader_connection.execute(text("SELECT email FROM app.subscription"))
    assert isinstance(error.value.orig, psycopg.errors.InsufficientPrivilege)


def test_one_address_that_fails_keeps_nothing_from_the_others(
    client: FlaskClient,
    app: Flask,
    demo: Settings,
    connection: Connection,
    project: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(2):
        ask(client, address=f"warga{number}@contoh.id")
    connection.execute(text("UPDATE app.subscription SET confirmed_at = now(), told_until = now() - interval '7 days'"))
    publish(connection, project, date.today() - timedelta(days=1), 20)
    sent: list[str] = []

    def refuse_first(settings: Settings, address: str, letter: letters.Letter) -> None:
        if address.startswith("warga0"):
            raise OSError("penuh")
        sent.append(address)

    monkeypatch.setattr(letters, "send", refuse_first)
    assert send_all(app, demo) == 1
    assert sent == ["warga1@contoh.id"]
    monkeypatch.setattr(letters, "send", lambda _settings, address, _letter: sent.append(address))
    assert send_all(app, demo) == 1
    assert sent == ["warga1@contoh.id", "warga0@contoh.id"]


def test_address_is_checked_by_its_form() -> None:
    assert is_email("nama.panjang+tanda@dinas.contoh.go.id")
    assert not is_email("Nama@contoh.id")  # the form makes it lower case first
