"""Who is limited to a unit puts packages and parts of agencies there alone, even those that would name him."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from tests.helpers.factories import make_project, make_row
from tests.helpers.people import make_account, sign_in

pytestmark = pytest.mark.usefixtures("ready")

OUTSIDE = "Unit ini di luar unit tugas Anda."


@pytest.fixture
def units(connection: Connection) -> dict[str, int]:
    """Bina Marga with a part, and Sumber Daya Air beside it."""
    roads = make_row(connection, "app.unit", code="BM", name="Bina Marga")
    part = make_row(connection, "app.unit", code="BM-1", name="Bidang Jalan", parent_id=roads)
    return {"own": roads, "part": part, "other": make_row(connection, "app.unit", code="SDA", name="Sumber Daya Air")}


@pytest.fixture
def limited(app: Flask, connection: Connection, units: dict[str, int]) -> FlaskClient:
    """A browser in which a PPK of Bina Marga is signed in."""
    return sign_in(app.test_client(), make_account(connection, "ppk", unit=units["own"]))


def unit_of(connection: Connection, code: str) -> int | None:
    return connection.scalar(text("SELECT unit_id FROM app.project WHERE code = :code"), {"code": code})


def test_package_is_made_in_ones_own_unit_or_below(limited: FlaskClient, units: dict[str, int]) -> None:
    for number, (unit, status) in enumerate((("own", 201), ("part", 201), ("other", 403))):
        sent = {"code": f"U-{number}", "name": "Jalan", "year": 2026, "unit_id": units[unit]}
        answer = limited.post("/api/v1/projects", json=sent)
        assert answer.status_code == status, unit
    page = limited.post("/packages/new", data={"name": "Jalan", "year": "2026", "unit_id": units["other"]})
    assert page.status_code == 403
    assert OUTSIDE in page.text


def test_package_is_not_moved_beyond_ones_own_unit(
    limited: FlaskClient, connection: Connection, units: dict[str, int]
) -> None:
    limited.post("/api/v1/projects", json={"code": "U-1", "name": "Jalan", "year": 2026})  # which names him as its PPK
    assert unit_of(connection, "U-1") == units["own"]
    for unit in (units["other"], None):
        answer = limited.patch("/api/v1/projects/U-1", json={"version": 1, "unit_id": unit})
        assert answer.status_code == 403, unit
    form = {"version": "1", "code": "U-1", "name": "Jalan", "year": "2026", "unit_id": str(units["other"])}
    assert limited.post("/packages/U-1/edit", data=form).status_code == 403
    assert unit_of(connection, "U-1") == units["own"]
    assert limited.patch("/api/v1/projects/U-1", json={"version": 1, "unit_id": units["part"]}).status_code == 200


def test_package_of_another_unit_that_names_one_is_changed_where_it_lies(
    app: Flask, connection: Connection, units: dict[str, int]
) -> None:
    account = make_account(connection, "ppk", unit=units["own"])
    make_project(connection, code="U-2", unit_id=units["other"], ppk_id=account.id)
    client = sign_in(app.test_client(), account)
    assert client.patch("/api/v1/projects/U-2", json={"version": 1, "name": "Irigasi"}).status_code == 200


def test_parts_are_made_of_ones_own_unit_alone(app: Flask, connection: Connection, units: dict[str, int]) -> None:
    limited = sign_in(app.test_client(), make_account(connection, "administrator", unit=units["own"]))
    for number, (parent, status) in enumerate(
        ((units["own"], 201), (units["part"], 201), (units["other"], 403), (None, 403))
    ):
        sent = {"code": f"N-{number}", "name": "Seksi", "parent_id": parent}
        assert limited.post("/api/v1/units", json=sent).status_code == status, parent
    free = sign_in(app.test_client(), make_account(connection, "administrator"))
    assert free.post("/api/v1/units", json={"code": "CK", "name": "Cipta Karya"}).status_code == 201


def test_companies_and_the_list_of_programmes_are_the_whole_regions(
    app: Flask, connection: Connection, limited: FlaskClient, units: dict[str, int]
) -> None:
    made = limited.post("/api/v1/companies", json={"name": "CV Bangun"})
    assert made.status_code == 201
    elsewhere = sign_in(app.test_client(), make_account(connection, "ppk", unit=units["other"]))
    address = f"/api/v1/companies/{made.get_json()['id']}"
    assert elsewhere.put(address, json={"name": "CV Bangun Jaya"}).status_code == 200
    planner = sign_in(app.test_client(), make_account(connection, "planner", unit=units["own"]))
    assert planner.post("/api/v1/programmes", data={"version": "2026"}).status_code == 422  # its file is missing
