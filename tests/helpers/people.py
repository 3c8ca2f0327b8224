"""People for tests: accounts of any role, area and unit, signed in without the cost of a password."""

from __future__ import annotations

import hashlib
import secrets
import time
from itertools import count
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Connection, Row, text

from app.auth.permissions import ROLES
from app.auth.sessions import KEY, current_limits, open_session
from app.extensions import db

NUMBERS = count(1)


def make_account(
    connection: Connection, role: str, area: str | None = None, unit: int | None = None, **values: Any
) -> Row[Any]:
    """
    Make an account of a role and return its row; its password opens nothing, so sign it in with `sign_in`.

    Parameters
    ----------
    area
        Kode wilayah that it is limited to; None: everywhere.
    unit
        Id of the unit that it is limited to, with those below it; None: every unit.
    values
        Other columns of app.account.
    """
    number = next(NUMBERS)
    row = {
        "email": f"{role}{number}@uji.example",
        "name": f"{role} {number}",
        "fs_uniquifier": secrets.token_hex(16),
        "password": "!",
        "area_prefix": area,
        "unit_id": unit,
        **values,
    }
    account = connection.execute(
        text(
            f"INSERT INTO app.account ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)}) RETURNING *"
        ),
        row,
    ).one()
    connection.execute(
        text("INSERT INTO app.account_role SELECT :account, id FROM app.role WHERE name = :role"),
        {"account": account.id, "role": role},
    )
    return account


def sign_in(client: FlaskClient, account: Row[Any]) -> FlaskClient:
    """Sign an account in at a client, as if it had given its password and second factor; returns the client."""
    with client.application.app_context():
        limits = current_limits()
        key = open_session(account.id, limits.minutes, limits)
        db.session.commit()
    with client.session_transaction() as session:
        session["_user_id"] = account.fs_uniquifier
        session["_fresh"] = True
        session["fs_paa"] = time.time()
        session[KEY] = key
    return client


def bearer(connection: Connection, account: Row[Any], permissions: list[str] | None = None) -> dict[str, str]:
    """Make a token of an account and return the headers that send it; by default with all that its roles hold."""
    token = f"pk_{secrets.token_urlsafe(32)}"
    roles = connection.scalars(
        text("SELECT r.name FROM app.account_role JOIN app.role r ON r.id = role_id WHERE account_id = :account"),
        {"account": account.id},
    )
    held = sorted({permission.value for role in roles for permission in ROLES[role]})
    connection.execute(
        text("""
            INSERT INTO app.api_token (account_id, name, token_hash, permissions, expires_at)
            VALUES (:account, 'uji', :hash, :permissions, now() + interval '1 day')
        """),
        {
            "account": account.id,
            "hash": hashlib.sha256(token.encode()).hexdigest(),
            "permissions": held if permissions is None else permissions,
        },
    )
    return {"Authorization": f"Bearer {token}"}
