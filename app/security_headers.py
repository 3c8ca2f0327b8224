"""The headers every page carries: what a browser may load (nothing from elsewhere), and how it may be framed."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request

OK = 200
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self' blob:",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "frame-src": "'self'",
    "frame-ancestors": "'self'",
    "base-uri": "'none'",
}
FRAMED_ANYWHERE = frozenset({"embed.page"})  # the only pages that other sites may put in a frame


def register_security_headers(app: Flask) -> None:
    """Add the headers after every request, and offer `csp_nonce()` to templates."""
    app.after_request(add_security_headers)
    app.jinja_env.globals["csp_nonce"] = csp_nonce


def csp_nonce() -> str:
    """Return this request's nonce: inline scripts and styles that carry it may run."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def add_security_headers(response: Response) -> Response:
    """Set the policy; one that a view has set itself stays. A tile is no page: it only says what it is."""
    if request.endpoint == "tiles.tile":
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
    policy = dict(POLICY)
    if "csp_nonce" in g:
        policy["script-src"] += f" 'nonce-{g.csp_nonce}'"
        policy["style-src"] += f" 'nonce-{g.csp_nonce}'"
    is_framed_anywhere = request.endpoint in FRAMED_ANYWHERE and response.status_code == OK
    if is_framed_anywhere:
        policy["frame-ancestors"] = "*"
    response.headers.setdefault("Content-Security-Policy", "; ".join(f"{key} {value}" for key, value in policy.items()))
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if not is_framed_anywhere:
        response.headers.setdefault("X-Frame-Options", "SAMEORIGIN")
    response.headers.setdefault("Permissions-Policy", "geolocation=(self), camera=(self), fullscreen=(self)")
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response
