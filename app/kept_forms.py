"""A form sent after its session ended: what was typed is kept for its writer, and is there again after sign-in."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from flask import Flask, Response, current_app, flash, g, redirect, request, url_for
from flask_babel import gettext
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import text
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from app.errors import answer_http_exception
from app.extensions import db

FIELD = "kept_ticket"
KEPT_DAYS = 7
MOST_BYTES = 500_000  # of the text of one form
FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
NEVER_KEPT = ("csrf_token", "request_key", FIELD)


class Ticket(NamedTuple):
    """For whom a form was made, on which page, and whether it showed what had been kept."""

    account_id: int
    page: str
    is_restored: bool


def register_kept_forms(app: Flask) -> None:
    """
    Keep forms whose session has ended.

    A form holds a ticket, signed when its page was made for somebody who was signed in. So only pages of ours can have
    something kept, and only for the account they were made for.
    """
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)  # the token of a form holds as long as its session
    app.before_request_funcs.setdefault(None, []).insert(0, keep_when_signed_out)  # before its token is looked at
    app.register_error_handler(CSRFError, keep_when_token_is_old)
    app.after_request(forget_when_sent)
    app.jinja_env.globals[FIELD] = make_ticket


def make_ticket() -> str:
    """Return the ticket for a form of this page; empty for visitors, whose forms hold nothing to keep."""
    if not current_user.is_authenticated:
        return ""
    earlier = _ticket() if request.method == "POST" else None
    page = earlier.page if earlier else request.full_path.rstrip("?")
    restored = bool(g.get("kept_form_shown")) or bool(earlier and earlier.is_restored)
    return str(_serializer().dumps([current_user.id, page, restored]))


def kept_fields() -> MultiDict[str, str] | None:
    """Return what the person typed on this page before the session ended; None when nothing is kept."""
    if request.method != "GET" or not current_user.is_authenticated:
        return None
    if "kept_form" not in g:
        fields = db.session.scalar(
            text("""
                SELECT fields FROM app.kept_form
                WHERE account_id = :account AND page = :page AND kept_at > now() - make_interval(days => :days)
            """),
            {"account": current_user.id, "page": request.full_path.rstrip("?"), "days": KEPT_DAYS},
        )
        g.kept_form = None if fields is None else MultiDict(fields)
        g.kept_form_shown = fields is not None
    kept: MultiDict[str, str] | None = g.kept_form
    return kept


def keep_when_signed_out() -> AnyResponse | None:
    """Keep a form that comes without a session, and lead to sign-in and from there back to its page."""
    ticket = _ticket()
    if ticket is None or current_user.is_authenticated or not _keep(ticket):
        return None
    flash(_with_files(gettext("Sesi Anda sudah berakhir. Isian Anda disimpan; masuk untuk melanjutkannya.")), "info")
    return redirect(url_for("security.login", next=ticket.page), code=303)


def keep_when_token_is_old(error: CSRFError) -> Any:
    """Show a form again, with all that was typed, when its token belongs to an earlier session of the same person."""
    ticket = _ticket()
    if ticket and current_user.is_authenticated and current_user.id == ticket.account_id and _keep(ticket):
        flash(
            _with_files(gettext("Sesi Anda telah berganti. Isian Anda masih ada; periksa, lalu kirim sekali lagi.")),
            "info",
        )
        return redirect(ticket.page, code=303)
    return answer_http_exception(error)


def forget_when_sent(response: Response) -> Response:
    """Forget what was kept once its form has been sent with success."""
    ticket = _ticket() if response.status_code < 400 else None
    if ticket and ticket.is_restored and current_user.is_authenticated and current_user.id == ticket.account_id:
        db.session.execute(
            text("DELETE FROM app.kept_form WHERE account_id = :account AND page = :page"),
            {"account": ticket.account_id, "page": ticket.page},
        )
        db.session.commit()
    return response


def _keep(ticket: Ticket) -> bool:
    """Keep the text of this request's form; false when it is too long. What is too old goes at the same time."""
    fields = {
        name: values
        for name, values in request.form.lists()
        if name not in NEVER_KEPT and "password" not in name and "\0" not in "".join([name, *values])
    }
    content = json.dumps(fields)
    if len(content) > MOST_BYTES:
        return False
    db.session.rollback()
    db.session.execute(
        text("DELETE FROM app.kept_form WHERE kept_at < now() - make_interval(days => :days)"), {"days": KEPT_DAYS}
    )
    db.session.execute(
        text("""
            INSERT INTO app.kept_form (account_id, page, fields)
            SELECT id, :page, CAST(:fields AS jsonb) FROM app.account WHERE id = :account AND active
            ON CONFLICT (account_id, page) DO UPDATE SET fields = excluded.fields, kept_at = now()
        """),
        {"account": ticket.account_id, "page": ticket.page, "fields": content},
    )
    db.session.commit()
    return True


def _ticket() -> Ticket | None:
    """Return the ticket of this request's form; None when it has none, or one that is not ours or too old."""
    if request.method != "POST" or request.mimetype not in FORM_TYPES:
        return None
    try:
        content = _serializer().loads(request.form.get(FIELD, ""), max_age=KEPT_DAYS * 86_400)
    except BadData:
        return None
    return Ticket(*content)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="petakarya.kept-form")


def _with_files(sentence: str) -> str:
    if any(file.filename for file in request.files.values()):
        return " ".join([sentence, gettext("Foto tidak ikut tersimpan; pilih lagi.")])
    return sentence
