"""Accounts of the demonstration: one for each role, two where two must meet, with one password for all."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from flask_security import hash_password
from sqlalchemy import Connection, select, text

from app.auth.models import Account
from app.auth.service import one_time_password
from app.config import Settings
from app.database.locks import locked
from app.database.passwords import write_private
from app.extensions import db

DOMAIN = "contoh.petakarya.local"
# The part before the @, the role, and what pages call the person.
DEMO_ACCOUNTS = (
    ("petugas", "field_officer", "Petugas Lapangan Satu"),
    ("petugas2", "field_officer", "Petugas Lapangan Dua"),
    ("ppk", "ppk", "PPK Satu"),
    ("ppk2", "ppk", "PPK Dua"),
    ("bendahara", "treasurer", "Bendahara"),
    ("pemeriksa", "reviewer", "Kepala Seksi Pemeriksa"),
    ("pimpinan", "leader", "Kepala Dinas"),
    ("perencana", "planner", "Perencana"),
    ("gis", "gis_operator", "Operator GIS"),
)
PASSWORD_FILE = "demo_password"  # noqa: S105 - the name of a file under home


def ensure_demo_accounts(connection: Connection) -> dict[str, int]:
    """
    Make the accounts of the demonstration that are missing, and return the ids of all by the part before the @.

    They cannot sign in until `ensure_demo_password` has given them their password.
    """
    for name, role, shown in DEMO_ACCOUNTS:
        connection.execute(
            text("""
                INSERT INTO app.account (email, name, fs_uniquifier, demo) VALUES (:email, :name, :uniquifier, true)
                ON CONFLICT (email) DO NOTHING
            """),
            {"email": f"{name}@{DOMAIN}", "name": shown, "uniquifier": secrets.token_hex(16)},
        )
        connection.execute(
            text("""
                INSERT INTO app.account_role (account_id, role_id)
                SELECT a.id, r.id FROM app.account a, app.role r
                WHERE a.email = :email AND r.name = :role
                    AND NOT EXISTS (SELECT FROM app.account_role WHERE account_id = a.id)
            """),
            {"email": f"{name}@{DOMAIN}", "role": role},
        )
    rows = connection.execute(
        text("SELECT split_part(email, '@', 1), id FROM app.account WHERE email LIKE :pattern"),
        {"pattern": f"%@{DOMAIN}"},
    )
    return {row[0]: row[1] for row in rows}


def ensure_demo_password(settings: Settings, *, say: Callable[[str, str], None]) -> None:
    """Give the accounts of the demonstration their common password, kept under home, and say it."""
    from app import create_app

    path = settings.home / PASSWORD_FILE
    with locked(path.parent, path.name):
        if not path.exists() or not path.stat().st_size:
            write_private(path, one_time_password())
    password = path.read_text(encoding="ascii").strip()
    with create_app(settings).app_context():
        ensure_demo_accounts(db.session.connection())
        accounts = list(db.session.scalars(select(Account).where(Account.demo, Account.active)))
        for account in accounts:
            if account.password is None:
                account.password = hash_password(password)
        db.session.commit()
        for engine in db.engines.values():
            engine.dispose()
    if accounts:
        names = ", ".join(name for name, _role, _shown in DEMO_ACCOUNTS)
        say(
            f"Akun contoh: {names} (masing-masing @{DOMAIN}), kata sandi: {password}",
            f"Demonstration accounts: {names} (each @{DOMAIN}), password: {password}",
        )
