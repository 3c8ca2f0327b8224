"""Who is told what, what waits for whom, and e-mail that is sent once."""

from __future__ import annotations

import smtplib
import threading
from email import message_from_bytes
from socketserver import StreamRequestHandler, TCPServer
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.extensions import db
from app.work import mail
from app.work.notices import mark_read, read_notices, tell
from tests.helpers.factories import make_district, make_project, make_region
from tests.helpers.people import make_account, sign_in


def update(connection: Connection, project: int, **values: Any) -> int:
    row = {"project_id": project, "day": "2026-11-18", "physical_percent": 61.0, "state": "submitted", "author": "x@y"}
    row |= values
    return connection.scalar(
        text(
            f"INSERT INTO app.progress_update ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)}) RETURNING id"
        ),
        row,
    )


@pytest.fixture
def place(connection: Connection) -> None:
    make_region(connection)
    make_district(connection)


def test_those_concerned_are_told_and_nobody_else(app: Flask, connection: Connection, place: None) -> None:
    here = make_account(connection, "reviewer")
    elsewhere = make_account(connection, "reviewer", area="16.05.01")
    officer = make_account(connection, "field_officer")
    treasurer = make_account(connection, "treasurer")
    project = make_project(connection, officer_id=officer.id)
    with app.test_request_context():
        assert tell(db.session, "submitted", project, {"day": "2026-11-18"}) == 1
        assert [one.kind for one in read_notices(db.session, here.id)] == ["submitted"]
        assert read_notices(db.session, elsewhere.id) == []
        assert tell(db.session, "returned", project, {"author": officer.email, "comment": "Foto kurang."}) == 1
        assert [one.about["comment"] for one in read_notices(db.session, officer.id)] == ["Foto kurang."]
        assert read_notices(db.session, treasurer.id) == []
        assert mark_read(db.session, officer.id) == 1
        assert read_notices(db.session, officer.id, only_unread=True) == []


def test_who_did_it_himself_is_not_told(app: Flask, connection: Connection, place: None) -> None:
    reviewer = make_account(connection, "reviewer")
    project = make_project(connection)
    with app.test_request_context():
        db.session.execute(text("SELECT set_config('petakarya.actor', :actor, true)"), {"actor": reviewer.email})
        assert tell(db.session, "submitted", project, {}) == 0


def test_work_shows_what_waits_within_ones_area(client: FlaskClient, connection: Connection, place: None) -> None:
    project = make_project(connection, name="Jembatan Beliti")
    update(connection, project)
    sign_in(client, make_account(connection, "reviewer"))
    page = client.get("/work").get_data(as_text=True)
    assert "Jembatan Beliti" in page
    answer = client.get("/api/v1/work").json
    assert [(one["kind"], one["total"]) for one in answer["waiting"]] == [("submitted", 1)]
    sign_in(client, make_account(connection, "reviewer", area="16.05.01"))
    assert client.get("/api/v1/work").json == {"waiting": []}


def test_returned_and_overdue_reports_wait_for_the_officer(
    client: FlaskClient, connection: Connection, place: None
) -> None:
    officer = make_account(connection, "field_officer")
    project = make_project(connection, officer_id=officer.id, progress_date="2026-10-01")
    other = make_account(connection, "field_officer")
    make_project(connection, officer_id=other.id, progress_date="2026-10-01")
    update(connection, project, state="returned", author=officer.email)
    sign_in(client, officer)
    kinds = {one["kind"]: one["total"] for one in client.get("/api/v1/work").json["waiting"]}
    assert kinds == {"returned": 1, "due": 1}


def test_visitors_see_no_work(client: FlaskClient, connection: Connection, place: None) -> None:
    assert client.get("/api/v1/work").status_code == 401
    assert client.get("/api/v1/notices").status_code == 401


class Postbox(StreamRequestHandler):
    """As much of SMTP as it takes to receive a message."""

    received: list[bytes] = []

    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (part := self.rfile.readline()) != b".\r\n":
                    lines.append(part)
                self.received.append(b"".join(lines))
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 ok\r\n")


def test_message_reaches_the_server_whole() -> None:
    Postbox.received.clear()
    with TCPServer(("127.0.0.1", 0), Postbox) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        message = mail.EmailMessage()
        message["From"], message["To"], message["Subject"] = (
            "peta@example.go.id",
            "ppk@example.go.id",
            "2026-JLN-001: dikembalikan",
        )
        message.set_content("Laporan 18 November dikembalikan.")
        with mail._server(f"smtp://127.0.0.1:{server.server_address[1]}") as connection:
            assert isinstance(connection, smtplib.SMTP)
            connection.send_message(message)
        server.shutdown()
    (content,) = Postbox.received
    assert message_from_bytes(content)["Subject"] == "2026-JLN-001: dikembalikan"
