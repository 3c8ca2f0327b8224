"""How a project is passed on: short address, QR code, text for messages, structured data for search engines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any
from urllib.parse import quote, urlencode

import segno
from flask import current_app, request, url_for
from flask_babel import gettext
from markupsafe import Markup

from app.config import Settings
from app.extensions import current_language
from app.packages.words import listed
from app.projects.board import agency_of
from app.projects.board_queries import Board, Money
from app.projects.queries import ProjectRow
from app.projects.sentences import how_far, whether_in_time
from app.projects.short import short_code
from app.region import current_region

QR_ERROR = "m"  # read even when 15 % of it is scratched
QR_BORDER = 2  # modules of paper around it
KEPT_CODES = 500


@dataclass(frozen=True)
class Share:
    """What the page offers for passing a project on, and says of it to those who only see the link."""

    short_url: str
    text: str
    description: str
    image_url: str
    qr: Markup
    message_url: str
    mail_url: str


def share_of(row: ProjectRow, place: str, picture_args: dict[str, Any]) -> Share:
    """Return what is needed to share a project."""
    short = short_url(row.id)
    description = " · ".join(part for part in (place, how_far(row), whether_in_time(row)) if part)
    text = f"{row.name}. {description}"
    image = url_for("projects.share_picture", code=row.code, lang=current_language(), **picture_args)
    return Share(
        short_url=short,
        text=text,
        description=description,
        image_url=public_root() + image,
        qr=qr_markup(short),
        message_url=f"https://wa.me/?{urlencode({'text': f'{text} {short}'}, quote_via=quote)}",
        mail_url=f"mailto:?{urlencode({'subject': row.name, 'body': f'{text} {short}'}, quote_via=quote)}",
    )


def short_url(project_id: int) -> str:
    """Return the whole short address of a project, as people reach us."""
    return public_root() + url_for("projects.short", short=short_code(project_id))


@lru_cache(maxsize=KEPT_CODES)
def qr_markup(url: str) -> Markup:
    """Return the QR code of an address for a page."""
    drawn = segno.make(url, error=QR_ERROR).svg_inline(scale=4, border=QR_BORDER, light="#fff", dark="#000")
    return Markup(drawn)  # noqa: S704 - drawn by segno


def qr_svg(url: str) -> bytes:
    """Return the QR code of an address as a file, for paper."""
    file = BytesIO()
    segno.make(url, error=QR_ERROR).save(file, kind="svg", scale=8, border=QR_BORDER, light="#fff", dark="#000")
    return file.getvalue()


def public_root() -> str:
    """Return the address that people reach us by, without a slash at its end: the one set, else the request's."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings.public_url or request.url_root.rstrip("/")


def structured_data(
    row: ProjectRow, board: Board, money: Money, place: str, canonical: str, share: Share
) -> dict[str, Any]:
    """Return the page as schema.org describes it (JSON-LD); what is not known is left out."""
    region = current_region()
    government = {"@type": "GovernmentOrganization", "name": agency_of(board)}
    names = listed("fund_source")
    where: dict[str, Any] = {
        "@type": "Place",
        "name": place or region.full_name,
        "containedInPlace": {"@type": "AdministrativeArea", "name": region.full_name, "identifier": region.code},
    }
    if row.lat is not None and row.lon is not None:
        where["geo"] = {"@type": "GeoCoordinates", "latitude": round(row.lat, 6), "longitude": round(row.lon, 6)}
    project = {
        "@type": "Project",
        "@id": f"{share.short_url}#project",
        "name": row.name,
        "identifier": row.code,
        "url": share.short_url,
        "description": share.description,
        "location": where,
        "parentOrganization": government,
        "funder": [
            {"@type": "Organization", "name": names.get(source, source)}
            for source in dict.fromkeys(one.source for one in money.funds)
        ],
        "member": {"@type": "Organization", "name": row.contractor} if row.contractor else None,
    }
    page = {
        "@type": "WebPage",
        "@id": canonical,
        "url": canonical,
        "name": row.name,
        "inLanguage": current_language(),
        "dateModified": board.recorded_at.isoformat(),
        "image": share.image_url,
        "publisher": government,
        "about": {"@id": f"{share.short_url}#project"},
        "breadcrumb": {
            "@type": "BreadcrumbList",
            "itemListElement": [
                {"@type": "ListItem", "position": 1, "name": gettext("Pekerjaan"), "item": f"{public_root()}/projects"},
                {"@type": "ListItem", "position": 2, "name": row.name, "item": canonical},
            ],
        },
    }
    return {"@context": "https://schema.org", "@graph": [_filled(page), _filled(project)]}


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}
