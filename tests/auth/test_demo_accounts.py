"""The demonstration's accounts: one for each role, made once, with one password."""

from __future__ import annotations

import dataclasses

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.auth.demo import DOMAIN, ensure_demo_accounts
from app.auth.permissions import ROLES
from app.auth.second_factor import is_required
from app.auth.service import find_account
from app.extensions import db
from tests.helpers.people import sign_in


def test_every_role_has_an_account_and_two_where_two_must_meet(connection: Connection) -> None:
    ids = ensure_demo_accounts(connection)
    assert ensure_demo_accounts(connection) == ids, "asked again, nothing is made"
    roles = connection.scalars(
        text("""
            SELECT r.name FROM app.account a JOIN app.account_role ON account_id = a.id JOIN app.role r ON r.id = role_id
            WHERE a.demo
        """)
    ).all()
    assert sorted(roles) == sorted([role for role in ROLES if role != "administrator"] + ["field_officer", "ppk"])


def test_they_work_without_a_second_factor(app: Flask, client: FlaskClient, connection: Connection) -> None:
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], second_factor=True)
    ensure_demo_accounts(connection)
    with app.app_context():
        assert not is_required(find_account(db.session, f"pemeriksa@{DOMAIN}"))
    account = connection.execute(text("SELECT * FROM app.account WHERE email = :e"), {"e": f"ppk@{DOMAIN}"}).one()
    assert sign_in(client, account).get("/change").status_code == 200
