"""The outbox's page, who sends it, and the two files that make the site work without signal."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, jsonify, render_template
from flask_babel import gettext
from flask_wtf.csrf import generate_csrf

from app.auth.permissions import current_account, needs, public
from app.errors import NotFound, NotSignedIn
from app.extensions import dist_folder
from app.maps.assets import asset_url
from app.outbox.texts import outbox_texts
from app.region import current_region

blueprint = Blueprint("outbox", __name__)

WORKER = "service-worker.js"


def init_app(app: Flask) -> None:
    """Offer the scripts' sentences to the pages that write updates."""
    app.jinja_env.globals["outbox_texts"] = outbox_texts


@blueprint.get("/outbox")
@needs()
def page() -> str:
    """Show what this phone still has to send; the browser's script fills it in."""
    return render_template("outbox/outbox.html")


@blueprint.get("/outbox/session")
@needs()
def session() -> Response:
    """Tell a sender which account it sends for, and the token that its changes carry."""
    account = current_account()
    if account is None:
        raise NotSignedIn
    response = jsonify(account=str(account.id), csrf_token=generate_csrf())
    response.headers["Cache-Control"] = "no-store, private"
    return response


@blueprint.get("/sw.js")
@public
def service_worker() -> Response:
    """Serve the service worker, whose scope is the whole site; the browser asks each time whether it has changed."""
    name = current_app.extensions["petakarya.assets"].get(WORKER)
    if name is None:
        raise NotFound("Berkas peramban belum dibangun.", "The browser's files are not built.")
    response = Response(_read(dist_folder() / name), mimetype="text/javascript")
    response.headers["Service-Worker-Allowed"] = "/"
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get("/manifest.webmanifest")
@public
def manifest() -> Response:
    """Describe the site to phones that put it on their home screen."""
    response = jsonify(
        id="/work",
        name=f"PetaKarya {current_region().name}",
        short_name="PetaKarya",
        description=gettext("Laporan kemajuan pekerjaan, juga tanpa sinyal."),
        start_url="/work",
        scope="/",
        display="standalone",
        background_color="#faf9f6",
        theme_color="#faf9f6",
        icons=[
            {"src": asset_url(f"icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
            for size in (192, 512)
            for purpose in ("any", "maskable")
        ],
        shortcuts=[{"name": gettext("Kotak keluar"), "url": "/outbox"}],
    )
    response.mimetype = "application/manifest+json"
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@cache
def _read(path: Path) -> bytes:
    return path.read_bytes()
