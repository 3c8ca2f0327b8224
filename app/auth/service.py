"""Make accounts with one-time passwords, change them, and count failed sign-ins."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import psycopg
from flask_security import hash_password
from flask_security.datastore import FSQLALiteUserDatastore
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.auth.models import Account, Role
from app.config import Settings, SignInLimits
from app.database.roles import database_urls, libpq_url
from app.errors import InvalidRequest, NotFound
from app.extensions import db

ADMINISTRATOR = "administrator"
SHORTEST_PASSWORD = 12
FIRST_ADMINISTRATOR = "admin@petakarya.local"
AREA = re.compile(r"\d{2}(\.\d{2}(\.\d{2}(\.\d{4})?)?)?")  # kode wilayah of a province, regency, district or village
# Letters and digits that nobody mistakes for one another when read from a screen.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

datastore = FSQLALiteUserDatastore(db, Account, Role)


def one_time_password() -> str:
    """Return a password of 4 × 4 letters and digits (79 bits), to be changed at the first sign-in."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


def create_account(
    session: Session,
    email: str,
    role: str,
    *,
    name: str | None = None,
    area: str | None = None,
    unit: str | None = None,
) -> str:
    """
    Make an account and return its one-time password.

    Parameters
    ----------
    area
        Kode wilayah that it is limited to; None: everywhere.
    unit
        Code of the unit that it is limited to, with those below it; None: every unit.

    Raises
    ------
    InvalidRequest
        When the address is not one, or has an account already, or the area is no code.
    NotFound
        When there is no such role or unit.
    """
    if area is not None and not AREA.fullmatch(area):
        raise InvalidRequest(
            f"{area[:40]} bukan kode wilayah. Contoh: 16.05.09.", f"{area[:40]} is no area code. For example 16.05.09."
        )
    address = read_address(email)
    if session.scalar(select(Account).where(Account.email == address)):
        raise InvalidRequest(f"{address} sudah punya akun.", f"{address} already has an account.")
    password = one_time_password()
    account = Account(
        email=address,
        password=hash_password(password),
        active=True,
        fs_uniquifier=secrets.token_hex(16),
        must_change_password=True,
        name=name,
        area_prefix=area,
        unit_id=None if unit is None else find_unit(session, unit),
        roles=[find_role(session, role)],
    )
    session.add(account)
    session.flush()
    return password


def read_address(email: str) -> str:
    """
    Return an e-mail address as accounts keep it; any will do that somebody may have in an office's own network.

    Raises
    ------
    InvalidRequest
        When it is none.
    """
    address = email.strip().lower()
    if "@" not in address or "\0" in address or any(character.isspace() for character in address):
        raise InvalidRequest(f"{email[:80]} bukan alamat surel.", f"{email[:80]} is not an e-mail address.")
    return address


def renew_password(session: Session, email: str) -> str:
    """Give an account a new one-time password, and end its sessions and tokens; `NotFound` when there is none."""
    account = find_account(session, email)
    password = one_time_password()
    account.password = hash_password(password)
    account.must_change_password = True
    account.fs_uniquifier = secrets.token_hex(16)
    _revoke_tokens(session, account)
    session.flush()
    return password


def list_accounts(session: Session) -> list[Account]:
    """Return every account by its address."""
    return list(session.scalars(select(Account).order_by(Account.email)))


def find_unit(session: Session, code: str) -> int:
    """Return the id of the unit of a code; `NotFound` with a sentence when there is none."""
    found = session.scalar(text("SELECT id FROM app.unit WHERE code = :code"), {"code": code})
    if found is None:
        raise NotFound(f"Tidak ada unit {code[:40]}.", f"There is no unit {code[:40]}.")
    return int(found)


def give_role(session: Session, email: str, role: str) -> None:
    """Give an account one more role, and end its sessions; nothing when it has it."""
    account, wanted = find_account(session, email), find_role(session, role)
    if wanted not in account.roles:
        account.roles.append(wanted)
        account.fs_uniquifier = secrets.token_hex(16)
    session.flush()


def disable_account(session: Session, email: str) -> None:
    """Let an account sign in no more, and end its sessions and tokens."""
    account = find_account(session, email)
    account.active = False
    account.fs_uniquifier = secrets.token_hex(16)
    _revoke_tokens(session, account)
    session.flush()


def _revoke_tokens(session: Session, account: Account) -> None:
    session.execute(
        text("UPDATE app.api_token SET revoked_at = now() WHERE account_id = :id AND revoked_at IS NULL"),
        {"id": account.id},
    )


def find_account(session: Session, email: str) -> Account:
    """Return the account of an address; `NotFound` with a sentence when there is none."""
    account = session.scalar(select(Account).where(Account.email == email.strip().lower()))
    if account is None:
        raise NotFound(f"Tidak ada akun {email[:80]}.", f"There is no account {email[:80]}.")
    return account


def find_role(session: Session, name: str) -> Role:
    """Return the role of a name; `NotFound` with the roles that exist when there is none."""
    role = session.scalar(select(Role).where(Role.name == name))
    if role is None:
        known = ", ".join(session.scalars(select(Role.name).order_by(Role.name)))
        raise NotFound(
            f"Tidak ada peran {name[:40]}. Yang ada: {known}.", f"There is no role {name[:40]}. Known: {known}."
        )
    return role


def ensure_first_administrator(settings: Settings, *, say: Callable[[str, str], None]) -> None:
    """Make the first administrator when nobody can sign in yet, and say the one-time password once."""
    with psycopg.connect(libpq_url(database_urls(settings).app)) as connection:
        if connection.execute("SELECT EXISTS (SELECT FROM app.account WHERE NOT demo)").fetchone() == (True,):
            return
    from app import create_app

    with create_app(settings).app_context():
        # Two processes that start at once must not both make one.
        db.session.execute(text("LOCK TABLE app.account IN SHARE ROW EXCLUSIVE MODE"))
        if db.session.scalar(select(func.count()).select_from(Account).where(Account.demo.is_(False))):
            return
        password = create_account(db.session, FIRST_ADMINISTRATOR, ADMINISTRATOR)
        db.session.commit()
        for engine in db.engines.values():
            engine.dispose()
    say(
        f"Administrator pertama: {FIRST_ADMINISTRATOR}, kata sandi sekali pakai: {password} (wajib diganti).",
        f"First administrator: {FIRST_ADMINISTRATOR}, one-time password: {password} (must be changed).",
    )


def is_blocked(session: Session, subject: str, limits: SignInLimits) -> bool:
    """Tell whether a subject (an account or an address of the network) has failed too often of late."""
    failures = session.scalar(
        text("""
            SELECT count(*) FROM app.failed_sign_in
            WHERE subject = :subject AND failed_at > clock_timestamp() - make_interval(mins => :minutes)
        """),
        {"subject": subject, "minutes": limits.minutes},
    )
    return int(failures or 0) >= limits.failures


def note_failure(session: Session, subjects: list[str]) -> None:
    """Count a failed sign-in against each subject."""
    session.execute(
        text("INSERT INTO app.failed_sign_in (subject) SELECT unnest(CAST(:subjects AS text[]))"),
        {"subjects": subjects},
    )


def forget_failures(session: Session, subject: str) -> None:
    """Forget the failures of an account that has signed in."""
    session.execute(text("DELETE FROM app.failed_sign_in WHERE subject = :subject"), {"subject": subject})
