"""Photos of the demonstration: drawings of sites from one spot before, during and after, stored as photos are."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from app.demo.life import Report
from app.demo.pictures import draw_site_picture
from app.demo.plane import Plane
from app.demo.register import Project
from app.demo.rows import hex_of, moment
from app.photos.pictures import encode_jpeg, perceptual_hash

Put = Callable[[bytes], str]
"""Keeps a file and returns its hash."""

EVERY = 9  # package in so many has photos, up to `MOST`
MOST = 40
THUMBNAIL_PX, THUMBNAIL_QUALITY = 320, 60


@dataclass(frozen=True)
class Shot:
    """A photo: which report it belongs to, and what it shows."""

    update_id: int
    report: Report
    moment: str


def photographed(projects: list[Project]) -> frozenset[int]:
    """Return which packages (by their place in the list) have photos: recent ones that work is done on."""
    recent = [
        index
        for index, project in enumerate(projects)
        if project.year >= 2025 and len(project.life.reports) > 3 and project.serves is None
    ]
    cases = [index for index in recent if projects[index].life.case]
    return frozenset([*cases, *recent[:: max(1, EVERY // 4)]][:MOST])


def shots_of(reports: list[tuple[int, Report]]) -> list[Shot]:
    """Choose the first, a middle and the last report for pictures."""
    middle = next((one for one in reports if one[1].physical >= reports[-1][1].physical * 0.45), reports[-1])
    last = "after" if reports[-1][1].physical >= 100 else "during"
    chosen = [Shot(*reports[0], "before"), Shot(*middle, "during"), Shot(*reports[-1], last)]
    return list({shot.update_id: shot for shot in chosen}.values())


def spot_of(project: Project, plane: Plane) -> str:
    """Return a place on the works as EWKB in hexadecimal (EPSG:4326)."""
    shape = project.locations.get("contracted") or project.locations["planned"]
    on_line = shape.geom_type == "LineString"
    point = shape.interpolate(0.3, normalized=True) if on_line else shape.representative_point()
    return hex_of(plane.geometries(np.array([point], dtype=object)))[0]


def photo_values(put: Put, project: Project, seed: int, shot: Shot, spot: str, author: str) -> dict[str, Any]:
    """Return a photo's row; its files are kept first."""
    content = draw_site_picture(seed, project.sector, shot.report.physical)
    image = Image.open(BytesIO(content)).convert("RGB")
    stored = put(content)
    thumbnail = put(encode_jpeg(image, longest_px=THUMBNAIL_PX, quality=THUMBNAIL_QUALITY))
    taken = moment(shot.report.day) - dt.timedelta(minutes=40)
    return {
        "update_id": shot.update_id,
        "client_id": uuid.uuid5(uuid.NAMESPACE_OID, f"petakarya.contoh.foto.{seed}.{shot.report.day}"),
        "moment": shot.moment,
        "caption": f"Realisasi {shot.report.physical:.0f} persen",
        "original_hash": stored,
        "media_type": "image/jpeg",
        "bytes": len(content),
        "width": image.width,
        "height": image.height,
        "thumbnail_hash": thumbnail,
        "view_hash": stored,
        "public_hash": stored,
        "public_thumbnail_hash": thumbnail,
        "perceptual_hash": perceptual_hash(image),
        "taken_at": taken,
        "position": spot,
        "accuracy_m": 4 + seed % 6,
        "distance_m": 0.0,
        "grade": "consistent",
        "state": "published",
        "author": author,
        "received_at": moment(shot.report.day),
    }
