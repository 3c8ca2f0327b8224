"""What search engines are told: which addresses are pages, and which are not worth their time."""

from __future__ import annotations

from urllib.parse import quote
from xml.sax.saxutils import escape

from flask import Blueprint, Response, request
from sqlalchemy import text

from app.extensions import reader_session
from app.places.links import place_paths

blueprint = Blueprint("crawlers", __name__)

PAGES = ("", "projects", "areas", "roads", "contractors", "programs", "data", "reports")
MOST_ADDRESSES = 50_000  # of one sitemap, by its standard
MOST_PLACES = 20_000  # of these; a province has some thousands of villages
NOT_PAGES = ("/tiles/", "/ogc/", "/api/", "/panel", "/login", "/projects?", "/projects.", "/feeds/", "/follow")


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Let everyone read the pages, and spare the tiles and lists."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in NOT_PAGES), f"Sitemap: {request.url_root}sitemap.xml"]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """Name every page of the public: the lists, each place, and each project with the day of its last change."""
    rows = reader_session().execute(
        text("SELECT code, valid_from FROM layers.projects ORDER BY valid_from DESC, code LIMIT :most"),
        {"most": MOST_ADDRESSES - MOST_PLACES - len(PAGES)},
    )
    addresses = [f"<url><loc>{escape(request.url_root + page)}</loc></url>" for page in PAGES]
    for path in place_paths(reader_session(), limit=MOST_PLACES):
        addresses.append(f"<url><loc>{escape(request.url_root + quote(path))}</loc></url>")
    for code, changed_at in rows:
        address = escape(f"{request.url_root}projects/{quote(code)}")
        addresses.append(f"<url><loc>{address}</loc><lastmod>{changed_at.date().isoformat()}</lastmod></url>")
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        + "\n".join(addresses)
        + "\n</urlset>\n"
    )
    return Response(body, mimetype="application/xml")
