"""Following by e-mail: the form, the link that confirms, the link that leaves."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Blueprint, Flask, Response, current_app, make_response, render_template, request
from flask_babel import gettext
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from app.auth.permissions import public
from app.config import Settings
from app.digest.letters import can_send
from app.digest.service import (
    LONGEST_EMAIL,
    Subscription,
    confirm,
    find_subscription,
    is_email,
    leave,
    read_scope,
    refuse_flood,
    subscribe,
)
from app.digest.tasks import ask_subscriber
from app.errors import NotFound
from app.extensions import csrf, current_language, db, reader_session
from app.feeds.scope import SCOPE_PARAMETERS, Scope, require_known, title_of
from app.forms import FormState, Input, caught, read_input
from app.jobs import defer
from app.ogc.forms import require_parameters
from app.region import current_region

blueprint = Blueprint("digest", __name__)


def _email(value: str) -> str:
    address = value.strip().lower()
    if not is_email(address):
        sentence = gettext("Tulis alamat surel yang lengkap, misalnya nama@contoh.id.")
        raise PydanticCustomError("sentence", "{text}", {"text": sentence})
    return address


class FollowInput(Input):
    """Whom to tell; `website` is a field that people do not see and leave empty."""

    email: Annotated[str, Field(max_length=LONGEST_EMAIL), AfterValidator(_email)]
    website: Annotated[str, Field(max_length=200)] = ""


def init_app(app: Flask) -> None:
    """Let pages know whether news can be had by e-mail; leave one view open to mail programs, which have no cookie."""
    app.jinja_env.globals["offers_digest"] = lambda: can_send(app.config["SETTINGS"])
    csrf.exempt(leave_now)


@blueprint.get("/follow")
def form() -> Any:
    """Show how a filter, a project, a road or a drawn area is followed."""
    return _private(_form_page(requested_scope(), FormState.of(FollowInput)))


@blueprint.post("/follow")
@public
def ask() -> Any:
    """Ask an address whether it wants the news; the answer does not tell whether it is known here."""
    settings = _settings()
    if not can_send(settings):
        raise NotFound("Di sini tidak ada surel. Pakailah umpan kabar.", "There is no e-mail here. Use the feed.")
    scope, state = requested_scope(), FormState.of(FollowInput)
    secret = current_app.config["SECRET_KEY"]
    with caught(state):
        data = read_input(FollowInput)
        refuse_flood(db.session, secret, request.remote_addr, settings.feeds)
        if not data.website:
            found = subscribe(db.session, secret, data.email, scope, current_language(), settings.feeds)
            if found is not None:
                defer(db.session, ask_subscriber, subscription_id=found.id)
        db.session.commit()
        sentence = gettext("Hampir selesai. Buka surel dari kami, lalu setujui lewat tautan di dalamnya.")
        return _private(_said(gettext("Periksa surel Anda"), sentence, scope))
    return _private(_form_page(scope, state), 422)


@blueprint.get("/follow/confirm/<token>")
def confirm_page(token: str) -> Any:
    """Ask once more: programs that look into mail open links, but press no buttons."""
    found = _find("confirm", token)
    if found is None:
        return _private(_ended())
    title = _title(found)
    return _private(
        render_template(
            "digest/button.html",
            title=gettext("Setujui kabar mingguan"),
            sentence=title,
            button=gettext("Ya, kirimi saya kabar"),
        )
    )


@blueprint.post("/follow/confirm/<token>")
@public
def confirm_now(token: str) -> Any:
    """Let the news be sent; a second time changes nothing."""
    found = _find("confirm", token)
    if found is None:
        return _private(_ended())
    confirm(db.session, found)
    db.session.commit()
    sentence = gettext("Kabar dikirim sekali seminggu bila ada yang baru. Tiap surel memuat tautan untuk berhenti.")
    return _private(_said(gettext("Anda mengikuti: %(what)s", what=_title(found)), sentence, _scope(found)))


@blueprint.get("/follow/leave/<token>")
def leave_page(token: str) -> Any:
    """Offer to leave: one button."""
    found = _find("leave", token)
    if found is None:
        return _private(_ended())
    return _private(
        render_template(
            "digest/button.html",
            title=gettext("Berhenti menerima kabar"),
            sentence=_title(found),
            button=gettext("Berhenti"),
        )
    )


@blueprint.post("/follow/leave/<token>")
@public
def leave_now(token: str) -> Any:
    """Leave, from the page or by the mail program's own button (RFC 8058): the link is the proof, without a cookie."""
    found = _find("leave", token)
    if found is not None:
        leave(db.session, found)
        db.session.commit()
    return _private(_ended())


def requested_scope() -> Scope:
    """Return what is to be followed; `NotFound` when its project or road does not exist."""
    require_parameters(request.args, (*SCOPE_PARAMETERS, "lang"))
    scope = Scope.from_args(request.args, time_zone=current_region().time_zone).now()
    require_known(reader_session(), scope)
    return scope


def _form_page(scope: Scope, state: FormState[FollowInput]) -> str:
    return render_template(
        "digest/form.html",
        state=state,
        what=title_of(reader_session(), scope),
        args=scope.to_args(),
        confirm_hours=_settings().feeds.confirm_hours,
    )


def _said(title: str, sentence: str, scope: Scope | None) -> str:
    return render_template("digest/said.html", title=title, sentence=sentence, args=scope.to_args() if scope else {})


def _ended() -> str:
    sentence = gettext("Alamat surel Anda sudah dihapus dari daftar ini. Tidak ada lagi yang dikirim.")
    return _said(gettext("Anda tidak lagi mengikuti"), sentence, None)


def _find(purpose: Any, token: str) -> Subscription | None:
    return find_subscription(db.session, current_app.config["SECRET_KEY"], purpose, token)


def _scope(found: Subscription) -> Scope:
    return read_scope(found.scope, time_zone=current_region().time_zone)


def _title(found: Subscription) -> str:
    return title_of(reader_session(), _scope(found))


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def _private(page: str, status: int = 200) -> Response:
    """Return a page that is kept nowhere and that search engines leave out."""
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
