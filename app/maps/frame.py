"""What every page's frame shows: the region, the languages, and whether the data is a demonstration."""

from __future__ import annotations

import re
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from flask import Flask, request
from flask_babel import gettext
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.extensions import LANGUAGES, current_language, reader_session
from app.maps.queries import read_versions
from app.own_words import in_own_words
from app.region import current_region
from layers.catalogue import built_in_catalogue
from layers.identifiers import quote
from layers.palette import LIGHT, contrast

COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
READABLE_CONTRAST = 4.5  # WCAG 1.4.3: text against its ground
LANGUAGE_NAMES = {"id": "Bahasa Indonesia", "en": "English"}


@dataclass(frozen=True)
class LanguageLink:
    """The address of this page in another language."""

    code: str
    name: str
    url: str
    current: bool


class DemonstrationWatch:
    """Remembers which layers hold demonstration rows, and looks again only at those that were edited."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, bool]] = {}
        self._lock = Lock()

    def layers(self, session: Session) -> frozenset[str]:
        """Return the layers that hold demonstration rows."""
        versions = read_versions(session)
        edited = [
            definition.id
            for definition in built_in_catalogue()
            if self._seen.get(definition.id, (-1, False))[0] != versions.get(definition.id, 0)
        ]
        if edited:  # all in one question: pages that staff open after an edit should not wait for one a layer
            asked = ", ".join(
                f"EXISTS (SELECT FROM layers.{quote(layer)} WHERE demo) AS {quote(layer)}" for layer in edited
            )
            found = session.execute(text(f"SELECT {asked}")).mappings().one()
            with self._lock:
                self._seen.update({layer: (versions.get(layer, 0), bool(found[layer])) for layer in edited})
        seen = list(self._seen.items())  # at once: another thread may be adding a layer
        return frozenset(layer for layer, (_version, demo) in seen if demo)


def register_frame(app: Flask) -> None:
    """Offer the frame's values to every template."""
    app.extensions["petakarya.demonstration"] = DemonstrationWatch()
    app.context_processor(lambda: frame_values(app))
    app.jinja_env.filters["own_words"] = in_own_words


def frame_values(app: Flask) -> dict[str, Any]:
    """Return the values of `base.html`; a page that reports an unreachable database still has its frame."""
    region, demonstration = None, False
    try:
        region = current_region()
        demonstration = bool(app.extensions["petakarya.demonstration"].layers(reader_session()))
    except Exception:  # the error page must not fail for the reason that it reports
        app.logger.debug("frame without region", exc_info=True)
    return {
        "region": region,
        "region_name": region.full_name if region else gettext("Peta pekerjaan umum"),
        "demonstration": demonstration,
        "accent": legible_accent(region.accent_colour if region else None),
        "language": current_language(),
        "language_links": language_links(),
    }


def legible_accent(colour: str | None) -> str | None:
    """Return the region's own colour when it can be read on light paper, else None: the page keeps its accent."""
    if colour is None or not COLOUR.fullmatch(colour) or contrast(colour, LIGHT.paper) < READABLE_CONTRAST:
        return None
    return colour


def language_links() -> list[LanguageLink]:
    """Return this address in every language, with all of its other parameters."""
    others = [(key, value) for key, value in request.args.items(multi=True) if key != "lang"]
    return [
        LanguageLink(
            code,
            LANGUAGE_NAMES[code],
            f"{request.path}?{urlencode([*others, ('lang', code)])}",
            code == current_language(),
        )
        for code in LANGUAGES
    ]
