"""Answers for those who watch over the server."""

from __future__ import annotations

from functools import cache

from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.database.migrate import VERSION_SCHEMA, VERSION_TABLE, newest_revision
from app.errors import DatabaseUnavailable, NotReady
from app.extensions import db

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Say that the process lives; asks nothing of the database."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> Response:
    """
    Say that the application can serve.

    Raises
    ------
    DatabaseUnavailable
        When the database cannot be reached.
    NotReady
        When its schema is not the newest, or it has no region.
    """
    try:
        revision = db.session.scalar(text(f"SELECT version_num FROM {VERSION_SCHEMA}.{VERSION_TABLE}"))
        region = db.session.scalar(text("SELECT code FROM app.region"))
    except SQLAlchemyError as error:
        raise DatabaseUnavailable(
            "Pangkalan data tidak dapat dihubungi, atau belum disiapkan. Jalankan petakarya up.",
            "The database cannot be reached, or is not set up. Run petakarya up.",
        ) from error
    if revision != _newest_revision():
        raise NotReady(
            "Pangkalan data belum di versi terbaru. Jalankan petakarya up.",
            "The database is not at the newest version. Run petakarya up.",
        )
    if region is None:
        raise NotReady(
            "Wilayah yang dilayani belum ada. Jalankan petakarya up.", "There is no region yet. Run petakarya up."
        )
    return jsonify(status="ready", region=region)


@cache
def _newest_revision() -> str | None:
    return newest_revision()
