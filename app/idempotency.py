"""The same request sent twice is done once: the second time it gets the first one's answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, make_response, request
from flask_login import current_user
from sqlalchemy import text

from app.errors import InvalidRequest, KeyUsedBefore
from app.extensions import db

HEADER = "Idempotency-Key"
FIELD = "request_key"
LONGEST_KEY = 100
KEPT_HEADERS = ("Content-Type", "Location")


def idempotent(view: Callable[..., Any]) -> Callable[..., Any]:
    """
    Let a view that changes something be asked twice with one key (header `Idempotency-Key`, form field `request_key`).

    The key is taken in the view's own transaction before it runs: a second request that comes at the same time waits
    for the first. The decorator commits the change together with its answer, so the view itself only flushes. Answers
    of 400 and more are not kept: nothing was changed.
    """

    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Any:
        key = request.headers.get(HEADER) or request.form.get(FIELD)
        if not key or not current_user.is_authenticated:
            response = make_response(view(*args, **kwargs))
            if response.status_code < 400:
                db.session.commit()
            return response
        if len(key) > LONGEST_KEY or not key.isprintable():
            raise InvalidRequest(
                "Kunci permintaan (Idempotency-Key) terlalu panjang.", "The Idempotency-Key is too long."
            )
        account, digest = current_user.id, _request_hash()
        _take_turn(account, key)
        kept = db.session.execute(
            text(
                "SELECT request_hash, status, headers, body FROM app.answered_request"
                " WHERE account_id = :account AND key = :key"
            ),
            {"account": account, "key": key},
        ).one_or_none()
        if kept is not None:
            if kept.request_hash != digest:
                raise KeyUsedBefore(
                    "Kunci ini sudah dipakai untuk permintaan lain. Tidak ada yang berubah; pakai kunci baru.",
                    "This key was used for another request. Nothing has changed; use a new key.",
                )
            return Response(bytes(kept.body), status=kept.status, headers=kept.headers)
        response = make_response(view(*args, **kwargs))
        if response.status_code < 400:
            _keep(account, key, digest, response)
            db.session.commit()
        return response

    answer.is_idempotent = True  # type: ignore[attr-defined]
    return answer


def _take_turn(account: int, key: str) -> None:
    """Let one request with a key wait for another until the other's transaction ends."""
    db.session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('petakarya.request.' || :account || '.' || :key, 0))"),
        {"account": str(account), "key": key},
    )


def _keep(account: int, key: str, digest: str, response: Response) -> None:
    db.session.execute(
        text("""
            INSERT INTO app.answered_request (account_id, key, request_hash, status, headers, body)
            VALUES (:account, :key, :digest, :status, CAST(:headers AS jsonb), :body) ON CONFLICT DO NOTHING
        """),
        {
            "account": account,
            "key": key,
            "digest": digest,
            "status": response.status_code,
            "headers": json.dumps({name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}),
            "body": response.get_data(),
        },
    )


def _request_hash() -> str:
    """Return a hash of what is asked: method, path, and content (of files their name and bytes)."""
    digest = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    if request.files or request.form:
        for name, values in sorted(request.form.lists()):
            if name not in {"csrf_token", "kept_ticket", FIELD}:
                digest.update(json.dumps([name, values]).encode())
        for name, file in sorted(request.files.items(multi=True), key=lambda pair: pair[0]):
            digest.update(f"{name} {file.filename}".encode())
            digest.update(hashlib.file_digest(file.stream, "sha256").digest())  # type: ignore[arg-type]
            file.stream.seek(0)
    else:
        digest.update(request.get_data())
    return digest.hexdigest()
