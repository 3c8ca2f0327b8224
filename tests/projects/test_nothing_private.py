"""Whatever staff write beside what is public is found on no public page, in no JSON, tile or feature, at no moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import Connection, text
from werkzeug.test import TestResponse

from layers.rules import seed_rules
from tests.helpers.factories import make_district, make_region, make_row
from tests.helpers.tracking import (
    contract_of,
    make_addendum,
    make_approved,
    make_baseline,
    make_company,
    make_excuse,
    make_tracked_project,
)

SECRET = "rahasia7"
EMAIL = f"{SECRET}@dinas.example"


@pytest.fixture
def code(connection: Connection) -> str:
    """A package with a secret in every field that staff alone may read."""
    make_region(connection)
    make_district(connection)
    seed_rules(connection)
    connection.execute(text("SELECT set_config('petakarya.actor', :actor, true)"), {"actor": EMAIL})
    company = make_company(connection, tax_number="713131313131313", address=SECRET)
    project = make_tracked_project(
        connection, code="UMUM-1", notes=SECRET, location_note=SECRET, contract={"company_id": company}
    )
    contract = contract_of(connection, project)
    make_baseline(connection, project, {date(2026, 4, 30): 0.0, date(2026, 12, 15): 100.0}, note=SECRET)
    make_addendum(connection, contract, reason=SECRET)
    private = {"obstacles": SECRET, "obstacle_cause": "employer", "correction_note": SECRET, "review_comment": SECRET}
    people = {"author": EMAIL, "edited_by": EMAIL, "reviewed_by": EMAIL, "client_id": uuid4()}
    make_approved(connection, project, date(2026, 11, 6), 30.0, state="published", **private, **people)
    people["client_id"] = uuid4()
    make_approved(connection, project, date(2026, 11, 13), 33.5, note=SECRET, **private, **people)
    for state, percent in (("draft", 71.7), ("submitted", 72.7), ("returned", 73.7)):
        people["client_id"] = uuid4()
        make_approved(connection, project, date(2026, 11, 20), percent, state=state, note=SECRET, **private, **people)
    make_excuse(connection, project, date(2026, 6, 1), date(2026, 6, 9), reason=SECRET, document_number=SECRET)
    make_row(
        connection, "app.critical_case", project_id=project, contract_id=contract, clause="a", state="declared",
        indicated_on=date(2026, 11, 14), declared_on=date(2026, 11, 15), letter_number=SECRET,
        letter_date=date(2026, 11, 15), declared_by=EMAIL, evidence="{}",
    )  # fmt: skip
    connection.execute(
        text("UPDATE app.project SET critical_state = 'declared', critical_case = 'a' WHERE id = :id"), {"id": project}
    )
    make_row(
        connection, "app.payment", project_id=project, contract_id=contract, number=f"SP2D-{SECRET}", note=SECRET,
        paid_on=date(2026, 7, 1), kind="monthly", amount_idr=1000,
    )  # fmt: skip
    make_row(
        connection, "app.document", project_id=project, kind="other", title=SECRET, number=SECRET, is_public=False,
        file_hash="a" * 64, file_name=f"{SECRET}.pdf", media_type="application/pdf", bytes=1,
    )  # fmt: skip
    make_row(
        connection, "app.photo", project_id=project, client_id=uuid4(), caption=SECRET, original_hash="b" * 64,
        media_type="image/jpeg", bytes=1, width=1, height=1, thumbnail_hash="c" * 64, view_hash="d" * 64,
        perceptual_hash=1, grade="unproven", author=EMAIL, exif_camera=SECRET,
    )  # fmt: skip
    return "UMUM-1"


def words_of(answer: TestResponse) -> str:
    """Return what an answer says; a PDF's text and metadata, which are compressed in it."""
    if answer.mimetype != "application/pdf":
        return answer.get_data().decode("utf-8", "replace")
    document = PdfReader(BytesIO(answer.get_data()))
    return " ".join([*(page.extract_text() for page in document.pages), repr(document.metadata)])


def test_nothing_private_is_public(app: Flask, client: FlaskClient, code: str) -> None:
    now = datetime.now(UTC) + timedelta(minutes=5)
    addresses = [
        "/", f"/projects/{code}", "/projects", f"/projects?q={code}", f"/projects/{code}/curve.svg",
        f"/api/v1/projects/{code}", "/api/v1/projects", f"/api/v1/projects/{code}/curve", "/sitemap.xml",
        f"/projects/{code}/calendar.ics", f"/projects/{code}/board.pdf", f"/projects/{code}/share.png",
        f"/api/v1/projects/{code}/photos", f"/api/v1/search?q={SECRET}", f"/api/v1/search?q={code}",
        "/ogc/collections/projects", "/ogc/collections/projects/items", "/reports/progress.json", "/data/projects",
        "/tiles/projects/8/201/130.mvt", "/tiles/projects/12/3219/2083.mvt", "/style.json",
    ]  # fmt: skip
    answered = 0
    for address in addresses:
        for more in ("", "as_of=2026-11-24", f"as_of={now:%Y-%m-%dT%H:%M:%SZ}", "lang=en"):
            answer = client.get(f"{address}{'&' if '?' in address else '?'}{more}" if more else address)
            assert answer.status_code < 500, address
            answered += answer.status_code == 200
            content = words_of(answer).replace(f"q={SECRET}", "")
            content = content.replace(f'"q": "{SECRET}"', "")
            for secret in (
                SECRET,
                "713131313131313",
                "71.7",
                "71,7",
                "72.7",
                "73.7",
                "b" * 64,
                "declared",
                "critical_",
            ):
                assert secret not in content, (address, more, secret)
    assert answered > len(addresses)
