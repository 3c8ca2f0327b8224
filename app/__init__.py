"""Serves people: pages, tiles, APIs, reports. `create_app` puts it together."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask, Response

    from app.config import Settings
    from app.database.roles import DatabaseUrls

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# Every subject with pages or an API; each module offers `blueprint`, and may offer `init_app(app)`.
SUBJECTS = (
    "app.maps.routes",
    "app.tiles.routes",
    "app.rasters.routes",
    "app.auth.routes",
    "app.auth.people_pages",
    "app.auth.account_pages",
    "app.ogc.routes",
    "app.reports.template_routes",
    "app.reports.schema_routes",
    "app.reports.schedule_routes",
    "app.reports.routes",
    "app.exports.routes",
    "app.embed.routes",
    "app.digest.routes",
    "app.feeds.routes",
    "app.projects.routes",
    "app.progress.schedule_routes",
    "app.progress.update_routes",
    "app.photos.routes",
    "app.outbox.routes",
    "app.work.routes",
    "app.audit.routes",
    "app.catalogue.routes",
    "app.places.routes",
    "app.critical.routes",
    "app.packages.register_routes",
    "app.packages.api",
    "app.packages.location_routes",
    "app.packages.routes",
    "app.leader.routes",
    "app.feedback.routes",
    "app.feedback.staff_routes",
    "app.api.routes",
    "app.design.routes",
    "app.health",
    "app.crawlers",
)  # fmt: skip


def create_app(settings: Settings | None = None, urls: DatabaseUrls | None = None) -> Flask:
    """
    Make the application.

    Parameters
    ----------
    settings
        Those of the environment when not given.
    urls
        Addresses of the database for its three roles; when not given, those of the private cluster or of
        `DATABASE_URL`.

    Raises
    ------
    InvalidSetting
        When the environment holds a value that cannot be used.
    """
    # Imported here, since `petakarya up` and `--help` need nothing of the web and should start at once.
    from flask import Flask

    from app.addresses import CONVERTERS
    from app.config import Settings
    from app.database.roles import database_urls
    from app.errors import register_error_handlers
    from app.extensions import register_extensions
    from app.kept_forms import register_kept_forms
    from app.security_headers import register_security_headers
    from app.staff import register_staff_frame

    settings = settings or Settings.from_environment()
    app = Flask(__name__, static_folder=None)
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key or kept_secret(settings.home / "secret_key"),
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.https,
        MAX_CONTENT_LENGTH=64 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.converters |= CONVERTERS
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    register_extensions(app, settings, urls or database_urls(settings))
    register_security_headers(app)
    register_error_handlers(app)
    register_staff_frame(app)
    register_kept_forms(app)
    app.after_request(_remember_language)
    for subject in SUBJECTS:
        module = import_module(subject)
        app.register_blueprint(module.blueprint)
        if hasattr(module, "init_app"):
            module.init_app(app)
    if settings.proxies:
        from werkzeug.middleware.proxy_fix import ProxyFix

        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=0, x_host=0)  # type: ignore[method-assign]
    if settings.https:
        app.wsgi_app = behind_tls(app.wsgi_app)  # type: ignore[assignment, method-assign]
    return app


def behind_tls(wsgi_app: WsgiApp) -> WsgiApp:
    """Let addresses that we write begin as the visitor's do: a proxy takes the TLS off and speaks plainly to us."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["wsgi.url_scheme"] = "https"
        return wsgi_app(environ, start_response)

    return answer


def kept_secret(path: Path) -> str:
    """Return the secret kept in a file that only its owner may read; made at the first call, whoever else calls too."""
    from app.database.locks import locked
    from app.database.passwords import write_private

    with locked(path.parent, path.name):
        if not path.exists() or not path.stat().st_size:
            write_private(path, secrets.token_hex(32))
    return path.read_text(encoding="ascii")


def _remember_language(response: Response) -> Response:
    """Keep the language that the visitor chose with ?lang=."""
    from flask import request

    from app.extensions import LANGUAGE_COOKIE, LANGUAGES

    chosen = request.args.get("lang")
    if chosen in LANGUAGES and chosen != request.cookies.get(LANGUAGE_COOKIE):
        response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=365 * 86_400, samesite="Lax", secure=request.is_secure)
    return response
