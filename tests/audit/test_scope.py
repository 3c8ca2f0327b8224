"""Whoever is limited to an area or a unit reads the trail of its packages alone."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from tests.helpers.factories import make_project, make_region
from tests.helpers.people import make_account, sign_in


@pytest.mark.parametrize("limit", ["unit", "area"])
def test_trail_of_other_units_and_areas_is_not_read(client: FlaskClient, connection: Connection, limit: str) -> None:
    make_region(connection)
    unit = connection.scalar(text("INSERT INTO app.unit (code, name) VALUES ('BM', 'Bina Marga') RETURNING id"))
    make_project(connection, code="P-OWN", unit_id=unit)
    make_project(connection, code="P-OTHER")
    connection.execute(
        text("UPDATE app.project SET district_codes = CASE code WHEN 'P-OWN' THEN ARRAY['16.05.09'] END")
    )
    limits = {"unit": unit} if limit == "unit" else {"area": "16.05.09"}
    sign_in(client, make_account(connection, "leader", **limits))
    seen = {change["project_code"] for change in client.get("/api/v1/audit").json["changes"]}
    assert seen == {"P-OWN"}
    assert "P-OTHER" not in client.get("/audit").text
    assert "P-OTHER" not in client.get("/audit.csv").text
