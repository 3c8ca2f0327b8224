"""The region that this installation serves, as pages and APIs read it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.errors import NotReady
from app.extensions import reader_session
from app.own_words import catalogue_in_own_words
from gis.types import BBox
from layers.catalogue import Catalogue

REGION = """
    SELECT code, kind, name, full_name, head_title, district_term, village_term, emblem, accent_colour, time_zone,
        boundary_is_real, ST_X(centre) AS lon, ST_Y(centre) AS lat,
        ST_XMin(bbox) AS west, ST_YMin(bbox) AS south, ST_XMax(bbox) AS east, ST_YMax(bbox) AS north
    FROM app.region
"""


@dataclass(frozen=True)
class Region:
    """What people call the region, and where it lies (EPSG:4326)."""

    code: str
    kind: str
    name: str
    full_name: str
    head_title: str
    district_term: str
    village_term: str
    emblem: str | None
    accent_colour: str | None
    time_zone: str
    boundary_is_real: bool
    centre: tuple[float, float]  # lon, lat
    bbox: BBox


def read_region(session: Session) -> Region:
    """
    Read the region's record.

    Raises
    ------
    NotReady
        When there is none yet.
    """
    row = session.execute(text(REGION)).mappings().one_or_none()
    if row is None:
        raise NotReady(
            "Aplikasi ini belum disiapkan: wilayahnya belum ada. Jalankan petakarya up.",
            "This application is not set up yet: it has no region. Run petakarya up.",
        )
    return Region(
        **{name: row[name] for name in Region.__annotations__ if name in row},
        centre=(row["lon"], row["lat"]),
        bbox=(row["west"], row["south"], row["east"], row["north"]),
    )


def current_region() -> Region:
    """Return the region, read once per request; `NotReady` when there is none."""
    if "region" not in g:
        g.region = read_region(reader_session())
    region: Region = g.region
    return region


def region_if_any() -> Region | None:
    """Return the region, or None where there is none yet."""
    try:
        return current_region()
    except NotReady:
        return None


def own_catalogue() -> Catalogue:
    """Return the layers as people of the region call them."""
    return catalogue_in_own_words(region_if_any())
