"""The people of an installation: their roles, areas and units, invitations, and new passwords by link."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import gettext
from flask_security import hash_password
from sqlalchemy import Row, select, text

from app.auth.models import Account, Role
from app.auth.people_forms import AcceptInput, InvitationInput, NewPasswordInput, PersonInput
from app.auth.permissions import Permission, current_account, permissions_of_roles, units_of
from app.auth.sessions import current_limits, end_sessions, hashed, last_sign_ins
from app.auth.tokens import revoke_tokens
from app.config import Settings
from app.errors import Forbidden, InvalidInput, NotFound
from app.extensions import db


@dataclass(frozen=True)
class Person:
    """One row of the list of people."""

    account: Account
    roles: list[str]
    unit: str | None
    last_sign_in: datetime | None


def list_people(search: str | None = None) -> list[Person]:
    """Return the people by name, those who may not sign in last; `search` looks in name and address."""
    query = select(Account).order_by(Account.active.desc(), Account.name, Account.email)
    if search:
        query = query.where(
            text("app.fold(coalesce(account.name, '') || ' ' || account.email) LIKE '%' || app.fold(:q) || '%'")
        ).params(q=search)
    accounts = list(db.session.scalars(query))
    seen = last_sign_ins([account.id for account in accounts])
    units: dict[int, str] = {unit.id: unit.name for unit in list_units()}
    return [
        Person(
            account,
            sorted(role.name for role in account.roles),
            units.get(account.unit_id) if account.unit_id else None,
            seen.get(account.id),
        )
        for account in accounts
    ]


def list_units() -> Sequence[Row[Any]]:
    """Return the units, by code."""
    return db.session.execute(text("SELECT id, code, name FROM app.unit ORDER BY code")).all()


def get_person(account_id: int) -> Account:
    """Return an account; `NotFound` when there is none."""
    account = db.session.get(Account, account_id)
    if account is None:
        raise NotFound("Akun ini tidak ada.", "There is no such account.")
    return account


def require_reach(unit_id: int | None, area_prefix: str | None) -> None:
    """
    Let who is limited to a unit or an area manage accounts within it alone, so that nobody gives more than he has.

    Raises
    ------
    Forbidden
        When an account of this unit and area would reach beyond.
    """
    actor = current_account()
    if actor is None:  # a command, at the machine itself
        return
    area = actor.area_prefix
    within_area = area is None or (area_prefix is not None and f"{area_prefix}.".startswith(f"{area}."))
    within_unit = actor.unit_id is None or unit_id in units_of(actor)
    if not (within_area and within_unit):
        raise Forbidden(
            "Akun itu menjangkau lebih jauh daripada wilayah atau unit tugas Anda.",
            "That account reaches beyond your own area or unit.",
        )


def change_person(account: Account, data: PersonInput) -> None:
    """
    Give an account its name, roles, unit and area; its sessions end, so that what it may do is asked anew.

    Raises
    ------
    InvalidInput
        When the unit does not exist, or nobody would be left who manages people.
    """
    _check_unit(data.unit_id)
    require_reach(data.unit_id, data.area_prefix)
    if Permission.PEOPLE_MANAGE not in permissions_of_roles(data.roles):
        _check_managers_without(account, "roles")
    before = (sorted(role.name for role in account.roles), account.unit_id, account.area_prefix)
    account.name, account.unit_id, account.area_prefix = data.name, data.unit_id, data.area_prefix
    account.roles = _roles(data.roles)
    if before != (data.roles, data.unit_id, data.area_prefix):
        end_sessions(account)
    db.session.flush()


def close_account(account: Account) -> None:
    """Let an account sign in no more; its sessions and tokens end, what it wrote stays."""
    _check_managers_without(account, "")
    account.active = False
    end_sessions(account)
    revoke_tokens(account)
    db.session.flush()


def open_account(account: Account) -> None:
    """Let an account sign in again."""
    account.active = True
    db.session.flush()


def invite(data: InvitationInput) -> str:
    """
    Make an invitation and return the key of its link; only a hash of it is kept.

    Raises
    ------
    InvalidInput
        When the unit does not exist, or the address has an account.
    """
    _check_unit(data.unit_id)
    require_reach(data.unit_id, data.area_prefix)
    if data.email:
        _check_address(data.email)
    key = secrets.token_urlsafe(24)
    db.session.execute(
        text("""
            INSERT INTO app.invitation (token_hash, email, name, roles, unit_id, area_prefix, expires_at)
            VALUES (:hash, :email, :name, :roles, :unit_id, :area_prefix, now() + make_interval(days => :days))
        """),
        {"hash": hashed(key), "days": current_limits().invitation_days, **data.model_dump()},
    )
    return key


def list_invitations() -> Sequence[Row[Any]]:
    """Return the invitations that can still be accepted, newest first."""
    return db.session.execute(
        text("""
            SELECT id, name, email, roles, area_prefix, invited_by, expires_at FROM app.invitation
            WHERE accepted_at IS NULL AND revoked_at IS NULL AND expires_at > now() ORDER BY invited_at DESC, id DESC
        """)
    ).all()


def revoke_invitation(invitation_id: int) -> None:
    """Take an invitation back; `NotFound` when there is none that could be."""
    found = db.session.scalar(
        text("""
            UPDATE app.invitation SET revoked_at = now()
            WHERE id = :id AND accepted_at IS NULL AND revoked_at IS NULL RETURNING id
        """),
        {"id": invitation_id},
    )
    if found is None:
        raise NotFound("Undangan ini tidak ada lagi.", "This invitation is not there any more.")


def find_invitation(key: str, *, take: bool = False) -> Row[Any]:
    """
    Return the invitation of a link; `take` holds it until the transaction ends, so that it is accepted once.

    Raises
    ------
    NotFound
        When it never was, was accepted, taken back, or is too old.
    """
    found = db.session.execute(
        text(f"""
            SELECT id, email, name, roles, unit_id, area_prefix, expires_at FROM app.invitation
            WHERE token_hash = :hash AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > now()
            {"FOR UPDATE" if take else ""}
        """),
        {"hash": hashed(key)},
    ).one_or_none()
    if found is None:
        raise NotFound(
            "Undangan ini sudah dipakai, dicabut, atau kedaluwarsa. Mintalah yang baru kepada administrator.",
            "This invitation was used, taken back or has expired. Ask an administrator for a new one.",
        )
    return found


def accept_invitation(key: str, data: AcceptInput) -> Account:
    """
    Make the account that an invitation promised.

    Raises
    ------
    InvalidInput
        When the address is missing or has an account, or the passwords differ.
    NotFound
        As for `find_invitation`.
    """
    invitation = find_invitation(key, take=True)
    email = invitation.email or data.email
    if not email:
        raise InvalidInput({"email": gettext("Isi alamat surel.")})
    _check_address(email)
    _check_same(data)
    account = Account(
        email=email,
        name=data.name,
        password=hash_password(data.password),
        active=True,
        fs_uniquifier=secrets.token_hex(16),
        unit_id=invitation.unit_id,
        area_prefix=invitation.area_prefix,
        roles=_roles(invitation.roles),
    )
    db.session.add(account)
    db.session.flush()
    db.session.execute(
        text("UPDATE app.invitation SET accepted_at = now(), account_id = :account WHERE id = :id"),
        {"account": account.id, "id": invitation.id},
    )
    return account


def make_reset(account: Account) -> str:
    """Return the key of a link by which an account gets a new password once; earlier links end."""
    db.session.execute(
        text("UPDATE app.password_reset SET used_at = now() WHERE account_id = :account AND used_at IS NULL"),
        {"account": account.id},
    )
    key = secrets.token_urlsafe(24)
    db.session.execute(
        text("""
            INSERT INTO app.password_reset (account_id, token_hash, expires_at)
            VALUES (:account, :hash, now() + make_interval(hours => :hours))
        """),
        {"account": account.id, "hash": hashed(key), "hours": current_limits().reset_hours},
    )
    return key


def find_reset(key: str, *, take: bool = False) -> Row[Any]:
    """
    Return the row of a link to a new password, with its account's address.

    Raises
    ------
    NotFound
        When it never was, was used, is too old, or its account is closed.
    """
    found = db.session.execute(
        text(f"""
            SELECT r.id, r.account_id, a.email FROM app.password_reset r JOIN app.account a ON a.id = r.account_id
            WHERE r.token_hash = :hash AND r.used_at IS NULL AND r.expires_at > now() AND a.active
            {"FOR UPDATE OF r" if take else ""}
        """),
        {"hash": hashed(key)},
    ).one_or_none()
    if found is None:
        raise NotFound(
            "Tautan ini sudah dipakai atau kedaluwarsa. Mintalah yang baru kepada administrator.",
            "This link was used or has expired. Ask an administrator for a new one.",
        )
    return found


def reset_password(key: str, data: NewPasswordInput) -> Account:
    """Give the account of a link its new password; its sessions and tokens end. Errors as for `find_reset`."""
    reset = find_reset(key, take=True)
    _check_same(data)
    account = get_person(reset.account_id)
    account.password = hash_password(data.password)
    account.must_change_password = False
    end_sessions(account)
    revoke_tokens(account)
    db.session.execute(text("UPDATE app.password_reset SET used_at = now() WHERE id = :id"), {"id": reset.id})
    db.session.flush()
    return account


def forget_second_factor(account: Account) -> None:
    """Let an account whose phone is lost set up its second factor anew at the next sign-in; its sessions end."""
    account.tf_primary_method = account.tf_totp_secret = account.mf_recovery_codes = None
    db.session.execute(text("DELETE FROM app.second_factor_use WHERE account_id = :id"), {"id": account.id})
    end_sessions(account)
    db.session.flush()


def sends_mail() -> bool:
    """Tell whether this installation sends e-mail with links to itself."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings.smtp_url is not None and settings.public_url is not None


def _roles(names: Sequence[str]) -> list[Role]:
    return list(db.session.scalars(select(Role).where(Role.name.in_(names)).order_by(Role.name)))


def _check_unit(unit_id: int | None) -> None:
    if unit_id is not None and not db.session.scalar(
        text("SELECT EXISTS (SELECT FROM app.unit WHERE id = :id)"), {"id": unit_id}
    ):
        raise InvalidInput({"unit_id": gettext("Unit ini tidak ada.")})


def _check_address(email: str) -> None:
    if db.session.scalar(select(Account.id).where(Account.email == email)):
        raise InvalidInput({"email": gettext("Alamat ini sudah punya akun.")})


def _check_same(data: AcceptInput | NewPasswordInput) -> None:
    if data.password != data.password_again:
        raise InvalidInput({"password_again": gettext("Kedua isian kata sandi baru tidak sama.")})


def _check_managers_without(account: Account, field: str) -> None:
    """Refuse what would leave nobody who manages people."""
    managing = [
        other.id
        for other in db.session.scalars(select(Account).where(Account.active.is_(True)))
        if Permission.PEOPLE_MANAGE in permissions_of_roles(role.name for role in other.roles)
    ]
    if account.id in managing and managing == [account.id]:
        raise InvalidInput({field: gettext("Harus tetap ada satu administrator yang dapat masuk.")})
