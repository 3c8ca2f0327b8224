"""Forget what sign-in need not remember, and send links to new passwords."""

from __future__ import annotations

from flask_babel import gettext
from sqlalchemy import select

from app.auth.models import Account
from app.auth.people import make_reset
from app.config import Settings
from app.database.roles import connect, database_urls, libpq_url
from app.extensions import db
from app.jobs import jobs
from app.work.mail import send_message


@jobs.periodic(cron="37 18 * * *")
@jobs.task(queueing_lock="forget_failed_sign_ins")
def forget_failed_sign_ins(timestamp: int) -> None:
    """Remove failed sign-ins older than a day; they hold addresses of the network."""
    with connect(libpq_url(database_urls(Settings.from_environment()).app)) as connection:
        connection.execute("DELETE FROM app.failed_sign_in WHERE failed_at < now() - interval '1 day'")
        connection.execute("DELETE FROM app.sign_in WHERE least(ended_at, ends_at) < now() - interval '90 days'")


@jobs.task()
def mail_reset_link(email: str) -> None:
    """Send an account the link by which it chooses a new password; nothing when there is no such account."""
    from app import create_app

    settings = Settings.from_environment()
    with create_app(settings).app_context():
        account = db.session.scalar(select(Account).where(Account.email == email, Account.active))
        if account is not None and settings.smtp_url is not None and settings.public_url is not None:
            key = make_reset(account)
            send_message(settings, email, *reset_message(settings.public_url, key))
            db.session.commit()
        for engine in db.engines.values():
            engine.dispose()


def reset_message(public_url: str, key: str) -> tuple[str, str]:
    """Return subject and text of the e-mail that leads to a new password."""
    subject = gettext("PetaKarya: kata sandi baru")
    content = gettext(
        "Seseorang, semoga Anda sendiri, meminta kata sandi baru. Pilihlah di tautan ini; ia berlaku sekali saja:"
    )
    ending = gettext("Bila bukan Anda, abaikan surel ini. Kata sandi Anda tidak berubah.")
    return subject, f"{content}\n\n{public_url}/password/{key}\n\n{ending}\n"
