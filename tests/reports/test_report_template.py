"""The frame of printed reports: set by an administrator, kept with history, shown on the PDF."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.config import ROOT
from app.reports.template import BLANK, Signatory
from app.reports.template_service import (
    EMBLEM_PX,
    GREATEST_BYTES,
    EmblemRefused,
    read_emblem,
    read_kept,
    read_template,
    save_template,
    templates_state,
)
from app.storage import Storage
from tests.helpers.chromium import CHROMIUM
from tests.helpers.factories import make_region
from tests.helpers.people import make_account, sign_in

PAGE = "/reports/settings"
AXE = ROOT / "static" / "node_modules" / "axe-core" / "axe.min.js"
HOSTILE = 'Dinas #PU *dan* _Tata_ Ruang $x$ "kutip" \\ @rujuk'


def picture(kind: str, size: tuple[int, int] = (900, 600)) -> bytes:
    stream = BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(stream, kind)
    return stream.getvalue()


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path)


@pytest.fixture
def administrator(client: FlaskClient, connection: Connection) -> FlaskClient:
    make_region(connection)
    return sign_in(client, make_account(connection, "administrator"))


def test_without_settings_the_frame_names_the_government(
    session: Session, connection: Connection, storage: Storage
) -> None:
    make_region(connection)
    template = read_template(session, storage)
    assert template.government == "Pemerintah Kabupaten Musi Rawas"
    assert (template.office, template.place, template.emblem) == ("", BLANK, None)
    assert template.signatories == (Signatory(BLANK),)


def test_a_report_may_have_a_frame_of_its_own(session: Session, connection: Connection, storage: Storage) -> None:
    make_region(connection)
    save_template(session, "", {"office": "Bappeda"}, [Signatory("Kepala Bappeda", "A")], emblem_hash=None)
    save_template(session, "coverage", {"office": "Dinas PU"}, [], emblem_hash=None)
    assert read_template(session, storage, "coverage").office == "Dinas PU"
    assert read_template(session, storage, "progress").office == "Bappeda"


def test_any_change_of_a_frame_changes_the_state(session: Session, connection: Connection) -> None:
    make_region(connection)
    states = [templates_state(session)]
    for office, emblem in (("A", None), ("B", None), ("B", "cd" * 32)):
        save_template(session, "", {"office": office}, [], emblem_hash=emblem)
        states.append(templates_state(session))
    save_template(session, "coverage", {"office": "B"}, [], emblem_hash="cd" * 32)
    states.append(templates_state(session))
    assert len(set(states)) == len(states)
    assert templates_state(session) == states[-1]


def test_changes_are_kept_and_told(session: Session, connection: Connection) -> None:
    make_region(connection)
    save_template(session, "", {"office": "Lama"}, [], emblem_hash=None)
    save_template(session, "", {"office": "Baru"}, [], emblem_hash=None)
    session.flush()
    assert read_kept(session).office == "Baru"
    kept = connection.scalars(text("SELECT office FROM history.report_template")).all()
    assert list(kept) == ["Lama"]
    told = connection.scalars(
        text("SELECT operation FROM app.audit WHERE subject = 'report_template' ORDER BY id")
    ).all()
    assert list(told) == ["insert", "update"]


def test_a_lost_emblem_is_left_out(session: Session, connection: Connection, storage: Storage) -> None:
    make_region(connection)
    save_template(session, "", {}, [], emblem_hash="ab" * 32)
    assert read_template(session, storage).emblem is None


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_emblem_is_written_anew(kind: str) -> None:
    kept = read_emblem(picture(kind))
    image = Image.open(BytesIO(kept))
    assert (image.format, image.size) == ("PNG", (EMBLEM_PX, EMBLEM_PX * 2 // 3))
    assert read_emblem(picture("PNG", (40, 30)))


def test_emblem_loses_what_was_hidden_in_it() -> None:
    stream = BytesIO()
    Image.new("RGB", (20, 20), "red").save(stream, "JPEG", comment=b"<script>rahasia</script>")
    assert b"rahasia" not in read_emblem(stream.getvalue())


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"GIF89a",
        b"",
        picture("PNG")[:400],
        b"\x89PNG\r\n\x1a\n" + b"0" * GREATEST_BYTES,
    ],
    ids=["svg", "gif", "empty", "cut", "large"],
)
def test_unsafe_emblem_is_refused(content: bytes) -> None:
    with pytest.raises(EmblemRefused):
        read_emblem(content)


def test_emblem_of_too_many_pixels_is_refused() -> None:
    stream = BytesIO()
    Image.new("1", (8000, 4000)).save(stream, "PNG")
    with pytest.raises(EmblemRefused, match="pixels"):
        read_emblem(stream.getvalue())


def test_page_is_for_administrators(app: Flask, connection: Connection) -> None:
    make_region(connection)
    assert app.test_client().get(PAGE).status_code in {302, 401}
    for role in ("planner", "leader"):
        assert sign_in(app.test_client(), make_account(connection, role)).get(PAGE).status_code == 403


def test_administrator_sets_the_frame_and_sees_it(administrator: FlaskClient) -> None:
    sent = {
        "office": HOSTILE, "place": "Muara Beliti", "closing": "Demikian.", "position_1": "Kepala Dinas",
        "name_1": "Ir. #Siti*", "nip_1": "19800101", "position_3": "Sekretaris", "emblem": (BytesIO(picture("PNG")), "a.png"),
    }  # fmt: skip
    answer = administrator.post(PAGE, data=sent, content_type="multipart/form-data")
    assert answer.status_code == 302, answer.text
    page = administrator.get(PAGE).text
    assert "Muara Beliti" in page
    assert "Ir. #Siti*" in page
    assert "emblem.png" in page
    assert administrator.get(f"{PAGE}/emblem.png").data.startswith(b"\x89PNG")
    answer = administrator.get(f"{PAGE}/preview.pdf")
    reader = PdfReader(BytesIO(answer.data))
    words = " ".join(" ".join(one.extract_text() for one in reader.pages).split())
    assert HOSTILE.upper() in words
    assert "Ir. #Siti*" in words
    assert "NIP 19800101" in words
    assert "Sekretaris" in words
    assert any(one.images for one in reader.pages)


def test_refused_emblem_keeps_what_was_typed(administrator: FlaskClient) -> None:
    sent = {"office": "Dinas PU", "emblem": (BytesIO(b"<svg/>"), "a.svg")}
    answer = administrator.post(PAGE, data=sent, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "Dinas PU" in answer.text
    assert "PNG atau JPEG" in answer.text
    assert "Dinas PU" not in administrator.get(PAGE).text


def test_frame_of_one_report_is_forgotten(administrator: FlaskClient) -> None:
    administrator.post(f"{PAGE}?report=coverage", data={"office": "Khusus"})
    assert "Khusus" in administrator.get(f"{PAGE}?report=coverage").text
    assert "Khusus" not in administrator.get(PAGE).text
    administrator.post(f"{PAGE}/forget?report=coverage")
    assert "Khusus" not in administrator.get(f"{PAGE}?report=coverage").text
    assert administrator.get(f"{PAGE}?report=nothing").status_code == 404


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed; `make test` installs the distribution's")
@pytest.mark.parametrize("language", ["id", "en"])
def test_page_is_accessible(administrator: FlaskClient, browser: Any, language: str) -> None:
    administrator.post(PAGE, data={"emblem": (BytesIO(picture("PNG")), "a.png")}, content_type="multipart/form-data")
    page = browser.new_page()
    page.set_content(administrator.get(f"{PAGE}?report=coverage&lang={language}").text)
    page.add_script_tag(path=AXE)
    found = page.evaluate("() => axe.run(document)")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    page.close()
