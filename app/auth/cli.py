"""`petakarya user`: make accounts, list them, give roles, renew passwords, disable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.orm import Session

from app.auth import service
from app.config import Settings
from app.console import in_language, say
from app.database.prepare import needs_database
from app.extensions import db


@click.group("user", help=in_language("Kelola akun pengguna.", "Manage people's accounts."))
def user() -> None:
    """Group the commands about accounts."""


@user.command(
    "create",
    help=in_language(
        "Buat akun; kata sandi sekali pakainya ditampilkan.", "Make an account; prints its one-time password."
    ),
)
@click.argument("email")
@click.option("--role", default=service.ADMINISTRATOR, show_default=True, help=in_language("Peran.", "Role."))
@click.option("--name", help=in_language("Nama orangnya.", "The person's name."))
@click.option("--area", help=in_language("Kode wilayah, misalnya 16.05.09.", "Area code, such as 16.05.09."))
@click.option("--unit", help=in_language("Kode unit.", "Code of a unit."))
def create(email: str, role: str, name: str | None, area: str | None, unit: str | None) -> None:
    """Make an account with a role, limited to an area and a unit when these are given."""
    with _session() as session:
        password = service.create_account(session, email, role, name=name, area=area, unit=unit)
        _say_password(email, password)


@user.command("list", help=in_language("Tampilkan semua akun.", "List the accounts."))
def list_accounts() -> None:
    """List the accounts: address, name, roles, area, and whether it is closed."""
    with _session() as session:
        for account in service.list_accounts(session):
            roles = ",".join(sorted(role.name for role in account.roles)) or "-"
            state = "" if account.active else in_language("ditutup", "disabled")
            click.echo(
                "\t".join([account.email, account.name or "-", roles, account.area_prefix or "-", state]).rstrip()
            )


@user.command(
    "password",
    help=in_language("Beri akun kata sandi sekali pakai yang baru.", "Give an account a new one-time password."),
)
@click.argument("email")
def password(email: str) -> None:
    """Renew the password of an account."""
    with _session() as session:
        _say_password(email, service.renew_password(session, email))


@user.command("role", help=in_language("Beri akun satu peran lagi.", "Give an account one more role."))
@click.argument("email")
@click.argument("role")
def role(email: str, role: str) -> None:
    """Give a role."""
    with _session() as session:
        service.give_role(session, email, role)
    say(f"{email} sekarang {role}.", f"{email} is now {role}.")


@user.command("disable", help=in_language("Tutup akun; riwayatnya tetap.", "Close an account; its history stays."))
@click.argument("email")
def disable(email: str) -> None:
    """Disable an account."""
    with _session() as session:
        service.disable_account(session, email)
    say(f"Akun {email} ditutup.", f"Account {email} is disabled.")


def _say_password(email: str, one_time_password: str) -> None:
    say(
        f"Kata sandi sekali pakai untuk {email}: {one_time_password}",
        f"One-time password of {email}: {one_time_password}",
    )


@contextmanager
def _session() -> Iterator[Session]:
    """Lend a session of the application that commits when all went well."""
    from app import create_app

    settings = Settings.from_environment()
    with needs_database(settings), create_app(settings).app_context():
        yield db.session
        db.session.commit()
        for engine in db.engines.values():
            engine.dispose()
