"""
Map pictures without a browser: drawn once for each state of the data, and kept.

What draws is imported when a picture is asked for: it loads geopandas, which a start would feel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from threading import Lock

from cachetools import LRUCache
from flask_babel import gettext
from sqlalchemy.orm import Session

from app.maps.queries import read_frame, read_versions
from gis.types import BBox
from layers.catalogue import built_in_catalogue
from layers.definition import MIN_ZOOM, Language
from layers.palette import Theme

GREATEST_SIDE_PX = 2400
FEATURES = 6_000  # of a layer on one picture; more cannot be told apart on it
KEPT_BYTES = 8 * 1024 * 1024
FONT = "Source Sans 3, system-ui, sans-serif"


@dataclass(frozen=True)
class PlateRequest:
    """Which picture is wanted: box in degrees, size in pixels, layers, language, theme; of which moment and year."""

    bbox: BBox
    width_px: int
    height_px: int
    layers: tuple[str, ...]
    language: Language
    theme: Theme
    as_of: datetime | None = None  # what had been recorded by then; None for now
    year: int | None = None  # fiscal year of the works; None for all


@dataclass(frozen=True)
class PlatePicture:
    """An SVG and the name of its content."""

    svg: str
    etag: str


class PlateCache:
    """Pictures by what was asked for and the versions of the layers they show; safe for the threads of one process."""

    def __init__(self) -> None:
        self._pictures: LRUCache[tuple[PlateRequest, int], PlatePicture] = LRUCache(
            KEPT_BYTES, getsizeof=lambda one: len(one.svg)
        )
        self._lock = Lock()

    def picture(self, session: Session, wanted: PlateRequest) -> PlatePicture:
        """Return the picture of the data as it is, or was recorded at its moment, which edits since may reach."""
        versions = read_versions(session)
        key = (wanted, sum(versions.get(layer, 0) for layer in wanted.layers))
        with self._lock:
            kept = self._pictures.get(key)
        if kept is None:
            svg = draw_plate(session, wanted)
            kept = PlatePicture(svg, blake2b(svg.encode(), digest_size=9).hexdigest())
            if len(svg) < KEPT_BYTES:
                with self._lock:
                    self._pictures[key] = kept
        return kept


def draw_plate(session: Session, wanted: PlateRequest) -> str:
    """Read the features of a picture and draw it."""
    catalogue = built_in_catalogue()
    from layers.plate import fit_view, render_plate_svg

    view = fit_view(wanted.bbox, wanted.width_px, wanted.height_px)
    zoom = max(MIN_ZOOM, math.floor(view.zoom))
    frames = {
        layer: read_frame(
            session,
            catalogue.layer(layer),
            bbox=wanted.bbox,
            zoom=zoom,
            limit=FEATURES,
            as_of=wanted.as_of,
            year=wanted.year,
        )
        for layer in wanted.layers
        if zoom >= catalogue.layer(layer).zooms[0]
    }
    return render_plate_svg(
        frames,
        catalogue,
        bbox=wanted.bbox,
        width_px=wanted.width_px,
        height_px=wanted.height_px,
        language=wanted.language,
        theme=wanted.theme,
        with_furniture=False,
        title=gettext("Peta pekerjaan umum"),
        font=FONT,
    )


def opening_layers() -> Sequence[str]:
    """Return the layers that are on when the map opens."""
    return [definition.id for definition in built_in_catalogue() if definition.visible]
