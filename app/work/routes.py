"""My work, and the notices: pages and JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.auth.permissions import Permission, needs, require
from app.extensions import db
from app.idempotency import idempotent
from app.work.notices import mark_read, read_notices, sentence_of
from app.work.queries import what_waits

blueprint = Blueprint("work", __name__)


@blueprint.get("/work")
@needs(Permission.REGISTER_READ)
def my_work() -> str:
    """Show what waits for who is signed in, and what he was told."""
    account = require(Permission.REGISTER_READ)
    return render_template(
        "work/work.html",
        account=account,
        waiting=what_waits(db.session, account),
        headings=headings(),
        notices=read_notices(db.session, account.id, only_unread=True)[:8],
        sentence_of=sentence_of,
    )


@blueprint.get("/notices")
@needs(Permission.REGISTER_READ)
def notices() -> str:
    """Show all notices of who is signed in."""
    account = require(Permission.REGISTER_READ)
    return render_template("work/notices.html", notices=read_notices(db.session, account.id), sentence_of=sentence_of)


@blueprint.post("/notices/read")
@needs(Permission.REGISTER_READ)
@idempotent
def read_all() -> Response:
    """Note that all notices were read."""
    mark_read(db.session, require(Permission.REGISTER_READ).id)
    return redirect(url_for("work.notices"))


@blueprint.get("/api/v1/work")
@needs(Permission.REGISTER_READ)
def work_json() -> Any:
    """Answer what waits for the account."""
    account = require(Permission.REGISTER_READ)
    return jsonify(waiting=[asdict(one) for one in what_waits(db.session, account)])


@blueprint.get("/api/v1/notices")
@needs(Permission.REGISTER_READ)
def notices_json() -> Any:
    """Answer the notices of the account; `unread=1` only those not read yet."""
    account = require(Permission.REGISTER_READ)
    found = read_notices(db.session, account.id, only_unread=request.args.get("unread") == "1")
    return jsonify(
        notices=[
            {**asdict(one), "created_at": one.created_at.isoformat(), "sentence": sentence_of(one.kind, one.about)}
            for one in found
        ]
    )


@blueprint.post("/api/v1/notices/<int:notice_id>/read")
@needs(Permission.REGISTER_READ)
@idempotent
def read_one(notice_id: int) -> Any:
    """Note that one notice of the account was read."""
    return jsonify(read=mark_read(db.session, require(Permission.REGISTER_READ).id, [notice_id]))


def headings() -> dict[str, str]:
    """Return what each kind of waiting work is called."""
    return {
        "returned": gettext("Laporan dikembalikan, perlu diperbaiki"),
        "drafts": gettext("Konsep yang belum dikirim"),
        "due": gettext("Laporan mingguan yang jatuh tempo"),
        "submitted": gettext("Laporan menunggu pemeriksaan"),
        "photos": gettext("Foto menunggu pemeriksaan"),
        "critical": gettext("Kontrak terindikasi kritis"),
        "meetings": gettext("Uji coba yang berjalan"),
        "past_end": gettext("Masa kontrak lewat, belum serah terima"),
        "unpaid": gettext("Fisik jauh mendahului pembayaran"),
    }
