"""The printed board and the picture for sharing: what is on them, of which size, the same for the same record."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask.testing import FlaskClient
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import Connection, text

from app.projects import routes
from app.projects.sheet import SheetCache
from app.projects.short import short_code
from tests.helpers.factories import make_district, make_project, make_region, make_village


@pytest.fixture(autouse=True)
def region(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    make_region(connection)
    make_district(connection)
    make_village(connection)
    monkeypatch.setattr(routes, "SHEETS", SheetCache())


def test_board_is_an_a3_sheet_with_the_fields_and_the_short_address(
    client: FlaskClient, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(
        connection, code="X", name="Jembatan Kelingi", contractor="CV Musi Jaya", planned_percent=62,
        physical_percent=48.2, contract_value_idr=987_654_321, geom="POINT(102.95 -3.15)",
    )  # fmt: skip
    answer = client.get("/projects/X/board.pdf")
    assert answer.mimetype == "application/pdf"
    (sheet,) = PdfReader(BytesIO(answer.data)).pages
    assert (round(sheet.mediabox.width), round(sheet.mediabox.height)) == (1191, 842)  # A3 lying, in points
    words = " ".join(sheet.extract_text().split())
    for expected in (
        "Jembatan Kelingi",
        "CV Musi Jaya",
        "Rp987.654.321",
        f"localhost/p/{short_code(project)}",
        "48,2%",
    ):
        assert expected in words, words
    monkeypatch.setattr(routes, "SHEETS", SheetCache())  # so that it is drawn again
    assert client.get("/projects/X/board.pdf").data == answer.data


def test_board_stays_on_one_sheet_however_long_its_words_are(client: FlaskClient, connection: Connection) -> None:
    make_project(
        connection, code="X", name="Peningkatan Jalan " * 20, contractor="Perseroan " * 30, geom="POINT(102.95 -3.15)"
    )
    assert len(PdfReader(BytesIO(client.get("/projects/X/board.pdf").data)).pages) == 1


def test_picture_for_sharing_is_drawn_once(
    client: FlaskClient, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(connection, code="X", name="Jembatan Kelingi", geom="POINT(102.95 -3.15)")
    answer = client.get("/projects/X/share.png")
    assert answer.mimetype == "image/png"
    assert Image.open(BytesIO(answer.data)).size == (1200, 630)

    def refuse(*_args: object, **_options: object) -> bytes:
        raise AssertionError("drawn again")

    monkeypatch.setattr("app.projects.sheet.render_sheet", refuse)
    assert client.get("/projects/X/share.png").data == answer.data
    unchanged = client.get("/projects/X/share.png", headers={"If-None-Match": answer.headers["ETag"]})
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    monkeypatch.undo()
    connection.execute(text("UPDATE app.project SET name = 'Nama baru' WHERE id = :id"), {"id": project})
    assert client.get("/projects/X/share.png").headers["ETag"] != answer.headers["ETag"]


def test_project_without_location_has_both_without_a_map(client: FlaskClient, connection: Connection) -> None:
    make_project(connection, code="X", geom=None, physical_percent=None, planned_percent=None)
    assert Image.open(BytesIO(client.get("/projects/X/share.png").data)).size == (1200, 630)
    assert len(PdfReader(BytesIO(client.get("/projects/X/board.pdf").data)).pages) == 1


@pytest.mark.parametrize("part", ["board.pdf", "share.png", "calendar.ics"])
def test_unknown_project_has_none(client: FlaskClient, part: str) -> None:
    assert client.get(f"/projects/NONE/{part}").status_code == 404
