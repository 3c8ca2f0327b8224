"""What Flask is extended with: database sessions, translations, forms, static files, compression."""

from __future__ import annotations

from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

from flask import Flask, g, has_request_context, request
from flask_babel import Babel
from flask_compress import Compress
from flask_sqlalchemy_lite import SQLAlchemy
from flask_wtf import CSRFProtect
from psycopg_pool import ConnectionPool
from sqlalchemy.orm import Session
from whitenoise import WhiteNoise

from app.config import ROOT, Settings
from app.database.roles import DatabaseUrls, libpq_url

LANGUAGES = ("id", "en")
LANGUAGE_COOKIE = "lang"
HASHED_NAME = r"^.+-[0-9A-Z]{8}\.[a-z0-9.]+$"  # esbuild's names carry a hash of the content, so they never change

db = SQLAlchemy()
babel = Babel()


class FormProtection(CSRFProtect):  # type: ignore[misc]
    """
    Asks every change for the token of its page.

    A request that shows a token of a script (`Authorization: Bearer`) needs none: another site cannot make a browser
    send it, and what it names decides alone who acts, whatever cookie comes along.
    """

    def protect(self, *args: Any, **kwargs: Any) -> None:
        """Refuse a change that no page of ours sent."""
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            super().protect(*args, **kwargs)


csrf = FormProtection()
compress = Compress()


def register_extensions(app: Flask, settings: Settings, urls: DatabaseUrls) -> None:
    """Bind every extension to the application."""
    pool = {"pool_size": settings.server.pool_size, "max_overflow": 0, "pool_pre_ping": True}
    limit = {"options": f"-c statement_timeout={settings.lists.longest_statement_ms}"}
    app.config["SQLALCHEMY_ENGINES"] = {
        "default": {"url": urls.app, **pool},
        "reader": {"url": urls.reader, "connect_args": limit, **pool},
    }
    app.config.setdefault("BABEL_DEFAULT_LOCALE", "id")
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", str(ROOT / "app" / "translations"))
    app.config.setdefault(
        "COMPRESS_MIMETYPES", ["text/html", "application/json", "application/geo+json", "image/svg+xml"]
    )
    app.config.setdefault("COMPRESS_ALGORITHM", ["br", "gzip"])
    db.init_app(app)
    # It would close asynchronous sessions too, in an event loop of its own for every request; we have none.
    app.teardown_appcontext_funcs[:] = [one for one in app.teardown_appcontext_funcs if not iscoroutinefunction(one)]
    babel.init_app(app, locale_selector=current_language)
    csrf.init_app(app)
    compress.init_app(app)
    app.extensions["petakarya.tile_pool"] = make_tile_pool(urls.reader, settings)
    app.teardown_appcontext(_close_reader_session)
    serve_static_files(app)


def current_language() -> str:
    """Return the visitor's language: Indonesian whatever the browser asks for, until the visitor chooses."""
    if not has_request_context():
        return "id"
    chosen = request.args.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    return chosen if chosen in LANGUAGES else "id"


def reader_session() -> Session:
    """Return this request's session of the public's database role: it sees only what is public, and changes nothing."""
    if "reader_session" not in g:
        g.reader_session = Session(db.get_engine("reader"))
    session: Session = g.reader_session
    return session


def _close_reader_session(_error: BaseException | None) -> None:
    session = g.pop("reader_session", None)
    if session is not None:
        session.close()


def make_tile_pool(url: str, settings: Settings) -> ConnectionPool[Any]:
    """
    Return the pool that tiles are read from: plain psycopg, prepared statements, the public's role.

    It connects at the first tile, in the process that serves it. Parallel plans are off: they make tiles larger.
    """
    options = (
        f"-c statement_timeout={settings.tiles.statement_timeout_ms} -c max_parallel_workers_per_gather=0 -c jit=off"
    )
    return ConnectionPool(
        libpq_url(url),
        min_size=0,
        max_size=settings.server.pool_size,
        open=False,
        kwargs={"autocommit": True, "prepare_threshold": 1, "options": options},
    )


def serve_static_files(app: Flask) -> None:
    """Serve `static/dist` under /static/, from memory of its index, compressed beforehand by the build."""
    dist = ROOT / "static" / "dist"
    whitenoise = WhiteNoise(
        app.wsgi_app,
        root=str(dist) if dist.is_dir() else None,
        prefix="static/",
        immutable_file_test=HASHED_NAME,
        add_headers_function=_static_headers,
        mimetypes={".js": "text/javascript", ".mjs": "text/javascript", ".woff2": "font/woff2"},
    )
    app.wsgi_app = whitenoise  # type: ignore[method-assign]


def _static_headers(headers: Any, path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"


def dist_folder() -> Path:
    """Return the folder of the built browser files."""
    return ROOT / "static" / "dist"
