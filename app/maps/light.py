"""
The light map: one page with Leaflet for browsers without WebGL, drawn once for each state of the data.

What draws is imported when a map is asked for: it loads folium and geopandas, which a start would feel.
"""

from __future__ import annotations

from threading import Lock

from cachetools import LRUCache
from flask_babel import gettext
from sqlalchemy.orm import Session

from app.maps.assets import asset_url
from app.maps.queries import read_frame, read_versions
from app.region import own_catalogue
from gis.types import BBox
from layers.definition import Language
from layers.palette import Theme

FEATURES = 5_000  # of a layer; Leaflet draws each as an element of its own
KEPT_PAGES = 8
NONCE = "nonce-of-the-request"  # stands in the kept page where each answer has its own
LEFT_OUT = frozenset({"villages", "streets", "buildings"})  # of the layers that are on: too many for this map


class LightMapCache:
    """Pages by language, theme and layer versions; safe for the threads of one process."""

    def __init__(self) -> None:
        self._pages: LRUCache[tuple[Language, Theme, int], str] = LRUCache(KEPT_PAGES)
        self._lock = Lock()

    def page(self, session: Session, *, language: Language, theme: Theme, region: str, bbox: BBox, nonce: str) -> str:
        """Return the page of the data as it is now."""
        key = (language, theme, sum(read_versions(session).values()))
        with self._lock:
            page = self._pages.get(key)
        if page is None:
            page = draw_light_map(session, language=language, theme=theme, region=region, bbox=bbox)
            with self._lock:
                self._pages[key] = page
        return page.replace(NONCE, nonce)


def draw_light_map(session: Session, *, language: Language, theme: Theme, region: str, bbox: BBox) -> str:
    """Read what the light map shows and draw it."""
    from layers.folium_map import LIGHT_ZOOM, render_folium

    catalogue = own_catalogue()
    frames = {
        definition.id: read_frame(session, definition, bbox=bbox, zoom=int(LIGHT_ZOOM), limit=FEATURES)
        for definition in catalogue
        if definition.visible and definition.id not in LEFT_OUT and definition.zooms[0] <= LIGHT_ZOOM
    }
    page = render_folium(
        frames,
        catalogue,
        language=language,
        title=gettext("Peta ringan %(region)s", region=region),
        assets=served_file,
        theme=theme,
        nonce=NONCE,
        source=gettext("Sumber: %(region)s", region=region),
    )
    return page.replace("</head>", f'<link rel="stylesheet" href="{asset_url("font.css")}"></head>', 1)


def served_file(path: str) -> str:
    """Return the address of a file of an npm package; the build keeps its name."""
    return asset_url(path.rsplit("/", 1)[-1])
