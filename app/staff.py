"""What the frame of pages for staff shows: their pages, each for those who may open it."""

from __future__ import annotations

from uuid import uuid4

from flask import Flask
from flask_babel import lazy_gettext

# Address, name, and the permission (app.auth.permissions) that opens it.
PAGES = (
    ("/work", lazy_gettext("Tugas saya"), "register:packages:read"),
    ("/register", lazy_gettext("Register paket"), "register:packages:read"),
    ("/review", lazy_gettext("Periksa"), "progress:updates:approve"),
    ("/feedback", lazy_gettext("Laporan warga"), "feedback:reports:read"),
    ("/leader", lazy_gettext("Ringkasan pimpinan"), "leader:figures:read"),
    ("/programmes", lazy_gettext("Program dan kegiatan"), "register:plans:edit"),
    ("/periods", lazy_gettext("Bulan pelaporan"), "progress:periods:unlock"),
    ("/reports/schedules", lazy_gettext("Laporan berkala"), "register:plans:edit"),
    ("/reports/settings", lazy_gettext("Kop laporan"), "rules:rules:edit"),
    ("/audit", lazy_gettext("Jejak perubahan"), "audit:changes:read"),
    ("/people", lazy_gettext("Pengguna"), "people:accounts:manage"),
)


def register_staff_frame(app: Flask) -> None:
    """Offer the pages, and keys by which a form sent twice is done once, to templates."""
    app.jinja_env.globals["staff_pages"] = PAGES
    app.jinja_env.globals["new_request_key"] = lambda: str(uuid4())
