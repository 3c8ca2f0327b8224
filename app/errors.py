"""The application's errors, and the one table from error to HTTP status."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, g, jsonify, render_template, request
from flask_babel import get_locale, gettext
from werkzeug.exceptions import HTTPException

from gis.errors import GisError, TileOutsideMatrix
from layers.errors import InvalidFilter, LayerNotFound, LayersError

log = logging.getLogger(__name__)


class PetaKaryaError(Exception):
    """Base of the application's errors: one sentence for people in Indonesian, one in English."""

    exit_code = 1

    def __init__(self, message_id: str, message_en: str) -> None:
        super().__init__(message_en)
        self.message_id = message_id
        self.message_en = message_en


class InvalidSetting(PetaKaryaError):
    """A setting in the environment cannot be used."""


class DatabaseUnavailable(PetaKaryaError):
    """The database cannot be reached or used."""


class NotReady(PetaKaryaError):
    """The application has no region or no database schema yet."""


class UnknownRegion(PetaKaryaError):
    """The national code list has no such regency, city or province."""


class OtherRegion(PetaKaryaError):
    """The database serves another region than the settings name."""


class CodeListMissing(PetaKaryaError):
    """The national code list is not installed."""


class NotFound(PetaKaryaError):
    """What the address names does not exist."""


class InvalidRequest(PetaKaryaError):
    """A parameter of the request cannot be used."""


class InvalidInput(PetaKaryaError):
    """What was sent cannot be used; `errors` holds a sentence for each field, by name, "" for the whole."""

    def __init__(self, errors: dict[str, str]) -> None:
        sentence = " ".join(dict.fromkeys(errors.values()))
        super().__init__(sentence, sentence)  # they are in the visitor's language already
        self.errors = errors


class VersionConflict(PetaKaryaError):
    """Somebody else has changed the row meanwhile; `current` is how it stands now, so that both can be shown."""

    def __init__(self, current: dict[str, Any]) -> None:
        super().__init__(
            "Orang lain sudah mengubah data ini sementara Anda menulis. Isian Anda belum disimpan; bandingkan dahulu.",
            "Somebody else has changed this while you were writing. Yours is not saved yet; compare the two first.",
        )
        self.current = current


class KeyUsedBefore(PetaKaryaError):
    """An Idempotency-Key came again with another request."""


class NotSignedIn(PetaKaryaError):
    """Only people who are signed in may do this, and nobody is."""

    def __init__(self, message_id: str | None = None, message_en: str | None = None) -> None:
        super().__init__(message_id or "Silakan masuk terlebih dahulu.", message_en or "Please sign in first.")


class Forbidden(PetaKaryaError):
    """Who is signed in may not do this."""

    def __init__(self, message_id: str | None = None, message_en: str | None = None) -> None:
        super().__init__(
            message_id or "Akun Anda tidak berhak melakukan ini. Mintalah kepada administrator bila memang tugas Anda.",
            message_en or "Your account may not do this. Ask an administrator if it is your task.",
        )


class TooMany(PetaKaryaError):
    """More came from here, or from everywhere, than is read in so short a time."""


class TooBusy(PetaKaryaError):
    """As much is being computed already as this machine should do at once."""


STATUS: dict[type[Exception], int] = {
    LayerNotFound: 404,
    TileOutsideMatrix: 404,
    NotFound: 404,
    NotSignedIn: 401,
    Forbidden: 403,
    InvalidFilter: 400,
    InvalidRequest: 400,
    InvalidInput: 422,
    VersionConflict: 409,
    KeyUsedBefore: 409,
    TooMany: 429,
    NotReady: 503,
    TooBusy: 503,
    DatabaseUnavailable: 503,
}
QUERY_CANCELED = "57014"  # PostgreSQL's SQLSTATE
# What PostgreSQL cannot hold, and so nothing has: numbers and times beyond its types, characters that are no text.
NO_VALUE = frozenset({"22003", "22008", "22021", "22P05"})
CONNECTION_LOST = ("08", "57P", "53300")  # the same, as beginnings: no connection, shut down, too many connections
MACHINE_PREFIXES = ("/api/", "/ogc", "/tiles/", "/rasters/", "/style.json", "/healthz", "/readyz")


def register_error_handlers(app: Flask) -> None:
    """Answer every error with one page for people or one JSON shape (RFC 9457) for programs."""
    app.register_error_handler(HTTPException, answer_http_exception)
    for base in (PetaKaryaError, LayersError, GisError):
        app.register_error_handler(base, answer_known_error)
    from psycopg import DataError, OperationalError  # here, so that commands start without them
    from sqlalchemy.exc import DataError as SessionDataError
    from sqlalchemy.exc import OperationalError as SessionError
    from sqlalchemy.exc import TimeoutError as NoFreeConnection

    for failure in (OperationalError, SessionError, NoFreeConnection):
        app.register_error_handler(failure, _answer_database_failure)
    for mistake in (DataError, SessionDataError):
        app.register_error_handler(mistake, _answer_impossible_value)
    app.register_error_handler(Exception, _answer_unexpected_error)


def message_of(error: Any, language: str) -> str:
    """Return the sentence of one of our errors in the language `id` or `en`."""
    return str(error.message_en if language == "en" else error.message_id)


def status_of(error: Exception) -> int:
    """Return the HTTP status of one of our errors: the nearest class in `STATUS`, else 400."""
    return next((STATUS[cls] for cls in type(error).__mro__ if cls in STATUS), 400)


def wants_json() -> bool:
    """Tell whether the caller is a program."""
    return (
        request.path.startswith(MACHINE_PREFIXES)
        or request.path.endswith(".json")
        or request.args.get("format") == "json"
        or request.accept_mimetypes.best == "application/json"
    )


def answer_known_error(error: Exception) -> tuple[Response | str, int]:
    """Answer one of our errors with its sentence and its status."""
    language = str(get_locale() or "id")
    return _answer(status_of(error), message_of(error, language), type(error).__name__, **_details(error))


def _details(error: Exception) -> dict[str, Any]:
    """Return what a program can use of an error besides its sentence."""
    if isinstance(error, InvalidInput):
        return {"errors": error.errors}
    return {"current": error.current} if isinstance(error, VersionConflict) else {}


def answer_http_exception(error: HTTPException) -> tuple[Response | str, int] | Response:
    """Answer an error of HTTP with a sentence of ours."""
    if error.code is None or error.response is not None:  # a redirect, or an answer made on purpose
        return error.get_response()  # type: ignore[return-value]
    sentences = {
        400: gettext("Permintaan ini tidak dapat dibaca. Periksa kembali alamat atau isian."),
        401: gettext("Silakan masuk terlebih dahulu."),
        403: gettext("Anda tidak berhak membuka halaman ini."),
        404: gettext("Halaman ini tidak ada. Mungkin alamatnya salah ketik, atau isinya sudah dipindahkan."),
        405: gettext("Cara ini tidak tersedia untuk alamat ini."),
        413: gettext("Berkas terlalu besar."),
        429: gettext("Terlalu banyak permintaan. Coba lagi sebentar lagi."),
    }
    return _answer(error.code, sentences.get(error.code, error.name), error.name)


def _answer_database_failure(error: Exception) -> tuple[Response | str, int]:
    """Tell an unreachable database, and a question that takes it too long, from what is our own mistake."""
    code = getattr(getattr(error, "orig", error), "sqlstate", None)
    if code == QUERY_CANCELED:
        return _answer(
            503, gettext("Permintaan ini terlalu lama dijawab. Persempit saringannya, lalu coba lagi."), "slow"
        )
    if code is not None and not code.startswith(CONNECTION_LOST):
        return _answer_unexpected_error(error)
    log.warning("database unreachable at %s %s", request.method, request.path)
    return _answer(
        503, gettext("Pangkalan data sedang tidak dapat dihubungi. Coba lagi sebentar lagi."), "DatabaseUnavailable"
    )


def _answer_impossible_value(error: Exception) -> tuple[Response | str, int]:
    """Tell a value of the request that no database could hold from what is our own mistake."""
    cause = getattr(error, "orig", error)
    code = getattr(cause, "sqlstate", None)
    if code not in NO_VALUE and not (code is None and "NUL" in str(cause)):
        return _answer_unexpected_error(error)
    log.warning("impossible value at %s %s", request.method, request.path)
    _give_up_transaction()
    return _answer(400, gettext("Permintaan ini tidak dapat dibaca. Periksa kembali alamat atau isian."), "BadRequest")


def _give_up_transaction() -> None:
    """End what has failed, so that the page that says so can read the database again."""
    from app.extensions import db

    db.session.rollback()
    if "reader_session" in g:
        g.reader_session.rollback()


def _answer_unexpected_error(error: Exception) -> tuple[Response | str, int]:
    log.exception("unexpected error at %s %s", request.method, request.path)
    return _answer(
        500, gettext("Ada kesalahan di peladen. Data Anda tidak berubah. Coba lagi, atau hubungi pengelola."), "error"
    )


def _answer(status: int, sentence: str, title: str, **details: Any) -> tuple[Response | str, int]:
    if wants_json():
        problem = jsonify(type="about:blank", title=title, status=status, detail=sentence, **details)
        problem.mimetype = "application/problem+json"
        return problem, status
    return render_template("error.html", status=status, sentence=sentence), status
