"""Pages of staff, and the public's photos, as they were recorded at a moment: the alarm, updates, places."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.critical.service import evaluate
from app.extensions import db
from layers.rules import seed_rules
from tests.helpers.factories import make_location, make_project, make_region, make_row
from tests.helpers.people import make_account, sign_in
from tests.helpers.tracking import make_approved, make_excuse, make_tracked_project

THEN = dt.datetime(2026, 9, 1, 12, tzinfo=dt.UTC)
BEFORE, BETWEEN = "2026-08-01", "2026-10-01"  # before anything was recorded of it, and after
NOTICE = "Yang tampil adalah catatan per"
BACK = "Kembali ke keadaan terbaru"


@pytest.fixture(autouse=True)
def region(connection: Connection) -> None:
    make_region(connection)
    seed_rules(connection)


@pytest.fixture
def ppk(connection: Connection, client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_account(connection, "ppk"))


@pytest.fixture
def project(connection: Connection) -> int:
    found = make_tracked_project(connection, code="P-1", name="Peningkatan Jalan Merdeka")
    record_at(connection, "project", dt.datetime(2026, 1, 5, tzinfo=dt.UTC))
    record_at(connection, "contract", dt.datetime(2026, 4, 28, tzinfo=dt.UTC))
    return found


def record_at(connection: Connection, table: str, moment: dt.datetime) -> None:
    """Let rows of a table be recorded at an earlier moment."""
    connection.execute(text("SELECT set_config('petakarya.derived', 'on', true)"))
    connection.execute(text(f"UPDATE app.{table} SET valid_from = :moment"), {"moment": moment})
    connection.execute(text("SELECT set_config('petakarya.derived', '', true)"))


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    found: str = answer.text
    return found


def test_alarm_is_shown_as_it_was_recorded(app: Flask, ppk: FlaskClient, connection: Connection, project: int) -> None:
    make_approved(connection, project, dt.date(2026, 8, 30), 30, planned_percent=70)
    record_at(connection, "progress_update", THEN)
    with app.app_context():
        evaluate(db.session, project, today=THEN.date())
        db.session.commit()
    record_at(connection, "critical_case", THEN)
    make_excuse(connection, project, dt.date(2026, 10, 1), dt.date(2026, 10, 9), reason="Banjir besar")
    page = "/packages/P-1/critical"

    now = text_of(ppk.get(page))
    assert "Banjir besar" in now
    assert "<form" in now.partition("<main")[2]
    assert NOTICE not in now

    between = text_of(ppk.get(f"{page}?as_of={BETWEEN}"))
    assert NOTICE in between
    assert BACK in between
    assert "Banjir besar" not in between
    assert "Diusulkan sistem" in between
    assert 'method="post"' not in between.partition("<main")[2].partition("</main")[0]
    assert "letters" not in between

    before = text_of(ppk.get(f"{page}?as_of={BEFORE}"))
    assert "Waktu itu belum ada kemajuan yang disetujui" in before
    assert "Diusulkan sistem" not in before

    api = "/api/v1/projects/P-1/critical"
    assert ppk.get(f"{api}?as_of={BEFORE}").json["state"] == "none"
    assert ppk.get(f"{api}?as_of={BETWEEN}").json["state"] == "indicated"
    assert ppk.get(f"{api}?as_of={BETWEEN}").json["excuses"] == []
    assert ppk.get(f"{page}?as_of=2020-01-01").status_code == 404  # there was no such package


def test_updates_are_shown_as_they_were_recorded(ppk: FlaskClient, connection: Connection, project: int) -> None:
    make_row(
        connection,
        "app.progress_update",
        project_id=project,
        day=dt.date(2026, 8, 30),
        physical_percent=31,
        state="submitted",
    )
    record_at(connection, "progress_update", THEN)
    connection.execute(text("UPDATE app.progress_update SET physical_percent = 33, state = 'approved'"))
    page = "/packages/P-1/updates"

    assert "33,00" in text_of(ppk.get(page))
    between = text_of(ppk.get(f"{page}?as_of={BETWEEN}"))
    assert "31,00" in between
    assert "33,00" not in between
    assert NOTICE in between
    assert "Tulis laporan" not in between.partition("<main")[2]
    before = text_of(ppk.get(f"{page}?as_of={BEFORE}"))
    assert "Waktu itu belum ada laporan" in before


def test_places_are_shown_as_they_were_recorded(ppk: FlaskClient, connection: Connection, project: int) -> None:
    make_location(connection, project, "planned", "POINT(102.95 -3.14)", note="Di simpang lama")
    record_at(connection, "project_location", THEN)
    connection.execute(text("DELETE FROM app.project_location"))
    page = "/packages/P-1/locations"

    assert "Di simpang lama" not in text_of(ppk.get(page))
    between = text_of(ppk.get(f"{page}?as_of={BETWEEN}"))
    assert "Di simpang lama" in between
    assert NOTICE in between
    assert "locations-form" not in between
    before = text_of(ppk.get(f"{page}?as_of={BEFORE}"))
    assert "Di simpang lama" not in before
    assert "Waktu itu paket ini belum memiliki lokasi." in before


@pytest.mark.parametrize("page", ["critical", "updates", "locations"])
def test_moment_that_cannot_be_read_is_refused(ppk: FlaskClient, project: int, page: str) -> None:
    assert ppk.get(f"/packages/P-1/{page}?as_of=kemarin").status_code == 400


def test_public_sees_photos_published_then_that_still_are(client: FlaskClient, connection: Connection) -> None:
    project = make_project(connection, code="P-2")
    record_at(connection, "project", dt.datetime(2026, 1, 5, tzinfo=dt.UTC))
    for number, caption in enumerate(("Galian", "Talud", "Wajah")):
        make_row(
            connection,
            "app.photo",
            project_id=project,
            client_id=f"00000000-0000-0000-0000-00000000000{number}",
            caption=caption,
            original_hash=f"{number}" * 64,
            thumbnail_hash=f"{number}a" * 32,
            view_hash=f"{number}b" * 32,
            public_hash=f"{number}c" * 32,
            public_thumbnail_hash=f"{number}d" * 32,
            media_type="image/jpeg",
            bytes=1000,
            width=640,
            height=480,
            perceptual_hash=number,
            grade="unproven",
            grade_reasons="[]",
            state="published",
            author="petugas@contoh.petakarya.local",
        )
    record_at(connection, "photo", THEN)
    connection.execute(text("UPDATE app.photo SET state = 'withheld', public_hash = NULL WHERE caption = 'Wajah'"))
    connection.execute(text("UPDATE app.photo SET caption = 'Talud selesai' WHERE caption = 'Talud'"))

    between = text_of(client.get(f"/projects/P-2?as_of={BETWEEN}"))
    assert "Galian" in between
    assert "Talud selesai" in between  # as it is now: what was corrected since may have had a reason
    assert "Wajah" not in between
    assert "Galian" not in text_of(client.get(f"/projects/P-2?as_of={BEFORE}"))
    assert "Galian" in text_of(client.get("/projects/P-2"))
